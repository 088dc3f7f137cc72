#!/usr/bin/env python3
"""merge_cuts - step 0: the branch cuts onto a main that has all the others

usage: cd CLEAN_CHECKOUT && python3 merge_cuts.py

Merges the branch cuts (last of all), settles the conflicts that are known, and
takes the private header of resolve*.c away from those that began to use it.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import commit, edit, git, read, write

CONFLICT = re.compile(r"<<<<<<< [^\n]*\n(.*?)=======\n(.*?)>>>>>>> [^\n]*\n",
                      re.S)


def take_apart():
    """take_apart - what init_trial.c lost went to check_postfix_copy.c"""
    path = "policyd/init_trial.c"
    write(path, CONFLICT.sub(lambda match: match[2], read(path)))
    path = "t/test_replay.c"
    if CONFLICT.search(read(path)):
        text = CONFLICT.sub(lambda match: match[1], read(path))
        if "judgement" not in text.replace('#include "lib/judgement.h"', ""):
            text = text.replace('#include "lib/judgement.h"\n', "")
        write(path, text)
    path = "policyd/check_postfix_copy.c"
    text = read(path)
    if "void check_print_finding(" in read("policyd/check_postfix_internal.h"):
        text, count = re.subn(
            r"\t\tfprintf\(stderr, \"%s: %s\\n\", finding->file.*?"
            r"(?=\t\tresult = -1;)",
            '\t\tcheck_print_finding(finding, "", stderr);\n', text,
            flags=re.S)
        assert count == 1
    edit_text = '''\t\tfprintf(stderr, "policyd: a stranger could relay on port %s\\n",
\t\t\tservice->name);
'''
    if "struct error error;" not in text:
        assert edit_text in text
        text = text.replace(edit_text, '''\
\t\terror_set(&error, "a stranger could relay on port %s",
\t\t\t  service->name);
\t\tfprintf(stderr, "policyd: %s\\n", error.text);
''').replace('''\tconst struct postfix *postfix = check->postfix;
\tint result = 0;
''', '''\tconst struct postfix *postfix = check->postfix;
\tstruct error error;
\tint result = 0;
''')
    write(path, text)


def merge():
    done = subprocess.run(["git", "merge", "--no-edit", "cuts"], text=True,
                          stdout=subprocess.PIPE)
    if done.returncode == 0:
        return
    print(done.stdout)
    take_apart()
    left = [path for path in
            git("diff", "--name-only", "--diff-filter=U").splitlines()
            if "<<<<<<<" in read(path)]
    if left:
        sys.exit("conflicts that are not known: " + " ".join(left))
    subprocess.run(["git", "add", "-A"], check=True)
    subprocess.run(["git", "commit", "--no-edit", "-q"], check=True)


def public():
    """public - what the search for open relays needs of a resolver"""
    users = [path for path in ("lib/config_strangers.c", "lib/config_wide.c")
             if os.path.exists(path) and "resolve_internal.h" in read(path)]
    if not users:
        return
    edit("lib/resolve.h", ("/* resolver_asks - ", """\
/* resolver_origin, resolver_hostname - $myorigin and $myhostname; they belong
 * to the resolver. */
const char *resolver_origin(const struct resolver *resolver);
const char *resolver_hostname(const struct resolver *resolver);

/* resolver_routes - allow_untrusted_routing. */
bool resolver_routes(const struct resolver *resolver);

/* resolver_asks - """))
    edit("lib/resolver.c", ("/* resolver_asks - ", """\
/* resolver_origin - $myorigin */
const char *resolver_origin(const struct resolver *resolver)
{
\treturn resolver->origin.text;
}

/* resolver_hostname - $myhostname */
const char *resolver_hostname(const struct resolver *resolver)
{
\treturn resolver->hostname.text;
}

/* resolver_routes - allow_untrusted_routing */
bool resolver_routes(const struct resolver *resolver)
{
\treturn resolver->allow_untrusted_routing;
}

/* resolver_asks - """))
    for path in users:
        text = read(path).replace('"lib/resolve_internal.h"',
                                  '"lib/resolve.h"')
        text = re.sub(r"([\w>-]+)->allow_untrusted_routing",
                      r"resolver_routes(\1)", text)
        text = text.replace("resolver->origin.text",
                            "resolver_origin(resolver)")
        text = text.replace("resolver->hostname.text",
                            "resolver_hostname(resolver)")
        text = text.replace('''\
\tconst struct table *const lists[] = { resolver->local,
\t\t\t\t\t      resolver->virtual_alias,
\t\t\t\t\t      resolver->virtual_mailbox,
\t\t\t\t\t      resolver->relay };
''', "\tstruct resolver_list lists[RESOLVER_LISTS];\n")
        text = text.replace('''\
\tfor (i = 0; i < COUNT(lists); i++)
\t\ttable_each(lists[i], try_domain''', '''\
\tresolver_lists(resolver, lists);
\tfor (i = 0; i < RESOLVER_LISTS; i++)
\t\ttable_each(lists[i].table, try_domain''')
        text = re.sub(
            r"\tconst struct resolver \*resolver = check->config->resolver;\n"
            r"\tconst struct list lists\[\] = \{\n.*?\n\t\};\n"
            r"\tstruct list relay = lists\[COUNT\(lists\) - 1\];\n"
            r"\tsize_t i;\n\n"
            r"\tfor \(i = 0; i < COUNT\(lists\); i\+\+\)\n"
            r"\t\tcheck_largest\(&lists\[i\]\);\n"
            r"\ttable_each\(relay\.table, check_label, &relay\);\n", """\
\tstruct resolver_list lists[RESOLVER_LISTS];
\tsize_t i;

\tresolver_lists(check->config->resolver, lists);
\tfor (i = 0; i < RESOLVER_LISTS; i++) {
\t\tstruct list list = { check, lists[i].parameter,
\t\t\t\t     lists[i].table };

\t\tcheck_largest(&list);
\t\tif (list.parameter == PARAMETER_RELAY_DOMAINS)
\t\t\ttable_each(list.table, check_label, &list);
\t}
""", text, flags=re.S)
        if re.search(r"resolver->(local|virtual_\w+|relay|origin|hostname|"
                     r"allow)\b", text):
            sys.exit(path + ": still looks into struct resolver; give it a "
                     "function")
        write(path, text)
    subprocess.run(["clang-format", "-i", *users, "lib/resolver.c"],
                   check=True)
    commit("resolve: functions for what the search for open relays needs\n\n"
           "It looked into struct resolver, which is private.\n")


if __name__ == "__main__":
    merge()
    public()
