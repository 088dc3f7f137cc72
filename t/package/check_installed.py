# SPDX-License-Identifier: ISC
"""The packages, installed, upgraded, used and removed beside a Postfix that runs.
Tests of t/package/run."""

import os
import re
import shutil
import subprocess

from built import staged
from newcomer import NO_SYSTEMD, Newcomer, STOCK, bare_root, libraries
from packages import (RELEASES, ROOT, made, run, temporary_directory,
                      version)
from scratch import Scratch
from steps import (QUEUE, ask, connect, copy_in, decided, newer, rcpt, settled,
                   start_postfix, state)
from kit.documents import chapters
from kit.init import parts
from kit.postfix import poll


def openrc(scratch):
    """openrc - Debian's, in place of systemd; with the script of policyd"""
    directory = temporary_directory()
    try:
        # (librc1, or librc1t64.)
        needed = re.findall(r"Depends: (lib(?:rc|einfo)\w+)",
                            run("apt-cache", "depends", "openrc"))
        run("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download",
            "openrc", *needed, "insserv", cwd=directory)
        for name in os.listdir(directory):
            copy_in(scratch, os.path.join(directory, name))
        # (It takes the place of sysv-rc, which other packages like better.)
        scratch.shell("cd /tmp; dpkg --force-all -i openrc_* librc1* "
                      "libeinfo1* insserv_*; rm -rf /run/systemd "
                      "/*/systemd/system/policyd.* "
                      "/usr/lib/systemd/system/policyd.*; "
                      "mkdir -p /run/openrc; : >/run/openrc/softlevel")
        run("cmake", "-S", ROOT, "-B", directory + "/build", "-G", "Ninja",
            "-DINIT=openrc", "-DBUILD_TESTING=OFF",
            "-DCMAKE_INSTALL_PREFIX=/usr")
        with open(directory + "/build/contrib/policyd.openrc") as script, \
                open(scratch.outside("/etc/init.d/policyd"), "w") as copy:
            copy.write(script.read())
        scratch.run("chmod", "755", "/etc/init.d/policyd")
    finally:
        shutil.rmtree(directory)


def test_openrc(build):
    """what --init prints for OpenRC starts the service; reload, a monitor that
    is killed, stop"""
    yes = "action=permit_auth_destination"

    def served():
        """served - over a new connection"""
        conversation = connect(scratch)
        try:
            return ask(conversation) == yes
        except BrokenPipeError:
            return False
        finally:
            conversation.kill()
            conversation.communicate()

    def shell(lines):
        """shell - type them; what a service says goes to no pipe of ours"""
        scratch.shell("(%s) >/tmp/said 2>&1 </dev/null || "
                      "{ cat /tmp/said >&2; exit 1; }" % "\n".join(
                          ["set -e"] + lines))

    with Scratch() as scratch:
        start_postfix(scratch)
        scratch.run("dpkg", "-i", copy_in(scratch, made().deb()))
        openrc(scratch)
        lines = parts(scratch.run("policyd", "--init"))
        assert lines["1"] == ["policyd -t",
                              "rc-update add policyd default",
                              "rc-service policyd restart"], lines
        shell(lines["1"])
        poll(served)
        conversation = connect(scratch)
        try:
            assert ask(conversation) == yes
            shell(["rc-service policyd reload"])
            assert ask(conversation) == yes
        finally:
            conversation.kill()
            conversation.communicate()
        scratch.shell("echo nonsense >>/etc/policyd/policyd.conf; "
                      "! rc-service policyd reload >/dev/null 2>&1; "
                      "sed -i '$d' /etc/policyd/policyd.conf")
        assert served(), "a reload that is refused has stopped it"
        scratch.shell("kill -9 $(ps -C policyd -o pid= | head -1)")
        poll(served)
        shell(["rc-service policyd status"] + lines["And"])
        scratch.shell("! ps -C policyd && ! test -e %s" % QUEUE)


# In the place of systemctl(1): it writes down what it is told.
# (Not below /tmp: since 4.20, rpm gives its scripts one of their own.)
RECORDER = """#!/bin/sh
echo "$*" >>/dev/shm/systemctl
"""


def rpm(scratch, *words):
    """rpm - on a system that is not made of RPMs; what systemd was told"""
    scratch.shell(": >/dev/shm/systemctl")
    known = subprocess.run(["rpm", "--force-debian", "--version"],
                           capture_output=True).returncode == 0
    print(scratch.run("rpm", "--nodeps", *["--force-debian"] * known,
                      *words).strip())
    return scratch.shell("cat /dev/shm/systemctl").splitlines()


def test_rpm_scripts(build):
    """its scripts, beside a Postfix that runs: install, upgrade, remove. There
    is no systemd here but one that writes down what it is told."""
    with Scratch() as scratch:
        start_postfix(scratch)
        first, second = (copy_in(scratch, made().rpm(dist))
                         for dist in RELEASES)
        scratch.shell("mkdir -p /run/systemd/system; rpm --initdb")
        for name in "systemctl", "systemd-tmpfiles":
            path = scratch.outside("/usr/bin/" + name)
            with open(path, "w") as file:
                file.write(RECORDER)
            os.chmod(path, 0o755)
        before, changed = state(scratch), settled(scratch.changes())
        assert rpm(scratch, "-i", first) == [
            "--create policyd.conf", "daemon-reload",
            "preset policyd.socket policyd.service"]
        assert state(scratch) == before, "Postfix is not as it was"
        scratch.run("getent", "passwd", "policyd")
        scratch.shell("policyd -t; echo '# mine' >>/etc/policyd/policyd.conf; "
                      "policyd -d")
        conversation = connect(scratch)
        try:
            assert ask(conversation) == "action=permit_auth_destination"
            assert rpm(scratch, "-U", second)[:4] == [
                "--create policyd.conf", "daemon-reload",
                "--quiet is-active policyd.service", "reload policyd.service"]
            scratch.shell("kill -HUP $(cat /run/policyd.pid)")
            assert ask(conversation) == "action=permit_auth_destination"
            assert scratch.run("tail", "-1", "/etc/policyd/policyd.conf") == \
                "# mine\n"
        finally:
            conversation.kill()
            conversation.communicate()
        assert rpm(scratch, "-e", "policyd") == [
            "disable --now policyd.service policyd.socket", "daemon-reload"]
        scratch.shell("""kill $(cat /run/policyd.pid)
            while [ -e /run/policyd.pid ]; do sleep 0.05; done
            tail -1 /etc/policyd/policyd.conf.rpmsave | grep mine
            rm -r /etc/policyd""")
        assert state(scratch) == before, "Postfix is not as it was"
        # (The directory of all licenses is one of Fedora's own packages.)
        left = {path for path in settled(scratch.changes()) - changed
                if not path.startswith("/var/lib/rpm/") and
                path != "/usr/share/licenses/"}
        assert left == set(), left
        scratch.run("postfix", "stop")


def test_install_and_purge(build):
    """beside a Postfix that runs: nothing changes, and nothing is left"""
    with Scratch() as scratch:
        deb = copy_in(scratch, made().deb())
        start_postfix(scratch)
        relay = ["250 2.1.5 Ok"] * 2
        both = "user@ours.example", "user@far.example"
        assert rcpt(scratch, *both) == relay
        before, changed = state(scratch), settled(scratch.changes())
        said = scratch.run("dpkg", "-i", deb)
        assert '"policyd --init"' in said and '"policyd -P"' in said, said
        assert state(scratch) == before, "Postfix is not as it was"
        assert rcpt(scratch, *both) == relay
        scratch.run("policyd", "-t")
        scratch.run("test", "-s", "/usr/share/doc/policyd/HOWTO")

        # What the administrator does.
        scratch.run("policyd", "-d")
        scratch.shell("postconf -e smtpd_client_restrictions='"
                      "check_policy_service unix:private/policyd, reject'; "
                      "postfix reload")
        answers = decided(scratch, *both)
        assert answers[0] == relay[0] and \
            answers[1].startswith("554 5.7.1 "), answers
        said = scratch.shell("dpkg -r policyd")
        assert "Postfix still asks policyd: smtpd_client_restrictions" in \
            said, said
        scratch.run("dpkg", "-i", deb)
        scratch.shell("postconf -X smtpd_client_restrictions; postfix reload")
        assert rcpt(scratch, *both) == relay
        scratch.shell("""kill $(cat /run/policyd.pid)
            while [ -e /run/policyd.pid ]; do sleep 0.05; done""")

        said = scratch.run("dpkg", "-r", "policyd")
        assert "still asks" not in said, said
        scratch.run("test", "-s", "/etc/policyd/policyd.conf")
        scratch.run("dpkg", "-P", "policyd")
        assert state(scratch) == before, "Postfix is not as it was"
        left = settled(scratch.changes()) - changed
        assert left == set(), left
        scratch.run("getent", "passwd", "policyd")
        scratch.run("sh", "-c", "! test -e /run/policyd")
        scratch.run("postfix", "stop")


def test_upgrade(build):
    """an upgrade keeps connections and the configuration"""
    with Scratch() as scratch:
        deb = copy_in(scratch, made().deb())
        start_postfix(scratch)
        scratch.run("dpkg", "-i", deb)
        scratch.shell("echo '# mine' >>/etc/policyd/policyd.conf; policyd -d")
        conversation = connect(scratch)
        try:
            assert ask(conversation) == "action=permit_auth_destination"
            scratch.run("dpkg", "--force-confold", "-i", newer(scratch, deb))
            assert ask(conversation) == "action=permit_auth_destination"
            # Without systemd that is still the program of before.
            scratch.shell("policyd --reload")

            def renewed():
                return "(deleted)" not in scratch.shell(
                    "ls -l /proc/[0-9]*/exe | grep sbin/policyd | tail -1")
            poll(renewed)
            assert ask(conversation) == "action=permit_auth_destination"
            assert scratch.run("tail", "-1", "/etc/policyd/policyd.conf") == \
                "# mine\n"
        finally:
            conversation.kill()
            conversation.communicate()
        scratch.shell("kill $(cat /run/policyd.pid); postfix stop")


def test_source(build):
    """as README says: cmake --install, a user, --init; and off again"""
    both = "user@ours.example", "user@far.example"
    blocks = dict(chapters("README"))["QUICK START"]
    user, = (line for block in blocks for line in
             block.text.replace("\\\n", "").splitlines()
             if line.startswith("useradd "))
    with staged(build) as directory, Scratch() as scratch:
        shutil.copytree(directory, scratch.outside("/"), dirs_exist_ok=True)
        start_postfix(scratch)
        scratch.shell("! getent passwd policyd || userdel policyd")
        scratch.shell(user)
        file = scratch.outside("/etc/policyd/policyd.conf")
        assert not os.path.exists(file)
        lines = parts(scratch.run("policyd", "--init"))
        with open(file) as text:
            assert "import_postfix" in text.read()
        *commands, check = lines["1"] + lines["2"]
        scratch.shell("\n".join(commands))
        said = scratch.shell("! " + check)      # that Postfix has no users
        assert "nobody can log in" in said and "1 error, 0" in said, said
        answers = decided(scratch, *both)
        assert answers[0] == "250 2.1.5 Ok", answers
        assert answers[1].startswith("554 5.7.1 "), answers
        scratch.shell("\n".join(lines["To"] + lines["And"]))
        poll(lambda: rcpt(scratch, *both) == ["250 2.1.5 Ok"] * 2)
        scratch.shell("postfix stop")


def test_newcomer(build):
    """the first chapter of contrib/HOWTO, on a bare Debian"""
    directory = temporary_directory()
    try:
        bare_root(directory,
                  STOCK + NO_SYSTEMD + libraries(made().deb()))
        with Scratch(directory) as scratch:
            scratch.shell("(postfix start; service dovecot start) "
                          ">/dev/null 2>&1")
            seconds = Newcomer(scratch, made().deb()).walk()
            print("to three ports and back: %.1f s" % seconds)
    finally:
        shutil.rmtree(directory)


def test_autopkgtest(build):
    """the package's own tests: the matrix, with the installed program"""
    with Scratch() as scratch:
        deb = copy_in(scratch, made().deb())
        source = copy_in(scratch, made().archive(0))
        scratch.shell("""cd /tmp && tar -xzf %s && cd policyd-%s &&
            cp -r contrib/debian debian && dpkg -i %s""" % (
                source, version(), deb))
        print(scratch.shell("""cd /tmp/policyd-%s &&
            autopkgtest --no-built-binaries . -- null 2>&1""" %
                            version()).splitlines()[-1])
