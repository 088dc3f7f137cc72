/* SPDX-License-Identifier: ISC */
#ifndef T_FUZZ_FUZZ_RESOLVER_H
#define T_FUZZ_FUZZ_RESOLVER_H

#include <stddef.h>
#include <stdlib.h>

#include "lib/address/parameters.h"
#include "lib/address/resolve.h"

struct fuzz_setting {
	enum parameter parameter;
	const char *value;
};

/* fuzz_resolver - of these settings, which are good; the caller's for good. */
static inline struct resolver *
fuzz_resolver(const struct fuzz_setting *settings, size_t count)
{
	struct parameters parameters;
	struct resolver *resolver;
	struct error error;
	size_t i;

	parameters_init(&parameters);
	for (i = 0; i < count; i++)
		parameters_set(&parameters, settings[i].parameter,
			       settings[i].value, "fuzz");
	if (parameters_complete(&parameters, &error) != 0)
		abort();
	resolver = resolver_new(&parameters, NULL, &error);
	if (resolver == NULL)
		abort();
	parameters_clear(&parameters);
	return resolver;
}

#endif
