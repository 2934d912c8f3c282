-- If this fails, readers see markup: tags, character references or TeX in titles
-- and abstracts, or prose that was taken for markup and mangled.
SET client_encoding = 'UTF8';
\pset format unaligned

-- Each statement lists what does not come out as it should: none.

-- TeX: escapes, accents, fonts
SELECT given, paperfeed.plain(given) AS got, expected
FROM (VALUES
	('AstroM$^3$', 'AstroM³'),
	('50\% of \& \_ \# \$', '50% of & _ # $'),
	('Schr\"odinger, Schr{\"o}dinger, Schr\"{o}dinger', 'Schrödinger, Schrödinger, Schrödinger'),
	('\''Edgar Rold\''an, {\''\i}, \''{\i}, \''\i', 'Édgar Roldán, í, í, í'),
	('\v{S} \v S \c{c} \k{a} \.{z} \~n \=a \u{g} \r{a} \d{h} \b{d} \H{o} \^{e} \`a', 'Š Š ç ą ż ñ ā ğ å ḥ ḏ ő ê à'),
	('Erd\H os, S\o ren, stra\ss e, \aa, \L{}ukasz \L ukasz, {\AE}on, Gr\"o{\ss}e', 'Erdős, Søren, straße, å, Łukasz Łukasz, Æon, Größe'),
	('\''{\^e} \t{oo} \"q', 'ế o͡o "q'),
	('it\''s, the authors\'' view', 'it''s, the authors'' view'),
	('\emph{a} \textbf{b} \texttt{c} {\em d} {\it e} \textsc{f} \mathrm{g} \underline{h}', 'a b c d e f g h'),
	('\url{http://x.org/~a\_b} \href{http://x.org}{text} \textcolor{red}{red}', 'http://x.org/~a_b text red'),
	('word\footnote{A note.}. Next', 'word (A note.). Next'),
	('see~\cite{a}, \cite[p.~3]{b} and (\cite{c}, \cite{d}).', 'see, and.'),
	('a\\b c\,d e~f \ldots \dots', 'a b c d e f … …'),
	('we show \ourname{}, a \LaTeX\ class', 'we show ourname, a LaTeX class'),
	('\begin{itemize} \item one \item[(b)] two \end{itemize}', '• one (b) two'),
	('{B}ayesian {LLM}s, w{i}th {this https URL}, sqrt{n}', 'Bayesian LLMs, with this https URL, sqrt{n}'),
	('360{\deg} views, 5{\pm}1, a{\rightarrow}b, n^{\epsilon}, {\lambda}-calculus', '360° views, 5±1, a→b, n^ε, λ-calculus'),
	('\alpha-helix, x\in\R^n, \lambda_2, 10^{-3}, O(n^2)', 'α-helix, x∈R^n, λ₂, 10⁻³, O(n²)')
) AS t (given, expected)
WHERE paperfeed.plain(given) IS DISTINCT FROM expected;

-- TeX: quotes, dashes, ties
SELECT given, paperfeed.plain(given) AS got, expected
FROM (VALUES
	('``x'''' and `y'' and don''t', '“x” and ‘y’ and don''t'),
	('``x" and ''''y'''' and ``a `b'' c''''', '“x” and “y” and “a ‘b’ c”'),
	('f'''' of `code` and ``open', 'f'''' of `code` and ``open'),
	('1--2, a--b, a -- b, a---b, a --- b', '1–2, a–b, a – b, a—b, a — b'),
	('use --flag or -- in C: i--; x --> y, <!-- and ----', 'use --flag or – in C: i–; x --> y, <!-- and ----'),
	('Fig.~3, of~20\%', 'Fig. 3, of 20%'),
	('~20%, (~5), 2~4, A ~ B, O~(n)', '~20%, (~5), 2~4, A ~ B, O~(n)')
) AS t (given, expected)
WHERE paperfeed.plain(given) IS DISTINCT FROM expected;

-- TeX: formulas
SELECT given, paperfeed.plain(given) AS got, expected
FROM (VALUES
	('$(k,\ell)$ $\alpha$ \(\beta\) \[\gamma\] $$\delta$$ $\varepsilon$', '(k,ℓ) α β γ δ ε'),
	('$\mathbb{R}^n$ $\mathbb E[X]$ $\mathcal{O}(n\log n)$ $\log\log n$', 'ℝⁿ 𝔼[X] O(n log n) log log n'),
	('$x_i^2$ $10^{-3}$ $k_{\rm B}T$ $^{13}C$ $x_{max}$ $A^T$ $A^\top$ $90^\circ$', 'xᵢ² 10⁻³ k_BT ¹³C xₘₐₓ Aᵀ Aᵀ 90°'),
	('$T_{\text{eff}}$ $x_{i,j}$ $n^{1/2}$ $p^*$ $f''''(x)$ $x^{softmax}$', 'T_eff x_{i,j} n^{1/2} p* f″(x) x^softmax'),
	('$\sqrt{x}$ $\sqrt{n+1}$ $\sqrt[3]{x}$ $\sqrt[k]{n}$', '√x √(n+1) ∛x ᵏ√n'),
	('$\frac{a}{b}$ $\frac{a+b}{2n}$ $\frac12$ ${a \over b+c}$ $\log\frac{a}{b}$', 'a/b (a+b)/(2n) 1/2 a/(b+c) log(a/b)'),
	('${n \choose k}$ $\binom{n}{k}$ $a \equiv b \pmod{n}$', '(n choose k) (n choose k) a ≡ b (mod n)'),
	('$\sum_{i=1}^n x_i$ $\max_{x \in X} f$ $\lim_{n\to\infty}$', '∑ᵢ₌₁ⁿ xᵢ max_{x ∈ X} f lim_{n→∞}'),
	('$\hat{x}$ $\bar x$ $\tilde{O}(n)$ $\hat a$ $\overline{AB}$ $\vec v$', 'x̂ x̄ Õ(n) â A̅B̅ v⃗'),
	('$a\times b$ $x \le y$ $x\le y$ $\alpha x + \beta$ $\not= \not\in$', 'a×b x ≤ y x≤y αx + β ≠ ∉'),
	('$\left( \frac{1}{2} \right)$ $\lfloor n/2 \rfloor$ $\|x\|_2$ $\{0,1\}^n$', '(1/2) ⌊n/2⌋ ‖x‖₂ {0,1}ⁿ'),
	('$x \text{ if } y$ $\mathrm{rank}(A)$ $\operatorname{rank} A$ $\poly(n)$ $2\eps$', 'x if y rank(A) rank A poly(n) 2ε'),
	('$1{,}000$ $>$90\% $\sim$10 $k$-means $k$NN ($n=5$)', '1,000 >90% ∼10 k-means kNN (n=5)')
) AS t (given, expected)
WHERE paperfeed.plain(given) IS DISTINCT FROM expected;

-- what looks like TeX and is none
SELECT given, paperfeed.plain(given) AS got
FROM (VALUES
	('it costs $5 and $10'), ('from $1.5M to $2M'), ('US$ 5, A$7 and 3$'), ('a lone $ sign'),
	('$100 million or $200 million'), ('{0,1} and {P, A} and {"a": 1}'), ('a } b { c'), ('x_1, file_name'),
	('https://x.org/~me/a--b?c=$d'), ('p<0.001'), ('a < b > c'), ('<b and c>'), ('x<y>z'), ('<think>a</think>'),
	('<s> and </s>'), ('AT&T, R&D, &nosuch;'), ('naïve café – “quoted” ≤ 日本語')
) AS t (given)
WHERE paperfeed.plain(given) IS DISTINCT FROM given;

-- HTML, JATS, MathML
SELECT given, paperfeed.plain(given) AS got, expected
FROM (VALUES
	('<p>One <b>two</b></p><p>three<br/>four</p><ul><li>x</li><li>y</li></ul>', 'One two three four x y'),
	('<sup>99m</sup>Tc, H<sub>2</sub>O, SUV<sub>max</sub>, T<sub>eff</sub>, 1<sup>st</sup>', '⁹⁹ᵐTc, H₂O, SUVₘₐₓ, T_eff, 1ˢᵗ'),
	('10<SUP>&minus;3</SUP>, a<sup>*</sup>, <a href="x>y" title=''z''>link</a>', '10⁻³, a*, link'),
	('a<script>b < c</script>d<style>e</style>f<!-- g -->h<![CDATA[ i &lt; j ]]>k', 'adfh i < j k'),
	('&eacute;&#233;&#xE9;&amp;eacute;&amp;amp;eacute; &#146;&#0;&#xD800;&#x110000; &nbsp;&hellip;', 'ééééé ’��� …'),
	('&amp;lt;p&amp;gt;a&amp;lt;/p&amp;gt; &lt;i&gt;b&lt;/i&gt; c &lt; d', 'a b c < d'),
	('<jats:title>Abstract</jats:title><jats:p>We <jats:italic>x</jats:italic>.</jats:p>', 'We x.'),
	('<jats:sec><jats:title>Aims</jats:title><jats:p>A.</jats:p></jats:sec><sec><title>Results</title><p>B.</p></sec>', 'Aims: A. Results: B.'),
	('<mml:math><mml:msup><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:msup></mml:math>', 'x²'),
	('<math><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac><msqrt><mi>x</mi></msqrt></math>', '(a+b)/c √x'),
	('<math alttext="y"><semantics><mrow><mi>sin</mi><mo>&#8289;</mo><mi>x</mi></mrow><annotation>\sin x</annotation></semantics></math>', 'sin x'),
	('<math><mover><mi>x</mi><mo>^</mo></mover><mroot><mi>y</mi><mn>3</mn></mroot></math>', 'x̂∛y'),
	('<math><mmultiscripts><mi>C</mi><mprescripts/><mn>6</mn><mn>13</mn></mmultiscripts></math>', '₆¹³C'),
	('<jats:alternatives><jats:tex-math>$$\alpha$$</jats:tex-math><mml:math><mml:mi>α</mml:mi></mml:math></jats:alternatives>', 'α'),
	('<tex-math>\beta^2</tex-math> <fixed-case>B</fixed-case>ERT', 'β² BERT')
) AS t (given, expected)
WHERE paperfeed.plain(given) IS DISTINCT FROM expected;

-- white space and what cannot be seen
SELECT paperfeed.plain(E' \t a\n\nb\r\n c\u00A0\u2028d\u200B\uFEFF\u00ADe\u202Ef\x01\x7F\u3000g ') = 'a b c def g' AS folded,
	paperfeed.plain('') = '' AS empty, paperfeed.plain(E' \n ') = '' AS blank, paperfeed.plain(NULL) IS NULL AS missing;

-- display text stays as it is
SELECT p
FROM unnest(ARRAY[
	'xᵢ² ≤ 1/(2n), x_{i,j}, T_eff, n^{1/2}, {0,1}ⁿ', '“x” ‘y’ a–b — c…', '~20%, $5 and $10, --flag', 'O(n log n), 50% of $3',
	'a < b & c, f′(x), ⟨x, y⟩, ℝⁿ → {xᵢ}'
]) AS p
WHERE paperfeed.plain(p) <> p;

-- arguments nested deeper than is followed are cut between characters, not in one
SELECT count(convert_to(paperfeed.plain('$' || repeat(p, n) || '€^)é$'), 'UTF8')) AS valid
FROM unnest(ARRAY['\frac^', '^', '\hat', '\sqrt_', '\not', '{_']) AS p, generate_series(1, 120) AS n;

-- hostile text takes linear time, and gives something
SET statement_timeout = '60s';
SELECT count(*), min(length(paperfeed.plain(repeat(p, 50000)))) >= 0 AS done
FROM unnest(ARRAY[
	'{', '}', '$', '<', '&', '\', '`', '''', '^', '$$', '\(', '\[', '\{', '``', '{\em ', '\emph{', '\cite{', '\href{',
	'\frac', '\frac{', '\sqrt[', '$\sqrt{', '\overset{', '{x\over ', 'x^{', '$x_{', '\begin{equation}', '\item[', '\verb|',
	'<sup>', '<a href="', '<a b=c ', '<!--', '<![CDATA[', '<script>', '<math><msup>', '<mmultiscripts><mprescripts/>', '&#', '&amp;'
]) AS p;
RESET statement_timeout;
