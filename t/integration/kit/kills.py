# SPDX-License-Identifier: ISC
"""Clients of several policyds, which are killed at any time, also while their
request is on its way: what they were told to let through."""

import os
import random
import signal
import time

from kit.rates import OK, request
from kit.stores import LIMIT, LONG, passes

KILLS = 400 if LONG else 40
CLIENTS = 4         # at a time
OF_A_ROUND = 20     # kills
MOST = 0.03         # seconds before a kill


def ask_on(policyd, login, name, record):
    """ask_on - a client, until it is killed: a byte for each pass"""
    with policyd.client() as client:
        for i in range(10 * LIMIT):
            reply = client.ask(request("DATA", "%s.%d" % (name, i), 1,
                                       sasl_username=login(i)))
            if OK in reply.decode():
                os.write(record, b"x")
            time.sleep(random.random() / 1000)


def begin(policyd, login, name, record):
    """begin - a client in a process of its own"""
    pid = os.fork()
    if pid == 0:
        try:
            ask_on(policyd, login, name, record)
        finally:
            os._exit(0)
    return pid


def kill_some(policyds, login, record):
    """kill_some - one after the other; another takes its place"""
    clients = []
    for i in range(OF_A_ROUND + CLIENTS):
        if i >= CLIENTS:
            time.sleep(random.random() * MOST)
            pid = clients.pop(random.randrange(CLIENTS))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        clients.append(begin(random.choice(policyds), login, str(i), record))
    for pid in clients:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def kill_rounds(policyds, login_of):
    """kill_rounds - never more than LIMIT passes of the keys of a round;
    login_of(its name) gives the login of a message. The names."""
    names = ["user%d" % i for i in range(KILLS // OF_A_ROUND)]
    for name in names:
        login = login_of(name)
        path = policyds[0].path(name)
        record = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        kill_some(policyds, login, record)
        os.close(record)
        passed = os.stat(path).st_size
        late = 0
        while passes(random.choice(policyds), "late%d" % late,
                     sasl_username=login(late)):
            late += 1
        assert passed + late <= LIMIT, "%d and %d" % (passed, late)
        assert not any(passes(policyd, "over", sasl_username=login(0))
                       for policyd in policyds)
    for policyd in policyds:
        assert "is away" not in policyd.read(policyd.log)
    return names
