/* links: xy_dispatch xy_store */
/* What becomes of a photo and of a batch, from the outbox row to the sealed file and the moved submission. */
#include "store/blob_row.h"
#include "store/collection_code.h"
#include "store/consent.h"
#include "store/face.h"
#include "store/roster_import.h"
#include "tests/unit/dispatch_fixture.h"

#include <sqlite3.h>
#include <zip.h>

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
    struct attempt a = {.id = w->attempt,
                        .submission_id = w->submissions[j->who],
                        .source = "live",
                        .original_blob_id = j->ref.id,
                        .created_us = 1};
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
    world_open(&w);
    students_add(&w, 1);
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
    world_open(&w);
    students_add(&w, 1);
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
    world_open(&w);
    students_add(&w, 4);
    for (int i = 0; i < 3; i++)
        portrait(&w, i);
    dispatch_up(&w);
    static const char *const photos[] = {"GOOD", "WARN", "OTHER", "GOOD"};
    static const char *const lanes[] = {"green", "amber", "green", "green"};
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
    world_open(&w);
    students_add(&w, 1);
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
    struct batch_new b = {.id = j->more,
                          .kind = j->text,
                          .session_id = j->w->session_id,
                          .name = "第一批",
                          .template = "{college}/{student_no}",
                          .created_by = j->w->staff_id,
                          .now_us = clock_utc_us()};
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
    j->ref = (struct blob_ref){.id = j->batch.blob_id,
                               .sealed_key_len = row.sealed_key_len,
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
    struct batch_said said = {.batch_id = batch,
                              .account_id = w->staff_id,
                              .import_id = import,
                              .now_us = clock_utc_us(),
                              .lines = lines,
                              .count = count};
    enum err e = in_store(w, step, &said);
    if (e == ERR_NONE)
        EQ_INT(matched, said.matched);
    settle(w);
    return e;
}

static enum err code_step(struct tx *tx, void *arg)
{
    struct world *w = arg;
    struct collection_code c = {.id = arena_text(tx->arena, "01code0000000000000000000a"),
                                .student_id = w->students[0],
                                .submission_id = w->submissions[0],
                                .source = "scan",
                                .payload = "cipher\0of CHSI's",
                                .payload_len = 16,
                                .created_us = 1};
    const struct collection_code_found found = {
        .state = "read", .looks_like = "", .code_match = "unknown", .payload = c.payload, .payload_len = c.payload_len};
    TRY(collection_code_add(tx, &c));
    return collection_code_found(tx, c.id, &found, 2);
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
    TRUE(strstr(text, ",size_bytes,collection_code\r\n") != NULL ||
         strstr(text, ",size_bytes,collection_code\n") != NULL);
    TRUE(strstr(text, ",14,Y2lwaGVyAG9mIENIU0kncw==") != NULL); /* what CHSI joins photo and roster by */
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
    world_open(&w);
    students_add(&w, 3);
    dispatch_up(&w);
    for (int i = 0; i < 3; i++) {
        portrait(&w, i);
        hand_in(&w, i, "GOOD");
    }
    settle(&w);
    EQ_INT(ERR_NONE, in_store(&w, code_step, &w));
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
    EQ_INT(ERR_NONE,
           say(&w, chsi, receipt_step, "late", receipt, 4, 3)); /* the old receipt does not touch the new pass */
    state_is(&w, 2, WF_chsi_upload);
    create(&w, "chsi", 1);
    world_close(&w);
}

/* ---- erasing ---- */

TEST(what_is_purged_cannot_be_read_any_more)
{
    struct world w;
    world_open(&w);
    students_add(&w, 1);
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
        e = blob_get(w.blobs, before.rows[0].id, before.rows[0].sealed_key, before.rows[0].sealed_key_len, &bytes,
                     &len);
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
    world_open(&w);
    students_add(&w, 1);
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

/* ---- a roster ---- */

static enum err roster_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    const struct roster_import import = {.id = j->text,
                                         .session_id = j->w->session_id,
                                         .state = "receiving",
                                         .mode = "all",
                                         .file_name = "list.csv",
                                         .size_bytes = 9,
                                         .sha256_index = "0",
                                         .created_by = "test",
                                         .created_us = j->number};
    TRY(roster_import_add(tx, &import));
    TRY(blob_row_add(tx, &j->ref, "part", "text/csv", j->text, 1));
    TRY(roster_import_part(tx, j->text, 0, 9, j->ref.id));
    return roster_import_move(tx, &import, "reading", "", 1);
}

static enum err roster_state_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct roster_import import;
    TRY(roster_import_get(tx, j->text, &import));
    return text_is(import.state, j->more) && import.problem[0] != '\0' ? ERR_NONE : ERR_REFUSED;
}

TEST(an_import_whose_file_cannot_be_read_has_failed_in_the_end)
{
    struct world w;
    sqlite3 *db = NULL;
    world_open(&w);
    struct job j = sealed(&w, 0, "nine byte"), other = sealed(&w, 0, "other");
    j.ref.sealed_key = other.ref.sealed_key; /* opens nothing */
    j.text = "import";
    j.more = "failed";
    j.number = clock_utc_us();
    EQ_INT(ERR_NONE, in_store(&w, roster_step, &j));
    EQ_INT(SQLITE_OK, sqlite3_open(w.t.database, &db));
    EQ_INT(SQLITE_OK, sqlite3_exec(db, "UPDATE outbox SET tries = 8", NULL, NULL, NULL)); /* the next is the last */
    sqlite3_close(db);
    dispatch_up(&w);
    EQ_INT(1, settle(&w).dead);
    EQ_INT(ERR_NONE, in_store(&w, roster_state_step, &j));
    world_close(&w);
}

int main(int argc, char **argv)
{
    return dispatch_test_main(argc, argv);
}
