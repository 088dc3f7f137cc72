# SPDX-License-Identifier: ISC
"""What policyd has to answer, said a second time.

Written from postconf(5), SMTPD_ACCESS_README and the manual of policyd, for
random requests to be compared with (test_decider.py). It knows nothing of
how lib/ does it. Addresses are plain text here and there are no tables, so
it has no opinion (Unsure) about a few forms, such as an empty domain."""

import ipaddress
import re

LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)", re.ASCII)
TOO_WEAK = "weak"       # encrypted, but not enough
STRONG = {              # with their protocol and key size
    "TLS_AES_256_GCM_SHA384": ("TLSv1.3", 256),
    "TLS_AES_128_GCM_SHA256": ("TLSv1.3", 128),
    "TLS_CHACHA20_POLY1305_SHA256": ("TLSv1.3", 256),
    "ECDHE-RSA-AES256-GCM-SHA384": ("TLSv1.2", 256),
    "ECDHE-ECDSA-AES128-GCM-SHA256": ("TLSv1.2", 128),
    "ECDHE-RSA-CHACHA20-POLY1305": ("TLSv1.2", 256),
    "DHE-RSA-AES128-GCM-SHA256": ("TLSv1.2", 128),
}
DENIED = "554 5.7.1 Relay access denied"


class Unsure(Exception):
    """No opinion about this address."""


class Syntax(Exception):
    """Not an address: nobody's destination."""


def needs_quotes(text):
    """needs_quotes - can it only be a local part in quotes? (RFC 822)"""
    return not re.fullmatch(r"[^][()<>@,;:\\\". \x00-\x1f\x7f]+"
                            r"(?:\.[^][()<>@,;:\\\". \x00-\x1f\x7f]+)*", text)


class Lists:
    """The parameters of a configuration: name to text or list of words."""

    def __init__(self, parameters):
        self.parameters = parameters
        self.own = {ipaddress.ip_address(text)
                    for text in parameters["own"]}

    def fold(self, text):
        """fold - as names are compared"""
        if self.parameters["smtputf8_enable"]:
            return text.casefold()
        return re.sub("[A-Z]+", lambda m: m[0].lower(), text)

    def has(self, name, domain):
        """has - is the domain in the list? What comes first counts."""
        parents = name == "relay_domains" and self.parameters["parents"]
        dots = name == "relay_domains" and not self.parameters["parents"]
        domain = self.fold(domain)
        for word in self.parameters[name]:
            negated = word.startswith("!")
            pattern = self.fold(word[negated:])
            if (domain == pattern
                    or parents and not pattern.startswith(".")
                    and domain.endswith("." + pattern)
                    or dots and pattern.startswith(".")
                    and domain.endswith(pattern)):
                return not negated
        return False

    def is_own(self, domain):
        """is_own - an address literal of this mail system"""
        found = re.fullmatch(r"\[(IPv6:)?([^]]*)\]", domain, re.I)
        try:
            return found is not None and \
                (":" in found[2]) == bool(found[1]) and \
                ipaddress.ip_address(found[2]) in self.own
        except ValueError:
            return False

    def is_local(self, domain):
        """is_local - what is stripped"""
        return self.has("mydestination", domain) or self.is_own(domain)

    def route(self, text, opened=True):
        """route - local part and domain of one text. Text that needs quotes is
        one word until its domain is known to be ours; and there the percent
        sign goes before the exclamation mark."""
        domain = None
        quoted = needs_quotes(text)
        if "@" in text:
            text, _, domain = text.rpartition("@")
        elif quoted and not opened:
            pass
        elif quoted and "%" in text and \
                self.parameters["allow_percent_hack"]:
            text, _, domain = text.rpartition("%")
        elif "!" in text and self.parameters["swap_bangpath"]:
            domain, _, text = text.partition("!")
        elif "%" in text and self.parameters["allow_percent_hack"]:
            text, _, domain = text.rpartition("%")
        if domain is not None:
            if self.parameters["append_dot_mydomain"] and \
                    "." not in domain and not domain.startswith("["):
                domain += "." + self.parameters["mydomain"]
            if domain.endswith("."):
                domain = domain[:-1]
            if domain in ("", "." + self.parameters["mydomain"]):
                raise Unsure    # there was none
        return text, domain

    def resolve(self, text):
        """resolve - local part and domain at the end of all routing"""
        user, domain = self.route(text, opened=False)
        if domain is None:
            domain = self.parameters["myorigin"]
        while self.is_local(domain):
            inner, new = self.route(user)
            if new is None:
                break
            user, domain = inner, new
        return user, domain

    def check(self, user, domain):
        """check - is the syntax of the last address right?"""
        if user.startswith("-"):
            raise Syntax
        literal = re.fullmatch(r"\[(IPv6:)?(.*)\]", domain, re.I)
        if literal:
            try:
                kind = ipaddress.IPv6Address if literal[1] \
                    else ipaddress.IPv4Address
                kind(literal[2])
            except ValueError:
                raise Syntax
            return
        if not domain.isascii():
            if not self.parameters["smtputf8_enable"]:
                raise Syntax
            domain = re.sub(r"[^\x00-\x7f]", "x", domain)
        labels = domain.split(".")
        if len(domain) > 255 or not all(map(LABEL.fullmatch, labels)) or \
                re.fullmatch("[0-9.]+", domain):
            raise Syntax

    def is_authorized(self, text):
        """is_authorized - ours, and not sender-routed"""
        try:
            user, domain = self.resolve(text)
            self.check(user, domain)
        except Syntax:
            return False
        return not set(user) & set("@!%") and (
            self.is_local(domain) or any(
                self.has(name, domain) for name in (
                    "virtual_alias_domains", "virtual_mailbox_domains",
                    "relay_domains")))


def strength(request, least):
    """strength - None: encrypted; "not encrypted"; or TOO_WEAK"""
    if not request["encryption_protocol"]:
        return "not encrypted"
    known = STRONG.get(request["encryption_cipher"])
    return None if known is not None and \
        (request["encryption_protocol"],
         request["encryption_keysize"]) == (known[0], str(known[1])) and \
        known[0] >= least["protocol"] and known[1] >= least["keysize"] \
        else TOO_WEAK


def refusal(weak, login):
    """refusal - the text that helps; a prefix, if it ends with "; " """
    if weak == "not encrypted":
        return DENIED + "; not encrypted: use TLS and log in"
    if weak:
        return DENIED + "; "
    return DENIED if login else DENIED + "; log in first"


def find_service(services, request):
    """find_service - the first whose port and context match; the last one,
    the top level, has neither"""
    return next(service for service in services if
                (not service["ports"] or
                 request["server_port"] in service["ports"]) and
                (not service["contexts"] or
                 request["policy_context"] in service["contexts"]))


def decide(lists, services, request):
    """decide - the action for a request"""
    service = find_service(services, request)
    weak = strength(request, service)
    login = request["sasl_username"] != "" and \
        request["sasl_method"].upper() not in ("", "ANONYMOUS")
    asked = request["recipient"] != ""
    ours = asked and lists.is_authorized(request["recipient"])
    decisions = {
        "permit_auth_destination": ours and "permit",
        "reject_unauth_destination": not ours and "reject",
        "permit_sasl_authenticated": login and "permit",
        "reject_plaintext_session": weak and "plaintext",
        "permit": "permit", "reject": "reject", "defer": "defer",
    }
    word, said = next(((word, decisions[word])
                       for word in service["restrictions"]
                       if decisions[word]), ("end", "reject"))
    if service["observe"] or said != "permit" and not asked:
        return "DUNNO"
    if said == "permit":
        return {"lock": word, "ok": "OK", "dunno": "DUNNO"}[service["reply"]]
    if said == "defer":
        return "450 4.3.2 Try again later"
    own = service["plaintext_reply" if said == "plaintext"
                  else "reject_reply"]
    return own or refusal(weak, login)
