/* SPDX-License-Identifier: ISC */
/* config_import - import the parameters of Postfix (import_postfix)
 *
 * One run of postconf(1) prints the effective values. They become settings as
 * if they were in the file, at the line of import_postfix, but with main.cf as
 * their source. postconf(1) has expanded them already, so they are not expanded
 * again. */

#include "lib/config/config_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/postconf.h"
#include "lib/postfix/postfix_version.h"

#define MAIN_CF "/main.cf"

/* Parameters to import besides those of address resolution. */
enum extra {
	EXTRA_QUEUE_DIRECTORY = PARAMETER_COUNT,
	EXTRA_MAIL_VERSION,
	EXTRA_MYNETWORKS,
	EXTRA_RELAY_CLIENTCERTS,
	EXTRA_SENDER_LOGIN_MAPS,
	EXTRA_MIGRATION_LEVEL,
	EXTRA_MIGRATION_MAPPING,
	EXTRA_DATABASE_TYPE,
	EXTRA_CACHE_TYPE,
	NAME_COUNT
};

static const char *const extra_names[] = {
	[EXTRA_QUEUE_DIRECTORY] = "queue_directory",
	[EXTRA_MAIL_VERSION] = "mail_version",
	[EXTRA_MYNETWORKS] = "mynetworks",
	[EXTRA_RELAY_CLIENTCERTS] = "relay_clientcerts",
	[EXTRA_SENDER_LOGIN_MAPS] = "smtpd_sender_login_maps",
	[EXTRA_MIGRATION_LEVEL] = "non_bdb_migration_level",
	[EXTRA_MIGRATION_MAPPING] = "non_bdb_custom_mapping",
	[EXTRA_DATABASE_TYPE] = "default_database_type",
	[EXTRA_CACHE_TYPE] = "default_cache_db_type",
};

/* name_of - the Postfix parameter with that number */
static const char *name_of(int number)
{
	return number < PARAMETER_COUNT ? parameter_name((enum parameter)number)
					: extra_names[number];
}

/* check_directory - is it an absolute path of a directory? */
static int check_directory(const char *path, struct error *error)
{
	char shown[CONFIG_SHOWN];
	struct stat status;

	if (path[0] != '/')
		return error_set(error, "%s is not an absolute path",
				 config_show(shown, path));
	if (strlen(path) + sizeof(MAIN_CF) > CONFIG_PATH_MAX)
		return error_set(error, "longer than %d bytes",
				 CONFIG_PATH_MAX - (int)sizeof(MAIN_CF));
	if (stat(path, &status) < 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return error_set(error,
				 "%s is not a directory; name the one "
				 "that main.cf is in",
				 path);
	return 0;
}

/* without_slash - a directory without its trailing slash; the caller frees
 * it */
static char *without_slash(const char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	return xstrndup(path, length);
}

/* ask - get all values from the Postfix in config->import_postfix */
static int ask(struct config *config, struct config_notes *notes, int line,
	       char *values[NAME_COUNT], struct error *error)
{
	const char *names[NAME_COUNT];
	int i;

	if (check_directory(config->import_postfix, error) < 0)
		return -1;
	for (i = 0; i < NAME_COUNT; i++)
		names[i] = name_of(i);
	if (config_watch_file(config, notes, "import_postfix", line,
			      config->main_cf, error) < 0)
		return -1;
	if (postconf_values(config->import_postfix, names, NAME_COUNT, values,
			    error) < 0)
		return -1;
	/* Every Postfix has these; otherwise it was not postconf(1). */
	if (values[EXTRA_MAIL_VERSION] == NULL ||
	    values[EXTRA_QUEUE_DIRECTORY] == NULL)
		return error_set(error,
				 "postconf -c %s does not know "
				 "mail_version and queue_directory",
				 config->import_postfix);
	return 0;
}

/* take - import a value, if that Postfix has it and the file does not set it */
static void take(const struct config *config, enum config_option option,
		 const char *value, int line)
{
	struct setting *setting = settings_top(config->settings, option);

	if (value == NULL || setting->set)
		return;
	setting_add(setting, value, line);
	setting->line = line;
	setting->source = config->main_cf;
}

/* copy_or_null - of a text that may be NULL */
static char *copy_or_null(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

/* take_types - what Postfix reads where hash: and btree: are written, if these
 * are other types, and the table that has still others */
static void take_types(struct config *config, char *values[NAME_COUNT])
{
	const char *level = values[EXTRA_MIGRATION_LEVEL];
	const char *mapping = values[EXTRA_MIGRATION_MAPPING];

	config->hash_type = copy_or_null(
		postfix_type_instead(level, NULL, values[EXTRA_DATABASE_TYPE]));
	config->btree_type = copy_or_null(
		postfix_type_instead(level, NULL, values[EXTRA_CACHE_TYPE]));
	if (config->hash_type != NULL && mapping != NULL && *mapping != '\0')
		config->type_mapping = xstrdup(mapping);
	config->type_is_made =
		postfix_migration(level) == POSTFIX_MIGRATION_REINDEX;
}

/* may_be_any - may such a type be one without a file of its own? */
static bool may_be_any(const char *type)
{
	return type != NULL && !postfix_is_made(type);
}

/* watch_mapping - what is read in place of hash: and btree: may be any type, as
 * main.cf has it, or a table, and then another one when the table changes */
static int watch_mapping(struct config *config, struct config_notes *notes,
			 int line, struct error *error)
{
	config->watched.any_type = config->type_mapping != NULL ||
				   may_be_any(config->hash_type) ||
				   may_be_any(config->btree_type);
	if (config->type_mapping == NULL)
		return 0;
	return config_watch_text(config, notes, "import_postfix", line,
				 config->type_mapping, error);
}

/* take_all - import all values */
static void take_all(struct config *config, char *values[NAME_COUNT], int line)
{
	int i;

	for (i = 0; i < PARAMETER_COUNT; i++)
		take(config, (enum config_option)(OPTION_PARAMETER + i),
		     values[i], line);
	take(config, OPTION_MYNETWORKS, values[EXTRA_MYNETWORKS], line);
	take(config, OPTION_RELAY_CLIENTCERTS, values[EXTRA_RELAY_CLIENTCERTS],
	     line);
	take(config, OPTION_SENDER_LOGIN_MAPS, values[EXTRA_SENDER_LOGIN_MAPS],
	     line);
	if (values[EXTRA_SENDER_LOGIN_MAPS] != NULL)
		config->postfix_sender_login_maps =
			xstrdup(values[EXTRA_SENDER_LOGIN_MAPS]);
	config->queue_directory = xstrdup(values[EXTRA_QUEUE_DIRECTORY]);
	config->mail_version = xstrdup(values[EXTRA_MAIL_VERSION]);
	take_types(config, values);
}

/* config_import - process import_postfix */
int config_import(struct config *config, struct config_notes *notes)
{
	const struct setting *from =
		settings_top(config->settings, OPTION_IMPORT_POSTFIX);
	char *values[NAME_COUNT] = { NULL };
	struct error error;
	int result, i;

	if (*setting_text(from) == '\0')
		return 0;
	config->import_postfix = without_slash(setting_text(from));
	config->main_cf = xasprintf("%s" MAIN_CF, config->import_postfix);
	result = ask(config, notes, from->line, values, &error);
	if (result == 0) {
		take_all(config, values, from->line);
		result = watch_mapping(config, notes, from->line, &error);
	}
	if (result < 0)
		config_error(notes, from->line, "import_postfix: %s",
			     error.text);
	for (i = 0; i < NAME_COUNT; i++)
		free(values[i]);
	return result;
}
