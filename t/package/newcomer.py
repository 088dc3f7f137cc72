# SPDX-License-Identifier: ISC
"""A newcomer who has a bare Debian with a stock Postfix, the package, and
contrib/HOWTO: he types what stands in its first chapter, and nothing else,
until three ports are protected, and all of it is as before again. What he
types and what he is shown are taken out of that file. See t/package/run
(without systemd) and t/package/trial (with it)."""

import glob
import os
import platform
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "integration"))

from kit.postfix import poll, run  # noqa: E402
from steps import decided, rcpt, settled, state  # noqa: E402
from kit.documents import HOWTO, chapters  # noqa: E402
from kit.init import parts  # noqa: E402

# What a Debian has before anybody reads the HOWTO: a mail server, users'
# passwords (Dovecot), and Python, which plays the clients.
STOCK = ["postfix", "dovecot-core", "procps", "python3", "ca-certificates"]
# In there apt-get has no network: what policyd needs is there already.
SYSTEMD = ["systemd", "systemd-sysv", "dbus"]
NO_SYSTEMD = ["systemd-standalone-sysusers"]

AT_MOST_S = 300
OURS, FAR = "alice@localhost", "user@far.example"
OK = "250 2.1.5 Ok"
HELD = re.compile(r"554 5\.7\.1 .*Relay access denied")

# The log of a host that has received a mail, as a syslog daemon writes it.
LOG = """\
Nov 24 15:01:00 host postfix/smtpd[812]: connect from a.example[198.51.100.7]
Nov 24 15:01:00 host postfix/smtpd[812]: 3F2A61C0D4: \
client=a.example[198.51.100.7]
Nov 24 15:01:01 host postfix/cleanup[813]: 3F2A61C0D4: message-id=<1@a.example>
Nov 24 15:01:01 host postfix/qmgr[702]: 3F2A61C0D4: from=<a@a.example>, \
size=2345, nrcpt=1 (queue active)
Nov 24 15:01:01 host postfix/smtpd[812]: disconnect from \
a.example[198.51.100.7] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5
Nov 24 15:01:02 host postfix/local[815]: 3F2A61C0D4: to=<alice@localhost>, \
relay=local, delay=1.2, delays=0.9/0.01/0.1/0.2, dsn=2.0.0, status=sent \
(delivered to mailbox)
Nov 24 15:01:02 host postfix/qmgr[702]: 3F2A61C0D4: removed
"""

# A client: port, "" or user/password, recipients. What the server says to each;
# if any is accepted, a mail is sent, and what is said to that.
CLIENT = r"""
import smtplib, ssl, sys
port, login, recipients = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
context = ssl._create_unverified_context()
if port == 465:
    peer = smtplib.SMTP_SSL("127.0.0.1", port, context=context)
else:
    peer = smtplib.SMTP("127.0.0.1", port)
    peer.ehlo()
    assert not peer.has_extn("auth"), "AUTH without TLS"
    if port == 587:
        print(peer.mail("a@client.example")[0], "without TLS")
        peer.rset()
    peer.starttls(context=context)
peer.ehlo()
print(peer.sock.version())
if login:
    try:
        peer.login(*login.split("/"))
    except smtplib.SMTPAuthenticationError as error:
        print(error.smtp_code)
        sys.exit()
peer.mail("a@client.example")
accepted = 0
for recipient in recipients:
    code, text = peer.rcpt(recipient)
    accepted += code == 250
    print(code, text.decode().replace("\n", " "))
if accepted:
    code, text = peer.data("Subject: from port %d %s\n\nHello\n" % (
        port, login.split("/")[0]))
    print(code, "mail")
"""


def release():
    """release - the name of this Debian"""
    return platform.freedesktop_os_release()["VERSION_CODENAME"]


def bare_root(directory, packages, keep=None):
    """bare_root - Debian with these packages, from its archive, or from a file
    that was kept"""
    if keep and os.path.exists(keep):
        run("tar", "-C", directory, "-xpf", keep)
    else:
        options = ["--aptopt=" + name
                   for name in glob.glob("/etc/apt/apt.conf.d/99*")]
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase",
             "--dpkgopt=force-unsafe-io", *options,
             "--include=" + ",".join(packages), release(), directory,
             *(name for name in glob.glob("/etc/apt/sources.list.d/*.sources") +
               ["/etc/apt/sources.list"]
               if os.path.exists(name) and os.path.getsize(name))], check=True)
        if keep:
            run("tar", "-C", directory, "-cpf", keep, ".")
    os.chmod(directory, 0o755)


def libraries(deb):
    """libraries - that the package depends on"""
    return [package.split()[0] for package in run(
        "dpkg-deb", "-f", deb, "Depends").split(", ")
        if package.startswith("lib")]


class Newcomer:
    """Reads, types, looks."""

    def __init__(self, scratch, deb):
        self.scratch = scratch
        with open(deb, "rb") as source, open(scratch.outside(
                "/root/" + os.path.basename(deb)), "wb") as copy:
            copy.write(source.read())
        self.printed = None

    def type(self, text):
        """type - to a shell of root, who is at home"""
        return self.scratch.shell("cd\n" + text)

    def client(self, port, login, *recipients):
        return self.scratch.run("python3", "-c", CLIENT, str(port), login,
                                *recipients).splitlines()

    def everything(self):
        """everything - that must be as before in the end"""
        return self.scratch.shell("""
            sha256sum /etc/postfix/*.cf; getent passwd; getent group
            find / -xdev -type s | sort; find /run /var/spool/postfix -type s |
            grep -v /systemd/ | sort""") + state(self.scratch)

    def open_relay(self):
        """open_relay - is Postfix as Debian has it, for this host?"""
        return rcpt(self.scratch, OURS, FAR) == [OK] * 2

    def begin(self):
        """begin - a host with a user, before anything is installed"""
        self.scratch.shell("""useradd -m -s /bin/bash alice
            echo alice:secret | chpasswd
            : >/var/mail/alice; chown alice:mail /var/mail/alice""")
        with open(self.scratch.outside("/var/log/mail.log"), "w") as log:
            log.write(LOG)
        poll(self.open_relay)

    def answered(self, block):
        """answered - does it print what is expected?"""
        printed = self.type(block.text)
        return all(line in printed for line in block.expected)

    def step(self, block):
        """step - one block of the HOWTO"""
        if block.file:
            with open(self.scratch.outside(block.file), "w") as file:
                file.write(block.text)
            return
        if "s_client" in block.text:
            poll(lambda: self.answered(block))  # a pause can be too short
            return
        printed = self.type(block.text)
        for line in block.expected:
            assert line in printed, "%s: not %s but %s" % (
                block.where, line, printed)
        if block.text.startswith("policyd --init"):
            self.printed = parts(printed)
        if "policyd_*.deb" in block.text:
            assert self.open_relay(), "Postfix has noticed something"

    def follow(self, meanwhile):
        """follow - the chapter; the seconds it took without what is done
        while three ports are protected"""
        title, blocks = chapters(HOWTO)[0]
        assert title.startswith("1. THREE PORTS"), title
        start, apart = time.monotonic(), 0.0
        done = []
        for block in blocks:
            if "type the lines printed under \"2.\"" in block.before:
                self.type("\n".join(self.printed["1"] + self.printed["2"]))
                done.append("on")
            if "type the lines that policyd --init has" in block.before:
                began = time.monotonic()
                self.protected()
                meanwhile()
                apart = time.monotonic() - began
                self.type("\n".join(self.printed["To"]))
                poll(self.open_relay)
                self.type("\n".join(self.printed["And"]))
                done.append("off")
            self.step(block)
        assert done == ["on", "off"], done
        return time.monotonic() - start - apart

    def protected(self):
        """protected - three ports, with TLS, with and without a login"""
        odd = ["user%far.example@localhost", "@localhost:user@far.example",
               "far.example!user@localhost", "\"user@far.example\"@localhost"]
        answers = decided(self.scratch, OURS, FAR, *odd)
        assert answers[0] == OK, answers
        assert all(each.startswith("5") for each in answers[1:]), answers
        assert HELD.match(answers[1]), answers
        for port in 25, 587, 465:
            answers = self.client(port, "", OURS, FAR)
            if port == 587:
                assert answers.pop(0) == "530 without TLS", answers
            version, ours, far, mail = answers
            assert version == "TLSv1.3" and ours == OK and mail == "250 mail"
            assert HELD.match(far), answers
            answers = self.client(port, "alice/secret", OURS, FAR)
            assert answers[-3:] == [OK, OK, "250 mail"], answers
            assert self.client(port, "alice/wrong", FAR)[-1] == "535"
        poll(self.delivered)
        self.scratch.shell("postsuper -d ALL 2>&1")

    def delivered(self):
        """delivered - all of these mails, to the user's mailbox"""
        with open(self.scratch.outside("/var/mail/alice")) as box:
            return sorted(re.findall(r"(?m)^Subject: from port (.*)",
                                     box.read())) == sorted(
                "%d %s" % (port, login) for port in (25, 587, 465)
                for login in ("", "alice"))

    def walk(self, meanwhile=lambda: None):
        """walk - all of it; the seconds it took"""
        self.begin()
        before, changed = self.everything(), settled(self.scratch.changes())
        seconds = self.follow(meanwhile)
        poll(self.open_relay)
        self.scratch.shell("cd; rm main.cf master.cf policyd.init *.deb; "
                           ": >/var/mail/alice")
        after = self.everything()
        differ = {line for line in
                  set(before.splitlines()) ^ set(after.splitlines())
                  if "/spool/postfix/defer" not in line}    # the queue's own
        assert differ == set(), "not as before: %s" % sorted(differ)
        left = {path for path in settled(self.scratch.changes()) - changed
                if not path.startswith(("/var/spool/postfix/",
                                        "/etc/postfix/m"))}     # compared
        assert left == set(), left
        assert seconds < AT_MOST_S, seconds
        return seconds
