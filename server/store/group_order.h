/* group_order — a class or a school pays for many students at once: price times number of students, by a WeChat QR code
 * or by bank transfer that staff book. The students it covers (by student number) go on without paying, as soon as it
 * is paid or, where staff trust the payer, at once; those who link later too. A student is covered by one order at
 * most. Thread: writer for changes. Strings in tx->arena. */
#ifndef XY_GROUP_ORDER_H
#define XY_GROUP_ORDER_H

#include "db/db.h"
#include "store/payment.h"

struct group_order {
    const char *id, *session_id, *payer_name, *note;
    const char *cover; /* paid, at_once */
    int64_t price_fen, students, amount_fen;
    const char *state; /* open, paid, cancelled */
    const char *created_by;
    int64_t created_us, paid_us;
};

#define GROUP_ORDER_STUDENTS_MAX 20000
#define GROUP_ORDER_PAYMENTS_MAX 32
#define GROUP_ORDER_COVER_ROWS   100 /* in one unit */

enum err group_order_get(struct tx *tx, const char *id, struct group_order *order); /* NOT_FOUND */
/* Of one session, newest first, behind `before` (NULL: from the newest). */
enum err group_order_list(struct tx *tx, const char *session_id, const char *before, struct group_order *list,
                          size_t max, size_t *count);

struct group_order_new {
    const char *id, *session_id, *payer_name, *note, *cover, *account_id;
    const char *college, *class_name; /* whose students; "" any */
    int64_t price_fen;
    int64_t now_us;
};
/* Everybody on the roster who fits and whom no other order covers. NOT_FOUND: nobody; TOO_LARGE: more than
 * GROUP_ORDER_STUDENTS_MAX. */
enum err group_order_add(struct tx *tx, const struct group_order_new *new, struct group_order *made);
/* REFUSED once paid, or while an order at the bank is open: it might still be paid. */
enum err group_order_cancel(struct tx *tx, const char *id);

/* The order at the bank to pay by QR code: an open one again, else a new one. REFUSED unless the order is open. */
enum err group_order_payment(struct tx *tx, const char *id, const char *new_id, int64_t now_us, struct payment *payment,
                             bool *made);
enum err group_order_payments(struct tx *tx, const char *id, struct payment *list, size_t max, size_t *count);
/* Money came by bank transfer; `reference` is the booking's and unique. REFUSED unless open; CONFLICT: that reference
 * was booked before. */
enum err group_order_transfer(struct tx *tx, const char *id, const char *payment_id, const char *reference,
                              int64_t now_us);
/* A payment of it succeeded. *useful false: it was paid or cancelled before, the money must go back. */
enum err group_order_paid(struct tx *tx, const char *id, int64_t now_us, bool *useful);

/* Whether this student need not pay: for a submission that is just made. */
enum err group_order_covers(struct tx *tx, const char *session_id, const char *student_no, bool *covers);
/* Lets up to GROUP_ORDER_COVER_ROWS students behind number `after` go on; *last NULL at the end. */
enum err group_order_cover(struct tx *tx, const char *id, const char *after, int64_t now_us, const char **last,
                           size_t *moved);

#endif
