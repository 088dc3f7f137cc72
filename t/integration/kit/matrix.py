# SPDX-License-Identifier: ISC
"""Sessions with the smtpd ports of a Postfix, one for each way of asking."""

import os
import re

from kit.postfix import PASSWORD, USER
from kit.smtp import CLOSED, NO_TLS, Session, auth_plain, tls_context, verdict

SEED = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir,
                    os.pardir, "data", "seed_matrix.reference.tsv")
SEED_ROWS = 1046
BUILT_IN = "permit_auth_destination, permit_sasl_authenticated, reject"
PORTS = {
    "A": {"smtpd_tls_security_level": "may"},
    "B": {"smtpd_tls_security_level": "encrypt"},
    "C": {"smtpd_tls_security_level": "encrypt",
          "smtpd_tls_wrappermode": "yes"},
    "D": {"smtpd_tls_security_level": "encrypt",
          "smtpd_sasl_security_options": ""},
}
LOGINS = {
    "good": auth_plain(USER, PASSWORD),
    "bad": auth_plain(USER, "wrong-password"),
    "anonymous": "AUTH ANONYMOUS dHJhY2U=",
}

# Recipients beyond those of the recording; as in RCPT TO:.
RECIPIENTS = r"""
<user@localhost>
<user@localhost.local.test>
<user@sub.localhost>
<user@sub.vmail.test>
<user@sub.valias.test>
<user@sub.sub.relay.test>
<user@.relay.test>
<user@xrelay.test>
<user@relay.test.remote.example>
<user@test>
<USER@RELAY.TEST>
<user@ReLay.TeSt.>
<user@relay.test..>
<user@local.test..>
<user@VMAIL.test.>
<user@127.0.0.1>
<user@10.9.8.7>
<user@[127.0.0.01]>
<user@[0177.0.0.1]>
<user@[0127.0.0.1]>
<user@[127.0.0.2]>
<user@[127.0.0.1>
<user@[IPv6:::1]>
<user@[ipv6:0:0::1]>
<user@[IPv6:::ffff:127.0.0.1]>
<user@[::1]>
<user@[local.test]>
<user@[]>
<user%relay.test@local.test>
<user%vmail.test@local.test>
<user%relay.test@relay.test@local.test>
<user%local.test%relay.test@[127.0.0.1]>
<user%local.test%remote.example@local.test>
<user%local.test@remote.example>
<user%local.test@relay.test>
<user%relay.test@relay.test>
<user%remote.example@vmail.test>
<user%remote.example@valias.test>
<user%remote.example@sub.relay.test>
<user%remote.example@[127.0.0.1]>
<user%remote.example@localhost>
<user%remote.example.@local.test.>
<user%remote.example@>
<user%relay.test>
<user%>
<"user%remote.example"@local.test>
<user@remote.example%local.test>
<user@local.test%remote.example>
<user@remote.example@relay.test>
<user@remote.example@vmail.test>
<user@local.test@vmail.test>
<user@local.test@local.test>
<user@relay.test@local.test>
<user@local.test@remote.example>
<user@valias.test@remote.example>
<user@remote.example@[127.0.0.1]>
<user@relay.test@>
<user@remote.example@>
<user\@remote.example@local.test>
<"user@local.test"@remote.example>
<"@remote.example:user"@local.test>
<relay.test!user>
<remote.example!user>
<local.test!user>
<local.test!relay.test!user>
<local.test!remote.example!user>
<remote.example!local.test!user>
<local.test!user%remote.example>
<remote.example!user@relay.test>
<hey!you@relay.test>
<a!b!c@local.test>
<"remote.example!user"@local.test>
<!user>
<user!>
<@a.example,@b.example:user@local.test>
<@a.example,@b.example:user@remote.example>
<@a:@b:user@remote.example>
<@local.test:user%remote.example@local.test>
<user@local.test (x) <user@remote.example>>
<user(comment)@local.test>
<user(@local.test>
<"first last"@local.test>
<user@"local.test">
<user@"\"local.test\"">
<user@"relay . test">
<user@ local.test>
< user@local.test >
<@local.test>
<""@relay.test>
<@remote.example>
<@>
<>
<user|x@relay.test>
<user=x@local.test>
<user;x@local.test>
<user:x@local.test>
<user,x@local.test>
<user/../x@local.test>
<user+tag@local.test>
<user+tag@remote.example>
<-user@local.test>
<-user@remote.example>
<remote.example!-user@local.test>
<POSTMASTER>
<"postmaster">
<postmaster@local.test>
<postmaster@remote.example>
<postmaster%remote.example>
<double-bounce@mail.local.test>
<double-bounce@remote.example>
<us\x01er@local.test>
<us\terr@remote.example>
<us\xfferr@local.test>
<usér@local.test>
<usér@remote.example>
<user@bücher.test>
<user@xn--bcher-kva.test>
<user@local.teſt>
<user@RELAY.teſt>
<user@ＬＯＣＡＬ.test>
<user@local。test>
<user＠remote.example>
<user％remote.example@local.test>
user@local.test
user@remote.example
user
"""


def recipients():
    """recipients - RECIPIENTS with its escapes, and two long ones"""
    def byte(match):
        value = int(match.group(1), 16)
        return chr(value) if value < 128 else chr(0xDC00 + value)
    for line in RECIPIENTS.split("\n"):
        if line:
            yield re.sub(r"\\x([0-9a-f]{2})", byte, line.replace(r"\t", "\t"))
    yield "<%s@local.test>" % ("x" * 900)
    yield "<%s@remote.example>" % ("%local.test" * 80)


class Player:
    """Plays rows against the smtpd ports of one way of asking."""

    def __init__(self, postfix, restrictions, chroot):
        self.postfix = postfix
        self.ports = {}
        self.contexts = {}
        common = {"smtpd_client_restrictions": restrictions,
                  "smtpd_recipient_restrictions": restrictions}
        for name, options in PORTS.items():
            self.ports[name] = postfix.port(chroot, **options, **common)
        self.plain = postfix.port(chroot, smtpd_tls_security_level="may",
                                  smtpd_tls_auth_only="no", **common)
        for version in "TLSv1.2", "TLSv1.3":
            for owner in "", "client", "selfsigned":
                self.contexts[version, owner] = tls_context(
                    version, postfix.path("tls", "ca.pem"),
                    owner and postfix.path("tls", owner))

    # Part 1: the recording.

    def play(self, row):
        """play - one row of the recording; the same text as its steps"""
        port, tls, login, label, rcpt, _, steps = row
        names = [step.split("=", 1)[0] for step in steps.split(" | ")]
        script = Script(label, rcpt, login)
        done = []
        with Session(self.ports[port]) as session:
            owner = label.split("-")[1] if label.startswith("cert-") else ""
            context = self.contexts.get((tls, owner))
            if port == "C" and tls == "plain":
                session.send("EHLO client.example")
            for name in names:
                reply = script.step(session, name, context)
                done.append("%s=%s" % (name, reply))
                if reply == CLOSED:
                    break
        return " | ".join(done)

    # Part 2: many recipients in one session.

    def login(self, session, port, tls, login):
        """login - from the connection to after AUTH; the replies"""
        context = self.contexts.get((tls, ""))
        replies = []
        if port == "C":
            if not context:
                session.send("EHLO client.example")
                return [session.reply()]
            session.starttls(context)
        replies.append(session.reply())
        replies.append(session.ask("EHLO client.example"))
        if port != "C" and context:
            replies.append(session.ask("STARTTLS"))
            session.starttls(context)
            replies.append(session.ask("EHLO client.example"))
        if login != "none":
            replies.append(session.ask(LOGINS[login]))
        return [verdict(reply) for reply in replies]

    def survey(self, port, tls, login, every):
        """survey - {(port, tls, login, command): verdict}"""
        found = {}
        with Session(self.ports[port]) as session:
            found[port, tls, login, "login"] = " ".join(
                self.login(session, port, tls, login))
            for number, rcpt in enumerate(recipients()):
                if number % every:
                    continue
                vrfy = session.ask("VRFY " + rcpt)
                session.ask("MAIL FROM:<sender@client.example>")
                reply = session.ask("RCPT TO:" + rcpt)
                session.ask("RSET")
                found[port, tls, login, "VRFY " + rcpt] = verdict(vrfy)
                found[port, tls, login, "RCPT " + rcpt] = verdict(reply)
        return found


class Script:
    """What the steps of the recording send."""

    def __init__(self, label, rcpt, login):
        self.label = label
        self.login = login
        self.rcpts = rcpt.split(" ") if label == "several" else [rcpt]
        self.sent = False

    def mail(self):
        """mail - the MAIL command"""
        sender, more = "sender@client.example", ""
        if self.label == "null-sender":
            sender = ""
        elif self.label == "our-sender":
            sender = "user@local.test"
        elif self.label == "literal-sender":
            sender = "user@[10.9.8.7]"
        elif self.label == "size":
            more = " SIZE=1000"
        elif self.label.startswith("utf8-"):
            more = " SMTPUTF8"
        return "MAIL FROM:<%s>%s" % (sender, more)

    def command(self, name):
        """command - the text of the step called name"""
        number = int(re.search(r"\d*$", name).group(0) or 1)
        word = name.rstrip("0123456789")
        if word in ("EHLO", "HELO"):
            return word + " client.example"
        if word == "MAIL":
            return self.mail()
        if word == "RCPT":
            first = "<user@local.test>"
            if self.label == "second-message" and number == 1:
                return "RCPT TO:" + first
            return "RCPT TO:" + self.rcpts[min(number, len(self.rcpts)) - 1]
        if word == "AUTH-LOGIN":
            return "AUTH LOGIN"
        if word == "AUTH":
            if self.label == "auth-cancelled":
                return "AUTH PLAIN"
            if self.label == "auth-after-mail":
                return LOGINS["good"]
            if self.label == "bad-then-good" and number == 2:
                return LOGINS["good"]
            return LOGINS[self.login]
        if word in ("VRFY", "ETRN"):
            return "%s %s" % (word, self.rcpts[0])
        if word == "DOT":
            return "Subject: test\r\n\r\ntext\r\n."
        if word == "BDAT":
            return "BDAT 17 LAST\r\nSubject: bdat\r\n"
        return word             # STARTTLS, DATA, RSET, QUIT, *

    def step(self, session, name, context):
        """step - do it; the reply, made comparable"""
        if name == "TLS":
            try:
                return "1 " + session.starttls(context)
            except ConnectionError:
                return NO_TLS
        if name == "BANNER":
            reply = session.reply()
            return reply if reply == CLOSED else reply[:4] + "banner"
        if not (self.sent and name in ("RCPT", "DATA")):
            self.send(session, name)
        return normal(session.reply())

    def send(self, session, name):
        """send - the step's command; some labels send several at once"""
        commands = [self.command(name)]
        if name == "MAIL" and self.label == "pipelined":
            commands += [self.command("RCPT"), "DATA"]
            self.sent = True
        if name == "DATA" and self.label == "bad-pipelining":
            commands += ["Subject: too early", "", ".", "QUIT"]
        session.send(*commands)


def normal(reply):
    """normal - a reply as the recording writes it"""
    lines = reply.split("\n")
    if lines[0][4:].startswith("mail.local.test"):      # EHLO and HELO
        found = {line[4:].split(" ")[0] for line in lines}
        return " ".join([reply[:3]] + [
            word for word in ("STARTTLS", "AUTH") if word in found])
    reply = re.sub(r"queued as \w+$", "queued as ID", lines[-1])
    return reply.rstrip()


def seed_rows():
    """seed_rows - of the recording"""
    with open(SEED, encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines
                if not line.startswith("#")]
    assert len(rows) == SEED_ROWS, "rows in %s: %d" % (SEED, len(rows))
    return rows
