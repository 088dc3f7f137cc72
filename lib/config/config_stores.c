/* SPDX-License-Identifier: ISC */
/* config_stores - make the stores from the store sections
 *
 * A store is where several hosts count together. Its password is read here, by
 * the process that is still root, and never printed. */

#include "lib/config/config_stores.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/similar.h"
#include "lib/base/trust.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_values.h"
#include "lib/config/config_watch.h"

#define NAME_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
#define PREFIX_MAX     32
#define NAME_MAX_BYTES 128
#define PASSWORD_MAX   512
#define TIMEOUT_LEAST  10    /* ms */
#define TIMEOUT_MOST   10000 /* Postfix waits 100 s */

/* The words of away, by enum config_away. */
static const char *const away_names[] = { "local", "defer", "permit" };
#define AWAY_COUNT (sizeof(away_names) / sizeof(away_names[0]))

/* text_of - an option of the section */
static const char *text_of(const struct config_section *section,
			   enum config_option option)
{
	return setting_text(&section->settings[option]);
}

/* cut_line - the first line of the file is the password, without the end of the
 * line; a second one is a mistake */
static int cut_line(char *text, size_t length, struct error *error)
{
	size_t end;

	text[length] = '\0';
	end = strcspn(text, "\r\n");
	if (end + strspn(text + end, "\r\n") != length)
		return error_set(error, "it must be one line, the password");
	text[end] = '\0';
	if (end == 0 || end > PASSWORD_MAX)
		return error_set(error, "the password must have 1 to %d bytes",
				 PASSWORD_MAX);
	return 0;
}

/* read_secret - the content of a file that nobody else may read, or NULL */
static char *read_secret(const char *path, struct error *error)
{
	char text[PASSWORD_MAX + 3];
	char *password = NULL;
	const char *reason;
	struct stat status;
	ssize_t length;
	int fd;

	fd = file_open(path, &status, &reason);
	if (fd < 0) {
		error_set(error, "%s", reason);
		return NULL;
	}
	if (trust_secret(&status, error) == 0 &&
	    trust_name(path, TRUST_NOBODY, error) == 0) {
		length = read(fd, text, sizeof(text) - 1);
		if (length < 0)
			error_set(error, "cannot read: %s", strerror(errno));
		else if (cut_line(text, (size_t)length, error) == 0)
			password = xstrdup(text);
	}
	close(fd);
	explicit_bzero(text, sizeof(text));
	return password;
}

/* config_store_password - the content of password_file */
int config_store_password(const struct config_store *store, char **password,
			  struct error *error)
{
	*password = NULL;
	if (*store->password_file == '\0')
		return 0;
	*password = read_secret(store->password_file, error);
	return *password != NULL
		       ? 0
		       : error_prefix(error, "%s: ", store->password_file);
}

/* load_password - username and password_file */
static void load_password(struct config *config, struct config_store *store,
			  const struct config_section *section, bool unserved,
			  struct config_notes *notes)
{
	const struct setting *name = &section->settings[OPTION_STORE_USERNAME];
	const struct setting *file =
		&section->settings[OPTION_STORE_PASSWORD_FILE];
	struct error error;

	store->username = xstrdup(setting_text(name));
	store->password_file = xstrdup(setting_text(file));
	if (strlen(store->username) > NAME_MAX_BYTES ||
	    strpbrk(store->username, " \t\r\n") != NULL)
		config_error(notes, name->line,
			     "username: it is 1 to %d bytes without spaces",
			     NAME_MAX_BYTES);
	if (*store->username != '\0' && *store->password_file == '\0')
		config_error(notes, name->line,
			     "username: password_file is required: the file "
			     "with the password of that user");
	if (*store->password_file == '\0')
		return;
	if (*store->password_file != '/')
		error_set(&error, "%.80s is not an absolute path",
			  store->password_file);
	else if (config_watch_file(config, notes, "password_file", file->line,
				   store->password_file, &error) == 0 &&
		 (unserved ||
		  config_store_password(store, &store->password, &error) == 0))
		return;
	config_option_error(notes, OPTION_STORE_PASSWORD_FILE, file->line,
			    &error);
}

/* load_prefix - prefix; a store's rules of access name it, so it has none of
 * the characters that are special there */
static void load_prefix(struct config_store *store,
			const struct config_section *section,
			struct config_notes *notes)
{
	const struct setting *from = &section->settings[OPTION_STORE_PREFIX];
	char shown[CONFIG_SHOWN];

	store->prefix = xstrdup(setting_text(from));
	if (*store->prefix == '\0' || strlen(store->prefix) > PREFIX_MAX ||
	    store->prefix[strspn(store->prefix, NAME_BYTES)] != '\0')
		config_error(notes, from->line,
			     "prefix: it is 1 to %d letters, digits, \"_\", "
			     "\"-\" or \".\", not %s",
			     PREFIX_MAX, config_show(shown, store->prefix));
}

/* load_away - away */
static void load_away(struct config_store *store,
		      const struct config_section *section,
		      struct config_notes *notes)
{
	const struct setting *from = &section->settings[OPTION_STORE_AWAY];
	const char *text = setting_text(from);
	char shown[CONFIG_SHOWN], advice[CONFIG_SHOWN];
	struct similar similar;

	similar_init(&similar, text);
	for (size_t i = 0; i < AWAY_COUNT; i++) {
		similar_try(&similar, away_names[i]);
		if (strcmp(text, away_names[i]) == 0) {
			store->away = (enum config_away)i;
			return;
		}
	}
	config_error(notes, from->line,
		     "away: %s is not one of local, defer, permit%s",
		     config_show(shown, text),
		     similar_advice(&similar, advice, sizeof(advice)));
}

/* warn - of what is allowed, and seldom meant */
static void warn(const struct config *config, const struct config_store *store,
		 const struct config_section *section,
		 struct config_notes *notes)
{
	if (store->tls == NULL && listener_is_remote(&store->address))
		config_warning(notes, section->line,
			       "store: the password and the keys cross the "
			       "network in plain text; add a tls section, with "
			       "the CA that signs the store's certificate");
	if (store->away == CONFIG_AWAY_PERMIT)
		config_warning(notes, section->settings[OPTION_STORE_AWAY].line,
			       "away: while the store is away, nothing is "
			       "limited; \"local\" limits by the counts of "
			       "this host");
	if (config->settings->rate_count == 0)
		config_warning(notes, section->line,
			       "store: there is no rate section, so nothing "
			       "is counted in it");
}

/* load_store - one section */
static void load_store(struct config *config, struct config_store *store,
		       const struct config_section *section, bool unserved,
		       struct config_notes *notes)
{
	size_t before = notes->errors;
	struct error error;

	store->line = section->line;
	if (listener_parse(&store->address, section->title, &error) < 0)
		config_error(notes, section->line, "store: %s", error.text);
	else
		config_store_load_tls(config, store, section, unserved, notes);
	load_password(config, store, section, unserved, notes);
	load_prefix(store, section, notes);
	if (config_value_milliseconds(text_of(section, OPTION_STORE_TIMEOUT),
				      TIMEOUT_LEAST, TIMEOUT_MOST,
				      &store->timeout_ms, &error) < 0)
		config_option_error(
			notes, OPTION_STORE_TIMEOUT,
			section->settings[OPTION_STORE_TIMEOUT].line, &error);
	load_away(store, section, notes);
	if (notes->errors == before && config->store_count == 1)
		warn(config, store, section, notes);
}

/* config_stores - make all stores */
void config_stores(struct config *config, struct config_notes *notes,
		   bool unserved)
{
	const struct config_settings *settings = config->settings;

	if (settings->store_count > 1)
		config_error(notes, settings->stores[1].line,
			     "store: only one section is allowed; the other "
			     "is at line %d",
			     settings->stores[0].line);
	config->stores =
		xcalloc(settings->store_count, sizeof(*config->stores));
	config->store_count = settings->store_count;
	for (size_t i = 0; i < settings->store_count; i++)
		load_store(config, &config->stores[i], &settings->stores[i],
			   unserved, notes);
}

/* config_stores_clear - free what config_stores() made */
void config_stores_clear(struct config *config)
{
	for (size_t i = 0; i < config->store_count; i++) {
		struct config_store *store = &config->stores[i];

		free(store->username);
		free(store->password_file);
		if (store->password != NULL)
			explicit_bzero(store->password,
				       strlen(store->password));
		free(store->password);
		free(store->prefix);
		config_store_clear_tls(store);
	}
	free(config->stores);
}
