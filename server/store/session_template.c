#include "store/session_template.h"

#include "base/text.h"
#include "store/message_hop.h"
#include "store/queries.h"

static void take(struct tx *tx, const struct rows *r, struct template_set *set, unsigned *own)
{
    const char *name = col_text(r, 1), *fields = col_text(r, 3);
    const struct json *tree = NULL;
    char why[JSON_WHY_BYTES];
    bool page = text_is(col_text(r, 0), HOP_TEMPLATE);
    if (json_read(fields, strlen(fields), tx->arena, &tree) != ERR_NONE)
        return;
    for (size_t i = 0; i < MESSAGE_TEMPLATE_COUNT; i++) {
        struct wechat_template made;
        if (!text_is(message_template_name((enum message_template)i), name) ||
            wechat_template_make((enum message_template)i, col_text(r, 2), tree, tx->arena, &made, why) != ERR_NONE)
            continue;
        (page ? &set->page : &set->subscription)->of[i] = made;
        if (own != NULL)
            *own |= 1u << (i + (page ? 16 : 0));
    }
}

enum err session_templates_get(struct tx *tx, const char *session_id, struct template_set *set, unsigned *own)
{
    struct rows r;
    if (own != NULL)
        *own = 0;
    if (session_id == NULL)
        return ERR_NONE;
    TRY(TX_OPEN(tx, &r, Q_SESSION_TEMPLATE_LIST, v_text(session_id), v_int(SESSION_TEMPLATES_MAX)));
    while (rows_next(&r))
        take(tx, &r, set, own);
    return rows_close(&r);
}

/* Every role is written, those left out as "", so that a later messages.def does not change what is sent. */
static const char *fields_of(struct tx *tx, enum message_template kind, const struct wechat_template *tmpl)
{
    struct wechat_templates usual;
    struct buf b;
    wechat_templates_default(&usual);
    buf_init(&b, KIB(2));
    json_object_open(&b);
    for (size_t i = 0; i < usual.of[kind].field_count; i++) {
        const char *key = "";
        for (size_t k = 0; k < tmpl->field_count; k++)
            if (text_is(tmpl->fields[k].role, usual.of[kind].fields[i].role))
                key = tmpl->fields[k].key;
        json_put_text(&b, usual.of[kind].fields[i].role, key);
    }
    json_object_close(&b);
    const char *fields = arena_text_n(tx->arena, buf_cstr(&b), b.len);
    buf_release(&b);
    return fields;
}

enum err session_templates_set(struct tx *tx, const char *session_id, const struct session_template *list, size_t count,
                               int64_t now_us)
{
    TRY(TX_RUN(tx, Q_SESSION_TEMPLATE_DROP, v_text(session_id)));
    for (size_t i = 0; i < count; i++)
        TRY(TX_RUN(tx, Q_SESSION_TEMPLATE_ADD, v_text(session_id), v_text(list[i].channel),
                   v_text(message_template_name(list[i].kind)), v_text(list[i].tmpl.id),
                   v_text(fields_of(tx, list[i].kind, &list[i].tmpl)), v_int(now_us)));
    return ERR_NONE;
}

enum err session_template_known(struct tx *tx, const char *template_id, bool *known)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SESSION_TEMPLATE_KNOWN, v_text(template_id)));
    *known = rows_next(&r);
    return rows_close(&r);
}
