# If this fails, one may speak in another's name, or votes given at once by many
# sessions, or by one reader many times over, are lost, doubled, refused, or not
# what heat says.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedNet;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('readers');
$node->init;
$node->append_conf('postgresql.conf', "deadlock_timeout = '50ms'");
$node->append_conf('postgresql.conf', "jit = off");
PaperfeedNet::start($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

sql(q{
	CREATE EXTENSION paperfeed;
	DELETE FROM paperfeed.resolvers;
	CREATE ROLE ann LOGIN;
	CREATE ROLE app LOGIN;
	GRANT USAGE ON SCHEMA paperfeed TO ann, app;
	GRANT SELECT ON ALL TABLES IN SCHEMA paperfeed TO ann, app;
	GRANT SET ON PARAMETER paperfeed.reader TO app;
	INSERT INTO paperfeed.papers (id, title) SELECT format('2401.%s', 10000 + i)::paperfeed.paperid, 'Paper ' || i FROM generate_series(1, 100) AS i;
	CREATE SEQUENCE readers});

# Before the library is there, a setting is anybody's; what it then is, is not.
sub as
{
	my ($role, $sql, %arg) = @_;
	local $ENV{PGOPTIONS} = $arg{options} // '';
	my ($rc, $out, $err) = $node->psql('postgres', $sql, extra_params => [ '-U', $role ]);
	return ($out, $err);
}
my ($out, $err) = as('ann', q{SET paperfeed.reader = 'bob'; SELECT paperfeed.current_reader()});
is($out, 'ann', 'a setting from before the library is loaded makes nobody another');
like($err, qr/permission denied to set parameter "paperfeed.reader"/, 'which is said');
($out) = as('ann', 'SELECT paperfeed.current_reader()', options => '-c paperfeed.reader=bob');
is($out, 'ann', 'neither does one of the connection');
($out, $err) = as('ann', q{LOAD 'paperfeed'});
($out, $err) = as('ann', q{SELECT paperfeed.current_reader(); SET paperfeed.reader = 'bob'; SELECT paperfeed.current_reader()});
is($out, 'ann', 'nor one afterwards');
like($err, qr/permission denied to set parameter/, 'which is an error');
($out) = as('app', q{SET paperfeed.reader = 'bob'; SELECT paperfeed.current_reader()});
is($out, 'bob', 'who was granted it may set it before the library is loaded');
($out) = as('app', q{SELECT paperfeed.current_reader(); SET paperfeed.reader = 'bob'; SELECT paperfeed.current_reader()});
is($out, "app\nbob", 'and afterwards');
($out) = as('app', 'SELECT paperfeed.current_reader()', options => '-c paperfeed.reader=bob');
is($out, 'bob', 'and by the connection');
sql(q{ALTER ROLE app SET paperfeed.reader = 'nobody'});
($out) = as('app', 'SELECT paperfeed.current_reader()');
is($out, 'nobody', 'an administrator sets it for a role');
sql(q{ALTER ROLE app RESET paperfeed.reader});

# A parallel worker reads for whom its leader reads.
is( sql(q{
	SET paperfeed.reader = 'par'; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SET debug_parallel_query = 'on'} =~ s/debug_parallel_query/$node->pg_version >= 16 ? 'debug_parallel_query' : 'force_parallel_mode'/er
	  . q{; SELECT DISTINCT paperfeed.current_reader() FROM paperfeed.papers}),
	'par', 'also in a parallel worker');

sub reader { return "SELECT set_config('paperfeed.reader', $_[0], true)"; }

# What was given is in the tables, in the signals and in heat.
sub check
{
	my ($what) = @_;
	my $kind = 'SELECT reader, paper, sum(weight) AS n FROM paperfeed.signals WHERE kind =';
	is( sql(qq{
		SELECT 'vote', * FROM (SELECT reader, paper, value FROM paperfeed.votes) AS t FULL JOIN ($kind 'vote' GROUP BY 1, 2) AS s USING (reader, paper) WHERE COALESCE(value, 0) <> COALESCE(n, 0)
		UNION ALL SELECT 'save', * FROM (SELECT reader, paper, 1 AS value FROM paperfeed.saves) AS t FULL JOIN ($kind 'save' GROUP BY 1, 2) AS s USING (reader, paper) WHERE COALESCE(value, 0) <> COALESCE(n, 0)
		UNION ALL SELECT 'view', * FROM (SELECT reader, paper, 1 AS value FROM paperfeed.reads) AS t FULL JOIN ($kind 'view' GROUP BY 1, 2) AS s USING (reader, paper) WHERE COALESCE(value, 0) <> COALESCE(n, 0)
		UNION ALL SELECT 'submission', * FROM (SELECT reader, paper, 1 AS value FROM paperfeed.submissions WHERE paper IS NOT NULL) AS t FULL JOIN ($kind 'submission' GROUP BY 1, 2) AS s USING (reader, paper) WHERE COALESCE(value, 0) <> COALESCE(n, 0)
		UNION ALL SELECT 'comment', * FROM (SELECT reader, paper, count(*) AS value FROM paperfeed.comments WHERE deleted_at IS NULL GROUP BY 1, 2) AS t FULL JOIN ($kind 'comment' GROUP BY 1, 2) AS s USING (reader, paper) WHERE COALESCE(value, 0) <> COALESCE(n, 0)
		LIMIT 10}),
		'',
		"$what: each counts once");
	is( sql(q{
		CREATE TEMP TABLE was AS TABLE paperfeed.heat;
		DO $$ BEGIN PERFORM paperfeed.rebuild_heat(); END $$;
		SELECT COALESCE(was.paper, h.paper), a, b FROM was FULL JOIN paperfeed.heat AS h USING (paper), LATERAL (VALUES (was.heat_1, h.heat_1), (was.heat_2, h.heat_2), (was.heat_3, h.heat_3)) AS x (a, b)
		WHERE a IS NULL OR b IS NULL OR (a <> b AND NOT abs(a - b) < 1e-9) LIMIT 10}),
		'',
		"$what: heat is what the signals say");
	return;
}

sub storm
{
	my ($what, $transactions, $options, %scripts) = @_;
	my $n = 8 * $transactions;
	$node->pgbench("--no-vacuum --client=8 --jobs=2 --transactions=$transactions $options",
		0, [qr/processed: $n\/$n/], [qr/^$/], $what, \%scripts);
	return;
}

# A thousand readers vote for one paper.
storm('many readers, one paper', 125, '',
	'060_one' => reader(q{'r' || nextval('readers')}) . q{, paperfeed.vote('2401.10001')});
is(sql(q{SELECT count(*), sum(value) FROM paperfeed.votes WHERE paper = '2401.10001'}), '1000|1000', 'none is lost');
is(sql(q{SELECT count(*), sum(weight) FROM paperfeed.signals WHERE paper = '2401.10001'}), '1000|1000', 'none is doubled');
check('many readers, one paper');

# One reader clicks as fast as eight of him can.
storm('one reader clicks', 100, '', '060_click' => reader(q{'fast'}) . q{, paperfeed.vote('2401.10002'), paperfeed.save('2401.10002', 't'), paperfeed.mark_read('2401.10002')});
is( sql(q{SELECT kind, count(*) FROM paperfeed.signals WHERE reader = 'fast' GROUP BY kind ORDER BY kind}),
	"save|1\nview|1\nvote|1",
	'each is one signal');
storm('one reader submits', 25, '', '060_submit' => reader(q{'fast'}) . q{, (paperfeed.submit('2401.10003')).id, (paperfeed.submit('10.1000/none', 'a note')).id});
is(sql(q{SELECT count(*), count(paper) FROM paperfeed.submissions}), '2|1', 'one submission of each');
check('one reader clicks');

# Votes given, turned and taken back, saves and all the rest, by few readers on few papers.
my $act = q{
	\set p random(10011, 10014)
	\set v random(-1, 1)
	\set r random(1, 3)
};
my %acts = (
	'060_vote@6' => "$act " . reader(q{'x' || :r}) . q{, paperfeed.vote('2401.:p', :v);},
	'060_save@2' => "$act " . reader(q{'x' || :r}) . q{, CASE WHEN :v > 0 THEN paperfeed.unsave('2401.:p') ELSE paperfeed.save('2401.:p', 'tag' || :v) IS NULL END;},
	'060_read@2' => "$act " . reader(q{'x' || :r}) . q{, paperfeed.mark_read('2401.:p', :v <= 0);},
	'060_comment@1' => "$act " . reader(q{'x' || :r}) . q{, paperfeed.comment('2401.:p', 'words');},
	'060_delete@1' => "$act " . reader(q{'x' || :r}) . q{, (SELECT paperfeed.delete_comment(id) FROM paperfeed.comments WHERE reader = 'x' || :r LIMIT 1);});
storm('given and taken back', 200, '', %acts);
check('given and taken back');

# Under stricter isolation some must try again, and that is all.
{
	local $ENV{PGOPTIONS} = '-c default_transaction_isolation=repeatable\ read';
	storm('repeatable read', 60, '--max-tries=10000', map { $_ =~ s/060/060r/r => $acts{$_} } keys %acts);
	local $ENV{PGOPTIONS} = '-c default_transaction_isolation=serializable';
	storm('serializable', 20, '--max-tries=10000', map { $_ =~ s/060/060s/r => $acts{$_} } keys %acts);
}
check('stricter isolation');

# Papers become one while readers vote for either.
sql(q{
	INSERT INTO paperfeed.papers (id, title) SELECT ('10.1000/p' || i)::paperfeed.paperid, 'Paper' FROM generate_series(10021, 10100) AS i;
	CREATE PROCEDURE join_papers(i integer) LANGUAGE plpgsql AS $$
	DECLARE
		old paperfeed.paperid := '10.1000/p' || i;
		new paperfeed.paperid := '2401.' || i;
	BEGIN
		PERFORM FROM paperfeed.papers WHERE id = old FOR UPDATE;
		IF FOUND THEN
			PERFORM paperfeed._readers_moved(old, new);
			UPDATE paperfeed.signals SET paper = new WHERE paper = old;
			DELETE FROM paperfeed.papers WHERE id = old;
			INSERT INTO paperfeed.aliases VALUES (old, new);
		END IF;
	END $$;
	CREATE SEQUENCE joins START 10021});
my $either = q{
	\set p random(10021, 10100)
	\set v random(-1, 1)
	\set r random(1, 5)
};
storm('papers are joined', 150, '',
	'060_old@10' => "$either " . reader(q{'y' || :r}) . q{, paperfeed.vote('10.1000/p:p', :v);},
	'060_new@5' => "$either " . reader(q{'y' || :r}) . q{, paperfeed.vote('2401.:p', :v);},
	'060_keep@5' => "$either " . reader(q{'y' || :r}) . q{, CASE WHEN :v > 0 THEN paperfeed.unsave('10.1000/p:p') ELSE paperfeed.save('10.1000/p:p', 'tag' || :v) IS NULL END, paperfeed.comment('10.1000/p:p', 'words');},
	'060_join@2' => q{CALL join_papers((20 + nextval('joins') % 80 + 10001)::integer);});
cmp_ok(sql(q{SELECT count(*) FROM paperfeed.aliases}), '>', 10, 'some were joined');
is( sql(q{
	SELECT reader, paper FROM (SELECT reader, paper FROM paperfeed.votes UNION ALL SELECT reader, paper FROM paperfeed.saves
		UNION ALL SELECT reader, paper FROM paperfeed.comments UNION ALL SELECT reader, paper FROM paperfeed.signals) AS t
	WHERE paper IN (SELECT alias FROM paperfeed.aliases) LIMIT 10}),
	'',
	'nothing is left at an id that is gone');
check('papers are joined');

is($node->safe_psql('postgres', 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'), '0', 'no deadlocks');
is(join(' ', PaperfeedNet::connects()), '', 'nobody was asked for anything');
$node->stop;
done_testing();
