#include "dispatch/sms.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/webhook.h"

bool sms_configured(const struct sms_config *config)
{
    return config->url != NULL && config->url[0] != '\0';
}

bool sms_number_valid(const char *to)
{
    const char *digits = to[0] == '+' ? to + 1 : to;
    size_t len = strlen(digits);
    return len >= 5 && len <= 15 && text_all(digits, "0123456789");
}

/* The signed request, in arena. The text is cut at a character, so the body has a known bound. */
static void compose(const struct sms_config *config, const struct sms_text *text, struct arena *arena,
                    struct client_request *request)
{
    char signature[WEBHOOK_SIGNATURE_BYTES], *words = arena_alloc(arena, strlen(text->text) + 1);
    struct buf b;
    memcpy(words, text->text, strlen(text->text) + 1);
    words[text_cut(words, SMS_TEXT_CHARS_MAX)] = '\0';
    buf_init(&b, KIB(8));
    json_object_open(&b);
    json_put_text(&b, "id", text->id);
    json_put_text(&b, "to", text->to);
    json_put_text(&b, "text", words);
    json_put_text(&b, "purpose", text->purpose);
    json_object_close(&b);
    CHECK(!b.over);
    const char *key = config->key == NULL ? "" : config->key;
    const char *timestamp = arena_printf(arena, "%" PRId64, clock_utc_us() / 1000000);
    webhook_sign(key, strlen(key), text->id, timestamp, b.bytes, b.len, signature);
    *request = (struct client_request){
        .method = "POST",
        .url = config->url,
        .headers = {"Content-Type: application/json", arena_printf(arena, "webhook-id: %s", text->id),
                    arena_printf(arena, "webhook-timestamp: %s", timestamp),
                    arena_printf(arena, "webhook-signature: %s", signature)},
        .body = arena_copy(arena, b.bytes, b.len),
        .body_len = b.len,
        .guarded = !config->allow_private,
        .repeatable = true, /* by its id */
    };
    buf_release(&b);
}

static enum sms_result result_of(const struct client_answer *answer)
{
    if (answer->outcome != CLIENT_ANSWERED || answer->status == 429 || answer->status >= 500)
        return SMS_AGAIN;
    return (answer->status >= 200 && answer->status < 300) || answer->status == 409 ? SMS_TAKEN : SMS_REFUSED;
}

static const char *words_of(const struct client_answer *answer, struct arena *arena)
{
    return answer->outcome == CLIENT_ANSWERED ? arena_printf(arena, "status %d", answer->status) : answer->words;
}

enum err sms_send_blocking(const struct sms_config *config, const struct sms_text *text, struct arena *arena,
                           char why[JSON_WHY_BYTES])
{
    struct client_request request;
    struct client_answer answer;
    snprintf(why, JSON_WHY_BYTES, "text messages are not set up on this server");
    if (!sms_configured(config))
        return ERR_NOT_FOUND;
    snprintf(why, JSON_WHY_BYTES, "phone is not a number that a text message can reach");
    if (!sms_number_valid(text->to))
        return ERR_BAD_FIELD;
    compose(config, text, arena, &request);
    client_call(&request, config->ca_file, arena, &answer);
    enum sms_result result = result_of(&answer);
    if (result == SMS_TAKEN) {
        why[0] = '\0';
        return ERR_NONE;
    }
    LOG(WARN, "sms.not_taken", "id=%s words=\"%s\"", text->id, words_of(&answer, arena));
    snprintf(why, JSON_WHY_BYTES, "the text message could not be sent");
    if (result == SMS_REFUSED)
        return ERR_UPSTREAM_REFUSED;
    return answer.outcome == CLIENT_UNKNOWN ? ERR_UPSTREAM_UNKNOWN : ERR_UPSTREAM;
}

static void on_answer(struct client_request *request, const struct client_answer *answer)
{
    struct sms_call *call = request->arg;
    call->done(call, result_of(answer), answer->retry_after_us, words_of(answer, call->arena));
}

void sms_send(struct client *client, const struct sms_config *config, const struct sms_text *text,
              struct sms_call *call)
{
    CHECK(sms_configured(config) && sms_number_valid(text->to));
    compose(config, text, call->arena, &call->request);
    call->request.done = on_answer;
    call->request.arg = call;
    client_send(client, &call->request);
}
