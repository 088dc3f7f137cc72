# SPDX-License-Identifier: ISC
"""Mistakes in main.cf and master.cf, and what policyd -P says of each."""

from kit.postfix_files import ASK, MASTER

SPAWN = MASTER + """\
policyd    unix - n n - %s spawn
  user=nobody argv=/usr/sbin/policyd -s
"""


class Case:
    """One mistake: what makes it, and what must be found, each as
    (severity, file, text)."""

    def __init__(self, name, *expected, main=None, master=MASTER, conf="",
                 fixes=True):
        self.name = name
        self.expected = expected
        self.main = main or {}
        self.master = master
        self.conf = conf
        self.fixes = fixes      # commands fix it all; else there is none


def on_port(parameter, value):
    """on_port - MASTER with an override for submission"""
    return MASTER.replace(
        "  -o syslog_name", "  -o { %s = %s }\n  -o syslog_name" %
        (parameter, value))


RECIPIENT = "smtpd_recipient_restrictions"
RELAY = "smtpd_relay_restrictions"
NETWORKS = "permit_mynetworks, permit_sasl_authenticated, " \
    "reject_unauth_destination"
LOGINS = "permit_sasl_authenticated, reject_unauth_destination"
# It has a word that smtpd(8) insists on, and refuses nobody here.
RBL = "reject_rbl_client reject, "
CASES = [
    Case("nothing wrong"),
    Case("braces and a context",
         main={RECIPIENT: "check_policy_service { unix:private/policyd, "
                          "policy_context=rcpt }, reject"}),
    Case("through a name", main={
        "ours": ASK, RECIPIENT: "$ours, reject"}),
    Case("through a class", main={
        "smtpd_restriction_classes": "ours",
        "ours": ASK, RECIPIENT: "ours, reject"}),
    Case("checks before us", main={
        RECIPIENT: "reject_non_fqdn_sender, check_client_access "
                   "inline:{x=permit}, " + ASK + ", reject"}),

    Case("nobody asks",
         ("error", "main.cf", "no restriction list asks policyd"),
         main={RECIPIENT: "permit_mynetworks, reject_unauth_destination"}, fixes=False),
    Case("another policy server is not us",
         ("error", "main.cf", "no restriction list asks policyd"),
         ("error", "main.cf", "unix:private/postgrey: nobody can be asked "
          "there: No such file"),
         main={RECIPIENT: "check_policy_service unix:private/postgrey, "
                          "reject_unauth_destination"}, fixes=False),
    Case("at DATA only",
         ("error", "main.cf", "no restriction list asks policyd"),
         main={RECIPIENT: LOGINS,
               "smtpd_data_restrictions": ASK}),
    Case("asked on one port only",
         ("error", "main.cf", "not asked on port smtp"),
         main={RECIPIENT: "reject_unauth_destination"},
         master=on_port(RECIPIENT, ASK + ", reject")),

    Case("users cannot send, by the list that asks",
         ("warning", "main.cf", "users who log in may send to our domains only: "
          "reject_unauth_destination in smtpd_recipient_restrictions refuses"),
         main={RECIPIENT: "reject_unauth_destination, " + ASK + ", reject"},
         fixes=False),
    Case("users cannot send, by another list",
         ("warning", "main.cf", "users who log in may send to our domains only: "
          "reject_unauth_destination in smtpd_relay_restrictions refuses"),
         main={RELAY: "reject_unauth_destination"}, fixes=False),
    Case("users can send on one port",
         main={RELAY: "reject_unauth_destination"},
         master=on_port(RELAY, LOGINS)),

    Case("permit first",
         ("error", "main.cf", "permit comes before policyd: it always"),
         main={RECIPIENT: RBL + "permit, " + ASK + ", reject"}, fixes=False),
    Case("reject first",
         ("error", "main.cf", "reject comes before policyd: it always"),
         main={RECIPIENT: "reject, " + ASK + ", reject"}, fixes=False),
    Case("permit in a class",
         ("error", "main.cf", "permit comes before policyd"),
         main={"smtpd_restriction_classes": "early", "early":
               "reject_non_fqdn_sender, permit",
               RECIPIENT: "early, " + ASK + ", reject"}, fixes=False),
    Case("mynetworks first",
         ("warning", "main.cf", "permit_mynetworks comes before policyd"),
         main={RECIPIENT: "permit_mynetworks, " + ASK + ", reject"}, fixes=False),
    Case("login first, no login offered",
         main={RECIPIENT: "permit_sasl_authenticated, " + ASK + ", reject",
               "smtpd_sasl_auth_enable": "no"},
         conf="restrictions = { permit_auth_destination, reject }\n"),
    Case("login first, encrypted",
         ("warning", "main.cf", "permit_sasl_authenticated comes before"),
         main={RECIPIENT: "permit_sasl_authenticated, " + ASK + ", reject",
               "smtpd_sasl_auth_enable": "yes",
               "smtpd_tls_auth_only": "yes"}),
    Case("login first, in plain text",
         ("error", "main.cf",
          "AUTH is offered without TLS on ports smtp and submission: "),
         ("error", "main.cf", "permit_sasl_authenticated comes before"),
         main={RECIPIENT: "permit_sasl_authenticated, " + ASK + ", reject",
               "smtpd_tls_auth_only": "no"}),
    Case("a list of several ports",
         ("warning", "main.cf",
          "smtpd_relay_restrictions on ports smtp, submission and 2525: "
          "permit_mynetworks comes before"),
         ("warning", "main.cf",
          "smtpd_relay_restrictions on ports smtp, submission and 2525: "
          "nothing refuses after policyd"),
         main={"mine": "permit_mynetworks, " + ASK,
               RECIPIENT: LOGINS},
         master="".join("%s inet n - y - - smtpd\n"
                        "  -o smtpd_relay_restrictions=$mine\n" % port
                        for port in ("smtp", "submission", "2525"))),
    Case("only a warning",
         ("error", "main.cf", "warn_if_reject comes before policyd"),
         main={RECIPIENT: "warn_if_reject " + ASK + ", reject"}, fixes=False),
    Case("permit first on one port",
         ("error", "master.cf", "on port submission: permit comes before"),
         master=on_port(RECIPIENT, RBL + "permit, " + ASK + ", reject"), fixes=False),

    Case("nothing after us",
         ("error", "main.cf", "nothing refuses after policyd"),
         main={RECIPIENT: RBL + ASK}),
    Case("nothing after us, guarded by the relay list",
         ("warning", "main.cf", "nothing refuses after policyd"),
         main={RECIPIENT: ASK, "smtpd_relay_restrictions":
               "permit_sasl_authenticated, defer_unauth_destination"}),
    Case("only a warning after us",
         ("error", "main.cf", "nothing refuses after policyd"),
         ("error", "main.cf", "warn_if_reject follows policyd"),
         main={RECIPIENT: RBL + ASK + ", warn_if_reject reject"}, fixes=False),
    Case("nothing after us at DATA is right",
         main={"smtpd_data_restrictions": ASK}),

    Case("dunno in the relay list",
         ("error", "check.conf", "smtpd_relay_restrictions with reply = "
          "dunno: the end of the list permits"),
         main={"smtpd_relay_restrictions": ASK,
               RECIPIENT: LOGINS},
         conf="reply = dunno\n"),
    Case("dunno in the relay list for one context",
         ("error", "check.conf", "smtpd_relay_restrictions with reply = "
          "dunno: what it permits is refused"),
         main={"smtpd_relay_restrictions":
               "check_policy_service { unix:private/policyd, "
               "policy_context=relay }, reject"},
         conf='service "r" { policy_context = { "relay" } reply = dunno }\n'),
    Case("dunno and then reject",
         ("error", "check.conf", "reply = dunno, and reject follows"),
         conf="reply = dunno\n"),
    Case("dunno for the port of one service",
         ("error", "check.conf", "reply = dunno, and reject follows"),
         conf='service "s" { server_port = { 587 } reply = dunno }\n'),
    Case("dunno before checks is right",
         main={RECIPIENT: RBL + ASK + ", reject_non_fqdn_sender"},
         conf="reply = dunno\n"),
    Case("observe and then reject",
         ("error", "check.conf", "mode = observe, and reject follows"),
         conf="mode = observe\n"),
    Case("observe and nothing after it",
         ("error", "main.cf", "nothing refuses after policyd"),
         main={RECIPIENT: RBL + ASK}, conf="mode = observe\n"),
    Case("observe where another list decides is right",
         main={RECIPIENT: ASK, "smtpd_relay_restrictions":
               "permit_sasl_authenticated, defer_unauth_destination"},
         conf="mode = observe\n"),
    Case("observe ahead of what decides is right",
         main={"smtpd_relay_restrictions": ASK + ", permit_sasl_authenticated,"
               " reject_unauth_destination",
               RECIPIENT: LOGINS},
         conf="mode = observe\n"),
    Case("ok before checks",
         ("error", "main.cf", "reject_non_fqdn_sender follows policyd.*ok"),
         main={RECIPIENT: ASK + ", reject_non_fqdn_sender, reject"},
         conf="reply = ok\n"),
    Case("lock before checks",
         ("error", "main.cf", "check_client_access follows policyd.*lock"),
         main={RECIPIENT: ASK + ", check_client_access inline:{x=permit}, "
                          "reject"}, fixes=False),

    Case("inet, not a name",
         ("error", "main.cf", "cannot look up that name"),
         main={RECIPIENT: "check_policy_service "
                          "inet:no-such-host.invalid:%PORT%, reject"},
         conf='listen "inet:127.0.0.1:%PORT%" { }\n'),
    Case("inet, another address",
         ("error", "main.cf", "is not where policyd listens"),
         main={RECIPIENT: "check_policy_service inet:127.0.0.2:%PORT%, "
                          "reject"},
         conf='listen "inet:127.0.0.1:%PORT%" { }\n'),
    Case("inet by name",
         main={RECIPIENT: "check_policy_service inet:localhost:%PORT%, "
                          "reject"},
         conf='listen "inet:127.0.0.1:%PORT%" { }\n'),
    Case("inet, on all addresses",
         main={RECIPIENT: "check_policy_service inet:127.0.0.1:%PORT%, "
                          "reject"},
         conf='listen "inet:0.0.0.0:%PORT%" { allow_remote = "127.0.0.1" }\n'),
    Case("inet, on all addresses, but not of this host",
         ("error", "main.cf", "is not where policyd listens"),
         main={RECIPIENT: "check_policy_service inet:192.0.2.1:%PORT%, "
                          "reject"},
         conf='listen "inet:0.0.0.0:%PORT%" { allow_remote = "127.0.0.1" }\n'),
    Case("inet, in TLS",
         ("error", "check.conf", "policyd speaks TLS there"),
         main={RECIPIENT: "check_policy_service inet:127.0.0.1:%PORT%, "
                          "reject"},
         conf='listen "inet:127.0.0.1:%PORT%" { tls { certificate = '
              '"%TLS%/server.pem" key = "%TLS%/server.key" ca = '
              '"%TLS%/ca.pem" } }\n'),
    Case("allow_users without Postfix",
         ("error", "check.conf", "which is not in allow_users"),
         conf='allow_users = { "root", "nobody" }\n', fixes=False),
    Case("allow_users with Postfix",
         conf='allow_users = { "postfix" }\n'),
    Case("inet, nobody there",
         ("error", "check.conf", "cannot connect to inet:127.0.0.1:9 "),
         main={RECIPIENT: "check_policy_service inet:127.0.0.1:9, reject"},
         conf='listen "inet:127.0.0.1:9" { }\n'),
    Case("an absolute path in a chroot",
         ("error", "main.cf", "in its chroot asks at unix:%QUEUE%%QUEUE%"),
         main={RECIPIENT: "check_policy_service "
                          "unix:%QUEUE%/private/policyd, reject"}),
    Case("an absolute path without a chroot",
         main={RECIPIENT: "check_policy_service "
                          "unix:%QUEUE%/private/policyd, reject"},
         master=MASTER.replace("n - y", "n - n")),
    Case("the wrong directory",
         ("error", "main.cf", "unix:public/policyd: smtpd asks"),
         main={RECIPIENT: "check_policy_service unix:public/policyd, "
                          "reject"}),

    Case("no queue directory",
         ("warning", "check.conf", "was not tried: cannot become user "
          "postfix in %QUEUE%/gone: No such file"),
         main={RECIPIENT: "check_policy_service inet:127.0.0.1:%PORT%, "
                          "reject",
               "queue_directory": "%QUEUE%/gone"},
         conf='listen "inet:127.0.0.1:%PORT%" { }\n'),
    Case("no such owner",
         ("warning", "main.cf", 'may end at once on ports smtp and submission: '
          'mail_owner is "nosuchuser", and must be a user of this host'),
         ("warning", "check.conf", "was not tried: cannot become user "
          "nosuchuser in .*: No such file"),
         main={"mail_owner": "nosuchuser"}, fixes=False),

    Case("no time limit",
         ("error", "main.cf", "policyd_time_limit is not set"),
         master=SPAWN % "0"),
    Case("too short a time limit",
         ("error", "main.cf", "spawn ends policyd after 900s"),
         main={"policyd_time_limit": "900s"}, master=SPAWN % "0"),
    Case("a process limit",
         ("error", "master.cf", "policyd has a process limit"),
         main={"policyd_time_limit": "3600"}, master=SPAWN % "10"),
    Case("the default process limit",
         ("error", "master.cf", "policyd has a process limit"),
         main={"policyd_time_limit": "3600"}, master=SPAWN % "-"),
    Case("spawned as it should be",
         main={"policyd_time_limit": "1h"}, master=SPAWN % "0"),

    Case("idle for too long",
         ("warning", "main.cf", "max_idle = 2000s: policyd closes"),
         ("warning", "main.cf", "max_ttl = 3000s: policyd closes"),
         main={"smtpd_policy_service_max_idle": "2000s",
               "smtpd_policy_service_max_ttl": "3000s"}),
    Case("we are not idle for long enough",
         ("warning", "main.cf", "max_idle = 300s: policyd closes.*200s"),
         ("warning", "main.cf", "max_ttl = 1000s: policyd closes.*200s"),
         conf="idle_timeout = 200s\n", fixes=False),
    Case("no time to answer",
         ("warning", "main.cf", "timeout = 1s: too short"),
         main={"smtpd_policy_service_timeout": "1s"}),
    Case("no time to answer, for one server",
         ("warning", "main.cf", "^timeout = 1s: too short"),
         main={RECIPIENT: "check_policy_service { unix:private/policyd, "
                          "timeout=1s }, reject"}, fixes=False),
    Case("one request a connection",
         ("warning", "main.cf", "request_limit = 1: Postfix reconnects"),
         main={"smtpd_policy_service_request_limit": "1"}),
    Case("one attempt",
         ("warning", "main.cf", "try_limit = 1: without"),
         main={"smtpd_policy_service_try_limit": "1"}),
    Case("a long delay",
         ("warning", "main.cf", "retry_delay = 60s: a client waits"),
         main={"smtpd_policy_service_retry_delay": "60s"}),

    Case("default action DUNNO",
         ("error", "main.cf", "default_action = DUNNO: mail passes"),
         main={"smtpd_policy_service_default_action": "DUNNO"}),
    Case("default action OK on one port",
         ("error", "master.cf", "default_action on port submission = OK"),
         master=on_port("smtpd_policy_service_default_action", "OK")),
    Case("default action permit for one server",
         ("error", "main.cf", "^default_action = permit_auth_destination"),
         main={RECIPIENT: "check_policy_service { unix:private/policyd, "
                          "{ default_action = permit_auth_destination } }, "
                          "reject"}, fixes=False),
    Case("default actions that refuse",
         main={"smtpd_policy_service_default_action":
               "defer_if_permit try later"}),

    Case("before there is a recipient",
         ("error", "main.cf", "smtpd_delay_reject: policyd is asked in "
          "smtpd_client_restrictions before"),
         main={"smtpd_client_restrictions": ASK + ", reject",
               "smtpd_delay_reject": "no"}),
    Case("before there is a recipient, on one port",
         ("error", "master.cf", "smtpd_delay_reject on port submission"),
         main={"smtpd_helo_restrictions": ASK + ", reject"},
         master=on_port("smtpd_delay_reject", "no")),
    Case("a recipient without delay",
         main={"smtpd_delay_reject": "no"}),

    Case("a domain in two classes",
         ("warning", "main.cf", "(LOCAL|local).test is in both "
          "mydestination and virtual_mailbox_domains"),
         main={"virtual_mailbox_domains": "v.test, LOCAL.test"}, fixes=False),
    Case("a domain in two other classes",
         ("warning", "main.cf", "r.test is in both virtual_alias_domains and "
          "relay_domains"),
         main={"virtual_alias_domains": "a.test r.test",
               "relay_domains": "x.test, r.test"}, fixes=False),
    Case("a u-label alone",
         ("warning", "main.cf", "bücher.test is in mydestination "
          "without its other spelling, xn--bcher-kva.test"),
         main={"mydestination": "local.test, bücher.test"}),
    Case("an a-label alone",
         ("warning", "main.cf", "xn--bcher-kva.test is in relay_domains "
          "without its other spelling, bücher.test"),
         main={"relay_domains": "xn--bcher-kva.test"}),
    Case("both spellings",
         main={"mydestination": "BÜCHER.test, xn--bcher-kva.test"}),
    Case("an a-label is enough without SMTPUTF8",
         main={"mydestination": "xn--bcher-kva.test",
               "smtputf8_enable": "no"}),

    Case("AUTH without TLS",
         ("error", "main.cf", "AUTH is offered without TLS on port smtp: "),
         main={"smtpd_tls_auth_only": "no"},
         master=on_port("smtpd_tls_security_level", "encrypt")),
    Case("AUTH without TLS on one port",
         ("error", "master.cf", "AUTH is offered without TLS on port submission: "),
                  master=on_port("smtpd_tls_auth_only", "no")),

    Case("465 without TLS from the start",
         ("error", "main.cf", "TLS does not come first on port submissions: "),
         master=MASTER.replace("submission inet", "submissions inet")),
    Case("587 with TLS from the start",
         ("error", "master.cf", "TLS comes first on port submission: "),
         master=on_port("smtpd_tls_wrappermode", "yes")),
    Case("all with TLS from the start",
         ("error", "main.cf",
          "TLS comes first on ports smtp and submission: "),
         main={"smtpd_tls_wrappermode": "yes"}),
    Case("another port with TLS from the start",
         master=MASTER.replace("submission inet", "2465 inet").replace(
             "  -o syslog_name", "  -o smtpd_tls_wrappermode=yes\n"
             "  -o syslog_name")),

    Case("a table without a type",
         ("error", "main.cf", "smtpd ends at once on ports smtp and "
          "submission: /etc/postfix/virtual in virtual_alias_maps is no "
          "TYPE:NAME"),
         main={"virtual_alias_maps": "/etc/postfix/virtual"}, fixes=False),
    Case("a word of none of a set",
         ("error", "main.cf", "smtpd ends at once on .*: notify_classes is "
          "\"resource, softwear\", and must be some of.*; "
          "did you mean software"),
         main={"notify_classes": "resource, softwear"}),
    Case("a word of none of a set, on one port",
         ("error", "master.cf", "smtpd ends at once on port submission: "
          "receive_override_options is \"no_milter\", and must be some of"),
         master=on_port("receive_override_options", "no_milter")),
    Case("white space around = in a policy server",
         ("error", "main.cf", "an attribute of check_policy_service has no "
          "\"=\"; white space around that needs braces"),
         main={RECIPIENT: "check_policy_service { unix:private/policyd, "
                          "timeout = 3 }, reject"}, fixes=False),
    Case("a level of TLS that is none",
         ("error", "master.cf", "on port submission: smtpd_tls_security_level "
          "is \"yes\", and must be one of these: none may encrypt"),
         master=on_port("smtpd_tls_security_level", "yes"), fixes=False),
    Case("a protocol that is none",
         ("error", "main.cf", "there is no TLS on port smtp: !TLSv1.0 is no "
          "protocol"),
         main={"smtpd_tls_protocols": "!SSLv3, !TLSv1.0"},
         master=on_port("smtpd_tls_security_level", "encrypt"), fixes=False),
    Case("ciphers that are none, on all ports",
         ("error", "main.cf", "TLS fails on each port that offers AUTH: "
          "HIGH:!aNULL is not one of"),
         main={"smtpd_tls_ciphers": "HIGH:!aNULL"}, fixes=False),
    Case("a table that was not made",
         ("error", "main.cf", "virtual_alias_maps: hash:/no/such: there is no "
          "file /no/such.db: Postfix defers"),
         main={"virtual_alias_maps": "hash:/no/such"}, fixes=False),
    Case("a table of no type",
         ("error", "main.cf", "recipient_canonical_maps: HASH:/x: Postfix has "
          "no such type"),
         main={"recipient_canonical_maps": "HASH:/x"}, fixes=False),
    Case("Dovecot's path, and Cyrus SASL",
         ("error", "main.cf", "smtpd_sasl_path = private/auth is a socket of "
          "Dovecot, and smtpd_sasl_type is cyrus"),
         main={"smtpd_sasl_path": "private/auth"}, fixes=False),

    Case("an option in quotation marks",
         ("error", "master.cf", "submission has quotation marks around -o "
          "smtpd_recipient_restrictions, so it does nothing"),
         master=MASTER.replace(
             "  -o syslog_name", "  -o \"smtpd_recipient_restrictions=reject\"\n"
             "  -o syslog_name"), fixes=False),

    Case("mynetworks of everybody",
         ("error", "main.cf", "mynetworks contains 0.0.0.0/0, which nobody "
          "owns: "),
         main={RELAY: NETWORKS, "mynetworks": "127.0.0.0/8, 0.0.0.0/0"}, fixes=False),
    Case("mynetworks of others",
         ("warning", "main.cf", r"mynetworks contains 198.51.100.0/24"),
         ("warning", "main.cf", r"mynetworks contains \[2001:db8::\]/32"),
         main={RELAY: NETWORKS, "mynetworks": "198.51.100.0/24 [2001:db8::]/32 [fe80::]/10 "
                             "172.16.0.0/12 192.168.1.0/24"}, fixes=False),
    Case("mynetworks wider than private",
         ("warning", "main.cf", "mynetworks contains 172.0.0.0/11"),
         main={RELAY: NETWORKS, "mynetworks": "172.0.0.0/11"}, fixes=False),
    Case("mynetworks by default", main={"mynetworks": None}),

    Case("an override takes us out",
         ("error", "master.cf", "-o smtpd_recipient_restrictions removes "
          "policyd on port submission: it is not asked there"),
         master=on_port(RECIPIENT, "permit_sasl_authenticated, reject"), fixes=False),
    Case("an override takes us out of one list",
         ("warning", "master.cf", "-o smtpd_client_restrictions removes "
          "policyd on port submission: it is asked in another"),
         main={"smtpd_client_restrictions": ASK + ", reject"},
         master=on_port("smtpd_client_restrictions", "permit"), fixes=False),
    Case("an override of a name takes us out",
         ("error", "main.cf", "not asked on port submission"),
         main={"ours": ASK + ", reject", RECIPIENT: "$ours"},
         master=on_port("ours", "reject_unauth_destination")),
    Case("no smtpd",
         ("error", "master.cf", "no smtpd service"),
         master="smtp unix - - y - - smtp\n", fixes=False),
]
