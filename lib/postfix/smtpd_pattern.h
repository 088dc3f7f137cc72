/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_PATTERN_H
#define LIB_POSTFIX_SMTPD_PATTERN_H

#include "lib/postfix/smtpd_port.h"

/* Lists of patterns and of tables that smtpd(8) opens when it starts, and words
 * in them at which it ends: neither a pattern nor TYPE:NAME. Files that a list
 * of patterns names are read, as Postfix reads them. */

/* A word at which it ends. */
struct smtpd_bad_word {
	const char *parameter;	 /* the list */
	enum smtpd_answer works; /* SMTPD_NO; or SMTPD_MAY: a file cannot be
				  * read here, or as that version reads it */
	bool is_table;		 /* in a list of tables */
	char *word;		 /* or a directory in place of a file */
	char *file;		 /* the file with it; NULL: the list itself */
	unsigned line;
};

/* smtpd_pattern_check - the first such word of a port, or else the first that
 * may be one. false: none, and nothing to clear. */
bool smtpd_pattern_check(const struct smtpd_port *port,
			 struct smtpd_bad_word *bad);

/* smtpd_bad_word_clear - free what the struct holds. */
void smtpd_bad_word_clear(struct smtpd_bad_word *bad);

#endif
