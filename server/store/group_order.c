#include "store/group_order.h"

#include "base/text.h"
#include "store/outbox.h"
#include "store/queries.h"
#include "store/roster.h"
#include "store/rows.h"
#include "store/transition.h"

static void read_row(const struct rows *r, struct group_order *g)
{
    *g = (struct group_order){
        .id = col_text(r, 0),
        .session_id = col_text(r, 1),
        .payer_name = col_text(r, 2),
        .note = col_text(r, 3),
        .cover = col_text(r, 4),
        .price_fen = col_int(r, 5),
        .students = col_int(r, 6),
        .amount_fen = col_int(r, 7),
        .state = col_text(r, 8),
        .created_by = col_text(r, 9),
        .created_us = col_int(r, 10),
        .paid_us = col_int(r, 11),
    };
}

enum err group_order_get(struct tx *tx, const char *id, struct group_order *order)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_GROUP_ORDER_GET, v_text(id)));
    if (rows_next(&r))
        read_row(&r, order);
    return rows_close_one(&r);
}

enum err group_order_list(struct tx *tx, const char *session_id, const char *before, struct group_order *list,
                          size_t max, size_t *count)
{
    struct rows r;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_GROUP_ORDER_LIST, v_text(session_id), v_text(before != NULL ? before : "~"),
                v_int((int64_t)max)));
    while (*count < max && rows_next(&r))
        read_row(&r, &list[(*count)++]);
    return rows_close(&r);
}

/* ---- making ---- */

static enum err put_cover(struct tx *tx, const char *id, int64_t now_us)
{
    const char *payload = arena_printf(tx->arena, "{\"group_order_id\":\"%s\"}", id); /* letters and digits */
    return outbox_put(tx, arena_printf(tx->arena, "%s:cover", id), "group_cover", NULL, payload, 0, now_us);
}

static enum err count_fitting(struct tx *tx, const struct group_order_new *new, int64_t *students)
{
    struct rows r;
    *students = 0;
    TRY(TX_OPEN(tx, &r, Q_GROUP_ORDER_COUNT, v_text(new->session_id), v_text(new->college), v_text(new->class_name)));
    if (rows_next(&r))
        *students = col_int(&r, 0);
    return rows_close(&r);
}

enum err group_order_add(struct tx *tx, const struct group_order_new *new, struct group_order *made)
{
    int64_t students;
    TRY(count_fitting(tx, new, &students));
    if (students == 0)
        return ERR_NOT_FOUND;
    if (students > GROUP_ORDER_STUDENTS_MAX)
        return ERR_TOO_LARGE;
    TRY(TX_RUN(tx, Q_GROUP_ORDER_ADD, v_text(new->id), v_text(new->session_id), v_text(new->payer_name),
               v_text(new->note), v_text(new->cover), v_int(new->price_fen), v_int(students),
               v_int(new->price_fen *students), v_text(new->account_id), v_int(new->now_us)));
    TRY(TX_RUN(tx, Q_GROUP_ORDER_TAKE, v_text(new->id), v_text(new->session_id), v_text(new->college),
               v_text(new->class_name)));
    if (text_is(new->cover, "at_once"))
        TRY(put_cover(tx, new->id, new->now_us));
    return group_order_get(tx, new->id, made);
}

enum err group_order_payments(struct tx *tx, const char *id, struct payment *list, size_t max, size_t *count)
{
    return payment_list_group(tx, id, list, max, count);
}

enum err group_order_cancel(struct tx *tx, const char *id)
{
    struct group_order g;
    struct payment list[GROUP_ORDER_PAYMENTS_MAX];
    size_t count;
    TRY(group_order_get(tx, id, &g));
    TRY(group_order_payments(tx, id, list, countof(list), &count));
    if (text_is(g.state, "cancelled"))
        return ERR_NONE;
    for (size_t i = 0; i < count; i++)
        if (payment_is_open(&list[i]))
            return ERR_REFUSED;
    if (text_is(g.state, "paid"))
        return ERR_REFUSED;
    return TX_RUN(tx, Q_GROUP_ORDER_STATE, v_text("cancelled"), v_int(0), v_text(id));
}

/* ---- paying ---- */

enum err group_order_payment(struct tx *tx, const char *id, const char *new_id, int64_t now_us, struct payment *payment,
                             bool *made)
{
    struct group_order g;
    struct payment list[GROUP_ORDER_PAYMENTS_MAX];
    size_t count;
    *made = false;
    TRY(group_order_get(tx, id, &g));
    if (!text_is(g.state, "open"))
        return ERR_REFUSED;
    TRY(group_order_payments(tx, id, list, countof(list), &count));
    for (size_t i = 0; i < count; i++)
        if (payment_is_open(&list[i]) && now_us - list[i].created_us < PAYMENT_REUSE_US) {
            *payment = list[i];
            return ERR_NONE;
        }
    if (count == countof(list))
        return ERR_RATE_LIMITED;
    *made = true;
    TRY(TX_RUN(tx, Q_PAYMENT_ADD, v_text(new_id), v_null(), v_text(id), v_text("native"), v_int(g.amount_fen),
               v_int(now_us), v_int(now_us + payment_ask_pause_us(0))));
    return payment_get(tx, new_id, payment);
}

enum err group_order_transfer(struct tx *tx, const char *id, const char *payment_id, const char *reference,
                              int64_t now_us)
{
    struct group_order g;
    TRY(group_order_get(tx, id, &g));
    if (!text_is(g.state, "open"))
        return ERR_REFUSED;
    TRY(TX_RUN(tx, Q_PAYMENT_ADD, v_text(payment_id), v_null(), v_text(id), v_text("transfer"), v_int(g.amount_fen),
               v_int(now_us), v_int(now_us)));
    const struct payment_fact fact = {.id = payment_id,
                                      .transaction_id = arena_printf(tx->arena, "transfer:%s", reference),
                                      .amount_fen = g.amount_fen,
                                      .paid_us = now_us,
                                      .now_us = now_us};
    return payment_succeeded(tx, &fact);
}

enum err group_order_paid(struct tx *tx, const char *id, int64_t now_us, bool *useful)
{
    struct group_order g;
    TRY(group_order_get(tx, id, &g));
    *useful = text_is(g.state, "open");
    if (!*useful)
        return ERR_NONE;
    TRY(TX_RUN(tx, Q_GROUP_ORDER_STATE, v_text("paid"), v_int(now_us), v_text(id)));
    return put_cover(tx, id, now_us);
}

/* ---- covering ---- */

enum err group_order_covers(struct tx *tx, const char *session_id, const char *student_no, bool *covers)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_GROUP_ORDER_COVERS, v_text(session_id), v_text(student_no)));
    *covers = rows_next(&r);
    return rows_close(&r);
}

static enum err go_on(struct tx *tx, const struct submission *s, const char *order_id, int64_t now_us, size_t *moved)
{
    if (s->price_fen == 0 || s->paid)
        return ERR_NONE;
    const struct move move = {
        .submission_id = s->id,
        .event = EV_pay_succeeded,
        .expect_version = ANY_VERSION,
        .actor_kind = ACTOR_SERVER,
        .actor_id = order_id,
        .now_us = now_us,
    };
    enum err e = s->state == WF_closed ? ERR_REFUSED : transition_apply(tx, &move, NULL);
    *moved += e == ERR_NONE;
    return e == ERR_REFUSED ? ERR_NONE : e;
}

static enum err cover_one(struct tx *tx, const struct group_order *g, const char *student_no, int64_t now_us,
                          size_t *moved)
{
    struct roster_entry entry;
    struct submission s = {0};
    struct rows r;
    enum err e = roster_by_student_no(tx, g->session_id, student_no, &entry);
    if (e != ERR_NONE)
        return e == ERR_NOT_FOUND ? ERR_NONE : e; /* gone from the roster since */
    TRY(TX_OPEN(tx, &r, Q_SUBMISSION_OF_ROSTER, v_text(entry.id)));
    bool there = rows_next(&r);
    if (there)
        submission_read(&r, &s);
    TRY(rows_close(&r));
    return there ? go_on(tx, &s, g->id, now_us, moved) : ERR_NONE;
}

enum err group_order_cover(struct tx *tx, const char *id, const char *after, int64_t now_us, const char **last,
                           size_t *moved)
{
    const char *numbers[GROUP_ORDER_COVER_ROWS];
    struct group_order g;
    struct rows r;
    size_t count = 0;
    TRY(group_order_get(tx, id, &g));
    TRY(TX_OPEN(tx, &r, Q_GROUP_ORDER_STUDENTS, v_text(id), v_text(after), v_int(GROUP_ORDER_COVER_ROWS)));
    while (count < countof(numbers) && rows_next(&r))
        numbers[count++] = col_text(&r, 0);
    TRY(rows_close(&r));
    *last = count == countof(numbers) ? numbers[count - 1] : NULL;
    for (size_t i = 0; i < count; i++)
        TRY(cover_one(tx, &g, numbers[i], now_us, moved));
    return ERR_NONE;
}
