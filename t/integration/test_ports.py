# SPDX-License-Identifier: ISC
"""What a Postfix lets through (lib/postfix/smtpd_ports.c), compared with what a real
one does: the same clients and recipients at each of its ports. A "may" is
never wrong; a "passes" or "refused" never may be.

With PORTS_SEED and PORTS_PAIRS in the environment other configurations, or
more of them, are tried; with PORTS_SWEEP=all, each parameter of Postfix with
values that it may not have."""

import collections
import contextlib
import os
import random
import re
import sys

from kit.configurations import OWN_NETWORKS, Maker
from kit.daemon import run_all
from kit.ports import (RECIPIENTS, Policy, Port, base_of, field, option, place,
                       policyd, reload, settings_of)
from kit.postfix import Postfix, run
from kit.postfix_files import judged
from kit.snippets import ROOT, main_cf, master_cf
from kit.starts import start_all

SEED = int(os.environ.get("PORTS_SEED", "1"))
PAIRS = int(os.environ.get("PORTS_PAIRS", "20"))
SWEEP = os.environ.get("PORTS_SWEEP", "")
ACTIONS = ("OK", "DUNNO", "REJECT", "451 4.3.0 later", "permit_mynetworks",
           "DEFER_IF_PERMIT", "permit_auth_destination",
           "permit_sasl_authenticated, reject")


# Settings of one port: ways in which smtpd(8) ends, has no TLS, or cannot look
# up recipients; and some that look like these.
RECIPIENT = "smtpd_recipient_restrictions"
SETTINGS = (
    {"notify_classes": "resource, softwear"},
    {"notify_classes": "Resource"},
    {"receive_override_options": "no_unknown_recipient_check"},
    {"receive_override_options": "No_Milters"},
    {"smtputf8_autodetect_classes": "junk"},
    {"inet_protocols": "IPv4"},
    {"inet_protocols": "ipv4, ipv6"},
    {"smtpd_sasl_type": "Cyrus"},
    {"smtpd_sasl_type": "junk", "smtpd_sasl_auth_enable": "no"},
    {"smtpd_sasl_path": "private/auth"},
    {"smtpd_upstream_proxy_protocol": "haproxy2"},
    {"unknown_address_tempfail_action": "Defer"},
    {"unknown_address_tempfail_action": "reject"},
    {"virtual_alias_maps": "/etc/postfix/virtual"},
    {"virtual_alias_maps": "hash: /etc/postfix/virtual"},
    {"virtual_alias_maps": "inline:{x=y} # users"},
    {"virtual_alias_maps": "HASH:/etc/passwd"},
    {"virtual_alias_maps": "hash:/nonexistent/x"},
    {"virtual_alias_maps": "proxy:hash:/nonexistent/x"},
    {"recipient_canonical_maps": "pcre:/nonexistent/x"},
    {"local_recipient_maps": "hash:/nonexistent/x"},
    {"smtpd_sender_login_maps": "john"},
    {"smtpd_discard_ehlo_keyword_address_maps": "hash:/nonexistent/x"},
    {"smtpd_noop_commands": "AUTH"},
    {"smtpd_tls_security_level": "yes"},
    {"smtpd_tls_security_level": "dane"},
    {"smtpd_tls_security_level": "junk", "smtpd_tls_wrappermode": "yes"},
    {"smtpd_tls_CAfile": "/nonexistent/ca.pem"},
    {"smtpd_tls_CAfile": "/etc/passwd"},
    {"smtpd_tls_CApath": "/nonexistent/ca"},
    {"smtpd_tls_protocols": "!SSLv2, !SSLv3, !TLSv1.0"},
    {"smtpd_tls_protocols": "!SSLv2;!SSLv3"},
    {"smtpd_tls_protocols": "!TLSv1 !TLSv1.1 !TLSv1.2 !TLSv1.3"},
    {"smtpd_tls_mandatory_protocols": "TLS1.2"},
    {"smtpd_tls_mandatory_protocols": "TLS1.2",
     "smtpd_tls_security_level": "encrypt"},
    {"smtpd_tls_protocols": "TLS1.2", "smtpd_tls_security_level": "encrypt"},
    {"smtpd_tls_ciphers": "HIGH:!aNULL"},
    {"smtpd_tls_ciphers": "HIGH"},
    {"smtpd_tls_mandatory_ciphers": "strong",
     "smtpd_tls_security_level": "encrypt"},
    {"smtpd_tls_exclude_ciphers": "aNULL, !RC4"},
    {"smtpd_tls_exclude_ciphers": "ALL"},
    {"tls_medium_cipherlist": "FOO:BAR"},
    {"smtpd_tls_fingerprint_digest": "sha-266"},
    {"tls_server_sni_maps": "hash:/nonexistent/x"},
    {"tls_server_sni_maps": "/nonexistent/x"},
    {"tls_server_sni_maps": "/nonexistent/x",
     "smtpd_tls_security_level": "none"},
) + tuple({RECIPIENT: "permit_mynetworks, reject, check_policy_service " + each}
          for each in (
    "{ inet:127.0.0.1:1, timeout=3s, { try_limit = 1 } }",
    "{ inet:127.0.0.1:1, timeout = 3 }",
    "{ inet:127.0.0.1:1, tmeout=3 }",
    "{ inet:127.0.0.1:1, timeout=3x }",
    "{ inet:127.0.0.1:1, try_limit=0 }",
    "{ timeout=3 }", "{}", "policyd", "INET:127.0.0.1:1", ""))


BUILT_IN = ("permit_mynetworks, permit_sasl_authenticated, "
            "reject_unauth_destination")


class Tally:
    """How many cells were compared, and which of them were wrong."""

    def __init__(self):
        self.cells = collections.Counter()
        self.wrong = []

    def compare(self, name, port, truth):
        for cell, real in truth.items():
            said = port.cells[cell]
            self.cells[said, real] += 1
            if said not in ("may", real):
                self.wrong.append("%s: %s: said %s (%s), is %s" % (
                    name, ", ".join(cell), said, port.why[cell], real))

    def finish(self, least):
        """finish - none is wrong, and that much of what passes, and of what is
        refused, was said"""
        print("    " + ", ".join("%s %d times %s" % (said, count, real)
                                 for (said, real), count
                                 in sorted(self.cells.items())))
        assert not self.wrong, "%d wrong\n%s" % (
            len(self.wrong), "\n".join(self.wrong[:5]))
        for real in ("passes", "refused"):
            assert self.cells[real, real] >= least * (
                self.cells[real, real] + self.cells["may", real]), real


def compare(program, postfix, tally, ports, network, configuration="",
            policies=(), recipients=RECIPIENTS, name=""):
    """compare - every port that Postfix has now; network: an address that is
    in mynetworks, for each"""
    reload(postfix)
    said = judged(program, postfix.config, policies, configuration)
    for service, number in ports.items():
        port = said["127.0.0.1:%d" % number]
        real = Port(postfix, number, port.facts["wraps"] == "1",
                    network[service], recipients)
        tally.compare("%s, %s" % (name, service), port, real.truth())
    return {service: said["127.0.0.1:%d" % number]
            for service, number in ports.items()}


def test_random_pairs(program):
    """no cell of random configurations is wrong"""
    policies = [Policy(action) for action in ACTIONS]
    maker = Maker(SEED, [policy.name for policy in policies])
    tally = Tally()
    with Postfix() as postfix:
        base = base_of(postfix)
        for pair in range(PAIRS):
            main, network = maker.main()
            main.setdefault("smtpd_tls_security_level", "may")
            main.setdefault("smtpd_sasl_auth_enable", "yes")
            services = maker.services()
            master = "".join(
                "s%d inet n - n - - smtpd%s\n" % (index, "".join(
                    option(*item, brace=" " in item[1] or len(item[1]) % 2)
                    for item in options.items()))
                for index, options in enumerate(services))
            networks = {
                "s%d" % index: OWN_NETWORKS.get(options.get("mynetworks"),
                                                network)
                for index, options in enumerate(services)}
            compare(program, postfix, tally,
                    place(postfix, {**base, **main}, master), networks,
                    policies=policies,
                    name="pair %d\n%s\n%s" % (pair, main, master))
    tally.finish(0.5)


def one_field(program, name, tally):
    """one_field - one configuration of a real kind; what was said of it"""
    with Postfix() as postfix:
        for file in ("policyd.conf", "etc/vmd"):
            text = field(name, postfix, os.path.basename(file))
            if text:
                with open(postfix.path(*file.split("/")), "w") as out:
                    out.write(text)
        if os.path.exists(postfix.path("etc", "vmd")):
            run("postmap", "-c", postfix.config,
                "hash:" + postfix.path("etc", "vmd"))
        ports = place(postfix, {
            **base_of(postfix),
            **settings_of(field(name, postfix, "main.cf"))},
            field(name, postfix, "master.cf"))
        domain = "mail.example.com" if name in ("01", "11") else "example.com"
        recipients = {"ours": "bob@" + domain, "elsewhere": "u@far.example"}
        configuration = postfix.path("policyd.conf")
        serves = policyd(program, configuration)
        if not os.path.exists(configuration):
            serves, configuration = contextlib.nullcontext(), ""
        with serves:
            near = "127.0.0.0/8" in postfix.get("mynetworks")
            return compare(program, postfix, tally, ports, dict.fromkeys(
                ports, "127.0.0.70" if near else "127.0.0.1"), configuration, recipients=recipients,
                           name="field/" + name)


def test_field(program):
    """no cell of the real kinds is wrong, and what they were kept for is
    seen"""
    tally = Tally()
    said = {name: one_field(program, name, tally) for name in sorted(
        os.listdir(os.path.join(ROOT, "t", "data", "field")))}
    tally.finish(0.5)
    # A port for logins only; the one where the filter hands mail back, with
    # policyd and without; one that nobody can say anything of; no login at all.
    assert said["02"]["submission"].cells["stranger in TLS", "ours"] == \
        "refused", said["02"]["submission"].cells
    for name in ("03", "05"):
        assert said[name]["127.0.0.1:10025"].facts["return"] == "1", name
        assert said[name]["smtp"].facts["return"] == "0", name
    assert said["05"]["127.0.0.1:10025"].cells["host", "elsewhere"] == \
        "refused"
    assert set(said["09"]["submission"].cells.values()) == {"may"}
    assert said["12"]["smtp"].cells["login in TLS", "elsewhere"] == "refused"
    assert said["07"]["smtp"].cells["login in TLS", "elsewhere"] == "passes"


def one_snippet(program, variant, tally):
    """one_snippet - main.cf.policyd and master.cf.policyd"""
    with Postfix() as postfix:
        configuration = postfix.path("policyd.conf")
        with open(configuration, "w") as out:
            out.write('listen "unix:%s/private/policyd" {\n'
                      'owner = "postfix"\ngroup = "postfix"\n}\n'
                      'import_postfix = "%s"\n' % (postfix.queue,
                                                  postfix.config))
        settings = dict(line.split("=", 1) for line in main_cf(variant))
        master = "".join("%s%s\n" % (" ".join(words), "".join(
            option(*item, brace=False) for item in options.items()))
            for words, options in master_cf())
        ports = place(postfix, {
            **base_of(postfix), "mynetworks": "127.0.0.0/8", **settings},
            master)
        with policyd(program, configuration):
            return compare(program, postfix, tally, ports, dict.fromkeys(
                ports, "127.0.0.70"), configuration,
                name="snippet, %s" % variant)


def test_snippets(program):
    """no cell of what is shipped is wrong, and it does what it is for: ours
    from anyone, elsewhere for logins in TLS; and all of it is known"""
    tally = Tally()
    for variant in (None, "one list for all ports"):
        for service, port in one_snippet(program, variant, tally).items():
            for (client, recipient), cell in port.cells.items():
                tls = "TLS" in client
                want = (tls or service == "smtp") and (
                    client == "login in TLS" or (
                        recipient == "ours" and client != "login"))
                assert cell == ("passes" if want else "refused"), (
                    variant, service, client, recipient, cell)
    tally.finish(1)


def test_settings(program):
    """no cell is wrong where one setting keeps smtpd from doing what its lists
    say"""
    tally = Tally()
    with Postfix() as postfix:
        ports = place(postfix, {
            **base_of(postfix), "mynetworks": "127.0.0.0/8",
            "smtpd_tls_security_level": "may", "smtpd_sasl_auth_enable": "yes",
            "smtpd_relay_restrictions": BUILT_IN},
            "".join("s%d inet n - n - - smtpd%s\n" % (index, "".join(
                option(*item, brace=True) for item in settings.items()))
                for index, settings in enumerate(SETTINGS)))
        compare(program, postfix, tally, ports, dict.fromkeys(
            ports, "127.0.0.70"), name=str(dict(zip(ports, SETTINGS))))
    tally.finish(0.5)


# A parameter, and values with which smtpd(8) ends and does not end. What it
# does is asked, not written here. @ is the directory with the files below.
VALUES = {
    "smtpd_policy_service_retry_delay": ("0", "1s"),
    "smtpd_policy_service_timeout": ("x", "1sx"),
    "smtpd_timeout": ("1y", "${nothing}s", "${short?{1}:{2}}m", ""),
    "smtpd_error_sleep_time": ("-1", "0"),
    "in_flow_delay": ("11s", "10s"),
    "max_idle": ("0", "99999w", "1"),
    "smtpd_recipient_limit": ("0", "10s", "$short", "7"),
    "smtpd_hard_error_limit": ("-1", "2147483648", "20"),
    "reject_code": ("", "-1"),
    "unverified_recipient_reject_code": ("600", "199", "200"),
    "line_length_limit": ("511", "512"),
    "message_size_limit": ("99999999999999999999", "0"),
    "delay_logging_resolution_limit": ("7", "-1"),
    "soft_bounce": ("true", "NO"),
    "smtpd_helo_required": ("", "Yes"),
    "smtpd_relay_before_recipient_restrictions": ("0", "yes"),
    "smtpd_banner": ("", "$nothing", "x"),
    "default_rbl_reply": ("", "$nothing"),
    "syslog_facility": ("",),
    "tls_daemon_random_bytes": ("0", "32"),
    "mynetworks": ("127.0.0.0/8 @/good", "127.0.0.0/8 @/bad", "!@/bad",
                   "127.0.0.0/8 @/outer", "127.0.0.0/8 @/no-such",
                   "127.0.0.0/8 @", "127.0.0.0/8 @/blank"),
    "relay_domains": ("@/bad", "@/good"),
    "smtpd_forbidden_commands": ("::1", "GET"),
    "canonical_maps": ("x", "inline:{x=y}"),
    "smtpd_end_of_data_restrictions": (
        "check_policy_service { unix:x, retry_delay=0 }, reject",
        "check_policy_service x, reject", "check_client_access ::1, reject"),
}
FILES = {
    "good": "127.0.0.0/8 # ::1\n  # ::1\n[::1]\n",
    "bad": "127.0.0.0/8\n::1\n",
    "outer": "127.0.0.0/8\n!!@/bad\n",
    "blank": " ::1\n127.0.0.0/8\n",
}


class Started(Port):
    """A port with a parameter of its own."""

    def __init__(self, name, *place):
        super().__init__(*place)
        self.name = name

    def failed(self):
        """failed - what every daemon reads, it reads before it knows the name
        of the port"""
        return re.search(
            r"p%d/smtpd\[\d+\]: fatal: |"
            r"postfix/smtpd\[\d+\]: fatal: .*\b%s\b" % (
                self.number, self.name), self.postfix.said(self.mark))


def write_files(postfix):
    """write_files - FILES in a directory of their own"""
    directory = postfix.path("lists")
    os.mkdir(directory)
    for name, text in FILES.items():
        with open(os.path.join(directory, name), "w") as out:
            out.write(text.replace("@", directory))
    return directory


def test_parameters(program):
    """no cell of a port is wrong whose smtpd does not start with one of its
    parameters, and that it does not is known"""
    tally = Tally()
    with Postfix() as postfix:
        directory = write_files(postfix)
        pairs = [(name, value.replace("@", directory))
                 for name, values in VALUES.items() for value in values]
        master = "".join("s%d inet n - n - - smtpd%s\n" % (
            index, option(name, value, brace=True))
            for index, (name, value) in enumerate(pairs))
        ports = place(postfix, {
            **base_of(postfix), "short": "0", "mynetworks": "127.0.0.0/8",
            "smtpd_tls_security_level": "may",
            "smtpd_sasl_auth_enable": "yes"}, master)
        reload(postfix)
        said = judged(program, postfix.config)
        works = collections.Counter()
        for index, (name, value) in enumerate(pairs):
            number = ports["s%d" % index]
            port = said["127.0.0.1:%d" % number]
            real = Started(name, postfix, number, False, "127.0.0.70",
                           RECIPIENTS)
            tally.compare("%s = %s" % (name, value), port, real.truth())
            works[port.facts["works"], bool(real.failed())] += 1
    print("    %d pairs: %s" % (len(pairs), dict(works)))
    assert len(pairs) >= 40
    assert works["no", True] >= 20 and works["yes", False] >= 20, works
    assert not works["may", True], works
    tally.finish(0.85)


def test_main_cf(program):
    """the same parameter in main.cf, for all ports but one that has its own"""
    tally = Tally()
    for value, own in (("0", "1s"), ("1s", "0"), ("1y", None)):
        with Postfix() as postfix:
            ports = place(postfix, {
                **base_of(postfix), "mynetworks": "127.0.0.0/8",
                "smtpd_policy_service_retry_delay": value},
                "a inet n - n - - smtpd\nb inet n - n - - smtpd%s\n" % (
                    option("smtpd_policy_service_retry_delay", own, False)
                    if own else ""))
            said = compare(program, postfix, tally, ports,
                           dict.fromkeys(ports, "127.0.0.70"), name=value)
            assert [said[name].facts["works"] for name in "ab"] == [
                "yes" if (setting or value) == "1s" else "no"
                for setting in (None, own)], (value, own)
    tally.finish(0.9)


def judged_starts(program, postfix, cases):
    """judged_starts - {case: "yes", "no" or "may"}; "" if postconf(1) does not
    print what the options make of it"""
    master = "".join("s%d inet n - n - - smtpd%s\n" % (
        index, option(*case, brace=True)) for index, case in enumerate(cases))
    ports = place(postfix, base_of(postfix), master)
    try:
        said = judged(program, postfix.config)
    except AssertionError:
        if len(cases) == 1:
            return {cases[0]: ""}
        half = len(cases) // 2
        return {**judged_starts(program, postfix, cases[:half]),
                **judged_starts(program, postfix, cases[half:])}
    return {case: said["127.0.0.1:%d" % ports["s%d" % index]].facts["works"]
            for index, case in enumerate(cases)}


def test_sweep(program):
    """of no parameter at all it is said that smtpd starts when it does not, or
    the reverse"""
    with Postfix({"smtpd_tls_security_level": "may"}) as postfix:
        postfix.start()
        names = [line.split(" =")[0] for line in
                 run("postconf", "-c", postfix.config, "-d").splitlines()]
        cases = [(name, value) for name in names
                 for value in ("0", "-1", "", "x", "1y", "99999999999")]
        if SWEEP != "all":
            cases = random.Random(SEED).sample(cases, 150)
        starts = start_all(postfix, [(case,) for case in cases])
        said = {}
        for first in range(0, len(cases), 150):
            said.update(judged_starts(program, postfix,
                                      cases[first:first + 150]))
    known = collections.Counter((said[case], starts[case,]) for case in cases)
    print("    %d pairs: %s" % (len(cases), dict(known)))
    wrong = ["%s = %s: said %s, starts %s" % (*case, said[case], starts[case,])
             for case in cases if (said[case], starts[case,]) in (
                 ("yes", False), ("no", True))]
    assert not wrong, "%d wrong\n%s" % (len(wrong), "\n".join(wrong[:200]))


if __name__ == "__main__":
    sys.exit(run_all([test_snippets, test_field, test_settings,
                      test_random_pairs, test_parameters, test_main_cf, test_sweep]))
