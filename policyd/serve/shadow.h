/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_SHADOW_H
#define POLICYD_SERVE_SHADOW_H

#include "lib/config/config.h"
#include "lib/decision/judgement.h"
#include "lib/stats/counters.h"

/* The configuration that is to follow this one: every request is judged with it
 * as well, and if the answer to Postfix would differ, that is logged and
 * counted. */
struct shadow;

/* shadow_try - load a configuration in a child process, since it may crash or
 * hang. messages receives those of config_load_with(), or one about the child.
 * 0, or -1: it is refused, or takes more than SHADOW_TIME_MS. Only before any
 * thread. */
int shadow_try(const char *path, struct config_messages *messages);

#define SHADOW_TIME_MS 6000

/* shadow_try_with - the same with another loader and time limit, so that tests
 * can try one that crashes or hangs. */
typedef struct config *shadow_loader(const char *path,
				     struct config_messages *messages);
int shadow_try_with(const char *path, shadow_loader *loader, unsigned time_ms,
		    struct config_messages *messages);

/* shadow_new - try it, then load it; NULL: it cannot be used, and messages say
 * why. Before root is given up. */
struct shadow *shadow_new(const char *path, struct config_messages *messages);

/* shadow_compare - judge a request, which got this reply, with the shadow
 * configuration, and log the difference; metrics receives the counts. */
void shadow_compare(struct shadow *shadow, const struct request *request,
		    const struct judgement *judgement, const char *reply,
		    const char *id, struct counters *counters);

/* shadow_share - another one with the same configuration, for another thread;
 * it must be freed first. */
struct shadow *shadow_share(const struct shadow *shadow);

/* shadow_free - NULL is allowed. */
void shadow_free(struct shadow *shadow);

#endif
