# SPDX-License-Identifier: ISC
"""The senders, maps and settings of test_sender_login."""

# What is looked up; the odd recipients of test_matrix come on top of it.
SENDERS = """
alice@local.test
ALICE@Local.TEST
alice@local.test.
alice+x@local.test
Alice+X@local.test
alice+y@local.test
alice+x+y@local.test
alice-x@local.test
alice-x+y@local.test
+x@local.test
alice+@local.test
alice
ALICE+Y
alice@mail.local.test
alice@relay.test
alice@sub.local.test
alice@[127.0.0.1]
alice@[127.0.0.2]
alice@origin.test
Alice+z@Origin.test
alice%relay.test@local.test
bob@local.test
bob+e@local.test
carol@relay.test
carol+z@relay.test
carol%relay.test@local.test
relay.test!carol
"carol"@relay.test
dave@local.test
dave@localhost
dave+e@localhost
dave+f@localhost
dave+e@relay.test
dave@[127.0.0.1]
dave@[IPv6:::1]
dave@origin.test
dave+e@origin.test
dave
dave-e@local.test
anybody@domain.test
anybody+x@Domain.test
anybody@sub.domain.test
"first last"@relay.test
"first last+x"@relay.test
"first last"@local.test
"other last"@local.test
"other last+x"@local.test
"first+last"@relay.test
"a@b"@relay.test
"a@local.test"@relay.test
"quo\\"ted"@relay.test
upper@case.test
Upper@Case.Test
comma@local.test
empty@local.test
empty@sub.relay.test
emptyx@sub.relay.test
dollar@relay.test
owner-list@local.test
owner-list@relay.test
list-request@local.test
list-request@relay.test
-request@relay.test
owner-@relay.test
request@relay.test
owner@relay.test
postmaster@local.test
postmaster+x@local.test
postmaster+x@relay.test
MAILER-DAEMON@local.test
MAILER-DAEMON+x@relay.test
double-bounce@relay.test
double-bounce+x@relay.test
double+x@relay.test
nobody@unknown.example
-dash@relay.test
jürgen@bücher.test
JÜRGEN@BÜCHER.TEST
jürgen+x@bücher.test
strasse@relay.test
straße@relay.test
groß@relay.test
GROSS@relay.test
user@127.0.0.1
user@relay..test
user@.relay.test
user@_x.relay.test
"""

# Keys and owners, as in a table's source.
ENTRIES = """\
alice@local.test            alice
alice+x@local.test          alice-x, carol
bob@local.test              bob, bobby	Alice
carol@relay.test            carol,dave
dave                        dave
dave+e                      nobody , list
@domain.test                domainer alice
"first last"@relay.test     carol
"other last"                dave
"a@b"@relay.test            alice
Upper@Case.Test             Carol
comma@local.test            , ,
dollar@relay.test           b$b
owner-list@local.test       list
list@relay.test             list
owner@relay.test            owner
postmaster@local.test       alice
postmaster@relay.test       dave
mailer-daemon@relay.test    dave
double-bounce@relay.test    dave
double@relay.test           alice
@[127.0.0.1]                carol
@origin.test                carol
jürgen@bücher.test          Jürgen
strasse@relay.test          alice
Groß@relay.test             dave
-dash@relay.test            alice
user@local.test             alice
user@remote.example         carol
@remote.example             dave
usér@local.test             dave
x%y@relay.test              alice
"""

PATTERNS = r"""
/^alice(\+[^@]*)?@local\.test$/    alice
/^([^@+]+)(\+.*)?@domain\.test$/   $1, alice
if /relay\.test$/
/^"first last"@/                   carol
/^first last\+x@/                  dave
/^(carol|dave)[+@]/                ${1}
!/@/                               never
/^(.)ollar@/                       b$$b, $(1)
endif
/^empty(x?)@sub\.relay\.test$/     $1
/^bob@/
/^(.*)@local\.test$/               $1
/^dave$/                           never
/@remote\.example$/                dave
/^jürgen@/                         JÜRGEN
"""

SIMPLE = "inline:{ alice@local.test=alice, { @relay.test = carol, dave }," \
         " Dave=dave, { bob = } }"

# Lines of main.cf; @ is the path of a table.
CASES = {
    "hash": {"smtpd_sender_login_maps": "hash:@", "recipient_delimiter": "+"},
    "lmdb, -+": {"smtpd_sender_login_maps": "lmdb:@",
                 "recipient_delimiter": "-+"},
    "texthash, none": {"smtpd_sender_login_maps": "texthash:@",
                       "recipient_delimiter": ""},
    "hash, owner": {"smtpd_sender_login_maps": "hash:@",
                    "recipient_delimiter": "-",
                    "owner_request_special": "no"},
    "pcre": {"smtpd_sender_login_maps": "pcre:@", "recipient_delimiter": "+"},
    "regexp, hash": {"smtpd_sender_login_maps": "regexp:@ hash:@",
                     "recipient_delimiter": "+"},
    "inline": {"smtpd_sender_login_maps": SIMPLE, "recipient_delimiter": "+"},
    "cidr, static": {"smtpd_sender_login_maps":
                     "cidr:{{127.0.0.1 alice}}, static:{ alice , dave }"},
    "texthash, fail": {"smtpd_sender_login_maps": "texthash:@ fail:x",
                       "recipient_delimiter": "+"},
    "fail in relay_domains": {"smtpd_sender_login_maps": "texthash:@",
                              "recipient_delimiter": "+",
                              "relay_domains": "fail:x"},
    "proxy, remote": {"smtpd_sender_login_maps": "proxy:texthash:@",
                      "recipient_delimiter": "+",
                      "mydestination": "domain.test",
                      "append_dot_mydomain": "yes",
                      "swap_bangpath": "no", "resolve_null_domain": "yes",
                      "resolve_numeric_domain": "yes"},
    "proxy, inline": {"smtpd_sender_login_maps": "proxy:" + SIMPLE,
                      "recipient_delimiter": "+"},
    # Since Postfix 3.11; before, hash: is hash:.
    "hash is texthash": {"smtpd_sender_login_maps": "hash:@",
                         "recipient_delimiter": "+",
                         "non_bdb_migration_level": "enable-redirect",
                         "non_bdb_custom_mapping": "inline:{hash=texthash}"},
    "no utf8": {"smtpd_sender_login_maps": "hash:@, pcre:@",
                "recipient_delimiter": "+", "smtputf8_enable": "no"},
    "sqlite": {"smtpd_sender_login_maps": "inline:{carol@relay.test=carol} "
               "sqlite:@", "recipient_delimiter": "+"},
    "mixed, hash": {"smtpd_sender_login_maps": "hash:@",
                    "recipient_delimiter": "+"},
    "mixed, sqlite": {"smtpd_sender_login_maps": "sqlite:@",
                      "recipient_delimiter": "+",
                      "relay_domains": "sqlite:@.domains"},
    "mixed, sqlite and hash": {"smtpd_sender_login_maps": "sqlite:@",
                               "recipient_delimiter": "+"},
    "sqlite destination": {"smtpd_sender_login_maps": "texthash:@",
                           "recipient_delimiter": "+",
                           "mydestination": "sqlite:@.domains"},
    "inline, twice": {"smtpd_sender_login_maps": "inline:{"
                      " alice@local.test=bob, @relay.test=alice, Alice@"
                      "Local.test=alice, { @RELAY.test = carol, dave },"
                      " Dave=dave, { bob = } }", "recipient_delimiter": "+"},
}
DEFAULTS = {name: "" for case in CASES.values() for name in case}
DEFAULTS.update(swap_bangpath="yes", smtputf8_enable="yes",
                owner_request_special="yes", append_dot_mydomain="no",
                resolve_null_domain="no", resolve_numeric_domain="no",
                mydestination="$myhostname, localhost.$mydomain, localhost,"
                " $mydomain", myorigin="origin.test",
                relay_domains="relay.test",
                non_bdb_migration_level="disable")
