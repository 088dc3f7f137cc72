/* SPDX-License-Identifier: ISC */
/* fault_allocation - memory that runs out when a test says so
 *
 * Loaded with LD_PRELOAD, so that it meets the allocations of the libraries
 * too. The file named by FAULT_ALLOCATION is a struct control, which the test
 * maps as well: it chooses the process, reads how many allocations there were,
 * and says which of them fails. Those of getpwnam(3) and the like do not:
 * without memory glibc 2.36 itself crashes there. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Read and written by test_allocation.py too. */
struct control {
	uint64_t count;	  /* allocations seen */
	uint64_t fail;	  /* the first that fails; 0: none does */
	uint64_t last;	  /* the last that fails */
	uint64_t failed;  /* how many did */
	char process[32]; /* an argument that only the chosen one has */
};

static struct control *control;
static _Thread_local bool spared;

/* is_chosen - has the process such an argument? */
static bool is_chosen(const char *wanted)
{
	char text[4096];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *word;

	if (fd >= 0)
		close(fd);
	if (length < 0)
		return false;
	text[length] = '\0';
	for (word = text; word < text + length; word += strlen(word) + 1)
		if (strcmp(word, wanted) == 0)
			return true;
	return false;
}

/* start - before main(): find the test's file */
__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("FAULT_ALLOCATION");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED,
		   fd, 0);
	close(fd);
	if (map != MAP_FAILED && is_chosen(((struct control *)map)->process))
		control = map;
}

/* fails - is it this one's turn? */
static bool fails(void)
{
	uint64_t number, fail;

	if (control == NULL || spared)
		return false;
	number = __atomic_add_fetch(&control->count, 1, __ATOMIC_RELAXED);
	fail = __atomic_load_n(&control->fail, __ATOMIC_RELAXED);
	if (fail == 0 || number < fail || number > control->last)
		return false;
	__atomic_add_fetch(&control->failed, 1, __ATOMIC_RELAXED);
	errno = ENOMEM;
	return true;
}

/* real - the function of that name that comes after ours */
static void *real(void **cache, const char *name)
{
	if (*cache == NULL)
		*cache = dlsym(RTLD_NEXT, name);
	if (*cache == NULL)
		abort();
	return *cache;
}

void *malloc(size_t size)
{
	static void *next;
	void *(*function)(size_t);

	*(void **)&function = real(&next, "malloc");
	return fails() ? NULL : function(size);
}

void *calloc(size_t count, size_t size)
{
	static void *next;
	void *(*function)(size_t, size_t);

	*(void **)&function = real(&next, "calloc");
	return fails() ? NULL : function(count, size);
}

void *realloc(void *old, size_t size)
{
	static void *next;
	void *(*function)(void *, size_t);

	*(void **)&function = real(&next, "realloc");
	return fails() ? NULL : function(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	static void *next;
	void *(*function)(void *, size_t, size_t);

	*(void **)&function = real(&next, "reallocarray");
	return fails() ? NULL : function(old, count, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	static void *next;
	void *(*function)(size_t, size_t);

	*(void **)&function = real(&next, "aligned_alloc");
	return fails() ? NULL : function(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
	static void *next;
	int (*function)(void **, size_t, size_t);

	*(void **)&function = real(&next, "posix_memalign");
	return fails() ? ENOMEM : function(block, alignment, size);
}

struct passwd *getpwnam(const char *name)
{
	static void *next;
	struct passwd *(*function)(const char *);
	struct passwd *found;

	*(void **)&function = real(&next, "getpwnam");
	spared = true;
	found = function(name);
	spared = false;
	return found;
}

struct group *getgrnam(const char *name)
{
	static void *next;
	struct group *(*function)(const char *);
	struct group *found;

	*(void **)&function = real(&next, "getgrnam");
	spared = true;
	found = function(name);
	spared = false;
	return found;
}

struct passwd *getpwuid(uid_t number)
{
	static void *next;
	struct passwd *(*function)(uid_t);
	struct passwd *found;

	*(void **)&function = real(&next, "getpwuid");
	spared = true;
	found = function(number);
	spared = false;
	return found;
}
