# A psql that stays open, to ask one backend many things; and what documents cost it.
#
#   my $session = PaperfeedSession->new($node);
#   $session->query('SELECT 1, 2');        # "1|2"; dies with psql's words over an error
#   $session->pid;                         # of the backend
#   PaperfeedSession::create($node);       # schema "hostile" for these two:
#   my %r = $session->try_document('parse', $file, type => 'text/xml', base => 'http://...');
#
# %r: state (SQLSTATE, 00000 if all was well), result, cpu (ms), grown (kB: the highest that the
# backend's memory was during the call, less the document and what the session began with),
# late (ms from statement_timeout to the end, where it was canceled).  Functions are parse
# (result: "N papers"), feed_info (state, problem), ingest_document and ingest_file (status,
# records, papers added, error).
#
# Linux only, as costs come from /proc.  Start the server with PaperfeedSession::environment
# in %ENV: then malloc gives memory back, and what one call left behind is not another's cost.

package PaperfeedSession;

use strict;
use warnings;

use IPC::Run ();
use Time::HiRes qw(time);

my $mark = 'end of the answer';

sub new
{
	my ($class, $node, %arg) = @_;
	my $self = bless { in => '', out => '', err => '' }, $class;

	local $ENV{PGOPTIONS} = $arg{options} // '';
	$self->{timer} = IPC::Run::timeout($arg{timeout} // 180);
	$self->{run} = IPC::Run::start(
		[
			$node->installed_command('psql'), '-XAtq', '-v', 'ON_ERROR_STOP=0', '-v', 'VERBOSITY=verbose',
			'-d', $node->connstr('postgres')
		],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, $self->{timer});
	$self->{pid} = $self->query('SELECT pg_backend_pid()');
	if ($arg{warm_up})
	{
		# What stays from a first call is no growth.
		$self->try_document($_, $arg{warm_up}) foreach qw(parse feed_info ingest_document);
		$self->{memory} = $self->query(q{SELECT hostile.memory('VmRSS')});
	}
	return $self;
}

sub query
{
	my ($self, $sql) = @_;

	$self->{timer}->start;
	$self->{in} .= "$sql;\n\\echo $mark\n\\warn $mark\n";
	until ($self->{out} =~ /^$mark\n/m && $self->{err} =~ /^$mark\n/m)
	{
		die "the backend is gone: $self->{err}" if $self->{err} =~ /connection to server was lost/;
		die "psql has ended: $self->{err}" unless $self->{run}->pumpable;
		$self->{run}->pump;
	}
	$self->{out} =~ s/\A(.*?)^$mark\n//ms;
	my $answer = $1;
	$self->{err} =~ s/\A(.*?)^$mark\n//ms;
	my $error = $1;
	die $error if $error =~ /^(?:ERROR|FATAL|PANIC):/m;
	chomp $answer;
	return $answer;
}

sub pid { return $_[0]{pid}; }

sub environment { return (MALLOC_TRIM_THRESHOLD_ => 131072, MALLOC_MMAP_THRESHOLD_ => 131072); }

sub close
{
	my ($self) = @_;

	$self->{in} .= "\\q\n";
	$self->{run}->finish;
	return;
}

sub create
{
	my ($node) = @_;

	$node->safe_psql(
		'postgres', q{
	CREATE SCHEMA hostile;

	-- kB of memory that is this backend's own
	CREATE FUNCTION hostile.memory(what text) RETURNS integer LANGUAGE sql VOLATILE AS $$
		SELECT substring(pg_read_file('/proc/self/status') FROM what || ':\s*(\d+)')::integer $$;

	-- ms of CPU time, in steps of 10
	CREATE FUNCTION hostile.cpu() RETURNS integer LANGUAGE sql VOLATILE AS $$
		SELECT 10 * (s[12]::integer + s[13]::integer)
		  FROM string_to_array(substring(pg_read_file('/proc/self/stat') FROM '\) (.*)'), ' ') AS s $$;

	CREATE FUNCTION hostile.try_document(what text, path text, base text, type text,
		OUT state text, OUT cpu integer, OUT highest integer, OUT late integer, OUT result text)
	LANGUAGE plpgsql
	SET plan_cache_mode = force_generic_plan	-- other plans hold a copy of the document
	AS $$
	DECLARE
		document bytea;
	BEGIN
		IF what <> 'ingest_file' THEN
			document := pg_read_binary_file(path);
		END IF;
		-- let the highest mark be what it is now
		EXECUTE $e$COPY (SELECT 5) TO '/proc/self/clear_refs'$e$;
		cpu := hostile.cpu();
		BEGIN
			CASE what
				WHEN 'parse' THEN
					SELECT count(*) || ' papers' INTO result FROM paperfeed.parse(document, base, type);
				WHEN 'feed_info' THEN
					SELECT i.state || ': ' || COALESCE(i.problem, '') INTO result
					  FROM paperfeed.feed_info(document, base, type) AS i;
				WHEN 'ingest_document' THEN
					SELECT r.status || ' ' || r.seen || ' ' || r.added || ': ' || COALESCE(r.error, '')
					  INTO result
					  FROM paperfeed.ingest_document(document, 'paperfeed.papers', base, type) AS r;
				WHEN 'ingest_file' THEN
					SELECT r.status || ' ' || r.seen || ' ' || r.added || ': ' || COALESCE(r.error, '')
					  INTO result
					  FROM paperfeed.ingest_file(path, 'paperfeed.papers', base) AS r;
			END CASE;
			state := '00000';
		EXCEPTION
			WHEN query_canceled THEN
				late := 1000 * extract(epoch FROM clock_timestamp() - statement_timestamp()) -
					(SELECT s.setting::integer FROM pg_settings AS s WHERE s.name = 'statement_timeout');
				state := SQLSTATE;
				result := SQLERRM;
			WHEN OTHERS THEN
				state := SQLSTATE;
				result := SQLERRM;
		END;
		cpu := hostile.cpu() - cpu;
		highest := hostile.memory('VmHWM');
	END $$;
	});
	return;
}

my $literal = sub { return defined $_[0] ? "'" . $_[0] =~ s/'/''/gr . "'" : 'NULL'; };

sub try_document
{
	my ($self, $what, $path, %arg) = @_;
	my $answer = $self->query(
		sprintf q{SELECT state, cpu, highest, late, replace(result, E'\n', ' ')
			FROM hostile.try_document(%s, %s, %s, %s)},
		map { $literal->($_) } $what, $path, $arg{base}, $arg{type});
	my %r;
	@r{qw(state cpu grown late result)} = split /\|/, $answer, 5;
	$r{grown} -= ($self->{memory} // 0) + ($what eq 'ingest_file' ? 0 : (-s $path) / 1024);
	$r{grown} = $r{grown} > 0 ? int $r{grown} : 0;
	return %r;
}

1;
