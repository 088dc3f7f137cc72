/* SPDX-License-Identifier: ISC */
/* check_postfix - is Postfix connected to us correctly?
 *
 * postconf(1) prints the contents of main.cf and master.cf. For each smtpd
 * service the restriction lists are read, and uses of policyd are found in
 * them; then functions in the files check_postfix_*.c each look for one kind of
 * mistake. Real requests, made as the user postfix and from inside the chroot,
 * come before that, in check_postfix_try.c, so that the checks themselves are
 * functions of struct check. */

#include "policyd/check/check_postfix.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/base/xalloc.h"
#include "lib/postfix/postconf.h"
#include "policyd/check/check_postfix_internal.h"

static const char *const list_names[LIST_COUNT] = {
	[LIST_CLIENT] = "smtpd_client_restrictions",
	[LIST_HELO] = "smtpd_helo_restrictions",
	[LIST_SENDER] = "smtpd_sender_restrictions",
	[LIST_RELAY] = "smtpd_relay_restrictions",
	[LIST_RECIPIENT] = "smtpd_recipient_restrictions",
	[LIST_DATA] = "smtpd_data_restrictions",
	[LIST_END_OF_DATA] = "smtpd_end_of_data_restrictions",
	[LIST_ETRN] = "smtpd_etrn_restrictions",
};

/* last_component - the last component of a path */
static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* find_listener - the listener with this address, or NULL */
static const struct listener_options *find_listener(const struct config *config,
						    const char *address)
{
	size_t i;

	for (i = 0; i < config->listener_count; i++)
		if (strcmp(config->listeners[i].address, address) == 0)
			return &config->listeners[i];
	return NULL;
}

/* find_ending - the listener of this kind whose address has the same end: the
 * name of a socket, or a port */
static const struct listener_options *
find_ending(const struct config *config, const char *kind, const char *ending)
{
	size_t length = strlen(ending);
	size_t i;

	for (i = 0; i < config->listener_count && length > 0; i++) {
		const char *address = config->listeners[i].address;
		size_t all = strlen(address);

		if (strncmp(address, kind, strlen(kind)) == 0 && all > length &&
		    strchr("/:", address[all - length - 1]) &&
		    strcmp(address + all - length, ending) == 0)
			return &config->listeners[i];
	}
	return NULL;
}

/* is_spawned - does a service of master.cf run policyd at this address? */
static bool is_spawned(const struct check *check, const char *address)
{
	const struct postfix *postfix = check->postfix;
	const char *queue = postfix_get(postfix, NULL, "queue_directory");
	bool found = false;
	size_t i;

	for (i = 0; i < postfix->service_count && !found; i++) {
		const struct postfix_service *service = &postfix->services[i];
		char *place;

		if (!check_is_spawned(service))
			continue;
		if (strcmp(service->type, "unix") == 0)
			place = xasprintf("unix:%s/%s/%s", queue,
					  service->private ? "private"
							   : "public",
					  service->name);
		else
			place = xasprintf("inet:%s", service->name);
		found = strcmp(place, address) == 0;
		free(place);
	}
	return found;
}

/* canonical - an address in the notation of listen; frees text */
static char *canonical(char *text)
{
	struct listener_options options;

	if (listener_parse(&options, text, NULL) != 0)
		return text;
	free(text);
	return xstrdup(options.address);
}

/* unix_address - the address of the socket outside the chroot */
static char *unix_address(const struct check *check, const struct use *use)
{
	const char *path = use->policy.server + strlen("unix:");
	const char *queue =
		postfix_get(check->postfix, NULL, "queue_directory");

	if (use->list->service->chroot || *path != '/')
		return canonical(xasprintf("unix:%s/%s", queue, path));
	return canonical(xasprintf("unix:%s", path));
}

/* identify - is the policy server of this use policyd? One with the name of our
 * socket, or with its path outside the chroot, is meant to be. */
static bool identify(const struct check *check, struct use *use)
{
	const char *server = use->policy.server;
	const struct config *config = check->config;

	if (strncmp(server, "unix:", 5) == 0) {
		use->address = unix_address(check, use);
		use->listener = find_listener(config, use->address);
		use->kind = USE_LISTENER;
	} else if (strncmp(server, "inet:", 5) == 0) {
		const char *port = strrchr(server, ':') + 1;

		use->address = canonical(xstrdup(server));
		use->listener = find_listener(config, use->address);
		if (use->listener == NULL)
			use->listener = find_ending(config, "inet:", port);
		use->kind = USE_LISTENER;
	} else {
		use->address = xstrdup(server);
	}
	if (use->listener != NULL)
		return true;
	use->kind = USE_SPAWNED;
	if (is_spawned(check, use->address))
		return true;
	use->kind = USE_MISPLACED;
	use->listener = find_ending(config, "unix:", last_component(server));
	return use->listener != NULL;
}

/* check_is_us - would this use ask policyd? */
bool check_is_us(const struct check *check,
		 const struct postfix_service *service, const char *argument)
{
	const struct list list = { .service = service };
	struct use use = { .list = &list };
	bool found;

	postfix_policy_parse(&use.policy, argument);
	found = identify(check, &use);
	postfix_policy_clear(&use.policy);
	free(use.address);
	return found;
}

/* check_reaches_us - is it certain that this restriction asks policyd? */
bool check_reaches_us(const struct check *check,
		      const struct postfix_service *service,
		      const char *argument)
{
	const struct list list = { .service = service };
	struct use use = { .list = &list };
	bool found;

	postfix_policy_parse(&use.policy, argument);
	found = identify(check, &use) &&
		(use.kind == USE_SPAWNED ||
		 (use.kind == USE_LISTENER &&
		  strcmp(use.listener->address, use.address) == 0));
	postfix_policy_clear(&use.policy);
	free(use.address);
	return found;
}

/* find_use - if this restriction is a use of policyd, record it */
static void find_use(struct check *check, const struct list *list, size_t at)
{
	const struct postfix_restriction *item = &list->restrictions.items[at];
	struct use use = { .list = list, .at = at };

	if (strcmp(item->word, "check_policy_service") != 0)
		return;
	postfix_policy_parse(&use.policy, item->argument);
	if (!identify(check, &use)) {
		postfix_policy_clear(&use.policy);
		free(use.address);
		return;
	}
	check->uses = xreallocarray(check->uses, check->use_count + 1,
				    sizeof(*check->uses));
	check->uses[check->use_count++] = use;
}

/* read_lists - the lists of one service */
static void read_lists(struct check *check,
		       const struct postfix_service *service)
{
	int kind;

	for (kind = 0; kind < LIST_COUNT; kind++) {
		struct list *list = &check->lists[check->list_count++];

		list->service = service;
		list->kind = (enum list_kind)kind;
		list->name = list_names[kind];
		smtpd_restrictions_read(&list->restrictions, check->postfix,
					service, list->name);
	}
}

/* check_init - read all lists, and find uses of policyd in them */
void check_init(struct check *check, const struct postfix *postfix,
		const struct config *config)
{
	size_t i, at;

	*check = (struct check){ .postfix = postfix, .config = config };
	check->lists = xcalloc(postfix->service_count * LIST_COUNT + 1,
			       sizeof(*check->lists));
	for (i = 0; i < postfix->service_count; i++)
		if (strcmp(postfix->services[i].program, "smtpd") == 0)
			read_lists(check, &postfix->services[i]);
	for (i = 0; i < check->list_count; i++)
		for (at = 0; at < check->lists[i].restrictions.count; at++)
			find_use(check, &check->lists[i], at);
}

/* check_clear - free what the struct holds */
void check_clear(struct check *check)
{
	size_t i;

	for (i = 0; i < check->list_count; i++)
		smtpd_restrictions_clear(&check->lists[i].restrictions);
	for (i = 0; i < check->use_count; i++) {
		postfix_policy_clear(&check->uses[i].policy);
		free(check->uses[i].address);
	}
	for (i = 0; i < check->finding_count; i++) {
		free(check->findings[i].file);
		free(check->findings[i].text);
		free(check->findings[i].line);
		free(check->findings[i].fix);
	}
	free(check->lists);
	free(check->uses);
	free(check->findings);
	*check = (struct check){ 0 };
}

/* check_server - our listener in the notation of smtpd(8) */
char *check_server(const struct postfix *postfix,
		   const struct listener_options *listener)
{
	const char *queue = postfix_get(postfix, NULL, "queue_directory");
	size_t length = strlen(queue);
	const char *path = listener->address + strlen("unix:");

	if (strncmp(listener->address, "unix:", 5) == 0 &&
	    strncmp(path, queue, length) == 0 && path[length] == '/')
		return xasprintf("unix:%s", path + length + 1);
	return xstrdup(listener->address);
}

/* check_run - run all checks */
void check_run(struct check *check)
{
	check_services(check);
	check_lists(check);
	check_sockets(check);
	check_client(check);
	check_domains(check);
}

/* directory_of - the configuration directory of Postfix; the caller frees it */
static char *directory_of(const struct config *config, struct error *error)
{
	static const char *const names[] = { "config_directory" };
	char *value = NULL;

	if (config->import_postfix != NULL)
		return xstrdup(config->import_postfix);
	if (postconf_values("/etc/postfix", names, 1, &value, error) != 0)
		return NULL;
	return value != NULL ? value : xstrdup("/etc/postfix");
}

/* check_postfix - print all problems between Postfix and policyd */
int check_postfix(const struct config *config)
{
	struct error error = { "" };
	struct postfix postfix;
	struct check check;
	char *directory = directory_of(config, &error);
	int status;

	if (directory == NULL ||
	    postfix_read(&postfix, directory, &error) != 0) {
		fprintf(stderr, "policyd: %s\n", error.text);
		free(directory);
		return EX_TEMPFAIL;
	}
	check_init(&check, &postfix, config);
	check_try(&check);
	check_run(&check);
	status = check_print(&check, stdout);
	check_clear(&check);
	postfix_clear(&postfix);
	free(directory);
	return status;
}
