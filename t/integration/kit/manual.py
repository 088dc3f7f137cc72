# SPDX-License-Identifier: ISC
"""The manual pages, and the examples in them.

An example is the text between .Bd and .Ed after one of these comments:
.\\" example: policyd.conf	a whole file, which policyd -t must accept
.\\" example: /PATH		a file that the examples of this page name
.\\" example: shell		"$ policyd ..." and what it prints, under the
				policyd.conf of this page. In the output a
				backslash at the end of a line, and the blanks
				that follow, stand for one blank."""

import os
import re

from kit.snippets import ROOT

PROGRAM_PAGE = os.path.join(ROOT, "policyd", "policyd.8")
FILE_PAGE = os.path.join(ROOT, "etc", "policyd.conf.5")
SAMPLE = os.path.join(ROOT, "etc", "policyd.conf")
DICTIONARY = os.path.join(ROOT, "t", "fuzz", "config.dict")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def source_text(line):
    """source_text - a line of a literal block as the reader sees it"""
    text = line[2:] if line.startswith(r"\&") else line
    text = text.replace(r"\e", "\0").replace(r"\(aq", "'")
    assert "\\" not in text and not line.startswith("."), \
        "unexpected roff in an example: %r" % line
    return text.replace("\0", "\\")


def examples(page):
    """examples - (kind, line number, text) of each in a page"""
    found, kind, lines = [], None, None
    for number, line in enumerate(read(page).splitlines(), 1):
        mark = re.match(r'\.\\" example: (\S+)$', line)
        if mark:
            assert kind is None, "line %d: example in an example" % number
            kind, start = mark.group(1), number
        elif kind and lines is None:
            assert line.startswith(".Bd -literal"), "line %d: no .Bd" % number
            lines = []
        elif kind and line == ".Ed":
            found.append((kind, start, "\n".join(lines) + "\n"))
            kind, lines = None, None
        elif kind:
            lines.append(source_text(line))
    assert kind is None, "%s: an example without .Ed" % page
    return found


def unfolded(text):
    """unfolded - lines that a backslash at their end continues"""
    return re.sub(r" \\\n +", " ", text)
