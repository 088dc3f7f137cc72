/* SPDX-License-Identifier: ISC */
/* config_watch - the files that a configuration was made from
 *
 * A change to any of them is a change to the configuration. So it matters when
 * they change, and who can change them. */

#include "lib/config/config_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/trust.h"
#include "lib/base/xalloc.h"

/* is_beside - is it a file that does not exist, and was added for the same
 * table as the one before? What can be said of it was said of that one. */
static bool is_beside(const struct watched_file *file,
		      const struct watched_file *before)
{
	static const struct watched_state none;
	const char *dot = strrchr(file->path, '.');
	size_t length = dot != NULL ? (size_t)(dot - file->path) : 0;

	return length > 0 && watched_state_is(&file->state, &none) &&
	       strncmp(file->path, before->path, length) == 0 &&
	       (before->path[length] == '\0' ||
		(before->path[length] == '.' &&
		 strchr(before->path + length, '/') == NULL));
}

/* warn_new - warn of the files that were just added to the list */
static void warn_new(const struct config *config, struct config_notes *notes,
		     const char *name, int line, size_t before)
{
	struct error error;
	size_t i;

	for (i = before; i < config->watched.count; i++) {
		const struct watched_file *file = &config->watched.items[i];

		if ((i == before || !is_beside(file, file - 1)) &&
		    trust_path(file->path, config->uid, &error) < 0)
			config_warning(notes, line,
				       "%s: %s; anyone who can change it "
				       "controls what policyd decides",
				       name, error.text);
	}
}

/* judge - too many files are an error only if table_refresh was asked for */
static int judge(const struct config *config, struct config_notes *notes,
		 const char *name, int line, int result,
		 const struct error *error)
{
	bool set = settings_top(config->settings, OPTION_TABLE_REFRESH)->line >
		   0; /* in the file, not by default */

	if (result == 0 || (set && config->table_refresh_ms > 0))
		return result;
	config_warning(notes, line,
		       "%s: %s: write access to the other files is not "
		       "checked%s",
		       name, error->text,
		       set ? ""
			   : ", and a change of them takes effect after a "
			     "reload");
	return 0;
}

/* config_watch_file - watch one file */
int config_watch_file(struct config *config, struct config_notes *notes,
		      const char *name, int line, const char *path,
		      struct error *error)
{
	size_t before = config->watched.count;
	int result = watched_files_add(&config->watched, path, NULL, error);

	warn_new(config, notes, name, line, before);
	return judge(config, notes, name, line, result, error);
}

/* config_watch_option - the path in an option */
const char *config_watch_option(struct config *config,
				const struct config_section *section,
				enum config_option option,
				struct config_notes *notes)
{
	const struct setting *from = &section->settings[option];
	const char *path = setting_text(from);
	struct error error;

	if (*path == '\0')
		return NULL;
	if (*path != '/')
		error_set(&error, "%.80s is not an absolute path", path);
	else if (config_watch_file(config, notes, config_option_name(option),
				   from->line, path, &error) == 0)
		return path;
	config_option_error(notes, option, from->line, &error);
	return path;
}

/* config_watch_text - watch every file that a list names */
int config_watch_text(struct config *config, struct config_notes *notes,
		      const char *name, int line, const char *text,
		      struct error *error)
{
	size_t before = config->watched.count;
	int result = watched_files_add_text(&config->watched, text, error);

	warn_new(config, notes, name, line, before);
	return judge(config, notes, name, line, result, error);
}

/* watch_directory - check the directory that an option names, or that of its
 * file */
static void watch_directory(struct config *config, struct config_notes *notes,
			    enum config_option option, const char *path)
{
	int line = settings_top(config->settings, option)->line;
	struct error error;

	if (path[0] == '/' && trust_directory(path, config->uid, &error) < 0)
		config_warning(notes, line, "%s: %s: %s",
			       config_option_name(option), path, error.text);
}

/* config_watch_directories - could others create the file first? */
void config_watch_directories(struct config *config, struct config_notes *notes)
{
	struct error error;
	char *ring;

	if (trust_directory(config->path, TRUST_NOBODY, &error) < 0)
		config_warning(notes, 0, "%s", error.text);
	watch_directory(config, notes, OPTION_PID_FILE, config->pid_file);
	watch_directory(config, notes, OPTION_LOG, config->log);
	if (config->capture == NULL)
		return;
	ring = xasprintf("%s/capture.0", config->capture);
	watch_directory(config, notes, OPTION_CAPTURE, ring);
	free(ring);
}
