/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTCONF_H
#define LIB_POSTCONF_H

#include <stddef.h>

#include "lib/error.h"

/* Postfix's configuration, read by its own postconf(1): what it prints is
 * what Postfix means, whatever version it is. */

/* The time that a run of postconf(1) may take. */
#define POSTCONF_TIMEOUT_MS 10000

/* postconf_values - one run of postconf -c directory -x: the effective value
 * of each of count parameters, $name expanded, into values[], each owned by
 * the caller; NULL for a parameter that this Postfix does not have. 0, or -1
 * and a reason that says what to do: no postconf, no main.cf, a Postfix that
 * is too old for -x (before 2.10). */
int postconf_values(const char *directory, const char *const names[],
		    size_t count, char *values[], struct error *error);

/* postconf_values_parse - what that run printed, into values[], all NULL
 * before; text is changed. 0, or -1: it is something else, and no value is
 * left. */
int postconf_values_parse(char *text, const char *const names[], size_t count,
			  char *values[], struct error *error);

/* postconf_text - what postconf -c directory OPTION prints (-n: settings of
 * main.cf; -M: services of master.cf; -P: their -o overrides). The caller
 * frees *text. 0 or -1. */
int postconf_text(const char *directory, const char *option, char **text,
		  struct error *error);

/* postconf_effective - what postconf -c directory -x prints: every parameter
 * with its effective value, $name expanded, as a service of master.cf has it
 * whose -o options are the overrides ("name=value"). The caller frees *text.
 * 0 or -1. */
int postconf_effective(const char *directory, const char *const overrides[],
		       size_t count, char **text, struct error *error);

#endif
