/* SPDX-License-Identifier: ISC */
/* check_postfix - is Postfix connected to us correctly?
 *
 * postconf(1) prints the contents of main.cf and master.cf. For each smtpd
 * service the restriction lists are read, and uses of policyd are found in
 * them; then functions in the files check_postfix_*.c each look for one kind of
 * mistake. Real requests, made as the user postfix and from inside the chroot,
 * come before that, in check_postfix_try.c, so that the checks themselves are
 * functions of struct check. */

#include "policyd/check/check_postfix.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "lib/base/clock.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/postconf.h"
#include "policyd/check/check_postfix_internal.h"
#include "policyd/check/ports.h"

/* find_use - if this restriction asks a policy server, record it: policyd, or
 * another one */
static void find_use(struct check *check, const struct list *list, size_t at)
{
	const struct postfix_restriction *item = &list->restrictions.items[at];
	struct use use = { .list = list, .at = at };

	if (!check_is_word(item, "check_policy_service"))
		return;
	postfix_policy_parse(&use.policy, item->argument);
	check_use_add(check_use_identify(check, &use) ? &check->uses
						      : &check->others,
		      &use);
}

/* read_lists - the lists of one service */
static void read_lists(struct check *check,
		       const struct postfix_service *service)
{
	int kind;

	for (kind = 0; kind < SMTPD_ALL_LISTS; kind++) {
		struct list *list = &check->lists[check->list_count++];

		list->service = service;
		list->kind = (enum smtpd_list)kind;
		list->name = smtpd_list_name(list->kind);
		smtpd_restrictions_read(&list->restrictions, check->postfix,
					service, list->name);
	}
}

/* check_init - read all lists, and find uses of policyd in them */
void check_init(struct check *check, const struct postfix *postfix,
		const struct config *config)
{
	const struct smtpd_knowledge knowledge = ports_knowledge(config);
	size_t i, at;

	*check = (struct check){ .postfix = postfix, .config = config };
	smtpd_ports_judge(&check->ports, postfix, &knowledge);
	check->lists = xcalloc(postfix->service_count * SMTPD_ALL_LISTS + 1,
			       sizeof(*check->lists));
	for (i = 0; i < postfix->service_count; i++)
		if (strcmp(postfix->services[i].program, "smtpd") == 0)
			read_lists(check, &postfix->services[i]);
	for (i = 0; i < check->list_count; i++)
		for (at = 0; at < check->lists[i].restrictions.count; at++)
			find_use(check, &check->lists[i], at);
	check_find_logins(check);
	check_find_milters(check);
}

/* check_clear - free what the struct holds */
void check_clear(struct check *check)
{
	size_t i;

	for (i = 0; i < check->list_count; i++)
		smtpd_restrictions_clear(&check->lists[i].restrictions);
	check_uses_clear(&check->uses);
	check_uses_clear(&check->others);
	check_uses_clear(&check->logins);
	check_uses_clear(&check->milters);
	for (i = 0; i < check->fix_count; i++)
		check_fix_clear(&check->fixes[i]);
	for (i = 0; i < check->finding_count; i++) {
		free(check->findings[i].file);
		free(check->findings[i].text);
		free(check->findings[i].line);
		free(check->findings[i].advice);
	}
	smtpd_ports_clear(&check->ports);
	free(check->types);
	free(check->lists);
	free(check->fixes);
	free(check->findings);
	*check = (struct check){ 0 };
}

/* check_run_lists - run the checks of where policyd is asked */
void check_run_lists(struct check *check)
{
	check_lists(check);
	check_sockets(check);
	check_others(check);
	check_client(check);
	check_domains(check);
	check_networks(check);
}

/* check_run - run all checks */
void check_run(struct check *check)
{
	check_services(check);
	check_logins(check);
	check_sasl(check);
	check_milters(check);
	check_filters(check);
	check_owners(check);
	check_words(check);
	check_rates(check);
	check_tables(check);
	check_run_lists(check);
	check_fixes(check);
}

/* directory_of - the configuration directory of Postfix; the caller frees it */
static char *directory_of(const struct config *config, struct error *error)
{
	static const char *const names[] = { "config_directory" };
	char *value = NULL;

	if (config->import_postfix != NULL)
		return xstrdup(config->import_postfix);
	if (postconf_values("/etc/postfix", names, 1, &value, error) != 0)
		return NULL;
	return value != NULL ? value : xstrdup("/etc/postfix");
}

/* check_postfix - print all problems between Postfix and policyd */
int check_postfix(const struct config *config, bool json, bool more)
{
	struct error error = { "" };
	struct postfix postfix;
	struct check check;
	char *directory = directory_of(config, &error);
	uint64_t start = clock_ms();
	int status;

	if (directory == NULL ||
	    postfix_read(&postfix, directory, &error) != 0) {
		fprintf(stderr, "policyd: %s\n", error.text);
		free(directory);
		return EX_TEMPFAIL;
	}
	check_init(&check, &postfix, config);
	check.read_ms = clock_ms() - start;
	check_read_types(&check);
	check_try(&check);
	check_run(&check);
	check_trial(&check);
	if (json)
		status = check_print_json(&check, stdout);
	else
		status = check_print(&check, more, stdout);
	check_clear(&check);
	postfix_clear(&postfix);
	free(directory);
	return status;
}
