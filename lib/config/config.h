/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_H
#define LIB_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/address/parameters.h"
#include "lib/address/resolve.h"
#include "lib/base/watched_files.h"
#include "lib/decision/decision.h"
#include "lib/decision/rate.h"
#include "lib/decision/service.h"
#include "lib/net/listener.h"
#include "lib/net/sentinel.h"
#include "lib/server/server.h"

/* CONFIG_USUAL - the configuration file, unless another one is named. */
#define CONFIG_USUAL POLICYD_SYSCONFDIR "/policyd.conf"

/* CONFIG_PID_FILE - the default of pid_file. */
#define CONFIG_PID_FILE "/run/policyd.pid"

/* CONFIG_RATE_DIRECTORY - the default of rate_directory. */
#define CONFIG_RATE_DIRECTORY "/var/lib/policyd"

/* CONFIG_PATH_MAX - size of pid_file and log, NUL included. */
#define CONFIG_PATH_MAX 1024

/* CONFIG_STORES_MAX - store sections. */
#define CONFIG_STORES_MAX 16

struct config_settings;
struct network_list;
struct tls_client;
struct tls_listener;

/* Which clients a listener admits. */
struct config_gate {
	struct network_list
		*clients; /* allow_remote; NULL: any that can reach it */
	struct tls_listener *tls; /* NULL: plain text */
	uid_t *users;		  /* allow_users */
	size_t user_count;	  /* 0: any that can reach it */
	int line;		  /* of the listen section */
};

/* The decision while a store does not answer. */
enum config_away {
	CONFIG_AWAY_LOCAL, /* as the counts of this host say */
	CONFIG_AWAY_DEFER,
	CONFIG_AWAY_PERMIT, /* as if there were no rates */
};

/* The tls section of a store. */
struct config_store_tls {
	char *server_name; /* what its certificate must be for */
	char *ca;	   /* the files; NULL: none */
	char *certificate, *key;
	struct tls_client *client; /* made of them; NULL: not to be served */
};

/* With what a store, or a Sentinel, is asked. */
struct config_login {
	char *username;	     /* "": none */
	char *password_file; /* "": none */
	char *password;	     /* from that file; NULL: none, or not to be
				served */
};

/* Where several hosts count together: a store section. */
struct config_store {
	char *name; /* that says which keys are there; see policyd.conf(5) */
	/* To connect to; or "sentinel:NAME", and the sentinels are
	 * asked. */
	struct listener_options address;
	struct listener_options *sentinels;
	size_t sentinel_count; /* 0: address is one */
	struct config_login login, sentinel_login;
	char *prefix; /* of all keys in the store */
	unsigned timeout_ms;
	enum config_away away;
	struct config_store_tls *tls; /* NULL: plain text */
	int line;		      /* of the section */
};

/* A configuration file that was read and checked. Built once and never
 * changed; config_free() frees all of it. */
struct config {
	char *path; /* of the file */
	struct listener_options *listeners;
	struct config_gate *gates; /* of each listener */
	size_t listener_count;
	struct listener_options *metrics; /* NULL: no metrics section */
	char *log;			  /* "syslog", "stderr" or "/file" */
	bool log_verdicts[VERDICT_COUNT]; /* which decisions get a line
					   */
	char *user;			  /* as written, or the default */
	char *group;			  /* as written, or NULL: the user's */
	uid_t uid;	/* of user; 0 until known, which trusts nobody else
			 */
	char *pid_file; /* used with -d */
	struct server_limits limits;
	unsigned threads;	      /* number of worker threads, at least 1 */
	struct parameters parameters; /* completed, with their sources */
	struct resolver *resolver;
	char *rate_directory; /* where counts are kept */
	struct rate_list rates;
	struct config_store *stores; /* that share the keys */
	size_t store_count;	     /* at most CONFIG_STORES_MAX */
	struct service_list services;
	bool allow_open_relay;
	char *import_postfix; /* directory; NULL: not imported, and the
				 next seven are NULL too */
	char *main_cf;	      /* the file in it */
	char *queue_directory;
	char *mail_version;
	char *hash_type, *btree_type; /* what that Postfix reads for hash: and
					 btree:; NULL: these */
	char *type_mapping; /* the table that may have other types for these;
			       or NULL */
	bool type_is_made;  /* these must be types whose file it makes */
	unsigned table_refresh_ms;    /* 0: never */
	struct watched_files watched; /* the files it was made from */
	size_t failed_tables;	      /* tables that could not be read; lookups
					 in them are deferred */
	char **failures;	      /* a text about each of them */
	char *capture;		      /* directory, or NULL: no capture */
	unsigned capture_files;
	char *shadow; /* path of the next configuration, or NULL */
	char *postfix_sender_login_maps; /* smtpd_sender_login_maps */
	struct config_settings
		*settings; /* the values as text, for config_dump() */
};

/* How to load. All zero: as config_load(). */
struct config_load_options {
	bool lenient;	     /* a table or list file that cannot be read is a
				warning,   not an error */
	bool unserved;	     /* not to be served, so it needs no listen
				section */
	bool inspected;	     /* not to be served by this process, which may
				be another user: obstacles are no errors */
	unsigned tables_ms;  /* time limit for all tables; 0: the default
			      */
	const char *text;    /* NUL-terminated; loaded instead of the file,
				whose trust was checked when it was read.
				NULL: read the file */
	size_t text_length;  /* NUL not included */
	bool thorough;	     /* also look for problems that take long to find
				(-t, -P) */
	bool overlaps_known; /* but not for a domain in two lists: -P reports
				those of main.cf */
	/* progress - called before a table or list file is read; may be
	 * NULL. */
	void (*progress)(void *context, const char *name);
	void *context;
};

/* Errors and warnings found in the file, sorted by line and ready to
 * print: "FILE:LINE: text" or "FILE:LINE: warning: text". */
struct config_messages {
	char **lines;
	size_t count;	  /* number of lines; at most 20 errors are kept */
	size_t errors;	  /* number of errors among them */
	size_t obstacles; /* of lines that say why it cannot be served
			     here */
};

/* config_load - NULL when refused; messages then holds at least one
 * error. With a configuration, messages may hold warnings. To be called
 * once in a process, before any thread is started (lib/config/config.c
 * explains why). */
struct config *config_load(const char *path, struct config_messages *messages);

/* config_load_with - the same, with options. */
struct config *config_load_with(const char *path,
				const struct config_load_options *options,
				struct config_messages *messages);

/* config_free - NULL is allowed. */
void config_free(struct config *config);

/* config_store_password - the content of password_file, NULL if there
 * is none; the caller frees it. 0, or -1. */
int config_store_password(const struct config_store *store, char **password,
			  struct error *error);

/* config_store_tls - the client made of the files of its tls section,
 * NULL if there is none; the caller frees it. 0, or -1. */
int config_store_tls(const struct config_store *store,
		     struct tls_client **client, struct error *error);
/* config_password - the same for any such file; "": there is none.
 * config_password_forget - free it. */
int config_password(const char *path, char **password, struct error *error);
void config_password_forget(char *password);

/* config_store_question - for the sentinels of a store. It has their
 * password, that of the argument. 0, or -1. */
int config_store_question(const struct config_store *store,
			  const char *password,
			  struct sentinel_question *question,
			  struct error *error);

/* config_messages_print - print each on its own line. */
void config_messages_print(const struct config_messages *messages, FILE *file);

/* config_message_plain - a message of the file at path without the word
 * "warning: ", for a log that adds it; *warning: did the message have
 * it? The caller frees the text. */
char *config_message_plain(const char *message, const char *path,
			   bool *warning);

/* config_messages_clear - free the texts. */
void config_messages_clear(struct config_messages *messages);

/* config_service_text - the effective value of a single-valued option,
 * such as "tls_protocols", in a service of this configuration. */
const char *config_service_text(const struct config *config,
				const struct service *service,
				const char *option);

/* config_dump - print the effective configuration (-T): the options
 * that do not have their default, or all, in the syntax of the file,
 * with a comment that names the source of each value. Loading the
 * output gives the same configuration. */
void config_dump(const struct config *config, bool all, FILE *output);

#endif
