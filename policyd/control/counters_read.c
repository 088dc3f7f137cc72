/* SPDX-License-Identifier: ISC */
/* counters_read - the counters of a running policyd, as Prometheus gets them */

#include "policyd/control/counters_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/xalloc.h"
#include "lib/net/listener.h"

#define WAIT_SECONDS 5
#define PAGE_MAX     (1 << 20)

static const char question[] = "GET /metrics HTTP/1.0\r\n"
			       "Host: localhost\r\n\r\n";

/* read_page - all that comes until the other end closes; NULL and errno */
static char *read_page(int fd)
{
	char *page = xmalloc(PAGE_MAX + 1);
	size_t length = 0;
	ssize_t count;

	do {
		count = read(fd, page + length, PAGE_MAX - length);
		length += count > 0 ? (size_t)count : 0;
	} while ((count > 0 && length < PAGE_MAX) ||
		 (count < 0 && errno == EINTR));
	page[length] = '\0';
	if (count == 0)
		return page;
	free(page);
	return NULL;
}

/* value_of - the number at the end of a line that begins with name, and has
 * this label unless that is ""; false: it is another line */
static int value_of(const char *line, const char *name, const char *label,
		    double *value)
{
	size_t length = strcspn(line, "\n"), head = strlen(name);
	char text[512];

	if (length >= sizeof(text) || strncmp(line, name, head) != 0 ||
	    (line[head] != ' ' && line[head] != '{'))
		return 0;
	memcpy(text, line, length);
	text[length] = '\0';
	if (strrchr(text, ' ') == NULL || strstr(text, label) == NULL)
		return 0;
	*value = strtod(strrchr(text, ' '), NULL);
	return 1;
}

/* count_verdict - the line of a verdict */
static void count_verdict(struct counters_seen *counters, const char *line)
{
	char label[64];
	double value;
	int i;

	for (i = 0; i < VERDICT_COUNT; i++) {
		snprintf(label, sizeof(label), ",verdict=\"%s\",",
			 verdict_name((enum verdict)i));
		if (value_of(line, "policyd_decisions_total", label, &value))
			counters->decisions[i] += (uint64_t)value;
	}
}

/* counters_parse - line by line */
void counters_parse(struct counters_seen *counters, const char *page)
{
	const char *line;
	double value;

	memset(counters, 0, sizeof(*counters));
	for (line = page; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		count_verdict(counters, line);
		if (value_of(line, "policyd_connections", "", &value))
			counters->connections = (uint64_t)value;
		if (value_of(line, "policyd_malformed_requests_total", "",
			     &value))
			counters->malformed = (uint64_t)value;
		if (value_of(line, "policyd_decision_seconds_sum", "", &value))
			counters->seconds = value;
		if (value_of(line, "policyd_store_up", "", &value)) {
			counters->stores++;
			counters->stores_up += value > 0;
		}
		if (value_of(line, "policyd_store_fallback_total", "", &value))
			counters->fallbacks = (uint64_t)value;
	}
}

/* counters_read - ask, and parse */
int counters_read(const char *address, struct counters_seen *counters,
		  struct error *error)
{
	int fd = listener_connect(address, WAIT_SECONDS, error);
	char *page = NULL;

	if (fd < 0)
		return -1;
	if (write(fd, question, sizeof(question) - 1) ==
	    (ssize_t)(sizeof(question) - 1))
		page = read_page(fd);
	if (page == NULL)
		error_set(error, "%s: %s", address, strerror(errno));
	else if (strstr(page, " 200 ") == NULL)
		error_set(error, "%s: no counters there", address);
	else
		counters_parse(counters, page);
	close(fd);
	if (page == NULL || strstr(page, " 200 ") == NULL) {
		free(page);
		return -1;
	}
	free(page);
	return 0;
}
