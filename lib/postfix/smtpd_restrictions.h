/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_RESTRICTIONS_H
#define LIB_POSTFIX_SMTPD_RESTRICTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/postfix/postfix_settings.h"

/* One smtpd_..._restrictions list, read as in smtpd(8). */

struct postfix_restriction {
	char *word;	 /* "check_policy_service" */
	char *argument;	 /* the argument of a word that takes one, with its
			  * braces, or NULL */
	char *parameter; /* where it is: the list, or a class */
	size_t end;	 /* the index after the last one of that class */
	bool warns;	 /* after warn_if_reject, or in such a class */
};

struct smtpd_restrictions {
	struct postfix_restriction *items;
	size_t count;
	bool is_cut; /* the list is longer */
};

/* The maximum length of a list with its classes; the rest is replaced by one
 * unknown word. */
#define POSTFIX_LIST_MAX 20000

/* smtpd_restrictions_read - the list with that name for a service. A
 * restriction class among the words is replaced by its restrictions; a class
 * that is nested too deeply, or in itself, is replaced by an unknown word. */
void smtpd_restrictions_read(struct smtpd_restrictions *list,
			     const struct postfix *postfix,
			     const struct postfix_service *service,
			     const char *name);

/* smtpd_restrictions_add - add the restrictions of a text; the classes of the
 * service are replaced by their restrictions. */
void smtpd_restrictions_add(struct smtpd_restrictions *list,
			    const struct postfix *postfix,
			    const struct postfix_service *service,
			    const char *text, const char *parameter);

/* smtpd_restrictions_parse - add the restrictions in the value of a parameter;
 * classes are not replaced. */
void smtpd_restrictions_parse(struct smtpd_restrictions *list, const char *text,
			      const char *parameter);

/* smtpd_restrictions_text - the list in main.cf syntax; the caller frees it. */
char *smtpd_restrictions_text(const struct smtpd_restrictions *list);

/* smtpd_restrictions_clear - free what the list holds. */
void smtpd_restrictions_clear(struct smtpd_restrictions *list);

/* postfix_next_word - copy the next word of a list in main.cf syntax, where a
 * text in braces is one word, and advance *text; NULL at the end. The caller
 * frees it. An unclosed brace extends to the end of the text. */
char *postfix_next_word(const char **text);

/* postfix_next_argument - likewise the next word of a command in master.cf,
 * where commas do not separate. */
char *postfix_next_argument(const char **text);

/* The argument of check_policy_service. */
struct postfix_policy {
	char *server;			  /* "unix:private/policyd" */
	struct postfix_values attributes; /* of the syntax with braces */
};

/* postfix_policy_parse - split the argument; NULL is allowed. */
void postfix_policy_parse(struct postfix_policy *policy, const char *argument);

/* postfix_policy_clear - free what the struct holds. */
void postfix_policy_clear(struct postfix_policy *policy);

#endif
