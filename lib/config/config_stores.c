/* SPDX-License-Identifier: ISC */
/* config_stores - make the stores from the store sections
 *
 * A store is where several hosts count together. Its password is read here, by
 * the process that is still root, and never printed. */

#include "lib/config/config_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/trust.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_assign.h"

#define NAME_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
#define PREFIX_MAX     32
#define NAME_MAX_BYTES 128
#define PASSWORD_MAX   512

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

/* config_password - the content of a file, if there is one */
int config_password(const char *path, char **password, struct error *error)
{
	*password = NULL;
	if (*path == '\0')
		return 0;
	*password = read_secret(path, error);
	return *password != NULL ? 0 : error_prefix(error, "%s: ", path);
}

/* config_password_forget - and leave nothing of it in memory */
void config_password_forget(char *password)
{
	if (password != NULL)
		explicit_bzero(password, strlen(password));
	free(password);
}

/* config_store_password - the content of password_file */
int config_store_password(const struct config_store *store, char **password,
			  struct error *error)
{
	return config_password(store->login.password_file, password, error);
}

/* check_username - it needs a password */
static void check_username(const struct config_login *login,
			   const struct setting *from, const char *name,
			   const char *file_name, struct config_notes *notes)
{
	if (strlen(login->username) > NAME_MAX_BYTES ||
	    strpbrk(login->username, " \t\r\n") != NULL)
		config_error(notes, from->line,
			     "%s: it is 1 to %d bytes without spaces", name,
			     NAME_MAX_BYTES);
	if (*login->username != '\0' && *login->password_file == '\0')
		config_error(notes, from->line,
			     "%s: %s is required: the file with the password "
			     "of that user",
			     name, file_name);
}

/* config_stores_login - a user, and the file with the password */
void config_stores_login(struct config *config, struct config_login *login,
			 const struct config_section *section,
			 enum config_option name, enum config_option file,
			 bool unserved, struct config_notes *notes)
{
	const struct setting *from = &section->settings[file];
	size_t before = notes->errors;
	const char *path;
	struct error error;

	login->username = xstrdup(setting_text(&section->settings[name]));
	login->password_file = xstrdup(setting_text(from));
	check_username(login, &section->settings[name],
		       config_option_name(name), config_option_name(file),
		       notes);
	path = config_watch_option(config, section, file, notes);
	if (path != NULL && !unserved && notes->errors == before &&
	    config_password(path, &login->password, &error) < 0)
		config_option_error(notes, file, from->line, &error);
}

/* config_stores_login_clear - free it */
void config_stores_login_clear(struct config_login *login)
{
	free(login->username);
	free(login->password_file);
	config_password_forget(login->password);
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

/* is_here - is its address one of this host, where others reach another one? */
static bool is_here(const struct config_store *store)
{
	return store->sentinel_count == 0 &&
	       !listener_is_remote(&store->address);
}

/* has_name - one of its own */
static bool has_name(const struct config *config, size_t i)
{
	const struct setting *settings = config->settings->stores[i].settings;

	return *setting_text(&settings[OPTION_STORE_NAME]) != '\0';
}

/* next_letter - after this one, which is the name of no store */
static char next_letter(const struct config *config, char letter)
{
	char name[] = { ++letter, '\0' };

	for (size_t i = 0; i < config->store_count; i++)
		if (strcmp(config->stores[i].name, name) == 0)
			return next_letter(config, letter);
	return letter;
}

/* letter_for - a name for a store: each one without gets another */
static char letter_for(const struct config *config,
		       const struct config_store *store)
{
	char letter = 'a' - 1;

	for (size_t i = 0; &config->stores[i] <= store; i++)
		if (!has_name(config, i))
			letter = next_letter(config, letter);
	return letter;
}

/* warn_name - it has the address for its name, which is of this host only */
static void warn_name(const struct config *config,
		      const struct config_store *store,
		      const struct config_section *section,
		      struct config_notes *notes)
{
	if (is_here(store) &&
	    *setting_text(&section->settings[OPTION_STORE_NAME]) == '\0')
		config_warning(notes, section->line,
			       "store: other hosts reach it by another "
			       "address, and would look for other keys in it; "
			       "give it the same name on all hosts: name = "
			       "\"%c\"",
			       letter_for(config, store));
}

/* warn - of what is allowed, and seldom meant */
static void warn(const struct config *config, const struct config_store *store,
		 const struct config_section *section,
		 struct config_notes *notes)
{
	bool asked_there = config_sentinel_is_remote(store);

	if (store->tls == NULL &&
	    (listener_is_remote(&store->address) || asked_there))
		config_warning(notes, section->line,
			       "store: the password and the keys cross the "
			       "network in plain text; add a tls section, with "
			       "the CA that signs the store's certificate");
	else if (asked_there && *store->sentinel_login.password_file != '\0')
		config_warning(notes, section->line,
			       "store: the password of the sentinels crosses "
			       "the network in plain text; only the store is "
			       "asked in TLS");
	if (store->away == CONFIG_AWAY_PERMIT)
		config_warning(notes, section->settings[OPTION_STORE_AWAY].line,
			       "away: while the store is away, nothing is "
			       "limited; \"local\" limits by the counts of "
			       "this host");
	if (config->store_count > 1)
		warn_name(config, store, section, notes);
	if (config->settings->rate_count == 0 && store == config->stores)
		config_warning(notes, section->line,
			       "store: there is no rate section, so nothing "
			       "is counted in it");
}

/* load_name - name; the same on all hosts, as it says which keys are there */
static void load_name(struct config_store *store,
		      const struct config_section *section,
		      struct config_notes *notes)
{
	const struct setting *from = &section->settings[OPTION_STORE_NAME];
	const char *text = setting_text(from);
	char shown[CONFIG_SHOWN];

	store->name = xstrdup(*text != '\0' ? text : section->title);
	if (strlen(text) > NAME_MAX_BYTES ||
	    text[strspn(text, NAME_BYTES)] != '\0')
		config_error(notes, from->line,
			     "name: it is 1 to %d letters, digits, \"_\", "
			     "\"-\" or \".\", not %s",
			     NAME_MAX_BYTES, config_show(shown, text));
}

/* load_store - one section */
static void load_store(struct config *config, struct config_store *store,
		       const struct config_section *section, bool unserved,
		       struct config_notes *notes)
{
	struct error error;

	store->line = section->line;
	if (config_sentinel(config, store, section, unserved, notes) == 0 &&
	    listener_parse(&store->address, section->title, &error) < 0)
		config_error(notes, section->line, "store: %s", error.text);
	else
		config_store_load_tls(config, store, section, unserved, notes);
	config_stores_login(config, &store->login, section,
			    OPTION_STORE_USERNAME, OPTION_STORE_PASSWORD_FILE,
			    unserved, notes);
	load_name(store, section, notes);
	load_prefix(store, section, notes);
	config_assign(store, SCOPE_STORE, section, notes);
}

/* compare - with those before it: two of the same would be one store, or have
 * the same keys */
static void compare(const struct config *config, size_t i,
		    struct config_notes *notes)
{
	const struct config_store *store = &config->stores[i];

	for (size_t k = 0; k < i; k++) {
		const struct config_store *other = &config->stores[k];

		if (store->sentinel_count == 0 &&
		    strcmp(store->address.address, other->address.address) == 0)
			config_error(notes, store->line,
				     "store: the same is at line %d",
				     other->line);
		else if (strcmp(store->name, other->name) == 0)
			config_error(notes, store->line,
				     "store: the one at line %d has the same "
				     "name",
				     other->line);
	}
}

/* config_stores - make all stores */
void config_stores(struct config *config, struct config_notes *notes,
		   bool unserved)
{
	const struct config_settings *settings = config->settings;
	size_t before = notes->errors;

	if (settings->store_count > CONFIG_STORES_MAX) {
		config_error(notes, settings->stores[CONFIG_STORES_MAX].line,
			     "store: at most %d sections are allowed",
			     CONFIG_STORES_MAX);
		return;
	}
	config->stores =
		xcalloc(settings->store_count, sizeof(*config->stores));
	config->store_count = settings->store_count;
	for (size_t i = 0; i < settings->store_count; i++)
		load_store(config, &config->stores[i], &settings->stores[i],
			   unserved, notes);
	for (size_t i = 0; i < config->store_count && notes->errors == before;
	     i++)
		compare(config, i, notes);
	for (size_t i = 0; i < config->store_count && notes->errors == before;
	     i++)
		warn(config, &config->stores[i], &settings->stores[i], notes);
}

/* config_stores_clear - free what config_stores() made */
void config_stores_clear(struct config *config)
{
	for (size_t i = 0; i < config->store_count; i++) {
		struct config_store *store = &config->stores[i];

		config_stores_login_clear(&store->login);
		config_sentinel_clear(store);
		free(store->name);
		free(store->prefix);
		config_store_clear_tls(store);
	}
	free(config->stores);
}
