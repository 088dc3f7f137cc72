/* SPDX-License-Identifier: ISC */
#ifndef LIB_BASE_LOG_PREFIX_H
#define LIB_BASE_LOG_PREFIX_H

/* log_prefix_text - the text of a log line that a program with this name wrote,
 * after "name[PID]: "; NULL: another program wrote it, or it is uncertain. Only
 * a time stamp and one host name may precede the name. */
const char *log_prefix_text(const char *line, const char *name);

#endif
