/* job — what almost every endpoint's job begins with, and the replies made of it.
 *
 * A step makes the whole answer as JSON text (job_answer), because rows live only as long as their unit; the reply
 * hands it over. Everything a step leaves behind for a later one goes into job->arena, the exchange's, never tx->arena.
 */
#ifndef XY_API_JOB_H
#define XY_API_JOB_H

#include "api/api.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/json.h"
#include "base/text.h"

struct job {
    struct arena *arena; /* exchange lifetime */
    const struct principal *who;
    int64_t now_us;
    enum language language;
    int status; /* 200 unless decode or a step says otherwise */
    const char *json;
    size_t json_len;
    char why[JSON_WHY_BYTES]; /* shown with an error of a step */
    int64_t retry_after_s;
};

#define JOB_ANSWER_BYTES_MAX MIB(4)
#define LIST_LIMIT_DEFAULT   50
#define LIST_LIMIT_MAX       100

/* Decode: fills the job; errors of steps are explained from job->why. */
void job_begin(struct exchange *x, struct job *job);
/* In a step: the answer is what is in `b`, which is released. BUG when it grew too large. */
enum err job_answer(struct job *job, struct buf *b);
/* The same where writing may fail: calls write(tx, job, out); nothing is kept when it fails. `job` begins with struct
 * job. */
typedef enum err job_write(struct tx *tx, void *job, struct buf *out);
enum err job_compose(struct tx *tx, void *job, job_write *write);
#define COMPOSE(tx, job, write) job_compose((tx), (job), (job_write *)(write))
/* In a step: return job_refuse(job, ERR_…, "what is wrong"). */
enum err job_refuse(struct job *job, enum err e, const char *format, ...) PRINTF_LIKE(3, 4);
/* Replies. job_reply works in keyed endpoints too. */
void job_reply(struct exchange *x, void *job);
void job_reply_nothing(struct exchange *x, void *job); /* 204 */

/* Decode: ?limit and ?cursor. The cursor is ours, so anything printable of at most 200 characters goes to the query. */
struct page {
    int64_t limit;
    const char *cursor; /* NULL: from the beginning */
};
enum err job_page(struct exchange *x, struct page *page);
/* Decode: BAD_FIELD unless `value` is one of the words between the bars of `choices`, e.g. "|zh|en|". */
enum err job_choice(struct exchange *x, const char *name, const char *value, const char *choices);
/* Decode: BAD_FIELD unless it is one of our ids. */
enum err job_id(struct exchange *x, const char *name, const char *value);
/* A part of a file and where it starts, as it comes in a PATCH. UNSUPPORTED_TYPE, BAD_REQUEST. */
enum err job_part(struct exchange *x, int64_t *offset_bytes, const void **bytes, size_t *len);

/* RFC 3339 with seconds, any offset: "2026-05-01T08:00:00+08:00". False: not a time. Pure. */
bool job_time(const char *text, int64_t *utc_us);

bool job_has(const struct job *job, unsigned roles);
const char *job_new_id(struct job *job); /* decode only: draws randomness */

/* Endpoints whose last step makes the answer. */
#define ANSWERED(name_, job_, ...)      ENDPOINT_AS(name_, job_, job_reply, false, false, NULL, __VA_ARGS__)
#define ANSWERED_ONCE(name_, job_, ...) ENDPOINT_AS(name_, job_, job_reply, true, false, NULL, __VA_ARGS__)
#define DONE_204(name_, job_, ...)      ENDPOINT_AS(name_, job_, job_reply_nothing, false, false, NULL, __VA_ARGS__)

#endif
