/* SPDX-License-Identifier: ISC */
/* check_postfix_filter - does the client get what policyd answers?
 *
 * Since Postfix 3.11, what smtpd(8) finds for a refusal in
 * smtpd_reject_filter_maps takes its place. The text may lose its id, by which
 * policyd's log has the reason; and where policyd asks a client to try again,
 * it may get a code that means never. The tables are asked what they make of
 * two such texts. */

#include "policyd/check/check_postfix_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/subprocess.h"
#include "lib/base/xalloc.h"
#include "lib/postfix/postconf.h"
#include "lib/postfix/smtpd_parameter.h"

#define FILTER	   "smtpd_reject_filter_maps"
#define ID	   "(id 0123AB)"
#define REFUSED	   "<user@example.com>: Recipient address rejected: "
#define REFUSAL	   "554 5.7.1 " REFUSED "Relay access denied; log in first " ID
#define DEFERRAL   "450 4.3.2 " REFUSED "Try again later " ID
#define OUTPUT_MAX (64u << 10) /* bytes */

/* find - what Postfix finds in one table; the caller frees it. NULL: nothing,
 * or it cannot be asked. */
static char *find(const struct check *check, const char *table,
		  const char *reply)
{
	const char *argv[] = { "postmap", "-c",	 check->postfix->directory,
			       "-q",	  reply, table,
			       NULL };
	const struct subprocess_limits limits = { .timeout_ms =
							  POSTCONF_TIMEOUT_MS,
						  .output_max = OUTPUT_MAX };
	struct error error;
	char *output;
	size_t length;
	int status = subprocess_run(argv, &limits, &output, &length, &error);

	if (status == 0 && length > 1) {
		output[strcspn(output, "\n")] = '\0';
		return output;
	}
	if (status >= 0)
		free(output);
	return NULL;
}

/* is_reply - does smtpd(8) take that text? In place of another one it sends the
 * reply itself. */
static bool is_reply(const char *text)
{
	return (text[0] == '4' || text[0] == '5') &&
	       strspn(text + 1, "0123456789") == 2 &&
	       (text[3] == ' ' || text[3] == '-');
}

/* filter - what the client gets in place of a reply; the caller frees it. NULL:
 * the reply itself. */
static char *filter(const struct check *check, const char *tables,
		    const char *reply)
{
	char *table, *found = NULL;

	while (found == NULL && (table = postfix_next_word(&tables)) != NULL) {
		found = find(check, table, reply);
		free(table);
	}
	if (found == NULL || is_reply(found))
		return found;
	free(found);
	return NULL;
}

/* found_filter - report what the tables do */
static void found_filter(struct check *check,
			 const struct postfix_service *service,
			 const char *advice, const char *what,
			 const char *instead)
{
	char *on = check_on(check, service, FILTER);

	check_found(check,
		    &(struct mistake){ .severity = SEVERITY_WARNING,
				       .service = service,
				       .parameter = FILTER,
				       .advice = advice },
		    FILTER "%s %s: the client gets \"%s\"", on, what, instead);
	free(on);
}

/* check_one - the tables of a port where policyd is asked */
static void check_one(struct check *check, const struct smtpd_port *port)
{
	const char *tables = smtpd_parameter_get(port, FILTER);
	char *refusal, *deferral;

	if (tables == NULL || *tables == '\0')
		return;
	refusal = filter(check, tables, REFUSAL);
	deferral = filter(check, tables, DEFERRAL);
	if (deferral != NULL && *deferral == '5')
		found_filter(
			check, port->service,
			"let these tables keep the 4 at the beginning",
			"makes a refusal for good of policyd's \"Try again "
			"later\"",
			deferral);
	if (refusal != NULL && strstr(refusal, ID) == NULL)
		found_filter(
			check, port->service,
			"let these tables keep the end, \"(id ...)\"",
			"takes the id from policyd's refusals, which finds "
			"them in its log",
			refusal);
	free(refusal);
	free(deferral);
}

/* check_filters - of all ports */
void check_filters(struct check *check)
{
	size_t i;

	for (i = 0; i < check->ports.count; i++)
		if (check_is_asked(check, check->ports.rows[i].port.service))
			check_one(check, &check->ports.rows[i].port);
}
