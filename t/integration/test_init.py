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
import sys

from kit.daemon import run_all
from kit.init import MAIN, Place, parts, shell, state, stranger, three_ports
from kit.mailer import MESSAGES, Failures, Mailer
from kit.policyd import Policyd
from kit.postfix import Postfix, Sink, run, settle
from kit.postfix_files import server_certificate

# Strangers could not send anything to the ports for users.
NARROW = [(port, tls, login, recipient, "554 5.7.1", None)
          if port != "smtp" and tls and login != "good" else
          (port, tls, login, recipient, *rest)
          for port, tls, login, recipient, *rest in MESSAGES]


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


def test_inbound(program):
    """a port for our own mail only, where a certificate was enough"""
    with Place("mydestination = local.test\nsmtpd_relay_restrictions = "
               "permit_tls_clientcerts, reject_unauth_destination\n") as place:
        done = place.init(program)
        assert done[0] == 0, done
        with open(place.file) as file:
            text = file.read()
        assert 'service "inbound"' in text and "no login could before" in \
            text and "no one could" not in text, text


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
    (("virtual_mailbox_domains", "proxy:mysql:/etc/postfix/domains.cf"),
     ("relay_domains", "ldap:/etc/postfix/ldap.cf"),
     ("virtual_alias_maps", "sqlite:/etc/postfix/sqlite.cf"),
     ("mydestination", "localhost, socketmap:inet:127.0.0.1:9:name")),
    (("relay_domains", "tcp:127.0.0.1:9"),),
]


def test_tables(program):
    """domains that only Postfix can look up"""
    for tables in TABLES:
        with Place("".join("%s = %s\n" % table for table in tables)) as place:
            status, output, errors = place.init(program)
            assert (status, errors) == (0, "") and output, (tables, errors)


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
            settle(place.config)
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
    ("smtp inet n - y - - smtpd -o smtpd_relay_restrictions=reject "
     "-o { smtpd_relay_restrictions=permit_mynetworks}\n",
     ["-M 'smtp/inet=smtp       inet  n       -       y       -       -"
      "       smtpd -o smtpd_relay_restrictions=reject "
      "-o smtpd_relay_restrictions=permit_mynetworks'"]),
    ("smtp inet n - y - - smtpd -o smtpd_relay_restrictions=reject "
     "-o smtpd_relay_restrictions_x=y\n",
     ["-P 'smtp/inet/smtpd_relay_restrictions=reject'",
      "-PX 'smtp/inet/smtpd_etrn_restrictions'"]),
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
            settle(place.config)
            assert state(place.config) != before
            shell(lines["To"][:-1])
            settle(place.config)
            assert state(place.config) == before, (master, before)


PLAIN = """mydestination = local.test, localhost
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
    reject_unauth_destination
smtpd_sasl_auth_enable = yes
smtpd_tls_security_level = may
smtpd_tls_chain_files = %s/server.key, %s/server.pem
mynetworks = """
WIDE = "strangers could relay: mynetworks has"
# mynetworks, and why --init does not say how to keep it with permit_mynetworks.
NETWORKS = (
    ("127.0.0.0/8", ""),
    ("127.0.0.0/8 203.0.113.0/24", ""),
    ("127.0.0.0/8 0.0.0.0/0", WIDE),
    ("127.0.0.0/8 128.0.0.0/1", WIDE),
    ("127.0.0.0/8 cidr:{{[::]/0 x}}", WIDE),
    ("cidr:{{0.0.0.0/0 x}}", WIDE),
    ("127.0.0.0/8 office.example", "policyd refuses mynetworks: "
     '"office.example": not an address'),
)


def test_said(program):
    """what ends is said before the commands: logins without TLS; and nobody
    keeps an open relay by what is advised. A port for a filter on this host is
    left alone, whatever AUTH it offers."""
    tls = server_certificate()
    for networks, why in NETWORKS:
        with Place(PLAIN % (tls, tls) + networks + "\n",
                   "smtp inet n - n - - smtpd\n"
                   "2525 inet n - y - - smtpd\n"
                   "  -o mynetworks=192.168.9.0/24\n"
                   "127.0.0.1:10025 inet n - n - - smtpd\n"
                   "  -o content_filter=\n  -o mynetworks=127.0.0.0/8\n"
                   "  -o smtpd_relay_restrictions=permit_mynetworks,reject\n"
                   ) as place:
            status, printed, errors = place.init(program)
            assert (status, errors) == (0, ""), (networks, errors)
            before, _, commands = printed.partition("\n# 1. ")
            assert ("permit_mynetworks, permit_auth" in before) == (
                not why), before
            assert why in before, before
            assert re.search("port 2525: clients in mynetworks .*; "
                             "permit_mynetworks does not help: this port has a "
                             "mynetworks of its own", before), before
            assert "#\tport smtp: AUTH is offered only with TLS: a client " \
                "that logs in without TLS cannot log in any more" in before
            assert re.search("smtp: users who log in without TLS may.* now, "
                             "and may not afterwards", before), before
            assert "smtp/inet/smtpd_tls_auth_only=yes" in commands
            assert "10025/inet" not in commands, commands


def test_path(program):
    """the commands can be typed, whatever the names of the directory and of the
    file are"""
    with Place() as place:
        previous, place.config = place.config, place.config + " of o'brien"
        place.file = os.path.join(place.directory, "policyd $HOME.conf")
        os.rename(previous, place.config)
        # That of Debian is not there before its Postfix was started.
        queue = os.path.join(place.directory, "queue")
        os.makedirs(os.path.join(queue, "private"))
        with open(os.path.join(place.config, "main.cf"), "a") as out:
            out.write("queue_directory = %s\n" % queue)
        settle(place.config)
        before = state(place.config)
        status, printed, errors = place.init(program)
        assert (status, errors) == (0, ""), errors
        for line in parts(printed)["1"][:1] + parts(printed)["2"]:
            if line.startswith("policyd -t"):
                line = os.path.abspath(program) + line[len("policyd"):]
            if line.startswith(("postconf", "/")):
                run("sh", "-eu", input=line + "\n")
                settle(place.config)
        assert state(place.config) != before
        status, _, errors = place.init(program, "--undo", "-c", place.file)
        assert status == 0 and state(place.config) == before, errors


if __name__ == "__main__":
    sys.exit(run_all([test_inbound, test_tables, test_three_ports, test_refused,
                      test_place, test_kept, test_undone, test_said,
                      test_path]))
