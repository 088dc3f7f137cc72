#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_query - policyd -q as people and scripts use it: arguments, JSON,
colours; and what it says that the client reads, against what a real Postfix
says.

usage: test_query.py POLICYD [TEST ...]
"""

import contextlib
import glob
import json
import os
import pty
import re
import select
import subprocess
import sys

from kit.daemon import OURS, Daemon, WAIT, run_all
from kit.policyd import Policyd
from kit.postfix import Postfix
from kit.query import LOG, ask, configuration
from kit.smtp import Session

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                    "data")
CAPTURES = sorted(glob.glob(os.path.join(DATA, "captures", "*.req")))

ARGUMENTS = [
    (["to=user@local.test"], 0, r"\Aaction=permit_auth_destination\n"),
    (["to=user@remote.example"], 0,
     r"verdict       reject by reject_plaintext_session: not encrypted\n"),
    (["to=user%remote.example@local.test"], 0,
     r"user%remote\.example@local\.test -> user@remote\.example: "
     r"percent hack; sender-routed\n"),
    (["to=user@remote.example", "port=587", "tls=1.3", "login=alice"], 0,
     r"service       submission \(.*policyd\.conf:4\), server_port 587\n"),
    (["to=user@remote.example", "port=587", "tls=1.3", "login=alice"], 0,
     r"permit_sasl_authenticated  permit  logged in\n"),
    (["to=user@remote.example", "tls=1.0", "login=alice"], 0,
     r"TLSv1/ECDHE-RSA-AES256-SHA/256: .*; logged in as alice by PLAIN\n"),
    (["to=user@sub.relay.test"], 0,
     r"relay: the destination is ours, by relay_domains "
     r"\(.*policyd\.conf:3\)\n"),
    (["to=user@remote.example"], 0,
     r"client reads  554 5\.7\.1 <user@remote\.example>: Recipient address "
     r"rejected: Relay access denied; "),
    (["state=MAIL", "from=a@b"], 0, r"\Aaction=DUNNO\n"),
    (["to=\x1b[31m\u202e@local.test"], 0, r"<\\x1b\[31m\\xe2\\x80\\xae@"),
    (["recipient=user@local.test", "client_address=2001:db8::1"], 0,
     r"client 2001:db8::1"),
    # Not a request.
    (["too=x"], 64, r"too=x: no such name; did you mean to\?"),
    (["xyzzy=x"], 64, r"xyzzy=x: no such name; there are to, from, client"),
    (["to=user@remote.example", "port=submission"], 0,
     r"service       submission \(.*\), server_port 587\n"),
    (["to"], 64, r"to: not NAME=VALUE"),
    (["port=99999"], 64, r"port=99999: is not a number from 0 to 65535"),
    (["tls=4.2"], 64, r"tls=4\.2: is neither none, 1\.0"),
    (["client=mail.example"], 64, r"is not an IP address"),
    (["state=RCTP"], 64, r"is not a protocol state"),
    (["to=a\nrecipient=b"], 64, r"more than one line"),
    (["port=1x", "tls=2"], 64, r"(?s)port=1x.*tls=2"),
    # Not a command line.
    (["--format=xml"], 64, r"xml is neither text nor json"),
    (["--against", "x"], 64, r"--against requires --replay"),
    (["--replay", "--id", "4F2K"], 64, r"only one of --replay and --id"),
    (["--id", "4F 2K"], 64, r"an id is a few digits and letters"),
    (["--id", "4F2K", "/nonexistent"], 66, r"No such file"),
    (["--replay", "/nonexistent"], 66, r"No such file"),
    (["--replay", "/"], 66, r"is a directory"),
    (["--replay", "--against", "/nonexistent", "/dev/null"], 78,
     r"No such file"),
]


def test_arguments(program):
    """each command line has its answer or its error"""
    with configuration() as directory:
        for arguments, status, pattern in ARGUMENTS:
            got, out, err = ask(program, directory, *arguments)
            assert got == status, "%s: status %d\n%s%s" % (
                arguments, got, out, err)
            assert re.search(pattern, out if status == 0 else err), \
                "%s:\n%s%s" % (arguments, out, err)
            if status == 0:
                assert out.endswith("\n\n") and err == "", (arguments, err)
        _, out, _ = ask(program, directory,
                        input="request=smtpd_access_policy\n\n")
        assert "  request       without protocol_state from <>" in out, out
    done = subprocess.run([program, "-t", "--format=json"], text=True,
                          capture_output=True, timeout=WAIT)
    assert done.returncode == 64 and "requires -q" in done.stderr, done


def test_output(program):
    """an answer that cannot be written is an error; one is written when the
    next request may be waiting for it"""
    with configuration() as directory:
        config = os.path.join(directory, "policyd.conf")
        for arguments in (["-q", "to=user@local.test"], ["-T"], ["-h"], ["-V"],
                          ["-q", "--format=json", "to=user@local.test"]):
            for output, why in (("/dev/full", "No space left"),
                                ("&-", "Bad file descriptor")):
                done = subprocess.run(
                    ["sh", "-c", 'exec "$0" "$@" >' + output, program, "-c",
                     config] + arguments, stderr=subprocess.PIPE, text=True,
                    timeout=WAIT, check=False)
                assert done.returncode == 74, (arguments, output, done)
                assert done.stderr.startswith(
                    "policyd: the output could not be written: " + why), done
        log = os.path.join(directory, "log")
        with open(log, "w", encoding="ascii") as file:
            file.write(LOG)
        for arguments in (["-q", "--replay", log], ["-q", "--id", "4F2K7Q", log]):
            done = subprocess.run(
                ["sh", "-c", 'exec "$0" "$@" >/dev/full', program, "-c",
                 config] + arguments, stderr=subprocess.PIPE, text=True,
                timeout=WAIT, check=False)
            assert done.returncode in (74, 1) and \
                "could not be written: No space" in done.stderr, done
        warned = os.path.join(directory, "warned.conf")
        with open(warned, "w", encoding="ascii") as file:
            file.write('listen "unix:%s/socket" { }\nidle_timeout = 1s\n' %
                       directory)
        done = subprocess.run(
            ["sh", "-c", 'exec "$0" -t -c "$1" 2>/dev/full', program, warned],
            timeout=WAIT, check=False)
        assert done.returncode == 74, done
        with subprocess.Popen([program, "-q", "-c", config],
                              stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:
            for _ in range(2):
                process.stdin.write(OURS)
                process.stdin.flush()
                ready, _, _ = select.select([process.stdout], [], [], WAIT)
                assert ready, "no answer before the end of the input"
                answer = b""
                while not answer.endswith(b"\n\n"):
                    answer += os.read(process.stdout.fileno(), 65536)
                assert answer.startswith(b"action="), answer
            process.stdin.close()
            assert process.wait(WAIT) == 0
    done = subprocess.run([program, "-t", "-c", ""], text=True,
                          capture_output=True, timeout=WAIT, check=False)
    assert done.returncode == 64 and "name is empty" in done.stderr, done


def test_json(program):
    """what Postfix has sent once, as JSON, agrees with the text; members"""
    requests = b"".join(open(path, "rb").read() for path in CAPTURES)
    requests = requests.decode(errors="surrogateescape")
    with configuration() as directory:
        _, text, err = ask(program, directory, input=requests)
        status, out, _ = ask(program, directory, "--format=json",
                             input=requests)
    assert status == 0 and err == "", err
    objects = [json.loads(line) for line in out.splitlines()]
    assert len(objects) == len(CAPTURES) > 50
    answers = re.findall(r"^action=(.*)\n  verdict       (\w+)", text, re.M)
    assert [(each["action"], each["verdict"]) for each in objects] == answers
    one = objects[0]
    assert set(one) == {"action", "verdict", "restriction", "reason",
                        "observed", "client_reads", "request", "service",
                        "destination", "session", "restrictions"}, one.keys()
    with configuration() as directory:
        _, out, _ = ask(program, directory, "--format=json",
                        "to=\udcff\udcfe%far@local.test", "port=587",
                        "tls=1.3")
    one = json.loads(out)
    assert one["service"]["name"] == "submission", one
    assert one["request"]["recipient"] == "\\xff\\xfe%far@local.test", one
    assert one["session"]["encrypted"] is True, one
    assert one["destination"]["ours"] is False, one
    assert one["destination"]["steps"][0]["found"] is True, one
    assert [each["verdict"] for each in one["restrictions"]][-1] == "reject"


# Nothing is broken here but one table; patterns that take long for some texts.
REASONS = """virtual_alias_domains = "pcre:{{/^(x+)+[=+]/ y}}"
relay_domains = "fail:box"
mynetworks = "pcre:{{/^([0-9a-f:]+)+[=+]/ y}}, !regexp:{{/^no/ y}}"
sender_login_maps = "regexp:{{/^(aa|a){0,1500}x/ y}}, pcre:{{/^b/ z}}"
restrictions = { permit_mynetworks, reject_sender_login_mismatch,
                 permit_auth_destination, reject }
"""
LONG = "takes too many steps"
MANY = "the address has too many domains to follow"
V6 = "client_address=2001:db8:1111:1111:1111:1111:1111:1111"

# Attributes; what was looked up in vain, without and with its table; why.
UNKNOWN = [
    (["recipient=" + 1990 * "%" + "@local.test"], None, MANY),
    (["recipient=" + 1990 * "@" + "local.test"], None, MANY),
    (["recipient=user@" + 60 * "x"], "virtual_alias_domains", LONG),
    (["recipient=user@far.example"], "relay_domains",
     "its lookups always fail"),
    (["recipient=user@local.test", "sender=" + 1990 * "%" + "@local.test"],
     "owners", MANY),
    (["recipient=user@local.test", "sender=user@" + 60 * "x"],
     "owners.*: virtual_alias_domains", LONG),
    (["recipient=user@local.test", "sender=" + 300 * "a" + "@local.test"],
     "owners.*: regexp:", LONG),
    (["recipient=user@local.test", V6, "client_name=" + 300 * "n"],
     "mynetworks.*: pcre:", LONG),
    # The recipient could not be judged either, but that was not asked.
    (["recipient=user@far.example", V6], "mynetworks.*: pcre:", LONG),
    (["recipient=user@local.test", "client_name=" + 300 * "n"],
     "mynetworks.*: regexp:",
     "the name is longer than 255 bytes, too long for patterns"),
]


def explain_all(program, config):
    """explain_all - each request as text on one line, and as an object"""
    requests = "".join(unknown_request(one[0]) for one in UNKNOWN)
    said = [subprocess.run([program, "-q", "-c", config, option],
                           input=requests, capture_output=True, text=True,
                           timeout=WAIT).stdout
            for option in ("--format=text", "--format=json")]
    texts = [re.sub(r"\s+", " ", text) for text in said[0].split("\n\n")]
    return zip(texts, map(json.loads, said[1].splitlines()))


def unknown_request(attributes):
    """unknown_request - of a client, which may have another address"""
    return "request=smtpd_access_policy\nprotocol_state=RCPT\n" + "".join(
        line + "\n" for line in attributes if line != V6) + (
            V6 if V6 in attributes else "client_address=192.0.2.1") + "\n\n"


def test_reasons(program):
    """a failed lookup is reported with its reason, and nothing else is
    blamed: in the text, in JSON, and in the log"""
    with Daemon(program, REASONS) as policyd:
        explained = list(explain_all(program, policyd.config))
        assert len(explained) == len(UNKNOWN), explained
        for (attributes, what, why), (text, answer) in zip(UNKNOWN, explained):
            mark = policyd.mark()
            request = unknown_request(attributes).encode()
            assert policyd.ask(request).startswith(b"action=451 4.3.0 "), \
                attributes
            policyd.expect("warning: id=\\w+: .*%s.*%s: answered 451\n" % (
                "" if what is None else what + ".*: ", why), mark)
            assert why in text, (attributes, text)
            reasons = [answer["destination"]["detail"]] + [
                one["why"] for one in answer["restrictions"]]
            assert any(reason and why in reason for reason in reasons), answer
            if what is None:
                assert "could not be searched" not in policyd.read(
                    policyd.log, mark) + text
                assert answer["destination"]["list"] is None, answer


def test_colour(program):
    """colours on a terminal only, and not with NO_COLOR"""
    def on_terminal(**environment):
        master, slave = pty.openpty()
        with configuration() as directory:
            process = subprocess.Popen(
                [program, "-q", "-c",
                 os.path.join(directory, "policyd.conf"),
                 "to=user@local.test"], stdout=slave, stderr=slave,
                env=dict(os.environ, TERM="xterm", **environment))
            os.close(slave)
            out = b""
            with contextlib.suppress(OSError):      # EIO is the end
                while True:
                    out += os.read(master, 65536)
            assert process.wait(WAIT) == 0
        os.close(master)
        return out
    clean = {key: value for key, value in os.environ.items()
             if key != "NO_COLOR"}
    os.environ.clear()
    os.environ.update(clean)
    assert b"\x1b[32mpermit\x1b[0m" in on_terminal(), "no colours"
    assert b"\x1b[3" not in on_terminal(NO_COLOR="1"), "NO_COLOR"
    assert b"\x1b[32m" in on_terminal(NO_COLOR=""), "empty NO_COLOR"
    with configuration() as directory:
        _, out, _ = ask(program, directory, "to=user@local.test")
    assert "\x1b" not in out, "colours in a pipe"


def test_terminal(program):
    """-q without arguments says on a terminal what it waits for"""
    with configuration() as directory:
        ours, theirs = pty.openpty()
        with subprocess.Popen(
                [program, "-q", "-c", os.path.join(directory, "policyd.conf")],
                stdin=theirs, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE) as process:
            os.close(theirs)
            said = process.stderr.readline()
            assert said.startswith(b"policyd: type a request, one NAME=VALUE "
                                   b"on each line, and a blank line; or "), said
            os.write(ours, b"request=smtpd_access_policy\n"
                     b"protocol_state=RCPT\nrecipient=user@local.test\n\n")
            assert process.stdout.readline() == \
                b"action=permit_auth_destination\n"
            os.write(ours, b"\4")
            assert process.wait(WAIT) == 0
        os.close(ours)
        # The command that it names.
        words = re.search(rb"policyd (-q .*)", said).group(1).decode().split()
        assert ask(program, directory, *words[1:])[0] == 0


def test_client_reads(program):
    """what -q says that the client reads is what a real Postfix says"""
    texts = {
        "plain": "", "code": "554 5.7.1 Not here", "bare": "550 Go away",
        "reject": "REJECT", "rejectText": "REJECT Please log in",
        "status": "REJECT 5.1.8 Unknown", "seven": "550 5.1.7 Odd",
        "ten": "550 5.1.10 Ten", "defer": "DEFER",
        "deferText": "DEFER 4.3.2 Come back", "four": "450 Wait",
        "alone": "554 5.7.1", "utf8": "554 5.7.1 Nicht für uns",
    }
    with Postfix() as postfix:
        ports = {name: postfix.port() for name in texts}
        conf = ""
        for name, port in ports.items():
            conf += ('service "%s" {\nserver_port = %d\nreject_reply = "%s"\n'
                     'plaintext_reply = "%s"\n}\n' % (
                         name, port, texts[name], texts[name]))
        path = os.path.join(postfix.queue, "private", "policyd")
        text = ('listen "unix:%s" { mode = "0666" }\nlog = stderr\n'
                'import_postfix = "%s"\n' % (path, postfix.config) + conf)
        postfix.set("smtpd_recipient_restrictions=check_policy_service "
                    "unix:private/policyd, reject",
                    "smtpd_relay_restrictions=")
        postfix.start()
        with Policyd(program, postfix.directory, text, path) as policyd:
            said = [(port, rcpt, state, reply) for port in ports.values()
                    for rcpt in ("user@remote.example",
                                 '"a b"@remote.example')
                    for state, reply in replies(port, rcpt)]
            requests = "".join(
                "request=smtpd_access_policy\nprotocol_state=%s\n"
                "server_port=%d\nrecipient=%s\n\n" % (
                    state, port, rcpt.replace('"', ""))
                for port, rcpt, state, _ in said)
            read = re.findall(r"^  client reads  (.*)$", subprocess.run(
                [program, "-q", "-c", policyd.file], input=requests,
                capture_output=True, text=True, timeout=WAIT).stdout, re.M)
        assert len(read) == len(said), read
        for reads, (_, rcpt, state, reply) in zip(read, said):
            assert reads.replace(r"\x20", " ") == re.sub(
                r"\(id \w+\)", "(id query)", reply), (state, rcpt, reply)


def replies(port, rcpt):
    """replies - (state, reply) of a real Postfix, to RCPT and VRFY"""
    with Session(port) as session:
        session.reply()
        session.ask("EHLO client.example")
        vrfy = session.ask("VRFY <%s>" % rcpt)
        session.ask("MAIL FROM:<sender@client.example>")
        return [("RCPT", session.ask("RCPT TO:<%s>" % rcpt)), ("VRFY", vrfy)]


if __name__ == "__main__":
    sys.exit(run_all([test_arguments, test_output, test_json, test_reasons,
                      test_colour, test_terminal, test_client_reads]))
