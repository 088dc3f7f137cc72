# SPDX-License-Identifier: ISC
"""policyd -q with a configuration of a test, and the log that it reads."""

import contextlib
import os
import shutil
import subprocess

from kit.daemon import WAIT
from kit.postfix import temporary_directory

CONFIGURATION = """myhostname = "mail.local.test"
mydestination = "local.test"
relay_domains = { "relay.test" }
service "submission" {
        server_port = { 465, 587 }
}
"""


@contextlib.contextmanager
def configuration(**files):
    """configuration - a directory with policyd.conf and other files"""
    directory = temporary_directory()
    try:
        files.setdefault("policyd_conf", CONFIGURATION)
        for name, text in files.items():
            path = os.path.join(directory, name.replace("_conf", ".conf"))
            with open(path, "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())
        yield directory
    finally:
        shutil.rmtree(directory)


def ask(program, directory, *arguments, **options):
    """ask - policyd -q; status, standard output, standard error"""
    if "stdin" not in options:
        options.setdefault("input", "")
    done = subprocess.run(
        [program, "-q", "-c", os.path.join(directory, "policyd.conf")] +
        list(arguments), capture_output=True, text=True, timeout=WAIT,
        encoding="utf-8", errors="surrogateescape", **options)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


# Arguments, exit status, a pattern for the output or the errors.


def line(verdict, restriction, to, service="default", port=25, tls="none",
         sasl="none", ident="4F2K7Q"):
    """line - a decision in the log, behind what journalctl(1) prints"""
    return ("Nov 24 15:00:00 mx policyd[812]: id=%s service=%s verdict=%s "
            "restriction=%s destination=default client=[192.0.2.33]:1 helo=h "
            "from=<a@b> to=<%s> tls=%s sasl=%s instance=1.2.3 port=%d us=9\n"
            % (ident, service, verdict, restriction, to, tls, sasl, port))


STRONG = "TLSv1.3/TLS_AES_256_GCM_SHA384/256"
LOG = (line("permit", "permit_auth_destination", "u@local.test") +
       "Nov 24 15:00:00 mx postfix/smtpd[1]: connect from x[192.0.2.1]\n" +
       line("permit", "permit_auth_destination", "u@relay.test") * 3 +
       line("reject", "reject_plaintext_session", "u@far.example") * 2 +
       line("permit", "permit_sasl_authenticated", "u@far.example",
            "submission", 587, STRONG, "PLAIN/alice"))
