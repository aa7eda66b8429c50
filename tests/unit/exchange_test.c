/* links: xy_http xy_base */
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
#define keyed_reply write_reply
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
#define forget_reply NULL
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

static const struct route routes[] = {
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
static const char *with_token(const char *request, const char *token)
{
    static char text[4096];
    const char *at = strchr(request, '@');
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - request), request, token, at + 1);
    return text;
}

TEST(a_get_reads_and_answers)
{
    static struct answer a;
    start();
    client_ask(port, &a, "GET /notes/n%201?limit=9 HTTP/1.1\r\nHost: h\r\n\r\n");
    EQ_INT(200, a.status);
    EQ_TEXT("{\"id\":\"n 1\",\"text\":\"hello\",\"limit\":9,\"who\":\"\"}", a.body);
    EQ_TEXT("application/json", answer_header(&a, "Content-Type"));
    EQ_TEXT("no-store", answer_header(&a, "Cache-Control"));
    EQ_TEXT("nosniff", answer_header(&a, "X-Content-Type-Options"));
    EQ_TEXT("default-src 'none'; frame-ancestors 'none'", answer_header(&a, "Content-Security-Policy"));
    EQ_TEXT("xueying", answer_header(&a, "Server"));
    EQ_TEXT("", answer_header(&a, "Strict-Transport-Security"));
    TRUE(strlen(answer_header(&a, "X-Request-Id")) > 10);
    client_ask(port, &a, "HEAD /notes/n1 HTTP/1.1\r\nHost: h\r\n\r\n");
    EQ_INT(200, a.status);
    stop();
}

TEST(errors_are_problem_objects_in_the_callers_language)
{
    static struct answer a;
    start();
    client_ask(port, &a, "GET /notes/missing HTTP/1.1\r\nHost: h\r\nAccept-Language: en-GB,zh;q=0.5\r\n\r\n");
    EQ_INT(404, a.status);
    EQ_TEXT("application/problem+json", answer_header(&a, "Content-Type"));
    TRUE(strstr(a.body, "\"type\":\"urn:xueying:problem:not_found\"") != NULL);
    TRUE(strstr(a.body, "There is nothing here") != NULL);
    TRUE(strstr(a.body, answer_header(&a, "X-Request-Id")) != NULL);
    client_ask(port, &a, "GET /notes/x?limit=0 HTTP/1.1\r\nHost: h\r\n\r\n");
    EQ_INT(422, a.status);
    TRUE(strstr(a.body, "有一项填写不对") != NULL);
    TRUE(strstr(a.body, "limit must be") != NULL);
    client_ask(port, &a, "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n");
    EQ_INT(404, a.status);
    client_ask(port, &a, "PATCH /notes/x HTTP/1.1\r\nHost: h\r\n\r\n");
    EQ_INT(405, a.status);
    EQ_TEXT("GET, HEAD, DELETE", answer_header(&a, "Allow"));
    client_ask(port, &a, "TRACE /notes/x HTTP/1.1\r\nHost: h\r\n\r\n");
    EQ_INT(405, a.status);
    client_ask(port, &a, "OPTIONS /notes HTTP/1.1\r\nHost: h\r\nOrigin: http://evil\r\n\r\n");
    EQ_INT(204, a.status);
    EQ_TEXT("POST", answer_header(&a, "Allow"));
    EQ_TEXT("", answer_header(&a, "Access-Control-Allow-Origin"));
    client_ask(port, &a, "GET /notes/a%2Fb HTTP/1.1\r\nHost: h\r\n\r\n");
    EQ_INT(404, a.status);
    atomic_store(&store.refuse, 1);
    client_ask(port, &a, "GET /notes/x HTTP/1.1\r\nHost: h\r\n\r\n");
    EQ_INT(503, a.status);
    EQ_TEXT("1", answer_header(&a, "Retry-After"));
    stop();
}

TEST(a_post_goes_through_lane_and_writer)
{
    static struct answer a;
    start();
    client_ask(port, &a,
               with_token("POST /notes HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\nContent-Length: 13\r\n\r\n"
                          "{\"text\":\"hi\"}",
                          student_token));
    EQ_INT(201, a.status);
    EQ_TEXT("{\"text\":\"hi!\",\"number\":1}", a.body);
    EQ_TEXT("/notes/n1", answer_header(&a, "Location"));
    atomic_store(&fail_writes, true);
    client_ask(port, &a,
               with_token("POST /notes HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\nContent-Length: 13\r\n\r\n"
                          "{\"text\":\"hi\"}",
                          student_token));
    EQ_INT(409, a.status);
    TRUE(strstr(a.body, "note number 7 is sealed") != NULL);
    client_ask(port, &a,
               with_token("POST /notes HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\nContent-Length: 8\r\n\r\n"
                          "{\"x\":12}",
                          student_token));
    EQ_INT(422, a.status);
    stop();
}


/* ---- who ---- */

TEST(roles_are_asked_for)
{
    static struct answer a;
    start();
    client_ask(port, &a, "POST /notes HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    EQ_INT(401, a.status);
    EQ_TEXT("Bearer", answer_header(&a, "WWW-Authenticate"));
    client_ask(port, &a, with_token("DELETE /notes/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n\r\n", student_token));
    EQ_INT(403, a.status);
    client_ask(port, &a, with_token("DELETE /notes/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n\r\n", staff_token));
    EQ_INT(204, a.status);
    char other[CRYPT_TOKEN_TEXT_BYTES];
    crypt_token(other);
    client_ask(port, &a, with_token("DELETE /notes/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n\r\n", other));
    EQ_INT(401, a.status);
    stop();
}

static void delete_by_cookie(struct answer *a, const char *token, const char *more)
{
    static char request[2048];
    snprintf(request, sizeof request, "DELETE /notes/x HTTP/1.1\r\nHost: h\r\nCookie: a=b; xy=%s; c=d\r\n%s\r\n", token,
             more);
    client_ask(port, a, request);
}

TEST(a_cookie_needs_our_own_page)
{
    static struct answer a;
    char csrf[AUTH_CSRF_TEXT_BYTES], more[256];
    start();
    auth_csrf_for(staff_token, csrf);
    delete_by_cookie(&a, staff_token, "");
    EQ_INT(403, a.status);
    TRUE(strstr(a.body, "\"code\":\"csrf\"") != NULL);
    snprintf(more, sizeof more, "X-CSRF: %s\r\n", csrf);
    delete_by_cookie(&a, staff_token, more);
    EQ_INT(204, a.status);
    snprintf(more, sizeof more, "X-CSRF: %s\r\nOrigin: http://h\r\nSec-Fetch-Site: same-origin\r\n", csrf);
    delete_by_cookie(&a, staff_token, more);
    EQ_INT(204, a.status);
    snprintf(more, sizeof more, "X-CSRF: %s\r\nOrigin: http://evil\r\n", csrf);
    delete_by_cookie(&a, staff_token, more);
    EQ_INT(403, a.status);
    snprintf(more, sizeof more, "X-CSRF: %s\r\nSec-Fetch-Site: same-site\r\n", csrf);
    delete_by_cookie(&a, staff_token, more);
    EQ_INT(403, a.status);
    csrf[3] = csrf[3] == 'a' ? 'b' : 'a';
    snprintf(more, sizeof more, "X-CSRF: %s\r\n", csrf);
    delete_by_cookie(&a, staff_token, more);
    EQ_INT(403, a.status);
    client_ask(port, &a, "PUT /upload HTTP/1.1\r\nHost: h\r\nOrigin: http://evil\r\nContent-Length: 0\r\n\r\n");
    EQ_INT(403, a.status); /* nobody's cookie, but another site's page: no login CSRF */
    stop();
}

TEST(a_forgotten_login_is_asked_again)
{
    static struct answer a;
    start();
    const char *request = "DELETE /notes/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n\r\n";
    client_ask(port, &a, with_token(request, staff_token));
    EQ_INT(204, a.status);
    char old[CRYPT_TOKEN_TEXT_BYTES];
    memcpy(old, staff_token, sizeof old);
    crypt_token(staff_token); /* the resolver does not know the old one any more */
    client_ask(port, &a, with_token(request, old));
    EQ_INT(204, a.status); /* remembered */
    struct store_change change = {TOPIC_LOGIN, "staff1"};
    server_announce(server, &change, 1);
    client_ask(port, &a, with_token(request, old));
    EQ_INT(401, a.status);
    stop();
}

/* ---- writing once ---- */

static void post_keyed(struct answer *a, const char *key, const char *body)
{
    static char request[2048];
    snprintf(request, sizeof request,
             "POST /keyed HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nIdempotency-Key: %s\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             student_token, key, strlen(body), body);
    client_ask(port, a, request);
}

TEST(the_same_key_writes_once_and_answers_the_same)
{
    static struct answer first, second;
    start();
    post_keyed(&first, "k1", "{\"text\":\"hi\"}");
    EQ_INT(201, first.status);
    EQ_TEXT("", answer_header(&first, "Idempotency-Replayed"));
    post_keyed(&second, "k1", "{\"text\":\"hi\"}");
    EQ_INT(201, second.status);
    EQ_TEXT(first.body, second.body);
    EQ_TEXT("/notes/n1", answer_header(&second, "Location"));
    EQ_TEXT("true", answer_header(&second, "Idempotency-Replayed"));
    EQ_INT(1, atomic_load(&notes_written));
    post_keyed(&second, "k1", "{\"text\":\"ho\"}");
    EQ_INT(422, second.status);
    TRUE(strstr(second.body, "idem_mismatch") != NULL);
    post_keyed(&second, "", "{\"text\":\"ho\"}");
    EQ_INT(400, second.status);
    EQ_INT(1, atomic_load(&notes_written));
    stop();
}

TEST(a_refused_write_leaves_its_key_free)
{
    static struct answer a;
    start();
    atomic_store(&fail_writes, true);
    post_keyed(&a, "k2", "{\"text\":\"hi\"}");
    EQ_INT(409, a.status);
    atomic_store(&fail_writes, false);
    post_keyed(&a, "k2", "{\"text\":\"hi\"}");
    EQ_INT(201, a.status);
    EQ_INT(1, atomic_load(&notes_written));
    stop();
}

TEST(a_key_that_is_being_worked_on_is_refused)
{
    static struct answer a;
    static char request[1024];
    start();
    atomic_store(&hold_writes, true);
    snprintf(request, sizeof request,
             "POST /keyed HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\nIdempotency-Key: k3\r\n"
             "Content-Length: 13\r\n\r\n{\"text\":\"hi\"}",
             student_token);
    int fd = client_connect(port);
    client_text(fd, request);
    door_wait_for_visitor(&write_door);
    post_keyed(&a, "k3", "{\"text\":\"hi\"}");
    EQ_INT(409, a.status);
    TRUE(strstr(a.body, "idem_running") != NULL);
    EQ_TEXT("1", answer_header(&a, "Retry-After"));
    atomic_store(&hold_writes, false);
    door_let(&write_door, 1);
    client_read(fd, &a, true);
    EQ_INT(201, a.status);
    close(fd);
    stop();
}

/* ---- polls ---- */

static void poll_once(int fd, struct answer *a, const char *more)
{
    static char request[2048];
    snprintf(request, sizeof request, "GET /polls/s1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer %s\r\n%s\r\n",
             student_token, more);
    client_text(fd, request);
    if (client_read_head(fd, a) && a->status == 200) {
        size_t want = (size_t)strtoul(answer_header(a, "Content-Length"), NULL, 10);
        a->body_len = (size_t)recv(fd, a->body, want, MSG_WAITALL);
        a->body[a->body_len] = 0;
    }
}

static void touch(const char *id)
{
    struct store_change change = {TOPIC_SUBMISSION, ""};
    snprintf(change.id, sizeof change.id, "%s", id);
    server_announce(server, &change, 1);
}

TEST(a_poll_is_answered_from_memory_until_it_is_touched)
{
    static struct answer a;
    struct server_stats stats;
    start();
    int fd = client_connect(port);
    atomic_store(&poll_version, 1);
    poll_once(fd, &a, "");
    EQ_INT(200, a.status);
    EQ_TEXT("\"v1-zh\"", answer_header(&a, "ETag"));
    EQ_TEXT("{\"version\":1}", a.body);
    int units = atomic_load(&store.units);
    poll_once(fd, &a, "");
    EQ_INT(200, a.status);
    EQ_TEXT("{\"version\":1}", a.body);
    EQ_TEXT("nosniff", answer_header(&a, "X-Content-Type-Options"));
    poll_once(fd, &a, "If-None-Match: \"v1-zh\"\r\n");
    EQ_INT(304, a.status);
    EQ_TEXT("\"v1-zh\"", answer_header(&a, "ETag"));
    EQ_INT(units, atomic_load(&store.units));
    server_stats(server, &stats);
    EQ_INT(1, stats.poll_hits_200);
    EQ_INT(1, stats.poll_hits_304);
    poll_once(fd, &a, "If-None-Match: \"v1-zh\"\r\nAccept-Language: en\r\n");
    EQ_INT(200, a.status); /* another language is another answer */
    EQ_TEXT("\"v1-en\"", answer_header(&a, "ETag"));
    atomic_store(&poll_version, 2);
    touch("s1");
    poll_once(fd, &a, "If-None-Match: \"v1-zh\"\r\n");
    EQ_INT(200, a.status);
    EQ_TEXT("{\"version\":2}", a.body);
    poll_once(fd, &a, "If-None-Match: \"v2-zh\"\r\n");
    EQ_INT(304, a.status);
    close(fd);
    stop();
}

static void wait_until_parked(size_t count)
{
    struct server_stats stats;
    do {
        sched_yield();
        server_stats(server, &stats);
    } while (stats.parked != count);
}

TEST(a_long_poll_waits_for_the_touch)
{
    static struct answer a;
    start();
    atomic_store(&poll_version, 5);
    int fd = client_connect(port);
    poll_once(fd, &a, "");
    client_text(fd, with_token("GET /polls/s1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n"
                               "If-None-Match: \"v5-zh\"\r\nPrefer: wait=20\r\n\r\n",
                               student_token));
    wait_until_parked(1);
    touch("another"); /* wakes nobody */
    wait_until_parked(1);
    atomic_store(&poll_version, 6);
    touch("s1");
    client_read(fd, &a, true);
    EQ_INT(200, a.status);
    EQ_TEXT("{\"version\":6}", a.body);
    wait_until_parked(0);
    client_text(fd, with_token("GET /polls/s1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n"
                               "If-None-Match: \"v6-zh\"\r\nPrefer: wait=1\r\n\r\n",
                               student_token));
    TRUE(client_read_head(fd, &a));
    EQ_INT(304, a.status); /* nothing happened for a second */
    close(fd);
    stop();
}

TEST(too_many_long_polls_are_answered_at_once)
{
    static struct answer a;
    struct server_limits limits = server_limits_default();
    limits.poll_parked_max = 1;
    start_with(limits);
    atomic_store(&poll_version, 1);
    int first = client_connect(port), second = client_connect(port);
    const char *request = with_token("GET /polls/s1 HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n"
                                     "If-None-Match: \"v1-zh\"\r\nPrefer: wait=20\r\n\r\n",
                                     student_token);
    client_text(first, request);
    wait_until_parked(1);
    client_text(second, request);
    TRUE(client_read_head(second, &a));
    EQ_INT(304, a.status);
    wait_until_parked(1);
    close(second);
    server_stop(server); /* a stop answers those who wait */
    TRUE(client_read_head(first, &a));
    EQ_INT(304, a.status);
    EQ_TEXT("close", answer_header(&a, "Connection"));
    close(first);
    stop();
}

/* ---- events ---- */

/* The next event's data; "" when the stream ended. */
static const char *next_event(int fd, const char *name)
{
    static char line[1024];
    bool ours = false;
    for (size_t len = 0; recv(fd, line + len, 1, 0) == 1;) {
        if (line[len] != '\n') {
            len += len < sizeof line - 2;
            continue;
        }
        line[len] = 0;
        len = 0;
        if (text_starts(line, "event: "))
            ours = strcmp(line + 7, name) == 0;
        else if (ours && text_starts(line, "data: "))
            return line + 6;
    }
    return "";
}

TEST(a_console_hears_counts_and_events)
{
    static struct answer a;
    start();
    int fd = client_connect(port);
    client_text(fd, with_token("GET /events HTTP/1.1\r\nHost: h\r\nCookie: xy=@\r\n\r\n", staff_token));
    TRUE(client_read_head(fd, &a));
    EQ_INT(200, a.status);
    EQ_TEXT("text/event-stream", answer_header(&a, "Content-Type"));
    EQ_TEXT("no-store, no-transform", answer_header(&a, "Cache-Control"));
    EQ_TEXT("{\"waiting\":0}", next_event(fd, "counts"));
    sse_broadcast(server, "batch.changed", "{\"for\":\"others\"}", ROLE_BATCH, NULL);
    sse_broadcast(server, "lease.lost", "{\"id\":1}", ROLE_REVIEWER, NULL);
    EQ_TEXT("{\"id\":1}", next_event(fd, "lease.lost"));
    atomic_store(&notes_written, 3);
    struct store_change change = {TOPIC_QUEUE, ""};
    server_announce(server, &change, 1);
    EQ_TEXT("{\"waiting\":3}", next_event(fd, "counts"));
    struct store_change logout = {TOPIC_LOGIN, "staff1"};
    server_announce(server, &logout, 1);
    EQ_TEXT("", next_event(fd, "counts")); /* the stream ends with the login */
    close(fd);
    fd = client_connect(port);
    client_text(fd, with_token("GET /events HTTP/1.1\r\nHost: h\r\nCookie: xy=@\r\n\r\n", staff_token));
    TRUE(client_read_head(fd, &a));
    EQ_INT(200, a.status);
    server_stop(server); /* a stop ends it too */
    EQ_TEXT("", next_event(fd, "never"));
    close(fd);
    stop();
}

TEST(a_console_that_does_not_read_is_cut_off)
{
    static struct answer a;
    static char json[SSE_EVENT_BYTES_MAX + 1];
    struct server_stats stats;
    start();
    int fd = client_connect(port), small = 4096;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    client_text(fd, with_token("GET /events HTTP/1.1\r\nHost: h\r\nCookie: xy=@\r\n\r\n", staff_token));
    TRUE(client_read_head(fd, &a));
    memset(json, 'x', sizeof json - 1);
    int sent = 0;
    do {
        sse_broadcast(server, "big", json, ROLE_STAFF, NULL);
        sched_yield();
        server_stats(server, &stats);
    } while (stats.sse_clients > 0 && ++sent < 20000);
    TRUE(stats.sse_clients == 0);
    do {
        sched_yield();
        server_stats(server, &stats);
    } while (stats.connections > 0);
    close(fd);
    stop();
}

TEST(consoles_are_bounded)
{
    static struct answer a;
    struct server_limits limits = server_limits_default();
    limits.sse_clients_max = 1;
    start_with(limits);
    const char *request = with_token("GET /events HTTP/1.1\r\nHost: h\r\nCookie: xy=@\r\n\r\n", staff_token);
    int first = client_connect(port), second = client_connect(port);
    client_text(first, request);
    TRUE(client_read_head(first, &a));
    EQ_INT(200, a.status);
    client_text(second, request);
    client_read(second, &a, true);
    EQ_INT(503, a.status);
    EQ_TEXT("5", answer_header(&a, "Retry-After"));
    close(first);
    close(second);
    stop();
}

/* ---- clients that leave, servers that stop ---- */

TEST(a_client_that_left_gets_no_reply_but_its_write_happened)
{
    struct server_stats stats;
    start();
    atomic_store(&hold_writes, true);
    int fd = client_connect(port);
    client_text(fd, with_token("POST /notes HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\nContent-Length: 13\r\n\r\n"
                               "{\"text\":\"hi\"}",
                               student_token));
    door_wait_for_visitor(&write_door);
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* reset, not FIN */
    close(fd);
    door_let(&write_door, 1);
    do {
        sched_yield();
        server_stats(server, &stats);
    } while (stats.exchanges > 0 || stats.connections > 0);
    EQ_INT(1, atomic_load(&notes_written));
    stop();
}

TEST(a_stop_lets_the_request_in_flight_finish)
{
    static struct answer a;
    pthread_t stopper;
    start();
    atomic_store(&hold_writes, true);
    int idle = client_connect(port), busy = client_connect(port);
    client_text(idle, "GET /notes/x HTTP/1.1\r\nHost: h\r\n\r\n");
    client_read(idle, &a, true);
    EQ_TEXT("keep-alive", answer_header(&a, "Connection"));
    client_text(busy, with_token("POST /notes HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\nContent-Length: 13\r\n\r\n"
                                 "{\"text\":\"hi\"}",
                                 student_token));
    door_wait_for_visitor(&write_door);
    pthread_create(&stopper, NULL, (void *(*)(void *))(void *)server_stop, server);
    TRUE(client_is_closed(idle)); /* the idle one goes at once */
    for (int fd = client_connect(port); fd >= 0; fd = client_connect(port)) /* each loop closes its own door */
        close(fd);
    door_let(&write_door, 1);
    client_read(busy, &a, true);
    EQ_INT(201, a.status);
    EQ_TEXT("close", answer_header(&a, "Connection"));
    TRUE(client_is_closed(busy));
    pthread_join(stopper, NULL);
    close(idle);
    close(busy);
    stop();
}

TEST(a_stop_cuts_off_who_takes_longer_than_the_grace_time)
{
    static struct answer a;
    pthread_t stopper;
    struct server_limits limits = server_limits_default();
    limits.stop_grace_ms = 100;
    start_with(limits);
    atomic_store(&hold_writes, true);
    int busy = client_connect(port), slow = client_connect(port);
    client_text(slow, "PUT /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nsome");
    client_text(busy, with_token("POST /notes HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\nContent-Length: 13\r\n\r\n"
                                 "{\"text\":\"hi\"}",
                                 student_token));
    door_wait_for_visitor(&write_door);
    pthread_create(&stopper, NULL, (void *(*)(void *))(void *)server_stop, server);
    client_read(busy, &a, true);
    EQ_INT(503, a.status);
    TRUE(client_is_closed(slow));
    door_let(&write_door, 1); /* the step on its way still comes home before server_stop returns */
    pthread_join(stopper, NULL);
    EQ_INT(1, atomic_load(&notes_written));
    close(busy);
    close(slow);
    stop();
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return tests_run();
}
