/*-------------------------------------------------------------------------
 *
 * slow.c
 *		Look for text that takes more than linear time.
 *
 * A text is a few words, drawn from a list of what means something to some
 * reader, once in front and then over and over.  Each function and each
 * format gets it at one length; where that takes long enough to measure, at
 * eight times the length, too, and what then takes much more than eight times
 * as long is told, and what is slow all the same.  The words are drawn from a
 * sequence that is the same in each run.
 *
 *	slow [seconds [seed]]
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include "backend.h"
#include "common/dates.h"
#include "common/names.h"
#include "common/text.h"
#include "common/urls.h"
#include "feed/feed.h"
#include "mb/pg_wchar.h"
#include "paper/paper.h"

#define SHORT		200000		/* bytes */
#define LONG		(8 * SHORT)
#define MEASURABLE	0.008		/* seconds */
#define MUCH		16			/* times as long for eight times the text */
#define SLOW		4			/* MB/s */

static const char *const words[] = {
	"{", "}", "$", "$$", "<", ">", "&", ";", "\\", "(", ")", "[", "]", ",", ".", ":", "/", "-", "_",
	"^", "\"", "'", "`", "``", "''", "#", "%", "@", "=", "?", "!", "*", "+", "|", "~", " ", "\n", "\t",
	"a", "A", "1", "x ", "aa", "A.", "J.", "\xc3\xa9", "\xcc\x81", "\xe2\x80\x8b", "\xe2\x80\x94",
	"\xef\xac\x81", "\xf0\x9d\x94\xb8", "\xe3\x80\x81", "\xef\xbc\x88", "\xef\xbf\xbd", "\xc2\xa0",
	"\\frac", "\\frac{", "\\sqrt", "\\sqrt[", "\\begin{", "\\begin{equation}", "\\end{", "\\left(",
	"\\right", "\\text{", "\\mathbb{", "\\mathrm", "\\'", "\\'e", "\\\"{", "\\c{", "\\hat", "\\over",
	"\\href{", "\\url{", "\\emph{", "\\cite{", "\\(", "\\)", "\\[", "\\]", "\\\\", "\\$", "\\{", "\\verb|",
	"\\not", "\\overset{", "\\binom", "\\item", "\\footnote{", "^{", "_{", "^2", "_2", "{\\it ", "~\\cite",
	"&amp;", "&amp;amp;", "&lt;", "&lt;a&gt;", "&#", "&#x", "&#60;", "&#128;", "&eacute;", "&nbsp", "&a",
	"<a ", "<a href=\"", "<b>", "</b>", "<br>", "<sub>", "</sub>", "<sup>", "<p>", "</p>", "</", "<!--",
	"-->", "<![CDATA[", "]]>", "<?", "<math>", "</math>", "<mrow>", "<mfrac>", "<msup>", "<mi>x</mi>",
	"<annotation", "<script>", "<jats:p>", "<title>", "<inline-formula>", "<tex-math>", "<a='", "<a x=\"",
	"http://", "https://", "http://a.b/", "www.", "www.a", "a.b", "a.b.c", "github.com/", "github.com/a/b ",
	"https://github.com/a/b", "huggingface.co/", "a@b.c", "@", "://", "//", "../", "./", "/..", "%2F", "%41",
	"%", "?a=", "&b=c", "utm_source=x&", "#f", ".git", ".pdf", "10.", "10.1/", "10.1145/", "doi:", "doi.org/",
	"arXiv:", "2303.12345", "v1", "hep-th/", "oai:", "pmid:", "urn:", "info:", "openreview.net/", "acl:",
	" and ", "and ", ", and ", " & ", "et al", " et al.", ", Jr.", "Jr.", " III", "van der ", "Doe, ", "Doe J, ",
	"Doe, J., ", "J. Doe", "the ", " for the ", " on behalf of ", "Collaboration: ", "Collaboration", "(a", "1)",
	"Mon, ", "01 ", "Jan ", "2020", "-01", "T", "12:", "+0000", "GMT", "th", "Mar-Apr", "W1",
	"Abstract: ", "Announce Type: new\n", "arXiv:2303.12345v1 Announce Type: new\nAbstract: ", "; ", "DOI: ",
	"Comments: ", "accepted", " pages", "withdrawn", "Published in ", "PACS", "(cs.", "cs.AI ", "math.AG; "
};

static const char *const frames[] = {
	/* The text goes where the %s is; in XML it is escaped, in JSON too. */
	"<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>t</title><item>"
	"<title>%x</title></item></channel></rss>",
	"<rss version='2.0'><channel><title>t</title><item><description>%x</description></item></channel></rss>",
	"<rss version='2.0'><channel><title>%x</title><link>%x</link><item><title>a</title><link>%x</link>"
	"<guid>%x</guid><pubDate>%x</pubDate></item></channel></rss>",
	"<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><item><title>a</title>"
	"<author>%x</author><dc:creator>%x</dc:creator><category>%x</category><dc:identifier>%x</dc:identifier>"
	"</item></channel></rss>",
	"<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' "
	"xmlns:arxiv='http://arxiv.org/schemas/atom'><channel><link>http://arxiv.org/</link><item><title>%x</title>"
	"<link>https://arxiv.org/abs/2303.12345</link><description>arXiv:2303.12345v1 Announce Type: new\nAbstract: "
	"%x</description><dc:creator>%x</dc:creator><arxiv:DOI>%x</arxiv:DOI>"
	"<arxiv:journal_reference>%x</arxiv:journal_reference><guid>oai:arXiv.org:2303.12345</guid></item></channel></rss>",
	"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:arxiv='http://arxiv.org/schemas/atom'><entry>"
	"<id>http://arxiv.org/abs/2303.12345v1</id><title>%x</title><summary>%x</summary>"
	"<author><name>%x</name><arxiv:affiliation>%x</arxiv:affiliation></author><arxiv:comment>%x</arxiv:comment>"
	"<arxiv:doi>%x</arxiv:doi><arxiv:journal_ref>%x</arxiv:journal_ref></entry></feed>",
	"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>%x</id><title type='html'>%x</title>"
	"<content type='html'>%x</content><author><name>%x</name></author><updated>%x</updated></entry></feed>",
	"<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><ListRecords><record><header><identifier>"
	"oai:arXiv.org:2303.12345</identifier></header><metadata><arXiv xmlns='http://arxiv.org/OAI/arXiv/'>"
	"<id>2303.12345</id><authors><author><keyname>%x</keyname><forenames>%x</forenames></author></authors>"
	"<title>%x</title><categories>%x</categories><comments>%x</comments><journal-ref>%x</journal-ref>"
	"<doi>%x</doi><abstract>%x</abstract></arXiv></metadata></record></ListRecords></OAI-PMH>",
	"<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><ListRecords><record><header><identifier>"
	"oai:arXiv.org:2303.12345</identifier></header><metadata><arXivRaw xmlns='http://arxiv.org/OAI/arXivRaw/'>"
	"<id>2303.12345</id><authors>%x</authors><title>%x</title><categories>%x</categories><comments>%x</comments>"
	"<abstract>%x</abstract></arXivRaw></metadata></record></ListRecords></OAI-PMH>",
	"<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><ListRecords><record><header><identifier>oai:x:1"
	"</identifier></header><metadata><oai_dc:dc xmlns:oai_dc='http://www.openarchives.org/OAI/2.0/oai_dc/' "
	"xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>%x</dc:title><dc:creator>%x</dc:creator>"
	"<dc:subject>%x</dc:subject><dc:description>%x</dc:description><dc:date>%x</dc:date><dc:identifier>%x"
	"</dc:identifier><dc:source>%x</dc:source></oai_dc:dc></metadata></record></ListRecords></OAI-PMH>",
	"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>%x</ArticleTitle>"
	"<Abstract><AbstractText Label='A'>%x</AbstractText></Abstract><AuthorList><Author><LastName>%x</LastName>"
	"<ForeName>%x</ForeName></Author></AuthorList><Journal><JournalIssue><PubDate><MedlineDate>%x</MedlineDate>"
	"</PubDate></JournalIssue></Journal></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
	"<collection id='2020.acl'><volume id='main'><meta><booktitle>%x</booktitle></meta><paper id='1'>"
	"<title>%x</title><author><first>%x</first><last>%x</last></author><abstract>%x</abstract><url>%x</url>"
	"</paper></volume></collection>",
	"<dblp><article key='a/b'><author>%x</author><title>%x</title><ee>%x</ee><year>%x</year></article></dblp>",
	"[{\"paper\":{\"id\":\"2303.12345\",\"title\":\"%j\",\"summary\":\"%j\",\"authors\":[{\"name\":\"%j\"}],"
	"\"githubRepo\":\"%j\",\"publishedAt\":\"%j\",\"ai_keywords\":[\"%j\"]}}]",
	"{\"collection\":[{\"doi\":\"10.1101/2020.01.01.000001\",\"title\":\"%j\",\"authors\":\"%j\",\"abstract\":\"%j\","
	"\"date\":\"%j\",\"category\":\"%j\",\"server\":\"bioRxiv\"}]}",
	"{\"message\":{\"items\":[{\"DOI\":\"10.1/%j\",\"title\":[\"%j\"],\"abstract\":\"%j\",\"author\":[{\"given\":\"%j\","
	"\"family\":\"%j\"}],\"container-title\":[\"%j\"]}]}}",
	"{\"results\":[{\"id\":\"https://openalex.org/W1\",\"doi\":\"%j\",\"display_name\":\"%j\",\"authorships\":"
	"[{\"raw_author_name\":\"%j\"}],\"abstract_inverted_index\":{\"%j\":[0]}}]}",
	"{\"notes\":[{\"id\":\"abcdefgh1\",\"content\":{\"title\":{\"value\":\"%j\"},\"abstract\":{\"value\":\"%j\"},"
	"\"authors\":{\"value\":[\"%j\"]},\"keywords\":{\"value\":\"%j\"},\"venue\":{\"value\":\"%j\"}}}]}",
	"{\"data\":[{\"paperId\":\"a\",\"title\":\"%j\",\"abstract\":\"%j\",\"externalIds\":{\"DOI\":\"%j\"},"
	"\"authors\":[{\"name\":\"%j\"}]}]}",
	"{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{\"id\":\"%j\",\"url\":\"%j\",\"title\":\"%j\","
	"\"content_html\":\"%j\",\"authors\":[{\"name\":\"%j\"}],\"tags\":[\"%j\"],\"date_published\":\"%j\"}]}",
	"{\"id\":\"2303.12345\",\"submitter\":\"%j\",\"authors\":\"%j\",\"title\":\"%j\",\"comments\":\"%j\","
	"\"journal-ref\":\"%j\",\"doi\":\"%j\",\"abstract\":\"%j\",\"categories\":\"%j\",\"versions\":[{\"version\":\"%j\","
	"\"created\":\"%j\"}]}",
	"{\"id\":\"%j\",\"title\":\"%j\",\"authors\":\"%j\",\"abstract\":\"%j\",\"doi\":\"%j\",\"url\":\"%j\",\"date\":\"%j\","
	"\"categories\":\"%j\",\"venue\":\"%j\"}",
	/* The markup itself. */
	"<rss version='2.0'><channel><item><title>a</title><description>%r</description></item></channel></rss>",
	"<rss version='2.0'><channel><item><title a='%r'>a</title></item></channel></rss>",
	"<rss version='2.0'><channel><item><title><![CDATA[%r]]></title></item></channel></rss>",
	"<!DOCTYPE rss [ %r ]><rss version='2.0'><channel><item><title>a</title></item></channel></rss>",
	"%r",
	"[{\"id\":\"2303.12345\",\"title\":%r}]",
	"{%r"
};

static char *
fill(char *to, const char *first, const char *again, size_t size)
{
	size_t		n = strlen(again);
	char	   *p = to;

	memcpy(p, first, strlen(first));
	p += strlen(first);
	while (p + n <= to + size)
	{
		memcpy(p, again, n);
		p += n;
	}
	*p = '\0';
	return p;
}

static void
put_escaped(StringInfo out, const char *s, char how)
{
	for (; *s != '\0'; s++)
	{
		if (how == 'x' && *s == '<')
			appendStringInfoString(out, "&lt;");
		else if (how == 'x' && *s == '&')
			appendStringInfoString(out, "&amp;");
		else if (how == 'j' && (*s == '"' || *s == '\\'))
		{
			appendStringInfoChar(out, '\\');
			appendStringInfoChar(out, *s);
		}
		else if (how == 'j' && (unsigned char) *s < ' ')
			appendStringInfoString(out, "\\n");
		else
			appendStringInfoChar(out, *s);
	}
}

typedef struct Job
{
	int			what;			/* a function, or a frame behind these */
	const char *text;
	int			len;
	int			bytes;			/* of the document that it was put into */
	double		seconds;
} Job;

#define NFUNCTIONS	9

static const char *const functions[] = {
	"pf_plain", "pf_plain HTML", "pf_links", "pf_names_split", "pf_name", "pf_date", "pf_paperid_read",
	"pf_url_canonical", "pf_url_resolve"
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void
on_record(PfRecord *rec, const PfFeedInfo *info, void *arg)
{
	PfIdentities ids;

	pf_identify(rec, &ids);
}

static void
run_job(void *arg)
{
	Job		   *job = arg;
	PfStr		in = {job->text, job->len};
	StringInfoData out;
	PfStrings	names = {NULL, 0, 0};
	PfPairs		links = {NULL, 0, 0};
	PfFeed	   *feed;
	double		start;
	int			sqlstate;

	initStringInfo(&out);
	if (job->what >= NFUNCTIONS)
	{
		for (const char *f = frames[job->what - NFUNCTIONS]; *f != '\0'; f++)
		{
			if (f[0] == '%' && (f[1] == 'x' || f[1] == 'j' || f[1] == 'r'))
				put_escaped(&out, job->text, *++f);
			else
				appendStringInfoChar(&out, *f);
		}
	}
	job->bytes = job->what >= NFUNCTIONS ? out.len : job->len;
	start = now();
	switch (job->what)
	{
		case 0:
			pf_plain(in, PF_PLAIN_ALL, &out);
			break;
		case 1:
			pf_plain(in, PF_PLAIN_HTML, &out);
			break;
		case 2:
			pf_links(in, &links);
			break;
		case 3:
			pf_names_split(&names, in);
			break;
		case 4:
			pf_name(in);
			break;
		case 5:
			pf_date(in);
			break;
		case 6:
			pf_paperid_read(in, NULL, NULL);
			break;
		case 7:
			pf_url_canonical(in);
			break;
		case 8:
			pf_url_resolve(PF_STR_LIT("https://example.org/a/b"), in);
			break;
		default:
			feed = pf_feed_begin(PF_STR_NONE, PF_STR_NONE, on_record, NULL);
			pf_feed_push(feed, out.data, out.len);
			pf_feed_end(feed, &sqlstate);
			break;
	}
	job->seconds = now() - start;
}

static uint64 state = 88172645463325252;

static unsigned
draw(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned) (state >> 11) % n;
}

static void
draw_words(char *to, int max)
{
	int			n = draw(max + 1);

	*to = '\0';
	while (n-- > 0)
		strcat(to, words[draw(lengthof(words))]);
}

int
main(int argc, char **argv)
{
	double		stop = now() + (argc > 1 ? atof(argv[1]) : 60);
	char	   *at_short = malloc(SHORT + 1000);
	char	   *at_long = malloc(LONG + 1000);
	long		tried = 0;
	int			found = 0;

	if (argc > 2)
		state ^= strtoull(argv[2], NULL, 10) * UINT64CONST(0x9E3779B97F4A7C15);
	while (now() < stop)
	{
		char		first[500];
		char		again[500];
		Job			job;
		double		seconds;
		bool		ok;

		draw_words(first, 2);
		draw_words(again, 3);
		if (*again == '\0')
			continue;
		job.what = draw(NFUNCTIONS + lengthof(frames));
		job.text = at_short;
		job.len = (int) (fill(at_short, first, again, SHORT) - at_short);
		job.seconds = 0;
		tried++;
		ok = fuzz_run(run_job, &job);
		seconds = job.seconds;
		if (ok && seconds < MEASURABLE)
			continue;
		job.text = at_long;
		job.len = (int) (fill(at_long, first, again, LONG) - at_long);
		ok = ok && fuzz_run(run_job, &job);
		if (ok && job.seconds < seconds * MUCH && job.bytes > job.seconds * SLOW * 1e6)
			continue;
		found++;
		printf("%s\n\"%s\" and \"%s\" again and again: ",
			   job.what < NFUNCTIONS ? functions[job.what] : frames[job.what - NFUNCTIONS],
			   first, again);
		if (ok)
			printf("%.3f s, eight times as much %.3f s, %.1f MB/s\n", seconds, job.seconds,
				   job.bytes / job.seconds / 1e6);
		else
			printf("%s\n", fuzz_message);
		fflush(stdout);
	}
	printf("%ld texts tried, %d found\n", tried, found);
	return found > 0;
}
