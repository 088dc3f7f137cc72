/* SPDX-License-Identifier: ISC */
/* init_start - does policyd serve already? */

#include "policyd/init/init_internal.h"

#include <string.h>
#include <unistd.h>

#include "lib/net/listener.h"

#define ANSWER_S 1 /* for a full queue of connections */

/* answers - does somebody listen there? */
static bool answers(const char *address)
{
	struct error error;
	int fd = listener_connect(address, ANSWER_S, &error);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* init_answers - does somebody listen at a unix socket of the configuration? */
bool init_answers(const struct config *config)
{
	size_t i;

	for (i = 0; i < config->listener_count; i++)
		if (strncmp(config->listeners[i].address, "unix:", 5) == 0 &&
		    answers(config->listeners[i].address))
			return true;
	return false;
}
