# SPDX-License-Identifier: ISC
"""Real kinds of Postfix, as their documentation or their package sets them up:
main.cf and master.cf of each. @D@ is a private directory. Databases and
programs that do not run here are tables of the same meaning, or may be
missing."""

SMTPD = "%s inet n - y - - smtpd\n"
SMTP = SMTPD % "smtp"
BASE = """compatibility_level = 3.6
myhostname = mail.example.com
mydestination = localhost, example.com
mynetworks = 127.0.0.0/8
smtpd_tls_security_level = may
"""
USERS = """smtpd_sasl_auth_enable = yes
smtpd_tls_auth_only = yes
"""
DEBIAN = """smtpd_relay_restrictions = permit_mynetworks,
  permit_sasl_authenticated, defer_unauth_destination
"""
SUBMISSION = """submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""
AMAVIS = """smtp-amavis unix - - n - 2 smtp
  -o smtp_data_done_timeout=1200
127.0.0.1:10025 inet n - n - - smtpd
  -o content_filter=
  -o smtpd_delay_reject=no
  -o smtpd_client_restrictions=permit_mynetworks,reject
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_relay_restrictions=permit_mynetworks,reject
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_data_restrictions=reject_unauth_pipelining
  -o smtpd_end_of_data_restrictions=
  -o mynetworks=127.0.0.0/8
  -o receive_override_options=no_header_body_checks,no_unknown_recipient_checks
"""

# Files beside main.cf that some of them name.
FILES = {"clients": "", "mailman": "", "networks": "192.0.2.0/24\n",
         "relay_domains": "example.com x\nbackup.example x\n"}

KINDS = {
    "ISPmail": (
        BASE + USERS + DEBIAN.replace("defer_", "reject_") +
        """smtpd_recipient_restrictions = reject_unauth_destination,
  check_policy_service unix:private/quota-status
virtual_mailbox_domains = inline:{isp.example=1}
virtual_alias_maps = inline:{x@isp.example=y@isp.example}
smtpd_sender_login_maps = inline:{john@isp.example=john@isp.example}
smtpd_milters = inet:127.0.0.1:11332
non_smtpd_milters = inet:127.0.0.1:11332
milter_default_action = accept
virtual_transport = lmtp:unix:private/dovecot-lmtp
""",
        SMTP + SUBMISSION +
        """  -o smtpd_sender_restrictions=reject_sender_login_mismatch
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
"""),
    "Mailcow": (
        BASE + USERS + """mynetworks = 127.0.0.0/8 [::1]/128 172.22.1.0/24
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
  defer_unauth_destination
smtpd_recipient_restrictions =
  check_recipient_mx_access inline:{x=REJECT}, permit_sasl_authenticated,
  permit_mynetworks, check_recipient_access inline:{bad@example.com=REJECT},
  reject_invalid_helo_hostname, reject_unauth_destination
smtpd_sender_restrictions = check_sasl_access inline:{x=REJECT},
  reject_authenticated_sender_login_mismatch, permit_mynetworks,
  permit_sasl_authenticated, reject_unlisted_sender,
  reject_unknown_sender_domain
postscreen_access_list = permit_mynetworks
virtual_mailbox_domains = inline:{cow.example=1}
relay_domains = inline:{relay.example=1}
""",
        """smtp inet n - n - 1 postscreen
smtpd pass - - n - - smtpd
  -o smtpd_helo_required=yes
10465 inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_upstream_proxy_protocol=haproxy
smtps inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_client_restrictions=permit_mynetworks,permit_sasl_authenticated,reject
  -o syslog_name=postfix/smtps
submission inet n - n - - smtpd
  -o smtpd_client_restrictions=permit_mynetworks,permit_sasl_authenticated,reject
  -o smtpd_enforce_tls=yes
  -o smtpd_tls_security_level=encrypt
588 inet n - n - - smtpd
  -o smtpd_client_restrictions=permit_mynetworks,permit_sasl_authenticated,reject
  -o smtpd_tls_auth_only=no
"""),
    "amavis and postgrey": (
        BASE + USERS + DEBIAN +
        """content_filter = smtp-amavis:[127.0.0.1]:10024
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated,
  reject_unauth_destination, check_policy_service inet:127.0.0.1:10023
""",
        SMTP + SUBMISSION + AMAVIS),
    "amavis, Ubuntu's short return": (
        BASE + USERS + DEBIAN +
        "content_filter = smtp-amavis:[127.0.0.1]:10024\n",
        SMTP + """smtp-amavis unix - - - - 2 smtp
127.0.0.1:10025 inet n - - - - smtpd
  -o content_filter=
  -o local_recipient_maps=
  -o relay_recipient_maps=
  -o smtpd_restriction_classes=
  -o smtpd_delay_reject=no
  -o smtpd_client_restrictions=permit_mynetworks,reject
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
"""),
    "proxy filter": (
        BASE + USERS + DEBIAN,
        """smtp inet n - n - 20 smtpd
  -o smtpd_proxy_filter=127.0.0.1:10024
  -o smtpd_client_connection_count_limit=10
127.0.0.1:10026 inet n - n - - smtpd
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
  -o smtpd_client_restrictions=
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_relay_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_data_restrictions=
  -o mynetworks=127.0.0.0/8
  -o receive_override_options=no_unknown_recipient_checks
"""),
    "filter by pipe, back by sendmail": (
        BASE + USERS + DEBIAN,
        """smtp inet n - n - - smtpd
  -o content_filter=spamassassin
spamassassin unix - n n - - pipe
  user=nobody argv=/usr/bin/spamc -e /usr/sbin/sendmail -oi -f ${sender}
""" + SUBMISSION),
    "relay host": (
        """compatibility_level = 3.6
myhostname = relay.example.com
mydestination =
mynetworks = 127.0.0.0/8 192.168.0.0/16
relayhost = [smtp.isp.example]:587
relay_domains = example.com
relay_transport = smtp:[10.0.0.5]
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
""", SMTP),
    "satellite": (
        """compatibility_level = 3.6
myhostname = web1.example.com
mydestination = localhost, web1.example.com, example.com
mynetworks = 127.0.0.0/8
relayhost = [mail.example.com]
inet_interfaces = loopback-only
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
  defer_unauth_destination
""", SMTP),
    "null client": (
        """compatibility_level = 3.6
myhostname = web2.example.com
mydestination =
relayhost = $mydomain
inet_interfaces = loopback-only
""", SMTP),
    "private submission": (
        BASE + USERS + DEBIAN,
        SMTP + "192.168.1.5:" + SUBMISSION),
    "private submission for the office": (
        BASE + USERS + DEBIAN +
        "mynetworks = 127.0.0.0/8 192.168.1.0/24\n",
        SMTP + """192.168.1.5:2525 inet n - n - - smtpd
  -o smtpd_relay_restrictions=permit_mynetworks,reject
"""),
    "submission on loopback, for webmail": (
        BASE + USERS + DEBIAN,
        SMTP + """127.0.0.1:2525 inet n - n - - smtpd
  -o smtpd_tls_security_level=none
  -o smtpd_tls_auth_only=no
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""),
    "webmail with a filter": (
        BASE + USERS + DEBIAN,
        SMTP + """127.0.0.1:2525 inet n - n - - smtpd
  -o content_filter=scan:[127.0.0.1]:10024
scan unix - - n - 10 smtp
"""),
    "postscreen": (
        BASE + USERS + DEBIAN +
        "postscreen_dnsbl_sites = zen.spamhaus.org\n"
        "postscreen_greet_action = enforce\n",
        """smtp inet n - y - 1 postscreen
smtpd pass - - y - - smtpd
dnsblog unix - - y - 0 dnsblog
tlsproxy unix - - y - 0 tlsproxy
""" + SUBMISSION),
    "Mailman": (
        BASE + USERS + DEBIAN +
        """relay_domains = lists.example.com, regexp:@D@/etc/mailman
transport_maps = inline:{lists.example.com=lmtp:[127.0.0.1]:8024}
local_recipient_maps =
""",
        SMTP + """mailman unix - n n - - pipe
  flags=FR user=nobody argv=/usr/lib/mailman/bin/postfix-to-mailman.py
""" + SUBMISSION),
    "access tables": (
        BASE + USERS +
        """smtpd_client_restrictions = permit_mynetworks,
  check_client_access cidr:@D@/etc/clients, permit_sasl_authenticated
smtpd_sender_restrictions = check_sender_access inline:{spam.example=REJECT}
smtpd_relay_restrictions = permit_mynetworks,
  check_client_access inline:{203.0.113.9=OK}, permit_sasl_authenticated,
  reject_unauth_destination
""", SMTP + SUBMISSION),
    "backup MX": (
        BASE + """smtpd_relay_restrictions = permit_mynetworks,
  permit_mx_backup, reject_unauth_destination
permit_mx_backup_networks = 203.0.113.0/24
relay_domains = $mydestination, backup.example
""", SMTP),
    "DNS lists": (
        BASE + USERS + DEBIAN +
        """smtpd_recipient_restrictions = permit_mynetworks,
  permit_sasl_authenticated, reject_non_fqdn_sender,
  reject_unknown_sender_domain, reject_unauth_destination,
  permit_dnswl_client list.dnswl.example, reject_rbl_client zen.example,
  reject_rhsbl_sender dbl.example
smtpd_helo_restrictions = permit_mynetworks, permit_sasl_authenticated,
  reject_invalid_helo_hostname, reject_unknown_helo_hostname
""", SMTP + SUBMISSION),
    "policyd-spf": (
        BASE + USERS + DEBIAN +
        """smtpd_recipient_restrictions = reject_unauth_destination,
  check_policy_service unix:private/policyd-spf
policyd-spf_time_limit = 3600s
""", SMTP + """policyd-spf unix - n n - 0 spawn
  user=nobody argv=/usr/bin/policyd-spf
""" + SUBMISSION),
    "spf in the relay list": (
        BASE + USERS +
        """smtpd_relay_restrictions = permit_mynetworks,
  permit_sasl_authenticated, reject_unauth_destination,
  check_policy_service unix:private/policy-spf
""", SMTP + """policy-spf unix - n n - - spawn
  user=nobody argv=/usr/bin/policyd-spf
"""),
    "LDAP": (
        BASE + USERS + DEBIAN +
        """virtual_mailbox_domains = ldap:/etc/postfix/ldap-domains.cf
virtual_alias_maps = ldap:/etc/postfix/ldap-aliases.cf
mydestination = localhost, example.com
""", SMTP + SUBMISSION),
    "chroot here and there": (
        BASE + USERS + DEBIAN,
        "smtp inet n - y - - smtpd\n" +
        SUBMISSION.replace("n - y", "n - n") +
        """smtps inet n - - - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""),
    "XCLIENT and XFORWARD": (
        BASE + DEBIAN +
        "smtpd_authorized_xclient_hosts = 10.0.0.2\n"
        "smtpd_authorized_xforward_hosts = 127.0.0.0/8\n", SMTP),
    "behind nginx": (
        BASE + USERS + DEBIAN +
        "smtpd_upstream_proxy_protocol = haproxy\n", SMTP + SUBMISSION),
    "SMTPUTF8 off": (
        BASE + USERS + DEBIAN + "smtputf8_enable = no\n", SMTP + SUBMISSION),
    "SMTPUTF8": (
        BASE + USERS + DEBIAN +
        "smtputf8_enable = yes\nmydestination = localhost, example.com, "
        "b\u00fccher.example\n", SMTP + SUBMISSION),
    "IPv6 only": (
        BASE + USERS + DEBIAN +
        "inet_protocols = ipv6\nmynetworks = [::1]/128 [fd00::]/8\n",
        "[::]:25 inet n - y - - smtpd\n" + SUBMISSION),
    "another port": (BASE + USERS + DEBIAN, SMTPD % "2525" + SUBMISSION),
    "465 by number": (
        BASE + USERS + DEBIAN,
        SMTP + """465 inet n - y - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
"""),
    "multi-instance": (
        BASE + USERS + DEBIAN +
        """multi_instance_enable = yes
multi_instance_name = postfix-out
multi_instance_group = mta
master_service_disable =
""", SMTP + SUBMISSION),
    "disabled multi-instance": (
        BASE + DEBIAN + "master_service_disable = inet\n", SMTP),
    "restriction classes": (
        BASE + USERS +
        """smtpd_restriction_classes = greylist, insiders
greylist = check_policy_service inet:127.0.0.1:10023
insiders = permit_mynetworks, reject
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
  reject_unauth_destination
smtpd_recipient_restrictions =
  check_recipient_access inline:{all@example.com=insiders},
  check_client_access inline:{x=greylist}
""", SMTP + SUBMISSION),
    "old: recipient list alone": (
        BASE + USERS +
        """smtpd_relay_restrictions =
smtpd_recipient_restrictions = permit_mynetworks,
  permit_sasl_authenticated, reject_unauth_destination
""", SMTP + SUBMISSION.replace("relay_restrictions",
                               "recipient_restrictions")),
    "Postfix's own submission block": (
        BASE + DEBIAN +
        """mua_client_restrictions =
mua_helo_restrictions =
mua_sender_restrictions =
""",
        SMTP + """submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
  -o local_header_rewrite_clients=static:all
  -o smtpd_reject_unlisted_recipient=no
  -o smtpd_client_restrictions=$mua_client_restrictions
  -o smtpd_helo_restrictions=$mua_helo_restrictions
  -o smtpd_sender_restrictions=$mua_sender_restrictions
  -o smtpd_recipient_restrictions=
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o milter_macro_daemon_name=ORIGINATING
submissions inet n - y - - smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=$mua_client_restrictions
  -o smtpd_helo_restrictions=$mua_helo_restrictions
  -o smtpd_sender_restrictions=$mua_sender_restrictions
  -o smtpd_recipient_restrictions=
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
628 inet n - y - - qmqpd
"""),
    "client certificates": (
        BASE +
        """smtpd_tls_ask_ccert = yes
relay_clientcerts = inline:{AA:BB=x}
smtpd_relay_restrictions = permit_mynetworks, permit_tls_clientcerts,
  reject_unauth_destination
""", SMTP),
    "one address for each port": (
        BASE + USERS + DEBIAN,
        """203.0.113.5:smtp inet n - y - - smtpd
203.0.113.6:smtp inet n - y - - smtpd
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""),
    "filter on another host": (
        BASE + USERS + DEBIAN +
        "mynetworks = 127.0.0.0/8 10.0.0.9/32\n"
        "content_filter = scan:[10.0.0.9]:10024\n",
        SMTP + SUBMISSION + """scan unix - - n - 10 smtp
10.0.0.5:10025 inet n - n - - smtpd
  -o content_filter=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_relay_restrictions=permit_mynetworks,reject
"""),
    "filter port open to all addresses": (
        BASE + USERS + DEBIAN +
        "content_filter = scan:[127.0.0.1]:10024\n",
        SMTP + SUBMISSION + """scan unix - - n - 10 smtp
10025 inet n - n - - smtpd
  -o content_filter=
  -o smtpd_client_restrictions=permit_mynetworks,reject
  -o smtpd_relay_restrictions=permit_mynetworks,reject
"""),
    "Plesk: before-queue and after-queue": (
        BASE + USERS + DEBIAN +
        """smtpd_sender_restrictions = check_sender_access inline:{x=REJECT},
  permit_sasl_authenticated
smtpd_client_restrictions = permit_mynetworks
virtual_transport = plesk_virtual
""", """smtp inet n - n - - smtpd
plesk_virtual unix - n n - - pipe flags=DORhu user=nobody argv=/bin/false
127.0.0.1:12768 inet n n n - - spawn user=nobody argv=/bin/false 127.0.0.1 12768
smtps inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
submission inet n - n - - smtpd -o smtpd_enforce_tls=yes -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject -o smtpd_sender_restrictions= -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
"""),
    "Zimbra": (
        BASE + USERS +
        """smtpd_relay_restrictions = permit_sasl_authenticated,
  permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{x=REJECT},
  reject_non_fqdn_recipient, permit_sasl_authenticated, permit_mynetworks,
  reject_unlisted_recipient, reject_unknown_recipient_domain, permit
content_filter = smtp-amavis:[127.0.0.1]:10024
smtpd_milters = inet:127.0.0.1:7026
milter_default_action = accept
""", SMTP + """465 inet n - n - - smtpd
  -o content_filter=scan:[127.0.0.1]:10032
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=
  -o smtpd_data_restrictions=
  -o smtpd_helo_restrictions=
  -o smtpd_recipient_restrictions=
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
scan unix - - n - 10 smtp
smtp-amavis unix - - n - 10 smtp
[127.0.0.1]:10025 inet n - n - - smtpd
  -o content_filter=
  -o local_recipient_maps=
  -o smtpd_helo_restrictions=
  -o smtpd_client_restrictions=
  -o smtpd_end_of_data_restrictions=
  -o smtpd_restriction_classes=
  -o smtpd_relay_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o mynetworks=127.0.0.0/8,[::1]/128
[127.0.0.1]:10030 inet n - n - - smtpd
  -o smtpd_milters=
  -o smtpd_relay_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
"""),
}
