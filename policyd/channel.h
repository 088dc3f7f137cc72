/* SPDX-License-Identifier: ISC */
#ifndef POLICYD_CHANNEL_H
#define POLICYD_CHANNEL_H

/* What the monitor and a server say to each other, over a SOCK_SEQPACKET
 * socket pair: one message is one packet, descriptors travel along. The
 * monitor checks every message; it trusts no server that has seen a client. */

/* The option by which the monitor starts a server; followed by the
 * descriptor of its end of the channel. Not for people. */
#define CHANNEL_OPTION "--server"

#endif
