#!/usr/bin/perl
# Measure refresh(), and print a table; refresh.sh sets the stage.
#
# The feeds are those of the tests' server on 127.0.0.1, a process of its own that
# needs a core: "still" ones answer after 50 ms, "quick" ones at once.  CPU time and
# memory are the backend's, from /proc: VmHWM less what it was when the measurement
# began, so that what the shared buffers have is told apart as far as it can be.

use strict;
use warnings;

use BenchSession;
use PaperfeedFaults;
use POSIX ();
use Time::HiRes qw(time);

my $feeds  = $ENV{BENCH_FEEDS};
my $start  = 1772409600;
my $day    = 86400;
my $server = PaperfeedFaults->new(hosts => 10, start => $start);
my $db     = BenchSession->new($ENV{BENCH_PSQL});
my $pid;

# What it is at that time: after a week each document has ten papers.
sub clock
{
	my ($t) = @_;
	$server->clock($t);
	$db->query("SET paperfeed.clock = '" . POSIX::strftime('%Y-%m-%d %H:%M:%SZ', gmtime $t) . "'");
	return;
}

sub proc { my ($file) = @_; open my $f, '<', "/proc/$pid/$file" or die "$!"; local $/; return <$f>; }

sub cpu    { my @s = split ' ', proc('stat') =~ s/^.*\) //r; return ($s[11] + $s[12]) * 1000 / POSIX::sysconf(POSIX::_SC_CLK_TCK()); }
sub memory { my ($what) = @_; return proc('status') =~ /^$what:\s*(\d+)/m ? $1 / 1024 : die "no $what"; }

# Seconds, ms of CPU time, MB more than before.
sub refresh
{
	my ($arguments) = @_;
	if (open my $f, '>', "/proc/$pid/clear_refs") { print $f 5; close $f; }
	my ($cpu, $memory, $wall) = (cpu(), memory('VmRSS'), time);
	$db->query("CALL paperfeed.refresh($arguments)");
	return (time - $wall, cpu() - $cpu, memory('VmHWM') - $memory);
}

sub begin
{
	$db->close if $db;
	$db  = BenchSession->new($ENV{BENCH_PSQL});
	$pid = $db->query('SELECT pg_backend_pid()');
	return;
}

sub feeds
{
	my ($kind, $n) = @_;
	$db->query('TRUNCATE paperfeed.feeds, paperfeed.hosts, paperfeed.runs, paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions');
	$db->query('INSERT INTO paperfeed.feeds (url, state, next_check) VALUES '
		  . join ', ', map { "('" . $server->url($_ % 10, $kind, $_) . "', 'active', '2000-01-01')" } 1 .. $n);
	return;
}

sub due_again { my ($n) = @_; return $db->query("UPDATE paperfeed.feeds SET next_check = '2000-01-01' WHERE id IN (SELECT id FROM paperfeed.feeds ORDER BY id LIMIT $n)"); }

sub outcome
{
	return $db->query(
		q{SELECT string_agg(n || ' ' || what, ', ') FROM (SELECT count(*) AS n, status || COALESCE(' ' || http_status, '') AS what
			FROM paperfeed.runs WHERE id > (SELECT COALESCE(max(id), 0) FROM seen) GROUP BY 2 ORDER BY 1 DESC) AS r})
	  . ($db->query('INSERT INTO seen SELECT max(id) FROM paperfeed.runs') // '');
}

sub row
{
	my ($name, $n, $wall, $cpu, $memory, $note) = @_;
	printf "  %-46s %8.2f %10.2f %8.1f   %s\n", $name, $wall, $cpu / $n, $memory, $note // '';
	return;
}

sub bar { my ($bar, $got, $unit) = @_; return sprintf 'bar %s %s %s', $bar, $unit, $got <= $bar ? 'holds' : 'FALLS SHORT'; }

begin();
$db->query('CREATE EXTENSION IF NOT EXISTS paperfeed');
$db->query('CREATE TABLE seen (id bigint)');
printf "  %-46s %8s %10s %8s\n", 'refresh()', 's', 'CPU ms each', 'MB more';

feeds('still', $feeds);
begin();
clock($start + 7 * $day);
my ($wall, $cpu, $memory) = refresh('concurrency => 32');
my $papers = $db->query('SELECT count(*) FROM paperfeed.papers');
row("$feeds feeds after 50 ms, all new", $feeds, $wall, $cpu, $memory, outcome() . ", $papers papers; " . bar(128, $memory, 'MB'));

due_again($feeds);
($wall, $cpu, $memory) = refresh('concurrency => 32');
my $at_once = $wall;
row('... again, at most 32 at once', $feeds, $wall, $cpu, $memory, outcome());

due_again(100);
($wall, $cpu, $memory) = refresh('concurrency => 1');
row('... 100 of them, one after the other', 100, $wall, $cpu, $memory, outcome());
printf "  %-46s %8.2f %29s %.0f times as long\n", "... that is for $feeds", $wall * $feeds / 100, '', $wall * $feeds / 100 / $at_once;

feeds('quick', $feeds);
begin();
clock($start + 7 * $day);
($wall, $cpu, $memory) = refresh('concurrency => 8');
row("$feeds feeds at once, all new, ten papers", $feeds, $wall, $cpu, $memory, outcome());
foreach my $settings ('', 'paperfeed.host_spacing = 1')
{
	due_again($feeds);
	$db->query("SET $settings") if $settings;
	($wall, $cpu, $memory) = refresh('concurrency => 8');
	row('... again' . ($settings ? ", with spacing of 1 ms" : ''), $feeds, $wall, $cpu, $memory, outcome() . ($settings ? '' : '; ' . bar(1, $cpu / $feeds, 'ms')));
}

feeds('fresh', $feeds);
begin();
clock($start + 7 * $day);
refresh('concurrency => 8');
outcome();
clock($start + 8 * $day);
($wall, $cpu, $memory) = refresh('concurrency => 8');
row("$feeds feeds, eleven papers, one of them new", $feeds, $wall, $cpu, $memory, outcome());

feeds('large', 32);
begin();
clock($start + 7 * $day);
($wall, $cpu, $memory) = refresh('concurrency => 32');
$papers = $db->query('SELECT count(*) FROM paperfeed.papers');
my $bytes = $db->query('SELECT max(bytes) / 1000000 FROM paperfeed.runs WHERE id > (SELECT max(id) FROM seen)');
row("32 feeds of $bytes MB, all at once", 32, $wall, $cpu, $memory, outcome() . ", $papers papers");

$db->close;
$server->stop;
