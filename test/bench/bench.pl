#!/usr/bin/perl
# Measure how fast papers are taken in, and print one table; bench.sh sets the
# stage: a private server with bench.sql, documents, and the small programs.
#
# The two sides of a row take turns, and the best time of each counts.  Speeds,
# the ratio and its bar are about CPU time of the process that does the work,
# which is steady on a busy machine; the ratio of wall times stands beside it.
#
#   parse OAI-PMH   paperfeed.parse against libxml2's SAX2 push parser with empty
#                   handlers, fed in pieces of the same size (sax.c).  The pages
#                   are in memory before the clock starts.
#   parse RSS ...   paperfeed.parse against sfeed, which writes to /dev/null: over
#                   one feed so long that the start of a process does not count
#                   (work_mem is enough for all its papers, as no feed is that
#                   long), and over many of an ordinary day's size, sfeed being run
#                   for each as its users do
#   ingest          paperfeed.ingest_file of all pages into empty tables, in one
#                   transaction, against COPY of the very same rows from a file
#                   into an empty table with the same columns and indexes
#   load            the same by paperfeed.ingest_files: a transaction for each page
#   ingest again    all pages once more: the same files, then the same records in
#                   files that differ in the date of the harvest
#   memory          what the backend's own memory (RssAnon and swap: no shared
#                   buffers) grows by over one large document, at its peak.  For
#                   parse, what it grows by beyond reading the document alone.
#   plain ...       for information

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(basename dirname);

use lib dirname(abs_path($0));
use BenchSession;

my $place  = $ENV{BENCH_PLACE};
my $psql   = $ENV{BENCH_PSQL};
my $data   = $ENV{BENCH_DATA} // '';
my $repeat = $ENV{BENCH_REPEAT} || 5;
my $many   = 3 * $repeat;           # of what takes little time

my $docs = "$place/documents";
my $files = "$place/files";         # the server may write there
my @rows;

sub output
{
	my (@command) = @_;

	open(my $fh, '-|', @command) or die "$command[0]: $!\n";
	my @lines = <$fh>;
	close($fh) or die "failed: @command\n";
	chomp @lines;
	return wantarray ? @lines : $lines[0];
}

# Keep the smaller of each: [cpu, wall] so far, [cpu, wall] now.
sub best
{
	my ($so_far, $now) = @_;
	return $now if !defined $so_far;
	return [ map { $so_far->[$_] < $now->[$_] ? $so_far->[$_] : $now->[$_] } 0, 1 ];
}

sub sql_array
{
	return 'ARRAY[' . join(',', map { my $s = $_; $s =~ s/'/''/g; "'$s'" } @_) . ']';
}

# ---------------------------------------------------------------------------
# The table
# ---------------------------------------------------------------------------

# Cut off, so that what does not reach a bar does not look like it.
sub two_digits
{
	my ($ratio) = @_;

	return sprintf('%.2f', int($ratio * 100) / 100);
}

# 'amount' is what both sides worked through, in 'unit's; 'bar' is for ours over theirs.
sub add_row
{
	my (%r) = @_;
	my $digits = $r{digits} // 1;
	my @speed = map { defined $_ ? sprintf('%.*f %s/s', $digits, $r{amount} / $_->[0], $r{unit}) : '' }
	  @r{qw(ours theirs)};
	my ($ratio, $wall, $verdict) = ('', '', '');

	if (defined $r{theirs})
	{
		$ratio = $r{theirs}[0] / $r{ours}[0];
		$wall = two_digits($r{theirs}[1] / $r{ours}[1]);
		$verdict = $ratio >= $r{bar} ? 'ok' : 'short' if defined $r{bar};
		$ratio = two_digits($ratio);
	}
	push @rows, [ $r{name}, $speed[0], $r{against} // '', $speed[1], $ratio, $wall,
		defined $r{bar} ? ($r{bar} == 1 ? '> 1' : ">= $r{bar}") : '', $verdict ];
}

sub print_table
{
	my @head = ('', 'paperfeed', 'against', '', 'ratio', 'wall', 'bar', '');
	my @width = map { my $c = $_; (sort { $b <=> $a } map { length $_->[$c] } \@head, @rows)[0] } 0 .. 7;
	my @right = (0, 1, 0, 1, 1, 1, 0, 0);

	for my $row (\@head, @rows)
	{
		my $line = join('  ', map { sprintf($right[$_] ? '%*s' : '%-*s', $width[$_], $row->[$_]) } 0 .. 7);
		$line =~ s/\s+$//;
		print "$line\n";
	}
}

# ---------------------------------------------------------------------------
# The measurements
# ---------------------------------------------------------------------------

my $session = BenchSession->new($psql);
my @pages = sort glob("$docs/pages/*.xml");
my @gz = sort glob("$docs/gz/*.xml.gz");
my @current = map { "$files/current/" . basename($_) } @pages;    # a link to pages or again
my $page_bytes = 0;
my $records;

$page_bytes += -s $_ for @pages;

sub parse_once
{
	my (@paths) = @_;
	my ($cpu, $wall, $papers) = split /\|/, $session->query(
		'SELECT * FROM bench.parse(' . sql_array(@paths) . ')');
	return ([ $cpu, $wall ], $papers);
}

sub measure_sax
{
	my ($ours, $theirs, $t);

	for (1 .. $many)
	{
		($t, $records) = parse_once(@pages);
		$ours = best($ours, $t);
		$theirs = best($theirs, [ split ' ', output("$place/sax", @pages) ]);
	}
	add_row(name => 'parse OAI-PMH', amount => $page_bytes / 1e6, unit => 'MB', ours => $ours,
		against => 'libxml2 SAX, empty handlers', theirs => $theirs, bar => 0.4);
}

sub measure_sfeed
{
	my ($name, @paths) = @_;
	my ($ours, $theirs, $t, $papers);
	my $have = grep { -x "$_/sfeed" } split /:/, $ENV{PATH};
	my $bytes = 0;

	$bytes += -s $_ for @paths;
	for (1 .. $many)
	{
		($t, $papers) = parse_once(@paths);
		die "$name: no papers\n" unless $papers > 0;
		$ours = best($ours, $t);
		$theirs = best($theirs, [ split ' ', output("$place/timed", 'sfeed', @paths) ]) if $have;
	}
	add_row(name => "parse $name", amount => $bytes / 1e6, unit => 'MB', ours => $ours,
		against => !$have ? 'sfeed is not installed' : @paths > 1 ? 'sfeed, run for each' : 'sfeed',
		theirs => $theirs, bar => 1);
}

sub ingest
{
	my ($target, $what, @paths) = @_;
	my ($t, $result) = $session->timed(
		'SELECT * FROM bench.ingest(' . sql_array(@paths) . ", '$target')");
	my ($added, $updated) = split /\|/, $result;

	die "ingest into $target: $added added, $updated updated\n"
	  if $updated > 0.01 * $records || ($what eq 'new' ? $added < 0.99 * $records : $added > 0);
	return $t;
}

sub load
{
	my ($target) = @_;
	my ($t) = $session->timed("CALL paperfeed.ingest_files('$files/current', '$target')");
	my ($added, $faults) = split /\|/,
	  $session->query('SELECT sum(added), count(*) FILTER (WHERE error IS NOT NULL) FROM paperfeed.loads');

	die "load into $target: $added added, $faults files with faults\n" if $faults > 0 || $added < 0.99 * $records;
	return $t;
}

sub copy
{
	my ($table) = @_;
	my ($t) = $session->timed("COPY bench.${table}_copy FROM '$files/$table.copy'");

	return $t;
}

# Empty tables, and no checkpoint in the middle.
sub reset_tables
{
	$session->query('CALL bench.reset()');
	$session->query('CHECKPOINT');
}

# The files under @current say the same under the same names, in other bytes.
sub harvest
{
	my ($directory) = @_;

	unlink "$files/current";
	symlink "$docs/$directory", "$files/current" or die "$files/current: $!\n";
}

sub measure_ingest
{
	my (%ours, %theirs);
	my $added;

	harvest('pages');
	reset_tables();
	ingest('paperfeed.papers', 'new', @current);
	ingest('bench.mine', 'new', @current);
	$session->query("COPY paperfeed.papers TO '$files/papers.copy'");
	$session->query("COPY bench.mine TO '$files/mine.copy'");
	$added = $session->query('SELECT count(*) FROM paperfeed.papers');

	for (1 .. $repeat)
	{
		reset_tables();
		$ours{papers} = best($ours{papers}, ingest('paperfeed.papers', 'new', @current));
		$ours{same} = best($ours{same}, ingest('paperfeed.papers', 'old', @current));
		harvest('again');
		$ours{again} = best($ours{again}, ingest('paperfeed.papers', 'old', @current));
		harvest('pages');
		reset_tables();
		$ours{load_papers} = best($ours{load_papers}, load('paperfeed.papers'));
		reset_tables();
		$ours{load_mine} = best($ours{load_mine}, load('bench.mine'));
		reset_tables();
		$theirs{papers} = best($theirs{papers}, copy('papers'));
		reset_tables();
		$ours{mine} = best($ours{mine}, ingest('bench.mine', 'new', @current));
		reset_tables();
		$theirs{mine} = best($theirs{mine}, copy('mine'));
		reset_tables();
		$ours{gz} = best($ours{gz}, ingest('paperfeed.papers', 'new', @gz));
	}
	my %rows = (amount => $added, unit => 'rows', digits => 0);
	add_row(%rows, name => 'ingest into paperfeed.papers', ours => $ours{papers},
		against => 'COPY of the same rows', theirs => $theirs{papers}, bar => 0.5);
	add_row(%rows, name => 'ingest, pages as .gz', ours => $ours{gz},
		against => 'COPY of the same rows', theirs => $theirs{papers});
	add_row(%rows, name => "ingest into a user's table", ours => $ours{mine},
		against => 'COPY of the same rows', theirs => $theirs{mine}, bar => 0.5);
	add_row(%rows, name => 'load into paperfeed.papers', ours => $ours{load_papers},
		against => 'COPY of the same rows', theirs => $theirs{papers}, bar => 0.5);
	add_row(%rows, name => "load into a user's table", ours => $ours{load_mine},
		against => 'COPY of the same rows', theirs => $theirs{mine}, bar => 0.5);
	add_row(%rows, name => 'ingest again, the same files', ours => $ours{same},
		against => 'the first ingest', theirs => $ours{papers}, bar => 3);
	add_row(%rows, name => 'ingest again, the same records', ours => $ours{again},
		against => 'the first ingest', theirs => $ours{papers});
}

# Bytes that belong to that process alone, in memory or swapped out.
sub own_memory
{
	my ($pid) = @_;
	my $kilobytes = 0;

	open(my $fh, '<', "/proc/$pid/status") or return 0;
	while (<$fh>)
	{
		$kilobytes += $1 if /^(?:RssAnon|VmSwap):\s*(\d+)/;
	}
	return $kilobytes * 1024;
}

# Bytes that a new backend's own memory grows by, at most, while it runs 'sql'.
sub growth
{
	my ($sql) = @_;
	my $own = BenchSession->new($psql);
	my $pid = $own->query('SELECT pg_backend_pid()');
	my $before = own_memory($pid);
	my $peak = $before;

	$own->send($sql);
	until ($own->ready(0.001))
	{
		my $now = own_memory($pid);
		$peak = $now if $now > $peak;
	}
	$own->result;
	$own->close;
	return $peak - $before;
}

sub measure_memory
{
	my $large = "$docs/large.xml";
	my $size = sprintf('%.0f MB', (-s $large) / 1e6);
	my $add = sub {
		my ($name, $bytes) = @_;
		push @rows, [ "memory, $name of $size", sprintf('%.1f MB', $bytes / 1e6), '', '', '', '', '< 64 MB',
			$bytes < 64e6 ? 'ok' : 'short' ];
	};
	my ($ingest, $load, $parse, $read);

	reset_tables();
	$ingest = growth("SELECT * FROM paperfeed.ingest_file('$large')");
	reset_tables();
	$load = growth("CALL paperfeed.ingest_files('$large')");
	reset_tables();
	$read = growth("SELECT length(pg_read_binary_file('$large'))");
	$parse = growth("SELECT count(*) FROM paperfeed.parse(pg_read_binary_file('$large'))");
	$add->('ingest_file', $ingest);
	$add->('ingest_files', $load);
	$add->('parse', $parse - $read);
}

# 'query' is one over the array $1 of the texts in 'file'.
sub measure_texts
{
	my ($name, $unit, $file, $function, $query) = @_;
	my $texts = "string_to_array(pg_read_file('$docs/$file'), E'\\x1E')";
	my ($ours, $amount);

	return if $session->query("SELECT to_regprocedure('$function')") eq '';
	$amount = $unit eq 'MB' ? (-s "$docs/$file") / 1e6 :
	  $session->query("SELECT cardinality($texts) / 1000.0");
	$ours = best($ours, [ split /\|/, $session->query("SELECT * FROM bench.over('$query', $texts)") ])
	  for 1 .. $many;
	add_row(name => $name, amount => $amount, unit => $unit, digits => $unit eq 'MB' ? 1 : 0,
		ours => $ours);
}

# ---------------------------------------------------------------------------

sub describe
{
	my ($fsync, $model) = ($session->query('SHOW fsync'), '');

	if (open(my $fh, '<', '/proc/cpuinfo'))
	{
		($model) = map { /^model name\s*:\s*(.*)/ ? $1 : () } <$fh>;
	}
	printf "paperfeed %s, PostgreSQL %s, libxml2 %s, %s (%d CPUs)\n",
	  $session->query("SELECT extversion FROM pg_extension WHERE extname = 'paperfeed'"),
	  $session->query('SHOW server_version'), output('pkg-config', '--modversion', 'libxml-2.0'),
	  $model // 'unknown CPU', output('nproc');
	printf "%d pages, %.1f MB, %d papers (%s); fsync = %s, the server's defaults but for %s\n",
	  scalar(@pages), $page_bytes / 1e6, $records, $data ne '' ? 'given' : 'made up', $fsync,
	  'shared_buffers = 512MB, max_wal_size = 4GB';
	printf "best of %d (parse, texts) or %d (ingest); speeds and ratio by CPU time, wall: by wall time\n\n",
	  $many, $repeat;
}

measure_sax();
measure_sfeed('RSS, one of 20 MB', "$docs/rss.xml");
measure_sfeed('RSS, 100 of 0.2 MB', glob("$docs/daily/*.xml"));
measure_sfeed('Atom, one of 20 MB', "$docs/atom.xml");
measure_sfeed(basename($_, '.xml'), $_) for sort glob("$docs/feeds/*.xml");
measure_ingest();
measure_memory();
measure_texts('plain() of abstracts', 'MB', 'abstracts.txt', 'paperfeed.plain(text)',
	'SELECT sum(length(paperfeed.plain(t))) FROM unnest($1) AS t');
measure_texts('plain() of names', 'MB', 'names.txt', 'paperfeed.plain(text)',
	'SELECT sum(length(paperfeed.plain(t))) FROM unnest($1) AS t');
measure_texts('links() in abstracts', 'MB', 'abstracts.txt', 'paperfeed.links(text)',
	'SELECT count(paperfeed.links(t)) FROM unnest($1) AS t');
measure_texts('text to paperid', 'k', 'ids.txt', 'paperfeed.paperid_in(cstring)',
	'SELECT count(t::paperfeed.paperid) FROM unnest($1) AS t');
describe();
print_table();
$session->close;
