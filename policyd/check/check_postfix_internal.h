/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_CHECK_POSTFIX_INTERNAL_H
#define POLICYD_CHECK_CHECK_POSTFIX_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/config/config.h"
#include "lib/postfix/postfix_settings.h"
#include "lib/postfix/smtpd_ports.h"
#include "lib/postfix/smtpd_restrictions.h"
#include "policyd/check/check_postfix.h"
#include "policyd/check/postfix_copy.h"

/* Shared by policyd/check/check_postfix*.c only. */

/* One list of one service of master.cf. */
struct list {
	const struct postfix_service *service;
	enum smtpd_list kind;
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

/* A use of policyd in a list, or of another server, whose kind and listener
 * mean nothing. That of Dovecot or of a milter has the relay list of its port;
 * that of Dovecot has no policy. */
struct use {
	const struct list *list;
	size_t at; /* the index of the restriction */
	enum use_kind kind;
	struct postfix_policy policy;
	char *server; /* of policy, in our notation */
	const struct listener_options *listener; /* NULL when spawned */
	char *address; /* canonical, as seen outside the chroot */
	struct attempt attempt;
};

/* Those of one kind of server. */
struct uses {
	struct use *list;
	size_t count;
};

/* Changes of a list of restrictions that a finding asks for. */
enum edit {
	EDIT_FIRST = 1,	 /* ask policyd before everything else */
	EDIT_BEFORE = 2, /* move what asks policyd before what permits */
	EDIT_CHECKS = 4, /* move the checks after policyd before it */
	EDIT_REFUSE = 8, /* refuse at the end */
	EDIT_DECIDE = 16 /* decide at the end as Postfix does by default */
};

/* The outcomes that a fix may change: bits (1 << enum
 * smtpd_client). Nothing else may change. */
struct effect {
	unsigned closes[SMTPD_RECIPIENTS];
	unsigned opens[SMTPD_RECIPIENTS];
	bool reveals; /* what depended may be known then */
};

/* One change of one parameter, which fixes all findings that have it. */
struct fix {
	const struct postfix_service *service; /* NULL: of main.cf */
	char *parameter;
	char *value;	       /* that it should have; NULL: its own */
	bool is_undecided;     /* two findings want two values */
	unsigned edits;	       /* then made to it */
	const struct use *use; /* of policyd, for the edits */
	struct effect effect;
	struct postfix_change commands[2];
	size_t command_count;
	bool works; /* it was tried: nothing else changes */
};

struct finding {
	bool is_error;
	char *file;
	char *text;
	char *line;   /* the line to change, as it is now; or NULL */
	char *advice; /* how to fix it, if the fix does not; or NULL */
	int fix;      /* the index of its fix, or -1 */
	/* Where the text names the port, and how long that name is; 0: the text
	 * names none. */
	size_t port_at, port_length;
};

/* Everything that a check may look at. */
struct check {
	const struct postfix *postfix;
	const struct config *config;
	uint64_t read_ms; /* it took to read all this */
	char *types;	  /* of tables that Postfix has, a line each; NULL:
			   * none is used; "": that is not known */
	struct smtpd_ports ports;
	struct list *lists;
	size_t list_count;
	struct uses uses;   /* of policyd */
	struct uses others; /* of other policy servers */
	struct uses logins; /* of Dovecot, for SASL */
	struct uses milters;
	struct fix *fixes;
	size_t fix_count;
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

/* check_run - run all checks, including those of what check_try() found. */
void check_run(struct check *check);

/* check_run_lists - all but those of the ports: where policyd is asked, is it
 * asked correctly? */
void check_run_lists(struct check *check);

/* ---- check_postfix_use.c: which check_policy_service asks policyd */

/* check_use_identify - is the policy server of this use policyd? One with the
 * name of our socket, or with its path outside the chroot, is meant to be. list
 * and policy are set; the rest is filled in. */
bool check_use_identify(const struct check *check, struct use *use);

/* check_server_of - the address of a server in main.cf, in our notation; the
 * caller frees it. */
char *check_server_of(const char *server);

/* check_is_at_service - does a service of master.cf, one that is wanted (NULL:
 * any), listen at this address? */
bool check_is_at_service(const struct check *check, const char *address,
			 bool (*is_wanted)(const struct postfix_service *));

/* check_use_add - takes over what the use holds. check_uses_clear - free them.
 */
void check_use_add(struct uses *uses, const struct use *use);
void check_uses_clear(struct uses *uses);

/* check_unreached - why the attempt to connect failed; NULL: it did not, or
 * that is not known. */
const char *check_unreached(const struct use *use);

/* check_in_chroot - " in its chroot", for a text, if that matters: a relative
 * path is below the queue directory in any case. */
const char *check_in_chroot(const struct use *use);

/* check_is_us - would check_policy_service with this argument, from this
 * service, ask policyd? */
bool check_is_us(const struct check *check,
		 const struct postfix_service *service, const char *argument);

/* check_reaches_us - likewise, but only if it is certain that it is policyd.
 * Only postfix and config of check are used. */
bool check_reaches_us(const struct check *check,
		      const struct postfix_service *service,
		      const char *argument);

/* ---- check_postfix_print.c */

/* check_print_finding - one finding as printable text; kind is a prefix of its
 * text. */
void check_print_finding(const struct check *check,
			 const struct finding *finding, const char *kind,
			 FILE *output);

/* check_print - the table of ports, and all findings; more: the last line is to
 * recall that problems of policyd were reported before. Returns 1 if there is
 * an error, otherwise 0. */
int check_print(const struct check *check, bool more, FILE *output);

/* check_print_json - the same as one JSON object. */
int check_print_json(const struct check *check, FILE *output);

/* ---- check_postfix_table.c: what each port lets through, for people */

/* check_asked - "policyd", "other", "return" or "nobody": which policy server a
 * port asks, or why none. */
const char *check_asked(const struct check *check, const struct smtpd_row *row);

/* check_tls, check_auth - what the port offers, in a word. */
const char *check_tls(const struct smtpd_port *port);
const char *check_auth(const struct smtpd_port *port);

/* Clients that a table shows together. */
enum people { PEOPLE_STRANGERS, PEOPLE_USERS, PEOPLE_NETWORKS, PEOPLE_COUNT };

/* check_may - the best that one of them may expect. */
enum smtpd_answer check_may(const struct smtpd_row *row, enum people people,
			    enum smtpd_recipient recipient);

/* check_print_ports - the table. */
void check_print_ports(const struct check *check, FILE *output);

/* ---- check_postfix_finding.c */

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

/* A mistake in a parameter of a service (NULL: of main.cf, for all services).
 * The texts of several ports that share a line are printed as one, so
 * "port NAME" is no subject of a verb: "ports ONE and TWO" takes its place.
 * value: what it should be; own: what it should be for this service alone,
 * which has none of its own yet; here: one or the other; add: a word that it
 * should have, too; edits: to the list that asks policyd. Without all of them,
 * or if the fix would change more, the advice says what to do; it may be NULL.
 */
struct mistake {
	enum severity severity;
	const struct postfix_service *service;
	const char *parameter;
	const char *value;
	const char *own;
	const char *here;
	const char *add;
	unsigned edits;
	const struct use *use;
	struct effect effect;
	const char *advice;
};

/* check_found - report a mistake in a parameter; format says what is wrong. The
 * same mistake in several services is reported once. */
void check_found(struct check *check, const struct mistake *mistake,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* check_found_line - report a mistake in "main.cf" or "master.cf" that is not
 * in a parameter. The texts are copied; line and advice may be NULL. Returns
 * the finding, or NULL: it is known. */
struct finding *check_found_line(struct check *check, enum severity severity,
				 const char *name, const char *line,
				 const char *advice, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* check_found_ours - report a mistake in policyd.conf. */
void check_found_ours(struct check *check, enum severity severity,
		      const char *line, const char *advice, const char *format,
		      ...) __attribute__((format(printf, 5, 6)));

/* check_fix_add - a change by one run of postconf(1), for a finding; text is
 * copied. */
void check_fix_add(struct check *check, struct finding *finding,
		   const char *option, const char *text);

/* check_fixes - make the commands of all fixes. */
void check_fixes(struct check *check);

/* check_fix_text - the commands of a fix, for the shell; the caller frees it.
 */
char *check_fix_text(const struct check *check, const struct fix *fix);

/* check_fix_clear - free what the struct holds. */
void check_fix_clear(struct fix *fix);

/* check_on - " on port NAME", for a text, if a parameter has its value for this
 * service alone; otherwise "". The caller frees it. */
char *check_on(const struct check *check, const struct postfix_service *service,
	       const char *parameter);

/* ---- check_postfix_edit.c: changes of a list that lose no word of it */

/* check_edit - the value with the edits made to it; the caller frees it. NULL:
 * they cannot be made. */
char *check_edit(const struct check *check, const struct fix *fix,
		 const char *value);

/* check_is_word - ignoring case, as Postfix does. */
bool check_is_word(const struct postfix_restriction *item, const char *word);

/* check_is_permit - can it permit by itself? */
bool check_is_permit(const struct postfix_restriction *item);

/* check_is_check - can it find something wrong with a mail? A refusal of
 * everybody, or of everything for elsewhere, does not look. */
bool check_is_check(const struct postfix_restriction *item);

/* ---- check_postfix_trial.c */

/* check_trial - run each fix on a copy of the configuration: does it what it is
 * for, and nothing else? Only such a fix is printed. */
void check_trial(struct check *check);

/* ---- check_postfix_services.c: the ports on which smtpd(8) asks policyd */

void check_services(struct check *check);

/* check_row - the judgement of a port; NULL: it is none. */
const struct smtpd_row *check_row(const struct check *check,
				  const struct postfix_service *service);

/* check_list - one list of a service. */
const struct list *check_list(const struct check *check,
			      const struct postfix_service *service,
			      enum smtpd_list kind);

/* check_is_asked - is policyd in a list of this service that is evaluated for
 * each recipient? */
bool check_is_asked(const struct check *check,
		    const struct postfix_service *service);

/* ---- check_postfix_logins.c: can users log in, and encrypt */

void check_logins(struct check *check);

/* ---- check_postfix_owners.c: may a user send as another one */

void check_owners(struct check *check);

/* ---- check_postfix_words.c: words that smtpd(8) cannot use */

void check_words(struct check *check);

/* check_written - a list as it is in its file; "": it has its default there. */
const char *check_written(const struct check *check,
			  const struct postfix_service *service,
			  const char *parameter);

/* check_replaced - a list with another word in the place of one; the caller
 * frees it. NULL: the word is not there. */
char *check_replaced(const char *list, const char *old, const char *new);

/* ---- check_postfix_fatal.c: what ends smtpd(8) at once */

/* check_fatal - the parameter that ends it on this port, or may end it. */
void check_fatal(struct check *check, const struct smtpd_row *row);

/* ---- check_postfix_rates.c: does Postfix ask when a rate counts */

void check_rates(struct check *check);

/* check_print_rates - a line about mail that no rate counts, if there is a rate
 * that is used. */
void check_print_rates(const struct check *check, FILE *output);

/* ---- check_postfix_lists.c: the place of policyd in the lists */

void check_lists(struct check *check);

/* check_service - the section of policyd.conf that answers a use of policyd. */
const struct service *check_service(const struct check *check,
				    const struct use *use);

/* check_policy_attribute - the value of an attribute of the policy client for a
 * use: its own ("timeout"), or smtpd_policy_service_timeout. parameter: NULL,
 * or where it is set, owned by the caller. */
const char *check_policy_attribute(const struct check *check,
				   const struct use *use, const char *attribute,
				   char **parameter);

/* ---- check_postfix_passage.c: what gets through without policyd's word */

/* A message of which neither policyd nor any table has an opinion. */
struct passage {
	const struct check *check;
	const struct smtpd_row *row;
	const struct list *list; /* NULL: all lists */
	size_t from;		 /* the first word of it that counts */
	const struct postfix_restriction *why; /* the word that refuses it */
};

/* check_passes - does such a message get through? */
enum smtpd_answer check_passes(struct passage *passage,
			       enum smtpd_client client,
			       enum smtpd_recipient recipient);

/* check_lets_pass - may a stranger relay? */
bool check_lets_pass(const struct check *check, const struct smtpd_row *row,
		     const struct list *list, size_t from);

/* ---- check_postfix_client.c: settings of smtpd(8) as our client; spawn(8) */

void check_client(struct check *check);

/* check_is_spawned - does this service run policyd -s? */
bool check_is_spawned(const struct postfix_service *service);

/* ---- check_postfix_domains.c: the lists of our domains */

void check_domains(struct check *check);

/* ---- check_postfix_tables.c: tables that only Postfix can look up */

/* check_read_types - ask postconf(1) which types Postfix has, if one is used. A
 * failure is reported on standard error, and nothing is known then. */
void check_read_types(struct check *check);

void check_tables(struct check *check);

/* ---- check_postfix_networks.c: mynetworks */

void check_networks(struct check *check);

/* check_bracketed - an IPv6 address or network of mynetworks in brackets; the
 * caller frees it. NULL: it is none. */
char *check_bracketed(const char *word);

/* ---- check_postfix_socket.c: the results of check_try() */

void check_sockets(struct check *check);

/* check_found_at - report a mistake in the address of a policy server, with a
 * better one; NULL: unknown. */
void check_found_at(struct check *check, const struct use *use,
		    const char *server, const char *advice, const char *format,
		    ...) __attribute__((format(printf, 5, 6)));

/* ---- check_postfix_sasl.c: can smtpd(8) reach Dovecot? */

/* check_find_logins - where each port asks it. */
void check_find_logins(struct check *check);

void check_sasl(struct check *check);

/* ---- check_postfix_milters.c: can smtpd(8) reach the milters? */

/* check_find_milters - those of each port. */
void check_find_milters(struct check *check);

void check_milters(struct check *check);

/* ---- check_postfix_filter.c: do clients get what policyd answers? */

void check_filters(struct check *check);

/* ---- check_postfix_others.c: can smtpd(8) reach other policy servers? */

void check_others(struct check *check);

/* check_means_us - is the name of such a server, where nobody listens, one of
 * ours with a typing mistake? */
bool check_means_us(const struct check *check);

/* ---- check_postfix_try.c */

/* check_try - ask policyd at each address, as smtpd(8) would, and connect to
 * the sockets of other policy servers on this host. Only root can: for other
 * users each attempt ends in ATTEMPT_BECOME. */
void check_try(struct check *check);

/* check_try_new - likewise, but take the attempts of another check that are the
 * same. */
void check_try_new(struct check *check, const struct check *known);

#endif
