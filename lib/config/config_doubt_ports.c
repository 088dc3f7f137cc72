/* SPDX-License-Identifier: ISC */
/* config_doubt_ports - warn of services for ports that Postfix does not have
 *
 * Such a service never gets a request, and its clients are judged by another
 * one. Nothing is said where it is not known which ports there are: where a
 * port has a name that this host does not know, and where a proxy or another
 * server may say at which port a client has connected. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/xalloc.h"
#include "lib/config/config_internal.h"
#include "lib/postfix/postconf.h"
#include "lib/postfix/smtpd_port.h"

#define PORTS_MAX 64

/* The ports of smtpd(8). */
struct ports {
	unsigned numbers[PORTS_MAX];
	size_t count;
	bool unknown; /* there are others */
};

/* has_port - is it one of them? */
static bool has_port(const struct ports *ports, unsigned number)
{
	size_t i;

	for (i = 0; i < ports->count; i++)
		if (ports->numbers[i] == number)
			return true;
	return false;
}

/* has_front - can the port that smtpd(8) reports be that of another server? */
static bool has_front(const char *directory, const char *option)
{
	struct error error;
	char *text;
	bool front;

	if (postconf_text(directory, option, &text, &error) < 0)
		return true;
	front = strstr(text, "upstream_proxy_protocol = ") != NULL ||
		strstr(text, "smtpd_authorized_xclient_hosts = ") != NULL;
	free(text);
	return front;
}

/* add_services - the ports of the services in master.cf */
static void add_services(struct ports *ports, const struct postfix *postfix)
{
	size_t i;

	for (i = 0; i < postfix->service_count; i++) {
		const struct postfix_service *service = &postfix->services[i];
		unsigned number;

		if (!smtpd_port_is(postfix, service))
			continue;
		number = postfix_port(postfix, service);
		if (number == 0 || ports->count == PORTS_MAX)
			ports->unknown = true;
		else if (!has_port(ports, number))
			ports->numbers[ports->count++] = number;
	}
}

/* read_ports - as far as they are known */
static void read_ports(struct ports *ports, const char *directory)
{
	struct postfix postfix = { 0 };
	struct error error;
	char *text;

	memset(ports, 0, sizeof(*ports));
	ports->unknown =
		has_front(directory, "-n") || has_front(directory, "-P");
	if (ports->unknown ||
	    postconf_text(directory, "-M", &text, &error) < 0) {
		ports->unknown = true;
		return;
	}
	if (postfix_services_parse(&postfix, text, false, &error) == 0)
		add_services(ports, &postfix);
	else
		ports->unknown = true;
	free(text);
	postfix_clear(&postfix);
}

/* ports_text - "25, 587", in a buffer */
static const char *ports_text(const struct ports *ports, char *text,
			      size_t size)
{
	size_t length = 0, i;

	snprintf(text, size, "none");
	for (i = 0; i < ports->count && length < size; i++)
		length +=
			(size_t)snprintf(text + length, size - length, "%s%u",
					 i > 0 ? ", " : "", ports->numbers[i]);
	return text;
}

/* check_service - each of its ports */
static void check_service(const struct config *config,
			  struct config_notes *notes, const struct ports *ports,
			  size_t index)
{
	const struct service *service = &config->services.services[index];
	const struct setting *from =
		&config->settings->services[index].settings[OPTION_SERVER_PORT];
	char known[256];
	size_t i;

	for (i = 0; i < service->server_port_count && i < from->count; i++)
		if (!has_port(ports, service->server_ports[i]))
			config_warning(
				notes, from->lines[i],
				"server_port: no smtpd of %s/master.cf has "
				"port %u; there are: %s",
				config->import_postfix,
				service->server_ports[i],
				ports_text(ports, known, sizeof(known)));
}

/* config_doubt_ports - those of all services */
void config_doubt_ports(const struct config *config, struct config_notes *notes)
{
	struct ports ports;
	bool used = false;
	size_t i;

	for (i = 0; i < config->settings->service_count; i++)
		used |= config->services.services[i].server_port_count > 0;
	if (!used || config->import_postfix == NULL)
		return;
	read_ports(&ports, config->import_postfix);
	for (i = 0; !ports.unknown && i < config->settings->service_count; i++)
		check_service(config, notes, &ports, i);
}
