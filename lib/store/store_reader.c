/* SPDX-License-Identifier: ISC */
/* store_reader - the answers of the store, in bounded memory
 *
 * hiredis parses; the values that it finds are put one behind the other into
 * room of a fixed size. An answer that does not fit was not asked for. hiredis
 * keeps what has no end yet; that has a limit, too. */

#include "lib/store/store_internal.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"

#define ERROR_SHOWN 200 /* bytes of an error of the store */
#define DEPTH_MAX   7	/* arrays in arrays; hiredis 1.0 has no limit */

struct store_reader {
	redisReader *reader;
	redisReplyObjectFunctions functions;
	struct store_values values;
	size_t unread_max;
	bool emitted; /* the last answer; the next one begins anew */
};

/* add - the next value; NULL: there are too many */
static struct store_value *add(const redisReadTask *task, long long number)
{
	struct store_values *values = task->privdata;
	struct store_value *value;

	if (values->count >= values->max) {
		values->too_much = true;
		return NULL;
	}
	value = &values->value[values->count++];
	value->kind = task->type;
	value->number = number;
	value->text = "";
	value->length = 0;
	return value;
}

/* create_string - a text; an error may be cut */
static void *create_string(const redisReadTask *task, char *text, size_t length)
{
	struct store_values *values = task->privdata;
	struct store_value *value = add(task, 0);

	if (value == NULL)
		return NULL;
	if (task->type == REDIS_REPLY_ERROR && length > ERROR_SHOWN)
		length = ERROR_SHOWN;
	if (length >= values->text_max - values->used) {
		values->too_much = true;
		return NULL;
	}
	memcpy(values->text + values->used, text, length);
	value->text = values->text + values->used;
	value->length = length;
	values->used += length;
	values->text[values->used++] = '\0';
	return value;
}

/* depth - the number of arrays that contain this one */
static int depth(const redisReadTask *task)
{
	int arrays = 0;

	while ((task = task->parent) != NULL)
		arrays++;
	return arrays;
}

/* add_array - its values follow; not if they cannot fit */
static void *add_array(const redisReadTask *task, size_t count)
{
	struct store_values *values = task->privdata;

	if (count >= values->max || depth(task) > DEPTH_MAX)
		values->too_much = true;
	return values->too_much ? NULL : add(task, (long long)count);
}

/* create_array - for hiredis 1.0, and before */
#if HIREDIS_MAJOR >= 1
static void *create_array(const redisReadTask *task, size_t count)
{
	return add_array(task, count);
}

/* create_double, create_bool - of another version of the protocol */
static void *create_double(const redisReadTask *task, double number, char *text,
			   size_t length)
{
	(void)number;
	(void)text;
	(void)length;
	return add(task, 0);
}

static void *create_bool(const redisReadTask *task, int number)
{
	return add(task, number);
}
#else
static void *create_array(const redisReadTask *task, int count)
{
	return add_array(task, (size_t)count);
}
#endif

/* create_integer - a number */
static void *create_integer(const redisReadTask *task, long long number)
{
	return add(task, number);
}

/* create_nil - nothing */
static void *create_nil(const redisReadTask *task)
{
	return add(task, 0);
}

/* free_object - all of them are in one place */
static void free_object(void *object)
{
	(void)object;
}

/* functions - that hiredis calls for each value */
static redisReplyObjectFunctions functions(void)
{
	return (redisReplyObjectFunctions)
	{
		.createString = create_string, .createArray = create_array,
		.createInteger = create_integer, .createNil = create_nil,
#if HIREDIS_MAJOR >= 1
		.createDouble = create_double, .createBool = create_bool,
#endif
		.freeObject = free_object,
	};
}

/* store_reader_new - with that much room */
struct store_reader *store_reader_new(size_t values, size_t text)
{
	struct store_reader *reader = xcalloc(1, sizeof(*reader));

	reader->values.value = xcalloc(values, sizeof(*reader->values.value));
	reader->values.max = values;
	reader->values.text = xmalloc(text);
	reader->values.text_max = text;
	reader->unread_max = STORE_UNREAD_MAX + 2 * text;
	reader->emitted = true;
	reader->functions = functions();
	reader->reader = redisReaderCreateWithFunctions(&reader->functions);
	if (reader->reader != NULL)
		reader->reader->privdata = &reader->values;
	else
		xalloc_failed();
	return reader;
}

/* store_reader_free - NULL is allowed */
void store_reader_free(struct store_reader *reader)
{
	if (reader == NULL)
		return;
	redisReaderFree(reader->reader);
	free(reader->values.value);
	free(reader->values.text);
	free(reader);
}

/* store_reader_feed - and no more than hiredis has to keep */
int store_reader_feed(struct store_reader *reader, const char *bytes,
		      size_t length)
{
	redisReader *redis = reader->reader;

	if (redis->len - redis->pos + length > reader->unread_max)
		return -1;
	return redisReaderFeed(redis, bytes, length) == REDIS_OK ? 0 : -1;
}

/* store_reader_next - one whole answer */
int store_reader_next(struct store_reader *reader,
		      const struct store_values **values)
{
	void *found = NULL;

	if (reader->emitted) {
		reader->values.count = 0;
		reader->values.used = 0;
		reader->emitted = false;
	}
	if (redisReaderGetReply(reader->reader, &found) != REDIS_OK ||
	    reader->values.too_much)
		return -1;
	if (found == NULL)
		return 0;
	reader->emitted = true;
	*values = &reader->values;
	return 1;
}
