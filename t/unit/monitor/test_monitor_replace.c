/* SPDX-License-Identifier: ISC */
/* test_monitor_replace - the order in which the monitor learns of things is not
 * that in which they happen: the process of a server that was killed may end
 * after its replacement is ready */

#include "t/unit/test.h"
#include "t/unit/monitor/hearing.h"

#define CHANGED "a listening socket was changed"

static struct server_process *next;
static int next_end;

/* begin - the server is in that state, and another one nearly ready */
static void begin(enum server_process_state state)
{
	be(state);
	next = add_server(&next_end);
	next->state = SERVER_PROCESS_PREPARING;
	strcpy(next->settings.log, log_path);
	monitor_state.next = next;
}

/* become_ready - the other one */
static void become_ready(void)
{
	struct error error;

	ck_assert_int_eq(channel_tell(next_end, CHANNEL_READY, 0, -1, &error),
			 0);
	monitor_hear(&monitor_state, next);
}

/* logged - is there such a line in the log? */
static bool logged(const char *text)
{
	size_t size;
	char *all = read_whole(log_path, &size);
	bool found = strstr(all, text) != NULL;

	free(all);
	return found;
}

/* heard - has the first server been sent anything? */
static bool heard(void)
{
	char byte;

	return recv(server_end, &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0;
}

/* ends - a server that was killed, at last: the monitor learns its status */
static void ends(struct server_process *child)
{
	int status;

	ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
	monitor_server_ended(&monitor_state, child, status);
}

/* open_socket - a listening socket that all servers have */
static int open_socket(void)
{
	struct listener_options listener;
	char *path = place_path("socket"), address[512];
	struct error error;
	int fd;

	snprintf(address, sizeof(address), "unix:%s", path);
	free(path);
	ck_assert_int_eq(listener_parse(&listener, address, &error), 0);
	listener.mode = 0600;
	listener.uid = getuid();
	listener.gid = getgid();
	fd = listening_sockets_want(&monitor_state.sockets, &listener, &error);
	ck_assert_msg(fd >= 0, "%s", error.text);
	return fd;
}

START_TEST(the_killed_hands_nothing_over)
{
	begin(SERVER_PROCESS_SERVING);
	monitor_kill(&monitor_state, process, "for a reason");
	ck_assert_ptr_null(monitor_state.serving);
	ck_assert(logged("died: for a reason; starting another"));
	become_ready();
	ck_assert_ptr_eq(monitor_state.serving, next);
	ck_assert_int_eq(next->state, SERVER_PROCESS_SERVING);
	ck_assert(!heard());
	ck_assert(logged("serving: server") && !logged("reloaded: "));
	ends(process);
	ck_assert(!logged("which was leaving"));
	ck_assert_uint_eq(monitor_state.news.died, 1);
	ck_assert_uint_eq(monitor_state.news.reloads, 0);
	ck_assert_uint_eq(monitor_state.restart_ms, UINT64_MAX);
}
END_TEST

START_TEST(the_killed_keeps_no_configuration)
{
	begin(SERVER_PROCESS_SERVING);
	monitor_kill(&monitor_state, process, "for a reason");
	ck_assert_uint_eq(monitor_state.restart_ms, UINT64_MAX);
	server_process_kill(next, "not ready in time");
	ends(next);
	ck_assert(logged("no server: not ready in time; next try"));
	ck_assert(!logged("keeping the running configuration"));
	ck_assert_uint_ne(monitor_state.restart_ms, UINT64_MAX);
}
END_TEST

/* dies - the first server has ended, and its signal was not read yet */
static void dies(void)
{
	siginfo_t info;

	close(server_end);
	server_end = -1;
	kill(process->pid, SIGKILL);
	ck_assert_int_eq(
		waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT), 0);
}

START_TEST(the_dead_hands_nothing_over)
{
	begin(SERVER_PROCESS_SERVING);
	dies();
	become_ready();
	ck_assert_ptr_eq(monitor_state.serving, next);
	ck_assert(logged("serving: server") && !logged("reloaded: "));
	ends(process);
	ck_assert(logged("was killed by signal 9"));
	ck_assert(logged(" died: ") && !logged("which was leaving"));
	ck_assert_uint_eq(monitor_state.news.died, 1);
}
END_TEST

/* What cannot be said to the dead is no reason that hides their own. */
START_TEST(the_dead_says_why)
{
	struct error error;

	be(SERVER_PROCESS_SERVING);
	strcpy(process->settings.log, "syslog");
	ck_assert_int_eq(
		channel_tell(server_end, CHANNEL_LOG_LOST, 0, -1, &error), 0);
	dies();
	if (_i == 0) {
		monitor_hear(&monitor_state, process); /* and answer */
	} else {
		monitor_state.ping_ms = clock_ms();
		monitor_watchdog(&monitor_state);
	}
	ck_assert_str_eq(process->reason.text, "");
	ends(process);
	ck_assert(logged("was killed by signal 9") && logged(" died: "));
}
END_TEST

START_TEST(the_living_hands_over)
{
	begin(SERVER_PROCESS_SERVING);
	become_ready();
	ck_assert_ptr_eq(monitor_state.serving, next);
	ck_assert_int_eq(next->state, SERVER_PROCESS_TAKING);
	ck_assert_int_eq(process->state, SERVER_PROCESS_LEAVING);
	ck_assert(heard());
	ck_assert_uint_eq(monitor_state.news.died, 0);
	ck_assert_uint_eq(monitor_state.news.reloads, 1);
}
END_TEST

/* A socket is changed while the next server, which has it, starts. */
START_TEST(no_server_keeps_a_changed_socket)
{
	struct server_process *leaving;
	int leaving_end;

	shutdown(open_socket(), SHUT_RDWR);
	begin(SERVER_PROCESS_SERVING);
	leaving = add_server(&leaving_end);
	leaving->state = SERVER_PROCESS_LEAVING;
	become_ready();
	ck_assert_str_eq(process->reason.text, CHANGED);
	ck_assert_str_eq(leaving->reason.text, CHANGED);
	ck_assert_str_eq(next->reason.text, CHANGED);
	ck_assert(!heard());
	ck_assert_ptr_null(monitor_state.serving);
	ck_assert_uint_ne(monitor_state.restart_ms, UINT64_MAX);
	ck_assert_uint_eq(monitor_state.news.died, 2);
	monitor_replace_server(&monitor_state);
	ck_assert(!sockets_changed(&monitor_state.sockets));
	ck_assert_ptr_nonnull(monitor_state.next);
	close(leaving_end);
}
END_TEST

/* Before a start, too, those that leave may be the culprits. */
START_TEST(none_that_had_it_is_spared)
{
	struct server_process *leaving;
	int leaving_end;

	shutdown(open_socket(), SHUT_RDWR);
	be(SERVER_PROCESS_TAKING);
	leaving = add_server(&leaving_end);
	leaving->state = SERVER_PROCESS_LEAVING;
	monitor_replace_server(&monitor_state);
	ck_assert_str_eq(process->reason.text, CHANGED);
	ck_assert_str_eq(leaving->reason.text, CHANGED);
	ck_assert_ptr_nonnull(monitor_state.next);
	ck_assert_str_eq(monitor_state.next->reason.text, "");
	close(leaving_end);
}
END_TEST

/* The monitor itself may be late: then it looks all the same. */
START_TEST(looks_at_sockets_when_late)
{
	int fd = open_socket();

	be(SERVER_PROCESS_SERVING);
	if (_i == 1) { /* and another server starts */
		next = add_server(&next_end);
		next->state = SERVER_PROCESS_LOADING;
		monitor_state.next = next;
	}
	monitor_state.ping_ms = clock_ms() - 60000;
	monitor_watchdog(&monitor_state);
	ck_assert_str_eq(process->reason.text, "");
	shutdown(fd, SHUT_RDWR);
	monitor_state.ping_ms = clock_ms() - 60000;
	monitor_watchdog(&monitor_state);
	ck_assert_str_eq(process->reason.text, CHANGED);
	ck_assert_int_eq(monitor_state.restart_ms == UINT64_MAX, _i);
}
END_TEST

START_TEST(asks_when_late)
{
	struct channel_message message;
	struct error error;
	int fd;

	be(SERVER_PROCESS_SERVING);
	monitor_state.ping_ms = clock_ms() - 60000;
	monitor_watchdog(&monitor_state);
	ck_assert(heard());
	ck_assert_int_eq(channel_receive(server_end, &message, &fd, &error), 1);
	ck_assert_uint_eq(message.kind, CHANNEL_PING);
	ck_assert_int_eq(message.number, process->ping);
	/* It could not have answered. */
	monitor_state.ping_ms = clock_ms() - 60000;
	monitor_watchdog(&monitor_state);
	ck_assert_str_eq(process->reason.text, "");
	ck_assert_uint_gt(monitor_state.ping_ms, clock_ms());
	/* It could have. */
	monitor_state.ping_ms = clock_ms();
	monitor_watchdog(&monitor_state);
	ck_assert_str_eq(process->reason.text, "does not answer the monitor");
	ck_assert_ptr_null(monitor_state.serving);
}
END_TEST

START_TEST(asks_not_for_ever_when_late)
{
	int i;

	be(SERVER_PROCESS_SERVING);
	for (i = 0; i < 2; i++) {
		int late = 0;

		/* An answer in between begins it anew. */
		process->ping = 7;
		monitor_pong(&monitor_state, process);
		process->ping = 8;
		while (late < 3) {
			monitor_state.ping_ms = clock_ms() - 60000;
			monitor_watchdog(&monitor_state);
			ck_assert_str_eq(process->reason.text, "");
			late++;
		}
	}
	monitor_state.ping_ms = clock_ms() - 60000;
	monitor_watchdog(&monitor_state);
	ck_assert_str_eq(process->reason.text, "does not answer the monitor");
}
END_TEST

/* A SIGHUP during a hand-over waits for its end, whatever that is. */
START_TEST(a_reload_is_not_forgotten)
{
	be(SERVER_PROCESS_TAKING);
	monitor_state.trying = 1;
	monitor_state.loaded.requested = 2;
	monitor_reload(&monitor_state);
	ck_assert(monitor_state.reload_again);
	monitor_kill(&monitor_state, process, "for a reason");
	monitor_replace_server(&monitor_state);
	ck_assert(monitor_state.next->replaces ==
		  (monitor_state.accepted >= 0));
	ck_assert_int_eq(monitor_state.trying, 1);
	server_process_kill(monitor_state.next, "for another");
	ends(monitor_state.next);
	ck_assert_ptr_nonnull(monitor_state.next);
	ck_assert(!monitor_state.reload_again);
	ck_assert_int_eq(monitor_state.trying, 2);
}
END_TEST

START_TEST(a_refused_reload_stays_refused)
{
	be(SERVER_PROCESS_SERVING);
	monitor_state.loaded.requested = monitor_state.trying = 1;
	monitor_state_done(&monitor_state, false);
	monitor_kill(&monitor_state, process, "for a reason");
	next = add_server(&next_end);
	next->state = SERVER_PROCESS_PREPARING;
	next->replaces = true;
	strcpy(next->settings.log, log_path);
	monitor_state.next = next;
	become_ready();
	ck_assert_ptr_eq(monitor_state.serving, next);
	ck_assert_int_eq(monitor_state.loaded.answered, 1);
	ck_assert_int_eq(monitor_state.loaded.succeeded, 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("monitor_replace");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_killed_hands_nothing_over);
	tcase_add_test(tests, the_killed_keeps_no_configuration);
	tcase_add_test(tests, the_dead_hands_nothing_over);
	tcase_add_loop_test(tests, the_dead_says_why, 0, 2);
	tcase_add_test(tests, the_living_hands_over);
	tcase_add_test(tests, no_server_keeps_a_changed_socket);
	tcase_add_test(tests, none_that_had_it_is_spared);
	tcase_add_loop_test(tests, looks_at_sockets_when_late, 0, 2);
	tcase_add_test(tests, asks_when_late);
	tcase_add_test(tests, asks_not_for_ever_when_late);
	tcase_add_test(tests, a_reload_is_not_forgotten);
	tcase_add_test(tests, a_refused_reload_stays_refused);
	return run_tests("monitor_replace", tests);
}
