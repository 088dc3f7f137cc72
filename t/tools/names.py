#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""names.py - scripts of Python that give one name to two things

usage: names.py <LIST

Reads the paths of scripts, and prints each name that a script gives at its top
level to more than one thing: the second takes the name from all that was
written for the first. Status 1 if there is one. A script that cannot be read
ends it.
"""

import ast
import sys


def given(statement):
    """The names that STATEMENT gives."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name for alias in statement.names]
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [node.id for target in statement.targets
                for node in ast.walk(target)
                if isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Store)]
    return []


def twice(path):
    """Print what PATH gives twice, and say whether there is anything."""
    with open(path, encoding="utf-8") as script:
        tree = ast.parse(script.read(), path)
    seen = {}
    found = False
    for statement in tree.body:
        for name in given(statement):
            if name in seen:
                print("%s:%d: %s is also the name of line %d" % (
                    path, statement.lineno, name, seen[name]))
                found = True
            seen[name] = statement.lineno
    return found


if __name__ == "__main__":
    sys.exit(any([twice(path) for path in sys.stdin.read().split()]))
