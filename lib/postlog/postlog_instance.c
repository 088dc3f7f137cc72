/* SPDX-License-Identifier: ISC */
/* postlog_instance - several Postfixes in one log
 *
 * Each has its own queue, so they use the same queue ids, and in containers the
 * same numbers of processes, too. They differ in the first part of syslog_name.
 * But a port may have a syslog_name of its own, which may even be that of
 * another instance ("postfix/submission", as in most files master.cf), and only
 * smtpd(8) logs under that. So a message is known by the name that smtpd had,
 * until cleanup(8) or qmgr(8) say in whose queue it is. */

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

/* is_of - is it the first part of that syslog_name? */
static bool is_of(const char *instance, const char *service)
{
	size_t length = strlen(instance);

	return strncmp(instance, service, length) == 0 &&
	       (service[length] == '/' || service[length] == '\0');
}

/* postlog_instance - remember it */
const char *postlog_instance(struct postlog *log, const char *service)
{
	size_t i = 0;

	while (i < POSTLOG_INSTANCES && log->instances[i] != NULL &&
	       !is_of(log->instances[i], service))
		i++;
	if (i == POSTLOG_INSTANCES)
		return NULL;
	if (log->instances[i] == NULL)
		log->instances[i] = xstrndup(service, strcspn(service, "/"));
	return log->instances[i];
}

/* find - under one name of an instance; any: in whatever queue it is */
static struct postlog_message *find(const struct postlog *log,
				    const struct postlog_line *line,
				    const char *instance, const char *queue_id,
				    bool any)
{
	struct postlog_message *message;
	char key[POSTLOG_KEY_MAX];

	postlog_key(key, instance, queue_id);
	message = postlog_table_find(&log->queue, line->host, key);
	if (message == NULL || any || message->queue == NULL ||
	    is_of(message->queue, line->service))
		return message;
	return NULL;
}

/* postlog_message_find - of that instance, or else of a port */
struct postlog_message *postlog_message_find(const struct postlog *log,
					     const struct postlog_line *line,
					     const char *queue_id, bool any)
{
	struct postlog_message *message =
		find(log, line, line->service, queue_id, any);
	size_t i;

	for (i = 0; i < POSTLOG_INSTANCES && message == NULL &&
		    log->instances[i] != NULL;
	     i++)
		message = find(log, line, log->instances[i], queue_id, any);
	return message;
}
