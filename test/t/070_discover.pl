# If this fails, the feeds of a page are not found, are found where there are none, or
# looking for them asks for more than one page or for what it should not.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedHttp;
use PaperfeedNet;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $fixtures = PostgreSQL::Test::Utils::tempdir;
my $http     = PaperfeedHttp->new(fixtures => $fixtures);
my $node     = PostgreSQL::Test::Cluster->new('discover');
$node->init;
$node->append_conf('postgresql.conf', "paperfeed.allow_private_hosts = '127.0.0.1'");
PaperfeedNet::start($node);
$node->safe_psql('postgres', 'CREATE EXTENSION paperfeed');

my $base = $http->url('');

sub sql { return $node->safe_psql('postgres', $_[0]); }

# The feeds of an address, with our server's own as "~".
sub discover
{
	my ($url, $sep) = @_;
	$url =~ s/'/''/g;
	my $found = sql("SELECT url, title, type, how FROM paperfeed.discover('$url')");
	$found =~ s/\Q$base\E/~/g;
	return $found;
}

sub page
{
	my ($name, $body) = @_;
	unlink "$fixtures/$name";
	append_to_file("$fixtures/$name", $body);
	return $http->url("/ok/$name");
}

sub fault
{
	my ($url) = @_;
	my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT * FROM paperfeed.discover('$url')");
	return $err =~ /ERROR:\s+(\w{5}): ([^\n]*)/ ? "$1 $2" : "no error: $out";
}

# What the address tells: no request at all.
my @services = (
	['https://arxiv.org/list/cs.CL/recent', <<'ROWS'],
https://rss.arxiv.org/atom/cs.CL|arXiv cs.CL, announced each working day|atom|service
https://export.arxiv.org/api/query?search_query=cat%3Acs.CL&sortBy=submittedDate&sortOrder=descending&max_results=200|arXiv cs.CL, the newest two hundred|atom|service
https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXiv&set=cs:cs:CL|arXiv cs.CL, all of it page by page|oai-pmh|service
ROWS
	['http://www.arxiv.org/archive/MATH#top', <<'ROWS'],
https://rss.arxiv.org/atom/math|arXiv math, announced each working day|atom|service
https://export.arxiv.org/api/query?search_query=cat%3Amath.%2A&sortBy=submittedDate&sortOrder=descending&max_results=200|arXiv math, the newest two hundred|atom|service
https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXiv&set=math|arXiv math, all of it page by page|oai-pmh|service
ROWS
	['https://export.arxiv.org/list/hep-th/new?skip=0', <<'ROWS'],
https://rss.arxiv.org/atom/hep-th|arXiv hep-th, announced each working day|atom|service
https://export.arxiv.org/api/query?search_query=cat%3Ahep-th&sortBy=submittedDate&sortOrder=descending&max_results=200|arXiv hep-th, the newest two hundred|atom|service
https://oaipmh.arxiv.org/oai?verb=ListRecords&metadataPrefix=arXiv&set=physics:hep-th|arXiv hep-th, all of it page by page|oai-pmh|service
ROWS
	['https://arxiv.org/a/bell_a_1', "https://arxiv.org/a/bell_a_1.atom2|arXiv, papers of bell_a_1|atom|service\n"],
	['https://huggingface.co/papers', "https://huggingface.co/api/daily_papers?limit=100|Hugging Face daily papers|json|service\n"],
	['https://huggingface.co/papers/date/2025-02-18', "https://huggingface.co/api/daily_papers?date=2025-02-18&limit=100|Hugging Face daily papers of 2025-02-18|json|service\n"],
	['https://huggingface.co/papers/week/2025-W08', "https://huggingface.co/api/daily_papers?week=2025-W08&limit=100|Hugging Face daily papers of 2025-W08|json|service\n"],
	['https://huggingface.co/papers/trending', "https://huggingface.co/api/daily_papers?sort=trending&limit=100|Hugging Face papers, trending|json|service\n"],
	['https://www.biorxiv.org/collection/cell-biology', "https://connect.biorxiv.org/biorxiv_xml.php?subject=cell_biology|bioRxiv, cell-biology|rdf|service\n"],
	['https://www.medrxiv.org/content/early/recent', "https://connect.medrxiv.org/medrxiv_xml.php?subject=all|medRxiv, all|rdf|service\n"],
	['https://openreview.net/group?id=ICLR.cc%2F2024/Conference&referrer=x', <<'ROWS'],
https://api2.openreview.net/notes?content.venueid=ICLR.cc%2F2024%2FConference&limit=1000|OpenReview, papers of ICLR.cc/2024/Conference|json|service
https://api2.openreview.net/notes?content.venueid=ICLR.cc%2F2024%2FConference%2FSubmission&limit=1000|OpenReview, papers under review for ICLR.cc/2024/Conference|json|service
ROWS
	['https://aclanthology.org/events/acl-2024/', "https://raw.githubusercontent.com/acl-org/acl-anthology/master/data/xml/2024.acl.xml|ACL Anthology, all volumes around 2024.acl|xml|service\n"],
	['https://aclanthology.org/P19-1001/', "https://raw.githubusercontent.com/acl-org/acl-anthology/master/data/xml/P19.xml|ACL Anthology, all volumes around P19-1001|xml|service\n"],
	['https://dblp.org/search?q=gr%C3%B6%C3%9Fe+%26%20x', "https://dblp.org/search/publ/api?q=gr%C3%B6%C3%9Fe%20%26%20x&format=json&h=100|dblp, gr\xC3\xB6\xC3\x9Fe & x|json|service\n"],
);
PaperfeedNet::connects();
is(discover($_->[0]) . "\n", $_->[1], "known: $_->[0]") foreach @services;
is(join(' ', PaperfeedNet::connects()), '', 'nobody was asked');

# What only looks like one is asked, as any other page is (and cannot be, here).
if (PaperfeedNet::stubbed())
{
	foreach ('https://arxiv.org/list/cs.ZZ/recent', 'https://arxiv.org/abs/2401.00001', 'https://arxiv.org/a/b%20c', 'https://huggingface.co/papers/date/x',
		'https://huggingface.co/models', 'https://www.biorxiv.org/collection/%C3%9F', 'https://openreview.net/group?id=%20', 'https://openreview.net/forum?id=x',
		'https://aclanthology.org/events/acl/', 'https://dblp.org/search?q=%FF', 'https://dblp.org/search?q=', 'https://notarxiv.org/list/cs.CL/recent', 'https://arxiv.org.evil.example/list/cs.CL/recent')
	{
		like(fault($_), qr/^08\w{3} /, "not known: $_");
	}
}

# A feed itself.
my $rss = '<rss version="2.0"><channel><title>A &amp; B</title><link>https://example.org/</link></channel></rss>';
is(discover($http->url('/text')), '~/text|Small feed|atom 1.0|itself', 'a feed');
is(discover(page('empty.xml', $rss)), '~/ok/empty.xml|A & B|rss 2.0|itself', 'a feed without items, on a weekend');
is(discover(page('feed.json', '{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": []}')), '~/ok/feed.json|J|json feed 1.1|itself', 'a JSON feed');
is(discover($http->url('/ok/empty.xml') . '?type=text/html'), '~/ok/empty.xml?type=text/html|A & B|rss 2.0|itself', 'a feed that is said to be HTML');
is(discover($http->url('/redirect/2?status=301')), '~/text|Small feed|atom 1.0|itself', 'moved for good');
is(discover($http->url('/redirect/2?status=302')), '~/redirect/2?status=302|Small feed|atom 1.0|itself', 'moved for now');
my $before = () = $http->log;
is(discover("  feed:" . $http->url('/text') . ' '), '~/text|Small feed|atom 1.0|itself', 'feed:');
is((() = $http->log) - $before, 1, 'one request');

# Links of the page's head: any case, any quotes, relative to the page or its base.
is(discover(page('page.html', <<'HTML')), <<'ROWS' =~ s/\n\z//r, 'a page');
<!DOCTYPE html><html><head><title>Nothing <link rel=alternate type=application/rss+xml href=/in-title></title>
<script>document.write('<link rel="alternate" type="application/rss+xml" href="/in-script">')</script>
<style>a:after { content: '<link rel="alternate" type="application/rss+xml" href="/in-style">' }</style>
<!-- <link rel="alternate" type="application/rss+xml" href="/in-comment"> --><!--><!---->
<link rel="stylesheet" href="style.css"><link rel="alternate stylesheet" type="application/rss+xml" href="other.css">
<link rel="alternate" type="application/rss+xml" title="News &amp; &eacute;&#x4E2D;" href="rss.xml?a=1&amp;b=2#frag">
<LINK HREF='//feeds.example/atom' TYPE='Application/Atom+XML; charset=utf-8' REL='home ALTERNATE'>
<link rel=alternate type=application/feed+json href=feed.json><link href=/rdf type=application/rdf+xml rel=alternate async data-x />
<link rel="alternate" hreflang="de" href="/de/"><link rel="alternate" type="text/html" href="/mobile"><link rel="alternate" href="/feed/">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2"><link rel="alternate" type="application/json+oembed" href="/oembed?format=rss">
<link rel="feed" href="/no-type"><link rel="alternate" type="text/xml" href="/all/feed.xml"><link rel="alternate" type="text/xml" href="/sitemap.xml">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)"><link rel="alternate" type="application/rss+xml" href="file:///etc/passwd">
<link rel="alternate" type="application/rss+xml" href=""><link rel="alternate" type="application/rss+xml"><link rel="alternate" type="application/rss+xml" href="rss.xml?a=1&amp;b=2">
</head><body>A page.</body></html>
HTML
~/ok/rss.xml?a=1&b=2|News & é中|rss|link
http://feeds.example/atom||atom|link
~/ok/feed.json||json feed|link
~/rdf||rdf|link
~/feed/|||link
~/no-type|||link
~/all/feed.xml||xml|link
ROWS
is(discover(page('base.html', '<html><base href="https://elsewhere.example/dir/x"><base href="/second/"><link rel=alternate type=application/rss+xml href=feed>')),
	'https://elsewhere.example/dir/feed||rss|link', 'the first base counts');
my $there = $http->url('/ok/page.html') =~ s/([^\w.])/sprintf '%%%02X', ord $1/ger;
like(discover($http->url("/redirect-to?u=$there")), qr{^~/ok/rss\.xml\?a=1&b=2\|}, 'after a redirect, relative to where it led');

# Anchors that look like feeds, weaker than the page's own word.
is(discover(page('anchors.html', <<'HTML')), <<'ROWS' =~ s/\n\z//r, 'anchors');
<html><body><a href="/rss">Our <b>RSS</b> &amp; <img src=x> feed</a> <a href='/about/rss.html'>What is RSS?</a><a href=/articles.rss>One</a>
<a href="/x?format=atom" title="By title">text</a><a href="/plain">Plain</a><a href="/news.xml">News</a><a href="/news-feed.xml"></a>
<a href="http://connect.example/some_xml.php?subject=all">all<a href="/nested/feed">nested</a><a type="application/atom+xml" href="/typed">t</a>
<a href="/feed.png">icon</a><a href="mailto:rss@example.org">m</a><a href="/feeds/posts/default">Posts<a href="https://rss.example/cs.CL">cs.CL</a>
<a href="/transparency">not one</a><a href="/x?rss=1">r</a><a href="/rss">again</a><a href="/both/feed">Both</a>
<link rel="alternate" type="application/rss+xml" href="/both/feed" title="Named"><a href="/last/atom.xml">Not closed
HTML
~/both/feed|Named|rss|link
~/rss|Our RSS & feed||anchor
~/articles.rss|One||anchor
~/x?format=atom|By title||anchor
~/news-feed.xml|||anchor
http://connect.example/some_xml.php?subject=all|all||anchor
~/nested/feed|nested||anchor
~/typed|t|atom|anchor
~/feeds/posts/default|Posts||anchor
https://rss.example/cs.CL|cs.CL||anchor
~/x?rss=1|r||anchor
~/last/atom.xml|||anchor
ROWS
is(discover(page('none.html', '<html><body><a href="/x">x</a></body></html>')), '', 'a page without feeds');

# Other charsets, bytes that are none, NUL.
is(discover(page('latin.html', qq(<html><link rel=alternate type=application/rss+xml href=/\xE9 title="\xE9\x80">)) . '?type=text/html;charset=iso-8859-1'), "~/\xC3\xA9|\xC3\xA9\xE2\x82\xAC|rss|link", 'Latin 1');
is(discover(page('bad.html', qq(<html>\xFF\xC3<a\0 href=/r\0ss title="\xE4\xB8">x</a><link rel=alternate type=application/rss+xml href="/x\xF0\x9D">))) =~ s/^[^|]*\|+(?=rss)//mr, "rss|link\n~/rss|\xC3\xA4\xC2\xB8||anchor", 'bytes that are no characters');

# Faults are those of fetch().
is(fault('gopher://x'), '22023 cannot fetch "gopher://x": only http and https are read', 'no address');
like(fault($http->url('/status/404')), qr/^08\w{3} .*404/, 'not found');
like(fault('http://127.0.0.2/'), qr/^42501 .*loopback/, 'a private address');
like(fault($http->url('/text?type=text/plain&body=just%20text')), qr/^22P02 the document at "http:.*" is neither a feed nor an HTML page/, 'text');
like(fault($http->url('/text?type=application/json&body=%7B%22a%22:1%7D')), qr/^22P02 /, 'JSON of another kind');
like(fault($http->url('/text?body=%3Copml%3E%3C/opml%3E')), qr/^2200M /, 'a list of feeds');
like(fault($http->url('/empty')), qr/^22P02 /, 'nothing');

# Hostile pages cost no more than their length.
my %hostile = (
	'open comments'  => '<html>' . '<!--' x 500_000,
	'open tags'      => '<html>' . '<a ' x 700_000,
	'open scripts'   => '<html>' . '<script>' x 260_000,
	'closed scripts' => '<html>' . '<script></script>' x 120_000,
	'open quotes'    => '<html>' . '<a x="' x 350_000,
	'quotes'         => '<html><a ' . q(x='"' ) x 350_000,
	'anchors'        => '<html>' . '<a href="/rss' . ('/x' x 500) . '">text' x 2_000,
	'one anchor'     => '<html><a href="/rss">' . 'text <b>' x 250_000,
	'many feeds'     => '<html>' . join('', map { "<a href=/$_/rss><link rel=alternate href=/$_/feed>" } 1 .. 40_000),
	'references'     => '<html><link rel=alternate type=application/rss+xml href="/' . '&amp;' x 400_000 . '">',
	'rels'           => '<html><link type=application/rss+xml href=/x rel="' . 'x ' x 1_000_000 . '">',
	'dots'           => '<html><a href="' . '../' x 700_000 . 'rss">',
	'less than'      => '<html>' . '<' x 2_000_000,
	'params'         => '<html>' . ('<a href="?' . 'a&' x 1000 . '">') x 1000,
);
my $slowest = 0;
foreach (sort keys %hostile)
{
	my $url   = page('hostile.html', $hostile{$_});
	my $start = time;
	my $rows  = sql("SELECT count(*) FROM paperfeed.discover('$url')");
	my $times = sprintf '%.2f', time - $start;
	$slowest = $times if $times > $slowest;
	cmp_ok($rows, '<=', 200, "$_: $rows feeds");
	cmp_ok($times, '<', 2, "$_: $times s");
}
note("slowest: $slowest s");

# It can be stopped, and is not for everybody.
my ($rc, $out, $err) = $node->psql('postgres', "SET statement_timeout = '300ms'; SELECT * FROM paperfeed.discover('" . $http->url('/stall') . "')");
like($err, qr/statement timeout/, 'stopped');
sql('CREATE ROLE nobody LOGIN; GRANT USAGE ON SCHEMA paperfeed TO nobody');
($rc, $out, $err) = $node->psql('postgres', "SET ROLE nobody; SELECT * FROM paperfeed.discover('" . $http->url('/text') . "')");
like($err, qr/permission denied for function discover/, 'rights');
is(sql('SELECT paperfeed.discover(NULL)'), '', 'NULL');

# What is found can be added.
is(sql("SELECT count(paperfeed.add_feed(url, title)) FROM paperfeed.discover('" . $http->url('/ok/page.html') . "')"), '7', 'and added');

$http->stop;
$node->stop;
done_testing();
