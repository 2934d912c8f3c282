-- If this fails, authors are torn apart, turned round or glued together.

-- layouts of lists
SELECT l AS written, pf_unit_names(l) AS names
FROM unnest(ARRAY[
	'Jane Doe', 'Jane Doe, John Roe', 'Jane Doe, John Roe and Max Poe',
	'Jane Doe, John Roe, and Max Poe', 'J. Doe & R. Roe', 'Jane Doe; John Roe;',
	'Marie Doe et Albert Roe', 'Jane Doe und Max Poe',
	'LAPALU, N., SIMON, A., Lu, A., Plaumann, P.-L., O''Connell, R. J.',
	'A, B.; C, D.', 'Doe, J. and Roe, R.', 'Doe, J., Roe, R., and Poe, P.', 'LI, X., WU, Y.',
	'Doe, J., R. Roe, and P. Poe', 'Smith, John, Doe, J.', 'Doe, JM, Roe, R',
	'Doe, Jane', 'Doe, Jane Mary', 'van der Berg, Maria', 'Doe, Jane, Roe, Richard',
	'Heath, Robert W., van Eck, Nees Jan', 'Doe, Jane Mary and Roe, Richard and Poe, Edgar Allan',
	'Inoue, J.-i., Müller, Ö., Łuczak, Ł.'
]) AS l;

-- what is ambiguous stays as it is
SELECT pf_unit_names('Doe J, Roe R'), pf_unit_names('Plato, Socrates, Zeno and Aristotle');

-- suffixes, degrees, "et al."
SELECT l AS written, pf_unit_names(l) AS names
FROM unnest(ARRAY[
	'van der Berg, J., Jr.', 'Martin Luther King, Jr.', 'King, Jr., Martin Luther',
	'Martin Luther King, Jr., Ralph Abernathy', 'Jane Doe, PhD, John Roe, MD', 'Rahman, Md, Islam, K.',
	'A. Doe, B. Roe et al.', 'A. Doe, B. Roe, et al.', 'A. Doe and others', 'Jane Doe*, John Roe*'
]) AS l;

-- affiliations, addresses
SELECT l AS written, pf_unit_names(l) AS names
FROM unnest(ARRAY[
	'Jane Doe (MIT, Cambridge), John Roe (1 and 2) ((1) ETH, (2) EPFL)', 'Wei (Will) Zhang, Bo Li',
	'jane@example.org (Jane Doe)', 'Jane Doe <jane@example.org>, John Roe', 'jane@example.org',
	'Jane Doe (MIT, John Roe', ') (((', '(', ',;, and ;'
]) AS l;

-- groups
SELECT l AS written, pf_unit_names(l) AS names
FROM unnest(ARRAY[
	'the ATLAS Collaboration', 'Jane Doe and the ATLAS Collaboration', 'ATLAS and CMS Collaborations',
	'LAPALU, N., The ATLAS Consortium, Doe, J.', 'Planck Collaboration: P. A. R. Ade, N. Aghanim',
	'Jane Doe on behalf of the ATLAS Collaboration', 'Jane Doe for the X Study Group',
	'Department of Physics and Astronomy, Jane Doe'
]) AS l;

-- names of one word that are whole
SELECT pf_unit_names('王小明, 李四, 张三'), pf_unit_names('王小明、李四；张三（大学）');

-- a source that is known to write given names first
SELECT l AS written, pf_unit_names(l) AS names, pf_unit_names_given(l) AS given_first
FROM unnest(ARRAY['Suryansh, Amit Kumar', 'Plato, Jane Doe, Jr.', 'Jane Doe (MIT), X. Y., Z']) AS l;

-- one name
SELECT l AS written, pf_unit_name(l) AS name
FROM unnest(ARRAY[
	'Doe, Jane', 'Heath, Robert W., Jr', 'King, Jr., Martin Luther', 'Martin Luther King, Jr.',
	' Jane Doe (MIT)', 'Doe,', ', Doe', 'Chou*', 'Department of Physics and Astronomy', '', ' , '
]) AS l;
SELECT pf_unit_name_join('Robert W.', 'Heath,', 'Jr'), pf_unit_name_join(NULL, 'Plato', NULL),
	pf_unit_name_join(' ', '', NULL);

-- long lists take linear time
SET statement_timeout = '20s';
SELECT array_length(pf_unit_names(repeat(l, 100000)), 1)
FROM unnest(ARRAY['and ', 'a and b, ', 'x for y and z and ', '(', 'J., ', '; ', ' et al.', 'a: ', 'a@b ']) AS l;
