#include "api/api.h"

#include "api/meta.h"
#include "base/check.h"
#include "base/text.h"
#include "store/account.h"
#include "store/idem.h"

static struct api_context context;
static bool started;

enum err api_start(const struct api_context *given, char why[256])
{
    context = *given;
    TRY(meta_load(context.web_directory, why));
    started = true;
    return ERR_NONE;
}

void api_stop(void)
{
    meta_release();
    started = false;
}

const struct api_context *api(void)
{
    CHECK(started);
    return &context;
}

/* ---- who is asking ---- */

enum err api_resolve(struct tx *tx, struct auth_lookup *lookup)
{
    struct login login;
    struct account account;
    lookup->who = (struct principal){0};
    TRY(login_get(tx, lookup->token_hash, &login));
    lookup->expires_us = login.expires_us;
    lookup->seen_us = login.seen_us;
    lookup->idle_us = 0;
    if (login.expires_us <= lookup->now_us)
        return ERR_UNAUTHENTICATED;
    snprintf(lookup->who.id, sizeof lookup->who.id, "%s", login.owner_id);
    snprintf(lookup->who.login_id, sizeof lookup->who.login_id, "%s", lookup->token_hash);
    if (login.is_student) {
        lookup->who.roles = ROLE_STUDENT;
        return ERR_NONE;
    }
    lookup->idle_us = MILLIS_US(api()->login_idle_ms);
    TRY(account_get(tx, login.owner_id, &account));
    if (account.disabled || login.seen_us + lookup->idle_us <= lookup->now_us)
        return ERR_UNAUTHENTICATED;
    lookup->who.roles = (unsigned)account.roles & ROLE_STAFF;
    if (account.school_id != NULL)
        snprintf(lookup->who.school_id, sizeof lookup->who.school_id, "%s", account.school_id);
    return ERR_NONE;
}

enum err api_seen(struct tx *tx, struct auth_sighting *sighting)
{
    return login_seen(tx, sighting->login_id, sighting->now_us);
}

/* ---- writing once ---- */

enum err api_record_find(struct tx *tx, struct exchange_record *record)
{
    struct idem_record found;
    record->found = false;
    enum err e = idem_find(tx, record->owner_id, record->key, record->now_us, &found);
    if (e != ERR_NONE)
        return e == ERR_NOT_FOUND ? ERR_NONE : e;
    record->found = true;
    record->found_hash = arena_text(record->arena, found.request_hash);
    record->status = (int)found.status;
    record->headers = arena_text(record->arena, found.headers);
    record->body = arena_text(record->arena, found.body);
    record->body_len = strlen(found.body);
    return ERR_NONE;
}

enum err api_record_put(struct tx *tx, struct exchange_record *record)
{
    struct idem_record made = {.request_hash = record->request_hash,
                               .status = record->status,
                               .headers = record->headers,
                               .body =
                                   arena_text_n(tx->arena, record->body != NULL ? record->body : "", record->body_len)};
    return idem_put(tx, record->owner_id, record->key, &made, record->now_us,
                    record->now_us + MILLIS_US(api()->idempotency_keep_ms));
}
