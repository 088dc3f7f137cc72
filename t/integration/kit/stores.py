# SPDX-License-Identifier: ISC
"""Hosts that count in one store; and the store that HOWTO sets up."""

import os
import re

from kit import rate_mail
from kit.postfix import run
from kit.rate_mail import unindented
from kit.rates import OK, OVER, Limited
from kit.store import Store

LONG = os.environ.get("POLICYD_TEST_LONG") == "1"
HOSTS = 4 if LONG else 2
LIMIT = 20
HERE = "127.0.0.1"
SECRET = "/etc/policyd/store.password"
LOOKUP = r"451 4\.3\.0 Temporary lookup failure"


def store_section(store, more="", inet=None):
    """store_section - with a timeout that a busy machine can keep; inet: by
    TCP, to that address"""
    address = "inet:%s:%d" % (inet, store.port) if inet else \
        "unix:" + store.socket
    if "timeout" not in more:
        more += "\n\ttimeout = 5s"
    return 'store "%s" {\n\t%s\n}\n' % (address, more)


def limited(program, store, more="", limit="%d/1h" % LIMIT, rate="", extra="",
            inet=None):
    """limited - a host; threads: the first one and another"""
    return Limited(program, 'rate "login" { limit = "%s" %s }\n' % (limit, rate)
                   + store_section(store, more, inet),
                   extra="threads = 2\n" + extra)


def passes(policyd, instance, **more):
    """passes - is a message with one recipient let through?"""
    got = policyd.get("DATA", instance, 1, **more)
    assert got == OK or re.match(OVER, got) or re.match(LOOKUP, got), got
    return got == OK


def is_away(policyd, why, mark=0):
    policyd.expect(r"warning: store \S+ is away: .*%s.*; meanwhile, " % why,
                   mark)


def is_back(policyd, mark=0):
    policyd.expect(r"store \S+ is back after \d+ s", mark)


def chapter():
    """chapter - the literal blocks of HOWTO about this"""
    return [unindented(block) for block in re.findall(
        r"(?m)(?:^    .*\n)+", rate_mail.chapter("ONE LIMIT FOR SEVERAL HOSTS"))]


def patient(text):
    """patient - sections of HOWTO, with a timeout that a busy machine can keep
    """
    return re.sub(r"(?m)^store .*\{$", r"\g<0>\n\ttimeout = 5s", text)


class HowtoStore(Store):
    """A store that is set up as HOWTO says."""

    def __init__(self, secret=None):
        super().__init__()
        make, settings, user, self.section, *_ = chapter()
        self.shell(make)
        if secret is not None:      # of another one
            with open(self.moved(SECRET), "w") as file:
                file.write(secret + "\n")
        with open(os.path.join(self.directory, "redis", "policyd.conf"),
                  "w") as file:
            file.write(settings)
        self.shell(user)
        self.options["include"] = self.moved("/etc/redis/redis.conf")
        self.options.pop("save")

    def moved(self, text):
        """moved - with the directories of the test"""
        for old, new in (("/etc/redis", "redis"), ("/etc/policyd", "policyd")):
            text = text.replace(old, os.path.join(self.directory, new))
        return text

    def shell(self, text):
        run("sh", "-euc", self.moved(text))

    def secret(self):
        """secret - the password"""
        with open(self.moved(SECRET)) as file:
            return file.read().strip()

    def settings(self):
        """settings - of policyd"""
        text = patient(self.moved(self.section))
        assert "127.0.0.1:6379" in text and "timeout = 5s" in text
        return text.replace("127.0.0.1:6379", "127.0.0.1:%d" % self.port)
