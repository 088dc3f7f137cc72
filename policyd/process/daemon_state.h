/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_PROCESS_DAEMON_STATE_H
#define POLICYD_PROCESS_DAEMON_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/watched_files.h"

/* The files that a running policyd has loaded, and when: the monitor writes it
 * as text to its state file (policyd/process/state_file.h), --status and others
 * read it.
 * Times are those of time(2); 0: never. */

struct daemon_state {
	const char *version;
	const char *phase;   /* "serving", "reloading", ... */
	const char *config;  /* the path of policyd.conf */
	const char *reason;  /* of the last refused reload, or "" */
	const char *metrics; /* the address of that listener, or "" */
	const char *failed;  /* the tables that could not be read, or "" */
	int64_t pid;	     /* of the monitor */
	int64_t server;	     /* of the process that serves; 0: none */
	int64_t started;
	int64_t loaded;	       /* lists and tables */
	int64_t config_loaded; /* policyd.conf */
	int64_t refused_when;
	int64_t is_refused;    /* the last reload was */
	int64_t reloads;       /* that succeeded */
	int64_t refused;       /* reloads that failed */
	int64_t requested;     /* SIGHUPs that were received */
	int64_t answered;      /* those of them whose result is known: */
	int64_t succeeded;     /* was it a reload? */
	int64_t refresh_ms;    /* 0: changes are not loaded by themselves */
	int64_t failed_tables; /* that could not be read */
	struct watched_state config_state; /* before it was read */
	struct watched_files files;	   /* the other files, likewise */
	const char **listeners;		   /* addresses */
	size_t listener_count;
};

/* daemon_state_text - as lines NAME=VALUE; the caller frees the text. */
char *daemon_state_text(const struct daemon_state *state);

/* daemon_state_parse - read them; state points into text, which is changed and
 * must stay. Unknown lines are skipped; what is missing is 0 or "". */
void daemon_state_parse(struct daemon_state *state, char *text);

/* daemon_state_clear - free what daemon_state_parse() has allocated. */
void daemon_state_clear(struct daemon_state *state);

/* daemon_state_changed - has the file changed since? False also if that cannot
 * be determined. */
bool daemon_state_changed(const char *path, const struct watched_state *loaded);

#endif
