# SPDX-License-Identifier: ISC
"""The layers: a folder may include what it links, and nothing else.

usage: test_layers.py POLICYD [TEST ...]
"""

import glob
import os
import re
import subprocess
import sys

from kit.daemon import run_all
from kit.program import compiler

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), os.pardir,
                                     os.pardir))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def layers():
    """layers - "FOLDER LIBRARY ...", each call in CMakeLists.txt"""
    return re.findall(r"^layer\(([^)]*)\)", read("CMakeLists.txt"), re.M)


def declared():
    """declared - {folder: those it sees}"""
    seen = {}
    for call in layers():
        folder, *links = call.split()
        seen[folder] = {folder}
        for other in list(seen):
            if other.replace("/", "_") in links:
                seen[folder] |= seen[other]
    return seen


def headers():
    """headers - one of each folder"""
    return {folder: os.path.relpath(
        sorted(glob.glob(os.path.join(ROOT, folder, "*.h")))[0], ROOT)
        for folder in declared()}


def preprocess(program, folder, text):
    """preprocess - as a file of that folder"""
    path = os.path.join(os.path.dirname(os.path.abspath(program)), "include",
                        folder.replace("/", "_") + ".views")
    with open(path) as file:
        views = [view for view in file.read().split(";") if view]
    return subprocess.run(
        [compiler(program), "-E", "-P", *("-I" + view for view in views), "-"],
        input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=os.path.dirname(path))      # not the top: "" begins there


def test_every_folder_has_a_layer(_):
    """each folder of lib/ and policyd/ is one"""
    folders = {os.path.relpath(os.path.dirname(path), ROOT)
               for top in ("lib", "policyd")
               for path in glob.glob(os.path.join(ROOT, top, "*", "*.c"))}
    assert folders == set(declared()), folders ^ set(declared())


def test_an_upward_include_is_an_error(program):
    """lib/base may not know the configuration"""
    text = '#include "lib/config/config.h"\n'
    done = preprocess(program, "lib/base", text)
    assert done.returncode != 0
    assert "lib/config/config.h: No such file" in done.stderr, done.stderr
    done = preprocess(program, "policyd/serve", text)
    assert done.returncode == 0, done.stderr


def test_what_is_seen_is_what_is_linked(program):
    """for every pair of folders"""
    every = headers()
    for folder, seen in declared().items():
        text = "".join(
            '#if __has_include("%s")\nyes %s\n#endif\n' % (header, other)
            for other, header in every.items())
        done = preprocess(program, folder, text)
        assert done.returncode == 0, done.stderr
        found = set(re.findall(r"^yes (\S+)$", done.stdout, re.M))
        assert found == seen, (folder, found ^ seen)


def lines_of_the_map():
    """lines_of_the_map - {folder: those behind its arrow}, in ARCHITECTURE"""
    text = read("contrib/ARCHITECTURE")
    text = text[text.index("\nFOLDERS\n"):text.index("\nPROCESSES\n")]
    found = {}
    for folder, line in re.findall(r"^  ((?:lib|policyd)/\w+) +"
                                   r"(.*\n(?: {22}.*\n)*)", text, re.M):
        top = folder.split("/")[0]
        arrow = re.search(r"-> ([\w/,\s]+)$", line)
        found[folder] = {
            name if "/" in name else top + "/" + name
            for name in re.findall(r"[\w/]+", arrow[1] if arrow else "")}
    return found


def test_the_map_is_true(_):
    """contrib/ARCHITECTURE names each folder, and what it links"""
    linked = {}
    for call in layers():
        folder, *links = call.split()
        linked[folder] = {other for other in linked
                          if other.replace("/", "_") in links}
    found = lines_of_the_map()
    assert found.keys() == linked.keys(), found.keys() ^ linked.keys()
    for folder, links in linked.items():
        assert found[folder] == links, (folder, found[folder], links)


def test_the_map_names_files(_):
    """each file that contrib/ARCHITECTURE names is in the tree"""
    known = {os.path.relpath(os.path.join(directory, name), ROOT)
             for top in ("lib", "policyd", "t", "etc", "contrib")
             for directory, _, names in os.walk(os.path.join(ROOT, top))
             for name in names}
    bare = {os.path.basename(path) for path in known}
    text = read("contrib/ARCHITECTURE")
    for name in re.findall(r"(?<![\w/.])[\w./]+\.(?:c|h|py|5|8)\b", text):
        if "X" not in name and "WORD" not in name:
            assert name in (known if "/" in name else bare), name
    for name in re.findall(r"\bconfig_\w+", text):
        assert bare & {name + ".c", name + ".h"}, name


if __name__ == "__main__":
    sys.exit(run_all([test_every_folder_has_a_layer,
                      test_an_upward_include_is_an_error,
                      test_what_is_seen_is_what_is_linked,
                      test_the_map_is_true,
                      test_the_map_names_files]))
