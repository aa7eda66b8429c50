#include "bench_pay.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/pki.h"
#include "bench_load.h"
#include "cli.h"
#include "store/fsck.h"
#include "store/payment.h"

#include <fcntl.h>
#include <unistd.h>

#define PAYMENTS      1000
#define TIMES_TOLD    2
#define CONNECTIONS   8
#define PRICE_FEN     1250
#define CHECKS        2000 /* signatures, for the raw side */
#define MERCHANT      "1900000109"
#define APPID         "wx-bench"
#define PUBLIC_KEY_ID "PUB_KEY_ID_BENCH"
#define API_V3_KEY    "0123456789abcdef0123456789abcdef"

struct bank {
    struct arena *arena;
    struct pki_key *key, *merchant;
    struct load_request requests[PAYMENTS * TIMES_TOLD];
    size_t given;
};

static struct load_request next(void *arg, int connection, int64_t n)
{
    struct bank *bank = arg;
    (void)connection, (void)n;
    return bank->given < countof(bank->requests) ? bank->requests[bank->given++] : (struct load_request){NULL, 0};
}

/* ---- what the bank says ---- */

static const char *sealed_fact(struct arena *arena, const struct bench_student *student, size_t number)
{
    const char *fact =
        arena_printf(arena,
                     "{\"appid\":\"" APPID "\",\"mchid\":\"" MERCHANT "\",\"out_trade_no\":\"%s\","
                     "\"transaction_id\":\"42000000%020zu\",\"trade_type\":\"JSAPI\",\"trade_state\":\"SUCCESS\","
                     "\"success_time\":\"2026-11-20T10:00:00+08:00\",\"amount\":{\"total\":%d,\"currency\":\"CNY\"}}",
                     student->payment_id, number, PRICE_FEN);
    size_t len = strlen(fact), sealed_len = len + PKI_GCM_TAG_BYTES;
    unsigned char *sealed = arena_alloc(arena, sealed_len);
    char *text = arena_alloc(arena, 4 * sealed_len / 3 + 8);
    pki_gcm_seal((const unsigned char *)API_V3_KEY, "bench-nonce1", "transaction", fact, len, sealed);
    crypt_base64(sealed, sealed_len, false, text);
    return text;
}

static struct load_request callback(const struct bank *bank, const char *sealed)
{
    char nonce[CRYPT_TOKEN_TEXT_BYTES], signature[PKI_SIGNATURE_TEXT_BYTES];
    int64_t at_s = clock_utc_us() / 1000000;
    const char *body = arena_printf(bank->arena,
                                    "{\"id\":\"bench\",\"event_type\":\"TRANSACTION.SUCCESS\","
                                    "\"resource_type\":\"encrypt-resource\",\"resource\":{"
                                    "\"original_type\":\"transaction\",\"algorithm\":\"AEAD_AES_256_GCM\","
                                    "\"associated_data\":\"transaction\",\"nonce\":\"bench-nonce1\","
                                    "\"ciphertext\":\"%s\"}}",
                                    sealed);
    crypt_token(nonce);
    nonce[32] = '\0';
    const char *text = arena_printf(bank->arena, "%" PRId64 "\n%s\n%s\n", at_s, nonce, body);
    pki_sign(bank->key, text, strlen(text), signature);
    const char *request = arena_printf(bank->arena,
                                       "POST /api/v1/hooks/pay HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                       "Content-Type: application/json\r\nWechatpay-Serial: " PUBLIC_KEY_ID "\r\n"
                                       "Wechatpay-Timestamp: %" PRId64 "\r\nWechatpay-Nonce: %s\r\n"
                                       "Wechatpay-Signature: %s\r\nContent-Length: %zu\r\n\r\n%s",
                                       at_s, nonce, signature, strlen(body), body);
    return (struct load_request){request, strlen(request)};
}

static void prepare(struct bank *bank, const struct bench_server *server)
{
    for (size_t i = 0; i < PAYMENTS; i++) {
        const char *sealed = sealed_fact(bank->arena, &server->students[i], i);
        for (size_t k = 0; k < TIMES_TOLD; k++) /* next to each other, so that they meet in the server */
            bank->requests[i * TIMES_TOLD + k] = callback(bank, sealed);
    }
}

/* ---- the server that knows this bank ---- */

static const char *put(struct bank *bank, const struct bench_server *server, const char *name, const char *text)
{
    const char *path = arena_printf(bank->arena, "%s/%s", server->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    return path;
}

static const char *pem(struct bank *bank, const struct pki_key *key, bool private_too)
{
    struct buf b;
    buf_init(&b, KIB(8));
    pki_key_write(key, private_too, &b);
    const char *text = arena_text(bank->arena, buf_cstr(&b));
    buf_release(&b);
    return text;
}

static bool start(struct bank *bank, struct bench_server *server)
{
    struct arena *a = bank->arena;
    const char *const options[] = {
        "--worker=0",
        "--standin=0",
        "--limits_scale_percent=0",
        "--wechat_appid=" APPID,
        arena_printf(a, "--wechat_secret_file=%s", put(bank, server, "secret", "secret")),
        "--pay_merchant_id=" MERCHANT,
        "--pay_certificate_serial=01",
        "--pay_url=http://127.0.0.1:1", /* nobody is asked anything */
        "--pay_public_key_id=" PUBLIC_KEY_ID,
        arena_printf(a, "--pay_private_key_file=%s",
                     put(bank, server, "merchant.pem", pem(bank, bank->merchant, true))),
        arena_printf(a, "--pay_api_v3_key_file=%s", put(bank, server, "key", API_V3_KEY)),
        arena_printf(a, "--pay_public_key_file=%s", put(bank, server, "bank.pem", pem(bank, bank->key, false))),
        NULL};
    return bench_server_start(server, options);
}

/* ---- afterwards ---- */

struct booked {
    struct fsck fsck;
    size_t paid;
    const struct bench_server *server;
};

static enum err look(struct tx *tx, void *job)
{
    struct booked *b = job;
    struct payment p;
    for (size_t i = 0; i < PAYMENTS; i++) {
        TRY(payment_get(tx, b->server->students[i].payment_id, &p));
        b->paid += payment_is_paid(&p);
    }
    return ERR_NONE;
}

/* Checks of one signature after the other by a thread that does nothing else. */
static double checks_per_s(const struct bank *bank)
{
    char signature[PKI_SIGNATURE_TEXT_BYTES];
    const char *text = bank->requests[0].bytes;
    size_t len = bank->requests[0].len, good = 0;
    pki_sign(bank->key, text, len, signature);
    int64_t begun_us = clock_mono_us();
    for (int i = 0; i < CHECKS; i++)
        good += pki_verify(bank->key, text, len, signature);
    CHECK(good == CHECKS);
    return CHECKS * 1e6 / (double)(clock_mono_us() - begun_us);
}

static bool every_payment_once(struct bench_server *server)
{
    struct cli cli;
    char option[300], name[] = "bench";
    struct booked b = {.server = server};
    snprintf(option, sizeof option, "--data_directory=%s/data", server->folder);
    char *argv[] = {name, option, NULL};
    int argc = 2;
    bool good =
        cli_open(&cli, &argc, argv, "", CLI_LOOK) == CLI_DONE && store_run(cli.store, STORE_READ, look, &b) == ERR_NONE;
    while (good && !b.fsck.done)
        good = store_run(cli.store, STORE_READ, fsck_payments, &b.fsck) == ERR_NONE;
    cli_close(&cli);
    if (good && (b.paid != PAYMENTS || b.fsck.results[FSCK_ledger].problems > 0))
        good = cli_say(CLI_FAILED, "pay: %zu of %d are paid, %" PRId64 " problems in the ledger", b.paid, PAYMENTS,
                       b.fsck.results[FSCK_ledger].problems) == CLI_DONE;
    return good;
}

bool bench_pay(struct bench_report *report)
{
    static struct bank bank;
    struct bench_server server;
    bank = (struct bank){.arena = arena_new(MIB(16)), .key = pki_key_make(), .merchant = pki_key_make()};
    bool good = bench_server_seed(&server, PAYMENTS, PRICE_FEN) && start(&bank, &server);
    struct load load = {.port = server.port, .connections = CONNECTIONS, .next = next, .arg = &bank, .status = 204};
    if (good) {
        prepare(&bank, &server);
        good = load_run(&load) && load.errors == 0;
        if (!good)
            cli_say(CLI_FAILED, "pay: %" PRId64 " errors, first status %d", load.errors, load.first_error_status);
    }
    bench_server_stop(&server);
    if (good && (good = every_payment_once(&server))) {
        bench_add(report, (struct bench_row){"pay_ack_p50", "ms", (double)load.p50_us / 1000, 0, 0});
        bench_add(report, (struct bench_row){"pay_ack_p99", "ms", (double)load.p99_us / 1000, 0, 500});
        bench_add(report, (struct bench_row){"pay_acks", "acks/s", (double)load.answers * 1e6 / (double)load.elapsed_us,
                                             checks_per_s(&bank), 0});
    }
    bench_server_remove(&server);
    pki_key_free(bank.key);
    pki_key_free(bank.merchant);
    arena_free(bank.arena);
    return good;
}
