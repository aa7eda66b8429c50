#include "base/json.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"

#include <cjson/cJSON.h>
#include <math.h>

#define INT_EXACT_MAX        9007199254740992.0 /* 2^53: beyond it a double no longer names one integer */
#define TEXTS_ITEM_CHARS_MAX 200

/* ---- reading ---- */

/* cJSON reads "x\u0000y" as "x": the only escape that can make text shorter than it was. */
static bool has_nul_escape(const char *bytes, size_t len)
{
    for (size_t i = 0; i + 5 < len; i++) {
        if (bytes[i] != '\\')
            continue;
        if (memcmp(bytes + i, "\\u0000", 6) == 0)
            return true;
        i++; /* the escaped character is never the start of an escape */
    }
    return false;
}

static enum err tree_from(const cJSON *item, struct arena *arena, int depth, struct json **out)
{
    if (depth > JSON_DEPTH_MAX)
        return ERR_TOO_LARGE;
    struct json *node = ARENA_NEW(arena, struct json);
    node->name = item->string == NULL ? NULL : arena_text(arena, item->string);
    *out = node;
    if (cJSON_IsBool(item)) {
        node->kind = JSON_BOOL;
        node->truth = cJSON_IsTrue(item);
    } else if (cJSON_IsNumber(item)) {
        if (!isfinite(item->valuedouble)) /* 1e309: no number that could be written again */
            return ERR_BAD_REQUEST;
        node->kind = JSON_NUMBER;
        node->number = item->valuedouble;
    } else if (cJSON_IsString(item)) {
        node->kind = JSON_TEXT;
        node->text = arena_text(arena, item->valuestring);
    } else if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
        node->kind = cJSON_IsArray(item) ? JSON_ARRAY : JSON_OBJECT;
        struct json **link = &node->first;
        size_t names = 0;
        for (const cJSON *child = item->child; child != NULL; child = child->next) {
            TRY(tree_from(child, arena, depth + 1, link));
            if (node->kind == JSON_OBJECT && ++names > JSON_NAMES_MAX)
                return ERR_TOO_LARGE; /* each name is compared with those before it */
            if (node->kind == JSON_OBJECT)
                for (const struct json *seen = node->first; seen != *link; seen = seen->next)
                    if (strcmp(seen->name, (*link)->name) == 0)
                        return ERR_BAD_REQUEST;
            link = &(*link)->next;
        }
    } else {
        node->kind = JSON_NULL;
    }
    return ERR_NONE;
}

enum err json_read(const char *bytes, size_t len, struct arena *arena, const struct json **tree)
{
    if (len == 0 || !text_utf8_valid(bytes, len) || has_nul_escape(bytes, len))
        return ERR_BAD_REQUEST;
    const char *text = arena_text_n(arena, bytes, len);
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithOpts(text, &end, true);
    if (root == NULL)
        return ERR_BAD_REQUEST;
    struct json *made = NULL;
    enum err e = tree_from(root, arena, 0, &made);
    cJSON_Delete(root);
    *tree = made;
    return e;
}

static const struct json *child_named(const struct json *object, const char *name, size_t len)
{
    if (object == NULL || object->kind != JSON_OBJECT)
        return NULL;
    for (const struct json *child = object->first; child != NULL; child = child->next)
        if (strncmp(child->name, name, len) == 0 && child->name[len] == '\0')
            return child;
    return NULL;
}

const struct json *json_at(const struct json *tree, const char *path)
{
    while (tree != NULL) {
        size_t len = strcspn(path, ".");
        tree = child_named(tree, path, len);
        if (path[len] == '\0')
            return tree;
        path += len + 1;
    }
    return NULL;
}

const char *json_text_at(const struct json *tree, const char *path, const char *otherwise)
{
    const struct json *found = json_at(tree, path);
    return found != NULL && found->kind == JSON_TEXT ? found->text : otherwise;
}

static bool whole(const struct json *node, int64_t *value)
{
    if (node == NULL || node->kind != JSON_NUMBER || !(fabs(node->number) < INT_EXACT_MAX) ||
        node->number != floor(node->number))
        return false;
    *value = (int64_t)node->number;
    return true;
}

int64_t json_int_at(const struct json *tree, const char *path, int64_t otherwise)
{
    int64_t value;
    return whole(json_at(tree, path), &value) ? value : otherwise;
}

double json_number_at(const struct json *tree, const char *path, double otherwise)
{
    const struct json *found = json_at(tree, path);
    return found != NULL && found->kind == JSON_NUMBER ? found->number : otherwise;
}

bool json_bool_at(const struct json *tree, const char *path, bool otherwise)
{
    const struct json *found = json_at(tree, path);
    return found != NULL && found->kind == JSON_BOOL ? found->truth : otherwise;
}

size_t json_count(const struct json *tree)
{
    size_t count = 0;
    if (tree != NULL)
        for (const struct json *child = tree->first; child != NULL; child = child->next)
            count++;
    return count;
}

/* ---- into a struct ---- */

static enum err complain(char *why, const char *field, const char *what)
{
    if (why != NULL)
        snprintf(why, JSON_WHY_BYTES, "%s: %s", field, what);
    return ERR_BAD_FIELD;
}

static enum err complain_range(char *why, const struct json_field *f, const char *of_what)
{
    char what[120];
    snprintf(what, sizeof what, "must have %s %" PRId64 " to %" PRId64, of_what, f->min, f->max);
    return complain(why, f->name, what);
}

static enum err decode_text(const struct json *value, const struct json_field *f, const char **to, char *why)
{
    if (value->kind != JSON_TEXT)
        return complain(why, f->name, "must be text");
    int64_t chars = (int64_t)text_chars(value->text);
    if (chars < f->min || chars > f->max)
        return complain_range(why, f, "a length of");
    for (const char *c = value->text; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 && !(f->type == JSON_TO_LINES && (*c == '\n' || *c == '\t')))
            return complain(why, f->name, "must not contain control characters");
    *to = value->text;
    return ERR_NONE;
}

static enum err decode_texts(const struct json *value, const struct json_field *f, struct json_texts *to,
                             struct arena *arena, char *why)
{
    if (value->kind != JSON_ARRAY)
        return complain(why, f->name, "must be a list of texts");
    size_t count = json_count(value);
    if ((int64_t)count < f->min || (int64_t)count > f->max)
        return complain_range(why, f, "a number of entries from");
    to->items = ARENA_ARRAY(arena, const char *, count);
    to->count = 0;
    struct json_field item = {f->name, JSON_TO_TEXT, true, 0, 1, TEXTS_ITEM_CHARS_MAX};
    for (const struct json *child = value->first; child != NULL; child = child->next)
        TRY(decode_text(child, &item, &to->items[to->count++], why));
    return ERR_NONE;
}

static enum err decode_field(const struct json *value, const struct json_field *f, void *out, struct arena *arena,
                             char *why)
{
    void *member = (char *)out + f->offset;
    switch (f->type) {
    case JSON_TO_TEXT:
    case JSON_TO_LINES:
        return decode_text(value, f, member, why);
    case JSON_TO_INT: {
        int64_t number;
        if (!whole(value, &number))
            return complain(why, f->name, "must be a whole number");
        if (number < f->min || number > f->max)
            return complain_range(why, f, "a value from");
        *(int64_t *)member = number;
        return ERR_NONE;
    }
    case JSON_TO_BOOL:
        if (value->kind != JSON_BOOL)
            return complain(why, f->name, "must be true or false");
        *(bool *)member = value->truth;
        return ERR_NONE;
    case JSON_TO_TEXTS:
        return decode_texts(value, f, member, arena, why);
    case JSON_TO_TREE:
        if (value->kind != JSON_OBJECT && value->kind != JSON_ARRAY)
            return complain(why, f->name, "must be an object or a list");
        *(const struct json **)member = value;
        return ERR_NONE;
    }
    return ERR_BUG;
}

enum err json_decode(const struct json *object, const struct json_field *fields, size_t count, void *out,
                     struct arena *arena, char why[JSON_WHY_BYTES])
{
    if (object == NULL || object->kind != JSON_OBJECT)
        return complain(why, "body", "must be a JSON object");
    for (const struct json *child = object->first; child != NULL; child = child->next) {
        size_t i = 0;
        while (i < count && strcmp(fields[i].name, child->name) != 0)
            i++;
        if (i == count)
            return complain(why, child->name, "is not a known field");
        if (child->kind != JSON_NULL)
            TRY(decode_field(child, &fields[i], out, arena, why));
    }
    for (size_t i = 0; i < count; i++) {
        const struct json *given = child_named(object, fields[i].name, strlen(fields[i].name));
        if (fields[i].required && (given == NULL || given->kind == JSON_NULL))
            return complain(why, fields[i].name, "is missing");
    }
    return ERR_NONE;
}

/* ---- writing ---- */

/* A comma is due unless the value is the first in its container or follows its name. */
static void separate(struct buf *b)
{
    char last = b->len == 0 ? '{' : b->bytes[b->len - 1];
    if (last != '{' && last != '[' && last != ':')
        buf_char(b, ',');
}

void json_object_open(struct buf *b)
{
    separate(b);
    buf_char(b, '{');
}

void json_object_close(struct buf *b)
{
    buf_char(b, '}');
}

void json_array_open(struct buf *b)
{
    separate(b);
    buf_char(b, '[');
}

void json_array_close(struct buf *b)
{
    buf_char(b, ']');
}

static void quoted(struct buf *b, const char *text)
{
    buf_char(b, '"');
    const char *run = text;
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char u = (unsigned char)*c;
        bool line_mark =
            u == 0xe2 && (unsigned char)c[1] == 0x80 && ((unsigned char)c[2] == 0xa8 || (unsigned char)c[2] == 0xa9);
        if (u >= 0x20 && u != '"' && u != '\\' && u != 0x7f && !line_mark)
            continue;
        buf_add(b, run, (size_t)(c - run));
        if (line_mark) {
            buf_text(b, (unsigned char)c[2] == 0xa8 ? "\\u2028" : "\\u2029");
            c += 2;
        } else if (u == '"' || u == '\\') {
            buf_char(b, '\\');
            buf_char(b, *c);
        } else if (u == '\n') {
            buf_text(b, "\\n");
        } else {
            buf_printf(b, "\\u%04x", u);
        }
        run = c + 1;
    }
    buf_text(b, run);
    buf_char(b, '"');
}

void json_name(struct buf *b, const char *name)
{
    separate(b);
    quoted(b, name);
    buf_char(b, ':');
}

void json_text(struct buf *b, const char *text)
{
    if (text == NULL) {
        json_null(b);
        return;
    }
    separate(b);
    quoted(b, text);
}

void json_int(struct buf *b, int64_t value)
{
    separate(b);
    buf_int(b, value);
}

void json_number(struct buf *b, double value, int decimals)
{
    if (!isfinite(value)) {
        json_null(b);
        return;
    }
    separate(b);
    buf_printf(b, "%.*f", decimals, value);
}

void json_bool(struct buf *b, bool value)
{
    separate(b);
    buf_text(b, value ? "true" : "false");
}

void json_null(struct buf *b)
{
    separate(b);
    buf_text(b, "null");
}

void json_raw(struct buf *b, const char *json, size_t len)
{
    if (json == NULL || len == 0) {
        json_null(b);
        return;
    }
    separate(b);
    buf_add(b, json, len);
}

void json_tree(struct buf *b, const struct json *tree)
{
    if (tree == NULL || tree->kind == JSON_NULL) {
        json_null(b);
    } else if (tree->kind == JSON_BOOL) {
        json_bool(b, tree->truth);
    } else if (tree->kind == JSON_TEXT) {
        json_text(b, tree->text);
    } else if (tree->kind == JSON_NUMBER) {
        int64_t number;
        if (whole(tree, &number)) {
            json_int(b, number);
        } else {
            separate(b);
            buf_printf(b, "%.17g", tree->number);
        }
    } else {
        bool object = tree->kind == JSON_OBJECT;
        object ? json_object_open(b) : json_array_open(b);
        for (const struct json *child = tree->first; child != NULL; child = child->next) {
            if (object)
                json_name(b, child->name);
            json_tree(b, child);
        }
        object ? json_object_close(b) : json_array_close(b);
    }
}

void json_list_open(struct buf *b)
{
    json_object_open(b);
    json_name(b, "items");
    json_array_open(b);
}

void json_list_close(struct buf *b)
{
    json_array_close(b);
    json_object_close(b);
}

void json_page_close(struct buf *b, const char *next)
{
    json_array_close(b);
    json_put_text(b, "next", next);
    json_object_close(b);
}

void json_put_text(struct buf *b, const char *name, const char *text)
{
    json_name(b, name);
    json_text(b, text);
}

void json_put_int(struct buf *b, const char *name, int64_t value)
{
    json_name(b, name);
    json_int(b, value);
}

void json_put_number(struct buf *b, const char *name, double value, int decimals)
{
    json_name(b, name);
    json_number(b, value, decimals);
}

void json_put_bool(struct buf *b, const char *name, bool value)
{
    json_name(b, name);
    json_bool(b, value);
}

void json_put_time(struct buf *b, const char *name, int64_t utc_us)
{
    char text[CLOCK_TEXT_BYTES];
    json_name(b, name);
    if (utc_us == 0) {
        json_null(b);
        return;
    }
    clock_text(utc_us, text);
    json_text(b, text);
}

void json_put_raw(struct buf *b, const char *name, const char *json)
{
    json_name(b, name);
    json_raw(b, json, json == NULL ? 0 : strlen(json));
}
