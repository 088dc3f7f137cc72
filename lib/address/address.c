/* SPDX-License-Identifier: ISC */
/* address - mailbox syntax
 *
 * Reads an address as Postfix tok822(3) does: words (atoms, quoted strings,
 * domain literals, comments) and one-byte operators; white space between them
 * is ignored. When it is printed again, two words have one space between them,
 * unless rewriting put the first one there (token.tight). So an odd domain
 * comes out odd in the same way as in Postfix.
 *
 * See Postfix src/global/tok822_parse.c. */

#include "lib/address/address.h"

#include <string.h>

/* The operators: each is a token by itself. */
static const bool operators[256] = {
	['|'] = true, ['%'] = true, ['!'] = true, ['('] = true,
	[')'] = true, ['<'] = true, ['>'] = true, ['@'] = true,
	[','] = true, [';'] = true, [':'] = true, ['\\'] = true,
	['"'] = true, ['.'] = true, ['['] = true, [']'] = true,
};

/* Bytes that a local part without quotes cannot have, besides control
 * characters. */
static const bool specials[256] = {
	[' '] = true, ['('] = true, [')'] = true, ['<'] = true, ['>'] = true,
	['@'] = true, [','] = true, [';'] = true, [':'] = true, ['\\'] = true,
	['"'] = true, ['['] = true, [']'] = true,
};

/* is_operator - is this byte an operator? */
static bool is_operator(char c)
{
	return operators[(unsigned char)c];
}

/* is_space - white space of RFC 822 */
static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* is_control - an ASCII control character */
static bool is_control(char c)
{
	return (unsigned char)c < ' ' || c == 127;
}

/* Text written into a buffer of fixed size. */
struct output {
	char *text;
	size_t size;
	size_t used; /* keeps counting when the buffer is full */
};

/* put - append one byte */
static void put(struct output *out, char c)
{
	if (out->used < out->size)
		out->text[out->used] = c;
	out->used++;
}

/* put_text - append length bytes */
static void put_text(struct output *out, const char *text, size_t length)
{
	if (length <= out->size && out->used <= out->size - length)
		memcpy(out->text + out->used, text, length);
	out->used += length;
}

/* put_end - append the NUL; returns the length without it, or -1: it did not
 * fit */
static long put_end(struct output *out)
{
	put(out, '\0');
	return out->used <= out->size ? (long)out->used - 1 : -1;
}

/* is_dot_string - is this local part valid without quotes? */
static bool is_dot_string(const char *local, size_t length)
{
	char before = '.';

	for (size_t i = 0; i < length; i++) {
		char c = local[i];

		if (c == '.' && before == '.')
			return false;
		if (is_control(c) || specials[(unsigned char)c])
			return false;
		before = c;
	}
	return before != '.';
}

/* route_length - length of the source route at the start of mailbox */
static size_t route_length(const char *mailbox)
{
	const char *colon = NULL;

	if (mailbox[0] == '@')
		colon = strchr(mailbox, ':');
	return colon != NULL ? (size_t)(colon + 1 - mailbox) : 0;
}

/* address_quote - internal to external form */
long address_quote(char *out, size_t size, const char *mailbox)
{
	struct output output = { out, size, 0 };
	const char *local = mailbox + route_length(mailbox);
	const char *domain = strrchr(local, '@');
	size_t length;

	if (domain == NULL)
		domain = local + strlen(local);
	length = (size_t)(domain - local);
	put_text(&output, mailbox, (size_t)(local - mailbox));
	if (is_dot_string(local, length)) {
		put_text(&output, local, length);
	} else {
		put(&output, '"');
		for (size_t i = 0; i < length; i++) {
			if (strchr("\"\\\r", local[i]) != NULL)
				put(&output, '\\');
			put(&output, local[i]);
		}
		put(&output, '"');
	}
	put_text(&output, domain, strlen(domain));
	return put_end(&output);
}

/* address_unquote - external to internal form. The part after the last "@" that
 * is outside quotes is copied unchanged. */
size_t address_unquote(char *out, const char *external)
{
	size_t length = route_length(external);
	const char *domain = NULL;
	size_t local_length = 0;
	bool quoted = false;

	memcpy(out, external, length);
	for (const char *at = external + length; *at != '\0'; at++) {
		if (*at == '"') {
			quoted = !quoted;
			continue;
		}
		if (*at == '@' && !quoted) {
			domain = at;
			local_length = length;
		}
		if (*at == '\\' && *++at == '\0')
			break;
		out[length++] = *at;
	}
	if (domain != NULL) {
		length = local_length + strlen(domain);
		memcpy(out + local_length, domain, strlen(domain));
	}
	out[length] = '\0';
	return length;
}

/* is_name_byte - may a host name contain this byte? */
static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* is_plain_byte - may a local part contain this byte, and can it only be part
 * of an atom? */
static bool is_plain_byte(char c)
{
	return c > ' ' && c < 127 && !is_operator(c);
}

/* skip_plain - skip words separated by single dots; *dots is the number of
 * dots. Returns the end of the last word; NULL: a word is empty. */
static const char *skip_plain(const char *text, bool (*belongs)(char c),
			      size_t *dots)
{
	const char *word = text;

	for (*dots = 0;; text++) {
		if (belongs(*text))
			continue;
		if (text == word)
			return NULL;
		if (*text != '.')
			return text;
		word = text + 1;
		++*dots;
	}
}

/* address_plain - the domain of an address that rewriting leaves unchanged */
const char *address_plain(const char *mailbox)
{
	size_t dots;
	const char *end = skip_plain(mailbox, is_plain_byte, &dots);
	const char *domain;

	if (end == NULL || *end != '@')
		return NULL;
	domain = end + 1;
	end = skip_plain(domain, is_name_byte, &dots);
	return end != NULL && *end == '\0' && dots > 0 ? domain : NULL;
}

/* address_init - an empty address that uses the caller's buffers */
void address_init(struct address *address, struct token *tokens,
		  size_t capacity, char *text, size_t size)
{
	memset(address, 0, sizeof(*address));
	address->tokens = tokens;
	address->capacity = capacity;
	address->text = text;
	address->size = size;
}

/* address_clear - drop all tokens and their text */
void address_clear(struct address *address)
{
	address->first = 0;
	address->end = 0;
	address->used = 0;
}

/* address_count - the number of tokens */
size_t address_count(const struct address *address)
{
	return address->end - address->first;
}

/* address_bytes - the total length of the tokens */
size_t address_bytes(const struct address *address)
{
	size_t bytes = 0;
	size_t i;

	for (i = address->first; i < address->end; i++)
		bytes += address->tokens[i].length;
	return bytes;
}

/* address_last - the last token */
struct token *address_last(const struct address *address)
{
	return &address->tokens[address->end - 1];
}

/* add_token - add a token; NULL: no room */
static struct token *add_token(struct address *address)
{
	struct token *token;

	if (address->end == address->capacity) {
		address->overflow = true;
		return NULL;
	}
	token = &address->tokens[address->end++];
	memset(token, 0, sizeof(*token));
	return token;
}

/* put_byte - append a byte to the text of the token being scanned */
static void put_byte(struct address *address, struct token *token, char c)
{
	if (address->used == address->size) {
		address->overflow = true;
		return;
	}
	address->text[address->used++] = c;
	token->length++;
}

/* ends_word - does c end a word that close ends (0: an atom)? */
static bool ends_word(char c, char close)
{
	return close != '\0' ? c == close : is_space(c) || is_operator(c);
}

/* scan_word - read the text of an atom, quoted string or literal, and remove
 * its backslashes. Returns its end. */
static const char *scan_word(struct address *address, struct token *token,
			     const char *text, char close)
{
	while (*text != '\0') {
		if (*text == '\\') {
			if (*++text == '\0')
				return text;
		} else if (ends_word(*text, close)) {
			break;
		}
		put_byte(address, token, (char)(is_space(*text) ? ' ' : *text));
		text++;
	}
	return close != '\0' && *text != '\0' ? text + 1 : text;
}

/* scan_comment - read a comment, nested ones included, unchanged */
static const char *scan_comment(struct address *address, struct token *token,
				const char *text)
{
	size_t level = 1;

	put_byte(address, token, '(');
	while (*text != '\0' && level > 0) {
		put_byte(address, token, *text);
		if (*text == '(')
			level++;
		if (*text == ')')
			level--;
		if (*text++ == '\\' && *text != '\0')
			put_byte(address, token, *text++);
	}
	return text;
}

/* needs_quotes - without its backslashes, would this text no longer be an
 * atom? */
static bool needs_quotes(const struct token *token)
{
	for (unsigned i = 0; i < token->length; i++) {
		char c = token->text[i];

		if (c == ' ' || is_control(c) || is_operator(c))
			return true;
	}
	return false;
}

/* scan_token - read one token; returns its end */
static const char *scan_token(struct address *address, struct token *token,
			      const char *text)
{
	token->text = address->text + address->used;
	switch (*text) {
	case '(':
		token->kind = TOKEN_COMMENT;
		return scan_comment(address, token, text + 1);
	case '[':
		token->kind = TOKEN_LITERAL;
		return scan_word(address, token, text + 1, ']');
	case '"':
		token->kind = TOKEN_QUOTED;
		return scan_word(address, token, text + 1, '"');
	default:
		break;
	}
	if (*text != '\\' && is_operator(*text)) {
		token->op = *text;
		return text + 1;
	}
	text = scan_word(address, token, text, '\0');
	token->kind = needs_quotes(token) ? TOKEN_QUOTED : TOKEN_ATOM;
	return text;
}

/* address_scan - append the tokens of a text in external form */
void address_scan(struct address *address, const char *text)
{
	while (*text != '\0' && !address->overflow) {
		struct token *token;

		if (is_space(*text)) {
			text++;
			continue;
		}
		token = add_token(address);
		if (token != NULL)
			text = scan_token(address, token, text);
	}
}

/* address_append - append tokens whose text is stored elsewhere */
void address_append(struct address *address, const struct token *tokens,
		    size_t count)
{
	bool tight =
		address_count(address) == 0 || address_last(address)->tight;

	for (size_t i = 0; i < count; i++) {
		struct token *token = add_token(address);

		if (token == NULL)
			return;
		*token = tokens[i];
		token->tight = tight;
	}
}

/* address_append_operator - append one operator */
void address_append_operator(struct address *address, char op)
{
	struct token token = { "", 0, TOKEN_OPERATOR, op, false };

	address_append(address, &token, 1);
}

/* address_find - index of the first such operator, or -1 */
long address_find(const struct address *address, char op)
{
	for (size_t i = address->first; i < address->end; i++) {
		if (address->tokens[i].op == op)
			return (long)i;
	}
	return -1;
}

/* address_find_last - index of the last such operator, or -1 */
long address_find_last(const struct address *address, char op)
{
	for (size_t i = address->end; i > address->first; i--) {
		if (address->tokens[i - 1].op == op)
			return (long)i - 1;
	}
	return -1;
}

/* address_ends_in_dot - is the last token a dot that may be dropped? */
bool address_ends_in_dot(const struct address *address)
{
	const struct token *last = address->tokens + address->end;

	if (address_count(address) < 2 || last[-1].op != '.')
		return false;
	return last[-2].op != '.' && last[-2].op != '@';
}

/* needs_space - is a space needed between a token and the next one? */
static bool needs_space(const struct token *token, const struct token *next)
{
	if (token->tight)
		return false;
	if (token->op == ',' || next->op == '<')
		return true;
	return token->kind != TOKEN_OPERATOR && next->kind != TOKEN_OPERATOR;
}

/* print_token - append one token in internal form */
static void print_token(struct output *out, const struct token *token)
{
	if (token->kind == TOKEN_OPERATOR) {
		put(out, token->op);
		return;
	}
	if (token->kind == TOKEN_LITERAL)
		put(out, '[');
	put_text(out, token->text, token->length);
	if (token->kind == TOKEN_LITERAL)
		put(out, ']');
}

/* address_print - the tokens from index from on, in internal form */
long address_print(const struct address *address, size_t from, char *out,
		   size_t size)
{
	struct output output = { out, size, 0 };

	for (size_t i = from; i < address->end; i++) {
		const struct token *token = &address->tokens[i];

		print_token(&output, token);
		if (i + 1 < address->end && needs_space(token, token + 1))
			put(&output, ' ');
	}
	return put_end(&output);
}
