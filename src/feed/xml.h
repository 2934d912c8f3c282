/*-------------------------------------------------------------------------
 *
 * xml.h
 *		XML, piece by piece, to trees of the size of a record.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_XML_H
#define PF_XML_H

#include "feed/format.h"

typedef struct PfXml PfXml;

/* Gets each piece in document order, outside of libxml2; may raise errors. */
typedef void (*PfXmlPieceFn) (void *arg, PfXmlFn format, const PfNode *node, bool opened);

/* Everything foreign is released when CurrentMemoryContext is reset or deleted. */
extern PfXml *pf_xml_begin(PfXmlPieceFn fn, void *arg);

/* Takes what pf_scrub gives.  Call pf_xml_drain after each push, before the next one. */
extern void pf_xml_push(PfXml *xml, const char *s, size_t len);
extern void pf_xml_drain(PfXml *xml);
extern void pf_xml_end(PfXml *xml);

/* Why reading stopped early, for people; NULL if it did not.  '*sqlstate' goes with it. */
extern const char *pf_xml_fault(const PfXml *xml, int *sqlstate);

/* The first thing that was not well-formed; NULL if all was. */
extern const char *pf_xml_problem(const PfXml *xml);

/* Did the document end with elements open? */
extern bool pf_xml_cut_off(const PfXml *xml);

#endif							/* PF_XML_H */
