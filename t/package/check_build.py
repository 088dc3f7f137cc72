# SPDX-License-Identifier: ISC
"""The build and what cmake installs: versions, flags, units and scripts of init
systems. Tests of t/package/run."""

import os
import re
import shutil

from built import hardened, staged
from packages import ROOT, read, run, temporary_directory, version
from scratch import Scratch
from steps import QUEUE
from kit import snippets

UNIT = "/usr/lib/systemd/system/policyd.service"

# What the compiler is told: promises that cannot be seen in the program.
FLAGS = """-O2 -D_FORTIFY_SOURCE=3 -fstack-protector-strong
    -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero
    -fno-strict-overflow -Werror=date-time -ffile-prefix-map=""".split()


def settings(text):
    """settings - [(name, value)] of a unit"""
    return re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)


def words(text):
    """words - of a configuration, without comments"""
    return re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).split()


def test_versions(build):
    """every file that names the version names the same"""
    assert re.match(r"policyd \((\S+)\)", read(
        "contrib", "debian", "changelog")).group(1) == version()
    assert re.search(r"^Version: +(\S+)", read("contrib", "policyd.spec"),
                     re.MULTILINE).group(1) == version()
    assert run(os.path.join(build, "policyd"), "-V").splitlines()[0] == \
        "policyd " + version()


def test_build_needs(build):
    """the packages ask for what contrib/install-packages and cmake do"""
    control = read("contrib", "debian", "control")
    for package in re.search(r'^build="(.*?)"', read(
            "contrib", "install-packages"),
            re.MULTILINE | re.DOTALL).group(1).split():
        assert package in ("gcc", "libc6-dev") or \
            re.search(r"[ ,]%s[ ,\n]" % re.escape(package), control), \
            "Build-Depends: %s" % package
    for modules in re.findall(r"IMPORTED_TARGET ([^)]+)",
                              read("CMakeLists.txt")):
        for module in re.findall(r"([a-z][\w-]+)>=", modules):
            assert module == "check" or \
                "BuildRequires:  pkgconfig(%s)" % module in \
                read("contrib", "policyd.spec"), "BuildRequires: %s" % module


def test_flags(build):
    """the compiler was told to be careful, for every file of the program"""
    with open(os.path.join(build, "build.ninja")) as file:
        flags = [line.split() for line in re.findall(
            r"^build CMakeFiles/\S+\.c\.o: (?:.*\n)+?  FLAGS = (.*)", file.read(),
            re.MULTILINE)]
    assert len(flags) > 100, len(flags)
    for wanted in FLAGS:
        for line in flags:
            assert any(flag == wanted or wanted.endswith("=") and
                       flag.startswith(wanted) for flag in line), \
                "%s is missing in: %s" % (wanted, " ".join(line))


def test_hardened(build):
    """the installed program"""
    with staged(build) as directory:
        hardened(directory + "/usr/sbin/policyd")


def test_units(build):
    """the units: right, strict, and they name what is installed"""
    with staged(build) as directory, Scratch() as scratch:
        shutil.copytree(directory, scratch.outside("/"), dirs_exist_ok=True)
        scratch.shell("systemd-sysusers policyd.conf && "
                      "systemd-tmpfiles --create policyd.conf")
        assert scratch.shell("getent passwd policyd").endswith(
            ":/nonexistent:/usr/sbin/nologin\n")
        assert scratch.run("stat", "-c", "%U %G %a", "/run/policyd",
                           "/var/lib/policyd") == \
            "policyd policyd 755\npolicyd policyd 700\n"
        done = scratch.shell("systemd-analyze verify --man=no policyd.service "
                             "policyd.socket 2>&1 | grep -i policyd || :")
        assert done == "", done
        print(scratch.run("systemd-analyze", "security", "--offline=true",
                          "--threshold=15", "--no-pager",
                          UNIT).splitlines()[-1])
        with open(scratch.outside(UNIT)) as file:
            unit = dict(settings(file.read()))
        assert unit["User"] == unit["Group"] == "policyd"
        scratch.run(unit["ExecStart"], "-V")
        with open(scratch.outside(os.path.dirname(UNIT) +
                                  "/policyd.socket")) as file:
            listen = dict(settings(file.read()))
        section = re.search(r'listen "unix:(\S+)" {(.*?)}', read(
            "contrib", "policyd.conf"), re.DOTALL)
        assert section.group(1) == listen["ListenStream"] == QUEUE
        for ours, theirs in ("mode", "SocketMode"), ("owner", "SocketUser"), \
                ("group", "SocketGroup"):
            assert '%s = "%s"' % (ours, listen[theirs]) in section.group(2)


def test_other_inits(build):
    """scripts for OpenRC and FreeBSD: shell that names what is installed"""
    for init, name in ("openrc", "etc/init.d/policyd"), \
            ("freebsd", "usr/local/etc/rc.d/policyd"):
        directory = temporary_directory()
        try:
            prefix = "/usr/local" if init == "freebsd" else "/usr"
            run("cmake", "-S", ROOT, "-B", directory + "/build", "-G", "Ninja",
                "-DINIT=" + init, "-DBUILD_TESTING=OFF",
                "-DCMAKE_INSTALL_PREFIX=" + prefix)
            run("cmake", "-P", directory + "/build/contrib/cmake_install.cmake",
                env=dict(os.environ, DESTDIR=directory + "/installed"))
            script = os.path.join(directory, "installed", name)
            assert os.stat(script).st_mode & 0o777 == 0o755
            # Variables that the init system sets or reads.
            run("shellcheck", "-s", "sh", "-e", "SC1091,SC2034,SC2154",
                script)
            with open(script) as file:
                text = file.read()
            assert 'command="%s/sbin/policyd"\n' % prefix in text
            assert "@" not in text.replace("$@", "")
            installed = [os.path.join(where, file) for where, _, files in
                         os.walk(directory + "/installed") for file in files]
            assert installed == [script, os.path.join(
                directory, "installed" + prefix, "share", "bash-completion",
                "completions", "policyd")], installed
        finally:
            shutil.rmtree(directory)


def test_configuration(build):
    """what is installed as policyd.conf is what the documentation shows"""
    assert words(snippets.policyd_conf({})) == \
        words(read("contrib", "policyd.conf"))
