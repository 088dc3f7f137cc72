/* SPDX-License-Identifier: ISC */
/* test_rate_memory - a table of counts, and no memory for it */

#include "t/unit/rate/rate_place.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "t/unit/rate/rate_table_place.h"

/* allow_no_more_memory - than this process has now */
static void allow_no_more_memory(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	struct rlimit limit;
	unsigned long pages = 0;

	if (file == NULL || fscanf(file, "%lu", &pages) != 1 ||
	    fclose(file) != 0 || getrlimit(RLIMIT_AS, &limit) < 0)
		_exit(2);
	limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
	if (setrlimit(RLIMIT_AS, &limit) < 0)
		_exit(2);
}

/* Nothing is left on the disk then. */
START_TEST(no_room_in_memory)
{
	struct place place;
	int status;

	place_init(&place);
	if (fork() == 0) {
		allow_no_more_memory();
		refused(&place, "the file needs 1 MB: lower keys");
		_exit(exists(&place, ""));
	}
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_int_eq(status, 0);
	place_clear(&place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_table");

	tcase_add_test(tests, no_room_in_memory);
	return run_tests("rate_memory", tests);
}
