#include "api/meta.h"

#include "api/job.h"
#include "api/session_body.h"
#include "base/check.h"
#include "store/capture_session.h"
#include "workflow/reason.h"
#include "workflow/workflow.h"

#include <errno.h>

#define OPENAPI_BYTES_MAX MIB(1)

static char *openapi_text;
static size_t openapi_len;

enum err meta_load(const char *web_directory, char why[256])
{
    char path[1024];
    snprintf(path, sizeof path, "%s/openapi.yaml", web_directory);
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        snprintf(why, 256, "%.180s: %s", path, strerror(errno));
        return ERR_UNREADABLE;
    }
    char *text = malloc(OPENAPI_BYTES_MAX);
    CHECK(text != NULL);
    size_t len = fread(text, 1, OPENAPI_BYTES_MAX, file);
    bool whole = len > 0 && len < OPENAPI_BYTES_MAX && !ferror(file);
    fclose(file);
    if (!whole) {
        free(text);
        snprintf(why, 256, "%.180s: empty, too large or unreadable", path);
        return ERR_UNREADABLE;
    }
    meta_release();
    openapi_text = text;
    openapi_len = len;
    return ERR_NONE;
}

void meta_release(void)
{
    free(openapi_text);
    openapi_text = NULL;
    openapi_len = 0;
}

struct nothing {
    struct job job;
};

static enum err nothing_decode(struct exchange *x, struct nothing *job)
{
    job_begin(x, &job->job);
    return ERR_NONE;
}

#define livez_decode nothing_decode
static void livez_reply(struct exchange *x, struct nothing *job)
{
    (void)job;
    json_object_open(exchange_out(x));
    json_put_text(exchange_out(x), "status", "ok");
    json_object_close(exchange_out(x));
    exchange_send(x);
}
ENDPOINT(livez, struct nothing, NO_STEPS)

#define readyz_decode nothing_decode
static void readyz_reply(struct exchange *x, struct nothing *job)
{
    char words[64] = "failing";
    bool ready = api()->ready == NULL || api()->ready(words);
    (void)job;
    exchange_status(x, ready ? 200 : err_http_status(ERR_BUSY));
    json_object_open(exchange_out(x));
    json_put_text(exchange_out(x), "status", ready ? "ok" : words);
    json_object_close(exchange_out(x));
    exchange_send(x);
}
ENDPOINT(readyz, struct nothing, NO_STEPS)

#define workflow_decode nothing_decode
static void workflow_reply(struct exchange *x, struct nothing *job)
{
    (void)job;
    wf_write_json(exchange_out(x));
    exchange_set_header(x, "cache-control", "public, max-age=300");
    exchange_send(x);
}
ENDPOINT(workflow, struct nothing, NO_STEPS)

static void put_reason(struct buf *b, const struct reason *reason)
{
    json_object_open(b);
    json_put_text(b, "code", reason->code);
    json_put_text(b, "by", reason_by_name(reason->by));
    json_put_text(b, "zh", reason->sentence[LANGUAGE_ZH]);
    json_put_text(b, "en", reason->sentence[LANGUAGE_EN]);
    json_put_text(b, "zh_short", reason->short_text[LANGUAGE_ZH]);
    json_put_text(b, "en_short", reason->short_text[LANGUAGE_EN]);
    json_put_text(b, "zh_fix", reason->fix[LANGUAGE_ZH]);
    json_put_text(b, "en_fix", reason->fix[LANGUAGE_EN]);
    json_object_close(b);
}

#define reasons_decode nothing_decode
static void reasons_reply(struct exchange *x, struct nothing *job)
{
    (void)job;
    struct buf *b = exchange_out(x);
    json_list_open(b);
    for (size_t i = 0; reason_at(i) != NULL; i++)
        put_reason(b, reason_at(i));
    json_list_close(b);
    exchange_set_header(x, "cache-control", "public, max-age=300");
    exchange_send(x);
}
ENDPOINT(reasons, struct nothing, NO_STEPS)

#define profiles_decode nothing_decode
static void profiles_reply(struct exchange *x, struct nothing *job)
{
    (void)job;
    struct buf *b = exchange_out(x);
    json_list_open(b);
    for (size_t i = 0; api()->profile_write_at(i, b); i++)
        ;
    json_list_close(b);
    exchange_set_header(x, "cache-control", "public, max-age=300");
    exchange_send(x);
}
ENDPOINT(profiles, struct nothing, NO_STEPS)

#define openapi_decode nothing_decode
static void openapi_reply(struct exchange *x, struct nothing *job)
{
    (void)job;
    exchange_set_header(x, "cache-control", "public, max-age=300");
    exchange_send_bytes(x, "application/yaml", openapi_text, openapi_len);
}
ENDPOINT(openapi, struct nothing, NO_STEPS)

/* ---- a capture session, as anybody with its code may see it ---- */

struct session_public {
    struct job job;
    const char *code;
};

static enum err session_public_decode(struct exchange *x, struct session_public *job)
{
    job_begin(x, &job->job);
    job->code = exchange_path(x, "code");
    return body_is_session_code(job->code) ? ERR_NONE : ERR_NOT_FOUND;
}

/* Null where nobody is asked to follow it. */
static void put_service_account(const struct policy *policy, struct buf *out)
{
    const struct api_service_account *account = policy->follow_account ? api()->service_account : NULL;
    json_name(out, "service_account");
    if (account == NULL) {
        json_null(out);
        return;
    }
    json_object_open(out);
    json_put_text(out, "name", account->name);
    json_put_bool(out, "picture", account->picture != NULL);
    json_object_close(out);
}

static enum err session_public_read(struct tx *tx, struct session_public *job)
{
    struct capture_session session;
    struct buf b;
    TRY(session_by_code(tx, job->code, &session));
    buf_init(&b, KIB(64));
    json_object_open(&b);
    json_put_text(&b, "code", session.code);
    json_put_text(&b, "name", session.name);
    json_put_text(&b, "school", session.school_name);
    json_put_time(&b, "opens", session.opens_us);
    json_put_time(&b, "closes", session.closes_us);
    json_put_bool(&b, "open_now", session_open_at(&session, job->job.now_us));
    json_put_text(&b, "level", session.level);
    json_put_int(&b, "graduation_year", session.graduation_year);
    json_put_text(&b, "batch_name", session.batch_name);
    json_name(&b, "policy");
    policy_write(&session.policy, &b);
    json_name(&b, "profile");
    api()->profile_write(session.policy.profile, &b);
    put_service_account(&session.policy, &b);
    json_object_close(&b);
    return job_answer(&job->job, &b);
}
ANSWERED(session_public, struct session_public, READ(session_public_read))

/* ---- the service account's QR code ---- */

static enum err service_account_picture_decode(struct exchange *x, struct nothing *job)
{
    job_begin(x, &job->job);
    return api()->service_account != NULL && api()->service_account->picture != NULL ? ERR_NONE : ERR_NOT_FOUND;
}

static void service_account_picture_reply(struct exchange *x, struct nothing *job)
{
    const struct api_service_account *account = api()->service_account;
    (void)job;
    exchange_set_header(x, "cache-control", "public, max-age=300");
    exchange_send_bytes(x, account->media_type, account->picture, account->len);
}
ENDPOINT(service_account_picture, struct nothing, NO_STEPS)
