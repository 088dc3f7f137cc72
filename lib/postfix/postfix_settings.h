/* SPDX-License-Identifier: ISC */
#ifndef LIB_POSTFIX_POSTFIX_SETTINGS_H
#define LIB_POSTFIX_POSTFIX_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

/* The configuration of a Postfix, as postconf(1) reports it: main.cf, the
 * services of master.cf, and the value of each parameter for each of them. */

/* Settings by name; all texts are owned. */
struct postfix_value {
	char *name;
	char *value;
};

struct postfix_values {
	struct postfix_value *list;
	size_t count;
};

/* A line of master.cf. */
struct postfix_service {
	char *name; /* "smtp", "127.0.0.1:2525" */
	char *type; /* "inet", "unix", "pass" ... */
	bool private;
	bool chroot;
	char *maxproc;			 /* as written: "-" or a number */
	char *program;			 /* "smtpd" */
	char *command;			 /* the program and its arguments */
	struct postfix_values overrides; /* -o, as written */
	struct postfix_values effective; /* expanded, where it differs from the
					  * overrides, or from main.cf */
};

struct postfix {
	char *directory;		 /* of main.cf and master.cf */
	struct postfix_values main;	 /* main.cf, as written */
	struct postfix_values effective; /* every parameter, expanded */
	struct postfix_service *services;
	size_t service_count;
};

/* Where the value for a service is set. */
enum postfix_origin {
	POSTFIX_DEFAULT, /* nowhere */
	POSTFIX_MAIN,	 /* main.cf */
	POSTFIX_MASTER,	 /* -o in master.cf */
};

/* postfix_read - run postconf(1). 0, or -1 and nothing to clear. */
int postfix_read(struct postfix *postfix, const char *directory,
		 struct error *error);

/* postfix_clear - free what the struct holds. */
void postfix_clear(struct postfix *postfix);

/* postfix_values_parse - add the settings in text, lines of "name = value". 0,
 * or -1: unexpected text; settings already added are kept. */
int postfix_values_parse(struct postfix_values *values, const char *text,
			 struct error *error);

/* postfix_values_get - the last value with that name, or NULL. */
const char *postfix_values_get(const struct postfix_values *values,
			       const char *name);

/* postfix_values_add - copy one setting. */
void postfix_values_add(struct postfix_values *values, const char *name,
			const char *value);

/* postfix_values_clear - free what the struct holds. */
void postfix_values_clear(struct postfix_values *values);

/* postfix_services_parse - add the services in text, the output of postconf -M.
 * default_chroot: the meaning of "-" in the chroot column. */
int postfix_services_parse(struct postfix *postfix, const char *text,
			   bool default_chroot, struct error *error);

/* postfix_overrides_parse - add the output of postconf -P to the services:
 * lines of "service/type/name = value". */
int postfix_overrides_parse(struct postfix *postfix, const char *text,
			    struct error *error);

/* postfix_get - the effective value for a service (NULL: for main.cf); "" when
 * there is no such parameter. */
const char *postfix_get(const struct postfix *postfix,
			const struct postfix_service *service,
			const char *name);

/* postfix_get_own - likewise, but NULL when the service has the value of
 * main.cf and no override of its own. */
const char *postfix_get_own(const struct postfix_service *service,
			    const char *name);

/* postfix_get_bool - is it "yes"? */
bool postfix_get_bool(const struct postfix *postfix,
		      const struct postfix_service *service, const char *name);

/* postfix_screen - the postscreen(8) that passes its clients on to a service;
 * NULL: there is none. */
const struct postfix_service *
postfix_screen(const struct postfix *postfix,
	       const struct postfix_service *service);

/* postfix_port - the number of the port where clients of an smtpd service
 * connect; behind postscreen(8), the port of postscreen. 0: unknown. */
unsigned postfix_port(const struct postfix *postfix,
		      const struct postfix_service *service);

/* postfix_seconds - a time in main.cf syntax ("1000s", "1h", "30" in the given
 * unit); -1: invalid, as what does not fit into an int. */
long postfix_seconds(const char *text, char unit);

/* postfix_table_type - the type of table that this Postfix reads where one is
 * written; that, or what non_bdb_migration_level has in place of hash: and
 * btree:. "": not known. */
const char *postfix_table_type(const struct postfix *postfix,
			       const char *written);

/* postfix_where - where the value for a service is set. */
enum postfix_origin postfix_where(const struct postfix *postfix,
				  const struct postfix_service *service,
				  const char *name);

#endif
