/* world — the people and the session of a scenario, and how they are made. Included once, by run.c. */
#ifndef XY_TESTS_WORLD_H
#define XY_TESTS_WORLD_H

#include "base/clock.h"
#include "base/crypt.h"
#include "base/role.h"
#include "base/text.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/collection_code.h"
#include "store/consent.h"
#include "store/detail.h"
#include "store/follower.h"
#include "store/hand_in.h"
#include "store/outbox.h"
#include "store/payment.h"
#include "store/queries.h"
#include "store/quota.h"
#include "store/retouch.h"
#include "store/review.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/sweep.h"
#include "store/transition.h"
#include "tests/temp.h"
#include "workflow/presets.h"

#define NAMES_MAX 16
#define WORDS_MAX 24
#define UNDO_US   SECONDS_US(10)
#define LEASE_US  SECONDS_US(90)
#define START_US  INT64_C(1782784800000000) /* 2026-06-30 10:00 in China, a Tuesday */

struct person {
    char name[32], id[32], submission_id[32], claim_id[32], decision_id[32];
    unsigned roles;
    int photos, orders;
    char order_ids[8][32];
};

struct world {
    struct temp_store t;
    struct person people[NAMES_MAX];
    size_t count;
    char session_id[32];
    int64_t now_us;
    char *words[WORDS_MAX];
    int word_count, expected_at; /* index of the word behind "->"; 0 none */
    /* what the step in hand gave */
    const char *got;
    char detail[512];
};

static char *word(struct world *w, int index)
{
    return index < w->word_count ? w->words[index] : NULL;
}

static struct person *person(struct world *w, const char *name)
{
    for (size_t i = 0; name != NULL && i < w->count; i++)
        if (text_is(w->people[i].name, name))
            return &w->people[i];
    fprintf(stderr, "scenario: nobody is called %s\n", name != NULL ? name : "(missing)");
    exit(2);
}

static struct person *person_new(struct world *w, const char *name)
{
    struct person *p = &w->people[w->count++];
    CHECK(w->count <= NAMES_MAX);
    snprintf(p->name, sizeof p->name, "%s", name);
    crypt_id(w->now_us + (int64_t)w->count, p->id);
    crypt_id(w->now_us + (int64_t)w->count, p->submission_id);
    return p;
}

static enum err in_store(struct world *w, store_step *step, void *job)
{
    return store_run(w->t.store, STORE_WRITE, step, job);
}

/* ---- making the world ---- */

struct step_job {
    struct world *w;
    struct person *p;
    const char *a, *b;
    int64_t number;
    struct move move;
    const char *state;
};

static enum err make_session(struct tx *tx, void *job)
{
    struct step_job *j = job;
    struct session_new s = {.id = j->w->session_id,
                            .code = "25103003",
                            .name = "2026",
                            .school_id = "school",
                            .school_code = "10595",
                            .school_name = "A",
                            .opens_us = START_US - SECONDS_US(86400),
                            .closes_us = START_US + SECONDS_US(86400) * 60,
                            .now_us = j->w->now_us,
                            .policy_json = j->a,
                            .changed_by = "scenario"};
    return session_add(tx, &s);
}

static enum err make_student(struct tx *tx, void *job)
{
    struct step_job *j = job;
    struct person *p = j->p;
    const char *id = NULL;
    struct capture_session session;
    TRY(student_of_openid(tx, p->name, p->id, "zh", j->w->now_us, &id));
    struct roster_entry entry = {.id = p->submission_id,
                                 .session_id = j->w->session_id,
                                 .student_no = p->name,
                                 .name = p->name,
                                 .id_number = "11010119900307665X",
                                 .college = "",
                                 .major = "",
                                 .class_name = ""};
    char outcome;
    TRY(roster_put(tx, &entry, j->w->now_us, false, &outcome));
    TRY(roster_by_number(tx, j->w->session_id, p->name, "665x", &entry));
    TRY(roster_link(tx, &entry, id, j->w->now_us));
    for (const char *kind = j->a; *kind != '\0';) {
        size_t len = strcspn(kind, ",");
        TRY(consent_give(tx, id, arena_text_n(tx->arena, kind, len), "1", j->w->now_us));
        kind += len + (kind[len] == ',');
    }
    TRY(session_get(tx, j->w->session_id, &session));
    struct submission s = {.id = p->submission_id,
                           .code = "CODE22-2",
                           .session_id = j->w->session_id,
                           .student_id = id,
                           .roster_id = entry.id,
                           .price_fen = text_is(session.policy.payment, "none") ? 0 : session.policy.price_fen,
                           .created_us = j->w->now_us};
    return submission_add(tx, &s);
}

/* A scanner read CHSI's code. */
static enum err give_code(struct tx *tx, const struct step_job *j)
{
    char id[CRYPT_ID_TEXT_BYTES];
    struct submission s;
    crypt_id(j->w->now_us, id);
    TRY(submission_get(tx, j->p->submission_id, &s));
    struct collection_code code = {.id = id,
                                   .student_id = s.student_id,
                                   .submission_id = s.id,
                                   .source = "scan",
                                   .payload = id,
                                   .payload_len = strlen(id),
                                   .created_us = j->w->now_us};
    TRY(collection_code_add(tx, &code));
    const struct collection_code_found found = {
        .state = "read", .looks_like = "", .code_match = "unknown", .payload = id, .payload_len = strlen(id)};
    return collection_code_found(tx, id, &found, j->w->now_us);
}

static enum err give_thing(struct tx *tx, void *job)
{
    struct step_job *j = job;
    struct submission s;
    TRY(submission_get(tx, j->p->submission_id, &s));
    if (strstr(j->a, "phone") != NULL)
        TRY(student_set_phone(tx, s.student_id, "13800000000"));
    if (strstr(j->a, "details") != NULL) {
        const struct detail own = {.college = "", .major = "", .class_name = "", .email = ""};
        TRY(detail_confirm(tx, &s, &own, j->w->now_us));
    }
    if (strstr(j->a, "notice") != NULL)
        TRY(quota_accept(tx, s.student_id, "template", QUOTA_FROM_PAGE, j->w->now_us));
    if (strstr(j->a, "follow") != NULL) {
        const char *unionid = arena_printf(tx->arena, "unionid-%s", s.student_id);
        TRY(follower_student_unionid(tx, s.student_id, unionid));
        TRY(follower_put(tx, arena_printf(tx->arena, "page-openid-%s", s.student_id), unionid, j->w->now_us));
    }
    if (strstr(j->a, "address") != NULL)
        TRY(submission_set_address(tx, s.id, "{}"));
    return strstr(j->a, "code") != NULL ? give_code(tx, j) : ERR_NONE;
}

static enum err make_staff(struct tx *tx, void *job)
{
    struct step_job *j = job;
    struct account a = {
        .id = j->p->id, .name = j->p->name, .display_name = j->p->name, .password_hash = "-", .roles = j->p->roles};
    return account_add(tx, &a, j->w->now_us);
}

static unsigned roles_of(const char *text)
{
    unsigned roles = 0;
    roles |= strstr(text, "reviewer") != NULL ? ROLE_REVIEWER : 0;
    roles |= strstr(text, "identity") != NULL ? ROLE_IDENTITY_REVIEWER : 0;
    roles |= strstr(text, "senior") != NULL ? ROLE_SENIOR : 0;
    return roles;
}

static enum err take_photo(struct tx *tx, void *job)
{
    struct step_job *j = job;
    char id[64];
    int64_t number = 0;
    struct submission s;
    TRY(submission_get(tx, j->p->submission_id, &s));
    snprintf(id, sizeof id, "%.24s-%d", j->p->id, ++j->p->photos);
    struct attempt a = {.id = id,
                        .submission_id = j->p->submission_id,
                        .source = "live",
                        .original_blob_id = "blob",
                        .created_us = j->w->now_us};
    TRY(attempt_add(tx, &a, &number));
    TRY(attempt_ready(tx, id, j->a, "{}", "standard", "proxy", NULL));
    if (text_is(j->b, "insist"))
        TRY(attempt_insist(tx, id));
    return submission_choose(tx, s.id, id, s.price_fen);
}

/* The rules of a preset as they would be stored. */
static const char *preset_json(const char *name)
{
    static char json[KIB(8)];
    struct policy policy;
    struct buf b;
    if (name == NULL || preset_policy(name, &policy) != ERR_NONE) {
        fprintf(stderr, "scenario: no preset %s\n", name != NULL ? name : "(missing)");
        exit(2);
    }
    buf_init(&b, sizeof json - 1);
    policy_write(&policy, &b);
    snprintf(json, sizeof json, "%s", buf_cstr(&b));
    buf_release(&b);
    return json;
}

#endif
