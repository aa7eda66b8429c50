#include "store/hand_in.h"

#include "base/text.h"
#include "store/collection_code.h"
#include "store/consent.h"
#include "store/detail.h"
#include "store/follower.h"
#include "store/quota.h"
#include "store/store.h"
#include "store/student.h"

/* A standardised photo that passed, or was insisted on, and was not sent back. */
static enum err photo_given(struct tx *tx, const struct submission *s, bool *given)
{
    struct attempt a;
    *given = false;
    if (s->attempt_id == NULL)
        return ERR_NONE;
    enum err e = attempt_get(tx, s->attempt_id, &a);
    if (e == ERR_NOT_FOUND)
        return ERR_NONE;
    TRY(e);
    *given = !a.rejected && attempt_is_good(&a);
    return ERR_NONE;
}

static enum err phone_given(struct tx *tx, const struct submission *s, const struct policy *policy, bool *given)
{
    struct student student;
    *given = !text_is(policy->phone, "required");
    if (*given)
        return ERR_NONE;
    TRY(student_get(tx, s->student_id, &student));
    *given = student.phone != NULL;
    return ERR_NONE;
}

enum err hand_in_followed(struct tx *tx, const struct submission *s, const struct policy *policy, bool *given)
{
    const char *openid;
    *given = !policy->follow_account || !store_knows_followers(tx);
    if (*given)
        return ERR_NONE;
    enum err e = follower_of_student(tx, s->student_id, &openid);
    *given = e == ERR_NONE || e == ERR_CORRUPT; /* follows, under an openid sealed by a key we no longer have */
    return e == ERR_NOT_FOUND || e == ERR_CORRUPT ? ERR_NONE : e;
}

/* They said yes to a prompt, or follow the service account: either way we can write to them. */
static enum err notice_given(struct tx *tx, const struct submission *s, const struct policy *policy, bool *given)
{
    const char *openid;
    *given = !text_is(policy->notice, "required");
    if (!*given)
        TRY(quota_wanted(tx, s->student_id, given));
    if (*given)
        return ERR_NONE;
    enum err e = follower_of_student(tx, s->student_id, &openid);
    *given = e == ERR_NONE;
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err address_given(struct tx *tx, const struct submission *s, const struct policy *policy, bool *given)
{
    const char *address = NULL;
    *given = !text_is(policy->deliver_mail, "student");
    if (*given)
        return ERR_NONE;
    TRY(submission_address(tx, s->id, &address));
    *given = address != NULL;
    return ERR_NONE;
}

enum err hand_in_read(struct tx *tx, const struct submission *s, const struct capture_session *session,
                      struct hand_in *h)
{
    const struct policy *policy = &session->policy;
    TRY(consent_complete(tx, s->student_id, policy->face_consent_needed, &h->given[HAND_IN_consents]));
    TRY(phone_given(tx, s, policy, &h->given[HAND_IN_phone]));
    TRY(collection_code_given(tx, s->id, policy, &h->given[HAND_IN_collection_code]));
    TRY(detail_given(tx, s, policy, &h->given[HAND_IN_details]));
    TRY(hand_in_followed(tx, s, policy, &h->given[HAND_IN_follow]));
    TRY(notice_given(tx, s, policy, &h->given[HAND_IN_notice]));
    TRY(photo_given(tx, s, &h->given[HAND_IN_photo]));
    return address_given(tx, s, policy, &h->given[HAND_IN_address]);
}

void hand_in_facts(const struct hand_in *h, struct wf_facts *facts)
{
    facts->consented = h->given[HAND_IN_consents];
    facts->phone_given = h->given[HAND_IN_phone];
    facts->code_given = h->given[HAND_IN_collection_code];
    facts->details_given = h->given[HAND_IN_details];
    facts->account_followed = h->given[HAND_IN_follow];
    facts->notice_given = h->given[HAND_IN_notice];
    facts->address_given = h->given[HAND_IN_address];
}

enum hand_in_thing hand_in_first_missing(const struct hand_in *h)
{
    int thing = 0;
    while (thing < HAND_IN_COUNT && h->given[thing])
        thing++;
    return (enum hand_in_thing)thing;
}

const char *hand_in_sentence(enum hand_in_thing thing)
{
    static const char *const sentences[] = {
#define T(name, sentence) sentence,
        HAND_IN_THINGS(T)
#undef T
    };
    return sentences[thing];
}

void hand_in_write_missing(const struct hand_in *h, struct buf *out)
{
    static const char *const names[] = {
#define T(name, sentence) #name,
        HAND_IN_THINGS(T)
#undef T
    };
    json_array_open(out);
    for (int thing = 0; thing < HAND_IN_COUNT; thing++)
        if (!h->given[thing])
            json_text(out, names[thing]);
    json_array_close(out);
}
