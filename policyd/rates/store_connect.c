/* SPDX-License-Identifier: ISC */
/* store_connect - one connection to the store, without a monitor */

#include "policyd/rates/store_connect.h"

#include <string.h>

#include "lib/net/listener.h"
#include "lib/net/sentinel.h"

/* ask_all - one after the other, until one says it; -1: what each of them said
 * instead */
static int ask_all(const struct config_store *store,
		   const struct sentinel_question *question, unsigned seconds,
		   char address[SENTINEL_ADDRESS], struct error *error)
{
	struct error why;

	error->text[0] = '\0';
	for (size_t i = 0; i < store->sentinel_count; i++) {
		if (sentinel_find(store->sentinels[i].address, question,
				  seconds, address, &why) == 0)
			return 0;
		if (i > 0)
			error_prefix(&why, "%s; ", error->text);
		*error = why;
	}
	return -1;
}

/* find - ask the sentinels */
static int find(const struct config_store *store, unsigned seconds,
		char address[SENTINEL_ADDRESS], struct error *error)
{
	struct sentinel_question question;
	char *password = NULL;
	int result = -1;

	if (config_password(store->sentinel_login.password_file, &password,
			    error) == 0 &&
	    config_store_question(store, password, &question, error) == 0)
		result = ask_all(store, &question, seconds, address, error);
	explicit_bzero(&question, sizeof(question));
	config_password_forget(password);
	return result;
}

/* store_connect - see above */
int store_connect(const struct config_store *store, unsigned seconds,
		  struct error *error)
{
	char address[SENTINEL_ADDRESS];

	if (store->sentinel_count == 0)
		return listener_connect(store->address.address, seconds, error);
	if (find(store, seconds, address, error) < 0)
		return -1;
	return listener_connect(address, seconds, error);
}
