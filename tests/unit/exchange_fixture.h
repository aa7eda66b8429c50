/* exchange_fixture — a small product to ask things of: notes that are shown and written, a status poll, events.
 * Included by the tests of exchanges; its store is http_fixture's stand-in. */
#ifndef XY_TESTS_EXCHANGE_FIXTURE_H
#define XY_TESTS_EXCHANGE_FIXTURE_H

#include "http_fixture.h"

#include "base/text.h"

/* ---- endpoints of a small product: notes ---- */

static struct door write_door = DOOR;
static _Atomic int notes_written, replies_made, seen_calls;
static _Atomic bool hold_writes, fail_writes;
static char student_token[CRYPT_TOKEN_TEXT_BYTES], staff_token[CRYPT_TOKEN_TEXT_BYTES];

struct show {
    const char *id;
    const char *text;
    int64_t limit;
};

static enum err show_decode(struct exchange *x, struct show *job)
{
    job->id = exchange_path(x, "id");
    return exchange_query_int(x, "limit", 1, 100, 7, &job->limit);
}

static enum err show_read(struct tx *tx, struct show *job)
{
    (void)tx;
    job->text = "hello";
    return strcmp(job->id, "missing") == 0 ? ERR_NOT_FOUND : ERR_NONE;
}

static void show_reply(struct exchange *x, struct show *job)
{
    struct buf *b = exchange_out(x);
    json_object_open(b);
    json_put_text(b, "id", job->id);
    json_put_text(b, "text", job->text);
    json_put_int(b, "limit", job->limit);
    json_put_text(b, "who", exchange_principal(x)->id);
    json_object_close(b);
    exchange_send(x);
}
ENDPOINT(show, struct show, READ(show_read))

struct write {
    const char *text;
    int number;
    bool hashed;
    char why[JSON_WHY_BYTES];
};

static const struct json_field write_fields[] = {JSON_FIELD(struct write, text, JSON_TO_TEXT, true, 1, 20)};

static enum err write_decode(struct exchange *x, struct write *job)
{
    exchange_explain_from(x, job->why);
    return exchange_json(x, write_fields, countof(write_fields), job);
}

static enum err write_lane(struct write *job, struct arena *arena)
{
    job->text = arena_printf(arena, "%s!", job->text);
    job->hashed = true;
    return ERR_NONE;
}

static enum err write_write(struct tx *tx, struct write *job)
{
    (void)tx;
    if (atomic_load(&hold_writes))
        door_pass(&write_door);
    if (atomic_load(&fail_writes)) {
        snprintf(job->why, sizeof job->why, "note number 7 is sealed");
        return ERR_REFUSED;
    }
    job->number = atomic_fetch_add(&notes_written, 1) + 1;
    return ERR_NONE;
}

static void write_reply(struct exchange *x, struct write *job)
{
    atomic_fetch_add(&replies_made, 1);
    exchange_status(x, 201);
    exchange_set_header(x, "Location", "/notes/n1");
    json_object_open(exchange_out(x));
    json_put_text(exchange_out(x), "text", job->text);
    json_put_int(exchange_out(x), "number", job->number);
    json_object_close(exchange_out(x));
    exchange_send(x);
}
ENDPOINT(write, struct write, LANE(write_lane), WRITE(write_write))

#define keyed_decode write_decode
#define keyed_reply  write_reply
ENDPOINT_KEYED(keyed, struct write, LANE(write_lane), WRITE(write_write))

/* a status poll */
static _Atomic int poll_version = 1, poll_reads;

struct poll_job {
    const char *id;
    int version;
};

static enum err poll_decode(struct exchange *x, struct poll_job *job)
{
    job->id = exchange_path(x, "id");
    return ERR_NONE;
}

static enum err poll_read(struct tx *tx, struct poll_job *job)
{
    (void)tx;
    atomic_fetch_add(&poll_reads, 1);
    job->version = atomic_load(&poll_version);
    return ERR_NONE;
}

static void poll_reply(struct exchange *x, struct poll_job *job)
{
    char etag[32];
    snprintf(etag, sizeof etag, "v%d", job->version);
    if (exchange_if_none_match(x, etag) && exchange_prefer_wait_s(x) > 0) {
        exchange_wait_for(x, job->id, exchange_prefer_wait_s(x));
        return;
    }
    json_object_open(exchange_out(x));
    json_put_int(exchange_out(x), "version", job->version);
    json_object_close(exchange_out(x));
    exchange_send_cached(x, job->id, exchange_principal(x)->id, etag);
}
ENDPOINT_POLLED(poll, struct poll_job, READ(poll_read))

struct empty {
    int nothing;
};
#define forget_decode NULL
#define forget_reply  NULL
static enum err forget_write(struct tx *tx, struct empty *job)
{
    (void)tx;
    (void)job;
    return ERR_NONE;
}
ENDPOINT(forget, struct empty, WRITE(forget_write))

static enum err upload_decode(struct exchange *x, struct show *job)
{
    size_t len;
    exchange_body(x, &len);
    job->id = "upload";
    job->limit = (int64_t)len;
    return ERR_NONE;
}
static enum err upload_write(struct tx *tx, struct show *job)
{
    (void)tx;
    job->text = "kept";
    return ERR_NONE;
}
#define upload_reply show_reply
ENDPOINT(upload, struct show, WRITE(upload_write))

/* a question to somebody who answers when the test wants it */
#define ASK_PATIENCE_MS 300
static struct {
    pthread_mutex_t lock;
    pthread_cond_t asked;
    struct question *question; /* the last one asked and not answered */
    enum { ASKED_LATER, ASKED_AT_ONCE, ASKED_REFUSES } how;
} oracle = {.lock = PTHREAD_MUTEX_INITIALIZER, .asked = PTHREAD_COND_INITIALIZER};

struct ask_job {
    char text[64];
    enum err result;
    bool late;
};

static enum err ask_oracle(struct ask_job *job, struct question *question)
{
    (void)job;
    if (oracle.how == ASKED_REFUSES)
        return ERR_BUSY;
    if (oracle.how == ASKED_AT_ONCE) {
        question_answer(question, ERR_NONE, "at once", 7);
        return ERR_NONE;
    }
    pthread_mutex_lock(&oracle.lock);
    oracle.question = question;
    pthread_cond_signal(&oracle.asked);
    pthread_mutex_unlock(&oracle.lock);
    return ERR_NONE;
}

static enum err take_oracle(struct ask_job *job, const struct question_answer *answer)
{
    job->result = answer->result;
    job->late = answer->late;
    snprintf(job->text, sizeof job->text, "%.*s", (int)answer->len, answer->len > 0 ? (const char *)answer->bytes : "");
    return answer->result == ERR_UNREADABLE ? ERR_UNREADABLE : ERR_NONE;
}

static enum err ask_read(struct tx *tx, struct ask_job *job)
{
    (void)tx;
    job->text[strlen(job->text)] = 0x21; /* the steps behind the question run as ever */
    return ERR_NONE;
}

static void ask_reply(struct exchange *x, struct ask_job *job)
{
    json_object_open(exchange_out(x));
    json_put_text(exchange_out(x), "text", job->text);
    json_put_text(exchange_out(x), "result", err_name(job->result));
    json_put_bool(exchange_out(x), "late", job->late);
    json_object_close(exchange_out(x));
    exchange_send(x);
}
#define ask_decode NULL
ENDPOINT(ask, struct ask_job, ASK(ask_oracle, take_oracle, ASK_PATIENCE_MS), READ(ask_read))

/* called by a system with words of its own for a failure */
static void write_words(struct buf *out, const struct failure *f)
{
    buf_printf(out, "no: %s", f->detail != NULL ? f->detail : err_name(f->e));
}
static const struct failure_form words = {"text/words", write_words};
#define called_decode write_decode
#define called_reply  write_reply
ENDPOINT_CALLED(called, struct write, &words, WRITE(write_write))

static const struct route routes[] = {
    {METHOD_POST, "/called", ROLE_ANYONE, 4096, &endpoint_called},
    {METHOD_POST, "/ask", ROLE_ANYONE, 0, &endpoint_ask},
    {METHOD_GET, "/notes/{id}", ROLE_ANYONE, 0, &endpoint_show},
    {METHOD_POST, "/notes", ROLE_STUDENT, 4096, &endpoint_write},
    {METHOD_POST, "/keyed", ROLE_STUDENT, 4096, &endpoint_keyed},
    {METHOD_DELETE, "/notes/{id}", ROLE_REVIEWER, 0, &endpoint_forget},
    {METHOD_PUT, "/upload", ROLE_ANYONE, MIB(1), &endpoint_upload},
    {METHOD_GET, "/polls/{id}", ROLE_STUDENT, 0, &endpoint_poll},
    {METHOD_GET, "/events", ROLE_STAFF, 0, &endpoint_console_events},
};

/* ---- hooks ---- */

static enum err resolve(struct tx *tx, struct auth_lookup *lookup)
{
    (void)tx;
    char student[CRYPT_HASH_TEXT_BYTES], staff[CRYPT_HASH_TEXT_BYTES];
    crypt_hash_text(student_token, student);
    crypt_hash_text(staff_token, staff);
    memset(&lookup->who, 0, sizeof lookup->who);
    if (strcmp(lookup->token_hash, student) == 0) {
        snprintf(lookup->who.id, sizeof lookup->who.id, "student1");
        lookup->who.roles = ROLE_STUDENT;
    } else if (strcmp(lookup->token_hash, staff) == 0) {
        snprintf(lookup->who.id, sizeof lookup->who.id, "staff1");
        lookup->who.roles = ROLE_REVIEWER;
        lookup->idle_us = SECONDS_US(1800);
        lookup->seen_us = 0;
    } else {
        return ERR_UNAUTHENTICATED;
    }
    lookup->expires_us = lookup->now_us + SECONDS_US(3600);
    return ERR_NONE;
}

static enum err seen(struct tx *tx, struct auth_sighting *sighting)
{
    (void)tx;
    (void)sighting;
    atomic_fetch_add(&seen_calls, 1);
    return ERR_NONE;
}

/* One row is enough: owner, key, hash, answer. Touched on the reader and the writer thread. */
static struct {
    pthread_mutex_t lock;
    bool used;
    char key[64], hash[80], body[256], headers[256];
    int status;
} row = {.lock = PTHREAD_MUTEX_INITIALIZER};

static enum err record_find(struct tx *tx, struct exchange_record *record)
{
    (void)tx;
    pthread_mutex_lock(&row.lock);
    record->found = row.used && strcmp(row.key, record->key) == 0;
    if (record->found) {
        record->found_hash = arena_text(record->arena, row.hash);
        record->body = arena_text(record->arena, row.body);
        record->body_len = strlen(row.body);
        record->headers = arena_text(record->arena, row.headers);
        record->status = row.status;
    }
    pthread_mutex_unlock(&row.lock);
    return ERR_NONE;
}

static enum err record_put(struct tx *tx, struct exchange_record *record)
{
    (void)tx;
    pthread_mutex_lock(&row.lock);
    row.used = true;
    row.status = record->status;
    snprintf(row.key, sizeof row.key, "%s", record->key);
    snprintf(row.hash, sizeof row.hash, "%s", record->request_hash);
    snprintf(row.body, sizeof row.body, "%.*s", (int)record->body_len, record->body);
    snprintf(row.headers, sizeof row.headers, "%s", record->headers);
    pthread_mutex_unlock(&row.lock);
    return ERR_NONE;
}

static enum err snapshot(struct tx *tx, struct sse_snapshot *s)
{
    (void)tx;
    buf_printf(s->out, "{\"waiting\":%d}", atomic_load(&notes_written));
    return ERR_NONE;
}

/* ---- one server for each test ---- */

static struct store store;
static struct server *server;
static int port;

static void start_with(struct server_limits limits)
{
    char why[256];
    crypt_start();
    crypt_token(student_token);
    crypt_token(staff_token);
    atomic_store(&hold_writes, false);
    atomic_store(&fail_writes, false);
    atomic_store(&notes_written, 0);
    atomic_store(&replies_made, 0);
    atomic_store(&poll_reads, 0);
    row.used = false;
    oracle.question = NULL;
    oracle.how = ASKED_LATER;
    log_open(2, LOG_ERROR_LEVEL);
    fixture_store_start(&store);
    struct server_options options = {.address = "127.0.0.1",
                                     .loops = 2,
                                     .trusted_proxies = "",
                                     .routes = routes,
                                     .route_count = countof(routes),
                                     .store = &store,
                                     .resolve = resolve,
                                     .seen = seen,
                                     .record_find = record_find,
                                     .record_put = record_put,
                                     .snapshot = snapshot,
                                     .limits = limits};
    EQ_INT(ERR_NONE, server_start(&options, &server, why));
    port = server_port(server);
}

static void start(void)
{
    start_with(server_limits_default());
}

static void stop(void)
{
    server_stop(server);
    fixture_store_stop(&store);
    server_free(server);
}

/* `request` with the "@" in it replaced by the token. */
static inline const char *with_token(const char *request, const char *token)
{
    static char text[4096];
    const char *at = strchr(request, '@');
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - request), request, token, at + 1);
    return text;
}

#endif
