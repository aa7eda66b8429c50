/* Questions: requests that wait for an answer from another thread (exchange.h, "asking somebody else").
 *
 * A question has two holders, the exchange that waits and whoever was asked, and either may let go first. The exchange
 * lets go on the loop: it was answered, its patience is over, or its request is gone; then `exchange` is NULL and the
 * answer, when it comes, only frees the question. Whoever was asked lets go by answering, which posts the question to
 * the loop's mailbox; when the loop has ended it is freed right there. */
#include "inside.h"

#include "base/check.h"

struct question {
    struct message message; /* the answerer's until it is posted */
    struct loop *loop;
    _Atomic bool wanted;
    /* loop thread */
    struct exchange *exchange; /* NULL: nobody waits any more */
    int64_t until_ms;          /* uv_now */
    struct question *before, *after;
    /* the answer; the loop's once posted */
    enum err result;
    void *bytes; /* owned */
    size_t len;
};

static void question_free(struct question *q)
{
    free(q->bytes);
    free(q);
}

/* ---- any thread ---- */

bool question_wanted(const struct question *q)
{
    return atomic_load(&q->wanted);
}

static void on_answer(struct message *message);

void question_answer(struct question *q, enum err result, const void *bytes, size_t len)
{
    struct loop *loop = q->loop;
    q->result = result;
    if (len > 0) {
        q->bytes = malloc(len);
        CHECK(q->bytes != NULL);
        memcpy(q->bytes, bytes, len);
        q->len = len;
    }
    q->message.run = on_answer;
    pthread_mutex_lock(&loop->gate);
    bool closed = loop->closed;
    if (!closed)
        mailbox_post(&loop->mailbox, &q->message);
    pthread_mutex_unlock(&loop->gate);
    if (closed)
        question_free(q);
}

/* ---- loop thread ---- */

static void detach(struct question *q)
{
    struct exchange *x = q->exchange;
    if (q->before != NULL)
        q->before->after = q->after;
    else
        q->loop->questions = q->after;
    if (q->after != NULL)
        q->after->before = q->before;
    q->before = q->after = NULL;
    q->exchange = NULL;
    x->question = NULL;
    atomic_store(&q->wanted, false);
}

void question_leave(struct exchange *x)
{
    detach(x->question);
}

/* The exchange's answer is here, or its patience over. */
static void take(struct exchange *x, const struct question_answer *answer)
{
    if (x->req == NULL || x->sent)
        return; /* cut off */
    x->references++;
    check_request_set(x->id);
    enum err e = x->endpoint->steps[x->step].take(x->job, answer);
    x->step++;
    if (e != ERR_NONE)
        exchange_fail(x, e);
    else
        exchange_advance(x);
    check_request_set(NULL);
    exchange_release(x);
}

static void on_answer(struct message *message)
{
    struct question *q = container_of(message, struct question, message);
    struct exchange *x = q->exchange;
    if (x != NULL) {
        detach(q);
        take(x, &(struct question_answer){.result = q->result, .bytes = q->bytes, .len = q->len});
    }
    question_free(q);
}

void question_expire(struct loop *loop)
{
    int64_t now_ms = (int64_t)uv_now(&loop->uv);
    struct question *next, *q = loop->questions;
    for (; q != NULL; q = next) {
        next = q->after;
        struct exchange *x = q->exchange;
        if (now_ms < q->until_ms)
            continue;
        detach(q); /* its memory stays until the answer comes */
        take(x, &(struct question_answer){.result = ERR_BUSY, .late = true});
    }
}

void question_begin(struct exchange *x)
{
    const struct step *step = &x->endpoint->steps[x->step];
    struct loop *loop = x->loop;
    struct question *q = calloc(1, sizeof *q);
    CHECK(q != NULL && step->ask != NULL && step->take != NULL && step->patience_ms > 0);
    q->loop = loop;
    q->exchange = x;
    q->until_ms = (int64_t)uv_now(&loop->uv) + step->patience_ms;
    q->after = loop->questions;
    if (q->after != NULL)
        q->after->before = q;
    loop->questions = q;
    x->question = q;
    atomic_store(&q->wanted, true);
    enum err e = step->ask(x->job, q);
    if (e == ERR_NONE)
        return;
    detach(q);
    question_free(q);
    exchange_fail(x, e);
}
