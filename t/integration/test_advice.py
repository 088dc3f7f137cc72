# SPDX-License-Identifier: ISC
"""What policyd -P says of real kinds of Postfix (t/data/field): the ports, and
what is wrong with them. Each command that it prints is typed, to the
configuration that it is printed for, and must do what it is for and nothing
else."""

import os
import re
import signal
import subprocess
import sys

from kit.daemon import run_all
from kit.field import FIELD, RECIPIENT, USERS, Kind, has
from kit.postfix import run, settle
from kit.postfix_files import matrix


def test_ports(program):
    """the table says who is asked, and what people may send"""
    with Kind(program, "05", **USERS) as kind:
        rows, _, status = kind.said()
        text = kind.check("-P")[1]
    assert status == 1
    row = rows["smtp"]
    assert (row["asks"], row["tls"], row["auth"]) == (
        "policyd", "may", "in TLS"), row
    assert row["strangers"] == {"to_us": "yes", "elsewhere": "no"}, row
    assert row["users"] == {"to_us": "yes", "elsewhere": "yes"}, row
    line = re.search(r"(?m)^smtp .*", text).group(0)
    assert line.split() == ["smtp", "policyd", "may", "in", "TLS", "yes/no",
                            "yes/yes", "yes/no"], line
    table = text.partition("\n\n")[0]
    assert all(len(each) <= 80 for each in table.splitlines()), table


def test_return(program):
    """a port where a filter hands mail back needs no policyd (03); one that
    asks it loses mail (05)"""
    with Kind(program, "03", **USERS) as kind:
        run("postconf", "-c", kind.config, "-P", "smtp/inet/"
            "smtpd_relay_restrictions=$ours")
        kind.set(ours="check_policy_service unix:private/policyd, reject")
        rows, findings, status = kind.said()
        assert rows["127.0.0.1:10025"]["asks"] == "return", rows
        assert (findings, status) == ([], 0), findings
    with Kind(program, "05", **USERS) as kind:
        texts = kind.texts()
        assert len(texts) == 1 and has(texts, "mail comes back .*:10025"), texts
        assert kind.follow(deep=True) == 1
        rows, findings, status = kind.said()
        assert (findings, status) == ([], 0), findings
        assert rows["127.0.0.1:10025"]["mynetworks"] == {
            "to_us": "yes", "elsewhere": "yes"}, rows


def test_return_data(program):
    """a port where a filter hands mail back asks at DATA, as main.cf says for
    rates: it must not, and keeps the rest of the list"""
    ask = "check_policy_service { unix:private/policyd, policy_context=data }"
    for before, after in (("reject_unauth_pipelining, ", ""),
                          ("", ", reject_multi_recipient_bounce"), ("", "")):
        for name in "smtpd_data_restrictions", "smtpd_end_of_data_restrictions":
            with Kind(program, "06", **USERS, **{name: before + ask + after}
                      ) as kind:
                with open(os.path.join(kind.config, "master.cf"), "a") as out:
                    out.write("127.0.0.1:10025 inet n - n - - smtpd\n"
                              "  -o content_filter=\n"
                              "  -o mynetworks=127.0.0.0/8\n"
                              "  -o smtpd_relay_restrictions="
                              "permit_mynetworks,reject\n")
                texts = kind.texts()
                assert len(texts) == 1 and has(
                    texts, "^mail comes back .*:10025, and policyd is asked "
                    "in " + name), texts
                command = kind.said()[1][0]["command"]
                run("sh", "-c", command)
                assert kind.texts() == [], kind.texts()
                kept = run("postconf", "-c", kind.config, "-x", "-P",
                           "127.0.0.1:10025/inet/" + name).partition("=")[2]
                assert kept.split() == (before + after).replace(
                    ",", "").split(), kept
                cells = matrix(program, kind.config, kind.file)
                assert cells["127.0.0.1:10025", "host", "elsewhere"] == "passes"


def test_return_tls(program):
    """a port that demands TLS of the filter, of its own or by main.cf"""
    for main, own, count in (("encrypt", "", 1), ("may", "", 0),
                             ("may", "smtpd_tls_security_level=encrypt", 1),
                             ("may", "smtpd_tls_wrappermode=yes", 1),
                             ("encrypt", "smtpd_tls_security_level=may", 0)):
        with Kind(program, "06", **dict(USERS, smtpd_tls_security_level=main)
                  ) as kind:
            with open(os.path.join(kind.config, "master.cf"), "a") as out:
                out.write("127.0.0.1:10025 inet n - n - - smtpd\n"
                          "  -o content_filter=\n  -o mynetworks=127.0.0.0/8\n"
                          "  -o smtpd_relay_restrictions=permit_mynetworks,"
                          "reject\n" + ("  -o %s\n" % own if own else ""))
            texts = kind.texts()
            assert len(texts) == count, (main, own, texts)
            if count:
                assert has(texts, "^mail comes back .*:10025, and TLS is"), texts
            assert kind.follow(deep=True) == count
            assert kind.said()[1] == [], kind.said()
            cells = matrix(program, kind.config, kind.file)
            assert cells["127.0.0.1:10025", "host", "elsewhere"] == "passes"


def test_domains(program):
    """relay_domains = $mydestination is no mistake (06)"""
    with Kind(program, "06", **USERS) as kind:
        assert kind.said()[1:] == ([], 0), kind.said()


def test_one_command(program):
    """findings of one list have one command, after which it is content (07)"""
    for settings, count in ((USERS, 1), (dict(USERS, smtpd_tls_auth_only="no"),
                                         2)):
        with Kind(program, "07", **settings) as kind:
            before = kind.texts()
            assert has(before, "permit_sasl_authenticated comes before")
            assert kind.follow(deep=True) == count
            assert kind.said()[1:] == ([], 0), kind.said()
            assert kind.words()[RECIPIENT][0] == "check_policy_service"


def test_twice(program):
    """a service that is in master.cf more than once (09)"""
    with Kind(program, "09", **USERS) as kind:
        texts = kind.texts()
        assert has(texts, "^submission is there more than once"), texts
        assert not has(texts, "not asked on port submission"), texts
        kind.follow()


def test_useless(program):
    """a port where users can log in, and nobody can send"""
    early = "smtpd_client_restrictions=permit_sasl_authenticated,reject"
    for options, wanted, cured in (
            (early, None, False),
            (early + "\n  -o smtpd_delay_reject=no",
             "port 2525, but nobody may send anything there: reject in "
             "smtpd_client_restrictions refuses all before they can log in",
             True),
            ("smtpd_sender_restrictions=reject",
             "reject in smtpd_sender_restrictions refuses all$", False)):
        with Kind(program, "06", **USERS) as kind:
            kind.put("master.cf", "smtp inet n - n - - smtpd\n"
                     "2525 inet n - n - - smtpd\n  -o " + options + "\n")
            _, findings, status = kind.said()
            texts = [each["text"] for each in findings]
            assert status == 0 and len(texts) == (1 if wanted else 0), texts
            if wanted:
                assert has(texts, wanted), texts
                assert bool(findings[0]["command"]) == cured, findings
            if cured:
                run("/bin/sh", "-c", findings[0]["command"])
                assert kind.said()[1:] == ([], 0), kind.said()


def test_ours(program):
    """what policyd -t says is said, too, and counts"""
    with Kind(program, "06", **USERS) as kind:
        listen = "listen \"unix:%s\" { }\n" % kind.socket
        kind.ours(listen + "service x { server_port = 2587 }\n")
        status, text, errors = kind.check("-P")
        assert "no smtpd of" in errors and status == 0, (status, errors)
        assert text.endswith("no problems found; those of policyd are above\n")
        kind.ours(listen + "relay_domains = 'hash:/no/such'\n")
        status, text, errors = kind.check("-P")
        assert "cannot read hash:/no/such" in errors, errors
        assert status == 1 and "are above" in text, (status, text)
        # What it will load by itself is no problem.
        kind.file = kind.policyd.file
        kind.policyd.process.send_signal(signal.SIGSTOP)
        kind.set(mail_name="other")
        status, text, errors = kind.check("-P")
        kind.policyd.process.send_signal(signal.SIGCONT)
        assert "does by itself" in errors and status == 0, (status, errors)
        assert text.endswith("no problems found\n"), text


def test_notation(program):
    """what Postfix accepts is understood: case, local:, braces, a port"""
    with Kind(program, "06", **USERS) as kind:
        for text in ("Check_Policy_Service unix:private/policyd, Reject",
                     "check_policy_service local:private/policyd, reject",
                     "check_policy_service {local:private/policyd}, reject",
                     "CHECK_POLICY_SERVICE { unix:private/policyd, "
                     "{ policy_context = x } } reject"):
            kind.set(smtpd_relay_restrictions=text)
            rows, findings, status = kind.said()
            assert (findings, status) == ([], 0), (text, findings)
            assert rows["smtp"]["asks"] == "policyd", (text, rows)


def test_unasked(program):
    """status 1 for a port without policyd, if it takes mail from others"""
    ask = "check_policy_service unix:private/policyd, reject"
    for options, wanted in (
            ("smtpd_relay_restrictions=reject_unauth_destination", True),
            ("smtpd_relay_restrictions=reject", False),
            ("smtpd_relay_restrictions=permit_mynetworks,reject", True)):
        with Kind(program, "06", **USERS) as kind:
            kind.put("master.cf", "smtp inet n - n - - smtpd\n"
                     "2525 inet n - n - - smtpd\n  -o " + options + "\n")
            kind.set(mynetworks="127.0.0.0/8 10.0.0.0/8",
                     smtpd_relay_restrictions=ask)
            _, findings, status = kind.said()
            assert status == (1 if wanted else 0), (options, findings)
            assert has([each["text"] for each in findings],
                       "policyd on port 2525") == wanted, findings


def runs(program, directory, *options):
    """runs - how often policyd runs postconf(1)"""
    trace = os.path.join(directory, "trace")
    done = subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=execve", "-o", trace, program,
         *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert done.returncode in (0, 1), done
    with open(trace) as lines:
        count = len(re.findall(r'execve\("[^"]*/postconf".* = 0$', lines.read(),
                               re.M))
    return count, done.stdout


def test_many(program):
    """many ports that are alike cost few runs of postconf(1), though each of
    them has a command of its own, which was tried"""
    counts = []
    for number in (2, 20):
        with Kind(program, "06", **USERS) as kind:
            kind.put("master.cf", "".join(
                "%d inet n - n - - smtpd\n  -o syslog_name=postfix/%d\n"
                "  -o smtpd_tls_auth_only=no\n"
                "  -o smtpd_sender_restrictions=$smtpd_helo_restrictions\n" %
                (port, port) for port in range(2000, 2000 + number)))
            settle(kind.config)
            checks, said = runs(program, kind.directory, "-P", "-c", kind.file)
            assert said.count("smtpd_tls_auth_only=yes'\n") == number, said
            first, _ = runs(program, kind.directory, "--init", "-c",
                            kind.file + "2", kind.config)
            counts.append((checks, first))
    few, many = counts
    print("    -P, --init: %s runs for 2 ports, %s for 20" % (few, many))
    assert all(now <= was + 4 for was, now in zip(few, many)), counts


# Appended to main.cf and master.cf; the exit statuses of -P and --init, and
# what they must say.
BAD = (
    ("what is this\n", "", 78, 75, "main.cf, line .*missing '='"),
    ("", "what is this\n", 78, 75, "master.cf: line .*bad field count"),
    ("mydestination = ${x\n", "", 78, 75, "truncated macro reference"),
    ("nosuch = 1\nnosuch = 2\n", "", 0, 0, ""),
    ("x = y\n" * 500000, "", 0, 78, "more than 1048576 bytes"),
    ("smtpd_sender_restrictions = " + "reject_non_fqdn_sender " * 10000 +
     "\n", "", 0, 0, ""),
    ("", "  -o x=y" * 500 + "\n", 0, 0, ""),
)


def test_bad(program):
    """what postconf(1) refuses, or warns of, and what is too large: a clear
    message, and no file has changed"""
    for main, master, checked, init, wanted in BAD:
        with Kind(program, "06", **USERS) as kind:
            for name, text in (("main.cf", main), ("master.cf", master)):
                with open(os.path.join(kind.config, name), "a") as out:
                    out.write(text)
            settle(kind.config)
            before = kind.files()
            other = kind.file + "2"
            for status, options in (
                    (checked, ["-P", "-c", kind.file]),
                    (init, ["--init", "-c", other, kind.config])):
                done = subprocess.run([program, *options], text=True,
                                      capture_output=True)
                assert done.returncode == status, (main[:80], master[:80],
                                                   options, done)
                if status > 1:
                    assert re.search(wanted, done.stderr), done
                    assert not os.path.exists(other)
                assert kind.files() == before


def test_commands(program):
    """every command that is printed for these kinds"""
    count = 0
    for name in sorted(os.listdir(FIELD)):
        with Kind(program, name, **dict(USERS, smtpd_tls_auth_only="no")) \
                as kind:
            count += kind.follow()
    print("    %d commands" % count)
    assert count >= 10, count


if __name__ == "__main__":
    sys.exit(run_all([
        test_ports, test_return, test_return_data, test_return_tls,
        test_domains, test_one_command, test_twice, test_useless, test_ours,
        test_notation, test_unasked, test_many, test_bad, test_commands]))
