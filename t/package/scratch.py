# SPDX-License-Identifier: ISC
"""A copy of this machine's root directory that is thrown away: packages are
installed and removed in it, and daemons run in it, with a loopback interface
and process numbers of their own. Nothing of it is seen outside.

It is an overlay over "/": what has changed lies in a directory of its own, so
that it can be told exactly what an installation leaves behind."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "integration"))

from kit.daemon import WAIT  # noqa
from kit.postfix import poll, run, temporary_directory  # noqa

# The names are arguments: the lower directory, and the place of it all.
OVERLAY = r"""
set -e
lower=$1 place=$2
mount -t tmpfs -o mode=755 tmpfs "$place"
mkdir "$place/changes" "$place/work" "$place/root"
chmod 755 "$place/changes"
mount -t overlay -o "lowerdir=$lower,upperdir=$place/changes,workdir=$place/work" \
    overlay "$place/root"
"""

MAKE = OVERLAY + r"""
cd "$place/root"
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/shm dev/pts
for node in null zero full random urandom tty; do
    : >"dev/$node"
    mount --bind "/dev/$node" "dev/$node"
done
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t devpts -o ptmxmode=666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
ip link set lo up
: >"$place/ready"
# The first process there gets every orphan, and must not keep its end.
exec env --ignore-signal=CHLD sleep infinity
"""

# systemd makes the rest by itself. Since 256 it refuses cgroups of version 1,
# and since 258 systemd-nspawn does so on a machine that has them.
BOOT = OVERLAY + r"""
version=$(systemd-nspawn --version | sed -n '1s/[^0-9]*\([0-9]*\).*/\1/p')
[ "$version" -lt 256 ] || export UNIFIED_CGROUP_HIERARCHY=1
[ "$version" -lt 258 ] || [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] ||
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
exec systemd-nspawn --quiet --register=no --keep-unit --private-network \
    --directory "$place/root" --boot
"""

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                       "/sbin:/bin",
               "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb",
               "DEBIAN_FRONTEND": "noninteractive"}


def die_with_parent():
    """die_with_parent - for a child between fork and exec; unshare(1) takes no
    notice of SIGTERM"""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def root_is_mount():
    """root_is_mount - is something mounted on "/", as seen from here?"""
    with open("/proc/self/mountinfo") as lines:
        return any(line.split()[4] == "/" for line in lines)


class Scratch:
    """One such copy. Use as a context manager."""

    def __init__(self, lower="/"):
        self.place = temporary_directory()
        self.lower = lower
        self.keeper = None
        self.root = os.path.join(self.place, "root")

    def __enter__(self):
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _make(self):
        """_make - one process keeps the name spaces; with it all ends"""
        argv = ["unshare", "--mount", "--net", "--pid", "--fork",
                "--kill-child"]
        if not root_is_mount():
            # As in a chroot: then it cannot be made private.
            argv += ["--propagation", "unchanged"]
        self.keeper = subprocess.Popen(
            argv + ["sh", "-c", MAKE, "scratch", self.lower, self.place],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            preexec_fn=die_with_parent)

        def scratch_ready():
            if self.keeper.poll() is not None:
                raise RuntimeError("no scratch copy of / (it takes root, and "
                                   "an overlay): " + self.keeper.stderr.read())
            return self._inside() and os.path.exists(
                "/proc/%s/root%s/ready" % (self._inside(), self.place))
        poll(scratch_ready)

    def _inside(self):
        """_inside - the first process in there"""
        with contextlib.suppress(FileNotFoundError), open(
                "/proc/%d/task/%d/children" % (
                    self.keeper.pid, self.keeper.pid)) as file:
            return (file.read().split() or [None])[0]

    def __exit__(self, *_):
        if self.keeper:
            self.keeper.kill()
            self.keeper.wait()
            if self.keeper.stderr:
                self.keeper.stderr.close()
        shutil.rmtree(self.place)

    def argv(self, *command):
        """argv - what runs a command in there"""
        return ["nsenter", "--target", self._inside(), "--mount", "--root",
                "--net", "--pid", "chroot", self.root, *command]

    def run(self, *command, **options):
        """run - a command that must succeed; its standard output"""
        options.setdefault("env", ENVIRONMENT)
        return run(*self.argv(*command), stdin=subprocess.DEVNULL, **options)

    def shell(self, text):
        return self.run("sh", "-ec", text)

    def start(self, *command, **options):
        """start - a command that is talked to"""
        return subprocess.Popen(self.argv(*command), env=ENVIRONMENT, **options)

    def outside(self, path):
        """outside - the name for us of a file in there"""
        return "/proc/%s/root%s%s" % (self._inside(), self.root, path)

    def changes(self):
        """changes - every file that is there, gone or not as it was"""
        top = "/proc/%d/root%s/changes" % (self.keeper.pid, self.place)
        found = set()
        for directory, _, files in os.walk(top):
            name = directory[len(top):] or "/"
            if directory != top and \
                    not os.path.lexists(os.path.join(self.lower, name[1:])):
                found.add(name + "/")
            for file in files:
                found.add(os.path.join(name, file))
        return found


class Booted(Scratch):
    """The same over another root directory, with a systemd that runs."""

    def _make(self):
        # This is below what is mounted there, and stays when that is gone.
        console = os.path.join(self.place, "console")
        with open(console, "wb") as output:
            self.keeper = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", BOOT, "booted", self.lower,
                 self.place], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, preexec_fn=die_with_parent)

        def booted():
            if self.keeper.poll() is not None:
                raise RuntimeError("it ended")
            return self._inside() and subprocess.run(
                self.argv("systemctl", "is-active", "multi-user.target"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode == 0
        try:
            poll(booted)
        except (RuntimeError, TimeoutError) as error:
            with open(console, errors="replace") as text:
                raise RuntimeError("not booted: %s: %s" % (
                    error, text.read())) from error

    def __exit__(self, *_):
        if self.keeper and self._inside():
            os.kill(int(self._inside()), signal.SIGKILL)
            self.keeper.wait(WAIT)
        super().__exit__()

    def argv(self, *command):
        return ["nsenter", "--target", self._inside(), "--all", *command]

    def outside(self, path):
        return "/proc/%s/root%s" % (self._inside(), path)
