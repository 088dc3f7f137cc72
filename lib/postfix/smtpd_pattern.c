/* SPDX-License-Identifier: ISC */
/* smtpd_pattern - a word in a list that ends smtpd(8)
 *
 * "::1" in mynetworks has no brackets, so Postfix takes it for a table of no
 * type, and smtpd(8) ends when it starts. The same word in a file that the list
 * names does the same, and so does "!" with nothing after it, or a directory. A
 * file that does not exist, or a type that Postfix does not have, only fails
 * when it is looked up. */

#include "lib/postfix/smtpd_pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/postfix_version.h"
#include "lib/postfix/smtpd_parameter.h"

#define DEPTH_MAX 8 /* of files within files; Postfix knows no limit */

static const char *const patterns[] = {
	"mynetworks",
	"mydestination",
	"relay_domains",
	"permit_mx_backup_networks",
	"smtpd_client_event_limit_exceptions",
	"smtpd_authorized_xclient_hosts",
	"smtpd_authorized_xforward_hosts",
	"authorized_verp_clients",
	"debug_peer_list",
	"fast_flush_domains",
	"parent_domain_matches_subdomains",
	"smtpd_forbid_bare_newline_exclusions",
	"smtpd_forbidden_commands",
	"smtpd_log_access_permit_actions",
	"smtpd_noop_commands",
	"smtpd_sasl_exceptions_networks",
};

static const char *const tables[] = {
	"canonical_maps",	    "local_recipient_maps",
	"rbl_reply_maps",	    "recipient_canonical_maps",
	"relay_clientcerts",	    "relay_recipient_maps",
	"sender_canonical_maps",    "smtpd_discard_ehlo_keyword_address_maps",
	"smtpd_dns_reply_filter",   "smtpd_milter_maps",
	"smtpd_reject_filter_maps", "smtpd_reject_footer_maps",
	"smtpd_sender_login_maps",  "virtual_alias_maps",
	"virtual_mailbox_maps",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* get - the value of a parameter; "" if this Postfix does not have it */
static const char *get(const struct smtpd_port *port, const char *name)
{
	const char *value = smtpd_parameter_get(port, name);

	return value != NULL ? value : "";
}

/* Where the search is. */
struct search {
	struct smtpd_bad_word *bad;
	bool joins; /* a line continues the previous one */
	unsigned depth;
	const char *file;
	const char *text; /* of the file, for the numbers of lines */
};

/* found - a word; at: where it is in the file */
static bool found(const struct search *search, enum smtpd_answer works,
		  const char *word, const char *at)
{
	struct smtpd_bad_word *bad = search->bad;
	unsigned line = 1;

	if (works >= bad->works)
		return false;
	for (; search->file != NULL && at > search->text; at--)
		line += at[-1] == '\n' ? 1 : 0;
	free(bad->word);
	free(bad->file);
	bad->works = works;
	bad->word = xstrdup(word);
	bad->file = search->file != NULL ? xstrdup(search->file) : NULL;
	bad->line = line;
	return works == SMTPD_NO;
}

/* is_whole - TYPE:NAME, with both? */
static bool is_whole(const char *word)
{
	const char *colon = strchr(word, ':');

	return colon != NULL && colon != word && colon[1] != '\0';
}

static bool find_in_file(const struct search *outer, const char *path,
			 const char *at);

/* find_in_words - a bad word in a list; false: none, or none that is certain.
 * The text is a part of that of the file. */
static bool find_in_words(const struct search *search, const char *rest)
{
	const char *at = rest + strspn(rest, WORDS_SEPARATORS);
	bool ends = false;
	char *word;

	while (!ends && (word = words_next(&rest, WORDS_SEPARATORS)) != NULL) {
		const char *pattern = word + strspn(word, "!");

		if (*word == '#')
			rest += strlen(rest);
		else if (*pattern == '/')
			ends = find_in_file(search, pattern, at);
		else if (*pattern == '\0' ||
			 (*pattern != '[' && strchr(pattern, ':') != NULL &&
			  !is_whole(pattern)))
			ends = found(search, SMTPD_NO, word, at);
		free(word);
		at = rest + strspn(rest, WORDS_SEPARATORS);
	}
	return ends;
}

/* blank - make white space of a text, but keep its lines */
static void blank(char *text, const char *end)
{
	for (; text < end; text++)
		if (*text != '\n')
			*text = ' ';
}

/* find_in_lines - the lines of a file, put together or not. A line that
 * continues nothing is left out. */
static bool find_in_lines(const struct search *search, char *text)
{
	char *line = text, *start = NULL, *next, *end;
	bool ends = false;

	for (; !ends && *line != '\0'; line = next) {
		size_t white = strspn(line, " \t\r\v\f");

		end = line + strcspn(line, "\n");
		next = *end == '\n' ? end + 1 : end;
		if (line[white] == '#' || line[white] == '\n' ||
		    line[white] == '\0' ||
		    (search->joins && white > 0 && start == NULL)) {
			blank(line, end);
			continue;
		}
		if (start != NULL && (white == 0 || !search->joins)) {
			line[-1] = '\0';
			ends = find_in_words(search, start);
			line[-1] = '\n';
		}
		if (start == NULL || white == 0 || !search->joins)
			start = line;
	}
	return ends || (start != NULL && find_in_words(search, start));
}

/* find_in_file - a bad word in a file that a list names; at: where that is */
static bool find_in_file(const struct search *outer, const char *path,
			 const char *at)
{
	struct search search = *outer;
	const char *reason;
	struct stat status;
	size_t length;
	char *text;
	bool ends;

	if (stat(path, &status) < 0)
		return errno != ENOENT && errno != ENOTDIR &&
		       found(outer, SMTPD_MAY, path, at);
	if (S_ISDIR(status.st_mode))
		return found(outer, SMTPD_NO, path, at);
	if (++search.depth > DEPTH_MAX ||
	    (text = file_read(path, &length, &reason)) == NULL)
		return found(outer, SMTPD_MAY, path, at);
	search.file = path;
	search.text = text;
	ends = find_in_lines(&search, text);
	free(text);
	return ends;
}

/* find_table - a word in a list of tables */
static bool find_table(const struct search *search, const char *rest)
{
	bool ends = false;
	char *word;

	while (!ends && (word = words_next(&rest, WORDS_SEPARATORS)) != NULL) {
		ends = !is_whole(word) && found(search, SMTPD_NO, word, NULL);
		free(word);
	}
	return ends;
}

/* find_filter - the one parameter that is one table, and the one that smtpd(8)
 * reads only if clients can get TLS */
static void find_filter(const struct smtpd_port *port,
			const struct search *search)
{
	const char *filter = get(port, "smtpd_command_filter");
	const char *names = get(port, "tls_server_sni_maps");
	struct smtpd_bad_word *bad = search->bad;

	if (*filter != '\0' && !is_whole(filter) &&
	    found(search, SMTPD_NO, filter, NULL)) {
		bad->parameter = "smtpd_command_filter";
		bad->is_table = true;
	} else if (port->starts_tls != SMTPD_NO && find_table(search, names)) {
		bad->parameter = "tls_server_sni_maps";
		bad->is_table = true;
		if (port->starts_tls == SMTPD_MAY)
			bad->works = SMTPD_MAY;
	}
}

/* find - in all lists of a port */
static void find(const struct smtpd_port *port, bool joins,
		 struct smtpd_bad_word *bad)
{
	const struct search search = { .bad = bad, .joins = joins };
	enum smtpd_answer before;
	size_t i;

	*bad = (struct smtpd_bad_word){ .works = SMTPD_YES };
	for (i = 0; i < COUNT(patterns) && bad->works != SMTPD_NO; i++) {
		before = bad->works;
		find_in_words(&search, get(port, patterns[i]));
		if (bad->works != before)
			bad->parameter = patterns[i];
	}
	if (bad->works != SMTPD_NO)
		find_filter(port, &search);
	for (i = 0; i < COUNT(tables) && bad->works != SMTPD_NO; i++) {
		bad->is_table = find_table(&search, get(port, tables[i]));
		if (bad->is_table)
			bad->parameter = tables[i];
	}
}

/* joins_lines - does that Postfix put the lines of a file together? */
static enum postfix_has joins_lines(const struct smtpd_port *port)
{
	return postfix_has(postfix_version(get(port, "mail_version")),
			   POSTFIX_LISTS_JOIN_LINES);
}

/* merge - what is the same in both, or else may be; other is cleared */
static void merge(struct smtpd_bad_word *bad, struct smtpd_bad_word *other)
{
	if (bad->works == SMTPD_YES) {
		struct smtpd_bad_word empty = *bad;

		*bad = *other;
		*other = empty;
	}
	if (other->works != bad->works)
		bad->works = SMTPD_MAY;
	smtpd_bad_word_clear(other);
}

/* smtpd_pattern_check - the first bad word; as each version reads it, if that
 * is not known */
bool smtpd_pattern_check(const struct smtpd_port *port,
			 struct smtpd_bad_word *bad)
{
	enum postfix_has joins = joins_lines(port);
	struct smtpd_bad_word other;

	find(port, joins == POSTFIX_HAS, bad);
	if (joins == POSTFIX_MAY_HAVE) {
		find(port, true, &other);
		merge(bad, &other);
	}
	if (bad->works != SMTPD_YES)
		return true;
	smtpd_bad_word_clear(bad);
	return false;
}

/* smtpd_bad_word_clear - free what the struct holds */
void smtpd_bad_word_clear(struct smtpd_bad_word *bad)
{
	free(bad->word);
	free(bad->file);
	*bad = (struct smtpd_bad_word){ 0 };
}
