#include "base/check.h"
#include "base/text.h"
#include "dispatch/standin/bank.h"
#include "dispatch/standin/standin.h"

/* ---- H5: a page outside WeChat ---- */

#define BACK_NAME "redirect_url="

/* The page to go back to, as it came, still percent-encoded: "&amp;redirect_url=…", or "". */
static const char *back_of(const struct standin_request *r)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%-._~!*()";
    const char *at = strstr(r->query, "&" BACK_NAME);
    size_t len = at != NULL ? strcspn(at + 1, "&") : 0;
    bool good = at != NULL && strspn(at + 1 + strlen(BACK_NAME), plain) + strlen(BACK_NAME) == len;
    return good ? arena_printf(r->arena, "&amp;%.*s", (int)len, at + 1) : "";
}

static void write_page(const struct bank_order *o, const char *back, const char *said, struct buf *out)
{
    bool open = strcmp(o->state, "NOTPAY") == 0;
    buf_printf(out,
               "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">"
               "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>模拟支付</title>"
               "<style>body{font:18px/1.5 system-ui,sans-serif;margin:0 auto;max-width:26em;padding:2em 1em}"
               "b{display:block;font-size:2.4em;margin:.3em 0}button{font:inherit;width:100%%;min-height:3em;"
               "margin:.4em 0;border:1px solid #07873f;border-radius:.5em;background:#fff;color:#07873f}"
               ".go{background:#07873f;color:#fff}</style><main><h1>模拟支付 · stand-in payment</h1>"
               "<p>这不是真的微信支付，不会扣款。<br>Not the real WeChat Pay; no money moves.</p>"
               "<b>¥%" PRId64 ".%02" PRId64 "</b>",
               o->amount_fen / 100, o->amount_fen % 100);
    if (open && said[0] == '\0')
        buf_printf(
            out,
            "<form method=\"post\" action=\"/h5?prepay_id=%s&amp;do=pay%s\"><button class=\"go\">付款 · pay</button>"
            "</form><form method=\"post\" action=\"/h5?prepay_id=%s&amp;do=cancel%s\"><button>取消 · cancel</button>"
            "</form>",
            o->prepay_id, back, o->prepay_id, back);
    else
        buf_printf(out, "<p role=\"status\">%s</p>",
                   said[0] != '\0'                   ? said
                   : strcmp(o->state, "CLOSED") == 0 ? "订单已关闭 · the order is closed"
                                                     : "已付款，请回到原页面 · paid, go back to the page before");
    buf_text(out, "</main></html>");
}

int bank_page(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    const char *prepay_id = standin_query(r, "prepay_id"), *wish = standin_query(r, "do"), *said = "";
    struct bank_order *o = NULL;
    for (size_t i = 0; i < p->order_count; i++)
        if (text_is(p->orders[i]->prepay_id, prepay_id))
            o = p->orders[i];
    if (o == NULL || !text_is(o->channel, "h5"))
        return bank_refuse(out, 404, "ORDER_NOT_EXIST");
    if (text_is(r->method, "POST") && text_is(wish, "pay")) {
        struct buf ignored;
        buf_init(&ignored, KIB(8));
        (void)bank_pay(p, r, o, &ignored);
        buf_release(&ignored);
    } else if (text_is(r->method, "POST") && text_is(wish, "cancel")) {
        said = "已取消，没有付款 · cancelled, nothing was paid";
    }
    const char *back = standin_query(r, "redirect_url");
    bool is_page = back != NULL && (text_starts(back, "http://") || text_starts(back, "https://"));
    if (text_is(r->method, "POST") && is_page && text_is_control_free(back)) {
        buf_printf(&r->reply->headers, "Location: %s\r\n", back);
        return 303; /* whatever was decided: the merchant asks the bank what became of it */
    }
    r->reply->content_type = "text/html; charset=utf-8";
    write_page(o, back_of(r), said, out);
    return 200;
}

/* ---- JSAPI: what the WeChat client does with the parameters it is given ---- */

int bank_jsapi(struct standin_pay *p, const struct standin_request *r, struct buf *out)
{
    const char *appid = json_text_at(r->json, "appId", ""), *timestamp = json_text_at(r->json, "timeStamp", ""),
               *nonce = json_text_at(r->json, "nonceStr", ""), *package = json_text_at(r->json, "package", ""),
               *sign = json_text_at(r->json, "paySign", "");
    const char *text = arena_printf(r->arena, "%s\n%s\n%s\n%s\n", appid, timestamp, nonce, package);
    if (!text_is(json_text_at(r->json, "signType", NULL), "RSA") || !text_starts(package, "prepay_id=") ||
        !pki_verify(p->keys->merchant, text, strlen(text), sign))
        return bank_refuse(out, 403, "SIGN_ERROR");
    for (size_t i = 0; i < p->order_count; i++)
        if (text_is(p->orders[i]->prepay_id, package + strlen("prepay_id=")) && text_is(p->orders[i]->appid, appid))
            return bank_pay(p, r, p->orders[i], out);
    return bank_refuse(out, 404, "ORDER_NOT_EXIST");
}
