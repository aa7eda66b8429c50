#include "store/identity.h"

#include "base/check.h"
#include "base/text.h"
#include "store/blob_row.h"
#include "store/column.h"
#include "store/id_card.h"
#include "store/queries.h"
#include "store/store.h"
#include "store/student.h"
#include "store/wrong_try.h"
#include "workflow/policy.h"

static enum err read_identity(struct tx *tx, const struct rows *r, struct identity *identity)
{
    *identity = (struct identity){.student_id = col_text(r, 0),
                                  .number = col_int(r, 1),
                                  .state = col_text(r, 2),
                                  .document_type = col_text(r, 3),
                                  .portrait_shown = col_int(r, 6) != 0,
                                  .emblem_shown = col_int(r, 7) != 0,
                                  .number_read = col_int(r, 8) != 0,
                                  .valid_until = col_text(r, 9),
                                  .confirmed_by = col_text(r, 10),
                                  .problem = col_text(r, 11),
                                  .tries = col_int(r, 12),
                                  .locked_until_us = col_int(r, 13),
                                  .stated_us = col_int(r, 14),
                                  .decided_us = col_int(r, 15)};
    TRY(column_open(tx, r, 4, "identity", identity->student_id, "name", &identity->name));
    return column_open(tx, r, 5, "identity", identity->student_id, "id_number", &identity->id_number);
}

enum err identity_get(struct tx *tx, const char *student_id, struct identity *identity)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_IDENTITY_GET, v_text(student_id)));
    enum err e = rows_next(&r) ? read_identity(tx, &r, identity) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

enum err identity_state(struct tx *tx, struct identity *identity, int64_t tries_max, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    struct identity before;
    const char *id = identity->student_id;
    enum err e = identity_get(tx, id, &before);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    identity->number = e == ERR_NONE ? before.number + 1 : 1;
    identity->tries = (e == ERR_NONE ? before.tries : 0) + 1;
    int64_t pause_us = wrong_try_pause_us(identity->tries, tries_max);
    return TX_RUN(tx, Q_IDENTITY_PUT, v_text(id), v_int(identity->number), v_text(identity->state),
                  v_text(identity->document_type), column_seal(tx, "identity", id, "name", identity->name),
                  column_seal(tx, "identity", id, "id_number", identity->id_number), v_bool(identity->portrait_shown),
                  v_bool(identity->emblem_shown), v_bool(identity->number_read), v_text(identity->valid_until),
                  v_text(identity->problem), v_int(identity->tries), v_int(pause_us == 0 ? 0 : now_us + pause_us),
                  v_int(now_us));
}

/* The portrait of the pictures becomes the reference; everything else of them goes. */
static enum err take_portrait(struct tx *tx, const char *student_id, int64_t now_us)
{
    struct student student;
    const char *portrait = NULL;
    TRY(id_card_portrait(tx, student_id, &portrait));
    TRY(student_get(tx, student_id, &student));
    if (portrait != NULL) {
        TRY(student_set_portrait(tx, student_id, portrait));
        TRY(blob_row_erase(tx, student.portrait_blob_id, now_us));
    }
    return id_card_purge(tx, student_id, portrait, now_us);
}

enum err identity_decide(struct tx *tx, const struct identity_answer *answer, bool *taken)
{
    RUNS_ON(ROLE_WRITER);
    int64_t changed = 0;
    bool confirmed = text_is(answer->state, "confirmed");
    bool forget_tries = confirmed && !text_is(answer->confirmed_by, "form");
    TRY(TX_RUN_N(tx, &changed, Q_IDENTITY_DECIDE, v_text(answer->state), v_text(confirmed ? answer->confirmed_by : ""),
                 v_text(answer->problem), v_int(answer->now_us), v_bool(forget_tries), v_bool(forget_tries),
                 v_text(answer->student_id), v_int(answer->number)));
    *taken = changed == 1;
    return *taken && confirmed ? take_portrait(tx, answer->student_id, answer->now_us) : ERR_NONE;
}

enum err identity_waits(struct tx *tx, const char *student_id, int64_t number, const char *problem)
{
    RUNS_ON(ROLE_WRITER);
    return TX_RUN(tx, Q_IDENTITY_WAITS, v_text(problem), v_text(student_id), v_int(number));
}

bool identity_satisfies(const struct identity *identity, const struct policy *policy, const char **why)
{
    bool both = text_is(policy->identity_method, "id_card_both");
    bool pictures = both || text_is(policy->identity_method, "id_card");
    *why = NULL;
    if (!text_is(identity->state, "confirmed"))
        *why = "the identity is not confirmed";
    else if (text_is(identity->confirmed_by, "staff"))
        return true; /* a person looked */
    else if (text_is(policy->real_name, "service") && !text_is(identity->confirmed_by, "service"))
        *why = "this session asks the real-name service: state the identity again, with its session_code";
    else if (pictures && !identity->portrait_shown)
        *why = "this session needs a picture of the identity card";
    else if (both && !identity->emblem_shown)
        *why = "this session needs pictures of both sides of the identity card";
    return *why == NULL;
}

enum err identity_erase(struct tx *tx, const char *student_id, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    TRY(id_card_purge(tx, student_id, NULL, now_us));
    return TX_RUN(tx, Q_IDENTITY_ERASE, v_text(student_id));
}
