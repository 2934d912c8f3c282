# What the tests of the search index share.
#
#   PaperfeedIndex::configure($node);      # settings; before its start
#   PaperfeedIndex::setup($node);          # the extension, and schema oracle of index_oracle.sql
#   PaperfeedIndex::kill9($node);          # SIGKILL to the postmaster and all its children
#   my $h = PaperfeedIndex::start($node, $sql);    # a psql in the background
#   PaperfeedIndex::finish($h);            # what it said, however it ended
#   PaperfeedIndex::crashed($node);        # lines of the log that must not be there

package PaperfeedIndex;

use strict;
use warnings;

use File::Basename ();
use IPC::Run ();
use PostgreSQL::Test::Utils ();
use Time::HiRes qw(sleep);

sub setup
{
	my ($node, $db) = @_;

	$db //= 'postgres';
	$node->safe_psql($db, 'SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS paperfeed;'
		  . PostgreSQL::Test::Utils::slurp_file(File::Basename::dirname(__FILE__) . '/index_oracle.sql'));
	return;
}

sub configure
{
	my ($node) = @_;

	$node->append_conf('postgresql.conf', "autovacuum = off\njit = off\nmax_wal_size = '512MB'");
	return;
}

sub children
{
	my ($parent) = @_;
	my @pids;

	foreach my $stat (glob '/proc/[0-9]*/stat')
	{
		open my $f, '<', $stat or next;
		my $line = <$f>;
		close $f;
		push @pids, $1 if defined $line && $line =~ /^(\d+) \(.*\) \S (\d+) /s && $2 == $parent;
	}
	return @pids;
}

sub kill9
{
	my ($node) = @_;
	my ($pid) = split /\n/, PostgreSQL::Test::Utils::slurp_file($node->data_dir . '/postmaster.pid');

	kill 'STOP', $pid;
	my @all = ($pid, children($pid));
	kill 'KILL', @all;
	# Dead, but not taken note of by their parent yet, they look alive to pg_ctl.
	for (1 .. 3000)
	{
		last unless grep { !dead($_) } @all;
		sleep 0.01;
	}
	unlink $node->data_dir . '/postmaster.pid', $node->host . '/.s.PGSQL.' . $node->port . '.lock';
	$node->{_pid} = undef;
	return;
}

sub dead
{
	my ($pid) = @_;

	open my $f, '<', "/proc/$pid/stat" or return 1;
	my $line = <$f>;
	close $f;
	return !defined $line || $line =~ /^\d+ \(.*\) [ZX] /s;
}

# Files rather than pipes: nobody has to be at their other end all the time.
sub start
{
	my ($node, $sql, %arg) = @_;
	my $base = PostgreSQL::Test::Utils::tempdir() . '/session';
	my $h = { sql => "$base.sql", out => "$base.out", err => "$base.err" };

	PostgreSQL::Test::Utils::append_to_file($h->{sql}, $sql);
	$h->{timer} = IPC::Run::timeout($arg{timeout} // 180);
	$h->{run} = IPC::Run::start(
		[
			$node->installed_command('psql'), '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr($arg{db} // 'postgres'),
			'-f', $h->{sql}
		],
		'<', \undef, '>', $h->{out}, '2>', $h->{err}, $h->{timer});
	return $h;
}

sub finish
{
	my ($h) = @_;
	my $end = '';

	eval { $h->{run}->finish; 1 } or do { $end = "psql did not end: $@"; $h->{run}->kill_kill; };
	return (PostgreSQL::Test::Utils::slurp_file($h->{out}), PostgreSQL::Test::Utils::slurp_file($h->{err}) . $end);
}

# Lines of the log that must never be there.
sub crashed
{
	my ($node) = @_;
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);

	return join "\n", grep { /PANIC|was terminated by signal|TRAP:|inconsistent page|could not open relation/ } split /\n/, $log;
}

1;
