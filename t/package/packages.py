# SPDX-License-Identifier: ISC
"""The source archive and the packages, as they are made for a release: from a
clone of the last commit, each in a place of its own."""

import concurrent.futures
import contextlib
import functools
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, os.pardir, os.pardir))
sys.path.insert(0, os.path.join(HERE, os.pardir, "integration"))

from kit.postfix import run, temporary_directory  # noqa: E402

# Two people who build, as different as can be: the second has an odd umask,
# language and zone, lives ten years later, and works in a longer directory.
PEOPLE = [
    {"umask": 0o022, "directory": "one", "clock": [],
     "environment": {"LC_ALL": "C", "TZ": "UTC"}},
    {"umask": 0o077, "directory": "another/with a/longer name",
     "clock": ["faketime", "-f", "+3650d"],
     "environment": {"LC_ALL": "C.UTF-8", "TZ": "Pacific/Chatham",
                     "USER": "somebody", "HOME": "/nonexistent"}},
]

# Do both make Debian packages? It takes a minute; otherwise only archives.
BOTH = os.environ.get("POLICYD_PACKAGE_BOTH") == "1"

# Two releases of the RPM, so that there is something to upgrade to.
RELEASES = ".1", ".2"


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def version():
    """version - of the project"""
    return re.search(r"project\(policyd VERSION (\S+)",
                     read("CMakeLists.txt")).group(1)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def work(person, *argv, cwd, **more):
    """work - a command as that person would run it"""
    environment = dict(os.environ, **person["environment"], **more)
    environment.pop("SOURCE_DATE_EPOCH", None)
    # A clone of somebody else's files is a clone, too.
    environment.update(GIT_CONFIG_COUNT="1", GIT_CONFIG_VALUE_0="*",
                       GIT_CONFIG_KEY_0="safe.directory")
    return run(*person["clock"], *argv, cwd=cwd, env=environment,
               umask=person["umask"], stdin=subprocess.DEVNULL)


class Packages:
    """What each of PEOPLE has made. Use as a context manager."""

    def __init__(self):
        self.directory = temporary_directory()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.directory)

    def make(self):
        """make - all there are, each person's beside the other's"""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            other = pool.submit(self.debian if BOTH else self.archive, 1)
            self.debian(0)
            for dist in RELEASES:
                self.rpm(dist)
            other.result()

    def place(self, person, *name):
        return os.path.join(self.directory, person["directory"], *name)

    @functools.lru_cache
    def archive(self, number):
        """archive - cmake --workflow --preset dist, in a new clone"""
        person = PEOPLE[number]
        os.makedirs(self.place(person))
        work(person, "git", "clone", "-q", "--no-hardlinks", ROOT, "clone",
             cwd=self.place(person))
        # (The time of a file that was cloned is now; cmake looks at it.)
        work(dict(person, clock=[]), "cmake", "--workflow", "--preset", "dist",
             cwd=self.place(person, "clone"))
        return self.place(person, "clone", "build", "dist",
                          "policyd-%s.tar.gz" % version())

    @functools.lru_cache
    def debian(self, number):
        """debian - the .changes of what dpkg-buildpackage makes of it"""
        person = PEOPLE[number]
        archive = self.archive(number)
        source = self.place(person, "policyd-" + version())
        work(person, "tar", "-xzf", archive, cwd=self.place(person))
        work(person, "cp", "-r", "contrib/debian", "debian", cwd=source)
        # (Ten years later, too: debian/changelog says of when the files are.)
        work(person, "dpkg-buildpackage", "-us", "-uc", cwd=source,
             DEB_BUILD_OPTIONS="nocheck parallel=2")
        changes, = glob.glob(glob.escape(self.place(person)) + "/*.changes")
        return changes

    def deb(self, number=0, name="policyd"):
        """deb - one binary package"""
        found, = glob.glob("%s/%s_*.deb" % (
            glob.escape(os.path.dirname(self.debian(number))), name))
        return found

    @functools.lru_cache
    def rpm(self, dist):
        """rpm - what rpmbuild makes of the archive; Debian's packages are
        none that rpmbuild knows, hence --nodeps. The second release has the
        objects of the first."""
        top = os.path.join(self.directory, "rpm")
        os.makedirs(top, exist_ok=True)
        work(PEOPLE[0], "rpmbuild", "-ta", "--nodeps",
             "--define", "_topdir " + top, "--define", "_tmppath " + top,
             "--define", "dist " + dist,
             "--define", "debug_package %{nil}", self.archive(0), cwd=top,
             CMAKE_C_COMPILER_LAUNCHER="ccache",
             CCACHE_DIR=os.path.join(self.directory, "ccache"))
        found, = glob.glob("%s/RPMS/*/*%s.*.rpm" % (top, dist))
        return found


# The Packages of this process.
_MADE = []


@contextlib.contextmanager
def making():
    """making - Packages that made() returns meanwhile, here and in processes
    that are forked"""
    with Packages() as packages:
        _MADE.append(packages)
        try:
            yield packages
        finally:
            _MADE.pop()


def made():
    """made - the Packages of making()"""
    return _MADE[-1]
