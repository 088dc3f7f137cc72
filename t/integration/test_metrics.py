#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_metrics - the listener of the metrics section: what Prometheus reads, and
that it stays true over reloads.

usage: test_metrics.py POLICYD [TEST ...]
"""

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

from kit.daemon import OURS, PERMIT, THEIRS, WAIT, Daemon, run_all, wait_until
from kit.metrics import LOGGED_IN, Watched, decisions, values_of
from kit.snippets import ROOT

RELOADS = int(os.environ.get("POLICYD_TEST_RELOADS", "20"))
CONTRIB = os.path.join(ROOT, "contrib")


class Unix(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(WAIT)
        self.sock.connect(self.host)


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


if __name__ == "__main__":
    sys.exit(run_all([
        test_metrics, test_off, test_taken, test_nowhere, test_unix,
        test_bound, test_labels, test_contrib, test_reload, test_older,
        test_main_cf]))
