/*-------------------------------------------------------------------------
 *
 * dates.c
 *		The dates that feeds of papers carry.
 *
 * Two readers.  iso_exact() takes the layouts that nearly every record has
 * (2007-08-19, 2025-08-20T04:00:19.899254+00:00) at fixed places.  What it
 * does not know goes to loose(), which cuts the text into numbers, words and
 * signs, lets each say what it can be, and decides about the rest at the end;
 * so one reader serves the hundreds of layouts in the wild instead of a list
 * of patterns.  The first of two dates in a range wins.
 *
 * A word that means nothing to us ("Mié.", "published") is skipped, but then
 * year, month and day must all be there, or any sentence with a number in it
 * would be a date.  Years outside 1000 to 9999 are no dates: what is below is
 * a program's zero time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/date_words.h"
#include "common/dates.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#define PF_DATE_MAX_LEN 128		/* longer text is no date */
#define PF_DATE_MAX_NUMS 4		/* numbers whose meaning is open; more are dropped */

#define PF_YEAR_NONE	10000	/* a year that makes the whole no date */

/* Milliseconds of 1000-01-01 and of 10000-01-01 since 1970. */
#define PF_EPOCH_MS_MIN INT64CONST(-30610224000000)
#define PF_EPOCH_MS_MAX INT64CONST(253402300800000)

/* What loose() has found so far; -1 = not yet. */
typedef struct Found
{
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second;
	int			usec;
	int			zone;			/* minutes east of UTC */
	bool		zoned;			/* by a number; a name no longer counts */
	bool		unknown;		/* a word was skipped that we do not know */
	bool		year_first;		/* the year came before any open number */
	bool		ordinal;		/* 'day' counts from January 1 */
	bool		week;			/* the next number is a week's */
	char		sep;			/* between the first two numbers */
	int			nums[PF_DATE_MAX_NUMS];
	int			width[PF_DATE_MAX_NUMS];	/* digits of each */
	int			nnums;
} Found;

static inline bool
is_digit(char c)
{
	return (unsigned char) (c - '0') < 10;
}

static inline bool
is_letter(char c)
{
	return (unsigned char) ((c | 0x20) - 'a') < 26 || IS_HIGHBIT_SET(c);
}

/* Two digits at s, or -1. */
static inline int
two(const char *s)
{
	return is_digit(s[0]) && is_digit(s[1]) ? (s[0] - '0') * 10 + (s[1] - '0') : -1;
}

/*
 * From the parts of a date in UTC + 'zone' minutes.  Hour 24 and second 60
 * are the start of the next day and minute.
 */
static TimestampTz
make_time(int year, int month, int day, int hour, int minute, int second, int usec, int zone)
{
	int64		seconds;

	if (year < 1000 || year > 9999 || month < 1 || month > 12 ||
		day < 1 || (day > 28 && day > day_tab[isleap(year)][month - 1]) ||
		hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return PF_NO_TIME;

	seconds = (int64) (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) * SECS_PER_DAY +
		hour * SECS_PER_HOUR + (minute - zone) * SECS_PER_MINUTE + second;
	return seconds * USECS_PER_SEC + usec;
}

/* The digits of a fraction from *s on, as microseconds; the rest of them is cut off. */
static int
fraction(const char **s, const char *end)
{
	int			usec = 0;
	int			unit = 100000;

	for (; *s < end && is_digit(**s); (*s)++)
	{
		usec += (**s - '0') * unit;
		unit /= 10;
	}
	return usec;
}

/*
 * "+02:00", "-0500", "+2", at *s, which is the sign.  False, with *s as it
 * was, if it is no zone that a place on earth could have.
 */
static bool
numeric_zone(const char **s, const char *end, int *zone)
{
	const char *p = *s + 1;
	int			sign = **s == '-' ? -1 : 1;
	int			hours = 0;
	int			minutes = 0;
	int			n = 0;

	while (p + n < end && n < 5 && is_digit(p[n]))
		n++;
	if (n == 4)
	{
		hours = two(p);
		minutes = two(p + 2);
		p += 4;
	}
	else if (n == 1 || n == 2)
	{
		hours = n == 1 ? p[0] - '0' : two(p);
		p += n;
		if (end - p >= 3 && p[0] == ':' && two(p + 1) >= 0)
		{
			minutes = two(p + 1);
			p += 3;
		}
	}
	else
		return false;
	if (hours > 15 || minutes > 59)
		return false;
	*zone = sign * (hours * 60 + minutes);
	*s = p;
	return true;
}

/*
 * YYYY-MM-DD, alone or with a time of day; anything else is false.  A zone is
 * Z or numeric, or missing.
 */
static bool
iso_exact(const char *s, int len, TimestampTz *out)
{
	const char *end = s + len;
	const char *p;
	int			century;
	int			year;
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second = 0;
	int			usec = 0;
	int			zone = 0;

	if (len < 10 || s[4] != '-' || s[7] != '-')
		return false;
	century = two(s);
	year = two(s + 2);
	month = two(s + 5);
	day = two(s + 8);
	if ((century | year | month | day) < 0)
		return false;
	year += century * 100;
	if (len == 10)
	{
		*out = make_time(year, Max(month, 1), Max(day, 1), 0, 0, 0, 0, 0);
		return true;
	}

	if (len < 16 || (s[10] != 'T' && s[10] != ' ') || s[13] != ':')
		return false;
	hour = two(s + 11);
	minute = two(s + 14);
	if ((hour | minute) < 0)
		return false;
	p = s + 16;
	if (end - p >= 3 && *p == ':')
	{
		second = two(p + 1);
		if (second < 0)
			return false;
		p += 3;
		if (p < end && *p == '.')
		{
			p++;
			usec = fraction(&p, end);
		}
	}
	if (p < end)
	{
		if (*p == 'Z')
			p++;
		else if (*p != '+' && *p != '-')
			return false;
		else if (!numeric_zone(&p, end, &zone))
			return false;
		if (p != end)
			return false;
	}
	*out = make_time(year, Max(month, 1), Max(day, 1), hour, minute, second, usec, zone);
	return true;
}

/* The letters from s on, in lower case (ASCII only) into 'buf' of 'size'; gives their number. */
static int
take_letters(const char *s, const char *end, char *buf, int size)
{
	int			n = 0;

	while (s + n < end && is_letter(s[n]))
	{
		if (n < size)
			buf[n] = (unsigned char) (s[n] - 'A') < 26 ? (char) (s[n] | 0x20) : s[n];
		n++;
	}
	return n;
}

/* A clock time at *s, whose hour is 'hour' and which stands at a colon. */
static void
take_clock(const char **s, const char *end, int hour, Found *f)
{
	const char *p = *s + 1;

	f->hour = hour;
	f->minute = two(p);
	p += 2;
	if (end - p >= 3 && *p == ':' && two(p + 1) >= 0)
	{
		f->second = two(p + 1);
		p += 3;
		if (end - p >= 2 && (*p == '.' || *p == ',') && is_digit(p[1]))
		{
			p++;
			f->usec = fraction(&p, end);
		}
	}
	*s = p;
}

/* A run of digits that can only be one thing; false leaves it open. */
static bool
take_digits(const char *s, int len, bool after_t, Found *f)
{
	if (after_t && f->hour < 0 && (len == 2 || len == 4 || len == 6))
	{
		f->hour = two(s);
		f->minute = len > 2 ? two(s + 2) : 0;
		f->second = len > 4 ? two(s + 4) : 0;
		return true;
	}
	if (len < 4)
		return false;
	if (f->year >= 0)
		return true;			/* the end of a range, or no part of a date */
	switch (len)
	{
		case 14:				/* YYYYMMDDhhmmss */
		case 12:				/* YYYYMMDDhhmm */
			f->hour = two(s + 8);
			f->minute = two(s + 10);
			f->second = len == 14 ? two(s + 12) : 0;
			/* FALLTHROUGH */
		case 8:					/* YYYYMMDD */
			f->day = two(s + 6);
			/* FALLTHROUGH */
		case 6:					/* YYYYMM */
			f->month = two(s + 4);
			break;
		case 7:					/* YYYYDDD */
			f->month = 1;
			f->day = (s[4] - '0') * 100 + two(s + 5);
			f->ordinal = true;
			break;
		case 4:
			f->year_first = f->nnums == 0;
			break;
		default:
			return true;
	}
	f->year = two(s) * 100 + two(s + 2);
	if (f->year < 1000)
		f->year = PF_YEAR_NONE;
	return true;
}

/* "2004-W05-3": the Monday of the week, or the day that is named. */
static void
settle_week(Found *f)
{
	int			weekday = f->nnums > 1 ? f->nums[1] : 1;

	if (f->nnums == 0 || f->nums[0] < 1 || f->nums[0] > 53 || weekday < 1 || weekday > 7 ||
		f->year >= PF_YEAR_NONE)
		return;
	j2date(isoweek2j(f->year, f->nums[0]) + weekday - 1, &f->year, &f->month, &f->day);
}

/* Give the open numbers their meaning, where no word named the month. */
static void
settle_numeric(Found *f)
{
	int		   *n = f->nums;
	bool		month_first;

	if (f->year_first)
	{
		if (f->nnums == 1 && f->width[0] == 3)
		{
			f->month = 1;
			f->day = n[0];
			f->ordinal = true;
			return;
		}
		if (f->nnums > 0)
			f->month = Max(n[0], 1);
		if (f->nnums > 1)
			f->day = Max(n[1], 1);
		return;
	}
	if (f->sep != '/' && f->sep != '.' && f->sep != '-')
		return;
	if (f->year < 0 && f->nnums >= 3)
	{
		if (n[0] > 31)
		{
			f->year = n[0];		/* 98-03-05 */
			f->month = n[1];
			f->day = n[2];
			return;
		}
		if (f->width[2] < 2)
			return;
		f->year = n[2];
	}
	if (f->nnums == 1)
		f->month = n[0];		/* 03/2019 */
	else if (f->nnums >= 2)
	{
		/* With slashes the month is first, as in America, unless it cannot be. */
		month_first = f->sep == '/';
		if (month_first ? n[0] > 12 : n[1] > 12)
			month_first = !month_first;
		f->month = n[month_first ? 0 : 1];
		f->day = n[month_first ? 1 : 0];
	}
}

/* The same after a month's name: "5 Nov 94", "Nov 5, 2019". */
static void
settle_named(Found *f)
{
	int			i = 0;

	if (f->day < 0 && i < f->nnums && f->nums[i] <= 31 && f->width[i] <= 2)
		f->day = f->nums[i++];
	if (f->year < 0 && i < f->nnums && f->width[i] >= 2)
		f->year = f->nums[i];
}

/* Any other layout; see the head of the file. */
static TimestampTz
loose(const char *s, int len)
{
	const char *end = s + len;
	bool		after_t = false;
	bool		pm = false;
	bool		am = false;
	Found		f = {.year = -1,.month = -1,.day = -1,.hour = -1};

	while (s < end)
	{
		if (is_digit(*s))
		{
			int			n = 1;

			while (s + n < end && is_digit(s[n]))
				n++;
			if (n <= 2 && f.hour < 0 && end - s >= n + 3 && s[n] == ':' && two(s + n + 1) >= 0)
			{
				int			hour = n == 1 ? s[0] - '0' : two(s);

				s += n;
				take_clock(&s, end, hour, &f);
				after_t = false;
				continue;
			}
			if (!take_digits(s, n, after_t, &f) && f.nnums < PF_DATE_MAX_NUMS)
			{
				int			value = 0;

				for (int i = 0; i < n; i++)
					value = value * 10 + (s[i] - '0');
				f.nums[f.nnums] = value;
				f.width[f.nnums++] = n;
				if (f.nnums == 1 && s + n < end)
					f.sep = s[n];
			}
			after_t = false;
			s += n;
		}
		else if (is_letter(*s))
		{
			char		buf[16];
			int			n = take_letters(s, end, buf, sizeof(buf));
			const PfDateWord *w = n <= (int) sizeof(buf) ? pf_date_word(buf, n) : NULL;

			s += n;
			after_t = false;
			switch (w ? w->kind : PF_WORD_UNKNOWN)
			{
				case PF_WORD_MONTH:
				case PF_WORD_SEASON:
					if (f.month < 0)
						f.month = w->value;
					break;
				case PF_WORD_ZONE:
					if (f.hour >= 0 && !f.zoned)
						f.zone = w->value;
					break;
				case PF_WORD_AM:
					am = true;
					break;
				case PF_WORD_PM:
					pm = true;
					break;
				case PF_WORD_TIME:
					after_t = true;
					break;
				case PF_WORD_WEEK:
					f.week = f.year_first && f.nnums == 0;
					break;
				case PF_WORD_SKIP:
					break;
				case PF_WORD_UNKNOWN:
					f.unknown = true;
					break;
			}
		}
		else if ((*s == '+' || *s == '-') && f.hour >= 0 && !f.zoned &&
				 numeric_zone(&s, end, &f.zone))
			f.zoned = true;
		else
			s++;
	}

	if (f.week)
		settle_week(&f);
	else if (f.month < 0)
		settle_numeric(&f);
	else
		settle_named(&f);
	if (f.year < 0 || (f.unknown && (f.month < 0 || f.day < 0)))
		return PF_NO_TIME;

	/* RFC 2822: what two and three digits mean; 126 is a year counted from 1900. */
	if (f.year < 50)
		f.year += 2000;
	else if (f.year < 1000)
		f.year += 1900;

	if (f.hour >= 1 && f.hour <= 12 && (am || pm))
		f.hour = f.hour % 12 + (pm ? 12 : 0);
	if (f.hour < 0)
		f.hour = 0;

	if (f.ordinal)
	{
		TimestampTz day1 = make_time(f.year, 1, 1, f.hour, f.minute, f.second, f.usec, f.zone);

		if (day1 == PF_NO_TIME || f.day < 1 || f.day > 365 + isleap(f.year))
			return PF_NO_TIME;
		return day1 + (f.day - 1) * USECS_PER_DAY;
	}
	return make_time(f.year, Max(f.month, 1), Max(f.day, 1),
					 f.hour, f.minute, f.second, f.usec, f.zone);
}

TimestampTz
pf_date(PfStr in)
{
	TimestampTz result;
	bool		digits = true;

	if (in.s == NULL)
		return PF_NO_TIME;
	if (iso_exact(in.s, in.len, &result))
		return result;

	in = pf_str_trim(in);
	if (in.len == 0 || in.len > PF_DATE_MAX_LEN)
		return PF_NO_TIME;
	for (int i = 0; i < in.len && digits; i++)
		digits = is_digit(in.s[i]);
	if (digits && (in.len == 10 || in.len == 13) && in.s[0] == '1')
	{
		/* Seconds or milliseconds since 1970. */
		int64		value = 0;

		for (int i = 0; i < in.len; i++)
			value = value * 10 + (in.s[i] - '0');
		return pf_date_epoch_ms(in.len == 10 ? value * 1000 : value);
	}
	if (iso_exact(in.s, in.len, &result))
		return result;
	return loose(in.s, in.len);
}

TimestampTz
pf_date_ymd(int year, int month, int day)
{
	return make_time(year, month == 0 ? 1 : month, day == 0 ? 1 : day, 0, 0, 0, 0, 0);
}

TimestampTz
pf_date_epoch_ms(int64 ms)
{
	if (ms < PF_EPOCH_MS_MIN || ms >= PF_EPOCH_MS_MAX)
		return PF_NO_TIME;
	return (ms - (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000) * 1000;
}

int
pf_month(PfStr in)
{
	char		buf[16];
	int			value;
	int			n;
	const PfDateWord *w;

	in = pf_str_trim(in);
	if (in.len == 0)
		return 0;
	if (is_digit(in.s[0]))
		return in.len <= 2 && pf_str_int(in, &value) && value >= 1 && value <= 12 ? value : 0;

	/* The first word, so that "Mar-Apr" and "Sept." are months. */
	n = take_letters(in.s, in.s + in.len, buf, sizeof(buf));
	if (n == 0 || n > (int) sizeof(buf))
		return 0;
	w = pf_date_word(buf, n);
	return w != NULL && (w->kind == PF_WORD_MONTH || w->kind == PF_WORD_SEASON) ? w->value : 0;
}
