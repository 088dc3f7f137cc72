# SPDX-License-Identifier: ISC
"""Run a test for a limited number of seconds. One that hangs then says where,
and ends what it has started, which it does not when ctest(1) kills it. In the
end it says what it took of a processor (build/PRESET/Testing has it).

usage: limited.py SECONDS TEST [ARGUMENT ...]
"""

import atexit
import os
import resource
import runpy
import signal
import sys


class TooLong(BaseException):
    """Not one of the failures after which a test continues."""


def over(*_):
    """over - time is"""
    raise TooLong("the test takes longer than %s seconds" % SECONDS)


def took():
    """took - with all processes that have ended, and that somebody waited for"""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF,
                                                 resource.RUSAGE_CHILDREN)]
    print("CPU: %.1f s" % sum(each.ru_utime + each.ru_stime for each in spent))


SECONDS = sys.argv[1]
atexit.register(took)
signal.signal(signal.SIGALRM, over)
signal.alarm(int(SECONDS))
sys.argv[:2] = []
sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
