#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The manual pages against the program: they are well-formed mdoc, every option
is described with its default, and every example does what the page shows
(kit/manual.py says what an example is)."""

import contextlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import time

from kit.certificates import Authority
from kit.daemon import WAIT, run_all
from kit.manual import (DICTIONARY, FILE_PAGE, PROGRAM_PAGE, SAMPLE, examples,
                        read, unfolded)
from kit.postfix import run, temporary_directory
from kit.snippets import ROOT


# The directories that examples name, and where they are in a test.
MOVED = {"/etc/postfix": "postfix", "/etc/policyd": "policyd",
         "/var/log": "log", "/var/spool/postfix": "spool"}

# A section of the program's output, and the one of the page with its options;
# an option in no other section belongs to the top level.
SECTIONS = {"listen": "LISTENERS", "tls": "TLS LISTENERS",
            "service": "SERVICES", "rate": "SENDING LIMITS",
            "store": "SEVERAL HOSTS", "store tls": "TLS TO THE STORE"}

# Defaults that depend on the host: words on the page, a value in the program.
OF_THE_HOST = {"myhostname", "mydomain"}

# One that depends on the user who runs the test: without root, that user.
OF_THE_USER = {"user"} if os.geteuid() != 0 else set()


def rendered(page):
    """rendered - {title: lines} of the sections, nothing folded"""
    text = run("mandoc", "-T", "ascii", "-O", "width=1000", page)
    text = re.sub(".\b", "", text)
    sections, lines = {}, []
    for line in text.splitlines():
        if re.match(r"[A-Z]", line):
            lines = sections[line.strip()] = []
        else:
            lines.append(line)
    return sections


def tokens(value):
    """tokens - the words of a value, however it is written"""
    return re.sub(r"[{}\"',]", " ", value).split()


class Place:
    """A directory with the files that the examples of one page name."""

    def __init__(self, program, page):
        self.program = os.path.abspath(program)
        self.page = page
        self.directory = temporary_directory()
        for name in MOVED.values():
            os.mkdir(os.path.join(self.directory, name))
        os.mkdir(os.path.join(self.directory, "spool", "private"))
        self._main_cf()
        self._certificates()
        for kind, _, text in examples(page):
            if kind.startswith("/"):
                self.write(self.moved(kind), unfolded(text))

    def _main_cf(self):
        path = os.path.join(self.directory, "postfix", "main.cf")
        self.write(path, "compatibility_level = 3.6\n"
                         "mydestination = example.com\n")
        past = time.time() - 10     # Postfix waits for files to settle
        os.utime(path, (past, past))

    def _certificates(self):
        tls = os.path.join(self.directory, "policyd", "tls")
        os.mkdir(tls)
        Authority(tls).issue("policyd", "server")

    @staticmethod
    def write(path, text):
        with open(path, "w") as file:
            file.write(text)

    def moved(self, text):
        """moved - with the directories of the test"""
        for path, name in MOVED.items():
            text = text.replace(path, os.path.join(self.directory, name))
        return text

    def moved_back(self, text):
        """moved_back - with the directories of the page"""
        for path, name in MOVED.items():
            text = text.replace(os.path.join(self.directory, name), path)
        return text

    def configure(self, text):
        """configure - make that the policyd.conf; its path. The pid file
        must not be that of a policyd that runs here."""
        path = os.path.join(self.directory, "policyd", "policyd.conf")
        if not re.search("(?m)^pid_file", text):
            text += 'pid_file = "%s/pid"\n' % self.directory
        self.write(path, self.moved(text))
        return path

    def shell(self, command):
        """shell - run it, "policyd" being ours; its output"""
        bin_directory = os.path.join(self.directory, "bin")
        os.makedirs(bin_directory, exist_ok=True)
        script = os.path.join(bin_directory, "policyd")
        self.write(script, '#!/bin/sh\nexec %s -c %s/policyd/policyd.conf '
                           '"$@"\n' % (shlex.quote(self.program),
                                       shlex.quote(self.directory)))
        os.chmod(script, 0o755)
        path = bin_directory + os.pathsep + os.environ["PATH"]
        return self.moved_back(run("sh", "-c", self.moved(command),
                                   env=dict(os.environ, PATH=path)))


@contextlib.contextmanager
def place(program, page):
    there = Place(program, page)
    try:
        yield there
    finally:
        shutil.rmtree(there.directory)


def check(program, path):
    """check - what policyd -t says; it must accept, and warn of nothing"""
    done = subprocess.run([program, "-t", "-c", path], capture_output=True,
                          text=True, timeout=WAIT)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", ""), \
        "policyd -t: status %d: %s" % (done.returncode, done.stderr)


def effective(program, text):
    """effective - what -T -v prints of a file: {section: {option: value}}, with
    only those that are at their default"""
    directory = temporary_directory()
    try:
        Authority(directory).issue("server", "server")
        path = os.path.join(directory, "policyd.conf")
        Place.write(path, text.replace("DIRECTORY", directory))
        output = run(program, "-Tv", "-c", path)
    finally:
        shutil.rmtree(directory)
    sections, name = {"top": {}, "listen": {}}, "top"
    for line in output.splitlines():
        start = re.match(r"\s*(listen|service|tls|rate|store) .*\{", line)
        option = re.match(r"\s*(\w+) = (.*)\t# default$", line)
        unset = re.match(r"\s+# (\w+): any$", line)
        if start:
            if (name, start.group(1)) == ("store", "tls"):
                name = "store tls"
            else:
                name = start.group(1)
            sections.setdefault(name, {})
        elif option:
            sections[name][option.group(1)] = option.group(2)
        elif unset:
            sections[name][unset.group(1)] = "any"
        elif line == "}":
            name = "top"
        elif re.match(r'\t+\w+ = ".*"\t# /.*:\d+$', line):
            # There is no TLS, and no rate, without.
            sections[name][line.split()[0]] = '""'
        else:
            assert not re.match(r"\s*\w", line), "-T printed: %s" % line
    return sections


def page_options():
    """page_options - {"top" or section: {option: default}} of the page"""
    scopes = {title: scope for scope, title in SECTIONS.items()}
    options = {"top": {}, **{scope: {} for scope in SECTIONS}}
    for title, lines in rendered(FILE_PAGE).items():
        scope = options[scopes.get(title, "top")]
        for number, line in enumerate(lines):
            head = re.match(r" {5}(\w+) \(default: (.*)\)$", line)
            if not head:
                continue
            name, default = head.groups()
            if default == "see below":
                below = re.search(r"^ +%s = (\{[^}]*\})$" % name,
                                  "\n".join(lines[number:]), re.M)
                assert below, "%s: there is no default below" % name
                default = below.group(1)
            assert name not in scope, "%s stands twice in %s" % (name, title)
            scope[name] = default
    return options


def sample_options():
    """sample_options - the same of etc/policyd.conf, where every setting is
    behind a "#" without a space"""
    lines = [line[1:] for line in read(SAMPLE).splitlines()
             if re.match(r"#[^ #]", line)]
    text = "\n".join(lines)
    options = {"top": {}, **{scope: {} for scope in SECTIONS}}
    for kind, start in (("tls", "\ttls"), ("listen", 'listen "unix:[^"]*"'),
                        ("listen", 'listen "inet:[^"]*"'),
                        ("rate", 'rate "[^"]*"'),
                        ("store tls", "\ttls"),
                        ("store", 'store "unix:[^"]*"'),
                        ("store", 'store "inet:[^"]*"'),
                        ("service", 'service "[^"]*"')):
        indent = "\t" if start == "\ttls" else ""
        section = re.search(r"^%s \{$(.*?)^%s\}$" % (start, indent), text,
                            re.M | re.S)
        assert section, "etc/policyd.conf has no %s section" % start
        text = text.replace(section.group(0), "")
        options[kind].update(settings(section.group(1)))
    options["top"] = settings(text)
    return options


def settings(text):
    """settings - NAME = VALUE in a text without sections"""
    return dict(re.findall(r"^\s*(\w+) = (\{[^}]*\}|.*)$", text, re.M))


def compare(name, one, other, where):
    """compare - two defaults of an option"""
    assert tokens(one) == tokens(other), \
        "%s: the page has the default %s, %s %s" % (name, one, where, other)


def test_lint(_):
    """mandoc finds nothing wrong with the pages"""
    for page in (PROGRAM_PAGE, FILE_PAGE):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", page],
                              stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT)
        found = [line for line in done.stdout.splitlines()
                 if "outdated mandoc.db" not in line and
                 "referenced manual not found" not in line]
        assert "mandoc" in done.stdout or done.returncode == 0, done.stdout
        assert not found, "\n".join(found)


def test_configurations(program):
    """each configuration is accepted without a warning"""
    count = 0
    for page in (FILE_PAGE, PROGRAM_PAGE):
        with place(program, page) as there:
            for kind, line, text in examples(page):
                if kind != "policyd.conf":
                    continue
                try:
                    check(program, there.configure(text))
                except AssertionError as error:
                    raise AssertionError("%s:%d: %s" % (page, line, error))
                count += 1
    assert count >= 4, "only %d configurations found" % count


def test_commands(program):
    """each command prints the text below it"""
    count = 0
    with place(program, PROGRAM_PAGE) as there:
        for kind, line, text in examples(PROGRAM_PAGE):
            if kind == "policyd.conf":
                there.configure(text)
            if kind != "shell":
                continue
            for part in re.split(r"(?m)^(?=\$ )", text)[1:]:
                session_as_shown(there, line, part)
                count += 1
    assert count >= 6, "only %d commands found" % count


def session_as_shown(there, line, text):
    """session_as_shown - one command, and what it prints"""
    session = re.match(r"\$ ((?:.*\\\n)*.*<<(\w+)\n(?:.*\n)*?\2\n|"
                       r"(?:.*\\\n)*.*\n)((?:.*\n)*)$", text)
    assert session, "%s:%d: no \"$ \"" % (PROGRAM_PAGE, line)
    command, _, shown = session.groups()
    shown = unfolded(shown).rstrip("\n")
    printed = there.shell(command).rstrip("\n")
    assert printed == shown, "%s:%d: printed is\n%s\nthe page has\n%s" % (
        PROGRAM_PAGE, line, printed, shown)


def test_options(program):
    """page, sample and program have the same options and defaults"""
    program_has = effective(program, 'listen "unix:/tmp/x" { }\n'
                                     'listen "inet:[::1]:1" {\n tls {\n'
                                     'certificate = "DIRECTORY/server.pem"\n'
                                     'key = "DIRECTORY/server.key"\n'
                                     'ca = "DIRECTORY/ca.pem"\n}\n}\n'
                                     'service "s" { }\n'
                                     'rate "r" { limit = "1/1h" }\n'
                                     'store "inet:[::1]:1" {\n tls {\n'
                                     'ca = "DIRECTORY/ca.pem"\n}\n}\n')
    page, sample = page_options(), sample_options()
    assert sample["rate"].pop("limit")      # it has no default
    assert program_has["rate"].pop("limit")
    host = {name: program_has["top"][name] for name in OF_THE_HOST}
    for scope in ("top", "listen", "tls", "rate", "store", "store tls"):
        assert set(page[scope]) == set(program_has[scope]), \
            "%s: only in the page %s, only in the program %s" % (
                scope, set(page[scope]) - set(program_has[scope]),
                set(program_has[scope]) - set(page[scope]))
        assert set(page[scope]) == set(sample[scope]), \
            "%s: only in the page %s, only in etc/policyd.conf %s" % (
                scope, set(page[scope]) - set(sample[scope]),
                set(sample[scope]) - set(page[scope]))
        for name, default in page[scope].items():
            if name in OF_THE_HOST:
                continue
            compare(name, default, sample[scope][name], "etc/policyd.conf")
            for known in host:
                default = default.replace("$" + known,
                                          " ".join(tokens(host[known])))
            if name not in OF_THE_USER:
                compare(name, default, program_has[scope][name], "policyd -T")
    fuzzed = set(re.findall(r'"(\w+)"', read(DICTIONARY)))
    missing = {name for scope in page.values() for name in scope} - fuzzed
    assert not missing, "t/fuzz/config.dict: missing %s" % missing


def test_service_options(program):
    """the options of a service: its own, and those of the top level"""
    program_has = effective(program, 'listen "unix:/tmp/x" { }\n'
                                     'service "s" { }\n')["service"]
    page, sample = page_options(), sample_options()
    own = {name for name, value in program_has.items() if value == "any"}
    assert page["service"] == {name: "any" for name in own}, page["service"]
    text = " ".join(rendered(FILE_PAGE)["SERVICES"])
    also = re.search(r"a service may have ([^.]*)\.", text)
    assert also, "the sentence \"a service may have\" is missing"
    also = set(re.split(r",? and |, ", also.group(1)))
    assert also == set(program_has) - own, \
        "page %s, program %s" % (also, set(program_has) - own)
    assert set(sample["service"]) == set(program_has), \
        "etc/policyd.conf has %s" % set(sample["service"])


def test_restrictions(program):
    """each restriction is on the page, and no other"""
    directory = temporary_directory()
    try:
        path = os.path.join(directory, "policyd.conf")
        Place.write(path, "restrictions = { no_such_word }\n")
        done = subprocess.run([program, "-t", "-c", path], text=True,
                              capture_output=True, timeout=WAIT)
    finally:
        shutil.rmtree(directory)
    there_are = re.search(r"unknown word \S+; there are (.*)$", done.stderr,
                          re.M)
    assert done.returncode == 78 and there_are, done.stderr
    known = set(there_are.group(1).split(", "))
    page = set(re.findall(r"^ {5}((?:permit|reject|defer|check)\w*)"
                          r"(?::\w+)?(?: {2}.*)?$",
                          "\n".join(rendered(FILE_PAGE)["RESTRICTIONS"]),
                          re.M))
    assert page == known, "only in the page %s, only in the program %s" % (
        page - known, known - page)
    sample = re.findall(r"^#   ((?:\w+(?:, )?)+)", read(SAMPLE), re.M)
    sample = {word for words in sample for word in words.split(", ")}
    assert sample == known, "etc/policyd.conf: only there %s, missing %s" % (
        sample - known, known - sample)


def test_command_line(program):
    """page and policyd -h have the same options, and the program takes them"""
    option = r"(?<![\w-])(--[a-z][a-z-]*|-[A-Za-z]+)\b"
    text = run(program, "-h")
    helped = {short for each in re.findall(option, text) for short in (
        [each] if each.startswith("--") else ["-" + c for c in each[1:]])}
    sections = rendered(PROGRAM_PAGE)
    heads = [line for line in sections["DESCRIPTION"]
             if re.match(r" {5}-", line)]
    page = {each for line in heads for each in re.findall(option, line)}
    assert page == helped, "only in the page %s, only in -h %s" % (
        page - helped, helped - page)
    synopsis = re.findall(option, " ".join(sections["SYNOPSIS"]))
    synopsis = {short for each in synopsis for short in (
        [each] if each.startswith("--") else ["-" + c for c in each[1:]])}
    alone = {line.split()[0] for line in heads}
    alone = {each.rstrip(",") for each in alone}
    assert synopsis == alone, "SYNOPSIS has %s" % synopsis
    for line in heads:
        pair = re.match(r" {5}(-\w)(?: file)?, (--[\w-]+)(?: file)?$", line)
        if pair:
            same_option(program, *pair.groups())
        else:
            assert re.match(r" {5}--[\w-]+(?: [\w |]+)?(?: {2}.*)?$",
                            line), line


def test_versions(program):
    """policyd -V and README name the same releases; if this is one of the
    systems, its Postfix is the one that is named"""
    tested, = re.findall(r"^tested with: Postfix (.+)$", run(program, "-V"),
                         re.M)
    tested = {debian: postfix for postfix, debian in
              re.findall(r"([\d.]+) \(Debian (\w+)\)", tested)}
    system = platform.freedesktop_os_release()
    name = system.get("VERSION_ID", "testing")
    if system["ID"] == "debian" and name in tested:
        version = run("postconf", "-d", "-h", "mail_version")
        assert version.startswith(tested[name] + "."), version
    del tested["testing"]
    text = " ".join(read(os.path.join(ROOT, "README")).split())
    assert "on Debian %s;" % " or Debian ".join(tested) in text, tested
    assert "their Postfix %s." % " and ".join(tested.values()) in text, tested


def same_option(program, short, long):
    """same_option - do both forms do the same? Modes differ in what they
    do with a bad request, the others in an error at the start."""
    directory = temporary_directory()
    path = os.path.join(directory, "policyd.conf")
    if short in ("-t", "-T", "-q", "-s"):
        Place.write(path, 'listen "unix:/tmp/x" { }\nlog = stderr\n')
    said = []
    for each in (short, long):
        argv = [each, path] if short == "-c" else ["-c", path, each]
        done = subprocess.run([program] + argv, input="x\n\n", text=True,
                              capture_output=True, timeout=WAIT)
        said.append((done.returncode, done.stdout,
                     re.sub(r"(policyd\[|server |pid=)\d+", r"\1N",
                            done.stderr)))
    shutil.rmtree(directory)
    assert said[0] == said[1], "%s and %s: %s" % (short, long, said)


if __name__ == "__main__":
    sys.exit(run_all([test_lint, test_configurations, test_commands,
                      test_options, test_service_options, test_restrictions,
                      test_command_line, test_versions]))
