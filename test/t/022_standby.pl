# If this fails, a standby cannot be asked what the primary can, or an attempt to
# ingest there does something else than to say that it is one; or an ingest is not
# whole after a crash.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION paperfeed');
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

my $ingest =
  q{SELECT (i).status, (i).added, (i).unchanged FROM paperfeed.ingest_document(convert_to(
	'{"id": "10.1000/a", "title": "A knot", "abstract": "In a rope."}{"id": "2401.00001", "doi": "10.1000/b", "title": "B"}', 'UTF8'), base_url => 'https://one.example/') AS i};
is($primary->safe_psql('postgres', $ingest), 'ok|2|0', 'ingest on the primary');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

my $rows =
  q{SELECT id, title FROM paperfeed.papers UNION ALL SELECT identity, paper::text FROM paperfeed._identity
	UNION ALL SELECT paper, fingerprint::text FROM paperfeed.sightings ORDER BY 1, 2};
is( $standby->safe_psql('postgres', $rows),
	$primary->safe_psql('postgres', $rows),
	'its rows are on the standby');
is($standby->safe_psql('postgres', q{SELECT rank, id FROM paperfeed.search('knots')}),
	'1|doi:10.1000/a', 'search works there');
is( $standby->safe_psql(
		'postgres',
		q{SELECT id FROM paperfeed.parse(convert_to('{"id": "10.1000/c", "title": "C"}', 'UTF8'))}),
	'doi:10.1000/c',
	'and parse');

foreach my $call (
	"paperfeed.ingest_document(convert_to('{\"id\": \"10.1000/c\", \"title\": \"C\"}', 'UTF8'))",
	"paperfeed.ingest_document(convert_to('{\"id\": \"10.1000/a\", \"title\": \"A knot\", \"abstract\": \"In a rope.\"}', 'UTF8'), base_url => 'https://one.example/')",
	"paperfeed.ingest('http://127.0.0.1:1/')",
	'paperfeed.ingest_file(\'postgresql.conf\')')
{
	my ($rc, undef, $err) = $standby->psql('postgres', "\\set VERBOSITY sqlstate\nSELECT $call");
	like($err, qr/ERROR:  25006/,
		'ingest is refused as any writing is: ' . ($call =~ /(\w+)\(/)[0]);
}
is($standby->safe_psql('postgres', 'SELECT 1'), 1, 'the session goes on');

# A crash in the middle of an ingest of several batches leaves nothing of it.
$primary->safe_psql(
	'postgres', q{
	CREATE TABLE slow OF paperfeed.paper (PRIMARY KEY (id));
	CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.title = 'N 2500' THEN PERFORM pg_sleep(600); END IF; RETURN NEW; END $$;
	CREATE TRIGGER wait BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION wait()});
my $many =
  q{SELECT (i).status, (i).added FROM paperfeed.ingest_document((SELECT convert_to(string_agg(
	format('{"id": "10.1000/n%s", "title": "N %s"}', n, n), E'\n'), 'UTF8') FROM generate_series(1, 2600) AS n), 'slow', 'https://many.example/') AS i};
my ($in, $out, $err) = ('', '', '');
my $h =
  IPC::Run::start([ 'psql', '-X', '-A', '-t', '-d', $primary->connstr('postgres'), '-c', $many ],
	\$in, \$out, \$err);
ok( $primary->poll_query_until(
		'postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}),
	'an ingest is in its third batch');
$primary->stop('immediate');
$h->finish;
$primary->start;
is($primary->safe_psql('postgres', q{SELECT count(*) FROM slow}), 0, 'a crash leaves no row of it');
is( $primary->safe_psql(
		'postgres', q{SELECT count(*) FROM paperfeed._identity WHERE target = 'slow'::regclass}),
	0,
	'and no claim');
$primary->safe_psql('postgres', 'DROP TRIGGER wait ON slow');
is($primary->safe_psql('postgres', $many), 'ok|2600', 'afterwards it can be done again');

# The same of a cancel, which leaves a session that works.
$primary->safe_psql(
	'postgres', q{TRUNCATE slow; TRUNCATE paperfeed.feeds, paperfeed._identity;
	CREATE TRIGGER wait BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION wait()});
my (undef, $after, $said) = $primary->psql(
	'postgres',
	"SET statement_timeout = '1s';\n$many;\nRESET statement_timeout;\nSELECT count(*) FROM slow;\nSELECT count(*) FROM paperfeed.feeds",
	on_error_stop => 0);
like($said, qr/canceling statement due to statement timeout/, 'a timeout ends an ingest');
is($after, "0\n0", 'and the session goes on, with nothing of it');

$standby->stop;
$primary->stop;
done_testing();
