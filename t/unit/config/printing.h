/* SPDX-License-Identifier: ISC */
#ifndef T_UNIT_CONFIG_PRINTING_H
#define T_UNIT_CONFIG_PRINTING_H

#include <errno.h>
#include <sys/wait.h>

#include "t/unit/config/loading.h"

/* What -T prints for a file or a text. */

/* read_fd - to the end; the caller frees it */
static inline char *read_fd(int fd)
{
	char *text = NULL;
	size_t length = 0;
	ssize_t got;

	do {
		text = xreallocarray(text, length + 65536, 1);
		got = read(fd, text + length, 65535);
		ck_assert_int_ge((int)got, 0);
		length += (size_t)got;
	} while (got > 0);
	text[length] = '\0';
	close(fd);
	return text;
}

/* read_path - a whole file */
static inline char *read_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return read_fd(fd);
}

/* strip_comments - of what config_dump() wrote */
static inline void strip_comments(char *text)
{
	char *to = text;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		char *comment = memmem(text, length, "# ", 2);
		size_t kept =
			comment != NULL ? (size_t)(comment - text) : length;

		memmove(to, text, kept);
		to += kept;
		*to++ = '\n';
		text += length + (text[length] == '\n');
	}
	*to = '\0';
}

/* dump_child - load and print, in a process of its own */
static inline _Noreturn void dump_child(const char *path, bool all, int fd)
{
	struct config_messages messages;
	struct config *config = config_load(path, &messages);
	FILE *output = fdopen(fd, "w");

	if (config == NULL) {
		fprintf(output, "%s\n", messages.lines[0]);
		fflush(output);
		_exit(1);
	}
	config_dump(config, all, output);
	fflush(output);
	config_free(config);
	config_messages_clear(&messages);
	/* At _exit() valgrind would look for leaks, and take the parent's
	 * memory, which the copy does not need, for some. */
	execlp("true", "true", (char *)NULL);
	_exit(1);
}

/* dump_path - what -T prints for a file; the caller frees it */
static inline char *dump_path(const char *path, bool all)
{
	int ends[2];
	int status;
	char *text;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(ends[0]);
		dump_child(path, all, ends[1]);
	}
	close(ends[1]);
	text = read_fd(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s", text);
	return text;
}

/* dump_text - likewise for a text */
static inline char *dump_text(const char *text, bool all)
{
	struct file_place place;
	char *dump;

	file_place_make(&place);
	write_file(place.path, text, strlen(text));
	dump = dump_path(place.path, all);
	file_place_remove(&place);
	return dump;
}

#endif
