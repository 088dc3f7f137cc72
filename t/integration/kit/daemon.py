# SPDX-License-Identifier: ISC
"""policyd as a daemon under test: a temporary directory with configuration,
socket and log; the protocol; its processes, ended by their own numbers."""

import contextlib
import errno
import fcntl
import os
import random
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import traceback

# Seconds after which what does not come hangs. Tests wait for events, so that
# it costs nothing to be generous, and a busy machine is no failure.
WAIT = float(os.environ.get("POLICYD_TEST_WAIT", "120"))
CALM = 3                        # looks at a process that sleeps each time
# Below the ports that the kernel gives to whoever asks for any.
PORTS = range(12000, 20000)

REQUEST = (b"request=smtpd_access_policy\nprotocol_state=RCPT\n"
           b"client_address=192.0.2.1\nclient_port=1025\n"
           b"sender=a@client.example\nrecipient=%s\n\n")
OURS = REQUEST % b"user@local.test"
THEIRS = REQUEST % b"user@remote.example"
PERMIT = b"action=permit_auth_destination\n\n"


def wait_until(condition, what, seconds=WAIT):
    """wait_until - poll; the value of condition() when it is true"""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain: " + what)
        time.sleep(0.005)


def in_time(attempt, seconds, tries=5):
    """in_time - attempt() must hold, and return how long it took: less than
    that, though not each time, as this machine may have other things to do"""
    took = []
    while not took or took[-1] >= seconds:
        assert len(took) < tries, "not within %g s: %s" % (seconds, took)
        took.append(attempt())


def exists(pid):
    """exists - is there such a process, not yet ended?"""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def asleep(pid):
    """asleep - each thread of a process waits for something; one that only
    gets no processor does not"""
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/stat" % (pid, task)) as file:
            if file.read().rpartition(")")[2].split()[0] != "S":
                return False
    return True


class Client:
    """One connection that speaks the policy protocol."""

    def __init__(self, address):
        if isinstance(address, tuple):
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        else:
            family = socket.AF_UNIX
        self.socket = socket.socket(family)
        self.socket.settimeout(WAIT)
        self.socket.connect(address)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """reply - the next whole reply; b"" at the end of the connection"""
        while b"\n\n" not in self.rest:
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                assert not self.rest, "half a reply: %r" % self.rest
                return b""
            self.rest += data
        reply, _, self.rest = self.rest.partition(b"\n\n")
        return reply + b"\n\n"

    def ask(self, request):
        self.send(request)
        return self.reply()

    def fill(self, pid, data, most=10 << 20):
        """fill - send until that process takes no more, though it has nothing
        else to do, or closes; how many bytes, which are fewer than most"""
        sent = calm = 0
        deadline = time.monotonic() + WAIT
        self.socket.setblocking(False)
        while calm < CALM:
            assert time.monotonic() < deadline, "it neither reads nor sleeps"
            place = sent % len(data)
            try:
                sent += self.socket.send(data[place:])
                assert sent < most, sent
                calm = 0
            except BlockingIOError:
                calm = calm + 1 if asleep(pid) else 0
                time.sleep(0.005)
            except (BrokenPipeError, ConnectionResetError):
                break
        self.socket.settimeout(WAIT)
        return sent

    def reset(self):
        """reset - close so that the peer sees an error (TCP)"""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def close(self):
        self.socket.close()


class Daemon:
    """policyd with a directory of its own."""

    breaks_out = False      # does the test make a forbidden system call?

    def __init__(self, program, settings="", options=(), background=False):
        self.directory = tempfile.mkdtemp(prefix="policyd-test-")
        os.chmod(self.directory, 0o755)
        self.program = os.path.abspath(program)
        self.socket = self.path("socket")
        self.config = self.path("policyd.conf")
        self.log = self.path("log")
        self.pid_file = self.path("pid")
        self.background = background
        self.options = list(options)
        self.process = None
        self.monitor = None
        self.status = None
        self.configure(settings)

    def own_program(self):
        """own_program - run a copy of the program: one that can be replaced,
        and that every user can run, wherever the checkout is"""
        self.program = shutil.copy(self.program, self.path("policyd"))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, failed=None, *_):
        try:
            if failed is None:
                self.leave()
        finally:
            self.end()
            said = self.stderr()
            killed = "Bad system call" in said + self.read(self.log)
            shutil.rmtree(self.directory)
        assert killed == self.breaks_out, "a server was%s killed by its " \
            "filter" % ("" if killed else " not")
        assert "Sanitizer" not in said and "runtime error" not in said, said

    def path(self, name):
        return os.path.join(self.directory, name)

    def configure(self, settings="", listen=True):
        """configure - a new file, put into place at once"""
        text = 'myhostname = "mx.local.test"\nmydestination = "local.test"\n'
        text += 'log = "%s"\npid_file = "%s"\nlog_verdicts = { }\n' % (
            self.log, self.pid_file)
        if listen:
            text += 'listen "unix:%s" { mode = "0666" }\n' % self.socket
        self.write_config(text + settings + "\n")

    def write_config(self, text):
        new = self.config + ".new"
        with open(new, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(new, 0o644)
        os.rename(new, self.config)

    def launch(self):
        """launch - without waiting for anything"""
        command = [self.program, "-c", self.config] + self.options
        if self.background:
            command.append("-d")
        with open(self.path("stderr"), "ab") as stderr:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stderr,
                stderr=stderr)

    def start(self):
        """start - returns when it serves"""
        mark = self.mark()
        self.launch()
        if self.background:
            self.status = self.process.wait(WAIT)
            self.process = None
            assert self.status == 0, "-d: status %d\n%s" % (
                self.status, self.stderr())
            self.monitor = int(self.read(self.pid_file))
            return self
        self.monitor = self.process.pid
        self.expect(r"serving: server \d+", mark)
        return self

    def read(self, path, start=0):
        """read - a file, from a place on; "" if there is none"""
        try:
            with open(path, "rb") as file:
                file.seek(start)
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def stderr(self):
        return self.read(self.path("stderr"))

    def mark(self):
        """mark - a place in the log"""
        return os.path.getsize(self.log) if os.path.exists(self.log) else 0

    def wait_until(self, condition, what):
        """wait_until - as long as it runs; what it said, if in vain"""
        def met():
            ended = self.process is not None and \
                self.process.poll() is not None
            value = condition()
            assert value or not ended, "ended with %d before: %s" % (
                self.process.returncode, what)
            return value
        try:
            return wait_until(met, what)
        except AssertionError:
            print(self.said()[-6000:])
            raise

    def said(self):
        """said - all that there is to read of it"""
        return self.read(self.log) + self.stderr()

    def expect(self, pattern, mark=0):
        """expect - a line of the log after mark"""
        return self.wait_until(
            lambda: re.search(pattern, self.read(self.log, mark)),
            "%r in the log" % pattern)

    def servers(self):
        """servers - process numbers of the monitor's children, in the order
        in which they were started (numbers begin anew some time)"""
        path = "/proc/%d/task/%d/children" % (self.monitor, self.monitor)
        return [int(pid) for pid in self.read(path).split()
                if exists(int(pid))]

    def server(self):
        """server - the one that serves; there must be one"""
        def only():
            found = self.servers()
            return found if len(found) == 1 else None
        return wait_until(only, "one server")[0]

    def signal(self, number):
        os.kill(self.monitor, number)

    def reload(self):
        """reload - returns the number of connections taken over"""
        mark = self.mark()
        self.signal(signal.SIGHUP)
        found = self.expect(r"reload(?:ed: server \d+, (\d+) conn| failed)",
                            mark)
        assert found.group(1) is not None, self.read(self.log)[mark:]
        return int(found.group(1))

    def reload_refused(self):
        """reload_refused - returns what the log says"""
        mark = self.mark()
        self.signal(signal.SIGHUP)
        self.expect(r"reload failed: ", mark)
        return self.read(self.log)[mark:]

    def wait(self):
        """wait - for the end; the exit status, None if it is no child"""
        if self.process is None:
            wait_until(lambda: not exists(self.monitor), "end of policyd")
            return None
        status = self.process.wait(WAIT)
        self.process = None
        return status

    def stop(self):
        """stop - as an administrator does; exit status"""
        self.signal(signal.SIGTERM)
        return self.wait()

    def leave(self):
        """leave - let it end by itself: only then it says what memory it
        forgot, and counts which lines it went through"""
        if self.monitor and exists(self.monitor):
            self.signal(signal.SIGTERM)
            wait_until(lambda: not self.lives(), "the end")

    def lives(self):
        """lives - the monitor has not ended"""
        if self.process is not None:
            return self.process.poll() is None
        return exists(self.monitor)

    def end(self):
        """end - whatever happened"""
        for pid in self.servers() if self.monitor else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        elif self.monitor and exists(self.monitor):
            os.kill(self.monitor, signal.SIGKILL)

    def client(self, address=None):
        return Client(address or self.socket)

    def ask(self, request=OURS):
        with self.client() as client:
            return client.ask(request)


def descriptors(pid):
    """descriptors - how many a process has open; None: not for us to see"""
    try:
        return len(os.listdir("/proc/%d/fd" % pid))
    except PermissionError:
        return None


def sanitized(program):
    """sanitized - memory figures mean nothing then"""
    with open(program, "rb") as file:
        return b"__asan_init" in file.read()


def is_socket(path):
    return os.path.lexists(path) and stat.S_ISSOCK(os.lstat(path).st_mode)


def free_port(address="127.0.0.1"):
    """free_port - on loopback, free, and ours until this test ends: no other
    test takes it, as there is one abstract name for each"""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket(socket.AF_UNIX) as name, \
                socket.socket(socket.AF_INET6 if ":" in address
                              else socket.AF_INET) as probe:
            try:
                name.bind("\0policyd-test-port-%d" % port)
                probe.bind((address, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
            # Never closed; and out of the way of sh, which knows ten.
            fcntl.fcntl(name, fcntl.F_DUPFD_CLOEXEC, 200)
            return port


def run_all(tests):
    """run_all - each test gets the program; ends, with the exit status"""
    results = [run_one(test, sys.argv[1]) for test in chosen(tests)]
    sys.exit(0 if all(results) else 1)


def chosen(tests):
    """chosen - those that the command line names, or all"""
    names = sys.argv[2:]
    unknown = set(names) - {test.__name__ for test in tests}
    if unknown:
        print("there is no %s" % ", ".join(sorted(unknown)))
        sys.exit(64)
    return [test for test in tests if not names or test.__name__ in names]


def run_one(test, program):
    """run_one - a line for it; did it pass?"""
    start = time.monotonic()
    try:
        test(program)
        result = "ok"
    except Exception as error:
        traceback.print_exc()
        said = getattr(error, "stderr", None)       # of subprocess
        if said:
            print(said if isinstance(said, str)
                  else said.decode(errors="replace"))
        result = "FAILED: %s" % error
    print("%-32s %5.2f s  %s" % (test.__name__, time.monotonic() - start,
                                 result), flush=True)
    return result == "ok"
