# SPDX-License-Identifier: ISC
"""The AppArmor profile, against what the installed program does. Tests of
t/package/run."""

import apparmor
from built import staged
from packages import made, run
from scratch import Scratch
from steps import QUEUE, copy_in, start_postfix


def test_apparmor(build):
    """the profile is one, and is for the program that is installed"""
    with staged(build) as directory:
        profile = directory + "/usr/share/apparmor/extra-profiles/policyd"
        run("apparmor_parser", "--skip-kernel-load", "--skip-cache", profile)
        with open(profile) as file:
            assert "\nprofile policyd /usr/sbin/policyd {\n" in file.read()


# What policyd is seen doing, started as root, when it does most: each way of
# calling it, and a daemon that answers, reloads, and stops.
TRACED = """
mkdir /tmp/traces
cd /tmp/traces
mv /etc/policyd/policyd.conf /root
strace='strace -f -qq -y -s 4096 -e signal=none -e trace=%s'
$strace -o init policyd --init >/dev/null
cat /root/policyd.conf >/etc/policyd/policyd.conf
printf '%%s\\n' 'log = "syslog"' 'metrics "inet:127.0.0.1:9154" { }' \
    'capture = "/var/lib/policyd"' 'rate "login" { limit = "9/1h" }' \
    'store "unix:/run/redis/redis.sock" { }' >>/etc/policyd/policyd.conf
$strace -o check policyd -t
$strace -o dump policyd -T >/dev/null
$strace -o ask policyd -q to=user@far.example port=25 >/dev/null
$strace -o look policyd -P >/dev/null || test $? = 1
echo 'Nov 24 15:01:00 host postfix/smtpd[1]: connect from a[192.0.2.1]' |
    gzip >/var/log/mail.log.2.gz
$strace -o replay policyd -q --replay /var/log/mail.log.2.gz >/dev/null ||
    test $? = 66    # it has no mail
$strace -o rates policyd -r >/dev/null 2>&1 || test $? = 75
$strace -o daemon policyd -d &
while ! [ -s /run/policyd.pid ]; do sleep 0.05; done
cat >ask.py <<'EOF'
import socket
with socket.socket(socket.AF_UNIX) as peer:
    peer.connect("/var/spool/postfix/private/policyd")
    peer.sendall(b"request=smtpd_access_policy\\nprotocol_state=RCPT\\n"
                 b"recipient=user@far.example\\n\\n")
    assert peer.recv(512).startswith(b"action=554 ")
EOF
python3 ask.py
server=$(ps --ppid $(cat /run/policyd.pid) -o pid=)
$strace -o reload policyd --reload >/dev/null
$strace -o status policyd --status >/dev/null || test $? = 1 # no store
timeout 30 sh -c "while ps -p $server >/dev/null; do sleep 0.05; done"
python3 ask.py
kill $(cat /run/policyd.pid)
wait
rm ask.py
cat *
"""


def test_apparmor_complete(build):
    """every file that policyd opens, makes, runs or connects to is allowed by
    the profile"""
    with Scratch() as scratch:
        start_postfix(scratch)
        scratch.run("dpkg", "-i", copy_in(scratch, made().deb()))
        scratch.shell("""
            printf 'partner.example x\\n' >/etc/postfix/relay
            postmap lmdb:/etc/postfix/relay
            postconf -e relay_domains=lmdb:/etc/postfix/relay""")
        seen = apparmor.done(scratch.shell(TRACED % apparmor.CALLS))
        profile = apparmor.Profile(scratch.outside(
            "/usr/share/apparmor/extra-profiles/policyd"))
        print("%d files" % len(seen))
        wanted = {path for path, _ in seen}
        for path in (QUEUE, "/etc/postfix/main.cf", "/run/policyd.pid",
                     "/var/log/mail.log.2.gz",
                     "/usr/sbin/postconf", "/usr/sbin/postmap"):
            assert path in wanted, "policyd was not seen to need " + path
        refused = sorted("%s %s: %s" % (path, need, line)
                         for (path, need), line in seen.items()
                         if not profile.allows(path, need))
        assert not refused, "\n".join(refused)
        # A connection that fails is not seen.
        assert profile.allows("/run/redis/redis.sock", "w")
        assert not profile.allows("/etc/shadow", "r")
        assert not profile.allows("/etc/policyd/relay_domains", "w")
