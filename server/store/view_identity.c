/* The identity as its owner and staff see it. Declared in view.h. */
#include "base/document.h"
#include "base/text.h"
#include "store/identity.h"
#include "store/student.h"
#include "store/view.h"

static const struct problem {
    const char *code, *zh, *en;
} problems[] = {
    {"name_mismatch", "姓名和证件号码对不上。逐字核对后再试",
     "Name and number do not belong together. Check every character and try again."},
    {"number_unknown", "查不到这个证件号码。核对后再试，或交给客服核实",
     "The number is not known to the service. Check it and try again, or ask customer service to look."},
    {"number_illegal", "证件号码不对。逐位核对", "The number is wrong. Check every digit."},
    {"name_illegal", "姓名里有不能用的字。按证件填写",
     "The name has characters that are not taken. Write it as on the card."},
    {"number_differs", "填写的号码和证件照片上的不同。核对号码，或重拍证件",
     "The number is not the one on the pictured card. Check it, or take the picture again."},
    {"service_unavailable", "实名核验暂时没有回应，会自动再试。着急可找客服",
     "The real-name service does not answer; it is asked again by itself. Customer service can look too."},
    {"by_staff", "客服核实后没有通过。看消息里的原因", "Staff looked and refused. See the message for the reason."},
};

static void put_problem(struct buf *out, const char *code)
{
    json_name(out, "problem");
    for (size_t i = 0; i < countof(problems); i++) {
        if (!text_is(problems[i].code, code))
            continue;
        json_object_open(out);
        json_put_text(out, "code", problems[i].code);
        json_put_text(out, "zh", problems[i].zh);
        json_put_text(out, "en", problems[i].en);
        json_object_close(out);
        return;
    }
    json_null(out);
}

static void put_text(struct buf *out, const char *name, const char *text)
{
    json_put_text(out, name, text != NULL ? text : "");
}

enum err view_identity(struct tx *tx, const char *student_id, struct buf *out)
{
    struct identity identity;
    enum err e = identity_get(tx, student_id, &identity);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    if (e == ERR_NOT_FOUND)
        identity = (struct identity){
            .state = "none", .document_type = "", .problem = "", .valid_until = "", .confirmed_by = ""};
    json_object_open(out);
    json_put_text(out, "state", identity.state);
    json_put_text(out, "document_type", identity.document_type);
    put_text(out, "name_masked", mask_name(tx->arena, identity.name));
    put_text(out, "id_number_masked", mask_number(tx->arena, identity.id_number));
    json_put_bool(out, "area_known",
                  identity.id_number == NULL || document_area_known(identity.document_type, identity.id_number));
    json_put_bool(out, "portrait_shown", identity.portrait_shown);
    json_put_bool(out, "emblem_shown", identity.emblem_shown);
    json_put_bool(out, "number_read", identity.number_read);
    json_put_text(out, "valid_until", identity.valid_until);
    json_put_text(out, "confirmed_by", identity.confirmed_by);
    put_problem(out, identity.problem);
    json_put_int(out, "tries", identity.tries);
    json_put_time(out, "locked_until", identity.locked_until_us);
    json_put_time(out, "stated", identity.stated_us);
    json_put_time(out, "decided", identity.decided_us);
    json_object_close(out);
    return ERR_NONE;
}
