/* SPDX-License-Identifier: ISC */
/* fuzz_postconf - any bytes as what postconf(1) prints
 *
 * A main.cf holds what people and programs write, and root reads it before a
 * server is confined: when a configuration loads, in -P and in --init. The
 * input is cut at its NULs into what postconf prints with -n, -M, -P and -x.
 * Nothing that is printed of it can reach a terminal unescaped, and what --init
 * writes is one text that can be scanned. */

#include <string.h>
#include <unistd.h>

#include "lib/base/printable.h"
#include "lib/base/xalloc.h"
#include "lib/config/config.h"
#include "lib/config/config_scan.h"
#include "lib/postfix/postconf.h"
#include "lib/postfix/smtpd_ports.h"
#include "policyd/check/check_postfix_internal.h"
#include "policyd/check/ports.h"
#include "policyd/init/init_internal.h"
#include "t/fuzz/fuzz.h"

#define PARTS 4

static struct config *config;

/* LLVMFuzzerInitialize - the configuration that -P compares with */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	static const char text[] =
		"listen \"unix:/var/spool/postfix/private/policyd\" { }\n"
		"listen \"inet:127.0.0.1:10040\" { }\n"
		"mydestination = \"local.test\"\n"
		"relay_domains = \"relay.test\"\n"
		"mynetworks = \"192.0.2.0/24\"\n"
		"service \"submission\" { server_port = 587 }\n";
	char path[] = "/tmp/fuzz_postconf.XXXXXX";
	struct config_messages messages = { 0 };
	int fd = mkstemp(path);

	(void)count;
	(void)arguments;
	require(write(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	config = config_load(path, &messages);
	unlink(path);
	require(config != NULL);
	config_messages_clear(&messages);
	return 0;
}

/* require_printable - but for newlines and tabs */
static void require_printable(const char *text, size_t length)
{
	while (length > 0) {
		bool kept = *text == '\n' || *text == '\t';
		size_t next = kept ? 1 : printable_length(text, length);

		require(next > 0);
		text += next;
		length -= next;
	}
}

/* check_values - what a configuration imports */
static void check_values(const char *text)
{
	static const char *const names[] = { "mydestination", "myhostname",
					     "mail_version" };
	char *values[3] = { NULL };
	char *copy = xstrdup(text);
	struct error error = { "" };
	size_t i;

	if (postconf_values_parse(copy, names, 3, values, &error) != 0)
		require(values[0] == NULL && *error.text != '\0');
	require_printable(error.text, strlen(error.text));
	for (i = 0; i < 3; i++) {
		require(values[i] == NULL || strchr(values[i], '\n') == NULL);
		free(values[i]);
	}
	free(copy);
}

/* check_each_word - written and read again it is the same */
static void check_each_word(const struct postfix *postfix)
{
	struct smtpd_restrictions list, again = { 0 };
	char *text, *other;

	smtpd_restrictions_read(&list, postfix, NULL,
				"smtpd_relay_restrictions");
	text = smtpd_restrictions_text(&list);
	smtpd_restrictions_parse(&again, text, "x");
	other = smtpd_restrictions_text(&again);
	require(strcmp(text, other) == 0);
	free(other);
	free(text);
	smtpd_restrictions_clear(&again);
	smtpd_restrictions_clear(&list);
}

/* check_findings - policyd -P, as far as it asks nobody */
static void check_findings(const struct postfix *postfix)
{
	struct check check;
	char *text;
	size_t length;
	FILE *output = open_memstream(&text, &length);

	check_init(&check, postfix, config);
	check_run(&check);
	check_print(&check, false, output);
	check_clear(&check);
	fclose(output);
	require_printable(text, length);
	free(text);
}

/* check_ports - what it lets through, with all that is known */
static void check_ports(const struct postfix *postfix)
{
	const struct smtpd_knowledge knowledge = ports_knowledge(config);
	struct smtpd_ports ports;

	smtpd_ports_judge(&ports, postfix, &knowledge);
	smtpd_ports_clear(&ports);
}

/* check_plan - policyd --init, as far as it tries nothing; takes postfix */
static void check_plan(struct postfix *postfix, const char *services)
{
	struct init init = { .path = "/etc/policyd/policyd.conf",
			     .option = "",
			     .postfix_option = "",
			     .postfix = *postfix,
			     .services = xstrdup(services),
			     .server = xstrdup("unix:private/policyd") };
	struct config_scan scan;
	struct error error = { "" };
	char *text;
	int line;

	if (init_plan(&init, &error) == 0) {
		text = init_text(&init);
		/* Made of nonsense it may not load: init_trial() says so. */
		require(config_scan(&scan, text, strlen(text), &line, &error) ==
				0 ||
			*error.text != '\0');
		config_scan_clear(&scan);
		free(text);
	}
	require_printable(error.text, strlen(error.text));
	init_clear(&init);
}

/* cut - into as many parts as there are; the last ones may be empty */
static void cut(char *text, size_t size, const char *parts[PARTS])
{
	size_t at = 0;
	size_t i;

	for (i = 0; i < PARTS; i++) {
		parts[i] = text + at;
		at += strlen(text + at);
		at += at < size;
	}
}

/* LLVMFuzzerTestOneInput - what four runs of postconf print */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct postfix postfix = { .directory = xstrdup("/etc/postfix") };
	char *text = xmalloc(size + 1);
	const char *parts[PARTS];
	struct error error = { "" };

	memcpy(text, data, size);
	text[size] = '\0';
	cut(text, size, parts);
	check_values(parts[3]);
	if (postfix_values_parse(&postfix.main, parts[0], &error) == 0 &&
	    postfix_services_parse(&postfix, parts[1], false, &error) == 0 &&
	    postfix_overrides_parse(&postfix, parts[2], &error) == 0 &&
	    postfix_values_parse(&postfix.effective, parts[3], &error) == 0) {
		check_each_word(&postfix);
		check_findings(&postfix);
		check_ports(&postfix);
		check_plan(&postfix, parts[1]);
	} else {
		require(*error.text != '\0');
		postfix_clear(&postfix);
	}
	require_printable(error.text, strlen(error.text));
	free(text);
	return 0;
}
