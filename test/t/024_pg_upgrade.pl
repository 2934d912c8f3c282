# If this fails, a cluster with the extension cannot be upgraded by pg_upgrade,
# which restores every member of an extension on its own.  Tried from and to the
# version at hand.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old    = PostgreSQL::Test::Cluster->new('old');
my $bindir = $old->config_data('--bindir');
plan skip_all => "there is no pg_upgrade in $bindir" unless -x "$bindir/pg_upgrade";

my $new = PostgreSQL::Test::Cluster->new('new');
$old->init;
$new->init;
$old->start;

my $document =
  q{convert_to('{"id": "2401.00001", "doi": "10.1000/a", "title": "A knot"}{"id": "pmid:5", "title": "B"}', 'UTF8')};
$old->safe_psql(
	'postgres', qq{
	CREATE EXTENSION paperfeed;
	CREATE TABLE mine OF paperfeed.paper (PRIMARY KEY (id));
	CREATE TABLE votes (paper paperfeed.paperid REFERENCES paperfeed.papers, reader text);
	CREATE TABLE parted (id paperfeed.paperid) PARTITION BY HASH (id);
	CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0);
	CREATE VIEW titles AS SELECT id, title FROM paperfeed.papers WHERE id <> '2401.99999' ORDER BY id;
	CREATE INDEX ON mine USING gin (paperfeed.document(title, abstract, authors));
	SELECT paperfeed.ingest_document($document);
	SELECT paperfeed.ingest_document($document, 'mine');
	INSERT INTO votes VALUES ('2401.00001', 'ann');
	INSERT INTO parted VALUES ('2401.00001');
	INSERT INTO paperfeed.half_lives VALUES ('3 days');
	INSERT INTO paperfeed.signal_kinds (kind, weight) VALUES ('downloads', 0.5);
	UPDATE paperfeed.signal_kinds SET weight = 3 WHERE kind = 'save';
	SELECT paperfeed.vote('2401.00001'), paperfeed.save('2401.00001'), paperfeed.observe('pmid:5', 'downloads', 7)});

# What the extension consists of, and what is in it.
my $members = q{
	SELECT pg_describe_object(d.classid, d.objid, 0), obj_description(d.objid, c.relname)
	  FROM pg_depend AS d JOIN pg_class AS c ON c.oid = d.classid
	 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	   AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'paperfeed') ORDER BY 1};
my $rows = q{
	SELECT p::text FROM paperfeed.papers AS p UNION ALL SELECT m::text FROM mine AS m UNION ALL SELECT i::text FROM paperfeed._identity AS i
	UNION ALL SELECT s::text FROM paperfeed.sightings AS s UNION ALL SELECT f::text FROM paperfeed.feeds AS f UNION ALL SELECT v::text FROM votes AS v
	UNION ALL SELECT s::text FROM paperfeed.signals AS s UNION ALL SELECT k::text FROM paperfeed.signal_kinds AS k UNION ALL SELECT l::text FROM paperfeed.half_lives AS l
	UNION ALL SELECT h::text FROM paperfeed.heat AS h UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'paperfeed'
	UNION ALL SELECT t::text FROM titles AS t UNION ALL SELECT p::text FROM parted AS p ORDER BY 1};
my ($members_before, $rows_before) = map { $old->safe_psql('postgres', $_) } $members, $rows;
$old->stop;

chdir $PostgreSQL::Test::Utils::tmp_check or die $!;
command_ok(
	[   'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir,
		'-b',         $bindir,     '-B', $bindir,        '-s', $new->host,
		'-p',         $old->port,  '-P', $new->port ],
	'pg_upgrade');
$new->start;
is($new->safe_psql('postgres', $members),
	$members_before, 'the extension has the same members, with their comments');
is($new->safe_psql('postgres', $rows), $rows_before, 'every row is there');

my $report = q{SELECT (i).status, (i).added, (i).updated, (i).unchanged FROM};
is($new->safe_psql('postgres', "$report paperfeed.ingest_document($document) AS i"),
	'unchanged|0|0|2', 'a document is known');
is($new->safe_psql('postgres', "$report paperfeed.ingest_document($document, 'mine') AS i"),
	'unchanged|0|0|2', 'in a table of one\'s own too');
is( $new->safe_psql(
		'postgres',
		"$report paperfeed.ingest_document(convert_to('{\"id\": \"10.1000/a\", \"title\": \"A knot\", \"venue\": \"V\"}', 'UTF8')) AS i"
	),
	'ok|0|1|0',
	'an alias is known');
is($new->safe_psql('postgres', q{SELECT id FROM paperfeed.search('knots')}),
	'arxiv:2401.00001', 'search works');
is( $new->safe_psql(
		'postgres',
		q{SET enable_seqscan = off; SELECT reader FROM votes JOIN paperfeed.papers ON id = paper WHERE id = 'arXiv:2401.00001v3'}
	),
	'ann',
	'and so do the operators');
is( $new->safe_psql('postgres', q{SELECT rank, id, votes FROM paperfeed.trending(5, '3 days')}),
	"1|arxiv:2401.00001|1\n2|pmid:5|0", 'lists are read as before');
is( $new->safe_psql('postgres', q{SELECT paperfeed.vote('pmid:5'); SELECT paperfeed.vote('2401.00001', -1);
		CREATE TEMP TABLE was AS TABLE paperfeed.heat; SELECT paperfeed.rebuild_heat();
		SELECT count(*) FROM was JOIN paperfeed.heat AS h USING (paper) WHERE abs(was.heat_4 - h.heat_4) < 1e-9}),
	"0\n1\n2\n2", 'and votes go on');
$new->safe_psql('postgres', 'DROP EXTENSION paperfeed CASCADE; CREATE EXTENSION paperfeed');
is($new->safe_psql('postgres', $members),
	$members_before, 'dropped and made anew, the extension has the same members');

$new->stop;
done_testing();
