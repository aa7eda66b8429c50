/* head_gate — is this request head one that every proxy would cut at the same place?
 *
 * libh2o 2.2.5 takes what RFC 9112 forbids: both Content-Length and Transfer-Encoding, two Content-Lengths (the first
 * wins), no Host or two, bare LF, folded lines. Each of them lets two parsers on one connection disagree where a
 * request ends. Its handlers do not see these fields any more, but the bytes are still in the socket's input buffer
 * while a handler runs: we read them again, before anything else looks at the request. A refused request is answered
 * 400 and the connection closed, so nothing behind it is ever parsed.
 *
 * Pure; any thread. */
#ifndef XY_HTTP_HEAD_GATE_H
#define XY_HTTP_HEAD_GATE_H

#include "base/base.h"

/* `bytes` begin at the request line (one empty line before it is allowed) and contain at least the whole head; header
 * names may have been lower-cased. NULL when fine (and *head_len is where the body begins), else what is wrong, in
 * English. */
const char *head_gate(const char *bytes, size_t len, size_t *head_len);

#endif
