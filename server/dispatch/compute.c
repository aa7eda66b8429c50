#include "dispatch/compute.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICK_MS             50
#define READ_BYTES          KIB(64)
#define READS_MAX           16 /* per wake-up: others want the loop too */
#define READY_TIMEOUT_US    SECONDS_US(30)
#define PAUSE_DEFAULT_MS    100
#define PAUSE_DOUBLINGS_MAX 6

enum phase {
    PHASE_PAUSING,  /* no process; started when start_us has come */
    PHASE_STARTING, /* process there, not ready */
    PHASE_READY,
    PHASE_ENDING, /* killed or gone, to be reaped */
    PHASE_STOPPED
};

struct job_list {
    struct compute_job *first, *last;
    size_t count;
};

/* A poll handle outlives its descriptor by a turn of the loop, so each process has its own. */
struct watch {
    uv_poll_t poll;
    struct compute *compute;
};

struct compute {
    struct compute_options options;
    uv_loop_t *loop;
    uv_timer_t tick; /* runs while there is something to wait for */
    uv_idle_t soon;  /* active while work() is due: callbacks never come from inside a caller */
    int handles;     /* not closed yet */

    enum phase phase;
    int64_t phase_us; /* since when, monotonic */
    int64_t start_us; /* PAUSING: start the process then */
    int failures;     /* processes in a row that answered nothing */
    pid_t pid;
    int fd; /* -1: none */
    struct watch *watch;
    size_t lanes;
    struct frame_decoder decoder;
    unsigned char *chunk;

    struct compute_job *sending; /* in running, its frame not all sent; NULL: none */
    unsigned char header[PROTOCOL_HEADER_BYTES];
    size_t sent_pieces, sent_bytes; /* whole pieces, and bytes of the next: piece 0 is the header, n the part n-1 */

    struct job_list waiting, suspects, running, over; /* over: to be called back */
    struct job_list yielding;                         /* behind all others */
    size_t yields_running;
    uint64_t last_job_id;
    void (*closed)(void *arg);
    void *closed_arg;

    pthread_mutex_t lock; /* guards stats */
    struct compute_stats stats;
};

/* ---- lists ---- */

static void list_add(struct job_list *list, struct compute_job *job)
{
    job->next = NULL;
    if (list->last == NULL)
        list->first = job;
    else
        list->last->next = job;
    list->last = job;
    list->count++;
}

static void list_remove(struct job_list *list, struct compute_job *job)
{
    struct compute_job **at = &list->first, *before = NULL;
    while (*at != job) {
        CHECK(*at != NULL);
        before = *at;
        at = &(*at)->next;
    }
    *at = job->next;
    if (list->last == job)
        list->last = before;
    list->count--;
}

static struct compute_job *list_take(struct job_list *list)
{
    struct compute_job *job = list->first;
    if (job != NULL)
        list_remove(list, job);
    return job;
}

static void list_move(struct job_list *from, struct job_list *to)
{
    for (struct compute_job *job; (job = list_take(from)) != NULL;)
        list_add(to, job);
}

/* ---- stats, callbacks ---- */

static void on_tick(uv_timer_t *timer);

/* After every change: what others may see, and whether the clock must run. */
static void changed(struct compute *c, int64_t *counter)
{
    size_t waiting = c->waiting.count + c->suspects.count;
    pthread_mutex_lock(&c->lock);
    if (counter != NULL)
        ++*counter;
    c->stats.ready = c->phase == PHASE_READY;
    c->stats.pid = c->fd >= 0 ? c->pid : 0;
    c->stats.in_flight = (int64_t)c->running.count;
    c->stats.waiting = (int64_t)waiting;
    pthread_mutex_unlock(&c->lock);
    size_t left = c->running.count + waiting + c->yielding.count;
    bool idle = c->phase == PHASE_STOPPED || (c->phase == PHASE_READY && left == 0);
    if (idle)
        uv_timer_stop(&c->tick);
    else if (!uv_is_active((uv_handle_t *)&c->tick))
        uv_timer_start(&c->tick, on_tick, TICK_MS, TICK_MS);
}

void compute_stats(struct compute *c, struct compute_stats *stats)
{
    pthread_mutex_lock(&c->lock);
    *stats = c->stats;
    pthread_mutex_unlock(&c->lock);
}

static void on_soon(uv_idle_t *idle);

static void work_soon(struct compute *c)
{
    uv_idle_start(&c->soon, on_soon);
}

static void job_over(struct compute *c, struct compute_job *job, enum compute_end end, enum err error, const char *why)
{
    job->end = end;
    job->error = error;
    snprintf(job->why, sizeof job->why, "%s", why);
    for (char *at = job->why; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20)
            *at = ' ';
    list_add(&c->over, job);
    work_soon(c);
}

static void job_too_late(struct compute *c, struct compute_job *job)
{
    job_over(c, job, COMPUTE_GONE, ERR_BUSY, "No lane was free in time.");
}

/* It was inside when a process ended. */
static void job_killed(struct compute *c, struct compute_job *job, const char *how)
{
    if (++job->kills < COMPUTE_KILLS_MAX && !job->yields) {
        job->since_us = clock_mono_us();
        list_add(&c->suspects, job);
        return;
    }
    LOG(ERROR, "worker.poison", "job=%" PRIu64 " how=\"%s\"", job->job_id, how);
    changed(c, &c->stats.poison);
    job_over(c, job, COMPUTE_POISON, ERR_WORKER, how);
}

/* ---- the process ---- */

static void phase_set(struct compute *c, enum phase phase)
{
    c->phase = phase;
    c->phase_us = clock_mono_us();
    changed(c, NULL);
}

static void handle_gone(struct compute *c)
{
    if (--c->handles > 0)
        return;
    void (*closed)(void *) = c->closed;
    void *arg = c->closed_arg;
    pthread_mutex_destroy(&c->lock);
    free(c->chunk);
    free(c);
    closed(arg);
}

static void watch_closed(uv_handle_t *handle)
{
    struct watch *watch = container_of(handle, struct watch, poll);
    struct compute *c = watch->compute;
    free(watch);
    handle_gone(c);
}

/* Whatever it was doing, it is over: end it surely, let go of the socket, sort the jobs that were inside. `overdue`
 * is the only suspect when there is one, else all are. */
static void process_end(struct compute *c, struct compute_job *overdue, const char *how)
{
    if (c->closed == NULL)
        LOG(WARN, "worker.end", "pid=%d in_flight=%zu how=\"%s\"", (int)c->pid, c->running.count, how);
    kill(c->pid, SIGKILL); /* not reaped yet, so the number is still its own */
    uv_close((uv_handle_t *)&c->watch->poll, watch_closed);
    close(c->fd);
    c->fd = -1;
    c->watch = NULL;
    c->sending = NULL;
    frame_decoder_release(&c->decoder);
    if (c->phase == PHASE_READY && c->closed == NULL)
        changed(c, overdue != NULL ? &c->stats.timeouts : &c->stats.crashes);
    struct job_list inside = {0}, later = {0};
    list_move(&c->running, &inside);
    list_move(&c->waiting, &later);
    c->yields_running = 0;
    for (struct compute_job *job; (job = list_take(&inside)) != NULL;) {
        if (overdue == NULL || job == overdue)
            job_killed(c, job, how);
        else if (job->yields)
            job_too_late(c, job);
        else
            list_add(&c->waiting, job); /* before those that never ran */
    }
    list_move(&later, &c->waiting);
    c->failures++;
    phase_set(c, PHASE_ENDING);
}

static void on_event(uv_poll_t *poll, int status, int events);

static void watch_for(struct compute *c, int events)
{
    CHECK(uv_poll_start(&c->watch->poll, events, on_event) == 0);
}

static void pause_before_start(struct compute *c)
{
    int64_t pause_ms = c->options.restart_pause_ms > 0 ? c->options.restart_pause_ms : PAUSE_DEFAULT_MS;
    int doublings = c->failures > 0 ? c->failures - 1 : 0;
    pause_ms <<= doublings < PAUSE_DOUBLINGS_MAX ? doublings : PAUSE_DOUBLINGS_MAX;
    c->start_us = clock_mono_us() + MILLIS_US(pause_ms);
    phase_set(c, PHASE_PAUSING);
}

static void process_start(struct compute *c)
{
    enum err e = worker_spawn(&c->options.worker, &c->pid, &c->fd);
    if (e != ERR_NONE) {
        LOG(ERROR, "worker.start", "error=%s", err_name(e));
        c->fd = -1;
        c->failures++;
        pause_before_start(c);
        return;
    }
    c->watch = calloc(1, sizeof *c->watch);
    CHECK(c->watch != NULL && uv_poll_init(c->loop, &c->watch->poll, c->fd) == 0);
    c->watch->compute = c;
    c->handles++;
    watch_for(c, UV_READABLE);
    changed(c, &c->stats.starts);
    phase_set(c, PHASE_STARTING);
}

static void process_reap(struct compute *c)
{
    int status = 0;
    pid_t gone = waitpid(c->pid, &status, WNOHANG);
    if (gone == 0 || (gone < 0 && errno == EINTR))
        return;
    if (gone == c->pid && WIFSIGNALED(status))
        LOG(INFO, "worker.reaped", "pid=%d signal=%d", (int)c->pid, WTERMSIG(status));
    else
        LOG(INFO, "worker.reaped", "pid=%d exit=%d", (int)c->pid, WEXITSTATUS(status));
    pause_before_start(c);
}

/* ---- to the worker ---- */

static bool piece_at(const struct compute *c, size_t index, struct part *piece)
{
    if (index > c->sending->part_count)
        return false;
    *piece = index == 0 ? (struct part){c->header, sizeof c->header} : c->sending->parts[index - 1];
    return true;
}

/* Sends what the socket takes; when all is sent, nothing is being sent any more. */
static void send_some(struct compute *c)
{
    struct part piece;
    while (c->sending != NULL && piece_at(c, c->sent_pieces, &piece)) {
        const char *at = piece.bytes;
        size_t left = piece.len - c->sent_bytes;
        ssize_t n = left == 0 ? 0 : send(c->fd, at + c->sent_bytes, left, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            watch_for(c, UV_READABLE | UV_WRITABLE);
            return;
        }
        if (n < 0) {
            process_end(c, NULL, "it does not read any more");
            return;
        }
        c->sent_bytes += (size_t)n;
        if (c->sent_bytes == piece.len) {
            c->sent_pieces++;
            c->sent_bytes = 0;
        }
    }
    if (c->sending != NULL) {
        c->sending = NULL;
        watch_for(c, UV_READABLE);
    }
}

static void hand_over(struct compute *c, struct compute_job *job)
{
    struct frame frame = {.type = FRAME_JOB, .job_id = ++c->last_job_id, .part_count = job->part_count};
    memcpy(frame.parts, job->parts, sizeof frame.parts);
    CHECK(frame_header_write(&frame, c->header) == ERR_NONE); /* compute_submit has seen it */
    job->job_id = frame.job_id;
    job->since_us = clock_mono_us();
    list_add(&c->running, job);
    c->yields_running += job->yields;
    c->sending = job;
    c->sent_pieces = c->sent_bytes = 0;
    send_some(c);
}

/* Into a lane that is free now, and never into the last one of several. */
static struct compute_job *next_yielding(struct compute *c)
{
    size_t most = c->lanes > 1 ? c->lanes - 1 : 1;
    return c->running.count < c->lanes && c->yields_running < most ? list_take(&c->yielding) : NULL;
}

/* One more than there are lanes, so that none waits for us. Suspects go alone, before all others. */
static struct compute_job *next_job(struct compute *c)
{
    if (c->suspects.count > 0)
        return c->running.count == 0 ? list_take(&c->suspects) : NULL;
    bool suspect_runs = c->running.first != NULL && c->running.first->kills > 0;
    if (suspect_runs || c->running.count > c->lanes)
        return NULL;
    return c->waiting.count > 0 ? list_take(&c->waiting) : next_yielding(c);
}

static void on_soon(uv_idle_t *idle)
{
    struct compute *c = idle->data;
    uv_idle_stop(idle);
    struct job_list over = {0};
    list_move(&c->over, &over);
    for (struct compute_job *job; (job = list_take(&over)) != NULL;)
        job->done(job); /* may submit, may not stop us */
    while (c->phase == PHASE_READY && c->sending == NULL) {
        struct compute_job *job = next_job(c);
        if (job == NULL)
            break;
        hand_over(c, job);
    }
    changed(c, NULL);
}

/* ---- from the worker ---- */

static enum err err_named(const char *name)
{
    for (int e = 1; e < ERR_COUNT; e++)
        if (text_is(err_name((enum err)e), name))
            return (enum err)e;
    return ERR_WORKER;
}

/* Its first words. Kept as text for the console when short enough. */
static bool take_ready(struct compute *c, const struct frame *frame)
{
    struct arena *arena = arena_new(KIB(256));
    const struct json *tree = NULL;
    bool good = frame->type == FRAME_READY && frame->parts[0].len < sizeof c->stats.versions &&
                json_read(frame->parts[0].bytes, frame->parts[0].len, arena, &tree) == ERR_NONE;
    if (good) {
        int64_t lanes = json_int_at(tree, "threads", 1);
        c->lanes = lanes >= 1 && lanes <= 64 ? (size_t)lanes : 1;
        pthread_mutex_lock(&c->lock);
        snprintf(c->stats.versions, sizeof c->stats.versions, "%.*s", (int)frame->parts[0].len,
                 (const char *)frame->parts[0].bytes);
        pthread_mutex_unlock(&c->lock);
        LOG(INFO, "worker.ready", "pid=%d lanes=%zu", (int)c->pid, c->lanes);
        phase_set(c, PHASE_READY);
        work_soon(c);
    }
    arena_free(arena);
    return good;
}

static void take_refusal(struct compute *c, struct compute_job *job, const struct frame *frame)
{
    struct arena *arena = arena_new(MIB(1));
    const struct json *tree = NULL;
    if (frame->parts[0].len > KIB(4) || json_read(frame->parts[0].bytes, frame->parts[0].len, arena, &tree) != ERR_NONE)
        tree = NULL;
    enum err error = err_named(json_text_at(tree, "error", ""));
    changed(c, &c->stats.refused);
    job_over(c, job, COMPUTE_REFUSED, error, json_text_at(tree, "why", err_title(error, LANGUAGE_EN)));
    arena_free(arena);
}

/* False: it does not keep to the protocol. The frame's owner stays the caller unless the job takes it. */
static bool take_frame(struct compute *c, struct frame *frame)
{
    if (c->phase == PHASE_STARTING)
        return take_ready(c, frame);
    struct compute_job *job = c->running.first;
    while (job != NULL && job->job_id != frame->job_id)
        job = job->next;
    if (job == NULL || job == c->sending || (frame->type != FRAME_RESULT && frame->type != FRAME_REFUSED))
        return false;
    list_remove(&c->running, job);
    c->yields_running -= job->yields;
    c->failures = 0;
    if (frame->type == FRAME_REFUSED) {
        take_refusal(c, job, frame);
        return true;
    }
    job->answer = *frame;
    *frame = (struct frame){0};
    changed(c, &c->stats.answered);
    job_over(c, job, COMPUTE_ANSWERED, ERR_NONE, "");
    return true;
}

static bool take_bytes(struct compute *c, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        struct frame frame = {0};
        size_t used = 0;
        bool complete = false;
        if (frame_decoder_feed(&c->decoder, bytes, len, &used, &frame, &complete) != ERR_NONE)
            return false;
        bytes += used;
        len -= used;
        if (!complete)
            continue;
        bool good = take_frame(c, &frame);
        frame_release(&frame);
        if (!good)
            return false;
    }
    return true;
}

static void receive_some(struct compute *c)
{
    for (int i = 0; i < READS_MAX; i++) {
        ssize_t n = recv(c->fd, c->chunk, READ_BYTES, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            process_end(c, NULL, c->phase == PHASE_STARTING ? "it ended before it was ready" : "it crashed");
            return;
        }
        if (!take_bytes(c, c->chunk, (size_t)n)) {
            process_end(c, NULL, "it does not keep to the protocol");
            return;
        }
    }
}

static void on_event(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = container_of(poll, struct watch, poll);
    struct compute *c = watch->compute;
    if (status < 0)
        process_end(c, NULL, "its socket failed");
    if (c->watch == watch && (events & UV_WRITABLE)) {
        send_some(c);
        work_soon(c);
    }
    if (c->watch == watch && (events & UV_READABLE))
        receive_some(c);
}

/* ---- time ---- */

static void give_up_waiting(struct compute *c, struct job_list *list, int64_t now_us)
{
    while (list->first != NULL && now_us - list->first->since_us > MILLIS_US(COMPUTE_PATIENCE_MS))
        job_over(c, list_take(list), COMPUTE_GONE, ERR_WORKER, "The image worker is not running.");
}

static void on_tick(uv_timer_t *timer)
{
    struct compute *c = timer->data;
    int64_t now_us = clock_mono_us();
    if (c->phase == PHASE_ENDING)
        process_reap(c);
    if (c->phase == PHASE_PAUSING && now_us >= c->start_us)
        process_start(c);
    if (c->phase == PHASE_STARTING && now_us - c->phase_us > READY_TIMEOUT_US)
        process_end(c, NULL, "it was not ready in time");
    struct compute_job *oldest = c->running.first; /* they were handed over in this order */
    if (oldest != NULL && now_us - oldest->since_us > MILLIS_US(c->options.job_timeout_ms))
        process_end(c, oldest, "it did not answer in time");
    while (c->yielding.first != NULL && now_us - c->yielding.first->since_us > MILLIS_US(COMPUTE_YIELD_MS))
        job_too_late(c, list_take(&c->yielding));
    if (c->phase != PHASE_READY) {
        give_up_waiting(c, &c->waiting, now_us);
        give_up_waiting(c, &c->suspects, now_us);
    }
}

/* ---- outside ---- */

struct compute *compute_start(uv_loop_t *loop, const struct compute_options *options)
{
    RUNS_ON(ROLE_OUTBOUND);
    CHECK(options->queue_max > 0 && options->job_timeout_ms > 0);
    struct compute *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->options = *options;
    c->loop = loop;
    c->fd = -1;
    c->chunk = malloc(READ_BYTES);
    CHECK(c->chunk != NULL && pthread_mutex_init(&c->lock, NULL) == 0);
    CHECK(uv_timer_init(loop, &c->tick) == 0 && uv_idle_init(loop, &c->soon) == 0);
    c->tick.data = c->soon.data = c;
    c->handles = 2;
    process_start(c);
    return c;
}

enum err compute_submit(struct compute *c, struct compute_job *job)
{
    RUNS_ON(ROLE_OUTBOUND);
    struct frame frame = {.type = FRAME_JOB, .part_count = job->part_count};
    unsigned char header[PROTOCOL_HEADER_BYTES];
    memcpy(frame.parts, job->parts, sizeof frame.parts);
    TRY(frame_header_write(&frame, header));
    size_t in_hand = c->waiting.count + c->suspects.count + c->running.count + c->over.count;
    bool full = job->yields ? c->yielding.count >= COMPUTE_YIELD_MAX : in_hand >= c->options.queue_max;
    if (full || c->phase == PHASE_STOPPED)
        return ERR_BUSY;
    job->answer = (struct frame){0};
    job->kills = 0;
    job->since_us = clock_mono_us();
    list_add(job->yields ? &c->yielding : &c->waiting, job);
    work_soon(c);
    return ERR_NONE;
}

bool compute_part(const struct compute_job *job, size_t n, struct part *part)
{
    if (job->end != COMPUTE_ANSWERED || n >= job->answer.part_count)
        return false;
    *part = job->answer.parts[n];
    return true;
}

static void handle_closed(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

void compute_stop(struct compute *c, void (*closed)(void *arg), void *arg)
{
    RUNS_ON(ROLE_OUTBOUND);
    c->closed = closed;
    c->closed_arg = arg;
    struct job_list left = {0};
    list_move(&c->running, &left); /* first, so that the end of the process is not laid at their door */
    list_move(&c->suspects, &left);
    if (c->fd >= 0)
        process_end(c, NULL, "the server stops");
    if (c->phase == PHASE_ENDING)
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
            continue; /* killed: it takes no time */
    list_move(&c->waiting, &left);
    list_move(&c->yielding, &left);
    phase_set(c, PHASE_STOPPED);
    for (struct compute_job *job; (job = list_take(&left)) != NULL;)
        job_over(c, job, COMPUTE_GONE, ERR_WORKER, "The server is stopping.");
    on_soon(&c->soon);
    uv_close((uv_handle_t *)&c->tick, handle_closed);
    uv_close((uv_handle_t *)&c->soon, handle_closed);
}
