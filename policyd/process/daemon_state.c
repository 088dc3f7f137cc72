/* SPDX-License-Identifier: ISC */
/* daemon_state - what a running policyd has loaded, as text
 *
 * One line for each value, NAME=VALUE, so that a shell can read it, too. The
 * line of a file has its state before it was read, and its path. */

#include "policyd/process/daemon_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/xalloc.h"

#define MEMBER(name)                                       \
	{                                                  \
#name, offsetof(struct daemon_state, name) \
	}

struct member {
	const char *name;
	size_t offset;
};

static const struct member texts[] = {
	MEMBER(version), MEMBER(phase),	  MEMBER(config),
	MEMBER(reason),	 MEMBER(metrics), MEMBER(failed),
};

static const struct member numbers[] = {
	MEMBER(pid),	    MEMBER(server),	   MEMBER(started),
	MEMBER(loaded),	    MEMBER(config_loaded), MEMBER(refused_when),
	MEMBER(is_refused), MEMBER(reloads),	   MEMBER(refused),
	MEMBER(requested),  MEMBER(answered),	   MEMBER(succeeded),
	MEMBER(refresh_ms), MEMBER(failed_tables),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* text_at, number_at - a member of state */
static const char **text_at(struct daemon_state *state, size_t offset)
{
	return (const char **)(void *)((char *)state + offset);
}

static int64_t *number_at(struct daemon_state *state, size_t offset)
{
	return (int64_t *)(void *)((char *)state + offset);
}

/* put_text - NAME=VALUE, on one line */
static void put_text(FILE *output, const char *name, const char *value)
{
	fprintf(output, "%s=", name);
	for (; value != NULL && *value != '\0'; value++)
		putc(*value == '\n' ? ' ' : *value, output);
	putc('\n', output);
}

/* put_file - the state of a file, and its path. A path of two lines could not
 * be read back. */
static void put_file(FILE *output, const char *name, const char *path,
		     const struct watched_state *state)
{
	if (strchr(path, '\n') != NULL)
		return;
	fprintf(output,
		"%s=%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64
		" %" PRId64 " %" PRId64 " %s\n",
		name, state->device, state->inode, state->size, state->mtime_s,
		state->mtime_ns, state->ctime_s, state->ctime_ns, path);
}

/* daemon_state_text - all lines */
char *daemon_state_text(const struct daemon_state *state)
{
	struct daemon_state *all = (struct daemon_state *)(uintptr_t)state;
	char *text = NULL;
	size_t length, i;
	FILE *output = open_memstream(&text, &length);

	if (output == NULL)
		return xstrdup("");
	for (i = 0; i < COUNT(texts); i++)
		put_text(output, texts[i].name, *text_at(all, texts[i].offset));
	for (i = 0; i < COUNT(numbers); i++)
		fprintf(output, "%s=%" PRId64 "\n", numbers[i].name,
			*number_at(all, numbers[i].offset));
	for (i = 0; i < state->listener_count; i++)
		put_text(output, "listen", state->listeners[i]);
	put_file(output, "config_file", state->config, &state->config_state);
	for (i = 0; i < state->files.count; i++)
		put_file(output, "file", state->files.items[i].path,
			 &state->files.items[i].state);
	/* Without memory, fclose(3) may succeed, and there is no text. */
	if (fclose(output) == 0 && text != NULL)
		return text;
	free(text);
	return xstrdup("");
}

/* parse_file - what put_file() has written: the path, or NULL */
static const char *parse_file(struct watched_state *state, const char *value)
{
	int end = -1;

	memset(state, 0, sizeof(*state));
	if (sscanf(value,
		   "%" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64 " %" SCNd64
		   " %" SCNd64 " %" SCNd64 " %n",
		   &state->device, &state->inode, &state->size, &state->mtime_s,
		   &state->mtime_ns, &state->ctime_s, &state->ctime_ns,
		   &end) != 7 ||
	    end < 0)
		return NULL;
	return value + end;
}

/* parse_list - a line of which there may be several */
static void parse_list(struct daemon_state *state, const char *name,
		       const char *value)
{
	struct watched_state file;
	const char *path;

	if (strcmp(name, "listen") == 0) {
		state->listeners = xreallocarray(state->listeners,
						 state->listener_count + 1,
						 sizeof(*state->listeners));
		state->listeners[state->listener_count++] = value;
	} else if (strcmp(name, "config_file") == 0) {
		if (parse_file(&file, value) != NULL)
			state->config_state = file;
	} else if (strcmp(name, "file") == 0) {
		path = parse_file(&file, value);
		if (path != NULL)
			(void)watched_files_add(&state->files, path, &file,
						NULL);
	}
}

/* parse_line - NAME, and VALUE */
static void parse_line(struct daemon_state *state, const char *name,
		       const char *value)
{
	size_t i;

	for (i = 0; i < COUNT(texts); i++)
		if (strcmp(name, texts[i].name) == 0)
			*text_at(state, texts[i].offset) = value;
	for (i = 0; i < COUNT(numbers); i++)
		if (strcmp(name, numbers[i].name) == 0)
			*number_at(state, numbers[i].offset) =
				strtoll(value, NULL, 10);
	parse_list(state, name, value);
}

/* daemon_state_parse - read all lines */
void daemon_state_parse(struct daemon_state *state, char *text)
{
	char *rest = NULL, *line;
	size_t i;

	memset(state, 0, sizeof(*state));
	for (i = 0; i < COUNT(texts); i++)
		*text_at(state, texts[i].offset) = "";
	for (line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *value = strchr(line, '=');

		if (value == NULL)
			continue;
		*value++ = '\0';
		parse_line(state, line, value);
	}
}

/* daemon_state_clear - free what was allocated */
void daemon_state_clear(struct daemon_state *state)
{
	watched_files_clear(&state->files);
	free(state->listeners);
	state->listeners = NULL;
	state->listener_count = 0;
}

/* daemon_state_changed - compare with the file as it is now. A file that this
 * user may not look at has not changed as far as they can say. */
bool daemon_state_changed(const char *path, const struct watched_state *loaded)
{
	struct watched_state now;
	struct stat status;

	if (stat(path, &status) < 0 && errno != ENOENT)
		return false;
	watched_state_read(&now, path);
	return !watched_state_is(&now, loaded);
}
