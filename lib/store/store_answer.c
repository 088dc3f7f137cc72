/* SPDX-License-Identifier: ISC */
/* store_answer - what the store says about the charges of a request
 *
 * The answer to "take" and "look" is one array of numbers: 1 if all charges
 * pass, or 0; and for each of them outcome, notice, counted before, used, which
 * window, and seconds until it is free, -1 for never. If there is one charge,
 * and it is within its limits and silent, the answer is one number, which is
 * below 0: -1 - counted before - 2 * which window - 8 * used.
 *
 * The limits are ours, so nothing is believed that they contradict. */

#include "lib/store/store_internal.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>

#define NUMBERS	      6	 /* for one charge */
#define ADVISED_SHOWN 90 /* bytes of an error */
#define CLUSTER_ADVICE                                                       \
	": Cluster mode is not supported; use one primary, and Sentinel to " \
	"follow a failover"

/* One charge, as the store answers it. */
struct numbers {
	long long outcome, notice, before, used, window, free_s;
};

/* store_error_of - by its first word */
enum store_error store_error_of(const struct store_values *values)
{
	static const char *const one[] = { "ERR ", "WRONGTYPE " };
	const struct store_value *value = &values->value[0];

	if (value->kind != REDIS_REPLY_ERROR)
		return STORE_NO_ERROR;
	if (strncmp(value->text, "NOSCRIPT", strlen("NOSCRIPT")) == 0)
		return STORE_NO_SCRIPT;
	for (size_t i = 0; i < sizeof(one) / sizeof(*one); i++)
		if (strncmp(value->text, one[i], strlen(one[i])) == 0)
			return STORE_ONE_ERROR;
	return STORE_ALL_ERRORS;
}

/* is_cluster - an error that only a node of a cluster sends */
static bool is_cluster(const char *text)
{
	static const char *const words[] = { "MOVED ", "ASK ", "CLUSTERDOWN",
					     "CROSSSLOT", "TRYAGAIN" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* advice_for - what to do about an error; "". Redis 7.0 has no other answer to
 * a text as long as the script from somebody who should have a password. */
static const char *advice_for(const char *text)
{
	static const struct {
		const char *begin, *advice;
	} all[] = {
		{ "NOAUTH", " (it wants a password: set password_file)" },
		{ "ERR Protocol error: unauthenticated",
		  " (it wants a password: set password_file)" },
		{ "WRONGPASS", " (see username and password_file)" },
		{ "NOPERM", " (its ACL has to permit what the HOWTO says)" },
	};

	if (is_cluster(text))
		return CLUSTER_ADVICE;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strncmp(text, all[i].begin, strlen(all[i].begin)) == 0)
			return all[i].advice;
	return "";
}

/* store_error_why - an error, for people: without its full stop */
void store_error_why(const char *text, char why[STORE_WHY_SIZE])
{
	const char *advice = advice_for(text);
	size_t length = strlen(text), most = STORE_WHY_SIZE;

	if (advice[0] != '\0')
		most = ADVISED_SHOWN;
	if (length > 0 && text[length - 1] == '.')
		length--;
	snprintf(why, STORE_WHY_SIZE, "the store says: %.*s%s",
		 (int)(length < most ? length : most), text, advice);
}

/* is_short - one charge that passes, with nothing to say */
static bool is_short(const struct store_values *values)
{
	return values->value[0].kind == REDIS_REPLY_INTEGER &&
	       values->value[0].number < 0;
}

/* numbers_of_short - the charge of such an answer */
static struct numbers numbers_of_short(long long number)
{
	unsigned long long bits = ~(unsigned long long)number;

	return (struct numbers){
		.outcome = RATE_WITHIN,
		.notice = RATE_SILENT,
		.before = (long long)(bits & 1),
		.used = (long long)(bits >> 3),
		.window = (long long)(bits >> 1 & 3),
	};
}

/* numbers_of - the charge with that number */
static struct numbers numbers_of(const struct store_values *values, size_t i)
{
	const struct store_value *value = &values->value[2 + NUMBERS * i];

	if (is_short(values))
		return numbers_of_short(values->value[0].number);
	return (struct numbers){
		.outcome = value[0].number,
		.notice = value[1].number,
		.before = value[2].number,
		.used = value[3].number,
		.window = value[4].number,
		.free_s = value[5].number,
	};
}

/* store_limit - by its length */
uint64_t store_limit(const struct rate_limits *limits, uint32_t length_s)
{
	for (unsigned i = 0; i < limits->count && i < RATE_WINDOWS_MAX; i++)
		if (limits->limit[i].length_s == length_s)
			return limits->limit[i].number;
	return RATE_UNLIMITED;
}

/* in_range - can they be numbers of the script? */
static bool in_range(const struct numbers *numbers,
		     const struct store_windows *windows)
{
	return numbers->outcome >= RATE_WITHIN &&
	       numbers->outcome <= RATE_BLOCKED &&
	       numbers->notice >= RATE_SILENT &&
	       numbers->notice <= RATE_FIRST_OVER && numbers->before >= 0 &&
	       numbers->before <= 1 && numbers->used >= 0 &&
	       numbers->window >= 0 && numbers->window < windows->count &&
	       numbers->free_s >= -1;
}

/* fits - do they agree with our limits? */
static bool fits(const struct numbers *numbers,
		 const struct store_windows *windows,
		 const struct rate_charge *charge)
{
	uint64_t number = store_limit(&charge->limits,
				      windows->length_s[numbers->window]);
	uint64_t amount = windows->unit == RATE_NETWORKS ? 1 : charge->amount;

	if (numbers->notice != RATE_SILENT && number == RATE_UNLIMITED)
		return false;
	switch (numbers->outcome) {
	case RATE_WITHIN:
		return numbers->free_s == 0;
	case RATE_OVER:
		return numbers->free_s >= 0 && amount <= number &&
		       number != RATE_UNLIMITED;
	case RATE_NEVER_FITS:
		return numbers->free_s == -1 && amount > number;
	default:
		return numbers->notice == RATE_SILENT;
	}
}

/* passes - does a charge let the message through? */
static bool passes(const struct numbers *numbers,
		   const struct rate_charge *charge)
{
	return numbers->outcome == RATE_WITHIN ||
	       (charge->beyond && numbers->outcome < RATE_BLOCKED);
}

/* check_form - does it answer this number of charges? NULL, or what is wrong */
static const char *check_form(const struct store_values *values, size_t count)
{
	if (is_short(values) && values->count == 1 && count == 1)
		return NULL;
	if (values->value[0].kind != REDIS_REPLY_ARRAY ||
	    values->count != 2 + NUMBERS * count ||
	    values->value[0].number != (long long)values->count - 1)
		return "the store's answer has another form";
	for (size_t i = 1; i < values->count; i++)
		if (values->value[i].kind != REDIS_REPLY_INTEGER)
			return "the store's answer has something else than "
			       "numbers";
	return NULL;
}

/* check - all that is said; NULL, or what is wrong */
static const char *check(const struct store_values *values,
			 const struct store_windows windows[],
			 const struct rate_charge charges[], size_t count)
{
	const char *wrong = check_form(values, count);
	bool pass = true;

	if (wrong != NULL)
		return wrong;
	for (size_t i = 0; i < count; i++) {
		struct numbers numbers = numbers_of(values, i);

		if (!in_range(&numbers, &windows[i]))
			return "the store's answer is out of range";
		if (!fits(&numbers, &windows[i], &charges[i]))
			return "the store's answer contradicts our limits";
		pass = pass && passes(&numbers, &charges[i]);
	}
	if (!is_short(values) && values->value[1].number != pass)
		return "the store's answer contradicts itself";
	return NULL;
}

/* fill - one result */
static void fill(const struct numbers *numbers,
		 const struct store_windows *windows,
		 struct rate_charge *charge)
{
	uint32_t length_s = windows->length_s[numbers->window];

	charge->result = (struct rate_result){
		.outcome = (enum rate_outcome)numbers->outcome,
		.notice = (enum rate_notice)numbers->notice,
		.counted_before = numbers->before == 1,
		.used = (uint64_t)numbers->used,
		.number = store_limit(&charge->limits, length_s),
		.length_s = length_s,
		.free_s = numbers->free_s < 0 ? UINT64_MAX
					      : (uint64_t)numbers->free_s,
	};
}

/* store_answer_read - all results, or none */
const char *store_answer_read(const struct store_values *values,
			      const struct store_windows windows[],
			      struct rate_charge charges[], size_t count,
			      bool *passed)
{
	const char *wrong = check(values, windows, charges, count);

	if (wrong != NULL)
		return wrong;
	for (size_t i = 0; i < count; i++) {
		struct numbers numbers = numbers_of(values, i);

		fill(&numbers, &windows[i], &charges[i]);
	}
	*passed = is_short(values) || values->value[1].number == 1;
	return NULL;
}
