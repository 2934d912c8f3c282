#!/usr/bin/perl
# How well the search index ranks, by judged collections: nDCG@10 as a table.
#
# $BENCH_DATA/eval/NAME has corpus.jsonl (id, title, text), queries.tsv (id, text)
# and qrels.tsv or, if there is one, qrels_padded.tsv (query, document, grade).
# Documents are tsvectors of title and text under the configuration english, queries texts
# under the same.  Beside the index stand the sums of BM25 in plain SQL over the
# same lexemes (search_quality.sql), which must agree, and ts_rank.  "published" is
# what somebody else's BM25 has on the collection, with other stems and stop words.

use strict;
use warnings;

use Cwd qw(abs_path);
use File::Basename qw(dirname);

use lib dirname(abs_path($0));
use BenchSession;

my $here = dirname(abs_path($0));
my $eval = "$ENV{BENCH_DATA}/eval";
my $psql = $ENV{BENCH_PSQL};
my @names = grep { -e "$eval/$_/corpus.jsonl" } qw(cacm cisi csfcube);
my %published = (cacm => 0.490, cisi => 0.385, csfcube => 0.495);
my @settings = ([ 1.2, 0.75 ], [ 0.9, 0.4 ]);

exit unless @names;

sub psql
{
	system($psql, '-Xq', '-v', 'ON_ERROR_STOP=1', @_) == 0 or die "psql failed\n";
}

# No character of text parts or quotes columns, but for the tab.
my $csv = q{WITH (FORMAT csv, DELIMITER E'\t', QUOTE E'\x01')};
my $lines = q{WITH (FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01')};

sub load
{
	my ($name) = @_;
	my $qrels = -e "$eval/$name/qrels_padded.tsv" ? 'qrels_padded' : 'qrels';

	psql('-c', 'TRUNCATE bench.line', '-c', "\\copy bench.line FROM '$eval/$name/corpus.jsonl' $lines",
		'-c', "INSERT INTO bench.documents SELECT '$name', d->>'id', setweight(to_tsvector('english', d->>'title'), 'A')"
		  . " || to_tsvector('english', d->>'text') FROM (SELECT line::jsonb AS d FROM bench.line) AS lines",
		'-c', "CREATE TEMP TABLE q (qid text, words text)", '-c', "\\copy q FROM '$eval/$name/queries.tsv' $csv",
		'-c', "INSERT INTO bench.queries SELECT '$name', * FROM q",
		'-c', "CREATE TEMP TABLE r (qid text, docid text, grade float8)",
		'-c', "\\copy r FROM '$eval/$name/$qrels.tsv' $csv",
		'-c', "INSERT INTO bench.qrels SELECT DISTINCT '$name', * FROM r",
		'-c', "CREATE TABLE bench.$name AS SELECT docid, tsv FROM bench.documents WHERE collection = '$name' ORDER BY docid");
}

print STDERR "nDCG:";
psql('-d', 'postgres', '-c', 'DROP DATABASE IF EXISTS quality', '-c', 'CREATE DATABASE quality');
$ENV{PGDATABASE} = 'quality';
$ENV{PGOPTIONS} = '-cclient_min_messages=warning';
psql('-f', "$here/search_quality.sql");
load($_) for @names;
psql('-c', 'CALL bench.prepare_terms()');

my $session = BenchSession->new($psql);
my $ours = $session->query("SELECT 1 FROM pg_am WHERE amname = 'paperfeed_bm25'") ne '';

sub ndcg
{
	my ($name, $run) = @_;

	$run =~ s/'/''/g;
	return $session->query("SELECT bench.quality('$name', '$run')");
}

sub by_index
{
	my ($name, $with) = @_;

	return undef unless $ours;
	$session->query("DROP INDEX IF EXISTS bench.quality_bm25");
	$session->query("CREATE INDEX quality_bm25 ON bench.$name USING paperfeed_bm25 (tsv)"
		  . " WITH (config = 'english', $with)");
	return ndcg($name, "bench.by_index('$name', 'quality_bm25')");
}

print "\nnDCG\@10 (weights of fields 1 unless told)\n";
printf "  %-8s  %-15s  %11s  %11s  %11s  %9s  %8s  %s\n", '', '', 'index', 'BM25 in SQL', 'title twice',
  'published', 'ts_rank', 'bar';
for my $name (@names)
{
	print STDERR " $name";
	for my $setting (@settings)
	{
		my ($k1, $b) = @$setting;
		my $index = by_index($name, "k1 = $k1, b = $b, weights = '{1,1,1,1}'");
		my $title = by_index($name, "k1 = $k1, b = $b, weights = '{1,1,1,2}'");
		my $sum = ndcg($name, "bench.by_sum('$name', $k1, $b)");
		my $first = $setting == $settings[0];

		printf "  %-8s  k1=%.1f, b=%-5s  %11s  %11.4f  %11s  %9s  %8s  %s\n", $name, $k1, $b,
		  defined $index ? sprintf('%.4f', $index) : 'not there', $sum,
		  defined $title ? sprintf('%.4f', $title) : '', $first ? $published{$name} : '',
		  $first ? sprintf('%.4f', ndcg($name, "bench.by_ts_rank('$name')")) : '',
		  defined $index ? sprintf('within 0.01 of SQL: %s', abs($index - $sum) <= 0.01 ? 'PASS' : 'SHORT') : '';
	}
}
print STDERR "\n";
$session->close;
