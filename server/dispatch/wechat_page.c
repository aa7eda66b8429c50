#include "dispatch/wechat_page.h"

#include "base/log.h"
#include "base/text.h"

#define OPENID_CHARS_MAX 128

const char *wechat_page_url(const struct wechat_config *account, const char *host, const char *back, const char *state,
                            struct arena *arena)
{
    return arena_printf(arena,
                        "%s/connect/oauth2/authorize?appid=%s&redirect_uri=%s&response_type=code&scope=snsapi_base"
                        "&state=%s#wechat_redirect",
                        host, client_escape(arena, account->appid), client_escape(arena, back), state);
}

static enum err explain(char *why, enum err e, const char *words)
{
    snprintf(why, WECHAT_WHY_BYTES, "%s", words);
    return e;
}

static enum err refused(int64_t errcode, char *why)
{
    switch (errcode) {
    case 40029:
    case 40163: /* used already */
    case 41008:
        return explain(why, ERR_BAD_FIELD, "the code is wrong, used or too old; begin the log-in again");
    case 45011:
        return explain(why, ERR_RATE_LIMITED, "WeChat allows no more tries now");
    case -1:
        return explain(why, ERR_BUSY, "WeChat is busy");
    default:
        LOG(ERROR, "wechat.refused", "call=oauth2 errcode=%" PRId64, errcode);
        return explain(why, ERR_UPSTREAM, "WeChat refused the call; the operator can see the code in the log");
    }
}

enum err wechat_page_login_blocking(const struct wechat_config *account, const char *code, struct arena *arena,
                                    struct wechat_identity *identity, char why[WECHAT_WHY_BYTES])
{
    const struct json *tree = NULL;
    struct client_answer answer;
    const struct client_request request = {
        .method = "GET",
        .url = arena_printf(
            arena, "%s/sns/oauth2/access_token?appid=%s&secret=%s&code=%s&grant_type=authorization_code", account->url,
            client_escape(arena, account->appid), client_escape(arena, account->secret), client_escape(arena, code))};
    client_call(&request, account->ca_file, arena, &answer);
    if (answer.outcome != CLIENT_ANSWERED || answer.status != 200 ||
        json_read(answer.body, answer.len, arena, &tree) != ERR_NONE || tree->kind != JSON_OBJECT) {
        LOG(WARN, "wechat.no_answer", "call=oauth2 status=%d words=\"%s\"", answer.status, answer.words);
        return explain(why, ERR_UPSTREAM, "WeChat did not answer");
    }
    int64_t errcode = json_int_at(tree, "errcode", 0);
    if (errcode != 0)
        return refused(errcode, why);
    identity->openid = json_text_at(tree, "openid", NULL);
    identity->unionid = json_text_at(tree, "unionid", NULL);
    if (identity->openid == NULL || identity->openid[0] == '\0' || strlen(identity->openid) > OPENID_CHARS_MAX)
        return explain(why, ERR_UPSTREAM, "WeChat's answer names no user");
    return ERR_NONE;
}
