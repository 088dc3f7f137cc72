/* SPDX-License-Identifier: ISC */
/* fuzz_log - any bytes in a log line
 *
 * The input is cut at its NULs; each part is one attribute. What is quoted is
 * printable, not longer than allowed, and tells the bytes that it stands for;
 * no value can look like a field of the decision line. */

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/xalloc.h"
#include "lib/decision/report.h"
#include "t/fuzz/fuzz.h"

/* unquote - a byte of quoted text, and on */
static unsigned char unquote(const char **place)
{
	char hex[3] = "";

	if (**place != '\\')
		return (unsigned char)*(*place)++;
	require((*place)[1] == 'x');
	memcpy(hex, *place + 2, 2);
	require(strspn(hex, "0123456789abcdef") == 2);
	*place += 4;
	return (unsigned char)strtoul(hex, NULL, 16);
}

/* check_quote - with that much room */
static void check_quote(const char *text, size_t limit)
{
	char *buffer = xmalloc(limit + 1);
	size_t length = log_quote(buffer, limit, text);
	const char *place = buffer, *end;
	bool cut;

	require(length <= limit && strlen(buffer) == length);
	require(buffer[strcspn(buffer, " \"")] == '\0');
	/* Room for all: four bytes for each. */
	cut = limit < 4 * strlen(text) && length >= 3 &&
	      strcmp(buffer + length - 3, "...") == 0;
	end = buffer + length - (cut ? 3 : 0);
	while (place < end)
		require(unquote(&place) == (unsigned char)*text++);
	require(cut || *text == '\0' || limit < 3);
	free(buffer);
}

/* check_report - one line with these attributes */
static void check_report(const struct request *request, enum verdict verdict)
{
	static char name[] = "submission";
	static const struct service service = { .name = name };
	struct facts facts = { 0 };
	struct decision decision = { .verdict = verdict,
				     .restriction = "none",
				     .reason = "" };
	char line[REPORT_MAX];
	size_t length = report_write(line, "ABCDEF", &service, request, &facts,
				     &decision, 1);
	size_t i;

	require(length < REPORT_MAX && strlen(line) == length);
	for (i = 0; i < length; i++)
		require(line[i] >= ' ' && line[i] <= '~');
	require(strncmp(line, "id=ABCDEF service=submission verdict=", 37) ==
		0);
	require(strstr(line + 37, " verdict=") == NULL);
	require(strstr(line + 37, " id=") == NULL);
}

/* LLVMFuzzerTestOneInput - the first byte is the room, the rest attributes */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request;
	char *text, *place;
	const char *name;
	size_t i;

	if (size < 2)
		return 0;
	text = xmalloc(size + 1);
	memcpy(text, data, size);
	text[size] = '\0';
	check_quote(text + 1, data[0] + 3u);
	check_quote(text + 1, 4 * size);
	request_init(&request);
	place = text + 1;
	for (i = 0; place < text + size &&
		    request_attribute(&request, i, &name) != NULL;
	     i++) {
		require(request_set(&request, name, place) == 0);
		place += strlen(place) + 1;
	}
	check_report(&request, data[0] % VERDICT_COUNT);
	free(text);
	return 0;
}
