/* api — the endpoints of routes.def and the little they share.
 *
 * One file per noun, students and console apart. An endpoint reads the request in decode, works in store and lane steps
 * and answers; it decides nothing itself: legality is the workflow's, storage the store's. WeChat and the payment
 * service are reached through the function pointers below, so that this layer stands beside dispatch, not on it. */
#ifndef XY_API_H
#define XY_API_H

#include "blob/blob.h"
#include "http/auth.h"
#include "http/exchange.h"
#include "http/server.h"
#include "store/push.h"
#include "store/session_template.h"
#include "store/store.h"

/* ---- what the outside world answers; strings in the arena given ---- */

struct api_order { /* of the payment service */
    const char *payment_id, *channel, *description;
    const char *openid;        /* channel jsapi */
    bool of_page;              /* it is the service account's, not the mini program's */
    const char *payer_address; /* channel h5 */
    int64_t amount_fen, expires_us;
};
struct api_prepaid {
    const char *prepay_id;
    const char *client; /* JSON object: what lets the student pay */
};

/* A call from outside with the headers its signature covers; absent ones are "". */
struct api_signed {
    const char *id, *timestamp, *nonce, *signature, *serial;
    const void *body;
    size_t body_len;
    int64_t now_us;
};
enum api_fact { API_FACT_NONE, API_FACT_DELIVERED };
struct api_notice { /* what the courier's verified call says; NONE: nothing we act on */
    enum api_fact fact;
    const char *carrier, *tracking_no;
};
struct api_pay_notice {          /* the bank's */
    const char *refusal, *words; /* NULL: believed; else the name of what is wrong with it, and in words */
    bool not_authentic;          /* with a refusal: the signature is not theirs */
    bool is_refund;              /* else a payment that succeeded */
    const char *payment_id, *transaction_id, *refund_id, *bank_refund_id;
    const char *refund_state;       /* processing, done, abnormal, closed */
    int64_t amount_fen, refund_fen; /* of the order, of the refund */
    int64_t paid_us, accepted_us, ended_us;
};

struct api_frame {                    /* of a running camera; everything belongs to the caller */
    const char *student_id, *profile; /* profile: a name we know, or the default one is meant */
    const void *jpeg;
    size_t len; /* > 0 */
    int64_t camera_width_px;
};

/* A call of WeChat: its query (NULL when absent) and body. */
struct api_push {
    const char *signature, *timestamp, *nonce, *encrypt_type, *msg_signature, *echo;
    const void *body;
    size_t body_len;
    int64_t now_us;
};

/* The operator's service account, for students who are asked to follow it. */
struct api_service_account {
    const char *name, *media_type;
    const void *picture; /* its QR code; NULL: found by its name */
    size_t len;
};

/* ---- set once by main before server_start; everything outlives the server ---- */

struct api_context {
    struct store *store;
    const struct keyring *ring;
    struct blob_store *blobs;
    const char *web_directory; /* its openapi.yaml is served */

    /* names and meanings as in config.def */
    int64_t upload_bytes_max, uploads_per_day_max, upload_expire_ms, password_hashes_max, undo_window_ms;
    int64_t claim_lease_ms, claims_per_reviewer_max, login_idle_ms, login_absolute_ms, student_login_ms;
    int64_t idempotency_keep_ms, identity_tries_max, session_wrong_tries_max;
    bool allow_heic;
    const struct api_service_account *service_account; /* NULL: nobody can be asked to follow one */
    bool text_check; /* what students write is looked at by WeChat (effect "text_check") */

    /* Any thread, quick. ready NULL: always; `words` (64 bytes) is "starting", "stopping" or "failing" when false. */
    bool (*ready)(char words[64]);
    /* A photo profile as the OpenAPI schema Profile; only {"name"} for an unknown one. */
    void (*profile_write)(const char *name, struct buf *out);
    bool (*profile_known)(const char *name);
    bool (*profile_write_at)(size_t i, struct buf *out); /* the i-th in the same shape; false behind the last */
    const struct template_set *templates;                /* the server's own; sessions may have others */

    /* A frame to look at; loop thread, does not wait. The question is answered exactly once, by whatever thread: with
     * precheck.h's JSON, with BUSY at once when there is no room, or with what is wrong with the frame. NULL: nobody
     * looks. precheck_next_ms: when a page may ask again; 0: never. Any thread, quick. */
    void (*precheck)(const struct api_frame *frame, struct question *question);
    int64_t (*precheck_next_ms)(void);
    /* A drawing by the image worker: `json` is its request (copied), the answer its first part. Loop thread, does not
     * wait; answered exactly once, with BUSY when there is no room. NULL: nobody draws. */
    void (*draw)(const char *json, size_t len, struct question *question);
    /* How browsers and WeChat reach this server, without "/" at the end. Any thread, once it listens. */
    const char *(*public_url)(void);

    /* Lane threads: they wait for the answer. `why`: JSON_WHY_BYTES, without personal data. */
    enum err (*wechat_login)(const char *code, struct arena *arena, const char **openid, const char **unionid,
                             char *why); /* unionid: NULL when there is none */
    /* The service account's log-in, for a browser inside WeChat; both NULL: there is none. The address of WeChat's own
     * page, which comes back to the student page with code and state; session may be NULL. Any thread, quick. */
    enum err (*wechat_page_login)(const char *code, struct arena *arena, const char **openid, const char **unionid,
                                  char *why);
    const char *(*wechat_page_url)(const char *session, const char *state, struct arena *arena);
    enum err (*wechat_phone)(const char *code, struct arena *arena, const char **phone, char *why);
    /* A text message through the operator's gateway. NULL: none is set up. `id` makes it one however often it is asked
     * for; purpose: "login_code". Errors and `why`: dispatch/sms.h. */
    enum err (*sms_send)(const char *id, const char *to, const char *text, const char *purpose, struct arena *arena,
                         char *why);
    enum err (*pay_prepay)(const struct api_order *order, struct arena *arena, struct api_prepaid *prepaid, char *why);
    /* May be NULL: no such service. */
    void (*pay_verify)(const struct api_signed *given, struct arena *arena, struct api_pay_notice *notice);
    /* WRONG_CREDENTIALS: the signature is not theirs; BAD_REQUEST: not a message of theirs. */
    /* WeChat's push; both NULL: no token is configured. push_open: WRONG_CREDENTIALS, BAD_REQUEST; quick, any thread.
     */
    bool (*push_signed)(const struct api_push *given);
    enum err (*push_open)(const struct api_push *given, struct arena *arena, struct push *push);
    enum err (*courier_verify)(const struct api_signed *given, struct arena *arena, struct api_notice *notice,
                               char *why);
};

/* Copies the context, reads openapi.yaml. UNREADABLE; `why` in words. Main thread, before server_start. */
enum err api_start(const struct api_context *context, char why[256]);
void api_stop(void); /* after server_free */
const struct api_context *api(void);

const struct route *api_routes(size_t *count);
const struct limit_rule *api_limits(size_t *count); /* limits.def */

/* For struct server_options. */
enum err api_resolve(struct tx *tx, struct auth_lookup *lookup);
enum err api_seen(struct tx *tx, struct auth_sighting *sighting);
enum err api_snapshot(struct tx *tx, struct sse_snapshot *snapshot);
enum err api_record_find(struct tx *tx, struct exchange_record *record);
enum err api_record_put(struct tx *tx, struct exchange_record *record);

#endif
