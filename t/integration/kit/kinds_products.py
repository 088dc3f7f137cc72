# SPDX-License-Identifier: ISC
"""More kinds of Postfix (kit/kinds.py): as products and packages set it up."""

from kit.kinds import BASE, DEBIAN, SMTP, SUBMISSION, USERS

SUBMISSIONS = SUBMISSION.replace(
    "submission", "submissions").replace(
    "smtpd_tls_security_level=encrypt", "smtpd_tls_wrappermode=yes")

PRODUCTS = {
    "Debian's default": (
        """smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no
append_dot_mydomain = no
readme_directory = no
compatibility_level = 3.6
smtpd_tls_security_level=may
smtp_tls_security_level=may
smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
myhostname = mail.example.com
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
mydestination = $myhostname, mail.example.com, localhost.example.com, , localhost, example.com
relayhost =
mynetworks = 127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = all
inet_protocols = all
""", SMTP),
    "Mail-in-a-Box": (
        BASE + USERS + """smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_security_options = noanonymous
smtpd_tls_protocols = >=TLSv1.2
smtpd_relay_restrictions=permit_sasl_authenticated,permit_mynetworks,reject_unauth_destination
smtpd_sender_restrictions = reject_non_fqdn_sender,
  reject_unknown_sender_domain, reject_authenticated_sender_login_mismatch,
  reject_rhsbl_sender dbl.spamhaus.org=127.0.1.[2..99]
smtpd_recipient_restrictions = permit_sasl_authenticated, permit_mynetworks,
  reject_rbl_client zen.spamhaus.org=127.0.0.[2..11],
  reject_unlisted_recipient, check_policy_service inet:127.0.0.1:10023,
  check_policy_service inet:127.0.0.1:12340
virtual_transport = lmtp:[127.0.0.1]:10025
virtual_mailbox_domains = sqlite:/etc/postfix/virtual-mailbox-domains.cf
smtpd_sender_login_maps = sqlite:/etc/postfix/sender-login-maps.cf
smtpd_milters = inet:127.0.0.1:8891 inet:127.0.0.1:8893
milter_default_action = accept
""",
        SMTP + """smtps inet n - - - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o syslog_name=postfix/submission
  -o smtpd_milters=inet:127.0.0.1:8891
  -o cleanup_service_name=authclean
submission inet n - - - - smtpd
  -o smtpd_sasl_auth_enable=yes
  -o syslog_name=postfix/submission
  -o smtpd_milters=inet:127.0.0.1:8891
  -o smtpd_tls_security_level=encrypt
  -o cleanup_service_name=authclean
authclean unix n - - - 0 cleanup
  -o header_checks=pcre:/etc/postfix/outgoing_mail_header_filters
"""),
    "docker-mailserver": (
        BASE + """mynetworks = 127.0.0.0/8 [::1]/128 172.17.0.0/16
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = no
smtpd_helo_required = yes
smtpd_delay_reject = yes
smtpd_helo_restrictions = permit_mynetworks,
  reject_invalid_helo_hostname, permit
dms_smtpd_sender_restrictions = permit_sasl_authenticated, permit_mynetworks,
  reject_unknown_sender_domain
smtpd_sender_restrictions = $dms_smtpd_sender_restrictions
mua_sender_restrictions = reject_authenticated_sender_login_mismatch,
  $dms_smtpd_sender_restrictions
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated
  defer_unauth_destination
smtpd_recipient_restrictions = permit_sasl_authenticated, permit_mynetworks,
  reject_unauth_destination, reject_unauth_pipelining,
  reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname,
  reject_unknown_recipient_domain, check_policy_service
  unix:private/policyd-spf
smtpd_client_restrictions = permit_mynetworks, permit_sasl_authenticated,
  reject_unauth_pipelining
postscreen_dnsbl_sites = zen.spamhaus.org*3
postscreen_access_list = permit_mynetworks
content_filter = smtp-amavis:[127.0.0.1]:10024
""",
        """smtp inet n - n - 1 postscreen
smtpd pass - - n - - smtpd
  -o receive_override_options=no_address_mappings
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
submission inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_reject_unlisted_recipient=no
  -o smtpd_sasl_authenticated_header=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=$mua_sender_restrictions
  -o smtpd_discard_ehlo_keywords=
  -o milter_macro_daemon_name=ORIGINATING
  -o cleanup_service_name=sender-cleanup
submissions inet n - n - - smtpd
  -o syslog_name=postfix/submissions
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_reject_unlisted_recipient=no
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=$mua_sender_restrictions
sender-cleanup unix n - n - 0 cleanup
smtp-amavis unix - - n - 2 smtp
  -o smtp_data_done_timeout=1200
127.0.0.1:10025 inet n - n - - smtpd
  -o content_filter=
  -o smtpd_proxy_filter=
  -o local_recipient_maps=
  -o relay_recipient_maps=
  -o smtpd_restriction_classes=
  -o smtpd_delay_reject=no
  -o smtpd_client_restrictions=permit_mynetworks,reject
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_data_restrictions=reject_unauth_pipelining
  -o smtpd_end_of_data_restrictions=
  -o mynetworks=127.0.0.0/8
  -o smtpd_error_sleep_time=0
  -o smtpd_soft_error_limit=1001
  -o smtpd_hard_error_limit=1000
  -o smtpd_milters=
  -o receive_override_options=no_header_body_checks,no_unknown_recipient_checks,no_milters
"""),
    "ISPConfig": (
        BASE + USERS + """smtpd_restriction_classes = greylisting
greylisting = check_policy_service inet:127.0.0.1:10023
smtpd_client_restrictions = check_client_access inline:{x=REJECT},
  permit_inet_interfaces, permit_mynetworks, permit_sasl_authenticated,
  reject_rbl_client zen.spamhaus.org, reject_unauth_pipelining, permit
smtpd_helo_restrictions = permit_mynetworks,
  check_helo_access inline:{x=REJECT}, permit_sasl_authenticated,
  reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
smtpd_sender_restrictions = check_sender_access regexp:@D@/etc/mailman,
  permit_mynetworks, check_sender_access inline:{x=REJECT},
  permit_sasl_authenticated, reject_non_fqdn_sender,
  reject_unlisted_sender
smtpd_reject_unlisted_sender = no
smtpd_recipient_restrictions = permit_mynetworks,
  reject_unknown_recipient_domain, reject_unlisted_recipient,
  check_recipient_access proxy:mysql:/etc/postfix/mysql-verify_recipients.cf,
  permit_sasl_authenticated, reject_non_fqdn_recipient,
  reject_unauth_destination,
  check_recipient_access proxy:mysql:/etc/postfix/mysql-virtual_recipient.cf,
  check_recipient_access mysql:/etc/postfix/mysql-virtual_policy_greylist.cf,
  check_policy_service unix:private/quota-status
smtpd_data_restrictions = permit_mynetworks, reject_unauth_pipelining,
  reject_multi_recipient_bounce, permit
smtpd_etrn_restrictions = permit_mynetworks, reject
content_filter = lmtp:[127.0.0.1]:10024
relay_domains = proxy:mysql:/etc/postfix/mysql-virtual_relaydomains.cf
virtual_mailbox_domains = proxy:mysql:/etc/postfix/mysql-virtual_domains.cf
""",
        SMTP + """submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
smtps inet n - y - - smtpd
  -o syslog_name=postfix/smtps
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:10025 inet n - n - - smtpd
  -o content_filter=
  -o local_recipient_maps=
  -o relay_recipient_maps=
  -o smtpd_restriction_classes=
  -o smtpd_client_restrictions=
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_end_of_data_restrictions=
  -o mynetworks=127.0.0.0/8
  -o strict_rfc821_envelopes=yes
  -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks
127.0.0.1:10027 inet n - n - - smtpd
  -o content_filter=
  -o local_recipient_maps=
  -o relay_recipient_maps=
  -o smtpd_restriction_classes=
  -o smtpd_client_restrictions=
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o mynetworks=127.0.0.0/8
  -o strict_rfc821_envelopes=yes
  -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks
  -o smtp_send_xforward_command=yes
  -o milter_default_action=accept
  -o milter_macro_daemon_name=ORIGINATING
  -o disable_dns_lookups=yes
"""),
    "Virtualmin": (
        BASE + """smtpd_sasl_auth_enable = yes
smtpd_tls_security_level = may
smtpd_sasl_security_options = noanonymous
broken_sasl_auth_clients = yes
smtpd_recipient_restrictions = permit_mynetworks permit_sasl_authenticated reject_unauth_destination
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
allow_percent_hack = no
virtual_alias_maps = inline:{x@v.example=y}
sender_bcc_maps = inline:{x=y}
home_mailbox = Maildir/
""",
        """smtp inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes
submission inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes
smtps inet n - y - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=none
"""),
    "modoboa": (
        BASE + USERS + """smtpd_helo_required = yes
smtpd_sender_login_maps = inline:{john@example.com=john}
smtpd_helo_restrictions = permit_mynetworks, permit_sasl_authenticated,
  reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
smtpd_client_restrictions = permit_mynetworks, permit_sasl_authenticated
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated,
  defer_unauth_destination
smtpd_recipient_restrictions =
  check_policy_service inet:127.0.0.1:9999,
  permit_mynetworks, permit_sasl_authenticated,
  check_recipient_access proxy:pgsql:/etc/postfix/sql-maintain.cf,
  check_recipient_access proxy:pgsql:/etc/postfix/sql-relay-recipient.cf,
  reject_unverified_recipient, reject_unauth_destination,
  reject_non_fqdn_sender, reject_non_fqdn_recipient,
  reject_non_fqdn_helo_hostname
postscreen_greet_action = enforce
postscreen_access_list = permit_mynetworks
relay_domains =
relay_transport = inline:{x=y}
virtual_mailbox_domains = proxy:pgsql:/etc/postfix/sql-domains.cf
content_filter = smtp-amavis:[127.0.0.1]:10024
""",
        """smtp inet n - - - 1 postscreen
smtpd pass - - - - - smtpd
dnsblog unix - - - - 0 dnsblog
tlsproxy unix - - - - 0 tlsproxy
submission inet n - - - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_dh1024_param_file=${config_directory}/ffdhe3072.pem
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=reject_sender_login_mismatch
  -o milter_macro_daemon_name=ORIGINATING
  -o smtpd_proxy_filter=inet:[127.0.0.1]:10026
smtp-amavis unix - - - - 2 smtp
127.0.0.1:10025 inet n - - - - smtpd
  -o content_filter=
  -o smtpd_delay_reject=no
  -o smtpd_client_restrictions=permit_mynetworks,reject
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_data_restrictions=reject_unauth_pipelining
  -o smtpd_end_of_data_restrictions=
  -o smtpd_restriction_classes=
  -o mynetworks=127.0.0.0/8
  -o local_header_rewrite_clients=
  -o local_recipient_maps=
  -o relay_recipient_maps=
"""),
    "iRedMail": (
        BASE + USERS + """smtpd_helo_required = yes
smtpd_helo_restrictions = permit_mynetworks, permit_sasl_authenticated,
  reject_non_fqdn_helo_hostname, reject_invalid_helo_hostname
smtpd_sender_restrictions = reject_non_fqdn_sender, reject_unlisted_sender,
  permit_mynetworks, permit_sasl_authenticated
smtpd_recipient_restrictions = reject_non_fqdn_recipient,
  reject_unlisted_recipient, check_policy_service inet:127.0.0.1:7777,
  permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination,
  check_policy_service inet:127.0.0.1:12340
smtpd_end_of_data_restrictions = check_policy_service inet:127.0.0.1:7777
virtual_mailbox_domains = proxy:mysql:/etc/postfix/mysql/virtual_mailbox.cf
relay_domains = $mydestination, proxy:mysql:/etc/postfix/mysql/relay.cf
smtpd_sender_login_maps = proxy:mysql:/etc/postfix/mysql/sender.cf
content_filter = smtp-amavis:[127.0.0.1]:10024
receive_override_options = no_address_mappings
""",
        SMTP + """submission inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o content_filter=smtp-amavis:[127.0.0.1]:10026
465 inet n - n - - smtpd
  -o syslog_name=postfix/smtps
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
  -o content_filter=smtp-amavis:[127.0.0.1]:10026
smtp-amavis unix - - n - 2 smtp
127.0.0.1:10025 inet n - n - - smtpd
  -o content_filter=
  -o mynetworks_style=host
  -o mynetworks=127.0.0.0/8
  -o local_recipient_maps=
  -o relay_recipient_maps=
  -o strict_rfc821_envelopes=yes
  -o smtp_tls_security_level=none
  -o smtpd_tls_security_level=none
  -o smtpd_restriction_classes=
  -o smtpd_delay_reject=no
  -o smtpd_client_restrictions=permit_mynetworks,reject
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_end_of_data_restrictions=
  -o smtpd_error_sleep_time=0
  -o smtpd_client_connection_count_limit=0
  -o receive_override_options=no_header_body_checks,no_unknown_recipient_checks,no_address_mappings
127.0.0.1:10028 inet n - n - - smtpd
  -o syslog_name=postfix/10028
  -o content_filter=smtp-amavis:[127.0.0.1]:10028
  -o mynetworks=127.0.0.0/8
  -o smtpd_client_restrictions=permit_mynetworks,reject
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o smtpd_end_of_data_restrictions=
"""),
    "Kolab": (
        BASE + USERS + """smtpd_recipient_restrictions = permit_mynetworks,
  reject_unauth_pipelining, reject_rbl_client zen.spamhaus.org,
  reject_non_fqdn_recipient, reject_invalid_helo_hostname,
  reject_unknown_recipient_domain, reject_unauth_destination,
  check_policy_service unix:private/recipient_policy_incoming, permit
submission_recipient_restrictions =
  check_policy_service unix:private/submission_policy,
  permit_sasl_authenticated, reject
submission_sender_restrictions = reject_non_fqdn_sender,
  check_policy_service unix:private/submission_policy,
  permit_sasl_authenticated, reject
submission_data_restrictions =
  check_policy_service unix:private/submission_policy
submission_client_restrictions = reject_unauth_pipelining
content_filter = smtp-amavis:[127.0.0.1]:10024
""", SMTP + """submission inet n - n - - smtpd
  -o cleanup_service_name=cleanup_submission
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sasl_authenticated_header=yes
  -o smtpd_client_restrictions=$submission_client_restrictions
  -o smtpd_data_restrictions=$submission_data_restrictions
  -o smtpd_recipient_restrictions=$submission_recipient_restrictions
  -o smtpd_sender_restrictions=$submission_sender_restrictions
127.0.0.1:10025 inet n - n - 100 smtpd
  -o cleanup_service_name=cleanup_internal
  -o content_filter=smtp-wallace:[127.0.0.1]:10026
  -o local_recipient_maps=
  -o relay_recipient_maps=
  -o smtpd_restriction_classes=
  -o smtpd_client_restrictions=
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o mynetworks=127.0.0.0/8
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
127.0.0.1:10027 inet n - n - 100 smtpd
  -o cleanup_service_name=cleanup_internal
  -o content_filter=
  -o local_recipient_maps=
  -o relay_recipient_maps=
  -o smtpd_restriction_classes=
  -o smtpd_client_restrictions=
  -o smtpd_helo_restrictions=
  -o smtpd_sender_restrictions=
  -o smtpd_recipient_restrictions=permit_mynetworks,reject
  -o mynetworks=127.0.0.0/8
  -o smtpd_authorized_xforward_hosts=127.0.0.0/8
cleanup_internal unix n - n - 0 cleanup
cleanup_submission unix n - n - 0 cleanup
recipient_policy_incoming unix - n n - - spawn
  user=nobody argv=/usr/bin/kolab_smtp_access_policy
submission_policy unix - n n - - spawn
  user=nobody argv=/usr/bin/kolab_smtp_access_policy
"""),
    "rspamd": (
        BASE + USERS + DEBIAN + """smtpd_milters = inet:localhost:11332
non_smtpd_milters = $smtpd_milters
milter_protocol = 6
milter_mail_macros = i {mail_addr} {client_addr} {client_name} {auth_authen}
milter_default_action = accept
smtpd_recipient_restrictions = reject_unauth_pipelining,
  reject_non_fqdn_recipient
""", SMTP + SUBMISSION + SUBMISSIONS),
    "Dovecot's submission in front": (
        BASE + """smtpd_sasl_auth_enable = no
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
""", SMTP + """127.0.0.1:10587 inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=none
  -o smtpd_authorized_xclient_hosts=127.0.0.0/8
  -o smtpd_relay_restrictions=permit_mynetworks,reject
"""),
    "nginx in front, XCLIENT": (
        BASE + DEBIAN + """smtpd_authorized_xclient_hosts = 127.0.0.1
smtpd_sasl_auth_enable = yes
smtpd_tls_security_level = none
""", SMTP + "127.0.0.1:2525 inet n - n - - smtpd\n"),
    "haproxy and stunnel": (
        BASE + USERS + DEBIAN,
        SMTP + """10025 inet n - n - - smtpd
  -o smtpd_upstream_proxy_protocol=haproxy
  -o smtpd_upstream_proxy_timeout=2s
127.0.0.1:10465 inet n - n - - smtpd
  -o smtpd_tls_security_level=none
  -o smtpd_tls_auth_only=no
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""),
    "Exchange behind": (
        """compatibility_level = 2
myhostname = mx.example.com
mydestination = localhost
mynetworks = 127.0.0.0/8 10.1.0.0/16
smtpd_tls_security_level = may
relay_domains = hash:@D@/etc/relay_domains
relay_recipient_maps =
transport_maps = inline:{example.com=smtp:[10.1.0.9]:25}
smtpd_client_restrictions = permit_mynetworks,
  reject_rbl_client zen.spamhaus.org
smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination,
  reject_unverified_recipient
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
""", SMTP),
}
