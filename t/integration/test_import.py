# SPDX-License-Identifier: ISC
"""import_postfix with a real daemon and a throw-away main.cf: two lines are a
configuration, changes take effect after a reload, failures change nothing."""

import os
import re
import subprocess
import sys
import time

from kit.daemon import (Daemon, OURS, PERMIT, REQUEST, THEIRS, WAIT, run_all,
                        wait_until)

MAIN_CF = """compatibility_level = 3.6
myhostname = mx.local.test
mydestination = $mydomain
relay_domains = %s
"""

DEFER = b"action=450 4.3.2 "
OFF = "table_refresh = no\n"

CLOCK_REALTIME_COARSE = 5       # clock_gettime(2) of Linux


class Importer(Daemon):
    """policyd whose domains are in a main.cf."""

    def __init__(self, program, settings="", relay="relay.test", **options):
        self.relay = relay
        super().__init__(program, settings, **options)

    def configure(self, settings="", listen=True):
        self.postfix = self.path("postfix")
        os.makedirs(self.postfix, exist_ok=True)
        self.main_cf(MAIN_CF % self.relay)
        # Two lines; the rest only keeps the test in its directory.
        self.write_config(
            'listen "unix:%s" { mode = "0666" }\n'
            'import_postfix = "%s"\n'
            'log = "%s" pid_file = "%s" log_verdicts = { }\n%s\n' % (
                self.socket, self.postfix, self.log, self.pid_file, settings))

    def main_cf(self, text):
        """main_cf - a new one, put into place at once"""
        path = os.path.join(self.postfix, "main.cf")
        with open(path + ".new", "w") as file:
            file.write(text)
        # Postfix waits while the file is younger than a second or two.
        old = time.time() - 10
        os.utime(path + ".new", (old, old))
        os.rename(path + ".new", path)
        # The clock of files has ticks: in the same one it is not yet "before".
        changed = os.stat(path).st_ctime_ns
        while time.clock_gettime_ns(CLOCK_REALTIME_COARSE) <= changed:
            pass

    def permits(self, domain):
        return self.ask(REQUEST % b"user@%s" % domain.encode()) == PERMIT

    def check(self, option="-t"):
        """check - what -t or -T says"""
        return subprocess.run([self.program, option, "-c", self.config],
                              capture_output=True, text=True, timeout=WAIT)


def test_two_lines(program):
    """what is in main.cf is ours, nothing else is"""
    with Importer(program) as policyd:
        assert policyd.ask(OURS) == PERMIT
        assert policyd.permits("relay.test")
        assert policyd.permits("sub.relay.test")
        assert not policyd.permits("sub.local.test")
        assert policyd.ask(THEIRS).startswith(b"action=554 ")
        check = policyd.check("-T")
        assert check.returncode == 0, check
        assert 'mydestination = "local.test"\t# %s/main.cf\n' % (
            policyd.postfix) in check.stdout, check.stdout


def test_reload(program):
    """a change takes effect after SIGHUP, no connection is lost"""
    with Importer(program, OFF) as policyd, policyd.client() as client:
        assert client.ask(OURS) == PERMIT
        policyd.main_cf(MAIN_CF % "other.test")
        assert policyd.permits("relay.test")
        assert policyd.reload() == 1
        assert not policyd.permits("relay.test")
        assert policyd.permits("other.test")
        assert client.ask(OURS) == PERMIT


def test_broken(program):
    """a reload that cannot read main.cf is refused, a start ends with 78"""
    with Importer(program, OFF) as policyd:
        for text in ("relay_domains = ${x\n",
                     "relay_domains = /no/such/file\n",
                     "allow_percent_hack = maybe\n"):
            policyd.main_cf(text)
            refused = policyd.reload_refused()
            assert "policyd.conf:2: " in refused, refused
            assert policyd.permits("relay.test")
        os.unlink(os.path.join(policyd.postfix, "main.cf"))
        refused = policyd.reload_refused()
        assert "policyd.conf:2: import_postfix: " in refused, refused
        assert "/main.cf: No such file" in refused, refused
        check = policyd.check()
        assert check.returncode == 78, check
        assert policyd.permits("relay.test")
        assert policyd.stop() == 0
        policyd.launch()
        assert policyd.wait() == 78
        assert "import_postfix: " in policyd.stderr(), policyd.stderr()


def test_hanging(program):
    """a postconf that never ends is given up"""
    with Importer(program, OFF) as policyd:
        path = os.path.join(policyd.postfix, "main.cf")
        os.unlink(path)
        os.mkfifo(path)
        refused = policyd.reload_refused()
        assert "postconf did not end within 10 s" in refused, refused
        assert policyd.permits("relay.test")
        os.unlink(path)
        policyd.main_cf(MAIN_CF % "other.test")
        policyd.reload()
        assert policyd.permits("other.test")


PORTS = [
    # main.cf, master.cf, what is missing, what there is
    ("", "smtp inet n - n - - smtpd\n587 inet n - n - - smtpd\n", 465,
     "25, 587"),
    ("", "smtp inet n - n - 1 postscreen\nsmtpd pass - - n - - smtpd\n"
     "127.0.0.1:465 inet n - n - - smtpd\n", 587, "25, 465"),
    ("", "smtp inet n - n - - smtpd -o syslog_name=587\n"
     "465 inet n - n - - cleanup\n587 inet n - n - - smtpd\n", 465,
     "25, 587"),
    # Not known: a name, a proxy, another server.
    ("", "no-such inet n - n - - smtpd\n", None, None),
    ("smtpd_upstream_proxy_protocol = haproxy\n",
     "smtp inet n - n - - smtpd\n", None, None),
    ("", "smtp inet n - n - - smtpd\n"
     "  -o smtpd_authorized_xclient_hosts=192.0.2.1\n", None, None),
    ("", None, None, None),         # there is no master.cf
]


def test_ports(program):
    """-t warns of a port that master.cf does not have, if that is certain"""
    policyd = Importer(program, 'service "s" {\n server_port = { 465, 587 }\n'
                       '}\n')
    with policyd:
        master = os.path.join(policyd.postfix, "master.cf")
        for main, text, missing, there in PORTS:
            policyd.main_cf(MAIN_CF % "relay.test" + main)
            if text is None:
                os.unlink(master)
            else:
                with open(master, "w") as file:
                    file.write(text)
            done = policyd.check()
            said = [line for line in done.stderr.splitlines()
                    if "server_port" in line]
            assert done.returncode == 0, done
            assert said == ([] if missing is None else [
                "%s:5: warning: server_port: no smtpd of %s has port %d; "
                "there are: %s" % (policyd.config, master, missing, there)]), \
                (main, text, done.stderr)


def test_changed(program):
    """-t says that the daemon does not know main.cf as it is"""
    with Importer(program, OFF, background=True) as policyd:
        text = "main.cf has changed since"
        assert text not in policyd.check().stderr
        policyd.main_cf(MAIN_CF % "other.test")
        check = policyd.check()
        assert text in check.stderr and check.returncode == 0, check
        policyd.reload()
        assert text not in policyd.check().stderr
        policyd.main_cf(MAIN_CF % "${x")
        policyd.reload_refused()
        policyd.main_cf(MAIN_CF % "other.test")
        assert text in policyd.check().stderr
        policyd.stop()
        policyd.wait()
    with Importer(program, OFF) as policyd:
        policyd.main_cf(MAIN_CF % "other.test")
        assert text in policyd.check().stderr
        policyd.stop()
        assert policyd.check().stderr == ""


def test_refresh(program):
    """a change of main.cf or of a file counts without SIGHUP"""
    policyd = Importer(program)
    policyd.relay = policyd.path("relay_domains")
    with open(policyd.relay, "w") as file:
        file.write("relay.test\n")
    policyd.configure()
    with policyd, policyd.client() as client:
        assert policyd.permits("relay.test")
        server = policyd.server()
        with open(policyd.relay, "a") as file:
            file.write("other.test\n")
        policyd.expect("relay_domains has changed: reloading")
        policyd.expect(r"reloaded: server \d+, \d+ conn")
        assert policyd.permits("relay.test") and policyd.permits("other.test")
        assert policyd.server() != server
        mark = policyd.mark()
        policyd.main_cf(MAIN_CF % "third.test")
        policyd.expect("main.cf has changed: reloading", mark)
        policyd.expect(r"reloaded: server \d+, \d+ conn", mark)
        assert policyd.permits("third.test")
        assert not policyd.permits("relay.test")
        assert client.ask(OURS) == PERMIT
        # The list is the new one: the old file does not count any more.
        server = policyd.server()
        mark = policyd.mark()
        os.unlink(policyd.relay)
        policyd.main_cf(MAIN_CF % "fourth.test")
        policyd.expect("main.cf has changed: reloading", mark)
        policyd.expect(r"reloaded: server \d+, \d+ conn", mark)
        assert "relay_domains has" not in policyd.read(policyd.log)[mark:]


def test_refresh_reported(program):
    """the kernel reports a change: nothing depends on table_refresh"""
    with Importer(program, "table_refresh = 1d\n") as policyd:
        for number in range(3):
            mark = policyd.mark()
            policyd.main_cf(MAIN_CF % ("d%d.test" % number))
            policyd.expect(r"reloaded: server \d+, \d+ conn", mark)
            assert policyd.permits("d%d.test" % number)


def test_refresh_quiet(program):
    """a file that is being written is not loaded"""
    with Importer(program) as policyd:
        begun = time.monotonic()
        for step in range(20):
            before, begun = begun, time.monotonic()
            policyd.main_cf("half a line %d" % step)
            said = policyd.read(policyd.log).replace("has changed: reloading",
                                                     "")
            if time.monotonic() > before + 0.9:
                break                   # this machine was busy elsewhere
            assert "reload" not in said, said
            wait_until(lambda: time.monotonic() > begun + 0.1, "a moment")
        policyd.main_cf(MAIN_CF % "whole.test")
        wait_until(lambda: policyd.permits("whole.test"), "the whole file")


def test_refresh_accepted(program):
    """a change of a file does not load policyd.conf, which is being edited"""
    with Importer(program) as policyd:
        good = policyd.read(policyd.config)
        policyd.write_config(good[:-10])
        mark = policyd.mark()
        policyd.main_cf(MAIN_CF % "other.test")
        policyd.expect(r"reloaded: server \d+, \d+ conn", mark)
        assert policyd.permits("other.test")
        assert "reload failed" not in policyd.read(policyd.log)
        policyd.reload_refused()
        mark = policyd.mark()
        policyd.main_cf(MAIN_CF % "third.test")
        policyd.expect(r"reloaded: server \d+, \d+ conn", mark)
        assert policyd.permits("third.test")
        policyd.write_config(good + 'mydestination = "conf.test"\n')
        policyd.reload()
        assert policyd.ask(REQUEST % b"user@conf.test") == PERMIT


def test_refresh_refused(program):
    """a refusal is logged once, retried silently, and then fixed"""
    with Importer(program, options=["-v"]) as policyd:
        policyd.main_cf(MAIN_CF % "/no/such/file")
        policyd.expect(r"main.cf has changed: reloading")
        policyd.expect("reload failed: ")
        assert policyd.permits("relay.test")
        mark = policyd.mark()
        # With -v each attempt is seen; without it would not be.
        policyd.expect("(?s)(debug: [^\n]*reload failed.*){2}", mark)
        log = policyd.read(policyd.log)
        assert len(re.findall("has changed", log)) == 1, log
        assert len(re.findall("error: [^\n]*refused", log)) == 1, log
        assert policyd.permits("relay.test")
        mark = policyd.mark()
        policyd.main_cf(MAIN_CF % "other.test")
        policyd.expect(r"reloaded: server \d+, \d+ conn", mark)
        assert policyd.permits("other.test")
        assert policyd.ask(THEIRS).startswith(b"action=554 ")


def test_refresh_moved(program):
    """hash: is lmdb: where Postfix has been told so (3.11 and later): policyd
    reads what postmap reads, and loads that file again when it changes"""
    with Importer(program) as policyd:
        plain, table = policyd.path("plain"), policyd.path("table")
        os.mkdir(plain)
        open(os.path.join(plain, "main.cf"), "w").close()

        def make(kind, domain):
            with open(table, "w") as file:
                file.write(domain + " x\n")
            subprocess.run(["postmap", "-c", plain, kind + ":" + table],
                           check=True, capture_output=True, timeout=WAIT)

        def found(domain):
            return subprocess.run(
                ["postmap", "-c", policyd.postfix, "-q", domain,
                 "hash:" + table], capture_output=True, timeout=WAIT,
                check=False).returncode == 0

        make("hash", "hash.test")
        make("lmdb", "lmdb.test")
        policyd.main_cf(MAIN_CF % ("hash:" + table) +
                        "default_database_type = lmdb\n"
                        "non_bdb_migration_level = enable-redirect\n")
        kinds = [kind for kind in ("hash", "lmdb") if found(kind + ".test")]
        assert len(kinds) == 1, kinds
        wait_until(lambda: policyd.permits(kinds[0] + ".test"), "the table")
        for kind in "hash", "lmdb":
            assert policyd.permits(kind + ".test") == (kind == kinds[0])
        make(kinds[0], "new.test")
        wait_until(lambda: policyd.permits("new.test"), "the change")
        assert not policyd.permits(kinds[0] + ".test")


def test_refresh_mapped(program):
    """hash: is of the type that a table says (3.11 and later): policyd loads it
    again when its file changes, and when that table does"""
    with Importer(program) as policyd:
        plain, table, mapping = (policyd.path(name)
                                 for name in ("plain", "table", "mapping"))
        os.mkdir(plain)
        open(os.path.join(plain, "main.cf"), "w").close()

        def write(path, text):
            with open(path, "w") as file:
                file.write(text + "\n")

        for kind in "hash", "lmdb":
            write(table, kind + ".test x")
            subprocess.run(["postmap", "-c", plain, kind + ":" + table],
                           check=True, capture_output=True, timeout=WAIT)
        write(table, "text.test x")
        write(mapping, "hash texthash")
        policyd.main_cf(MAIN_CF % ("hash:" + table) +
                        "default_database_type = cdb\n"
                        "non_bdb_migration_level = enable-redirect\n"
                        "non_bdb_custom_mapping = texthash:%s\n" % mapping)
        if b"non_bdb" not in subprocess.run(
                ["postconf", "-d", "non_bdb_custom_mapping"], check=True,
                capture_output=True, timeout=WAIT).stdout:
            wait_until(lambda: policyd.permits("hash.test"), "the table")
            return
        wait_until(lambda: policyd.permits("text.test"), "the text")
        assert not policyd.permits("hash.test")
        write(table, "new.test x")
        wait_until(lambda: policyd.permits("new.test"), "the change")
        assert not policyd.permits("text.test")
        write(mapping, "hash lmdb")
        wait_until(lambda: policyd.permits("lmdb.test"), "another type")
        assert not policyd.permits("new.test")


def test_refresh_any(program):
    """hash: is of a type without a file of its own (3.11 and later): policyd
    reads what postmap reads, and again when the text changes"""
    with Importer(program) as policyd:
        plain, table = policyd.path("plain"), policyd.path("table")
        os.mkdir(plain)
        open(os.path.join(plain, "main.cf"), "w").close()

        def write(domain):
            with open(table, "w") as file:
                file.write(domain + " x\n")

        write("hash.test")
        subprocess.run(["postmap", "-c", plain, "hash:" + table],
                       check=True, capture_output=True, timeout=WAIT)
        write("text.test")
        policyd.main_cf(MAIN_CF % ("hash:" + table) +
                        "default_database_type = texthash\n"
                        "non_bdb_migration_level = Enable-Redirect\n")
        first = next(domain for domain in ("hash.test", "text.test")
                     if found(policyd, domain, table) == PERMIT)
        wait_until(lambda: policyd.permits(first), "the table")
        write("new.test")
        if first == "hash.test":
            subprocess.run(["postmap", "-c", plain, "hash:" + table],
                           check=True, capture_output=True, timeout=WAIT)
        wait_until(lambda: policyd.permits("new.test"), "the change")
        assert not policyd.permits(first)


def found(policyd, domain, table):
    """found - what policyd must say of a domain, by what Postfix finds"""
    done = subprocess.run(["postmap", "-c", policyd.postfix, "-q", domain,
                           "hash:" + table], capture_output=True, text=True,
                          timeout=WAIT, check=False)
    if done.returncode == 0:
        return PERMIT
    return b"action=451 " if "fatal: " in done.stderr else b"action=554 "


def test_types(program):
    """hash: is of whatever type Postfix reads (3.11 and later), or of none if
    it cannot: policyd finds what postmap finds, and defers what fails there"""
    said = set()
    with Importer(program) as policyd:
        plain, table, mapping = (policyd.path(name)
                                 for name in ("plain", "table", "mapping"))
        os.mkdir(plain)
        open(os.path.join(plain, "main.cf"), "w").close()
        with open(mapping, "w") as file:
            file.write("hash texthash\n")
        for kind in "hash", "lmdb", "":
            with open(table, "w") as file:
                file.write("%s.test x\n" % (kind or "text"))
            if kind:
                subprocess.run(["postmap", "-c", plain, kind + ":" + table],
                               check=True, capture_output=True, timeout=WAIT)
        for level, usual, mapped in (
                ("disable", "texthash", ""), ("DISABLE", "texthash", ""),
                ("Disable", "lmdb", "static:texthash"),
                ("enable-redirect", "texthash", ""),
                ("Enable-Redirect", "texthash", "inline:{HASH=lmdb}"),
                ("ENABLE-REDIRECT", "lmdb", "inline:{{hash:%s=texthash}}"
                 % table),
                ("enable-redirect", "lmdb", "texthash:" + mapping),
                ("enable-redirect", "lmdb", "proxy:texthash:" + mapping),
                ("enable-redirect", "lmdb", "inline:{hash=btree}"),
                ("enable-redirect", "hash", ""),
                ("enable-reindex", "texthash", ""),
                ("Enable-Reindex", "lmdb", "inline:{hash=texthash}"),
                ("enable-reindex", "lmdb", "static:static"),
                ("enable-reindex", "lmdb", ""),
                ("enable-reindex", "texthash", "inline:{hash=lmdb}")):
            policyd.main_cf(MAIN_CF % ("hash:" + table) +
                            "default_database_type = %s\n"
                            "non_bdb_migration_level = %s\n"
                            "non_bdb_custom_mapping = %s\n" % (
                                usual, level, mapped))
            assert policyd.stop() == 0
            policyd.start()
            for kind in "hash", "lmdb", "text", "no":
                domain = kind + ".test"
                want = found(policyd, domain, table)
                got = policyd.ask(REQUEST % b"user@%s" % domain.encode())
                assert got.startswith(want), (level, usual, mapped, kind,
                                              want, got)
                said.add(want)
    assert said >= {PERMIT, b"action=554 "}, said


def test_refresh_off(program):
    """only if it is turned off nobody looks at the files"""
    for off in OFF, "table_refresh = 0\n":
        with Importer(program, off) as off, Importer(program) as looks:
            for number in range(2):
                off.main_cf(MAIN_CF % ("d%d.test" % number))
                mark = looks.mark()
                looks.main_cf(MAIN_CF % ("d%d.test" % number))
                looks.expect(r"reloaded: server", mark)
            assert "has changed" not in off.read(off.log)
            assert off.permits("relay.test")
            assert off.ask(THEIRS).startswith(b"action=554 ")


def test_never_refused(program):
    """from the moment at which a new domain is in main.cf, mail to it is
    deferred or accepted, never refused"""
    with Importer(program) as policyd, policyd.client() as client:
        for number in range(int(os.environ.get("POLICYD_TEST_DOMAINS", "20"))):
            request = REQUEST % (b"user@d%d.test" % number)
            assert client.ask(request).startswith((b"action=554 ", DEFER))
            policyd.main_cf(MAIN_CF % ("d%d.test" % number))
            replies = [client.ask(request)]
            if number % 4 == 0:
                wait_until(lambda: replies.append(client.ask(request)) or
                           replies[-1] == PERMIT, "the new domain")
            else:
                replies += [client.ask(request) for _ in range(10)]
            assert all(reply == PERMIT or reply.startswith(DEFER)
                       for reply in replies), {
                           reply[:16] for reply in replies}
        wait_until(lambda: client.ask(THEIRS).startswith(b"action=554 "),
                   "a refusal")


def test_never_refused_threads(program):
    """in each thread; files beside ours make no difference"""
    with Importer(program, "threads = 4\n") as policyd:
        clients = [policyd.client() for _ in range(12)]
        for number in range(50):
            with open(os.path.join(policyd.postfix, "beside"), "w") as file:
                file.write(str(number))
            os.unlink(os.path.join(policyd.postfix, "beside"))
        for client in clients:
            wait_until(lambda: client.ask(THEIRS).startswith(b"action=554 "),
                       "a refusal")
        policyd.main_cf(MAIN_CF % "new.test")
        for client in clients:
            client.send(REQUEST % b"user@new.test")
        for client in clients:
            reply = client.reply()
            assert reply == PERMIT or reply.startswith(DEFER), reply
            client.close()
        policyd.expect(r"reloaded: server \d+, \d+ conn")


def test_storm(program):
    """changes while a reload is under way are not lost"""
    with Importer(program) as policyd:
        for number in range(30):
            policyd.main_cf(MAIN_CF % ("d%d.test" % number))
            if number % 10 == 0:
                policyd.reload()
        wait_until(lambda: policyd.permits("d29.test"), "the last change")
        assert policyd.ask(OURS) == PERMIT


if __name__ == "__main__":
    sys.exit(run_all([test_two_lines, test_reload, test_broken, test_hanging,
                      test_ports, test_changed, test_refresh,
                      test_refresh_reported, test_refresh_quiet, test_refresh_accepted,
                      test_refresh_refused, test_refresh_moved,
                      test_refresh_mapped, test_refresh_any, test_types,
                      test_refresh_off,
                      test_never_refused, test_never_refused_threads,
                      test_storm]))
