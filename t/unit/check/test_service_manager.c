/* SPDX-License-Identifier: ISC */
/* test_service_manager - what starts and stops policyd is what runs on the
 * machine and has policyd installed; machines are directories here */

#include "policyd/check/service_manager.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "t/unit/test.h"

#define SYSTEMD                      \
	"systemctl enable policyd\n" \
	"systemctl reload-or-restart policyd\n"
#define OPENRC                            \
	"rc-update add policyd default\n" \
	"rc-service policyd restart\n"
#define FREEBSD                      \
	"sysrc policyd_enable=YES\n" \
	"service policyd restart\n"

/* How each is undone; what is none of them has a pid file. */
static const char *const undone[][2] = {
	{ SYSTEMD, "systemctl disable --now policyd.socket policyd.service\n" },
	{ OPENRC, "rc-service policyd stop\nrc-update del policyd default\n" },
	{ FREEBSD, "service policyd stop\nsysrc policyd_enable=NO\n" },
	{ "", "kill $(cat '/run/policyd.pid')\n" },
};

/* Files of a machine, the option of policyd, and the commands to type. */
static const struct {
	const char *files;
	const char *option;
	const char *commands;
} machines[] = {
	{ "", "", "policyd -d\n" },
	{ "", " -c /a/b", "policyd -d -c /a/b\n" },
	{ "run/systemd/system/x lib/systemd/system/policyd.service", "",
	  SYSTEMD },
	{ "run/systemd/system/x usr/lib/systemd/system/policyd.service", "",
	  SYSTEMD },
	{ "run/systemd/system/x usr/local/lib/systemd/system/policyd.service",
	  "", SYSTEMD },
	{ "run/systemd/system/x etc/systemd/system/policyd.service", "",
	  SYSTEMD },
	/* The unit would read another file. */
	{ "run/systemd/system/x lib/systemd/system/policyd.service", " -c /a/b",
	  "policyd -d -c /a/b\n" },
	/* Built from the source and not installed; a container. */
	{ "run/systemd/system/x", "", "policyd -d\n" },
	{ "lib/systemd/system/policyd.service", "", "policyd -d\n" },
	{ "run/systemd/system/x etc/init.d/policyd", "", "policyd -d\n" },
	{ "run/openrc/softlevel etc/init.d/policyd", "", OPENRC },
	{ "run/openrc/softlevel etc/init.d/policyd", " -c /a/b",
	  "policyd -d -c /a/b\n" },
	{ "run/openrc/softlevel", "", "policyd -d\n" },
	{ "etc/init.d/policyd", "", "policyd -d\n" },
	{ "etc/rc.subr usr/local/etc/rc.d/policyd", "", FREEBSD },
	{ "etc/rc.subr", "", "policyd -d\n" },
};

/* run - a command that must succeed; it is freed */
static void run(char *command)
{
	ck_assert_int_eq(system(command), 0);
	free(command);
}

START_TEST(starts)
{
	char root[] = "/tmp/test_service_manager.XXXXXX";
	char *commands, *stop;
	size_t i = 0;

	ck_assert_ptr_nonnull(mkdtemp(root));
	run(xasprintf("cd %s && for file in %s; do "
		      "mkdir -p ${file%%/*} && : >$file || exit 1; done",
		      root, machines[_i].files));
	commands = service_start(root, machines[_i].option);
	stop = service_stop(root, machines[_i].option, "/run/policyd.pid");
	run(xasprintf("rm -r %s", root));
	ck_assert_str_eq(commands, machines[_i].commands);
	while (*undone[i][0] != '\0' && strcmp(commands, undone[i][0]) != 0)
		i++;
	ck_assert_str_eq(stop, undone[i][1]);
	free(commands);
	free(stop);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("machines");

	tcase_add_loop_test(tcase, starts, 0, COUNT(machines));
	return run_tests("service_manager", tcase);
}
