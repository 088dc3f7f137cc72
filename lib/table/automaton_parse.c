/* SPDX-License-Identifier: ISC */
/* automaton_parse - read a pattern as regcomp(3) of the GNU C library does
 *
 * For the "C" locale, and only patterns that regcomp(3) has accepted before: so
 * there are no errors to report, and anything unusual is simply not supported.
 * The C library implements REG_ICASE by upper-casing pattern and text, except
 * for bytes quoted by a backslash and the names of classes. */

#include "lib/table/automaton_internal.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define DEPTH_MAX  100 /* nested "(...)" */
#define NUMBER_MAX 32768

enum token {
	TOKEN_END,
	TOKEN_BYTE,
	TOKEN_ANY,
	TOKEN_BRACKET,
	TOKEN_STAR,
	TOKEN_PLUS,
	TOKEN_QUESTION,
	TOKEN_OPEN_REPEAT,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_ALT,
	TOKEN_ASSERT,
	TOKEN_CLASS, /* \w, \W, \s, \S */
	TOKEN_UNKNOWN,
};

/* The state of parsing. */
struct parser {
	struct automaton_tree *tree;
	const char *pattern;
	size_t at; /* after the token */
	bool extended;
	bool icase;
	enum token token;
	unsigned char byte; /* of the token */
	unsigned depth;
	bool failed;
};

static uint32_t parse_alternatives(struct parser *parser);

/* add_node - add a node; returns its index */
static uint32_t add_node(struct parser *parser, enum automaton_part kind,
			 uint32_t left, uint32_t right)
{
	struct automaton_tree *tree = parser->tree;
	struct automaton_node *node;

	tree->nodes = xreallocarray(tree->nodes, tree->count + 1,
				    sizeof(*tree->nodes));
	node = &tree->nodes[tree->count];
	memset(node, 0, sizeof(*node));
	node->kind = kind;
	node->left = left;
	node->right = right;
	return (uint32_t)tree->count++;
}

/* add_set - a node for one byte of a set */
static uint32_t add_set(struct parser *parser, const struct automaton_set *set)
{
	struct automaton_tree *tree = parser->tree;
	struct automaton_set *added;

	tree->sets = xreallocarray(tree->sets, tree->set_count + 1,
				   sizeof(*tree->sets));
	added = &tree->sets[tree->set_count];
	for (int i = 0; i <= UCHAR_MAX; i++)
		added->has[i] = set->has[parser->icase ? toupper(i) : i];
	return add_node(parser, NODE_SET, (uint32_t)tree->set_count++, 0);
}

/* byte_at - a byte of the pattern, as it is compared */
static unsigned char byte_at(const struct parser *parser, size_t at)
{
	unsigned char byte = (unsigned char)parser->pattern[at];

	return parser->icase ? (unsigned char)toupper(byte) : byte;
}

/* find_escape - the token of a backslash and a byte */
static enum token find_escape(const struct parser *parser, char byte)
{
	static const struct {
		char byte;
		enum token token;
	} basic[] = {
		{ '(', TOKEN_OPEN },	 { ')', TOKEN_CLOSE },
		{ '|', TOKEN_ALT },	 { '+', TOKEN_PLUS },
		{ '?', TOKEN_QUESTION }, { '{', TOKEN_OPEN_REPEAT },
		{ '\0', TOKEN_UNKNOWN },
	};

	if (byte == '\0' || (byte >= '1' && byte <= '9'))
		return TOKEN_UNKNOWN;
	if (strchr("<>bB`'", byte) != NULL)
		return TOKEN_ASSERT;
	if (strchr("wWsS", byte) != NULL)
		return TOKEN_CLASS;
	for (size_t i = 0; !parser->extended && basic[i].byte != '\0'; i++)
		if (basic[i].byte == byte)
			return basic[i].token;
	return TOKEN_BYTE;
}

/* ends_branch - is "$" at the end of a basic pattern or of a part of it? */
static bool ends_branch(const char *next)
{
	return *next == '\0' ||
	       (next[0] == '\\' && (next[1] == '|' || next[1] == ')'));
}

/* find_token - the token of a byte; begins: "^" is an anchor here */
static enum token find_token(const struct parser *parser, bool begins)
{
	const char *next = parser->pattern + parser->at;

	switch (*next) {
	case '.':
		return TOKEN_ANY;
	case '[':
		return TOKEN_BRACKET;
	case '*':
		return TOKEN_STAR;
	case '^':
		return parser->extended || begins || parser->at == 0
			       ? TOKEN_ASSERT
			       : TOKEN_BYTE;
	case '$':
		return parser->extended || ends_branch(next + 1) ? TOKEN_ASSERT
								 : TOKEN_BYTE;
	default:
		break;
	}
	if (!parser->extended)
		return TOKEN_BYTE;
	switch (*next) {
	case '+':
		return TOKEN_PLUS;
	case '?':
		return TOKEN_QUESTION;
	case '{':
		return TOKEN_OPEN_REPEAT;
	case '(':
		return TOKEN_OPEN;
	case ')':
		return TOKEN_CLOSE;
	case '|':
		return TOKEN_ALT;
	default:
		return TOKEN_BYTE;
	}
}

/* next_token - advance to the next token */
static void next_token(struct parser *parser, bool begins)
{
	const char *next = parser->pattern + parser->at;

	if (*next == '\0') {
		parser->token = TOKEN_END;
	} else if (*next == '\\') {
		parser->token = find_escape(parser, next[1]);
		parser->byte = (unsigned char)next[1];
		parser->at += next[1] != '\0' ? 2 : 1;
	} else {
		parser->token = find_token(parser, begins);
		parser->byte = byte_at(parser, parser->at);
		parser->at++;
	}
	if (parser->token == TOKEN_UNKNOWN)
		parser->failed = true;
}

/* add_class - add the bytes of a class such as "alpha"; false: no such class */
static bool add_class(const struct parser *parser, struct automaton_set *set,
		      const char *name, size_t length)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} classes[] = {
		{ "alpha", isalpha }, { "digit", isdigit },
		{ "alnum", isalnum }, { "upper", isupper },
		{ "lower", islower }, { "space", isspace },
		{ "blank", isblank }, { "punct", ispunct },
		{ "print", isprint }, { "graph", isgraph },
		{ "cntrl", iscntrl }, { "xdigit", isxdigit },
	};

	if (parser->icase && length == 5 &&
	    (memcmp(name, "upper", 5) == 0 || memcmp(name, "lower", 5) == 0))
		name = "alpha";
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strlen(classes[i].name) != length ||
		    memcmp(classes[i].name, name, length) != 0)
			continue;
		for (int c = 0; c <= UCHAR_MAX; c++)
			set->has[c] |= classes[i].is(c) != 0;
		return true;
	}
	return false;
}

/* invert - replace a set by its complement */
static void invert(struct automaton_set *set)
{
	for (int i = 0; i <= UCHAR_MAX; i++)
		set->has[i] = !set->has[i];
}

/* parse_class - \w, \W, \s, \S */
static uint32_t parse_class(struct parser *parser)
{
	struct automaton_set set = { { 0 } };
	bool word = parser->byte == 'w' || parser->byte == 'W';

	add_class(parser, &set, word ? "alnum" : "space", 5);
	if (word)
		set.has['_'] = 1;
	if (parser->byte == 'W' || parser->byte == 'S')
		invert(&set);
	return add_set(parser, &set);
}

/* parse_any - "." */
static uint32_t parse_any(struct parser *parser)
{
	struct automaton_set set = { { 0 } };

	invert(&set);
	set.has['\n'] = !parser->tree->newline;
	return add_set(parser, &set);
}

/* parse_byte - a literal byte */
static uint32_t parse_byte(struct parser *parser)
{
	struct automaton_set set = { { 0 } };

	set.has[parser->byte] = 1;
	return add_set(parser, &set);
}

/* parse_symbol - at "[": [:class:], [=c=] or [.c.]; *byte is c, or -1 for a
 * class */
static int parse_symbol(struct parser *parser, struct automaton_set *set,
			int *byte)
{
	const char *start = parser->pattern + parser->at;
	char end[3] = { start[1], ']', '\0' };
	const char *close = strstr(start + 2, end);
	size_t length = close != NULL ? (size_t)(close - start) - 2 : 0;

	*byte = -1;
	if (close == NULL || length == 0 || (start[1] != ':' && length != 1))
		return -1;
	if (start[1] != ':')
		*byte = byte_at(parser, parser->at + 2);
	parser->at += length + 4;
	if (*byte >= 0) {
		set->has[*byte] = 1;
		return 0;
	}
	return add_class(parser, set, start + 2, length) ? 0 : -1;
}

/* parse_element - an element of a bracket expression, except a range */
static int parse_element(struct parser *parser, struct automaton_set *set,
			 int *byte)
{
	const char *next = parser->pattern + parser->at;

	if (next[0] == '[' && next[1] != '\0' && strchr(".=:", next[1]) != NULL)
		return parse_symbol(parser, set, byte);
	if (next[0] == '\0')
		return -1;
	*byte = byte_at(parser, parser->at++);
	set->has[*byte] = 1;
	return 0;
}

/* parse_item - an element of a bracket expression, or a range */
static int parse_item(struct parser *parser, struct automaton_set *set)
{
	const char *next;
	int first, last;

	/* The meaning of three "-" depends on the library. */
	if (strncmp(parser->pattern + parser->at, "--", 2) == 0 ||
	    parse_element(parser, set, &first) < 0)
		return -1;
	next = parser->pattern + parser->at;
	if (first < 0 || next[0] != '-' || next[1] == ']')
		return 0;
	if (next[1] == '-' || (next[1] == '[' && next[2] == '='))
		return -1;
	parser->at++;
	if (parse_element(parser, set, &last) < 0 || last < first)
		return -1;
	for (; first < last; first++)
		set->has[first] = 1;
	return 0;
}

/* parse_bracket - the rest of a bracket expression */
static uint32_t parse_bracket(struct parser *parser)
{
	struct automaton_set set = { { 0 } };
	bool negated = parser->pattern[parser->at] == '^';
	size_t start;

	parser->at += negated;
	if (negated && parser->tree->newline)
		set.has['\n'] = 1;
	for (start = parser->at;
	     parser->pattern[parser->at] != ']' || parser->at == start;)
		if (parse_item(parser, &set) < 0) {
			parser->failed = true;
			return 0;
		}
	parser->at++;
	if (negated)
		invert(&set);
	return add_set(parser, &set);
}

/* add_assert - a node that requires something before and after */
static uint32_t add_assert(struct parser *parser, unsigned before,
			   unsigned behind)
{
	return add_node(parser, NODE_ASSERT, before, behind);
}

/* parse_assert - "^", "$" and the GNU assertions */
static uint32_t parse_assert(struct parser *parser)
{
	const unsigned word = CONTEXT_WORD, none = CONTEXT_NO_WORD;
	char byte = (char)parser->byte;

	switch (byte) {
	case '^':
		return add_assert(parser, CONTEXT_LINE, 0);
	case '$':
		return add_assert(parser, 0, CONTEXT_LINE);
	case '`':
		return add_assert(parser, CONTEXT_EDGE, 0);
	case '\'':
		return add_assert(parser, 0, CONTEXT_EDGE);
	case '<':
		return add_assert(parser, none, word);
	case '>':
		return add_assert(parser, word, none);
	case 'b':
		return add_node(parser, NODE_ALT,
				add_assert(parser, none, word),
				add_assert(parser, word, none));
	default:
		return add_node(parser, NODE_ALT,
				add_assert(parser, word, word),
				add_assert(parser, none, none));
	}
}

/* parse_group - the rest of a group, including ")" */
static uint32_t parse_group(struct parser *parser)
{
	uint32_t number = (uint32_t)++parser->tree->groups;
	uint32_t inside = 0;

	if (++parser->depth > DEPTH_MAX)
		parser->failed = true;
	if (parser->failed)
		return 0;
	next_token(parser, true);
	if (parser->token != TOKEN_CLOSE)
		inside = parse_alternatives(parser);
	if (parser->token != TOKEN_CLOSE)
		parser->failed = true;
	parser->depth--;
	return add_node(parser, NODE_GROUP, inside, number);
}

/* parse_number - a decimal number; without digits, the default */
static unsigned parse_number(struct parser *parser, unsigned otherwise)
{
	const char *digits = parser->pattern + parser->at;
	unsigned number = 0;

	if (!isdigit((unsigned char)*digits))
		return otherwise;
	for (; isdigit((unsigned char)*digits); digits++, parser->at++)
		if (number < NUMBER_MAX)
			number = number * 10 + (unsigned)(*digits - '0');
	return number;
}

/* parse_bounds - the rest of a bound, including "}" */
static void parse_bounds(struct parser *parser, unsigned *least, unsigned *most)
{
	*least = *most = parse_number(parser, 0);
	if (parser->pattern[parser->at] == ',') {
		parser->at++;
		*most = parse_number(parser, UINT_MAX);
	}
	if (!parser->extended && parser->pattern[parser->at] == '\\')
		parser->at++;
	if (parser->pattern[parser->at++] != '}' || *most < *least)
		parser->failed = true;
}

/* parse_repeat - repeat an expression */
static uint32_t parse_repeat(struct parser *parser, uint32_t expression)
{
	unsigned least = 0, most = UINT_MAX;
	uint32_t node;

	if (parser->token == TOKEN_PLUS)
		least = 1;
	else if (parser->token == TOKEN_QUESTION)
		most = 1;
	else if (parser->token == TOKEN_OPEN_REPEAT)
		parse_bounds(parser, &least, &most);
	if (parser->failed || most == 0 || expression == 0)
		return 0;
	node = add_node(parser, NODE_REPEAT, expression, 0);
	parser->tree->nodes[node].least = least;
	parser->tree->nodes[node].most = most;
	return node;
}

/* is_repeat - does the token repeat what precedes it? */
static bool is_repeat(const struct parser *parser)
{
	return parser->token == TOKEN_STAR || parser->token == TOKEN_PLUS ||
	       parser->token == TOKEN_QUESTION ||
	       parser->token == TOKEN_OPEN_REPEAT;
}

/* parse_single - an expression without its repeats */
static uint32_t parse_single(struct parser *parser)
{
	switch (parser->token) {
	case TOKEN_ANY:
		return parse_any(parser);
	case TOKEN_BRACKET:
		return parse_bracket(parser);
	case TOKEN_CLASS:
		return parse_class(parser);
	case TOKEN_OPEN:
		return parse_group(parser);
	case TOKEN_STAR:
	case TOKEN_PLUS:
	case TOKEN_QUESTION:
		/* With nothing to repeat it is a literal, or regcomp(3) refused
		 * it. */
		parser->failed = parser->failed || parser->extended;
		return parse_byte(parser);
	case TOKEN_CLOSE: /* without "(" */
	case TOKEN_BYTE:
		return parse_byte(parser);
	default:
		parser->failed = true;
		return 0;
	}
}

/* parse_expression - an expression with its repeats; an anchor has none */
static uint32_t parse_expression(struct parser *parser)
{
	uint32_t expression;

	if (parser->token == TOKEN_ASSERT) {
		expression = parse_assert(parser);
		next_token(parser, false);
		return expression;
	}
	expression = parse_single(parser);
	next_token(parser, false);
	while (!parser->failed && is_repeat(parser)) {
		expression = parse_repeat(parser, expression);
		next_token(parser, false);
	}
	return expression;
}

/* parse_branch - a concatenation of expressions; 0: none */
static uint32_t parse_branch(struct parser *parser)
{
	uint32_t branch = 0;

	while (!parser->failed && parser->token != TOKEN_ALT &&
	       parser->token != TOKEN_END &&
	       (parser->depth == 0 || parser->token != TOKEN_CLOSE)) {
		uint32_t next = parse_expression(parser);

		if (branch != 0 && next != 0)
			branch = add_node(parser, NODE_CONCAT, branch, next);
		else if (branch == 0)
			branch = next;
	}
	return branch;
}

/* parse_alternatives - branches separated by "|" */
static uint32_t parse_alternatives(struct parser *parser)
{
	uint32_t all = parse_branch(parser);

	while (!parser->failed && parser->token == TOKEN_ALT) {
		uint32_t branch;

		next_token(parser, true);
		branch = parse_branch(parser);
		all = add_node(parser, NODE_ALT, all, branch);
	}
	return all;
}

/* automaton_parse - a pattern */
int automaton_parse(struct automaton_tree *tree, const char *pattern,
		    int options)
{
	struct parser parser = {
		.tree = tree,
		.pattern = pattern,
		.extended = (options & REG_EXTENDED) != 0,
		.icase = (options & REG_ICASE) != 0,
	};

	memset(tree, 0, sizeof(*tree));
	tree->newline = (options & REG_NEWLINE) != 0;
	add_node(&parser, NODE_CONCAT, 0, 0);
	next_token(&parser, true);
	tree->top = parse_alternatives(&parser);
	return parser.failed || parser.token != TOKEN_END ? -1 : 0;
}

/* automaton_tree_clear - free what the tree holds */
void automaton_tree_clear(struct automaton_tree *tree)
{
	free(tree->nodes);
	free(tree->sets);
	memset(tree, 0, sizeof(*tree));
}
