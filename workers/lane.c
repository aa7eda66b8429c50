#include "workers/lane.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "workers/image.h"
#include "workers/sandbox.h"
#include "workers/sheet.h"
#include "workers/warmup.h"

#include <pthread.h>
#include <unistd.h>

#define LANE_STACK_BYTES MIB(8)

struct lane {
    struct lanes *lanes;
    pthread_t thread;
    struct job_tools tools; /* this lane's only */
    /* under lanes->lock */
    uint64_t job_id;       /* 0 while idle */
    int64_t started_us;    /* monotonic */
    int64_t cpu_before_us; /* this thread's CPU when the job began */
};

struct lanes {
    struct lanes_options options;
    pthread_mutex_t lock; /* guards queue, warm, broken and the lanes' job fields */
    pthread_cond_t changed;
    struct frame *queue; /* ring */
    size_t queue_max, queue_first, queue_len;
    int warm, broken; /* lanes that are ready, lanes that cannot work */
    bool landlock;
    char why[JOB_WHY_BYTES];
    pthread_mutex_t write_lock;
    struct lane lane[LANES_MAX];
};

static int64_t cpu_us_of(pthread_t thread)
{
    clockid_t clock;
    struct timespec spent;
    if (pthread_getcpuclockid(thread, &clock) != 0 || clock_gettime(clock, &spent) != 0)
        return 0;
    return (int64_t)spent.tv_sec * 1000000 + spent.tv_nsec / 1000;
}

bool lanes_send(struct lanes *lanes, const struct frame *frame)
{
    pthread_mutex_lock(&lanes->write_lock);
    enum err e = frame_send(lanes->options.fd, frame, -1);
    pthread_mutex_unlock(&lanes->write_lock);
    return e == ERR_NONE;
}

/* A lane's first act. On failure the lane stays idle for ever and lanes_start gives up. */
static bool lane_prepare(struct lane *lane, char why[JOB_WHY_BYTES])
{
    const struct lanes_options *options = &lane->lanes->options;
    lane->tools =
        (struct job_tools){.mask = options->mask, .versions = options->versions, .allow_faults = options->allow_faults};
    lane->tools.arena = arena_new(JOB_ARENA_BYTES);
    if (face_context_new(options->models, &lane->tools.face) != FACE_OK) {
        snprintf(why, JOB_WHY_BYTES, "there is no memory for the face network");
        return false;
    }
    lane->tools.fonts = sheet_fonts_new();
    return warmup(&lane->tools, why);
}

static struct frame queue_take(struct lane *lane)
{
    struct lanes *lanes = lane->lanes;
    pthread_mutex_lock(&lanes->lock);
    lane->job_id = 0;
    while (lanes->queue_len == 0)
        pthread_cond_wait(&lanes->changed, &lanes->lock);
    struct frame request = lanes->queue[lanes->queue_first];
    lanes->queue_first = (lanes->queue_first + 1) % lanes->queue_max;
    lanes->queue_len--;
    lane->started_us = clock_mono_us();
    lane->cpu_before_us = cpu_us_of(lane->thread);
    lane->job_id = request.job_id;
    pthread_mutex_unlock(&lanes->lock);
    return request;
}

static void run_one(struct lane *lane, struct frame *request)
{
    struct job_reply reply;
    struct frame answer;
    job_reply_init(&reply);
    job_run(&lane->tools, request, &reply, &answer);
    bool sent = lanes_send(lane->lanes, &answer);
    job_reply_release(&reply);
    frame_release(request);
    arena_reset(lane->tools.arena);
    if (!sent)
        _exit(0); /* the server is gone; whatever is still queued has no reader */
}

static void *lane_main(void *arg)
{
    struct lane *lane = arg;
    struct lanes *lanes = lane->lanes;
    thread_role_set(ROLE_LANE);
    char why[JOB_WHY_BYTES] = "";
    bool good = lane_prepare(lane, why);
    bool landlock = good && sandbox_thread();
    pthread_mutex_lock(&lanes->lock);
    lanes->warm += good;
    lanes->broken += !good;
    lanes->landlock = lanes->landlock && landlock;
    if (!good)
        memcpy(lanes->why, why, sizeof why);
    pthread_cond_broadcast(&lanes->changed);
    pthread_mutex_unlock(&lanes->lock);
    while (good) {
        struct frame request = queue_take(lane);
        run_one(lane, &request);
    }
    return NULL;
}

static void lane_launch(struct lanes *lanes, struct lane *lane)
{
    pthread_attr_t attributes;
    lane->lanes = lanes;
    CHECK(pthread_attr_init(&attributes) == 0);
    CHECK(pthread_attr_setstacksize(&attributes, LANE_STACK_BYTES) == 0);
    CHECK(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0);
    CHECK(pthread_create(&lane->thread, &attributes, lane_main, lane) == 0);
    pthread_attr_destroy(&attributes);
}

struct lanes *lanes_start(const struct lanes_options *options, bool *landlock, char why[JOB_WHY_BYTES])
{
    CHECK(options->threads >= 1 && options->threads <= LANES_MAX);
    struct lanes *lanes = calloc(1, sizeof *lanes);
    CHECK(lanes != NULL);
    lanes->options = *options;
    lanes->landlock = true;
    lanes->queue_max = (size_t)options->threads * LANE_QUEUE_PER_THREAD;
    lanes->queue = calloc(lanes->queue_max, sizeof *lanes->queue);
    CHECK(lanes->queue != NULL);
    CHECK(pthread_mutex_init(&lanes->lock, NULL) == 0 && pthread_mutex_init(&lanes->write_lock, NULL) == 0);
    CHECK(pthread_cond_init(&lanes->changed, NULL) == 0);
    for (int i = 0; i < options->threads; i++)
        lane_launch(lanes, &lanes->lane[i]);
    pthread_mutex_lock(&lanes->lock);
    while (lanes->warm + lanes->broken < options->threads)
        pthread_cond_wait(&lanes->changed, &lanes->lock);
    bool good = lanes->broken == 0;
    *landlock = lanes->landlock;
    memcpy(why, lanes->why, JOB_WHY_BYTES);
    pthread_mutex_unlock(&lanes->lock);
    return good ? lanes : NULL; /* the process ends when it is NULL; the idle lanes end with it */
}

bool lanes_submit(struct lanes *lanes, struct frame *request)
{
    pthread_mutex_lock(&lanes->lock);
    bool room = lanes->queue_len < lanes->queue_max;
    if (room) {
        lanes->queue[(lanes->queue_first + lanes->queue_len) % lanes->queue_max] = *request;
        lanes->queue_len++;
        *request = (struct frame){0};
        pthread_cond_signal(&lanes->changed);
    }
    pthread_mutex_unlock(&lanes->lock);
    return room;
}

uint64_t lanes_overrun(struct lanes *lanes, int64_t wall_us, int64_t cpu_us)
{
    uint64_t over = 0;
    int64_t now = clock_mono_us();
    pthread_mutex_lock(&lanes->lock);
    for (int i = 0; i < lanes->options.threads; i++) {
        const struct lane *lane = &lanes->lane[i];
        if (lane->job_id != 0 &&
            (now - lane->started_us > wall_us || cpu_us_of(lane->thread) - lane->cpu_before_us > cpu_us))
            over = lane->job_id;
    }
    pthread_mutex_unlock(&lanes->lock);
    return over;
}
