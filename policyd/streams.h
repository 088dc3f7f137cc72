/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_STREAMS_H
#define POLICYD_STREAMS_H

/* streams_open - see to it that no socket, pipe or file that is opened later
 * becomes standard input, output or error because we were started without it:
 * log lines would be written there, and -d closes what it finds there. What was
 * missing is still an error when it is used. -1: it cannot be done. */
int streams_open(void);

#endif
