# SPDX-License-Identifier: ISC
"""policyd --init: what it prints, typed; a Postfix as it is without policyd,
and one that never runs."""

import os
import re
import shutil
import subprocess

from kit.daemon import WAIT
from kit.postfix import poll, run, settle, temporary_directory
from kit.smtp import verdict

# What a Postfix has that was set up without policyd.
MAIN = {
    "smtpd_relay_restrictions":
        "permit_mynetworks, permit_sasl_authenticated, "
        "defer_unauth_destination",
    "smtpd_sasl_auth_enable": "yes",
    "smtpd_tls_security_level": "may",
    "smtpd_recipient_restrictions":
        "reject_non_fqdn_recipient, "
        "check_recipient_access inline:{nobody@local.test=REJECT}",
}
ENCRYPTED = {"smtpd_tls_security_level": "encrypt",
             "syslog_name": "postfix/submission"}
SUBMISSION = ("-o { smtpd_relay_restrictions = permit_sasl_authenticated, "
              "reject }")
SUBMISSIONS = {"smtpd_tls_wrappermode": "yes",
               "smtpd_etrn_restrictions": "",
               "smtpd_relay_restrictions": "permit_sasl_authenticated,reject"}
FILTER = {"content_filter": "", "smtpd_relay_restrictions":
          "permit_mynetworks,reject"}


def state(directory):
    """state - the meaning of main.cf and master.cf; and the text of main.cf,
    since postconf -n omits parameters that nothing refers to"""
    with open(os.path.join(directory, "main.cf"), encoding="utf-8") as file:
        return [file.read()] + [run("postconf", "-c", directory, option)
                                for option in ("-n", "-M")]


def parts(printed):
    """parts - the commands below each comment"""
    found = {}
    title = None
    for line in printed.splitlines():
        number = re.match(r"# (1|2|To|And)\b", line)
        if number:
            title = number.group(1)
        elif line and not line.startswith("#") and title:
            found.setdefault(title, []).append(line)
    assert set(found) == {"1", "2", "To", "And"}, printed
    return found


def shell(lines):
    """shell - type them, in the order in which they are printed; the files are
    settled in between, as a person is no faster"""
    typed = [line + "".join("\ntouch -d @1 %s/m*.cf" % directory for directory
                            in re.findall(r"^postconf -c (\S+) ", line))
             for line in lines]
    run("sh", "-eu", input="\n".join(typed) + "\n")


def switch_on(lines, directory):
    """switch_on - type the second part of the commands, but those that start
    and ask programs"""
    for line in lines:
        if not line.startswith(("policyd", "postfix")):
            shell([line])
            settle(directory)


def three_ports(postfix):
    """three_ports - as they are before; by their names"""
    ports = {"smtp": postfix.port("y"),
             "submission": postfix.port("y", **ENCRYPTED),
             "submissions": postfix.port("n", **SUBMISSIONS)}
    postfix.filter = postfix.port("n", **FILTER)
    name = "127.0.0.1:%d" % ports["submission"]
    line = run("postconf", "-c", postfix.config, "-M", name + "/inet")
    run("postconf", "-c", postfix.config, "-M", "%s/inet=%s %s" % (
        name, line.strip(), SUBMISSION))
    return ports


def stranger(mailer, reply):
    """stranger - from this host, which is in mynetworks; processes of before
    a reload may still answer for a moment"""
    said = []

    def answered():
        with mailer.open("smtp", None, None) as session:
            said.append(mailer.send(session, "user@remote.example")[0])
        return verdict(said[-1]) == reply
    try:
        poll(answered)
    except TimeoutError:
        raise AssertionError("stranger: %s, not %s" % (said[-1], reply))


class Place:
    """A directory with main.cf and master.cf, of a Postfix that never runs."""

    def __init__(self, main="", master="smtp inet n - y - - smtpd\n"):
        self.directory = temporary_directory()
        self.config = os.path.join(self.directory, "etc")
        self.file = os.path.join(self.directory, "policyd.conf")
        os.mkdir(self.config)
        for name, text in (("main.cf", "compatibility_level = 3.6\n" + main),
                           ("master.cf", master)):
            path = os.path.join(self.config, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        settle(self.config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)

    def configure(self, text=""):
        """configure - write policyd.conf: this Postfix, and that; it"""
        text = 'import_postfix = "%s"\n' % self.config + text
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)
        return text

    def init(self, program, *arguments, user=None):
        """init - (status, standard output, standard error)"""
        done = subprocess.run(
            [program, "--init"] + list(arguments or
                                       ["-c", self.file, self.config]),
            capture_output=True, text=True, timeout=WAIT, user=user,
            group=user and 65534, extra_groups=user and [])
        return done.returncode, done.stdout, done.stderr


NAMES = {"strangers": "stranger", "users who log in": "login",
         "clients in mynetworks": "network", "this host": "host"}
VERBS = {"send mail to our domains": ["ours"], "relay": ["elsewhere"],
         "send mail": ["ours", "elsewhere"]}
LINE = re.compile(
    r"#\tport (\S+): (%s)(?: \([^)]*\))?( with TLS| without TLS)? "
    r"(may not|may or may not \(.*?\)|may) (%s) now, and "
    r"(may not|may or may not \(.*?\)|may) afterwards" % (
        "|".join(NAMES), "|".join(VERBS)))


def said_changes(printed):
    """said_changes - {(service, client, recipient): (before, after)}"""
    words = {"may": "passes", "may not": "refused"}
    found = {}
    for line in printed.splitlines():
        match = LINE.match(line)
        if not match:
            assert " now, and " not in line, line
            continue
        name, client, tls, before, verb, after = match.groups()
        for suffix in {" with TLS": [" in TLS"], " without TLS": [""],
                       None: ["", " in TLS"]}[tls]:
            for recipient in VERBS[verb]:
                found[name, NAMES[client] + suffix, recipient] = (
                    words.get(before), words.get(after))
    return found
