#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""words - refuses the habits on the sheet in contrib/CONTRIBUTING, "ENGLISH"

usage: python3 t/tools/words.py [FILE ...]

Without FILE, the places below are read. A text file is read whole; of a C file,
the comments and the strings. Each row of the sheet has its pattern here, and
each pattern its row, so that neither can be changed alone. A pattern is narrow:
it must never refuse a good sentence.
"""

import pathlib
import re
import sys

PLACES = ("README", "contrib", "etc", "lib", "policyd")
SHEET = pathlib.Path("contrib/CONTRIBUTING")

# The left column of the sheet, and what is refused for it.
PATTERNS = {
    "mend": r"mend(s|ed|ing)?",
    "it stands in the file": r"(stands?|stood)(?! for\b| by\b|-)",
    "this counts after a restart":
        r"counts? (after|for nothing|not)"
        r"|(it|this|here|which|last|change|setting) counts(?=[.,;:])",
    "it is told that, it tells":
        r"(is|are|was|were|be|been) told|tells",
    "answered otherwise":
        r"(answer|decid|judg|behav|read|look|writ|resolv|treat)"
        r"(s|e|es|ed|t|ten)? otherwise|comes? out otherwise",
    "so many connections": r"so many|for so long",
    "it goes on": r"(goes|go|went) on(?! to\b)",
    "it is found out": r"(is|are|was|were|be|been) found out|finds out",
    "who asks; who is refused":
        r"(from|for|by|with|only|but) who (is|are|was|has|may|can|\w+s)",
    "he (for a program, a client)": r"he|him|his|himself",
    "the server before":
        r"the (server|one|state|configuration) before"
        r"(?=[.,;:)]| (has|had|is|was|goes|does|did|stays|keeps|served)\b)",
}
HEADLESS = re.compile(r"(?:^|(?<=[.:]\s)|(?<=\A)|(?<=\0 ))(Who|What)"
                      r"\b(?:(?!\n\s*\n)[^?\0])*?[.:](?=\s|\Z)")
TOKEN = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                   re.DOTALL)


def sheet(text):
    """sheet - the left column of the table in CONTRIBUTING"""
    table = re.search(r"\n  instead of +write\n(.*?)\n\n", text, re.DOTALL)
    return [re.split(r"  +", row.strip())[0]
            for row in table.group(1).split("\n")]


def blank(text):
    """blank - the same number of lines, without anything to find in them"""
    return re.sub(r"[^\s]", "\0", text)


def prose_of_c(text):
    """prose_of_c - comments and strings, where they are in the file"""
    prose = []
    end = 0
    for token in TOKEN.finditer(text):
        prose.append(blank(text[end:token.start()]))
        end = token.end()
        found = token.group()
        if found.startswith("/*"):
            inner = re.sub(r"(?m)^\s*\*", "", found[2:-2])
            prose.append("\0" + inner + "\0")
        elif found.startswith('"'):
            # Strings side by side are one.
            prose.append(" " + found[1:-1].replace("\\n", " ") + " ")
        else:
            prose.append(blank(found))
    return "".join(prose) + blank(text[end:])


def prose_of_text(path, text):
    """prose_of_text - a file; without the sheet itself, and without roff"""
    if path == SHEET:
        text = re.sub(r"(?s)(\n  instead of .*?)\n\n",
                      lambda table: blank(table.group()), text)
        text = text.replace('"Who" or "What"', "such")
    if path.suffix in (".5", ".8"):
        text = re.sub(r"\\f[A-Z]|\\&", "", text)
        text = re.sub(r"(?m)^\.[A-Za-z]+ ?", "", text)
    return re.sub(r"(?m)^[ \t]*#+", "", text)


def findings(path):
    """findings - (line, words) of each habit in one file"""
    text = path.read_text(encoding="utf-8", errors="replace")
    prose = (prose_of_c(text) if path.suffix in (".c", ".h")
             else prose_of_text(path, text))
    for pattern in PATTERNS.values():
        pattern = r"(?i)(?<![\w%%.@=/-])(?:%s)(?![\w@=/(-])" % pattern
        for found in re.finditer(pattern.replace(" ", r"\s+"), prose):
            yield prose.count("\n", 0, found.start()) + 1, found.group()
    for found in HEADLESS.finditer(prose):
        yield (prose.count("\n", 0, found.start()) + 1,
               found.group()[:40] + " ...")


def files(places):
    """files - those that are read by people, of files and folders"""
    for place in map(pathlib.Path, places):
        below = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (path for path in below if path.is_file()
                    and path.suffix not in (".json", ".pyc"))


def main():
    missing = set(sheet(SHEET.read_text())) ^ set(PATTERNS)
    if missing:
        sys.exit("words: in the sheet of %s or in %s, not in both: %s"
                 % (SHEET, sys.argv[0], "; ".join(sorted(missing))))
    count = 0
    for path in files(sys.argv[1:] or PLACES):
        for line, words in sorted(findings(path)):
            print("%s:%d: %s" % (path, line, " ".join(words.split())))
            count += 1
    if count:
        sys.exit("words: %d to write differently; the sheet is in %s, ENGLISH"
                 % (count, SHEET))


if __name__ == "__main__":
    main()
