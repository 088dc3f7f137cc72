/* SPDX-License-Identifier: ISC */
/* log_file - open a log, as it is found on a host
 *
 * The log of yesterday is compressed, and there may be none but the journal.
 * The programs of the host are used for both; their output is read from a pipe,
 * so that a log of any size needs no memory. */

#include "policyd/query/log_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/subprocess.h"
#include "lib/base/xalloc.h"

#define HEAD_SIZE    6
#define JOURNAL_LINE 160 /* bytes of a line of the journal, about */

/* How compressed files begin, and the programs that read them. */
static const struct {
	const char *head;
	size_t length;
	const char *argv[4];
	int warns; /* exit status that is not a failure */
} formats[] = {
	{ "\x1f\x8b", 2, { "gzip", "-dc", NULL }, 2 },
	{ "\xfd"
	  "7zXZ",
	  5,
	  { "xz", "-dc", NULL },
	  2 },
	{ "\x28\xb5\x2f\xfd", 4, { "zstd", "-dcq", NULL }, 0 },
	{ "BZh", 3, { "bzip2", "-dc", NULL }, 0 },
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

/* read_from - what a program writes */
static int read_from(struct log_file *file, const char *const argv[], int input,
		     struct error *error)
{
	int fd = subprocess_open(argv, input, &file->pid, error);

	file->program = argv[0];
	file->size = 0;
	if (input >= 0 && file->stream != NULL)
		fclose(file->stream);
	file->stream = fd >= 0 ? fdopen(fd, "r") : NULL;
	return file->stream != NULL ? 0 : -1;
}

/* decompress - if it begins like a compressed file */
static int decompress(struct log_file *file, struct error *error)
{
	char head[HEAD_SIZE];
	int fd = fileno(file->stream);
	ssize_t length = pread(fd, head, sizeof(head), 0);
	size_t i;

	for (i = 0; i < FORMATS; i++)
		if (length >= (ssize_t)formats[i].length &&
		    memcmp(head, formats[i].head, formats[i].length) == 0)
			return read_from(file, formats[i].argv, fd, error);
	return 0;
}

/* open_journal - what mail programs logged, and policyd; the last lines */
static int open_journal(struct log_file *file, long long tail,
			struct error *error)
{
	char lines[32] = "--lines=all";
	const char *const argv[] = { "journalctl",
				     "-q",
				     "--no-pager",
				     "-o",
				     "short-iso",
				     lines,
				     "SYSLOG_FACILITY=2",
				     "+",
				     "SYSLOG_IDENTIFIER=policyd",
				     NULL };

	if (tail > 0) {
		file->lines = (unsigned long)(tail / JOURNAL_LINE);
		snprintf(lines, sizeof(lines), "--lines=%lu", file->lines);
	}
	return read_from(file, argv, -1, error);
}

/* go_to_tail - go to the first whole line of what is wanted */
static void go_to_tail(struct log_file *file, long long bytes)
{
	int byte;

	if (bytes == 0 || file->pid != 0 || file->size <= bytes ||
	    fseeko(file->stream, (off_t)(file->size - bytes), SEEK_SET) < 0)
		return;
	do
		byte = getc_unlocked(file->stream);
	while (byte != '\n' && byte != EOF);
	file->cut = true;
}

/* log_file_open - a file, a pipe or the journal, but not a directory */
int log_file_open(struct log_file *file, const char *name, long long tail,
		  struct error *error)
{
	struct stat status;

	*file = (struct log_file){ .name = name, .written = time(NULL) };
	if (strcmp(name, LOG_FILE_JOURNAL) == 0)
		return open_journal(file, tail, error);
	file->stream = strcmp(name, "-") == 0 ? fdopen(dup(STDIN_FILENO), "r")
					      : fopen(name, "re");
	if (file->stream == NULL)
		return error_set(error, "%s: %s", name, strerror(errno));
	if (fstat(fileno(file->stream), &status) == 0 &&
	    S_ISDIR(status.st_mode)) {
		fclose(file->stream);
		return error_set(error, "%s: is a directory", name);
	}
	if (!S_ISREG(status.st_mode))
		return 0;
	file->size = (long long)status.st_size;
	file->written = status.st_mtime;
	if (decompress(file, error) < 0)
		return -1;
	go_to_tail(file, tail);
	return 0;
}

/* is_warning - an exit status that says: all was read, but ... */
static bool is_warning(const struct log_file *file, int status)
{
	size_t i;

	for (i = 0; i < FORMATS; i++)
		if (strcmp(file->program, formats[i].argv[0]) == 0)
			return status == formats[i].warns;
	return false;
}

/* log_file_close - and learn how its program ended */
int log_file_close(struct log_file *file, struct error *error)
{
	int result =
		ferror(file->stream)
			? error_set(error, "%s: cannot be read", file->name)
			: 0;
	int status;

	fclose(file->stream);
	if (file->pid == 0)
		return result;
	status = subprocess_close(file->pid);
	if (status == 127)
		return error_set(error,
				 "%s: it takes %s to read it, which is "
				 "not installed",
				 file->name, file->program);
	if (status != 0 && !is_warning(file, status))
		return error_set(error, "%s: %s could not read all of it",
				 file->name, file->program);
	return result;
}

/* log_file_has_text - a file of a host that has no syslog daemon any more is
 * empty for good */
bool log_file_has_text(const char *name)
{
	char *older = xasprintf("%s.1", name);
	struct stat status;
	bool has = (stat(name, &status) == 0 && status.st_size > 0) ||
		   (access(name, F_OK) == 0 && stat(older, &status) == 0 &&
		    status.st_size > 0);

	free(older);
	return has;
}

/* log_file_has_journal - where a child program is searched */
bool log_file_has_journal(void)
{
	return access("/usr/bin/journalctl", X_OK) == 0 ||
	       access("/bin/journalctl", X_OK) == 0;
}

/* log_file_default - what is meant where nothing is named */
const char *log_file_default(const char *log)
{
	static const char *const files[] = { "/var/log/mail.log",
					     "/var/log/maillog" };
	const char *name = log[0] == '/' ? log : NULL;
	struct stat status;
	size_t i;

	if (fstat(STDIN_FILENO, &status) == 0 && !S_ISCHR(status.st_mode))
		return "-";
	for (i = 0; name == NULL && i < sizeof(files) / sizeof(files[0]); i++)
		if (log_file_has_text(files[i]) ||
		    (access(files[i], F_OK) == 0 && !log_file_has_journal()))
			name = files[i];
	if (name == NULL)
		name = LOG_FILE_JOURNAL;
	fprintf(stderr, "policyd: reading %s\n", name);
	return name;
}
