/* SPDX-License-Identifier: ISC */
/* test_resolve_limits - addresses of any length and shape: chains, pieces,
 * bytes */

#include "lib/address/address.h"

#include <string.h>
#include <unistd.h>

#include "t/unit/address/resolving.h"

START_TEST(refuses_a_long_origin)
{
	char origin[5001] = "";
	struct setting settings[2] = { { "myorigin", origin }, { NULL, NULL } };
	struct error error;

	memset(origin, 'a', sizeof(origin) - 1);
	ck_assert_ptr_null(make(settings, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "myorigin: is longer than"));
}
END_TEST

START_TEST(counts_the_entries_of_each_list)
{
	static const struct setting settings[] = {
		{ "mydestination", "a, b, c" },
		{ "virtual_alias_domains", "d, e" },
		{ "virtual_mailbox_domains", "f" },
		{ "relay_domains", "!g, h, i, j" },
		{ NULL, NULL },
	};
	static const size_t sizes[RESOLVER_LISTS] = { 3, 2, 1, 4 };
	struct resolver *resolver = must_make(settings);
	const struct resolver_list *lists = resolver_lists(resolver);

	for (int i = 0; i < RESOLVER_LISTS; i++) {
		ck_assert_str_eq(parameter_name(lists[i].parameter),
				 settings[i].name);
		ck_assert_uint_eq(domain_list_size(lists[i].domains), sizes[i]);
	}
	resolver_free(resolver);
}
END_TEST

struct origin_case {
	const char *text;   /* of the file */
	const char *domain; /* that is appended; NULL: refused */
};

static const struct origin_case origins[] = {
	{ "origin.test\nlocal.test\n", "origin.test" },
	{ " \torigin.test \r\n", "origin.test" },
	{ "origin.test", "origin.test" },
	{ "\norigin.test\n", NULL },
	{ "", NULL },
	{ "a b\n", NULL },
};

START_TEST(reads_the_origin_from_a_file)
{
	const struct origin_case *c = &origins[_i];
	char path[] = "/tmp/policyd-origin.XXXXXX";
	struct setting settings[2] = { { "myorigin", path }, { NULL, NULL } };
	size_t length = strlen(c->text);
	struct resolver *resolver;
	struct resolution got;
	struct error error;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, c->text, length), (ssize_t)length);
	close(fd);
	resolver = make(settings, &error);
	unlink(path);
	ck_assert_int_eq(resolver == NULL, c->domain == NULL);
	if (resolver == NULL)
		return;
	resolve_address(resolver, "user", &got);
	ck_assert_str_eq(got.domain, c->domain);
	resolver_free(resolver);
}
END_TEST

/* check_nothing - refused, and no address is left of it */
static void check_nothing(const struct resolution *got)
{
	ck_assert_int_eq(got->status, RESOLVE_INVALID);
	ck_assert_int_eq(got->class, DESTINATION_DEFAULT);
	ck_assert(!got->routed);
	ck_assert_str_eq(got->list, "");
	ck_assert_ptr_null(got->match.pattern);
	ck_assert_ptr_null(got->match.domains);
	ck_assert_ptr_null(got->match.table);
	ck_assert_str_eq(got->address, "");
	ck_assert_str_eq(got->domain, "");
}

START_TEST(has_nothing_of_an_empty_address)
{
	struct resolver *resolver = must_make(NULL);
	struct resolution got;

	memset(&got, 'x', sizeof(got));
	resolve_address(resolver, "", &got);
	check_nothing(&got);
	resolver_free(resolver);
}
END_TEST

/* Room is for as many pieces as there are bytes, in the local part and in a
 * domain of ours that is taken off and put on again. */
START_TEST(has_room_for_all_pieces)
{
	char domain[256] = "";
	struct setting ours[] = { { "mydestination", domain }, { NULL, NULL } };
	struct resolver *resolver;
	struct resolution got;

	while (strlen(domain) < 200)
		strcat(domain, "a.");
	strcat(domain, "test");
	resolver = must_make(ours);
	for (size_t n = 1; n < 1500; n += 9) {
		char address[4096];
		char recipient[4200];

		memset(address, 'b', n);
		for (size_t i = 1; i < n; i += 2)
			address[i] = '.';
		address[n - 1] = 'b';
		sprintf(address + n, "@%s", domain);
		sprintf(recipient, "@route.test:%s.", address);
		resolve_address(resolver, recipient, &got);
		ck_assert_str_eq(got.address, address);
		ck_assert_int_eq(got.class, DESTINATION_LOCAL);
		ck_assert_int_eq(resolution_authorized(resolver, &got), 1);
	}
	resolver_free(resolver);
}
END_TEST

/* Lengths around those where the room changes, and where it ends. */
START_TEST(holds_at_every_length)
{
	static const char domain[] = "@relay.test";
	struct resolver *resolver = must_make(NULL);
	struct resolution got;
	char recipient[2 * RESOLUTION_ADDRESS_MAX];

	for (size_t n = 1; n < 5000; n += n < 300 ? 1 : 37) {
		bool fits = n + strlen(domain) < RESOLUTION_ADDRESS_MAX;

		memset(recipient, 'a', n);
		strcpy(recipient + n, domain);
		resolve_address(resolver, recipient, &got);
		ck_assert_int_eq(got.status,
				 fits ? RESOLVE_DONE : RESOLVE_INVALID);
		ck_assert_int_eq(resolution_authorized(resolver, &got), fits);
		if (fits)
			ck_assert_str_eq(got.address, recipient);
		else
			check_nothing(&got);
	}
	/* every byte is quoted, and the domain is still to come */
	memset(recipient, '"', RESOLUTION_ADDRESS_MAX - 1);
	recipient[RESOLUTION_ADDRESS_MAX - 1] = '\0';
	resolve_address(resolver, recipient, &got);
	check_nothing(&got);
	recipient[RESOLUTION_ADDRESS_MAX - 100] = '\0';
	resolve_address(resolver, recipient, &got);
	ck_assert_int_eq(resolution_authorized(resolver, &got), 1);
	resolver_free(resolver);
}
END_TEST

/* Brackets that would not fit are not put. */
START_TEST(puts_no_brackets_that_do_not_fit)
{
	static const struct setting numeric[] = {
		{ "resolve_numeric_domain", "yes" }, { NULL, NULL }
	};
	struct resolver *resolver = must_make(numeric);
	struct resolution got;
	char recipient[RESOLUTION_ADDRESS_MAX];

	for (size_t size = sizeof(recipient) - 4; size < sizeof(recipient);
	     size++) {
		bool fits = size + 2 < sizeof(recipient);

		memset(recipient, 'a', size);
		strcpy(recipient + size - strlen("@127.0.0.1"), "@127.0.0.1");
		resolve_address(resolver, recipient, &got);
		ck_assert_int_eq(got.status,
				 fits ? RESOLVE_DONE : RESOLVE_INVALID);
		ck_assert_int_eq(resolution_authorized(resolver, &got), fits);
	}
	resolver_free(resolver);
}
END_TEST

/* Long chains end, and in the right place: those of "@" at the domain ahead of
 * them; the others make one odd domain of all. */
START_TEST(ends_long_chains_where_postfix_does)
{
	static const char *const links[] = {
		"@local.test",	"%local.test", "@",
		"@[127.0.0.1]", "\"@",	       "@local.test.",
	};
	struct setting null[] = { { "resolve_null_domain", "yes" },
				  { NULL, NULL } };
	struct resolver *resolver = must_make(null);
	struct resolution got;
	char recipient[RESOLUTION_ADDRESS_MAX];

	for (int i = 0; i < COUNT(links); i++) {
		size_t length = strlen(links[i]) < 2 ? 500 : 2000;

		strcpy(recipient, "user@remote.example");
		while (strlen(recipient) < length)
			strcat(recipient, links[i]);
		resolve_address(resolver, recipient, &got);
		ck_assert_msg(resolution_authorized(resolver, &got) == 0, "%s",
			      links[i]);
		memcpy(recipient, "user@rel.relay.test", 19);
		resolve_address(resolver, recipient, &got);
		ck_assert_msg(resolution_authorized(resolver, &got) ==
				      (links[i][0] == '@'),
			      "%s", links[i]);
	}
	resolver_free(resolver);
}
END_TEST

/* Chains that cost too much: of nothing, and of short names of ours. */
static const char *const costly[] = { "@", "@b" };

/* Where to follow a chain to its end would cost a thread milliseconds, the
 * lookup fails, whatever is ahead of it. */
START_TEST(fails_where_a_chain_costs_too_much)
{
	struct setting settings[] = { { "resolve_null_domain", "yes" },
				      { "mydestination", "local.test, b" },
				      { NULL, NULL } };
	struct resolver *resolver = must_make(settings);
	struct resolution got;
	char recipient[RESOLUTION_ADDRESS_MAX] = "user@local.test";

	while (strlen(recipient) < 2000)
		strcat(recipient, costly[_i]);
	resolve_address(resolver, recipient, &got);
	ck_assert_int_eq(got.status, RESOLVE_FAILED);
	ck_assert(resolution_authorized(resolver, &got) < 0);
	/* No list failed, not even one that had a domain of the chain. */
	ck_assert_str_eq(got.list, "");
	ck_assert_ptr_null(got.match.pattern);
	ck_assert_ptr_null(got.match.domains);
	ck_assert_ptr_nonnull(strstr(got.why, "too many domains"));
	resolver_free(resolver);
}
END_TEST

/* count_empty - the steps after which nothing is left */
static void count_empty(void *context, const struct resolve_step *step)
{
	if (step->list == NULL && step->address[0] == '\0')
		++*(size_t *)context;
}

/* An empty local part that is replaced by an empty one has no end. */
START_TEST(tells_of_an_address_without_a_byte)
{
	struct setting empty[] = { { "empty_address_recipient", "\"\"" },
				   { NULL, NULL } };
	struct resolver *resolver = must_make(empty);
	struct resolution got;
	size_t count = 0;

	resolve_explain(resolver, "@local.test", &got, count_empty, &count);
	ck_assert_int_eq(got.status, RESOLVE_FAILED);
	ck_assert_uint_gt(count, 1000);
	resolver_free(resolver);
}
END_TEST

/* costs - the bytes of all rounds for an address of ours of that length and so
 * many "@" after it: a round examines the words, the operators, and one more.
 * Of the address with its "@" there are two pieces; of the address alone,
 * "user@local.test", there are five, two of them words without their dot. */
static size_t costs(size_t length, size_t count)
{
	size_t bytes = 0;

	for (size_t left = count; left > 0; left--)
		bytes += length + (left - 1) + 2 + 1;
	return bytes + length - strlen("@.") + 5 + 1;
}

/* So many bytes may be examined, and not one more. */
START_TEST(gives_up_after_so_many_bytes)
{
	struct setting null[] = { { "resolve_null_domain", "yes" },
				  { NULL, NULL } };
	struct resolver *resolver = must_make(null);
	struct resolution got;
	char recipient[RESOLUTION_ADDRESS_MAX];

	ck_assert_uint_eq(costs(159, 491), 200000);
	for (size_t length = 158; length <= 160; length++) {
		memset(recipient, 'a', length);
		strcpy(recipient + length - strlen("@local.test"),
		       "@local.test");
		memset(recipient + length, '@', 491);
		recipient[length + 491] = '\0';
		resolve_address(resolver, recipient, &got);
		ck_assert_int_eq(got.status,
				 length <= 159 ? RESOLVE_DONE : RESOLVE_FAILED);
	}
	resolver_free(resolver);
}
END_TEST

/* next - a small generator of pseudo-random numbers */
static unsigned next(uint64_t *state, unsigned limit)
{
	*state = *state * UINT64_C(6364136223846793005) +
		 UINT64_C(1442695040888963407);
	return (unsigned)(*state >> 33) % limit;
}

/* same - are two outcomes one? */
static bool same(const struct resolution *a, const struct resolution *b)
{
	return a->status == b->status && a->class == b->class &&
	       a->routed == b->routed && strcmp(a->list, b->list) == 0 &&
	       a->match.pattern == b->match.pattern &&
	       a->match.table == b->match.table &&
	       strcmp(a->address, b->address) == 0 &&
	       strcmp(a->domain, b->domain) == 0;
}

/* Settings under which an address could be resolved differently. */
static const struct setting plain_settings[][5] = {
	{ { NULL, NULL } },
	{ { "resolve_numeric_domain", "yes" },
	  { "mydestination", "local.test, 1.2.3.4, [1.2.3.4]" },
	  { NULL, NULL } },
	{ { "smtputf8_enable", "no" },
	  { "resolve_null_domain", "yes" },
	  { "allow_min_user", "yes" },
	  { "append_dot_mydomain", "yes" },
	  { NULL, NULL } },
	{ { "swap_bangpath", "no" },
	  { "allow_percent_hack", "no" },
	  { "resolve_dequoted_address", "no" },
	  { "allow_untrusted_routing", "yes" },
	  { NULL, NULL } },
	{ { "mydestination", "!x.local.test, local.test" },
	  { "virtual_alias_domains", "a.local.test, local.test" },
	  { "parent_domain_matches_subdomains", "" },
	  { NULL, NULL } },
};

/* The short way for plain addresses gives the same result as the long way, the
 * only one that traces its steps. Texts are plain mostly, or nearly. */
START_TEST(agrees_with_itself_about_plain_addresses)
{
	static const char *const parts[] = {
		"a",	 "User",     "1",	 ".",	".",	 "@",
		"@",	 "-",	     "_",	 "+x",	"=",	 "local.test",
		"Local", "test",     "relay",	 "sub", "1.2.3", "relay.test",
		"/",	 "\x7f",     "\xc3\xbc", " ",	"%",	 "!",
		"\"",	 "@x.local", "@1.2.3",	 "{a}", "#",	 "valias.test",
	};
	struct resolver *resolver = must_make(plain_settings[_i]);
	uint64_t state = (uint64_t)_i;
	struct resolution fast, full;
	const int count = mutants(100000);
	int plain = 0;

	for (int i = 0; i < count; i++) {
		char text[256] = "";

		for (unsigned n = 1 + next(&state, 6); n > 0; n--)
			strcat(text,
			       parts[next(&state, next(&state, 4) > 0
							  ? 22
							  : COUNT(parts))]);
		plain += address_plain(text) != NULL;
		resolve_address(resolver, text, &fast);
		resolve_explain(resolver, text, &full, NULL, NULL);
		ck_assert_msg(same(&fast, &full), "%s", text);
	}
	ck_assert_int_gt(plain, count / 100);
	resolver_free(resolver);
}
END_TEST

/* Random texts of the bytes that mean something: no crash, and the outcome is
 * one that makes sense. */
START_TEST(survives_random_addresses)
{
	static const char bytes[] =
		"@@@@%%!!..\"\"\\\\()<>[]{}:;, |#\t\r\x7f-a1\xc3\xbc\xff";
	static const char *const ends[] = { "", "@local.test", "relay.test",
					    "@[127.0.0.1]", "local.test!" };
	struct resolver *resolver = must_make(NULL);
	struct resolution got;
	const int count = mutants(200000);
	uint64_t state = 1;
	int permitted = 0;

	for (int i = 0; i < count; i++) {
		char recipient[128];
		unsigned length = 1 + next(&state, 40);

		for (unsigned n = 0; n < length; n++)
			recipient[n] = bytes[next(&state, sizeof(bytes) - 1)];
		strcpy(recipient + length, ends[next(&state, COUNT(ends))]);
		resolve_address(resolver, recipient, &got);
		if (resolution_authorized(resolver, &got) != 1)
			continue;
		permitted++;
		ck_assert_int_eq(got.status, RESOLVE_DONE);
		ck_assert(!got.routed);
		ck_assert_ptr_eq(strpbrk(got.address, "@!%") + 1, got.domain);
		ck_assert_str_ne(got.list, "");
		ck_assert_int_ne(got.address[0], '-');
	}
	resolver_free(resolver);
	printf("%d random addresses permitted\n", permitted);
	ck_assert_int_gt(permitted, count / 200);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("resolve");

	tcase_add_test(tests, refuses_a_long_origin);
	tcase_add_test(tests, counts_the_entries_of_each_list);
	tcase_add_loop_test(tests, reads_the_origin_from_a_file, 0,
			    COUNT(origins));
	tcase_add_test(tests, holds_at_every_length);
	tcase_add_test(tests, has_nothing_of_an_empty_address);
	tcase_add_test(tests, has_room_for_all_pieces);
	tcase_add_test(tests, puts_no_brackets_that_do_not_fit);
	tcase_add_test(tests, ends_long_chains_where_postfix_does);
	tcase_add_loop_test(tests, fails_where_a_chain_costs_too_much, 0,
			    COUNT(costly));
	tcase_add_test(tests, tells_of_an_address_without_a_byte);
	tcase_add_test(tests, gives_up_after_so_many_bytes);
	tcase_add_test(tests, survives_random_addresses);
	tcase_add_loop_test(tests, agrees_with_itself_about_plain_addresses, 0,
			    COUNT(plain_settings));

	return run_tests("resolve_limits", tests);
}
