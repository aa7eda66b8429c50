#include "api/job.h"

#include "base/check.h"

void job_begin(struct exchange *x, struct job *job)
{
    job->arena = exchange_arena(x);
    job->who = exchange_principal(x);
    job->now_us = exchange_now_us(x);
    job->language = exchange_language(x);
    job->status = 200;
    exchange_explain_from(x, job->why);
}

enum err job_answer(struct job *job, struct buf *b)
{
    bool over = b->over;
    if (!over) {
        job->json_len = b->len;
        job->json = arena_text_n(job->arena, buf_cstr(b), b->len);
    }
    buf_release(b);
    return over ? ERR_BUG : ERR_NONE;
}

enum err job_compose(struct tx *tx, void *job, job_write *write)
{
    struct buf b;
    buf_init(&b, JOB_ANSWER_BYTES_MAX);
    enum err e = write(tx, job, &b);
    if (e == ERR_NONE)
        return job_answer(job, &b);
    buf_release(&b);
    return e;
}

enum err job_refuse(struct job *job, enum err e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(job->why, sizeof job->why, format, args);
    va_end(args);
    return e;
}

void job_reply(struct exchange *x, void *job_)
{
    struct job *job = job_;
    CHECK(job->json != NULL); /* some step made the answer */
    exchange_status(x, job->status);
    json_raw(exchange_out(x), job->json, job->json_len);
    exchange_send(x);
}

void job_reply_nothing(struct exchange *x, void *job)
{
    (void)job;
    exchange_send_nothing(x);
}

enum err job_page(struct exchange *x, struct page *page)
{
    TRY(exchange_query_int(x, "limit", 1, LIST_LIMIT_MAX, LIST_LIMIT_DEFAULT, &page->limit));
    page->cursor = exchange_query(x, "cursor");
    if (page->cursor != NULL && (page->cursor[0] == '\0' || text_chars(page->cursor) > 200))
        return exchange_explain(x, ERR_BAD_FIELD, "cursor is not one this server gave");
    return ERR_NONE;
}

enum err job_choice(struct exchange *x, const char *name, const char *value, const char *choices)
{
    size_t len = strlen(value);
    for (const char *at = len > 0 ? strstr(choices, value) : NULL; at != NULL; at = strstr(at + 1, value))
        if (at > choices && at[-1] == '|' && at[len] == '|')
            return ERR_NONE;
    return exchange_explain(x, ERR_BAD_FIELD, "%s must be one of %s", name, choices);
}

enum err job_id(struct exchange *x, const char *name, const char *value)
{
    return crypt_id_valid(value) ? ERR_NONE
                                 : exchange_explain(x, ERR_BAD_FIELD, "%s is not an id of this server", name);
}

enum err job_part(struct exchange *x, int64_t *offset_bytes, const void **bytes, size_t *len)
{
    const char *offset = exchange_header(x, "upload-offset"), *type = exchange_header(x, "content-type");
    if (type == NULL || !text_is(type, "application/offset+octet-stream"))
        return exchange_explain(x, ERR_UNSUPPORTED_TYPE, "Content-Type must be application/offset+octet-stream");
    if (offset == NULL || !text_int(offset, offset_bytes) || *offset_bytes < 0)
        return exchange_explain(x, ERR_BAD_REQUEST, "the header Upload-Offset is needed: where this part starts");
    *bytes = exchange_body(x, len);
    if (*len == 0)
        return exchange_explain(x, ERR_BAD_REQUEST, "the part is empty");
    return ERR_NONE;
}

bool job_time(const char *text, int64_t *utc_us)
{
    return clock_read(text, utc_us);
}

bool job_has(const struct job *job, unsigned roles)
{
    return (job->who->roles & roles) != 0;
}

const char *job_new_id(struct job *job)
{
    char *id = arena_alloc(job->arena, CRYPT_ID_TEXT_BYTES);
    crypt_id(job->now_us, id);
    return id;
}
