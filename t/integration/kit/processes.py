# SPDX-License-Identifier: ISC
"""What the kernel knows of a process."""

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


def contained(program):
    """contained - was it built so that servers are held by seccomp?"""
    said = subprocess.run([program, "-V"], capture_output=True, text=True,
                          check=True).stdout
    return "containment: seccomp landlock\n" in said
