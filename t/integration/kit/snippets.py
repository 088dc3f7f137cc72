# SPDX-License-Identifier: ISC
"""The configuration that the documentation shows, made into the one of a
throw-away Postfix: what these files say is what the tests try out."""

import os
import re

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), os.pardir,
                                     os.pardir, os.pardir))
MAIN_CF = os.path.join(ROOT, "etc", "main.cf.policyd")
MASTER_CF = os.path.join(ROOT, "etc", "master.cf.policyd")
HOWTO = os.path.join(ROOT, "contrib", "HOWTO")


def sections(path, variant):
    """sections - the active lines of a file, and those that one variant
    would have: a section is headed "# Variant: ..." (or "# --- ..."), its
    commented settings begin with "#" and no space, continued by four"""
    text, chosen = [], False
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            title = re.match(r"# (?:--- )?(Variant: )?.*", line)
            if title and ("---" in line or title.group(1)):
                chosen = bool(variant and title.group(1) and variant in line)
            if re.match(r"#(\S|    )", line):
                if chosen:
                    text.append(line[1:])
            elif not line.startswith("#"):
                text.append(line)
    return text


def joined(lines):
    """joined - continuation lines appended to the line they continue"""
    found = []
    for line in lines:
        if not line.strip():
            continue
        if line[0].isspace():
            found[-1] += " " + line.strip()
        else:
            found.append(line.strip())
    return found


def main_cf(variant=None):
    """main_cf - NAME=VALUE for postconf -e; later ones win"""
    settings = {}
    for line in joined(sections(MAIN_CF, variant)):
        name, value = line.split("=", 1)
        settings[name.strip()] = value.strip()
    return ["%s=%s" % pair for pair in settings.items()]


def master_cf(variant=None):
    """master_cf - (service words, {option: value}) of each service"""
    services = []
    for line in joined(sections(MASTER_CF, variant)):
        words = line.split()
        options = dict(words[i + 1].split("=", 1) for i in range(len(words))
                       if words[i] == "-o")
        while "-o" in words:
            at = words.index("-o")
            del words[at:at + 2]
        services.append((words, options))
    return services


def policyd_conf(changes):
    """policyd_conf - the example of HOWTO, with texts replaced; each must
    occur"""
    with open(HOWTO, encoding="utf-8") as lines:
        text = re.search(r"^    listen .*?(?=^ ? ? ?[^ \n])", lines.read(),
                         re.MULTILINE | re.DOTALL).group(0)
    for old, new in changes.items():
        assert old in text, "HOWTO: no %s in the configuration" % old
        text = text.replace(old, new)
    return re.sub("^    ", "", text, flags=re.MULTILINE)


def configure(postfix, variant=None, policyd_argv=None):
    """configure - apply the files to a throw-away Postfix; the ports by
    their service names. Only ports and paths differ from what is written."""
    postfix.set(*main_cf(variant))
    ports = {}
    for words, options in master_cf(variant):
        if words[1] == "inet":
            chroot = words[4]
            assert words[2:] == ["n", "-", chroot, "-", "-", "smtpd"], words
            ports[words[0]] = postfix.port(chroot, **options)
        else:
            argv = [word for word in words if word.startswith("argv=")]
            assert argv == ["argv=/usr/sbin/policyd"] and words[-1] == "-s"
            line = " ".join(words).replace(
                "argv=/usr/sbin/policyd -s", "argv=" + policyd_argv)
            postfix.service(line, options)
            policyd_argv = None
    assert policyd_argv is None, "master.cf.policyd: no %s" % variant
    return ports
