# If this fails, a dump loses what was ingested, cannot be restored, or an ingest
# after it takes what it knows for new.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init;
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir;

sub sql { my ($db, $sql) = @_; return $node->safe_psql($db, $sql); }

# What an ingest of lines of JSON says; $more makes it another document that says the same.
my %documents = (
	doi => [
		'{"id": "10.1000/a", "title": "A knot"}',
		'{"id": "10.1000/b", "title": "Ünïcode, 結び目, \"quotes\", back\\\\slash", "metrics": {"upvotes": 3}}'
	],
	arxiv => [
		'{"id": "2401.00001v2", "title": "A knot", "authors": ["Ann Bell", "Bob, Jr."], "published": "2024-01-01T10:00:00Z"}'
	],
	both => [
		'{"id": "2401.00001", "doi": "10.1000/a", "title": "A knot", "links": {"code": ["https://github.com/x/y"]}}'
	]);

sub ingest
{
	my ($db, $name, $target, @lines) = @_;
	@lines = @{ $documents{$name} } unless @lines;
	my $json = join "\n", @lines;
	return sql(
		$db, qq{
		SELECT (i).status, (i).added, (i).updated, (i).unchanged, (i).rejected FROM paperfeed.ingest_document(
			convert_to(\$json\$$json\$json\$, 'UTF8'), '$target', 'https://$name.example/') AS i});
}

my @tables = qw(papers _identity sightings revisions rejects feeds);

# All rows of all tables as text.
sub state_of
{
	my ($db) = @_;
	return join "\n", map {
		my $t = $_;
		"$t:", sql($db, "SELECT t::text FROM $t AS t ORDER BY t::text COLLATE \"C\"")
	} ((map { "paperfeed.$_" } @tables), 'kept.mine', 'kept.votes', 'paperfeed.aliases');
}

# A database with rows in every table, which is not the schema's default state.
sql('postgres', 'CREATE DATABASE source');
sql('source', q{
	CREATE EXTENSION paperfeed;
	CREATE SCHEMA kept;
	CREATE TABLE kept.mine OF paperfeed.paper (PRIMARY KEY (id));
	CREATE TABLE kept.gone OF paperfeed.paper (PRIMARY KEY (id));
	CREATE TABLE kept.votes (paper paperfeed.paperid REFERENCES paperfeed.papers ON DELETE CASCADE, reader text, UNIQUE (paper, reader));
	CREATE VIEW kept.titles AS SELECT id, title FROM paperfeed.papers WHERE id <> 'arXiv:2401.99999';
	CREATE INDEX ON kept.mine USING gin (paperfeed.document(title, abstract, authors))});
is(ingest('source', 'doi',   'paperfeed.papers'), 'ok|2|0|0|0', 'papers by DOI');
is(ingest('source', 'arxiv', 'paperfeed.papers'), 'ok|1|0|0|0', 'one by arXiv id');
sql('source', q{INSERT INTO kept.votes VALUES ('doi:10.1000/a', 'ann'), ('doi:10.1000/b', 'bob')});
is(ingest('source', 'both', 'paperfeed.papers'), 'ok|0|1|0|0', 'which are one');
is(ingest('source', 'both', 'kept.mine'),        'ok|1|0|0|0', 'a table of one\'s own');
is(ingest('source', 'both', 'kept.gone'),        'ok|1|0|0|0', 'and one that goes');
sql('source', q{
	SELECT paperfeed.ingest_document(convert_to('<rss version="2.0"><channel><title>Bad</title><item/><item><description>x</description></item></channel></rss>', 'UTF8'),
		base_url => 'https://bad.example/');
	SELECT paperfeed.ingest_document('no feed', base_url => 'https://failed.example/');
	INSERT INTO paperfeed.aliases VALUES ('PMID: 77', 'doi:10.1000/b');
	DROP TABLE kept.gone});
my %count;
foreach my $table (@tables)
{
	$count{$table} = sql('source', "SELECT count(*) FROM paperfeed.$table");
	cmp_ok($count{$table}, '>', 0, "there are rows in $table");
}
my $state = state_of('source');

# The last number of each identity column.
my $numbers =
  q{SELECT (SELECT max(id) FROM paperfeed.feeds), (SELECT max(id) FROM paperfeed.revisions)};
my ($last_feed, $last_revision) = split /\|/, sql('source', $numbers);

# What must hold in a copy.
sub check
{
	my ($db, $how) = @_;
	is(state_of($db), $state, "$how: every row is there");
	foreach my $name (sort keys %documents)
	{
		my $n = @{ $documents{$name} };
		is(ingest($db, $name, 'paperfeed.papers'),
			"unchanged|0|0|$n|0", "$how: the same document '$name' is known");
		is(ingest($db, $name, 'paperfeed.papers', @{ $documents{$name} }, ''),
			"ok|0|0|$n|0", "$how: and what it says");
	}
	is(ingest($db, 'both', 'kept.mine', @{ $documents{both} }, ''),
		'ok|0|0|1|0', "$how: in a table of one's own too");
	is( ingest(
			$db, 'new', 'paperfeed.papers',
			'{"id": "pmid:77", "title": "C", "venue": "V"}',
			'{"id": "10.1000/new", "title": "New"}'),
		'ok|1|1|0|0',
		"$how: something new, and something by an alias that was taught");
	is(ingest($db, 'doi', 'paperfeed.papers', '{"id": "10.1000/b", "title": "Changed"}'),
		'ok|0|1|0|0', "$how: and a change");
	my ($feed, $revision) = split /\|/, sql($db, $numbers);
	cmp_ok($feed,     '>', $last_feed,     "$how: the feeds' numbers go on");
	cmp_ok($revision, '>', $last_revision, "$how: the revisions' numbers go on");
	is(sql($db, q{SELECT count(*) FROM kept.titles}), 3, "$how: a view on the papers works");
	is( sql($db, q{SELECT string_agg(paper || reader, ' ' ORDER BY reader) FROM kept.votes}),
		'arxiv:2401.00001ann doi:10.1000/bbob',
		"$how: and a foreign key");
	is(sql($db, q{SELECT count(*) FROM paperfeed.search('knot')}), 1, "$how: and the search");
	return;
}

sub create { my ($db) = @_; sql('postgres', "CREATE DATABASE $db TEMPLATE template0"); return; }

# As a script, with COPY and with INSERT.
foreach my $how ('plain', 'inserts')
{
	create($how);
	$node->command_ok(
		[ 'pg_dump', '-f', "$dir/$how.sql", ($how eq 'inserts' ? '--inserts' : ()), 'source' ],
		"$how: dump");
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$how.sql", $how ],
		"$how: restore");
	check($how, $how);
}
unlike(
	slurp_file("$dir/plain.sql"),
	qr/CREATE (?:TYPE|FUNCTION|OPERATOR|TABLE) (?:paperfeed|pg_catalog)\./,
	'what the extension makes is not dumped');

# As an archive, in one process and in several.
create('custom');
$node->command_ok([ 'pg_dump',    '-Fc', '-f', "$dir/custom", 'source' ],      'custom: dump');
$node->command_ok([ 'pg_restore', '-e',  '-d', 'custom',      "$dir/custom" ], 'custom: restore');
check('custom', 'custom');
create('parallel');
$node->command_ok([ 'pg_dump', '-Fd',   '-j2', '-f', "$dir/parallel", 'source' ], 'parallel: dump');

# In two steps: a foreign key of a user's table on papers depends on their data, which
# pg_restore does not know of tables that are an extension's, so several jobs may be too early.
$node->command_ok([ 'pg_restore', '-e', '-j2', '--section=pre-data', '--section=data', '-d', 'parallel',
	"$dir/parallel" ], 'parallel: restore, up to the data');
$node->command_ok([ 'pg_restore', '-e', '-j2', '--section=post-data', '-d', 'parallel', "$dir/parallel" ],
	'parallel: restore, the rest');
check('parallel', 'parallel');

# The schema alone: the same tables, with nothing in them.
create('bare');
$node->command_ok([ 'pg_dump', '--schema-only', '-f', "$dir/bare.sql", 'source' ],
	'schema only: dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/bare.sql", 'bare' ],
	'schema only: restore');
is( sql('bare', join ' UNION ALL ', map { "SELECT count(*) FROM paperfeed.$_" } @tables),
	join("\n", map { 0 } @tables),
	'schema only: no rows');
is(ingest('bare', 'doi',  'paperfeed.papers'), 'ok|2|0|0|0', 'schema only: ingest works');
is(ingest('bare', 'both', 'kept.mine'), 'ok|1|0|0|0', 'schema only: in a table of one\'s own too');

# The data alone, into what the schema's dump made.
create('data');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/bare.sql", 'data' ],
	'data only: schema');
$node->command_ok([ 'pg_dump', '-Fc', '--data-only', '-f', "$dir/data", 'source' ],
	'data only: dump');
$node->command_ok([ 'pg_restore', '-e', '--disable-triggers', '-d', 'data', "$dir/data" ],
	'data only: restore');
check('data', 'data only');

# A restored database is dumped as the first one was.
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/again", 'plain' ], 'a copy of a copy: dump');
my $copy = state_of('plain');
create('again');
$node->command_ok([ 'pg_restore', '-e', '-d', 'again', "$dir/again" ], 'a copy of a copy: restore');
is(state_of('again'), $copy, 'a copy of a copy: every row is there');

is(state_of('source'), $state, 'the source is as it was');

$node->stop;
done_testing();
