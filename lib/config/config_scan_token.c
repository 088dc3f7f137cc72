/* SPDX-License-Identifier: ISC */
/* config_scan_token - the words, quoted texts and marks of a configuration
 * file, and what is allowed between them */

#include "lib/config/config_scan_internal.h"

#include <string.h>

#include "lib/base/xalloc.h"

/* scan_at - record the line of an error; returns the error to fill */
struct error *scan_at(struct scanner *scanner, int line)
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

/* scan_check_bytes - refuse bytes that are not allowed anywhere */
int scan_check_bytes(struct scanner *scanner)
{
	size_t i;
	int line = 1;

	if (scanner->length >= 3 &&
	    memcmp(scanner->text, "\xef\xbb\xbf", 3) == 0)
		return error_set(scan_at(scanner, 1),
				 "the file begins with a byte "
				 "order mark; save it without one");
	for (i = 0; i < scanner->length; i++) {
		unsigned char byte = (unsigned char)scanner->text[i];

		if (byte == '\n')
			line++;
		else if (byte == '\0')
			return error_set(scan_at(scanner, line),
					 "a NUL byte; this is not a text file");
		else if (byte == '\r')
			return error_set(scan_at(scanner, line),
					 "a carriage return;"
					 " save the file with UNIX line ends");
		else if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return error_set(scan_at(scanner, line),
					 "a control character (0x%02x); is "
					 "this a policyd.conf?",
					 byte);
	}
	return 0;
}

/* blank_line - overwrite a comment that extends to the end of the line */
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
		return error_set(scan_at(scanner, opened),
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

/* skip_blank - skip white space and comments */
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

/* is_word_byte - is byte allowed in a value without quotes? */
static bool is_word_byte(char byte)
{
	return byte != '\0' &&
	       strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789_-.:/@!",
		      byte) != NULL;
}

/* refuse_byte - report a byte that is not allowed outside quotes */
static int refuse_byte(struct scanner *scanner)
{
	struct error *error = scan_at(scanner, scanner->line);
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

/* check_end - a word or a quoted text must be followed by a separator */
static int check_end(struct scanner *scanner, const char *what)
{
	char byte = peek(scanner, 0);

	if (byte != '\0' && strchr(" \t\n{}=,", byte) != NULL)
		return 0;
	if (is_word_byte(byte) || byte == '"' || byte == '\'' ||
	    at_comment(scanner))
		return error_set(scan_at(scanner, scanner->line),
				 "'%c' right after "
				 "%s; is a quote missing, or a space?",
				 byte, what);
	return refuse_byte(scanner);
}

/* read_word - read a value or name without quotes */
static int read_word(struct scanner *scanner)
{
	struct scan_token *token = &scanner->token;

	token->kind = TOKEN_WORD;
	while (is_word_byte(peek(scanner, 0)) && !at_comment(scanner))
		scanner->position++;
	token->length =
		(size_t)(scanner->text + scanner->position - token->start);
	if (scanner->position == scanner->length)
		return error_set(scan_at(scanner, token->line),
				 "the file ends "
				 "within the word \"%.64s\"; it may be cut "
				 "short (if not, end it with a newline)",
				 token->start);
	return check_end(scanner, "a word");
}

/* check_escape - refuse what is not allowed in double quotes */
static int check_escape(struct scanner *scanner)
{
	char next = peek(scanner, 1);

	if (peek(scanner, 0) == '$' && next == '{')
		return error_set(scan_at(scanner, scanner->line),
				 "\"${\" in double "
				 "quotes would be replaced from the "
				 "environment; use single quotes");
	if (peek(scanner, 0) == '\\' && next != '"' && next != '\\')
		return error_set(scan_at(scanner, scanner->line),
				 "a backslash in double quotes is only "
				 "allowed before \\ and \"; use single quotes");
	return 0;
}

/* read_quoted - read a quoted text, closed on the same line */
static int read_quoted(struct scanner *scanner)
{
	struct scan_token *token = &scanner->token;
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
			return error_set(scan_at(scanner, token->line),
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

/* scan_next - read the next token into scanner->token */
int scan_next(struct scanner *scanner)
{
	static const char marks[] = "{}=,";
	static const enum token_kind kinds[] = {
		TOKEN_OPEN,
		TOKEN_CLOSE,
		TOKEN_EQUALS,
		TOKEN_COMMA,
	};
	struct scan_token *token = &scanner->token;
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

/* scan_is_text - is the token a value? */
bool scan_is_text(const struct scan_token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

/* scan_unquote - the text of a token without quotes, as libconfuse reads it */
char *scan_unquote(const struct scan_token *token)
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
