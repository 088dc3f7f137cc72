/* SPDX-License-Identifier: ISC */
/* port_files - what files say of a port of Postfix, beside its parameters
 *
 * mynetworks is read only as far as it is written in main.cf: a table or a file
 * in it may hold anything. */

#include "policyd/query/port_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/postfix/smtpd_restrictions.h"
#include "lib/table/network_list.h"

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

/* is_there - a file, not a directory; MAY: we cannot see it */
static enum smtpd_answer is_there(const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0)
		return S_ISDIR(status.st_mode) ? SMTPD_NO : SMTPD_YES;
	return errno == ENOENT ? SMTPD_NO : SMTPD_MAY;
}

/* certificate - are all files there that a port needs for TLS? One that is
 * missing ends it for all. */
static enum smtpd_answer certificate(void *context,
				     const struct smtpd_port *port)
{
	static const char *const names[] = {
		"smtpd_tls_chain_files", "smtpd_tls_cert_file",
		"smtpd_tls_key_file",	 "smtpd_tls_eccert_file",
		"smtpd_tls_eckey_file",	 "smtpd_tls_dcert_file",
		"smtpd_tls_dkey_file",
	};
	enum smtpd_answer answer = SMTPD_YES;
	size_t i;

	(void)context;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *rest =
			postfix_get(port->postfix, port->service, names[i]);
		char *path;

		while ((path = postfix_next_word(&rest)) != NULL) {
			enum smtpd_answer one =
				*path == '/' ? is_there(path) : SMTPD_YES;

			answer = one < answer ? one : answer;
			free(path);
		}
	}
	return answer;
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

/* port_files - for smtpd_ports_judge() */
struct smtpd_knowledge port_files(void)
{
	return (struct smtpd_knowledge){ .networks = networks,
					 .certificate = certificate };
}
