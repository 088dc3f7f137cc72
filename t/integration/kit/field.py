# SPDX-License-Identifier: ISC
"""Real kinds of Postfix (t/data/field), what policyd -P says of them, and what
becomes of them when its commands are typed."""

import json
import os
import re
import shutil

from kit.policyd import Policyd
from kit.postfix import run, settle
from kit.postfix_files import Files, harm, matrix
from kit.snippets import ROOT

FIELD = os.path.join(ROOT, "t", "data", "field")
RECIPIENT = "smtpd_recipient_restrictions"
USERS = {"smtpd_sasl_auth_enable": "yes", "smtpd_tls_auth_only": "yes",
         "smtpd_tls_security_level": "may",
         "smtpd_tls_chain_files": "@D@/tls/server.key, @D@/tls/server.pem"}


class Kind(Files):
    """One of these configurations; with a policyd that runs, in a block."""

    def __init__(self, program, name, **settings):
        super().__init__(program)
        self.name = name
        with open(os.path.join(FIELD, name, "main.cf")) as text:
            self.put("main.cf", text.read())
        with open(os.path.join(FIELD, name, "master.cf")) as text:
            self.put("master.cf", text.read())
        self.set(**settings)
        if os.path.exists(os.path.join(FIELD, name, "vmd")):
            with open(os.path.join(FIELD, name, "vmd")) as text:
                self.put("vmd", text.read())
            run("postmap", "-c", self.config,
                "hash:" + os.path.join(self.config, "vmd"))
        self.ours("listen \"unix:%s\" { owner = \"postfix\" "
                  "group = \"postfix\" }\n" % self.socket)
        self.policyd = None

    def put(self, file, text):
        """put - a file of the configuration"""
        with open(os.path.join(self.config, file), "w") as out:
            out.write(text.replace("@D@", self.directory).replace(
                "proxy:mysql:/etc/postfix/domains.cf",
                "inline:{sql.example=x}"))

    def set(self, **settings):
        """set - in main.cf; the last value wins"""
        with open(os.path.join(self.config, "main.cf"), "a") as out:
            for pair in settings.items():
                out.write(("%s = %s\n" % pair).replace("@D@",
                                                       self.directory))

    def __enter__(self):
        with open(self.file) as text:
            self.policyd = Policyd(self.program, self.directory, text.read(),
                                   self.socket)
        settle(self.config)
        self.policyd.start()
        return self

    def __exit__(self, *_):
        self.policyd.kill()
        shutil.rmtree(self.directory)

    def said(self):
        """said - by policyd -P: {port: its row}, findings, status"""
        status, text, errors = self.check("-P", "--format=json")
        assert status in (0, 1), (status, text, errors)
        answer = json.loads(text)
        return ({row["port"]: row for row in answer["ports"]},
                answer["findings"], status)

    def texts(self):
        """texts - of the findings"""
        return [finding["text"] for finding in self.said()[1]]

    def follow(self, deep=False):
        """follow - type each command, to the configuration as it was; deep:
        and go on with what is said then. The number of commands."""
        kept = os.path.join(self.directory, "kept")
        _, findings, _ = self.said()
        commands = {}
        for finding in findings:
            if finding["command"]:
                commands.setdefault(finding["command"], []).append(
                    finding["text"])
        shutil.copytree(self.config, kept)
        words = before = None
        for command, texts in commands.items():
            if deep or before is None:
                words = self.words()
                before = matrix(self.program, self.config, self.file)
            run("/bin/sh", "-c", command)
            bad = harm(before, matrix(self.program, self.config, self.file),
                       " ".join(texts))
            assert not bad, (self.name, command, bad)
            left = self.said()[1]
            assert not set(texts) & {each["text"] for each in left}, (
                self.name, command, left)
            known = {each["text"] for each in findings}
            assert not [each for each in left if each["severity"] == "error"
                        and each["text"] not in known], (command, left)
            now = self.words()
            for name, wanted in words.items():
                missing = [word for word in wanted
                           if word not in now.get(name, ())]
                assert not missing, (command, name, missing)
            if not deep:
                shutil.rmtree(self.config)
                shutil.copytree(kept, self.config)
        shutil.rmtree(kept)
        return len(commands)

    def files(self):
        """files - what both hold"""
        found = []
        for name in ("main.cf", "master.cf"):
            with open(os.path.join(self.config, name)) as file:
                found.append(file.read())
        return found

    def words(self):
        """words - {list: its words}, of main.cf"""
        settle(self.config)
        lines = run("postconf", "-c", self.config, "-n")
        return {line.split(" =")[0]: re.findall(r"[^\s,]+", line)[2:]
                for line in lines.splitlines()
                if re.match(r"\w+_(restrictions|domains)|my\w+ =", line)}


def has(texts, wanted):
    """has - is there one like this?"""
    return any(re.search(wanted, text) for text in texts)
