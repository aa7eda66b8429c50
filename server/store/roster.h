/* roster — who is expected in a session, as the school's list says, and who linked which entry.
 *
 * Personal data are sealed here and nowhere else; plain values appear only in structs in tx->arena. Writer for changes,
 * any store thread for reads. */
#ifndef XY_ROSTER_H
#define XY_ROSTER_H

#include "db/db.h"

struct roster_entry {
    const char *id, *session_id, *student_no, *name, *id_number; /* plain */
    const char *college, *major, *class_name;
    const char *student_id; /* NULL: nobody linked it */
};

enum err roster_get(struct tx *tx, const char *id, struct roster_entry *entry);
/* By student number and the last four of the ID number (brackets of Hong Kong numbers are dropped), or by name and ID
 * number. NOT_FOUND when nothing fits exactly. */
enum err roster_by_number(struct tx *tx, const char *session_id, const char *student_no, const char *last_four,
                          struct roster_entry *entry);
enum err roster_by_person(struct tx *tx, const char *session_id, const char *name, const char *id_number,
                          struct roster_entry *entry);
enum err roster_by_student_no(struct tx *tx, const char *session_id, const char *student_no,
                              struct roster_entry *entry);
/* CONFLICT: someone else linked it. Copies name and number to the student. */
enum err roster_link(struct tx *tx, const struct roster_entry *entry, const char *student_id, int64_t now_us);
/* Insert or update by (session, student_no). *outcome: 'a' added, 'c' changed, 's' the same, 'l' linked already and
 * different (kept as it was). dry: only say what would happen. */
enum err roster_put(struct tx *tx, const struct roster_entry *entry, int64_t now_us, bool dry, char *outcome);

#endif
