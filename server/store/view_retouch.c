/* Versions of a finished photo and photos by other profiles, as staff see them. Declared in view.h. */
#include "base/text.h"
#include "store/retouch.h"
#include "store/view.h"

/* The code's sentence and what to do, in the language asked for; `why` is the worker's, in English. */
static void put_problem(struct buf *out, const struct json *report, const char *state, enum language language)
{
    json_name(out, "problem");
    if (!text_is(state, "refused")) {
        json_null(out);
        return;
    }
    enum err e = ERR_WORKER;
    for (int i = ERR_NONE + 1; i < ERR_COUNT; i++)
        if (text_is(err_name((enum err)i), json_text_at(report, "error", "")))
            e = (enum err)i;
    json_object_open(out);
    json_put_text(out, "code", err_name(e));
    json_put_text(out, "title", err_title(e, language));
    json_put_text(out, "fix", err_fix(e, language));
    json_put_text(out, "detail", json_text_at(report, "why", ""));
    json_object_close(out);
}

static enum err read_json(struct tx *tx, const char *text, const struct json **tree)
{
    return json_read(text, strlen(text), tx->arena, tree);
}

static enum err put_version(struct tx *tx, const struct retouch *r, enum language language, struct buf *out)
{
    const struct json *outcome = NULL;
    TRY(read_json(tx, r->outcome, &outcome));
    json_object_open(out);
    json_put_int(out, "number", r->number);
    json_put_text(out, "repair", r->repair);
    json_put_text(out, "state", r->state);
    json_put_text(out, "verdict", r->verdict);
    json_put_text(out, "by", r->account);
    json_put_time(out, "created", r->created_us);
    json_name(out, "change");
    if (text_is(r->state, "ready") && outcome->first != NULL)
        json_tree(out, outcome);
    else
        json_null(out);
    put_problem(out, outcome, r->state, language);
    json_object_close(out);
    return ERR_NONE;
}

enum err view_retouch(struct tx *tx, const struct attempt *a, enum language language, struct buf *out)
{
    struct retouch *list = ARENA_ARRAY(tx->arena, struct retouch, RETOUCH_TRIES_MAX + 1);
    const char *report = a->report;
    size_t count = 0;
    TRY(retouch_list(tx, a->id, list, RETOUCH_TRIES_MAX + 1, &count));
    json_object_open(out);
    json_put_text(out, "attempt_id", a->id);
    json_put_int(out, "number", a->retouch_number);
    json_put_int(out, "chosen", a->retouch_chosen);
    json_put_bool(out, "mask", a->mask_blob_id != NULL);
    json_name(out, "items");
    json_array_open(out);
    for (size_t i = 0; i < count; i++)
        TRY(put_version(tx, &list[i], language, out));
    json_array_close(out);
    if (a->retouch_chosen != a->retouch_number)
        TRY(retouch_report(tx, a->id, a->retouch_chosen, &report));
    json_put_raw(out, "report", report);
    json_object_close(out);
    return ERR_NONE;
}

static enum err put_derived(struct tx *tx, const struct derived *d, enum language language, struct buf *out)
{
    const struct json *report = NULL;
    if (text_is(d->state, "refused"))
        TRY(read_json(tx, d->report, &report));
    json_object_open(out);
    json_put_text(out, "profile", d->profile);
    json_put_int(out, "retouch", d->retouch_number);
    json_put_text(out, "state", d->state);
    json_put_text(out, "verdict", d->verdict);
    json_put_time(out, "created", d->created_us);
    put_problem(out, report, d->state, language);
    json_object_close(out);
    return ERR_NONE;
}

enum err view_derived(struct tx *tx, const struct attempt *a, enum language language, struct buf *out)
{
    struct derived *list = ARENA_ARRAY(tx->arena, struct derived, DERIVED_MAX);
    size_t count = 0;
    TRY(derived_list(tx, a->id, list, DERIVED_MAX, &count));
    json_list_open(out);
    for (size_t i = 0; i < count; i++)
        if (list[i].retouch_number ==
            a->retouch_number) /* others are of a photo that is not the approved one any more */
            TRY(put_derived(tx, &list[i], language, out));
    json_list_close(out);
    return ERR_NONE;
}
