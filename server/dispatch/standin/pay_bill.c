#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "dispatch/standin/bank.h"
#include "dispatch/standin/standin.h"

#define BILL_BYTES_MAX MIB(32)

/* Every cell begins with a backquote, so that spreadsheets keep the digits; amounts in yuan. */
static void put_cell(struct buf *out, const char *text, bool last)
{
    buf_printf(out, "`%s%s", text, last ? "\r\n" : ",");
}

static void put_yuan(struct buf *out, int64_t fen)
{
    buf_printf(out, "`%" PRId64 ".%02" PRId64 ",", fen / 100, fen % 100);
}

static void put_time(struct buf *out, int64_t utc_us)
{
    struct clock_civil c = clock_civil_cn(utc_us);
    buf_printf(out, "`%04d-%02d-%02d %02d:%02d:%02d,", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

static bool is_on(int64_t utc_us, const char *day)
{
    char text[40];
    struct clock_civil c = clock_civil_cn(utc_us);
    snprintf(text, sizeof text, "%04d-%02d-%02d", c.year, c.month, c.day);
    return utc_us > 0 && text_is(text, day);
}

/* One line: a payment, or with `f` a refund of it. */
static void put_line(struct buf *out, const struct bank_order *o, const struct bank_refund *f, int64_t more_fen)
{
    put_time(out, f == NULL ? o->paid_us : f->accepted_us);
    put_cell(out, o->appid, false);
    put_cell(out, STANDIN_MERCHANT, false);
    put_cell(out, "0", false);
    put_cell(out, "", false);
    put_cell(out, o->transaction_id, false);
    put_cell(out, o->id, false);
    put_cell(out, o->openid, false);
    put_cell(out, text_is(o->channel, "h5") ? "MWEB" : text_is(o->channel, "native") ? "NATIVE" : "JSAPI", false);
    put_cell(out, f == NULL ? "SUCCESS" : "REFUND", false);
    put_cell(out, "OTHERS", false);
    put_cell(out, "CNY", false);
    put_yuan(out, f == NULL ? o->amount_fen + more_fen : 0);
    put_yuan(out, 0);
    put_cell(out, f == NULL ? "0" : f->bank_refund_id, false);
    put_cell(out, f == NULL ? "0" : f->id, false);
    put_yuan(out, f == NULL ? 0 : f->amount_fen + more_fen);
    put_yuan(out, 0);
    put_cell(out, f == NULL ? "" : "ORIGINAL", false);
    put_cell(out, f == NULL ? "" : f->status, false);
    put_cell(out, "made up, by the stand-in", false); /* a comma inside: cells are not quoted */
    put_cell(out, "", false);
    put_cell(out, "0.00000", false);
    put_cell(out, "0.60%", false);
    put_yuan(out, f == NULL ? o->amount_fen + more_fen : 0);
    put_yuan(out, f == NULL ? 0 : f->amount_fen + more_fen);
    put_cell(out, "", true);
}

static size_t write_lines(struct standin_pay *p, const char *day, struct buf *out)
{
    size_t lines = 0;
    bool missing = standin_fault(p->http, "bill_missing_line", "", NULL);
    int64_t more_fen = standin_fault(p->http, "bill_other_amount", "", NULL) ? 100 : 0;
    for (size_t i = 0; i < p->order_count; i++) {
        if (!is_on(p->orders[i]->paid_us, day))
            continue;
        if (!missing) {
            put_line(out, p->orders[i], NULL, more_fen);
            lines++;
        }
        missing = false;
        more_fen = 0;
    }
    for (size_t i = 0; i < p->refund_count; i++)
        if (is_on(p->refunds[i]->accepted_us, day) && strcmp(p->refunds[i]->status, "CLOSED") != 0) {
            put_line(out, p->refunds[i]->order, p->refunds[i], 0);
            lines++;
        }
    return lines;
}

static size_t write_bill(struct standin_pay *p, const char *day, struct buf *out)
{
    buf_text(out,
             "\xef\xbb\xbf"
             "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,"
             "货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
             "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n");
    size_t lines = write_lines(p, day, out);
    if (standin_fault(p->http, "bill_unknown_order", "", NULL)) {
        struct bank_order other = {.id = "00000000000000000000000000",
                                   .transaction_id = "420000000000000000000000",
                                   .channel = "jsapi",
                                   .amount_fen = 100,
                                   .paid_us = clock_utc_us()};
        put_line(out, &other, NULL, 0);
        lines++;
    }
    buf_text(out, "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n");
    buf_printf(out, "`%zu,`0.00,`0.00,`0.00,`0.00000,`0.00,`0.00\r\n", lines);
    return lines;
}

/* The file of a day is written once for its hash and once to be sent: kept in between. */
static char kept_day[40];
static struct buf kept;

int bank_bill(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    const char *day = standin_query(r, "bill_date");
    char sha1[PKI_SHA1_TEXT_BYTES];
    if (day == NULL || strlen(day) != 10)
        return bank_refuse(out, 400, "PARAM_ERROR");
    buf_release(&kept);
    buf_init(&kept, BILL_BYTES_MAX);
    snprintf(kept_day, sizeof kept_day, "%s", day);
    if (write_bill(p, day, &kept) == 0)
        return bank_refuse(out, 400, "NO_STATEMENT_EXIST");
    pki_sha1_text(kept.bytes, kept.len, sha1);
    if (standin_fault(p->http, "bill_wrong_hash", r->path, NULL))
        sha1[0] = sha1[0] == '0' ? '1' : '0';
    json_object_open(out);
    json_put_text(out, "hash_type", "SHA1");
    json_put_text(out, "hash_value", sha1);
    json_put_text(out, "download_url",
                  arena_printf(r->arena, "https://api.mch.weixin.qq.com/v3/billdownload/file?token=%s", day));
    json_object_close(out);
    return 200;
}

int bank_bill_file(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    (void)p;
    if (!text_is(standin_query(r, "token"), kept_day))
        return bank_refuse(out, 404, "NOT_FOUND");
    r->reply->content_type = "text/plain;charset=UTF-8";
    buf_add(out, kept.bytes, kept.len);
    return 200;
}
