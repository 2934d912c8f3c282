/* paperfeed install script; made from the .sql files below src */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION paperfeed" to load this file. \quit

COMMENT ON SCHEMA paperfeed IS 'feeds of research papers in, one row per paper out, ranked by SQL';
