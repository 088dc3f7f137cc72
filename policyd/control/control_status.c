/* SPDX-License-Identifier: ISC */
/* control_status - the state of the running policyd: the status page in a
 * terminal
 *
 * What is loaded, and since when, comes from its state file, which any user may
 * read; the counters come from the metrics listener, if there is one. */

#include "policyd/control/control.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "lib/base/printable.h"
#include "policyd/control/counters_read.h"
#include "policyd/control/running.h"
#include "policyd/query/figure.h"
#include "policyd/query/json.h"

#define BAD_STATE 1

/* All that is printed. */
struct view {
	const struct daemon_state *state;
	const char *changed; /* a file that is not in effect as it is; or NULL
			      */
	bool counted;
	struct counters_seen counters;
	struct error uncounted;
	int64_t now;
	FILE *output;
};

/* is_fine - nothing needs attention */
static bool is_fine(const struct view *view)
{
	const struct daemon_state *state = view->state;

	return state->server > 0 && state->is_refused == 0 &&
	       state->failed_tables == 0 && view->changed == NULL &&
	       !(view->counted &&
		 view->counters.stores_up < view->counters.stores);
}

/* row - a name, and a value */
__attribute__((format(printf, 3, 4))) static void
row(const struct view *view, const char *name, const char *format, ...)
{
	va_list arguments;

	fprintf(view->output, "%-16s", name);
	va_start(arguments, format);
	vfprintf(view->output, format, arguments);
	va_end(arguments);
	putc('\n', view->output);
}

/* put_loaded - when something was loaded */
static void put_loaded(const struct view *view, const char *name,
		       int64_t loaded)
{
	row(view, name, "loaded at %s, %s ago", figure_time(loaded).text,
	    figure_span(view->now - loaded).text);
}

/* put_problems - what needs attention */
static void put_problems(const struct view *view)
{
	const struct daemon_state *state = view->state;

	if (state->is_refused != 0)
		row(view, "refused", "the last reload, at %s: %s",
		    figure_time(state->refused_when).text, state->reason);
	if (view->changed != NULL)
		row(view, "not in effect", "%s has changed since%s",
		    view->changed,
		    view->changed == state->config || state->refresh_ms == 0
			    ? "; to reload: policyd --reload"
			    : ", and is loaded by itself");
	if (state->failed_tables > 0)
		row(view, "unreadable",
		    "tables: %" PRId64 "; lookups there are deferred: %s",
		    state->failed_tables, state->failed);
}

/* put_stores - whether they answer */
static void put_stores(const struct view *view)
{
	const struct counters_seen *counters = &view->counters;

	if (counters->stores == 1)
		row(view, "store", "%s; decided without it: %" PRIu64,
		    counters->stores_up > 0 ? "up" : "away",
		    counters->fallbacks);
	else if (counters->stores > 1)
		row(view, "stores",
		    "%u of %u up; decided without one: %" PRIu64,
		    counters->stores_up, counters->stores, counters->fallbacks);
}

/* put_counters - decisions, and how long they took */
static void put_counters(const struct view *view)
{
	const struct counters_seen *counters = &view->counters;
	uint64_t all = 0;
	int i;

	if (!view->counted) {
		if (*view->state->metrics != '\0')
			row(view, "counters", "%s", view->uncounted.text);
		return;
	}
	for (i = 0; i < VERDICT_COUNT; i++) {
		all += counters->decisions[i];
		row(view, i == 0 ? "decisions" : "", "%-8s %" PRIu64,
		    verdict_name((enum verdict)i), counters->decisions[i]);
	}
	if (all > 0)
		row(view, "time of one", "%.0f us",
		    counters->seconds / (double)all * 1e6);
	row(view, "malformed", "%" PRIu64, counters->malformed);
	row(view, "connections", "%" PRIu64, counters->connections);
	put_stores(view);
}

/* put_text - all of it */
static void put_text(const struct view *view)
{
	const struct daemon_state *state = view->state;
	size_t i;

	row(view, "policyd", "%s, version %s, process %" PRId64, state->phase,
	    state->version, state->pid);
	row(view, "started", "at %s, %s ago", figure_time(state->started).text,
	    figure_span(view->now - state->started).text);
	row(view, "configuration", "%s", state->config);
	put_loaded(view, "", state->config_loaded);
	row(view, "other files", "%zu", state->files.count);
	put_loaded(view, "", state->loaded);
	row(view, "reloads", "%" PRId64 ", refused %" PRId64, state->reloads,
	    state->refused);
	put_problems(view);
	for (i = 0; i < state->listener_count; i++)
		row(view, i == 0 ? "listening at" : "", "%s",
		    state->listeners[i]);
	if (*state->metrics != '\0')
		row(view, "metrics at", "%s", state->metrics);
	put_counters(view);
}

/* json_counters - null if there are none */
static json_t *json_counters(const struct view *view)
{
	const struct counters_seen *counters = &view->counters;
	json_t *object, *decisions;
	int i;

	if (!view->counted)
		return json_null();
	object = json_object();
	decisions = json_object();
	for (i = 0; i < VERDICT_COUNT; i++)
		json_set(decisions, verdict_name((enum verdict)i),
			 json_integer((json_int_t)counters->decisions[i]));
	json_set(object, "decisions", decisions);
	json_set(object, "seconds", json_real(counters->seconds));
	json_set(object, "malformed",
		 json_integer((json_int_t)counters->malformed));
	json_set(object, "connections",
		 json_integer((json_int_t)counters->connections));
	json_set(object, "store_up",
		 counters->stores == 0 ? json_null()
				       : json_boolean(counters->stores_up ==
						      counters->stores));
	json_set(object, "store_fallbacks",
		 json_integer((json_int_t)counters->fallbacks));
	return object;
}

/* put_json - one object */
static void put_json(const struct view *view)
{
	const struct daemon_state *state = view->state;
	json_t *object = json_object(), *listeners = json_array();
	size_t i;

	for (i = 0; i < state->listener_count; i++)
		json_append(listeners, json_text(state->listeners[i]));
	json_set(object, "fine", json_boolean(is_fine(view)));
	json_set(object, "phase", json_text(state->phase));
	json_set(object, "version", json_text(state->version));
	json_set(object, "pid", json_integer(state->pid));
	json_set(object, "server", json_integer(state->server));
	json_set(object, "started", json_integer(state->started));
	json_set(object, "config", json_text(state->config));
	json_set(object, "config_loaded", json_integer(state->config_loaded));
	json_set(object, "files", json_integer((json_int_t)state->files.count));
	json_set(object, "files_loaded", json_integer(state->loaded));
	json_set(object, "changed", json_text(view->changed));
	json_set(object, "reloads", json_integer(state->reloads));
	json_set(object, "refused", json_integer(state->refused));
	json_set(object, "refusal",
		 json_text(state->is_refused != 0 ? state->reason : NULL));
	json_set(object, "refused_when",
		 state->is_refused != 0 ? json_integer(state->refused_when)
					: json_null());
	json_set(object, "failed_tables", json_integer(state->failed_tables));
	json_set(object, "failed",
		 json_text(state->failed_tables > 0 ? state->failed : NULL));
	json_set(object, "listeners", listeners);
	json_set(object, "metrics",
		 json_text(*state->metrics != '\0' ? state->metrics : NULL));
	json_set(object, "counters", json_counters(view));
	json_print(object, view->output);
}

/* not_running - say so; returns the exit status */
static int not_running(const char *why, bool json)
{
	json_t *object;

	if (json) {
		object = json_object();
		json_set(object, "fine", json_false());
		json_set(object, "phase", json_text("not running"));
		json_set(object, "why", json_text(why));
		json_print(object, stdout);
		return BAD_STATE;
	}
	printable_say(stderr, "%s", why);
	return BAD_STATE;
}

/* control_status - find it, and print */
int control_status(const char *config, bool json)
{
	struct view view = { .now = time(NULL) };
	struct running running;
	struct printable all;
	struct error why;
	int status;

	json_start();
	if (running_find(&running, config, &why) != 1)
		return not_running(why.text, json);
	view.state = &running.state;
	view.changed = running_changed(&running);
	view.counted = *running.state.metrics != '\0' &&
		       counters_read(running.state.metrics, &view.counters,
				     &view.uncounted) == 0;
	printable_open(&all);
	view.output = all.stream;
	if (json)
		put_json(&view);
	else
		put_text(&view);
	printable_close(&all, stdout);
	status = is_fine(&view) ? EX_OK : BAD_STATE;
	running_clear(&running);
	return status;
}
