/* SPDX-License-Identifier: ISC */
/* resolve_load - the parameters of address resolution, ready for use
 *
 * Converts the texts of the parameters to switches, words that complete
 * addresses, our own addresses and the lists of domains. The result is never
 * changed; lib/address/resolve.c resolves addresses with it. */

#include "lib/address/resolve_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/text/hostname.h"
#include "lib/text/idna.h"

const enum parameter resolver_parameters[RESOLVER_LISTS] = {
	PARAMETER_MYDESTINATION,
	PARAMETER_VIRTUAL_ALIAS_DOMAINS,
	PARAMETER_VIRTUAL_MAILBOX_DOMAINS,
	PARAMETER_RELAY_DOMAINS,
};

#define ORIGIN_MAX 1024 /* bytes of a word that completes addresses */

/* complete - scan a word once, to append its tokens later */
static int complete(struct completion *completion, const char *text,
		    const char *parameter, struct error *error)
{
	struct address address;
	size_t length = strlen(text);

	if (length > ORIGIN_MAX)
		return error_set(error, "%s: is longer than %d bytes",
				 parameter, ORIGIN_MAX);
	completion->text = xstrdup(text);
	completion->scanned = xmalloc(length + 2);
	completion->tokens = xcalloc(length + 1, sizeof(struct token));
	address_init(&address, completion->tokens, length + 1,
		     completion->scanned, length + 2);
	address_scan(&address, text);
	completion->count = address_count(&address);
	if (address.overflow || completion->count == 0)
		return error_set(error, "%s: is empty", parameter);
	return 0;
}

/* completion_clear - free what it holds */
static void completion_clear(struct completion *completion)
{
	free(completion->text);
	free(completion->scanned);
	free(completion->tokens);
}

/* read_first_line - the first line of the file that myorigin names, without
 * surrounding white space; the caller frees it */
static char *read_first_line(const char *path, struct error *error)
{
	const char *reason;
	size_t length;
	char *text = file_read(path, &length, &reason);
	const char *line;

	if (text == NULL) {
		error_set(error, "myorigin: %s: %s", path, reason);
		return NULL;
	}
	length = strcspn(text, "\n");
	line = words_trim(text, &length);
	if (length == 0) {
		error_set(error, "myorigin: %s: the first line is empty", path);
		free(text);
		return NULL;
	}
	memmove(text, line, length);
	text[length] = '\0';
	return text;
}

/* read_origin - myorigin; if it is a path, from that file */
static int read_origin(struct resolver *resolver,
		       const struct parameters *parameters, struct error *error)
{
	const char *text = parameters_get(parameters, PARAMETER_MYORIGIN);
	char *line = NULL;
	int result;

	if (text[0] == '/') {
		line = read_first_line(text, error);
		if (line == NULL)
			return -1;
		text = line;
	}
	if (strpbrk(text, WORDS_SEPARATORS) != NULL)
		result = error_set(error,
				   "myorigin: \"%s\" is more than one "
				   "name",
				   text);
	else
		result = complete(&resolver->origin, text, "myorigin", error);
	free(line);
	return result;
}

/* read_hostname - myhostname or mydomain */
static int read_hostname(struct completion *completion,
			 const struct parameters *parameters,
			 enum parameter parameter, struct error *error)
{
	const char *text = parameters_get(parameters, parameter);

	if (!hostname_valid(text))
		return error_set(error, "%s: \"%s\" is not a host name",
				 parameter_name(parameter), text);
	return complete(completion, text, parameter_name(parameter), error);
}

/* read_names - the words that complete addresses */
static int read_names(struct resolver *resolver,
		      const struct parameters *parameters, struct error *error)
{
	struct address_rules *rules = &resolver->rules;
	enum parameter empty = PARAMETER_EMPTY_ADDRESS_RECIPIENT;

	if (read_hostname(&resolver->hostname, parameters, PARAMETER_MYHOSTNAME,
			  error) < 0 ||
	    read_hostname(&resolver->domain, parameters, PARAMETER_MYDOMAIN,
			  error) < 0 ||
	    read_origin(resolver, parameters, error) < 0 ||
	    complete(&resolver->empty, parameters_get(parameters, empty),
		     parameter_name(empty), error) < 0)
		return -1;
	resolver->recipient_delimiter = xstrdup(
		parameters_get(parameters, PARAMETER_RECIPIENT_DELIMITER));
	rules->origin = resolver->origin.tokens;
	rules->origin_count = resolver->origin.count;
	rules->domain = resolver->domain.tokens;
	rules->domain_count = resolver->domain.count;
	return 0;
}

/* read_switches - the parameters that are yes or no */
static int read_switches(struct resolver *resolver,
			 const struct parameters *parameters,
			 struct error *error)
{
	struct address_rules *rules = &resolver->rules;
	const struct {
		enum parameter parameter;
		bool *value;
	} switches[] = {
		{ PARAMETER_ALLOW_PERCENT_HACK, &rules->percent_hack },
		{ PARAMETER_SWAP_BANGPATH, &rules->swap_bangpath },
		{ PARAMETER_APPEND_AT_MYORIGIN, &rules->append_at_origin },
		{ PARAMETER_APPEND_DOT_MYDOMAIN, &rules->append_dot_domain },
		{ PARAMETER_RESOLVE_DEQUOTED_ADDRESS,
		  &resolver->resolve_dequoted },
		{ PARAMETER_RESOLVE_NULL_DOMAIN,
		  &resolver->resolve_null_domain },
		{ PARAMETER_RESOLVE_NUMERIC_DOMAIN,
		  &resolver->resolve_numeric_domain },
		{ PARAMETER_ALLOW_UNTRUSTED_ROUTING,
		  &resolver->allow_untrusted_routing },
		{ PARAMETER_SMTPUTF8_ENABLE, &resolver->utf8 },
		{ PARAMETER_ALLOW_MIN_USER, &resolver->allow_min_user },
		{ PARAMETER_OWNER_REQUEST_SPECIAL,
		  &resolver->owner_request_special },
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (parameters_get_bool(parameters, switches[i].parameter,
					switches[i].value, error) < 0)
			return -1;
	}
	return 0;
}

/* The state of reading the lists. */
struct reading {
	struct resolver *resolver;
	const struct parameters *parameters;
	struct table_loader *loader;
};

/* read_table - one list of domains */
static struct domain_list *read_table(const struct reading *reading,
				      enum parameter parameter, bool parent,
				      struct error *error)
{
	struct domain_list_options options = {
		.name = parameter_name(parameter),
		.subdomains = parameter == PARAMETER_RELAY_DOMAINS,
		.parent = parent,
		.utf8 = reading->resolver->utf8,
		.loader = reading->loader,
	};

	return domain_list_new(parameters_get(reading->parameters, parameter),
			       &options, error);
}

/* read_parent_style - is relay_domains in parent_domain_matches_subdomains? */
static int read_parent_style(const struct reading *reading, bool *parent,
			     struct error *error)
{
	enum parameter parameter = PARAMETER_PARENT_DOMAIN_MATCHES_SUBDOMAINS;
	struct domain_list *domains =
		read_table(reading, parameter, false, error);
	int found;

	if (domains == NULL)
		return -1;
	found = domain_list_match(domains, "relay_domains", NULL);
	domain_list_free(domains);
	if (found < 0 || found == DOMAIN_LIST_ASK)
		return error_set(error,
				 "%s: whether relay_domains is in it "
				 "depends on a table that cannot be read; "
				 "write it into the list",
				 parameter_name(parameter));
	*parent = found > 0;
	return 0;
}

/* read_lists - the lists of domains, and our addresses */
static int read_lists(const struct reading *reading, struct error *error)
{
	struct resolver *resolver = reading->resolver;
	const struct parameters *parameters = reading->parameters;
	bool parent;

	if (read_parent_style(reading, &parent, error) < 0)
		return -1;
	resolver->interfaces = interfaces_new(
		parameters_get(parameters, PARAMETER_INET_INTERFACES),
		parameters_get(parameters, PARAMETER_PROXY_INTERFACES),
		parameters_get(parameters, PARAMETER_INET_PROTOCOLS), error);
	if (resolver->interfaces == NULL)
		return -1;
	for (size_t i = 0; i < RESOLVER_LISTS; i++) {
		struct resolver_list *list = &resolver->lists[i];

		list->parameter = resolver_parameters[i];
		list->class =
			(enum destination_class)(DESTINATION_LOCAL + (int)i);
		list->domains =
			read_table(reading, list->parameter, parent, error);
		if (list->domains == NULL)
			return -1;
	}
	return 0;
}

/* resolver_new - from completed parameters */
struct resolver *resolver_new(const struct parameters *parameters,
			      struct table_loader *loader, struct error *error)
{
	struct resolver *resolver = xcalloc(1, sizeof(*resolver));
	struct reading reading = { resolver, parameters, loader };

	if (read_switches(resolver, parameters, error) < 0 ||
	    (resolver->utf8 && idna_load(error) < 0) ||
	    read_names(resolver, parameters, error) < 0 ||
	    read_lists(&reading, error) < 0) {
		resolver_free(resolver);
		return NULL;
	}
	return resolver;
}

/* resolver_lists - the four lists of domains */
const struct resolver_list *resolver_lists(const struct resolver *resolver)
{
	return resolver->lists;
}

/* resolver_origin - $myorigin */
const char *resolver_origin(const struct resolver *resolver)
{
	return resolver->origin.text;
}

/* resolver_hostname - $myhostname */
const char *resolver_hostname(const struct resolver *resolver)
{
	return resolver->hostname.text;
}

/* resolver_routes - is allow_untrusted_routing set? */
bool resolver_routes(const struct resolver *resolver)
{
	return resolver->allow_untrusted_routing;
}

/* resolver_asks - the first table that only Postfix can look up */
const char *resolver_asks(const struct resolver *resolver, const char **list,
			  const char **why)
{
	const struct resolver_list *lists = resolver->lists;

	for (size_t i = 0; i < RESOLVER_LISTS; i++) {
		const char *name = domain_list_asks(lists[i].domains, why);

		*list = parameter_name(lists[i].parameter);
		if (name != NULL)
			return name;
	}
	return NULL;
}

/* resolver_free - free it */
void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	completion_clear(&resolver->origin);
	completion_clear(&resolver->domain);
	completion_clear(&resolver->hostname);
	completion_clear(&resolver->empty);
	free(resolver->recipient_delimiter);
	interfaces_free(resolver->interfaces);
	for (size_t i = 0; i < RESOLVER_LISTS; i++)
		domain_list_free(resolver->lists[i].domains);
	free(resolver);
}
