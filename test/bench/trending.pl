#!/usr/bin/perl
# Which formula foresees votes: a replay of $BENCH_DATA/trending as tables; see doc/trending.md.
#
# trending.sql says what was known, who is a candidate and what came after.  Each formula
# orders the candidates of each evening; Kendall's tau-b and nDCG@30 tell how well that
# agrees with the votes that came after.  Every other week is for fitting: there each
# family of formulas chooses its parameters, by the mean of the two.  The weeks between are shown.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

use lib dirname(abs_path($0));
use BenchSession;

my $here = dirname(abs_path($0));
my $data = "$ENV{BENCH_DATA}/trending";
my $psql = $ENV{BENCH_PSQL};
my $resamples = 2000;

my @formulas;    # [family, parameters, SQL over k, a row of bench.known, and its signals s]
my %number;      # of "family, parameters"

sub formula
{
	my ($family, $parameters, $sql) = @_;

	$number{"$family, $parameters"} = @formulas;
	push @formulas, [ $family, $parameters, $sql ];
}

sub hours
{
	my ($h) = @_;

	return $h % 24 == 0 ? $h / 24 . ' d' : "$h h";
}

# The aggregate trend() over signals of the kinds told, with what each counts.
sub trend
{
	my ($half_life, %weights) = @_;
	my $at = delete $weights{at} // 's.at';

	return "paperfeed.trend(CASE s.kind " . join(' ', map { "WHEN '$_' THEN $weights{$_}" } sort keys %weights)
	  . " END, $at, '$half_life hours', k.moment)";
}

my %vote = (vote => 's.weight');
my @half_lives = (3, 6, 12, 18, 24, 36, 48, 72, 120, 168, 336, 720);

formula('at random', '', "('x' || substr(md5(k.paper || k.moment::date), 1, 7))::bit(28)::integer");
formula('newest first', '', 'extract(epoch FROM k.listed)');
formula('votes so far', '', 'k.votes');
formula("Wilson's bound", "share of its day's votes",
	'paperfeed.wilson(k.votes, sum(k.votes) OVER (PARTITION BY k.m, k.listed::date) - k.votes)');
formula('hot', 'Reddit', 'paperfeed.hot(k.votes, k.listed)');
formula('lobsters', 'its own', 'paperfeed.lobsters(k.votes, k.comments, k.listed)');
formula('Hacker News', 'gravity 1.8', 'paperfeed.gravity(k.votes, k.listed, k.moment)');
formula('gravity', "$_", "paperfeed.gravity(k.votes, k.listed, k.moment, $_)") for 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5, 2.5;
formula('votes per hour', "$_ h more", "k.votes / (k.hours + $_)") for 1, 6, 12, 24, 48;
for my $prior (12, 24, 48, 96)
{
	formula('bayesian', "$_ votes in " . hours($prior), "paperfeed.bayesian(k.votes / k.hours, k.hours, $_ / $prior.0, $prior)")
	  for 2, 5, 10, 20;
}
formula('trend', hours($_), trend($_, %vote)) for @half_lives;
formula('first at listing', hours($_), trend($_, %vote, at => 'CASE WHEN s.first THEN s.since ELSE s.at END')) for 12, 18, 24, 36, 48, 168;
formula('halfway', hours($_), trend($_, %vote, at => 's.since + (s.at - s.since) / 2')) for 12, 18, 24, 36, 48, 168;
formula('all at listing', hours($_), "paperfeed.decay(k.votes, k.moment - k.listed, '$_ hours')") for 12, 24, 36, 48, 72, 168;
formula('trend of roots', hours($_), trend($_, vote => 'sqrt(s.after) - sqrt(s.before)')) for 24, 48, 72, 120;
formula('trend of logs', hours($_), trend($_, vote => 'ln(1 + s.after) - ln(1 + s.before)')) for 24, 48, 72, 168, 336;
for my $h (12, 18, 24, 36, 48, 168)
{
	formula('listing counts', hours($h) . ", $_ votes", trend($h, %vote, listed => $_)) for 1, 2, 5, 10, 20;
}
for my $h (24, 48)
{
	formula('comments count', hours($h) . ", $_ votes", trend($h, %vote, comment => "$_ * s.weight")) for 0.5, 1, 3;
	formula('stars count', hours($h) . ", $_ votes", trend($h, %vote, stars => "$_ * s.weight")) for 0.5, 1, 3;
}
for my $short (12, 24, 48)
{
	for my $long (168, 720)
	{
		formula('rising', hours($short) . ' to ' . hours($long) . " + $_",
			"ln(2) / $short * " . trend($short, %vote) . ' / (' . trend($long, %vote) . " + $_)")
		  for 3, 10, 30, 100;
	}
}
for my $two ([ 6, 48 ], [ 12, 72 ], [ 24, 168 ])
{
	formula('two half-lives', hours($two->[0]) . " + $_ of " . hours($two->[1]), trend($two->[0], %vote) . " + $_ * " . trend($two->[1], %vote))
	  for 0.1, 0.3, 1;
}
formula('trend by age', hours($_->[0]) . ", age^$_->[1]", trend($_->[0], %vote) . " / power(1 + k.hours / 24, $_->[1])")
  for [ 24, 0.5 ], [ 48, 0.5 ], [ 48, 1 ], [ 168, 0.5 ], [ 168, 1 ], [ 168, 1.5 ];

sub psql
{
	system($psql, '-Xq', '-v', 'ON_ERROR_STOP=1', @_) == 0 or die "psql failed\n";
}

# Knight's way: sorted by x, then as many exchanges as sorting by y takes.
sub tau_b
{
	my ($x, $y, $known, $behind) = @_;
	my $n = @$known;
	my @order = sort { $x->[$a] <=> $x->[$b] || $y->[$a] <=> $y->[$b] } @$known;
	my @v = @$y[@order];
	my ($tied_x, $tied_y, $tied_both, $exchanges) = (0, 0, 0, 0);
	my ($run, $run_both) = (0, 0);

	for my $i (1 .. $n - 1)
	{
		my $same = $x->[ $order[$i] ] == $x->[ $order[ $i - 1 ] ];

		$run = $same ? $run + 1 : 0;
		$run_both = $same && $v[$i] == $v[ $i - 1 ] ? $run_both + 1 : 0;
		$tied_x += $run;
		$tied_both += $run_both;
	}
	for (my $width = 1; $width < $n; $width *= 2)
	{
		my @merged;

		for (my $low = 0; $low < $n; $low += 2 * $width)
		{
			my $middle = $low + $width < $n ? $low + $width : $n;
			my $high = $low + 2 * $width < $n ? $low + 2 * $width : $n;
			my ($i, $j) = ($low, $middle);

			while ($i < $middle && $j < $high)
			{
				if ($v[$j] < $v[$i])
				{
					push @merged, $v[ $j++ ];
					$exchanges += $middle - $i;
				}
				else
				{
					push @merged, $v[ $i++ ];
				}
			}
			push @merged, @v[ $i .. $middle - 1 ], @v[ $j .. $high - 1 ];
		}
		@v = @merged;
	}
	$run = 0;
	for my $i (1 .. $n - 1)
	{
		$run = $v[$i] == $v[ $i - 1 ] ? $run + 1 : 0;
		$tied_y += $run;
	}
	my $pairs = $n * ($n - 1) / 2;
	my $agree = $pairs - $tied_x - $tied_y + $tied_both - 2 * $exchanges;
	for (my $i = 0; $i < @$behind; $i += 2)
	{
		my $order = $x->[ $behind->[ $i + 1 ] ] <=> $x->[ $behind->[$i] ];

		$agree += $order;
		$tied_x++ if !$order;
	}
	$pairs += @$behind / 2;
	my $scale = sqrt(($pairs - $tied_x) * ($pairs - $tied_y));
	return $scale ? $agree / $scale : 0;
}

my ($session, %found);

# The pages of the target asked, with a column of scores for each formula asked.  What was left out of a
# list is behind whatever gained more than it can have gained, and is compared with nothing else.
sub pages
{
	my (@asked) = @_;
	my $columns = join ', ', map { 'score[' . ($_ + 1) . ']' } @asked;
	my (@pages, %by);

	open my $in, '-|', $psql, '-XAtq', '-c', "SELECT m, week, low, high, $columns FROM bench.asked ORDER BY m, tie"
	  or die "psql failed\n";
	while (my $line = <$in>)
	{
		chomp $line;
		my ($m, $week, $low, $high, @scores) = split /\|/, $line;

		if (!$by{$m})
		{
			push @pages, $by{$m} = { m => $m, week => $week, gains => [], known => [], left_out => [], scores => [ map { [] } @asked ] };
		}
		push @{ $by{$m}{ $low == $high ? 'known' : 'left_out' } }, scalar @{ $by{$m}{gains} };
		push @{ $by{$m}{gains} }, $high;
		push @{ $by{$m}{scores}[$_] }, $scores[$_] for 0 .. $#asked;
	}
	close $in or die "psql failed\n";
	for my $page (@pages)
	{
		my ($known, $gains) = @{$page}{qw(known gains)};

		for my $behind (@{ $page->{left_out} })
		{
			my $most = $gains->[$behind];

			push @{ $page->{behind} }, map { ($behind, $_) } grep { $gains->[$_] > $most } @$known;
		}
	}
	return @pages;
}

# $found{target}[formula]: a list of [week, tau-b, nDCG].
sub judge
{
	my ($target, @asked) = @_;
	my @pages;

	@asked = grep { !$found{$target}[$_] } @asked;
	$session->query('DROP TABLE IF EXISTS bench.asked');
	$session->query('CREATE TABLE bench.asked AS SELECT m, week, low, high, tie, score FROM bench.targets JOIN bench.known USING (id)'
		  . " JOIN bench.moments USING (m) JOIN bench.scores USING (id) WHERE target = '$target'");
	@pages = pages(@asked);
	for my $i (0 .. $#asked)
	{
		my %ndcg = map { split /\|/ } split /\n/, $session->query('SELECT m, paperfeed.ndcg(greatest(low + high, 0) / 2, rank, 30) FROM ('
			  . "SELECT m, low, high, row_number() OVER (PARTITION BY m ORDER BY score[$asked[$i] + 1] DESC, tie) AS rank FROM bench.asked)"
			  . ' AS ranked GROUP BY m');

		$found{$target}[ $asked[$i] ] = [ map { [ $_->{week}, tau_b($_->{scores}[$i], $_->{gains}, $_->{known}, $_->{behind} // []), $ndcg{ $_->{m} } ] } @pages ];
	}
	print STDERR " $target";
}

# Means of tau-b, of nDCG and of both, over the pages of the weeks that pass.
sub means
{
	my ($target, $f, $pass) = @_;
	my ($n, $tau, $ndcg) = (0, 0, 0);

	for (@{ $found{$target}[$f] })
	{
		next if $pass && !$pass->($_->[0]);
		$n++;
		$tau += $_->[1];
		$ndcg += $_->[2];
	}
	return $n ? ($tau / $n, $ndcg / $n, ($tau + $ndcg) / $n / 2) : (0, 0, 0);
}

# By how much one formula is better than another, in tau-b (1) or nDCG (2), page by page, and
# between which bounds 95 of 100 resamples lie: weeks are drawn, as the days of one share their votes.
sub difference
{
	my ($target, $better, $worse, $which, $pass) = @_;
	my ($pages, $others) = @{ $found{$target} }[ $better, $worse ];
	my (%sum, @resampled);
	my ($n, $total) = (0, 0);

	for my $i (0 .. $#$pages)
	{
		my $week = $pages->[$i][0];

		next if $pass && !$pass->($week);
		$sum{$week}[0]++;
		$sum{$week}[1] += $pages->[$i][$which] - $others->[$i][$which];
	}
	my @weeks = @sum{ sort { $a <=> $b } keys %sum };
	return wantarray ? ('no pages', 0, 0) : 'no pages' if !@weeks;
	for (@weeks)
	{
		$n += $_->[0];
		$total += $_->[1];
	}
	srand 20240101;
	for (1 .. $resamples)
	{
		my ($m, $t) = (0, 0);

		for (0 .. $#weeks)
		{
			my $week = $weeks[ rand @weeks ];

			$m += $week->[0];
			$t += $week->[1];
		}
		push @resampled, $t / $m;
	}
	@resampled = sort { $a <=> $b } @resampled;
	my @bounds = @resampled[ 0.025 * $resamples, 0.975 * $resamples - 1 ];
	my $text = sprintf '%+.3f (%+.3f to %+.3f)', $total / $n, @bounds;
	return wantarray ? ($text, @bounds) : $text;
}

sub best
{
	my ($target, $pass, @of) = @_;
	my ($best, $mean);

	for my $f (@of)
	{
		my $m = (means($target, $f, $pass))[2];

		($best, $mean) = ($f, $m) if !defined $best || $m > $mean;
	}
	return $best;
}

sub name
{
	my ($f) = @_;
	my ($family, $parameters) = @{ $formulas[$f] };

	return $family . ($parameters eq '' ? '' : ", $parameters");
}

sub load
{
	my $csv = q{WITH (FORMAT csv, DELIMITER E'\t', QUOTE E'\x01', HEADER)};
	my $lines = q{WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')};

	psql('-d', 'postgres', '-c', 'DROP DATABASE IF EXISTS trending', '-c', 'CREATE DATABASE trending');
	$ENV{PGDATABASE} = 'trending';
	psql('-f', "$here/trending.sql");
	psql('-c', "\\copy bench.readings FROM '$data/hf_upvote_observations.tsv' $csv");
	psql('-c', "\\copy bench.line FROM '$data/hf_papers.jsonl' $lines") if -e "$data/hf_papers.jsonl";
	psql('-c', 'CALL bench.prepare()');
	$session = BenchSession->new($psql);
	$session->query('CREATE TABLE bench.scores AS SELECT k.id, ARRAY['
		  . join(', ', map { "($_->[2])::float8" } @formulas)
		  . '] AS score FROM bench.known AS k JOIN bench.signals AS s ON s.paper = k.paper AND s.at <= k.moment'
		  . ' WHERE k.id IN (SELECT id FROM bench.targets) GROUP BY k.id');
	$session->query('ALTER TABLE bench.scores ADD PRIMARY KEY (id); ANALYZE bench.scores');
}

print STDERR 'Replay:';
load();
my ($readings, $from, $to) = split /\|/, $session->query('SELECT count(*), min(at)::date, max(at)::date FROM bench.readings');
my %size = map { my ($target, @size) = split /\|/; ($target => \@size) } split /\n/,
  $session->query('SELECT target, count(DISTINCT m), count(*) FROM bench.targets JOIN bench.known USING (id) GROUP BY 1');
if (!$size{week})
{
	print "\nTrending: $data has no day and weekly list that could be compared.\n";
	exit;
}

judge('week', 0 .. $#formulas);
my @weeks = do { my %seen; grep { !$seen{$_}++ } map { $_->[0] } @{ $found{week}[0] } };
my $fitting = sub { $_[0] % 2 == 0 };
my $shown = sub { $_[0] % 2 == 1 };
my @trends = map { $number{ 'trend, ' . hours($_) } } @half_lives;
my (@families, %of);
for my $f (0 .. $#formulas)
{
	my $family = $formulas[$f][0];

	push @families, $family if !$of{$family};
	push @{ $of{$family} }, $f;
}
my @chosen = map { best('week', $fitting, @{ $of{$_} }) } @families;

my $trend = best('week', $fitting, @trends);
my $winner = best('week', $fitting, @chosen);
my @kept = map { $number{"trend, $_"} } '1 d', '7 d', '30 d';
my @marked = do { my %seen; grep { !$seen{$_}++ } @chosen, @kept };

print "\nTrending: the order of evenings against the votes that came after\n";
print "  $readings readings from $from to $to; $size{week}[0] evenings in " . @weeks . " weeks, $size{week}[1] candidates\n";
printf "  %-16s  %-24s  %15s  %15s  shown, against %s, with 95%% of resamples\n", '', '', 'weeks fitted', 'weeks shown', name($trend);
printf "  %-16s  %-24s  %7s %7s  %7s %7s  %-24s  %s\n", 'formula', 'as fitted', 'tau-b', 'nDCG@30', 'tau-b', 'nDCG@30', 'tau-b', 'nDCG@30';
for my $f (@marked)
{
	printf "  %-16s  %-24s  %7.3f %7.3f  %7.3f %7.3f  %-24s  %s\n", @{ $formulas[$f] }[ 0, 1 ],
	  (means('week', $f, $fitting))[ 0, 1 ], (means('week', $f, $shown))[ 0, 1 ],
	  $f == $trend ? ('', '') : map { scalar difference('week', $f, $trend, $_, $shown) } 1, 2;
}

# What the votes to come are, in the order of the columns below.
my @targets = grep { $size{ $_->[0] } } (
	[ 'week', 'until Monday, as above; what came between readings shared out by a hyperbola' ],
	[ 'complete', 'the same in weeks whose list left out less than one in ten' ],
	[ 'days', 'papers of the last three days alone' ],
	[ 'fresh', "mornings, that day's papers and the day's before, all just read: nothing to share out" ],
	[ 'day', "one day's papers, from the morning to midnight: nobody left out" ],
	[ 'weekend', "one day's papers, from day to day while there is no new feed: nobody left out" ],
	[ 'all', 'whoever was read again in seven days: those who made it into a list' ],
	[ 'low', 'as week, and who is not in a list got no vote' ],
	[ 'high', 'as week, and who is not in a list got as many as can be' ],
	[ 'log', 'as week, shared out by a logarithm' ],
	[ 'even', 'as week, shared out evenly' ],
	[ 'whole', 'as week, all that came after a reading, if before the evening, too' ]);
my @rows = do { my %seen; grep { !$seen{$_}++ } @trends, $winner, map { best('week', $fitting, @{ $of{$_} }) } 'votes so far', 'hot', 'Hacker News',
	'gravity', 'votes per hour', 'listing counts', 'two half-lives', 'rising' };
judge($_->[0], @rows) for @targets[ 1 .. $#targets ];
print STDERR "\n";

print "\nOther votes to come; tau-b/nDCG\@30, all weeks\n";
printf "  %-8s  %3d pages of %3.0f: %s\n", $_->[0], $size{ $_->[0] }[0], $size{ $_->[0] }[1] / $size{ $_->[0] }[0], $_->[1] for @targets;
printf "  %-38s%s\n", '', join ' ', map { sprintf '%9s', $_->[0] } @targets;
for my $f (@rows)
{
	printf "  %-38s%s\n", name($f), join ' ', map { sprintf '%9s', join '/', map { sprintf('%.3f', $_) =~ s/^(-?)0/$1/r } (means($_->[0], $f))[ 0, 1 ] } @targets;
}

print "\ntrend, 1 d, against trend, 7 d, for each of these; all weeks, with 95% of resamples\n";
printf "  %-8s  tau-b %-24s  nDCG\@30 %s\n", $_->[0], scalar difference($_->[0], @kept[ 0, 1 ], 1), scalar difference($_->[0], @kept[ 0, 1 ], 2)
  for @targets;

# The growth that is supposed, and the growth that was.
print "\nVotes from the evening of the listing day until Monday, by days between; what would be if they came by\n";
my @growth = map { [ split /\|/ ] } split /\n/, $session->query(
	'SELECT next::date - (moment - interval \'2 hours\')::date - 1 AS days, count(*), avg((low + high) / 2), '
	  . join(', ', map { "avg(bench.growth('$_', next_days) - bench.growth('$_', read_days))" } qw(hyperbola log even))
	  . " FROM bench.weekly WHERE NOT morning AND moment - read < interval '2 hours' AND days < 1.25"
	  . ' GROUP BY 1 HAVING count(*) >= 30 ORDER BY 1 DESC');
my @sums = map { my $i = $_; my $sum = 0; $sum += $_->[1] * $_->[$i] for @growth; $sum } 0 .. 5;
printf "  %5s %7s %7s  %9s %9s %9s\n", 'days', 'papers', 'votes', 'hyperbola', 'logarithm', 'evenly';
for my $row (@growth)
{
	printf "  %5d %7d %7.2f  %9.2f %9.2f %9.2f\n", @$row[ 0 .. 2 ], map { $row->[$_] * $sums[2] / $sums[$_] } 3 .. 5;
}

print "\nOther ways to part the weeks: chosen on the one part, tau-b and nDCG\@30 on the other\n";
my $middle = (sort { $a <=> $b } @weeks)[ @weeks / 2 ];
printf "  %-24s  %-38s %11s  %-9s %11s  %s\n", '', 'any formula', '', 'half-life', '', join '  ', map { sprintf '%-11s', name($_) } @kept;
for ([ 'even weeks, odd shown', $fitting, $shown ], [ 'odd weeks, even shown', $shown, $fitting ],
	[ 'first half, second shown', sub { $_[0] < $middle }, sub { $_[0] >= $middle } ],
	[ 'second half, first shown', sub { $_[0] >= $middle }, sub { $_[0] < $middle } ])
{
	my ($what, $fit, $show) = @$_;
	my ($any, $half_life) = (best('week', $fit, 0 .. $#formulas), best('week', $fit, @trends));

	printf "  %-24s  %-38s %.3f %.3f  %-9s %.3f %.3f  %s\n", $what, name($any), (means('week', $any, $show))[ 0, 1 ],
	  $formulas[$half_life][1], (means('week', $half_life, $show))[ 0, 1 ],
	  join '  ', map { sprintf '%.3f %.3f', (means('week', $_, $show))[ 0, 1 ] } @kept;
}

# Better than the best half-life, in both figures and beyond chance.
my @better = grep {
	my $f = $_;
	$f != $trend && 2 == grep { (difference('week', $f, $trend, $_, $shown))[1] > 0 } 1, 2
} @chosen;

printf "\nWinner of the weeks fitted: %s; in the weeks shown tau-b %.3f, nDCG\@30 %.3f\n", name($winner), (means('week', $winner, $shown))[ 0, 1 ];
for my $f ($trend, grep { $_ != $trend } @kept)
{
	printf "  %-11s: %.3f, %.3f; the winner's differ by %s and %s\n", name($f), (means('week', $f, $shown))[ 0, 1 ],
	  map { scalar difference('week', $winner, $f, $_, $shown) } 1, 2;
}
printf "Better than %s in both, beyond 95%% of resamples: %s\n", name($trend), join('; ', map { name($_) } @better) || 'none';
$session->close;
