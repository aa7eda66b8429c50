/* pay_bill — WeChat Pay's trade bill, line by line. CSV of its own kind: every cell begins with a backquote, cells are
 * not quoted (a comma may be inside), amounts are in yuan; behind the lines two rows of totals. Columns are found by
 * their names. Reading changes the text it is given. Pure. */
#ifndef XY_PAY_BILL_H
#define XY_PAY_BILL_H

#include "base/base.h"
#include "base/err.h"

#define PAY_BILL_COLUMNS_MAX 64

struct pay_bill_line {
    bool is_refund;
    const char *order_id, *transaction_id; /* out_trade_no and the bank's */
    const char *refund_id;                 /* out_refund_no; "" for a payment */
    int64_t amount_fen;                    /* paid, or given back */
};
struct pay_bill {
    char *at, *end;
    size_t columns, lines;
    size_t order, transaction, state, paid, refund, refunded; /* columns */
};

/* `text` has a NUL behind len. BAD_REQUEST: not a bill, or a column we need is missing. */
enum err pay_bill_open(struct pay_bill *bill, char *text, size_t len);
/* *more false behind the last line. BAD_REQUEST: a line that is not one, or fewer or more of them than the totals say.
 */
enum err pay_bill_next(struct pay_bill *bill, struct pay_bill_line *line, bool *more);

#endif
