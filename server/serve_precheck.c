#include "serve_precheck.h"

#include "base/check.h"
#include "base/pace.h"
#include "base/text.h"
#include "workers/profile.h"

#define REQUEST_BYTES_MAX KIB(4)
#define SLOTS_MAX         64

struct flight {
    struct message message; /* to the outbound thread */
    struct compute_job job;
    struct question *question;
    char student_id[32];
    struct buf request; /* the job's JSON */
    unsigned char *jpeg;
    size_t len;
};

static struct {
    struct dispatch *dispatch;
    struct pace pace;
    pthread_mutex_t lock; /* guards flights, count */
    struct flight *flights[SLOTS_MAX];
    size_t count, max;
    _Atomic uint64_t served, sent_away, refused;
} precheck = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- slots ---- */

static bool slot_take(struct flight *flight)
{
    size_t free_at = SLOTS_MAX;
    bool has_one = false;
    pthread_mutex_lock(&precheck.lock);
    for (size_t i = 0; i < precheck.max; i++) {
        if (precheck.flights[i] == NULL)
            free_at = i;
        else
            has_one = has_one || text_is(precheck.flights[i]->student_id, flight->student_id);
    }
    bool good = !has_one && free_at < SLOTS_MAX;
    if (good) {
        precheck.flights[free_at] = flight;
        precheck.count++;
    }
    pthread_mutex_unlock(&precheck.lock);
    return good;
}

static void slot_leave(struct flight *flight)
{
    pthread_mutex_lock(&precheck.lock);
    for (size_t i = 0; i < precheck.max; i++)
        if (precheck.flights[i] == flight) {
            precheck.flights[i] = NULL;
            precheck.count--;
        }
    pthread_mutex_unlock(&precheck.lock);
}

/* ---- a frame's way ---- */

static void flight_free(struct flight *flight)
{
    if (flight->jpeg != NULL)
        explicit_bzero(flight->jpeg, flight->len);
    free(flight->jpeg);
    buf_release(&flight->request);
    free(flight);
}

/* Its end, wherever it got to. The slot is free before the page can know: it may send the next one at once. */
static void flight_end(struct flight *flight, enum err result, const void *json, size_t len)
{
    slot_leave(flight);
    if (result == ERR_NONE) {
        pace_served(&precheck.pace);
        atomic_fetch_add(&precheck.served, 1);
    } else if (result == ERR_BUSY) {
        pace_sent_away(&precheck.pace);
        atomic_fetch_add(&precheck.sent_away, 1);
    } else {
        atomic_fetch_add(&precheck.refused, 1);
    }
    question_answer(flight->question, result, json, len);
    flight_free(flight);
}

static void on_looked(struct compute_job *job)
{
    struct flight *flight = container_of(job, struct flight, job);
    if (job->end != COMPUTE_ANSWERED) {
        bool of_the_frame = job->end == COMPUTE_POISON || (job->end == COMPUTE_REFUSED && !err_may_retry(job->error));
        flight_end(flight, job->end == COMPUTE_POISON ? ERR_UNREADABLE : of_the_frame ? job->error : ERR_BUSY, NULL, 0);
        return;
    }
    struct frame answer = job->answer;
    flight_end(flight, ERR_NONE, answer.parts[0].bytes, answer.parts[0].len);
    frame_release(&answer);
}

static void on_outbound(struct message *message)
{
    struct flight *flight = container_of(message, struct flight, message);
    struct compute *compute = dispatch_compute(precheck.dispatch);
    flight->job = (struct compute_job){
        .parts = {{flight->request.bytes, flight->request.len}, {flight->jpeg, flight->len}},
        .part_count = 2,
        .done = on_looked,
        .yields = true,
    };
    bool wanted = compute != NULL && question_wanted(flight->question);
    if (!wanted || compute_submit(compute, &flight->job) != ERR_NONE)
        flight_end(flight, ERR_BUSY, NULL, 0);
}

static struct flight *flight_new(const struct api_frame *frame, struct question *question)
{
    struct flight *flight = calloc(1, sizeof *flight);
    const struct profile *profile = profile_named(frame->profile);
    CHECK(flight != NULL);
    flight->question = question;
    snprintf(flight->student_id, sizeof flight->student_id, "%s", frame->student_id);
    buf_init(&flight->request, REQUEST_BYTES_MAX);
    json_object_open(&flight->request);
    json_put_text(&flight->request, "kind", "precheck");
    json_name(&flight->request, "profile");
    profile_write(&flight->request, profile != NULL ? profile : profile_named(PROFILE_DEFAULT));
    json_put_int(&flight->request, "camera_width_px", frame->camera_width_px);
    json_object_close(&flight->request);
    return flight;
}

void serve_precheck(const struct api_frame *frame, struct question *question)
{
    struct flight *flight = flight_new(frame, question);
    if (!slot_take(flight)) {
        flight_end(flight, ERR_BUSY, NULL, 0);
        return;
    }
    flight->jpeg = malloc(frame->len);
    CHECK(flight->jpeg != NULL && frame->len > 0);
    memcpy(flight->jpeg, frame->jpeg, frame->len);
    flight->len = frame->len;
    flight->message.run = on_outbound;
    mailbox_post(dispatch_mailbox(precheck.dispatch), &flight->message);
}

int64_t serve_precheck_next_ms(void)
{
    return precheck.max == 0 ? 0 : pace_next_ms(&precheck.pace);
}

/* ---- for main ---- */

void serve_precheck_open(struct dispatch *dispatch, size_t in_flight_max)
{
    precheck.dispatch = dispatch;
    precheck.max = in_flight_max < SLOTS_MAX ? in_flight_max : SLOTS_MAX;
    pace_init(&precheck.pace, PRECHECK_NEXT_MS_MIN, PRECHECK_NEXT_MS_MAX);
}

void serve_precheck_close(void)
{
    CHECK(precheck.count == 0);
}

void serve_precheck_metrics(struct buf *out)
{
    pthread_mutex_lock(&precheck.lock);
    size_t count = precheck.count;
    pthread_mutex_unlock(&precheck.lock);
    buf_printf(out,
               "xueying_precheck_in_flight %zu\nxueying_precheck_total{result=\"served\"} %" PRIu64
               "\nxueying_precheck_total{result=\"sent_away\"} %" PRIu64
               "\nxueying_precheck_total{result=\"refused\"} %" PRIu64 "\nxueying_precheck_next_ms %" PRId64 "\n",
               count, atomic_load(&precheck.served), atomic_load(&precheck.sent_away), atomic_load(&precheck.refused),
               serve_precheck_next_ms());
}
