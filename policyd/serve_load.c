/* SPDX-License-Identifier: ISC */
/* serve_load - the configuration that a server is to serve with
 *
 * Whatever there is to say about it goes to the monitor, which logs it. */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "policyd/serve_internal.h"

/* tell_failed - some lookups will fail, and until when */
static void tell_failed(const struct service_process *process)
{
	const struct config *config = process->config;
	char line[256];

	if (config->failed_tables == 0)
		return;
	snprintf(line, sizeof(line),
		 "%zu tables or files of lists cannot be "
		 "read: what has to be looked up there is deferred%s",
		 config->failed_tables,
		 config->table_refresh_ms > 0 && process->channel >= 0
			 ? "; it is tried again at every table_refresh"
			 : " until a reload");
	serve_tell(process->channel, LOG_LEVEL_ERROR, line);
}

/* serve_tell_messages - of loading a file; the level has the word for their
 * kind. head is what stands before them */
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

/* serve_load - the configuration, with its messages */
int serve_load(struct service_process *process, const struct options *options)
{
	struct config_load_options how = { .lenient = options->lenient };
	struct config_messages messages = { 0 };

	clock_gettime(CLOCK_REALTIME, &process->loaded);
	process->config = config_load_with(options->config, &how, &messages);
	malloc_trim(0); /* of what loading took nothing comes again */
	serve_tell_messages(process->channel, &messages, options->config, "",
			    LOG_LEVEL_ERROR);
	config_messages_clear(&messages);
	if (process->config == NULL)
		return -1;
	tell_failed(process);
	/* Nobody could ask: at a start that would look like success, and a
	 * reload would make a policyd that serves deaf. A warning tells it. */
	return process->config->listener_count > 0 ? 0 : -1;
}
