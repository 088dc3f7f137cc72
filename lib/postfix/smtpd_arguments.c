/* SPDX-License-Identifier: ISC */
/* smtpd_arguments - what smtpd(8) and postconf(1) make of the options of a
 * service
 *
 * "-oNAME=VALUE" in one word is fine with smtpd(8), but postconf(1) prints
 * something else for it, and loses it when it edits the service. With "-o" and
 * nothing behind it, no "=", or a word that is no option, as in "-o NAME=ONE,
 * TWO", smtpd(8) ends at once: master(8) restarts it every minute, and the port
 * serves nobody. */

#include "lib/postfix/smtpd_arguments.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_restrictions.h"

/* is_quiet - an option that changes nothing of what is decided */
static bool is_quiet(const char *word)
{
	return word[0] == '-' && word[1] != '\0' &&
	       strspn(word + 1, "vD") == strlen(word + 1);
}

/* fault_of - of a word that is not the value of an option */
static enum smtpd_arguments_fault fault_of(const char *word)
{
	if (strcmp(word, "-o") == 0 || is_quiet(word))
		return SMTPD_ARGUMENTS_FINE;
	if (*word != '-')
		return SMTPD_ARGUMENTS_LOOSE;
	return strncmp(word, "-o", 2) == 0 ? SMTPD_ARGUMENTS_JOINED
					   : SMTPD_ARGUMENTS_STRANGE;
}

/* without_value - of "-o NAME", and what follows */
static enum smtpd_arguments_fault without_value(const char *rest)
{
	char *word = postfix_next_argument(&rest);
	bool spaced = word != NULL && *word == '=';

	free(word);
	return spaced ? SMTPD_ARGUMENTS_SPACED : SMTPD_ARGUMENTS_NO_VALUE;
}

/* smtpd_arguments_fault - the first fault */
enum smtpd_arguments_fault smtpd_arguments_fault(const char *arguments,
						 char **word)
{
	enum smtpd_arguments_fault fault = SMTPD_ARGUMENTS_FINE;
	bool value = false;

	while ((*word = postfix_next_argument(&arguments)) != NULL) {
		if (!value)
			fault = fault_of(*word);
		else if (strchr(*word, '=') == NULL)
			fault = without_value(arguments);
		if (fault != SMTPD_ARGUMENTS_FINE)
			return fault;
		value = !value && strcmp(*word, "-o") == 0;
		free(*word);
	}
	if (!value)
		return SMTPD_ARGUMENTS_FINE;
	*word = xstrdup("-o");
	return SMTPD_ARGUMENTS_DANGLING;
}

/* smtpd_arguments_text - a fault in words */
char *smtpd_arguments_text(enum smtpd_arguments_fault fault, const char *word)
{
	switch (fault) {
	case SMTPD_ARGUMENTS_JOINED:
		return xasprintf("has the option %.80s in one word, which "
				 "postconf loses",
				 word);
	case SMTPD_ARGUMENTS_DANGLING:
		return xstrdup("ends with -o and no setting, so smtpd does not "
			       "start");
	case SMTPD_ARGUMENTS_NO_VALUE:
		return xasprintf("has the option -o %.80s without \"=\", so "
				 "smtpd does not start",
				 word);
	case SMTPD_ARGUMENTS_SPACED:
		return xasprintf(
			"has white space before the \"=\" of -o %.80s, "
			"so smtpd does not start",
			word);
	case SMTPD_ARGUMENTS_LOOSE:
		return xasprintf(
			"has the word %.80s outside of its options, so "
			"smtpd serves nobody",
			word);
	default:
		return xasprintf("has the option %.80s, of which nothing is "
				 "known here",
				 word);
	}
}

/* smtpd_arguments_advice - what to do */
const char *smtpd_arguments_advice(enum smtpd_arguments_fault fault)
{
	switch (fault) {
	case SMTPD_ARGUMENTS_JOINED:
		return "write -o NAME=VALUE as two words";
	case SMTPD_ARGUMENTS_DANGLING:
		return "remove the -o, or write -o NAME=VALUE";
	case SMTPD_ARGUMENTS_NO_VALUE:
		return "write -o NAME=VALUE";
	case SMTPD_ARGUMENTS_SPACED:
	case SMTPD_ARGUMENTS_LOOSE:
		return "write white space in braces only: -o { NAME = VALUE }";
	default:
		return "remove it";
	}
}
