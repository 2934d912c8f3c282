-- If this fails, papers lose their code, models, data or project pages, get
-- broken addresses, or get other people's.
\pset format unaligned

-- Each statement lists what does not come out as it should: none.

-- what kind of page it is
SELECT given, paperfeed.links(given) AS got, expected
FROM (VALUES
	('no address', '{}'),
	('Code: https://github.com/a/b.', '{"code": ["https://github.com/a/b"]}'),
	('https://gitlab.com/a/b https://gitlab.inria.fr/a/b https://bitbucket.org/a/b https://codeberg.org/a/b',
	 '{"code": ["https://gitlab.com/a/b", "https://gitlab.inria.fr/a/b", "https://bitbucket.org/a/b", "https://codeberg.org/a/b"]}'),
	('https://anonymous.4open.science/r/AB-1 and https://gist.github.com/a/1',
	 '{"code": ["https://anonymous.4open.science/r/AB-1", "https://gist.github.com/a/1"]}'),
	('https://huggingface.co/o/m https://huggingface.co/collections/o/c https://civitai.com/models/1',
	 '{"model": ["https://huggingface.co/o/m", "https://huggingface.co/collections/o/c", "https://civitai.com/models/1"]}'),
	('https://huggingface.co/datasets/o/d https://zenodo.org/records/1 https://www.kaggle.com/datasets/u/d',
	 '{"data": ["https://huggingface.co/datasets/o/d", "https://zenodo.org/records/1", "https://www.kaggle.com/datasets/u/d"]}'),
	('https://doi.org/10.5281/zenodo.1, doi:10.5281/zenodo.2. https://osf.io/ab https://physionet.org/content/x/',
	 '{"data": ["https://doi.org/10.5281/zenodo.1", "https://doi.org/10.5281/zenodo.2", "https://osf.io/ab", "https://physionet.org/content/x"]}'),
	('https://a.github.io/b/ https://huggingface.co/spaces/o/s http://www.lab.example.edu/~x',
	 '{"project": ["https://a.github.io/b/", "https://huggingface.co/spaces/o/s", "http://www.lab.example.edu/~x"]}'),
	('https://arxiv.org/abs/2303.12345 https://doi.org/10.1145/1 https://creativecommons.org/licenses/by/4.0/ '
	 'https://huggingface.co/papers/2303.12345 https://github.com https://github.com/features https://www.nature.com/a', '{}')
) AS t (given, expected)
WHERE paperfeed.links(given) IS DISTINCT FROM expected::jsonb;

-- where it begins and ends
SELECT given, paperfeed.links(given) AS got, expected
FROM (VALUES
	('github.com/a/b and www.lab.org/x_(y).', '{"code": ["https://github.com/a/b"], "project": ["https://www.lab.org/x_(y)"]}'),
	('(https://github.com/a/b), [x](https://github.com/a/c), <https://github.com/a/d>, "https://github.com/a/e"',
	 '{"code": ["https://github.com/a/b", "https://github.com/a/c", "https://github.com/a/d", "https://github.com/a/e"]}'),
	('availablehttps://github.com/a/b at:https://github.com/a/c', '{"code": ["https://github.com/a/b", "https://github.com/a/c"]}'),
	('https://github.com/a/b.We then', '{"code": ["https://github.com/a/b"]}'),
	('https://github.com/a/b.js, https://a.github.io.Our', '{"code": ["https://github.com/a/b.js"], "project": ["https://a.github.io"]}'),
	('https://github.com/a/bhttps://github.com/a/c', '{"code": ["https://github.com/a/b", "https://github.com/a/c"]}'),
	('https://web.archive.org/web/2020/https://x.org/y', '{"project": ["https://web.archive.org/web/2020/https://x.org/y"]}'),
	('\url{https://github.com/a/b} {https://github.com/a/c} \href{https://github.com/a/d}{here}',
	 '{"code": ["https://github.com/a/b", "https://github.com/a/c", "https://github.com/a/d"]}'),
	('http://x.org/\~{}a\_b\%20 http://x.org/$\sim$c http://x.org/~d', '{"project": ["http://x.org/~a_b%20", "http://x.org/~c", "http://x.org/~d"]}'),
	('https://github.com/a/b**, **https://github.com/a/c**', '{"code": ["https://github.com/a/b", "https://github.com/a/c"]}'),
	('https://GitHub.com/A/b?tab=readme#top', '{"code": ["https://github.com/A/b?tab=readme#top"]}'),
	(E'https://github.com/a/b\nc https://github.com/a/\nd', '{"code": ["https://github.com/a/b", "https://github.com/a"]}')
) AS t (given, expected)
WHERE paperfeed.links(given) IS DISTINCT FROM expected::jsonb;

-- each once, in the order of the text
SELECT paperfeed.links('https://github.com/b/b https://github.com/a/a http://www.github.com/B/b.git github.com/b/b/ https://github.com/b/b');

-- what is none
SELECT given, paperfeed.links(given) AS got
FROM (VALUES
	('e.g. i.e. 0.95, Fig.2 and results.We show'), ('me@github.com, x.y.z, file.txt, 10.1000/182'),
	('http://localhost/x ftp://x.org/y https://1.2.3.4/'), ('this https URL'), ('https:// github')
) AS t (given)
WHERE paperfeed.links(given) <> '{}';

SELECT paperfeed.links(NULL) IS NULL AS missing, paperfeed.links('') AS empty;

-- hostile text takes linear time; a list has an end
SET statement_timeout = '60s';
SELECT count(*), max(length(paperfeed.links(repeat(p, 100000))::text)) < 100000 AS done
FROM unnest(ARRAY['.a', 'a.b', 'a.b.', 'http://', 'http://a.bc/(', 'https://a.bhttps://', 'www.a.bc ', '10.5281/', 'github.com/']) AS p;
SELECT jsonb_array_length(paperfeed.links(string_agg('https://github.com/a/b' || i, ' ')) -> 'code') AS kept
FROM generate_series(1, 1000) AS i;
RESET statement_timeout;
