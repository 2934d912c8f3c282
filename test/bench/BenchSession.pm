# A psql that stays open, for asking one backend many things.
#
#   my $session = BenchSession->new('/path/to/psql');
#   $session->query('SELECT 1, 2');              # "1|2"
#   my ($t, $result) = $session->timed($sql);    # $t: [seconds of CPU time, seconds]
#
#   $session->send($sql);                        # do something else while it runs
#   1 until $session->ready(0.01);               # wait that long at most
#   $session->result;

package BenchSession;

use strict;
use warnings;

use IO::Handle;
use IPC::Open2;
use Time::HiRes qw(time);

my $MARK = 'end of the answer';

sub new
{
	my ($class, $psql) = @_;
	my $self = bless { buffer => '' }, $class;

	$self->{pid} = open2($self->{out}, $self->{in}, $psql, '-XAtq', '-v', 'ON_ERROR_STOP=1');
	return $self;
}

sub send
{
	my ($self, $sql) = @_;
	my $in = $self->{in};
	local $SIG{PIPE} = 'IGNORE';

	print $in "$sql;\n\\echo $MARK\n";
	$in->flush;
}

sub ready
{
	my ($self, $seconds) = @_;
	my $bits = '';

	vec($bits, fileno($self->{out}), 1) = 1;
	if (select($bits, undef, undef, $seconds) > 0)
	{
		my $n = sysread($self->{out}, $self->{buffer}, 65536, length $self->{buffer});
		die "the session has ended\n" unless $n;
	}
	return $self->{buffer} =~ /^$MARK\n/m;
}

sub result
{
	my ($self) = @_;

	1 until $self->{buffer} =~ /^$MARK\n/m || $self->ready(60);
	$self->{buffer} =~ s/^(.*?)$MARK\n//s;
	my $result = $1;
	chomp $result;
	return $result;
}

sub query
{
	my ($self, $sql) = @_;

	$self->send($sql);
	return $self->result;
}

# CPU time of the backend, by bench.cpu().
sub timed
{
	my ($self, $sql) = @_;
	my $cpu = $self->query('SELECT bench.cpu()');
	my $wall = time;
	my $result = $self->query($sql);

	$wall = time - $wall;
	return ([ $self->query('SELECT bench.cpu()') - $cpu, $wall ], $result);
}

sub close
{
	my ($self) = @_;

	close $self->{in};
	waitpid $self->{pid}, 0;
}

1;
