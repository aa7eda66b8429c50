/* The roster's data of a submission as its student sees them. Declared in view.h. */
#include "base/text.h"
#include "store/detail.h"
#include "store/roster.h"
#include "store/student.h"
#include "store/view.h"

static void put_gap(struct buf *out, const char *name, const char *roster)
{
    if (roster[0] == '\0')
        json_text(out, name);
}

enum err view_details(struct tx *tx, const struct submission *s, const struct policy *policy, struct buf *out)
{
    struct detail known, roster;
    struct student student;
    struct roster_entry entry = {.student_no = ""};
    TRY(detail_of(tx, s, &known));
    TRY(detail_of_roster(tx, s, &roster));
    TRY(student_get(tx, s->student_id, &student));
    if (s->roster_id != NULL)
        TRY(roster_get(tx, s->roster_id, &entry));
    const char *name = mask_name(tx->arena, s->roster_id != NULL ? entry.name : student.name);
    const char *phone = mask_number(tx->arena, student.phone);
    json_object_open(out);
    json_put_text(out, "wanted", policy->details);
    json_put_text(out, "phone_wanted", policy->phone);
    json_put_text(out, "name_masked", name != NULL ? name : "");
    json_put_text(out, "student_no_masked", mask_number(tx->arena, entry.student_no));
    json_put_text(out, "college", known.college);
    json_put_text(out, "major", known.major);
    json_put_text(out, "class_name", known.class_name);
    json_put_text(out, "email", known.email);
    json_put_text(out, "phone_masked", phone != NULL ? phone : "");
    json_name(out, "gaps"); /* what is the student's to fill */
    json_array_open(out);
    put_gap(out, "college", roster.college);
    put_gap(out, "major", roster.major);
    put_gap(out, "class_name", roster.class_name);
    json_array_close(out);
    json_put_time(out, "confirmed", known.confirmed_us);
    json_object_close(out);
    return ERR_NONE;
}
