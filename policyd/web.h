/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_WEB_H
#define POLICYD_WEB_H

#include <stdio.h>

#include "lib/error.h"

/* HTTP for those who look: GET and HEAD of a few pages, in the event loop of
 * the server. One request for each connection, few connections, little time:
 * whatever clients do, it costs next to nothing. Who has not asked yet makes
 * room for others. */
struct web;
struct event_base;

#define WEB_CONNECTIONS_MAX 16
#define WEB_DESCRIPTORS_MAX 32 /* with those that are about to be closed */
#define WEB_SECONDS_MAX	    10 /* for the whole of a connection */
#define WEB_HEADERS_MAX	    8192
#define WEB_NONCE_MAX	    33

/* One answer. */
struct web_answer {
	int status;	  /* as HTTP has it */
	const char *type; /* of the body, static */
	FILE *body;
	char nonce[WEB_NONCE_MAX]; /* <style nonce="..."> is taken by the
				    * browser, nothing else that is active */
};

/* What is shown at path: fills answer. -1: there is nothing. */
typedef int web_show(void *context, const char *path,
		     struct web_answer *answer);

/* web_new - fd listens and does not block; it is the web's on success. Nobody
 * is accepted yet. */
struct web *web_new(struct event_base *base, int fd, web_show *show,
		    void *context, struct error *error);

/* web_accept - or not, for a while or for good: others have the socket too. */
void web_accept(struct web *web, int accept);

/* web_finish - run the event loop, which has ended, until all who are there
 * have their answer, or for limit_ms. */
void web_finish(struct web *web, unsigned limit_ms);

/* web_free - cut whoever is there. NULL is allowed. */
void web_free(struct web *web);

#endif
