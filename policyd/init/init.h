/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_INIT_INIT_H
#define POLICYD_INIT_INIT_H

#include <stdbool.h>

struct init_options {
	bool apply;	 /* run the commands, too */
	bool observe;	 /* policyd only observes; the lists stay in effect */
	const char *log; /* the log for a forecast; NULL: the usual one */
	bool no_log;	 /* make no forecast */
};

/* init - write policyd.conf for a Postfix to path, and print what will change
 * and the commands that make that Postfix use policyd; they are run only with
 * apply. Copies of its files are kept for init_undo(). If the file exists it is
 * kept, and Postfix is to use its first listener. directory: the configuration
 * directory of Postfix; NULL: /etc/postfix. Nothing is written or printed
 * unless it was tried on a copy of the Postfix configuration and strangers
 * cannot relay. Returns an exit status; errors are on standard error. */
int init(const char *path, const char *directory,
	 const struct init_options *options);

/* init_undo - restore main.cf and master.cf as they were before the last init()
 * for the file path; or, if something else has changed there, print how to undo
 * the changes of init() alone. Returns an exit status: 0 restored, 1 printed.
 */
int init_undo(const char *path);

#endif
