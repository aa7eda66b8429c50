/* batch_name — names of the photos in a package, made from a template.
 *
 * Tokens: {student_no} {id_no} {name} {class} {college} {code} {position}. '/' makes folders. ".jpg" is appended. What
 * a file system or an archive cannot hold becomes '_'; an empty token is replaced by the code. Pure; any thread. */
#ifndef XY_BATCH_NAME_H
#define XY_BATCH_NAME_H

#include "base/arena.h"
#include "base/err.h"

#define BATCH_TEMPLATE_BYTES_MAX 120
#define BATCH_NAME_BYTES_MAX     200
#define BATCH_NAME_WHY_BYTES     128

struct batch_name_facts {
    const char *student_no, *id_no, *name, *class_name, *college, *code; /* NULL counts as empty */
    int64_t position;
};

/* BAD_FIELD: unknown token, an open brace, a path that leaves the package, nothing that tells one student from another.
 */
enum err batch_name_check(const char *template, char why[BATCH_NAME_WHY_BYTES]);
bool batch_name_is_personal(const char *template); /* name or ID number in it */
/* The template has been checked. */
const char *batch_name_make(struct arena *arena, const char *template, const struct batch_name_facts *facts);

#endif
