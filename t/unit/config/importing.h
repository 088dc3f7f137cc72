/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_CONFIG_IMPORTING_H
#define T_UNIT_CONFIG_IMPORTING_H

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/config/config.h"
#include "lib/decision/evaluate.h"
#include "t/unit/place.h"

/* A main.cf, and a policyd.conf that imports it. */

static const char main_cf[] =
	"compatibility_level = 3.6\n"
	"myhostname = mail.local.test\n"
	"mydestination = $myhostname,\n  ${mydomain?in.$mydomain}\n"
	"\ta$$b.test\n"
	"relay_domains = relay.test\n"
	"virtual_alias_maps = inline:{ x=y }\n"
	"virtual_alias_domains =\n"
	"mynetworks = 10.1.0.0/16\n"
	"allow_percent_hack = no\n"
	"queue_directory = /var/spool/other\n";

/* put - write a file of the directory; DIR in text is its name */
static inline void put(const char *name, const char *text)
{
	char *path = place_path(name);
	FILE *file = fopen(path, "w");
	const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	const char *mark;

	ck_assert_ptr_nonnull(file);
	while ((mark = strstr(text, "DIR")) != NULL) {
		fprintf(file, "%.*s%s", (int)(mark - text), text,
			place_directory);
		text = mark + 3;
	}
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, 0644), 0);
	/* Postfix waits while the file is younger than a second or two. */
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	free(path);
}

static inline void set_up(void)
{
	place_make();
	put("main.cf", main_cf);
}

/* load - a policyd.conf with that text */
static inline struct config *load(const char *text,
				  struct config_messages *messages)
{
	char *path = place_path("policyd.conf");
	struct config *config;

	put("policyd.conf", text);
	config = config_load(path, messages);
	free(path);
	return config;
}

/* load_good - likewise, and it must be well */
static inline struct config *load_good(const char *text)
{
	struct config_messages messages;
	struct config *config = load(text, &messages);

	ck_assert_msg(config != NULL && messages.count == 0, "%s",
		      messages.count > 0 ? messages.lines[0] : "");
	config_messages_clear(&messages);
	return config;
}

/* has - is that the value of the parameter, from there? */
static inline void has(const struct config *config, enum parameter parameter,
		       const char *value, const char *source)
{
	const char *where = config->parameters.values[parameter].source;
	size_t length = strlen(where), end = strlen(source);

	ck_assert_str_eq(parameters_get(&config->parameters, parameter), value);
	ck_assert_msg(length >= end &&
			      strcmp(where + length - end, source) == 0,
		      "%s", where);
}

#define TWO_LINES "listen \"unix:/x\" { }\nimport_postfix = \"DIR\"\n"

#define LOGIN_MAPS                                               \
	"smtpd_sender_login_maps = texthash:DIR/list, $maps\n"   \
	"maps = pcre:{{/^(.*)@b.test$$/ $$1}}, proxy:mysql:/x\n" \
	"recipient_delimiter = -+\nowner_request_special = no\n"
#define LOGIN_LINES                                \
	TWO_LINES "restrictions = { "              \
		  "reject_sender_login_mismatch, " \
		  "permit_auth_destination }\n"

/* with_directory - a text with DIR replaced; the caller frees it */
static inline char *with_directory(const char *text)
{
	char *whole = xstrdup("");
	const char *mark;
	char *longer;

	while ((mark = strstr(text, "DIR")) != NULL) {
		longer = xasprintf("%s%.*s%s", whole, (int)(mark - text), text,
				   place_directory);
		free(whole);
		whole = longer;
		text = mark + 3;
	}
	longer = xasprintf("%s%s", whole, text);
	free(whole);
	return longer;
}

#endif
