/*-------------------------------------------------------------------------
 *
 * format.h
 *		What a format is to the readers: functions from a tree to a record.
 *
 * A format's function gets one piece of the document at a time.  It returns
 * PF_PIECE_RECORD after filling 'rec' (which comes initialized), or notes in
 * 'doc' what the piece says of the document and returns PF_PIECE_OTHER.
 * It allocates in CurrentMemoryContext, which is reset after the record was
 * handed on; what it notes in 'doc' it copies with pf_doc_keep.
 *
 * After the function, finish.c completes every record alike: links out of
 * abstract and comment, the source's name, the identity hash.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_FORMAT_H
#define PF_FORMAT_H

#include "common/dates.h"
#include "common/names.h"
#include "common/record.h"
#include "common/text.h"
#include "common/urls.h"
#include "feed/feed.h"
#include "feed/node.h"

typedef enum PfPiece
{
	PF_PIECE_OTHER,
	PF_PIECE_RECORD
} PfPiece;

/* The document as the formats see it. */
typedef struct PfDoc
{
	PfFeedInfo	info;
	PfStr		base;			/* base address, xml:base of the root applied */
	MemoryContext context;		/* lives as long as the document */
	PfStr		host;			/* host of 'base', the source of generic feeds */
	PfStr		volume;			/* of the formats that nest records in volumes */
	PfStr		volume_title;
	TimestampTz volume_date;
	bool		arxiv;			/* the feed is arXiv's own */
	PfStrings	authors;		/* of the feed, for items that name none */
	bool		has_ttl;		/* RSS: info.ttl is the feed's own word */
	int			update_period;	/* RSS 1.0: minutes, 0 = not said */
	int			update_frequency;	/* times in that period, 0 = not said */

	/* The readers' own. */
	MemoryContext record_context;	/* a format's CurrentMemoryContext; reset after each piece */
	PfRecordFn	fn;
	void	   *arg;
	struct PfJson *json;		/* of json.c, from the first value on */
} PfDoc;

extern PfStr pf_doc_keep(PfDoc *doc, PfStr a);

/* For the readers: complete a record and hand it on.  They reset record_context after it. */
extern void pf_doc_emit(PfDoc *doc, PfRecord *rec);

/*
 * XML.  'opened' is true when the piece is a container (feed, channel,
 * ListRecords, volume ...): it then has its attributes only, and its children
 * follow as pieces of their own.
 */
typedef PfPiece (*PfXmlFn) (PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec);

extern PfPiece pf_atom_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec);
extern PfPiece pf_rss_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec);	/* RSS and RDF */
extern PfPiece pf_oai_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec);
extern PfPiece pf_pubmed_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec);
extern PfPiece pf_acl_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec);
extern PfPiece pf_dblp_piece(PfDoc *doc, const PfNode *node, bool opened, PfRecord *rec);

/*
 * JSON.  A format knows its records by their shape: the function returns
 * PF_PIECE_OTHER for what is not its own.  'node' is an element of the
 * document's list of records; the rest of the document comes member by
 * member to pf_json_head.
 */
typedef PfPiece (*PfJsonFn) (PfDoc *doc, const PfNode *node, PfRecord *rec);

extern PfPiece pf_huggingface_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_biorxiv_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_crossref_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_openalex_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_europepmc_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_s2_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_openreview_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_datacite_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_dblp_json_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_jsonfeed_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_arxiv_snapshot_item(PfDoc *doc, const PfNode *node, PfRecord *rec);
extern PfPiece pf_generic_json_item(PfDoc *doc, const PfNode *node, PfRecord *rec);

/* A member of the document outside the list of records ("message.next-cursor", "meta", "title" ...); 'path' joins names by dots. */
extern void pf_json_head(PfDoc *doc, const char *path, const PfNode *node);

/* arXiv's words in any feed that carries them ("arXiv:IDvN Announce Type: new\nAbstract: ..."); true if it took the text apart. */
extern bool pf_arxiv_description(PfDoc *doc, PfStr text, PfRecord *rec);

/* finish.c */
extern void pf_record_finish(PfDoc *doc, PfRecord *rec);

#endif							/* PF_FORMAT_H */
