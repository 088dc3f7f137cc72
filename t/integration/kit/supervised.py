# SPDX-License-Identifier: ISC
"""policyd as a supervisor starts it, and sockets that were there before."""

import os
import socket
import subprocess

from kit.daemon import Daemon

SHELL = 'LISTEN_PID=$$ LISTEN_FDS=%d exec "$@"'


class Supervised(Daemon):
    """policyd as a supervisor starts it, with these variables and sockets."""

    def __init__(self, program, environment, sockets=(), **options):
        super().__init__(program, **options)
        self.environment = environment
        self.sockets = sockets

    def launch(self):
        command = [self.program, "-c", self.config, *self.options]
        if self.sockets:
            # They become 3, 4, ... and the shell knows its own number.
            moves = " ".join("%d<&%d" % (3 + number, one.fileno())
                             for number, one in enumerate(self.sockets))
            moves += "".join(" %d<&-" % one.fileno() for one in self.sockets
                             if one.fileno() >= 3 + len(self.sockets))
            command = ["sh", "-c", "exec %s; " % moves +
                       SHELL % len(self.sockets), "sh", *command]
        with open(self.path("stderr"), "ab") as stderr:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stderr,
                stderr=stderr, env={**os.environ, **self.environment},
                pass_fds=[one.fileno() for one in self.sockets])


def listening(address):
    """listening - a socket that was there before policyd"""
    family = socket.AF_UNIX
    if isinstance(address, tuple):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    one = socket.socket(family)
    one.bind(address)
    one.listen(4096)
    return one
