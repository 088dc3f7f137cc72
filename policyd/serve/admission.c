/* SPDX-License-Identifier: ISC */
/* admission - admission control for listeners
 *
 * Connections to a listener that has no allow_remote, allow_users or tls go
 * straight to the server. Other listeners have a gate: a client whose address
 * or user is not listed is closed at once, and for clients in TLS another
 * thread turns each admitted client into an ordinary connection. Strangers can
 * connect as fast as they like, so log lines about them are limited. */

#include "policyd/serve/admission.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/log_limit.h"
#include "lib/base/xalloc.h"
#include "lib/net/peer.h"
#include "lib/table/network_list.h"
#include "policyd/serve/tls_thread.h"

/* The gate of one listener. */
struct gate {
	struct admission *admission;
	const struct config_gate *config;
};

struct admission {
	const struct config *config;
	struct server *server;
	struct gate *each;	/* by listener */
	struct tls_thread *tls; /* NULL: no listener needs it */
	struct log_limit refused, strangers, crowded;
	struct counters metrics;
	/* Only the TLS thread writes these. */
	struct log_limit failed;
	struct counters tls_metrics;
};

/* warn - about a client, unless there were too many such warnings lately */
static void warn(struct log_limit *limit, const char *peer, const char *what,
		 const char *reason)
{
	unsigned long suppressed;

	if (!log_limit_pass(limit, clock_ms(), &suppressed))
		return;
	if (suppressed > 0)
		log_warning("%lu more %s refused and not logged", suppressed,
			    suppressed == 1 ? "client was" : "clients were");
	log_warning("%s: %s: %s", peer, what, reason);
}

/* on_ready - a client in TLS is admitted */
static void on_ready(void *context, int fd, const char *peer)
{
	struct admission *admission = context;

	server_add(admission->server, fd, peer);
}

/* on_failed - a client in TLS was refused; called by the TLS thread */
static void on_failed(void *context, const char *peer, const char *reason)
{
	struct admission *admission = context;

	counters_count(&admission->tls_metrics.tls_failed);
	warn(&admission->failed, peer, "TLS", reason);
}

/* is_allowed - is the client listed in allow_remote? If that cannot be
 * determined, no. */
static bool is_allowed(const struct gate *gate, int fd)
{
	const struct network_list *clients = gate->config->clients;
	char address[PEER_MAX];

	return clients == NULL ||
	       network_list_match(clients, peer_address(address, fd),
				  "unknown") == 1;
}

/* is_user - is the client listed in allow_users? If the user is unknown, no. */
static bool is_user(const struct gate *gate, int fd)
{
	const struct config_gate *config = gate->config;
	size_t i;
	uid_t uid;

	if (config->user_count == 0)
		return true;
	if (peer_user(&uid, fd) < 0)
		return false;
	for (i = 0; i < config->user_count; i++)
		if (config->users[i] == uid)
			return true;
	return false;
}

/* accept_tls - a client in TLS; refuse it if the TLS thread is too busy */
static void accept_tls(const struct gate *gate, int fd, const char *peer)
{
	struct admission *admission = gate->admission;

	if (tls_thread_accept(admission->tls, gate->config->tls, fd, peer) == 0)
		return;
	counters_count(&admission->metrics.tls_failed);
	warn(&admission->crowded, peer, "TLS", "too many clients at a time");
	close(fd);
}

/* on_accepted - a new connection */
static void on_accepted(void *context, int fd)
{
	const struct gate *gate = context;
	struct admission *admission = gate->admission;
	char peer[PEER_MAX];

	peer_name(peer, fd);
	if (!is_allowed(gate, fd)) {
		counters_count(&admission->metrics.not_allowed);
		warn(&admission->refused, peer, "refused",
		     "the address is not in allow_remote");
		close(fd);
	} else if (!is_user(gate, fd)) {
		counters_count(&admission->metrics.not_allowed);
		warn(&admission->strangers, peer, "refused",
		     "the user is not in allow_users");
		close(fd);
	} else if (gate->config->tls != NULL) {
		accept_tls(gate, fd, peer);
	} else {
		server_add(admission->server, fd, NULL);
	}
}

/* wants_tls - does any listener use TLS? */
static bool wants_tls(const struct config *config)
{
	size_t i;

	for (i = 0; i < config->listener_count; i++)
		if (config->gates[i].tls != NULL)
			return true;
	return false;
}

/* admission_new - no listener is open yet */
struct admission *admission_new(const struct config *config,
				struct server *server, struct error *error)
{
	struct admission *admission = xcalloc(1, sizeof(*admission));
	const struct tls_thread_handler handler = {
		.context = admission,
		.ready = on_ready,
		.failed = on_failed,
	};

	admission->config = config;
	admission->server = server;
	admission->strangers.most = 1;
	admission->crowded.most = 1;
	admission->each =
		xcalloc(config->listener_count, sizeof(*admission->each));
	if (!wants_tls(config))
		return admission;
	admission->tls = tls_thread_new(server, &handler, error);
	if (admission->tls != NULL)
		return admission;
	admission_free(admission);
	return NULL;
}

/* admission_start - start the TLS thread if one is needed */
int admission_start(struct admission *admission, struct error *error)
{
	return admission->tls != NULL ? tls_thread_start(admission->tls, error)
				      : 0;
}

/* admission_running - is the TLS thread still running? */
bool admission_running(const struct admission *admission)
{
	return admission != NULL && tls_thread_running(admission->tls);
}

/* admission_free - the TLS thread must not be running */
void admission_free(struct admission *admission)
{
	if (admission == NULL)
		return;
	tls_thread_free(admission->tls);
	free(admission->each);
	free(admission);
}

/* admission_listen - accept connections at fd */
int admission_listen(struct admission *admission, size_t listener, int fd,
		     struct error *error)
{
	struct gate *gate = &admission->each[listener];

	gate->admission = admission;
	gate->config = &admission->config->gates[listener];
	return server_listen_for(admission->server, fd, on_accepted, gate,
				 error);
}

/* admission_counters - add the numbers of refused clients */
void admission_counters(const struct admission *admission,
			struct counters *metrics)
{
	counters_add(metrics, &admission->metrics);
	counters_add(metrics, &admission->tls_metrics);
}

/* admission_drain - directly before the server hands over or drains */
void admission_drain(struct admission *admission, void (*done)(void *context),
		     void *context)
{
	if (tls_thread_running(admission->tls))
		tls_thread_drain(admission->tls, done, context);
	else
		done(context);
}

/* admission_finish - pass on the last answers to clients in TLS */
void admission_finish(struct admission *admission)
{
	if (admission->tls != NULL)
		tls_thread_finish(admission->tls);
}
