#include "dispatch/pay_sign.h"

#include "base/check.h"
#include "base/crypt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

#include <pthread.h>

#define KEYS_MAX       8
#define SERIAL_BYTES   64
#define NONCE_BYTES    33
#define FETCH_EVERY_US SECONDS_US(12 * 3600)
#define FETCH_PAUSE_US SECONDS_US(10)
#define LIST_BYTES_MAX KIB(64)

static const char *const names[] = {
#define R(name, words) #name,
    PAY_REFUSALS(R)
#undef R
};
static const char *const words[] = {
#define R(name, words) words,
    PAY_REFUSALS(R)
#undef R
};

const char *pay_refusal_name(enum pay_refusal refusal)
{
    CHECK((size_t)refusal < countof(names));
    return names[refusal];
}

const char *pay_refusal_words(enum pay_refusal refusal)
{
    CHECK((size_t)refusal < countof(words));
    return words[refusal];
}

/* ---- what we sign ---- */

/* 32 hex digits: within the 32 characters the bank takes, and safe in a quoted header value. */
static void make_nonce(char nonce[NONCE_BYTES])
{
    unsigned char random[16];
    crypt_random(random, sizeof random);
    text_hex(random, sizeof random, nonce);
}

const char *pay_authorization(const struct pay_identity *who, const char *method, const char *path, const void *body,
                              size_t len, int64_t now_us, struct arena *arena)
{
    struct buf b;
    char nonce[NONCE_BYTES], signature[PKI_SIGNATURE_TEXT_BYTES];
    int64_t now_s = now_us / 1000000;
    make_nonce(nonce);
    buf_init(&b, PAY_BODY_BYTES_MAX + KIB(4));
    buf_printf(&b, "%s\n%s\n%" PRId64 "\n%s\n", method, path, now_s, nonce);
    buf_add(&b, body, len);
    buf_char(&b, '\n');
    CHECK(!b.over); /* our own requests are small */
    pki_sign(who->key, b.bytes, b.len, signature);
    buf_release(&b);
    return arena_printf(arena,
                        "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\"%s\",nonce_str=\"%s\",timestamp=\"%" PRId64
                        "\",serial_no=\"%s\",signature=\"%s\"",
                        who->merchant_id, nonce, now_s, who->certificate_serial, signature);
}

const char *pay_client_call(const struct pay_identity *who, const char *appid, const char *prepay_id, int64_t now_us,
                            struct arena *arena)
{
    struct buf b;
    char nonce[NONCE_BYTES], signature[PKI_SIGNATURE_TEXT_BYTES];
    make_nonce(nonce);
    const char *package = arena_printf(arena, "prepay_id=%s", prepay_id);
    const char *timestamp = arena_printf(arena, "%" PRId64, now_us / 1000000);
    const char *text = arena_printf(arena, "%s\n%s\n%s\n%s\n", appid, timestamp, nonce, package);
    pki_sign(who->key, text, strlen(text), signature);
    buf_init(&b, KIB(4));
    json_object_open(&b);
    json_put_text(&b, "appId", appid);
    json_put_text(&b, "timeStamp", timestamp);
    json_put_text(&b, "nonceStr", nonce);
    json_put_text(&b, "package", package);
    json_put_text(&b, "signType", "RSA");
    json_put_text(&b, "paySign", signature);
    json_object_close(&b);
    const char *json = arena_text_n(arena, b.bytes, b.len);
    buf_release(&b);
    return json;
}

/* ---- the bank's keys ---- */

struct bank_key {
    char serial[SERIAL_BYTES];
    int64_t ends_us; /* INT64_MAX: the public key */
    struct pki_key *key;
};

struct pay_keys {
    pthread_mutex_t lock;
    struct bank_key keys[KEYS_MAX];
    size_t count;
    char public_id[SERIAL_BYTES];
    bool wanted; /* an unknown serial was named */
    int64_t fetched_us;
};

struct pay_keys *pay_keys_new(void)
{
    struct pay_keys *keys = calloc(1, sizeof *keys);
    CHECK(keys != NULL);
    CHECK(pthread_mutex_init(&keys->lock, NULL) == 0);
    return keys;
}

void pay_keys_free(struct pay_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->count; i++)
        pki_key_free(keys->keys[i].key);
    pthread_mutex_destroy(&keys->lock);
    free(keys);
}

/* With the lock held; the key is taken over. */
static void add(struct pay_keys *keys, const char *serial, int64_t ends_us, struct pki_key *key)
{
    struct bank_key *place = NULL, *oldest = NULL;
    for (size_t i = 0; i < keys->count; i++) {
        struct bank_key *k = &keys->keys[i];
        if (strcmp(k->serial, serial) == 0)
            place = k;
        if (oldest == NULL || k->ends_us < oldest->ends_us)
            oldest = k;
    }
    if (place == NULL)
        place = keys->count < KEYS_MAX ? &keys->keys[keys->count++] : oldest;
    pki_key_free(place->key);
    snprintf(place->serial, sizeof place->serial, "%s", serial);
    place->ends_us = ends_us;
    place->key = key;
}

enum err pay_keys_add_public(struct pay_keys *keys, const char *id, const char *pem, size_t len)
{
    struct pki_key *key;
    if (id[0] == '\0' || strlen(id) >= SERIAL_BYTES)
        return ERR_CORRUPT;
    TRY(pki_key_read(pem, len, &key));
    snprintf(keys->public_id, sizeof keys->public_id, "%s", id);
    add(keys, id, INT64_MAX, key);
    return ERR_NONE;
}

const char *pay_keys_public_id(const struct pay_keys *keys)
{
    return keys->public_id;
}

/* ---- verifying ---- */

static enum pay_refusal check_head(const struct pay_signed *head, size_t len, int64_t now_us)
{
    int64_t at_s, now_s = now_us / 1000000;
    const char *const all[] = {head->serial, head->timestamp, head->nonce, head->signature};
    static const size_t max[] = {SERIAL_BYTES - 1, 20, 128, PKI_SIGNATURE_TEXT_BYTES - 1};
    for (size_t i = 0; i < countof(all); i++)
        if (all[i] == NULL || all[i][0] == '\0' || strlen(all[i]) > max[i] || !text_is_control_free(all[i]))
            return PAY_REFUSAL_header_missing;
    if (!text_int(head->timestamp, &at_s) || len > PAY_BODY_BYTES_MAX)
        return PAY_REFUSAL_header_missing;
    bool near = at_s > now_s - PAY_CLOCK_SKEW_MAX_S && at_s < now_s + PAY_CLOCK_SKEW_MAX_S;
    return near ? PAY_REFUSAL_none : PAY_REFUSAL_timestamp_off;
}

/* With the lock held. */
static enum pay_refusal check_signature(const struct bank_key *list, size_t count, const struct pay_signed *head,
                                        const struct buf *text, int64_t now_us)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].serial, head->serial) == 0 && list[i].ends_us > now_us)
            return pki_verify(list[i].key, text->bytes, text->len, head->signature) ? PAY_REFUSAL_none
                                                                                    : PAY_REFUSAL_signature_wrong;
    return PAY_REFUSAL_serial_unknown;
}

static void signed_text(struct buf *b, const struct pay_signed *head, const void *body, size_t len)
{
    buf_init(b, PAY_BODY_BYTES_MAX + KIB(1));
    buf_printf(b, "%s\n%s\n", head->timestamp, head->nonce);
    buf_add(b, body, len);
    buf_char(b, '\n');
}

enum pay_refusal pay_verify(struct pay_keys *keys, const struct pay_signed *head, const void *body, size_t len,
                            int64_t now_us)
{
    struct buf text;
    enum pay_refusal refusal = check_head(head, len, now_us);
    if (refusal != PAY_REFUSAL_none)
        return refusal;
    signed_text(&text, head, body, len);
    pthread_mutex_lock(&keys->lock);
    refusal = check_signature(keys->keys, keys->count, head, &text, now_us);
    if (refusal == PAY_REFUSAL_serial_unknown)
        keys->wanted = true;
    pthread_mutex_unlock(&keys->lock);
    buf_release(&text);
    return refusal;
}

/* ---- certificates ---- */

/* One of the list; false: cannot be read, or not valid now. */
static bool open_certificate(const struct json *item, const char *api_v3_key, int64_t now_us, struct arena *arena,
                             struct bank_key *out)
{
    struct pki_certificate certificate;
    const struct json *sealed = json_at(item, "encrypt_certificate");
    const char *text = json_text_at(sealed, "ciphertext", ""), *nonce = json_text_at(sealed, "nonce", ""),
               *about = json_text_at(sealed, "associated_data", "");
    size_t max = strlen(text), len = 0;
    unsigned char *bytes = arena_alloc(arena, max + 1);
    char *pem = arena_alloc(arena, max + 1);
    if (!crypt_unbase64(text, false, bytes, max, &len) || len <= PKI_GCM_TAG_BYTES ||
        pki_gcm_open((const unsigned char *)api_v3_key, nonce, about, bytes, len, pem) != ERR_NONE ||
        pki_certificate_read(pem, len - PKI_GCM_TAG_BYTES, &certificate) != ERR_NONE)
        return false;
    if (!text_is(json_text_at(item, "serial_no", NULL), certificate.serial) || certificate.begins_us > now_us ||
        certificate.ends_us <= now_us) {
        pki_key_free(certificate.key);
        return false;
    }
    snprintf(out->serial, sizeof out->serial, "%s", certificate.serial);
    out->ends_us = certificate.ends_us;
    out->key = certificate.key;
    return true;
}

static enum err take_list(struct pay_keys *keys, const struct bank_key *list, size_t count,
                          const struct pay_signed *head, const void *body, size_t len, int64_t now_us)
{
    struct buf text;
    enum pay_refusal refusal = check_head(head, len, now_us);
    if (refusal != PAY_REFUSAL_none)
        return ERR_UPSTREAM_REFUSED;
    signed_text(&text, head, body, len);
    pthread_mutex_lock(&keys->lock);
    refusal = check_signature(list, count, head, &text, now_us);
    if (refusal == PAY_REFUSAL_serial_unknown) /* the public key may sign them too */
        refusal = check_signature(keys->keys, keys->count, head, &text, now_us);
    for (size_t i = 0; i < count && refusal == PAY_REFUSAL_none; i++)
        add(keys, list[i].serial, list[i].ends_us, list[i].key);
    if (refusal == PAY_REFUSAL_none)
        keys->wanted = false;
    pthread_mutex_unlock(&keys->lock);
    buf_release(&text);
    return refusal == PAY_REFUSAL_none ? ERR_NONE : ERR_UPSTREAM_REFUSED;
}

enum err pay_keys_take(struct pay_keys *keys, const char *api_v3_key, const struct pay_signed *head, const void *body,
                       size_t len, int64_t now_us)
{
    struct bank_key list[KEYS_MAX];
    const struct json *tree = NULL, *data;
    size_t count = 0;
    if (len > LIST_BYTES_MAX || strlen(api_v3_key) != PKI_GCM_KEY_BYTES)
        return ERR_UPSTREAM_REFUSED;
    struct arena *arena = arena_new(MIB(32));
    enum err e = json_read(body, len, arena, &tree) == ERR_NONE ? ERR_NONE : ERR_UPSTREAM_REFUSED;
    data = e == ERR_NONE ? json_at(tree, "data") : NULL;
    for (const struct json *item = data == NULL ? NULL : data->first; item != NULL && count < KEYS_MAX;
         item = item->next)
        count += open_certificate(item, api_v3_key, now_us, arena, &list[count]);
    e = count == 0 ? ERR_UPSTREAM_REFUSED : take_list(keys, list, count, head, body, len, now_us);
    for (size_t i = 0; i < count && e != ERR_NONE; i++)
        pki_key_free(list[i].key);
    arena_free(arena);
    if (e == ERR_NONE)
        LOG(INFO, "pay.certificates", "count=%zu", count);
    else
        LOG(WARN, "pay.certificates_refused", "readable=%zu", count);
    return e;
}

bool pay_keys_due(struct pay_keys *keys, int64_t now_us)
{
    pthread_mutex_lock(&keys->lock);
    bool old = keys->count == 0 || keys->fetched_us == 0 || now_us - keys->fetched_us >= FETCH_EVERY_US;
    bool due = (old || keys->wanted) &&
               (keys->fetched_us == 0 || now_us - keys->fetched_us >= FETCH_PAUSE_US || now_us < keys->fetched_us);
    if (due)
        keys->fetched_us = now_us;
    pthread_mutex_unlock(&keys->lock);
    return due;
}
