# SPDX-License-Identifier: ISC
"""What the kernel knows of a process."""

import glob
import os
import re
import subprocess


def cpu(pid):
    """cpu - seconds that a process has computed"""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status(pid, name):
    """status - a size in KiB that the kernel knows of a process"""
    with open("/proc/%d/status" % pid) as file:
        return int(re.search(name + r":\s*(\d+) kB", file.read()).group(1))


def name_of(pid):
    """name_of - the program that it runs; "" when it has ended"""
    try:
        with open("/proc/%d/comm" % pid) as file:
            return file.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_group_alive(group):
    """is_group_alive - does it have processes, other than those that init
    has not reaped yet?"""
    for name in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(name) as stat:
                state, _, number = stat.read().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(number) == group and state not in "ZX":
            return True
    return False


def contained(program):
    """contained - was it built so that servers are held by seccomp?"""
    said = subprocess.run([program, "-V"], capture_output=True, text=True,
                          check=True).stdout
    return "containment: seccomp landlock\n" in said
