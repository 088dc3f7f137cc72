# SPDX-License-Identifier: ISC
"""Run a test for a limited number of seconds. One that hangs then says where,
and ends what it has started, which it does not when ctest(1) kills it.

usage: limited.py SECONDS TEST [ARGUMENT ...]
"""

import os
import runpy
import signal
import sys


class TooLong(BaseException):
    """Not one of the failures after which a test continues."""


def over(*_):
    """over - time is"""
    raise TooLong("the test takes longer than %s seconds" % SECONDS)


SECONDS = sys.argv[1]
signal.signal(signal.SIGALRM, over)
signal.alarm(int(SECONDS))
sys.argv[:2] = []
sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
