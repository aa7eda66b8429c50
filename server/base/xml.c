#include "base/xml.h"

#include "base/buf.h"
#include "base/check.h"

#include <expat.h>

struct reading {
    XML_Parser parser;
    struct arena *arena;
    struct json *open[XML_DEPTH_MAX + 1], *last[XML_DEPTH_MAX + 1]; /* by depth: the element, its newest child */
    size_t depth, nodes;
    struct buf text; /* since the last tag */
    struct json *root;
    enum err e;
};

static void refuse(struct reading *r, enum err e)
{
    if (r->e == ERR_NONE)
        r->e = e;
    XML_StopParser(r->parser, XML_FALSE);
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *r = arg;
    (void)attributes;
    if (r->depth == XML_DEPTH_MAX || ++r->nodes > XML_NODES_MAX) {
        refuse(r, ERR_TOO_LARGE);
        return;
    }
    struct json *node = ARENA_NEW(r->arena, struct json);
    node->kind = JSON_TEXT;
    node->name = arena_text(r->arena, name);
    node->text = "";
    if (r->depth == 0) {
        r->root = node;
    } else {
        struct json *parent = r->open[r->depth - 1];
        parent->kind = JSON_OBJECT;
        parent->text = NULL;
        if (parent->first == NULL)
            parent->first = node;
        else
            r->last[r->depth - 1]->next = node;
        r->last[r->depth - 1] = node;
    }
    r->open[r->depth++] = node;
    buf_clear(&r->text);
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
    struct reading *r = arg;
    (void)name;
    struct json *node = r->open[--r->depth];
    if (node->kind == JSON_TEXT)
        node->text = arena_text_n(r->arena, buf_cstr(&r->text), r->text.len);
    buf_clear(&r->text);
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int len)
{
    struct reading *r = arg;
    buf_add(&r->text, text, (size_t)len);
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                               int has_internal)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal;
    refuse(arg, ERR_BAD_REQUEST);
}

enum err xml_read(const char *bytes, size_t len, struct arena *arena, const struct json **tree)
{
    if (len > XML_BYTES_MAX)
        return ERR_TOO_LARGE;
    struct reading r = {.arena = arena, .parser = XML_ParserCreate("UTF-8")};
    CHECK(r.parser != NULL);
    buf_init(&r.text, XML_BYTES_MAX + 1);
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    if (XML_Parse(r.parser, bytes, (int)len, 1) != XML_STATUS_OK && r.e == ERR_NONE)
        r.e = ERR_BAD_REQUEST;
    XML_ParserFree(r.parser);
    buf_release(&r.text);
    if (r.e == ERR_NONE && (r.root == NULL || r.root->kind != JSON_OBJECT))
        r.e = ERR_BAD_REQUEST;
    *tree = r.e == ERR_NONE ? r.root : NULL;
    return r.e;
}
