/* SPDX-License-Identifier: ISC */
#ifndef LIB_ADDRESS_PARAMETERS_H
#define LIB_ADDRESS_PARAMETERS_H

#include <stdbool.h>

#include "lib/base/error.h"

/* The parameters of address resolution: names, meaning, syntax and defaults as
 * in postconf(5). Values remain main.cf text until lib/address/resolve reads
 * them. */

enum parameter {
	PARAMETER_MYHOSTNAME,
	PARAMETER_MYDOMAIN,
	PARAMETER_MYORIGIN,
	PARAMETER_MYDESTINATION,
	PARAMETER_INET_INTERFACES,
	PARAMETER_PROXY_INTERFACES,
	PARAMETER_INET_PROTOCOLS,
	PARAMETER_VIRTUAL_ALIAS_DOMAINS,
	PARAMETER_VIRTUAL_MAILBOX_DOMAINS,
	PARAMETER_RELAY_DOMAINS,
	PARAMETER_PARENT_DOMAIN_MATCHES_SUBDOMAINS,
	PARAMETER_ALLOW_PERCENT_HACK,
	PARAMETER_SWAP_BANGPATH,
	PARAMETER_RESOLVE_DEQUOTED_ADDRESS,
	PARAMETER_RESOLVE_NULL_DOMAIN,
	PARAMETER_RESOLVE_NUMERIC_DOMAIN,
	PARAMETER_ALLOW_UNTRUSTED_ROUTING,
	PARAMETER_APPEND_AT_MYORIGIN,
	PARAMETER_APPEND_DOT_MYDOMAIN,
	PARAMETER_SMTPUTF8_ENABLE,
	PARAMETER_ALLOW_MIN_USER,
	PARAMETER_EMPTY_ADDRESS_RECIPIENT,
	PARAMETER_RECIPIENT_DELIMITER,
	PARAMETER_OWNER_REQUEST_SPECIAL,
	PARAMETER_COUNT
};

/* The value of one parameter. value: owned; NULL: not set. source: owned; where
 * it was set ("policyd.conf:12"), or "default". */
struct parameter_value {
	char *value;
	char *source;
};

struct parameters {
	struct parameter_value values[PARAMETER_COUNT];
};

/* parameter_name - the name of postconf(5), static. */
const char *parameter_name(enum parameter parameter);

/* parameter_find - the parameter of that name, or -1. */
int parameter_find(const char *name);

/* parameters_init - all unset. */
void parameters_init(struct parameters *parameters);

/* parameters_clear - free what the struct holds, but not the struct. */
void parameters_clear(struct parameters *parameters);

/* parameters_set - set or replace a value; both texts are copied. */
void parameters_set(struct parameters *parameters, enum parameter parameter,
		    const char *value, const char *source);

/* parameters_complete - give every unset parameter its postconf(5) default
 * (compatibility_level 3.6; myhostname from gethostname(2), completed as
 * Postfix does) and expand $name, ${name}, $(name), ${name?text}, ${name:text}
 * and $$ among these parameters. 0, or -1: an unknown name, a loop, an unclosed
 * brace. */
int parameters_complete(struct parameters *parameters, struct error *error);

/* parameters_expand - a text with its references replaced, by values from
 * parameters_complete(). NULL and the reason: an unknown name. The caller frees
 * it. */
char *parameters_expand(const struct parameters *parameters, const char *text,
			struct error *error);

/* parameters_get - the completed text, never NULL. */
const char *parameters_get(const struct parameters *parameters,
			   enum parameter parameter);

/* parameters_get_bool - "yes" or "no" in any case, as postconf(5) has it. */
int parameters_get_bool(const struct parameters *parameters,
			enum parameter parameter, bool *value,
			struct error *error);

#endif
