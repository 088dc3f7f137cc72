# SPDX-License-Identifier: ISC
"""A /dev of its own with a log socket in it, for a program that is started
behind it: the system's is left alone. COMMAND is to be followed by a directory
that holds an empty "dev" and the socket "syslog", and by the program.

A new mount namespace is cut off from the others first, since a mount may show
in all of them. That can only be done where something is mounted, and / need not
be such a place: not in a chroot. Its mount then begins further up, where only
the way out of the chroot leads; we come back at once.
"""

import ctypes
import os
import sys

CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
DEVICES = ("null", "zero", "random", "urandom")
LIBC = ctypes.CDLL(None, use_errno=True)

COMMAND = [sys.executable, os.path.abspath(__file__)]


def call(name, *arguments):
    """call - of the C library; raises OSError with its name"""
    if getattr(LIBC, name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, "%s: %s" % (name, os.strerror(error)))


def mount(source, target, kind, flags, data=None):
    """mount - as mount(2)"""
    source, target, kind, data = (
        each and each.encode() for each in (source, target, kind, data))
    try:
        call("mount", source, target, kind, ctypes.c_ulong(flags), data)
    except OSError as error:
        error.filename = target.decode()
        raise


def leave_chroot(inside):
    """leave_chroot - to the root of the namespace: with a root below the
    working directory, nothing stops the way up"""
    os.chdir("/")
    os.chroot(inside)
    while not os.path.samestat(os.stat("."), os.stat("..")):
        os.chdir("..")
    os.chroot(".")


def cut_off(inside):
    """cut_off - no mount of ours shows in another namespace"""
    root = os.open("/", os.O_PATH | os.O_DIRECTORY)
    here = os.getcwd()
    leave_chroot(inside)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    os.fchdir(root)
    os.chroot(".")
    os.chdir(here)
    os.close(root)


def cover_dev(directory):
    """cover_dev - /dev has our log socket, and what a program needs"""
    dev = os.path.join(directory, "dev")
    mount("tmpfs", dev, "tmpfs", 0, "mode=755")
    for name in DEVICES:
        path = os.path.join(dev, name)
        with open(path, "wb"):
            pass
        mount("/dev/" + name, path, None, MS_BIND)
    os.symlink(os.path.join(directory, "syslog"), os.path.join(dev, "log"))
    mount(dev, "/dev", None, MS_BIND | MS_REC)


def main(directory, *program):
    """main - what COMMAND runs; it becomes the program"""
    try:
        call("unshare", CLONE_NEWNS)
        cut_off(os.path.join(directory, "dev"))
        cover_dev(directory)
    except OSError as error:
        sys.exit("no /dev of our own: %s" % error)
    os.execvp(program[0], program)


if __name__ == "__main__":
    main(*sys.argv[1:])
