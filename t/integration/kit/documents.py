# SPDX-License-Identifier: ISC
"""README and the documents of contrib/, chapter by chapter.

In these files a text that is indented by four spaces is literal. Below "In
FILE:" it is that file. If it begins with a command it is typed to a shell. A
text that begins with an option of policyd.conf is added to that file, and must
be accepted. A list is indented by two spaces; so is, below a command, its
output, among other things."""

import os
import re

from kit.snippets import ROOT

README = "README"
HOWTO = "contrib/HOWTO"
CONTRIBUTING = "contrib/CONTRIBUTING"
SECURITY = "contrib/SECURITY"

COMMANDS = {"apt-get", "cd", "clang-format", "cmake", "cp", "ctest",
            "doveadm", "dpkg", "find",
            "for", "git", "grep", "install", "kill", "man", "mkdir", "openssl",
            "podman", "policyd", "postconf", "postfix", "postsuper", "printf",
            "python3", "rm", "scp", "sh",
            "systemctl", "useradd", "userdel"}
ANSWERING = {"policyd", "for"}      # what they print is shown


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


class Block:
    """A literal text."""

    def __init__(self, path, line, before, text):
        self.where = "%s:%d" % (path, line)
        self.before = before    # the paragraph ahead of it, in one line
        self.expected = []      # what it prints, among other things
        self.text = text
        self.word = re.match(r"\S+", text).group(0)
        file = re.search(r"\bIn (/\S+):$", before)
        self.file = file and file.group(1)


def chunks(path):
    """chunks - (line number, text) between blank lines; chapters have a title
    in capitals"""
    number, lines = 0, []
    for count, line in enumerate(read(path).split("\n"), 1):
        if line.strip():
            number = number if lines else count
            lines.append(line)
        elif lines:
            yield number, "\n".join(lines) + "\n"
            lines = []


def chapters(path):
    """chapters - (title, [Block]) of a file, and the paragraphs at its end"""
    found, before = [("", [])], ""
    for number, text in chunks(path):
        blocks = found[-1][1]
        indent = len(text) - len(text.lstrip(" "))
        if re.match(r"(\d+\. )?[A-Z][A-Z ,]+$", text):
            found.append((text.strip(), []))
        elif indent == 0:
            before = " ".join(text.split())
            assert "\n    " not in text, "%s:%d: no blank line" % (path,
                                                                   number)
        elif indent == 4:
            text = re.sub("(?m)^    ", "", text)
            block = Block(path, number, before, text)
            if block.word in COMMANDS or before or not blocks:
                blocks.append(block)
            else:               # a file with a blank line in it
                blocks[-1].text += "\n" + text
            before = ""
        else:
            assert indent == 2, "%s:%d: indented by %d" % (path, number,
                                                           indent)
            if not before and blocks and blocks[-1].word in ANSWERING:
                blocks[-1].expected = [line.strip()
                                       for line in text.splitlines()]
    return [chapter for chapter in found if chapter[1]]
