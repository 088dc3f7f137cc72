#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_links - the way to main.cf changes, and not the file itself: /etc/postfix
is a symbolic link that gets another target, as where a deployment switches
versions; its files are links through one, as in a volume of Kubernetes; or the
directory is moved away, and another one comes. The previous files stay as they
are. From that moment policyd defers mail to a new domain, or accepts it, and
never refuses it.

usage: test_links.py POLICYD
"""

import os
import shutil
import sys

from kit.daemon import Client, run_all
from kit.policyd import Policyd
from kit.postfix import poll, temporary_directory

MAIN = """\
compatibility_level = 3.6
myhostname = mail.example.com
mydestination = %s/etc/domains
queue_directory = %s
"""
CONFIGURATION = """\
listen "unix:%s" { mode = "0600" }
import_postfix = "%s"
user = "nobody"
log = "stderr"
"""
REQUEST = """\
request=smtpd_access_policy
protocol_state=RCPT
client_address=192.0.2.1
recipient=user@new%d.example

"""
ROUNDS = 3


class Versions:
    """A configuration of Postfix in versions, one of which is in effect."""

    def __init__(self, directory):
        self.directory = directory
        self.number = 0

    def path(self, *names):
        """path - below the directory"""
        return os.path.join(self.directory, *names)

    def write(self):
        """write - one more version, with one more domain; where it is"""
        self.number += 1
        place = self.path("v%d" % self.number)
        os.mkdir(place)
        for name, text in (
                ("main.cf", MAIN % (self.directory, self.directory)),
                ("master.cf", "smtp inet n - n - - smtpd\n"),
                ("domains", "".join("new%d.example\n" % each for each
                                    in range(1, self.number + 1)))):
            with open(os.path.join(place, name), "w") as out:
                out.write(text)
        return place

    def link(self, name):
        """link - to a new version, in the place of the previous link"""
        os.symlink(self.write(), self.path("next"))
        os.rename(self.path("next"), self.path(*name))


class Deployed(Versions):
    """/etc/postfix is a link."""

    def switch(self):
        self.link(("etc",))


class Volume(Versions):
    """Its files are links through ..data."""

    def switch(self):
        if not os.path.isdir(self.path("etc")):
            os.mkdir(self.path("etc"))
            for name in ("main.cf", "master.cf", "domains"):
                os.symlink("..data/" + name, self.path("etc", name))
        self.link(("etc", "..data"))


class Moved(Versions):
    """A directory in the place of another one."""

    def switch(self):
        place = self.write()
        if self.number > 1:
            os.rename(self.path("etc"), self.path("old%d" % self.number))
        os.rename(place, self.path("etc"))


def follow(program, kind):
    """follow - every version; the replies"""
    replies = []
    directory = temporary_directory()
    os.chmod(directory, 0o755)
    try:
        versions = kind(directory)
        versions.switch()
        path = versions.path("socket")
        with Policyd(program, directory, CONFIGURATION % (
                path, versions.path("etc")), path):
            for _ in range(ROUNDS):
                versions.switch()
                request = (REQUEST % versions.number).encode()

                def accepted():
                    with Client(path) as client:
                        replies.append(client.ask(request))
                    return "permit" in str(replies[-1])
                poll(accepted)
    finally:
        shutil.rmtree(directory)
    return replies


def test_links(program):
    """never a refusal for good"""
    for kind in (Deployed, Volume, Moved):
        replies = follow(program, kind)
        refused = [each for each in replies if "=5" in str(each)]
        print("    %s: %d replies" % (kind.__name__, len(replies)))
        assert not refused, (kind.__name__, len(refused), refused[0])


if __name__ == "__main__":
    sys.exit(run_all([test_links]))
