-- If this fails, JSON that is broken, hostile or unusual is read wrongly: papers
-- before the fault are lost, the fault is not told, or it becomes an error.
SET timezone = 'UTC';
\pset format unaligned
\pset tuples_only on

-- the titles, and what feed_info says
CREATE FUNCTION pg_temp.try(doc bytea) RETURNS text LANGUAGE sql AS
$$
	SELECT concat_ws(' | ', i.state, i.records, i.problem,
					 (SELECT string_agg(title, ', ' ORDER BY n)
					  FROM paperfeed.parse(CASE WHEN i.state <> 'failed' THEN doc END)
						   WITH ORDINALITY p(id, title, abstract, authors, published, updated, version,
											 categories, doi, venue, comment, license, url, pdf_url, links,
											 metrics, withdrawn, source, extra, n)))
	FROM paperfeed.feed_info(doc) i
$$;
CREATE FUNCTION pg_temp.try(doc text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.try(convert_to(doc, 'UTF8')) $$;

-- cut off: what was complete is there
SELECT pg_temp.try('[{"id":"2303.12345","title":"A"},{"id":"2303.12346","title":"B","abs');
SELECT pg_temp.try('{"message":{"total-results":5,"items":[{"DOI":"10.1000/1","title":["A"]},{"DOI":"10.1000/2","title":["B');
SELECT pg_temp.try('{"id":"2303.12345","title":"A');
SELECT pg_temp.try('[{"id":"2303.12345","title":"A"},{"id":tru');

-- malformed
SELECT pg_temp.try('{"items":[{"id":"2303.12345","title":"A"},{id:"2303.12346","title":"B"}]}');
SELECT pg_temp.try('{"items":[{"id":"2303.12345","title":"A"} {"id":"2303.12346","title":"B"}]}');
SELECT pg_temp.try(E'[{"id":"2303.12345","title":"A"},\n{"id":"2303.12346",\n"title":}]');
SELECT pg_temp.try('{"id":"2303.12345","title" "A"}');
SELECT pg_temp.try('{"id":"2303.12345","title":"A"]');
SELECT pg_temp.try($${'id':'2303.12345','title':'A'}$$);
SELECT pg_temp.try('{"id":"2303.12345","title":"A"} <!-- served in 5 ms -->');

-- mended: what programs write in place of JSON
SELECT pg_temp.try('[{"id":"2303.12345","title":"A","authors":["x",],},]');
SELECT pg_temp.try('{"id":"2303.12345","title":"A","score":NaN,"b":-Infinity,"c":None,"withdrawn":True}');
SELECT pg_temp.try(E'{"id":"2303.12345","title":"A\nB\tC"}');
SELECT pg_temp.try(E'{"id":"2303.12345","title":"the \\alpha, \\x41 and \\u12"}');

-- what PostgreSQL's text cannot hold, or its parser refuses
SELECT pg_temp.try('{"id":"2303.12345","title":"A\u0000B"}');
SELECT pg_temp.try(convert_to('{"id":"2303.12345","title":"A', 'UTF8') || '\x00'::bytea || convert_to('B"}', 'UTF8'));
SELECT pg_temp.try('{"id":"2303.12345","title":"A\ud83dB"}');
SELECT pg_temp.try('{"id":"2303.12345","title":"A\udc00B"}');
SELECT pg_temp.try('{"id":"2303.12345","title":"A\ud83d\ud83d\ude00"}');

-- well-formed, if unusual
SELECT pg_temp.try('{"i\u0064":"2303.12345","t\"\\\"":1,"ti\u0074le":"A\ud83d\ude00"}');
SELECT pg_temp.try('\xefbbbf'::bytea || convert_to('{"id":"2303.12345","title":"A"}', 'UTF8'));
SELECT pg_temp.try('{"id":"2303.12345","title":"first","title":"second"}');
SELECT pg_temp.try('{"items":[{"id":"2303.12345","title":"A"}],"items":[{"id":"2303.12346","title":"B"}]}');
SELECT pg_temp.try('[1,"x",null,true,{"id":"2303.12345","title":"A"},[{"id":"2303.12346","title":"B"}],-1.5e3]');
SELECT pg_temp.try('{"id":"2303.12345","title":"A","version":1e999999,"metrics":{"a":1e400000,"b":123456789012345678901234567890123456789,"c":7}}');
SELECT pg_temp.try('{"id":"2303.12345","title":"A"}{"id":"2303.12346","title":"B"}');
SELECT pg_temp.try('{}');
SELECT pg_temp.try('[]');

-- a line that is broken does not take others with it
SELECT pg_temp.try(E'{"id":"2303.12345","title":"A"}\n{"id":"2303.12346","title":"B\n{"id":"2303.12347","title":"C"}\nxx yy\n{"id":"2303.12348","title":"D"}\n');

-- limits
SELECT pg_temp.try('{"title":"x","id":"2303.12345","a":' || repeat('[', 63) || repeat(']', 63) || '}');
SELECT pg_temp.try('{"title":"x","id":"2303.12345","a":' || repeat('[', 64) || repeat(']', 64) || '}');
SELECT pg_temp.try(repeat('{"a":', 300000));
SELECT pg_temp.try('{"items":[{"id":"2303.12345","title":"A","a":"' || repeat('x', 17000000) || '"}]}');
SELECT pg_temp.try('{"items":[{"id":"2303.12345","title":"A","a":[' || repeat('1,', 300000) || '1]}]}');
SELECT pg_temp.try('{"a":[' || repeat('1,', 300000) || '1],"items":[{"id":"2303.12345","title":"A"}]}');

-- a recording within a recording is not opened again
SELECT pg_temp.try('{"url":"http://a.example.org/","status_code":200,"body":"{\"url\":\"http://a.example.org/\",\"status_code\":200,\"body\":\"[]\"}"}');
SELECT pg_temp.try('{"url":"http://a.example.org/","status_code":404,"body":"Not found"}');

-- the errors
SELECT count(*) FROM paperfeed.parse(convert_to('{"id":', 'UTF8'));
SELECT count(*) FROM paperfeed.parse(convert_to(repeat('[', 1000), 'UTF8'));
