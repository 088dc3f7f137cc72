/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_WORD_H
#define LIB_POSTFIX_SMTPD_WORD_H

#include <stdbool.h>

#include "lib/base/similar.h"

/* The words of smtpd_..._restrictions lists, as postconf(5) has them. */

/* The effect of a word. "May" is said where it depends on what main.cf does not
 * say: the contents of a table, a name server, another server. */
enum smtpd_word_kind {
	SMTPD_WORD_UNKNOWN, /* it may do anything, as a table may */
	SMTPD_WORD_PERMIT,
	SMTPD_WORD_REFUSE,
	SMTPD_WORD_REFUSE_LATER, /* whatever else permits */
	SMTPD_WORD_FORM,	 /* refuses bad form only, or nothing */
	SMTPD_WORD_WARN,	 /* the next word refuses nobody */
	SMTPD_WORD_LOGIN,	 /* permits a client that has logged in */
	SMTPD_WORD_NETWORKS,	 /* ... in mynetworks */
	SMTPD_WORD_HOST,	 /* ... on this host */
	SMTPD_WORD_OURS,	 /* permits mail for us */
	SMTPD_WORD_ELSEWHERE,	 /* refuses mail for elsewhere */
	SMTPD_WORD_PLAIN,	 /* refuses a client that does not encrypt */
	SMTPD_WORD_LISTED_CERT,	 /* may permit a certificate that is listed */
	SMTPD_WORD_ANY_CERT,	 /* may permit one that is trusted */
	SMTPD_WORD_CERT,	 /* may do anything to a certificate */
	SMTPD_WORD_MAY_PERMIT,	 /* or nothing */
	SMTPD_WORD_MAY_REFUSE,	 /* or nothing */
	SMTPD_WORD_OWNER,	 /* may refuse a client that has logged in */
	SMTPD_WORD_NOT_OWNER,	 /* ... one that has not */
	SMTPD_WORD_LOGIN_TABLE,	 /* may do anything to one that has */
	SMTPD_WORD_POLICY,	 /* what a policy server says */
};

struct smtpd_word {
	const char *name;
	enum smtpd_word_kind kind;
	bool has_argument; /* the word behind it */
	bool is_required;  /* smtpd(8) does not start without one such word in
			    * its relay or its recipient restrictions */
};

/* smtpd_word_find - a word, in any case; NULL: it is none of Postfix's, or one
 * of a version later than those known here. */
const struct smtpd_word *smtpd_word_find(const char *word);

/* smtpd_word_similar - try all words, see lib/base/similar.h. */
void smtpd_word_similar(struct similar *similar);

/* smtpd_word_has_argument - is what is behind the word its argument? For a
 * word that is not known the name decides. */
bool smtpd_word_has_argument(const char *word);

#endif
