/* SPDX-License-Identifier: ISC */
/* config_stores_tls - the tls section of a store
 *
 * The store is known by its certificate: for one name or address, and signed by
 * an authority in a file that has no default, since a store has seldom a
 * certificate of a public one. Its files are read here, by the process that is
 * still root. */

#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_internal.h"
#include "lib/text/hostname.h"
#include "lib/tls/tls_client.h"

/* host_of - the address in "inet:ADDRESS:PORT", without brackets */
static char *host_of(const struct listener_options *options)
{
	const char *start = options->address + strlen("inet:");
	const char *end = strrchr(start, ':');

	if (*start == '[') {
		start++;
		end--;
	}
	return xstrndup(start, (size_t)(end - start));
}

/* load_name - servername; without it, the certificate is for the address */
static void load_name(struct config_store *store,
		      const struct config_section *section,
		      struct config_notes *notes)
{
	const struct setting *from =
		&section->settings[OPTION_STORE_SERVERNAME];
	const char *text = setting_text(from);
	char shown[CONFIG_SHOWN];

	if (*text == '\0' && config_sentinel_title(section)) {
		config_error(notes, section->tls_line,
			     "tls: servername is required, as the sentinels "
			     "say the address: a name that the certificates of "
			     "all that may become the primary are for");
		return;
	}
	if (*text == '\0') {
		store->tls->server_name = host_of(&store->address);
		return;
	}
	store->tls->server_name = xstrdup(text);
	if (!hostname_valid(text) && !hostname_is_address(text))
		config_error(notes, from->line,
			     "servername: %s is neither a host name nor an "
			     "address",
			     config_show(shown, text));
}

/* path_of - the path in an option, or NULL */
static char *path_of(struct config *config,
		     const struct config_section *section,
		     enum config_option option, struct config_notes *notes)
{
	const char *path = config_watch_option(config, section, option, notes);

	return path != NULL ? xstrdup(path) : NULL;
}

/* load_files - their names */
static void load_files(struct config *config, struct config_store_tls *tls,
		       const struct config_section *section,
		       struct config_notes *notes)
{
	tls->ca = path_of(config, section, OPTION_CA, notes);
	tls->certificate = path_of(config, section, OPTION_CERTIFICATE, notes);
	tls->key = path_of(config, section, OPTION_KEY, notes);
	if (tls->ca == NULL)
		config_error(notes, section->tls_line,
			     "tls: ca is required: the file with the CA that "
			     "signs the store's certificate");
	if (tls->key != NULL && tls->certificate == NULL)
		config_error(notes, section->settings[OPTION_KEY].line,
			     "key: it needs certificate");
	if (tls->key == NULL && tls->certificate != NULL)
		tls->key = xstrdup(tls->certificate);
}

/* config_store_load_tls - names, and what is in the files */
void config_store_load_tls(struct config *config, struct config_store *store,
			   const struct config_section *section, bool unserved,
			   struct config_notes *notes)
{
	size_t before = notes->errors;
	struct error error;
	int line;

	if (section->tls_line == 0)
		return;
	if (strncmp(store->address.address, "unix:", 5) == 0) {
		config_error(notes, section->tls_line,
			     "tls: only for \"inet:\" addresses: what is sent "
			     "to a \"unix:\" socket does not leave this host");
		return;
	}
	store->tls = xcalloc(1, sizeof(*store->tls));
	load_name(store, section, notes);
	load_files(config, store->tls, section, notes);
	if (unserved || notes->errors > before ||
	    config_store_tls(store, &store->tls->client, &error) == 0)
		return;
	line = config_line_of(section, error.text, OPTION_CERTIFICATE,
			      OPTION_CRL);
	config_error(notes, line != 0 ? line : section->tls_line, "%s",
		     error.text);
}

/* config_store_tls - what is in the files */
int config_store_tls(const struct config_store *store,
		     struct tls_client **client, struct error *error)
{
	const struct config_store_tls *tls = store->tls;
	struct tls_client_files files;

	*client = NULL;
	if (tls == NULL)
		return 0;
	files = (struct tls_client_files){
		.ca = tls->ca,
		.certificate = tls->certificate,
		.key = tls->key,
	};
	*client = tls_client_new(&files, error);
	return *client != NULL ? 0 : -1;
}

/* config_store_clear_tls - free what config_store_load_tls() made */
void config_store_clear_tls(struct config_store *store)
{
	struct config_store_tls *tls = store->tls;

	if (tls == NULL)
		return;
	tls_client_free(tls->client);
	free(tls->server_name);
	free(tls->ca);
	free(tls->certificate);
	free(tls->key);
	free(tls);
}
