-- If this fails, somebody can forge heat, change weights, or act in another reader's name.
\set VERBOSITY terse
CREATE ROLE regress_paperfeed_mallory;
CREATE ROLE regress_paperfeed_victim;
GRANT USAGE ON SCHEMA paperfeed TO regress_paperfeed_mallory, regress_paperfeed_victim;
GRANT SELECT ON paperfeed.papers, paperfeed.saves, paperfeed.votes TO regress_paperfeed_mallory, regress_paperfeed_victim;
CREATE SCHEMA mallory AUTHORIZATION regress_paperfeed_mallory;
INSERT INTO paperfeed.papers (id, title) VALUES ('2501.00001', 'A paper'), ('2501.00002', 'Another');

-- our trigger functions are for our tables, and for nobody to make triggers of
SET ROLE regress_paperfeed_mallory;
CREATE TABLE mallory.fake (paper text, kind bigint, weight float8, at timestamptz, reader text, source text, known_at timestamptz, retracts bool);
CREATE TRIGGER t AFTER INSERT ON mallory.fake REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._signals_added();
RESET ROLE;
CREATE TRIGGER t AFTER INSERT ON mallory.fake REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._signals_added();
CREATE TRIGGER u AFTER TRUNCATE ON mallory.fake FOR EACH STATEMENT EXECUTE FUNCTION paperfeed._signals_changed();
CREATE TRIGGER v BEFORE INSERT ON mallory.fake FOR EACH ROW EXECUTE FUNCTION paperfeed._signal_kinds_insert();
SET ROLE regress_paperfeed_mallory;
TRUNCATE mallory.fake;
INSERT INTO mallory.fake VALUES ('2501.00001', 3, 1e9, now());
RESET ROLE;
DROP TRIGGER v ON mallory.fake;
CREATE TRIGGER v BEFORE INSERT ON mallory.fake FOR EACH ROW EXECUTE FUNCTION paperfeed._half_lives_insert();
INSERT INTO mallory.fake VALUES ('2501.00001', 3, 1e9, now());
DROP TRIGGER v ON mallory.fake;
CREATE TRIGGER v BEFORE INSERT ON mallory.fake FOR EACH ROW EXECUTE FUNCTION paperfeed._resolvers_insert();
INSERT INTO mallory.fake VALUES ('2501.00001', 3, 1e9, now());
DROP TRIGGER v ON mallory.fake;
INSERT INTO mallory.fake VALUES ('2501.00001', 3, 1e9, now());

-- what runs as a table's owner while another one maintains it is in the owner's name
SET ROLE regress_paperfeed_victim;
SELECT paperfeed.save('2501.00001', note => 'secret');
SET ROLE regress_paperfeed_mallory;
CREATE TABLE mallory.t (a int);
CREATE TABLE mallory.stolen (reader text, note text);
CREATE FUNCTION mallory.act() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO mallory.stolen SELECT paperfeed.current_reader(), note FROM paperfeed.saves;
	INSERT INTO mallory.stolen VALUES (paperfeed.current_reader(), paperfeed.vote('2501.00002', -1)::text);
	RETURN 1;
END $$;
CREATE FUNCTION mallory.f(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN RETURN CASE WHEN current_setting('mallory.armed', true) = 'yes' THEN mallory.act() ELSE 1 END; END $$;
CREATE INDEX ON mallory.t (mallory.f(a));
INSERT INTO mallory.t VALUES (1);
GRANT ALL ON SCHEMA mallory TO PUBLIC;
RESET ROLE;
SET mallory.armed = 'yes';
SET paperfeed.reader = 'regress_paperfeed_victim';
ANALYZE mallory.t;
RESET paperfeed.reader;
SELECT DISTINCT * FROM mallory.stolen;
SELECT reader, paper, value FROM paperfeed.votes;
RESET mallory.armed;

-- what has to see all signals is not for snapshots that stay
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT paperfeed.rebuild_heat();
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE paperfeed.signal_kinds SET weight = 2 WHERE kind = 'vote';
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
DELETE FROM paperfeed.signals;
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT paperfeed.vote('2501.00001'), paperfeed.vote('2501.00002');
SELECT id, votes FROM paperfeed.trending();
ROLLBACK;

-- kinds keep their names, half-lives find another slot where theirs is taken
UPDATE paperfeed.signal_kinds SET kind = 'votes' WHERE kind = 'vote';
UPDATE paperfeed.signal_kinds SET id = DEFAULT WHERE kind = 'vote';
INSERT INTO paperfeed.half_lives VALUES ('5 days', 2), ('4 days', 9);
INSERT INTO paperfeed.half_lives VALUES ('5 days', 2);
SELECT * FROM paperfeed.half_lives ORDER BY slot;
DELETE FROM paperfeed.half_lives WHERE half_life = '5 days';

-- a trigger of one's own on what is written without statements
CREATE TABLE told (what text);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.told VALUES (TG_TABLE_NAME || ' ' || TG_OP); RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE ON paperfeed.heat FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER tell AFTER INSERT ON paperfeed.signals FOR EACH STATEMENT EXECUTE FUNCTION tell();
CREATE TRIGGER tell AFTER INSERT ON paperfeed.votes FOR EACH ROW EXECUTE FUNCTION tell();
SELECT paperfeed.vote('2501.00001'), paperfeed.vote('2501.00002', 1);
SELECT what, count(*) FROM told GROUP BY what ORDER BY what;
DROP TRIGGER tell ON paperfeed.heat;
DROP TRIGGER tell ON paperfeed.signals;
DROP TRIGGER tell ON paperfeed.votes;
DROP TABLE told;
DROP FUNCTION tell;

-- much that was taken back leaves what is small to be seen by a replay
TRUNCATE paperfeed.signals;
INSERT INTO paperfeed.signals (paper, kind, weight) VALUES ('2501.00001', 'vote', 3), ('2501.00001', 'save', 1e12), ('2501.00001', 'save', -1e12), ('2501.00002', 'vote', 1);
SELECT id FROM paperfeed.trending(1, '3 days');
SELECT id FROM paperfeed.trending(1, '1 day');

TRUNCATE paperfeed.signals, paperfeed.votes, paperfeed.saves;
DELETE FROM paperfeed.papers;
DROP SCHEMA mallory CASCADE;
REVOKE ALL ON SCHEMA paperfeed FROM regress_paperfeed_mallory, regress_paperfeed_victim;
REVOKE ALL ON ALL TABLES IN SCHEMA paperfeed FROM regress_paperfeed_mallory, regress_paperfeed_victim;
DROP ROLE regress_paperfeed_mallory, regress_paperfeed_victim;
