#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_first_minutes - mistakes of a newcomer, and the messages for them.

Every row makes one mistake, runs policyd, and compares the whole message and
the exit status: the message says what is wrong and what to do. DIR in it
stands for a directory of the test, N for a process number.

usage: test_first_minutes.py POLICYD
"""

import os
import re
import shutil
import socket
import subprocess
import sys

from kit.daemon import WAIT, free_port, run_all
from kit.postfix import poll, temporary_directory
from kit.program import unwarned

UNIX = 'listen "unix:DIR/socket" { }\n'
LOG = "log = stderr\n"
NOBODY = "nobody"
USER = 'user = "daemon"\ngroup = "daemon"\n'   # of the packaged file

INIT = ("; to write one for the Postfix of this machine: policyd --init "
        "-c DIR/conf")
USERADD = ("; to create it: useradd --system --user-group --home-dir "
           "/nonexistent --no-create-home --shell /usr/sbin/nologin nosuch")


class Place:
    """A directory, and what is wrong in it."""

    def __init__(self):
        self.directory = temporary_directory()
        self.config = self.path("conf")
        self.others = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for other in self.others:
            if isinstance(other, subprocess.Popen):
                other.terminate()
                other.wait(WAIT)
            else:
                other.close()
        shutil.rmtree(self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, text, mode=0o644):
        with open(self.config, "wb") as file:
            file.write(text.replace("DIR", self.directory).encode("latin-1"))
        os.chmod(self.config, mode)

    def masked(self, text):
        """masked - what differs from run to run"""
        text = text.replace(self.directory, "DIR")
        return re.sub(r"(policyd\[|process |-HUP |kill )\d+", r"\1N", text)


def listener(place, family, address):
    """listener - another program has the address"""
    other = socket.socket(family)
    other.bind(address)
    other.listen()
    place.others.append(other)


def nothing(_):
    """the file does not exist"""


def directory(place):
    """a directory has its name"""
    os.mkdir(place.config)


def link(place):
    """a symbolic link"""
    os.symlink("/etc/hosts", place.config)


def unreadable(place):
    """a file that only root may read"""
    place.write(UNIX, 0o600)


def anybody_writes(place):
    """a file that anybody may change"""
    place.write(UNIX, 0o666)


def text(content):
    """text - the file has this content"""
    def make(place):
        place.write(content)
    return make


def busy_unix(place):
    """another program listens on the socket"""
    place.write(UNIX + LOG)
    listener(place, socket.AF_UNIX, place.path("socket"))


def no_socket(place):
    """a file has the name of the socket"""
    place.write(UNIX + LOG)
    with open(place.path("socket"), "w"):
        pass


def socket_link(place):
    """a symbolic link has the name of the socket"""
    place.write(UNIX + LOG)
    os.symlink("elsewhere", place.path("socket"))


def log_link(place):
    """the log is a symbolic link"""
    place.write(UNIX + 'log = "DIR/link"\n')
    os.symlink("elsewhere", place.path("link"))


def busy_inet(place):
    """another program listens on the port"""
    place.port = free_port()
    place.write('listen "inet:127.0.0.1:%d" { }\n%s' % (place.port, LOG))
    listener(place, socket.AF_INET, ("127.0.0.1", place.port))


def busy_metrics(place):
    """another program listens on the port of the metrics section"""
    place.port = free_port()
    place.write(UNIX + 'metrics "inet:127.0.0.1:%d" { }\n' % place.port)
    listener(place, socket.AF_INET, ("127.0.0.1", place.port))


def busy_inet6(place):
    """another program listens on the port, on all addresses"""
    place.port = free_port("::1")
    place.write('listen "inet:[::1]:%d" { }\n%s' % (place.port, LOG))
    listener(place, socket.AF_INET6, ("::", place.port))


def no_directory(place):
    """the directory of the socket does not exist"""
    place.write('listen "unix:DIR/none/socket" { }\n' + LOG)


def roots_directory(place):
    """only root may write where the socket is to be"""
    place.write(UNIX + LOG)
    os.chmod(place.directory, 0o755)


def low_port(place):
    """only root may listen on that port"""
    place.write('listen "inet:127.0.0.1:25" { }\n' + LOG)


def running(place, listen=UNIX):
    """policyd runs already"""
    place.write(listen + LOG + 'pid_file = "DIR/pid"\n')
    daemon = subprocess.run([place.program, "-d", "-c", place.config],
                            stderr=subprocess.DEVNULL, timeout=WAIT)
    assert daemon.returncode == 0, daemon

    class Ending:
        """Ends that daemon."""
        @staticmethod
        def close():
            with open(place.path("pid"), encoding="ascii") as file:
                pid = int(file.read())
            os.kill(pid, 15)
            poll(lambda: not os.path.exists(place.path("pid")))
    place.others.append(Ending)


def running_inet(place):
    """policyd runs already, on a port"""
    running(place, 'listen "inet:127.0.0.1:%d" { }\n' % free_port())


HELP = "; policyd --help has examples\n"
# options, what is wrong, exit status, message; for those with NOBODY in the
# options policyd runs as that user.
START = "policyd[N]: error: "
BUSY = ("not started: cannot listen on inet:127.0.0.1:PORT: Address already in "
        "use: another program listens there, policyd -t names it; stop it, or "
        "listen elsewhere\n")
REFUSED = START + "not started: the configuration was refused\n"
CASES = [
    (["-t"], nothing, 78,
     "DIR/conf: cannot open: No such file or directory" + INIT + "\n"),
    ([], nothing, 78,
     START + "DIR/conf: cannot open: No such file or directory" + INIT +
     "\n" + REFUSED),
    (["-t"], directory, 78,
     "DIR/conf: is a directory, not a regular file; name the configuration "
     "file itself\n"),
    (["-t"], link, 78,
     "DIR/conf: is a symbolic link; name the file itself\n"),
    (["-t", NOBODY], unreadable, 78,
     "DIR/conf: cannot open: Permission denied; run policyd as root\n"),
    ([NOBODY], unreadable, 78,
     START + "DIR/conf: cannot open: Permission denied; run policyd as "
     "root\n" + REFUSED),
    (["-t"], anybody_writes, 78,
     "DIR/conf: can be written by everybody; chmod o-w it\n"),
    (["-t"], text("\x7fELF\x02\x01"), 78,
     "DIR/conf:1: a control character (0x7f); is this a policyd.conf?\n"),
    (["-t"], text("root:x:0:0:root:/root:/bin/bash\n"), 78,
     "DIR/conf:1: is this a policyd.conf? The name of an option is expected, "
     "found root:x:0:0:root:/root:/bin/bash\n"),
    (["-t"], text("# main.cf\nsmtpd_banner = $myhostname ESMTP\n"), 78,
     "DIR/conf:2: \"$\" outside quotes; put the value into single quotes: "
     "'$name'; is this a policyd.conf?\n"),
    (["-t"], text("smtp inet n - y - - smtpd\n"), 78,
     'DIR/conf:1: smtp: "{" is missing after the title of a section, or "=" '
     "before a value; is this a policyd.conf?\n"),
    (["-t"], text(""), 1,
     "DIR/conf: there is no listen section; without one policyd "
     "cannot serve\n"),
    ([], text(LOG), 78,
     "policyd[N]: warning: DIR/conf: there is no listen section; "
     "without one policyd cannot serve\n" + REFUSED),
    (["-t"], text(UNIX + 'log = "DIR/none/log"\n'), 1,
     "DIR/conf: log: directory DIR/none: No such file or directory; "
     "make it, or log elsewhere\n"),
    (["-t"], text(UNIX + 'log = "DIR/new"\n'), 0, ""),
    (["-t"], text(UNIX + 'log = "DIR/."\n'), 1,
     "DIR/conf: log: DIR/.: Is a directory; log elsewhere\n"),
    (["-t"], log_link, 1,
     "DIR/conf: log: DIR/link is a symbolic link; name the file it "
     "leads to\n"),
    (["-t"], text(UNIX + 'pid_file = "DIR/none/pid"\n'), 0,
     "DIR/conf: warning: pid_file: directory DIR/none: No such file or "
     "directory; make it, or set pid_file elsewhere\n"),
    (["-t"], text(UNIX + 'pid_file = "DIR/conf"\n'), 0,
     "DIR/conf: warning: pid_file: DIR/conf exists and is not a pid file\n"),
    (["-t"], text(UNIX + 'pid_file = "DIR/."\n'), 0,
     "DIR/conf: warning: pid_file: DIR/.: Is a directory; set pid_file "
     "elsewhere\n"),
    (["-t"], text(UNIX + 'user = "nosuch"\n'), 1,
     'DIR/conf:2: user: user "nosuch" does not exist; getent passwd lists '
     "all users" + USERADD + "\n"),
    ([], text(UNIX + 'user = "nosuch"\n'), 78,
     START + 'DIR/conf:2: user: user "nosuch" does not exist; getent passwd '
     "lists all users" + USERADD + "\n" + REFUSED),
    (["-t"], text(UNIX + 'group = "nosuch"\n'), 1,
     'DIR/conf:2: group: group "nosuch" does not exist; getent group '
     "lists all groups\n"),
    (["-t"], text('listen "unix:DIR/socket" { owner = "nosuch" }\n'), 78,
     'DIR/conf:1: owner: user "nosuch" does not exist; getent passwd '
     "lists all users\n"),
    (["-t"], text('listen "unix:DIR/socket" { group = "nosuch" }\n'), 78,
     'DIR/conf:1: group: group "nosuch" does not exist; getent group '
     "lists all groups\n"),
    (["-t"], text(UNIX), 0, ""),
    (["-tv"], text(UNIX), 0, "DIR/conf: ok\n"),
    (["-tv"], text(UNIX + 'pid_file = "DIR/conf"\n'), 0,
     "DIR/conf: warning: pid_file: DIR/conf exists and is not a pid file\n"
     "DIR/conf: ok\n"),
    (["-tv"], busy_inet, 1,
     "DIR/conf:1: listen: inet:127.0.0.1:PORT is in use: process N (python3) "
     "listens there; stop it, or listen elsewhere\n"),
    (["-t"], busy_metrics, 0,
     "DIR/conf: warning: metrics: inet:127.0.0.1:PORT is in use: process N "
     "(python3) listens there; stop it, or listen elsewhere; policyd would "
     "serve without the metrics listener\n"),
    (["-t", NOBODY], text(UNIX), 0, ""),
    (["-t", NOBODY], text(UNIX + USER), 0, ""),
    (["-q", NOBODY, "client=x"], text(UNIX + USER), 64,
     "policyd: client=x: is not an IP address\n"),
    (["-P", NOBODY], text(UNIX + USER + 'import_postfix = "DIR/none"\n'), 78,
     "DIR/conf:4: import_postfix: DIR/none: No such file or directory\n"),
    (["-T", NOBODY], text(UNIX + USER + "tls_keysize = x\n"), 78,
     "DIR/conf:4: tls_keysize: \"x\" is not a decimal number; allowed are 0 to "
     "4096\n"),
    ([NOBODY], text(UNIX + USER), 78,
     START + "DIR/conf:2: user: only root can run policyd as \"daemon\"; leave "
     "it out to run as yourself\n" +
     START + "DIR/conf:3: group: only root can run policyd as \"daemon\"; leave "
     "it out to run as yourself\n" + REFUSED),
    ([NOBODY], text(UNIX + "user = root\n"), 78,
     START + "DIR/conf:2: user: only root can run policyd as \"root\"; leave "
     "it out to run as yourself\n" + REFUSED),
    (["-t"], busy_unix, 1,
     "DIR/conf:1: listen: DIR/socket is in use: process N (python3) "
     "listens there; stop it, or listen elsewhere\n"),
    ([], busy_unix, 75,
     START + "not started: DIR/socket is in use: process N (python3) listens "
     "there; stop it, or listen elsewhere\n"),
    (["-t"], no_socket, 1,
     "DIR/conf:1: listen: DIR/socket exists and is not a socket; not "
     "touched: remove it, or listen elsewhere\n"),
    ([], no_socket, 75,
     START + "not started: DIR/socket exists and is not a socket; not "
     "touched: remove it, or listen elsewhere\n"),
    ([], socket_link, 75,
     START + "not started: DIR/socket is a symbolic link; not touched: "
     "listen under the name it leads to\n"),
    (["-t"], busy_inet, 1,
     "DIR/conf:1: listen: inet:127.0.0.1:PORT is in use: process N "
     "(python3) listens there; stop it, or listen elsewhere\n"),
    (["-t"], busy_inet6, 1,
     "DIR/conf:1: listen: inet:[::1]:PORT is in use: process N "
     "(python3) listens there; stop it, or listen elsewhere\n"),
    ([NOBODY], busy_inet, 75,
     START + BUSY),
    (["-t"], running_inet, 0, ""),
    ([], busy_inet, 75,
     START + BUSY),
    (["-t"], text('listen "inet:192.0.2.1:10040" {\n'
                  '\tallow_remote = "192.0.2.2"\n}\n'), 1,
     "DIR/conf:1: listen: cannot listen on inet:192.0.2.1:10040: "
     "Cannot assign requested address; this host does not have that address "
     "(ip address)\n"),
    (["-t"], no_directory, 1,
     "DIR/conf:1: listen: directory DIR/none/: No such file or "
     "directory; make it, or listen elsewhere\n"),
    ([], no_directory, 75,
     START + "not started: directory DIR/none/: No such file or directory; "
     "make it, or listen elsewhere\n"),
    ([NOBODY], roots_directory, 75,
     START + "not started: DIR/socket: cannot make the socket: Permission "
     "denied; start policyd as root\n"),
    ([NOBODY], low_port, 75,
     START + "not started: cannot listen on inet:127.0.0.1:25: Permission "
     "denied; start policyd as root\n"),
    (["-d", NOBODY], text(UNIX + LOG + 'pid_file = "DIR/pid"\n'), 75,
     START + "not started: pid file DIR/pid: Permission denied; set pid_file "
     "to where policyd may write, or start it as root\n"),
    (["--chek"], nothing, 64,
     "policyd: --chek: unknown or ambiguous option; did you mean --check?" +
     HELP),
    (["--xyzzy=1"], nothing, 64,
     "policyd: --xyzzy=1: unknown or ambiguous option" + HELP),
    (["--check=1"], nothing, 64,
     "policyd: --check=1: this option takes no argument" + HELP),
    (["-x"], nothing, 64, "policyd: -x: unknown option" + HELP),
    (["-t", "more"], nothing, 64, "policyd: too many arguments" + HELP),
    (["-t", "-T"], nothing, 64,
     "policyd: only one of -t -T -q -s -P -r --init --status --reload" +
     HELP),
    (["-q", "--format=xml"], nothing, 64,
     "policyd: --format: xml is neither text nor json\n"),
    (["-t"], running, 0, ""),
    (["-d"], running, 75,
     START + "not started: pid file DIR/pid: policyd is already running; to "
     "reload it: kill -HUP N, to end it: kill N\n"),
]


def become_nobody():
    """become_nobody - for a child between fork and exec"""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def run_case(program, options, mistake, status, message):
    """run_case - one mistake"""
    with Place() as place:
        place.program = shutil.copy(program, place.path("policyd"))
        mistake(place)
        argv = [place.program] + [o for o in options if o != NOBODY]
        done = subprocess.run(
            argv + ["-c", place.config], timeout=WAIT, text=True,
            capture_output=True,
            preexec_fn=become_nobody if NOBODY in options else None)
        said = place.masked(done.stderr + done.stdout)
        if hasattr(place, "port"):
            said = said.replace(str(place.port), "PORT")
        assert (done.returncode, said) == (status, message), \
            "%s, %s: status %d, not %d\nsaid: %s\nnot:  %s" % (
                options, mistake.__doc__ or message, done.returncode, status,
                said, message)


def test_messages(program):
    """each mistake, as root, who may make all of them"""
    assert os.geteuid() == 0, "this test needs root"
    failed = 0
    for case in CASES:
        try:
            run_case(program, *case)
        except AssertionError as error:
            print("FAILED: %s" % error, flush=True)
            failed += 1
    assert failed == 0, "%d of %d" % (failed, len(CASES))


def test_help(program):
    """80 columns; each way of calling has its example below it"""
    text = subprocess.run([program, "--help"], capture_output=True, text=True,
                          timeout=WAIT, check=True).stdout
    lines = text.splitlines()
    assert max(len(line) for line in lines) < 80, text
    calls = [line for line in lines
             if re.match(r"(usage:|      ) policyd ", line)]
    examples = [line for line in lines if re.match(r" {11}policyd ", line)]
    assert len(calls) == len(examples) + 1 > 9, text    # not for -V | -h


def test_foreground(program):
    """one line says where it serves, unless the log is on the terminal"""
    for log, lines in (("DIR/log", 1), ("stderr", 0)):
        with Place() as place:
            place.write(UNIX + 'log = "%s"\n' % log)
            with open(place.path("out"), "wb") as out:
                daemon = subprocess.Popen([program, "-c", place.config],
                                          stdout=out, stderr=out)
            place.others.append(daemon)
            poll(lambda: os.path.exists(place.path("socket")))
            poll(lambda: os.path.getsize(place.path("out")) > 0)
            with open(place.path("out"), encoding="ascii") as out:
                said = place.masked(out.read())
            said = unwarned(program, said)
            assert said.count(
                "policyd: serving at unix:DIR/socket; log: DIR/log\n") == lines
            assert lines == 0 or said.count("\n") == 1, said


if __name__ == "__main__":
    sys.exit(run_all([test_messages, test_help, test_foreground]))
