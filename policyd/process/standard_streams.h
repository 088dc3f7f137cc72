/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_STANDARD_STREAMS_H
#define POLICYD_PROCESS_STANDARD_STREAMS_H

/* standard_streams_open - make sure that no socket, pipe or file that is opened
 * later becomes standard input, output or error because we were started without
 * it: log lines would be written to it, and -d would close it. Using a missing
 * stream is still an error. -1: it could not be done. */
int standard_streams_open(void);

#endif
