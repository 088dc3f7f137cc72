/* SPDX-License-Identifier: ISC */
/* test_postfix_read - what each service sees, compared with a run of
 * postconf(1) of its own: with overrides that are plain, refer to others, are
 * referred to, or take part in a default */

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "lib/postfix/postconf.h"
#include "lib/postfix/postfix_settings.h"
#include "t/unit/test.h"

static const char main_cf[] = "compatibility_level = 3.6\n"
			      "myhostname = mail.local.test\n"
			      "mynetworks_style = host\n"
			      "mua = permit_sasl_authenticated, reject\n"
			      "smtpd_sender_restrictions = ${mua}\n"
			      "smtpd_helo_restrictions = "
			      "$smtpd_sender_restrictions\n"
			      "smtpd_client_restrictions = "
			      "${smtpd_helo_required?{$mua}:{permit}}\n";

static const char *const services[] = {
	"smtp inet n - y - - smtpd\n",
	"11 inet n - y - - smtpd -o syslog_name=x\n",
	"12 inet n - y - - smtpd -o smtpd_relay_restrictions=$mua\n",
	"13 inet n - y - - smtpd -o syslog_name=y\n"
	"  -o smtpd_relay_restrictions=$mua\n",
	"14 inet n - y - - smtpd -o mua=reject\n",
	"15 inet n - y - - smtpd -o { mua = reject,  permit }\n"
	"  -o { smtpd_recipient_restrictions = a   b,  c }\n",
	"16 inet n - y - - smtpd -o smtpd_sender_restrictions=permit\n",
	"17 inet n - y - - smtpd -o smtpd_helo_required=yes\n",
	"18 inet n - y - - smtpd -o myhostname=other.test\n",
	"19 inet n - y - - smtpd -o mynetworks_style=subnet\n",
	"20 inet n - y - - smtpd -o inet_protocols=ipv4\n",
	"21 inet n - y - - smtpd -o compatibility_level=0\n",
	"22 inet n - y - - smtpd -o smtpd_tls_cert_file=/a\n",
	"23 inet n - y - - smtpd -o smtpd_tls_cert_file=/a -o mua=x\n",
	"24 inet n - y - - smtpd -o mynetworks=10.0.0.0/8\n",
	"25 inet n - y - - smtpd -o smtpd_helo_required=yes -o "
	"smtpd_helo_required=no\n",
	"26 inet n - y - - smtpd -o smtpd_sender_restrictions=\n",
	"27 inet n - y - - smtpd -o syslog_name=$myhostname\n",
	"28 inet n - y - - smtpd -o content_filter=x:[127.0.0.1]:1\n",
};

static char directory[] = "/tmp/test_postfix_read.XXXXXX";

/* put - write a file of the configuration directory */
static void put(const char *name, const char *const texts[], int count)
{
	char *path = xasprintf("%s/%s", directory, name);
	FILE *file = fopen(path, "w");
	int i;

	ck_assert_ptr_nonnull(file);
	for (i = 0; i < count; i++)
		ck_assert_int_ge(fputs(texts[i], file), 0);
	ck_assert_int_eq(fclose(file), 0);
	/* Postfix waits until a file has not changed for a while. */
	run_shell("touch -d '1 hour ago' %s", path);
	free(path);
}

/* compare - one service, with all of its overrides in a run of its own */
static void compare(const struct postfix *postfix,
		    const struct postfix_service *service)
{
	const struct postfix_values *overrides = &service->overrides;
	char **settings = xcalloc(overrides->count + 1, sizeof(*settings));
	struct postfix_values wanted = { 0 };
	struct error error = { "" };
	char *text;
	size_t i;

	for (i = 0; i < overrides->count; i++)
		settings[i] = xasprintf("%s=%s", overrides->list[i].name,
					overrides->list[i].value);
	ck_assert_int_eq(postconf_effective(directory,
					    (const char *const *)settings,
					    overrides->count, &text, &error),
			 0);
	ck_assert_int_eq(postfix_values_parse(&wanted, text, &error), 0);
	ck_assert_int_gt((int)wanted.count, 100);
	for (i = 0; i < wanted.count; i++) {
		const char *name = wanted.list[i].name;

		/* To what smtpd(8) does not use nobody looks here; each
		 * postconf(1) has its own process_id. */
		if (strcmp(name, "process_id") != 0 &&
		    strncmp(name, "proxy_", 6) != 0 &&
		    strncmp(name, "postscreen_", 11) != 0 &&
		    strncmp(name, "tlsproxy_", 9) != 0 &&
		    strncmp(name, "lmtp_", 5) != 0)
			ck_assert_msg(
				strcmp(postfix_get(postfix, service, name),
				       wanted.list[i].value) == 0,
				"%s of %s is \"%s\", not \"%s\"", name,
				service->name,
				postfix_get(postfix, service, name),
				wanted.list[i].value);
	}
	for (i = 0; i < overrides->count; i++)
		free(settings[i]);
	free(settings);
	free(text);
	postfix_values_clear(&wanted);
}

START_TEST(sees_what_postconf_says)
{
	const char *const texts[] = { main_cf };
	struct error error = { "" };
	struct postfix postfix;
	size_t i;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	put("main.cf", texts, 1);
	put("master.cf", services, COUNT(services));
	ck_assert_msg(postfix_read(&postfix, directory, &error) == 0, "%s",
		      error.text);
	ck_assert_int_eq((int)postfix.service_count, COUNT(services));
	for (i = 0; i < postfix.service_count; i++)
		compare(&postfix, &postfix.services[i]);
	postfix_clear(&postfix);
	run_shell("rm -r %s", directory);
}
END_TEST

/* Services whose syslog_name has their own name in it, which postconf(1) does
 * not know, and that name. */
static const struct {
	const char *line, *syslog_name;
} named[] = {
	{ "submission inet n - y - - smtpd\n"
	  "  -o syslog_name=postfix/$service_name\n",
	  "postfix/submission" },
	{ "127.0.0.1:465 inet n - y - - smtpd\n"
	  "  -o syslog_name=${service_name}.$(service_name)x$myhostname\n",
	  "127.0.0.1:465.127.0.0.1:465xmail.local.test" },
	{ "smtps inet n - y - - smtpd\n"
	  "  -o syslog_name=p/$service_names\n",
	  "p/" },
};

START_TEST(knows_its_own_name)
{
	const char *const texts[] = { main_cf };
	const char *lines[COUNT(named)];
	struct error error = { "" };
	struct postfix postfix;
	size_t i;

	for (i = 0; i < COUNT(named); i++)
		lines[i] = named[i].line;
	ck_assert_ptr_nonnull(mkdtemp(directory));
	put("main.cf", texts, 1);
	put("master.cf", lines, COUNT(named));
	ck_assert_msg(postfix_read(&postfix, directory, &error) == 0, "%s",
		      error.text);
	for (i = 0; i < COUNT(named); i++)
		ck_assert_str_eq(postfix_get(&postfix, &postfix.services[i],
					     "syslog_name"),
				 named[i].syslog_name);
	postfix_clear(&postfix);
	run_shell("rm -r %s", directory);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("postfix_read");

	tcase_add_test(tests, sees_what_postconf_says);
	tcase_add_test(tests, knows_its_own_name);
	return run_tests("postfix_read", tests);
}
