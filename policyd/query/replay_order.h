/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_REPLAY_ORDER_H
#define POLICYD_QUERY_REPLAY_ORDER_H

/* replay_order - sort the names of files so that those with lines of Postfix
 * come in the order of time; mail.log* is the other way round. Files without
 * any, and what is not a regular file, keep their order, before the others. */
void replay_order(int count, char **files);

#endif
