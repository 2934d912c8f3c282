/*-------------------------------------------------------------------------
 *
 * compat.h
 *		Differences between the versions of PostgreSQL, libxml2 and libcurl
 *		that paperfeed builds with.
 *
 * This is the only file that names PG_VERSION_NUM, LIBXML_VERSION or
 * LIBCURL_VERSION_NUM.  It includes none of their headers beyond what a
 * caller has already included; add an #ifdef here rather than in a module.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PF_COMPAT_H
#define PF_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "paperfeed needs PostgreSQL 15 or later"
#endif

/* The macros of variable-length values are no part of postgres.h from 16 on. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* A deferrable primary key is told apart from 18 on. */
#if PG_VERSION_NUM >= 180000
#define pf_primary_key_index(rel)	RelationGetPrimaryKeyIndex(rel, false)
#else
#define pf_primary_key_index(rel)	RelationGetPrimaryKeyIndex(rel)
#endif

#ifdef EXECUTOR_H

/* Insertion into indexes that refuses no duplicate but tells of it: another argument from 16 on. */
#if PG_VERSION_NUM >= 160000
#define pf_insert_index_tuples(info, slot, estate, conflict) \
	ExecInsertIndexTuples(info, slot, estate, false, true, conflict, NIL, false)
#else
#define pf_insert_index_tuples(info, slot, estate, conflict) \
	ExecInsertIndexTuples(info, slot, estate, false, true, conflict, NIL)
#endif

#endif							/* EXECUTOR_H */

/* libxml2 2.12 made the argument of structured error handlers const. */
#ifdef LIBXML_VERSION
#if LIBXML_VERSION >= 21200
typedef const xmlError *PfXmlErrorPtr;
#else
typedef xmlErrorPtr PfXmlErrorPtr;
#endif
#endif

#ifdef JSONAPI_H

/*
 * The JSON parser's semantic actions give a result from 16 on, and the lexer
 * may live in the caller's memory.
 */
#if PG_VERSION_NUM >= 160000
typedef JsonParseErrorType PfJsonAction;
#define PF_JSON_ACTION_RETURN(stop)	return (stop) ? JSON_SEM_ACTION_FAILED : JSON_SUCCESS
#define pf_json_lexer(s, len) \
	makeJsonLexContextCstringLen(NULL, unconstify(char *, (s)), (int) (len), PG_UTF8, false)
#else
typedef void PfJsonAction;
#define PF_JSON_ACTION_RETURN(stop)	return
#define pf_json_lexer(s, len) \
	makeJsonLexContextCstringLen(unconstify(char *, (s)), (int) (len), PG_UTF8, false)
#endif

#endif							/* JSONAPI_H */

/* Input functions can report a fault to their caller from 16 on. */
#if PG_VERSION_NUM < 160000
#define ereturn(context, dummy_value, ...)	ereport(ERROR, __VA_ARGS__)
#define DirectInputFunctionCallSafe(function, s, typioparam, typmod, context, result) \
	(*(result) = DirectFunctionCall1((function), CStringGetDatum(s)), true)
#endif

/* Settings' extra data comes from a context of its own from 16 on. */
#if PG_VERSION_NUM < 160000
#define guc_malloc(elevel, size)	malloc(size)
#define guc_free(ptr)				free(ptr)
#endif

/*
 * Wait event sets belong to a resource owner from 17 on (NULL = only to the
 * caller), to a memory context before; extensions name their waits from 17 on.
 */
#if PG_VERSION_NUM >= 170000
#define pf_wait_set_create(context, n)	CreateWaitEventSet(NULL, (n))
#define pf_wait_event_new(name)			WaitEventExtensionNew(name)
#else
#define pf_wait_set_create(context, n)	CreateWaitEventSet((context), (n))
#define pf_wait_event_new(name)			((uint32) PG_WAIT_EXTENSION)
#endif

/* Index vacuum: the heap is passed from 16 on, vacuum_delay_point() has an argument from 18 on. */
#if PG_VERSION_NUM >= 160000
#define pf_vacuum_heap_open(info)	((info)->heaprel)
#define pf_vacuum_heap_close(heap)	((void) (heap))
#else
#define pf_vacuum_heap_open(info) \
	table_open(IndexGetRelation(RelationGetRelid((info)->index), false), NoLock)
#define pf_vacuum_heap_close(heap)	table_close((heap), NoLock)
#endif
#if PG_VERSION_NUM >= 180000
#define pf_vacuum_delay_point()		vacuum_delay_point(false)
#define pf_vacuum_truncates(options) \
	((options) != NULL && (options)->vacuum_truncate_set ? (options)->vacuum_truncate : vacuum_truncate)
#else
#define pf_vacuum_delay_point()		vacuum_delay_point()
#define pf_vacuum_truncates(options)	((options) == NULL || (options)->vacuum_truncate)
#endif

/* One may ask for a stronger lock, too, from 17 on. */
#if PG_VERSION_NUM >= 170000
#define pf_lock_is_held(tag, mode)	LockHeldByMe((tag), (mode), false)
#else
#define pf_lock_is_held(tag, mode)	LockHeldByMe((tag), (mode))
#endif

/* 7.88 is Debian 12's; older ones lack CURLOPT_QUICK_EXIT, which cancel relies on. */
#ifdef LIBCURL_VERSION_NUM
#if LIBCURL_VERSION_NUM < 0x075800
#error "paperfeed needs libcurl 7.88 or later"
#endif
#if LIBCURL_VERSION_NUM >= 0x080600
#define PF_CURLE_TOO_LARGE	CURLE_TOO_LARGE
#else
#define PF_CURLE_TOO_LARGE	CURLE_OUT_OF_MEMORY
#endif
#endif

/* Planner paths that are not to be taken are counted from 18 on, and dear before. */
#if PG_VERSION_NUM >= 180000
#define pf_disable_path(path)	((path)->disabled_nodes = 2)
#else
#define pf_disable_path(path)	((void) (path))
#endif

#endif							/* PF_COMPAT_H */
