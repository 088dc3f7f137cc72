/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_DECISION_DECIDING_H
#define T_UNIT_DECISION_DECIDING_H

#include <string.h>

#include "lib/decision/restrictions.h"
#include "t/unit/place.h"

/* Restrictions with an argument: what they decide, and what they refuse when
 * they are opened. */

/* decide - open, ask and close one restriction */
static inline enum verdict decide(const struct restriction *restriction,
				  const char *argument,
				  struct table_loader *loader,
				  const struct request *request,
				  struct decision *decision)
{
	struct restriction_context context = { .loader = loader, .utf8 = true };
	struct error error = { "" };
	bool weak = strcmp(request->encryption_protocol, "TLSv1.3") != 0;
	struct facts facts = { .weak = weak ? "weak" : NULL };
	struct subject subject = { .request = request, .facts = &facts };
	enum verdict verdict;
	void *state = NULL;

	*decision = (struct decision){ .reason = "" };
	ck_assert_msg(restriction->open(argument, &context, &state, &error) ==
			      0,
		      "\"%s\": %s", argument, error.text);
	verdict = restriction->evaluate(&subject, state, decision);
	restriction->close(state);
	return verdict;
}

/* An argument that is refused. */
struct bad_argument {
	const char *argument;
	const char *error; /* part of the reason */
};

/* refuse - does a restriction refuse it, for that reason? */
static inline void refuse(const struct restriction *restriction,
			  const struct bad_argument *bad)
{
	struct table_loader loader = { .config_directory = place_directory };
	struct restriction_context context = { .loader = &loader,
					       .utf8 = true };
	struct error error = { "" };
	void *state = &loader;

	ck_assert_int_eq(
		restriction->open(bad->argument, &context, &state, &error), -1);
	ck_assert_ptr_null(state);
	ck_assert_msg(strstr(error.text, bad->error) != NULL,
		      "\"%s\": \"%s\", not \"%s\"", bad->argument, error.text,
		      bad->error);
	restriction->close(state);
}

/* says_table - does it say which table has no answer, and why? */
static inline void says_table(const struct restriction *restriction,
			      const char *list, const char *table,
			      const char *why)
{
	struct table_loader loader = { .config_directory = place_directory };
	struct restriction_context context = { .loader = &loader };
	struct facts facts = { .weak = NULL };
	struct decision decision = { .reason = "" };
	struct error error = { "" };
	struct request request;
	struct subject subject = { .request = &request, .facts = &facts };
	void *state = NULL;

	request_init(&request);
	request.encryption_protocol = "TLSv1.3";
	request.ccert_fingerprint =
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
	request.client_address = "192.0.2.1";
	ck_assert_int_eq(restriction->open(list, &context, &state, &error), 0);
	restriction->evaluate(&subject, state, &decision);
	ck_assert_pstr_eq(decision.table, table);
	ck_assert_int_eq(decision.why == NULL, why == NULL);
	if (why != NULL)
		ck_assert_ptr_nonnull(strstr(decision.why, why));
	restriction->close(state);
}

/* says_tables - which table has no answer */
static inline void says_tables(const struct restriction *restriction)
{
	says_table(restriction, "fail:x", "fail:x", "always fail");
	says_table(restriction, "pcre:{{/^z$/ x}} fail:x", "fail:x",
		   "always fail");
	says_table(restriction, "pcre:{{/^z$/ x}}", NULL, NULL);
	says_table(restriction, "pcre:{{/./ x}}", NULL, NULL);
}

#endif
