# SPDX-License-Identifier: ISC
"""What a policyd was built for."""

import os
import re
import subprocess


def machine_of(path):
    """machine_of - of a program or a library: the class, the byte order and
    the machine of an ELF file"""
    with open(path, "rb") as file:
        head = file.read(20)
    assert head.startswith(b"\x7fELF"), path
    return head[4:6] + head[18:20]


def compiler(program):
    """compiler - the one that has built it"""
    cache = os.path.join(os.path.dirname(program), "CMakeCache.txt")
    with open(cache) as file:
        return re.search(r"^CMAKE_C_COMPILER:\w+=(.+)$", file.read(),
                         re.M).group(1)


def unwarned(program, text):
    """unwarned - what a start said, without the warning of a machine for which
    there is no filter of system calls; on such a machine it must be there"""
    lines = text.splitlines(True)
    rest = [line for line in lines if "warning: this policyd has no seccomp "
            "filter for this machine: " not in line]
    says = subprocess.run([program, "-V"], capture_output=True, text=True,
                          check=True).stdout
    assert (len(rest) < len(lines)) == (
        "(no seccomp filter for this machine)" in says), (says, text)
    return "".join(rest)
