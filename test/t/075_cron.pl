# If this fails, refresh() is not run on its schedule, or by another role, or not as a
# statement by itself; or whoever cannot have pg_cron do it is not told what to do instead.
#
# First with a stand-in that has pg_cron's tables and functions as far as they are used,
# which notes jobs and runs none; then with pg_cron itself, where the server has it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use PaperfeedHttp;
use PaperfeedNet;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $http = PaperfeedHttp->new(fixtures => "$FindBin::RealBin/../fixtures");
my $node = PostgreSQL::Test::Cluster->new('cron');
my $settings = "paperfeed.allow_private_hosts = '127.0.0.1'\npaperfeed.host_spacing = 0\n";

# A feed that is well and one that is not; what is to be seen of them once they were asked.
my $feeds = "INSERT INTO paperfeed.feeds (url, state, next_check) VALUES ('"
  . $http->url('/text?type=application/atom%2Bxml&body=')
  . (PaperfeedHttp::atom() =~ s/([^A-Za-z0-9])/sprintf '%%%02X', ord $1/ger)
  . "', 'active', now()), ('"
  . $http->url('/status/500') . "', 'active', now())";
my $health = q{SELECT health, COALESCE(last_error ~ '500', false), added_28_days FROM paperfeed.feed_health ORDER BY feed};
my $asked = "ok|f|1\nfailing|t|0";

$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'paperfeed'\n$settings");
PaperfeedNet::start($node);

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub fault    # the SQL, whose; gives "SQLSTATE: message" and the hint
{
	my ($sql, $role) = @_;
	my ($rc, $out, $err) =
	  $node->psql('postgres', ($role ? "SET ROLE $role;" : '') . "\\set VERBOSITY verbose\n$sql");
	my ($what) = $err =~ /ERROR:  (.*)/;
	my ($hint) = $err =~ /HINT:  (.*)/;
	return ($what // "no error: $out", $hint // '');
}

sql(q{
	CREATE EXTENSION paperfeed;
	CREATE ROLE keeper LOGIN;
	CREATE ROLE half LOGIN;
	GRANT USAGE ON SCHEMA paperfeed TO keeper, half;
	GRANT EXECUTE ON FUNCTION paperfeed.schedule, paperfeed.unschedule TO keeper, half;
	GRANT EXECUTE ON PROCEDURE paperfeed.refresh TO keeper;
	GRANT SELECT, INSERT, UPDATE, DELETE ON paperfeed.papers TO keeper});

# Where it cannot be, the way around is told.
my ($what, $hint) = fault(q{SELECT paperfeed.schedule('5 * * * *', 7, '90 seconds', 2)}, 'keeper');
is($what, '0A000: pg_cron is not loaded by this server', 'without pg_cron');
my ($line) = $hint =~ /(5 \* \* \* \* psql .*)/;
is( $line,
	q{5 * * * * psql -X -d postgres -c "CALL paperfeed.refresh(max_feeds => 7, max_time => '00:01:30', concurrency => 2)"},
	'a line of a crontab does it');
my ($command) = $line =~ /-c "(.*)"/;
my ($rc, $out, $err) = $node->psql('postgres', $command);
like($err, qr/NOTICE:  0 feeds asked/, 'which works');
sql("$feeds; GRANT SELECT ON paperfeed.feed_health TO keeper");
($rc, $out, $err) = $node->psql('postgres', $command, extra_params => [ '-U', 'keeper' ]);
like($err, qr/NOTICE:  2 feeds asked/, 'for a role with the rights that it takes');
is(sql("SET ROLE keeper; $health"), $asked, 'and shows what failed');
is(sql('SELECT paperfeed.unschedule(), paperfeed.schedule(NULL)'), 'f|', 'nothing is scheduled');
$node->append_conf('postgresql.conf', "cron.database_name = 'the cron''s'");
$node->reload;
($what, $hint) = fault('SELECT paperfeed.schedule()', 'keeper');
is($what, q{55000: pg_cron is in database "the cron's", not in this one}, 'in another database');
is( $hint,
	q{Run there: SELECT cron.schedule_in_database('paperfeed refresh in postgres', '*/15 * * * *', 'CALL paperfeed.refresh()', 'postgres');},
	'the statement for it');
($what, $hint) = fault('SELECT paperfeed.unschedule()');
is($hint, q{Run there: SELECT cron.unschedule('paperfeed refresh in postgres');}, 'and that to end it');
$node->append_conf('postgresql.conf', "cron.database_name = 'postgres'");
$node->reload;
($what, $hint) = fault('SELECT paperfeed.schedule()', 'keeper');
is($what, '55000: extension "pg_cron" is not created yet', 'not yet created');
is(sql('SELECT paperfeed.unschedule()'), 'f', 'so there is nothing');

# The stand-in: pg_cron 1.4's signatures, jobs of one name and role being one.
sql(q{
	CREATE SCHEMA cron;
	CREATE TABLE cron.job (jobid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, schedule text NOT NULL, command text NOT NULL,
		database text NOT NULL DEFAULT current_database(), username text NOT NULL DEFAULT current_user, active boolean NOT NULL DEFAULT true,
		jobname name, UNIQUE (jobname, username));
	ALTER TABLE cron.job ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON cron.job USING (username = current_user);
	GRANT SELECT ON cron.job TO PUBLIC;
	CREATE FUNCTION cron.schedule(schedule text, command text) RETURNS bigint LANGUAGE plpgsql STRICT AS $$ BEGIN RAISE 'not that one'; END $$;
	CREATE FUNCTION cron._add(job_name name, schedule text, command text, role text) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
		INSERT INTO cron.job (jobname, schedule, command, username) VALUES ($1, $2, $3, $4)
		ON CONFLICT (jobname, username) DO UPDATE SET schedule = excluded.schedule, command = excluded.command RETURNING jobid $$;
	CREATE FUNCTION cron.schedule(job_name name, schedule text, command text) RETURNS bigint LANGUAGE plpgsql STRICT AS $$
	BEGIN
		IF schedule !~ '^[0-9*/, -]+$' THEN RAISE invalid_parameter_value USING MESSAGE = 'invalid schedule: ' || schedule; END IF;
		RETURN cron._add($1, $2, $3, current_user);
	END $$;
	CREATE FUNCTION cron._remove(job_id bigint, role text) RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
		WITH d AS (DELETE FROM cron.job WHERE jobid = $1 AND $2 IN (username, 'postgres') RETURNING 1) SELECT count(*) > 0 FROM d $$;
	CREATE FUNCTION cron.unschedule(job_id bigint) RETURNS boolean LANGUAGE sql STRICT AS $$ SELECT cron._remove($1, current_user) $$;
	CREATE FUNCTION cron.unschedule(job_name name) RETURNS boolean LANGUAGE plpgsql STRICT AS $$ BEGIN RAISE 'not that one'; END $$;
	SET allow_system_table_mods = on;
	INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
	VALUES (99999, 'pg_cron', 10, 'pg_catalog'::regnamespace, false, '1.4-1')});

($what) = fault('SELECT paperfeed.schedule()', 'half');
like($what, qr/^42501: permission denied for procedure refresh/, 'who may not refresh() schedules nothing');
($what) = fault('SELECT paperfeed.schedule()', 'keeper');
like($what, qr/^42501: permission denied for schema cron/, 'nor who may not use pg_cron');
sql('GRANT USAGE ON SCHEMA cron TO keeper');
my $job = sql('SET ROLE keeper; SELECT paperfeed.schedule()');
my $show = 'SELECT jobid, jobname, schedule, command, database, username FROM cron.job ORDER BY username';
is(sql($show), "$job|paperfeed refresh|*/15 * * * *|CALL paperfeed.refresh()|postgres|keeper", 'a job of the caller');
is(sql(q{SET ROLE keeper; SELECT paperfeed.schedule('0 6 * * 1-5', max_time => '1 day -3 hours', concurrency => 32)}), $job, 'is changed');
is( sql($show),
	"$job|paperfeed refresh|0 6 * * 1-5|CALL paperfeed.refresh(max_time => '1 day -03:00:00', concurrency => 32)|postgres|keeper",
	'to what it is told');
foreach my $style ('sql_standard', 'postgres_verbose', 'iso_8601')
{
	sql("SET ROLE keeper; SET intervalstyle = $style; SELECT paperfeed.schedule(max_time => '1 mon -3 days 0.5 seconds')");
	is( sql(q{SELECT substring(command FROM '''(.*)''')::interval = '1 mon -3 days 0.5 seconds' FROM cron.job}),
		't', "a time in style $style");
}
my $other = sql(q{SELECT paperfeed.schedule('1 1 * * *', 1)});
isnt($other, $job, 'another role has another');
($what) = fault("SELECT paperfeed.schedule('tomorrow')", 'keeper');
is($what, '22023: invalid schedule: tomorrow', 'a fault that pg_cron finds');
is(sql(q{SET ROLE keeper; SELECT paperfeed.schedule('*/5 * * * *')}), $job, 'a later one replaces it');
foreach ('max_feeds => 0', 'max_feeds => -1', q{max_time => '0'}, q{max_time => '-1 day'}, 'concurrency => 0', 'concurrency => 33')
{
	($what) = fault("SELECT paperfeed.schedule($_)", 'keeper');
	like($what, qr/^22023: (max_feeds|max_time|concurrency) must be /, "no $_");
}
is(sql('SELECT paperfeed.unschedule(), paperfeed.unschedule()'), 't|f', 'a superuser ends his own alone');
is(sql('SELECT jobid FROM cron.job'), $job, 'though he sees all');
$other = sql('SELECT paperfeed.schedule()');
# Names of the caller's are not taken for the system's.
sql(q{
	CREATE SCHEMA trap;
	GRANT USAGE ON SCHEMA trap TO PUBLIC;
	CREATE FUNCTION trap.eq(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
	CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.eq);
	CREATE FUNCTION trap.has_function_privilege(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'});
($what) = fault('SET search_path = trap, pg_catalog; SELECT paperfeed.schedule()', 'half');
like($what, qr/^42501: permission denied for procedure refresh/, 'search_path does not let him');
is(sql('SET ROLE keeper; SET search_path = trap, pg_catalog; SELECT paperfeed.unschedule()'), 't', 'and does not hide what was scheduled');
is(sql('SET ROLE keeper; SELECT paperfeed.unschedule()'), 'f', 'that is gone then');
is(sql('SELECT jobid FROM cron.job'), $other, 'but not that of another role');
is(sql('SELECT paperfeed.unschedule()'), 't', 'who ends it himself');
$node->stop;

# pg_cron itself: once with background workers, once through libpq; both wait for the same minute.
SKIP:
{
	chomp(my $sharedir = `$ENV{PG_CONFIG} --sharedir`) if $ENV{PG_CONFIG};
	chomp($sharedir = `pg_config --sharedir`) unless $ENV{PG_CONFIG};
	skip 'this server has no pg_cron', 1 unless -e "$sharedir/extension/pg_cron.control";

	my @nodes;
	foreach my $workers ('on', 'off')
	{
		my $real = PostgreSQL::Test::Cluster->new("cron_$workers");
		$real->init;
		$real->append_conf('postgresql.conf', <<END);
shared_preload_libraries = 'paperfeed, pg_cron'
cron.database_name = 'postgres'
cron.use_background_workers = $workers
cron.host = '127.0.0.1'
listen_addresses = '127.0.0.1'
max_worker_processes = 20
$settings
END
		$real->append_conf('pg_hba.conf', 'host all all 127.0.0.1/32 trust');
		PaperfeedNet::start($real);
		$real->safe_psql(
			'postgres', q{
			CREATE EXTENSION pg_cron;
			CREATE EXTENSION paperfeed;
			CREATE ROLE keeper LOGIN;
			GRANT USAGE ON SCHEMA paperfeed, cron TO keeper;
			GRANT EXECUTE ON FUNCTION paperfeed.schedule, paperfeed.unschedule TO keeper;
			GRANT EXECUTE ON PROCEDURE paperfeed.refresh TO keeper;
			GRANT SELECT, INSERT, UPDATE, DELETE ON paperfeed.papers TO keeper;
			GRANT SELECT ON paperfeed.feed_health TO keeper});
		$real->safe_psql('postgres', $feeds);
		isnt($real->safe_psql('postgres', q{SET ROLE keeper; SELECT paperfeed.schedule('* * * * *')}), '', "workers $workers: scheduled");
		push @nodes, [ $workers, $real ];
	}
	my $until = time() + 75;
	foreach (@nodes)
	{
		my ($workers, $real) = @$_;
		my $done = 0;
		until ($done || time() > $until)
		{
			sleep 0.5;
			$done = $real->safe_psql('postgres',
				q{SELECT count(*) = 2 FROM paperfeed.feeds WHERE last_checked IS NOT NULL}) eq 't';
		}
		is( $real->safe_psql('postgres', "SET ROLE keeper; $health"), $asked,
			"workers $workers: the feeds were asked, and what failed is told");
		is( $real->safe_psql('postgres', q{SELECT DISTINCT username FROM cron.job_run_details}),
			'keeper', "workers $workers: by the role that scheduled it");
		is($real->safe_psql('postgres', 'SET ROLE keeper; SELECT paperfeed.unschedule(), paperfeed.unschedule()'), 't|f', "workers $workers: unscheduled");
		is($real->safe_psql('postgres', 'SELECT count(*) FROM cron.job'), '0', "workers $workers: no job is left");
		my ($rc2, $out2, $err2) = $real->psql('postgres', "SELECT paperfeed.schedule('tomorrow')");
		like($err2, qr/tomorrow/, "workers $workers: a bad schedule is pg_cron's fault to tell");
		$real->stop;
	}
}

$http->stop;
done_testing();
