#include "dispatch/code_decoder.h"

#include "base/check.h"
#include "base/crypt.h"
#include "base/text.h"
#include "dispatch/outside.h"

#include <signal.h>

/* ---- comparing ---- */

const char *code_answer_match(const struct json *answer, const char *name, const char *id_number)
{
    const char *const masks[] = {json_text_at(answer, "name_masked", ""), json_text_at(answer, "id_masked", "")};
    const char *const plain[] = {name, id_number};
    const char *match = "unknown";
    for (size_t i = 0; i < countof(masks); i++) {
        if (masks[i][0] == '\0' || plain[i] == NULL || plain[i][0] == '\0')
            continue;
        if (!code_mask_fits(masks[i], plain[i]))
            return "no";
        match = "yes";
    }
    return match;
}

/* ---- the answer ---- */

static void ended(struct code_question *q, const char *text, size_t len, const char *words)
{
    const struct json *tree = NULL;
    q->answer = NULL;
    q->words = words;
    if (words == NULL && (json_read(text, len, q->arena, &tree) != ERR_NONE || tree->kind != JSON_OBJECT))
        q->words = "its answer is not a JSON object";
    else if (words == NULL)
        q->answer = tree;
    q->done(q);
}

/* ---- a program ---- */

struct code_run {
    struct code_question *question;
    uv_process_t process;
    uv_pipe_t in, out;
    uv_timer_t timer;
    uv_write_t write;
    struct buf answer;
    const char *words; /* why it is no good; NULL so far */
    int open_handles;
    bool exited;
    struct code_run *next;
};

static void run_closed(uv_handle_t *handle)
{
    struct code_run *run = handle->data;
    if (--run->open_handles > 0)
        return;
    struct code_run **at = &run->question->outside->code_runs;
    while (*at != run)
        at = &(*at)->next;
    *at = run->next;
    ended(run->question, buf_cstr(&run->answer), run->answer.len, run->words);
    buf_release(&run->answer);
    free(run);
}

static void close_one(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, run_closed);
}

/* When it has exited and its output has ended, in whatever order. */
static void run_over(struct code_run *run)
{
    if (!run->exited || !uv_is_closing((uv_handle_t *)&run->out))
        return;
    close_one((uv_handle_t *)&run->in);
    close_one((uv_handle_t *)&run->timer);
    close_one((uv_handle_t *)&run->process);
}

static void run_kill(struct code_run *run, const char *words)
{
    if (run->words == NULL)
        run->words = words;
    if (!run->exited)
        uv_process_kill(&run->process, SIGKILL);
    close_one((uv_handle_t *)&run->out); /* a grandchild may hold it open */
    run_over(run);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal_number)
{
    struct code_run *run = process->data;
    run->exited = true;
    if (run->words == NULL && (status != 0 || signal_number != 0))
        run->words = "it failed";
    run_over(run);
}

static void on_timer(uv_timer_t *timer)
{
    run_kill(timer->data, "it took too long");
}

static void on_space(uv_handle_t *handle, size_t wanted, uv_buf_t *space)
{
    static char chunk[4096]; /* one loop, read out before the next call */
    (void)handle, (void)wanted;
    *space = uv_buf_init(chunk, sizeof chunk);
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *space)
{
    struct code_run *run = stream->data;
    if (n > 0)
        buf_add(&run->answer, space->base, (size_t)n);
    if (n > 0 && run->answer.over) {
        run_kill(run, "it says too much");
    } else if (n < 0) {
        close_one((uv_handle_t *)&run->out);
        run_over(run);
    }
}

static void on_written(uv_write_t *write, int status)
{
    struct code_run *run = write->data;
    (void)status; /* it may answer without reading to the end */
    close_one((uv_handle_t *)&run->in);
}

static void run_init(struct code_run *run, uv_loop_t *loop)
{
    uv_handle_t *handles[] = {(uv_handle_t *)&run->process, (uv_handle_t *)&run->in, (uv_handle_t *)&run->out,
                              (uv_handle_t *)&run->timer};
    uv_pipe_init(loop, &run->in, 0);
    uv_pipe_init(loop, &run->out, 0);
    uv_timer_init(loop, &run->timer);
    for (size_t i = 0; i < countof(handles); i++)
        handles[i]->data = run;
    run->open_handles = (int)countof(handles);
    run->write.data = run;
}

static void ask_program(struct code_question *q, const char *path)
{
    static char locale[] = "LANG=C.UTF-8", folders[] = "PATH=/usr/local/bin:/usr/bin:/bin";
    char *environment[] = {locale, folders, NULL};
    char *arguments[] = {arena_text(q->arena, path), NULL};
    struct code_run *run = calloc(1, sizeof *run);
    CHECK(run != NULL);
    run->question = q;
    buf_init(&run->answer, CODE_ANSWER_BYTES_MAX);
    run_init(run, dispatch_loop(q->outside->dispatch));
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&run->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&run->out},
        {.flags = UV_IGNORE}};
    const uv_process_options_t options = {.exit_cb = on_exit_of,
                                          .file = path,
                                          .args = arguments,
                                          .env = environment,
                                          .cwd = "/",
                                          .stdio_count = 3,
                                          .stdio = stdio};
    run->next = q->outside->code_runs;
    q->outside->code_runs = run;
    if (uv_spawn(dispatch_loop(q->outside->dispatch), &run->process, &options) != 0) {
        run->exited = true;
        run_kill(run, "it cannot be started");
        return;
    }
    uv_buf_t input = uv_buf_init(arena_copy(q->arena, q->payload, q->len), (unsigned)q->len);
    uv_timer_start(&run->timer, on_timer, CODE_DECODER_MS, 0);
    uv_read_start((uv_stream_t *)&run->out, on_space, on_output);
    if (uv_write(&run->write, (uv_stream_t *)&run->in, &input, 1, on_written) != 0)
        close_one((uv_handle_t *)&run->in);
}

void code_decoder_stop(struct outside *outside)
{
    for (struct code_run *run = outside->code_runs; run != NULL; run = run->next)
        run_kill(run, "stopping");
}

/* ---- an address ---- */

static void on_answer(struct client_request *request, const struct client_answer *answer)
{
    struct code_question *q = request->arg;
    const char *words = answer->outcome != CLIENT_ANSWERED ? answer->words
                        : answer->status != 200            ? "its answer is not 200"
                                                           : NULL;
    ended(q, answer->body, answer->len, words);
}

static void ask_address(struct code_question *q, const char *url)
{
    struct buf b;
    char *text = arena_alloc(q->arena, q->len * 4 / 3 + 5);
    crypt_base64(q->payload, q->len, false, text);
    buf_init(&b, KIB(16));
    json_object_open(&b);
    json_put_text(&b, "payload", text);
    json_object_close(&b);
    const char *body = arena_text(q->arena, buf_cstr(&b));
    buf_release(&b);
    q->request = (struct client_request){.method = "POST",
                                         .url = url,
                                         .headers = {"Content-Type: application/json"},
                                         .body = body,
                                         .body_len = strlen(body),
                                         .total_ms = CODE_DECODER_MS,
                                         .answer_bytes_max = CODE_ANSWER_BYTES_MAX,
                                         .guarded = true,
                                         .repeatable = true,
                                         .done = on_answer,
                                         .arg = q};
    client_send(q->outside->client, &q->request);
}

/* ---- either ---- */

static bool is_set(const char *text)
{
    return text != NULL && text[0] != '\0';
}

bool code_decoder_there(const struct outside *outside)
{
    return is_set(outside->config->code_decoder_command) || is_set(outside->config->code_decoder_url);
}

void code_decoder_ask(struct code_question *q)
{
    const struct outside_config *config = q->outside->config;
    if (q->outside->closing)
        ended(q, "", 0, "stopping");
    else if (is_set(config->code_decoder_command))
        ask_program(q, config->code_decoder_command);
    else
        ask_address(q, config->code_decoder_url);
}
