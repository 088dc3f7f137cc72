/* SPDX-License-Identifier: ISC */
/* test_check_postfix_filter - what becomes of policyd's refusals since 3.11:
 * postmap(1) says so, with any Postfix */

#include <check.h>

#include "t/unit/check/fixture.h"
#include "t/unit/place.h"
#include "t/unit/test.h"

#define LOST "smtpd_reject_filter_maps takes the id from policyd's refusals"
#define EVER "smtpd_reject_filter_maps makes a refusal for good of policyd's"
#define IN   "regexp:@/first"

/* The tables, the lines of the first one, and what must be found. */
static const struct {
	const char *maps, *lines;
	const char *found[2];
} filters[] = {
	{ "", "", { NULL } },
	{ IN, "", { NULL } },
	{ IN, "/^554 .*sender.* not owned/ 554 5.7.1 No\n", { NULL } },
	{ IN, "/^(5.*[^.])$/ $1. See you later.\n", { NULL } },
	{ IN, "/^(...) .*( .id ......\\))/ $1 5.7.1 No$2\n", { NULL } },
	{ IN, "/^5/ 554 5.7.1 No\n", { LOST } },
	{ IN, "/^4(.*) 4(.*)/ 5$1 5$2\n", { EVER } },
	{ IN, "/^[45]/ 550 5.0.0 No\n", { EVER, LOST } },
	{ IN, "/^4/ 450 4.3.0 Later\n", { NULL } },
	/* Postfix sends no such text. */
	{ IN, "/^[45]/ 250 2.0.0 Ok\n", { NULL } },
	{ IN, "/^[45]/ \n", { NULL } },
	{ IN, "/^[45]/ 550\n", { NULL } },
	{ IN, "/^[45]/ 5550 No\n", { NULL } },
	{ IN, "/^[45]/ 5.7.1 No\n", { NULL } },
	{ IN, "/^[45]/ 350 No\n", { NULL } },
	{ IN, "/^5/ 599-No\n", { LOST } },
	/* The first one that finds it. */
	{ IN ", static:{500 5.0.0 No}",
	  "/^(.*)$/ $1 (Help: +1 555 1)\n",
	  { NULL } },
	{ IN ", static:{500 5.0.0 No}", "/^4/ 450 4.3.0 Later\n", { LOST } },
	/* Those that cannot be asked say nothing. */
	{ "regexp:@/none", "", { NULL } },
	{ "nosuch:@/first", "/^5/ 554 5.7.1 No\n", { NULL } },
};

/* expect - these findings, each of which says what to do */
static void expect(const struct check *check, const char *const found[2])
{
	size_t i;

	for (i = 0; i < 2 && found[i] != NULL; i++) {
		ck_assert_uint_gt(check->finding_count, i);
		ck_assert_msg(strncmp(check->findings[i].text, found[i],
				      strlen(found[i])) == 0,
			      "%s", check->findings[i].text);
		ck_assert(!check->findings[i].is_error);
		ck_assert_ptr_nonnull(check->findings[i].line);
		ck_assert_ptr_nonnull(check->findings[i].advice);
	}
	ck_assert_uint_eq(check->finding_count, i);
}

/* change_filters - as main.cf has them, or -o of a service */
static void change_filters(struct postfix *postfix, struct postfix_values *own,
			   const char *maps)
{
	const char *rest = strchr(maps, '@');
	char *text = rest == NULL ? xstrdup(maps)
				  : xasprintf("%.*s%s%s", (int)(rest - maps),
					      maps, place_directory, rest + 1);

	if (own == NULL)
		change(postfix, "smtpd_reject_filter_maps", text);
	else
		postfix_values_add(own, "smtpd_reject_filter_maps", text);
	free(text);
}

/* begin - the fixture, with a main.cf for postmap(1) */
static void begin(struct postfix *postfix, const char *lines)
{
	place_make();
	place_write("main.cf", "compatibility_level = 3.6\n");
	place_write("first", lines);
	set_up(postfix);
	free(postfix->directory);
	postfix->directory = xstrdup(place_directory);
}

START_TEST(asks_the_tables)
{
	struct config *config = load();
	struct postfix postfix;
	struct check check;

	begin(&postfix, filters[_i].lines);
	change_filters(&postfix, NULL, filters[_i].maps);
	check_init(&check, &postfix, config);
	check_filters(&check);
	expect(&check, filters[_i].found);
	check_clear(&check);
	postfix_clear(&postfix);
	config_free(config);
	place_remove();
}
END_TEST

/* A port has tables of its own, and a Postfix without the parameter has
 * none. */
START_TEST(asks_those_of_the_port)
{
	static const char *const found[][2] = {
		{ NULL },
		{ "smtpd_reject_filter_maps on port submission takes" }
	};
	struct config *config = load();
	struct postfix postfix;
	struct check check;

	begin(&postfix, "/^5/ 554 5.7.1 No\n");
	change_filters(&postfix, &postfix.services[2].overrides, IN);
	change_filters(&postfix, &postfix.services[2].effective, IN);
	if (_i == 1)
		postfix_values_add(&postfix.effective,
				   "smtpd_reject_filter_maps", "");
	check_init(&check, &postfix, config);
	check_filters(&check);
	expect(&check, found[_i]);
	check_clear(&check);
	postfix_clear(&postfix);
	config_free(config);
	place_remove();
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("check_postfix_filter");

	tcase_add_loop_test(tests, asks_the_tables, 0, COUNT(filters));
	tcase_add_loop_test(tests, asks_those_of_the_port, 0, 2);
	return run_tests("check_postfix_filter", tests);
}
