/* SPDX-License-Identifier: ISC */
/* fuzz_address - any text as a mailbox, as a network, as a client's address
 *
 * Quoting can be undone; printing is the same in just enough room; rewriting
 * needs no more room than was promised. The input before its first newline may
 * be a list of networks, what follows an address: "!" turns the answer round,
 * and what is no address is in no network. */

#include <arpa/inet.h>
#include <string.h>

#include "lib/address/address.h"
#include "lib/base/xalloc.h"
#include "lib/table/network_list.h"
#include "t/fuzz/fuzz.h"

#define TOKENS 4096

/* check_quoting - to external form and back */
static void check_quoting(const char *mailbox)
{
	size_t room = 2 * strlen(mailbox) + 3;
	char *external = xmalloc(room), *internal = xmalloc(room);
	char *exact;
	long length = address_quote(external, room, mailbox);

	require(length >= 0 && strlen(external) == (size_t)length);
	require(address_unquote(internal, external) == strlen(internal));
	require(strcmp(internal, mailbox) == 0);
	exact = xmalloc((size_t)length + 1);
	require(address_quote(exact, (size_t)length + 1, mailbox) == length);
	require(address_quote(exact, (size_t)length, mailbox) == -1);
	free(exact);
	free(internal);
	free(external);
}

/* check_printing - the tokens as text, in much room and in just enough */
static void check_printing(const struct address *address, size_t room)
{
	char *text = xmalloc(room), *exact;
	long length = address_print(address, 0, text, room);

	require(length >= 0 && strlen(text) == (size_t)length);
	exact = xmalloc((size_t)length + 1);
	require(address_print(address, 0, exact, (size_t)length + 1) == length);
	require(strcmp(exact, text) == 0);
	require(address_print(address, 0, exact, (size_t)length) == -1);
	free(exact);
	free(text);
}

/* check_rewriting - both ways of reading "!" and "%" */
static void check_rewriting(const char *text, bool hacks)
{
	static struct token tokens[TOKENS], origin_tokens[8];
	char origin_text[32];
	struct address origin, address;
	size_t size = 8 * strlen(text) + 256;
	char *room = xmalloc(size);
	struct address_rules rules = { hacks, hacks, true, true,
				       NULL,  0,     NULL, 0 };

	address_init(&origin, origin_tokens, 8, origin_text,
		     sizeof(origin_text));
	address_scan(&origin, "local.test");
	rules.origin = rules.domain = origin.tokens + origin.first;
	rules.origin_count = rules.domain_count = address_count(&origin);
	address_init(&address, tokens, TOKENS, room, size);
	address_scan(&address, text);
	require(!address.overflow);
	if (address_count(&address) > 0) {
		check_printing(&address, size);
		address_rewrite(&address, &rules);
		require(!address.overflow);
		check_printing(&address, size);
	}
	free(room);
}

/* is_address - of a client, as inet_pton(3) sees it */
static bool is_address(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 ||
	       inet_pton(AF_INET6, text, bytes) == 1;
}

/* is_harmless - names neither a file nor a table */
static bool is_harmless(const char *text)
{
	size_t i;

	if (text[strspn(text, "0123456789abcdefABCDEF.:/[]")] != '\0' ||
	    strcasestr(text, "cdb") != NULL)
		return false;
	for (i = 0; text[i] != '\0'; i++)
		if (text[i] == '/' && (i == 0 || text[i - 1] == ':'))
			return false;
	return true;
}

/* answer - of a list made for the purpose; -2: it cannot be made */
static int answer(const char *patterns, const char *address)
{
	struct error error;
	struct network_list *list =
		network_list_new(patterns, false, NULL, &error);
	int found;

	if (list == NULL)
		return -2;
	found = network_list_match(list, address, "unknown");
	network_list_free(list);
	return found;
}

/* check_network - one pattern, and an address */
static void check_network(const char *pattern, const char *address)
{
	int found = answer(pattern, address);
	char *negated = xasprintf("!%s, 0.0.0.0/0, [::]/0", pattern);

	require(found == 0 || found == 1 || found == -2);
	if (!is_address(address))
		require(found != 1);
	else if (found != -2 && pattern[0] != '\0')
		require(answer(negated, address) == !found);
	free(negated);
}

/* LLVMFuzzerTestOneInput - all of it a mailbox, its parts a network */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, *newline;

	if (size == 0 || size > TOKENS / 4 || memchr(data, '\0', size) != NULL)
		return 0;
	text = xstrndup((const char *)data, size);
	check_quoting(text);
	check_rewriting(text, false);
	check_rewriting(text, true);
	newline = strchr(text, '\n');
	if (newline != NULL) {
		*newline = '\0';
		if (is_harmless(text))
			check_network(text, newline + 1);
	}
	free(text);
	return 0;
}
