#include "dispatch/client.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/url_guard.h"

#include <curl/curl.h>
#include <pthread.h>
#include <unistd.h>
#include <uv.h>

#define HOSTS_MAX           256
#define HOST_KEY_BYTES      (URL_HOST_BYTES + 16)
#define CONNECTIONS_MAX     64L
#define QUEUE_FULL_PAUSE_US SECONDS_US(1)

#define BREAKER_SLOTS          10
#define BREAKER_SLOT_US        SECONDS_US(30) /* ten slots: five minutes */
#define BREAKER_CALLS_MIN      10
#define BREAKER_FAILED_PERCENT 70
#define BREAKER_OPEN_US        SECONDS_US(30)

struct breaker {
    unsigned calls[BREAKER_SLOTS], failed[BREAKER_SLOTS];
    int64_t slot;          /* number of the newest slot: now / BREAKER_SLOT_US */
    int64_t open_until_us; /* 0: closed */
    bool probing;          /* half open: one call is under way */
};

struct host {
    char key[HOST_KEY_BYTES];
    size_t running, waiting;
    struct client_request *first, *last;
    struct breaker breaker;
    struct host *next;
};

struct call {
    struct client *client; /* NULL: blocking */
    struct host *host;
    struct client_request *request;
    CURL *easy;
    struct curl_slist *headers;
    struct buf body;
    bool allow_private, denied;
    struct call *before, *after; /* the client's list of running calls */
};

struct refusal {
    struct client_request *request;
    struct client_answer answer;
    struct refusal *next;
};

struct client {
    struct client_options options;
    CURLM *multi;
    uv_timer_t timer, soon;
    struct host *hosts;
    size_t host_count, waiting, running;
    struct call *calls;
    struct refusal *refused_first, *refused_last; /* answered from the loop, not from inside client_send */
    size_t handles;                               /* uv handles open */
    bool closing;
};

struct watch {
    uv_poll_t poll;
    struct client *client;
    curl_socket_t fd;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
    CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

/* ---- one call ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct call *call = arg;
    buf_add(&call->body, bytes, size * count);
    return call->body.over ? 0 : size * count; /* 0 makes curl end the transfer */
}

/* Every address curl is about to connect to passes here, so a name cannot resolve to something else than was checked.
 */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct call *call = arg;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    if (call->request->guarded && !call->allow_private && url_guard_denies(&address->addr)) {
        call->denied = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void call_set_method(struct call *call)
{
    const struct client_request *r = call->request;
    if (r->body != NULL || text_is(r->method, "POST")) {
        curl_easy_setopt(call->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, r->body == NULL ? "" : r->body);
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
        if (!text_is(r->method, "POST"))
            curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, r->method);
    } else if (!text_is(r->method, "GET")) {
        curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, r->method);
    }
    for (size_t i = 0; i < CLIENT_HEADERS_MAX && r->headers[i] != NULL; i++)
        call->headers = curl_slist_append(call->headers, r->headers[i]);
    call->headers = curl_slist_append(call->headers, "Expect:"); /* do not wait for 100 Continue */
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static int64_t total_ms_of(const struct client_request *request, const struct client_options *options)
{
    return request->total_ms > 0 ? request->total_ms : options->total_ms > 0 ? options->total_ms : CLIENT_TOTAL_MS;
}

static struct call *call_new(struct client_request *request, const struct client_options *options)
{
    struct call *call = calloc(1, sizeof *call);
    CHECK(call != NULL);
    call->request = request;
    call->allow_private = options->allow_private;
    size_t answer_max = request->answer_bytes_max > 0 ? request->answer_bytes_max : CLIENT_ANSWER_BYTES_MAX;
    buf_init(&call->body, answer_max);
    call->easy = curl_easy_init();
    CHECK(call->easy != NULL);
    CURL *easy = call->easy;
    int64_t connect_ms = request->connect_ms > 0 ? request->connect_ms : CLIENT_CONNECT_MS;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)total_ms_of(request, options));
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "xueying");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->repeatable ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, request->repeatable ? 0L : 1L);
    if (options->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
    call_set_method(call);
    return call;
}

static void call_free(struct call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    buf_release(&call->body);
    free(call);
}

static const char *header_of(struct call *call, const char *name)
{
    struct curl_header *header = NULL;
    if (name == NULL || curl_easy_header(call->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
        return NULL;
    return header->amount == 1 ? header->value : NULL;
}

static void call_answer(struct call *call, CURLcode code, struct client_answer *answer)
{
    long status = 0, request_bytes = 0;
    curl_off_t retry_after_s = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    *answer = (struct client_answer){.body = "", .words = ""};
    if (code == CURLE_OK) {
        answer->outcome = CLIENT_ANSWERED;
        answer->status = (int)status;
        answer->body = buf_cstr(&call->body);
        answer->len = call->body.len;
        if (retry_after_s > 0 && retry_after_s < 86400 * 7)
            answer->retry_after_us = SECONDS_US(retry_after_s);
        for (size_t i = 0; i < CLIENT_WANTED_MAX; i++)
            answer->headers[i] = header_of(call, call->request->wanted[i]);
        return;
    }
    answer->outcome = request_bytes > 0 ? CLIENT_UNKNOWN : CLIENT_NOT_SENT;
    answer->words = call->denied      ? "the address is not public"
                    : call->body.over ? "the answer is too large"
                                      : curl_easy_strerror(code);
}

/* ---- circuit breaker ---- */

static void breaker_turn(struct breaker *b, int64_t now_us)
{
    int64_t slot = now_us / BREAKER_SLOT_US;
    if (slot - b->slot >= BREAKER_SLOTS || slot < b->slot) {
        memset(b->calls, 0, sizeof b->calls);
        memset(b->failed, 0, sizeof b->failed);
        b->slot = slot;
    }
    while (b->slot < slot) {
        b->slot++;
        b->calls[b->slot % BREAKER_SLOTS] = b->failed[b->slot % BREAKER_SLOTS] = 0;
    }
}

/* 0: go ahead; else how long to wait. */
static int64_t breaker_wait_us(struct breaker *b, int64_t now_us)
{
    if (b->open_until_us == 0)
        return 0;
    if (now_us < b->open_until_us)
        return b->open_until_us - now_us;
    b->probing = true;
    return 0;
}

static void breaker_note(struct host *host, bool failed, int64_t now_us)
{
    struct breaker *b = &host->breaker;
    breaker_turn(b, now_us);
    b->calls[b->slot % BREAKER_SLOTS]++;
    b->failed[b->slot % BREAKER_SLOTS] += failed ? 1 : 0;
    if (b->open_until_us != 0 && !b->probing)
        return; /* a call from before it opened */
    if (b->probing && !failed) {
        *b = (struct breaker){.slot = b->slot};
        LOG(INFO, "client.breaker_closed", "host=%s", host->key);
        return;
    }
    unsigned calls = 0, bad = 0;
    for (size_t i = 0; i < BREAKER_SLOTS; i++) {
        calls += b->calls[i];
        bad += b->failed[i];
    }
    if (b->probing || (calls >= BREAKER_CALLS_MIN && bad * 100 >= calls * BREAKER_FAILED_PERCENT)) {
        if (!b->probing)
            LOG(WARN, "client.breaker_open", "host=%s calls=%u failed=%u", host->key, calls, bad);
        b->open_until_us = now_us + BREAKER_OPEN_US;
        b->probing = false;
    }
}

/* ---- hosts and their queues ---- */

static int64_t now_us(const struct client *client)
{
    return client->options.now_us != NULL ? client->options.now_us() : clock_mono_us();
}

static struct host *host_at(struct client *client, const struct url_parts *parts)
{
    char key[HOST_KEY_BYTES];
    snprintf(key, sizeof key, "%s:%s:%d", parts->https ? "https" : "http", parts->host, parts->port);
    struct host **idle = NULL;
    for (struct host **link = &client->hosts; *link != NULL; link = &(*link)->next) {
        if (strcmp((*link)->key, key) == 0)
            return *link;
        if ((*link)->running == 0 && (*link)->waiting == 0)
            idle = link;
    }
    if (client->host_count >= HOSTS_MAX) {
        if (idle == NULL)
            return NULL;
        struct host *gone = *idle;
        *idle = gone->next;
        free(gone);
        client->host_count--;
    }
    struct host *host = calloc(1, sizeof *host);
    CHECK(host != NULL);
    snprintf(host->key, sizeof host->key, "%s", key);
    host->next = client->hosts;
    client->hosts = host;
    client->host_count++;
    return host;
}

static void on_soon(uv_timer_t *timer);

static void refuse(struct client *client, struct client_request *request, const char *words, int64_t pause_us)
{
    struct client_answer answer = {.outcome = CLIENT_NOT_SENT, .body = "", .retry_after_us = pause_us, .words = words};
    if (client->closing) {
        request->done(request, &answer);
        return;
    }
    struct refusal *refusal = calloc(1, sizeof *refusal);
    CHECK(refusal != NULL);
    *refusal = (struct refusal){request, answer, NULL};
    if (client->refused_first == NULL)
        client->refused_first = refusal;
    else
        client->refused_last->next = refusal;
    client->refused_last = refusal;
    CHECK(uv_timer_start(&client->soon, on_soon, 0, 0) == 0);
}

static void refusals_answer(struct client *client)
{
    while (client->refused_first != NULL) {
        struct refusal *refusal = client->refused_first;
        client->refused_first = refusal->next;
        refusal->request->done(refusal->request, &refusal->answer);
        free(refusal);
    }
}

static void on_soon(uv_timer_t *timer)
{
    refusals_answer(timer->data);
}

static void call_start(struct client *client, struct host *host, struct client_request *request)
{
    struct call *call = call_new(request, &client->options);
    call->client = client;
    call->host = host;
    call->after = client->calls;
    if (call->after != NULL)
        call->after->before = call;
    client->calls = call;
    client->running++;
    host->running++;
    CHECK(curl_multi_add_handle(client->multi, call->easy) == CURLM_OK);
}

/* While a probe is in the air the others wait for what it finds. */
static void host_pump(struct client *client, struct host *host)
{
    while (host->first != NULL && host->running < CLIENT_PER_HOST && !host->breaker.probing) {
        struct client_request *request = host->first;
        host->first = request->next;
        host->waiting--;
        client->waiting--;
        int64_t wait_us = breaker_wait_us(&host->breaker, now_us(client));
        if (wait_us > 0)
            refuse(client, request, "the circuit breaker is open", wait_us);
        else
            call_start(client, host, request);
    }
}

void client_send(struct client *client, struct client_request *request)
{
    RUNS_ON(ROLE_OUTBOUND);
    char why[256];
    struct url_parts parts;
    request->next = NULL;
    if (client->closing) {
        refuse(client, request, "stopping", 0);
        return;
    }
    enum err e = request->guarded ? url_guard(request->url, client->options.allow_private, why) : ERR_NONE;
    if (e != ERR_NONE || url_parse(request->url, &parts, why) != ERR_NONE) {
        refuse(client, request, "the URL is not allowed", 0);
        return;
    }
    struct host *host = host_at(client, &parts);
    if (host == NULL || host->waiting >= CLIENT_WAITING_MAX) {
        refuse(client, request, "too many calls wait", QUEUE_FULL_PAUSE_US);
        return;
    }
    if (host->first == NULL)
        host->first = request;
    else
        host->last->next = request;
    host->last = request;
    host->waiting++;
    client->waiting++;
    host_pump(client, host);
}

size_t client_in_flight(const struct client *client)
{
    return client->running + client->waiting;
}

/* ---- libcurl on the event loop ---- */

static void call_unlink(struct call *call)
{
    struct client *client = call->client;
    if (call->before != NULL)
        call->before->after = call->after;
    else
        client->calls = call->after;
    if (call->after != NULL)
        call->after->before = call->before;
    client->running--;
    call->host->running--;
}

static void call_end(struct call *call, CURLcode code)
{
    struct client *client = call->client;
    struct host *host = call->host;
    struct client_answer answer;
    call_answer(call, code, &answer);
    call_unlink(call);
    breaker_note(host, answer.outcome != CLIENT_ANSWERED || answer.status >= 500, now_us(client));
    curl_multi_remove_handle(client->multi, call->easy);
    if (!client->closing)
        host_pump(client, host); /* before done(), which may send to a new host and so drop an idle one */
    call->request->done(call->request, &answer);
    call_free(call);
}

static void collect(struct client *client)
{
    CURLMsg *message;
    int left;
    while (!client->closing && (message = curl_multi_info_read(client->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        struct call *call = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        call_end(call, code);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct client *client = timer->data;
    int running;
    curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(client);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct client *client = arg;
    (void)multi;
    if (client->closing)
        return 0;
    if (timeout_ms < 0)
        return uv_timer_stop(&client->timer);
    return uv_timer_start(&client->timer, on_timer, (uint64_t)timeout_ms, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    struct client *client = watch->client;
    int running, flags = 0;
    if (status < 0)
        flags = CURL_CSELECT_ERR;
    if ((events & UV_READABLE) != 0)
        flags |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(client->multi, watch->fd, flags, &running);
    collect(client);
}

static void client_unref(struct client *client)
{
    if (--client->handles > 0)
        return;
    for (struct host *host = client->hosts, *next; host != NULL; host = next) {
        next = host->next;
        free(host);
    }
    free(client);
}

static void on_watch_closed(uv_handle_t *handle)
{
    struct watch *watch = handle->data;
    struct client *client = watch->client;
    free(watch);
    client_unref(client);
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    struct client *client = arg;
    struct watch *watch = assigned;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL) {
            uv_poll_stop(&watch->poll);
            curl_multi_assign(client->multi, fd, NULL);
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        }
        return 0;
    }
    if (watch == NULL) {
        watch = calloc(1, sizeof *watch);
        CHECK(watch != NULL);
        watch->client = client;
        watch->fd = fd;
        watch->poll.data = watch;
        CHECK(uv_poll_init_socket(client->options.loop, &watch->poll, fd) == 0);
        client->handles++;
        curl_multi_assign(client->multi, fd, watch);
    }
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) | ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    CHECK(uv_poll_start(&watch->poll, events, on_poll) == 0);
    return 0;
}

struct client *client_open(const struct client_options *options)
{
    pthread_once(&curl_once, curl_start);
    struct client *client = calloc(1, sizeof *client);
    CHECK(client != NULL);
    client->options = *options;
    client->multi = curl_multi_init();
    CHECK(client->multi != NULL);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, CONNECTIONS_MAX);
    uv_timer_init(options->loop, &client->timer);
    uv_timer_init(options->loop, &client->soon);
    client->timer.data = client->soon.data = client;
    client->handles = 2;
    return client;
}

static void on_timer_closed(uv_handle_t *handle)
{
    client_unref(handle->data);
}

void client_close(struct client *client)
{
    if (client == NULL)
        return;
    client->closing = true;
    for (struct host *host = client->hosts; host != NULL; host = host->next)
        while (host->first != NULL) {
            struct client_request *request = host->first;
            host->first = request->next;
            host->waiting--;
            client->waiting--;
            refuse(client, request, "stopping", 0);
        }
    while (client->calls != NULL)
        call_end(client->calls, CURLE_ABORTED_BY_CALLBACK);
    refusals_answer(client);
    curl_multi_cleanup(client->multi); /* closes idle connections: on_curl_socket removes their watches */
    uv_close((uv_handle_t *)&client->timer, on_timer_closed);
    uv_close((uv_handle_t *)&client->soon, on_timer_closed);
}

/* ---- blocking ---- */

void client_call(const struct client_request *request, const char *ca_file, struct arena *arena,
                 struct client_answer *answer)
{
    char why[256];
    struct url_parts parts;
    pthread_once(&curl_once, curl_start);
    *answer = (struct client_answer){.outcome = CLIENT_NOT_SENT, .body = "", .words = "the URL is not allowed"};
    if (url_parse(request->url, &parts, why) != ERR_NONE ||
        (request->guarded && url_guard(request->url, false, why) != ERR_NONE))
        return;
    struct client_request copy = *request;
    struct call *call = call_new(&copy, &(struct client_options){.ca_file = ca_file});
    CURLcode code = curl_easy_perform(call->easy);
    call_answer(call, code, answer);
    answer->body = arena_copy(arena, answer->body, answer->len);
    for (size_t i = 0; i < CLIENT_WANTED_MAX; i++)
        if (answer->headers[i] != NULL)
            answer->headers[i] = arena_text(arena, answer->headers[i]);
    call_free(call);
}

const char *client_escape(struct arena *arena, const char *text)
{
    size_t len = strlen(text), at = 0;
    char *out = arena_alloc(arena, len * 3 + 1);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c != '\0' && strchr("-._~", c) != NULL))
            out[at++] = c;
        else
            at += (size_t)snprintf(out + at, 4, "%%%02X", (unsigned)(unsigned char)c);
    }
    out[at] = '\0';
    return out;
}
