#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_documents - every command of README, contrib/HOWTO, contrib/CONTRIBUTING
and contrib/SECURITY is run, in the order in which it appears, chapter by
chapter, against a throw-away Postfix.

In these files a text that is indented by four spaces is literal. Below "In
FILE:" it is that file. If it begins with a command it is typed to a shell, with
the directories of the test in place of those of the host (MOVED). A text that
begins with an option of policyd.conf is added to that file, and must be
accepted. A list is indented by two spaces; so is, below a command, its output,
among other things.

Commands that must not be run in a test are only checked: see EXCEPTIONS.

usage: test_documents.py POLICYD
"""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile

from kit import demo
from kit.daemon import WAIT, exists, run_all, wait_until
from kit.postfix import Postfix, Sink, free_port, run
from kit.mailer import Failures, Mailer
from test_init import parts, state
from test_ports import judged
from test_manual import PROGRAM_PAGE, examples, unfolded

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), os.pardir,
                                     os.pardir))
README = "README"
HOWTO = "contrib/HOWTO"
CONTRIBUTING = "contrib/CONTRIBUTING"
SECURITY = "contrib/SECURITY"
FILES = [README, HOWTO, CONTRIBUTING, SECURITY]

COMMANDS = {"apt-get", "cd", "clang-format", "cmake", "cp", "ctest",
            "doveadm", "dpkg", "find",
            "for", "git", "grep", "install", "kill", "man", "mkdir", "openssl",
            "podman", "policyd", "postconf", "postfix", "postsuper", "printf",
            "python3", "rm", "sh",
            "systemctl", "useradd", "userdel"}
ANSWERING = {"policyd", "for"}      # what they print is shown
OPTIONS = {"expect", "listen", "rate", "restrictions", "service",
           "shadow", "store"}

# Names in the files, and their replacements in the test.
MOVED = [
    ("/etc/postfix", "{postfix}"),
    ("/etc/policyd", "{directory}/policyd"),
    ("/etc/redis", "{directory}/redis"),
    ("/etc/dovecot", "{directory}/dovecot"),
    (" /root", " {directory}/root"),
    ("/var/spool/postfix", "{queue}"),
    ("/var/log", "{directory}/log"),
    ("/run/policyd.pid", "{directory}/policyd.pid"),
    # postgrey, postfwd and iRedAPD; something must listen there.
    ("127.0.0.1:10023", "127.0.0.1:{other}"),
    ('check_policy_service inet:127.0.0.1:10040"',
     'check_policy_service inet:127.0.0.1:{other}"'),
    ("127.0.0.1:7777", "127.0.0.1:{other}"),
    ("inet:127.0.0.1:10040", "inet:127.0.0.1:{port}"),
    ("/etc/ssl/certs/ssl-cert-snakeoil.pem", "{directory}/tls/server.pem"),
    ("/etc/ssl/private/ssl-cert-snakeoil.key", "{directory}/tls/server.key"),
    # Passwords of the throw-away Postfix are Cyrus SASL's.
    ("smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth",
     "smtpd_sasl_type=cyrus smtpd_sasl_path=smtpd"),
    ('user = "policyd"', 'user = "nobody"'),    # useradd is an exception
]

# The script that stands for a command: policyd and the programs of Postfix
# get the places of their files. The instance does not run while commands are
# tried, but for the mail of chapter 1, so there is nothing to reload.
WRAPPERS = {
    "policyd": """\
conf={directory}/policyd/policyd.conf
if [ "$1" = --init ]; then
	{program} "$@" -c "$conf" {postfix}
	grep -q pid_file "$conf" ||
		echo 'pid_file = "{directory}/policyd.pid"' >>"$conf"
	exit 0
fi
case " $* " in *" -c "*) ;; *) set -- "$@" -c "$conf" ;; esac
exec {program} "$@"
""",
    "postconf": """\
PATH=/usr/sbin:/usr/bin:/bin
postconf -c {postfix} "$@"
touch -d @1 {postfix}/main.cf {postfix}/master.cf
""",
    "postfix": """\
[ "$#$*" = 1reload ] || [ "$*" = "-c {postfix} reload" ]
""",
}


def without_systemd():
    """without_systemd - a script for systemctl: what HOWTO says to type where
    there is none"""
    with open(os.path.join(ROOT, HOWTO), encoding="utf-8") as file:
        instead = re.findall(r"(?m)^  (policyd .*?) +for +systemctl (.*)$",
                             file.read())
    assert len(instead) == 2, instead
    return 'case "$*" in\n%s*) exit 64 ;;\nesac\n' % "".join(
        '"%s") exec %s ;;\n' % (words, command) for command, words in instead)


# A container in which policyd runs as here: the options of podman are left out.
WRAPPERS["podman"] = """\
word=$1
shift
case $word in
build) [ "$*" = "-f contrib/Containerfile -t policyd ." ] && [ -e "$2" ] ;;
run)
	background=
	while [ "$1" != policyd ] || [ "$last" = --name ]; do
		[ "$1" != -d ] || background=-d
		last=$1
		shift
	done
	shift
	exec policyd $background "$@"
	;;
exec)
	[ "$1" != -i ] || shift
	[ "$1" = policyd ] && shift && exec "$@"
	;;
stop) kill $(cat {directory}/policyd.pid) ;;
logs) cat {directory}/log/mail.log >&2 ;;
*) exit 64 ;;
esac
"""
WRAPPERS["systemctl"] = without_systemd()
EXCEPTION = 'printf "%%s\\n" "$*" >>{directory}/exceptions.%s\n'


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


class Block:
    """A literal text."""

    def __init__(self, path, line, before, text):
        self.where = "%s:%d" % (path, line)
        self.before = before    # the paragraph ahead of it, in one line
        self.expected = []      # what it prints, among other things
        self.text = text
        self.word = re.match(r"\S+", text).group(0)
        file = re.search(r"\bIn (/\S+):$", before)
        self.file = file and file.group(1)


def chunks(path):
    """chunks - (line number, text) between blank lines; chapters have a title
    in capitals"""
    number, lines = 0, []
    for count, line in enumerate(read(path).split("\n"), 1):
        if line.strip():
            number = number if lines else count
            lines.append(line)
        elif lines:
            yield number, "\n".join(lines) + "\n"
            lines = []


def chapters(path):
    """chapters - (title, [Block]) of a file, and the paragraphs at its end"""
    found, before = [("", [])], ""
    for number, text in chunks(path):
        blocks = found[-1][1]
        indent = len(text) - len(text.lstrip(" "))
        if re.match(r"(\d+\. )?[A-Z][A-Z ,]+$", text):
            found.append((text.strip(), []))
        elif indent == 0:
            before = " ".join(text.split())
            assert "\n    " not in text, "%s:%d: no blank line" % (path,
                                                                   number)
        elif indent == 4:
            text = re.sub("(?m)^    ", "", text)
            block = Block(path, number, before, text)
            if block.word in COMMANDS or before or not blocks:
                blocks.append(block)
            else:               # a file with a blank line in it
                blocks[-1].text += "\n" + text
            before = ""
        else:
            assert indent == 2, "%s:%d: indented by %d" % (path, number,
                                                           indent)
            if not before and blocks and blocks[-1].word in ANSWERING:
                blocks[-1].expected = [line.strip()
                                       for line in text.splitlines()]
    return [chapter for chapter in found if chapter[1]]


# ---- What is only looked at.

def check_apt_get(words):
    """packages have the names that contrib/install-packages installs"""
    assert words[0] == "install", words
    known = read("contrib/install-packages").split() + re.findall(
        r'"([\w-]+)"', read("t/package/newcomer.py"))
    for package in words[1:]:
        assert package == "./policyd_*.deb" or any(package in word for word in known), package


def check_useradd(words):
    """useradd has these options"""
    known = subprocess.run(["useradd", "--help"], text=True,
                           stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT).stdout
    for word in words:
        assert not word.startswith("--") or word in known, word
    assert words[-1] == "policyd", words


def check_userdel(words):
    """the user of policyd, and no other"""
    assert words == ["policyd"], words


def check_dpkg(words):
    """what a user of the package does; done in earnest by t/package/run"""
    assert words[0] in ("-i", "-P") and words[1].startswith("policyd"), words


def check_doveadm(words):
    """Dovecot's only part in this"""
    assert words == ["reload"], words


def presets(kind):
    """presets - the names of CMakePresets.json"""
    return {preset["name"] for preset in json.loads(
        read("CMakePresets.json"))[kind]}


def check_cmake(words):
    """presets exist, and directories are theirs"""
    if words[0] == "--install":
        assert words[1].replace("build/", "") in presets("buildPresets")
        return
    kind = {"--workflow": "workflowPresets",
            "--build": "buildPresets"}.get(words[0], "configurePresets")
    assert words[words.index("--preset") + 1] in presets(kind), words


def tests():
    """tests - the names of all that ctest runs"""
    names = {name[:-len(".c")]
             for _, _, files in os.walk(os.path.join(ROOT, "t", "unit"))
             for name in files if re.fullmatch(r"test_\w+\.c", name)}
    return names | {"integration_" + name[:-len(".py")] for name in os.listdir(
        os.path.join(ROOT, "t", "integration"))
        if re.fullmatch(r"test_\w+\.py", name)}


def check_ctest(words):
    """the preset and the test exist"""
    assert words[words.index("--preset") + 1] in presets("testPresets"), words
    name = words[words.index("-R") + 1]
    assert any(re.search(name, each) for each in tests()), name


def check_sh(words):
    """the script exists, and knows its argument; of the demonstration all is
    done but to install packages and to build"""
    script = words[0]
    run("/bin/sh", "-n", os.path.join(ROOT, script))
    if script == "contrib/demo":
        assert read(script).rstrip().endswith(
            "exec python3 t/integration/kit/demo.py build/release/policyd")
        shown = run(sys.executable, os.path.join(
            ROOT, "t", "integration", "kit", "demo.py"), sys.argv[1])
        assert shown.endswith("\nAll as expected.\n"), shown
    if script != "t/run" or len(words) == 1:
        assert len(words) == 1 or script == "contrib/install-packages", words
        return
    usage = run("/bin/sh", os.path.join(ROOT, script), "--help")
    assert re.search(r"\b%s\b" % re.escape(words[1]), usage) or \
        any(re.search(words[1], each) for each in tests()), words


def check_clang_format(words):
    """there is a style"""
    assert words[0] == "--dry-run" and read(".clang-format"), words


def check_script(words):
    """a script of ours exists, and so do the tests it is given"""
    assert os.path.exists(os.path.join(ROOT, words[0])), words


def check_git(words):
    """git has that command"""
    assert words[0] in ("config", "clone", "rebase", "format-patch"), words


def check_postsuper(words):
    """what test_rate_stories does with mail in a queue"""
    assert words in (["-h", "-"], ["-d", "-"]), words


def check_man(words):
    """the page exists"""
    assert os.path.exists(os.path.join(ROOT, words[0])), words


# They change the host, or are the very tests that run now.
EXCEPTIONS = {
    "apt-get": check_apt_get,
    "clang-format": check_clang_format,
    "cmake": check_cmake,
    "ctest": check_ctest,
    "doveadm": check_doveadm,
    "dpkg": check_dpkg,
    "git": check_git,
    "man": check_man,
    "postsuper": check_postsuper,
    "python3": check_script,
    "sh": check_sh,
    "useradd": check_useradd,
    "userdel": check_userdel,
}


class Place:
    """A throw-away Postfix as Debian installs it, and a place for policyd."""

    def __init__(self, program):
        self.postfix = Postfix()
        self.other = socket.create_server(("127.0.0.1", 0))
        self.names = {"other": self.other.getsockname()[1],
                      "directory": self.postfix.directory,
                      "postfix": self.postfix.config,
                      "queue": self.postfix.queue,
                      "port": free_port(),
                      "program": shlex.quote(os.path.abspath(program))}
        self.conf = self.path("policyd", "policyd.conf")
        self.printed = ""
        with open(os.path.join(self.postfix.config, "master.cf"), "a") as out:
            out.write("smtp inet n - y - - smtpd\n")
        for name in ("policyd", "log", "bin", "root", "dovecot/conf.d"):
            os.makedirs(self.path(name))
        for command, text in WRAPPERS.items():
            self.wrap(command, text)
        for command in EXCEPTIONS:
            self.wrap(command, EXCEPTION % command)
        for kind, _, text in examples(PROGRAM_PAGE):
            if kind == "/var/log/mail.log":
                text = unfolded(text)
                refused = re.search(".*verdict=reject.*", text).group(0)
                self.write(self.path("log", "mail.log"),
                           text + refused + " mode=observe\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.other.close()
        self.stop_policyd()
        self.postfix.__exit__()

    def path(self, *names):
        return os.path.join(self.postfix.directory, *names)

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def wrap(self, command, text):
        """wrap - have a script stand for a command"""
        path = self.path("bin", command)
        self.write(path, "#!/bin/sh\nset -eu\n" + text.format(**self.names))
        os.chmod(path, 0o755)

    def moved(self, text):
        """moved - with what it is in the test"""
        for old, new in MOVED:
            text = text.replace(old, new.format(**self.names))
        return text

    def settle(self):
        """settle - make main.cf look older than it is, for Postfix"""
        for name in ("main.cf", "master.cf"):
            os.utime(os.path.join(self.postfix.config, name), (1, 1))

    def keep_pid_here(self):
        """keep_pid_here - not where that of a policyd of the host is; the
        script that stands for policyd does the same"""
        if not os.path.exists(self.conf):
            return
        with open(self.conf, encoding="utf-8") as file:
            text = file.read()
        if "pid_file" not in text:
            self.write(self.conf, text + '\npid_file = "%s"\n' %
                       self.path("policyd.pid"))

    def shell(self, text):
        """shell - type it; what is printed"""
        self.settle()
        path = self.path("bin") + ":" + os.environ["PATH"]
        done = subprocess.run(
            ["/bin/sh", "-eu", "-c", self.moved(text)], text=True, cwd=ROOT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=5 * WAIT,
            env=dict(os.environ, PATH=path))
        assert done.returncode == 0, "status %d\n%s%s" % (
            done.returncode, done.stdout, done.stderr)
        return done.stdout

    def try_options(self, text):
        """try_options - added to policyd.conf they must be accepted"""
        file = self.path("policyd", "tried.conf")
        base = 'import_postfix = "%s"\nlisten "unix:/tmp/x" { }\n' % (
            self.postfix.config)
        self.write(file, base + self.moved(text))
        self.shell("policyd -t -c " + file)

    def do(self, block):
        """do - what a block is for"""
        try:
            if block.file:
                path = self.moved(block.file)
                self.write(path, self.moved(block.text))
            elif block.word in COMMANDS:
                printed = self.shell(block.text)
                self.printed = printed
                for line in block.expected:
                    assert self.moved(line) in printed, "not %s but %s" % (
                        line, printed)
                self.keep_pid_here()
                return printed
            elif block.word in OPTIONS:
                self.try_options(block.text)
            else:
                raise AssertionError("it is neither a file nor a command: " +
                                     block.text)
            self.keep_pid_here()
            return ""
        except (AssertionError, RuntimeError) as error:
            raise AssertionError("%s: %s" % (block.where, error)) from error

    def check_exceptions(self):
        """check_exceptions - look at what was not done"""
        for command, check in EXCEPTIONS.items():
            path = self.path("exceptions." + command)
            if not os.path.exists(path):
                continue
            with open(path, encoding="utf-8") as file:
                for line in file.read().splitlines():
                    check(line.split())

    def stop_policyd(self):
        """stop_policyd - if it runs"""
        try:
            with open(self.path("policyd.pid"), encoding="ascii") as file:
                pid = int(file.read())
        except (FileNotFoundError, ValueError):
            return
        if exists(pid):
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not exists(pid), "end of policyd")

    def replace_ports(self, ports):
        """replace_ports - {old: new} names of services, and their numbers in
        policyd.conf: a test cannot have the real ones"""
        numbers = {"smtp": 25, "submission": 587, "submissions": 465}
        path = os.path.join(self.postfix.config, "master.cf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(self.conf, encoding="utf-8") as file:
            conf = file.read()
        for old, new in ports.items():
            text = re.sub(r"(?m)^%s(\s+inet\s)" % re.escape(old),
                          r"%s\1" % new, text)
            conf = re.sub(r"\b%s\b(?=[, ].*\}$)" % numbers.get(old, "none"),
                          new.rpartition(":")[2], conf, flags=re.M)
        self.write(path, text)
        self.write(self.conf, conf)
        self.settle()


def stranger(place, block, port):
    """stranger - what HOWTO has a stranger type, to a Postfix that insists on
    the pauses; the first one may be too short for a busy machine"""
    text = block.text.replace("127.0.0.1:25", "127.0.0.1:%d" % port)
    assert text != block.text and block.expected, block.where

    def answered():
        return all(line in place.shell(text) for line in block.expected)
    wait_until(answered, "answer to a stranger")


def mail(place, block):
    """mail - the three ports are protected; see test_delivery"""
    failures = Failures()
    ports = {name: free_port() for name in ("smtp", "submission",
                                            "submissions")}
    names = {name: "127.0.0.1:%d" % port for name, port in ports.items()}
    place.replace_ports(names)
    place.shell("policyd --reload")
    with Sink() as sink:
        saved = state(place.postfix.config)[0]
        place.postfix.deliver_to(sink)
        place.postfix.set("smtpd_forbid_unauth_pipelining=yes")
        place.postfix.start()
        stranger(place, block, ports["smtp"])
        Mailer(place.postfix, sink, ports).round("HOWTO, chapter 1", failures)
        place.postfix.stop()
        place.write(os.path.join(place.postfix.config, "main.cf"), saved)
    place.replace_ports({new: old for old, new in names.items()})
    assert not failures, failures


def switch_on(place, init):
    """switch_on - what --init has printed under "1." and "2." """
    assert init["2"][-1].startswith("policyd -P"), init
    assert init["1"] == ["policyd -t -c " + place.conf,
                         "policyd -d -c " + place.conf], init
    place.shell("\n".join(init["1"] + init["2"][:-1]))


def switch_off(place, init, before, block):
    """switch_off - the last lines of --init, after real mail"""
    mail(place, block)
    place.shell("\n".join(init["To"]))
    assert state(place.postfix.config) == before, "not as before"
    place.shell("\n".join(init["And"]))
    wait_until(lambda: not os.path.exists(place.path("policyd.pid")),
               "end of policyd")


def first_chapter(place, blocks):
    """first_chapter - from a bare Postfix to three ports, real mail, and
    back; what takes real ports, the package or Dovecot is done by
    t/package/newcomer.py"""
    bare = state(place.postfix.config)
    before = init = to_stranger = None
    done = []
    for block in blocks:
        if "type the lines printed under \"2.\"" in block.before:
            switch_on(place, init)
            done.append("on")
        if "type the lines that policyd --init has printed" in block.before:
            switch_off(place, init, before, to_stranger)
            done.append("off")
        if block.text.startswith("policyd --init"):
            before = state(place.postfix.config)
        if "s_client" in block.text:
            to_stranger = block
            continue
        if "--replay" in block.text:
            place.write(place.path("log", "mail.log"), "".join(
                line for line in read("t/data/postlog/debian").splitlines(True)
                if not re.search("printer|6D0DE1C0D7", line)))
        printed = place.do(block)
        if block.text.startswith("policyd --init"):
            init = parts(printed)
        if block.text.startswith("policyd -P"):
            assert done and "no problems found" in printed, printed
        if "--replay" in block.text:
            done.append("judged")
        elif block.text.startswith("policyd -q"):
            replies = re.findall(r"(?m)^action=(\S+)", printed)
            assert replies == [["554"], ["permit_sasl_authenticated"]][
                "login=" in block.text] or len(replies) == 2, printed
    assert done == ["judged", "on", "off"], "a step of chapter 1 is missing"
    assert state(place.postfix.config) == bare, "not as it was"


def second_chapter(place, starts, changes):
    """second_chapter - Postfix has its three ports, and policyd runs as in
    chapter 2, unless what follows starts it; so does Postfix ask it, unless
    what follows changes that"""
    second = dict(chapters(HOWTO))["2. THE SAME BY HAND"]
    place.shell("""
        postconf -M submission/inet='submission inet n - y - - smtpd' \
            submissions/inet='submissions inet n - y - - smtpd'
        postconf -e smtpd_tls_security_level=encrypt \
            smtpd_tls_auth_only=yes smtpd_sasl_auth_enable=yes""")
    for block in second:
        if block.file or (block.word == "postconf" and not changes):
            place.do(block)
    if not starts:
        place.shell("policyd -d")


RETURN = "127.0.0.1:10025"


def add_return_port(place):
    """add_return_port - where a content filter hands mail back"""
    place.shell("""
        postconf -M %s/inet='%s inet n - y - - smtpd'
        postconf -P %s/inet/content_filter= \
            %s/inet/smtpd_end_of_data_restrictions= \
            %s/inet/mynetworks=127.0.0.0/8 \
            %s/inet/smtpd_tls_security_level=none \
            %s/inet/smtpd_recipient_restrictions=permit_mynetworks,reject
        """ % ((RETURN,) * 7))


def check_return_port(program, place):
    """check_return_port - the filter can still hand mail back; the port is
    gone then"""
    port = judged(program, place.postfix.config)[RETURN]
    assert port.cells["host", "elsewhere"] == "passes", port.why
    place.shell("postconf -MX %s/inet" % RETURN)


def type_lines(place, block, init):
    """type_lines - what HOWTO has typed of what --init has printed"""
    if 'lines printed under "1."' in block.before:
        place.shell("\n".join(init["1"]))
    if re.search(r'lines\s+printed\s+under .*"2\."', block.before):
        place.shell("\n".join(init["2"]))


def add_rates(place):
    """add_rates - policyd.conf has the first rate that HOWTO shows"""
    blocks = dict(chapters(HOWTO))["12. SENDING LIMITS"]
    first = [block.word for block in blocks].index("rate")
    os.mkdir(place.path("rates"))
    place.do(next(block for block in blocks if block.file))
    with open(place.conf, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r'(?ms)^service "submission" \{.*?^\}$',
                  lambda _: place.moved(blocks[first].text), text)
    place.write(place.conf, text + 'rate_directory = "%s"\n' %
                place.path("rates"))


def later_chapter(program, place, blocks):
    """later_chapter - a chapter that continues the second"""
    init = None
    limited = any("policyd -r login" in block.text for block in blocks)
    second_chapter(place, any(re.search("policyd -d|--init|"
                                        "systemctl restart|podman run -d", block.text)
                              for block in blocks),
                   any("postconf" in block.text for block in blocks))
    if limited:
        add_rates(place)
        place.shell("policyd --reload")
    changes = [block for block in blocks if "relay_restr" in block.text]
    if changes:
        add_return_port(place)
    for block in blocks:
        if init:
            type_lines(place, block, init)
        if "A variant" in block.before:
            check_return_port(program, place)
            changes = []
        printed = place.do(block)
        init = parts(printed) if "policyd --init" in block.text else None
        if "policyd -P" in block.text:
            assert re.search("no problems found| 0 errors", printed), printed
    if changes:
        check_return_port(program, place)


def test_howto(program):
    """every chapter, with a Postfix of its own"""
    found = chapters(HOWTO)
    titles = [title for title, _ in found]
    listed = re.findall(r"(?m)^  (\d+)\. ", read(HOWTO))
    assert listed == [str(n) for n in range(1, len(listed) + 1)]
    assert len(found) >= len(listed) - 1, titles
    for title, blocks in found:
        with Place(program) as place:
            if title.startswith("1. "):
                first_chapter(place, blocks)
            elif title.startswith("2. "):
                for block in blocks:
                    place.do(block)
            else:
                later_chapter(program, place, blocks)
            place.check_exceptions()
        print("%s: %d blocks" % (title, len(blocks)), flush=True)


def test_readme(program):
    """README, from --init to -q; the lines of --init are those of HOWTO"""
    count = 0
    with Place(program) as place:
        place.shell("postconf -e smtpd_tls_security_level=may "
                    "smtpd_tls_auth_only=yes smtpd_sasl_auth_enable=yes")
        for _, blocks in chapters(README):
            for block in blocks:
                if block.text.startswith("policyd -P"):
                    switch_on(place, parts(init))
                printed = place.do(block)
                if "policyd --init" in block.text:
                    init = printed
                count += 1
        place.check_exceptions()
    assert count >= 4, count


def test_others(program):
    """CONTRIBUTING and SECURITY"""
    for path in (CONTRIBUTING, SECURITY):
        with Place(program) as place:
            blocks = [block for _, each in chapters(path) for block in each]
            later_chapter(program, place, blocks)
            place.check_exceptions()
            assert len(blocks) >= 2, path


def test_names(_):
    """files that these documents name are there, and so are the tests"""
    known = tests()
    for path in FILES + ["contrib/ARCHITECTURE", "contrib/NEWS"]:
        text = read(path)
        for name in re.findall(r"(?<![\w/.])((?:lib|policyd|etc|t|contrib)/"
                               r"[\w./-]*\w)", text):
            found = os.path.exists(os.path.join(ROOT, name)) or any(
                os.path.exists(os.path.join(ROOT, name + end))
                for end in (".c", ".h"))
            assert found or "X" in name or "WORD" in name, \
                "%s: no %s" % (path, name)
        for name in re.findall(r"\b((?:integration_)?test_[a-z_]*[a-z])\b",
                               text):
            assert name in known or "integration_" + name in known, \
                "%s: no test %s" % (path, name)
        for number, line in enumerate(text.splitlines(), 1):
            assert len(line) <= 80 and "\t" not in line, \
                "%s:%d: too long, or a tab" % (path, number)


def test_demo_lines(_):
    """the lines of contrib/demo that README shows are lines of contrib/demo"""
    shown = [re.split("  +", line.strip())
             for line in read(README).splitlines()
             if re.match(r"  \S.* (25|587|465) .* \d\d\d$", line)]
    assert len(shown) >= 5, shown
    made = []
    for who, port, tls, login, recipient, reply, _ in demo.ROWS:
        made.append([who, demo.NUMBERS[port], demo.how(tls, login), recipient,
                     reply])
    for row in shown:
        assert row in made, "README: contrib/demo has no line %s" % row


FAKES = (("dpkg-query", "exit 1"), ("id", "echo 0"), ("apt-get", r"""
case "$*" in *update*) exit 0 ;; esac
for percent in 0.0 10.5 25.1 50.0 75.9 100.0; do
    echo "pmstatus:foo:$percent:Installing foo" >&3
done
[ -z "$FAIL" ] || { echo broken; exit 100; }"""), (
    "debconf-set-selections", "cat >/dev/null"))


def test_packages_progress(_):
    """install-packages says what it is doing and how far it is; if that fails,
    what apt-get has said"""
    with tempfile.TemporaryDirectory(prefix="policyd-packages-") as directory:
        for name, script in FAKES:
            path = os.path.join(directory, name)
            with open(path, "w") as file:
                file.write("#!/bin/sh\n%s\n" % script)
            os.chmod(path, 0o755)
        for fails in "", "1":
            done = subprocess.run(
                ["/bin/sh", os.path.join(ROOT, "contrib/install-packages"),
                 "deb"], capture_output=True, text=True,
                env=dict(os.environ, FAIL=fails,
                         PATH=directory + ":" + os.environ["PATH"]))
            assert done.returncode == (100 if fails else 0), done
            assert " debhelper" in done.stdout.splitlines()[0], done.stdout
            assert re.search(r"2 of 2: \d\d packages", done.stdout), done
            assert done.stderr.replace("broken\n", "") == "".join(
                "%3d %% Installing foo\n" % each
                for each in (0, 25, 50, 75, 100)), done.stderr
            assert ("broken" in done.stderr) == bool(fails), done.stderr


def test_packages(_):
    """a package that two purposes want is named once by install-packages; here
    nothing is installed, and nobody may"""
    with tempfile.TemporaryDirectory(prefix="policyd-packages-") as directory:
        for name, script in (("dpkg-query", "exit 1"), ("id", "echo 1000")):
            path = os.path.join(directory, name)
            with open(path, "w") as file:
                file.write("#!/bin/sh\n%s\n" % script)
            os.chmod(path, 0o755)
        done = subprocess.run(
            ["/bin/sh", os.path.join(ROOT, "contrib/install-packages"),
             "build", "test", "ci"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
            env=dict(os.environ, PATH=directory + ":" + os.environ["PATH"]))
    assert done.returncode == 77, done.returncode
    packages = done.stdout.split()[1:]
    assert "check" in packages and "cppcheck" in packages, done.stdout
    assert len(packages) == len(set(packages)), done.stdout


if __name__ == "__main__":
    sys.exit(run_all([test_howto, test_readme, test_others, test_names,
                      test_demo_lines, test_packages,
                      test_packages_progress]))
