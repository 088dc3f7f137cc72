#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_forecast_ports - to which port, and to which instance of Postfix, a
client came that is in the log.

usage: test_forecast_ports.py POLICYD [TEST ...]
"""

import os
import re
import subprocess
import sys

from kit.daemon import run_all
from kit.forecast import (DOMAINS, HEAD, LOCAL, LOGS_TLS, RELAY, TWO_PORTS, ask,
                          groups, session, written)
from kit.init import Place
from kit.postfix import settle

GOOD = "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384"


def test_elsewhere(program):
    """a syslog_name that no port of this Postfix has: the mail of another
    instance is counted, and nothing is advised for it"""
    master = "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n" \
        "    -o syslog_name=postfix/submission\n"
    other = "".join(
        (session("192.168.1.4", ident="B%04d" % number) + session(
            "192.168.1.5", ident="C%04d" % number)).replace(
                " postfix/", " %s/" % name)
        for number, name in enumerate(["postfix-out", "postfix/zimbra"]))
    ours = session("192.168.1.4", GOOD, "alice")
    said = 'note: 4 recipients are not judged: no port of this Postfix logs ' \
        'as "postfix-out", "postfix/zimbra", so they are of another instance'
    with Place("import_environment =\n", master) as place, \
            written(log=LOGS_TLS + ours + other, o_log=other,
                    c_conf=DOMAINS) as directory:
        log, only, config = (os.path.join(directory, each)
                             for each in ("log", "o.log", "c.conf"))
        place.configure()
        status, out, _ = ask(program, place.file, log)
        assert status == 0 and said in out and \
            "of 1 recipient that Postfix accepted" in out and \
            "to keep" not in out, out
        status, out, _ = ask(program, place.file, only)
        assert status == 66 and said in out, out
        summary = groups(program, place.file, log)[1]
        assert summary["of_another_postfix"] == 4, summary
        # Where no master.cf is known, nobody can say that.
        status, out, _ = ask(program, config, log)
        assert "of 5 recipients" in out and "another instance" not in out, out


def test_service_name(program):
    """a port of one address, which logs under $service_name"""
    for service in "192.0.2.1:587", "[::1]:587":
        with Place("", "%s inet n - y - - smtpd\n"
                   "    -o syslog_name=postfix/$service_name\n" % service) as \
                place, written(log=session(login="alice").replace(
                    "postfix/smtpd", "postfix/%s/smtpd" % service)) as \
                directory:
            place.configure()
            (group,), summary = groups(program, place.file,
                                       os.path.join(directory, "log"))
            assert (group["kind"], group["port"], group["login"]) == (
                "refused", "587", "alice"), group
            assert summary["lines"] == 6, summary


SHARED = """\
smtp inet n - y - - smtpd
smtps inet n - y - - smtpd
    -o smtpd_tls_wrappermode=yes
%s"""
DEMANDING = """\
smtp inet n - y - - smtpd
submission inet n - y - - smtpd
    -o smtpd_tls_security_level=encrypt
"""


def test_shared_name(program):
    """two ports with one syslog_name: the client was where what the log says is
    possible, and a line that may be missing says nothing"""
    plain = session(login="alice", more=" auth=1")
    cut = plain.replace(plain.splitlines(True)[0], "")
    silent = SHARED % "    -o smtpd_tls_loglevel=0\n"
    for master, log, said in (
            (SHARED % "", plain, "port 25 ("), (SHARED % "", cut, ""),
            (silent, plain, ""), (silent, cut, ""),
            (DEMANDING, plain, "port 25 ("), (DEMANDING, cut, "port 25 ("),
            # It was another one at that time.
            (DEMANDING.replace("smtp inet n", "# smtp inet n"), plain,
             "port 587 (")):
        with Place("mydestination = local.test\nimport_environment =\n"
                   "smtpd_tls_loglevel = 1\nsmtpd_sasl_auth_enable = yes\n",
                   master) as place, \
                written(log=LOGS_TLS + log) as directory:
            place.configure()
            out = ask(program, place.file, os.path.join(directory, "log"))[1]
            assert ("cannot tell: 1" in out) == (not said) and said in out, (
                master, log, out)


def test_login_demanded(program):
    """what was accepted without a login did not come to a port that demands
    one, though that logs as the others"""
    demanded = "smtpd_client_restrictions=permit_sasl_authenticated,reject"
    ours = session(tls=GOOD).replace("far.example", "local.test")
    for option, log, doubted in (
            (demanded, ours, 0), (demanded.replace("client", "relay"), ours, 0),
            ("smtpd_client_restrictions=", ours, 1),
            (demanded.replace("permit_sasl", "permit_mynetworks,permit_sasl"),
             ours, 1)):
        with Place("mydestination = local.test\nimport_environment =\n"
                   "smtpd_sasl_auth_enable = yes\nsmtpd_tls_loglevel = 1\n",
                   "smtp inet n - y - - smtpd\nsubmission inet n - y - - "
                   "smtpd\n    -o { %s }\n" % option) as place, \
                written(log=LOGS_TLS + log) as directory:
            place.configure('service "logins" {\nserver_port = 587\n'
                            "restrictions = { permit_sasl_authenticated, "
                            "reject }\n}\n")
            summary = groups(program, place.file, os.path.join(
                directory, "log"))[1]
            assert (summary["accepted"], summary["cannot_tell"]) == (
                1, doubted), (option, log, summary)


FILTERED = """\
smtp inet n - y - - smtpd
10025 inet n - n - - smtpd
    -o content_filter=
    -o smtpd_relay_restrictions=permit_mynetworks,reject
    -o smtpd_recipient_restrictions=permit_mynetworks,reject
"""


def test_filter(program):
    """a content filter on another host, or in a container, gives mail back at
    a port that logs as another one: what the log shows of that is not judged,
    and of the rest, nobody can tell"""
    main = "mydestination = local.test\nimport_environment =\nmynetworks = " \
        "127.0.0.0/8, 172.18.0.0/16\ncontent_filter = " \
        "smtp:[172.18.0.5]:10024\n"
    back = session("172.18.0.5", ident="BBBBB")
    given = session(tls=GOOD, login="alice").replace(
        "relay=m[192.0.2.9]:25, status=sent (250)", "relay=172.18.0.5"
        "[172.18.0.5]:10024, status=sent (250 Ok: queued as BBBBB)")
    at = back.index(HEAD % "smtp[3]")
    both = back[:at] + given + back[at:]
    # What a client of this host sends is given to the filter, as all mail.
    local = session("127.0.0.1", ident="BBBBB")
    webmail = session("127.0.0.1").replace(
        "relay=m[192.0.2.9]:25, status=sent (250)", "relay=127.0.0.1"
        "[127.0.0.1]:10024, status=sent (250 Ok: queued as BBBBB)")
    at = webmail.index(HEAD % "smtp[3]")
    then = local.index(HEAD % "smtp[3]")
    own = webmail[:at] + local[:then] + webmail[at:] + local[then:]
    for networks, log, returned, doubted, refused in (
            ("", own, 1, 0, 1), ("", local, 0, 1, 0),
            # A port for mynetworks only, with the filter of main.cf.
            ("webmail", own, 1, 1, 0),
            ("", both, 1, 0, 0), ("", back, 0, 1, 0),
            ("", session("172.19.0.5"), 0, 0, 1),
            ("    -o mynetworks=172.19.0.0/16\n", session("172.19.0.5"), 0, 1,
             0),
            ("    -o mynetworks=172.19.0.0/16\n", session("172.18.0.5"), 0, 0,
             1)):
        master = FILTERED + networks
        if networks == "webmail":
            master = FILTERED.replace("    -o content_filter=\n", "").replace(
                "10025 ", "127.0.0.1:10025 ")
        with Place(main, master) as place, \
                written(log=LOGS_TLS + log) as directory:
            place.configure()
            path = os.path.join(directory, "log")
            status, out, err = ask(program, place.file, path)
            summary = groups(program, place.file, path)[1]
            assert status == refused and (
                summary["returned_from_filter"], summary["cannot_tell"],
                summary["would_be_refused"]) == (
                    returned, doubted, refused), (networks, log, out, err)
            assert ("it may have come back from a content filter" in out) == \
                bool(doubted), out


def test_forwarded(program):
    """XFORWARD is for a log, too: a relay that uses it is no content filter,
    unless a port is there for one"""
    log = session().replace(
        "client=h[192.0.2.30]", "client=h[192.0.2.30], orig_queue_id=BBBBB, "
        "orig_client=w[203.0.113.7]")
    main = "mydestination = local.test\nimport_environment =\nmynetworks = " \
        "127.0.0.0/8, 192.0.2.0/24\n"
    for master, returned in (("smtp inet n - y - - smtpd\n", 0), (FILTERED, 1)):
        with Place(main, master) as place, \
                written(log=LOGS_TLS + log) as directory:
            place.configure()
            summary = groups(program, place.file, os.path.join(
                directory, "log"))[1]
            assert (summary["returned_from_filter"],
                    summary["would_be_refused"]) == (
                        returned, 1 - returned), (master, summary)


def test_instances(program):
    """two instances of Postfix with the same queue ids, and as in containers
    the same processes; a port with a syslog_name of its own is none"""
    def interleaved(one, other):
        return "".join(a + b for a, b in zip(one.splitlines(True),
                                             other.splitlines(True)))

    mine = session("192.0.2.1", GOOD, "alice")
    other = session("192.0.2.2", GOOD, "bob").replace(
        "far.example", "near.example").replace(" postfix/", " postfix-in/")
    log = interleaved(mine, other) + session(
        "192.0.2.3", GOOD, "carol", ident="BBBBB").replace(
            "postfix/smtpd", "mx-in/smtpd")
    with written(c_conf=DOMAINS + "restrictions = { reject }\n",
                 log=LOGS_TLS + log) as directory:
        config, path = (os.path.join(directory, each)
                        for each in ("c.conf", "log"))
        found, summary = groups(program, config, path)
        assert sorted((group["login"], group["domains"], group["count"])
                      for group in found if group["kind"] == "refused") == [
                          ("alice", ["far.example"], 1),
                          ("bob", ["near.example"], 1),
                          ("carol", ["far.example"], 1)], found
        assert (summary["accepted"], summary["begun_before"],
                summary["not_delivered"]) == (3, 0, 0), summary


def test_second_instance(program):
    """a second instance, whose port has the name that all files master.cf give
    it: that of the first one, which has a queue of its own"""
    local = LOCAL.replace("cleanup[5]", "cleanup[6]")
    mine = session("192.0.2.1", GOOD, "alice").replace(
        "postfix/smtpd", "postfix/submission/smtpd")
    cleanup = HEAD % "cleanup[5]: AAAAA: message-id=<x>\n"
    at = mine.index(HEAD % "qmgr")
    for before in "", cleanup:
        log = mine[:at] + before + mine[at:]
        log = re.sub(r" postfix/(cleanup|qmgr|smtp)\[", r" postfix-out/\1[", log)
        for text in log, log.replace("-out/smtp[", "/relay/smtp["):
            with written(c_conf=DOMAINS + "restrictions = { reject }\n",
                         log=LOGS_TLS + local + text) as directory:
                config, path = (os.path.join(directory, each)
                                for each in ("c.conf", "log"))
                found, summary = groups(program, config, path)
                assert [(group["login"], group["count"]) for group in found
                        if group["kind"] == "refused"] == [("alice", 1)], (
                            text, found)
                assert (summary["accepted"], summary["begun_before"],
                        summary["not_delivered"]) == (1, 0, 0), summary


def test_not_asking(program):
    """a port for mynetworks only does not ask, and that is what is said"""
    with Place("mydestination = local.test\nimport_environment =\n",
               "127.0.0.1:2525 inet n - y - - smtpd\n"
               "    -o syslog_name=postfix/webmail\n" +
               RELAY % "permit_mynetworks, reject") as place, \
            written(log=session("127.0.0.1").replace(
                "postfix/smtpd", "postfix/webmail/smtpd")) as directory:
        place.configure()
        path = os.path.join(directory, "log")
        out = ask(program, place.file, path)[1]
        assert "note: 1 is not judged: it came to a port that does not ask " \
            "policyd" in out and "came back" not in out, out
        summary = groups(program, place.file, path)[1]
        assert (summary["at_ports_that_do_not_ask"],
                summary["returned_from_filter"]) == (1, 0), summary


OWN = "    -o smtpd_tls_loglevel=0\n"


def test_tls_log(program):
    """where smtpd_tls_loglevel is to be set: in main.cf, or at the port that
    has its own; what is printed is done"""
    log = session(login="alice", more=" starttls=1").replace(
        "postfix/smtpd", "postfix/submission/smtpd")
    main = "mydestination = local.test\nimport_environment =\n"
    command = "postconf -P submission/inet/smtpd_tls_loglevel=1"
    for more, own, said in (
            ("", "", "write smtpd_tls_loglevel = 1 in main.cf"),
            ("smtpd_tls_loglevel = 1\n", "", "is set now"),
            ("smtpd_tls_loglevel = 1\n", OWN, command), ("", OWN, command)):
        with Place(main + more, TWO_PORTS % own) as place:
            place.configure()
            with written(log=log) as directory:
                path = os.path.join(directory, "log")
                out = ask(program, place.file, path)[1]
                assert "cannot tell: 1" in out and "(%s" % said in out.replace(
                    "(smtpd_tls_loglevel is", "(is"), (said, out)
                if said != command:
                    continue
                subprocess.run(["postconf", "-c", place.config] +
                               command.split()[1:], check=True)
                settle(place.config)
                assert "is set now" in ask(program, place.file, path)[1]


if __name__ == "__main__":
    sys.exit(run_all([test_elsewhere, test_service_name, test_shared_name,
                      test_login_demanded, test_filter,
                      test_forwarded, test_instances, test_second_instance,
                      test_not_asking, test_tls_log]))
