/* links: xy_http xy_base */
/* One request after the other: answers, errors, who may, writing once. */
#include "exchange_fixture.h"

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

static void called(struct answer *a, size_t len, const char *body, const char *more)
{
    static char request[8192];
    snprintf(request, sizeof request, "POST /called HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n%s", more, len,
             body);
    client_ask(port, a, request);
    EQ_TEXT("text/words", answer_header(a, "Content-Type"));
    EQ_TEXT("nosniff", answer_header(a, "X-Content-Type-Options"));
    TRUE(strlen(answer_header(a, "X-Request-Id")) > 10);
}

TEST(who_has_words_of_its_own_for_errors_hears_them_whoever_refuses)
{
    static struct answer a;
    static char long_body[6000];
    memset(long_body, ' ', sizeof long_body - 1);
    start();
    called(&a, 8, "{\"x\":12}", ""); /* decode */
    EQ_INT(422, a.status);
    EQ_TEXT("no: x: is not a known field", a.body);
    atomic_store(&fail_writes, true); /* a step */
    called(&a, 13, "{\"text\":\"hi\"}", "");
    EQ_INT(409, a.status);
    EQ_TEXT("no: note number 7 is sealed", a.body);
    atomic_store(&store.refuse, 1); /* the full queue */
    called(&a, 13, "{\"text\":\"hi\"}", "");
    EQ_INT(503, a.status);
    EQ_TEXT("no: busy", a.body);
    EQ_TEXT("1", answer_header(&a, "Retry-After"));
    called(&a, sizeof long_body - 1, long_body, ""); /* the route's bound */
    EQ_INT(413, a.status);
    EQ_TEXT("no: at most 4096 bytes here", a.body);
    called(&a, MIB(64), "", ""); /* h2o's */
    EQ_INT(413, a.status);
    EQ_TEXT("no: too_large", a.body);
    called(&a, 13, "{\"text\":\"hi\"}", "Origin: http://evil\r\n"); /* who may */
    EQ_INT(403, a.status);
    called(&a, 13, "{\"text\":\"hi\"}", "Transfer-Encoding: chunked\r\n"); /* the gate */
    EQ_INT(400, a.status);
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
    client_ask(port, &a,
               with_token("DELETE /notes/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n\r\n", student_token));
    EQ_INT(403, a.status);
    client_ask(port, &a,
               with_token("DELETE /notes/x HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\n\r\n", staff_token));
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
    client_ask(port, &second,
               with_token("POST /keyed HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer @\r\nContent-Length: 13\r\n\r\n"
                          "{\"text\":\"hi\"}",
                          student_token));
    EQ_INT(201, second.status); /* no key, no memory */
    EQ_INT(2, atomic_load(&notes_written));
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

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return tests_run();
}
