# If this fails, the file of the search index grows although there are free pages in it,
# or although nobody can use those that seem free: on each VACUUM, or between two of them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedIndex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('space');
$node->init;
PaperfeedIndex::configure($node);
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
$node->start;
PaperfeedIndex::setup($node);
$node->safe_psql('postgres', 'CREATE DATABASE other');

# pages of an index
sub pages { my ($index) = @_; return $node->safe_psql('postgres', "SELECT pg_relation_size('$index') / 8192"); }

# each in a transaction of its own, so that pages that one has retired are free for the next but one
sub vacuum { my ($table) = @_; $node->safe_psql('postgres', "VACUUM (INDEX_CLEANUP on) $table;\nSELECT pg_current_xact_id();\n"); return; }

sub sound
{
	my ($table) = @_;
	return substr($node->safe_psql('postgres', "SELECT oracle.agrees('$table', '${table}_tsv')"), 0, 2000);
}

# A transaction in another database keeps pages from being used again, though no row of this one is
# kept for it: to this table's own horizon they are free, and most of the file is.
$node->safe_psql(
	'postgres', q{
	SELECT setseed(0.5);
	CREATE TABLE docs (id serial, tsv tsvector);
	INSERT INTO docs (tsv) SELECT to_tsvector('simple', oracle.text(1000000, 100)) FROM generate_series(1, 9000);
	CREATE INDEX docs_tsv ON docs USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64);});
$node->safe_psql('other', q{BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION 'old'});
$node->safe_psql('postgres', 'DELETE FROM docs WHERE id % 5 > 0');
my $full = pages('docs_tsv');
vacuum('docs');
my $first = pages('docs_tsv');
cmp_ok($first, '>', $full, 'what is left was written again');
foreach my $n (2 .. 5)
{
	vacuum('docs');
	is(pages('docs_tsv'), $first, "VACUUM $n beside an old transaction of another database: no growth");
}
is(sound('docs'), '', 'sound');
$node->safe_psql('other', q{ROLLBACK PREPARED 'old'});
vacuum('docs') foreach 1 .. 3;
cmp_ok(pages('docs_tsv'), '<', $first / 2, 'without it the file becomes smaller');
is(sound('docs'), '', 'and is sound');

# Without any VACUUM, merges write to the pages that earlier ones of the same session have left.
$node->safe_psql(
	'postgres', q{
	CREATE TABLE loaded (id serial, tsv tsvector);
	CREATE INDEX loaded_tsv ON loaded USING paperfeed_bm25 (tsv) WITH (config = 'simple', buffer_size = 64);
	DO $$
	BEGIN
		PERFORM setseed(0.5);
		FOR i IN 1 .. 800 LOOP
			INSERT INTO loaded (tsv) SELECT to_tsvector('simple', oracle.text(2000, 40)) FROM generate_series(1, 10);
			COMMIT;
		END LOOP;
	END $$;});
my $used = $node->safe_psql('postgres', q{SELECT sum(pages) FROM paperfeed.index_segments('loaded_tsv')});
cmp_ok(pages('loaded_tsv'), '<', 6 * $used, 'a load uses again what its own merges have left');
is(sound('loaded'), '', 'sound after a load');

is(PaperfeedIndex::crashed($node), '', 'the server did not crash');
$node->stop;
done_testing();
