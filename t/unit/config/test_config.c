/* SPDX-License-Identifier: ISC */
/* test_config - what is refused, and on which line */

#include <check.h>

#include "t/unit/test.h"
#include "t/unit/config/loading.h"

#define HALF_FINGERPRINT "55:3C:99:7A:18:5E:1C:D9:73:DA:B7:98:E6:E7:CC:6C"
#define FINGERPRINT	 HALF_FINGERPRINT ":" HALF_FINGERPRINT

/* ---- what is refused */

struct broken {
	const char *text;
	int line;	    /* 0: of the file as a whole */
	const char *reason; /* part of the message */
};

#define STORE_AT(path) "store \"unix:/" path "\" { }\n"
#define STORES_4(path)     \
	STORE_AT(path "1") \
	STORE_AT(path "2") STORE_AT(path "3") STORE_AT(path "4")

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
	{ "mode = \"0660\"\n", 1, "is not one of enforce, observe" },
	{ "service a { mode = watch }\n", 1, "is not one of enforce, observe" },
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
	{ STORES_4("1") STORES_4("2") STORES_4("3")
		  STORES_4("4") "store \"unix:/x\" {\n}\n",
	  17, "store: at most 16 sections are allowed" },
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
#if PTRDIFF_MAX < INT64_MAX
	{ "rate r {\nlimit = '1/1h'\nkeys = 16777216\n}\n", 3,
	  "keys: the file needs 4241 MB, and it can have at most 2047 MB on "
	  "this machine; lower keys" },
#endif
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

START_TEST(refuses_with_the_line)
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

int main(void)
{
	TCase *tests = tcase_create("config");

	tcase_add_loop_test(tests, refuses_with_the_line, 0, COUNT(broken));
	return run_tests("config", tests);
}
