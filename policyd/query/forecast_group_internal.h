/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_GROUP_INTERNAL_H
#define POLICYD_QUERY_FORECAST_GROUP_INTERNAL_H

/* Shared by forecast_group.c, which makes groups, and forecast_merge.c, which
 * makes fewer of them. */

#include "policyd/query/forecast_group.h"

/* forecast_group_compare - for tsearch(3). */
int forecast_group_compare(const void *one, const void *other);

/* forecast_texts_add - a copy. forecast_texts_clear - free what it holds. */
void forecast_texts_add(struct forecast_texts *to, const char *text);
void forecast_texts_clear(struct forecast_texts *of);

/* forecast_group_time - one more time, or POSTLOG_NO_TIME. */
void forecast_group_time(struct forecast_group *group, int64_t time);

/* forecast_group_free - it is in no list any more. */
void forecast_group_free(struct forecast_group *group);

#endif
