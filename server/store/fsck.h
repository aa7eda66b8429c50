/* fsck — does what is stored fit together? Reads only; may run beside a server.
 *
 * Each step is one snapshot, so a server at work causes no false alarm. The path of a submission is walked with its
 * history rows against the table; that is another reading of the table than the one that made them. Checks that need
 * files (blob rows against objects) are the command's, which feeds their results in with fsck_problem. */
#ifndef XY_FSCK_H
#define XY_FSCK_H

#include "db/db.h"

#define FSCK_SAMPLES_MAX  10
#define FSCK_SAMPLE_BYTES 200
#define FSCK_PAGE_ROWS    100
#define FSCK_KEY_BYTES    80

#define FSCK_CHECKS(C)                                                                                                 \
    C(database, "I1 integrity_check, foreign_key_check")                                                               \
    C(history, "I2 every history is a path of the table and ends in the state")                                        \
    C(objects, "I6 every object row has its file, which opens and is unchanged")                                       \
    C(files, "I6 every file has its row, nothing is left over")                                                        \
    C(references, "I6 every photo that is named has its row")                                                          \
    C(columns, "sealed columns open")                                                                                  \
    C(outbox, "I8 every effect of a move has its outbox row; rows are ended or due")                                   \
    C(leases, "I9 no lease is long over")                                                                              \
    C(audit, "I10 the chain holds and has one entry per move")                                                         \
    C(lanes, "lane counters are right")                                                                                \
    C(faces, "the number of persons with stored faces is right")                                                       \
    C(ledger, "I7 every fact is booked twice, the sum is 0, payments and refunds agree with it")                       \
    C(decisions, "I11 decisions, claims and moves agree")                                                              \
    C(rosters,                                                                                                         \
      "rosters: every row is found by its keys, nothing is listed twice, imports are in a state they may be in")       \
    C(messages, "counts of unread messages are right, their pictures have rows")

enum fsck_check {
#define C(name, what) FSCK_##name,
    FSCK_CHECKS(C)
#undef C
        FSCK_CHECK_COUNT
};

struct fsck_result {
    int64_t looked_at, problems;
    char samples[FSCK_SAMPLES_MAX][FSCK_SAMPLE_BYTES];
};
struct fsck {
    int64_t now_us; /* in */
    struct fsck_result results[FSCK_CHECK_COUNT];
    char after[FSCK_KEY_BYTES]; /* of the paged step in hand: "" to begin */
    bool done;                  /* of it */
};

void fsck_problem(struct fsck *fsck, enum fsck_check check, const char *format, ...) PRINTF_LIKE(3, 4);
const char *fsck_name(enum fsck_check check); /* "history" */
const char *fsck_what(enum fsck_check check);

/* READ steps. Paged: call until done, with after "" at first. */
enum err fsck_database(struct tx *tx, void *fsck);
enum err fsck_submissions(struct tx *tx, void *fsck); /* paged: history, references, outbox, decisions */
enum err fsck_outbox_rows(struct tx *tx, void *fsck); /* paged */
enum err fsck_payments(struct tx *tx, void *fsck);    /* paged: ledger */
enum err fsck_roster_rows(struct tx *tx, void *fsck); /* paged: rosters */
enum err fsck_rosters(struct tx *tx, void *fsck);     /* rosters */
enum err fsck_totals(struct tx *tx, void *fsck);      /* lanes, moves against audit */
enum err fsck_audit_chain(struct tx *tx, void *fsck);

#endif
