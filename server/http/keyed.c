/* Writing once: see exchange.h. The effect of a request and what was answered are one transaction, so a repeated
 * request either finds both or neither. Beside that, a list of the keys being worked on now refuses a second request
 * with the same key until the first is done. */
#include "inside.h"

#include "base/check.h"
#include "base/text.h"

void keyed_leave(struct exchange *x)
{
    struct server *server = x->loop->server;
    if (!x->is_running)
        return;
    pthread_mutex_lock(&server->running_lock);
    struct exchange **link = &server->running[x->running_id[0]];
    while (*link != x)
        link = &(*link)->running_next;
    *link = x->running_next;
    pthread_mutex_unlock(&server->running_lock);
    x->is_running = false;
}

static enum err find_step(struct tx *tx, void *job)
{
    struct exchange *x = job;
    x->record.found = false;
    return x->loop->server->options.record_find(tx, &x->record);
}

static void record_answer(struct exchange *x)
{
    struct buf lines;
    buf_init(&lines, KIB(8));
    for (const struct header_line *h = x->headers; h != NULL; h = h->next)
        buf_printf(&lines, "%s: %s\n", h->name, h->value);
    CHECK(!lines.over);
    x->record.headers = arena_text(x->arena, buf_cstr(&lines));
    buf_release(&lines);
    x->record.status = x->status;
    x->record.body = x->body;
    x->record.body_len = x->body_len;
}

/* The WRITE step, its answer and the record of both: one unit, so one transaction. May run again from the start. */
enum err keyed_write(struct tx *tx, void *job)
{
    struct exchange *x = job;
    const struct server_options *options = &x->loop->server->options;
    TRY(find_step(tx, x));
    if (x->record.found)
        return strcmp(x->record.found_hash, x->record.request_hash) == 0 ? ERR_NONE : ERR_IDEM_MISMATCH;
    TRY(x->endpoint->steps[x->step].store(tx, x->job));
    answer_reset(x);
    x->rendering = true;
    x->rendered_error = ERR_NONE;
    if (x->endpoint->reply != NULL)
        x->endpoint->reply(x, x->job);
    else
        exchange_send_nothing(x);
    x->rendering = false;
    CHECK(x->answered);
    x->answered = false; /* the loop has still to send it */
    if (x->rendered_error != ERR_NONE)
        return x->rendered_error;
    record_answer(x);
    return options->record_put(tx, &x->record);
}

void keyed_replay(struct exchange *x)
{
    answer_reset(x);
    x->status = x->record.status;
    x->body = x->record.body;
    x->body_len = x->record.body_len;
    x->content_type = x->body_len > 0 ? "application/json" : NULL;
    for (const char *at = x->record.headers; at != NULL && *at != 0;) {
        const char *colon = strstr(at, ": "), *end = strchr(at, '\n');
        if (colon == NULL || end == NULL || colon > end)
            break;
        answer_add_header(x, arena_text_n(x->arena, at, (size_t)(colon - at)),
                          arena_text_n(x->arena, colon + 2, (size_t)(end - colon - 2)));
        at = end + 1;
    }
    answer_add_header(x, "Idempotency-Replayed", "true");
    answer_transmit(x);
}

static void on_found(struct store_unit *unit)
{
    struct exchange *x = container_of(unit, struct exchange, unit);
    if (unit->result == ERR_NONE && x->record.found && strcmp(x->record.found_hash, x->record.request_hash) != 0)
        unit->result = ERR_IDEM_MISMATCH;
    exchange_land(x, unit->result);
}

/* The key, what the request was, and that nobody works on the same key now. */
enum err keyed_begin(struct exchange *x)
{
    struct server *server = x->loop->server;
    h2o_iovec_t key;
    if (!request_header(x->req, "idempotency-key", 15, &key))
        return ERR_NONE;
    if (key.len == 0 || key.len > 255)
        return exchange_explain(x, ERR_BAD_REQUEST, "Idempotency-Key has 1 to 255 characters");
    for (size_t i = 0; i < key.len; i++)
        if (key.base[i] < 0x21 || key.base[i] > 0x7e)
            return exchange_explain(x, ERR_BAD_REQUEST, "Idempotency-Key has a character that is not visible ASCII");
    unsigned char body_hash[CRYPT_HASH_BYTES];
    char body_hex[CRYPT_HASH_TEXT_BYTES], *request_hash = arena_alloc(x->arena, CRYPT_HASH_TEXT_BYTES);
    crypt_hash(x->req->entity.base != NULL ? x->req->entity.base : "", x->req->entity.len, body_hash);
    text_hex(body_hash, sizeof body_hash, body_hex);
    crypt_hash_text(arena_printf(x->arena, "%d %.*s %s", (int)x->method, (int)x->req->input.path.len,
                                 x->req->input.path.base, body_hex),
                    request_hash);
    x->keyed = true;
    x->record = (struct exchange_record){.owner_id = x->who.id,
                                         .key = arena_text_n(x->arena, key.base, key.len),
                                         .request_hash = request_hash,
                                         .now_us = x->now_us,
                                         .arena = x->arena};
    const char *name = arena_printf(x->arena, "%s\n%s", x->who.id, x->record.key);
    crypt_hash(name, strlen(name), x->running_id);
    bool running = false;
    pthread_mutex_lock(&server->running_lock);
    struct exchange **bucket = &server->running[x->running_id[0]];
    for (const struct exchange *other = *bucket; other != NULL; other = other->running_next)
        running |= memcmp(other->running_id, x->running_id, sizeof x->running_id) == 0;
    if (!running) {
        x->running_next = *bucket;
        *bucket = x;
        x->is_running = true;
    }
    pthread_mutex_unlock(&server->running_lock);
    return running ? ERR_IDEM_RUNNING : ERR_NONE;
}

void keyed_find(struct exchange *x)
{
    exchange_submit(x, STORE_READ, find_step, x, on_found);
}
