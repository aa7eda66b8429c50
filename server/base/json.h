/* json — strict reading into a tree or a struct, and writing into a buf. The only user of cJSON.
 *
 * Strict: UTF-8 only, no "\u0000", no duplicate names, no numbers beyond 2^53 where an integer is asked for,
 * nesting at most JSON_DEPTH_MAX, nothing behind the value. Trees live in the arena they were read into. Any thread. */
#ifndef XY_JSON_H
#define XY_JSON_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"

#define JSON_DEPTH_MAX 16
#define JSON_NAMES_MAX 1000 /* in one object */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    const char *name;   /* in an object; else NULL */
    const char *text;   /* JSON_TEXT; else NULL */
    double number;      /* JSON_NUMBER */
    bool truth;         /* JSON_BOOL */
    struct json *first; /* children of arrays and objects, in order */
    struct json *next;
};

/* BAD_REQUEST when it is not strict JSON; TOO_LARGE beyond the depth or the names. *tree lives in arena. */
enum err json_read(const char *bytes, size_t len, struct arena *arena, const struct json **tree);

/* Look-ups; NULL tree gives the fall-back. `path` may be dotted: "amount.total". */
const struct json *json_at(const struct json *tree, const char *path); /* NULL when absent */
const char *json_text_at(const struct json *tree, const char *path, const char *otherwise);
int64_t json_int_at(const struct json *tree, const char *path, int64_t otherwise); /* whole numbers only */
double json_number_at(const struct json *tree, const char *path, double otherwise);
bool json_bool_at(const struct json *tree, const char *path, bool otherwise);
size_t json_count(const struct json *tree); /* children */

/* ---- into a struct ---- */

enum json_type {
    JSON_TO_TEXT,  /* const char *; min/max = characters (code points), control characters refused */
    JSON_TO_LINES, /* the same, newline and tab allowed */
    JSON_TO_INT,   /* int64_t; min/max = value */
    JSON_TO_BOOL,  /* bool */
    JSON_TO_TEXTS, /* struct json_texts; min/max = how many; each at most 200 characters */
    JSON_TO_TREE   /* const struct json * (object or array) */
};

struct json_texts {
    const char **items;
    size_t count;
};

struct json_field {
    const char *name;
    enum json_type type;
    bool required;
    size_t offset; /* of the member */
    int64_t min, max;
};
#define JSON_FIELD(type_, member_, json_type_, required_, min_, max_)                                                  \
    {                                                                                                                  \
#member_, json_type_, required_, offsetof(type_, member_), min_, max_                                          \
    }

/* Fill `out` from an object. Absent optional fields and JSON null leave the member as it was. Unknown names,
 * duplicates, wrong types and values out of range are BAD_FIELD; `why` (256 bytes, may be NULL) then names the field
 * and what is wrong with it, in English. */
#define JSON_WHY_BYTES 256
enum err json_decode(const struct json *object, const struct json_field *fields, size_t count, void *out,
                     struct arena *arena, char why[JSON_WHY_BYTES]);

/* ---- writing: commas are put by themselves ---- */

void json_object_open(struct buf *b);
void json_object_close(struct buf *b);
void json_array_open(struct buf *b);
void json_array_close(struct buf *b);
/* A list as every answer has it: open, the items, close; a page says where the next one begins (NULL: nowhere). */
void json_list_open(struct buf *b);                    /* {"items":[ */
void json_list_close(struct buf *b);                   /* ]} */
void json_page_close(struct buf *b, const char *next); /* ],"next":next} */
void json_name(struct buf *b, const char *name);
void json_text(struct buf *b, const char *text); /* NULL writes null; escapes as RFC 8259 and U+2028/9 */
void json_int(struct buf *b, int64_t value);
void json_number(struct buf *b, double value, int decimals); /* NaN and infinities write null */
void json_bool(struct buf *b, bool value);
void json_null(struct buf *b);
void json_raw(struct buf *b, const char *json, size_t len); /* text that is JSON already; len 0 writes null */
void json_tree(struct buf *b, const struct json *tree);

/* name and value together */
void json_put_text(struct buf *b, const char *name, const char *text);
void json_put_int(struct buf *b, const char *name, int64_t value);
void json_put_number(struct buf *b, const char *name, double value, int decimals);
void json_put_bool(struct buf *b, const char *name, bool value);
void json_put_time(struct buf *b, const char *name, int64_t utc_us); /* RFC 3339; 0 writes null */
void json_put_raw(struct buf *b, const char *name, const char *json);

#endif
