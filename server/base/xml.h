/* xml — small documents of outside systems as a tree, with the shape of json.h. One of two users of expat.
 *
 *   <a><b>1</b><c><d>x</d></c><c/></a>  →  object {b: "1", c: {d: "x"}, c: ""}   (the root's name is not kept)
 *
 * Names may come twice, in order; attributes, comments and blanks between elements are not kept. Document types are
 * refused, so there are no entities beyond XML's five and nothing is fetched. Bounded by the limits below. Any thread.
 */
#ifndef XY_XML_H
#define XY_XML_H

#include "base/arena.h"
#include "base/json.h"

#define XML_BYTES_MAX KIB(64)
#define XML_DEPTH_MAX 8
#define XML_NODES_MAX 500

/* BAD_REQUEST: not such a document; TOO_LARGE: beyond a limit. The tree lives in arena; all leaves are JSON_TEXT. */
enum err xml_read(const char *bytes, size_t len, struct arena *arena, const struct json **tree);

#endif
