# SPDX-License-Identifier: ISC
"""Commands of the documents that a test must not run, since they change the
host, or are the very tests that run now: what they say is checked."""

import json
import os
import re
import subprocess
import sys

from kit.documents import read
from kit.postfix import run
from kit.snippets import ROOT


def check_apt_get(words):
    """packages have the names that contrib/install-packages installs"""
    assert words[0] == "install", words
    known = read("contrib/install-packages").split() + re.findall(
        r'"([\w-]+)"', read("t/package/newcomer.py"))
    for package in words[1:]:
        assert package == "./policyd_*.deb" or any(
            package in word for word in known), package


def check_useradd(words):
    """useradd has these options"""
    known = subprocess.run(["useradd", "--help"], text=True,
                           stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT).stdout
    for word in words:
        assert not word.startswith("--") or word in known, word
    assert words[-1] == "policyd", words


def check_userdel(words):
    """the user of policyd, and no other"""
    assert words == ["policyd"], words


def check_dpkg(words):
    """what a user of the package does; done in earnest by t/package/run"""
    assert words[0] in ("-i", "-P") and words[1].startswith("policyd"), words


def check_doveadm(words):
    """Dovecot's only part in this"""
    assert words == ["reload"], words


def presets(kind):
    """presets - the names of CMakePresets.json"""
    return {preset["name"] for preset in json.loads(
        read("CMakePresets.json"))[kind]}


def check_cmake(words):
    """presets exist, and directories are theirs"""
    if words[0] == "--install":
        assert words[1].replace("build/", "") in presets("buildPresets")
        return
    kind = {"--workflow": "workflowPresets",
            "--build": "buildPresets"}.get(words[0], "configurePresets")
    assert words[words.index("--preset") + 1] in presets(kind), words


def tests():
    """tests - the names of all that ctest runs"""
    names = {name[:-len(".c")]
             for _, _, files in os.walk(os.path.join(ROOT, "t", "unit"))
             for name in files if re.fullmatch(r"test_\w+\.c", name)}
    return names | {"integration_" + name[:-len(".py")] for name in os.listdir(
        os.path.join(ROOT, "t", "integration"))
        if re.fullmatch(r"test_\w+\.py", name)}


def check_ctest(words):
    """the preset and the test exist"""
    assert words[words.index("--preset") + 1] in presets("testPresets"), words
    name = words[words.index("-R") + 1]
    assert any(re.search(name, each) for each in tests()), name


def check_sh(words):
    """the script exists, and knows its argument; of the demonstration all is
    done but to install packages and to build"""
    script = words[0]
    run("/bin/sh", "-n", os.path.join(ROOT, script))
    if script == "contrib/demo":
        assert read(script).rstrip().endswith(
            "exec python3 t/integration/kit/demo.py build/release/policyd")
        shown = run(sys.executable, os.path.join(
            ROOT, "t", "integration", "kit", "demo.py"), sys.argv[1])
        assert shown.endswith("\nAll as expected.\n"), shown
    if script != "t/run" or len(words) == 1:
        assert len(words) == 1 or script == "contrib/install-packages", words
        return
    usage = run("/bin/sh", os.path.join(ROOT, script), "--help")
    assert re.search(r"\b%s\b" % re.escape(words[1]), usage) or \
        any(re.search(words[1], each) for each in tests()), words


def check_clang_format(words):
    """there is a style"""
    assert words[0] == "--dry-run" and read(".clang-format"), words


def check_script(words):
    """a script of ours exists, and so do the tests it is given"""
    assert os.path.exists(os.path.join(ROOT, words[0])), words


def check_git(words):
    """git has that command"""
    assert words[0] in ("config", "clone", "rebase", "format-patch"), words


def check_postsuper(words):
    """what test_rate_stories does with mail in a queue"""
    assert words in (["-h", "-"], ["-d", "-"]), words


def check_man(words):
    """the page exists"""
    assert os.path.exists(os.path.join(ROOT, words[0])), words


EXCEPTIONS = {
    "apt-get": check_apt_get,
    "clang-format": check_clang_format,
    "cmake": check_cmake,
    "ctest": check_ctest,
    "doveadm": check_doveadm,
    "dpkg": check_dpkg,
    "git": check_git,
    "man": check_man,
    "postsuper": check_postsuper,
    "python3": check_script,
    "sh": check_sh,
    "useradd": check_useradd,
    "userdel": check_userdel,
}
