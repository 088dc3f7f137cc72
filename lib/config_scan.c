/* SPDX-License-Identifier: ISC */
/* config_scan - what libconfuse would take silently is refused here
 *
 * libconfuse loads a file that ends inside a section or a comment, drops a
 * bare "*", splits words at "+" and "#", eats backslashes, replaces ${NAME}
 * by the environment, and counts lines wrongly where there are comments. So
 * the text is read here first, by a grammar that has one meaning only:
 *
 *	name = value
 *	name = { value, value }
 *	name "title" { ... }
 *	name { ... }
 *
 * A value is a word of harmless characters, "text" or 'text', closed on its
 * own line. Comments are overwritten with spaces, so that libconfuse counts
 * lines rightly. Pure: works on bytes in memory. */

#include "lib/config_scan.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_QUOTED,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_EQUALS,
	TOKEN_COMMA,
};

/* One token; start and length with the quotes. */
struct token {
	enum token_kind kind;
	int line;
	const char *start;
	size_t length;
};

/* Where we are. */
struct scanner {
	struct config_scan *scan;
	char *text;
	size_t length;
	size_t position;
	int line;
	struct token token;
	size_t parents[CONFIG_SCAN_DEPTH]; /* sections that are open */
	int opened[CONFIG_SCAN_DEPTH];	   /* lines of their braces */
	size_t depth;
	int error_line;
	struct error *error;
};

/* at - the error to fill, after noting its line */
static struct error *at(struct scanner *scanner, int line)
{
	scanner->error_line = line;
	return scanner->error;
}

/* peek - the byte at an offset from here; NUL at the end */
static char peek(const struct scanner *scanner, size_t offset)
{
	if (scanner->length - scanner->position <= offset)
		return '\0';
	return scanner->text[scanner->position + offset];
}

/* check_bytes - no byte that is never right, wherever it stands */
static int check_bytes(struct scanner *scanner)
{
	size_t i;
	int line = 1;

	if (scanner->length >= 3 &&
	    memcmp(scanner->text, "\xef\xbb\xbf", 3) == 0)
		return error_set(at(scanner, 1),
				 "the file begins with a byte "
				 "order mark; save it without one");
	for (i = 0; i < scanner->length; i++) {
		unsigned char byte = (unsigned char)scanner->text[i];

		if (byte == '\n')
			line++;
		else if (byte == '\0')
			return error_set(at(scanner, line),
					 "a NUL byte; this is not a text file");
		else if (byte == '\r')
			return error_set(at(scanner, line),
					 "a carriage return;"
					 " save the file with UNIX line ends");
		else if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return error_set(at(scanner, line),
					 "a control character (0x%02x); is "
					 "this a policyd.conf?",
					 byte);
	}
	return 0;
}

/* blank_line - overwrite a comment that goes to the end of the line */
static void blank_line(struct scanner *scanner)
{
	while (scanner->position < scanner->length && peek(scanner, 0) != '\n')
		scanner->text[scanner->position++] = ' ';
}

/* blank_block - overwrite a comment between slash-star and star-slash */
static int blank_block(struct scanner *scanner)
{
	int opened = scanner->line;
	char *end = NULL;
	char *from = scanner->text + scanner->position;

	if (scanner->length - scanner->position >= 4)
		end = strstr(from + 2, "*/");
	if (end == NULL)
		return error_set(at(scanner, opened),
				 "this comment is never "
				 "closed: \"*/\" is missing");
	for (; from < end + 2; from++) {
		if (*from == '\n')
			scanner->line++;
		else
			*from = ' ';
	}
	scanner->position = (size_t)(from - scanner->text);
	return 0;
}

/* at_comment - does a comment begin here? */
static bool at_comment(const struct scanner *scanner)
{
	char next = peek(scanner, 1);

	return peek(scanner, 0) == '#' ||
	       (peek(scanner, 0) == '/' && (next == '/' || next == '*'));
}

/* skip_blank - pass over white space and comments */
static int skip_blank(struct scanner *scanner)
{
	while (scanner->position < scanner->length) {
		char byte = peek(scanner, 0);

		if (byte == '\n')
			scanner->line++;
		if (byte == ' ' || byte == '\t' || byte == '\n') {
			scanner->position++;
		} else if (!at_comment(scanner)) {
			break;
		} else if (byte == '/' && peek(scanner, 1) == '*') {
			if (blank_block(scanner) < 0)
				return -1;
		} else {
			blank_line(scanner);
		}
	}
	return 0;
}

/* is_word_byte - may byte stand in a value without quotes? */
static bool is_word_byte(char byte)
{
	return byte != '\0' &&
	       strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789_-.:/@!",
		      byte) != NULL;
}

/* refuse_byte - say what is wrong about a byte outside quotes */
static int refuse_byte(struct scanner *scanner)
{
	struct error *error = at(scanner, scanner->line);
	char byte = peek(scanner, 0);

	if (byte == '+' && peek(scanner, 1) == '=')
		return error_set(error,
				 "\"+=\" is not supported; set the "
				 "option once, with { all, its, values }");
	if (byte == '(' || byte == ')')
		return error_set(error,
				 "\"%c\" outside quotes; there are no "
				 "functions and no include in this file",
				 byte);
	if (byte == ';')
		return error_set(error, "\";\" is not needed at the end of a "
					"setting; leave it out");
	if (byte == '$')
		return error_set(error,
				 "\"$\" outside quotes; put the value "
				 "into single quotes: '%s'",
				 peek(scanner, 1) == '{' ? "${name}" : "$name");
	if (byte == '|')
		return error_set(error, "\"|\" outside quotes; an option of a "
					"section is set inside its { }");
	if ((unsigned char)byte >= 0x80)
		return error_set(error,
				 "a character that is not ASCII (byte "
				 "0x%02x) outside quotes; quote the value",
				 (unsigned char)byte);
	return error_set(error, "'%c' outside quotes; quote the value", byte);
}

/* check_end - a word or a quoted text must stand for itself */
static int check_end(struct scanner *scanner, const char *what)
{
	char byte = peek(scanner, 0);

	if (byte != '\0' && strchr(" \t\n{}=,", byte) != NULL)
		return 0;
	if (is_word_byte(byte) || byte == '"' || byte == '\'' ||
	    at_comment(scanner))
		return error_set(at(scanner, scanner->line),
				 "'%c' right after "
				 "%s; is a quote missing, or a space?",
				 byte, what);
	return refuse_byte(scanner);
}

/* read_word - a value or name without quotes */
static int read_word(struct scanner *scanner)
{
	struct token *token = &scanner->token;

	token->kind = TOKEN_WORD;
	while (is_word_byte(peek(scanner, 0)) && !at_comment(scanner))
		scanner->position++;
	token->length =
		(size_t)(scanner->text + scanner->position - token->start);
	if (scanner->position == scanner->length)
		return error_set(at(scanner, token->line),
				 "the file ends "
				 "within the word \"%.64s\"; it may be cut "
				 "short (if not, end it with a newline)",
				 token->start);
	return check_end(scanner, "a word");
}

/* check_escape - what may not stand in double quotes */
static int check_escape(struct scanner *scanner)
{
	char next = peek(scanner, 1);

	if (peek(scanner, 0) == '$' && next == '{')
		return error_set(at(scanner, scanner->line),
				 "\"${\" in double "
				 "quotes would be replaced from the "
				 "environment; use single quotes");
	if (peek(scanner, 0) == '\\' && next != '"' && next != '\\')
		return error_set(at(scanner, scanner->line),
				 "a backslash in "
				 "double quotes stands only before \\ and \"; "
				 "use single quotes");
	return 0;
}

/* read_quoted - text in quotes, closed on the same line */
static int read_quoted(struct scanner *scanner)
{
	struct token *token = &scanner->token;
	char quote = *token->start;

	token->kind = TOKEN_QUOTED;
	scanner->position++;
	while (peek(scanner, 0) != quote) {
		char byte = peek(scanner, 0);

		if (quote == '"' && check_escape(scanner) < 0)
			return -1;
		if (byte == '\\' && peek(scanner, 1) != '\n')
			scanner->position++;
		if (scanner->position >= scanner->length || byte == '\n' ||
		    (byte == '\\' && peek(scanner, 0) == '\n'))
			return error_set(at(scanner, token->line),
					 "the quote "
					 "%c is not closed on its line",
					 quote);
		scanner->position++;
	}
	scanner->position++;
	token->length =
		(size_t)(scanner->text + scanner->position - token->start);
	if (scanner->position == scanner->length || at_comment(scanner))
		return 0;
	return check_end(scanner, "a closing quote");
}

/* next_token - the next one into scanner->token */
static int next_token(struct scanner *scanner)
{
	static const char marks[] = "{}=,";
	static const enum token_kind kinds[] = {
		TOKEN_OPEN,
		TOKEN_CLOSE,
		TOKEN_EQUALS,
		TOKEN_COMMA,
	};
	struct token *token = &scanner->token;
	const char *mark;
	char byte;

	if (skip_blank(scanner) < 0)
		return -1;
	token->line = scanner->line;
	token->start = scanner->text + scanner->position;
	token->length = 1;
	if (scanner->position == scanner->length) {
		token->kind = TOKEN_END;
		return 0;
	}
	byte = peek(scanner, 0);
	if (byte == '"' || byte == '\'')
		return read_quoted(scanner);
	if (is_word_byte(byte))
		return read_word(scanner);
	mark = strchr(marks, byte);
	if (mark == NULL)
		return refuse_byte(scanner);
	token->kind = kinds[mark - marks];
	scanner->position++;
	return 0;
}

/* is_text - is the token a value? */
static bool is_text(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

/* unquote - the text that a token stands for, as libconfuse reads it */
static char *unquote(const struct token *token)
{
	char quote = *token->start;
	char *text;
	size_t from;
	size_t to = 0;

	if (token->kind == TOKEN_WORD)
		return xstrndup(token->start, token->length);
	text = xmalloc(token->length);
	for (from = 1; from < token->length - 1; from++) {
		const char *byte = token->start + from;

		if (*byte == '\\' && (byte[1] == '\\' || byte[1] == quote))
			from++;
		text[to++] = token->start[from];
	}
	text[to] = '\0';
	return text;
}

/* unexpected - the token is not what must come here */
static int unexpected(struct scanner *scanner, const char *wanted)
{
	const struct token *token = &scanner->token;
	struct error *error = at(scanner, token->line);
	int length = token->length > 64 ? 64 : (int)token->length;

	if (token->kind != TOKEN_END)
		return error_set(error, "%s expected, found %.*s", wanted,
				 length, token->start);
	return error_set(error,
			 "the file ends where %s is expected; it may be "
			 "cut short",
			 wanted);
}

/* statement_new - one more statement, named by the token */
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
	statement->name = unquote(&scanner->token);
	statement->line = scanner->token.line;
	statement->parent = CONFIG_SCAN_TOP;
	if (scanner->depth > 0)
		statement->parent = scanner->parents[scanner->depth - 1];
	return statement;
}

/* value_add - note the line of a value */
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

/* list_unclosed - the closing brace is missing */
static int list_unclosed(struct scanner *scanner, int opened)
{
	if (scanner->token.kind == TOKEN_END)
		return error_set(at(scanner, opened),
				 "this list is never "
				 "closed: \"}\" is missing");
	return unexpected(scanner, "\",\" or \"}\"");
}

/* read_list - the values after an opening brace, and the closing one */
static int read_list(struct scanner *scanner,
		     struct config_statement *statement)
{
	const struct token *token = &scanner->token;
	int opened = token->line;

	statement->braces = true;
	do {
		if (next_token(scanner) < 0)
			return -1;
		if (token->kind == TOKEN_CLOSE)
			return 0;
		if (token->kind == TOKEN_END)
			return list_unclosed(scanner, opened);
		if (!is_text(token))
			return unexpected(scanner, "a value");
		value_add(statement, token->line);
		if (next_token(scanner) < 0)
			return -1;
	} while (token->kind == TOKEN_COMMA);
	if (token->kind != TOKEN_CLOSE)
		return list_unclosed(scanner, opened);
	return 0;
}

/* read_value - what follows the equals sign */
static int read_value(struct scanner *scanner,
		      struct config_statement *statement)
{
	if (next_token(scanner) < 0)
		return -1;
	if (scanner->token.kind == TOKEN_OPEN)
		return read_list(scanner, statement);
	if (!is_text(&scanner->token))
		return unexpected(scanner, "a value");
	value_add(statement, scanner->token.line);
	return 0;
}

/* open_section - its opening brace was read */
static int open_section(struct scanner *scanner,
			struct config_statement *statement)
{
	if (scanner->depth == CONFIG_SCAN_DEPTH)
		return error_set(at(scanner, scanner->token.line),
				 "braces more than %d deep", CONFIG_SCAN_DEPTH);
	statement->section = true;
	scanner->parents[scanner->depth] = scanner->scan->count - 1;
	scanner->opened[scanner->depth] = scanner->token.line;
	scanner->depth++;
	return 0;
}

/* check_name - is the word at the place of a name one? */
static int check_name(struct scanner *scanner)
{
	const struct token *token = &scanner->token;
	const char *wanted = scanner->scan->count > 0
				     ? "the name of an option"
				     : "is this a policyd.conf? The name of "
				       "an option is";
	size_t i;

	if (token->kind != TOKEN_WORD)
		return unexpected(scanner, wanted);
	for (i = 0; i < token->length; i++) {
		if (strchr("-.:/@!", token->start[i]) != NULL)
			return unexpected(scanner, wanted);
	}
	return 0;
}

/* read_statement - the token is its first */
static int read_statement(struct scanner *scanner)
{
	struct config_statement *statement;
	const struct token *token = &scanner->token;

	if (check_name(scanner) < 0)
		return -1;
	statement = statement_new(scanner);
	if (next_token(scanner) < 0)
		return -1;
	if (token->kind == TOKEN_EQUALS)
		return read_value(scanner, statement);
	if (is_text(token)) {
		statement->title = unquote(token);
		if (next_token(scanner) < 0)
			return -1;
		if (token->kind != TOKEN_OPEN)
			return unexpected(scanner, "\"{\"");
	}
	if (token->kind != TOKEN_OPEN)
		return unexpected(scanner, "\"=\" or \"{\"");
	return open_section(scanner, statement);
}

/* read_statements - to the end of the file */
static int read_statements(struct scanner *scanner)
{
	const struct token *token = &scanner->token;

	for (;;) {
		if (next_token(scanner) < 0)
			return -1;
		if (token->kind == TOKEN_END)
			break;
		if (token->kind == TOKEN_CLOSE && scanner->depth > 0)
			scanner->depth--;
		else if (token->kind == TOKEN_CLOSE)
			return error_set(at(scanner, token->line),
					 "\"}\" closes nothing");
		else if (read_statement(scanner) < 0)
			return -1;
	}
	if (scanner->depth > 0)
		return error_set(
			at(scanner, scanner->opened[scanner->depth - 1]),
			"this section is never closed: \"}\" is "
			"missing");
	return 0;
}

/* config_scan - check the text, note its statements, blank its comments */
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
	result = check_bytes(&scanner);
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
