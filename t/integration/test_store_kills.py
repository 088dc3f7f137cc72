#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_store_kills - clients that are killed while several hosts count together

Clients of several policyds, which share one store, are killed at any time, also
while their request is on its way: what they were told to let through is never
more than the limit, and the last of it is not lost.

POLICYD_TEST_LONG=1: four policyds, and 400 kills.

usage: test_store_kills.py POLICYD [TEST ...]
"""

import contextlib
import os
import random
import signal
import time

from kit.daemon import run_all
from kit.rates import OK, command, request
from kit.store import Store
from kit.stores import HOSTS, LIMIT, LONG, limited, passes

KILLS = 400 if LONG else 40
CLIENTS = 4         # at a time
OF_A_LOGIN = 20     # kills
MOST = 0.03         # seconds before a kill


def ask_on(policyd, login, name, record):
    """ask_on - a client, until it is killed: a byte for each pass"""
    with policyd.client() as client:
        for i in range(10 * LIMIT):
            reply = client.ask(request("DATA", "%s.%d" % (name, i), 1,
                                       sasl_username=login))
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
    for i in range(OF_A_LOGIN + CLIENTS):
        if i >= CLIENTS:
            time.sleep(random.random() * MOST)
            pid = clients.pop(random.randrange(CLIENTS))
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        clients.append(begin(random.choice(policyds), login, str(i), record))
    for pid in clients:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_kills(program):
    """never more than the limit, and no less is counted"""
    with Store() as store, contextlib.ExitStack() as stack:
        policyds = [stack.enter_context(limited(program, store, inet=i % 2))
                    for i in range(HOSTS)]
        for round in range(KILLS // OF_A_LOGIN):
            login = "user%d" % round
            path = policyds[0].path(login)
            record = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            kill_some(policyds, login, record)
            os.close(record)
            passed = os.stat(path).st_size
            late = 0
            while passes(random.choice(policyds), "late%d" % late,
                         sasl_username=login):
                late += 1
            assert passed + late <= LIMIT, "%d and %d" % (passed, late)
            assert not any(passes(policyd, "over", sasl_username=login)
                           for policyd in policyds)
            text = command(policyds[0], "login", login)[1]
            assert " %d  %d/1h " % (LIMIT, LIMIT) in text, text
        for policyd in policyds:
            assert "is away" not in policyd.read(policyd.log)


if __name__ == "__main__":
    run_all([test_kills])
