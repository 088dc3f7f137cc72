/* SPDX-License-Identifier: ISC */
/* resolve_match - search the lists of one resolution for a domain
 *
 * Records which list decided, and the first that only Postfix can search. */

#include "lib/address/resolve_internal.h"

#include <string.h>

#include "lib/text/hostname.h"

/* tell_search - report that a list was searched */
static void tell_search(const struct work *work, const char *list,
			const char *domain, int answer,
			const struct domain_list_match *match)
{
	if (work->trace != NULL)
		work->trace(work->context,
			    &(struct resolve_step){ .list = list,
						    .domain = domain,
						    .answer = answer,
						    .match = *match });
}

/* is_own_literal - is domain, with its brackets, an address of ours? If not,
 * the closing bracket of what looks like an address is cut off. */
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
	work->resolution->match = (struct domain_list_match){ 0 };
	tell_search(work, address, domain, 1, &work->resolution->match);
	return true;
}

/* resolve_match - search one list for a domain, and record what decided */
int resolve_match(struct work *work, const struct domain_list *domains,
		  enum parameter parameter, const char *domain)
{
	struct domain_list_match match;
	int found = domain == work->folded
			    ? domain_list_match_folded(domains, domain,
						       strlen(domain), &match,
						       &work->steps)
			    : table_match_shared(domains, domain, &match,
						 &work->steps);

	tell_search(work, parameter_name(parameter), domain, found, &match);
	if (found == DOMAIN_LIST_ASK) {
		if (work->asks == NULL) {
			work->asks = parameter_name(parameter);
			work->asks_match = match;
			work->asks_why = match.why;
		}
	} else if (found != 0) {
		work->resolution->list = parameter_name(parameter);
		work->resolution->match = match;
		work->resolution->why = match.why;
	}
	return found;
}

/* resolve_match_local - is the domain, a writable text, one of our own?
 * DOMAIN_LIST_ASK: only if it is in a table that only Postfix can search. */
int resolve_match_local(struct work *work, char *domain)
{
	const char *asks = work->asks;
	size_t length = strlen(domain);
	int found;

	if (length > 0 && domain[length - 1] == '.')
		domain[--length] = '\0';
	if (length == 0 || domain[length - 1] == '.')
		return 0;
	found = resolve_match(work, work->resolver->lists[0].domains,
			      PARAMETER_MYDESTINATION, domain);
	if (found != 0 && found != DOMAIN_LIST_ASK)
		return found;
	if (is_own_literal(work, domain, length)) {
		work->asks = asks;
		return 1;
	}
	if (found == DOMAIN_LIST_ASK)
		work->asks_local = true;
	return found;
}
