/* Who a student is and has: answer of login and of GET /me. Declared in view.h. */
#include "base/text.h"
#include "store/consent.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/student_submissions.h"
#include "store/view.h"

enum err view_consents(struct tx *tx, const char *student_id, struct buf *out)
{
    struct consent list[CONSENT_KINDS_MAX];
    size_t count = 0;
    TRY(consent_list(tx, student_id, list, countof(list), &count));
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        json_object_open(out);
        json_put_text(out, "kind", list[i].kind);
        json_put_text(out, "text_version", list[i].text_version);
        json_put_time(out, "given", list[i].given_us);
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

/* Which of somebody's enrolments it is. */
static enum err put_enrolment(struct tx *tx, const struct submission *s, struct buf *out)
{
    struct roster_entry entry = {.student_no = "", .major = ""};
    if (s->roster_id != NULL)
        TRY(roster_get(tx, s->roster_id, &entry));
    json_put_text(out, "student_no_masked", mask_number(tx->arena, entry.student_no));
    json_put_text(out, "major", entry.major);
    return ERR_NONE;
}

static enum err put_submissions(struct tx *tx, const char *student_id, struct buf *out)
{
    struct submission list[STUDENT_SUBMISSIONS_MAX];
    size_t count = 0;
    TRY(student_submissions(tx, student_id, list, countof(list), &count));
    json_name(out, "submissions");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        struct capture_session session;
        TRY(session_get(tx, list[i].session_id, &session));
        json_object_open(out);
        json_put_text(out, "id", list[i].id);
        json_put_text(out, "code", list[i].code);
        json_put_text(out, "state", wf_state_name(list[i].state));
        json_put_text(out, "session_code", session.code);
        json_put_text(out, "session_name", session.name);
        TRY(put_enrolment(tx, &list[i], out));
        json_object_close(out);
    }
    json_array_close(out);
    return ERR_NONE;
}

enum err view_student(struct tx *tx, const char *student_id, struct buf *out)
{
    struct student s;
    TRY(student_get(tx, student_id, &s));
    const char *phone = mask_number(tx->arena, s.phone), *name = mask_name(tx->arena, s.name);
    json_object_open(out);
    json_put_text(out, "id", s.id);
    json_put_text(out, "phone_masked", phone != NULL ? phone : "");
    json_put_text(out, "name_masked", name != NULL ? name : "");
    json_put_bool(out, "linked", s.name != NULL);
    json_put_bool(out, "portrait", s.portrait_blob_id != NULL);
    json_put_text(out, "language", s.language);
    json_name(out, "identity");
    TRY(view_identity(tx, student_id, out));
    json_name(out, "consents");
    TRY(view_consents(tx, student_id, out));
    TRY(put_submissions(tx, student_id, out));
    json_object_close(out);
    return ERR_NONE;
}
