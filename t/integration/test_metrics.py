# SPDX-License-Identifier: ISC
"""The listener of the metrics section: what Prometheus reads, what watchdogs
ask, the page for people in a real browser; nothing hostile comes through."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from kit.browser import Browser
from kit.daemon import (Daemon, OURS, PERMIT, REQUEST, THEIRS, WAIT,
                        descriptors, free_port, in_time, run_all, wait_until)

RELOADS = int(os.environ.get("POLICYD_TEST_RELOADS", "20"))
PICTURES = os.environ.get("POLICYD_TEST_PICTURES")   # a directory to keep them
SERIES_MAX = 200
CONTRIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                       os.pardir, "contrib")
ENCRYPTED = (b"encryption_protocol=TLSv1.3\n"
             b"encryption_cipher=TLS_AES_256_GCM_SHA384\n"
             b"encryption_keysize=256\n")
LOGGED_IN = (THEIRS[:-1] + ENCRYPTED +
             b"sasl_method=PLAIN\nsasl_username=alice\n\n")
HOSTILE = [b"<script>document.title='owned'</script>",
           b"\"><img src=x onerror=document.title='owned'>",
           b"</code></p><h1>owned</h1>", b"&lt;b&gt;&amp;",
           b"'+alert(1)+'", b"\xff\xfe\x80", b"\x1b[2J\x07",
           "\u202egnp.exe\u2066\u200b".encode(), b"</style>{}", b"%3Cb%3E"]


class Unix(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(WAIT)
        self.sock.connect(self.host)


class Watched(Daemon):
    """policyd with a metrics section."""

    def __init__(self, program, settings="", **options):
        self.port = free_port()
        super().__init__(program, settings, **options)

    def configure(self, settings="", listen=True):
        super().configure('metrics "inet:127.0.0.1:%d" { }\n%s' % (
            self.port, settings), listen)

    def get(self, path="/metrics", method="GET", connection=None):
        """get - (status, headers, text)"""
        connection = connection or http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=WAIT)
        connection.request(method, path)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, response.headers, text

    def metrics(self):
        """metrics - {series: value}; they must be well-formed, and few"""
        status, headers, text = self.get()
        assert status == 200
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        rows = [line.rpartition(" ") for line in text.splitlines()
                if not line.startswith("#")]
        assert 0 < len(rows) <= SERIES_MAX, len(rows)
        values = {series: float(value) for series, _, value in rows}
        assert len(values) == len(rows), "a series appears twice"
        return values

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), WAIT)


def decisions(values, **labels):
    """decisions - the sum of the series with these labels"""
    return sum(value for series, value in values.items()
               if series.startswith("policyd_decisions_total{") and
               all('%s="%s"' % label in series for label in labels.items()))


def promtool(text):
    """promtool - what it says of metrics; it must have nothing to say"""
    done = subprocess.run(["promtool", "check", "metrics"], input=text,
                          capture_output=True, text=True, timeout=WAIT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done


def test_metrics(program):
    """requests are counted; promtool finds nothing to fix"""
    service = 'service "mx" { server_port = { 25 } }\n'
    begin = time.time()
    with Watched(program, service) as policyd, policyd.client() as client:
        for _ in range(5):
            assert client.ask(OURS) == PERMIT
        for _ in range(3):
            client.ask(THEIRS[:-1] + b"server_port=25\n\n")
        with policyd.client() as bad:
            assert bad.ask(b"nonsense\n\n") == b""
        values = wait_until(lambda: (seen := policyd.metrics())
                            ["policyd_connections"] == 1 and seen,
                            "the bad one is gone")
        promtool(policyd.get()[2])
        assert decisions(values) == 8
        assert decisions(values, service="default", verdict="permit",
                         restriction="permit_auth_destination") == 5
        assert decisions(values, service="mx", verdict="reject",
                         restriction="reject_plaintext_session") == 3
        assert values["policyd_decision_seconds_count"] == 8
        assert values['policyd_decision_seconds_bucket{le="+Inf"}'] == 8
        assert 0 < values["policyd_decision_seconds_sum"] < 8
        assert values["policyd_malformed_requests_total"] == 1
        assert values["policyd_connections_total"] == 2
        assert values['policyd_table_entries{table="mydestination"}'] == 1
        assert values["policyd_services"] == 2
        assert values["policyd_last_reload_successful"] == 1
        assert begin - 1 <= values["policyd_config_load_timestamp_seconds"] \
            <= time.time() + 1
        assert values["policyd_config_load_timestamp_seconds"] >= values[
            'policyd_config_file_timestamp_seconds{file="policyd.conf"}']


def test_off(program):
    """without the section nobody listens; with it only this host is let in"""
    with Daemon(program) as policyd:
        inet = policyd.read("/proc/%d/net/tcp" % policyd.server())
        found = subprocess.run(["sh", "-c", "ls -l /proc/%d/fd" %
                                policyd.server()], capture_output=True,
                               text=True).stdout
        sockets = set(re.findall(r"socket:\[(\d+)\]", found))
        assert not sockets & set(line.split()[9] for line in
                                 inet.splitlines()[1:])
    done = Daemon(program, 'metrics "inet:0.0.0.0:9154" { }\n')
    try:
        done.launch()
        assert done.wait() == 78
        assert "not a loopback address" in done.stderr()
    finally:
        done.__exit__()


def test_taken(program):
    """another program has the port: mail is answered, one warning says so, and
    the next reload tries again"""
    with Watched(program) as policyd, socket.socket() as other:
        policyd.stop()
        other.bind(("127.0.0.1", policyd.port))
        other.listen()
        mark = policyd.mark()
        policyd.start()
        assert policyd.ask() == PERMIT
        said = policyd.read(policyd.log, mark)
        assert len(re.findall(r"warning: metrics: cannot listen on inet:127"
                              r"\.0\.0\.1:%d: .*; policyd serves without the "
                              r"metrics listener, and tries again at the next "
                              r"reload" % policyd.port, said)) == 1, said
        assert said.count("metrics:") == 1, said
        with policyd.client() as client:
            assert client.ask(OURS) == PERMIT
            assert policyd.reload() == 1
            assert client.ask(OURS) == PERMIT
            other.close()
            assert policyd.reload() == 1
            assert client.ask(OURS) == PERMIT
        assert decisions(policyd.metrics(), verdict="permit") >= 1


def test_nowhere(program):
    """a page that cannot be where it should be stops no mail, at a reload
    neither, and the page that was there before is gone"""
    with Watched(program) as policyd:
        assert policyd.get("/healthz")[0] == 200
        Daemon.configure(policyd, 'metrics "unix:%s/none/metrics" { }\n' %
                         policyd.directory)
        policyd.reload()
        assert policyd.ask() == PERMIT
        policyd.expect("warning: metrics: directory .*/none/: No such file")
        try:
            policyd.connect().close()
            raise AssertionError("the old page is still there")
        except ConnectionRefusedError:
            pass


def test_unix(program):
    """over a UNIX socket, with its mode; the name goes with the end"""
    with Daemon(program) as policyd:
        path = policyd.path("metrics")
        policyd.configure('metrics "unix:%s" { mode = "0600" }\n' % path)
        policyd.reload()
        assert os.stat(path).st_mode & 0o777 == 0o600
        for wanted in "/metrics", "/healthz", "/":
            connection = Unix(path, timeout=WAIT)
            connection.request("GET", wanted, headers={"Host": "x"})
            assert connection.getresponse().status == 200
            connection.close()
        policyd.stop()
        assert not os.path.lexists(path)


def test_bound(program):
    """100 services: no more series than promised, and none is lost"""
    settings = "".join('service "s%d" { policy_context = { "c%d" } }\n' % (
        number, number) for number in range(100))
    with Watched(program, settings) as policyd, policyd.client() as client:
        for number in range(100):
            context = b"policy_context=c%d\n\n" % number
            for request in OURS, THEIRS, LOGGED_IN:
                client.ask(request[:-1] + context)
        values = policyd.metrics()
        promtool(policyd.get()[2])
        assert decisions(values) == 300
        assert decisions(values, service="s0") == 3
        assert decisions(values, service="other") > 0
        # What is there stays, also in the next server.
        before = values
        policyd.reload()
        after = policyd.metrics()
        assert decisions(after) == 300
        assert all(after[series] >= value for series, value in before.items()
                   if "_total" in series), (before, after)


def test_labels(program):
    """names of services cannot break out of a label, nor of the page"""
    name = "a\\\"}b'<i>&"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    with Watched(program, 'service "%s" { }\n' % quoted) as policyd:
        policyd.ask(THEIRS)
        promtool(policyd.get()[2])
        values = policyd.metrics()
        assert values['policyd_decisions_total{service="%s",verdict="reject",'
                      'restriction="reject_plaintext_session"}' % quoted] == 1
        page = policyd.get("/")[2]
        assert "a\\&quot;}b&#39;&lt;i&gt;&amp;" in page, page
        assert "<i>" not in page


def expressions():
    """expressions - what the dashboard and the alerts ask Prometheus"""
    with open(os.path.join(CONTRIB, "grafana-dashboard.json")) as file:
        dashboard = json.load(file)
    found = [target["expr"] for panel in dashboard["panels"]
             for target in panel["targets"]]
    found += [each["expr"] for each in dashboard["annotations"]["list"]]
    found = [re.sub(r"\$__rate_interval", "5m", each) for each in found]
    assert len(found) >= 15, found
    with open(os.path.join(CONTRIB, "prometheus-rules.yml")) as file:
        return found, file.read()


def test_contrib(program):
    """the alerts come when they should; they and the dashboard ask for what
    there is"""
    rules = os.path.join(CONTRIB, "prometheus-rules.yml")
    for command in (["check", "rules", "--lint-fatal", rules],
                    ["test", "rules", os.path.join(
                        CONTRIB, "prometheus-rules-test.yml")]):
        done = subprocess.run(["promtool"] + command, capture_output=True,
                              text=True, timeout=WAIT)
        assert done.returncode == 0, done
    dashboard, alerts = expressions()
    with Watched(program) as policyd:
        os.mkdir(policyd.path("rates"))
        policyd.configure('rate_directory = "%s"\n'
                          'rate "login" { limit = "9/1h" }\n'
                          'store "unix:/nonexistent" { }\n' %
                          policyd.path("rates"))
        policyd.reload()
        policyd.ask(OURS)
        there = {re.split("[{ ]", series)[0] for series in policyd.metrics()}
        asked = set(re.findall(r"\bpolicyd_\w+",
                               alerts + "\n".join(dashboard)))
        assert len(asked) >= 12 and not asked - there, asked - there
        with open(policyd.path("rules.yml"), "w") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": [
                {"record": "dashboard:%d" % number, "expr": each}
                for number, each in enumerate(dashboard)]}]}, file)
        done = subprocess.run(["promtool", "check", "rules",
                               policyd.path("rules.yml")],
                              capture_output=True, text=True, timeout=WAIT)
        assert done.returncode == 0, done


def monotone(policyd, stop, errors):
    """monotone - as Prometheus does: each is answered, and no counter ever
    goes backwards"""
    before = {}
    try:
        while not stop.is_set():
            values = policyd.metrics()
            for series, value in values.items():
                if re.search("_total|_count|_sum|_bucket", series):
                    assert value >= before.get(series, 0), (
                        series, before[series], value)
                    before[series] = value
    except Exception as error:
        errors.append(error)


def test_reload(program):
    """counters continue across reloads, and a failed one is shown"""
    with Watched(program) as policyd, policyd.client() as client:
        stop, errors = threading.Event(), []
        reader = threading.Thread(target=monotone,
                                  args=(policyd, stop, errors))
        reader.start()
        for number in range(1, RELOADS + 1):
            assert client.ask(OURS) == PERMIT
            client.ask(THEIRS)
            policyd.reload()
        stop.set()
        reader.join()
        assert not errors, errors
        values = policyd.metrics()
        assert decisions(values, verdict="permit") == RELOADS
        assert decisions(values, verdict="reject") == RELOADS
        assert values["policyd_decision_seconds_count"] == 2 * RELOADS
        assert values['policyd_reloads_total{result="done"}'] == RELOADS
        page = policyd.get("/")[2]
        assert page.count('class="who"') == min(RELOADS, 12)
        # A failed one is shown, and forgotten with the next good one.
        good = policyd.read(policyd.config)
        policyd.write_config(good + "no_such_option = 1\n")
        policyd.reload_refused()
        values = policyd.metrics()
        assert values['policyd_reloads_total{result="refused"}'] == 1
        assert values["policyd_last_reload_successful"] == 0
        page = policyd.get("/")[2]
        assert "The last reload failed" in page
        assert "unknown option" in page, page
        # A replacement has not read it, so that it is still refused.
        values = replaced(policyd)
        assert values["policyd_server_deaths_total"] == 1
        assert values["policyd_last_reload_successful"] == 0
        policyd.write_config(good)
        policyd.reload()
        assert policyd.metrics()["policyd_last_reload_successful"] == 1
        assert "refused at" not in policyd.get("/")[2]
        # So is a server that died; what it has counted is lost with it.
        values = replaced(policyd)
        assert policyd.ask(OURS) == PERMIT
        assert values["policyd_server_deaths_total"] == 2
        assert decisions(values) <= 1
        # A service that is gone takes its series along; the rest continues.
        policyd.configure('service "x" { }\n')
        policyd.reload()
        client_reply = policyd.ask(OURS)
        assert client_reply == PERMIT
        assert decisions(policyd.metrics(), service="x") == 1


def values_of(policyd):
    try:
        return policyd.metrics()
    except (ConnectionError, http.client.HTTPException):
        return None


def replaced(policyd):
    """replaced - kill the server; returns the values of the next one"""
    mark = policyd.mark()
    os.kill(policyd.server(), signal.SIGKILL)
    policyd.expect("died: ", mark)
    return wait_until(lambda: values_of(policyd), "metrics")


def test_older(program):
    """a file that was changed after it was loaded is shown"""
    with Watched(program) as policyd:
        assert "older than" not in policyd.get("/")[2]
        loaded = policyd.metrics()["policyd_config_load_timestamp_seconds"]
        good = policyd.read(policyd.config)
        for change in (os.utime, lambda path: policyd.write_config(good),
                       lambda path: os.rename(path, path + ".orig")):
            wait_until(lambda: time.time() > loaded + 0.1, "a later time")
            change(policyd.config)
            values = policyd.metrics()
            assert values['policyd_config_file_timestamp_seconds'
                          '{file="policyd.conf"}'] > loaded
            assert "The configuration is older than" in policyd.get("/")[2]
            # A replacement does not hide that, if what it holds has changed.
            policyd.write_config(good + "# other\n")
            assert replaced(policyd)[
                "policyd_config_load_timestamp_seconds"] == loaded
            assert "The configuration is older than" in policyd.get("/")[2]
            policyd.write_config(good)
            policyd.reload()
            assert "older than" not in policyd.get("/")[2]
            loaded = policyd.metrics()["policyd_config_load_timestamp_seconds"]


def test_main_cf(program):
    """the alert is about main.cf first of all"""
    with Watched(program) as policyd:
        main_cf = policyd.path("main.cf")
        with open(main_cf, "w") as file:
            file.write("compatibility_level = 3.6\n")
        past = time.time() - 10     # Postfix waits for files to settle
        os.utime(main_cf, (past, past))
        policyd.configure('import_postfix = "%s"\n' % policyd.directory)
        policyd.reload()
        loaded = policyd.metrics()["policyd_config_load_timestamp_seconds"]
        wait_until(lambda: time.time() > loaded + 0.1, "a later time")
        os.rename(main_cf, main_cf + ".orig")
        values = policyd.metrics()
        assert values['policyd_config_file_timestamp_seconds'
                      '{file="main.cf"}'] > loaded
        assert main_cf in policyd.get("/")[2]


def test_healthz(program):
    """200 while it serves, 503 while it drains"""
    wait_until(lambda: healthz(program), "four answers while it drains")


def healthz(program):
    """healthz - False: this machine takes longer to ask than it drains"""
    seen = True
    with Watched(program) as policyd:
        assert policyd.get("/healthz")[::2] == (200, "ok\n")
        with policyd.client() as stuck:
            # Replies that nobody takes: the server cannot end at once.
            stuck.fill(policyd.server(), OURS)
            policyd.signal(signal.SIGTERM)
            try:
                wait_until(lambda: policyd.get("/healthz")[0] == 503, "503")
                assert policyd.get("/healthz")[2] == "draining\n"
                assert policyd.metrics()["policyd_draining"] == 1
                assert ">draining<" in policyd.get("/")[2]
            except ConnectionError:     # it drains for four seconds
                seen = False
        assert policyd.wait() == 0
        return seen


def raw(policyd, data, finish=True):
    """raw - what comes back for these bytes, until the end"""
    with policyd.connect() as connection:
        connection.sendall(data)
        if finish:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while True:
                more = connection.recv(65536)
                if not more:
                    return answer
                answer += more
        except ConnectionResetError:
            return answer


def test_http(program):
    """read-only, one request for each connection, few and short ones"""
    with Watched(program) as policyd:
        status, headers, text = policyd.get("/")
        assert status == 200 and "<script" not in text
        nonce = re.search(r'<style nonce="([0-9a-f]{32})">', text).group(1)
        assert headers["Content-Security-Policy"].startswith(
            "default-src 'none'; style-src 'nonce-%s';" % nonce)
        assert nonce not in policyd.get("/")[2]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Connection"] == "close"
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            status, headers, _ = policyd.get("/", method)
            assert (status, headers["Allow"]) == (405, "GET, HEAD"), method
        assert policyd.get("/", "HEAD")[::2] == (200, "")
        for path in ("/metrics/", "/x", "//", "/../etc/passwd", "/%2e",
                     "/healthz%00", "/<b>"):
            status, _, text = policyd.get(path)
            assert status == 404 and "<" not in text, (path, text)
        assert policyd.get("/healthz?x=1")[0] == 200
        # A name that was made to point here is not this host.
        for host, status in ((b"localhost:1", b"200"), (b"127.0.0.1", b"200"),
                             (b"[::1]:9154", b"200"), (b"", b"200"),
                             (b"evil.example", b"421"),
                             (b"127.0.0.1.evil.example:9154", b"421"),
                             (b"localhost.evil.example", b"421")):
            answer = raw(policyd, b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n"
                         % host)
            assert answer.startswith(b"HTTP/1.1 " + status), (host, answer)
        # One request, whatever the client would like.
        line = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" \
               b"Connection: keep-alive\r\n\r\n"
        assert raw(policyd, line * 20).count(b"HTTP/1.1 200") == 1
        # Too much of anything.
        huge = b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 9000 + b"\r\n\r\n"
        assert b" 200 " not in raw(policyd, huge)
        many = b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 3000 + b"\r\n"
        assert b" 200 " not in raw(policyd, many)
        body = b"GET / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99999
        assert b" 200 " not in raw(policyd, body)
        for nonsense in (b"\0" * 100, b"\r\n" * 100, b"\x16\x03\x01" * 50,
                         b"GET\r\n\r\n", b"FOO / HTTP/1.1\r\n\r\n",
                         b"GET / HTTP/9.9\r\n\r\n", OURS):
            assert b" 200 " not in raw(policyd, nonsense), nonsense
        assert policyd.get("/healthz")[0] == 200
        assert policyd.ask(OURS) == PERMIT


def test_guests(program):
    """who only takes a place is shown out, and policyd does not care"""
    in_time(lambda: guests(program), 6)


def guests(program):
    """guests - how long the first one stayed"""
    with Watched(program) as policyd:
        server = policyd.server()
        assert policyd.get("/healthz")[0] == 200
        wait_until(lambda: policyd.get("/healthz")[0] == 200, "a place")
        before = descriptors(server)
        crowd = [policyd.connect() for _ in range(60)]
        start = time.monotonic()
        stop = threading.Event()

        def trickle():
            while not stop.wait(0.5):
                for guest in crowd:
                    try:
                        guest.send(b"G")
                    except OSError:
                        pass
        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            assert policyd.ask(OURS) == PERMIT
            time.sleep(0.5)
            if before is not None:
                assert descriptors(server) - before <= 32, descriptors(server)
            # The first ones had to make room, the last one has ten seconds.
            ends = []
            for guest in crowd[0], crowd[-1]:
                guest.settimeout(WAIT)
                try:
                    assert guest.recv(1) in (b"", b"H")
                except ConnectionResetError:
                    pass
                ends.append(time.monotonic() - start)
            assert ends[1] >= 8, ends
        finally:
            stop.set()
            thread.join()
            for guest in crowd:
                guest.close()
        wait_until(lambda: values_of(policyd), "metrics")
        if before is not None:
            wait_until(lambda: descriptors(server) <= before + 1,
                       "all descriptors")
    return ends[0]


def test_silent_guests(program):
    """who says nothing holds no place against one who asks"""
    with Watched(program) as policyd:
        times = []
        for _ in range(20):
            crowd = [policyd.connect() for _ in range(16)]
            begin = time.monotonic()
            assert policyd.get("/healthz")[0] == 200
            times.append(time.monotonic() - begin)
            for guest in crowd:
                guest.close()
        times.sort()
        print("  /healthz beside 16 silent guests: median %.1f ms, worst "
              "%.1f ms" % (times[10] * 1000, times[-1] * 1000))
        # By themselves they leave after five seconds.
        assert times[10] < 2, times
        # Those that have closed their end leave before those that are here.
        for _ in range(20):
            for guest in [policyd.connect() for _ in range(16)]:
                guest.close()
            crowd = [policyd.connect() for _ in range(10)]
            for guest in crowd:
                guest.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            for guest in crowd:
                guest.settimeout(WAIT)
                assert guest.recv(12) == b"HTTP/1.1 200"
                guest.close()
        # Those who have asked are not shown out, slow as they may be.
        asked = [policyd.connect() for _ in range(10)]
        for guest in asked:
            guest.send(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        crowd = [policyd.connect() for _ in range(40)]
        for guest in asked:
            guest.settimeout(WAIT)
            text = b""
            while data := guest.recv(65536):
                text += data
            assert b"policyd_build_info" in text, text
        for guest in asked + crowd:
            guest.close()


def brightness(text):
    """brightness - the relative luminance of #rgb or #rrggbb (WCAG 2.1)"""
    digits = text[1:] if len(text) == 7 else "".join(
        each * 2 for each in text[1:])
    parts = [int(digits[each:each + 2], 16) / 255 for each in (0, 2, 4)]
    parts = [each / 12.92 if each <= 0.03928 else
             ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_colours(program):
    """who sees no colours can still tell permitted from rejected, by day and
    by night"""
    with Watched(program) as policyd:
        page = policyd.get("/")[2]
    themes = re.findall(r":root\{(.*?)\}", page)
    assert len(themes) == 2, page
    for theme in themes:
        permitted, rejected = (
            brightness(re.search(r"--%s:(#[0-9a-f]+)" % name, theme).group(1))
            for name in "pr")
        contrast = (permitted + 0.05) / (rejected + 0.05)
        assert contrast >= 3, contrast


def badge(policyd):
    """badge - the state on the page, its colour, and the notes"""
    page = policyd.get("/")[2]
    found = re.search(r'class="state (\w+)">([^<]*)<', page)
    assert "<title>policyd: %s</title>" % found.group(2) in page, page
    return found.groups() + (re.search(
        r'<ul class="notes">(.*?)</ul>', page).group(1),)


def test_badge(program):
    """the badge has the worst state; what is not well is named"""
    with Watched(program) as policyd:
        assert badge(policyd) == ("green", "serving", "")
        policyd.configure("mode = observe\n")
        colour_of, text, notes = badge(policyd)
        assert (colour_of, text) == ("amber", "not up to date"), notes
        assert policyd.config in notes, notes
        policyd.reload()
        colour_of, text, notes = badge(policyd)
        assert (colour_of, text) == ("amber", "observing"), notes
        policyd.write_config("broken {\n")
        policyd.reload_refused()
        wait_until(lambda: badge(policyd)[1] == "reload refused", "the news")
        colour_of, text, notes = badge(policyd)
        assert colour_of == "red" and "policyd.conf:1: " in notes, notes
        policyd.configure()
    with Watched(program, 'relay_domains = "texthash:/nonexistent/table"\n') \
            as policyd:
        colour_of, text, notes = badge(policyd)
        assert (colour_of, text) == ("red", "table unreadable"), notes
        assert "texthash:/nonexistent/table" in notes, notes


def test_figures(program):
    """axes have times and numbers, and it is said how long decisions take"""
    with Watched(program) as policyd:
        assert "<dt>99 % took</dt><dd>-</dd>" in policyd.get("/")[2]
        for _ in range(3):
            policyd.ask()
        page = policyd.get("/")[2]
        for period, axis in (("minute", ("-1 min 0 s", "-30 s")),
                             ("hour", ("-1 h 0 min", "-30 min 0 s")),
                             ("day", ("-1 d 0 h", "-12 h 0 min"))):
            own = re.search(r'<article id="%s">.*?</article>' % period, page,
                            re.S).group(0)
            axes = re.findall(r'<p class="axis">(.*?)</p>', own)
            assert axes[1] == "<span>%s</span><span>%s</span>" \
                "<span>now</span>" % axis, axes
            assert re.match("<span>[123] in ", axes[0]), axes
            assert "<title>3 permitted</title>" in own or \
                own.count(" permitted</title>") > 1, own
        assert re.search("<dt>99 % took</dt><dd>&[lg]t; [0-9.]+ ms</dd>", page)
        assert '<meta http-equiv="refresh" content="60">' in page


def test_frequent(program):
    """what is refused most often is first: by client, domain and reason"""
    with Watched(program) as policyd:
        for number in range(200):
            policyd.ask(REQUEST.replace(b"192.0.2.1", b"198.51.100.%d" % (
                number % 250)) % (b"a@once%d.example" % number))
            if number % 4 == 0:
                policyd.ask(REQUEST % b"a@often<b>.example")
        page = re.search(r'<section class="card" id="frequent">.*?</section>',
                         policyd.get("/")[2], re.S).group(0)
        for title, text in (("client", "192.0.2.1"),
                            ("domain of the recipient",
                             "often&lt;b&gt;.example")):
            found = re.search(
                r'<h3>by %s</h3><ul class="names">\n<li><span>([^<]*)</span>'
                r"<b>(\d+)</b>" % title, page)
            assert found and found.group(1) == text, page
            assert 50 <= int(found.group(2)) <= 60, page
        assert "<span>not encrypted</span><b>250</b>" in page, page


class Load(threading.Thread):
    """Requests of all kinds, until it is stopped."""

    def __init__(self, policyd, counts):
        super().__init__()
        self.policyd = policyd
        self.counts = counts
        self.stop = threading.Event()

    def __enter__(self):
        """__enter__ - returns when there is something to be drawn"""
        wanted = self.counts["rejected"] + len(HOSTILE) + 2
        self.start()
        wait_until(lambda: self.counts["rejected"] >= wanted, "requests")
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.join()

    def run(self):
        with self.policyd.client() as client:
            number = 0
            while not self.stop.is_set():
                hostile = HOSTILE[number % len(HOSTILE)]
                number += 1
                request = (REQUEST % (hostile + b"@remote.example")).replace(
                    b"a@client.example", hostile + b"@client.example")
                for each, kind in ((OURS, "permitted"),
                                   (LOGGED_IN, "permitted"),
                                   (request, "rejected")):
                    client.ask(each)
                    self.counts[kind] += 1


def colour(text):
    """colour - how bright rgb(...) is, from 0 to 255"""
    return sum(int(part) for part in re.findall(r"\d+", text)[:3]) / 3


def look_at_page(browser, policyd, name, **view):
    """look_at_page - as somebody sees it; what it says in figures"""
    browser.look(**view)
    said = browser.open("http://127.0.0.1:%d/" % policyd.port)
    assert not said, "the browser complains: %s" % said
    assert browser.value("document.title") == "policyd: serving"
    width = browser.value("document.documentElement.scrollWidth")
    assert width <= view["width"], "%s is %d wide" % (name, width)
    paper, ink = (colour(browser.value(
        "getComputedStyle(document.body)." + what))
        for what in ("backgroundColor", "color"))
    assert abs(paper - ink) > 150, (name, paper, ink)
    assert (paper < ink) == view.get("dark", False), (name, paper, ink)
    if PICTURES:
        browser.picture(os.path.join(PICTURES, name + ".png"))
    return browser.value("document.body.innerText")


def shown(text, pattern):
    """shown - the number in a text of the page"""
    found = re.search(pattern, text)
    assert found, (pattern, text)
    return int(re.sub(r"\s", "", found.group(1)))


NUMBER = r"(\d[\d\u202f]*)"


def last_page(browser, policyd, counts):
    """last_page - the page after the last request; what was counted within the
    last minute for sure, None: this machine takes too long to know"""
    before, begin = dict(counts), time.monotonic()
    with Load(policyd, counts):
        pass
    text = look_at_page(browser, policyd, "end", width=1280)
    assert shown(text, "total decisions\n+" + NUMBER) == sum(counts.values())
    if time.monotonic() - begin > 58:
        return None
    return {kind: counts[kind] - before[kind] for kind in counts}


def test_page(program):
    """the page in a real browser, under load, by day, night and on a phone"""
    service = 'service "mx" { server_port = { 25 } }\n'
    counts = {"permitted": 0, "rejected": 0}
    with Watched(program, service) as policyd, Browser() as browser:
        with Load(policyd, counts):
            look_at_page(browser, policyd, "light", width=1280)
            dark = look_at_page(browser, policyd, "dark", width=1280,
                                dark=True)
            first = shown(dark, "total decisions\n+" + NUMBER)
            phone = look_at_page(browser, policyd, "phone", width=360,
                                 phone=True)
            assert shown(phone, "total decisions\n+" + NUMBER) > first > 0
        latest = wait_until(lambda: last_page(browser, policyd, counts),
                            "the page within a minute")
        for period in ("minute", "hour", "day"):
            own = browser.value('document.getElementById("%s").innerText'
                                % period)
            least = latest if period == "minute" else counts
            for kind, count in counts.items():
                assert least[kind] <= shown(
                    own, "%s %s" % (kind, NUMBER)) <= count, own
            assert least["permitted"] // 2 <= shown(
                own, "permit_auth_destination\n+" + NUMBER) <= \
                counts["permitted"] // 2, own
            drawn = browser.value(
                '[...document.querySelectorAll("#%s svg.time rect")].map('
                'rect => rect.getBoundingClientRect().height).filter('
                'height => height > 1).length' % period)
            assert drawn >= 2, (period, drawn)
        check_hostile(browser)
        own = browser.value(
            'document.getElementById("configuration").innerText')
        assert re.search(r'server_port = 25\s+\S*policyd\.conf:\d+', own), own
        assert browser.value("document.querySelectorAll('script,img,iframe,"
                             "a,form,link,object').length") == 0


def check_hostile(browser):
    """check_hostile - the last refusals are shown, and are only text"""
    refusals = browser.value('[...document.querySelectorAll("#refusals .who")]'
                             '.map(each => each.textContent)')
    assert len(refusals) == 12, refusals
    text = "\n".join(refusals)
    for part in ("<script>document.title='owned'</script>@client.example",
                 "\"><img src=x onerror=document.title='owned'>",
                 "</code></p><h1>owned</h1>", "&lt;b&gt;&amp;",
                 "\\xFF\\xFE\\x80", "\\x1B[2J\\x07", "\\xE2\\x80\\xAEgnp.exe",
                 "%3Cb%3E"):
        assert part in text, (part, text)
    assert browser.value("document.querySelectorAll('h1').length") == 1
    why = browser.value('document.querySelector("#refusals li").innerText')
    assert re.search(r"reject by reject_plaintext_session: the (destination is "
                     r"not ours|address has no valid domain); not encrypted",
                     why), why
    assert re.search(r"client 192\.0\.2\.1, service default, id \w{6}, "
                     r"answered 554 5\.7\.1 Relay access denied", why), why


if __name__ == "__main__":
    sys.exit(run_all([
        test_metrics, test_off, test_taken, test_nowhere, test_unix,
        test_bound, test_labels,
        test_contrib, test_reload, test_older,
        test_main_cf, test_healthz, test_http, test_guests, test_silent_guests,
        test_colours, test_badge, test_figures,
        test_frequent, test_page]))
