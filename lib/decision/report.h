/* SPDX-License-Identifier: ISC */
#ifndef LIB_DECISION_REPORT_H
#define LIB_DECISION_REPORT_H

#include <stddef.h>

#include "lib/decision/decision.h"
#include "lib/decision/facts.h"
#include "lib/decision/service.h"
#include "lib/request/request.h"

/* The longest decision line, NUL included. */
#define REPORT_MAX 1001

/* The longest value of each kind in the line; longer ones are cut, and end in
 * "...". */
#define REPORT_NUMBER_MAX      8
#define REPORT_NAME_MAX	       80
#define REPORT_ADDRESS_MAX     160
#define REPORT_FINGERPRINT_MAX 191 /* SHA-512 */

/* report_write - write the decision line (policyd(8), LOGGING), without a
 * newline, into a buffer of REPORT_MAX bytes; returns its length. us: the time
 * it took in microseconds. Printable ASCII only; text from the network is
 * escaped. */
size_t report_write(char *buffer, const char *id, const struct service *service,
		    const struct request *request, const struct facts *facts,
		    const struct decision *decision, unsigned long us);

#endif
