/* refund — money that goes back, whole or in part.
 *
 * wanted (we decided it; the bank is asked by an outbox row and, if that is lost, by the sweep), processing (the bank
 * is at it), done, abnormal (the bank could not: a person must look, then refund_again), closed (the bank will not).
 * What the bank says may come in any order and more than once; done is the last word. A refund begun at the bank takes
 * the place of one that was only wanted here: that is closed, and what is left of it asked for anew. A submission whose
 * last payment has gone back whole is told (event refunded). Money in fen. Thread: writer for changes. Strings in
 * tx->arena. */
#ifndef XY_REFUND_H
#define XY_REFUND_H

#include "db/db.h"

struct refund {
    const char *id, *payment_id; /* id: out_refund_no */
    int64_t amount_fen;
    const char *state, *reason, *problem, *bank_refund_id, *created_by;
    int64_t created_us, accepted_us, ended_us, asked;
};

#define REFUNDS_PER_PAYMENT_MAX 20 /* the bank's own limit is 50 */

enum err refund_get(struct tx *tx, const char *id, struct refund *refund); /* NOT_FOUND */
/* Oldest first. */
enum err refund_list(struct tx *tx, const char *payment_id, struct refund *list, size_t max, size_t *count);
/* Those the bank must be asked for or about, longest waiting first. */
enum err refund_list_open(struct tx *tx, int64_t now_us, struct refund *list, size_t max, size_t *count);

struct refund_new {
    const char *payment_id;
    int64_t amount_fen; /* 0: all that is left */
    const char *reason;
    const char *account_id; /* "" the server */
    int64_t now_us;
};
/* REFUSED: not paid, nothing left, more than is left, or another refund of it is under way; RATE_LIMITED beyond
 * REFUNDS_PER_PAYMENT_MAX. Nothing is sent: put an outbox row "refund", or see refund_order. Money that came by bank
 * transfer goes back by bank transfer: its refund is done at once. */
enum err refund_start(struct tx *tx, const struct refund_new *new, struct refund *made);
/* The same and the outbox row that asks the bank. */
enum err refund_order(struct tx *tx, const struct refund_new *new, struct refund *made);
/* Ask the bank again for one that is abnormal or closed; REFUSED otherwise, or when the money has gone elsewhere. */
enum err refund_again(struct tx *tx, const char *id, int64_t now_us);

struct refund_news {
    const char *id, *payment_id;
    const char *state; /* processing, done, abnormal, closed */
    const char *problem, *bank_refund_id;
    int64_t amount_fen;
    int64_t accepted_us, ended_us; /* the bank's clock; 0: not said */
    /* Of the payment, as the bank tells together with a refund: a refund may be heard of before the payment. */
    const char *transaction_id;
    int64_t total_fen, now_us;
};
/* What the bank says. NOT_FOUND: not our payment. BAD_FIELD: not our sums (nothing is changed). An unknown number is a
 * refund begun at the bank and is written down. */
enum err refund_told(struct tx *tx, const struct refund_news *news);
/* The bank refuses to do it; a person must look. No effect unless it was wanted or processing. */
enum err refund_failed(struct tx *tx, const char *id, const char *problem, int64_t now_us);
/* The next time to ask; later and later. */
enum err refund_asked(struct tx *tx, const struct refund *refund, int64_t now_us);

#endif
