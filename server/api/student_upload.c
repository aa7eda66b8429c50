/* Students: photos come in parts that may be sent again.
 *
 * A part is sealed before its row is written; the last one is not stored by itself: the whole is put together from the
 * earlier parts and it, compared with what was announced, sealed, and then one unit completes the upload. A request
 * that dies in between leaves the upload at the offset it had. */
#include "api/job.h"
#include "base/media_type.h"
#include "store/blob_row.h"
#include "store/consent.h"
#include "store/student.h"
#include "store/upload.h"

#define DAY_US SECONDS_US(86400)

static void put_upload(struct buf *b, const char *id, int64_t offset, bool complete)
{
    json_object_open(b);
    if (id != NULL)
        json_put_text(b, "id", id);
    json_put_int(b, "offset", offset);
    json_put_bool(b, "complete", complete);
    json_object_close(b);
}

/* ---- announce ---- */

struct upload_start {
    struct job job;
    const char *purpose, *sha256, *source, *captured_at, *lens;
    int64_t size_bytes, captured_us;
    const char *new_id;
};

static const struct json_field upload_start_fields[] = {
    JSON_FIELD(struct upload_start, purpose, JSON_TO_TEXT, true, 1, 20),
    JSON_FIELD(struct upload_start, size_bytes, JSON_TO_INT, true, 1, INT64_C(1) << 40),
    JSON_FIELD(struct upload_start, sha256, JSON_TO_TEXT, true, 64, 64),
    JSON_FIELD(struct upload_start, source, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct upload_start, captured_at, JSON_TO_TEXT, false, 20, 35),
    JSON_FIELD(struct upload_start, lens, JSON_TO_TEXT, false, 0, 60)};

static enum err upload_start_decode(struct exchange *x, struct upload_start *job)
{
    job_begin(x, &job->job);
    exchange_close_after(x);
    job->new_id = job_new_id(&job->job);
    job->source = "album"; /* the least trusted, when the client does not say */
    TRY(exchange_json(x, upload_start_fields, countof(upload_start_fields), job));
    TRY(job_choice(x, "purpose", job->purpose, "|photo|id_portrait|id_card|code|message|"));
    TRY(job_choice(x, "source", job->source, "|live|native|album|"));
    if (job->size_bytes > api()->upload_bytes_max)
        return exchange_explain(x, ERR_TOO_LARGE, "a photo has at most %" PRId64 " bytes", api()->upload_bytes_max);
    if (job->captured_at != NULL && !job_time(job->captured_at, &job->captured_us))
        return exchange_explain(x, ERR_BAD_FIELD, "captured_at must be a time as 2026-05-01T12:00:00+08:00");
    if (!text_all(job->sha256, "0123456789abcdef"))
        return exchange_explain(x, ERR_BAD_FIELD, "sha256 must be 64 lower-case hex digits");
    return ERR_NONE;
}

static enum err upload_start_write(struct tx *tx, struct upload_start *job)
{
    int64_t now_us = job->job.now_us, today = 0;
    bool consented = false;
    struct buf b;
    struct upload same, u = {.id = job->new_id,
                             .student_id = job->job.who->id,
                             .purpose = job->purpose,
                             .source = job->source,
                             .size_bytes = job->size_bytes,
                             .sha256_index = upload_sha256_index(tx, job->sha256),
                             .captured_us = job->captured_us,
                             .lens = job->lens,
                             .created_us = now_us,
                             .expires_us = now_us + MILLIS_US(api()->upload_expire_ms)};
    TRY(consent_given(tx, u.student_id, "privacy", &consented));
    if (!consented)
        return job_refuse(&job->job, ERR_CONSENT_MISSING, "privacy");
    enum err e = upload_same(tx, &u, now_us, &same);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    bool is_new = e == ERR_NOT_FOUND || !text_is(same.source, u.source);
    if (is_new) {
        TRY(upload_count_since(tx, u.student_id, now_us - DAY_US, &today));
        if (today >= api()->uploads_per_day_max)
            return job_refuse(&job->job, ERR_RATE_LIMITED, "%" PRId64 " uploads in 24 hours", today);
        TRY(upload_add(tx, &u));
        same = u;
    }
    job->job.status = is_new ? 201 : 200;
    buf_init(&b, KIB(1));
    put_upload(&b, same.id, same.received_bytes, same.blob_id != NULL);
    return job_answer(&job->job, &b);
}
ANSWERED(upload_start, struct upload_start, WRITE(upload_start_write))

/* ---- how much is here ---- */

struct upload_offset {
    struct job job;
    const char *id;
    int64_t received_bytes, size_bytes;
};

static enum err upload_offset_decode(struct exchange *x, struct upload_offset *job)
{
    job_begin(x, &job->job);
    exchange_close_after(x);
    return exchange_path_id(x, "id", &job->id);
}

static enum err upload_offset_read(struct tx *tx, struct upload_offset *job)
{
    struct upload u;
    TRY(upload_get(tx, job->id, job->job.who->id, &u));
    job->received_bytes = u.received_bytes;
    job->size_bytes = u.size_bytes;
    return ERR_NONE;
}

static void upload_offset_reply(struct exchange *x, struct upload_offset *job)
{
    exchange_set_header(x, "upload-offset", arena_printf(job->job.arena, "%" PRId64, job->received_bytes));
    exchange_set_header(x, "upload-length", arena_printf(job->job.arena, "%" PRId64, job->size_bytes));
    exchange_send(x);
}
ENDPOINT(upload_offset, struct upload_offset, READ(upload_offset_read))

/* ---- a part ---- */

struct upload_part_job {
    struct job job;
    const char *id;
    int64_t offset_bytes;
    const void *bytes;
    size_t len;
    const char *new_blob_id;
    /* as read */
    int64_t size_bytes;
    const char *purpose, *sha256_index;
    struct upload_part *parts; /* only for the last part */
    size_t part_count;
    bool is_last;
    /* as sealed */
    struct blob_ref ref;
    const char *media_type;
    enum err outcome; /* of the whole: CHECKSUM, UNSUPPORTED_TYPE or HEIC_OFF start the upload again */
};

static enum err check_media_type(const char *media_type)
{
    if (media_type == NULL)
        return ERR_UNSUPPORTED_TYPE;
    return text_is(media_type, MEDIA_HEIC) && !api()->allow_heic ? ERR_HEIC_OFF : ERR_NONE;
}

static enum err upload_part_decode(struct exchange *x, struct upload_part_job *job)
{
    job_begin(x, &job->job);
    exchange_close_after(x);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(job_part(x, &job->offset_bytes, &job->bytes, &job->len));
    if (job->offset_bytes == 0 && job->len >= 12) /* known before the rest is sent */
        TRY(check_media_type(media_type_of(job->bytes, job->len)));
    job->new_blob_id = job_new_id(&job->job);
    return ERR_NONE;
}

static void keep_part(struct arena *arena, const struct upload_part *from, struct upload_part *to)
{
    *to = *from;
    to->blob_id = arena_text(arena, from->blob_id);
    to->sealed_key = arena_copy(arena, from->sealed_key, from->sealed_key_len);
}

static enum err upload_part_read(struct tx *tx, struct upload_part_job *job)
{
    struct upload u;
    TRY(upload_get(tx, job->id, job->job.who->id, &u));
    if (u.blob_id != NULL)
        return job_refuse(&job->job, ERR_REFUSED, "this upload is complete");
    if (u.received_bytes != job->offset_bytes)
        return job_refuse(&job->job, ERR_OFFSET_MISMATCH, "the next part starts at %" PRId64, u.received_bytes);
    int64_t left = u.size_bytes - u.received_bytes;
    if ((int64_t)job->len > left)
        return job_refuse(&job->job, ERR_TOO_LARGE, "only %" PRId64 " bytes of what was announced are left", left);
    job->size_bytes = u.size_bytes;
    job->purpose = arena_text(job->job.arena, u.purpose);
    job->sha256_index = arena_text(job->job.arena, u.sha256_index);
    job->is_last = (int64_t)job->len == left;
    if (!job->is_last)
        return ERR_NONE;
    struct upload_part *found = ARENA_ARRAY(tx->arena, struct upload_part, UPLOAD_PARTS_MAX);
    TRY(upload_parts(tx, job->id, found, &job->part_count));
    job->parts = ARENA_ARRAY(job->job.arena, struct upload_part, job->part_count);
    for (size_t i = 0; i < job->part_count; i++)
        keep_part(job->job.arena, &found[i], &job->parts[i]);
    return ERR_NONE;
}

/* Everything announced, in one piece; CORRUPT when the parts do not add up. */
static enum err join(struct upload_part_job *job, char *whole)
{
    size_t at = 0;
    for (size_t i = 0; i < job->part_count; i++) {
        const struct upload_part *part = &job->parts[i];
        void *bytes = NULL;
        size_t len = 0;
        TRY(blob_get(api()->blobs, part->blob_id, part->sealed_key, part->sealed_key_len, &bytes, &len));
        bool fits = at + len + job->len <= (size_t)job->size_bytes;
        if (fits)
            memcpy(whole + at, bytes, len);
        free(bytes);
        if (!fits)
            return ERR_CORRUPT;
        at += len;
    }
    if (at + job->len != (size_t)job->size_bytes)
        return ERR_CORRUPT;
    memcpy(whole + at, job->bytes, job->len);
    return ERR_NONE;
}

static bool is_what_was_announced(const struct upload_part_job *job, const char *whole)
{
    unsigned char sha256[32];
    char hex[65], index[KEYRING_INDEX_TEXT_BYTES];
    crypt_sha256(whole, (size_t)job->size_bytes, sha256);
    text_hex(sha256, sizeof sha256, hex);
    keyring_index(api()->ring, "sha256", hex, index);
    return text_is(index, job->sha256_index);
}

static enum err upload_part_seal(struct upload_part_job *job, struct arena *arena)
{
    if (!job->is_last)
        return blob_put(api()->blobs, job->new_blob_id, job->bytes, job->len, arena, &job->ref);
    char *whole = arena_alloc(arena, (size_t)job->size_bytes);
    TRY(join(job, whole));
    job->media_type = media_type_of(whole, (size_t)job->size_bytes);
    job->outcome = is_what_was_announced(job, whole) ? check_media_type(job->media_type) : ERR_CHECKSUM;
    if (job->outcome != ERR_NONE)
        return ERR_NONE; /* the next step forgets the parts */
    return blob_put(api()->blobs, job->new_blob_id, whole, (size_t)job->size_bytes, arena, &job->ref);
}

static enum err store_whole(struct tx *tx, const struct upload_part_job *job)
{
    const char *kind = text_is(job->purpose, "id_portrait") ? "portrait"
                       : text_is(job->purpose, "id_card")   ? "id_card"
                       : text_is(job->purpose, "code")      ? "code"
                       : text_is(job->purpose, "message")   ? "message"
                                                            : "original";
    TRY(blob_row_add(tx, &job->ref, kind, job->media_type, job->job.who->id, job->job.now_us));
    return upload_finish(tx, job->id, job->offset_bytes, (int64_t)job->len, job->ref.id, job->job.now_us,
                         job->job.now_us + MILLIS_US(api()->upload_expire_ms));
}

static enum err store_part(struct tx *tx, const struct upload_part_job *job)
{
    const struct upload_part part = {
        .offset_bytes = job->offset_bytes, .size_bytes = (int64_t)job->len, .blob_id = job->ref.id};
    TRY(blob_row_add(tx, &job->ref, "part", "application/octet-stream", job->job.who->id, job->job.now_us));
    return upload_part_add(tx, job->id, &part);
}

static enum err upload_part_write(struct tx *tx, struct upload_part_job *job)
{
    struct upload u;
    struct buf b;
    TRY(upload_get(tx, job->id, job->job.who->id, &u));
    if (u.received_bytes != job->offset_bytes || u.blob_id != NULL)
        return ERR_OFFSET_MISMATCH; /* the same part came twice at once */
    if (job->outcome != ERR_NONE)
        return upload_restart(tx, job->id, job->job.now_us);
    TRY(job->is_last ? store_whole(tx, job) : store_part(tx, job));
    buf_init(&b, KIB(1));
    put_upload(&b, NULL, job->offset_bytes + (int64_t)job->len, job->is_last);
    return job_answer(&job->job, &b);
}

static void upload_part_reply(struct exchange *x, struct upload_part_job *job)
{
    if (job->outcome != ERR_NONE) {
        exchange_send_error(x, job->outcome);
        return;
    }
    exchange_set_header(x, "upload-offset",
                        arena_printf(job->job.arena, "%" PRId64, job->offset_bytes + (int64_t)job->len));
    job_reply(x, job);
}
ENDPOINT(upload_part, struct upload_part_job, READ(upload_part_read), LANE(upload_part_seal), WRITE(upload_part_write))
