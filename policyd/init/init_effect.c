/* SPDX-License-Identifier: ISC */
/* init_effect - what the commands will change, in words
 *
 * The ports are judged before and after. A line says what clients gain or lose
 * on a port, others what is not used any more. All are comments, so that the
 * whole output can be a shell script. */

#include "policyd/init/init_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_restrictions.h"
#include "lib/table/network_list.h"

#define INDENT "#	"

/* is_usual - a restriction that policyd has, or whose end is among the changes
 * of clients */
static bool is_usual(const char *word)
{
	static const char *const words[] = {
		"permit_mynetworks",
		"permit_sasl_authenticated",
		"permit_auth_destination",
		"permit_inet_interfaces",
		"reject_unauth_destination",
		"defer_unauth_destination",
		"reject_plaintext_session",
		"permit",
		"reject",
		"defer",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i], word) == 0)
			return true;
	return false;
}

/* print_ends - the other restrictions in the relay list of a port, which
 * policyd replaces */
static void print_ends(FILE *output, const struct smtpd_port *port)
{
	const struct smtpd_restrictions *list = &port->lists[SMTPD_LIST_RELAY];
	const char *separator = "not used any more: ";
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct postfix_restriction *item = &list->items[i];

		if (is_usual(item->word))
			continue;
		if (*separator != ',')
			fprintf(output,
				INDENT "port %s: ", port->service->name);
		fprintf(output, "%s%s%s%s", separator, item->word,
			item->argument != NULL ? " " : "",
			item->argument != NULL ? item->argument : "");
		separator = ", ";
	}
	if (*separator == ',')
		fputs(" (in " INIT_RELAY ")\n", output);
}

/* may_refuse - does a restriction end that may refuse what policyd permits? */
static bool may_refuse(const struct postfix_restriction *item)
{
	return !item->warns && !is_usual(item->word) &&
	       strncasecmp(item->word, "permit", 6) != 0 &&
	       strcasecmp(item->word, "warn_if_reject") != 0 &&
	       strcasecmp(item->word, "sleep") != 0;
}

/* ends_open - does such a restriction end on any port? */
static bool ends_open(const struct init *init)
{
	size_t i, k;

	for (i = 0; i < init->port_count && !init->observe; i++) {
		const struct smtpd_restrictions *list =
			&init->ports[i].row->port.lists[SMTPD_LIST_RELAY];

		for (k = 0; k < list->count; k++)
			if (may_refuse(&list->items[k]))
				return true;
	}
	return false;
}

/* has_strangers - does mynetworks of a port contain more than anybody has? What
 * cannot be read is left out. */
static bool has_strangers(const struct smtpd_port *port)
{
	const char *rest =
		postfix_get(port->postfix, port->service, "mynetworks");
	bool found = false;
	char *word;

	while (!found && (word = postfix_next_word(&rest)) != NULL) {
		struct error error;
		struct network_list *list =
			network_list_new(word, true, NULL, &error);

		found = list != NULL && network_list_is_wide(list);
		network_list_free(list);
		free(word);
	}
	return found;
}

/* has_own_networks - has a port another mynetworks than main.cf? policyd knows
 * that one alone: a client of the one list may be in the other, or not. */
static bool has_own_networks(const struct smtpd_port *port)
{
	static const char name[] = "mynetworks";

	return strcmp(postfix_get(port->postfix, port->service, name),
		      postfix_get(port->postfix, NULL, name)) != 0;
}

/* is_refused - would policyd refuse mynetworks of a port? */
static bool is_refused(const struct smtpd_port *port, struct error *error)
{
	struct network_list *list = network_list_new(
		postfix_get(port->postfix, port->service, "mynetworks"), true,
		NULL, error);
	bool refused = list == NULL;

	network_list_free(list);
	return refused;
}

/* print_networks - how clients in mynetworks may still relay */
static void print_networks(FILE *output, const struct init *init,
			   const struct smtpd_port *port)
{
	struct error error;
	size_t i;

	fputs("; to keep it: let them log in with TLS", output);
	if (has_strangers(port)) {
		fputs("; with permit_mynetworks, strangers could relay: "
		      "mynetworks has a network that nobody owns",
		      output);
		return;
	}
	if (is_refused(port, &error)) {
		fprintf(output,
			"; permit_mynetworks does not help: policyd refuses "
			"mynetworks: %s",
			error.text);
		return;
	}
	if (has_own_networks(port)) {
		fputs("; permit_mynetworks does not help: this port has a "
		      "mynetworks of its own, and policyd knows that of "
		      "main.cf",
		      output);
		return;
	}
	fputs(", or ", output);
	for (i = 0; i < init->port_count && init->config == NULL; i++) {
		const struct init_kind *kind = init_kind(&init->ports[i]);

		if (init->ports[i].service != port->service ||
		    init->ports[i].number == 0)
			continue;
		fprintf(output,
			"write in service \"%s\" in %s: restrictions = { "
			"permit_mynetworks, %s }",
			kind->name, init->path,
			kind->restrictions != NULL ? kind->restrictions
						   : INIT_RESTRICTIONS);
		return;
	}
	fprintf(output,
		"put permit_mynetworks first into restrictions in %s (by "
		"default { " INIT_RESTRICTIONS " })",
		init->path);
}

/* print_keep - how to keep what a client loses; *last, which the caller frees,
 * is what was said before, and is not repeated */
static void print_keep(FILE *output, const struct init *init,
		       const struct ports_change *change, char **last)
{
	char *text = NULL;
	size_t length;
	FILE *file;

	if (ports_change_opens(change) || change->before == NULL)
		return;
	if (change->client == SMTPD_LOGIN)
		fputs("; let them use TLS", output);
	if (change->client < SMTPD_NETWORK)
		return;
	file = xmemstream(&text, &length);
	print_networks(file, init, change->before);
	xmemstream_close(file);
	fputs(*last != NULL && strcmp(*last, text) == 0
		      ? "; to keep it: as above"
		      : text,
	      output);
	free(*last);
	*last = text;
}

/* print_clients - what clients gain and lose */
static void print_clients(FILE *output, const struct init *init)
{
	const struct ports_changes *changes = &init->effects;
	char *last = NULL;
	size_t count, i;

	for (i = 0; i < changes->count; i += count) {
		char *text;

		count = ports_change_group(changes, i);
		text = ports_change_text(&changes->list[i], count);
		fprintf(output, INDENT "%s", text);
		print_keep(output, init, &changes->list[i], &last);
		fputs("\n", output);
		free(text);
	}
	free(last);
}

/* print_settings - the other settings of a port that change */
static void print_settings(FILE *output, const struct init *init,
			   const struct postfix_service *service)
{
	static const struct {
		const char *parameter, *text;
	} settings[] = {
		{ "smtpd_etrn_restrictions=", "ETRN is refused" },
		{ "smtpd_tls_auth_only=",
		  "AUTH is offered only with TLS: a client that logs in without "
		  "TLS cannot log in any more; let it use TLS, or not log in" },
	};
	size_t i, k;

	for (k = 0; k < sizeof(settings) / sizeof(settings[0]); k++) {
		char *start = xasprintf("%s/%s/%s", service->name,
					service->type, settings[k].parameter);

		for (i = 0; i < init->on.count; i++)
			if (strncmp(init->on.list[i].text, start,
				    strlen(start)) == 0)
				fprintf(output, INDENT "port %s: %s\n",
					service->name, settings[k].text);
		free(start);
	}
}

/* print_port - what is known without a client */
static void print_port(FILE *output, const struct init *init,
		       const struct smtpd_row *row)
{
	if (row->is_return)
		fprintf(output,
			INDENT "port %s: mail comes back from a filter there, "
			       "or it is for mynetworks only; its "
			       "restrictions are left alone\n",
			row->port.service->name);
	else if (!init->observe)
		print_ends(output, &row->port);
	print_settings(output, init, row->port.service);
}

/* print_narrow - what to add to an existing policyd.conf so that the ports stay
 * as narrow as they are */
static void print_narrow(FILE *output, const struct init *init)
{
	const struct init_kind *kind = NULL;
	char *text = NULL;
	const char *line;
	size_t length;
	FILE *file = xmemstream(&text, &length);

	while ((kind = init_kind_next(kind)) != NULL)
		if (kind->restrictions != NULL)
			init_write_service(file, init, kind);
	xmemstream_close(file);
	if (*text != '\0')
		fprintf(output, INDENT "To keep ports narrow, add to %s:\n",
			init->path);
	for (line = text; *line != '\0'; line += length + 1) {
		length = strcspn(line, "\n");
		if (length > 0)
			fprintf(output, INDENT "	%.*s\n", (int)length,
				line);
	}
	free(text);
}

/* may_relay - may anybody send to elsewhere? A port where a filter hands mail
 * back does not count. */
static bool may_relay(const struct smtpd_ports *ports)
{
	size_t i;
	int client;

	for (i = 0; i < ports->count; i++)
		for (client = 0; client < SMTPD_CLIENTS; client++)
			if (!ports->rows[i].is_return &&
			    ports->rows[i].outcomes[client][SMTPD_ELSEWHERE]
					    .passes != SMTPD_NO)
				return true;
	return false;
}

/* print_links - postconf(1) puts a file in the place of a link */
static void print_links(FILE *output, const struct init *init)
{
	int i;

	for (i = 0; i < INIT_FILES; i++) {
		char *path = xasprintf("%s/%s", init->postfix.directory,
				       init_file_name(i));
		struct stat status;

		if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
			fprintf(output,
				INDENT "%s is a symbolic link, and will be a "
				       "file; --apply keeps the link.\n",
				path);
		free(path);
	}
}

/* init_print_effects - what the commands will change */
void init_print_effects(FILE *output, const struct init *init, bool apply)
{
	size_t opens = 0, i;

	fputs("# What will change:\n", output);
	if (init->observe)
		fputs(INDENT "policyd logs what it would answer; the lists of "
			     "Postfix decide, as before.\n",
		      output);
	if (!apply)
		print_links(output, init);
	print_clients(output, init);
	for (i = 0; i < init->before.count; i++)
		print_port(output, init, &init->before.rows[i]);
	for (i = 0; i < init->effects.count; i++)
		opens += ports_change_opens(&init->effects.list[i]) ? 1 : 0;
	if (may_relay(&init->before) && !may_relay(&init->after))
		fputs(INDENT "NOBODY MAY RELAY AFTERWARDS: no port lets "
			     "anybody log in with TLS.\n",
		      output);
	if (opens == 0 && !ends_open(init)) {
		fputs(INDENT "Nothing may pass that may not pass now.\n",
		      output);
		return;
	}
	fputs(INDENT "SOMETHING MAY PASS THAT MAY NOT PASS NOW: see above.\n",
	      output);
	if (init->config != NULL)
		print_narrow(output, init);
}
