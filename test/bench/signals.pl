#!/usr/bin/perl
# Measure lists and votes, and print a table; signals.sh sets the stage.
#
# Lists are asked one after the other through one connection, by pgbench's
# simple protocol, times with parsing and planning.  Votes and the rows they are
# compared with come from 8 connections, each in a transaction of its own, on
# papers by chance; rounds of both follow each other, and the best of each count.

use strict;
use warnings;

use List::Util qw(max sum);

my $place   = $ENV{BENCH_PLACE};
my $seconds = $ENV{BENCH_SECONDS} || 5;
my $clients = 8;
my $rounds  = 3;

sub sql
{
	my ($sql) = @_;

	open my $pipe, '-|', $ENV{BENCH_PSQL}, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', $sql or die "psql: $!";
	my $result = do { local $/; <$pipe> };
	close $pipe or die "psql failed: $sql\n";
	chomp $result;
	return $result;
}

sub pgbench
{
	my ($script, @options) = @_;

	open my $file, '>', "$place/script.sql" or die "$place/script.sql: $!";
	print $file $script;
	close $file;
	open my $pipe, '-|', $ENV{BENCH_PGBENCH}, '-n', '-f', "$place/script.sql", @options or die "pgbench: $!";
	my $output = do { local $/; <$pipe> };
	close $pipe or die "pgbench failed: $script\n";
	return $output;
}

# Milliseconds: the median and the 99th percentile.
sub latencies
{
	my ($script, @options) = @_;

	unlink glob "$place/latency.*";
	pgbench($script, '-c', 1, '-l', "--log-prefix=$place/latency", @options ? @options : ('-T', $seconds));
	my @times = sort { $a <=> $b } map { (split)[2] / 1000 } map { open my $f, '<', $_ or die "$_: $!"; <$f> }
	  glob "$place/latency.*";
	return ($times[ $#times / 2 ], $times[ int($#times * 0.99) ]);
}

sub rate
{
	my ($script) = @_;
	my ($tps) = pgbench($script, '-c', $clients, '-j', 2, '-T', $seconds) =~ /tps = ([0-9.]+) \(without/;

	return $tps;
}

my @table = ([ '', 'p50 ms', 'p99 ms', 'bar' ]);

sub list
{
	my ($name, $bar, $script, @options) = @_;
	my ($p50, $p99) = latencies($script, @options);

	push @table, [ $name, sprintf('%.2f', $p50), sprintf('%.2f', $p99),
		defined $bar ? sprintf('%s %s', $bar, $p50 <= $bar ? 'holds' : 'FALLS SHORT') : '' ];
}

my $papers  = sql('SELECT count(*) FROM paperfeed.papers');
my $hottest = sql('SELECT id FROM paperfeed.trending(1)');
my $most    = sql('SELECT paper FROM paperfeed.heat ORDER BY gross DESC LIMIT 1');

list('trending()', 2, "SELECT * FROM paperfeed.trending();\n");
list('trending() in a category', undef, "SELECT * FROM paperfeed.trending(categories => '{cs.C}');\n");
for my $as_of ('1 second', '1 day', '1 month', '1 year')
{
	list("trending(as_of => $as_of ago)", 1000, "SELECT * FROM paperfeed.trending(as_of => now() - interval '$as_of');\n",
		'-t', 10);
}
list("... by a half-life of $_", undef,
	"SELECT * FROM paperfeed.trending(30, '$_', now() - interval '1 month');\n", '-t', 5)
  for '7 days', '30 days', '3 days';
list('rising()', undef, "SELECT * FROM paperfeed.rising();\n");
list('explain() of the first', 5, "SELECT * FROM paperfeed.explain('$hottest');\n");
list('explain() of any', 5, "\\set n random(1, $papers)\nSELECT * FROM paperfeed.explain(('doi:10.1000/' || :n)::paperfeed.paperid);\n");
list('... as of a month ago', undef,
	"\\set n random(1, $papers)\nSELECT * FROM paperfeed.explain(('doi:10.1000/' || :n)::paperfeed.paperid, as_of => now() - interval '1 month');\n");
list('... of the paper with most signals', undef,
	"SELECT * FROM paperfeed.explain('$most', as_of => now() - interval '1 month');\n", '-t', 10);
list('standings, the 30 best by hot()', undef,
	"SELECT * FROM paperfeed.standings ORDER BY paperfeed.hot(ups, downs, published) DESC NULLS LAST LIMIT 30;\n", '-t', 2);

for my $row (@table)
{
	(my $line = sprintf '  %-40s %10s %10s   %s', @$row) =~ s/\s+$//;
	print "$line\n";
}

# For or against: a reader who comes back to a paper changes his mind every other time.
my $draw   = "\\set n random(1, $papers)\n\\set v 2 * random(0, 1) - 1\n";
my $row    = "(paper, kind, weight, reader) VALUES (('doi:10.1000/' || :n)::paperfeed.paperid, 'vote', :v, current_user);\n";
my $vote   = $draw . "SELECT paperfeed.vote(('doi:10.1000/' || :n)::paperfeed.paperid, :v);\n";
my $bare   = $draw . "INSERT INTO bare $row";
my $signal = $draw . "INSERT INTO paperfeed.signals $row";

printf "\n  %d clients, one transaction each%26s %10s   %s\n", $clients, 'vote/s', 'insert/s', 'ratio (bar 0.5)';
for my $commit ('on', 'off')
{
	my %best;

	local $ENV{PGOPTIONS} = "-c synchronous_commit=$commit";
	for (1 .. $rounds)
	{
		# First votes: with too few papers for them a round would be about changed minds.
		sql('TRUNCATE paperfeed.votes');
		$best{vote}   = max($best{vote}   // 0, rate($vote));
		$best{bare}   = max($best{bare}   // 0, rate($bare));
		$best{signal} = max($best{signal} // 0, rate($signal));
	}
	printf "  %-50s %10.0f %10.0f   %.2f %s\n", "vote(), synchronous_commit = $commit", $best{vote}, $best{bare},
	  $best{vote} / $best{bare}, $best{vote} / $best{bare} >= 0.5 ? 'holds' : 'FALLS SHORT';
	printf "  %-50s %10.0f %10.0f   %.2f\n", 'INSERT INTO paperfeed.signals', $best{signal}, $best{bare},
	  $best{signal} / $best{bare};
}

# Many votes on one paper.
sql('CREATE SEQUENCE voters');
my $before = sql("SELECT COALESCE(sum(weight), 0) FROM paperfeed.signals WHERE paper = '$hottest' AND kind = 'vote'");
pgbench("SELECT set_config('paperfeed.reader', 'voter ' || nextval('voters'), false);\nSELECT paperfeed.vote('$hottest');\n",
	'-c', $clients, '-j', 2, '-t', 125);
my $after = sql("SELECT sum(weight) FROM paperfeed.signals WHERE paper = '$hottest' AND kind = 'vote'");
my $kept = sql("SELECT heat_1 || ' ' || heat_2 || ' ' || heat_3 FROM paperfeed.heat WHERE paper = '$hottest'");
sql('SELECT paperfeed.rebuild_heat()');
my $made = sql("SELECT heat_1 || ' ' || heat_2 || ' ' || heat_3 FROM paperfeed.heat WHERE paper = '$hottest'");
my @kept = split ' ', $kept;
my @made = split ' ', $made;
printf "\n  1,000 votes on one paper: %d counted; heat kept and made anew differ by %.1e at most\n", $after - $before,
  max(map { abs($kept[$_] - $made[$_]) } 0 .. 2);
