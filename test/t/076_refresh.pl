# If this fails, refresh() asks what is not due or not what is, is impolite, or lets one
# feed's fault take others with it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run ();
use PaperfeedHttp;
use PaperfeedNet;
use PaperfeedSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $fixtures = PostgreSQL::Test::Utils::tempdir;
append_to_file("$fixtures/feed$_.xml", PaperfeedHttp::atom() =~ s/2601\.00001/2601.0001$_/gr)
  foreach 0 .. 9;

my $http = PaperfeedHttp->new(fixtures => $fixtures);
my $node = PostgreSQL::Test::Cluster->new('refresh');
$node->init;
$node->append_conf('postgresql.conf', "paperfeed.allow_private_hosts = '127.0.0.0/8, ::1'");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'paperfeed'");
$node->append_conf('postgresql.conf', "paperfeed.host_spacing = 0");
$node->append_conf('postgresql.conf', "paperfeed.host_connections = 32");
$node->append_conf('postgresql.conf', "paperfeed.fetch_timeout = '2s'");
PaperfeedNet::start($node);
$node->safe_psql('postgres', 'CREATE EXTENSION paperfeed');

sub sql { return $node->safe_psql('postgres', join ';', @_); }

# Feeds of these addresses or paths, due, and no others.
sub feeds
{
	my @urls = map { m{^/} ? $http->url($_) : $_ } @_;
	sql('TRUNCATE paperfeed.feeds, paperfeed.hosts, paperfeed.runs');
	sql(map { "INSERT INTO paperfeed.feeds (url, state, next_check) VALUES ('$_', 'active', '2000-01-01')" }
		  @urls);
	$http->forget;
	return;
}

sub due_again { return sql(q{UPDATE paperfeed.feeds SET next_check = '2000-01-01' WHERE state = 'active'}); }

# What it says at the end, or its error.
sub refresh
{
	my ($arguments, @before) = @_;
	my ($code, $out, $errors) =
	  $node->psql('postgres', join ";\n", @before, 'CALL paperfeed.refresh(' . ($arguments // '') . ')');
	$errors =~ s/^psql:<stdin>:\d+: //mg;
	return $errors;
}

sub feed
{
	my ($path, $columns) = @_;
	my $url = $path =~ m{^/} ? $http->url($path) : $path;
	return sql("SELECT $columns FROM paperfeed.feeds WHERE url = '$url'");
}

# Good ones and bad ones.
feeds('/ok/feed1.xml', '/ok/feed2.xml', '/status/404', '/html', '/reset');
sql(q{INSERT INTO paperfeed.feeds (url) VALUES ('http://127.0.0.1:1/by-hand')});
like(refresh(), qr/^NOTICE:  5 feeds asked, 2 papers new or changed, 3 feeds failed$/m,
	'feeds that are due are asked');
is(sql('SELECT kind, status, http_status, count(*), sum(added) FROM paperfeed.runs GROUP BY 1, 2, 3 ORDER BY 2, 3'),
	"refresh|failed|200|2|0\nrefresh|failed|404|1|0\nrefresh|ok|200|2|2",
	'each attempt is a row of runs');
is(feed('/ok/feed1.xml', q{status, errors, title, next_check > now() + '2 hours', why}),
	'ok|0|Small feed|t|every 3 hours, until it is known how often it changes', 'a good one comes again later');
is(feed('/status/404', q{status, errors, next_check BETWEEN now() + '25 min' AND now() + '35 min', why}),
	'failed|1|t|in 30 minutes: it failed once, last with HTTP status 404', 'so does a bad one');
is(feed('http://127.0.0.1:1/by-hand', 'last_checked IS NULL, next_check IS NULL'),
	't|t', 'what is ingested by hand is not asked');
is(refresh(), 'NOTICE:  0 feeds asked, 0 papers new or changed, 0 feeds failed', 'nothing is due at once');
due_again();
refresh();
is($http->count('/ok/feed1.xml'), 2, 'what is due is asked again');
is(sql(q{SELECT count(*) FROM paperfeed.runs WHERE status = 'unchanged' AND http_status = 304}), '2',
	'only for what is new');
is(sql('SELECT count(*) FROM paperfeed.papers'), '2', 'papers are there once');
is(feed('/reset', q{errors, why LIKE 'in 1 hour%' OR why LIKE 'in 60 minutes%'}), '2|t', 'a failure puts off for longer each time');

# Limits.
feeds(map { "/ok/feed$_.xml" } 0 .. 9);
sql(q{UPDATE paperfeed.feeds SET next_check = timestamptz '2001-01-01' - id * interval '1 day'});
like(refresh('max_feeds => 3'), qr/3 feeds asked/, 'max_feeds');
is(sql(q{SELECT string_agg(substring(url FROM '.........$'), ' ' ORDER BY id) FROM paperfeed.feeds WHERE last_checked IS NOT NULL}),
	'feed7.xml feed8.xml feed9.xml', 'those that wait longest come first');
like(refresh("max_time => '0'"), qr/ 0 feeds asked/, 'max_time');
like(refresh("max_time => '1 day -1 hour'"), qr/ \d+ feeds asked/, 'max_time with a negative part');
feeds(map { "/slow?n=$_" } 1 .. 6);
my $start = time;
like(refresh("max_time => '1 s', concurrency => 1", "SET paperfeed.fetch_timeout = '700ms'"), qr/ 2 feeds asked/,
	'nothing is started after it');
cmp_ok(time - $start, '<', 2.5, 'in time');
like(refresh($_->[0]), qr/^ERROR:  $_->[1]/, $_->[0])
  foreach ['concurrency => 33', 'concurrency is 33, but must be between 1 and 32'],
  ['concurrency => 0', 'concurrency is 0'], ['max_feeds => 0', 'max_feeds is 0'],
  ["max_time => '-1 s'", 'max_time must not be negative'];
like(refresh('', 'BEGIN'), qr/^ERROR:  paperfeed.refresh\(\) cannot run inside a transaction block/,
	'not inside a transaction block');
like(refresh('', 'SET default_transaction_read_only = on'), qr/^ERROR:  cannot execute paperfeed.refresh\(\) in a read-only transaction/,
	'nor in a read-only one');

# One after the other, if the host wants it; over all names below one.
feeds(map { "http://$_.localhost:" . $http->port . '/text' } 'a' .. 'd');
sql(q{INSERT INTO paperfeed.hosts (host, subdomains, spacing, connections) VALUES ('localhost', true, '0.3 s', 1)});
like(refresh(), qr/4 feeds asked, . papers new or changed, 0 feeds failed/, 'hosts of one service');
my @times = map { $_->{time} } $http->log;
is(scalar @times, 4, 'are asked');
cmp_ok($times[$_] - $times[ $_ - 1 ], '>', 0.25, "with time in between, $_") foreach 1 .. 3;

# One connection: slow answers do not overlap; and two sessions count as one.
feeds(map { "/stall?n=$_" } 1 .. 4);
sql(q{INSERT INTO paperfeed.hosts (host, connections) VALUES ('127.0.0.1', 1)});
my @other = ('psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SET paperfeed.fetch_timeout = '500ms'", '-c', 'CALL paperfeed.refresh()');
my $both = IPC::Run::start(\@other, '<', \undef, '>', \my $out1, '2>', \my $err1);
refresh('', "SET paperfeed.fetch_timeout = '500ms'");
$both->finish;
@times = map { $_->{time} } $http->log;
is(scalar @times, 4, 'two refreshes ask each feed once');
cmp_ok($times[$_] - $times[ $_ - 1 ], '>', 0.45, "one connection over both, $_") foreach 1 .. 3;
is(sql('SELECT count(*), count(DISTINCT feed) FROM paperfeed.runs'), '4|4', 'as runs says');

# Rows that others hold are not waited for: two refreshes that come by the hosts in another order would deadlock.
my $holder = PaperfeedSession->new($node);
my $away   = 'http://localhost:' . $http->port . '/ok/feed2.xml';
feeds($away, '/ok/feed1.xml');
sql(q{INSERT INTO paperfeed.hosts (host, spacing) VALUES ('127.0.0.1', '1 ms'), ('localhost', '1 ms')});
$holder->query(q{BEGIN; SELECT FROM paperfeed.hosts WHERE host = '127.0.0.1' FOR UPDATE});
my $waits = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'CALL paperfeed.refresh()' ],
	'<', \undef, '>', \my $waits_out, '2>', \my $waits_errors, IPC::Run::timeout(60));
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM paperfeed.runs}), 'a host whose row is held keeps no other waiting');
$holder->query('COMMIT');
$waits->finish;
like($waits_errors, qr/2 feeds asked, .* 0 feeds failed/, 'and is asked when it is free');
feeds('/ok/feed1.xml', '/ok/feed2.xml');
sql(q{INSERT INTO paperfeed.hosts (host, blocked_until) VALUES ('127.0.0.1', now() + '1 hour')});
$holder->query(q{BEGIN; UPDATE paperfeed.feeds SET title = 'mine' WHERE url LIKE '%feed1.xml'});
like(refresh('', q{SET lock_timeout = '5s'}), qr/0 feeds asked/, 'nor is a feed that somebody changes waited for to be put off');
$holder->query('COMMIT');
is(sql(q{SELECT count(*) FILTER (WHERE next_check > now()), count(*) FROM paperfeed.feeds}), '1|2', 'the others are put off');
$holder->close;

# However long it waits, its memory does not grow.
feeds('/stall?n=1', '/ok/feed1.xml');
sql(q{INSERT INTO paperfeed.hosts (host, connections) VALUES ('127.0.0.1', 1)});
my @long = map {
	[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SET paperfeed.fetch_timeout = '60s'", '-c', "CALL paperfeed.refresh($_)" ]
} 'max_feeds => 1', '';
my $stalls = IPC::Run::start($long[0], '<', \undef, '>', \my $stalls_out, '2>', \my $stalls_errors, IPC::Run::timeout(60));
ok($node->poll_query_until('postgres', q{SELECT count(*) = 2 FROM pg_locks WHERE locktype = 'object' AND objsubid IN (0, 1) AND classid <> 'paperfeed._jobs'::regclass}),
	'one has the connection');
my $polls = IPC::Run::start($long[1], '<', \undef, '>', \my $polls_out, '2>', \my $polls_errors, IPC::Run::timeout(60));
ok($node->poll_query_until('postgres', 'SELECT count(*) = 2 FROM paperfeed.progress'), 'another waits for it');
my $poller = sql('SELECT pid FROM paperfeed.progress ORDER BY id DESC LIMIT 1');
select(undef, undef, undef, 2);
my $logged = -s $node->logfile;
sql("SELECT pg_log_backend_memory_contexts($poller)");
ok($node->wait_for_log(qr/Grand total: /, $logged), 'its memory is listed');
my $contexts = () = substr(slurp_file($node->logfile), $logged) =~ /SPI TupTable/g;
cmp_ok($contexts, '<', 4, 'no results of statements pile up');
sql('SELECT pg_cancel_backend(pid) FROM paperfeed.progress');
$_->finish foreach $stalls, $polls;

# Jobs see what others do meanwhile, whatever the default is.
feeds('/ok/feed1.xml');
sql('TRUNCATE paperfeed.papers, paperfeed.sightings, paperfeed._identity',
	q{CREATE FUNCTION level() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE '%', current_setting('transaction_isolation'); END $$},
	'CREATE TRIGGER level BEFORE INSERT ON paperfeed.papers FOR EACH ROW EXECUTE FUNCTION level()');
refresh('', qq{SET default_transaction_isolation = 'serializable'});
is(sql('SELECT last_error FROM paperfeed.feeds'), 'read committed', 'the isolation level');
sql('DROP TRIGGER level ON paperfeed.papers');

# A busy host: its other feeds wait, and say why.
feeds('/status/429?after=3600', map { "/ok/feed$_.xml" } 1 .. 3);
sql(q{INSERT INTO paperfeed.hosts (host, connections) VALUES ('127.0.0.1', 1)});
sql(q{UPDATE paperfeed.feeds SET next_check = '1999-01-01' WHERE url LIKE '%429%'});
like(refresh(), qr/1 feeds asked.*\nDETAIL:  3 feeds are put off/, 'a busy host is left alone');
is(feed('/ok/feed1.xml', q{next_check BETWEEN now() + '59 min' AND now() + '61 min', why}),
	't|host 127.0.0.1 is busy (HTTP status 429, Retry-After)', 'its feeds are due later');
is(sql(q{SELECT refusals, blocked_until BETWEEN now() + '59 min' AND now() + '61 min' FROM paperfeed.hosts}), '1|t', 'the host says so, too');
due_again();
like(refresh(), qr/0 feeds asked.*\nDETAIL:  4 feeds are put off/, 'also if they are made due');
is(scalar $http->log, 1, 'nobody asks it');
sql(q{UPDATE paperfeed.hosts SET blocked_until = now() - interval '1 s'});
due_again();
sql(q{UPDATE paperfeed.feeds SET url = replace(url, '/status/429?after=3600', '/text')});
like(refresh(), qr/4 feeds asked.* 0 feeds failed/, 'afterwards all is well');
is(sql(q{SELECT refusals, blocked_until, why FROM paperfeed.hosts}), '0||', 'and the host is as any other');
feeds('/status/503');
refresh();
is(sql(q{SELECT refusals, blocked_until - now() BETWEEN '50 s' AND '61 s' FROM paperfeed.hosts}), '1|t', 'it need not say how long');
sql(q{UPDATE paperfeed.hosts SET blocked_until = now()});
due_again();
refresh();
is(sql(q{SELECT refusals, blocked_until - now() BETWEEN '110 s' AND '121 s' FROM paperfeed.hosts}), '2|t', 'and is left alone for longer each time');
feeds('/status/503?after=1', '/ok/feed1.xml');
sql(q{INSERT INTO paperfeed.hosts (host, connections) VALUES ('127.0.0.1', 1)});
sql(q{UPDATE paperfeed.feeds SET next_check = '1999-01-01' WHERE url LIKE '%503%'});
like(refresh(), qr/2 feeds asked/, 'what is over soon is waited for');

feeds('/ok/feed1.xml', 'http://localhost:' . $http->port . '/ok/feed2.xml', 'http://a.localhost:' . $http->port . '/ok/feed2.xml');
sql(q{INSERT INTO paperfeed.hosts (host, blocked_until, spacing, next_request)
	VALUES ('127.0.0.1', 'infinity', NULL, NULL), ('localhost', '-infinity', '1 s', '-infinity'), ('a.localhost', NULL, '200000 years', NULL)});
like(refresh(), qr/2 feeds asked, .* 0 feeds failed\nDETAIL:  1 feeds are put off/, 'a host may be blocked for good, others go on');
is(feed('/ok/feed1.xml', q{last_checked IS NULL, next_check BETWEEN now() + '6 days' AND now() + '8 days', why}), 't|t|its host is busy', 'its feeds wait');

# Gone, and moved.
feeds('/status/410');
refresh();
is(feed('/status/410', 'state, next_check, why'), 'ended||its server says that it is gone for good (HTTP status 410)', 'a feed ends');

my $moved = '/redirect-to?status=301&u=/ok/feed1.xml';
feeds($moved, '/redirect-to?status=302&u=/ok/feed2.xml');
sub day
{
	my ($day) = @_;
	due_again();
	return refresh('', "SET paperfeed.clock = '2026-03-$day 12:00Z'");
}
day('01');
is(feed($moved, 'moved_to, moved_since, status'), $http->url('/ok/feed1.xml') . '|2026-03-01 12:00:00+00|ok', 'a move is noted');
$node->safe_psql('postgres', "ALTER DATABASE postgres SET timezone = 'UTC'");
day('02');
is(feed('/ok/feed1.xml', 'moved_to, etag IS NOT NULL'), '|t', 'and believed when it has held for a day');
is(feed('/redirect-to?status=302&u=/ok/feed2.xml', 'moved_to'), '', 'a redirect of the moment is none');
feeds($moved, '/ok/feed1.xml');
day($_) foreach '01', '02';
is(feed($moved, 'state, why'), 'ended|it has moved to an address that another feed has', 'where another feed lives, one ends');
feeds('/redirect-to?status=301&u=/ok/feed1.xml');
day('01');
sql(sprintf q{UPDATE paperfeed.feeds SET url = '%s'}, $http->url('/redirect-to?status=301&u=/ok/feed2.xml'));
day('02');
is(sql('SELECT moved_to, moved_since FROM paperfeed.feeds'), $http->url('/ok/feed2.xml') . '|2026-03-02 12:00:00+00', 'another move begins anew');

# Rows that cannot be asked are failures of theirs.
feeds('/ok/feed1.xml', 'gopher://x/', 'http://');
sql(sprintf q{INSERT INTO paperfeed.feeds (url, state, next_check, headers) VALUES ('%s', 'active', '2000-01-01', '{no header}')}, $http->url('/ok/feed2.xml'));
sql('CREATE TABLE gone OF paperfeed.paper (PRIMARY KEY (id))');
sql(sprintf q{INSERT INTO paperfeed.feeds (url, state, next_check, target) VALUES ('%s', 'active', '2000-01-01', 'gone')}, $http->url('/ok/feed3.xml'));
sql('DROP TABLE gone');
like(refresh(), qr/5 feeds asked, . papers new or changed, 4 feeds failed/, 'others go on');
is(sql(q{SELECT status, count(*) FROM paperfeed.feeds GROUP BY 1 ORDER BY 1}), "failed|4\nok|1", 'each has its own fate');
like(sql(q{SELECT string_agg(last_error, E'\n' ORDER BY id) FROM paperfeed.feeds WHERE status = 'failed'}),
	qr/gopher.*\n.*http.*\n.*request header.*\n.*does not exist/i, 'and says why');

# Headers of the feed's own.
feeds('/ok/feed1.xml');
sql(q{UPDATE paperfeed.feeds SET headers = '{"X-Key: secret"}'});
refresh();
is($http->last_request->{headers}{'x-key'}, 'secret', 'headers are sent');

foreach (['127.0.0.1', '{"X-Key: secret"}', 'secret'], ['localhost', '', undef])
{
	my ($host, $kept, $sent) = @$_;
	feeds('/redirect-to?status=301&u=http://' . $host . ':' . $http->port . '/ok/feed1.xml');
	sql(q{UPDATE paperfeed.feeds SET headers = '{"X-Key: secret"}'});
	day($_) foreach '01', '02';
	is(sql('SELECT url, headers FROM paperfeed.feeds'), 'http://' . $host . ':' . $http->port . "/ok/feed1.xml|$kept", "headers of a feed that moves to $host");
	refresh('', q{SET paperfeed.clock = '2026-04-01'});
	is($http->last_request->{headers}{'x-key'}, $sent, 'and what is sent there');
}

# A role that may refresh, but not write.
sql(q{CREATE ROLE keeper LOGIN; GRANT USAGE ON SCHEMA paperfeed TO keeper});
feeds('/ok/feed1.xml');
like(refresh('', 'SET ROLE keeper'), qr/^ERROR:  permission denied for procedure refresh/, 'it is not for everybody');
sql(q{GRANT EXECUTE ON PROCEDURE paperfeed.refresh TO keeper});
like(refresh('', 'SET ROLE keeper'), qr/^WARNING:  1 feeds are left out, as you may not write to their tables\n.*NOTICE:  0 feeds asked/s,
	'rights on the papers are the caller\'s own');
is(sql(q{SELECT status, errors, next_check FROM paperfeed.feeds}), '|0|2000-01-01 00:00:00+00', 'the feed is left to others');
sql(q{GRANT SELECT, INSERT, UPDATE ON paperfeed.papers TO keeper; TRUNCATE paperfeed.papers, paperfeed.sightings});
due_again();
like(refresh('', 'SET ROLE keeper'), qr/1 papers new or changed, 0 feeds failed/, 'with these it works');

# While it runs.
feeds('/ok/feed1.xml', '/stall');
sql(q{INSERT INTO paperfeed.hosts (host) VALUES ('127.0.0.1')});
my ($in, $result, $errors) = ('', '', '');
my $run = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SET paperfeed.fetch_timeout = '60s'", '-c', 'CALL paperfeed.refresh()' ],
	'<', \$in, '>', \$result, '2>', \$errors, IPC::Run::timeout(60));
ok($node->poll_query_until('postgres', 'SELECT count(*) = 1 FROM paperfeed.runs'), 'what is done can be seen');
is(sql(q{SELECT kind, what, done, total, unit, papers, (SELECT backend_type FROM pg_stat_activity AS a WHERE a.pid = p.pid) FROM paperfeed.progress AS p}),
	'refresh|feeds that are due|1|2|feeds|0|client backend', 'and how far it is');
is(sql(q{SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend'}), '0',
	'it holds no snapshot while it waits');
like(refresh(), qr/ 0 feeds asked/, 'another refresh leaves the feed to it');
is($http->count('/stall'), 1, 'which is asked once');
sql('SELECT pg_cancel_backend(pid) FROM paperfeed.progress');
$run->finish;
like($errors, qr/canceling statement due to user request/, 'it can be canceled');
is(sql('SELECT count(*) FROM paperfeed.progress'), '0', 'is gone from the view');
is(sql(q{SELECT count(*) FROM pg_locks WHERE locktype = 'object'}), '0', 'leaves no lock');
is(sql(q{SELECT status FROM paperfeed.feeds ORDER BY url}), "ok\n", 'what was done stands');
is(feed('/stall', q{next_check = '2000-01-01'}), 't', 'and what was not is due');
refresh('', "SET paperfeed.fetch_timeout = '300ms'");
is(sql('SELECT count(*) FROM paperfeed._jobs'), '0', 'the next one clears away');

# A host's row that is taken away meanwhile is no matter.
feeds('/stall', '/ok/feed1.xml');
sql(q{INSERT INTO paperfeed.hosts (host, connections) VALUES ('127.0.0.1', 1)});
sql(q{UPDATE paperfeed.feeds SET last_checked = CASE WHEN url ~ 'stall' THEN '2001-01-01' ELSE '2002-01-01' END::timestamptz});
$run = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'CALL paperfeed.refresh()' ],
	'<', \undef, '>', \$result, '2>', \my $told, IPC::Run::timeout(60));
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_locks WHERE classid = 'paperfeed.hosts'::regclass}), 'one is asked');
sql('DELETE FROM paperfeed.hosts');
$run->finish;
like($told, qr/1 feeds asked, .* 1 feeds failed\nDETAIL:  1 feeds are put off/, 'the others of the host are put off');
is(feed('/ok/feed1.xml', 'why'), 'the row of its host was taken away', 'and say why');
due_again();
like(refresh('', "SET paperfeed.fetch_timeout = '300ms'"), qr/2 feeds asked/, 'the next one makes it again');

# Runs are kept for a while.
feeds('/ok/feed1.xml');
sql(sprintf q{INSERT INTO paperfeed.runs (feed, kind, started_at, elapsed, status, bytes, seen, added, updated, unchanged, dropped, rejected)
	SELECT 1, 'refresh', now() - n * interval '1 day', '1 s', 'ok', 0, 0, 0, 0, 0, 0, 0 FROM generate_series(1, 60) AS n});
refresh('', 'SET paperfeed.keep_runs = 10');
is(sql('SELECT count(*) FROM paperfeed.runs'), '10', 'old runs are forgotten') or diag sql('SELECT min(started_at) FROM paperfeed.runs');

my @connects = PaperfeedNet::connects();
is(scalar(grep { !/^(?:127\.|::1|::ffff:127\.)/ } @connects), 0, 'nothing but loopback was asked');

$node->stop;
done_testing();
