/* SPDX-License-Identifier: ISC */
/* progress - show the progress of long work on a terminal */

#include "policyd/query/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/clock.h"

#define STEP_MS 100
#define WIDTH	79 /* a line that wraps could not be erased */

/* progress_init - check whether there is a terminal */
void progress_init(struct progress *progress)
{
	*progress = (struct progress){
		.terminal = isatty(STDERR_FILENO) == 1,
	};
}

/* progress_due - is it time to show something again? */
bool progress_due(const struct progress *progress)
{
	return progress->terminal && clock_ms() >= progress->next_ms;
}

/* progress_say - show this line */
void progress_say(struct progress *progress, const char *format, ...)
{
	char line[WIDTH + 1];
	va_list arguments;
	char *byte;

	if (!progress->terminal)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (byte = line; *byte != '\0'; byte++)
		if (*byte < ' ' || *byte > '~')
			*byte = '?';
	fprintf(stderr, "\r\033[K%s", line);
	progress->shown = true;
	progress->next_ms = clock_ms() + STEP_MS;
}

/* progress_reading - show which table is being read */
void progress_reading(void *context, const char *name)
{
	progress_say(context, "reading %s ...", name);
}

/* progress_clear - erase the line */
void progress_clear(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
