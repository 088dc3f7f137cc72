# SPDX-License-Identifier: ISC
"""Random settings of address resolution, and random texts for RCPT TO.

Everything follows from random.Random(...) of what the caller gives, so that
a seed and a number name a setting or an address for ever. Texts are str;
bytes that are not UTF-8 are lone surrogates, as in the rest of these tests.
"""

import os
import random
import re

REMOTE = ["remote.example", "evil.example", "other.invalid", "x", "test"]

# Names for lists. Each is spelt with random case, prefix and suffix.
NAMES = [
    "local.test", "mail.local.test", "localhost", "localhost.local.test",
    "relay.test", "sub.relay.test", "a.b.relay.test", "dot.test",
    "valias.test", "vmail.test", "tab.test", "sub.tab.test", "single",
    "xn--bcher-kva.test", "xn--r8jz45g.test", "strasse.test", "k.test",
    "under_score.test", "-dash.test", "dash-.test", "a..b.test", "1.2.3.4",
    "127.0.0.1", "1", "test", "l" * 63 + ".test", "l" * 64 + ".test",
    ".".join(["part"] * 40) + ".test",
]
UNICODE = [
    "b\u00fccher.test", "B\u00dcCHER.test", "stra\u00dfe.test",
    "STRA\u1e9eE.test", "\u4f8b\u3048.test", "local.te\u017ft", "\u212a.test",
    "\u0130i.test", "\u03c3\u03c2.test", "\ufb01.test", "\u01c5.test",
    "e\u0301.test", "\u00e9.test", "a\u200db.test", "a\u00adb.test",
    "\uff4c\uff4f\uff43\uff41\uff4c.test", "sub\u3002relay.test",
    "\u0430.test", "\u10a0.test", "\u13a0\uab70.test", "\u1f88.test",
    "\U00010400.test", "\U0001f600.test", "relay\uff0etest", "\u05d0.test",
]
LITERALS = [
    "[127.0.0.1]", "[127.0.0.2]", "[IPv6:::1]", "[ipv6:0:0::1]", "[::1]",
    "[10.9.8.7]", "[192.0.2.10]", "[0.0.0.0]", "[127.0.0.01]", "[127.1]",
    "[0177.0.0.1]", "[0127.0.0.1]", "[0x7f.0.0.1]", "[2130706433]",
    "[IPv6:::ffff:127.0.0.1]", "[IPv6:::ffff:7f00:1]", "[IPv6:127.0.0.1]",
    "[IPv6:2001:db8::10]", "[IPV6:2001:0DB8:0:0::0010]", "[IPv6:::]",
    "[IPv6:::1%lo]", "[IPv6:fe80::1%1]", "[]", "[IPv6:]", "[x]", "[127.0.0.1",
    "127.0.0.1]", "[[127.0.0.1]]", "[127.0.0.1].", "[ 127.0.0.1 ]",
    "[127.0.0.256]", "[1.2.3.4.5]", "[local.test]", "[IPv6:::1", "[::1]]",
    "[\\127.0.0.1]", "[127.0.0.1]x", "x[127.0.0.1]", "[IPv6:1:2:3:4:5:6:7:8]",
]
USERS = [
    "user", "User", "a.b", "a+b", "a-b", "x|y", "50", "u=v", "#", "/x", "a:b",
    "postmaster", "double-bounce", "MAILER-DAEMON", "-user", "-", "owner-x",
    "\u00fcser", "\uff20", "us\uff20remote.example", "us\uff05er", "\uff01",
    "us\udcffer", "a..b", ".a", "a.", "", "x" * 70, "~", "`", "{u}", "us*er",
    "user\\", "us\\er", "a\\@b", "a\\%b", "a\\!b", "\u4f8b", "\x01", "\x7f",
]
QUOTED = [
    "a b", "a@b", "a%b", "a!b", "", "@", "!", "%", "user@remote.example",
    "user%remote.example", "remote.example!user", "user@local.test", "<", ">",
    "\\\"", "\\\\", "a\\@b", "(c)", " ", ".", "-x", "\u00fc", "a\rb", "[", ",",
    "user@relay.test", "x@[127.0.0.1]", ":", ";", "\t", "relay.test!user",
    "(a(b)c)x", "(a", "a\\\\(b", "\\\"\\\"", "\\\"a", "x@(c)relay.test",
    "a\\\\", "x@local.test..", "x@relay.test.", "local.test.!x",
    "@relay.test:x",
]
NOISE = list("@%!<>()[]\"\\:;,.- \t\r\x00\x01\x7f#/=+*?$`'|~^&{}") + [
    "\u00fc", "\udcff", "\udcc3", "\u3002", "\uff20", "\u200b", "@@", "..",
    "%%", "!!", "\"\"", "()", "\\\\", ">>", "<<", "[]", " .", ". ", "&a",
]
SEPARATORS = [", ", " ", ",", ",,", " , ", "\t"]

# Parts of patterns. None has a back-reference: a regexp: table with one is
# for Postfix only, and policyd refuses it with reply = ok.
EXPRESSIONS = [
    "^", "$", "\\.test$", "^sub\\.", ".", ".*", "(a|b)", "[a-m]+", "[^.]+",
    "[[:alpha:]]", "x?", "l{1,2}", "relay", "local", "\\[127", "^(sub\\.)*",
    "TEST", "(tab|vmail)\\.", "\\.", "\\]$", "valias", "[.]", "^$", "[]x]",
    "()", "(.)", "a|", "\\w", "\\<", "[a-", "x{", "+", "(?i)", "\\b",
    "\u00fc", "[[:upper:]]", "x{2,1}", "\\", "()*", "$x", "[^a]", "\u212a",
    "k", "(", ")", "x**", "[[.-.]]", "\\bt", "(?!sub)", "{1}", "x{300}",
    "\u00df",
]

ALL_PARENTS = ("debug_peer_list,fast_flush_domains,mynetworks,"
               "permit_mx_backup_networks,qmqpd_authorized_clients,"
               "relay_domains,smtpd_access_maps")


def chance(rng, share):
    """chance - true in that share of all cases"""
    return rng.random() < share


def recase(rng, text):
    """recase - the same name in another spelling"""
    way = rng.randrange(5)
    if way == 0:
        return text.upper()
    if way == 1:
        return text.lower()
    if way == 2:
        return "".join(c.upper() if chance(rng, 0.5) else c for c in text)
    return text.casefold() if way == 3 else text.swapcase()


def letter(rng):
    """letter - a character that has another case"""
    while True:
        c = chr(rng.choice((rng.randrange(0xa0, 0x2200),
                            rng.randrange(0x2c00, 0xfb20),
                            rng.randrange(0x10400, 0x1e944))))
        if c.casefold() != c or c.upper() != c:
            return c


class Host:
    """What a machine has: addresses of its own, IPv6 or not, and the types of
    tables that both sides know."""

    def __init__(self, addresses, ipv6, types):
        self.addresses = addresses
        self.ipv6 = ipv6
        self.types = types


class Setting:
    """Parameters and files, both sides get the same. values: name to text;
    files: path to text; maps: what postmap has to make of files, type:path;
    names: domains in the lists; utf8: may a client say SMTPUTF8?
    imported: policyd reads main.cf by itself; lenient: it is asked about bad
    syntax too, as far as Postfix can be made to ask. host says what the
    machine has (class Host)."""

    def __init__(self, seed, number, directory, host):
        self.number = number
        self.rng = random.Random("setting %s %d" % (seed, number))
        self.directory = directory
        self.host = host
        self.files = {}
        self.maps = []
        self.names = []
        self.values = {}
        self._identity()
        self._lists()
        self._interfaces()
        self._switches()
        self.utf8 = self.values["smtputf8_enable"] == "yes"
        self.imported = chance(self.rng, 0.25)
        self.lenient = chance(self.rng, 0.3)

    def _file(self, text):
        """_file - another file of this setting; its path"""
        path = os.path.join(self.directory, "%d.%d" % (self.number,
                                                       len(self.files)))
        self.files[path] = text
        return path

    def _name(self):
        """_name - a domain name for a list"""
        rng = self.rng
        if chance(rng, 0.08):
            name = "a%s%s.test" % (letter(rng), letter(rng))
        elif chance(rng, 0.15):
            name = rng.choice(UNICODE)
        elif chance(rng, 0.1):
            name = rng.choice([text for text in LITERALS if " " not in text])
        else:
            name = rng.choice(NAMES)
        self.names.append(name)
        return recase(rng, name) if chance(rng, 0.3) else name

    def _word(self, depth):
        """_word - one pattern of a list"""
        rng = self.rng
        way = rng.randrange(26)
        if way < 14:
            return self._name()
        if way < 17:
            return "!" + self._name()
        if way < 20:
            # With a colon it would be type:table, were it no literal.
            name = self._name().strip("[").replace(":", ".")
            return rng.choice(["", "!", "", "!!", "!!!"]) + "." + name
        if way == 20:
            return self._name() + "."
        if way == 21:
            return rng.choice(["*", "*.test", "#", "#x", "@local.test", ".",
                               "..", "a@b.test", "remote.*", "-", "=", "!#"])
        if depth > 1:
            return self._name()
        if way < 25:
            return rng.choice(["", "", "!", "!!"]) + self._table()
        return rng.choice(["", "", "!", "!!"]) + self._file(
            self._lines(depth + 1))

    def _table(self):
        """_table - a table, as type:name"""
        rng = self.rng
        kind = rng.choice(self.host.types)
        if kind == "inline":
            return "inline:{%s}" % ", ".join(
                rng.choice(["%s=x", "{%s = x y}"]) % self._key()
                for _ in range(rng.randrange(1, 4)))
        if chance(rng, 0.04):
            return "%s:%s/missing" % (kind, self.directory)
        line = {"regexp": self._expression, "pcre": self._perl_expression,
                "cidr": self._network}.get(kind, self._entry)
        text = "".join(line() for _ in range(rng.randrange(6)))
        name = "%s:%s" % (kind, self._file(text))
        if kind in ("hash", "btree", "lmdb"):
            self.maps.append(name)
        return name

    def _key(self):
        """_key - that a table can have, and inline: too"""
        return self.rng.choice(["", "", "."]) + self._name().strip(",")

    def _entry(self):
        """_entry - a line of a table of keys and values"""
        rng = self.rng
        if chance(rng, 0.1):
            return rng.choice(["# x\n", "\n", "%s\n" % self._key(),
                               '"%s" x\n' % self._key(), "#%s x\n"
                               % self._key(), " \n"])
        return "%s%s%s\n" % (self._key(), rng.choice([" ", "\t", "  "]),
                             rng.choice(["x", "OK", "a\n b", "x "]))

    def _expression(self):
        """_expression - a line of a regexp: table"""
        return self._rule("imx")

    def _perl_expression(self):
        """_perl_expression - a line of a pcre: table"""
        return self._rule("imsxAEUX")

    def _rule(self, letters):
        """_rule - a line with a pattern, or several with a condition"""
        rng = self.rng
        if chance(rng, 0.1):
            return rng.choice(["# NAME\n", "\n", "/NAME/\n", "/NAME x\n",
                               "NAME x\n", "endif\n", "/(NAME/ x\n"]
                              ).replace("NAME", self._name())
        line = "%s%s%s\n" % (
            self._pattern(letters), rng.choice([" ", "\t", "\n "]),
            rng.choice(["x", "x", "x", "$1", "${1}x", "$2", "$$", "a$"]))
        if chance(rng, 0.1):
            return "if %s\n%sendif\n" % (self._pattern(letters), line)
        return line

    def _pattern(self, letters):
        """_pattern - with its delimiters"""
        rng = self.rng
        if chance(rng, 0.6):
            inner = "".join(rng.choice(EXPRESSIONS) for _ in range(
                rng.choice((1, 1, 2, 3))))
        else:
            inner = "^%s$" % re.sub(r"[][.]", r"\\\g<0>", self._name())
        # Such a regexp: table is left to Postfix: refused with reply = ok.
        if inner.count("{300}") > 1 or re.search(r"\\[1-9]", inner):
            inner = "x{300}"
        close = rng.choice("////,~")
        text = "%s%s%s%s%s" % (
            rng.choice(["", "", "", "", "!", "!!", "! "]), close,
            inner.replace(close, "\\" + close), close,
            rng.choice(letters) if chance(rng, 0.15) else "")
        if letters == "imx" and chance(rng, 0.05):
            text += "!/%s/" % rng.choice(EXPRESSIONS)
        return text

    def _network(self):
        """_network - a line of a cidr: table"""
        return self.rng.choice([
            "127.0.0.0/8 x\n", "0.0.0.0/0 x\n", "1.2.3.4 x\n", "::/0 x\n",
            "!127.0.0.1 x\n", "# x\n", "10.9.8.7/32 x\n", "[::1]/128 x\n",
            "if 127.0.0.0/8\n127.0.0.1 x\nendif\n", "2001:db8::/32 x\n"])

    def _lines(self, depth):
        """_lines - the text of a file of patterns"""
        rng = self.rng
        text = ""
        for _ in range(rng.randrange(6)):
            way = rng.randrange(12)
            if way == 0:
                text += "# %s\n" % self._name()
            elif way == 1:
                text += "#%s\n" % self._name()
            elif way == 2:
                text += rng.choice(["\n", " \t\n", "\r\n"])
            elif way == 3:
                text += "%s # %s\n" % (self._name(), self._name())
            elif way == 4:
                text += "%s, %s\r\n" % (self._name(), self._word(depth))
            else:
                text += self._word(depth) + "\n"
        return text[:-1] if chance(rng, 0.1) else text

    def _list(self, more=()):
        """_list - the text of a list"""
        rng = self.rng
        words = list(more)
        for _ in range(rng.choice((0, 1, 2, 3, 4, 6, 10))):
            words.insert(rng.randrange(len(words) + 1), self._word(0))
        text = ""
        for word in words:
            text += (rng.choice(SEPARATORS) if text else "") + word
        return text

    def _identity(self):
        """_identity - who we are, what completes an address"""
        rng = self.rng
        self.values["mydomain"] = rng.choice(
            ["local.test", "Local.Test", "relay.test", "dot.test", "single"])
        self.values["myhostname"] = rng.choice(
            ["mail.local.test", "Mail.LOCAL.test", "mx.relay.test",
             "a.b.c.test", "xn--bcher-kva.test"])
        self.values["myorigin"] = rng.choice(
            ["$myhostname", "$mydomain", "relay.test", "remote.example",
             "LOCALHOST", "vmail.test", "single", "/file", "origin.test."])
        if self.values["myorigin"] == "/file":
            self.values["myorigin"] = self._file(rng.choice(
                ["relay.test\n", "remote.example\nlocal.test\n",
                 " tab.test \n", "local.test"]))
        self.names += ["mail.local.test", "origin.test",
                       self.values["mydomain"], self.values["myhostname"]]

    def _lists(self):
        """_lists - the domains of each class"""
        rng = self.rng
        usual = {
            "mydestination": ["$myhostname", "localhost.$mydomain",
                              "localhost", "${mydomain}"],
            "virtual_alias_domains": ["valias.test"],
            "virtual_mailbox_domains": ["vmail.test"],
            "relay_domains": ["relay.test", "tab.test"],
        }
        for name, words in usual.items():
            self.values[name] = self._list(
                [word for word in words if chance(rng, 0.6)])
            self.names += [word for word in words if "$" not in word]
        if chance(rng, 0.1):
            self.values["relay_domains"] = "$mydestination"
        self.values["parent_domain_matches_subdomains"] = rng.choice(
            [ALL_PARENTS, ALL_PARENTS, "", "relay_domains", "mynetworks",
             "!relay_domains, relay_domains", "Relay_Domains"])

    def _interfaces(self):
        """_interfaces - which address literals are ours"""
        rng = self.rng
        both = [("all", "all"), ("all", "loopback-only"), ("all", "127.0.0.1"),
                ("ipv4", "all"), ("ipv4", "loopback-only"),
                ("ipv4", "127.0.0.1"), ("ipv4", "[127.0.0.1]")]
        if self.host.ipv6:
            both += [("all", "127.0.0.1, ::1"), ("all", "[::1] [127.0.0.1]"),
                     ("ipv6", "all"), ("ipv6", "loopback-only"),
                     ("ipv6, ipv4", "127.0.0.1 ::1"), ("ipv6", "::1")]
        protocols, interfaces = rng.choice(both)
        self.values["inet_protocols"] = protocols
        self.values["inet_interfaces"] = interfaces
        proxy = ["", ""]
        if protocols != "ipv6":
            proxy += ["192.0.2.10", "[192.0.2.10] 10.9.8.7"]
        if protocols != "ipv4" and self.host.ipv6:
            proxy += ["2001:db8::10", "[2001:DB8:0:0::10]"]
        self.values["proxy_interfaces"] = rng.choice(proxy)

    def _switches(self):
        """_switches - all that is yes or no, and what else there is"""
        rng = self.rng
        usual = {
            "allow_percent_hack": "yes", "swap_bangpath": "yes",
            "resolve_dequoted_address": "yes", "append_at_myorigin": "yes",
            "smtputf8_enable": "yes", "resolve_null_domain": "no",
            "resolve_numeric_domain": "no", "allow_untrusted_routing": "no",
            "append_dot_mydomain": "no", "allow_min_user": "no",
            "strict_rfc821_envelopes": "no",
        }
        for name, value in usual.items():
            if chance(rng, 0.3):
                value = "no" if value == "yes" else "yes"
            self.values[name] = value
        self.values["empty_address_recipient"] = rng.choice(
            ["MAILER-DAEMON", "postmaster", "a%remote.example", "-x"])
        self.values["recipient_delimiter"] = rng.choice(["", "+", "-+", "%"])

    def policyd(self):
        """policyd - the lines of a policyd.conf"""
        ours = set(self.values) - {"recipient_delimiter",
                                   "strict_rfc821_envelopes"}
        return "".join("%s = '%s'\n" % (name, self.values[name].replace(
            "\\", "\\\\").replace("'", "\\'")) for name in sorted(ours))


class Addresses:
    """The addresses that a setting is tried with, one after the other."""

    def __init__(self, seed, setting):
        self.rng = random.Random("addresses %s %d" % (seed, setting.number))
        self.names = setting.names
        self.own = ["[%s]" % text if "." in text else "[IPv6:%s]" % text
                    for text in setting.host.addresses]

    def _domain(self):
        """_domain - mostly one that a list could know"""
        rng = self.rng
        way = rng.randrange(20)
        if way < 11:
            name = rng.choice(self.names)
        elif way < 13:
            name = rng.choice(REMOTE)
        elif way < 16:
            name = rng.choice(NAMES)
        elif way < 17:
            name = rng.choice(UNICODE)
        else:
            name = rng.choice(LITERALS + self.own)
        return self._spell(name)

    def _spell(self, name):
        """_spell - the same or nearly the same domain, otherwise written"""
        rng = self.rng
        way = rng.randrange(60)
        if way > 50:
            return recase(rng, name)
        if way > 45:
            return rng.choice(["sub.", "a.b."]) + name
        if way > 42:
            return name + "."
        if way == 10:
            return name + rng.choice(["..", ".x", "x", "-", "_", ",", ":25"])
        if way == 11:
            return rng.choice([".", "x", "-", "_", "x-", "a.b.", " ",
                               "(c)"]) + name
        if way == 12:
            return '"%s"' % name
        if way == 13:
            return name.partition(".")[2]
        if way == 14:
            return name.replace(".", rng.choice(
                [" . ", "(c).", "\\.", "\u3002", "\uff0e", "..", '"."']))
        if way == 15 and name:
            at = rng.randrange(len(name))
            return name[:at] + "\\" + name[at:]
        if way == 16:
            return name.partition(".")[0]
        if way == 17:
            return ""
        return name

    def _user(self):
        """_user - a local part, as it is to be written"""
        rng = self.rng
        if chance(rng, 0.5):
            return "user"
        if chance(rng, 0.7):
            return rng.choice(USERS)
        return '"%s"' % rng.choice(QUOTED)

    def _local(self, depth):
        """_local - a local part with routing operators"""
        rng = self.rng
        if depth == 0 or chance(rng, 0.4):
            return self._user()
        inner = self._local(depth - 1)
        way = rng.randrange(10)
        if way < 3:
            return "%s%%%s" % (inner, self._domain())
        if way < 6:
            return "%s!%s" % (self._domain(), inner)
        if way < 8:
            return "%s@%s" % (inner, self._domain())
        quoted = inner + rng.choice("@%") + self._domain()
        return '"%s"' % quoted.replace("\\", "\\\\").replace('"', '\\"')

    def _address(self):
        """_address - without the brackets"""
        rng = self.rng
        text = self._local(rng.choice((0, 0, 0, 1, 1, 2, 3, 4)))
        if chance(rng, 0.9):
            text += "@" + self._domain()
        if chance(rng, 0.08):
            text += rng.choice("@%") + self._domain()
        if chance(rng, 0.04):
            route = rng.choice([",", ":", ", "]).join(
                "@" + self._domain() for _ in range(rng.randrange(1, 4)))
            text = "%s:%s" % (route, text)
        return text

    def _damage(self, text):
        """_damage - change some places of it"""
        rng = self.rng
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            at = rng.randrange(len(text) + 1)
            way = rng.randrange(4)
            if way == 0:
                text = text[:at] + rng.choice(NOISE) + text[at:]
            elif way == 1:
                text = text[:at] + rng.choice(NOISE) + text[at + 1:]
            elif way == 2:
                text = text[:at] + text[at + 1:]
            else:
                end = rng.randrange(at, min(len(text), at + 12) + 1)
                text = text[:end] + text[at:end] + text[end:]
        return text

    def _wrap(self, text):
        """_wrap - text around an address"""
        rng = self.rng
        way = rng.randrange(16)
        if way == 0:
            return text
        if way == 1:
            return "(c) <%s>" % text
        if way == 2:
            return "name <%s>" % text
        if way == 3:
            return "<%s <%s>>" % (self._address(), text)
        if way == 4:
            return "<%s>%s" % (text, rng.choice([" ", "x", ">", " (c)"]))
        return "<%s(%s)>" % (text, self._address())

    def next(self):
        """next - the text behind RCPT TO:, without line ends"""
        rng = self.rng
        text = self._address()
        if chance(rng, 0.002):
            text = "x" * rng.randrange(1500) + text
        if chance(rng, 0.12):
            text = self._damage(text)
        text = self._wrap(text) if chance(rng, 0.08) else "<%s>" % text
        text = text.replace("\n", "")
        return text[:1900]
