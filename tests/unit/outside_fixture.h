/* outside_fixture — the stand-ins, a loop for the clients under test, and how a test asks a stand-in what it saw. */
#ifndef XY_OUTSIDE_FIXTURE_H
#define XY_OUTSIDE_FIXTURE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/json.h"
#include "base/log.h"
#include "dispatch/client.h"
#include "dispatch/standin/standin.h"

#include <signal.h>
#include <uv.h>

static struct standin *outside_standin;
static struct standin_ports outside_ports;
static uv_loop_t outside_loop;
static struct client *outside_client;
static struct arena *outside_arena;

static inline void outside_up(const struct client_options *more)
{
    struct client_options options = more == NULL ? (struct client_options){0} : *more;
    log_open(2, LOG_ERROR_LEVEL);
    signal(SIGPIPE, SIG_IGN); /* as main does: a peer may be gone while we write */
    outside_standin = standin_start(5, &outside_ports);
    CHECK(uv_loop_init(&outside_loop) == 0);
    options.loop = &outside_loop;
    outside_client = client_open(&options);
    outside_arena = arena_new(MIB(64));
}

static inline void outside_down(void)
{
    client_close(outside_client);
    uv_run(&outside_loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&outside_loop) == 0);
    standin_stop(outside_standin);
    arena_free(outside_arena);
}

static inline const char *outside_url(int port, const char *path)
{
    return arena_printf(outside_arena, "http://127.0.0.1:%d%s", port, path);
}

static inline const struct json *outside_ask(int port, const char *method, const char *path, const char *body)
{
    struct client_answer answer;
    const struct json *tree = NULL;
    const struct client_request request = {.method = method,
                                           .url = outside_url(port, path),
                                           .body = body,
                                           .body_len = body == NULL ? 0 : strlen(body),
                                           .answer_bytes_max = MIB(32)};
    client_call(&request, NULL, outside_arena, &answer);
    CHECK(answer.outcome == CLIENT_ANSWERED);
    if (answer.len > 0)
        CHECK(json_read(answer.body, answer.len, outside_arena, &tree) == ERR_NONE);
    return tree;
}

static inline void outside_fault(int port, const char *kind, int64_t times, int64_t value, const char *path)
{
    (void)outside_ask(port, "POST", "/fault",
                      arena_printf(outside_arena,
                                   "{\"kind\":\"%s\",\"times\":%" PRId64 ",\"value\":%" PRId64 ",\"path\":\"%s\"}",
                                   kind, times, value, path));
}

/* How many requests the stand-in received on that path. */
static inline int64_t outside_count(int port, const char *path)
{
    return json_int_at(outside_ask(port, "GET", arena_printf(outside_arena, "/log?path=%s", path), NULL), "count", -1);
}

#endif
