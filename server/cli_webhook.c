/* cli_webhook — who is told of every move: xueying webhook add|list|remove.
 *
 * The secret is shown once, when the webhook is added; the receiver needs it to check signatures (Standard Webhooks).
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli.h"
#include "dispatch/url_guard.h"
#include "store/audit.h"
#include "store/webhook_store.h"

static const char usage[] =
    "usage: xueying webhook add URL [--json]\n"
    "       xueying webhook list [--json]\n"
    "       xueying webhook remove ID\n"
    "       xueying webhook enable ID      (after it was switched off)\n"
    "\n"
    "Every move of a submission is posted to every webhook as JSON without personal data, signed as\n"
    "Standard Webhooks say. URL: https, port 443 or 8443, a public address.\n";

struct change {
    const char *action, *id, *url;
    unsigned char secret[WEBHOOK_SECRET_BYTES];
    int64_t now_us;
    struct arena *arena;
    struct webhook list[WEBHOOKS_MAX];
    size_t count;
};

static enum err audit(struct tx *tx, const struct change *c)
{
    const struct audit_entry entry = {.at_us = c->now_us,
                                      .actor_kind = "server",
                                      .actor_id = "command line",
                                      .action = arena_printf(tx->arena, "webhook.%s", c->action),
                                      .object_kind = "webhook",
                                      .object_id = c->id};
    return audit_add(tx, &entry);
}

static enum err list_step(struct tx *tx, void *job)
{
    struct change *c = job;
    TRY(webhook_list(tx, c->list, countof(c->list), &c->count));
    for (size_t i = 0; i < c->count; i++) {
        c->list[i].id = arena_text(c->arena, c->list[i].id);
        c->list[i].url = arena_text(c->arena, c->list[i].url);
    }
    return ERR_NONE;
}

static enum err change_step(struct tx *tx, void *job)
{
    struct change *c = job;
    if (text_is(c->action, "add")) {
        const struct webhook webhook = {.id = c->id, .url = c->url, .secret = c->secret, .created_us = c->now_us};
        TRY(webhook_list(tx, c->list, countof(c->list), &c->count));
        if (c->count == countof(c->list))
            return ERR_BUSY;
        TRY(webhook_add(tx, &webhook));
    } else {
        TRY(webhook_list(tx, c->list, countof(c->list), &c->count));
        bool found = false;
        for (size_t i = 0; i < c->count; i++)
            found = found || text_is(c->list[i].id, c->id);
        if (!found)
            return ERR_NOT_FOUND;
        TRY(text_is(c->action, "remove") ? webhook_remove(tx, c->id) : webhook_disable(tx, c->id, false));
    }
    return audit(tx, c);
}

static void print_one(const struct webhook *w, const char *secret, bool json)
{
    char created[CLOCK_TEXT_BYTES];
    clock_text(w->created_us, created);
    if (!json) {
        printf("%s %s %s%s%s\n", w->id, w->url,
               w->disabled               ? "off"
               : w->failing_since_us > 0 ? "failing"
                                         : "on",
               secret != NULL ? " secret=" : "", secret != NULL ? secret : "");
        return;
    }
    struct buf b;
    buf_init(&b, KIB(8));
    json_object_open(&b);
    json_put_text(&b, "id", w->id);
    json_put_text(&b, "url", w->url);
    json_put_bool(&b, "disabled", w->disabled);
    json_put_time(&b, "failing_since", w->failing_since_us);
    json_put_time(&b, "created", w->created_us);
    if (secret != NULL)
        json_put_text(&b, "secret", secret);
    json_object_close(&b);
    printf("%s\n", buf_cstr(&b));
    buf_release(&b);
}

static int run_list(struct cli *cli, bool json)
{
    struct change *c = ARENA_NEW(cli->arena, struct change);
    c->arena = cli->arena;
    enum err e = store_run(cli->store, STORE_READ, list_step, c);
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
    for (size_t i = 0; i < c->count; i++)
        print_one(&c->list[i], NULL, json);
    return CLI_DONE;
}

static int run_change(struct cli *cli, const char *action, const char *argument, bool json)
{
    char why[256], id[CRYPT_ID_TEXT_BYTES], secret[16 + 4 * WEBHOOK_SECRET_BYTES / 3] = "whsec_";
    struct change *c = ARENA_NEW(cli->arena, struct change);
    *c = (struct change){.action = action, .id = argument, .arena = cli->arena, .now_us = clock_utc_us()};
    if (text_is(action, "add")) {
        if (url_guard(argument, cli->config.outbound_allow_private != 0, why) != ERR_NONE)
            return cli_say(CLI_USAGE, "%s", why);
        crypt_id(c->now_us, id);
        crypt_random(c->secret, sizeof c->secret);
        crypt_base64(c->secret, sizeof c->secret, false, secret + strlen(secret));
        c->id = id;
        c->url = argument;
    }
    enum err e = store_run(cli->store, STORE_WRITE, change_step, c);
    if (e == ERR_BUSY)
        return cli_say(CLI_FAILED, "there are %d webhooks already; remove one first", WEBHOOKS_MAX);
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
    if (text_is(action, "add")) {
        const struct webhook made = {.id = id, .url = argument, .created_us = c->now_us};
        print_one(&made, secret, json);
    }
    crypt_wipe(c->secret, sizeof c->secret);
    crypt_wipe(secret, sizeof secret);
    return CLI_DONE;
}

int cli_webhook(int argc, char **argv)
{
    struct cli cli;
    const char *action = cli_word(argc, argv, 0), *argument = cli_word(argc, argv, 1);
    if (cli_option(argc, argv, "help") != NULL) {
        fputs(usage, stdout);
        return CLI_DONE;
    }
    bool lists = text_is(action, "list");
    bool changes = text_is(action, "add") || text_is(action, "remove") || text_is(action, "enable");
    if (!lists && !(changes && argument != NULL)) {
        fputs(usage, stderr);
        return CLI_USAGE;
    }
    int code = cli_open(&cli, &argc, argv, "json", lists ? CLI_LOOK : CLI_CHANGE);
    bool json = cli_option(argc, argv, "json") != NULL;
    if (code == CLI_DONE)
        code = lists ? run_list(&cli, json) : run_change(&cli, action, cli_word(argc, argv, 1), json);
    cli_close(&cli);
    return code;
}
