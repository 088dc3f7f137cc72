/* SPDX-License-Identifier: ISC */
/* config_scan - refuse what libconfuse would accept silently
 *
 * libconfuse loads a file that ends inside a section or a comment, drops a bare
 * "*", splits words at "+" and "#", removes backslashes, replaces ${NAME} from
 * the environment, and miscounts lines where there are comments. So the text is
 * first read here, by a grammar with only one meaning:
 *
 *	name = value
 *	name = { value, value }
 *	name "title" { ... }
 *	name { ... }
 *
 * A value is a word of harmless characters, "text" or 'text', closed on its own
 * line. Comments are overwritten with spaces, so that libconfuse counts lines
 * correctly. Pure: works on bytes in memory. */

#include "lib/config/config_scan_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_options.h"

/* unexpected - report that the token is not the expected one */
static int unexpected(struct scanner *scanner, const char *wanted)
{
	const struct scan_token *token = &scanner->token;
	struct error *error = scan_at(scanner, token->line);
	int length = token->length > 64 ? 64 : (int)token->length;

	if (token->kind != TOKEN_END)
		return error_set(error, "%s expected, found %.*s", wanted,
				 length, token->start);
	return error_set(error,
			 "the file ends where %s is expected; it may be "
			 "cut short",
			 wanted);
}

/* statement_new - add a statement with the token as its name */
static struct config_statement *statement_new(struct scanner *scanner)
{
	struct config_scan *scan = scanner->scan;
	struct config_statement *statement;

	if ((scan->count & (scan->count - 1)) == 0)
		scan->statements =
			xreallocarray(scan->statements, scan->count * 2 + 1,
				      sizeof(*scan->statements));
	statement = &scan->statements[scan->count++];
	memset(statement, 0, sizeof(*statement));
	statement->name = scan_unquote(&scanner->token);
	statement->line = scanner->token.line;
	statement->parent = CONFIG_SCAN_TOP;
	if (scanner->depth > 0)
		statement->parent = scanner->parents[scanner->depth - 1];
	return statement;
}

/* value_add - record the line of a value */
static void value_add(struct config_statement *statement, int line)
{
	size_t count = statement->value_count;

	if ((count & (count - 1)) == 0)
		statement->value_lines =
			xreallocarray(statement->value_lines, count * 2 + 1,
				      sizeof(*statement->value_lines));
	statement->value_lines[count] = line;
	statement->value_count++;
}

/* is_statement - do the next tokens, from the text that was read, begin another
 * statement? Only for messages: the text is used up. */
static bool is_statement(struct scanner *scanner)
{
	return scan_is_text(&scanner->token) && scan_next(scanner) == 0 &&
	       (scanner->token.kind == TOKEN_EQUALS ||
		scanner->token.kind == TOKEN_OPEN);
}

/* list_unclosed - report that a comma or the closing brace is missing */
static int list_unclosed(struct scanner *scanner,
			 const struct config_statement *statement, int opened)
{
	struct scan_token token = scanner->token;

	if (token.kind == TOKEN_END)
		return error_set(scan_at(scanner, opened),
				 "this list is never "
				 "closed: \"}\" is missing");
	if (token.kind == TOKEN_EQUALS || is_statement(scanner))
		return error_set(scan_at(scanner, statement->line),
				 "%.64s: \"}\" is missing at the end of its "
				 "list",
				 statement->name);
	scanner->token = token;
	return unexpected(scanner, "\",\" or \"}\"");
}

/* read_list - read the values of a list, and the closing brace */
static int read_list(struct scanner *scanner,
		     struct config_statement *statement)
{
	const struct scan_token *token = &scanner->token;
	int opened = token->line;

	statement->braces = true;
	do {
		if (scan_next(scanner) < 0)
			return -1;
		if (token->kind == TOKEN_CLOSE)
			return 0;
		if (token->kind == TOKEN_END)
			return list_unclosed(scanner, statement, opened);
		if (!scan_is_text(token))
			return unexpected(scanner, "a value");
		value_add(statement, token->line);
		if (scan_next(scanner) < 0)
			return -1;
	} while (token->kind == TOKEN_COMMA);
	if (token->kind != TOKEN_CLOSE)
		return list_unclosed(scanner, statement, opened);
	return 0;
}

/* read_value - read what follows the equals sign */
static int read_value(struct scanner *scanner,
		      struct config_statement *statement)
{
	scanner->value_line = 0;
	if (scan_next(scanner) < 0)
		return -1;
	if (scanner->token.kind == TOKEN_OPEN)
		return read_list(scanner, statement);
	if (!scan_is_text(&scanner->token))
		return unexpected(scanner, "a value");
	scanner->value_line = scanner->token.line;
	value_add(statement, scanner->token.line);
	return 0;
}

/* open_section - begin a section, after its opening brace */
static int open_section(struct scanner *scanner,
			struct config_statement *statement)
{
	if (scanner->depth == CONFIG_SCAN_DEPTH)
		return error_set(scan_at(scanner, scanner->token.line),
				 "braces more than %d deep", CONFIG_SCAN_DEPTH);
	statement->section = true;
	scanner->value_line = 0;
	scanner->parents[scanner->depth] = scanner->scan->count - 1;
	scanner->opened[scanner->depth] = scanner->token.line;
	scanner->depth++;
	return 0;
}

/* too_many - report several values without braces, of the statement that has
 * the first of them */
static int too_many(struct scanner *scanner, const struct config_statement *of)
{
	return error_set(scan_at(scanner, of->line),
			 "%.64s: more than one value needs braces: %.64s = { "
			 "..., ... }",
			 of->name, of->name);
}

/* check_after_value - is the token, after a value without braces, a part of
 * it? */
static int check_after_value(struct scanner *scanner)
{
	const struct config_scan *scan = scanner->scan;
	const struct config_statement *last;

	if (scanner->value_line == 0)
		return 0;
	last = &scan->statements[scan->count - 1];
	if (scanner->token.kind == TOKEN_COMMA ||
	    scanner->token.kind == TOKEN_QUOTED)
		return too_many(scanner, last);
	if (scanner->token.kind == TOKEN_EQUALS)
		return error_set(scan_at(scanner, last->line),
				 "%.64s: the value is missing, or \"=\" in it "
				 "is not quoted",
				 last->name);
	return 0;
}

/* no_equals - report a name that is followed by something else */
static int no_equals(struct scanner *scanner,
		     const struct config_statement *statement)
{
	if (config_option_find(statement->name) >= 0)
		return error_set(scan_at(scanner, statement->line),
				 "%.64s: \"=\" is missing: %.64s = ...",
				 statement->name, statement->name);
	if (statement->title != NULL)
		return error_set(scan_at(scanner, statement->line),
				 "%.64s: \"{\" is missing after the title of a "
				 "section, or \"=\" before a value",
				 statement->name);
	return unexpected(scanner, "\"=\" or \"{\"");
}

/* is_name - is the token a valid name? */
static bool is_name(const struct scan_token *token)
{
	size_t i;

	for (i = 0; i < token->length; i++)
		if (strchr("-.:/@!", token->start[i]) != NULL)
			return false;
	return token->kind == TOKEN_WORD;
}

/* check_name - is the token a valid name? rest: it follows a value on the same
 * line */
static int check_name(struct scanner *scanner, bool rest)
{
	const struct config_scan *scan = scanner->scan;

	if (check_after_value(scanner) < 0)
		return -1;
	if (is_name(&scanner->token))
		return 0;
	if (rest)
		return too_many(scanner, &scan->statements[scan->count - 1]);
	return unexpected(scanner, scan->count > 0
					   ? "the name of an option"
					   : "is this a policyd.conf? The name "
					     "of an option is");
}

/* is_option_only - is it an option, and no section either? */
static bool is_option_only(const char *name)
{
	return config_option_find(name) >= 0 && strcmp(name, "tls") != 0 &&
	       strcmp(name, "store") != 0;
}

/* read_statement - read a statement that begins with the token */
static int read_statement(struct scanner *scanner)
{
	struct config_statement *statement;
	const struct scan_token *token = &scanner->token;
	bool rest = scanner->value_line == token->line;

	if (check_name(scanner, rest) < 0)
		return -1;
	statement = statement_new(scanner);
	if (scan_next(scanner) < 0)
		return -1;
	if (token->kind == TOKEN_EQUALS)
		return read_value(scanner, statement);
	if (scan_is_text(token)) {
		statement->title = scan_unquote(token);
		if (scan_next(scanner) < 0)
			return -1;
	}
	if (token->kind == TOKEN_OPEN && statement->title == NULL &&
	    is_option_only(statement->name))
		return error_set(scan_at(scanner, statement->line),
				 "%.64s: \"=\" is missing: %.64s = { ... }",
				 statement->name, statement->name);
	if (token->kind == TOKEN_OPEN)
		return open_section(scanner, statement);
	return rest ? too_many(scanner, statement - 1)
		    : no_equals(scanner, statement);
}

/* read_statements - read to the end of the file */
static int read_statements(struct scanner *scanner)
{
	const struct scan_token *token = &scanner->token;

	for (;;) {
		if (scan_next(scanner) < 0)
			return -1;
		if (token->kind == TOKEN_END)
			break;
		if (token->kind == TOKEN_CLOSE)
			scanner->value_line = 0;
		if (token->kind == TOKEN_CLOSE && scanner->depth > 0)
			scanner->depth--;
		else if (token->kind == TOKEN_CLOSE)
			return error_set(scan_at(scanner, token->line),
					 "\"}\" closes nothing");
		else if (read_statement(scanner) < 0)
			return -1;
	}
	if (scanner->depth > 0)
		return error_set(
			scan_at(scanner, scanner->opened[scanner->depth - 1]),
			"this section is never closed: \"}\" is "
			"missing");
	return 0;
}

/* config_scan - check the text, record its statements, blank its comments */
int config_scan(struct config_scan *scan, char *text, size_t length, int *line,
		struct error *error)
{
	struct scanner scanner = {
		.scan = scan,
		.text = text,
		.length = length,
		.line = 1,
		.error = error,
	};
	int result;

	memset(scan, 0, sizeof(*scan));
	result = scan_check_bytes(&scanner);
	if (result == 0)
		result = read_statements(&scanner);
	*line = scanner.error_line;
	return result;
}

/* config_scan_clear - free what the scan holds */
void config_scan_clear(struct config_scan *scan)
{
	size_t i;

	for (i = 0; i < scan->count; i++) {
		free(scan->statements[i].name);
		free(scan->statements[i].title);
		free(scan->statements[i].value_lines);
	}
	free(scan->statements);
	memset(scan, 0, sizeof(*scan));
}
