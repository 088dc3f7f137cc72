/* SPDX-License-Identifier: ISC */
/* openssl - let OpenSSL allocate memory with lib/base/xalloc */

#include "lib/session/session.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "lib/base/xalloc.h"

/* allocate - for OpenSSL */
static void *allocate(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return xmalloc(size);
}

/* reallocate - for OpenSSL, where 0 bytes mean NULL */
static void *reallocate(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (size > 0)
		return xreallocarray(old, size, 1);
	free(old);
	return NULL;
}

/* release - for OpenSSL */
static void release(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	free(block);
}

/* openssl_init - let OpenSSL allocate memory with lib/base/xalloc */
void openssl_init(void)
{
	CRYPTO_set_mem_functions(allocate, reallocate, release);
}
