# If this fails, many sessions that ingest overlapping documents at once, while
# readers vote, get in each other's way: an error, two rows of one paper, a row
# that nothing finds, a vote that is lost.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('concurrent');
$node->init;
$node->append_conf('postgresql.conf', "deadlock_timeout = '50ms'");
$node->append_conf('postgresql.conf', "log_lock_waits = on");
$node->start;

# Forty papers, each with an arXiv id, a DOI, a PMID and a page; a record names some of them.
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION paperfeed;
	CREATE TABLE votes (paper paperfeed.paperid NOT NULL REFERENCES paperfeed.papers ON DELETE RESTRICT, reader text);
	CREATE TABLE cast_votes (n serial);
	CREATE TABLE faults (what text);

	CREATE FUNCTION record() RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		i integer := 1 + floor(random() * 40);
		kind integer := floor(random() * 8);
		arxiv text := format('"2401.%s"', to_char(i, 'FM00000'));
	BEGIN
		RETURN '{' || CASE kind
			WHEN 0 THEN format('"id": %s', arxiv)
			WHEN 1 THEN format('"id": "10.1000/p%s"', i)
			WHEN 2 THEN format('"id": "pmid:%s"', 1000 + i)
			WHEN 3 THEN format('"id": %s, "doi": "10.1000/p%s"', arxiv, i)
			WHEN 4 THEN format('"id": "10.1000/p%s", "pmid": %s', i, 1000 + i)
			WHEN 5 THEN format('"id": "pmid:%s", "url": "https://lab.example/p%s"', 1000 + i, i)
			WHEN 6 THEN format('"id": %s, "pmid": %s', arxiv, 1000 + i)
			ELSE format('"url": "https://lab.example/p%s"', i) END ||
			format(', "title": "Paper %s", "venue": "V%s"}', i, floor(random() * 5));
	END $$;

	CREATE PROCEDURE ingest() LANGUAGE plpgsql AS $$
	DECLARE
		lines text := (SELECT string_agg(record(), E'\n') FROM generate_series(1, 1 + floor(random() * 12)::integer));
		i paperfeed.ingest_report;
		detail text;
		context text;
	BEGIN
		i := paperfeed.ingest_document(convert_to(lines, 'UTF8'), base_url => format('https://f%s.example/', floor(random() * 6)));
		IF i.status NOT IN ('ok', 'unchanged') OR i.seen <> i.added + i.updated + i.unchanged + i.rejected OR i.rejected > 0 THEN
			INSERT INTO faults VALUES (i::text);
		END IF;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, context = PG_EXCEPTION_CONTEXT;
		INSERT INTO faults VALUES (concat_ws(E'\n', SQLSTATE, SQLERRM, detail, context));
	END $$;

	-- a paper may go, joined into another one, between the look and the vote
	CREATE PROCEDURE vote() LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO votes SELECT id, 'r' FROM paperfeed.papers ORDER BY random() LIMIT 1;
		IF FOUND THEN
			INSERT INTO cast_votes DEFAULT VALUES;
		END IF;
	EXCEPTION WHEN foreign_key_violation THEN
		NULL;
	END $$});

# The identities are learned anew several times, as races are about what is new.
foreach my $round (1 .. 5)
{
	$node->safe_psql('postgres',
		'TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, votes, cast_votes'
	);
	$node->pgbench(
		'--no-vacuum --client=6 --jobs=2 --transactions=60',
		0,
		[qr/processed: 360\/360/],
		[qr/^$/],
		"sessions at once, round $round",
		{ "ingest_$round\@5" => 'CALL ingest();', "vote_$round\@2" => 'CALL vote();' });
}
is($node->safe_psql('postgres', 'SELECT what, count(*) FROM faults GROUP BY what'),
	'', 'no ingest failed');
is( $node->safe_psql(
		'postgres', 'SELECT (SELECT count(*) FROM votes) = (SELECT count(*) FROM cast_votes)'),
	't',
	'no vote was lost');

my %none = (
	'an identity names a row that is there' =>
	  'SELECT * FROM paperfeed._identity AS i WHERE NOT EXISTS (SELECT FROM paperfeed.papers AS p WHERE p.id = i.paper)',
	'a row\'s own identity names no other row' =>
	  'SELECT * FROM paperfeed._identity AS i JOIN paperfeed.papers AS p ON p.id = i.identity WHERE p.id <> i.paper',
	'a row is known by its own identity' =>
	  q{SELECT * FROM paperfeed.papers AS p WHERE paperfeed.scheme(id) <> 'arxiv' AND NOT EXISTS (SELECT FROM paperfeed._identity AS i WHERE i.identity = p.id)},
	'a sighting is of a row that is there' =>
	  'SELECT * FROM paperfeed.sightings AS s WHERE NOT EXISTS (SELECT FROM paperfeed.papers AS p WHERE p.id = s.paper)',
	'no two papers are one' =>
	  q{SELECT * FROM paperfeed.papers WHERE title <> 'Paper ' || ltrim(substr(id::text, 12), '0') AND id::text LIKE 'arxiv:%'}
);
is($node->safe_psql('postgres', $none{$_}), '', $_) foreach sort keys %none;

# Told everything, each paper has one row.
$node->safe_psql(
	'postgres', q{
	SELECT paperfeed.ingest_document((SELECT convert_to(string_agg(format('{"id": "2401.%s", "doi": "10.1000/p%s", "pmid": %s, "title": "Paper %s"}'
		'{"id": "pmid:%s", "url": "https://lab.example/p%s", "title": "Paper %s"}', to_char(i, 'FM00000'), i, 1000 + i, i, 1000 + i, i, i), ''), 'UTF8')
	FROM generate_series(1, 40) AS i))});
is( $node->safe_psql(
		'postgres',
		q{SELECT count(*), count(*) FILTER (WHERE id::text LIKE 'arxiv:%') FROM paperfeed.papers}),
	'40|40',
	'one row for each paper in the end');
is( $node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT paper) FROM paperfeed._identity'),
	'120|40',
	'and all identities');
is( $node->safe_psql(
		'postgres', 'SELECT (SELECT count(*) FROM votes) = (SELECT count(*) FROM cast_votes)'),
	't',
	'and all votes');

# Papers that are joined the moment after they came in, while others tell of them, too: the row
# that somebody saw named is gone, and must not come back beside the one that it was joined into.
$node->safe_psql('postgres', 'CREATE TABLE fresh OF paperfeed.paper (PRIMARY KEY (id)); CREATE SEQUENCE numbers');
my $tell = q{
	SELECT nextval('numbers') / 6 AS n, (random() * 3)::integer AS k, (random() * 5)::integer AS f \gset
	SELECT paperfeed.ingest_document(convert_to(CASE WHEN :k = 0
			THEN format('{"doi": "10.1000/f%s", "id": "2402.%s", "title": "Fresh %s", "abstract": "%s"}', :n, lpad(:n::text, 5, '0'), :n, random())
			ELSE format('{"id": "doi:10.1000/f%s", "title": "Fresh %s", "abstract": "%s"}', :n, :n, random()) END, 'UTF8'),
		'fresh', format('http://127.0.0.1/%s/%s', :f, :client_id));
};
$node->pgbench('--no-vacuum --client=8 --jobs=2 --time=6', 0, [qr/actually processed: \d{3}/], [qr/^$/], 'joined at once', { 'tell' => $tell });
is($node->safe_psql('postgres', 'SELECT doi, string_agg(id::text, $$ $$) FROM fresh GROUP BY doi HAVING count(*) > 1'),
	'', 'no paper has two rows');

$node->stop;
done_testing();
