# If this fails, a document can harm the server that reads it: entities that
# grow or that fetch, nesting, markup and text that cost more than linear time,
# charsets and compression that are not what they say.
#
# Each document goes through parse, feed_info and ingest_document in one
# backend.  It must come to what is said here (records, or an error with a
# SQLSTATE of its own), within 2 seconds of CPU time and 64 MB of memory, and
# what was stored before must still be there.  A long one ends at once when it
# is canceled.
#
# PAPERFEED_ATTACK=regex tries those of that name only.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IO::Compress::Gzip qw(gzip $GzipError);
use PaperfeedNet;
use PaperfeedSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'what a backend uses is known on Linux only' unless -w '/proc/self/clear_refs';

my $max_ms   = 2000;
my $max_kb   = 64 * 1024;
my $max_late = 200;
my $only     = $ENV{PAPERFEED_ATTACK} || '.';

my $dir  = PostgreSQL::Test::Utils::tempdir;
my $node = PostgreSQL::Test::Cluster->new('attacks');
$node->init;
$node->append_conf('postgresql.conf', <<'END');
shared_buffers = 2MB
max_parallel_workers_per_gather = 0
autovacuum = off
jit = off
statement_timeout = 60s
END
{
	local %ENV = (%ENV, PaperfeedSession::environment());
	PaperfeedNet::start($node);
}
$node->safe_psql('postgres', 'CREATE EXTENSION paperfeed');
PaperfeedSession::create($node);

sub write_file
{
	my ($name, $bytes) = @_;

	open(my $out, '>:raw', "$dir/$name") or die "$dir/$name: $!";
	print $out $bytes;
	close $out or die "$dir/$name: $!";
	return "$dir/$name";
}

sub gz
{
	my ($bytes, @options) = @_;

	gzip(\$bytes => \my $out, @options) or die $GzipError;
	return $out;
}

# ---- documents ----

sub rss
{
	return "<?xml version=\"1.0\"?>\n<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">"
	  . '<channel><title>Attacks</title>'
	  . join('', @_)
	  . '</channel></rss>';
}

sub item
{
	my ($title, $more) = @_;

	return "<item><title>$title</title>" . ($more // '') . '</item>';
}

sub doctype
{
	my ($subset, $title) = @_;

	return "<?xml version=\"1.0\"?>\n<!DOCTYPE rss [$subset]>\n<rss version=\"2.0\"><channel><title>Attacks</title>"
	  . item($title)
	  . '</channel></rss>';
}

sub atom
{
	return '<feed xmlns="http://www.w3.org/2005/Atom">' . join('', @_) . '</feed>';
}

sub utf16 { my ($order, $ascii) = @_; return pack $order eq 'le' ? 'v*' : 'n*', unpack 'C*', $ascii; }
sub utf32 { my ($order, $ascii) = @_; return pack $order eq 'le' ? 'V*' : 'N*', unpack 'C*', $ascii; }

my $secret = write_file('secret', 'the secret of the file');
my $mega   = 1_000_000;
my $small  = rss(item('A small paper'));

my $laughs = '<!ENTITY a0 "ha">';
$laughs .= "<!ENTITY a$_ \"" . ("&a" . ($_ - 1) . ';') x 10 . '">' foreach 1 .. 9;

# name => [ what parse gives, as a pattern of "SQLSTATE result", document (as code), options ]
my @attacks;
sub attack { push @attacks, [@_]; return; }

my $one   = qr/^00000 1 papers$/;
my $none  = qr/^00000 0 papers$/;
my $any   = qr/^00000 \d+ papers$/;
my $limit = qr/^54000 /;

# Entities.
attack('billion laughs', $one, sub { doctype($laughs, '&a9;') });
attack('billion laughs in an attribute',
	$one, sub { doctype($laughs, 'x') =~ s/<item>/<item about="&a9;">/r });
attack('one long entity, often',
	$one, sub { doctype('<!ENTITY a "' . 'x' x 100_000 . '">', '&a;' x 10_000) });
attack('an entity of itself', $one, sub { doctype('<!ENTITY a "&a;"><!ENTITY b "&c;"><!ENTITY c "&b;">', '&a;&b;') });
attack('parameter entities',
	$one, sub { doctype('<!ENTITY % a "<!ENTITY b \'ha\'>"><!ENTITY % c "%a;%a;%a;">%c;%c;', '&b;') });
attack('a default attribute',
	$one, sub { doctype('<!ATTLIST item about CDATA "' . 'x' x 60_000 . '">', 'a') });
attack('entities in UTF-16', $one, sub { "\xff\xfe" . utf16('le', doctype($laughs, '&a9;')) });
attack('a million entities declared',
	$one, sub { doctype(join('', map { "<!ENTITY e$_ \"$_\">" } 1 .. 200_000), '&e1;') });
attack('a million references to nothing', $one, sub { rss(item('&none;' x $mega)) });
attack('a million references that are known', $one, sub { rss(item('&eacute;' x $mega)) });
attack('a million characters by number', $one, sub { rss(item('&#233;' x $mega)) });
attack('characters that cannot be', $one, sub { rss(item('&#0;&#xD800;&#xFFFF;&#x110000;&#99999999999;&#128;&#;&#x;' x 1000)) });

# Files and hosts: the text of none may come out, and nobody may be asked.
my %outside = (
	'a file'              => doctype("<!ENTITY x SYSTEM \"file://$secret\">", '[&x;]'),
	'a file without file:' => doctype("<!ENTITY x SYSTEM \"$secret\">", '[&x;]'),
	'a host'              => doctype('<!ENTITY x SYSTEM "http://127.0.0.1:9/x">', '[&x;]'),
	'a public identifier' => doctype("<!ENTITY x PUBLIC \"-//x//y\" \"file://$secret\">", '[&x;]'),
	'a parameter entity'  => doctype("<!ENTITY % x SYSTEM \"file://$secret\"> %x;", '[x]'),
	'an external subset'  => "<!DOCTYPE rss SYSTEM \"file://$secret\">" . $small =~ s/<\?.*?\?>//r,
	'a subset at a host'  => '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">' . $small =~ s/<\?.*?\?>//r,
	'an attribute'        => doctype("<!ENTITY x SYSTEM \"file://$secret\">", 'x') =~ s/<item>/<item about="&x;">/r,
	'XInclude'            => rss(item("<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" parse=\"text\" href=\"file://$secret\"/>x")),
	'a style sheet'       => "<?xml-stylesheet href=\"file://$secret\"?>" . $small =~ s/<\?.*?\?>//r,
	'a schema'            => $small =~ s/<rss /<rss xmlns:xsi="http:\/\/www.w3.org\/2001\/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http:\/\/127.0.0.1:9\/x.xsd" /r,
	'a gopher'            => doctype('<!ENTITY x SYSTEM "gopher://127.0.0.1:9/x">', '[&x;]'),
	'UTF-16'              => "\xfe\xff" . utf16('be', doctype("<!ENTITY x SYSTEM \"file://$secret\">", '[&x;]')));
attack("outside: $_", $one, do { my $d = $outside{$_}; sub { $d } }) foreach sort keys %outside;

# Declarations.
attack('a DOCTYPE without end',  qr/^2200M .*no root/, sub { '<!DOCTYPE rss [' . $small });
attack('a quote in a DOCTYPE',   qr/^2200M .*no root/, sub { "<!DOCTYPE rss '" . $small });
attack('brackets in a DOCTYPE',  $one, sub { '<!DOCTYPE rss ' . '[' x $mega . ']>' . $small =~ s/<\?.*?\?>//r });
attack('comments in a DOCTYPE',  $one, sub { '<!DOCTYPE rss [' . '<!-- > ] " -->' x 300_000 . ']>' . $small =~ s/<\?.*?\?>//r });
attack('a DOCTYPE in an item',   $one, sub { rss(item('a', '<!DOCTYPE a [<!ENTITY b "c">]>')) });
attack('a million DOCTYPEs',     $one, sub { '<!DOCTYPE rss>' x $mega . $small =~ s/<\?.*?\?>//r });
attack('a comment without end',  $one, sub { rss(item('a'), '<!--' . 'x' x 10_000_000) });
attack('hyphens in a comment',   $one, sub { rss(item('a'), '<!--' . '-' x 10_000_000) });
attack('a million comments',     $one, sub { rss(item('a'), '<!---->' x $mega) });
attack('an instruction without end', $one, sub { rss(item('a'), '<?x ' . '?' x 10_000_000) });
attack('a million instructions', $one, sub { rss(item('a'), '<?x?>' x $mega) });
attack('CDATA without end',      qr/^(?:00000 \d papers|54000 .*)$/, sub { rss(item('a')) . item('b') . '<item><title><![CDATA[' . 'x' x 10_000_000 });
attack('a million of CDATA',     $one, sub { rss(item('a' . '<![CDATA[]]>' x $mega)) });
attack('a million ends of CDATA', $one, sub { rss(item('a' . ']]>' x $mega)) });
attack('brackets in CDATA',      $one, sub { rss(item('a<![CDATA[' . ']' x 3_000_000 . ']]>')) });

# Nesting.
attack('100,000 elements deep', $limit, sub { rss('<item>' . '<a>' x 100_000) });
attack('100,000 elements deep and back', $limit, sub { rss('<item>' . '<a>' x 100_000 . '</a>' x 100_000 . '</item>') });
attack('100,000 lists deep',    $limit, sub { '<rss>' . '<channel>' x 100_000 });
attack('a million roots',       $any, sub { '<rss/>' x $mega });
attack('a million ends',        $one, sub { rss(item('a'), '</a>' x $mega) });
attack('crossed tags',          $any, sub { rss(item('a'), '<a><b></a></b>' x 100_000) });
attack('254 deep, a million times', $any, sub { rss(item('a'), ('<a>' x 250 . '</a>' x 250) x 2000) });
attack('text between 200 levels', $any, sub { rss(map { '<item><description>' . 'a<b>' x 200 . '</b>' x 200 . '</description></item>' } 1 .. 1000) });

# Tags and attributes.
attack('200,000 attributes', $any, sub { rss(item('a'), '<item ' . join(' ', map { "a$_='$_'" } 1 .. 200_000) . '><title>b</title></item>') });
attack('200,000 equal attributes', $any, sub { rss(item('a'), '<item ' . "a='b' " x 200_000 . '/>') });
attack('256 attributes, often', $any, sub { my $t = '<a ' . join(' ', map { "a$_=''" } 1 .. 256) . '/>'; rss(item('a'), $t x 3000) });
attack('256 equal attributes, often', $any, sub { my $t = '<a ' . "a='' " x 256 . '/>'; rss(item('a'), $t x 5000) });
attack('tags of 64 kB', $any, sub { rss(item('a'), ('<a b="' . 'x' x 65_500 . '"/>') x 150) });
attack('tags of more', $any, sub { rss(item('a'), ('<a b="' . 'x' x 66_000 . '"/>') x 150) });
attack('an attribute of 10 MB', $any, sub { rss(item('a'), '<a b="' . 'x' x 10_000_000 . '"/>') });
attack('references in attributes', $any, sub { rss(item('a'), ('<a b="' . '&amp;' x 13_000 . '"/>') x 60) });
attack('bare references in attributes', $any, sub { rss(item('a'), ('<a b="' . '&x' x 30_000 . '"/>') x 60) });
attack('< in attributes', $any, sub { rss(item('a'), ('<a b="' . '<' x 60_000 . '"/>') x 60) });
attack('quotes without end', $any, sub { rss(item('a'), '<a b="' x 1_000_000) });
attack('quotes of both kinds', $any, sub { rss(item('a'), q{<a b="<a c='} x 500_000) });
attack('blanks before quotes', $any, sub { rss(item('a'), ('<a ' . (' ' x 30_000) . q{"' '} x 10_000) x 50) });
attack('bytes that cannot be in long tags', $any, sub { rss(item('a'), ('<a b="' . "\xffa" x 30_000 . '"/>') x 8) });
attack('a million <',        $any, sub { rss(item('a'), '<' x 5_000_000) });
attack('a million <a',       $any, sub { rss(item('a'), '<a ' x 3_000_000) });
attack('a million </',       $any, sub { rss(item('a'), '</' x 3_000_000) });
attack('a million </a',      $any, sub { rss(item('a'), '</a' x 3_000_000) });
attack('a million <!',       $any, sub { rss(item('a'), '<!' x 3_000_000) });
attack('a million </ in an attribute', $any, sub { rss(item('a'), '<a b="' . '</' x 3_000_000) });
attack('a million <br>',     $any, sub { rss(item('a'), '<br>' x $mega) });
attack('50,000 <br> in an item', $one, sub { rss(item('a' . '<br>' x 50_000)) });
attack('a million &',        $one, sub { rss(item('a' . '&' x 4_000_000)) });
attack('a million &a',       $one, sub { rss(item('a' . '&a ' x $mega)) });

# Names and name spaces.
attack('a million names',           $limit, sub { rss(item('a'), map { '<' . $_ . '/>' } 'aaaaa' .. 'bdlzz') });
attack('a million names of four letters', $limit, sub { rss(item('a'), map { "<$_/>" } 'a' .. 'zzzz') });
attack('a million attribute names', $limit, sub { my $n = 'aaaa'; rss(item('a'), map { '<a ' . join(' ', map { $n++ . "=''" } 1 .. 200) . '/>' } 1 .. 2000) });
attack('long names',                $any, sub { rss(item('a'), map { '<' . 'x' x 60_000 . "$_/>" } 1 .. 150) });
attack('a million name spaces',     $limit, sub { rss(item('a'), map { "<a xmlns='$_'/>" } 1 .. 500_000) });
attack('a million prefixes',        $limit, sub { rss(item('a'), map { "<p$_:a xmlns:p$_='b'/>" } 1 .. 300_000) });
attack('undeclared prefixes',       $limit, sub { rss(item('a'), map { "<p$_:a/>" } 1 .. 300_000) });
attack('50,000 name spaces in scope', $limit, sub {
	my $n = 0;
	rss(item('a'), '<item>' . join('', map { '<a ' . join(' ', map { 'xmlns:p' . $n++ . "='u'" } 1 .. 200) . '>' } 1 .. 250)
		. '<q:x/>' x 200_000);
});
attack('a prefix with many colons', $any, sub { rss(item('a'), '<a:b:c:d:e/>' x 200_000) });

# Text.
attack('a title of 15 MB',          $one, sub { rss(item('x' x 7_000_000)) });
attack('a text of 20 MB',           $limit, sub { rss(item('x' x 20_000_000)) });
attack('a description of 7 MB',     $one, sub { rss(item('a', '<description>' . 'word ' x 1_400_000 . '</description>')) });
attack('10 MB of white space',      $one, sub { rss(item('a'), ' ' x 10_000_000) });
attack('10 MB of white space in text', $one, sub { rss(item('a' . "\n " x 3_500_000 . 'b')) });
attack('a million lines',           $one, sub { rss(item('a'), "\r\n" x 3_000_000) });
attack('a million tiny elements',   $any, sub { rss(item('a'), '<b/>' x $mega) });
attack('a million tiny elements in an item', qr/^(?:00000 \d papers|54000 .*)$/, sub { rss('<item><title>a</title>' . '<b/>' x $mega . '</item>') });
attack('80,000 texts in an item',   $one, sub { rss('<item><title>' . 'a<b/>' x 80_000 . '</title></item>') });
attack('a million items',           $none, sub { rss('<item/>' x $mega) });
attack('a million categories',      qr/^(?:00000 1 papers|54000 .*)$/, sub { rss(item('a', join '', map { "<category>$_</category>" } 1 .. 60_000)) });
attack('60,000 authors',            $one, sub { atom('<entry><id>http://x.example/1</id><title>a</title>' . '<author><name>A. B</name></author>' x 30_000 . '</entry>') });
attack('60,000 links',              $one, sub { atom('<entry><id>http://x.example/1</id><title>a</title>' . join('', map { "<link rel='related' href='http://x.example/$_'/>" } 1 .. 30_000) . '</entry>') });
attack('60,000 identifiers',        $one, sub { rss(item('a', join '', map { "<dc:identifier>doi:10.1234/$_</dc:identifier>" } 1 .. 60_000)) });
attack('xml:base everywhere',       $one, sub { atom('<entry>' . '<a xml:base="b/">' x 240 . '</a>' x 240 . '<id>x</id><title>a</title><link href="c"/></entry>') =~ s/<feed /<feed xml:base="http:\/\/x.example\/a\/" /r });
attack('100,000 papers of one address', $any, sub { rss(map { item("Paper $_", '<link>http://x.example/list</link>') } 1 .. 20_000) });
attack('20,000 times the same paper', $any, sub { rss(item('The same', '<link>http://x.example/same</link>') x 20_000) });
attack('papers that join each other', $any, sub {
	rss(map { my $n = $_; item("Joined $n", join '', map { '<dc:identifier>http://x.example/j' . ($n + $_) . '</dc:identifier>' } 0 .. 15) } 1 .. 3000);
});

# Charsets.
attack('UTF-16LE with a mark',    $one, sub { "\xff\xfe" . utf16('le', $small) });
attack('UTF-16BE with a mark',    $one, sub { "\xfe\xff" . utf16('be', $small) });
attack('UTF-16LE without',        $one, sub { utf16('le', $small) });
attack('UTF-16BE without',        $one, sub { utf16('be', $small) });
attack('UTF-16 of odd length',    $one, sub { utf16('le', $small) . "\0" });
attack('UTF-16, lone surrogates', $one, sub { "\xff\xfe" . utf16('le', rss(item('abcdef'))) =~ s/b\0c\0/\x00\xdc\x00\xd8/r });
attack('UTF-16, a million lone surrogates', $any, sub { "\xff\xfe" . utf16('le', '<rss><channel><item><title>a') . "\x00\xd8" x $mega });
attack('UTF-32LE with a mark',    $one, sub { "\xff\xfe\0\0" . utf32('le', $small) });
attack('UTF-32BE with a mark',    $one, sub { "\0\0\xfe\xff" . utf32('be', $small) });
attack('UTF-32LE without',        $one, sub { utf32('le', $small) });
attack('UTF-32 beyond Unicode',   $one, sub { utf32('be', '<rss><channel><item><title>a') . "\xff\xff\xff\xff" x 1000 . utf32('be', '</title></item></channel></rss>') });
attack('UTF-7',                   qr/^2200M /, sub { '<?xml version="1.0" encoding="UTF-7"?>' . '+ADw-rss+AD4-' } , type => 'text/xml; charset=utf-7');
attack('UTF-7 in a title',        $one, sub { rss(item('+ADw-b+AD4-')) =~ s/\?>/ encoding="utf-7"?>/r });
attack('a wrong label: UTF-16',   $one, sub { $small =~ s/\?>/ encoding="utf-16"?>/r });
attack('a wrong label: UTF-32',   $one, sub { $small }, type => 'text/xml; charset=utf-32');
attack('a wrong label: nonsense', $one, sub { $small =~ s/\?>/ encoding="$_"?>/r }) foreach ('x' x 500, '', '%s%n', 'mule_internal', 'sql_ascii');
attack("random bytes as $_", $one, do {
	my $charset = $_;
	sub {
		srand 7;
		my $noise = join '', map { chr 128 + rand 128 } 1 .. 100_000;
		rss(item("a$noise")) =~ s/\?>/ encoding="$charset"?>/r;
	}
}) foreach qw(utf-8 iso-8859-1 iso-8859-8 windows-1252 windows-1251 koi8-r gb18030 gbk big5 shift_jis euc-jp
  euc-kr euc-tw johab uhc euc_jis_2004 shift_jis_2004);
attack('overlong UTF-8',          $one, sub { rss(item("a\xc0\xbcb\xe0\x80\xbcc\xf0\x80\x80\xbcd\xf8\x80\x80\x80\xbce\xfc\xfe\xff")) });
attack('overlong UTF-8 as markup', $one, sub { rss(item("a\xc0\xbc/title\xc0\xbe")) });
attack('surrogates in UTF-8',     $one, sub { rss(item("a\xed\xa0\x80\xed\xb0\x80")) });
attack('a million bytes that cannot be', $one, sub { rss(item('a' . "\xff" x $mega)) });
attack('every second byte cannot be', $one, sub { rss(item("a\x80" x $mega)) });
attack('halves of characters',    $one, sub { rss(item("a\xe2\x82" x 500_000)) });
attack('a million marks of order', $one, sub { "\xef\xbb\xbf" x $mega . $small });
attack('NUL everywhere',          $any, sub { join "\0", '', split //, $small });
attack('NULs within a title',     $one, sub { rss(item("a\0b\0" x 100_000)) });
attack('a million NULs',          qr/^22P02 /, sub { "\0" x $mega });
attack('control characters',      $one, sub { rss(item('a' . join('', map { chr } 1 .. 8, 11, 12, 14 .. 31, 127) x 10_000)) });
attack('noncharacters',           $one, sub { rss(item("a\xef\xbf\xbe\xef\xbf\xbf\xef\xb7\x90\xf4\x8f\xbf\xbf")) });
attack('a million combining marks', $one, sub { rss(item('a' . "\xcc\x81" x $mega)) });

# Compression.
attack('gzip',                    $one, sub { gz($small) });
attack('a gzip bomb',             $limit, sub { gz('<rss><channel><item><title>' . ' ' x 100_000_000) });
attack('a gzip bomb of markup',   $limit, sub { gz(rss('<item/>' x 20_000_000)) });
attack('gzip within gzip',        qr/^22P02 /, sub { gz(gz($small)) });
attack('gzip, cut off',           qr/^22000 .*cut off/, sub { substr gz(rss(map { item("Paper $_") } 1 .. 5000)), 0, 5000 });
attack('gzip, cut off in its head', qr/^22000 .*cut off/, sub { substr gz($small), 0, 9 });
attack('gzip, its trailer cut off', qr/^22000 .*cut off/, sub { substr gz($small), 0, -4 });
attack('gzip, damaged',           qr/^22000 .*damaged/, sub { my $z = gz(rss(map { item("Paper $_") } 1 .. 5000)); substr($z, 3000, 4) = "\xff\xff\xff\xff"; $z });
attack('gzip, a wrong checksum',  qr/^22000 .*damaged/, sub { my $z = gz($small); substr($z, -8, 4) = 'abcd'; $z });
attack('gzip in two members',     $one, sub { gz(substr $small, 0, 40) . gz(substr $small, 40) });
attack('gzip in many members',    $one, sub { join '', map { gz($_) } split //, $small });
attack('a million empty members', qr/^22P02 .*empty/, sub { gz('') x 500_000 });
attack('gzip and padding',        $one, sub { gz($small) . "\0" x 1000 });
attack('gzip and rubbish',        $one, sub { gz($small) . 'rubbish' });
attack('gzip and a member cut off', qr/^22000 /, sub { gz($small) . "\x1f\x8b" });
attack('gzip with a long name',   $one, sub { gz($small, Name => 'x' x 3_000_000) });
attack('no more than the head of gzip', qr/^22000 /, sub { "\x1f\x8b" });
attack('gzip of another method',  qr/^22000 /, sub { "\x1f\x8b\x07" . 'x' x 100 });
attack('zlib',                    qr/^22P02 /, sub { "x\x9c" . 'abc' x 100 });
attack('zip',                     qr/^22P02 /, sub { "PK\x03\x04" . "\0" x 100 });

# JSON.
my $json = sub { return '[{"id":"2303.12345","title":"A","x":' . $_[0] . '}]' };
attack('JSON, 100,000 brackets deep', $limit, sub { '[' x 100_000 });
attack('JSON, a million objects deep', $limit, sub { '{"a":' x $mega });
attack('JSON, 100,000 deep in a record', $limit, sub { $json->('[' x 100_000 . ']' x 100_000) });
attack('JSON, both kinds deep',      $limit, sub { '[{"a":' x 100_000 });
attack('JSON, brackets that close',  qr/./, sub { ']' x $mega });
attack('JSON, a string of 15 MB',    $one, sub { $json->('"' . 'x' x 15_000_000 . '"') });
attack('JSON, a string of 20 MB',    $limit, sub { $json->('"' . 'x' x 20_000_000 . '"') });
attack('JSON, a string without end', qr/^22P02 |^22030 |^22032 /, sub { '{"id":"2303.12345","title":"' . 'x' x 10_000_000 });
attack('JSON, a number of a million digits', $one, sub { $json->('1' x $mega) });
attack('JSON, numbers that are none', qr/./, sub { $json->('-') . $json->('1e') . $json->('1.') . $json->('+1') . $json->('0x1') });
attack('JSON, huge exponents',       $one, sub { '[{"id":"2303.12345","title":"A","upvotes":1e999999999,"citations":1e-999999999,"year":99999999999999999999}]' });
attack('JSON, a million escapes',    $one, sub { $json->('"' . '\u0041' x $mega . '"') });
attack('JSON, a million escapes in a title', $one, sub { '[{"id":"2303.12345","title":"' . '\\\\' x $mega . '"}]' });
attack('JSON, surrogates',           $one, sub { '[{"id":"2303.12345","title":"a' . '\ud800' x 100_000 . '\udc00\ud83d\ude00"}]' });
attack('JSON, NUL in escapes',       $one, sub { '[{"id":"2303.12345","title":"a\u0000b"}]' });
attack('JSON, broken escapes',       $one, sub { '[{"id":"2303.12345","title":"' . '\a\u12\uzzzz' x 100_000 . '"}]' });
attack('JSON, quotes',               qr/./, sub { '"' x $mega });
attack('JSON, a quote and escapes',  qr/./, sub { '{"' . '\\' x ($mega + 1) });
attack('JSON, a million members',    $one, sub { $json->('{' . join(',', map { "\"m$_\":$_" } 1 .. 100_000) . '}') });
attack('JSON, a million members of one name', $one, sub { '[{"id":"2303.12345","title":"A"' . ',"title":"B"' x 100_000 . '}]' });
attack('JSON, a million members outside', $any, sub { '{' . join(',', map { "\"m$_\":$_" } 1 .. 100_000) . ',"items":[]}' });
attack('JSON, a million arrays',     $any, sub { '[' . join(',', ('[]') x $mega) . ']' });
attack('JSON, a million objects',    $none, sub { '[' . join(',', ('{}') x $mega) . ']' });
attack('JSON, a million commas',     qr/./, sub { '[' . ',' x $mega . ']' });
attack('JSON, commas in a record',   qr/./, sub { $json->('[' . ',' x $mega . ']') });
attack('JSON, a million colons',     qr/./, sub { '{' . ':' x $mega . '}' });
attack('JSON, a million authors',    qr/^(?:00000 1 papers|54000 .*)$/, sub { '[{"id":"2303.12345","title":"A","authors":[' . join(',', ('"A. B"') x 100_000) . ']}]' });
attack('JSON, a million categories', qr/^(?:00000 1 papers|54000 .*)$/, sub { '[{"id":"2303.12345","title":"A","categories":[' . join(',', map { "\"c$_\"" } 1 .. 80_000) . ']}]' });
attack('JSON, words at impossible places', $one, sub { '{"results":[{"id":"https://openalex.org/W1","display_name":"A","abstract_inverted_index":{"a":[2147483647,-1,99999999999,1e9,0],"b":[1]}}]}' });
attack('JSON, a word at a million places', $one, sub { '{"results":[{"id":"https://openalex.org/W1","display_name":"A","abstract_inverted_index":{"' . 'x' x 1000 . '":[' . join(',', 1 .. 100_000) . ']}}]}' });
attack('JSON, a recording in a recording', $any, sub {
	my $d = '[]';
	foreach (1 .. 12)
	{
		$d =~ s/(["\\])/\\$1/g;
		$d = "{\"url\":\"http://x.example/\",\"status_code\":200,\"body\":\"$d\"}";
	}
	$d;
});
attack('JSON lines, broken ones between', qr/^00000 2000 papers$/, sub {
	join '', map { "{\"id\":\"2303.$_\",\"title\":\"A\"}\n{\"id\":\"x\n{\"id\":]\n\n" } 10000 .. 11999;
});
attack('JSON lines, a million empty', $none, sub { "{}\n" x $mega });
attack('JSON lines, a million scalars', qr/./, sub { "1\n" x $mega });
attack('JSON lines, a million that are broken', $limit, sub { "{\"a\n" x $mega });
attack('JSON lines, ends of lines',  qr/./, sub { '{}' . "\n" x $mega });
attack('JSON, a list without end',   qr/^00000 1000 papers$/, sub { '[' . join ',', map { "{\"id\":\"2303.$_\",\"title\":\"A\"}" } 10000 .. 10999 });
attack('JSON, words that are none',  $any, sub { '[' . join(',', ('NaN', 'Infinity', 'undefined', 'None') x 100_000) . ']' });
attack('JSON, a million letters',    qr/./, sub { '[' . 'a' x $mega . ']' });
attack('JSON, control characters',   $one, sub { "[{\"id\":\"2303.12345\",\"title\":\"A\tB\nC\x01D\"}]" });

# Text that some reader may stumble over.  Each in every field that text goes to.
my @units = (
	'{', '$', '$$', '<', '>', '&', '\\', '(', ')', '[', ',', ';', '.', ':', '/', '-', '_', '^', '"', '\'', '`', '#', '%', '@', ' ',
	'http://', 'https://a.b/', 'www.', 'a.b', 'a.b/', 'github.com/a/b ', 'a@b.c ', '{\\it ', '\\frac{', '\\frac', '\\sqrt[',
	'^{', '_{', '$^{', '\\begin{a}', '\\left(', '\\text{', '\\\'', '\\\'{', '\\(', '\\[', '\\href{', '``', '&amp;', '&amp;amp;', '&#', '&lt;b&gt;',
	'<a ', '<a href="', '<b>', '</b>', '<sub>', '<math>', '<math><mrow>', '<!--', '<br>', ' and ', 'A. ', 'Doe, ', 'Doe, J., ',
	'et al. ', 'Jr., ', 'the ', '1', '1-', 'Jan ', '10.1/', 'doi:', 'arXiv:', 'oai:', '%25', '../', '?a=b&', "\xcc\x81", "\xe2\x80\x8b", "\xf0\x9d\x94\xb8");
my $size = 200_000;
foreach my $unit (@units)
{
	attack("again and again: $unit" =~ s/[^ -~]/?/gr, qr/^00000 [23] papers$/, sub {
		my $text = substr $unit x (1 + $size / length $unit), 0, $size - $size % length $unit;
		my $x    = $text =~ s/&/&amp;/gr =~ s/</&lt;/gr;
		rss(item("a$x", "<description>$x</description><dc:creator>$x</dc:creator><pubDate>$x</pubDate>"
			  . "<category>$x</category><author>$x</author><link>http://x.example/$x</link><guid>$x</guid>"
			  . "<dc:identifier>$x</dc:identifier><dc:rights>$x</dc:rights><dc:source>$x</dc:source>"),
			item('b', "<link>$x</link>"),
			"<item><description>arXiv:2303.12345v1 Announce Type: new\nAbstract: $x</description><title>c</title></item>");
	});
	attack("in JSON: $unit" =~ s/[^ -~]/?/gr, $one, sub {
		my $text = substr $unit x (1 + $size / length $unit), 0, $size - $size % length $unit;
		my $j    = $text =~ s/(["\\])/\\$1/gr;
		"[{\"id\":\"2303.12345\",\"submitter\":\"$j\",\"title\":\"a$j\",\"authors\":\"$j\",\"abstract\":\"$j\",\"comments\":\"$j\",\"doi\":\"$j\","
		  . "\"journal-ref\":\"$j\",\"categories\":\"$j\",\"update_date\":\"$j\",\"license\":\"$j\",\"versions\":[{\"version\":\"$j\",\"created\":\"$j\"}]}]";
	});
}

# No feeds at all.
attack('nothing',          qr/^22P02 .*empty/,  sub { '' });
attack('a blank',          qr/^22P02 /,         sub { ' ' });
attack('a page',           qr/^2200M .*HTML/,   sub { '<!DOCTYPE html><html><head><title>x</title></head><body>' . '<p>x' x 100_000 . '</body></html>' });
attack('a page in capitals', qr/^2200M .*HTML/, sub { '<HTML><BODY>' });
attack('a PDF',            qr/^22P02 /,         sub { "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n(x)\nendobj\n" . 'x' x 100_000 });
attack('a picture',        qr/^22P02 /,         sub { "\x89PNG\r\n\x1a\n\0\0\0\rIHDR" . "\0" x 100_000 });
attack('random bytes',     qr/^(?:00000 0 papers|22\w{3} .*)$/,         sub { srand 1; join '', map { chr rand 256 } 1 .. 300_000 });
attack('random bytes behind <', qr/^(?:00000 0 papers|22\w{3} .*)$/,    sub { srand 2; '<' . join '', map { chr rand 256 } 1 .. 300_000 });
attack('random bytes behind {', qr/^(?:00000 0 papers|22\w{3} .*|54000 .*)$/,    sub { srand 3; '{' . join '', map { chr rand 256 } 1 .. 300_000 });
attack('random bytes in a feed', $any,          sub { srand 4; rss(item('a'), join '', map { chr rand 256 } 1 .. 300_000) });
attack('a single <',       qr/^2200M /,         sub { '<' });
attack('a declaration',    qr/^2200M /,         sub { '<?xml version="1.0"?>' });
attack('an unknown root',  qr/^2200M .*<svg>/,  sub { '<svg xmlns="http://www.w3.org/2000/svg"/>' });
attack('a root of a long name', qr/^2200M /,    sub { '<' . "\xc3\xa9" x 10_000 . '/>' });
attack('a root of a name that is cut', qr/^2200M /, sub { '<a' . "\xc3\xa9" x 10_000 . '/>' });
attack('a root cut off',   qr/^2200M /,         sub { '<rss' });
attack('an empty feed',    $none,               sub { '<rss/>' });
attack('rubbish before',   $one,                sub { "Warning: x in y\n" x 10 . $small });
attack('much rubbish before', qr/^22P02 /,      sub { "Warning: x in y\n" x 1000 . $small });
attack('a JSON scalar',    qr/^22P02 /,         sub { $_ }) foreach ('null', 'true', '1', '"x"');
attack('an empty object',  $none,               sub { '{}' });
attack('an empty list',    $none,               sub { '[]' });

# ---- trying them ----

my $session = PaperfeedSession->new($node, warm_up => write_file('warm', $small));
$session->query(q{
	SELECT paperfeed.ingest_document('[{"id":"1901.00001","title":"Known before","abstract":"It stays.","authors":["Jane Doe"]}]',
		base_url => 'https://known.example/')});
my $known = q{SELECT md5(string_agg(p::text, '' ORDER BY p.id)) FROM paperfeed.papers AS p WHERE id = 'arxiv:1901.00001'};
my $before = $session->query($known);

sub shown { return $_[0] =~ s/[^ -~]/?/gr; }

my %worst = (cpu => 0, grown => 0);
foreach (@attacks)
{
	my ($name, $expected, $document, %arg) = @$_;
	next unless $name =~ /$only/;

	$document = $document->();
	my $file = write_file('document', $document);
	my (%r, @wrong);
	foreach my $what (qw(parse feed_info ingest_document))
	{
		my %one = eval { $session->try_document($what, $file, base => 'https://x.example/', %arg) };
		if ($@)
		{
			diag "$name, $what: $@";
			push @wrong, "$what: the backend is gone";
			last;
		}
		$r{$what} = \%one;
		my $words = substr shown($one{result}), 0, 150;
		push @wrong, "$what: $one{state} $words"
		  if $one{state} =~ /^(?:XX|57)/ || ($what ne 'parse' && $one{state} ne '00000');
		push @wrong, "$what: $one{cpu} ms" if $one{cpu} > $max_ms;
		push @wrong, "$what: $one{grown} kB" if $one{grown} > $max_kb;
		note sprintf '%s, %s (%.1f MB): %s %s, %d ms, %.1f MB', $name, $what, length($document) / 1e6, $one{state},
		  $words, $one{cpu}, $one{grown} / 1024;
		foreach (qw(cpu grown))
		{
			$worst{$_} = $one{$_} if $one{$_} > $worst{$_};
		}
	}
	if (!@wrong)
	{
		my $got = "$r{parse}{state} $r{parse}{result}";
		push @wrong, 'parse: ' . substr shown($got), 0, 150 unless $got =~ $expected;
		my $failed = $r{parse}{state} ne '00000';
		push @wrong, "feed_info: $r{feed_info}{result}" if $failed != ($r{feed_info}{result} =~ /^failed: ./);
		push @wrong, "ingest_document: $r{ingest_document}{result}"
		  if $failed != ($r{ingest_document}{result} =~ /^failed \d+ \d+: ./);
		push @wrong, 'what was stored has changed' if $session->query($known) ne $before;
	}
	ok(!@wrong, $name) or diag join "\n", @wrong;
	if (@wrong)
	{
		# The next one is not to suffer for it.
		$node->poll_query_until('postgres', 'SELECT true') or die 'the server is gone';
		$session = PaperfeedSession->new($node, warm_up => write_file('warm', $small));
	}
}
note sprintf 'at most %d ms and %.1f MB', $worst{cpu}, $worst{grown} / 1024;

is($session->query('SELECT pg_backend_pid()'), $session->pid, 'one backend read them all');
is($session->query($known), $before, 'what was stored before is there');
is($session->query(q{SELECT count(*) FROM paperfeed.papers AS p WHERE p::text LIKE '%the secret of%'}), 0,
	'no file came out');
is(join(', ', PaperfeedNet::connects()), '', 'no host was asked') if PaperfeedNet::stubbed();

# All that was stored is text.
is( $session->query(
		q{SELECT count(*) FROM paperfeed.papers AS p WHERE convert_from(textsend(p::text), 'UTF8') IS NULL}),
	0,
	'papers are valid text');
is( $session->query(
		q{SELECT count(*) FROM paperfeed.feeds AS f WHERE convert_from(textsend(f::text), 'UTF8') IS NULL}),
	0,
	'feeds are valid text');

$session->close;

# ---- canceling what takes long ----

# 200 MB of a unit between a head and a tail.
sub write_long
{
	my ($head, $unit, $tail) = @_;
	my $block = $unit x (1 + 1_000_000 / length $unit);

	open(my $out, '>:raw', "$dir/long") or die "$dir/long: $!";
	print $out $head;
	print $out $block for 1 .. 200e6 / length $block;
	print $out $tail // '';
	close $out or die "$dir/long: $!";
	return "$dir/long";
}

my %long = (
	'items'              => [ '<rss><channel>', item('a', '<description>Some words about &amp; around it</description>') ],
	'empty items'        => [ '<rss><channel>', '<item/>' ],
	'a comment'          => [ '<rss><!--',      'x' ],
	'text'               => [ '<rss>',          'x' ],
	'<'                  => [ '<rss>',          '<' ],
	'</'                 => [ '<rss>',          '</' ],
	'bare &'             => [ '<rss>',          '&' ],
	'bytes that cannot be' => [ '<rss>',        "\xff" ],
	'bytes that cannot be in tags' => [ '<rss>', '<a b="' . "\xffa" x 30_000 ],
	'NULs'               => [ '',               "\0" ],
	'UTF-16'             => [ "\xff\xfe" . utf16('le', '<rss><channel>'), utf16('le', '<item/>') ],
	'ISO-8859-1'         => [ '<?xml version="1.0" encoding="iso-8859-1"?><rss><channel>', "<item><title>\xe9</title></item>" ],
	'gzip, empty members' => [ '',              gz('') ],
	'gzip, a name'       => [ "\x1f\x8b\x08\x08\0\0\0\0\0\x03", 'x' ],
	'JSON lines'         => [ '',               "{\"id\":\"2303.12345\",\"title\":\"A\"}\n" ],
	'JSON, a list'       => [ '[',              '{"id":"2303.12345","title":"A"},' ],
	'JSON, one value'    => [ '{"items":[',     '{"id":"2303.12345","title":"A"},', '{}]}' ],
	'JSON, one value that has to be mended' => [ '{"items":[', '{"id":"2303.12345","title":"A\q"},', '{}]}' ],
	'JSON, numbers'      => [ '{"items":[',     '1,', '1]}' ],
	'JSON, a string'     => [ '{"items":["',    'x', '"]}' ],
	'JSON, a string without end' => [ '{"items":["', 'x' ],
	'JSON, escapes'      => [ '{"a":"',         '\\u0041', '"}' ],
	'JSON, blanks'       => [ '{"a":',          ' ', '1}' ]);
foreach my $name (sort keys %long)
{
	next unless "cancel $name" =~ /$only/;
	my $file = write_long(@{ $long{$name} });
	my @wrong;

	$session = PaperfeedSession->new($node, warm_up => write_file('warm', $small));
	foreach my $ms (600, 1200)
	{
		my $what = $ms == 1200 && $name =~ /items|lines|list/ ? 'ingest_document' : 'parse';
		$session->query("SET statement_timeout = $ms");
		my %r = eval { $session->try_document($what, $file) };
		next if $@ =~ /57014/;	# it came to an end just before
		push @wrong, "after $ms ms: $@" if $@;
		last if $@;
		my $words = substr shown($r{result}), 0, 100;
		note "cancel $name, $what, after $ms ms: $r{state} $words, " . ($r{late} // 'not') . " ms late, $r{grown} kB";
		push @wrong, "after $ms ms: $r{late} ms late" if length $r{late} && $r{late} > $max_late;
		push @wrong, "after $ms ms: $r{state} $words" if $r{state} =~ /^XX/;
	}
	ok(!@wrong, "cancel $name") or diag join "\n", @wrong;
	$session->close if !@wrong;
}
unlink "$dir/long";

$node->stop;
done_testing();
