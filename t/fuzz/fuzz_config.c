/* SPDX-License-Identifier: ISC */
/* fuzz_config - any bytes as a configuration file
 *
 * The scan must stand every input, and whatever passes it and the check of
 * names libconfuse must read in the same way: as many values as were written,
 * with the same titles. A difference would be a trap that the scan misses. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_messages - libconfuse must not know of an error that we missed */
static void check_messages(struct config_notes *notes)
{
	struct config_messages messages;
	size_t i;

	config_notes_move(notes, &messages);
	for (i = 0; i < messages.count; i++) {
		const char *text = messages.lines[i] + strlen("fuzz:");

		text += strspn(text, "0123456789");
		if (strncmp(text, ": libconfuse ", 13) == 0) {
			fprintf(stderr, "%s\n", messages.lines[i]);
			abort();
		}
	}
	config_messages_clear(&messages);
}

/* LLVMFuzzerTestOneInput - one file */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_notes notes = { .path = "fuzz" };
	struct config_settings settings;
	struct config_scan scan;
	struct error error;
	char *text = xmalloc(size + 1);
	int line;

	memcpy(text, data, size);
	text[size] = '\0';
	if (config_scan(&scan, text, size, &line, &error) == 0) {
		config_parse(&settings, text, &scan, &notes);
		settings_complete(&settings);
		settings_clear(&settings);
		check_messages(&notes);
	}
	config_scan_clear(&scan);
	free(text);
	return 0;
}
