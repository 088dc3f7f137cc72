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
#include "lib/text/siphash.h"

#define WORDS_MAX   (8 + RATE_CHARGES_MAX * (8 + 2 * RATE_WINDOWS_MAX))
#define NUMBER_SIZE 24
#define NUMBER_ROOM ((size_t)NUMBER_SIZE + 1)
#define ID_SIZE	    5
#define AMOUNT_MAX  (UINT64_C(1) << 53) /* no limit is as large */
#define SCAN_COUNT  "200"

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

/* add_what - behind the keys */
static void add_what(struct words *words, const struct store_settings *settings,
		     const char *word)
{
	add(words, word);
	if (settings->test_tick != NULL)
		add_number(words, *settings->test_tick);
	else
		add(words, "");
}

/* command_two_keys - about two keys that a cluster has in two places ("{1}" is
 * all that it looks at), so that any of its nodes refuses it */
static struct store_command
command_two_keys(const struct store_settings *settings, const char *word)
{
	struct words words;

	words_begin(&words,
		    2 * (strlen(settings->prefix) + 4) + 2 * NUMBER_ROOM);
	add_call(&words, settings, 2);
	add_joined(&words, settings->prefix, "{1}");
	add_joined(&words, settings->prefix, "{2}");
	add_what(&words, settings, word);
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

/* add_limit - "-1": there is none */
static void add_limit(struct words *words, uint64_t number)
{
	if (number == RATE_UNLIMITED)
		add(words, "-1");
	else
		add_number(words, number);
}

/* add_id - of an instance; the same on all hosts */
static void add_id(struct words *words, const char *instance)
{
	static const uint64_t seed[2] = { UINT64_C(0x706f6c6963796420),
					  UINT64_C(0x696e7374616e6365) };
	char *word = words->room + words->used;
	uint64_t hash;

	if (instance[0] == '\0') {
		add(words, "");
		return;
	}
	hash = siphash(seed, instance, strlen(instance));
	for (size_t i = 0; i < ID_SIZE; i++, hash >>= 8)
		word[i] = (char)(hash & 0xff);
	add_bytes(words, word, ID_SIZE);
	words->used += ID_SIZE;
}

/* add_charge - as the script reads it */
static void add_charge(struct words *words, const struct store_rate *rate,
		       const struct rate_charge *charge)
{
	bool networks = rate->shape.unit == RATE_NETWORKS;
	uint64_t amount =
		charge->amount < AMOUNT_MAX ? charge->amount : AMOUNT_MAX;

	add_number(words, (uint64_t)rate->shape.unit);
	add_number(words, networks ? 1 : amount);
	add(words, charge->beyond ? "1" : "0");
	add_number(words, charge->near);
	add_id(words, networks ? "" : charge->instance);
	add(words, networks ? charge->place : "");
	add_number(words, rate->shape.windows);
	for (unsigned i = 0; i < rate->shape.windows; i++) {
		add_number(words, rate->shape.length_s[i]);
		add_limit(words, store_limit(&charge->limits,
					     rate->shape.length_s[i]));
	}
}

/* room_for - the words of all charges */
static size_t room_for(const struct store_settings *settings,
		       const struct store_rate *const rates[],
		       const struct rate_charge charges[], size_t count)
{
	size_t room = 2 * NUMBER_ROOM;

	for (size_t i = 0; i < count; i++)
		room += strlen(settings->prefix) + strlen(rates[i]->name) +
			strlen(charges[i].key) + 2 + ID_SIZE +
			(4 + 2 * RATE_WINDOWS_MAX) * NUMBER_ROOM;
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
	add_what(&words, settings, word);
	for (size_t i = 0; i < count; i++)
		add_charge(&words, rates[i], &charges[i]);
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
	add_what(&words, settings, word);
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
