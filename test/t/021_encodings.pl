# If this fails, a feed's text that the database's encoding cannot hold makes an
# ingest fail, or papers that are known come in again.

use strict;
use warnings;

use Encode qw(encode);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use utf8;

my $node = PostgreSQL::Test::Cluster->new('encodings');
$node->init;
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir;

# Text that none, some or all of the encodings have.
my $texts = {
	plain     => 'Knots',
	latin     => "Schr\x{f6}dinger \x{e9}t\x{e9}",
	greek     => "\x{3b1}-helices",
	japanese  => "\x{7d50}\x{3073}\x{76ee} \x{30c6}\x{30b9}\x{30c8}",
	emoji     => "Knots \x{1f600}",
	rare      => "a\x{301}\x{200b}\x{2028}\x{feff}\x{10fffd}",
	halfwidth => "\x{ff76}\x{ff9e} \x{ff5e} \x{2225} \x{ffe0}", };

# A document of papers whose every member has such a text.
sub json
{
	my ($more) = @_;
	my @lines;
	foreach my $name (sort keys %$texts)
	{
		my $t = $texts->{$name};
		push @lines,
		  qq({"id": "10.1000/$name", "title": "$t", "abstract": "$t. $t https://github.com/x/$t", "authors": ["$t A", "B $t"], )
		  . qq("categories": ["$t"], "venue": "$t", "comment": "$t", "license": "$t", "pdf_url": "https://x.example/$t.pdf", )
		  . qq("links": {"code": ["https://github.com/$t"]}, "extra": {"$t": "$t", "list": ["$t"]}, "metrics": {"$t": 1}});
		push @lines, qq({"url": "https://lab.example/$t/paper", "title": "By page $t"});
		push @lines, qq({"id": "10.1000/x$t", "title": "By DOI $t"});
		push @lines, qq({"title": "By title $t", "authors": ["$t"]});
	}
	return encode('UTF-8', join("\n", @lines) . ($more // ''));
}

sub xml
{
	my ($encoding) = @_;
	my $xml =
	  qq(<?xml version="1.0" encoding="$encoding"?><rss version="2.0"><channel><title>$texts->{latin} &#128512; &#32080;</title>)
	  . qq(<link>https://lab.example/</link><item/><item><title>$texts->{latin} &#945;</title><link>https://lab.example/xml/&#233;</link>)
	  . qq(<description>&#x1F600; &notin;</description></item></channel></rss>);
	return encode($encoding, $xml);
}

sub literal { my ($bytes) = @_; return q{'\x} . unpack('H*', $bytes) . q{'::bytea}; }

my $report =
  q{(i).status || ': ' || (i).seen || ' = ' || (i).added || '+' || (i).updated || '+' || (i).unchanged || '+' || (i).rejected};

foreach my $encoding (qw(UTF8 LATIN1 SQL_ASCII EUC_JP WIN1252 LATIN9))
{
	my $db = "in_\L$encoding";
	$node->safe_psql('postgres',
		"CREATE DATABASE $db TEMPLATE template0 ENCODING '$encoding' LC_COLLATE 'C' LC_CTYPE 'C'");
	$node->safe_psql($db, 'CREATE EXTENSION paperfeed');
	my $ingest = sub {
		my ($bytes, $base) = @_;
		my ($rc, $out, $err) = $node->psql($db,
				'SET client_encoding = '
			  . ($encoding eq 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8') . ';'
			  . "SELECT $report FROM paperfeed.ingest_document("
			  . literal($bytes)
			  . ", base_url => '$base') AS i");
		return $rc == 0 ? $out : $err;
	};
	my $n = 4 * keys %$texts;

	is( $ingest->(json(), 'https://lab.example/'),
		"ok: $n = $n+0+0+0",
		"$encoding: no text makes a document fail");
	is( $ingest->(json(), 'https://lab.example/'),
		"unchanged: $n = 0+0+$n+0",
		"$encoding: the document is known");
	is( $ingest->(json(' '), 'https://lab.example/'),
		"ok: $n = 0+0+$n+0",
		"$encoding: so are its papers");
	is( $ingest->(json(), 'https://other.example/'),
		"ok: $n = 0+0+$n+0",
		"$encoding: to another feed as well");
	$node->safe_psql($db, 'DELETE FROM paperfeed.papers');
	is( $ingest->(json(), 'https://other.example/'),
		"ok: $n = $n+0+0+0",
		"$encoding: what is deleted comes back");
	is( $node->safe_psql($db, 'SELECT count(*), count(DISTINCT identity) FROM paperfeed._identity'),
		"$n|$n",
		"$encoding: under the same identities");

	foreach my $from ('ISO-8859-1', 'UTF-8')
	{
		is( $ingest->(xml($from), "https://$from.example/"),
			'ok: 2 = ' . ($from eq 'UTF-8' ? '0+0+1+1' : '1+0+0+1'),
			"$encoding: a document in $from");
	}
	is( $ingest->(
			encode(
				'UTF-8',
				'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="badArgument">'
				  . (join ' ', values %$texts) x 40
				  . '</error></OAI-PMH>'),
			'https://error.example/'),
		'failed: 0 = 0+0+0+0',
		"$encoding: a service's complaint");
	is( $ingest->(
			"{\"id\": \"10.1000/bytes\", \"title\": \"\xff\xfe \xc3( \\ud800 \\u0000 \\udc00x\", \"abstract\": \"\xe7\xb5\"}",
			'https://bytes.example/'),
		'recovered: 1 = 1+0+0+0',
		"$encoding: bytes that are no text at all");

	# Everything that is stored is valid in the encoding, and reads back.
	my @columns = map { "paperfeed.$_" } qw(papers _identity sightings revisions rejects feeds);
	foreach my $table (@columns)
	{
		my ($rc, $out, $err) = $node->psql($db,
				'SET client_encoding = '
			  . ($encoding eq 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8') . ';'
			  . "SELECT count(convert_from(convert_to(t::text, '"
			  . ($encoding eq 'SQL_ASCII' ? 'SQL_ASCII' : $encoding)
			  . "'), '$encoding')) FROM $table AS t");
		is("$rc $err", '0 ', "$encoding: $table is valid");
	}
	if ($encoding eq 'SQL_ASCII')
	{
		is( $node->safe_psql(
				$db,
				q{SELECT bool_and(convert_from(title::bytea, 'UTF8') IS NOT NULL) FROM (SELECT replace(title, '\\', '\\\\') AS title FROM paperfeed.papers) AS p}
			),
			't',
			'SQL_ASCII: what is stored is UTF-8');
	}
	my $title = $node->safe_psql($db,
			q{SET client_encoding = }
		  . ($encoding eq 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8')
		  . q{; SELECT title FROM paperfeed.papers WHERE id = 'doi:10.1000/latin'});
	utf8::decode($title);
	is( $title,
		$encoding eq 'EUC_JP' ? 'Schr?dinger ?t?' : $texts->{latin},
		"$encoding: what it has is kept, '?' stands for the rest"
	) unless $encoding eq 'EUC_JP' && $title eq $texts->{latin};
	is($node->safe_psql($db, q{SELECT count(*) FROM paperfeed.search('knots', 100)}),
		8, "$encoding: search finds");
	is($node->safe_psql($db, q{SELECT count(*) FROM paperfeed.parse(} . literal(json()) . q{)}),
		$n, "$encoding: parse reads them all");

	# A file whose name is in the database's encoding.
	my $name = "$dir/"
	  . encode(
		  $encoding eq 'SQL_ASCII' ? 'UTF-8'
		: $encoding eq 'UTF8'      ? 'UTF-8'
		: $encoding eq 'EUC_JP'    ? 'euc-jp'
		: $encoding =~ /LATIN(\d)/ ? 'iso-8859-' . ($1 == 9 ? 15 : 1)
		: 'cp1252',
		$encoding eq 'EUC_JP' ? "\x{7d50}.json" : "\x{e9}.json");
	append_to_file($name, '{"id": "10.1000/file", "title": "In a file"}');
	my $path = "convert_from('\\x" . unpack('H*', $name) . "', '$encoding')";
	is($node->safe_psql($db, "SELECT (i).status FROM paperfeed.ingest_file($path) AS i"),
		'ok', "$encoding: a file");
	is( $node->safe_psql($db, "SELECT count(*) FROM paperfeed.feeds WHERE url = 'file:' || $path"),
		1,
		"$encoding: is remembered under its name");
	is($node->safe_psql($db, "SELECT (i).status FROM paperfeed.ingest_file($path) AS i"),
		'unchanged', "$encoding: and known again");
}

$node->stop;
done_testing();
