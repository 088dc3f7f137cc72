# SPDX-License-Identifier: ISC
"""What clients may send, and what they get: splits, batches, limits, bad
bytes, slow and half-closed and vanishing clients, the limit of connections,
-s."""

import contextlib
import glob
import os
import re
import signal
import socket
import subprocess
import sys
import time

from kit.daemon import (Client, Daemon, OURS, PERMIT, THEIRS, WAIT,
                        descriptors, free_port, run_all, wait_until)

CAPTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        os.pardir, "data", "captures")


def captures():
    """captures - all requests that a real Postfix has sent"""
    files = sorted(glob.glob(os.path.join(CAPTURES, "*.req")))
    assert len(files) > 50, "no captures in " + CAPTURES
    return [open(name, "rb").read() for name in files]


def plain(reply):
    """plain - without the id, which is another one for each reply"""
    return re.sub(rb" \(id [0-9A-Z]+\)", b"", reply)


def test_captures(program):
    """each capture gets one reply; all in one write get the same"""
    with Daemon(program) as policyd:
        requests = captures()
        with policyd.client() as client:
            single = [plain(client.ask(request)) for request in requests]
        assert all(reply.startswith(b"action=") for reply in single)
        assert any(reply == PERMIT for reply in single)
        with policyd.client() as client:
            client.send(b"".join(requests))
            assert [plain(client.reply()) for _ in requests] == single


def test_later_postfix(program):
    """what later versions of Postfix may add changes no answer, and is not
    logged: the attribute of 3.12, and ones that nobody knows yet"""
    unknown = [b"tls_sni=mail.example.com", b"tls_sni=", b"x_future=",
               b"x_future=a=b \xc3\xa4\xff\x01", b"Recipient=a@far.example",
               b"recipient_=a@far.example", b"x.y-z=1",
               b"x" * 300 + b"=" + b"y" * 1000]
    with Daemon(program) as policyd, policyd.client() as client:
        for request in captures():
            lines = request[:-2].split(b"\n")
            answer = plain(client.ask(request))
            before = policyd.read(policyd.log).count("warning")
            for number, line in enumerate(unknown):
                place = number * len(lines) // (len(unknown) - 1)
                assert plain(client.ask(b"\n".join(
                    lines[:place] + [line] + lines[place:]) + b"\n\n")
                             ) == answer, (line, request)
            assert plain(client.ask(b"\n".join(lines + unknown) + b"\n\n")
                         ) == answer, request
            after = policyd.read(policyd.log)
            assert after.count("warning") == before, after


def test_splits(program):
    """every split in two, and single bytes, change nothing"""
    with Daemon(program) as policyd:
        for request in captures():
            with policyd.client() as client:
                whole = plain(client.ask(request))
                for place in range(1, len(request)):
                    client.send(request[:place])
                    client.send(request[place:])
                    assert plain(client.reply()) == whole, place
                for place in range(len(request)):
                    client.send(request[place:place + 1])
                assert plain(client.reply()) == whole


def test_batches(program):
    """100 requests in one write, and more than the buffers hold"""
    with Daemon(program) as policyd:
        for count in (10, 100, 5000):
            with policyd.client() as client:
                client.socket.setblocking(True)
                sent = (OURS + THEIRS) * (count // 2)
                done = 0
                # Reading must continue, or both sides wait for each other.
                while done < count:
                    if sent:
                        client.socket.settimeout(0 if done < count else None)
                        try:
                            sent = sent[client.socket.send(sent):]
                        except BlockingIOError:
                            pass
                        client.socket.settimeout(WAIT)
                    reply = client.reply()
                    assert (reply == PERMIT) == (done % 2 == 0), done
                    done += 1


def closes(policyd, data, why):
    """closes - no reply, the connection ends, the log says why"""
    mark = policyd.mark()
    with policyd.client() as client:
        try:
            client.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert client.reply() == b"", data[:80]
    policyd.expect(why, mark)


def test_limits(program):
    """at the limit it is answered, above it the connection is closed"""
    head = OURS[:-1]

    def line(length):
        return head + b"x=" + b"y" * (length - 2) + b"\n\n"

    def attributes(count):
        return head + b"".join(
            b"x%d=\n" % number
            for number in range(count - head.count(b"\n"))) + b"\n"

    def size(length):
        request = head
        while length - len(request) > 8000:
            request += b"x=" + b"y" * 4000 + b"\n"
        return request + b"x=" + b"y" * (length - len(request) - 4) + b"\n\n"

    with Daemon(program) as policyd:
        for make, limit, why in ((line, 8192, "line longer"),
                                 (attributes, 128, "more than 128"),
                                 (size, 65536, "over 65536")):
            assert policyd.ask(make(limit - 1)) == PERMIT, (why, -1)
            assert policyd.ask(make(limit)) == PERMIT, (why, 0)
            closes(policyd, make(limit + 1), why)
        closes(policyd, b"x" * 200000, "line longer")
        assert policyd.ask() == PERMIT


def test_malformed(program):
    """no reply, one warning; replies to those before it are written"""
    with Daemon(program) as policyd:
        for data in (OURS.replace(b"sender", b"sen\0der"), b"\n",
                     b"no equals sign\n\n", b"=value\n\n",
                     b"request=junk\n\n", b"protocol_state=RCPT\n\n",
                     OURS.replace(b"sender=", b"recipient=x@y\nsender=")):
            closes(policyd, data, "malformed")
            mark = policyd.mark()
            with policyd.client() as client:
                client.send(OURS * 3 + data)
                assert [client.reply() for _ in range(4)] == (
                    [PERMIT] * 3 + [b""]), data
            policyd.expect("malformed", mark)
        mark = policyd.mark()
        policyd.signal(signal.SIGUSR1)
        policyd.expect(r"malformed=14 ", mark)      # each counted once,
        assert policyd.read(policyd.log).count("malformed request") == 14


def test_half_close(program):
    """what was whole is answered, then the connection is closed"""
    with Daemon(program) as policyd:
        for data, count in ((OURS, 1), (OURS * 50, 50),
                            (OURS * 2 + OURS[:40], 2), (OURS[:40], 0)):
            mark = policyd.mark()
            with policyd.client() as client:
                client.send(data)
                client.socket.shutdown(socket.SHUT_WR)
                for _ in range(count):
                    assert client.reply() == PERMIT
                assert client.reply() == b""
            if data.endswith(OURS[:40]):
                policyd.expect("ended within a request", mark)


def test_slow(program):
    """the time of a request runs from its first byte; others are served"""
    settings = "request_timeout = 1s\n"
    with Daemon(program, settings) as policyd, policyd.client() as slow:
        with policyd.client() as other:
            start = time.monotonic()
            with contextlib.suppress(BrokenPipeError):
                for place in range(len(OURS) - 1):      # never all of it
                    slow.send(OURS[place:place + 1])
                    assert other.ask(OURS) == PERMIT
                    time.sleep(0.02)
            assert slow.reply() == b""
            assert time.monotonic() - start > 0.9
        policyd.expect("not complete in time")


def test_idle(program):
    """an idle connection is closed late, and silently"""
    # With more time if we ourselves were too late to keep it open.
    assert any(idle(program, limit) for limit in (1, 4, 16, 64))


def idle(program, limit):
    """idle - with that limit; False: the connection was idle for longer, as
    we did not ask in time"""
    with Daemon(program, "idle_timeout = %ds\n" % limit) as policyd, \
            policyd.client() as client:
        mark = policyd.mark()
        start = asked = time.monotonic()
        while asked < start + 1.3 * limit:
            time.sleep(0.05)
            before, asked = asked, time.monotonic()
            try:
                answer = client.ask(OURS)
            except BrokenPipeError:
                answer = b""
            if answer != PERMIT:
                assert asked - before > 0.9 * limit, (asked - before, answer)
                return False
        assert client.reply() == b""
        assert time.monotonic() - asked > 0.9 * limit
        assert "malformed" not in policyd.read(policyd.log)[mark:]
        return True


def test_unread(program):
    """a client that does not read replies is no longer read, then closed"""
    with Daemon(program, "reply_timeout = 1s\n") as policyd:
        with policyd.client() as client:
            client.fill(policyd.server(), OURS * 200)
            policyd.expect("reply not taken in time")
        assert policyd.ask() == PERMIT


def test_aborts(program):
    """resets at any moment leave nothing behind"""
    port = free_port()
    listen = 'listen "inet:127.0.0.1:%d" { }\n' % port
    with Daemon(program, listen) as policyd:
        server = policyd.server()
        before = descriptors(server)
        for number in range(1500):
            client = Client(("127.0.0.1", port))
            client.send((b"", OURS[:30], OURS, OURS * 20)[number % 4])
            client.reset()
        if before is not None:
            wait_until(lambda: descriptors(server) == before,
                       "descriptors back at %d" % before)
        assert policyd.ask() == PERMIT
        assert policyd.server() == server


def test_inet6(program):
    """IPv4 and IPv6 on one port"""
    port = free_port("::1")
    settings = ('listen "inet:[::1]:%d" { }\nlisten "inet:127.0.0.1:%d" { }\n'
                % (port, port))
    with Daemon(program, settings) as policyd:
        for address in ("::1", "127.0.0.1"):
            with policyd.client((address, port)) as client:
                assert client.ask(OURS) == PERMIT
                client.send(b"bad\n\n")
                assert client.reply() == b""
        policyd.expect(r"from inet:\[::1\]:\d+: ")
        policyd.expect(r"from inet:127.0.0.1:\d+: ")


def test_max_connections(program):
    """the limit reached, accepting pauses; all are answered in the end"""
    with Daemon(program, "max_connections = 8\n") as policyd:
        clients = []
        for _ in range(30):
            clients.append(policyd.client())
            clients[-1].send(OURS)
        for client in clients[:8]:
            assert client.reply() == PERMIT
        clients[8].socket.settimeout(0.1)
        try:
            clients[8].reply()
            raise AssertionError("more than max_connections")
        except (TimeoutError, socket.timeout):
            clients[8].socket.settimeout(WAIT)
        for number, client in enumerate(clients):
            if number >= 8:
                assert client.reply() == PERMIT, number
            client.close()


def test_stdio(program):
    """-s with a socket, pipes and files"""
    policyd = Daemon(program)
    try:
        command = [policyd.program, "-s", "-c", policyd.config]
        sent = OURS * 3 + THEIRS
        for _ in range(2):
            done = subprocess.run(command, input=sent, capture_output=True,
                                  timeout=WAIT)
            assert done.returncode == 0, done
            assert done.stdout.count(PERMIT) == 3, done
            assert done.stdout.count(b"\n\n") == 4, done
        with open(policyd.path("in"), "wb") as file:
            file.write(sent)
        with open(policyd.path("in"), "rb") as given, \
                open(policyd.path("out"), "wb") as taken:
            subprocess.run(command, stdin=given, stdout=taken, timeout=WAIT,
                           check=True)
        text = open(policyd.path("out"), "rb").read()
        assert text.count(PERMIT) == 3 and text.count(b"\n\n") == 4, text
        ours, theirs = socket.socketpair()
        child = subprocess.Popen(command, stdin=theirs, stdout=theirs)
        theirs.close()
        ours.sendall(OURS)
        assert ours.recv(1000) == PERMIT
        ours.close()
        assert child.wait(WAIT) == 0
        for output, why in (("/dev/full", "No space left"),
                            ("&-", "Bad file descriptor")):
            done = subprocess.run(
                ["sh", "-c", 'exec "$0" "$@" >' + output] + command,
                input=OURS, timeout=WAIT, check=False)
            assert done.returncode == 74, (output, done)
            assert "the reply could not be written: " + why in \
                policyd.read(policyd.log), output
        ours, theirs = socket.socketpair()
        ours.sendall(OURS)
        ours.close()
        done = subprocess.run(command, stdin=theirs, stdout=theirs, timeout=WAIT,
                              check=False)
        theirs.close()
        assert done.returncode == 74, done
        child = subprocess.Popen(command, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
        child.stdin.write(OURS)
        child.stdin.flush()
        assert child.stdout.read(len(PERMIT)) == PERMIT
        child.send_signal(signal.SIGTERM)
        assert child.wait(WAIT) == -signal.SIGTERM
        child.stdin.close()
        child.stdout.close()
    finally:
        policyd.__exit__()


if __name__ == "__main__":
    sys.exit(run_all([
        test_captures, test_later_postfix, test_splits, test_batches,
        test_limits, test_malformed, test_half_close, test_slow, test_idle,
        test_unread, test_aborts, test_inet6, test_max_connections,
        test_stdio]))
