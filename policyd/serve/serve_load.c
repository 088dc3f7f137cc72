/* SPDX-License-Identifier: ISC */
/* serve_load - load the configuration that a server serves with
 *
 * Its text is that of the file, or the one that was in effect when another
 * server died; the files that the text names are read in both cases. All
 * messages about it go to the monitor, which logs them. */

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/config/config_file.h"
#include "policyd/process/accepted.h"
#include "policyd/serve/serve_internal.h"

_Static_assert(ACCEPTED_MAX == CONFIG_FILE_MAX, "what is loaded can be kept");

/* name_failed - tell the monitor which tables, as far as they have room */
static void name_failed(const struct service_process *process)
{
	const struct config *config = process->config;
	struct channel_message message;
	size_t length = 0, i;

	channel_message_init(&message, CHANNEL_FAILED, 0);
	for (i = 0; i < config->failed_tables; i++) {
		char *text = message.body.text;
		size_t room = sizeof(message.body.text) - length;
		int count = snprintf(text + length, room, "%s%s",
				     i > 0 ? "; " : "", config->failures[i]);

		length += count > 0 && (size_t)count < room ? (size_t)count
							    : room - 1;
	}
	if (process->channel >= 0)
		(void)channel_send(process->channel, &message, -1, NULL);
}

/* tell_failed - report that some lookups will fail, and until when */
static void tell_failed(const struct service_process *process)
{
	const struct config *config = process->config;
	char line[256];

	if (config->failed_tables == 0)
		return;
	snprintf(line, sizeof(line),
		 "%zu table%s or list file%s cannot be read: lookups there are "
		 "deferred%s",
		 config->failed_tables, config->failed_tables == 1 ? "" : "s",
		 config->failed_tables == 1 ? "" : "s",
		 config->table_refresh_ms > 0 && process->channel >= 0
			 ? "; retrying"
			 : " until a reload");
	serve_tell(process->channel, LOG_LEVEL_ERROR, line);
	name_failed(process);
}

/* serve_tell_messages - of loading a file; the level replaces the word
 * "warning" or "error" in them */
void serve_tell_messages(int channel, const struct config_messages *messages,
			 const char *path, const char *head,
			 enum log_level worst)
{
	char line[CHANNEL_TEXT_MAX];
	size_t i;

	for (i = 0; i < messages->count; i++) {
		bool warning;
		char *plain = config_message_plain(messages->lines[i], path,
						   &warning);

		snprintf(line, sizeof(line), "%s%s", head, plain);
		serve_tell(channel, warning ? LOG_LEVEL_WARNING : worst, line);
		free(plain);
	}
}

/* tell - send a line for the log */
__attribute__((format(printf, 3, 4))) static void
tell(const struct service_process *process, enum log_level level,
     const char *format, ...)
{
	char line[CHANNEL_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	serve_tell(process->channel, level, line);
}

/* is_current - does the file still contain this text? */
static bool is_current(const char *path, const char *text, size_t length)
{
	struct error error;
	size_t found;
	char *now = config_file_read(path, &found, &error);
	bool same = now != NULL && found == length &&
		    memcmp(now, text, length) == 0;

	free(now);
	return same;
}

/* get_accepted - the text that was in effect; if the file differs from it by
 * now, its age is that of the text, for the metrics */
static char *get_accepted(struct service_process *process,
			  const struct options *options, size_t *length,
			  struct error *error)
{
	struct timespec read;
	char *text;

	process->accepted = options->accepted;
	if (fcntl(process->accepted, F_SETFD, FD_CLOEXEC) < 0) {
		error_set(error, CHANNEL_ACCEPTED ": %s", strerror(errno));
		return NULL;
	}
	text = accepted_get(process->accepted, length, &read, error);
	if (text == NULL || is_current(options->config, text, *length))
		return text;
	process->loaded = read;
	process->differs = true;
	tell(process, LOG_LEVEL_WARNING,
	     "%s has changed since it was loaded; the replacement uses the "
	     "version that was in force; reload to use the new one",
	     options->config);
	return text;
}

/* put_accepted - give the text that was loaded to the monitor to keep */
static void put_accepted(struct service_process *process, const char *path,
			 const char *text, size_t length)
{
	struct error error;

	process->accepted =
		accepted_put(text, length, &process->loaded, &error);
	if (process->accepted < 0)
		tell(process, LOG_LEVEL_WARNING,
		     "%s cannot be kept (%s): if the server dies, its "
		     "replacement will read the file as it is then",
		     path, error.text);
}

/* get_text - of the file, or the one in effect; NULL: an error was reported */
static char *get_text(struct service_process *process,
		      const struct options *options, size_t *length)
{
	struct error error;
	char *text;

	if (options->accepted >= 0)
		text = get_accepted(process, options, length, &error);
	else
		text = config_file_read(options->config, length, &error);
	if (text == NULL)
		tell(process, LOG_LEVEL_ERROR, "%s: %s", options->config,
		     error.text);
	return text;
}

/* load_text - load the configuration from this text */
static void load_text(struct service_process *process,
		      const struct options *options, const char *text,
		      size_t length)
{
	struct config_load_options how = { .lenient = options->lenient,
					   .text = text,
					   .text_length = length };
	struct config_messages messages = { 0 };

	process->config = config_load_with(options->config, &how, &messages);
	if (process->config != NULL && process->accepted < 0)
		put_accepted(process, options->config, text, length);
	serve_tell_messages(process->channel, &messages, options->config, "",
			    LOG_LEVEL_ERROR);
	config_messages_clear(&messages);
}

/* serve_load - load the configuration, and send its messages */
int serve_load(struct service_process *process, const struct options *options)
{
	size_t length;
	char *text;

	clock_gettime(CLOCK_REALTIME, &process->loaded);
	text = get_text(process, options, &length);
	if (text == NULL)
		return -1;
	load_text(process, options, text, length);
	free(text);
#ifdef __GLIBC__
	malloc_trim(0); /* nothing will reuse the memory of loading */
#endif
	if (process->config == NULL)
		return -1;
	tell_failed(process);
	/* No listener: at a start that would look like success, and a reload
	 * would make a working policyd deaf. A message has said so. */
	return process->config->listener_count > 0 ? 0 : -1;
}
