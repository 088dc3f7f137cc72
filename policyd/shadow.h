/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SHADOW_H
#define POLICYD_SHADOW_H

#include "lib/config.h"
#include "lib/judgement.h"
#include "lib/metrics.h"

/* The configuration that is to come: every request is judged under it, too, and
 * where Postfix would be told something else, that is logged and counted. */
struct shadow;

/* shadow_try - load a configuration in a child process, as it may do anything:
 * messages are those of config_load_with(), or one of our own. 0, or -1: it is
 * refused, or does not end within SHADOW_TIME_MS. Before any thread. */
int shadow_try(const char *path, struct config_messages *messages);

#define SHADOW_TIME_MS 6000

/* shadow_try_with - the same with another way to load, and another time: so a
 * test can see one that crashes or hangs. */
typedef struct config *shadow_loader(const char *path,
				     struct config_messages *messages);
int shadow_try_with(const char *path, shadow_loader *loader, unsigned time_ms,
		    struct config_messages *messages);

/* shadow_new - load it after it has been tried; NULL: it is not to be used, and
 * messages say why. Before root is given up. */
struct shadow *shadow_new(const char *path, struct config_messages *messages);

/* shadow_compare - judge a request that was decided to get this reply, and log
 * the difference; counts go to metrics. */
void shadow_compare(struct shadow *shadow, const struct request *request,
		    const struct judgement *judgement, const char *reply,
		    const char *id, struct metrics *metrics);

/* shadow_share - another one with the same configuration, for another thread;
 * it is to be freed first. */
struct shadow *shadow_share(const struct shadow *shadow);

/* shadow_free - NULL is allowed. */
void shadow_free(struct shadow *shadow);

#endif
