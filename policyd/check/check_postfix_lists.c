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
#include "lib/postfix/smtpd_word.h"
#include "lib/request/request.h"

/* check_policy_attribute - the value of the use itself, or that of main.cf */
const char *check_policy_attribute(const struct check *check,
				   const struct use *use, const char *attribute,
				   char **parameter)
{
	const char *value =
		postfix_values_get(&use->policy.attributes, attribute);
	const struct list *list = use->list;
	char *name;

	if (value != NULL) {
		name = xstrdup(list->restrictions.items[use->at].parameter);
	} else {
		name = xasprintf("smtpd_policy_service_%s", attribute);
		value = postfix_get(check->postfix, list->service, name);
	}
	if (parameter != NULL)
		*parameter = name;
	else
		free(name);
	return value;
}

/* check_service - the section of policyd.conf that answers a use */
const struct service *check_service(const struct check *check,
				    const struct use *use)
{
	struct request request;
	unsigned number = postfix_port(check->postfix, use->list->service);
	char port[12] = "";

	if (number > 0)
		snprintf(port, sizeof(port), "%u", number);
	request_init(&request);
	request.server_port = port;
	request.policy_context =
		check_policy_attribute(check, use, "policy_context", NULL);
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
		.use = use,
		.effect.closes = { [SMTPD_ELSEWHERE] =
					   1u << SMTPD_STRANGER |
					   1u << SMTPD_STRANGER_TLS |
					   1u << SMTPD_LOGIN },
	};
}

/* found_ahead - report a word that comes before policyd */
static void found_ahead(struct check *check, const struct use *use,
			const struct postfix_restriction *item,
			enum severity severity, const char *what)
{
	const struct smtpd_restrictions *list = &use->list->restrictions;
	const char *own = list->items[use->at].parameter;
	struct mistake mistake = list_mistake(use, severity, use->list->name);
	char *on = check_on(check, use->list->service, use->list->name);
	char *advice = xasprintf("put check_policy_service before %s, if that "
				 "may be",
				 item->word);

	if (strcmp(own, item->parameter) == 0)
		mistake.parameter = own;
	mistake.edits = EDIT_BEFORE;
	mistake.advice = advice;
	check_found(check, &mistake, "%s%s: %s comes before policyd: %s",
		    use->list->name, on, item->word, what);
	free(advice);
	free(on);
}

/* check_login_ahead - policyd is not asked about clients that have logged in */
static void check_login_ahead(struct check *check, const struct use *use,
			      const struct postfix_restriction *item)
{
	const struct smtpd_row *row = check_row(check, use->list->service);

	if (row == NULL || row->port.auth == SMTPD_NO)
		return;
	if (row->port.plain_auth != SMTPD_NO)
		found_ahead(check, use, item, SEVERITY_ERROR,
			    "a client that logs in without encryption may "
			    "relay, and policyd is never asked");
	else
		found_ahead(check, use, item, SEVERITY_WARNING,
			    "policyd is not asked about clients that have "
			    "logged in, however weak their encryption is");
}

/* check_before - one word before policyd */
static void check_before(struct check *check, const struct use *use,
			 const struct postfix_restriction *item, bool next)
{
	const struct smtpd_word *word = smtpd_word_find(item->word);
	enum smtpd_word_kind kind =
		word != NULL ? word->kind : SMTPD_WORD_UNKNOWN;

	if (kind == SMTPD_WORD_PERMIT || kind == SMTPD_WORD_REFUSE)
		found_ahead(check, use, item, SEVERITY_ERROR,
			    "it always decides, so policyd is never asked");
	else if (kind == SMTPD_WORD_LOGIN)
		check_login_ahead(check, use, item);
	else if (check_is_permit(item))
		found_ahead(check, use, item, SEVERITY_WARNING,
			    "policyd is not asked about what it permits");
	else if (kind == SMTPD_WORD_WARN && next)
		found_ahead(check, use, item, SEVERITY_ERROR,
			    "mail that policyd refuses is only logged, and "
			    "accepted");
}

/* check_permit_before - is policyd asked at all? A port for a filter is a
 * finding of its own. */
static void check_permit_before(struct check *check, const struct use *use)
{
	size_t i;

	for (i = 0; i < use->at; i++)
		check_before(check, use, &use->list->restrictions.items[i],
			     i + 1 == use->at);
}

/* is_right_after - is it safe how the list continues? At DATA a message with
 * several recipients has none that policyd could judge, so a refusal would be
 * wrong; what policyd permits with DUNNO must pass; and with mode = observe
 * some other list must decide. */
static bool is_right_after(const struct check *check, const struct use *use,
			   const struct smtpd_row *row)
{
	const struct reply_options *reply = &check_service(check, use)->reply;

	if (use->list->kind >= SMTPD_LIST_DATA ||
	    !check_lets_pass(check, row, use->list, 0) ||
	    !check_lets_pass(check, row, use->list, use->at + 1))
		return true;
	if (reply->observe)
		return !check_lets_pass(check, row, NULL, 0);
	return reply->mode == REPLY_DUNNO;
}

/* check_nothing_after - does anything refuse when policyd has no opinion? */
static void check_nothing_after(struct check *check, const struct use *use)
{
	const struct smtpd_row *row = check_row(check, use->list->service);
	const struct list *list = use->list;
	struct mistake mistake;
	char *on;

	if (row == NULL || row->is_return || is_right_after(check, use, row))
		return;
	mistake = list_mistake(use,
			       check_lets_pass(check, row, NULL, 0)
				       ? SEVERITY_ERROR
				       : SEVERITY_WARNING,
			       list->name);
	mistake.edits = check_service(check, use)->reply.observe ? EDIT_DECIDE
								 : EDIT_REFUSE;
	mistake.advice = "let the list end with reject";
	on = check_on(check, list->service, list->name);
	check_found(check, &mistake,
		    "%s%s: nothing refuses after policyd: the end of the list "
		    "permits when policyd has no opinion, or when Postfix "
		    "does not agree with it",
		    list->name, on);
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

/* refusal - the word that refuses what policyd permits with DUNNO; NULL: there
 * is none. With mode = observe policyd is not to decide about users. */
static const struct postfix_restriction *refusal(const struct check *check,
						 const struct use *use)
{
	bool observe = check_service(check, use)->reply.observe;
	struct passage passage = {
		.check = check,
		.row = check_row(check, use->list->service),
		.list = use->list,
		.from = use->at + 1,
	};

	if (passage.row != NULL &&
	    (check_passes(&passage, SMTPD_STRANGER_TLS, SMTPD_OURS) ==
		     SMTPD_NO ||
	     (!observe && check_passes(&passage, SMTPD_LOGIN_TLS,
				       SMTPD_ELSEWHERE) == SMTPD_NO)))
		return passage.why;
	return NULL;
}

/* check_relay_dunno - reply = dunno in the relay list, where it does not permit
 */
static void check_relay_dunno(struct check *check, const struct use *use)
{
	const struct list *list = use->list;
	const struct service *service = check_service(check, use);
	char *line;

	if (list->kind != SMTPD_LIST_RELAY || service->reply.observe ||
	    service->reply.mode != REPLY_DUNNO)
		return;
	line = our_reply(service);
	check_found_ours(
		check, SEVERITY_ERROR, line,
		"reply = lock   (or put policyd into "
		"smtpd_recipient_restrictions)",
		"policyd is in %s with reply = dunno: %s", list->name,
		refusal(check, use) != NULL
			? "what it permits is refused by what follows"
			: "the end of the list permits everything that it "
			  "does not refuse, and Postfix does not look again");
	free(line);
}

/* check_dunno_refused - does a refusal follow our DUNNO? */
static void check_dunno_refused(struct check *check, const struct use *use)
{
	const struct service *service = check_service(check, use);
	bool observe = service->reply.observe;
	const struct postfix_restriction *word;
	char *line;

	if (use->list->kind >= SMTPD_LIST_DATA ||
	    (!observe && (use->list->kind == SMTPD_LIST_RELAY ||
			  service->reply.mode != REPLY_DUNNO)))
		return;
	word = refusal(check, use);
	if (word == NULL)
		return;
	line = our_reply(service);
	check_found_ours(check, SEVERITY_ERROR, line,
			 observe ? "mode = enforce   (or put restrictions that "
				   "permit before the refusal)"
				 : "reply = lock   (or remove the refusal)",
			 "policyd is in %s with %s, and %s follows: it refuses "
			 "what policyd permits",
			 use->list->name,
			 observe ? "mode = observe" : "reply = dunno",
			 word->word);
	free(line);
}

/* check_recipient_ok - checks that are skipped when policyd permits */
static void check_recipient_ok(struct check *check, const struct use *use)
{
	const struct smtpd_restrictions *list = &use->list->restrictions;
	const char *mode =
		reply_mode_name(check_service(check, use)->reply.mode);
	struct mistake mistake =
		list_mistake(use, SEVERITY_ERROR, use->list->name);
	size_t i = use->at + 1;
	char *on;

	while (i < list->count && !check_is_check(&list->items[i]))
		i++;
	if (use->list->kind != SMTPD_LIST_RECIPIENT || i == list->count ||
	    check_service(check, use)->reply.observe ||
	    strcmp(mode, reply_mode_name(REPLY_DUNNO)) == 0)
		return;
	mistake.edits = EDIT_CHECKS;
	mistake.advice = "put it before check_policy_service";
	on = check_on(check, use->list->service, use->list->name);
	check_found(check, &mistake,
		    "%s%s: %s follows policyd, which ends the list with its "
		    "permit (reply = %s): it is never tried on what policyd "
		    "permits",
		    use->list->name, on, list->items[i].word, mode);
	free(on);
}

/* check_delay - is there a recipient when policyd is asked? */
static void check_delay(struct check *check, const struct use *use)
{
	struct mistake mistake =
		list_mistake(use, SEVERITY_ERROR, "smtpd_delay_reject");
	char *on;

	if (use->list->kind > SMTPD_LIST_SENDER ||
	    postfix_get_bool(check->postfix, use->list->service,
			     "smtpd_delay_reject"))
		return;
	on = check_on(check, use->list->service, "smtpd_delay_reject");
	mistake.use = NULL;
	mistake.value = "yes";
	mistake.advice = "smtpd_delay_reject = yes";
	mistake.effect.opens[SMTPD_OURS] = (1u << SMTPD_CLIENTS) - 1;
	mistake.effect.opens[SMTPD_ELSEWHERE] = 1u << SMTPD_LOGIN_TLS;
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

	for (i = 0; i < check->uses.count; i++)
		for (j = 0; j < sizeof(checks) / sizeof(checks[0]); j++)
			checks[j](check, &check->uses.list[i]);
}
