# If this fails, a damaged page of the search index goes unseen by index_check(),
# or a query, an insert or a VACUUM that meets it crashes, hangs, or answers
# wrongly without a word.  Every kind of page is damaged in every way; also so
# that its checksum is right, or is another page of its index: then answers may
# be wrong, but nothing else.
#
# PAPERFEED_CORRUPT=50 for so many times of each, PAPERFEED_SEED=n for others.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedIndex;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $times = $ENV{PAPERFEED_CORRUPT} // 1;
my $seed  = $ENV{PAPERFEED_SEED}    // 1;
srand $seed;

my $block = 8192;
my $data  = 24;			# where a page's data begins
my $tail  = $block - 24;
my @kinds = qw(none meta buffer long header docs alive dictionary skips postings tables);

# ---- pages ----

my @crc_table = map {
	my $c = $_;
	$c = $c & 1 ? 0x82F63B78 ^ ($c >> 1) : $c >> 1 for 1 .. 8;
	$c
} 0 .. 255;

sub crc32c
{
	my ($bytes) = @_;
	my $c = 0xFFFFFFFF;
	$c = $crc_table[ ($c ^ $_) & 0xFF ] ^ ($c >> 8) foreach unpack 'C*', $bytes;
	return $c ^ 0xFFFFFFFF;
}

sub lower { return unpack 'S', substr($_[0], 12, 2); }

sub crc
{
	my ($page) = @_;
	return crc32c(substr($page, $data, lower($page) - $data) . substr($page, $tail, 16) . substr($page, $tail + 20, 4));
}

sub page_kind { return unpack 'S', substr($_[0], $tail + 20, 2); }

# Blocks by kind that the index as it is refers to.
sub live
{
	my ($file, @segments) = @_;
	my @pages = unpack "(a$block)*", $file;
	my %owners = map { $_ => 1 } @segments;
	my %spare;
	my %by_kind = (meta => [0]);

	my ($head, undef, undef, undef, $spare) = unpack 'LLQLL', substr($pages[0], $data + 40, 24);
	for (my $b = $head; $b < @pages; $b = unpack 'L', substr($pages[$b], $data, 4))
	{
		push @{ $by_kind{buffer} }, $b;
	}
	for (my $b = $spare; $b < @pages; $b = unpack 'L', substr($pages[$b], $data, 4))
	{
		$spare{$b} = 1;
	}
	foreach my $b (1 .. $#pages)
	{
		my $kind = page_kind($pages[$b]);
		next if $kind & 0x8000;
		my $owner = unpack 'Q', substr($pages[$b], $tail, 8);
		push @{ $by_kind{ $kinds[$kind] } }, $b if $kind == 3 ? !$spare{$b} : $kind > 3 && $owners{$owner};
	}
	return %by_kind;
}

# ---- damage: each changes a page, and says whether index_check() has to see it ----

my $put = sub { my ($page, $at, $bytes) = @_; substr($$page, $at, length $bytes) = $bytes; };
my $in_data = sub { my ($page) = @_; return $data + int rand(lower($page) - $data); };
my $interesting = sub { return (0, 1, 2, 127, 128, 255, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, int rand 2**32)[ rand 13 ]; };

my %damage = (
	bit => sub { my ($page) = @_; my $at = $in_data->($$page); $put->($page, $at, chr(ord(substr($$page, $at, 1)) ^ (1 << int rand 8))); },
	bytes => sub { my ($page) = @_; $put->($page, $in_data->($$page), chr int rand 256) foreach 1 .. 40; },
	zeros => sub { my ($page) = @_; $put->($page, 0, "\0" x $block); },
	half  => sub { my ($page) = @_; $put->($page, 4096, "\0" x 4096); },
	other => sub { my ($page, $other) = @_; $$page = $other; },
	'other owner' => sub { my ($page, $other) = @_; $$page = $other; },
	'other kind' => sub { my ($page, $other) = @_; $$page = $other; },
	tail  => sub { my ($page) = @_; my $at = $tail + int rand 24; $put->($page, $at, chr(ord(substr($$page, $at, 1)) ^ (1 << int rand 8))); },
	size  => sub { my ($page) = @_; $put->($page, 12, pack 'S', $data + 4 * int rand(2000)); },
	# with a right checksum
	'sealed word' => sub { my ($page) = @_; my $at = $in_data->($$page) & ~3; $put->($page, $at, pack 'L', $interesting->()); seal($page); },
	'sealed short' => sub { my ($page) = @_; my $at = $in_data->($$page) & ~1; $put->($page, $at, pack 'S', $interesting->() & 0xFFFF); seal($page); },
	'sealed start' => sub { my ($page) = @_; $put->($page, $data + 2 * int rand 12, pack 'S', $interesting->() & 0xFFFF) foreach 1 .. 2; seal($page); },
	'sealed byte' => sub { my ($page) = @_; $put->($page, $in_data->($$page), chr($interesting->() & 0xFF)); seal($page); },
	'sealed bytes' => sub { my ($page) = @_; $put->($page, $in_data->($$page), chr int rand 256) foreach 1 .. 40; seal($page); },
	'sealed end' => sub { my ($page) = @_; $put->($page, 12, pack 'S', $data + int rand(lower($$page) - $data)); seal($page); });

sub seal
{
	my ($page) = @_;
	$put->($page, $tail + 16, pack 'L', crc($$page));
	return;
}

# ---- tables that are all the same, each to be damaged in one place ----

my @cases;
foreach my $n (1 .. $times)
{
	foreach my $kind (grep { $_ ne 'none' } @kinds)
	{
		push @cases, map { [ $kind, $_ ] } sort keys %damage;
	}
}

my $node = PostgreSQL::Test::Cluster->new('corrupt');
$node->init(no_data_checksums => 1);
PaperfeedIndex::configure($node);
$node->append_conf('postgresql.conf', 'max_locks_per_transaction = 256');
$node->start;
PaperfeedIndex::setup($node);
my $batch = 65;
$node->safe_psql(
	'postgres', qq{
	SELECT setseed(0.5);
	CREATE TABLE base (id serial, n integer, tsv tsvector);
	INSERT INTO base (n, tsv) SELECT i % 10, to_tsvector('simple', oracle.text(1000, 12)) FROM generate_series(1, 700) AS i;
	INSERT INTO base (n, tsv) SELECT 3, to_tsvector('simple', string_agg('w' || i, ' ')) FROM generate_series(1, 3000) AS i;
	ANALYZE base;
	CREATE FUNCTION try(query text, OUT state text, OUT result text) LANGUAGE plpgsql AS \$\$
	BEGIN
		EXECUTE format('WITH q (a, b) AS (%s) SELECT string_agg(format(''%%s %%s'', a, b), '' '' ORDER BY a, b) FROM q', query) INTO result;
		state := '00000';
	EXCEPTION WHEN OTHERS OR query_canceled THEN
		state := SQLSTATE;
		result := replace(SQLERRM, E'\\n', ' ');
	END \$\$;
	DO \$\$
	BEGIN
		FOR i IN 1 .. $batch LOOP
			EXECUTE format('CREATE TABLE c%s AS SELECT * FROM base WHERE id <= 500', i);
			EXECUTE format('CREATE INDEX c%s_tsv ON c%s USING paperfeed_bm25 (tsv, n) WITH (config = ''simple'', buffer_size = 64)', i, i);
		END LOOP;
	END \$\$;});

# Segments, dead documents, a buffer with tombstones and a long record.
sub fill
{
	$node->safe_psql(
		'postgres', qq{
		DO \$\$
		BEGIN
			FOR i IN 1 .. $batch LOOP
				EXECUTE format('TRUNCATE c%s', i);
				EXECUTE format('INSERT INTO c%s SELECT * FROM base WHERE id <= 300', i);
				EXECUTE format('REINDEX INDEX c%s_tsv', i);
				EXECUTE format('INSERT INTO c%s SELECT * FROM base WHERE id BETWEEN 301 AND 690', i);
				EXECUTE format('DELETE FROM c%s WHERE id %% 20 = 1', i);
			END LOOP;
		END \$\$});
	$node->safe_psql('postgres', join '', map { "VACUUM c$_;\n" } 1 .. $batch);
	$node->safe_psql('postgres', "DO \$\$ BEGIN FOR i IN 1 .. $batch LOOP EXECUTE format('INSERT INTO c%s SELECT * FROM base WHERE id > 690', i); END LOOP; END \$\$");
	return;
}

my @queries = (
	q{SELECT id, round((tsv <=> Q('w1 w5 w77'))::numeric, 6) FROM c ORDER BY tsv <=> Q('w1 w5 w77')},
	q{SELECT round((tsv <=> Q('w2 w3 w4 w300 w500'))::numeric, 6), NULL FROM c WHERE n < 5 ORDER BY tsv <=> Q('w2 w3 w4 w300 w500') LIMIT 10},
	q{SELECT id, NULL FROM c WHERE tsv @@ 'w1 & w2:* & !w9'},
	q{SELECT id, NULL FROM c WHERE tsv @@ 'w3 | w4' AND n = 3});
my $sql = sub { my ($q, $i) = @_; return $q =~ s/Q\(('[^']*')\)/paperfeed.bm25_query($1, 'c${i}_tsv')/gr =~ s/FROM c/FROM c$i/r; };

# a format of another version is a feature that is not supported
my $told_version = sub { my ($how, $kind, $state) = @_; return $how =~ /^sealed/ && $kind eq 'meta' && $state eq '0A000'; };

my %covered;
my %told;
while (@cases)
{
	fill();
	my @batch = splice @cases, 0, $batch;
	my @want = map { my $q = $sql->($_, 1) =~ s/'/''/gr; $node->safe_psql('postgres', "SELECT result FROM try('$q')") } @queries;
	my @paths = map { $node->data_dir . '/' . $_ } split /\n/,
	  $node->safe_psql('postgres', "SELECT pg_relation_filepath('c' || i || '_tsv') FROM generate_series(1, $batch) AS i");
	my @segments = split /\n/,
	  $node->safe_psql('postgres', "SELECT string_agg(s.id::text, ',') FROM generate_series(1, $batch) AS i, paperfeed.index_segments(('c' || i || '_tsv')::regclass) AS s GROUP BY i ORDER BY i");
	$node->stop;

	my @damaged;
	foreach my $i (1 .. @batch)
	{
		my ($kind, $how) = @{ $batch[ $i - 1 ] };
		open my $f, '+<:raw', $paths[ $i - 1 ] or die "$paths[$i - 1]: $!";
		my $file = do { local $/; <$f> };
		my %live = live($file, split /,/, $segments[ $i - 1 ]);
		my $of = $live{$kind};
		if (!$of)
		{
			close $f;
			next;
		}
		my $b = $of->[ rand @$of ];
		my $page = substr $file, $b * $block, $block;
		my $old = $page;
		# a page of another place, of the same kind if there is one
		my @others = grep { $_ != $b } @$of, 1;
		my $same_owner = sub { return substr($file, $_[0] * $block + $tail, 8) eq substr($page, $tail, 8); };
		@others = grep { !$same_owner->($_) } @$of if $how eq 'other owner';
		@others = grep { $same_owner->($_) } map { $_ eq $kind ? () : @{ $live{$_} } } sort keys %live if $how eq 'other kind';
		@others = ($b) unless @others;
		$damage{$how}->(\$page, substr($file, $others[ rand @others ] * $block, $block));
		seek $f, $b * $block, 0;
		print $f $page;
		close $f or die $!;
		# what lies in the hole, or is of no meaning, need not be seen
		my $must = $how !~ /^sealed/ && $page ne $old;
		$must = 0 if $must && lower($page) == lower($old) && lower($page) >= $data && crc($page) == crc($old) && substr($page, $tail + 16, 4) eq substr($old, $tail + 16, 4);
		# only a page of the same segment and kind can be taken for the one it replaces
		my $right = $how =~ /^sealed/ || $how =~ /^other/ && substr($page, $tail, 8) eq substr($old, $tail, 8) && page_kind($page) == page_kind($old);
		push @damaged, [ $i, $kind, $how, $b, $must, $right ] if $page ne $old;
		$covered{$kind} = 1;
	}
	$node->start;

	my @faults;
	foreach my $damaged (@damaged)
	{
		my ($i, $kind, $how, $b, $must, $right) = @$damaged;
		my $what = "$how of block $b ($kind), table c$i";
		my @statements = ((map { $sql->($_, $i) } @queries), "INSERT INTO c$i SELECT * FROM base LIMIT 60 RETURNING 1, 1", "DELETE FROM c$i WHERE id % 3 = 0 RETURNING 1, 1",
			(map { $sql->($_, $i) } @queries), "SELECT 1, s.id FROM paperfeed.index_stats('c${i}_tsv'), paperfeed.index_segments('c${i}_tsv') AS s");
		my ($rc, $out, $err) = $node->psql('postgres',
			"\\set VERBOSITY verbose\nSET statement_timeout = '20s'; SET client_min_messages = error; SET enable_seqscan = off; SET enable_sort = off;\n"
			  . "SELECT c FROM paperfeed.index_check('c${i}_tsv') AS c;\n\\echo =\n\\warn =\n"
			  . join('', map { s/'/''/g; "SELECT * FROM try('$_');\n" } @statements)
			  . "VACUUM c$i;\n" x 2,
			on_error_stop => 0);
		my ($rows, $answers) = split /^=\n/m, $out, 2;
		my ($error, $vacuum) = split /^.*=\n/m, $err, 2;
		push @faults, "$what: the session ends: $err" if $rc != 0 && $rc != 3;
		push @faults, "$what: index_check raises $error" if $error =~ /(?:ERROR|FATAL|PANIC):  (?!XX00[12])/ || $error =~ /ERROR/ && $error !~ /in block $b\b/;
		push @faults, "$what: index_check says nothing of it, but: $rows $error" if $must && "$rows $error" !~ /\b$b\b/;
		push @faults, "$what: VACUUM: $vacuum" if $vacuum =~ /(?:ERROR|FATAL|PANIC):  (?!XX00[12])(\w+)/ && !$told_version->($how, $kind, $1);
		my @answers = split /\n/, $answers // '';
		push @faults, "$what: " . scalar(@answers) . ' answers' if @answers != @statements;
		# every query reads these
		push @faults, "$what: a query says nothing of it" if $must && $kind =~ /^(?:meta|header)$/ && grep { !/^XX00[12]\|/ } @answers[ 0 .. $#queries ];
		foreach my $n (0 .. $#answers)
		{
			my ($state, $answer) = split /\|/, $answers[$n], 2;
			$told{$kind}++ if $state eq 'XX002';
			# a row in a block that the table never had: what the server itself says to that
			next if $how =~ /^sealed/ && $state =~ /^(?:58P01|XX000)$/ && $answer =~ /^could not open file .*target block/;
			push @faults, "$what: $statements[$n]: $state $answer" unless $state =~ /^(?:00000|XX00[12])$/ || $told_version->($how, $kind, $state);
			push @faults, "$what: $statements[$n]: another answer" if $n < @queries && $state eq '00000' && !$right && $answer ne $want[$n];
		}
		last if @faults > 20;
	}
	is(substr(join("\n", @faults), 0, 6000), '', scalar(@damaged) . ' damaged indexes are told of, and crash nothing');
	my $crashed = PaperfeedIndex::crashed($node);
	is(substr($crashed, 0, 1000), '', 'the server lives');
	last if $crashed;
	$node->safe_psql('postgres', join '', map { "REINDEX INDEX c${_}_tsv;\n" } 1 .. @batch);
	is(join('', map { $node->safe_psql('postgres', "SELECT c FROM paperfeed.index_check('c${_}_tsv') AS c") } 1, scalar(@batch)), '', 'REINDEX mends them');
}
is(join(' ', sort keys %covered), join(' ', sort grep { $_ ne 'none' } @kinds), 'every kind of page was damaged');
# alive bits are not looked at where nothing is dead
delete $told{alive};
is(join(' ', sort keys %told), join(' ', sort grep { !/none|alive/ } @kinds), 'and queries told of it');

# A file that ends too early.
fill();
my $path = $node->data_dir . '/' . $node->safe_psql('postgres', q{SELECT pg_relation_filepath('c1_tsv')});
$node->stop;
truncate $path, $block * int((-s $path) / $block / 2) or die $!;
$node->start;
my (undef, $rows, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT c FROM paperfeed.index_check('c1_tsv') AS c");
unlike($error, qr/ERROR:  (?!XX00[12])/, 'a file cut in half: index_check');
isnt("$rows$error", '', 'sees it');
foreach my $q (@queries)
{
	(undef, undef, $error) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET statement_timeout = '20s'; SET enable_seqscan = off; " . $sql->($q, 1));
	unlike($error, qr/ERROR:  (?!XX00[12])/, 'a query');
}
$node->safe_psql('postgres', 'REINDEX INDEX c1_tsv');
is(substr($node->safe_psql('postgres', q{SELECT oracle.agrees('c1', 'c1_tsv')}), 0, 2000), '', 'REINDEX mends it');

is(PaperfeedIndex::crashed($node), '', 'the server did not crash');
$node->stop;
done_testing();
