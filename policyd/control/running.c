/* SPDX-License-Identifier: ISC */
/* running - the policyd that runs, and whether it is behind its files
 *
 * The monitor says in its state file what it has loaded, and the state of each
 * file before that (policyd/process/daemon_state.h). A file that has another
 * state now is not, or not yet, in effect. This is the only place that judges
 * that, for --status, -q, -t and -P. */

#include "policyd/control/running.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/file.h"
#include "lib/base/printable.h"
#include "lib/base/shell.h"
#include "lib/base/xalloc.h"
#include "lib/config/config.h"
#include "policyd/process/state_file.h"
#include "policyd/query/figure.h"

#define BLANKS	   " \t\r\n"
#define SEPARATORS BLANKS "#=\"'{}(),+/"

/* token_end - the end of the comment, string, word or other byte at this place
 */
static const char *token_end(const char *at)
{
	const char *end;

	if (*at == '#' || strncmp(at, "//", 2) == 0)
		return at + strcspn(at, "\n");
	if (strncmp(at, "/*", 2) == 0) {
		end = strstr(at + 2, "*/");
		return end != NULL ? end + 2 : at + strlen(at);
	}
	if (*at == '"' || *at == '\'') {
		for (end = at + 1; *end != '\0' && *end != *at; end++)
			if (*end == '\\' && end[1] != '\0')
				end++;
		return *end != '\0' ? end + 1 : end;
	}
	end = at + strcspn(at, SEPARATORS);
	return end > at ? end : at + 1;
}

/* value_of - a word, or a string without its quotes; the caller frees it */
static char *value_of(const char *at)
{
	const char *end = token_end(at);
	bool quoted = *at == '"' || *at == '\'';

	if (quoted && end - at >= 2)
		return xstrndup(at + 1, (size_t)(end - at - 2));
	return xstrndup(at, strcspn(at, BLANKS "#\"'{}"));
}

/* pid_file_in - the pid_file of a configuration, which need not be valid, or
 * the default. The caller frees it. */
static char *pid_file_in(const char *config)
{
	const char *reason, *at, *end;
	char *found = NULL;
	size_t length;
	char *text = file_read(config, &length, &reason);

	for (at = text; at != NULL && *at != '\0' && found == NULL; at = end) {
		end = token_end(at);
		if (end - at != 8 || strncmp(at, "pid_file", 8) != 0)
			continue;
		at = end + strspn(end, BLANKS);
		if (*at == '=')
			found = value_of(at + 1 + strspn(at + 1, BLANKS));
	}
	free(text);
	if (found != NULL && *found == '/')
		return found;
	free(found);
	return xstrdup(CONFIG_PID_FILE);
}

/* is_same_file - do both paths lead to one file? */
static bool is_same_file(const char *one, const char *other)
{
	struct stat first, second;

	return strcmp(one, other) == 0 ||
	       (stat(one, &first) == 0 && stat(other, &second) == 0 &&
		first.st_dev == second.st_dev && first.st_ino == second.st_ino);
}

/* is_owner - does the process belong to the owner of the file that names it?
 * Another user's file could make root send a signal to any process. */
static bool is_owner(int64_t pid, uid_t owner)
{
	char path[40];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%lld", (long long)pid);
	return pid > 0 && pid <= INT_MAX &&
	       (owner == 0 ||
		(stat(path, &status) == 0 && status.st_uid == owner));
}

/* read_candidate - 1: it is the policyd with this file; 0 and why */
static int read_candidate(struct running *running, const char *path,
			  const char *config, struct error *why)
{
	struct error error;
	uid_t owner;
	char *text = state_file_read(path, &owner, &error);

	if (text == NULL) {
		if (*error.text != '\0')
			*why = error;
		return 0;
	}
	running->text = text;
	daemon_state_parse(&running->state, text);
	if (!is_owner(running->state.pid, owner))
		error_set(why, "%s: the process that it names is another one",
			  path);
	else if (!is_same_file(running->state.config, config))
		error_set(why, "%s: the policyd that runs there has loaded %s",
			  path, running->state.config);
	else
		return 1;
	running_clear(running);
	return 0;
}

/* not_there - none of the places has the state of a policyd that lives */
static void not_there(struct error *why, const char *config,
		      char *const paths[], size_t count)
{
	error_set(why,
		  "no policyd runs with %s: there is neither %s nor %s of one "
		  "that lives",
		  config, paths[0], paths[count - 1]);
}

/* running_find - in all places where its state may be */
int running_find(struct running *running, const char *config, struct error *why)
{
	char *paths[STATE_FILE_CANDIDATES];
	char *pid_file = pid_file_in(config);
	size_t count = state_file_candidates(pid_file, paths);
	char *absolute = realpath(config, NULL);
	size_t i;
	int found = 0;

	memset(running, 0, sizeof(*running));
	not_there(why, config, paths, count);
	for (i = 0; i < count; i++) {
		if (found == 0)
			found = read_candidate(
				running, paths[i],
				absolute != NULL ? absolute : config, why);
		free(paths[i]);
	}
	free(absolute);
	free(pid_file);
	return found;
}

/* running_clear - free what it holds */
void running_clear(struct running *running)
{
	daemon_state_clear(&running->state);
	free(running->text);
	running->text = NULL;
}

/* running_changed - policyd.conf, or another file */
const char *running_changed(const struct running *running)
{
	const struct daemon_state *state = &running->state;
	size_t i;

	if (daemon_state_changed(state->config, &state->config_state))
		return state->config;
	for (i = 0; i < state->files.count; i++)
		if (daemon_state_changed(state->files.items[i].path,
					 &state->files.items[i].state))
			return state->files.items[i].path;
	return NULL;
}

/* put_changed - a file that is not in effect as it is */
static int put_changed(const struct running *running, FILE *output)
{
	const struct daemon_state *state = &running->state;
	const char *changed = running_changed(running);
	char *option;

	if (changed == NULL)
		return 0;
	if (changed != state->config && state->refresh_ms > 0) {
		printable_say(output,
			      "%s has changed since the running policyd "
			      "loaded it, which it does by itself; if this "
			      "persists, policyd --status says why",
			      changed);
		return 1;
	}
	option = shell_option(state->config, CONFIG_USUAL);
	printable_say(output,
		      "%s has changed since the running policyd loaded it; "
		      "to reload: policyd --reload%s",
		      changed, option);
	free(option);
	return 2;
}

/* running_behind - say why answers may differ */
int running_behind(const char *config, FILE *output)
{
	struct running running;
	struct error why;
	int result;

	if (running_find(&running, config, &why) != 1)
		return 0;
	result = put_changed(&running, output);
	if (running.state.is_refused != 0) {
		printable_say(output,
			      "the running policyd has refused the last "
			      "reload, at %s, and keeps what it had loaded "
			      "before: %s",
			      figure_time(running.state.refused_when).text,
			      running.state.reason);
		result = 2;
	}
	if (running.state.failed_tables > 0) {
		printable_say(output,
			      "the running policyd cannot read these tables, "
			      "and defers lookups there: %s",
			      running.state.failed);
		result = 2;
	}
	running_clear(&running);
	return result;
}
