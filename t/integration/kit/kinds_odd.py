# SPDX-License-Identifier: ISC
"""More kinds of Postfix (kit/kinds.py): what few have, and what is written in
another way than usual."""

from kit.kinds import AMAVIS, BASE, DEBIAN, SMTP, SUBMISSION, USERS

ODD = {
    "recipient list only, level 0": (
        """myhostname = mail.example.com
mydestination = localhost, example.com
mynetworks = 127.0.0.0/8
smtpd_use_tls = yes
smtpd_sasl_auth_enable = yes
smtpd_recipient_restrictions = permit_mynetworks,
  permit_sasl_authenticated,
  reject_unauth_destination
""", "smtp inet n - - - - smtpd\nsubmission inet n - - - - smtpd\n"
        "  -o smtpd_enforce_tls=yes\n"
        "  -o smtpd_client_restrictions=permit_sasl_authenticated,reject\n"),
    "both lists": (
        BASE + USERS + """smtpd_relay_restrictions =
  permit_mynetworks,
# users
  permit_sasl_authenticated,
  reject_unauth_destination
smtpd_recipient_restrictions =
  permit_mynetworks, permit_sasl_authenticated,
  reject_unknown_sender_domain, reject_unauth_destination
""", SMTP + SUBMISSION),
    "braces": (
        BASE + USERS + DEBIAN, SMTP + """submission inet n - y - - smtpd
  -o { smtpd_tls_security_level = encrypt }
  -o {smtpd_relay_restrictions=permit_sasl_authenticated, reject}
  -o { smtpd_client_restrictions = check_client_access
     cidr:@D@/etc/clients, permit }
"""),
    "a dangling -o": (
        BASE + USERS + DEBIAN,
        SMTP + "submission inet n - y - - smtpd\n"
        "  -o smtpd_tls_security_level=encrypt\n  -o\n"),
    "an option in one word": (
        BASE + USERS + DEBIAN,
        SMTP + "submission inet n - y - - smtpd\n"
        "  -osmtpd_tls_security_level=encrypt\n"),
    "an option in one word elsewhere": (
        BASE + USERS + DEBIAN,
        SMTP + "slow unix - - n - 1 smtp -osmtp_helo_timeout=5\n"),
    "verbose": (
        BASE + USERS + DEBIAN, SMTP.replace("smtpd\n", "smtpd -v -v\n") +
        "submission inet n - y - - smtpd -vv -o syslog_name=x\n"),
    "clients refused": (
        BASE + USERS + DEBIAN +
        "smtpd_client_restrictions = permit_mynetworks, reject\n", SMTP),
    "mynetworks_style": (
        BASE.replace("mynetworks = 127.0.0.0/8\n", "") + USERS + DEBIAN +
        "mynetworks_style = host\n", SMTP + SUBMISSION),
    "an IPv6 address without brackets": (
        BASE + "mynetworks = 127.0.0.0/8, ::1\n" + USERS + DEBIAN,
        SMTP + SUBMISSION),
    "a word outside of the options": (
        BASE + USERS + DEBIAN, SMTP + """submission inet n - y - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_relay_restrictions=permit_sasl_authenticated, reject
"""),
    "mynetworks in a file": (
        BASE + USERS + DEBIAN + "mynetworks = 127.0.0.1/32 @D@/etc/networks\n",
        SMTP + SUBMISSION),
    "mynetworks in a table": (
        BASE + USERS + DEBIAN +
        "mynetworks = 127.0.0.1/32, cidr:@D@/etc/clients\n",
        SMTP + SUBMISSION),
    "mynetworks in a hash table": (
        BASE + USERS + DEBIAN +
        "mynetworks = 127.0.0.1/32, hash:@D@/etc/relay_domains\n",
        SMTP + SUBMISSION),
    "tcp and socketmap": (
        BASE + USERS + DEBIAN +
        "virtual_mailbox_domains = socketmap:unix:/run/map:domains\n"
        "relay_domains = tcp:127.0.0.1:9\n"
        "virtual_alias_maps = tcp:127.0.0.1:9\n", SMTP + SUBMISSION),
    "return on all addresses": (
        BASE + USERS + DEBIAN +
        "content_filter = scan:127.0.0.1:10024\n",
        SMTP + SUBMISSION + """scan unix - - n - 10 smtp
0.0.0.0:10025 inet n - n - - smtpd
  -o content_filter=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
"""),
    "return by a name": (
        BASE + USERS + DEBIAN + "content_filter = scan:localhost:10024\n",
        SMTP + SUBMISSION + """scan unix - - n - 10 smtp
localhost:10025 inet n - n - - smtpd
  -o content_filter=
  -o smtpd_relay_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject_unauth_destination
"""),
    "return by transport_maps": (
        BASE + USERS + DEBIAN +
        "transport_maps = inline:{loop.example=smtp:[127.0.0.1]:10030}\n",
        SMTP + SUBMISSION + """127.0.0.1:10030 inet n - n - - smtpd
  -o smtpd_relay_restrictions=permit_mynetworks,reject
"""),
    "return without a list of its own": (
        BASE + USERS + DEBIAN + "content_filter = scan:[127.0.0.1]:10024\n",
        SMTP + SUBMISSION + """scan unix - - n - 10 smtp
127.0.0.1:10025 inet n - n - - smtpd
  -o content_filter=
"""),
    "backup MX, domains in a table": (
        BASE + "relay_domains = hash:@D@/etc/relay_domains\n"
        "relay_recipient_maps =\n"
        "smtpd_relay_restrictions = permit_mynetworks, "
        "reject_unauth_destination\n", SMTP),
    "other names of submissions": (
        BASE + USERS + DEBIAN, SMTP + "".join(
            "%s inet n - n - - smtpd\n  -o smtpd_tls_wrappermode=yes\n"
            "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
            % name for name in ("ssmtp", "submissions", "10465"))),
    "webmail's own": (
        BASE + USERS + DEBIAN,
        SMTP + """127.0.0.1:10588 inet n - n - - smtpd
  -o smtpd_tls_auth_only=no
  -o smtpd_tls_security_level=none
  -o smtpd_relay_restrictions=permit_mynetworks,permit_sasl_authenticated,reject
"""),
    "refusals at once": (
        BASE + USERS + DEBIAN + """smtpd_delay_reject = no
smtpd_helo_required = yes
smtpd_client_restrictions = permit_mynetworks, permit_sasl_authenticated
smtpd_helo_restrictions = permit_mynetworks, reject_invalid_helo_hostname
smtpd_reject_unlisted_recipient = no
""", SMTP + SUBMISSION),
    "refusals at once, users only": (
        BASE + USERS + DEBIAN + "smtpd_delay_reject = no\n",
        SMTP + """submission inet n - y - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=permit_sasl_authenticated,reject
"""),
    "a table that opens": (
        BASE + USERS + """smtpd_relay_restrictions =
smtpd_recipient_restrictions = permit_mynetworks,
  check_recipient_access inline:{far.example=OK}, reject_unauth_destination
""", SMTP),
    "a table that permits all": (
        BASE + USERS + """smtpd_relay_restrictions = permit_mynetworks,
  check_client_access static:OK, reject_unauth_destination
""", SMTP),
    "an open relay": (
        BASE + USERS + """smtpd_relay_restrictions = permit_mynetworks,
  permit_sasl_authenticated, permit
smtpd_recipient_restrictions = permit_auth_destination, permit
""", SMTP),
    "AUTH without TLS": (
        BASE + DEBIAN + """smtpd_sasl_auth_enable = yes
smtpd_tls_auth_only = no
""", SMTP + "submission inet n - y - - smtpd\n"),
    "no plaintext passwords": (
        BASE + DEBIAN + """smtpd_sasl_auth_enable = yes
smtpd_sasl_security_options = noanonymous, noplaintext
smtpd_sasl_tls_security_options = noanonymous
""", SMTP + SUBMISSION),
    "no AUTH for some": (
        BASE + USERS + DEBIAN +
        "smtpd_sasl_exceptions_networks = $mynetworks, 203.0.113.0/24\n",
        SMTP + SUBMISSION),
    "no passwords at all": (
        BASE + USERS + DEBIAN +
        "smtpd_sasl_security_options = noanonymous, noplaintext\n",
        SMTP + SUBMISSION),
    "a key of another certificate": (
        BASE + USERS + DEBIAN +
        "smtpd_tls_cert_file = @D@/tls/server.pem\n"
        "smtpd_tls_key_file = @D@/tls/client.key\n", SMTP + SUBMISSION),
    "a certificate that is none": (
        BASE + USERS + DEBIAN +
        "smtpd_tls_cert_file = @D@/etc/main.cf\n"
        "smtpd_tls_key_file = $smtpd_tls_cert_file\n", SMTP + SUBMISSION),
    "certificates of clients": (
        BASE + USERS + """smtpd_tls_ask_ccert = yes
relay_clientcerts = inline:{AA:BB=x}
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
  reject_unauth_destination
""", SMTP + """submission inet n - y - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_req_ccert=yes
  -o smtpd_relay_restrictions=permit_tls_clientcerts,reject
"""),
    "classes in classes": (
        BASE + USERS + """smtpd_restriction_classes = users, outside
users = permit_sasl_authenticated, outside
outside = reject_unauth_destination
smtpd_relay_restrictions = permit_mynetworks users
smtpd_recipient_restrictions = check_sender_access inline:{x=users}
""", SMTP + SUBMISSION.replace("permit_sasl_authenticated,reject", "users")),
    "a class that is not set": (
        BASE + USERS + DEBIAN +
        "smtpd_restriction_classes = greylist\n", SMTP + SUBMISSION),
    "conditions": (
        BASE + USERS + """users_only = yes
smtpd_relay_restrictions = permit_mynetworks
  ${users_only?permit_sasl_authenticated}
  ${nobody?{permit}:{reject_unauth_destination}}
""", SMTP + SUBMISSION),
    "upper case": (
        BASE + USERS + "smtpd_relay_restrictions = PERMIT_MYNETWORKS, "
        "Permit_SASL_Authenticated, Reject_Unauth_Destination\n",
        SMTP + SUBMISSION),
    "old names": (
        BASE + USERS + """smtpd_relay_restrictions = permit_mynetworks,
  permit_sasl_authenticated, check_relay_domains
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated,
  reject_unknown_hostname, reject_invalid_hostname, reject_unauth_destination
""", SMTP + SUBMISSION),
    "comments in the middle": (
        """# a comment
compatibility_level = 3.6
	# with an indent
myhostname = mail.example.com
mydestination =
# one
	localhost,
# two
	example.com
mynetworks = 127.0.0.0/8
smtpd_tls_security_level = may
smtpd_sasl_auth_enable = yes
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated
	reject_unauth_destination
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated
	defer_unauth_destination
""", "# comments\n#smtps inet n - y - - smtpd\n" + SMTP +
        "# more\n  -o syslog_name=postfix/smtp\n#  -o x=y\n"
        "  -o smtpd_tls_auth_only=yes\n" + SUBMISSION),
    "warn_if_reject and soft_bounce": (
        BASE + USERS + """soft_bounce = yes
smtpd_relay_restrictions = permit_mynetworks,
  permit_sasl_authenticated, warn_if_reject reject_unauth_destination,
  defer_unauth_destination
smtpd_recipient_restrictions = warn_if_reject, reject_unknown_helo_hostname
""", SMTP + SUBMISSION),
    "loopback only, two ports": (
        BASE + USERS + DEBIAN + "inet_interfaces = loopback-only\n",
        SMTP + SUBMISSION),
    "mail for one interface": (
        BASE + USERS + DEBIAN +
        "inet_interfaces = 192.168.1.5, 127.0.0.1\n", SMTP + SUBMISSION),
    "no port at all": (BASE + "smtpd_relay_restrictions = reject\n",
                       "pickup unix n - y 60 1 pickup\n"),
    "retired: everything refused": (
        BASE + "smtpd_relay_restrictions = reject\n"
        "smtpd_recipient_restrictions = reject\n", SMTP),
    "default transport refuses": (
        BASE + DEBIAN + "default_transport = error:no mail leaves\n", SMTP),
    "milter that must answer": (
        BASE + USERS + DEBIAN + "smtpd_milters = unix:run/opendkim.sock\n"
        "milter_default_action = tempfail\n", SMTP + SUBMISSION),
    "amavis, LMTP and 10026": (
        BASE + USERS + DEBIAN +
        "content_filter = amavis:[127.0.0.1]:10024\n",
        SMTP + SUBMISSION + "  -o content_filter=amavis:[127.0.0.1]:10026\n"
        "amavis unix - - n - 2 lmtp\n" + AMAVIS.split("\n", 2)[2] +
        AMAVIS.split("\n", 2)[2].replace("10025", "10027")),
    "another policy server everywhere": (
        BASE + USERS + """smtpd_client_restrictions =
  check_policy_service { inet:127.0.0.1:9998, timeout=3s, default_action=DUNNO }
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
  check_policy_service inet:127.0.0.1:9998, reject_unauth_destination
""", SMTP + SUBMISSION),
}
