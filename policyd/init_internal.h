/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_INIT_INTERNAL_H
#define POLICYD_INIT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "lib/config.h"
#include "lib/error.h"
#include "lib/postfix.h"

/* What the files init*.c share. */

/* INIT_PARAMETER - what is added to main.cf: the list in which policyd is
 * asked. The ports refer to it in master.cf, so that nothing else of main.cf
 * has to change. */
#define INIT_PARAMETER "policyd_relay_restrictions"
#define INIT_RELAY     "smtpd_relay_restrictions"

/* An smtpd service that clients come to. */
struct init_port {
	const struct postfix_service *service;
	unsigned number; /* 0: unknown */
	bool users;	 /* it demands TLS: no other server could use it */
};

/* One run of postconf(1): -e, -X, -P, -PX, -M and what follows. */
struct init_change {
	const char *option;
	char *text;
};

struct init_changes {
	struct init_change *list;
	size_t count;
};

/* All that is known and planned. */
struct init {
	struct config *config; /* of the file that is kept; NULL: none is */
	const char *path;      /* of policyd.conf */
	const char *option;    /* "" or " -c PATH", for policyd */
	const char *postfix_option; /* "" or " -c DIR", for postconf, postfix */
	struct postfix postfix;	    /* as it is */
	char *services;		    /* what postconf -M prints; NULL: to ask */
	struct init_port *ports;
	size_t port_count;
	char *group;  /* of the user mail_owner */
	char *server; /* how smtpd(8) names our socket */
	struct init_changes on, off;
};

/* ---- init_plan.c */

/* init_plan - find the ports, and the changes. 0, or -1: there is nothing to
 * plan, or it is done already. */
int init_plan(struct init *init, struct error *error);

/* init_is_filter - does it take mail back from a content filter? Then it is
 * left alone. */
bool init_is_filter(const struct postfix_service *service);

/* init_changes_clear - free what it holds. */
void init_changes_clear(struct init_changes *changes);

/* ---- init_start.c */

/* init_start - the lines that start policyd on the machine whose root directory
 * is root ("": this one), or have one that runs already take its file into use;
 * option: as in struct init. The caller frees it. */
char *init_start(const char *root, const char *option);

/* init_stop - the lines that stop it again; without a service manager by its
 * pid_file. The caller frees it. */
char *init_stop(const char *root, const char *option, const char *pid_file);

/* ---- init_text.c */

/* init_text - the text of policyd.conf; the caller frees it. */
char *init_text(const struct init *init);

/* init_print_commands - the lines that people are to type, each behind
 * prefix. */
void init_print_commands(FILE *output, const struct init *init,
			 const struct init_changes *changes,
			 const char *prefix);

/* ---- init_trial.c */

/* init_load - the configuration of a file, which is called name in messages; a
 * table that cannot be read is no obstacle. NULL: it is refused, which is told
 * on standard error. To be called once in a process. */
struct config *init_load(const char *path, const char *name);

/* init_trial - try all of it on a copy of main.cf and master.cf: text (NULL:
 * the file that is kept) must load, policyd -P must find no mistake, every port
 * must ask policyd first and refuse whatever it does not permit, and off must
 * undo on. 0, or -1 and one or more lines of why on standard error. */
int init_trial(const struct init *init, const char *text);

#endif
