/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_INIT_INIT_INTERNAL_H
#define POLICYD_INIT_INIT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/base/error.h"
#include "lib/config/config.h"
#include "lib/postfix/postfix_settings.h"
#include "lib/postfix/smtpd_ports.h"
#include "policyd/check/ports_change.h"
#include "policyd/check/postfix_copy.h"

/* Shared by policyd/init*.c only. */

/* INIT_PARAMETER - the parameter that is added to main.cf: the list in which
 * Postfix asks policyd. The ports in master.cf refer to it, so that nothing
 * else in main.cf has to change. For init_by_context(), "_" and the name of the
 * section are added to its name. */
#define INIT_PARAMETER "policyd_relay_restrictions"
#define INIT_PREVIOUS  "policyd_previous_" /* and a number: a previous list */
#define INIT_RELAY     "smtpd_relay_restrictions"

/* INIT_RESTRICTIONS - the default of restrictions. */
#define INIT_RESTRICTIONS                                     \
	"permit_auth_destination, reject_plaintext_session, " \
	"permit_sasl_authenticated, reject_unauth_destination"

/* The files of Postfix that change, in the order in which that is done. */
#define INIT_FILES 2

/* INIT_CHANGED - exit status: something is not as expected. */
#define INIT_CHANGED 1

/* An smtpd service that is to ask policyd. */
struct init_port {
	const struct smtpd_row *row; /* as it is now */
	const struct postfix_service *service;
	unsigned number; /* 0: unknown */
	bool users;	 /* for users: requires TLS, or is 465 or 587 */
	bool ours;	 /* may strangers send mail for us? */
	bool plain;	 /* ... without TLS? */
	bool logins;	 /* may a login relay? */
	bool inside;	 /* may a login send mail for us? */
};

/* A service section of policyd.conf, for all ports of one kind. */
struct init_kind {
	bool ours, logins, plain, users, inside; /* as in init_port */
	const char *name;
	const char *comment;
	const char *restrictions; /* NULL: the default */
};

struct init_changes {
	struct postfix_change *list;
	size_t count;
};

/* Everything that is known and planned. */
struct init {
	struct config *config;	    /* of an existing policyd.conf, or NULL */
	const char *path;	    /* of policyd.conf */
	const char *option;	    /* "" or " -c PATH", for policyd */
	const char *postfix_option; /* "" or " -c DIR", for postconf, postfix */
	struct postfix postfix;	    /* as it is now */
	char *services;		    /* output of postconf -M; NULL: run it */
	struct smtpd_ports before;  /* judged as it is now */
	struct postfix changed;	    /* after the changes */
	struct smtpd_ports after;   /* likewise judged */
	struct ports_changes effects; /* their difference */
	struct init_port *ports;
	size_t port_count;
	char *group;  /* of the user mail_owner */
	char *server; /* our socket in the notation of smtpd(8) */
	struct init_changes on, off;
	bool observe;		/* the lists stay in effect */
	char *now[INIT_FILES];	/* the files as they are */
	char *then[INIT_FILES]; /* after the changes */
	struct config *tried;	/* the configuration of the trial */
};

/* ---- init_master.c */

/* init_master_check - can main.cf and master.cf be changed safely? 0, or -1. */
int init_master_check(const char *directory, struct error *error);

/* ---- init_ports.c */

/* init_ports - judge all ports, and list those that are to ask policyd. */
void init_ports(struct init *init);

/* init_demands_tls - does the port require TLS? */
bool init_demands_tls(const struct smtpd_port *port);

/* init_kind - the section for a port; static. */
const struct init_kind *init_kind(const struct init_port *port);

/* init_by_context - does the section of that kind have a policy_context, since
 * one of its ports has the number of a port of another kind, on another
 * address? Not with an existing policyd.conf, which is not changed. */
bool init_by_context(const struct init *init, const struct init_kind *kind);

/* init_kind_next - the section after that one; the first one after NULL; NULL
 * at the end. */
const struct init_kind *init_kind_next(const struct init_kind *kind);

/* ---- init_effect.c */

/* init_print_effects - what the changes let through, and what not any more, as
 * comments of a shell script. apply: no commands are typed. */
void init_print_effects(FILE *output, const struct init *init, bool apply);

/* ---- init_forecast.c */

/* init_forecast - what would happen to the mail in a log, as comments on
 * standard output; log NULL: that of this Postfix, if it is readable. Never
 * fails. */
void init_forecast(const struct init *init, const char *log);

/* ---- init_plan.c */

/* init_plan - find the ports, and plan the changes. 0, or -1: there is nothing
 * to do, or it has been done. */
int init_plan(struct init *init, struct error *error);

/* init_clear - free what it holds; not path, option and postfix_option. */
void init_clear(struct init *init);

/* ---- init_files.c */

/* init_file_new - write a file that must not exist; its directory is created,
 * too. 0, or -1 and no file is left. */
int init_file_new(const char *path, const char *text, struct error *error);

/* init_file_put - write a file for us alone, in the place of a previous one. */
int init_file_put(const char *path, const char *text, struct error *error);

/* init_file_replace - replace the content of a file; owner and mode stay, and
 * so does a symbolic link to it. It is never there in part. */
int init_file_replace(const char *path, const char *text, struct error *error);

/* init_file_in - the content of a file in a directory; the caller frees it.
 * NULL: error. */
char *init_file_in(const char *directory, const char *name,
		   struct error *error);

/* ---- init_copies.c */

/* init_file_name - the name of one of INIT_FILES; static. */
const char *init_file_name(int file);

/* init_copies_save - keep both files there, as they are and as they will be,
 * and the commands that undo the changes. 0 or -1. */
int init_copies_save(const struct init *init, struct error *error);

/* ---- init_apply.c */

/* init_apply - start policyd, make Postfix use it, and check. After a failure
 * Postfix is as it was. An exit status; with INIT_CHANGED policyd -P has found
 * something, and everything is done. */
int init_apply(const struct init *init, struct error *error);

/* init_reload - make the Postfix in directory read its files, if it is running.
 * 0 or -1. */
int init_reload(const char *directory, struct error *error);

/* ---- init_start.c */

/* init_answers - does somebody listen at a unix socket of the configuration? */
bool init_answers(const struct config *config);

/* ---- init_text.c */

/* init_text - the text of policyd.conf; the caller frees it. */
char *init_text(const struct init *init);

/* init_write_service - a section for the ports of one kind, if there are any.
 */
void init_write_service(FILE *file, const struct init *init,
			const struct init_kind *kind);

/* init_print_commands - the commands to type, each after prefix. */
void init_print_commands(FILE *output, const struct init *init,
			 const struct init_changes *changes,
			 const char *prefix);

/* ---- init_trial.c */

/* init_load - the configuration in a file, which is called name in messages; a
 * table that cannot be read is no error. NULL: it is refused, and the reason is
 * on standard error. Call it only once in a process. */
struct config *init_load(const char *path, const char *name);

/* init_trial - try everything on a copy of main.cf and master.cf: text (NULL:
 * the existing file) must load, policyd -P must find no error, every port must
 * ask policyd first and refuse whatever it does not permit, and off must undo
 * on. Judges the ports of the copy. 0, or -1 and the reasons on standard error.
 */
int init_trial(struct init *init, const char *text);

#endif
