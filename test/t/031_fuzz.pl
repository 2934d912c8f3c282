# If this fails, a document with faults that nobody thought of crashes the
# server, holds it, or leaves memory or files behind in it.
#
# Truncations, flipped bits, words in wrong places: thousands of documents made
# out of the fixtures, the same ones in each run, go through one backend.
#
#   PAPERFEED_FUZZ=100000          so many documents in place of 4,000
#   PAPERFEED_FUZZ_FROM=5000       begin with that number, to see other ones
#   PAPERFEED_FUZZ_FILES=dir       made out of the files below dir, too
#
# A document that is told by its number:
#
#   SELECT hostile.mutated(17);    -- after what this file does until "rounds"

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use File::Find ();
use IO::Compress::Gzip qw(gzip $GzipError);
use PaperfeedSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'what a backend uses is known on Linux only' unless -w '/proc/self/clear_refs';

my $rounds = $ENV{PAPERFEED_FUZZ}      || 4000;
my $from   = $ENV{PAPERFEED_FUZZ_FROM} || 1;
my $max_ms = 2000;
my $max_kb = 1024;						# of growth, however many rounds
my $largest = 200_000;					# bytes of a file that are used

my $dir  = PostgreSQL::Test::Utils::tempdir;
my $node = PostgreSQL::Test::Cluster->new('fuzz');
$node->init;
$node->append_conf('postgresql.conf', <<'END');
shared_buffers = 4MB
max_parallel_workers_per_gather = 0
autovacuum = off
jit = off
END
{
	local %ENV = (%ENV, PaperfeedSession::environment());
	$node->start;
}
$node->safe_psql('postgres', 'CREATE EXTENSION paperfeed');
PaperfeedSession::create($node);
$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../fuzz/fuzz.sql"));

# The files; some of them compressed, too.
my @files;
File::Find::find(
	{
		no_chdir => 1,
		wanted   => sub { push @files, $_ if -f && !/README|MANIFEST|\.md$/; }
	},
	"$FindBin::RealBin/../fixtures",
	split /:/, $ENV{PAPERFEED_FUZZ_FILES} || '');
my $i = 0;
foreach my $file (sort @files)
{
	my $bytes;
	open(my $in, '<:raw', $file) or die "$file: $!";
	read $in, $bytes, $largest;
	my @documents = ($bytes);
	if ($i++ % 10 == 0)
	{
		gzip(\$bytes => \my $compressed) or die $GzipError;
		push @documents, $compressed;
	}
	foreach (@documents)
	{
		open(my $out, '>:raw', "$dir/seed") or die "$dir/seed: $!";
		print $out $_;
		close $out;
		$node->safe_psql('postgres',
			"INSERT INTO hostile.seeds (name, document) VALUES ('$file', pg_read_binary_file('$dir/seed'))");
	}
}
note scalar(@files) . ' files';

my $session = PaperfeedSession->new($node);
my $contexts = q{SELECT sum(total_bytes) / 1024 FROM pg_backend_memory_contexts};

sub memory { return $session->query(q{SELECT hostile.memory('VmRSS')}); }

# ---- rounds ----

my ($rss_before, $contexts_before, $papers, $failed, $slowest, $slowest_round) = (0, 0, 0, 0, 0, 0);
my (@wrong, @grown);
my $step = 500;
for (my $first = $from; $first < $from + $rounds; $first += $step)
{
	my $last = $first + $step - 1;
	$last = $from + $rounds - 1 if $last >= $from + $rounds;
	my $answer = eval {
		$session->query(qq{SELECT papers, failed, slowest, slowest_round, array_to_string(wrong, E'\\x01') FROM hostile.fuzz($first, $last)});
	};
	if ($@)
	{
		push @wrong, "among $first to $last: $@";
		last;
	}
	my @a = split /\|/, $answer, 5;
	$papers += $a[0];
	$failed += $a[1];
	($slowest, $slowest_round) = @a[ 2, 3 ] if $a[2] > $slowest;
	push @wrong, split /\x01/, $a[4];

	# What stays from the first ones is no growth.
	if (!$rss_before)
	{
		$rss_before      = memory();
		$contexts_before = $session->query($contexts);
	}
}
note "$rounds documents: $papers papers, $failed failed, the slowest ($slowest_round) $slowest ms";
ok(!@wrong, "$rounds documents with faults") or diag join "\n", @wrong[ 0 .. ($#wrong > 20 ? 20 : $#wrong) ];
cmp_ok($papers, '>', $rounds / 20, 'some are papers all the same');
cmp_ok($slowest, '<', $max_ms, 'none takes long') or diag "document $slowest_round";
is($session->query('SELECT pg_backend_pid()'), $session->pid, 'the backend is the same');
cmp_ok(memory() - $rss_before, '<', $max_kb, 'its memory does not grow');
cmp_ok($session->query($contexts) - $contexts_before, '<', 256, 'nor do its memory contexts');

# ---- what one call leaves behind ----

my %files = (
	'a small document' => '<rss><channel><item><title>A</title></item></channel></rss>',
	'a document over a limit' => '<rss><channel>' . '<a>' x 300,
	'a page'           => '<html><body>',
	'a broken document' => '<rss><channel><item><title>A',
	'JSON'             => '[{"id":"2303.12345","title":"A"}]',
	'JSON over a limit' => '[' x 100,
	'broken JSON'      => '{"id":',
	'an empty file'    => '',
	'rubbish'          => 'x' x 5000,
	'broken gzip'      => "\x1f\x8b\x08\0\0\0\0\0\0\x03" . 'x' x 5000);

sub often
{
	my ($what, $times, $sql) = @_;
	my $loop = sub {
		$session->query(
			"DO \$\$ BEGIN FOR i IN 1 .. $_[0] LOOP BEGIN PERFORM $sql; EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END \$\$");
	};
	my $open = q{SELECT count(*) FROM pg_ls_dir('/proc/self/fd')};

	$loop->($times / 10);
	my ($rss, $contexts_now, $files) = (memory(), $session->query($contexts), $session->query($open));
	$loop->($times);
	my @now = (memory() - $rss, $session->query($contexts) - $contexts_now, $session->query($open) - $files);
	note "$what: $now[0] kB, $now[1] kB in contexts, $now[2] files";
	# A few files are tables.
	ok($now[0] < $max_kb && $now[1] < 64 && $now[2] < $times / 20, "$what leaves nothing behind")
	  or diag "$now[0] kB, $now[1] kB in contexts, $now[2] files";
	return;
}

foreach my $name (sort keys %files)
{
	open(my $out, '>:raw', "$dir/file") or die "$dir/file: $!";
	print $out $files{$name};
	close $out;
	my $bytes = "'\\x" . unpack('H*', $files{$name}) . "'";
	often("$name, 10,000 times", 10_000, "paperfeed.parse($bytes, 'http://x.example/', 'text/xml')");
	often("$name as a file", 1000, "paperfeed.ingest_file('$dir/file')");
}
often('a file that is not there', 1000, "paperfeed.ingest_file('$dir/none')");
often('a directory', 1000, "paperfeed.ingest_file('$dir')");
is($session->query('SELECT pg_backend_pid()'), $session->pid, 'the backend is the same');

$session->close;
$node->stop;
done_testing();
