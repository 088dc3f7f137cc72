/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_CHECK_FIXTURE_H
#define T_UNIT_CHECK_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "lib/text/idna.h"
#include "policyd/check/check_postfix_internal.h"
#include "t/unit/test.h"

/* The configuration of t/data/check_postfix, without a mistake. */

#define DATA TEST_DATA "/check_postfix/"
#define ASK  "check_policy_service unix:private/policyd"

/* data - one file of the fixture */
static inline char *data(const char *name)
{
	char *path = xasprintf(DATA "%s", name);
	size_t size;
	char *text = read_whole(path, &size);

	free(path);
	return text;
}

/* set_up - the configuration of the fixture */
static inline void set_up(struct postfix *postfix)
{
	char *main_cf = data("main"), *effective = data("effective");
	char *services = data("services"), *overrides = data("overrides");
	struct error error = { "" };

	*postfix = (struct postfix){ .directory = xstrdup("/etc/postfix") };
	ck_assert_int_eq(postfix_values_parse(&postfix->main, main_cf, &error),
			 0);
	ck_assert_int_eq(
		postfix_values_parse(&postfix->effective, effective, &error),
		0);
	ck_assert_int_eq(
		postfix_services_parse(postfix, services, false, &error), 0);
	ck_assert_int_eq(postfix_overrides_parse(postfix, overrides, &error),
			 0);
	free(main_cf);
	free(effective);
	free(services);
	free(overrides);
}

/* change - a line of main.cf */
static inline void change(struct postfix *postfix, const char *name,
			  const char *value)
{
	postfix_values_add(&postfix->main, name, value);
	postfix_values_add(&postfix->effective, name, value);
}

/* load - the policyd.conf of the fixture, or another file */
static inline struct config *load_file(const char *file)
{
	struct config_messages messages = { 0 };
	struct config *config = config_load(file, &messages);

	ck_assert_msg(config != NULL, "%s", messages.lines[0]);
	config_messages_clear(&messages);
	return config;
}

static inline struct config *load(void)
{
	return load_file(DATA "policyd.conf");
}

#endif
