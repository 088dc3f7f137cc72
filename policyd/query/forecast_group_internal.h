/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_GROUP_INTERNAL_H
#define POLICYD_QUERY_FORECAST_GROUP_INTERNAL_H

/* Shared by forecast_group.c, which makes groups, and forecast_merge.c, which
 * makes fewer of them. */

#include "policyd/query/forecast_group.h"

/* forecast_group_compare - for tsearch(3). */
int forecast_group_compare(const void *one, const void *other);

/* forecast_group_text - add a copy to a short list, unless it is there; more is
 * set: there is no room. */
void forecast_group_text(char *list[FORECAST_CLIENTS], size_t *count,
			 bool *more, const char *text);

/* forecast_group_time - one more time, or POSTLOG_NO_TIME. */
void forecast_group_time(struct forecast_group *group, int64_t time);

/* forecast_group_free - it is in no list any more. */
void forecast_group_free(struct forecast_group *group);

#endif
