/* SPDX-License-Identifier: ISC */
/* test_rate_charge - the key, the amount and the limits of a request */

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/address/parameters.h"
#include "lib/decision/rate.h"
#include "t/unit/test.h"

/* A rate that the rows fill. */
static struct rate rate;
static struct request request;
static struct charge charge;
static struct table_trouble trouble;
static const char *why;

static void set_up(void)
{
	struct error error;

	memset(&rate, 0, sizeof(rate));
	rate.name = (char *)(uintptr_t) "r";
	rate.utf8 = true;
	rate.state = RATE_AT_DATA;
	rate.ipv4_prefix = 24;
	rate.ipv6_prefix = 64;
	rate.limits.count = 0;
	struct rate_limit hour = { 200, 3600 }, day = { 1000, 86400 };
	ck_assert_int_eq(rate_limits_add(&rate.limits, &hour, &error), 0);
	ck_assert_int_eq(rate_limits_add(&rate.limits, &day, &error), 0);
	request_init(&request);
	request.protocol_state = "DATA";
	request.client_address = "192.0.2.77";
	request.sasl_username = "Alice@A.Example";
	request.sender = "Bob+List@B.example";
	request.recipient_count = "3";
	request.size = "500";
	request.server_port = "587";
	request.policy_context = "Sub";
	request.instance = "1.2.3";
	request.ccert_fingerprint = "AB:CD";
}

/* write_map - a text as a table; "texthash:" and its path */
static const char *write_map(const char *text)
{
	static char name[80];
	int fd;

	strcpy(name, "texthash:/tmp/test_rate_charge.XXXXXX");
	fd = mkstemp(strchr(name, '/'));
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	return name;
}

/* add_map - a table of the rate, or the text of one; the caller frees it */
static void add_map(struct rate_maps *maps, const char *name)
{
	struct table_loader loader = { 0 };
	const char *written = strchr(name, '\n') != NULL ? write_map(name) : "";
	struct error error;

	if (*written != '\0')
		name = written;

	maps->tables = realloc(maps->tables,
			       (maps->count + 1) * sizeof(struct table *));
	ck_assert_ptr_nonnull(maps->tables);
	maps->tables[maps->count] =
		table_new_values(name, true, &loader, &error);
	ck_assert_ptr_nonnull(maps->tables[maps->count]);
	maps->count++;
	if (*written != '\0')
		unlink(strchr(written, '/'));
}

static void free_maps(struct rate_maps *maps)
{
	for (size_t i = 0; i < maps->count; i++)
		table_free(maps->tables[i]);
	free(maps->tables);
	memset(maps, 0, sizeof(*maps));
}

static int get(void)
{
	return rate_charge(&rate, &request, request.recipient, &charge, &why,
			   &trouble);
}

/* Keys of the request above; NULL: nothing is counted. */
static const struct {
	enum rate_part parts[3];
	size_t count;
	const char *attribute, *value; /* another one, or NULL */
	const char *key;
} keys[] = {
	{ { 0 }, 0, NULL, NULL, "*" },
	{ { RATE_SASL_USERNAME }, 1, NULL, NULL, "alice@a.example" },
	{ { RATE_SASL_USERNAME }, 1, "sasl_username", "", NULL },
	{ { RATE_SASL_USERNAME }, 1, "sasl_username", "\303\211", "\303\251" },
	{ { RATE_SASL_USERNAME }, 1, "sasl_username", "a,b\\", "a,b\\" },
	{ { RATE_SASL_DOMAIN }, 1, NULL, NULL, "a.example" },
	{ { RATE_SASL_DOMAIN }, 1, "sasl_username", "alice", NULL },
	{ { RATE_CLIENT_ADDRESS }, 1, NULL, NULL, "192.0.2.77" },
	{ { RATE_CLIENT_NETWORK }, 1, NULL, NULL, "192.0.2.0/24" },
	{ { RATE_CLIENT_NETWORK },
	  1,
	  "client_address",
	  "2001:DB8:0:1:a:b:c:d",
	  "2001:db8:0:1::/64" },
	{ { RATE_CLIENT_NETWORK }, 1, "client_address", "unknown", "unknown" },
	{ { RATE_SENDER }, 1, NULL, NULL, "bob@b.example" },
	{ { RATE_SENDER }, 1, "sender", "", NULL },
	{ { RATE_SENDER_DOMAIN }, 1, NULL, NULL, "b.example" },
	{ { RATE_SERVER_PORT }, 1, NULL, NULL, "587" },
	{ { RATE_POLICY_CONTEXT }, 1, NULL, NULL, "Sub" },
	{ { RATE_CCERT_FINGERPRINT }, 1, NULL, NULL, "ab:cd" },
	{ { RATE_SASL_USERNAME, RATE_CLIENT_NETWORK },
	  2,
	  NULL,
	  NULL,
	  "alice@a.example,192.0.2.0/24" },
	{ { RATE_SASL_USERNAME, RATE_SERVER_PORT },
	  2,
	  "sasl_username",
	  "a,b\\",
	  "a\\,b\\\\,587" },
	{ { RATE_SASL_USERNAME, RATE_CCERT_FINGERPRINT },
	  2,
	  "ccert_fingerprint",
	  "",
	  NULL },
};

/* make_resolver - with "+" as recipient_delimiter */
static struct resolver *make_resolver(struct parameters *parameters)
{
	struct table_loader loader = { 0 };
	struct resolver *resolver;
	struct error error;

	parameters_init(parameters);
	parameters_set(parameters, PARAMETER_MYHOSTNAME, "mx.test", "x");
	parameters_set(parameters, PARAMETER_RECIPIENT_DELIMITER, "+", "x");
	ck_assert_int_eq(parameters_complete(parameters, &error), 0);
	resolver = resolver_new(parameters, &loader, &error);
	ck_assert_ptr_nonnull(resolver);
	return resolver;
}

START_TEST(makes_keys)
{
	struct parameters parameters;
	struct resolver *resolver = make_resolver(&parameters);

	rate.resolver = resolver;
	memcpy(rate.parts, keys[_i].parts, sizeof(keys[_i].parts));
	rate.part_count = keys[_i].count;
	if (keys[_i].attribute != NULL)
		ck_assert_int_eq(request_set(&request, keys[_i].attribute,
					     keys[_i].value),
				 0);
	if (keys[_i].key == NULL) {
		ck_assert_int_eq(get(), 0);
		ck_assert_str_eq(why, "a part of the key is empty");
	} else {
		ck_assert_int_eq(get(), 1);
		ck_assert_str_eq(charge.key, keys[_i].key);
	}
	resolver_free(resolver);
	parameters_clear(&parameters);
}
END_TEST

/* A key that is too long is cut: what begins alike is counted together. */
START_TEST(needs_a_login)
{
	for (unsigned part = 0; part < RATE_PART_COUNT; part++) {
		rate.parts[0] = RATE_SERVER_PORT;
		rate.parts[1] = (enum rate_part)part;
		rate.part_count = 2;
		ck_assert(rate_needs_login(&rate) ==
			  (part == RATE_SASL_USERNAME ||
			   part == RATE_SASL_DOMAIN));
		rate.part_count = 1;
		ck_assert(!rate_needs_login(&rate));
	}
}
END_TEST

START_TEST(cuts_keys)
{
	char name[9000];

	memset(name, 'A', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	request.sasl_username = name;
	rate.parts[0] = RATE_SASL_USERNAME;
	rate.parts[1] = RATE_SERVER_PORT;
	rate.part_count = 2;
	ck_assert_int_eq(get(), 1);
	ck_assert_uint_eq(strlen(charge.key), RATE_KEY_SIZE - 1);
	ck_assert_uint_eq(strspn(charge.key, "a"), RATE_KEY_SIZE - 1);
}
END_TEST

/* When it counts, and how much; takes 0: it looks, -1: it does nothing. */
static const struct {
	enum rate_count count;
	enum rate_state state;
	const char *stage;
	int takes;
	uint64_t amount;
	const char *instance;
} stages[] = {
	{ RATE_RECIPIENTS, RATE_AT_DATA, "RCPT", 0, 1, "" },
	{ RATE_RECIPIENTS, RATE_AT_DATA, "DATA", 1, 3, "1.2.3" },
	{ RATE_RECIPIENTS, RATE_AT_DATA, "END-OF-MESSAGE", 1, 3, "1.2.3" },
	{ RATE_RECIPIENTS, RATE_AT_DATA, "VRFY", -1, 0, NULL },
	{ RATE_RECIPIENTS, RATE_AT_DATA, "MAIL", -1, 0, NULL },
	{ RATE_RECIPIENTS, RATE_AT_DATA, "", -1, 0, NULL },
	{ RATE_MESSAGES, RATE_AT_DATA, "DATA", 1, 1, "1.2.3" },
	{ RATE_SIZES, RATE_AT_END, "DATA", 0, 1, "" },
	{ RATE_SIZES, RATE_AT_END, "END-OF-MESSAGE", 1, 500, "1.2.3" },
	{ RATE_RECIPIENTS, RATE_AT_END, "DATA", 0, 1, "" },
	{ RATE_RECIPIENTS, RATE_AT_RCPT, "RCPT", 1, 1, "1.2.3 x@y.test" },
	{ RATE_RECIPIENTS, RATE_AT_RCPT, "DATA", -1, 0, NULL },
	{ RATE_MESSAGES, RATE_AT_RCPT, "RCPT", 1, 1, "1.2.3" },
	{ RATE_CLIENT_NETWORKS, RATE_AT_DATA, "DATA", 1, 1, "1.2.3" },
};

START_TEST(counts_in_time)
{
	rate.count = stages[_i].count;
	rate.state = stages[_i].state;
	request.protocol_state = stages[_i].stage;
	request.recipient = "x@y.test";
	if (stages[_i].takes < 0) {
		ck_assert_int_eq(get(), 0);
		return;
	}
	ck_assert_int_eq(get(), 1);
	ck_assert_int_eq(charge.takes, stages[_i].takes);
	ck_assert_uint_eq(charge.amount, stages[_i].amount);
	ck_assert_str_eq(charge.instance, stages[_i].instance);
}
END_TEST

/* What Postfix does not say is never taken for nothing. */
START_TEST(needs_a_number)
{
	request.recipient_count = "0";
	ck_assert_int_eq(get(), 1);
	ck_assert_uint_eq(charge.amount, 1);
	request.recipient_count = "";
	ck_assert_int_eq(get(), 1);
	ck_assert_uint_eq(charge.amount, 1);
	request.recipient_count = "many";
	ck_assert_int_eq(get(), -1);
	ck_assert_ptr_nonnull(strstr(trouble.why, "not a number"));
	request.recipient_count = "99999999999999999999999";
	ck_assert_int_eq(get(), -1);
}
END_TEST

/* An instance that does not fit counts each time, never too rarely. */
START_TEST(drops_long_instances)
{
	char recipient[3000];

	memset(recipient, 'x', sizeof(recipient) - 1);
	recipient[sizeof(recipient) - 1] = '\0';
	rate.state = RATE_AT_RCPT;
	request.protocol_state = "RCPT";
	request.recipient = recipient;
	ck_assert_int_eq(get(), 1);
	ck_assert_str_eq(charge.instance, "");
}
END_TEST

/* Limits of alice@a.example; "": it fails. */
static const struct {
	const char *maps[2];
	const char *hour, *day;
} limits[] = {
	{ { "x 1/1h\n" }, "200/1h", "1000/1d" },
	{ { "alice@a.example 500/1h\n" }, "500/1h", "1000/1d" },
	{ { "alice@a.example 500/1h, 5000/1d\n" }, "500/1h", "5000/1d" },
	{ { "@a.example 5/1d\n" }, "200/1h", "5/1d" },
	{ { "alice@a.example 7/1h\n@a.example 5/1d\n" }, "7/1h", "1000/1d" },
	{ { "@a.example 5/1d\n", "alice@a.example 7/1h\n" },
	  "7/1h",
	  "1000/1d" },
	{ { "alice@a.example unlimited\n" }, "unlimited/1h", "unlimited/1d" },
	{ { "alice@a.example 0\n" }, "0/1h", "0/1d" },
	{ { "alice@a.example gold\ngold 9/1h\n" }, "9/1h", "1000/1d" },
	{ { "alice@a.example gold\n" }, "", "" },
	{ { "alice@a.example gold\ngold red\nred 9/1h\n" }, "", "" },
	{ { "alice@a.example 9/2h\n" }, "", "" },
	{ { "alice@a.example -1/1h\n" }, "", "" },
	{ { "fail:x" }, "", "" },
	{ { "texthash:/nonexistent/file" }, "", "" },
};

START_TEST(finds_limits)
{
	char text[RATE_TEXT_SIZE];
	int done;

	rate.parts[0] = RATE_SASL_USERNAME;
	rate.part_count = 1;
	for (size_t i = 0; i < 2 && limits[_i].maps[i] != NULL; i++)
		add_map(&rate.limit_maps, limits[_i].maps[i]);
	done = get();
	if (limits[_i].hour[0] == '\0') {
		ck_assert_int_eq(done, -1);
		ck_assert_ptr_nonnull(trouble.why);
		ck_assert_ptr_nonnull(trouble.table);
	} else {
		ck_assert_int_eq(done, 1);
		ck_assert_str_eq(rate_limit_text(&charge.limits.limit[0],
						 RATE_NUMBER, text),
				 limits[_i].hour);
		ck_assert_str_eq(rate_limit_text(&charge.limits.limit[1],
						 RATE_NUMBER, text),
				 limits[_i].day);
	}
	free_maps(&rate.limit_maps);
}
END_TEST

/* The same values, before anybody asks. */
START_TEST(checks_values)
{
	struct rate_limits found;
	struct error error;

	add_map(&rate.limit_maps, "Gold 9/1h\nred gold\n");
	ck_assert_int_eq(rate_value_check(&rate, rate.limit_maps.tables[0],
					  "9/1h, unlimited", &found, &error),
			 -1);
	ck_assert_int_eq(rate_value_check(&rate, rate.limit_maps.tables[0],
					  "9/1h", &found, &error),
			 0);
	ck_assert_int_eq(rate_value_check(&rate, rate.limit_maps.tables[0],
					  "GOLD", &found, &error),
			 0);
	ck_assert_uint_eq(found.limit[0].number, 9);
	ck_assert_int_eq(rate_value_check(&rate, rate.limit_maps.tables[0],
					  "red", &found, &error),
			 -1);
	ck_assert_str_eq(error.text,
			 "red: neither a limit, nor the key of one");
	free_maps(&rate.limit_maps);
}
END_TEST

/* The table has room for the networks of the key that may have most. */
START_TEST(needs_room_for_networks)
{
	rate.count = RATE_CLIENT_NETWORKS;
	rate.limits = (struct rate_limits){ 1, { { 8, 86400 } } };
	ck_assert_uint_eq(rate_shape_needed(&rate).networks, 8);
	rate.networks = 20;
	ck_assert_uint_eq(rate_shape_needed(&rate).networks, 20);
	rate.networks = 5;
	ck_assert_uint_eq(rate_shape_needed(&rate).networks, 8);
}
END_TEST

/* A network has the limits of the client's address; so has a listing. */
START_TEST(finds_limits_of_networks)
{
	struct rate_limits found;

	rate.parts[0] = RATE_CLIENT_NETWORK;
	rate.part_count = 1;
	add_map(&rate.limit_maps, "cidr:{{192.0.2.0/24 9/1h}}");
	ck_assert_int_eq(get(), 1);
	ck_assert_uint_eq(charge.limits.limit[0].number, 9);
	ck_assert_int_eq(rate_key_limits(&rate, charge.key, &found, &trouble),
			 0);
	ck_assert_uint_eq(found.limit[0].number, 9);
	free_maps(&rate.limit_maps);
	/* A table of texts can have the network. */
	add_map(&rate.limit_maps, "cidr:{{10.0.0.0/8 9/1h}}");
	add_map(&rate.limit_maps, "192.0.2.0/24 8/1h\n");
	ck_assert_int_eq(get(), 1);
	ck_assert_uint_eq(charge.limits.limit[0].number, 8);
	ck_assert_str_eq(charge.table_key, "192.0.2.0/24");
	ck_assert_int_eq(rate_key_limits(&rate, charge.key, &found, &trouble),
			 0);
	ck_assert_uint_eq(found.limit[0].number, 8);
	free_maps(&rate.limit_maps);
}
END_TEST

/* Two logins of one account have one key, with its own limits. */
START_TEST(maps_keys)
{
	struct rate_limits found;

	rate.parts[0] = RATE_SASL_USERNAME;
	rate.part_count = 1;
	add_map(&rate.key_maps, "alice@a.example C17\n@b.test c18\n");
	add_map(&rate.limit_maps, "c17 9/1h\n");
	ck_assert_int_eq(get(), 1);
	ck_assert_str_eq(charge.key, "c17");
	ck_assert_uint_eq(charge.limits.limit[0].number, 9);
	request.sasl_username = "carol@b.test";
	ck_assert_int_eq(get(), 1);
	ck_assert_str_eq(charge.key, "c18");
	request.sasl_username = "dave";
	ck_assert_int_eq(get(), 1);
	ck_assert_str_eq(charge.key, "dave");
	free_maps(&rate.key_maps);
	rate.parts[0] = RATE_CLIENT_NETWORK;
	add_map(&rate.key_maps, "cidr:{{192.0.2.0/24 C17}}");
	ck_assert_int_eq(get(), 1);
	ck_assert_str_eq(charge.key, "c17");
	ck_assert_uint_eq(charge.limits.limit[0].number, 9);
	free_maps(&rate.key_maps);
	free_maps(&rate.limit_maps);
	add_map(&rate.key_maps, "cidr:{{192.0.2.0/24 a/c17@b.test}}");
	add_map(&rate.limit_maps, "@b.test 8/1h\n");
	ck_assert_int_eq(get(), 1);
	ck_assert_uint_eq(charge.limits.limit[0].number, 8);
	ck_assert_int_eq(rate_key_limits(&rate, charge.key, &found, &trouble),
			 0);
	ck_assert_uint_eq(found.limit[0].number, 8);
	free_maps(&rate.key_maps);
	add_map(&rate.key_maps, "fail:x");
	ck_assert_int_eq(get(), -1);
	free_maps(&rate.key_maps);
	free_maps(&rate.limit_maps);
}
END_TEST

/* What an administrator may write, and the key that it is in requests. */
static const struct {
	enum rate_part parts[3];
	size_t count;
	const char *text, *key;
} given[] = {
	{ { RATE_SASL_USERNAME }, 1, "Alice@A.Example", "alice@a.example" },
	{ { RATE_SASL_USERNAME }, 1, "alice+x@a.example", "alice+x@a.example" },
	{ { RATE_SASL_DOMAIN }, 1, "A.example", "a.example" },
	{ { RATE_SASL_DOMAIN }, 1, "alice@A.example", "a.example" },
	{ { RATE_SENDER }, 1, "Bob+X@b.example", "bob@b.example" },
	{ { RATE_SENDER_DOMAIN }, 1, "bob+x@b.example", "b.example" },
	{ { RATE_RECIPIENT }, 1, "bob+x@b.example", "bob@b.example" },
	{ { RATE_RECIPIENT_DOMAIN }, 1, "b.example", "b.example" },
	{ { RATE_CLIENT_ADDRESS }, 1, "2001:DB8:0::5", "2001:db8::5" },
	{ { RATE_CLIENT_ADDRESS }, 1, "unknown", "unknown" },
	{ { RATE_CLIENT_NETWORK }, 1, "192.0.2.9", "192.0.2.0/24" },
	{ { RATE_CLIENT_NETWORK }, 1, "192.0.2.0/24", "192.0.2.0/24" },
	{ { RATE_CLIENT_NETWORK }, 1, "2001:db8::5", "2001:db8::/64" },
	{ { RATE_POLICY_CONTEXT }, 1, "Sub", "Sub" },
	{ { RATE_SASL_USERNAME }, 0, "*", "*" },
	{ { RATE_SASL_USERNAME, RATE_POLICY_CONTEXT },
	  2,
	  "Alice,Sub",
	  "alice,Sub" },
	{ { RATE_SASL_USERNAME, RATE_CLIENT_NETWORK },
	  2,
	  "A\\,\\\\b,192.0.2.9",
	  "a\\,\\\\b,192.0.2.0/24" },
	{ { RATE_SASL_USERNAME, RATE_SERVER_PORT }, 2, "Alice", "alice" },
	{ { RATE_SASL_USERNAME, RATE_SERVER_PORT }, 2, "Alice,", "alice," },
	{ { RATE_SASL_USERNAME, RATE_SERVER_PORT }, 2, "A,1,2", "a,1,2" },
	{ { RATE_SASL_USERNAME, RATE_SERVER_PORT }, 2, "A,1\\", "a,1\\\\" },
};

START_TEST(takes_a_given_key)
{
	struct parameters parameters;
	struct resolver *resolver = make_resolver(&parameters);
	char key[RATE_KEY_SIZE];

	rate.resolver = resolver;
	memcpy(rate.parts, given[_i].parts, sizeof(given[_i].parts));
	rate.part_count = given[_i].count;
	ck_assert_int_eq(rate_key_given(&rate, given[_i].text, key, &trouble),
			 0);
	ck_assert_str_eq(key, given[_i].key);
	resolver_free(resolver);
	parameters_clear(&parameters);
}
END_TEST

/* An account is found by what belongs to it, and by its own name. */
START_TEST(takes_a_given_account)
{
	char key[RATE_KEY_SIZE], text[2 * RATE_KEY_SIZE];

	rate.parts[0] = RATE_SASL_DOMAIN;
	rate.part_count = 1;
	add_map(&rate.key_maps, "a.example C17\n");
	ck_assert_int_eq(rate_key_given(&rate, "Bob@a.example", key, &trouble),
			 0);
	ck_assert_str_eq(key, "c17");
	ck_assert_int_eq(rate_key_given(&rate, "C17", key, &trouble), 0);
	ck_assert_str_eq(key, "c17");
	free_maps(&rate.key_maps);
	rate.parts[0] = RATE_CLIENT_NETWORK;
	add_map(&rate.key_maps, "cidr:{{192.0.2.0/28 C17}}");
	ck_assert_int_eq(rate_key_given(&rate, "192.0.2.9", key, &trouble), 0);
	ck_assert_str_eq(key, "c17");
	free_maps(&rate.key_maps);
	add_map(&rate.key_maps, "fail:x");
	ck_assert_int_eq(rate_key_given(&rate, "192.0.2.9", key, &trouble), -1);
	ck_assert_str_eq(key, "192.0.2.0/24");
	free_maps(&rate.key_maps);
	memset(text, 'A', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	rate.parts[0] = RATE_SASL_USERNAME;
	ck_assert_int_eq(rate_key_given(&rate, text, key, &trouble), 0);
	ck_assert_uint_eq(strspn(key, "a"), RATE_KEY_SIZE - 1);
	rate.part_count = 2;
	text[RATE_KEY_SIZE + 5] = ',';
	rate.parts[1] = RATE_SERVER_PORT;
	ck_assert_int_eq(rate_key_given(&rate, text, key, &trouble), 0);
	ck_assert_uint_eq(strspn(key, "a"), RATE_KEY_SIZE - 1);
}
END_TEST

/* Where a login sends from: a network, a name, or nowhere that counts. */
START_TEST(finds_places)
{
	rate.count = RATE_CLIENT_NETWORKS;
	ck_assert_int_eq(get(), 1);
	ck_assert_str_eq(charge.place, "192.0.2.0/24");
	add_map(&rate.place_maps, "cidr:{{192.0.2.0/24 pool}, {10.0.0.0/8 -}}");
	ck_assert_int_eq(get(), 1);
	ck_assert_str_eq(charge.place, "pool");
	request.client_address = "10.1.2.3";
	ck_assert_int_eq(get(), 0);
	ck_assert_ptr_nonnull(strstr(why, "place_maps"));
	request.client_address = "203.0.113.9";
	ck_assert_int_eq(get(), 1);
	ck_assert_str_eq(charge.place, "203.0.113.0/24");
	free_maps(&rate.place_maps);
	/* A long one is not another one that begins alike. */
	rate.ipv6_prefix = 128;
	request.client_address = "2001:db8:1111:2222:3333:4444:5555:6666";
	ck_assert_int_eq(get(), 1);
	ck_assert_str_eq(charge.place, request.client_address);
	add_map(&rate.place_maps,
		"static:a name of a place that has more than thirty-two bytes");
	ck_assert_int_eq(get(), 1);
	ck_assert_str_eq(
		charge.place,
		"a name of a place that has more than thirty-two bytes");
	free_maps(&rate.place_maps);
	add_map(&rate.place_maps, "fail:x");
	ck_assert_int_eq(get(), -1);
	free_maps(&rate.place_maps);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_charge");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_loop_test(tests, makes_keys, 0, COUNT(keys));
	tcase_add_test(tests, needs_a_login);
	tcase_add_test(tests, cuts_keys);
	tcase_add_loop_test(tests, counts_in_time, 0, COUNT(stages));
	tcase_add_test(tests, needs_a_number);
	tcase_add_test(tests, drops_long_instances);
	tcase_add_loop_test(tests, finds_limits, 0, COUNT(limits));
	tcase_add_test(tests, checks_values);
	tcase_add_loop_test(tests, takes_a_given_key, 0,
			    (int)(sizeof(given) / sizeof(given[0])));
	tcase_add_test(tests, takes_a_given_account);
	tcase_add_test(tests, needs_room_for_networks);
	tcase_add_test(tests, finds_limits_of_networks);
	tcase_add_test(tests, maps_keys);
	tcase_add_test(tests, finds_places);
	return run_tests("rate_charge", tests);
}
