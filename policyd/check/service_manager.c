/* SPDX-License-Identifier: ISC */
/* service_manager - how to start and stop policyd on this machine
 *
 * By the service manager that is running, if policyd is installed for it; it
 * reads the default policyd.conf. Otherwise, or with another file, by running
 * the program itself. Each start command also makes a running policyd load the
 * file. */

#include "policyd/check/service_manager.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/shell.h"
#include "lib/base/xalloc.h"

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

/* service_start - the commands that start it */
char *service_start(const char *root, const char *option)
{
	const struct manager *manager = find_manager(root, option);

	return manager != NULL ? xstrdup(manager->start)
			       : xasprintf("policyd -d%s\n", option);
}

/* service_stop - the commands that stop it */
char *service_stop(const char *root, const char *option, const char *pid_file)
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
