/* links: xy_dispatch xy_store */
/* A finished photo made once more: repairs by staff, and other profiles of the approved photo. */
#include "store/blob_row.h"
#include "store/retouch.h"
#include "tests/unit/dispatch_fixture.h"

static enum err blob_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    return blob_row_add(tx, &j->ref, j->text, "image/jpeg", j->w->students[0], 1);
}

/* An object with its row; its id in the world's arena. */
static const char *keep(struct world *w, const char *kind, const char *bytes)
{
    struct job j = {.w = w, .text = kind};
    char id[CRYPT_ID_TEXT_BYTES];
    crypt_id(clock_utc_us(), id);
    EQ_INT(ERR_NONE, blob_put(w->blobs, id, bytes, strlen(bytes), w->arena, &j.ref));
    EQ_INT(ERR_NONE, in_store(w, blob_step, &j));
    return arena_text(w->arena, id);
}

static enum err finished_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct world *w = j->w;
    int64_t number;
    struct attempt a = {.id = w->attempt,
                        .submission_id = w->submissions[0],
                        .source = "album",
                        .original_blob_id = j->text,
                        .created_us = 1};
    TRY(attempt_add(tx, &a, &number));
    return attempt_ready(tx, a.id, "pass", "{\"profile\":\"chsi_blue\"}", j->more, j->more, NULL);
}

/* A student with one finished photo, made of `original`. */
static void world_with_photo(struct world *w, const char *original)
{
    world_open(w);
    students_add(w, 1);
    crypt_id(clock_utc_us(), w->attempt);
    struct job j = {.w = w, .text = keep(w, "original", original), .more = keep(w, "standard", "finished")};
    EQ_INT(ERR_NONE, in_store(w, finished_step, &j));
    dispatch_up(w);
}

static enum err repair_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct world *w = j->w;
    const struct retouch r = {.attempt_id = w->attempt,
                              .repair = j->more,
                              .repair_blob_id = j->text,
                              .account_id = w->staff_id,
                              .created_us = 2};
    TRY(retouch_add(tx, &r, &j->number));
    const char *payload =
        arena_printf(tx->arena, "{\"attempt_id\":\"%s\",\"number\":%" PRId64 "}", w->attempt, j->number);
    return outbox_put(tx, arena_printf(tx->arena, "%s-retouch-%" PRId64, w->attempt, j->number), "retouch",
                      w->submissions[0], payload, 0, clock_utc_us());
}

static enum err version_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct retouch r;
    struct blob_row row;
    TRY(retouch_get(tx, j->w->attempt, j->number, &r));
    j->text = arena_printf(j->w->arena, "%s %s %s", r.state, r.verdict, r.outcome);
    if (r.standard_blob_id == NULL)
        return ERR_NONE;
    TRY(blob_row_get(tx, r.standard_blob_id, &row));
    j->more = arena_text(j->w->arena, row.kind);
    return ERR_NONE;
}

/* Sends a repair, waits; state, verdict and report of the version. */
static const char *repair(struct world *w, const char *kind, const char *bytes, int64_t parked)
{
    struct job j = {.w = w, .text = keep(w, "repair", bytes), .more = kind};
    EQ_INT(ERR_NONE, in_store(w, repair_step, &j));
    struct outbox_status status = settle(w);
    EQ_INT(parked, status.dead + status.parked);
    struct job look = {.w = w, .number = j.number};
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, version_step, &look));
    EQ_TEXT(look.more != NULL ? "standard" : NULL, look.more);
    return look.text;
}

TEST(a_repair_becomes_a_version_or_says_why_not)
{
    struct world w;
    world_with_photo(&w, "GOOD photo");
    EQ_TEXT("ready pass {\"operation\":\"retouch\"}", repair(&w, "mask", "mask", 0));
    EQ_TEXT("refused  {\"error\":\"features_changed\",\"why\":\"The face differs.\"}", repair(&w, "mask", "FACE", 0));
    EQ_TEXT("refused  {\"error\":\"unreadable\",\"why\":\"Not a photo.\"}", repair(&w, "photo", "BAD", 0));
    EQ_TEXT("refused  {\"error\":\"not_found\",\"why\":\"There is no face in the photo.\"}",
            repair(&w, "photo", "x", 0));
    TRUE(strstr(repair(&w, "photo", "CRASH", 1), "\"error\":\"poison\"") != NULL);
    world_close(&w);
}

/* ---- other profiles ---- */

static enum err derive_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct world *w = j->w;
    struct attempt a;
    struct derived d;
    bool is_new;
    if (j->number > 0) { /* as if retouching had ended with that version */
        TRY(retouch_choose(tx, w->attempt, j->number));
        TRY(retouch_apply(tx, w->attempt));
    }
    TRY(attempt_get(tx, w->attempt, &a));
    TRY(derived_want(tx, &a, j->more, 3, &d, &is_new));
    const char *payload = arena_printf(tx->arena, "{\"attempt_id\":\"%s\",\"profile\":\"%s\",\"number\":%" PRId64 "}",
                                       a.id, j->more, a.retouch_number);
    return outbox_put(tx, arena_printf(tx->arena, "%s-derive-%s-%" PRId64, a.id, j->more, a.retouch_number), "derive",
                      w->submissions[0], payload, 0, clock_utc_us());
}

static enum err derived_step(struct tx *tx, void *arg)
{
    struct job *j = arg;
    struct derived d;
    struct blob_row row = {.kind = ""};
    TRY(derived_get(tx, j->w->attempt, j->more, j->number, &d));
    if (d.blob_id != NULL)
        TRY(blob_row_get(tx, d.blob_id, &row));
    j->text = arena_printf(j->w->arena, "%s %s %s", row.kind, d.state, d.report);
    return ERR_NONE;
}

static const char *derive(struct world *w, int64_t version, const char *profile)
{
    struct job j = {.w = w, .number = version, .more = profile};
    EQ_INT(ERR_NONE, in_store(w, derive_step, &j));
    EQ_INT(0, settle(w).dead);
    EQ_INT(ERR_NONE, store_run(w->t.store, STORE_READ, derived_step, &j));
    return j.text;
}

TEST(another_profile_is_made_of_the_original_or_of_what_people_approved)
{
    struct world w;
    world_with_photo(&w, "GOOD photo");
    EQ_TEXT("derived:chsi_white ready {\"verdict\":\"pass\"}", derive(&w, 0, "chsi_white"));
    repair(&w, "mask", "mask", 0);
    /* the same windows: original and mask; other windows: the repaired photo itself */
    EQ_TEXT("derived:chsi_white ready {\"verdict\":\"pass\",\"by\":\"mask\"}", derive(&w, 1, "chsi_white"));
    EQ_TEXT("derived:passport ready {\"verdict\":\"warn\"}", derive(&w, 1, "passport"));
    world_close(&w);
}

TEST(a_profile_that_cannot_be_made_says_so)
{
    struct world w;
    world_with_photo(&w, "NOFACE photo");
    EQ_TEXT(" refused {\"error\":\"not_found\",\"why\":\"There is no face in the photo.\"}",
            derive(&w, 0, "chsi_white"));
    world_close(&w);
}

int main(int argc, char **argv)
{
    return dispatch_test_main(argc, argv);
}
