/* SPDX-License-Identifier: ISC */
/* resolve_strip - strip our own domains off an address, and follow its routing
 *
 * The address is put into canonical form. Then, in rounds, the last domain is
 * stripped if it is one of ours, and the routing that is left ("@", "%", "!",
 * also inside quotes) is followed. See Postfix
 * src/trivial-rewrite/resolve.c. */

#include "lib/address/resolve_internal.h"

#include <string.h>

#define BYTES_MAX 200000 /* examined in all rounds: a millisecond */

/* is_failed - did something not fit? The address is then refused */
static bool is_failed(const struct work *work)
{
	return work->address.overflow || work->saved.overflow;
}

/* print - print the tokens from index from on, in internal form, to
 * work->plain */
static bool print(struct work *work, size_t from)
{
	if (address_print(&work->address, from, work->plain, work->size) < 0)
		work->address.overflow = true; /* GCOV_EXCL_LINE */
	return !work->address.overflow;
}

/* scan_plain - parse the address in work->plain, which is in internal form */
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

/* tell_address - print the address and report it */
static void tell_address(const struct work *work, unsigned changes)
{
	char text[RESOLUTION_ADDRESS_MAX];
	struct resolve_step step = { .changes = changes, .address = text };

	if (address_print(&work->address, work->address.first, text,
			  sizeof(text)) >= 0)
		work->trace(work->context, &step);
}

/* tell_change - report the address, if it has changed */
static void tell_change(struct work *work)
{
	unsigned changes = work->address.changes;

	if (work->trace == NULL || changes == 0 || is_failed(work))
		return;
	work->address.changes = 0;
	tell_address(work, changes);
}

/* canonicalize - rewrite the recipient as Postfix does before resolution, and
 * parse the result */
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
	/* An unchanged text has the same tokens. */
	if (!changed && strcmp(work->plain, recipient) == 0)
		return true;
	return scan_plain(work);
}

/* save_domain - cut the address before index at, and keep what is cut off (with
 * its text, which is lost when the address is scanned again) */
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

/* find_quoted_operator - the operator to follow in a local part that is one
 * quoted string, as a pointer into work->plain; or NULL */
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

/* crack_quotes - follow routing inside quotes. RFC 822 does not ask for it, but
 * a receiving host might do it. True: there was some. */
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

/* complete_local - replace an empty local part by a name, and add our domain to
 * an address without one. True: there is something new to examine. */
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

/* strip_once - one round: strip the last domain if it is ours, and follow the
 * rest. 1: continue; 0: finished; -1: a list could not be searched. */
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
	    address_last(address)->op == '@') {
		address->changes |= RESOLVE_NULL_DOMAIN;
		address->end--;
	}
	at = address_find_last(address, '@');
	if (at >= 0) {
		if ((size_t)at + 1 < address->end) {
			if (!print(work, (size_t)at + 1))
				return 0; /* GCOV_EXCL_LINE */
			local = resolve_match_local(work, work->plain);
			if (local == DOMAIN_LIST_ASK)
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

/* give_up - report that it takes too long, without a list */
static int give_up(struct work *work)
{
	struct resolution *resolution = work->resolution;

	resolution->list = "";
	resolution->match = (struct domain_list_match){ 0 };
	resolution->why = "the address has too many domains to follow";
	return -1;
}

/* strip_domains - strip our own domains until none is left. Each round examines
 * the whole address and removes something, except with an unwise
 * empty_address_recipient; but that may be one "@" of thousands, which takes
 * Postfix long. In 2,000 bytes, about as many as smtpd(8) takes, a chain of
 * names of ten bytes or more is finished. A chain of hundreds of shorter names
 * may not be: the lookup then fails, and Postfix defers the recipient. */
static int strip_domains(struct work *work)
{
	size_t left = BYTES_MAX;
	int more = 1;

	while (more == 1) {
		size_t bytes = address_bytes(&work->address) +
			       address_count(&work->address) + 1;

		if (bytes > left)
			return give_up(work);
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

/* resolve_strip - find the final address */
int resolve_strip(struct work *work, const char *recipient)
{
	if (!canonicalize(work, recipient))
		return 0; /* GCOV_EXCL_LINE */
	if (strip_domains(work) < 0)
		return -1;
	return set_address(work) ? 1 : 0;
}
