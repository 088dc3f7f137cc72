/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_ARGUMENTS_H
#define LIB_POSTFIX_SMTPD_ARGUMENTS_H

/* The options of a service in master.cf, behind the name of its program. */

enum smtpd_arguments_fault {
	SMTPD_ARGUMENTS_FINE,
	SMTPD_ARGUMENTS_JOINED,	  /* "-oNAME=VALUE": postconf(1) misreads it */
	SMTPD_ARGUMENTS_DANGLING, /* "-o" and nothing: smtpd(8) ends */
	SMTPD_ARGUMENTS_NO_VALUE, /* "-o NAME": likewise */
	SMTPD_ARGUMENTS_SPACED,	  /* "-o NAME = VALUE": likewise */
	SMTPD_ARGUMENTS_LOOSE,	  /* a word that is no option: likewise, as soon
				   * as a client connects */
	SMTPD_ARGUMENTS_STRANGE,  /* not known here */
};

/* smtpd_arguments_fault - the first one. word: the option, which the caller
 * frees; NULL if there is no fault. */
enum smtpd_arguments_fault smtpd_arguments_fault(const char *arguments,
						 char **word);

/* smtpd_arguments_text - a fault in words, to follow the name of the service;
 * the caller frees it. */
char *smtpd_arguments_text(enum smtpd_arguments_fault fault, const char *word);

/* smtpd_arguments_advice - what to do; static. */
const char *smtpd_arguments_advice(enum smtpd_arguments_fault fault);

#endif
