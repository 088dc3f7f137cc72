# SPDX-License-Identifier: ISC
"""A policyd with sending limits, asked by its protocol, and its command line."""

import os
import re
import subprocess

from kit.daemon import Daemon

ALICE = "Alice@Local.Test"


def request(state, instance, count=0, **more):
    """request - as Postfix asks"""
    attributes = {
        "request": "smtpd_access_policy", "protocol_state": state,
        "client_address": "192.0.2.1", "sasl_method": "PLAIN",
        "sasl_username": ALICE, "sender": "a@local.test",
        "recipient": "x@far.example" if state == "RCPT" else "",
        "recipient_count": count, "size": 0, "instance": instance,
        "queue_id": "4F2K7Q"}
    attributes.update(more)
    return "".join("%s=%s\n" % pair for pair in attributes.items()).encode() \
        + b"\n"


class Limited(Daemon):
    """policyd with rates; NAME in the settings is its directory"""

    def __init__(self, program, settings, restrictions=None, extra=""):
        super().__init__(program)
        os.mkdir(self.path("rates"))
        self.settings = settings
        self.extra = extra
        names = re.findall(r'^rate "(.*?)"', settings, re.M)
        self.restrictions = restrictions or "%s, permit_sasl_authenticated" % (
            ", ".join("check_rate:" + name for name in names))
        self.write()

    def write(self):
        """write - with all decisions in the log"""
        self.configure(
            'rate_directory = "%s"\ntable_refresh = no\n'
            "allow_open_relay = yes\nrestrictions = { %s }\n%s\n%s\n" % (
                self.path("rates"), self.restrictions, self.extra,
                self.settings.replace("DIR", self.directory)))
        with open(self.config) as file:
            text = file.read()
        self.write_config(text.replace(
            "log_verdicts = { }",
            "log_verdicts = { permit, reject, defer, dunno, hold }"))

    def get(self, *arguments, **more):
        """get - the action"""
        reply = self.ask(request(*arguments, **more)).decode()
        return reply[len("action="):].strip()

    def line(self, instance, state):
        """line - the last line of the log about that"""
        def found():
            lines = [line for line in self.read(self.log).splitlines()
                     if " instance=%s " % instance in line and
                     ("state=%s " % state in line or state == "RCPT")]
            return lines[-1] if lines else None
        return self.wait_until(found, "a line about %s" % instance)


OK = "permit_sasl_authenticated"
OVER = r"450 4\.7\.1 Sending limit reached; try again in \d+ minutes " \
       r"\(id \w+\)$"


def check(got, pattern):
    """check - a reply, or a line"""
    assert re.search(pattern, got), "%s is not in: %s" % (pattern, got)


def command(policyd, *arguments, mode="-r"):
    """command - policyd MODE; its exit status and what it printed"""
    done = subprocess.run([policyd.program, mode, "-c", policyd.config,
                           *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
