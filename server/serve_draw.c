#include "serve_draw.h"

#include "base/check.h"

#include <stdatomic.h>

struct drawing {
    struct message message; /* to the outbound thread */
    struct compute_job job;
    struct question *question;
    char *json;
    size_t len;
};

static struct {
    struct dispatch *dispatch;
    _Atomic int count;
    char url[300];
    _Atomic bool has_url; /* url is written once, before */
} draw;

static void drawing_end(struct drawing *d, enum err result, const void *bytes, size_t len)
{
    question_answer(d->question, result, bytes, len);
    atomic_fetch_sub(&draw.count, 1);
    free(d->json);
    free(d);
}

static void on_drawn(struct compute_job *job)
{
    struct drawing *d = container_of(job, struct drawing, job);
    struct part made;
    if (job->end != COMPUTE_ANSWERED) {
        bool later = job->end == COMPUTE_GONE || (job->end == COMPUTE_REFUSED && err_may_retry(job->error));
        drawing_end(d, later ? ERR_BUSY : ERR_WORKER, NULL, 0);
        return;
    }
    struct frame answer = job->answer;
    if (compute_part(job, 1, &made))
        drawing_end(d, ERR_NONE, made.bytes, made.len);
    else
        drawing_end(d, ERR_WORKER, NULL, 0);
    frame_release(&answer);
}

static void on_outbound(struct message *message)
{
    struct drawing *d = container_of(message, struct drawing, message);
    struct compute *compute = dispatch_compute(draw.dispatch);
    d->job = (struct compute_job){.parts = {{d->json, d->len}}, .part_count = 1, .done = on_drawn};
    bool wanted = compute != NULL && question_wanted(d->question);
    if (!wanted || compute_submit(compute, &d->job) != ERR_NONE)
        drawing_end(d, ERR_BUSY, NULL, 0);
}

void serve_draw(const char *json, size_t len, struct question *question)
{
    struct drawing *d = calloc(1, sizeof *d);
    CHECK(d != NULL);
    d->question = question;
    if (atomic_fetch_add(&draw.count, 1) >= DRAW_IN_FLIGHT_MAX) {
        drawing_end(d, ERR_BUSY, NULL, 0);
        return;
    }
    d->json = malloc(len);
    CHECK(d->json != NULL && len > 0);
    memcpy(d->json, json, len);
    d->len = len;
    d->message.run = on_outbound;
    mailbox_post(dispatch_mailbox(draw.dispatch), &d->message);
}

void serve_draw_set_port(const struct config *c, int port)
{
    if (c->public_url[0] != '\0')
        snprintf(draw.url, sizeof draw.url, "%s", c->public_url);
    else
        snprintf(draw.url, sizeof draw.url, "%s://%s:%d", c->tls_certificate[0] != '\0' ? "https" : "http",
                 c->listen_address, port);
    size_t len = strlen(draw.url);
    while (len > 0 && draw.url[len - 1] == '/')
        draw.url[--len] = '\0';
    atomic_store(&draw.has_url, true);
}

const char *serve_public_url(void)
{
    return atomic_load(&draw.has_url) ? draw.url : "";
}

void serve_draw_open(struct dispatch *dispatch)
{
    draw.dispatch = dispatch;
}

void serve_draw_close(void)
{
    CHECK(atomic_load(&draw.count) == 0);
}
