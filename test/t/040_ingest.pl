# If this fails, a feed that is ingested from its address again and again is not
# asked politely, is taken for changed when it is not, or takes the caller down
# with its faults.

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
append_to_file("$fixtures/feed.xml", PaperfeedHttp::atom());

my $http = PaperfeedHttp->new(fixtures => $fixtures);
my $node = PostgreSQL::Test::Cluster->new('ingest');
$node->init;
$node->append_conf('postgresql.conf', "paperfeed.allow_private_hosts = '127.0.0.1'");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'paperfeed'");
PaperfeedNet::start($node);
$node->safe_psql('postgres', 'CREATE EXTENSION paperfeed');

sub ingest
{
	my ($path, $before) = @_;
	my $url = $path =~ m{^/} ? $http->url($path) : $path;
	return $node->safe_psql('postgres',
		($before // '') . "SELECT status, http_status, seen, added, updated, unchanged, rejected, error "
		  . "FROM paperfeed.ingest('$url')");
}

sub feed
{
	my ($path, $columns) = @_;
	my $url = $http->url($path);
	return $node->safe_psql('postgres', "SELECT $columns FROM paperfeed.feeds WHERE url = '$url'");
}

# The ordinary life of a feed.
is(ingest('/ok/feed.xml'), 'ok|200|1|1|0|0|0|', 'the first time, its papers are added');
is(feed('/ok/feed.xml', 'etag IS NOT NULL, title, status, errors, last_changed IS NOT NULL'),
	't|Small feed|ok|0|t', 'and the feed is remembered with its validator');
is($node->safe_psql('postgres', 'SELECT id, title, source FROM paperfeed.papers'),
	'arxiv:2601.00001|A small entry|127.0.0.1', 'the paper is there');
is(ingest('/ok/feed.xml'), 'unchanged|304|0|0|0|0|0|', 'the second time, nothing is sent');
ok(defined $http->last_request->{headers}{'if-none-match'}, 'as the validator was');
ok(!defined $http->last_request->{headers}{'cookie'}, 'and no cookie');

# No validator: the same bytes are the same document.
is(ingest('/text'), 'ok|200|1|0|0|1|0|', 'another feed shows the paper');
is(ingest('/text'), 'unchanged|200|1|0|0|1|0|', 'and shows it again in the same bytes');
is($node->safe_psql('postgres', 'SELECT count(*) FROM paperfeed.sightings'), '2', 'two feeds showed it');
is($node->safe_psql('postgres', 'SELECT count(*) FROM paperfeed.papers'), '1', 'one row');

# A validator that somebody put a header into.
$node->safe_psql('postgres', sprintf q{UPDATE paperfeed.feeds SET etag = E'"x"\r\nX-Evil: 1' WHERE url = '%s'},
	$http->url('/ok/feed.xml'));
like(ingest('/ok/feed.xml'), qr/^(ok|unchanged)\|/, 'a poisoned validator is not sent');
unlike($http->last_request->{text}, qr/Evil/i, 'and neither is what it hides');

# Faults are data.
my %faults = (
	'/status/404'    => qr/^failed\|404\|0\|0\|0\|0\|0\|.*404/,
	'/status/410'    => qr/^failed\|410/,
	'/status/503'    => qr/^failed\|503/,
	'/reset'         => qr/^failed.*reset/,
	'/html'          => qr/^failed\|200\|.*HTML/,
	'/empty'         => qr/^failed\|200\|.*empty/,
	'/loop'          => qr/^failed\|.*redirect/,
	'/lie-gzip'      => qr/^failed/,
	'/redirect-to?u=file%3A%2F%2F%2Fetc%2Fpasswd' => qr/^failed/,
	'/redirect-to?u=http%3A%2F%2F127.0.0.2%2F'    => qr/^failed.*loopback/);
foreach my $path (sort keys %faults)
{
	like(ingest($path), $faults{$path}, "$path is reported");
	is(feed($path, 'status, errors, last_error IS NOT NULL, last_success IS NULL'),
		'failed|1|t|t', "$path is remembered");
}
like(ingest('/status/404'), qr/^failed/, 'a second failure');
is(feed('/status/404', 'errors'), '2', 'is counted');
is($node->safe_psql('postgres', 'SELECT count(*) FROM paperfeed.papers'), '1', 'and nothing is lost');

# A service's own words come with an HTTP error.
my $error = '%3Cfeed+xmlns%3D%22http%3A%2F%2Fwww.w3.org%2F2005%2FAtom%22%3E%3Cid%3Ehttps%3A%2F%2Farxiv.org%2F%3C%2Fid%3E%3Centry%3E%3Cid%3E'
  . 'http%3A%2F%2Farxiv.org%2Fapi%2Ferrors%23x%3C%2Fid%3E%3Ctitle%3EError%3C%2Ftitle%3E'
  . '%3Csummary%3Eno+such+identifier%3C%2Fsummary%3E%3C%2Fentry%3E%3C%2Ffeed%3E';
like(ingest("/text?status=400&body=$error"), qr/^failed\|400\|.*no such identifier/,
	'what the service says is passed on');

# A document that was cut off is asked for whole the next time.
ingest('/cut-gzip');
is(feed('/cut-gzip', 'etag IS NULL AND checksum IS NULL'), 't', 'no validator of a document that is cut off');

# The caller's own faults are errors.
foreach my $bad ('file:///etc/passwd', 'gopher://127.0.0.1/', 'nonsense', '')
{
	my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSELECT paperfeed.ingest('$bad')");
	like($err, qr/22023/, "'$bad' is refused");
}

# A statement_timeout while a feed stalls leaves no trace and a usable session.
my $started = time;
my ($rc, $out, $err) = $node->psql('postgres', sprintf
	  "\\set VERBOSITY sqlstate\nSET statement_timeout = 300; SELECT paperfeed.ingest('%s'); SELECT 'alive';",
	$http->url('/stall'));
my $took = time - $started;
like($err, qr/57014/, 'statement_timeout ends a stalled ingest');
cmp_ok($took, '<', 2, 'at once');
is(feed('/stall', 'count(*)'), '0', 'and the transaction is gone');

$node->stop;
done_testing();
