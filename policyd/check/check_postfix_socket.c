/* SPDX-License-Identifier: ISC */
/* check_postfix_socket - can smtpd(8) reach policyd?
 *
 * Turns the results of the child in check_postfix_try.c into words that say
 * what to change. */

#include "policyd/check/check_postfix_internal.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/shell.h"
#include "lib/base/xalloc.h"
#include "policyd/check/service_manager.h"

/* parameter_of - the parameter that contains a use */
static const char *parameter_of(const struct use *use)
{
	return use->list->restrictions.items[use->at].parameter;
}

/* replaced - text with the first old in it replaced; the caller frees it */
static char *replaced(const char *text, const char *old, const char *new)
{
	const char *found = strstr(text, old);

	if (found == NULL)
		return xstrdup(text);
	return xasprintf("%.*s%s%s", (int)(found - text), text, new,
			 found + strlen(old));
}

/* is_below_queue - can a chrooted smtpd reach this listener? */
static bool is_below_queue(const struct check *check,
			   const struct listener_options *listener)
{
	char *server = check_server(check->postfix, listener);
	bool below = strncmp(server, "unix:/", 6) != 0;

	free(server);
	return below;
}

/* check_found_at - report a mistake in the address of the server, with a better
 * one; NULL: unknown */
void check_found_at(struct check *check, const struct use *use,
		    const char *server, const char *advice, const char *format,
		    ...)
{
	const char *parameter = parameter_of(use);
	const struct postfix_service *service = use->list->service;
	struct mistake mistake = { .severity = SEVERITY_ERROR,
				   .service = service,
				   .parameter = parameter,
				   .effect.reveals = true,
				   .advice = advice };
	char *value = NULL, *text;
	va_list arguments;

	va_start(arguments, format);
	text = xvasprintf(format, arguments);
	va_end(arguments);
	if (server != NULL)
		value = replaced(
			postfix_get(check->postfix, service, parameter),
			use->policy.server, server);
	mistake.value = value;
	check_found(check, &mistake, "%s", text);
	free(text);
	free(value);
}

/* check_place - smtpd connects to an address where policyd does not listen */
static void check_place(struct check *check, const struct use *use)
{
	const struct postfix_service *service = use->list->service;
	char *advice, *server = NULL;

	if (use->kind != USE_MISPLACED)
		return;
	advice =
		xasprintf("in %s: listen \"unix:%s/private/policyd\" { ... }, "
			  "since smtpd is chrooted in %s",
			  check->config->path,
			  postfix_get(check->postfix, NULL, "queue_directory"),
			  postfix_get(check->postfix, NULL, "queue_directory"));
	if (!service->chroot || is_below_queue(check, use->listener))
		server = check_server(check->postfix, use->listener);
	check_found_at(check, use, server, advice,
		       "%s: smtpd%s asks at %s, but policyd listens on %s",
		       use->policy.server, check_in_chroot(use), use->address,
		       use->listener->address);
	free(server);
	free(advice);
}

/* check_name - a host name that cannot be looked up, or is that of another host
 */
static void check_name(struct check *check, const struct use *use)
{
	const struct attempt *attempt = &use->attempt;
	const char *server =
		use->listener != NULL ? use->listener->address : NULL;

	if (attempt->stage != ATTEMPT_RESOLVE && !attempt->foreign)
		return;
	if (attempt->stage == ATTEMPT_RESOLVE)
		check_found_at(check, use, server, NULL,
			       "%s: smtpd cannot look up that name: %s",
			       use->policy.server,
			       gai_strerror(attempt->number));
	else
		check_found_at(check, use, server, NULL,
			       "%s is not where policyd listens, which is on "
			       "%s",
			       use->policy.server, server);
}

/* describe - mode, owner and group of a socket, or what the file is instead;
 * the caller frees it */
static char *describe(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return xasprintf("%s: %s", path, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return xasprintf("%s is not a socket", path);
	return xasprintf("%s: mode 0%o, uid %u, gid %u", path,
			 (unsigned)status.st_mode & 07777,
			 (unsigned)status.st_uid, (unsigned)status.st_gid);
}

/* start - the commands that start policyd, in one line; the caller frees it */
static char *start(const struct check *check)
{
	char *option = shell_option(check->config->path, CONFIG_USUAL);
	char *commands = service_start("", option), *line = xstrdup("");
	char *rest = commands, *command;

	while ((command = strsep(&rest, "\n")) != NULL && *command != '\0')
		xappend(&line, "%s%s", *line != '\0' ? "; " : "", command);
	free(commands);
	free(option);
	return line;
}

/* is_configured - does policyd.conf say already that smtpd may connect? */
static bool is_configured(const struct use *use, const struct passwd *owner)
{
	const struct listener_options *listener = use->listener;

	return listener != NULL && owner != NULL &&
	       ((listener->uid == owner->pw_uid &&
		 (listener->mode & 0200) != 0) ||
		(listener->gid == owner->pw_gid &&
		 (listener->mode & 0020) != 0));
}

/* advise - how to fix an error of connect(2); the caller frees it */
static char *advise(const struct check *check, const struct use *use)
{
	const char *owner = postfix_get(check->postfix, NULL, "mail_owner");
	char *line, *advice;

	if (use->attempt.number == EACCES || use->attempt.number == EPERM)
		return is_configured(use, getpwnam(owner))
			       ? xasprintf("policyd.conf lets %s connect: "
					   "restart policyd, which makes the "
					   "socket anew, and see that %s can "
					   "search the directory",
					   owner, owner)
			       : xasprintf("listen \"%s\" { mode = \"0660\"  "
					   "owner = \"%s\"  group = \"%s\" }, "
					   "and a directory that %s can search",
					   use->address, owner, owner, owner);
	line = start(check);
	advice = xasprintf("start policyd: %s", line);
	free(line);
	return advice;
}

/* check_connect - the socket does not exist, or smtpd may not use it. The
 * socket of a service in master.cf is made by master(8), which need not be
 * running. */
static void check_connect(struct check *check, const struct use *use)
{
	const struct attempt *attempt = &use->attempt;
	const char *path = strncmp(use->address, "unix:", 5) == 0
				   ? use->address + 5
				   : NULL;
	char *line, *advice;

	if (attempt->stage != ATTEMPT_CONNECT || attempt->foreign ||
	    (use->kind == USE_SPAWNED &&
	     (attempt->number == ENOENT || attempt->number == ECONNREFUSED)))
		return;
	line = path != NULL ? describe(path)
			    : xasprintf("listen \"%s\"", use->address);
	advice = advise(check, use);
	check_found_ours(check, SEVERITY_ERROR, line, advice,
			 "smtpd%s cannot connect to %s as user %s: %s",
			 check_in_chroot(use), use->policy.server,
			 postfix_get(check->postfix, NULL, "mail_owner"),
			 strerror(attempt->number));
	free(line);
	free(advice);
}

/* is_tls - does the listener use TLS? */
static bool is_tls(const struct check *check, const struct use *use)
{
	const struct config *config = check->config;

	return use->listener != NULL &&
	       config->gates[use->listener - config->listeners].tls != NULL;
}

/* check_tls_listener - smtpd(8) does not use TLS to a policy server */
static void check_tls_listener(struct check *check, const struct use *use)
{
	char *line;

	if (!is_tls(check, use) || use->attempt.foreign)
		return;
	line = xasprintf("listen \"%s\"", use->listener->address);
	check_found_ours(check, SEVERITY_ERROR, line,
			 "use a listener without a tls section, or put stunnel "
			 "in between (contrib/stunnel.conf)",
			 "%s: policyd speaks TLS there, and smtpd does not",
			 use->policy.server);
	free(line);
}

/* is_shut_out - does allow_users exclude the user of smtpd? */
static bool is_shut_out(const struct check *check, const struct use *use)
{
	const struct config *config = check->config;
	const char *owner = postfix_get(check->postfix, NULL, "mail_owner");
	const struct passwd *account = getpwnam(owner);
	const struct config_gate *gate;
	size_t i;

	if (use->listener == NULL || account == NULL)
		return false;
	gate = &config->gates[use->listener - config->listeners];
	for (i = 0; i < gate->user_count; i++)
		if (gate->users[i] == account->pw_uid)
			return false;
	return gate->user_count > 0;
}

/* check_users - allow_users without the user of smtpd */
static void check_users(struct check *check, const struct use *use)
{
	const char *owner = postfix_get(check->postfix, NULL, "mail_owner");
	char *line, *advice;

	if (!is_shut_out(check, use))
		return;
	line = xasprintf("listen \"%s\"", use->listener->address);
	advice = xasprintf("allow_users = { \"%s\" }", owner);
	check_found_ours(check, SEVERITY_ERROR, line, advice,
			 "%s: smtpd runs as user %s, which is not in "
			 "allow_users",
			 use->policy.server, owner);
	free(line);
	free(advice);
}

/* check_answer - something listens, but does not answer as policyd does */
static void check_answer(struct check *check, const struct use *use)
{
	const struct attempt *attempt = &use->attempt;
	bool odd = attempt->stage == ATTEMPT_DONE &&
		   strncmp(attempt->reply, "action=", 7) != 0;
	char *line;

	if ((attempt->stage != ATTEMPT_ASK && !odd) || is_tls(check, use) ||
	    is_shut_out(check, use))
		return;
	line = xasprintf("listen \"%s\"", use->address);
	check_found_ours(check, SEVERITY_ERROR, line,
			 "is it policyd that listens there? See its log",
			 "%s accepts connections but does not answer as a "
			 "policy server does%s%s",
			 use->policy.server, odd ? "" : ": ",
			 odd ? "" : strerror(attempt->number));
	free(line);
}

/* check_peer - another program has our socket. A socket that was passed on at
 * the start belongs to process 1. */
static void check_peer(struct check *check, const struct use *use)
{
	static const char deleted[] = " (deleted)";
	char link[64], program[PATH_MAX], *name, *line;
	pid_t peer = use->attempt.peer;
	ssize_t length;

	if (use->kind != USE_LISTENER || peer <= 1)
		return;
	snprintf(link, sizeof(link), "/proc/%ld/exe", (long)peer);
	length = readlink(link, program, sizeof(program) - 1);
	if (length <= 0)
		return;
	program[length] = '\0';
	if ((name = strstr(program, deleted)) != NULL)
		*name = '\0';
	name = strrchr(program, '/');
	if (name == NULL || strcmp(name + 1, "policyd") == 0)
		return;
	line = xasprintf("listen \"%s\"", use->address);
	check_found_ours(check, SEVERITY_ERROR, line,
			 "stop that program, or give policyd another socket",
			 "%s: not policyd, but process %ld, %s, listens there",
			 use->policy.server, (long)peer, program);
	free(line);
}

/* check_untried - the attempt itself was not possible */
static void check_untried(struct check *check, const struct use *use)
{
	const struct attempt *attempt = &use->attempt;
	const char *queue =
		postfix_get(check->postfix, NULL, "queue_directory");
	char *line;

	if (attempt->stage != ATTEMPT_START && attempt->stage != ATTEMPT_BECOME)
		return;
	line = xasprintf("queue_directory = %s", queue);
	check_found_ours(check, SEVERITY_WARNING, line,
			 "run policyd -P as root, with Postfix installed",
			 "%s was not tried: cannot become user %s in %s: %s",
			 use->policy.server,
			 postfix_get(check->postfix, NULL, "mail_owner"), queue,
			 strerror(attempt->number));
	free(line);
}

/* check_sockets - can smtpd(8) reach policyd? */
void check_sockets(struct check *check)
{
	static void (*const checks[])(struct check *, const struct use *) = {
		check_place, check_name,   check_connect, check_tls_listener,
		check_users, check_answer, check_peer,	  check_untried,
	};
	size_t i, j;

	for (i = 0; i < check->uses.count; i++)
		for (j = 0; j < sizeof(checks) / sizeof(checks[0]); j++)
			checks[j](check, &check->uses.list[i]);
}
