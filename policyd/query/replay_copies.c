/* SPDX-License-Identifier: ISC */
/* replay_copies - no file is read twice
 *
 * While logs are rotated, there are mail.log.1 and mail.log.1.gz; a shell
 * pattern and a name may mean the same file; and backups are beside what they
 * are a backup of. Lines of a log have a time, so no other log begins like it.
 * Of two, the one that has more is read: a compressed file may not be finished.
 */

#include "policyd/query/replay_copies.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/log_prefix.h"
#include "lib/base/xalloc.h"
#include "policyd/query/log_file.h"

#define HEAD_SIZE 16384

/* A file, and how it begins. */
struct copy {
	char *name;
	struct stat status; /* st_ino 0: it is no file */
	char *head;
	size_t length;
	bool compressed;
	long long content; /* bytes of what is in it; -1: not counted yet */
	bool dropped;
};

/* is_dated - does it begin with a line that has a time? */
static bool is_dated(const char *head)
{
	struct log_prefix prefix;

	log_prefix_read(&prefix, head);
	return *head == '{' || prefix.stamp_length > 0;
}

/* read_head - its first bytes, not compressed; none: it is not a log */
static void read_head(struct copy *copy)
{
	struct log_file file;
	struct error error;
	char *end;

	if (stat(copy->name, &copy->status) < 0 ||
	    !S_ISREG(copy->status.st_mode)) {
		copy->status.st_ino = 0;
		return;
	}
	if (log_file_open(&file, copy->name, 0, &error) < 0)
		return;
	copy->head = xmalloc(HEAD_SIZE + 1);
	copy->length = fread(copy->head, 1, HEAD_SIZE, file.stream);
	copy->compressed = file.pid != 0;
	copy->content = copy->compressed ? -1 : (long long)copy->status.st_size;
	log_file_close(&file, &error);
	copy->head[copy->length] = '\0';
	end = strchr(copy->head, '\n');
	if (end != NULL)
		*end = '\0';
	if (end == NULL || !is_dated(copy->head))
		copy->length = 0;
	if (end != NULL)
		*end = '\n';
}

/* is_same - one file, by two names? */
static bool is_same(const struct copy *one, const struct copy *other)
{
	return one->status.st_ino != 0 &&
	       one->status.st_ino == other->status.st_ino &&
	       one->status.st_dev == other->status.st_dev;
}

/* is_copy - do both begin with the same lines? */
static bool is_copy(const struct copy *one, const struct copy *other)
{
	size_t length =
		one->length < other->length ? one->length : other->length;

	return length > 0 && memcmp(one->head, other->head, length) == 0;
}

/* content - how much is in it, as far as it can be read */
static long long content(struct copy *copy)
{
	char bytes[HEAD_SIZE];
	struct log_file file;
	struct error error;
	size_t length;

	if (copy->content >= 0 ||
	    log_file_open(&file, copy->name, 0, &error) < 0)
		return copy->content;
	copy->content = 0;
	while ((length = fread(bytes, 1, sizeof(bytes), file.stream)) > 0)
		copy->content += (long long)length;
	log_file_close(&file, &error);
	return copy->content;
}

/* is_better - is the other one to be read? If both have the same, the one that
 * is not compressed. */
static bool is_better(struct copy *one, struct copy *other)
{
	long long more = content(other) - content(one);

	return more > 0 || (more == 0 && one->compressed && !other->compressed);
}

/* look - is one of two files to be left out? */
static void look(struct copy *one, struct copy *other)
{
	bool same = is_same(one, other);

	if (one->dropped || other->dropped || (!same && !is_copy(one, other)))
		return;
	if (!same && is_better(one, other)) {
		struct copy *better = other;

		other = one;
		one = better;
	}
	other->dropped = true;
	fprintf(stderr,
		same ? "policyd: %s: is the same file as %s, which is read "
		       "once\n"
		     : "policyd: %s: begins with the same lines as %s, so it "
		       "is a copy, and not read\n",
		other->name, one->name);
}

/* replay_copies - each file with each other one */
int replay_copies(int count, char **files)
{
	struct copy *copies = xcalloc((size_t)count + 1, sizeof(*copies));
	int left = 0;
	int i, k;

	for (i = 0; i < count && count > 1; i++) {
		copies[i].name = files[i];
		read_head(&copies[i]);
		for (k = 0; k < i; k++)
			look(&copies[k], &copies[i]);
	}
	for (i = 0; i < count; i++) {
		if (!copies[i].dropped)
			files[left++] = files[i];
		free(copies[i].head);
	}
	free(copies);
	return left;
}
