# If this fails, a dump loses what readers said, or what an administrator edited,
# or the restored database does not go on from there.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedNet;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('readers_dump');
$node->init;
PaperfeedNet::start($node);
my $dir = PostgreSQL::Test::Utils::tempdir;

sub sql { my ($db, $sql) = @_; return $node->safe_psql($db, $sql); }

my @tables = qw(votes saves reads comments submissions resolvers signals signal_kinds half_lives readings);

sub state_of
{
	my ($db) = @_;
	return join "\n", map {
		("$_:", sql($db, "SELECT t::text FROM paperfeed.$_ AS t ORDER BY t::text COLLATE \"C\""))
	} @tables;
}

sub heat_of
{
	my ($db) = @_;
	return sql($db, 'SELECT paper, round(h::numeric, 8) FROM paperfeed.heat, unnest(ARRAY[heat_1, heat_2, heat_3, heat_4]) AS h ORDER BY paper, h');
}

sql('postgres', 'CREATE ROLE ann LOGIN');
sql('postgres', 'CREATE DATABASE source');
sql('source', q{
	CREATE EXTENSION paperfeed;
	GRANT USAGE ON SCHEMA paperfeed TO ann;
	GRANT SELECT ON ALL TABLES IN SCHEMA paperfeed TO ann;
	INSERT INTO paperfeed.papers (id, title) SELECT format('2401.%s', 10000 + i)::paperfeed.paperid, 'Paper ' || i FROM generate_series(1, 20) AS i;
	SELECT sum(paperfeed.vote(id)) FROM paperfeed.papers;
	SET paperfeed.reader = 'Ünï "x" \\ ''y''';
	SELECT sum(paperfeed.vote(id, -1)) FROM paperfeed.papers WHERE id < '2401.10005';
	SELECT paperfeed.vote('2401.10001', 0), paperfeed.vote('2401.10002', 1);
	SELECT paperfeed.save('2401.10001', 'a "tag", {x}', E'A note\nwith \\ all'), paperfeed.save('2401.10002', 'b'), paperfeed.unsave('2401.10002'), paperfeed.save('2401.10003');
	SELECT paperfeed.mark_read('2401.10001'), paperfeed.mark_read('2401.10002'), paperfeed.mark_read('2401.10002', false);
	SELECT paperfeed.comment('2401.10001', E'one\ntwo');
	SELECT paperfeed.comment('2401.10001', 'an answer', 1), paperfeed.comment('2401.10001', 'deleted', 2);
	SELECT paperfeed.edit_comment(1, 'edited'), paperfeed.delete_comment(3);
	SELECT paperfeed.submit('2401.10001', 'a note');
	UPDATE paperfeed.resolvers SET url = 'https://mirror.example/{id}', pause = '5 seconds' WHERE scheme = 'arxiv';
	UPDATE paperfeed.resolvers SET url = NULL WHERE scheme = 'url';
	INSERT INTO paperfeed.resolvers VALUES ('oai', 'https://oai.example/{id}');
	UPDATE paperfeed.signal_kinds SET weight = 3 WHERE kind = 'save';
	INSERT INTO paperfeed.signal_kinds (kind, weight) VALUES ('downloads', 0.5);
	INSERT INTO paperfeed.half_lives VALUES ('3 days');
	SELECT paperfeed.observe('2401.10004', 'downloads', 7, now() - interval '1 day')});
sql('source', q{SET ROLE ann; SELECT paperfeed.submit('10.1000/waits'), paperfeed.vote('2401.10009')});
my $state = state_of('source');
my $heat  = heat_of('source');
foreach my $table (@tables)
{
	cmp_ok(sql('source', "SELECT count(*) FROM paperfeed.$table"), '>', 0, "there are rows in $table");
}

sub check
{
	my ($db) = @_;
	is(state_of($db), $state, "$db: every row is there");
	is(heat_of($db), $heat, "$db: and heat");
	is(sql($db, q{SELECT count(*) FROM pg_indexes WHERE indexname ~ '^heat_[0-9]_idx'}), 4, "$db: and its indexes");
	is(sql($db, q{SET ROLE ann; SELECT (SELECT string_agg(reader, ' ') FROM paperfeed.votes), (SELECT count(*) FROM paperfeed.saves), (SELECT count(*) FROM paperfeed.comments)}),
		'ann|0|3', "$db: readers are apart as they were");
	is(sql($db, q{SET paperfeed.reader = 'ann'; SELECT paperfeed.vote('2401.10009'), paperfeed.vote('2401.10009', 0), paperfeed.comment('2401.10001', 'new', 2), (paperfeed.submit('2401.10002')).id}),
		'1|1|4|3', "$db: votes and numbers go on");
	return;
}

foreach my $how ('plain', 'inserts', 'custom')
{
	my $db = "copy_$how";
	sql('postgres', "CREATE DATABASE $db TEMPLATE template0");
	$node->command_ok(
		[ 'pg_dump', '-f', "$dir/$how", ($how eq 'inserts' ? '--inserts' : $how eq 'custom' ? '-Fc' : ()), 'source' ], "$how: dump");
	$node->command_ok(
		$how eq 'custom' ? [ 'pg_restore', '-e', '-d', $db, "$dir/$how" ] : [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$how", $db ],
		"$how: restore");
	check($db);
}
unlike(slurp_file("$dir/plain"), qr/CREATE POLICY|ROW LEVEL SECURITY/, 'policies are the extension\'s');

# The data alone, with triggers disabled: heat is made when asked for, and what was edited must not be in the way.
sql('postgres', 'CREATE DATABASE copy_data TEMPLATE template0');
sql('copy_data', 'CREATE EXTENSION paperfeed; GRANT USAGE ON SCHEMA paperfeed TO ann; GRANT SELECT ON ALL TABLES IN SCHEMA paperfeed TO ann; DELETE FROM paperfeed.resolvers WHERE scheme IN (\'arxiv\', \'url\'); DELETE FROM paperfeed.signal_kinds WHERE kind = \'save\'');
$node->command_ok([ 'pg_dump', '-Fc', '--data-only', '-f', "$dir/data", 'source' ], 'data only: dump');
$node->command_ok([ 'pg_restore', '-e', '--disable-triggers', '-d', 'copy_data', "$dir/data" ], 'data only: restore');
sql('copy_data', 'SELECT paperfeed.rebuild_heat()');
check('copy_data');

$node->stop;
done_testing();
