/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_WEB_H
#define POLICYD_WEB_H

#include <stdio.h>

#include "lib/base/error.h"

/* A minimal HTTP server for the metrics listener: GET and HEAD of a few pages,
 * in the event loop of the server. One request per connection, few connections,
 * little time: whatever clients do, it costs next to nothing. A client that has
 * not sent its request makes room for others. */
struct web;
struct event_base;

#define WEB_CONNECTIONS_MAX 16
#define WEB_DESCRIPTORS_MAX 32 /* with connections about to be closed */
#define WEB_SECONDS_MAX	    10 /* for a whole connection */
#define WEB_HEADERS_MAX	    8192
#define WEB_NONCE_MAX	    33

/* One answer. */
struct web_answer {
	int status;	  /* the HTTP status code */
	const char *type; /* of the body, static */
	FILE *body;
	char nonce[WEB_NONCE_MAX]; /* browsers apply <style nonce="...">, and
				    * no other active content */
};

/* Fills answer with what is shown at path. -1: there is no such page. */
typedef int web_show(void *context, const char *path,
		     struct web_answer *answer);

/* web_new - fd listens and does not block; the web owns it on success. It does
 * not accept yet. */
struct web *web_new(struct event_base *base, int fd, web_show *show,
		    void *context, struct error *error);

/* web_accept - start or stop accepting, perhaps because another process has the
 * socket and accepts. */
void web_accept(struct web *web, int accept);

/* web_finish - run the event loop, which has ended, again until all guests have
 * their answer, for at most limit_ms. */
void web_finish(struct web *web, unsigned limit_ms);

/* web_free - cut all connections. NULL is allowed. */
void web_free(struct web *web);

#endif
