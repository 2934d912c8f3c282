-- If this fails, an address of a service's feed is not the one that the service
-- understands, or what is no category, set or number is asked for.
\pset format unaligned
\pset tuples_only on
SET datestyle = 'SQL, DMY';

-- arXiv: announcements, in any spelling
SELECT paperfeed.arxiv('cs.CL'), paperfeed.arxiv('CS.cl', ' cs.AI', 'hep-TH', 'stat'), paperfeed.arxiv('cond-mat', VARIADIC '{}');
SELECT paperfeed.arxiv(NULL) IS NULL, paperfeed.arxiv('cs.CL', VARIADIC NULL) IS NULL;
SELECT paperfeed.arxiv('cs.ZZ');
SELECT paperfeed.arxiv('cs.CL', 'cs.AI+cs.LG');
SELECT paperfeed.arxiv('cs.CL', NULL);
SELECT paperfeed.arxiv(' ');
SELECT paperfeed.arxiv('cs.CL&x=' || chr(10));

-- its API: all that means something in an address is encoded
SELECT paperfeed.arxiv_query('cat:cs.CL AND abs:"a+b & c=d#e?%/"');
SELECT paperfeed.arxiv_query(U&'au:Schr\00F6dinger \4E2D\+01D49C', 2000), paperfeed.arxiv_query(E' x\ty ', NULL);
SELECT paperfeed.arxiv_query('azAZ09-_.~');
SELECT paperfeed.arxiv_query(NULL) IS NULL;
SELECT paperfeed.arxiv_query('');
SELECT paperfeed.arxiv_query('x', 0);
SELECT paperfeed.arxiv_query('x', 2001);

-- OAI-PMH: sets, and categories as sets
SELECT c, split_part(paperfeed.arxiv_oai(c), '&set=', 2)
FROM unnest(ARRAY['cs', 'cs.CL', 'math.co', 'hep-th', 'astro-ph', 'astro-ph.GA', 'physics', 'physics.optics', 'math-ph', 'nlin.CD', 'q-bio.NC', 'cs:cs:CL', 'physics:hep-th']) AS c;
SELECT paperfeed.arxiv_oai(), paperfeed.arxiv_oai('cs', '2025-02-03'), paperfeed.arxiv_oai(since => '0001-01-01');
SELECT paperfeed.arxiv_oai('cs.ZZ');
SELECT paperfeed.arxiv_oai('cs:cs:CL:x');
SELECT paperfeed.arxiv_oai('cs:');
SELECT paperfeed.arxiv_oai('cs:c&from=1');
SELECT paperfeed.arxiv_oai('cs', 'infinity');
SELECT paperfeed.arxiv_oai('cs', '0001-12-31 BC');
SELECT paperfeed.arxiv_oai('cs', '10000-01-01');

SELECT paperfeed.huggingface_daily(), paperfeed.huggingface_daily('2025-02-18');
SELECT paperfeed.huggingface_daily('-infinity');

SELECT paperfeed.biorxiv(), paperfeed.biorxiv('Neuroscience'), paperfeed.biorxiv(' Animal Behavior and  Cognition '), paperfeed.biorxiv('cell-biology');
SELECT paperfeed.medrxiv(), paperfeed.medrxiv('HIV/AIDS'), paperfeed.medrxiv(NULL) IS NULL;
SELECT paperfeed.biorxiv('a+b');
SELECT paperfeed.biorxiv('Größe');
SELECT paperfeed.medrxiv('--');

SELECT paperfeed.pubmed('TITLE:"gene drive" AND JOURNAL:nature', 25), paperfeed.pubmed(NULL) IS NULL;
SELECT paperfeed.pubmed('x', 1001);

SELECT paperfeed.openreview('ICLR.cc/2024/Conference'), paperfeed.openreview('NeurIPS.cc/2023/Workshop/Re-Align'), paperfeed.openreview('TMLR');
SELECT paperfeed.openreview('ICLR 2024');
SELECT paperfeed.openreview('/ICLR.cc');

SELECT c, substring(paperfeed.acl(c) FROM '[^/]*$') FROM unnest(ARRAY['2024.acl', '2024.acl-long', '2024.acl-long.1', '2020.nlp4call-1.2', 'P19', 'P19-1001', 'W18-5', NULL]) AS c;
SELECT paperfeed.acl('2024.acl');
SELECT paperfeed.acl('acl');
SELECT paperfeed.acl('2024');
SELECT paperfeed.acl('2024.');
SELECT paperfeed.acl('2024.ACL');
SELECT paperfeed.acl('../x');
SELECT paperfeed.acl('P19/../x');
SELECT paperfeed.acl('p19');

SELECT paperfeed.crossref('graph neural networks'), paperfeed.crossref(issn => '2041172x', since => '2025-02-03', max_results => NULL), paperfeed.crossref('a', '1234-5678', '2025-12-31', 1000);
SELECT paperfeed.crossref();
SELECT paperfeed.crossref(issn => '1234-567');
SELECT paperfeed.crossref(issn => '123-45678');
SELECT paperfeed.crossref(issn => '1234-567X9');
SELECT paperfeed.crossref('', '1234-5678');

SELECT paperfeed.openalex('dark matter'), paperfeed.openalex(filter => 'primary_topic.id:T10028,type:article', max_results => 200) || '&api_key=k';
SELECT paperfeed.openalex();
SELECT paperfeed.openalex('x', max_results => 201);

SELECT paperfeed.semantic_scholar('"in-context learning" + retrieval'), paperfeed.semantic_scholar(NULL) IS NULL;
SELECT paperfeed.dblp('stream:conf/vldb: index', 30);
SELECT paperfeed.dblp('x', -1);

-- all of them can be asked, and are what add_feed() takes
SET client_min_messages = warning;
TRUNCATE paperfeed.feeds;
SELECT count(DISTINCT paperfeed.add_feed(u)) FROM unnest(ARRAY[paperfeed.arxiv('cs.CL', 'cs.AI'), paperfeed.arxiv_query('cat:cs.CL'), paperfeed.arxiv_oai('cs.CL'), paperfeed.huggingface_daily(),
	paperfeed.biorxiv(), paperfeed.medrxiv(), paperfeed.pubmed('x'), paperfeed.openreview('TMLR'), paperfeed.acl('2024.acl'), paperfeed.crossref('x'), paperfeed.openalex('x'), paperfeed.semantic_scholar('x'),
	paperfeed.dblp('x')]) AS u;
SELECT paperfeed.add_feed(paperfeed.arxiv('cs.CL'), every => '6 hours') > 0;
SELECT string_agg(DISTINCT paperfeed.host_of(url), ' ' ORDER BY paperfeed.host_of(url)) FROM paperfeed.feeds;
TRUNCATE paperfeed.feeds;

-- constants to the planner
EXPLAIN (COSTS OFF, VERBOSE) SELECT paperfeed.arxiv('cs.CL'), paperfeed.huggingface_daily('2025-02-18');
