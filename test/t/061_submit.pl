# If this fails, what readers submit is not asked for, is asked for by who may not,
# is taken where it should not be, or is tried for ever.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedHttp;
use PaperfeedNet;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $fixtures = PostgreSQL::Test::Utils::tempdir;
my $http     = PaperfeedHttp->new(fixtures => $fixtures);
my $node     = PostgreSQL::Test::Cluster->new('submit');
$node->init;
$node->append_conf('postgresql.conf', "paperfeed.allow_private_hosts = '127.0.0.1'");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'paperfeed'");
PaperfeedNet::start($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

# A service that has every paper of its kind: its answer repeats the identity that it is asked for.
sub service
{
	my ($body) = @_;
	$body =~ s/([^A-Za-z0-9{}])/sprintf '%%%02X', ord $1/ge;
	$body =~ s/\{(?!id\})/%7B/g;
	$body =~ s/(?<!\{id)\}/%7D/g;
	return $http->url('/text?type=application/json&body=') . $body;
}
my %services = (
	arxiv => service('{"id": "{id}", "title": "Of arXiv", "authors": ["A B"]}'),
	doi   => service('{"id": "{id}", "title": "Of a journal", "authors": ["A B"]}'),
	pmid  => $http->url('/status/503?id={id}'),
	openreview => service('{"id": "10.1000/another", "title": "Another", "authors": ["A B"]}') . '&id={id}',
	title => service('{"id": "2402.10001", "title": "{id}", "authors": ["A B"]}'),
	url   => '{id}');
sql('CREATE EXTENSION paperfeed; DELETE FROM paperfeed.resolvers');
sql("INSERT INTO paperfeed.resolvers VALUES ('$_', '$services{$_}', '0')") foreach keys %services;
sql(q{
	CREATE ROLE reader LOGIN;
	CREATE ROLE feeder LOGIN;
	CREATE ROLE half LOGIN;
	GRANT USAGE ON SCHEMA paperfeed TO reader, feeder, half;
	GRANT SELECT, INSERT, UPDATE, DELETE ON paperfeed.papers TO feeder;
	GRANT EXECUTE ON FUNCTION paperfeed.ingest, paperfeed.fetch, paperfeed.ingest_document TO feeder;
	GRANT EXECUTE ON FUNCTION paperfeed.ingest TO half;
	GRANT EXECUTE ON PROCEDURE paperfeed.resolve_submissions TO feeder, half});

sub submit
{
	my ($role, $source) = @_;
	$source =~ s/'/''/g;
	return sql("SET ROLE $role; SELECT paper, state, problem FROM paperfeed.submit('$source')");
}
sub requests { return scalar $http->log; }

# Who may ingest has the paper at once.
is(submit('feeder', 'https://arxiv.org/abs/2401.10001v2'), 'arxiv:2401.10001|found|', 'an arXiv paper');
is(sql(q{SELECT title FROM paperfeed.papers WHERE id = '2401.10001'}), 'Of arXiv', 'is there');
is(submit('feeder', '10.1000/x?y=1&body=2#3%25'), 'doi:10.1000/x?y=1&body=2#3%25|found|', 'a DOI, encoded in the address');
is(submit('feeder', 'hep-th/9901001'), 'arxiv:hep-th/9901001|found|', 'and an old arXiv number');
like(submit('feeder', 'pmid:77'), qr/^\|waiting\|.*503/, 'a fault of the service is told');
is(submit('feeder', 'https://openreview.net/forum?id=SyxAb30cY7'), '|waiting|the service has no such paper', 'as is an answer about another paper');
is(submit('feeder', 'acl:2020.acl-main.1'), '|waiting|no service is known for such an identity; see paperfeed.resolvers', 'and that nobody is known to have it');
is(submit('feeder', 'Attention, Is All "You" Need!'), 'arxiv:2402.10001|found|', 'a title');
sql("UPDATE paperfeed.resolvers SET url = replace(url, 'title%22%3A%20%22', 'title%22%3A%20%22Almost%20') WHERE scheme = 'title'");
is(submit('feeder', 'Another title'), '|waiting|no paper of this title was found', 'unless what is found has another one');
sql("UPDATE paperfeed.resolvers SET url = '$services{title}' WHERE scheme = 'title'");
is(sql('SELECT count(*) FROM paperfeed.signals'), '4', 'each is a signal');
is(sql(q{SELECT count(*) FROM paperfeed.signals WHERE reader = 'feeder' AND kind = 'submission' AND known_at IS NULL}), '4', 'of who submitted it');

# A page has a say about itself only.
my $page = $http->url('/ok/page.json');
append_to_file("$fixtures/page.json", qq({"id": "$page", "doi": "10.1000/x?y=1&body=2#3%25", "title": "Hijacked", "authors": ["M"]}));
append_to_file("$fixtures/own.json", '{"id": "' . $http->url('/ok/own.json') . '", "title": "A page", "abstract": "Of its own", "authors": ["M"]}');
append_to_file("$fixtures/many.json", join "\n", map { qq({"id": "2405.1000$_", "title": "Injected $_", "authors": ["M"]}) } 1 .. 5);
is(submit('feeder', $page), '|waiting|there is no paper of this address at the address', 'a page that names another paper is none');
is(submit('feeder', $http->url('/ok/many.json')), '|waiting|there is no paper of this address at the address', 'nor is a feed');
like(submit('feeder', $http->url('/ok/own.json')), qr/^url:.*own\.json\|found\|$/, 'a page of its own is');
is(sql(q{SELECT count(*) FILTER (WHERE title ~ 'Hijacked|Injected'), count(*) FILTER (WHERE title = 'A page') FROM paperfeed.papers}), '0|1', 'and nothing else is taken');
like(submit('feeder', 'http://127.0.0.2/'), qr/^\|waiting\|.*loopback/, 'what is private is not asked for');

# Who may not, does not cause a request.
my $before = requests();
foreach my $role ('reader', 'half')
{
	is(submit($role, '2403.10001'), '|waiting|', "$role: it waits");
	is(submit($role, 'A title'), '|waiting|', "$role: so does a title");
	is(submit($role, $http->url('/ok/other.json')), '|waiting|', "$role: and an address");
	is(submit($role, '2401.10001'), 'arxiv:2401.10001|found|', "$role: what is there is found");
}
is(requests(), $before, 'no request was sent');
my ($rc, $out, $err) = $node->psql('postgres', 'SET ROLE half; CALL paperfeed.resolve_submissions()');
like($err, qr/permission denied to ask for submitted papers/, 'half the rights are none');

# The queue: each attempt is counted, in a transaction of its own.
sql('SET ROLE feeder; CALL paperfeed.resolve_submissions(100)');
is( sql(q{SELECT reader, source, paper, state, attempts FROM paperfeed.submissions WHERE reader IN ('reader', 'half') ORDER BY 1, 2}),
	join("\n",
		map {
			("$_|2401.10001|arxiv:2401.10001|found|0", "$_|2403.10001|arxiv:2403.10001|found|1",
				"$_|A title|arxiv:2402.10001|found|1", "$_|" . $http->url('/ok/other.json') . '||waiting|1')
		} 'half', 'reader'),
	'what waited was asked for');
is(sql(q{SELECT count(*) FROM paperfeed.submissions WHERE state = 'waiting' AND attempts <> 1}), '0', 'each once');
$before = requests();
sql('SET ROLE feeder; CALL paperfeed.resolve_submissions(100)');
is(requests(), $before, 'and not again at once');
is(sql(q{SELECT count(*) FROM paperfeed.signals WHERE known_at > at AND paper = '2403.10001'}), '2', 'the signal is of the time of the submission, known since then');
foreach my $attempt (2 .. 5)
{
	sql(q{UPDATE paperfeed.submissions SET tried_at = now() - interval '1 month' WHERE state = 'waiting'});
	sql('BEGIN; CALL paperfeed.resolve_submissions(100); COMMIT');
}
is(sql(q{SELECT DISTINCT state, attempts FROM paperfeed.submissions WHERE paper IS NULL}), 'failed|5', 'after five attempts it is over');
is(sql(q{SELECT count(*) FROM paperfeed.submissions WHERE paper IS NULL AND problem IS NULL}), '0', 'the problem is told');
is(submit('reader', $http->url('/ok/other.json')) =~ s/problem.*//r, '|waiting|' . sql(q{SELECT problem FROM paperfeed.submissions WHERE reader = 'reader' AND state = 'waiting'}), 'until it is submitted anew');

# Two at once share the work.
sql("SET ROLE reader; SELECT count((paperfeed.submit('2404.1000' || i)).id) FROM generate_series(1, 9) AS i");
sql(q{UPDATE paperfeed.resolvers SET pause = '20 ms' WHERE scheme = 'arxiv'});
$before = requests();
$node->pgbench('--no-vacuum --client=4 --jobs=2 --transactions=1', 0, [qr{processed: 4/4}], [qr/found/], 'several at once',
	{ '061_resolve' => 'CALL paperfeed.resolve_submissions(100);' });
is(sql(q{SELECT count(*) FROM paperfeed.submissions WHERE source LIKE '2404.%' AND state = 'found'}), '9', 'all were found');
is(requests() - $before, 10, 'each was asked for once');

$http->stop;
$node->stop;
done_testing();
