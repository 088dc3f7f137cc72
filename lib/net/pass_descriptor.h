/* SPDX-License-Identifier: ISC */
#ifndef LIB_NET_PASS_DESCRIPTOR_H
#define LIB_NET_PASS_DESCRIPTOR_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Packets between our processes, each with at most one descriptor (SCM_RIGHTS,
 * unix(7)). */

/* pass_descriptor_send - send the pieces as one packet, with a copy of fd
 * unless it is -1. flags as for sendmsg(2), which does not write to the pieces.
 * count fits whatever msg_iovlen is: an int in POSIX and musl, else a size_t.
 * 0, or -1 and errno. */
int pass_descriptor_send(int channel, struct iovec *pieces, unsigned char count,
			 int fd, int flags);

/* pass_descriptor_receive - receive the next packet into the pieces: its
 * length, or -1 and errno, which is EPROTO if the packet is longer than the
 * pieces or has too much ancillary data. *fd belongs to the caller: the
 * descriptor that was received, close-on-exec, or -1; of several, none is kept.
 * fd NULL: none is accepted. flags as for recvmsg(2). A channel that was closed
 * ends with 0, after all packets, whether the other end had read ours or not.
 */
ssize_t pass_descriptor_receive(int channel, struct iovec *pieces,
				unsigned char count, int *fd, int flags);

#endif
