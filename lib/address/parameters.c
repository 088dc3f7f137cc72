/* SPDX-License-Identifier: ISC */
/* parameters - the main.cf parameters of address resolution
 *
 * One text per parameter, with its postconf(5) default. Values may refer to
 * each other as in main.cf ($name, ${name?text:text}); parameters_complete()
 * replaces the references. The meaning of a value is left to its users. */

#include "lib/address/parameters.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "lib/base/similar.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"

#define DEFAULT_DOMAIN "localdomain"
#define VALUE_MAX      ((size_t)1024 * 1024) /* references may multiply a text */
#define DEPTH_MAX      100		     /* nested references */

struct parameter_definition {
	const char *name;
	const char *value; /* NULL: computed when needed */
};

static const struct parameter_definition definitions[PARAMETER_COUNT] = {
	[PARAMETER_MYHOSTNAME] = { "myhostname", NULL },
	[PARAMETER_MYDOMAIN] = { "mydomain", NULL },
	[PARAMETER_MYORIGIN] = { "myorigin", "$myhostname" },
	[PARAMETER_MYDESTINATION] = { "mydestination",
				      "$myhostname, localhost.$mydomain, "
				      "localhost" },
	[PARAMETER_INET_INTERFACES] = { "inet_interfaces", "all" },
	[PARAMETER_PROXY_INTERFACES] = { "proxy_interfaces", "" },
	[PARAMETER_INET_PROTOCOLS] = { "inet_protocols", "all" },
	[PARAMETER_VIRTUAL_ALIAS_DOMAINS] = { "virtual_alias_domains", "" },
	[PARAMETER_VIRTUAL_MAILBOX_DOMAINS] = { "virtual_mailbox_domains", "" },
	[PARAMETER_RELAY_DOMAINS] = { "relay_domains", "" },
	[PARAMETER_PARENT_DOMAIN_MATCHES_SUBDOMAINS] = { "parent_domain_matches_subdomains",
							 "debug_peer_list,fast_flush_domains,mynetworks,"
							 "permit_mx_backup_networks,qmqpd_authorized_clients,"
							 "relay_domains,smtpd_access_maps" },
	[PARAMETER_ALLOW_PERCENT_HACK] = { "allow_percent_hack", "yes" },
	[PARAMETER_SWAP_BANGPATH] = { "swap_bangpath", "yes" },
	[PARAMETER_RESOLVE_DEQUOTED_ADDRESS] = { "resolve_dequoted_address",
						 "yes" },
	[PARAMETER_RESOLVE_NULL_DOMAIN] = { "resolve_null_domain", "no" },
	[PARAMETER_RESOLVE_NUMERIC_DOMAIN] = { "resolve_numeric_domain", "no" },
	[PARAMETER_ALLOW_UNTRUSTED_ROUTING] = { "allow_untrusted_routing",
						"no" },
	[PARAMETER_APPEND_AT_MYORIGIN] = { "append_at_myorigin", "yes" },
	[PARAMETER_APPEND_DOT_MYDOMAIN] = { "append_dot_mydomain", "no" },
	[PARAMETER_SMTPUTF8_ENABLE] = { "smtputf8_enable", "yes" },
	[PARAMETER_ALLOW_MIN_USER] = { "allow_min_user", "no" },
	[PARAMETER_EMPTY_ADDRESS_RECIPIENT] = { "empty_address_recipient",
						"MAILER-DAEMON" },
	[PARAMETER_RECIPIENT_DELIMITER] = { "recipient_delimiter", "" },
	[PARAMETER_OWNER_REQUEST_SPECIAL] = { "owner_request_special", "yes" },
};

/* The progress of the expansion of one parameter. */
enum progress { PROGRESS_RAW, PROGRESS_BUSY, PROGRESS_DONE };

struct expansion {
	struct parameters *parameters;
	enum progress progress[PARAMETER_COUNT];
	struct error *error;
	int depth;
};

struct buffer {
	char *text;
	size_t used;
	size_t size;
};

static int expand_parameter(struct expansion *expansion,
			    enum parameter parameter);
static int expand_text(struct expansion *expansion, const char *text,
		       size_t length, struct buffer *out);

/* parameter_name - the name of postconf(5) */
const char *parameter_name(enum parameter parameter)
{
	return definitions[parameter].name;
}

/* find_name - the parameter whose name is the first length bytes, or -1 */
static int find_name(const char *name, size_t length)
{
	for (int i = 0; i < PARAMETER_COUNT; i++) {
		if (strlen(definitions[i].name) == length &&
		    memcmp(definitions[i].name, name, length) == 0)
			return i;
	}
	return -1;
}

/* parameter_find - the parameter of that name, or -1 */
int parameter_find(const char *name)
{
	return find_name(name, strlen(name));
}

/* parameters_init - all unset */
void parameters_init(struct parameters *parameters)
{
	memset(parameters, 0, sizeof(*parameters));
}

/* parameters_clear - free what the struct holds */
void parameters_clear(struct parameters *parameters)
{
	for (int i = 0; i < PARAMETER_COUNT; i++) {
		free(parameters->values[i].value);
		free(parameters->values[i].source);
	}
	parameters_init(parameters);
}

/* parameters_set - set or replace a value */
void parameters_set(struct parameters *parameters, enum parameter parameter,
		    const char *value, const char *source)
{
	struct parameter_value *slot = &parameters->values[parameter];
	char *new_value = xstrdup(value);
	char *new_source = xstrdup(source);

	free(slot->value);
	free(slot->source);
	slot->value = new_value;
	slot->source = new_source;
}

/* buffer_add - append length bytes; the text stays NUL-terminated */
static void buffer_add(struct buffer *buffer, const char *text, size_t length)
{
	if (buffer->size - buffer->used <= length) {
		buffer->size = 2 * buffer->size + length + 64;
		buffer->text = xreallocarray(buffer->text, buffer->size, 1);
	}
	memcpy(buffer->text + buffer->used, text, length);
	buffer->used += length;
	buffer->text[buffer->used] = '\0';
}

/* name_length - the number of leading bytes that can be part of a parameter
 * name */
static size_t name_length(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length &&
	       (isalnum((unsigned char)text[n]) || text[n] == '_'))
		n++;
	return n;
}

/* skip_space - the number of leading bytes of white space */
static size_t skip_space(const char *text, size_t length)
{
	size_t n = 0;

	while (n < length && strchr(" \t\r\n", text[n]) != NULL)
		n++;
	return n;
}

/* take_operand - the text after ? or ":": in braces, or the rest. Returns the
 * number of bytes used, or -1. */
static ssize_t take_operand(const char *text, size_t length,
			    const char **operand, size_t *operand_length)
{
	size_t start = skip_space(text, length);
	size_t end;

	if (start == length || text[start] != '{') {
		*operand = text;
		*operand_length = length;
		return (ssize_t)length;
	}
	end = words_enclosed(text + start, length - start, '{');
	if (end == 0)
		return -1;
	*operand = text + start + 1;
	*operand_length = end - 2;
	end += start;
	return (ssize_t)(end + skip_space(text + end, length - end));
}

/* expand_condition - text follows NAME in ${NAME?text:text} */
static int expand_condition(struct expansion *expansion, const char *text,
			    size_t length, bool is_set, struct buffer *out)
{
	const char *operand;
	size_t operand_length;
	ssize_t used;

	while (length > 0) {
		bool wanted = text[0] == '?' ? is_set : !is_set;
		bool last = text[0] == ':';

		used = take_operand(text + 1, length - 1, &operand,
				    &operand_length);
		if (used < 0)
			return error_set(expansion->error, "missing \"}\"");
		if (wanted &&
		    expand_text(expansion, operand, operand_length, out) < 0)
			return -1;
		text += used + 1;
		length -= (size_t)used + 1;
		if (length > 0 && (last || text[0] != ':'))
			return error_set(
				expansion->error, "unexpected text \"%.*s\"",
				(int)(length < 40 ? length : 40), text);
	}
	return 0;
}

/* unknown_name - report a reference to a name that is not defined here */
static int unknown_name(const char *text, size_t length, struct error *error)
{
	char *name = xstrndup(text, length < 60 ? length : 60);
	struct similar similar;
	char advice[80];

	similar_init(&similar, name);
	for (int i = 0; i < PARAMETER_COUNT; i++)
		similar_try(&similar, definitions[i].name);
	error_set(error,
		  "unknown name \"$%s\": only parameters of address resolution "
		  "can be referred to%s",
		  name, similar_advice(&similar, advice, sizeof(advice)));
	free(name);
	return -1;
}

/* expand_reference - text is between ${ and } */
static int expand_reference(struct expansion *expansion, const char *text,
			    size_t length, struct buffer *out)
{
	size_t start = skip_space(text, length);
	size_t name = name_length(text + start, length - start);
	size_t rest = start + name;
	int shown = (int)(length < 60 ? length : 60);
	const char *value;
	int parameter;

	rest += skip_space(text + rest, length - rest);
	if (name == 0 ||
	    (rest < length && text[rest] != '?' && text[rest] != ':'))
		return error_set(expansion->error,
				 "cannot read \"${%.*s}\": only a name, ? and "
				 "\":\" are understood here",
				 shown, text);
	parameter = find_name(text + start, name);
	if (parameter < 0)
		return unknown_name(text + start, name, expansion->error);
	if (expand_parameter(expansion, (enum parameter)parameter) < 0)
		return -1;
	value = parameters_get(expansion->parameters,
			       (enum parameter)parameter);
	if (rest < length)
		return expand_condition(expansion, text + rest, length - rest,
					value[0] != '\0', out);
	buffer_add(out, value, strlen(value));
	return 0;
}

/* expand_inner - expand_reference() with a limit on nesting */
static int expand_inner(struct expansion *expansion, const char *text,
			size_t length, struct buffer *out)
{
	int result;

	if (expansion->depth == DEPTH_MAX)
		return error_set(expansion->error, "nested too deep");
	expansion->depth++;
	result = expand_reference(expansion, text, length, out);
	expansion->depth--;
	return result;
}

/* expand_dollar - text begins with $: expand it; returns the number of bytes
 * used */
static ssize_t expand_dollar(struct expansion *expansion, const char *text,
			     size_t length, struct buffer *out)
{
	size_t end;

	if (length > 1 && text[1] == '$') {
		buffer_add(out, "$", 1);
		return 2;
	}
	if (length > 1 && (text[1] == '{' || text[1] == '(')) {
		end = words_enclosed(text + 1, length - 1, text[1]);
		if (end == 0)
			return error_set(expansion->error,
					 "\"$%c\" is not closed", text[1]);
		if (expand_inner(expansion, text + 2, end - 2, out) < 0)
			return -1;
		return (ssize_t)end + 1;
	}
	end = 1 + name_length(text + 1, length - 1);
	if (end == 1)
		return error_set(expansion->error,
				 "\"$\" without a name (write $$ for a $)");
	if (expand_inner(expansion, text + 1, end - 1, out) < 0)
		return -1;
	return (ssize_t)end;
}

/* expand_text - append text to out with all references replaced */
static int expand_text(struct expansion *expansion, const char *text,
		       size_t length, struct buffer *out)
{
	const char *end = text + length;

	while (text < end) {
		const char *dollar = memchr(text, '$', (size_t)(end - text));
		ssize_t used;

		if (dollar == NULL)
			dollar = end;
		buffer_add(out, text, (size_t)(dollar - text));
		text = dollar;
		if (text == end)
			break;
		used = expand_dollar(expansion, text, (size_t)(end - text),
				     out);
		if (used < 0)
			return -1;
		text += used;
		if (out->used > VALUE_MAX)
			return error_set(expansion->error, "too long");
	}
	return 0;
}

/* default_hostname - the host's name, completed with mydomain if that is set
 * and the name has no dot. No lookup, so that nothing can hang. */
static char *default_hostname(struct expansion *expansion)
{
	struct parameters *parameters = expansion->parameters;
	const char *domain = DEFAULT_DOMAIN;
	char name[HOST_NAME_MAX + 1];

	if (gethostname(name, sizeof(name)) < 0) {
		error_set(expansion->error, "gethostname: %s", strerror(errno));
		return NULL;
	}
	name[sizeof(name) - 1] = '\0';
	if (strchr(name, '.') != NULL)
		return xstrdup(name);
	if (parameters->values[PARAMETER_MYDOMAIN].value != NULL) {
		if (expand_parameter(expansion, PARAMETER_MYDOMAIN) < 0)
			return NULL;
		domain = parameters_get(parameters, PARAMETER_MYDOMAIN);
	}
	return xasprintf("%s.%s", name, domain);
}

/* default_domain - myhostname without its first label */
static char *default_domain(struct expansion *expansion)
{
	const char *dot;

	if (expand_parameter(expansion, PARAMETER_MYHOSTNAME) < 0)
		return NULL;
	dot = strchr(
		parameters_get(expansion->parameters, PARAMETER_MYHOSTNAME),
		'.');
	return xstrdup(dot == NULL ? DEFAULT_DOMAIN : dot + 1);
}

/* default_value - the value of an unset parameter, not yet expanded */
static char *default_value(struct expansion *expansion,
			   enum parameter parameter)
{
	if (parameter == PARAMETER_MYHOSTNAME)
		return default_hostname(expansion);
	if (parameter == PARAMETER_MYDOMAIN)
		return default_domain(expansion);
	return xstrdup(definitions[parameter].value);
}

/* expand_value - the expanded value of a parameter, without surrounding white
 * space; the caller frees it */
static char *expand_value(struct expansion *expansion, enum parameter parameter)
{
	const char *text = expansion->parameters->values[parameter].value;
	struct buffer out = { NULL, 0, 0 };
	char *fallback = NULL;
	size_t start;

	if (text == NULL) {
		fallback = default_value(expansion, parameter);
		text = fallback;
	}
	buffer_add(&out, "", 0);
	if (text == NULL ||
	    expand_text(expansion, text, strlen(text), &out) < 0) {
		free(fallback);
		free(out.text);
		return NULL;
	}
	free(fallback);
	start = skip_space(out.text, out.used);
	while (out.used > start && skip_space(out.text + out.used - 1, 1) > 0)
		out.used--;
	memmove(out.text, out.text + start, out.used - start);
	out.text[out.used - start] = '\0';
	return out.text;
}

/* expand_parameter - complete one parameter, after those it refers to */
static int expand_parameter(struct expansion *expansion,
			    enum parameter parameter)
{
	struct parameter_value *slot =
		&expansion->parameters->values[parameter];
	enum progress *progress = &expansion->progress[parameter];
	char *value;

	if (*progress == PROGRESS_DONE)
		return 0;
	if (*progress == PROGRESS_BUSY)
		return error_set(expansion->error, "refers to itself; write "
						   "the whole value");
	*progress = PROGRESS_BUSY;
	value = expand_value(expansion, parameter);
	if (value == NULL)
		return error_prefix(expansion->error,
				    "%s: ", definitions[parameter].name);
	if (slot->value == NULL)
		slot->source = xstrdup("default");
	free(slot->value);
	slot->value = value;
	*progress = PROGRESS_DONE;
	return 0;
}

/* parameters_complete - set the defaults and expand the references */
int parameters_complete(struct parameters *parameters, struct error *error)
{
	struct expansion expansion = { parameters, { PROGRESS_RAW }, error, 0 };

	for (int i = 0; i < PARAMETER_COUNT; i++) {
		if (expand_parameter(&expansion, (enum parameter)i) < 0)
			return -1;
	}
	return 0;
}

/* parameters_expand - a text with its references replaced */
char *parameters_expand(const struct parameters *parameters, const char *text,
			struct error *error)
{
	/* All are done, so nothing is written through the pointers of the
	 * copy. */
	struct parameters values = *parameters;
	struct expansion expansion = { &values, { PROGRESS_RAW }, error, 0 };
	struct buffer out = { NULL, 0, 0 };

	for (int i = 0; i < PARAMETER_COUNT; i++)
		expansion.progress[i] = PROGRESS_DONE;
	buffer_add(&out, "", 0);
	if (expand_text(&expansion, text, strlen(text), &out) == 0)
		return out.text;
	free(out.text);
	return NULL;
}

/* parameters_get - the text; "" when it is not set */
const char *parameters_get(const struct parameters *parameters,
			   enum parameter parameter)
{
	const char *value = parameters->values[parameter].value;

	return value != NULL ? value : "";
}

/* parameters_get_bool - yes or no */
int parameters_get_bool(const struct parameters *parameters,
			enum parameter parameter, bool *value,
			struct error *error)
{
	const char *text = parameters_get(parameters, parameter);

	if (strcasecmp(text, "yes") != 0 && strcasecmp(text, "no") != 0)
		return error_set(error, "%s: \"%s\" is neither yes nor no",
				 definitions[parameter].name, text);
	*value = strcasecmp(text, "yes") == 0;
	return 0;
}
