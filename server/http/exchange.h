/* exchange — one request: decode → steps → reply. The only place where a request changes thread.
 *
 * An endpoint is straight functions in the order they happen. `decode` runs on the loop and copies what it needs out
 * of the request into its job (zeroed, in the exchange's arena). Each step names its place: READ and WRITE are store
 * steps, LANE runs on a blocking thread (password hashing, files), ASK waits for somebody else without holding any
 * thread. `reply` runs on the loop again, only if the client is still there. An error from decode or a step ends the
 * list and is answered as a problem object (RFC 9457), or in the endpoint's own form: see "how errors are spoken".
 *
 * A request whose client left is abandoned between steps, never inside one. */
#ifndef XY_EXCHANGE_H
#define XY_EXCHANGE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/role.h"
#include "store/store.h"

struct exchange;

/* ---- who is asking ---- */

struct principal {
    char id[32];        /* student or account id; "" for nobody */
    unsigned roles;     /* enum role */
    char school_id[32]; /* "" unless bound to one school */
    char login_id[72];  /* hash of the token, to log out */
};

/* ---- endpoints ---- */

typedef enum err exchange_decode(struct exchange *x, void *job);
typedef enum err exchange_lane(void *job,
                               struct arena *arena); /* arena: the exchange's; nobody else uses it meanwhile */
typedef void exchange_reply(struct exchange *x, void *job);

/* ASK: see "asking somebody else". */
struct question;
struct question_answer;
typedef enum err exchange_ask(void *job, struct question *question);
typedef enum err exchange_take(void *job, const struct question_answer *answer);

enum step_place { STEP_END, STEP_READ, STEP_WRITE, STEP_LANE, STEP_ASK };
struct step {
    enum step_place place;
    store_step *store; /* READ, WRITE */
    exchange_lane *lane;
    exchange_ask *ask; /* ASK: all three */
    exchange_take *take;
    int64_t patience_ms;
};

/* ---- how errors are spoken ----
 * Another system's protocol may want its own words for a failure, on every way to refuse its request: gate, body too
 * large, limits, full queue, decode, a step, the end of the server. Status, Retry-After and request id stay ours. */
struct failure {
    enum err e;
    enum language language;
    const char *detail; /* NULL: nothing more is known */
    const char *request_id;
};
struct failure_form {
    const char *content_type;
    void (*write)(struct buf *out, const struct failure *failure); /* any thread; pure */
};

struct endpoint {
    const char *name; /* for logs, metrics, OpenAPI operationId */
    size_t job_bytes;
    exchange_decode *decode; /* may be NULL */
    struct step steps[6];    /* ends with STEP_END */
    exchange_reply *reply;   /* NULL: 204 */
    bool idempotent_key;     /* see "writing once" */
    bool poll_cached;        /* GET whose first path parameter is a submission id and whose reply may call
                                exchange_send_cached: answered from memory while nothing changed */
    const struct failure_form *failure_form; /* NULL: problem objects */
};

#define READ(step_)                                                                                                    \
    {                                                                                                                  \
        STEP_READ, (store_step *)(step_), NULL, NULL, NULL, 0                                                          \
    }
#define WRITE(step_)                                                                                                   \
    {                                                                                                                  \
        STEP_WRITE, (store_step *)(step_), NULL, NULL, NULL, 0                                                         \
    }
#define LANE(step_)                                                                                                    \
    {                                                                                                                  \
        STEP_LANE, NULL, (exchange_lane *)(step_), NULL, NULL, 0                                                       \
    }
#define NO_STEPS                                                                                                       \
    {                                                                                                                  \
        .place = STEP_END                                                                                              \
    }
#define ASK(ask_, take_, patience_ms_)                                                                                 \
    {                                                                                                                  \
        STEP_ASK, NULL, NULL, (exchange_ask *)(ask_), (exchange_take *)(take_), (patience_ms_)                         \
    }

/* What all wrappers are made of. */
#define ENDPOINT_AS(name_, job_, reply_, idempotent_key_, poll_cached_, failure_form_, ...)                            \
    const struct endpoint endpoint_##name_ = {#name_,                                                                  \
                                              sizeof(job_),                                                            \
                                              (exchange_decode *)name_##_decode,                                       \
                                              {__VA_ARGS__},                                                           \
                                              (exchange_reply *)(reply_),                                              \
                                              idempotent_key_,                                                         \
                                              poll_cached_,                                                            \
                                              failure_form_};
/* Typed wrapper: ENDPOINT(decide, struct decide, READ(a), WRITE(b)) uses decide_decode and decide_reply. */
#define ENDPOINT(name_, job_, ...) ENDPOINT_AS(name_, job_, name_##_reply, false, false, NULL, __VA_ARGS__)
/* The same for a status poll: see exchange_send_cached and exchange_wait_for. */
#define ENDPOINT_POLLED(name_, job_, ...) ENDPOINT_AS(name_, job_, name_##_reply, false, true, NULL, __VA_ARGS__)
/* The same for a write that a client may repeat with an Idempotency-Key: see "writing once". */
#define ENDPOINT_KEYED(name_, job_, ...) ENDPOINT_AS(name_, job_, name_##_reply, true, false, NULL, __VA_ARGS__)
/* The same for another system's calls, whose errors have its form. */
#define ENDPOINT_CALLED(name_, job_, failure_form_, ...)                                                               \
    ENDPOINT_AS(name_, job_, name_##_reply, false, false, failure_form_, __VA_ARGS__)

enum http_method { METHOD_GET, METHOD_HEAD, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE };

/* One row of routes.def. Path parameters are written {name}; at most ROUTE_PARAMS_MAX of them. */
#define ROUTE_PARAMS_MAX 3
struct route {
    enum http_method method;
    const char *path;
    unsigned roles;        /* who may; ROLE_ANYONE for no login */
    size_t body_bytes_max; /* 0: no body allowed */
    const struct endpoint *endpoint;
};

/* ---- for decode: reading the request. Pointers live in the exchange's arena. ---- */

struct arena *exchange_arena(struct exchange *x);
const struct principal *exchange_principal(const struct exchange *x);
/* What the console page must send in X-CSRF: a function of the login cookie of this request, or, at login, of the new
 * token (auth_csrf_for). False: this request carries no login cookie. */
bool exchange_csrf(struct exchange *x, char out[44]);
const char *exchange_id(const struct exchange *x);         /* request id, also sent as X-Request-Id */
int64_t exchange_now_us(const struct exchange *x);         /* wall clock when the request arrived */
enum language exchange_language(const struct exchange *x); /* Accept-Language, zh first */
const char *exchange_path(const struct exchange *x,
                          const char *name); /* path parameter; never NULL for a declared one */
const char *exchange_query(const struct exchange *x, const char *name);             /* decoded; NULL when absent */
const char *exchange_header(const struct exchange *x, const char *name_lower_case); /* NULL when absent */
const char *exchange_peer(const struct exchange *x); /* client address as text, proxy-aware when trusted */
/* Body bytes; copied into the exchange's arena on first use. */
const void *exchange_body(struct exchange *x, size_t *len);
/* Decode a JSON body by field table; BAD_REQUEST or BAD_FIELD with the detail set. An empty body is {}. */
enum err exchange_json(struct exchange *x, const struct json_field *fields, size_t count, void *out);
/* A path parameter that must be one of our ids; NOT_FOUND otherwise. */
enum err exchange_path_id(struct exchange *x, const char *name, const char **id);
/* Query integer within bounds; `otherwise` when absent; BAD_FIELD with detail. */
enum err exchange_query_int(struct exchange *x, const char *name, int64_t min, int64_t max, int64_t otherwise,
                            int64_t *value);

/* The limits per SUBJECT of this endpoint (limit.h): what the request is about, as a text no other kind of subject has;
 * asked before anything is looked up, so that the known and the unknown meet the same limit. NULL: nothing. Fails with
 * RATE_LIMITED and says when; decode returns that. */
enum err exchange_limit(struct exchange *x, const char *subject);

/* Say what is wrong, once, where it is found; shown to the client. Returns e, so: return exchange_explain(x, ERR_…,
 * "…"). */
enum err exchange_explain(struct exchange *x, enum err e, const char *format, ...) PRINTF_LIKE(3, 4);
/* Steps run elsewhere; they explain through their job: a char[JSON_WHY_BYTES] that reply-on-error shows. */
void exchange_explain_from(struct exchange *x, const char *why); /* pointer into the job; read when an error is sent */

/* HTTP/1: the connection ends with this answer, whatever it is. For what is large to send again: a browser that loses a
 * connection it has used before repeats the request by itself, whole, and the page never learns of it. */
void exchange_close_after(struct exchange *x);

/* ---- for reply ---- */

void exchange_status(struct exchange *x, int status);                                         /* default 200 */
void exchange_set_header(struct exchange *x, const char *name_lower_case, const char *value); /* value copied */
struct buf *exchange_out(struct exchange *x); /* append the JSON answer here, then: */
void exchange_send(struct exchange *x);       /* application/json from exchange_out */
void exchange_send_bytes(struct exchange *x, const char *content_type, const void *bytes, size_t len); /* copied */
/* For large answers: a step puts malloc'd bytes into *bytes (a member of the job, NULL at first), decode said so with
 * exchange_free_later, and reply sends them without a copy. They are freed with the exchange, sent or not. */
void exchange_free_later(struct exchange *x, void **bytes);
void exchange_send_uncopied(struct exchange *x, const char *content_type, const void *bytes, size_t len);
void exchange_send_nothing(struct exchange *x); /* 204 */
void exchange_send_error(struct exchange *x, enum err e);
/* The status poll of a student: as exchange_send with an ETag, and kept in memory for the next poll by the same
 * `owner_id` until the submission is touched. Only in an ENDPOINT_POLLED. `etag` without quotes; the language
 * is added, so one version has one tag per language. */
void exchange_send_cached(struct exchange *x, const char *submission_id, const char *owner_id, const char *etag);
/* HttpOnly; SameSite=Strict; Path=/; over https also Secure, and the name gets the prefix __Host-. The login cookie is
 * AUTH_COOKIE (auth.h); value "" with max_age_s 0 removes it. */
void exchange_set_cookie(struct exchange *x, const char *name, const char *value, int64_t max_age_s);
void exchange_retry_after(struct exchange *x,
                          int64_t seconds); /* seconds for an error that may be repeated; default 1 */

/* ---- long polling ----
 * In reply: instead of sending, wait until the submission is touched or `wait_s` passed, then run the endpoint again
 * from decode (at most once more per touch). Only in an ENDPOINT_POLLED, and only when exchange_prefer_wait_s > 0:
 *
 *     if (exchange_if_none_match(x, etag) && exchange_prefer_wait_s(x) > 0)
 *         return exchange_wait_for(x, id, exchange_prefer_wait_s(x));
 *     … write exchange_out …
 *     exchange_send_cached(x, id, owner_id, etag); // answers 304 by itself when the tag still matches */
void exchange_wait_for(struct exchange *x, const char *submission_id, int64_t wait_s);
int64_t exchange_prefer_wait_s(const struct exchange *x); /* Prefer: wait=N, capped by config; 0 when absent or when
                                                             the wait is over */
bool exchange_if_none_match(struct exchange *x, const char *etag); /* etag without quotes, as given to send_cached */

/* ---- asking somebody else ----
 * An ASK step parks the request, with no thread and no lane held, until an answer is posted from another thread, e.g.
 * by the image worker's supervisor. `ask` starts the work, on the loop, and must not block; ERR_NONE is its promise
 * that question_answer follows exactly once, an error ends the request and nobody may answer then. `take` runs on the
 * loop, exactly once per promise while the request lives: with the answer, or with BUSY when `patience_ms` have passed
 * without one (told apart by `late`). It copies what it needs into the job; its error ends the request.
 *
 * The question is not the request: when the client leaves, the time is over or the server cuts off, the request goes
 * its way at once, and a later answer finds nobody and is dropped. So whoever is asked keeps nothing of the job or its
 * arena beyond `ask`, copies what it needs, and may look at question_wanted before it begins something expensive.
 * Answers may come until server_free, also after server_stop. */
struct question_answer {
    enum err result;
    bool late;         /* nobody answered in time */
    const void *bytes; /* valid during `take` */
    size_t len;
};
bool question_wanted(const struct question *question); /* any thread, before answering */
/* Any thread, also from inside `ask`. `bytes` are copied; NULL with 0 is fine. The question is gone afterwards. */
void question_answer(struct question *question, enum err result, const void *bytes, size_t len);

/* ---- writing once ----
 * A client may put an Idempotency-Key on a request to a keyed endpoint; without one it is run like any other. Such an
 * endpoint has exactly one WRITE step, its last one, and needs a login. With a key its reply runs inside that unit, on
 * the writer thread, right after the step, and what it answers is recorded in the same transaction: a crash leaves
 * both or neither, and a repeated request gets the same bytes. Therefore the reply of a keyed endpoint is pure (it may
 * run again), reads only its job, and answers with exchange_out/exchange_send, exchange_status and
 * exchange_set_header; no cookie, no exchange_header. While the first request is being worked on, a second one with
 * the same key is IDEM_RUNNING. The two hooks below are store steps given in struct server_options. */
struct exchange_record {
    /* in */
    const char *owner_id, *key; /* together the row's key */
    const char *request_hash;   /* 64 hex digits of method, path, query and body */
    int64_t now_us;
    struct arena *arena; /* outputs are copied here, not into tx->arena */
    /* out of find, in of put */
    bool found;
    const char *found_hash; /* differs from request_hash: the key was used for another request */
    int status;
    const char *body, *headers; /* body: NULL when body_len is 0. headers: "name: value\n" lines; "" for none */
    size_t body_len;
};
typedef enum err exchange_record_step(struct tx *tx, struct exchange_record *record);

#endif
