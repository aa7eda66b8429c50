/* Calls from WeChat Pay: payments that succeeded, what became of refunds. Verified on a lane thread by the code that
 * also talks to the bank; 204 only when what it says is durable. Everything else, whoever refuses, is {"code":"FAIL"}:
 * the bank comes again for a day. What is refused is audited without its contents; the same call again changes nothing.
 */
#include "api/hooks_pay.h"
#include "api/job.h"
#include "store/audit.h"
#include "store/payment.h"
#include "store/refund.h"

#include <stdatomic.h>

/* Anybody may call, so the audit takes only so many a minute; the next row says how many more there were. */
#define AUDITED_PER_MINUTE_MAX 300

struct pay_hook {
    struct job job;
    struct api_signed given;
    struct api_pay_notice notice;
    const char *refusal; /* for figures and audit; NULL: taken */
    enum err e;          /* of the refusal, said in job.why: the unit itself goes on to the audit */
};

/* ---- counting ---- */

static const char *const reasons[] = {"header_missing",     "timestamp_off",  "serial_unknown", "signature_wrong",
                                      "nonce_replayed",     "not_understood", "not_decrypted",  "merchant_other",
                                      "appid_other",        "currency_other", "order_unknown",  "amount_differs",
                                      "transaction_differs"};
static _Atomic uint64_t refused[countof(reasons)], taken;

static void count(const char *refusal)
{
    if (refusal == NULL)
        atomic_fetch_add_explicit(&taken, 1, memory_order_relaxed);
    for (size_t i = 0; i < countof(reasons) && refusal != NULL; i++)
        if (text_is(reasons[i], refusal))
            atomic_fetch_add_explicit(&refused[i], 1, memory_order_relaxed);
}

void hooks_pay_metrics(struct buf *out)
{
    buf_printf(out, "# TYPE xueying_pay_callbacks_taken_total counter\nxueying_pay_callbacks_taken_total %" PRIu64 "\n",
               atomic_load_explicit(&taken, memory_order_relaxed));
    buf_text(out, "# TYPE xueying_pay_callbacks_refused_total counter\n");
    for (size_t i = 0; i < countof(reasons); i++)
        buf_printf(out, "xueying_pay_callbacks_refused_total{reason=\"%s\"} %" PRIu64 "\n", reasons[i],
                   atomic_load_explicit(&refused[i], memory_order_relaxed));
}

/* Writer thread only. */
static struct {
    int64_t minute, audited, not_audited;
} audited;

static enum err audit_refusal(struct tx *tx, const struct pay_hook *job)
{
    int64_t minute = job->job.now_us / SECONDS_US(60);
    if (minute != audited.minute) {
        audited.minute = minute;
        audited.audited = 0;
    }
    if (audited.audited >= AUDITED_PER_MINUTE_MAX) {
        audited.not_audited++;
        return ERR_NONE;
    }
    audited.audited++;
    const char *id =
        job->notice.payment_id != NULL && crypt_id_valid(job->notice.payment_id) ? job->notice.payment_id : "";
    const struct audit_entry entry = {.at_us = job->job.now_us,
                                      .actor_kind = "server",
                                      .actor_id = "pay",
                                      .action = "pay_callback_refused",
                                      .object_kind = "payment",
                                      .object_id = id,
                                      .detail = arena_printf(tx->arena,
                                                             "{\"reason\":\"%s\",\"not_audited_before\":%" PRId64 "}",
                                                             job->refusal, audited.not_audited)};
    audited.not_audited = 0;
    return audit_add(tx, &entry);
}

/* ---- the endpoint ---- */

static const char *header_or_empty(struct exchange *x, const char *name)
{
    const char *value = exchange_header(x, name);
    return value != NULL ? value : "";
}

static enum err pay_callback_decode(struct exchange *x, struct pay_hook *job)
{
    job_begin(x, &job->job);
    if (api()->pay_verify == NULL)
        return ERR_NOT_FOUND; /* no payment service is configured */
    job->given = (struct api_signed){.id = "",
                                     .timestamp = header_or_empty(x, "wechatpay-timestamp"),
                                     .nonce = header_or_empty(x, "wechatpay-nonce"),
                                     .signature = header_or_empty(x, "wechatpay-signature"),
                                     .serial = header_or_empty(x, "wechatpay-serial"),
                                     .now_us = job->job.now_us};
    job->given.body = exchange_body(x, &job->given.body_len);
    return ERR_NONE;
}

static enum err pay_callback_verify(struct pay_hook *job, struct arena *arena)
{
    api()->pay_verify(&job->given, arena, &job->notice);
    return ERR_NONE;
}

static enum err take_notice(struct tx *tx, const struct pay_hook *job)
{
    const struct api_pay_notice *n = &job->notice;
    int64_t now_us = job->job.now_us;
    if (!n->is_refund) {
        const struct payment_fact fact = {n->payment_id, n->transaction_id, n->amount_fen, n->paid_us, now_us};
        return payment_succeeded(tx, &fact);
    }
    const struct refund_news news = {.id = n->refund_id,
                                     .payment_id = n->payment_id,
                                     .state = n->refund_state,
                                     .bank_refund_id = n->bank_refund_id,
                                     .amount_fen = n->refund_fen,
                                     .accepted_us = n->accepted_us,
                                     .ended_us = n->ended_us,
                                     .transaction_id = n->transaction_id,
                                     .total_fen = n->amount_fen,
                                     .now_us = now_us};
    return refund_told(tx, &news);
}

static void refuse(struct pay_hook *job, const char *refusal, enum err e, const char *words)
{
    job->refusal = refusal;
    job->e = job_refuse(&job->job, e, "%s", words);
}

/* The store says what fits our orders before it changes anything, so the unit may go on to the audit. */
static enum err pay_callback_write(struct tx *tx, struct pay_hook *job)
{
    job->refusal = NULL;
    if (job->notice.refusal != NULL) {
        refuse(job, job->notice.refusal, job->notice.not_authentic ? ERR_WRONG_CREDENTIALS : ERR_BAD_REQUEST,
               job->notice.words);
        return audit_refusal(tx, job);
    }
    enum err e = payment_nonce(tx, job->given.nonce, job->job.now_us);
    if (e == ERR_CONFLICT) {
        refuse(job, "nonce_replayed", ERR_CONFLICT, "the same message came before");
        return audit_refusal(tx, job);
    }
    TRY(e);
    e = take_notice(tx, job);
    if (e == ERR_NOT_FOUND)
        refuse(job, "order_unknown", e, "no such order here");
    else if (e == ERR_BAD_FIELD)
        refuse(job, "amount_differs", e, "not the amount of the order");
    else if (e == ERR_CONFLICT)
        refuse(job, "transaction_differs", e, "the order was paid by another transaction");
    else
        return e;
    return audit_refusal(tx, job);
}

static void pay_callback_reply(struct exchange *x, struct pay_hook *job)
{
    count(job->refusal);
    if (job->refusal == NULL)
        exchange_send_nothing(x);
    else
        exchange_send_error(x, job->e);
}

/* The bank reads the status; the words are for its log and for whoever looks there. */
static void write_fail(struct buf *out, const struct failure *f)
{
    json_object_open(out);
    json_put_text(out, "code", "FAIL");
    json_put_text(out, "message", f->detail != NULL ? f->detail : err_title(f->e, LANGUAGE_EN));
    json_object_close(out);
}

static const struct failure_form bank_form = {"application/json", write_fail};
ENDPOINT_CALLED(pay_callback, struct pay_hook, &bank_form, LANE(pay_callback_verify), WRITE(pay_callback_write))
