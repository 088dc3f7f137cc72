/* SPDX-License-Identifier: ISC */
#ifndef LIB_SESSION_SESSION_H
#define LIB_SESSION_SESSION_H

#include "lib/base/error.h"

/* How strong a session must be, as Postfix reports it, to count as encrypted.
 * Only lib/session/session_ciphers.c asks OpenSSL about that (our own TLS is in
 * lib/tls_listener and lib/tls_listener/tls_bridge). Immutable; shared between
 * threads. */
struct session_minimum;

/* openssl_init - make OpenSSL end the process when it is out of memory, as
 * lib/base/xalloc does: it would continue with half of its algorithms, and
 * strong sessions would be judged weak. To be called before anything else that
 * uses OpenSSL. */
void openssl_init(void);

/* session_minimum_new - protocols as in smtpd_tls_mandatory_protocols
 * (">=TLSv1.2",
 * "!SSLv3, !TLSv1", "TLSv1.2 TLSv1.3"), ciphers an OpenSSL cipher string, or
 * "modern", "intermediate", "high", "medium", keysize the minimum number of
 * bits. An empty text or 0 sets no condition; without any condition, every
 * non-empty encryption_protocol is enough. With any, protocol and cipher must
 * be known, the cipher must encrypt and not be anonymous, and protocol, cipher
 * and key size must belong together. NULL and the reason, which names the
 * option: a word is not known, or nothing is left. The caller frees it. No
 * configuration of OpenSSL is read; takes some milliseconds. */
struct session_minimum *session_minimum_new(const char *protocols,
					    const char *ciphers, int keysize,
					    struct error *error);

/* session_minimum_free - NULL is allowed. */
void session_minimum_free(struct session_minimum *policy);

/* session_judge - NULL when the session is strong enough; otherwise, why it is
 * not, a static text ("not encrypted", "protocol too old", "weak cipher", ...).
 * It neither allocates nor calls OpenSSL. The arguments are
 * encryption_protocol, encryption_cipher and encryption_keysize as sent by
 * Postfix, "" when absent. */
const char *session_judge(const struct session_minimum *policy,
			  const char *protocol, const char *cipher,
			  const char *keysize);

/* tls_visit - called with a session: its encryption_protocol, encryption_cipher
 * and encryption_keysize. 0 to continue. */
typedef int tls_visit(void *context, const char *protocol, const char *cipher,
		      const char *keysize);

/* tls_each_kind - call visit with one session of each kind: the plain one
 * first, then one for each other result that session_judge() can have. Ends
 * when visit returns anything but 0, and returns that. */
int tls_each_kind(const struct session_minimum *policy, tls_visit *visit,
		  void *context);

/* session_advice - what the client can change ("use TLS 1.2 or newer"), static.
 * reason: a result of session_judge(), not NULL. */
const char *session_advice(const struct session_minimum *policy,
			   const char *reason);

#endif
