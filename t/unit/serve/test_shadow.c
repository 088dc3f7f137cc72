/* SPDX-License-Identifier: ISC */
/* test_shadow - the next configuration never disturbs the present one */

#include "policyd/serve/shadow.h"

#include <signal.h>
#include <sys/wait.h>

#include "lib/decision/reply.h"
#include "lib/request/request_notation.h"
#include "t/unit/place_config.h"

/* Loaders that do what a broken program does. */
static struct config *crash(const char *path, struct config_messages *messages)
{
	(void)path;
	(void)messages;
	/* As a fault would, but without a report of a sanitizer. */
	signal(SIGSEGV, SIG_DFL);
	raise(SIGKILL);
	return NULL;
}

static struct config *hang(const char *path, struct config_messages *messages)
{
	(void)path;
	(void)messages;
	for (;;)
		pause();
	return NULL;
}

static struct config *leave(const char *path, struct config_messages *messages)
{
	(void)path;
	(void)messages;
	_exit(2); /* as libconfuse does */
}

static struct config *talk(const char *path, struct config_messages *messages)
{
	size_t i;

	(void)path;
	messages->lines = xcalloc(200, sizeof(*messages->lines));
	for (i = 0; i < 200; i++) {
		messages->lines[i] = xmalloc(2000);
		memset(messages->lines[i], 'x', 1999);
		messages->lines[i][1999] = '\0';
	}
	messages->count = 200;
	return NULL;
}

#define LONG_MS (TEST_WAIT_S * 1000)

static const struct {
	shadow_loader *loader;
	unsigned ms;
	const char *message;
} broken[] = {
	{ crash, LONG_MS, "FILE: loading it was killed by signal 9" },
	{ hang, 200, "FILE: takes more than 200 ms to load" },
	{ leave, LONG_MS, "FILE: loading it exited with status 2" },
	{ talk, LONG_MS, NULL },
};

START_TEST(survives_whatever_the_loader_does)
{
	struct config_messages messages = { 0 };

	ck_assert_int_eq(shadow_try_with("FILE", broken[_i].loader,
					 broken[_i].ms, &messages),
			 -1);
	if (broken[_i].message != NULL) {
		ck_assert_uint_eq(messages.count, 1);
		ck_assert_str_eq(messages.lines[0], broken[_i].message);
	}
	/* The child is gone, and has been waited for. */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	config_messages_clear(&messages);
}
END_TEST

static const struct {
	const char *text, *message; /* NULL: it is good */
} files[] = {
	{ "mydestination = local.test\n", NULL },
	{ "listen \"unix:/x\" { }\nmydestination = local.test\n", NULL },
	{ "no_such = 1\n", ":1: unknown option" },
	{ "restrictions = { permit }\n", "open relay" },
	{ "expect 'x' { to = a verdict = permit }\nmydestination = b\n",
	  ":1: expect \"x\": the verdict is" },
	{ "mydestination = \"\n", ":1: " },
};

/* patiently - load a file; on a slow machine that takes too long now and then
 */
static struct shadow *patiently(const char *path,
				struct config_messages *messages)
{
	struct shadow *shadow;
	bool slow;

	do {
		config_messages_clear(messages);
		shadow = shadow_new(path, messages);
		slow = shadow == NULL && messages->count > 0 &&
		       strstr(messages->lines[0], "takes more than") != NULL;
	} while (slow);
	return shadow;
}

START_TEST(takes_a_good_file_only)
{
	struct config_messages messages = { 0 };
	struct shadow *shadow;
	char *path = place_path("next");

	place_write("next", files[_i].text);
	shadow = patiently(path, &messages);
	ck_assert_int_eq(shadow != NULL, files[_i].message == NULL);
	if (files[_i].message != NULL)
		ck_assert_msg(messages.count > 0 &&
				      strstr(messages.lines[0],
					     files[_i].message) != NULL,
			      "%s", messages.lines[0]);
	else
		ck_assert_uint_eq(messages.count, 0);
	config_messages_clear(&messages);
	shadow_free(shadow);
	free(path);
}
END_TEST

START_TEST(says_that_the_file_is_missing)
{
	struct config_messages messages = { 0 };

	ck_assert_ptr_null(shadow_new("/nonexistent/next", &messages));
	ck_assert_uint_ge(messages.count, 1);
	ck_assert_ptr_nonnull(strstr(messages.lines[0], "No such file"));
	config_messages_clear(&messages);
}
END_TEST

/* The counters, for requests that both configurations match. */
static const struct {
	const char *to, *login;
	unsigned differing, opening;
} asked[] = {
	{ "a@both.test", "", 0, 0 },	    { "a@old.test", "", 1, 0 },
	{ "a@new.test", "", 1, 1 },	    { "a@far.example", "", 0, 0 },
	{ "a@far.example", "alice", 1, 1 },
};

START_TEST(compares_each_decision)
{
	struct config_load_options how = { .unserved = true };
	struct config_messages messages = { 0 };
	struct config *config;
	struct shadow *shadow;
	char *path = place_path("next");
	int i;

	place_write("conf", "mydestination = 'both.test, old.test'\n");
	place_write("next", "mydestination = 'both.test, new.test'\n"
			    "tls_protocols = ''\ntls_ciphers = ''\n"
			    "tls_keysize = 0\n"
			    "restrictions = { permit_auth_destination,\n"
			    "permit_sasl_authenticated,\n"
			    "reject_plaintext_session, reject }\n");
	config = place_load("conf", &how, &messages);
	config_messages_clear(&messages);
	shadow = patiently(path, &messages);
	ck_assert_ptr_nonnull(shadow);
	for (i = 0; i < COUNT(asked); i++) {
		struct counters counters = { .shadow_compared = 7 };
		struct judgement *judgement = xcalloc(1, sizeof(*judgement));
		struct notation notation;
		char reply[REPLY_MAX];
		struct error error;

		notation_init(&notation);
		notation_set(&notation, "to", asked[i].to, &error);
		notation_set(&notation, "login", asked[i].login, &error);
		ck_assert_int_eq(judgement_now(judgement,
					       service_find(&config->services,
							    &notation.request),
					       config->resolver,
					       &notation.request, 0),
				 0);
		reply_write(reply, &judgement->evaluation.decision,
			    &judgement->facts, &judgement->service->reply,
			    "ID");
		shadow_compare(shadow, &notation.request, judgement, reply,
			       "ID", &counters);
		ck_assert_uint_eq(counters.shadow_compared, 8);
		ck_assert_uint_eq(counters.shadow_differing,
				  asked[i].differing);
		ck_assert_uint_eq(counters.shadow_opening, asked[i].opening);
		notation_clear(&notation);
		free(judgement);
	}
	shadow_free(shadow);
	config_messages_clear(&messages);
	config_free(config);
	free(path);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("shadow");

	tcase_add_checked_fixture(tests, place_make, place_remove);
	tcase_add_loop_test(tests, survives_whatever_the_loader_does, 0,
			    COUNT(broken));
	tcase_add_loop_test(tests, takes_a_good_file_only, 0, COUNT(files));
	tcase_add_test(tests, says_that_the_file_is_missing);
	tcase_add_test(tests, compares_each_decision);
	return run_tests("shadow", tests);
}
