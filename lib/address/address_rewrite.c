/* SPDX-License-Identifier: ISC */
/* address_rewrite - rewrite an address to canonical form, as trivial-rewrite(8)
 *
 * See Postfix src/trivial-rewrite/rewrite.c. */

#include "lib/address/address.h"

/* strip_route - remove "@one,@two:" from the front */
static void strip_route(struct address *address)
{
	long colon;

	if (address->tokens[address->first].op != '@')
		return;
	colon = address_find(address, ':');
	if (colon < 0 || (size_t)colon + 1 == address->end)
		return;
	address->first = (size_t)colon + 1;
	address->changes |= ADDRESS_SOURCE_ROUTE;
}

/* reverse - reverse the order of the tokens in [from, end) */
static void reverse(struct token *tokens, size_t from, size_t end)
{
	while (from + 1 < end) {
		struct token token = tokens[from];

		tokens[from++] = tokens[--end];
		tokens[end] = token;
	}
}

/* swap_bang - domain!user to user@domain. The token that moves to the front
 * takes over the spacing of the one that was there. */
static void swap_bang(struct address *address, size_t bang)
{
	struct token *tokens = address->tokens;
	size_t first = address->first;
	bool tight = bang == first || tokens[first].tight;

	tokens[bang].op = '@';
	for (size_t i = bang; i < address->end; i++)
		tokens[i].tight = tight;
	reverse(tokens, first, bang);
	reverse(tokens, bang + 1, address->end);
	reverse(tokens, first, address->end);
}

/* add_domain - add a domain to an address that has none */
static void add_domain(struct address *address,
		       const struct address_rules *rules)
{
	long at;

	at = rules->swap_bangpath ? address_find(address, '!') : -1;
	if (at >= 0) {
		swap_bang(address, (size_t)at);
		address->changes |= ADDRESS_BANG;
		return;
	}
	at = rules->percent_hack ? address_find_last(address, '%') : -1;
	if (at >= 0) {
		address->tokens[at].op = '@';
		address->changes |= ADDRESS_PERCENT;
		return;
	}
	if (rules->append_at_origin) {
		address->changes |= ADDRESS_ORIGIN;
		address_append_operator(address, '@');
		address_append(address, rules->origin, rules->origin_count);
	}
}

/* add_dot_domain - complete a domain that has no dot */
static void add_dot_domain(struct address *address,
			   const struct address_rules *rules)
{
	long at = address_find_last(address, '@');

	if (at < 0 || (size_t)at + 1 == address->end)
		return;
	for (size_t i = (size_t)at; i < address->end; i++) {
		if (address->tokens[i].op == '.' ||
		    address->tokens[i].kind == TOKEN_LITERAL)
			return;
	}
	address->changes |= ADDRESS_DOT_DOMAIN;
	address_append_operator(address, '.');
	address_append(address, rules->domain, rules->domain_count);
}

/* address_rewrite - rewrite to canonical form */
void address_rewrite(struct address *address, const struct address_rules *rules)
{
	struct token *head = &address->tokens[address->first];

	if (address_count(address) == 1) {
		if (head->kind == TOKEN_QUOTED && head->length == 0)
			return;
		if (head->op == '@') {
			*head = (struct token){ "", 0, TOKEN_QUOTED, 0, true };
			return;
		}
	}
	strip_route(address);
	if (address_find_last(address, '@') < 0)
		add_domain(address, rules);
	if (rules->append_dot_domain)
		add_dot_domain(address, rules);
	if (address_ends_in_dot(address)) {
		address->changes |= ADDRESS_DOT;
		address->end--;
	}
}
