# SPDX-License-Identifier: ISC
"""A server that was taken over: what it can do to later servers.
Nothing, when it is held; and when it is not, the monitor finds it out."""

import os
import signal
import stat
import subprocess
import sys

from kit.daemon import (OURS, PERMIT, WAIT, Client, Daemon, descriptors,
                        exists, free_port, run_all, wait_until)
from kit.processes import contained, cpu
from kit.supervised import Supervised, listening

CHANGES = ("shutdown", "disconnect", "filter", "occupy", "block", "owner",
           "time", "pace", "defer")


def preloaded(program, held):
    """preloaded - the environment that lets somebody in; held: True without
    Landlock, None with it, False by nothing"""
    library = os.path.join(os.path.dirname(os.path.abspath(program)), "t",
                           "attacker.so")
    assert os.path.exists(library), library
    names = {True: ["ATTACKER_FILTERED"], False: ["ATTACKER_UNHELD"], None: []}
    return {"LD_PRELOAD": library, **{name: "1" for name in names[held]},
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
            ":verify_asan_link_order=0"}


class Victim(Daemon):
    """policyd with somebody in its servers."""

    def __init__(self, program, *, held):
        self.port = free_port()
        self.held = held
        super().__init__(program, 'listen "inet:127.0.0.1:%d" { }\n'
                         "threads = 1" % self.port)

    def launch(self):
        with open(self.path("stderr"), "ab") as stderr:
            self.process = subprocess.Popen(
                [self.program, "-c", self.config, *self.options],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr,
                env={**os.environ, **preloaded(self.program, self.held),
                     "ATTACKER_LINGERS": self.path("lingers")})

    def linger(self):
        """linger - from now on the monitor does not see any server end"""
        with open(self.path("lingers"), "w"):
            pass

    def let_go(self):
        """let_go - it sees that they have, when the next one does"""
        os.unlink(self.path("lingers"))

    def attack(self, word):
        """attack - and wait until it is over"""
        with self.client() as client:
            client.send(b"attack=%s\n\n" % word.encode())
            assert client.reply() == b""

    def answers(self):
        """answers - at both sockets, soon"""
        for address in (self.socket, ("127.0.0.1", self.port)):
            with Client(address) as client:
                assert client.ask(OURS) == PERMIT, address


def test_held(program):
    """it is killed when it tries, with Landlock or without; nothing has changed"""
    if not contained(program):
        print("  built without seccomp: what it would stop is test_changes")
        return
    tries = [(change, True) for change in CHANGES] + [(CHANGES[0], None)]
    for change, held in tries:
        with Victim(program, held=held) as policyd:
            policyd.breaks_out = True
            policyd.attack(change)
            policyd.expect(r"killed by signal 31")
            wait_until(lambda: policyd.read(policyd.log).count("serving: ")
                       == 2, "the replacement")
            policyd.answers()
            assert "reopening the socket" not in policyd.read(policyd.log)
            assert policyd.stop() == 0


def test_changes(program):
    """not held, it changes the listening sockets and dies: its replacement has
    new ones"""
    for change in CHANGES:
        with Victim(program, held=False) as policyd:
            policyd.answers()
            mark = policyd.mark()
            policyd.attack(change)
            os.kill(policyd.server(), signal.SIGKILL)
            policyd.expect(r"serving: server \d+", mark)
            said = policyd.read(policyd.log, mark)
            assert said.count("reopening the socket") == 2, (change, said)
            policyd.answers()
            mark = policyd.mark()
            policyd.reload()
            policyd.answers()
            assert "reopening the socket" not in policyd.read(policyd.log, mark)
            assert policyd.stop() == 0
            assert not os.path.exists(policyd.socket)


def test_changes_before_reload(program):
    """likewise, while it continues to serve: a reload ends it"""
    for change in ("filter", "shutdown", "occupy"):
        with Victim(program, held=False) as policyd:
            guilty = policyd.server()
            mark = policyd.mark()
            policyd.attack(change)
            policyd.signal(signal.SIGHUP)
            policyd.expect(r"server %d died: a listening socket was changed" %
                           guilty, mark)
            policyd.expect(r"serving: server \d+", mark)
            policyd.answers()
            assert policyd.stop() == 0


def test_changes_and_lingers(program):
    """likewise, and its process ends when the next server is long ready"""
    with Victim(program, held=False) as policyd:
        guilty = policyd.server()
        mark = policyd.mark()
        policyd.linger()
        policyd.attack("shutdown")
        policyd.signal(signal.SIGHUP)
        policyd.expect(r"server %d died: a listening socket was changed" %
                       guilty, mark)
        policyd.expect(r"serving: server \d+", mark)
        wait_until(lambda: not exists(guilty), "its end")
        policyd.answers()
        policyd.let_go()
        assert policyd.stop() == 0
        said = policyd.read(policyd.log, mark)
        assert "reloaded: " not in said and "leaving" not in said, said


def test_inherited(program):
    """sockets that were inherited are reopened, too, with the mode of the
    listen section"""
    policyd = Supervised(program, preloaded(program, held=False))
    port = free_port()
    policyd.configure('listen "inet:127.0.0.1:%d" { }\nthreads = 1' % port)
    with listening(policyd.socket) as unix, \
            listening(("127.0.0.1", port)) as inet:
        policyd.sockets = [unix, inet]
        with policyd:
            assert policyd.ask() == PERMIT
            mark = policyd.mark()
            with policyd.client() as client:
                client.send(b"attack=shutdown\n\n")
                assert client.reply() == b""
            os.kill(policyd.server(), signal.SIGKILL)
            policyd.expect(r"serving: server \d+", mark)
            said = policyd.read(policyd.log, mark)
            assert said.count("restart the supervisor") == 2, said
            for address in (policyd.socket, ("127.0.0.1", port)):
                with Client(address) as client:
                    assert client.ask(OURS) == PERMIT, address
            assert stat.S_IMODE(os.lstat(policyd.socket).st_mode) == 0o666
            policyd.reload()
            assert policyd.ask() == PERMIT
            assert policyd.stop() == 0


def test_changes_alone(program):
    """likewise, and nothing else happens: the monitor looks from time to time"""
    with Victim(program, held=False) as policyd:
        mark = policyd.mark()
        policyd.attack("shutdown")
        policyd.expect(r"died: a listening socket was changed", mark)
        policyd.expect(r"serving: server \d+", mark)
        policyd.answers()


def test_hand_over(program):
    """at a reload it gives anything but its connections: the next server serves,
    and so do those after it"""
    for what in ("channel", "listener", "file", "blocking", "packets",
                 "farewell", "nonsense"):
        # The filter would not let it make a pair for packets.
        held = False if what == "packets" else None
        with Victim(program, held=held) as policyd:
            clients = [policyd.client() for _ in range(5)]
            for client in clients:
                assert client.ask(OURS) == PERMIT
            policyd.attack("give-" + what)
            for _ in range(3):
                policyd.reload()
                policyd.answers()
            for client in clients:
                client.close()
            wait_until(lambda: len(policyd.servers()) == 1, "the others' end")
            server = policyd.server()
            before = cpu(server)
            policyd.answers()
            wait_until(lambda: descriptors(server) in (None, idle(program)),
                       "nothing that was given stays: %s" % what)
            assert cpu(server) - before < 1, what
            assert policyd.stop() == 0


def idle(program, known={}):
    """idle - descriptors of a server that nobody asks"""
    if program not in known:
        with Victim(program, held=None) as policyd:
            policyd.reload()
            wait_until(lambda: len(policyd.servers()) == 1, "one server")
            known[program] = descriptors(policyd.server())
    return known[program]


def test_gives_nothing(program):
    """it does not hand over at all: the monitor ends it, and the reload"""
    with Victim(program, held=None) as policyd, policyd.client() as client:
        assert client.ask(OURS) == PERMIT
        guilty = policyd.server()
        policyd.attack("give-nothing")
        mark = policyd.mark()
        policyd.signal(signal.SIGHUP)
        wait_until(lambda: len(policyd.servers()) == 2, "the next one")
        policyd.signal(signal.SIGHUP)       # waits for the first one
        policyd.answers()
        wait_until(lambda: not exists(guilty), "its end", WAIT + 20)
        wait_until(lambda: policyd.read(policyd.log, mark).count(
            "reloaded: server") == 2, "both reloads")
        policyd.answers()


if __name__ == "__main__":
    sys.exit(run_all([test_held, test_changes, test_changes_before_reload,
                      test_changes_and_lingers, test_inherited,
                      test_changes_alone, test_hand_over,
                      test_gives_nothing]))
