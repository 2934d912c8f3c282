# If this fails, a refresh that is broken off, by a crash, a cancel or a timeout, or that meets
# others at their work loses papers, doubles them, asks again for what it had, or stops for ever.
#
# PAPERFEED_KILLS=50 for so many crashes, PAPERFEED_SEED=N for others.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run   ();
use List::Util qw(max sum0);
use PaperfeedFaults;
use PaperfeedIndex;
use PaperfeedNet;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'needs /proc' unless -d '/proc/self/fd';

my $kills = $ENV{PAPERFEED_KILLS} // 6;
my $seed  = $ENV{PAPERFEED_SEED}  // 1;
srand $seed;

my $hour   = 3600;
my $start  = 1772409600;                                         # 2026-03-02 00:00 UTC
my $server = PaperfeedFaults->new(hosts => 4, start => $start);
my $node   = PostgreSQL::Test::Cluster->new('refresh_crash');
$node->init;
$node->append_conf(
	'postgresql.conf', q{
	shared_preload_libraries = 'paperfeed'
	paperfeed.allow_private_hosts = '127.0.0.0/8'
	paperfeed.host_spacing = 0
	paperfeed.host_connections = 4
	paperfeed.fetch_timeout = '5s'
	deadlock_timeout = '50ms'
	restart_after_crash = on
	timezone = 'UTC'});
PaperfeedNet::start($node);

my $database = 'postgres';
sub sql { return $node->safe_psql($database, $_[0]); }

sub with_clock
{
	my ($t) = @_;
	return "SET paperfeed.clock = '" . POSIX::strftime('%Y-%m-%d %H:%M:%SZ', gmtime $t) . "'";
}

# Feeds of these kinds, all of them due.
sub feeds
{
	my (@feeds) = @_;
	sql('TRUNCATE paperfeed.feeds, paperfeed.hosts, paperfeed.runs, paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions RESTART IDENTITY');
	sql('INSERT INTO paperfeed.feeds (url, state, next_check, added_at) VALUES '
		  . join ', ', map { my ($host, $kind, $n) = @$_; "('" . $server->url($host, $kind, $n) . "', 'active', to_timestamp($start), to_timestamp($start))" } @feeds);
	$server->forget;
	return;
}

# What a session does, begun.
sub begin
{
	my (@statements) = @_;
	my %s = (out => '', err => '');
	$s{run} = IPC::Run::start(
		[ $node->installed_command('psql'), '-XAtq', '-d', $node->connstr($database), map { ('-c', $_) } @statements ],
		'<', \undef, '>', \$s{out}, '2>', \$s{err}, IPC::Run::timeout(120));
	return \%s;
}

sub finish { my ($s) = @_; $s->{run}->finish; return $s->{err}; }

sub refresh { my (@before) = @_; return finish(begin(@before, 'CALL paperfeed.refresh()')); }

sub requests { return grep { $_->[2] ne 'clock' } $server->log; }

# ------------------------------------------------------------------- broken off, again and again

my @feeds = (
	(map { [ $_ % 3, 'daily', $_ ] } 1 .. 8), (map { [ $_ % 3, 'hourly', $_ ] } 1 .. 4),
	(map { [ 1, 'bytes',   $_ ] } 1 .. 3), (map { [ 2, 'slow', $_ ] } 1 .. 8), [ 0, 'found', 1001 ], [ 0, 'found', 1002 ],
	(map { [ 2, 'charset', $_ ] } 1 .. 2), [ 1, 'lost', 1 ], [ 1, 'sick', 1 ], [ 1, 'cut', 1 ], [ 3, 'moved', 9 ]);
my @ways = qw(backend server cancel terminate timeout cancel terminate timeout);
my $steps = max(8, POSIX::ceil($kills / 2 * @ways / 2));

# Revisions of one refresh come in the order of the answers.
my $revisions = q{SELECT paper, feed, version, was FROM paperfeed.revisions ORDER BY 1, 2, 4};

sub states
{
	return map { sql($_) }
	  'SELECT p FROM paperfeed.papers AS p ORDER BY id',
	  'SELECT paper, feed, position, announce, announced, fingerprint FROM paperfeed.sightings ORDER BY 1, 2',
	  'SELECT i FROM paperfeed._identity AS i ORDER BY 1', $revisions,
	  'SELECT f FROM paperfeed.feeds AS f ORDER BY id',
	  'SELECT feed, status, http_status, bytes, seen, added, updated, unchanged, rejected, error FROM paperfeed.runs ORDER BY feed, id';
}

my $elapsed = 0.5;

# In each way of ending it, a refresh that is under way.
sub break_off
{
	my ($way, $t) = @_;
	my $after = 0.02 + rand($elapsed * 1.1);
	my @before = (with_clock($t), 'SET application_name = under_way');
	push @before, sprintf 'SET statement_timeout = %d', 1 + 1000 * rand $elapsed if $way eq 'timeout';
	my $s = begin(@before, 'CALL paperfeed.refresh()');

	if ($way eq 'timeout') { finish($s); return; }
	sleep $after;
	my $who = q{(SELECT pid FROM pg_stat_activity WHERE application_name = 'under_way' AND state = 'active')};
	if ($way eq 'server')
	{
		PaperfeedIndex::kill9($node);
		finish($s);
		PaperfeedNet::start($node);
	}
	elsif ($way eq 'backend')
	{
		my $pid = sql("SELECT $who");
		kill 'KILL', $pid if $pid;
		finish($s);
		my $connect = $node->connstr($database);
		for (1 .. 600) { last if !$pid || run_log([ 'psql', '-XAtq', '-d', $connect, '-c', 'SELECT 1' ], '>', \my $out, '2>', \my $err); sleep 0.05; }
	}
	else
	{
		sql("SELECT pg_${way}_backend(pid) FROM $who AS s (pid) WHERE pid IS NOT NULL");
		finish($s);
	}
	return;
}

my %states;
foreach my $weather ('calm', 'stormy')
{
	my ($calls, $doubles, $disturbed) = (0, 0, 0);
	my @left = ((qw(backend server)) x POSIX::ceil($kills / 2));
	splice @left, $kills;
	$database = 'postgres';
	sql("CREATE DATABASE $weather");
	$database = $weather;
	sql('CREATE EXTENSION paperfeed');
	$server->clock($start);
	feeds(@feeds);
	my $begun = time;

	foreach my $i (0 .. $steps - 1)
	{
		my $t = $start + $i * 6 * $hour;
		$server->clock($t);
		if ($weather eq 'stormy')
		{
			my $n = POSIX::ceil(@left / ($steps - $i));
			foreach my $way (splice(@left, 0, $n), qw(cancel terminate timeout)[ $i % 3 ])
			{
				$disturbed++;
				break_off($way, $t);
			}
		}
		my $errors = refresh(with_clock($t));
		unlike($errors, qr/ERROR|FATAL/, "step $i") if $errors =~ /ERROR|FATAL/;
		$calls++;
	}
	# What a refresh takes, for the next one.
	$elapsed = (time - $begun) / $steps if $weather eq 'calm';
	my %asked;
	$asked{"@$_[0, 2, 3]"}++ foreach grep { $_->[2] !~ /^(daily|moved|found)$/ } requests();
	$doubles = sum0(map { $_ - 1 } values %asked);
	note sprintf '%s: %d s, %d refreshes, %d broken off, %d requests of %d made again', $weather, time - $begun, $calls, $disturbed,
	  $doubles, scalar requests();
	cmp_ok($doubles, '<=', 8 * $disturbed, "$weather: no feed is asked again but those that were under way");
	is(sql('SELECT count(*) FROM paperfeed._jobs'), '0', "$weather: no job is left");
	is(sql(q{SELECT count(*) FROM pg_locks WHERE locktype = 'object'}), '0', "$weather: no lock is left");
	is(sql(q{SELECT count(*) FROM paperfeed.feeds WHERE next_check < last_checked OR last_checked IS NULL}), '0', "$weather: all have been asked");
	$states{$weather} = [ states() ];
}
foreach my $i (0 .. 5)
{
	my $what = (qw(papers sightings identities revisions feeds runs))[$i];
	cmp_ok(length $states{calm}[$i], '>', 100, "there are $what");
	ok($states{stormy}[$i] eq $states{calm}[$i], "after all that was broken off $what are as if nothing had been")
	  or diag first_difference($states{stormy}[$i], $states{calm}[$i]);
}

sub first_difference
{
	my @a = split /\n/, $_[0];
	my @b = split /\n/, $_[1];
	my ($i) = grep { ($a[$_] // '') ne ($b[$_] // '') } 0 .. max($#a, $#b);
	return sprintf "%d rows, %d expected; got:      %s\n expected: %s", scalar @a, scalar @b, $a[$i] // 'nothing', $b[$i] // 'nothing';
}

# ------------------------------------------------------------------- several at once

$server->clock($start);
sub at_once
{
	my ($n, @before) = @_;
	my @sessions = map { begin(@before, 'CALL paperfeed.refresh()') } 1 .. $n;
	return join '', map { finish($_) } @sessions;
}

foreach my $n (2, 4)
{
	feeds(map { ([ 0, 'slow', $_ ], [ 1, 'daily', $_ ], [ 2, 'hourly', $_ ]) } 1 .. 15);
	my $errors = at_once($n);
	unlike($errors, qr/ERROR/, "$n refreshes at once");
	is(sum0($errors =~ /(\d+) feeds asked/g), 45, 'ask each feed');
	is(scalar requests(), 45, 'once');
	is(sql('SELECT count(*), count(DISTINCT feed) FROM paperfeed.runs'), '45|45', 'as runs says');
}

# Turns of several hosts: each waits for none while it has another.
sql(q{UPDATE paperfeed.hosts SET spacing = '4 ms'});
foreach my $round (1 .. 4)
{
	sql(q{UPDATE paperfeed.feeds SET next_check = to_timestamp(hashint8(id + } . $round . q{)::bigint + 2147483648), last_checked = NULL});
	unlike(at_once(4), qr/ERROR|deadlock/, "with spacing, $round");
}
is(sql(q{SELECT count(*) FROM paperfeed.feeds WHERE last_error LIKE '%deadlock%'}), '0', 'no feed is said to fail');

# ------------------------------------------------------------------- while it is under way

sub wait_for_requests { my ($n) = @_; for (1 .. 500) { return if requests() >= $n; sleep 0.01; } die 'no request'; }

feeds([ 0, 'late', 1 ], [ 0, 'late', 2 ], [ 0, 'late', 3 ], [ 0, 'late', 4 ]);
my $under_way = begin('CALL paperfeed.refresh()');
wait_for_requests(4);
sql(q{DELETE FROM paperfeed.feeds WHERE id = 1});
sql(q{UPDATE paperfeed.feeds SET state = 'paused', next_check = NULL, why = 'a rest' WHERE id = 2});
my $holder = begin(q{BEGIN; UPDATE paperfeed.feeds SET tags = '{held}' WHERE id = 3; SELECT pg_sleep(1.5); COMMIT});
my $begun  = time;
like(finish($under_way), qr/2 feeds asked/, 'it does not wait for who has a feed\'s row');
cmp_ok(time - $begun, '<', 1.3, 'but ends');
is(sql(q{SELECT DISTINCT feed FROM paperfeed.sightings ORDER BY 1}), "2\n4", 'a feed that was removed meanwhile brings nothing');
is(sql(q{SELECT state, next_check, why, status FROM paperfeed.feeds WHERE id = 2}), 'paused||a rest|ok', 'one that was paused stays so');
is(sql(q{SELECT last_checked FROM paperfeed.feeds WHERE id = 3}), '', 'the one that was held is due as before');
$server->forget;
like(refresh(), qr/ 0 feeds asked/, 'while it is held');
is(scalar requests(), 0, 'it is not asked in vain');
finish($holder);
like(refresh(), qr/ 1 feeds asked/, 'afterwards it is');

# A row of hosts that somebody has: its feeds wait, others do not.
feeds([ 0, 'daily', 1 ], [ 1, 'daily', 2 ]);
sql(q{INSERT INTO paperfeed.hosts (host, spacing) VALUES ('127.0.0.1', '10 ms'), ('127.0.0.2', '10 ms')});
$holder = begin(q{BEGIN; UPDATE paperfeed.hosts SET subdomains = false WHERE host = '127.0.0.1'; SELECT pg_sleep(60)});
$node->poll_query_until($database, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
$begun = time;
my $said = finish(begin(q{CALL paperfeed.refresh(max_time => '0.3 s')}));
like($said, qr/ 1 feeds asked/, 'a host whose row is held waits');
cmp_ok(time - $begun, '<', 5, 'not for ever');
sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
finish($holder);

# An answer to what was asked before the host was busy does not take back its word.
feeds([ 0, 'late', 1 ], [ 0, 'busy', 1 ]);
refresh();
is(sql(q{SELECT refusals, blocked_until > now() + '50 min' FROM paperfeed.hosts}), '1|t', 'Retry-After stands');

# Where less may be asked than is wanted it goes round.
feeds(map { [ 0, 'daily', $_ ] } 1 .. 3);
sql(q{UPDATE paperfeed.feeds SET every = '1 hour'});
sql(q{INSERT INTO paperfeed.hosts (host, spacing) VALUES ('127.0.0.1', '1 hour')});
$begun = time;
foreach my $i (0 .. 8)
{
	sql(q{UPDATE paperfeed.hosts SET next_request = NULL});
	$said = refresh(with_clock($start + $i * 3700));
}
cmp_ok(time - $begun, '<', 10, 'what may not be asked for long is put off');
is(sql('SELECT feed, count(*) FROM paperfeed.runs GROUP BY 1 ORDER BY 1'), "1|3\n2|3\n3|3", 'each has its turn');
is(sql('SELECT DISTINCT why FROM paperfeed.feeds WHERE id < 3'), 'its host is to be asked more rarely (paperfeed.hosts.spacing)', 'and says why');

# ------------------------------------------------------------------- what cannot be written or asked

feeds([ 0, 'daily', 1 ], [ 0, 'daily', 2 ], [ 0, 'daily', 3 ], [ 0, 'hourly', 1 ]);
sql(q{
	CREATE TABLE mine OF paperfeed.paper (PRIMARY KEY (id));
	CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		IF NEW.title ~ TG_ARGV[0] THEN RAISE 'not %', NEW.title; END IF;
		RETURN NEW;
	END $$;
	CREATE TRIGGER at_once BEFORE INSERT ON paperfeed.papers FOR EACH ROW EXECUTE FUNCTION refuse('^Paper 2 of daily 1$');
	CREATE CONSTRAINT TRIGGER later AFTER INSERT ON paperfeed.papers DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION refuse('^Paper 2 of daily 2$');
	UPDATE paperfeed.feeds SET target = 'mine' WHERE id = 3});
like(refresh(), qr/4 feeds asked, \d+ papers new or changed, 2 feeds failed/, 'papers that a trigger refuses');
is(sql(q{SELECT id, status, last_error, etag IS NULL FROM paperfeed.feeds ORDER BY id}),
	"1|failed|not Paper 2 of daily 1|t\n2|failed|not Paper 2 of daily 2|t\n3|ok||f\n4|ok||f", 'are their feed\'s failure, now or at the commit');
is(sql(q{SELECT string_agg(DISTINCT feed::text, ' ') FROM paperfeed.sightings}), '3 4', 'which brings nothing');
sql('DROP TRIGGER at_once ON paperfeed.papers; DROP TRIGGER later ON paperfeed.papers; UPDATE paperfeed.feeds SET next_check = now()');
like(refresh(), qr/4 feeds asked, \d+ papers new or changed, 0 feeds failed/, 'until they are taken');
is(sql(q{SELECT count(DISTINCT feed), bool_and(errors = 0) FROM paperfeed.sightings JOIN paperfeed.feeds ON id = feed}), '4|t', 'then nothing is missing');

feeds([ 0, 'daily', 1 ], [ 0, 'odd', 2 ]);
sql(qq{INSERT INTO paperfeed.feeds (url, headers, state, next_check, every) SELECT url, headers::text[], 'active', '2000-01-01', every::interval FROM (VALUES
	('http://127.0.0.1:@{[$server->port]}/daily/3', '{NULL}', NULL), ('http://127.0.0.1:@{[$server->port]}/daily/4', E'{"X: y\\r\\nHost: z"}', NULL),
	('http://\xc3\x84.localhost/', NULL, NULL), ('', NULL, NULL), ('file:/etc/passwd', NULL, NULL), ('http://[::1', NULL, NULL),
	('http://127.0.0.1:99999/', NULL, NULL), ('http://127.0.0.1:@{[$server->port]}/daily/5', NULL, '366 days')) AS v (url, headers, every)});
$said = refresh();
like($said, qr/10 feeds asked, \d+ papers new or changed, \d feeds failed/, 'odd rows');
is(sql(q{SELECT count(*) FROM paperfeed.feeds WHERE last_checked IS NULL}), '0', 'are all noted');
is(sql(q{SELECT string_agg(id::text, ' ' ORDER BY id) FROM paperfeed.feeds WHERE status <> 'failed' AND id <> 2}), '1 3 10', 'as what they are');
is(sql(q{SELECT count(*) FROM paperfeed.hosts WHERE host LIKE '%localhost'}), '0', 'where a redirect leads, no row is made');
like(refresh(), qr/ 0 feeds asked/, 'and are not due at once');

# What comes while others are written does not come too late.
feeds((map { [ 0, 'still', $_ ] } 1 .. 15), [ 1, 'late', 1 ]);
sql(q{
	CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.15); RETURN NULL; END $$;
	CREATE TRIGGER slowly BEFORE INSERT ON paperfeed.papers EXECUTE FUNCTION linger()});
$said = finish(begin(q{SET paperfeed.host_connections = 16}, q{SET paperfeed.fetch_timeout = '1.5 s'}, 'CALL paperfeed.refresh(concurrency => 16)'));
like($said, qr/16 feeds asked, \d+ papers new or changed, 0 feeds failed/, 'while feeds are written others can answer')
  or diag sql('SELECT feed, elapsed, error FROM paperfeed.runs');
sql('DROP TRIGGER slowly ON paperfeed.papers');

my @connects = PaperfeedNet::connects();
is(scalar(grep { !/^(?:127\.|::1|::ffff:127\.)/ } @connects), 0, 'nothing but loopback was asked');

$server->stop;
$node->stop;
done_testing();
