#!/usr/bin/perl
# Measure what watches cost the ingest, and print a table; watches.sh sets the stage.
#
# CPU time of the backend, the papers brought and forgotten again several times,
# with and without watches in turns; the least of each counts.  What writing the
# hits costs is measured apart, as it depends on what readers want to know.

use strict;
use warnings;

use List::Util qw(min);

my $rounds = 3;

# In one session; what the last statement gives.
sub sql
{
	my (@sql) = @_;

	open my $pipe, '-|', $ENV{BENCH_PSQL}, '-XAtq', '-F', ' ', '-v', 'ON_ERROR_STOP=1', map { ('-c', $_) } @sql or die "psql: $!";
	my ($result) = (reverse(<$pipe>), '');
	close $pipe or die "psql failed: @sql\n";
	chomp $result;
	return $result;
}

my $papers = sql('SELECT count(*) FROM bench.lines WHERE comes');
printf "  %d new papers to %d that are there, one backend; µs a paper\n\n", $papers, sql('SELECT count(*) FROM paperfeed.papers');
printf "  %-9s %8s %8s %9s %8s %9s %8s   %s\n", 'watches', 'index ms', 'index MB', 'no watch', 'hits', 'hit, each', 'matching', 'of no watch (bar 50%)';
for my $watches (split ' ', $ENV{BENCH_WATCHES})
{
	sql('TRUNCATE paperfeed.watches');
	sql('SELECT FROM setseed(0.5)', "SELECT bench.watch($watches)");
	sql('VACUUM ANALYZE paperfeed.watches', 'CHECKPOINT');
	my ($ms, $bytes) = split ' ', sql('SELECT made_in, bytes FROM paperfeed.watch_index()');
	my (@off, @on, $hits);
	for (1 .. $rounds)
	{
		# The first run in a session is left out.
		my ($cpu) = split ' ', sql(('SELECT * FROM bench.time(false)') x 2);
		push @off, $cpu;
		($cpu, $hits) = split ' ', sql(('SELECT * FROM bench.time(true)') x 2);
		push @on, $cpu;
		sql('VACUUM paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.watch_hits');
	}
	sql('SELECT bench.bring(true)');
	my $each = sql('SELECT bench.time_hits()');
	my ($pairs, $missed, $invented) = split ' ', sql('SELECT * FROM bench.wrong()');
	my $off = min(@off);
	my $matching = min(@on) - $off - $hits * $each;
	printf "  %-9d %8.0f %8.1f %9.0f %8.1f %9.1f %8.0f   %.0f%%%s\n", $watches, $ms, $bytes / 1e6, $off, $hits, $each, $matching,
	  100 * $matching / $off, $watches == 10000 ? $matching <= 0.5 * $off ? ' holds' : ' FALLS SHORT' : '';
	printf "  %-9s of %d pairs, %d hits were missed and %d invented\n", '', $pairs, $missed, $invented;
	sql('SELECT bench.forget()');
	sql('VACUUM');
}
