/* SPDX-License-Identifier: ISC */
#ifndef LIB_LOG_PREFIX_H
#define LIB_LOG_PREFIX_H

/* log_prefix_text - the text of a log line that a program of this name wrote,
 * behind "name[PID]: "; or NULL: another program wrote it, or nobody can say
 * which. Only a time stamp and one host name may stand before the name. */
const char *log_prefix_text(const char *line, const char *name);

#endif
