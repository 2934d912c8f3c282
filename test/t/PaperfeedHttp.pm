# A small HTTP server for the tests: a process of its own on a loopback address,
# well or badly behaved as the path of a request says.
#
#   my $http = PaperfeedHttp->new(fixtures => 'test/fixtures');
#   $http->url('/ok/some.xml');          # "http://127.0.0.1:PORT/ok/some.xml"
#   $http->log;                          # requests so far: { time, method, path, query, headers, text }
#   $http->count('/ok/some.xml');        # how many of them were for that path
#   $http->stop;                         # also done when the object goes
#
# Each connection has a process of its own.  All of them end with the process
# that made the object, and after $max_life seconds whatever happens; at most
# $max_children connections are served at once, more wait in the backlog.
#
# The argument handlers adds paths: a hash of subroutines, by the first part of the path,
# which get the request as a hash and answer it with respond().
#
# Paths (a query may follow; see %handlers):
#   /ok/NAME            a file of the fixtures, with ETag, Last-Modified, 304
#   /text?type=&body=&status=  what the query says, and header=Name:value, any number
#   /echo               the request as it came
#   /count?path=        how often that path was asked for
#   /redirect/N         N hops of status=302 (or ?status=), then /text
#   /redirect-to?u=     one hop to there, with a body of size=, long= bytes longer
#   /loop               to itself
#   /stall /stall-body /slow /reset /early-close /full-stall
#   /chunked /gzip /deflate /bomb /chunkbomb /lie-length?say= /lie-gzip /cut-gzip
#   /status/N           that status, with Retry-After if ?after=
#   /etag?v=            that ETag; 304 if it is sent back
#   /modified           Last-Modified; 304 if it is sent back
#   /header-injection /huge-headers /huge-header /endless-headers /continue
#   /http09 /empty /garbage /html

package PaperfeedHttp;

use strict;
use warnings;

use IO::Socket::IP;
use IO::Select;
use IO::Compress::Gzip       ();
use IO::Compress::Deflate    ();
use IO::Compress::RawDeflate ();
use File::Temp               ();
use POSIX                    ();
use Socket                   qw(IPPROTO_TCP SOL_SOCKET SO_LINGER SOMAXCONN TCP_NODELAY);
use Time::HiRes              qw(sleep time);

my $max_children = 64;
my $max_life     = 900;        # seconds, of the server
my $max_stall    = 60;         # seconds, of a connection that says nothing
my $max_request  = 65536;      # bytes
my $max_endless  = 1 << 31;    # bytes of an endless body

my $ATOM = <<'XML';
<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Small feed</title><id>urn:small</id>
<updated>2026-01-02T03:04:05Z</updated>
<entry><id>http://arxiv.org/abs/2601.00001v1</id><title>A small entry</title>
<link rel="alternate" href="http://arxiv.org/abs/2601.00001v1"/>
<author><name>Ada Author</name></author><published>2026-01-01T00:00:00Z</published>
<updated>2026-01-02T03:04:05Z</updated><summary>What a small entry says.</summary></entry></feed>
XML

sub atom { return $ATOM; }

# ---------------------------------------------------------------- the object

sub new
{
	my ($class, %arg) = @_;
	my $self = bless {
		fixtures => $arg{fixtures} // '.',
		address  => $arg{address}  // '127.0.0.1',
		handlers => $arg{handlers} // {},
		owner    => $$, }, $class;

	my $listen = IO::Socket::IP->new(
		LocalHost => $self->{address},
		LocalPort => 0,
		Listen    => SOMAXCONN,
		ReuseAddr => 1,
		Proto     => 'tcp') or die "could not listen on $self->{address}: $@";
	$self->{port} = $listen->sockport;
	$self->{file} = File::Temp->new(TEMPLATE => 'paperfeed-http-XXXXXX', TMPDIR => 1);

	my $pid = fork() // die "could not fork: $!";
	if ($pid == 0)
	{
		eval { serve($self, $listen, getppid()); };
		warn $@ if $@;
		POSIX::_exit(0);    # no END blocks or destructors of the test's
	}
	$self->{pid} = $pid;
	close $listen;
	return $self;
}

sub port { return $_[0]{port}; }

sub authority
{
	my ($self) = @_;
	my $host = $self->{address} =~ /:/ ? "[$self->{address}]" : $self->{address};
	return "$host:$self->{port}";
}

sub url
{
	my ($self, $path) = @_;
	return 'http://' . $self->authority . ($path // '/');
}

# All requests so far, oldest first.
sub log
{
	my ($self) = @_;
	my @log;
	open(my $in, '<:raw', $self->{file}->filename) or die "could not read the log: $!";
	while (my $line = <$in>)
	{
		chomp $line;
		my ($at, $hex) = split / /, $line;
		my $text = pack('H*', $hex);
		my ($first,  @lines)  = split /\r\n/, $text;
		my ($method, $target) = split / /,    $first  // '';
		my ($path,   $query)  = split /\?/,   $target // '', 2;
		my %headers;
		foreach (@lines)
		{
			$headers{ lc $1 } = $2 if /^([^:]+):\s*(.*)$/;
		}
		push @log,
		  { time    => $at,
			method  => $method,
			path    => $path,
			query   => $query,
			headers => \%headers,
			text    => $text };
	}
	return @log;
}

sub last_request { my ($self) = @_; return ($self->log)[-1]; }

sub count
{
	my ($self, $path) = @_;
	return scalar grep { $_->{path} eq $path } $self->log;
}

sub forget
{
	my ($self) = @_;
	truncate $self->{file}->filename, 0;
	return;
}

sub stop
{
	my ($self) = @_;
	return unless $self->{pid} && $self->{owner} == $$;
	kill 'TERM', $self->{pid};
	local ($?, $!);
	waitpid $self->{pid}, 0;
	delete $self->{pid};
	return;
}

sub DESTROY { $_[0]->stop; return; }

# --------------------------------------------------------- the server's process

my ($parent, $born);

# Wait, but not longer than anybody is there.
sub linger
{
	my ($seconds, $client) = @_;
	my $until  = time() + $seconds;
	my $select = $client ? IO::Select->new($client) : undef;

	while (time() < $until && getppid() == $parent)
	{
		my $left = $until - time();
		my $step = $left < 0.2 ? ($left > 0 ? $left : 0) : 0.2;
		if ($select)
		{
			if ($select->can_read($step))
			{
				last unless sysread($client, my $buf, 4096);    # gone
			}
		}
		else { sleep $step; }
	}
	return;
}

sub serve
{
	my ($self, $listen, $ppid) = @_;
	my %children;
	my $select = IO::Select->new($listen);

	$parent    = $ppid;
	$born      = time();
	$SIG{PIPE} = 'IGNORE';
	$SIG{CHLD} = 'DEFAULT';
	$SIG{TERM} = sub { kill 'KILL', keys %children; POSIX::_exit(0); };
	$SIG{INT}  = 'IGNORE';
	open STDIN, '<', '/dev/null';

	while (getppid() == $parent && time() - $born < $max_life)
	{
		while ((my $done = waitpid(-1, POSIX::WNOHANG())) > 0) { delete $children{$done}; }
		if (keys %children >= $max_children) { sleep 0.02; next; }
		next unless $select->can_read(0.1);
		my $client = $listen->accept or next;
		my $pid    = fork();
		if (defined $pid && $pid == 0)
		{
			close $listen;
			$SIG{TERM} = 'DEFAULT';
			$parent = getppid();
			eval {
				while (answer($self, $client)) { }
			};
			POSIX::_exit(0);
		}
		$children{$pid} = 1 if $pid;
		close $client;
	}
	kill 'KILL', keys %children;
	return;
}

my %handlers;

# One request of a connection; true if it can take another.
sub answer
{
	my ($self, $client) = @_;
	my $text   = '';
	my $select = IO::Select->new($client);
	my $until  = time() + 10;

	$client->setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
	binmode $client;
	while ($text !~ /\r\n\r\n/)
	{
		return 0 if time() > $until || length $text > $max_request || getppid() != $parent;
		next unless $select->can_read(0.2);
		sysread($client, $text, 4096, length $text) or return 0;
	}
	$text =~ s/\r\n\r\n.*//s;

	open(my $log, '>>:raw', $self->{file}->filename) or return 0;
	syswrite $log, time() . ' ' . unpack('H*', $text) . "\n";
	close $log;

	my ($line,   @lines)  = split /\r\n/, $text;
	my ($method, $target) = split / /,    $line;
	my ($path,   $query)  = split /\?/,   $target, 2;
	my %headers;
	foreach (@lines)
	{
		$headers{ lc $1 } = $2 if /^([^:]+):\s*(.*)$/;
	}
	my (%query, @query);
	foreach my $pair (split /&/, $query // '')
	{
		my ($k, $v) = map { s/\+/ /gr =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ger } split /=/, $pair, 2;
		$query{$k} = $v // '';
		push @query, [ $k, $v // '' ];
	}
	my (undef, $name, $rest) = split m{/}, $path, 3;
	my $handler = $self->{handlers}{ $name // '' } // $handlers{ $name // '' };
	my $request = {
		self    => $self,
		client  => $client,
		method  => $method,
		path    => $path,
		rest    => $rest // '',
		query   => \%query,
		pairs   => \@query,
		headers => \%headers,
		text    => $text, };
	if (!$handler)
	{
		respond($request, 404, { 'Content-Type' => 'text/plain' }, "no such path\n");
		return 1;
	}
	return $handler->($request) ? 1 : 0;
}

# ------------------------------------------------------------------- answers

my %words = (
	200 => 'OK',
	301 => 'Moved Permanently',
	302 => 'Found',
	304 => 'Not Modified',
	307 => 'Temporary Redirect',
	308 => 'Permanent Redirect',
	400 => 'Bad Request',
	404 => 'Not Found',
	410 => 'Gone',
	429 => 'Too Many Requests',
	503 => 'Service Unavailable');

sub send_all
{
	my ($client, $bytes) = @_;
	my $at = 0;

	while ($at < length $bytes)
	{
		my $n = syswrite $client, $bytes, length($bytes) - $at, $at;
		return 0 unless defined $n;
		$at += $n;
	}
	return 1;
}

sub head
{
	my ($request, $status, @headers) = @_;
	my $text = "HTTP/1.1 $status " . ($words{$status} // 'Status') . "\r\n";

	while (my ($name, $value) = splice @headers, 0, 2) { $text .= "$name: $value\r\n"; }
	return send_all($request->{client}, "$text\r\n");
}

# A whole answer; the connection can go on.
sub respond
{
	my ($request, $status, $headers, $body) = @_;
	my @headers = ref $headers eq 'HASH' ? %$headers : @$headers;

	push @headers, 'Content-Length' => length $body unless $status == 304;
	head($request, $status, @headers) or return 0;
	return $status == 304 || send_all($request->{client}, $body);
}

# A body without length, ended by the connection's end.
sub respond_until_close
{
	my ($request, $headers, $body) = @_;
	head($request, 200, @$headers, Connection => 'close') && send_all($request->{client}, $body);
	return 0;
}

my @xml = ('Content-Type' => 'application/atom+xml; charset=utf-8');

sub http_date
{
	my ($t) = @_;
	my @t = gmtime $t;
	return sprintf '%s, %02d %s %d %02d:%02d:%02d GMT',
	  (qw(Sun Mon Tue Wed Thu Fri Sat))[ $t[6] ], $t[3],
	  (qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec))[ $t[4] ], $t[5] + 1900, @t[ 2, 1, 0 ];
}

sub gzip
{
	my ($in) = @_;
	my $out;
	IO::Compress::Gzip::gzip(\$in => \$out) or die 'gzip';
	return $out;
}

# Many bytes that are a few: one member of a gzip file is repeated, which is a
# valid file that decodes to 'n' times 16 MB.
my $bomb_member;

sub bomb_member
{
	if (!$bomb_member)
	{
		my $zeros = ' ' x (1 << 24);
		$bomb_member = gzip($zeros);
	}
	return $bomb_member;
}

# One gzip stream that never ends: stored once compressed, sent again and again.
sub endless_deflate
{
	my ($request) = @_;
	my $piece     = ' ' x (1 << 20);
	my $out       = '';
	my $z         = IO::Compress::Gzip->new(\$out, -Level => 9);
	my $sent      = 0;

	head($request, 200, @xml, 'Content-Encoding' => 'gzip', Connection => 'close') or return 0;
	while ($sent < $max_endless && getppid() == $parent)
	{
		$z->print($piece);
		$sent += length $piece;
		if (length $out > 8192)
		{
			send_all($request->{client}, $out) or last;
			$out = '';
		}
	}
	return 0;
}

%handlers = (

	'ok' => sub {
		my ($r) = @_;
		my $file = "$r->{self}{fixtures}/$r->{rest}";
		if ($r->{rest} =~ m{\.\.} || !open(my $in, '<:raw', $file))
		{
			return respond($r, 404, { 'Content-Type' => 'text/plain' }, "no such fixture\n");
		}
		else
		{
			my $body = do { local $/; <$in> };
			my $etag = sprintf '"%x-%x"', length $body, unpack '%32C*', $body;
			my $date = http_date((stat $in)[9]);
			my @h    = (ETag => $etag, 'Last-Modified' => $date);
			my $none = $r->{headers}{'if-none-match'};
			my $type = $r->{query}{type} // ($file =~ /\.json$/ ? 'application/json'
				: $file =~ /\.html?$/ ? 'text/html'
				:                       'application/xml');
			return respond($r, 304, \@h, '')
			  if defined $none
			  ? $none eq $etag
			  : ($r->{headers}{'if-modified-since'} // '') eq $date;
			return respond($r, 200, [ 'Content-Type' => $type, @h ], $body);
		}
	},

	'text' => sub {
		my ($r) = @_;
		my @h = ('Content-Type' => $r->{query}{type} // 'application/atom+xml; charset=utf-8');
		foreach (@{ $r->{pairs} })
		{
			push @h, $1 => $2 if $_->[0] eq 'header' && $_->[1] =~ /^([^:]+):\s*(.*)$/s;
		}
		sleep $r->{query}{delay} if $r->{query}{delay};
		return respond($r, $r->{query}{status} || 200, \@h, $r->{query}{body} // $ATOM);
	},

	'echo' => sub {
		my ($r) = @_;
		return respond($r, 200, [ 'Content-Type' => 'text/plain' ], $r->{text});
	},

	'count' => sub {
		my ($r) = @_;
		return respond(
			$r, 200,
			[ 'Content-Type' => 'text/plain' ],
			$r->{self}->count($r->{query}{path} // '') . "\n");
	},

	'redirect' => sub {
		my ($r)    = @_;
		my $status = $r->{query}{status} || 302;
		my $n      = $r->{rest} =~ /^\d+$/ ? $r->{rest}                                  : 1;
		my $to     = $n > 1                ? '/redirect/' . ($n - 1) . "?status=$status" : '/text';
		return respond($r, $status, [ Location => $to ], "over there\n");
	},

	'redirect-to' => sub {
		my ($r)  = @_;
		my $body = 'x' x ($r->{query}{size} // 0);
		my $to   = ($r->{query}{u} // '/') . 'x' x ($r->{query}{long} // 0);
		return respond($r, $r->{query}{status} || 302, [ Location => $to ], $body);
	},

	'loop' => sub { my ($r) = @_; return respond($r, 302, [ Location => '/loop' ], ''); },

	'stall' => sub { my ($r) = @_; linger($max_stall, $r->{client}); return 0; },

	'stall-body' => sub {
		my ($r) = @_;
		head($r, 200, @xml, 'Content-Length' => 100000) or return 0;
		send_all($r->{client}, substr($ATOM, 0, 60));
		linger($max_stall, $r->{client});
		return 0;
	},

	'slow' => sub {
		my ($r) = @_;
		head($r, 200, @xml, 'Content-Length' => 100000) or return 0;
		for (1 .. $max_stall * 10)
		{
			last unless send_all($r->{client}, ' ') && getppid() == $parent;
			sleep 0.1;
		}
		return 0;
	},

	'reset' => sub {
		my ($r) = @_;
		head($r, 200, @xml, 'Content-Length' => 100000) unless $r->{query}{at_once};
		setsockopt($r->{client}, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
		close $r->{client};
		return 0;
	},

	'early-close' => sub { return 0; },

	'chunked' => sub {
		my ($r) = @_;
		head($r, 200, @xml, 'Transfer-Encoding' => 'chunked');
		foreach ($ATOM =~ /(.{1,50})/gs)
		{
			send_all($r->{client}, sprintf("%x\r\n%s\r\n", length $_, $_));
		}

		# The trailer's fields are not the header's.
		return send_all($r->{client}, "0\r\nETag: \"from the trailer\"\r\n\r\n");
	},

	'gzip' => sub {
		my ($r) = @_;
		return respond($r, 200, [ @xml, 'Content-Encoding' => 'gzip' ], gzip($ATOM));
	},

	'deflate' => sub {
		my ($r) = @_;
		my $out;
		if ($r->{query}{raw}) { IO::Compress::RawDeflate::rawdeflate(\$ATOM => \$out); }
		else                  { IO::Compress::Deflate::deflate(\$ATOM => \$out); }
		return respond($r, 200, [ @xml, 'Content-Encoding' => 'deflate' ], $out);
	},

	'bomb' => sub {
		my ($r) = @_;
		return endless_deflate($r) if !$r->{query}{members} && !$r->{query}{twice};
		if ($r->{query}{twice})
		{
			my $body = gzip(bomb_member() x 16);
			return respond($r, 200, [ @xml, 'Content-Encoding' => 'gzip, gzip' ], $body);
		}
		head($r, 200, @xml, 'Content-Encoding' => 'gzip', Connection => 'close');
		for (1 .. 128) { send_all($r->{client}, bomb_member()) or last; }
		return 0;
	},

	'chunkbomb' => sub {
		my ($r)   = @_;
		my $piece = sprintf("%x\r\n%s\r\n", 65536, ' ' x 65536);
		my $sent  = 0;
		head($r, $r->{query}{status} || 200, @xml, 'Transfer-Encoding' => 'chunked');
		while ($sent < $max_endless && getppid() == $parent)
		{
			send_all($r->{client}, $piece) or last;
			$sent += 65536;
		}
		return 0;
	},

	'lie-length' => sub {
		my ($r) = @_;
		head($r, 200, @xml, 'Content-Length' => $r->{query}{say} // length($ATOM) + 100);
		send_all($r->{client}, $ATOM);
		return 0;
	},

	'lie-gzip' => sub {
		my ($r) = @_;
		return respond(
			$r,
			$r->{query}{status} || 200,
			[ @xml, Location => '/text', 'Content-Encoding' => $r->{query}{say} // 'gzip' ], $ATOM);
	},

	'cut-gzip' => sub {
		my ($r) = @_;
		my $body = gzip($ATOM);
		return respond(
			$r, 200,
			[ @xml, 'Content-Encoding' => 'gzip' ],
			substr($body, 0, length($body) / 2));
	},

	'status' => sub {
		my ($r) = @_;
		my @h = ('Content-Type' => 'text/plain');
		push @h, 'Retry-After' => $r->{query}{after} if defined $r->{query}{after};
		push @h, 'Retry-After' => http_date(time() + $r->{query}{after_date})
		  if $r->{query}{after_date};
		return respond($r, $r->{rest} + 0, \@h, $r->{query}{body} // "status $r->{rest}\n");
	},

	'etag' => sub {
		my ($r) = @_;
		my $etag = $r->{query}{v} // '"v1"';
		return respond($r, 304, [ ETag => $etag ], '')
		  if ($r->{headers}{'if-none-match'} // '') eq $etag;
		return respond($r, 200, [ @xml, ETag => $etag ], $ATOM);
	},

	'modified' => sub {
		my ($r) = @_;
		my $date = 'Fri, 02 Jan 2026 03:04:05 GMT';
		return respond($r, 304, [], '') if ($r->{headers}{'if-modified-since'} // '') eq $date;
		return respond($r, 200, [ @xml, 'Last-Modified' => $date ], $ATOM);
	},

	'header-injection' => sub {
		my ($r) = @_;
		return respond_until_close($r,
			[ @xml, ETag => "\"odd\rX-Injected: 1\x01\x7f\xff\"", 'Last-Modified' => "x\x0by" ],
			$ATOM);
	},

	'huge-headers' => sub {
		my ($r) = @_;
		my $text = "HTTP/1.1 200 OK\r\n"
		  . join('', map { "X-Filler-$_: " . 'x' x 1000 . "\r\n" } 1 .. 20000);
		send_all($r->{client}, "$text\r\n$ATOM");
		return 0;
	},

	'huge-header' => sub {
		my ($r) = @_;
		send_all($r->{client}, "HTTP/1.1 200 OK\r\nX-Long: " . 'x' x 20_000_000 . "\r\n\r\n$ATOM");
		return 0;
	},

	'endless-headers' => sub {
		my ($r)  = @_;
		my $sent = send_all($r->{client}, "HTTP/1.1 200 OK\r\n");
		my $line = "X: y\r\n" x 1000;
		for (1 .. 100_000) { send_all($r->{client}, $line) or last; last if getppid() != $parent; }
		return 0;
	},

	'continue' => sub {
		my ($r) = @_;
		my $endless = $r->{query}{endless};
		for (1 .. ($endless ? 1_000_000 : 3))
		{
			send_all($r->{client}, "HTTP/1.1 103 Early Hints\r\nETag: \"hint\"\r\n\r\n")
			  or return 0;
		}
		return respond($r, 200, \@xml, $ATOM);
	},

	'http09' => sub { my ($r) = @_; send_all($r->{client}, $ATOM); return 0; },

	'empty' => sub { my ($r) = @_; return respond($r, 200, \@xml, ''); },

	'garbage' => sub {
		my ($r) = @_;
		send_all($r->{client}, join '', map { chr(($_ * 7919) % 256) } 1 .. 4096);
		return 0;
	},

	'html' => sub {
		my ($r) = @_;
		return respond($r, 200, [ 'Content-Type' => 'text/html; charset=utf-8' ],
				'<!DOCTYPE html><html><head><title>Page</title>'
			  . '<link rel="alternate" type="application/atom+xml" href="/text"></head>'
			  . '<body>Page.</body></html>'
		);
	},);

1;
