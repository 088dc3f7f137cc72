/* SPDX-License-Identifier: ISC */
/* test_notify - a supervisor that does not read for a while */

#include "policyd/process/notify.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "t/unit/test.h"

static int supervisor = -1;
static struct notify notify;

/* setup - a supervisor with a name in the abstract space */
static void setup(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(address);
	struct error error;
	char *name;

	supervisor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* The kernel chooses a name. */
	ck_assert_int_eq(bind(supervisor, (struct sockaddr *)&address,
			      sizeof(sa_family_t)),
			 0);
	ck_assert_int_eq(
		getsockname(supervisor, (struct sockaddr *)&address, &length),
		0);
	name = xasprintf(
		"@%.*s",
		(int)(length - offsetof(struct sockaddr_un, sun_path) - 1),
		address.sun_path + 1);
	setenv("NOTIFY_SOCKET", name, 1);
	free(name);
	ck_assert_msg(notify_open(&notify, &error) == 0, "%s", error.text);
}

static void teardown(void)
{
	notify_close(&notify);
	close(supervisor);
}

/* fill - until the supervisor takes no more; how many messages */
static int fill(void)
{
	int count = 0;

	while (send(notify.fd, "x", 1, MSG_DONTWAIT) == 1)
		count++;
	ck_assert_int_eq(errno, EAGAIN);
	return count;
}

/* hear - the next message is this one */
static void hear(const char *expected)
{
	char text[600];
	ssize_t length = recv(supervisor, text, sizeof(text) - 1, MSG_DONTWAIT);

	ck_assert_int_ge(length, 0);
	text[length] = '\0';
	ck_assert_str_eq(text, expected);
}

START_TEST(nothing_is_lost)
{
	int count = fill(), i;
	struct pollfd ready = { .fd = notify.fd, .events = POLLOUT };

	notify_send(&notify, "RELOADING=1\nMONOTONIC_USEC=%d", 7);
	notify_send(&notify, "READY=1");
	notify_send(&notify, "WATCHDOG=1");
	notify_send(&notify, "WATCHDOG=1");
	ck_assert_uint_eq(notify.unsent_count, 3);
	ck_assert_int_eq(poll(&ready, 1, 0), 0);
	for (i = 0; i < count; i++)
		hear("x");
	ck_assert_int_eq(poll(&ready, 1, 20000), 1);
	notify_send(&notify, "STOPPING=1");
	ck_assert_uint_eq(notify.unsent_count, 0);
	hear("RELOADING=1\nMONOTONIC_USEC=7");
	hear("READY=1");
	hear("WATCHDOG=1");
	hear("STOPPING=1");
}
END_TEST

/* Of too many the last ones are kept: they say how it is. */
START_TEST(the_last_ones_are_kept)
{
	int count = fill(), i;

	for (i = 0; i < NOTIFY_UNSENT_MAX + 3; i++)
		notify_send(&notify, "STATUS=%d", i);
	ck_assert_uint_eq(notify.unsent_count, NOTIFY_UNSENT_MAX);
	for (i = 0; i < count; i++)
		hear("x");
	notify_flush(&notify);
	for (i = 0; i < 5; i++) {
		char *text = xasprintf("STATUS=%d", i + 3);

		hear(text);
		free(text);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("notify");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, nothing_is_lost);
	tcase_add_test(tests, the_last_ones_are_kept);
	return run_tests("notify", tests);
}
