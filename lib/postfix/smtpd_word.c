/* SPDX-License-Identifier: ISC */
/* smtpd_word - the words of restriction lists, and what each can do
 *
 * As in postconf(5) of Postfix 3.4 to 3.12, with the old names that are still
 * taken. A word that is missing here may do anything. */

#include "lib/postfix/smtpd_word.h"

#include <fnmatch.h>
#include <stddef.h>
#include <strings.h>

static const struct smtpd_word words[] = {
	{ "permit", SMTPD_WORD_PERMIT, false, false },
	{ "reject", SMTPD_WORD_REFUSE, false, true },
	{ "defer", SMTPD_WORD_REFUSE, false, true },
	{ "defer_if_permit", SMTPD_WORD_REFUSE_LATER, false, true },
	{ "defer_if_reject", SMTPD_WORD_FORM, false, false },
	{ "warn_if_reject", SMTPD_WORD_WARN, false, false },
	{ "sleep", SMTPD_WORD_FORM, true, false },
	{ "permit_sasl_authenticated", SMTPD_WORD_LOGIN, false, false },
	{ "permit_mynetworks", SMTPD_WORD_NETWORKS, false, false },
	{ "permit_inet_interfaces", SMTPD_WORD_HOST, false, false },
	{ "permit_auth_destination", SMTPD_WORD_OURS, false, false },
	{ "reject_unauth_destination", SMTPD_WORD_ELSEWHERE, false, true },
	{ "defer_unauth_destination", SMTPD_WORD_ELSEWHERE, false, true },
	{ "reject_plaintext_session", SMTPD_WORD_PLAIN, false, false },
	{ "permit_tls_clientcerts", SMTPD_WORD_LISTED_CERT, false, false },
	{ "permit_tls_all_clientcerts", SMTPD_WORD_ANY_CERT, false, false },
	{ "permit_mx_backup", SMTPD_WORD_MAY_PERMIT, false, false },
	{ "permit_naked_ip_address", SMTPD_WORD_UNKNOWN, false, false },
	{ "permit_dnswl_client", SMTPD_WORD_MAY_PERMIT, true, false },
	{ "permit_rhswl_client", SMTPD_WORD_MAY_PERMIT, true, false },
	{ "check_relay_domains", SMTPD_WORD_UNKNOWN, false, true },
	{ "check_policy_service", SMTPD_WORD_POLICY, true, false },
	{ "reject_unauth_pipelining", SMTPD_WORD_FORM, false, false },
	{ "reject_multi_recipient_bounce", SMTPD_WORD_FORM, false, false },
	{ "reject_invalid_helo_hostname", SMTPD_WORD_FORM, false, false },
	{ "reject_invalid_hostname", SMTPD_WORD_FORM, false, false },
	{ "reject_non_fqdn_helo_hostname", SMTPD_WORD_FORM, false, false },
	{ "reject_non_fqdn_hostname", SMTPD_WORD_FORM, false, false },
	{ "reject_non_fqdn_sender", SMTPD_WORD_FORM, false, false },
	{ "reject_non_fqdn_recipient", SMTPD_WORD_FORM, false, false },
	{ "reject_unlisted_sender", SMTPD_WORD_FORM, false, false },
	{ "reject_unlisted_recipient", SMTPD_WORD_FORM, false, false },
	{ "check_recipient_maps", SMTPD_WORD_FORM, false, false },
	{ "reject_unknown_client_hostname", SMTPD_WORD_MAY_REFUSE, false,
	  false },
	{ "reject_unknown_client", SMTPD_WORD_MAY_REFUSE, false, false },
	{ "reject_unknown_reverse_client_hostname", SMTPD_WORD_MAY_REFUSE,
	  false, false },
	{ "reject_unknown_helo_hostname", SMTPD_WORD_MAY_REFUSE, false, false },
	{ "reject_unknown_hostname", SMTPD_WORD_MAY_REFUSE, false, false },
	{ "reject_unknown_sender_domain", SMTPD_WORD_MAY_REFUSE, false, false },
	{ "reject_unknown_address", SMTPD_WORD_MAY_REFUSE, false, false },
	{ "reject_unknown_recipient_domain", SMTPD_WORD_MAY_REFUSE, false,
	  false },
	{ "reject_unverified_sender", SMTPD_WORD_MAY_REFUSE, false, false },
	{ "reject_unverified_recipient", SMTPD_WORD_MAY_REFUSE, false, false },
	{ "reject_maps_rbl", SMTPD_WORD_MAY_REFUSE, false, false },
	{ "reject_rbl", SMTPD_WORD_MAY_REFUSE, true, false },
	{ "reject_rbl_client", SMTPD_WORD_MAY_REFUSE, true, false },
	{ "reject_rhsbl_client", SMTPD_WORD_MAY_REFUSE, true, false },
	{ "reject_rhsbl_reverse_client", SMTPD_WORD_MAY_REFUSE, true, false },
	{ "reject_rhsbl_helo", SMTPD_WORD_MAY_REFUSE, true, false },
	{ "reject_rhsbl_sender", SMTPD_WORD_MAY_REFUSE, true, false },
	{ "reject_rhsbl_recipient", SMTPD_WORD_MAY_REFUSE, true, false },
	{ "reject_authenticated_sender_login_mismatch", SMTPD_WORD_OWNER, false,
	  false },
	{ "reject_known_sender_login_mismatch", SMTPD_WORD_MAY_REFUSE, false,
	  false },
	{ "reject_unauthenticated_sender_login_mismatch", SMTPD_WORD_NOT_OWNER,
	  false, false },
	{ "reject_sender_login_mismatch", SMTPD_WORD_MAY_REFUSE, false, false },
	{ "check_ccert_access", SMTPD_WORD_CERT, true, false },
	{ "check_sasl_access", SMTPD_WORD_LOGIN_TABLE, true, false },
	{ "check_client_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_reverse_client_hostname_access", SMTPD_WORD_UNKNOWN, true,
	  false },
	{ "check_helo_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_sender_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_recipient_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_etrn_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_client_a_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_client_mx_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_client_ns_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_reverse_client_hostname_a_access", SMTPD_WORD_UNKNOWN, true,
	  false },
	{ "check_reverse_client_hostname_mx_access", SMTPD_WORD_UNKNOWN, true,
	  false },
	{ "check_reverse_client_hostname_ns_access", SMTPD_WORD_UNKNOWN, true,
	  false },
	{ "check_helo_a_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_helo_mx_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_helo_ns_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_sender_a_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_sender_mx_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_sender_ns_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_recipient_a_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_recipient_mx_access", SMTPD_WORD_UNKNOWN, true, false },
	{ "check_recipient_ns_access", SMTPD_WORD_UNKNOWN, true, false },
};

/* smtpd_word_find - a word, in any case */
const struct smtpd_word *smtpd_word_find(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(words[i].name, word) == 0)
			return &words[i];
	return NULL;
}

/* smtpd_word_similar - try all words */
void smtpd_word_similar(struct similar *similar)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		similar_try(similar, words[i].name);
}

/* smtpd_word_has_argument - is what is behind the word its argument? */
bool smtpd_word_has_argument(const char *word)
{
	const struct smtpd_word *known = smtpd_word_find(word);

	return known != NULL
		       ? known->has_argument
		       : fnmatch("check_*_access", word, FNM_CASEFOLD) == 0;
}
