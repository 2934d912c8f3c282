# If this fails, a source that does not answer holds a backend: cancel and
# statement_timeout must end a request within 200 ms, at each of its stages,
# with their own SQLSTATE, and leave nothing behind.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IO::Socket::IP;
use IPC::Run ();
use PaperfeedHttp;
use PaperfeedNet;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $max_ms = 200;

my $http = PaperfeedHttp->new;
my $node = PostgreSQL::Test::Cluster->new('cancel');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'paperfeed'");
$node->append_conf('postgresql.conf', "paperfeed.allow_private_hosts = '127.0.0.1'");
$node->append_conf('postgresql.conf', "paperfeed.fetch_timeout = '60s'");
$node->append_conf('postgresql.conf', "paperfeed.connect_timeout = '60s'");
PaperfeedNet::start($node);

# Fetch, and say how it ended and when.
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION paperfeed;
	CREATE FUNCTION ended(urls text[], OUT state text, OUT ms float8, OUT at timestamptz)
	LANGUAGE plpgsql AS $$
	DECLARE
		start timestamptz := clock_timestamp();
	BEGIN
		BEGIN
			PERFORM paperfeed.http_get(urls);
			state := '00000';
		EXCEPTION WHEN query_canceled OR admin_shutdown THEN
			state := sqlstate;
		END;
		at := clock_timestamp();
		ms := extract(epoch FROM at - start) * 1000;
	END $$});

# Let the session of that name get into its wait; its process.
sub waiting
{
	my ($app) = @_;
	my $from = "FROM pg_stat_activity WHERE application_name = '$app'";

	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 $from AND wait_event_type = 'Extension'")
	  or die 'it does not wait';
	sleep 0.2;
	return $node->safe_psql('postgres', "SELECT pid $from");
}

# A socket that takes no more connections: one to it stays half open.
my $full =
  IO::Socket::IP->new(LocalHost => '127.0.0.1', LocalPort => 0, Listen => 1, Proto => 'tcp')
  or die "could not listen: $@";
my @fillers;
for (1 .. 8)
{
	my $filler = IO::Socket::IP->new(
		PeerHost => '127.0.0.1',
		PeerPort => $full->sockport,
		Proto    => 'tcp',
		Blocking => 0);
	push @fillers, $filler if $filler;
}
sleep 0.2;

my %stages = (
	'no answer'       => $http->url('/stall'),
	'half a document' => $http->url('/stall-body'),
	'a trickle'       => $http->url('/slow'),
	'no connection'   => 'http://127.0.0.1:' . $full->sockport . '/');
$stages{'no address'} = 'http://stall.test/' if PaperfeedNet::stubbed();
my @stages = sort keys %stages;

# statement_timeout
foreach my $stage (@stages)
{
	my ($state, $ms) = split /\|/,
	  $node->safe_psql('postgres',
		"SET statement_timeout = 300; SELECT state, ms FROM ended(ARRAY['$stages{$stage}'])");
	is($state, '57014', "statement_timeout at $stage");
	cmp_ok($ms, '>=', 250,           'not before its time');
	cmp_ok($ms, '<',  300 + $max_ms, 'and soon after it');
}
my ($rc, $out, $err) = $node->psql('postgres',
	"\\set VERBOSITY verbose\nSET statement_timeout = 100;"
	  . "SELECT paperfeed.http_get('$stages{'no answer'}')");
like(
	$err,
	qr/ERROR:  57014: canceling statement due to statement timeout/,
	'with the server\'s own words');

# cancel, from another session
foreach my $stage (@stages)
{
	my ($in, $result, $errors) = ('', '', '');
	my $app  = "stage $stage";
	my $psql = IPC::Run::start(
		[   'psql', '-XAtq', '-d', $node->connstr('postgres'),
			'-c',   "SET application_name = '$app'",
			'-c',   "SELECT state, at FROM ended(ARRAY['$stages{$stage}'])" ],
		'<',
		\$in,
		'>',
		\$result,
		'2>',
		\$errors,
		IPC::Run::timeout(60));
	my $pid   = waiting($app);
	my $asked = $node->safe_psql('postgres', "SELECT clock_timestamp(), pg_cancel_backend($pid)");
	$asked =~ s/\|t$//;
	$psql->finish;
	my ($state, $at) = split /\|/, $result;
	chomp $at;
	is($state, '57014', "cancel at $stage") or diag $errors;
	my $ms = $node->safe_psql('postgres',
		"SELECT extract(epoch FROM '$at'::timestamptz - '$asked') * 1000");
	cmp_ok($ms, '<', $max_ms, 'takes hold soon');
}

# Termination, and a fast shutdown's kind of end.
{
	my ($in, $result, $errors) = ('', '', '');
	my $psql = IPC::Run::start(
		[   'psql', '-XAtq',
			'-d',   $node->connstr('postgres'),
			'-c',   "SET application_name = 'ends'",
			'-c',   "SELECT paperfeed.http_get('$stages{'no answer'}')" ],
		'<',
		\$in,
		'>',
		\$result,
		'2>',
		\$errors,
		IPC::Run::timeout(60));
	my $pid = waiting('ends');
	my $start = time;
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid)");
	$psql->finish;
	cmp_ok(time - $start, '<', 2, 'termination takes hold');
	like(
		$errors,
		qr/terminating connection due to administrator command/,
		'with the server\'s own words');
}

# Afterwards the same session works, with as many files and threads as before.
SKIP:
{
	skip 'files are counted in /proc', 1 unless $^O eq 'linux';
	my @urls = map { $stages{$_} } grep { $_ ne 'no address' } @stages;
	my $many = join ',', map { "'$_'" } (@urls) x 3;
	my $text = $http->url('/text');
	my $tell = sprintf q{
		SET statement_timeout = 0;
		SELECT 'works: ' || (paperfeed.http_get('%s')).status;
		SELECT 'contexts: ' || count(*)
		  FROM pg_backend_memory_contexts WHERE name LIKE 'paperfeed%%';
		SELECT 'files: ' || %s;
		SELECT 'threads: ' || %s;
		SELECT 'memory: ' || %s;
		SET statement_timeout = 5;
	}, $text, PaperfeedNet::files(), PaperfeedNet::threads(), PaperfeedNet::rss();
	my $round = join '', map { "SELECT paperfeed.http_get('$_');\n" } @urls;
	my $tenth = $round x 10 . "SELECT count(*) FROM paperfeed.http_get(ARRAY[$many]);\n";
	my $sql   = $tell x 2 . $tenth x 5 . $tell . $tenth x 5 . $tell;

	my ($code, $result, $errors) = $node->psql('postgres', $sql, on_error_stop => 0);
	my %is;
	push @{ $is{$1} }, $2 while $result =~ /^(\w+): (\S+)$/mg;
	is( scalar(() = $errors =~ /canceling statement due to statement timeout/g),
		100 * @urls + 10,
		'each one was ended');
	is($is{works}[3],    'ok',          'and the session works');
	is($is{files}[3],    $is{files}[1], 'no file descriptor is lost');
	is($is{threads}[3],  1,             'no thread is left');
	is($is{contexts}[3], 0,             'no memory context is left');
	cmp_ok($is{memory}[3] - $is{memory}[2], '<', 1024, 'no memory is lost');
}

# A look-up that was left behind does not hold up what comes next.
SKIP:
{
	skip 'no C compiler for names of our own', 1 unless PaperfeedNet::stubbed();
	my $text = $http->url('/text');
	my ($code, $result, $errors) = $node->psql(
		'postgres', qq{
		SET statement_timeout = 100;
		SELECT paperfeed.http_get('http://stall.test/');
		SET statement_timeout = 2000;
		SELECT status FROM paperfeed.http_get('$text');
		SET paperfeed.connect_timeout = 200;
		SELECT sqlstate, error, elapsed < '400ms' FROM paperfeed.http_get('http://stall.test/');
		SELECT status FROM paperfeed.http_get('$text')}, on_error_stop => 0);
	is( $result,
		"ok\n08001|could not resolve the host of http://stall.test/ within 200 ms|t\nok",
		'a look-up that hangs is left behind');
}

$node->stop;
done_testing();
