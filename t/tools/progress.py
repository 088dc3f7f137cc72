# SPDX-License-Identifier: ISC
"""How far long work has come: one line on standard error that is written over
again and again, if that is a terminal; else nothing. Use as a context
manager."""

import sys
import time

STEP = 0.1      # seconds between two lines
WIDTH = 79      # a line that wraps could not be taken back


class Progress:
    """Of total things; with an idea of when all of them are done."""

    def __init__(self, total, what):
        self.total = total
        self.what = what
        self.done = 0
        self.terminal = sys.stderr.isatty()
        self.begin = self.due = time.monotonic()

    def __enter__(self):
        self.step(0)
        return self

    def __exit__(self, *_):
        self.clear()

    def step(self, count=1, what=None):
        """step - that many more are done; what comes next"""
        self.done += count
        self.what = what or self.what
        now = time.monotonic()
        if not self.terminal or now < self.due:
            return
        self.due = now + STEP
        line = "%d of %d %s" % (self.done, self.total, self.what)
        if 0 < self.done < self.total:
            line += ", about %d s more" % (
                (now - self.begin) * (self.total / self.done - 1))
        print("\r\033[K" + line[:WIDTH], end="", file=sys.stderr, flush=True)

    def clear(self):
        """clear - take the line away; before anything else is printed"""
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self.due = 0
