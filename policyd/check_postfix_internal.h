/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_POSTFIX_INTERNAL_H
#define POLICYD_CHECK_POSTFIX_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/config.h"
#include "lib/postfix.h"
#include "lib/postfix_list.h"

/* What the files check_postfix*.c share. */

/* The lists that smtpd(8) goes through, in its order. */
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
	struct postfix_list restrictions;
};

/* How far asking came. */
enum attempt_stage {
	ATTEMPT_NONE, /* not tried */
	ATTEMPT_START,
	ATTEMPT_BECOME, /* the postfix user, in the chroot */
	ATTEMPT_RESOLVE,
	ATTEMPT_CONNECT,
	ATTEMPT_ASK,
	ATTEMPT_DONE,
};

/* What came of really asking, as smtpd(8) would. Shared with the child that
 * does it, hence without pointers. */
struct attempt {
	enum attempt_stage stage; /* where it ended */
	int number;	/* errno; ATTEMPT_RESOLVE: that of getaddrinfo(3) */
	bool foreign;	/* inet: no address of the name is the listener's */
	pid_t peer;	/* unix: who listens; 0: not known */
	char reply[64]; /* its first line */
};

enum use_kind {
	USE_LISTENER,  /* the server is one of our listen addresses */
	USE_SPAWNED,   /* ... a service of master.cf that runs policyd -s */
	USE_MISPLACED, /* ... meant to be us, but it is another address */
};

/* Us, in a list. */
struct use {
	const struct list *list;
	size_t at; /* which of its restrictions we are */
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
	char *line;	 /* the line to change, as it stands; or NULL */
	char *mend;	 /* what mends it; or NULL */
	bool is_command; /* mend can be typed to a shell */
};

/* All that a check may look at. */
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

/* check_init - find all lists and ourselves in them. Both arguments must
 * outlive the check. */
void check_init(struct check *check, const struct postfix *postfix,
		const struct config *config);

/* check_clear - free what the struct holds. */
void check_clear(struct check *check);

/* check_is_us - would check_policy_service with this argument ask us, from
 * that service? */
bool check_is_us(const struct check *check,
		 const struct postfix_service *service, const char *argument);

/* check_reaches_us - likewise, and not at an address where we only might be
 * meant. Only postfix and config of check are used. */
bool check_reaches_us(const struct check *check,
		      const struct postfix_service *service,
		      const char *argument);

/* check_run - find all that can be found without trying, and judge what was
 * tried. */
void check_run(struct check *check);

/* check_print_finding - one of them, as printable text; kind is put before what
 * was found. */
void check_print_finding(const struct finding *finding, const char *kind,
			 FILE *output);

/* check_print - all findings; 0, or 1 with an error among them. */
int check_print(const struct check *check, FILE *output);

/* ---- check_postfix_finding.c */

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

/* What is wrong with one parameter, as a service has it (NULL: as main.cf
 * has it for all). value: what it should be; NULL: nothing can be told, then
 * advice may say what to do. drop: remove the override of master.cf. */
struct mistake {
	enum severity severity;
	const struct postfix_service *service;
	const char *parameter;
	const char *value;
	const char *advice;
	bool drop;
};

/* check_found - put down a mistake in a parameter; format says what is wrong.
 * What is the same for several services is put down once. */
void check_found(struct check *check, const struct mistake *mistake,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* check_found_line - put down a mistake that is in no parameter. file, line,
 * mend: copied; line and mend may be NULL. */
void check_found_line(struct check *check, enum severity severity,
		      const char *file, const char *line, const char *mend,
		      bool is_command, const char *text);

/* check_found_ours - put down a mistake in our own configuration. */
void check_found_ours(struct check *check, enum severity severity,
		      const char *line, const char *mend, const char *text);

/* check_file - "main.cf" or "master.cf" with its directory; the caller frees
 * it. */
char *check_file(const struct check *check, const char *name);

/* check_on - " on port NAME" for a text, when the value of a parameter is that
 * of this service alone; else "". The caller frees it. */
char *check_on(const struct check *check, const struct postfix_service *service,
	       const char *parameter);

/* ---- check_postfix_services.c: the ports on which we are asked */

void check_services(struct check *check);

/* check_list - one list of a service. */
const struct list *check_list(const struct check *check,
			      const struct postfix_service *service,
			      enum list_kind kind);

/* check_is_asked - are we in a list of this service that is gone through for
 * each recipient? */
bool check_is_asked(const struct check *check,
		    const struct postfix_service *service);

/* check_server - how smtpd(8) names our listener; the caller frees it. */
char *check_server(const struct check *check,
		   const struct listener_options *listener);

/* ---- check_postfix_lists.c: our place in the lists */

void check_lists(struct check *check);

/* check_policy_attribute - what a use has for an attribute of the policy
 * client: its own ("timeout"), or smtpd_policy_service_timeout. parameter:
 * where it stands, owned by the caller. */
const char *check_policy_attribute(const struct check *check,
				   const struct use *use, const char *attribute,
				   char **parameter);

/* ---- check_postfix_client.c: how smtpd(8) asks; spawn(8) */

void check_client(struct check *check);

/* check_is_spawned - is this a service that runs policyd -s? */
bool check_is_spawned(const struct postfix_service *service);

/* ---- check_postfix_domains.c: domains, networks, AUTH */

void check_domains(struct check *check);

/* check_offers_plain_auth - can a client log in on this port before TLS? */
bool check_offers_plain_auth(const struct check *check,
			     const struct postfix_service *service);

/* ---- check_postfix_socket.c: what came of trying */

void check_sockets(struct check *check);

/* ---- check_postfix_try.c */

/* check_try - ask at each address, as smtpd(8) would. Only root can: for any
 * other user each attempt ends in ATTEMPT_BECOME. */
void check_try(struct check *check);

#endif
