# SPDX-License-Identifier: ISC
"""Random main.cf and master.cf, from a seed: what real ones are made of, in
combinations that nobody would write."""

import random

# (mynetworks, an address in it that is not this host's)
NETWORKS = (
    ("127.0.0.1/32, 127.0.0.64/26", "127.0.0.70"),
    ("127.0.0.0/8 192.0.2.0/24", "192.0.2.7"),
    ("127.0.0.0/8", "127.0.0.70"),
    ("127.0.0.64/26", "127.0.0.70"),
    ("!127.0.0.71, 127.0.0.64/26", "127.0.0.70"),
    ("127.0.0.1 [2001:db8::]/32", "2001:db8::7"),
    ("$near, 127.0.0.1", "127.0.0.70"),
    ("127.0.0.64/26, fd00::/8", "127.0.0.70"),
    ("0.0.0.0/0", "127.0.0.70"),
    ("", "127.0.0.9"),
)
# Those of a port alone, likewise.
OWN_NETWORKS = {"127.0.0.1/32": "127.0.0.1", "127.0.0.0/8": "127.0.0.70"}
COMMON = (
    "permit_mynetworks", "permit_sasl_authenticated", "permit_mynetworks",
    "permit_auth_destination", "reject_unauth_destination",
    "defer_unauth_destination", "reject_plaintext_session",
    "reject_unauth_pipelining", "reject_non_fqdn_sender",
    "reject_non_fqdn_recipient", "reject_invalid_helo_hostname",
    "reject_unlisted_recipient", "lenient", "outer", "$words",
    "check_sasl_access static:reject", "warn_if_reject",
    "warn_if_reject reject", "warn_if_reject strict",
)
RARE = (
    "reject", "permit", "defer", "defer_if_permit", "defer_if_reject",
    "sleep 0", "reject_non_fqdn_helo_hostname", "strict",
    "reject_authenticated_sender_login_mismatch",
    "reject_unauthenticated_sender_login_mismatch",
    "permit_inet_interfaces", "permit_tls_clientcerts",
    "permit_tls_all_clientcerts", "Permit_Mynetworks",
    "REJECT_UNAUTH_DESTINATION", "check_ccert_access static:reject",
    "check_client_access static:dunno",
    "check_sender_access inline:{far.example=reject}",
    "check_recipient_access { inline:{ local.test = permit_mynetworks } }",
    "static:ok", "no_such_restriction", "check_helo_access", "sleep x",
)
LISTS = ("client", "helo", "sender", "relay", "recipient", "data",
         "end_of_data")
# How often a list is set at all.
SET = {"client": 0.25, "helo": 0.1, "sender": 0.2, "relay": 0.5,
       "recipient": 0.4, "data": 0.07, "end_of_data": 0.07}
# The ends of lists that decide about relaying, and of others.
ENDS = {True: ("reject_unauth_destination", "reject_unauth_destination",
               "reject_unauth_destination", "permit_auth_destination, reject",
               "permit_mynetworks, reject", "$words, reject",
               "permit_sasl_authenticated, reject", "strict", "reject",
               ""),
        False: ("", "", "", "", "", "", "permit", "reject_unauth_destination",
                "permit_mynetworks, permit_sasl_authenticated, reject",
                "permit_sasl_authenticated, reject_unauth_destination")}


class Maker:
    """Makes configurations; the same seed makes the same ones."""

    def __init__(self, seed, policies):
        self.random = random.Random(seed)
        self.rare = RARE + tuple(
            form % server for server in policies for form in (
                "check_policy_service %s",
                "check_policy_service { %s, policy_context=x }"))

    def often(self, share):
        return self.random.random() < share

    def list(self, relay=False):
        """list - of some words, with an end as such lists have it"""
        words = [self.random.choice(COMMON if self.often(0.75) else self.rare)
                 for _ in range(self.random.choice((0, 1, 1, 2, 2, 3)))]
        words.append(self.random.choice(ENDS[relay]))
        return self.random.choice((", ", " ", ",")).join(filter(None, words))

    def settings(self):
        """settings - of main.cf, or for a port"""
        choose = self.random.choice
        found = {"smtpd_%s_restrictions" % name:
                     self.list(name in ("relay", "recipient"))
                 for name in LISTS if self.often(SET[name])}
        if self.often(0.25):
            found["smtpd_tls_security_level"] = choose(
                ("may", "may", "may", "may", "encrypt", "none", "", "Encrypt",
                 "secure"))
        if self.often(0.2):
            found["smtpd_sasl_auth_enable"] = choose(("yes", "no"))
        for name, share in (("smtpd_tls_auth_only", 0.2),
                            ("smtpd_use_tls", 0.2),
                            ("smtpd_enforce_tls", 0.1),
                            ("smtpd_helo_required", 0.3),
                            ("smtpd_tls_ask_ccert", 0.3),
                            ("smtpd_tls_req_ccert", 0.05)):
            if self.often(share):
                found[name] = choose(("yes", "no"))
        if self.often(0.2):
            found["smtpd_delay_reject"] = "no"
        for name, value, share in (
                ("smtpd_tls_cert_file", "", 0.03),
                ("smtpd_tls_key_file", "/nonexistent", 0.03),
                ("smtpd_tls_chain_files", "/nonexistent", 0.03),
                ("smtpd_discard_ehlo_keywords", "starttls", 0.03),
                ("smtpd_discard_ehlo_keywords", "auth, dsn", 0.03),
                ("smtpd_sender_login_maps", "static:somebody", 0.2),
                ("default_transport", "error:none", 0.03)):
            if self.often(share):
                found[name] = value
        return found

    def main(self):
        """main - main.cf; and the address of a client in mynetworks"""
        found = self.settings()
        found["mynetworks"], network = self.random.choice(NETWORKS)
        found["near"] = "127.0.0.64/26"
        found["words"] = self.list().replace("$words", "permit_mynetworks")
        found["smtpd_restriction_classes"] = "strict, lenient outer"
        found["strict"] = self.random.choice(
            ("permit_mynetworks, reject", "reject_unauth_destination",
             "reject"))
        found["lenient"] = self.random.choice(
            ("permit_mynetworks permit_sasl_authenticated", "permit",
             "permit_auth_destination"))
        found["outer"] = self.random.choice(
            ("warn_if_reject strict", "lenient, strict", "strict"))
        if self.often(0.02):
            found["outer"] = ""
        return found, network

    def services(self):
        """services - the options of two to four ports"""
        ports = [self.settings() if self.often(0.7) else {}
                 for _ in range(self.random.randrange(2, 5))]
        for options in ports:
            if self.often(0.2):
                options["smtpd_tls_wrappermode"] = "yes"
            if self.often(0.1):
                options["mynetworks"] = self.random.choice(
                    tuple(OWN_NETWORKS))
            if self.often(0.1):
                options["strict"] = "permit"
            if self.often(0.05):
                options["smtpd_relay_restrictions"] = "$undefined"
        return ports
