/* batch — many submissions handled at once: a package for CHSI, a print sheet, a lot for the post.
 *
 * A batch is created with its items fixed; its file is built by an outbox effect (package, sheet). What an operator
 * then says about it (handed over, receipt, printed, tracking) is recorded as one outbox row per at most
 * BATCH_LINES_MAX lines; the effect `batch` makes the moves in bounded units. Item and submission change in the same
 * transaction, so a line counts once however often it is imported.
 *
 *   batch   building → built → handed_over → done; failed         (print and mail go from built to done)
 *   item    open → accepted, refused, printed, shipped; missing: its photo was not there when the file was built
 *
 * Writer for changes, any store thread for reads; structs live in tx->arena. */
#ifndef XY_BATCH_H
#define XY_BATCH_H

#include "db/db.h"

#define BATCH_ITEMS_MAX        2000
#define BATCH_PRINT_ITEMS_MAX  400 /* one job of the image worker: 16 MiB of photos */
#define BATCH_LINES_MAX        50  /* moves per unit */
#define BATCH_TEMPLATE_DEFAULT "{student_no}"

struct batch {
    const char *id, *kind, *session_id, *name, *state;
    int64_t items;
    const char *blob_id; /* NULL until built, and for mail */
    const char *problem, *created_by;
    int64_t created_us, handed_over_us;
};

struct batch_item {
    int64_t position;
    const char *submission_id, *file_name; /* file_name "" until built, and when it holds personal data */
    const char *state, *problem;
    const char *code, *submission_state, *chsi_status, *carrier, *tracking_no, *student_id;
    const char *attempt_id, *roster_id; /* may be NULL */
};

struct batch_new {
    const char *id, *kind; /* chsi, print, mail */
    const char *session_id, *name;
    const char *template; /* chsi: names of the photos, see batch_name.h */
    const char *created_by;
    int64_t now_us;
};
/* Collects what waits for this kind of handling in the session, oldest first, and is in no other open batch. REFUSED:
 * nothing waits. */
enum err batch_create(struct tx *tx, const struct batch_new *batch, int64_t *items);
enum err batch_get(struct tx *tx, const char *id, struct batch *batch); /* NOT_FOUND */
/* Newest first, ids below `before` (NULL: all); kind NULL: all. */
enum err batch_list(struct tx *tx, const char *kind, const char *before, struct batch *list, size_t max, size_t *count);
/* In order, behind position `after` (-1: from the first). */
enum err batch_items(struct tx *tx, const char *id, int64_t after, struct batch_item *items, size_t max, size_t *count);

/* ---- what operators say; each is REFUSED for another kind of batch or at the wrong time, and fine when repeated ----
 */

enum err batch_hand_over(struct tx *tx, const char *id, const char *account_id, int64_t now_us); /* chsi, built */
enum err batch_printed(struct tx *tx, const char *id, const char *account_id, int64_t now_us);   /* print, built */

struct batch_line {
    const char *key;    /* receipt: file name, with or without folder and ending, or code; tracking: code */
    bool accepted;      /* receipt */
    const char *reason; /* receipt, refused: a reason code or words; "" */
    const char *carrier, *tracking_no; /* tracking */
    bool known;                        /* out: an item of this batch */
};
struct batch_said {
    const char *batch_id, *account_id;
    const char *import_id; /* a fresh id: names this import */
    int64_t now_us;
    struct batch_line *lines;
    size_t count;                       /* at most BATCH_ITEMS_MAX */
    int64_t matched, accepted, refused; /* out */
};
enum err batch_receipt(struct tx *tx, struct batch_said *said);  /* chsi, handed over */
enum err batch_tracking(struct tx *tx, struct batch_said *said); /* mail, built */

/* ---- for the effects ---- */

enum err batch_built(struct tx *tx, const char *id, const char *blob_id); /* touches TOPIC_BATCH */
enum err batch_failed(struct tx *tx, const char *id, const char *problem);
/* Record what a photo is called in the package; a name made of personal data is kept as a keyed hash only. */
enum err batch_item_named(struct tx *tx, const char *batch_id, const char *submission_id, const char *file_name,
                          bool personal);
enum err batch_item_missing(struct tx *tx, const char *batch_id, const char *submission_id);

/* Make the moves of one outbox row, at most BATCH_LINES_MAX of them; `payload` is the row's. With *next >= 0 call again
 * from there. Lines that are done already or that the table refuses are skipped. */
struct batch_moves {
    const char *payload;
    int64_t from, now_us;
    int64_t next; /* out: -1 when all is done */
    int64_t moved;
};
enum err batch_move(struct tx *tx, void *moves);

#endif
