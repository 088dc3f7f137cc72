/* SPDX-License-Identifier: ISC */
/* check_postfix_table - what each port lets through, in 80 columns
 *
 *	PORT                  ASKS     TLS   AUTH    STRANGERS   USERS  ...
 *	                                             may send to us/elsewhere
 *	submission            policyd  must  in TLS  no/no       yes/yes
 */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define NAME_COLUMNS 21

/* check_asked - which policy server is asked, or why none */
const char *check_asked(const struct check *check, const struct smtpd_row *row)
{
	size_t i;

	if (check_is_asked(check, row->port.service))
		return "policyd";
	if (row->is_return)
		return "return";
	for (i = 0; i < check->others.count; i++)
		if (check->others.list[i].list->service == row->port.service &&
		    check->others.list[i].list->kind <= SMTPD_LIST_RECIPIENT)
			return "other";
	return "nobody";
}

/* check_tls - what the port offers */
const char *check_tls(const struct smtpd_port *port)
{
	if (port->tls == SMTPD_MAY)
		return "maybe";
	if (port->tls == SMTPD_NO)
		return port->demands_tls ? "fails" : "no";
	return port->demands_tls ? "must" : "may";
}

/* check_auth - what the port offers */
const char *check_auth(const struct smtpd_port *port)
{
	if (port->plain_auth == SMTPD_YES)
		return "plain";
	if (port->auth == SMTPD_MAY || port->plain_auth == SMTPD_MAY)
		return "maybe";
	return port->auth == SMTPD_YES && port->tls != SMTPD_NO ? "in TLS"
								: "no";
}

/* check_may - the best that one of these clients may expect. A client on this
 * host is one of mynetworks, as a rule. */
enum smtpd_answer check_may(const struct smtpd_row *row, enum people people,
			    enum smtpd_recipient recipient)
{
	static const enum smtpd_client first[PEOPLE_COUNT] = {
		[PEOPLE_STRANGERS] = SMTPD_STRANGER,
		[PEOPLE_USERS] = SMTPD_LOGIN,
		[PEOPLE_NETWORKS] = SMTPD_NETWORK,
	};
	int last = people == PEOPLE_NETWORKS ? SMTPD_HOST_TLS
					     : (int)first[people] + 1;
	enum smtpd_answer best = SMTPD_NO;
	int client;

	for (client = (int)first[people]; client <= last; client++)
		if (row->outcomes[client][recipient].passes > best)
			best = row->outcomes[client][recipient].passes;
	return best;
}

/* print_may - one of the columns "to us/elsewhere" */
static void print_may(const struct smtpd_row *row, enum people people,
		      FILE *output)
{
	static const char *const words[] = { "no", "maybe", "yes" };
	char *text =
		xasprintf("%s/%s", words[check_may(row, people, SMTPD_OURS)],
			  words[check_may(row, people, SMTPD_ELSEWHERE)]);

	if (people == PEOPLE_NETWORKS)
		fprintf(output, "%s\n", text);
	else
		fprintf(output, "%-12s", text);
	free(text);
}

/* print_row - one port; a long name has a line of its own */
static void print_row(const struct check *check, const struct smtpd_row *row,
		      FILE *output)
{
	const char *name = row->port.service->name;

	if (strlen(name) > NAME_COLUMNS) {
		fprintf(output, "%s\n", name);
		name = "";
	}
	fprintf(output, "%-*s %-8s %-5s %-7s ", NAME_COLUMNS, name,
		check_asked(check, row), check_tls(&row->port),
		check_auth(&row->port));
	print_may(row, PEOPLE_STRANGERS, output);
	print_may(row, PEOPLE_USERS, output);
	print_may(row, PEOPLE_NETWORKS, output);
}

/* check_print_ports - the table */
void check_print_ports(const struct check *check, FILE *output)
{
	size_t i;

	if (check->ports.count == 0)
		return;
	fprintf(output, "%-*s %-8s %-5s %-7s %-12s%-12s%s\n", NAME_COLUMNS,
		"PORT", "ASKS", "TLS", "AUTH", "STRANGERS", "USERS",
		"MYNETWORKS");
	fprintf(output, "%*s may send to us/elsewhere\n", NAME_COLUMNS + 23,
		"");
	for (i = 0; i < check->ports.count; i++)
		print_row(check, &check->ports.rows[i], output);
	fputc('\n', output);
}
