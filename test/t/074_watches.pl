# If this fails, a watch that one session adds, changes or removes is not what
# another one matches by, readers are told of what was rolled back, or the dump of
# a database loses what they watch for.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedNet;
use PaperfeedSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('watches');
$node->init;
$node->append_conf('postgresql.conf', "jit = off\ndeadlock_timeout = '50ms'");
PaperfeedNet::start($node);
my $dir = PostgreSQL::Test::Utils::tempdir;

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub document
{
	my (@papers) = @_;
	my $json = join "\\n", map { my ($id, $title) = @$_; qq({"id": "$id", "title": "$title"}) } @papers;
	return qq{SELECT added FROM paperfeed.ingest_document(convert_to(E'$json', 'UTF8'))};
}

sub hits { return sql(q{SELECT w.name, h.paper FROM paperfeed.watch_hits AS h JOIN paperfeed.watches AS w ON w.id = h.watch ORDER BY 1, 2}); }

sql('CREATE EXTENSION paperfeed');
my $feeder   = PaperfeedSession->new($node);
my $reader   = PaperfeedSession->new($node);
my $listener = PaperfeedSession->new($node);

# What a session has kept is no longer right as soon as another one has committed.
$feeder->query(document([ '2401.10001', 'Quantum optics' ]));
is($feeder->query('SELECT watches FROM paperfeed.watch_index()'), '0', 'no watches');
my $id = $reader->query(q{SELECT paperfeed.add_watch('quantum', name => 'q', notify => true)});
$feeder->query(document([ '2401.10002', 'Quantum computers' ]));
is(hits(), 'q|arxiv:2401.10002', 'one that was added');
$reader->query('BEGIN');
$reader->query(q{UPDATE paperfeed.watches SET query = 'graph'});
$feeder->query(document([ '2401.10003', 'Quantum graphs' ], [ '2401.10004', 'Graphs' ], [ '2401.10005', 'Quanta, a quantum' ]));
is(hits(), join("\n", map { "q|arxiv:2401.1000$_" } 2, 3, 5), 'not one that was changed and not committed');
$reader->query('COMMIT');
$feeder->query(document([ '2401.10006', 'Graph theory' ], [ '2401.10007', 'Quantum theory' ]));
is(hits(), join("\n", map { "q|arxiv:2401.1000$_" } 2, 3, 5, 6), 'one that was');
$feeder->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
$feeder->query('SELECT count(*) FROM paperfeed.watches');
$reader->query(q{UPDATE paperfeed.watches SET query = 'theory'});
$feeder->query(document([ '2401.10008', 'Theory' ]));
$feeder->query('COMMIT');
like(hits(), qr/10008/, 'also one that the snapshot does not show');
$reader->query("SELECT paperfeed.remove_watch($id)");
$feeder->query(document([ '2401.10009', 'Theory again' ]));
is(sql('SELECT count(*) FROM paperfeed.watch_hits'), '0', 'none that was removed, nor its hits');

# A watch that is removed while the ingest is under way leaves nothing that anybody sees.
$id = $reader->query(q{SELECT paperfeed.add_watch('removed', name => 'r')});
$feeder->query('BEGIN');
$feeder->query(document([ '2401.10010', 'Removed' ]));
$reader->query("SELECT paperfeed.remove_watch($id)");
$feeder->query('COMMIT');
is($feeder->query('SELECT count(*) FROM paperfeed.my_hits'), '0', 'hits of a removed watch are nobody\'s');

# Nobody can keep papers from coming in by removing a watch and not committing.
$id = $reader->query(q{SELECT paperfeed.add_watch('stall', name => 's')});
my $other = $reader->query(q{SELECT paperfeed.add_watch(similar_to => 'arxiv:2401.10001', name => 's2')});
$feeder->query(document([ '2401.10011', 'Stall' ]));
is(sql("SELECT count(*) FROM paperfeed.watch_hits WHERE watch = $id"), '1', 'a hit');
$reader->query('BEGIN');
$reader->query("SELECT paperfeed.remove_watch($_)") for $id, $other;
$feeder->query("SET lock_timeout = '10s'");
(my $changed = document([ '2401.10011', 'Stalls' ], [ '2401.10001', 'Quantum optics again' ])) =~ s/added/updated/;
is($feeder->query($changed), '2', 'papers change while a watch that they hit, or that compares with them, is removed');
$feeder->query('RESET lock_timeout');
$reader->query('ROLLBACK');
is(sql("SELECT count(*) FROM paperfeed.watch_hits WHERE watch = $id"), '1', '... and the hit is still there if it is not, after all');
$reader->query("SELECT paperfeed.remove_watch($_)") for $id, $other;

# The extension made anew in between is another one.
$feeder->query(q{SET client_min_messages = error; DROP EXTENSION paperfeed; CREATE EXTENSION paperfeed});
$feeder->query(q{SELECT paperfeed.add_watch('anew', name => 'anew')});
$reader->query(document([ '2401.10011', 'Anew' ]));
is(hits(), 'anew|arxiv:2401.10011', 'after DROP and CREATE EXTENSION');

# Notifications: with the commit, one for each watch and batch, within their limit.
sub told
{
	my $session = shift;
	return grep { /\S/ } map { /notification "paperfeed_watch" with payload "(.*)" received/ ? $1 : () } split /\n/,
	  $session->query(q{SELECT 'end'});
}
my $loud = $reader->query(q{SELECT paperfeed.add_watch('loud', name => 'loud', notify => true)});
my $late = $reader->query(q{SELECT paperfeed.add_watch('loud late', name => 'late', notify => true)});
$reader->query(q{SELECT paperfeed.add_watch('loud', name => 'silent')});
$listener->query('LISTEN paperfeed_watch');
$feeder->query('BEGIN');
$feeder->query(document([ '2402.10001', 'A loud noise' ]));
is(join('', told($listener)), '', 'nobody is told before the commit');
$feeder->query('ROLLBACK');
is(join('', told($listener)), '', 'nor of what was rolled back');
$feeder->query('BEGIN');
$feeder->query(document([ '2402.10001', 'A loud noise' ], [ '2402.10002', 'Loud and late' ], [ '2402.10003', 'Quiet' ]));
$feeder->query('COMMIT');
is_deeply(
	[ sort(told($listener)) ],
	[
		qq({"watch": $loud, "n": 2, "papers": ["arxiv:2402.10001", "arxiv:2402.10002"]}),
		qq({"watch": $late, "n": 1, "papers": ["arxiv:2402.10002"]})
	],
	'each watch that wants to is told once');
$feeder->query(document(map { [ sprintf('2403.%05d', $_), "Loud number $_" ] } 1 .. 1000));
my @told = told($listener);
is(scalar @told, 1, 'one for many papers');
like($told[0], qr/^\{"watch": $loud, "n": 1000, "papers": \[("arxiv:2403\.\d{5}"(, )?){100,}\]\}$/, 'with as many as fit in');
cmp_ok(length $told[0], '<', 8000, 'which are not too many');
$feeder->query(document([ '10.1000/a\\\\"b\\\\\\\\c', 'Loud and strange' ]));
is(join('', told($listener)), qq({"watch": $loud, "n": 1, "papers": ["doi:10.1000/a\\"b\\\\c"]}), 'they are JSON');
is(sql("SELECT count(*) FROM paperfeed.watch_hits WHERE watch = $loud"), '1003', 'all are hits');

# Many at once: feeds of the same papers, and readers who change their mind.
sql('TRUNCATE paperfeed.watches');
sql(q{INSERT INTO paperfeed.watches (reader, query, name) SELECT 'r', 'word' || i, i FROM generate_series(1, 100) AS i});
$node->pgbench(
	'--no-vacuum --client=4 --jobs=2 --transactions=30',
	0,
	[qr{processed: 120/120}],
	[],
	'feeds and readers at once',
	{
		'074_feed@3' =>
		  q{\set n random(1, 60)
SELECT paperfeed.ingest_document(convert_to((SELECT string_agg(format('{"id": "2404.%s", "title": "A word%s"}', 10000 + (:n + i) % 60, (:n + i) % 60 + 1), E'\n') FROM generate_series(1, 10) AS i), 'UTF8'), base_url => 'http://127.0.0.1/' || :client_id);},
		'074_reader@1' => q{\set n random(61, 100)
UPDATE paperfeed.watches SET query = query || ' x' WHERE name = :n::text;}
	});
is( sql(q{SELECT count(*) FROM paperfeed.papers AS p LEFT JOIN (paperfeed.watch_hits JOIN paperfeed.watches AS w ON w.id = watch) ON paper = p.id
	WHERE p.title LIKE 'A word%' AND p.title IS DISTINCT FROM 'A word' || name}), '0', 'each paper has its hit');
cmp_ok(sql(q{SELECT count(*) FROM paperfeed.watch_hits}), '>', 30, 'they are many');
is(sql(q{SELECT count(*) - count(DISTINCT paper) FROM paperfeed.watch_hits}), '0', 'and no more');

# What is kept is kept within bounds, and thrown away with an error.
my $before = $feeder->query('SELECT ' . PaperfeedNet::rss()) if $^O eq 'linux';
sql(q{INSERT INTO paperfeed.watches (reader, query) SELECT 'r', format('"term%s of%s" or (other%s -x%s*)', i, i % 7, i % 100, i) FROM generate_series(1, 20000) AS i});
is($feeder->query('SELECT watches FROM paperfeed.watch_index()'), '20100', 'many watches');
$feeder->query(q{UPDATE paperfeed.watches SET name = 'again' WHERE id % 1000 = 0; SELECT paperfeed.watch_index()}) for 1 .. 5;
SKIP:
{
	skip 'memory is looked up on Linux', 1 unless $^O eq 'linux';
	cmp_ok($feeder->query('SELECT ' . PaperfeedNet::rss()) - $before, '<', 150_000, 'their index, made again and again, does not grow');
}
like(eval { $feeder->query(q{SET statement_timeout = 1; UPDATE paperfeed.watches SET name = 'canceled'; SELECT paperfeed.watch_index()}); '' } // $@, qr/statement timeout/, 'canceled');
$feeder->query('RESET statement_timeout');
is($feeder->query('SELECT watches FROM paperfeed.watch_index()'), '20100', 'and made all the same');

# A dump has it all, vectors too, and a restore does not need the papers for them.
sql(q{TRUNCATE paperfeed.watches});
sql(q{SELECT paperfeed.add_watch('loud', '{A. B.}', '{cs.*}', '{arxiv}', name => 'all', notify => true),
	paperfeed.add_watch(similar_to => '2401.10011', min_similarity => 0.4)});
sql(q{UPDATE paperfeed.watches SET enabled = false WHERE name = 'all'; INSERT INTO paperfeed.watch_hits (watch, paper, is_new, similarity) SELECT id, '2401.10011', true, 0.5 FROM paperfeed.watches});
my $all = q{SELECT w.*, h.* FROM paperfeed.watches AS w JOIN paperfeed.watch_hits AS h ON h.watch = w.id ORDER BY w.id};
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/dump", $node->connstr('postgres') ], 'dumped');
sql('CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr('restored'), "$dir/dump" ], 'restored');
is($node->safe_psql('restored', $all), sql($all), 'all is there');
is($node->safe_psql('restored', q{SELECT paperfeed.add_watch('next') > (SELECT min(max) FROM (SELECT max(watch) FROM paperfeed.watch_hits) AS m)}), 't', 'and numbers go on');

$_->close foreach $feeder, $reader, $listener;
$node->stop;
done_testing();
