/* SPDX-License-Identifier: ISC */
/* idna - syntax of internationalised domain names
 *
 * Postfix accepts a domain with UTF-8 in it if ICU can convert it to ASCII
 * labels that form a valid host name. This asks the same library, with the same
 * options (UTS 46, non-transitional), so that the answer is the same with each
 * version of Unicode. See Postfix src/util/midna_domain.c. Lists are compared
 * by lib/text/casefold, not in this form.
 *
 * ICU reads its tables when they are first needed: idna_load() is for a process
 * that will not be able to open files any more. */

#include "lib/text/idna.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/uversion.h>

#include "lib/base/xalloc.h"
#include "lib/text/casefold.h"
#include "lib/text/hostname.h"

/* More than the longest valid name takes in UTF-8: no character of it has more
 * than 4 bytes, and each takes at least one in ASCII. */
#define UNICODE_MAX (4 * IDNA_ASCII_MAX)

/* uidna_nameToASCII_UTF8() or uidna_nameToUnicodeUTF8() */
typedef int32_t conversion(const UIDNA *, const char *, int32_t, char *,
			   int32_t, UIDNAInfo *, UErrorCode *);

/* convert - by ICU; false: the name is not valid, or longer than size - 1 */
static bool convert(conversion *function, uint32_t options, const char *name,
		    char *out, int32_t size, UErrorCode *error)
{
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	size_t length = strlen(name);
	UIDNA *idna;
	int32_t used = 0;

	*error = U_ZERO_ERROR;
	if (length > INT32_MAX || !casefold_is_utf8(name, length))
		return false;
	idna = uidna_openUTS46(options, error);
	if (U_SUCCESS(*error))
		used = function(idna, name, (int32_t)length, out, size - 1,
				&info, error);
	uidna_close(idna);
	if (U_FAILURE(*error) || info.errors != 0 || used <= 0)
		return false;
	out[used] = '\0';
	return true;
}

/* to_ascii - the ASCII form of a domain */
static bool to_ascii(const char *domain, char ascii[IDNA_ASCII_MAX],
		     UErrorCode *error)
{
	return convert(uidna_nameToASCII_UTF8, UIDNA_NONTRANSITIONAL_TO_ASCII,
		       domain, ascii, IDNA_ASCII_MAX, error) &&
	       hostname_valid(ascii);
}

/* idna_to_ascii - the ASCII form of a domain; without memory, nothing is said
 * about it */
bool idna_to_ascii(const char *domain, char ascii[IDNA_ASCII_MAX])
{
	UErrorCode error;
	bool valid = to_ascii(domain, ascii, &error);

	if (error == U_MEMORY_ALLOCATION_ERROR)
		xalloc_failed();
	return valid;
}

/* idna_valid - can this domain be written in ASCII? */
bool idna_valid(const char *domain)
{
	char ascii[IDNA_ASCII_MAX];

	return idna_to_ascii(domain, ascii);
}

/* idna_to_unicode - the UTF-8 form of an ASCII domain; it is valid if it
 * converts back to the same ASCII */
char *idna_to_unicode(const char *ascii)
{
	char text[UNICODE_MAX], back[IDNA_ASCII_MAX];
	UErrorCode error;
	bool valid = convert(uidna_nameToUnicodeUTF8,
			     UIDNA_NONTRANSITIONAL_TO_UNICODE, ascii, text,
			     sizeof(text), &error);

	if (error == U_MEMORY_ALLOCATION_ERROR)
		xalloc_failed();
	if (!valid || casefold_is_ascii(text, strlen(text)) ||
	    !idna_to_ascii(text, back) || strcasecmp(back, ascii) != 0)
		return NULL;
	return xstrdup(text);
}

/* idna_load - convert one name, so that ICU has read its tables */
int idna_load(struct error *error)
{
	char ascii[IDNA_ASCII_MAX], library[IDNA_LIBRARY_MAX];
	UErrorCode reason;

	if (to_ascii("b\xc3\xbc"
		     "cher.example",
		     ascii, &reason))
		return 0;
	idna_library(library);
	return error_set(error,
			 "%s cannot convert international domain names: %s",
			 library,
			 U_FAILURE(reason) ? u_errorName(reason)
					   : "it refuses a valid one");
}

/* idna_library - the library that is loaded, not that of the headers */
void idna_library(char text[IDNA_LIBRARY_MAX])
{
	char version[U_MAX_VERSION_STRING_LENGTH];
	char unicode[U_MAX_VERSION_STRING_LENGTH];
	UVersionInfo numbers;

	u_getVersion(numbers);
	u_versionToString(numbers, version);
	u_getUnicodeVersion(numbers);
	u_versionToString(numbers, unicode);
	snprintf(text, IDNA_LIBRARY_MAX, "ICU %s, Unicode %s", version,
		 unicode);
}
