/* The collection code as student and staff see it. Declared in view.h. */
#include "base/code_kind.h"
#include "base/text.h"
#include "store/collection_code.h"
#include "store/view.h"

static void put_words(struct buf *out, const struct collection_code *code, enum language lang)
{
    struct code_words words = code_words(text_is(code->code_match, "no") ? "mismatch" : code->state, code->looks_like);
    json_put_text(out, "text", lang == LANGUAGE_EN ? words.en : words.zh);
}

enum err view_code(struct tx *tx, const struct submission *s, const struct policy *policy, enum language lang,
                   struct buf *out)
{
    struct collection_code code;
    if (text_is(policy->collection_code, "none")) {
        json_null(out);
        return ERR_NONE;
    }
    enum err e = collection_code_latest(tx, s->id, &code);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    if (e == ERR_NOT_FOUND)
        code = (struct collection_code){.state = "", .source = "", .looks_like = ""};
    json_object_open(out);
    json_put_text(out, "wanted", policy->collection_code);
    json_put_text(out, "state", code.state);
    json_put_int(out, "number", code.number);
    json_put_text(out, "source", code.source);
    json_put_text(out, "looks_like", code.looks_like);
    json_put_bool(out, "mismatch", text_is(code.code_match, "no"));
    put_words(out, &code, lang);
    json_put_time(out, "created", code.created_us);
    json_object_close(out);
    return ERR_NONE;
}

enum err view_code_staff(struct tx *tx, const struct submission *s, const struct policy *policy, struct buf *out)
{
    struct collection_code code;
    int64_t others = 0;
    enum err e = collection_code_latest(tx, s->id, &code);
    if (e == ERR_NOT_FOUND && text_is(policy->collection_code, "none")) {
        json_null(out);
        return ERR_NONE;
    }
    if (e == ERR_NOT_FOUND)
        code = (struct collection_code){.state = "", .source = "", .looks_like = "", .code_match = "unknown"};
    else
        TRY(e);
    TRY(collection_code_others(tx, &code, s->student_id, &others));
    json_object_open(out);
    json_put_text(out, "wanted", policy->collection_code);
    json_put_text(out, "state", code.state);
    json_put_int(out, "number", code.number);
    json_put_text(out, "source", code.source);
    json_put_text(out, "looks_like", code.looks_like);
    json_put_text(out, "code_match", code.code_match);
    json_put_int(out, "bytes", (int64_t)code.payload_len);
    json_put_int(out, "other_students", others);
    json_put_time(out, "created", code.created_us);
    json_put_time(out, "read", code.read_us);
    json_object_close(out);
    return ERR_NONE;
}
