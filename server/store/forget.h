/* forget — erasing what a student gave us: with the end of a submission's retention, or because they ask for it.
 *
 * Photos, words, names and what was measured go; ids, states, times, reason codes, money and the audit stay. What stays
 * of every table, and why, is said column by column in tests/unit/person_tables.def, and tried there. Writer. */
#ifndef XY_FORGET_H
#define XY_FORGET_H

#include "store/submission.h"

/* The student asks to be forgotten. REFUSED and *blocked (a submission's code) when one is in other people's hands: on
 * its way to CHSI, printed, or under review. Otherwise all are closed and purged (workflow), logins end, and what is
 * personal goes with the last purge. Nothing is changed when it is refused. */
enum err forget_student(struct tx *tx, const char *student_id, int64_t now_us, const char **blocked);

/* A closed submission: its photos and words, and the package or sheet they were put into. When no other submission of
 * the student is left, the person too: names, number, phone, portrait; of one who leaves also login, messages, copies,
 * evidence and every object of theirs. */
enum err forget_submission(struct tx *tx, const struct submission *s, int64_t now_us);

#endif
