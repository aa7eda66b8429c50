/* links: xy_standin xy_dispatch */
/* Signatures, certificates and bills of WeChat Pay by themselves: the clock's window to the second, keys that change, a
 * bill that is not one. Forged callbacks through HTTP: tests/e2e/pay_test.mjs. */
#include "base/crypt.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/pay.h"
#include "dispatch/pay_bill.h"
#include "dispatch/standin/bank.h"
#include "tests/check.h"

#define NOW_US SECONDS_US(1800000000)
#define BODY   "{\"made\":\"up\"}"

static struct pki_key *bank, *stranger;

static const char *signed_by(struct arena *a, const struct pki_key *key, const char *timestamp, const char *nonce)
{
    char *signature = arena_alloc(a, PKI_SIGNATURE_TEXT_BYTES);
    const char *text = arena_printf(a, "%s\n%s\n" BODY "\n", timestamp, nonce);
    pki_sign(key, text, strlen(text), signature);
    return signature;
}

static enum pay_refusal at(struct pay_keys *keys, const char *serial, const struct pki_key *key, int64_t off_s)
{
    struct arena *a = arena_new(KIB(64));
    const char *timestamp = arena_printf(a, "%" PRId64, NOW_US / 1000000 + off_s);
    const struct pay_signed head = {serial, timestamp, "nonce", signed_by(a, key, timestamp, "nonce")};
    enum pay_refusal refusal = pay_verify(keys, &head, BODY, strlen(BODY), NOW_US);
    arena_free(a);
    return refusal;
}

static struct pay_keys *keys_with(const char *id)
{
    struct pay_keys *keys = pay_keys_new();
    struct buf pem;
    buf_init(&pem, KIB(8));
    pki_key_write(bank, false, &pem);
    EQ_INT(ERR_NONE, pay_keys_add_public(keys, id, pem.bytes, pem.len));
    buf_release(&pem);
    return keys;
}

TEST(five_minutes_are_too_far_and_a_second_less_is_not)
{
    struct pay_keys *keys = keys_with("PUB_KEY_ID_1");
    static const int64_t good[] = {0, 299, -299}, bad[] = {300, -300, 86400, -1800000000};
    for (size_t i = 0; i < countof(good); i++)
        EQ_INT(PAY_REFUSAL_none, at(keys, "PUB_KEY_ID_1", bank, good[i]));
    for (size_t i = 0; i < countof(bad); i++)
        EQ_INT(PAY_REFUSAL_timestamp_off, at(keys, "PUB_KEY_ID_1", bank, bad[i]));
    EQ_INT(PAY_REFUSAL_signature_wrong, at(keys, "PUB_KEY_ID_1", stranger, 0));
    EQ_INT(PAY_REFUSAL_serial_unknown, at(keys, "PUB_KEY_ID_2", bank, 0));
    TRUE(pay_keys_due(keys, NOW_US));  /* somebody named an unknown serial */
    TRUE(!pay_keys_due(keys, NOW_US)); /* and that was just now */
    pay_keys_free(keys);
}

/* The list of certificates as the bank sends it: `pem` sealed with the APIv3 key. */
static const char *list_of(struct arena *a, const char *serial, const char *pem, const char *v3_key)
{
    size_t len = strlen(pem);
    unsigned char *sealed = arena_alloc(a, len + PKI_GCM_TAG_BYTES);
    char *text = arena_alloc(a, 2 * len + 64);
    pki_gcm_seal((const unsigned char *)v3_key, "0123456789ab", "certificate", pem, len, sealed);
    crypt_base64(sealed, len + PKI_GCM_TAG_BYTES, false, text);
    return arena_printf(a,
                        "{\"data\":[{\"serial_no\":\"%s\",\"encrypt_certificate\":{\"algorithm\":\"AEAD_AES_256_GCM\","
                        "\"nonce\":\"0123456789ab\",\"associated_data\":\"certificate\",\"ciphertext\":\"%s\"}}]}",
                        serial, text);
}

static enum err take(struct pay_keys *keys, const char *serial, const struct pki_key *signer, const char *list)
{
    static const char v3_key[] = "0123456789abcdef0123456789abcdef";
    struct arena *a = arena_new(MIB(1));
    char signature[PKI_SIGNATURE_TEXT_BYTES];
    const char *text = arena_printf(a, "1800000000\nn\n%s\n", list);
    pki_sign(signer, text, strlen(text), signature);
    const struct pay_signed head = {serial, "1800000000", "n", signature};
    enum err e = pay_keys_take(keys, v3_key, &head, list, strlen(list), NOW_US);
    arena_free(a);
    return e;
}

TEST(certificates_are_taken_when_the_bank_signed_them_and_both_modes_hold_meanwhile)
{
    static const char v3_key[] = "0123456789abcdef0123456789abcdef", serial[] = "5157F09EFDC096DE15EBE81A47057A72";
    struct pay_keys *keys = keys_with("PUB_KEY_ID_1");
    struct arena *a = arena_new(MIB(1));
    struct buf pem, old;
    buf_init(&pem, KIB(8));
    buf_init(&old, KIB(8));
    pki_certificate_make(stranger, serial, NOW_US - SECONDS_US(60), NOW_US + SECONDS_US(86400), &pem);
    pki_certificate_make(stranger, serial, NOW_US - SECONDS_US(86400), NOW_US - SECONDS_US(1), &old);
    const char *list = list_of(a, serial, buf_cstr(&pem), v3_key);
    EQ_INT(ERR_UPSTREAM_REFUSED, take(keys, serial, bank, list));     /* not its key */
    EQ_INT(ERR_UPSTREAM_REFUSED, take(keys, "0000", stranger, list)); /* not in it */
    EQ_INT(ERR_UPSTREAM_REFUSED, take(keys, serial, stranger, list_of(a, "01", buf_cstr(&pem), v3_key)));
    EQ_INT(ERR_UPSTREAM_REFUSED, take(keys, serial, stranger, list_of(a, serial, buf_cstr(&old), v3_key)));
    EQ_INT(ERR_UPSTREAM_REFUSED,
           take(keys, serial, stranger, list_of(a, serial, buf_cstr(&pem), "another key with 32 characters..")));
    EQ_INT(PAY_REFUSAL_serial_unknown, at(keys, serial, stranger, 0));
    EQ_INT(ERR_NONE, take(keys, serial, stranger, list));
    EQ_INT(PAY_REFUSAL_none, at(keys, serial, stranger, 0));
    EQ_INT(PAY_REFUSAL_none, at(keys, "PUB_KEY_ID_1", bank, 0));
    EQ_INT(ERR_NONE, take(keys, "PUB_KEY_ID_1", bank, list)); /* the public key may sign the list too */
    buf_release(&pem);
    buf_release(&old);
    arena_free(a);
    pay_keys_free(keys);
}

TEST(a_request_is_signed_over_its_five_lines)
{
    struct arena *a = arena_new(KIB(64));
    const struct pay_identity who = {"1900000109", "AB12", bank};
    const char *line = pay_authorization(&who, "GET", "/v3/certificates?a=1", "", 0, NOW_US, a);
    const char *nonce = strstr(line, "nonce_str=\"") + 11, *signature = strstr(line, "signature=\"") + 11;
    TRUE(text_starts(line, "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\"1900000109\","));
    const char *text = arena_printf(a, "GET\n/v3/certificates?a=1\n1800000000\n%.32s\n\n", nonce);
    TRUE(pki_verify(bank, text, strlen(text), arena_text_n(a, signature, strcspn(signature, "\""))));
    arena_free(a);
}

TEST(nothing_but_keys_are_read_as_keys)
{
    static const char *const wrong[] = {"", "x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"};
    struct pki_key *key;
    for (size_t i = 0; i < countof(wrong); i++)
        EQ_INT(ERR_CORRUPT, pki_key_read(wrong[i], strlen(wrong[i]), &key));
}

#define HEADER "交易时间,微信订单号,商户订单号,交易状态,商户退款单号,订单金额,申请退款金额\r\n"
#define PAID   "`2026-11-20 10:00:00,`T1,`01,`SUCCESS,`0,`12.50,`0.00\r\n"
#define BACK   "`2026-11-20 10:01:00,`T1,`01,`REFUND,`01-1,`0.00,`2.5\r\n"
#define TOTALS "总交易单数,总金额\r\n"

static enum err read_bill(const char *text, int64_t *paid_fen, int64_t *back_fen)
{
    struct arena *a = arena_new(KIB(64));
    struct pay_bill bill;
    struct pay_bill_line line;
    bool more = true;
    *paid_fen = *back_fen = 0;
    enum err e = pay_bill_open(&bill, arena_text(a, text), strlen(text));
    while (e == ERR_NONE && more) {
        e = pay_bill_next(&bill, &line, &more);
        if (e == ERR_NONE && more)
            *(line.is_refund ? back_fen : paid_fen) += line.amount_fen;
    }
    arena_free(a);
    return e;
}

TEST(a_bill_is_read_whole_or_not_at_all)
{
    int64_t paid_fen, back_fen;
    EQ_INT(ERR_NONE, read_bill("\xef\xbb\xbf" HEADER PAID BACK TOTALS "`2,`12.50\r\n", &paid_fen, &back_fen));
    EQ_INT(1250, paid_fen);
    EQ_INT(250, back_fen);
    EQ_INT(ERR_NONE, read_bill(HEADER TOTALS "`0,`0.00\n", &paid_fen, &back_fen));
    static const char *const wrong[] = {"",
                                        HEADER,
                                        HEADER PAID,
                                        HEADER PAID TOTALS,
                                        HEADER PAID TOTALS "`2,`12.50\r\n",
                                        "a,b\r\n" TOTALS "`0,`0\r\n",
                                        HEADER "`1,`2\r\n" TOTALS "`1,`0\r\n",
                                        HEADER "`t,`T,`01,`REVOKED,`0,`1.00,`0.00\r\n" TOTALS "`1,`0\r\n",
                                        HEADER "`t,`T,`01,`SUCCESS,`0,`1.005,`0.00\r\n" TOTALS "`1,`0\r\n",
                                        HEADER "`t,`T,`01,`SUCCESS,`0,`-1.00,`0.00\r\n" TOTALS "`1,`0\r\n"};
    for (size_t i = 0; i < countof(wrong); i++)
        if (read_bill(wrong[i], &paid_fen, &back_fen) != ERR_BAD_REQUEST)
            TEST_FAIL("taken for a bill: wrong[%zu]", i);
}

int main(void)
{
    crypt_start();
    log_open(2, LOG_ERROR_LEVEL);
    bank = pki_key_make();
    stranger = pki_key_make();
    return tests_run();
}
