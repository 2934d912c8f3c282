# Services that give their papers page by page, for PaperfeedHttp.pm, with papers
# that are made up.
#
#   my $http = PaperfeedHttp->new(fixtures => $dir, handlers => \%PaperfeedPages::handlers);
#
#   /oai            OAI-PMH, 10 records a page, in no order of datestamps; a token is good
#                   as long as the file "generation" of the fixtures says the same
#   /api/query      the arXiv API, 10 a page; each third page of a category is empty when it is first
#                   asked for
#   /details/...    bioRxiv, 10 a page; the total is too high
#   /works          Crossref, a cursor and 10 a page
#   /api/daily_papers   Hugging Face: none on Sundays, 120 on the first of a month, not open
#                   from 2024-03-12 on
#   /archive/N      Atom that names an older document (RFC 5005), 10 a document, /archive/12
#                   being the newest
#   /circle/N       Atom: 1 to 5 and then 3 again
#   /tired/N        three documents; the second is answered with 503 for as many times
#                   as the file "tired" of the fixtures says
#   /broken/N       the same; the file "broken" says whether the second is missing (404), or
#                   there is half of it, or it takes its time
#   /away/1         names a page at the server that the file "away" says

package PaperfeedPages;

use strict;
use warnings;

use JSON::PP ();
use POSIX    ();
use Time::HiRes ();
use Time::Local qw(timegm);

our %handlers;

sub day { return POSIX::strftime('%Y-%m-%d', gmtime(timegm(0, 0, 0, 1, 0, 2024) + $_[0] * 86400)); }

my @words = qw(graph kernel protein galaxy lattice neuron market tensor climate quantum grammar robot);

sub title { my ($n) = @_; return sprintf 'On the %s of a %s, part %d', @words[ $n % 12, $n * 5 % 11 ], $n; }

sub summary { my ($n) = @_; return "What is known of part $n, and what part " . $n * 7 . ' will say.'; }

sub arxiv_id { my ($n) = @_; return sprintf '24%02d.%05d', 1 + $n % 12, $n; }

sub setting
{
	my ($r, $name) = @_;
	open(my $in, '<', "$r->{self}{fixtures}/$name") or return 0;
	my $value = <$in>;
	chomp $value;
	return $value;
}

sub set
{
	my ($http, $name, $value) = @_;
	open(my $out, '>', "$http->{fixtures}/$name") or die "could not write $name: $!";
	print $out "$value\n";
	close $out;
	return;
}

# Ten of a list.
sub ten { my ($at, @list) = @_; return $at > $#list ? () : @list[ $at .. ($at + 9 < $#list ? $at + 9 : $#list) ]; }

# How often this very address was asked for, this time included.
sub times_asked
{
	my ($r) = @_;
	my ($line) = split /\r\n/, $r->{text};
	return scalar grep { $_->{text} =~ /^\Q$line\E(?:\r|$)/ } $r->{self}->log;
}

sub xml  { my ($r, $body) = @_; return PaperfeedHttp::respond($r, 200, [ 'Content-Type' => 'application/xml' ], $body); }
sub json { my ($r, $data, $status) = @_; return PaperfeedHttp::respond($r, $status // 200, [ 'Content-Type' => 'application/json' ], JSON::PP->new->canonical->encode($data)); }

# ------------------------------------------------------------------- OAI-PMH

our $oai_papers = 130;

# Two papers a day, from 2024-01-01 on, in an order of their own; each eleventh is deleted.
my @oai = sort { $a->{n} * 7919 % 1009 <=> $b->{n} * 7919 % 1009 }
  map { { n => $_, date => day(int($_ / 2)) } } 0 .. $oai_papers - 1;

sub oai_record
{
	my ($n, $date) = @_;
	my $id   = arxiv_id($n);
	my $head = "<identifier>oai:arXiv.org:$id</identifier><datestamp>$date</datestamp>";
	return qq(<record><header status="deleted">$head</header></record>) if $n % 11 == 5;
	return "<record><header>$head</header><metadata><arXiv xmlns=\"http://arxiv.org/OAI/arXiv/\"><id>$id</id>"
	  . "<created>$date</created><authors><author><keyname>Author$n</keyname><forenames>Ada</forenames></author></authors>"
	  . '<title>' . title($n) . '</title><categories>cs.AI</categories><abstract>' . summary($n)
	  . '</abstract></arXiv></metadata></record>';
}

$handlers{oai} = sub {
	my ($r) = @_;
	my %q = %{ $r->{query} };
	my ($from, $until, $at) = ($q{from} // '', $q{until} // '9999', 0);
	my $body;
	my $error = sub { return qq(<error code="$_[0]">$_[1]</error>); };

	if ($q{verb} eq 'Identify')
	{
		$body = '<Identify><repositoryName>Pages</repositoryName><earliestDatestamp>2024-01-01</earliestDatestamp></Identify>';
	}
	else
	{
		my $generation = setting($r, 'generation');
		my $bad;
		if (defined $q{resumptionToken})
		{
			(my $of, $from, $until, $at) = split m{/}, $q{resumptionToken};
			$bad = $error->('badResumptionToken', 'the token has expired') if $of ne $generation;
			$bad = $error->('badArgument', 'the token goes alone') if grep { exists $q{$_} } qw(from until set metadataPrefix);
		}
		my @list = grep { $_->{date} ge $from && $_->{date} le $until } @oai;
		my @page = ten($at, @list);
		my $next = $at + 10 < @list ? join '/', $generation, $from, $until, $at + 10 : '';
		$next = "<resumptionToken>$next</resumptionToken>" if $next ne '' || $at > 0;
		$body = $bad // (@page
			? '<ListRecords>' . join('', map { oai_record($_->{n}, $_->{date}) } @page) . "$next</ListRecords>"
			: $error->('noRecordsMatch', 'nothing'));
	}
	return xml($r, '<?xml version="1.0"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2024-06-01T00:00:00Z</responseDate>'
		  . '<request>' . PaperfeedHttp::url($r->{self}, '/oai') . "</request>$body</OAI-PMH>");
};

# ---------------------------------------------------------------------- Atom

sub entry
{
	my ($n, $date) = @_;
	my $id = arxiv_id($n);
	return "<entry><id>http://arxiv.org/abs/${id}v1</id><title>" . title($n) . "</title><published>${date}T00:00:00Z</published>"
	  . "<updated>${date}T00:00:00Z</updated><summary>" . summary($n) . "</summary><author><name>Ada Author$n</name></author>"
	  . "<link rel=\"alternate\" href=\"http://arxiv.org/abs/${id}v1\"/><category term=\"cs.AI\"/></entry>";
}

sub atom
{
	my ($r, $head, @entries) = @_;
	return '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
	  . ' xmlns:fh="http://purl.org/syndication/history/1.0"><title>Pages</title><id>urn:pages</id><updated>2024-06-01T00:00:00Z</updated>'
	  . $head . join('', @entries) . '</feed>';
}

our $arxiv_papers = 75;

$handlers{api} = sub {
	my ($r) = @_;
	return daily($r) if $r->{rest} eq 'daily_papers';
	my ($from, $to) = $r->{query}{search_query} =~ /submittedDate:\[(\d{8})0000 TO (\d{8})2359\]/;
	my $at = $r->{query}{start};
	return xml($r, '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/api/errors#bad</id><title>Error</title><summary>bad</summary></entry></feed>')
	  if !defined $from || $r->{query}{sortOrder} ne 'ascending';
	my @list = grep { my $d = day($_) =~ s/-//gr; $d ge $from && $d le $to } 0 .. $arxiv_papers - 1;
	my @page = ten($at, @list);
	my $total = @list;
	# as if there were more than it gives out
	$total = 40000 if setting($r, 'large') && $total > 30;
	@page = () if $at % 30 == 20 && $r->{query}{search_query} =~ m{cat:} && times_asked($r) == 1;
	return xml($r, atom($r, "<opensearch:totalResults>$total</opensearch:totalResults><opensearch:startIndex>$at</opensearch:startIndex>",
			map { entry($_, day($_)) } @page));
};

# Twelve documents of ten papers; the twelfth is the newest, and so is its first paper.
$handlers{archive} = sub {
	my ($r) = @_;
	my $n = $r->{rest};
	my $older = $n > 1 ? '<link rel="prev-archive" href="/archive/' . ($n - 1) . '"/>' : '';
	return xml($r, atom($r, "<fh:archive/>$older", map { my $p = ($n - 1) * 10 + 9 - $_; entry($p, day($p)) } 0 .. 9));
};

$handlers{circle} = sub {
	my ($r) = @_;
	my $n = $r->{rest};
	return xml($r, atom($r, '<link rel="next" href="/circle/' . ($n == 5 ? 3 : $n + 1) . '"/>', entry($n, day($n))));
};

sub three
{
	my ($r) = @_;
	my $n = $r->{rest};
	my $next = $n < 3 ? '<link rel="next" href="' . $r->{path} =~ s/\d+$/$n + 1/er . '"/>' : '';
	return atom($r, $next, map { entry($n * 10 - $_, day($n * 10 - $_)) } 1 .. 9);
}

$handlers{tired} = sub {
	my ($r) = @_;
	return PaperfeedHttp::respond($r, 503, [ 'Retry-After' => 0 ], 'later') if $r->{rest} == 2 && times_asked($r) <= setting($r, 'tired');
	return xml($r, three($r));
};

$handlers{broken} = sub {
	my ($r) = @_;
	my $how = $r->{rest} == 2 ? setting($r, 'broken') : '';
	return PaperfeedHttp::respond($r, 404, [], 'gone') if $how eq 'missing';
	Time::HiRes::sleep(2) if $how eq 'slow';
	return xml($r, substr three($r), 0, $how eq 'half' ? 1500 : 1e6);
};

$handlers{away} = sub {
	my ($r) = @_;
	my $to = $r->{rest} == 1 ? $r->{path} =~ s/1$/2/r : $r->{rest} == 2 ? setting($r, 'away') . '/away/3' : undef;
	return xml($r, atom($r, defined $to ? "<link rel=\"next\" href=\"$to\"/>" : '', entry($r->{rest}, day($r->{rest}))));
};

# ---------------------------------------------------------------------- JSON

our $biorxiv_papers = 95;

$handlers{details} = sub {
	my ($r) = @_;
	my ($server, $from, $to, $at) = split m{/}, $r->{rest};
	my @list = grep { day($_) ge $from && day($_) le $to } 0 .. $biorxiv_papers - 1;
	my @page = ten($at, @list);
	return json($r, { messages => [ { status => 'no posts found' } ], collection => [] }) unless @page;
	return json($r, {
			messages   => [ { status => 'ok', interval => "$from:$to", cursor => $at, count => scalar @page, total => '' . (@list + 7) } ],
			collection => [
				map {
					{ doi => sprintf('10.1101/2024.01.01.%06d', $_), title => title($_), authors => "Author$_, A.; Other, B.", date => day($_),
						version => '1', type => 'new results', license => 'cc_by', category => 'neuroscience', abstract => summary($_),
						published => 'NA', server => $server }
				} @page ] });
};

our $crossref_papers = 88;

$handlers{works} = sub {
	my ($r) = @_;
	my $cursor = $r->{query}{cursor};
	my $filter = $r->{query}{filter} // '';
	my ($from) = $filter =~ /from-created-date:([-\d]+)/;
	my ($to)   = $filter =~ /until-created-date:([-\d]+)/;
	my ($of, $at) = $cursor eq '*' ? (setting($r, 'generation'), 0) : split /-/, $cursor;
	return json($r, { status => 'failed', 'message-type' => 'validation-failure', message => [ { type => 'cursor', message => 'Cursor is unknown' } ] }, 400)
	  if $of ne setting($r, 'generation');
	my @list = grep { day($_) ge ($from // '') && day($_) le ($to // '9999') } 0 .. $crossref_papers - 1;
	my @page = ten($at, @list);
	return json($r, {
			status => 'ok', 'message-type' => 'work-list',
			message => {
				'total-results' => scalar @list, 'items-per-page' => 10, 'next-cursor' => "$of-" . ($at + 10),
				items => [
					map {
						{ DOI => "10.5555/pages.$_", title => [ title($_) ], type => 'journal-article', author => [ { given => 'Ada', family => "Author$_" } ],
							abstract => '<jats:p>' . summary($_) . '</jats:p>', issued => { 'date-parts' => [ [ map { $_ + 0 } split /-/, day($_) ] ] },
							'container-title' => ['Pages'] }
					} @page ] } });
};

sub daily
{
	my ($r) = @_;
	my ($date, $limit, $p) = ($r->{query}{date}, $r->{query}{limit} // 50, $r->{query}{p} // 0);
	my ($y, $m, $d) = split /-/, $date;
	my $time = timegm(0, 0, 0, $d, $m - 1, $y);
	my $day  = ($time - timegm(0, 0, 0, 1, 0, 2024)) / 86400;
	return json($r, { error => 'Invalid date' }, 400) if $date ge '2024-03-12';
	my $n = (gmtime $time)[6] == 0 ? 0 : $d == 1 ? 120 : 3;
	my @page = grep { $_ < $n } $p * $limit .. $p * $limit + $limit - 1;
	return json($r, [
			map {
				my $id = $day * 200 + $_;
				{ paper => { id => arxiv_id($id), title => title($id), summary => summary($id), authors => [ { name => "Ada Author$id" } ],
						publishedAt => "${date}T00:00:00.000Z", submittedOnDailyAt => "${date}T01:00:00.000Z", upvotes => $id % 50 },
					publishedAt => "${date}T00:00:00.000Z", title => title($id), numComments => 0 }
			} @page ]);
}

# All of them take their time, if the file "delay" says so (seconds).
foreach my $name (keys %handlers)
{
	my $handler = $handlers{$name};
	$handlers{$name} = sub { Time::HiRes::sleep(setting($_[0], 'delay')); return $handler->($_[0]); };
}

1;
