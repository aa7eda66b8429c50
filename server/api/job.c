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

/* `count` digits at *at, moved past them; -1 when they are not. */
static int digits(const char **at, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + **at - '0';
    }
    return value;
}

static bool take(const char **at, char c)
{
    bool is = **at == c;
    *at += is;
    return is;
}

/* "Z" or "+08:00"; minutes east. */
static bool take_offset(const char **at, int *minutes)
{
    *minutes = 0;
    if (take(at, 'Z') || take(at, 'z'))
        return **at == '\0';
    int sign = **at == '-' ? -1 : 1;
    if (!take(at, '+') && !take(at, '-'))
        return false;
    int hour = digits(at, 2), minute = take(at, ':') ? digits(at, 2) : -1;
    *minutes = sign * (hour * 60 + minute);
    return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && **at == '\0';
}

bool job_time(const char *text, int64_t *utc_us)
{
    struct clock_civil c = {0};
    int minutes = 0;
    c.year = digits(&text, 4);
    c.month = take(&text, '-') ? digits(&text, 2) : -1;
    c.day = take(&text, '-') ? digits(&text, 2) : -1;
    if (!take(&text, 'T') && !take(&text, 't') && !take(&text, ' '))
        return false;
    c.hour = digits(&text, 2);
    c.minute = take(&text, ':') ? digits(&text, 2) : -1;
    c.second = take(&text, ':') ? digits(&text, 2) : -1;
    if (take(&text, '.'))
        while (*text >= '0' && *text <= '9')
            text++;
    if (c.year < 1970 || c.month < 1 || c.month > 12 || c.day < 1 || c.day > 31 || c.hour < 0 || c.hour > 23 ||
        c.minute < 0 || c.minute > 59 || c.second < 0 || c.second > 59 || !take_offset(&text, &minutes))
        return false;
    *utc_us = clock_from_civil_cn(&c) + SECONDS_US(8 * 3600) - SECONDS_US(60) * minutes;
    struct clock_civil back = clock_civil_cn(clock_from_civil_cn(&c));
    return back.day == c.day && back.month == c.month; /* no 31 June */
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
