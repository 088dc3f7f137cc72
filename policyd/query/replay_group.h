/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_REPLAY_GROUP_H
#define POLICYD_QUERY_REPLAY_GROUP_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/decision/outcome.h"
#include "lib/request/request.h"
#include "policyd/query/replay_input.h"

/* Groups of requests that were decided alike. Zero it before use. */
struct replay_groups {
	struct replay_group *groups;
	size_t count;
};

/* replay_groups_add - count a request. old NULL: there is no comparison. */
void replay_groups_add(struct replay_groups *groups, const struct outcome *old,
		       const struct outcome *new, const struct request *request,
		       const struct replay_place *place);

/* replay_groups_changed, replay_groups_opened - the number of requests that
 * would be answered differently, and of those answered more permissively. */
unsigned long replay_groups_changed(const struct replay_groups *groups);
unsigned long replay_groups_opened(const struct replay_groups *groups);

/* replay_groups_print - as text: the groups that changed, or those that were
 * not compared; more permissive ones first, then by count. */
void replay_groups_print(struct replay_groups *groups, bool changed,
			 FILE *output);

/* replay_groups_print_json - all groups, one object per line. */
void replay_groups_print_json(struct replay_groups *groups, FILE *output);

/* replay_groups_clear - free what it holds. */
void replay_groups_clear(struct replay_groups *groups);

#endif
