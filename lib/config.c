/* SPDX-License-Identifier: ISC */
/* config - the configuration file: read, checked, made into what serves
 *
 *	file -> text -> statements -> settings -> struct config
 *	config_file  config_scan   config_parse   config, config_services
 *
 * Settings are the texts that the options are set to, with the lines where
 * they stand; only the last step knows what they mean. It goes through all of
 * them and notes every error, so that an administrator sees them at once.
 *
 * To be called once in a process: libconfuse leaves its scanner in a bad
 * state after some errors, and may exit. That is why a reload is always a new
 * process, which may fail in any way while the old one goes on serving. */

#include "lib/config.h"

#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/config_expect.h"
#include "lib/config_file.h"
#include "lib/config_import.h"
#include "lib/config_listeners.h"
#include "lib/config_messages.h"
#include "lib/config_options.h"
#include "lib/config_reach.h"
#include "lib/config_safety.h"
#include "lib/config_scan.h"
#include "lib/config_services.h"
#include "lib/config_values.h"
#include "lib/xalloc.h"

#define POSTFIX_MAX_TTL_MS 1000000 /* smtpd_policy_service_max_ttl */
#define DAY		   86400ul
#define CAPTURE_FILES_MAX  1000
#define THREADS_MAX	   64
#define THREADS_USUAL	   4

/* setting - one option of the top level */
static struct setting *setting(const struct config *config,
			       enum config_option option)
{
	return &config->settings->top.settings[option];
}

/* option_error - an option has a value that will not do */
static void option_error(struct config_notes *notes, enum config_option option,
			 const struct setting *from, const struct error *error)
{
	config_error(notes, from->line, "%s: %s", config_option_name(option),
		     error->text);
}

/* check_runner - without root, policyd can only run as who it is */
static int check_runner(const struct setting *from, bool same,
			struct error *error)
{
	char shown[CONFIG_SHOWN];

	if (geteuid() == 0 || same)
		return 0;
	return error_set(error,
			 "only root can run policyd as %s; leave it out "
			 "to run as who you are",
			 config_show(shown, setting_text(from)));
}

/* set_runner - without root, the default user is who we are */
static void set_runner(struct setting *from)
{
	const struct passwd *entry;
	char *name;

	if (geteuid() == 0 || from->line != 0)
		return;
	entry = getpwuid(geteuid());
	name = entry != NULL ? xstrdup(entry->pw_name)
			     : xasprintf("%lu", (unsigned long)geteuid());
	setting_clear(from);
	setting_add(from, name, 0);
	free(name);
}

/* add_advice - how to make a user that does not exist, if he can be made */
static void add_advice(const char *name, struct error *error)
{
	size_t length = strlen(error->text);

	if (*name >= 'a' && *name <= 'z' &&
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] ==
		    '\0')
		snprintf(error->text + length, sizeof(error->text) - length,
			 "; to make it: useradd --system --user-group "
			 "--home-dir /nonexistent --no-create-home "
			 "--shell /usr/sbin/nologin %s",
			 name);
}

/* load_user - who the server is to be */
static void load_user(struct config *config, struct config_notes *notes)
{
	struct setting *from = setting(config, OPTION_USER);
	struct error error;
	uid_t uid;

	set_runner(from);
	if (from->line == 0 && geteuid() != 0) {
		config->user = xstrdup(setting_text(from));
		return;
	}
	if (config_value_user(setting_text(from), &uid, &config->user, &error) <
	    0) {
		add_advice(setting_text(from), &error);
		option_error(notes, OPTION_USER, from, &error);
	} else if (check_runner(from, uid == geteuid(), &error) < 0)
		option_error(notes, OPTION_USER, from, &error);
	else if (uid == 0)
		config_warning(notes, from->line,
			       "user: root is never given "
			       "up; a user without privileges is safer");
}

/* load_group - "" is the login group of the user */
static void load_group(struct config *config, struct config_notes *notes)
{
	const struct setting *from = setting(config, OPTION_GROUP);
	struct error error;
	gid_t gid;

	if (*setting_text(from) == '\0')
		return;
	if (config_value_group(setting_text(from), &gid, &config->group,
			       &error) < 0 ||
	    check_runner(from, gid == getegid(), &error) < 0)
		option_error(notes, OPTION_GROUP, from, &error);
}

/* load_paths - pid_file and log */
static void load_paths(struct config *config, struct config_notes *notes)
{
	const struct setting *pid = setting(config, OPTION_PID_FILE);
	const struct setting *log = setting(config, OPTION_LOG);
	char shown[CONFIG_SHOWN];

	config->pid_file = xstrdup(setting_text(pid));
	config->log = xstrdup(setting_text(log));
	if (strlen(config->pid_file) >= CONFIG_PATH_MAX)
		config_error(notes, pid->line, "pid_file: longer than %d bytes",
			     CONFIG_PATH_MAX - 1);
	if (strlen(config->log) >= CONFIG_PATH_MAX)
		config_error(notes, log->line, "log: longer than %d bytes",
			     CONFIG_PATH_MAX - 1);
	if (config->pid_file[0] != '/')
		config_error(notes, pid->line,
			     "pid_file: %s is not an "
			     "absolute path",
			     config_show(shown, config->pid_file));
	if (config->log[0] != '/' && strcmp(config->log, "syslog") != 0 &&
	    strcmp(config->log, "stderr") != 0)
		config_error(notes, log->line,
			     "log: %s is neither syslog nor "
			     "stderr nor an absolute path",
			     config_show(shown, config->log));
}

/* load_verdicts - which decisions get a line */
static void load_verdicts(struct config *config, struct config_notes *notes)
{
	const struct setting *from = setting(config, OPTION_LOG_VERDICTS);
	char shown[CONFIG_SHOWN];
	size_t i;

	for (i = 0; i < from->count; i++) {
		int verdict = verdict_find(from->values[i]);

		if (verdict >= 0)
			config->log_verdicts[verdict] = true;
		else
			config_error(notes, from->lines[i],
				     "log_verdicts: %s "
				     "is not one of permit, reject, defer, "
				     "dunno, ask",
				     config_show(shown, from->values[i]));
	}
}

/* load_time - one of the time limits */
static void load_time(struct config *config, enum config_option option,
		      unsigned long max, unsigned *ms,
		      struct config_notes *notes)
{
	const struct setting *from = setting(config, option);
	struct error error;

	if (config_value_time(setting_text(from), 1, max, ms, &error) < 0)
		option_error(notes, option, from, &error);
	else if (option == OPTION_IDLE_TIMEOUT && *ms < POSTFIX_MAX_TTL_MS)
		config_warning(notes, from->line,
			       "idle_timeout: below 1000s "
			       "policyd may close a connection before Postfix "
			       "does, which delays mail");
}

/* load_count - an option that is a number */
static unsigned load_count(const struct config *config,
			   enum config_option option, unsigned long least,
			   unsigned long most, struct config_notes *notes)
{
	const struct setting *from = setting(config, option);
	unsigned long count = 0;
	struct error error;

	if (config_value_number(setting_text(from), least, most, &count,
				&error) < 0)
		option_error(notes, option, from, &error);
	return (unsigned)count;
}

/* usual_threads - one for each processor that we may use, but not many */
static unsigned usual_threads(void)
{
	cpu_set_t processors;
	int count;

	if (sched_getaffinity(0, sizeof(processors), &processors) < 0)
		return 1;
	count = CPU_COUNT(&processors);
	return count < THREADS_USUAL ? (unsigned)count : THREADS_USUAL;
}

/* load_limits - how long and how many */
static void load_limits(struct config *config, struct config_notes *notes)
{
	struct server_limits *limits = &config->limits;

	limits->max_connections =
		load_count(config, OPTION_MAX_CONNECTIONS, 1, 1000000, notes);
	config->threads =
		load_count(config, OPTION_THREADS, 0, THREADS_MAX, notes);
	if (config->threads == 0)
		config->threads = usual_threads();
	load_time(config, OPTION_REQUEST_TIMEOUT, 3600, &limits->request_ms,
		  notes);
	load_time(config, OPTION_IDLE_TIMEOUT, 7 * DAY, &limits->idle_ms,
		  notes);
	load_time(config, OPTION_REPLY_TIMEOUT, 3600, &limits->reply_ms, notes);
}

/* load_path - an option that is an absolute path, or empty: NULL */
static char *load_path(const struct config *config, enum config_option option,
		       struct config_notes *notes)
{
	const struct setting *from = setting(config, option);
	const char *path = setting_text(from);
	char shown[CONFIG_SHOWN];

	if (*path == '\0')
		return NULL;
	if (*path != '/' || strlen(path) >= CONFIG_PATH_MAX)
		config_error(notes, from->line,
			     "%s: %s is not an absolute path of less than %d "
			     "bytes",
			     config_option_name(option),
			     config_show(shown, path), CONFIG_PATH_MAX);
	return xstrdup(path);
}

/* load_trial - capture and shadow */
static void load_trial(struct config *config, struct config_notes *notes)
{
	struct stat status;

	config->capture = load_path(config, OPTION_CAPTURE, notes);
	config->shadow = load_path(config, OPTION_SHADOW, notes);
	config->capture_files = load_count(config, OPTION_CAPTURE_FILES, 2,
					   CAPTURE_FILES_MAX, notes);
	if (config->capture != NULL &&
	    (stat(config->capture, &status) < 0 || !S_ISDIR(status.st_mode)))
		config_warning(notes, setting(config, OPTION_CAPTURE)->line,
			       "capture: there is no directory %s; nothing is "
			       "kept",
			       config->capture);
	if (config->shadow != NULL && strcmp(config->shadow, config->path) == 0)
		config_error(notes, setting(config, OPTION_SHADOW)->line,
			     "shadow: this is the file itself; name the one "
			     "that is to come");
}

/* load_open_relay - allow_open_relay */
static void load_open_relay(struct config *config, struct config_notes *notes)
{
	const struct setting *from = setting(config, OPTION_ALLOW_OPEN_RELAY);
	struct error error;

	if (config_value_bool(setting_text(from), &config->allow_open_relay,
			      &error) < 0)
		option_error(notes, OPTION_ALLOW_OPEN_RELAY, from, &error);
}

/* load_refresh - table_refresh; before its default is given, since it must be
 * known before any other file is read */
static void load_refresh(struct config *config, struct config_notes *notes)
{
	const struct setting *from = setting(config, OPTION_TABLE_REFRESH);
	struct error error;

	if (from->set &&
	    config_value_time(setting_text(from), 0, DAY,
			      &config->table_refresh_ms, &error) < 0)
		option_error(notes, OPTION_TABLE_REFRESH, from, &error);
}

/* set_parameter - one that is set, or was imported */
static void set_parameter(struct config *config, enum parameter parameter)
{
	const struct setting *from =
		&config->settings->top
			 .settings[OPTION_PARAMETER + (int)parameter];
	char *source;
	char *value;

	if (!from->set)
		return;
	if (from->source != NULL) {
		/* postconf(1) has expanded it already. */
		source = xstrdup(from->source);
		value = config_value_literal(from->values[0]);
	} else {
		source = xasprintf("%s:%d", config->path, from->line);
		value = setting_join(from);
	}
	parameters_set(&config->parameters, parameter, value, source);
	free(source);
	free(value);
}

/* watch_lists - the files that the lists name, before they are read */
static int watch_lists(struct config *config, struct config_notes *notes)
{
	char *networks = setting_join(setting(config, OPTION_MYNETWORKS));
	char *certs = setting_join(setting(config, OPTION_RELAY_CLIENTCERTS));
	char *logins = setting_join(setting(config, OPTION_SENDER_LOGIN_MAPS));
	struct watch_list *list = &config->watched;
	struct error error;
	int result = 0;
	int i;

	if (config->table_refresh_ms == 0)
		goto out;
	for (i = 0; i < PARAMETER_COUNT && result == 0; i++)
		result = watch_list_add_text(
			list,
			parameters_get(&config->parameters, (enum parameter)i),
			&error);
	if (result == 0)
		result = watch_list_add_text(list, networks, &error);
	if (result == 0)
		result = watch_list_add_text(list, certs, &error);
	if (result == 0)
		result = watch_list_add_text(list, logins, &error);
	if (result < 0)
		option_error(notes, OPTION_TABLE_REFRESH,
			     setting(config, OPTION_TABLE_REFRESH), &error);
out:
	free(logins);
	free(certs);
	free(networks);
	return result;
}

/* is_imported - is text about an option whose value we have from Postfix? */
static bool is_imported(const struct config_section *top, const char *text)
{
	char *name = xstrndup(text, strcspn(text, ":"));
	int option = config_option_find(name);

	free(name);
	return option >= 0 && top->settings[option].source != NULL;
}

/* Who is told what reading the tables brings to light. */
struct table_notes {
	const struct config *config;
	struct config_notes *notes;
	const struct config_load_options *options;
};

/* note_table - a warning about a table */
static void note_table(void *context, const char *text)
{
	const struct table_notes *to = context;

	config_warning(to->notes,
		       config_line_of(&to->config->settings->top, text,
				      OPTION_PARAMETER, OPTION_QUESTION),
		       "%s", text);
}

/* note_progress - a table is about to be read */
static void note_progress(void *context, const char *name)
{
	const struct table_notes *to = context;

	if (to->options->progress != NULL)
		to->options->progress(to->options->context, name);
}

/* load_parameters - address resolution */
static void load_parameters(struct config *config, struct config_notes *notes,
			    struct dictionary_loader *loader)
{
	const struct config_section *top = &config->settings->top;
	struct error error = { "" };
	bool imported;
	int i;

	for (i = 0; i < PARAMETER_COUNT; i++)
		set_parameter(config, (enum parameter)i);
	if (parameters_complete(&config->parameters, &error) == 0 &&
	    watch_lists(config, notes) == 0)
		config->resolver =
			resolver_new(&config->parameters, loader, &error);
	if (config->resolver != NULL || *error.text == '\0')
		return;
	imported = is_imported(top, error.text);
	config_error(notes,
		     config_line_of(top, error.text, OPTION_PARAMETER,
				    OPTION_QUESTION),
		     "%s%s%s", error.text, imported ? "; so it is in " : "",
		     imported ? config->main_cf : "");
}

/* load_lists - address resolution and the services, with all their tables */
static void load_lists(struct config *config, struct config_notes *notes,
		       const struct config_load_options *options)
{
	struct table_notes to = { config, notes, options };
	struct dictionary_loader loader = {
		.config_directory = config->import_postfix,
		.lenient = options->lenient,
		.spent_ms = options->tables_ms > 0
				    ? DICTIONARY_TIME_MS - options->tables_ms
				    : 0,
		.note = note_table,
		.progress = note_progress,
		.context = &to,
	};
	struct sender_login *sender_login = NULL;
	struct restriction_context context = {
		.loader = &loader,
		.sender_login = &sender_login,
	};
	struct error error;

	load_parameters(config, notes, &loader);
	context.resolver = config->resolver;
	/* What is wrong with it the resolver has told. */
	if (config->resolver != NULL)
		parameters_get_bool(&config->parameters,
				    PARAMETER_SMTPUTF8_ENABLE, &context.utf8,
				    &error);
	config_services(&config->services, config->settings, &context, notes);
	config->failed_tables = loader.failures;
}

/* load_settings - what the texts mean */
static void load_settings(struct config *config, struct config_notes *notes,
			  const struct config_load_options *options)
{
	bool imported;

	load_refresh(config, notes);
	imported = config_import(config, notes) == 0;
	settings_complete(config->settings);
	load_user(config, notes);
	load_group(config, notes);
	load_paths(config, notes);
	load_verdicts(config, notes);
	load_limits(config, notes);
	load_open_relay(config, notes);
	config_listeners(config, notes, options->unserved);
	config_metrics(config, notes, options->unserved);
	load_trial(config, notes);
	if (!imported)
		return; /* the rest would only miss what is not there */
	load_lists(config, notes, options);
	if (notes->errors > 0)
		return;
	config_safety(config, notes);
	config_expect(config, notes);
	config_reach(config, notes);
	if (options->thorough)
		config_overlap(config, notes);
}

/* is_foreign - is it no policyd.conf at all, by its first word? */
static bool is_foreign(const struct config_scan *scan)
{
	return scan->count > 0 && !scan->statements[0].section &&
	       config_option_find(scan->statements[0].name) < 0;
}

/* load_text - the texts that the options are set to */
static int load_text(struct config *config, struct config_notes *notes)
{
	struct config_scan scan;
	struct error error;
	size_t length;
	int line;
	char *text;
	int result = -1;

	text = config_file_read(config->path, &length, &error);
	if (text == NULL)
		return config_error(notes, 0, "%s", error.text);
	if (config_scan(&scan, text, length, &line, &error) < 0)
		config_error(notes, line, "%s%s", error.text,
			     is_foreign(&scan) ? "; is this a policyd.conf?"
					       : "");
	else
		result = config_parse(config->settings, text, &scan, notes);
	config_scan_clear(&scan);
	free(text);
	return result;
}

/* config_load - strictly */
struct config *config_load(const char *path, struct config_messages *messages)
{
	static const struct config_load_options strict = { .lenient = false };

	return config_load_with(path, &strict, messages);
}

/* config_load_with - the whole way from the file */
struct config *config_load_with(const char *path,
				const struct config_load_options *options,
				struct config_messages *messages)
{
	struct config *config = xcalloc(1, sizeof(*config));
	struct config_notes notes = { .path = path };

	config->path = xstrdup(path);
	config->settings = xcalloc(1, sizeof(*config->settings));
	parameters_init(&config->parameters);
	if (load_text(config, &notes) == 0)
		load_settings(config, &notes, options);
	if (notes.errors > 0) {
		config_free(config);
		config = NULL;
	}
	config_notes_move(&notes, messages);
	return config;
}

/* config_service_text - an option of one value, in effect in a service */
const char *config_service_text(const struct config *config,
				const struct service *service,
				const char *option)
{
	size_t index = (size_t)(service - config->services.services);
	const struct config_settings *settings = config->settings;
	const struct config_section *section =
		index < settings->service_count ? &settings->services[index]
						: &settings->top;
	int found = config_option_find(option);

	return found < 0 ? "" : setting_text(&section->settings[found]);
}

/* config_free - all of it */
void config_free(struct config *config)
{
	if (config == NULL)
		return;
	service_list_clear(&config->services);
	resolver_free(config->resolver);
	parameters_clear(&config->parameters);
	config_listeners_clear(config);
	settings_clear(config->settings);
	free(config->settings);
	watch_list_clear(&config->watched);
	free(config->shadow);
	free(config->capture);
	free(config->mail_version);
	free(config->postfix_sender_login_maps);
	free(config->queue_directory);
	free(config->main_cf);
	free(config->import_postfix);
	free(config->pid_file);
	free(config->group);
	free(config->user);
	free(config->log);
	free(config->path);
	free(config);
}
