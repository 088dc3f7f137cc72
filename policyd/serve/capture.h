/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_SERVE_CAPTURE_H
#define POLICYD_SERVE_CAPTURE_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/base/error.h"

/* Requests as received, stored for -q --replay in a ring of files: capture.0,
 * capture.1 and so on in one directory, each up to CAPTURE_FILE_BYTES; when one
 * is full the next is overwritten. Only their owner can read them. */
struct capture;

#define CAPTURE_FILE_BYTES (8u << 20)

/* capture_new - open the files with the rights of the caller, which are not
 * needed afterwards. NULL: the directory or a file cannot be used, or is not
 * trustworthy (lib/base/trust.h). */
struct capture *capture_new(const char *directory, unsigned files, uid_t user,
			    struct error *error);

/* capture_write - store one whole request, blank line included. If that fails
 * the request is lost and a warning is logged once; it never fails the caller.
 * NULL capture: nothing is stored. */
void capture_write(struct capture *capture, const char *bytes, size_t length);

/* capture_free - NULL is allowed. */
void capture_free(struct capture *capture);

#endif
