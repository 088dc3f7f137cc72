/* SPDX-License-Identifier: ISC */
/* test_config - loading a configuration: what is refused and on which line,
 * what is in effect, and that -T prints what loads to the same again
 *
 * A file is loaded once in a process: each case is a process of its own. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/config/config.h"
#include "lib/config/config_file.h"
#include "lib/config/config_options.h"
#include "lib/config/config_scan.h"
#include "lib/config/config_values.h"
#include "t/unit/test.h"

#define SAMPLE		 TEST_DATA "/../../etc/policyd.conf"
#define FULL		 TEST_DATA "/config/full.conf"
#define HALF_FINGERPRINT "55:3C:99:7A:18:5E:1C:D9:73:DA:B7:98:E6:E7:CC:6C"
#define FINGERPRINT	 HALF_FINGERPRINT ":" HALF_FINGERPRINT

/* A directory of the test, and a file in it. */
struct place {
	char directory[64];
	char path[96];
};

/* place_make - a new directory */
static void place_make(struct place *place)
{
	strcpy(place->directory, "/tmp/test_config.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place->directory));
	snprintf(place->path, sizeof(place->path), "%s/c.conf",
		 place->directory);
}

/* place_remove - with what is in it */
static void place_remove(const struct place *place)
{
	unlink(place->path);
	rmdir(place->path);
	ck_assert_int_eq(rmdir(place->directory), 0);
}

/* write_file - a file that only its owner can write */
static void write_file(const char *path, const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, 0644), 0);
	ck_assert_int_eq((int)write(fd, text, length), (int)length);
	close(fd);
}

/* load_text - load text as a file; messages begin with "FILE" for its name */
static struct config *load_text(const char *text, size_t length,
				struct config_messages *messages)
{
	struct config *config;
	struct place place;
	size_t i;

	place_make(&place);
	write_file(place.path, text, length);
	config = config_load(place.path, messages);
	for (i = 0; i < messages->count; i++) {
		char *line = messages->lines[i];

		ck_assert(strncmp(line, place.path, strlen(place.path)) == 0);
		messages->lines[i] =
			xasprintf("FILE%s", line + strlen(place.path));
		free(line);
	}
	place_remove(&place);
	return config;
}

/* message_has - begins with start, and part follows */
static bool message_has(const char *message, const char *start,
			const char *part)
{
	return strncmp(message, start, strlen(start)) == 0 &&
	       strstr(message + strlen(start), part) != NULL;
}

/* ---- a table that cannot be read, when no server could continue */

START_TEST(test_lenient)
{
	static const char text[] =
		"reply = ok\n"
		"relay_domains = 'a.test, texthash:/nonexistent, /nowhere'\n"
		"service lock { policy_context = lock\n reply = lock }\n";
	struct config_load_options lenient = { .lenient = true };
	struct config_messages messages = { 0 };
	struct config *config;
	struct place place;

	place_make(&place);
	write_file(place.path, text, sizeof(text) - 1);
	config = config_load_with(place.path, &lenient, &messages);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->failed_tables, 2);
	ck_assert_uint_eq(messages.errors, 0);
	ck_assert_uint_ge(messages.count, 2);
	ck_assert_ptr_nonnull(
		strstr(messages.lines[0],
		       ":2: warning: relay_domains: cannot read "
		       "texthash:/nonexistent: No such file or directory; "
		       "lookups in it are deferred"));
	ck_assert_ptr_nonnull(strstr(messages.lines[1], "/nowhere: "));
	config_messages_clear(&messages);
	config_free(config);
	place_remove(&place);
}
END_TEST

/* The lists of services have tables too. */
START_TEST(test_lenient_services)
{
	static const char text[] =
		"import_postfix = \"\"\n"
		"mynetworks = '10.0.0.0/8, texthash:/nonexistent'\n"
		"relay_clientcerts = 'lmdb:nonexistent'\n"
		"restrictions = { permit_mynetworks, permit_tls_clientcerts,\n"
		"\treject }\n";
	struct config_load_options lenient = { .lenient = true };
	struct config_messages messages = { 0 };
	struct config *config;
	struct place place;

	place_make(&place);
	write_file(place.path, text, sizeof(text) - 1);
	config = config_load_with(place.path, &lenient, &messages);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->failed_tables, 2);
	ck_assert_uint_eq(messages.errors, 0);
	ck_assert_uint_ge(messages.count, 2);
	ck_assert_ptr_nonnull(strstr(messages.lines[0],
				     ":2: warning: mynetworks: cannot read "
				     "texthash:/nonexistent: "));
	ck_assert_ptr_nonnull(
		strstr(messages.lines[1],
		       ":3: warning: relay_clientcerts: cannot read "
		       "lmdb:nonexistent: "));
	config_messages_clear(&messages);
	config_free(config);
	place_remove(&place);
}
END_TEST

/* One table for all services and restrictions: read and told once. */
START_TEST(test_lenient_sender_login)
{
	static const char text[] =
		"sender_login_maps = 'texthash:/nonexistent'\n"
		"restrictions = { reject_sender_login_mismatch,\n"
		"\treject_known_sender_login_mismatch, reject }\n"
		"service x { server_port = 25 }\n"
		"service y { server_port = 26 }\n";
	struct config_load_options lenient = { .lenient = true };
	struct config_messages messages = { 0 };
	const struct service *services;
	struct config *config;
	struct place place;

	place_make(&place);
	write_file(place.path, text, sizeof(text) - 1);
	config = config_load_with(place.path, &lenient, &messages);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->failed_tables, 1);
	ck_assert_uint_eq(messages.errors, 0);
	ck_assert_ptr_nonnull(strstr(messages.lines[0],
				     ":1: warning: sender_login_maps: "
				     "cannot read texthash:/nonexistent: "
				     "No such file"));
	services = config->services.services;
	ck_assert_ptr_eq(services[0].restrictions.uses[0].state,
			 services[2].restrictions.uses[1].state);
	config_messages_clear(&messages);
	config_free(config);
	place_remove(&place);
}
END_TEST

/* ---- what is refused */

struct broken {
	const char *text;
	int line;	    /* 0: of the file as a whole */
	const char *reason; /* part of the message */
};

#define STORE_AT(path) "store \"unix:/" path "\" { }\n"
#define STORES_8(path)                                           \
	STORE_AT(path "1")                                       \
	STORE_AT(path "2")                                       \
	STORE_AT(path "3") STORE_AT(path "4") STORE_AT(path "5") \
		STORE_AT(path "6") STORE_AT(path "7") STORE_AT(path "8")

static const struct broken broken[] = {
	/* what lib/config/config_scan finds: one of each kind (its test has
	   more) */
	{ "# 1\n/* 2\n3 */\n\nuser = *\n", 5, "'*' outside quotes" },
	{ "\nservice \"x\" {\nserver_port = 25\n", 2, "never closed" },
	{ "log = stderr\n/* x\n", 2, "never closed" },
	{ "log = \"stderr\n", 1, "not closed" },
	{ "log = \"/x/${HOME}\"\n", 1, "environment" },
	{ "log += stderr\n", 1, "+=" },
	{ "log|x = stderr\n", 1, "\"|\"" },
	{ "include(\"/etc/passwd\")\n", 1, "no include" },
	{ "reject_reply = \"554 a\\0b\"\n", 1, "backslash" },
	{ "reject_reply = \"554 a\\x00b\"\n", 1, "backslash" },
	{ "\xef\xbb\xbflog = stderr\n", 1, "byte order mark" },
	/* names and places */
	{ "# x\nlogg = stderr\n", 2,
	  "unknown option \"logg\"; did you mean log?" },
	{ "LOG = stderr\n", 1, "unknown option \"LOG\"" },
	{ "service a { servr_port = 25 }\n", 1,
	  "unknown option \"servr_port\"; did you mean server_port?" },
	{ "expect 'x' { recipent = a\nverdict = permit }\n", 1,
	  "unknown option \"recipent\"; did you mean recipient?" },
	{ "servce a { }\n", 1,
	  "unknown section \"servce\"; did you mean service?" },
	{ "restrictions = { permit_mynetwork, reject }\n", 1,
	  "unknown word \"permit_mynetwork\"; did you mean "
	  "permit_mynetworks?" },
	{ "\nmydestination = '$mydomian'\n", 2, "did you mean mydomain?" },
	{ "include = \"x\"\n", 1, "unknown option \"include\"" },
	{ "root \"x\" {\n}\n", 1, "unknown section \"root\"" },
	{ "log \"x\" {\n}\n", 1, "log is an option, not a section" },
	{ "listen = \"unix:/x\"\n", 1, "listen is a section" },
	{ "service = x\n", 1, "service is a section" },
	{ "listen {\n}\n", 1, "needs an address" },
	{ "service {\n}\n", 1, "needs a name" },
	{ "service \"a\" {\nservice \"b\" {\n}\n}\n", 2,
	  "is not allowed inside" },
	{ "service \"a\" {\nlisten \"unix:/x\" {\n}\n}\n", 2,
	  "is not allowed inside" },
	{ "mode = \"0660\"\n", 1, "neither enforce nor observe" },
	{ "service a { mode = watch }\n", 1, "neither enforce nor observe" },
	{ "capture = cap\n", 1, "not an absolute path" },
	{ "capture_files = 1\n", 1, "capture_files" },
	{ "\nshadow = next.conf\n", 2, "not an absolute path" },
	{ "expect { }\n", 1, "needs a text that says what is expected" },
	{ "expect 'x' { }\n", 1, "expect \"x\": verdict is not set" },
	{ "expect 'x' { to = a\nverdict = allow }\n", 2,
	  "is not one of permit, reject" },
	{ "expect 'x' { to = a@far.example\nverdict = permit }\n", 1,
	  "expect \"x\": the verdict is reject, not permit: by "
	  "reject_plaintext_session: not encrypted" },
	{ "expect 'x' { tto = a\nverdict = permit }\n", 1,
	  "unknown option \"tto\"" },
	{ "expect 'x' { verdict = permit\nport = 65536 }\n", 2,
	  "port=65536: is not a number from 0 to 65535" },
	{ "expect 'x' { verdict = permit\ntls = '1.4' }\n", 2, "neither none" },
	{ "expect 'x' { verdict = permit\nto = a\nto = b }\n", 3,
	  "already set" },
	{ "expect 'x' { verdict = permit }\nexpect 'x' { verdict = permit }\n",
	  2, "already defined at line 1" },
	{ "verdict = permit\n", 1, "only be set in an expect section" },
	{ "service a { to = a }\n", 1, "only be set in an expect section" },
	{ "expect 'x' { mydestination = a }\n", 1, "only be set at top level" },
	{ "reject_reply = '554 4.7.1 no'\n", 1, "begins with 5" },
	{ "tls {\n}\n", 1, "is only allowed in a listen or store section" },
	{ "service \"a\" {\ntls {\n}\n}\n", 2,
	  "is only allowed in a listen or store section" },
	{ "listen \"inet:[::1]:1\" {\ntls \"x\" {\n}\n}\n", 2,
	  "has no title: tls { }" },
	{ "listen \"inet:[::1]:1\" {\ntls {\n}\ntls {\n}\n}\n", 4,
	  "tls is already defined at line 2" },
	{ "listen \"inet:[::1]:1\" {\ntls {\ntls {\n}\n}\n}\n", 3,
	  "is only allowed in a listen or store section" },
	{ "listen \"inet:[::1]:1\" {\ntls = yes\n}\n", 2,
	  "tls is a section: write tls { }" },
	{ "listen \"inet:[::1]:1\" {\ncertificate = \"/x\"\n}\n", 2,
	  "only be set in the tls section of a listen or store section" },
	{ "certificate = \"/x\"\n", 1,
	  "only be set in the tls section of a listen or store section" },
	{ "listen \"inet:[::1]:1\" {\ntls {\nservername = x\n}\n}\n", 3,
	  "only be set in the tls section of a store section" },
	{ "store \"inet:[::1]:1\" {\ntls {\ncrl = \"/x\"\n}\n}\n", 3,
	  "only be set in the tls section of a listen section" },
	{ "store \"inet:[::1]:1\" {\ntls {\n}\ntls {\n}\n}\n", 4,
	  "tls is already defined at line 2" },
	{ "store \"inet:[::1]:1\" {\nservername = x\n}\n", 2,
	  "only be set in the tls section of a store section" },
	{ "store \"inet:[::1]:1\" {\ntls = yes\n}\n", 2,
	  "tls is a section: write tls { }" },
	{ "listen \"inet:[::1]:1\" {\ntls {\nallow_remote = { }\n}\n}\n", 3,
	  "can only be set in a listen section" },
	{ "listen \"inet:[::1]:1\" {\nallow_remote = { }\ntls {\n}\n"
	  "allow_remote = { }\n}\n",
	  5, "allow_remote is already set at line 2" },
	{ "listen \"inet:[::1]:1\" {\ntls {\nca = \"/x\"\nca = \"/x\"\n"
	  "}\n}\n",
	  4, "ca is already set at line 3" },
	{ "server_port = 25\n", 1, "can only be set in a service" },
	{ "service \"a\" {\nuser = x\n}\n", 2, "can only be set at top level" },
	{ "service \"a\" {\ngroup = x\n}\n", 2,
	  "can only be set at top level and in a listen or metrics section" },
	{ "listen \"unix:/x\" {\nreply = ok\n}\n", 2,
	  "can only be set at top level and in a service" },
	{ "service \"a\" {\nmydestination = x\n}\n", 2,
	  "can only be set at top level" },
	/* repeats */
	{ "log = stderr\n\nlog = syslog\n", 3, "log is already set at line 1" },
	{ "mydestination = {\n\"a\" }\nmydestination = { \"b\" }\n", 3,
	  "already set at line 1" },
	{ "listen \"unix:/x\" {\nmode = \"0600\"\n\nmode = \"0600\"\n}\n", 4,
	  "already set at line 2" },
	{ "service \"a\" {\nserver_port = 1\n}\n\nservice 'a' {\n}\n", 5,
	  "service \"a\" is already defined at line 1" },
	{ "listen \"unix:/x\" {\n}\nlisten \"unix:/x\" {\n}\n", 3,
	  "already defined at line 1" },
	/* one value only */
	{ "log = { stderr }\n", 1, "log takes one value" },
	{ "log = {}\n", 1, "log takes one value" },
	{ "service \"a\" {\nreply = { ok }\n}\n", 2, "reply takes one value" },
	/* the process */
	{ "user = \"no-such-user\"\n", 1,
	  "user \"no-such-user\" does not exist" },
	{ "user = \"\"\n", 1, "user \"\" does not exist" },
	{ "user = \"4000000000\"\n", 1, "does not exist" },
	{ "\ngroup = \"no-such-group\"\n", 2, "does not exist" },
	{ "pid_file = \"policyd.pid\"\n", 1, "not an absolute path" },
	{ "pid_file = \"\"\n", 1, "pid_file: \"\" is not an absolute path" },
	{ "log = \"file\"\n", 1, "neither syslog nor stderr" },
	{ "log = \"\"\n", 1, "neither syslog nor stderr" },
	{ "log_verdicts = {\nreject,\nallow }\n", 3,
	  "\"allow\" is not one of" },
	{ "log_verdicts = \"permit, reject\"\n", 1, "is not one of" },
	{ "log_verdicts = wait\n", 1, "is not one of" },
	{ "allow_open_relay = 1\n", 1, "neither yes nor no" },
	{ "allow_open_relay = \"\"\n", 1, "neither yes nor no" },
	{ "restrictions = { permit }\n", 1, "is an open relay" },
	{ "\nrelay_domains = 'static:x'\n", 2, "is an open relay" },
	/* what only Postfix can look up */
	{ "relay_domains = 'sqlite:/x'\nreply = dunno\n", 0,
	  "service default: reply = dunno cannot be combined with sqlite:/x in "
	  "relay_domains: only Postfix can" },
	{ "mydestination = 'a, pipemap:{hash:/x}'\nservice y {\n"
	  "policy_context = c\nreply = ok\n}\n",
	  2,
	  "service y: reply = ok cannot be combined with pipemap:{hash:/x} in "
	  "mydestination" },
	/* tables that cannot be read */
	{ "\nrelay_domains = 'texthash:/nonexistent'\n", 2,
	  "relay_domains: \"texthash:/nonexistent\": No such file" },
	{ "\nrelay_domains = 'foo:/x'\n", 2, "no table type" },
	{ "mydestination = a\nservice x { server_port = 26\n}\n"
	  "service y { server_port = { 25 }\n restrictions = { permit } }\n",
	  4, "service y is an open relay" },
	{ "\nservice y { policy_context = { c }\n reply = ok\n"
	  "restrictions = { permit_mynetworks, reject } }\n"
	  "mynetworks = \"0.0.0.0/0\"\n",
	  2, "service y is an open relay" },
	/* numbers and times */
	{ "max_connections = 0\n", 1, "out of range" },
	{ "max_connections = 010\n", 1, "begins with 0" },
	{ "max_connections = 0x10\n", 1, "not a decimal number" },
	{ "max_connections = -1\n", 1, "not a decimal number" },
	{ "max_connections = \"+1\"\n", 1, "not a decimal number" },
	{ "max_connections = \" 25\"\n", 1, "not a decimal number" },
	{ "max_connections = \"25 \"\n", 1, "not a decimal number" },
	{ "max_connections = \"\"\n", 1, "\"\" is not a decimal number" },
	{ "max_connections = 4294967297\n", 1, "out of range" },
	{ "max_connections = 99999999999999999999\n", 1, "not a decimal" },
	{ "max_connections = 1e3\n", 1, "not a decimal number" },
	{ "request_timeout = 0\n", 1, "out of range" },
	{ "request_timeout = 2h\n", 1,
	  "out of range; allowed are 1s to 3600s" },
	{ "request_timeout = 10x\n", 1, "not a time" },
	{ "request_timeout = 10ss\n", 1, "not a time" },
	{ "request_timeout = s\n", 1, "not a time" },
	{ "request_timeout = 1.5s\n", 1, "not a time" },
	{ "request_timeout = 010s\n", 1, "begins with 0" },
	{ "request_timeout = -1s\n", 1, "not a time" },
	{ "idle_timeout = 8d\n", 1, "out of range" },
	{ "idle_timeout = 18446744073709551615d\n", 1, "out of range" },
	{ "reply_timeout = 99999999999999999999999999s\n", 1, "not a time" },
	{ "tls_keysize = 0128\n", 1, "begins with 0" },
	{ "tls_keysize = strong\n", 1, "not a decimal number" },
	/* listeners */
	{ "listen \"unix:policyd\" {\n}\n", 1, "/var/spool/postfix" },
	{ "# x\nlisten \"\" {\n}\n", 2, "listen: " },
	{ "listen \"inet:127.0.0.1\" {\n}\n", 1, "1 to 65535" },
	{ "metrics {\n}\n", 1, "needs an address" },
	{ "metrics \"9154\" {\n}\n", 1, "metrics: " },
	{ "metrics \"inet:0.0.0.0:9154\" {\n}\n", 1,
	  "metrics: inet:0.0.0.0:9154 is not a loopback address" },
	{ "\nmetrics \"inet:[2001:db8::1]:9154\" {\n}\n", 2,
	  "is not a loopback address" },
	{ "listen \"inet:[::1]:1\" {\n}\nmetrics \"inet:[::1]:1\" {\n}\n", 3,
	  "is already used at line 1" },
	{ "metrics \"unix:/x\" {\n}\nmetrics \"unix:/y\" {\n}\n", 3,
	  "only one section is allowed; the other is at line 1" },
	{ "metrics \"inet:[::1]:1\" {\nmode = \"0600\"\n}\n", 1,
	  "only for \"unix:\"" },
	{ "metrics \"unix:/x\" {\nmode = \"rw\"\n}\n", 2, "not an octal mode" },
	{ "metrics \"unix:/x\" {\nallow_remote = { }\n}\n", 2,
	  "can only be set in a listen section" },
	{ "store {\n}\n", 1, "needs an address" },
	{ "store \"6379\" {\n}\n", 1, "store: " },
	{ "store \"unix:x\" {\n}\n", 1, "store: " },
	{ "store \"unix:/x\" {\n}\nstore \"unix:/x\" {\n}\n", 3,
	  "is already defined at line 1" },
	{ "store \"inet:127.0.0.1:1\" {\n}\n"
	  "store \"inet:localhost:1\" {\n}\n",
	  3, "store: the same is at line 1" },
	{ "store \"unix:/x\" {\nname = a\n}\n"
	  "store \"unix:/y\" {\nname = a\n}\n",
	  4, "the one at line 1 has the same name" },
	{ "store \"unix:/x\" {\nname = 'a b'\n}\n", 2, "not \"a b\"" },
	{ STORES_8("1") STORES_8("2") "store \"unix:/x\" {\n}\n", 17,
	  "store: at most 16 sections are allowed" },
	{ "store \"unix:/x\" {\nusername = a\n}\n", 2,
	  "password_file is required" },
	{ "store \"unix:/x\" {\nusername = 'a b'\n"
	  "password_file = '/etc/passwd'\n}\n",
	  2, "without spaces" },
	{ "store \"unix:/x\" {\npassword_file = x\n}\n", 2,
	  "x is not an absolute path" },
	{ "store \"unix:/x\" {\npassword_file = '/nonexistent'\n}\n", 2,
	  "password_file: /nonexistent: No such file" },
	{ "store \"unix:/x\" {\npassword_file = '/etc'\n}\n", 2,
	  "password_file: /etc: " },
	{ "store \"unix:/x\" {\npassword_file = '/etc/passwd'\n}\n", 2,
	  "others may use it; chmod 0600 it" },
	{ "store \"unix:/x\" {\nprefix = ''\n}\n", 2, "1 to 32 letters" },
	{ "store \"unix:/x\" {\nprefix = 'a*'\n}\n", 2, "not \"a*\"" },
	{ "store \"unix:/x\" {\ntimeout = 9ms\n}\n", 2,
	  "\"9ms\" is out of range; allowed are 10ms to 10000ms" },
	{ "store \"unix:/x\" {\ntimeout = 11\n}\n", 2, "out of range" },
	{ "store \"unix:/x\" {\ntimeout = ms\n}\n", 2, "not a time" },
	{ "store \"unix:/x\" {\ntimeout = 1000msec\n}\n", 2, "not a time" },
	{ "store \"unix:/x\" {\naway = locally\n}\n", 2,
	  "\"locally\" is not one of local, defer, permit" },
	{ "store \"unix:/x\" {\naway = local\n}\nkeys = 1\n", 4,
	  "in a rate section" },
	{ "prefix = x\n", 1, "in a store section" },
	{ "store \"unix:/x\" {\ntls {\nca = '/x'\n}\n}\n", 2,
	  "tls: only for \"inet:\" addresses" },
	{ "store \"inet:[::1]:1\" {\ntls {\n}\n}\n", 2, "tls: ca is required" },
	{ "store \"inet:[::1]:1\" {\ntls {\nca = x\n}\n}\n", 3,
	  "ca: x is not an absolute path" },
	{ "store \"inet:[::1]:1\" {\ntls {\nca = '/nonexistent'\n}\n}\n", 3,
	  "ca: /nonexistent: No such file" },
	{ "store \"inet:[::1]:1\" {\ntls {\nca = '/etc/passwd'\n}\n}\n", 3,
	  "ca: /etc/passwd: there is no certificate" },
	{ "store \"inet:[::1]:1\" {\ntls {\nca = '/x'\nkey = '/x'\n}\n}\n", 4,
	  "key: it needs certificate" },
	{ "store \"inet:[::1]:1\" {\ntls {\nca = '/x'\n"
	  "servername = 'a b'\n}\n}\n",
	  4, "servername: \"a b\" is neither a host name nor an address" },
	{ "store \"inet:[::1]:1\" {\ntls {\nca = '/x'\n"
	  "servername = '*.example.com'\n}\n}\n",
	  4, "neither a host name nor" },
	{ "store \"sentinel:a\" {\n}\n", 1, "sentinels is required" },
	{ "store \"sentinel:a\" {\nsentinels = 'inet:[::1]:1'\n"
	  "tls {\nca = '/etc/ssl/certs/ca-certificates.crt'\n}\n}\n",
	  3, "servername is required" },
	{ "store \"sentinel:\" {\nsentinels = 'unix:/s'\n}\n", 1,
	  "name of the primary, 1 to 64" },
	{ "store \"sentinel:a b\" {\nsentinels = 'unix:/s'\n}\n", 1,
	  "name of the primary, 1 to 64" },
	{ "store \"sentinel:a\" {\nsentinels = { 'unix:/s',\n's' }\n}\n", 3,
	  "sentinels: " },
	{ "store \"sentinel:a\" {\nsentinels = { 'unix:/1', 'unix:/2', "
	  "'unix:/3', 'unix:/4', 'unix:/5', 'unix:/6', 'unix:/7', 'unix:/8', "
	  "'unix:/9' }\n}\n",
	  2, "8 at most" },
	{ "store \"sentinel:a\" {\nsentinels = 'unix:/s'\n"
	  "sentinel_username = x\n}\n",
	  3, "sentinel_password_file is required" },
	{ "store \"sentinel:a\" {\nsentinels = 'unix:/s'\n"
	  "sentinel_password_file = '/nonexistent'\n}\n",
	  3, "/nonexistent" },
	{ "store \"unix:/x\" {\nsentinels = 'unix:/s'\n}\n", 2,
	  "must be \"sentinel:NAME\"" },
	{ "store \"unix:/x\" {\nsentinel_username = x\n}\n", 2,
	  "must be \"sentinel:NAME\"" },
	{ "store \"unix:/x\" {\nsentinel_password_file = '/x'\n}\n", 2,
	  "must be \"sentinel:NAME\"" },
	{ "metrics \"unix:/x\" {\ntls {\n}\n}\n", 2,
	  "is only allowed in a listen or store section" },
	{ "listen \"inet:127.0.0.1:70000\" {\n}\n", 1, "1 to 65535" },
	{ "listen \"tcp:127.0.0.1:25\" {\n}\n", 1, "listen: " },
	{ "listen \"unix:/x\" {\nmode = \"rw\"\n}\n", 2, "not an octal mode" },
	{ "listen \"unix:/x\" {\nmode = \"0888\"\n}\n", 2,
	  "not an octal mode" },
	{ "listen \"unix:/x\" {\nmode = \"4755\"\n}\n", 2,
	  "not an octal mode" },
	{ "listen \"unix:/x\" {\nmode = \"\"\n}\n", 2, "not an octal mode" },
	{ "listen \"unix:/x\" {\nowner = \"no-such-user\"\n}\n", 2,
	  "owner: user \"no-such-user\" does not exist" },
	{ "listen \"unix:/x\" {\ngroup = \"no-such-group\"\n}\n", 2,
	  "group: group \"no-such-group\" does not exist" },
	{ "listen \"inet:127.0.0.1:10040\" {\nmode = \"0660\"\n}\n", 1,
	  "only for \"unix:\"" },
	{ "listen \"inet:[::1]:1\" {\n}\nlisten \"inet:[0:0::1]:1\" {\n}\n", 3,
	  "is already used at line 1" },
	{ "listen \"inet:192.0.2.1:1\" {\n}\n", 1, "not a loopback address" },
	{ "# x\nlisten \"inet:[::]:1\" {\nallow_remote = { }\n}\n", 2,
	  "not a loopback address" },
	{ "listen \"inet:0.0.0.0:1\" {\nallow_remote = { \"192.0.2.1/24\" }\n"
	  "}\n",
	  2, "allow_remote: " },
	{ "listen \"inet:0.0.0.0:1\" {\nallow_remote = { \"mx.example\" }\n"
	  "}\n",
	  2, "allow_remote: " },
	{ "listen \"unix:/x\" {\nallow_users = { \"root\",\n\"no-such-user\" }"
	  "\n}\n",
	  3, "allow_users: " },
	{ "listen \"unix:/x\" {\n}\nallow_users = \"no-such-user\"\n", 3,
	  "allow_users: " },
	{ "listen \"inet:127.0.0.1:1\" {\nallow_users = \"root\"\n}\n", 2,
	  "allow_users: only for \"unix:\" addresses" },
	{ "listen \"unix:/x\" {\nallow_remote = \"192.0.2.1\"\n}\n", 2,
	  "only for \"inet:\"" },
	{ "listen \"unix:/x\" {\ntls {\n}\n}\n", 2, "only for \"inet:\"" },
	{ "listen \"inet:[::1]:1\" {\ntls {\n}\n}\n", 2,
	  "certificate is required" },
	{ "listen \"inet:[::1]:1\" {\ntls {\ncertificate = \"/nonexistent\"\n"
	  "}\n}\n",
	  2, "ca is required" },
	{ "listen \"inet:[::1]:1\" {\ntls {\ncertificate = \"/nonexistent\"\n"
	  "require_client_certificate = no\nkey = \"x.pem\"\n}\n}\n",
	  5, "key: x.pem is not an absolute path" },
	{ "listen \"inet:[::1]:1\" {\ntls {\n"
	  "require_client_certificate = maybe\n}\n}\n",
	  3, "neither yes nor no" },
	{ "listen \"inet:[::1]:1\" {\ntls {\ncertificate = \"/nonexistent\"\n"
	  "require_client_certificate = no\nfingerprints = \"00\"\n}\n}\n",
	  5, "a client without a certificate" },
	{ "listen \"inet:[::1]:1\" {\ntls {\ncertificate = \"/nonexistent\"\n"
	  "require_client_certificate = no\ncrl = \"/x\"\n}\n}\n",
	  5, "crl: it needs ca" },
	{ "listen \"inet:[::1]:1\" {\ntls {\ncertificate = \"/nonexistent\"\n"
	  "require_client_certificate = no\n}\n}\n",
	  3, "certificate: /nonexistent: No such file" },
	/* restrictions and replies */
	{ "restrictions = {}\n", 1, "the list is empty" },
	{ "restrictions = \"\"\n", 1, "unknown word \"\"" },
	{ "restrictions = {\n\tpermit_auth_destination,\n\tpermit_all\n}\n", 3,
	  "unknown word \"permit_all\"; there are permit" },
	{ "restrictions = \"permit_auth_destination, reject\"\n", 1,
	  "write each word on its own" },
	{ "restrictions = PERMIT\n", 1, "unknown word" },
	{ "restrictions = { reject, permit:me }\n", 1,
	  "permit has no argument: leave out the colon" },
	{ "\nrestrictions = {\npermit_mynetworks }\n", 2,
	  "permit_mynetworks needs mynetworks" },
	{ "mynetworks = \"\"\nrestrictions = permit_mynetworks\n", 2,
	  "permit_mynetworks needs mynetworks" },
	{ "service \"a\" {\nrestrictions = permit_tls_clientcerts\n}\n", 2,
	  "permit_tls_clientcerts needs relay_clientcerts" },
	{ "mynetworks = \"192.0.2.0/33\"\nrestrictions = permit_mynetworks\n",
	  1, "mynetworks: " },
	{ "restrictions = permit_tls_clientcerts\n\nrelay_clientcerts = xx\n",
	  3, "relay_clientcerts: " },
	{ "restrictions = permit_tls_clientcerts\nrelay_clientcerts = {\n\"" FINGERPRINT
	  "\",\n\"" HALF_FINGERPRINT "\" }\n",
	  4, "set smtpd_tls_fingerprint_digest = sha256" },
	{ "restrictions = permit_tls_clientcerts\nrelay_clientcerts = {\n\"" FINGERPRINT
	  "\",\n\n\"" HALF_FINGERPRINT ":00:01:02:03\" }\n",
	  5, "set smtpd_tls_fingerprint_digest = sha256" },
	{ "restrictions = permit_tls_clientcerts\nrelay_clientcerts = {\n\"" FINGERPRINT
	  ":00\",\n\"" FINGERPRINT "\" }\n",
	  3, "a fingerprint of 33 bytes" },
	{ "relay_clientcerts = \"" FINGERPRINT ", AB\"\n"
	  "restrictions = permit_tls_clientcerts\n",
	  1, "a fingerprint of 1 bytes" },
	{ "restrictions = permit_tls_clientcerts\n"
	  "relay_clientcerts = \"" TEST_DATA "/clientcerts/sha1\"\n",
	  2, "/clientcerts/sha1:2: \"AA:BB:" },
	{ "mynetworks = {\n\"10.0.0.0/8\",\n\"192.0.2.0/33\" }\n"
	  "restrictions = permit_mynetworks\n",
	  3, "mynetworks: \"192.0.2.0/33\"" },
	{ "\nmynetworks = 'texthash:/no-such/x'\n"
	  "restrictions = permit_mynetworks\n",
	  2, "mynetworks: \"texthash:/no-such/x\": No such file" },
	{ "\nmynetworks = 'mysql:/x'\nrestrictions = permit_mynetworks\n", 2,
	  "mynetworks: \"mysql:/x\": only Postfix" },
	{ "\nrelay_clientcerts = 'hash:/no-such/x'\n"
	  "restrictions = permit_tls_clientcerts\n",
	  2, "relay_clientcerts: \"hash:/no-such/x\": " },
	{ "mynetworks = 'static:x'\nrestrictions = permit_mynetworks\n", 2,
	  "is an open relay" },
	{ "restrictions = {\nreject_sender_login_mismatch }\n", 1,
	  "reject_sender_login_mismatch needs sender_login_maps" },
	{ "\nsender_login_maps = { 'static:x',\n'hash:/no-such/x' }\n"
	  "restrictions = { reject_known_sender_login_mismatch, reject }\n",
	  3, "sender_login_maps: \"hash:/no-such/x\": " },
	{ "\nsender_login_maps = alice\n"
	  "restrictions = { reject_known_sender_login_mismatch, reject }\n",
	  2, "sender_login_maps: \"alice\": is not type:name" },
	{ "\nsender_login_maps = 'static:{ }'\n"
	  "restrictions = { reject_known_sender_login_mismatch, reject }\n",
	  2, "sender_login_maps: \"static:{ }\": its result is empty" },
	/* Postfix would look into other maps than these. */
	{ "\nsender_login_maps = 'static:x, mysql:/x'\n"
	  "restrictions = { reject_sender_login_mismatch, reject }\n",
	  2,
	  "sender_login_maps: service default leaves senders to "
	  "Postfix because of mysql:/x in sender_login_maps: only Postfix" },
	{ "\nsender_login_maps = 'static:x'\nmydestination = 'ldap:/x'\n"
	  "restrictions = { reject_sender_login_mismatch, reject }\n",
	  2,
	  "sender_login_maps: service default leaves senders to "
	  "Postfix because of ldap:/x in mydestination: only Postfix" },
	/* The null sender is nobody's. */
	{ "sender_login_maps = 'static:x'\n"
	  "restrictions = { reject_sender_login_mismatch, permit }\n",
	  2, "is an open relay" },
	{ "owner_request_special = maybe\n", 1,
	  "owner_request_special: \"maybe\" is neither yes nor no" },
	{ "reply = permit\n", 1, "not one of lock, ok, dunno" },
	{ "reply = \"\"\n", 1, "not one of lock, ok, dunno" },
	{ "\nreject_reply = \"OK\"\n", 2, "reject_reply: " },
	{ "reject_reply = \"250 fine\"\n", 1, "reject_reply: " },
	{ "plaintext_reply = \"DUNNO\"\n", 1, "plaintext_reply: " },
	{ "service \"a\" {\nplaintext_reply = \"permit\"\n}\n", 2,
	  "plaintext_reply: " },
	{ "\ntls_protocols = \"TLSv9\"\n", 2, "TLSv9" },
	{ "tls_protocols = \"\"\n\ntls_ciphers = \"NO-SUCH\"\n", 3,
	  "tls_ciphers" },
	{ "\ntls_ciphers = \"HIGH:!aNUL\"\n", 2,
	  "OpenSSL does not know \"aNUL\"; write modern" },
	{ "tls_protocols = \"TLSv1.3\"\ntls_ciphers = \"old\"\n", 2,
	  "OpenSSL does not know \"old\"; write modern, intermediate, high" },
	{ "tls_ciphers = \"high\"\ntls_protocols = \"modern\"\n", 2,
	  "it is for tls_ciphers" },
	{ "service \"a\" {\nserver_port = 25\ntls_ciphers = \"moderne\"\n}\n",
	  3, "OpenSSL does not know \"moderne\"" },
	{ "tls_protocols = \"<=TLSv1.2\"\nservice \"a\" {\n"
	  "server_port = 25\ntls_ciphers = \"modern\"\n}\n",
	  1, "fits tls_protocols and tls_ciphers; loosen one of them" },
	/* services */
	{ "service \"\" {\n}\n", 1, "cannot be empty" },
	{ "service \"default\" {\n}\n", 1, "cannot be called" },
	{ "service \"a b\" {\n}\n", 1, "without spaces" },
	{ "service \"b\xc3\xbc\" {\n}\n", 1, "\"b\\xc3\\xbc\"" },
	{ "service \"a\" {\nserver_port = {}\n}\n", 2, "the list is empty" },
	{ "service \"a\" {\npolicy_context = {}\n}\n", 2, "the list is empty" },
	{ "service \"a\" {\nserver_port = 0\n}\n", 2, "out of range" },
	{ "service \"a\" {\nserver_port = {\n25,\n65536\n}\n}\n", 4,
	  "out of range; allowed are 1 to 65535" },
	{ "service \"a\" {\nserver_port = 025\n}\n", 2, "begins with 0" },
	{ "service \"a\" {\nserver_port = \"\"\n}\n", 2, "not a decimal" },
	{ "service \"a\" {\nserver_port = smtp\n}\n", 2, "not a decimal" },
	{ "service \"a\" {\nserver_port = 4294967321\n}\n", 2, "out of range" },
	/* parameters of address resolution */
	{ "\nmydestination = \"$nosuch\"\n", 2, "$nosuch" },
	{ "mydomain = \"$mydomain\"\n", 1, "itself" },
	{ "mydestination = \"$mydomain\"\nmydomain = \"$nosuch\"\n", 2,
	  "$nosuch" },
	{ "tls_protocols = \"TLSv1.3\"\ntls_keysize = 512\n", 2,
	  "tls_keysize" },
	{ "mydestination = '${myhostname'\n", 1, "not closed" },
	{ "\n\nrelay_domains = \"hash:/etc/x\"\n", 3, "relay_domains" },
	{ "relay_domains = { \"a\",\n\"/no/such/file\" }\n", 1,
	  "relay_domains" },
	{ "\nswap_bangpath = maybe\n", 2, "swap_bangpath" },
	{ "allow_percent_hack = \"\"\n", 1, "allow_percent_hack" },
};

START_TEST(test_broken)
{
	const struct broken *row = &broken[_i];
	struct config_messages messages;
	struct config *config;
	char start[32] = "FILE: ";

	config = load_text(row->text, strlen(row->text), &messages);
	ck_assert_msg(config == NULL, "loaded: \"%s\"", row->text);
	ck_assert_uint_ge(messages.errors, 1);
	if (row->line > 0)
		snprintf(start, sizeof(start), "FILE:%d: ", row->line);
	ck_assert_msg(message_has(messages.lines[0], start, row->reason),
		      "\"%s\": \"%s\"", row->text, messages.lines[0]);
	config_messages_clear(&messages);
}
END_TEST

START_TEST(test_several_errors)
{
	static const char text[] = "logg = x\n"
				   "log = stderr\n"
				   "service \"a\" { user = x }\n"
				   "log = syslog\n";
	struct config_messages messages;

	ck_assert_ptr_null(load_text(text, strlen(text), &messages));
	ck_assert_uint_eq(messages.errors, 3);
	ck_assert_uint_eq(messages.count, 3);
	ck_assert(message_has(messages.lines[0], "FILE:1: ", "unknown"));
	ck_assert(message_has(messages.lines[1], "FILE:3: ", "user"));
	ck_assert(message_has(messages.lines[2], "FILE:4: ", "already"));
	config_messages_clear(&messages);
}
END_TEST

START_TEST(test_errors_sorted)
{
	static const char text[] = "restrictions = x\n"
				   "idle_timeout = 5s\n"
				   "mydestination = \"$y\"\n"
				   "pid_file = z\n"
				   "listen \"unix:q\" { }\n";
	struct config_messages messages;
	char start[32];
	size_t i;

	ck_assert_ptr_null(load_text(text, strlen(text), &messages));
	ck_assert_uint_eq(messages.errors, 4);
	ck_assert_uint_eq(messages.count, 5);
	for (i = 0; i < 5; i++) {
		snprintf(start, sizeof(start), "FILE:%zu: ", i + 1);
		ck_assert_msg(message_has(messages.lines[i], start, ""), "%s",
			      messages.lines[i]);
	}
	ck_assert(message_has(messages.lines[1], "FILE:2: warning: ", "idle"));
	config_messages_clear(&messages);
}
END_TEST

START_TEST(test_long_paths)
{
	char text[2 * CONFIG_PATH_MAX + 64];
	struct config_messages messages;

	snprintf(text, sizeof(text), "log = \"/%0*d\"\npid_file = \"/%0*d\"\n",
		 CONFIG_PATH_MAX - 1, 0, CONFIG_PATH_MAX - 1, 0);
	ck_assert_ptr_null(load_text(text, strlen(text), &messages));
	ck_assert_uint_eq(messages.errors, 2);
	ck_assert(message_has(messages.lines[0], "FILE:1: ", "longer than"));
	ck_assert(message_has(messages.lines[1], "FILE:2: ", "longer than"));
	config_messages_clear(&messages);
}
END_TEST

START_TEST(test_many_errors)
{
	char text[100 * 16] = "";
	struct config_messages messages;
	size_t length = 0;
	int i;

	for (i = 0; i < 100; i++)
		length += (size_t)sprintf(text + length, "x%d = 1\n", i);
	ck_assert_ptr_null(load_text(text, length, &messages));
	ck_assert_uint_eq(messages.errors, 20);
	ck_assert_uint_eq(messages.count, 20);
	ck_assert(message_has(messages.lines[19], "FILE:20: ", "x19"));
	config_messages_clear(&messages);
}
END_TEST

START_TEST(test_too_many_sections)
{
	char *text = xmalloc(40000);
	struct config_messages messages;
	size_t length = 0;
	int i;

	for (i = 0; i < 1001; i++)
		length += (size_t)sprintf(text + length,
					  "service \"s%d\" { }\n", i);
	ck_assert_ptr_null(load_text(text, length, &messages));
	ck_assert(message_has(messages.lines[0], "FILE:1001: ", "more than"));
	config_messages_clear(&messages);
	free(text);
}
END_TEST

/* ---- what kind of file */

/* refuse_path - load path, which must be refused for that reason */
static void refuse_path(const char *path, const char *reason)
{
	struct config_messages messages;

	ck_assert_ptr_null(config_load(path, &messages));
	ck_assert_uint_eq(messages.errors, 1);
	ck_assert_uint_eq(messages.count, 1);
	ck_assert_msg(message_has(messages.lines[0], path, reason), "%s",
		      messages.lines[0]);
	config_messages_clear(&messages);
}

START_TEST(test_file_kinds)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct place place;
	int fd;

	place_make(&place);
	refuse_path(place.path, ": cannot open: No such file");
	refuse_path(place.directory, ": is a directory");
	refuse_path("/dev/null", ": is a device");
	ck_assert_int_eq(mkfifo(place.path, 0600), 0);
	refuse_path(place.path, ": is a FIFO");
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert_int_eq(symlink("/etc/hosts", place.path), 0);
	refuse_path(place.path, ": is a symbolic link");
	ck_assert_int_eq(unlink(place.path), 0);
	strcpy(address.sun_path, place.path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	refuse_path(place.path, ": is not a regular file");
	close(fd);
	place_remove(&place);
}
END_TEST

START_TEST(test_file_access)
{
	struct place place;

	place_make(&place);
	write_file(place.path, "log = stderr\n", 13);
	ck_assert_int_eq(chmod(place.path, 0646), 0);
	refuse_path(place.path, ": can be written by everybody");
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(place.path, 0664), 0);
		ck_assert_int_eq(chown(place.path, 0, 12345), 0);
		refuse_path(place.path, ": can be written by group 12345");
		ck_assert_int_eq(chmod(place.path, 0600), 0);
		ck_assert_int_eq(chown(place.path, 12345, 0), 0);
		refuse_path(place.path, ": belongs to user 12345");
	} else {
		ck_assert_int_eq(chmod(place.path, 0), 0);
		refuse_path(place.path, ": cannot open: Permission denied");
	}
	place_remove(&place);
}
END_TEST

START_TEST(test_file_sizes)
{
	size_t size = 2 * CONFIG_FILE_MAX;
	char *text = xmalloc(size);
	struct config_messages messages;
	struct config *config;
	struct place place;

	memset(text, '\n', size);
	place_make(&place);
	write_file(place.path, text, size);
	refuse_path(place.path, ": is larger than 1048576 bytes");
	write_file(place.path, text, CONFIG_FILE_MAX + 1);
	refuse_path(place.path, ": is larger than 1048576 bytes");
	write_file(place.path, text, CONFIG_FILE_MAX);
	config = config_load(place.path, &messages);
	ck_assert_ptr_nonnull(config);
	config_free(config);
	config_messages_clear(&messages);
	place_remove(&place);
	free(text);
}
END_TEST

/* ---- what is in effect */

START_TEST(test_defaults)
{
	struct config_messages messages;
	struct config *config = load_text("", 0, &messages);
	const struct service *service;

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(messages.errors, 0);
	ck_assert_uint_eq(messages.count, 1);
	ck_assert(message_has(messages.lines[0],
			      "FILE: warning: ", "no listen section"));
	ck_assert_uint_eq(config->listener_count, 0);
	ck_assert_str_eq(config->log, "syslog");
	ck_assert(!config->log_verdicts[VERDICT_DUNNO]);
	ck_assert(config->log_verdicts[VERDICT_PERMIT]);
	ck_assert(config->log_verdicts[VERDICT_REJECT]);
	ck_assert(config->log_verdicts[VERDICT_DEFER]);
	if (geteuid() == 0)
		ck_assert_str_eq(config->user, "nobody");
	ck_assert_ptr_null(config->group);
	ck_assert_str_eq(config->pid_file, "/run/policyd.pid");
	ck_assert_uint_eq(config->limits.request_ms, 10000);
	ck_assert_uint_eq(config->limits.idle_ms, 1200000);
	ck_assert_uint_eq(config->limits.reply_ms, 10000);
	ck_assert_uint_eq(config->limits.max_connections, 4096);
	ck_assert(!config->allow_open_relay);
	ck_assert_ptr_nonnull(config->resolver);
	ck_assert_uint_eq(config->services.count, 1);
	service = &config->services.services[0];
	ck_assert_str_eq(service->name, "default");
	ck_assert_uint_eq(service->restrictions.count, 4);
	ck_assert_str_eq(service->restrictions.uses[1].restriction->name,
			 "reject_plaintext_session");
	ck_assert_int_eq(service->reply.mode, REPLY_LOCK);
	ck_assert_ptr_null(service->reply.reject_reply);
	ck_assert_ptr_null(service->reply.plaintext_reply);
	ck_assert_ptr_nonnull(session_judge(service->tls, "", "", "0"));
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

/* full_services - the services of full.conf */
static void full_services(const struct service_list *list)
{
	const struct service *smtps = &list->services[0];
	const struct service *submission = &list->services[1];
	const struct service *top = &list->services[2];

	ck_assert_uint_eq(list->count, 3);
	ck_assert_str_eq(smtps->name, "smtps");
	ck_assert_int_eq(smtps->line, 33);
	ck_assert_uint_eq(smtps->server_port_count, 1);
	ck_assert_uint_eq(smtps->server_ports[0], 465);
	ck_assert_uint_eq(smtps->policy_context_count, 0);
	ck_assert_uint_eq(smtps->restrictions.count, 4);
	ck_assert_int_eq(smtps->reply.mode, REPLY_OK);
	ck_assert_ptr_null(smtps->reply.reject_reply);
	ck_assert_str_eq(submission->name, "submission");
	ck_assert_uint_eq(submission->server_port_count, 2);
	ck_assert_uint_eq(submission->server_ports[1], 2525);
	ck_assert_uint_eq(submission->policy_context_count, 2);
	ck_assert_str_eq(submission->policy_contexts[0], "relay");
	ck_assert_str_eq(submission->policy_contexts[1], "");
	ck_assert_uint_eq(submission->restrictions.count, 2);
	ck_assert_int_eq(submission->reply.mode, REPLY_LOCK);
	ck_assert_str_eq(submission->reply.reject_reply,
			 top->reply.reject_reply);
	ck_assert_str_eq(submission->reply.plaintext_reply,
			 "450 4.7.1 encrypt first");
	ck_assert_str_eq(top->name, "default");
	ck_assert_uint_eq(top->restrictions.count, 2);
	ck_assert_str_eq(top->reply.reject_reply,
			 "550 5.7.1 not \"here\" \\ it's closed");
	/* TLS 1.2 will do in submission only, 256 bits only are for smtps. */
	ck_assert_ptr_nonnull(session_judge(
		top->tls, "TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "256"));
	ck_assert_ptr_null(session_judge(submission->tls, "TLSv1.2",
					 "ECDHE-RSA-AES256-GCM-SHA384", "256"));
	ck_assert_ptr_nonnull(session_judge(smtps->tls, "TLSv1.3",
					    "TLS_AES_128_GCM_SHA256", "128"));
	ck_assert_ptr_null(session_judge(top->tls, "TLSv1.3",
					 "TLS_AES_128_GCM_SHA256", "128"));
}

START_TEST(test_full)
{
	struct config_messages messages;
	struct config *config = config_load(FULL, &messages);
	const struct parameters *parameters;

	ck_assert_ptr_nonnull(config);
	ck_assert_msg(messages.count == 0, "%s", messages.lines[0]);
	parameters = &config->parameters;
	ck_assert_uint_eq(config->listener_count, 2);
	ck_assert_str_eq(config->listeners[0].address,
			 "unix:/run/policyd/test.sock");
	ck_assert_uint_eq(config->listeners[0].mode, 0600);
	ck_assert_uint_eq(config->listeners[0].uid, 0);
	ck_assert_uint_eq(config->listeners[0].gid, 0);
	ck_assert_str_eq(config->listeners[1].address, "inet:[::1]:10040");
	ck_assert(config->listeners[1].uid == (uid_t)-1);
	ck_assert_str_eq(config->pid_file, "/run/policyd/test.pid");
	ck_assert_str_eq(config->log, "stderr");
	ck_assert(config->log_verdicts[VERDICT_DUNNO]);
	ck_assert(!config->log_verdicts[VERDICT_PERMIT]);
	ck_assert_uint_eq(config->limits.request_ms, 20000);
	ck_assert_uint_eq(config->limits.idle_ms, 1200000);
	ck_assert_uint_eq(config->limits.reply_ms, 5000);
	ck_assert_uint_eq(config->limits.max_connections, 100);
	ck_assert(config->allow_open_relay);
	ck_assert_str_eq(parameters_get(parameters, PARAMETER_MYDESTINATION),
			 "local.test, mail.local.test, localhost");
	ck_assert_str_eq(parameters->values[PARAMETER_MYDESTINATION].source,
			 FULL ":21");
	ck_assert_str_eq(parameters_get(parameters, PARAMETER_RELAY_DOMAINS),
			 "relay.test, local.test");
	ck_assert_str_eq(
		parameters_get(parameters, PARAMETER_VIRTUAL_ALIAS_DOMAINS),
		"");
	ck_assert_str_eq(parameters->values[PARAMETER_MYORIGIN].source,
			 "default");
	full_services(&config->services);
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

/* default_value - of a parameter, as it is on this host */
static char *default_value(enum parameter parameter)
{
	struct config_messages messages;
	struct config *config = load_text("", 0, &messages);
	char *value;

	ck_assert_ptr_nonnull(config);
	value = xstrdup(parameters_get(&config->parameters, parameter));
	config_free(config);
	config_messages_clear(&messages);
	return value;
}

/* One text or a list, for every parameter. */
START_TEST(test_parameter_forms)
{
	enum parameter parameter = (enum parameter)(_i / 2);
	const char *name = parameter_name(parameter);
	bool list = _i % 2 == 1;
	struct config_messages messages;
	struct config *config;
	char *value = default_value(parameter);
	char *text = list ? xasprintf("\n%s = {\n\"%s\",\n}\n", name, value)
			  : xasprintf("%s = '%s'\n", name, value);
	const char *source;

	config = load_text(text, strlen(text), &messages);
	ck_assert_msg(config != NULL, "%s: %s", text, messages.lines[0]);
	ck_assert_str_eq(parameters_get(&config->parameters, parameter), value);
	source = config->parameters.values[parameter].source;
	ck_assert_str_eq(strrchr(source, ':'), list ? ":2" : ":1");
	config_free(config);
	config_messages_clear(&messages);
	free(text);
	free(value);
}
END_TEST

START_TEST(test_lists_joined)
{
	static const char text[] = "mydestination = { 'a', \"b, c\", d }\n"
				   "relay_domains = { }\n"
				   "virtual_alias_domains = \"\"\n";
	struct config_messages messages;
	struct config *config = load_text(text, strlen(text), &messages);

	ck_assert_ptr_nonnull(config);
	ck_assert_str_eq(
		parameters_get(&config->parameters, PARAMETER_MYDESTINATION),
		"a, b, c, d");
	ck_assert_str_eq(
		parameters_get(&config->parameters, PARAMETER_RELAY_DOMAINS),
		"");
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

START_TEST(test_user)
{
	struct config_messages messages;
	struct config *config;
	const char *text;

	if (geteuid() == 0) {
		text = "user = root\ngroup = \"0\"\n";
		config = load_text(text, strlen(text), &messages);
		ck_assert_ptr_nonnull(config);
		ck_assert_str_eq(config->user, "root");
		ck_assert_str_eq(config->group, "root");
		ck_assert(message_has(messages.lines[0],
				      "FILE:1: warning: ", "root"));
	} else {
		text = "\nuser = root\n";
		config = load_text(text, strlen(text), &messages);
		ck_assert_ptr_null(config);
		ck_assert(message_has(messages.lines[0],
				      "FILE:2: ", "only root can"));
	}
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

/* ---- warnings */

struct warned {
	const char *text;
	int line;
	const char *reason; /* NULL: no warning */
};

#define LISTEN "listen \"unix:/x\" { }\n"
#define RATE                              \
	"rate r { limit = '1/1h' }\n"     \
	"restrictions = { check_rate:r, " \
	"permit_auth_destination, reject }\n"

static const struct warned warned[] = {
	{ LISTEN, 0, NULL },
	{ LISTEN "idle_timeout = 999s\n", 2, "below 1000s" },
	{ LISTEN "idle_timeout = 1000\n", 0, NULL },
	{ LISTEN RATE "store 'unix:/s' { }\n", 0, NULL },
	{ LISTEN RATE "store 'inet:[::1]:1' { timeout = 2s }\n", 0, NULL },
	{ LISTEN RATE "store 'inet:192.0.2.1:1' { }\n", 4, "in plain text" },
	{ LISTEN RATE "store 'unix:/s' {\naway = permit }\n", 5,
	  "nothing is limited" },
	{ LISTEN "store 'unix:/s' { }\n", 2, "there is no rate section" },
	{ LISTEN RATE "store 'unix:/s' { name = a }\n"
		      "store 'unix:/t' { name = b }\n",
	  0, NULL },
	{ LISTEN RATE "store 'unix:/s' { name = a }\n"
		      "store 'inet:[::1]:1' { }\n",
	  5, "give it the same name on all hosts" },
	{ LISTEN "restrictions = { reject,\npermit }\n", 3,
	  "nothing after reject" },
	{ LISTEN "service a { }\nservice b { server_port = 1 }\n", 2,
	  "matches every request" },
	{ LISTEN "service b { server_port = 1 }\nservice a { }\n", 0, NULL },
	{ LISTEN "service a { server_port = { 1, 2 } }\n"
		 "service b { server_port = { 3, 2 } }\n",
	  3, "services a and b both match port 2; the first one wins" },
	{ LISTEN "service a { server_port = 1 }\n"
		 "service b { server_port = 2 }\n",
	  0, NULL },
	{ LISTEN "service a { server_port = 1 }\n"
		 "service b { policy_context = x }\n",
	  3, "both match port 1 with policy_context \"x\"" },
	{ LISTEN "service a { policy_context = { y, x } }\n"
		 "service b { policy_context = x }\n",
	  3, "service b can never match" },
	{ LISTEN "service a { policy_context = { y, x } }\n"
		 "service b { policy_context = { x, z } }\n",
	  3, "both match policy_context \"x\"" },
	{ LISTEN "service a { server_port = 1 }\n"
		 "service b { server_port = { 2, 3 } policy_context = x }\n"
		 "service c { server_port = { 1, 2 } policy_context = x }\n",
	  4, "service c can never match" },
	{ LISTEN "restrictions = { permit_auth_destination,\n"
		 "reject_unauth_destination,\npermit_sasl_authenticated }\n",
	  4, "nothing after reject_unauth_destination is ever tried" },
	{ LISTEN "restrictions = { reject_plaintext_session,\n"
		 "permit_sasl_authenticated, permit_auth_destination,\n"
		 "permit_sasl_authenticated }\n",
	  4, "is in the list twice" },
	{ LISTEN "mynetworks = '10.0.0.0/8'\n"
		 "restrictions = { permit_mynetworks,\n"
		 "permit_auth_destination, reject_plaintext_session,\n"
		 "permit_sasl_authenticated, defer }\n",
	  0, NULL },
	{ LISTEN "expect 'x' { to = postmaster verdict = permit }\n", 2,
	  "never applies" },
	{ LISTEN "expect 'x' { verdict = dunno }\n", 2, "never applies" },
	{ LISTEN "expect 'x' { state = MAIL verdict = dunno }\n", 0, NULL },
	{ LISTEN "service a { server_port = 1 }\n"
		 "expect 'x' { to = a port = 2 verdict = permit }\n",
	  3, "no service has its port and context" },
	{ LISTEN "shadow = '/etc/policyd/next.conf'\n", 0, NULL },
	{ LISTEN "capture = '/nonexistent'\n", 2, "there is no directory" },
	{ LISTEN "mode = observe\n", 0, NULL },
	{ LISTEN "service a { server_port = 1 policy_context = x }\n"
		 "service b { server_port = 1 policy_context = y }\n",
	  0, NULL },
	{ LISTEN "tls_protocols = ''\ntls_ciphers = ''\ntls_keysize = 0\n"
		 "service a { server_port = 1 }\n",
	  4, "even with a cipher that does not encrypt" },
	{ LISTEN "tls_protocols = ''\ntls_ciphers = ''\n"
		 "service a { server_port = 1\n tls_keysize = 0 }\n",
	  5, "tls_protocols, tls_ciphers, tls_keysize: without any" },
	{ LISTEN "tls_protocols = ''\ntls_keysize = 0\n", 0, NULL },
	{ LISTEN "tls_protocols = ''\ntls_ciphers = ''\n", 0, NULL },
	{ LISTEN "tls_ciphers = ''\ntls_keysize = 0\n", 0, NULL },
};

START_TEST(test_warned)
{
	const struct warned *row = &warned[_i];
	struct config_messages messages;
	struct config *config =
		load_text(row->text, strlen(row->text), &messages);
	char start[32];

	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(messages.errors, 0);
	ck_assert_uint_eq(messages.count, row->reason != NULL ? 1 : 0);
	snprintf(start, sizeof(start), "FILE:%d: warning: ", row->line);
	if (row->reason != NULL)
		ck_assert_msg(
			message_has(messages.lines[0], start, row->reason),
			"%s", messages.lines[0]);
	config_free(config);
	config_messages_clear(&messages);
}
END_TEST

/* ---- single values */

START_TEST(test_values)
{
	struct error error;
	unsigned long number;
	unsigned ms;
	bool yes;
	mode_t mode;

	ck_assert_int_eq(config_value_number("0", 0, 9, &number, &error), 0);
	ck_assert_int_eq(config_value_number("9", 0, 9, &number, &error), 0);
	ck_assert_uint_eq(number, 9);
	ck_assert_int_eq(config_value_number("10", 0, 9, &number, &error), -1);
	ck_assert_uint_eq(number, 9);
	ck_assert_int_eq(config_value_time("3", 1, 9, &ms, &error), 0);
	ck_assert_uint_eq(ms, 3000);
	ck_assert_int_eq(config_value_time("2m", 1, 999, &ms, &error), 0);
	ck_assert_uint_eq(ms, 120000);
	ck_assert_int_eq(config_value_time("1h", 1, 9999, &ms, &error), 0);
	ck_assert_uint_eq(ms, 3600000);
	ck_assert_int_eq(config_value_time("1d", 1, 86400, &ms, &error), 0);
	ck_assert_uint_eq(ms, 86400000);
	ck_assert_int_eq(config_value_time("2d", 1, 86400, &ms, &error), -1);
	ck_assert_int_eq(config_value_bool("YES", &yes, &error), 0);
	ck_assert(yes);
	ck_assert_int_eq(config_value_bool("off", &yes, &error), 0);
	ck_assert(!yes);
	ck_assert_int_eq(config_value_mode("0660", &mode, &error), 0);
	ck_assert_uint_eq(mode, 0660);
	ck_assert_int_eq(config_value_mode("777", &mode, &error), 0);
	ck_assert_uint_eq(mode, 0777);
	ck_assert_int_eq(config_value_mode("000", &mode, &error), 0);
	ck_assert_uint_eq(mode, 0);
	ck_assert_int_eq(config_value_mode("66", &mode, &error), -1);
	ck_assert_int_eq(config_value_mode("00660", &mode, &error), -1);
}
END_TEST

/* ---- printing it again */

/* read_fd - to the end; the caller frees it */
static char *read_fd(int fd)
{
	char *text = NULL;
	size_t length = 0;
	ssize_t got;

	do {
		text = xreallocarray(text, length + 65536, 1);
		got = read(fd, text + length, 65535);
		ck_assert_int_ge((int)got, 0);
		length += (size_t)got;
	} while (got > 0);
	text[length] = '\0';
	close(fd);
	return text;
}

/* read_path - a whole file */
static char *read_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return read_fd(fd);
}

/* strip_comments - of what config_dump() wrote */
static void strip_comments(char *text)
{
	char *to = text;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		char *comment = memmem(text, length, "# ", 2);
		size_t kept =
			comment != NULL ? (size_t)(comment - text) : length;

		memmove(to, text, kept);
		to += kept;
		*to++ = '\n';
		text += length + (text[length] == '\n');
	}
	*to = '\0';
}

/* dump_child - load and print, in a process of its own */
static _Noreturn void dump_child(const char *path, bool all, int fd)
{
	struct config_messages messages;
	struct config *config = config_load(path, &messages);
	FILE *output = fdopen(fd, "w");

	if (config == NULL) {
		fprintf(output, "%s\n", messages.lines[0]);
		fflush(output);
		_exit(1);
	}
	config_dump(config, all, output);
	fflush(output);
	config_free(config);
	config_messages_clear(&messages);
	_exit(0);
}

/* dump_path - what -T prints for a file; the caller frees it */
static char *dump_path(const char *path, bool all)
{
	int ends[2];
	int status;
	char *text;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(ends[0]);
		dump_child(path, all, ends[1]);
	}
	close(ends[1]);
	text = read_fd(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "%s", text);
	return text;
}

/* dump_text - likewise for a text */
static char *dump_text(const char *text, bool all)
{
	struct place place;
	char *dump;

	place_make(&place);
	write_file(place.path, text, strlen(text));
	dump = dump_path(place.path, all);
	place_remove(&place);
	return dump;
}

static const char *const round_trips[] = {
	"",
	"reject_reply = '554 5.7.1 a \\ b \\\\ c \\d \\' \" # // /* ${x} $$'\n",
	"reject_reply = \"554 it's \\\" \\\\ $x\"\n",
	"plaintext_reply = '554 b\xc3\xbc cher \\'quoted\\''\n",
	"service \"a\\\"b'c\\\\\" { policy_context = { '${x}', '\\\\', \"'\", '' } }\n",
	"empty_address_recipient = 'a$$b$$' myorigin = x\n",
	"empty_address_recipient = 'a$${myhostname}b'\n",
	"mydestination = { \"$myhostname\", '${mydomain}', 'x' }\n",
	"log = \"/var/log/a b\"\npid_file = '/run/x y.pid'\n",
	"log_verdicts = {}\nmynetworks = { '10.0.0.0/8', \"::1\" }\n",
	"reply = ok service \"a\" { reply = lock } service \"b\" { }\n",
	"reply = ok\nservice \"a\" {\nreply = lock\n}\nservice \"b\" { }\n",
	"group = \"nogroup\" listen \"unix:/x\" { group = \"nogroup\" }\n",
	("allow_users = { root }\nlisten \"unix:/x\" { }\n"
	 "listen \"unix:/y\" { allow_users = { } }\n"),
	"listen \"inet:localhost:1\" { }\nlisten \"unix:/a b\" { mode = 600 }\n",
	"tls_protocols = ''\ntls_ciphers = \"\"\ntls_keysize = 0\n",
};

START_TEST(test_round_trip)
{
	char *first = dump_text(round_trips[_i], true);
	char *second = dump_text(first, true);
	char *brief = dump_text(round_trips[_i], false);
	char *third = dump_text(brief, true);

	ck_assert_ptr_null(strstr(brief, "\t# default"));
	ck_assert_ptr_null(strstr(brief, ": any\n"));
	strip_comments(first);
	strip_comments(second);
	strip_comments(third);
	ck_assert_str_eq(first, second);
	ck_assert_str_eq(first, third);
	free(first);
	free(second);
	free(brief);
	free(third);
}
END_TEST

START_TEST(test_round_trip_full)
{
	char *first = dump_path(FULL, true);
	char *second = dump_text(first, true);

	ck_assert_ptr_nonnull(
		strstr(first, "log = \"stderr\"\t# " FULL ":12\n"));
	ck_assert_ptr_nonnull(strstr(first, "user = "));
	ck_assert_ptr_nonnull(strstr(first, "myorigin = \"mail.local.test\""
					    "\t# default\n"));
	strip_comments(first);
	strip_comments(second);
	ck_assert_str_eq(first, second);
	free(first);
	free(second);
}
END_TEST

/* Without -v: what somebody has set, and nothing else. */
START_TEST(test_dump_brief)
{
	char *dump = dump_text("tls_keysize = 128\nreply = ok\n"
			       "listen \"unix:/x\" { mode = \"0600\" }\n"
			       "service \"a\" {\nserver_port = 25\n}\n",
			       false);

	strip_comments(dump);
	ck_assert_str_eq(dump, "\nreply = ok\t\ntls_keysize = 128\t\n\n\n"
			       "listen \"unix:/x\" {\t\n"
			       "\tmode = \"0600\"\t\n}\n\n"
			       "service \"a\" {\t\n"
			       "\tserver_port = 25\t\n}\n");
	free(dump);
}
END_TEST

/* Every option is printed, with its source. */
START_TEST(test_dump_complete)
{
	char *dump = dump_text("listen \"unix:/x\" { }\n"
			       "listen \"inet:[::1]:1\" { }\n"
			       "service \"a\" { }\n"
			       "rate \"r\" { limit = \"1/1h\" }\n"
			       "store \"unix:/x\" { }\n",
			       true);
	int i;

	for (i = 0; i < OPTION_COUNT; i++) {
		enum config_option option = (enum config_option)i;
		unsigned scopes = config_option_scopes(option);
		const unsigned tls = SCOPE_TLS | SCOPE_STORE_TLS;
		/* An expectation has only what it sets. */
		if (scopes == SCOPE_EXPECT)
			continue;
		char *line = xasprintf(
			"\n%s%s = ", (scopes & SCOPE_TOP) != 0 ? "" : "\t",
			config_option_name(option));
		char *any = xasprintf("\n\t# %s: any\n",
				      config_option_name(option));
		const char *found = strstr(dump, line);

		/* A tls section is only printed where there is one, see
		 * t/integration/test_manual.py. */
		ck_assert_msg((scopes | tls) == tls || found != NULL ||
				      strstr(dump, any) != NULL,
			      "%s", line);
		if (found != NULL)
			ck_assert_ptr_nonnull(strstr(found, "\t# default\n"));
		free(line);
		free(any);
	}
	free(dump);
}
END_TEST

/* ---- the password of a store */

START_TEST(test_store_password)
{
	static const struct {
		const char *content;
		const char *password; /* NULL: refused */
	} rows[] = {
		{ "secret\n", "secret" },
		{ "with blank", "with blank" },
		{ "secret\r\n", "secret" },
		{ "", NULL },
		{ "\n", NULL },
		{ "one\ntwo\n", NULL },
	};
	struct config_messages messages = { 0 };
	struct config *config;
	struct place place;
	char *text, *dump, *secret;
	size_t length;
	FILE *output;

	place_make(&place);
	secret = xasprintf("%s/pw", place.directory);
	write_file(secret, rows[_i].content, strlen(rows[_i].content));
	ck_assert_int_eq(chmod(secret, 0640), 0);
	text = xasprintf("rate r { limit = '1/1h' }\nstore 'unix:/x' {\n"
			 "username = u\npassword_file = '%s' }\n",
			 secret);
	config = load_text(text, strlen(text), &messages);
	if (rows[_i].password == NULL) {
		ck_assert_ptr_null(config);
		ck_assert(message_has(messages.lines[0], "FILE:4: ", secret));
	} else {
		ck_assert_ptr_nonnull(config);
		ck_assert_str_eq(config->stores[0].login.password,
				 rows[_i].password);
		ck_assert_str_eq(config->stores[0].login.username, "u");
		ck_assert_uint_eq(config->stores[0].timeout_ms, 200);
		ck_assert_uint_eq(config->watched.count, 1);
		output = open_memstream(&dump, &length);
		config_dump(config, true, output);
		fclose(output);
		config_free(config);
		ck_assert_ptr_nonnull(strstr(dump, secret));
		ck_assert_ptr_null(strstr(dump, rows[_i].password));
		free(dump);
	}
	config_messages_clear(&messages);
	unlink(secret);
	free(secret);
	free(text);
	place_remove(&place);
}
END_TEST

/* ---- the sample */

START_TEST(test_sample_loads)
{
	struct config_messages messages;
	struct config *config;
	struct place place;
	char *text = read_path(SAMPLE);

	place_make(&place);
	write_file(place.path, text, strlen(text));
	config = config_load(place.path, &messages);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(messages.errors, 0);
	config_free(config);
	config_messages_clear(&messages);
	place_remove(&place);
	free(text);
}
END_TEST

/* left_out - its default depends on where we are */
static bool left_out(const char *line)
{
	return strncmp(line, "#myhostname ", 12) == 0 ||
	       strncmp(line, "#mydomain ", 10) == 0 ||
	       (geteuid() != 0 && strncmp(line, "#user ", 6) == 0);
}

/* drop_remote - a listener or a store in TLS: without its files it is
 * refused */
static void drop_remote(char *text, const char *start)
{
	char *from = strstr(text, start);
	char *to = from != NULL ? strstr(from, "\n#}") : NULL;

	ck_assert_ptr_nonnull(to);
	memmove(from, to + 3, strlen(to + 3) + 1);
}

/* sample_settings - the sample with its settings uncommented, its prose gone;
 * the caller frees it */
static char *sample_settings(void)
{
	char *text = read_path(SAMPLE);
	char *from = text;
	char *to = text;

	drop_remote(text, "\n#listen \"inet:");
	drop_remote(text, "\n#store \"inet:");
	while (*from != '\0') {
		size_t length = strcspn(from, "\n") + 1;
		bool setting = from[0] == '#' && from[1] != ' ' &&
			       from[1] != '\n' && !left_out(from);

		if (setting) {
			memmove(to, from + 1, length - 1);
			to += length - 1;
		}
		from += length;
	}
	*to = '\0';
	return text;
}

/* All that the sample says is what is in effect without it. */
START_TEST(test_sample_defaults)
{
	static const char bare[] =
		"listen \"unix:/var/spool/postfix/private/policyd\" { }\n"
		"metrics \"inet:127.0.0.1:9154\" { }\n"
		"service \"submission\" {\n"
		"	server_port = { 465, 587 }\n"
		"	policy_context = \"submission\"\n"
		"}\n"
		"rate \"outgoing\" { limit = { \"200/1h\", \"1000/1d\" } }\n"
		"store \"unix:/run/valkey/valkey.sock\" { }\n";
	char *settings = sample_settings();
	char *sample = dump_text(settings, true);
	char *standard = dump_text(bare, true);

	strip_comments(sample);
	strip_comments(standard);
	ck_assert_str_eq(sample, standard);
	free(settings);
	free(sample);
	free(standard);
}
END_TEST

/* Every option is in the sample, in each place where it is allowed. */
START_TEST(test_sample_complete)
{
	static const struct {
		enum config_scope scope;
		const char *from;
		const char *to;
		const char *indent;
	} parts[] = {
		{ SCOPE_TOP, "", NULL, "" },
		{ SCOPE_LISTEN, "\n#listen ", "\n#metrics ", "\t" },
		{ SCOPE_TLS, "\n#\ttls {", "\n#\t}", "\t\t" },
		{ SCOPE_SERVICE, "\n#service ", "\n#}", "\t" },
		{ SCOPE_RATE, "\n#rate ", "\n#}", "\t" },
		{ SCOPE_STORE, "\n#store ", "\n#}", "\t" },
		{ SCOPE_STORE_TLS, "\n#store \"inet:", "\n#\t}", "\t\t" },
	};
	char *text = read_path(SAMPLE);
	int part = _i / OPTION_COUNT;
	enum config_option option = (enum config_option)(_i % OPTION_COUNT);
	const char *from = strstr(text, parts[part].from);
	const char *to = NULL;
	const char *found;
	char *line;

	ck_assert_ptr_nonnull(from);
	if (parts[part].to != NULL)
		to = strstr(from, parts[part].to);
	line = xasprintf("\n#%s%s = ", parts[part].indent,
			 config_option_name(option));
	found = strstr(from, line);
	if ((config_option_scopes(option) & (unsigned)parts[part].scope) != 0)
		ck_assert_msg(found != NULL && (to == NULL || found < to), "%s",
			      line);
	free(line);
	free(text);
}
END_TEST

/* ---- cut short */

#define CUT_MAX 65536 /* the largest text that is cut */

/* is_strict - does every list end in a refusal, and permit no stranger? */
static bool is_strict(const struct config *config)
{
	size_t i;
	size_t k;

	for (i = 0; i < config->services.count; i++) {
		const struct restriction_list *list =
			&config->services.services[i].restrictions;

		for (k = 0; k < list->count; k++)
			if (strcmp(list->uses[k].restriction->name, "permit") ==
			    0)
				return false;
		if (list->count < 2 ||
		    strncmp(list->uses[list->count - 1].restriction->name,
			    "reject", 6) != 0)
			return false;
	}
	return true;
}

/* count - how often text contains part */
static int count(const char *text, const char *part)
{
	int found = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part))
		found++;
	return found;
}

/* cut_child - the exit status says what loading it gave */
static _Noreturn void cut_child(const char *path)
{
	struct config_messages messages;
	struct config *config = config_load(path, &messages);
	int status;

	if (config == NULL)
		status = messages.errors > 0 ? 1 : 2;
	else
		status = is_strict(config) ? 0 : 3;
	config_free(config);
	config_messages_clear(&messages);
	_exit(status);
}

/* load_cut - 0 loaded, 1 refused; anything else fails the test */
static int load_cut(const char *path)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		cut_child(path);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_le(WEXITSTATUS(status), 1);
	return WEXITSTATUS(status);
}

/* check_cut - the first length bytes of text: refused, or whole */
static int check_cut(const char *path, const char *text, size_t length)
{
	static char part[CUT_MAX];
	struct config_scan scan;
	struct error error;
	int line = 0;
	int refused;

	memcpy(part, text, length);
	part[length] = '\0';
	refused = config_scan(&scan, part, length, &line, &error) < 0;
	config_scan_clear(&scan);
	if (refused) {
		ck_assert_int_ge(line, 1);
	} else {
		/* Comments are gone now: what is left must be whole. */
		ck_assert_int_eq(count(part, "{"), count(part, "}"));
		memcpy(part, text, length);
		write_file(path, part, length);
		refused = load_cut(path);
	}
	return refused;
}

/* cut_everywhere - the text cut at every byte; frees it. What the processes
 * of the cuts inherit is static, so that it does not look lost in them. */
static void cut_everywhere(char *heap)
{
	static char text[CUT_MAX];
	size_t length = strlen(heap);
	size_t step = length / (size_t)mutants((int)length);
	struct place place;
	int refused = 0;
	size_t i;

	ck_assert_uint_lt(length, sizeof(text));
	strcpy(text, heap);
	free(heap);
	place_make(&place);
	for (i = 0; i <= length; i += step)
		refused += check_cut(place.path, text, i);
	ck_assert_int_gt(refused, (int)(length / step / 2));
	ck_assert_int_eq(check_cut(place.path, text, length), 0);
	place_remove(&place);
}

START_TEST(test_cut_full)
{
	char *text = read_path(FULL);
	char *single = strstr(text, "${mydomain}");

	ck_assert_ptr_nonnull(single);
	/* Single quotes with ${ } would spoil the counting of braces. */
	memcpy(single, "$(mydomain)", 11);
	cut_everywhere(text);
}
END_TEST

START_TEST(test_cut_sample)
{
	cut_everywhere(sample_settings());
}
END_TEST

START_TEST(test_free_nothing)
{
	struct config_messages messages = { 0 };

	config_free(NULL);
	config_messages_clear(&messages);
}
END_TEST

/* add_effects - the tests of what is in effect */
static void add_effects(TCase *tcase)
{
	tcase_add_test(tcase, test_defaults);
	tcase_add_test(tcase, test_full);
	tcase_add_loop_test(tcase, test_parameter_forms, 0,
			    2 * PARAMETER_COUNT);
	tcase_add_test(tcase, test_lists_joined);
	tcase_add_test(tcase, test_user);
	tcase_add_loop_test(tcase, test_warned, 0, COUNT(warned));
	tcase_add_loop_test(tcase, test_store_password, 0, 6);
	tcase_add_test(tcase, test_values);
	tcase_add_loop_test(tcase, test_round_trip, 0, COUNT(round_trips));
	tcase_add_test(tcase, test_round_trip_full);
	tcase_add_test(tcase, test_dump_brief);
	tcase_add_test(tcase, test_dump_complete);
	tcase_add_test(tcase, test_sample_loads);
	tcase_add_test(tcase, test_sample_defaults);
	tcase_add_loop_test(tcase, test_sample_complete, 0, 7 * OPTION_COUNT);
	tcase_add_test(tcase, test_cut_full);
	tcase_add_test(tcase, test_cut_sample);
	tcase_add_test(tcase, test_free_nothing);
}

int main(void)
{
	TCase *tcase = tcase_create("config");

	tcase_add_loop_test(tcase, test_broken, 0, COUNT(broken));
	tcase_add_test(tcase, test_lenient);
	tcase_add_test(tcase, test_lenient_services);
	tcase_add_test(tcase, test_lenient_sender_login);
	tcase_add_test(tcase, test_several_errors);
	tcase_add_test(tcase, test_errors_sorted);
	tcase_add_test(tcase, test_long_paths);
	tcase_add_test(tcase, test_many_errors);
	tcase_add_test(tcase, test_too_many_sections);
	tcase_add_test(tcase, test_file_kinds);
	tcase_add_test(tcase, test_file_access);
	tcase_add_test(tcase, test_file_sizes);
	add_effects(tcase);
	return run_tests("config", tcase);
}
