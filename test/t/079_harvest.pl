# If this fails, a list of all that there is (OAI-PMH) is asked for its first page for ever, for
# more than what changed, or its fault stops the other feeds.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedHttp;
use PaperfeedNet;
use PaperfeedPages;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $http = PaperfeedHttp->new(
	fixtures => PostgreSQL::Test::Utils::tempdir,
	handlers => \%PaperfeedPages::handlers);
my $node = PostgreSQL::Test::Cluster->new('harvest');
$node->init;
$node->append_conf(
	'postgresql.conf', q{
	paperfeed.allow_private_hosts = '127.0.0.0/8'
	paperfeed.host_spacing = 0
	shared_preload_libraries = 'paperfeed'
	timezone = 'UTC'});
PaperfeedNet::start($node);
$node->safe_psql('postgres', 'CREATE EXTENSION paperfeed');

my $list  = '/oai?verb=ListRecords&metadataPrefix=arXiv';
my $other = '/archive/12';

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub refresh
{
	my ($day) = @_;
	sql(q{UPDATE paperfeed.feeds SET next_check = '2000-01-01' WHERE state = 'active'});
	$http->forget;
	my ($rc, $out, $err) =
	  $node->psql('postgres', "SET paperfeed.clock = '$day 12:00Z';\nCALL paperfeed.refresh();");
	return $err;
}

sub asked
{
	return grep { /oai/ } map { $_->{path} . (defined $_->{query} ? "?$_->{query}" : '') } $http->log;
}

sub feed { return sql("SELECT $_[0] FROM paperfeed.feeds WHERE url LIKE '%/oai%'"); }

sql(sprintf q{INSERT INTO paperfeed.feeds (url, state, added_at) VALUES ('%s', 'active', '2024-02-20 09:00Z'), ('%s', 'active', '2024-02-20 09:00Z')},
	map { $http->url($_) } $list, $other);

# The first time: since it was added.
like(refresh('2024-03-01'), qr/2 feeds asked, \d+ papers new or changed, 0 feeds failed/, 'a list is read');
my @pages = asked();
is($pages[0], "$list&from=2024-02-19", 'from the day before it was added');
like($pages[1], qr/resumptionToken=/, 'page by page');
is(sql(q{SELECT state, pages FROM paperfeed.backfills}), 'done|' . @pages, 'to its end');
is(sql(q{SELECT count(*) FROM paperfeed.runs WHERE kind = 'backfill'}), scalar @pages, 'each page is a run');
is(feed(q{status, errors, next_check > '2024-03-01 12:00Z', why}), 'ok|0|t|every 3 hours, until it is known how often it changes',
	'the feed is due again later');
my $papers = sql(q{SELECT count(*) FROM paperfeed.sightings AS s JOIN paperfeed.feeds AS f ON f.id = s.feed WHERE url LIKE '%/oai%'});
cmp_ok($papers, '>', 0, 'its papers are there');

# The next time: since the day before that.
refresh('2024-03-05');
is((asked())[0], "$list&from=2024-02-29", 'then what changed since the last time');

# A backfill that was not finished goes on.
my ($rc, $out, $err) = $node->psql('postgres', sprintf qq{SET paperfeed.clock = '2024-03-05 15:00Z';\nCALL paperfeed.backfill('%s', '2024-01-10', 2)}, $http->url($list));
is(sql('SELECT state, pages FROM paperfeed.backfills'), 'running|2', 'a backfill that was broken off');
refresh('2024-03-06');
like((asked())[0], qr/resumptionToken=/, 'is gone on with');
is(sql('SELECT state, since FROM paperfeed.backfills'), 'done|2024-01-10', 'and comes to its end');

# Its faults are its own.
sql(q{
	CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
	CREATE TABLE fussy OF paperfeed.paper (PRIMARY KEY (id));
	CREATE TRIGGER no BEFORE INSERT ON fussy FOR EACH ROW EXECUTE FUNCTION no();
	UPDATE paperfeed.feeds SET target = 'fussy' WHERE url LIKE '%/oai%';
	TRUNCATE paperfeed.sightings});
like(refresh('2024-03-08'), qr/2 feeds asked, \d+ papers new or changed, 1 feeds failed/, 'what cannot be written is its failure');
is(feed('status, errors, last_error'), 'failed|1|not this one', 'and told');
sql(q{
	DROP TRIGGER no ON fussy;
	CREATE CONSTRAINT TRIGGER no AFTER INSERT ON fussy DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no()});
like(refresh('2024-03-08'), qr/2 feeds asked, \d+ papers new or changed, 1 feeds failed/, 'so is what only the commit finds');
is(feed('errors, last_error'), '2|not this one', 'and told, too');
sql('DROP TABLE fussy');
like(refresh('2024-03-09'), qr/2 feeds asked, \d+ papers new or changed, 1 feeds failed/, 'so is a table that is gone');
sql(q{UPDATE paperfeed.feeds SET target = 'paperfeed.papers' WHERE url LIKE '%/oai%'});
refresh('2024-03-10');
is(feed('status, errors'), 'ok|0', 'afterwards it goes on');
# Who waits longest comes first, of the lists and beside the other feeds.
my $newer = "$list&set=newer";
sql(sprintf q{INSERT INTO paperfeed.feeds (url, state) VALUES ('%s', 'active')}, $http->url($newer));
foreach my $turn ([ '2001-01-01', '2002-01-01', '2003-01-01' ], [ '2003-01-01', '2002-01-01', '2001-01-01' ], [ '2002-01-01', '2001-01-01', '2003-01-01' ])
{
	my @order = ($list, $other, $newer);
	sql(sprintf q{UPDATE paperfeed.feeds SET last_checked = '%s' WHERE url = '%s'}, $turn->[$_], $http->url($order[$_])) foreach 0 .. 2;
	refresh('2024-03-10');
	my %first;
	my @paths = map { $_->{path} . (defined $_->{query} ? "?$_->{query}" : '') } $http->log;
	foreach my $at (0 .. $#paths)
	{
		my $feed = $paths[$at] =~ /newer/ ? 2 : $paths[$at] =~ /oai.*from/ ? 0 : $paths[$at] =~ /archive/ ? 1 : next;
		$first{$feed} //= $at;
	}
	my ($oldest) = sort { $turn->[$a] cmp $turn->[$b] } 0 .. 2;
	my ($asked) = sort { $first{$a} <=> $first{$b} } keys %first;
	is($asked, $oldest, 'the feed that waits longest comes first: ' . $order[$oldest]);
	is($first{0} < $first{2}, $turn->[0] lt $turn->[2], 'and so it is among lists');
}
is(sql(q{SELECT count(*) FROM pg_locks WHERE locktype = 'object'}), '0', 'no lock is left');

$node->stop;
done_testing();
