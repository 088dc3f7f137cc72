/* SPDX-License-Identifier: ISC */
#ifndef LIB_STORE_STORE_INTERNAL_H
#define LIB_STORE_STORE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "lib/base/error.h"
#include "lib/rate/rate_store.h"
#include "lib/store/store.h"

#define STORE_SHA_SIZE	 41 /* of the hash of the script, with its NUL */
#define STORE_WHY_SIZE	 256
#define STORE_MS	 1000	   /* microseconds */
#define STORE_ASKS_MAX	 8192	   /* unanswered; more are refused */
#define STORE_OUT_MAX	 (4 << 20) /* bytes not yet sent, likewise */
#define STORE_VALUES	 128	   /* in an answer: at most 6 for a charge */
#define STORE_TEXT	 2048	   /* bytes of all its texts */
#define STORE_UNREAD_MAX 65536	   /* bytes of an answer that has no end yet */

/* --- store_script.c, store_script_general.c --- */

/* STORE_VALUE - the first byte of a value, to which the unit of the rate is
 * added. Another format gets another number: 16 and 20 were used before. */
#define STORE_VALUE 176

/* store_script_general - what is behind the common cases; the last is NULL. */
extern const char *const store_script_general[];

/* store_script - the text; the caller frees it. */
char *store_script(void);
/* store_script_sha - its SHA-1 in hexadecimal digits; "" if that failed: no
 * answer is equal to it. */
void store_script_sha(const char *script, char sha[STORE_SHA_SIZE]);

/* --- store_transport.c --- */

struct store_settings;

/* The bytes of a connection, in TLS or not. */
struct store_transport {
	int fd;			 /* -1: there is none */
	struct tls_session *tls; /* NULL: plain text */
};

/* store_transport_open - on a connected socket, which it then owns. 0; or -1,
 * and fd is closed. */
int store_transport_open(struct store_transport *transport, int fd,
			 const struct store_settings *settings,
			 struct error *error);
/* store_transport_close - one that is closed is allowed. */
void store_transport_close(struct store_transport *transport);
/* store_transport_read, store_transport_write - how many bytes, at least one;
 * 0: none now; -1: it is of no use, error says why, about the store. They never
 * wait. */
ssize_t store_transport_read(const struct store_transport *transport,
			     char *bytes, size_t size, struct error *error);
ssize_t store_transport_write(const struct store_transport *transport,
			      const char *bytes, size_t length,
			      struct error *error);
/* store_transport_read_waits, store_transport_write_waits - for POLLIN or
 * POLLOUT, after 0. */
short store_transport_read_waits(const struct store_transport *transport);
short store_transport_write_waits(const struct store_transport *transport);
/* store_transport_silence - what to call it, if nothing comes. */
const char *store_transport_silence(const struct store_transport *transport);

/* --- store_command.c --- */

/* All commands have these in common. */
struct store_settings {
	char sha[STORE_SHA_SIZE];
	char *script;
	char *prefix; /* with its ":" */
	char *username, *password;
	unsigned timeout_ms;
	const struct tls_client *tls; /* NULL: plain text */
	char *server_name;
	const uint64_t *test_tick;
};

/* store_settings_init, store_settings_clear - from the options. */
void store_settings_init(struct store_settings *settings,
			 const struct store_options *options);
void store_settings_clear(struct store_settings *settings);

/* A command as bytes; freed with free(3). */
struct store_command {
	char *bytes;
	size_t length;
};

struct store_command store_command_auth(const struct store_settings *settings);
struct store_command store_command_load(const struct store_settings *settings);
struct store_command store_command_probe(const struct store_settings *settings);
struct store_command store_command_greet(const struct store_settings *settings);
/* store_command_charges - word: "take", "look", "note" (look, and remember a
 * notice) or "back". */
struct store_command
store_command_charges(const struct store_settings *settings, const char *word,
		      const struct store_rate *const rates[],
		      const struct rate_charge charges[], size_t count);
/* store_command_key - about one key of a rate; numbers follow. */
struct store_command store_command_key(const struct store_settings *settings,
				       const char *word,
				       const struct store_rate *rate,
				       const char *key, size_t key_length,
				       const char *const numbers[],
				       size_t number_count);
/* store_command_scan - the keys of a rate from a cursor on. */
struct store_command store_command_scan(const struct store_settings *settings,
					const struct store_rate *rate,
					const char *cursor);

/* --- store_reader.c --- */

/* One value of an answer; an array is followed by its values. */
struct store_value {
	int kind;	  /* REDIS_REPLY_... */
	long long number; /* of an array: how many values follow */
	const char *text; /* with a NUL after it; "" if it is none */
	size_t length;
};

/* One answer; never more than it was made for. */
struct store_values {
	struct store_value *value;
	size_t count, max;
	char *text;
	size_t used, text_max;
	bool too_much;
};

struct store_reader;

struct store_reader *store_reader_new(size_t values, size_t text);
void store_reader_free(struct store_reader *reader);
/* store_reader_feed - bytes from the store. 0; -1: what came is no answer. */
int store_reader_feed(struct store_reader *reader, const char *bytes,
		      size_t length);
/* store_reader_next - 1: *values is the next answer, until the next call; 0:
 * there is none yet; -1: what came is no answer. */
int store_reader_next(struct store_reader *reader,
		      const struct store_values **values);

/* --- store_answer.c --- */

/* The windows that a charge was asked for. */
struct store_windows {
	enum rate_unit unit;
	unsigned count;
	uint32_t length_s[RATE_WINDOWS_MAX];
};

/* The meaning of an error of the store. */
enum store_error {
	STORE_NO_ERROR,
	STORE_NO_SCRIPT, /* it has to be loaded again */
	STORE_ONE_ERROR, /* about this request; others may succeed */
	STORE_ALL_ERRORS /* about the store: it is read-only, full, loading */
};

enum store_error store_error_of(const struct store_values *values);

/* store_error_why - what an error means, and what to use instead of a cluster;
 * not yet printable. */
void store_error_why(const char *text, char why[STORE_WHY_SIZE]);

/* store_limit - the limit of a length; RATE_UNLIMITED: there is none. */
uint64_t store_limit(const struct rate_limits *limits, uint32_t length_s);

/* store_answer_read - the results of charges. NULL, or what is wrong with the
 * answer, static: then no result has changed. */
const char *store_answer_read(const struct store_values *values,
			      const struct store_windows windows[],
			      struct rate_charge charges[], size_t count,
			      bool *passed);

/* --- store.c, store_call.c, store_answered.c, store_link.c --- */

enum store_kind {
	STORE_AUTH,
	STORE_LOAD,
	STORE_PROBE,
	STORE_CHARGES, /* take, or look */
	STORE_BACK
};

/* A command, until it is answered. */
struct store_call {
	TAILQ_ENTRY(store_call) link; /* in sent, or in unsent */
	TAILQ_ENTRY(store_call) live; /* if somebody waits */
	struct store *store;
	enum store_kind kind;
	bool is_sent;
	bool repeated;	  /* after the script was loaded again */
	store_done *done; /* NULL: nobody waits */
	void *context;
	struct rate_charge *charges;
	size_t count;
	uint64_t since_us;
	struct store_command command;
	struct store_windows windows[];
};

TAILQ_HEAD(store_calls, store_call);

enum store_state {
	STORE_WAITS, /* for its first connection */
	STORE_UP,
	STORE_AWAY
};

struct store {
	struct store_settings settings;
	struct store_handler handler;
	struct event_base *base;
	enum store_state state;
	char why[STORE_WHY_SIZE];     /* it is away */
	char failure[STORE_WHY_SIZE]; /* to be dealt with in the loop */
	char refusal[STORE_WHY_SIZE]; /* of the last request that was refused */
	struct store_transport transport;
	bool ready;		/* the script is loaded */
	unsigned loads, probes; /* unanswered ones */
	uint64_t connect_us;	/* when connect() was called last; 0: never */
	struct store_reader *reader;
	struct store_calls sent, unsent; /* in the order of their answers */
	struct store_calls live;	 /* in the order of their deadlines */
	size_t calls;			 /* that are not answered */
	char *out;
	size_t out_start, out_length, out_size;
	struct event readable, writable;
	struct event kick;     /* something is to be done in the loop */
	struct event tick;     /* while it is not up */
	struct event deadline; /* of the first of live */
};

/* store_call.c */

/* store_call_new - takes the command. */
struct store_call *store_call_new(struct store *store, enum store_kind kind,
				  struct store_command command, size_t count);
void store_call_free(struct store_call *call);
/* store_call_send - or keep it until the store is up for the first time. */
void store_call_send(struct store_call *call);
/* store_call_own, store_call_load, store_call_probe - a command of our own. */
void store_call_own(struct store *store, enum store_kind kind,
		    struct store_command command);
void store_call_load(struct store *store);
void store_call_probe(struct store *store);
/* store_call_end - with its answer, or why there is none; it is freed. */
void store_call_end(struct store_call *call, const char *away, bool passed);
/* store_calls_away - nobody waits any more. */
void store_calls_away(struct store *store);
/* store_calls_drop - without a connection, there are no answers. */
void store_calls_drop(struct store *store);

/* store_answered.c */

/* store_answered - the next answer has come. */
void store_answered(struct store *store, const struct store_values *values);

/* store_link.c */

/* store_link_is_open - is there a connection? */
bool store_link_is_open(const struct store *store);
/* store_link_open - begin with a new connection: 0; or -1, and fd is closed. */
int store_link_open(struct store *store, int fd, struct error *error);
void store_link_close(struct store *store);
/* store_link_write - as soon as the loop runs. */
void store_link_write(struct store *store, const char *bytes, size_t length);
/* store_link_flush - what is to be written. */
void store_link_flush(struct store *store);

/* store.c */

/* store_copy_why - one line of printable text. */
void store_copy_why(char to[STORE_WHY_SIZE], const char *why);
/* store_go_away - nobody waits any more. */
void store_go_away(struct store *store, const char *why);
/* store_fail - likewise, and this connection is of no use. */
void store_fail(struct store *store, const char *why);
/* store_come_up - it can be used. */
void store_come_up(struct store *store);
/* store_tick_in - look after the connection then. */
void store_tick_in(struct store *store, uint64_t ms);

#endif
