/* cli_session — capture sessions: made, listed, shown, changed; their rules by preset or file. */
#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/text.h"
#include "cli.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "workflow/presets.h"

#include <errno.h>

#define SESSIONS_SHOWN_MAX 500

static const char usage[] =
    "session add CODE --name= --school= --school-code= --opens=YYYY-MM-DD --closes=YYYY-MM-DD [--preset=S0] "
    "[--policy=FILE] [--level=] [--year=] [--batch=] | set CODE [the same but school] | list | show CODE [--json] | "
    "presets";

struct session_job {
    struct session_new add;
    const char *code, *policy;
    int argc;
    char **argv;
    struct buf out;
    bool json;
};

static enum err audited(struct tx *tx, const struct session_job *j, const char *action, const char *id)
{
    const struct audit_entry entry = {.at_us = j->add.now_us,
                                      .actor_kind = "server",
                                      .actor_id = "command-line",
                                      .action = action,
                                      .object_kind = "session",
                                      .object_id = id};
    return audit_add(tx, &entry);
}

/* ---- look ---- */

static void put_line(struct buf *out, const struct capture_session *s)
{
    char opens[CLOCK_TEXT_BYTES], closes[CLOCK_TEXT_BYTES];
    clock_text(s->opens_us, opens);
    clock_text(s->closes_us, closes);
    buf_printf(out, "%-10s %.10s … %.10s  %-2s policy %" PRId64 "  %s, %s\n", s->code, opens, closes, s->policy.preset,
               s->policy_version, s->school_name, s->name);
}

static void put_json(struct buf *out, const struct capture_session *s)
{
    json_object_open(out);
    json_put_text(out, "code", s->code);
    json_put_text(out, "name", s->name);
    json_put_text(out, "school_code", s->school_code);
    json_put_text(out, "school_name", s->school_name);
    json_put_time(out, "opens", s->opens_us);
    json_put_time(out, "closes", s->closes_us);
    json_put_text(out, "level", s->level);
    json_put_int(out, "graduation_year", s->graduation_year);
    json_put_text(out, "batch_name", s->batch_name);
    json_put_int(out, "version", s->version);
    json_put_int(out, "policy_version", s->policy_version);
    json_name(out, "policy");
    policy_write(&s->policy, out);
    json_object_close(out);
}

static enum err list_step(struct tx *tx, void *job)
{
    struct session_job *j = job;
    struct capture_session *list = ARENA_ARRAY(tx->arena, struct capture_session, SESSIONS_SHOWN_MAX);
    size_t count = 0;
    buf_clear(&j->out);
    TRY(session_list(tx, NULL, list, SESSIONS_SHOWN_MAX, &count));
    if (j->json)
        json_array_open(&j->out);
    for (size_t i = 0; i < count; i++)
        (j->json ? put_json : put_line)(&j->out, &list[i]);
    if (j->json)
        json_array_close(&j->out);
    return ERR_NONE;
}

static enum err show_step(struct tx *tx, void *job)
{
    struct session_job *j = job;
    struct capture_session s;
    buf_clear(&j->out);
    TRY(session_by_code(tx, j->code, &s));
    if (j->json)
        put_json(&j->out, &s);
    else
        policy_write(&s.policy, &j->out); /* as --policy=FILE takes it */
    return ERR_NONE;
}

static int look(struct cli *cli, bool list, struct session_job *j)
{
    enum err e = store_run(cli->store, STORE_READ, list ? list_step : show_step, j);
    if (e == ERR_NOT_FOUND)
        return cli_say(CLI_FAILED, "there is no session \"%s\"", j->code);
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
    if (list && !j->json)
        fputs(buf_cstr(&j->out), stdout);
    else
        printf("%s\n", buf_cstr(&j->out));
    return CLI_DONE;
}

static void print_presets(void)
{
    for (size_t i = 0; preset_at(i) != NULL; i++)
        printf("%s  %s · %s\n    %s\n", preset_at(i)->name, preset_at(i)->title[LANGUAGE_ZH],
               preset_at(i)->title[LANGUAGE_EN], preset_at(i)->about[LANGUAGE_EN]);
}

/* ---- change ---- */

static enum err add_step(struct tx *tx, void *job)
{
    struct session_job *j = job;
    TRY(session_add(tx, &j->add));
    return audited(tx, j, "session_added", j->add.id);
}

/* What was given replaces what is there. */
static enum err set_step(struct tx *tx, void *job)
{
    struct session_job *j = job;
    struct capture_session s;
    const struct session_new *n = &j->add;
    TRY(session_by_code(tx, j->code, &s));
    s.name = n->name != NULL ? n->name : s.name;
    s.opens_us = n->opens_us > 0 ? n->opens_us : s.opens_us;
    s.closes_us = n->closes_us > 0 ? n->closes_us : s.closes_us;
    s.level = n->level != NULL ? n->level : s.level;
    s.batch_name = n->batch_name != NULL ? n->batch_name : s.batch_name;
    s.graduation_year = n->graduation_year > 0 ? n->graduation_year : s.graduation_year;
    if (s.closes_us <= s.opens_us)
        return ERR_BAD_FIELD;
    TRY(session_change(tx, &s));
    TRY(audited(tx, j, "session_changed", s.id));
    if (j->policy == NULL)
        return ERR_NONE;
    TRY(session_set_policy(tx, s.id, s.policy_version, j->policy, n->changed_by, n->now_us));
    return audited(tx, j, "policy_changed", s.id);
}

/* The file's rules, checked, in `policy`. */
static int read_file(struct cli *cli, const char *name, struct policy *policy)
{
    char why[JSON_WHY_BYTES];
    char *text = arena_alloc(cli->arena, KIB(16) + 1);
    FILE *in = fopen(name, "re");
    if (in == NULL)
        return cli_say(CLI_UNREADABLE, "%s: %s", name, strerror(errno));
    size_t len = fread(text, 1, KIB(16), in);
    fclose(in);
    if (policy_read(text, len, policy, cli->arena, why) != ERR_NONE)
        return cli_say(CLI_UNREADABLE, "%s: %s", name, why);
    return CLI_DONE;
}

/* --preset=NAME or --policy=FILE written out whole; the default where a session is made without either; else NULL. */
static int policy_of(struct cli *cli, bool add, struct session_job *j)
{
    struct policy policy;
    const char *file = cli_option(j->argc, j->argv, "policy"), *preset = cli_option(j->argc, j->argv, "preset");
    if (file != NULL && preset != NULL)
        return cli_say(CLI_USAGE, "--preset or --policy, not both");
    if (file == NULL && preset == NULL && !add)
        return CLI_DONE;
    policy_default(&policy);
    if (preset != NULL && preset_policy(preset, &policy) != ERR_NONE)
        return cli_say(CLI_USAGE, "there is no preset \"%s\"; xueying session presets lists them", preset);
    int code = file != NULL ? read_file(cli, file, &policy) : CLI_DONE;
    if (code != CLI_DONE)
        return code;
    buf_clear(&j->out);
    policy_write(&policy, &j->out);
    j->policy = arena_text(cli->arena, buf_cstr(&j->out));
    return CLI_DONE;
}

static bool day_us(const char *text, int64_t *us)
{
    struct clock_civil day = {0};
    if (text == NULL)
        return true;
    if (sscanf(text, "%4d-%2d-%2d", &day.year, &day.month, &day.day) != 3 || day.month < 1 || day.month > 12 ||
        day.day < 1 || day.day > 31)
        return false;
    *us = clock_from_civil_cn(&day);
    return true;
}

/* The options that are not rules; false: one of them cannot be. */
static bool take_options(struct session_job *j)
{
    struct session_new *n = &j->add;
    const char *year = cli_option(j->argc, j->argv, "year");
    n->name = cli_option(j->argc, j->argv, "name");
    n->school_code = cli_option(j->argc, j->argv, "school-code");
    n->school_name = cli_option(j->argc, j->argv, "school");
    n->level = cli_option(j->argc, j->argv, "level");
    n->batch_name = cli_option(j->argc, j->argv, "batch");
    if (year != NULL &&
        (!text_int(year, &n->graduation_year) || n->graduation_year < 2000 || n->graduation_year > 2100))
        return false;
    return (n->level == NULL || session_level_known(n->level)) &&
           day_us(cli_option(j->argc, j->argv, "opens"), &n->opens_us) &&
           day_us(cli_option(j->argc, j->argv, "closes"), &n->closes_us);
}

static int change(struct cli *cli, bool add, struct session_job *j)
{
    char ids[2][CRYPT_ID_TEXT_BYTES];
    struct session_new *n = &j->add;
    crypt_id(n->now_us, ids[0]);
    crypt_id(n->now_us, ids[1]);
    n->id = ids[0];
    n->school_id = ids[1];
    n->code = j->code;
    n->changed_by = "command-line";
    if (!take_options(j) || (add && (n->name == NULL || n->school_code == NULL || n->school_name == NULL ||
                                     n->opens_us == 0 || n->closes_us <= n->opens_us)))
        return cli_say(CLI_USAGE, "%s", usage);
    int code = policy_of(cli, add, j);
    if (code != CLI_DONE)
        return code;
    n->policy_json = j->policy;
    enum err e = store_run(cli->store, STORE_WRITE, add ? add_step : set_step, j);
    if (e == ERR_CONFLICT)
        return cli_say(CLI_FAILED, "there is a session \"%s\" already", j->code);
    if (e == ERR_NOT_FOUND)
        return cli_say(CLI_FAILED, "there is no session \"%s\"", j->code);
    if (e == ERR_BAD_FIELD)
        return cli_say(CLI_FAILED, "closes must be later than opens");
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
    printf("%s: done\n", j->code);
    return CLI_DONE;
}

int cli_session(int argc, char **argv)
{
    struct cli cli;
    struct session_job job = {.add.now_us = clock_utc_us()};
    const char *verb = argc > 1 ? argv[1] : "";
    bool list = text_is(verb, "list"), only_look = list || text_is(verb, "show");
    if (text_is(verb, "presets")) {
        print_presets();
        return CLI_DONE;
    }
    if (!only_look && !text_is(verb, "add") && !text_is(verb, "set"))
        return cli_say(CLI_USAGE, "%s", usage);
    int code = cli_open(&cli, &argc, argv,
                        "name= school= school-code= opens= closes= preset= policy= level= year= batch= json",
                        only_look ? CLI_LOOK : CLI_CHANGE);
    buf_init(&job.out, MIB(2));
    job.argc = argc;
    job.argv = argv;
    job.code = cli_word(argc, argv, 1);
    job.json = cli_option(argc, argv, "json") != NULL;
    if (code == CLI_DONE && !list && job.code == NULL)
        code = cli_say(CLI_USAGE, "session %s CODE", verb);
    else if (code == CLI_DONE && only_look)
        code = look(&cli, list, &job);
    else if (code == CLI_DONE)
        code = change(&cli, text_is(verb, "add"), &job);
    buf_release(&job.out);
    cli_close(&cli);
    return code;
}
