/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_QUERY_FORECAST_SENDER_H
#define POLICYD_QUERY_FORECAST_SENDER_H

#include <stdbool.h>

#include "lib/decision/service.h"
#include "lib/postlog/postlog.h"
#include "lib/request/request.h"
#include "policyd/query/forecast_ports.h"

/* forecast_sender_unsaid - why nobody knows which sender the client gave; NULL:
 * it is the one in the log. */
const char *forecast_sender_unsaid(const struct postlog_case *taken,
				   const struct forecast_ports *ports);

/* forecast_sender_decides - may a restriction of the service refuse the request
 * for its sender, whoever that is, before it comes to the one that permits? */
bool forecast_sender_decides(const struct service *service,
			     const struct request *request,
			     const char *permitting);

#endif
