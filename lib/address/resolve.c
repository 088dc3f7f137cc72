/* SPDX-License-Identifier: ISC */
/* resolve - find the destination class of a recipient address
 *
 * Repeats what Postfix concludes for the recipient attribute of a policy
 * request. resolve_strip.c finds the address that is left after our own domains
 * are stripped and routing is followed; for most addresses, which are
 * address_plain(), this is known without it. Then the syntax of the final
 * domain is checked, and the lists are searched in the order local, virtual
 * alias, virtual mailbox, relay. Pure; the working memory is on the stack for
 * usual addresses and on the heap for long ones, and released on return.
 * Anything that does not fit is INVALID, never ours.
 *
 * If a list says DOMAIN_LIST_ASK, only Postfix knows which class the address
 * has. It is decided here only if all possibilities lead to the same verdict,
 * and that is "ours":
 * - virtual or relay list unknown: the search continues; if a later list has
 *   the domain, it is ours in any case.
 * - mydestination unknown: if the domain is local, it would be stripped and the
 *   rest followed. Only an address whose local part contains no routing is the
 *   same in both cases. So if it is not empty and has none of "@", "%", "!", it
 *   is ours if another list has its domain (an address of ours in brackets is
 *   local whatever mydestination has).
 * Everything else is RESOLVE_ASK, "not ours" included: if Postfix fails to look
 * the domain up, it defers, so the address must not be refused here. Only bad
 * syntax is the same in both cases, under the same condition.
 *
 * See Postfix src/trivial-rewrite/resolve.c and ADDRESS_CLASS_README. */

#include "lib/address/resolve_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/text/casefold.h"
#include "lib/text/hostname.h"
#include "lib/text/idna.h"

#define LITERAL_MAX 45	/* bytes between [ and ] */
#define PLAIN_MAX   255 /* longer addresses are not treated as plain */
#define PLAIN_ROOM  (PLAIN_MAX + sizeof("[]"))
#define ROOM_USUAL  512 /* size of any form of a usual address */

_Static_assert(RESOLUTION_ADDRESS_MAX >= 2 * PLAIN_ROOM, "resolve_plain()");

/* is_valid_literal - a domain that begins with "[": is it [address], and
 * nothing more? */
static bool is_valid_literal(const char *domain)
{
	char inside[LITERAL_MAX + 1];
	size_t length = strcspn(domain, "]");

	if (domain[length] == '\0' || domain[length + 1] != '\0' ||
	    length - 1 > LITERAL_MAX)
		return false;
	memcpy(inside, domain + 1, length - 1);
	inside[length - 1] = '\0';
	return hostname_literal(inside) != NULL;
}

/* is_valid_name - does the domain look like a host name? */
static bool is_valid_name(const struct resolver *resolver, const char *domain)
{
	if (resolver->utf8 && !casefold_is_ascii(domain, strlen(domain)))
		return idna_valid(domain);
	return hostname_valid(domain);
}

/* bracket_domain - user@127.0.0.1 to user@[127.0.0.1] */
static bool bracket_domain(struct resolution *resolution)
{
	char *domain = strrchr(resolution->address, '@') + 1;
	size_t length = strlen(domain);

	if ((size_t)(domain - resolution->address) + length + 3 >
	    sizeof(resolution->address))
		return false;
	memmove(domain + 1, domain, length);
	domain[0] = '[';
	domain[length + 1] = ']';
	domain[length + 2] = '\0';
	return true;
}

/* check_domain - is the syntax of the final domain valid? 1, 0 or -1 */
static int check_domain(struct work *work)
{
	const struct resolver *resolver = work->resolver;
	struct resolution *resolution = work->resolution;
	int local;

	if (resolution->domain[0] == '[')
		return is_valid_literal(resolution->domain);
	if (resolver->utf8 &&
	    !casefold_is_utf8(resolution->address, strlen(resolution->address)))
		return 0;
	if (is_valid_name(resolver, resolution->domain))
		return 1;
	if (!resolver->resolve_numeric_domain ||
	    !hostname_is_address(resolution->domain) ||
	    !bracket_domain(resolution) ||
	    strlen(resolution->domain) >= work->size)
		return 0;
	memcpy(work->plain, resolution->domain, strlen(resolution->domain) + 1);
	work->folded = NULL;
	if (work->trace != NULL)
		work->trace(work->context,
			    &(struct resolve_step){
				    .changes = RESOLVE_NUMERIC,
				    .address = resolution->address });
	local = resolve_match_local(work, work->plain);
	if (local == 1)
		work->is_local = true;
	return local < 0 ? -1 : 1;
}

/* is_routed - is the first operator not the "@" before the domain? */
static bool is_routed(const struct resolution *resolution)
{
	const char *op = strpbrk(resolution->address, "@!%");

	return op == NULL || op + 1 != resolution->domain;
}

/* find_class - which list has the final domain; -1: unknown */
static int find_class(struct work *work)
{
	const struct resolver_list *lists = work->resolver->lists;
	const char *domain =
		work->folded != NULL ? work->folded : work->resolution->domain;

	if (work->is_local)
		return DESTINATION_LOCAL;
	work->resolution->list = "";
	work->resolution->match = (struct domain_list_match){ 0 };
	for (size_t i = 1; i < RESOLVER_LISTS; i++) {
		int found = resolve_match(work, lists[i].domains,
					  lists[i].parameter, domain);

		if (found == 1)
			return (int)lists[i].class;
		if (found < 0)
			return -1;
	}
	return DESTINATION_DEFAULT;
}

/* is_plain - if the domain were local, would the local part contain no
 * routing? */
static bool is_plain(const struct resolution *resolution)
{
	return !resolution->routed && resolution->address[0] != '@';
}

/* is_decided - a list is unknown: is the address ours in any case? */
static bool is_decided(const struct work *work, int class)
{
	const struct resolution *resolution = work->resolution;

	if (class < 0 || class == DESTINATION_DEFAULT)
		return false;
	if (work->asks_local)
		return is_plain(resolution);
	return !resolution->routed || work->resolver->allow_untrusted_routing;
}

/* refuse - bad syntax; unless the address might become another one */
static enum resolve_status refuse(const struct work *work)
{
	return work->asks_local && !is_plain(work->resolution)
		       ? RESOLVE_ASK
		       : RESOLVE_INVALID;
}

/* judge - class and routing of the final address in the resolution */
static enum resolve_status judge(struct work *work)
{
	struct resolution *resolution = work->resolution;
	int valid;
	int class;

	resolution->routed = is_routed(resolution);
	valid = check_domain(work);
	if (valid < 0)
		return work->asks != NULL ? RESOLVE_ASK : RESOLVE_FAILED;
	if (valid == 0)
		return refuse(work);
	class = find_class(work);
	if (work->asks == NULL && class < 0)
		return RESOLVE_FAILED;
	if (!work->resolver->allow_min_user && resolution->address[0] == '-')
		return refuse(work);
	if (work->asks != NULL && !is_decided(work, class))
		return RESOLVE_ASK;
	resolution->class = (enum destination_class) class;
	return RESOLVE_DONE;
}

/* finish - set the result */
static void finish(struct work *work, enum resolve_status status)
{
	struct resolution *resolution = work->resolution;

	resolution->status = status;
	if (resolution->status == RESOLVE_INVALID) {
		resolution->list = "";
		resolution->match = (struct domain_list_match){ 0 };
	} else if (resolution->status == RESOLVE_ASK) {
		resolution->list = work->asks;
		resolution->match = work->asks_match;
		resolution->why = work->asks_why;
	}
	if (status != RESOLVE_ASK && status != RESOLVE_FAILED)
		resolution->why = NULL;
}

/* run - resolve one address */
static void run(struct work *work, const char *recipient)
{
	enum resolve_status status = RESOLVE_INVALID;
	int found = resolve_strip(work, recipient);

	if (found < 0)
		status = RESOLVE_FAILED;
	else if (found > 0)
		status = judge(work);
	finish(work, status);
}

/* resolution_init - clear all but the buffers */
static void resolution_init(struct resolution *resolution)
{
	memset(resolution, 0, offsetof(struct resolution, address));
	resolution->address[0] = '\0';
	resolution->status = RESOLVE_INVALID;
	resolution->class = DESTINATION_DEFAULT;
	resolution->list = "";
	resolution->domain = resolution->address;
}

/* work_init - divide the memory: each text has size bytes, each list of tokens
 * size / 2. A text of n bytes has at most n tokens, and the external form of a
 * text, n * 2 + 3 bytes, must fit. So nothing overflows; the lines marked
 * GCOV_EXCL_LINE are for the day when somebody changes what is appended
 * where. */
static void work_init(struct work *work, char *texts, struct token *tokens,
		      size_t size)
{
	work->plain = texts;
	work->quoted = texts + size;
	work->size = size;
	address_init(&work->address, tokens, size / 2, texts + 2 * size, size);
	address_init(&work->saved, tokens + size / 2, size / 2,
		     texts + 3 * size, size);
}

/* resolve_long - resolve with memory on the heap */
static void resolve_long(struct work *work, const char *recipient, size_t size)
{
	char *texts = xmalloc(4 * size);
	struct token *tokens = xcalloc(size, sizeof(*tokens));

	work_init(work, texts, tokens, size);
	run(work, recipient);
	free(texts);
	free(tokens);
}

/* resolve_usual - resolve with memory on the stack */
static void resolve_usual(struct work *work, const char *recipient)
{
	char texts[4 * ROOM_USUAL];
	struct token tokens[ROOM_USUAL];

	work_init(work, texts, tokens, ROOM_USUAL);
	run(work, recipient);
}

/* resolve_plain - resolve an address_plain(): it is canonical, and its domain
 * is ours or not; there is nothing to strip or to follow. There is room for its
 * folded domain after the address. */
static void resolve_plain(const struct resolver *resolver,
			  struct resolution *resolution, const char *recipient,
			  size_t length, const char *domain)
{
	char *folded = resolution->address + PLAIN_ROOM;
	struct work work = {
		.resolver = resolver,
		.resolution = resolution,
		.folded = folded,
		.plain = folded,
		.size = PLAIN_ROOM,
	};
	int local;

	memcpy(resolution->address, recipient, length + 1);
	resolution->domain = resolution->address + (domain - recipient);
	casefold(folded, domain, length - (size_t)(domain - recipient),
		 resolver->utf8);
	local = resolve_match_local(&work, folded);
	work.is_local = local == 1;
	finish(&work, local < 0 ? RESOLVE_FAILED : judge(&work));
}

/* resolve_address - destination class of one recipient attribute */
void resolve_address(const struct resolver *resolver, const char *recipient,
		     struct resolution *resolution)
{
	const char *domain = address_plain(recipient);
	size_t length = strlen(recipient);

	if (domain == NULL || length > PLAIN_MAX) {
		resolve_explain(resolver, recipient, resolution, NULL, NULL);
		return;
	}
	resolution_init(resolution);
	resolve_plain(resolver, resolution, recipient, length, domain);
}

/* resolve_explain - the same, with a callback for each step */
void resolve_explain(const struct resolver *resolver, const char *recipient,
		     struct resolution *resolution, resolve_trace *trace,
		     void *context)
{
	struct work work = { .resolver = resolver,
			     .resolution = resolution,
			     .trace = trace,
			     .context = context };
	size_t length = strlen(recipient);
	size_t size;

	resolution_init(resolution);
	if (length == 0 || length >= RESOLUTION_ADDRESS_MAX)
		return;
	/* Up to here a text grows by completion, and twice by quoting. */
	size = 2 * (length + strlen(resolver->origin.text) +
		    strlen(resolver->domain.text) +
		    strlen(resolver->hostname.text) +
		    strlen(resolver->empty.text)) +
	       16;
	if (size <= ROOM_USUAL)
		resolve_usual(&work, recipient);
	else
		resolve_long(&work, recipient, size);
}

/* is_origin - is it $myorigin? */
static bool is_origin(const struct resolver *resolver, const char *domain)
{
	const char *origin = resolver->origin.text;
	char *folded = xmalloc(CASEFOLD_SIZE(strlen(origin)));
	bool same;

	casefold(folded, origin, strlen(origin), resolver->utf8);
	same = strcmp(folded, domain) == 0;
	free(folded);
	return same;
}

/* resolver_is_local - $myorigin, or one of our own? */
int resolver_is_local(const struct resolver *resolver, const char *domain)
{
	struct resolution nobody_reads;
	struct work work = {
		.resolver = resolver,
		.resolution = &nobody_reads,
	};
	char *copy;
	int found;

	if (is_origin(resolver, domain))
		return 1;
	copy = xstrdup(domain);
	found = resolve_match_local(&work, copy);
	free(copy);
	return found == DOMAIN_LIST_ASK ? AUTHORIZED_ASK : found;
}

/* resolution_authorized - Postfix permit_auth_destination */
int resolution_authorized(const struct resolver *resolver,
			  const struct resolution *resolution)
{
	switch (resolution->status) {
	case RESOLVE_DONE:
		break;
	case RESOLVE_FAILED:
		return -1;
	case RESOLVE_ASK:
		return AUTHORIZED_ASK;
	case RESOLVE_INVALID:
	default:
		return 0;
	}
	if (resolution->routed && !resolver->allow_untrusted_routing)
		return 0;
	return resolution->class != DESTINATION_DEFAULT ? 1 : 0;
}

/* destination_name - the name of a class */
const char *destination_name(enum destination_class class)
{
	switch (class) {
	case DESTINATION_LOCAL:
		return "local";
	case DESTINATION_VIRTUAL_ALIAS:
		return "virtual_alias";
	case DESTINATION_VIRTUAL_MAILBOX:
		return "virtual_mailbox";
	case DESTINATION_RELAY:
		return "relay";
	case DESTINATION_DEFAULT:
	default:
		return "default";
	}
}
