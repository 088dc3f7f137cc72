# SPDX-License-Identifier: ISC
"""A throw-away Postfix for tests and for the demonstration.

Everything of it lives below one temporary directory: configuration, queue,
data, certificates, passwords, log, mailboxes. The installed program files of
Debian's postfix package are used, its configuration and its queue are not.
It listens on high ports of 127.0.0.1 and can deliver to a Maildir below the
directory and to a sink (class Sink) on 127.0.0.1 only, so no mail ever leaves
the machine. Works as root without systemd, syslog or name service.
"""

import atexit
import contextlib
import ctypes
import email
import functools
import grp
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from kit.daemon import WAIT, asleep, exists, free_port
from kit.processes import is_group_alive

USER = "user"
PASSWORD = "right-password"
REALM = "local.test"

# Services that every instance has; port lines are added per test.
MASTER = """\
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
smtp unix - - n - - smtp
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""

# Domains of every instance, as in t/data/seed_matrix.reference.tsv.
DOMAINS = {
    "compatibility_level": "3.6",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "all",
    "mydomain": "local.test",
    "myhostname": "mail.local.test",
    "mydestination":
        "$myhostname, localhost.$mydomain, localhost, $mydomain",
    "proxy_interfaces": "",
    "relay_domains": "relay.test",
    "virtual_alias_domains": "valias.test",
    "virtual_mailbox_domains": "vmail.test",
    "smtpd_delay_reject": "yes",
    "smtpd_helo_required": "yes",
    "smtpd_data_restrictions": "reject_unauth_pipelining",
    # Since 3.9 it is yes, and hides what the restriction above says.
    "smtpd_forbid_unauth_pipelining": "no",
}

# What a test needs so that it is quick and never waits for a resolver. None
# of it takes part in a decision.
PLUMBING = {
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "smtpd_peername_lookup": "no",
    "smtpd_soft_error_limit": "10000",
    "smtpd_hard_error_limit": "20000",
    "smtpd_junk_command_limit": "10000",
    "smtpd_recipient_overshoot_limit": "10000",
    "smtpd_sasl_local_domain": REALM,
    "smtpd_tls_received_header": "no",
    "smtpd_tls_ask_ccert": "yes",
    "in_flow_delay": "0",
    "max_use": "100000",
    "disable_dns_lookups": "yes",
    "notify_classes": "",
    # What a busy machine could not deliver at once is tried again at once.
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "1s",
    "queue_run_delay": "1s",
    "transport_retry_time": "1s",
}


def poll(what, seconds=WAIT):
    """poll - wait until what() is true; its value; raise at the deadline"""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() >= end:
            raise TimeoutError("waited %g s for %s" % (seconds, what.__name__))
        time.sleep(0.01)


def listening(ports):
    """listening - does something listen on each of them? The kernel knows; to
    connect would start an smtpd(8) for each."""
    with open("/proc/net/tcp") as file:
        found = {int(fields[1].rpartition(":")[2], 16)
                 for fields in map(str.split, list(file)[1:])
                 if fields[3] == "0A"}
    return found.issuperset(ports)


def run(*argv, **options):
    """run - a command that must succeed; its standard output"""
    done = subprocess.run(argv, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError("%s: exit status %d\n%s%s" % (
            " ".join(argv), done.returncode, done.stdout, done.stderr))
    return done.stdout


@functools.cache
def daemon_directory():
    """daemon_directory - where the programs of Postfix are"""
    return run("postconf", "-dh", "daemon_directory").strip()


def die_with_parent():
    """die_with_parent - for a child between fork and exec: SIGTERM when the
    test is killed, so that nothing is left behind"""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def temporary_directory():
    """temporary_directory - others may enter; short enough for sockets"""
    base = tempfile.gettempdir()
    if len(base) > 40:
        base = "/tmp"
    directory = tempfile.mkdtemp(prefix="policyd.", dir=base)
    os.chmod(directory, 0o755)
    return directory


def once_directory():
    """once_directory - for what is made once, until this process ends"""
    directory = temporary_directory()

    def remove(owner):
        if os.getpid() == owner:        # not a child of it
            shutil.rmtree(directory)
    atexit.register(remove, os.getpid())
    return directory


def is_done(pid):
    """is_done - it has ended, or waits for something to do"""
    try:
        return not exists(pid) or asleep(pid)
    except (FileNotFoundError, ProcessLookupError):
        return True


def settle(directory):
    """settle - make main.cf and what else is there look older than it is:
    programs of Postfix wait until a file has not changed for two seconds"""
    for name in os.listdir(directory):
        os.utime(os.path.join(directory, name), (1, 1))


def certificate(directory, name, subject, authority=None, extra=()):
    """certificate - NAME.pem and NAME.key"""
    argv = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", "ec",
            "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", subject,
            "-keyout", os.path.join(directory, name + ".key"),
            "-out", os.path.join(directory, name + ".pem")]
    if authority:
        # openssl req -CA came with OpenSSL 3
        argv += ["-CA", os.path.join(directory, authority + ".pem"),
                 "-CAkey", os.path.join(directory, authority + ".key")]
    run(*argv, *extra)


@functools.cache
def secrets():
    """secrets - a directory with an authority, a certificate for the server,
    two for clients, and the password file: made once, as that takes five
    processes, and copied for each instance"""
    directory = once_directory()
    leaf = ("-addext", "basicConstraints=critical,CA:FALSE")
    certificate(directory, "ca", "/CN=Throw-away test authority")
    certificate(directory, "server", "/CN=mail.local.test", "ca", leaf + (
        "-addext", "subjectAltName=DNS:mail.local.test"))
    certificate(directory, "client", "/CN=client.local.test", "ca", leaf)
    certificate(directory, "selfsigned", "/CN=client.local.test", None, leaf)
    run("saslpasswd2", "-p", "-c", "-f", os.path.join(directory, "sasldb2"),
        "-u", REALM, USER, input=PASSWORD)
    return directory


class Postfix:
    """One private instance. Use as a context manager."""

    def __init__(self, parameters=None):
        self.directory = temporary_directory()
        self.config = self.path("etc")
        self.queue = self.path("queue")
        self.maildir = self.path("mail", "all")
        self.log = self.path("maillog")
        self.master = None
        try:
            self._directories()
            self._secrets()
            self._configuration(parameters or {})
        except BaseException:
            shutil.rmtree(self.directory)
            raise

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory)

    def path(self, *names):
        """path - below the temporary directory"""
        return os.path.join(self.directory, *names)

    def _directories(self):
        """_directories - what postfix(1) would create, same owners"""
        owner = pwd.getpwnam("postfix").pw_uid
        group = grp.getgrnam("postdrop").gr_gid
        root = [".", "etc", "etc/sasl", "queue", "queue/pid", "tls"]
        mine = ["active", "bounce", "corrupt", "defer", "deferred", "flush",
                "hold", "incoming", "private", "saved", "trace"]
        for name in root:
            os.makedirs(self.path(name), 0o755, exist_ok=True)
        for name in mine:
            os.mkdir(os.path.join(self.queue, name), 0o700)
            os.chown(os.path.join(self.queue, name), owner, -1)
        for name, mode in (("maildrop", 0o730), ("public", 0o710)):
            directory = os.path.join(self.queue, name)
            os.mkdir(directory)
            os.chown(directory, owner, group)
            os.chmod(directory, mode)
        os.mkdir(self.path("data"), 0o700)
        os.chown(self.path("data"), owner, -1)
        nobody = pwd.getpwnam("nobody")
        os.mkdir(self.path("mail"), 0o700)
        os.chown(self.path("mail"), nobody.pw_uid, nobody.pw_gid)

    def _secrets(self):
        """_secrets - certificates, and Cyrus SASL with a password file of its
        own"""
        for name in os.listdir(secrets()):
            shutil.copy2(os.path.join(secrets(), name), self.path("tls"))
        database = self.path("etc", "sasl", "sasldb2")
        os.rename(self.path("tls", "sasldb2"), database)
        os.chown(database, pwd.getpwnam("postfix").pw_uid, -1)
        os.chmod(database, 0o400)
        with open(self.path("etc", "sasl", "smtpd.conf"), "w") as out:
            out.write("pwcheck_method: auxprop\n"
                      "auxprop_plugin: sasldb\n"
                      "sasldb_path: %s\n"
                      "mech_list: PLAIN LOGIN ANONYMOUS\n" % database)
        # A chrooted smtpd opens the same path below the queue directory.
        inside = self.queue + self.path("etc", "sasl")
        os.makedirs(inside)
        shutil.copy2(database, inside)
        os.chown(os.path.join(inside, "sasldb2"),
                 pwd.getpwnam("postfix").pw_uid, -1)

    def _configuration(self, parameters):
        """_configuration - main.cf and master.cf without ports"""
        nobody = pwd.getpwnam("nobody")
        settings = dict(DOMAINS)
        settings.update(PLUMBING)
        settings.update({
            "queue_directory": self.queue,
            "data_directory": self.path("data"),
            "maillog_file": self.log,
            "maillog_file_prefixes": self.directory,
            "cyrus_sasl_config_path": self.path("etc", "sasl"),
            "smtpd_tls_CAfile": self.path("tls", "ca.pem"),
            "smtpd_tls_cert_file": self.path("tls", "server.pem"),
            "smtpd_tls_key_file": self.path("tls", "server.key"),
            "virtual_mailbox_base": self.path("mail"),
            "virtual_uid_maps": "static:%d" % nobody.pw_uid,
            "virtual_gid_maps": "static:%d" % nobody.pw_gid,
        })
        settings.update(parameters)
        self._write("main.cf", ["%s = %s" % pair
                                for pair in sorted(settings.items())])
        self._write("master.cf", MASTER.splitlines())

    def install(self, program):
        """install - a copy of a program where spawn(8) can start it as an
        unprivileged user; the checkout may be in root's home"""
        return shutil.copy(program, self.path(os.path.basename(program)))

    def deliver_to(self, sink):
        """deliver_to - into the Maildir, and to the sink, and nowhere else"""
        away = "smtp:[127.0.0.1]:%d" % sink.port
        self.set("local_transport=virtual:", "default_transport=" + away,
                 "relay_transport=" + away,
                 "virtual_mailbox_maps=static:all/",
                 "virtual_alias_maps="
                 "inline:{user@valias.test=user@local.test}")

    def discard(self):
        """discard - accept and forget every message"""
        self.set(*[name + "=discard:" for name in (
            "local_transport", "virtual_transport", "relay_transport",
            "default_transport")])

    def set(self, *assignments):
        """set - main.cf parameters, as NAME=VALUE; what postconf -e would do,
        but a test sets hundreds of them, and that is a process each"""
        new = dict(assignment.split("=", 1) for assignment in assignments)
        kept = [entry for entry in self._entries("main.cf")
                if entry.partition("=")[0].strip() not in new]
        self._write("main.cf", kept + ["%s = %s" % (name.strip(), value.strip())
                                       for name, value in new.items()])

    def get(self, name):
        """get - the value of a main.cf parameter, expanded"""
        return run("postconf", "-c", self.config, "-xh", name).strip()

    def port(self, chroot="n", **options):
        """port - add an smtpd on a free port, with -o options; its number"""
        number = free_port()
        self.service("127.0.0.1:%d inet n - %s - - smtpd" % (number, chroot),
                     options)
        return number

    def service(self, line, options=None):
        """service - a line of master.cf, in place of one of the same name and
        type, and -o options to it"""
        kept = [entry for entry in self._entries("master.cf")
                if entry.split()[:2] != line.split()[:2]]
        self._write("master.cf", kept + ["".join([line] + [
            "\n    -o { %s = %s }" % option
            for option in (options or {}).items()])])

    def ports(self):
        """ports - those that master.cf listens on"""
        services = [entry.split() for entry in self._entries("master.cf")]
        return [int(words[0].split(":")[1]) for words in services
                if words[1] == "inet"]

    def _entries(self, name):
        """_entries - of main.cf or master.cf, with continued lines joined,
        without comments"""
        with open(os.path.join(self.config, name)) as file:
            lines = re.sub(r"^\s*(#.*)?\n", "", file.read(),
                           flags=re.MULTILINE)
        return re.findall(r"^\S.*(?:\n[ \t].*)*", lines, re.MULTILINE)

    def _write(self, name, entries):
        """_write - main.cf or master.cf, older than it is: see settle()"""
        path = os.path.join(self.config, name)
        with open(path, "w") as file:
            file.write("\n".join(entries) + "\n")
        past = time.time() - 10
        os.utime(path, (past, past))

    def start(self):
        """start - returns when every port accepts connections"""
        master = os.path.join(daemon_directory(), "master")
        self.master = subprocess.Popen(
            [master, "-c", self.config, "-d"], start_new_session=True,
            preexec_fn=die_with_parent,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.path("master.stderr"), "ab"))
        ports = self.ports()

        def postfix_ready():
            if self.master.poll() is not None:
                raise RuntimeError("Postfix did not start:\n" + self.said())
            return listening(ports)
        poll(postfix_ready)

    def restart(self):
        """restart - so that every process has the settings of now"""
        self.stop()
        self.start()

    def children(self):
        """children - of master(8), that have not ended"""
        path = "/proc/%d/task/%d/children" % ((self.master.pid,) * 2)
        with open(path) as file:
            return [pid for pid in map(int, file.read().split())
                    if exists(pid)]

    def stop(self):
        """stop - all of its processes"""
        if self.master is None:
            return
        group = self.master.pid
        children = [] if self.master.poll() is not None else self.children()
        if self.master.poll() is None:
            self.master.send_signal(signal.SIGTERM)
        try:
            self.master.wait(WAIT)
        except subprocess.TimeoutExpired:
            self.master.kill()
            self.master.wait()
        self.master = None

        def all_written():      # postlogd stays seconds longer than others
            return all(is_done(pid) for pid in children)

        def postfix_gone():
            return not is_group_alive(group)
        poll(all_written)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        poll(postfix_gone)

    def mark(self):
        """mark - a place in the mail log"""
        return os.path.getsize(self.log) if os.path.exists(self.log) else 0

    def said(self, mark=0):
        """said - the mail log, from a place on, and what master wrote
        elsewhere"""
        text = b""
        for name, start in ((self.path("master.stderr"), 0), (self.log, mark)):
            if os.path.exists(name):
                with open(name, "rb") as log:
                    log.seek(start)
                    text += log.read()
        return text.decode(errors="replace")

    def all_removed(self):
        """all_removed - has every message left the queue? (Since 3.10 cleanup
        says "removed" of those that never were in it.)"""
        said = self.said()
        begun = said.count("(queue active)")
        return begun > 0 and begun == len(re.findall(
            r"qmgr\[\d+\]: \w+: removed\n", said))

    def messages(self):
        """messages - those in the Maildir"""
        new = os.path.join(self.maildir, "new")
        if not os.path.isdir(new):
            return []
        found = []
        for name in os.listdir(new):
            with open(os.path.join(new, name), "rb") as mail:
                found.append(email.message_from_binary_file(mail))
        return found


def count_differences(judge):
    """count_differences - the whole of a test that compares: judge gets the
    program and a Postfix, and returns how many differences there are. The exit
    status is 0 if there is none, and Postfix does not complain either."""
    program = os.path.abspath(sys.argv[1])
    with Postfix() as postfix:
        try:
            bad = judge(program, postfix)
        except BaseException:
            traceback.print_exc()
            print(postfix.said()[-3000:])
            return 1
        for line in postfix.said().splitlines():
            if re.search(r"panic:|fatal:|error:.*policy", line):
                print(line)
                bad += 1
    print("%d differences in all" % bad)
    return 1 if bad else 0


class Sink:
    """An SMTP server on 127.0.0.1 that keeps what it gets: the world."""

    def __init__(self):
        self.messages = []      # (sender, [recipients], text)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # The thread must have left accept() before the descriptor is free:
        # a system call that is restarted would use the next Sink's.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def take(self, sender, recipients, text):
        """take - a message; the reply"""
        self.messages.append((sender, recipients,
                              text.decode("utf-8", "replace")))
        return "250 ok"

    def _serve(self):
        """_serve - until the listener is shut down"""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._session, args=(connection,),
                             daemon=True).start()

    def _session(self, connection):
        """_session - one client, which may be gone at any time"""
        with contextlib.suppress(ConnectionError), connection, \
                connection.makefile("rb") as lines:
            def say(text):
                connection.sendall(text.encode() + b"\r\n")
            say("220 sink ESMTP")
            sender, recipients = "", []
            for line in lines:
                verb = line.decode("utf-8", "replace").strip()
                upper = verb.upper()
                if upper.startswith("MAIL FROM:"):
                    sender, recipients = verb[10:].split()[0], []
                elif upper.startswith("RCPT TO:"):
                    recipients.append(verb[8:].split()[0].strip("<>"))
                elif upper == "DATA":
                    say("354 go on")
                    text = b""
                    for part in lines:
                        if part == b".\r\n":
                            break
                        text += part
                    say(self.take(sender, recipients, text))
                    continue
                elif upper == "QUIT":
                    say("221 bye")
                    return
                say("250 ok")
