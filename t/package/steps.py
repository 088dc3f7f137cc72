# SPDX-License-Identifier: ISC
"""What an administrator does with the package, and what he sees, in a scratch
root: t/package/run without systemd, t/package/trial with it."""

import os
import re
import shlex
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "integration"))

from kit.daemon import REQUEST  # noqa: E402
from kit.postfix import poll  # noqa: E402

QUEUE = "/var/spool/postfix/private/policyd"

# What an installation may leave behind it: the package manager's own books,
# caches and logs, and the user (contrib/debian/policyd.postrm says why).
BOOKS = re.compile(
    r"/var/(lib/dpkg|lib/apt|cache|log)/|"
    r"/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|/etc/\.pwd\.lock$|"
    r"/etc/ld\.so\.cache$|/etc/mailcap$|/run/|/tmp/|/dev/")


def copy_in(scratch, path):
    """copy_in - a file, into /tmp of the scratch root; its name there"""
    name = "/tmp/" + os.path.basename(path)
    shutil.copy(path, scratch.outside(name))
    return name


def start_postfix(scratch):
    """start_postfix - the machine's own, as Debian sets it up"""
    scratch.shell("""
        cp /usr/share/postfix/main.cf.debian /etc/postfix/main.cf
        [ -e /etc/postfix/master.cf ] ||
            cp /usr/share/postfix/master.cf.dist /etc/postfix/master.cf
        postconf -e mydestination=ours.example inet_interfaces=loopback-only \
            mynetworks=127.0.0.0/8 maillog_file=/var/log/mail.log \
            compatibility_level=3.6 alias_maps= alias_database= \
            local_recipient_maps= smtpd_peername_lookup=no \
            smtpd_tls_security_level=may
        postfix start""")


def newer(scratch, deb):
    """newer - the same package with a later version"""
    scratch.shell("""cd /tmp && dpkg-deb -R %s next &&
        sed -i 's/^Version: .*/&+next/' next/DEBIAN/control &&
        echo '# of the next version' >>next/etc/policyd/policyd.conf &&
        dpkg-deb --root-owner-group -b next next.deb""" % shlex.quote(deb))
    return "/tmp/next.deb"


def rcpt(scratch, *recipients):
    """rcpt - what port 25 says to each"""
    text = "EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n" + "".join(
        "RCPT TO:<%s>\r\n" % recipient for recipient in recipients)
    script = """
import socket, sys
with socket.create_connection(("127.0.0.1", 25), 60) as peer:
    file = peer.makefile("rw", newline="")
    def reply():
        while True:
            line = file.readline()
            if line[3:4] != "-":
                return line.strip()
    reply()
    for command in sys.argv[1].splitlines():
        file.write(command + "\\r\\n")
        file.flush()
        answer = reply()
        if command.startswith("RCPT"):
            print(answer)
"""
    return scratch.run("python3", "-c", script, text).splitlines()


def decided(scratch, *recipients):
    """decided - what port 25 says to each, once policyd has read what was
    changed a moment ago: until then, it defers what it would refuse"""
    def answers():
        replies = rcpt(scratch, *recipients)
        later = any(reply.startswith("450 4.3.2 ") for reply in replies)
        return replies if not later else None
    return poll(answers)


def state(scratch):
    """state - all of Postfix that an installation could change"""
    return scratch.shell("""cat /var/spool/postfix/pid/master.pid
        postconf -n; postconf -M; postconf -P
        find /etc/postfix /usr/lib/postfix -type f -exec sha256sum {} +
        find /var/spool/postfix -maxdepth 2 ! -path '*/pid/*' -printf '%p %u %g %m\\n' | sort""")


def settled(changes):
    """settled - without what the package manager writes for itself"""
    return {path for path in changes if not BOOKS.match(path)}


def connect(scratch):
    """connect - a conversation with policyd in there"""
    return scratch.start("python3", "-c", """
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
for line in sys.stdin:
    peer.sendall(line.strip().encode().replace(b"|", b"\\n"))
    print(peer.recv(4096).split(b"\\n")[0].decode(), flush=True)
""", QUEUE, stdin=-1, stdout=-1, text=True)


def ask(conversation, request=REQUEST % b"user@ours.example"):
    """ask - over the connection that is open"""
    conversation.stdin.write(request.decode().replace("\n", "|") + "\n")
    conversation.stdin.flush()
    return conversation.stdout.readline().strip()
