/* SPDX-License-Identifier: ISC */
/* test_resolve - what Postfix concluded, row by row
 *
 * t/data/vectors holds recorded verdicts of a real Postfix for many main.cf
 * variants (the headings of the files), type:table entries included. Each file
 * is judged here, and no row may differ, in neither direction. */

#include "lib/address/address.h"

#include <string.h>

#include "t/unit/address/resolving.h"

#define VECTORS TEST_DATA "/vectors"

static const char *const variants[] = {
	"broken-mydest",
	"broken-relay",
	"compat0",
	"everything",
	"lists",
	"lists-dot",
	"literals",
	"literals-v4only",
	"min-user",
	"mydest",
	"no-bang",
	"no-dequoted",
	"no-origin",
	"no-origin-remote",
	"no-percent",
	"no-percent-no-bang",
	"null-domain",
	"numeric-domain",
	"origin",
	"origin-file",
	"relay-dot",
	"relay-parent",
	"strict",
	"tables",
	"tables-dot",
	"untrusted-plain",
	"untrusted-routing",
	"utf8-declared",
	"utf8-off",
	"utf8-undeclared",
	"virtual",
};

/* The result for one file. */
struct tally {
	int rows; /* judged */
	int permitted;
	int permissive; /* we permit, Postfix did not */
	int stricter;
	int smoked; /* never asked about; only looked for a crash */
};

/* hex - value of a hexadecimal digit */
static int hex(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

/* decode - undo \xNN and \\ in place */
static void decode(char *text)
{
	char *out = text;

	while (*text != '\0') {
		if (text[0] == '\\' && text[1] == 'x') {
			*out++ = (char)(hex(text[2]) * 16 + hex(text[3]));
			text += 4;
		} else if (text[0] == '\\') {
			*out++ = text[1];
			text += 2;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

/* make_directory - a new one, and in it the configuration that postmap wants
 * to see, and the files of a variant, with their data bases */
static void make_directory(char path[64], const char *variant)
{
	strcpy(path, "/tmp/policyd-resolve.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	run_shell("echo compatibility_level = 3.6 >%s/main.cf", path);
	/* Postfix waits until it has not changed for a while. */
	run_shell("touch -d '1 hour ago' %s/main.cf", path);
	run_shell("if [ -d %s/files/%s ]; then cp -r %s/files/%s/. %s; fi",
		  VECTORS, variant, VECTORS, variant, path);
	run_shell("for f in %s/*.hash; do if [ -e $f ]; then "
		  "postmap -c %s hash:$f; fi; done",
		  path, path);
}

/* replace_dir - a copy of value with @DIR@ replaced */
static char *replace_dir(const char *value, const char *directory)
{
	char *out = calloc(1, strlen(value) * 40 + 1000);
	const char *at;

	while ((at = strstr(value, "@DIR@")) != NULL) {
		strncat(out, value, (size_t)(at - value));
		strcat(out, directory);
		value = at + strlen("@DIR@");
	}
	strcat(out, value);
	return out;
}

/* read_setting - one "NAME = VALUE" of the heading */
static void read_setting(struct parameters *parameters, char *line,
			 const char *directory)
{
	char *equals = strstr(line, " = ");
	char *value;
	int parameter;

	ck_assert_msg(equals != NULL, "no \" = \" in \"%s\"", line);
	*equals = '\0';
	parameter = parameter_find(line);
	if (parameter < 0)
		return;
	value = replace_dir(equals + 3, directory);
	parameters_set(parameters, (enum parameter)parameter, value, "heading");
	free(value);
}

/* load - parameters of a variant out of the heading of its file */
static void load(struct parameters *parameters, FILE *file,
		 const char *directory)
{
	static const char prefix[] = "# effective: ";
	char line[8192];
	struct error error;

	parameters_init(parameters);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, prefix, sizeof(prefix) - 1) == 0)
			read_setting(parameters, line + sizeof(prefix) - 1,
				     directory);
	}
	rewind(file);
	ck_assert_msg(parameters_complete(parameters, &error) == 0, "%s",
		      error.text);
}

/* verdict_of - what resolution_authorized() should say */
static int verdict_of(const char *word)
{
	if (strcmp(word, "permit") == 0)
		return 1;
	if (strcmp(word, "temp") == 0)
		return -1;
	ck_assert_str_eq(word, "deny");
	return 0;
}

/* judge_row - one row: text, recipient attribute, verdict */
static void judge_row(const struct resolver *resolver, const char *variant,
		      char *line, struct tally *tally)
{
	struct resolution *resolution = malloc(sizeof(*resolution));
	char *attribute = strchr(line, '\t');
	char *word = attribute != NULL ? strchr(attribute + 1, '\t') : NULL;
	const char *recipient;
	int got;

	ck_assert_msg(word != NULL, "%s: %s", variant, line);
	*attribute++ = '\0';
	*word++ = '\0';
	recipient = attribute;
	decode(line);
	decode(attribute);
	if (strcmp(attribute, "=") == 0 || strcmp(attribute, "-") == 0) {
		size_t length = strlen(line);

		if (line[0] == '<' && line[length - 1] == '>') {
			line[length - 1] = '\0';
			line++;
		}
		recipient = line;
	}
	resolve_address(resolver, recipient, resolution);
	got = resolution_authorized(resolver, resolution);
	if (strcmp(attribute, "-") == 0) {
		tally->smoked++;
		free(resolution);
		return;
	}
	tally->rows++;
	tally->permitted += got == 1;
	if (got != verdict_of(word)) {
		printf("%s: <%s> Postfix %s, we %d (%s)\n", variant, recipient,
		       word, got, resolution->address);
		if (got == 1)
			tally->permissive++;
		else
			tally->stricter++;
	}
	free(resolution);
}

/* judge_file - all rows of a file */
static void judge_file(const struct resolver *resolver, const char *variant,
		       FILE *file, struct tally *tally)
{
	char line[16384];

	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '#' && line[0] != '\0')
			judge_row(resolver, variant, line, tally);
	}
}

START_TEST(concludes_what_postfix_concluded)
{
	const char *variant = variants[_i];
	bool broken = strncmp(variant, "broken-", 7) == 0;
	char directory[64];
	struct table_loader loader = {
		.config_directory = directory,
		.lenient = broken,
	};
	struct tally tally = { 0, 0, 0, 0, 0 };
	struct parameters parameters;
	struct resolver *resolver;
	struct error error;
	char path[4096];
	FILE *file;

	make_directory(directory, variant);
	snprintf(path, sizeof(path), VECTORS "/%s.tsv", variant);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	load(&parameters, file, directory);
	resolver = resolver_new(&parameters, &loader, &error);
	ck_assert_msg(resolver != NULL, "%s: %s", variant, error.text);
	parameters_clear(&parameters);
	judge_file(resolver, variant, file, &tally);
	resolver_free(resolver);
	fclose(file);
	run_shell("rm -r %s", directory);
	printf("%-20s rows %d, permitted %d, more permissive %d, stricter %d, "
	       "not asked %d\n",
	       variant, tally.rows, tally.permitted, tally.permissive,
	       tally.stricter, tally.smoked);
	ck_assert_int_eq(tally.permissive, 0);
	ck_assert_int_eq(tally.stricter, 0);
	ck_assert_int_gt(tally.rows, 100);
	ck_assert_int_gt(tally.permitted, 20);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("resolve");

	tcase_add_loop_test(tests, concludes_what_postfix_concluded, 0,
			    COUNT(variants));
	return run_tests("resolve", tests);
}
