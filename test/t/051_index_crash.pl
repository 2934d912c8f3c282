# If this fails, a crash, a cancel or a time-out in the middle of a build, an
# insert that spills and merges, or a VACUUM leaves the search index damaged:
# it must be sound and agree with its table afterwards, and go on.
#
# PAPERFEED_CRASHES=100 for so many crashes.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedIndex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $rounds = $ENV{PAPERFEED_CRASHES} // 8;
srand($ENV{PAPERFEED_SEED} // 1);

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init;
PaperfeedIndex::configure($node);
# small, so that pages are written, and read back, all the time
$node->append_conf('postgresql.conf', "shared_buffers = '1MB'\ncheckpoint_timeout = '30s'");
$node->start;
PaperfeedIndex::setup($node);

$node->safe_psql(
	'postgres', q{
	CREATE TABLE docs (id serial, n integer, tsv tsvector);
	INSERT INTO docs (n, tsv) SELECT i % 10, to_tsvector('simple', oracle.text(2000, 20)) FROM generate_series(1, 1000) AS i;
	CREATE INDEX docs_tsv ON docs USING paperfeed_bm25 (tsv, n) WITH (config = 'simple', buffer_size = 64);
	CREATE INDEX docs_id ON docs (id);
	CREATE TABLE still AS SELECT * FROM docs;
	CREATE TABLE unlogged AS SELECT * FROM docs;
	ALTER TABLE unlogged SET UNLOGGED;
	CREATE INDEX unlogged_tsv ON unlogged USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64);

	-- a session's work, on rows that are no other session's; one transaction in eight is rolled back
	CREATE PROCEDURE work(me integer, times integer) LANGUAGE plpgsql AS $$
	DECLARE
		first integer;
		n integer;
	BEGIN
		FOR i IN 1 .. times LOOP
			n := oracle.random(1, 10);
			INSERT INTO docs (id, n, tsv) SELECT nextval('docs_id_seq') * 4 + me, j, to_tsvector('simple', oracle.text(2000, oracle.random(1, 60))) FROM generate_series(1, n) AS j;
			SELECT id INTO first FROM docs WHERE id % 4 = me ORDER BY id OFFSET oracle.random(0, 30) LIMIT 1;
			DELETE FROM docs WHERE id IN (SELECT id FROM docs WHERE id >= first AND id % 4 = me ORDER BY id LIMIT oracle.random(0, 9));
			UPDATE docs SET tsv = to_tsvector('simple', oracle.text(2000, 10))
				WHERE id IN (SELECT id FROM docs WHERE id >= first AND id % 4 = me ORDER BY id DESC LIMIT oracle.random(0, 5));
			INSERT INTO unlogged (n, tsv) VALUES (1, to_tsvector('simple', oracle.text(2000, 10)));
			IF random() < 0.125 THEN
				ROLLBACK;
			ELSE
				COMMIT;
			END IF;
		END LOOP;
	END $$;});

my $seed = 0;

sub work { my ($me) = @_; $seed++; return "SELECT setseed(1.0 / $seed); CALL work($me, 1000000);\n"; }

sub sound
{
	my ($table) = @_;
	return substr($node->safe_psql('postgres', "SELECT oracle.agrees('$table', '${table}_tsv')"), 0, 2000);
}

# What else goes on, by turns.
my %others = (
	vacuum => sub { "VACUUM docs; SELECT pg_sleep(0.01);\n" x 300 },
	build  => sub {
		"CREATE INDEX still_tsv ON still USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64); DROP INDEX still_tsv;\n" x 300;
	},
	concurrently => sub {
		"CREATE INDEX CONCURRENTLY docs_two ON docs USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64); DROP INDEX docs_two;\n" x 300;
	},
	reindex => sub { "REINDEX INDEX CONCURRENTLY docs_tsv;\n" x 300 });
my @turns = (['vacuum'], [ 'vacuum', 'build' ], [ 'vacuum', 'concurrently' ], ['reindex']);

foreach my $round (1 .. $rounds)
{
	my @others = @{ $turns[ $round % @turns ] };
	my @sessions = map { PaperfeedIndex::start($node, $_) } (map { work($_) } 0 .. 2), map { $others{$_}->() } @others;
	sleep 0.2 + rand 0.9;
	my $killed = ($round + int(($round - 1) / 4)) % 2;
	my $how = $killed ? 'SIGKILL to all' : 'an immediate shutdown';
	if ($killed)
	{
		PaperfeedIndex::kill9($node);
	}
	else
	{
		$node->stop('immediate');
	}
	my $unexpected = '';
	foreach my $session (@sessions)
	{
		my (undef, $err) = PaperfeedIndex::finish($session);
		$unexpected .= $_ foreach grep { !/57P0[12]/ } $err =~ /^(?:.*?: )?(?:ERROR|PANIC): .*\n/mg;
	}
	is($unexpected, '', "no error before the crash (@others)");
	$node->start;
	is(sound('docs'), '', "round $round: sound after $how (@others)");
	is(sound('unlogged'), '', 'an unlogged one is empty, and sound');
	# what a build or another index's build left behind
	foreach my $index (split /\n/, $node->safe_psql('postgres', q{SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'docs'::regclass AND indexrelid::regclass::text NOT IN ('docs_tsv', 'docs_id')}))
	{
		$node->safe_psql('postgres', "DROP INDEX $index");
	}
	$node->safe_psql('postgres', 'DROP INDEX IF EXISTS still_tsv');
}

# Work goes on, and pages that crashes left behind are found again.
$node->safe_psql('postgres', 'CALL work(1, 20)');
$node->safe_psql('postgres', 'VACUUM docs');
is(sound('docs'), '', 'sound after more work and a VACUUM');
my $size = sub { return $node->safe_psql('postgres', "SELECT pg_relation_size('docs_tsv')"); };
foreach (1 .. 4)
{
	$node->safe_psql('postgres', 'CALL work(1, 10)');
	$node->safe_psql('postgres', 'VACUUM docs');
}
my $before = $size->();
foreach (1 .. 6)
{
	$node->safe_psql('postgres', 'CALL work(1, 20)');
	$node->safe_psql('postgres', 'VACUUM docs');
}
cmp_ok($size->(), '<=', 1.5 * $before + 512 * 1024, 'no pages are lost');

# Stopped at any moment by a time-out or by another session.
my @codes;
foreach my $n (1 .. 40)
{
	my $ms = 1 + int(1.25**($n % 20));
	my $statement = (
		"INSERT INTO docs (n, tsv) SELECT i, to_tsvector('simple', oracle.text(2000, 20)) FROM generate_series(1, 400) AS i",
		'VACUUM docs',
		"CREATE INDEX still_tsv ON still USING paperfeed_bm25 (tsv, n) WITH (config = 'simple')",
		"SELECT count(*) FROM (SELECT id FROM docs ORDER BY tsv <=> paperfeed.bm25_query('w1 w2 w3 w4', 'docs_tsv') OFFSET 0) AS d"
	)[ $n % 4 ];
	my ($rc, undef, $err) = $node->psql('postgres',
		"\\set VERBOSITY sqlstate\nSET enable_seqscan = off; SET statement_timeout = $ms; $statement");
	push @codes, $1 while $err =~ /ERROR:  (\w+)/g;
	$node->safe_psql('postgres', 'DROP INDEX IF EXISTS still_tsv');
	$node->safe_psql('postgres', 'DELETE FROM docs WHERE random() < 0.3') if $n % 4 == 0;
}
is(join(' ', grep { $_ ne '57014' } @codes), '', 'no time-out is another error');
cmp_ok(scalar @codes, '>', 3, 'there were some');
is(sound('docs'), '', 'sound after time-outs');

my $canceled = 0;
foreach my $n (1 .. 10)
{
	my @sessions = (
		PaperfeedIndex::start($node, work(2)),
		PaperfeedIndex::start($node, "VACUUM docs;\n" x 100),
		PaperfeedIndex::start($node, 'REINDEX INDEX docs_tsv'));
	sleep 0.02 + rand 0.15;
	$node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'})
		foreach 1 .. 2;
	sleep 0.05;
	$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'});
	foreach my $session (@sessions)
	{
		my (undef, $err) = PaperfeedIndex::finish($session);
		$canceled++ if $err =~ /57014|57P01/;
		unlike($err, qr/(?:ERROR|PANIC):  (?!57014|57P01)/, "canceled, round $n");
	}
}
cmp_ok($canceled, '>', 5, 'sessions were canceled');
is(sound('docs'), '', 'sound after cancels');
$node->safe_psql('postgres', 'VACUUM docs');
is(sound('docs'), '', 'and after a VACUUM');

is(PaperfeedIndex::crashed($node), '', 'nothing crashed by itself');
$node->stop;
done_testing();
