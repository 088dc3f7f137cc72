/* SPDX-License-Identifier: ISC */
/* port_matrix - print what a Postfix lets through, for test_ports.py
 *
 *	port_matrix DIRECTORY POLICYD.CONF [SERVER=ACTION ...]
 *
 * A line for each port, and one for each of its clients and recipients, the
 * columns separated by tabs. POLICYD.CONF may be "". ACTION is what a policy
 * server of that name always replies. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_ports.h"
#include "policyd/check/ports.h"

/* print_port - what is said of a port itself */
static void print_port(const struct smtpd_row *row)
{
	static const char *const answers[] = { "no", "may", "yes" };
	const struct smtpd_port *port = &row->port;

	printf("port\t%s\t%u\tworks=%s tls=%s wraps=%d demands_tls=%d "
	       "auth=%s plain_auth=%s certificate=%s front=%d filter=%s "
	       "return=%d proxy=%s\n",
	       port->service->name, port->number, answers[port->works],
	       answers[port->tls], port->wraps, port->demands_tls,
	       answers[port->auth], answers[port->plain_auth],
	       port->demands_certificate ? "demanded"
	       : port->asks_certificate	 ? "asked"
					 : "no",
	       port->has_front, port->filter != NULL ? port->filter : "",
	       row->is_return,
	       postfix_get(port->postfix, port->service,
			   "smtpd_upstream_proxy_protocol"));
}

/* print_row - a port and its outcomes */
static void print_row(const struct smtpd_row *row)
{
	static const char *const answers[] = { "refused", "may", "passes" };
	static const char *const recipients[] = { "ours", "elsewhere" };
	int client, recipient;

	print_port(row);
	for (client = 0; client < SMTPD_CLIENTS; client++)
		for (recipient = 0; recipient < SMTPD_RECIPIENTS; recipient++) {
			const struct smtpd_outcome *outcome =
				&row->outcomes[client][recipient];

			printf("cell\t%s\t%s\t%s\t%s\t%s\t%s\n",
			       row->port.service->name,
			       smtpd_client_name((enum smtpd_client)client),
			       recipients[recipient], answers[outcome->passes],
			       outcome->parameter != NULL ? outcome->parameter
							  : "",
			       outcome->word != NULL ? outcome->word : "");
		}
}

/* Policy servers beside policyd. */
struct servers {
	char **list; /* "inet:127.0.0.1:1234=DUNNO" */
	struct smtpd_knowledge policyd;
};

/* action - what one of them replies, or policyd */
static char *action(void *context, const struct smtpd_question *question)
{
	const struct servers *servers = context;
	struct postfix_policy policy;
	char *reply = NULL, **server;

	postfix_policy_parse(&policy, question->argument);
	for (server = servers->list; *server != NULL && reply == NULL;
	     server++) {
		size_t length = strcspn(*server, "=");

		if (strlen(policy.server) == length &&
		    strncmp(*server, policy.server, length) == 0)
			reply = xstrdup(*server + length + 1);
	}
	postfix_policy_clear(&policy);
	if (reply == NULL && servers->policyd.action != NULL)
		reply = servers->policyd.action(servers->policyd.context,
						question);
	return reply;
}

/* networks - as policyd knows them */
static enum smtpd_answer networks(void *context, const char *mynetworks,
				  enum smtpd_client client, const char *address)
{
	const struct servers *servers = context;

	return servers->policyd.networks(servers->policyd.context, mynetworks,
					 client, address);
}

int main(int argc, char *argv[])
{
	struct config_messages messages = { 0 };
	struct config *config = NULL;
	struct servers servers;
	struct smtpd_knowledge knowledge;
	struct smtpd_ports ports;
	struct postfix postfix;
	struct error error;
	size_t i;

	if (argc < 3)
		return EXIT_FAILURE;
	if (*argv[2] != '\0' &&
	    (config = config_load(argv[2], &messages)) == NULL) {
		config_messages_print(&messages, stderr);
		return EXIT_FAILURE;
	}
	config_messages_clear(&messages);
	if (postfix_read(&postfix, argv[1], &error) != 0) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_FAILURE;
	}
	servers.list = argv + 3;
	servers.policyd = knowledge = ports_knowledge(config);
	knowledge.context = &servers;
	knowledge.networks = networks;
	knowledge.action = action;
	smtpd_ports_judge(&ports, &postfix, &knowledge);
	for (i = 0; i < ports.count; i++)
		print_row(&ports.rows[i]);
	smtpd_ports_clear(&ports);
	postfix_clear(&postfix);
	config_free(config);
	return EXIT_SUCCESS;
}
