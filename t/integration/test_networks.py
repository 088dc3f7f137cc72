#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""test_networks - which clients are in mynetworks: random lists, put to a real
Postfix and to policyd; both must agree about every address.

Each list is the mynetworks of an smtpd of its own, whose only restriction is
permit_mynetworks, at EHLO; clients come by XCLIENT, all in one session.
policyd -q judges the same clients under the same list; many_queries calls it,
which spares a new program and a run of postconf for each list. A list with an
entry that is no address, no network and no table must be refused when it is
loaded, as Postfix would ignore it, or discover it with the first client.
Environment:

  POLICYD_NETWORKS_COUNT  the number of lists (150)
  POLICYD_NETWORKS_SEED   another seed makes other lists
  POLICYD_NETWORKS_LIST   only the list of this number

usage: test_networks.py POLICYD
"""

import collections
import concurrent.futures
import ipaddress
import itertools
import os
import random
import re
import shutil
import subprocess

from kit.daemon import free_port
from kit.postfix import count_differences, settle
from kit.smtp import Session

COUNT = int(os.environ.get("POLICYD_NETWORKS_COUNT", "150"))
SEED = os.environ.get("POLICYD_NETWORKS_SEED", "1")
ONLY = os.environ.get("POLICYD_NETWORKS_LIST")
BATCH = 50              # lists that a Postfix has at a time
CLIENTS = 24            # of each list
AT_ONCE = 12            # sessions, as one mostly waits for a new smtpd
SHOWN = 20              # differences

CONFIGURATION = """\
import_postfix = "%s"
user = "nobody"
reply = ok
allow_open_relay = yes
smtputf8_enable = yes
mynetworks = '%s'
restrictions = { permit_mynetworks, reject }
"""
REQUEST = ("request=smtpd_access_policy\nprotocol_state=RCPT\n"
           "client_address=%s\nclient_name=%s\nreverse_client_name=%s\n"
           "recipient=user@far.example\n\n")
ANSWERS = {"action=OK": "permit", "action=554": "reject",
           "action=451": "defer", "250": "permit", "554": "reject",
           "451": "defer"}

# Few, so that an address is often in what another one was made of.
BASES = [ipaddress.ip_address(text) for text in (
    "10.0.0.0", "10.1.2.3", "10.255.255.255", "172.16.0.0", "172.31.255.255",
    "192.0.2.1", "192.0.2.128", "203.0.113.77", "127.0.0.1", "0.0.0.0",
    "255.255.255.255", "::1", "::", "2001:db8::", "2001:db8::1",
    "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1", "fd00:1:2:3::4",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
HOSTS = ["unknown", "bad.example", "www.bad.example", "WWW.Bad.Example",
         "good.example", "localhost"]
# Keys of tables. That of Postfix permits a client by its name, which policyd
# never does (policyd.conf(5)): after "!", names count for both.
NAMES = ["bad.example", "example", "localhost"]
# Entries that add nothing to what Postfix permits, or nothing it would say.
BAD = ["10.1.2.3/8", "192.0.2.1/33", "10.0.0", "127/8", "[2001:db8::1]/64",
       "[::1", "[]", "[2001:db8::]/129", "192.0.2.0/255.255.255.0", "10.0.0.0/",
       "256.1.1.1", "[10.0.0.0/8", "10.0.0.0/8/8", "nosuch:/etc/hosts",
       "/no-such/file", "[fe80::1%lo]", "mail.example",
       ".bad.example", "1.2.3.4.5", "[1:2:3]", "0x0a.0.0.1"]


def spelt(chance, address):
    """spelt - an address in one of its spellings"""
    if address.version == 4:
        return str(address)
    return chance.choice([str(address), str(address).upper(),
                          address.exploded, address.exploded.upper()])


def near(chance):
    """near - an address, often one of BASES or beside it"""
    base = chance.choice(BASES)
    if chance.random() < 0.4:
        return base
    number = int(base) ^ (1 << chance.randrange(base.max_prefixlen))
    return type(base)(number)


class List:
    """One value of mynetworks, with its files, and clients."""

    def __init__(self, number, directory):
        self.number = number
        self.directory = directory
        self.chance = random.Random("%s %d" % (SEED, number))
        self.files = 0
        self.names = set()
        self.networks = []
        self.bad = self.chance.random() < 0.1
        entries = [self.entry() for _ in range(self.chance.randrange(1, 7))]
        if self.bad:
            entries.insert(self.chance.randrange(len(entries) + 1),
                           self.negated(self.chance.choice(BAD)))
        self.text = "".join(entry + self.chance.choice((" ", ",", ", ", "\t"))
                            for entry in entries).rstrip()
        self.clients = [(self.client(), self.chance.choice(HOSTS))
                        for _ in range(CLIENTS)]

    def file(self, lines):
        """file - a file of these lines; its path"""
        path = os.path.join(self.directory, "%d.%d" % (self.number,
                                                       self.files))
        self.files += 1
        end = "\r\n" if self.chance.random() < 0.1 else "\n"
        with open(path, "w") as out:
            out.write("".join(line + end for line in lines))
        os.utime(path, (0, 0))      # Postfix waits until it is not new
        return path

    def client(self):
        """client - one that XCLIENT can make (neither 0.x nor ::), often the
        first or the last in a network, or just beside it"""
        while True:
            address = near(self.chance)
            if self.networks and self.chance.random() < 0.6:
                network = self.chance.choice(self.networks)
                ends = [int(network[0]), int(network[-1])]
                if self.chance.random() < 0.5:
                    ends = [ends[0] - 1, ends[1] + 1]
                number = self.chance.choice(ends)
                if number not in range(1 << network.max_prefixlen):
                    continue
                address = type(network[0])(number)
            if address.packed[0] != 0 or \
                    address == ipaddress.ip_address("::1"):
                return address

    def network(self, brackets):
        """network - an address, or one with the length of its prefix"""
        address = near(self.chance)
        bits = length = address.max_prefixlen
        if self.chance.random() < 0.7:
            length = min(bits, self.chance.choice(
                (0, 1, 8, 12, 16, 24, 31, 32, 33, 48, 64, 127, 128,
                 self.chance.randrange(129))))
        network = ipaddress.ip_network((address, length), strict=False)
        self.networks.append(network)
        text = spelt(self.chance, network.network_address)
        whole = length == bits and self.chance.random() < 0.7
        form = "%s" if whole else "%s/%d"
        if brackets and (bits == 128 or self.chance.random() < 0.2):
            form = "[%s]" if whole else self.chance.choice(
                ("[%s]/%d", "[%s/%d]"))
        return form % ((text, length) if "%d" in form else (text,))

    def has_name(self, name):
        """has_name - can a table permit a client because of this name?"""
        name = name.lower()
        return any(("." + name).endswith("." + key) or
                   key == "bad" and key in name for key in self.names)

    def negated(self, text):
        return self.chance.choice(("", "", "", "!", "!!")) + text

    def entry(self, depth=0):
        """entry - with its "!" """
        kind = self.chance.random()
        if kind < 0.6:
            return self.negated(self.network(True))
        if kind < 0.75 and depth < 2:
            lines = [self.entry(depth + 1)
                     for _ in range(self.chance.randrange(4))]
            lines.insert(0, self.chance.choice(("", "# a comment", " ")))
            if self.chance.random() < 0.3:      # two lines, or one
                lines.append("\t" + self.entry(depth + 1))
            return self.negated(self.file(lines))
        return self.negated(self.table())

    def table(self):
        """table - type:name"""
        keys = sorted({self.chance.choice((
            str(near(self.chance)), self.chance.choice(NAMES), "10.1.2"))
            for _ in range(3)})
        kind = self.chance.randrange(7)
        if kind in (2, 3):
            self.names.update(set(keys) & set(NAMES))
        if kind == 0:
            return "cidr:{%s}" % ", ".join(
                "{%s%s x}" % (self.chance.choice(("", "", "!")),
                              self.network(False)) for _ in range(2))
        if kind == 1:
            return "cidr:" + self.file([self.network(False) + " x"
                                        for _ in range(3)])
        if kind == 2:
            return "texthash:" + self.file([key + " x" for key in keys])
        if kind == 3:
            return "inline:{%s}" % ", ".join("{%s = x}" % key for key in keys)
        if kind == 4:
            pattern = self.chance.choice(("/^10[.]/", "!/^10[.]|[g-z]/", "/:/",
                                          "/bad/", "/^1.*1/"))
            if "bad" in pattern:
                self.names.add("bad")
            return "%s:{{%s x}}" % (self.chance.choice(("regexp", "pcre")),
                                    pattern)
        return self.chance.choice(("static:x", "fail:x", "static:x",
                                   "cidr:/no-such/file"))


def judged_by_postfix(made, port):
    """judged_by_postfix - each client's verdict"""
    found = []
    with Session(port) as session:
        session.reply()
        for address, name in made.clients:
            session.send("XCLIENT ADDR=%s%s NAME=%s" % (
                "IPV6:" if address.version == 6 else "", address,
                "[UNAVAILABLE]" if name == "unknown" else name),
                "EHLO client.example")
        for address, _ in made.clients:
            said = session.reply()
            assert said.startswith("220"), (made.text, address, said)
            said = session.reply()
            found.append(ANSWERS.get(said[:3], said))
    return found


def read(path):
    """read - a file"""
    with open(path) as lines:
        return lines.read()


def queried(program, lists, config):
    """queried - what policyd -q says of the clients of each: status, output,
    errors"""
    paths = []
    for made in lists:
        path = os.path.join(made.directory, "%d.conf" % made.number)
        paths.append(path)
        with open(path, "w") as out:
            out.write(CONFIGURATION % (config, made.text))
        with open(path + ".in", "w") as out:
            out.write("".join(REQUEST % (address, name, name)
                              for address, name in made.clients))
    helper = os.path.join(os.path.dirname(program), "t", "many_queries")
    done = subprocess.run([helper, *paths], text=True, check=True,
                          stdout=subprocess.PIPE)
    found = [(int(status), read(path + ".out"), read(path + ".err"))
             for path, status in zip(paths, done.stdout.split())]
    # The program itself says the same.
    with open(paths[-1] + ".in") as requests:
        done = subprocess.run([program, "-q", "-c", paths[-1]], text=True,
                              capture_output=True, stdin=requests, check=False)
    assert found[-1] == (done.returncode, done.stdout, done.stderr), (
        lists[-1].text, found[-1], done)
    return found


def verdicts_of(status, output, errors):
    """verdicts_of - what policyd -q printed; or why it does not load the
    list"""
    if status != 0:
        return None, errors
    return [ANSWERS.get(action, action) for action in
            re.findall(r"^action=\w+", output, re.MULTILINE)], None


def judge_list(made, want, said, counts):
    """judge_list - how many differences"""
    got, why = said
    if got is None:
        counts["not loaded"] += 1
        if made.bad and ": mynetworks: " in why:
            return 0
        print("list %d: %r: does not load: %s" % (made.number, made.text, why))
        return 1
    if made.bad:
        print("list %d: %r is loaded" % (made.number, made.text))
        return 1
    counts.update(want)
    wrong = [each for each in zip(made.clients, want, got)
             if each[1] != each[2] and
             not (each[1] == "permit" and made.has_name(each[0][1]))]
    for (address, name), postfix, policyd in wrong[:SHOWN]:
        print("list %d: %r: %s %s: Postfix: %s, policyd: %s" % (
            made.number, made.text, address, name, postfix, policyd),
            flush=True)
    assert len(want) == len(got), (made.text, got)
    return len(wrong)


def batches(numbers):
    """batches - of BATCH"""
    numbers = iter(numbers)
    while batch := list(itertools.islice(numbers, BATCH)):
        yield batch


def shown(lists, counts, bad):
    """shown - how much was compared"""
    clients = sum(counts[verdict] for verdict in ("permit", "reject", "defer"))
    return "%d lists, %d clients: %s; %d differences" % (
        lists, clients, ", ".join(
            "%s %d" % pair for pair in sorted(counts.items())), bad)


def judge_batch(program, postfix, lists, ports, config, counts):
    """judge_batch - how many differences, of as many lists as there are
    ports"""
    shutil.copy(os.path.join(config, "master.cf"), postfix.config)
    with open(os.path.join(postfix.config, "master.cf"), "a") as out:
        for made, port in zip(lists, ports):
            out.write("127.0.0.1:%d inet n - n - - smtpd\n"
                      "    -o { mynetworks = %s }\n" % (port, made.text))
    settle(postfix.config)
    postfix.start()
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        said = [pool.submit(queried, program, part, config)
                for part in (lists[:BATCH // 2], lists[BATCH // 2:]) if part]
        verdicts = list(pool.map(judged_by_postfix, lists, ports))
        found = [each for part in said for each in part.result()]
    bad = sum(judge_list(made, want, verdicts_of(*got), counts)
              for made, want, got in zip(lists, verdicts, found))
    postfix.stop()
    return bad


def judge(program, postfix):
    """judge - all lists"""
    counts = collections.Counter()
    bad = 0
    directory = postfix.path("lists")
    postfix.set("smtpd_relay_restrictions=", "smtputf8_enable=yes",
                "smtpd_authorized_xclient_hosts=static:all",
                "smtpd_client_connection_count_limit=0",
                "smtpd_client_event_limit_exceptions=",
                "smtpd_delay_reject=no",
                "smtpd_helo_restrictions=permit_mynetworks, reject",
                "smtpd_recipient_restrictions=reject")
    # What policyd reads has none of those services.
    config = shutil.copytree(postfix.config, postfix.path("asked"))
    ports = [free_port() for _ in range(BATCH)]
    for batch in batches([int(ONLY)] if ONLY else range(COUNT)):
        os.mkdir(directory)
        bad += judge_batch(program, postfix,
                           [List(number, directory) for number in batch],
                           ports, config, counts)
        shutil.rmtree(directory)
        if batch[-1] % 1000 == 999:
            print(shown(batch[-1] + 1, counts, bad), flush=True)
    print(shown(1 if ONLY else COUNT, counts, bad))
    if not ONLY:
        assert min(counts[each] for each in ("permit", "reject")) > \
            COUNT, counts
    return bad


if __name__ == "__main__":
    raise SystemExit(count_differences(judge))
