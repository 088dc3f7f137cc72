/* SPDX-License-Identifier: ISC */
/* init_start - how to start and stop policyd on this machine
 *
 * By the service manager that is running, if policyd is installed for it; it
 * reads the default policyd.conf. Otherwise, or with another file, by running
 * the program itself. Each start command also makes a running policyd load the
 * file. */

#include "policyd/init/init_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/net/listener.h"
#include "policyd/check/shell.h"

#define ANSWER_S 1 /* for a full queue of connections */

/* A service manager: a path that exists while it is running, the places of its
 * files for policyd, and the commands. */
struct manager {
	const char *running;
	const char *files[4];
	const char *start, *stop;
};

static const struct manager managers[] = {
	{ "/run/systemd/system",
	  { "/etc/systemd/system/policyd.service",
	    "/usr/local/lib/systemd/system/policyd.service",
	    "/usr/lib/systemd/system/policyd.service",
	    "/lib/systemd/system/policyd.service" },
	  "systemctl enable policyd\n"
	  "systemctl reload-or-restart policyd\n",
	  "systemctl disable --now policyd.socket policyd.service\n" },
	{ "/run/openrc",
	  { "/etc/init.d/policyd" },
	  "rc-update add policyd default\n"
	  "rc-service policyd restart\n",
	  "rc-service policyd stop\n"
	  "rc-update del policyd default\n" },
	{ "/etc/rc.subr",
	  { "/usr/local/etc/rc.d/policyd", "/etc/rc.d/policyd" },
	  "sysrc policyd_enable=YES\n"
	  "service policyd restart\n",
	  "service policyd stop\n"
	  "sysrc policyd_enable=NO\n" },
};

/* exists - does the path exist below root? */
static bool exists(const char *root, const char *path)
{
	char *name = xasprintf("%s%s", root, path);
	bool found = access(name, F_OK) == 0;

	free(name);
	return found;
}

/* has_policyd - is it running, and is policyd installed for it? */
static bool has_policyd(const struct manager *manager, const char *root)
{
	size_t count = sizeof(manager->files) / sizeof(manager->files[0]);
	size_t i;

	if (!exists(root, manager->running))
		return false;
	for (i = 0; i < count && manager->files[i] != NULL; i++)
		if (exists(root, manager->files[i]))
			return true;
	return false;
}

/* find_manager - the service manager that starts policyd; NULL: none */
static const struct manager *find_manager(const char *root, const char *option)
{
	size_t i;

	for (i = 0; i < sizeof(managers) / sizeof(managers[0]); i++)
		if (*option == '\0' && has_policyd(&managers[i], root))
			return &managers[i];
	return NULL;
}

/* init_start - the commands that start it */
char *init_start(const char *root, const char *option)
{
	const struct manager *manager = find_manager(root, option);

	return manager != NULL ? xstrdup(manager->start)
			       : xasprintf("policyd -d%s\n", option);
}

/* init_stop - the commands that stop it */
char *init_stop(const char *root, const char *option, const char *pid_file)
{
	const struct manager *manager = find_manager(root, option);
	char *word, *line;

	if (manager != NULL)
		return xstrdup(manager->stop);
	word = shell_quote(pid_file);
	line = xasprintf("kill $(cat %s)\n", word);
	free(word);
	return line;
}

/* answers - does somebody listen there? */
static bool answers(const char *address)
{
	struct error error;
	int fd = listener_connect(address, ANSWER_S, &error);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* init_answers - does somebody listen at a unix socket of the configuration? */
bool init_answers(const struct config *config)
{
	size_t i;

	for (i = 0; i < config->listener_count; i++)
		if (strncmp(config->listeners[i].address, "unix:", 5) == 0 &&
		    answers(config->listeners[i].address))
			return true;
	return false;
}
