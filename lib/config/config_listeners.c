/* SPDX-License-Identifier: ISC */
/* config_listeners - make the listeners from the listen sections
 *
 * The protocol has neither passwords nor encryption. A socket that other hosts
 * can reach is opened only with a list of clients, or with TLS and certificates
 * on both sides. */

#include "lib/config/config_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/trust.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_assign.h"
#include "lib/config/config_values.h"
#include "lib/table/network_list.h"
#include "lib/tls_listener/tls_listener.h"

#define RSA_BITS_MAX 2048 /* larger keys cause a warning */
#define NO_LISTENER \
	"there is no listen section; without one policyd cannot serve"

/* load_access - mode, owner and group of a unix socket */
static void load_access(struct listener_options *options,
			const struct config_section *section,
			struct config_notes *notes)
{
	const struct setting *mode = &section->settings[OPTION_MODE];
	const struct setting *owner = &section->settings[OPTION_OWNER];
	const struct setting *group = &section->settings[OPTION_LISTENER_GROUP];

	if (strncmp(options->address, "unix:", 5) != 0 &&
	    (mode->line | owner->line | group->line) != 0)
		config_error(notes, section->line,
			     "mode, owner and group are "
			     "only for \"unix:\" addresses");
	config_assign(options, SCOPE_LISTEN, section, notes);
}

/* check_directory - can others create a socket in this directory? They could
 * take our place, at the latest when our socket is gone */
static void check_directory(const struct listener_options *options,
			    const struct config_section *section,
			    struct config_notes *notes)
{
	const char *path = options->address + strlen("unix:");
	char *directory =
		xstrndup(path, (size_t)(strrchr(path, '/') - path) + 1);
	struct stat status;
	struct error error;

	/* Its owner is trusted: Postfix owns the directories of its sockets. */
	if (stat(directory, &status) == 0 &&
	    trust_status(&status, status.st_uid, &error) < 0)
		config_warning(notes, section->line,
			       "listen: the directory %s %s; anyone who can "
			       "write there can answer instead of policyd "
			       "while it is not running",
			       directory, error.text);
	free(directory);
}

/* load_users - allow_users */
static void load_users(struct config *config, struct config_gate *gate,
		       const struct config_section *section,
		       struct config_notes *notes)
{
	const struct setting *from = &section->settings[OPTION_ALLOW_USERS];
	const struct setting *top =
		settings_top(config->settings, OPTION_ALLOW_USERS);
	struct error error;
	size_t i;

	if (strncmp(section->title, "unix:", 5) != 0) {
		if (from->line != top->line)
			config_error(notes, from->line,
				     "allow_users: only for \"unix:\" "
				     "addresses: TCP does not identify the "
				     "client");
		return;
	}
	gate->users = xcalloc(from->count, sizeof(*gate->users));
	gate->user_count = from->count;
	for (i = 0; i < from->count; i++)
		if (config_value_user(from->values[i], &gate->users[i], NULL,
				      &error) < 0)
			config_error(notes, from->lines[i], "allow_users: %s",
				     error.text);
}

/* load_clients - allow_remote */
static void load_clients(struct config *config, struct config_gate *gate,
			 const struct listener_options *options,
			 const struct config_section *section,
			 struct config_notes *notes)
{
	const struct setting *from = &section->settings[OPTION_ALLOW_REMOTE];
	struct error error;
	char *text;

	if (from->count == 0)
		return;
	if (strncmp(options->address, "unix:", 5) == 0) {
		config_error(notes, from->line,
			     "allow_remote: only for \"inet:\" addresses");
		return;
	}
	text = setting_join(from);
	if (config_watch_text(config, notes, "allow_remote", from->line, text,
			      &error) < 0)
		config_error(notes, from->line, "allow_remote: %s", error.text);
	gate->clients = network_list_new(text, false, NULL, &error);
	if (gate->clients == NULL)
		config_error(notes, from->line, "allow_remote: %s", error.text);
	free(text);
}

/* check_tls - do the options of the section fit together? */
static void check_tls(const struct config_section *section,
		      const struct tls_listener_files *files, bool require,
		      struct config_notes *notes)
{
	const struct setting *pins = &section->settings[OPTION_FINGERPRINTS];
	int crl_line = section->settings[OPTION_CRL].line;

	if (files->certificate == NULL)
		config_error(notes, section->tls_line,
			     "tls: certificate is required: the file with "
			     "the certificate that is shown to clients");
	if (require && files->ca == NULL)
		config_error(notes, section->tls_line,
			     "tls: ca is required: the file with the CA that "
			     "signs client certificates (or set "
			     "require_client_certificate = no)");
	if (!require && pins->count > 0)
		config_error(notes, pins->line,
			     "fingerprints: a client without a certificate "
			     "has none; leave them out, or leave out "
			     "require_client_certificate = no");
	if (files->crl != NULL && files->ca == NULL)
		config_error(notes, crl_line, "crl: it needs ca");
}

/* load_fingerprints - the only clients that are admitted */
static void load_fingerprints(struct tls_listener *tls,
			      const struct config_section *section,
			      struct config_notes *notes)
{
	const struct setting *from = &section->settings[OPTION_FINGERPRINTS];
	struct error error;
	size_t i;

	for (i = 0; i < from->count; i++)
		if (tls_listener_add_fingerprint(tls, from->values[i], &error) <
		    0)
			config_error(notes, from->lines[i], "fingerprints: %s",
				     error.text);
}

/* tls_error - report an error at the line of the option that caused it */
static void tls_error(const struct config_section *section,
		      const struct error *error, struct config_notes *notes)
{
	int line = config_line_of(section, error->text, OPTION_CERTIFICATE,
				  OPTION_FINGERPRINTS);

	config_error(notes, line != 0 ? line : section->tls_line, "%s",
		     error->text);
}

/* warn_costly - warn of a key that makes each handshake of a stranger
 * expensive */
static void warn_costly(const struct tls_listener *listener,
			const struct config_section *section,
			struct config_notes *notes)
{
	int bits = tls_listener_rsa_bits(listener);

	if (bits > RSA_BITS_MAX)
		config_warning(
			notes, section->tls_line,
			"tls: a handshake with an RSA key of %d bits takes "
			"many times as long as with %d bits, and delays all "
			"TLS clients; use an EC key (P-256)",
			bits, RSA_BITS_MAX);
}

/* load_tls - the tls section */
static void load_tls(struct config *config, struct config_gate *gate,
		     const struct listener_options *options,
		     const struct config_section *section,
		     struct config_notes *notes)
{
	const struct setting *must =
		&section->settings[OPTION_REQUIRE_CLIENT_CERTIFICATE];
	struct tls_listener_files files;
	size_t before = notes->errors;
	struct error error;
	bool require;

	if (strncmp(options->address, "unix:", 5) == 0)
		config_error(notes, section->tls_line,
			     "tls: only for \"inet:\" addresses");
	if (config_value_bool(setting_text(must), &require, &error) < 0) {
		config_error(notes, must->line,
			     "require_client_certificate: %s", error.text);
		return;
	}
	files.certificate =
		config_watch_option(config, section, OPTION_CERTIFICATE, notes);
	files.key = config_watch_option(config, section, OPTION_KEY, notes);
	if (files.key == NULL)
		files.key = files.certificate;
	files.ca = config_watch_option(config, section, OPTION_CA, notes);
	files.crl = config_watch_option(config, section, OPTION_CRL, notes);
	check_tls(section, &files, require, notes);
	if (notes->errors > before)
		return;
	gate->tls = tls_listener_new(&files, require, &error);
	if (gate->tls == NULL)
		tls_error(section, &error, notes);
	else
		load_fingerprints(gate->tls, section, notes);
	if (gate->tls != NULL)
		warn_costly(gate->tls, section, notes);
	if (!require && gate->clients == NULL && listener_is_remote(options))
		config_warning(notes, must->line,
			       "require_client_certificate: anyone who can "
			       "reach %s may ask; limit that with "
			       "allow_remote",
			       options->address);
}

/* load_gate - which clients the listener admits */
static void load_gate(struct config *config, size_t index,
		      const struct config_section *section,
		      struct config_notes *notes)
{
	const struct listener_options *options = &config->listeners[index];
	struct config_gate *gate = &config->gates[index];

	load_users(config, gate, section, notes);
	load_clients(config, gate, options, section, notes);
	config_listener_clients(options, gate, section, notes);
	if (section->tls_line != 0)
		load_tls(config, gate, options, section, notes);
	else if (section->settings[OPTION_ALLOW_REMOTE].count == 0 &&
		 listener_is_remote(options))
		config_error(notes, section->line,
			     "listen: %s is not a loopback address: anyone "
			     "who reaches the port may ask, and the protocol "
			     "has no password and no encryption; add a tls "
			     "section, or name the clients in allow_remote, "
			     "or use 127.0.0.1, [::1] or a unix: socket",
			     options->address);
}

/* config_listeners - process the listen sections */
void config_listeners(struct config *config, struct config_notes *notes,
		      bool unserved)
{
	const struct config_settings *settings = config->settings;
	struct error error;
	size_t i;

	if (unserved)
		return;
	config->listeners =
		xcalloc(settings->listen_count, sizeof(*config->listeners));
	config->gates = xcalloc(settings->listen_count, sizeof(*config->gates));
	config->listener_count = settings->listen_count;
	for (i = 0; i < settings->listen_count; i++) {
		const struct config_section *section = &settings->listens[i];
		struct listener_options *options = &config->listeners[i];

		config->gates[i].line = section->line;
		if (listener_parse(options, section->title, &error) < 0) {
			config_error(notes, section->line, "listen: %s",
				     error.text);
			continue;
		}
		load_access(options, section, notes);
		if (strncmp(options->address, "unix:", 5) == 0)
			check_directory(options, section, notes);
		load_gate(config, i, section, notes);
		config_listener_same(config, i, section, "listen", notes);
	}
	if (settings->listen_count == 0 && notes->inspected)
		config_obstacle(notes, 0, NO_LISTENER);
	else if (settings->listen_count == 0) /* -s can do without */
		config_warning(notes, 0, NO_LISTENER);
}

/* check_metrics_address - it must not be reachable from other hosts, or used by
 * another listener */
static void check_metrics_address(const struct config *config,
				  const struct config_section *section,
				  struct config_notes *notes)
{
	if (listener_is_remote(config->metrics))
		config_error(notes, section->line,
			     "metrics: %s is not a loopback address: anyone "
			     "who reaches the port sees mail addresses; use "
			     "127.0.0.1, [::1] or a unix: socket, and a "
			     "proxy with a password for others",
			     config->metrics->address);
	config_listener_same(config, config->listener_count, section, "metrics",
			     notes);
}

/* config_metrics - process the metrics section */
void config_metrics(struct config *config, struct config_notes *notes,
		    bool unserved)
{
	const struct config_settings *settings = config->settings;
	const struct config_section *section = settings->metrics;
	struct error error;

	if (settings->counters_count == 0 || unserved)
		return;
	if (settings->counters_count > 1)
		config_error(notes, section[1].line,
			     "metrics: only one section is allowed; the "
			     "other is at line %d",
			     section->line);
	config->metrics = xcalloc(1, sizeof(*config->metrics));
	if (listener_parse(config->metrics, section->title, &error) < 0) {
		config_error(notes, section->line, "metrics: %s", error.text);
		return;
	}
	load_access(config->metrics, section, notes);
	check_metrics_address(config, section, notes);
}

/* config_listeners_clear - free what config_listeners() and config_metrics()
 * made */
void config_listeners_clear(struct config *config)
{
	size_t i;

	for (i = 0; i < config->listener_count; i++) {
		free(config->gates[i].users);
		network_list_free(config->gates[i].clients);
		tls_listener_free(config->gates[i].tls);
	}
	free(config->gates);
	free(config->listeners);
	free(config->metrics);
}
