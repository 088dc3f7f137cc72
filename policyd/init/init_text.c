/* SPDX-License-Identifier: ISC */
/* init_text - the text of policyd.conf for a Postfix, and the commands */

#include "policyd/init/init_internal.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/shell.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/smtpd_restrictions.h"

/* init_print_commands - the commands to type */
void init_print_commands(FILE *output, const struct init *init,
			 const struct init_changes *changes, const char *prefix)
{
	size_t i;

	for (i = 0; i < changes->count; i++) {
		char *word = shell_quote(changes->list[i].text);

		fprintf(output, "%spostconf%s %s %s\n", prefix,
			init->postfix_option, changes->list[i].option, word);
		free(word);
	}
	fprintf(output, "%spostfix%s reload\n", prefix, init->postfix_option);
}

/* describe_port - what was found about a port */
static void describe_port(FILE *file, const struct init *init,
			  const struct init_port *port)
{
	const struct postfix_service *service = port->service;
	const char *relay = postfix_get(&init->postfix, service, INIT_RELAY);

	fprintf(file, "#	port %u (%s)%s%s\n", port->number,
		service->name,
		port->users ? ", for users: TLS is required" : "",
		service->chroot ? ", in a chroot" : "");
	fprintf(file, "#		previously %s = %s\n", INIT_RELAY,
		relay);
}

/* describe_tables - the tables and files in a list */
static void describe_tables(FILE *file, const struct init *init,
			    const char *parameter)
{
	const char *list = postfix_get(&init->postfix, NULL, parameter);
	char *word;

	while ((word = postfix_next_word(&list)) != NULL) {
		if (strpbrk(word, ":/") != NULL)
			fprintf(file, "#	%s: %s\n", parameter, word);
		free(word);
	}
}

/* describe_others - other policy servers that a port asks */
static void describe_others(FILE *file, const struct init_port *port, int which)
{
	const struct smtpd_restrictions *list = &port->row->port.lists[which];
	size_t i;

	for (i = 0; i < list->count && which != SMTPD_LIST_RELAY; i++)
		if (strcmp(list->items[i].word, "check_policy_service") == 0)
			fprintf(file, "#	%s of port %u also asks %s\n",
				smtpd_list_name((enum smtpd_list)which),
				port->number, list->items[i].argument);
}

/* describe - what was found, as comments */
static void describe(FILE *file, const struct init *init)
{
	size_t i;
	int list;

	fprintf(file,
		"# Found there:\n"
		"#	queue_directory %s, mail_owner %s\n",
		postfix_get(&init->postfix, NULL, "queue_directory"),
		postfix_get(&init->postfix, NULL, "mail_owner"));
	for (i = 0; i < init->port_count; i++)
		describe_port(file, init, &init->ports[i]);
	for (i = 0; i < init->before.count; i++)
		if (init->before.rows[i].is_return)
			fprintf(file,
				"#	%s receives mail from a content "
				"filter, and is not changed\n",
				init->before.rows[i].port.service->name);
	for (i = 0; i < RESOLVER_LISTS; i++)
		describe_tables(file, init,
				parameter_name(resolver_parameters[i]));
	for (i = 0; i < init->port_count; i++)
		for (list = 0; list < SMTPD_LISTS; list++)
			describe_others(file, &init->ports[i], list);
}

/* init_write_service - a section for the ports of one kind */
void init_write_service(FILE *file, const struct init *init,
			const struct init_kind *kind)
{
	bool by_context = init_by_context(init, kind);
	size_t count = 0;
	size_t i;

	for (i = 0; i < init->port_count; i++) {
		const struct init_port *port = &init->ports[i];

		if (init_kind(port) != kind ||
		    (port->number == 0 && !by_context))
			continue;
		if (count++ == 0)
			fprintf(file, "\n# %s\nservice \"%s\" {\n	",
				kind->comment, kind->name);
		if (by_context)
			continue;
		fprintf(file, "%s%u", count == 1 ? "server_port = { " : ", ",
			port->number);
	}
	if (count == 0)
		return;
	if (by_context)
		fprintf(file, "policy_context = { \"%s\"", kind->name);
	fputs(" }\n", file);
	if (kind->restrictions != NULL)
		fprintf(file, "	restrictions = { %s }\n", kind->restrictions);
	fputs("}\n", file);
}

/* write_unknown - at top level the restrictions of ports without a number; they
 * all have the narrowest of theirs */
static void write_unknown(FILE *file, const struct init *init)
{
	size_t i;

	for (i = 0; i < init->port_count; i++) {
		const struct init_port *port = &init->ports[i];
		const char *restrictions = init_kind(port)->restrictions;

		if (port->number != 0 || restrictions == NULL ||
		    init_by_context(init, init_kind(port)))
			continue;
		fprintf(file,
			"\n# For all ports that no service below names.\n"
			"restrictions = { %s }\n",
			restrictions);
		break;
	}
}

/* write_settings - the options */
static void write_settings(FILE *file, const struct init *init)
{
	const struct postfix *postfix = &init->postfix;
	bool user = getpwnam("policyd") != NULL;

	fprintf(file,
		"\n# The socket for Postfix: below its queue directory, so "
		"that smtpd can reach it\n# from a chroot, too.\n"
		"listen \"unix:%s/private/policyd\" {\n"
		"	mode = \"0660\"\n	owner = \"%s\"\n"
		"	group = \"%s\"\n}\n",
		postfix_get(postfix, NULL, "queue_directory"),
		postfix_get(postfix, NULL, "mail_owner"), init->group);
	fprintf(file,
		"\n# The user of server processes, once everything is loaded.\n"
		"%s"
		"user = \"%s\"\n",
		user ? ""
		     : "# A dedicated user is better; to create one:\n"
		       "#	useradd --system --user-group --home-dir "
		       "/nonexistent \\\n"
		       "#	    --no-create-home --shell "
		       "/usr/sbin/nologin policyd\n",
		user ? "policyd" : "nobody");
	fprintf(file,
		"\n# Our domains are those of this Postfix, tables included; "
		"policyd -T shows them.\n# A change there is loaded by "
		"itself.\n"
		"import_postfix = \"%s\"\n",
		postfix->directory);
}

/* init_text - the text of policyd.conf */
char *init_text(const struct init *init)
{
	const struct init_kind *kind = NULL;
	char *text = NULL;
	size_t length;
	FILE *file = xmemstream(&text, &length);

	fprintf(file,
		"# policyd.conf - written by policyd --init for the Postfix in "
		"%s\n# All options are described in policyd.conf(5).\n#\n",
		init->postfix.directory);
	describe(file, init);
	fputs("#\n# To make it use policyd, which must be running:\n", file);
	init_print_commands(file, init, &init->on, "#	");
	fputs("# To restore the previous configuration:\n", file);
	init_print_commands(file, init, &init->off, "#	");
	write_settings(file, init);
	if (init->observe)
		fputs("\n# Only watch: Postfix decides by its own lists.\n"
		      "mode = observe\n",
		      file);
	write_unknown(file, init);
	while ((kind = init_kind_next(kind)) != NULL)
		init_write_service(file, init, kind);
	fputs("\n# Checked whenever this file is loaded.\n"
	      "expect \"strangers do not relay\" {\n"
	      "	to = \"user@far.example\"\n	verdict = reject\n}\n",
	      file);
	xmemstream_close(file);
	return text;
}
