#include "store/consent.h"

#include "base/text.h"
#include "store/queries.h"

enum err consent_give(struct tx *tx, const char *student_id, const char *kind, const char *text_version, int64_t now_us)
{
    bool given = false;
    TRY(consent_given(tx, student_id, kind, &given));
    if (given)
        TRY(consent_withdraw(tx, student_id, kind, now_us)); /* the newer text replaces the older */
    return TX_RUN(tx, Q_CONSENT_GIVE, v_text(student_id), v_text(kind), v_text(text_version), v_int(now_us));
}

enum err consent_withdraw(struct tx *tx, const char *student_id, const char *kind, int64_t now_us)
{
    return TX_RUN(tx, Q_CONSENT_WITHDRAW, v_int(now_us), v_text(student_id), v_text(kind));
}

enum err consent_list(struct tx *tx, const char *student_id, struct consent *list, size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_CONSENT_LIST, v_text(student_id)));
    while (*count < max && rows_next(&r))
        list[(*count)++] = (struct consent){col_text(&r, 0), col_text(&r, 1), col_int(&r, 2)};
    return rows_close(&r);
}

enum err consent_given(struct tx *tx, const char *student_id, const char *kind, bool *given)
{
    struct consent list[CONSENT_KINDS_MAX];
    size_t count = 0;
    TRY(consent_list(tx, student_id, list, countof(list), &count));
    *given = false;
    for (size_t i = 0; i < count; i++)
        *given |= text_is(list[i].kind, kind);
    return ERR_NONE;
}

enum err consent_complete(struct tx *tx, const char *student_id, bool face_needed, bool *complete)
{
    bool privacy = false, passing_on = false, face = false;
    struct consent list[CONSENT_KINDS_MAX];
    size_t count = 0;
    TRY(consent_list(tx, student_id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++) {
        privacy |= text_is(list[i].kind, "privacy");
        passing_on |= text_is(list[i].kind, "passing_on");
        face |= text_is(list[i].kind, "face");
    }
    *complete = privacy && passing_on && (face || !face_needed);
    return ERR_NONE;
}
