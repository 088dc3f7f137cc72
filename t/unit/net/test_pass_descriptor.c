/* SPDX-License-Identifier: ISC */
/* test_pass_descriptor - packets with none, one, and too many descriptors */

#include "lib/net/pass_descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "t/unit/test.h"

#define MANY 3

static int channel[2];
static int lowest; /* descriptor that is free before a test */

/* next_free - the descriptor that would be opened next */
static int next_free(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

static void setup(void)
{
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel),
		0);
	lowest = next_free();
}

static void teardown(void)
{
	/* Descriptors that came and were not handed to us are closed. */
	ck_assert_int_eq(next_free(), lowest);
	close(channel[0]);
	close(channel[1]);
}

/* send_text - one packet in two pieces */
static int send_text(const char *one, const char *other, int fd)
{
	struct iovec pieces[2] = {
		{ (void *)(uintptr_t)one, strlen(one) },
		{ (void *)(uintptr_t)other, strlen(other) },
	};

	return pass_descriptor_send(channel[0], pieces, 2, fd, MSG_NOSIGNAL);
}

/* send_many - one packet with this number of descriptors */
static void send_many(size_t count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(MANY * sizeof(int))];
	} control = { 0 };
	struct iovec piece = { (char[]){ "x" }, 1 };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = (socklen_t)CMSG_LEN(count * sizeof(int));
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(part) + i * sizeof(int), &channel[0],
		       sizeof(int));
	ck_assert_int_eq(sendmsg(channel[0], &message, MSG_NOSIGNAL), 1);
}

/* receive - one packet of up to size bytes; -1 is what errno says */
static ssize_t receive(char *bytes, size_t size, int *fd)
{
	struct iovec pieces[2] = { { bytes, 2 }, { bytes + 2, size - 2 } };

	return pass_descriptor_receive(channel[1], pieces, 2, fd, MSG_DONTWAIT);
}

START_TEST(passes_one)
{
	int fd = channel[0];
	char bytes[8];

	ck_assert_int_eq(send_text("abc", "d", channel[1]), 0);
	ck_assert_int_eq(receive(bytes, sizeof(bytes), &fd), 4);
	ck_assert_int_eq(memcmp(bytes, "abcd", 4), 0);
	ck_assert_int_eq(fd, lowest);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	close(fd);
	ck_assert_int_eq(send_text("ab", "", -1), 0);
	ck_assert_int_eq(receive(bytes, sizeof(bytes), &fd), 2);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(closes_one_that_nobody_wants)
{
	char bytes[8];

	ck_assert_int_eq(send_text("ab", "c", channel[1]), 0);
	ck_assert_int_eq(receive(bytes, sizeof(bytes), NULL), 3);
}
END_TEST

START_TEST(takes_none_of_many)
{
	char bytes[8];
	int fd = channel[0];
	ssize_t length;

	send_many((size_t)_i);
	length = receive(bytes, sizeof(bytes), &fd);
	ck_assert_int_eq(fd, -1);
	/* As they are aligned there may be room for two. */
	if (length < 0)
		ck_assert_int_eq(errno, EPROTO);
	else
		ck_assert_int_eq(_i, 2);
}
END_TEST

START_TEST(refuses_a_message_that_is_too_long)
{
	char bytes[4];
	int fd = channel[0];

	ck_assert_int_eq(send_text("abc", "de", channel[1]), 0);
	ck_assert_int_eq(receive(bytes, sizeof(bytes), &fd), -1);
	ck_assert_int_eq(errno, EPROTO);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(send_text("abc", "de", -1), 0);
	ck_assert_int_eq(receive(bytes, sizeof(bytes), NULL), -1);
	ck_assert_int_eq(errno, EPROTO);
}
END_TEST

START_TEST(says_that_nothing_is_there)
{
	char bytes[8];
	int fd = channel[0];

	ck_assert_int_eq(receive(bytes, sizeof(bytes), &fd), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(says_that_the_peer_has_closed)
{
	char bytes[8];
	int fd = channel[0];

	close(channel[0]);
	ck_assert_int_eq(receive(bytes, sizeof(bytes), &fd), 0);
	ck_assert_int_eq(fd, -1);
	channel[0] = dup(channel[1]);
	ck_assert_int_eq(send_text("a", "", -1), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

/* The other end closes with a packet of ours that it has not read (ECONNRESET):
 * what it sent before still comes, and then the end. */
START_TEST(receives_what_was_sent_before_an_end)
{
	char text[8] = "";
	struct iovec piece = { text, sizeof(text) };
	int fd;

	ck_assert_int_eq(send_text("a", "b", -1), 0);
	ck_assert_int_eq(send(channel[1], "unread", 6, 0), 6);
	close(channel[0]);
	ck_assert_int_eq(pass_descriptor_receive(channel[1], &piece, 1, &fd, 0),
			 2);
	ck_assert_str_eq(text, "ab");
	ck_assert_int_eq(pass_descriptor_receive(channel[1], &piece, 1, &fd, 0),
			 0);
	channel[0] = dup(channel[1]);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("pass_descriptor");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, passes_one);
	tcase_add_test(tests, closes_one_that_nobody_wants);
	tcase_add_loop_test(tests, takes_none_of_many, 2, MANY + 1);
	tcase_add_test(tests, refuses_a_message_that_is_too_long);
	tcase_add_test(tests, says_that_nothing_is_there);
	tcase_add_test(tests, says_that_the_peer_has_closed);
	tcase_add_test(tests, receives_what_was_sent_before_an_end);
	return run_tests("pass_descriptor", tests);
}
