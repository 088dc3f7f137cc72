/* SPDX-License-Identifier: ISC */
/* test_table - tables, compared with what postmap(1) finds in them
 *
 * Each table is written to a file, made into a data base if need be, opened
 * here, and put a few hundred keys to; "postmap -q" must find the same. */

#include "lib/table/table.h"

#include <string.h>

#include "lib/postfix/postfix_version.h"
#include "t/unit/table/tables.h"

/* The alphabet of keys. */
static const char *const labels[] = {
	"a",
	"b.test",
	"local.test",
	"sub.local.test",
	"foo",
	"foo.bar",
	"x-y.test",
	"example.com",
	"mail.example.com",
	"deep.mail.example.com",
	"xn--bcher-kva.test",
	"b\303\274cher.test",
	"\303\251.test",
	".test",
	".local.test",
	"a..b",
	"foo{1}",
	"[127.0.0.1]",
	"127.0.0.1",
	"10.1.2.3",
	"10.2.0.0",
	"192.0.2.55",
	"2001:db8::1",
	"::1",
	"[2001:db8::1]",
	"::ffff:10.1.2.3",
	"ab",
	"aab",
	"abab",
	"a\\b",
	"a]b",
	"a-b",
	"d1",
	"11",
	"1",
	"w_w",
	"$x",
	"(a)",
	"a+b",
	"a++",
	"tab",
	"\"q\"",
	"user@local.test",
	"a b",
	"key",
	"1.2.3",
	"10.1.2.3.4",
	"dup",
	"A",
	"LOCAL.test",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	"x!y",
	"%",
	"b",
};

/* write_keys - a file of keys, some derived from others; no "#", no space
 * first. Those with "@" or upper case are no domains: they are left out. */
static size_t write_keys(char keys[][80], size_t most)
{
	static const char *const prefixes[] = { "",  "a",    "www.", "b-",
						"1", "foo.", ".",    "not" };
	size_t count = 0;

	for (int i = 0; i < COUNT(labels); i++) {
		if (strpbrk(labels[i], "@ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL)
			continue;
		for (int k = 0; k < COUNT(prefixes) && count < most; k++)
			snprintf(keys[count++], 80, "%s%s", prefixes[k],
				 labels[i]);
	}
	return count;
}

/* find_line - does a text have a line that is key, a tab, and more? */
static bool find_line(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text != NULL && *text != '\0') {
		if (strncmp(text, key, length) == 0 && text[length] == '\t')
			return true;
		text = strchr(text, '\n');
		text += text != NULL;
	}
	return false;
}

/* compare - every key, with what postmap finds; at least this number are found
 */
static void compare(const struct table *table, int least)
{
	static char keys[1000][80];
	size_t count = write_keys(keys, 1000);
	char path[256];
	FILE *file;
	char *found;
	size_t length;
	int hits = 0;

	snprintf(path, sizeof(path), "%s/keys", place_directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	for (size_t i = 0; i < count; i++)
		fprintf(file, "%s\n", keys[i]);
	fclose(file);
	try_shell("postmap -c %s -f -q - '%s' <%s/keys >%s/found 2>/dev/null",
		  place_directory, table_name(table), place_directory,
		  place_directory);
	snprintf(path, sizeof(path), "%s/found", place_directory);
	found = read_whole(path, &length);
	for (size_t i = 0; i < count; i++) {
		bool want = find_line(found, keys[i]);
		int got = table_lookup(table, keys[i]);

		ck_assert_msg(got == want, "%s: key \"%s\": postmap %d, we %d",
			      table_name(table), keys[i], want, got);
		hits += want;
	}
	free(found);
	ck_assert_msg(hits >= least, "%s: only %d keys are found",
		      table_name(table), hits);
}

/* Tables with the text of their file @/t, or without. */
struct table_case {
	const char *name;
	const char *text;
	int least; /* keys to be found */
};

#define DOMAINS                                                  \
	"# comment\n\nlocal.test x\nLOCAL.test y\n  continued\n" \
	"example.com   \t value # not a comment\n.test x\n"      \
	"b\xc3\xbc"                                              \
	"cher.test OK\nuser@local.test x\n\"a b\" x\n"           \
	"novalue\nfoo.bar\tx\n[127.0.0.1] x\n1 1\n"

static const struct table_case tables[] = {
	{ "hash:@/t", DOMAINS, 7 },
	{ "btree:@/t", DOMAINS, 7 },
	{ "lmdb:@/t", DOMAINS, 7 },
	{ "proxy:hash:@/t", DOMAINS, 0 },
	{ "texthash:@/t", DOMAINS, 7 },
	{ "texthash:@/t",
	  " first line\nfoo x\r\nb\n y\n\n z\nab\\ x y\n"
	  "\"q\" v\n\"open x\nx\xff.test x\na b",
	  3 },
	{ "texthash:@/t", "", 0 },
	{ "hash:@/t", "", 0 },
	{ "inline:{ local.test=x, {foo = x y} , A=b, ab=}", NULL, 1 },
	{ "static:x", NULL, 300 },
	{ "static:{x y}", NULL, 300 },
	/* regexp: what POSIX has and PCRE has not, and the reverse */
	{ "regexp:@/t", "/^local\\.test$/ x\n", 1 },
	{ "regexp:@/t", "/LOCAL/ x\n", 8 },
	{ "regexp:@/t", "/LOCAL/i x\n/^FOO$/i y\n/^a$/ z\n", 1 },
	{ "regexp:@/t", "!/test/ x\n", 100 },
	{ "regexp:@/t", "! ! /test/ x\n", 50 },
	{ "regexp:@/t", "/test/!/local/ x\n", 30 },
	{ "regexp:@/t", "/test/!!/local/ x\n/^a/i!/b/i y\n", 10 },
	{ "regexp:@/t", "|^foo| x\n,^ab, y\n", 8 },
	{ "regexp:@/t", "/a\\/b/ x\n/[/]/ y\n", 0 },
	{ "regexp:@/t", "/^d1$/ x\n/\\d/ y\n", 1 },
	{ "regexp:@/t", "/^a+b$/ x\n/^a\\+b$/x y\n", 2 },
	{ "regexp:@/t", "/a++/ x\n/(?:a)/ y\n", 8 },
	{ "regexp:@/t", "/[\\]]/ x\n", 0 },
	{ "regexp:@/t", "/[]a]b/ x\n/[^]a-z.]/ y\n", 8 },
	{ "regexp:@/t", "/\\<local\\>/ x\n/[[:digit:]]{2}/ y\n", 8 },
	{ "regexp:@/t", "/[[.hyphen.]]/ x\n/[[=a=]]b/ y\n", 8 },
	{ "regexp:@/t", "/\\w_\\W*\\bw/ x\n/\\sfoo/ y\n", 0 },
	{ "regexp:@/t", "/^(a|ab)(c|b)?$/ x\n/()/m y\n", 300 },
	{ "regexp:@/t", "/^.{4}$/ x\n/^a{,2}b/ y\n/{/ z\n", 8 },
	{ "regexp:@/t", "/\xc3\xbc/ x\n/^\xc3.\\.test$/ y\n", 8 },
	{ "regexp:@/t", "/^a*b$/x x\n/\\(a\\)/x y\n/a|b/x z\n", 8 },
	{ "regexp:@/t", "/*/ a\n/+/ b\n/a**/ c\n", 8 },
	{ "regexp:@/t",
	  "/(unclosed/ x\n/foo/ y\n/[/ z\n/a/q w\nrubbish\n"
	  "/\\/ v\n/open\n",
	  8 },
	{ "regexp:@/t",
	  "/(foo)/ $1\n/^(a)/ $2\n/^b/ $x\n/tab/ ${1\n/ab/ $$\n"
	  "!/z/ $1\n/example/ $(1)\n/^1/ a$\n/local/ ${1?x}\n",
	  8 },
	{ "regexp:@/t",
	  "if /test/\n/local/ x\nif !/sub/\n/^a/ y\nendif\n"
	  "/example/ z\nENDIF\n/com/ w\n",
	  16 },
	{ "regexp:@/t",
	  "endif\nif /foo/ extra\n/bar/ x\nendif text\n"
	  "IF/com/\n/mail/ y\n",
	  8 },
	{ "regexp:@/t", "if /com/\n/example/ x\nif /nothing/\n/foo/ y\n", 8 },
	{ "regexp:@/t", "if !/com/\n/a/ x\n", 8 },
	{ "regexp:@/t", "iffy\nif\nendiff\n/ab/\n/foo/  \n", 8 },
	{ "regexp:@/t", "/foo/\n  x\n # comment\n  y\n\n/a\nb/ z\n", 8 },
	{ "regexp:@/t", " /foo/ x\n/a/ y\r\n", 8 },
	{ "regexp:{{/foo/ x}, {!/a/ y}}", NULL, 8 },
	/* pcre: */
	{ "pcre:@/t", "/^local\\.test$/ x\n/LOCAL/ y\n", 8 },
	{ "pcre:@/t", "/^LOCAL/i x\n/a$/E y\n/^ a $/x z\n", 2 },
	{ "pcre:@/t", "/\\d{2}/ x\n/(?<=foo)\\./ y\n/a++b/ z\n", 8 },
	{ "pcre:@/t", "/(?<n>a)\\k<n>b/ ${1}\n/(a)(b)?$/ $2\n", 8 },
	{ "pcre:@/t", "/foo/X x\n/test/A y\n/.ab/U z\n/a/q w\n", 8 },
	{ "pcre:@/t", "/[]]/ x\n/(unclosed/ y\n/ab/ z\n", 8 },
	{ "pcre:@/t", "!/test/ x\n", 100 },
	{ "pcre:@/t", "!/test/ $1\n/a/!/b/ x\n/foo/ y\n", 8 },
	{ "pcre:@/t",
	  "if /test/\nif !/local/\n/^a/ x\nendif\nendif\n"
	  "/^foo/ y\n",
	  8 },
	{ "pcre:@/t", "/^\\x61/ x\n/\\p{Lu}/ y\n/\xc3\xbc/ z\n", 8 },
	{ "pcre:@/t", "/(*UTF)^\xc3.\\.test/ x\n/(*UTF)^.\\.test/ z\n", 1 },
	{ "pcre:{{/foo/ x}, {/^a/ y}}", NULL, 8 },
	/* cidr: */
	{ "cidr:@/t", "127.0.0.1 x\n10.0.0.0/8 y\n2001:db8::/32 z\n", 4 },
	{ "cidr:@/t", "[127.0.0.1] x\n[10.0.0.0/8] y\n[2001:db8::]/32 z\n", 4 },
	{ "cidr:@/t", "!10.0.0.0/8 x\n", 3 },
	{ "cidr:@/t", "!::/0 x\n0.0.0.0/0\n 1.2.3.4/8 y\n", 0 },
	{ "cidr:@/t",
	  "10.1.0.0/8 x\n10.0.0.0/33 y\n10.0.0.0/024 z\n10 w\n"
	  "foo v\n[::1 u\n::1] t\n::1/129 s\n1.2.3.4/ r\n::/0 q\n",
	  2 },
	{ "cidr:@/t", "if 10.0.0.0/8\n!10.2.0.0/16 x\nendif\n192.0.2.0/26 y\n",
	  2 },
	{ "cidr:@/t", "if !10.0.0.0/8\n0.0.0.0/0 x\n::/0 y\nendif\n", 2 },
	{ "cidr:@/t", "if ::/0\n::1 x\nendif x\n10.0.0.0/8 y\n", 1 },
	{ "cidr:@/t", "endif\nif\n0.0.0.0/0 x\n", 4 },
	{ "cidr:{{10.0.0.0/8 x}, {::1 y}}", NULL, 2 },
};

START_TEST(finds_what_postmap_finds)
{
	const struct table_case *c = &tables[_i];
	struct table *table;
	size_t type = strcspn(c->name, ":");

	if (c->text != NULL) {
		write_file("t", c->text);
		try_shell("touch -d '1 hour ago' %s/t", place_directory);
	}
	if (strncmp(c->name, "proxy:", 6) == 0)
		try_shell("postmap -c %s hash:%s/t 2>/dev/null",
			  place_directory, place_directory);
	else if (strchr("hbl", c->name[0]) != NULL)
		try_shell("postmap -c %s %.*s:%s/t 2>/dev/null",
			  place_directory, (int)type, c->name, place_directory);
	table = open_named(c->name);
	ck_assert_msg(table_failure(table) == NULL, "%s", table_failure(table));
	ck_assert_ptr_null(table_asks(table));
	/* There is no proxymap to ask here. */
	if (strncmp(c->name, "proxy:", 6) == 0)
		ck_assert_int_eq(table_lookup(table, "local.test"),
				 TABLE_FOUND);
	else
		compare(table, c->least);
	table_free(table);
}
END_TEST

/* Tables that only Postfix can look up. */
static const char *const asking[] = {
	"mysql:/x",
	"pgsql:/x",
	"ldap:x",
	"sqlite:/x",
	"socketmap:inet:x:1:y",
	"tcp:x:1",
	"memcache:/x",
	"proxy:mysql:/x",
	"proxy:proxy:ldap:/x",
	"unionmap:{hash:/x}",
	"pipemap:{hash:/x}",
	"randmap:{a}",
	"nis:x",
	"environ:x",
	"regexp:{{/(a)\\1/ x}}",
	"regexp:{{if /a{5000}/}}",
	"regexp:{{/(a{100}){100}/ x}}",
	"regexp:{{/^(a+)*b/ $1}}",
	"regexp:{{/^(a|b$)/ $1}}",
	"regexp:{{/[+---]/ x}}",
};

START_TEST(asks_postfix)
{
	struct table *table = open_named(asking[_i]);

	ck_assert_ptr_null(table_failure(table));
	ck_assert_ptr_nonnull(table_asks(table));
	ck_assert_int_eq(table_lookup(table, "a"), TABLE_ASK);
	table_free(table);
}
END_TEST

START_TEST(notes_what_is_left_out)
{
	struct table *table;

	write_file("t", "/a/ x\n/(/ y\n\nrubbish\n");
	table = open_named("regexp:@/t");
	ck_assert_uint_eq(table_size(table), 1);
	ck_assert_ptr_nonnull(strstr(notes, "/t, line 2: "));
	ck_assert_ptr_nonnull(strstr(notes, "/t, line 4: neither"));
	table_free(table);
}
END_TEST

START_TEST(keeps_domains_only)
{
	struct table *table;

	write_file("t", "user@a.test x\na.test x\n@b.test y\nB.test z\n");
	table = open_named("texthash:@/t");
	ck_assert_uint_eq(table_size(table), 1);
	table_free(table);
}
END_TEST

/* Results that Postfix would refuse, because they are not UTF-8, or not. */
static const struct {
	const char *rule;
	enum table_answer answer; /* for \303\251.test */
} results[] = {
	{ "/^(.*)$/ $1\n", TABLE_FOUND },
	{ "/^(.)/ $1\n", TABLE_FAILED },
	{ "/^(.)/ a${1}b\n", TABLE_FAILED },
	{ "/^(.)(.)/ $1$2\n", TABLE_FOUND },
	{ "/^(.)(.)/ $1-$2\n", TABLE_FAILED },
	{ "/^(.)/ $$1\n", TABLE_FOUND },
	{ "/^(x)?/ $1\n", TABLE_FOUND },
	{ "/test$/ \303\n", TABLE_FAILED },
	{ "!/foo/ \303\n", TABLE_FAILED },
	{ "/test$/ \303\251\n", TABLE_FOUND },
	{ "/^(foo)/ $1\n/^(.)/ $1\n", TABLE_FAILED },
};

START_TEST(a_result_is_utf8)
{
	static const char *const types[] = { "regexp", "pcre" };

	for (int i = 0; i < COUNT(types); i++) {
		char *text = xasprintf("%s:@/t", types[i]);
		struct table *table;

		write_file("t", results[_i].rule);
		table = open_named(text);
		ck_assert_int_eq(table_lookup(table, "\303\251.test"),
				 results[_i].answer);
		table_free(table);
		free(text);
	}
}
END_TEST

START_TEST(finds_values)
{
	struct table_loader loader = {
		.config_directory = place_directory,
		.postfix = postfix_version("3.10.13"), /* see folds_ascii */
	};
	const char *name = values[_i].name;
	const char *at = strstr(name, ":@/");
	struct table_result result = { .text = "" };
	struct table *table;
	struct error error;
	char *full = xstrdup(name);

	if (at != NULL) {
		free(full);
		full = xasprintf("%.*s%s%s", (int)(at + 1 - name), name,
				 place_directory, at + 2);
	}
	if (values[_i].source != NULL)
		write_file("t", values[_i].source);
	if (values[_i].made != NULL)
		ck_assert_int_eq(try_shell("%s -c %s %s", values[_i].made,
					   place_directory, full),
				 0);
	table = table_new_values(full, true, &loader, &error);
	ck_assert_msg(table != NULL, "%s: %s", full, error.text);
	ck_assert_int_eq(table_find(table, values[_i].key, &result),
			 values[_i].answer);
	if (values[_i].text != NULL)
		ck_assert_str_eq(result.text, values[_i].text);
	free(result.owned);
	table_free(table);
	free(full);
}
END_TEST

/* Values that are visited; those of patterns depend on the key. */
static const struct {
	const char *name;
	const char *source;
	const char *told;
} visited[] = {
	{ "texthash:@/t", "a x\nb y, z\n", "a=x;b=y, z;" },
	{ "cidr:@/t", "10.0.0.0/8 x\nif ::/0\n::1 y\nendif\n", "=x;=y;" },
	{ "static:x", NULL, "=x;" },
	{ "pcre:@/t", "/a/ $1x\n", "" },
	{ "pcre:@/t", "/(a)/ $1x\nif /c/\n!/d/ z, y\nendif\n/x/\n",
	  "=z, y;=;" },
	{ "regexp:@/t", "/^a/!/b/ z\n/^a(b)$/ x$1\n", "=z;" },
	{ "texthash:@/none", NULL, "" },
	{ "mysql:/x", NULL, "" },
};

/* tell_value - a visitor */
static void tell_value(void *context, const char *key, const char *value)
{
	char *text = context;

	sprintf(text + strlen(text), "%s=%s;", key, value);
}

START_TEST(visits_values)
{
	struct table_loader loader = { .config_directory = place_directory };
	const char *name = visited[_i].name;
	const char *at = strstr(name, ":@/");
	char *full = at == NULL ? xstrdup(name)
				: xasprintf("%.*s%s%s", (int)(at + 1 - name),
					    name, place_directory, at + 2);
	struct table *table;
	struct error error;
	char told[200] = "";

	if (visited[_i].source != NULL)
		write_file("t", visited[_i].source);
	table = table_new_values(full, true, &loader, &error);
	ck_assert_msg(table != NULL, "%s: %s", full, error.text);
	table_each(table, tell_value, told);
	ck_assert_str_eq(told, visited[_i].told);
	table_free(table);
	free(full);
}
END_TEST

/* A key in upper case behind proxy:, by the version of Postfix. */
static const struct {
	const char *type;
	const char *postfix;
	enum table_answer answer; /* for the key in lower case */
} proxied[] = {
	{ "texthash", "3.10.13", TABLE_NOT_FOUND },
	{ "texthash", "3.11.0", TABLE_FOUND },
	{ "texthash", "3.11-20250626", TABLE_FAILED },
	{ "texthash", NULL, TABLE_FAILED },
	{ "inline", "3.10.13", TABLE_NOT_FOUND },
	{ "inline", "3.11.7", TABLE_FOUND },
	{ "inline", "3.11-20250626", TABLE_FAILED },
	{ "inline", NULL, TABLE_FAILED },
};

START_TEST(folds_behind_proxy)
{
	struct table_loader loader = {
		.config_directory = place_directory,
		.postfix = postfix_version(proxied[_i].postfix),
	};
	struct table_result result = { .text = "" };
	struct table *table;
	struct error error;
	char *text =
		strcmp(proxied[_i].type, "inline") == 0
			? xstrdup("proxy:inline:{ A@B=x, c@d=y }")
			: xasprintf("proxy:texthash:%s/t", place_directory);

	write_file("t", "A@B x\nc@d y\n");
	table = table_new_values(text, true, &loader, &error);
	ck_assert_ptr_nonnull(table);
	ck_assert_int_eq(table_find(table, "a@b", &result), proxied[_i].answer);
	ck_assert_int_eq(table_find(table, "c@d", &result), TABLE_FOUND);
	ck_assert_str_eq(result.text, "y");
	ck_assert_ptr_nonnull(strstr(table_why(table, "a@b", 0), "version"));
	table_free(table);
	free(text);
}
END_TEST

/* A key that has letters besides A to Z to fold, by the version of Postfix, in
 * a map that Postfix reads; and whose line it is. */
static const struct {
	const char *postfix;
	enum table_answer answer; /* for what it is when it is folded */
	int line;		  /* of "strasse@b" */
} beyond_ascii[] = {
	{ "3.10.13", TABLE_FOUND, 1 },
	{ "3.11.0", TABLE_NOT_FOUND, 0 },
	{ "3.11-20250626", TABLE_FAILED, 0 },
	{ NULL, TABLE_FAILED, 0 },
};

#define SHARP_S "\303\237"
#define U_UPPER "\303\234"
#define U_LOWER "\303\274"

START_TEST(folds_ascii)
{
	char *names[] = {
		xasprintf("texthash:%s/t", place_directory),
		xstrdup("inline:{ Stra" SHARP_S "e@b=x, " U_UPPER
			"@b=x, C@D=y, j" U_LOWER "@b=y }"),
		xasprintf("proxy:texthash:%s/t", place_directory),
	};
	struct table_loader loader = {
		.config_directory = place_directory,
		.postfix = postfix_version(beyond_ascii[_i].postfix),
	};
	enum table_answer answer = beyond_ascii[_i].answer;
	struct table_result result = { .text = "" };
	struct error error;
	const char *file;

	write_file("t", "Stra" SHARP_S "e@b x\n" U_UPPER "@b x\nC@D y\n"
			"j" U_LOWER "@b y\n");
	for (size_t i = 0; i < COUNT(names); i++) {
		struct table *table =
			table_new_values(names[i], true, &loader, &error);

		ck_assert_ptr_nonnull(table);
		ck_assert_ptr_null(table_failure(table));
		if (i == 0)
			ck_assert_int_eq(table_line(table, "strasse@b", &file),
					 beyond_ascii[_i].line);
		if (i < 2)
			ck_assert_int_eq(table_find(table, "c@d", &result),
					 TABLE_FOUND);
		else if (answer == TABLE_FOUND)
			answer = TABLE_NOT_FOUND; /* 3.10 folds nothing */
		ck_assert_int_eq(table_find(table, "strasse@b", &result),
				 answer);
		ck_assert_int_eq(table_find(table, U_LOWER "@b", &result),
				 answer);
		ck_assert_int_eq(table_find(table, "j" U_LOWER "@b", &result),
				 TABLE_FOUND);
		ck_assert_str_eq(result.text, "y");
		table_free(table);
		free(names[i]);
	}
}
END_TEST

/* What is read in place of hash: and btree: (Postfix 3.11); @ is the
 * directory, with a text t that has the key "A@B" and is no table of another
 * type. */
static const struct {
	const char *table;
	const char *usual; /* type of both */
	const char *mapping;
	enum table_answer answer; /* for "a@b" */
	const char *why;	  /* the lookup fails, or the table */
} mapped[] = {
	{ "hash:@/t", "texthash", NULL, TABLE_FOUND, NULL },
	{ "btree:@/t", "texthash", NULL, TABLE_FOUND, NULL },
	{ "proxy:hash:@/t", "texthash", NULL, TABLE_FOUND, NULL },
	{ "texthash:@/t", "lmdb", NULL, TABLE_FOUND, NULL },
	{ "hash:@/t", NULL, NULL, TABLE_FAILED, "@/t.db" },
	{ "hash:@/t", NULL, "static:texthash", TABLE_FAILED, "@/t.db" },
	{ "hash:@/t", "lmdb", NULL, TABLE_FAILED, "@/t.db" },
	{ "hash:@/t", "lmdb", "inline:{hash=texthash}", TABLE_FOUND, NULL },
	{ "btree:@/t", "texthash", "inline:{hash=lmdb}", TABLE_FOUND, NULL },
	{ "hash:@/t", "lmdb", "texthash:@/mapping", TABLE_FOUND, NULL },
	{ "hash:@/other", "texthash", "texthash:@/mapping", TABLE_FAILED,
	  "No such file" },
	{ "hash:@/t", "lmdb", "regexp:{{/^hash:\\/.*\\/t$/ texthash}}",
	  TABLE_FOUND, NULL },
	{ "hash:@/t", "lmdb", "static:static", TABLE_FOUND, NULL },
	{ "hash:@/t", "lmdb", "static:regexp", TABLE_NOT_FOUND, NULL },
	{ "hash:@/t", "lmdb", "static:socketmap", TABLE_ASK, NULL },
	{ "hash:@/t", "lmdb", "static:proxy:texthash", TABLE_FAILED,
	  "no table type \"proxy:texthash\"" },
	{ "hash:@/t", "texthash", "fail:x", TABLE_FAILED,
	  "non_bdb_custom_mapping: fail:x: its lookups always fail" },
	{ "hash:@/t", "texthash", "socketmap:x", TABLE_FAILED,
	  "non_bdb_custom_mapping: socketmap:x: only Postfix" },
	{ "hash:@/t", "texthash", "hash:@/t", TABLE_FAILED,
	  "non_bdb_custom_mapping: hash:@/t: " },
	{ "hash:@/t", "texthash", "none", TABLE_FAILED,
	  "non_bdb_custom_mapping: is not type:name" },
	{ "hash:@/t", "texthash", "proxy:inline:{hash=texthash}", TABLE_FAILED,
	  "non_bdb_custom_mapping: Postfix cannot read proxy: here" },
	{ "hash:@/t", "texthash", "pcre:{{/./ texthash}}", TABLE_FAILED,
	  "non_bdb_custom_mapping: Postfix cannot read pcre: here" },
};

START_TEST(reads_another_type)
{
	char *name = in_place(mapped[_i].table);
	char *mapping = in_place(mapped[_i].mapping);
	char *why = in_place(mapped[_i].why);
	char *text = xasprintf("hash texthash\nhash:%s/other cidr\n",
			       place_directory);
	struct table_loader loader = {
		.config_directory = place_directory,
		.postfix = postfix_version("3.11.0"),
		.hash_type = mapped[_i].usual,
		.btree_type = mapped[_i].usual,
		.type_mapping = mapping,
	};
	struct table_result result = { .text = "" };
	struct table *table;
	struct error error;

	write_file("t", "A@B x\n");
	write_file("mapping", text);
	table = table_new_values(name, true, &loader, &error);
	ck_assert_ptr_nonnull(table);
	ck_assert_str_eq(table_name(table), name);
	ck_assert_int_eq(table_find(table, "a@b", &result), mapped[_i].answer);
	if (mapped[_i].answer == TABLE_FAILED)
		ck_assert_msg(strstr(table_failure(table), why) != NULL,
			      "%s, not %s", table_failure(table), why);
	free(result.owned);
	table_free(table);
	free(name);
	free(mapping);
	free(why);
	free(text);
}
END_TEST

/* Postfix makes the file of what is read in place of hash:
 * (enable-reindex). */
static const struct {
	const char *usual, *mapping, *why;
} made[] = {
	{ "texthash", NULL, "makes no tables of type \"texthash\"" },
	{ "lmdb", "static:static", "makes no tables of type \"static\"" },
	{ "lmdb", "inline:{hash=cidr}", "makes no tables of type \"cidr\"" },
	{ "lmdb", NULL, "/t.db" },
	{ "texthash", "static:cdb", "/t.db" },
};

START_TEST(reads_only_what_is_made)
{
	char *name = in_place("hash:@/t"), *other = in_place("texthash:@/t");
	struct table_loader loader = {
		.config_directory = place_directory,
		.postfix = postfix_version("3.11.0"),
		.hash_type = made[_i].usual,
		.type_mapping = made[_i].mapping,
		.type_is_made = true,
	};
	struct table_result result = { .text = "" };
	struct table *table;
	struct error error;

	write_file("t", "A@B x\n");
	table = table_new_values(name, true, &loader, &error);
	ck_assert_ptr_nonnull(table);
	ck_assert_int_eq(table_find(table, "a@b", &result), TABLE_FAILED);
	ck_assert_msg(strstr(table_failure(table), made[_i].why) != NULL,
		      "%s, not %s", table_failure(table), made[_i].why);
	table_free(table);
	table = table_new_values(other, true, &loader, &error);
	ck_assert_int_eq(table_find(table, "a@b", &result), TABLE_FOUND);
	table_free(table);
	free(name);
	free(other);
}
END_TEST

/* Two keys are one where all letters are folded. */
START_TEST(repeats_a_key)
{
	struct table_loader loader = { .config_directory = place_directory };
	struct table_result result = { .text = "" };
	char *text = xasprintf("texthash:%s/t", place_directory);
	struct table *table;
	struct error error;

	write_file("t", U_UPPER "@b x\n" U_LOWER "@b y\n");
	loader.postfix = postfix_version("3.10.13");
	table = table_new_values(text, true, &loader, &error);
	ck_assert_ptr_nonnull(strstr(table_failure(table), "appears twice"));
	table_free(table);
	loader.postfix = postfix_version("3.11.0");
	table = table_new_values(text, true, &loader, &error);
	ck_assert_int_eq(table_find(table, U_LOWER "@b", &result), TABLE_FOUND);
	ck_assert_str_eq(result.text, "y");
	table_free(table);
	write_file("t", U_UPPER "A@b x\n" U_UPPER "a@b y\n");
	table = table_new_values(text, true, &loader, &error);
	ck_assert_ptr_nonnull(strstr(table_failure(table), "appears twice"));
	table_free(table);
	free(text);
}
END_TEST

/* In tables that Postfix does not read, all keys are folded, whatever its
 * version. */
START_TEST(folds_own)
{
	static const char *const versions[] = { NULL, "3.10.13", "3.11.0" };
	static const char *const prefixes[] = { "", "proxy:" };
	struct table_result result = { .text = "" };
	struct error error;

	write_file("t", "A" U_UPPER "@B x\n");
	for (size_t i = 0; i < COUNT(versions) * COUNT(prefixes); i++) {
		struct table_loader loader = {
			.config_directory = place_directory,
			.postfix = postfix_version(versions[i / 2]),
		};
		char *text = xasprintf("%stexthash:%s/t", prefixes[i % 2],
				       place_directory);
		struct table *table =
			table_new_own(text, true, &loader, &error);

		ck_assert_int_eq(table_find(table, "a" U_LOWER "@b", &result),
				 TABLE_FOUND);
		table_free(table);
		free(text);
	}
}
END_TEST

/* A value that is not UTF-8, likewise. */
static const struct {
	const char *postfix, *proxy;
	enum table_answer answer;
} bad_values[] = {
	{ "3.10.13", "", TABLE_NOT_FOUND },
	{ "3.11.0", "", TABLE_FAILED },
	{ NULL, "", TABLE_FAILED },
	{ "3.7.11", "proxy:", TABLE_FAILED },
	{ "3.11.0", "proxy:", TABLE_FAILED },
	{ NULL, "proxy:", TABLE_FAILED },
};

START_TEST(keeps_bad_values)
{
	struct table_loader loader = {
		.config_directory = place_directory,
		.postfix = postfix_version(bad_values[_i].postfix),
	};
	char *text = xasprintf("%stexthash:%s/t", bad_values[_i].proxy,
			       place_directory);
	struct table *table;
	struct error error;

	write_file("t", "a.test \xff\n\xff.test x\nb.test y\n");
	table = table_new(text, true, &loader, &error);
	ck_assert_ptr_nonnull(table);
	ck_assert_int_eq(table_lookup(table, "a.test"), bad_values[_i].answer);
	ck_assert_int_eq(table_lookup(table, "\xff.test"), TABLE_NOT_FOUND);
	ck_assert_int_eq(table_lookup(table, "b.test"), TABLE_FOUND);
	table_free(table);
	free(text);
}
END_TEST

/* Keys of an inline: that are one when they are folded: the last one is found,
 * if it is known that they are folded. */
static const struct {
	const char *postfix, *table;
	const char *value; /* of "a@b"; NULL: the table is refused */
} inline_keys[] = {
	{ "3.10.13", "inline:{ A@b=x, a@b=y }", "y" },
	{ "3.10.13", "inline:{ a@b=y, A@b=x, c@d=z }", "x" },
	{ "3.11.0", "inline:{ A@b=x, a@b=y, A@B=z }", "z" },
	{ "3.11.0", "proxy:inline:{ a@b=y, A@b=x }", "x" },
	{ "3.10.13", "proxy:inline:{ a@b=y, A@b=x }", "y" },
	{ "3.10.13", "inline:{ a@b=x, a@b=y }", "y" },
	{ NULL, "inline:{ A@b=x, a@b=y }", NULL },
	{ NULL, "inline:{ a@b=x, a@b=y }", "y" },
	{ "3.11.0", "inline:{ A@b=x, a@b=y, =z }", NULL },
};

START_TEST(finds_the_last_of_inline)
{
	struct table_loader loader = {
		.config_directory = place_directory,
		.postfix = postfix_version(inline_keys[_i].postfix),
	};
	const char *value = inline_keys[_i].value;
	struct table_result result = { .text = "" };
	struct table *table;
	struct error error;

	table = table_new_values(inline_keys[_i].table, true, &loader, &error);
	ck_assert_ptr_nonnull(table);
	ck_assert_int_eq(table_failure(table) == NULL, value != NULL);
	ck_assert_int_eq(table_find(table, "a@b", &result),
			 value != NULL ? TABLE_FOUND : TABLE_FAILED);
	if (value != NULL)
		ck_assert_str_eq(result.text, value);
	table_free(table);
}
END_TEST

/* A repeated key that is not UTF-8 is an error to those that keep it. */
static const struct {
	const char *postfix, *proxy, *text;
	bool fails;
} bad_keys[] = {
	{ "3.10.13", "", "\xff@b x\n\xff@b y\n", false },
	{ "3.10.13", "proxy:", "\xff@b x\n\xff@b y\n", true },
	{ "3.10.13", "proxy:", "\xff@b x\n\xff@B y\n", false },
	{ "3.11.0", "", "\xff@b x\n\xff@b y\n", true },
	{ "3.11.0", "", "\xff@b x\n\xff@B y\n", true },
	{ "3.11.0", "proxy:", "\xff@b x\n\xff@B y\n", true },
	{ "3.11.0", "", "\xff@b x\n\xfe@B y\n", false },
	{ "3.11.0", "", "\xff@b x\n\xff@b \xff\n", true },
	{ NULL, "", "\xff@b x\n\xff@B y\n", true },
};

START_TEST(repeats_a_bad_key)
{
	struct table_loader loader = {
		.config_directory = place_directory,
		.postfix = postfix_version(bad_keys[_i].postfix),
	};
	char *name = xasprintf("%stexthash:%s/t", bad_keys[_i].proxy,
			       place_directory);
	char *text = xasprintf("%sa@b z\n", bad_keys[_i].text);
	struct table_result result = { .text = "" };
	struct table *table;
	struct error error;

	write_file("t", text);
	table = table_new_values(name, true, &loader, &error);
	ck_assert_ptr_nonnull(table);
	ck_assert_int_eq(table_failure(table) != NULL, bad_keys[_i].fails);
	ck_assert_int_eq(table_find(table, "a@b", &result),
			 bad_keys[_i].fails ? TABLE_FAILED : TABLE_FOUND);
	ck_assert_int_eq(table_find(table, "\xff@b", &result),
			 bad_keys[_i].fails ? TABLE_FAILED : TABLE_NOT_FOUND);
	table_free(table);
	free(name);
	free(text);
}
END_TEST

/* A hundred thousand, each with its value, and none for another. */
START_TEST(keeps_many_values)
{
	struct table_loader loader = { .config_directory = place_directory };
	struct table_result result = { .text = "" };
	struct table *table;
	struct error error;
	char path[256], key[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/t", place_directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < 100000; i++)
		fprintf(file, "user%d@example.test login%d, x\n", i, i);
	fclose(file);
	snprintf(key, sizeof(key), "texthash:%s", path);
	table = table_new_values(key, true, &loader, &error);
	ck_assert_ptr_null(table_failure(table));
	ck_assert_uint_eq(table_size(table), 100000);
	for (int i = 0; i < 100000; i++) {
		snprintf(key, sizeof(key), "user%d@example.test", i);
		snprintf(path, sizeof(path), "login%d, x", i);
		ck_assert_int_eq(table_find(table, key, &result), TABLE_FOUND);
		ck_assert_str_eq(result.text, path);
	}
	ck_assert_int_eq(table_find(table, "user100000@example.test", &result),
			 TABLE_NOT_FOUND);
	/* Values and parts of them are no keys. */
	ck_assert_int_eq(table_find(table, "login5, x", &result),
			 TABLE_NOT_FOUND);
	ck_assert_int_eq(table_find(table, "ogin5, x", &result),
			 TABLE_NOT_FOUND);
	table_free(table);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("table");

	tcase_add_checked_fixture(tests, set_up, place_remove);
	tcase_add_loop_test(tests, finds_what_postmap_finds, 0, COUNT(tables));
	tcase_add_loop_test(tests, folds_behind_proxy, 0, COUNT(proxied));
	tcase_add_loop_test(tests, folds_ascii, 0, COUNT(beyond_ascii));
	tcase_add_loop_test(tests, reads_another_type, 0, COUNT(mapped));
	tcase_add_loop_test(tests, reads_only_what_is_made, 0, COUNT(made));
	tcase_add_test(tests, repeats_a_key);
	tcase_add_test(tests, folds_own);
	tcase_add_loop_test(tests, keeps_bad_values, 0, COUNT(bad_values));
	tcase_add_loop_test(tests, finds_the_last_of_inline, 0,
			    COUNT(inline_keys));
	tcase_add_loop_test(tests, repeats_a_bad_key, 0, COUNT(bad_keys));
	tcase_add_loop_test(tests, asks_postfix, 0, COUNT(asking));
	tcase_add_test(tests, notes_what_is_left_out);
	tcase_add_test(tests, keeps_domains_only);
	tcase_add_loop_test(tests, a_result_is_utf8, 0, COUNT(results));
	tcase_add_loop_test(tests, finds_values, 0, COUNT(values));
	tcase_add_loop_test(tests, visits_values, 0, COUNT(visited));
	tcase_add_test(tests, keeps_many_values);
	return run_tests("table", tests);
}
