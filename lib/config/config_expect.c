/* SPDX-License-Identifier: ISC */
/* config_expect - check the administrator's expectations of a configuration
 *
 * An expect section is a request and the expected verdict. Each one is
 * evaluated at every load, in the same way as in the server, so that a change
 * that breaks an expectation is never served. */

#include "lib/config/config_internal.h"

#include <string.h>
#include <strings.h>

#include "lib/decision/judgement.h"
#include "lib/request/request_notation.h"

/* One expectation. */
struct expectation {
	const struct config *config;
	const struct config_section *section;
	struct config_notes *notes;
	struct notation notation;
	enum verdict verdict;
	char title[CONFIG_SHOWN];
};

/* setting - an option of the section */
static const struct setting *setting(const struct expectation *expectation,
				     int option)
{
	return &expectation->section->settings[option];
}

/* read_verdict - the expected verdict */
static int read_verdict(struct expectation *expectation)
{
	const struct setting *from = setting(expectation, OPTION_VERDICT);
	int verdict = verdict_find(setting_text(from));
	char shown[CONFIG_SHOWN];

	if (!from->set)
		return config_error(
			expectation->notes, expectation->section->line,
			"expect %s: verdict is not set", expectation->title);
	if (verdict >= 0) {
		expectation->verdict = (enum verdict)verdict;
		return 0;
	}
	return config_error(expectation->notes, from->line,
			    "expect %s: verdict: %s is not one of permit, "
			    "reject, defer, dunno, ask",
			    expectation->title,
			    config_show(shown, setting_text(from)));
}

/* read_question - the request; short names first, so that an attribute can
 * override part of what a short name sets */
static int read_question(struct expectation *expectation)
{
	struct error error;
	int result = 0;
	int i;

	for (i = OPTION_QUESTION; i < OPTION_COUNT; i++) {
		const struct setting *from = setting(expectation, i);

		if (!from->set ||
		    notation_set(&expectation->notation,
				 config_option_name((enum config_option)i),
				 setting_text(from), &error) == 0)
			continue;
		result = config_error(expectation->notes, from->line,
				      "expect %s: %s", expectation->title,
				      error.text);
	}
	return result;
}

/* names_service - does a service section name the port or context of the
 * request? */
static bool names_service(const struct config *config,
			  const struct request *request)
{
	const struct service *service =
		service_find(&config->services, request);

	return service !=
	       &config->services.services[config->services.count - 1];
}

/* warn_service - warn of a request that reaches no service section although it
 * was meant to */
static void warn_service(const struct expectation *expectation)
{
	const struct request *request = &expectation->notation.request;
	const struct config *config = expectation->config;

	if (config->services.count == 1 || names_service(config, request) ||
	    (request->server_port[0] == '\0' &&
	     request->policy_context[0] == '\0'))
		return;
	config_warning(expectation->notes, expectation->section->line,
		       "expect %s: no service has its port and context; the "
		       "top-level settings apply",
		       expectation->title);
}

/* warn_never - warn of a request that Postfix never sends */
static void warn_never(const struct expectation *expectation)
{
	const struct request *request = &expectation->notation.request;

	if (strcasecmp(request->recipient, "postmaster") == 0)
		config_warning(expectation->notes, expectation->section->line,
			       "expect %s: never applies: Postfix accepts "
			       "postmaster without a domain and does not ask",
			       expectation->title);
	if (request->recipient[0] == '\0' &&
	    (strcmp(request->protocol_state, "RCPT") == 0 ||
	     strcmp(request->protocol_state, "VRFY") == 0))
		config_warning(expectation->notes, expectation->section->line,
			       "expect %s: never applies: at %s there is "
			       "always a recipient (to = ...)",
			       expectation->title, request->protocol_state);
}

/* is_met - is the verdict the expected one? What is left to Postfix is refused
 * if only a destination that is ours could pass. */
static bool is_met(const struct expectation *expectation,
		   const struct decision *decision,
		   const struct reply_options *reply)
{
	enum verdict be = expectation->verdict;
	const char *word;

	if (decision->verdict == VERDICT_ASK &&
	    (be == VERDICT_REJECT || be == VERDICT_DEFER) &&
	    reply->mode == REPLY_LOCK)
		return decision_elsewhere(decision, &word) == be;
	return decision->verdict == be;
}

/* compare - compare the verdict with the expected one */
static void compare(const struct expectation *expectation,
		    const struct decision *decision,
		    const struct reply_options *reply)
{
	const char *is = verdict_name(decision->verdict);
	const char *be = verdict_name(expectation->verdict);
	bool failed = decision->verdict == VERDICT_DEFER &&
		      decision->refusal == REFUSAL_LOOKUP &&
		      expectation->config->failed_tables > 0;

	if (is_met(expectation, decision, reply))
		return;
	if (failed)
		config_warning(expectation->notes, expectation->section->line,
			       "expect %s: cannot be judged: %s",
			       expectation->title, decision->reason);
	else
		config_error(expectation->notes, expectation->section->line,
			     "expect %s: the verdict is %s, not %s: by %s: %s",
			     expectation->title, is, be, decision->restriction,
			     decision->reason);
}

/* judge - evaluate the request as the server would */
static void judge(const struct expectation *expectation)
{
	const struct config *config = expectation->config;
	const struct request *request = &expectation->notation.request;
	const struct service *service =
		service_find(&config->services, request);
	struct judgement judgement = { 0 };

	if (judgement_now(&judgement, service, config->resolver, request, 0) <
	    0) {
		config_error(expectation->notes, expectation->section->line,
			     "expect %s: cannot be judged: a restriction "
			     "answers later",
			     expectation->title);
		return;
	}
	warn_service(expectation);
	warn_never(expectation);
	compare(expectation, &judgement.evaluation.decision, &service->reply);
}

/* config_expect - check all expectations */
void config_expect(const struct config *config, struct config_notes *notes)
{
	size_t i;

	for (i = 0; i < config->settings->expect_count; i++) {
		struct expectation expectation = {
			.config = config,
			.section = &config->settings->expects[i],
			.notes = notes,
		};
		int verdict;
		int notation;

		config_show(expectation.title, expectation.section->title);
		notation_init(&expectation.notation);
		verdict = read_verdict(&expectation);
		notation = read_question(&expectation);
		if (verdict == 0 && notation == 0)
			judge(&expectation);
		notation_clear(&expectation.notation);
	}
}
