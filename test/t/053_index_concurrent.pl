# If this fails, sessions that read the search index while others write, spill,
# merge and VACUUM get other rows than their snapshot has, an error, or a
# deadlock.
#
# PAPERFEED_SECONDS=600 to let them run for so long.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedIndex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{PAPERFEED_SECONDS} // 8;

my $node = PostgreSQL::Test::Cluster->new('concurrent');
$node->init;
PaperfeedIndex::configure($node);
$node->append_conf('postgresql.conf', "deadlock_timeout = '100ms'\nlog_lock_waits = on");
$node->start;
PaperfeedIndex::setup($node);

$node->safe_psql(
	'postgres', q{
	CREATE TABLE docs (id serial, n integer, tsv tsvector, other integer);
	INSERT INTO docs (n, tsv) SELECT i % 10, to_tsvector('simple', oracle.text(500, 20)) FROM generate_series(1, 800) AS i;
	CREATE INDEX docs_tsv ON docs USING paperfeed_bm25 (tsv, n) WITH (config = 'simple', buffer_size = 64);
	CREATE INDEX docs_id ON docs (id);
	CREATE TABLE faults (what text)});

my $text = q{to_tsvector('simple', oracle.text(500, 1 + (random() * 40)::integer))};
my $ends = q{SELECT min(id) AS low, max(id) AS high FROM docs \gset} . "\n" . '\set id random(:low, :high)' . "\n";
my $agree = sub {
	my ($query, $condition) = @_;
	return "INSERT INTO faults SELECT oracle.agree('docs', 'docs_tsv', '$query', NULL, \$\$$condition\$\$, false);\n";
};
$node->pgbench(
	"--no-vacuum --client=17 --jobs=2 --time=$seconds",
	0,
	[qr/number of transactions actually processed: \d/],
	[qr/^$/],
	'writers, VACUUM and readers at once',
	{
		'053_insert@6'  => "INSERT INTO docs (n, tsv) SELECT i % 10, $text FROM generate_series(1, 3) AS i;",
		'053_update@4'  => $ends . "UPDATE docs SET tsv = $text WHERE id = :id;",
		'053_hot@1'     => $ends . 'UPDATE docs SET other = 1 WHERE id = :id;',
		'053_delete@8'  => $ends . "BEGIN;\nDELETE FROM docs WHERE id = (SELECT id FROM docs WHERE id >= :id ORDER BY id LIMIT 1);\nCOMMIT;",
		'053_undone@1'  => "BEGIN;\nINSERT INTO docs (n, tsv) SELECT i % 10, $text FROM generate_series(1, 5) AS i;\nROLLBACK;",
		'053_vacuum@2'  => 'VACUUM docs;',
		'053_read@4'    => "BEGIN ISOLATION LEVEL REPEATABLE READ;\n" . $agree->('w1 w2 w40', 'true') . $agree->('w3', q{tsv @@ 'w1 | w2'}) . 'COMMIT;',
		'053_filter@4'  => "BEGIN ISOLATION LEVEL REPEATABLE READ;\n" . $agree->('w1', 'n = 3') . $agree->('w7 w200', q{tsv @@ 'w1 & !w2' AND n < 5}) . 'COMMIT;',
		'053_top@4'     => q{SELECT id FROM docs ORDER BY tsv <=> paperfeed.bm25_query('w1 w9 w30', 'docs_tsv') LIMIT 10;},
	});
is($node->safe_psql('postgres', 'SELECT what FROM faults LIMIT 3'), '', 'each reader had the rows of its snapshot');
is(substr($node->safe_psql('postgres', q{SELECT oracle.agrees('docs', 'docs_tsv')}), 0, 2000), '', 'sound in the end');
$node->safe_psql('postgres', 'VACUUM docs');
is(substr($node->safe_psql('postgres', q{SELECT oracle.agrees('docs', 'docs_tsv')}), 0, 2000), '', 'and after a VACUUM');

# REINDEX CONCURRENTLY while others write
my @writers = map { PaperfeedIndex::start($node, "DO \$\$ BEGIN FOR i IN 1 .. 150 LOOP INSERT INTO docs (n, tsv) SELECT i % 10, $text; DELETE FROM docs WHERE id = (SELECT id FROM docs WHERE id % 3 = $_ ORDER BY id LIMIT 1); COMMIT; END LOOP; END \$\$") } 0 .. 2;
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY docs_tsv') foreach 1 .. 2;
my $errors = join '', map { (PaperfeedIndex::finish($_))[1] } @writers;
is($errors, '', 'writers beside REINDEX CONCURRENTLY');
is(substr($node->safe_psql('postgres', q{SELECT oracle.agrees('docs', 'docs_tsv')}), 0, 2000), '', 'and the new index');

my $log = slurp_file($node->logfile);
unlike($log, qr/deadlock detected/, 'no deadlock');
is(PaperfeedIndex::crashed($node), '', 'the server did not crash');
$node->stop;
done_testing();
