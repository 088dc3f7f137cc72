/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_VALUES_H
#define LIB_CONFIG_CONFIG_VALUES_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* Single values of the configuration, parsed strictly: anything that is not
 * exactly right is refused, and the reason says what would be. All return 0 or
 * -1. Only for lib/config*.c and its tests. */

/* config_value_number - a decimal number from min to max. */
int config_value_number(const char *text, unsigned long min, unsigned long max,
			unsigned long *number, struct error *error);

/* config_value_time - a number of seconds, or a number with the unit s, m, h or
 * d (seconds, minutes, hours, days); from min to max seconds. The result is in
 * ms. */
int config_value_time(const char *text, unsigned long min, unsigned long max,
		      unsigned *ms, struct error *error);

/* config_value_milliseconds - the same for short times, from min to max ms; the
 * unit may also be ms. */
int config_value_milliseconds(const char *text, unsigned long min,
			      unsigned long max, unsigned *ms,
			      struct error *error);

/* config_value_bool - yes, true, on; no, false, off; in any case. */
int config_value_bool(const char *text, bool *value, struct error *error);

/* config_value_mode - three octal digits, or four with a leading 0. */
int config_value_mode(const char *text, mode_t *mode, struct error *error);

/* config_value_user - the name or number of a user that exists. name, unless
 * it is NULL, is set to the name; the caller frees it. */
int config_value_user(const char *text, uid_t *uid, char **name,
		      struct error *error);

/* config_value_group - the name or number of a group that exists; name as
 * above. */
int config_value_group(const char *text, gid_t *gid, char **name,
		       struct error *error);

/* config_value_literal - a text that expands to value, with $$ for each $;
 * the caller frees it. */
char *config_value_literal(const char *value);

#endif
