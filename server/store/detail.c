#include "store/detail.h"

#include "base/check.h"
#include "base/json.h"
#include "base/text.h"
#include "store/column.h"
#include "store/queries.h"
#include "store/roster.h"
#include "store/store.h"

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static const char *first_of(const char *a, const char *b)
{
    return a != NULL && a[0] != '\0' ? a : or_empty(b);
}

/* What the student said. */
static enum err read_own(struct tx *tx, const char *submission_id, struct detail *own)
{
    struct rows r;
    const char *text = NULL;
    const struct json *tree = NULL;
    *own = (struct detail){"", "", "", "", 0};
    TRY(TX_OPEN(tx, &r, Q_DETAIL_GET, v_text(submission_id)));
    enum err e = ERR_NONE;
    if (rows_next(&r)) {
        own->confirmed_us = col_int(&r, 1);
        e = column_open(tx, &r, 0, "detail", submission_id, "detail", &text);
    }
    enum err closed = rows_close(&r);
    TRY(e != ERR_NONE ? e : closed);
    if (text == NULL)
        return ERR_NONE;
    TRY(json_read(text, strlen(text), tx->arena, &tree));
    own->college = json_text_at(tree, "college", "");
    own->major = json_text_at(tree, "major", "");
    own->class_name = json_text_at(tree, "class_name", "");
    own->email = json_text_at(tree, "email", "");
    return ERR_NONE;
}

enum err detail_of_roster(struct tx *tx, const struct submission *s, struct detail *detail)
{
    struct roster_entry entry;
    *detail = (struct detail){"", "", "", "", 0};
    if (s->roster_id == NULL)
        return ERR_NONE;
    TRY(roster_get(tx, s->roster_id, &entry));
    detail->college = or_empty(entry.college);
    detail->major = or_empty(entry.major);
    detail->class_name = or_empty(entry.class_name);
    return ERR_NONE;
}

enum err detail_of(struct tx *tx, const struct submission *s, struct detail *detail)
{
    struct detail own;
    TRY(detail_of_roster(tx, s, detail));
    TRY(read_own(tx, s->id, &own));
    detail->college = first_of(detail->college, own.college);
    detail->major = first_of(detail->major, own.major);
    detail->class_name = first_of(detail->class_name, own.class_name);
    detail->email = own.email;
    detail->confirmed_us = own.confirmed_us;
    return ERR_NONE;
}

enum err detail_confirm(struct tx *tx, const struct submission *s, const struct detail *own, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    struct detail before;
    struct buf b;
    TRY(read_own(tx, s->id, &before));
    buf_init(&b, KIB(4));
    json_object_open(&b);
    json_put_text(&b, "college", first_of(own->college, before.college));
    json_put_text(&b, "major", first_of(own->major, before.major));
    json_put_text(&b, "class_name", first_of(own->class_name, before.class_name));
    json_put_text(&b, "email", first_of(own->email, before.email));
    json_object_close(&b);
    const char *text = b.over ? NULL : arena_text(tx->arena, buf_cstr(&b));
    buf_release(&b);
    if (text == NULL)
        return ERR_TOO_LARGE;
    TRY(TX_RUN(tx, Q_DETAIL_PUT, v_text(s->id), column_seal(tx, "detail", s->id, "detail", text), v_int(now_us)));
    return submission_touch(tx, s->id);
}

enum err detail_given(struct tx *tx, const struct submission *s, const struct policy *policy, bool *given)
{
    struct detail own;
    *given = text_is(policy->details, "none");
    if (*given)
        return ERR_NONE;
    TRY(read_own(tx, s->id, &own));
    *given = own.confirmed_us > 0;
    return ERR_NONE;
}

enum err detail_erase(struct tx *tx, const char *submission_id)
{
    return TX_RUN(tx, Q_DETAIL_ERASE, v_text(submission_id));
}
