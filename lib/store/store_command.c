/* SPDX-License-Identifier: ISC */
/* store_command - what is sent to the store
 *
 * hiredis writes a list of words as the protocol has it. Here are the words. */

#include "lib/store/store_internal.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/rate/rate_window.h"
#include "lib/text/siphash.h"

#define WORDS_MAX   (8 + 2 * RATE_CHARGES_MAX)
#define NUMBER_SIZE 24
#define NUMBER_ROOM ((size_t)NUMBER_SIZE + 1)
#define SCAN_COUNT  "200"
#define MS_IN_S	    1000

/* A charge is one word, see store_script.c. Its numbers have the highest byte
 * first. */
#define AMOUNT_SIZE 7
#define LENGTH_SIZE 3
#define ID_SIZE	    5
#define ID_DIGITS   11
#define IDS	    UINT64_C(100000000000) /* 10^ID_DIGITS, less than 2^40 */
#define CHARGE_SIZE                                  \
	(4 + 4 + AMOUNT_SIZE + ID_SIZE + ID_DIGITS + \
	 RATE_WINDOWS_MAX * (LENGTH_SIZE + AMOUNT_SIZE))
#define AMOUNT_MAX  (UINT64_C(1) << 53) /* no limit is as large */
#define UNLIMITED   ((UINT64_C(1) << 56) - 1)
#define FLAG_BEYOND 1
#define FLAG_SHORT  2 /* a single message may be one number, SHORT_S */
#define FLAG_ID	    4 /* there is an instance */
#define SHORT_S	    UINT64_C(300000) /* 31/30 of it are less than 10^7 ticks */
#define SEEN_TICKS  18000	     /* an instance is remembered for longer */

/* The words of one command, and room for those that are made here. */
struct words {
	int count;
	const char *word[WORDS_MAX];
	size_t length[WORDS_MAX];
	char *room;
	size_t used;
};

/* words_begin - with that much room */
static void words_begin(struct words *words, size_t room)
{
	words->count = 0;
	words->room = xmalloc(room);
	words->used = 0;
}

/* add_bytes - the next word, which stays where it is */
static void add_bytes(struct words *words, const char *word, size_t length)
{
	words->word[words->count] = word;
	words->length[words->count++] = length;
}

/* add - the next word */
static void add(struct words *words, const char *word)
{
	add_bytes(words, word, strlen(word));
}

/* add_number - likewise */
static void add_number(struct words *words, uint64_t number)
{
	char *word = words->room + words->used;

	words->used += (size_t)snprintf(word, NUMBER_SIZE, "%" PRIu64, number);
	add_bytes(words, word, strlen(word));
	words->used++;
}

/* add_joined - two texts are the next word */
static void add_joined(struct words *words, const char *first,
		       const char *second)
{
	char *word = words->room + words->used;
	size_t length = (size_t)sprintf(word, "%s%s", first, second);

	add_bytes(words, word, length);
	words->used += length + 1;
}

/* add_key - PREFIX:NAME:KEY */
static void add_key(struct words *words, const struct store_settings *settings,
		    const char *name, const char *key, size_t length)
{
	char *word = words->room + words->used;
	size_t begin = (size_t)sprintf(word, "%s%s:", settings->prefix, name);

	memcpy(word + begin, key, length);
	add_bytes(words, word, begin + length);
	words->used += begin + length;
}

/* words_end - as bytes */
static struct store_command words_end(struct words *words)
{
	struct store_command command = { NULL, 0 };
	long long length;

	length = redisFormatCommandArgv(&command.bytes, words->count,
					words->word, words->length);
	free(words->room);
	if (length < 0)
		xalloc_failed();
	command.length = (size_t)length;
	return command;
}

/* store_settings_init - copy the options */
void store_settings_init(struct store_settings *settings,
			 const struct store_options *options)
{
	const char *username = options->username;
	const char *password = options->password;

	settings->script = store_script();
	store_script_sha(settings->script, settings->sha);
	settings->prefix = xasprintf("%s:", options->prefix);
	settings->username = xstrdup(username != NULL ? username : "");
	settings->password = xstrdup(password != NULL ? password : "");
	settings->timeout_ms = options->timeout_ms;
	settings->tls = options->tls;
	settings->server_name = xstrdup(
		options->server_name != NULL ? options->server_name : "");
	settings->test_tick = options->test_tick;
}

/* store_settings_clear - the password does not stay in memory */
void store_settings_clear(struct store_settings *settings)
{
	explicit_bzero(settings->password, strlen(settings->password));
	free(settings->password);
	free(settings->username);
	free(settings->server_name);
	free(settings->prefix);
	free(settings->script);
}

/* store_command_auth - AUTH [username] password */
struct store_command store_command_auth(const struct store_settings *settings)
{
	struct words words;

	words_begin(&words, 1);
	add(&words, "AUTH");
	if (settings->username[0] != '\0')
		add(&words, settings->username);
	add(&words, settings->password);
	return words_end(&words);
}

/* store_command_load - the script */
struct store_command store_command_load(const struct store_settings *settings)
{
	struct words words;

	words_begin(&words, 1);
	add(&words, "SCRIPT");
	add(&words, "LOAD");
	add(&words, settings->script);
	return words_end(&words);
}

/* add_call - the script, how many keys, and then they follow */
static void add_call(struct words *words, const struct store_settings *settings,
		     size_t keys)
{
	add(words, "EVALSHA");
	add(words, settings->sha);
	add_number(words, keys);
}

/* add_tick - behind everything that belongs to a key; without one, it is the
 * clock of the store */
static void add_tick(struct words *words, const struct store_settings *settings)
{
	if (settings->test_tick != NULL)
		add_number(words, *settings->test_tick);
}

/* command_two_keys - about two keys that a cluster has in two places ("{1}" is
 * all that it looks at), so that any of its nodes refuses it */
static struct store_command
command_two_keys(const struct store_settings *settings, const char *word)
{
	struct words words;

	words_begin(&words, 2 * (strlen(settings->prefix) + 4) + NUMBER_ROOM);
	add_call(&words, settings, 2);
	add_joined(&words, settings->prefix, "{1}");
	add_joined(&words, settings->prefix, "{2}");
	add(&words, word);
	return words_end(&words);
}

/* store_command_probe - it writes, as everything else does */
struct store_command store_command_probe(const struct store_settings *settings)
{
	return command_two_keys(settings, "probe");
}

/* store_command_greet - it does nothing */
struct store_command store_command_greet(const struct store_settings *settings)
{
	return command_two_keys(settings, "greet");
}

/* put - the lowest bytes of a number, the highest of them first */
static char *put(char *to, uint64_t number, size_t bytes)
{
	for (size_t i = bytes; i-- > 0; number >>= 8)
		to[i] = (char)(number & 0xff);
	return to + bytes;
}

/* id_of - an instance, the same on all hosts; "" is never looked for */
static uint64_t id_of(const char *instance)
{
	static const uint64_t seed[2] = { UINT64_C(0x706f6c6963796420),
					  UINT64_C(0x696e7374616e6365) };

	return siphash(seed, instance, strlen(instance)) % IDS;
}

/* longest_of - seconds */
static uint64_t longest_of(const struct rate_shape *shape)
{
	uint64_t longest_s = 0;

	for (unsigned i = 0; i < shape->windows; i++)
		if (shape->length_s[i] > longest_s)
			longest_s = shape->length_s[i];
	return longest_s;
}

/* life_ms - how long a key is kept after it was counted: until its whole part
 * has left the longest window, and its instance may be forgotten */
static uint64_t life_ms(uint64_t longest_s)
{
	uint64_t ticks = longest_s * RATE_PARTS + RATE_TICKS;

	if (ticks < SEEN_TICKS)
		ticks = SEEN_TICKS;
	return (ticks * MS_IN_S + RATE_TICKS - 1) / RATE_TICKS;
}

/* flags_of - for the script */
static unsigned flags_of(const struct store_rate *rate,
			 const struct rate_charge *charge)
{
	unsigned flags = charge->beyond ? FLAG_BEYOND : 0;

	if (longest_of(&rate->shape) <= SHORT_S)
		flags |= FLAG_SHORT;
	if (rate->shape.unit != RATE_NETWORKS && charge->instance[0] != '\0')
		flags |= FLAG_ID;
	return flags;
}

/* put_windows - each has a length, and a limit or UNLIMITED */
static char *put_windows(char *to, const struct rate_shape *shape,
			 const struct rate_limits *limits)
{
	for (unsigned i = 0; i < shape->windows; i++) {
		uint64_t number = store_limit(limits, shape->length_s[i]);

		to = put(to, shape->length_s[i], LENGTH_SIZE);
		to = put(to, number < UNLIMITED ? number : UNLIMITED,
			 AMOUNT_SIZE);
	}
	return to;
}

/* add_charge - one word, as the script reads it */
static void add_charge(struct words *words, const char *what,
		       const struct store_rate *rate,
		       const struct rate_charge *charge)
{
	bool networks = rate->shape.unit == RATE_NETWORKS;
	char *word = words->room + words->used, *to = stpcpy(word, what);
	uint64_t amount = networks ? 1 : charge->amount;
	uint64_t id = id_of(networks ? "" : charge->instance);

	to = put(to, STORE_VALUE + (unsigned)rate->shape.unit, 1);
	to = put(to, flags_of(rate, charge), 1);
	to = put(to, charge->near, 1);
	to = put(to, rate->shape.windows, 1);
	to = put(to, amount < AMOUNT_MAX ? amount : AMOUNT_MAX, AMOUNT_SIZE);
	to = put(to, id, ID_SIZE);
	to = put_windows(to, &rate->shape, &charge->limits);
	to += sprintf(to, "%0*" PRIu64, ID_DIGITS, id);
	if (networks)
		to = stpcpy(to, charge->place);
	else
		to += sprintf(to, "%" PRIu64,
			      life_ms(longest_of(&rate->shape)));
	add_bytes(words, word, (size_t)(to - word));
	words->used += (size_t)(to - word);
}

/* room_for - the words of all charges */
static size_t room_for(const struct store_settings *settings,
		       const struct store_rate *const rates[],
		       const struct rate_charge charges[], size_t count)
{
	size_t room = 2 * NUMBER_ROOM;

	for (size_t i = 0; i < count; i++)
		room += strlen(settings->prefix) + strlen(rates[i]->name) +
			strlen(charges[i].key) + 3 + CHARGE_SIZE +
			(rates[i]->shape.unit == RATE_NETWORKS
				 ? strlen(charges[i].place)
				 : NUMBER_SIZE);
	return room;
}

/* store_command_charges - all of a request */
struct store_command
store_command_charges(const struct store_settings *settings, const char *word,
		      const struct store_rate *const rates[],
		      const struct rate_charge charges[], size_t count)
{
	struct words words;

	words_begin(&words, room_for(settings, rates, charges, count));
	add_call(&words, settings, count);
	for (size_t i = 0; i < count; i++)
		add_key(&words, settings, rates[i]->name, charges[i].key,
			strlen(charges[i].key));
	for (size_t i = 0; i < count; i++)
		add_charge(&words, word, rates[i], &charges[i]);
	add_tick(&words, settings);
	return words_end(&words);
}

/* store_command_key - for the command line */
struct store_command store_command_key(const struct store_settings *settings,
				       const char *word,
				       const struct store_rate *rate,
				       const char *key, size_t key_length,
				       const char *const numbers[],
				       size_t number_count)
{
	struct words words;

	words_begin(&words, 2 * NUMBER_ROOM + strlen(settings->prefix) +
				    strlen(rate->name) + 2 + key_length);
	add_call(&words, settings, 1);
	add_key(&words, settings, rate->name, key, key_length);
	add(&words, word);
	if (settings->test_tick == NULL)
		add(&words, "");
	add_tick(&words, settings);
	for (size_t i = 0; i < number_count; i++)
		add(&words, numbers[i]);
	return words_end(&words);
}

/* add_pattern - all keys of a rate; what has a meaning in a pattern is
 * escaped */
static void add_pattern(struct words *words,
			const struct store_settings *settings, const char *name)
{
	char *word = words->room;
	size_t length = 0;
	const char *const parts[] = { settings->prefix, name };

	for (size_t i = 0; i < 2; i++)
		for (const char *c = parts[i]; *c != '\0'; c++) {
			if (strchr("*?[]\\^-", *c) != NULL)
				word[length++] = '\\';
			word[length++] = *c;
		}
	word[length++] = ':';
	word[length++] = '*';
	add_bytes(words, word, length);
}

/* store_command_scan - some keys */
struct store_command store_command_scan(const struct store_settings *settings,
					const struct store_rate *rate,
					const char *cursor)
{
	struct words words;

	words_begin(&words,
		    2 * (strlen(settings->prefix) + strlen(rate->name)) + 2);
	add(&words, "SCAN");
	add(&words, cursor);
	add(&words, "MATCH");
	add_pattern(&words, settings, rate->name);
	add(&words, "COUNT");
	add(&words, SCAN_COUNT);
	return words_end(&words);
}
