#include "store/collection_code.h"

#include "base/check.h"
#include "base/crypt.h"
#include "base/text.h"
#include "store/audit.h"
#include "store/column.h"
#include "store/queries.h"
#include "store/store.h"
#include "store/submission.h"

static const char *about_of(struct tx *tx, const char *id)
{
    return arena_printf(tx->arena, "collection_code|%s|payload", id);
}

static const char *index_of(struct tx *tx, const void *payload, size_t len)
{
    unsigned char digest[CRYPT_HASH_BYTES];
    char text[CRYPT_HASH_TEXT_BYTES], *hex = arena_alloc(tx->arena, KEYRING_INDEX_TEXT_BYTES);
    crypt_hash(payload, len, digest);
    text_hex(digest, sizeof digest, text);
    keyring_index(store_ring(tx), "collection_code", text, hex);
    return hex;
}

static const void *seal(struct tx *tx, const char *id, const void *payload, size_t len, size_t *sealed_len)
{
    *sealed_len = 0;
    return payload == NULL
               ? NULL
               : keyring_seal(store_ring(tx), KEYRING_COLUMN, payload, len, about_of(tx, id), tx->arena, sealed_len);
}

static enum err read_code(struct tx *tx, const struct rows *r, struct collection_code *c)
{
    *c = (struct collection_code){.id = col_text(r, 0),
                                  .submission_id = col_text(r, 1),
                                  .number = col_int(r, 2),
                                  .source = col_text(r, 3),
                                  .blob_id = col_text(r, 4),
                                  .state = col_text(r, 5),
                                  .looks_like = col_text(r, 6),
                                  .payload_index = col_text(r, 8),
                                  .code_match = col_text(r, 10),
                                  .created_us = col_int(r, 11),
                                  .read_us = col_int(r, 12),
                                  .student_id = col_text(r, 13)};
    TRY(column_open(tx, r, 14, "collection_code", c->id, "reading", &c->reading));
    size_t sealed_len = 0;
    char *plain = NULL;
    const void *sealed = col_bytes(r, 7, &sealed_len);
    if (sealed == NULL)
        return ERR_NONE;
    TRY(keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len, about_of(tx, c->id), tx->arena, &plain,
                     &c->payload_len));
    c->payload = plain;
    return ERR_NONE;
}

static enum err read_one(struct tx *tx, size_t query, const char *key, struct collection_code *code)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, query, v_text(key)));
    enum err e = rows_next(&r) ? read_code(tx, &r, code) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

enum err collection_code_get(struct tx *tx, const char *id, struct collection_code *code)
{
    return read_one(tx, Q_CODE_GET, id, code);
}

enum err collection_code_latest(struct tx *tx, const char *submission_id, struct collection_code *code)
{
    return read_one(tx, Q_CODE_LATEST, submission_id, code);
}

/* The number of the next try of this submission. */
static enum err next_number(struct tx *tx, struct collection_code *c)
{
    struct collection_code last;
    enum err e = collection_code_latest(tx, c->submission_id, &last);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    c->number = e == ERR_NONE ? last.number + 1 : 1;
    return c->number > COLLECTION_CODE_TRIES_MAX ? ERR_ATTEMPTS_USED : ERR_NONE;
}

static enum err count_open(struct tx *tx, const struct collection_code *c)
{
    struct rows r;
    int64_t count = 0;
    TRY(TX_OPEN(tx, &r, Q_CODE_OPEN_COUNT, v_text(c->student_id), v_int(c->created_us - COLLECTION_CODE_OPEN_US)));
    if (rows_next(&r))
        count = col_int(&r, 0);
    TRY(rows_close(&r));
    return count >= COLLECTION_CODE_TRIES_MAX ? ERR_ATTEMPTS_USED : ERR_NONE;
}

enum err collection_code_add(struct tx *tx, struct collection_code *c)
{
    RUNS_ON(ROLE_WRITER);
    size_t sealed_len = 0;
    c->number = 0;
    TRY(c->submission_id != NULL ? next_number(tx, c) : count_open(tx, c));
    const void *sealed = seal(tx, c->id, c->payload, c->payload_len, &sealed_len);
    TRY(TX_RUN(tx, Q_CODE_ADD, v_text(c->id), v_text(c->student_id), v_text(c->submission_id), v_int(c->number),
               v_text(c->source), v_text(c->blob_id), sealed == NULL ? v_null() : v_bytes(sealed, sealed_len),
               v_int(c->created_us)));
    return c->submission_id != NULL ? submission_touch(tx, c->submission_id) : ERR_NONE;
}

enum err collection_code_adopt(struct tx *tx, const char *id, const char *student_id, const char *submission_id,
                               bool matched)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_CODE_ADOPT, v_text(submission_id), v_bool(matched), v_text(id), v_text(student_id)));
    return changed == 1 ? submission_touch(tx, submission_id) : ERR_NOT_FOUND;
}

enum err collection_code_drop_stale(struct tx *tx, int64_t now_us, int64_t max)
{
    return TX_RUN(tx, Q_CODE_DROP_STALE, v_int(now_us - COLLECTION_CODE_OPEN_US), v_int(max));
}

enum err collection_code_drop_open(struct tx *tx, const char *student_id)
{
    return TX_RUN(tx, Q_CODE_DROP_OPEN, v_text(student_id));
}

static enum err others(struct tx *tx, const char *index, const char *student_id, int64_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_CODE_OTHERS, v_text(index), v_text(student_id)));
    if (rows_next(&r))
        *count = col_int(&r, 0);
    return rows_close_one(&r);
}

enum err collection_code_others(struct tx *tx, const struct collection_code *code, const char *student_id,
                                int64_t *count)
{
    *count = 0;
    return code->payload_index == NULL ? ERR_NONE : others(tx, code->payload_index, student_id, count);
}

/* The outcome in the audit chain; whose code it was before is never told, only that it was. */
static enum err record(struct tx *tx, const struct collection_code *c, const char *state,
                       const struct collection_code_found *found, int64_t now_us)
{
    return audit_add(tx, &(struct audit_entry){
                             .at_us = now_us,
                             .actor_kind = "student",
                             .actor_id = c->student_id,
                             .action = arena_printf(tx->arena, "code_%s", state),
                             .object_kind = c->submission_id != NULL ? "submission" : "student",
                             .object_id = c->submission_id != NULL ? c->submission_id : c->student_id,
                             .detail = arena_printf(tx->arena,
                                                    "{\"number\":%" PRId64 ",\"source\":\"%s\",\"looks_like\":\"%s\","
                                                    "\"code_match\":\"%s\"}",
                                                    c->number, c->source, found->looks_like, found->code_match)});
}

enum err collection_code_found(struct tx *tx, const char *id, const struct collection_code_found *found, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    struct collection_code c;
    const char *state = found->state, *index = NULL;
    size_t sealed_len = 0;
    TRY(collection_code_get(tx, id, &c));
    if (!text_is(c.state, "processing"))
        return ERR_NONE; /* a second run of the same row */
    if (found->payload != NULL) {
        int64_t count = 0;
        index = index_of(tx, found->payload, found->payload_len);
        TRY(others(tx, index, c.student_id, &count));
        state = count > 0 ? "seen_before" : state;
    }
    const void *sealed = seal(tx, id, found->payload, found->payload_len, &sealed_len);
    TRY(TX_RUN(tx, Q_CODE_READ, v_text(state), v_text(found->looks_like), v_text(found->code_match),
               sealed == NULL ? v_null() : v_bytes(sealed, sealed_len), v_text(index),
               column_seal(tx, "collection_code", id, "reading", found->reading), v_int((int64_t)found->payload_len),
               v_int(now_us), v_text(id)));
    TRY(record(tx, &c, state, found, now_us));
    return c.submission_id != NULL ? submission_touch(tx, c.submission_id) : ERR_NONE;
}

enum err collection_code_given(struct tx *tx, const char *submission_id, const struct policy *policy, bool *given)
{
    struct collection_code code;
    *given = !text_is(policy->collection_code, "required");
    if (*given)
        return ERR_NONE;
    enum err e = collection_code_latest(tx, submission_id, &code);
    if (e == ERR_NOT_FOUND)
        return ERR_NONE;
    *given = e == ERR_NONE && (text_is(code.state, "read") || text_is(code.state, "seen_before"));
    return e;
}

enum err collection_code_erase(struct tx *tx, const char *submission_id)
{
    return TX_RUN(tx, Q_CODE_ERASE, v_text(submission_id));
}
