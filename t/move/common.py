"""What move.py and rename.py share."""
import os
import re
import subprocess
import sys

LAYOUT = os.environ.get("LAYOUT", "../shared/layout.tsv")

# Files that are not in layout.tsv. Extend this when move.py lists unknown ones.
OVERRIDES = {
    "lib/outcome.c": "lib/decision/outcome.c",
    "lib/outcome.h": "lib/decision/outcome.h",
    "policyd/options.h": "policyd/process/options.h",
    "policyd/check_postfix_copy.c": "policyd/check/check_postfix_copy.c",
    "t/test_outcome.c": "t/unit/decision/test_outcome.c",
    # branch files
    "lib/trust.c": "lib/base/trust.c",
    "lib/trust.h": "lib/base/trust.h",
    "lib/config_watch.c": "lib/config/config_watch.c",
    "lib/config_watch.h": "lib/config/config_watch.h",
    "t/test_trust.c": "t/unit/base/test_trust.c",
    "lib/log_prefix.c": "lib/base/log_prefix.c",
    "lib/log_prefix.h": "lib/base/log_prefix.h",
    "lib/printable.c": "lib/base/printable.c",
    "lib/printable.h": "lib/base/printable.h",
    "t/test_printable.c": "t/unit/check/test_printable.c",
    # branch guests
    "lib/server_room.c": "lib/server/server_room.c",
    "t/test_notify.c": "t/unit/process/test_notify.c",
    # branch takenover
    "lib/listener_state.c": "lib/net/listener_state.c",
    "lib/log_syslog.c": "lib/base/log_syslog.c",
    "t/integration/attacker.c": "t/integration/kit/attacker.c",
    # branches patterns, strangers
    "lib/automaton.c": "lib/table/automaton.c",
    "lib/automaton.h": "lib/table/automaton.h",
    "lib/automaton_build.c": "lib/table/automaton_build.c",
    "lib/automaton_groups.c": "lib/table/automaton_groups.c",
    "lib/automaton_internal.h": "lib/table/automaton_internal.h",
    "lib/automaton_parse.c": "lib/table/automaton_parse.c",
    "t/test_automaton.c": "t/unit/table/test_automaton.c",
    "lib/config_reachable.c": "lib/config/config_reachable.c",
    "lib/config_strangers.c": "lib/config/config_strangers.c",
    "lib/config_wide.c": "lib/config/config_wide.c",
    "lib/prefix.c": "lib/table/prefix.c",
    "lib/prefix.h": "lib/table/prefix.h",
    "t/test_config_safety.c": "t/unit/config/test_config_safety.c",
}


def git(*args):
    return subprocess.run(("git",) + args, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def read(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)


def layout():
    """layout - old path to new path"""
    found = {}
    with open(LAYOUT, encoding="utf-8") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if len(cells) < 2 or "**" in cells[0] or cells[0][0] == "(" or \
                    cells[0] == "old path":
                continue
            found[cells[0]] = cells[1]
    found.update(OVERRIDES)
    return found


def tracked():
    return git("ls-files").splitlines()


def texts():
    """texts - files in which something may be named"""
    return [path for path in tracked()
            if not path.startswith(("t/data/", "t/fuzz/corpus/")) and
            os.path.isfile(path) and not os.path.islink(path) and
            not path.endswith((".dict", ".json", "LICENSE"))]


def edit(path, *pairs, optional=False):
    """edit - replace texts that must be there, each once at least"""
    text = read(path)
    for old, new in pairs:
        if old not in text:
            if optional:
                continue
            sys.exit("%s: not found any more, adapt the script: %r" %
                     (path, old))
        text = text.replace(old, new)
    write(path, text)


def substitute(path, *pairs):
    """substitute - the same with patterns"""
    text = read(path)
    for pattern, new in pairs:
        text, count = re.subn(pattern, new, text)
        if count == 0:
            sys.exit("%s: not found any more, adapt the script: %r" %
                     (path, pattern))
    write(path, text)


def commit(message):
    subprocess.run(["git", "add", "-A"], check=True)
    subprocess.run(["git", "commit", "-q", "-F", "-"], input=message,
                   text=True, check=True)
    print("committed:", message.split("\n")[0])
