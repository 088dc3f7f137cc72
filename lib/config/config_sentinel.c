/* SPDX-License-Identifier: ISC */
/* config_sentinel - a store whose primary is found with Sentinel
 *
 * The title is "sentinel:NAME", the name of the primary as the sentinels know
 * it. They are asked by the monitor, which gets their addresses and the bytes
 * to send (policyd/monitor/monitor_sentinel.c), or by a process that needs one
 * connection (policyd/rates/store_connect.c). */

#include "lib/config/config_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define TITLE "sentinel:"
#define NAME_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

/* config_sentinel_title - see above */
bool config_sentinel_title(const struct config_section *section)
{
	return strncmp(section->title, TITLE, strlen(TITLE)) == 0;
}

/* refuse - what is set, and has no use */
static void refuse(const struct config_section *section,
		   struct config_notes *notes)
{
	static const enum config_option options[] = {
		OPTION_STORE_SENTINELS, OPTION_STORE_SENTINEL_USERNAME,
		OPTION_STORE_SENTINEL_PASSWORD_FILE
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const struct setting *from = &section->settings[options[i]];

		if (from->count > 0 && from->values[0][0] != '\0')
			config_error(notes, from->line,
				     "%s: the title of the section must be "
				     "\"" TITLE "NAME\", with the name of the "
				     "primary",
				     config_option_name(options[i]));
	}
}

/* load_name - as Redis allows it */
static void load_name(struct config_store *store,
		      const struct config_section *section,
		      struct config_notes *notes)
{
	const char *name = section->title + strlen(TITLE);
	size_t length = strlen(name);

	if (length < 1 || length > SENTINEL_NAME_MAX ||
	    name[strspn(name, NAME_BYTES)] != '\0')
		config_error(
			notes, section->line,
			"store: behind \"" TITLE "\" is the name of the "
			"primary, 1 to %d letters, digits, \"_\", \"-\" or "
			"\".\"",
			SENTINEL_NAME_MAX);
	else
		memcpy(store->address.address, section->title,
		       strlen(section->title) + 1);
}

/* load_addresses - sentinels */
static void load_addresses(struct config_store *store,
			   const struct config_section *section,
			   struct config_notes *notes)
{
	const struct setting *from = &section->settings[OPTION_STORE_SENTINELS];
	struct error error;

	if (from->count == 0)
		config_error(notes, section->line,
			     "store: sentinels is required, the addresses of "
			     "those that know the primary: sentinels = { "
			     "\"inet:192.0.2.1:26379\" }");
	if (from->count > SENTINELS_MAX)
		config_error(notes, from->line,
			     "sentinels: %d at most are allowed",
			     SENTINELS_MAX);
	store->sentinels = xcalloc(from->count, sizeof(*store->sentinels));
	store->sentinel_count = from->count;
	for (size_t i = 0; i < from->count; i++)
		if (listener_parse(&store->sentinels[i], from->values[i],
				   &error) < 0)
			config_error(notes, from->lines[i], "sentinels: %s",
				     error.text);
}

/* config_sentinel - see above */
int config_sentinel(struct config *config, struct config_store *store,
		    const struct config_section *section, bool unserved,
		    struct config_notes *notes)
{
	if (!config_sentinel_title(section)) {
		refuse(section, notes);
		return 0;
	}
	load_name(store, section, notes);
	load_addresses(store, section, notes);
	config_stores_login(config, &store->sentinel_login, section,
			    OPTION_STORE_SENTINEL_USERNAME,
			    OPTION_STORE_SENTINEL_PASSWORD_FILE, unserved,
			    notes);
	return 1;
}

/* config_store_question - the bytes */
int config_store_question(const struct config_store *store,
			  const char *password,
			  struct sentinel_question *question,
			  struct error *error)
{
	return sentinel_ask(question, store->address.address + strlen(TITLE),
			    store->sentinel_login.username, password, error);
}

/* config_sentinel_is_remote - then so is the primary, in all likelihood */
bool config_sentinel_is_remote(const struct config_store *store)
{
	for (size_t i = 0; i < store->sentinel_count; i++)
		if (listener_is_remote(&store->sentinels[i]))
			return true;
	return false;
}

/* config_sentinel_clear - free it */
void config_sentinel_clear(struct config_store *store)
{
	config_stores_login_clear(&store->sentinel_login);
	free(store->sentinels);
}
