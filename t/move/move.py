#!/usr/bin/env python3
"""move - step 1: every file to its folder, and all that names it

usage: cd CLEAN_CHECKOUT && python3 move.py

One commit: git mv by layout.tsv, include lines, mentions of paths, and what
finds files. Stops, and changes nothing, when there are files that neither
layout.tsv nor OVERRIDES (common.py) knows.
"""
import ast
import glob
import os
import re
import subprocess
import sys
import textwrap

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import (commit, edit, git, layout, read, substitute, texts,
                    tracked, write)

WHERE = layout()


def unknown():
    known = []
    for path in tracked():
        if path.startswith(("t/data/", "t/fuzz/corpus/", "t/fuzz/", "t/bench/",
                            "t/package/")):
            continue
        if path.startswith("t/integration/test_"):
            continue
        if path.startswith(("lib/", "policyd/", "t/")) and path not in WHERE:
            known.append(path)
    return known


def suggest(path):
    """suggest - where the files with the most of the name in common go"""
    def common(other):
        return len(os.path.commonprefix([path, other]))
    best = max((old for old in WHERE if os.path.splitext(old)[1] ==
                os.path.splitext(path)[1]), key=common)
    return os.path.join(os.path.dirname(WHERE[best]), os.path.basename(path))


def stop_on_unknown():
    if git("status", "--porcelain", "--untracked-files=no"):
        sys.exit("the checkout is not clean")
    strangers = unknown()
    if strangers:
        print("Not in layout.tsv; put them into OVERRIDES of common.py "
              "(a guess is given):")
        for path in strangers:
            print('    "%s": "%s",' % (path, suggest(path)))
        sys.exit(1)


def move():
    here = set(tracked())
    for old, new in WHERE.items():
        if old not in here:
            print("note: no longer there:", old)
            continue
        if old == new:
            continue
        os.makedirs(os.path.dirname(new), exist_ok=True)
        git("mv", old, new)


# ---- what names a path

START = r"(?<![\w/.\-{}@%])"
END = r"(?![\w/\-]|\.\w|\*)"


def stem(path):
    return os.path.splitext(path)[0]


def path_map():
    """path_map - every old path as it may be written, without a suffix too"""
    found = {}
    for old, new in WHERE.items():
        if old == new:
            continue
        found[old] = new
        if old.startswith(("lib/", "policyd/")) and old.endswith((".c", ".h")):
            found.setdefault(stem(old), stem(new))
    found["lib/restrictions"] = "lib/decision/restrictions"
    found["dictionary_*.c"] = "table_*.c"
    found["t/test_X.c"] = "t/unit/FOLDER/test_X.c"
    return found


def bare_map():
    """bare_map - file names whose last part changes"""
    found = {}
    for old, new in WHERE.items():
        one, other = os.path.basename(old), os.path.basename(new)
        if one != other and one.endswith((".c", ".h")):
            found[one] = other
    return found


def alternatives(names):
    return "|".join(re.escape(name)
                    for name in sorted(names, key=len, reverse=True))


PATHS = path_map()
BARE = bare_map()
PATH = re.compile("%s(?:%s)%s" % (START, alternatives(PATHS), END))
BARE_NAME = re.compile(r"(?<![\w/.\-])(?:%s)(?![\w/\-])" % alternatives(BARE))
GLOB = re.compile(START + r"((?:lib|policyd)/[a-z_]+?)(_?)\*(\.[ch]|(?![\w./]))")
WORD = re.compile(START + r"lib/restrictions/")


def rename_glob(match):
    new = PATHS.get(match[1])
    if new is None:
        return match[0]
    return new + match[2] + "*" + match[3]


def names_in(text, path):
    text = PATH.sub(lambda match: PATHS[match[0]], text)
    text = WORD.sub("lib/decision/restrictions/", text)
    text = GLOB.sub(rename_glob, text)
    if path.endswith((".c", ".h")) or os.path.basename(path) in (
            "ARCHITECTURE", "PROMISES", "RESULTS", "mutate.equivalent"):
        text = BARE_NAME.sub(lambda match: BARE[match[0]], text)
    return text


def in_columns(old, new):
    """in_columns - a line of a table: what became longer takes the spaces"""
    match = re.search(r"   +", old)
    grown = len(new) - len(old)
    if match is None or grown <= 0:
        return new
    for found in re.finditer(r"   +", new):
        if len(found[0]) > grown + 1:
            return new[:found.start()] + found[0][grown:] + new[found.end():]
    return new


def filled(lines, width=80):
    """filled - a paragraph, if one of its lines became too long"""
    if not any(len(line) > width for line in lines) or \
            any(re.search(r"\S  ", line) for line in lines):
        return lines
    mark = re.match(r"(# | \d |  \* )?( *)", lines[0])
    first = mark[0]
    rest = re.match(r"(# )?( *)", lines[1])[0] if len(lines) > 1 else \
        ("# " if first.startswith("# ") else " " * len(first))
    words = " ".join(line[len(first if number == 0 else rest):]
                     for number, line in enumerate(lines))
    return textwrap.wrap(words, width, initial_indent=first,
                         subsequent_indent=rest, break_long_words=False,
                         break_on_hyphens=False)


def refill(text):
    """refill - the paragraphs of a text"""
    found, part = [], []
    for line in text.split("\n") + [None]:
        same = part and part[0].strip("# ") and line is not None and line.strip("# ") and \
            not re.match(r"( \d |  \* |- )", line) and \
            (len(part) == 1 or re.match(r"(# )?( *)", line)[0] ==
             re.match(r"(# )?( *)", part[1])[0])
        if not same:
            found += filled(part) if part and part[0].strip("# ") else part
            part = []
        if line is not None:
            part.append(line)
    return "\n".join(found)


TEXTS = ("contrib/ARCHITECTURE", "t/PROMISES", "t/bench/RESULTS",
         ".clang-tidy")


def mentions():
    for path in texts():
        old = read(path)
        new = names_in(old, path)
        if new == old:
            continue
        if path in TEXTS:
            new = refill("\n".join(
                in_columns(*pair) if pair[0] != pair[1] else pair[1]
                for pair in zip(old.split("\n"), new.split("\n"))))
        write(path, new)


# ---- unit tests by name

def units():
    """units - "table" to "domain_list", of t/test_table.c"""
    found = {}
    for old, new in WHERE.items():
        match = re.fullmatch(r"t/test_(\w+)\.c", old)
        if match:
            found[match[1]] = re.fullmatch(r"test_(\w+)\.c",
                                           os.path.basename(new))[1]
    return found


UNITS = units()


def unit(name):
    """unit - the new name of test_NAME, or of NAME"""
    if name.startswith("test_"):
        return "test_" + UNITS.get(name[5:], name[5:])
    return UNITS.get(name, name)


def unit_list(match):
    return match[1] + "|".join(unit(name) for name in match[2].split("|")) + \
        match[3]


def run_script():
    """run_script - the tests that t/run names"""
    text = read("t/run")
    # The slow ones that valgrind leaves out, and those with threads.
    text, count = re.subn(r"""(slow=["'](?:\$slow\|)?)((?:config|restr)[\w|]*)(["'])""",
                          unit_list, text)
    assert count == 2, count
    text, count = re.subn(r'(-R "\^test_\()([\w|]+)(\))', unit_list, text)
    assert count >= 1
    text = text.replace("|metrics|", "|")   # there is no such test
    write("t/run", text)


def promises():
    """promises - "unit X" in t/PROMISES"""
    text = read("t/PROMISES")
    text = re.sub(r"(?<=\bunit )(\w+)((?:, \w+)*)",
                  lambda match: ", ".join(unit(name) for name in
                                          match[0].split(", ")), text)
    write("t/PROMISES", text)


def module(name):
    """module - "table_read" to "table/domain_list_read": below lib/"""
    return stem(WHERE["lib/%s.c" % name])[len("lib/"):]


def wrapped(head, items, indent, width=79):
    """wrapped - a Python list over several lines"""
    lines, line = [], head
    for number, item in enumerate(items):
        more = item + ("," if number < len(items) - 1 else "]")
        if len(line) + 1 + len(more) > width:
            lines.append(line.rstrip())
            line = indent
        line += more + " "
    lines.append(line.rstrip())
    return "\n".join(lines)


def quoted(names):
    return ['"%s"' % name for name in names]


def mutate():
    path = "t/tools/mutate"
    text = read(path)
    tree = ast.parse(text)
    lines = text.split("\n")
    edits = []
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        name = node.targets[0].id
        if name == "MODULES":
            new = wrapped("MODULES = [", quoted(
                module(old) for old in ast.literal_eval(node.value)), " " * 11)
        elif name == "COMMON":
            new = wrapped("COMMON = [", quoted(
                unit(old) for old in ast.literal_eval(node.value)), " " * 10)
        elif name == "TESTS":
            new = "TESTS = {\n"
            for key, tests in ast.literal_eval(node.value).items():
                base = os.path.basename(WHERE.get(
                    "lib/%s.c" % key, "lib/restrictions/%s.c" % key))[:-2]
                new += wrapped('    "%s": [' % base, quoted(
                    unit(test) for test in tests), " " * 8) + ",\n"
            new += "}"
        else:
            continue
        edits.append((node.lineno - 1, node.end_lineno, new))
    for start, end, new in sorted(edits, reverse=True):
        lines[start:end] = new.split("\n")
    write(path, "\n".join(lines))
    edit(path,
         ("TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))",
          "TOP = os.path.dirname(os.path.dirname(os.path.dirname(\n"
          "    os.path.abspath(__file__))))"),
         ('            os.path.exists(os.path.join(TOP, "t", test + ".c"))]',
          '            glob.glob(os.path.join(TOP, "t/unit/*", test + ".c"))]'))
    text = read(path)
    for old in ("# Files whose tests have another name.",):
        assert old in text


def coverage():
    """coverage - the modules of the core, by folder"""
    path = "t/tools/coverage"
    text = read(path)
    match = re.search(r"^core='lib/\(.*?^core=[^\n]*restrictions/\.\*\)"
                      r'\\\\\.c"\n', text, re.M | re.S)
    assert match, "core of t/coverage"
    names = re.findall(r"[a-z_]+", re.sub(r"restrictions/.*", "", re.sub(
        r"\$core|core=|lib/", " ", match[0])))
    folders = {}
    for name in names:
        folder, base = module(name).split("/")
        folders.setdefault(folder, []).append(base)
    new = []
    for folder, bases in folders.items():
        if folder == "decision":
            bases.append("restrictions/.*")
        line = "%s/(" % folder
        for number, base in enumerate(bases):
            line += ("|" if number else "") + base
        new.append(line + ")")
    out = []
    for number, part in enumerate(new):
        head = "core='lib/(" if number == 0 else 'core="$core|'
        tail = "'" if number == 0 else '"'
        line = head
        pieces = part.split("|")
        for count, piece in enumerate(pieces):
            joined = ("|" if count else "") + piece
            if len(line + joined) > 76:
                out.append(line + (tail if line.startswith("core='") else '"'))
                line = 'core="$core' + joined
            else:
                line += joined
        out.append(line + ("'" if line.startswith("core='") else '"'))
    out[-1] = out[-1][:-1] + ')\\\\.c"'
    text = text.replace(match[0], "\n".join(out) + "\n")
    text, count = re.subn(
        r"'policyd/\(([\w|]+)\)\\\.c'",
        lambda found: "'policyd/%s/(%s)\\.c'" % (
            WHERE["policyd/%s.c" % found[1].split("|")[0]].split("/")[1],
            "|".join(os.path.basename(WHERE["policyd/%s.c" % name])[:-2]
                     for name in found[1].split("|"))), text)
    assert count == 1
    write(path, text)


def tools():
    for name in "lint", "coverage":
        edit("t/tools/" + name, ('cd "$(dirname "$0")/.."',
                                 'cd "$(dirname "$0")/../.."'))


# ---- Python

KIT = sorted(os.path.basename(new)[:-3] for new in WHERE.values()
             if new.startswith("t/integration/kit/") and new.endswith(".py"))


def kit_import(match):
    """kit_import - one "from daemon import ...", wrapped again"""
    names = [name.strip() for name in
             re.sub(r"[()\n]", " ", match[2]).split(",") if name.strip()]
    comment = match[3] or ""
    head = "from kit.%s import " % match[1]
    line = head + ", ".join(names) + comment
    if len(line) <= 79 or comment.startswith("  # noqa") and \
            len(line) - len(comment) <= 79:
        return line
    indent = " " * (len(head) + 1)
    lines, line = [], head + "("
    for number, name in enumerate(names):
        more = name + ("," if number < len(names) - 1 else ")")
        room = 79 - (len(comment) if not lines else 0)
        if len(line) + len(more) > room:
            lines.append(line.rstrip())
            line = indent
        line += more + " "
    lines.append(line.rstrip())
    lines[0] += comment
    return "\n".join(lines)


def python():
    kit = "|".join(KIT)
    some = re.compile(r"^from (%s) import ((?:\([^)]*\))|[^\n#(]*?)"
                      r"(  # noqa[^\n]*)?$" % kit, re.M)
    noqa = re.compile(r"^from (%s) import (\()([^#)]*?)(  # noqa[^\n]*)\n"
                      r"([^)]*\))" % kit, re.M)
    whole = re.compile(r"^import (%s)\b" % kit, re.M)
    for path in texts():
        if not (path.startswith(("t/integration/", "t/package/"))):
            continue
        if not path.endswith(".py") and "python3" not in \
                read(path).split("\n")[0]:
            continue
        old = text = read(path)
        text = noqa.sub(lambda m: "from %s import (%s %s)%s" % (
            m[1], m[3], m[5][:-1], m[4]), text)
        text = some.sub(kit_import, text)
        text = whole.sub(r"from kit import \1", text)
        # t/progress.py and t/private_log.py
        text = text.replace("os.path.join(sys.path[0], os.pardir))",
                            'os.path.join(sys.path[0], os.pardir, "tools"))')
        if text != old:
            write(path, text)
    edit("t/bench/run", ("os.path.join(sys.path[0], os.pardir))",
                         'os.path.join(sys.path[0], os.pardir, "tools"))'))


def kit_paths():
    """kit_paths - they are one folder deeper"""
    for name in KIT:
        path = "t/integration/kit/%s.py" % name
        text = read(path)
        new = re.sub(r"(os\.path\.dirname\(os\.path\.abspath\("
                     r"__file__\)\), os\.pardir,\n\s+)(?=os\.pardir)",
                     r"\1os.pardir, ", text)
        if new != text:
            write(path, new)
    edit("t/integration/kit/limited.py",
         ("import runpy\nimport signal\n", "import os\nimport runpy\nimport signal\n"),
         ("sys.argv[:2] = []\n",
          "sys.argv[:2] = []\n"
          "sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))\n"))
    substitute("t/integration/kit/demo.py",
               (r"\nimport sys\n\n",
                "\nimport sys\n\n"
                "sys.path.insert(0, os.path.join(sys.path[0], os.pardir))\n\n"))


# ---- CMake

def cmake():
    edit("CMakeLists.txt",
         ("file(GLOB LIB_SOURCES CONFIGURE_DEPENDS lib/*.c "
          "lib/decision/restrictions/*.c)"
          if "lib/decision/restrictions/*.c" in read("CMakeLists.txt") else
          "file(GLOB LIB_SOURCES CONFIGURE_DEPENDS lib/*.c "
          "lib/restrictions/*.c)",
          "file(GLOB_RECURSE LIB_SOURCES CONFIGURE_DEPENDS lib/*.c)"),
         ("file(GLOB PROGRAM_SOURCES CONFIGURE_DEPENDS policyd/*.c)",
          "file(GLOB_RECURSE PROGRAM_SOURCES CONFIGURE_DEPENDS policyd/*.c)"))
    edit("t/CMakeLists.txt",
         ("file(GLOB TESTS CONFIGURE_DEPENDS test_*.c)",
          "file(GLOB TESTS CONFIGURE_DEPENDS unit/*/test_*.c)"),
         ("/integration/limited.py", "/integration/kit/limited.py"),
         (" integration/fault_allocation.c", " integration/kit/fault_allocation.c"))
    substitute("t/CMakeLists.txt", (r" integration/(?!test_)(\w+\.c)",
                                    r" integration/kit/\1")) \
        if re.search(r" integration/(?!test_|kit/)\w+\.c",
                     read("t/CMakeLists.txt")) else None
    text = read("t/CMakeLists.txt")
    text = re.sub(r"set\(FORKS ([\w ]+)\)", lambda match: "set(FORKS %s)" %
                  " ".join(unit(name) for name in match[1].split()), text)
    text = re.sub(r"# One Check program per module: .*\n",
                  "# One Check program per module: t/unit/FOLDER/test_X.c tests "
                  "lib/FOLDER/X.c or\n# policyd/FOLDER/X.c.\n", text)
    write("t/CMakeLists.txt", text)


def misc():
    """misc - what no pattern finds"""
    # in t/bench/servers.py and t/integration/test_progress.py
    substitute("t/bench/servers.py",
               (r"(os\.path\.dirname\(os\.path\.abspath\(__file__\)\),\s+"
                r"os\.pardir)\)", r'\1, "tools")'))
    edit("lib/decision/restriction.h",
         ("to wait with, see lib/decision/evaluate.h", "to wait, see evaluate.h"),
         optional=True)
    edit("t/integration/test_progress.py",
         ("os.path.join(HERE, os.pardir))", 'os.path.join(HERE, os.pardir, "tools"))'))


def main():
    stop_on_unknown()
    move()
    if "--pure-first" in sys.argv:
        # All renames at 100 %; but this commit alone does not build.
        commit("Every file in the folder that it belongs to: only moved\n\n"
               "Include lines and paths follow in the next commit.\n")
    mentions()
    promises()
    mutate()
    coverage()
    tools()
    run_script()
    python()
    kit_paths()
    cmake()
    misc()
    hand = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hand.py")
    if os.path.exists(hand):
        subprocess.run([sys.executable, hand, "move"], check=True)
    changed = [path for path in git("diff", "HEAD", "--name-only", "-M",
                                    "--diff-filter=AMR").splitlines()
               if path.endswith((".c", ".h"))]
    subprocess.run(["clang-format", "-i", *changed], check=True)
    commit("""\
Every file in the folder that it belongs to

274 files lay in two folders, and the layers could not be seen. Only places
change, and what names them: include lines, paths in comments, scripts and
build files. A file whose name did not say what it is has its new name; the
names of functions follow in commits of their own.
""")


if __name__ == "__main__":
    main()
