/* roster — who is expected in a session, as the school's list says, and who linked which entry.
 *
 * Rows come by the thousand with an import (roster_import.h) and are seen once it is applied; single ones by
 * roster_put. They are found by keyed hashes only. Personal data are sealed here and nowhere else; plain values appear
 * only in structs in tx->arena. Writer for changes, any store thread for reads. */
#ifndef XY_ROSTER_H
#define XY_ROSTER_H

#include "base/keyring.h"
#include "db/db.h"

struct roster_entry {
    const char *id, *session_id, *student_no, *name, *id_number; /* plain */
    const char *phone;                                           /* plain, "" or NULL: not said */
    const char *document_type; /* resident, hk_macau_permit, taiwan_permit, residence_permit, foreigner_permit,
                                  passport; "" or NULL: not said */
    const char *level;         /* as of a session; "" or NULL: not said */
    const char *college, *major, *class_name;
    const char *student_id; /* NULL: nobody linked it */
    int64_t number, digest; /* as read: of the row, and of all that it says */
};

enum err roster_get(struct tx *tx, const char *id, struct roster_entry *entry);
/* By student number and the last four of the ID number (brackets of Hong Kong numbers are dropped).
 * NOT_FOUND when nothing fits exactly. */
enum err roster_by_number(struct tx *tx, const char *session_id, const char *student_no, const char *last_four,
                          struct roster_entry *entry);
enum err roster_by_student_no(struct tx *tx, const char *session_id, const char *student_no,
                              struct roster_entry *entry);
/* All entries of one person (several enrolments), or all with these last four: at most `max`, none is no error. */
enum err roster_with_id_number(struct tx *tx, const char *session_id, const char *id_number, struct roster_entry *list,
                               size_t max, size_t *count);
enum err roster_with_last_four(struct tx *tx, const char *session_id, const char *last_four, struct roster_entry *list,
                               size_t max, size_t *count);
enum err roster_count(struct tx *tx, const char *session_id, int64_t *rows, int64_t *linked);
/* CONFLICT: someone else linked it. NOT_FOUND: a newer import replaced it. Copies name and number to the student. */
enum err roster_link(struct tx *tx, const struct roster_entry *entry, const char *student_id, int64_t now_us);
/* Insert or update one by (session, student_no). *outcome: 'a' added, 'c' changed, 's' the same, 'l' linked already and
 * different (kept as it was). dry: only say what would happen. */
enum err roster_put(struct tx *tx, const struct roster_entry *entry, int64_t now_us, bool dry, char *outcome);

/* ---- for imports ---- */

#define ROSTER_PLACE_BITS 24 /* row number = import number << 24 | place in the file */
#define ROSTER_KEYS       3

/* What is stored of a row beside its plain columns. Any thread: the costly part of an import. */
struct roster_sealed {
    const void *person;
    size_t person_len;
    int64_t keys[ROSTER_KEYS], digest;
};
void roster_seal(const struct keyring *ring, const struct roster_entry *entry, struct arena *arena,
                 struct roster_sealed *sealed);
int64_t roster_digest(const struct keyring *ring, const struct roster_entry *entry, struct arena *arena);
int64_t roster_student_no_key(const struct keyring *ring, const char *student_no);
void roster_keys(const struct keyring *ring, const struct roster_entry *entry, int64_t keys[ROSTER_KEYS]);
/* Adds a row; its keys are added apart. Writer. */
enum err roster_add(struct tx *tx, const struct roster_entry *entry, int64_t import_number,
                    const struct roster_sealed *sealed);
/* name, id_number and phone out of sealed_person; entry->id is set. */
enum err roster_open_person(struct tx *tx, const void *bytes, size_t len, struct roster_entry *entry);
/* By a key of roster_student_no_key, compared with the number itself. */
enum err roster_by_key(struct tx *tx, const char *session_id, int64_t key, const char *student_no,
                       struct roster_entry *entry);

#endif
