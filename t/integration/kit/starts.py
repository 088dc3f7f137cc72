# SPDX-License-Identifier: ISC
"""Does smtpd(8) start with a parameter? Asked of the program itself, without
master(8), which would try again only after a minute."""

import concurrent.futures
import os
import subprocess

from kit.daemon import WAIT
from kit.postfix import daemon_directory


def starts(postfix, settings):
    """starts - does it greet a client, with these -o options?"""
    options = [word for name, value in settings
               for word in ("-o", "%s=%s" % (name, value))]
    done = subprocess.run(
        [os.path.join(daemon_directory(), "smtpd"), "-S", *options],
        input=b"QUIT\r\n", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "MAIL_CONFIG": postfix.config,
             "MAIL_LOGTAG": "start"},
        cwd=postfix.queue, timeout=WAIT)
    return done.stdout.startswith(b"220 ")


def start_all(postfix, many):
    """start_all - {settings: starts()}. One that ends waits for a second
    first, so there are many at a time."""
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        return dict(zip(many, pool.map(
            lambda settings: starts(postfix, settings), many)))
