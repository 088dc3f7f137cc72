# SPDX-License-Identifier: ISC
"""Where the commands of the documents are run: a throw-away Postfix, with its
directories in place of those of the host, and a place for policyd."""

import os
import re
import shlex
import signal
import socket
import subprocess

from kit.daemon import WAIT, exists, free_port, wait_until
from kit.documents import COMMANDS, HOWTO
from kit.documents_exceptions import EXCEPTIONS
from kit.manual import PROGRAM_PAGE, examples, unfolded
from kit.postfix import Postfix, settle
from kit.snippets import ROOT

OPTIONS = {"expect", "listen", "rate", "restrictions", "service",
           "shadow", "store"}

# Names in the files, and their replacements in the test.
MOVED = [
    # No SQL server runs here, but this is looked up by Postfix alone, too.
    ("mysql:/etc/postfix/mysql/sender_login_maps.cf",
     "memcache:{directory}/owners.cf"),
    ("/etc/postfix", "{postfix}"),
    ("/etc/policyd", "{directory}/policyd"),
    ("/etc/redis", "{directory}/redis"),
    ("/etc/stunnel", "{directory}/stunnel"),
    ("0.0.0.0:10041", "127.0.0.1:{tls}"),
    ("/etc/dovecot", "{directory}/dovecot"),
    (" /root", " {directory}/root"),
    ("/var/spool/postfix", "{queue}"),
    ("/var/log", "{directory}/log"),
    ("/run/policyd.pid", "{directory}/policyd.pid"),
    # postgrey, postfwd and iRedAPD; something must listen there.
    ("127.0.0.1:10023", "127.0.0.1:{other}"),
    ('check_policy_service inet:127.0.0.1:10040"',
     'check_policy_service inet:127.0.0.1:{other}"'),
    ("127.0.0.1:7777", "127.0.0.1:{other}"),
    ("inet:127.0.0.1:10040", "inet:127.0.0.1:{port}"),
    ("/etc/ssl/certs/ssl-cert-snakeoil.pem", "{directory}/tls/server.pem"),
    ("/etc/ssl/private/ssl-cert-snakeoil.key", "{directory}/tls/server.key"),
    # Passwords of the throw-away Postfix are Cyrus SASL's.
    ("smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth",
     "smtpd_sasl_type=cyrus smtpd_sasl_path=smtpd"),
    ('user = "policyd"', 'user = "nobody"'),    # useradd is an exception
]

# The script that stands for a command: policyd and the programs of Postfix
# get the places of their files. The instance does not run while commands are
# tried, but for the mail of chapter 1, so there is nothing to reload.
WRAPPERS = {
    "policyd": """\
conf={directory}/policyd/policyd.conf
if [ "$1" = --init ]; then
	{program} "$@" -c "$conf" {postfix}
	grep -q pid_file "$conf" ||
		echo 'pid_file = "{directory}/policyd.pid"' >>"$conf"
	exit 0
fi
case " $* " in *" -c "*) ;; *) set -- "$@" -c "$conf" ;; esac
exec {program} "$@"
""",
    "postconf": """\
PATH=/usr/sbin:/usr/bin:/bin
postconf -c {postfix} "$@"
touch -d @1 {postfix}/main.cf {postfix}/master.cf
""",
    "postfix": """\
[ "$#$*" = 1reload ] || [ "$*" = "-c {postfix} reload" ]
""",
}


# test_tls_listener runs it; its files are there.
STUNNEL = """\
"enable --now stunnel@policyd")
	cd {directory}/stunnel && [ -s policyd.conf ] && [ -s postfix.key ] ;;
"""


def without_systemd():
    """without_systemd - a script for systemctl: what HOWTO says to type where
    there is none"""
    with open(os.path.join(ROOT, HOWTO), encoding="utf-8") as file:
        instead = re.findall(r"(?m)^  (policyd .*?) +for +systemctl (.*)$",
                             file.read())
    assert len(instead) == 2, instead
    return 'case "$*" in\n%s%s*) exit 64 ;;\nesac\n' % (STUNNEL, "".join(
        '"%s") exec %s ;;\n' % (words, command)
        for command, words in instead))


# A container in which policyd runs as here: the options of podman are left out.
WRAPPERS["podman"] = """\
word=$1
shift
case $word in
build) [ "$*" = "-f contrib/Containerfile -t policyd ." ] && [ -e "$2" ] ;;
run)
	background=
	while [ "$1" != policyd ] || [ "$last" = --name ]; do
		[ "$1" != -d ] || background=-d
		last=$1
		shift
	done
	shift
	exec policyd $background "$@"
	;;
exec)
	[ "$1" != -i ] || shift
	[ "$1" = policyd ] && shift && exec "$@"
	;;
stop) kill $(cat {directory}/policyd.pid) ;;
logs) cat {directory}/log/mail.log >&2 ;;
*) exit 64 ;;
esac
"""
# Of one host to another, which are the same here.
WRAPPERS["scp"] = """\
exec cp "${{1#root@policyd.example.com:}}" "${{2#root@policyd.example.com:}}"
"""
WRAPPERS["systemctl"] = without_systemd()
EXCEPTION = 'printf "%%s\\n" "$*" >>{directory}/exceptions.%s\n'


class Place:
    """A throw-away Postfix as Debian installs it, and a place for policyd."""

    def __init__(self, program):
        self.postfix = Postfix()
        self.other = socket.create_server(("127.0.0.1", 0))
        self.names = {"other": self.other.getsockname()[1],
                      "directory": self.postfix.directory,
                      "postfix": self.postfix.config,
                      "queue": self.postfix.queue,
                      "port": free_port(),
                      "tls": free_port(),
                      "program": shlex.quote(os.path.abspath(program))}
        self.conf = self.path("policyd", "policyd.conf")
        self.printed = ""
        with open(os.path.join(self.postfix.config, "master.cf"), "a") as out:
            out.write("smtp inet n - y - - smtpd\n")
        for name in ("policyd", "log", "bin", "root", "dovecot/conf.d",
                     "stunnel"):
            os.makedirs(self.path(name))
        self.write(self.path("owners.cf"), "")
        for command, text in WRAPPERS.items():
            self.wrap(command, text)
        for command in EXCEPTIONS:
            self.wrap(command, EXCEPTION % command)
        for kind, _, text in examples(PROGRAM_PAGE):
            if kind == "/var/log/mail.log":
                text = unfolded(text)
                refused = re.search(".*verdict=reject.*", text).group(0)
                self.write(self.path("log", "mail.log"),
                           text + refused + " mode=observe\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.other.close()
        self.stop_policyd()
        self.postfix.__exit__()

    def path(self, *names):
        return os.path.join(self.postfix.directory, *names)

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def wrap(self, command, text):
        """wrap - have a script stand for a command"""
        path = self.path("bin", command)
        self.write(path, "#!/bin/sh\nset -eu\n" + text.format(**self.names))
        os.chmod(path, 0o755)

    def moved(self, text):
        """moved - with what it is in the test"""
        for old, new in MOVED:
            text = text.replace(old, new.format(**self.names))
        return text

    def keep_pid_here(self):
        """keep_pid_here - not where that of a policyd of the host is; the
        script that stands for policyd does the same"""
        if not os.path.exists(self.conf):
            return
        with open(self.conf, encoding="utf-8") as file:
            text = file.read()
        if "pid_file" not in text:
            self.write(self.conf, text + '\npid_file = "%s"\n' %
                       self.path("policyd.pid"))

    def shell(self, text):
        """shell - type it; what is printed"""
        settle(self.postfix.config)
        path = self.path("bin") + ":" + os.environ["PATH"]
        done = subprocess.run(
            ["/bin/sh", "-eu", "-c", self.moved(text)], text=True, cwd=ROOT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=5 * WAIT,
            env=dict(os.environ, PATH=path))
        assert done.returncode == 0, "status %d\n%s%s" % (
            done.returncode, done.stdout, done.stderr)
        return done.stdout

    def try_options(self, text):
        """try_options - added to policyd.conf they must be accepted"""
        file = self.path("policyd", "tried.conf")
        base = 'import_postfix = "%s"\nlisten "unix:%s" { }\n' % (
            self.postfix.config, self.path("policyd", "tried.socket"))
        self.write(file, base + self.moved(text))
        self.shell("policyd -t -c " + file)

    def do(self, block):
        """do - what a block is for"""
        try:
            if block.file:
                path = self.moved(block.file)
                self.write(path, self.moved(block.text))
            elif block.word in COMMANDS:
                printed = self.shell(block.text)
                self.printed = printed
                for line in block.expected:
                    assert self.moved(line) in printed, "not %s but %s" % (
                        line, printed)
                self.keep_pid_here()
                return printed
            elif block.word in OPTIONS:
                self.try_options(block.text)
            else:
                raise AssertionError("it is neither a file nor a command: " +
                                     block.text)
            self.keep_pid_here()
            return ""
        except (AssertionError, RuntimeError) as error:
            raise AssertionError("%s: %s" % (block.where, error)) from error

    def check_exceptions(self):
        """check_exceptions - look at what was not done"""
        for command, check in EXCEPTIONS.items():
            path = self.path("exceptions." + command)
            if not os.path.exists(path):
                continue
            with open(path, encoding="utf-8") as file:
                for line in file.read().splitlines():
                    check(line.split())

    def stop_policyd(self):
        """stop_policyd - if it runs"""
        try:
            with open(self.path("policyd.pid"), encoding="ascii") as file:
                pid = int(file.read())
        except (FileNotFoundError, ValueError):
            return
        if exists(pid):
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not exists(pid), "end of policyd")

    def replace_ports(self, ports):
        """replace_ports - {old: new} names of services, and their numbers in
        policyd.conf: a test cannot have the real ones"""
        numbers = {"smtp": 25, "submission": 587, "submissions": 465}
        path = os.path.join(self.postfix.config, "master.cf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(self.conf, encoding="utf-8") as file:
            conf = file.read()
        for old, new in ports.items():
            text = re.sub(r"(?m)^%s(\s+inet\s)" % re.escape(old),
                          r"%s\1" % new, text)
            conf = re.sub(r"\b%s\b(?=[, ].*\}$)" % numbers.get(old, "none"),
                          new.rpartition(":")[2], conf, flags=re.M)
        self.write(path, text)
        self.write(self.conf, conf)
        settle(self.postfix.config)
