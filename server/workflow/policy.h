/* policy — what a capture session decides: one JSON object, edited in the console, versioned.
 *
 * Reading is strict: unknown fields, wrong types and values out of range are named. What is absent has the default.
 * The same table reads, writes and documents the fields. Pure; strings live in the arena given. */
#ifndef XY_POLICY_H
#define XY_POLICY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

struct policy {
    const char *preset;          /* which one it began as: S0..S4; "" none */
    const char *identity_method; /* student_number: 学号 + last four · roster: name + ID number typed · id_card: both
                                    read from a picture of the card · id_card_both: front and back of it ·
                                    collection_code: 采集码 + last four */
    const char *roster_mode;     /* roster · code_only */
    const char *collection_code; /* none · optional · required: CHSI's QR code, before the photo is handed in */
    const char *real_name;       /* none · service: name and number are asked of the real-name service */
    bool manual_link;            /* who is not found may ask staff to be linked */
    const char *phone;           /* none · optional · required, before the photo is handed in */
    const char *details;         /* of the roster: none · confirm: looked at · complete: gaps filled by the student */
    const char *notice;          /* none · asked · required: WeChat messages, before the photo is handed in */
    bool follow_account;         /* the service account is followed before photos are taken (follower.h) */
    const char *capture_source;  /* live · live_or_album · album */
    const char *selfie;          /* allowed · discouraged · forbidden: the page offers no front
                                    camera, a photo of one is refused (lens.h) */
    const char *payment;         /* none · before · after */
    int64_t price_fen;           /* 0..100000 */
    const char *payer;           /* student · class · school */
    bool retake_charged;
    int64_t attempts_max;                   /* photos handed in, first one included: 1..50 */
    int64_t retake_days;                    /* 1..90 */
    const char *profile;                    /* photo profile name */
    int64_t face_match_e6;                  /* distance below: match (face.md: 0.50) */
    int64_t face_mismatch_e6;               /* distance above: mismatch (face.md: 0.65); between: grey */
    bool face_consent_needed;               /* false: comparison only with consent, else two people look */
    int64_t identity_eyes;                  /* people who must agree in the identity lane: 1..3 */
    int64_t sla_hours;                      /* 1..720 */
    bool sla_working_days;                  /* hours count on Monday to Friday only */
    int64_t open_hour, close_hour;          /* daily, China time: 0..24; 0 and 24: all day */
    int64_t quiet_from_hour, quiet_to_hour; /* China time, no WeChat message between; equal: never quiet */
    bool confirm_after_approval;
    int64_t confirm_days; /* then accepted by itself: 1..30 */
    bool deliver_chsi, deliver_print;
    const char *deliver_mail;                  /* none · student · school */
    const char *print_layout;                  /* two_inch · one_inch · student: they choose one of the two */
    const char *print_caption;                 /* under the paper photo; "" none */
    bool download_photo;                       /* the student may keep the approved photo as a file */
    int64_t retention_days;                    /* after completion: 1..3650 */
    const char *purpose;                       /* what the photo is used for, as consents tell it; "" the usual words */
    const char *service_hours, *service_phone; /* of customer service, as shown; "" not shown */
};

void policy_default(struct policy *policy);

/* BAD_REQUEST or BAD_FIELD, `why` names the field. Defaults first, then what the text says. */
enum err policy_read(const char *json, size_t len, struct policy *policy, struct arena *arena,
                     char why[JSON_WHY_BYTES]);
void policy_write(const struct policy *policy, struct buf *b); /* every field */
/* A JSON array: names of the fields whose values are not the same, in the order of the struct. */
void policy_differences(const struct policy *a, const struct policy *b, struct buf *out);

/* When a submission handed in at that time should be decided. */
int64_t policy_due_us(const struct policy *policy, int64_t submitted_us);
/* Whether the daily hours allow capture at that time. */
bool policy_open_at(const struct policy *policy, int64_t now_us);

#endif
