# If this fails, a hostile source can hurt the server, or lead it to hosts that
# are not public: bombs, lies, endless answers, redirects and names that point
# inwards. Each attack must end within two seconds and 64 MB in a clear error
# or a result, with the backend alive.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedHttp;
use PaperfeedNet;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'memory is read from /proc' unless $^O eq 'linux';

my $max_seconds = 2;
my $max_growth  = 64 * 1024;    # kB

my $http = PaperfeedHttp->new;
my $two  = PaperfeedHttp->new(address => '127.0.0.2');
my $six  = eval { PaperfeedHttp->new(address => '::1') };

my $node = PostgreSQL::Test::Cluster->new('hardening');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'paperfeed'");
$node->append_conf('postgresql.conf', "paperfeed.fetch_timeout = '1500ms'");
$node->append_conf('postgresql.conf', "paperfeed.connect_timeout = '1s'");
PaperfeedNet::start($node);
$node->safe_psql('postgres', 'CREATE EXTENSION paperfeed');

my $here = $http->authority;

# Fetch in a session of its own: status, class and text of the fault, length of
# the body, seconds, kB of growth, and whether the session lives on.
sub attack
{
	my ($url, %arg) = @_;
	my $allow = $arg{allow} // $here;
	my ($rss, $peak) = (PaperfeedNet::rss(), PaperfeedNet::peak());
	$url = $http->url($url) if $url =~ m{^/};
	$url =~ s/'/''/g;
	my $more = $arg{set} // '';
	my ($rc, $out, $err) = $node->psql(
		'postgres', qq{
		SET paperfeed.allow_private_hosts = '$allow'; $more
		CREATE TEMP TABLE t AS SELECT $rss AS rss;
		SELECT status, sqlstate, error, length(body), extract(epoch FROM elapsed)
		  FROM paperfeed.http_get('$url');
		SELECT $peak - rss FROM t;}, extra_params => [ '-F', "\x1f" ]);
	my ($first, $growth) = split /\n/, $out;
	my %r = (raised => $err, alive => $rc == 0 && defined $growth, growth => $growth);
	@r{qw(status sqlstate error length seconds)} = split /\x1f/, $first // '', -1;
	return \%r;
}

sub holds
{
	my ($name, $r) = @_;
	ok($r->{alive}, "$name: the backend lives") or diag $r->{raised};
	cmp_ok($r->{seconds}, '<', $max_seconds, "$name: in time");
	cmp_ok($r->{growth},  '<', $max_growth,  "$name: in bounds");
	return;
}

# What a source may try; the class and text of the fault, or none if it is survived.
my @attacks = (
	[ '/bomb',                 '54000',       'is larger than 32768 kB' ],
	[ '/bomb?members=1',       '54000|08P01', 'is larger than|is not in its Content-Encoding' ],
	[ '/bomb?twice=1',         '54000|08P01', 'is larger than|is not in its Content-Encoding' ],
	[ '/chunkbomb',            '54000',       'is larger than 32768 kB' ],
	[ '/chunkbomb?status=400', '08000',       'HTTP status 400' ],
	[ '/stall',                '08006',       'took longer than 1500 ms' ],
	[ '/stall-body',           '08006',       'took longer than 1500 ms' ],
	[ '/slow',                 '08006',       'took longer than 1500 ms' ],
	[ '/reset',                '08006',       'closed the connection' ],
	[ '/reset?at_once=1',      '08006',       'closed the connection' ],
	[ '/early-close',          '08006',       'closed the connection' ],
	[ '/lie-length',           '08006',       'broke off' ],
	[ '/lie-length?say=99999999999',                '54000',    'is larger than' ],
	[ '/lie-length?say=99999999999999999999999',    '\w*',      '' ],
	[ '/lie-length?say=-5',                         '08P01',    '' ],
	[ '/lie-length?say=50',                         '',         '' ],
	[ '/lie-gzip',                                  '08P01',    'is not in its Content-Encoding' ],
	[ '/lie-gzip?say=deflate',                      '08P01',    'is not in its Content-Encoding' ],
	[ '/lie-gzip?say=br',                           '08P01',    'is not in its Content-Encoding' ],
	[ '/lie-gzip?say=zstd',                         '08P01',    'is not in its Content-Encoding' ],
	[ '/lie-gzip?say=rot13',                        '08P01',    'is not in its Content-Encoding' ],
	[ '/lie-gzip?say=' . join(',', ('gzip') x 100), '08P01',    '' ],
	[ '/cut-gzip',                                  '(08P01)?', '' ],
	[ '/header-injection',                          '',         '' ],
	[ '/huge-headers',                              '54000',    'header .* too large' ],
	[ '/huge-header',                               '54000',    'header .* too large' ],
	[ '/endless-headers',                           '54000',    'header .* too large' ],
	[ '/continue?endless=1',                        '54000',    'header .* too large' ],
	[ '/http09',                                    '08P01',    'did not answer in HTTP' ],
	[ '/garbage',                                   '08P01',    'did not answer in HTTP' ],
	[ '/empty',                                     '',         '' ],
	[ '/loop',                              '54000',       'redirects again, after 5 redirects' ],
	[ '/redirect/1000',                     '54000',       'redirects again, after 5 redirects' ],
	[ '/redirect-to?u=/text&size=10000000', '',            '' ],
	[ '/redirect-to?u=/&long=20000',        '08000',       'no usable address' ],
	[ '/redirect-to?u=/a%01b',              '08000|42501', 'usable|followed' ],
	[ '/redirect-to?u=/a%FFb',              '08000|42501', 'usable|followed' ]);

foreach (@attacks)
{
	my ($path, $sqlstate, $text) = @$_;
	my $name = substr $path, 0, 40;
	my $r    = attack($path);
	holds($name, $r);
	like($r->{sqlstate}, qr/^(?:$sqlstate)$/, "$name: $sqlstate");
	like($r->{error},    qr/$text/,           "$name: the text");
}

# The other limits.
my $r = attack('/slow', set => "SET paperfeed.low_speed_time = 1;");
like($r->{error}, qr/sent less than 100 bytes a second for 1 s/, 'a trickle is given up');
$r = attack('/chunkbomb?status=400');
is($r->{length}, 256 * 1024, 'the body of an error is cut');

# What a server put into a validator is not sent back as a header of its own.
$http->forget;
$node->safe_psql(
	'postgres',
	sprintf q{SET paperfeed.allow_private_hosts = '%s';
	SELECT paperfeed.http_get('%s', etag => E'"a"\r\nX-Injected: 1',
		last_modified => E'x\nX-Injected: 2')},
	$here, $http->url('/echo'));
unlike(
	$http->last_request->{text},
	qr/injected|if-none-match|if-modified/i,
	'a validator with a line end is not sent');
$node->safe_psql(
	'postgres',
	sprintf q{SET paperfeed.allow_private_hosts = '%s';
	SELECT paperfeed.http_get('%s', etag => repeat('x', 1025))}, $here, $http->url('/echo'));
unlike($http->last_request->{text}, qr/if-none-match/i, 'nor is an over-long one');
is( $node->safe_psql(
		'postgres',
		sprintf q{SET paperfeed.allow_private_hosts = '%s';
	SELECT etag IS NULL AND last_modified IS NULL FROM paperfeed.http_get('%s')}, $here,
		$http->url('/header-injection')),
	't',
	'a validator with control bytes is dropped as it comes');

# The guard: nothing but what is allowed, by whatever name or number.
PaperfeedNet::connects();
my $port   = $http->port;
my @inward = (
	"http://127.0.0.1:$port/text",            "http://localhost:$port/text",
	"http://127.1:$port/text",                "http://2130706433:$port/text",
	"http://0x7f000001:$port/text",           "http://0177.0.0.1:$port/text",
	"http://0.0.0.0:$port/text",              "http://[::1]:$port/text",
	"http://[::ffff:127.0.0.1]:$port/text",   "http://[::127.0.0.1]:$port/text",
	"http://[64:ff9b::127.0.0.1]:$port/text", "http://[::]:$port/text",
	"http://user:pass\@127.0.0.1:$port/text", "http://127.0.0.1:$port#\@example.org/text");
my @far = (
	'http://10.0.0.1/',    'http://172.16.0.1/',
	'http://192.168.0.1/', 'http://169.254.169.254/latest/meta-data/',
	'http://100.64.0.1/',  'http://[fd00::1]/',
	'http://[fe80::1]/',   'http://255.255.255.255/');

# Addresses that are not ours are only asked for where a broken guard could not reach them.
@far = () unless PaperfeedNet::stubbed();
foreach (@inward, @far)
{
	$r = attack($_, allow => '');
	is("$r->{status} $r->{sqlstate}", 'failed 42501', "refused: $_") or diag $r->{error};
	cmp_ok($r->{seconds}, '<', 0.5, 'at once');
	like($r->{error}, qr/leads to [0-9a-f.:]+, which is /, 'and told so');
	$r = attack('/redirect-to?u=' . s/#/%23/r)                                 unless /:$port/;
	is("$r->{status} $r->{sqlstate}", 'failed 42501', 'refused as a redirect') unless /:$port/;
}
foreach ($two->url('/text'), $six ? $six->url('/text') : (), @far ? 'http://10.0.0.1/' : ())
{
	$r = attack("/redirect-to?u=$_");
	is("$r->{status} $r->{sqlstate}", 'failed 42501', "a redirect inwards is refused: $_");
	like($r->{error}, qr/redirected 1 time/, 'and told so');
}
foreach (
	'file:///etc/passwd', 'ftp://127.0.0.1/', 'gopher://127.0.0.1/',
	'dict://127.0.0.1/',  'javascript:alert(1)')
{
	$r = attack("/redirect-to?u=$_");
	is("$r->{status} $r->{sqlstate}", 'failed 42501', "another protocol is refused: $_");
	like($r->{error}, qr/which cannot be followed/, 'and told so');
}
is($two->count('/text'), 0, 'no request arrived where none may');

# Exceptions by address open that address alone, on that port alone.
is(attack('/text', allow => $_)->{status}, 'ok', "allowed: $_")
  foreach '127.0.0.1', "127.0.0.1:$port", '127.0.0.0/8', "10.0.0.0/8, 127.0.0.1:$port", '0.0.0.0/0';
is(attack('/text', allow => $_)->{status}, 'failed', "not allowed: $_")
  foreach '127.0.0.2', '127.0.0.1:1', '127.0.0.128/25', 'localhost', '::1', 'fd00::/8', '::/0',
  '64:ff9b::/96';
is(attack("http://localhost:$port/text", allow => $_)->{status}, 'ok', "localhost allowed: $_")
  foreach 'localhost', 'LOCALHOST.', "localhost:$port", '127.0.0.1';
is(attack($six->url('/text'), allow => $_)->{status}, 'ok', "IPv6 allowed: $_")
  foreach $six ? ('::1', '[::1]', '[::1]:' . $six->port, '::1/128') : ();
foreach (
	'10.0.0.0/33', '10.0.0',          'a b',  'http://x',
	'127.0.0.1:0', '127.0.0.1:70000', '[::1', '[127.0.0.1]',
	'::1/129',     'x:y',             '-/8',  '*')
{
	my ($rc, $out, $err) = $node->psql('postgres', "SET paperfeed.allow_private_hosts = '$_'");
	like($err, qr/invalid value for parameter "paperfeed.allow_private_hosts"/, "no entry: $_");
}

# The environment's proxy is not asked.
{
	local $ENV{http_proxy} = $two->url('/');
	local $ENV{all_proxy}  = $two->url('/');
	$node->stop;
	PaperfeedNet::start($node);
	$two->forget;
	is(attack('/text')->{status}, 'ok', 'a proxy in the environment is not used');
	is(scalar $two->log,          0,    'nor asked');
	my $proxy = $two->authority;
	is(attack('/text', set => "SET paperfeed.use_proxy = on;")->{sqlstate},
		'42501', 'a private proxy is refused');
	attack('/text', allow => "$here, $proxy", set => 'SET paperfeed.use_proxy = on;');
	like($two->last_request->{text}, qr{^GET \Q${\$http->url('/text')}\E }, 'unless allowed');
	$two->forget;
	is(attack($_, allow => $proxy, set => 'SET paperfeed.use_proxy = on;')->{sqlstate},
		'42501', "not through a proxy: $_")
	  foreach 'http://127.0.0.3/', 'http://localhost/', 'http://[::1]/';
	is(scalar $two->log, 0, 'the proxy was not asked for those');
}

# Names: what is judged is the address that is connected to.
SKIP:
{
	skip 'no C compiler for names of our own', 1 unless PaperfeedNet::stubbed();
	foreach (qw(loopback private mapped rebind))
	{
		$r = attack("http://$_.test:$port/text", allow => '');
		is("$r->{status} $r->{sqlstate}", 'failed 42501', "$_.test is refused");
		$r = attack("/redirect-to?u=http://$_.test/", allow => "localhost, 127.0.0.1:$port");
		is("$r->{status} $r->{sqlstate}", 'failed 42501', "$_.test is refused as a redirect");
	}
	is(attack("http://loopback.test:$port/text", allow => 'localhost')->{status},
		'failed', 'a name does not open the address for other names');
	is(attack("http://loopback.test:$port/text", allow => 'loopback.test')->{status},
		'ok', 'but for itself');
	is(attack("http://loopback.test:$port/text", allow => '127.0.0.1')->{status},
		'ok', 'an address does for all');
	is(attack("http://mixed.test:$port/text", allow => '127.0.0.1')->{status},
		'ok', 'of a name\'s addresses those allowed are used');
	is(attack("http://unknown.test:$port/text")->{sqlstate},
		'08001', 'an unknown name has its class');

	# All of the above, redirects to private addresses included.
	# ("localhost" on the list opens both of its addresses.)
	my $allowed = join '|', "::1 $port", map { quotemeta($_->{address}) . ' ' . $_->port } $http,
	  $two, $six || ();
	my @to = PaperfeedNet::connects();
	ok(@to > 0, 'attempts to connect are written down');
	is(join(' ', grep { !/^(?:$allowed)$/ } @to),
		'', 'and none went elsewhere than to the tests\' own servers');
}

$node->stop;
done_testing();
