/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_REPLAY_ORDER_H
#define POLICYD_QUERY_REPLAY_ORDER_H

#include <stdint.h>

/* replay_order - sort the names of files so that those of the log come in the
 * order of time; mail.log* is the other way round. Files without a time, logs
 * of policyd alone, and what is not a regular file keep their order, before the
 * others. times gets the time of the first line of each, or POSTLOG_NO_TIME; it
 * is not changed for a single file. */
void replay_order(int count, char **files, int64_t *times);

#endif
