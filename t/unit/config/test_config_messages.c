/* SPDX-License-Identifier: ISC */
/* test_config_messages - several errors are sorted and limited; which files are
 * read at all; what is forgiven where no server could continue otherwise */

#include <check.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/config/config_file.h"
#include "t/unit/test.h"
#include "t/unit/config/loading.h"

START_TEST(reports_several_errors_at_once)
{
	static const char text[] = "logg = x\n"
				   "log = stderr\n"
				   "service \"a\" { user = x }\n"
				   "log = syslog\n";
	struct config_messages messages;

	ck_assert_ptr_null(load_text(text, strlen(text), &messages));
	ck_assert_uint_eq(messages.errors, 3);
	ck_assert_uint_eq(messages.count, 3);
	ck_assert(message_has(messages.lines[0], "FILE:1: ", "unknown"));
	ck_assert(message_has(messages.lines[1], "FILE:3: ", "user"));
	ck_assert(message_has(messages.lines[2], "FILE:4: ", "already"));
	config_messages_clear(&messages);
}
END_TEST

START_TEST(sorts_errors_by_line)
{
	static const char text[] = "restrictions = x\n"
				   "idle_timeout = 5s\n"
				   "mydestination = \"$y\"\n"
				   "pid_file = z\n"
				   "listen \"unix:q\" { }\n";
	struct config_messages messages;
	char start[32];
	size_t i;

	ck_assert_ptr_null(load_text(text, strlen(text), &messages));
	ck_assert_uint_eq(messages.errors, 4);
	ck_assert_uint_eq(messages.count, 5);
	for (i = 0; i < 5; i++) {
		snprintf(start, sizeof(start), "FILE:%zu: ", i + 1);
		ck_assert_msg(message_has(messages.lines[i], start, ""), "%s",
			      messages.lines[i]);
	}
	ck_assert(message_has(messages.lines[1], "FILE:2: warning: ", "idle"));
	config_messages_clear(&messages);
}
END_TEST

START_TEST(refuses_long_paths)
{
	char text[2 * CONFIG_PATH_MAX + 64];
	struct config_messages messages;

	snprintf(text, sizeof(text), "log = \"/%0*d\"\npid_file = \"/%0*d\"\n",
		 CONFIG_PATH_MAX - 1, 0, CONFIG_PATH_MAX - 1, 0);
	ck_assert_ptr_null(load_text(text, strlen(text), &messages));
	ck_assert_uint_eq(messages.errors, 2);
	ck_assert(message_has(messages.lines[0], "FILE:1: ", "longer than"));
	ck_assert(message_has(messages.lines[1], "FILE:2: ", "less than 1024"));
	config_messages_clear(&messages);
}
END_TEST

START_TEST(stops_after_many_errors)
{
	char text[100 * 16] = "";
	struct config_messages messages;
	size_t length = 0;
	int i;

	for (i = 0; i < 100; i++)
		length += (size_t)sprintf(text + length, "x%d = 1\n", i);
	ck_assert_ptr_null(load_text(text, length, &messages));
	ck_assert_uint_eq(messages.errors, 20);
	ck_assert_uint_eq(messages.count, 20);
	ck_assert(message_has(messages.lines[19], "FILE:20: ", "x19"));
	config_messages_clear(&messages);
}
END_TEST

START_TEST(refuses_too_many_sections)
{
	char *text = xmalloc(40000);
	struct config_messages messages;
	size_t length = 0;
	int i;

	for (i = 0; i < 1001; i++)
		length += (size_t)sprintf(text + length,
					  "service \"s%d\" { }\n", i);
	ck_assert_ptr_null(load_text(text, length, &messages));
	ck_assert(message_has(messages.lines[0], "FILE:1001: ", "more than"));
	config_messages_clear(&messages);
	free(text);
}
END_TEST

/* ---- what kind of file */

/* refuse_path - load path, which must be refused for that reason */
static void refuse_path(const char *path, const char *reason)
{
	struct config_messages messages;

	ck_assert_ptr_null(config_load(path, &messages));
	ck_assert_uint_eq(messages.errors, 1);
	ck_assert_uint_eq(messages.count, 1);
	ck_assert_msg(message_has(messages.lines[0], path, reason), "%s",
		      messages.lines[0]);
	config_messages_clear(&messages);
}

START_TEST(reads_regular_files_only)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct file_place place;
	int fd;

	file_place_make(&place);
	refuse_path(place.path, ": cannot open: No such file");
	refuse_path(place.directory, ": is a directory");
	refuse_path("/dev/null", ": is a device");
	ck_assert_int_eq(mkfifo(place.path, 0600), 0);
	refuse_path(place.path, ": is a FIFO");
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert_int_eq(symlink("/etc/hosts", place.path), 0);
	refuse_path(place.path, ": is a symbolic link");
	ck_assert_int_eq(unlink(place.path), 0);
	strcpy(address.sun_path, place.path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	refuse_path(place.path, ": is not a regular file");
	close(fd);
	file_place_remove(&place);
}
END_TEST

START_TEST(reads_only_what_nobody_else_can_write)
{
	struct file_place place;

	file_place_make(&place);
	write_file(place.path, "log = stderr\n", 13);
	ck_assert_int_eq(chmod(place.path, 0646), 0);
	refuse_path(place.path, ": can be written by everybody");
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(place.path, 0664), 0);
		ck_assert_int_eq(chown(place.path, 0, 12345), 0);
		refuse_path(place.path, ": can be written by group 12345");
		ck_assert_int_eq(chmod(place.path, 0600), 0);
		ck_assert_int_eq(chown(place.path, 12345, 0), 0);
		refuse_path(place.path, ": belongs to user 12345");
	} else {
		ck_assert_int_eq(chmod(place.path, 0), 0);
		refuse_path(place.path, ": cannot open: Permission denied");
	}
	file_place_remove(&place);
}
END_TEST

START_TEST(reads_files_up_to_the_limit)
{
	size_t size = 2 * CONFIG_FILE_MAX;
	char *text = xmalloc(size);
	struct config_messages messages;
	struct config *config;
	struct file_place place;

	memset(text, '\n', size);
	file_place_make(&place);
	write_file(place.path, text, size);
	refuse_path(place.path, ": is larger than 1048576 bytes");
	write_file(place.path, text, CONFIG_FILE_MAX + 1);
	refuse_path(place.path, ": is larger than 1048576 bytes");
	write_file(place.path, text, CONFIG_FILE_MAX);
	config = config_load(place.path, &messages);
	ck_assert_ptr_nonnull(config);
	config_free(config);
	config_messages_clear(&messages);
	file_place_remove(&place);
	free(text);
}
END_TEST

/* ---- a table that cannot be read, when no server could continue */

/* load_leniently - a file with this text; so many tables cannot be read, which
 * is no error */
static struct config *load_leniently(const char *text, size_t failed,
				     struct config_messages *messages,
				     struct file_place *place)
{
	const struct config_load_options lenient = { .lenient = true };
	struct config *config;

	file_place_make(place);
	write_file(place->path, text, strlen(text));
	config = config_load_with(place->path, &lenient, messages);
	ck_assert_ptr_nonnull(config);
	ck_assert_uint_eq(config->failed_tables, failed);
	ck_assert_uint_eq(messages->errors, 0);
	return config;
}

START_TEST(serves_without_a_table_if_lenient)
{
	static const char text[] =
		"reply = ok\n"
		"relay_domains = 'a.test, texthash:/nonexistent, /nowhere'\n"
		"service lock { policy_context = lock\n reply = lock }\n";
	struct config_messages messages = { 0 };
	struct file_place place;
	struct config *config = load_leniently(text, 2, &messages, &place);

	ck_assert_uint_ge(messages.count, 2);
	ck_assert_ptr_nonnull(
		strstr(messages.lines[0],
		       ":2: warning: relay_domains: cannot read "
		       "texthash:/nonexistent: No such file or directory; "
		       "lookups in it are deferred"));
	ck_assert_ptr_nonnull(strstr(messages.lines[1], "/nowhere: "));
	config_messages_clear(&messages);
	config_free(config);
	file_place_remove(&place);
}
END_TEST

/* The lists of services have tables too. */
START_TEST(serves_without_a_table_of_a_service)
{
	static const char text[] =
		"import_postfix = \"\"\n"
		"mynetworks = '10.0.0.0/8, texthash:/nonexistent'\n"
		"relay_clientcerts = 'lmdb:nonexistent'\n"
		"restrictions = { permit_mynetworks, permit_tls_clientcerts,\n"
		"\treject }\n";
	struct config_messages messages = { 0 };
	struct file_place place;
	struct config *config = load_leniently(text, 2, &messages, &place);

	ck_assert_uint_ge(messages.count, 2);
	ck_assert_ptr_nonnull(strstr(messages.lines[0],
				     ":2: warning: mynetworks: cannot read "
				     "texthash:/nonexistent: "));
	ck_assert_ptr_nonnull(
		strstr(messages.lines[1],
		       ":3: warning: relay_clientcerts: cannot read "
		       "lmdb:nonexistent: "));
	config_messages_clear(&messages);
	config_free(config);
	file_place_remove(&place);
}
END_TEST

/* One table for all services and restrictions: read and told once. */
START_TEST(reads_a_shared_table_once)
{
	static const char text[] =
		"sender_login_maps = 'texthash:/nonexistent'\n"
		"restrictions = { reject_sender_login_mismatch,\n"
		"\treject_known_sender_login_mismatch, reject }\n"
		"service x { server_port = 25 }\n"
		"service y { server_port = 26 }\n";
	struct config_messages messages = { 0 };
	const struct service *services;
	struct file_place place;
	struct config *config = load_leniently(text, 1, &messages, &place);

	ck_assert_ptr_nonnull(strstr(messages.lines[0],
				     ":1: warning: sender_login_maps: "
				     "cannot read texthash:/nonexistent: "
				     "No such file"));
	services = config->services.services;
	ck_assert_ptr_eq(services[0].restrictions.uses[0].state,
			 services[2].restrictions.uses[1].state);
	config_messages_clear(&messages);
	config_free(config);
	file_place_remove(&place);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("config_messages");

	tcase_add_test(tests, serves_without_a_table_if_lenient);
	tcase_add_test(tests, serves_without_a_table_of_a_service);
	tcase_add_test(tests, reads_a_shared_table_once);
	tcase_add_test(tests, reports_several_errors_at_once);
	tcase_add_test(tests, sorts_errors_by_line);
	tcase_add_test(tests, refuses_long_paths);
	tcase_add_test(tests, stops_after_many_errors);
	tcase_add_test(tests, refuses_too_many_sections);
	tcase_add_test(tests, reads_regular_files_only);
	tcase_add_test(tests, reads_only_what_nobody_else_can_write);
	tcase_add_test(tests, reads_files_up_to_the_limit);
	return run_tests("config_messages", tests);
}
