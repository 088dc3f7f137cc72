#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_first_day - mistakes in a Postfix that policyd --init has set up: what
policyd -P says of each is enough to fix it. A command that it prints for the
list of all ports is one, and after it nothing is left.

usage: test_first_day.py POLICYD
"""

import os
import re
import shutil
import sys

from kit.daemon import run_all
from kit.init import parts
from kit.policyd import Policyd
from kit.postfix import run, settle
from kit.postfix_files import Files, harm, matrix

ASK = "check_policy_service unix:private/policyd"
LIST = "policyd_relay_restrictions"
MAIN = {
    "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated,"
                                " defer_unauth_destination",
    "smtpd_recipient_restrictions": "",
    "mynetworks": "127.0.0.0/8",
}
MASTER = """\
smtp inet n - y - - smtpd
submission inet n - y - - smtpd
  -o smtpd_tls_security_level=encrypt
submissions inet n - y - - smtpd
  -o smtpd_tls_wrappermode=yes
"""
# The mistake as an option of postconf(1) and its argument, what is said, and
# whether there is a command.
MISTAKES = (
    ("-e", LIST + " = check_policy_service unix:private/polcyd, reject",
     r"unix:private/polcyd: nobody can be asked there: No such file or "
     r"directory; did you mean unix:private/policyd\?", True),
    ("-e", LIST + " = " + ASK,
     "smtpd ends at once on ports smtp, submission and submissions: .*\n"
     "(.*\n)+"
     r"    policyd_relay_restrictions = \S+ unix:private/policyd\n"
     "    # let the list end with reject\n", False),
    ("-e", LIST + " = permit_sasl_authenticated, " + ASK + ", reject",
     "permit_sasl_authenticated comes before policyd", True),
    ("-M", "2525/inet=2525 inet n - y - - smtpd",
     "policyd is not asked on port 2525\n.*\n    # as on other ports: -o "
     r"smtpd_relay_restrictions=\$policyd_relay_restrictions\n", False),
    ("-e", LIST + " = check_policy_service unix:private/other, reject",
     "unix:private/other: nobody can be asked there: No such file or "
     "directory; policyd listens at unix:private/policyd\n", False),
)


class Day(Files):
    """A Postfix that does not run, and a policyd that does."""

    def __init__(self, program):
        super().__init__(program)
        self.write(MAIN, MASTER, "")
        os.unlink(self.file)
        settle(self.config)
        printed = run(program, "--init", "-c", self.file, self.config)
        for line in parts(printed)["2"]:
            if line.startswith("postconf"):
                run("sh", "-c", line)
                settle(self.config)
        with open(self.file, encoding="utf-8") as text:
            self.policyd = Policyd(program, self.directory,
                                   text.read(), self.socket)
        self.kept = os.path.join(self.directory, "kept")
        shutil.copytree(self.config, self.kept)

    def restore(self):
        """restore - what --init has made"""
        shutil.rmtree(self.config)
        shutil.copytree(self.kept, self.config)
        settle(self.config)


def one(day, option, argument, wanted, has_command):
    """one - mistake"""
    run("postconf", "-c", day.config, option, argument)
    settle(day.config)
    before = matrix(day.program, day.config, day.file)
    _, printed, errors = day.check("-P")
    assert re.search(wanted, printed), (argument, printed, errors)
    commands = re.findall("(?m)^    (postconf .*)$", printed)
    if has_command:
        assert len(commands) == 1, (argument, printed)
        run("sh", "-c", commands[0])
        bad = harm(before, matrix(day.program, day.config, day.file), printed)
        assert not bad, (argument, bad)
        status, printed, _ = day.check("-P")
        assert (status, "no problems found" in printed) == (0, True), printed
    else:
        assert not commands, (argument, printed)
    day.restore()


def test_mistakes(program):
    """each is named, once, with the line to change"""
    day = Day(program)
    day.policyd.start()
    try:
        status, printed, _ = day.check("-P")
        assert (status, "no problems found" in printed) == (0, True), printed
        for mistake in MISTAKES:
            one(day, *mistake)
    finally:
        day.policyd.kill()
        shutil.rmtree(day.directory)


if __name__ == "__main__":
    sys.exit(run_all([test_mistakes]))
