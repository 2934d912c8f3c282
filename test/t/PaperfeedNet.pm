# A server under test whose network is netstub.c's: names resolve as that file
# says, nothing but loopback is reached, attempts to connect are written down.
#
#   PaperfeedNet::start($node);      # instead of $node->start
#   PaperfeedNet::stubbed();         # false if there is no C compiler: names cannot be tried
#   PaperfeedNet::connects();        # "address port" of each attempt since the last call
#
# Also what the tests ask of a backend about itself (Linux only).

package PaperfeedNet;

use strict;
use warnings;

use File::Temp ();
use FindBin;

my ($dir, $stub);

sub build
{
	my $cc        = $ENV{CC}        || 'cc';
	my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
	my $of_server = `$pg_config --cc 2>/dev/null`;
	chomp $of_server;

	$dir = File::Temp::tempdir('paperfeed-net-XXXXXX', TMPDIR => 1, CLEANUP => 1);
	foreach ($cc, $of_server, 'gcc', 'clang')
	{
		next unless length $_;
		my $made = "$dir/netstub.so";
		return $made
		  if system("$_ -shared -fPIC -o $made $FindBin::RealBin/netstub.c -ldl >$dir/log 2>&1") ==
		  0;
	}
	return '';
}

sub stubbed { $stub //= $^O eq 'linux' ? build() : ''; return $stub ne ''; }

sub start
{
	my ($node)  = @_;
	my $preload = join ' ', grep { length } $ENV{LD_PRELOAD} // '', stubbed() ? $stub : '';

	local %ENV = %ENV;
	$ENV{LD_PRELOAD}            = $preload        if length $preload;
	$ENV{PAPERFEED_CONNECT_LOG} = "$dir/connects" if stubbed();
	$node->start;
	return;
}

sub connects
{
	return unless stubbed();
	open(my $in, '<', "$dir/connects") or return;
	my @lines = <$in>;
	close $in;
	unlink "$dir/connects";
	chomp @lines;
	return @lines;
}

# SQL expressions over the backend's own /proc: kB of memory now and at most, open files, threads.
sub rss { return q{(substring(pg_read_file('/proc/self/status') FROM 'VmRSS:\s*(\d+)')::integer)}; }
sub peak {
	return q{(substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s*(\d+)')::integer)};
}
sub files { return q{(SELECT count(*) FROM pg_ls_dir('/proc/self/fd'))}; }

sub threads
{
	return q{(substring(pg_read_file('/proc/self/status') FROM 'Threads:\s*(\d+)')::integer)};
}

1;
