# SPDX-License-Identifier: ISC
"""A configuration of Postfix that is only files, with a policyd that serves it:
what policyd -P says of it, and what its ports let through."""

import functools
import os
import pwd
import re
import shutil
import subprocess

from kit.certificates import Authority
from kit.daemon import WAIT
from kit.postfix import once_directory, settle, temporary_directory

ASK = "check_policy_service unix:private/policyd"

# A configuration without a mistake.
MAIN = {
    "compatibility_level": "3.6",
    "myhostname": "mail.local.test",
    "mydestination": "local.test, localhost",
    "mynetworks": "127.0.0.0/8 [::1]/128 10.0.0.0/8",
    "smtpd_relay_restrictions": "",
    "smtpd_recipient_restrictions": ASK + ", reject",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_tls_auth_only": "yes",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_chain_files": "%TLS%/server.key, %TLS%/server.pem",
}
MASTER = """\
smtp       inet n - y - - smtpd
submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
smtp       unix - - y - - smtp
"""
LISTEN = """\
listen "unix:%s" {
        mode = "0660"
        owner = "postfix"
        group = "postfix"
}
"""


@functools.cache
def server_certificate():
    """server_certificate - a directory with one and its authority, made
    once"""
    directory = once_directory()
    Authority(directory).issue("server", "server")
    return directory


class Files:
    """A directory for main.cf, master.cf, policyd.conf, and the queue."""

    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.directory = temporary_directory()
        self.config = os.path.join(self.directory, "etc")
        self.queue = os.path.join(self.directory, "queue")
        self.file = os.path.join(self.directory, "check.conf")
        self.socket = os.path.join(self.queue, "private", "policyd")
        os.makedirs(os.path.join(self.queue, "private"))
        self.tls = os.path.join(self.directory, "tls")
        os.mkdir(self.tls)
        for name in ("ca.pem", "server.pem", "server.key"):
            shutil.copy2(os.path.join(server_certificate(), name), self.tls)
        os.mkdir(self.config)
        # As Debian has it for those who look up names in the chroot.
        os.mkdir(os.path.join(self.queue, "etc"))
        with open(os.path.join(self.queue, "etc", "hosts"), "w") as out:
            out.write("127.0.0.1 localhost\n")
        owner = pwd.getpwnam("postfix").pw_uid
        os.chown(os.path.join(self.queue, "private"), owner, -1)
        os.chmod(os.path.join(self.queue, "private"), 0o700)

    def listen(self, path=None):
        """listen - the section of policyd.conf"""
        return LISTEN % (path or self.socket)

    def write(self, main, master, conf):
        """write - all files of a case"""
        settings = dict(MAIN, queue_directory=self.queue)
        settings.update(main)
        if settings["smtpd_tls_chain_files"]:
            settings["smtpd_tls_chain_files"] = settings[
                "smtpd_tls_chain_files"].replace("%TLS%", self.tls)
        with open(os.path.join(self.config, "main.cf"), "w",
                  encoding="utf-8") as out:
            for name, value in settings.items():
                if value is not None:
                    out.write("%s = %s\n" % (name, value))
        with open(os.path.join(self.config, "master.cf"), "w") as out:
            out.write(master)
        self.ours(conf)

    def ours(self, conf):
        """ours - policyd.conf"""
        with open(self.file, "w") as out:
            out.write('import_postfix = "%s"\n%s' % (self.config, conf))

    def check(self, *options):
        """check - policyd -P: status, what it printed"""
        if os.path.isdir(self.config):
            settle(self.config)
        done = subprocess.run(
            [self.program, *(options or ("-P",)), "-c", self.file],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=WAIT)
        return done.returncode, done.stdout, done.stderr


class Judged:
    """What port_matrix says of one port."""

    def __init__(self, fields):
        self.facts = dict(re.findall(r"(\w+)=(\S*)", fields))
        self.cells = {}
        self.why = {}


def judged(program, directory, policies=(), configuration=""):
    """judged - {port: Judged}, by the judge that test_ports compares with a
    real Postfix"""
    judge = os.path.join(os.path.dirname(os.path.abspath(program)), "t",
                         "port_matrix")
    for _ in range(10):
        done = subprocess.run(
            [judge, directory, configuration] +
            ["%s=%s" % (policy.name, policy.action) for policy in policies],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=WAIT)
        if " did not end within " not in done.stderr:   # a busy machine
            break
    assert done.returncode == 0, done.stderr
    ports = {}
    for line in done.stdout.splitlines():
        words = line.split("\t")
        if words[0] == "port":
            ports[words[1]] = Judged(words[3])
        else:
            port = ports[words[1]]
            port.cells[words[2], words[3]] = words[4]
            port.why[words[2], words[3]] = " ".join(words[5:])
    return ports


def matrix(program, directory, configuration=""):
    """matrix - {(port, client, recipient): "passes", "refused" or "may"}"""
    settle(directory)
    return {(port, *cell): said
            for port, found in judged(program, directory,
                                      configuration=configuration).items()
            for cell, said in found.cells.items()}


def harm(before, after, finding):
    """harm - what a command changes beside that for which it is printed: a
    line for each"""
    found = []
    for cell, was in before.items():
        _, client, recipient = cell
        now = after.get(cell, "refused")
        meant = was == now
        if now == "refused":
            # To refuse those is what policyd is for.
            meant |= client.startswith("stranger") and recipient != "ours"
            meant |= client == "login" and (recipient != "ours" or
                                            "AUTH is offered" in finding)
        if "back from a filter" in finding:
            meant |= client.startswith(("host", "network"))
        if re.search("TLS (comes|does not come) first", finding):
            meant |= recipient == "ours" and "TLS" not in client
        if "smtpd ends at once" in finding:
            meant |= recipient == "ours" or not client.startswith("stranger")
        if "smtpd_delay_reject" in finding:
            meant |= recipient == "ours" or client == "login in TLS"
        if was == "may" and re.search("policyd listens|smtpd asks|its chroot "
                                      "asks|cannot look up|did you mean",
                                      finding):
            meant = True
        if not meant:
            found.append("%s: %s, was %s" % (", ".join(cell), now, was))
    return found + ["%s, %s, %s is new" % cell for cell in after
                    if cell not in before]
