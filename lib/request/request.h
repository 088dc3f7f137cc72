/* SPDX-License-Identifier: ISC */
#ifndef LIB_REQUEST_REQUEST_H
#define LIB_REQUEST_REQUEST_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* Limits of a request; see policyd(8). */
#define REQUEST_LINE_MAX      8192  /* bytes of one line, newline excluded */
#define REQUEST_ATTRIBUTE_MAX 128   /* lines with attributes */
#define REQUEST_BYTES_MAX     65536 /* in all, blank line included */

#define REQUEST_NAMES 32 /* known attributes */

/* Attributes of SMTPD_POLICY_README up to Postfix 3.12; unknown ones are
 * skipped. An attribute that was not sent is "", never NULL. The strings
 * point into the bytes that were parsed. */
struct request {
	const char *request;
	const char *protocol_state;
	const char *protocol_name;
	const char *client_address;
	const char *client_name;
	const char *client_port;
	const char *reverse_client_name;
	const char *server_address;
	const char *server_port;
	const char *helo_name;
	const char *sender;
	const char *recipient;
	const char *recipient_count;
	const char *queue_id;
	const char *instance;
	const char *size;
	const char *etrn_domain;
	const char *stress;
	const char *sasl_method;
	const char *sasl_username;
	const char *sasl_sender;
	const char *ccert_subject;
	const char *ccert_issuer;
	const char *ccert_fingerprint;
	const char *ccert_pubkey_fingerprint;
	const char *encryption_protocol;
	const char *encryption_cipher;
	const char *encryption_keysize;
	const char *policy_context;
	const char *compatibility_level;
	const char *mail_version;
	const char *tls_sni;
};

/* The progress of the search for the end of a request; all zero at its
 * start. */
struct request_scan {
	size_t offset; /* bytes examined */
	size_t line;   /* length of the unfinished line */
	size_t lines;  /* complete lines */
};

/* request_length - the length of the first request in the bytes, with its blank
 * line; 0: more bytes are needed; -1: it exceeds a limit or contains a NUL. The
 * bytes must be followed by a NUL. Call it again with the same bytes and more:
 * scan remembers the position. */
ssize_t request_length(const char *bytes, size_t length,
		       struct request_scan *scan, struct error *error);

/* request_parse - read the attributes of one complete request, of the length
 * that request_length() returned. Changes the bytes; request points into them.
 * 0, or -1 when it is malformed: a line without "=", an empty name, too many
 * attributes, request= is not smtpd_access_policy, or an attribute that matters
 * to the decision was given twice with different values. Of other attributes,
 * the last value is used. */
int request_parse(struct request *request, char *bytes, size_t length,
		  struct error *error);

/* request_init - every attribute "". */
void request_init(struct request *request);

/* request_attribute - the attribute with that index, from 0, in the order of
 * struct request: its value, and its name, static. NULL: no more. */
const char *request_attribute(const struct request *request, size_t index,
			      const char **name);

/* request_set - set one attribute by its name; value is not copied. 0, or -1:
 * no such attribute. */
int request_set(struct request *request, const char *name, const char *value);

#endif
