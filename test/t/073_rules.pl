# If this fails, sessions do not hear of each other's rules, rules that change while papers come
# in leave matches or boosts behind, apply_rules() cannot be broken off, or a dump loses rules.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run ();
use PaperfeedNet;
use PaperfeedSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('rules');
$node->init;
$node->append_conf('postgresql.conf', "deadlock_timeout = '50ms'");
PaperfeedNet::start($node);
my $dir = PostgreSQL::Test::Utils::tempdir;

sub sql { return $node->safe_psql($_[1] // 'postgres', $_[0]); }

sql(q{
	CREATE EXTENSION paperfeed;
	CREATE FUNCTION ingest(id text, title text, base_url text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
		SELECT format('%s added, %s dropped', added, dropped) FROM paperfeed.ingest_document(
			convert_to(jsonb_build_object('id', id, 'title', title)::text, 'UTF8'), base_url => $3) $$;

	-- what is not as it should be
	CREATE VIEW wrong AS
		SELECT 'boosts of ' || paper::text AS what FROM
			(SELECT paper, sum(boost) AS boost FROM paperfeed.rule_hits GROUP BY paper HAVING sum(boost) <> 0) AS h
			FULL JOIN (SELECT paper, sum(weight) AS weight FROM paperfeed.signals WHERE kind = 'boost'
				GROUP BY paper HAVING sum(weight) <> 0) AS s USING (paper) WHERE boost IS DISTINCT FROM weight
		UNION ALL
		SELECT 'taken back too often: ' || paper::text FROM paperfeed.signals WHERE kind = 'boost' AND source IS NOT NULL
			GROUP BY paper, source, at HAVING sum(weight) < 0
		UNION ALL
		SELECT 'a match of nothing: ' || paper::text FROM paperfeed.rule_hits WHERE paper NOT IN (SELECT id FROM paperfeed.papers)
		UNION ALL
		SELECT 'no match: ' || paper::text || ' ' || r.name FROM paperfeed.rule_hits AS h JOIN paperfeed.rules AS r ON r.id = h.rule
			JOIN paperfeed.papers AS p ON p.id = h.paper
			WHERE r.enabled AND NOT paperfeed.document(p.title, p.abstract, p.authors) @@ r.condition
		UNION ALL
		SELECT 'a match is missing: ' || p.id::text || ' ' || r.name FROM paperfeed.papers AS p JOIN paperfeed.rules AS r
			ON paperfeed.document(p.title, p.abstract, p.authors) @@ r.condition
			WHERE r.enabled AND r.action IN ('tag', 'boost')
				AND NOT EXISTS (SELECT FROM paperfeed.rule_hits AS h WHERE h.paper = p.id AND h.rule = r.id);
});
my $x = PaperfeedSession->new($node);
my $y = PaperfeedSession->new($node);

# A change is heard with its commit, also by who has an older snapshot.
is($y->query(q{SELECT ingest('10.1000/1', 'First survey')}), '1 added, 0 dropped', 'no rules');
$x->query('BEGIN');
$x->query(q{INSERT INTO paperfeed.rules (name, action, query) VALUES ('no surveys', 'drop', 'survey')});
is($y->query(q{SELECT ingest('10.1000/2', 'Second survey')}), '1 added, 0 dropped', 'a rule that is not committed');
$y->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
$y->query('SELECT count(*) FROM paperfeed.rules');
$x->query('COMMIT');
is($y->query(q{SELECT ingest('10.1000/3', 'Third survey')}), '0 added, 1 dropped', 'a rule that is committed');
$y->query('COMMIT');
is($y->query(q{SELECT ingest('10.1000/4', 'Fourth survey')}), '0 added, 1 dropped', 'in later transactions, too');
$x->query(q{UPDATE paperfeed.rules SET query = 'review'});
is($y->query(q{SELECT ingest('10.1000/4', 'Fourth  survey')}), '1 added, 0 dropped', 'a rule that was changed');
$x->query('DELETE FROM paperfeed.rules');
is($y->query(q{SELECT ingest('10.1000/5', 'A review')}), '1 added, 0 dropped', 'a rule that was deleted');

# Who waits for a session.
sub start
{
	my ($sql) = @_;
	my %run = (out => '', err => '');
	$run{run} = IPC::Run::start([ $node->installed_command('psql'), '-XAtq', '-d', $node->connstr('postgres'), '-c', $sql ],
		'>', \$run{out}, '2>', \$run{err});
	return \%run;
}
sub waits
{
	return $node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'});
}
sub ends { $_[0]{run}->finish; return $_[0]{out} . $_[0]{err}; }

# A rule that is deleted while papers come in that match it.
sql(q{INSERT INTO paperfeed.rules (name, action, query, boost) VALUES ('kites', 'boost', 'kites', 3)});
$x->query('BEGIN');
is($x->query(q{SELECT ingest('10.1000/6', 'Kites')}), '1 added, 0 dropped', 'papers come in');
my $delete = start(q{DELETE FROM paperfeed.rules});
ok(waits(), 'who deletes the rule waits');
$x->query('COMMIT');
is(ends($delete), '', 'it is deleted');
is(sql('TABLE wrong'), '', 'and leaves nothing behind');
is(sql(q{SELECT count(*), sum(weight) FROM paperfeed.signals}), '2|0', 'what it boosted is taken back');
sql(q{INSERT INTO paperfeed.rules (name, action, query, boost) VALUES ('kites', 'boost', 'kites', 3)});
$x->query('BEGIN');
$x->query('DELETE FROM paperfeed.rules');
my $ingest = start(q{SELECT ingest('10.1000/7', 'More kites')});
ok(waits(), 'papers that match a rule wait for who deletes it');
$x->query('COMMIT');
is(ends($ingest), "1 added, 0 dropped\n", 'and come in');
is(sql('TABLE wrong'), '', 'without it');

# Two papers become one under a snapshot that is older than a tag of theirs.
sql(q{INSERT INTO paperfeed.papers (id, title) VALUES ('10.1000/8', 'Same'), ('2401.00008', 'Same'); SELECT paperfeed.tag_paper('10.1000/8', 'seen')});
my $join = q{SELECT FROM paperfeed.ingest_document('{"id": "2401.00008", "doi": "10.1000/8", "title": "Same"}')};
$y->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
$y->query('SELECT 1');
$x->query(q{SELECT paperfeed.tag_paper('10.1000/8', 'new')});
ok(!eval { $y->query($join); 1 }, 'papers are not joined over a tag that is not seen');
like($@, qr/40001/, 'but to be tried again');
$y->query('ROLLBACK; BEGIN ISOLATION LEVEL REPEATABLE READ');
$y->query($join);
$y->query('COMMIT');
is(sql('SELECT paper, tag FROM paperfeed.paper_tags ORDER BY tag'), "arxiv:2401.00008|new\narxiv:2401.00008|seen", 'then both follow');
sql('DELETE FROM paperfeed.papers WHERE id = \'2401.00008\'; TRUNCATE paperfeed.hand_tags');

# apply_rules() goes on where it was broken off, batch by batch, and can be watched.
sql(q{
	INSERT INTO paperfeed.papers (id, title) SELECT format('10.2000/%s', i)::paperfeed.paperid, 'Kites ' || i FROM generate_series(1, 1300) AS i;
	INSERT INTO paperfeed.rules (name, action, query, tag, boost) VALUES ('kites', 'tag', 'kites', 'toys', NULL), ('boosted', 'boost', 'kites', NULL, 2)});
$x->query('BEGIN');
$x->query(q{SELECT FROM paperfeed.papers WHERE id = (SELECT id FROM paperfeed.papers ORDER BY id OFFSET 600 LIMIT 1) FOR UPDATE});
my $apply = start('CALL paperfeed.apply_rules()');
ok(waits(), 'apply_rules() is stopped by a lock');
is(sql(q{SELECT kind, done, total, unit FROM paperfeed.progress}), 'apply_rules|500|1306|papers', 'and can be seen');
is(sql('SELECT count(*) FROM paperfeed.rule_hits'), sql(q{SELECT 2 * count(*) FROM (SELECT * FROM paperfeed.papers ORDER BY id LIMIT 500) AS p WHERE title ~ 'ites'}), 'a batch is done');
sql(q{SELECT pg_cancel_backend(pid) FROM paperfeed.progress});
like(ends($apply), qr/canceling statement/, 'it can be canceled');
$x->query('ROLLBACK');
is(sql(q{SELECT count(*) FROM paperfeed.progress}), 0, 'it is not seen any more');
like(ends(start('CALL paperfeed.apply_rules()')), qr/^NOTICE:  1306 papers looked at, 16\d\d matches added, 0 removed$/, 'and called again');
is(sql('TABLE wrong'), '', 'all is as it should be');

# All at once: papers come in and are joined, rules change, are applied, tags are given by hand.
sql(q{
	TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.feeds, paperfeed.rules, paperfeed.signals CASCADE;
	CREATE TABLE faults (what text);
	CREATE FUNCTION word() RETURNS text LANGUAGE sql VOLATILE AS $$
		SELECT (ARRAY['kites', 'winds', 'trees', 'graphs', 'numbers', 'stars'])[1 + floor(random() * 6)] $$;
	CREATE PROCEDURE ingest_some() LANGUAGE plpgsql AS $$
	DECLARE
		lines text := (SELECT string_agg(CASE floor(random() * 4)
				WHEN 0 THEN format('{"id": "10.1000/p%s", "title": "On %s %s"}', i, word(), word())
				WHEN 1 THEN format('{"id": "2401.%s", "doi": "10.1000/p%s", "title": "On %s"}', 10000 + i, i, word())
				ELSE format('{"id": "2401.%s", "title": "On %s and %s", "updated": "2026-01-01T00:00:%sZ"}', 10000 + i, word(), word(), 10 + floor(random() * 50)) END,
				E'\n' ORDER BY random())
			FROM (SELECT i FROM generate_series(1, 30) AS i ORDER BY random() LIMIT 10) AS r);
		i paperfeed.ingest_report;
	BEGIN
		i := paperfeed.ingest_document(convert_to(lines, 'UTF8'), base_url => format('https://f%s.example/', floor(random() * 6)));
		IF i.status NOT IN ('ok', 'unchanged') OR i.seen <> i.added + i.updated + i.unchanged + i.dropped OR i.rejected > 0 THEN
			INSERT INTO faults VALUES (i::text);
		END IF;
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO faults VALUES (format('ingest: %s %s', SQLSTATE, SQLERRM));
	END $$;
	CREATE PROCEDURE change_rules() LANGUAGE plpgsql AS $$
	DECLARE
		n text := 'r' || floor(random() * 5);
		kind integer := floor(random() * 6);
	BEGIN
		IF kind = 0 THEN
			DELETE FROM paperfeed.rules WHERE name = n;
		ELSIF kind = 1 THEN
			UPDATE paperfeed.rules SET boost = boost + 1, enabled = random() < 0.7 WHERE name = n;
		ELSIF kind = 2 THEN
			UPDATE paperfeed.rules SET query = word() WHERE name = n;
		ELSIF kind = 3 THEN
			INSERT INTO paperfeed.rules (name, action, query) VALUES (n, 'drop', word() || ' ' || word()) ON CONFLICT DO NOTHING;
		ELSIF kind = 4 THEN
			INSERT INTO paperfeed.rules (name, action, query, tag) VALUES (n, 'tag', word(), word()) ON CONFLICT DO NOTHING;
		ELSE
			INSERT INTO paperfeed.rules (name, action, query, boost) VALUES (n, 'boost', word(), 2) ON CONFLICT DO NOTHING;
		END IF;
	EXCEPTION
		WHEN deadlock_detected THEN NULL;	-- it is for who edits rules to try again
		WHEN OTHERS THEN INSERT INTO faults VALUES (format('change: %s %s', SQLSTATE, SQLERRM));
	END $$;
	CREATE PROCEDURE tag_some() LANGUAGE plpgsql AS $$
	DECLARE
		p paperfeed.paperid := (SELECT id FROM paperfeed.papers ORDER BY random() LIMIT 1);
	BEGIN
		IF random() < 0.5 THEN PERFORM paperfeed.tag_paper(p, word()); ELSE PERFORM paperfeed.untag_paper(p, word()); END IF;
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO faults VALUES (format('tag: %s %s', SQLSTATE, SQLERRM));
	END $$;
});
$node->pgbench(
	'--no-vacuum --client=6 --jobs=2 --transactions=60 --max-tries=10',
	0, [qr/processed: 360\/360/], [qr/^(?:NOTICE:.*papers looked at.*\n)*$/],
	'all at once',
	{
		'ingest@6' => 'CALL ingest_some();',
		'change@4' => 'CALL change_rules();',
		'tag@2' => 'CALL tag_some();',
		'apply@1' => 'CALL paperfeed.apply_rules();'
	});
is(sql('SELECT what, count(*) FROM faults GROUP BY what'), '', 'nobody is refused');
is(sql(q{SELECT what FROM wrong WHERE what ~ '^(boosts|taken|a match of)'}), '', 'boosts are what signals say, and of papers that are there');
is(sql('SELECT count(*) FROM paperfeed.hand_tags WHERE paper NOT IN (SELECT id FROM paperfeed.papers)'), 0, 'so are tags by hand');
is(sql(q{SELECT count(*) > 0 FROM paperfeed.revisions WHERE was ? 'id'}), 't', 'papers were joined');
sql(q{INSERT INTO paperfeed.rules (name, action, query, tag) SELECT 'sure', 'tag', word() || ' or ' || word() || ' or ' || word(), 'sure'});
sql('CALL paperfeed.apply_rules()');
is(sql('TABLE wrong'), '', 'and once more applied, all is as the rules say');
cmp_ok(sql('SELECT count(*) FROM paperfeed.rule_hits'), '>', 0, 'there are matches');
is( sql(q{
		CREATE TEMP TABLE was AS TABLE paperfeed.heat;
		DO 'BEGIN PERFORM paperfeed.rebuild_heat(); END';
		SELECT count(*) FROM was AS w FULL JOIN paperfeed.heat AS h USING (paper)
		WHERE w.paper IS NULL OR h.paper IS NULL OR abs(w.gross - h.gross) > 1e-9}),
	0,
	'heat is that of the signals');

# A dump carries rules, matches, tags and boosts; the copy goes on from there.
sql(q{DELETE FROM paperfeed.rules; INSERT INTO paperfeed.rules (name, action, query, authors, tag, boost, enabled) VALUES
	('a "tag"', 'tag', 'title:(kites or winds) -"deep trees"', NULL, 't', NULL, true), ('boost', 'boost', NULL, '{Lovelace,"van der Berg"}', NULL, 4, true),
	('off', 'boost', 'stars', NULL, NULL, 4, true), ('drop', 'drop', 'surveys', NULL, NULL, NULL, true)});
sql(q{UPDATE paperfeed.papers SET authors = '{Ada Lovelace}' WHERE id < 'arxiv:2401.10010'; CALL paperfeed.apply_rules(); UPDATE paperfeed.rules SET enabled = false WHERE name = 'off'});
my $tables = join ' UNION ALL ', map { "SELECT '$_' || t FROM paperfeed.$_ AS t" } qw(rules rule_hits hand_tags signals paper_tags);
my $state = sql("SELECT * FROM ($tables) AS t (t) ORDER BY t COLLATE \"C\"");
foreach my $how ('plain', 'custom')
{
	sql("CREATE DATABASE copy_$how TEMPLATE template0");
	$node->command_ok([ 'pg_dump', '-f', "$dir/$how", ($how eq 'custom' ? '-Fc' : ()), '-n', 'paperfeed', '-e', 'paperfeed', 'postgres' ], "$how: dump");
	$node->command_ok(
		$how eq 'custom' ? [ 'pg_restore', '-e', '-d', "copy_$how", "$dir/$how" ] : [ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$how", "copy_$how" ],
		"$how: restore");
	is(sql("SELECT * FROM ($tables) AS t (t) ORDER BY t COLLATE \"C\"", "copy_$how"), $state, "$how: every row is there");
	is( sql(q{
			INSERT INTO paperfeed.rules (name, action, query) VALUES ('next', 'drop', 'never');
			SELECT added, dropped FROM paperfeed.ingest_document('{"id": "10.1000/n", "title": "A survey"}
{"id": "10.1000/o", "title": "Kites", "authors": ["Ada Lovelace"]}'::bytea);
			SELECT count(*), sum(boost) FROM paperfeed.rule_hits WHERE paper = '10.1000/o'}, "copy_$how"),
		"1|1\n2|4", "$how: and rules go on");
}

$x->close;
$y->close;
$node->stop;
done_testing();
