/* cli_fill — `xueying fill COUNT`: many made-up students with submissions in all states, to measure large tables with.
 *
 * Rows are written through the store in large units; histories and audit rows are left out, so `fsck` of such a database
 * complains: it is for measuring only. Ends with the token of one student, for the load. */
#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli.h"
#include "store/account.h"
#include "store/capture_session.h"
#include "store/queries.h"
#include "store/student.h"
#include "store/submission.h"

#define UNIT_ROWS 1000
#define QUEUE_SHARE 50 /* one of so many waits for a reviewer */

struct fill {
    int64_t from, to, now_us;
    char session_id[CRYPT_ID_TEXT_BYTES];
    char first_id[CRYPT_ID_TEXT_BYTES], first_submission[CRYPT_ID_TEXT_BYTES];
    const char *policy, *token_hash;
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

static enum err fill_one(struct tx *tx, const struct fill *f, int64_t n)
{
    static const char *const states[] = {"chsi_upload", "printing", "mailing", "completed", "retake", "draft"};
    static const char *const lanes[] = {"green", "green", "green", "amber", "identity", "senior"};
    char student_id[CRYPT_ID_TEXT_BYTES], id[CRYPT_ID_TEXT_BYTES];
    const char *made = NULL;
    derived_id(f, n, "student", student_id);
    derived_id(f, n, "submission", id);
    TRY(student_of_openid(tx, student_id, student_id, "zh", f->now_us, &made));
    struct submission s = {.id = id,
                           .code = "FILL22-2",
                           .session_id = f->session_id,
                           .student_id = made,
                           .created_us = f->now_us};
    TRY(TX_RUN(tx, Q_SUBMISSION_ADD, v_text(s.id), v_text(s.code), v_text(s.session_id), v_text(s.student_id), v_null(),
               v_int(0), v_int(0), v_text("draft"), v_int(f->now_us), v_int(f->now_us)));
    bool waits = n % QUEUE_SHARE == 0;
    const char *lane = waits ? lanes[n / QUEUE_SHARE % 6] : "";
    const char *state = !waits ? states[n % 6] : text_is(lane, "identity") ? "face_comparison" : "human_review";
    int64_t due_us = f->now_us + n % 172800 * 1000000;
    TRY(TX_RUN(tx, Q_SUBMISSION_MOVE, v_text(state), v_text(lane), v_int(1), v_int(0), v_int(0), v_int(0), v_text("match"),
               v_int(300000), v_int(0), v_text("[]"), v_text(""), v_text(""), v_text("not_yet"), v_int(0), v_text(""),
               v_text(""), v_int(due_us), v_int(0), v_int(f->now_us), v_int(f->now_us), v_null(), v_null(), v_int(0),
               v_text(s.id), v_int(1)));
    return waits ? TX_RUN(tx, Q_LANE_ADD, v_int(1), v_text(lane)) : ERR_NONE;
}

static enum err fill_step(struct tx *tx, void *job)
{
    struct fill *f = job;
    for (int64_t n = f->from; n < f->to; n++)
        TRY(fill_one(tx, f, n));
    if (f->from == 0)
        return login_add(tx, f->token_hash, f->first_id, true, f->now_us, f->now_us + SECONDS_US(86400) * 30);
    return ERR_NONE;
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

int cli_fill(int argc, char **argv)
{
    struct cli cli;
    struct fill f = {.now_us = clock_utc_us()};
    struct policy policy;
    struct buf b;
    char token[CRYPT_TOKEN_TEXT_BYTES], hash[CRYPT_HASH_TEXT_BYTES];
    int64_t count = 0;
    int code = cli_open(&cli, &argc, argv, "", CLI_CHANGE);
    const char *word = cli_word(argc, argv, 0);
    buf_init(&b, KIB(8));
    if (code == CLI_DONE && (word == NULL || !text_int(word, &count) || count < 1 || count > 100000000))
        code = cli_say(CLI_USAGE, "fill COUNT: how many submissions, 1 to 100000000");
    if (code == CLI_DONE) {
        policy_default(&policy);
        policy_write(&policy, &b);
        f.policy = buf_cstr(&b);
        crypt_id(f.now_us, f.session_id);
        derived_id(&f, 0, "student", f.first_id);
        derived_id(&f, 0, "submission", f.first_submission);
        crypt_token(token);
        crypt_hash_text(token, hash);
        f.token_hash = hash;
        enum err e = fill_all(&cli, &f, count);
        if (e != ERR_NONE)
            code = cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
        else
            printf("submission %s\ntoken %s\n", f.first_submission, token);
    }
    buf_release(&b);
    cli_close(&cli);
    return code;
}
