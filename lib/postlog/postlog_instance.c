/* SPDX-License-Identifier: ISC */
/* postlog_instance - several Postfixes in one log
 *
 * Each has its own queue, so they use the same queue ids, and in containers the
 * same numbers of processes, too. They differ in the first part of syslog_name.
 * But a port may have a syslog_name of its own, and only smtpd(8) logs under
 * that; its messages are in the queue of an instance with another name. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postlog/postlog_internal.h"

/* postlog_key - "NAME@INSTANCE" */
void postlog_key(char key[POSTLOG_KEY_MAX], const char *service,
		 const char *name)
{
	snprintf(key, POSTLOG_KEY_MAX, "%s@%.*s", name,
		 (int)strcspn(service, "/"), service);
}

/* postlog_instance_note - remember it; those that do not fit are taken for
 * ports */
void postlog_instance_note(struct postlog *log, const char *service, bool queue)
{
	size_t length = strcspn(service, "/");
	size_t i = 0;

	while (i < POSTLOG_INSTANCES && log->instances[i].name != NULL &&
	       (strncmp(log->instances[i].name, service, length) != 0 ||
		log->instances[i].name[length] != '\0'))
		i++;
	if (i == POSTLOG_INSTANCES)
		return;
	if (log->instances[i].name == NULL)
		log->instances[i].name = xstrndup(service, length);
	log->instances[i].has_queue |= queue;
}

/* postlog_message_find - of that instance, or else of a port */
struct postlog_message *postlog_message_find(const struct postlog *log,
					     const char *host,
					     const char *service,
					     const char *queue_id, bool any)
{
	struct postlog_message *message;
	char key[POSTLOG_KEY_MAX];
	size_t i;

	postlog_key(key, service, queue_id);
	message = postlog_table_find(&log->queue, host, key);
	for (i = 0; i < POSTLOG_INSTANCES && message == NULL &&
		    log->instances[i].name != NULL;
	     i++) {
		if (log->instances[i].has_queue && !any)
			continue;
		postlog_key(key, log->instances[i].name, queue_id);
		message = postlog_table_find(&log->queue, host, key);
	}
	return message;
}
