/* SPDX-License-Identifier: ISC */
/* check_postfix_tables - tables that only Postfix can look up: can it?
 *
 * policyd leaves them to Postfix, and never opens them. Where Postfix lacks
 * their type, or they lack their file, it defers the mail that needs them. So
 * it does with the tables in which it looks up recipients. */

#include "policyd/check/check_postfix_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/postconf.h"
#include "policyd/query/port_tables.h"

/* The lists that policyd leaves to Postfix, if it has to. */
static const char *const lists[] = {
	"mydestination", "virtual_alias_domains",   "virtual_mailbox_domains",
	"relay_domains", "smtpd_sender_login_maps",
};

/* The types whose name is a file that says where the server is. */
static const char *const servers[] = { "ldap", "memcache", "mysql", "pgsql",
				       "sqlite" };
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* is_type - does Postfix have the type? */
static bool is_type(const struct check *check, const char *type)
{
	const char *line = check->types;
	size_t length;

	for (; *line != '\0'; line += length + (line[length] != '\0')) {
		length = strcspn(line, "\n");
		if (length == strlen(type) && strncmp(line, type, length) == 0)
			return true;
	}
	return false;
}

/* is_server - is the name of such a table a file? */
static bool is_server(const char *type)
{
	size_t i;

	for (i = 0; i < COUNT(servers); i++)
		if (strcmp(servers[i], type) == 0)
			return true;
	return false;
}

/* found_table - report a table; why: Postfix cannot use it */
static void found_table(struct check *check, const char *list, const char *why,
			const char *advice)
{
	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_ERROR,
				       .parameter = list,
				       .advice = advice },
		    "%s: %s: Postfix defers the mail that needs it", list, why);
}

/* check_type - is it one that Postfix has? */
static bool check_type(struct check *check, const char *list, const char *type)
{
	const char *read = postfix_table_type(check->postfix, type);
	char *why, *advice;
	bool is_other;

	if (*read == '\0' || is_type(check, read))
		return true;
	is_other = strcmp(read, type) != 0;
	why = xasprintf("this Postfix has no tables of type %s%s%s", read,
			is_other ? ", which it reads in place of " : "",
			is_other ? type : "");
	advice = is_server(type) ? xasprintf("install the part of Postfix for "
					     "it (Debian: postfix-%s)",
					     type)
				 : xstrdup("use another type");
	found_table(check, list, why, advice);
	free(advice);
	free(why);
	return false;
}

/* read_table - the type of a table, and its name, behind proxy:; the caller
 * frees the type. NULL: it is no table. */
static char *read_table(const char *word, const char **name)
{
	static const char proxy[] = "proxy:";
	size_t length;

	word += strspn(word, "!");
	if (strncmp(word, proxy, sizeof(proxy) - 1) == 0)
		word += sizeof(proxy) - 1;
	length = strcspn(word, ":/[");
	if (word[length] != ':' || length == 0)
		return NULL;
	*name = word + length + 1;
	return xasprintf("%.*s", (int)length, word);
}

/* check_table - one word of a list */
static void check_table(struct check *check, const char *list, const char *word)
{
	const char *name;
	char *type = read_table(word, &name), *why, *advice;

	if (type != NULL && check_type(check, list, type) && is_server(type) &&
	    *name == '/' && access(name, F_OK) < 0) {
		why = xasprintf("%s: %s", name, strerror(errno));
		advice = xasprintf("write that file; %s_table(5) describes it",
				   type);
		found_table(check, list, why, advice);
		free(advice);
		free(why);
	}
	free(type);
}

/* each_word - visit the words of all lists */
static void each_word(struct check *check,
		      void (*visit)(struct check *check, const char *list,
				    const char *word))
{
	size_t i;

	for (i = 0; i < COUNT(lists); i++) {
		const char *list = postfix_get(check->postfix, NULL, lists[i]);
		char *word;

		while ((word = postfix_next_word(&list)) != NULL) {
			visit(check, lists[i], word);
			free(word);
		}
	}
}

/* ask_types - if it is a table, unless that was asked before */
static void ask_types(struct check *check, const char *list, const char *word)
{
	struct error error;
	const char *name;
	char *type = read_table(word, &name);

	(void)list;
	if (type != NULL && check->types == NULL &&
	    postconf_text(check->postfix->directory, "-m", &check->types,
			  &error) < 0) {
		fprintf(stderr, "policyd: %s\n", error.text);
		check->types = xstrdup(""); /* not again */
	}
	free(type);
}

/* check_read_types - which types does Postfix have? */
void check_read_types(struct check *check)
{
	each_word(check, ask_types);
}

/* check_missing - tables of recipients that one port cannot open */
static void check_missing(struct check *check, const struct smtpd_port *port)
{
	const char *parameter = NULL;
	char *word = port_tables_missing(port, SMTPD_OURS, &parameter);
	char *file, *on, *why;

	if (word == NULL)
		return;
	file = port_tables_file(check->postfix, word);
	why = file != NULL ? xasprintf("there is no file %s", file)
			   : xstrdup("Postfix has no such type of table");
	on = check_on(check, port->service, parameter);
	check_found(check,
		    &(struct mistake){
			    .severity = SEVERITY_ERROR,
			    .service = port->service,
			    .parameter = parameter,
			    .advice = file != NULL ? "make the table "
						     "with postmap(1), or "
						     "write the file"
						   : "write its type as "
						     "postconf(1) has "
						     "it" },
		    "%s%s: %s: %s: Postfix defers all mail that comes to it",
		    parameter, on, word, why);
	free(on);
	free(why);
	free(file);
	free(word);
}

/* check_tables - all lists */
void check_tables(struct check *check)
{
	size_t i;

	for (i = 0; i < check->ports.count; i++)
		check_missing(check, &check->ports.rows[i].port);
	if (check->types != NULL && *check->types != '\0')
		each_word(check, check_table);
}
