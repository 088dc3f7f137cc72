# SPDX-License-Identifier: ISC
"""The source archive, and the Debian and RPM packages, as files. Tests of
t/package/run."""

import os
import re
import shutil
import tarfile

from built import hardened, staged
from newcomer import release
from packages import (BOTH, PEOPLE, RELEASES, digest, made, read, run,
                      temporary_directory, version)


def test_archive(build):
    """whoever makes it, the archive is the same: the last commit"""
    first, second = (made().archive(number) for number in (0, 1))
    assert digest(first) == digest(second)
    print(digest(first), os.path.basename(first))
    with tarfile.open(first) as archive:
        members = {member.name.partition("/")[2] for member in archive
                   if not member.isdir()}
        owners = {(member.uid, member.gid) for member in archive}
    assert owners == {(0, 0)}
    clone = made().place(PEOPLE[0], "clone")
    assert members == set(run("git", "ls-files", cwd=clone).splitlines())


def test_no_clone(build):
    """an archive is not made of an archive"""
    directory = temporary_directory()
    try:
        run("tar", "-xzf", made().archive(0), "-C", directory)
        try:
            run("sh", directory + "/policyd-%s/contrib/dist" % version(),
                version(), directory)
        except RuntimeError as error:
            assert "is not a git clone" in str(error), error
        else:
            raise AssertionError("made nevertheless")
    finally:
        shutil.rmtree(directory)


def test_debian_reproducible(build):
    """and so are the packages"""
    if not BOTH:
        print("not compared: POLICYD_PACKAGE_BOTH=1, as in sh t/run package")
        return
    for name in "policyd", "policyd-dbgsym":
        first, second = (made().deb(number, name) for number in (0, 1))
        assert digest(first) == digest(second), "%s differs" % name
        print(digest(first), os.path.basename(first))


def test_lintian(build):
    """no error, no warning"""
    print(run("lintian", "--allow-root", "--fail-on", "error,warning",
              made().debian(0)).strip() or "nothing found")


def test_debian_hardened(build):
    directory = temporary_directory()
    try:
        run("dpkg-deb", "-x", made().deb(), directory)
        hardened(directory + "/usr/sbin/policyd")
    finally:
        shutil.rmtree(directory)


def test_rpm(build):
    """rpmbuild makes a package of what cmake installs"""
    # (Some versions compress the manual.)
    files = {path.removesuffix(".gz") for path in run(
        "rpm", "-qlp", made().rpm(RELEASES[0])).splitlines()}
    with staged(build) as directory:
        for where, _, names in os.walk(directory):
            for name in names:
                path = os.path.join(where, name)[len(directory):]
                path = path.replace("/doc/policyd/LICENSE",
                                    "/licenses/policyd-%s/LICENSE" % version())
                assert path in files or "/apparmor/" in path, \
                    "%s is not in the RPM" % path
    assert run("rpm", "-qp", "--configfiles", made().rpm(RELEASES[0])) == \
        "/etc/policyd/policyd.conf\n"


def test_containerfile(build):
    """its second stage installs what the package depends on"""
    text = read("contrib", "Containerfile").replace("\\\n", "")
    installed = re.findall(r"\blib\S+", re.search(
        r"\n *RUN apt-get.* install (.*?) &&", text).group(1))
    needed = [package.split()[0] for package in run(
        "dpkg-deb", "-f", made().deb(), "Depends").split(", ")
        if package.startswith("lib") and not package.startswith("libc6")]
    if ":%s-" % release() not in text:      # another Debian's names
        needed, installed = ([re.sub(r"[\d.-]*(t64)?$", "", name)
                              for name in names]
                             for names in (needed, installed))
    assert needed and set(needed) <= set(installed), (needed, installed)
