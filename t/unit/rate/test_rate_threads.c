/* SPDX-License-Identifier: ISC */
/* Threads and processes that count in the same tables, and are killed.
 * TEST_MUTANTS: the number of kills. Threads and children use no ck_assert();
 * it is for one thread of one process. */

#include "t/unit/rate/rate_place.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/seccomp.h>

#define THREADS	  4
#define KEYS	  5
#define NUMBER	  10000
#define LIMIT	  "10000/1h"
#define PROCESSES 3
#define KILL_MS	  10
#define LOG_MAX	  100000

/* Threads that count at one moment of the test's clock. */
struct team {
	struct place place;
	pthread_barrier_t start;
	struct rate_table *table;
	struct rate_charge charge;
	int tries;
	_Atomic uint64_t counted[KEYS];
	_Atomic unsigned wrong;
};

/* count_keys - a thread: each key in turn */
static void *count_keys(void *context)
{
	struct team *team = context;

	pthread_barrier_wait(&team->start);
	for (int i = 0; i < team->tries; i++) {
		struct rate_charge charge;
		char key[8];

		snprintf(key, sizeof(key), "k%d", i % KEYS);
		charge = team->charge;
		charge.key = key;
		if (i % 2 == 0)
			expect(&charge);
		if (rate_take(&charge, 1, team->place.clock.now_us))
			atomic_fetch_add(&team->counted[i % KEYS], 1);
		if (charge.result.outcome == RATE_UNKNOWN)
			team->wrong++;
	}
	return NULL;
}

/* check_row - a handler */
static int check_row(void *context, const struct rate_row *row)
{
	struct team *team = context;

	if (row->used[0] > NUMBER)
		team->wrong++;
	return 0;
}

/* look_around - a thread: the command line, and the end of a reload */
static void *look_around(void *context)
{
	struct team *team = context;
	uint64_t now_us = team->place.clock.now_us;

	pthread_barrier_wait(&team->start);
	for (int i = 0; i < team->tries / 100; i++) {
		rate_table_each(team->table, now_us, check_row, team);
		rate_table_stats(team->table);
		rate_table_block(team->table, "other", 10, now_us, NULL);
		rate_table_unblock(team->table, "other", now_us);
		rate_table_reset(team->table, "other", now_us);
		if (i == team->tries / 200)
			rate_table_migrate(team->table, now_us);
	}
	return NULL;
}

/* Exactly as many as fit are counted, also while the table is changed. */
START_TEST(threads)
{
	static struct team team;
	struct rate_table *before;
	pthread_t thread[THREADS + 1];

	memset(&team, 0, sizeof(team));
	place_init(&team.place);
	/* Half of the tries fit, so that threads count at once. */
	team.tries = 2 * KEYS * NUMBER / THREADS;
	pthread_barrier_init(&team.start, NULL, THREADS + 1);
	before = open_table(&team.place, LIMIT, RATE_NUMBER, 64);
	team.table =
		open_table(&team.place, LIMIT " 99999/1d", RATE_NUMBER, 64);
	team.charge = charge_of(team.table, "", 1, LIMIT, RATE_NUMBER);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, count_keys, &team);
	pthread_create(&thread[THREADS], NULL, look_around, &team);
	for (int i = 0; i <= THREADS; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < KEYS; i++)
		ck_assert_uint_eq(team.counted[i], NUMBER);
	ck_assert_uint_eq(team.wrong, 0);
	ck_assert_uint_eq(rate_table_shape(team.table).windows, 2);
	pthread_barrier_destroy(&team.start);
	rate_table_close(before);
	rate_table_close(team.table);
	place_clear(&team.place);
}
END_TEST

/* What the processes were allowed, in memory that they share. */
struct shared {
	_Atomic size_t count;
	_Atomic uint64_t tries;
	struct {
		uint64_t before_us, after_us; /* around rate_take() */
		unsigned key;
		uint64_t amount;
	} log[LOG_MAX];
};

/* Two rates, that are always counted together. */
struct crew {
	struct place place[2];
	struct rate_charge charge[2];
	struct rate_shape shape[2];
	struct shared *shared;
	pid_t pid[PROCESSES];
};

#define RATE_A "50/1s"
#define RATE_B "70/1s 300/10s"
#define ACTIVE 3 /* keys */

/* What a thread of a process works with. */
struct worker {
	struct crew *crew;
	struct rate_table *table[2];
	uint64_t state;
};

/* ask - one message */
static void ask(struct worker *worker)
{
	struct shared *shared = worker->crew->shared;
	struct rate_charge charges[2];
	char key[8], instance[40];
	unsigned number;
	uint64_t before_us;
	size_t at;

	worker->state = worker->state * 6364136223846793005 + 1;
	number = (unsigned)(worker->state >> 33) % ACTIVE;
	snprintf(key, sizeof(key), "k%u", number);
	snprintf(instance, sizeof(instance), "%d.%llx", (int)getpid(),
		 (unsigned long long)worker->state);
	for (int i = 0; i < 2; i++) {
		charges[i] = worker->crew->charge[i];
		charges[i].table = worker->table[i];
		charges[i].key = key;
		charges[i].amount = 1 + (worker->state >> 60) % 2;
		charges[i].instance = instance;
	}
	before_us = rate_now_us();
	if (rate_take(charges, 2, before_us)) {
		at = atomic_fetch_add(&shared->count, 1) % LOG_MAX;
		shared->log[at].before_us = before_us;
		shared->log[at].after_us = rate_now_us();
		shared->log[at].key = number;
		shared->log[at].amount = charges[0].amount;
	}
	atomic_fetch_add(&shared->tries, 1);
}

/* ask_always - a thread, until its process is killed */
static void *ask_always(void *context)
{
	for (;;)
		ask(context);
	return NULL;
}

/* be_a_server - open the tables, and count with two threads */
static void be_a_server(struct crew *crew)
{
	static struct worker worker[2];
	pthread_t thread;

	for (int i = 0; i < 2; i++) {
		struct rate_clock clock = rate_clock_read();

		worker[0].table[i] =
			rate_table_open(crew->place[i].path, &crew->shape[i],
					TRUST_NOBODY, &clock, NULL);
		if (worker[0].table[i] == NULL)
			_exit(1);
	}
	worker[0].crew = crew;
	worker[0].state = rate_now_us() * (uint64_t)getpid();
	worker[1] = worker[0];
	worker[1].state++;
	pthread_create(&thread, NULL, ask_always, &worker[1]);
	ask_always(&worker[0]);
}

/* replace - kill a process, and start another one */
static void replace(struct crew *crew, unsigned i)
{
	if (crew->pid[i] != 0) {
		kill(crew->pid[i], SIGKILL);
		ck_assert_int_eq(waitpid(crew->pid[i], NULL, 0), crew->pid[i]);
	}
	crew->pid[i] = fork();
	if (crew->pid[i] == 0)
		be_a_server(crew);
}

/* wait_for_tries - until the processes have asked more than that */
static void wait_for_tries(const struct crew *crew, uint64_t tries)
{
	for (int i = 0; crew->shared->tries <= tries; i++) {
		ck_assert_int_lt(i, TEST_WAIT_S * 100);
		poll(NULL, 0, 10);
	}
}

/* too_many - is more than number certainly in some time? The request was
 * counted at some moment between before and after. */
static bool too_many(const struct shared *shared, unsigned key,
		     uint64_t time_us, uint64_t number)
{
	size_t count = shared->count < LOG_MAX ? shared->count : LOG_MAX;

	for (size_t i = 0; i < count; i++) {
		uint64_t sum = 0;

		if (shared->log[i].key != key)
			continue;
		/* They are nearly in order. */
		for (size_t j = i > 100 ? i - 100 : 0; j < count; j++) {
			if (shared->log[j].before_us >
			    shared->log[i].before_us + 2 * time_us)
				break;
			if (shared->log[j].key == key &&
			    shared->log[j].before_us >=
				    shared->log[i].before_us &&
			    shared->log[j].after_us <
				    shared->log[i].before_us + time_us)
				sum += shared->log[j].amount;
		}
		if (sum > number)
			return true;
	}
	return false;
}

START_TEST(kills)
{
	static struct crew crew;
	int left = mutants(60);

	memset(&crew, 0, sizeof(crew));
	for (int i = 0; i < 2; i++) {
		place_init(&crew.place[i]);
		crew.charge[i] = charge_of(
			NULL, "", 1, i == 0 ? RATE_A : RATE_B, RATE_NUMBER);
		crew.shape[i] =
			rate_shape_of(&crew.charge[i].limits, RATE_NUMBER, 64);
	}
	crew.shared = mmap(NULL, sizeof(*crew.shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(crew.shared, MAP_FAILED);
	for (unsigned i = 0; i < PROCESSES; i++)
		replace(&crew, i);
	wait_for_tries(&crew, 0);
	while (left-- > 0) {
		poll(NULL, 0, KILL_MS);
		replace(&crew, (unsigned)left % PROCESSES);
		for (unsigned i = 0; left % 20 == 0 && i < PROCESSES; i++)
			kill(crew.pid[i], SIGKILL);
		for (unsigned i = 0; left % 20 == 0 && i < PROCESSES; i++)
			replace(&crew, i);
	}
	/* Those that live go on. */
	wait_for_tries(&crew, crew.shared->tries + 1000);
	for (unsigned i = 0; i < PROCESSES; i++) {
		int status;

		kill(crew.pid[i], SIGKILL);
		waitpid(crew.pid[i], &status, 0);
		ck_assert(WIFSIGNALED(status));
	}
	for (unsigned key = 0; key < ACTIVE; key++) {
		ck_assert(!too_many(crew.shared, key, SECOND_US, 50));
		ck_assert(!too_many(crew.shared, key, 10 * SECOND_US, 300));
	}
	ck_assert_uint_gt(crew.shared->count, 50);
	munmap(crew.shared, sizeof(*crew.shared));
	place_clear(&crew.place[0]);
	place_clear(&crew.place[1]);
}
END_TEST

/* die_inside - a process that is killed with a lock, while it changes an index
 */
static void die_inside(struct rate_table *table, unsigned shard)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct rate_shard *mine = rate_shard(table, shard);

		rate_lock(table, mine);
		mine->changing = 1;
		memset((char *)mine + table->layout.index, 0x55,
		       table->layout.slots * sizeof(uint32_t) / 2);
		kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(killed_inside_the_lock)
{
	struct rate_table *table;
	struct place place;
	char key[16];

	place_init(&place);
	table = open_table(&place, "5/1h", RATE_NUMBER, 256);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 200; i++) {
			struct rate_charge charge;

			snprintf(key, sizeof(key), "key%d", i);
			charge = charge_of(table, key, 2, "5/1h", RATE_NUMBER);
			ck_assert(rate_take(&charge, 1, place.clock.now_us) ==
				  (round < 2));
			ck_assert_uint_eq(charge.result.used,
					  round == 0 ? 2 : 4);
		}
		for (unsigned i = 0; i < RATE_SHARDS; i++)
			die_inside(table, i);
	}
	rate_table_close(table);
	place_clear(&place);
}
END_TEST

/* confine - no call but read, write and exit. Sanitizers and coverage make
 * calls of their own */
static void confine(void)
{
#ifdef POLICYD_CONTAIN
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
#endif
}

/* end_process - exit(2) is permitted, and ends a thread; ThreadSanitizer has
 * one more, which would keep the process */
static void end_process(int status)
{
#ifdef POLICYD_CONTAIN
	syscall(SYS_exit, status);
#endif
	_exit(status);
}

/* count_without_calls - in a process that may only end */
static void count_without_calls(struct team *team)
{
	struct rate_charge charge = team->charge;
	uint64_t now_us = team->place.clock.now_us;
	bool counted;

	confine();
	counted = rate_take(&charge, 1, now_us);
	rate_look(&charge, 1, true, now_us);
	rate_give_back(&charge, 1, now_us);
	rate_table_block(team->table, "other", 10, now_us, NULL);
	rate_table_each(team->table, now_us, check_row, team);
	rate_table_migrate(team->table, now_us);
	counted = rate_take(&charge, 1, now_us + SECOND_US) && counted;
	end_process(counted ? 7 : 1);
}

/* A server is confined when it counts. */
START_TEST(no_system_call)
{
	static struct team team;
	struct rate_table *before;
	pid_t pid;
	int status;

	memset(&team, 0, sizeof(team));
	place_init(&team.place);
	before = open_table(&team.place, "100/1h", RATE_NUMBER, 64);
	team.table = open_table(&team.place, "100/1h 999/1d", RATE_NUMBER, 64);
	team.charge = charge_of(team.table, "alice", 1, "100/1h", RATE_NUMBER);
	pid = fork();
	if (pid == 0)
		count_without_calls(&team);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	rate_table_close(before);
	rate_table_close(team.table);
	place_clear(&team.place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("rate_threads");

	tcase_add_test(tests, threads);
	tcase_add_test(tests, kills);
	tcase_add_test(tests, killed_inside_the_lock);
	tcase_add_test(tests, no_system_call);
	return run_tests("rate_threads", tests);
}
