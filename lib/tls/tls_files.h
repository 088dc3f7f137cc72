/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_TLS_FILES_H
#define LIB_TLS_TLS_FILES_H

#include <stdbool.h>

#include <openssl/types.h>

#include "lib/tls/tls_context.h"

/* The files of one side, PEM, by absolute path, read with the rights of this
 * process. An error begins with the option at fault ("key: /file: ..."). */

/* tls_context_use_own - our certificate, followed by its chain, and its key.
 * 0, or -1: a file that cannot be read or is empty, a certificate that has
 * expired, is not yet valid or not for this side, a key that does not match it
 * or that others may read. */
int tls_context_use_own(struct tls_context *tls, const char *certificate,
			const char *key, struct error *error);

/* tls_context_use_ca - the authorities that sign certificates of the peer. 0 or
 * -1. */
int tls_context_use_ca(struct tls_context *tls, const char *ca,
		       struct error *error);

/* tls_file_open - the file of an option, which the caller frees; secret: it
 * must be for its owner only. NULL: error. */
BIO *tls_file_open(const char *option, const char *path, bool secret,
		   struct error *error);

/* tls_file_no_passphrase - for OpenSSL's functions: nobody can be asked for it.
 * context, a bool or NULL, is set. */
int tls_file_no_passphrase(char *buffer, int size, int writing, void *context);

#endif
