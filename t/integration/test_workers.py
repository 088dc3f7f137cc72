# SPDX-License-Identifier: ISC
"""threads = N: connections are spread, counted together, and none is lost."""

import contextlib
import glob
import os
import re
import signal
import sys
import threading

from kit.daemon import (Client, Daemon, OURS, PERMIT, THEIRS, WAIT, run_all,
                        wait_until)

CONNECTIONS = 80
OTHERS = 6              # descriptors of a loop beside the connections


def tasks(policyd):
    """tasks - the threads of the server, that of ThreadSanitizer left out: the
    first that it starts"""
    found = os.listdir("/proc/%d/task" % policyd.server())
    with open("/proc/%d/maps" % policyd.server()) as maps:
        if "libtsan" in maps.read():
            del found[1:2]
    return found


def watched(policyd):
    """watched - how many descriptors each event loop waits for"""
    counts = []
    for path in glob.glob("/proc/%d/fdinfo/*" % policyd.server()):
        with contextlib.suppress(FileNotFoundError), open(path) as file:
            count = len(re.findall(r"^tfd:", file.read(), re.M))
            if count > 0:
                counts.append(count)
    return sorted(counts)


def waits(policyd):
    """waits - how often each thread has gone to sleep, once all of them sleep:
    with work to do now and then, about as often as it got some. (A thread
    about to sleep counts as asleep, and is woken without having slept.)"""
    counts = {}

    def all_sleep():
        counts.clear()
        for task in tasks(policyd):
            with open("/proc/%d/task/%s/status"
                      % (policyd.server(), task)) as file:
                state, count = re.search(
                    r"^State:\s+(\w).*^voluntary_ctxt_switches:\s+(\d+)",
                    file.read(), re.M | re.S).groups()
            if state != "S":
                return False
            counts[task] = int(count)
        return True
    wait_until(all_sleep, "no thread has work to do")
    return counts


def assert_spread(policyd, clients, request, answer):
    """assert_spread - each of four threads has its share of connections, and of
    the work"""
    share = len(clients) / 4
    # What was dealt to a thread comes into its loop a little later.
    wait_until(lambda: sum(watched(policyd)) >= len(clients), "connections")
    counts = watched(policyd)
    assert len(counts) == 4, counts
    assert share <= counts[0] and counts[-1] <= share + OTHERS, counts
    before = waits(policyd)
    for client in clients:
        client.send(request)
        assert client.reply().startswith(answer)
        # Or a thread may continue with the next one without having slept.
        after = waits(policyd)
    assert all(after[task] - before[task] >= share / 2 for task in after), (
        before, after)


def counters(policyd):
    """counters - what SIGUSR1 brings into the log"""
    mark = policyd.mark()
    policyd.signal(signal.SIGUSR1)
    policyd.expect(r"counters: .*failed_tables=\d+\n", mark)
    return {name: int(number) for name, number in re.findall(
        r"(\w+)=(\d+)", policyd.read(policyd.log)[mark:])}


def test_number(program):
    """as many as the configuration says, after a reload too"""
    with Daemon(program, "threads = 1\n") as policyd:
        assert len(tasks(policyd)) == 1
        for number in (3, 64, 2, 1):
            policyd.configure("threads = %d\n" % number)
            policyd.reload()
            assert len(tasks(policyd)) == number
            assert policyd.ask() == PERMIT
        policyd.configure()
        policyd.reload()
        assert len(tasks(policyd)) == min(
            4, len(os.sched_getaffinity(0)))


def test_spread(program):
    """each thread has its share of connections, and of the work"""
    with Daemon(program, "threads = 4\n") as policyd:
        clients = [Client(policyd.socket) for _ in range(CONNECTIONS)]
        for client in clients:
            assert client.ask(OURS) == PERMIT
        assert_spread(policyd, clients, THEIRS, b"action=554")
        found = counters(policyd)
        assert found["permit"] == found["reject"] == CONNECTIONS, found
        assert found["open"] == found["connections"] == CONNECTIONS, found
        for client in clients:
            client.close()
        wait_until(lambda: counters(policyd)["open"] == 0, "all are closed")


def test_spread_again(program):
    """connections that a reload passes on are spread anew"""
    with Daemon(program, "threads = 1\n") as policyd:
        clients = [Client(policyd.socket) for _ in range(CONNECTIONS)]
        for client in clients:
            assert client.ask(OURS) == PERMIT
            client.send(THEIRS[:30])
        policyd.configure("threads = 4\n")
        assert policyd.reload() == CONNECTIONS
        assert_spread(policyd, clients, THEIRS[30:], b"action=554")
        assert counters(policyd)["handed_over"] == CONNECTIONS
        for client in clients:
            client.close()


def test_limit(program):
    """max_connections counts those of all threads; who waits is served"""
    limit = 8
    with Daemon(program, "threads = 4\nmax_connections = %d\n"
                % limit) as policyd:
        clients = []
        for _ in range(5 * limit):
            clients.append(Client(policyd.socket))
            clients[-1].send(OURS)
        for client in clients[:limit]:
            assert client.reply() == PERMIT
        assert counters(policyd)["open"] == limit
        for number, client in enumerate(clients):
            if number >= limit:
                assert client.reply() == PERMIT
            client.close()
        assert policyd.ask() == PERMIT


def test_drain(program):
    """TERM: what has arrived whole is answered, whoever has it"""
    with Daemon(program, "threads = 4\n") as policyd:
        clients = [Client(policyd.socket) for _ in range(CONNECTIONS)]
        for client in clients:
            assert client.ask(OURS) == PERMIT
        for client in clients:
            client.send(OURS * 20)
        policyd.signal(signal.SIGTERM)
        for client in clients:
            for _ in range(20):
                assert client.reply() == PERMIT
            assert client.reply() == b""
        assert policyd.wait() == 0


def test_reload_and_close(program):
    """reloads while connections come and go: every request is answered"""
    with Daemon(program, "threads = 4\n") as policyd:
        stop = threading.Event()
        failed = []

        def come_and_go():
            while not stop.is_set():
                with Client(policyd.socket) as client:
                    for _ in range(3):
                        if client.ask(OURS) != PERMIT:
                            failed.append("no answer")
        threads = [threading.Thread(target=come_and_go) for _ in range(8)]
        for thread in threads:
            thread.start()
        for number in range(20):
            policyd.configure("threads = %d\n" % (1 + number % 5))
            policyd.reload()
        stop.set()
        for thread in threads:
            thread.join(WAIT)
        assert not failed, failed


if __name__ == "__main__":
    sys.exit(run_all((test_number, test_spread, test_spread_again, test_limit,
                      test_drain, test_reload_and_close)))
