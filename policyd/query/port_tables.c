/* SPDX-License-Identifier: ISC */
/* port_tables - can smtpd(8) open the tables that it needs for any message?
 *
 * When a client says EHLO, it is looked up in the table of what is not to be
 * offered to it. Before a recipient is accepted, it is looked up in the tables
 * that rewrite it, and in those of all recipients of its class. If a table has
 * no file, every recipient that comes to it is deferred. The content of a table
 * is not read, and the tables that Postfix has by default are left out. */

#include "policyd/query/port_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/postfix_version.h"
#include "lib/postfix/smtpd_restrictions.h"

/* The parameters that name them, and the one with the domains that they are
 * for; those without any are for recipients elsewhere, too. */
static const struct {
	const char *name, *domains;
} parameters[] = {
	{ "smtpd_discard_ehlo_keyword_address_maps", NULL },
	{ "recipient_canonical_maps", NULL },
	{ "canonical_maps", NULL },
	{ "virtual_alias_maps", NULL },
	{ "local_recipient_maps", "mydestination" },
	{ "virtual_mailbox_maps", "virtual_mailbox_domains" },
	{ "relay_recipient_maps", "relay_domains" },
};

/* The files behind the names of tables; postfix_table_type() says what Postfix
 * reads in place of hash: and btree:. */
static const struct {
	const char *type, *ending;
} types[] = {
	{ "btree", ".db" },  { "cdb", ".cdb" },	 { "cidr", "" },
	{ "dbm", ".pag" },   { "hash", ".db" },	 { "ldap", "" },
	{ "lmdb", ".lmdb" }, { "memcache", "" }, { "mysql", "" },
	{ "pcre", "" },	     { "pgsql", "" },	 { "regexp", "" },
	{ "sdbm", ".pag" },  { "sqlite", "" },	 { "texthash", "" },
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* is_made - does Postfix make the file of a table from its text, when it first
 * needs it? */
static bool is_made(const struct postfix *postfix, const char *type,
		    const char *file)
{
	return strcmp(postfix_table_type(postfix, type), type) != 0 &&
	       postfix_migration(
		       postfix_get(postfix, NULL, "non_bdb_migration_level")) ==
		       POSTFIX_MIGRATION_REINDEX &&
	       access(file, F_OK) < 0;
}

/* file_of - of a table */
static char *file_of(const struct postfix *postfix, const char *type,
		     const char *name)
{
	const char *read = postfix_table_type(postfix, type);
	char *file;
	size_t i;

	for (i = 0; i < COUNT(types) && strcmp(types[i].type, read) != 0; i++)
		;
	if (i == COUNT(types))
		return NULL;
	file = xasprintf("%s%s", name, types[i].ending);
	if (is_made(postfix, type, file))
		file[strlen(name)] = '\0';
	return file;
}

/* port_tables_file - of one word */
char *port_tables_file(const struct postfix *postfix, const char *word)
{
	char *type, *file;
	size_t length;

	if (strncmp(word, "proxy:", 6) == 0)
		word += 6;
	length = strcspn(word, ":");
	if (strncmp(word + length, ":/", 2) != 0)
		return NULL;
	type = xstrndup(word, length);
	file = file_of(postfix, type, word + length + 1);
	free(type);
	return file;
}

/* Those without a file of this kind. In Postfix small and capital letters are
 * not the same. */
static const char *const others[] = {
	"debug",   "environ",	"fail",	   "inline",   "internal", "mongodb",
	"netinfo", "nis",	"nisplus", "pipemap",  "proxy",	   "randmap",
	"static",  "socketmap", "tcp",	   "unionmap", "unix",
};

/* is_known - is it a table of a type that any Postfix has? */
static bool is_known(const char *word)
{
	size_t length = strcspn(word, ":"), i;
	bool known = false;

	for (i = 0; i < COUNT(types); i++)
		known |= strlen(types[i].type) == length &&
			 strncmp(word, types[i].type, length) == 0;
	for (i = 0; i < COUNT(others); i++)
		known |= strlen(others[i]) == length &&
			 strncmp(word, others[i], length) == 0;
	return known;
}

/* is_missing - is it a table without its file, or of a type that there is
 * nowhere? What is no table ends smtpd(8). */
static bool is_missing(const struct postfix *postfix, const char *word)
{
	char *file = port_tables_file(postfix, word);
	bool missing =
		(strchr(word, ':') != NULL && !is_known(word)) ||
		(file != NULL && access(file, F_OK) < 0 && errno == ENOENT);

	free(file);
	return missing;
}

/* port_tables_missing_in - the first one of a list */
char *port_tables_missing_in(const struct postfix *postfix, const char *list)
{
	char *word;

	while ((word = postfix_next_word(&list)) != NULL &&
	       !is_missing(postfix, word))
		free(word);
	return word;
}

/* port_tables_missing - the first one of a port */
char *port_tables_missing(const struct smtpd_port *port,
			  enum smtpd_recipient recipient,
			  const char **parameter)
{
	char *missing = NULL;
	size_t i;

	for (i = 0; i < COUNT(parameters) && missing == NULL; i++) {
		const char *domains = parameters[i].domains;

		if (postfix_where(port->postfix, port->service,
				  parameters[i].name) == POSTFIX_DEFAULT)
			continue;
		if (domains != NULL &&
		    (recipient != SMTPD_OURS ||
		     *postfix_get(port->postfix, NULL, domains) == '\0'))
			continue;
		missing = port_tables_missing_in(
			port->postfix, postfix_get(port->postfix, port->service,
						   parameters[i].name));
		*parameter = parameters[i].name;
	}
	return missing;
}
