# If this fails, documents do not arrive as they were sent, or sources are asked
# in a way that they do not expect: redirects, encodings, validators, statuses,
# what a request says of us, many requests at once.

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
append_to_file("$fixtures/small.xml", PaperfeedHttp::atom());

my $http  = PaperfeedHttp->new(fixtures => $fixtures);
my $other = PaperfeedHttp->new(address  => '127.0.0.2');

my $node = PostgreSQL::Test::Cluster->new('fetch');
$node->init;
$node->append_conf('postgresql.conf', "paperfeed.allow_private_hosts = '127.0.0.1, 127.0.0.2'");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'paperfeed'");
PaperfeedNet::start($node);
$node->safe_psql('postgres', 'CREATE EXTENSION paperfeed');

my @columns = qw(status http_status url moved_to redirects content_type etag last_modified
  retry_after max_age body_cut wire_bytes sqlstate error hint text);

# One request; the response as a hash, 'text' is the body.
sub get
{
	my ($url, %arg) = @_;
	my $set = join '', map { "SET paperfeed.$_ = $arg{set}{$_};" } keys %{ $arg{set} || {} };
	my $q   = sub { defined $_[0] ? "'" . $_[0] =~ s/'/''/gr . "'" : 'NULL' };
	my $sql = sprintf q{%s
		SELECT status, http_status, url, moved_to, redirects, content_type, etag, last_modified,
			extract(epoch FROM retry_after)::integer, extract(epoch FROM max_age)::integer,
			body_cut, wire_bytes, sqlstate, error, hint, encode(body, 'hex')
		  FROM paperfeed.http_get(%s, %s, %s, %s)},
	  $set, $q->($url =~ m{^/} ? $http->url($url) : $url), $q->($arg{etag}),
	  $q->($arg{last_modified}),
	  $arg{headers} ? 'ARRAY[' . join(',', map { $q->($_) } @{ $arg{headers} }) . ']' : 'NULL';
	my ($rc, $out, $err) = $node->psql('postgres', $sql, extra_params => [ '-F', "\x1f" ]);
	my %r = (raised => $err);
	@r{@columns} = split /\x1f/, $out, -1 if $rc == 0;
	$r{text}     = pack 'H*', $r{text} // '';
	return \%r;
}

my $atom = PaperfeedHttp::atom();
my $r;

# Plain and encoded bodies.
$r = get('/text');
is($r->{status},       'ok',                                  'a plain document arrives');
is($r->{http_status},  200,                                   'with its status');
is($r->{text},         $atom,                                 'as it was sent');
is($r->{content_type}, 'application/atom+xml; charset=utf-8', 'with its type');
is($r->{url},          $http->url('/text'),                   'and its address');
is($r->{moved_to},     '',                                    'which has not changed');

foreach my $path ('/gzip', '/deflate', '/deflate?raw=1', '/chunked', '/continue')
{
	$r = get($path);
	is("$r->{status} $r->{text}", "ok $atom", "$path is decoded");
}
ok(get('/gzip')->{wire_bytes} < length $atom, 'bytes on the wire are counted before decompression');
is(get('/chunked')->{etag},  '', 'a trailer field is no header field');
is(get('/continue')->{etag}, '', 'a field of an interim answer is not the answer\'s');
$r = get('/empty');
is("$r->{status} [$r->{text}]",  'ok []',                    'an empty document is a document');
is(get('/html')->{content_type}, 'text/html; charset=utf-8', 'a page comes with its type');
my $latin = get('/text?type=application/xml%3Bcharset%3Diso-8859-1&body=%3Ca%3E%C3%A9%3C/a%3E');
is($latin->{text},         "<a>\xc3\xa9</a>", 'bytes are handed on whatever the charset says');
is($latin->{content_type}, 'application/xml;charset=iso-8859-1', 'and so is the charset');

# Redirects.
foreach my $status (301, 302, 303, 307, 308)
{
	$r = get("/redirect/3?status=$status");
	is("$r->{status} $r->{redirects}", 'ok 3',              "$status is followed");
	is($r->{url},                      $http->url('/text'), "$status: the last address is told");
	is( $r->{moved_to},
		$status =~ /301|308/ ? $http->url('/text') : '',
		"$status: whether the feed has moved");
}
my $mixed = $http->url('/redirect-to?status=301&u=/redirect/1');
is(get($mixed)->{moved_to}, '', 'one temporary redirect makes the move temporary');
is(get('/redirect-to?status=301&u=/status/404')->{moved_to}, '',
	'a feed does not move to an error');
is(get('/redirect/5')->{status}, 'ok', 'five redirects are followed');
$r = get('/redirect/6');
is("$r->{status} $r->{sqlstate}", 'failed 54000', 'six are not');
like($r->{error}, qr{redirects again, after 5 redirects}, 'which is said');
is(get('/redirect/6', set => { max_redirects => 6 })->{status}, 'ok', 'unless allowed');
is(get('/redirect/1', set => { max_redirects => 0 })->{status},
	'failed', 'none are followed if so set');
$r = get('/redirect-to?u=' . $http->url('/echo?a=b%23c') . '%23frag');
like($r->{text}, qr{^GET /echo\?a=b#?c? ?}, 'a fragment is not sent') or diag $r->{text};
like(get('/redirect-to?u=text%20with%20blanks')->{url},
	qr{/text%20with%20blanks$}, 'blanks are encoded');
$r = get('/redirect-to?u=');
is("$r->{status} $r->{http_status}", 'http error 302', 'a redirect to nowhere is an error');

# Validators.
$r = get('/ok/small.xml');
is($r->{text}, $atom, 'a fixture arrives');
ok($r->{etag} ne '' && $r->{last_modified} ne '', 'with validators');
my $again = get('/ok/small.xml', etag => $r->{etag});
is("$again->{status} $again->{http_status}", 'not modified 304', 'ETag is sent back');
is($again->{sqlstate},                       '',                 'which is no fault');
$again = get('/ok/small.xml', last_modified => $r->{last_modified});
is($again->{status}, 'not modified', 'Last-Modified is sent back');
is(get('/ok/small.xml',        etag => '"old"')->{status}, 'ok', 'an old ETag gets the document');
is(get('/etag?v=W/%22weak%22', etag => 'W/"weak"')->{status}, 'not modified', 'a weak ETag');
is(get('/modified',            last_modified => get('/modified')->{last_modified})->{status},
	'not modified', 'a date alone');
$r = get('/status/304');
is($r->{status}, 'http error', '304 without having asked for it is an error');
is(get('/redirect-to?u=/etag', etag => '"v1"')->{status},
	'not modified', 'validators go along redirects');
my $moved = get('/redirect-to?status=308&u=/etag', etag => '"v1"');
is($moved->{moved_to}, $http->url('/etag'), 'a move shows by 304, too');

# Statuses.
foreach my $status (400, 401, 403, 404, 406, 410, 429, 500, 503)
{
	$r = get("/status/$status?body=said+by+the+source");
	is( "$r->{status} $r->{http_status} $r->{sqlstate}",
		"http error $status 08000",
		"$status is told");
	is($r->{text}, 'said by the source', "$status: its body is kept");
	like(
		$r->{error},
		qr{/status/$status\S* answered with HTTP status $status},
		"$status: the text names the address");
}
is(get('/lie-gzip?status=404')->{http_status},
	404, 'an error with an unreadable body is that error');
is(get('/lie-gzip?status=302')->{text}, $atom, 'a redirect with an unreadable body is followed');
is(get('/status/429?after=120')->{retry_after}, 120, 'Retry-After in seconds');
my $after = get('/status/503?after_date=300')->{retry_after};
ok($after >= 295 && $after <= 300, 'Retry-After as a date') or diag $after;
is(get('/status/429?after=99999999999999999999')->{retry_after},
	7 * 86400, 'Retry-After has a limit');
is(get('/status/429?after=soon')->{retry_after}, '', 'Retry-After that is neither');

# Freshness.
my %ages = (
	'Cache-Control:max-age=60'                                                        => 60,
	'Cache-Control:public, max-age="90"'                                              => 90,
	'Cache-Control:MAX-AGE=60&header=Age:20'                                          => 40,
	'Cache-Control:max-age=10&header=Age:20'                                          => 0,
	'Cache-Control:no-cache, max-age=60'                                              => 0,
	'Cache-Control:private&header=Cache-Control:max-age=7'                            => 7,
	'Cache-Control:max-age=999999999999'                                              => 7 * 86400,
	'Cache-Control:max-age=x'                                                         => '',
	'Cache-Control:s-maxage=60'                                                       => '',
	'Date:Thu, 01 Jan 2026 00:00:00 GMT&header=Expires:Thu, 01 Jan 2026 01:00:00 GMT' => 3600,
	'Expires:0'                                                                       => 0,
	'Expires:Thu, 01 Jan 1998 00:00:00 GMT'                                           => 0,
	'X-None:1'                                                                        => '');
foreach (sort keys %ages)
{
	my $query = s/ /+/gr =~ s/"/%22/gr;
	is(get("/text?header=$query")->{max_age}, $ages{$_}, "freshness by $_");
}

# What a request says.
$http->forget;
my $version =
  $node->safe_psql('postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'paperfeed'});
get('/echo');
my $asked = $http->last_request;
is($asked->{method},                'GET',                'a request is a GET');
is($asked->{headers}{'user-agent'}, "paperfeed/$version", 'it names the reader');
like(
	$asked->{headers}{accept},
	qr{application/atom\+xml.*application/rss\+xml.*application/json},
	'and the formats');
like($asked->{headers}{'accept-encoding'}, qr/gzip/, 'and the encodings');

foreach my $none (qw(authorization cookie referer if-none-match if-modified-since expect))
{
	ok(!exists $asked->{headers}{$none}, "it has no $none");
}
get('/echo', set => { user_agent_contact => q{'https://example.org/reader'} });
is( $http->last_request->{headers}{'user-agent'},
	"paperfeed/$version (+https://example.org/reader)",
	'and the contact');
foreach my $bad ("E'a\\r\\nX: y'", "'a (b'", "E'caf\\u00e9'", "repeat('x', 201)")
{
	my $set =
	  $bad =~ /repeat/
	  ? "SELECT set_config('paperfeed.user_agent_contact', $bad, false)"
	  : "SET paperfeed.user_agent_contact = $bad";
	my ($rc, $out, $err) = $node->psql('postgres', $set, on_error_stop => 1);
	like($err, qr/invalid value for parameter "paperfeed.user_agent_contact"/, "no contact: $bad");
}
get('/echo', headers => [ 'X-Key: secret one', 'User-Agent: somebody else' ]);
is($http->last_request->{headers}{'x-key'},      'secret one',    'extra headers are sent');
is($http->last_request->{headers}{'user-agent'}, 'somebody else', 'also another name');
foreach my $bad (
	"X-A: b\r\nX-C: d",
	'no colon',
	': no name',
	'Host: other',
	'content-length: 5',
	'X-Empty:',
	"X-\x01: y",
	'a b: c')
{
	like(
		get('/echo', headers => [$bad])->{raised},
		qr/request header/,
		'no header: ' . $bad =~ s/[^ -~]/?/gr);
}

# Passwords and keys stay where they belong.
my $with_password = $http->url('/echo') =~ s{//}{//reader:pa%40ss@}r;
get($with_password);
is( $http->last_request->{headers}{authorization},
	'Basic cmVhZGVyOnBhQHNz',
	'a password in the address is sent');
$r = get($with_password =~ s{/echo}{/redirect-to?u=/echo}r, headers => ['X-Key: k']);
is( $http->last_request->{headers}{authorization},
	'Basic cmVhZGVyOnBhQHNz',
	'also after a redirect on the host');
is($http->last_request->{headers}{'x-key'}, 'k', 'as is a key');
unlike($r->{url}, qr/pa%40ss|reader/, 'but it is not in the address that is told');
$r = get($with_password =~ s{/echo}{'/redirect-to?status=301&u=' . $http->url('/echo')}er);
like($r->{moved_to}, qr/reader:pa%40ss@/, 'the moved address keeps it');
$r = get($with_password =~ s{/echo}{'/redirect-to?status=301&u=' . $other->url('/echo')}er,
	headers => [ 'X-Key: k', 'Cookie: c' ]);
is($r->{status}, 'ok', 'a redirect to another host');
$asked = $other->last_request;
ok(!exists $asked->{headers}{authorization}, 'does not take the password along');
ok(!exists $asked->{headers}{$_},            "nor $_") foreach qw(x-key cookie referer);
unlike($r->{moved_to}, qr/reader/, 'nor does its address');
$r = get('/redirect-to?u=http://thief:key@' . $other->authority . '/echo');
ok(!exists $other->last_request->{headers}{authorization}, 'a password in a redirect is not sent');
$r = get($with_password =~ s{/echo}{/status/404}r);
unlike("$r->{error} $r->{hint}", qr/pa%40ss|pa\@ss|reader/, 'a text for people has no password');
$r = get('http://reader:pass@127.0.0.1:1/');
like(
	$r->{error},
	qr{^could not connect to http://127\.0\.0\.1:1/: Connection refused$},
	'nor has a failure');
is($r->{sqlstate}, '08001', 'which has a class');
like(
	get("http://reader:pa ss\tword\@127.0.0.1:1/x\@y")->{raised},
	qr/cannot fetch "http:\/\/y"/,
	'nor has an unreadable address');

# Addresses that are the caller's fault.
foreach my $bad (
	'file:///etc/passwd',        'ftp://127.0.0.1/',
	'gopher://127.0.0.1/',       'example.org/feed',
	'',                          ' ',
	'/feed',                     'http://',
	"http://127.0.0.1/\r\nX: y", 'http://' . 'a' x 5000 . '/',
	'http://127.0.0.1:99999/')
{
	my ($rc, $out, $err) = $node->psql(
		'postgres',
		sprintf(
			q{\set VERBOSITY verbose
SELECT paperfeed.http_get(%s)}, "E'" . $bad =~ s/\r/\\r/gr =~ s/\n/\\n/gr . "'"));
	like(
		$err,
		qr/ERROR:  22023: cannot fetch/,
		'no address: ' . substr($bad, 0, 30) =~ s/[^ -~]/?/gr);
}
is($node->safe_psql('postgres', 'SELECT paperfeed.http_get(NULL::text) IS NULL'),
	't', 'NULL for NULL');

# Who may.
$node->safe_psql('postgres', 'CREATE ROLE reader; GRANT USAGE ON SCHEMA paperfeed TO reader');
my ($rc, $out, $err) = $node->psql('postgres',
	"SET ROLE reader; SELECT paperfeed.http_get('" . $http->url('/text') . "')");
like($err, qr/permission denied for function http_get/, 'fetching is not for everybody');
foreach my $setting (qw(allow_private_hosts use_proxy))
{
	($rc, $out, $err) = $node->psql('postgres', "SET ROLE reader; SET paperfeed.$setting = 'on'");
	like(
		$err,
		qr/permission denied to set parameter "paperfeed.$setting"/,
		"$setting is for superusers");
}

# A body as large as allowed, and one larger.
my $size = 3 * 1024;
$r = get("/text?body=" . 'x' x $size, set => { max_body_size => q{'3kB'} });
is("$r->{status} " . length $r->{text}, "ok $size", 'a document of the size allowed');
$r = get("/text?body=" . 'x' x ($size + 1), set => { max_body_size => q{'3kB'} });
is("$r->{status} $r->{sqlstate}", 'failed 54000', 'and one larger');
like($r->{error}, qr/is larger than 3 kB/, 'whose limit is told');

# Many at once.
$http->forget;
my $urls  = join ',', map { "'" . $http->url("/text?delay=0.5&n=$_") . "'" } 1 .. 16;
my $start = time;
is( $node->safe_psql(
		'postgres', qq{
	SELECT count(*), count(DISTINCT place), bool_and(status = 'ok')
	  FROM paperfeed.http_get(ARRAY[$urls, 'http://127.0.0.1:1/']) WHERE place < 17}),
	'16|16|t',
	'many requests');
my $took = time - $start;
cmp_ok($took, '<', 4, 'run at once');
is(scalar $http->log, 16, 'each of them once');
is( $node->safe_psql(
		'postgres',
		sprintf q{
	SELECT string_agg(place || ':' || status, ' ' ORDER BY place)
	  FROM paperfeed.http_get(ARRAY['%s', '%s', '%s', '%s'])}, $http->url('/text'),
		'http://127.0.0.1:1/',
		$http->url('/status/404'), $http->url('/redirect/2')),
	'1:ok 2:failed 3:http error 4:ok',
	'one\'s fault is not another\'s');
$urls = join ',', map { "'" . $http->url("/text?n=$_") . "'" } 1 .. 100;
is( $node->safe_psql(
		'postgres', "SELECT count(*) FROM paperfeed.http_get(ARRAY[$urls]) WHERE status = 'ok'"),
	100,
	'more requests than run at once');
is($node->safe_psql('postgres', q{SELECT count(*) FROM paperfeed.http_get('{}'::text[])}),
	0, 'none at all');

$node->stop;
done_testing();
