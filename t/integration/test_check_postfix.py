#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""policyd -P against real configuration directories, read by the real
postconf(1), with a real policyd on its socket: each mistake is made in a
throw-away configuration that is correct apart from it, it must be the only
finding, and the command that is printed must fix it."""

import concurrent.futures
import os
import pwd
import re
import shutil
import socket
import sys
import threading

from kit import snippets
from kit.daemon import free_port
from kit.mistakes import CASES, RECIPIENT
from kit.policyd import Policyd
from kit.postfix import run, settle
from kit.postfix_files import (MASTER, Files, harm, matrix,
                               server_certificate)


class Finding:
    """What one finding looked like."""

    def __init__(self, line):
        self.file, self.severity, self.text = re.match(
            r"(\S+): (error|warning): (.*)", line).groups()
        self.more = []

    def commands(self):
        """commands - those that can be typed to a shell"""
        return [line for line in self.more if line.startswith("postconf ")]


def findings(text):
    """findings - of one run: a table of ports is before them, and the last
    line sums up"""
    found = []
    for line in text.rpartition("\n\n")[2].splitlines()[:-1]:
        if line.startswith("    "):
            found[-1].more.append(line.strip())
        else:
            found.append(Finding(line))
    return found


class Tests:
    """All of them, with one policyd."""

    def __init__(self, place, port):
        self.place = place
        self.port = port
        self.passed = 0
        self.failed = 0

    def judge(self, name, wrong):
        """judge - count a case; wrong: what was wrong, or None"""
        if wrong:
            self.failed += 1
            print("FAILED: %s: %s" % (name, wrong))
        else:
            self.passed += 1

    def fill(self, text):
        """fill - in what only we know"""
        return text.replace("%PORT%", str(self.port)).replace(
            "%QUEUE%", self.place.queue).replace("%TLS%", self.place.tls)

    def expect(self, expected):
        """expect - exactly these findings, beside warnings of policyd.conf, and
        the status that follows; returns what is wrong, and the commands"""
        status, out, err = self.place.check()
        text = "status %d\n%s%s" % (status, out, err)
        if re.sub(r"(?m)^\S+/check.conf:\d+: warning: .*\n", "", err) or \
                status not in (0, 1):
            return text, []
        found = findings(out)
        if len(found) != len(expected):
            return "%d findings expected: %s" % (len(expected), text), []
        for one, (severity, file, pattern) in zip(found, expected):
            if (one.severity != severity or
                    os.path.basename(one.file) != file or
                    not re.search(self.fill(pattern), one.text)):
                return "expected %s %s %s: %s" % (severity, file, pattern,
                                                  text), []
        bad = any(one.severity == "error" for one in found)
        if status != (1 if bad else 0):
            return "status: " + text, []
        if not found and "no problems found" not in out:
            return "not said: " + text, []
        return None, [line for one in found for line in one.commands()]

    def matrix(self):
        """matrix - what the ports let through"""
        return matrix(self.place.program, self.place.config, self.place.file)

    def fix(self, commands, texts):
        """fix - run the printed commands; then nothing may be found, and
        nothing else have changed"""
        before = self.matrix()
        for line in commands:
            settle(self.place.config)
            run("/bin/sh", "-c", line)
        wrong, _ = self.expect([])
        if not wrong:
            wrong = "; ".join(harm(before, self.matrix(), texts))
        return wrong and "after %s: %s" % (commands, wrong)

    def case(self, case):
        """case - one mistake, found and fixed"""
        self.place.write({name: value and self.fill(value)
                          for name, value in case.main.items()},
                         case.master,
                         self.place.listen() + self.fill(case.conf))
        wrong, commands = self.expect(case.expected)
        ours = all(file == "check.conf" for _, file, _ in case.expected)
        if not wrong and case.fixes and case.expected and not ours:
            wrong = self.fix(commands, " ".join(
                text for _, _, text in case.expected)) if commands \
                else "no command"
        elif not wrong and commands:
            wrong = "nobody may type %s" % commands
        self.judge(case.name, wrong)

    def usage(self):
        """usage - the long option; trouble with postconf or our file"""
        self.place.write({}, MASTER, self.place.listen())
        status, out, _ = self.place.check("--check-postfix")
        self.judge("--check-postfix", status != 0 and out)
        self.place.ours("nonsense\n")
        status, _, err = self.place.check()
        self.judge("policyd.conf refused", status != 78 and err)
        place_named = self.place.config
        shutil.move(self.place.config, self.place.config + ".away")
        try:
            self.place.ours(self.place.listen())
            status, _, err = self.place.check()
            self.judge("no main.cf", (status not in (75, 78) or
                                      place_named not in err) and err)
        finally:
            shutil.move(self.place.config + ".away", self.place.config)

    def stock(self):
        """stock - the lines that we ship, added to Debian's own files"""
        place = self.place
        with open("/usr/share/postfix/main.cf.debian") as lines:
            text = lines.read()
        place.write({}, "", place.listen() +
                    'service "submission" { server_port = { 465, 587 } }\n')
        with open(os.path.join(place.config, "main.cf"), "w") as out:
            out.write(text)
        shutil.copy("/usr/share/postfix/master.cf.dist",
                    os.path.join(place.config, "master.cf"))
        postconf = ("postconf", "-c", place.config)
        run(*postconf, "-e", "queue_directory=" + place.queue,
            "myhostname=mail.local.test",
            "smtpd_tls_chain_files=%s/server.key, %s/server.pem" % (
                place.tls, place.tls),
            "mydestination=$myhostname, local.test, localhost",
            "mynetworks=127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128",
            "smtpd_relay_restrictions=permit_mynetworks "
            "permit_sasl_authenticated defer_unauth_destination")
        settle(place.config)
        run(*postconf, "-e", *snippets.main_cf())
        for words, options in snippets.master_cf():
            settle(place.config)
            run(*postconf, "-M", "%s/%s=%s" % (words[0], words[1],
                                               " ".join(words)))
            for name, value in options.items():
                run(*postconf, "-P", "%s/%s/%s=%s" % (words[0], words[1],
                                                      name, value))
        wrong, _ = self.expect([])
        self.judge("the lines that we ship", wrong)

    def at_socket(self, name, make, pattern):
        """at_socket - something odd at a path of its own"""
        path = os.path.join(self.place.queue, "private", "odd")
        self.place.write(
            {RECIPIENT: "check_policy_service unix:private/odd, reject"},
            MASTER, self.place.listen(path))
        undo = make(path)
        try:
            wrong, _ = self.expect([("error", "check.conf", pattern)])
        finally:
            undo()
            if os.path.lexists(path):
                os.unlink(path)
        self.judge(name, wrong)

    def sockets(self):
        """sockets - what can be wrong with the one that we listen on"""
        def fake(mode, owner, answer=None):
            def make(path):
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(path)
                os.chmod(path, mode)
                os.chown(path, owner, owner)
                listener.listen()

                def serve():
                    while True:
                        try:
                            peer, _ = listener.accept()
                        except OSError:
                            return
                        with peer:
                            peer.recv(4096)
                            peer.sendall(answer)
                thread = threading.Thread(target=serve, daemon=True)
                if answer is not None:
                    thread.start()

                def close():
                    listener.shutdown(socket.SHUT_RDWR)
                    if answer is not None:
                        thread.join()
                    listener.close()
                return close
            return make

        def nothing(_):
            return lambda: None

        def plain(path):
            with open(path, "w"):
                pass
            os.chmod(path, 0o666)
            return lambda: None

        def stale(path):
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path)
            os.chmod(path, 0o666)
            return lambda: None

        def closed_directory(path):
            private = os.path.dirname(path)
            os.chown(private, 0, 0)
            undo = fake(0o666, 0)(path)

            def back():
                os.chown(private, pwd.getpwnam("postfix").pw_uid, 0)
                undo()
            return back

        owner = pwd.getpwnam("postfix").pw_uid
        self.at_socket("no socket", nothing, "No such file")
        self.at_socket("a file", plain, "Connection refused")
        self.at_socket("nobody listens", stale, "Connection refused")
        self.at_socket("root's socket", fake(0o660, 0),
                       "as user postfix: Permission denied")
        self.at_socket("root's directory", closed_directory,
                       "as user postfix: Permission denied")
        self.at_socket("not ours", fake(0o600, owner, b"action=OK\n\n"),
                       "not policyd, but process %d, .*python" % os.getpid())
        self.wrong_answers(fake, owner)

    def wrong_answers(self, fake, owner):
        """wrong_answers - of a program that is not ours, so that this is
        found as well"""
        path = os.path.join(self.place.queue, "private", "odd")
        for name, answer, pattern in (
                ("an odd answer", b"220 hello\n\n", "does not answer as"),
                ("no answer", b"", "does not answer as .*: Connection reset"),
                ("silence", None, "does not answer as .*: Connection timed")):
            self.place.write({RECIPIENT: "check_policy_service "
                              "unix:private/odd, reject"}, MASTER,
                             self.place.listen(path))
            undo = fake(0o600, owner, answer)(path)
            try:
                wrong, _ = self.expect([
                    ("error", "check.conf", pattern),
                    ("error", "check.conf", "not policyd, but")])
            finally:
                undo()
                os.unlink(path)
            self.judge(name, wrong)


WORKERS = 3


def work(cases, others):
    """work - some of the cases, with a policyd and a Postfix of their own, and
    the other tests or not"""
    place = Files(sys.argv[1])
    port = free_port()
    tests = Tests(place, port)
    text = place.listen() + 'log = "stderr"\n' \
        'listen "inet:127.0.0.1:%d" { }\n' % port
    try:
        with Policyd(place.program, place.directory, text, place.socket):
            for case in cases:
                tests.case(case)
            if others:
                tests.stock()
                tests.usage()
                tests.sockets()
    finally:
        shutil.rmtree(place.directory)
    sys.stdout.flush()
    return tests.passed, tests.failed


def main():
    """main - with the program as the argument"""
    if os.geteuid() != 0:
        print("this test needs root: it becomes the user postfix")
        return 1
    server_certificate()        # once for all workers, and removed by us
    cases = [CASES[first::WORKERS] for first in range(WORKERS)]
    with concurrent.futures.ProcessPoolExecutor(WORKERS) as pool:
        tests = list(pool.map(work, cases, [True] + [False] * WORKERS))
    passed, failed = map(sum, zip(*tests))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
