/* SPDX-License-Identifier: ISC */
/* The bytes that a real Valkey or Redis has of a key: how many there are, what
 * fits into them, and values that are not ours. */

#include "t/unit/store/one_key.h"

#define MEMORY	  2000 /* keys */
#define KEY_BYTES 160  /* of memory, for a key with one window */

/* A counter has one byte, then four, then seven. */
START_TEST(large)
{
	static const uint64_t amounts[] = {
		200, 100, 300, UINT64_C(1) << 33, UINT64_C(1) << 45, 1
	};
	struct place place;
	uint64_t sum = 0;

	begin(&place);
	place.login.shape.unit = _i == 0 ? RATE_NUMBER : RATE_BYTES;
	place.charge.limits.count = 0;
	for (unsigned i = 0; i < COUNT(amounts); i++) {
		char instance[8];

		snprintf(instance, sizeof(instance), "%u", i);
		place.charge = (struct rate_charge){ .key = "alice@example.com",
						     .place = "",
						     .instance = instance,
						     .amount = amounts[i] };
		if (i % 2 == 0)
			place.tick += HOUR;
		sum += amounts[i];
		ck_assert(asking_wait(&place.asking, "take", place.rates,
				      &place.charge, 1));
		ck_assert_uint_eq(place.charge.result.used, sum);
	}
	place.tick += 29 * HOUR; /* the first two leave it */
	place.charge.instance = "";
	ck_assert(asking_wait(&place.asking, "look", place.rates, &place.charge,
			      1));
	ck_assert_uint_eq(place.charge.result.used, sum - 300);
	end(&place);
}
END_TEST

/* Values of the two formats before this one, of none, and of another program:
 * no request passes, and none of them is written. */
static const char *const foreign[] = {
	("\\x10\\x92\\xf3\\xa5\\xd4\\xc8\\x01\\x00\\x01\\x90\\x1c\\x00\\x01"
	 "\\x00\\x01abcde\\x8d\\x71\\x1e\\x00\\x00\\x00\\x01"),
	("\\x14\\x00\\x0c\\x8a\\x69\\x3c\\x00\\x00\\x12\\x00\\x0e\\x10\\x00"
	 "\\x01\\x01\\x30\\x01"
	 "abcde\\x69\\x3c\\x00\\x00\\x00\\x00\\x01"),
	"\\xaf\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00",
	"\\xb3\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00",
	"\\xb7\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00",
	"\\xbb\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00",
	"\\xbf\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00",
	"\\xb0\\x00",
	"1",
	"9223372036854775807",
	"0000000000000000001",
	"1970-01-01 00:00:00",
	"100000000000000000",
	"",
};

START_TEST(not_ours)
{
	struct place place;
	char text[400];
	static const char *const words[] = { "take", "look", "note" };

	begin(&place);
	snprintf(text, sizeof(text), "SET " KEY " \"%s\"", foreign[_i]);
	command(&place.real, text, "+OK");
	for (unsigned i = 0; i < COUNT(words); i++) {
		place.charge = (struct rate_charge){ .key = "alice@example.com",
						     .place = "",
						     .instance = "a",
						     .amount = 1 };
		ck_assert(asking_begin(&place.asking, words[i], place.rates,
				       &place.charge, 1));
		asking_until(&place.asking, place.asking.answered);
		ck_assert(!place.asking.passed);
		ck_assert_msg(strstr(place.asking.away, "another version") !=
				      NULL,
			      "%s", place.asking.away);
	}
	command(&place.real, "PTTL " KEY, ":-1");
	end(&place);
}
END_TEST

/* A value of ours from which something is missing, or that has too much. */
static const char *const damaged[] = {
	"\\xb0\\x0c\\x8a\\x69\\x3c\\x00\\x01\\x00\\x0e\\x10\\x00\\x01",
	"\\xb0\\x0c\\x8a\\x69\\x3c\\x00\\x00\\x00\\x0e\\x10\\x01\\x01",
	"\\xb0\\x0c\\x8a\\x69\\x3c\\x00\\x00\\x00\\x0e\\x10\\x00\\x01?",
	"\\xb0\\x0c\\x8a\\x69\\x3c\\x00\\x00\\x40\\x0e\\x10\\x00\\x01",
	"\\xb8\\x0c\\x8a\\x69\\x3c\\x00\\x01",
};

START_TEST(not_whole)
{
	struct place place;
	char text[400];

	begin(&place);
	snprintf(text, sizeof(text), "SET " KEY " \"%s\"", damaged[_i]);
	command(&place.real, text, "+OK");
	place.charge = (struct rate_charge){ .key = "alice@example.com",
					     .place = "",
					     .instance = "a",
					     .amount = 1 };
	ck_assert(asking_begin(&place.asking, "take", place.rates,
			       &place.charge, 1));
	asking_until(&place.asking, place.asking.answered);
	ck_assert(!place.asking.passed);
	ck_assert_str_ne(place.asking.away, "");
	command(&place.real, "PTTL " KEY, ":-1");
	end(&place);
}
END_TEST

/* How many bytes are kept of a key, for its memory: messages in each part of an
 * hour, parts, windows, recipients. */
static const struct {
	unsigned messages, parts, windows, recipients;
	const char *bytes;
} lengths[] = {
	{ 1, 1, 1, 9, ":20\r" }, { 2, 1, 1, 1, ":28\r" },
	{ 2, 1, 2, 1, ":33\r" }, { 10, 1, 1, 1, ":92\r" },
	{ 1, 3, 1, 1, ":40\r" }, { 2, 1, 1, 200, ":37\r" },
};

START_TEST(bytes)
{
	struct place place;

	begin(&place);
	place.login.shape.windows = lengths[_i].windows;
	place.login.shape.length_s[1] = DAY;
	for (unsigned i = 0; i < lengths[_i].messages * lengths[_i].parts;
	     i++) {
		char instance[12];

		snprintf(instance, sizeof(instance), "%u", i);
		if (i > 0 && i % lengths[_i].messages == 0)
			place.tick += HOUR;
		ask(&place, "take", instance, lengths[_i].recipients);
	}
	command(&place.real, "STRLEN " KEY, lengths[_i].bytes);
	end(&place);
}
END_TEST

/* With a message of many recipients, there is more room for all amounts. */
START_TEST(long_amount)
{
	struct place place;

	begin(&place);
	ask(&place, "take", "a", 3);
	ask(&place, "take", "b", 127);
	ask(&place, "take", "b", 128); /* in two steps */
	ck_assert_uint_eq(ask(&place, "take", "c", 300), 431);
	ck_assert_uint_eq(ask(&place, "take", "c", 300), 431);
	ck_assert(place.charge.result.counted_before);
	give_back(&place);
	ck_assert_uint_eq(ask(&place, "take", "b", 128), 131);
	ck_assert(place.charge.result.counted_before);
	give_back(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 3), 131);
	ck_assert(place.charge.result.counted_before);
	give_back(&place);
	ck_assert_uint_eq(ask(&place, "look", "", 1), 128);
	end(&place);
}
END_TEST

/* An instance is remembered for half an hour and some minutes, whether what
 * comes then is a common case or not. */
START_TEST(forgets)
{
	struct place place;
	const char *const others[] = { "b", "c", "", "" };
	const char *const *other = &others[_i % 2 * 2];
	uint64_t amount = _i < 2 ? 1 : 850; /* too many for the common case */

	begin(&place);
	ask(&place, "take", "a", 5);
	ask(&place, "take", "z", 5);
	place.tick += 64800;
	ask(&place, "take", other[0], 1);
	ck_assert_uint_eq(ask(&place, "take", "a", 5), 11);
	ck_assert(place.charge.result.counted_before);
	place.tick++;
	ck_assert_uint_eq(ask(&place, "take", other[1], amount), 11 + amount);
	ck_assert_uint_eq(ask(&place, "take", "a", 5), 16 + amount);
	ck_assert(!place.charge.result.counted_before);
	place.tick += 10 * DAY;
	ck_assert_uint_eq(ask(&place, "take", "z", 5), 5);
	end(&place);
}
END_TEST

/* The memory of a key with one window, from which a message came. */
START_TEST(memory)
{
	struct place place;
	char key[40];
	long before;

	begin(&place);
	ck_assert_uint_eq(ask(&place, "take", "a", 1), 1);
	before = used_memory(&place.real);
	for (unsigned i = 0; i < MEMORY; i++) {
		snprintf(key, sizeof(key), "user%05u@example.com", i);
		place.charge.key = place.charge.instance = key;
		ck_assert(asking_wait(&place.asking, "take", place.rates,
				      &place.charge, 1));
	}
	ck_assert_int_le(used_memory(&place.real) - before, MEMORY * KEY_BYTES);
	end(&place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("store_format");

	tcase_add_loop_test(tests, large, 0, 2);
	tcase_add_loop_test(tests, not_ours, 0, COUNT(foreign));
	tcase_add_loop_test(tests, not_whole, 0, COUNT(damaged));
	tcase_add_loop_test(tests, bytes, 0, COUNT(lengths));
	tcase_add_test(tests, long_amount);
	tcase_add_loop_test(tests, forgets, 0, 4);
	tcase_add_test(tests, memory);
	return run_tests("store_format", tests);
}
