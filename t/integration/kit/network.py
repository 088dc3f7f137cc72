# SPDX-License-Identifier: ISC
"""Hosts with networks of their own: processes in network namespaces, each of
which is joined to this one by a line that can be cut. Needs root."""

import ctypes
import multiprocessing

from kit.postfix import run

CLONE_NEWNET = 0x40000000


def own_network():
    """own_network - for this process, and those that it starts from now on"""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")
    run("ip", "link", "set", "lo", "up")


def addresses(number):
    """addresses - of both ends of a line: here, and of that host"""
    return "10.9.%d.1" % number, "10.9.%d.2" % number


def live(pipe, number, make):
    """live - as that host: make() gives a context manager, whose methods are
    called as the other end of the pipe says"""
    own_network()
    pipe.send("begun")
    pipe.recv()
    run("ip", "address", "add", addresses(number)[1] + "/24", "dev", "eth0")
    run("ip", "link", "set", "eth0", "up")
    with make(addresses(number)[0]) as it:
        pipe.send("ready")
        while (order := pipe.recv()) is not None:
            name, arguments = order
            pipe.send(getattr(it, name)(*arguments))
    pipe.send("over")


class Host:
    """One of them; the process that makes it has a network of its own, too.
    Use as a context manager. If something fails there, it is printed, and the
    next answer is missing (EOFError)."""

    def __init__(self, number, make):
        self.line = "line%d" % number
        self.pipe, there = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(
            target=live, args=(there, number, make), daemon=False)
        self.process.start()
        there.close()
        self.pipe.recv()
        run("ip", "link", "add", self.line, "type", "veth", "peer", "name",
            "eth0", "netns", str(self.process.pid))
        run("ip", "address", "add", addresses(number)[0] + "/24", "dev",
            self.line)
        run("ip", "link", "set", self.line, "up")
        self.pipe.send("joined")

    def __enter__(self):
        self.pipe.recv()
        return self

    def __exit__(self, *_):
        if self.process.is_alive():
            self.pipe.send(None)
        self.process.join()
        assert self.process.exitcode == 0, "a host has failed"

    def begin(self, name, *arguments):
        """begin - call a method there"""
        self.pipe.send((name, arguments))

    def end(self):
        """end - what it has returned"""
        return self.pipe.recv()

    def do(self, name, *arguments):
        """do - both"""
        self.begin(name, *arguments)
        return self.end()

    def cut(self):
        """cut - the line: nothing arrives any more, and nobody is told"""
        run("ip", "link", "set", self.line, "down")

    def join(self):
        """join - it again"""
        run("ip", "link", "set", self.line, "up")
