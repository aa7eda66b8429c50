/* dispatch_fixture — a dispatcher over the real store and real sealed files. The image worker is the test program
 * itself, started with the worker's arguments: it answers by the first letters of the photo. */
#ifndef XY_TESTS_DISPATCH_FIXTURE_H
#define XY_TESTS_DISPATCH_FIXTURE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "store/batch.h"
#include "store/capture_session.h"
#include "store/consent.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/transition.h"
#include "tests/check.h"
#include "tests/temp.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>

/* ---- the stand-in worker ---- */

#define WORKER_FD 3

static inline void answer(uint64_t job_id, enum frame_type type, const char *json, const char *one, const char *two)
{
    struct frame frame = {.type = type, .job_id = job_id, .part_count = 1, .parts = {{json, strlen(json)}}};
    if (one != NULL)
        frame.parts[frame.part_count++] = (struct part){one, strlen(one)};
    if (two != NULL)
        frame.parts[frame.part_count++] = (struct part){two, strlen(two)};
    if (frame_send(WORKER_FD, &frame, -1) != ERR_NONE)
        _exit(9);
}

static inline bool begins(const struct part *part, const char *word)
{
    return part->len >= strlen(word) && memcmp(part->bytes, word, strlen(word)) == 0;
}

static inline void work(const struct frame *job)
{
    uint64_t id = job->job_id;
    char kind[400];
    snprintf(kind, sizeof kind, "%.*s", (int)job->parts[0].len, (const char *)job->parts[0].bytes);
    const struct part *photo = &job->parts[job->part_count - 1];
    if (begins(photo, "CRASH"))
        _exit(3);
    if (begins(photo, "BAD"))
        answer(id, FRAME_REFUSED, "{\"error\":\"unreadable\",\"why\":\"Not a photo.\"}", NULL, NULL);
    else if (strstr(kind, "\"retouch\"") != NULL && begins(photo, "FACE"))
        answer(id, FRAME_REFUSED, "{\"error\":\"features_changed\",\"why\":\"The face differs.\"}", NULL, NULL);
    else if (strstr(kind, "\"retouch\"") != NULL) /* a repair goes with its original */
        answer(id, FRAME_RESULT,
               job->part_count == 3 && begins(&job->parts[1], "GOOD") && strstr(kind, "\"repair\":\"mask\"") != NULL
                   ? "{\"report\":{\"verdict\":\"pass\",\"ledger\":[{\"operation\":\"retouch\"}]},\"parts\":["
                     "\"standardised\"]}"
                   : "{\"report\":{\"verdict\":\"fail\"},\"parts\":[]}",
               "WARN repaired", NULL);
    else if (strstr(kind, "standardise") != NULL && job->part_count == 3) /* with a person's mask */
        answer(id, FRAME_RESULT,
               "{\"report\":{\"verdict\":\"pass\",\"by\":\"mask\"},\"parts\":[\"standardised\",\"proxy\"]}", "by mask",
               "proxy");
    else if (strstr(kind, "standardise") != NULL && begins(photo, "NOFACE"))
        answer(id, FRAME_RESULT, "{\"report\":{\"verdict\":\"fail\"},\"parts\":[\"proxy\"]}", "proxy", NULL);
    else if (strstr(kind, "standardise") != NULL)
        answer(id, FRAME_RESULT,
               begins(photo, "WARN") ? "{\"report\":{\"verdict\":\"warn\"},\"parts\":[\"standardised\",\"proxy\"]}"
                                     : "{\"report\":{\"verdict\":\"pass\"},\"parts\":[\"standardised\",\"proxy\"]}",
               "standard photo", "proxy");
    else if (strstr(kind, "compare") != NULL)
        answer(id, FRAME_RESULT,
               begins(photo, "OTHER")
                   ? "{\"verdict\":\"mismatch\",\"distance\":0.81,\"model\":{\"id\":\"m\",\"version\":\"1\"}}"
                   : "{\"verdict\":\"match\",\"distance\":0.31,\"model\":{\"id\":\"m\",\"version\":\"1\"}}",
               NULL, NULL);
    else
        answer(id, FRAME_RESULT, "{\"kind\":\"sheet\",\"pages\":1,\"parts\":[\"pdf\"]}", "%PDF-1.5", NULL);
}

static inline int worker_main(void)
{
    struct frame job;
    answer(0, FRAME_READY, "{\"ready\":true,\"threads\":2}", NULL, NULL);
    while (frame_receive(WORKER_FD, &job, -1) == ERR_NONE) {
        work(&job);
        frame_release(&job);
    }
    return 0;
}

/* ---- the world ---- */

#define STUDENTS_MAX 4

struct world {
    struct temp_store t;
    struct blob_store *blobs;
    struct dispatch *_Atomic dispatch;
    struct arena *arena;
    char session_id[32], staff_id[32];
    char students[STUDENTS_MAX][32], submissions[STUDENTS_MAX][32], codes[STUDENTS_MAX][CRYPT_CODE_TEXT_BYTES];
    char attempt[32];
    const struct executor *const *executors; /* NULL: the real ones */
    int64_t lease_ms;                        /* 0: long */
    int64_t grace_ms;                        /* 0: an hour */
    void (*on_stop)(struct dispatch *dispatch, void *arg);
};

static inline void announce(void *arg, const struct store_change *changes, size_t count)
{
    struct world *w = arg;
    struct dispatch *d = atomic_load(&w->dispatch);
    for (size_t i = 0; i < count && d != NULL; i++)
        if (changes[i].topic == TOPIC_OUTBOX)
            dispatch_wake(d);
}

static inline void dispatch_up(struct world *w)
{
    static const struct executor *const standard[] = {compute_executors, NULL};
    static char self[4096];
    char why[256];
    struct dispatch *d;
    self[readlink("/proc/self/exe", self, sizeof self - 1)] = '\0';
    struct compute_options compute = {.worker = {.worker_path = self, .models_folder = "none", .threads = 2},
                                      .queue_max = 64,
                                      .job_timeout_ms = 20000,
                                      .restart_pause_ms = 1};
    struct dispatch_options options = {.store = w->t.store,
                                       .ring = w->t.ring,
                                       .blobs = w->blobs,
                                       .executors = w->executors != NULL ? w->executors : standard,
                                       .compute = w->executors != NULL ? NULL : &compute,
                                       .lease_ms = w->lease_ms > 0 ? w->lease_ms : 60000,
                                       .sweep_interval_ms = 10,
                                       .batch_max = 64,
                                       .retry_scale_percent = 1,
                                       .stop_patience_ms = 50,
                                       .orphan_grace_ms = w->grace_ms,
                                       .on_stop = w->on_stop};
    EQ_INT(ERR_NONE, dispatch_start(&options, &d, why));
    atomic_store(&w->dispatch, d);
}

static inline void dispatch_down(struct world *w)
{
    struct dispatch *d = atomic_exchange(&w->dispatch, NULL);
    dispatch_stop(d);
}

static inline enum err in_store(struct world *w, store_step *step, void *job)
{
    return store_run(w->t.store, STORE_WRITE, step, job);
}

struct shown;
struct job {
    struct world *w;
    struct shown *shown;
    int who;
    const char *text, *more;
    struct move move;
    struct submission submission;
    struct outbox_status status;
    struct blob_ref ref;
    struct batch batch;
    struct batch_item items[STUDENTS_MAX];
    size_t count;
    int64_t number;
};

static inline enum err make_session(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct session_new s = {.id = j->w->session_id,
                            .code = "25103003",
                            .name = "届 2026",
                            .school_id = "school",
                            .school_code = "10595",
                            .school_name = "A",
                            .opens_us = 1,
                            .closes_us = INT64_C(4000000000000000),
                            .now_us = clock_utc_us(),
                            .changed_by = "test",
                            .policy_json =
                                "{\"deliver_chsi\":true,\"deliver_print\":true,\"deliver_mail\":\"student\"}"};
    TRY(session_add(tx, &s));
    return TX_RUN(tx, Q_ACCOUNT_ADD, v_text(j->w->staff_id), v_text("staff"), v_text("staff"), v_text("-"), v_int(1),
                  v_text(NULL), v_int(1));
}

static inline enum err make_student(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct world *w = j->w;
    const char *id;
    const char *number = arena_printf(tx->arena, "2022%03d", j->who);
    TRY(student_of_openid(tx, number, w->students[j->who], "zh", 1, &id));
    struct roster_entry entry = {.id = w->submissions[j->who],
                                 .session_id = w->session_id,
                                 .student_no = number,
                                 .name = "张三",
                                 .id_number = "11010119900307665X",
                                 .college = "=A/B",
                                 .major = "",
                                 .class_name = "1"};
    char outcome;
    TRY(roster_put(tx, &entry, 1, false, &outcome));
    TRY(roster_link(tx, &entry, id, 1));
    TRY(consent_give(tx, id, "privacy", "1", 1));
    TRY(consent_give(tx, id, "passing_on", "1", 1));
    struct submission s = {.id = w->submissions[j->who],
                           .code = w->codes[j->who],
                           .session_id = w->session_id,
                           .student_id = id,
                           .roster_id = entry.id,
                           .created_us = 1};
    TRY(submission_add(tx, &s));
    return submission_set_address(tx, s.id, "{}");
}

static inline void world_open(struct world *w)
{
    char path[300], why[256];
    memset(w, 0, sizeof *w);
    crypt_start();
    temp_store_open(&w->t, announce, w);
    snprintf(path, sizeof path, "%s/blobs", w->t.folder);
    EQ_INT(ERR_NONE, blob_open(path, w->t.ring, &w->blobs, why));
    w->arena = arena_new(MIB(8));
    crypt_id(clock_utc_us(), w->session_id);
    crypt_id(clock_utc_us(), w->staff_id);
    struct job j = {.w = w};
    EQ_INT(ERR_NONE, in_store(w, make_session, &j));
}

static inline void students_add(struct world *w, int students)
{
    struct job j = {.w = w};
    for (j.who = 0; j.who < students && j.who < STUDENTS_MAX; j.who++) {
        crypt_id(clock_utc_us() + j.who * 1000, w->students[j.who]);
        crypt_id(clock_utc_us() + j.who * 1000, w->submissions[j.who]); /* in this order */
        crypt_code(w->codes[j.who]);
        EQ_INT(ERR_NONE, in_store(w, make_student, &j));
    }
}

static inline void world_close(struct world *w)
{
    if (atomic_load(&w->dispatch) != NULL)
        dispatch_down(w);
    temp_store_shut(&w->t);
    blob_close(w->blobs);
    arena_free(w->arena);
    temp_store_remove(&w->t);
}

static inline enum err count_step(struct tx *tx, void *arg)
{
    return outbox_count(tx, &((struct job *)arg)->status);
}

/* Until nothing is due or in hand any more; the figures then. */
static inline struct outbox_status settle(struct world *w)
{
    struct job j = {.w = w};
    for (int i = 0; i < 20000; i++) {
        EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, count_step, &j));
        if (j.status.waiting + j.status.running + j.status.unknown == 0)
            return j.status;
        poll(NULL, 0, 1);
    }
    TEST_FAIL("the outbox does not settle: %" PRId64 " waiting, %" PRId64 " running", j.status.waiting,
              j.status.running);
}

static inline int dispatch_test_main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--models") == 0)
        return worker_main();
    log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_ERROR_LEVEL); /* parked rows are loud */
    return tests_run();
}

#endif
