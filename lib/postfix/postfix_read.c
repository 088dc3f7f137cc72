/* SPDX-License-Identifier: ISC */
/* postfix_read - run postconf(1) for the configuration of a Postfix
 *
 * A service of master.cf may override a parameter that others refer to, so its
 * view needs a run of its own. But most overrides hold no $name, and nothing
 * refers to them; these are known without a run. Services whose other overrides
 * are the same share one. So the time does not grow with the number of ports
 * that are alike. */

#include "lib/postfix/postfix_settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/postconf.h"

/* A Postfix, and the names of the parameters that values refer to. */
struct reading {
	struct postfix *postfix;
	char **names;
	size_t count;
};

/* is_smtpd - no other program uses policy servers */
static bool is_smtpd(const struct postfix_service *service)
{
	return strcmp(service->program, "smtpd") == 0;
}

/* find_names - all that a value refers to: $name, ${name...}, $(name...) */
static void find_names(struct reading *reading, const char *value)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	while ((value = strchr(value, '$')) != NULL) {
		size_t length;

		value += strspn(value, "${( \t");
		length = strspn(value, word);
		if (length == 0)
			continue;
		reading->names =
			xreallocarray(reading->names, reading->count + 1,
				      sizeof(*reading->names));
		reading->names[reading->count++] = xstrndup(value, length);
		value += length;
	}
}

/* compare - for qsort(3) and bsearch(3) */
static int compare(const void *one, const void *two)
{
	return strcmp(*(char *const *)one, *(char *const *)two);
}

/* is_foreign - a parameter that smtpd(8) does not use, and to which no
 * parameter of smtpd(8) refers */
static bool is_foreign(const char *name)
{
	static const char *const starts[] = { "proxy_read_maps",
					      "proxy_write_maps", "postscreen_",
					      "tlsproxy_", "lmtp_" };
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* find_all_names - in all values as they are written, defaults included */
static int find_all_names(struct reading *reading, struct error *error)
{
	const struct postfix *postfix = reading->postfix;
	struct postfix_values all = { 0 };
	char *text = NULL;
	int result = postconf_text(postfix->directory, NULL, &text, error);
	size_t i, k;

	if (result == 0)
		result = postfix_values_parse(&all, text, error);
	for (i = 0; i < all.count; i++)
		if (!is_foreign(all.list[i].name))
			find_names(reading, all.list[i].value);
	for (i = 0; i < postfix->main.count; i++)
		if (!is_foreign(postfix->main.list[i].name))
			find_names(reading, postfix->main.list[i].value);
	for (i = 0; i < postfix->service_count; i++)
		for (k = 0; k < postfix->services[i].overrides.count; k++)
			find_names(
				reading,
				postfix->services[i].overrides.list[k].value);
	if (reading->count > 0)
		qsort(reading->names, reading->count, sizeof(*reading->names),
		      compare);
	postfix_values_clear(&all);
	free(text);
	return result;
}

/* is_source - does Postfix compute defaults of other parameters from it? */
static bool is_source(const char *name)
{
	static const char *const starts[] = { "my", "inet_", "proxy_interfaces",
					      "compatibility_level" };
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* is_plain - is an override its own effective value, and does it change no
 * other one? */
static bool is_plain(const struct reading *reading,
		     const struct postfix_value *override)
{
	return strchr(override->value, '$') == NULL &&
	       !is_source(override->name) &&
	       (reading->count == 0 ||
		bsearch(&override->name, reading->names, reading->count,
			sizeof(*reading->names), compare) == NULL);
}

/* name_length - of a reference to service_name at the beginning of a text; 0:
 * there is none */
static size_t name_length(const char *text)
{
	static const struct {
		const char *text;
		bool bare; /* nothing says where it ends */
	} forms[] = { { "${service_name}", false },
		      { "$(service_name)", false },
		      { "$service_name", true } };
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t length = strlen(forms[i].text);

		if (strncmp(text, forms[i].text, length) != 0)
			continue;
		if (!forms[i].bare || (!isalnum((unsigned char)text[length]) &&
				       text[length] != '_'))
			return length;
	}
	return 0;
}

/* with_name - a value with the name of its service in place of $service_name,
 * which is a parameter of its process only. The caller frees it. */
static char *with_name(const char *value, const char *name)
{
	char *made = xstrdup("");

	while (*value != '\0') {
		size_t length = name_length(value);

		if (length > 0)
			xappend(&made, "%s", name);
		else
			xappend(&made, "%c", *value);
		value += length > 0 ? length : 1;
	}
	return made;
}

/* others - the overrides that are not plain; the caller clears them */
static struct postfix_values others(const struct reading *reading,
				    const struct postfix_service *service)
{
	struct postfix_values found = { 0 };
	size_t i;

	for (i = 0; i < service->overrides.count; i++) {
		const struct postfix_value *one = &service->overrides.list[i];

		if (!is_plain(reading, one)) {
			char *value = with_name(one->value, service->name);

			postfix_values_add(&found, one->name, value);
			free(value);
		}
	}
	return found;
}

/* is_same - the same names and values? */
static bool is_same(const struct postfix_values *one,
		    const struct postfix_values *two)
{
	size_t i;

	if (one->count != two->count)
		return false;
	for (i = 0; i < one->count; i++)
		if (strcmp(one->list[i].name, two->list[i].name) != 0 ||
		    strcmp(one->list[i].value, two->list[i].value) != 0)
			return false;
	return true;
}

/* keep_changes - of all values those that differ from main.cf, and those of the
 * overrides. Both lists are in the order of postconf(1). */
static void keep_changes(struct postfix_values *changes,
			 const struct postfix_values *all,
			 const struct postfix_values *overrides,
			 const struct postfix_values *main)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		const struct postfix_value *one = &all->list[i];
		const char *usual =
			i < main->count && strcmp(main->list[i].name,
						  one->name) == 0
				? main->list[i].value
				: postfix_values_get(main, one->name);

		if (usual == NULL || strcmp(usual, one->value) != 0 ||
		    postfix_values_get(overrides, one->name) != NULL)
			postfix_values_add(changes, one->name, one->value);
	}
}

/* run - the values that a service with these overrides sees */
static int run(const char *directory, const struct postfix_values *overrides,
	       struct postfix_values *effective, struct error *error)
{
	char **settings = xcalloc(overrides->count + 1, sizeof(*settings));
	char *text = NULL;
	int result;
	size_t i;

	for (i = 0; i < overrides->count; i++)
		settings[i] = xasprintf("%s=%s", overrides->list[i].name,
					overrides->list[i].value);
	result = postconf_effective(directory, (const char *const *)settings,
				    overrides->count, &text, error);
	if (result == 0)
		result = postfix_values_parse(effective, text, error);
	for (i = 0; i < overrides->count; i++)
		free(settings[i]);
	free(settings);
	free(text);
	return result;
}

/* share - copy what is known of a service whose overrides come to the same */
static bool share(const struct reading *reading, size_t index,
		  const struct postfix_values *wanted)
{
	struct postfix_service *services = reading->postfix->services;
	size_t i, k;

	for (i = 0; i < index; i++) {
		struct postfix_values known;
		bool same;

		if (!is_smtpd(&services[i]) || services[i].effective.count == 0)
			continue;
		known = others(reading, &services[i]);
		same = is_same(&known, wanted);
		postfix_values_clear(&known);
		for (k = 0; same && k < services[i].effective.count; k++)
			postfix_values_add(&services[index].effective,
					   services[i].effective.list[k].name,
					   services[i].effective.list[k].value);
		if (same)
			return true;
	}
	return false;
}

/* read_service - the values that a service sees */
static int read_service(const struct reading *reading, size_t index,
			struct error *error)
{
	struct postfix *postfix = reading->postfix;
	struct postfix_service *service = &postfix->services[index];
	struct postfix_values wanted = others(reading, service), all = { 0 };
	int result = 0;

	if (wanted.count > 0 && !share(reading, index, &wanted)) {
		result = run(postfix->directory, &wanted, &all, error);
		if (result == 0)
			keep_changes(&service->effective, &all, &wanted,
				     &postfix->effective);
	}
	postfix_values_clear(&all);
	postfix_values_clear(&wanted);
	return result;
}

/* read_overridden - the views of all services that have overrides */
static int read_overridden(struct postfix *postfix, struct error *error)
{
	struct reading reading = { .postfix = postfix };
	bool needed = false;
	int result = 0;
	size_t i;

	for (i = 0; i < postfix->service_count; i++)
		needed |= is_smtpd(&postfix->services[i]) &&
			  postfix->services[i].overrides.count > 0;
	if (needed)
		result = find_all_names(&reading, error);
	for (i = 0; needed && i < postfix->service_count && result == 0; i++)
		if (is_smtpd(&postfix->services[i]))
			result = read_service(&reading, i, error);
	for (i = 0; i < reading.count; i++)
		free(reading.names[i]);
	free(reading.names);
	return result;
}

/* read_main - read main.cf and the effective values */
static int read_main(struct postfix *postfix, struct error *error)
{
	const struct postfix_values none = { 0 };
	char *text = NULL;
	int result = postconf_text(postfix->directory, "-n", &text, error);

	if (result == 0)
		result = postfix_values_parse(&postfix->main, text, error);
	free(text);
	if (result != 0)
		return -1;
	return run(postfix->directory, &none, &postfix->effective, error);
}

/* read_services - read master.cf. Before compatibility level 1, services were
 * chrooted by default. */
static int read_services(struct postfix *postfix, struct error *error)
{
	const char *level = postfix_get(postfix, NULL, "compatibility_level");
	char *services = NULL, *overrides = NULL;
	int result = postconf_text(postfix->directory, "-M", &services, error);

	if (result == 0)
		result = postconf_text(postfix->directory, "-P", &overrides,
				       error);
	if (result == 0)
		result = postfix_services_parse(postfix, services,
						*level == '0', error);
	if (result == 0)
		result = postfix_overrides_parse(postfix, overrides, error);
	free(services);
	free(overrides);
	return result;
}

/* postfix_read - run postconf(1) */
int postfix_read(struct postfix *postfix, const char *directory,
		 struct error *error)
{
	int result;

	*postfix = (struct postfix){ .directory = xstrdup(directory) };
	result = read_main(postfix, error);
	if (result == 0)
		result = read_services(postfix, error);
	if (result == 0)
		result = read_overridden(postfix, error);
	if (result != 0)
		postfix_clear(postfix);
	return result;
}
