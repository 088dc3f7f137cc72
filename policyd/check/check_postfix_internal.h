/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_CHECK_POSTFIX_INTERNAL_H
#define POLICYD_CHECK_CHECK_POSTFIX_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/config/config.h"
#include "lib/postfix/postfix_settings.h"
#include "lib/postfix/smtpd_restrictions.h"
#include "policyd/check/check_postfix.h"

/* Shared by policyd/check/check_postfix*.c only. */

/* The lists that smtpd(8) evaluates, in its order. */
enum list_kind {
	LIST_CLIENT,
	LIST_HELO,
	LIST_SENDER,
	LIST_RELAY,
	LIST_RECIPIENT,
	LIST_DATA,
	LIST_END_OF_DATA,
	LIST_ETRN,
	LIST_COUNT
};

/* One list of one service of master.cf. */
struct list {
	const struct postfix_service *service;
	enum list_kind kind;
	const char *name; /* "smtpd_client_restrictions" */
	struct smtpd_restrictions restrictions;
};

/* The stages of an attempt to ask policyd. */
enum attempt_stage {
	ATTEMPT_NONE, /* not tried */
	ATTEMPT_START,
	ATTEMPT_BECOME, /* the postfix user, in the chroot */
	ATTEMPT_RESOLVE,
	ATTEMPT_CONNECT,
	ATTEMPT_ASK,
	ATTEMPT_DONE,
};

/* The result of asking policyd as smtpd(8) would. Shared with the child process
 * that does it, hence without pointers. */
struct attempt {
	enum attempt_stage stage; /* the last one reached */
	int number;	/* errno; ATTEMPT_RESOLVE: that of getaddrinfo(3) */
	bool foreign;	/* inet: no address of the name is the listener's */
	pid_t peer;	/* unix: the listening process; 0: unknown */
	char reply[64]; /* its first line */
};

enum use_kind {
	USE_LISTENER,  /* the server is one of our listen addresses */
	USE_SPAWNED,   /* ... a service of master.cf that runs policyd -s */
	USE_MISPLACED, /* ... meant to be policyd, but at another address */
};

/* A use of policyd in a list. */
struct use {
	const struct list *list;
	size_t at; /* the index of the restriction */
	enum use_kind kind;
	struct postfix_policy policy;
	const struct listener_options *listener; /* NULL when spawned */
	char *address; /* canonical, as seen outside the chroot */
	struct attempt attempt;
};

struct finding {
	bool is_error;
	char *file;
	char *text;
	char *line;	 /* the line to change, as it is now; or NULL */
	char *fix;	 /* how to fix it; or NULL */
	bool is_command; /* the fix is a shell command */
};

/* Everything that a check may look at. */
struct check {
	const struct postfix *postfix;
	const struct config *config;
	struct list *lists;
	size_t list_count;
	struct use *uses;
	size_t use_count;
	struct finding *findings;
	size_t finding_count;
};

/* ---- check_postfix.c */

/* check_init - read all lists, and find uses of policyd in them. Both arguments
 * must outlive the check. */
void check_init(struct check *check, const struct postfix *postfix,
		const struct config *config);

/* check_clear - free what the struct holds. */
void check_clear(struct check *check);

/* check_is_us - would check_policy_service with this argument, from this
 * service, ask policyd? */
bool check_is_us(const struct check *check,
		 const struct postfix_service *service, const char *argument);

/* check_reaches_us - likewise, but only if it is certain that it is policyd.
 * Only postfix and config of check are used. */
bool check_reaches_us(const struct check *check,
		      const struct postfix_service *service,
		      const char *argument);

/* check_run - run all checks, including those of what check_try() found. */
void check_run(struct check *check);

/* check_print_finding - one finding as printable text; kind is a prefix of its
 * text. */
void check_print_finding(const struct finding *finding, const char *kind,
			 FILE *output);

/* check_print - all findings; returns 1 if there is an error, otherwise 0. */
int check_print(const struct check *check, FILE *output);

/* ---- check_postfix_finding.c */

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

/* A mistake in a parameter of a service (NULL: of main.cf, for all services).
 * value: what it should be; NULL: unknown, then advice may say what to do.
 * drop: remove the override from master.cf. */
struct mistake {
	enum severity severity;
	const struct postfix_service *service;
	const char *parameter;
	const char *value;
	const char *advice;
	bool drop;
};

/* check_found - report a mistake in a parameter; format says what is wrong. The
 * same mistake in several services is reported once. */
void check_found(struct check *check, const struct mistake *mistake,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* check_found_line - report a mistake that is not in a parameter. The texts
 * are copied; line and the fix may be NULL. */
void check_found_line(struct check *check, enum severity severity,
		      const char *file, const char *line, const char *fix,
		      bool is_command, const char *text);

/* check_found_ours - report a mistake in policyd.conf. */
void check_found_ours(struct check *check, enum severity severity,
		      const char *line, const char *fix, const char *text);

/* check_file - the path of "main.cf" or "master.cf"; the caller frees it. */
char *check_file(const struct check *check, const char *name);

/* check_on - " on port NAME", for a text, if a parameter has its value for this
 * service alone; otherwise "". The caller frees it. */
char *check_on(const struct check *check, const struct postfix_service *service,
	       const char *parameter);

/* ---- check_postfix_services.c: the ports on which smtpd(8) asks policyd */

void check_services(struct check *check);

/* check_list - one list of a service. */
const struct list *check_list(const struct check *check,
			      const struct postfix_service *service,
			      enum list_kind kind);

/* check_is_asked - is policyd in a list of this service that is evaluated for
 * each recipient? */
bool check_is_asked(const struct check *check,
		    const struct postfix_service *service);

/* ---- check_postfix_lists.c: the place of policyd in the lists */

void check_lists(struct check *check);

/* check_policy_attribute - the value of an attribute of the policy client for a
 * use: its own ("timeout"), or smtpd_policy_service_timeout. parameter: where
 * it is set, owned by the caller. */
const char *check_policy_attribute(const struct check *check,
				   const struct use *use, const char *attribute,
				   char **parameter);

/* ---- check_postfix_client.c: settings of smtpd(8) as our client; spawn(8) */

void check_client(struct check *check);

/* check_is_spawned - does this service run policyd -s? */
bool check_is_spawned(const struct postfix_service *service);

/* ---- check_postfix_domains.c: domains, networks, AUTH */

void check_domains(struct check *check);

/* check_offers_plain_auth - can a client log in on this port before TLS? */
bool check_offers_plain_auth(const struct check *check,
			     const struct postfix_service *service);

/* ---- check_postfix_socket.c: the results of check_try() */

void check_sockets(struct check *check);

/* ---- check_postfix_try.c */

/* check_try - ask policyd at each address, as smtpd(8) would. Only root can:
 * for other users each attempt ends in ATTEMPT_BECOME. */
void check_try(struct check *check);

#endif
