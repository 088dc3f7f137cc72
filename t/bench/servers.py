# SPDX-License-Identifier: ISC
"""The servers that are put under load, and the generator of the load."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "tools"))

import private_log

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = os.path.abspath(os.path.join(HERE, "..", "..", "build", "bench"))
WAIT = 20.0
INLINE_DOMAINS = 100
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


class Failure(Exception):
    """It cannot be measured, and why."""


class Place:
    """Where things are: the programs, a temporary directory, the cores."""

    def __init__(self, programs, cores=None):
        self.programs = programs
        cores = cores or sorted(os.sched_getaffinity(0))[:2]
        if len(cores) < 2:
            raise Failure("two processors are needed: one for the server, "
                          "one for the load")
        self.server_core, self.load_core = cores[:2]
        self.directory = tempfile.TemporaryDirectory(prefix="policyd-bench-")
        os.chmod(self.directory.name, 0o755)

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def program(self, name):
        return os.path.join(self.programs, name)

    def start(self, command, core, **options):
        """start - a process on one core, that ends with us at the latest"""
        def prepare():
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            os.sched_setaffinity(0, {core})
        return subprocess.Popen(command, preexec_fn=prepare,
                                stdin=subprocess.DEVNULL, **options)

    def load(self, server, arguments, timeout=120, watched=True):
        """load - one run of the generator: what it printed, as numbers;
        watched: what the server costs, too"""
        command = [self.program("t/bench/load")]
        for pid in server.pids() if watched else []:
            command += ["-p", str(pid)]
        if server.any_answer:
            command.append("-a")
        command += [str(word) for word in arguments] + [server.address]
        process = self.start(command, self.load_core, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            said, errors = process.communicate(timeout=timeout)
        finally:
            end(process)
        if process.returncode not in (0, 1):
            raise Failure(errors.strip() or "load: %d" % process.returncode)
        return {name: float(value) for name, value in
                (line.split("=") for line in said.split())}


def end(process):
    """end - by its own number; SIGKILL if it does not want to"""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(WAIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(condition, what):
    deadline = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > deadline:
            raise Failure("waited in vain: " + what)
        time.sleep(0.01)


def free_address(place, kind, name):
    """free_address - of that kind, for a server to listen on"""
    if kind == "unix":
        return "unix:" + place.path(name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return "inet:127.0.0.1:%d" % probe.getsockname()[1]


def accepts(address):
    """accepts - is anybody there?"""
    if address.startswith("unix:"):
        family, name = socket.AF_UNIX, address[len("unix:"):]
    else:
        host, _, port = address[len("inet:"):].rpartition(":")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        name = (host.strip("[]"), int(port))
    with socket.socket(family) as probe:
        return probe.connect_ex(name) == 0


class Limit:
    """The least that is possible."""

    any_answer = True

    def __init__(self, place, kind):
        self.address = free_address(place, kind, "limit")
        self.process = place.start(
            [place.program("t/bench/limit"), self.address],
            place.server_core, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            raise Failure("the limit server did not start")

    def pids(self):
        return [self.process.pid]

    def between_runs(self):
        pass

    def stop(self):
        end(self.process)
        self.process.stdout.close()
        if self.address.startswith("unix:"):
            os.unlink(self.address[len("unix:"):])


class Peer:
    """Another server, which runs already."""

    def __init__(self, place, address, pids, any_answer):
        self.address = address
        self.numbers = pids
        self.any_answer = any_answer
        self.before = {pid: os.sched_getaffinity(pid) for pid in pids}
        self.pin({place.server_core})

    def pin(self, cores):
        """pin - all threads of all its processes"""
        for pid in self.numbers:
            for task in os.listdir("/proc/%d/task" % pid):
                os.sched_setaffinity(int(task), cores or self.before[pid])

    def pids(self):
        return self.numbers

    def between_runs(self):
        pass

    def stop(self):
        self.pin(None)


class Policyd:
    """Ours. log: off, file or syslog; settings: more lines of the
    configuration; wrapper: a command to run it with; threads: 0 is the
    default; destination: what our domains are written as, instead of a list of
    so many; name: of its files, if there are two."""

    any_answer = False

    def __init__(self, place, kind, log="off", domains=10,
                 settings="", wrapper=(), threads=1, destination=None,
                 name="policyd"):
        self.place = place
        self.name = name
        self.address = free_address(place, kind, name)
        self.log = log
        self.sink = None
        self.domains = domains
        self.settings = settings
        self.threads = threads
        self.lines = 0
        self.configure(destination or self.ours())
        # A wrapper is valgrind.
        program = "t/uncontained" if wrapper else "policyd"
        command = [*wrapper, place.program(program), "-c", self.config]
        if log == "syslog":
            command = self.start_sink() + command
        self.said = open(place.path(name + ".stderr"), "w+b")
        self.process = place.start(command, place.server_core,
                                   stdout=self.said, stderr=self.said)
        try:
            wait_until(self.is_ready, "policyd does not serve")
        except Failure:
            self.stop()
            raise

    def ours(self):
        """ours - the domains, in the list or in a file"""
        names = ["d%07u.local.test" % i for i in range(self.domains)]
        if self.domains <= INLINE_DOMAINS:
            return ", ".join(names)
        with open(self.place.path(self.name + ".domains"), "w") as file:
            file.write("\n".join(names) + "\n")
        return self.place.path(self.name + ".domains")

    def configure(self, destination):
        """configure - write the configuration"""
        self.config = self.place.path(self.name + ".conf")
        self.lines_file = self.place.path(self.name + ".log")
        target = "syslog" if self.log == "syslog" else self.lines_file
        verdicts = "" if self.log == "off" else (
            "permit, reject, defer, dunno")
        mode = 'mode = "0666"' if self.address.startswith("unix:") else ""
        with open(self.config, "w") as file:
            file.write(
                'listen "%s" { %s }\n'
                'log = "%s"\nlog_verdicts = { %s }\n'
                'max_connections = 16384\nthreads = %d\n'
                'myhostname = "mx.local.test"\nmydestination = "%s"\n%s'
                % (self.address, mode, target, verdicts, self.threads,
                   destination, self.settings))

    def start_sink(self):
        """start_sink - a log daemon; what to run policyd with"""
        os.mkdir(self.place.path("dev"))
        self.sink = self.place.start(
            [self.place.program("t/bench/sink"), self.place.path("syslog")],
            self.place.load_core, stdout=subprocess.PIPE)
        if self.sink.stdout.readline() != b"ready\n":
            raise Failure("the log daemon did not start")
        return [*private_log.COMMAND, self.place.directory.name]

    def is_ready(self):
        if self.process.poll() is not None:
            self.said.seek(0)
            raise Failure("policyd ended with status %d: %s" % (
                self.process.returncode, self.said.read().decode()))
        return self.pids() and accepts(self.address)

    def pids(self):
        """pids - the server; the monitor sees no client and costs nothing"""
        number = self.process.pid
        with open("/proc/%d/task/%d/children" % (number, number)) as file:
            return [int(pid) for pid in file.read().split()]

    def between_runs(self):
        """between_runs - count the lines of a log file, and start it anew"""
        if self.log == "file":
            with open(self.lines_file, "rb") as file:
                while block := file.read(1 << 20):
                    self.lines += block.count(b"\n")
            os.truncate(self.lines_file, 0)

    def stop(self):
        """stop - ends it; self.lines: how many lines it has logged"""
        end(self.process)
        self.said.close()
        if self.sink is not None:
            self.sink.terminate()
            self.lines = int(self.sink.communicate(timeout=WAIT)[0] or 0)
            os.unlink(self.place.path("syslog"))
            os.rmdir(self.place.path("dev"))
