#!/usr/bin/env python3
"""rename - step 2: symbols as house.md 1 names them, after move.py, layers.py

usage: cd CHECKOUT && python3 rename.py [--check]

A commit for each module. Only identifiers of C (never inside string literals),
comments that name them, the first line of a file, include guards; and what
names them outside: t/tools/mutate.equivalent, t/tools/coverage. --check
compiles all files after each commit (-fsyntax-only).
"""
import fnmatch
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import commit, git, layout, read, tracked, write

# Comment, string, character, include line, or an identifier.
PIECE = re.compile(r'/\*.*?\*/|//[^\n]*|^#include[^\n]*|"(?:\\.|[^"\\\n])*"|'
                   r"'(?:\\.|[^'\\\n])*'|[A-Za-z_]\w*", re.S | re.M)

# One commit each: title, body, and
#   tokens  identifiers of every C file, by pattern, comments included
#   tags    struct tags
#   names   bare words, only in code, only in the files that match
#   prose   words of comments, only in the files that match
STEPS = [
    dict(title="domain_list: what a list of domains is called in Postfix",
         body="policyd.conf(5) and the messages say \"table\" for type:name.",
         tokens=[(r"table_(asks|each|free|length_bit|match|match_folded|"
                  r"match_line|new|options|size|tell)", r"domain_list_\1"),
                 (r"TABLE_ASK", "DOMAIN_LIST_ASK")],
         tags={"table": "domain_list"},
         names=[("table", "domains",
                 ["lib/address/*", "lib/config/config_overlap.c",
                  "lib/config/config_strangers.c", "lib/config/config_wide.c",
                  "lib/table/domain_list*", "t/unit/table/test_domain_list.c",
                  "t/unit/address/test_resolve.c"]),
                ("tables", "lists", ["lib/config/config_overlap.c"])]),
    dict(title="table: what the manual calls a table",
         body="It was called a dictionary in the code only.",
         tokens=[(r"dictionary(_\w+)?", r"table\1"),
                 (r"dictionaries", "tables"),
                 (r"DICTIONARY_(\w+)", r"TABLE_\1")],
         tags={"dictionary": "table"},
         names=[("table", "type_name", ["lib/table/table_postmap.c"])],
         prose=[("dictionary", "table", ["*"]),
                ("dictionaries", "tables", ["*"]),
                ("Dictionary", "Table", ["*"]),
                ("Dictionaries", "Tables", ["*"])]),
    dict(title="table_blocks: IF and ENDIF in tables",
         tokens=[(r"rules_(add|add_endif|add_if|clear|find|keyword|line|"
                  r"negations|test)", r"table_blocks_\1",
                  ["lib/table/*", "t/unit/table/*"])],
         tags={"rules": "table_blocks"}, tag_files=["lib/table/*"]),
    dict(title="pattern: a compiled pattern, not ${name?text}",
         tokens=[(r"expression_(free|group|groups|kind|match|new|options)",
                  r"pattern_\1"),
                 (r"EXPRESSION_(\w+)", r"PATTERN_\1")],
         tags={"expression": "pattern"}),
    dict(title="string_set, string_index: a set of strings, and its index",
         tokens=[(r"keyset(_\w+)?", r"string_set\1"),
                 (r"slots_(add|clear|find|fit|init|reserve)",
                  r"string_index_\1"),
                 (r"SLOTS_PLACE_MAX", "STRING_INDEX_PLACE_MAX")],
         tags={"slots": "string_index"}),
    dict(title="request_notation: a request in short names",
         body="Both -q and expect have it; a question is what Postfix asks.",
         tokens=[(r"question_(clear|init|name|set|text)", r"notation_\1"),
                 (r"QUESTION_(NAMES|SHORT_NAMES)", r"NOTATION_\1")],
         tags={"question": "notation"},
         names=[("question", "notation",
                 ["lib/request/request_notation.[ch]",
                  "lib/config/config_expect.c", "policyd/query/*.[ch]",
                  "t/fuzz/fuzz_replay.c",
                  "t/unit/config/test_config_origin.c",
                  "t/unit/query/test_report_read.c",
                  "t/unit/request/test_request_notation.c",
                  "t/unit/serve/test_shadow.c"])]),
    dict(title="session: the client's session, not our own TLS",
         body="TLS of our own is lib/tls_listener.",
         tokens=[(r"tls_(judge|advice|protocol|cipher)", r"session_\1",
                  ["lib/*", "policyd/*", "t/*"]),
                 (r"tls_policy(_new|_free)?", r"session_minimum\1"),
                 (r"tls_ciphers_(is_preset|read)", r"session_ciphers_\1"),
                 (r"tls_init", "openssl_init")],
         tags={}),
    dict(title="history: what the page shows over time",
         tokens=[(r"ledger(_\w+)?", r"history\1"),
                 (r"LEDGER_(\w+)", r"HISTORY_\1")],
         tags={"ledger": "history"},
         prose=[("ledger", "history", ["*"]), ("ledgers", "histories", ["*"])]),
    dict(title="totals: by service, restriction and verdict",
         tokens=[(r"tally_(\w+)", r"totals_\1"),
                 (r"TALLY_(\w+)", r"TOTALS_\1")],
         tags={"tally": "totals"},
         names=[("tally", "totals",
                 ["lib/stats/*", "policyd/serve/*", "policyd/status/*",
                  "t/unit/stats/*"])]),
    dict(title="counters: the totals of a server",
         body="The metrics listener, its options and metric names stay.",
         tokens=[(r"metrics_(add|count|read|write)", r"counters_\1"),
                 (r"(policy|workers|gates)_metrics", r"\1_counters")],
         tags={"metrics": "counters"},
         names=[("metrics", "counters",
                 ["lib/stats/counters.[ch]", "policyd/serve/shadow.[ch]",
                  "t/unit/serve/test_shadow.c"])]),
    dict(title="status: what the metrics listener shows",
         tokens=[(r"board_status", "status_view"),
                 (r"board_metrics", "status_prometheus"),
                 (r"board_(\w+)", r"status_\1"),
                 (r"BOARD_(\w+)", r"STATUS_\1")],
         tags={"board": "status"}),
    dict(title="http: HTTP of the metrics listener",
         tokens=[(r"web_(\w+)", r"http_\1"), (r"WEB_(\w+)", r"HTTP_\1")],
         tags={"web": "http"}),
    dict(title="admission: who may connect",
         body="What config->gates says is of the configuration.",
         tokens=[(r"gates_(\w+)", r"admission_\1",
                  ["policyd/*", "t/*"])],
         tags={"gates": "admission"},
         names=[("gates", "admission", ["policyd/serve/*"])],
         keep=["config->gates"]),
    dict(title="outdated: main.cf is newer than what the daemon loaded",
         tokens=[(r"stale_main_cf", "outdated_main_cf")], tags={}),
    dict(title="standard_streams: descriptors 0 to 2",
         tokens=[(r"streams_open", "standard_streams_open")], tags={}),
    dict(title="server_process: a server process, as the monitor sees it",
         tokens=[(r"child_(ending|free|kill|start|state)",
                  r"server_process_\1"),
                 (r"CHILD_(ASKING|FAILED|LEAVING|LOADING|PREPARING|RELAYING|"
                  r"SERVING|TAKING|\w+)", r"SERVER_PROCESS_\1",
                  ["policyd/monitor/*", "t/fuzz/fuzz_monitor.c",
                   "t/unit/monitor/*"])],
         tags={"child": "server_process"},
         names=[("child", "process",
                 ["policyd/monitor/*", "t/fuzz/fuzz_monitor.c",
                  "t/unit/monitor/*"])]),
    dict(title="listening_sockets: those that the monitor keeps",
         tokens=[(r"sockets_(abort|commit|entry|inherit|remove_all|want)",
                  r"listening_sockets_\1")],
         tags={"sockets": "listening_sockets"}),
    dict(title="watched_files: the files that a configuration was made of",
         body="lib/server had a second struct watch, which is a reader.",
         tokens=[(r"watch_list(_\w+)?", r"watched_files\1"),
                 (r"watch_state(_\w+)?", r"watched_state\1"),
                 (r"WATCH_MAX", "WATCHED_FILES_MAX"),
                 (r"WATCH_PATH_MAX", "WATCHED_PATH_MAX")],
         tags={"watch": "watched_file"},
         tag_files=["lib/base/*", "t/unit/base/*"],
         names=[("watch", "file", ["lib/base/watched_files.c"]),
                ("watch", "reader", ["lib/server/*"]),
                ("watches", "readers", ["lib/server/*"])],
         other_tags=[("watch", "reader", ["lib/server/*"])]),
    dict(title="pass_descriptor: one descriptor over a socket",
         tokens=[(r"descriptor_(send|receive)", r"pass_descriptor_\1")],
         tags={}),
    dict(title="smtpd_restrictions: a list of restrictions of smtpd(8)",
         tokens=[(r"postfix_list(_\w+)?", r"smtpd_restrictions\1")],
         tags={"postfix_list": "smtpd_restrictions"}),
    dict(title="address: op, not operator",
         body="clang-format 14 takes the word for C++.",
         tokens=[], tags={}, names=[("operator", "op", ["lib/*", "t/*"])]),
    dict(title="config_scan: its tokens are scan_tokens",
         body="A struct token belongs to lib/address.",
         tokens=[], tags={"token": "scan_token"},
         tag_files=["lib/config/config_scan*"]),
]


def sources():
    return [path for path in tracked()
            if path.endswith((".c", ".h")) and
            path.startswith(("lib/", "policyd/", "t/"))]


def matches(path, patterns):
    return any(fnmatch.fnmatch(path, pattern) for pattern in patterns)


def rules_of(step, path):
    """rules_of - what of a step counts in a file"""
    tokens = [(re.compile(rule[0]), rule[1]) for rule in step["tokens"]
              if len(rule) < 3 or matches(path, rule[2])]
    tags = dict(step.get("tags", {})) \
        if matches(path, step.get("tag_files", ["*"])) else {}
    tags.update({old: new for old, new, files in step.get("other_tags", [])
                 if matches(path, files)})
    names = {old: new for old, new, files in step.get("names", [])
             if matches(path, files)}
    prose = {old: new for old, new, files in step.get("prose", [])
             if matches(path, files)}
    return tokens, tags, names, prose


def token(word, tokens):
    for pattern, new in tokens:
        match = pattern.fullmatch(word)
        if match:
            return match.expand(new)
    return word


def comment(text, tokens, tags, prose):
    """comment - identifiers, "struct TAG", and words"""
    def struct(match):
        return "struct " + tags.get(match[1], match[1])
    text = re.sub(r"struct (\w+)\b", struct, text)

    def word(match):
        if match[0] in prose:
            return prose[match[0]]
        if "_" in match[0]:
            return token(match[0], tokens)
        return match[0]
    return re.sub(r"[A-Za-z_]\w*", word, text)


def renamed(text, path, step):
    tokens, tags, names, prose = rules_of(step, path)
    keep = step.get("keep", [])
    # A tag that a macro of sys/queue.h puts behind "struct".
    text = re.sub(r"\b((?:TAILQ|LIST|STAILQ|SLIST)_(?:HEAD|ENTRY)"
                  r"\((?:\w*, )?)(\w+)\)",
                  lambda match: match[1] + "struct_" +
                  tags.get(match[2], match[2]) + ")", text)
    kept = [(place.start(), place.end()) for one in keep
            for place in re.finditer(re.escape(one) + r"\b", text)]
    out, at, before = [], 0, ""
    for piece in PIECE.finditer(text):
        out.append(text[at:piece.start()])
        word = piece[0]
        if word.startswith("struct_") and re.search(
                r"_(?:HEAD|ENTRY)\((?:\w*, )?$",
                text[max(0, piece.start() - 60):piece.start()]):
            new = word[len("struct_"):]
        elif word.startswith(("/*", "//")):
            new = comment(word, tokens, tags, prose)
        elif word[0] in "\"'#":
            new = word
        elif any(start <= piece.start() < end for start, end in kept):
            new = word
        elif before == "struct" and word in tags:
            new = tags[word]
        elif before == "struct" and token(word, tokens) == word:
            new = word
        else:
            new = names.get(word, token(word, tokens))
        out.append(new)
        at = piece.end()
        if not word.startswith(("/*", "//")):
            before = word
    out.append(text[at:])
    return "".join(out)


def outside(step):
    """outside - what names them, and is not C: as it would be in lib/"""
    path = "t/tools/mutate.equivalent"
    entries = read(path).split("\n\n")
    for number, entry in enumerate(entries):
        lines = entry.split("\n")
        if not re.match(r"\S+\.c \w+$", lines[0]):
            continue
        file, function = lines[0].split()
        lines[0] = file + " " + renamed(function, file, step)
        for place in (1, 2):
            lines[place] = lines[place][:2] + renamed(lines[place][2:], file,
                                                      step)
        entries[number] = "\n".join(lines)
    write(path, "\n\n".join(entries))


def syntax(changed):
    """syntax - compile what changed, quickly"""
    flags = subprocess.run(
        ["pkg-config", "--cflags", "libconfuse", "libevent_core",
         "libutf8proc", "jansson", "libpcre2-8", "libssl", "check"],
        text=True, stdout=subprocess.PIPE, check=True).stdout.split()
    files = [path for path in changed if path.endswith(".c") and
             not path.startswith(("t/bench/", "t/integration/"))]
    command = ["xargs", "-P2", "-n12", "gcc", "-std=c11", "-D_GNU_SOURCE",
               "-I.", "-fsyntax-only", "-Werror", "-Wall", "-Wextra",
               "-Wshadow", "-Wmissing-prototypes", "-Wstrict-prototypes",
               "-Wno-unused-function", '-DPOLICYD_VERSION="0"',
               '-DPOLICYD_SYSCONFDIR="/etc/policyd"', '-DTEST_DATA="t/data"',
               '-DPOLICYD="policyd"', *flags]
    return subprocess.run(command, input="\n".join(files),
                          text=True).returncode == 0


def finish(changed, step):
    """finish - format, check, commit"""
    if not changed:
        print("nothing to rename:", step["title"])
        return
    subprocess.run(["clang-format", "-i", *changed], check=True)
    if "--check" in sys.argv and not syntax(changed):
        sys.exit("does not compile: " + step["title"])
    commit(step["title"] + "\n" +
           ("\n%s\n" % step["body"] if "body" in step else ""))


def run(step):
    changed = []
    for path in sources():
        old = read(path)
        new = renamed(old, path, step)
        if new != old:
            write(path, new)
            changed.append(path)
    outside(step)
    finish(changed, step)


def guards():
    """guards - as the path says; and the name that a file opens with"""
    changed = []
    opens = {}
    for old, new in layout().items():
        one, other = [os.path.splitext(os.path.basename(path))[0]
                      for path in (old, new)]
        if one != other:
            opens[new] = (one, other)
    for path in sources():
        text = old = read(path)
        if path.endswith(".h"):
            match = re.search(r"^#ifndef (\w+_H)\n#define \1$", text, re.M)
            guard = re.sub(r"\W", "_", path).upper()
            if match and match[1] != guard:
                text = re.sub(r"\b%s\b" % match[1], guard, text)
        if path in opens:
            one, other = opens[path]
            text = re.sub(r"(?m)^(/\* )%s( - )" % one, r"\1%s\2" % other,
                          text, count=1)
            # what run_tests() and tcase_create() are given
            if path.startswith("t/unit/"):
                text = text.replace('create("%s")' % one[5:],
                                    'create("%s")' % other[5:])
                text = text.replace('run_tests("%s"' % one[5:],
                                    'run_tests("%s"' % other[5:])
        if text != old:
            write(path, text)
            changed.append(path)
    finish(changed, dict(title="Include guards, and the first line of each "
                         "file, are as its path"))


def equivalents():
    """equivalents - lines that clang-format has broken elsewhere"""
    done = subprocess.run(["python3", "t/tools/mutate", "--list"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        print("t/tools/mutate.equivalent has to be mended by hand:",
              done.stderr)


def main():
    only = [word for word in sys.argv[1:] if not word.startswith("-")]
    for step in STEPS:
        if not only or any(step["title"].startswith(word) for word in only):
            run(step)
    if not only:
        guards()
        if "--check-last" in sys.argv and not syntax(sources()):
            sys.exit("does not compile")
        equivalents()


if __name__ == "__main__":
    main()
