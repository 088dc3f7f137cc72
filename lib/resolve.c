/* SPDX-License-Identifier: ISC */
/* resolve - find the destination class of a recipient address
 *
 * Repeats what Postfix concludes for the recipient attribute of a policy
 * request: canonical form; then strip the last domain while it is one of our
 * own, follow the routing that is left ("@", "%", "!", also inside quotes),
 * and again; then the syntax of the final domain, and the lists in the order
 * local, virtual alias, virtual mailbox, relay. Pure; the room it works in is
 * on the stack for usual addresses, on the heap for long ones, and gone when
 * it returns. Anything that does not fit is INVALID, never ours.
 *
 * Where a list says TABLE_ASK, only Postfix knows which way the address goes.
 * It is decided here only if every way ends in the same verdict, and that is
 * "ours":
 * - virtual or relay list open: the search goes on; if a later list has the
 *   domain, it is ours in any case.
 * - mydestination open: if the domain is local it would be stripped and what
 *   is left followed. Only an address whose local part has nothing to follow
 *   is the same either way: so without any of "@", "%", "!", and not empty, it
 *   is ours if another list has its domain (an address of ours in brackets is
 *   local whatever mydestination has).
 * All else is RESOLVE_ASK, "not ours" too: if Postfix fails to look the domain
 * up it defers, and so must not be refused here. Only bad syntax is the same
 * either way, under the same condition.
 *
 * See Postfix src/trivial-rewrite/resolve.c and ADDRESS_CLASS_README. */

#include "lib/resolve_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/casefold.h"
#include "lib/hostname.h"
#include "lib/idna.h"
#include "lib/xalloc.h"

#define LITERAL_MAX 45	/* bytes between [ and ] */
#define PLAIN_MAX   255 /* longer addresses are not seen as plain */
#define PLAIN_ROOM  (PLAIN_MAX + sizeof("[]"))
#define ROOM_USUAL  512	   /* text of any form of a usual address */
#define BYTES_MAX   200000 /* looked at in all rounds: a millisecond */

_Static_assert(RESOLUTION_ADDRESS_MAX >= 2 * PLAIN_ROOM, "resolve_plain()");

/* What one resolution works with. All texts have room for "size" bytes. */
struct work {
	const struct resolver *resolver;
	struct resolution *resolution;
	struct address address;
	struct address saved; /* the local domain stripped last, with "@" */
	bool is_saved;
	bool is_local;	  /* no domain left that is not local */
	bool asks_local;  /* whether it is local, only Postfix knows */
	const char *asks; /* first list that only Postfix can search */
	struct table_match asks_match; /* and the entry of it */
	const char *folded; /* the final domain, folded; NULL: not yet */
	char *plain;	    /* internal form */
	char *quoted;	    /* external form */
	size_t size;
	resolve_trace *trace; /* NULL: nobody wants to know */
	void *context;
};

/* is_failed - something did not fit: the address is refused */
static bool is_failed(const struct work *work)
{
	return work->address.overflow || work->saved.overflow;
}

/* print - the tokens from index from on, in internal form, to work->plain */
static bool print(struct work *work, size_t from)
{
	if (address_print(&work->address, from, work->plain, work->size) < 0)
		work->address.overflow = true; /* GCOV_EXCL_LINE */
	return !work->address.overflow;
}

/* scan_plain - take the address in work->plain, internal form, to pieces */
static bool scan_plain(struct work *work)
{
	if (address_quote(work->quoted, work->size, work->plain) < 0)
		work->address.overflow = true; /* GCOV_EXCL_LINE */
	if (is_failed(work))
		return false; /* GCOV_EXCL_LINE */
	address_clear(&work->address);
	address_scan(&work->address, work->quoted);
	return !is_failed(work);
}

/* tell_address - print the address for whoever wants to know */
static void tell_address(const struct work *work, unsigned changes)
{
	char text[RESOLUTION_ADDRESS_MAX];
	struct resolve_step step = { .changes = changes, .address = text };

	if (address_print(&work->address, work->address.first, text,
			  sizeof(text)) >= 0)
		work->trace(work->context, &step);
}

/* tell_change - the address is another one now, if it is */
static void tell_change(struct work *work)
{
	unsigned changes = work->address.changes;

	if (work->trace == NULL || changes == 0 || is_failed(work))
		return;
	work->address.changes = 0;
	tell_address(work, changes);
}

/* tell_search - a list was searched */
static void tell_search(const struct work *work, const char *list,
			const char *domain, int answer,
			const struct table_match *match)
{
	if (work->trace != NULL)
		work->trace(work->context,
			    &(struct resolve_step){ .list = list,
						    .domain = domain,
						    .answer = answer,
						    .match = *match });
}

/* canonicalize - rewrite the recipient as Postfix does ahead of resolution,
 * and take the outcome to pieces */
static bool canonicalize(struct work *work, const char *recipient)
{
	bool changed;

	if (address_quote(work->quoted, work->size, recipient) < 0)
		work->address.overflow = true; /* GCOV_EXCL_LINE */
	address_scan(&work->address, work->quoted);
	if (is_failed(work) || address_count(&work->address) == 0)
		return false; /* GCOV_EXCL_LINE */
	address_rewrite(&work->address, &work->resolver->rules);
	changed = work->address.changes != 0;
	tell_change(work);
	if (is_failed(work) || !print(work, work->address.first) ||
	    address_quote(work->quoted, work->size, work->plain) < 0)
		return false; /* GCOV_EXCL_LINE */
	address_unquote(work->plain, work->quoted);
	/* What comes out as it went in has the same pieces. */
	if (!changed && strcmp(work->plain, recipient) == 0)
		return true;
	return scan_plain(work);
}

/* is_own_literal - is domain, with its brackets, an address of ours? If not,
 * the closing bracket of what looks like one is cut off. */
static bool is_own_literal(const struct work *work, char *domain, size_t length)
{
	const char *address;

	if (length < 2 || domain[0] != '[' || domain[length - 1] != ']')
		return false;
	domain[length - 1] = '\0';
	address = hostname_literal(domain + 1);
	if (address == NULL)
		return false;
	address = interfaces_own(work->resolver->interfaces, address);
	if (address == NULL)
		return false;
	domain[length - 1] = ']';
	work->resolution->list = address;
	work->resolution->match = (struct table_match){ 0 };
	tell_search(work, address, domain, 1, &work->resolution->match);
	return true;
}

/* match_list - look for a domain in one list, and remember who decided */
static int match_list(struct work *work, const struct table *table,
		      enum parameter parameter, const char *domain)
{
	struct table_match match;
	int found = work->folded != NULL && domain == work->folded
			    ? table_match_folded(table, domain, strlen(domain),
						 &match)
			    : table_match(table, domain, &match);

	tell_search(work, parameter_name(parameter), domain, found, &match);
	if (found == TABLE_ASK) {
		if (work->asks == NULL) {
			work->asks = parameter_name(parameter);
			work->asks_match = match;
		}
	} else if (found != 0) {
		work->resolution->list = parameter_name(parameter);
		work->resolution->match = match;
	}
	return found;
}

/* match_local - is the domain, a writable text, one of our own? TABLE_ASK: if
 * it is not in a table that only Postfix can search, it is not. */
static int match_local(struct work *work, char *domain)
{
	const char *asks = work->asks;
	size_t length = strlen(domain);
	int found;

	if (length > 0 && domain[length - 1] == '.')
		domain[--length] = '\0';
	if (length == 0 || domain[length - 1] == '.')
		return 0;
	found = match_list(work, work->resolver->local, PARAMETER_MYDESTINATION,
			   domain);
	if (found != 0 && found != TABLE_ASK)
		return found;
	if (is_own_literal(work, domain, length)) {
		work->asks = asks;
		return 1;
	}
	if (found == TABLE_ASK)
		work->asks_local = true;
	return found;
}

/* save_domain - cut the address before index at, and keep what is cut off
 * (with its text, which goes when the address is scanned again) */
static void save_domain(struct work *work, size_t at)
{
	struct address *saved = &work->saved;
	struct address *address = &work->address;

	address_clear(saved);
	for (size_t i = at; i < address->end && !saved->overflow; i++) {
		struct token *from = &address->tokens[i];
		struct token *to = &saved->tokens[saved->end];

		if (saved->end == saved->capacity ||
		    from->length > saved->size - saved->used) {
			saved->overflow = true; /* GCOV_EXCL_LINE */
			return;			/* GCOV_EXCL_LINE */
		}
		*to = *from;
		to->text = saved->text + saved->used;
		memcpy(saved->text + saved->used, from->text, from->length);
		saved->used += from->length;
		saved->end++;
	}
	address->end = at;
	work->is_saved = true;
}

/* append_hostname - complete the address with @myhostname */
static void append_hostname(struct work *work)
{
	const struct completion *hostname = &work->resolver->hostname;

	address_append_operator(&work->address, '@');
	address_append(&work->address, hostname->tokens, hostname->count);
}

/* has_operator - is there routing left to follow? */
static bool has_operator(const struct work *work)
{
	const struct address_rules *rules = &work->resolver->rules;
	const struct address *address = &work->address;

	return address_find_last(address, '@') >= 0 ||
	       (rules->swap_bangpath && address_find_last(address, '!') >= 0) ||
	       (rules->percent_hack && address_find_last(address, '%') >= 0);
}

/* find_quoted_operator - the operator to follow in a local part that is all
 * one quoted string, as a place in work->plain; or NULL */
static char *find_quoted_operator(struct work *work)
{
	const struct address_rules *rules = &work->resolver->rules;
	const struct address *address = &work->address;
	char *found;

	if (!work->resolver->resolve_dequoted || address_count(address) != 1 ||
	    address_last(address)->kind != TOKEN_QUOTED ||
	    !print(work, address->first))
		return NULL;
	found = strrchr(work->plain, '@');
	if (found == NULL && rules->percent_hack)
		found = strrchr(work->plain, '%');
	if (found == NULL && rules->swap_bangpath)
		found = strrchr(work->plain, '!');
	return found;
}

/* crack_quotes - follow routing inside of quotes. Not what RFC 822 says, but
 * what some receiving host might do. True: there was some. */
static bool crack_quotes(struct work *work)
{
	char *found = find_quoted_operator(work);

	if (found == NULL)
		return false;
	work->address.changes |= RESOLVE_QUOTED;
	if (*found == '!') {
		address_clear(&work->address);
		address_scan(&work->address, work->plain);
	} else {
		*found = '@';
		scan_plain(work);
	}
	if (!is_failed(work))
		address_rewrite(&work->address, &work->resolver->rules);
	return true;
}

/* complete_local - an empty local part gets a name, an address without any
 * domain gets ours. True: there is something new to look at. */
static bool complete_local(struct work *work)
{
	const struct completion *empty = &work->resolver->empty;
	struct address *address = &work->address;

	if (address_count(address) == 1 &&
	    address_last(address)->kind == TOKEN_QUOTED &&
	    address_last(address)->length == 0)
		address_clear(address);
	if (address_count(address) == 0) {
		address_clear(address);
		address_scan(address, empty->text);
		address->changes |= RESOLVE_EMPTY;
		return true;
	}
	if (!work->is_saved) {
		append_hostname(work);
		address->changes |= RESOLVE_HOSTNAME;
		return true;
	}
	return false;
}

/* strip_once - one round: strip the last domain if it is ours and follow what
 * is left. 1: go on; 0: finished; -1: a list could not be searched. */
static int strip_once(struct work *work)
{
	struct address *address = &work->address;
	long at;
	int local;

	if (address_ends_in_dot(address) &&
	    address_find_last(address, '@') >= 0) {
		address->changes |= ADDRESS_DOT;
		address->end--;
	}
	if (work->resolver->resolve_null_domain && address_count(address) > 0 &&
	    address_last(address)->operator== '@') {
		address->changes |= RESOLVE_NULL_DOMAIN;
		address->end--;
	}
	at = address_find_last(address, '@');
	if (at >= 0) {
		if ((size_t)at + 1 < address->end) {
			if (!print(work, (size_t)at + 1))
				return 0; /* GCOV_EXCL_LINE */
			local = match_local(work, work->plain);
			if (local == TABLE_ASK)
				return 0;
			if (local <= 0)
				return local;
		}
		save_domain(work, (size_t)at);
	}
	if (has_operator(work)) {
		address_rewrite(address, &work->resolver->rules);
	} else if (!crack_quotes(work) && !complete_local(work)) {
		work->is_local = true;
		return 0;
	}
	if (at >= 0)
		address->changes |= RESOLVE_STRIPPED;
	return 1;
}

/* strip_domains - strip our own domains until none is left. Each round looks at
 * the whole address and takes something away, except where
 * empty_address_recipient is unwise; but that may be one "@" of thousands, for
 * which Postfix works long. In what smtpd(8) takes any chain of names comes to
 * its end. */
static int strip_domains(struct work *work)
{
	size_t left = BYTES_MAX;
	int more = 1;

	while (more == 1) {
		size_t bytes = address_bytes(&work->address) +
			       address_count(&work->address) + 1;

		if (bytes > left)
			return -1;
		left -= bytes;
		more = strip_once(work);
		if (is_failed(work))
			return 0; /* GCOV_EXCL_LINE */
		tell_change(work);
	}
	if (more == 0 && work->is_local)
		address_append(&work->address, work->saved.tokens,
			       address_count(&work->saved));
	return more;
}

/* set_address - print the final address into the resolution */
static bool set_address(struct work *work)
{
	struct resolution *resolution = work->resolution;
	const char *at;

	if (is_failed(work) ||
	    address_print(&work->address, work->address.first,
			  resolution->address, sizeof(resolution->address)) < 0)
		at = NULL;
	else
		at = strrchr(resolution->address, '@');
	if (at == NULL)
		resolution->address[0] = '\0';
	resolution->domain = at != NULL ? at + 1 : resolution->address;
	return at != NULL;
}

/* is_valid_literal - [address], and nothing more? */
static bool is_valid_literal(const char *domain)
{
	char inside[LITERAL_MAX + 1];
	size_t length = strcspn(domain, "]");

	if (domain[0] != '[' || domain[length] == '\0' ||
	    domain[length + 1] != '\0' || length - 1 > LITERAL_MAX)
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

/* check_domain - is the syntax of the final domain good? 1, 0 or -1 */
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
	local = match_local(work, work->plain);
	if (local == 1)
		work->is_local = true;
	return local < 0 ? -1 : 1;
}

/* is_routed - is the first operator not the "@" before the domain? */
static bool is_routed(const struct resolution *resolution)
{
	const char *operator= strpbrk(resolution->address, "@!%");

	return operator== NULL || operator+ 1 != resolution->domain;
}

/* find_class - which list has the final domain; -1: unknown */
static int find_class(struct work *work)
{
	const struct resolver *resolver = work->resolver;
	const struct {
		const struct table *table;
		enum parameter parameter;
		enum destination_class class;
	} lists[] = {
		{ resolver->virtual_alias, PARAMETER_VIRTUAL_ALIAS_DOMAINS,
		  DESTINATION_VIRTUAL_ALIAS },
		{ resolver->virtual_mailbox, PARAMETER_VIRTUAL_MAILBOX_DOMAINS,
		  DESTINATION_VIRTUAL_MAILBOX },
		{ resolver->relay, PARAMETER_RELAY_DOMAINS, DESTINATION_RELAY },
	};

	const char *domain =
		work->folded != NULL ? work->folded : work->resolution->domain;

	if (work->is_local)
		return DESTINATION_LOCAL;
	work->resolution->list = "";
	work->resolution->match = (struct table_match){ 0 };
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		int found = match_list(work, lists[i].table, lists[i].parameter,
				       domain);

		if (found == 1)
			return (int)lists[i].class;
		if (found < 0)
			return -1;
	}
	return DESTINATION_DEFAULT;
}

/* is_plain - has the local part nothing to follow, were the domain local? */
static bool is_plain(const struct resolution *resolution)
{
	return !resolution->routed && resolution->address[0] != '@';
}

/* is_decided - some list is open: is the address ours in any case? */
static bool is_decided(const struct work *work, int class)
{
	const struct resolution *resolution = work->resolution;

	if (class < 0 || class == DESTINATION_DEFAULT)
		return false;
	if (work->asks_local)
		return is_plain(resolution);
	return !resolution->routed || work->resolver->allow_untrusted_routing;
}

/* refuse - bad syntax; unless another address would come of it */
static enum resolve_status refuse(const struct work *work)
{
	return work->asks_local && !is_plain(work->resolution)
		       ? RESOLVE_ASK
		       : RESOLVE_INVALID;
}

/* judge - class and routing of the final address, which is in the resolution */
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

/* finish - the outcome, and what belongs to it */
static void finish(struct work *work, enum resolve_status status)
{
	struct resolution *resolution = work->resolution;

	resolution->status = status;
	if (resolution->status == RESOLVE_INVALID) {
		resolution->list = "";
		resolution->match = (struct table_match){ 0 };
	} else if (resolution->status == RESOLVE_ASK) {
		resolution->list = work->asks;
		resolution->match = work->asks_match;
	}
}

/* run - the whole way of one address */
static void run(struct work *work, const char *recipient)
{
	enum resolve_status status = RESOLVE_INVALID;

	if (canonicalize(work, recipient)) {
		if (strip_domains(work) < 0)
			status = RESOLVE_FAILED;
		else if (set_address(work))
			status = judge(work);
	}
	finish(work, status);
}

/* resolution_init - all but the room for a text */
static void resolution_init(struct resolution *resolution)
{
	memset(resolution, 0, offsetof(struct resolution, address));
	resolution->address[0] = '\0';
	resolution->status = RESOLVE_INVALID;
	resolution->class = DESTINATION_DEFAULT;
	resolution->list = "";
	resolution->domain = resolution->address;
}

/* work_init - share out room: each text has size bytes, each list of tokens
 * has size / 2. A text of n bytes gives n tokens at most; the external form
 * of a text, n * 2 + 3 bytes, must fit. So nothing
 * overflows; the lines marked GCOV_EXCL_LINE are for the day when somebody
 * changes what is appended where. */
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

/* resolve_long - with room on the heap */
static void resolve_long(struct work *work, const char *recipient, size_t size)
{
	char *texts = xmalloc(4 * size);
	struct token *tokens = xcalloc(size, sizeof(*tokens));

	work_init(work, texts, tokens, size);
	run(work, recipient);
	free(texts);
	free(tokens);
}

/* resolve_usual - with room on the stack */
static void resolve_usual(struct work *work, const char *recipient)
{
	char texts[4 * ROOM_USUAL];
	struct token tokens[ROOM_USUAL];

	work_init(work, texts, tokens, ROOM_USUAL);
	run(work, recipient);
}

/* resolve_plain - the same for an address_plain(): it is canonical, and either
 * its domain is ours or not; there is no more to strip or to follow. Behind the
 * address there is room for its domain, folded. */
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
	local = match_local(&work, folded);
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

/* resolve_explain - the same, telling each step */
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
	found = match_local(&work, copy);
	free(copy);
	return found == TABLE_ASK ? AUTHORIZED_ASK : found;
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
