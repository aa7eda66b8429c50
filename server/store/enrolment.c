#include "store/enrolment.h"
#include "store/group_order.h"

#include "base/check.h"
#include "base/code_kind.h"
#include "base/json.h"
#include "base/person_name.h"
#include "base/text.h"
#include "store/collection_code.h"
#include "store/identity.h"
#include "store/store.h"
#include "store/student_submissions.h"

#define NEAR_MAX 512 /* entries of a session with the same last four; a roster of a million has about a hundred */

static enum err say(struct enrolments *found, enum err e, const char *why)
{
    found->why = why;
    return e;
}

static bool has_number(const struct proof *proof)
{
    return proof->student_no != NULL && proof->last_four != NULL;
}

static bool has_person(const struct proof *proof)
{
    return proof->name != NULL && proof->id_number != NULL;
}

static bool has_nothing(const struct proof *proof)
{
    return proof->student_no == NULL && proof->last_four == NULL && proof->name == NULL && proof->id_number == NULL &&
           proof->code_id == NULL;
}

/* ---- students nobody has listed ---- */

static enum err take_at_word(struct enrolments *found, const char *name, const char *id_number)
{
    found->at_word = true;
    found->count = 1;
    found->items[0] = (struct roster_entry){
        .student_no = "", .name = name, .id_number = id_number, .college = "", .major = "", .class_name = ""};
    return ERR_NONE;
}

static enum err person_at_word(struct tx *tx, const struct proof *proof, struct enrolments *found)
{
    char normal[ID_NUMBER_BYTES];
    if (!has_person(proof) || !id_number_normal(proof->id_number, normal) || !id_number_plausible(normal))
        return say(found, ERR_BAD_FIELD, "id_number is not a possible one");
    return take_at_word(found, proof->name, arena_text(tx->arena, normal));
}

/* ---- of the roster, by name and number ---- */

static enum err of_person(struct tx *tx, const struct capture_session *session, const char *name, const char *id_number,
                          struct enrolments *found)
{
    size_t count = 0;
    TRY(roster_with_id_number(tx, session->id, id_number, found->items, ENROLMENTS_MAX, &count));
    for (size_t i = 0; i < count; i++)
        if (person_name_same(found->items[i].name, name))
            found->items[found->count++] = found->items[i];
    return ERR_NONE;
}

/* ---- by a confirmed identity ---- */

static enum err by_identity(struct tx *tx, const struct capture_session *session, const struct student *student,
                            const struct proof *proof, struct enrolments *found)
{
    struct identity identity;
    const char *why = NULL;
    if (!has_nothing(proof))
        return say(found, ERR_BAD_FIELD, "this session asks for the confirmed identity, nothing more");
    enum err e = identity_get(tx, student->id, &identity);
    if (e == ERR_NOT_FOUND)
        return say(found, ERR_REFUSED, "state the identity first");
    TRY(e);
    if (!identity_satisfies(&identity, &session->policy, &why))
        return say(found, ERR_REFUSED, why);
    if (text_is(session->policy.roster_mode, "code_only"))
        return take_at_word(found, identity.name, identity.id_number);
    return of_person(tx, session, identity.name, identity.id_number, found);
}

/* ---- by a collection code ---- */

static enum err code_of(struct tx *tx, const struct student *student, const struct proof *proof,
                        struct collection_code *code, struct enrolments *found)
{
    if (proof->code_id == NULL || proof->last_four == NULL || proof->student_no != NULL || proof->id_number != NULL)
        return say(found, ERR_BAD_FIELD, "this session asks for code_id and last_four, and name where it is wanted");
    enum err e = collection_code_get(tx, proof->code_id, code);
    if (e == ERR_NOT_FOUND || (e == ERR_NONE && !text_is(code->student_id, student->id)))
        return say(found, ERR_REFUSED, "this code is not there any more; show it again");
    TRY(e);
    if (text_is(code->state, "processing"))
        return say(found, ERR_REFUSED, "the code is still being read");
    if (!text_is(code->state, "read") && !text_is(code->state, "seen_before"))
        return say(found, ERR_REFUSED, "this is no collection code that could be read; show another picture");
    return ERR_NONE;
}

/* What the decoder says against an entry: both masks that are there must fit, and one must be there. */
static bool reading_fits(const struct json *reading, const struct roster_entry *entry)
{
    const char *name = json_text_at(reading, "name_masked", ""), *number = json_text_at(reading, "id_masked", "");
    if (name[0] == '\0' && number[0] == '\0')
        return false;
    return (name[0] == '\0' || code_mask_fits(name, entry->name)) &&
           (number[0] == '\0' || code_mask_fits(number, entry->id_number));
}

/* Nobody has listed this student: the typed name and last four, which must not contradict what the code says. */
static enum err code_at_word(struct tx *tx, const struct proof *proof, const struct json *reading,
                             struct enrolments *found)
{
    char normal[ID_NUMBER_BYTES];
    if (!id_number_normal(proof->last_four, normal) || strlen(normal) != 4)
        return say(found, ERR_BAD_FIELD, "last_four is not the end of a number");
    const char *name = json_text_at(reading, "name_masked", ""), *number = json_text_at(reading, "id_masked", "");
    size_t len = strlen(number);
    bool ends = len < 4 || strpbrk(number + len - 4, "*") != NULL || text_is(number + len - 4, normal);
    found->code_matched = name[0] != '\0' || number[0] != '\0';
    if ((name[0] != '\0' && !code_mask_fits(name, proof->name)) || !ends)
        return ERR_NONE;
    return take_at_word(found, proof->name, arena_text(tx->arena, normal));
}

static enum err by_code(struct tx *tx, const struct capture_session *session, const struct student *student,
                        const struct proof *proof, struct enrolments *found)
{
    struct collection_code code;
    struct roster_entry *near = ARENA_ARRAY(tx->arena, struct roster_entry, NEAR_MAX);
    const struct json *reading = NULL;
    size_t count = 0;
    TRY(code_of(tx, student, proof, &code, found));
    if (code.reading != NULL && json_read(code.reading, strlen(code.reading), tx->arena, &reading) != ERR_NONE)
        reading = NULL;
    bool code_only = text_is(session->policy.roster_mode, "code_only");
    if (proof->name == NULL && (reading == NULL || code_only))
        return say(found, ERR_BAD_FIELD, "name is needed too: this code does not say it");
    if (code_only)
        return code_at_word(tx, proof, reading, found);
    TRY(roster_with_last_four(tx, session->id, proof->last_four, near, NEAR_MAX, &count));
    for (size_t i = 0; i < count && found->count < ENROLMENTS_MAX; i++)
        if ((reading == NULL || reading_fits(reading, &near[i])) &&
            (proof->name == NULL || person_name_same(proof->name, near[i].name)))
            found->items[found->count++] = near[i];
    found->code_matched = reading != NULL;
    return ERR_NONE;
}

/* ---- by what is typed ---- */

static enum err one(enum err e, struct enrolments *found)
{
    found->count = e == ERR_NONE;
    return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err enrolment_find(struct tx *tx, const struct capture_session *session, const struct student *student,
                        const struct proof *proof, struct enrolments *found)
{
    const char *method = session->policy.identity_method;
    bool code_only = text_is(session->policy.roster_mode, "code_only");
    found->count = 0;
    found->at_word = found->code_matched = false;
    found->why = NULL;
    if (text_starts(method, "id_card"))
        return by_identity(tx, session, student, proof, found);
    if (text_is(method, "collection_code"))
        return by_code(tx, session, student, proof, found);
    if (proof->code_id != NULL || (has_number(proof) == has_person(proof)))
        return say(found, ERR_BAD_FIELD, "give student_no and last_four, or name and id_number");
    if (code_only)
        return person_at_word(tx, proof, found);
    if (text_is(method, "student_number") != has_number(proof))
        return say(found, ERR_BAD_FIELD,
                   has_number(proof) ? "this session asks for name and id_number"
                                     : "this session asks for student_no and last_four");
    if (has_number(proof))
        return one(roster_by_number(tx, session->id, proof->student_no, proof->last_four, &found->items[0]), found);
    return of_person(tx, session, proof->name, proof->id_number, found);
}

/* ---- taken ---- */

/* A school pays for all; group orders for those they cover. */
static enum err price_of(struct tx *tx, const struct capture_session *session, const char *roster_id,
                         int64_t *price_fen)
{
    const struct policy *policy = &session->policy;
    struct roster_entry entry;
    bool covered = false;
    if (roster_id != NULL) {
        TRY(roster_get(tx, roster_id, &entry));
        TRY(group_order_covers(tx, session->id, entry.student_no, &covered));
    }
    bool pays = !covered && !text_is(policy->payment, "none") && !text_is(policy->payer, "school");
    *price_fen = pays ? policy->price_fen : 0;
    return ERR_NONE;
}

static enum err become(struct tx *tx, const struct enrolment *enrolment, const struct enrolment_taken *taken)
{
    struct roster_entry entry;
    if (enrolment->roster_id == NULL)
        return student_set_names(tx, taken->student_id, enrolment->name,
                                 enrolment->id_number != NULL ? enrolment->id_number : enrolment->last_four);
    TRY(roster_get(tx, enrolment->roster_id, &entry));
    return roster_link(tx, &entry, taken->student_id, taken->now_us);
}

/* A second enrolment in the session is the same person's, or not theirs: the first submission lives under that name. */
static enum err is_same_person(struct tx *tx, const struct capture_session *session, const struct enrolment *enrolment,
                               const struct enrolment_taken *taken)
{
    struct submission known;
    struct student student;
    struct roster_entry entry;
    enum err e = student_submission_in(tx, taken->student_id, session->id, &known);
    if (e != ERR_NONE)
        return e == ERR_NOT_FOUND ? ERR_NONE : e;
    if (enrolment->roster_id == NULL)
        return ERR_REFUSED;
    TRY(roster_get(tx, enrolment->roster_id, &entry));
    TRY(student_get(tx, taken->student_id, &student));
    bool same = text_is(entry.id_number, student.id_number) && person_name_same(entry.name, student.name);
    return same ? ERR_NONE : ERR_REFUSED;
}

enum err enrolment_take(struct tx *tx, const struct capture_session *session, const struct enrolment *enrolment,
                        const struct enrolment_taken *taken)
{
    RUNS_ON(ROLE_WRITER);
    int64_t price_fen = 0;
    TRY(is_same_person(tx, session, enrolment, taken));
    TRY(become(tx, enrolment, taken));
    TRY(price_of(tx, session, enrolment->roster_id, &price_fen));
    const struct submission s = {.id = taken->submission_id,
                                 .code = taken->code,
                                 .session_id = session->id,
                                 .student_id = taken->student_id,
                                 .roster_id = enrolment->roster_id,
                                 .price_fen = price_fen,
                                 .created_us = taken->now_us};
    TRY(submission_add(tx, &s));
    return enrolment->code_id == NULL
               ? ERR_NONE
               : collection_code_adopt(tx, enrolment->code_id, s.student_id, s.id, enrolment->code_matched);
}

/* ---- tokens ---- */

static const char *about_of(struct tx *tx, const char *student_id, const char *session_id)
{
    return arena_printf(tx->arena, "enrolment|%s|%s", student_id, session_id);
}

const char *enrolment_token(struct tx *tx, const char *student_id, const char *session_id,
                            const struct enrolment *enrolment, int64_t now_us)
{
    struct buf b;
    size_t len = 0;
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_int(&b, "until", now_us / 1000000 + ENROLMENT_TOKEN_S);
    json_put_text(&b, "roster_id", enrolment->roster_id);
    json_put_text(&b, "name", enrolment->name);
    json_put_text(&b, "id_number", enrolment->id_number);
    json_put_text(&b, "last_four", enrolment->last_four);
    json_put_text(&b, "code_id", enrolment->code_id);
    json_put_bool(&b, "code_matched", enrolment->code_matched);
    json_object_close(&b);
    const void *sealed = keyring_seal(store_ring(tx), KEYRING_COLUMN, buf_cstr(&b), b.len,
                                      about_of(tx, student_id, session_id), tx->arena, &len);
    char *token = arena_alloc(tx->arena, 4 * len / 3 + 4);
    crypt_base64(sealed, len, true, token);
    buf_release(&b);
    return token;
}

bool enrolment_of_token(struct tx *tx, const char *student_id, const char *session_id, const char *token,
                        int64_t now_us, struct enrolment *enrolment)
{
    unsigned char *sealed = arena_alloc(tx->arena, ENROLMENT_TOKEN_CHARS_MAX);
    const struct json *tree = NULL;
    char *plain = NULL;
    size_t sealed_len = 0, len = 0;
    if (!crypt_unbase64(token, true, sealed, ENROLMENT_TOKEN_CHARS_MAX, &sealed_len) ||
        keyring_open(store_ring(tx), KEYRING_COLUMN, sealed, sealed_len, about_of(tx, student_id, session_id),
                     tx->arena, &plain, &len) != ERR_NONE ||
        json_read(plain, len, tx->arena, &tree) != ERR_NONE || json_int_at(tree, "until", 0) < now_us / 1000000)
        return false;
    *enrolment = (struct enrolment){.roster_id = json_text_at(tree, "roster_id", NULL),
                                    .name = json_text_at(tree, "name", NULL),
                                    .id_number = json_text_at(tree, "id_number", NULL),
                                    .last_four = json_text_at(tree, "last_four", NULL),
                                    .code_id = json_text_at(tree, "code_id", NULL),
                                    .code_matched = json_bool_at(tree, "code_matched", false)};
    return true;
}
