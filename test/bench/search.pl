#!/usr/bin/perl
# Measure the search index beside others, and print tables; search.sh sets the
# stage: a private server with a database for each number of papers
# (search_load.sql), and the programs that ask and take the time.
#
# One engine after the other: its index is built, asked, added to, vacuumed and
# dropped, and the rows added are deleted again, so that each has the memory for
# itself.  All queries are written out with literals and go through one
# connection; times are the client's, with parsing and planning.
#
#   OR              the ten best of the papers that have any of the words
#   OR, newest      the same of the newest tenth; published is a column of the
#                   index, and has a b-tree of its own
#   OR, a tenth     the same of a random tenth (tenth = 3), in the same way
#   AND             the ten best of the papers that have all words
#   inserts         rows from another table, with to_tsvector: many in one
#                   statement, then, after VACUUM, one by one in transactions of their own.  WAL is
#                   counted from a checkpoint on.
#   like a full scan   distances of the ten best by the index and by a sequential
#                   scan with a sort
#
# RUM and GIN order by their own ranks, without inverse document frequencies;
# GIN's has to read all that match.  FTS5 has its own tokens: words between
# spaces and punctuation.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use List::Util qw(max);
use Time::HiRes qw(time);

use lib dirname(abs_path($0));
use BenchSession;

my $place   = $ENV{BENCH_PLACE};
my $psql    = $ENV{BENCH_PSQL};
my @sizes   = split ' ', $ENV{BENCH_SIZES};
my %wanted  = map { $_ => 1 } 'bm25', split ' ', $ENV{BENCH_PEERS};
my $queries = $ENV{BENCH_QUERIES} || 1000;
my $repeat  = 3;
my @kinds   = ([ or => 'OR' ], [ newest => 'OR, newest' ], [ tenth => 'OR, a tenth' ], [ and => 'AND' ]);
my $SLACK   = 1.1;              # for "no slower than": two runs of the same differ by that much

my ($size, $session, %about, $added, $load);
my %p50;
my $fresh_line = 1;

# ---------------------------------------------------------------------------
# Tables
# ---------------------------------------------------------------------------

sub print_table
{
	my ($title, $head, @rows) = @_;
	my @all = ($head, @rows);
	my @width = map { my $c = $_; max(map { length($_->[$c] // '') } @all) } 0 .. $#$head;

	print "\n$title\n";
	for my $row (@all)
	{
		my $line = join('  ', map {
			sprintf($_ == 0 || $head->[$_] =~ /^(?:bar|)$/ ? '%-*s' : '%*s', $width[$_], $row->[$_] // '') }
			  0 .. $#$head);
		$line =~ s/\s+$//;
		print "  $line\n";
	}
}

sub number
{
	my ($x) = @_;

	return '' unless defined $x;
	return sprintf($x < 10 ? '%.2f' : $x < 100 ? '%.1f' : '%.0f', $x);
}

# Each [name, value, limit]: the bar as text, and what was reached.
sub judge
{
	my @bars = grep { defined $_->[1] && defined $_->[2] } @_;
	my @short = grep { $_->[1] > $_->[2] } @bars;

	return ('', '') unless @bars;
	return (join(', ', map { "$_->[0] <= " . number($_->[2]) } @bars),
		@short ? 'SHORT: ' . join(', ', map { $_->[0] } @short) : 'PASS');
}

# Before an answer ends a line, the line is open.
sub progress
{
	my ($text, $ends) = @_;

	print STDERR $fresh_line ? '' : ' ', $text;
	print STDERR "\n" if $ends;
	$fresh_line = $ends;
}

# ---------------------------------------------------------------------------
# Asking
# ---------------------------------------------------------------------------

sub quote
{
	my ($text) = @_;

	$text =~ s/'/''/g;
	return "'$text'";
}

# The output of a program that is fed the lines.
sub feed
{
	my ($lines, @command) = @_;
	my $file = "$place/input";

	open(my $to, '>', $file) or die "$file: $!\n";
	print $to map { "$_\n" } @$lines;
	close($to) or die "$file: $!\n";
	return run_on($file, @command);
}

sub run_on
{
	my ($file, @command) = @_;
	my $command = join ' ', map { my $s = $_; $s =~ s/'/'\\''/g; "'$s'" } @command;
	my $output = `$command <'$file'`;

	die "failed: $command[0]\n" if $? != 0;
	chomp $output;
	return $output;
}

sub figures
{
	my %r;

	@r{qw(n p50 p95 p99 longest mean rows)} = split ' ', $_[0];
	delete $r{p95} if $r{n} < 20;    # a few queries do not have them
	delete $r{p99} if $r{n} < 100;
	return \%r;
}

sub seconds
{
	my ($do) = @_;
	my $start = time;

	$do->();
	return time - $start;
}

sub statement
{
	my ($sql) = @_;

	return seconds(sub { $session->query($sql) });
}

my @spans;                      # [words, all_of, any_of, fts_all_of, fts_any_of]

sub read_spans
{
	@spans = map { [ split /\t/ ] } split /\n/, $session->query(
		"SELECT concat_ws(E'\\t', words, all_of, any_of, fts_all_of, fts_any_of) FROM bench.queries"
		  . " WHERE n <= $queries ORDER BY n");
}

# ---------------------------------------------------------------------------
# The engines
# ---------------------------------------------------------------------------

my %filter;

# One that is an index of bench.docs; 'create' makes it, the others give the text of a query.
sub index_engine
{
	my (%e) = @_;
	my $index = "bench.$e{index}";

	return {
		%e,
		there => sub { $session->query($e{needs}) ne '' },
		build => sub { statement($e{create}) },
		megabytes => sub { $session->query("SELECT pg_relation_size('$index') / 1e6") },
		drop => sub { $session->query("DROP INDEX IF EXISTS $index") },
		ask => sub {
			my ($kind) = @_;
			my @lines = map { $e{query}->($_, $kind, $filter{$kind}) } @spans;
			return (figures(feed(\@lines, "$place/search_pg", '-r', $repeat, '-s', $e{seconds})), \@lines);
		},
		insert => sub {
			my $before = $session->query('SELECT pg_current_wal_insert_lsn()');
			my $seconds = statement("INSERT INTO bench.docs SELECT e.*, bench.document(title, abstract)"
				  . " FROM bench.extra AS e WHERE id <= $size + $added");
			return ($seconds, $session->query("SELECT pg_current_wal_insert_lsn() - '$before'::pg_lsn") / 1e6);
		},
		insert_singly => sub {
			return figures(feed([ map { "EXECUTE add($_)" } $size + $added + 1 .. $size + 2 * $added ],
				"$place/search_pg", '-c', '-b', 'PREPARE add(bigint) AS INSERT INTO bench.docs'
				  . ' SELECT e.*, bench.document(title, abstract) FROM bench.extra AS e WHERE id = $1'));
		},
		vacuum => sub { statement('VACUUM bench.docs') },
	};
}

sub where
{
	my @conditions = grep { defined } @_;

	return @conditions ? ' WHERE ' . join(' AND ', @conditions) : '';
}

sub engines
{
	my $budget = $ENV{BENCH_SECONDS} || ($size > 200_000 ? 30 : $size > 50_000 ? 10 : 2);

	return grep { $wanted{ $_->{key} } } index_engine(
		key => 'bm25', name => 'paperfeed_bm25', index => 'docs_bm25', seconds => 10 * $budget,
		needs => "SELECT 1 FROM pg_am WHERE amname = 'paperfeed_bm25'",
		create => 'CREATE INDEX docs_bm25 ON bench.docs USING paperfeed_bm25 (tsv, published, tenth)'
		  . " WITH (config = 'english')",
		query => sub {
			my ($span, $kind, $condition) = @_;
			my $words = quote($span->[0]);
			return 'SELECT id FROM bench.docs'
			  . where($condition, $kind eq 'and' ? "tsv @@ plainto_tsquery('english', $words)" : undef)
			  . " ORDER BY tsv <=> paperfeed.bm25_query($words, 'bench.docs_bm25') LIMIT 10";
		}),
	  index_engine(
		key => 'gin', name => 'GIN, ts_rank', index => 'docs_gin', seconds => $budget,
		needs => 'SELECT 1', create => 'CREATE INDEX docs_gin ON bench.docs USING gin (tsv)',
		query => sub {
			my ($span, $kind, $condition) = @_;
			my $query = quote($span->[ $kind eq 'and' ? 1 : 2 ]) . '::tsquery';
			return 'SELECT id FROM bench.docs' . where($condition, "tsv @@ $query")
			  . " ORDER BY ts_rank(tsv, $query) DESC LIMIT 10";
		}),
	  index_engine(
		key => 'rum', name => 'RUM, its rank', index => 'docs_rum', seconds => $budget,
		needs => "SELECT 1 FROM pg_am WHERE amname = 'rum'",
		create => 'CREATE INDEX docs_rum ON bench.docs USING rum (tsv public.rum_tsvector_ops)',
		query => sub {
			my ($span, $kind, $condition) = @_;
			my $query = quote($span->[ $kind eq 'and' ? 1 : 2 ]) . '::tsquery';
			return 'SELECT id FROM bench.docs' . where($condition, "tsv @@ $query")
			  . " ORDER BY tsv <=> $query LIMIT 10";
		}),
	  fts5_engine($budget);
}

sub fts5_engine
{
	my ($budget) = @_;
	my $file = "$place/fts5.db";
	my $rows = sub {
		my ($table, $where) = @_;
		open(my $fh, '|-', $psql, '-XAtq', '-v', 'ON_ERROR_STOP=1') or die "$psql: $!\n";
		print $fh "\\copy (SELECT id, title, abstract, published, tenth FROM $table WHERE $where) TO '$place/rows'\n";
		close($fh) or die "$table cannot be copied\n";
		return "$place/rows";
	};

	return {
		key => 'fts5', name => 'SQLite FTS5, bm25',
		there => sub { -x "$place/search_fts5" },
		build => sub { run_on($rows->('bench.docs', "id <= $size"), "$place/search_fts5", 'build', $file) },
		megabytes => sub { (-s $file) / 1e6 },
		drop => sub { unlink $file, "$place/rows" },
		ask => sub {
			my ($kind) = @_;
			my @lines = map {
				my $match = 'search MATCH ' . quote($_->[ $kind eq 'and' ? 3 : 4 ]);
				$filter{$kind}
				  ? "SELECT s.rowid FROM search AS s JOIN docs AS d ON d.id = s.rowid"
				  . where($match, $filter{$kind}) . ' ORDER BY s.rank LIMIT 10'
				  : "SELECT rowid FROM search WHERE $match ORDER BY rank LIMIT 10" } @spans;
			return (figures(feed(\@lines, "$place/search_fts5", 'ask', $file, $repeat, $budget)), \@lines);
		},
		insert => sub {
			run_on($rows->('bench.extra', "id <= $size + $added"), "$place/search_fts5", 'insert', $file);
		},
	};
}

# ---------------------------------------------------------------------------
# Measuring one
# ---------------------------------------------------------------------------

# The rows that were added are in the way of the next.
sub restore
{
	$session->query("DELETE FROM bench.docs WHERE id > $size");
	$session->query('VACUUM bench.docs');
}

sub measure_inserts
{
	my ($e, $r) = @_;

	$session->query('CHECKPOINT');
	($r->{insert}, $r->{wal}) = $e->{insert}->();
	progress(sprintf('inserts %.1f s,', $r->{insert}));
	$r->{after} = $e->{megabytes}->() if $e->{megabytes};
	$r->{full} = ($e->{ask}->('or'))[0] if $e->{ask};
	return unless $e->{vacuum};
	$r->{vacuum} = $e->{vacuum}->();
	$r->{vacuumed} = $e->{megabytes}->() if $e->{megabytes};
	$r->{single} = $e->{insert_singly}->();
}

sub measure
{
	my ($e) = @_;
	my %r = (name => $e->{name}, key => $e->{key});

	progress("  $e->{name}:");
	$r{build} = $e->{build}->();
	$r{megabytes} = $e->{megabytes}->();
	progress(sprintf('build %.1f s, %.0f MB;', $r{build}, $r{megabytes}));
	for my $kind (@kinds)
	{
		my ($figures, $lines) = $e->{ask}->($kind->[0]);
		$r{ $kind->[0] } = $figures;
		progress("$kind->[1] " . number($figures->{p50}) . ';');
		$r{plans}{ $kind->[0] } = other_plans($lines) if $e->{key} eq 'bm25';
	}
	$r{difference} = difference($e) if $e->{key} eq 'bm25';
	measure_inserts($e, \%r);
	$e->{drop}->();
	restore();
	progress('done', 1);
	return \%r;
}

# How many of some queries are not answered by our index.
sub other_plans
{
	my ($lines) = @_;
	my ($n, $others) = (0, 0);

	for (my $i = 0; $i < @$lines; $i += 10)
	{
		$n++;
		$others++ if $session->query("EXPLAIN (COSTS OFF) $lines->[$i]") !~ /using docs_bm25|on docs_bm25/;
	}
	return [ $others, $n ];
}

# The largest difference between distances at the same place, and of how many queries.
sub difference
{
	my $n = $size > 200_000 ? 5 : 20;
	my $largest = 0;

	for my $i (0 .. $n - 1)
	{
		my $query = "paperfeed.bm25_query(" . quote($spans[$i][0]) . ", 'bench.docs_bm25')";
		my $sql = "SELECT tsv <=> $query FROM bench.docs ORDER BY tsv <=> $query LIMIT 10";
		my @index = split /\n/, $session->query($sql);
		$session->query('SET enable_indexscan = off');
		die "there is no full scan\n" if $session->query("EXPLAIN $sql") =~ /using docs_bm25/;
		my @scan = split /\n/, $session->query($sql);
		$session->query('RESET enable_indexscan');
		$largest = 1e9 if @index != @scan;
		$largest = max($largest, map { abs($index[$_] - $scan[$_]) } grep { $_ < @scan } 0 .. $#index);
	}
	return [ $largest, $n ];
}

# ---------------------------------------------------------------------------
# What came out
# ---------------------------------------------------------------------------

# The bars are for one million papers, and 20,000 more: so 2 % are added there.
sub query_bars
{
	my ($kind, $figures, $or) = @_;

	return judge([ p50 => $figures->{p50}, 0.8 ], [ p99 => $figures->{p99}, 6 ]) if $kind eq 'or';
	return judge([ p50 => $figures->{p50}, 0.5 ], [ p99 => $figures->{p99}, 5 ]) if $kind eq 'and';
	return judge(map { [ $_ => $figures->{$_}, $or->{$_} && $or->{$_} * $SLACK ] } qw(p50 p99));
}

sub print_queries
{
	my ($kind, $title, @results) = @_;
	my @rows;

	for my $r (@results)
	{
		my $f = $r->{$kind};
		push @rows, [ $r->{name}, $f->{n}, (map { number($f->{$_}) } qw(p50 p95 p99 longest)), $f->{rows},
			$r->{key} eq 'bm25' ? query_bars($kind, $f, $r->{or}) : () ];
	}
	print_table("$title, ms", [ '', qw(queries p50 p95 p99 longest rows bar), '' ], @rows);
	for my $r (@results)
	{
		my $p = $r->{plans}{$kind} or next;
		print "  the index is used by @{[ $p->[1] - $p->[0] ]} of $p->[1] plans: ", $p->[0] ? 'SHORT' : 'PASS', "\n";
	}
}

sub print_builds
{
	my ($by, @results) = @_;

	print_table('build from the tsvector column (FTS5: from the texts), and size', [ '', qw(s MB bar), '' ],
		map { [ $_->{name}, number($_->{build}), number($_->{megabytes}), $_->{key} ne 'bm25' ? () :
			judge([ s => $_->{build}, $by->{gin} && $by->{gin}{build} ], [ MB => $_->{megabytes}, 400e-6 * $size ]) ] }
		  @results);
}

sub print_inserts
{
	my ($none, $by, @results) = @_;
	my $scale = $added / 20_000;

	print_table("$added rows inserted by one statement, in all (table, other indexes and to_tsvector included)",
		[ '', 's', 'MB of WAL', 'bar', '' ],
		map { [ $_->{name}, number($_->{insert}), number($_->{wal}), $_->{key} ne 'bm25' ? () :
			judge([ s => $_->{insert}, 8 * $scale ], [ WAL => $_->{wal}, $by->{gin} && 1.5 * $by->{gin}{wal} ]) ] }
		  $none, @results);
	print_table('after them, OR, ms; and MB', [ '', qw(queries p50 p95 p99), 'MB', 'MB, VACUUM', 's', 'bar', '' ],
		map { [ $_->{name}, $_->{full}{n}, (map { number($_) } @{ $_->{full} }{qw(p50 p95 p99)}),
			(map { number($_) } @$_{qw(after vacuumed vacuum)}),
			$_->{key} ne 'bm25' ? () :
			judge([ p50 => $_->{full}{p50}, 0.8 ], [ p99 => $_->{full}{p99}, 6 ],
				[ 'MB, VACUUM' => $_->{vacuumed}, 1.2 * $_->{megabytes} * ($size + $added) / (1.02 * $size) ]) ] }
		  @results);
	print_table("$added rows inserted one by one, ms", [ '', qw(p50 p95 p99 longest bar), '' ],
		map { [ $_->{name}, (map { number($_) } @{ $_->{single} }{qw(p50 p95 p99 longest)}),
			$_->{key} ne 'bm25' ? () :
			judge([ longest => $_->{single}{longest}, 50 ]) ] }
		  grep { $_->{single} } $none, @results);
}

sub print_results
{
	my ($none, @results) = @_;
	my %by = map { $_->{key} => $_ } @results;

	print "\n$about{about}; ", sprintf('%.0f characters and %.0f different terms on average', @about{qw(characters terms)}),
	  "\n";
	print "load average before: $load\n" if $load ne '';
	print "the bars are for 1,000,000 papers of real text\n" if $size != 1_000_000 || $about{about} =~ /made-up/;
	print "paperfeed_bm25 is not there\n" unless $by{bm25};
	print_builds(\%by, @results);
	print_queries(@$_, @results) for @kinds;
	if ($by{bm25})
	{
		my ($largest, $n) = @{ $by{bm25}{difference} };
		printf "\nlike a full scan: distances of the ten best of %d queries differ by %.2g at most (bar 0.001): %s\n",
		  $n, $largest, $largest <= 1e-3 ? 'PASS' : 'SHORT';
		$p50{$size} = $by{bm25}{or};
	}
	print_inserts($none, \%by, @results);
}

# Others on the machine are in the figures.
sub load_average
{
	open(my $fh, '<', '/proc/loadavg') or return '';
	return (split ' ', <$fh>)[0];
}

sub measure_size
{
	my ($none, @results);

	$ENV{PGDATABASE} = "docs$size";
	$session = BenchSession->new($psql);
	$session->query('DROP EXTENSION IF EXISTS paperfeed CASCADE');
	$session->query('CREATE EXTENSION paperfeed');
	$session->query("DO \$\$ BEGIN IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'rum')"
		  . ' THEN CREATE EXTENSION IF NOT EXISTS rum SCHEMA public; END IF; END $$');
	@about{qw(about newest characters terms)} =
	  split /\|/, $session->query('SELECT about, newest_tenth, characters, terms FROM bench.about');
	%filter = (newest => "published >= '$about{newest}'", tenth => 'tenth = 3');
	$added = $size >= 100_000 ? 20_000 : int($size / 5);
	read_spans();

	$load = load_average();
	progress("Searching in $about{about}", 1);
	my @engines = engines();
	for (@engines)
	{
		$_->{drop}->() if $_->{key} eq 'fts5' || $_->{there}->();
	}
	restore();
	$session->query('SELECT sum(length(tsv)) FROM bench.docs');    # all is in memory
	$session->query('SELECT sum(length(abstract)) FROM bench.extra');
	progress('  no index:');
	$none = { index_engine(index => 'none')->%{qw(insert vacuum insert_singly)}, key => '', name => 'no index' };
	measure_inserts($none, $none);
	restore();
	progress('done', 1);
	push @results, measure($_) for grep { $_->{there}->() } @engines;
	print_results($none, @results);
	$session->close;
}

sub describe
{
	my $model = '';

	if (open(my $fh, '<', '/proc/cpuinfo'))
	{
		($model) = map { /^model name\s*:\s*(.*)/ ? $1 : () } <$fh>;
	}
	$session = BenchSession->new($psql);
	printf "Search. PostgreSQL %s on %s\n", $session->query('SHOW server_version'), $model // 'an unknown CPU';
	print 'settings: ', join(', ', map { "$_ = " . $session->query("SHOW $_") }
		qw(shared_buffers maintenance_work_mem jit fsync full_page_writes autovacuum
		max_parallel_workers_per_gather max_parallel_maintenance_workers)), "\n";
	printf "queries: spans of 1-6 words of titles, top 10; one connection, parse and plan included, warm;\n"
	  . "each the median of %d; an engine that is too slow for all of them gets the first ones\n", $repeat;
	$session->close;
}

describe();
for (@sizes)
{
	$size = $_;
	measure_size();
}
for my $s (sort { $a <=> $b } keys %p50)
{
	my ($small) = sort { $a <=> $b } keys %p50;
	printf "\nOR with %d papers against %d: p50 %.2f times, p99 %.2f times\n", $s, $small,
	  $p50{$s}{p50} / $p50{$small}{p50}, $p50{$s}{p99} / $p50{$small}{p99} if $s != $small;
}
