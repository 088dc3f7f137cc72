/* SPDX-License-Identifier: ISC */
/* shadow - compare with what the next configuration would answer
 *
 * It is first loaded in a child process, in which it may be refused, crash or
 * hang; only if that succeeds is it loaded here. From then on each request is
 * judged once more with it, and the result is only compared. */

#include "policyd/serve/shadow.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/log_limit.h"
#include "lib/base/xalloc.h"
#include "lib/decision/outcome.h"
#include "lib/decision/reply.h"
#include "lib/decision/report.h"

#define LINES_MAX     1000 /* in the log, in LOG_LIMIT_MS */
#define MESSAGE_BYTES 16384

struct shadow {
	struct config *config;
	bool shared;		    /* config belongs to another shadow */
	struct judgement judgement; /* of the current request */
	struct log_limit limit;
};

/* load - leniently, in the short time that is allowed for it */
static struct config *load(const char *path, struct config_messages *messages)
{
	struct config_load_options options = { .lenient = true,
					       .unserved = true,
					       .inspected = true,
					       .tables_ms = SHADOW_TIME_MS };

	return config_load_with(path, &options, messages);
}

/* child - load it, write the messages to the pipe, and end */
static _Noreturn void child(const char *path, shadow_loader *loader, int pipe)
{
	struct config_messages messages = { 0 };
	struct config *config;
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	config = loader(path, &messages);
	for (i = 0; i < messages.count; i++)
		dprintf(pipe, "%s\n", messages.lines[i]);
	_exit(config != NULL ? EX_OK : EX_CONFIG);
}

/* read_all - the output of the child until it ends or its time is over; 0: it
 * has ended */
static int read_all(int pipe, char *text, size_t size, unsigned time_ms)
{
	uint64_t end = clock_ms() + time_ms;
	char rest[4096];
	size_t length = 0;
	ssize_t count = 1;

	while (count > 0) {
		struct pollfd ready = { .fd = pipe, .events = POLLIN };
		int left = clock_left_ms(end);

		if (left == 0)
			break;
		if (poll(&ready, 1, left) <= 0)
			continue;
		count = read(pipe, rest, sizeof(rest));
		/* Excess output is read, too: the child must not block. */
		if (count > 0 && (size_t)count < size - length) {
			memcpy(text + length, rest, (size_t)count);
			length += (size_t)count;
		}
	}
	text[length] = '\0';
	return count > 0 ? -1 : 0;
}

/* add_message - append one line, which messages then own */
static void add_message(struct config_messages *messages, char *line)
{
	messages->lines = xreallocarray(messages->lines, messages->count + 1,
					sizeof(*messages->lines));
	messages->lines[messages->count++] = line;
}

/* split - turn the child's output into messages */
static void split(struct config_messages *messages, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		add_message(messages, xstrndup(text, length));
		text += length + (text[length] == '\n');
	}
}

/* judge_end - how the child ended; -1: it failed */
static int judge_end(int status, int timeout, const char *path,
		     unsigned time_ms, struct config_messages *messages)
{
	if (timeout < 0)
		add_message(messages,
			    xasprintf("%s: takes more than %u ms to load", path,
				      time_ms));
	else if (WIFSIGNALED(status))
		add_message(messages,
			    xasprintf("%s: loading it was killed by signal %d",
				      path, WTERMSIG(status)));
	else if (WEXITSTATUS(status) != EX_OK && messages->count == 0)
		add_message(messages,
			    xasprintf("%s: loading it exited with status %d",
				      path, WEXITSTATUS(status)));
	return timeout == 0 && WIFEXITED(status) && WEXITSTATUS(status) == EX_OK
		       ? 0
		       : -1;
}

/* shadow_try_with - load it in a child */
int shadow_try_with(const char *path, shadow_loader *loader, unsigned time_ms,
		    struct config_messages *messages)
{
	char text[MESSAGE_BYTES];
	int ends[2];
	int timeout;
	int status = 0;
	pid_t pid;

	if (pipe(ends) < 0) {
		add_message(messages,
			    xasprintf("%s: pipe: %s", path, strerror(errno)));
		return -1;
	}
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(path, loader, ends[1]);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		add_message(messages,
			    xasprintf("%s: fork: %s", path, strerror(errno)));
		return -1;
	}
	timeout = read_all(ends[0], text, sizeof(text), time_ms);
	close(ends[0]);
	if (timeout < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	split(messages, text);
	return judge_end(status, timeout, path, time_ms, messages);
}

/* shadow_try - with the usual loader and time limit */
int shadow_try(const char *path, struct config_messages *messages)
{
	return shadow_try_with(path, load, SHADOW_TIME_MS, messages);
}

/* shadow_new - try it, then load it */
struct shadow *shadow_new(const char *path, struct config_messages *messages)
{
	struct config_messages again = { 0 };
	struct shadow *shadow;
	struct config *config;

	if (shadow_try(path, messages) < 0)
		return NULL;
	config = load(path, &again);
	config_messages_clear(&again);
	if (config == NULL) {
		add_message(messages,
			    xasprintf("%s: changed while it was loaded", path));
		return NULL;
	}
	shadow = xcalloc(1, sizeof(*shadow));
	shadow->config = config;
	shadow->limit.most = LINES_MAX;
	return shadow;
}

/* shadow_share - for another thread */
struct shadow *shadow_share(const struct shadow *shadow)
{
	struct shadow *other = xcalloc(1, sizeof(*other));

	other->config = shadow->config;
	other->shared = true;
	other->limit.most = shadow->limit.most;
	return other;
}

/* log_difference - both outcomes, and the request */
static void log_difference(const struct outcome *now,
			   const struct outcome *next,
			   const struct request *request, const char *id,
			   bool opens)
{
	char to[REPORT_ADDRESS_MAX + 1];
	char user[REPORT_NAME_MAX + 1];

	log_quote(to, REPORT_ADDRESS_MAX, request->recipient);
	log_quote(user, REPORT_NAME_MAX, request->sasl_username);
	log_info("id=%s shadow: service=%s verdict=%s restriction=%s next: "
		 "service=%s verdict=%s restriction=%s opens=%s to=<%s> "
		 "login=%s",
		 id, now->service, verdict_name(now->verdict), now->restriction,
		 next->service, verdict_name(next->verdict), next->restriction,
		 opens ? "yes" : "no", to, user);
}

/* shadow_compare - judge a request with the shadow configuration as well */
void shadow_compare(struct shadow *shadow, const struct request *request,
		    const struct judgement *judgement, const char *reply,
		    const char *id, struct counters *counters)
{
	struct outcome now, next;
	struct judgement *other;
	unsigned long suppressed;
	bool opens;

	other = &shadow->judgement;
	memset(&other->evaluation, 0, sizeof(other->evaluation));
	if (judgement_now(other,
			  service_find(&shadow->config->services, request),
			  shadow->config->resolver, request, time(NULL)) < 0)
		return;
	outcome_of(&now, judgement);
	snprintf(now.reply, sizeof(now.reply), "%s", reply);
	outcome_of(&next, other);
	reply_write(next.reply, &other->evaluation.decision, &other->facts,
		    &other->service->reply, id);
	counters_count(&counters->shadow_compared);
	if (!outcome_differ(&now, &next))
		return;
	opens = outcome_opens(&now, &next);
	counters_count(&counters->shadow_differing);
	if (opens)
		counters_count(&counters->shadow_opening);
	if (!log_limit_pass(&shadow->limit, clock_ms(), &suppressed))
		return;
	if (suppressed > 0)
		log_info("shadow: %lu more difference%s", suppressed,
			 suppressed == 1 ? "" : "s");
	log_difference(&now, &next, request, id, opens);
}

/* shadow_free - NULL is allowed */
void shadow_free(struct shadow *shadow)
{
	if (shadow == NULL)
		return;
	if (!shadow->shared)
		config_free(shadow->config);
	free(shadow);
}
