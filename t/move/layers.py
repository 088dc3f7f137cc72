#!/usr/bin/env python3
"""layers - step 1, second part, after move.py: folders that are libraries

usage: cd CHECKOUT && python3 layers.py

Three commits: what helpers share leaves the tests (t/integration/kit,
t/unit/place_config.h); each folder a library; lint and a test that look.
"""
import ast
import glob
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import commit, edit, git, read, substitute, tracked, write


# ---- what helpers share

def definitions(text):
    """definitions - name to (first line, last line), comments above included"""
    lines = text.split("\n")
    found = {}
    for node in ast.parse(text).body:
        names = []
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets
                     if isinstance(target, ast.Name)]
        start = node.lineno - 1
        for decorator in getattr(node, "decorator_list", []):
            start = min(start, decorator.lineno - 1)
        while start > 0 and lines[start - 1].startswith("#"):
            start -= 1
        for name in names:
            found[name] = (start, node.end_lineno)
    return found


def unused(path):
    """unused - what a Python file imports and does not use"""
    out = subprocess.run(["pyflakes3", path], text=True,
                         stdout=subprocess.PIPE).stdout
    wrong = [line for line in out.splitlines() if "undefined name" in line]
    if wrong:
        sys.exit("\n".join(wrong))
    return [match[1].split(".")[-1] for match in
            re.finditer(r"'([\w.]+)' imported but unused", out)]


def import_lines(module, names):
    head = "from %s import " % module
    line = head + ", ".join(names)
    if len(line) <= 79:
        return line
    lines, line = [], head + "("
    for number, name in enumerate(names):
        more = name + ("," if number < len(names) - 1 else ")")
        if len(line) + len(more) > 79:
            lines.append(line.rstrip())
            line = " " * (len(head) + 1)
        line += more + " "
    return "\n".join(lines + [line.rstrip()])


def drop_imports(path):
    """drop_imports - those that are unused now"""
    for name in unused(path):
        text = read(path)
        lines = text.split("\n")
        for node in ast.parse(text).body:
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            names = [alias.name for alias in node.names]
            if not any(one.split(".")[-1] == name for one in names):
                continue
            names = [one for one in names if one.split(".")[-1] != name]
            new = []
            if names:
                new = (import_lines(node.module, names)
                       if isinstance(node, ast.ImportFrom)
                       else "import " + ", ".join(names)).split("\n")
            lines[node.lineno - 1:node.end_lineno] = new
            break
        write(path, "\n".join(lines))


def extract(source, names, target, title):
    """extract - definitions of a test into a module of the kit, with the
    imports that they need; the test imports those it still uses"""
    text = read(source)
    lines = text.split("\n")
    where = definitions(text)
    missing = [name for name in names if name not in where]
    if missing:
        sys.exit("%s: no %s any more" % (source, ", ".join(missing)))
    spans = sorted({where[name] for name in names})
    body = ["\n".join(lines[start:end]) for start, end in spans]
    for start, end in reversed(spans):
        while end < len(lines) and not lines[end]:
            end += 1
        lines[start:end] = []
    imports = []
    last = 0
    for node in ast.parse(text).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.append("\n".join(text.split("\n")[node.lineno - 1:
                                                      node.end_lineno]))
            last = node.end_lineno
    system = [line for line in imports if not line.startswith("from kit")]
    ours = [line for line in imports if line.startswith("from kit")]
    module = os.path.basename(target)[:-3]
    blocks, was = [], None
    for part in body:
        kind = "def" if re.match(r"(@|class|def)", part.lstrip("#")) or \
            "\ndef " in part or "\nclass " in part else "value"
        if blocks:
            blocks.append("\n\n" if "def" in (kind, was) else "")
        blocks.append(part)
        was = kind
    text = "# SPDX-License-Identifier: ISC\n" + title + "\n\n" + \
        "\n".join(system) + "\n\n" + "\n".join(ours) + "\n\n\n" + \
        "\n".join(blocks) + "\n"
    text = re.sub(r"\n\n\n(?=[A-Z])", "\n\n", text)
    write(target, text)
    drop_imports(target)
    lines.insert(last, import_lines("kit." + module, names))
    text = re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines))
    write(source, text)
    drop_imports(source)
    return module


def retarget(path, test, module):
    """retarget - a file imports from the kit what it had from a test"""
    substitute(path, (r"(?m)^from %s import " % test,
                      "from kit.%s import " % module))


def helpers():
    extract("t/integration/test_tls_listener.py", ["TlsDaemon", "TlsClient"],
            "t/integration/kit/tls_daemon.py",
            '"""A policyd with a listener in TLS, and a client in TLS."""')
    retarget("t/integration/kit/questions.py", "test_tls_listener",
             "tls_daemon")
    extract("t/integration/test_delivery.py",
            ["OK", "NO", "MESSAGES", "Failures", "Mailer", "howto_policyd"],
            "t/integration/kit/mailer.py",
            '"""Mail through a Postfix that is set up as the documentation '
            'says: sent,\nand found again where it must arrive."""')
    for path in ("t/integration/kit/demo.py", "t/integration/test_init.py",
                 "t/integration/test_documents.py"):
        retarget(path, "test_delivery", "mailer")
    # place.h, without the configuration
    text = read("t/unit/place.h")
    match = re.search(r"/\* place_load - .*?\n}\n\n", text, re.S)
    if not match:
        sys.exit("t/unit/place.h: no place_load()")
    text = text.replace(match[0], "").replace(
        '#include "lib/config/config.h"\n', '#include "lib/base/xalloc.h"\n')
    write("t/unit/place.h", text)
    write("t/unit/place_config.h", """\
/* SPDX-License-Identifier: ISC */
#ifndef T_PLACE_CONFIG_H
#define T_PLACE_CONFIG_H

#include "lib/config/config.h"
#include "t/unit/place.h"

/* Configurations in the directory of a test. */

%s#endif
""" % match[0])
    for path in glob.glob("t/unit/*/*.c"):
        if "place_load(" in read(path):
            edit(path, ('#include "t/unit/place.h"',
                        '#include "t/unit/place_config.h"'))
    commit("""\
tests: helpers do not import tests

questions.py took TlsDaemon out of test_tls_listener, demo.py took Mailer out
of test_delivery; both are in the kit now. What a test of the configuration
needs is a header of its own, so that place.h needs lib/base only.
""")


# ---- CMake

LAYERS = """\
# layer - a folder is a library; who links it, and nobody else, sees its headers.
# Its view is one symbolic link, so that includes start at the top all the same:
# one that points up does not compile. (Not STATIC: t/tools/mutate has them
# shared.)
function(layer folder)
    string(REPLACE "/" "_" name ${folder})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.c)
    add_library(${name} ${sources})
    set(view ${CMAKE_BINARY_DIR}/include/${name})
    get_filename_component(parent ${folder} DIRECTORY)
    file(MAKE_DIRECTORY ${view}/${parent})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${view}/${folder} SYMBOLIC)
    target_include_directories(${name} PUBLIC ${view})
    target_link_libraries(${name} PUBLIC flags ${ARGN})
    file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/include/${name}.views
        CONTENT "$<TARGET_PROPERTY:${name},INCLUDE_DIRECTORIES>")
endfunction()

# The architecture: what stands in a line may use what stands behind it.
layer(lib/base)
layer(lib/text lib_base PkgConfig::UTF8PROC)
layer(lib/request lib_base)
layer(lib/session lib_base OpenSSL::SSL OpenSSL::Crypto)
layer(lib/net lib_base)
layer(lib/postfix lib_base)
layer(lib/tls_listener lib_base OpenSSL::SSL OpenSSL::Crypto PkgConfig::EVENT)
layer(lib/table lib_text PkgConfig::PCRE2)
layer(lib/server lib_net lib_request PkgConfig::EVENT)
layer(lib/address lib_table)
layer(lib/decision lib_address lib_request lib_session)
layer(lib/stats lib_decision)
layer(lib/config lib_decision lib_server lib_tls_listener lib_postfix
    PkgConfig::CONFUSE)
layer(policyd/process lib_net Threads::Threads)
layer(policyd/monitor policyd_process)
layer(policyd/status policyd_process lib_config lib_stats PkgConfig::EVENT)
layer(policyd/query lib_config PkgConfig::JANSSON)
layer(policyd/serve policyd_status policyd_query)
layer(policyd/check lib_config)
layer(policyd/init policyd_check)

# All but main(): for the program, and for what tests the whole.
add_library(program policyd/outdated.c)
target_include_directories(program PUBLIC ${CMAKE_SOURCE_DIR})
target_link_libraries(program PUBLIC policyd_serve policyd_monitor policyd_init)
add_executable(policyd policyd/main.c)
"""

UNIT = """\
# One Check program per module: t/unit/FOLDER/test_X.c tests lib/FOLDER/X.c or
# policyd/FOLDER/X.c, and is linked with the library of that folder.
# (FORKS: their tests change what the next one would begin with. REACH_UP: what
# they need beside it. Those of t/unit/policyd test the program as a whole.)
%s
%sset(view ${CMAKE_BINARY_DIR}/include/t)
file(MAKE_DIRECTORY ${view})
file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${view}/t SYMBOLIC)
file(GLOB TESTS CONFIGURE_DEPENDS unit/*/test_*.c)
foreach(source ${TESTS})
    get_filename_component(name ${source} NAME_WE)
    get_filename_component(folder ${source} DIRECTORY)
    get_filename_component(folder ${folder} NAME)
    set(library program)
    foreach(top lib policyd)
        if(TARGET ${top}_${folder})
            set(library ${top}_${folder})
        endif()
    endforeach()
    add_executable(${name} ${source})
    target_include_directories(${name} PRIVATE ${view})
    target_link_libraries(${name} PRIVATE ${library} ${REACH_UP_${name}}
        PkgConfig::CHECK)
"""


def reach_up():
    """reach_up - which unit tests include what their folder does not see"""
    seen, found = {}, []
    for call in re.findall(r"^layer\(([^)]*)\)", LAYERS, re.M):
        folder, *links = call.split()
        seen[folder] = {folder}
        for other in list(seen):
            if other.replace("/", "_") in links:
                seen[folder] |= seen[other]
    for path in sorted(glob.glob("t/unit/*/test_*.c")):
        name = path.split("/")[2]
        folder = next((top + "/" + name for top in ("lib", "policyd")
                       if top + "/" + name in seen), None)
        if folder is None:
            continue
        more = {"/".join(header.split("/")[:2]) for header in
                re.findall(r'^#include "((?:lib|policyd)/.*)"', read(path),
                           re.M)} - seen[folder]
        more = {one for one in more
                if not any(one != other and one in seen[other]
                           for other in more)}
        if more:
            found.append("set(REACH_UP_%s %s)\n" % (
                os.path.basename(path)[:-2], " ".join(
                    sorted(one.replace("/", "_") for one in more))))
    return "".join(found)


def cmake():
    text = read("CMakeLists.txt")
    match = re.search(r"# Everything but the program itself;.*?"
                      r"add_executable\(policyd policyd/main\.c\)\n", text, re.S)
    if not match:
        sys.exit("CMakeLists.txt: no libraries policy and program")
    text = text.replace(match[0], LAYERS)
    text, count = re.subn(r"target_include_directories\(flags INTERFACE "
                          r"\$\{CMAKE_SOURCE_DIR\}\)\n", "", text)
    assert count == 1
    write("CMakeLists.txt", text)
    text = read("t/CMakeLists.txt")
    match = re.search(r"# One Check program per module:.*?"
                      r"target_link_libraries\(\$\{name\} PRIVATE program "
                      r"PkgConfig::CHECK\)\n", text, re.S)
    if not match:
        sys.exit("t/CMakeLists.txt: no loop over TESTS")
    forks = re.search(r"^set\(FORKS .*\)$", match[0], re.M)[0]
    write("t/CMakeLists.txt", text.replace(match[0], UNIT % (forks, reach_up())))
    edit("t/bench/CMakeLists.txt",
         ("target_link_libraries(${name} PRIVATE policy)",
          "target_link_libraries(${name} PRIVATE program)"))
    text = read("t/tools/mutate")
    text = re.sub(r"The library is a shared one here \(build/mutate\)",
                  "The libraries are shared ones here (build/mutate)", text)
    write("t/tools/mutate", text)


SECTION = """\
LAYERS

Each folder of lib/ and policyd/ is a library that sees only the headers of
those it links: an include that points up does not compile. What links what is
in CMakeLists.txt, a line each; that list is the architecture. Includes start at
the top: #include "lib/request/request.h". A header *_internal.h is for its own
folder.

  lib/base           memory, errors, numbers, clocks, log, files, child programs
  lib/text           case, IDNA, host names, xtext; hashed sets of strings
  lib/request        one request of the policy protocol, and its short notation
  lib/session        is the client's session encrypted enough, as Postfix
                     reports it
  lib/net            addresses to listen on, peers, passing a descriptor
  lib/postfix        what postconf(1) says: main.cf, master.cf, restrictions
  lib/tls_listener   TLS before a listener of ours
  lib/table          type:name tables, and lists of domains and networks
  lib/server         the event loop: accept, frame, time out, hand over
  lib/address        an address as Postfix understands it, and where it goes
  lib/decision       request to verdict, reply and log line; neither logs nor
                     exits; restrictions/WORD.c
  lib/stats          counters, totals, history of what was decided
  lib/config         policyd.conf to an immutable struct config (config_parse
                     alone knows libconfuse)
  policyd/process    what a process needs of kernel and supervisor; the channel
                     of the monitor
  policyd/monitor    keeps sockets, starts and replaces servers; cannot see
                     lib/config
  policyd/status     /metrics, /healthz and the page
  policyd/query      -q, --replay, --id: what would be decided, and why
  policyd/serve      the server process; policy.c is the picture above
  policyd/check      -P: is Postfix connected rightly
  policyd/init       --init
  policyd/main.c     the command line

A file opens with"""


def architecture():
    text = read("contrib/ARCHITECTURE")
    match = re.search(r"LAYERS\n.*?\nA file opens with", text, re.S)
    if match:
        write("contrib/ARCHITECTURE", text.replace(match[0], SECTION))
    else:
        print("note: contrib/ARCHITECTURE has no section LAYERS any more")


def libraries():
    cmake()
    architecture()
    commit("""\
Each folder is a library that sees only what it links

The layers were a page of contrib/ARCHITECTURE that nothing checked. Now an
include that points up does not compile, and a unit test links the library of
its own folder; those that reach up are listed in t/CMakeLists.txt.
""")


# ---- what looks after it

LINT = """\
# A header *_internal.h belongs to its folder, and to the tests of that folder.
check_private()
{
	git grep -n -E '^#include "[^"]*_internal\\.h"' -- lib policyd t/unit |
	    sed -n 's|:.*#include "| |; s|"$||p' | {
		status=0
		while read -r file header; do
			folder=$(dirname "$header")
			case $file in
			"$folder"/* | t/unit/"${folder#*/}"/*) ;;
			*)
				echo "$file: $header is private to $folder"
				status=1
				;;
			esac
		done
		return $status
	}
}

"""

TEST = '''\
# SPDX-License-Identifier: ISC
"""The layers: what a folder may include is what it links, and nothing else.

usage: test_layers.py POLICYD [TEST ...]
"""

import glob
import os
import re
import subprocess
import sys

from kit.daemon import run_all

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), os.pardir,
                                     os.pardir))


def declared():
    """declared - {folder: those it sees}, as CMakeLists.txt says"""
    with open(os.path.join(ROOT, "CMakeLists.txt")) as file:
        calls = re.findall(r"^layer\\(([^)]*)\\)", file.read(), re.M)
    seen = {}
    for call in calls:
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
        ["cc", "-E", "-P", *("-I" + view for view in views), "-"],
        input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_every_folder_has_a_layer(_):
    """each folder of lib/ and policyd/ is one"""
    folders = {os.path.relpath(os.path.dirname(path), ROOT)
               for top in ("lib", "policyd")
               for path in glob.glob(os.path.join(ROOT, top, "*", "*.c"))}
    assert folders == set(declared()), folders ^ set(declared())


def test_an_upward_include_is_an_error(program):
    """lib/base may not know the configuration"""
    text = '#include "lib/config/config.h"\\n'
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
            '#if __has_include("%s")\\nyes %s\\n#endif\\n' % (header, other)
            for other, header in every.items())
        done = preprocess(program, folder, text)
        assert done.returncode == 0, done.stderr
        found = set(re.findall(r"^yes (\\S+)$", done.stdout, re.M))
        assert found == seen, (folder, found ^ seen)


if __name__ == "__main__":
    sys.exit(run_all([test_every_folder_has_a_layer,
                      test_an_upward_include_is_an_error,
                      test_what_is_seen_is_what_is_linked]))
'''


def watched():
    edit("t/tools/lint",
         ("#   format       C files are as .clang-format says\n",
          "#   format       C files are as .clang-format says\n"
          "#   private      no folder includes the private headers of another\n"),
         ("# Not the tests: they do what is wrong on purpose.",
          LINT + "# Not the tests: they do what is wrong on purpose."),
         ("shell python manual format cppcheck gcc",
          "shell python manual format private cppcheck gcc")
         if "shell python manual format cppcheck gcc" in
         read("t/tools/lint") else
         ("manual format cppcheck", "manual format private cppcheck"),
         ("shell | python | manual | format | cppcheck",
          "shell | python | manual | format | private | cppcheck"))
    write("t/integration/test_layers.py", TEST)
    commit("""\
lint, test_layers: look after the layers

t/tools/lint refuses an include of another folder's private header. test_layers
tries an upward include, which must not compile, and for every pair of folders
whether what is seen is what CMakeLists.txt says.
""")


def main():
    helpers()
    libraries()
    watched()


if __name__ == "__main__":
    main()
