#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_replay - what another configuration would have decided: --replay and
--id, from logs as they are found; capture, shadow and mode = observe of the
daemon.

usage: test_replay.py POLICYD [TEST ...]
"""

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys

from kit.daemon import OURS, PERMIT, REQUEST, THEIRS, Daemon, WAIT, run_all
from kit.postfix import temporary_directory
from kit.query import CONFIGURATION, LOG, ask, configuration, line


def test_cut(program):
    """a file that ends in the middle of a line, wherever that is"""
    whole = LOG.splitlines(True)[-1]
    assert "policyd[" in whole, whole
    with configuration(log="") as directory:
        path = os.path.join(directory, "log")
        for end in range(len(whole.split("policyd[")[0]) + 12,
                         len(whole) - 1, 7):
            with open(path, "w") as out:
                out.write(whole + whole[:end])
            _, out, err = ask(program, directory, "--replay", path)
            assert out.startswith(("0 of 1 logged", "0 of 2 logged")), out
            assert not err or err.startswith(
                path + ":2: skipped: the last line is not complete: the file "
                "ends in it\n"), (whole[:end], err)


def test_replay(program):
    """what would change, with counts; status 1 when something opens"""
    shut = CONFIGURATION.replace('"relay.test"', '"other.test"')
    opened = CONFIGURATION.replace('"relay.test"', '"relay.test", '
                                                   '"far.example"')
    with configuration(shut_conf=shut, open_conf=opened,
                       log=LOG) as directory:
        def path(name):
            return os.path.join(directory, name)
        status, out, err = ask(program, directory, "--replay", path("log"))
        assert status == 0, (out, err)
        assert out.startswith("0 of 7 logged decisions would be diff"), out
        assert re.search(r"^ +4  permit by permit_auth_destination, service "
                         r"default$", out, re.M), out
        assert not err, err
        # The same from standard input.
        assert ask(program, directory, "--replay", input=LOG)[1] == \
            out.replace(path("log"), "-")
        status, out, _ = ask(program, directory, "-c", path("shut.conf"),
                             "--replay", "--against", path("policyd.conf"),
                             path("log"))
        assert status == 0, out
        assert out.startswith("3 of 7 requests would be answered differently")
        assert re.search(r"^ +3  permit by permit_auth_destination -> reject "
                         r"by reject_plaintext_session, service default\n"
                         r"\t\t.*/log:3: state=RCPT from=<a@b> "
                         r"to=<u@relay.test> client=192.0.2.33 port=25\n",
                         out, re.M), out
        assert out.count("to=<") == 3, out
        status, out, _ = ask(program, directory, "-c", path("open.conf"),
                             "--replay", "--against", path("policyd.conf"),
                             path("log"))
        assert status == 1, out
        assert re.search(r"^ +2  NEWLY PERMITTED: reject by reject_plain",
                         out, re.M), out
        # Without --against the log itself is what it is compared with.
        status, out, _ = ask(program, directory, "-c", path("open.conf"),
                             "--replay", path("log"))
        assert status == 1 and out.startswith("2 of 7 logged decisions"), out
        assert "2  NEWLY PERMITTED: reject by reject_plaintext" in out, out
        status, out, _ = ask(program, directory, "-c", path("open.conf"),
                             "--replay", "--against", path("policyd.conf"),
                             "--format=json", path("log"))
        groups = [json.loads(each) for each in out.splitlines()]
        assert status == 1 and groups[0]["opens"] is True, groups
        assert groups[0]["count"] == 2 and groups[0]["changed"], groups
        assert groups[0]["old"]["verdict"] == "reject", groups
        assert groups[0]["new"]["verdict"] == "permit", groups


def test_replay_without_ports(program):
    """a log without port= has the service by its name"""
    old = re.sub(r" port=\d+", "", LOG)
    mine = CONFIGURATION + 'restrictions = { reject }\n'
    with configuration(log=old, policyd_conf=mine.replace(
            "server_port = { 465, 587 }",
            "server_port = { 465, 587 }\nrestrictions = { "
            "permit_sasl_authenticated, reject }")) as directory:
        _, out, _ = ask(program, directory, "--replay",
                        os.path.join(directory, "log"))
    assert re.search(r"^ +1  permit by permit_sasl_authenticated, service "
                     r"submission$", out, re.M), out
    assert re.search(r"^ +6  reject by reject, service default$", out,
                     re.M), out


def test_id(program):
    """an id finds its line, in any case of its letters"""
    log = LOG + line("reject", "reject_plaintext_session", "x@far.example",
                     ident="4F01KQ")
    with configuration() as directory:
        for ident in ("4F01KQ", "4f01kq", "4foikq", "4FOlKQ"):
            status, out, err = ask(program, directory, "--id", ident,
                                   input=log)
            assert status == 0 and err == "", err
            assert out.startswith("-:9: id 4F01KQ, service default: "
                                  "reject by reject_plaintext_session; same "
                                  "result now:\naction=554 5.7.1 "), out
            assert "(id 4F01KQ)" in out and "<x@far.example>" in out, out
        status, out, err = ask(program, directory, "--id", "4F01KZ",
                               input=log)
        assert status == 1 and out == "", out
        assert "id 4F01KZ not found among 8" in err, err
        status, out, _ = ask(program, directory, "--id", "4F01KQ",
                             "--format=json", input=log)
        assert json.loads(out)["verdict"] == "reject", out
    changed = CONFIGURATION.replace("relay.test", "far.example")
    with configuration(policyd_conf=changed) as directory:
        _, out, _ = ask(program, directory, "--id", "4F01KQ", input=log)
        assert "it would be permit by permit_auth_destination" in out, out


def compressed(directory, command, suffix, text):
    """compressed - a file, by the command of that name"""
    path = os.path.join(directory, "mail.log" + suffix)
    with open(path, "wb") as file:
        subprocess.run([command, "-c"], input=text.encode(), stdout=file,
                       check=True, timeout=WAIT)
    return path


def test_logs(program):
    """logs as they are found: compressed, with other line ends, of containers;
    and a damaged one"""
    text = LOG + line("reject", "reject_plaintext_session", "x@far.example",
                      ident="4F01KQ")
    found = ":9: id 4F01KQ, service default: reject by "
    with configuration() as directory:
        files = [compressed(directory, *each, text) for each in (
            ("gzip", ".1.gz"), ("xz", ".xz"), ("zstd", ".zst"),
            ("bzip2", ".bz2"))]
        docker = [json.dumps({"log": each[max(0, each.find("policyd[")):] + "\n",
                              "stream": "stderr", "time": "2026-11-24T15:00Z"})
                  for each in text.splitlines()]
        podman = ["2026-11-24T15:00:00.1+01:00 stderr F " +
                  each[max(0, each.find("policyd[")):] for each in text.splitlines()]
        for name, lines in (("crlf", text.splitlines()), ("docker", docker),
                            ("podman", podman)):
            files.append(os.path.join(directory, name))
            with open(files[-1], "w") as file:
                file.write(("\r\n" if name == "crlf" else "\n").join(lines))
        for path in files:
            status, out, err = ask(program, directory, "--id", "4F01KQ", path)
            assert (status, err) == (0, ""), (path, err)
            assert out.startswith(path + found), (path, out)
        with open(files[0], "rb") as file:
            status, out, err = ask(program, directory, "--id", "4F01KQ",
                                   stdin=file)
            assert status == 0 and out.startswith("-" + found), (out, err)
        with open(files[0], "rb") as file:
            half = file.read()[:-20]
        with open(files[0], "wb") as file:
            file.write(half)
        status, out, err = ask(program, directory, "--replay", files[0])
        assert status == 66, (out, err)
        assert files[0] + ": gzip could not read all of it" in err, err


def test_log_by_default(program):
    """without a file, and with nobody at the other end of standard input: the
    log of this policyd"""
    text = line("reject", "reject_plaintext_session", "x@far.example",
                ident="4F01KQ")
    with configuration() as directory:
        log = os.path.join(directory, "own.log")
        with open(log, "w") as file:
            file.write(text)
        with open(os.path.join(directory, "policyd.conf"), "a") as file:
            file.write('\nlog = "%s"\n' % log)
        for options in ["--id", "4F01KQ"], ["--replay"]:
            status, out, err = ask(program, directory, *options,
                                   stdin=subprocess.DEVNULL)
            assert status == 0 and "reject_plaintext" in out, (out, err)
            assert err == "policyd: reading %s\n" % log, err
    with configuration() as directory:
        status, out, err = ask(program, directory, "--id", "4F01KQ",
                               stdin=subprocess.DEVNULL)
        assert re.match("policyd: reading (/var/log/mail.?log|the journal)\n",
                        err), err


def test_daemon(program):
    """capture, shadow and expectations of a daemon, over reloads"""
    ring = temporary_directory()
    following = os.path.join(ring, "next.conf")

    def shadow(text):
        with open(following, "w") as file:
            file.write(text)
    shadow('mydestination = "remote.example"\n')
    settings = 'capture = "%s"\ncapture_files = 2\nshadow = "%s"\n' % (
        ring, following)
    try:
        with Daemon(program, settings) as policyd:
            assert "shadow: %s is compared" % following in \
                policyd.stderr(), policyd.stderr()
            with policyd.client() as client:
                assert client.ask(OURS) == PERMIT
                policyd.expect(r"id=\w+ shadow: service=default "
                               r"verdict=permit restriction=permit_auth_"
                               r"destination next: service=default verdict="
                               r"reject restriction=reject_plaintext_session "
                               r"opens=no to=<user@local\.test>")
                assert client.ask(THEIRS).startswith(b"action=554")
                policyd.expect(r"verdict=reject restriction=\w+ next: .* "
                               r"verdict=permit .* opens=yes to=<user@remote")
                client.ask(REQUEST % b"user@elsewhere.example")
                policyd.signal(signal.SIGUSR1)
                policyd.expect("shadow_compared=3 shadow_differing=2 "
                               "shadow_opening=1")
                # A shadow that is broken disturbs nobody.
                shadow("mydestination = \n")
                assert policyd.reload() == 1
                policyd.expect(r"shadow: .*next\.conf:2: the file ends")
                policyd.expect("is refused and not compared")
                assert client.ask(OURS) == PERMIT
                policyd.signal(signal.SIGUSR1)
                policyd.expect("permit=2 .*shadow_compared=3 ")
                # An expectation that fails keeps the old server.
                policyd.configure(settings + 'expect "no" { to = "%s" '
                                  'verdict = reject }\n' % "a@local.test")
                said = policyd.reload_refused()
                assert 'expect "no": the verdict is permit, not reject' in \
                    said, said
                assert client.ask(OURS) == PERMIT
            policyd.configure(settings)
            files = sorted(glob.glob(os.path.join(ring, "capture.*")))
            assert len(files) == 2, files
            assert all(os.stat(each).st_mode & 0o777 == 0o600
                       for each in files)
            done = subprocess.run(
                [program, "-q", "-c", policyd.config, "--replay",
                 "--format=json"] + files, capture_output=True, text=True,
                timeout=WAIT)
            groups = [json.loads(each) for each in done.stdout.splitlines()]
            assert sum(each["count"] for each in groups) == 5, done
            # A directory that is gone does not keep it from serving.
            policyd.configure('capture = "%s/nowhere"\n' % ring)
            policyd.reload()
            policyd.expect("cannot capture requests: capture: ")
            assert policyd.ask() == PERMIT
    finally:
        shutil.rmtree(ring)


def test_observe(program):
    """mode = observe: DUNNO, and the log has the verdict"""
    ring = temporary_directory()
    try:
        with Daemon(program, 'mode = observe\nservice "enforced" { '
                             'policy_context = "x" mode = enforce }\n'
                             'capture = "%s"\n' % ring) as policyd:
            assert policyd.ask(OURS) == b"action=DUNNO\n\n"
            assert policyd.ask(THEIRS) == b"action=DUNNO\n\n"
            assert policyd.ask(
                THEIRS.replace(b"\n\n", b"\npolicy_context=x\n\n")).startswith(
                    b"action=554")
            out = subprocess.run(
                [program, "-q", "-c", policyd.config, "--replay",
                 os.path.join(ring, "capture.0")], capture_output=True,
                text=True, timeout=WAIT).stdout
    finally:
        shutil.rmtree(ring)
    assert "1  reject by reject_plaintext_session (only observed), service " \
        "default" in out, out
    assert "1  reject by reject_plaintext_session, service enforced" in out
    with configuration(policyd_conf=CONFIGURATION +
                       "mode = observe\n") as directory:
        _, out, _ = ask(program, directory, "to=user@far.example")
    assert out.startswith("action=DUNNO\n  verdict       reject by reject_plain"
                          "text_session: not encrypted; only observed"), out


if __name__ == "__main__":
    sys.exit(run_all([test_cut, test_replay, test_replay_without_ports, test_id,
                      test_logs, test_log_by_default, test_daemon,
                      test_observe]))
