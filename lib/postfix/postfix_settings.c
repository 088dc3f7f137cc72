/* SPDX-License-Identifier: ISC */
/* postfix_settings - the configuration of a Postfix, as postconf(1) reports it
 *
 * main.cf and master.cf are not read here: postconf joins lines, knows defaults
 * and expands $name. postfix_read.c runs it. */

#include "lib/postfix/postfix_settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/number.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/postfix_version.h"

#define FIELD_COUNT 8 /* columns of master.cf; the command is the last */

/* postfix_values_add - copy one setting */
void postfix_values_add(struct postfix_values *values, const char *name,
			const char *value)
{
	struct postfix_value *added;

	values->list = xreallocarray(values->list, values->count + 1,
				     sizeof(*values->list));
	added = &values->list[values->count++];
	added->name = xstrdup(name);
	added->value = xstrdup(value);
}

/* postfix_values_get - the last value with that name */
const char *postfix_values_get(const struct postfix_values *values,
			       const char *name)
{
	size_t i;

	for (i = values->count; i > 0; i--)
		if (strcmp(values->list[i - 1].name, name) == 0)
			return values->list[i - 1].value;
	return NULL;
}

/* postfix_values_clear - free what the struct holds */
void postfix_values_clear(struct postfix_values *values)
{
	size_t i;

	for (i = 0; i < values->count; i++) {
		free(values->list[i].name);
		free(values->list[i].value);
	}
	free(values->list);
	*values = (struct postfix_values){ 0 };
}

/* split - split "name = value"; NULL: unexpected text */
static char *split(char *line)
{
	char *equals = strchr(line, '=');
	char *end = equals;

	if (equals == NULL)
		return NULL;
	while (end > line && end[-1] == ' ')
		end--;
	if (end == line)
		return NULL;
	*end = '\0';
	equals++;
	return equals + strspn(equals, " ");
}

/* Called with each name and value. */
typedef int value_handler(void *context, char *name, const char *value,
			  struct error *error);

/* each_value - call handler for each line of text */
static int each_value(const char *text, value_handler *handler, void *context,
		      struct error *error)
{
	char *copy = xstrdup(text), *rest, *line;
	int result = 0;

	line = strtok_r(copy, "\n", &rest);
	while (line != NULL && result == 0) {
		char *value = split(line);

		if (value == NULL)
			result = error_set(error,
					   "postconf printed "
					   "\"%.80s\", not \"name = value\"",
					   line);
		else
			result = handler(context, line, value, error);
		line = strtok_r(NULL, "\n", &rest);
	}
	free(copy);
	return result;
}

/* add_value - a line of main.cf */
static int add_value(void *context, char *name, const char *value,
		     struct error *error)
{
	(void)error;
	postfix_values_add(context, name, value);
	return 0;
}

/* postfix_values_parse - add the settings of text */
int postfix_values_parse(struct postfix_values *values, const char *text,
			 struct error *error)
{
	return each_value(text, add_value, values, error);
}

/* find_service - by name and type, or NULL */
static struct postfix_service *find_service(struct postfix *postfix,
					    const char *name, const char *type)
{
	size_t i;

	for (i = 0; i < postfix->service_count; i++)
		if (strcmp(postfix->services[i].name, name) == 0 &&
		    strcmp(postfix->services[i].type, type) == 0)
			return &postfix->services[i];
	return NULL;
}

/* add_override - add "service/type/name" and its value. The service must exist:
 * postconf prints both from the same file. */
static int add_override(void *context, char *name, const char *value,
			struct error *error)
{
	struct postfix_service *service = NULL;
	char *parameter = strrchr(name, '/'), *type = NULL;

	if (parameter != NULL) {
		*parameter++ = '\0';
		type = strrchr(name, '/');
	}
	if (type != NULL) {
		*type++ = '\0';
		service = find_service(context, name, type);
	}
	if (service == NULL)
		return error_set(error,
				 "postconf printed \"%.80s\", which is "
				 "no \"service/type/name\" of master.cf",
				 name);
	postfix_values_add(&service->overrides, parameter, value);
	return 0;
}

/* postfix_overrides_parse - parse the output of postconf -P */
int postfix_overrides_parse(struct postfix *postfix, const char *text,
			    struct error *error)
{
	return each_value(text, add_override, postfix, error);
}

/* take_field - cut off the next column; "" when there is none */
static const char *take_field(char **rest)
{
	char *start = *rest + strspn(*rest, " \t");
	char *end = start + strcspn(start, " \t");

	*rest = end;
	if (*end != '\0') {
		*end = '\0';
		*rest = end + 1;
	}
	return start;
}

/* add_service - one line of postconf -M */
static int add_service(struct postfix *postfix, char *line, bool default_chroot,
		       struct error *error)
{
	const char *fields[FIELD_COUNT];
	struct postfix_service *service;
	char *rest = line;
	size_t i;

	for (i = 0; i + 1 < FIELD_COUNT; i++)
		fields[i] = take_field(&rest);
	rest += strspn(rest, " \t");
	if (*rest == '\0')
		return error_set(error,
				 "postconf printed \"%.80s\", which is "
				 "no service of master.cf",
				 line);
	postfix->services =
		xreallocarray(postfix->services, postfix->service_count + 1,
			      sizeof(*postfix->services));
	service = &postfix->services[postfix->service_count++];
	*service = (struct postfix_service){ 0 };
	service->name = xstrdup(fields[0]);
	service->type = xstrdup(fields[1]);
	service->private = strcmp(fields[2], "n") != 0;
	service->chroot = strcmp(fields[4], "-") == 0
				  ? default_chroot
				  : strcmp(fields[4], "y") == 0;
	service->maxproc = xstrdup(fields[6]);
	service->program = xstrndup(rest, strcspn(rest, " \t"));
	service->command = xstrdup(rest);
	return 0;
}

/* postfix_services_parse - parse the output of postconf -M */
int postfix_services_parse(struct postfix *postfix, const char *text,
			   bool default_chroot, struct error *error)
{
	char *copy = xstrdup(text), *rest, *line;
	int result = 0;

	line = strtok_r(copy, "\n", &rest);
	while (line != NULL && result == 0) {
		result = add_service(postfix, line, default_chroot, error);
		line = strtok_r(NULL, "\n", &rest);
	}
	free(copy);
	return result;
}

/* service_clear - free what a service holds */
static void service_clear(struct postfix_service *service)
{
	free(service->name);
	free(service->type);
	free(service->maxproc);
	free(service->program);
	free(service->command);
	postfix_values_clear(&service->overrides);
	postfix_values_clear(&service->effective);
}

/* postfix_clear - free what the struct holds */
void postfix_clear(struct postfix *postfix)
{
	size_t i;

	for (i = 0; i < postfix->service_count; i++)
		service_clear(&postfix->services[i]);
	free(postfix->services);
	postfix_values_clear(&postfix->main);
	postfix_values_clear(&postfix->effective);
	free(postfix->directory);
	*postfix = (struct postfix){ 0 };
}

/* postfix_get_own - the effective value, if it is not that of main.cf */
const char *postfix_get_own(const struct postfix_service *service,
			    const char *name)
{
	const char *value = postfix_values_get(&service->effective, name);

	return value != NULL ? value
			     : postfix_values_get(&service->overrides, name);
}

/* postfix_get - the effective value for a service */
const char *postfix_get(const struct postfix *postfix,
			const struct postfix_service *service, const char *name)
{
	const char *value = NULL;

	if (service != NULL)
		value = postfix_get_own(service, name);
	if (value == NULL)
		value = postfix_values_get(&postfix->effective, name);
	return value != NULL ? value : "";
}

/* postfix_get_bool - is it "yes"? */
bool postfix_get_bool(const struct postfix *postfix,
		      const struct postfix_service *service, const char *name)
{
	return strcasecmp(postfix_get(postfix, service, name), "yes") == 0;
}

/* postfix_screen - the postscreen(8) in front of a pass service */
const struct postfix_service *
postfix_screen(const struct postfix *postfix,
	       const struct postfix_service *service)
{
	size_t i;

	for (i = 0; i < postfix->service_count; i++) {
		const struct postfix_service *screen = &postfix->services[i];
		const char *name;

		if (strcmp(screen->program, "postscreen") != 0)
			continue;
		name = postfix_get(postfix, screen, "smtpd_service_name");
		if (strcmp(*name != '\0' ? name : "smtpd", service->name) == 0)
			return screen;
	}
	return NULL;
}

/* entrance - the service that a client connects to; smtpd behind postscreen(8)
 * gets its connections from postscreen */
static const struct postfix_service *
entrance(const struct postfix *postfix, const struct postfix_service *service)
{
	const struct postfix_service *screen = NULL;

	if (strcmp(service->type, "pass") == 0)
		screen = postfix_screen(postfix, service);
	return screen != NULL ? screen : service;
}

/* postfix_port - the number of the port */
unsigned postfix_port(const struct postfix *postfix,
		      const struct postfix_service *service)
{
	const char *name = entrance(postfix, service)->name;
	const char *colon = strrchr(name, ':');
	const char *port = colon != NULL ? colon + 1 : name;
	const struct servent *known;
	uint64_t number;

	if (number_parse(port, 65535, &number) == 0)
		return (unsigned)number;
	known = getservbyname(port, "tcp");
	return known != NULL ? ntohs((in_port_t)known->s_port) : 0;
}

/* postfix_seconds - a time in main.cf syntax */
long postfix_seconds(const char *text, char unit)
{
	static const char units[] = "smhdw";
	static const long seconds[] = { 1, 60, 3600, 86400, 604800 };
	const char *found;
	char *end;
	long value;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	value = strtol(text, &end, 10);
	if (*end != '\0')
		unit = *end++;
	found = strchr(units, unit);
	if (*end != '\0' || found == NULL || unit == '\0' || errno == ERANGE ||
	    value > INT_MAX)
		return -1;
	if (found != units && value >= INT_MAX / seconds[found - units])
		return -1;
	return value * seconds[found - units];
}

/* postfix_table_type - what is read where a type is written */
const char *postfix_table_type(const struct postfix *postfix,
			       const char *written)
{
	const struct postfix_values *main = &postfix->effective;
	const char *usual =
		strcmp(written, "hash") == 0	? "default_database_type"
		: strcmp(written, "btree") == 0 ? "default_cache_db_type"
						: NULL;
	const char *instead = NULL;

	if (usual != NULL)
		instead = postfix_type_instead(
			postfix_values_get(main, "non_bdb_migration_level"),
			postfix_values_get(main, "non_bdb_custom_mapping"),
			postfix_values_get(main, usual));
	return instead != NULL ? instead : written;
}

/* postfix_where - where the value for a service is set */
enum postfix_origin postfix_where(const struct postfix *postfix,
				  const struct postfix_service *service,
				  const char *name)
{
	if (service != NULL &&
	    postfix_values_get(&service->overrides, name) != NULL)
		return POSTFIX_MASTER;
	if (postfix_values_get(&postfix->main, name) != NULL)
		return POSTFIX_MAIN;
	return POSTFIX_DEFAULT;
}
