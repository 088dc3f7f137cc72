/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_LOG_WRAPPING_H
#define POLICYD_QUERY_LOG_WRAPPING_H

/* log_unwrap - the line that a container wrote, if this is one of its log: a
 * JSON object of Docker, "TIME STREAM F ..." of Podman and Kubernetes, or "TIME
 * TIME ..." of docker logs -t. NULL: it is another line. The caller frees the
 * text. */
char *log_unwrap(const char *line);

#endif
