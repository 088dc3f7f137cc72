/* SPDX-License-Identifier: ISC */
/* config_rates - make the rates from the rate sections
 *
 * The defaults of some options depend on others: bytes are known when the whole
 * message is there, recipients one by one are known at RCPT only, and a network
 * that a login sends from is larger than one that is a key. */

#include "lib/config/config_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/words.h"
#include "lib/base/xalloc.h"
#include "lib/config/config_assign.h"
#include "lib/decision/reply.h"
#include "lib/rate/rate_table.h"

#define NAME_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

/* The rate that is being made. */
struct maker {
	struct config *config;
	struct config_notes *notes;
	struct table_loader *loader;
	struct config_section *section;
	struct rate *rate;
	int *line;
};

/* Tables that are being read. */
struct reader {
	const struct maker *maker;
	enum config_option option;
	struct rate_maps *maps;
};

/* setting - an option of the section */
static struct setting *setting(const struct maker *maker,
			       enum config_option option)
{
	return &maker->section->settings[option];
}

/* line_of - of an option, or of the section if it is not set */
static int line_of(const struct maker *maker, enum config_option option)
{
	int line = setting(maker, option)->line;

	return line != 0 ? line : maker->section->line;
}

/* replace_default - an option that is not set has another default here */
static void replace_default(const struct maker *maker,
			    enum config_option option, const char *value)
{
	struct setting *from = setting(maker, option);

	if (from->line != 0)
		return;
	setting_clear(from);
	setting_add(from, value, 0);
}

/* make_name - it is part of a file name, and of a word */
static void make_name(struct maker *maker)
{
	const char *name = maker->section->title;
	char shown[CONFIG_SHOWN];

	maker->rate->name = xstrdup(name);
	if (*name == '\0' || strlen(name) > RATE_NAME_MAX ||
	    name[strspn(name, NAME_BYTES)] != '\0')
		config_error(maker->notes, maker->section->line,
			     "the name of a rate must be 1 to %d letters, "
			     "digits, \"_\" or \"-\", not %s",
			     RATE_NAME_MAX, config_show(shown, name));
}

/* has_part - is this part of the key? */
static bool has_part(const struct rate *rate, enum rate_part part)
{
	for (size_t i = 0; i < rate->part_count; i++)
		if (rate->parts[i] == part)
			return true;
	return false;
}

/* make_key - key */
static void make_key(struct maker *maker)
{
	const struct setting *from = setting(maker, OPTION_RATE_KEY);
	struct rate *rate = maker->rate;
	struct error error;
	unsigned long part;

	for (size_t i = 0; i < from->count; i++) {
		if (config_read(OPTION_RATE_KEY, from->values[i], &part,
				&error) < 0)
			config_option_error(maker->notes, OPTION_RATE_KEY,
					    from->lines[i], &error);
		else if (has_part(rate, (enum rate_part)part))
			config_error(maker->notes, from->lines[i],
				     "key: %s is in the list twice",
				     from->values[i]);
		else
			rate->parts[rate->part_count++] = (enum rate_part)part;
	}
}

/* add_table - one type:table */
static int add_table(void *context, const char *word, struct error *error)
{
	struct reader *reader = context;
	struct table_loader *loader = reader->maker->loader;
	struct table *table = table_admit(
		table_new_own(word, reader->maker->rate->utf8, loader, error),
		word, config_option_name(reader->option), false, loader, error);

	if (table == NULL)
		return -1;
	reader->maps->tables =
		xreallocarray(reader->maps->tables, reader->maps->count + 1,
			      sizeof(struct table *));
	reader->maps->tables[reader->maps->count++] = table;
	return 0;
}

/* make_maps - one of the options with tables */
static void make_maps(struct maker *maker, enum config_option option,
		      struct rate_maps *maps)
{
	const struct setting *from = setting(maker, option);
	struct reader reader = { maker, option, maps };
	struct error error;

	for (size_t i = 0; i < from->count; i++) {
		const char *text = from->values[i];

		*maker->line = from->lines[i];
		if (config_watch_text(maker->config, maker->notes,
				      config_option_name(option),
				      from->lines[i], text, &error) < 0 ||
		    words_each_braced(text, WORDS_SEPARATORS, add_table,
				      &reader, &error) < 0)
			config_option_error(maker->notes, option,
					    from->lines[i], &error);
	}
	*maker->line = 0;
}

/* make_limits - limit, which is required */
static void make_limits(struct maker *maker)
{
	const struct setting *from = setting(maker, OPTION_RATE_LIMIT);
	struct rate *rate = maker->rate;
	struct rate_limit limit;
	struct error error;

	if (from->count == 0)
		config_error(maker->notes, line_of(maker, OPTION_RATE_LIMIT),
			     "limit is required: { \"200/1h\", \"1000/1d\" }");
	for (size_t i = 0; i < from->count; i++)
		if (rate_limit_parse(from->values[i], rate_unit_of(rate),
				     &limit, &error) < 0 ||
		    rate_limits_add(&rate->limits, &limit, &error) < 0)
			config_option_error(maker->notes, OPTION_RATE_LIMIT,
					    from->lines[i], &error);
}

/* check_reply - over_reply: does it fit the action? */
static void check_reply(struct maker *maker)
{
	const struct rate *rate = maker->rate;
	const struct setting *from = setting(maker, OPTION_RATE_OVER_REPLY);
	const char *text = rate->over_reply;
	bool rejects = text[0] == '5' || strncasecmp(text, "REJECT", 6) == 0;
	struct error error;

	if (reply_check(text, &error) < 0)
		config_option_error(maker->notes, OPTION_RATE_OVER_REPLY,
				    from->line, &error);
	else if (rate->action != RATE_DEFER && rate->action != RATE_REJECT)
		config_error(maker->notes, from->line,
			     "over_reply: with action = %s nothing is refused; "
			     "leave it out",
			     rate_action_name(rate->action));
	else if (rejects != (rate->action == RATE_REJECT))
		config_error(maker->notes, from->line,
			     "over_reply: it %s, but the action is %s; write "
			     "action = %s, or another reply",
			     rejects ? "rejects" : "defers",
			     rate_action_name(rate->action),
			     rejects ? "reject" : "defer");
}

/* make_reply - over_reply */
static void make_reply(struct maker *maker)
{
	const char *text = setting_text(setting(maker, OPTION_RATE_OVER_REPLY));

	if (*text == '\0')
		return;
	maker->rate->over_reply = xstrdup(text);
	check_reply(maker);
}

/* check_state - can this be counted then? */
static void check_state(struct maker *maker)
{
	const struct rate *rate = maker->rate;
	int line = line_of(maker, OPTION_RATE_STATE);

	if (rate->count == RATE_SIZES && rate->state != RATE_AT_END)
		config_error(maker->notes, line,
			     "state: the size of a message is known at "
			     "END-OF-MESSAGE; leave state out");
	else if ((has_part(rate, RATE_RECIPIENT) ||
		  has_part(rate, RATE_RECIPIENT_DOMAIN)) &&
		 rate->state != RATE_AT_RCPT)
		config_error(maker->notes, line,
			     "state: a recipient is known at RCPT only; leave "
			     "state out, or recipient out of the key");
	if (rate->state == RATE_AT_RCPT && rate->action == RATE_HOLD)
		config_error(maker->notes, line_of(maker, OPTION_RATE_ACTION),
			     "action: hold has no effect at RCPT; count at "
			     "DATA, or choose another action");
}

/* replace_defaults - those that depend on what is counted */
static void replace_defaults(struct maker *maker)
{
	const struct rate *rate = maker->rate;
	const char *count = setting_text(setting(maker, OPTION_RATE_COUNT));

	if (strcmp(count, rate_count_name(RATE_SIZES)) == 0)
		replace_default(maker, OPTION_RATE_STATE, "END-OF-MESSAGE");
	else if (has_part(rate, RATE_RECIPIENT) ||
		 has_part(rate, RATE_RECIPIENT_DOMAIN))
		replace_default(maker, OPTION_RATE_STATE, "RCPT");
	if (strcmp(count, rate_count_name(RATE_CLIENT_NETWORKS)) == 0) {
		replace_default(maker, OPTION_RATE_IPV4_PREFIX, "24");
		replace_default(maker, OPTION_RATE_IPV6_PREFIX, "48");
	}
}

/* check_size - can this machine have so large a file in memory? */
static void check_size(struct maker *maker)
{
	struct rate_shape shape = rate_shape_needed(maker->rate);
	uint64_t size = rate_shape_size(&shape);

	if (size > RATE_FILE_MAX)
		config_error(maker->notes, line_of(maker, OPTION_RATE_KEYS),
			     "keys: the file needs %" PRIu64 " MB, and it can "
			     "have at most %" PRIu64 " MB on this machine; "
			     "lower keys",
			     (size >> 20) + 1, RATE_FILE_MAX >> 20);
}

/* make_places - the names of client networks */
static void make_places(struct maker *maker)
{
	if (maker->rate->count != RATE_CLIENT_NETWORKS &&
	    setting(maker, OPTION_RATE_PLACE_MAPS)->count > 0)
		config_error(maker->notes,
			     line_of(maker, OPTION_RATE_PLACE_MAPS),
			     "place_maps: only with count = client_networks");
	make_maps(maker, OPTION_RATE_PLACE_MAPS, &maker->rate->place_maps);
}

/* make_rate - one section */
static void make_rate(struct maker *maker)
{
	struct rate *rate = maker->rate;

	rate->line = maker->section->line;
	make_name(maker);
	make_key(maker);
	replace_defaults(maker);
	config_assign(rate, SCOPE_RATE, maker->section, maker->notes);
	make_maps(maker, OPTION_RATE_KEY_MAPS, &rate->key_maps);
	make_limits(maker);
	make_maps(maker, OPTION_RATE_LIMIT_MAPS, &rate->limit_maps);
	if (rate->limits.count > 0)
		config_rates_values(rate, maker->notes,
				    line_of(maker, OPTION_RATE_LIMIT_MAPS),
				    maker->loader->lenient);
	check_size(maker);
	make_reply(maker);
	check_state(maker);
	make_places(maker);
}

/* config_rates - make all rates */
void config_rates(struct config *config, struct config_notes *notes,
		  struct table_loader *loader, bool utf8, int *line)
{
	struct config_settings *settings = config->settings;
	struct rate_list *list = &config->rates;

	list->rates = xcalloc(settings->rate_count, sizeof(*list->rates));
	for (size_t i = 0; i < settings->rate_count; i++) {
		struct maker maker = {
			.config = config,
			.notes = notes,
			.loader = loader,
			.section = &settings->rates[i],
			.rate = &list->rates[list->count],
			.line = line,
		};

		maker.rate->index = list->count++;
		maker.rate->resolver = config->resolver;
		maker.rate->utf8 = utf8;
		make_rate(&maker);
	}
}
