/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_INIT_INIT_INTERNAL_H
#define POLICYD_INIT_INIT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/base/error.h"
#include "lib/config/config.h"
#include "lib/postfix/postfix_settings.h"

/* Shared by policyd/init*.c only. */

/* INIT_PARAMETER - the parameter that is added to main.cf: the list in which
 * Postfix asks policyd. The ports in master.cf refer to it, so that nothing
 * else in main.cf has to change. */
#define INIT_PARAMETER "policyd_relay_restrictions"
#define INIT_RELAY     "smtpd_relay_restrictions"

/* An smtpd service to which clients connect. */
struct init_port {
	const struct postfix_service *service;
	unsigned number; /* 0: unknown */
	bool users;	 /* for users: requires TLS, or is 465 or 587 */
};

/* One run of postconf(1): an option -e, -X, -P, -PX or -M, and its argument. */
struct init_change {
	const char *option;
	char *text;
};

struct init_changes {
	struct init_change *list;
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
	struct init_port *ports;
	size_t port_count;
	char *group;  /* of the user mail_owner */
	char *server; /* our socket in the notation of smtpd(8) */
	struct init_changes on, off;
};

/* ---- init_plan.c */

/* init_plan - find the ports, and plan the changes. 0, or -1: there is nothing
 * to do, or it has been done. */
int init_plan(struct init *init, struct error *error);

/* init_is_filter - does the service take mail back from a content filter? Then
 * it is not changed. */
bool init_is_filter(const struct postfix_service *service);

/* init_changes_clear - free what it holds. */
void init_changes_clear(struct init_changes *changes);

/* ---- init_start.c */

/* init_start - the commands that start policyd on the machine whose root
 * directory is root ("": this one), or make a running policyd load the file;
 * option: as in struct init. The caller frees it. */
char *init_start(const char *root, const char *option);

/* init_stop - the commands that stop it again; without a service manager by
 * means of its pid_file. The caller frees it. */
char *init_stop(const char *root, const char *option, const char *pid_file);

/* ---- init_text.c */

/* init_text - the text of policyd.conf; the caller frees it. */
char *init_text(const struct init *init);

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
 * on. 0, or -1 and the reasons on standard error. */
int init_trial(const struct init *init, const char *text);

#endif
