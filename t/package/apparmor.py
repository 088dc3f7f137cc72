# SPDX-License-Identifier: ISC
"""What an AppArmor profile allows, and what a program was seen to do by
strace(1): for machines whose kernel has no AppArmor to enforce it."""

import itertools
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "integration"))

from kit.postfix import run  # noqa: E402

# What strace is to follow: all that AppArmor judges by a path.
CALLS = "open,openat,creat,execve,connect,bind,unlink,unlinkat,rename," \
    "renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir," \
    "mknod,mknodat,chmod,fchmodat,chown,lchown,fchownat,truncate"

RULE = re.compile(r"\s*(deny )?\s*(?:owner\s+)?(/\S*|@\{\S*|\"[^\"]*\")\s+"
                  r"([a-zA-Z]+)\s*,")
LINE = re.compile(r"\d+\s+(\w+)\((.*)\)\s+= (-?\d+)")
PATH = re.compile(r'(?:AT_FDCWD<([^>]*)>, |\d+<([^>]*)>, )?"([^"]*)"')


def alternatives(text, variables):
    """alternatives - a path with each value of each variable"""
    names = re.findall(r"@\{\w+\}", text)
    for values in itertools.product(*(variables[name] for name in names)):
        path = text
        for name, value in zip(names, values):
            path = path.replace(name, value, 1)
        yield re.sub("//+", "/", path)


def pattern(path):
    """pattern - the regular expression of a path with wildcards"""
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    depth, found = 0, ""
    for part in re.findall(r"\*\*|\[[^]]*\]|\\?.", path):
        if part in "{}":
            depth += 1 if part == "{" else -1
            found += "(?:" if part == "{" else ")"
        elif part == "," and depth:
            found += "|"
        elif part in words:
            found += words[part]
        elif part[0] == "[" and len(part) > 1:
            found += part.replace("[^", "[^/")
        else:
            found += re.escape(part[-1])
    return found


class Profile:
    """The rules of a file that begin with a path."""

    def __init__(self, name):
        text = run("apparmor_parser", "--preprocess", "--skip-kernel-load",
                   "--skip-cache", name)
        text = re.sub(r"(?m)(^|\s)#.*", "", text)
        variables = {}
        for variable, _, values in re.findall(
                r"(?m)^\s*(@\{\w+\})\s*(\+?)=\s*(.*)$", text):
            variables.setdefault(variable, []).extend(
                value.strip('"') for value in values.split())
        while any("@{" in value for values in variables.values()
                  for value in values):
            variables = {name: [each for value in values
                                for each in alternatives(value, variables)]
                         for name, values in variables.items()}
        variables["@{pid}"] = variables["@{pids}"] = ["[0-9]*"]
        variables["@{tid}"] = ["[0-9]*"]
        self.rules = []
        for line in text.splitlines():
            rule = RULE.match(line)
            if rule and not rule.group(1):
                for path in alternatives(rule.group(2).strip('"'), variables):
                    self.rules.append((re.compile(pattern(path) + r"\Z"),
                                       rule.group(3)))

    def allows(self, path, wanted):
        """allows - all of the permissions, by whichever rules"""
        have = "".join(permissions for rule, permissions in self.rules
                       if rule.match(path))
        return set(wanted) <= set(have)


def permissions(call, arguments):
    """permissions - that a call takes"""
    if call == "execve":
        return "x"
    if call in ("open", "openat"):
        flags = arguments.rpartition('"')[2]
        if "O_PATH" in flags:   # not opened: the kernel asks nobody
            return ""
        return ("r" if "O_WRONLY" not in flags else "") + (
            "w" if re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", flags) else "")
    return "w"


def done(trace):
    """done - {(path, permissions): call} of all that succeeded"""
    found = {}
    for line in trace.splitlines():
        match = LINE.match(line)
        if not match or (int(match.group(3)) < 0 and
                         "EINPROGRESS" not in line):
            continue
        call, arguments = match.group(1), match.group(2)
        if call in ("connect", "bind"):
            match = re.search(r'sun_path="([^"]*)"', arguments)
            if match:
                found[match.group(1), "w"] = line
            continue
        for base, other, path in PATH.findall(arguments.partition("[")[0]):
            path = os.path.normpath(os.path.join(base or other or "/", path))
            if path != "/" and (
                    call in ("mkdir", "mkdirat", "rmdir") or re.search(
                    "O_DIRECTORY|AT_REMOVEDIR", arguments)):
                path += "/"
            if not path.startswith("/proc/self/fd/"):   # another name of it
                found[path.replace("/proc/self/", "/proc/1/"),
                      permissions(call, arguments)] = line
    return found
