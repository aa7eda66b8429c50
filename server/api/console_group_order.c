/* Staff: orders of a class or a school for many students. The QR code is the bank's and is asked for before each show;
 * a bank transfer is booked by hand with its reference. */
#include "api/console_scope.h"
#include "store/payment_view.h"

struct group_job {
    struct job job;
    const char *id, *new_id;
    /* new */
    const char *payer_name, *note, *cover, *college, *class_name, *reference;
    int64_t price_fen;
    struct page page;
    struct group_order order;
    /* QR code */
    struct api_order bank_order;
    struct api_prepaid prepaid;
    struct buf request; /* owned; released by ask */
};

#define DRAW_PATIENCE_MS 5000

static enum err scope_order(struct tx *tx, struct group_job *job)
{
    struct capture_session session;
    TRY(group_order_get(tx, job->id, &job->order));
    return scope_session(tx, &job->job, job->order.session_id, &session);
}

static enum err order_body(struct tx *tx, struct group_job *job, struct buf *out)
{
    TRY(group_order_get(tx, job->id, &job->order));
    return group_order_view(tx, &job->order, out);
}

static enum err audit(struct tx *tx, struct group_job *job, const char *action)
{
    const char *what = arena_printf(tx->arena, "{\"students\":%" PRId64 ",\"amount_fen\":%" PRId64 "}",
                                    job->order.students, job->order.amount_fen);
    return scope_audit(tx, &job->job, action, "group_order", job->order.id, what);
}

/* ---- list ---- */

static enum err group_orders_decode(struct exchange *x, struct group_job *job)
{
    job_begin(x, &job->job);
    TRY(job_page(x, &job->page));
    return exchange_path_id(x, "id", &job->id);
}

static enum err group_orders_body(struct tx *tx, struct group_job *job, struct buf *out)
{
    struct group_order list[LIST_LIMIT_MAX + 1];
    size_t count, limit = (size_t)job->page.limit;
    TRY(group_order_list(tx, job->id, job->page.cursor, list, limit + 1, &count));
    json_list_open(out);
    for (size_t i = 0; i < count && i < limit; i++)
        TRY(group_order_view(tx, &list[i], out));
    json_page_close(out, count > limit ? list[limit - 1].id : NULL);
    return ERR_NONE;
}

static enum err group_orders_read(struct tx *tx, struct group_job *job)
{
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    return COMPOSE(tx, job, group_orders_body);
}
ANSWERED(group_orders, struct group_job, READ(group_orders_read))

/* ---- make ---- */

static const struct json_field make_fields[] = {
    JSON_FIELD(struct group_job, payer_name, JSON_TO_TEXT, true, 1, 80),
    JSON_FIELD(struct group_job, note, JSON_TO_TEXT, false, 0, 200),
    JSON_FIELD(struct group_job, cover, JSON_TO_TEXT, false, 1, 20),
    JSON_FIELD(struct group_job, college, JSON_TO_TEXT, false, 0, 80),
    JSON_FIELD(struct group_job, class_name, JSON_TO_TEXT, false, 0, 80),
    JSON_FIELD(struct group_job, price_fen, JSON_TO_INT, false, 1, 100000),
};

static enum err group_order_make_decode(struct exchange *x, struct group_job *job)
{
    job_begin(x, &job->job);
    job->job.status = 201;
    job->new_id = job_new_id(&job->job);
    job->note = job->college = job->class_name = "";
    job->cover = "paid";
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, make_fields, countof(make_fields), job));
    return job_choice(x, "cover", job->cover, "|paid|at_once|");
}

static enum err group_order_make_write(struct tx *tx, struct group_job *job)
{
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    int64_t price_fen = job->price_fen > 0 ? job->price_fen : session.policy.price_fen;
    if (price_fen == 0)
        return job_refuse(&job->job, ERR_REFUSED, "this session costs nothing: say price_fen");
    const struct group_order_new new = {.id = job->new_id,
                                        .session_id = session.id,
                                        .payer_name = job->payer_name,
                                        .note = job->note,
                                        .cover = job->cover,
                                        .account_id = job->job.who->id,
                                        .college = job->college,
                                        .class_name = job->class_name,
                                        .price_fen = price_fen,
                                        .now_us = job->job.now_us};
    enum err e = group_order_add(tx, &new, &job->order);
    if (e == ERR_NOT_FOUND)
        return job_refuse(&job->job, ERR_REFUSED, "nobody on the roster fits whom no other order covers");
    TRY(e);
    job->id = job->new_id;
    TRY(audit(tx, job, "group_order_made"));
    return COMPOSE(tx, job, order_body);
}
ANSWERED_ONCE(group_order_make, struct group_job, WRITE(group_order_make_write))

/* ---- book a transfer, take back ---- */

static const struct json_field booked_fields[] = {JSON_FIELD(struct group_job, reference, JSON_TO_TEXT, true, 1, 50)};

static enum err group_order_booked_decode(struct exchange *x, struct group_job *job)
{
    job_begin(x, &job->job);
    job->new_id = job_new_id(&job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    return exchange_json(x, booked_fields, countof(booked_fields), job);
}

static enum err group_order_booked_write(struct tx *tx, struct group_job *job)
{
    TRY(scope_order(tx, job));
    enum err e = group_order_transfer(tx, job->id, job->new_id, job->reference, job->job.now_us);
    if (e == ERR_REFUSED)
        return job_refuse(&job->job, e, "it is paid or taken back");
    if (e == ERR_CONFLICT)
        return job_refuse(&job->job, e, "this reference was booked before");
    TRY(e);
    TRY(audit(tx, job, "group_order_booked"));
    return COMPOSE(tx, job, order_body);
}
ANSWERED_ONCE(group_order_booked, struct group_job, WRITE(group_order_booked_write))

static enum err group_order_withdraw_decode(struct exchange *x, struct group_job *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err group_order_withdraw_write(struct tx *tx, struct group_job *job)
{
    TRY(scope_order(tx, job));
    enum err e = group_order_cancel(tx, job->id);
    if (e == ERR_REFUSED)
        return job_refuse(&job->job, e, "it is paid, or its QR code may still be paid for two hours");
    TRY(e);
    TRY(audit(tx, job, "group_order_withdrawn"));
    return COMPOSE(tx, job, order_body);
}
ANSWERED(group_order_withdraw, struct group_job, WRITE(group_order_withdraw_write))

/* ---- QR code ---- */

static enum err group_order_code_decode(struct exchange *x, struct group_job *job)
{
    job_begin(x, &job->job);
    job->new_id = job_new_id(&job->job);
    if (api()->pay_prepay == NULL)
        return exchange_explain(x, ERR_REFUSED, "this server has no payment service");
    return exchange_path_id(x, "id", &job->id);
}

static enum err group_order_code_write(struct tx *tx, struct group_job *job)
{
    struct payment payment;
    bool made = false;
    TRY(scope_order(tx, job));
    enum err e = group_order_payment(tx, job->id, job->new_id, job->job.now_us, &payment, &made);
    if (e == ERR_REFUSED)
        return job_refuse(&job->job, e, "it is paid or taken back");
    TRY(e);
    struct arena *arena = job->job.arena;
    job->bank_order = (struct api_order){.payment_id = arena_text(arena, payment.id),
                                         .channel = "native",
                                         .description = arena_printf(arena, "Xueying %" PRId64, job->order.students),
                                         .amount_fen = payment.amount_fen,
                                         .expires_us = payment.created_us + PAYMENT_WINDOW_US};
    return ERR_NONE;
}

static enum err group_order_code_ask(struct group_job *job, struct arena *arena)
{
    return api()->pay_prepay(&job->bank_order, arena, &job->prepaid, job->job.why);
}

static enum err group_order_code_keep(struct tx *tx, struct group_job *job)
{
    return payment_prepaid(tx, job->bank_order.payment_id, job->prepaid.prepay_id);
}

/* The page draws the code from its modules; without a worker it still has the text. */
static enum err group_order_code_draw(struct group_job *job, struct question *question)
{
    if (api()->draw == NULL) {
        question_answer(question, ERR_BUSY, NULL, 0);
        return ERR_NONE;
    }
    buf_init(&job->request, KIB(4));
    json_object_open(&job->request);
    json_put_text(&job->request, "kind", "qr");
    json_put_text(&job->request, "text", job->prepaid.prepay_id);
    json_object_close(&job->request);
    api()->draw(buf_cstr(&job->request), job->request.len, question);
    buf_release(&job->request);
    return ERR_NONE;
}

static enum err group_order_code_take(struct group_job *job, const struct question_answer *answer)
{
    struct buf b;
    bool drawn = answer->result == ERR_NONE;
    buf_init(&b, KIB(64));
    json_object_open(&b);
    json_put_text(&b, "payment_id", job->bank_order.payment_id);
    json_put_int(&b, "amount_fen", job->bank_order.amount_fen);
    json_put_text(&b, "code_url", job->prepaid.prepay_id);
    json_put_text(&b, "modules", drawn ? arena_text_n(job->job.arena, answer->bytes, answer->len) : "");
    json_put_time(&b, "expires", job->bank_order.expires_us);
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED(group_order_code, struct group_job, WRITE(group_order_code_write), LANE(group_order_code_ask),
         WRITE(group_order_code_keep), ASK(group_order_code_draw, group_order_code_take, DRAW_PATIENCE_MS))
