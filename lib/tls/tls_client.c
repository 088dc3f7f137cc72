/* SPDX-License-Identifier: ISC */
/* tls_client - our side of a connection in TLS to a server
 *
 * OpenSSL reads and writes by functions of ours, so that no call waits, none
 * raises SIGPIPE, and none takes more than a share of what a server sends: it
 * must not keep the thread busy, least of all before it is known. For the same
 * reason the number of messages that only cause work is limited (renegotiation,
 * key updates). */

#include "lib/tls/tls_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/base/xalloc.h"
#include "lib/tls/tls_files.h"

#define NOISE_MAX 32	    /* since the last data */
#define SHARE	  (1 << 16) /* bytes read in one call */

struct tls_client {
	struct tls_context tls;
	BIO_METHOD *method;
	bool has_certificate;
};

struct tls_session {
	const struct tls_client *client;
	SSL *ssl;
	char *name;
	int fd;
	bool ready;
	bool read_needs_write, write_needs_read;
	bool broken;	/* nothing more can be sent */
	bool ended;	/* the server has closed */
	int system;	/* errno of the last call that failed */
	size_t share;	/* that is left */
	unsigned noise; /* messages that only cause work */
};

/* from_server - for OpenSSL */
static int from_server(BIO *bio, char *bytes, int size)
{
	struct tls_session *session = BIO_get_data(bio);
	size_t most =
		(size_t)size < session->share ? (size_t)size : session->share;
	ssize_t count = -1;

	BIO_clear_retry_flags(bio);
	errno = EAGAIN;
	if (most > 0)
		count = recv(session->fd, bytes, most, MSG_DONTWAIT);
	if (count > 0)
		session->share -= (size_t)count;
	else if (count == 0)
		session->ended = true;
	else if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_read(bio);
	else
		session->system = errno;
	return (int)count;
}

/* to_server - for OpenSSL. If the server has gone, it may have said why: that
 * is read next. */
static int to_server(BIO *bio, const char *bytes, int length)
{
	struct tls_session *session = BIO_get_data(bio);
	ssize_t count = send(session->fd, bytes, (size_t)length,
			     MSG_DONTWAIT | MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (count >= 0)
		return (int)count;
	if (errno == EPIPE || errno == ECONNRESET)
		BIO_set_retry_read(bio);
	else if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_write(bio);
	else
		session->system = errno;
	return -1;
}

/* control - for OpenSSL: nothing is kept back, so a flush is done */
static long control(BIO *bio, int what, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return what == BIO_CTRL_FLUSH;
}

/* make_method - those three */
static int make_method(struct tls_client *client, struct error *error)
{
	client->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "policyd");
	if (client->method != NULL &&
	    BIO_meth_set_read(client->method, from_server) == 1 &&
	    BIO_meth_set_write(client->method, to_server) == 1 &&
	    BIO_meth_set_ctrl(client->method, control) == 1)
		return 0;
	return error_set(error, "out of memory");
}

/* tls_client_new - load the files */
struct tls_client *tls_client_new(const struct tls_client_files *files,
				  struct error *error)
{
	struct tls_client *client = xcalloc(1, sizeof(*client));

	client->has_certificate = files->certificate != NULL;
	if (tls_context_init(&client->tls, TLS_CLIENT, error) == 0 &&
	    make_method(client, error) == 0 &&
	    tls_context_use_ca(&client->tls, files->ca, error) == 0 &&
	    (files->certificate == NULL ||
	     tls_context_use_own(&client->tls, files->certificate, files->key,
				 error) == 0)) {
		SSL_CTX_set_verify(client->tls.context, SSL_VERIFY_PEER, NULL);
		return client;
	}
	tls_client_free(client);
	return NULL;
}

/* tls_client_free - NULL is allowed */
void tls_client_free(struct tls_client *client)
{
	if (client == NULL)
		return;
	BIO_meth_free(client->method);
	tls_context_clear(&client->tls);
	free(client);
}

/* on_message - count the messages that no honest server sends often */
static void on_message(int write_p, int version, int content_type,
		       const void *buffer, size_t length, SSL *ssl,
		       void *context)
{
	struct tls_session *session = context;

	(void)version;
	(void)buffer;
	(void)length;
	(void)ssl;
	if (session->ready && tls_context_is_noise(write_p, content_type))
		session->noise++;
}

/* expect_name - what the certificate must be for */
static int expect_name(SSL *ssl, const char *name)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1)
		return 0;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (*name == '\0' || SSL_set1_host(ssl, name) != 1 ||
	    SSL_set_tlsext_host_name(ssl, name) != 1)
		return -1;
	return 0;
}

/* start - with functions of ours; nothing is sent yet */
static struct tls_session *start(struct tls_session *session, BIO *bio)
{
	BIO_set_data(bio, session);
	BIO_set_init(bio, 1);
	SSL_set_bio(session->ssl, bio, bio);
	SSL_set_connect_state(session->ssl);
	SSL_set_msg_callback(session->ssl, on_message);
	SSL_set_msg_callback_arg(session->ssl, session);
	return session;
}

/* tls_session_new - expect that name */
struct tls_session *tls_session_new(const struct tls_client *client, int fd,
				    const char *name, struct error *error)
{
	struct tls_session *session = xcalloc(1, sizeof(*session));
	BIO *bio = BIO_new(client->method);

	session->client = client;
	session->name = xstrdup(name);
	session->fd = fd;
	session->ssl = SSL_new(client->tls.context);
	if (session->ssl == NULL || bio == NULL)
		error_set(error, "out of memory");
	else if (expect_name(session->ssl, name) < 0)
		error_set(error, "no certificate can be for \"%.80s\"", name);
	else
		return start(session, bio);
	ERR_clear_error();
	BIO_free(bio);
	tls_session_free(session);
	return NULL;
}

/* tls_session_free - a goodbye may get lost */
void tls_session_free(struct tls_session *session)
{
	if (session == NULL)
		return;
	if (session->ready && !session->broken)
		SSL_shutdown(session->ssl);
	SSL_free(session->ssl);
	ERR_clear_error();
	free(session->name);
	free(session);
}

/* distrust - its certificate is not accepted */
static int distrust(const struct tls_session *session, long verified,
		    struct error *error)
{
	switch (verified) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return error_set(error, "its certificate is not for %s",
				 session->name);
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return error_set(error, "its certificate is not signed by an "
					"authority in ca");
	default:
		return error_set(error, "its certificate is not accepted: %s",
				 X509_verify_cert_error_string(verified));
	}
}

/* is_no_tls - is this what OpenSSL says about another protocol? */
static bool is_no_tls(int reason)
{
	return reason == SSL_R_WRONG_VERSION_NUMBER ||
	       reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
	       reason == SSL_R_BAD_RECORD_TYPE;
}

/* wants_certificate - may it have refused us because we have none? */
static bool wants_certificate(const struct tls_session *session, int reason)
{
	return !session->client->has_certificate &&
	       (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED ||
		reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE ||
		reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE);
}

/* explain - why it is of no use; -1 */
static int explain(struct tls_session *session, int code, struct error *error)
{
	long verified = SSL_get_verify_result(session->ssl);
	int reason = ERR_GET_REASON(ERR_peek_last_error());

	session->broken = true;
	if (session->noise > NOISE_MAX)
		error_set(error, "too many key updates or renegotiations");
	else if (verified != X509_V_OK)
		distrust(session, verified, error);
	else if (session->ended || code == SSL_ERROR_ZERO_RETURN)
		error_set(error, "it has closed the connection%s",
			  session->ready ? "" : " in the handshake");
	else if (session->system != 0)
		error_set(error, "%s", strerror(session->system));
	else if (!session->ready && is_no_tls(reason))
		error_set(error, "it does not speak TLS on this port");
	else if (wants_certificate(session, reason))
		error_set(error,
			  "it may require a certificate of the client: %s",
			  ERR_reason_error_string(ERR_peek_last_error()));
	else {
		errno = 0;
		error_set(error, "%s", tls_context_reason(session->ssl, code));
	}
	ERR_clear_error();
	return -1;
}

/* wait_or_fail - after a call that was not successful: 0, or -1 */
static int wait_or_fail(struct tls_session *session, int result, bool writing,
			struct error *error)
{
	int code = SSL_get_error(session->ssl, result);

	if (session->noise <= NOISE_MAX && code == SSL_ERROR_WANT_READ)
		session->write_needs_read |= writing;
	else if (session->noise <= NOISE_MAX && code == SSL_ERROR_WANT_WRITE)
		session->read_needs_write |= !writing;
	else
		return explain(session, code, error);
	return 0;
}

/* shake - the handshake; 1: done, 0: not yet, -1: failed */
static int shake(struct tls_session *session, bool writing, struct error *error)
{
	int result;

	if (session->ready)
		return 1;
	result = SSL_connect(session->ssl);
	if (result != 1)
		return wait_or_fail(session, result, writing, error);
	/* Repeat what the handshake must have checked. */
	if (SSL_get_verify_result(session->ssl) != X509_V_OK ||
	    SSL_get0_peer_certificate(session->ssl) == NULL)
		return explain(session, SSL_ERROR_SSL, error);
	session->ready = true;
	return 1;
}

/* begin - a call; 1: the handshake is done, 0 or -1 */
static int begin(struct tls_session *session, bool writing, struct error *error)
{
	ERR_clear_error();
	session->share = SHARE;
	if (writing)
		session->write_needs_read = false;
	else
		session->read_needs_write = false;
	return shake(session, writing, error);
}

/* tls_session_read - one record at most */
ssize_t tls_session_read(struct tls_session *session, char *bytes, size_t size,
			 struct error *error)
{
	int result = begin(session, false, error);
	size_t got;

	if (result <= 0)
		return result;
	result = SSL_read_ex(session->ssl, bytes, size, &got);
	if (result != 1)
		return wait_or_fail(session, result, false, error);
	session->noise = 0;
	return (ssize_t)got;
}

/* tls_session_write - one record at most */
ssize_t tls_session_write(struct tls_session *session, const char *bytes,
			  size_t length, struct error *error)
{
	int result = begin(session, true, error);
	size_t took;

	if (result <= 0)
		return result;
	result = SSL_write_ex(session->ssl, bytes, length, &took);
	if (result != 1)
		return wait_or_fail(session, result, true, error);
	return (ssize_t)took;
}

/* tls_session_read_needs_write - after tls_session_read() */
bool tls_session_read_needs_write(const struct tls_session *session)
{
	return session->read_needs_write;
}

/* tls_session_write_needs_read - after tls_session_write() */
bool tls_session_write_needs_read(const struct tls_session *session)
{
	return session->write_needs_read;
}

/* tls_session_ready - is the server known? */
bool tls_session_ready(const struct tls_session *session)
{
	return session->ready;
}
