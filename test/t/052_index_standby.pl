# If this fails, the search index's WAL does not make a standby's pages what the
# primary's are, or a query on the standby is disturbed by what is replayed in
# another way than by a conflict with recovery (40001).

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedIndex;
use PaperfeedSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $seconds = $ENV{PAPERFEED_SECONDS} // 2;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
PaperfeedIndex::configure($primary);
$primary->append_conf('postgresql.conf', "wal_consistency_checking = 'all'\nmax_standby_streaming_delay = '10ms'\nwal_compression = on");
$primary->start;
PaperfeedIndex::setup($primary);
$primary->safe_psql(
	'postgres', q{
	CREATE TABLE docs (id serial, n integer, tsv tsvector);
	INSERT INTO docs (n, tsv) SELECT i % 10, to_tsvector('simple', oracle.text(2000, 20)) FROM generate_series(1, 1000) AS i;
	CREATE INDEX docs_tsv ON docs USING paperfeed_bm25 (tsv, n) WITH (config = 'simple', buffer_size = 64);
	CREATE INDEX docs_id ON docs (id)});
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

# What a query gives in the end: on a standby, replay may be in its way.
sub patiently
{
	my ($node, $sql) = @_;

	foreach (1 .. 100)
	{
		my ($code, $out, $err) = $node->psql('postgres', $sql, on_error_stop => 1);
		return $out if $code == 0;
		die $err unless $err =~ /conflict with recovery/;
		select(undef, undef, undef, 0.1);
	}
	die "replay is in the way of: $sql";
}

# every row with its score, in order, for some queries
sub answers
{
	my ($node) = @_;
	return join "\n", map {
		patiently($node,
			"SET enable_seqscan = off; SET enable_sort = off; SELECT id, tsv <=> $_->[0] FROM docs WHERE $_->[1] ORDER BY tsv <=> $_->[0]")
	} map { [ "paperfeed.bm25_query('$_->[0]', 'docs_tsv')", $_->[1] ] }
	  ([ 'w1 w5 w100', 'true' ], [ 'w7', 'n < 5' ], [ 'w2 w3', q{tsv @@ 'w1 & !w4'} ]);
}

sub same
{
	my ($what) = @_;
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
	my $same = answers($standby) eq answers($primary);
	ok($same, "the same answers on the standby: $what");
	is(substr(patiently($standby, q{SELECT oracle.agrees('docs', 'docs_tsv')}), 0, 2000),
		'', "and the right ones: $what");
	return;
}

my $text = q{to_tsvector('simple', oracle.text(2000, 1 + (random() * 40)::integer))};
same('a build');
$primary->safe_psql('postgres', "INSERT INTO docs (n, tsv) SELECT i, $text FROM generate_series(1, 10) AS i");
same('the buffer');
$primary->safe_psql('postgres', "INSERT INTO docs (n, tsv) SELECT i, $text FROM generate_series(1, 1500) AS i");
same('spills and merges');
$primary->safe_psql('postgres', "UPDATE docs SET tsv = $text WHERE id % 7 = 1; DELETE FROM docs WHERE id % 5 = 2");
same('updates and deletes');
$primary->safe_psql('postgres', 'VACUUM docs');
same('VACUUM');
$primary->safe_psql('postgres', "INSERT INTO docs (n, tsv) SELECT i, $text FROM generate_series(1, 800) AS i");
$primary->safe_psql('postgres', 'CHECKPOINT');
$primary->safe_psql('postgres', "INSERT INTO docs (n, tsv) SELECT i, $text FROM generate_series(1, 800) AS i");
same('full-page images');
$primary->safe_psql('postgres', 'VACUUM FULL docs');
same('VACUUM FULL');
$primary->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY docs_tsv');
same('REINDEX CONCURRENTLY');

# While the primary writes, a query of the standby sees its own snapshot's rows.
foreach my $feedback ('off', 'on')
{
	$standby->append_conf('postgresql.conf', "hot_standby_feedback = $feedback\nwal_receiver_status_interval = '1s'");
	$standby->reload;
	my @writers = map { PaperfeedIndex::start($primary, qq{
		DO \$\$
		BEGIN
			FOR i IN 1 .. 1000000 LOOP
				INSERT INTO docs (n, tsv) SELECT j, $text FROM generate_series(1, 30) AS j;
				DELETE FROM docs WHERE id IN (SELECT id FROM docs WHERE id % 2 = $_ ORDER BY id LIMIT 30);
				UPDATE docs SET tsv = $text WHERE id IN (SELECT id FROM docs WHERE id % 2 = $_ ORDER BY id DESC LIMIT 5);
				COMMIT;
			END LOOP;
		END \$\$;
		}) } 0, 1;
	push @writers, PaperfeedIndex::start($primary, "VACUUM docs;\n" x 10000);
	my @readers = map {
		PaperfeedIndex::start($standby,
			"SET default_transaction_isolation = 'repeatable read';\n"
			  . "SELECT oracle.agree('docs', 'docs_tsv', '$_', NULL, 'true', false);\nSELECT oracle.agree('docs', 'docs_tsv', '$_', NULL, 'tsv @@ ''w1 & !w2''', false);\n" x 2000)
	} 'w1 w2 w3', 'w40 w500';
	sleep $seconds;
	foreach my $node ($primary, $standby)
	{
		patiently($node, q{SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'});
	}
	foreach my $session (@writers)
	{
		my (undef, $err) = PaperfeedIndex::finish($session);
		unlike($err, qr/ERROR:/, "the primary, feedback $feedback");
	}
	foreach my $session (@readers)
	{
		my ($out, $err) = PaperfeedIndex::finish($session);
		is(substr($out, 0, 2000), '', "right answers while it is replayed, feedback $feedback");
		my %codes;
		$codes{$1}++ while $err =~ /(?:ERROR|FATAL|PANIC):  (\w+)/g;
		note("feedback $feedback: " . join(', ', map { "$_ $codes{$_} times" } sort keys %codes));
		delete @codes{qw(40001 25P02 57P01)};
		is(join(' ', %codes), '', 'no error but a conflict with recovery');
	}
	same("after that, feedback $feedback");
}

# A scan under way while only inserts, which no snapshot is in the way of, merge
# and reuse what it reads.
foreach my $feedback ('off', 'on')
{
	$standby->append_conf('postgresql.conf', "hot_standby_feedback = $feedback");
	$standby->reload;
	$primary->safe_psql('postgres', "VACUUM docs;\nVACUUM pg_class");
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
	my $session = PaperfeedSession->new($standby);
	my $rows = $session->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(id) FROM docs');
	$session->query(q{SET enable_seqscan = off; SET enable_sort = off;
		DECLARE c CURSOR FOR SELECT id FROM docs ORDER BY tsv <=> paperfeed.bm25_query('w1 w2', 'docs_tsv'); FETCH 5 FROM c});
	sleep 2.2 if $feedback eq 'on';    # until the primary has heard of it
	foreach (1 .. 4)
	{
		$primary->safe_psql('postgres', "INSERT INTO docs (n, tsv) SELECT i, $text FROM generate_series(1, 600) AS i");
		$primary->safe_psql('postgres', 'VACUUM docs');
	}
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
	my $rest = eval { scalar split /\n/, $session->query('FETCH ALL FROM c') } // $@;
	my $right = $rest =~ /^\d+$/ && $rest == $rows - 5;
	$right ||= $rest =~ /(?:ERROR|FATAL):  40001/ if $feedback eq 'off';
	ok($right, "a scan overtaken by merges, feedback $feedback") or diag($rest . ' of ' . ($rows - 5));
	note("feedback $feedback: $rest");
	eval { $session->close };
}

$standby->promote;
$primary->stop;
is(substr($standby->safe_psql('postgres', q{SELECT oracle.agrees('docs', 'docs_tsv')}), 0, 2000), '', 'promoted');
$standby->safe_psql('postgres', "INSERT INTO docs (n, tsv) SELECT i, $text FROM generate_series(1, 600) AS i; DELETE FROM docs WHERE id % 3 = 0");
$standby->safe_psql('postgres', 'VACUUM docs');
is(substr($standby->safe_psql('postgres', q{SELECT oracle.agrees('docs', 'docs_tsv')}), 0, 2000), '', 'it goes on as a primary');

foreach my $node ($primary, $standby)
{
	is(PaperfeedIndex::crashed($node), '', $node->name . ' did not crash');
}
$standby->stop;
done_testing();
