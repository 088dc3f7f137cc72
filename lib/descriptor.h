/* SPDX-License-Identifier: ISC */
#ifndef LIB_DESCRIPTOR_H
#define LIB_DESCRIPTOR_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Packets between processes of ours, each with at most one descriptor beside
 * its bytes (SCM_RIGHTS, unix(7)). */

/* descriptor_send - the pieces as one packet; fd travels along if it is not
 * -1, and stays open here. flags as for sendmsg(2), which does not write to
 * the pieces. 0, or -1 and errno. */
int descriptor_send(int channel, struct iovec *pieces, size_t count, int fd,
		    int flags);

/* descriptor_receive - the next packet into the pieces: its length, or -1 and
 * errno, which is EPROTO if it is longer than they are or more came along than
 * there is room for. *fd is the caller's: the one descriptor that came along,
 * close-on-exec, or -1; if there were several, none of them is kept. fd NULL:
 * none is taken. flags as for recvmsg(2). */
ssize_t descriptor_receive(int channel, struct iovec *pieces, size_t count,
			   int *fd, int flags);

#endif
