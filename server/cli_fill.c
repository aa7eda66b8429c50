/* cli_fill — `xueying fill COUNT`, and the same for `xueying bench size`: many made-up students with submissions in all
 * states, to measure large tables with.
 *
 * Rows are written through the store in large units; histories and audit rows are left out, so `fsck` of such a
 * database complains: it is for measuring only. Ends with the token of one student, for the load. */
#include "cli_fill.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/role.h"
#include "base/text.h"
#include "store/account.h"
#include "store/capture_session.h"
#include "store/queries.h"
#include "store/student.h"
#include "store/submission.h"

#define UNIT_ROWS   1000
#define QUEUE_SHARE 50 /* one of so many waits for a reviewer */

struct fill {
    int64_t from, to, now_us;
    char session_id[CRYPT_ID_TEXT_BYTES];
    const char *policy;
    struct fill_people *people;
};

static enum err fill_session(struct tx *tx, void *job)
{
    struct fill *f = job;
    struct session_new s = {.id = f->session_id,
                            .school_id = f->session_id,
                            .code = "20269999",
                            .name = "fill",
                            .school_code = "99999",
                            .school_name = "fill",
                            .opens_us = 1,
                            .closes_us = f->now_us + SECONDS_US(86400) * 365,
                            .policy_json = f->policy,
                            .changed_by = "fill",
                            .now_us = f->now_us};
    return session_add(tx, &s);
}

/* Ids must not be drawn inside a step; these are derived from the row's number, which is enough for made-up people. */
static void derived_id(const struct fill *f, int64_t n, const char *what, char id[CRYPT_ID_TEXT_BYTES])
{
    char text[96], hash[CRYPT_HASH_TEXT_BYTES];
    snprintf(text, sizeof text, "%s|%s|%" PRId64, f->session_id, what, n);
    crypt_hash_text(text, hash);
    snprintf(id, CRYPT_ID_TEXT_BYTES, "%.10s%.16s", f->session_id, hash);
}

/* What a reviewer may claim has a photo; there is no picture behind it. */
static enum err fill_waiting(struct tx *tx, const struct fill *f, int64_t n, const char *submission_id,
                             const char *lane)
{
    char id[CRYPT_ID_TEXT_BYTES];
    int64_t number = 0;
    derived_id(f, n, "attempt", id);
    struct attempt a = {
        .id = id, .submission_id = submission_id, .source = "live", .original_blob_id = id, .created_us = f->now_us};
    TRY(attempt_add(tx, &a, &number));
    TRY(attempt_ready(tx, id, "pass", "{}", id, id, NULL));
    TRY(submission_choose(tx, submission_id, id, 0));
    return TX_RUN(tx, Q_LANE_ADD, v_int(1), v_text(lane));
}

static enum err fill_one(struct tx *tx, const struct fill *f, int64_t n)
{
    static const char *const states[] = {"chsi_upload", "printing", "mailing", "completed", "retake", "draft"};
    static const char *const lanes[] = {"green", "green", "green", "amber", "identity", "senior"};
    char student_id[CRYPT_ID_TEXT_BYTES], id[CRYPT_ID_TEXT_BYTES];
    const char *made = NULL;
    derived_id(f, n, "student", student_id);
    derived_id(f, n, "submission", id);
    TRY(student_of_openid(tx, student_id, student_id, "zh", f->now_us, &made));
    struct submission s = {
        .id = id, .code = "FILL22-2", .session_id = f->session_id, .student_id = made, .created_us = f->now_us};
    TRY(TX_RUN(tx, Q_SUBMISSION_ADD, v_text(s.id), v_text(s.code), v_text(s.session_id), v_text(s.student_id), v_null(),
               v_int(0), v_int(0), v_text("draft"), v_int(f->now_us), v_int(f->now_us)));
    bool waits = n % QUEUE_SHARE == 0;
    const char *lane = waits ? lanes[n / QUEUE_SHARE % 6] : "";
    const char *state = !waits ? states[n % 6] : text_is(lane, "identity") ? "face_comparison" : "human_review";
    int64_t due_us = f->now_us + n % 172800 * 1000000;
    TRY(TX_RUN(tx, Q_SUBMISSION_MOVE, v_text(state), v_text(lane), v_int(1), v_int(0), v_int(0), v_int(0),
               v_text("match"), v_int(300000), v_int(0), v_text("[]"), v_text(""), v_text(""), v_text("not_yet"),
               v_int(0), v_text(""), v_text(""), v_int(due_us), v_int(0), v_int(f->now_us), v_int(f->now_us), v_null(),
               v_null(), v_int(0), v_text(s.id), v_int(1)));
    return waits ? fill_waiting(tx, f, n, s.id, lane) : ERR_NONE;
}

static enum err fill_logins(struct tx *tx, const struct fill *f)
{
    char hash[CRYPT_HASH_TEXT_BYTES];
    struct fill_people *p = f->people;
    int64_t expires_us = f->now_us + SECONDS_US(86400) * 30;
    for (size_t i = 0; i < p->count; i++) {
        char student_id[CRYPT_ID_TEXT_BYTES];
        derived_id(f, (int64_t)i, "student", student_id);
        derived_id(f, (int64_t)i, "submission", p->submission_ids[i]);
        crypt_hash_text(p->tokens[i], hash);
        TRY(login_add(tx, hash, student_id, true, f->now_us, expires_us));
    }
    struct account staff = {.id = f->session_id,
                            .name = "fill",
                            .display_name = "fill",
                            .password_hash = "-", /* nobody can log in with it */
                            .roles = ROLE_STAFF};
    TRY(account_add(tx, &staff, f->now_us));
    crypt_hash_text(p->staff_token, hash);
    return login_add(tx, hash, staff.id, false, f->now_us, expires_us);
}

static enum err fill_step(struct tx *tx, void *job)
{
    struct fill *f = job;
    for (int64_t n = f->from; n < f->to; n++)
        TRY(fill_one(tx, f, n));
    return f->from == 0 ? fill_logins(tx, f) : ERR_NONE;
}

static enum err fill_all(struct cli *cli, struct fill *f, int64_t count)
{
    TRY(store_run(cli->store, STORE_WRITE, fill_session, f));
    int64_t start_us = clock_mono_us();
    for (f->from = 0; f->from < count; f->from = f->to) {
        f->to = f->from + UNIT_ROWS < count ? f->from + UNIT_ROWS : count;
        TRY(store_run(cli->store, STORE_WRITE, fill_step, f));
        if (f->to % 50000 == 0 || f->to == count)
            fprintf(stderr, "\r%" PRId64 " of %" PRId64 ", %" PRId64 " rows/s ", f->to, count,
                    f->to * 1000000 / (clock_mono_us() - start_us + 1));
    }
    fputc('\n', stderr);
    return ERR_NONE;
}

enum err fill_database(struct cli *cli, int64_t count, struct fill_people *people)
{
    struct fill f = {.now_us = clock_utc_us(), .people = people};
    struct policy policy;
    struct buf b;
    buf_init(&b, KIB(8));
    policy_default(&policy);
    policy_write(&policy, &b);
    f.policy = buf_cstr(&b);
    crypt_id(f.now_us, f.session_id);
    people->count = count < FILL_PEOPLE_MAX ? (size_t)count : FILL_PEOPLE_MAX;
    for (size_t i = 0; i < people->count; i++)
        crypt_token(people->tokens[i]);
    crypt_token(people->staff_token);
    enum err e = fill_all(cli, &f, count);
    buf_release(&b);
    return e;
}

int cli_fill(int argc, char **argv)
{
    struct cli cli;
    static struct fill_people people;
    int64_t count = 0;
    int code = cli_open(&cli, &argc, argv, "", CLI_CHANGE);
    const char *word = cli_word(argc, argv, 0);
    if (code == CLI_DONE && (word == NULL || !text_int(word, &count) || count < 1 || count > 100000000))
        code = cli_say(CLI_USAGE, "fill COUNT: how many submissions, 1 to 100000000");
    if (code == CLI_DONE) {
        enum err e = fill_database(&cli, count, &people);
        if (e != ERR_NONE)
            code = cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
        else
            printf("submission %s\ntoken %s\n", people.submission_ids[0], people.tokens[0]);
    }
    cli_close(&cli);
    return code;
}
