/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_REPLAY_COPIES_H
#define POLICYD_QUERY_REPLAY_COPIES_H

/* replay_copies - leave out each file that is another one of the list, or a
 * copy of it: mail that is in both would be counted twice. A copy begins with
 * the same lines; the longer of the two stays, and of equally long ones the one
 * that was written last. Reports each on standard error. Returns the number of
 * files that are left, in their order. */
int replay_copies(int count, char **files);

#endif
