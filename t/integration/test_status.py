#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""--status and --reload of a policyd that runs, and what -q, -t and -P say
when their answer is not that of it.

usage: test_status.py POLICYD [TEST ...]
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

from kit.daemon import (Daemon, REQUEST, WAIT, exists, free_port, run_all,
                        wait_until)
from kit.supervised import Supervised

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
LIST = 'relay_domains = "%s"\n'
NEW = REQUEST % b"user@new.test"


def call(policyd, *arguments, env=None, **how):
    """call - policyd with these options and that file"""
    done = subprocess.run(
        [policyd.program, *arguments, "-c", policyd.config],
        capture_output=True, text=True, timeout=WAIT, input="", env=env, **how)
    # What an instrumented program says that may not write its counts.
    done.stderr = re.sub("(?m)^profiling:.*\n", "", done.stderr)
    return done


def status(policyd, **how):
    """status - the exit status, and the object"""
    done = call(policyd, "--status", "--format=json", **how)
    assert done.stderr == "", done.stderr
    return done.returncode, json.loads(done.stdout)


def nobody(policyd):
    """nobody - why there is no state"""
    return "no policyd runs with %s: there is neither %s nor " \
        "/run/policyd/pid.state of one that lives" % (
            policyd.config, policyd.path("pid.state"))


def spoil(policyd):
    """spoil - a file that is refused, and still says where policyd runs"""
    policyd.write_config('pid_file = "%s"\nbroken {\n' % policyd.pid_file)


def with_list(policyd, settings=""):
    """with_list - a file with domains"""
    path = policyd.path("domains")
    with open(path, "w") as file:
        file.write("relay.test\n")
    policyd.configure(LIST % path + settings)
    return path


def test_status(program):
    """from not running to not running"""
    policyd = Daemon(program)
    assert status(policyd) == (1, {
        "fine": False, "phase": "not running",
        "why": nobody(policyd)})
    done = call(policyd, "--status")
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr == "policyd: %s\n" % nobody(policyd), done.stderr
    port = free_port()
    policyd.configure('metrics "inet:127.0.0.1:%d" { }' % port)
    with policyd:
        for request in (b"user@local.test", b"user@remote.example",
                        b"other@remote.example"):
            policyd.ask(REQUEST % request)
        code, found = status(policyd)
        assert code == 0 and found["fine"], found
        assert found["phase"] == "serving", found
        assert found["pid"] == policyd.monitor, found
        assert found["server"] == policyd.server(), found
        assert found["config"] == policyd.config, found
        assert found["listeners"] == ["unix:" + policyd.socket], found
        assert found["counters"]["decisions"]["permit"] == 1, found
        assert found["counters"]["decisions"]["reject"] == 2, found
        done = call(policyd, "--status")
        assert (done.returncode, done.stderr) == (0, ""), done
        for line in ("^policyd +serving, version ", "^listening at +unix:/",
                     r"^decisions .*\n +permit +1\n +reject +2\n",
                     r"^started +at 20.*, \d+ (s|min)"):
            assert re.search(line, done.stdout, re.M), (line, done.stdout)
        assert all(len(line) <= 79 or policyd.directory in line
                   for line in done.stdout.splitlines()), done.stdout
        assert policyd.stop() == 0
        assert status(policyd)[1]["phase"] == "not running"
        assert not os.path.exists(policyd.path("pid.state"))


def test_reload(program):
    """reloaded, refused, and reloaded again; as many at once as there are"""
    with Daemon(program) as policyd:
        path = with_list(policyd, "table_refresh = no\n")
        assert not policyd.ask(NEW).startswith(b"action=permit")
        with open(path, "a") as file:
            file.write("new.test\n")
        done = call(policyd, "--reload")
        assert (done.returncode, done.stderr) == (0, ""), done
        assert done.stdout == "policyd: reloaded: server %d\n" % \
            policyd.server(), done.stdout
        assert policyd.ask(NEW).startswith(b"action=permit_auth")
        spoil(policyd)
        done = call(policyd, "--reload")
        assert (done.returncode, done.stdout) == (78, ""), done
        assert done.stderr.startswith(
            "policyd: the reload was refused, and the running configuration "
            "stays in effect: %s:2: " % policyd.config), done.stderr
        assert policyd.ask(NEW).startswith(b"action=permit_auth")
        code, found = status(policyd)
        assert code == 1 and not found["fine"], found
        assert found["refusal"].startswith(policyd.config + ":2: "), found
        assert found["changed"] == policyd.config, found
        with_list(policyd)
        mark = policyd.mark()
        many = [subprocess.Popen(
            [program, "--reload", "-c", policyd.config],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for _ in range(4)]
        ended = [each.communicate(timeout=WAIT)[1] for each in many]
        assert [each.returncode for each in many] == [0] * 4, ended
        policyd.expect("reloaded: ", mark)
        # A signal that came late may be obeyed after all have their result.
        wait_until(lambda: status(policyd)[0] == 0, "the last one is over")


def test_result_is_of_this_reload(program):
    """a reload that is requested during another one waits for its own"""
    with Daemon(program) as policyd:
        for number in range(4):
            good = number % 2 == 0
            policyd.signal(signal.SIGHUP)
            if good:
                policyd.configure()
            else:
                spoil(policyd)
            done = call(policyd, "--reload")
            assert done.returncode == (0 if good else 78), (number, done)
        policyd.configure()


def test_not_running(program):
    """nobody to reload; a killed one; one that is not ours to signal"""
    policyd = Daemon(program)
    policyd.own_program()
    with policyd:
        done = call(policyd, "--reload", preexec_fn=become_nobody)
        assert done.returncode == 77, done
        assert "cannot signal the running policyd: " in done.stderr, done
        assert status(policyd, preexec_fn=become_nobody)[0] == 0
        server = policyd.server()
        os.kill(policyd.monitor, signal.SIGKILL)
        policyd.process.wait()
        wait_until(lambda: not exists(server), "the end")
        assert os.path.exists(policyd.path("pid.state"))
        assert status(policyd)[0] == 1
        done = call(policyd, "--reload")
        assert done.returncode == 69, done
        assert "no policyd runs with" in done.stderr, done
        policyd.start()
        assert status(policyd)[1]["pid"] == policyd.monitor


def become_nobody():
    """become_nobody - in a child"""
    os.setgid(65534)
    os.setuid(65534)


def says(policyd, option, *arguments):
    """says - the lines about the running policyd, and the exit status"""
    done = subprocess.run(
        [policyd.program, option, "-c", policyd.config, *arguments],
        capture_output=True, text=True, timeout=WAIT)
    return [line for line in done.stderr.splitlines()
            if line.startswith("policyd: ")], done.returncode


def test_other_answers(program):
    """-q and -t say that their answer is not, or may not be, that of the
    running policyd, and why; with another file they say nothing"""
    with Daemon(program) as policyd:
        path = with_list(policyd, "table_refresh = no\n")
        policyd.reload()
        question = "to=a@new.test"
        for option in (["-q", question], ["-t"]):
            assert says(policyd, *option) == ([], 0)
        with open(path, "a") as file:
            file.write("new.test\n")
        changed = "has changed since the running policyd loaded it"
        for option in (["-q", question], ["-t"]):
            assert says(policyd, *option) == ([
                "policyd: %s %s; to reload: policyd --reload -c %s" % (
                    path, changed, policyd.config)], 0)
        other = policyd.path("other.conf")
        shutil.copy(policyd.config, other)
        done = subprocess.run([program, "-q", "-c", other, question],
                              capture_output=True, text=True, timeout=WAIT)
        assert (done.returncode, done.stderr) == (0, ""), done
        # The printed command, as it is.
        command = says(policyd, "-t")[0][0].partition("to reload: ")[2]
        subprocess.run(command.replace("policyd", program, 1), shell=True,
                       check=True, stdout=subprocess.DEVNULL, timeout=WAIT)
        assert says(policyd, "-q", question) == ([], 0)
        good = policyd.read(policyd.config)
        spoil(policyd)
        policyd.reload_refused()
        policyd.write_config(good)
        lines, code = says(policyd, "-q", question)
        assert code == 0 and len(lines) == 2, lines
        assert "%s %s; to reload: " % (policyd.config, changed) in lines[0]
        assert re.match("policyd: the running policyd has refused the last "
                        "reload, at 20.*: %s:2: " % policyd.config, lines[1])


def test_by_itself(program):
    """a change that policyd loads by itself; and one that it refuses"""
    with Daemon(program) as policyd:
        postfix = policyd.path("postfix")
        os.mkdir(postfix)
        main_cf = os.path.join(postfix, "main.cf")

        def write(text):
            with open(main_cf + ".new", "w") as file:
                file.write("compatibility_level = 3.6\n" + text)
            os.rename(main_cf + ".new", main_cf)
        write("")
        policyd.configure('import_postfix = "%s"\n' % postfix)
        policyd.reload()
        assert status(policyd)[0] == 0
        mark = policyd.mark()
        write("relay_domains = new.test\n")
        policyd.expect("reloaded: ", mark)
        wait_until(lambda: status(policyd)[0] == 0, "it is loaded")
        mark = policyd.mark()
        write("relay_domains = hash:/nonexistent/table\n")
        policyd.expect("reload failed: ", mark)
        lines, code = says(policyd, "-P")
        assert code != 0, code
        assert any("has refused the last reload" in line for line in lines), \
            lines
        code, found = status(policyd)
        assert code == 1 and found["refusal"], found
        assert found["changed"] == main_cf, found
        mark = policyd.mark()
        write("relay_domains = new.test\n")
        policyd.expect("reloaded: ", mark)
        wait_until(lambda: status(policyd)[0] == 0, "it is loaded")


def test_unreadable(program):
    """tables that the daemon could not read have names, and reasons"""
    policyd = Daemon(program)
    paths = [policyd.path("one"), policyd.path("two")]
    policyd.configure('table_refresh = no\nrelay_domains = "texthash:%s"\n'
                      'virtual_alias_domains = "texthash:%s"\n' % tuple(paths))
    with policyd:
        code, found = status(policyd)
        assert (code, found["failed_tables"]) == (1, 2), found
        done = call(policyd, "--status")
        row = re.search(r"(?m)^unreadable +tables: 2; lookups there are "
                        r"deferred: (.*)$", done.stdout).group(1)
        assert row == found["failed"], (row, found)
        for path in paths:
            assert "%s: No such file" % path in row, row
        lines, code = says(policyd, "-P")
        assert "policyd: the running policyd cannot read these tables, and " \
            "defers lookups there: " + row in lines, lines
        done = call(policyd, "--reload")
        assert done.returncode == 78, done
        for path in paths:
            with open(path, "w") as file:
                file.write("x.test x\n")
        done = call(policyd, "--reload")
        assert (done.returncode, done.stderr) == (0, ""), done
        code, found = status(policyd)
        assert (code, found["failed"]) == (0, None), found


def reload_of_unit(program, policyd):
    """reload_of_unit - the command of ExecReload, for that policyd"""
    with open(os.path.join(ROOT, "contrib/systemd/policyd.service.in")) as \
            file:
        found = re.search(r"^ExecReload=(.*)$", file.read(), re.M)
    words = shlex.split(found.group(1).replace(
        "@CMAKE_INSTALL_FULL_SBINDIR@/policyd", program))
    return words + ["-c", policyd.config]


def test_supervised(program):
    """as under systemd: another user, in a directory that was made for it;
    "systemctl reload" is this command, and fails when it is refused"""
    policyd = Supervised(program, {})
    runtime = policyd.path("run")
    policyd.environment = {"RUNTIME_DIRECTORY": runtime}
    os.mkdir(runtime)
    environment = dict(os.environ, RUNTIME_DIRECTORY=runtime)
    with policyd:
        name = os.path.join(runtime, "pid.state")
        assert not os.path.exists(policyd.path("pid.state"))
        assert os.stat(name).st_mode & 0o777 == 0o644
        command = reload_of_unit(policyd.program, policyd)
        done = subprocess.run(command, env=environment, timeout=WAIT,
                              capture_output=True, text=True)
        assert done.returncode == 0, done
        assert status(policyd, env=environment)[0] == 0
        spoil(policyd)
        done = subprocess.run(command, env=environment, timeout=WAIT,
                              capture_output=True, text=True)
        assert done.returncode == 78, done
        assert ":2: " in done.stderr, done


class OfNobody(Supervised):
    """policyd of a user without any rights, as the unit starts it"""

    def launch(self):
        with open(self.path("stderr"), "ab") as stderr:
            self.process = subprocess.Popen(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                 self.program, "-c", self.config], stdin=subprocess.DEVNULL,
                stdout=stderr, stderr=stderr,
                env={**os.environ, **self.environment})


def test_other_user(program):
    """root, and that user, reload a policyd that does not run as root; others
    may not, but may ask"""
    policyd = OfNobody(program, {})
    policyd.own_program()
    runtime = policyd.path("run")
    policyd.environment = {"RUNTIME_DIRECTORY": runtime}
    environment = dict(os.environ, RUNTIME_DIRECTORY=runtime)
    os.mkdir(runtime)
    open(policyd.log, "w").close()
    for path in policyd.directory, runtime, policyd.log:
        os.chown(path, 65534, 65534)
    with policyd:
        for who, code in ((None, 0), (become_nobody, 0),
                          (lambda: os.setuid(65533), 77)):
            done = call(policyd, "--reload", env=environment, preexec_fn=who)
            assert done.returncode == code, done
            assert status(policyd, env=environment, preexec_fn=who)[0] == 0


def test_foreign_number(program):
    """a state file of another user that names a process which is not theirs:
    root signals nobody"""
    with Daemon(program) as policyd:
        forged = policyd.path("forged")
        os.mkdir(forged)
        text = policyd.read(policyd.path("pid.state"))
        path = os.path.join(forged, "pid.state")
        holder = subprocess.Popen(
            [sys.executable, "-c",
             "import fcntl, sys; file = open(sys.argv[1], 'a'); "
             "fcntl.flock(file, fcntl.LOCK_EX); print('x', flush=True); "
             "sys.stdin.read()", path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        holder.stdout.read(1)
        with open(path, "w") as file:
            file.write(text)
        policyd.stop()
        with open(path, "w") as file:
            file.write(re.sub("(?m)^pid=.*", "pid=%d" % holder.pid, text))
        environment = dict(os.environ, RUNTIME_DIRECTORY=forged)
        os.chown(path, 65534, 65534)
        done = call(policyd, "--reload", env=environment)
        assert done.returncode == 69, done
        assert "another one" in done.stderr, done
        assert holder.poll() is None
        holder.communicate(timeout=WAIT)
        policyd.start()


if __name__ == "__main__":
    sys.exit(run_all([test_status, test_reload, test_result_is_of_this_reload,
                      test_not_running, test_other_answers, test_by_itself,
                      test_unreadable, test_supervised, test_other_user,
                      test_foreign_number]))
