/* SPDX-License-Identifier: ISC */
/* port_files - what files say of a port of Postfix, beside its parameters
 *
 * mynetworks is read only as far as it is written in main.cf: a table or a file
 * in it may hold anything. */

#include "policyd/query/port_files.h"

#include <stdlib.h>
#include <string.h>

#include "lib/postfix/smtpd_restrictions.h"
#include "lib/table/network_list.h"
#include "policyd/query/port_tables.h"
#include "policyd/query/port_tls.h"

/* is_plain - is a list free of files and tables? To Postfix an IPv6 network
 * without brackets is a table, too. some: is anybody in it at all? */
static bool is_plain(const char *networks, bool *some)
{
	bool plain = true;
	char *word;

	while (plain && (word = postfix_next_word(&networks)) != NULL) {
		const char *pattern = word + strspn(word, "!");

		*some |= pattern == word;
		plain = *pattern != '/' &&
			(*pattern == '[' || strchr(pattern, ':') == NULL);
		free(word);
	}
	return plain;
}

/* found_wide - an entry that holds strangers */
static void found_wide(void *context, const char *text, const char *file,
		       int line)
{
	bool *found = context;

	(void)text;
	(void)file;
	(void)line;
	*found = true;
}

/* in_list - is the client in a list that could be read? */
static enum smtpd_answer in_list(const struct network_list *list,
				 enum smtpd_client client, const char *address)
{
	bool wide = false;

	if (address != NULL)
		return network_list_match(list, address, "") == 1 ? SMTPD_YES
								  : SMTPD_NO;
	if (client >= SMTPD_NETWORK)
		return SMTPD_YES;
	network_list_each_wide(list, found_wide, &wide);
	return wide ? SMTPD_MAY : SMTPD_NO;
}

/* certificate - can smtpd(8) use the port's own, and the rest of TLS? */
static enum smtpd_answer certificate(void *context,
				     const struct smtpd_port *port)
{
	(void)context;
	return port_tls_usable(port, NULL, NULL);
}

/* networks - is the client in these mynetworks? */
static enum smtpd_answer networks(void *context, const char *mynetworks,
				  enum smtpd_client client, const char *address)
{
	enum smtpd_answer answer = SMTPD_MAY;
	struct network_list *list;
	bool some = false;

	(void)context;
	if (!is_plain(mynetworks, &some))
		return SMTPD_MAY;
	if (!some)
		return SMTPD_NO;
	list = network_list_new(mynetworks, true, NULL, NULL);
	if (list != NULL)
		answer = in_list(list, client, address);
	network_list_free(list);
	return answer;
}

/* tables - can smtpd(8) look up the recipient? */
static enum smtpd_answer tables(void *context, const struct smtpd_port *port,
				enum smtpd_recipient recipient,
				const char **parameter)
{
	char *missing = port_tables_missing(port, recipient, parameter);

	(void)context;
	if (missing == NULL)
		return SMTPD_YES;
	free(missing);
	return SMTPD_MAY;
}

/* port_files - for smtpd_ports_judge() */
struct smtpd_knowledge port_files(void)
{
	return (struct smtpd_knowledge){ .networks = networks,
					 .certificate = certificate,
					 .tables = tables };
}
