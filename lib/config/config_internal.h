/* SPDX-License-Identifier: ISC */
#ifndef LIB_CONFIG_CONFIG_INTERNAL_H
#define LIB_CONFIG_CONFIG_INTERNAL_H

#include "lib/config/config.h"
#include "lib/config/config_messages.h"
#include "lib/config/config_options.h"
#include "lib/table/table.h"

/* The steps from settings to struct config, each in a file of its own. All add
 * their errors and warnings to notes; unserved is that of struct
 * config_load_options. */

/* ---- config_import.c: the parameters of Postfix */

/* config_import - process import_postfix: give each parameter, mynetworks and
 * relay_clientcerts the value of that Postfix unless the file sets it; fill
 * config's import_postfix, main_cf, queue_directory and mail_version; and watch
 * main.cf if table_refresh requires it. To be called before defaults are given.
 * 0 or -1. */
int config_import(struct config *config, struct config_notes *notes);

/* ---- config_process.c: the options of the whole process */

/* config_process - from completed settings: user, group, pid_file, log,
 * log_verdicts, threads, limits, allow_open_relay, capture, shadow. */
void config_process(struct config *config, struct config_notes *notes);

/* ---- config_watch.c: the files that a configuration is made from */

/* Each file that a configuration is made from is passed to these functions
 * before it is read. It is added to the list for table_refresh, and checked by
 * lib/base/trust.h, with a warning if others could change it. name and line are
 * those of the option. */

/* config_watch_file - watch one file. 0, or -1 when table_refresh is in use and
 * there are too many files, or the path is not absolute. */
int config_watch_file(struct config *config, struct config_notes *notes,
		      const char *name, int line, const char *path,
		      struct error *error);

/* config_watch_option - watch the file that an option of a section names. Its
 * path, or NULL: the option is empty. */
const char *config_watch_option(struct config *config,
				const struct config_section *section,
				enum config_option option,
				struct config_notes *notes);

/* config_watch_text - watch every file that a list in main.cf syntax names. */
int config_watch_text(struct config *config, struct config_notes *notes,
		      const char *name, int line, const char *text,
		      struct error *error);

/* config_watch_directories - check the directories of the configuration file
 * and of the files that policyd writes; a warning if others could create a file
 * there. */
void config_watch_directories(struct config *config,
			      struct config_notes *notes);

/* ---- config_listeners.c, config_reachable.c */

/* config_listeners - make the listeners from completed settings, in the order
 * of the file. If the configuration will not be served, none is made, so that
 * no key is read. */
void config_listeners(struct config *config, struct config_notes *notes,
		      bool unserved);

/* config_metrics - make the listener of the metrics section, if there is one,
 * after all others. */
void config_metrics(struct config *config, struct config_notes *notes,
		    bool unserved);

/* config_listeners_clear - free what these functions made. */
void config_listeners_clear(struct config *config);

/* config_listener_same - part of config_listeners(): refuse a listener that
 * cannot be open at the same time as one of the first count. count is its own
 * index, or that of the metrics section, which comes last. name is that of the
 * section. */
void config_listener_same(const struct config *config, size_t count,
			  const struct config_section *section,
			  const char *name, struct config_notes *notes);

/* config_listener_clients - part of config_listeners(): warn of an allow_remote
 * that admits everybody, if other hosts can connect without a certificate. */
void config_listener_clients(const struct listener_options *options,
			     const struct config_gate *gate,
			     const struct config_section *section,
			     struct config_notes *notes);

/* ---- config_stores.c, config_stores_tls.c */

/* config_stores - make the stores from completed settings. If the configuration
 * will not be served, no password and no key is read. */
void config_stores(struct config *config, struct config_notes *notes,
		   bool unserved);

/* config_store_load_tls - the tls section of one, from config_stores.c; its
 * address is known. */
void config_store_load_tls(struct config *config, struct config_store *store,
			   const struct config_section *section, bool unserved,
			   struct config_notes *notes);

/* config_store_clear_tls - free what it made. */
void config_store_clear_tls(struct config_store *store);

/* config_stores_clear - free what it made. */
void config_stores_clear(struct config *config);

/* config_stores_login - a user, and the file with its password, from the
 * options name and file. config_stores_login_clear - free it. */
void config_stores_login(struct config *config, struct config_login *login,
			 const struct config_section *section,
			 enum config_option name, enum config_option file,
			 bool unserved, struct config_notes *notes);
void config_stores_login_clear(struct config_login *login);

/* ---- config_sentinel.c: stores whose primary is found with Sentinel */

/* config_sentinel - make what a store needs to find its primary, if its title
 * is "sentinel:NAME"; otherwise, the options of it must not be set. 1: it is
 * such a store; 0: the title is an address. */
int config_sentinel(struct config *config, struct config_store *store,
		    const struct config_section *section, bool unserved,
		    struct config_notes *notes);

/* config_sentinel_title - does the section have such a title? */
bool config_sentinel_title(const struct config_section *section);

/* config_sentinel_is_remote - is one of them on another host? */
bool config_sentinel_is_remote(const struct config_store *store);

/* config_sentinel_clear - free what it made. */
void config_sentinel_clear(struct config_store *store);

/* ---- config_lists.c: what reads other files */

/* config_lists - make parameters, resolver and services from completed
 * settings, with every table that they name. For table_refresh, each file is
 * noted before it is read. */
void config_lists(struct config *config, struct config_notes *notes,
		  const struct config_load_options *options);

/* ---- config_rates.c, config_rates_values.c, config_rates_used.c */

/* config_rates - make the rates from completed settings, with the tables that
 * they name; the resolver is made already, or NULL after an error. *line is set
 * to that of the option whose tables are read, for their warnings. */
void config_rates(struct config *config, struct config_notes *notes,
		  struct table_loader *loader, bool utf8, int *line);

/* config_rates_values - check the values of the tables of a rate, and set its
 * networks; lenient: bad ones are only warned of. */
void config_rates_values(struct rate *rate, struct config_notes *notes,
			 int line, bool lenient);

/* config_rates_used - warn of rates that count nothing, or not what they seem
 * to; after the services were made. */
void config_rates_used(const struct config *config, struct config_notes *notes);

/* ---- config_services.c */

/* config_services - make the services from completed settings: those of the
 * file in order, then "default". context is for their lists. The caller clears
 * the list in any case. */
void config_services(struct service_list *list,
		     const struct config_settings *settings,
		     const struct restriction_context *context,
		     struct config_notes *notes);

/* config_line_of - the line of the option that text is about: the last one that
 * it begins with ("myorigin: mydomain: reason"), or the one that it mentions
 * first among those from first up to but not including end. 0 when none of them
 * is set. This adds a line to the errors of modules that do not know lines. */
int config_line_of(const struct config_section *section, const char *text,
		   int first, int end);

/* ---- config_safety.c, config_strangers.c, config_wide.c */

/* config_safety - is this configuration safe against strangers? An error if one
 * of them may relay, unless allow_open_relay is set, or if a service depends on
 * lookups that only Postfix can do without leaving them to Postfix. */
void config_safety(const struct config *config, struct config_notes *notes);

/* config_strangers - part of config_safety(): evaluate a set of strangers under
 * every service. A warning if a login without encryption may relay. */
void config_strangers(const struct config *config, struct config_notes *notes);

/* config_wide - part of config_safety(): an error for networks in mynetworks
 * that prefix_is_wide(), and warnings for lists that contain more domains or
 * certificates than anybody has. */
void config_wide(const struct config *config, struct config_notes *notes);

/* config_foreign - a domain that nobody has and that is not in our lists; any
 * domain, if the lists contain every domain. Static. */
const char *config_foreign(const struct resolver *resolver);

/* CONFIG_FINGERPRINTS - certificates that nobody has, one of each size that
 * relay_clientcerts allows. */
#define CONFIG_FINGERPRINTS 3
extern const char *const config_fingerprints[CONFIG_FINGERPRINTS];

/* ---- config_expect.c */

/* config_expect - evaluate the request of every expect section; a different
 * verdict is an error. If a table could not be read, which a lenient load
 * permits, an expectation that depends on it is deferred and only causes a
 * warning. */
void config_expect(const struct config *config, struct config_notes *notes);

/* ---- config_reach.c, config_match.c, config_overlap.c */

/* config_reach - warn of what never takes effect: a restriction after others
 * that always decide, a repeated word, a service whose requests all belong to
 * earlier services. */
void config_reach(const struct config *config, struct config_notes *notes);

/* Kinds of requests: the sum of these. */
#define CONFIG_OURS	     1 /* the destination is */
#define CONFIG_ENCRYPTED     2
#define CONFIG_LOGIN	     4
#define CONFIG_REQUEST_KINDS 8

/* config_verdict - that of a restriction about a kind of request, if it depends
 * on that alone; otherwise VERDICT_DUNNO. */
enum verdict config_verdict(const struct restriction_use *use, unsigned kind);

/* config_match - the part of it that checks services. */
void config_match(const struct service_list *list, struct config_notes *notes);

/* config_overlap - warn of domains that are in two lists, of which only the
 * first takes effect. Looks up every domain, so it is for -t only. */
void config_overlap(const struct config *config, struct config_notes *notes);

/* ---- config_doubt.c, config_doubt_ports.c, config_doubt_tables.c */

/* config_doubt - warn of values that are accepted, but can hardly be meant: a
 * comment inside a value, an entry of a list that no domain matches, a list
 * that no restriction uses, a login check that comes too late. Looks at every
 * entry, so it is for -t only. */
void config_doubt(const struct config *config, struct config_notes *notes);

/* config_doubt_ports - likewise, of a server_port that no smtpd(8) in the
 * imported master.cf has. Runs postconf(1). */
void config_doubt_ports(const struct config *config,
			struct config_notes *notes);

/* config_doubt_tables - likewise, of tables that are older than the text that
 * postmap(1) makes them from. */
void config_doubt_tables(const struct config *config,
			 struct config_notes *notes);

#endif
