/* SPDX-License-Identifier: ISC */
#ifndef LIB_RATE_RATE_LIMIT_H
#define LIB_RATE_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"

/* How much, in which time. "200/1h" is never more than 200 in any 60 minutes.
 * The length of a window is 1 s to 31 d, written with s, m, h, d or w. */

#define RATE_WINDOWS_MAX  4
#define RATE_LENGTH_MAX	  UINT64_C(2678400) /* seconds: 31 days */
#define RATE_NUMBER_MAX	  UINT32_MAX /* of recipients, messages, networks */
#define RATE_BYTES_MAX	  ((uint64_t)1 << 50)
#define RATE_NETWORKS_MAX 64
#define RATE_UNLIMITED	  UINT64_MAX /* as number */
#define RATE_TEXT_SIZE	  32

/* The things that a limit counts. It decides the largest number, and whether
 * K, M and G (of 1024) may follow it. */
enum rate_unit { RATE_NUMBER, RATE_BYTES, RATE_NETWORKS };

struct rate_limit {
	uint64_t number; /* 0: nothing at all; RATE_UNLIMITED */
	uint32_t length_s;
};

/* The limits of one rate, or of one key; each length is there once, the
 * shortest first. Zero bytes are a list without limits. */
struct rate_limits {
	unsigned count;
	struct rate_limit limit[RATE_WINDOWS_MAX];
};

/* rate_limit_parse - "200/1h"; 0, or -1: *limit is unchanged, and error says
 * what is wrong, beginning with the text. */
int rate_limit_parse(const char *text, enum rate_unit unit,
		     struct rate_limit *limit, struct error *error);

/* rate_limits_copy - only as many limits as there are. */
void rate_limits_copy(struct rate_limits *to, const struct rate_limits *from);

/* rate_limits_add - one more limit of a rate. 0; -1: its length is there, or
 * there are too many; *limits is unchanged. */
int rate_limits_add(struct rate_limits *limits, const struct rate_limit *limit,
		    struct error *error);

/* rate_limits_change - apply a value of limit_maps to the limits of its rate:
 *
 *	500/1h, 5000/1d   a length that is not named keeps its number
 *	unlimited         for each length
 *	0                 nothing at all
 *
 * 1: done. 0: it is one word that is none of these, which begins with no digit
 * and may be the name of a plan. -1: error. In the last two cases *limits is
 * unchanged. A length that *limits does not have is an error. */
int rate_limits_change(struct rate_limits *limits, const char *value,
		       enum rate_unit unit, struct error *error);

/* rate_length_text - "1h", in the largest unit that fits exactly. Returns
 * text. */
const char *rate_length_text(uint32_t length_s, char text[RATE_TEXT_SIZE]);

/* rate_number_text - "200", "10M": a number as it is in a limit. Returns text.
 */
const char *rate_number_text(uint64_t number, enum rate_unit unit,
			     char text[RATE_TEXT_SIZE]);

/* rate_limit_text - "200/1h", "10M/1d", "unlimited/1h"; rate_limit_parse()
 * reads all but the last. Returns text. */
const char *rate_limit_text(const struct rate_limit *limit, enum rate_unit unit,
			    char text[RATE_TEXT_SIZE]);

#endif
