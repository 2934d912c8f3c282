#!/usr/bin/perl
# Make the papers that the search benchmark searches in, and what it asks.
#
#   search_corpus.pl OUT DOCS [DATA]
#
# DATA may hold corpus/*.jsonl(.gz) (a paper a line: title, abstract, published,
# categories) and oai/*.xml(.gz) (OAI-PMH pages of arXiv's own format).  All its
# papers are taken, once each; when they do not suffice, the rest is recombined
# from sentences of three to five papers of one category, as many as one of them
# has (but 4 to 9), under a title of theirs or two halves of titles.  Without DATA
# the papers are made of made-up words whose frequencies follow Zipf's law.
#
# The same every time: only perl's own random numbers with a fixed seed are used.
# The real papers are spread evenly among the others, in no order of time.
#
# OUT then has, in the format of COPY,
#   docs    id, title, abstract, published, tenth, category: DOCS rows
#   extra   as many columns: rows to be inserted later, newer than all others
#   spans   n, words: 1 to 6 neighbouring words of a real title
#   about   what it is, for people

use strict;
use warnings;

use List::Util qw(max min);

my $EXTRA     = 40_000;
my $SPANS     = 4_000;
my $REAL_TITLE = 0.3;           # share of recombined papers with one of the titles unchanged
my $SMALL     = 50;             # a category with fewer papers goes with its archive
my $MADE_UP   = 20_000;         # papers, without DATA
my $SEED      = 20_260_611;

my ($out, $docs, $data) = @ARGV;
die "usage: search_corpus.pl OUT DOCS [DATA]\n" unless defined $docs && $docs =~ /^\d+$/;

my @papers;                     # [title, [sentences], day, category, abstract]
my %seen;

sub open_data
{
	my ($path) = @_;
	my $fh;

	if ($path =~ /\.gz$/)
	{
		open($fh, '-|', 'gzip', '-dc', $path) or die "$path: $!\n";
	}
	else
	{
		open($fh, '<', $path) or die "$path: $!\n";
	}
	binmode $fh;
	return $fh;
}

sub squeeze
{
	my ($text) = @_;

	$text =~ s/\s+/ /g;
	$text =~ s/^ | $//g;
	return $text;
}

sub add_paper
{
	my ($title, $abstract, $day, $category) = @_;

	($title, $abstract) = (squeeze($title), squeeze($abstract));
	return if length $title < 8 || length $abstract < 200 || $day !~ /^\d{4}-\d\d-\d\d$/;
	return if $seen{ lc $title }++;
	push @papers, [ $title, [ split /(?<=[.!?]) (?=[A-Z(\$])/, $abstract ], $day, $category, $abstract ];
}

# ---------------------------------------------------------------------------
# Real papers
# ---------------------------------------------------------------------------

my %escape = (n => "\n", t => "\t", r => "\r", b => ' ', f => ' ');

sub utf8
{
	my ($code) = @_;
	my $c = chr $code;

	utf8::encode($c);
	return $c;
}

sub json_text
{
	my ($text) = @_;

	return $text if index($text, '\\') < 0;
	$text =~ s/\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/
	  utf8(0x10000 + ((hex($1) & 0x3FF) << 10) + (hex($2) & 0x3FF))/ge;
	$text =~ s/\\(?:u([0-9a-fA-F]{4})|(.))/
	  defined $1 ? (hex($1) < 32 || hex($1) >> 11 == 27 ? ' ' : utf8(hex $1)) : $escape{$2} || $2/ge;
	return $text;
}

my $STRING = qr/"((?:[^"\\]|\\.)*)"/;

sub read_jsonl
{
	my ($path) = @_;
	my $fh = open_data($path);

	while (my $line = <$fh>)
	{
		my ($title) = $line =~ /"title": ?$STRING/ or next;
		my ($abstract) = $line =~ /"abstract": ?$STRING/ or next;
		my ($day) = $line =~ /"published": ?"(\d{4}-\d\d-\d\d)/ or next;
		my ($category) = $line =~ /"categories": ?\[$STRING/;
		add_paper(json_text($title), json_text($abstract), $day, $category // '');
	}
	close($fh) or die "$path: cannot be read\n";
}

sub xml_text
{
	my ($text) = @_;

	$text =~ s/&lt;/</g;
	$text =~ s/&gt;/>/g;
	$text =~ s/&quot;/"/g;
	$text =~ s/&#(\d+);/utf8($1)/ge;
	$text =~ s/&amp;/&/g;
	return $text;
}

sub read_oai
{
	my ($path) = @_;
	my $fh = open_data($path);

	local $/ = '</record>';
	while (my $record = <$fh>)
	{
		my ($title) = $record =~ m{<title>(.*?)</title>}s or next;
		my ($abstract) = $record =~ m{<abstract>(.*?)</abstract>}s or next;
		my ($day) = $record =~ m{<created>(.*?)</created>} or next;
		my ($category) = $record =~ m{<categories>([^\s<]+)};
		add_paper(xml_text($title), xml_text($abstract), $day, $category // '');
	}
	close($fh) or die "$path: cannot be read\n";
}

# ---------------------------------------------------------------------------
# Made-up ones
# ---------------------------------------------------------------------------

my @syllables = map { my $c = $_; map { $c . $_ } qw(a e i o u an el is or um) }
  qw(b c d f g h k l m n p r s t v);

# Word r has about 1/r of the occurrences of word 1.
my @words;

sub made_up_word
{
	my $r = int(exp(rand() * log(50_000)));

	return $words[$r] //= join '', map { $syllables[ rand @syllables ] } 0 .. 1 + int(rand 3);
}

sub made_up_sentence
{
	return ucfirst(join(' ', map { made_up_word() } 1 .. 12 + int(rand 16))) . '.';
}

sub make_papers
{
	for (1 .. $MADE_UP)
	{
		add_paper(ucfirst(join(' ', map { made_up_word() } 1 .. 5 + int(rand 8))),
			join(' ', map { made_up_sentence() } 1 .. 4 + int(rand 6)),
			sprintf('%04d-%02d-%02d', 2007 + int(rand 19), 1 + int(rand 12), 1 + int(rand 28)),
			'm.' . int(rand 20));
	}
}

# ---------------------------------------------------------------------------
# Recombined ones
# ---------------------------------------------------------------------------

my %group;                      # category => papers
my @group_of;                   # paper's number => its group

sub make_groups
{
	my %count;

	$count{ $_->[3] }++ for @papers;
	for my $paper (@papers)
	{
		my $name = $paper->[3];

		$name =~ s/\..*// if $count{$name} < $SMALL;
		push @{ $group{$name} }, $paper;
	}
	for my $name (sort keys %group)
	{
		$group{''} = [ @{ $group{''} // [] }, @{ delete $group{$name} } ] if @{ $group{$name} } < 5;
	}
	my %by_paper;
	for my $list (sort { $a->[0][0] cmp $b->[0][0] } values %group)
	{
		$by_paper{$_} = $list for @$list;
	}
	@group_of = map { $by_paper{$_} } @papers;
}

sub recombine
{
	my $list = $group_of[ rand @papers ];
	my @from = map { $list->[ rand @$list ] } 1 .. 3 + int(rand 3);
	my $want = min(9, max(4, scalar @{ $list->[ rand @$list ][1] }));
	my (%taken, @sentences, $title);

	for (my $try = 0; @sentences < $want && $try < 60; $try++)
	{
		my $sentences = $from[ rand @from ][1];
		my $sentence = $sentences->[ rand @$sentences ];

		push @sentences, $sentence unless $taken{$sentence}++;
	}
	if (rand() < $REAL_TITLE)
	{
		$title = $from[0][0];
	}
	else
	{
		my @a = split / /, $from[0][0];
		my @b = split / /, $from[1][0];

		$title = join ' ', @a[ 0 .. int($#a / 2) ], @b[ int($#b / 2) .. $#b ];
	}
	return [ $title, undef, $from[2][2], $from[0][3], join ' ', @sentences ];
}

# ---------------------------------------------------------------------------

sub copy_text
{
	my ($text) = @_;

	$text =~ s/\\/\\\\/g;
	$text =~ s/[\x00-\x1F]/ /g;
	return $text;
}

sub print_row
{
	my ($fh, $id, $paper, $day) = @_;
	my $second = int(rand 86_400);

	print $fh join("\t", $id, copy_text($paper->[0]), copy_text($paper->[4]),
		sprintf('%s %02d:%02d:%02d+00', $day // $paper->[2], $second / 3600, $second / 60 % 60, $second % 60),
		int(rand 10), $paper->[3]), "\n";
}

sub spill
{
	my ($name) = @_;

	open(my $fh, '>', "$out/$name") or die "$out/$name: $!\n";
	binmode $fh;
	return $fh;
}

srand($SEED);
if (defined $data)
{
	read_jsonl($_) for sort glob("$data/corpus/*.jsonl $data/corpus/*.jsonl.gz");
	read_oai($_) for sort glob("$data/oai/*.xml $data/oai/*.xml.gz");
}
my $real = @papers;
make_papers() unless $real;
make_groups();

# Paper i stands at place i * step mod docs: step has no factor in common with docs.
my $step = int($docs * 0.618) | 1;
sub gcd { my ($x, $y) = @_; ($x, $y) = ($y, $x % $y) while $y; return $x }
$step += 2 while gcd($step, $docs) != 1;
my @order = map { $_ * $step % $docs } 0 .. min($docs, scalar @papers) - 1;
my %at;
@at{@order} = 0 .. $#order;
# A shuffle of the papers themselves, as they may come ordered by time.
my @shuffled = (0 .. $#papers);
for (my $i = $#shuffled; $i > 0; $i--)
{
	my $j = int(rand($i + 1));
	@shuffled[ $i, $j ] = @shuffled[ $j, $i ];
}

my $fh = spill('docs');
for my $place (0 .. $docs - 1)
{
	my $i = $at{$place};
	print_row($fh, $place + 1, defined $i ? $papers[ $shuffled[$i] ] : recombine());
}
close($fh) or die "$out/docs: $!\n";

my ($newest) = sort { $b cmp $a } map { $_->[2] } @papers;
$fh = spill('extra');
print_row($fh, $docs + $_, recombine(), substr($newest, 0, 4) + 1 . sprintf('-01-%02d', 1 + $_ * 28 / ($EXTRA + 1)))
  for 1 .. $EXTRA;
close($fh) or die "$out/extra: $!\n";

# Of their own seed, so that all sizes are asked the same.
srand($SEED + 1);
$fh = spill('spans');
for (my $n = 0; $n < $SPANS;)
{
	my $title = $papers[ $shuffled[ rand @order ] ][0];
	my $length = 1 + int(rand 6);
	my @title = grep { /[0-9A-Za-z]/ } split / /, $title;
	next if $title =~ /[\\\$\x00-\x1F]/ || @title < $length;
	my $from = int(rand(@title - $length + 1));
	print $fh ++$n, "\t", join(' ', @title[ $from .. $from + $length - 1 ]), "\n";
}
close($fh) or die "$out/spans: $!\n";

$fh = spill('about');
printf $fh "%d papers: %s\n", $docs, !$real ? 'made-up words'
  : $docs <= $real ? 'real'
  : sprintf('%d real, %d recombined from sentences of 3-5 real papers of one category', $real, $docs - $real);
close($fh);
