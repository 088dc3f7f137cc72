/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHECK_PORTS_CHANGE_H
#define POLICYD_CHECK_PORTS_CHANGE_H

#include <stdio.h>

#include "lib/postfix/smtpd_ports.h"

/* The difference between two judgements of the same Postfix. */

/* One cell whose outcome differs. A service that is missing on one side passes
 * nothing there. */
struct ports_change {
	const struct smtpd_port *before; /* NULL: not there */
	const struct smtpd_port *after;	 /* likewise; one of both is there */
	enum smtpd_client client;
	enum smtpd_recipient recipient;
	struct smtpd_outcome was, is;
};

struct ports_changes {
	struct ports_change *list; /* by port, kind of client, recipient,
				    * TLS */
	size_t count;
};

/* ports_changes_find - compare; services are the same if they have the same
 * name and type. The judgements, and all that they refer to, must outlive the
 * changes. */
void ports_changes_find(struct ports_changes *changes,
			const struct smtpd_ports *before,
			const struct smtpd_ports *after);

/* ports_changes_clear - free what the struct holds. */
void ports_changes_clear(struct ports_changes *changes);

/* ports_change_opens - may something pass that did not? */
bool ports_change_opens(const struct ports_change *change);

/* ports_change_group - the number of changes from index on that one line
 * describes: the same change for both recipients, in plain text and in TLS. At
 * least 1. */
size_t ports_change_group(const struct ports_changes *changes, size_t index);

/* ports_change_text - one line without its end: "port 25: clients in mynetworks
 * (127.0.0.0/8) may relay now, and may not afterwards". count: of a group. The
 * caller frees it. */
char *ports_change_text(const struct ports_change *change, size_t count);

/* ports_changes_print - a line for each group, after prefix. */
void ports_changes_print(FILE *output, const struct ports_changes *changes,
			 const char *prefix);

#endif
