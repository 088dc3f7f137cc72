/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/decision.h"
#include "lib/listener.h"
#include "lib/parameters.h"
#include "lib/resolve.h"
#include "lib/server.h"
#include "lib/service.h"
#include "lib/watch.h"

/* CONFIG_PID_FILE - where pid_file is unless it is set. */
#define CONFIG_PID_FILE "/run/policyd.pid"

/* CONFIG_PATH_MAX - room for pid_file and log, NUL included. */
#define CONFIG_PATH_MAX 1024

struct config_settings;
struct network_list;
struct tls_listener;

/* Who may come in at a listener. */
struct config_gate {
	struct network_list *clients; /* allow_remote; NULL: who can reach it */
	struct tls_listener *tls;     /* NULL: plain text */
	uid_t *users;		      /* allow_users */
	size_t user_count;	      /* 0: who can reach it */
};

/* The configuration file, read, checked and made into what serves. Built once
 * and never changed; config_free() frees all of it. */
struct config {
	char *path; /* of the file */
	struct listener_options *listeners;
	struct config_gate *gates; /* of each listener */
	size_t listener_count;
	struct listener_options *metrics; /* NULL: nobody may look */
	char *log;			  /* "syslog", "stderr" or "/file" */
	bool log_verdicts[VERDICT_COUNT]; /* which decisions get a line */
	char *user;			  /* as written, or the default */
	char *group;			  /* as written, or NULL: the user's */
	uid_t uid;	/* of user; 0 until it is known, which adds nobody to
			 * those that are trusted */
	char *pid_file; /* used with -d */
	struct server_limits limits;
	unsigned threads;	      /* that serve, at least 1 */
	struct parameters parameters; /* completed, with their sources */
	struct resolver *resolver;
	struct service_list services;
	bool allow_open_relay;
	char *import_postfix; /* directory; NULL: not imported, then
			       * the next four are NULL too */
	char *main_cf;	      /* the file in it */
	char *queue_directory;
	char *mail_version;
	unsigned table_refresh_ms; /* 0: never; then nothing is watched */
	struct watch_list watched; /* files that this was made of */
	size_t failed_tables;	   /* that could not be read; lookups
				    * that come to them defer */
	char *capture;		   /* directory, or NULL: nothing is kept */
	unsigned capture_files;
	char *shadow; /* the next configuration's path, or NULL */
	char *postfix_sender_login_maps;  /* smtpd_sender_login_maps */
	struct config_settings *settings; /* as text, for config_dump() */
};

/* How to load. Zeroed: as config_load(). */
struct config_load_options {
	bool lenient;	    /* a table or file of a list that cannot be
			     * read is a warning, not an error */
	bool unserved;	    /* nobody serves with it: it may have no listen
			     * section */
	unsigned tables_ms; /* time for all tables; 0: the usual */
	const char *text;   /* what is loaded in place of what the file holds
			     * now, NUL-terminated; NULL: the file. That it can
			     * be trusted was seen when it was read */
	size_t text_length; /* NUL not included */
	bool thorough;	    /* warn of what takes long to find, too (-t) */
	/* progress - a table, or a file of a list, is about to be read; may
	 * be NULL. */
	void (*progress)(void *context, const char *name);
	void *context;
};

/* Errors and warnings found in the file, in the order of their lines; ready
 * to print: "FILE:LINE: text" or "FILE:LINE: warning: text". */
struct config_messages {
	char **lines;
	size_t count;  /* of lines; no more than 20 errors are kept */
	size_t errors; /* how many of them are errors */
};

/* config_load - NULL when refused; then messages hold at least one error.
 * With a configuration messages may hold warnings. To be called once in a
 * process, before any thread (lib/config.c says why). */
struct config *config_load(const char *path, struct config_messages *messages);

/* config_load_with - the same, in the way that options say. */
struct config *config_load_with(const char *path,
				const struct config_load_options *options,
				struct config_messages *messages);

/* config_free - NULL is allowed. */
void config_free(struct config *config);

/* config_messages_print - each in a line of its own. */
void config_messages_print(const struct config_messages *messages, FILE *file);

/* config_message_plain - a message of the file at path without the word
 * "warning: ", for a log that has it; *warning: had it one? The caller frees
 * the text. */
char *config_message_plain(const char *message, const char *path,
			   bool *warning);

/* config_messages_clear - free the texts. */
void config_messages_clear(struct config_messages *messages);

/* config_service_text - what an option of one value, such as "tls_protocols",
 * is in effect set to in a service of this configuration. */
const char *config_service_text(const struct config *config,
				const struct service *service,
				const char *option);

/* config_dump - the effective configuration, every option, in the syntax of
 * the file, with a comment that says where each value comes from (-T). Loaded
 * again it gives the same. */
void config_dump(const struct config *config, FILE *output);

#endif
