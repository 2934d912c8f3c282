#!/usr/bin/perl
# Make the documents that bench.pl measures with.
#
#   documents.pl OUT [DATA]
#
# DATA may hold oai/*.xml or *.xml.gz (OAI-PMH pages of arXiv's own format) and
# feeds/ (RSS and Atom, in any folder below).  What it does not hold is made up:
# sentences from word lists, in the shapes and sizes of the real documents, the
# same ones every time.
#
# OUT then has
#   pages/*.xml, gz/*.xml.gz   OAI-PMH pages
#   again/*.xml                the same records, harvested at another time
#   rss.xml, atom.xml          the pages' papers as arXiv's RSS and its API's Atom
#   daily/*.xml                rss.xml in pieces, each a feed of an ordinary day
#   feeds/*.xml                DATA's feeds, their items repeated
#   large.xml                  one OAI-PMH document, the pages repeated under new ids
#   abstracts.txt, names.txt   raw text, parted by the character 0x1E
#   ids.txt                    identifiers as people spell them, parted in the same way

use strict;
use warnings;

use File::Basename qw(basename);
use File::Find ();
use File::Path qw(make_path);

my $PAGES      = 20;            # made up
my $RECORDS    = 1000;          # on each
my $FEED_SIZE  = 20_000_000;    # bytes of rss.xml and atom.xml
my $DAILY_SIZE = 200_000;       # bytes of each of daily/
my $OWN_SIZE   = 10_000_000;    # bytes of each of feeds/
my $LARGE_SIZE = 200_000_000;   # bytes of large.xml

my ($out, $data) = @ARGV;
die "usage: documents.pl OUT [DATA]\n" unless defined $out;

sub slurp
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
	local $/;
	my $bytes = <$fh>;
	close($fh) or die "$path: cannot be read\n";
	return $bytes;
}

sub spill
{
	my ($path, @bytes) = @_;
	open(my $fh, '>', $path) or die "$path: $!\n";
	binmode $fh;
	print $fh @bytes;
	close($fh) or die "$path: $!\n";
}

# ---------------------------------------------------------------------------
# Made-up papers
# ---------------------------------------------------------------------------

my @adjective = qw(adaptive approximate asymptotic bounded causal compact concurrent convex dense
  distributed dynamic efficient exact finite geometric hierarchical implicit incremental latent
  linear local modular noisy optimal parallel periodic probabilistic quantum random recursive
  robust sparse spectral stable stochastic symmetric temporal tractable uniform weighted);
my @noun = qw(algorithm approach automaton baseline bound channel classifier code complexity
  constraint convergence corpus decoder distribution domain encoder entropy estimator experiment
  framework function graph heuristic hypothesis inference interface kernel lattice matrix measure
  mechanism method metric model network observation operator ontology parameter partition policy
  predicate problem procedure process protocol query receiver representation sampler schedule
  semantics sensor signal solution structure system task theorem transform tree variable);
my @verb = qw(analyze approximate bound characterize compare compute construct derive describe
  estimate evaluate examine extend formalize generalize improve introduce investigate present
  propose prove reduce relate revisit show simplify study survey);
my @adverb = qw(asymptotically consistently empirically exactly explicitly jointly locally
  provably significantly uniformly);
my @math = ('$O(n \log n)$', '$\epsilon$', '$n \ge 2$', '$\mathbb{R}^d$', '$k$', '$2^{n-1}$',
	'$\alpha &lt; 1$', '$G=(V,E)$', '$\sqrt{n}$', '$x_{i,j}$');
my @other = ('{\it a priori}', '\emph{ad hoc}', '``greedy\'\'', '50\%', 'H\"older', '&lt;', '&amp;',
	'---', 'Erd\H{o}s');
my @family = qw(Abbott Bauer Castro Dumont Eriksen Fischer Grant Haddad Ivanov Jensen Kowalski
  Lindgren Moreau Nakamura Okafor Petrov Quinn Rossi Schmidt Tanaka Ueda Vargas Wagner Xu Young
  Zhang Kumar Novak Silva Haas);
my @given = qw(Ada Boris Clara David Elena Farid Grace Hugo Irene Jun Karla Lars Maria Nikhil Olga
  Pedro Ruth Sanjay Tomas Uma Vera Walter Yuki Zoe);
my @archive = qw(cs.AI cs.CC cs.CL cs.CR cs.CV cs.DB cs.DC cs.DS cs.IT cs.LG cs.LO cs.NI cs.SE math.IT
  math.CO math.OC quant-ph stat.ML physics.soc-ph);

sub one   { return $_[ rand @_ ] }
sub often { return rand() < $_[0] }

sub noun_phrase
{
	my $n = one(@noun);
	return (often(0.6) ? one(@adjective) . ' ' : '') . (often(0.4) ? one(@noun) . ' ' : '') . $n;
}

sub sentence
{
	my ($tex) = @_;
	my @ways = (
		sub { 'We ' . one(@verb) . ' the ' . noun_phrase() . ' of every ' . noun_phrase() },
		sub { 'In this paper we ' . one(@verb) . ' one ' . noun_phrase() . ' for the '
			  . noun_phrase() },
		sub { 'The ' . noun_phrase() . ' is ' . one(@adverb) . ' ' . one(@adjective)
			  . ' under a ' . noun_phrase() },
		sub { 'In contrast to the ' . noun_phrase() . ', our ' . noun_phrase() . ' and its '
			  . noun_phrase() . ' are ' . one(@adverb) . ' ' . one(@adjective) },
		sub { 'As an application, we ' . one(@adverb) . ' ' . one(@verb) . ' how the '
			  . noun_phrase() . ' depends on the ' . noun_phrase() });
	my $s = one(@ways)->();
	$s .= ' with ' . ($tex eq 'math' ? one(@math) : one(@other)) if $tex ne '' && often(0.4);
	$s .= ', where the ' . noun_phrase() . ' is known' if often(0.3);
	return "$s.";
}

# Lines of fewer than 80 bytes, as arXiv breaks them.
sub fold
{
	my ($text) = @_;
	$text =~ s/(.{1,78})(?: |$)/$1\n/g;
	return $text;
}

# A twentieth of arXiv's abstracts is shorter than the second of these, and so on.
my @sizes = (100, 320, 430, 500, 560, 620, 680, 730, 780, 830, 880, 930, 980, 1040, 1100, 1180, 1260,
	1350, 1470, 1640, 1900);

sub abstract
{
	my $tex = often(0.13) ? 'math' : often(0.08) ? 'other' : '';
	my $n = int rand $#sizes;
	my $size = $sizes[$n] + rand($sizes[ $n + 1 ] - $sizes[$n]) - 40;
	my $text = ' ';
	$text .= ' ' . sentence($tex) while length $text < $size;
	return fold($text);
}

sub title
{
	return join(' ', map { ucfirst } split / /,
		noun_phrase() . ' ' . one('of', 'for', 'and', 'with') . ' ' . noun_phrase()
		  . (often(0.5) ? ' in ' . noun_phrase() : ''));
}

sub day { return sprintf('20%02d-%02d-%02d', $_[0], 1 + rand 12, 1 + rand 28) }

sub made_up_record
{
	my ($n) = @_;
	my $month = 8 + int($n / 2000);
	my $year  = 7 + int(($month - 1) / 12);
	my $id    = sprintf('%02d%02d.%04d', $year, 1 + ($month - 1) % 12, 1 + $n % 2000);
	my $first = sprintf('20%02d-%02d-%02d', $year, 1 + ($month - 1) % 12, 1 + $n % 28);
	my $place = 'University of ' . one(@family);
	my %category = map { one(@archive) => 1 } 0 .. rand 3;
	my $x = "<record>\n<header>\n <identifier>oai:arXiv.org:$id</identifier>\n <datestamp>"
	  . day($year + 2) . "</datestamp>\n <setSpec>cs</setSpec>\n</header>\n<metadata>\n"
	  . ' <arXiv xmlns="http://arxiv.org/OAI/arXiv/"'
	  . ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
	  . ' xsi:schemaLocation="http://arxiv.org/OAI/arXiv/ http://arxiv.org/OAI/arXiv.xsd">' . "\n"
	  . " <id>$id</id><created>$first</created>";
	$x .= '<updated>' . day($year + 1) . '</updated>' if often(0.31);
	$x .= '<authors>';
	for (0 .. (often(0.05) ? 4 + rand 8 : rand 4))
	{
		$x .= '<author><keyname>' . one(@family) . '</keyname><forenames>' . one(@given)
		  . (often(0.3) ? ' ' . chr(65 + rand 26) . '.' : '') . '</forenames>';
		$x .= "<affiliation>$place</affiliation>" if often(0.1);
		$x .= '</author>';
	}
	$x .= '</authors><title>' . fold(title());
	chomp $x;
	$x .= '</title><categories>' . join(' ', sort keys %category) . '</categories>';
	$x .= '<comments>' . int(4 + rand 40) . ' pages, ' . int(1 + rand 12) . ' figures'
	  . (often(0.3) ? "; presented at the Workshop on\n  " . title() : '') . '</comments>'
	  if often(0.7);
	$x .= '<acm-class>' . one('I.2.6', 'F.2.2', 'H.2.4; E.1', 'C.2.1') . '</acm-class>' if often(0.13);
	$x .= '<journal-ref>Journal of ' . title() . ', ' . int(1 + rand 90) . ' (' . (2000 + $year)
	  . '), pp. ' . int(1 + rand 400) . '-' . int(401 + rand 20) . '</journal-ref>' if often(0.35);
	$x .= "<doi>10.5555/paperfeed.$n</doi>" if often(0.18);
	$x .= '<license>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</license>' if often(0.7);
	$x .= '<abstract>' . abstract() . "</abstract></arXiv>\n</metadata>\n</record>\n";
	return $x;
}

my $oai_head = <<'XML';
<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">
<responseDate>2016-03-09T00:36:09Z</responseDate>
<request verb="ListRecords" metadataPrefix="arXiv" set="cs">http://export.arxiv.org/oai2</request>
<ListRecords>
XML

sub make_pages
{
	srand(20160309);
	for my $page (1 .. $PAGES)
	{
		my @records = map { made_up_record(($page - 1) * $RECORDS + $_) } 0 .. $RECORDS - 1;
		spill(sprintf('%s/pages/%03d.xml', $out, $page), $oai_head, @records,
			sprintf(qq(<resumptionToken cursor="%d" completeListSize="%d">1122234|%d</resumptionToken>\n),
				($page - 1) * $RECORDS, $PAGES * $RECORDS, $page * $RECORDS + 1),
			"</ListRecords>\n</OAI-PMH>\n");
	}
}

# ---------------------------------------------------------------------------
# From papers to feeds
# ---------------------------------------------------------------------------

sub field
{
	my ($record, $name) = @_;
	return $record =~ m{<$name>(.*?)</$name>}s ? $1 : '';
}

sub authors
{
	my ($record) = @_;
	my @names;
	push @names, ($2 ? "$2 " : '') . $1
	  while $record =~ m{<keyname>(.*?)</keyname>(?:<forenames>(.*?)</forenames>)?}sg;
	return @names;
}

# Text that arXiv's feeds give in one line.
sub line
{
	my ($text) = @_;
	$text =~ s/^\s+|\s+$//g;
	$text =~ s/\s+/ /g;
	return $text;
}

sub rss_item
{
	my ($record) = @_;
	my $id = field($record, 'id');
	my @categories = split ' ', field($record, 'categories');
	return "    <item>\n      <title>" . line(field($record, 'title')) . "</title>\n"
	  . "      <link>https://arxiv.org/abs/$id</link>\n"
	  . "      <description>arXiv:${id}v1 Announce Type: new \nAbstract: "
	  . line(field($record, 'abstract')) . "</description>\n"
	  . "      <guid isPermaLink=\"false\">oai:arXiv.org:${id}v1</guid>\n"
	  . join('', map { "      <category>$_</category>\n" } @categories)
	  . "      <pubDate>Wed, 20 Aug 2025 00:00:00 -0400</pubDate>\n"
	  . "      <arxiv:announce_type>new</arxiv:announce_type>\n"
	  . "      <dc:rights>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</dc:rights>\n"
	  . '      <dc:creator>' . join(', ', authors($record)) . "</dc:creator>\n    </item>\n";
}

my $rss_head = <<'XML';
<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom" version="2.0">
  <channel>
    <title>cs updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/cs</link>
    <description>cs updates on the arXiv.org e-print archive.</description>
    <atom:link href="http://rss.arxiv.org/rss/cs" rel="self" type="application/rss+xml"/>
    <language>en-us</language>
    <pubDate>Wed, 20 Aug 2025 00:00:00 -0400</pubDate>
XML

sub atom_entry
{
	my ($record) = @_;
	my $id = field($record, 'id');
	my @categories = split ' ', field($record, 'categories');
	my $comment = line(field($record, 'comments'));
	return "  <entry>\n    <id>http://arxiv.org/abs/${id}v1</id>\n"
	  . '    <title>' . line(field($record, 'title')) . "</title>\n"
	  . "    <updated>2026-06-11T17:59:49Z</updated>\n"
	  . "    <link href=\"https://arxiv.org/abs/${id}v1\" rel=\"alternate\" type=\"text/html\"/>\n"
	  . "    <link href=\"https://arxiv.org/pdf/${id}v1\" rel=\"related\""
	  . " type=\"application/pdf\" title=\"pdf\"/>\n"
	  . '    <summary>' . line(field($record, 'abstract')) . "</summary>\n"
	  . join('', map { "    <category term=\"$_\" scheme=\"http://arxiv.org/schemas/atom\"/>\n" }
		  @categories)
	  . "    <published>2026-06-11T17:59:49Z</published>\n"
	  . ($comment ne '' ? "    <arxiv:comment>$comment</arxiv:comment>\n" : '')
	  . "    <arxiv:primary_category term=\"$categories[0]\"/>\n"
	  . join('', map { "    <author>\n      <name>$_</name>\n    </author>\n" } authors($record))
	  . "  </entry>\n";
}

my $atom_head = <<'XML';
<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/AmP52hjugHUkFnXxljKh3VmH0bs</id>
  <title>arXiv Query: search_query=cat:cs.LG&amp;id_list=&amp;start=0&amp;max_results=10000</title>
  <updated>2026-06-14T02:30:47Z</updated>
  <opensearch:totalResults>28946</opensearch:totalResults>
XML

sub items
{
	my ($item, $records) = @_;
	my @items;
	my $size = 0;

	for my $record (@$records)
	{
		push @items, $item->($record);
		$size += length $items[-1];
		last if $size > $FEED_SIZE;
	}
	return @items;
}

sub make_feeds
{
	my ($records) = @_;
	my $rss_tail = "  </channel>\n</rss>\n";
	my @items = items(\&rss_item, $records);
	my $n = 0;

	spill("$out/atom.xml", $atom_head, items(\&atom_entry, $records), "</feed>\n");
	spill("$out/rss.xml", $rss_head, @items, $rss_tail);
	while (@items)
	{
		my @day;
		my $size = 0;

		while (@items && $size < $DAILY_SIZE)
		{
			push @day, shift @items;
			$size += length $day[-1];
		}
		spill(sprintf('%s/daily/%03d.xml', $out, ++$n), $rss_head, @day, $rss_tail);
	}
}

# A given feed grows by its own items.  Its head and tail stay as they are.
sub repeat_feed
{
	my ($path) = @_;
	my $bytes = slurp($path);
	my $item = qr{<item[ >].*?</item>\s*|<entry[ >].*?</entry>\s*}s;
	return if $bytes !~ m{^(?:\xEF\xBB\xBF)?\s*(?:<\?.*?\?>\s*)?<(?:rss|rdf:RDF|feed)[ >]}s;
	return if $bytes !~ m{^(.*?)($item(?:.*$item)?)(.*)$}s;
	my ($head, $items, $tail) = ($1, $2, $3);
	spill("$out/feeds/" . basename($path), $head, $items x (1 + $OWN_SIZE / length $items), $tail);
}

# ---------------------------------------------------------------------------

sub make_large
{
	my ($records) = @_;
	my $size = 0;
	my $n = 0;
	open(my $fh, '>', "$out/large.xml") or die "$out/large.xml: $!\n";
	binmode $fh;
	print $fh $oai_head;
	while ($size < $LARGE_SIZE)
	{
		for my $record (@$records)
		{
			my $copy = $record;
			my $id = sprintf('%02d%02d.%05d', 15 + int($n / 1_080_000), 1 + $n / 90_000 % 12,
				1 + $n % 90_000);
			$n++;
			$copy =~ s{<identifier>oai:arXiv.org:[^<]*}{<identifier>oai:arXiv.org:$id};
			$copy =~ s{<id>[^<]*}{<id>$id};
			$copy =~ s{(<doi>[^< ]*)[^<]*}{$1.$n};
			print $fh $copy;
			$size += length $copy;
			last if $size >= $LARGE_SIZE;
		}
	}
	print $fh "</ListRecords>\n</OAI-PMH>\n";
	close($fh) or die "$out/large.xml: $!\n";
}

sub plain_xml
{
	my ($text) = @_;
	$text =~ s/&lt;/</g;
	$text =~ s/&gt;/>/g;
	$text =~ s/&quot;/"/g;
	$text =~ s/&amp;/&/g;
	return $text;
}

sub make_texts
{
	my ($records) = @_;
	my (@abstracts, @names, @ids);
	my @spellings = (
		sub { "arxiv:$_[0]" }, sub { "arXiv:$_[0]v2" }, sub { "oai:arXiv.org:$_[0]" },
		sub { "https://arxiv.org/abs/$_[0]" }, sub { "http://arxiv.org/pdf/$_[0].pdf" },
		sub { "https://doi.org/10.48550/arXiv.$_[0]" });
	for my $record (@$records)
	{
		my $id = field($record, 'id');
		push @abstracts, plain_xml(field($record, 'abstract'));
		push @names, map { plain_xml($_) } authors($record);
		push @ids, $spellings[ @ids % @spellings ]->($id);
		push @ids, "doi:$1" if $record =~ m{<doi>(10\.\d{4,5}/[\w./-]+)</doi>};
	}
	spill("$out/abstracts.txt", join("\x1E", @abstracts));
	spill("$out/names.txt", join("\x1E", @names));
	spill("$out/ids.txt", join("\x1E", @ids));
}

make_path(map { "$out/$_" } qw(pages again gz daily feeds));
my @sources = defined $data ? sort glob("$data/oai/*.xml $data/oai/*.xml.gz") : ();
if (@sources)
{
	for my $path (@sources)
	{
		my $name = basename($path, '.xml', '.xml.gz');
		spill("$out/pages/$name.xml", slurp($path));
	}
}
else
{
	make_pages();
}

my @records;
for my $path (sort glob("$out/pages/*.xml"))
{
	my $name = basename($path, '.xml');
	my $page = slurp($path);
	system("gzip -6 -n -c '$path' > '$out/gz/$name.xml.gz'") == 0 or die "gzip failed\n";
	push @records, $page =~ m{<record>.*?</record>\s*}sg;
	$page =~ s{(<responseDate>)[^<]*}{${1}2016-04-01T12:00:00Z};
	spill("$out/again/$name.xml", $page);
}
die "the pages hold no records\n" unless @records;

make_feeds(\@records);
make_large(\@records);
make_texts(\@records);
if (defined $data && -d "$data/feeds")
{
	my @paths;
	File::Find::find({ no_chdir => 1, wanted => sub { push @paths, $_ if /\.(?:xml|rss|atom)$/ } },
		"$data/feeds");
	repeat_feed($_) for sort @paths;
}
