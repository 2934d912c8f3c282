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
	paperfeed.allow_private_hosts = '127.0.0.1'
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

sub state { my ($db, $url, $what) = @_; return sql($db, "SELECT $what FROM paperfeed.backfills AS b JOIN paperfeed.feeds AS f ON f.id = b.feed WHERE url = '" . $http->url($url) . "'"); }

sub asked { return map { $_->{path} . (defined $_->{query} ? "?$_->{query}" : '') } $http->log; }

# ------------------------------------------------------------- all of a source

my @sources = (
	# address, since, pages, papers
	[ '/oai?verb=ListRecords&metadataPrefix=arXiv', '2024-01-10', 12, 112 ],
	[ '/api/query?search_query=cat:cs.AI', '2024-01-05', 8, 71 ],
	[ '/details/biorxiv/7d', '2024-02-01', 8, 64 ],
	[ '/works?rows=10', '2024-01-03', 10, 86 ],
	[ '/api/daily_papers', '2024-02-25', 16, 150 ],
	[ '/archive/12', '2024-02-05', 10, 100 ]);

sub backfill_of { my ($source, $more) = @_; return sprintf q{backfill('%s', '%s'%s)}, $http->url($source->[0]), $source->[1], $more // ''; }

my %asked;
foreach my $source (@sources)
{
	my ($url, $since, $pages, $papers) = @$source;
	my $before = sql('calm', 'SELECT count(*) FROM paperfeed.sightings');
	$http->forget;
	like(call('calm', backfill_of($source)), qr/^NOTICE:  backfill of feed \d+ is done\n/, "$url: is read to its end");
	is(state('calm', $url, 'state, pages, next_page, attempts, error'), "done|$pages||0|", 'page by page');
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
is(sql('calm', q{SELECT count(*) FROM paperfeed.papers WHERE withdrawn}), sql('calm', q{SELECT count(*) FROM paperfeed.papers WHERE title IS NULL}), 'deleted records are told as such');
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

$http->forget;
my $killed = 0;
my $rounds = 0;
foreach my $source (@sources)
{
	for (;;)
	{
		last if (state('storm', $source->[0], 'state') || '') eq 'done';
		die 'it does not come to an end' if $rounds++ > 100 + $kills;
		my $before = asked();
		my $pages  = 1 + int rand 3;
		my $most   = ($killed + 1) * @sources / ($kills || 1) > 1 + (grep { $sources[$_] == $source } 0 .. $#sources) + (grep { (state('storm', $_->[0], 'state') || '') eq 'done' } @sources);
		my $session = PaperfeedIndex::start($node, 'CALL paperfeed.' . backfill_of($source), db => 'storm');
		if ($killed < $kills && !$most)
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
		}
		PaperfeedIndex::finish($session);
	}
}
note "$killed kills in $rounds rounds";
is($killed, $kills, 'it was broken off often enough');
is(sql('storm', $tables), sql('calm', $tables), 'papers, sightings and counts are as if it had never been broken off');
my %calm;
$calm{$_}++ foreach map { @$_ } values %asked;
my %storm;
$storm{$_}++ foreach asked();
is(join(' ', grep { !$storm{$_} } sort keys %calm), '', 'no page was skipped');
is(join(' ', grep { !$calm{$_} } sort keys %storm), '', 'none was made up');
cmp_ok(scalar(asked()), '<=', (map { @$_ } values %asked) + $killed, 'nothing but the page under way was asked for again');
like(sql('storm', q{SELECT count(*) FROM paperfeed._jobs}), qr/^[01]$/, 'jobs that were broken off are cleared away');

done_testing();
