# If this fails, the search index answers something else than brute force over
# the table does: random corpora with deletes, updates, rolled-back inserts,
# VACUUM and changed options; random queries, filters and tsquerys.
#
# PAPERFEED_ORACLE=1000 for so many rounds, PAPERFEED_SEED=n to begin with that one;
# a round that failed tells its seed.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedIndex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PAPERFEED_ORACLE} // 8;
my $first  = $ENV{PAPERFEED_SEED}   // 1;

my $node = PostgreSQL::Test::Cluster->new('oracle');
$node->init;
PaperfeedIndex::configure($node);
$node->start;
PaperfeedIndex::setup($node);

my @documents  = (3000, 40, 300, 0, 1, 900, 3, 130, 500, 64);
my @vocabulary = (0, 5, 300, 40, 2000, 100, 1);

foreach my $seed ($first .. $first + $rounds - 1)
{
	my ($n, $v) = ($documents[ $seed % @documents ], $vocabulary[ $seed % @vocabulary ]);
	my $questions = $n > 500 ? 6 : 10;
	my ($rc, $out, $err) = $node->psql(
		'postgres', qq{
		SET client_min_messages = warning;
		DO \$\$ BEGIN PERFORM setseed(1.0 / $seed); CALL oracle.corpus($n, $v); END \$\$;
		SELECT oracle.ask($questions);
		CALL oracle.change();
		SELECT 'changed: ' || oracle.ask($questions);
		VACUUM (INDEX_CLEANUP on) oracle.corpus;
		CALL oracle.load();
		SELECT 'vacuumed: ' || oracle.ask($questions);
		CALL oracle.options();
		CALL oracle.change();
		CALL oracle.change();
		SELECT 'changed again: ' || oracle.ask($questions);
		VACUUM (INDEX_CLEANUP on) oracle.corpus;
		CALL oracle.load();
		SELECT 'vacuumed again: ' || oracle.ask($questions);
		REINDEX INDEX oracle.corpus_tsv;
		SELECT 'reindexed: ' || oracle.ask(2);
		DELETE FROM oracle.corpus;
		VACUUM (INDEX_CLEANUP on) oracle.corpus;
		CALL oracle.load();
		SELECT 'emptied: ' || oracle.ask(2);
		CALL oracle.insert(20);
		SELECT 'filled again: ' || oracle.ask(2)});
	is(substr("$rc $out $err", 0, 3000), '0  ', "PAPERFEED_SEED=$seed: $n documents, $v words");
	last if $rc == 2;
}

# Larger: the best ones found without looking at every document are the best of all.
sub larger
{
	my ($filter, $options, $ndocs, $rounds) = @_;

	$node->safe_psql(
		'postgres', qq{
		SELECT setseed(0.42);
		DROP TABLE IF EXISTS large;
		CREATE TABLE large (id serial, n integer, tsv tsvector) WITH (autovacuum_enabled = off);
		INSERT INTO large (n, tsv) SELECT i % 100, to_tsvector('simple', oracle.text(20000, 1 + (exp(random() * 4.5))::integer)) FROM generate_series(1, $ndocs / 2) AS i;
		CREATE INDEX large_tsv ON large USING paperfeed_bm25 (tsv$filter) WITH (config = 'simple', $options)});
	foreach my $round (1 .. $rounds)
	{
		my $more = int($ndocs / 2 / $rounds);
		$node->safe_psql('postgres',
			"SELECT setseed(0.0$round); INSERT INTO large (n, tsv) SELECT i % 100, to_tsvector('simple', oracle.text(20000, 1 + (exp(random() * 4.5))::integer)) FROM generate_series(1, $more) AS i");
		$node->safe_psql('postgres', "DELETE FROM large WHERE id % 13 = $round");
		$node->safe_psql('postgres', 'VACUUM large') if $round % 2 == 0;
		my @faults;
		my $w = sub { return join ' ', map { 'w' . int(20000**rand) } 1 .. $_[0]; };
		srand $round;
		foreach my $terms (1, 2, 2, 3, 3, 4, 5, 6, 8, 12, 20)
		{
			my $k = (1, 10, 10, 10, 64, 100, 500)[ rand 7 ];
			my $condition = ('true', 'true', 'n < 10', 'n = 42', 'n = ANY (\'{1,5,99}\')', 'tsv @@ \'w1 | w2 | w3\'', 'tsv @@ \'!w1\' AND n >= 30')[ rand 7 ];
			push @faults,
			  $node->safe_psql('postgres',
				"SELECT oracle.agree('large', 'large_tsv', '" . $w->($terms) . "', $k, \$\$$condition\$\$)");
		}
		is(substr(join('', @faults), 0, 3000), '', "larger ($options$filter), round $round");
	}
	is($node->safe_psql('postgres', q{SELECT c FROM paperfeed.index_check('large_tsv') AS c}), '', 'is sound');
}

larger('', 'buffer_size = 64', 10000, 2);
larger(', n', 'buffer_size = 512, k1 = 2, b = 1', 30000, 2);

is(PaperfeedIndex::crashed($node), '', 'the server did not crash');
$node->stop;
done_testing();
