# SPDX-License-Identifier: ISC
"""Commands that policyd prints are typed, and do what they are for.

test_census has every command in the texts of the program, and the tests that
take it from the output and type it: a command without one fails there. The
other tests here type those that no other file does. The commands of documents:
test_documents, test_manual.

usage: test_commands.py POLICYD
"""

import os
import re
import shutil
import subprocess
import sys
import time

from kit.daemon import WAIT, run_all
from kit.policyd import Policyd
from kit.postfix import poll, run
from kit.postfix_files import MASTER, Files
from kit.snippets import ROOT

# What begins a command in the text of a message.
COMMAND = re.compile(
    r"policyd -(?:-[a-z]+|\w)|postmap(?= )|postconf(?= -| %s)|systemctl [\w-]+|"
    r"rc-service|rc-update|sysrc|service policyd|chmod \S+|kill \$|"
    r"postfix reload")

# {file: (commands, tests that type them)}: "chmod" in test_commands.py is
# commands.chmod; check_postfix has cases, and is named as a whole. "" is what no
# command to type is: the name of a program that failed, or of a mode that
# reports more.
CENSUS = {
    "lib/base/trust.c": ("chmod 0600, chmod g-w, chmod o-w", "commands.chmod"),
    "lib/config/config_doubt_tables.c": ("postmap", "commands.postmap"),
    "lib/config/config_file.c": (
        "policyd --init", "first_minutes.messages init.place"),
    "lib/config/config_import.c": ("postconf", ""),
    "lib/net/listener.c": ("policyd -t", "first_minutes.messages"),
    "lib/postfix/postconf.c": ("postconf", ""),
    "lib/table/table_postmap.c": ("postmap", ""),
    "policyd/check/check_postfix_finding.c": (
        "postconf", "advice.commands first_day.mistakes check_postfix"),
    "policyd/check/check_postfix_services.c": (
        "policyd --init", "init.three_ports"),
    "policyd/check/check_postfix_socket.c": ("policyd -P", ""),
    "policyd/check/service_manager.c": (
        "kill $, policyd -d, rc-service, rc-update, service policyd, sysrc, "
        "systemctl disable, systemctl enable, systemctl reload-or-restart",
        "commands.start init.three_ports"),
    "policyd/command_line.c": (
        "policyd --help, policyd --init, policyd --reload, policyd --status, "
        "policyd --undo, policyd -P, policyd -T, policyd -V, policyd -d, "
        "policyd -q, policyd -r, policyd -s, policyd -t",
        "commands.help init_apply.apply"),
    "policyd/control/control_status.c": ("policyd --reload", "status.status"),
    "policyd/control/running.c": (
        "policyd --reload, policyd --status",
        "status.other_answers status.by_itself"),
    "policyd/init/init.c": (
        "policyd --init, policyd --undo, policyd -P, policyd -t",
        "init.three_ports init_apply.apply documents.howto"),
    "policyd/init/init_apply.c": (
        "policyd -P, policyd -t, postfix reload",
        "init_apply.failures init_apply.apply"),
    "policyd/init/init_copies.c": ("policyd --init", "init_apply.apply"),
    "policyd/init/init_plan.c": ("policyd -P", "init_apply.apply"),
    "policyd/init/init_text.c": (
        "policyd --init, policyd -T, postconf, postfix reload",
        "init.three_ports"),
    "policyd/query/explanation.c": ("policyd -r", "rates.explains"),
    "policyd/query/forecast_log.c": ("policyd -q", "init_forecast.found"),
    "policyd/query/forecast_ports.c": (
        "postconf", "forecast_advice.postfix forecast_newcomer.newcomer"),
    "policyd/query/forecast_postfix.c": (
        "postconf", "forecast_advice.postfix forecast_newcomer.newcomer"),
    "policyd/query/query.c": ("policyd -q", "query.arguments"),
    "policyd/status/status_limits.c": ("policyd -r", "rates.page"),
    "policyd/status/status_page.c": ("policyd -T", "page.page"),
}

RATES = """\
rate_directory = "%s"
rate "login" { limit = "9/1h" }
service "submission" {
        server_port = { 587 }
        restrictions = { check_rate:login, permit_auth_destination,
                reject_plaintext_session, permit_sasl_authenticated, reject }
}
"""


def printed(path):
    """printed - the commands in the texts of a file of C"""
    with open(path, encoding="utf-8") as file:
        code = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    found = set()
    for text in re.findall(r'(?:"(?:[^"\\]|\\.)*"\s*)+', code):
        words = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text))
        # "%s" right behind a word is an option -c.
        found.update(COMMAND.findall(re.sub(r"(?<=\w)%s", "", words)))
    return found


def test_census(_):
    """each of them has a test, and each such test is there"""
    seen = {}
    for top in "lib", "policyd":
        for directory, _, files in os.walk(os.path.join(ROOT, top)):
            for name in files:
                path = os.path.join(directory, name)
                found = printed(path) if name.endswith(".c") else None
                if found:
                    seen[os.path.relpath(path, ROOT)] = found
    assert seen == {file: set(commands.split(", "))
                    for file, (commands, _) in CENSUS.items()}, seen
    for _, tests in CENSUS.values():
        for test in tests.split():
            file, _, name = test.partition(".")
            with open(os.path.join(ROOT, "t", "integration", "test_%s.py" %
                                   file), encoding="utf-8") as text:
                code, _, run_there = text.read().rpartition("\nif __name__ ==")
            word = r"\btest_%s\b" % name
            assert not name or (re.search(r"(?m)^def %s\(" % word, code) and
                                re.search(word, run_there)), test


class Machine(Files):
    """A configuration of Postfix, a policyd that serves it, and a shell in
    which "policyd" is that."""

    def __init__(self, program):
        super().__init__(program)
        self.write({}, MASTER, self.listen() + 'user = "nobody"\n' +
                   RATES % self.path("rates"))
        os.mkdir(self.path("rates"))
        os.mkdir(self.path("bin"))
        with open(self.path("bin", "policyd"), "w") as script:
            script.write('#!/bin/sh\ncase " $* " in *" -c "*) ;; '
                         "*) set -- \"$@\" -c %s ;; esac\nexec %s \"$@\"\n" % (
                             self.path("policyd.conf"), self.program))
        os.chmod(self.path("bin", "policyd"), 0o755)
        with open(self.file) as text:
            self.policyd = Policyd(program, self.directory, text.read(),
                                   self.socket)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.policyd.kill()
        if os.path.exists(self.path("pid")):
            run("sh", "-c", "kill $(cat %s)" % self.path("pid"))
            poll(lambda: not os.path.exists(self.path("pid")))
        shutil.rmtree(self.directory)

    def shell(self, command):
        """shell - status, and all that was printed"""
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.directory, timeout=WAIT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
            env=dict(os.environ, PATH=self.path("bin") + ":" +
                     os.environ["PATH"]))
        return done.returncode, done.stdout

    def said(self, wanted):
        """said - the command that policyd -P prints behind that"""
        _, text = self.shell("policyd -P")
        found = re.search(re.escape(wanted) + "(.*)", text)
        return found and found.group(1)


def test_help(program):
    """the example of each way of calling; those that switch Postfix:
    test_init_apply"""
    with Machine(program) as machine:
        machine.policyd.start()
        shutil.copy(os.path.join(ROOT, "t", "data", "postlog", "debian"),
                    machine.path("mail.log"))
        shutil.copy(machine.path("mail.log"), machine.path("mail.log.1"))
        run("sh", "-c", "gzip -c %s >%s" % (machine.path("mail.log"),
                                           machine.path("mail.log.2.gz")))
        with open(machine.path("request"), "w") as file:
            file.write("request=smtpd_access_policy\nprotocol_state=RCPT\n\n")
        examples = re.findall(r"(?m)^ {11}(policyd .*)", machine.shell(
            "policyd --help")[1])
        ran = 0
        for line in examples:
            if re.search("-d$|--apply|--undo", line):
                continue
            status, text = machine.shell(line.replace(
                "/var/log/", machine.directory + "/").replace(
                    "/etc/postfix", machine.config) +
                (" " + machine.config if "--init --log" in line else ""))
            ran += 1
            assert status == 0 or (status == 1 and re.search(
                "--id|--replay|--over|-P|-r --un", line)), (line, status, text)
            assert "usage:" not in text and text.strip() or status == 0, text
        assert ran > 10, examples


def test_start(program):
    """what starts policyd, and what makes its socket anew"""
    with Machine(program) as machine:
        command = machine.said("# start policyd: ")
        assert command.startswith("policyd -d -c "), command
        assert machine.shell(command)[0] == 0
        assert machine.said("cannot connect") is None
        os.chown(machine.socket, 0, 0)
        os.chmod(machine.socket, 0o600)
        assert "restart policyd, which makes" in machine.said(
            "# policyd.conf lets postfix connect: ")
        run("sh", "-c", "kill $(cat %s)" % machine.path("pid"))
        poll(lambda: not os.path.exists(machine.path("pid")))
        assert machine.shell(command)[0] == 0
        assert machine.said("cannot connect") is None


def test_postmap(program):
    """a table that is older than its text"""
    with Machine(program) as machine:
        table = machine.path("etc", "relay")
        with open(table, "w") as file:
            file.write("relay.test x\n")
        run("postmap", "-c", machine.config, "hash:" + table)
        with open(machine.path("policyd.conf"), "a") as file:
            file.write('relay_domains = "hash:%s"\n' % table)
        assert "postmap" not in machine.shell("policyd -t")[1]
        later = time.time() + 1
        os.utime(table, (later, later))
        for mode in "-t", "-P":
            text = machine.shell("policyd " + mode)[1]
            command = re.search("run: (postmap .*)", text).group(1)
        os.utime(table, (later - 10, later - 10))
        run("sh", "-c", command)
        assert "postmap" not in machine.shell("policyd -t")[1]


def test_chmod(program):
    """a file that others could change"""
    with Machine(program) as machine:
        file = machine.path("policyd.conf")
        for mode in 0o646, 0o664:
            os.chmod(file, mode)
            os.chown(file, 0, 1)
            _, text = machine.shell("policyd -t")
            command = re.search(r"; (chmod \S+) it", text).group(1)
            run("sh", "-c", "%s %s" % (command, file))
            assert machine.shell("policyd -t")[1] == "", text


if __name__ == "__main__":
    sys.exit(run_all([test_census, test_help, test_start, test_postmap,
                      test_chmod]))
