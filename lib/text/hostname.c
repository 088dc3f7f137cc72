/* SPDX-License-Identifier: ISC */
/* hostname - syntax of host names and network addresses
 *
 * These rules decide which recipient domains have bad syntax. Some look odd (an
 * IPv4 address may have leading zeros, but must not begin with 0), because they
 * are those of Postfix valid_hostname(3). */

#include "lib/text/hostname.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define LABEL_MAX 63
#define HOST_MAX  255

/* is_digit - 0 to 9 */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* is_letter - is this byte allowed anywhere in a label? Digits are, too. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* hostname_valid - an ASCII domain name: labels that do not begin or end with
 * "-"; not only digits */
bool hostname_valid(const char *name)
{
	const char *label = name;
	bool numeric = true;

	for (const char *at = name;; at++) {
		if (is_digit(*at))
			continue;
		if (is_letter(*at) || (*at == '-' && at > label)) {
			numeric = false;
			continue;
		}
		if (at == label || at - label > LABEL_MAX || at[-1] == '-')
			return false;
		if (*at == '\0')
			return at - name <= HOST_MAX && !numeric;
		if (*at != '.')
			return false;
		label = at + 1;
	}
}

/* is_ipv4 - four decimal numbers; only 0.0.0.0 may begin with 0 */
static bool is_ipv4(const char *text)
{
	const char *at = text;

	for (int part = 0; part < 4; part++) {
		size_t digits = strspn(at, "0123456789");
		int value = 0;

		if (digits == 0)
			return false;
		for (size_t i = 0; i < digits; i++) {
			value = value * 10 + (at[i] - '0');
			if (value > 255)
				return false;
		}
		if (part == 0 && value == 0 && text[strspn(text, "0.")] != '\0')
			return false;
		at += digits;
		if (part < 3 && *at++ != '.')
			return false;
	}
	return *at == '\0';
}

/* is_ipv6 - up to eight groups of hexadecimal digits; one "::"; the last two
 * groups may be an IPv4 address */
static bool is_ipv6(const char *text)
{
	const char *at = text;
	int gap = 0; /* number of the colon where "::" begins */
	int colons = 0;
	size_t digits = 0;

	for (;;) {
		if (*at == '\0')
			return colons >= 2 && (digits > 0 || gap == colons - 1);
		if (*at == '.')
			return colons >= 2 && colons <= 6 &&
			       is_ipv4(at - digits);
		if (*at == ':') {
			if (colons == 0 && digits == 0 &&
			    (unsigned char)at[1] < 128 &&
			    isalnum((unsigned char)at[1]))
				return false;
			if (++colons > 7)
				return false;
			digits = 0;
			if (*++at != ':')
				continue;
			if (gap > 0)
				return false;
			gap = colons;
			continue;
		}
		digits = strspn(at, "0123456789abcdefABCDEF");
		if (digits == 0 || digits > 4)
			return false;
		at += digits;
	}
}

/* hostname_is_address - a bare IPv4 or IPv6 address */
bool hostname_is_address(const char *text)
{
	return strchr(text, ':') != NULL ? is_ipv6(text) : is_ipv4(text);
}

/* hostname_literal - the bare address in an address literal without its
 * brackets */
const char *hostname_literal(const char *text)
{
	static const char prefix[] = "IPv6:";

	if (strncasecmp(text, prefix, sizeof(prefix) - 1) == 0) {
		text += sizeof(prefix) - 1;
		return is_ipv6(text) ? text : NULL;
	}
	return is_ipv4(text) ? text : NULL;
}
