/* Students: pay. The order is written down before the bank hears of it; starting again gives the open order, so no key
 * is needed. Whether it was paid is learnt from the bank only (hooks_pay.c, and its order query). */
#include "api/job.h"
#include "store/login_key.h"
#include "store/payment.h"
#include "store/student.h"
#include "store/submission.h"

struct payment_start_job {
    struct job job;
    const char *id, *new_id, *channel, *account, *peer;
    struct api_order order;
    struct api_prepaid prepaid;
};

static const struct json_field payment_start_fields[] = {
    JSON_FIELD(struct payment_start_job, channel, JSON_TO_TEXT, false, 1, 10),
    JSON_FIELD(struct payment_start_job, account, JSON_TO_TEXT, false, 1, 10)};

static enum err payment_start_decode(struct exchange *x, struct payment_start_job *job)
{
    job_begin(x, &job->job);
    job->new_id = job_new_id(&job->job);
    if (api()->pay_prepay == NULL)
        return exchange_explain(x, ERR_REFUSED, "this server has no payment service");
    TRY(exchange_path_id(x, "id", &job->id));
    job->channel = "jsapi";
    job->account = "mini";
    job->peer = arena_text(job->job.arena, exchange_peer(x));
    TRY(exchange_json(x, payment_start_fields, countof(payment_start_fields), job));
    TRY(job_choice(x, "channel", job->channel, "|jsapi|h5|"));
    return job_choice(x, "account", job->account, "|mini|page|");
}

/* WeChat's sheet opens for the account whose openid the order names: the service account's on a page inside WeChat,
 * when the student came by it; else the mini program's. */
static enum err find_payer(struct tx *tx, struct payment_start_job *job, const struct student *student)
{
    struct api_order *order = &job->order;
    const char *openid = NULL;
    enum err e = login_key_of(tx, student->id, LOGIN_PAGE, &openid);
    if (e != ERR_NONE && e != ERR_NOT_FOUND)
        return e;
    order->of_page = e == ERR_NONE && (text_is(job->account, "page") || student->openid == NULL);
    order->openid = arena_text(job->job.arena, order->of_page ? openid : student->openid);
    if (text_is(job->channel, "jsapi") && (order->openid == NULL || order->openid[0] == '\0'))
        return job_refuse(&job->job, ERR_REFUSED, "not logged in by WeChat: pay by channel h5");
    return ERR_NONE;
}

static enum err payment_start_write(struct tx *tx, struct payment_start_job *job)
{
    struct submission s;
    struct student student;
    struct payment payment;
    bool made = false;
    struct arena *arena = job->job.arena;
    TRY(submission_of_student(tx, job->id, job->job.who->id, &s));
    TRY(student_get(tx, s.student_id, &student));
    TRY(find_payer(tx, job, &student));
    const struct payment_wish wish = {s.id, job->channel, job->new_id, job->job.now_us};
    TRY(payment_start(tx, &wish, &payment, &made));
    job->job.status = made ? 201 : 200;
    job->order = (struct api_order){.openid = job->order.openid,
                                    .of_page = job->order.of_page,
                                    .payment_id = arena_text(arena, payment.id),
                                    .channel = job->channel,
                                    .description = arena_printf(arena, "Xueying %s", s.code),
                                    .payer_address = job->peer,
                                    .amount_fen = payment.amount_fen,
                                    .expires_us = payment.created_us + PAYMENT_WINDOW_US};
    return ERR_NONE;
}

static enum err payment_start_ask(struct payment_start_job *job, struct arena *arena)
{
    return api()->pay_prepay(&job->order, arena, &job->prepaid, job->job.why);
}

static enum err payment_start_keep(struct tx *tx, struct payment_start_job *job)
{
    struct buf b;
    TRY(payment_prepaid(tx, job->order.payment_id, job->prepaid.prepay_id));
    buf_init(&b, KIB(16));
    json_object_open(&b);
    json_put_text(&b, "payment_id", job->order.payment_id);
    json_put_int(&b, "amount_fen", job->order.amount_fen);
    json_put_text(&b, "channel", job->order.channel);
    json_put_raw(&b, "prepay", job->prepaid.client);
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED(payment_start, struct payment_start_job, WRITE(payment_start_write), LANE(payment_start_ask),
         WRITE(payment_start_keep))

struct payment_show {
    struct job job;
    const char *id;
};

static enum err payment_show_decode(struct exchange *x, struct payment_show *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err payment_show_read(struct tx *tx, struct payment_show *job)
{
    struct submission s;
    struct payment payment;
    struct buf b;
    TRY(submission_of_student(tx, job->id, job->job.who->id, &s));
    TRY(payment_newest(tx, s.id, &payment));
    buf_init(&b, KIB(1));
    json_object_open(&b);
    json_put_text(&b, "payment_id", payment.id);
    json_put_text(&b, "state", payment.state);
    json_put_int(&b, "amount_fen", payment.amount_fen);
    json_put_int(&b, "refunded_fen", payment.refunded_fen);
    json_put_text(&b, "channel", payment.channel);
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED(payment_show, struct payment_show, READ(payment_show_read))
