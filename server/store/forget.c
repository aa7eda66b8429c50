#include "store/forget.h"

#include "base/check.h"
#include "base/text.h"
#include "store/account.h"
#include "store/audit.h"
#include "store/blob_row.h"
#include "store/collection_code.h"
#include "store/conversation.h"
#include "store/detail.h"
#include "store/face.h"
#include "store/face_count.h"
#include "store/follower.h"
#include "store/identity.h"
#include "store/link_request.h"
#include "store/login_key.h"
#include "store/queries.h"
#include "store/retouch.h"
#include "store/store.h"
#include "store/student.h"
#include "store/student_submissions.h"
#include "store/transition.h"

#define ATTEMPTS_MAX 256
#define PAGE         200 /* objects erased at a time */

/* ---- the person ---- */

/* Objects that one query names, page by page: an erased one is named no more. */
static enum err erase_objects(struct tx *tx, size_t query, const char *key, int64_t now_us)
{
    const char *ids[PAGE];
    size_t count = 0;
    do {
        struct rows r;
        TRY(TX_OPEN(tx, &r, query, v_text(key), v_int(PAGE)));
        for (count = 0; count < PAGE && rows_next(&r); count++)
            ids[count] = col_text(&r, 0);
        TRY(rows_close(&r));
        for (size_t i = 0; i < count; i++)
            TRY(blob_row_erase(tx, ids[i], now_us));
    } while (count == PAGE);
    return ERR_NONE;
}

/* Of one who leaves: nothing is theirs any more. */
static enum err erase_login(struct tx *tx, const char *student_id, int64_t now_us)
{
    static const size_t queries[] = {Q_OWN_COPY_GONE_ALL,      Q_STUDENT_UPLOAD_PARTS_ERASE, Q_STUDENT_UPLOADS_ERASE,
                                     Q_STUDENT_MESSAGES_ERASE, Q_STUDENT_QUOTA_ERASE,        Q_EVIDENCE_ERASE,
                                     Q_STUDENT_ROSTER_UNLINK,  Q_STUDENT_LOGIN_KEYS_ERASE,   Q_STUDENT_ANSWERS_ERASE};
    TRY(erase_objects(tx, Q_BLOBS_OF_OWNER, student_id, now_us));
    TRY(follower_erase(tx, student_id));
    for (size_t i = 0; i < countof(queries); i++)
        TRY(TX_RUN(tx, queries[i], v_text(student_id)));
    return student_forget_login(tx, student_id);
}

static enum err forget_person(struct tx *tx, const char *student_id, int64_t now_us)
{
    struct student student;
    struct rows r;
    TRY(student_get(tx, student_id, &student));
    TRY(blob_row_erase(tx, student.portrait_blob_id, now_us));
    TRY(TX_RUN(tx, Q_STUDENT_ERASE, v_text(student_id)));
    TRY(identity_erase(tx, student_id, now_us));
    TRY(conversation_erase(tx, student_id, now_us));
    TRY(link_request_erase(tx, student_id));
    TRY(collection_code_drop_open(tx, student_id));
    TRY(login_keys_erase(tx, student_id));
    TRY(face_count_drop(tx, student_id));
    TRY(TX_OPEN(tx, &r, Q_STUDENT_LEAVING, v_text(student_id)));
    bool leaving = rows_next(&r) && col_int(&r, 0) != 0;
    TRY(rows_close(&r));
    return leaving ? erase_login(tx, student_id, now_us) : ERR_NONE;
}

/* ---- a submission ---- */

/* An original may be shared: the student announced the same bytes for two sessions and we had them already. */
static enum err erase_original(struct tx *tx, const struct submission *s, const char *blob_id, int64_t now_us)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_BLOB_SHARED, v_text(s->student_id), v_text(blob_id), v_text(s->id)));
    bool shared = rows_next(&r);
    TRY(rows_close(&r));
    if (shared)
        return ERR_NONE;
    TRY(TX_RUN(tx, Q_UPLOADS_OF_BLOB_DROP, v_text(s->student_id), v_text(blob_id)));
    return blob_row_erase(tx, blob_id, now_us);
}

/* Repairs and what was made by other profiles. */
static enum err erase_repairs(struct tx *tx, const char *attempt_id, int64_t now_us)
{
    struct retouch *versions = ARENA_ARRAY(tx->arena, struct retouch, RETOUCH_TRIES_MAX + 1);
    struct derived *derived = ARENA_ARRAY(tx->arena, struct derived, DERIVED_MAX);
    size_t count = 0;
    TRY(retouch_list(tx, attempt_id, versions, RETOUCH_TRIES_MAX + 1, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(blob_row_erase(tx, versions[i].repair_blob_id, now_us));
        TRY(blob_row_erase(tx, versions[i].standard_blob_id, now_us));
    }
    TRY(derived_list(tx, attempt_id, derived, DERIVED_MAX, &count));
    for (size_t i = 0; i < count; i++)
        TRY(blob_row_erase(tx, derived[i].blob_id, now_us));
    return ERR_NONE;
}

static enum err erase_attempts(struct tx *tx, const struct submission *s, int64_t now_us)
{
    struct attempt *attempts = ARENA_ARRAY(tx->arena, struct attempt, ATTEMPTS_MAX);
    size_t count = 0;
    TRY(attempt_list(tx, s->id, attempts, ATTEMPTS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(erase_original(tx, s, attempts[i].original_blob_id, now_us));
        TRY(blob_row_erase(tx, attempts[i].standard_blob_id, now_us));
        TRY(blob_row_erase(tx, attempts[i].proxy_blob_id, now_us));
        TRY(blob_row_erase(tx, attempts[i].mask_blob_id, now_us));
        TRY(erase_repairs(tx, attempts[i].id, now_us));
        TRY(face_result_erase(tx, attempts[i].id));
        TRY(TX_RUN(tx, Q_ATTEMPT_ERASE, v_text(attempts[i].id)));
        TRY(TX_RUN(tx, Q_RETOUCHES_ERASE, v_text(attempts[i].id)));
        TRY(TX_RUN(tx, Q_DERIVED_ERASE, v_text(attempts[i].id)));
    }
    return ERR_NONE;
}

/* The package or sheet a photo was put into holds it too: nobody can fetch that any more. */
static enum err erase_batches(struct tx *tx, const char *submission_id, int64_t now_us)
{
    TRY(erase_objects(tx, Q_BATCH_BLOBS_OF, submission_id, now_us));
    TRY(TX_RUN(tx, Q_BATCHES_OF_ERASE, v_text(submission_id)));
    return TX_RUN(tx, Q_BATCH_ITEMS_ERASE, v_text(submission_id));
}

/* What people wrote, and what was told others about it. */
static enum err erase_words(struct tx *tx, const char *submission_id)
{
    static const size_t queries[] = {Q_MOVE_NOTES_ERASE, Q_HISTORY_ERASE,     Q_DECISIONS_ERASE,
                                     Q_OUTBOX_ERASE,     Q_MESSAGES_OF_ERASE, Q_SUBMISSION_ERASE};
    for (size_t i = 0; i < countof(queries); i++)
        TRY(TX_RUN(tx, queries[i], v_text(submission_id)));
    TRY(collection_code_erase(tx, submission_id));
    return detail_erase(tx, submission_id);
}

enum err forget_submission(struct tx *tx, const struct submission *s, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    struct rows r;
    bool needed = false;
    TRY(erase_attempts(tx, s, now_us));
    TRY(erase_batches(tx, s->id, now_us));
    TRY(erase_words(tx, s->id));
    TRY(TX_OPEN(tx, &r, Q_STUDENT_STATES, v_text(s->student_id), v_text(s->id), v_int(STUDENT_SUBMISSIONS_MAX)));
    while (rows_next(&r))
        needed = needed || !text_is(col_text(&r, 0), wf_state_name(WF_closed));
    TRY(rows_close(&r));
    if (!needed)
        TRY(forget_person(tx, s->student_id, now_us));
    return submission_touch(tx, s->id);
}

/* ---- leaving ---- */

static enum err move_on(struct tx *tx, const struct submission *s, enum wf_event event, int64_t now_us)
{
    const struct move move = {.submission_id = s->id,
                              .event = event,
                              .actor_kind = event == EV_withdraw ? ACTOR_STUDENT : ACTOR_SERVER,
                              .actor_id = event == EV_withdraw ? s->student_id : "leaving",
                              .now_us = now_us};
    return transition_apply(tx, &move, NULL);
}

/* Closed first, however it stands; then everything of it is erased after the commit. */
static enum err close_one(struct tx *tx, const struct submission *s, int64_t now_us, const char **blocked)
{
    enum err e = ERR_NONE;
    if (s->state != WF_closed && s->state != WF_completed)
        e = move_on(tx, s, EV_withdraw, now_us);
    if (e == ERR_NONE)
        e = move_on(tx, s, EV_purge, now_us);
    if (e == ERR_REFUSED)
        *blocked = s->code;
    return e;
}

enum err forget_student(struct tx *tx, const char *student_id, int64_t now_us, const char **blocked)
{
    RUNS_ON(ROLE_WRITER);
    struct submission list[STUDENT_SUBMISSIONS_MAX];
    size_t count = 0;
    *blocked = NULL;
    TRY(student_submissions(tx, student_id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++)
        TRY(close_one(tx, &list[i], now_us, blocked));
    TRY(TX_RUN(tx, Q_STUDENT_LEAVES, v_int(now_us), v_text(student_id)));
    struct audit_entry entry = {now_us, "student", student_id, "leaves", "student", student_id, NULL};
    TRY(audit_add(tx, &entry));
    TRY(login_end_all(tx, student_id));
    return count == 0 ? forget_person(tx, student_id, now_us) : ERR_NONE;
}
