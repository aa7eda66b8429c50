/* payment — orders at the bank and what became of them. Money is in fen.
 *
 * A payment is created (we have a number), prepaid (the bank knows it), paid, closed, refunding (a refund is under way)
 * or refunded (all of it). Facts arrive in any order and more than once; the transaction id of the bank makes a success
 * count once, and each is booked in the ledger (ledger.h). What a success means for the submission is the workflow's
 * business: pay_succeeded is applied in the same unit. Money that cannot be used (the submission was paid already, or
 * is beyond paying) goes back by refund.h. A payment may be of a group order instead of a submission.
 * Thread: writer for changes. Strings in tx->arena. Every function is idempotent. */
#ifndef XY_PAYMENT_H
#define XY_PAYMENT_H

#include "base/buf.h"
#include "db/db.h"

struct payment {
    const char *id;                             /* out_trade_no */
    const char *submission_id, *group_order_id; /* one of them is NULL */
    const char *channel;                        /* jsapi, h5, native, transfer */
    int64_t amount_fen, refunded_fen;
    const char *state;          /* created, prepaid, paid, closed, refunding, refunded */
    const char *prepay_id;      /* "" until prepaid */
    const char *transaction_id; /* NULL until paid */
    int64_t created_us, paid_us, refunded_us, asked;
};

#define PAYMENTS_PER_SUBMISSION_MAX 32
#define PAYMENT_WINDOW_US           SECONDS_US(7200) /* the bank takes no money for an older order */
#define PAYMENT_REUSE_US            SECONDS_US(3600) /* a student gets a new order when the open one is older */

enum err payment_get(struct tx *tx, const char *id, struct payment *payment); /* NOT_FOUND */
bool payment_is_open(const struct payment *payment);                          /* nobody knows yet */
bool payment_is_paid(const struct payment *payment);                          /* the money came, wherever it is now */
/* Newest first. */
enum err payment_list(struct tx *tx, const char *submission_id, struct payment *list, size_t max, size_t *count);
/* The same of a group order. */
enum err payment_list_group(struct tx *tx, const char *group_order_id, struct payment *list, size_t max, size_t *count);
enum err payment_newest(struct tx *tx, const char *submission_id, struct payment *payment); /* NOT_FOUND */

/* All, by id, behind `after`: fsck. */
enum err payment_page(struct tx *tx, const char *after, struct payment *list, size_t max, size_t *count);

struct payment_wish {
    const char *submission_id;
    const char *channel; /* jsapi, h5 */
    const char *new_id;
    int64_t now_us;
};
/* The order to pay now: an open one over the same sum by the same channel again, else a new one with id `new_id`; the
 * others are closed by an outbox row. REFUSED when nothing is due (free, paid, or no longer payable), RATE_LIMITED
 * beyond PAYMENTS_PER_SUBMISSION_MAX orders. `*made`: it is new. */
enum err payment_start(struct tx *tx, const struct payment_wish *wish, struct payment *payment, bool *made);
enum err payment_prepaid(struct tx *tx, const char *id, const char *prepay_id);

struct payment_fact {
    const char *id, *transaction_id;
    int64_t amount_fen;
    int64_t paid_us; /* the bank's clock; 0: not said */
    int64_t now_us;
};
/* The bank says it was paid. NOT_FOUND: not our order. BAD_FIELD: not our sum. CONFLICT: paid by another transaction
 * before. With an error nothing is changed and the unit may go on. */
enum err payment_succeeded(struct tx *tx, const struct payment_fact *fact);
/* Writes down and books that it was paid, and nothing else: for money that is gone again already (refund.c). CONFLICT:
 * the transaction paid another order; nothing is changed. */
enum err payment_book(struct tx *tx, const struct payment *payment, const struct payment_fact *fact);
enum err payment_closed(struct tx *tx, const char *id); /* no effect once paid */

/* Orders whose outcome we do not know and that are due to be asked about, longest waiting first. */
enum err payment_list_open(struct tx *tx, int64_t now_us, struct payment *list, size_t max, size_t *count);
enum err payment_asked(struct tx *tx, const struct payment *payment, int64_t now_us);
/* When to ask again after having asked that often: 1 minute, doubling, at most 10. */
int64_t payment_ask_pause_us(int64_t asked);
enum err payment_count_open(struct tx *tx, int64_t *count); /* all whose outcome we do not know */

/* A callback's nonce is taken once: CONFLICT the second time (the unit may go on). */
enum err payment_nonce(struct tx *tx, const char *nonce, int64_t now_us);

#endif
