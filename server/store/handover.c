#include "store/handover.h"

#include "base/text.h"
#include "store/collection_code.h"
#include "store/consent.h"
#include "store/queries.h"
#include "store/transition.h"

#define PARCEL_MAX 500 /* a school's lot travels under one number */

static const char *const reason_codes[] = {
#define REASON(code, by, zh, en, zh_short, en_short, zh_fix, en_fix) #code,
#include "workflow/reasons.def"
#undef REASON
};

static enum err move(struct tx *tx, const struct move *m)
{
    enum err e = transition_apply(tx, m, NULL);
    return e == ERR_REFUSED ? ERR_NONE : e;
}

static enum err load_code(struct tx *tx, const char *submission_id, struct handover_photo *photo)
{
    struct collection_code code;
    enum err e = collection_code_latest(tx, submission_id, &code);
    if (e == ERR_NONE) {
        photo->collection_code = code.payload;
        photo->collection_code_len = code.payload_len;
    }
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err handover_photo(struct tx *tx, const char *submission_id, struct handover_photo *photo)
{
    struct rows r;
    *photo = (struct handover_photo){0};
    struct submission *s = &photo->submission;
    TRY(submission_get(tx, submission_id, s));
    bool waits = text_is(s->chsi_status, "queued") || text_is(s->chsi_status, "handed_over");
    photo->wanted = s->state == WF_chsi_upload && waits;
    if (!photo->wanted)
        return ERR_NONE;
    bool taken_back = false;
    TRY(consent_taken_back(tx, s->student_id, "passing_on", &taken_back));
    if (taken_back)
        return ERR_CONSENT_MISSING;
    TRY(load_code(tx, submission_id, photo));
    TRY(TX_OPEN(tx, &r, Q_HANDOVER_PHOTO, v_text(submission_id)));
    if (rows_next(&r)) {
        photo->blob_id = col_text(&r, 2);
        photo->sealed_key = col_bytes(&r, 3, &photo->sealed_key_len);
        photo->key = arena_printf(tx->arena, "%s-%.32s", submission_id, col_text(&r, 4));
        photo->student_no = col_text(&r, 5);
        photo->media_type = col_text(&r, 6);
    }
    return rows_close_one(&r);
}

enum err handover_sent(struct tx *tx, const char *submission_id, int64_t now_us)
{
    struct submission s;
    TRY(submission_get(tx, submission_id, &s));
    if (s.state != WF_chsi_upload || !text_is(s.chsi_status, "queued"))
        return ERR_NONE;
    const struct move m = {.submission_id = submission_id,
                           .event = EV_hand_over,
                           .expect_version = s.version,
                           .actor_kind = ACTOR_SERVER,
                           .actor_id = "chsi",
                           .now_us = now_us};
    return move(tx, &m);
}

static const char *known_reason(const char *reason)
{
    for (size_t i = 0; i < countof(reason_codes); i++)
        if (text_is(reason_codes[i], reason))
            return reason_codes[i];
    return "chsi_quality";
}

enum err handover_result(struct tx *tx, const char *submission_id, const char *attempt_id, bool accepted,
                         const char *reason, int64_t now_us)
{
    struct submission s;
    TRY(submission_get(tx, submission_id, &s));
    if (s.state != WF_chsi_upload || !text_is(s.chsi_status, "handed_over") || !text_is(s.attempt_id, attempt_id))
        return ERR_NONE;
    const struct move m = {.submission_id = submission_id,
                           .event = accepted ? EV_chsi_accepted : EV_chsi_refused,
                           .expect_version = s.version,
                           .actor_kind = ACTOR_SERVER,
                           .actor_id = "chsi",
                           .now_us = now_us,
                           .reasons = accepted ? NULL : arena_printf(tx->arena, "[\"%s\"]", known_reason(reason))};
    return move(tx, &m);
}

enum err handover_parcels(struct tx *tx, const char *after, struct parcel *list, size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_HANDOVER_PARCELS, v_text(after), v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        list[(*count)++] = (struct parcel){.tracking_no = col_text(&r, 0), .carrier = col_text(&r, 1)};
    return rows_close(&r);
}

enum err handover_delivered(struct tx *tx, const char *carrier, const char *tracking_no, int64_t now_us, size_t *count)
{
    struct rows r;
    const char *ids[PARCEL_MAX];
    size_t found = 0;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_HANDOVER_TRACKED, v_text(tracking_no), v_text(carrier), v_int(PARCEL_MAX)));
    while (found < countof(ids) && rows_next(&r))
        ids[found++] = col_text(&r, 0);
    TRY(rows_close(&r));
    for (size_t i = 0; i < found; i++) {
        const struct move m = {.submission_id = ids[i],
                               .event = EV_delivered,
                               .expect_version = ANY_VERSION,
                               .actor_kind = ACTOR_SERVER,
                               .actor_id = "courier",
                               .now_us = now_us};
        TRY(move(tx, &m));
    }
    *count = found;
    return ERR_NONE;
}
