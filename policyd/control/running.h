/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CONTROL_RUNNING_H
#define POLICYD_CONTROL_RUNNING_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "lib/base/error.h"
#include "policyd/process/daemon_state.h"

/* The policyd that runs with a configuration file. */
struct running {
	struct daemon_state state;
	char *text; /* what state points into */
};

/* running_find - the policyd that runs with the file at this path, which may be
 * one that would be refused now. 1; or 0 and why: none runs, or its state
 * cannot be read. Clear running in both cases. */
int running_find(struct running *running, const char *config,
		 struct error *why);

/* running_clear - free what it holds. */
void running_clear(struct running *running);

/* running_changed - the first file that has changed since it was loaded, or
 * NULL. state.config: it is policyd.conf. */
const char *running_changed(const struct running *running);

/* running_behind - a policyd that runs with the file at this path may give
 * other answers than a program that loads it now: print why, in one line each.
 * 0: it does not, or none runs; 1: it will load a changed file by itself; 2: it
 * will not, has refused to, or cannot read tables. */
int running_behind(const char *config, FILE *output);

#endif
