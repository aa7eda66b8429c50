/* ledger — every fen that moved, twice: what left one account came into another. Rows are only ever added.
 *
 *   bank      money WeChat Pay holds for us           fees   what students, classes and schools paid (negative: income)
 *   transfer  the same on the bank account            owed   what is to be given back and has not gone yet (negative)
 *
 *   paid             bank or transfer +   fees −
 *   refund_wanted    fees +               owed −      decided here, or learnt from the bank together with the next
 *   refund_done      owed +               bank or transfer −
 *   refund_closed    owed +               fees −      the bank will not do it
 *   refund_reopened  fees +               owed −      … and did it after all
 *   refund_yielded   owed +               fees −      the bank gave the same money back by a refund begun there
 *   refund_resumed   fees +               owed −      … and had taken this one too
 *
 * The sum over all accounts is 0 at any time, `bank` is what the bank's own books say about us. A fact about one object
 * is booked once, however often it is told. Writer. */
#ifndef XY_LEDGER_H
#define XY_LEDGER_H

#include "db/db.h"

struct ledger_entry {
    const char *fact, *object_id, *payment_id;
    const char *from, *into; /* accounts; `into` gets amount_fen, `from` loses it */
    int64_t amount_fen;      /* > 0 */
    int64_t at_us;           /* when it happened, as the bank tells */
    int64_t now_us;
};
enum err ledger_book(struct tx *tx, const struct ledger_entry *entry);

/* "bank", or "transfer" for money that came by bank transfer. */
const char *ledger_account_of(const char *channel);

#endif
