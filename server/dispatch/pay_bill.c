#include "dispatch/pay_bill.h"

#include "base/text.h"

#define NO_COLUMN SIZE_MAX
#define YUAN_MAX  INT64_C(1000000000)

/* The line at bill->at without its end, NUL terminated; NULL behind the last one. */
static char *next_text(struct pay_bill *bill)
{
    if (bill->at >= bill->end)
        return NULL;
    char *line = bill->at, *stop = memchr(line, '\n', (size_t)(bill->end - line));
    bill->at = stop == NULL ? bill->end : stop + 1;
    if (stop == NULL)
        stop = bill->end;
    *stop = '\0';
    if (stop > line && stop[-1] == '\r')
        stop[-1] = '\0';
    return line;
}

/* Cells of a line; a header's are separated by commas, the others by comma and backquote. */
static size_t split(char *line, bool is_header, char *cells[PAY_BILL_COLUMNS_MAX])
{
    size_t count = 0;
    if (!is_header && *line == '`')
        line++;
    for (char *at = line; at != NULL && count < PAY_BILL_COLUMNS_MAX;) {
        cells[count++] = at;
        at = is_header ? strchr(at, ',') : strstr(at, ",`");
        if (at != NULL) {
            *at = '\0';
            at += is_header ? 1 : 2;
        }
    }
    return count;
}

static size_t column(char *const *cells, size_t count, const char *name, const char *or_name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(cells[i], name) == 0)
            return i;
    return or_name == NULL ? NO_COLUMN : column(cells, count, or_name, NULL);
}

enum err pay_bill_open(struct pay_bill *bill, char *text, size_t len)
{
    char *cells[PAY_BILL_COLUMNS_MAX];
    *bill = (struct pay_bill){.at = text, .end = text + len};
    if (memchr(text, '\0', len) != NULL)
        return ERR_BAD_REQUEST;
    if (text_starts(text, "\xef\xbb\xbf"))
        bill->at += 3;
    char *header = next_text(bill);
    if (header == NULL)
        return ERR_BAD_REQUEST;
    bill->columns = split(header, true, cells);
    bill->order = column(cells, bill->columns, "商户订单号", NULL);
    bill->transaction = column(cells, bill->columns, "微信订单号", NULL);
    bill->state = column(cells, bill->columns, "交易状态", NULL);
    bill->paid = column(cells, bill->columns, "订单金额", "应结订单金额");
    bill->refund = column(cells, bill->columns, "商户退款单号", NULL);
    bill->refunded = column(cells, bill->columns, "申请退款金额", "退款金额");
    const size_t needed[] = {bill->order, bill->transaction, bill->state, bill->paid, bill->refund, bill->refunded};
    for (size_t i = 0; i < countof(needed); i++)
        if (needed[i] == NO_COLUMN)
            return ERR_BAD_REQUEST;
    return ERR_NONE;
}

/* "12.50" */
static bool read_yuan(const char *text, int64_t *fen)
{
    int64_t yuan = 0, cents = 0;
    size_t digits = 0, decimals = 0;
    for (; *text >= '0' && *text <= '9' && yuan < YUAN_MAX; text++, digits++)
        yuan = yuan * 10 + (*text - '0');
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9' && decimals < 2; text++, decimals++)
            cents = cents * 10 + (*text - '0');
    *fen = yuan * 100 + (decimals == 1 ? cents * 10 : cents);
    return digits > 0 && *text == '\0' && yuan < YUAN_MAX;
}

static enum err read_totals(struct pay_bill *bill)
{
    char *cells[PAY_BILL_COLUMNS_MAX], *totals = next_text(bill);
    int64_t lines = -1;
    if (totals == NULL || split(totals, false, cells) < 2 || !text_int(cells[0], &lines))
        return ERR_BAD_REQUEST;
    return lines == (int64_t)bill->lines ? ERR_NONE : ERR_BAD_REQUEST;
}

enum err pay_bill_next(struct pay_bill *bill, struct pay_bill_line *line, bool *more)
{
    char *cells[PAY_BILL_COLUMNS_MAX], *text = next_text(bill);
    *more = false;
    if (text == NULL)
        return ERR_BAD_REQUEST; /* the totals are missing */
    if (text_starts(text, "总交易单数"))
        return read_totals(bill);
    if (*text != '`' || split(text, false, cells) != bill->columns)
        return ERR_BAD_REQUEST;
    const char *state = cells[bill->state];
    *line = (struct pay_bill_line){.is_refund = text_is(state, "REFUND"),
                                   .order_id = cells[bill->order],
                                   .transaction_id = cells[bill->transaction],
                                   .refund_id = ""};
    if (line->is_refund)
        line->refund_id = cells[bill->refund];
    else if (!text_is(state, "SUCCESS"))
        return ERR_BAD_REQUEST; /* ALL lists payments and refunds; anything else is new to us */
    if (!read_yuan(cells[line->is_refund ? bill->refunded : bill->paid], &line->amount_fen) || line->amount_fen < 1)
        return ERR_BAD_REQUEST;
    bill->lines++;
    *more = true;
    return ERR_NONE;
}
