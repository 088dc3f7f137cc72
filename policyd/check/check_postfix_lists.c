/* SPDX-License-Identifier: ISC */
/* check_postfix_lists - the place of policyd in the restriction lists
 *
 * smtpd(8) evaluates a list until a word permits (the rest of this list is
 * skipped), a word refuses, or the list ends (which permits). So anything that
 * permits before policyd keeps it from being asked, and what comes after
 * policyd decides when it answers DUNNO, or permits and Postfix does not agree.
 */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/xalloc.h"
#include "lib/request/request.h"

/* is_word - ignoring case, as Postfix does */
static bool is_word(const struct postfix_restriction *item, const char *word)
{
	return strcasecmp(item->word, word) == 0;
}

/* is_always - does it decide for every client? */
static bool is_always(const struct postfix_restriction *item)
{
	return is_word(item, "permit") || is_word(item, "reject") ||
	       is_word(item, "defer");
}

/* is_refusal - does it refuse every stranger that tries to relay? */
static bool is_refusal(const struct postfix_restriction *item)
{
	return is_word(item, "reject") || is_word(item, "defer") ||
	       is_word(item, "reject_unauth_destination") ||
	       is_word(item, "defer_unauth_destination");
}

/* is_permit - can it permit by itself? */
static bool is_permit(const struct postfix_restriction *item)
{
	return strncasecmp(item->word, "permit", 6) == 0;
}

/* refuses_from - does the list refuse a stranger from this index on? */
static bool refuses_from(const struct smtpd_restrictions *list, size_t at)
{
	for (; at < list->count; at++) {
		const struct postfix_restriction *item = &list->items[at];

		if (is_word(item, "permit"))
			return false;
		if (is_word(item, "warn_if_reject"))
			at++;
		else if (is_refusal(item))
			return true;
	}
	return false;
}

/* check_policy_attribute - the value of the use itself, or that of main.cf */
const char *check_policy_attribute(const struct check *check,
				   const struct use *use, const char *attribute,
				   char **parameter)
{
	const char *value =
		postfix_values_get(&use->policy.attributes, attribute);
	const struct list *list = use->list;

	if (value != NULL) {
		*parameter =
			xstrdup(list->restrictions.items[use->at].parameter);
		return value;
	}
	*parameter = xasprintf("smtpd_policy_service_%s", attribute);
	return postfix_get(check->postfix, list->service, *parameter);
}

/* our_service - the section of policyd.conf that answers this use */
static const struct service *our_service(const struct check *check,
					 const struct use *use)
{
	struct request request;
	unsigned number = postfix_port(check->postfix, use->list->service);
	char port[12] = "", *parameter;

	if (number > 0)
		snprintf(port, sizeof(port), "%u", number);
	request_init(&request);
	request.server_port = port;
	request.policy_context = check_policy_attribute(
		check, use, "policy_context", &parameter);
	free(parameter);
	return service_find(&check->config->services, &request);
}

/* list_mistake - a mistake in the list of a use */
static struct mistake list_mistake(const struct use *use,
				   enum severity severity,
				   const char *parameter)
{
	return (struct mistake){
		.severity = severity,
		.service = use->list->service,
		.parameter = parameter,
	};
}

/* without - the value of a parameter without one of its words */
static char *without(const struct check *check, const struct use *use,
		     const struct postfix_restriction *gone)
{
	struct smtpd_restrictions list = { 0 }, rest = { 0 };
	bool found = false;
	char *text;
	size_t i;

	smtpd_restrictions_parse(&list,
				 postfix_get(check->postfix, use->list->service,
					     gone->parameter),
				 gone->parameter);
	rest.items = xcalloc(list.count + 1, sizeof(*rest.items));
	for (i = 0; i < list.count; i++)
		if (found || strcmp(list.items[i].word, gone->word) != 0)
			rest.items[rest.count++] = list.items[i];
		else
			found = true;
	text = smtpd_restrictions_text(&rest);
	free(rest.items);
	smtpd_restrictions_clear(&list);
	return text;
}

/* found_ahead - report a word that comes before policyd */
static void found_ahead(struct check *check, const struct use *use,
			const struct postfix_restriction *item,
			enum severity severity, const char *what)
{
	struct mistake mistake = list_mistake(use, severity, item->parameter);
	char *on = check_on(check, use->list->service, item->parameter);
	char *value = without(check, use, item);

	mistake.value = value;
	check_found(check, &mistake, "%s%s: %s comes before policyd: %s",
		    use->list->name, on, item->word, what);
	free(value);
	free(on);
}

/* check_login_ahead - policyd is not asked about clients that have logged in */
static void check_login_ahead(struct check *check, const struct use *use,
			      const struct postfix_restriction *item)
{
	const struct postfix_service *service = use->list->service;

	if (!postfix_get_bool(check->postfix, service,
			      "smtpd_sasl_auth_enable"))
		return;
	if (check_offers_plain_auth(check, service))
		found_ahead(check, use, item, SEVERITY_ERROR,
			    "a client that logs in without encryption may "
			    "relay, and policyd is never asked");
	else
		found_ahead(check, use, item, SEVERITY_WARNING,
			    "policyd is not asked about clients that have "
			    "logged in, however weak their encryption is");
}

/* check_permit_before - is policyd asked at all? */
static void check_permit_before(struct check *check, const struct use *use)
{
	size_t i;

	for (i = 0; i < use->at; i++) {
		const struct postfix_restriction *item =
			&use->list->restrictions.items[i];

		if (is_always(item))
			found_ahead(check, use, item, SEVERITY_ERROR,
				    "it always decides, so policyd is never "
				    "asked");
		else if (is_word(item, "permit_sasl_authenticated"))
			check_login_ahead(check, use, item);
		else if (is_permit(item))
			found_ahead(check, use, item, SEVERITY_WARNING,
				    "policyd is not asked about what it "
				    "permits");
		else if (is_word(item, "warn_if_reject") && i + 1 == use->at)
			found_ahead(check, use, item, SEVERITY_ERROR,
				    "mail that policyd refuses is only logged, "
				    "and accepted");
	}
}

/* after_severity - how bad is it if a list ends after policyd? Either the relay
 * or the recipient list must refuse; one of them is enough. */
static enum severity after_severity(const struct check *check,
				    const struct use *use)
{
	const struct postfix_service *service = use->list->service;
	enum list_kind other =
		use->list->kind == LIST_RELAY ? LIST_RECIPIENT : LIST_RELAY;

	if (use->list->kind != LIST_RELAY && use->list->kind != LIST_RECIPIENT)
		return SEVERITY_WARNING;
	return refuses_from(&check_list(check, service, other)->restrictions, 0)
		       ? SEVERITY_WARNING
		       : SEVERITY_ERROR;
}

/* is_right_after - is it safe how the list continues? At DATA a message with
 * several recipients has none that policyd could judge, so a refusal would be
 * wrong; what it permits with DUNNO must pass; and with mode = observe some
 * other list must decide. */
static bool is_right_after(struct check *check, const struct use *use)
{
	const struct list *list = use->list;
	const struct reply_options *reply = &our_service(check, use)->reply;

	if (list->kind == LIST_DATA || list->kind == LIST_END_OF_DATA ||
	    refuses_from(&list->restrictions, use->at + 1))
		return true;
	if (reply->observe)
		return after_severity(check, use) == SEVERITY_WARNING;
	return reply->mode == REPLY_DUNNO;
}

/* check_nothing_after - does anything refuse when policyd has no opinion? */
static void check_nothing_after(struct check *check, const struct use *use)
{
	const struct list *list = use->list;
	bool observe = our_service(check, use)->reply.observe;
	struct mistake mistake;
	const char *text;
	char *value, *on;

	if (is_right_after(check, use))
		return;
	mistake = list_mistake(use, after_severity(check, use), list->name);
	text = postfix_get(check->postfix, list->service, list->name);
	value = xasprintf("%.*s%s, reject", (int)strcspn(text, "\n"), text,
			  observe ? ", permit_auth_destination, "
				    "permit_sasl_authenticated"
				  : "");
	on = check_on(check, list->service, list->name);
	mistake.value = value;
	check_found(check, &mistake,
		    "%s%s: nothing refuses after policyd: the end of the list "
		    "permits when policyd has no opinion, or when Postfix "
		    "does not agree with it",
		    list->name, on);
	free(value);
	free(on);
}

/* our_reply - the line of policyd.conf that a use is answered by */
static char *our_reply(const struct service *service)
{
	return xasprintf("%s%s   (service \"%s\", line %d)",
			 service->reply.observe ? "mode = observe" : "reply = ",
			 service->reply.observe
				 ? ""
				 : reply_mode_name(service->reply.mode),
			 service->name, service->line);
}

/* check_relay_dunno - reply = dunno in the relay list, where it does not permit
 */
static void check_relay_dunno(struct check *check, const struct use *use)
{
	const struct list *list = use->list;
	const struct service *service = our_service(check, use);
	char *line, *text;

	if (list->kind != LIST_RELAY || service->reply.observe ||
	    service->reply.mode != REPLY_DUNNO)
		return;
	line = our_reply(service);
	text = xasprintf(
		"policyd is in %s with reply = dunno: %s", list->name,
		refuses_from(&list->restrictions, use->at + 1)
			? "what it permits is refused by what follows"
			: "the end of the list permits everything that it "
			  "does not refuse, and Postfix does not look again");
	check_found_ours(check, SEVERITY_ERROR, line,
			 "reply = lock   (or put policyd into "
			 "smtpd_recipient_restrictions)",
			 text);
	free(text);
	free(line);
}

/* check_dunno_refused - does a refusal follow our DUNNO? */
static void check_dunno_refused(struct check *check, const struct use *use)
{
	const struct smtpd_restrictions *list = &use->list->restrictions;
	const struct service *service = our_service(check, use);
	bool observe = service->reply.observe;
	char *line, *text;
	size_t i;

	if ((!observe && (use->list->kind == LIST_RELAY ||
			  service->reply.mode != REPLY_DUNNO)) ||
	    !refuses_from(list, use->at + 1))
		return;
	for (i = use->at + 1; i < list->count && !is_refusal(&list->items[i]);
	     i++)
		if (is_permit(&list->items[i]))
			return;
	line = our_reply(service);
	text = xasprintf("policyd is in %s with %s, and %s follows: it refuses "
			 "what policyd permits",
			 use->list->name,
			 observe ? "mode = observe" : "reply = dunno",
			 list->items[i].word);
	check_found_ours(check, SEVERITY_ERROR, line,
			 observe ? "mode = enforce   (or put restrictions that "
				   "permit before the refusal)"
				 : "reply = lock   (or remove the refusal)",
			 text);
	free(text);
	free(line);
}

/* is_check - can the restriction find something wrong with a mail? */
static bool is_check(const struct postfix_restriction *item)
{
	return !is_refusal(item) && !is_permit(item);
}

/* checks_first - the list with the checks after policyd moved before it */
static char *checks_first(const struct smtpd_restrictions *list, size_t at)
{
	struct smtpd_restrictions moved = { 0 };
	char *text;
	size_t i;

	moved.items = xcalloc(list->count + 1, sizeof(*moved.items));
	for (i = 0; i < at; i++)
		moved.items[moved.count++] = list->items[i];
	for (i = at + 1; i < list->count; i++)
		if (is_check(&list->items[i]) ||
		    is_word(&list->items[i - 1], "warn_if_reject"))
			moved.items[moved.count++] = list->items[i];
	moved.items[moved.count++] = list->items[at];
	for (i = at + 1; i < list->count; i++)
		if (!is_check(&list->items[i]) &&
		    !is_word(&list->items[i - 1], "warn_if_reject"))
			moved.items[moved.count++] = list->items[i];
	text = smtpd_restrictions_text(&moved);
	free(moved.items);
	return text;
}

/* check_recipient_ok - checks that are skipped when policyd permits */
static void check_recipient_ok(struct check *check, const struct use *use)
{
	const struct smtpd_restrictions *list = &use->list->restrictions;
	const char *mode = reply_mode_name(our_service(check, use)->reply.mode);
	struct mistake mistake =
		list_mistake(use, SEVERITY_ERROR, use->list->name);
	char *value, *on;
	size_t i = use->at + 1;

	while (i < list->count && !is_check(&list->items[i]))
		i++;
	if (use->list->kind != LIST_RECIPIENT || i == list->count ||
	    our_service(check, use)->reply.observe ||
	    strcmp(mode, reply_mode_name(REPLY_DUNNO)) == 0)
		return;
	value = checks_first(list, use->at);
	on = check_on(check, use->list->service, use->list->name);
	mistake.value = value;
	check_found(check, &mistake,
		    "%s%s: %s follows policyd, which ends the list with its "
		    "permit (reply = %s): it is never tried on what policyd "
		    "permits",
		    use->list->name, on, list->items[i].word, mode);
	free(value);
	free(on);
}

/* check_delay - is there a recipient when policyd is asked? */
static void check_delay(struct check *check, const struct use *use)
{
	struct mistake mistake =
		list_mistake(use, SEVERITY_ERROR, "smtpd_delay_reject");
	char *on;

	if (use->list->kind > LIST_SENDER ||
	    postfix_get_bool(check->postfix, use->list->service,
			     "smtpd_delay_reject"))
		return;
	on = check_on(check, use->list->service, "smtpd_delay_reject");
	mistake.value = "yes";
	check_found(check, &mistake,
		    "smtpd_delay_reject%s: policyd is asked in %s before "
		    "there is a recipient or a login to judge",
		    on, use->list->name);
	free(on);
}

/* check_lists - the place of policyd in the lists */
void check_lists(struct check *check)
{
	static void (*const checks[])(struct check *, const struct use *) = {
		check_permit_before, check_nothing_after, check_relay_dunno,
		check_dunno_refused, check_recipient_ok,  check_delay,
	};
	size_t i, j;

	for (i = 0; i < check->use_count; i++)
		for (j = 0; j < sizeof(checks) / sizeof(checks[0]); j++)
			checks[j](check, &check->uses[i]);
}
