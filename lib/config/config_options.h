/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_OPTIONS_H
#define LIB_CONFIG_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/address/parameters.h"
#include "lib/request/request_notation.h"

/* All options of the file, and their values as text. Only for lib/config*.c and
 * its tests. */

enum config_option {
	OPTION_USER,
	OPTION_GROUP, /* of the process, and in a listen section */
	OPTION_PID_FILE,
	OPTION_LOG,
	OPTION_LOG_VERDICTS,
	OPTION_REQUEST_TIMEOUT,
	OPTION_IDLE_TIMEOUT,
	OPTION_REPLY_TIMEOUT,
	OPTION_MAX_CONNECTIONS,
	OPTION_THREADS,
	OPTION_ALLOW_OPEN_RELAY,
	OPTION_IMPORT_POSTFIX,
	OPTION_TABLE_REFRESH,
	OPTION_CAPTURE,
	OPTION_CAPTURE_FILES,
	OPTION_SHADOW,
	OPTION_RATE_DIRECTORY,
	OPTION_RESTRICTIONS,
	OPTION_MYNETWORKS,
	OPTION_RELAY_CLIENTCERTS,
	OPTION_SERVICE_MODE, /* "mode", too */
	OPTION_SENDER_LOGIN_MAPS,
	OPTION_REPLY,
	OPTION_REJECT_REPLY,
	OPTION_PLAINTEXT_REPLY,
	OPTION_TLS_PROTOCOLS,
	OPTION_TLS_CIPHERS,
	OPTION_TLS_KEYSIZE,
	OPTION_SERVER_PORT,
	OPTION_POLICY_CONTEXT,
	OPTION_MODE,
	OPTION_OWNER,
	OPTION_ALLOW_USERS, /* for all unix listeners, or for one */
	OPTION_VERDICT,
	OPTION_ALLOW_REMOTE,
	OPTION_CERTIFICATE,
	OPTION_KEY,
	OPTION_CA,
	OPTION_CRL,
	OPTION_REQUIRE_CLIENT_CERTIFICATE,
	OPTION_FINGERPRINTS,
	OPTION_RATE_KEY, /* in a rate section, as all up to OPTION_RATE_KEYS */
	OPTION_RATE_KEY_MAPS,
	OPTION_RATE_COUNT,
	OPTION_RATE_LIMIT,
	OPTION_RATE_LIMIT_MAPS,
	OPTION_RATE_ACTION,
	OPTION_RATE_OVER_REPLY,
	OPTION_RATE_NEAR,
	OPTION_RATE_STATE,
	OPTION_RATE_IPV4_PREFIX,
	OPTION_RATE_IPV6_PREFIX,
	OPTION_RATE_PLACE_MAPS,
	OPTION_RATE_KEYS,
	OPTION_STORE_NAME, /* in a store section, as the following */
	OPTION_STORE_USERNAME,
	OPTION_STORE_PASSWORD_FILE,
	OPTION_STORE_PREFIX,
	OPTION_STORE_TIMEOUT,
	OPTION_STORE_AWAY,
	OPTION_STORE_SENTINELS,
	OPTION_STORE_SENTINEL_USERNAME,
	OPTION_STORE_SENTINEL_PASSWORD_FILE,
	OPTION_STORE_SERVERNAME, /* in its tls section */
	OPTION_PARAMETER,	 /* the first of enum parameter */
	OPTION_QUESTION = OPTION_PARAMETER +
			  PARAMETER_COUNT, /* likewise, in an expect section */
	OPTION_COUNT = OPTION_QUESTION + NOTATION_NAMES,
};

/* Where an option is allowed. */
enum config_scope {
	SCOPE_TOP = 1,
	SCOPE_SERVICE = 2,
	SCOPE_LISTEN = 4,
	SCOPE_EXPECT = 8,
	SCOPE_TLS = 16, /* in a listen section */
	SCOPE_METRICS = 32,
	SCOPE_RATE = 64,
	SCOPE_STORE = 128,
	SCOPE_STORE_TLS = 256, /* in a store section */
};

/* The form of a value. */
enum config_form {
	FORM_TEXT,	 /* one value */
	FORM_LIST,	 /* any number, in { } unless it is one */
	FORM_PLAIN_TEXT, /* the same two, for values that need no quotes */
	FORM_PLAIN_LIST,
};

/* The value of one option as text. */
struct setting {
	char **values;
	int *lines; /* of each value; 0: default */
	size_t count;
	bool set;	    /* false: not set, and without a default */
	int line;	    /* of the option; 0: default */
	const char *source; /* what it was imported from (not owned; line is
			       then that of import_postfix), or NULL */
};

/* The top level, or one listen, service, rate or store section; a listen or
 * store section includes the options of its tls section. */
struct config_section {
	char *title; /* NULL: top level */
	int line;
	int tls_line; /* of its tls section; 0: none */
	struct setting settings[OPTION_COUNT];
};

/* The whole file. */
struct config_settings {
	struct config_section top;
	struct config_section *listens;
	size_t listen_count;
	struct config_section *metrics; /* at most one is allowed */
	size_t counters_count;
	struct config_section *services;
	size_t service_count;
	struct config_section *expects;
	size_t expect_count;
	struct config_section *rates;
	size_t rate_count;
	struct config_section *stores;
	size_t store_count;
};

/* settings_top - an option at top level. */
struct setting *settings_top(struct config_settings *settings,
			     enum config_option option);

/* config_option_name - as written in the file; static. */
const char *config_option_name(enum config_option option);

/* config_option_find - the option with that name, or -1. */
int config_option_find(const char *name);

/* config_option_find_in - the option with that name; if there are several, the
 * one that is allowed in that scope. */
int config_option_find_in(const char *name, unsigned scope);

/* config_option_scopes - a set of enum config_scope. */
unsigned config_option_scopes(enum config_option option);

enum config_form config_option_form(enum config_option option);

/* config_option_is_list - may it have several values? */
bool config_option_is_list(enum config_option option);

/* setting_add - add a copy of a value; the setting is set then. */
void setting_add(struct setting *setting, const char *value, int line);

/* setting_text - the only value of an option that is not a list, or "". */
const char *setting_text(const struct setting *setting);

/* setting_join - the values, separated by ", "; the caller frees it. */
char *setting_join(const struct setting *setting);

/* setting_is_default - does it have the value that it has where nothing sets
 * it? */
bool setting_is_default(const struct setting *setting,
			enum config_option option);

/* setting_clear - free the values; the setting is unset then. */
void setting_clear(struct setting *setting);

/* settings_complete - give each unset option its default; in a service, the
 * value of the top level. The defaults of parameters are in
 * lib/address/parameters. */
void settings_complete(struct config_settings *settings);

/* settings_clear - free what settings holds. */
void settings_clear(struct config_settings *settings);

#endif
