/* Staff: the presets to begin with, and every version a session's rules had. */
#include "api/console_scope.h"
#include "base/check.h"
#include "store/session_find.h"
#include "workflow/presets.h"

/* ---- presets ---- */

struct nothing {
    char unused;
};

static void put_preset(struct buf *b, const struct preset *preset)
{
    struct policy policy;
    CHECK(preset_policy(preset->name, &policy) == ERR_NONE);
    json_object_open(b);
    json_put_text(b, "name", preset->name);
    json_put_text(b, "zh", preset->title[LANGUAGE_ZH]);
    json_put_text(b, "en", preset->title[LANGUAGE_EN]);
    json_put_text(b, "about_zh", preset->about[LANGUAGE_ZH]);
    json_put_text(b, "about_en", preset->about[LANGUAGE_EN]);
    json_name(b, "policy");
    policy_write(&policy, b);
    json_object_close(b);
}

static enum err preset_list_decode(struct exchange *x, struct nothing *job)
{
    (void)x;
    (void)job;
    return ERR_NONE;
}

static void preset_list_reply(struct exchange *x, struct nothing *job)
{
    struct policy plain;
    struct buf *b = exchange_out(x);
    (void)job;
    policy_default(&plain);
    json_object_open(b);
    json_name(b, "items");
    json_array_open(b);
    for (size_t i = 0; preset_at(i) != NULL; i++)
        put_preset(b, preset_at(i));
    json_array_close(b);
    json_name(b, "plain");
    policy_write(&plain, b);
    json_object_close(b);
    exchange_send(x);
}
ENDPOINT(preset_list, struct nothing, NO_STEPS)

/* ---- versions ---- */

struct policy_list {
    struct job job;
    const char *id;
    struct page page;
    int64_t before;
};

static enum err policy_list_decode(struct exchange *x, struct policy_list *job)
{
    job_begin(x, &job->job);
    job->before = INT64_MAX;
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(job_page(x, &job->page));
    if (job->page.cursor != NULL && (!text_int(job->page.cursor, &job->before) || job->before < 1))
        return exchange_explain(x, ERR_BAD_FIELD, "cursor is not one this server gave");
    return ERR_NONE;
}

/* `older` NULL: the first version there was. */
static void put_version(struct buf *out, const struct session_version *version, const struct session_version *older)
{
    json_object_open(out);
    json_put_int(out, "policy_version", version->policy_version);
    json_put_time(out, "changed", version->changed_us);
    json_put_text(out, "changed_by", version->changed_by);
    json_name(out, "policy");
    policy_write(&version->policy, out);
    json_name(out, "differs");
    policy_differences(&version->policy, older != NULL ? &older->policy : &version->policy, out);
    json_object_close(out);
}

static enum err policy_list_body(struct tx *tx, struct policy_list *job, struct buf *out)
{
    size_t count = 0, limit = (size_t)job->page.limit;
    struct session_version *list = ARENA_ARRAY(tx->arena, struct session_version, limit + 1);
    TRY(session_versions(tx, job->id, job->before, list, limit + 1, &count));
    json_list_open(out);
    for (size_t i = 0; i < count && i < limit; i++)
        put_version(out, &list[i], i + 1 < count ? &list[i + 1] : NULL);
    json_page_close(out, count > limit ? arena_printf(tx->arena, "%" PRId64, list[limit - 1].policy_version) : NULL);
    return ERR_NONE;
}

static enum err policy_list_read(struct tx *tx, struct policy_list *job)
{
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    return COMPOSE(tx, job, policy_list_body);
}
ANSWERED(policy_list, struct policy_list, READ(policy_list_read))
