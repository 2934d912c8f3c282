# A server of feeds with every fault, whose time is told to it: a month of feeds in a minute.
#
#   my $server = PaperfeedFaults->new(hosts => 4, start => $epoch);
#   $server->url(0, 'daily', 3);           # feed 3 of the kind "daily" on the first host, 127.0.0.1
#   $server->clock($epoch);                # what time it is
#   $server->log;                          # requests: [time, host, kind, number, status, real time]
#   PaperfeedFaults::papers('daily', 3, $start, $from, $to);   # what it publishes then: [k, time]
#   $server->stop;                         # also done when the object goes
#
# One process that waits for all its connections at once.  What a feed shows depends on its kind,
# its number and the time only, but for those that count their requests.  It shows its latest
# papers; the third before the start is its first one.  Every fifth paper is revised when the
# next one comes.

package PaperfeedFaults;

use strict;
use warnings;

use Errno              qw(EAGAIN EINTR EWOULDBLOCK);
use File::Temp         ();
use IO::Compress::Gzip ();
use IO::Socket::IP;
use POSIX  ();
use Socket qw(IPPROTO_TCP SOL_SOCKET SO_LINGER SOMAXCONN TCP_NODELAY);
use Time::HiRes qw(time);

my $hour     = 3600;
my $day      = 24 * $hour;
my $shown    = 12;          # papers in a document
my $max_life = 3600;        # seconds, of the server

# Hours between two papers of the kinds that publish; others are as "daily".
my %every = (
	hourly => 1, ttl => 1, maxage => 1, weekly => 7 * 24, every => 7 * 24, 'stale' => undef,
	'stale-liar' => undef);
my $burst       = 5;           # papers in a burst, half an hour apart
my $burst_every = 6 * $day;

# ------------------------------------------------------------------- what is published

# Of all that a feed ever publishes, what it does after $from and until $to: [k, time].
sub papers
{
	my ($kind, $number, $start, $from, $to) = @_;
	my $offset = ($number * 7 % 24) * $hour + ($number * 13 % 50) * 60;
	my @papers;

	if ($kind eq 'burst')
	{
		my $first = $start + $offset - $burst_every;
		foreach my $n (0 .. int(($to - $first) / $burst_every) + 1)
		{
			push @papers, map { [ $n * $burst + $_, $first + $n * $burst_every + $_ * $hour / 2 ] } 0 .. $burst - 1;
		}
	}
	elsif (exists $every{$kind} && !defined $every{$kind})
	{
		@papers = map { [ $_, $start - 30 * $day + $_ * $hour ] } 0 .. 2;
	}
	else
	{
		my $period = ($every{$kind} // 24) * $hour;
		my $first  = $start - 3 * $period + $offset % $period;
		my $k      = $from > $first ? int(($from - $first) / $period) : 0;
		for (; $first + $k * $period <= $to; $k++) { push @papers, [ $k, $first + $k * $period ]; }
	}
	return grep { $_->[1] > $from && $_->[1] <= $to } @papers;
}

sub doi { my ($kind, $number, $k) = @_; return "10.5555/$kind.$number.$k"; }

# What is in the feed's document at that time, newest first.
sub visible
{
	my ($kind, $number, $start, $t) = @_;
	my $back   = ($every{$kind} // 24) * $hour * ($shown + 1);
	$back = 60 * $day if $back < 60 * $day && ($kind eq 'burst' || exists $every{$kind} && !defined $every{$kind});
	my @papers = reverse papers($kind, $number, $start, $t - $back, $t);
	return @papers[ 0 .. ($#papers < $shown - 1 ? $#papers : $shown - 1) ];
}

sub rfc822
{
	my @t = gmtime $_[0];
	return sprintf '%s, %02d %s %d %02d:%02d:%02d GMT',
	  (qw(Sun Mon Tue Wed Thu Fri Sat))[ $t[6] ], $t[3],
	  (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[ $t[4] ], $t[5] + 1900, @t[ 2, 1, 0 ];
}

my $skip = join '',
  '<skipDays><day>Saturday</day><day>Sunday</day></skipDays>',
  '<skipHours>', (map { "<hour>$_</hour>" } 0 .. 5), '</skipHours>';

sub document
{
	my ($kind, $number, $start, $t) = @_;
	my $what = $kind eq 'ttl' ? '<ttl>360</ttl>' : $kind eq 'skip' ? $skip : '';
	my $name = $kind eq 'charset' ? "Stra\xc3\x9fe $number" : "$kind $number";
	my $xml  = '<?xml version="1.0" encoding="UTF-8"?>' . "\n<rss version=\"2.0\"><channel><title>Feed $name</title>"
	  . "<link>https://feeds.invalid/$kind/$number</link><description>Of $name</description>$what\n";
	my $newest;

	foreach (visible($kind, $number, $start, $t))
	{
		my ($k, $at) = @$_;
		my $doi    = doi($kind, $number, $k);
		my $author = $kind eq 'charset' ? "J\xc3\xbcrgen K" : "Ada K$k";
		$newest //= $k;
		my $text = $k % 5 == 0 && $newest > $k ? 'Revised' : 'First';
		$xml .= "<item><title>Paper $k of $name</title><link>https://doi.org/$doi</link>"
		  . "<guid isPermaLink=\"false\">doi:$doi</guid><author>$author</author><pubDate>"
		  . rfc822($at)
		  . "</pubDate><description>$text words on number $k.</description></item>\n";
	}
	$xml .= '<item><title>Of no & avail<link></title>' if $kind eq 'sick';
	return $xml . "</channel></rss>\n";
}

# ------------------------------------------------------------------- the object

sub new
{
	my ($class, %arg) = @_;
	my $self = bless { hosts => $arg{hosts} // 1, start => $arg{start} // 0, owner => $$ }, $class;
	my @listen;

	# One port on all addresses: one that is free on the first may be taken on another.
	for my $attempt (1 .. 20)
	{
		my $port = 0;
		@listen = ();
		foreach my $host (1 .. $self->{hosts})
		{
			my $listen = IO::Socket::IP->new(
				LocalHost => "127.0.0.$host",
				LocalPort => $port,
				Listen    => SOMAXCONN,
				ReuseAddr => 1,
				Blocking  => 0,
				Proto     => 'tcp') or last;
			push @listen, $listen;
			$port = $listen->sockport;
		}
		$self->{port} = $port;
		last if @listen == $self->{hosts};
	}
	die "could not listen: $@" unless @listen == $self->{hosts};
	$self->{file} = File::Temp->new(TEMPLATE => 'paperfeed-faults-XXXXXX', TMPDIR => 1);

	my $pid = fork() // die "could not fork: $!";
	if ($pid == 0)
	{
		eval { serve($self, @listen); };
		warn $@ if $@;
		POSIX::_exit(0);    # no END blocks or destructors of the test's
	}
	$self->{pid} = $pid;
	return $self;
}

sub port { return $_[0]{port}; }

sub url
{
	my ($self, $host, $kind, $number) = @_;
	return sprintf 'http://127.0.0.%d:%d/%s/%d', $host + 1, $self->{port}, $kind, $number;
}

sub clock
{
	my ($self, $t) = @_;
	my $socket = IO::Socket::IP->new(PeerHost => '127.0.0.1', PeerPort => $self->{port}) or die "no server: $@";
	print $socket "GET /clock/$t HTTP/1.1\r\nConnection: close\r\n\r\n";
	local $/;
	my $answer = <$socket> // '';
	die 'the server does not answer' unless $answer =~ /^HTTP\S+ 200/;
	return;
}

sub log
{
	my ($self) = @_;
	open(my $in, '<:raw', $self->{file}->filename) or die "could not read the log: $!";
	return map { chomp; [split] } <$in>;
}

sub forget { my ($self) = @_; truncate $self->{file}->filename, 0; return; }

sub stop
{
	my ($self) = @_;
	return unless $self->{pid} && $self->{owner} == $$;
	kill 'KILL', $self->{pid};
	local ($?, $!);
	waitpid $self->{pid}, 0;
	delete $self->{pid};
	return;
}

sub DESTROY { $_[0]->stop; return; }

# ------------------------------------------------------------------- what comes back

# An answer: status, headers, body; raw (all of it), delay (seconds before it), drip (bytes at a
# time), then: what follows: next, close, reset, hold.
my $bomb;

sub gzip
{
	my ($in) = @_;
	IO::Compress::Gzip::gzip(\$in => \my $out) or die 'gzip';
	return $out;
}

my @rss = ('Content-Type' => 'application/rss+xml; charset=utf-8');

sub plain
{
	my ($status, @headers) = @_;
	return { status => $status, headers => [ 'Content-Type' => 'text/plain', @headers ], body => "status $status\n" };
}

# With the validator of what it says; 304 if the client has it.
sub valid
{
	my ($r, $body, @headers) = @_;
	my $etag = sprintf '"%x-%x"', length $body, unpack '%32C*', $body =~ s/(\d)/$1 x ($1 + 1)/gre;
	return { status => 304, headers => [ ETag => $etag, @headers ], body => '' }
	  if ($r->{headers}{'if-none-match'} // '') eq $etag;
	return { status => 200, headers => [ @rss, ETag => $etag, @headers ], body => $body };
}

sub broken { return plain(500); }

# By kind; $r: kind, number, host, port, headers, count (of this feed's requests, from 1), t, start, doc.
my %kinds = (
	(map { $_ => sub { return valid($_[0], $_[0]{doc}); } } qw(daily hourly burst stale skip ttl every)),
	weekly => sub {
		my ($r)  = @_;
		my ($at) = map { rfc822($_->[1]) } (visible(@$r{qw(kind number start t)}))[0];
		return { status => 304, headers => [], body => '' } if ($r->{headers}{'if-modified-since'} // '') eq $at;
		return { status => 200, headers => [ @rss, 'Last-Modified' => $at ], body => $r->{doc} };
	},
	bytes        => sub { return { status => 200, headers => \@rss, body => $_[0]{doc} }; },
	'stale-liar' => sub {
		my ($r) = @_;
		return { status => 200, headers => [ @rss, ETag => "\"$r->{count}\"" ], body => $r->{doc} };
	},
	maxage => sub { return valid($_[0], $_[0]{doc}, 'Cache-Control' => 'public, max-age=21600'); },
	flap   => sub {
		my ($r) = @_;
		return valid($r, $r->{doc}) if $r->{count} % 2;
		return $r->{number} % 2 ? broken() : { raw => '', then => 'reset' };
	},
	# Ill from the third day until the sixth.
	heal => sub {
		my ($r) = @_;
		my $age = $r->{t} - $r->{start};
		return $age > 2 * $day && $age < 5 * $day ? broken() : valid($r, $r->{doc});
	},
	slow => sub { return { %{ valid($_[0], $_[0]{doc}) }, delay => 0.05, drip => 700 }; },
	# What others on their hosts see, too: busy for some hours of some days.
	(map { my $kind = $_; $kind => sub {
				my ($r) = @_;
				my $busy = ($r->{t} - $r->{start}) % (2 * $day) > $day
				  && ($r->{t} - $r->{start}) % (2 * $day) < $day + 5 * $hour;
				return valid($r, $r->{doc}) unless $busy;
				return plain(429, $kind eq 'sulk-after' ? ('Retry-After' => 7200) : ());
		} } qw(sulk sulk-after)),
	'sick'  => sub { return { status => 200, headers => \@rss, body => $_[0]{doc} }; },
	charset => sub {
		my ($r) = @_;
		return { status => 200, headers => [ 'Content-Type' => 'text/xml; charset=iso-8859-1' ], body => $r->{doc} };
	},
	found => sub {
		my ($r) = @_;
		return { %{ plain(302) }, headers => [ Location => "/daily/$r->{number}" ] };
	},
	moved => sub {
		my ($r) = @_;
		return { %{ plain(301) }, headers => [ Location => "/daily/$r->{number}" ] };
	},
	stall  => sub { return { raw => '', then => 'hold' }; },
	freeze => sub {
		my ($r) = @_;
		return { raw => "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" . substr($r->{doc}, 0, 300), then => 'hold' };
	},
	reset => sub { return { raw => '', then => 'reset' }; },
	lost  => sub { return plain(404); },
	gone  => sub {
		my ($r) = @_;
		return $r->{t} - $r->{start} > $day ? plain(410) : valid($r, $r->{doc});
	},
	unavailable => sub { return plain(503); },
	busy        => sub { return plain(429, 'Retry-After' => 3600); },
	late        => sub { return { %{ valid($_[0], $_[0]{doc}) }, delay => 0.5 }; },
	odd         => sub {
		my ($r) = @_;
		return { %{ plain(302) }, headers => [ Location => "http://\xc3\x84.localhost:$r->{port}/daily/$r->{number}" ] };
	},
	loop        => sub { return { %{ plain(301) }, headers => [ Location => "/loop/$_[0]{number}" ] }; },
	bomb        => sub {
		$bomb //= gzip(' ' x (32 * 1024 * 1024));
		return { status => 200, headers => [ @rss, 'Content-Encoding' => 'gzip' ], body => $bomb };
	},
	huge => sub {
		my ($r) = @_;
		return { status => 200, headers => \@rss, body => $r->{doc} . ' ' x (4 * 1024 * 1024) };
	},
	empty => sub { return { status => 200, headers => \@rss, body => '' }; },
	html  => sub {
		return { status => 200, headers => [ 'Content-Type' => 'text/html' ],
			body => '<!DOCTYPE html><html><head><title>Page</title></head><body><p>Words.</p></body></html>' };
	},
	# Without a length, and ended in the middle.
	cut => sub {
		my ($r) = @_;
		return { raw => "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n"
			  . substr($r->{doc}, 0, int(length($r->{doc}) * 2 / 3)), then => 'close' };
	},
	lie => sub {
		my ($r) = @_;
		return { raw => "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: "
			  . (length($r->{doc}) + 100) . "\r\n\r\n$r->{doc}", then => 'close' };
	},
	# For measurements: what stays as it is, after a while; ten papers each; and large.
	still => sub { return { %{ valid($_[0], $_[0]{doc}) }, delay => 0.05 }; },
	quick => sub { return valid($_[0], $_[0]{doc}); },
	fresh => sub { return { status => 200, headers => \@rss, body => $_[0]{doc} }; },
	large => sub {
		my ($r)  = @_;
		my $text = 'Words of an abstract that is as long as they are. ' x 30;
		my $item = join '', map {
			"<item><title>Paper $_ of large $r->{number}</title><link>https://doi.org/10.5555/large.$r->{number}.$_</link>"
			  . "<author>Ada K$_</author><description>$text</description></item>\n"
		} 1 .. 4800;
		return { status => 200, headers => \@rss,
			body => $r->{doc} =~ s{</channel>}{$item</channel>}r };
	},);

sub kinds { return sort keys %kinds; }

# ------------------------------------------------------------------- the server's process

my %words = (200 => 'OK', 301 => 'Moved Permanently', 302 => 'Found', 304 => 'Not Modified');

sub serve
{
	my ($self, @listen) = @_;
	my $parent = getppid();
	my $born   = time();
	my $t      = $self->{start};
	my (%connections, %count, %documents);
	my %listens = map { fileno($_) => $_ } @listen;

	$SIG{PIPE} = 'IGNORE';
	$SIG{INT}  = 'IGNORE';
	open STDIN, '<', '/dev/null';
	open(my $log, '>>:raw', $self->{file}->filename) or die "$!";

	my $drop = sub {
		my ($c) = @_;
		delete $connections{ $c->{fd} };
		setsockopt($c->{socket}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)) if ($c->{then} // '') eq 'reset';
		close $c->{socket};
		return;
	};
	my $answer = sub {
		my ($c, $text) = @_;
		my ($line, @lines) = split /\r\n/, $text;
		my (undef, $kind, $number) = split m{/}, (split / /, $line)[1] // '/';
		my %headers = map { /^([^:]+):\s*(.*)$/ ? (lc $1 => $2) : () } @lines;
		my $a;

		if (($kind // '') eq 'clock')
		{
			$t         = $number;
			%documents = ();
			$a         = { status => 200, headers => [], body => '', then => 'close' };
		}
		elsif (!$kinds{ $kind // '' }) { $a = plain(404); }
		else
		{
			$a = $kinds{$kind}->({
					kind => $kind, number => $number, headers => \%headers, t => $t, start => $self->{start},
					port  => $self->{port},
					count => ++$count{"$kind/$number"},
					doc   => $documents{"$kind/$number"} //= document($kind, $number, $self->{start}, $t) });
			syswrite $log, join(' ', $t, $c->{host}, $kind, $number, $a->{status} // 0, time()) . "\n";
		}
		if (!defined $a->{raw})
		{
			my @headers = ('Content-Length' => length $a->{body}, @{ $a->{headers} });
			my $head    = "HTTP/1.1 $a->{status} " . ($words{ $a->{status} } // 'Status') . "\r\n";
			@headers = @{ $a->{headers} } if $a->{status} == 304;
			while (my ($name, $value) = splice @headers, 0, 2) { $head .= "$name: $value\r\n"; }
			$a->{raw} = "$head\r\n$a->{body}";
		}
		$c->{out} .= $a->{raw};
		$c->{then}  = $a->{then} // 'next';
		$c->{drip}  = $a->{drip};
		$c->{after} = $a->{delay} ? time() + $a->{delay} : 0;
		$c->{busy}  = 1;
		return;
	};

	while (getppid() == $parent && time() - $born < $max_life)
	{
		my ($reads, $writes) = ('', '');
		my $wait = 0.5;
		my $now  = time();

		vec($reads, $_, 1) = 1 foreach keys %listens;
		foreach my $c (values %connections)
		{
			vec($reads, $c->{fd}, 1) = 1;
			next unless $c->{busy} && $c->{then} ne 'hold' || length $c->{out};
			if   ($c->{after} <= $now) { vec($writes, $c->{fd}, 1) = 1; }
			else                       { $wait = $c->{after} - $now if $c->{after} - $now < $wait; }
		}
		next if select($reads, $writes, undef, $wait) <= 0;

		foreach my $fd (grep { vec($reads, $_, 1) } keys %listens)
		{
			while (my $socket = $listens{$fd}->accept)
			{
				$socket->blocking(0);
				$socket->setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
				$connections{ fileno $socket } = {
					socket => $socket, fd => fileno($socket), host => $socket->sockhost, in => '', out => '',
					after => 0 };
			}
		}
		foreach my $c (values %connections)
		{
			if (vec($reads, $c->{fd}, 1))
			{
				my $n = sysread $c->{socket}, $c->{in}, 65536, length $c->{in};
				if (!$n && !(!defined $n && ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR)) || length $c->{in} > 65536)
				{
					$drop->($c);
					next;
				}
			}
			if (vec($writes, $c->{fd}, 1))
			{
				my $size = length $c->{out};
				if ($c->{drip} && $size > $c->{drip})
				{
					$size = $c->{drip};
					$c->{after} = time() + 0.005;
				}
				my $n = $size ? syswrite($c->{socket}, $c->{out}, $size) : 0;
				if (!defined $n)
				{
					$drop->($c) unless $! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR;
					next;
				}
				substr($c->{out}, 0, $n) = '';
				if (!length $c->{out} && $c->{then} ne 'hold')
				{
					if ($c->{then} ne 'next') { $drop->($c); next; }
					$c->{busy} = 0;
				}
			}
			$answer->($c, $1) if !$c->{busy} && $c->{in} =~ s/\A(.*?)\r\n\r\n//s;
		}
	}
	return;
}

1;
