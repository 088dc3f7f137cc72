/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_POSTCONF_H
#define LIB_POSTFIX_POSTCONF_H

#include <stddef.h>

#include "lib/base/error.h"

/* The configuration of Postfix, read through its own postconf(1): its output is
 * what this version of Postfix really uses. */

/* The time limit for a run of postconf(1). */
#define POSTCONF_TIMEOUT_MS 10000

/* postconf_values - one run of postconf -c directory -x: the effective value,
 * with $name expanded, of each of count parameters, into values[], each owned
 * by the caller; NULL for a parameter that this Postfix does not have. 0, or -1
 * and a reason that says what to do: no postconf, no main.cf, a Postfix that is
 * too old for -x (before 2.10). */
int postconf_values(const char *directory, const char *const names[],
		    size_t count, char *values[], struct error *error);

/* postconf_values_parse - parse the output of that run into values[], which
 * must be all NULL; changes text. 0, or -1: unexpected output, and no value is
 * set. */
int postconf_values_parse(char *text, const char *const names[], size_t count,
			  char *values[], struct error *error);

/* postconf_text - the output of postconf -c directory OPTION (-n: settings of
 * main.cf; -m: types of tables; -M: services of master.cf; -P: their -o
 * overrides; NULL, for none: every parameter, with $name as written). The
 * caller frees *text. 0 or -1. */
int postconf_text(const char *directory, const char *option, char **text,
		  struct error *error);

/* postconf_effective - the output of postconf -c directory -x: every parameter
 * with its effective value, $name expanded, as seen by a service of master.cf
 * whose -o options are the overrides ("name=value"). The caller frees *text. 0
 * or -1. */
int postconf_effective(const char *directory, const char *const overrides[],
		       size_t count, char **text, struct error *error);

#endif
