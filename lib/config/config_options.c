/* SPDX-License-Identifier: ISC */
/* config_options - the table of all options, and their values as text
 *
 * A row has the name of an option, the sections it may be in, the form of its
 * value and its default. Declaring it to libconfuse, copying its value and
 * printing it all follow this table. The parameters of address resolution need
 * no row: lib/address/parameters lists them. */

#include "lib/config/config_options.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config.h"

/* One option. */
struct option_row {
	const char *name;
	unsigned scopes;
	enum config_form form;
	const char *standard; /* words of a list; NULL: no default, it stays
				 unset */
};

#define EVERY_SERVICE  (SCOPE_TOP | SCOPE_SERVICE)
#define EVERY_LISTENER (SCOPE_LISTEN | SCOPE_METRICS)
#define EVERY_TLS      (SCOPE_TLS | SCOPE_STORE_TLS)

static const struct option_row rows[OPTION_PARAMETER] = {
	[OPTION_USER] = { "user", SCOPE_TOP, FORM_TEXT, "nobody" },
	[OPTION_GROUP] = { "group", SCOPE_TOP | EVERY_LISTENER, FORM_TEXT, "" },
	[OPTION_PID_FILE] = { "pid_file", SCOPE_TOP, FORM_TEXT,
			      CONFIG_PID_FILE },
	[OPTION_LOG] = { "log", SCOPE_TOP, FORM_TEXT, "syslog" },
	[OPTION_LOG_VERDICTS] = { "log_verdicts", SCOPE_TOP, FORM_PLAIN_LIST,
				  "permit reject defer ask hold" },
	[OPTION_REQUEST_TIMEOUT] = { "request_timeout", SCOPE_TOP,
				     FORM_PLAIN_TEXT, "10s" },
	[OPTION_IDLE_TIMEOUT] = { "idle_timeout", SCOPE_TOP, FORM_PLAIN_TEXT,
				  "1200s" },
	[OPTION_REPLY_TIMEOUT] = { "reply_timeout", SCOPE_TOP, FORM_PLAIN_TEXT,
				   "10s" },
	[OPTION_MAX_CONNECTIONS] = { "max_connections", SCOPE_TOP,
				     FORM_PLAIN_TEXT, "4096" },
	[OPTION_THREADS] = { "threads", SCOPE_TOP, FORM_PLAIN_TEXT, "0" },
	[OPTION_ALLOW_OPEN_RELAY] = { "allow_open_relay", SCOPE_TOP,
				      FORM_PLAIN_TEXT, "no" },
	[OPTION_IMPORT_POSTFIX] = { "import_postfix", SCOPE_TOP, FORM_TEXT,
				    "" },
	[OPTION_TABLE_REFRESH] = { "table_refresh", SCOPE_TOP, FORM_PLAIN_TEXT,
				   "1" },
	[OPTION_CAPTURE] = { "capture", SCOPE_TOP, FORM_TEXT, "" },
	[OPTION_CAPTURE_FILES] = { "capture_files", SCOPE_TOP, FORM_PLAIN_TEXT,
				   "8" },
	[OPTION_SHADOW] = { "shadow", SCOPE_TOP, FORM_TEXT, "" },
	[OPTION_RATE_DIRECTORY] = { "rate_directory", SCOPE_TOP, FORM_TEXT,
				    CONFIG_RATE_DIRECTORY },
	[OPTION_RESTRICTIONS] = { "restrictions", EVERY_SERVICE,
				  FORM_PLAIN_LIST,
				  "permit_auth_destination "
				  "reject_plaintext_session "
				  "permit_sasl_authenticated "
				  "reject_unauth_destination" },
	[OPTION_MYNETWORKS] = { "mynetworks", SCOPE_TOP, FORM_LIST, "" },
	[OPTION_RELAY_CLIENTCERTS] = { "relay_clientcerts", SCOPE_TOP,
				       FORM_LIST, "" },
	[OPTION_SERVICE_MODE] = { "mode", EVERY_SERVICE, FORM_PLAIN_TEXT,
				  "enforce" },
	[OPTION_SENDER_LOGIN_MAPS] = { "sender_login_maps", SCOPE_TOP,
				       FORM_LIST, "" },
	[OPTION_REPLY] = { "reply", EVERY_SERVICE, FORM_PLAIN_TEXT, "lock" },
	[OPTION_REJECT_REPLY] = { "reject_reply", EVERY_SERVICE, FORM_TEXT,
				  "" },
	[OPTION_PLAINTEXT_REPLY] = { "plaintext_reply", EVERY_SERVICE,
				     FORM_TEXT, "" },
	[OPTION_TLS_PROTOCOLS] = { "tls_protocols", EVERY_SERVICE, FORM_TEXT,
				   ">=TLSv1.2" },
	[OPTION_TLS_CIPHERS] = { "tls_ciphers", EVERY_SERVICE, FORM_TEXT,
				 "HIGH:!aNULL" },
	[OPTION_TLS_KEYSIZE] = { "tls_keysize", EVERY_SERVICE, FORM_PLAIN_TEXT,
				 "128" },
	[OPTION_SERVER_PORT] = { "server_port", SCOPE_SERVICE, FORM_PLAIN_LIST,
				 NULL },
	[OPTION_POLICY_CONTEXT] = { "policy_context", SCOPE_SERVICE, FORM_LIST,
				    NULL },
	[OPTION_MODE] = { "mode", EVERY_LISTENER, FORM_TEXT, "0660" },
	[OPTION_OWNER] = { "owner", EVERY_LISTENER, FORM_TEXT, "" },
	[OPTION_ALLOW_USERS] = { "allow_users", SCOPE_TOP | SCOPE_LISTEN,
				 FORM_LIST, "" },
	[OPTION_VERDICT] = { "verdict", SCOPE_EXPECT, FORM_TEXT, NULL },
	[OPTION_ALLOW_REMOTE] = { "allow_remote", SCOPE_LISTEN, FORM_LIST, "" },
	[OPTION_CERTIFICATE] = { "certificate", EVERY_TLS, FORM_TEXT, "" },
	[OPTION_KEY] = { "key", EVERY_TLS, FORM_TEXT, "" },
	[OPTION_CA] = { "ca", EVERY_TLS, FORM_TEXT, "" },
	[OPTION_CRL] = { "crl", SCOPE_TLS, FORM_TEXT, "" },
	[OPTION_REQUIRE_CLIENT_CERTIFICATE] = { "require_client_certificate",
						SCOPE_TLS, FORM_PLAIN_TEXT,
						"yes" },
	[OPTION_FINGERPRINTS] = { "fingerprints", SCOPE_TLS, FORM_LIST, "" },
	[OPTION_RATE_KEY] = { "key", SCOPE_RATE, FORM_PLAIN_LIST,
			      "sasl_username" },
	[OPTION_RATE_KEY_MAPS] = { "key_maps", SCOPE_RATE, FORM_LIST, "" },
	[OPTION_RATE_COUNT] = { "count", SCOPE_RATE, FORM_PLAIN_TEXT,
				"recipients" },
	[OPTION_RATE_LIMIT] = { "limit", SCOPE_RATE, FORM_LIST, "" },
	[OPTION_RATE_LIMIT_MAPS] = { "limit_maps", SCOPE_RATE, FORM_LIST, "" },
	[OPTION_RATE_ACTION] = { "action", SCOPE_RATE, FORM_PLAIN_TEXT,
				 "defer" },
	[OPTION_RATE_OVER_REPLY] = { "over_reply", SCOPE_RATE, FORM_TEXT, "" },
	[OPTION_RATE_NEAR] = { "near", SCOPE_RATE, FORM_PLAIN_TEXT, "80" },
	[OPTION_RATE_STATE] = { "state", SCOPE_RATE, FORM_PLAIN_TEXT, "DATA" },
	[OPTION_RATE_IPV4_PREFIX] = { "ipv4_prefix", SCOPE_RATE,
				      FORM_PLAIN_TEXT, "32" },
	[OPTION_RATE_IPV6_PREFIX] = { "ipv6_prefix", SCOPE_RATE,
				      FORM_PLAIN_TEXT, "64" },
	[OPTION_RATE_PLACE_MAPS] = { "place_maps", SCOPE_RATE, FORM_LIST, "" },
	[OPTION_RATE_KEYS] = { "keys", SCOPE_RATE, FORM_PLAIN_TEXT, "65536" },
	[OPTION_STORE_NAME] = { "name", SCOPE_STORE, FORM_TEXT, "" },
	[OPTION_STORE_USERNAME] = { "username", SCOPE_STORE, FORM_TEXT, "" },
	[OPTION_STORE_PASSWORD_FILE] = { "password_file", SCOPE_STORE,
					 FORM_TEXT, "" },
	[OPTION_STORE_PREFIX] = { "prefix", SCOPE_STORE, FORM_TEXT, "policyd" },
	[OPTION_STORE_TIMEOUT] = { "timeout", SCOPE_STORE, FORM_PLAIN_TEXT,
				   "200ms" },
	[OPTION_STORE_AWAY] = { "away", SCOPE_STORE, FORM_PLAIN_TEXT, "local" },
	[OPTION_STORE_SERVERNAME] = { "servername", SCOPE_STORE_TLS, FORM_TEXT,
				      "" },
	[OPTION_STORE_SENTINELS] = { "sentinels", SCOPE_STORE, FORM_LIST, "" },
	[OPTION_STORE_SENTINEL_USERNAME] = { "sentinel_username", SCOPE_STORE,
					     FORM_TEXT, "" },
	[OPTION_STORE_SENTINEL_PASSWORD_FILE] = { "sentinel_password_file",
						  SCOPE_STORE, FORM_TEXT, "" },
};

/* config_option_name - as written in the file */
const char *config_option_name(enum config_option option)
{
	if (option < OPTION_PARAMETER)
		return rows[option].name;
	if (option >= OPTION_QUESTION)
		return notation_name((size_t)(option - OPTION_QUESTION));
	return parameter_name((enum parameter)(option - OPTION_PARAMETER));
}

/* settings_top - an option at top level */
struct setting *settings_top(struct config_settings *settings,
			     enum config_option option)
{
	return &settings->top.settings[option];
}

/* config_option_find - the option with that name */
int config_option_find(const char *name)
{
	int option;

	for (option = 0; option < OPTION_COUNT; option++)
		if (strcmp(config_option_name((enum config_option)option),
			   name) == 0)
			return option;
	return -1;
}

/* config_option_find_in - the option with that name in a scope */
int config_option_find_in(const char *name, unsigned scope)
{
	int option;

	for (option = 0; option < OPTION_COUNT; option++)
		if ((config_option_scopes((enum config_option)option) &
		     scope) != 0 &&
		    strcmp(config_option_name((enum config_option)option),
			   name) == 0)
			return option;
	return config_option_find(name);
}

/* config_option_scopes - where it is allowed */
unsigned config_option_scopes(enum config_option option)
{
	if (option < OPTION_PARAMETER)
		return rows[option].scopes;
	return option < OPTION_QUESTION ? SCOPE_TOP : SCOPE_EXPECT;
}

/* config_option_form - the form of its value */
enum config_form config_option_form(enum config_option option)
{
	if (option < OPTION_PARAMETER)
		return rows[option].form;
	return option < OPTION_QUESTION ? FORM_LIST : FORM_TEXT;
}

/* config_option_is_list - may it have several values? */
bool config_option_is_list(enum config_option option)
{
	enum config_form form = config_option_form(option);

	return form == FORM_LIST || form == FORM_PLAIN_LIST;
}

/* setting_add - add a value */
void setting_add(struct setting *setting, const char *value, int line)
{
	size_t count = setting->count;

	if ((count & (count - 1)) == 0) {
		setting->values = xreallocarray(setting->values, count * 2 + 1,
						sizeof(*setting->values));
		setting->lines = xreallocarray(setting->lines, count * 2 + 1,
					       sizeof(*setting->lines));
	}
	setting->values[count] = xstrdup(value);
	setting->lines[count] = line;
	setting->count++;
	setting->set = true;
}

/* setting_text - the only value */
const char *setting_text(const struct setting *setting)
{
	return setting->count > 0 ? setting->values[0] : "";
}

/* setting_join - all values in one text, in the list syntax of main.cf */
char *setting_join(const struct setting *setting)
{
	size_t size = 1;
	size_t i;
	char *text;
	char *end;

	for (i = 0; i < setting->count; i++)
		size += strlen(setting->values[i]) + 2;
	text = xmalloc(size);
	end = text;
	for (i = 0; i < setting->count; i++) {
		if (i > 0)
			end = stpcpy(end, ", ");
		end = stpcpy(end, setting->values[i]);
	}
	*end = '\0';
	return text;
}

/* setting_clear - free the values */
void setting_clear(struct setting *setting)
{
	size_t i;

	for (i = 0; i < setting->count; i++)
		free(setting->values[i]);
	free(setting->values);
	free(setting->lines);
	memset(setting, 0, sizeof(*setting));
}

/* setting_copy - copy the values with their lines */
static void setting_copy(struct setting *to, const struct setting *from)
{
	size_t i;

	for (i = 0; i < from->count; i++)
		setting_add(to, from->values[i], from->lines[i]);
	to->set = from->set;
	to->line = from->line;
	to->source = from->source;
}

/* set_default - set the default of the table */
static void set_default(struct setting *setting, enum config_option option)
{
	const char *word = rows[option].standard;

	if (word == NULL)
		return;
	setting->set = true;
	if (!config_option_is_list(option)) {
		setting_add(setting, word, 0);
		return;
	}
	while (*word != '\0') {
		char *value = xstrndup(word, strcspn(word, " "));

		setting_add(setting, value, 0);
		word += strlen(value);
		word += strspn(word, " ");
		free(value);
	}
}

/* setting_is_default - does it have the values of the table? */
bool setting_is_default(const struct setting *setting,
			enum config_option option)
{
	struct setting standard = { 0 };
	bool same;
	size_t i;

	set_default(&standard, option);
	same = standard.count == setting->count ||
	       (standard.count == 0 && setting->count == 1 &&
		*setting->values[0] == '\0'); /* an empty list of main.cf */
	for (i = 0; same && i < standard.count; i++)
		same = strcmp(standard.values[i], setting->values[i]) == 0;
	setting_clear(&standard);
	return same;
}

/* is_inherited - does a section inherit it from the top level? */
static bool is_inherited(enum config_option option, unsigned scope)
{
	return (config_option_scopes(option) & SCOPE_TOP) != 0 &&
	       (scope == SCOPE_SERVICE || option == OPTION_ALLOW_USERS);
}

/* section_complete - give each unset option the top level's value or its
 * default */
static void section_complete(struct config_section *section, unsigned scope,
			     const struct config_section *top)
{
	int i;

	for (i = 0; i < OPTION_PARAMETER; i++) {
		enum config_option option = (enum config_option)i;
		struct setting *setting = &section->settings[option];
		unsigned scopes = config_option_scopes(option);

		if ((scopes & scope) == 0 || setting->set)
			continue;
		if (top != NULL && is_inherited(option, scope))
			setting_copy(setting, &top->settings[option]);
		else
			set_default(setting, option);
	}
}

/* settings_complete - give all unset options their defaults */
void settings_complete(struct config_settings *settings)
{
	size_t i;

	section_complete(&settings->top, SCOPE_TOP, NULL);
	for (i = 0; i < settings->listen_count; i++)
		section_complete(&settings->listens[i],
				 SCOPE_LISTEN | SCOPE_TLS, &settings->top);
	for (i = 0; i < settings->counters_count; i++)
		section_complete(&settings->metrics[i], SCOPE_METRICS, NULL);
	for (i = 0; i < settings->service_count; i++)
		section_complete(&settings->services[i], SCOPE_SERVICE,
				 &settings->top);
	for (i = 0; i < settings->rate_count; i++)
		section_complete(&settings->rates[i], SCOPE_RATE, NULL);
	for (i = 0; i < settings->store_count; i++)
		section_complete(&settings->stores[i],
				 SCOPE_STORE | SCOPE_STORE_TLS, NULL);
}

/* section_clear - free what a section holds */
static void section_clear(struct config_section *section)
{
	int option;

	free(section->title);
	for (option = 0; option < OPTION_COUNT; option++)
		setting_clear(&section->settings[option]);
}

/* settings_clear - free what settings holds */
void settings_clear(struct config_settings *settings)
{
	size_t i;

	section_clear(&settings->top);
	for (i = 0; i < settings->listen_count; i++)
		section_clear(&settings->listens[i]);
	free(settings->listens);
	for (i = 0; i < settings->counters_count; i++)
		section_clear(&settings->metrics[i]);
	free(settings->metrics);
	for (i = 0; i < settings->service_count; i++)
		section_clear(&settings->services[i]);
	free(settings->services);
	for (i = 0; i < settings->expect_count; i++)
		section_clear(&settings->expects[i]);
	free(settings->expects);
	for (i = 0; i < settings->rate_count; i++)
		section_clear(&settings->rates[i]);
	free(settings->rates);
	for (i = 0; i < settings->store_count; i++)
		section_clear(&settings->stores[i]);
	free(settings->stores);
	memset(settings, 0, sizeof(*settings));
}
