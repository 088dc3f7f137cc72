/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_LIST_H
#define LIB_POSTFIX_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/postfix.h"

/* One smtpd_..._restrictions list, read as smtpd(8) reads it. */

struct postfix_restriction {
	char *word;	 /* "check_policy_service" */
	char *argument;	 /* what follows a word that takes one, braces
			  * and all, or NULL */
	char *parameter; /* where it stands: the list, or a class */
	size_t end;	 /* where what stands there ends in the list */
	bool warns;	 /* behind warn_if_reject, or in a class that is */
};

struct postfix_list {
	struct postfix_restriction *items;
	size_t count;
	bool is_cut; /* not all that is there is in it */
};

/* No list is longer, with its classes: the rest is one word that is not
 * known. */
#define POSTFIX_LIST_MAX 20000

/* postfix_list_read - the list of that name for a service. A restriction
 * class among the words is replaced by what it holds, and one that is too deep
 * in others, as one in itself is, by a word that is not known. */
void postfix_list_read(struct postfix_list *list, const struct postfix *postfix,
		       const struct postfix_service *service, const char *name);

/* postfix_list_add - add the restrictions of a text, with what is in the
 * classes that the service has. */
void postfix_list_add(struct postfix_list *list, const struct postfix *postfix,
		      const struct postfix_service *service, const char *text,
		      const char *parameter);

/* postfix_list_parse - add the restrictions of a text that stands in a
 * parameter; classes are left as they are. */
void postfix_list_parse(struct postfix_list *list, const char *text,
			const char *parameter);

/* postfix_list_text - as it could stand in main.cf; the caller frees it. */
char *postfix_list_text(const struct postfix_list *list);

/* postfix_list_clear - free what the list holds. */
void postfix_list_clear(struct postfix_list *list);

/* postfix_next_word - copy the next word of a list in main.cf syntax, where
 * text in braces is one word, and advance *text; NULL at the end. The caller
 * frees it. An unclosed brace ends with the text. */
char *postfix_next_word(const char **text);

/* postfix_next_argument - likewise the next word of a command in master.cf,
 * where commas do not separate. */
char *postfix_next_argument(const char **text);

/* What follows check_policy_service. */
struct postfix_policy {
	char *server;			  /* "unix:private/policyd" */
	struct postfix_values attributes; /* of the form with braces */
};

/* postfix_policy_parse - take the argument apart; NULL is allowed. */
void postfix_policy_parse(struct postfix_policy *policy, const char *argument);

/* postfix_policy_clear - free what the struct holds. */
void postfix_policy_clear(struct postfix_policy *policy);

#endif
