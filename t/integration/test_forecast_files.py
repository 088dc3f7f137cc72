#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_files - several files of one log: in their order, and nothing
twice.

usage: test_forecast_files.py POLICYD [TEST ...]
"""

import json
import os
import sys

from kit.daemon import run_all
from kit.forecast import DOMAINS, LOGS_TLS, ask, session, written

# What other programs log at midnight, before anybody sends anything.
OTHERS = {
    "dovecot": "Nov 24 %s:%02d:%02d mx dovecot: imap-login: Login: user=<u>\n",
    "kernel": "2026-11-24T%s:%02d:%02d.1+01:00 mx kernel: [    1.0] hello\n",
    "sshd": "Nov 24 %s:%02d:%02d mx sshd[9]: Connection closed\n",
}


def journal(text):
    """journal - lines as journald exports them"""
    entries = []
    for line in text.splitlines():
        host, name, message = line[16:].split(" ", 2)
        entries.append({
            "__REALTIME_TIMESTAMP": "%d000000" % (
                1795528800 + 3600 * (int(line[7:9]) - 15)),
            "_HOSTNAME": host, "SYSLOG_IDENTIFIER": name.split("[")[0],
            "_PID": name.split("[")[1].strip("]:"), "MESSAGE": message})
    return "".join(json.dumps(entry) + "\n" for entry in entries)


def test_order(program):
    """a message that is delivered after midnight: the older file is read first,
    whatever is at the beginning of the files"""
    mail = LOGS_TLS + session()
    at = mail.rindex("\n", 0, mail.index("smtp[3]: ")) + 1
    parts = mail[:at], mail[at:].replace(" 15:", " 16:")
    for kind in *OTHERS, "journal":
        before = ["".join(OTHERS[kind.replace("journal", "sshd")] % (
            hour, second // 60, second % 60) for second in range(1500))
                  for hour in ("15", "16")]
        old, new = (first + rest for first, rest in zip(before, parts))
        if kind == "journal":
            old, new = journal(old), journal(new)
        with written(c_conf=DOMAINS, mail_log=new, old=old) as directory:
            config, path, other = (os.path.join(directory, each) for each in (
                "c.conf", "mail.log", "old"))
            for files in (path, other), (other, path):
                status, out, err = ask(program, config, *files)
                assert status == 1 and "of 1 recipient that" in out and \
                    "1 would be refused" in out and "note: 1 m" not in out, (
                        kind, files, out, err)


if __name__ == "__main__":
    sys.exit(run_all([test_order]))
