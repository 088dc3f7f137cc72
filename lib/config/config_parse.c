/* SPDX-License-Identifier: ISC */
/* config_parse - let libconfuse read the values of all options
 *
 * The only file that uses libconfuse. Names, places and repetitions are checked
 * first, against the statements that lib/config/config_scan found, so that
 * several errors can be reported at once, each with its line: libconfuse stops
 * at the first. After it has read the text, every option must have exactly as
 * many values as were written, so that nothing can get lost silently.
 *
 * libconfuse keeps its scanner in static memory, aborts on bad defaults and
 * exits when out of memory: call this from one thread, once in a process. */

#include "lib/config/config_file.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/similar.h"
#include "lib/base/xalloc.h"

#define SECTIONS_MAX 1000 /* of each kind */

/* find_kind - the kind of section with that name, or NULL; if there are
 * several, the one that is allowed in that scope */
static const struct config_kind *find_kind(const char *name, unsigned scope)
{
	const struct config_kind *found = NULL;
	size_t i;

	for (i = 0; i < CONFIG_KINDS; i++)
		if (strcmp(config_kinds[i].name, name) == 0 &&
		    (found == NULL || config_kinds[i].parent == scope))
			found = &config_kinds[i];
	return found;
}

/* section_scope - the scope inside a section that is in a scope; 0: no such
 * section */
static unsigned section_scope(const char *name, unsigned scope)
{
	const struct config_kind *kind = find_kind(name, scope);

	return kind != NULL ? kind->scope : 0;
}

/* statement_scope - the scope that a statement is in */
static unsigned statement_scope(const struct config_scan *scan,
				const struct config_statement *statement)
{
	const struct config_statement *around;
	unsigned scope = SCOPE_TOP;

	if (statement->parent == CONFIG_SCAN_TOP)
		return SCOPE_TOP;
	around = &scan->statements[statement->parent];
	if (around->parent != CONFIG_SCAN_TOP)
		scope = section_scope(scan->statements[around->parent].name,
				      SCOPE_TOP);
	return section_scope(around->name, scope);
}

/* check_title - a section must have a title of its own */
static int check_title(const struct config_scan *scan, size_t index,
		       const struct config_kind *kind,
		       struct config_notes *notes)
{
	const struct config_statement *statement = &scan->statements[index];
	char shown[CONFIG_SHOWN];
	size_t count = 0;
	size_t i;

	if (statement->title == NULL)
		return config_error(notes, statement->line,
				    "a %s section "
				    "needs %s: %s \"...\" { }",
				    kind->name, kind->title, kind->name);
	for (i = 0; i < index; i++) {
		const struct config_statement *other = &scan->statements[i];

		if (other->title == NULL ||
		    strcmp(other->name, statement->name) != 0)
			continue;
		if (strcmp(other->title, statement->title) == 0)
			return config_error(
				notes, statement->line,
				"%s %s is already defined at line %d",
				statement->name,
				config_show(shown, statement->title),
				other->line);
		count++;
	}
	if (count >= SECTIONS_MAX)
		return config_error(notes, statement->line,
				    "more than %d %s "
				    "sections",
				    SECTIONS_MAX, statement->name);
	return 0;
}

/* check_untitled - a section without a title may appear once */
static int check_untitled(const struct config_scan *scan, size_t index,
			  struct config_notes *notes)
{
	const struct config_statement *statement = &scan->statements[index];
	size_t i;

	if (statement->title != NULL)
		return config_error(notes, statement->line,
				    "a %s section has no title: %s { }",
				    statement->name, statement->name);
	for (i = 0; i < index; i++)
		if (scan->statements[i].parent == statement->parent &&
		    strcmp(scan->statements[i].name, statement->name) == 0)
			return config_error(notes, statement->line,
					    "%s is already defined at line %d",
					    statement->name,
					    scan->statements[i].line);
	return 0;
}

/* unknown_section - report it, and the one that was probably meant */
static int unknown_section(const struct config_statement *statement,
			   struct config_notes *notes)
{
	char shown[CONFIG_SHOWN], advice[CONFIG_SHOWN];
	struct similar similar;
	size_t i;

	similar_init(&similar, statement->name);
	for (i = 0; i < CONFIG_KINDS; i++)
		similar_try(&similar, config_kinds[i].name);
	return config_error(notes, statement->line,
			    "unknown section %s%s known are listen, metrics, "
			    "service, rate, store and expect",
			    config_show(shown, statement->name),
			    *similar_advice(&similar, advice, sizeof(advice)) !=
					    '\0'
				    ? advice
				    : ";");
}

/* check_section - is this section allowed here? */
static int check_section(const struct config_scan *scan, size_t index,
			 struct config_notes *notes)
{
	const struct config_statement *statement = &scan->statements[index];
	unsigned scope = statement_scope(scan, statement);
	const struct config_kind *kind = find_kind(statement->name, scope);

	if (kind == NULL && config_option_find(statement->name) >= 0)
		return config_error(notes, statement->line,
				    "%s is an option, "
				    "not a section: write %s = ...",
				    statement->name, statement->name);
	if (kind == NULL)
		return unknown_section(statement, notes);
	if (kind->parent == SCOPE_TOP && statement->parent != CONFIG_SCAN_TOP)
		return config_error(notes, statement->line,
				    "a %s section is not allowed inside "
				    "another section",
				    kind->name);
	if (kind->parent != scope)
		return config_error(notes, statement->line,
				    "a %s section is only allowed in a "
				    "listen or store section",
				    kind->name);
	return kind->title != NULL ? check_title(scan, index, kind, notes)
				   : check_untitled(scan, index, notes);
}

/* describe_scopes - where an option is allowed, for a message */
static void describe_scopes(char *buffer, size_t size, unsigned scopes)
{
	static const struct {
		unsigned scopes;
		const char *text;
	} places[] = {
		{ SCOPE_TOP, "at top level" },
		{ SCOPE_SERVICE, "in a service" },
		{ SCOPE_LISTEN | SCOPE_METRICS,
		  "in a listen or metrics section" },
		{ SCOPE_LISTEN, "in a listen section" },
		{ SCOPE_RATE, "in a rate section" },
		{ SCOPE_STORE, "in a store section" },
		{ SCOPE_TLS | SCOPE_STORE_TLS,
		  "in the tls section of a listen or store section" },
		{ SCOPE_TLS, "in the tls section of a listen section" },
		{ SCOPE_STORE_TLS, "in the tls section of a store section" },
		{ SCOPE_EXPECT, "in an expect section" },
	};
	char *end = buffer;

	if ((scopes & SCOPE_LISTEN) != 0)
		scopes |= SCOPE_LISTEN; /* of which kind is said elsewhere */
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if ((scopes & places[i].scopes) != places[i].scopes)
			continue;
		scopes &= ~places[i].scopes;
		end += snprintf(end, size - (size_t)(end - buffer), "%s%s",
				end == buffer ? ""
				: scopes == 0 ? " and "
					      : ", ",
				places[i].text);
	}
}

/* scopes_of - where options with that name are allowed */
static unsigned scopes_of(const char *name)
{
	unsigned scopes = 0;

	for (int i = 0; i < OPTION_COUNT; i++)
		if (strcmp(config_option_name((enum config_option)i), name) ==
		    0)
			scopes |= config_option_scopes((enum config_option)i);
	return scopes;
}

/* unknown_option - report it, and the one that was probably meant: of those
 * that are allowed in the same place */
static int unknown_option(const struct config_statement *statement,
			  unsigned scope, struct config_notes *notes)
{
	char shown[CONFIG_SHOWN], advice[CONFIG_SHOWN];
	struct similar similar;
	int i;

	similar_init(&similar, statement->name);
	for (i = 0; i < OPTION_COUNT; i++)
		if ((config_option_scopes((enum config_option)i) & scope) != 0)
			similar_try(&similar,
				    config_option_name((enum config_option)i));
	return config_error(notes, statement->line, "unknown option %s%s",
			    config_show(shown, statement->name),
			    similar_advice(&similar, advice, sizeof(advice)));
}

/* check_option - is this option allowed here, with that many values? */
static int check_option(const struct config_scan *scan,
			const struct config_statement *statement,
			struct config_notes *notes)
{
	unsigned scope = statement_scope(scan, statement);
	const struct config_kind *kind = find_kind(statement->name, scope);
	int found = config_option_find_in(statement->name, scope);
	enum config_option option = (enum config_option)found;
	unsigned scopes = found < 0 ? 0 : config_option_scopes(option);
	char text[4 * CONFIG_SHOWN];

	/* An option with that name may exist elsewhere. */
	if (kind != NULL && (scopes & scope) == 0)
		return config_error(notes, statement->line,
				    "%s is a section: write %s %s{ }",
				    kind->name, kind->name,
				    kind->title != NULL ? "\"...\" " : "");
	if (found < 0)
		return unknown_option(statement, scope, notes);
	if ((scopes & scope) == 0) {
		describe_scopes(text, sizeof(text), scopes_of(statement->name));
		return config_error(notes, statement->line,
				    "%s can only be "
				    "set %s",
				    statement->name, text);
	}
	if (statement->braces && !config_option_is_list(option))
		return config_error(notes, statement->line,
				    "%s takes one "
				    "value, not a { list }",
				    statement->name);
	return 0;
}

/* check_repeat - was the option set before in the same section? lines holds the
 * line where each was seen */
static void check_repeat(const struct config_scan *scan,
			 const struct config_statement *statement, int *lines,
			 struct config_notes *notes)
{
	int option = config_option_find_in(statement->name,
					   statement_scope(scan, statement));

	if (lines[option] != 0)
		config_error(notes, statement->line,
			     "%s is already set at "
			     "line %d; an option is set once",
			     statement->name, lines[option]);
	else
		lines[option] = statement->line;
}

/* check_statements - every name must be known, allowed here and not repeated */
static int check_statements(const struct config_scan *scan,
			    struct config_notes *notes)
{
	int top[OPTION_COUNT] = { 0 };
	int inner[OPTION_COUNT] = { 0 };
	size_t i;

	for (i = 0; i < scan->count && notes->errors < CONFIG_MESSAGES_MAX;
	     i++) {
		const struct config_statement *statement = &scan->statements[i];

		/* Errors inside a bad section would only repeat its error. */
		if (statement_scope(scan, statement) == 0)
			continue;
		if (statement->section) {
			if (statement->parent == CONFIG_SCAN_TOP)
				memset(inner, 0, sizeof(inner));
			check_section(scan, i, notes);
		} else if (check_option(scan, statement, notes) == 0) {
			check_repeat(scan, statement,
				     statement->parent == CONFIG_SCAN_TOP
					     ? top
					     : inner,
				     notes);
		}
	}
	return notes->errors > 0 ? -1 : 0;
}

/* declare - declare the options of one scope; returns how many */
static int declare(cfg_opt_t *options, unsigned scope)
{
	int count = 0;
	int i;

	for (i = 0; i < OPTION_COUNT; i++) {
		enum config_option option = (enum config_option)i;
		const char *name = config_option_name(option);

		if ((config_option_scopes(option) & scope) == 0)
			continue;
		if (config_option_is_list(option))
			options[count++] = (cfg_opt_t)CFG_STR_LIST(
				name, NULL, CFGF_NODEFAULT);
		else
			options[count++] =
				(cfg_opt_t)CFG_STR(name, NULL, CFGF_NODEFAULT);
	}
	options[count] = (cfg_opt_t)CFG_END();
	return count;
}

/* ignore_error - the caller of libconfuse reports the error */
static void ignore_error(cfg_t *cfg, const char *format, va_list arguments)
{
	(void)cfg;
	(void)format;
	(void)arguments;
}

/* All options, declared to libconfuse, which makes a copy. */
struct declarations {
	cfg_opt_t inside[CONFIG_KINDS][OPTION_COUNT + 2];
	cfg_opt_t top[OPTION_COUNT + CONFIG_KINDS + 1];
};

/* declare_inner - declare a section without a title in another one */
static void declare_inner(struct declarations *all, size_t inner)
{
	for (size_t i = 0; i < CONFIG_KINDS; i++) {
		cfg_opt_t *options = all->inside[i];

		if (config_kinds[i].scope != config_kinds[inner].parent)
			continue;
		while (options->name != NULL)
			options++;
		options[0] =
			(cfg_opt_t)CFG_SEC(config_kinds[inner].name,
					   all->inside[inner], CFGF_NODEFAULT);
		options[1] = (cfg_opt_t)CFG_END();
	}
}

/* declare_all - declare all options, sections included */
static void declare_all(struct declarations *all)
{
	int flags = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
	int count = declare(all->top, SCOPE_TOP);

	for (size_t i = 0; i < CONFIG_KINDS; i++)
		declare(all->inside[i], config_kinds[i].scope);
	for (size_t i = 0; i < CONFIG_KINDS; i++)
		if (config_kinds[i].parent != SCOPE_TOP)
			declare_inner(all, i);
		else
			all->top[count++] = (cfg_opt_t)CFG_SEC(
				config_kinds[i].name, all->inside[i], flags);
	all->top[count] = (cfg_opt_t)CFG_END();
}

/* parser_new - a parser of libconfuse; NULL: it cannot be created. The
 * declarations take a hundred kilobytes, which a stack would never give
 * back. */
static cfg_t *parser_new(void)
{
	struct declarations *all = xcalloc(1, sizeof(*all));
	cfg_t *cfg;

	declare_all(all);
	errno = 0;
	cfg = cfg_init(all->top, CFGF_NONE);
	if (cfg == NULL && errno == ENOMEM)
		xalloc_failed();
	free(all);
	return cfg;
}

/* parse - parse the text into a new cfg_t; NULL when libconfuse refuses it.
 * When out of memory it leaves sections half made, and cfg_free() would
 * crash. */
static cfg_t *parse(const char *text, struct config_notes *notes)
{
	cfg_t *cfg = parser_new();

	if (cfg == NULL) {
		config_error(notes, 0, "libconfuse cannot be started");
		return NULL;
	}
	cfg_set_error_function(cfg, ignore_error);
	errno = 0;
	if (cfg_parse_buf(cfg, text) == CFG_SUCCESS)
		return cfg;
	if (errno == ENOMEM)
		xalloc_failed();
	config_error(notes, cfg->line, "libconfuse cannot read this");
	cfg_free(cfg);
	return NULL;
}

/* copy_values - copy the values of one option, as many as were written */
static int copy_values(struct setting *setting, cfg_t *cfg,
		       const struct config_statement *statement,
		       struct config_notes *notes)
{
	cfg_opt_t *option = cfg_getopt(cfg, statement->name);
	unsigned i;

	if (option == NULL || cfg_opt_size(option) != statement->value_count)
		return config_error(notes, statement->line,
				    "libconfuse does "
				    "not find the values of %s",
				    statement->name);
	for (i = 0; i < cfg_opt_size(option); i++) {
		const char *value = cfg_opt_getnstr(option, i);

		if (value == NULL)
			return config_error(notes, statement->line,
					    "%s has "
					    "no value",
					    statement->name);
		setting_add(setting, value, statement->value_lines[i]);
	}
	setting->set = true;
	setting->line = statement->line;
	return 0;
}

/* Where statements are read from, and copied to. */
struct place {
	struct config_section *section;
	cfg_t *outer; /* the section at top level */
	cfg_t *inner; /* the one in it */
};

/* section_new - add a section of a kind, with libconfuse's values */
static struct config_section *section_new(struct config_settings *settings,
					  cfg_t *cfg, cfg_t **inner,
					  const struct config_statement *of)
{
	size_t *count;
	struct config_section **sections = settings_sections(
		settings, section_scope(of->name, SCOPE_TOP), &count);
	struct config_section *section;

	*inner = cfg_getnsec(cfg, of->name, (unsigned)*count);
	if (*inner == NULL || cfg_title(*inner) == NULL ||
	    strcmp(cfg_title(*inner), of->title) != 0)
		return NULL;
	*sections = xreallocarray(*sections, *count + 1, sizeof(**sections));
	section = &(*sections)[(*count)++];
	memset(section, 0, sizeof(*section));
	section->title = xstrdup(of->title);
	section->line = of->line;
	return section;
}

/* copy_section - the options in a section will be copied to place; 0 or -1 */
static int copy_section(struct config_settings *settings, cfg_t *cfg,
			const struct config_statement *statement,
			struct place *place)
{
	if (statement->parent == CONFIG_SCAN_TOP) {
		place->section =
			section_new(settings, cfg, &place->outer, statement);
		return place->section != NULL ? 0 : -1;
	}
	/* A nested section: its options have names of their own, so they are
	 * kept with those of the outer one. */
	place->inner = cfg_getsec(place->outer, statement->name);
	place->section->tls_line = statement->line;
	return place->inner != NULL ? 0 : -1;
}

/* copy - copy all values, statement by statement */
static int copy(struct config_settings *settings, cfg_t *cfg,
		const struct config_scan *scan, struct config_notes *notes)
{
	struct place place = { &settings->top, cfg, cfg };
	size_t i;

	for (i = 0; i < scan->count; i++) {
		const struct config_statement *statement = &scan->statements[i];
		unsigned scope = statement_scope(scan, statement);
		struct config_section *section = place.section;
		cfg_t *from = place.outer;
		int option;

		if (statement->section) {
			if (copy_section(settings, cfg, statement, &place) < 0)
				return config_error(notes, statement->line,
						    "libconfuse does not find "
						    "this section");
			continue;
		}
		if (scope == SCOPE_TOP) {
			section = &settings->top;
			from = cfg;
		} else if (scope == SCOPE_TLS || scope == SCOPE_STORE_TLS) {
			from = place.inner;
		}
		option = config_option_find_in(statement->name, scope);
		if (copy_values(&section->settings[option], from, statement,
				notes) < 0)
			return -1;
	}
	return 0;
}

/* config_parse - read the values of all options */
int config_parse(struct config_settings *settings, const char *text,
		 const struct config_scan *scan, struct config_notes *notes)
{
	cfg_t *cfg;
	int result;

	memset(settings, 0, sizeof(*settings));
	if (check_statements(scan, notes) < 0)
		return -1;
	cfg = parse(text, notes);
	if (cfg == NULL)
		return -1;
	result = copy(settings, cfg, scan, notes);
	cfg_free(cfg);
	return result;
}
