#include "store/ledger.h"

#include "base/check.h"
#include "base/text.h"
#include "store/queries.h"

static enum err add_line(struct tx *tx, const struct ledger_entry *e, const char *account, int64_t amount_fen)
{
    return TX_RUN(tx, Q_LEDGER_ADD, v_text(e->fact), v_text(e->object_id), v_text(account), v_int(amount_fen),
                  v_text(e->payment_id), v_int(e->at_us), v_int(e->now_us));
}

enum err ledger_book(struct tx *tx, const struct ledger_entry *entry)
{
    CHECK(entry->amount_fen > 0);
    TRY(add_line(tx, entry, entry->into, entry->amount_fen));
    return add_line(tx, entry, entry->from, -entry->amount_fen);
}

const char *ledger_account_of(const char *channel)
{
    return text_is(channel, "transfer") ? "transfer" : "bank";
}
