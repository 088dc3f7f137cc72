/* SPDX-License-Identifier: ISC */
/* config_process - the options of the whole process: its user, the files it
 * writes, its limits */

#include "lib/config/config_internal.h"

#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_assign.h"
#include "lib/config/config_values.h"

#define POSTFIX_MAX_TTL_MS 1000000 /* smtpd_policy_service_max_ttl */
#define THREADS_USUAL	   4

/* check_runner - without root, policyd can only run as the current user; to
 * inspect a configuration, anybody will do */
static int check_runner(const struct config_notes *notes,
			const struct setting *from, bool same,
			struct error *error)
{
	char shown[CONFIG_SHOWN];

	if (geteuid() == 0 || same || notes->inspected)
		return 0;
	return error_set(error,
			 "only root can run policyd as %s; leave it out to "
			 "run as yourself",
			 config_show(shown, setting_text(from)));
}

/* set_runner - without root, the default is the current user */
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

/* add_advice - how to create a missing user, if the name is valid */
static void add_advice(const char *name, struct error *error)
{
	size_t length = strlen(error->text);

	if (*name >= 'a' && *name <= 'z' &&
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] ==
		    '\0')
		snprintf(error->text + length, sizeof(error->text) - length,
			 "; to create it: useradd --system --user-group "
			 "--home-dir /nonexistent --no-create-home --shell "
			 "/usr/sbin/nologin %s",
			 name);
}

/* cannot_run - policyd cannot run as this user or group */
static void cannot_run(struct config_notes *notes, enum config_option option,
		       const struct setting *from, const struct error *error)
{
	config_obstacle(notes, from->line, "%s: %s", config_option_name(option),
			error->text);
}

/* load_user - the user that servers run as */
static void load_user(struct config *config, struct config_notes *notes)
{
	struct setting *from = settings_top(config->settings, OPTION_USER);
	struct error error;
	uid_t uid;

	set_runner(from);
	config->uid = geteuid();
	if (from->line == 0 && geteuid() != 0) {
		config->user = xstrdup(setting_text(from));
		return;
	}
	if (config_value_user(setting_text(from), &uid, &config->user, &error) <
	    0) {
		add_advice(setting_text(from), &error);
		cannot_run(notes, OPTION_USER, from, &error);
	} else if (check_runner(notes, from, uid == geteuid(), &error) < 0)
		cannot_run(notes, OPTION_USER, from, &error);
	else if (uid == 0)
		config_warning(notes, from->line,
			       "user: policyd would keep the privileges of "
			       "root; an unprivileged user is safer");
	else
		config->uid = uid;
}

/* load_group - the default "" is the login group of the user */
static void load_group(struct config *config, struct config_notes *notes)
{
	const struct setting *from =
		settings_top(config->settings, OPTION_GROUP);
	struct error error;
	gid_t gid;

	if (*setting_text(from) == '\0')
		return;
	if (config_value_group(setting_text(from), &gid, &config->group,
			       &error) < 0 ||
	    check_runner(notes, from, gid == getegid(), &error) < 0)
		cannot_run(notes, OPTION_GROUP, from, &error);
}

/* load_log - log */
static void load_log(struct config *config, struct config_notes *notes)
{
	const struct setting *log = settings_top(config->settings, OPTION_LOG);
	char shown[CONFIG_SHOWN];

	config->log = xstrdup(setting_text(log));
	if (strlen(config->log) >= CONFIG_PATH_MAX)
		config_error(notes, log->line, "log: longer than %d bytes",
			     CONFIG_PATH_MAX - 1);
	if (config->log[0] != '/' && strcmp(config->log, "syslog") != 0 &&
	    strcmp(config->log, "stderr") != 0)
		config_error(notes, log->line,
			     "log: %s is neither syslog nor "
			     "stderr nor an absolute path",
			     config_show(shown, config->log));
}

/* load_verdicts - which decisions are logged */
static void load_verdicts(struct config *config, struct config_notes *notes)
{
	const struct setting *from =
		settings_top(config->settings, OPTION_LOG_VERDICTS);
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
				     "dunno, ask, hold",
				     config_show(shown, from->values[i]));
	}
}

/* usual_threads - one for each processor that we may use, up to a small
 * maximum */
static unsigned usual_threads(void)
{
	cpu_set_t processors;
	int count;

	if (sched_getaffinity(0, sizeof(processors), &processors) < 0)
		return 1;
	count = CPU_COUNT(&processors);
	return count < THREADS_USUAL ? (unsigned)count : THREADS_USUAL;
}

/* check_limits - threads by default, and a time that delays mail */
static void check_limits(struct config *config, struct config_notes *notes)
{
	if (config->threads == 0)
		config->threads = usual_threads();
	if (config->limits.idle_ms > 0 &&
	    config->limits.idle_ms < POSTFIX_MAX_TTL_MS)
		config_warning(
			notes,
			settings_top(config->settings, OPTION_IDLE_TIMEOUT)
				->line,
			"idle_timeout: below 1000s policyd may close a "
			"connection before Postfix does, which delays mail");
}

/* check_trial - capture and shadow */
static void check_trial(struct config *config, struct config_notes *notes)
{
	struct stat status;

	if (config->capture != NULL &&
	    (stat(config->capture, &status) < 0 || !S_ISDIR(status.st_mode)))
		config_warning(
			notes,
			settings_top(config->settings, OPTION_CAPTURE)->line,
			"capture: there is no directory %s; nothing is "
			"kept",
			config->capture);
	if (config->shadow != NULL && strcmp(config->shadow, config->path) == 0)
		config_error(
			notes,
			settings_top(config->settings, OPTION_SHADOW)->line,
			"shadow: this is the configuration file itself; name "
			"the next one");
}

/* config_process - process all of them */
void config_process(struct config *config, struct config_notes *notes)
{
	load_user(config, notes);
	load_group(config, notes);
	load_log(config, notes);
	load_verdicts(config, notes);
	config_assign(config, SCOPE_TOP, &config->settings->top, notes);
	check_limits(config, notes);
	check_trial(config, notes);
}
