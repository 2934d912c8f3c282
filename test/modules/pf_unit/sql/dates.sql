-- If this fails, papers get wrong dates, or lose them.
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, DMY';

-- W3CDTF and ISO 8601; missing parts are the earliest, a missing zone is UTC
SELECT d AS written, pf_unit_date(d)
FROM unnest(ARRAY[
	'2007-08-19', '2025-08-20T04:00:19.899254+00:00', '2014-01-01T00:00:00Z',
	'2025-08-20T00:00:00-04:00', '2003-12-31T10:14Z', '2003-12-31 10:14:55 +0200',
	'2009-11-10 23:00:00 +0000 UTC', '2026-06-12T00:00:00.000Z[UTC]',
	'2020-06-22T03:37:43.123456789+00:00', '2019-03-05t10:00:00,5+01',
	'2003', '2003-12', '200312', '20031231', '20031231T101455Z', '20031231101455',
	'2003-335', '2004366', '2004-W05-3', '2009-W01', '2020-00-00', '2020-05-00',
	'2003-12-31T24:00:00Z', '2016-12-31T23:59:60Z'
]) AS d;

-- RFC 822 with its zones, asctime, and what people write
SELECT d AS written, pf_unit_date(d)
FROM unnest(ARRAY[
	'Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT',
	'Sun Nov  6 08:49:37 1994', 'Sun Nov  6 08:49:37 EST 1994',
	'Thu, 5 Apr 2012 23:47 PDT', 'Thu, 01 Jan 2004 19:48:21 +0100 (CET)',
	'Thu, 01 Jan 2004 19:48:21 GMT+2', 'Thu, 01 Jan 04 19:48:21 GMT',
	'Thu, 01 Jan 104 00:00:00 GMT', 'Mon, 26 January 2004 16:31:00 AT',
	'12 June 2026', 'June 12th, 2026 at 3:45 PM', 'Sept. 5, 2019', '12th of June 2026',
	'06/12/2026', '25/12/2026', '12.06.2026', '12-06-26', '98-03-05', '2019/3/5 4:05 pm',
	'12/24/2026 12:00 AM', '03/2019'
]) AS d;

-- PubMed's MedlineDate: the start of the range; a season is its first month
SELECT d AS written, pf_unit_date(d)::date
FROM unnest(ARRAY[
	'2019 Mar', '2019 Mar-Apr', '2018 May - Jun', '1998 Dec-1999 Jan', '1944-1945',
	'2000 Spring-Summer', '2000 Dec 23- 30', 'Fall 2019'
]) AS d;

-- months in other languages
SELECT d AS written, pf_unit_date(d)::date
FROM unnest(ARRAY[
	'5. März 2019', '4 juillet 2019', '4 juin 2019', '12 de junio de 2026',
	'5 dicembre 2019', '1 février 2020', '2019年3月5日', '2019년 3월 5일',
	'Mié, 05 Jun 2019 10:00:00 +0200'
]) AS d;

-- seconds and milliseconds since 1970
SELECT pf_unit_date('1520932969'), pf_unit_date('1700000000000'),
	pf_unit_date_epoch_ms(0), pf_unit_date_epoch_ms(-1);
SELECT pf_unit_date_epoch_ms(9223372036854775807), pf_unit_date_epoch_ms(-9223372036854775808);

-- no dates
SELECT d AS written, pf_unit_date(d)
FROM unnest(ARRAY[
	'', ' ', 'hello', 'March', '5 Mar', '1984 by Orwell', 'Version 2 of 2019',
	'2021-02-29', '31 Feb 2019', '2003-366', '2019-13-01', '2019-03-05T25:00:00',
	'0000-00-00', '0001-01-01T00:00:00Z', '1 Jan 0001', '12345-01-01', '9999999999',
	'99999999999999999999999999', repeat('1', 200), repeat('2019-01-01 ', 100)
]) AS d
WHERE pf_unit_date(d) IS NOT NULL;

-- a zone that no place on earth has is no zone
SELECT pf_unit_date('2019-03-05T10:00:00+99:99'), pf_unit_date('5 Mar 2019 10:00:00 -9999');

-- neither DateStyle nor TimeZone matters
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'SQL, MDY';
SELECT bool_and(pf_unit_date(d) = t)
FROM (VALUES ('2019-03-05', timestamptz '2019-03-05 00:00:00+00'),
			 ('05.03.2019 10:00', '2019-03-05 10:00:00+00'),
			 ('Tue, 05 Mar 2019 10:00:00', '2019-03-05 10:00:00+00')) AS v(d, t);
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, DMY';

-- what PostgreSQL writes is read back, over the whole range
SELECT count(*) FILTER (WHERE pf_unit_date(t::text) IS DISTINCT FROM t) AS wrong
FROM generate_series(timestamptz '1000-01-01 00:00:00+00', '9999-12-01', '37 days 13:17:11.123457') AS t;

-- parts
SELECT pf_unit_date_ymd(2019, 0, 0)::date, pf_unit_date_ymd(2019, 2, 0)::date,
	pf_unit_date_ymd(2019, 2, 29)::date, pf_unit_date_ymd(2147483647, 1, 1)::date,
	pf_unit_date_ymd(2019, -1, 5)::date;
SELECT m, pf_unit_month(m)
FROM unnest(ARRAY['Jan', 'JANUARY', '01', '1', '12', '13', '0', 'Sept.', 'Mar-Apr', 'Winter',
				  'May', 'Ma', 'x', '']) AS m;
