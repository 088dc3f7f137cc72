/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_SMTPD_WALK_H
#define LIB_POSTFIX_SMTPD_WALK_H

#include "lib/postfix/smtpd_outcome.h"

/* smtpd_walk.c, as smtpd_outcome.c needs it. */

/* A message on its way through the lists. The caller sets the first two. */
struct smtpd_walk {
	const struct smtpd_knowledge *knowledge;
	struct smtpd_question question; /* the list, and the client by then */
	bool has_networks;		/* asked once for a message */
	enum smtpd_answer networks;
	unsigned actions;	 /* replies of policy servers, in each other */
	enum smtpd_answer later; /* is it refused at the end? */
	const struct postfix_restriction *last;	  /* that was looked at */
	const struct postfix_restriction *first;  /* that can refuse */
	const struct postfix_restriction *permit; /* the first that can permit,
						   * if that is not certain */
	bool is_certain; /* what reaches the first one is refused */
};

/* smtpd_walk - can a message get through the list? why: the word that decides
 * that it cannot, or may not; it may be NULL. */
enum smtpd_answer smtpd_walk(struct smtpd_walk *walk,
			     const struct postfix_restriction **why);

#endif
