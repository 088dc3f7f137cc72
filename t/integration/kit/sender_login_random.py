# SPDX-License-Identifier: ISC
"""Random settings of test_sender_login: maps of several types with keys that
are related, and senders and logins that are related to those.

A seed and a number name a setting for ever.
"""

import random

from kit.grammar import SEPARATORS, chance, recase
from kit.matrix import recipients

LOGINS = ["alice", "bob", "carol", "dave", "Alice", "nobody", "list", "owner",
          "j\u00fcrgen", "J\u00dcRGEN", "stra\u00dfe", "b$b", "local.test",
          "alice@local.test", "alice-x", "a"]
LOCALS = ["alice", "bob", "carol", "dave", "a", "owner-list", "list-request",
          "owner", "request", "postmaster", "mailer-daemon", "double-bounce",
          "double", "j\u00fcrgen", "stra\u00dfe", "-dash", "b$b", "1.2"]
QUOTED = ['"first last"', '"a@b"', '"first+last"', '"quo\\"ted"', '""',
          '"alice"', '"alice@local.test"']
EXTENSIONS = ["x", "y", "e", "x+y", "x-y", "request", ""]
DOMAINS = ["local.test", "mail.local.test", "sub.local.test", "localhost",
           "relay.test", "sub.relay.test", "domain.test", "origin.test",
           "remote.example", "[127.0.0.1]", "[127.0.0.2]", "[IPv6:::1]",
           "127.0.0.1", "b\u00fccher.test", "xn--bcher-kva.test"]
PATTERNS = ["/^alice/", "/@local\\.test$/", "/^([^@+-]+)[+-]?/", "/^(.)/",
            "/@(.*)$/", "/^[^@]*$/", "!/@/", "!/relay/", "/[+-]x/", "/^\"/",
            "/^.*$/", "/^owner-(.*)@/", "/\u00fc/", "/^(bob|carol|dave)@/"]
ODD = list(recipients())
SWITCHES = {
    "allow_percent_hack": "yes", "swap_bangpath": "yes",
    "resolve_dequoted_address": "yes", "append_at_myorigin": "yes",
    "smtputf8_enable": "yes", "owner_request_special": "yes",
    "append_dot_mydomain": "no", "resolve_null_domain": "no",
    "resolve_numeric_domain": "no", "allow_untrusted_routing": "no",
    "allow_min_user": "no", "strict_rfc821_envelopes": "no",
}
CHOICES = {
    "recipient_delimiter": ["", "+", "+", "-", "-+", "+-", "=", "x"],
    "myorigin": ["origin.test", "$mydomain", "relay.test", "$myhostname"],
    "mydestination": ["$myhostname, localhost.$mydomain, localhost, $mydomain",
                      "domain.test", "localhost, .test", ""],
    "relay_domains": ["relay.test", "remote.example, relay.test", ""],
}
# What Postfix has when it is not set: for the settings that follow.
USUAL = dict(SWITCHES, **{name: values[0] for name, values in CHOICES.items()})


class RandomCase:
    """One setting. values: of main.cf; files: {path: text}; maps: those files
    of which postmap has to make tables, as type:path; senders, logins."""

    def __init__(self, seed, number, directory, fixed):
        """fixed - {type: path} of a table that is there already"""
        self.name = "seed %s, setting %d" % (seed, number)
        self.rng = random.Random("sender login %s %d" % (seed, number))
        self.prefix = "%s/random.%d." % (directory, number)
        self.fixed = fixed
        self.files = {}
        self.maps = []
        self.keys = []
        rng = self.rng
        self.values = {name: ("no" if value == "yes" else "yes")
                       if chance(rng, 0.2) else value
                       for name, value in SWITCHES.items()}
        for name, values in CHOICES.items():
            self.values[name] = rng.choice(values)
        self.values["smtpd_sender_login_maps"] = "".join(
            self._table() + rng.choice(SEPARATORS)
            for _ in range(rng.choice((1, 1, 2, 3)))).rstrip(", \t")
        self.senders = sorted({self._sender() for _ in range(32)})
        self.logins = [""] + rng.sample(LOGINS, 8)

    def asks(self):
        """asks - does policyd leave a sender to Postfix: one that it would
        have to look up in a data base, or that is too long for patterns?"""
        maps = self.values["smtpd_sender_login_maps"]
        return "sqlite:" in maps or (
            ("regexp:" in maps or "pcre:" in maps) and
            any(len(sender.encode(errors="surrogateescape")) > 255
                for sender in self.senders))

    def _local(self):
        """_local - a local part, often with an extension"""
        rng = self.rng
        local = rng.choice(LOCALS)
        if chance(rng, 0.1):
            local = rng.choice(QUOTED)
        elif chance(rng, 0.4):
            local += rng.choice("++-=x") + rng.choice(EXTENSIONS)
        return recase(rng, local) if chance(rng, 0.2) else local

    def _key(self):
        """_key - that a table of keys may have"""
        rng = self.rng
        domain = rng.choice(DOMAINS)
        if chance(rng, 0.1):
            domain = recase(rng, domain)
        key = rng.choice(("%s@%s", "%s@%s", "%s", "@%s"))
        key = key % {"%s@%s": (self._local(), domain), "%s": self._local(),
                     "@%s": domain}[key]
        self.keys.append(key)
        return key

    def _owners(self):
        """_owners - some logins, and what separates them"""
        rng = self.rng
        return rng.choice((" ", "", ",")) * chance(rng, 0.1) + rng.choice(
            (",", ", ", " ", ",\t", " , ")).join(
                rng.sample(LOGINS, rng.choice((1, 1, 2, 3))))

    def _file(self, kind, lines):
        """_file - of these lines; kind:path"""
        path = "%s%d" % (self.prefix, len(self.files))
        self.files[path] = "".join(line + "\n" for line in lines)
        if kind in ("hash", "btree", "lmdb"):
            self.maps.append("%s:%s" % (kind, path))
        return "%s:%s" % (kind, path)

    def _entries(self):
        """_entries - lines of keys and owners, each key once"""
        found = {}
        for _ in range(self.rng.randrange(1, 12)):
            key = self._key()
            if key.casefold() not in map(str.casefold, found):
                found[key] = self._owners()
        return ["%s  %s" % pair for pair in found.items()]

    def _table(self):
        """_table - as type:name"""
        rng = self.rng
        kind = rng.choice(("hash", "btree", "lmdb", "texthash", "texthash",
                           "proxy", "inline", "inline", "regexp", "pcre",
                           "static", "cidr", "fail", "sqlite"))
        if kind == "proxy":
            return "proxy:" + self._file("texthash", self._entries())
        if kind == "inline":
            pairs = [line.split("  ", 1) for line in self._entries()]
            pairs = [pair for pair in pairs if not set(pair[0]) &
                     set("\"$=[]")] or [("alice@local.test", "alice, bob")]
            return "inline:{%s}" % ", ".join(
                "{ %s = %s }" % (key, owners.replace("$", "$$"))
                for key, owners in pairs)
        if kind in ("regexp", "pcre"):
            return self._file(kind, [
                "%s  %s" % (pattern, rng.choice((
                    "$1", "${1}, alice", "x$1")) if "(" in pattern and
                            pattern[0] != "!" and chance(rng, 0.5)
                            else self._owners().replace("$", "$$").strip(" ,"))
                for pattern in rng.sample(PATTERNS, rng.randrange(1, 4))])
        if kind == "static":
            return "static:{ %s }" % self._owners().replace("$", "$$")
        if kind == "cidr":
            return self._file(kind, ["%s  %s" % (network, self._owners())
                                     for network in ("127.0.0.1", "::/0")])
        if kind == "fail":
            return "fail:x" if chance(rng, 0.5) else self._table()
        if kind == "sqlite":
            return "sqlite:" + self.fixed[kind]
        return self._file(kind, self._entries())

    def _sender(self):
        """_sender - as in MAIL FROM; mostly a key, or nearly one"""
        rng = self.rng
        way = rng.randrange(20)
        if way == 13:
            return rng.choice(ODD)
        if self.keys and way < 9:
            text = rng.choice(self.keys)
            if text.startswith("@"):
                text = self._local() + text
        else:
            text = "%s@%s" % (self._local(), rng.choice(DOMAINS))
        local, at, domain = text.rpartition("@")
        if way in (5, 6, 7, 8) and at and not local.startswith('"'):
            text = "%s%s%s@%s" % (local, rng.choice("+-=x"),
                                  rng.choice(EXTENSIONS), domain)
        elif way == 10:
            text = rng.choice((local, domain, "", text + ".", text + "@"))
        elif way == 11:
            text = rng.choice(("%s%%%s@local.test", "%s%%%s", "@a:%s@%s",
                               "%s@%s@local.test")) % (local, domain)
        elif way == 12:
            text = "%s!%s" % (domain, local)
        if chance(rng, 0.2):
            text = recase(rng, text)
        return "<%s>" % text
