# If this fails, backfill() skips pages or reads them twice, does not come to an end,
# does not go on where it was broken off, or gives up where it should not.
#
# PAPERFEED_KILLS=50 for so many kills.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedHttp;
use PaperfeedIndex;
use PaperfeedNet;
use PaperfeedPages;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $kills = $ENV{PAPERFEED_KILLS} // 6;
srand($ENV{PAPERFEED_SEED} // 1);

my $http = PaperfeedHttp->new(fixtures => PostgreSQL::Test::Utils::tempdir, handlers => \%PaperfeedPages::handlers);
my $node = PostgreSQL::Test::Cluster->new('backfill');
$node->init;
$node->append_conf(
	'postgresql.conf', q{
	paperfeed.allow_private_hosts = '127.0.0.0/8'
	paperfeed.host_spacing = 0
	paperfeed.clock = '2024-03-12 12:00Z'
	shared_preload_libraries = 'paperfeed'
	restart_after_crash = on
	autovacuum = off
	timezone = 'UTC'});
PaperfeedNet::start($node);
$node->safe_psql('postgres', "CREATE DATABASE $_") foreach 'calm', 'storm', 'other';
$node->safe_psql($_, 'CREATE EXTENSION paperfeed') foreach 'calm', 'storm', 'other';

# Statements in a database; what a CALL said to it, too.
sub sql { my ($db, $sql) = @_; return $node->safe_psql($db, $sql); }

sub call
{
	my ($db, $call) = @_;
	my ($rc, $out, $err) = $node->psql($db, "CALL paperfeed.$call");
	$err =~ s/^psql:<stdin>:\d+: //mg;
	return $err;
}

sub place
{
	my ($db, $url, $what) = @_;
	return sql($db, "SELECT $what FROM paperfeed.backfills WHERE feed IN (SELECT id FROM paperfeed.feeds WHERE url = '" . $http->url($url) . "')");
}

sub asked { return map { $_->{path} . (defined $_->{query} ? "?$_->{query}" : '') } $http->log; }

# ------------------------------------------------------------- all of a source

my @sources = (
	# address, since, pages, papers (what was deleted and never seen is none)
	[ '/oai?verb=ListRecords&metadataPrefix=arXiv', '2024-01-10', 12, 102 ],
	[ '/api/query?search_query=cat:cs.AI', '2024-01-05', 7, 68 ],
	[ '/details/biorxiv/7d', '2024-02-01', 6, 41 ],
	[ '/works?rows=10', '2024-01-03', 10, 86 ],
	[ '/api/daily_papers', '2024-02-25', 17, 156 ],
	[ '/archive/12', '2024-02-05', 10, 100 ]);

# Numbers of feeds are the same whatever a crash does to sequences.
foreach my $db ('calm', 'storm')
{
	sql($db, "INSERT INTO paperfeed.feeds (id, url) VALUES ($_ + 1, '" . $http->url($sources[$_][0]) . "')") foreach 0 .. $#sources;
}

sub backfill_of { my ($source, $more) = @_; return sprintf q{backfill('%s', '%s'%s)}, $http->url($source->[0]), $source->[1], $more // ''; }

my %asked;
foreach my $source (@sources)
{
	my ($url, $since, $pages, $papers) = @$source;
	my $before = sql('calm', 'SELECT count(*) FROM paperfeed.sightings');
	$http->forget;
	like(call('calm', backfill_of($source)), qr/^NOTICE:  backfill of feed \d+ is done\n/, "$url: is read to its end");
	is(place('calm', $url, 'state, pages, next_page, attempts, error'), "done|$pages||0|", 'page by page');
	is(sql('calm', 'SELECT count(*) FROM paperfeed.sightings') - $before, $papers, 'all of its papers');
	$asked{$url} = [ asked() ];
	my %seen;
	my @twice = grep { $seen{$_}++ } asked();
	is(scalar @twice, $url =~ /query/ ? 2 : 0, 'each page is asked for once, or again where it was empty');
}
is(sql('calm', 'SELECT count(*) FROM paperfeed.runs WHERE kind <> $$backfill$$ OR page IS NULL'), '0', 'each page is a run');
is(sql('calm', q{SELECT count(*) FROM paperfeed.runs}), scalar(map { @$_ } values %asked), 'and there are no others');
is(sql('calm', q{SELECT count(*) FROM paperfeed.feeds WHERE last_checked IS NOT NULL OR checksum IS NOT NULL}), '0', 'what is known of the feeds is as before');
is(sql('calm', 'SELECT count(*) FROM paperfeed._jobs'), '0', 'no job is left');
my ($oai) = @{ $asked{ $sources[0][0] } };
is($oai, '/oai?verb=ListRecords&metadataPrefix=arXiv&from=2024-01-10', 'OAI-PMH begins with the day');
like($asked{ $sources[0][0] }[1], qr{^/oai\?verb=ListRecords&resumptionToken=[^&]*$}, 'and goes on with the token alone');

# ------------------------------------------------------------------ broken off

my $tables = q{
	SELECT 'paper', to_jsonb(p)::text FROM paperfeed.papers AS p
	UNION ALL SELECT 'sighting', (to_jsonb(s) - 'first_seen' - 'last_seen')::text FROM paperfeed.sightings AS s
	UNION ALL SELECT 'revision', (to_jsonb(r) - 'id' - 'revised_at')::text FROM paperfeed.revisions AS r
	UNION ALL SELECT 'reject', (to_jsonb(r) - 'rejected_at')::text FROM paperfeed.rejects AS r
	UNION ALL SELECT 'alias', to_jsonb(a)::text FROM paperfeed.aliases AS a
	UNION ALL SELECT 'backfill', (to_jsonb(b) - 'started_at' - 'changed_at' - 'done_at' - 'checksum')::text FROM paperfeed.backfills AS b
	ORDER BY 1, 2};

# From the page that a kill broke off, if any, on.
sub kill_backend
{
	my $pid = sql('storm', q{SELECT pid FROM pg_stat_activity WHERE query LIKE 'CALL paperfeed.backfill%' AND datname = 'storm' AND pid <> pg_backend_pid()});
	kill 'KILL', $pid if $pid =~ /^\d+$/;
	for (1 .. 500)
	{
		my ($rc, $out) = $node->psql('storm', 'SELECT pg_is_in_recovery()');
		return if $rc == 0 && ($pid !~ /^\d+$/ || !kill(0, $pid));
		sleep 0.02;
	}
	die 'the server did not come back';
}

# One kill or more for each source, over and over until there were enough.
sub differ
{
	my %in;
	$in{$_}++ foreach split /\n/, $_[0];
	$in{$_}-- foreach split /\n/, $_[1];
	return join "\n", map { "$in{$_} $_" } grep { $in{$_} } sort keys %in;
}

my $killed = 0;
my $rounds = 0;
my $each   = 1 + int(($kills - 1) / @sources);
my $passes = 0;
my $midway = 0;
PaperfeedPages::set($http, 'delay', 0.015);
$http->forget;
while ($killed < $kills)
{
	$passes++;
	sql('storm', 'TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects, paperfeed.backfills');
	foreach my $source (@sources)
	{
		my $left = $each;
		while (place('storm', $source->[0], 'state') ne 'done')
		{
			die 'it does not come to an end' if $rounds++ > 20 + 3 * $kills;
			my $before  = asked();
			my $pages   = 1 + int rand 3;
			my $session = PaperfeedIndex::start($node, 'CALL paperfeed.' . backfill_of($source), db => 'storm');
			if ($left-- > 0 && $killed < $kills)
			{
				my $until = time() + 10;
				sleep 0.003 while asked() - $before < $pages && time() < $until;
				sleep rand 0.04;
				$killed++;
				if ($killed % 3 == 0)
				{
					PaperfeedIndex::kill9($node);
					PaperfeedNet::start($node);
				}
				else
				{
					kill_backend();
				}
				$midway++ if place('storm', $source->[0], 'state') eq 'running';
			}
			PaperfeedIndex::finish($session);
		}
	}
	is(differ(sql('storm', $tables), sql('calm', $tables)), '', 'papers, sightings and counts are as if it had never been broken off');
}
note "$killed kills, $midway of them midway, in $rounds rounds and $passes passes";
cmp_ok($midway, '>=', $kills / 3, 'it was broken off midway');
PaperfeedPages::set($http, 'delay', 0);
my %calm;
$calm{$_}++ foreach map { @$_ } values %asked;
my %storm;
$storm{$_}++ foreach asked();
is(join(' ', grep { !$storm{$_} } sort keys %calm), '', 'no page was skipped');
is(join(' ', grep { !$calm{$_} } sort keys %storm), '', 'none was made up');
cmp_ok(scalar(asked()), '<=', $passes * (map { @$_ } values %asked) + $killed, 'nothing but the page under way was asked for again');
like(sql('storm', q{SELECT count(*) FROM paperfeed._jobs}), qr/^[01]$/, 'jobs that were broken off are cleared away');


# ---------------------------------------------------------- places that are lost

sub found { my ($url) = @_; return sql('other', "SELECT count(*) FROM paperfeed.sightings WHERE feed IN (SELECT id FROM paperfeed.feeds WHERE url = '" . $http->url($url) . "')"); }

sub begin { my ($url, $more) = @_; $http->forget; return call('other', "backfill('" . $http->url($url) . "'" . ($more // '') . ')'); }

begin('/archive/12', ', max_pages => 1');
my $list = '/oai?verb=ListRecords&metadataPrefix=arXiv&set=cs';
like(begin($list, ', max_pages => 4'), qr/^NOTICE:  backfill of feed \d+ pauses: it has read as many pages as it was to\n/, 'some pages of all there is');
is((asked())[0], '/oai?verb=Identify', 'when it begins, the repository knows');
is((asked())[1], '/oai?verb=ListRecords&metadataPrefix=arXiv&set=cs&from=2024-01-01', 'and it is read from there on');
PaperfeedPages::set($http, 'generation', 'second');
like(begin($list), qr/is done/, 'when the tokens have expired it goes on all the same');
is((asked())[1], '/oai?verb=ListRecords&metadataPrefix=arXiv&set=cs&from=2024-01-01&until=2024-01-18', 'with fewer days, from their beginning');
is((grep { !/resumptionToken/ } asked())[1], '/oai?verb=ListRecords&metadataPrefix=arXiv&set=cs&from=2024-01-19&until=2024-02-23', 'and then with more');
is(found($list), 119, 'nothing is skipped');
is(sql('other', 'SELECT id FROM paperfeed.papers WHERE withdrawn'), 'arxiv:2408.00115', 'what is deleted there, and known here, is withdrawn');

begin('/works?rows=1', ', max_pages => 2');
PaperfeedPages::set($http, 'generation', 'third');
like(begin('/works?rows=1'), qr/is done/, 'a cursor that has expired');
is(found('/works?rows=1'), 88, 'costs nothing either');

PaperfeedPages::set($http, 'large', 1);
like(begin('/api/query?search_query=all:a', ", since => '2024-01-01'"), qr/is done/, 'a list that is larger than what is given out');
is(found('/api/query?search_query=all:a'), 72, 'is read in parts');
PaperfeedPages::set($http, 'large', 0);

# ------------------------------------------------------------- ends and faults

like(begin('/circle/1', ', max_pages => 30'), qr/is done: its next page is one that was read before/, 'pages in a circle');
cmp_ok(scalar(asked()), '<=', 8, 'are noticed soon');
PaperfeedPages::set($http, 'tired', 2);
like(begin('/tired/1'), qr/is done/, 'what is tired is asked again');
is(join(' ', asked()), '/tired/1 /tired/2 /tired/2 /tired/2 /tired/3', 'until it answers');
PaperfeedPages::set($http, 'tired', 99);
like(begin('/tired/1?b', ", max_time => '900 ms'"), qr/^WARNING:  backfill of feed \d+ pauses: .*503.*\nDETAIL:.*\nHINT:  CALL paperfeed.backfill\(\d+\) goes on/, 'or there is no time');
is(place('other', '/tired/1?b', 'state, pages, attempts'), 'running|1|1', 'it is not over then');
PaperfeedPages::set($http, 'tired', 0);
like(begin('/tired/1?b'), qr/is done/, 'and goes on');
is(join(' ', asked()), '/tired/2 /tired/3', 'where it was');

PaperfeedPages::set($http, 'broken', 'missing');
like(begin('/broken/1'), qr/^WARNING:  backfill of feed \d+ has failed: .*404/, 'a page that is missing');
is(place('other', '/broken/1', q{state, pages, next_page LIKE '%/broken/2', error LIKE '%404%'}), 'failed|1|t|t', 'is the end, and told');
PaperfeedPages::set($http, 'broken', 'half');
like(begin('/broken/1', ", max_time => '100 ms'"), qr/^WARNING:  backfill of feed \d+ pauses: /, 'half a page is none');
is(place('other', '/broken/1', 'state, pages'), 'running|1', 'what follows it is not known');
PaperfeedPages::set($http, 'broken', 'slow');
my ($rc, $out, $err) = $node->psql('other', "SET statement_timeout = '400 ms'; CALL paperfeed.backfill('" . $http->url('/broken/1') . "')", on_error_stop => 0);
like($err, qr/statement timeout/, 'canceled in the middle of a page');
is(place('other', '/broken/1', 'state, pages'), 'running|1', 'that page alone is lost');
my $session = PaperfeedIndex::start($node, "CALL paperfeed.backfill('" . $http->url('/broken/1') . "')", db => 'other');
$http->forget;
for (1 .. 500) { last if asked(); sleep 0.01; }
like(call('other', "backfill('" . $http->url('/broken/1') . "')"), qr/is being asked by another session/, 'two at once are one too many');
like(sql('other', 'SELECT kind, what, unit, doing FROM paperfeed.progress'), qr{^backfill\|http://.*/broken/1\|pages\|}, 'how far it is can be seen');
sql('other', "DELETE FROM paperfeed.feeds WHERE url = '" . $http->url('/broken/1') . "'");
(undef, $err) = PaperfeedIndex::finish($session);
like($err, qr/55000.*was removed while it was backfilled/, 'a feed may go meanwhile');
is(sql('other', 'SELECT pages FROM paperfeed.backfills WHERE feed NOT IN (SELECT id FROM paperfeed.feeds)'), '1', 'nothing is written for it');

# ------------------------------------------------------------------- passwords

my $away = PaperfeedHttp->new(fixtures => PostgreSQL::Test::Utils::tempdir, handlers => \%PaperfeedPages::handlers, address => '127.0.0.2');
PaperfeedPages::set($http, 'away', $away->url(''));
my $secret = $http->url('/away/1') =~ s{//}{//ann:secret@}r;
sql('other', "INSERT INTO paperfeed.feeds (url, headers) VALUES ('$secret', '{X-Key: secret}')");
$http->forget;
like(call('other', "backfill('$secret')"), qr/is done/, 'a source with a password');
is(join(' ', map { my $h = $_->{headers}; join ',', $_->{path}, defined $h->{authorization} ? 'password' : (), defined $h->{'x-key'} ? 'key' : () } $http->log, $away->log),
	'/away/1,password,key /away/2,password,key /away/3', 'is given it, and nobody else is');
is(sql('other', q{SELECT count(*) FROM paperfeed.backfills AS b, paperfeed.runs AS r WHERE concat(b.next_page, b.landmark, r.page, r.error) LIKE '%secret%'}), '0', 'nor is it written down again');

# ------------------------------------------------------------- who calls wrongly

sub refused { my ($call, $state, $name) = @_; my ($rc, $out, $err) = $node->psql('other', "\\set VERBOSITY sqlstate\n$call"); like($err, qr/ERROR:  $state/, $name); return; }
$http->forget;
refused("CALL paperfeed.backfill('" . $http->url('/text') . "')", '22023', 'a document that names no next page');
refused('CALL paperfeed.backfill(4711)', '42704', 'no such feed');
refused('CALL paperfeed.backfill(NULL::bigint)', '42704', 'none at all');
refused(q{CALL paperfeed.backfill('https://rss.arxiv.org/atom/cs.AI')}, '22023', 'no pages');
refused(q{CALL paperfeed.backfill('ftp://example.org/')}, '22023', 'no such address');
refused("CALL paperfeed.backfill('" . $http->url('/circle/1') . "', '2024-03-13')", '22023', 'a day to come');
refused("CALL paperfeed.backfill('" . $http->url('/circle/1') . "', max_pages => 0)", '22023', 'no page');
refused("CALL paperfeed.backfill('" . $http->url('/circle/1') . "', max_time => '-1 s')", '22023', 'no time');
refused("BEGIN; CALL paperfeed.backfill('" . $http->url('/circle/1') . "')", '25001', 'in a transaction');
refused("CREATE ROLE nobody; GRANT USAGE ON SCHEMA paperfeed TO nobody; SET ROLE nobody; CALL paperfeed.backfill('" . $http->url('/circle/1') . "')", '42501', 'without leave');
refused("RESET ROLE; GRANT EXECUTE ON PROCEDURE paperfeed.backfill(text, date, integer, interval, regclass) TO nobody; SET ROLE nobody; CALL paperfeed.backfill('" . $http->url('/circle/1') . "')", '42501', 'without rights on the papers');
is(scalar(grep { !m{^/text} } asked()), 0, 'nothing was asked for');

$away->stop;
$http->stop;
$node->stop;
done_testing();
