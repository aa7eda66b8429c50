/* links: xy_dispatch xy_store */
/* The dispatcher and its effects over the real store and real sealed files. The image worker is this very program,
 * started with the worker's arguments: it answers by the first letters of the photo. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/csv.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/effects.h"
#include "store/batch.h"
#include "store/blob_row.h"
#include "store/capture_session.h"
#include "store/face.h"
#include "store/student.h"
#include "store/transition.h"
#include "tests/check.h"
#include "tests/temp.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <zip.h>

/* ---- the stand-in worker ---- */

#define WORKER_FD 3

static void answer(uint64_t job_id, enum frame_type type, const char *json, const char *one, const char *two)
{
    struct frame frame = {.type = type, .job_id = job_id, .part_count = 1, .parts = {{json, strlen(json)}}};
    if (one != NULL)
        frame.parts[frame.part_count++] = (struct part){one, strlen(one)};
    if (two != NULL)
        frame.parts[frame.part_count++] = (struct part){two, strlen(two)};
    if (frame_send(WORKER_FD, &frame, -1) != ERR_NONE)
        _exit(9);
}

static bool begins(const struct part *part, const char *word)
{
    return part->len >= strlen(word) && memcmp(part->bytes, word, strlen(word)) == 0;
}

static void work(const struct frame *job)
{
    uint64_t id = job->job_id;
    char kind[400];
    snprintf(kind, sizeof kind, "%.*s", (int)job->parts[0].len, (const char *)job->parts[0].bytes);
    const struct part *photo = &job->parts[job->part_count - 1];
    if (begins(photo, "CRASH"))
        _exit(3);
    if (begins(photo, "BAD"))
        answer(id, FRAME_REFUSED, "{\"error\":\"unreadable\",\"why\":\"Not a photo.\"}", NULL, NULL);
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

static int worker_main(void)
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
};

static void announce(void *arg, const struct store_change *changes, size_t count)
{
    struct world *w = arg;
    struct dispatch *d = atomic_load(&w->dispatch);
    for (size_t i = 0; i < count && d != NULL; i++)
        if (changes[i].topic == TOPIC_OUTBOX)
            dispatch_wake(d);
}

static void stop_holding(struct dispatch *d, void *arg);

static void dispatch_up(struct world *w)
{
    static const struct executor *const standard[] = {compute_executors, NULL};
    static char self[4096];
    char why[256];
    struct dispatch *d;
    self[readlink("/proc/self/exe", self, sizeof self - 1)] = '\0';
    struct compute_options compute = {.worker = {.worker_path = self, .models_folder = "none", .threads = 2},
                                      .queue_max = 64, .job_timeout_ms = 20000, .restart_pause_ms = 1};
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
                                       .on_stop = stop_holding};
    EQ_INT(ERR_NONE, dispatch_start(&options, &d, why));
    atomic_store(&w->dispatch, d);
}

static void dispatch_down(struct world *w)
{
    struct dispatch *d = atomic_exchange(&w->dispatch, NULL);
    dispatch_stop(d);
}

static enum err in_store(struct world *w, store_step *step, void *job)
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

static enum err make_session(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct session_new s = {.id = j->w->session_id, .code = "25103003", .name = "届 2026", .school_id = "school",
                            .school_code = "10595", .school_name = "A", .opens_us = 1,
                            .closes_us = INT64_C(4000000000000000), .now_us = clock_utc_us(), .changed_by = "test",
                            .policy_json = "{\"deliver_chsi\":true,\"deliver_print\":true,\"deliver_mail\":\"student\"}"};
    TRY(session_add(tx, &s));
    return TX_RUN(tx, Q_ACCOUNT_ADD, v_text(j->w->staff_id), v_text("staff"), v_text("staff"), v_text("-"), v_int(1),
                  v_text(NULL), v_int(1));
}

static enum err make_student(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct world *w = j->w;
    const char *id;
    const char *number = arena_printf(tx->arena, "2022%03d", j->who);
    TRY(student_of_openid(tx, number, w->students[j->who], "zh", 1, &id));
    struct roster_entry entry = {.id = w->submissions[j->who], .session_id = w->session_id, .student_no = number,
                                 .name = "张三", .id_number = "11010119900307665X", .college = "=A/B", .major = "",
                                 .class_name = "1"};
    char outcome;
    TRY(roster_put(tx, &entry, 1, false, &outcome));
    TRY(roster_link(tx, &entry, id, 1));
    TRY(consent_give(tx, id, "privacy", "1", 1));
    TRY(consent_give(tx, id, "passing_on", "1", 1));
    struct submission s = {.id = w->submissions[j->who], .code = w->codes[j->who], .session_id = w->session_id,
                           .student_id = id, .roster_id = entry.id, .created_us = 1};
    return submission_add(tx, &s);
}

static void world_open(struct world *w, int students)
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
    for (j.who = 0; j.who < students; j.who++) {
        crypt_id(clock_utc_us() + j.who * 1000, w->students[j.who]);
        crypt_id(clock_utc_us() + j.who * 1000, w->submissions[j.who]); /* in this order */
        crypt_code(w->codes[j.who]);
        EQ_INT(ERR_NONE, in_store(w, make_student, &j));
    }
}

static void world_close(struct world *w)
{
    if (atomic_load(&w->dispatch) != NULL)
        dispatch_down(w);
    temp_store_shut(&w->t);
    blob_close(w->blobs);
    arena_free(w->arena);
    temp_store_remove(&w->t);
}

static enum err count_step(struct tx *tx, void *arg)
{
    return outbox_count(tx, &((struct job *)arg)->status);
}

/* Until nothing is due or in hand any more; the figures then. */
static struct outbox_status settle(struct world *w)
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

/* ---- photos ---- */

static enum err portrait_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    const char *student = j->w->students[j->who];
    TRY(blob_row_add(tx, &j->ref, "portrait", "image/jpeg", student, 1));
    TRY(student_set_portrait(tx, student, j->ref.id));
    return consent_give(tx, student, "face", "1", 1);
}

static enum err photo_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct world *w = j->w;
    int64_t number;
    TRY(blob_row_add(tx, &j->ref, "original", "image/jpeg", w->students[j->who], 1));
    struct attempt a = {.id = w->attempt, .submission_id = w->submissions[j->who], .source = "live",
                        .original_blob_id = j->ref.id, .created_us = 1};
    TRY(attempt_add(tx, &a, &number));
    const char *payload = arena_printf(tx->arena, "{\"attempt_id\":\"%s\"}", a.id);
    return outbox_put(tx, arena_printf(tx->arena, "%s-standardise", a.id), "standardise", a.submission_id, payload, 0,
                      clock_utc_us());
}

static struct job sealed(struct world *w, int who, const char *bytes)
{
    struct job j = {.w = w, .who = who};
    char id[CRYPT_ID_TEXT_BYTES];
    crypt_id(clock_utc_us(), id);
    EQ_INT(ERR_NONE, blob_put(w->blobs, id, bytes, strlen(bytes), w->arena, &j.ref));
    return j;
}

static void portrait(struct world *w, int who)
{
    struct job j = sealed(w, who, "portrait");
    EQ_INT(ERR_NONE, in_store(w, portrait_step, &j));
}

static struct outbox_status photo(struct world *w, int who, const char *bytes)
{
    struct job j = sealed(w, who, bytes);
    crypt_id(clock_utc_us(), w->attempt);
    EQ_INT(ERR_NONE, in_store(w, photo_step, &j));
    return settle(w);
}

struct shown {
    struct attempt attempt;
    struct face_result face;
    enum err face_error;
    struct blob_row rows[3];
    enum err row_errors[3];
};

static enum err show_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct shown *s = j->shown;
    struct arena *arena = j->w->arena;
    TRY(attempt_get(tx, j->w->attempt, &s->attempt));
    s->face_error = face_result_get(tx, j->w->attempt, &s->face);
    const char *ids[3] = {s->attempt.original_blob_id, s->attempt.standard_blob_id, s->attempt.proxy_blob_id};
    for (int i = 0; i < 3; i++) {
        s->row_errors[i] = ids[i] != NULL ? blob_row_get(tx, ids[i], &s->rows[i]) : ERR_NOT_FOUND;
        if (s->row_errors[i] != ERR_NONE)
            continue;
        s->rows[i].id = arena_text(arena, s->rows[i].id);
        s->rows[i].kind = arena_text(arena, s->rows[i].kind);
        s->rows[i].sealed_key = arena_copy(arena, s->rows[i].sealed_key, s->rows[i].sealed_key_len);
    }
    s->attempt.state = arena_text(arena, s->attempt.state);
    s->attempt.verdict = arena_text(arena, s->attempt.verdict);
    s->attempt.report = arena_text(arena, s->attempt.report);
    s->face.verdict = s->face_error == ERR_NONE ? arena_text(arena, s->face.verdict) : NULL;
    s->face.detail = s->face_error == ERR_NONE ? arena_text(arena, s->face.detail) : NULL;
    return ERR_NONE;
}

static struct shown show(struct world *w)
{
    struct shown shown = {0};
    struct job j = {.w = w, .shown = &shown};
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, show_step, &j));
    return shown;
}

static void holds(struct world *w, const struct blob_row *row, const char *want)
{
    void *bytes;
    size_t len;
    EQ_INT(ERR_NONE, blob_get(w->blobs, row->id, row->sealed_key, row->sealed_key_len, &bytes, &len));
    EQ_INT(strlen(want), len);
    TRUE(memcmp(bytes, want, len) == 0);
    free(bytes);
}

/* ---- moves ---- */

static enum err choose_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    return submission_choose(tx, j->w->submissions[j->who], j->w->attempt, 0);
}

static enum err move_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    j->move.submission_id = j->w->submissions[j->who];
    j->move.actor_id = j->move.actor_kind == ACTOR_STAFF ? j->w->staff_id : j->w->students[j->who];
    j->move.now_us = clock_utc_us();
    return transition_apply(tx, &j->move, NULL);
}

static enum err move(struct world *w, int who, enum wf_event event, enum actor_kind kind)
{
    struct job j = {.w = w, .who = who, .move = {.event = event, .actor_kind = kind, .actor_is_senior = true}};
    return in_store(w, move_step, &j);
}

static enum err look_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct submission s;
    TRY(submission_get(tx, j->w->submissions[j->who], &s));
    submission_copy(j->w->arena, &s, &j->submission);
    return ERR_NONE;
}

static struct submission look(struct world *w, int who)
{
    struct job j = {.w = w, .who = who};
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, look_step, &j));
    return j.submission;
}

static void hand_in(struct world *w, int who, const char *bytes)
{
    struct job j = {.w = w, .who = who};
    photo(w, who, bytes);
    EQ_INT(ERR_NONE, in_store(w, choose_step, &j));
    EQ_INT(ERR_NONE, move(w, who, EV_confirm, ACTOR_STUDENT));
}

static void state_is(struct world *w, int who, enum wf_state want)
{
    EQ_TEXT(wf_state_name(want), wf_state_name(look(w, who).state));
}

/* Rows of notify, publish, chsi have no executor here: they are parked, which is what an unknown kind deserves. */

TEST(a_photo_becomes_a_standard_photo_and_a_proxy)
{
    struct world w;
    world_open(&w, 1);
    dispatch_up(&w);
    struct outbox_status status = photo(&w, 0, "GOOD photo");
    EQ_INT(0, status.dead + status.parked);
    struct shown s = show(&w);
    EQ_TEXT("ready", s.attempt.state);
    EQ_TEXT("pass", s.attempt.verdict);
    EQ_TEXT("{\"verdict\":\"pass\"}", s.attempt.report);
    EQ_TEXT("standard", s.rows[1].kind);
    holds(&w, &s.rows[1], "standard photo");
    holds(&w, &s.rows[2], "proxy");
    TRUE(look(&w, 0).version > 1);
    world_close(&w);
}

TEST(a_photo_that_cannot_be_used_fails_with_a_reason)
{
    struct world w;
    world_open(&w, 1);
    dispatch_up(&w);
    struct outbox_status status = photo(&w, 0, "BAD photo");
    EQ_INT(0, status.dead + status.parked);
    struct shown s = show(&w);
    EQ_TEXT("failed", s.attempt.state);
    TRUE(strstr(s.attempt.report, "\"error\":\"unreadable\"") != NULL);
    TRUE(strstr(s.attempt.report, "Not a photo.") != NULL);
    photo(&w, 0, "NOFACE photo");
    s = show(&w);
    EQ_TEXT("failed", s.attempt.state);
    EQ_INT(ERR_NOT_FOUND, s.row_errors[2]);
    status = photo(&w, 0, "CRASH photo");
    s = show(&w);
    EQ_TEXT("failed", s.attempt.state);
    EQ_INT(1, status.parked);
    photo(&w, 0, "GOOD photo");
    EQ_TEXT("ready", show(&w).attempt.state);
    world_close(&w);
}

TEST(handing_in_goes_to_review_by_the_report_and_is_compared)
{
    struct world w;
    world_open(&w, 4);
    for (int i = 0; i < 3; i++)
        portrait(&w, i);
    dispatch_up(&w);
    static const char *const photos[] = {"GOOD", "WARN", "OTHER", "GOOD"}, *const lanes[] = {"green", "amber", "green", "green"};
    static const enum wf_face faces[] = {WF_FACE_MATCH, WF_FACE_MATCH, WF_FACE_MISMATCH, WF_FACE_NONE};
    for (int i = 0; i < 4; i++) {
        hand_in(&w, i, photos[i]);
        settle(&w);
        struct submission s = look(&w, i);
        EQ_INT(WF_human_review, s.state);
        EQ_TEXT(lanes[i], s.lane);
        EQ_TEXT(wf_face_name(faces[i]), wf_face_name(s.face));
        EQ_INT(i == 3 ? -1 : i == 2 ? 810000 : 310000, s.face_distance_e6);
    }
    struct shown s = show(&w);
    EQ_TEXT("none", s.face.verdict);
    EQ_TEXT("{\"why\":\"no_consent\"}", s.face.detail);
    world_close(&w);
}

TEST(a_recalled_photo_is_not_compared)
{
    struct world w;
    world_open(&w, 1);
    portrait(&w, 0);
    dispatch_up(&w);
    photo(&w, 0, "GOOD");
    dispatch_down(&w);
    struct job j = {.w = &w};
    EQ_INT(ERR_NONE, in_store(&w, choose_step, &j));
    EQ_INT(ERR_NONE, move(&w, 0, EV_confirm, ACTOR_STUDENT));
    EQ_INT(ERR_NONE, move(&w, 0, EV_recall, ACTOR_STUDENT));
    dispatch_up(&w);
    settle(&w);
    state_is(&w, 0, WF_draft);
    EQ_INT(ERR_NONE, move(&w, 0, EV_confirm, ACTOR_STUDENT));
    settle(&w);
    EQ_TEXT("match", wf_face_name(look(&w, 0).face));
    world_close(&w);
}

/* ---- batches ---- */

static enum err create_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct batch_new b = {.id = j->more, .kind = j->text, .session_id = j->w->session_id, .name = "第一批",
                          .template = "{college}/{student_no}", .created_by = j->w->staff_id, .now_us = clock_utc_us()};
    return batch_create(tx, &b, &j->number);
}

static enum err batch_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct arena *arena = j->w->arena;
    TRY(batch_get(tx, j->more, &j->batch));
    j->batch.state = arena_text(arena, j->batch.state);
    j->batch.blob_id = arena_text(arena, j->batch.blob_id);
    j->batch.problem = arena_text(arena, j->batch.problem);
    TRY(batch_items(tx, j->more, -1, j->items, STUDENTS_MAX, &j->count));
    for (size_t i = 0; i < j->count; i++) {
        j->items[i].file_name = arena_text(arena, j->items[i].file_name);
        j->items[i].state = arena_text(arena, j->items[i].state);
    }
    if (j->batch.blob_id == NULL)
        return ERR_NONE;
    struct blob_row row;
    TRY(blob_row_get(tx, j->batch.blob_id, &row));
    j->ref = (struct blob_ref){.id = j->batch.blob_id, .sealed_key_len = row.sealed_key_len,
                               .sealed_key = arena_copy(arena, row.sealed_key, row.sealed_key_len)};
    return ERR_NONE;
}

static struct job batch_of(struct world *w, const char *id)
{
    struct job j = {.w = w, .more = id};
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, batch_step, &j));
    return j;
}

static const char *create(struct world *w, const char *kind, int64_t want)
{
    char id[CRYPT_ID_TEXT_BYTES];
    crypt_id(clock_utc_us(), id);
    struct job j = {.w = w, .text = kind, .more = arena_text(w->arena, id)};
    EQ_INT(want > 0 ? ERR_NONE : ERR_REFUSED, in_store(w, create_step, &j));
    EQ_INT(want, j.number);
    settle(w);
    return j.more;
}

static enum err hand_over_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    return batch_hand_over(tx, j->more, j->w->staff_id, clock_utc_us());
}

static enum err printed_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    return batch_printed(tx, j->more, j->w->staff_id, clock_utc_us());
}

static enum err receipt_step(struct tx *tx, void *said)
{
    return batch_receipt(tx, said);
}

static enum err tracking_step(struct tx *tx, void *said)
{
    return batch_tracking(tx, said);
}

static enum err say(struct world *w, const char *batch, store_step *step, const char *import, struct batch_line *lines,
                    size_t count, int64_t matched)
{
    struct batch_said said = {.batch_id = batch, .account_id = w->staff_id, .import_id = import,
                              .now_us = clock_utc_us(), .lines = lines, .count = count};
    enum err e = in_store(w, step, &said);
    if (e == ERR_NONE)
        EQ_INT(matched, said.matched);
    settle(w);
    return e;
}

static void package_holds(struct world *w, const struct job *batch, size_t photos)
{
    void *bytes;
    size_t len;
    EQ_INT(ERR_NONE, blob_get(w->blobs, batch->ref.id, batch->ref.sealed_key, batch->ref.sealed_key_len, &bytes, &len));
    zip_source_t *source = zip_source_buffer_create(bytes, len, 0, NULL);
    zip_t *zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, NULL);
    TRUE(zip != NULL);
    EQ_INT(photos + 1, zip_get_num_entries(zip, 0));
    char text[2048] = {0}, photo[64] = {0};
    zip_file_t *file = zip_fopen(zip, "manifest.csv", 0);
    TRUE(file != NULL && zip_fread(file, text, sizeof text - 1) > 0);
    zip_fclose(file);
    TRUE(strstr(text, "_A_B/2022000.jpg") == NULL);
    TRUE(strstr(text, "=A_B/2022000.jpg,2022000,张三,11010119900307665X,\"'=A/B\",1,") != NULL ||
         strstr(text, "\"'=A_B/2022000.jpg\",2022000,张三,11010119900307665X,\"'=A/B\",1,") != NULL);
    file = zip_fopen(zip, "=A_B/2022000.jpg", 0);
    TRUE(file != NULL && zip_fread(file, photo, sizeof photo) == 14);
    EQ_TEXT("standard photo", photo);
    zip_fclose(file);
    zip_discard(zip);
    free(bytes);
}

TEST(three_students_go_to_chsi_and_two_on_to_print_and_post)
{
    struct world w;
    world_open(&w, 3);
    dispatch_up(&w);
    for (int i = 0; i < 3; i++) {
        portrait(&w, i);
        hand_in(&w, i, "GOOD");
    }
    settle(&w);
    create(&w, "chsi", 0); /* nothing waits yet */
    for (int i = 0; i < 3; i++) {
        EQ_INT(ERR_NONE, move(&w, i, EV_approve, ACTOR_STAFF));
        state_is(&w, i, WF_chsi_upload);
    }
    const char *chsi = create(&w, "chsi", 3);
    create(&w, "chsi", 0); /* all are in the open one */
    struct job b = batch_of(&w, chsi);
    EQ_TEXT("built", b.batch.state);
    EQ_TEXT("=A_B/2022001.jpg", b.items[1].file_name);
    package_holds(&w, &b, 3);

    struct batch_line receipt[] = {{.key = "=A_B/2022000.jpg", .accepted = true, .reason = ""},
                                   {.key = w.codes[1], .accepted = true, .reason = ""},
                                   {.key = "=A_B/2022002", .accepted = false, .reason = "blur"},
                                   {.key = "nobody", .accepted = true, .reason = ""}};
    EQ_INT(ERR_REFUSED, say(&w, chsi, receipt_step, "too-early", receipt, 4, 0));
    for (int i = 0; i < 2; i++)
        EQ_INT(ERR_NONE, in_store(&w, hand_over_step, &b));
    settle(&w);
    EQ_TEXT("handed_over", look(&w, 2).chsi_status);
    int64_t version = look(&w, 2).version;
    EQ_INT(ERR_NONE, say(&w, chsi, receipt_step, "first", receipt, 4, 3));
    TRUE(receipt[2].known && !receipt[3].known);
    state_is(&w, 0, WF_printing);
    state_is(&w, 1, WF_printing);
    state_is(&w, 2, WF_retake);
    EQ_TEXT("[\"blur\"]", look(&w, 2).reasons);
    EQ_TEXT("done", batch_of(&w, chsi).batch.state);
    EQ_INT(ERR_NONE, say(&w, chsi, receipt_step, "again", receipt, 4, 3));
    EQ_INT(version + 1, look(&w, 2).version);

    const char *print = create(&w, "print", 2);
    struct job p = batch_of(&w, print);
    EQ_TEXT("built", p.batch.state);
    struct blob_row sheet = {.id = p.ref.id, .sealed_key = p.ref.sealed_key, .sealed_key_len = p.ref.sealed_key_len};
    holds(&w, &sheet, "%PDF-1.5");
    EQ_INT(ERR_REFUSED, in_store(&w, hand_over_step, &p));
    EQ_INT(ERR_NONE, in_store(&w, printed_step, &p));
    settle(&w);
    state_is(&w, 0, WF_mailing);
    EQ_TEXT("done", batch_of(&w, print).batch.state);

    const char *mail = create(&w, "mail", 2);
    struct batch_line tracking[] = {{.key = w.codes[0], .carrier = "SF", .tracking_no = "SF1", .reason = ""},
                                    {.key = w.codes[2], .carrier = "SF", .tracking_no = "SF2", .reason = ""}};
    EQ_INT(ERR_NONE, say(&w, mail, tracking_step, "first", tracking, 2, 1));
    EQ_TEXT("SF1", look(&w, 0).tracking_no);
    EQ_TEXT("", look(&w, 1).tracking_no);
    EQ_TEXT("built", batch_of(&w, mail).batch.state); /* one is still open */

    hand_in(&w, 2, "GOOD again");
    settle(&w);
    EQ_INT(ERR_NONE, move(&w, 2, EV_approve, ACTOR_STAFF));
    EQ_INT(ERR_NONE, say(&w, chsi, receipt_step, "late", receipt, 4, 3)); /* the old receipt does not touch the new pass */
    state_is(&w, 2, WF_chsi_upload);
    create(&w, "chsi", 1);
    world_close(&w);
}

/* ---- erasing ---- */

TEST(what_is_purged_cannot_be_read_any_more)
{
    struct world w;
    world_open(&w, 1);
    portrait(&w, 0);
    dispatch_up(&w);
    hand_in(&w, 0, "GOOD");
    settle(&w);
    struct shown before = show(&w);
    EQ_INT(ERR_NONE, move(&w, 0, EV_withdraw, ACTOR_STUDENT));
    EQ_INT(ERR_NONE, move(&w, 0, EV_purge, ACTOR_SERVER));
    settle(&w);
    struct shown after = show(&w);
    for (int i = 0; i < 3; i++)
        EQ_INT(ERR_NOT_FOUND, after.row_errors[i]);
    EQ_INT(ERR_NOT_FOUND, after.face_error);
    void *bytes;
    size_t len;
    enum err e = ERR_NONE;
    for (int i = 0; i < 20000 && e == ERR_NONE; i++) { /* the file goes with a sweep */
        e = blob_get(w.blobs, before.rows[0].id, before.rows[0].sealed_key, before.rows[0].sealed_key_len, &bytes, &len);
        if (e == ERR_NONE)
            free(bytes);
        poll(NULL, 0, 1);
    }
    EQ_INT(ERR_NOT_FOUND, e);
    world_close(&w);
}

TEST(files_without_a_row_are_removed_and_others_kept)
{
    struct world w;
    world_open(&w, 1);
    dispatch_up(&w);
    photo(&w, 0, "GOOD");
    dispatch_down(&w);
    struct job lost = sealed(&w, 0, "its row never came");
    struct shown s = show(&w);
    w.grace_ms = 1;
    poll(NULL, 0, 5); /* so that all files are older than that */
    dispatch_up(&w);
    void *bytes;
    size_t len;
    enum err e = ERR_NONE;
    for (int i = 0; i < 20000 && e == ERR_NONE; i++) {
        e = blob_get(w.blobs, lost.ref.id, lost.ref.sealed_key, lost.ref.sealed_key_len, &bytes, &len);
        if (e == ERR_NONE)
            free(bytes);
        poll(NULL, 0, 1);
    }
    EQ_INT(ERR_NOT_FOUND, e);
    holds(&w, &s.rows[1], "standard photo");
    holds(&w, &s.rows[2], "proxy");
    world_close(&w);
}

/* ---- the dispatcher itself ---- */

static _Atomic int starts, running, running_most, finish_with;

static void counted(struct effect *effect)
{
    int now = atomic_fetch_add(&running, 1) + 1;
    if (now > atomic_load(&running_most))
        atomic_store(&running_most, now);
    atomic_fetch_add(&starts, 1);
    atomic_fetch_sub(&running, 1);
    if (effect->row.tries < 3)
        effect_end(effect, OUTBOX_RETRY, 0, "not\nyet");
    else
        effect_end(effect, (enum outbox_outcome)atomic_load(&finish_with), 0, "done");
}

/* Ends when its timer does, if it has one; else at the stop. */
static struct effect *held;
static uv_timer_t held_timer;
static int hold_ms;

static void let_go(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    effect_end(held, OUTBOX_DONE, 0, "held");
}

static void hold(struct effect *effect)
{
    held = effect;
    if (hold_ms > 0) {
        uv_timer_init(dispatch_loop(effect->dispatch), &held_timer);
        uv_timer_start(&held_timer, let_go, (uint64_t)hold_ms, 0);
    }
    atomic_fetch_add(&starts, 1);
}

static void stop_holding(struct dispatch *d, void *arg)
{
    (void)d, (void)arg;
    if (held != NULL && hold_ms == 0)
        effect_end(held, OUTBOX_RETRY, 0, "cut short");
    held = NULL;
}

static const struct executor own[] = {{"counted", counted, 2}, {"hold", hold, 1}, {NULL, NULL, 0}};
static const struct executor *const own_list[] = {own, NULL};

static enum err put_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    for (int64_t i = 0; i < j->number; i++)
        TRY(outbox_put(tx, arena_printf(tx->arena, "%s-%" PRId64, j->text, i), j->text, NULL, "{}", 0, clock_utc_us()));
    return ERR_NONE;
}

static void put(struct world *w, const char *kind, int64_t count)
{
    struct job j = {.w = w, .text = kind, .number = count};
    EQ_INT(ERR_NONE, in_store(w, put_step, &j));
}

TEST(rows_are_tried_again_until_they_end)
{
    struct world w;
    world_open(&w, 0);
    w.executors = own_list;
    atomic_store(&starts, 0);
    atomic_store(&finish_with, OUTBOX_DONE);
    put(&w, "counted", 300);
    put(&w, "nobody knows this", 2);
    dispatch_up(&w);
    struct outbox_status status = settle(&w);
    EQ_INT(900, atomic_load(&starts));
    EQ_INT(2, status.parked);
    EQ_INT(0, status.dead);
    atomic_store(&finish_with, OUTBOX_DEAD);
    put(&w, "nobody knows this", 2); /* the same ids: nothing new */
    world_close(&w);
}

TEST(a_backlog_of_slow_work_holds_up_no_other)
{
    struct world w;
    world_open(&w, 0);
    w.executors = own_list;
    hold_ms = 0;
    atomic_store(&starts, 0);
    atomic_store(&finish_with, OUTBOX_DONE);
    put(&w, "hold", 2000);
    put(&w, "counted", 10);
    dispatch_up(&w);
    for (int i = 0; i < 20000 && atomic_load(&starts) < 31; i++)
        poll(NULL, 0, 1);
    EQ_INT(31, atomic_load(&starts)); /* one is held, ten ran three times */
    world_close(&w);
}

TEST(a_lease_that_runs_out_under_our_hands_starts_nothing_twice)
{
    struct world w;
    world_open(&w, 0);
    w.executors = own_list;
    w.lease_ms = 20;
    hold_ms = 100;
    atomic_store(&starts, 0);
    put(&w, "hold", 1);
    dispatch_up(&w);
    struct outbox_status status = settle(&w);
    EQ_INT(1, atomic_load(&starts));
    EQ_INT(0, status.dead + status.parked);
    world_close(&w);
}

TEST(what_a_stop_cuts_short_is_taken_up_at_once)
{
    struct world w;
    char why[256];
    world_open(&w, 0);
    w.executors = own_list;
    hold_ms = 0;
    atomic_store(&starts, 0);
    put(&w, "hold", 1);
    dispatch_up(&w);
    while (atomic_load(&starts) < 1)
        poll(NULL, 0, 1);
    dispatch_down(&w);
    struct job j = {.w = &w};
    EQ_INT(ERR_NONE, store_run(w.t.store, STORE_READ, count_step, &j));
    EQ_INT(1, j.status.running); /* nothing was said about it, no pause, no try lost */
    temp_store_shut(&w.t);
    struct store_options next = {.database = w.t.database, .ring = w.t.ring, .boot_id = "next boot", .readers = 1,
                                 .queue_max = 1000, .announce = announce, .announce_arg = &w};
    EQ_INT(ERR_NONE, store_open(&next, &w.t.store, why));
    hold_ms = 1;
    dispatch_up(&w);
    settle(&w);
    EQ_INT(2, atomic_load(&starts));
    world_close(&w);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--models") == 0)
        return worker_main();
    log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), LOG_ERROR_LEVEL); /* parked rows are loud */
    return tests_run();
}
