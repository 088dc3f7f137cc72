/* SPDX-License-Identifier: ISC */
#ifndef T_BENCH_MIX_H
#define T_BENCH_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The requests of a mail server at work, as Postfix sends them at RCPT: half
 * of them from strangers to one of D domains of ours, a fifth from users who
 * are encrypted and logged in to anywhere, the rest from strangers to
 * anywhere. No two requests in a row are equal. */

#define MIX_REQUEST_MAX	 1024
#define MIX_DOMAINS_MAX	 10000000
#define MIX_LOCAL_DOMAIN "d%07u.local.test" /* from 0 to D - 1 */
#define MIX_ENTRIES_MAX	 1000000

enum mix_kind { MIX_LOCAL, MIX_LOGGED_IN, MIX_STRANGER, MIX_KIND_COUNT };

/* A request with places to fill in. */
struct mix_request {
	char bytes[MIX_REQUEST_MAX];
	size_t length;
	size_t domain;	    /* where the digits of the domain are */
	size_t instance;    /* where those of the instance are */
	size_t sender;	    /* and those of the sender; 0: none are changed */
	size_t certificate; /* and of the fingerprint, in pairs; 0: likewise */
	size_t login;	    /* and of the login; 0: likewise */
};

struct mix {
	struct mix_request requests[MIX_KIND_COUNT];
	unsigned domains;
	unsigned entries;
	unsigned logins;
	unsigned next;
	uint64_t random;
};

/* mix_init - domains: D, at least 1. With entries those who are logged in send
 * from u0000000@client.example and so on, with a certificate each: so many of
 * both. With logins, all are logged in, as u0000000@local.test and so on, that
 * many; with data, they ask at DATA. The same requests in each run. */
void mix_init(struct mix *mix, unsigned domains, unsigned entries,
	      unsigned logins, bool data);

/* mix_next - the next request, valid until the next call. */
const struct mix_request *mix_next(struct mix *mix, enum mix_kind *kind);

/* mix_is_expected - is that the answer that such a request must get? Of a
 * permit: permit_auth_destination or permit_sasl_authenticated, or OK or
 * DUNNO; of a refusal: a 5xx code or REJECT. */
bool mix_is_expected(enum mix_kind kind, const char *reply, size_t length);

#endif
