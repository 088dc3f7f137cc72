# SPDX-License-Identifier: ISC
"""Everything at once: clients of all kinds, good and bad, over UNIX, TCP and
TLS, and of the metrics listener, while the configuration changes, is refused,
and servers are killed. Every reply is right to the byte, and none is missing
but those of connections that were to end: all of them with a server that is
killed, those in TLS at a reload.

usage: test_mixed.py POLICYD

More of it: POLICYD_SOAK_RELOADS=500 POLICYD_SOAK_KILLS=50. sh t/run soak does
this with AddressSanitizer and ThreadSanitizer.
"""

import contextlib
import os
import random
import re
import signal
import sys
import threading
import time

sys.path.insert(1, os.path.join(sys.path[0], os.pardir, "tools"))

from kit.daemon import (OURS, WAIT, Client, descriptors, exists, free_port,
                        run_all, wait_until)
from progress import Progress
from kit.questions import BATCH, QUESTIONS, REPLY_SETTINGS, Asked, judge
from kit.bad_clients import Bad
from kit.tls_daemon import client_hello

RELOADS = int(os.environ.get("POLICYD_SOAK_RELOADS", "12"))
KILLS = int(os.environ.get("POLICYD_SOAK_KILLS", "4"))
BROKEN = (b"", b"nonsense\n", b"a\0b", b"x = {" * 99, b"threads = 0\n")
LATE_S = 1                      # for a request, once it is connected
HELD = 30                       # connections that say nothing
PACE_S = 0.02                   # between two things that a client does


def plain(reply):
    """plain - without the id of the decision, which is another each time"""
    return re.sub(rb" \(id [0-9A-Z]{6}\)\n\n$", b"\n\n", reply)


class Upheaval:
    """What may close connections. The count is odd while it happens."""

    def __init__(self):
        self.count = 0

    @contextlib.contextmanager
    def happens(self):
        self.count += 1
        yield
        self.count += 1

    def excuses(self, mark):
        """excuses - the end of a connection that was made at that count"""
        return mark % 2 == 1 or self.count != mark


class Place(Asked):
    """A daemon with three listeners and one for metrics, whose configuration
    is the one or the other; each has its answers."""

    def __init__(self, program):
        self.inet = ("127.0.0.1", free_port())
        self.watched = free_port()
        super().__init__(program, 'listen "inet:%s:%d" { }\n' % self.inet +
                         'metrics "inet:127.0.0.1:%d" { }\n' % self.watched +
                         "request_timeout = %ds\n" % WAIT)
        text = self.read(self.config).replace("log_verdicts = { }\n", "")
        self.texts = [text + more + "threads = %d\n" % threads
                      for more, threads in zip(REPLY_SETTINGS, (2, 4))]
        self.current = 0
        self.write_config(self.texts[0])
        self.right = []         # the answers of each
        self.kills, self.reloads = Upheaval(), Upheaval()
        self.done = {"reloads": 0, "refused": 0, "kills": 0}

    def answers(self):
        """answers - to all questions, now"""
        with self.client() as client:
            client.send(BATCH)
            return [plain(client.reply()) for _ in QUESTIONS]

    def learn(self):
        """learn - the right answers of either text"""
        for number in (1, 0):
            self.change(number)
            self.right.insert(0, self.answers())
            judge(self.right[0], complete=True)
        assert self.right[0] != self.right[1]

    def check_current(self):
        """check_current - the answers are those of what is in force"""
        answers, right = self.answers(), self.right[self.current]
        assert answers == right, [pair for pair in zip(answers, right)
                                  if pair[0] != pair[1]]

    def change(self, number):
        """change - to that configuration"""
        self.write_config(self.texts[number])
        with self.reloads.happens():
            self.reload()
        self.current = number
        self.done["reloads"] += 1

    def refuse(self, number):
        """refuse - a configuration that is none; nothing changes"""
        self.write_config(BROKEN[number % len(BROKEN)])
        self.reload_refused()
        self.done["refused"] += 1

    def kill(self, pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.done["kills"] += 1

    def kill_server(self):
        """kill_server - the one that serves; the next has the same text"""
        with self.kills.happens():
            mark = self.mark()
            self.kill(self.server())
            self.expect(r"serving: server \d+", mark)

    def kill_meanwhile(self, chance):
        """kill_meanwhile - any of the servers while one replaces the other"""
        self.write_config(self.texts[1 - self.current])
        with self.kills.happens(), self.reloads.happens():
            mark = self.mark()
            self.signal(signal.SIGHUP)
            time.sleep(chance.random() * 0.3)
            self.kill(chance.choice(self.servers() or [0x7fffffff]))
            self.wait_until(lambda: self.settled(mark), "one that serves")
        self.current = self.right.index(self.answers())

    def settled(self, mark):
        """settled - nothing goes on any more in the monitor"""
        said = self.read(self.log, mark)
        serves = re.findall(r"(?:reloaded|serving): server (\d+)", said)
        servers = self.servers()
        return len(servers) == 1 and (
            serves[-1:] == ["%d" % servers[0]] or "reload failed" in said)

    def left(self):
        """left - processes that are ours"""
        found = []
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if name.isdigit() and \
                        self.config in self.read("/proc/%s/cmdline" % name):
                    found.append(int(name))
        return [pid for pid in found if exists(pid)]


class Talker(threading.Thread):
    """Somebody who does one thing again and again until it is over."""

    def __init__(self, place, name):
        super().__init__(name=name)
        self.place = place
        self.over = False
        self.count = self.lost = 0
        self.error = None

    def run(self):
        try:
            while not self.over:
                self.talk()
        except Exception as error:
            self.error = error


class Asking(Talker):
    """A client that asks all questions, and connects again where it may."""

    def __init__(self, place, name, connect, tls=False):
        super().__init__(place, name)
        self.connect = connect
        self.may_end = [place.kills] + [place.reloads] * tls

    def talk(self):
        """talk - as long as a connection lasts"""
        marks = [upheaval.count for upheaval in self.may_end]
        try:
            with self.connect() as client:
                while not self.over and self.ask_all(client):
                    time.sleep(PACE_S)
            if self.over:
                return
        except TimeoutError:
            raise
        except OSError:                 # ssl.SSLError is one
            pass
        assert any(upheaval.excuses(mark) for upheaval, mark
                   in zip(self.may_end, marks)), self.name + ": closed"
        self.lost += 1

    def ask_all(self, client):
        """ask_all - in one batch; are all answers there?"""
        client.send(BATCH)
        return all(self.judge(number, client.reply())
                   for number in range(len(QUESTIONS)))

    def judge(self, number, reply):
        """judge - right, or the end"""
        if reply == b"":
            return False
        right = [answers[number] for answers in self.place.right]
        assert plain(reply) in right, (self.name, QUESTIONS[number][0], reply)
        self.count += 1
        return True


class Single(Asking):
    """A client that waits for each answer."""

    def ask_all(self, client):
        return all(self.judge(number, client.ask(text))
                   for number, (text, _) in enumerate(QUESTIONS))


class Slow(Asking):
    """A client whose requests come in pieces."""

    def ask_all(self, client):
        for number, (text, _) in enumerate(QUESTIONS):
            for begin in range(0, len(text), 64):
                client.send(text[begin:begin + 64])
                time.sleep(PACE_S)
            if not self.judge(number, client.reply()):
                return False
        return True


class Watcher(Talker):
    """What asks for metrics, health and the page. Its connection, too, ends
    only with a server that is killed; but a server that leaves does not wait
    for more than two seconds for a request that is not there yet."""

    PAGES = (("/metrics", b"policyd_decisions_total"), ("/healthz", b"ok"),
             ("/", b"<html"))

    def talk(self):
        path, expected = self.PAGES[self.count % len(self.PAGES)]
        mark = self.place.kills.count
        begin = time.monotonic()
        with Client(("127.0.0.1", self.place.watched)) as client:
            reply = b""
            try:
                client.send(b"GET %s HTTP/1.0\r\n\r\n" % path.encode())
                took = time.monotonic() - begin
                while data := client.socket.recv(65536):
                    reply += data
            except ConnectionError:
                took = time.monotonic() - begin
        if reply.startswith(b"HTTP/1.0 200 ") and expected in reply:
            self.count += 1
        else:
            assert self.place.kills.excuses(mark) or took > LATE_S, (
                path, reply, took)
            self.lost += 1
        time.sleep(PACE_S)


class Hostile(Talker, Bad):
    """Whoever does not keep to any rule; none of them gets an answer."""

    def __init__(self, place):
        Bad.__init__(self, place, place.inet)
        Talker.__init__(self, place, "hostile")
        self.kinds += [self.abort, self.half_hello, self.silent, self.noise]
        self.chance = random.Random(2)

    def talk(self):
        self.next()
        while len(self.held) > HELD:
            self.held.popleft().close()
        time.sleep(PACE_S)

    def stranger(self):
        """stranger - without a certificate"""
        with self.policyd.tls_client(self.nobody) as client:
            assert client.ask(OURS) == b""

    def abort(self):
        """abort - a handshake, by a reset after the first message"""
        client = Client(self.policyd.tls)
        client.send(client_hello())
        client.reset()

    def half_hello(self):
        """half_hello - and no more"""
        client = Client(self.policyd.tls)
        client.send(client_hello()[:100])
        self.held.append(client)

    def silent(self):
        """silent - one of each listener"""
        for address in (self.policyd.socket, self.address, self.policyd.tls):
            self.held.append(Client(address))

    def noise(self):
        """noise - bytes at random, with an end like that of a request"""
        for address in (self.policyd.socket, self.address):
            with Client(address) as client:
                client.send(self.chance.randbytes(300) + b"\n\n")
                assert client.reply() == b""


def talkers(place):
    """talkers - all of them, not begun"""
    context = place.context()

    def tls():
        return place.tls_client(context)

    def inet():
        return Client(place.inet)
    return [Asking(place, "unix", place.client),
            Single(place, "unix one by one", place.client),
            Slow(place, "unix slow", place.client),
            Asking(place, "inet", inet), Single(place, "inet one by one", inet),
            Slow(place, "inet slow", inet),
            Asking(place, "tls", tls, True),
            Single(place, "tls one by one", tls, True),
            Slow(place, "tls slow", tls, True),
            Watcher(place, "metrics"), Hostile(place)]


def fine(crowd):
    """fine - nobody among them has found a fault"""
    for talker in crowd:
        if talker.error is not None:
            raise talker.error


def trouble(place, crowd, progress):
    """trouble - all reloads, with the kills among them"""
    chance = random.Random(3)
    for number in range(RELOADS):
        busy = [talker.count for talker in crowd]
        if number % 5 == 4:
            place.refuse(number // 5)
        else:
            place.change(1 - place.current)
        place.check_current()
        while place.done["kills"] < KILLS * (number + 1) // RELOADS:
            if place.done["kills"] % 2:
                place.kill_meanwhile(chance)
            else:
                place.kill_server()
            place.check_current()
        # As busy as it was meant to be, however slow this machine is.
        wait_until(lambda: fine(crowd) or all(
            talker.count > count for talker, count in zip(crowd, busy)),
                   "all kinds of clients")
        progress.step()


def test_mixed(program):
    """no report of a sanitizer, no wrong answer, nothing left"""
    with Place(program) as place:
        begin = time.monotonic()
        before = descriptors(place.monitor)
        place.learn()
        crowd = talkers(place)
        for talker in crowd:
            talker.start()
        try:
            with Progress(RELOADS, "reloads") as progress:
                trouble(place, crowd, progress)
        finally:
            for talker in crowd:
                talker.over = True
            for talker in crowd:
                talker.join()
        fine(crowd)
        crowd[-1].end()
        wait_until(lambda: descriptors(place.monitor) == before,
                   "%d descriptors of the monitor" % before)
        place.check_current()
        assert place.stop() == 0
        place.no_crash(0)
        deaths = re.findall(r"(?: died|which was leaving): (.*)",
                            place.read(place.log))
        assert all("was killed by signal 9" in death for death in deaths), \
            deaths
        assert len(deaths) <= place.done["kills"]
        wait_until(lambda: not place.left(), "the end of all processes")
        print("  %.0f s: %s; %d deaths" % (
            time.monotonic() - begin, place.done, len(deaths)))
        for talker in crowd:
            print("  %-16s %8d answers, %4d connections lost" % (
                talker.name, talker.count, talker.lost))


if __name__ == "__main__":
    sys.exit(run_all([test_mixed]))
