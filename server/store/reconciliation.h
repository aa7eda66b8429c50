/* reconciliation — the bank's bill of one day against our own rows, both ways: every line of the bill has its payment
 * or refund here, every payment and refund of that day has its line. What differs is written down for people; nothing
 * is booked from a bill. A payment the bank says is paid and we do not know of is asked for (outbox row ask_order). A
 * day is a day of China time, "2026-11-19". Thread: writer for changes. Strings in tx->arena. */
#ifndef XY_RECONCILIATION_H
#define XY_RECONCILIATION_H

#include "base/buf.h"
#include "db/db.h"

#define RECONCILIATION_DAY_BYTES   11
#define RECONCILIATION_PAGE        200  /* lines or rows compared in one unit */
#define RECONCILIATION_DIFFERENCES 1000 /* written down; more are only counted */

struct reconciliation {
    const char *day, *state; /* running, matched, differs, failed */
    int64_t bill_lines, paid_fen, refunded_fen, our_paid_fen, our_refunded_fen, differences;
    const char *problem, *started_by;
    int64_t started_us, ended_us, tries;
};
enum err reconciliation_get(struct tx *tx, const char *day, struct reconciliation *run); /* NOT_FOUND */
/* Newest first, days before `before` (NULL: all). */
enum err reconciliation_list(struct tx *tx, const char *before, struct reconciliation *list, size_t max, size_t *count);
/* {"day",…,"items":[differences]} */
enum err reconciliation_view(struct tx *tx, const struct reconciliation *run, bool with_items, struct buf *out);

bool reconciliation_day_valid(const char *day); /* a day of the calendar */
void reconciliation_day_of(int64_t utc_us, char day[RECONCILIATION_DAY_BYTES]);
void reconciliation_span(const char *day, int64_t *from_us, int64_t *to_us);

/* Begins (again) and puts the outbox row "reconcile". account_id "": the server. */
enum err reconciliation_start(struct tx *tx, const char *day, const char *account_id, int64_t now_us);
/* Begins the oldest of the last seven days that has no end yet and whose bill is there: the bank makes it by 10:00 of
 * the next day. */
enum err reconciliation_start_due(struct tx *tx, int64_t now_us);

/* ---- one run, page by page; the caller keeps it between units ---- */

struct bill_line {
    bool is_refund;
    const char *order_id, *transaction_id, *refund_id;
    int64_t amount_fen;
};
struct reconciliation_run {
    const char *day;
    struct bill_line *lines; /* of the bill */
    size_t count, at;
    char after[80]; /* our rows: where the last page ended */
    int64_t now_us;
    struct reconciliation sums;
};
enum err reconciliation_begin(struct tx *tx, struct reconciliation_run *run); /* forgets an earlier run's differences */
enum err reconciliation_compare_lines(struct tx *tx, struct reconciliation_run *run, bool *more);
/* Sorts the lines when it begins. First the payments, then the refunds. */
enum err reconciliation_compare_payments(struct tx *tx, struct reconciliation_run *run, bool *more);
enum err reconciliation_compare_refunds(struct tx *tx, struct reconciliation_run *run, bool *more);
/* problem "": it went through. */
enum err reconciliation_end(struct tx *tx, struct reconciliation_run *run, const char *problem);

#endif
