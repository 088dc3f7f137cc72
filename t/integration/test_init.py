#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_init - policyd --init against a real Postfix: exactly the printed lines
are run, the three ports are protected then, and the last lines bring back
exactly what was before; what could open a relay is refused.

usage: test_init.py POLICYD
"""

import os
import pwd
import re
import shutil
import subprocess
import sys

from kit.daemon import WAIT, run_all
from kit.policyd import Policyd
from kit.postfix import Postfix, Sink, poll, run, temporary_directory
from kit.smtp import verdict
from kit.mailer import MESSAGES, Failures, Mailer

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
# Strangers could not send anything to the ports for users.
NARROW = [(port, tls, login, recipient, "554 5.7.1", None)
          if port != "smtp" and tls and login != "good" else
          (port, tls, login, recipient, *rest)
          for port, tls, login, recipient, *rest in MESSAGES]
FILTER = {"content_filter": "", "smtpd_relay_restrictions":
          "permit_mynetworks,reject"}


def state(directory):
    """state - the meaning of main.cf and master.cf; and the text of main.cf,
    since postconf -n omits parameters that nothing refers to"""
    with open(os.path.join(directory, "main.cf"), encoding="utf-8") as file:
        return [file.read()] + [run("postconf", "-c", directory, option)
                                for option in ("-n", "-M", "-P")]


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
    """shell - type them, in the order in which they are printed"""
    run("sh", "-eu", input="\n".join(lines) + "\n")


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


def check_file(postfix, ports, path):
    """check_file - the configuration names what is there"""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for wanted in ('listen "unix:%s/private/policyd"' % postfix.queue,
                   'owner = "postfix"', 'group = "postfix"',
                   'import_postfix = "%s"' % postfix.config,
                   'service "mx" {\n\tserver_port = { %d }' % ports["smtp"],
                   'service "logins" {\n\tserver_port = { %d, %d }' % (
                       ports["submission"], ports["submissions"]),
                   "#\tport %d (127.0.0.1:%d), in a chroot\n" % (
                       ports["smtp"], ports["smtp"]),
                   "127.0.0.1:%d receives mail from a content filter" %
                   postfix.filter,
                   "#\tsmtpd_recipient_restrictions of port %d also asks "
                   "unix:private/other" % ports["submissions"]):
        assert wanted in text, "not in the file: %s\n%s" % (wanted, text)
    return text


def test_three_ports(program):
    """on, and off again, with real mail"""
    failures = Failures()
    with Sink() as sink, Postfix(MAIN) as postfix:
        postfix.deliver_to(sink)
        ports = three_ports(postfix)
        run("postconf", "-c", postfix.config, "-P",
            "127.0.0.1:%d/inet/smtpd_recipient_restrictions=$others" %
            ports["submissions"])
        postfix.set("others=check_policy_service unix:private/other")
        path = postfix.path("policyd.conf")
        before = state(postfix.config)
        printed = run(program, "--init", "-c", path, postfix.config)
        assert before == state(postfix.config), "--init changed Postfix"
        lines = parts(printed)
        text = check_file(postfix, ports, path)
        for line in lines["2"][:-1] + lines["To"]:
            assert "#\t%s\n" % line in text, "not in the file: " + line
        run("postconf", "-c", postfix.config, "-PX",
            "127.0.0.1:%d/inet/smtpd_recipient_restrictions" %
            ports["submissions"])
        before = state(postfix.config)
        postfix.start()
        mailer = Mailer(postfix, sink, ports)
        stranger(mailer, "250 2.1.5")
        assert lines["1"] == ["policyd -t -c " + path,
                              "policyd -d -c " + path], lines
        assert lines["And"] == ["kill $(cat '/run/policyd.pid')"], lines
        assert lines["2"].pop() == "policyd -P -c " + path, lines
        socket_path = os.path.join(postfix.queue, "private", "policyd")
        with Policyd(program, postfix.directory, text,
                     socket_path) as policyd:
            policyd.check()
            shell(lines["2"])
            stranger(mailer, "554 5.7.1")
            mailer.round("switched on", failures, NARROW)
            findings = run(program, "-P", "-c", path)
            name = "127.0.0.1:%d" % postfix.filter
            assert findings.endswith(": no problems found\n"), findings
            assert re.search(r"(?m)^%s +return " % re.escape(name),
                             findings), findings
            policyd.stop()
        stranger(mailer, "451 4.3.5")
        shell(lines["To"])
        stranger(mailer, "250 2.1.5")
        after = state(postfix.config)
        assert after == before, "not as before:\n%s\n%s" % (before, after)
    assert not failures, failures


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
        self.settle()

    def settle(self):
        """settle - make the files look older than they are: Postfix programs
        wait until a file has not changed for two seconds"""
        for name in os.listdir(self.config):
            os.utime(os.path.join(self.config, name), (1, 1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)

    def init(self, program, *arguments, user=None):
        """init - (status, standard output, standard error)"""
        done = subprocess.run(
            [program, "--init"] + list(arguments or
                                       ["-c", self.file, self.config]),
            capture_output=True, text=True, timeout=WAIT, user=user,
            group=user and 65534, extra_groups=user and [])
        return done.returncode, done.stdout, done.stderr


# main.cf, master.cf (or None), status, what standard error must hold. Nothing
# may be printed or written.
REFUSED = [
    ("relay_domains = static:all\n", None, 78,
     r"policyd.conf(:\d+)?: .*(stranger|expect)"),
    ("smtpd_policy_service_default_action = DUNNO\n", None, 78,
     r"mail passes unchecked whenever policyd does not answer\n"
     r".*\n    # .*\npolicyd: nothing is written: fix this first"),
    ("", "pickup unix n - y 60 1 pickup\n", 78,
     r"master.cf: no smtpd service"),
    ("policyd_relay_restrictions = reject\n",
     "smtp inet n - y - - smtpd "
     "-o smtpd_relay_restrictions=$policyd_relay_restrictions\n", 78,
     r"policyd_relay_restrictions is set: this Postfix already "
     r"asks policyd; policyd -P"),
    ("mail_owner = nosuch\n", None, 78, r"mail_owner = nosuch: there is no"),
    ("mydestination = nosuch:x\n", None, 78, r"nosuch"),
]


def test_refused(program):
    """mistakes that must be fixed first"""
    for main, master, status, wanted in REFUSED:
        with Place(main) if master is None else Place(main, master) as place:
            got, output, errors = place.init(program)
            assert got == status and re.search(wanted, errors), \
                "%s%s: status %d: %s" % (main, master or "", got, errors)
            assert output == "" and not os.path.exists(place.file), output


# Where domains can be that only Postfix looks up.
TABLES = [
    ("virtual_mailbox_domains", "proxy:mysql:/etc/postfix/domains.cf"),
    ("relay_domains", "ldap:/etc/postfix/ldap.cf"),
    ("virtual_alias_maps", "sqlite:/etc/postfix/sqlite.cf"),
    ("mydestination", "localhost, socketmap:inet:127.0.0.1:9:name"),
    ("relay_domains", "tcp:127.0.0.1:9"),
]


def test_tables(program):
    """domains that only Postfix can look up"""
    for parameter, value in TABLES:
        with Place("%s = %s\n" % (parameter, value)) as place:
            status, output, errors = place.init(program)
            assert (status, errors) == (0, "") and output, (value, errors)


def test_place(program):
    """never over a file that is wrong; root alone; names that are wrong"""
    with Place() as place:
        with open(place.file, "w", encoding="utf-8") as file:
            file.write("mine")
        status, output, errors = place.init(program)
        assert (status, output) == (78, ""), (status, output, errors)
        assert "policyd.conf exists and is refused; it is not touched" in \
            errors, errors
        with open(place.file, encoding="utf-8") as file:
            assert file.read() == "mine"
        os.unlink(place.file)
        os.symlink("elsewhere", place.file)
        assert place.init(program)[0] == 78
        assert not os.path.exists(os.path.join(place.directory, "elsewhere"))
        os.unlink(place.file)
        copy = shutil.copy(program, os.path.join(place.directory, "policyd"))
        status, output, errors = place.init(
            copy, "-c", place.file, place.config,
            user=pwd.getpwnam("nobody").pw_uid)
        assert (status, output) == (77, ""), (status, output, errors)
        assert errors == ("policyd: --init writes a file for root: run it as "
                          "root\n"), errors
        status, output, errors = place.init(program, "-c", place.file,
                                            place.config + "/none")
        assert (status, output) == (75, "") and re.search(
            "none: No such file or directory; name the directory of main.cf",
            errors), (status, errors)
        status, _, errors = place.init(program, "-c", place.file,
                                       place.directory)
        assert status == 75 and errors == (
            "policyd: %s/main.cf: No such file or directory; configure "
            "Postfix first (Debian: dpkg-reconfigure postfix), or name the "
            "directory of another one\n" % place.directory), (status, errors)
        for wrong in (["a", "b"], ["-t"], ["-q"]):
            assert place.init(program, *wrong)[0] == 64, wrong
        deep = os.path.join(place.directory, "new", "policyd.conf")
        assert place.init(program, "-c", deep, place.config)[0] == 0
        status, _, errors = place.init(program, "-c", deep + "/none",
                                       place.config)
        assert status == 73 and "cannot write" in errors, (status, errors)


# A policyd.conf that is there already; where Postfix is to ask then, or why it
# cannot.
KEPT = [
    ('listen "unix:/var/spool/postfix/private/policyd" { }\n',
     "unix:private/policyd"),
    ('listen "unix:/var/spool/postfix/public/other" { }\n',
     "unix:public/other"),
    ('listen "inet:127.0.0.1:10040" { }\n', "inet:127.0.0.1:10040"),
    ("# nothing\n", "policyd: .*exists and has no listen section"),
    ('listen "unix:/run/policyd" { }\n', r"unix:/run/policyd: .*\n(.*\n)*"
     "policyd: nothing is written: fix this first"),
    ('listen "inet:127.0.0.1:10040" { }\nrelay_domains = "static:all"\n',
     "policyd.conf.*strangers?"),
]


def test_kept(program):
    """a file that exists is used as it is"""
    for text, wanted in KEPT:
        with Place() as place:
            with open(place.file, "w", encoding="utf-8") as file:
                file.write(text)
            before = state(place.config)
            status, output, errors = place.init(program)
            with open(place.file, encoding="utf-8") as file:
                assert file.read() == text
            assert state(place.config) == before
            if not wanted.startswith(("unix:p", "inet:")):
                assert (status, output) == (78, ""), (text, status, output)
                assert re.search(wanted, errors), errors
                continue
            assert status == 0, (text, errors)
            assert "is kept as it is." in output.splitlines()[0], output
            assert "= check_policy_service %s, reject'" % wanted in output
            lines = parts(output)
            shell(lines["2"][:-2] + lines["To"][:-1])
            place.settle()
            assert state(place.config) == before


# master.cf lines of ports, and the lines of postconf(1) that undo what is
# done to them.
UNDONE = [
    ("smtp inet n - y - - smtpd\n",
     ["-PX 'smtp/inet/smtpd_relay_restrictions'",
      "-PX 'smtp/inet/smtpd_etrn_restrictions'"]),
    ("smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n",
     ["-PX 'smtpd/pass/smtpd_relay_restrictions'",
      "-PX 'smtpd/pass/smtpd_etrn_restrictions'"]),
    ("587 inet n - y - - smtpd -o smtpd_relay_restrictions=\n",
     ["-P '587/inet/smtpd_relay_restrictions='",
      "-PX '587/inet/smtpd_etrn_restrictions'"]),
    ("smtp inet n - y - - smtpd -o smtpd_etrn_restrictions=reject "
     "-o smtpd_sasl_auth_enable=yes -o smtpd_tls_security_level=may "
     "-o smtpd_tls_cert_file=/dev/null\n",
     ["-PX 'smtp/inet/smtpd_relay_restrictions'",
      "-PX 'smtp/inet/smtpd_tls_auth_only'"]),
    ("smtp inet n - y - - smtpd -o { smtpd_relay_restrictions = "
     "permit_mynetworks, reject } -o syslog_name=it's\n",
     ["-M 'smtp/inet=smtp       inet  n       -       y       -       -"
      "       smtpd -o {smtpd_relay_restrictions=permit_mynetworks, reject} "
      "-o syslog_name=it'\\''s'"]),
]


def test_undone(program):
    """whatever a port had before comes back"""
    for master, undo in UNDONE:
        with Place(master=master) as place:
            before = state(place.config)
            status, output, errors = place.init(program)
            assert status == 0, (master, status, errors)
            lines = parts(output)
            assert [line.split(None, 3)[3] for line in lines["To"][:-2]] == \
                undo, lines["To"]
            shell(lines["2"][:-2])
            place.settle()
            assert state(place.config) != before
            shell(lines["To"][:-1])
            place.settle()
            assert state(place.config) == before, (master, before)


if __name__ == "__main__":
    sys.exit(run_all([test_tables, test_three_ports, test_refused, test_place,
                      test_kept, test_undone]))
