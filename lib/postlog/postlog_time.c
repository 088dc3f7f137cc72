/* SPDX-License-Identifier: ISC */
/* postlog_time - the time stamp of a log line
 *
 * The traditional one, "Nov 24 15:00:00", has neither a year nor a zone. The
 * file was last written when its last line was; so no line is of a later time,
 * but for clocks that differ a little. */

#include "lib/postlog/postlog_time.h"

#include <stdio.h>
#include <string.h>

#define SLACK	  86400 /* seconds by which a line may seem too late */
#define STAMP_MAX 64
#define YEARS_MAX 10 /* Feb 29 may be 8 years ago */

/* month_number - 0 for "Jan"; -1: not a month in English */
static int month_number(const char *name)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	size_t i;

	for (i = 0; i < 12; i++)
		if (strncmp(months + 3 * i, name, 3) == 0)
			return (int)i;
	return -1;
}

/* of_zone - the offset of "Z", "+01:00", "+0100" or "+01" in seconds; false: it
 * is none of them */
static int of_zone(const char *text, long *offset)
{
	int hours = 0;
	int minutes = 0;

	*offset = 0;
	if (*text == 'Z')
		return 1;
	if ((*text != '+' && *text != '-') ||
	    (sscanf(text + 1, "%2d:%2d", &hours, &minutes) < 2 &&
	     sscanf(text + 1, "%2d%2d", &hours, &minutes) < 1))
		return 0;
	*offset = (hours * 60L + minutes) * 60 * (*text == '-' ? -1 : 1);
	return 1;
}

/* seconds_of - what mktime(3) or timegm(3) has made: -1 if it is too much for
 * time_t. No log is as old as the second before 1970. */
static int64_t seconds_of(time_t made)
{
	return made != -1 ? made : POSTLOG_NO_TIME;
}

/* read_date - "2026-11-24T15:00:00.123456+01:00" */
static int64_t read_date(const char *stamp)
{
	struct tm parts = { .tm_isdst = -1 };
	const char *rest = strpbrk(stamp, "T _");
	int64_t when;
	char separator;
	long offset;

	if (rest == NULL ||
	    sscanf(stamp, "%4d-%2d-%2d%c%2d:%2d:%2d", &parts.tm_year,
		   &parts.tm_mon, &parts.tm_mday, &separator, &parts.tm_hour,
		   &parts.tm_min, &parts.tm_sec) != 7)
		return POSTLOG_NO_TIME;
	parts.tm_year -= 1900;
	parts.tm_mon--;
	rest += 1 + strcspn(rest + 1, "Z+- ");
	if (!of_zone(rest, &offset))
		return seconds_of(mktime(&parts));
	when = seconds_of(timegm(&parts));
	return when != POSTLOG_NO_TIME ? when - offset : when;
}

/* read_month - "Nov 24 15:00:00": the last year in which it is not too late */
static int64_t read_month(const char *stamp, time_t latest)
{
	struct tm now;
	struct tm parts = { 0 };
	int64_t when;
	int year;
	int i;

	if (localtime_r(&latest, &now) == NULL || strlen(stamp) < 12)
		return POSTLOG_NO_TIME;
	parts.tm_mon = month_number(stamp);
	if (parts.tm_mon < 0 ||
	    sscanf(stamp + 3, " %2d %2d:%2d:%2d", &parts.tm_mday,
		   &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 4)
		return POSTLOG_NO_TIME;
	year = now.tm_year + 1;
	for (i = 0; i < YEARS_MAX; i++) {
		struct tm copy = parts;

		copy.tm_year = year - i;
		copy.tm_isdst = -1;
		when = seconds_of(mktime(&copy));
		/* Feb 29 of another year becomes Mar 1: not that year. */
		if (copy.tm_mon == parts.tm_mon && when != POSTLOG_NO_TIME &&
		    when <= (int64_t)latest + SLACK)
			return when;
	}
	return POSTLOG_NO_TIME;
}

/* postlog_time - the time that a stamp says */
int64_t postlog_time(const char *stamp, size_t length, time_t latest)
{
	char text[STAMP_MAX];
	long long seconds;
	char point;

	if (length == 0 || length >= sizeof(text))
		return POSTLOG_NO_TIME;
	memcpy(text, stamp, length);
	text[length] = '\0';
	if (length > 4 && text[3] == ' ' && text[4] >= '1' && text[4] <= '2' &&
	    strchr(text, '-') != NULL)
		return read_date(text + 4); /* "Tue 2026-11-24 ..." */
	if (text[0] >= '0' && text[0] <= '9' && length > 10 && text[4] == '-')
		return read_date(text);
	if (sscanf(text, "%12lld%c", &seconds, &point) == 2 && point == '.')
		return seconds;
	return read_month(text, latest);
}

/* postlog_stamp_time - the same, unless it was asked last */
int64_t postlog_stamp_time(struct postlog_stamp *last, const char *stamp,
			   size_t length, time_t latest)
{
	if (length >= POSTLOG_STAMP_MAX)
		return POSTLOG_NO_TIME;
	if (strncmp(last->text, stamp, length) != 0 ||
	    last->text[length] != '\0' || last->latest != latest) {
		last->time = postlog_time(stamp, length, latest);
		last->latest = latest;
		memcpy(last->text, stamp, length);
		last->text[length] = '\0';
	}
	return last->time;
}
