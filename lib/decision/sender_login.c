/* SPDX-License-Identifier: ISC */
/* sender_login - which logins own a sender address?
 *
 * Repeats how Postfix looks an address up in smtpd_sender_login_maps. The
 * address is resolved as a recipient is, and folded. Then these forms are
 * tried, in this order and each in all maps:
 *
 * 	user+extension@domain
 * 	user@domain
 * 	user+extension, user	if the domain is $myorigin or one of our own
 * 	@domain
 *
 * The first three are tried with quotes if the user needs them, and then
 * without. Patterns see only the whole address. The first result decides:
 * owners, separated by commas or white space. A lookup that fails, or a map
 * with an empty result, ends the search: it does not mean "nobody".
 *
 * See Postfix src/global/mail_addr_find.c, src/global/split_addr.c and
 * src/smtpd/smtpd_check.c. */

#include "lib/decision/sender_login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/address/address.h"
#include "lib/address/parameters.h"
#include "lib/address/resolve.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/text/casefold.h"

#define LIST "sender_login_maps"

struct sender_login {
	const struct resolver *resolver;
	bool utf8;
	unsigned users; /* number of restrictions that share it */
	struct table **tables;
	size_t count;
	struct table_loader *loader; /* while it is being read */
};

/* An address, or a part of one, in the forms for lookups. */
struct form {
	char *plain;
	char *quoted; /* with quotes, if it needs them */
};

/* add_table - one word of the list */
static int add_table(void *context, const char *word, struct error *error)
{
	struct sender_login *maps = context;
	struct table *table = table_admit(
		table_new_values(word, maps->utf8, maps->loader, error), word,
		LIST, true, maps->loader, error);

	if (table == NULL)
		return -1;
	maps->tables = xreallocarray(maps->tables, maps->count + 1,
				     sizeof(struct table *));
	maps->tables[maps->count++] = table;
	return 0;
}

/* sender_login_close - free it after the last user */
void sender_login_close(void *state)
{
	struct sender_login *maps = state;

	if (maps == NULL || --maps->users > 0)
		return;
	for (size_t i = 0; i < maps->count; i++)
		table_free(maps->tables[i]);
	free(maps->tables);
	free(maps);
}

/* read_maps - open all maps of the list */
static struct sender_login *read_maps(const char *text,
				      const struct restriction_context *context,
				      struct error *error)
{
	struct sender_login *maps = xcalloc(1, sizeof(*maps));

	maps->users = 1;
	maps->resolver = context->resolver;
	maps->utf8 = context->utf8;
	maps->loader = context->loader;
	if (words_each_braced(text, WORDS_SEPARATORS, add_table, maps, error) <
	    0) {
		sender_login_close(maps);
		return NULL;
	}
	maps->loader = NULL;
	return maps;
}

/* sender_login_open - read the maps, unless that was done already */
int sender_login_open(const char *argument,
		      const struct restriction_context *context, void **state,
		      struct error *error)
{
	struct sender_login **shared = context->sender_login;

	if (*shared != NULL)
		(*shared)->users++;
	else
		*shared = read_maps(argument, context, error);
	*state = *shared;
	return *state != NULL ? 0 : -1;
}

/* look_up - look up one key in all maps; whole: it is a whole address */
static enum table_answer look_up(const struct sender_login *maps,
				 const char *key, bool whole,
				 struct table_result *result)
{
	enum table_answer answer = TABLE_NOT_FOUND;
	size_t length = strlen(key);

	if (length == 0 || (maps->utf8 && !casefold_is_ascii(key, length) &&
			    !casefold_is_utf8(key, length)))
		return TABLE_NOT_FOUND;
	for (size_t i = 0; i < maps->count && answer == TABLE_NOT_FOUND; i++) {
		const struct table *table = maps->tables[i];

		if (!whole && table_is_pattern(table))
			continue;
		answer = table_find(table, key, result);
	}
	return answer;
}

/* find_form - try with quotes, then without */
static enum table_answer find_form(const struct sender_login *maps,
				   const struct form *form, bool whole,
				   struct table_result *result)
{
	enum table_answer answer = look_up(maps, form->quoted, whole, result);

	if (answer == TABLE_NOT_FOUND && strcmp(form->plain, form->quoted) != 0)
		answer = look_up(maps, form->plain, whole, result);
	return answer;
}

/* find_user - the same, without the domain */
static enum table_answer find_user(const struct sender_login *maps,
				   const struct form *form,
				   struct table_result *result)
{
	char *plain = strrchr(form->plain, '@');
	char *quoted = strrchr(form->quoted, '@');
	enum table_answer answer;

	*plain = *quoted = '\0';
	answer = find_form(maps, form, false, result);
	*plain = *quoted = '@';
	return answer;
}

/* find_local - try the user alone, if the domain is local */
static enum table_answer find_local(const struct sender_login *maps,
				    const struct form *full,
				    const struct form *bare,
				    struct table_result *result)
{
	const char *domain = strrchr(full->plain, '@') + 1;
	int local = resolver_is_local(maps->resolver, domain);
	enum table_answer answer;

	if (local == 0)
		return TABLE_NOT_FOUND;
	if (local != 1)
		result->trouble.why = "it is not known whether the domain of "
				      "the sender address is local";
	if (local != 1)
		return local == AUTHORIZED_ASK ? TABLE_ASK : TABLE_FAILED;
	answer = find_user(maps, full, result);
	if (answer == TABLE_NOT_FOUND && bare != NULL)
		answer = find_user(maps, bare, result);
	return answer;
}

/* find_address - try all forms in order; bare may be NULL */
static enum table_answer find_address(const struct sender_login *maps,
				      const struct form *full,
				      const struct form *bare,
				      struct table_result *result)
{
	enum table_answer answer = find_form(maps, full, true, result);

	if (answer == TABLE_NOT_FOUND && bare != NULL)
		answer = find_form(maps, bare, false, result);
	if (answer == TABLE_NOT_FOUND)
		answer = find_local(maps, full, bare, result);
	if (answer == TABLE_NOT_FOUND)
		answer =
			look_up(maps, strrchr(full->plain, '@'), false, result);
	return answer;
}

/* find_folded - try the forms of a folded address */
static enum table_answer find_folded(const struct sender_login *maps,
				     char *address, struct table_result *result)
{
	size_t size = strlen(address) + 1;
	size_t quoted_size = 2 * size + 3;
	char *room = xmalloc(size + 2 * quoted_size);
	struct form full = { address, room + size };
	struct form bare = { room, room + size + quoted_size };
	bool has_bare =
		resolver_strip_extension(maps->resolver, bare.plain, address);
	enum table_answer answer;

	address_quote(full.quoted, quoted_size, full.plain);
	if (has_bare)
		address_quote(bare.quoted, quoted_size, bare.plain);
	answer = find_address(maps, &full, has_bare ? &bare : NULL, result);
	free(room);
	return answer;
}

/* find - find the owners of a sender address */
static enum table_answer find(const struct sender_login *maps,
			      const char *sender, struct table_result *result)
{
	struct resolution resolution;
	enum table_answer answer;
	size_t length;
	char *folded;

	resolve_address(maps->resolver, sender, &resolution);
	result->trouble.why = resolution.why;
	if (resolution.status == RESOLVE_FAILED && *resolution.list != '\0')
		result->trouble.table = resolution.list;
	if (result->trouble.why == NULL)
		result->trouble.why = "it is no address";
	if (resolution.status == RESOLVE_FAILED ||
	    strchr(resolution.address, '@') == NULL)
		return TABLE_FAILED;
	/* If the domain may be local, there may be another result. */
	if (resolution.status == RESOLVE_ASK &&
	    strcmp(resolution.list, parameter_name(PARAMETER_MYDESTINATION)) ==
		    0) {
		result->trouble.table = resolution.list;
		return TABLE_ASK;
	}
	result->trouble.why = NULL;
	length = strlen(resolution.address);
	folded = xmalloc(CASEFOLD_SIZE(length));
	casefold(folded, resolution.address, length, maps->utf8);
	answer = find_folded(maps, folded, result);
	free(folded);
	return answer;
}

/* is_owner - is the login one of the owners, ignoring case? */
static bool is_owner(const char *owners, const char *login, bool utf8)
{
	size_t size = CASEFOLD_SIZE(strlen(login));
	char *folded = xmalloc(size + CASEFOLD_SIZE(strlen(owners)));
	char *owner = folded + size;
	bool found = false;

	casefold(folded, login, strlen(login), utf8);
	while (!found &&
	       *(owners += strspn(owners, WORDS_SEPARATORS)) != '\0') {
		size_t length = strcspn(owners, WORDS_SEPARATORS);

		casefold(owner, owners, length, utf8);
		found = strcmp(owner, folded) == 0;
		owners += length;
	}
	free(folded);
	return found;
}

/* sender_login_find - which logins own it? */
enum sender_owner sender_login_find(const struct sender_login *maps,
				    const char *sender, const char *login,
				    char owners[DECISION_OWNERS_MAX],
				    struct table_trouble *trouble)
{
	struct table_result result = { .text = "" };
	enum sender_owner owner = SENDER_FAILED;

	switch (find(maps, sender, &result)) {
	case TABLE_NOT_FOUND:
		owner = SENDER_UNKNOWN;
		break;
	case TABLE_FOUND:
		snprintf(owners, DECISION_OWNERS_MAX, "%s", result.text);
		owner = is_owner(result.text, login, maps->utf8)
				? SENDER_OWNED
				: SENDER_OTHERS;
		break;
	case TABLE_ASK:
		owner = SENDER_ASK;
		break;
	case TABLE_FAILED:
		break;
	}
	*trouble = result.trouble;
	free(result.owned);
	return owner;
}

/* refuse - refuse, with a reason */
static enum verdict refuse(struct decision *decision, enum refusal refusal,
			   const char *reason)
{
	decision->refusal = refusal;
	decision->reason = reason;
	return refusal == REFUSAL_LOOKUP ? VERDICT_DEFER : VERDICT_REJECT;
}

/* pass - no objection, with a reason */
static enum verdict pass(struct decision *decision, const char *reason)
{
	decision->reason = reason;
	return VERDICT_DUNNO;
}

/* sender_login_evaluate - may this client use that sender address? */
enum verdict sender_login_evaluate(const struct sender_login *maps,
				   const struct subject *subject,
				   struct decision *decision, const char *name,
				   unsigned checks)
{
	const char *sender = subject->request->sender;
	const char *login = subject->request->sasl_username;
	/* As in Postfix: with any mechanism. */
	bool authenticated = login[0] != '\0';
	struct table_trouble trouble;
	enum sender_owner owner;

	if (sender[0] == '\0')
		return pass(decision, "there is no sender address");
	if ((checks & (authenticated ? SENDER_CHECK_AUTHENTICATED
				     : SENDER_CHECK_UNAUTHENTICATED)) == 0)
		return pass(decision,
			    authenticated ? "logged in" : "not logged in");
	owner = sender_login_find(maps, sender, login, decision->owners,
				  &trouble);
	decision->table = trouble.table;
	decision->why = trouble.why;
	switch (owner) {
	case SENDER_OWNED:
		return pass(decision, "the client owns the sender address");
	case SENDER_UNKNOWN:
		if (!authenticated || (checks & SENDER_CHECK_KNOWN) != 0)
			return pass(decision, "nobody owns the sender address");
		return refuse(decision, REFUSAL_OWNER,
			      "nobody owns the sender address");
	case SENDER_OTHERS:
		if (!authenticated)
			return refuse(decision, REFUSAL_LOGIN,
				      "the sender address has an owner");
		return refuse(decision, REFUSAL_OWNER,
			      "the sender address has another owner");
	case SENDER_ASK:
		return decision_ask_sender(decision, name);
	case SENDER_FAILED:
		break;
	}
	return refuse(decision, REFUSAL_LOOKUP,
		      "the owners of the sender address could not be looked "
		      "up");
}

/* sender_login_asks - a table that only Postfix can look up */
const char *sender_login_asks(const struct sender_login *maps, const char **why)
{
	for (size_t i = 0; i < maps->count; i++) {
		*why = table_asks(maps->tables[i]);
		if (*why != NULL)
			return table_name(maps->tables[i]);
	}
	return NULL;
}
