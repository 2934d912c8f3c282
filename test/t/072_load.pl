# If this fails, a load of files that is broken off, by a crash of the server or
# of its backend, by a cancel or by a time-out, does not end up as one that was not:
# records are lost or counted twice.  Or two sessions load one file, or a long
# file takes a lot of memory.
#
# PAPERFEED_KILLS=50 for so many kills; PAPERFEED_SEED for other ones.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedIndex;
use PaperfeedNet;
use PaperfeedSession;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $kills = $ENV{PAPERFEED_KILLS} // 6;
srand($ENV{PAPERFEED_SEED} // 1);

my $node = PostgreSQL::Test::Cluster->new('load');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\njit = off\nmax_wal_size = '512MB'\nshared_buffers = '16MB'\nrestart_after_crash = on");
PaperfeedNet::start($node);
$node->safe_psql('postgres', 'CREATE EXTENSION paperfeed');
my $dir = PostgreSQL::Test::Utils::tempdir;

sub sql { return $node->safe_psql('postgres', $_[0]); }

# ---------------------------------------------------------------------------
# Documents
# ---------------------------------------------------------------------------

my @words = qw(sparse dense kernel lattice graph bound model proof signal tree policy query);

sub sentence { my ($n) = @_; return join ' ', map { $words[ rand @words ] } 1 .. $n; }

# Papers known by DOI, some told twice or joined with an arXiv id later, and lines that are no JSON.
sub json_lines
{
	my ($from, $to) = @_;
	my $text = '';

	foreach my $i ($from .. $to)
	{
		my $n = rand() < 0.1 ? int($from + rand($i - $from)) : $i;
		my $ids = rand() < 0.05 ? qq("doi": "10.1000/$n", "id": "2401.) . sprintf('%05d"', 10000 + $n) : qq("id": "doi:10.1000/$n");
		$text .= qq({$ids, "title": "Paper $n", "abstract": ") . sentence(30) . qq("});
		$text .= rand() < 0.01 ? ", cut off here\n" : "\n";
		$text .= qq({"id": "doi:10.1000/$i", "title: "bad"}\n) if rand() < 0.01;
	}
	return $text;
}

sub oai
{
	my ($from, $to, $tail) = @_;
	my $text = '<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>';

	foreach my $i ($from .. $to)
	{
		my $id = sprintf '2402.%05d', 10000 + $i;
		$text .= "<record><header><identifier>oai:arXiv.org:$id</identifier><datestamp>2024-03-01</datestamp></header><metadata>"
		  . qq(<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>$id</id><created>2024-02-01</created><authors><author><keyname>Cord</keyname></author></authors>)
		  . "<title>Of $i</title><categories>math.GT</categories><abstract>" . sentence(60) . "</abstract></arXiv></metadata></record>\n";
	}
	return $text . ($tail // '</ListRecords></OAI-PMH>');
}

sub spill
{
	my ($name, $text, $gzip) = @_;

	append_to_file("$dir/$name", $text);
	return unless $gzip;
	system('gzip', '-n', "$dir/$name") == 0 or die "gzip failed\n";
	return;
}

mkdir "$dir/many";
spill('many/a.jsonl', json_lines(1, 4000));
spill('many/b.xml', oai(1, 3000), 1);
spill('many/c.jsonl', json_lines(2500, 5000), 1);
spill('many/d.xml', oai(2900, 3200, '<record><header>'));
spill('many/e.txt', 'nothing of the kind');
system("head -c 60000 $dir/many/c.jsonl.gz >$dir/many/f.jsonl.gz") == 0 or die "head failed\n";
chmod 0755, $dir, "$dir/many";
chmod 0644, glob "$dir/many/*";

# ---------------------------------------------------------------------------
# Broken off at any moment
# ---------------------------------------------------------------------------

# All that a load leaves behind, but for times and numbers that are given out.
my $state = q{
	SELECT p FROM paperfeed.papers AS p ORDER BY p.id;
	SELECT f.url, s.paper, s.position, s.announce, s.fingerprint FROM paperfeed.sightings AS s JOIN paperfeed.feeds AS f ON f.id = s.feed ORDER BY 1, 2;
	SELECT f.url, r.position, r.reason, r.record FROM paperfeed.rejects AS r JOIN paperfeed.feeds AS f ON f.id = r.feed ORDER BY 1, 2, 3;
	SELECT i FROM paperfeed._identity AS i ORDER BY i.identity;
	SELECT f.url, r.paper, r.version, r.was FROM paperfeed.revisions AS r JOIN paperfeed.feeds AS f ON f.id = r.feed ORDER BY 1, 2, 3, 4;
	SELECT path, target, size, head, state, bytes, records, added, updated, unchanged, dropped, rejected, error FROM paperfeed.loads ORDER BY path;
	SELECT url, target, status, records, rejected, checksum, last_error FROM paperfeed.feeds ORDER BY url;
	SELECT f.url, r.kind, r.status, r.bytes, r.seen, r.added, r.updated, r.unchanged, r.rejected, r.error FROM paperfeed.runs AS r JOIN paperfeed.feeds AS f ON f.id = r.feed ORDER BY r.id;
};
my $call = "CALL paperfeed.ingest_files('$dir/many', commit_every => 50)";

sub reset_tables
{
	sql('TRUNCATE paperfeed.papers, paperfeed._identity, paperfeed.sightings, paperfeed.revisions, paperfeed.rejects, paperfeed.feeds, paperfeed.runs, paperfeed.loads');
	return;
}

my $started = time;
sql("SET client_min_messages = error; $call");
my $took = time - $started;
my $calm = sql($state);
is(sql('SELECT string_agg(substring(path from \'[^/]*$\') || \' \' || state, \', \' ORDER BY path COLLATE "C") FROM paperfeed.loads'),
	'a.jsonl done, b.xml.gz done, c.jsonl.gz done, d.xml failed, e.txt failed, f.jsonl.gz failed', 'a load that is not disturbed');
is(sql('SELECT count(*) > 10, bool_and(reason ~ \'line \d+\') FROM paperfeed.rejects'), 't|t', 'with lines that are rejected');
is(sql('SELECT count(*) FROM paperfeed.loads WHERE records <> added + updated + unchanged + dropped + rejected OR rejected < 0 OR unchanged < 0'),
	'0', 'and numbers that add up');
reset_tables();

my ($ends, $resumed, $same) = (0, 0, 0);

sub check
{
	$ends++;
	# Files that failed are tried again by each call, and their feeds' runs noted again.
	my ($now, $then) = map { [ grep { !/\|load\|failed\|/ } split /\n/, $_ ] } sql($state), $calm;
	my $at = 0;
	$at++ while $at < @$then && ($now->[$at] // '') eq $then->[$at];
	if ($at == @$then && @$now == @$then)
	{
		$same++;
	}
	else
	{
		is($now->[$at] // 'nothing', $then->[$at] // 'nothing', "end $ends: as if nothing had happened, at line $at");
	}
	reset_tables();
	return;
}

foreach my $round (1 .. $kills)
{
	my $session = PaperfeedIndex::start($node, "SELECT pg_backend_pid();\n$call;\n");

	sleep 0.08 + rand 0.6 * $took;
	if ($round % 3 == 0)
	{
		sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ '^CALL'});
		PaperfeedIndex::finish($session);
	}
	else
	{
		if ($round % 3 == 1)
		{
			PaperfeedIndex::kill9($node);
		}
		else
		{
			my ($pid) = slurp_file($session->{out}) =~ /^(\d+)$/m;
			kill 'KILL', $pid if defined $pid;
		}
		PaperfeedIndex::finish($session);
		PaperfeedNet::start($node) if !defined $node->{_pid};
		# The server restarts by itself after a backend's death.
		$node->poll_query_until('postgres', 'SELECT true') or die "the server does not come back\n";
	}
	my $left = sql(q{SELECT count(*) FROM paperfeed.loads WHERE state = 'loading' AND records > 0});
	$resumed += $left;
	check() if sql(q{SELECT count(*) FROM paperfeed.loads WHERE state <> 'loading'}) eq '6';
}
sql("SET client_min_messages = error; $call");
check();
note sprintf 'one takes %.2f s', $took;
is($same, $ends, "$kills kills, $ends loads: each as if nothing had happened");
cmp_ok($resumed, '>', 0, "$resumed of them were broken off in the middle of a file");

# Canceled, again and again.
my $canceled = 0;
for (1 .. 200)
{
	my ($rc, undef, $err) = $node->psql('postgres',
		sprintf "\\set VERBOSITY sqlstate\nSET client_min_messages = error; SET statement_timeout = %d; $call", 1000 * $took * (0.15 + rand 0.3));
	last if $err eq '';
	like($err, qr/ERROR:  57014$/, 'canceled') if $err !~ /ERROR:  57014$/;
	$canceled++;
	is(sql('SELECT count(*) FROM paperfeed.progress'), '0', 'no progress is shown of it') if $canceled == 1;
	is(sql("SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND objsubid = 0 AND classid = 'paperfeed.loads'::regclass"), '0', 'no lock is left') if $canceled == 1;
}
cmp_ok($canceled, '>', 1, "time-outs: $canceled");
$same = $ends = 0;
check();
is($same, 1, 'as if nothing had happened');

# ---------------------------------------------------------------------------
# Two sessions
# ---------------------------------------------------------------------------

sql(q{CREATE TABLE slow OF paperfeed.paper (PRIMARY KEY (id));
	CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END';
	CREATE TRIGGER wait BEFORE INSERT ON slow FOR EACH ROW WHEN (NEW.id::text ~ '^doi:10.1000.100.$') EXECUTE FUNCTION wait()});
my $holder = PaperfeedSession->new($node);
$holder->query('SELECT pg_advisory_lock(1)');
my $first = PaperfeedIndex::start($node, "CALL paperfeed.ingest_files('$dir/many/a.jsonl', 'slow', commit_every => 50);\n");
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ '^CALL'}), 'one load waits');
is(sql('SELECT kind, what, unit, done > 0 AND done < total, papers > 0, pid IN (SELECT a.pid FROM pg_stat_activity AS a) FROM paperfeed.progress'),
	"load|$dir/many/a.jsonl|bytes|t|t|t", 'and shows how far it is');
like(sql("SELECT state || ' ' || (records BETWEEN 100 AND 1100) || ' ' || (SELECT count(*) FROM slow WHERE title IS NOT NULL) FROM paperfeed.loads"),
	qr/^loading true \d{3}$/, 'with what it committed');
my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nCALL paperfeed.ingest_files('$dir/many/a.jsonl', 'slow')");
like($err, qr/ERROR:  55006: file ".*a\.jsonl" is being loaded by another session/, 'another one is refused');
sql("UPDATE paperfeed.loads SET base_url = base_url");
($rc, $out, $err) = $node->psql('postgres', "CALL paperfeed.ingest_files('$dir/many/[ab]*', 'slow')");
is($rc, 0, 'of a directory');
like($err, qr/left file ".*a\.jsonl" to another session.*3000 records of 1 files/s, 'it loads what is left');
$node->safe_psql('postgres', "CALL paperfeed.ingest_files('$dir/many/a.jsonl', commit_every => 50)");
pass('for another table the file is free');
$holder->query('SELECT pg_advisory_unlock(1)');
(undef, $err) = PaperfeedIndex::finish($first);
unlike($err, qr/ERROR/, 'the first one ends');
is(sql(q{SELECT count(DISTINCT (records, added, updated, unchanged, rejected)), min(state), max(state) FROM paperfeed.loads WHERE path ~ 'a.jsonl'}),
	'1|done|done', 'as the one into the other table did');

# Four share a directory's files, of which some tell of the same papers.
reset_tables();
sql('TRUNCATE slow; DROP TRIGGER wait ON slow');
my @four = map { PaperfeedIndex::start($node, "CALL paperfeed.ingest_files('$dir/many', 'slow', commit_every => 1000);\n") } 1 .. 4;
my @errors = grep { /ERROR/ } map { (PaperfeedIndex::finish($_))[1] } @four;
sql("SET client_min_messages = error; CALL paperfeed.ingest_files('$dir/many', 'slow')");
is(sql('SELECT count(*) FROM slow'), scalar(my @n = grep { /^\(/ } split /\n/, $calm =~ s/\n[^(].*//sr), 'all papers are there');
is(join('', grep { !/40P01|40001/ } @errors), '', 'no session failed, unless over a deadlock');

# ---------------------------------------------------------------------------
# Memory
# ---------------------------------------------------------------------------

reset_tables();
sql('TRUNCATE slow');
my $one = oai(1, 4000, '');
open(my $big, '>', "$dir/big.xml") or die;
print $big $one;
for my $part (1 .. 7)
{
	my $more = $one =~ s/.*<ListRecords>//sr =~ s/2402\./240$part./gr;
	print $big $more if $part != 2;
}
print $big '</ListRecords></OAI-PMH>';
close $big;
SKIP:
{
	skip 'needs /proc', 3 unless -r '/proc/self/status';
	my $session = PaperfeedSession->new($node);
	$session->query("CALL paperfeed.ingest_files('$dir/many/b.xml.gz', 'slow')");
	$session->query(q{COPY (SELECT 5) TO '/proc/self/clear_refs'});
	my $before = $session->query('SELECT ' . PaperfeedNet::peak());
	$session->query("CALL paperfeed.ingest_files('$dir/big.xml', 'slow', commit_every => 200)");
	my $grown = $session->query('SELECT ' . PaperfeedNet::peak()) - $before;
	is($session->query(q{SELECT records, state FROM paperfeed.loads WHERE path ~ 'big'}), '28000|done', 'a longer file');
	note "grown by $grown kB";
	cmp_ok($grown, '<', 16 * 1024 + 16 * 1024, 'takes no more memory over 140 commits than shared buffers and a batch');

	# A file that cannot be read is its own fault.
	mkdir "$dir/unread";
	symlink '/proc/self/mem', "$dir/unread/a" or die;
	spill('unread/b.jsonl', qq({"id": "doi:10.1000/unread", "title": "Read"}\n));
	chmod 0755, "$dir/unread";
	$session->query("CALL paperfeed.ingest_files('$dir/unread', 'slow')");
	is($session->query(q{SELECT state, error FROM paperfeed.loads WHERE path ~ '/unread/' ORDER BY path}),
		"failed|could not read the file: Input/output error\ndone|", 'a file that cannot be read keeps no other out');
	$session->close;
}

$holder->close;
$node->stop;
done_testing();
