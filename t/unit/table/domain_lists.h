/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_TABLE_DOMAIN_LISTS_H
#define T_UNIT_TABLE_DOMAIN_LISTS_H

#include <string.h>

#include "lib/table/domain_list.h"
#include "t/unit/place.h"

/* Lists of domains, and files for them. */

enum style {
	EXACT,	/* mydestination */
	PARENT, /* relay_domains */
	DOT,	/* the same, not in parent_domain_matches_subdomains */
	ASCII,	/* mydestination, smtputf8_enable = no */
};

/* new_table - a list in one of the styles */
static inline struct domain_list *new_table(const char *list, enum style style,
					    struct error *error)
{
	struct domain_list_options options = {
		.name = "relay_domains",
		.subdomains = style == PARENT || style == DOT,
		.parent = style == PARENT,
		.utf8 = style != ASCII,
	};

	return domain_list_new(list, &options, error);
}

/* line_of - the line of the pattern that matched; 0: in no file */
static inline int line_of(const struct domain_list_match *match,
			  const char *domain, const char **file)
{
	return domain_list_match_line(match, domain, true, file);
}

/* expand - replace @ by the directory; the caller frees it */
static inline char *expand(const char *text)
{
	char *out = xmalloc(strlen(text) * sizeof(place_directory) + 1);
	char *at = out;

	for (; *text != '\0'; text++) {
		if (*text != '@')
			*at++ = *text;
		else
			at = stpcpy(at, place_directory);
	}
	*at = '\0';
	return out;
}

/* A file of domains, with all that may be in one */
static const char list_file[] = "# a comment\n"
				"one.test, two.test\n"
				"  Three.test\t!!five.test\r\n"
				"\n"
				"!four.test four.test # not.test\n"
				"#\n"
				"last.test";

#endif
