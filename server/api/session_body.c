#include "api/session_body.h"

#include "store/capture_session.h"
#include "workflow/presets.h"

static enum err read_given(struct exchange *x, const struct json *given, struct policy *policy)
{
    char why[JSON_WHY_BYTES] = "";
    struct buf b;
    buf_init(&b, KIB(64));
    json_tree(&b, given);
    enum err e = policy_read(buf_cstr(&b), b.len, policy, exchange_arena(x), why);
    buf_release(&b);
    return e == ERR_NONE ? ERR_NONE : exchange_explain(x, ERR_BAD_FIELD, "policy.%s", why);
}

enum err body_policy(struct exchange *x, const struct json *given, const char *preset, const char **json)
{
    struct policy policy;
    struct buf b;
    if (given != NULL && preset != NULL)
        return exchange_explain(x, ERR_BAD_FIELD, "give preset or policy, not both");
    policy_default(&policy);
    if (preset != NULL && preset_policy(preset, &policy) != ERR_NONE)
        return exchange_explain(x, ERR_BAD_FIELD, "preset: there is none of that name");
    if (given != NULL)
        TRY(read_given(x, given, &policy));
    if (!api()->profile_known(policy.profile))
        return exchange_explain(x, ERR_BAD_FIELD, "policy.profile: there is no such photo profile");
    buf_init(&b, KIB(64));
    policy_write(&policy, &b);
    *json = arena_text(exchange_arena(x), buf_cstr(&b));
    buf_release(&b);
    return ERR_NONE;
}

bool body_is_session_code(const char *code)
{
    size_t len = strlen(code);
    return len == 8 ? text_all(code, "0123456789")
                    : len == 6 && text_all(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
}

enum err body_level(struct exchange *x, const char *level, int64_t graduation_year)
{
    if (!session_level_known(level))
        return exchange_explain(x, ERR_BAD_FIELD, "level: there is none of that name");
    if (graduation_year != 0 && graduation_year < 2000)
        return exchange_explain(x, ERR_BAD_FIELD, "graduation_year: 2000 to 2100, or 0 for not said");
    return ERR_NONE;
}
