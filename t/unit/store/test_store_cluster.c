/* SPDX-License-Identifier: ISC */
/* With a real server in Cluster mode: it is refused, with what to use instead,
 * also where a single key would be accepted. */

#include "lib/store/store_admin.h"
#include "lib/store/store_internal.h"
#include "t/unit/store/asking.h"

#define ADVICE                                                   \
	": Cluster mode is not supported; use one primary, and " \
	"Sentinel to follow a failover"

/* tell - one command; its answer */
static void tell(const struct real_store *real, const char *text, char *answer,
		 size_t size)
{
	int fd = connect_store(real);
	ssize_t count;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(dprintf(fd, "%s\r\n", text), 0);
	count = read(fd, answer, size - 1);
	ck_assert_int_gt(count, 0);
	answer[count] = '\0';
	close(fd);
}

/* be_alone - a server in Cluster mode takes TCP port 10000, too, as its own is
 * 0: there is one at a time. Nobody else has this name until the caller closes
 * the socket. */
static int be_alone(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX,
				    .sun_path = "\0policyd-test-cluster" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t end_ms = clock_ms() + TEST_WAIT_S * 1000;

	ck_assert_int_ge(fd, 0);
	while (bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0) {
		ck_assert_uint_lt(clock_ms(), end_ms);
		pause_ms(20);
	}
	return fd;
}

/* take_all_slots - a cluster of one node, in which each key is here */
static void take_all_slots(const struct real_store *real)
{
	uint64_t end_ms = clock_ms() + TEST_WAIT_S * 1000;
	char answer[200];

	tell(real, "CLUSTER ADDSLOTSRANGE 0 16383", answer, sizeof(answer));
	ck_assert_str_eq(answer, "+OK\r\n");
	do {
		ck_assert_uint_lt(clock_ms(), end_ms);
		pause_ms(20);
		tell(real, "SET policyd:x 1", answer, sizeof(answer));
	} while (strcmp(answer, "+OK\r\n") != 0);
}

/* says_why - is it one of the errors for this kind of cluster? A node without
 * slots first looks for the slot, or, since Valkey 9, at the keys. */
static bool says_why(const char *text, int kind)
{
	return strstr(text, "CROSSSLOT") != NULL ||
	       (kind == 0 && strstr(text, "CLUSTERDOWN") != NULL);
}

START_TEST(cluster)
{
	struct real_store real;
	struct store_options options = { .prefix = "policyd",
					 .timeout_ms = TEST_WAIT_S * 1000 };
	struct asking asking;
	struct error error = { "" };
	int name_fd = be_alone();

	real_store_start(&real, "--cluster-enabled", "yes");
	if (_i == 1)
		take_all_slots(&real);
	asking_start(&asking, &real, &options);
	asking_until(&asking, asking.downs > 0);
	ck_assert_msg(says_why(asking.why, _i), "%s", asking.why);
	ck_assert_ptr_nonnull(strstr(asking.why, ADVICE));
	ck_assert_uint_eq(asking.ups, 0);
	ck_assert_ptr_null(
		store_admin_open(connect_store(&real), &options, &error));
	ck_assert_msg(says_why(error.text, _i), "%s", error.text);
	ck_assert_ptr_nonnull(strstr(error.text, ADVICE));
	asking_stop(&asking);
	real_store_stop(&real);
	close(name_fd);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("store_cluster");

	tcase_add_loop_test(tests, cluster, 0, 2);
	return run_tests("store_cluster", tests);
}
