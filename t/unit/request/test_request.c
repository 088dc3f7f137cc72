/* SPDX-License-Identifier: ISC */
/* test_request - framing, limits and attributes of the policy protocol */

#include <check.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/request/request.h"
#include "t/unit/test.h"

#define HEAD "request=smtpd_access_policy\n"

/* Requests and what becomes of them. */
static const struct {
	const char *bytes;
	const char *error; /* part of the reason, or NULL: it is well */
} cases[] = {
	{ HEAD "\n", NULL },
	{ HEAD "recipient=a@b\n\n", NULL },
	{ "recipient=a@b\n" HEAD "\n", NULL },
	{ HEAD "recipient=a=b@c\n\n", NULL },
	{ HEAD "future_attribute=x\n\n", NULL },
	{ HEAD "future_attribute=x\nfuture_attribute=y\n\n", NULL },
	{ HEAD "size=1\nsize=2\n\n", NULL },
	{ HEAD "recipient=a@b\nrecipient=a@b\n\n", NULL },
	{ HEAD HEAD "\n", NULL },
	{ "\n", "no request=" },
	{ "request=\n\n", "no request=" },
	{ "request=junk\n\n", "unknown request type" },
	{ "request=smtpd_access_policy \n\n", "unknown request type" },
	{ "recipient=a@b\n\n", "no request=" },
	{ HEAD "nonsense\n\n", "without \"=\"" },
	{ HEAD "=value\n\n", "without a name" },
	{ HEAD "\r\n\n", "without \"=\"" },
	{ HEAD "request=other\n\n", "request given twice" },
	{ HEAD "recipient=a@b\nrecipient=a@c\n\n", "recipient given twice" },
	{ HEAD "recipient=a@b\nrecipient=\n\n", "recipient given twice" },
	{ HEAD "recipient=\nrecipient=a@b\n\n", "recipient given twice" },
	/* out of the order in which Postfix sends them */
	{ HEAD "recipient=r\nsender=a\nsender=b\n\n", "sender given twice" },
	{ HEAD "sender=a\nsender=b\n\n", "sender given twice" },
	{ HEAD "sasl_method=a\nsasl_method=b\n\n", "sasl_method given twice" },
	{ HEAD "sasl_username=a\nsasl_username=b\n\n",
	  "sasl_username given twice" },
	{ HEAD "encryption_protocol=\nencryption_protocol=TLSv1.3\n\n",
	  "encryption_protocol given twice" },
	{ HEAD "encryption_cipher=a\nencryption_cipher=b\n\n",
	  "encryption_cipher given twice" },
	{ HEAD "encryption_keysize=0\nencryption_keysize=256\n\n",
	  "encryption_keysize given twice" },
	{ HEAD "client_address=a\nclient_address=b\n\n",
	  "client_address given twice" },
	{ HEAD "server_port=25\nserver_port=587\n\n",
	  "server_port given twice" },
	{ HEAD "policy_context=a\npolicy_context=b\n\n",
	  "policy_context given twice" },
	{ HEAD "protocol_state=RCPT\nprotocol_state=MAIL\n\n",
	  "protocol_state given twice" },
	{ HEAD "ccert_fingerprint=a\nccert_fingerprint=b\n\n",
	  "ccert_fingerprint given twice" },
	{ HEAD "ccert_pubkey_fingerprint=a\nccert_pubkey_fingerprint=b\n\n",
	  "ccert_pubkey_fingerprint given twice" },
};

START_TEST(parses)
{
	const char *bytes = cases[_i].bytes;
	size_t size = strlen(bytes);
	struct request_scan scan = { 0 };
	struct request request;
	struct error error;
	char *copy = xstrndup(bytes, size);

	ck_assert_int_eq(request_length(copy, size, &scan, &error),
			 (ssize_t)size);
	if (cases[_i].error == NULL) {
		ck_assert_int_eq(request_parse(&request, copy, size, &error),
				 0);
		ck_assert_str_eq(request.request, "smtpd_access_policy");
	} else {
		ck_assert_int_eq(request_parse(&request, copy, size, &error),
				 -1);
		ck_assert_ptr_nonnull(strstr(error.text, cases[_i].error));
	}
	free(copy);
}
END_TEST

START_TEST(last_value_counts)
{
	char bytes[] = HEAD "size=1\nrecipient=a=b@c\nsize=2\nqueue_id=\n\n";
	struct request request;
	struct error error;

	ck_assert_int_eq(
		request_parse(&request, bytes, sizeof(bytes) - 1, &error), 0);
	ck_assert_str_eq(request.size, "2");
	ck_assert_str_eq(request.recipient, "a=b@c");
	ck_assert_str_eq(request.queue_id, "");
	ck_assert_str_eq(request.sender, "");
	ck_assert_str_eq(request.tls_sni, "");
}
END_TEST

/* measure - request_length() of bytes that come in two parts */
static ssize_t measure(const char *bytes, size_t size, size_t first)
{
	struct request_scan scan = { 0 };
	struct error error;
	ssize_t length = request_length(bytes, first, &scan, &error);

	return length != 0 ? length
			   : request_length(bytes, size, &scan, &error);
}

START_TEST(every_split)
{
	static const char bytes[] = HEAD "recipient=a@b\nsender=\n\nrequest=";
	size_t size = sizeof(bytes) - 1;
	size_t whole = size - strlen("request=");
	size_t first;

	for (first = 0; first <= size; first++)
		ck_assert_int_eq(measure(bytes, size, first), (ssize_t)whole);
}
END_TEST

/* A request of exactly this size, number of lines and longest line. */
static char *build(size_t attributes, size_t longest, size_t total,
		   size_t *size)
{
	char *bytes = xcalloc(1, total + longest + attributes * 8 + 64);
	size_t length = 0;
	size_t i;

	length += (size_t)sprintf(bytes, HEAD);
	for (i = 1; i < attributes; i++) {
		size_t want = i == 1 ? longest : 4;

		if (total > 0 && i > 1)
			want = (total - 1 - length) / (attributes - i) - 1;
		memcpy(bytes + length, "xy=", 3);
		memset(bytes + length + 3, 'v', want - 3);
		bytes[length + want] = '\n';
		length += want + 1;
	}
	bytes[length++] = '\n';
	bytes[length] = '\0';
	*size = length;
	return bytes;
}

static const struct {
	size_t attributes, longest, total;
	bool well;
} limits[] = {
	{ REQUEST_ATTRIBUTE_MAX - 1, 9, 0, true },
	{ REQUEST_ATTRIBUTE_MAX, 9, 0, true },
	{ REQUEST_ATTRIBUTE_MAX + 1, 9, 0, false },
	{ 3, REQUEST_LINE_MAX - 1, 0, true },
	{ 3, REQUEST_LINE_MAX, 0, true },
	{ 3, REQUEST_LINE_MAX + 1, 0, false },
	{ 100, 9, REQUEST_BYTES_MAX - 1, true },
	{ 100, 9, REQUEST_BYTES_MAX, true },
	{ 100, 9, REQUEST_BYTES_MAX + 1, false },
};

START_TEST(limit)
{
	struct request_scan scan = { 0 };
	struct request request;
	struct error error;
	size_t size;
	char *bytes = build(limits[_i].attributes, limits[_i].longest,
			    limits[_i].total, &size);
	ssize_t length = request_length(bytes, size, &scan, &error);

	/* However the bytes come: what is refused at once is refused, and what
	 * the parser would refuse is not even waited for. */
	for (size_t first = 1; first < size; first += 1 + size / 7)
		ck_assert_int_eq(measure(bytes, size, first),
				 limits[_i].well ? (ssize_t)size : -1);
	if (limits[_i].total > 0)
		ck_assert_uint_eq(size, limits[_i].total);
	if (limits[_i].well) {
		ck_assert_int_eq(length, (ssize_t)size);
		ck_assert_int_eq(request_parse(&request, bytes, size, &error),
				 0);
	} else if (length >= 0) {
		ck_assert_int_eq(length, (ssize_t)size);
		ck_assert_int_eq(request_parse(&request, bytes, size, &error),
				 -1);
	}
	free(bytes);
}
END_TEST

/* As many lines as that are too many, however short they are. */
START_TEST(counts_lines_of_one_byte)
{
	char bytes[2 * (REQUEST_ATTRIBUTE_MAX + 1) + 1] = "";
	struct request_scan scan = { 0 };
	struct error error;
	size_t i;

	for (i = 0; i < REQUEST_ATTRIBUTE_MAX; i++)
		strcat(bytes, "x\n");
	ck_assert_int_eq(request_length(bytes, strlen(bytes), &scan, &error),
			 0);
	strcat(bytes, "x\n");
	ck_assert_int_eq(request_length(bytes, strlen(bytes), &scan, &error),
			 -1);
	ck_assert_str_eq(error.text, "more than 128 attributes");
}
END_TEST

/* A blank line ends a request, the first line too. */
START_TEST(blank_line_alone_is_a_request)
{
	static const char bytes[] = "\n" HEAD "\n";
	size_t first;

	for (first = 0; first < sizeof(bytes); first++)
		ck_assert_int_eq(measure(bytes, sizeof(bytes) - 1, first), 1);
}
END_TEST

/* The bytes may end before the text does. */
START_TEST(nothing_behind_the_bytes_counts)
{
	static const char bytes[] = HEAD "\n" HEAD "\n";
	size_t whole = strlen(HEAD "\n");

	for (size_t size = 0; size < sizeof(bytes); size++) {
		struct request_scan scan = { 0 };
		struct error error;

		ck_assert_int_eq(request_length(bytes, size, &scan, &error),
				 size < whole ? 0 : (ssize_t)whole);
	}
}
END_TEST

START_TEST(never_more_than_the_limit_is_wanted)
{
	char *bytes = xcalloc(1, REQUEST_BYTES_MAX + 1);
	struct request_scan scan = { 0 };
	struct error error;
	size_t i;

	for (i = 0; i < REQUEST_BYTES_MAX; i++)
		bytes[i] = i % 1000 == 999 ? '\n' : 'x';
	ck_assert_int_eq(
		request_length(bytes, REQUEST_BYTES_MAX - 1, &scan, &error), 0);
	ck_assert_int_eq(
		request_length(bytes, REQUEST_BYTES_MAX, &scan, &error), -1);
	free(bytes);
}
END_TEST

START_TEST(nul_is_malformed)
{
	static const char bytes[] = HEAD "recipient=a\0b\n\n";
	struct request_scan scan = { 0 };
	struct error error;

	ck_assert_int_eq(
		request_length(bytes, sizeof(bytes) - 1, &scan, &error), -1);
	ck_assert_str_eq(error.text, "NUL byte");
}
END_TEST

START_TEST(nul_is_found_in_any_split)
{
	static const char bytes[] = HEAD "recipient=a\0b\n\n";
	size_t first;

	for (first = 0; first < sizeof(bytes); first++)
		ck_assert_int_eq(measure(bytes, sizeof(bytes) - 1, first), -1);
}
END_TEST

START_TEST(nul_in_the_next_request_is_its_own)
{
	static const char bytes[] = HEAD "\nrecipient=a\0b\n\n";
	size_t first;

	for (first = 0; first < sizeof(bytes); first++)
		ck_assert_int_eq(measure(bytes, sizeof(bytes) - 1, first),
				 (ssize_t)strlen(HEAD "\n"));
}
END_TEST

START_TEST(nul_is_refused_by_the_parser_too)
{
	char bytes[] = HEAD "recipient=a\0b\n\n";
	struct request request;
	struct error error;

	ck_assert_int_eq(
		request_parse(&request, bytes, sizeof(bytes) - 1, &error), -1);
	ck_assert_str_eq(error.text, "NUL byte");
}
END_TEST

/* Input that request_length() never lets pass is no request either. */
START_TEST(unfinished_is_refused_by_the_parser_too)
{
	static const char *const texts[][2] = {
		{ HEAD "recipient=a", "unfinished line" },
		{ HEAD "protocol_state=RCPT", "unfinished line" },
		{ HEAD "xy=", "unfinished line" },
		{ "request=smtpd_access_policy", "unfinished line" },
		{ "recipient=a", "unfinished line" },
		{ HEAD, "no blank line" },
		{ HEAD "xy=\n", "no blank line" },
		{ "", "no blank line" },
	};
	struct request request;
	struct error error;

	for (int i = 0; i < COUNT(texts); i++) {
		char *bytes = xstrdup(texts[i][0]);

		ck_assert_int_eq(
			request_parse(&request, bytes, strlen(bytes), &error),
			-1);
		ck_assert_str_eq(error.text, texts[i][1]);
		free(bytes);
	}
}
END_TEST

START_TEST(attributes_by_index)
{
	struct request request;
	const char *name;
	size_t i;

	request_init(&request);
	request.tls_sni = "last";
	for (i = 0; i < REQUEST_NAMES; i++)
		ck_assert_ptr_nonnull(request_attribute(&request, i, &name));
	ck_assert_str_eq(name, "tls_sni");
	ck_assert_str_eq(request_attribute(&request, i - 1, &name), "last");
	ck_assert_ptr_null(request_attribute(&request, i, &name));
}
END_TEST

START_TEST(all_captures)
{
	DIR *directory = opendir(TEST_DATA "/captures");
	struct dirent *entry;
	int count = 0;

	ck_assert_ptr_nonnull(directory);
	while ((entry = readdir(directory)) != NULL) {
		struct request_scan scan = { 0 };
		struct request request;
		struct error error;
		size_t size;
		char *path, *bytes;

		if (strstr(entry->d_name, ".req") == NULL)
			continue;
		path = xasprintf(TEST_DATA "/captures/%s", entry->d_name);
		bytes = read_whole(path, &size);
		ck_assert_msg(request_length(bytes, size, &scan, &error) ==
				      (ssize_t)size,
			      "%s", path);
		ck_assert_msg(request_parse(&request, bytes, size, &error) == 0,
			      "%s: %s", path, error.text);
		ck_assert_str_ne(request.protocol_state, "");
		ck_assert_str_ne(request.client_address, "");
		free(bytes);
		free(path);
		count++;
	}
	closedir(directory);
	ck_assert_int_ge(count, 44);
}
END_TEST

START_TEST(sets_by_name)
{
	struct request request;

	request_init(&request);
	ck_assert_int_eq(request_set(&request, "recipient", "a@b"), 0);
	ck_assert_str_eq(request.recipient, "a@b");
	ck_assert_int_eq(request_set(&request, "tls_sni", "x"), 0);
	ck_assert_str_eq(request.tls_sni, "x");
	ck_assert_int_eq(request_set(&request, "recipien", "x"), -1);
	ck_assert_int_eq(request_set(&request, "recipients", "x"), -1);
	ck_assert_int_eq(request_set(&request, "", "x"), -1);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("request");

	tcase_add_loop_test(tests, parses, 0, COUNT(cases));
	tcase_add_loop_test(tests, limit, 0, COUNT(limits));
	tcase_add_test(tests, counts_lines_of_one_byte);
	tcase_add_test(tests, last_value_counts);
	tcase_add_test(tests, every_split);
	tcase_add_test(tests, blank_line_alone_is_a_request);
	tcase_add_test(tests, nothing_behind_the_bytes_counts);
	tcase_add_test(tests, never_more_than_the_limit_is_wanted);
	tcase_add_test(tests, nul_is_malformed);
	tcase_add_test(tests, nul_is_found_in_any_split);
	tcase_add_test(tests, nul_in_the_next_request_is_its_own);
	tcase_add_test(tests, nul_is_refused_by_the_parser_too);
	tcase_add_test(tests, unfinished_is_refused_by_the_parser_too);
	tcase_add_test(tests, attributes_by_index);
	tcase_add_test(tests, all_captures);
	tcase_add_test(tests, sets_by_name);
	return run_tests("request", tests);
}
