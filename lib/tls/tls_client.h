/* SPDX-License-Identifier: ISC */
#ifndef LIB_TLS_TLS_CLIENT_H
#define LIB_TLS_TLS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* We are a client in TLS, and know the server by its certificate. */

/* The files, loaded. Never changed: threads may share it. */
struct tls_client;

/* Files to load, by absolute path; NULL: none. */
struct tls_client_files {
	const char *ca; /* authorities that sign the server's; needed */
	const char *certificate; /* PEM: ours first, then the chain */
	const char *key;	 /* of it */
};

/* tls_client_new - load the files, with the rights of this process. NULL: the
 * reason begins with the option at fault, as in lib/tls/tls_files.h. */
struct tls_client *tls_client_new(const struct tls_client_files *files,
				  struct error *error);

/* tls_client_free - NULL is allowed. */
void tls_client_free(struct tls_client *client);

/* One connection, for one thread. */
struct tls_session;

/* tls_session_new - on a connected stream socket, which stays the caller's, and
 * need not be non-blocking. name: what the server's certificate must be for, a
 * host name, which is also sent (SNI), or an IP address. The client must
 * outlive it. Nothing is sent yet. NULL: error. */
struct tls_session *tls_session_new(const struct tls_client *client, int fd,
				    const char *name, struct error *error);

/* tls_session_free - say goodbye, if that is possible at once. NULL is
 * allowed. */
void tls_session_free(struct tls_session *session);

/* tls_session_read, tls_session_write - how many bytes, at least one; 0: none
 * now; -1: the connection is of no use, error says why: one line about the
 * server, with nothing that it sent. They never wait, and do the handshake.
 * Nothing that the caller writes is sent before the server's certificate has
 * been accepted. size: TLS_RECORD_MAX at least, or the rest of a record waits
 * while the socket has nothing to read. After 0, repeat a write with the same
 * bytes, or more. */
#define TLS_RECORD_MAX 16384
ssize_t tls_session_read(struct tls_session *session, char *bytes, size_t size,
			 struct error *error);
ssize_t tls_session_write(struct tls_session *session, const char *bytes,
			  size_t length, struct error *error);

/* tls_session_read_needs_write, tls_session_write_needs_read - after 0: for
 * what the socket must be ready, where that is not what one expects. */
bool tls_session_read_needs_write(const struct tls_session *session);
bool tls_session_write_needs_read(const struct tls_session *session);

/* tls_session_ready - has the handshake been completed? */
bool tls_session_ready(const struct tls_session *session);

#endif
