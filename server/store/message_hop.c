#include "store/message_hop.h"

#include "store/queries.h"

enum err message_hop_put(struct tx *tx, const struct message_hop *h)
{
    return TX_RUN(tx, Q_HOP_PUT, v_text(h->message_id), v_text(h->channel), v_int(h->position), v_text(h->state),
                  v_text(h->why == NULL ? "" : h->why), v_int(h->tries), v_text(h->outside_id), v_int(h->changed_us));
}

static void read_hop(const struct rows *r, struct message_hop *h)
{
    *h = (struct message_hop){.message_id = col_text(r, 0),
                              .channel = col_text(r, 1),
                              .position = col_int(r, 2),
                              .state = col_text(r, 3),
                              .why = col_text(r, 4),
                              .tries = col_int(r, 5),
                              .outside_id = col_text(r, 6),
                              .changed_us = col_int(r, 7)};
}

enum err message_hop_list(struct tx *tx, const char *message_id, struct message_hop hops[HOPS_MAX], size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_HOP_LIST, v_text(message_id), v_int(HOPS_MAX)));
    while (*count < HOPS_MAX && rows_next(&r))
        read_hop(&r, &hops[(*count)++]);
    return rows_close(&r);
}

enum err message_hop_by_outside(struct tx *tx, const char *outside_id, struct message_hop *hop)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_HOP_BY_OUTSIDE, v_text(outside_id)));
    if (rows_next(&r))
        read_hop(&r, hop);
    return rows_close_one(&r);
}
