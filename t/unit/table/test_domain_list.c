/* SPDX-License-Identifier: ISC */
/* test_domain_list - lists of domains */

#include "lib/table/domain_list.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "t/unit/heap.h"
#include "t/unit/place.h"

enum style {
	EXACT,	/* mydestination */
	PARENT, /* relay_domains */
	DOT,	/* the same, not in parent_domain_matches_subdomains */
	ASCII,	/* mydestination, smtputf8_enable = no */
};

struct match_case {
	enum style style;
	const char *list;
	const char *domain;
	int found;
	const char *pattern; /* NULL: none matched */
};

static const struct match_case cases[] = {
	{ EXACT, "", "relay.test", 0, NULL },
	{ EXACT, "relay.test", "relay.test", 1, "relay.test" },
	{ EXACT, "Relay.TEST", "rElay.test", 1, "Relay.TEST" },
	{ EXACT, "relay.test", "sub.relay.test", 0, NULL },
	{ EXACT, ".relay.test", "sub.relay.test", 0, NULL },
	{ EXACT, "relay.test", "relay.tes", 0, NULL },
	{ EXACT, "relay.test.", "relay.test", 0, NULL },
	{ EXACT, "*", "relay.test", 0, NULL },
	{ EXACT, "a, b c\td\r\ne,,f", "f", 1, "f" },
	/* More than the first hash table takes, a table among them. */
	{ EXACT, "pcre:{{/^z$/ x}} a b c d e f g h i j k l m n o p", "p", 1,
	  "p" },
	{ EXACT, "pcre:{{/^z$/ x}} a b c d e f g h i j k l m n o p", "a", 1,
	  "a" },
	{ EXACT, "pcre:{{/^z$/ x}} a b c d e f g h i j k l m n o p", "y", 0,
	  NULL },
	{ EXACT, "!a b c d e f g h i j k l m n o p a", "a", 0, "!a" },
	{ EXACT, "a, b c\td\r\ne,,f", "d", 1, "d" },
	{ EXACT, "a, b c\td\r\ne,,f", "", 0, NULL },
	{ EXACT, "{a, b} c", "{a, b}", 1, "{a, b}" },
	{ EXACT, "{a, b} c", "a", 0, NULL },
	{ EXACT, "{a, b c", "c", 0, NULL },
	/* a brace that nobody closes is closed by the end */
	{ EXACT, "c {a, b", "{a, b", 1, "{a, b" },
	{ EXACT, "a} b", "a}", 1, "a}" },
	{ EXACT, "!a a", "a", 0, "!a" },
	{ EXACT, "a !a", "a", 1, "a" },
	{ EXACT, "!!a", "a", 1, "!!a" },
	{ EXACT, "!!!a a", "a", 0, "!!!a" },
	{ EXACT, "!b a", "a", 1, "a" },
	{ EXACT, "b static:x a", "c", 1, "static:x" },
	{ EXACT, "b !static:x a", "c", 0, "!static:x" },
	{ EXACT, "!b", "a", 0, NULL },
	{ EXACT, "a # b", "b", 0, NULL },
	{ EXACT, "a #b c", "a", 1, "a" },
	{ EXACT, "a #b c", "c", 0, NULL },
	{ EXACT, "a b#c d", "d", 1, "d" },
	{ EXACT, "[10.9.8.7] a", "[10.9.8.7]", 1, "[10.9.8.7]" },
	{ EXACT, "[IPv6:2001:db8::10]", "[ipv6:2001:DB8::10]", 1,
	  "[IPv6:2001:db8::10]" },
	{ EXACT,
	  "b\xc3\xbc"
	  "cher.test",
	  "B\xc3\x9c"
	  "CHER.test",
	  1,
	  "b\xc3\xbc"
	  "cher.test" },
	{ EXACT,
	  "stra\xc3\x9f"
	  "e.test",
	  "strasse.test", 1,
	  "stra\xc3\x9f"
	  "e.test" },
	{ EXACT, "x\xff", "X\xff", 1, "x\xff" },
	{ ASCII,
	  "b\xc3\xbc"
	  "cher.test",
	  "B\xc3\x9c"
	  "CHER.test",
	  0, NULL },
	{ ASCII,
	  "b\xc3\xbc"
	  "cher.test",
	  "B\xc3\xbc"
	  "CHER.test",
	  1,
	  "b\xc3\xbc"
	  "cher.test" },
	{ PARENT, "relay.test", "sub.relay.test", 1, "relay.test" },
	{ PARENT, "relay.test", "a.b.relay.test", 1, "relay.test" },
	{ PARENT, "relay.test", "xrelay.test", 0, NULL },
	{ PARENT, "test", "relay.test", 1, "test" },
	{ PARENT, ".relay.test", "sub.relay.test", 0, NULL },
	{ PARENT, ".relay.test", "relay.test", 0, NULL },
	{ PARENT, ".relay.test", ".relay.test", 1, ".relay.test" },
	{ PARENT, "relay.test", ".relay.test", 1, "relay.test" },
	{ PARENT, "!neg.relay.test relay.test", "neg.relay.test", 0,
	  "!neg.relay.test" },
	{ PARENT, "!neg.relay.test relay.test", "x.neg.relay.test", 0,
	  "!neg.relay.test" },
	{ PARENT, "!neg.relay.test relay.test", "x.relay.test", 1,
	  "relay.test" },
	{ PARENT, "relay.test !neg.relay.test", "neg.relay.test", 1,
	  "relay.test" },
	{ PARENT, "a.relay.test relay.test !relay.test", "a.relay.test", 1,
	  "a.relay.test" },
	{ PARENT, "7]", "[10.9.8.7]", 1, "7]" },
	{ DOT, "relay.test", "sub.relay.test", 0, NULL },
	{ DOT, "relay.test", "relay.test", 1, "relay.test" },
	{ DOT, ".relay.test", "sub.relay.test", 1, ".relay.test" },
	{ DOT, ".relay.test", "a.sub.relay.test", 1, ".relay.test" },
	{ DOT, ".relay.test", "relay.test", 0, NULL },
	{ DOT, "!.b.relay.test .relay.test", "a.b.relay.test", 0,
	  "!.b.relay.test" },
	{ DOT, "!.b.relay.test .relay.test", "b.relay.test", 1, ".relay.test" },
};

/* new_table - a list in one of the styles */
static struct domain_list *new_table(const char *list, enum style style,
				     struct error *error)
{
	struct domain_list_options options = {
		.name = "relay_domains",
		.subdomains = style == PARENT || style == DOT,
		.parent = style == PARENT,
		.utf8 = style != ASCII,
	};

	return domain_list_new(list, &options, error);
}

/* line_of - the line of the pattern that matched; 0: in no file */
static int line_of(const struct domain_list_match *match, const char *domain,
		   const char **file)
{
	return domain_list_match_line(match, domain, true, file);
}

START_TEST(matches_as_postfix_does)
{
	const struct match_case *c = &cases[_i];
	struct domain_list_match match;
	const char *file;
	struct error error;
	struct domain_list *domains = new_table(c->list, c->style, &error);

	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_msg(domain_list_match(domains, c->domain, &match) == c->found,
		      "\"%s\" in \"%s\"", c->domain, c->list);
	ck_assert_int_eq(domain_list_match(domains, c->domain, NULL), c->found);
	if (c->pattern == NULL) {
		ck_assert_ptr_null(match.pattern);
	} else {
		ck_assert_ptr_nonnull(match.pattern);
		ck_assert_str_eq(match.pattern, c->pattern);
	}
	ck_assert_ptr_null(match.file);
	ck_assert_int_eq(line_of(&match, c->domain, &file), 0);
	domain_list_free(domains);
}
END_TEST

/* write_file - make a file in the directory */
static void write_file(const char *name, const char *text, size_t length)
{
	char *path = place_path(name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, length, file), length);
	ck_assert_int_eq(fclose(file), 0);
	free(path);
}

/* expand - replace @ by the directory; the caller frees it */
static char *expand(const char *text)
{
	char *out = xmalloc(strlen(text) * sizeof(place_directory) + 1);
	char *at = out;

	for (; *text != '\0'; text++) {
		if (*text != '@')
			*at++ = *text;
		else
			at = stpcpy(at, place_directory);
	}
	*at = '\0';
	return out;
}

static const char list_file[] = "# a comment\n"
				"one.test, two.test\n"
				"  Three.test\t!!five.test\r\n"
				"\n"
				"!four.test four.test # not.test\n"
				"#\n"
				"last.test";

struct file_case {
	const char *list;
	const char *domain;
	int found;
	const char *pattern;
	int line; /* 0: not in the file */
};

static const struct file_case file_cases[] = {
	{ "@/list", "one.test", 1, "one.test", 2 },
	{ "@/list", "two.test", 1, "two.test", 2 },
	{ "@/list", "not.test", 0, NULL, 0 },
	{ "@/list", "comment", 0, NULL, 0 },
	{ "@/list", "three.test", 1, "Three.test", 3 },
	{ "@/list", "five.test", 1, "!!five.test", 3 },
	{ "@/list", "four.test", 0, "!four.test", 5 },
	{ "@/list", "last.test", 1, "last.test", 7 },
	{ "!@/list", "one.test", 0, "one.test", 2 },
	{ "!@/list", "four.test", 1, "!four.test", 5 },
	{ "!@/list one.test", "one.test", 0, "one.test", 2 },
	{ "!!@/list", "one.test", 1, "one.test", 2 },
	{ "one.test @/list", "one.test", 1, "one.test", 0 },
	{ "@/list, other.test", "other.test", 1, "other.test", 0 },
	{ "@/outer", "one.test", 1, "one.test", 2 },
	{ "!@/outer", "one.test", 0, "one.test", 2 },
	{ "@/empty x", "x", 1, "x", 0 },
};

START_TEST(reads_lists_from_files)
{
	const struct file_case *c = &file_cases[_i];
	struct domain_list_match match;
	const char *file = NULL;
	struct error error;
	struct domain_list *domains;
	char *outer = expand("@/list\n");
	char *list = expand(c->list);
	char *path = place_path("list");

	write_file("list", list_file, sizeof(list_file) - 1);
	write_file("outer", outer, strlen(outer));
	write_file("empty", "", 0);
	domains = new_table(list, EXACT, &error);
	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_int_eq(domain_list_match(domains, c->domain, &match),
			 c->found);
	if (c->pattern == NULL)
		ck_assert_ptr_null(match.pattern);
	else
		ck_assert_str_eq(match.pattern, c->pattern);
	ck_assert_int_eq(line_of(&match, c->domain, &file), c->line);
	if (c->line > 0)
		ck_assert_str_eq(file, path);
	domain_list_free(domains);
	free(path);
	free(list);
	free(outer);
}
END_TEST

/* Keys of a table, its name, and what lies below them in a list of hosts: the
 * line of the key. */
static const struct {
	enum style style;
	const char *list, *domain;
	int line; /* 0: not in a file */
} keys[] = {
	{ EXACT, "texthash:@/map", "one.test", 1 },
	{ EXACT, "texthash:@/map", "Two.test", 3 },
	{ EXACT, "one.test texthash:@/map", "two.test", 3 },
	{ EXACT, "two.test texthash:@/map", "two.test", 0 },
	{ PARENT, "texthash:@/map", "a.b.two.test", 3 },
	{ PARENT, "texthash:@/map", "x.one.test", 1 },
	{ PARENT, "pcre:{{/one.test$/ x}}", "x.one.test", 0 },
	{ DOT, "texthash:@/map", "a.b.three.test", 4 },
	/* the table itself is named in a file */
	{ PARENT, "@/names", "x.one.test", 2 },
};

START_TEST(finds_the_line_of_a_key)
{
	static const char map[] = "one.test x\n# comment\ntwo.test x\n"
				  ".three.test x\n";
	static const char names[] = "\npcre:{{/one.test$/ x}}\n";
	struct domain_list_match match;
	const char *file = NULL;
	struct error error;
	char *list = expand(keys[_i].list);
	char *path =
		place_path(strstr(list, "/names") != NULL ? "names" : "map");
	struct domain_list *domains;

	write_file("map", map, sizeof(map) - 1);
	write_file("names", names, sizeof(names) - 1);
	domains = new_table(list, keys[_i].style, &error);
	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_int_eq(domain_list_match(domains, keys[_i].domain, &match),
			 1);
	ck_assert_int_eq(line_of(&match, keys[_i].domain, &file),
			 keys[_i].line);
	if (keys[_i].line > 0)
		ck_assert_pstr_eq(file, path);
	domain_list_free(domains);
	free(path);
	free(list);
}
END_TEST

/* The visited entries, one line each, and after how many to stop. */
struct visits {
	char text[512];
	int left;
};

/* visit - note a domain, how it is written, and its line */
static int visit(void *context, const char *domain,
		 const struct domain_list_match *match)
{
	struct visits *visits = context;
	char *end = visits->text + strlen(visits->text);
	const char *file = NULL;

	ck_assert_ptr_null(match->table);
	ck_assert_ptr_null(match->file);
	sprintf(end, "%s %s %d\n", domain, match->pattern,
		line_of(match, domain, &file));
	return --visits->left == 0 ? 7 : 0;
}

/* Each that is named, in order; not the negated, nor what tables hold. */
START_TEST(visits_each_that_is_named)
{
	struct visits all = { "", 100 };
	struct visits two = { "", 2 };
	struct error error;
	char *list = expand("A !b pcre:{{/t.test/ x}} @/list c");
	struct domain_list *domains;

	write_file("list", list_file, sizeof(list_file) - 1);
	domains = new_table(list, EXACT, &error);
	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_int_eq(domain_list_each(domains, visit, &all), 0);
	ck_assert_str_eq(all.text, "a A 0\n"
				   "one.test one.test 2\n"
				   "two.test two.test 2\n"
				   "three.test Three.test 3\n"
				   "five.test !!five.test 3\n"
				   "last.test last.test 7\n"
				   "c c 0\n");
	ck_assert_int_eq(domain_list_each(domains, visit, &two), 7);
	ck_assert_str_eq(two.text, "a A 0\none.test one.test 2\n");
	domain_list_free(domains);
	free(list);
}
END_TEST

struct refused_case {
	const char *list;
	const char *reason; /* part of the message */
};

static const struct refused_case refused[] = {
	{ "a !", "no pattern after \"!\"" },
	{ "!!, a", "no pattern after \"!\"" },
	{ "a texthash:/x", "\"texthash:/x\": No such file or directory" },
	{ "!foo:{a=b}", "\"!foo:{a=b}\": Postfix has no table type \"foo\"" },
	{ "a:", "is not type:name" },
	{ "::1", "no table type" },
	{ "proxy:mysql", "is not type:name" },
	{ "HASH:/x", "no table type" },
	{ "regexp:x", "x is not an absolute path" },
	{ "regexp:{{/a/ b}x}", "in braces" },
	{ "pcre:{/a/ b}", "in braces" },
	{ "@/missing", "No such file or directory" },
	{ "!@/missing", "No such file or directory" },
	{ "@", "not a regular file" },
	{ "@/fifo", "not a regular file" },
	{ "@/nul", "NUL" },
	{ "@/table", "/table:2: \"cidr:/y\": No such file" },
	{ "@/self", "too deep" },
	{ "/dev/null", "not a regular file" },
};

START_TEST(refuses_what_cannot_be_read)
{
	const struct refused_case *c = &refused[_i];
	struct error error;
	char *self = expand("@/self\n");
	char *list = expand(c->list);
	char *fifo = place_path("fifo");

	write_file("nul", "a\0b\n", 4);
	write_file("table", "a\nb cidr:/y c\n", 14);
	write_file("self", self, strlen(self));
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_ptr_null(new_table(list, EXACT, &error));
	ck_assert_msg(strncmp(error.text, "relay_domains: ", 15) == 0, "%s",
		      error.text);
	ck_assert_msg(strstr(error.text, c->reason) != NULL, "%s", error.text);
	free(fifo);
	free(list);
	free(self);
}
END_TEST

/* Files that name files are read this deep: one that names itself has an end.
 */
START_TEST(reads_files_that_name_files_sixteen_deep)
{
	struct domain_list *domains;
	char name[8], text[16];
	struct error error;
	char *list;

	for (int i = 2; i <= 16; i++) {
		sprintf(name, "%d", i);
		sprintf(text, "@/%d\n", i + 1);
		place_write(name, text);
	}
	place_write("17", "deep.test\n");
	list = expand("@/2");
	domains = new_table(list, EXACT, &error);
	ck_assert_msg(domains != NULL, "%s", error.text);
	ck_assert_int_eq(domain_list_match(domains, "deep.test", NULL), 1);
	domain_list_free(domains);
	free(list);
	place_write("1", "@/2\n");
	list = expand("@/1");
	ck_assert_ptr_null(new_table(list, EXACT, &error));
	ck_assert_ptr_nonnull(strstr(error.text, "/16:1: "));
	free(list);
}
END_TEST

static const struct {
	const char *list;
	int found;
	const char *why; /* a part of it; NULL: there is an answer */
} whys[] = {
	{ "pcre:{{/^a$/ x}}", 1, NULL },
	{ "pcre:{{/^z$/ x}}", 0, NULL },
	{ "fail:x", -1, "always fail" },
	{ "pcre:{{/^z$/ x}} fail:x", -1, "always fail" },
	{ "socketmap:x", DOMAIN_LIST_ASK, "only Postfix can ask" },
	{ "socketmap:x fail:x", DOMAIN_LIST_ASK, "only Postfix can ask" },
	{ "socketmap:x a", 1, NULL },
	{ "a fail:x", 1, NULL },
};

START_TEST(says_why_the_answer_is_unknown)
{
	struct domain_list_match match;
	struct error error;
	struct domain_list *domains = new_table(whys[_i].list, EXACT, &error);

	ck_assert_int_eq(domain_list_match(domains, "a", &match),
			 whys[_i].found);
	if (whys[_i].why == NULL)
		ck_assert_ptr_null(match.why);
	else
		ck_assert_msg(match.why != NULL &&
				      strstr(match.why, whys[_i].why) != NULL,
			      "%s", match.why);
	domain_list_free(domains);
}
END_TEST

START_TEST(matches_a_long_domain)
{
	struct error error;
	char domain[4000];
	struct domain_list *domains;

	memset(domain, 'a', sizeof(domain));
	for (size_t i = 1; i < sizeof(domain); i += 2)
		domain[i] = '.';
	strcpy(domain + sizeof(domain) - 20, ".Relay.test");
	domains = new_table("!x relay.test", PARENT, &error);
	ck_assert_int_eq(domain_list_match(domains, domain, NULL), 1);
	ck_assert_int_eq(domain_list_match(domains, domain + 3000, NULL), 1);
	domain_list_free(domains);
	domains = new_table(domain, EXACT, &error);
	ck_assert_int_eq(domain_list_match(domains, domain, NULL), 1);
	ck_assert_int_eq(domain_list_match(domains, domain + 2, NULL), 0);
	domain_list_free(domains);
}
END_TEST

/* Of a word that is refused, so much is shown. */
START_TEST(shows_some_of_a_refused_word)
{
	char list[302] = "!";
	char shown[203] = "\"";
	struct error error;

	memset(list + 1, '!', 300);
	memset(shown + 1, '!', 200);
	strcat(shown, "\"");
	ck_assert_ptr_null(new_table(list, EXACT, &error));
	ck_assert_msg(strstr(error.text, shown) != NULL, "%s", error.text);
}
END_TEST

/* A word that would not fit is refused before it is stored. */
START_TEST(refuses_a_word_that_does_not_fit)
{
	size_t size = FILE_SIZE_MAX / 8 + 1;
	char *list = xmalloc(size + 1);
	struct error error;

	memset(list, 'a', size);
	list[size] = '\0';
	ck_assert_ptr_null(new_table(list, EXACT, &error));
	ck_assert_str_eq(error.text, "relay_domains: the list is too large");
	free(list);
}
END_TEST

START_TEST(counts_its_entries)
{
	struct error error;
	struct domain_list *domains = new_table("a b !c A", EXACT, &error);

	ck_assert_uint_eq(domain_list_size(domains), 4);
	domain_list_free(domains);
	/* a table, and what it holds */
	domains = new_table("a pcre:{{/b/ x}, {/c/ y}}", EXACT, &error);
	ck_assert_uint_eq(domain_list_size(domains), 4);
	domain_list_free(domains);
	domain_list_free(NULL);
}
END_TEST

/* now_ms - a clock to measure with */
static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* A million names: those tried are all found, and no others. Each is stored
 * once: all together, of 24 bytes at most, take some 27 MB. The time is
 * printed, not judged; but a list searched one by one would not finish. */
START_TEST(finds_a_million_names)
{
	enum { COUNT_OF_NAMES = 1000000 };
	char *path = place_path("million");
	FILE *file = fopen(path, "w");
	struct domain_list_match match;
	const char *where;
	struct error error;
	struct domain_list *domains;
	char name[64];
	double start;
	double loaded;
	size_t before, used;

	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < COUNT_OF_NAMES; i++)
		fprintf(file, "customer-%d.example\n", i);
	ck_assert_int_eq(fclose(file), 0);
	before = heap_used();
	start = now_ms();
	domains = new_table(path, PARENT, &error);
	loaded = now_ms();
	ck_assert_msg(domains != NULL, "%s", error.text);
	used = heap_used() - before;
	printf("%zu names: loaded in %.0f ms, %zu KiB\n",
	       domain_list_size(domains), loaded - start, used / 1024);
	ck_assert_uint_lt(used, (size_t)36 * COUNT_OF_NAMES);
	for (int i = 0; i < COUNT_OF_NAMES; i += 7) {
		snprintf(name, sizeof(name), "mx.Customer-%d.example", i);
		ck_assert_int_eq(domain_list_match(domains, name, &match), 1);
		/* To find a line takes a look at all the list. */
		if (i % 70000 == 0)
			ck_assert_int_eq(line_of(&match, name, &where), i + 1);
	}
	printf("%d found in %.0f ms\n", (COUNT_OF_NAMES + 6) / 7,
	       now_ms() - loaded);
	ck_assert_int_eq(
		domain_list_match(domains, "customer-1000000.example", NULL),
		0);
	ck_assert_int_eq(
		domain_list_match(domains, "customer-1.example.x", NULL), 0);
	domain_list_free(domains);
	free(path);
}
END_TEST

/* The place of a name in the hash table must differ from run to run, or names
 * could be chosen that all fall on one place. Seen from outside only as time,
 * so: many names that differ in few bits must not be slow. */
START_TEST(places_names_differently_in_each_run)
{
	enum { COUNT_OF_NAMES = 200000 };
	size_t size = (size_t)COUNT_OF_NAMES * 40;
	char *list = xmalloc(size);
	char *at = list;
	struct error error;
	struct domain_list *domains;
	double start;

	for (int i = 0; i < COUNT_OF_NAMES; i++)
		at += sprintf(at, "%08x00000000%08x ", (unsigned)i,
			      (unsigned)i << 12);
	start = now_ms();
	domains = new_table(list, EXACT, &error);
	ck_assert_ptr_nonnull(domains);
	ck_assert_uint_eq(domain_list_size(domains), COUNT_OF_NAMES);
	ck_assert_int_eq(
		domain_list_match(domains, "000000ff00000000000ff000", NULL),
		1);
	printf("%d similar names in %.0f ms\n", COUNT_OF_NAMES,
	       now_ms() - start);
	domain_list_free(domains);
	free(list);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("domain_list");

	tcase_add_checked_fixture(tests, place_make, place_remove);
	tcase_add_loop_test(tests, matches_as_postfix_does, 0, COUNT(cases));
	tcase_add_loop_test(tests, reads_lists_from_files, 0,
			    COUNT(file_cases));
	tcase_add_loop_test(tests, finds_the_line_of_a_key, 0, COUNT(keys));
	tcase_add_test(tests, visits_each_that_is_named);
	tcase_add_loop_test(tests, refuses_what_cannot_be_read, 0,
			    COUNT(refused));
	tcase_add_test(tests, reads_files_that_name_files_sixteen_deep);
	tcase_add_loop_test(tests, says_why_the_answer_is_unknown, 0,
			    COUNT(whys));
	tcase_add_test(tests, matches_a_long_domain);
	tcase_add_test(tests, shows_some_of_a_refused_word);
	tcase_add_test(tests, refuses_a_word_that_does_not_fit);
	tcase_add_test(tests, counts_its_entries);
	tcase_add_test(tests, finds_a_million_names);
	tcase_add_test(tests, places_names_differently_in_each_run);
	return run_tests("domain_list", tests);
}
