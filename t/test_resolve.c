/* SPDX-License-Identifier: ISC */
/* test_resolve - what Postfix concluded, row by row
 *
 * t/data/vectors holds recorded verdicts of a real Postfix for many main.cf
 * variants (the headings of the files). Each file whose lists have no
 * type:table entry is judged here, and no row may differ, in neither
 * direction. */

#include "lib/resolve.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS TEST_DATA "/vectors"

/* One file of rows. refused: it has type:table entries, not yet supported. */
struct variant {
	const char *name;
	bool refused;
};

static const struct variant variants[] = {
	{"broken-mydest", true},
	{"broken-relay", true},
	{"compat0", false},
	{"everything", false},
	{"lists", false},
	{"lists-dot", false},
	{"literals", false},
	{"literals-v4only", false},
	{"min-user", false},
	{"mydest", false},
	{"no-bang", false},
	{"no-dequoted", false},
	{"no-origin", false},
	{"no-origin-remote", false},
	{"no-percent", false},
	{"no-percent-no-bang", false},
	{"null-domain", false},
	{"numeric-domain", false},
	{"origin", false},
	{"origin-file", false},
	{"relay-dot", false},
	{"relay-parent", false},
	{"strict", false},
	{"tables", true},
	{"tables-dot", true},
	{"untrusted-plain", false},
	{"untrusted-routing", false},
	{"utf8-declared", false},
	{"utf8-off", false},
	{"utf8-undeclared", false},
	{"virtual", false},
};
#define VARIANT_COUNT ((int)(sizeof(variants) / sizeof(variants[0])))

/* What came of one file. */
struct tally {
	int rows;	/* judged */
	int permitted;
	int permissive; /* we permit, Postfix did not */
	int stricter;
	int smoked;	/* never asked about; only looked for a crash */
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

/* replace_dir - a copy of value with @DIR@ replaced */
static char *replace_dir(const char *value, const char *variant)
{
	char *out = calloc(1, strlen(value) * 40 + 1000);
	const char *at;

	while ((at = strstr(value, "@DIR@")) != NULL) {
		strncat(out, value, (size_t)(at - value));
		strcat(out, VECTORS "/files/");
		strcat(out, variant);
		value = at + strlen("@DIR@");
	}
	strcat(out, value);
	return out;
}

/* read_setting - one "NAME = VALUE" of the heading */
static void read_setting(struct parameters *parameters, char *line,
			 const char *variant)
{
	char *equals = strstr(line, " = ");
	char *value;
	int parameter;

	ck_assert_msg(equals != NULL, "no \" = \" in \"%s\"", line);
	*equals = '\0';
	parameter = parameter_find(line);
	if (parameter < 0)
		return;
	value = replace_dir(equals + 3, variant);
	parameters_set(parameters, (enum parameter)parameter, value, "heading");
	free(value);
}

/* load - parameters of a variant out of the heading of its file */
static void load(struct parameters *parameters, FILE *file, const char *variant)
{
	static const char prefix[] = "# effective: ";
	char line[8192];
	struct error error;

	parameters_init(parameters);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, prefix, sizeof(prefix) - 1) == 0)
			read_setting(parameters, line + sizeof(prefix) - 1,
				     variant);
	}
	rewind(file);
	ck_assert_msg(parameters_complete(parameters, &error) == 0, "%s: %s",
		      variant, error.text);
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

START_TEST(test_vectors)
{
	const struct variant *variant = &variants[_i];
	struct tally tally = {0, 0, 0, 0, 0};
	struct parameters parameters;
	struct resolver *resolver;
	struct error error;
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), VECTORS "/%s.tsv", variant->name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	load(&parameters, file, variant->name);
	resolver = resolver_new(&parameters, &error);
	parameters_clear(&parameters);
	if (variant->refused) {
		ck_assert_msg(resolver == NULL, "%s", variant->name);
		ck_assert_msg(strstr(error.text, "type:table") != NULL, "%s",
			      error.text);
		printf("%-20s refused: %s\n", variant->name, error.text);
		fclose(file);
		return;
	}
	ck_assert_msg(resolver != NULL, "%s: %s", variant->name, error.text);
	judge_file(resolver, variant->name, file, &tally);
	resolver_free(resolver);
	fclose(file);
	printf("%-20s rows %d, permitted %d, more permissive %d, stricter %d, "
	       "not asked %d\n", variant->name, tally.rows, tally.permitted,
	       tally.permissive, tally.stricter, tally.smoked);
	ck_assert_int_eq(tally.permissive, 0);
	ck_assert_int_eq(tally.stricter, 0);
	ck_assert_int_gt(tally.rows, 100);
	ck_assert_int_gt(tally.permitted, 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resolve");
	TCase *vectors = tcase_create("vectors");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(vectors, test_vectors, 0, VARIANT_COUNT);
	suite_add_tcase(suite, vectors);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
