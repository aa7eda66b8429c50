/* payment — orders at the payment service and what became of them. Money is in fen.
 *
 * A payment is created (we have a number), prepaid (the service knows it), paid, closed, refunding or refunded. Facts
 * arrive in any order and more than once; the transaction id of the service makes a success count once. What a success
 * means for the submission is the workflow's business: pay_succeeded is applied in the same unit. Money that cannot be
 * used (the submission was paid already, or is beyond paying) goes back by a "refund" row.
 * Thread: writer for changes. Strings in tx->arena. Every function is idempotent. */
#ifndef XY_PAYMENT_H
#define XY_PAYMENT_H

#include "base/buf.h"
#include "db/db.h"

struct payment {
    const char *id; /* out_trade_no */
    const char *submission_id;
    int64_t amount_fen;
    const char *state;          /* created, prepaid, paid, closed, refunding, refunded */
    const char *prepay_id;      /* "" until prepaid */
    const char *transaction_id; /* NULL until paid */
    int64_t created_us, paid_us, refunded_us;
};

#define PAYMENTS_PER_SUBMISSION_MAX 32

enum err payment_get(struct tx *tx, const char *id, struct payment *payment); /* NOT_FOUND */
/* Newest first. */
enum err payment_list(struct tx *tx, const char *submission_id, struct payment *list, size_t max, size_t *count);
enum err payment_newest(struct tx *tx, const char *submission_id, struct payment *payment); /* NOT_FOUND */

/* The order to pay now: an open one over the same sum again, else a new one with id `new_id`. REFUSED when nothing is
 * due (free, paid, or no longer payable), RATE_LIMITED beyond PAYMENTS_PER_SUBMISSION_MAX orders. `*made`: it is new.
 */
enum err payment_start(struct tx *tx, const char *submission_id, const char *new_id, int64_t now_us,
                       struct payment *payment, bool *made);
enum err payment_prepaid(struct tx *tx, const char *id, const char *prepay_id);

/* The service says it was paid. NOT_FOUND: not our order. BAD_FIELD: not our sum (nothing is changed). CONFLICT: paid
 * by another transaction before. */
enum err payment_succeeded(struct tx *tx, const char *id, const char *transaction_id, int64_t amount_fen,
                           int64_t now_us);
enum err payment_closed(struct tx *tx, const char *id);    /* no effect once paid */
enum err payment_refunding(struct tx *tx, const char *id); /* only from paid; else no effect */
/* The money is back. A closed submission is told so (event refunded). */
enum err payment_refunded(struct tx *tx, const char *id, int64_t now_us);

/* Orders whose outcome we do not know yet and that are older than `before_us`, oldest first. */
enum err payment_list_open(struct tx *tx, int64_t before_us, struct payment *list, size_t max, size_t *count);

#endif
