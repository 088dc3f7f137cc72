/* SPDX-License-Identifier: ISC */
/* init_forecast - what would happen to the mail in Postfix's log?
 *
 * The last part of what --init prints, as comments of a shell script. It runs
 * in a process of its own, with a time limit: whatever is wrong with the log,
 * or with us, --init has done its work. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "policyd/init/init_internal.h"
#include "policyd/query/forecast_log.h"
#include "policyd/query/log_file.h"

#define LOGS_MAX	2
#define TIME_LIMIT_S	60
#define DEFAULT_POSTFIX "/etc/postfix"

/* The files to read, the older one first. */
struct logs {
	char *files[LOGS_MAX];
	size_t count;
};

/* add - a file, and the one that it was yesterday: where logs are rotated, it
 * has but a few lines in the morning */
static void add(struct logs *logs, const char *file)
{
	char *older = xasprintf("%s.1", file);

	if (access(older, R_OK) == 0)
		logs->files[logs->count++] = older;
	else
		free(older);
	logs->files[logs->count++] = xstrdup(file);
}

/* is_kept - is it a file that keeps what is written? Of /dev/stdout, which is
 * usual in containers, nobody can read that; here it is even our own output. */
static bool is_kept(const char *file)
{
	struct stat status;
	struct stat output;

	return strncmp(file, "/dev/", strlen("/dev/")) != 0 &&
	       stat(file, &status) == 0 && S_ISREG(status.st_mode) &&
	       (fstat(STDOUT_FILENO, &output) < 0 ||
		status.st_ino != output.st_ino ||
		status.st_dev != output.st_dev);
}

/* find - the log of this Postfix; that of the host is that of its Postfix */
static void find(struct logs *logs, const struct init *init)
{
	static const char *const usual[] = { "/var/log/mail.log",
					     "/var/log/maillog" };
	const char *own = postfix_get(&init->postfix, NULL, "maillog_file");
	size_t i;

	if (*own == '/') {
		if (access(own, R_OK) == 0 && is_kept(own))
			add(logs, own);
		else if (access(own, F_OK) == 0 && !is_kept(own))
			printf("\n# no forecast: Postfix logs to %s "
			       "(maillog_file), which keeps nothing;\n# save "
			       "its output in a file, and name that with "
			       "--log\n",
			       own);
		return;
	}
	if (strcmp(init->postfix.directory, DEFAULT_POSTFIX) != 0)
		return;
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (logs->count == 0 && access(usual[i], R_OK) == 0 &&
		    log_file_has_text(usual[i]))
			add(logs, usual[i]);
	if (logs->count == 0 && log_file_has_journal())
		logs->files[logs->count++] = xstrdup(LOG_FILE_JOURNAL);
}

/* put_comment - each line as a comment */
static void put_comment(FILE *out, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		fprintf(out, length == 0 ? "#" : "# ");
		fwrite(text, 1, length, out);
		putc('\n', out);
		text += length + (text[length] == '\n');
	}
}

/* forecast - in a process of its own; its exit status */
static int forecast(const struct init *init, const struct logs *logs)
{
	struct config *config = init->config != NULL
					? init->config
					: init_load(init->path, init->path);
	struct error error = { "the configuration could not be read again" };
	char *text = NULL;
	size_t length = 0;
	FILE *out = xmemstream(&text, &length);

	if (config == NULL ||
	    forecast_log(config, (const char *const *)logs->files, logs->count,
			 out, &error) < 0)
		fprintf(out, "no forecast: %s\n", error.text);
	xmemstream_close(out);
	fputs("\n# The mail in the log of Postfix:\n", stdout);
	put_comment(stdout, text);
	free(text);
	if (config != init->config)
		config_free(config);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

/* wait_for - the process */
static void wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	printf("\n# no forecast: %s\n",
	       WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM
		       ? "it took too long"
		       : "it failed");
}

/* init_forecast - print it */
void init_forecast(const struct init *init, const char *log)
{
	struct logs logs = { .count = 0 };
	pid_t pid;
	size_t i;

	if (log != NULL)
		logs.files[logs.count++] = xstrdup(log);
	else
		find(&logs, init);
	pid = logs.count > 0 ? fork() : -1;
	if (pid == 0) {
		alarm(TIME_LIMIT_S);
		_exit(forecast(init, &logs));
	}
	for (i = 0; i < logs.count; i++)
		free(logs.files[i]);
	if (pid > 0)
		wait_for(pid);
	else if (logs.count > 0)
		printf("\n# no forecast: fork(2) failed\n");
}
