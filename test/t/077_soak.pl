# If this fails, over days and weeks refresh() asks feeds too often or forgets them, loses or doubles
# papers, holds what ailing feeds do against others, or grows.
#
# Feeds of every fault for ten days, or PAPERFEED_SOAK=full: more of them for thirty.  The time is
# paperfeed.clock, told to the server, too.  PAPERFEED_SOAK_DAYS=N for so many days.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use List::Util qw(max min sum0);
use PaperfeedFaults;
use PaperfeedNet;
use PaperfeedSession;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'needs /proc' unless -d '/proc/self/fd';

my $full  = ($ENV{PAPERFEED_SOAK} // '') eq 'full';
my $days  = $ENV{PAPERFEED_SOAK_DAYS} // ($full ? 30 : 10);
my $times = $full ? 4 : 1;
my $hour  = 3600;
my $day   = 24 * $hour;
my $start = 1772409600;           # Monday, 2026-03-02 00:00 UTC
my $end   = $start + $days * $day;
my $step  = $hour / 2;

# Kinds of feeds: how many, and the host they are on.
my %kinds = (
	daily => [ 8, 0 ], hourly => [ 3, 0 ], weekly => [ 3, 1 ], burst => [ 3, 1 ], stale => [ 3, 1 ],
	'stale-liar' => [ 1, 1 ], bytes => [ 2, 1 ], skip => [ 2, 0 ], ttl => [ 1, 0 ], maxage => [ 1, 0 ],
	every => [ 1, 0 ], flap => [ 2, 1 ], heal => [ 2, 1 ], sick => [ 1, 1 ], charset => [ 1, 1 ],
	found => [ 1, 0 ], moved => [ 2, 0 ], 'sulk-after' => [ 3, 2 ], sulk => [ 2, 3 ], slow => [ 2, 4 ],
	stall => [ 2, 4 ], freeze => [ 1, 4 ], reset => [ 1, 5 ], lost => [ 1, 5 ], gone => [ 1, 5 ],
	unavailable => [ 1, 6 ], loop => [ 1, 5 ], bomb => [ 1, 5 ], huge => [ 1, 5 ], empty => [ 1, 5 ],
	html => [ 1, 5 ], cut => [ 1, 5 ], lie => [ 1, 5 ],);
my %failing = map { $_ => 1 } qw(stall freeze reset lost unavailable loop bomb huge empty html lie);
my %shy     = map { $_ => 1 } qw(skip heal sulk sulk-after cut gone moved);    # asked more rarely at times

my $server = PaperfeedFaults->new(hosts => 7, start => $start);
my $node   = PostgreSQL::Test::Cluster->new('soak');
$node->init;
$node->append_conf(
	'postgresql.conf', qq{
	shared_preload_libraries = 'paperfeed'
	paperfeed.allow_private_hosts = '127.0.0.0/8'
	paperfeed.host_spacing = 0
	paperfeed.host_connections = 4
	paperfeed.fetch_timeout = '400ms'
	paperfeed.max_body_size = '2MB'
	paperfeed.keep_runs = 1000
	timezone = 'UTC'});
{
	local %ENV = (%ENV, PaperfeedSession::environment());
	PaperfeedNet::start($node);
}
sub sql { return $node->safe_psql('postgres', $_[0]); }

# A feed's number in the server and its id in the database are told by each other.
my %feeds;
my @rows;
foreach my $kind (sort keys %kinds)
{
	my ($n, $host) = @{ $kinds{$kind} };
	foreach my $number (1 .. $n * $times)
	{
		# One of the moved ones leads to where another feed is.
		my $of = $kind eq 'moved' && $number % 2 == 0 || $kind eq 'found' ? 1000 + $number : $number;
		push @rows, sprintf "('%s', 'active', to_timestamp(%d), to_timestamp(%d), %s)", $server->url($host, $kind, $of),
		  $start, $start, $kind eq 'every' ? q{interval '1 hour'} : 'NULL';
		$feeds{"$kind/$of"} = { kind => $kind, number => $of, host => $host, id => scalar @rows };
	}
}
sql('CREATE EXTENSION paperfeed');
sql('INSERT INTO paperfeed.feeds (url, state, next_check, added_at, every) VALUES ' . join ', ', @rows);
note scalar(@rows) . " feeds, $days days";

# ------------------------------------------------------------------- the days go by

my $session = PaperfeedSession->new($node);
my $proc    = '/proc/' . $session->pid;
my @memory;
my ($asked, $t) = (0, $start);
my $descriptors;
my $began = time;

sub memory { return slurp_file("$proc/status") =~ /^RssAnon:\s*(\d+) kB/m ? $1 : die 'no RssAnon'; }

# Sockets and the like: files of tables are PostgreSQL's own business.
sub files { return scalar grep { (readlink($_) // '/') !~ m{^/} } glob "$proc/fd/*"; }

while ($t < $end)
{
	my $age = ($t - $start) / $day;

	# On the fifth day there is less room than is wanted, on the sixth less time.
	my $limits = $age >= 4 && $age < 5 ? 'max_feeds => ' . int(@rows / 12)
	  : $age >= 5 && $age < 6 ? q{max_time => '30 ms', concurrency => 4}
	  :                         '';
	my $clock = POSIX::strftime('%Y-%m-%d %H:%M:%SZ', gmtime $t);
	$server->clock($t);
	$session->query("SET paperfeed.clock = '$clock'; CALL paperfeed.refresh($limits)");
	$descriptors //= files();
	push @memory, memory() if ($t - $start) % $day == 0 && $t > $start;
	$t += $age < 1 ? $hour / 6 : $step;
}
my $last = $t - $step;    # the last refresh
note sprintf '%d s of real time; memory in kB day by day: %s', time - $began, join ' ', @memory;

my @log = grep { $_->[2] ne 'clock' } $server->log;
note scalar(@log) . ' requests';

# ------------------------------------------------------------------- what the backend has left

cmp_ok(files(), '<=', $descriptors, 'no file is left open');
cmp_ok($memory[-1], '<=', $memory[4] + 1024, 'memory is what it was on the fifth day');
is(sql('SELECT count(*) FROM paperfeed._jobs'), '0', 'no job is left');
is(sql(sprintf q{SELECT count(*) FROM pg_locks WHERE pid = %d}, $session->pid), '0', 'no lock is held');
is($session->query(q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'paperfeed %'
	AND (name LIKE '%refresh%' OR name LIKE '%lock%' OR name LIKE '%fetch%' OR name LIKE '%batch%')}),
	'0', 'no memory context of a refresh');

# ------------------------------------------------------------------- how often

my (%asked, %of_host);
foreach (@log)
{
	my ($at, $host, $kind, $number, $status) = @$_;
	push @{ $asked{"$kind/$number"} }, [ $at, $status ];
	push @{ $of_host{$host} }, [ $at, $status ];
}

# What each feed was asked, redirects included.
sub asked { my ($feed) = @_; return map { $_->[0] } @{ $asked{"$feed->{kind}/$feed->{number}"} // [] }; }

sub of_kind { my ($kind) = @_; return map { $feeds{$_} } sort grep { $feeds{$_}{kind} eq $kind } keys %feeds; }

sub gaps { my @at = @_; return map { $at[$_] - $at[ $_ - 1 ] } 1 .. $#at; }

# Those for which it does not hold.
sub none_of
{
	my ($name, @bad) = @_;
	is(join(' ', @bad), '', $name);
	return;
}
sub named { my ($feed, $what) = @_; return sprintf '%s/%s:%.2f', @$feed{qw(kind number)}, $what; }

my (@too_often, @forgotten, @stubborn);
my $bound = 2 + POSIX::ceil(log($days * 48 + 1) / log 2);
foreach my $feed (map { $feeds{$_} } sort keys %feeds)
{
	my @at   = asked($feed);
	my @gaps = gaps(@at);
	# A connection that was used before and is reset is tried anew at once.
	@gaps = grep { $_ > 0 } @gaps if $feed->{kind} eq 'reset' || $feed->{kind} eq 'flap' && $feed->{number} % 2 == 0;
	# The loop's hops are all its own, and daily feeds are where others are led to.
	if ($feed->{kind} ne 'loop' && $feed->{kind} ne 'daily')
	{
		my $least = $feed->{kind} eq 'every' ? $hour : 15 * 60;
		push @too_often, named($feed, min(@gaps) / 60) if @gaps && min(@gaps) < $least;
	}
	if ($failing{ $feed->{kind} })
	{
		my %calls = map { $_ => 1 } @at;
		push @stubborn, named($feed, scalar keys %calls) if keys %calls > $bound || keys %calls < 5;
	}
	elsif (!$shy{ $feed->{kind} })
	{
		my $longest = max($at[0] - $start, $last - $at[-1], @gaps);
		push @forgotten, named($feed, $longest / $hour) if $longest > 1.05 * $day + $step + $hour;
	}
}
none_of('no feed is asked twice within 15 minutes', @too_often);
none_of('each is asked daily', @forgotten);
none_of("one that fails all the time is asked 5 to $bound times", @stubborn);

sub rates
{
	my ($kind, $from, $to, $least, $most) = @_;
	my @bad;
	my ($lowest, $highest) = (9e9, 0);
	foreach my $feed (of_kind($kind))
	{
		my $rate = (grep { $_ >= $from && $_ < $to } asked($feed)) / (($to - $from) / $day);
		push @bad, named($feed, $rate) if $rate < $least || $rate > $most;
		$lowest  = min($lowest,  $rate);
		$highest = max($highest, $rate);
	}
	none_of(sprintf('%s feeds: %.1f to %.1f times a day', $kind, $lowest, $highest), @bad);
	return;
}
my $late = $start + 6 * $day;    # all is known, and nothing is scarce
rates('hourly', $start, $start + $day, 40, 72);
rates('hourly', $late, $end, 40, 48);
rates('bytes',      $late, $end,             6,   9);
rates('weekly',     $late, $end,             0.9, 5);
rates('ttl',        $late, $end,             3,   4.1);
rates('maxage',     $late, $end,             3,   4.1);
rates('every',      $late, $end,             22,  24);
rates('stale',      $start + 8 * $day, $end, 0.5, 1.5);
rates('stale-liar', $start + 8 * $day, $end, 0.5, 1.5);
none_of('what never changes is asked ever less often',
	map { my @at = asked($_); (grep { $_ < $start + 2 * $day } @at) > 2 * (grep { $_ >= $end - 2 * $day } @at) ? () : named($_, scalar @at) }
	  of_kind('stale'));
# What was due before may be asked at the next step, and later when there was no room.
sub skipped { my @t = gmtime $_[0]; return $t[6] % 6 == 0 || $t[2] < 6; }
none_of('days and hours that a feed skips are kept free',
	map {
		my $feed = $_;
		map { skipped($_) && skipped($_ - $step) ? named($feed, ($_ - $start) / $day) : () }
		  grep { $_ > $start && ($_ < $start + 4 * $day || $_ > $late) } asked($feed)
	} of_kind('skip'));
none_of('what is gone for good is not asked again',
	map { (grep { $_->[1] == 410 } @{ $asked{"$_->{kind}/$_->{number}"} }) == 1 ? () : named($_, 0) } of_kind('gone'));

# A host that is busy for everybody.
my ($busy) = grep { /\.3$/ } keys %of_host;
my @refusals = map { $_->[0] } grep { $_->[1] == 429 } @{ $of_host{$busy} };
cmp_ok(scalar @refusals, '>=', 2, 'a host was busy');
none_of('Retry-After holds for all of its feeds',
	map { my $at = $_; map { "$_->[0] after $at" } grep { $_->[0] > $at && $_->[0] < $at + 7200 } @{ $of_host{$busy} } } @refusals);

# ------------------------------------------------------------------- nothing lost, nothing doubled

# Papers that a feed has shown for long enough.
my %slack = (weekly => 30, burst => 30, skip => 75, ttl => 8, maxage => 8, flap => 8, heal => 70, sulk => 20,
	'sulk-after' => 20, hourly => 3, every => 3);
my @expected;
foreach my $feed (map { $feeds{$_} } sort keys %feeds)
{
	my ($kind, $number) = @$feed{qw(kind number)};
	next if $failing{$kind} || $kind eq 'cut' || $kind eq 'gone';
	my $source = $kind eq 'moved' || $kind eq 'found' ? 'daily' : $kind;
	my $must   = $last - ($slack{$kind} // 6) * $hour;
	my $to     = $last;
	# Where it has moved to another feed's address, that one goes on.
	($must, $to) = ($start, $start + 1.5 * $day) if $kind eq 'moved' && $number < 1000;
	my @shown = reverse PaperfeedFaults::visible($source, $number, $start, $start);
	foreach (@shown, PaperfeedFaults::papers($source, $number, $start, $start, $to))
	{
		my ($k, $at) = @$_;
		push @expected, join "\t", PaperfeedFaults::doi($source, $number, $k), $feed->{id}, $kind, $at, $at <= $must ? 't' : 'f';
	}
}
sql("CREATE TABLE expected (doi text, feed bigint, kind text, at double precision, must boolean);\nCOPY expected FROM STDIN;\n"
	  . join("\n", @expected) . "\n\\.\n");
my $papers = sql(q{SELECT count(DISTINCT doi) FROM expected WHERE must});
cmp_ok($papers, '>', 100, "$papers papers were shown for long enough");
is(sql(q{SELECT string_agg(DISTINCT e.doi, ' ') FROM expected AS e WHERE must AND NOT EXISTS (SELECT FROM paperfeed.papers AS p WHERE p.doi = e.doi)}),
	'', 'all of them are there');
is(sql(q{SELECT string_agg(p.doi, ' ') FROM paperfeed.papers AS p WHERE p.doi LIKE '10.5555/%'
	AND p.doi !~ '^10.5555/(cut|gone)' AND NOT EXISTS (SELECT FROM expected AS e WHERE p.doi = e.doi)}), '', 'and no others');
is(sql(q{SELECT string_agg(title, ' ') FROM (SELECT title FROM paperfeed.papers GROUP BY 1 HAVING count(*) > 1) AS t}), '', 'none is there twice');
is(sql(q{SELECT string_agg(e.doi || ' in ' || e.feed, ' ') FROM expected AS e WHERE must
	AND NOT EXISTS (SELECT FROM paperfeed.sightings AS s WHERE s.paper = ('doi:' || e.doi)::paperfeed.paperid AND s.feed = e.feed)}),
	'', 'each was seen in each of its feeds');
is(sql(q{SELECT count(*) FROM paperfeed.sightings AS s JOIN paperfeed.papers AS p ON p.id = s.paper WHERE p.doi LIKE '10.5555/%'
	AND p.doi !~ '^10.5555/(cut|gone)' AND NOT EXISTS (SELECT FROM expected AS e WHERE p.doi = e.doi AND s.feed = e.feed)}), '0', 'and in no other');
is(sql(q{SELECT count(*) FROM paperfeed.papers WHERE title ~ 'Stra' AND (title !~ 'Straße' OR authors <> '{Jürgen K}')}), '0', 'a wrong label of the charset is seen through');
is(sql(q{SELECT count(*) FROM expected AS e JOIN paperfeed.papers AS p USING (doi)
	WHERE must AND kind IN ('daily', 'hourly', 'flap') AND at < (SELECT max(at) FROM expected) - 86400 * 3
	AND split_part(doi, '.', 4)::integer % 5 = 0 AND abstract NOT LIKE 'Revised%'}), '0', 'revisions have come');
is(sql(q{SELECT string_agg(DISTINCT paper::text, ' ') FROM (SELECT paper, count(*) AS n FROM paperfeed.revisions GROUP BY 1) AS r WHERE n > 1}), '', 'once each');
is(sql(q{SELECT count(*) FROM paperfeed.runs}), sql(q{SELECT sum(count) FROM (SELECT count(*) FROM paperfeed.runs GROUP BY feed, started_at) AS r}),
	'each attempt is noted');

# How long a new paper waited for the feed to be asked.
sub waits
{
	my ($kind, $most) = @_;
	my $longest = 0;
	foreach my $feed (of_kind($kind))
	{
		my @at = asked($feed);
		foreach (PaperfeedFaults::papers($kind, $feed->{number}, $start, $late, $last))
		{
			my $published = $_->[1];
			shift @at while @at && $at[0] < $published;
			$longest = max($longest, ($at[0] // $last) - $published);
		}
	}
	$longest /= $hour;
	cmp_ok($longest, '<=', $most, sprintf '%s: a new paper waits %.1f hours at most', $kind, $longest);
	return;
}
waits('daily',  4.5);
waits('hourly', 1.1);
waits('bytes',  4.5);
waits('slow',   4.5);
waits('weekly', 26.5) if $days >= 14;

# ------------------------------------------------------------------- what is said in the end

sub ends
{
	my ($kind, $columns, $expected) = @_;
	my $got = sql(
		"SELECT DISTINCT $columns FROM paperfeed.feeds WHERE id IN (" . join(',', map { $_->{id} } of_kind($kind)) . ') ORDER BY 1');
	like($got, $expected, "$kind: $columns");
	return;
}
my $often = qr/every [34] hours: (something new about every|nothing new for)/;
ends('daily',  'state, errors, why',                     qr/^(active\|0\|$often[^\n]*\n?)+$/);
ends('hourly', 'state, errors, why',                     qr/^(active\|0\|every 1[5-9] minutes:[^\n]*\n?)+$/);
ends('weekly', 'errors, state',                          qr/^0\|active$/);
ends('ttl',    'why, ttl',                               qr/^in 6 hours: it says.*\(ttl\)\|06:00:00$/);
ends('maxage', 'why',                                    qr/^in 6 hours: its server says that it stays as it is until then$/);
ends('every',  'why',                                    qr/^every 1 hour, as was asked for$/);
ends('stale',  'status, why',                            qr/^unchanged\|every (1 day|2[0-4] hours): nothing new for/);
ends('bytes',  'status, http_status',                    qr/^(unchanged|ok)\|200(\n(unchanged|ok)\|200)?$/);
ends('skip',   'skip_days, skip_hours',                  qr/^Saturday,Sunday\|0,1,2,3,4,5$/);
ends('sick',   'state, status, last_error IS NOT NULL',  qr/^active\|(unchanged|recovered)\|t$/);
ends('gone',   'state, next_check, why',                 qr/^ended\|\|its server says that it is gone for good/);
ends('heal',   'state, errors',                          qr/^active\|0$/);
ends('found',  q{state, errors, url ~ '/found/', moved_to}, qr/^active\|0\|t\|$/);
ends('moved',  q{state, url ~ '/daily/1', moved_to IS NULL}, qr/^active\|t\|t\nended\|f\|f$/);
ends($_, q{state, status, next_check > last_checked + '1 day', why ~ 'it failed \d+ times in a row'}, qr/^active\|failed\|t\|t$/)
  foreach sort keys %failing;
ends('lost',        'http_status, last_error', qr/^404\|.*404/);
ends('stall',       'http_status, last_error', qr/^\|.*(timed out|time|took longer)/i);
ends('unavailable', 'http_status, why',        qr/^503\|/);
is(sql(q{SELECT count(*) FROM paperfeed.feeds WHERE state = 'active' AND next_check IS NULL}), '0', 'each that is asked has its time');
is(sql(sprintf q{SELECT count(*) FROM paperfeed.feeds WHERE next_check < to_timestamp(%d)}, $last - $hour), '0', 'and none is overdue');

if ($full)
{
	foreach my $kind (sort keys %kinds)
	{
		my @n = map { scalar(() = asked($_)) } of_kind($kind);
		note sprintf '%-12s %3d feeds, %.1f to %.1f requests a day', $kind, scalar @n, min(@n) / $days, max(@n) / $days;
	}
}
my @connects = PaperfeedNet::connects();
is(scalar(grep { !/^127\./ } @connects), 0, 'nothing but loopback was asked');

$session->close;
$server->stop;
$node->stop;
done_testing();
