#include "workflow/policy.h"

#include "base/clock.h"
#include "base/text.h"
#include "workflow/presets.h"

#define HOUR_US SECONDS_US(3600)

static const struct json_field fields[] = {
    JSON_FIELD(struct policy, preset, JSON_TO_TEXT, false, 0, 8),
    JSON_FIELD(struct policy, identity_method, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, roster_mode, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, collection_code, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, real_name, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, manual_link, JSON_TO_BOOL, false, 0, 0),
    JSON_FIELD(struct policy, phone, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, details, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, notice, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, follow_account, JSON_TO_BOOL, false, 0, 0),
    JSON_FIELD(struct policy, capture_source, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, selfie, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, payment, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, price_fen, JSON_TO_INT, false, 0, 100000),
    JSON_FIELD(struct policy, payer, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, retake_charged, JSON_TO_BOOL, false, 0, 0),
    JSON_FIELD(struct policy, attempts_max, JSON_TO_INT, false, 1, 50),
    JSON_FIELD(struct policy, retake_days, JSON_TO_INT, false, 1, 90),
    JSON_FIELD(struct policy, profile, JSON_TO_TEXT, false, 1, 40),
    JSON_FIELD(struct policy, face_match_e6, JSON_TO_INT, false, 100000, 900000),
    JSON_FIELD(struct policy, face_mismatch_e6, JSON_TO_INT, false, 100000, 1200000),
    JSON_FIELD(struct policy, face_consent_needed, JSON_TO_BOOL, false, 0, 0),
    JSON_FIELD(struct policy, identity_eyes, JSON_TO_INT, false, 1, 3),
    JSON_FIELD(struct policy, sla_hours, JSON_TO_INT, false, 1, 720),
    JSON_FIELD(struct policy, sla_working_days, JSON_TO_BOOL, false, 0, 0),
    JSON_FIELD(struct policy, open_hour, JSON_TO_INT, false, 0, 23),
    JSON_FIELD(struct policy, close_hour, JSON_TO_INT, false, 1, 24),
    JSON_FIELD(struct policy, quiet_from_hour, JSON_TO_INT, false, 0, 23),
    JSON_FIELD(struct policy, quiet_to_hour, JSON_TO_INT, false, 0, 23),
    JSON_FIELD(struct policy, confirm_after_approval, JSON_TO_BOOL, false, 0, 0),
    JSON_FIELD(struct policy, confirm_days, JSON_TO_INT, false, 1, 30),
    JSON_FIELD(struct policy, deliver_chsi, JSON_TO_BOOL, false, 0, 0),
    JSON_FIELD(struct policy, deliver_print, JSON_TO_BOOL, false, 0, 0),
    JSON_FIELD(struct policy, deliver_mail, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, print_layout, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct policy, print_caption, JSON_TO_TEXT, false, 0, 40),
    JSON_FIELD(struct policy, download_photo, JSON_TO_BOOL, false, 0, 0),
    JSON_FIELD(struct policy, retention_days, JSON_TO_INT, false, 1, 3650),
    JSON_FIELD(struct policy, purpose, JSON_TO_TEXT, false, 0, 300),
    JSON_FIELD(struct policy, service_hours, JSON_TO_TEXT, false, 0, 60),
    JSON_FIELD(struct policy, service_phone, JSON_TO_TEXT, false, 0, 20),
};

/* Text fields with a fixed choice; "|" between the values. */
static const struct {
    size_t offset;
    const char *name, *values;
} choices[] = {
    {offsetof(struct policy, identity_method), "identity_method",
     "|student_number|roster|id_card|id_card_both|collection_code|"},
    {offsetof(struct policy, roster_mode), "roster_mode", "|roster|code_only|"},
    {offsetof(struct policy, collection_code), "collection_code", "|none|optional|required|"},
    {offsetof(struct policy, real_name), "real_name", "|none|service|"},
    {offsetof(struct policy, phone), "phone", "|none|optional|required|"},
    {offsetof(struct policy, details), "details", "|none|confirm|complete|"},
    {offsetof(struct policy, notice), "notice", "|none|asked|required|"},
    {offsetof(struct policy, selfie), "selfie", "|allowed|discouraged|forbidden|"},
    {offsetof(struct policy, capture_source), "capture_source", "|live|live_or_album|album|"},
    {offsetof(struct policy, payment), "payment", "|none|before|after|"},
    {offsetof(struct policy, payer), "payer", "|student|class|school|"},
    {offsetof(struct policy, deliver_mail), "deliver_mail", "|none|student|school|"},
    {offsetof(struct policy, print_layout), "print_layout", "|two_inch|one_inch|student|"},
};

void policy_default(struct policy *policy)
{
    *policy = (struct policy){.preset = "",
                              .identity_method = "student_number",
                              .roster_mode = "roster",
                              .collection_code = "none",
                              .real_name = "none",
                              .phone = "none",
                              .details = "none",
                              .notice = "asked",
                              .selfie = "discouraged",
                              .quiet_from_hour = 22,
                              .quiet_to_hour = 8,
                              .capture_source = "live_or_album",
                              .payment = "none",
                              .payer = "student",
                              .attempts_max = 10,
                              .retake_days = 14,
                              .profile = "chsi_blue",
                              .face_match_e6 = 500000,
                              .face_mismatch_e6 = 650000,
                              .identity_eyes = 2,
                              .sla_hours = 24,
                              .close_hour = 24,
                              .confirm_days = 3,
                              .deliver_chsi = true,
                              .deliver_mail = "none",
                              .print_layout = "two_inch",
                              .print_caption = "",
                              .download_photo = true,
                              .purpose = "",
                              .service_hours = "",
                              .service_phone = "",
                              .retention_days = 365};
}

static bool is_choice(const char *values, const char *value)
{
    size_t len = strlen(value);
    for (const char *at = strstr(values, value); at != NULL; at = strstr(at + 1, value))
        if (at > values && at[-1] == '|' && at[len] == '|')
            return true;
    return false;
}

static bool is_preset(const char *name)
{
    for (size_t i = 0; preset_at(i) != NULL; i++)
        if (text_is(preset_at(i)->name, name))
            return true;
    return name[0] == '\0';
}

/* What fields say about each other. */
static const char *contradiction(const struct policy *policy)
{
    if (!is_preset(policy->preset))
        return "preset: there is none of that name";
    if (policy->face_mismatch_e6 <= policy->face_match_e6)
        return "face_mismatch_e6: must be larger than face_match_e6";
    if (policy->close_hour <= policy->open_hour)
        return "close_hour: must be later than open_hour";
    if (text_is(policy->identity_method, "collection_code") && text_is(policy->collection_code, "none"))
        return "collection_code: must not be none when students prove who they are with it";
    if (!text_is(policy->payment, "none") && policy->price_fen == 0)
        return "price_fen: must be more than 0 when payment is not none";
    return NULL;
}

enum err policy_read(const char *json, size_t len, struct policy *policy, struct arena *arena, char why[JSON_WHY_BYTES])
{
    const struct json *tree;
    policy_default(policy);
    enum err e = json_read(json, len, arena, &tree);
    if (e != ERR_NONE) {
        snprintf(why, JSON_WHY_BYTES, "policy: is not a JSON object");
        return e;
    }
    TRY(json_decode(tree, fields, countof(fields), policy, arena, why));
    for (size_t i = 0; i < countof(choices); i++) {
        const char *value = *(const char **)(void *)((char *)policy + choices[i].offset);
        if (!is_choice(choices[i].values, value)) {
            snprintf(why, JSON_WHY_BYTES, "%s: must be one of %s", choices[i].name, choices[i].values);
            return ERR_BAD_FIELD;
        }
    }
    const char *wrong = contradiction(policy);
    if (wrong == NULL)
        return ERR_NONE;
    snprintf(why, JSON_WHY_BYTES, "%s", wrong);
    return ERR_BAD_FIELD;
}

void policy_write(const struct policy *policy, struct buf *b)
{
    json_object_open(b);
    for (size_t i = 0; i < countof(fields); i++) {
        const void *member = (const char *)policy + fields[i].offset;
        if (fields[i].type == JSON_TO_TEXT)
            json_put_text(b, fields[i].name, *(const char *const *)member);
        else if (fields[i].type == JSON_TO_INT)
            json_put_int(b, fields[i].name, *(const int64_t *)member);
        else
            json_put_bool(b, fields[i].name, *(const bool *)member);
    }
    json_object_close(b);
}

static bool same_member(const struct json_field *field, const struct policy *a, const struct policy *b)
{
    const void *in_a = (const char *)a + field->offset, *in_b = (const char *)b + field->offset;
    if (field->type == JSON_TO_TEXT)
        return text_is(*(const char *const *)in_a, *(const char *const *)in_b);
    if (field->type == JSON_TO_INT)
        return *(const int64_t *)in_a == *(const int64_t *)in_b;
    return *(const bool *)in_a == *(const bool *)in_b;
}

void policy_differences(const struct policy *a, const struct policy *b, struct buf *out)
{
    json_array_open(out);
    for (size_t i = 0; i < countof(fields); i++)
        if (!same_member(&fields[i], a, b))
            json_text(out, fields[i].name);
    json_array_close(out);
}

/* Working hours left are consumed day by day: a whole working day counts 24 h of the promise, Saturday and Sunday
 * count nothing. At most sla_hours/24 + weekends steps. */
int64_t policy_due_us(const struct policy *policy, int64_t submitted_us)
{
    if (!policy->sla_working_days)
        return submitted_us + policy->sla_hours * HOUR_US;
    int64_t left_us = policy->sla_hours * HOUR_US, now_us = submitted_us;
    for (int day = 0; day < 90 && left_us > 0; day++) {
        struct clock_civil civil = clock_civil_cn(now_us);
        struct clock_civil midnight = {.year = civil.year, .month = civil.month, .day = civil.day};
        int64_t tomorrow_us = clock_from_civil_cn(&midnight) + 24 * HOUR_US;
        bool works = civil.weekday >= 1 && civil.weekday <= 5;
        int64_t today_us = tomorrow_us - now_us;
        if (works && today_us >= left_us)
            return now_us + left_us;
        if (works)
            left_us -= today_us;
        now_us = tomorrow_us;
    }
    return now_us;
}

bool policy_open_at(const struct policy *policy, int64_t now_us)
{
    int hour = clock_civil_cn(now_us).hour;
    return hour >= policy->open_hour && hour < policy->close_hour;
}
