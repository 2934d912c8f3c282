# If this fails, feeds that are added are not asked, paused or removed ones are, or
# refresh() breaks off when the feed that it is at is taken from the list.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run ();
use PaperfeedHttp;
use PaperfeedNet;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $http = PaperfeedHttp->new;
my $node = PostgreSQL::Test::Cluster->new('sources');
$node->init;
$node->append_conf('postgresql.conf', "paperfeed.allow_private_hosts = '127.0.0.1'\npaperfeed.host_spacing = 0\n");
PaperfeedNet::start($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

# A feed of one paper, with a number that makes it another one.
sub feed
{
	my ($n, $more) = @_;
	my $body = PaperfeedHttp::atom() =~ s/00001v1/0000${n}v1/gr;
	$body =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ge;
	return $http->url("/text?body=$body" . ($more // ''));
}
sub requests { return scalar(() = $http->log); }

sql('CREATE EXTENSION paperfeed');

# Added, a feed is asked by the next refresh, in its own way.
my $one = feed(1);
is(sql("SELECT paperfeed.add_feed('$one', 'Mine', '{a}', '1 hour', '{X-Key: secret}')"), '1', 'added');
is(requests(), 0, 'not asked yet');
sql('CALL paperfeed.refresh()');
is(requests(),                           1,        'asked');
is($http->last_request->{headers}{'x-key'}, 'secret', 'with its header');
is(sql('SELECT id, title FROM paperfeed.papers'), 'arxiv:2601.00001|A small entry', 'its paper is there');
is(sql('SELECT title, status, tags, next_check > now() FROM paperfeed.feeds'), 'Mine|ok|{a}|t', 'and it keeps its name');

# Added again it keeps its turn; what it is asked by has it asked.
sql("SELECT paperfeed.add_feed('$one', 'Mine', '{a}', '1 hour', '{X-Key: secret}'); CALL paperfeed.refresh()");
is(requests(), 1, 'not asked out of turn');
sql("SELECT paperfeed.add_feed('$one', headers => '{X-Key: other}')");
sql('CALL paperfeed.refresh()');
is($http->last_request->{headers}{'x-key'}, 'other', 'asked with its new header');

# Paused, it is not asked, resumed it is.
sql("SELECT paperfeed.pause_feed(1)");
sql('UPDATE paperfeed.hosts SET next_request = NULL');
my $before = requests();
sql('CALL paperfeed.refresh()');
is(requests(), $before, 'paused');
sql("SELECT paperfeed.resume_feed('$one')");
sql('CALL paperfeed.refresh()');
is(requests(), $before + 1, 'resumed');

# A list: all of its feeds are asked, passwords go with their own.
my $two = feed(2) =~ s,http://,http://me:pass@,r;
my $opml = '<opml><body><outline text="Folder"><outline text="Two" xmlUrl="' . $two =~ s/&/&amp;/gr . '"/></outline><outline xmlUrl="' . $http->url('/status/404') . '"/></body></opml>';
is(sql("SELECT string_agg(outcome, ' ') FROM paperfeed.import_opml('$opml')"), 'added added', 'a list');
sql('CALL paperfeed.refresh()');
is((grep { ($_->{headers}{authorization} // '') eq 'Basic bWU6cGFzcw==' } $http->log), 1, 'the password was sent');
is(sql(q{SELECT status, http_status, errors, last_error ~ '404' FROM paperfeed.feeds WHERE id > 1 ORDER BY http_status}), "ok|200|0|\nfailed|404|1|t", 'each is noted');
is(sql('SELECT count(*) FROM paperfeed.papers'), '2', 'papers');

# Taken from the list while it is asked: refresh() goes on, and nothing of it is noted.
sql('SELECT paperfeed.remove_feed(id) FROM paperfeed.feeds');
is(sql('SELECT (SELECT count(*) FROM paperfeed.feeds) + (SELECT count(*) FROM paperfeed.runs)'), '0', 'removed');
is(sql('SELECT count(*) FROM paperfeed.sightings'), '2', 'what they told stays');
my ($slow, $paused) = (feed(3, '&delay=2'), feed(4, '&delay=2'));
sql("SELECT paperfeed.add_feed('$slow'), paperfeed.add_feed('$paused')");
$before = requests();
my ($in, $out, $err) = ('', '', '');
my $refresh = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'CALL paperfeed.refresh()' ], \$in, \$out, \$err);
for (1 .. 100) { last if requests() >= $before + 2; select undef, undef, undef, 0.05; }
sql("SELECT paperfeed.remove_feed('$slow')");
sql("SELECT paperfeed.pause_feed('$paused')");
ok($refresh->finish, 'refresh() came to its end') or diag($err);
is(sql("SELECT count(*) FROM paperfeed.feeds WHERE url = '$slow'"), '0', 'the feed is gone');
is(sql("SELECT count(*) FROM paperfeed.runs AS r WHERE NOT EXISTS (SELECT FROM paperfeed.feeds AS f WHERE f.id = r.feed)"), '0', 'and has no runs');
is(sql("SELECT state, next_check, why ~ '^it was paused on' FROM paperfeed.feeds WHERE url = '$paused'"), 'paused||t', 'the paused one stays paused');

$http->stop;
$node->stop;
done_testing();
