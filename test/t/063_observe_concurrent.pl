# If this fails, sessions that report the same counters of the same papers at once,
# as feeds or by observe(), while rows of papers are joined, lose what one of them
# reported, count it twice, or get in each other's way.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('observe');
$node->init;
$node->append_conf('postgresql.conf', "deadlock_timeout = '50ms'");
$node->append_conf('postgresql.conf', "log_lock_waits = on");
$node->start;

$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION paperfeed;
	CREATE TABLE grown (paper text, kind text, by double precision);
	CREATE TABLE faults (what text);

	-- Thirty papers: records in any order, by number, by DOI, or with both, which joins them.
	CREATE FUNCTION record(i integer) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		arxiv text := format('2401.%s', to_char(i, 'FM00000'));
		kind integer := floor(random() * 4);
		votes integer := floor(random() * 50);
	BEGIN
		RETURN '{' || CASE kind
			WHEN 0 THEN format('"id": "10.1000/p%s"', i)
			WHEN 1 THEN format('"id": "%s", "doi": "10.1000/p%s"', arxiv, i)
			ELSE format('"id": "%s"', arxiv) END ||
			format(', "title": "Paper %s", "metrics": {"upvotes": %s, "citations": %s}}', i, votes, 10 + votes);
	END $$;

	CREATE PROCEDURE ingest() LANGUAGE plpgsql AS $$
	DECLARE
		lines text := (SELECT string_agg(record(i), E'\n' ORDER BY random())
			FROM (SELECT i FROM generate_series(1, 30) AS i ORDER BY random() LIMIT 12) AS r);
		i paperfeed.ingest_report;
		detail text;
		context text;
	BEGIN
		i := paperfeed.ingest_document(convert_to(lines, 'UTF8'), base_url => format('https://f%s.example/', floor(random() * 6)));
		IF i.status NOT IN ('ok', 'unchanged') OR i.seen <> i.added + i.updated + i.unchanged OR i.rejected > 0 THEN
			INSERT INTO faults VALUES (i::text);
		END IF;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, context = PG_EXCEPTION_CONTEXT;
		INSERT INTO faults VALUES (concat_ws(E'\n', SQLSTATE, SQLERRM, detail, context));
	END $$;

	-- Of papers that are there, that are not there yet, and of some that never are.
	CREATE PROCEDURE observe(last integer) LANGUAGE plpgsql AS $$
	DECLARE
		i integer := 1 + floor(random() * last);
		paper paperfeed.paperid := CASE WHEN random() < 0.3 THEN format('doi:10.1000/p%s', i)
			ELSE format('arxiv:2401.%s', to_char(i, 'FM00000')) END;
		kind text := CASE WHEN random() < 0.5 THEN 'upvotes' ELSE 'citations' END;
		grew double precision;
		detail text;
		context text;
	BEGIN
		grew := paperfeed.observe(paper, kind, floor(random() * 60), source => format('s%s', floor(random() * 3)));
		INSERT INTO grown VALUES (paper, kind, grew);
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, context = PG_EXCEPTION_CONTEXT;
		INSERT INTO faults VALUES (concat_ws(E'\n', SQLSTATE, SQLERRM, detail, context));
	END $$;

	CREATE VIEW wrong AS
	SELECT r.paper, r.kind, s.sum, r.counter
	FROM (SELECT paper, kind, GREATEST(0, max(value - base)) AS counter FROM paperfeed.readings GROUP BY paper, kind) AS r,
		LATERAL (SELECT COALESCE(sum(weight), 0) AS sum FROM paperfeed.signals AS s WHERE s.paper = r.paper AND s.kind = r.kind) AS s
	WHERE s.sum <> r.counter;
});

sub ok_and_right
{
	my ($what) = @_;
	is($node->safe_psql('postgres', 'SELECT what, count(*) FROM faults GROUP BY what'),
		'', "$what: no error");
	is($node->safe_psql('postgres', 'TABLE wrong'), '', "$what: signals add up to the counters");
	is( $node->safe_psql(
			'postgres',
			'SELECT paper, kind, at, source, sum(weight) FROM paperfeed.signals GROUP BY 1, 2, 3, 4 HAVING sum(weight) < 0'),
		'',
		"$what: no more was taken back than was there");
	is( $node->safe_psql(
			'postgres', q{
			CREATE TEMP TABLE was AS TABLE paperfeed.heat;
			DO 'BEGIN PERFORM paperfeed.rebuild_heat(); END';
			SELECT COALESCE(w.paper, h.paper) FROM was AS w FULL JOIN paperfeed.heat AS h USING (paper)
			WHERE w.paper IS NULL OR h.paper IS NULL OR abs(w.gross - h.gross) > 1e-9
				OR EXISTS (SELECT FROM (VALUES (w.heat_1, h.heat_1), (w.heat_2, h.heat_2), (w.heat_3, h.heat_3)) AS u (a, b) WHERE a <> b AND NOT abs(a - b) <= 1e-9)}),
		'',
		"$what: heat is that of the signals");
	return;
}

# The counters are learned anew several times, as races are about the first ones.
foreach my $round (1 .. 4)
{
	$node->safe_psql('postgres', 'TRUNCATE paperfeed.signals, paperfeed.readings, grown');
	$node->pgbench(
		'--no-vacuum --client=8 --jobs=2 --transactions=40',
		0, [qr/processed: 320\/320/],
		[qr/^$/],
		"observers at once, round $round",
		{ "alone_$round" => 'CALL observe(3);' });
}
ok_and_right('observers');
is( $node->safe_psql(
		'postgres',
		q{SELECT g.* FROM (SELECT paper, kind, sum(by) FROM grown GROUP BY 1, 2) AS g (paper, kind, sum)
		WHERE sum <> (SELECT COALESCE(sum(weight), 0) FROM paperfeed.signals AS s WHERE s.paper::text = g.paper AND s.kind = g.kind)}),
	'',
	'observers: each was told what it made');

foreach my $round (1 .. 4)
{
	$node->safe_psql('postgres',
		'TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.feeds, paperfeed.signals, paperfeed.readings'
	);
	$node->pgbench(
		'--no-vacuum --client=8 --jobs=2 --transactions=40',
		0,
		[qr/processed: 320\/320/],
		[qr/^$/],
		"feeds and observers at once, round $round",
		{ "ingest_$round\@3" => 'CALL ingest();', "observe_$round\@5" => 'CALL observe(33);' });
	ok_and_right("round $round");
}
is( $node->safe_psql(
		'postgres',
		q{SELECT paper, source, at FROM paperfeed.signals WHERE kind = 'announcement' GROUP BY 1, 2, 3 HAVING sum(weight) > 1}),
	'',
	'an announcement counts once');
is( $node->safe_psql(
		'postgres', q{SELECT count(*) > 0 FROM paperfeed.revisions WHERE was ? 'id'}),
	't',
	'rows were joined');

$node->stop;
done_testing();
