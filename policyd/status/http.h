/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_STATUS_HTTP_H
#define POLICYD_STATUS_HTTP_H

#include <stdio.h>

#include "lib/base/error.h"

/* A minimal HTTP server for the metrics listener: GET and HEAD of a few pages,
 * in the event loop of the server. One request per connection, few connections,
 * little time: whatever clients do, it costs next to nothing. A client that has
 * not sent its request makes room for others. */
struct http;
struct event_base;

#define HTTP_CONNECTIONS_MAX 16
#define HTTP_DESCRIPTORS_MAX 32 /* with connections about to be closed */
#define HTTP_SECONDS_MAX     10 /* for a whole connection */
#define HTTP_HEADERS_MAX     8192
#define HTTP_NONCE_MAX	     33

/* One answer. */
struct http_answer {
	int status;	  /* the HTTP status code */
	const char *type; /* of the body, static */
	FILE *body;
	char nonce[HTTP_NONCE_MAX]; /* browsers apply <style nonce="...">, and
				     * no other active content */
};

/* Fills answer with what is shown at path. -1: there is no such page. */
typedef int http_show(void *context, const char *path,
		      struct http_answer *answer);

/* http_new - fd listens and does not block; the web owns it on success. It does
 * not accept yet. */
struct http *http_new(struct event_base *base, int fd, http_show *show,
		      void *context, struct error *error);

/* http_accept - start or stop accepting, perhaps because another process has
 * the socket and accepts. */
void http_accept(struct http *http, int accept);

/* http_finish - run the event loop, which has ended, again until all guests
 * have their answer, for at most limit_ms. */
void http_finish(struct http *http, unsigned limit_ms);

/* http_free - cut all connections. NULL is allowed. */
void http_free(struct http *http);

#endif
