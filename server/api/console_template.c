/* WeChat templates of a capture session: which ids the page asks the student for; staff set, check and preview them. */
#include "api/console_scope.h"
#include "store/message_hop.h"
#include "store/session_template.h"

#define OWN_PAGE_SHIFT         16
#define SESSION_CODE_CHARS_MAX 8

static enum err templates_of(struct tx *tx, const char *session_id, struct template_set *set, unsigned *own)
{
    *set = *api()->templates;
    return session_templates_get(tx, session_id, set, own);
}

/* ---- what the page asks for ---- */

struct session_templates_public {
    struct job job;
    const char *code;
};

static enum err session_templates_public_decode(struct exchange *x, struct session_templates_public *job)
{
    job_begin(x, &job->job);
    job->code = exchange_path(x, "code");
    return strlen(job->code) <= SESSION_CODE_CHARS_MAX ? ERR_NONE : ERR_NOT_FOUND;
}

static enum err session_templates_public_body(struct tx *tx, struct session_templates_public *job, struct buf *out)
{
    struct capture_session session;
    struct template_set set;
    TRY(session_by_code(tx, job->code, &session));
    TRY(templates_of(tx, session.id, &set, NULL));
    json_list_open(out);
    for (size_t i = 0; i < MESSAGE_TEMPLATE_COUNT; i++) {
        if (set.subscription.of[i].id[0] == '\0')
            continue;
        json_object_open(out);
        json_put_text(out, "template_id", set.subscription.of[i].id);
        json_put_text(out, "kind", message_template_name((enum message_template)i));
        json_put_text(out, "title", message_template_title((enum message_template)i));
        json_object_close(out);
    }
    json_list_close(out);
    return ERR_NONE;
}

static enum err session_templates_public_read(struct tx *tx, struct session_templates_public *job)
{
    return COMPOSE(tx, job, session_templates_public_body);
}
ANSWERED(session_templates_public, struct session_templates_public, READ(session_templates_public_read))

/* ---- staff ---- */

struct templates_job {
    struct job job;
    const char *id;
    const struct json *items;
    struct session_template list[SESSION_TEMPLATES_MAX];
    size_t count;
};

static void put_template(const char *channel, enum message_template kind, const struct wechat_template *tmpl, bool own,
                         struct buf *out)
{
    json_object_open(out);
    json_put_text(out, "channel", channel);
    json_put_text(out, "kind", message_template_name(kind));
    json_put_text(out, "title", message_template_title(kind));
    json_put_text(out, "template_id", tmpl->id);
    json_name(out, "fields");
    wechat_template_write_fields(tmpl, out);
    json_put_bool(out, "own", own);
    json_object_close(out);
}

static enum err templates_body(struct tx *tx, struct templates_job *job, struct buf *out)
{
    struct capture_session session;
    struct template_set set;
    unsigned own = 0;
    TRY(scope_session(tx, &job->job, job->id, &session));
    TRY(templates_of(tx, session.id, &set, &own));
    json_list_open(out);
    for (size_t i = 0; i < MESSAGE_TEMPLATE_COUNT; i++)
        put_template(HOP_SUBSCRIPTION, (enum message_template)i, &set.subscription.of[i], (own >> i & 1) != 0, out);
    for (size_t i = 0; i < MESSAGE_TEMPLATE_COUNT; i++)
        put_template(HOP_TEMPLATE, (enum message_template)i, &set.page.of[i], (own >> (i + OWN_PAGE_SHIFT) & 1) != 0,
                     out);
    json_list_close(out);
    return ERR_NONE;
}

static enum err session_templates_decode(struct exchange *x, struct templates_job *job)
{
    job_begin(x, &job->job);
    return exchange_path_id(x, "id", &job->id);
}

static enum err session_templates_read(struct tx *tx, struct templates_job *job)
{
    return COMPOSE(tx, job, templates_body);
}
ANSWERED(session_templates, struct templates_job, READ(session_templates_read))

static const struct json_field templates_fields[] = {
    JSON_FIELD(struct templates_job, items, JSON_TO_TREE, true, 0, SESSION_TEMPLATES_MAX)};

struct template_given {
    const char *channel, *kind, *template_id;
    const struct json *fields;
};
static const struct json_field template_given_fields[] = {
    JSON_FIELD(struct template_given, channel, JSON_TO_TEXT, true, 1, 20),
    JSON_FIELD(struct template_given, kind, JSON_TO_TEXT, true, 1, 20),
    JSON_FIELD(struct template_given, template_id, JSON_TO_TEXT, true, 0, WECHAT_TEMPLATE_ID_CHARS_MAX),
    JSON_FIELD(struct template_given, fields, JSON_TO_TREE, false, 0, WECHAT_TEMPLATE_FIELDS_MAX)};

/* One template as given: known channel and kind, an id, fields whose keys are of the right type. */
static enum err read_template(struct exchange *x, struct job *job, const struct template_given *g,
                              struct session_template *made)
{
    char why[JSON_WHY_BYTES];
    made->kind = MESSAGE_TEMPLATE_none;
    TRY(job_choice(x, "channel", g->channel, "|" HOP_SUBSCRIPTION "|" HOP_TEMPLATE "|"));
    for (size_t i = 0; i < MESSAGE_TEMPLATE_COUNT; i++)
        if (text_is(message_template_name((enum message_template)i), g->kind))
            made->kind = (enum message_template)i;
    if (made->kind == MESSAGE_TEMPLATE_none)
        return exchange_explain(x, ERR_BAD_FIELD, "kind: there is no template %s", g->kind);
    made->channel = g->channel;
    if (g->fields != NULL && g->fields->kind != JSON_OBJECT)
        return exchange_explain(x, ERR_BAD_FIELD, "fields is an object: role to key");
    enum err e = wechat_template_make(made->kind, g->template_id, g->fields, job->arena, &made->tmpl, why);
    return e == ERR_NONE ? e : exchange_explain(x, e, "%s", why);
}

static enum err session_templates_set_decode(struct exchange *x, struct templates_job *job)
{
    char why[JSON_WHY_BYTES];
    TRY(session_templates_decode(x, job));
    TRY(exchange_json(x, templates_fields, countof(templates_fields), job));
    if (job->items->kind != JSON_ARRAY || json_count(job->items) > SESSION_TEMPLATES_MAX)
        return exchange_explain(x, ERR_BAD_FIELD, "items is a list of at most %d", (int)SESSION_TEMPLATES_MAX);
    for (const struct json *item = job->items->first; item != NULL; item = item->next) {
        struct template_given given = {.fields = NULL};
        struct session_template *made = &job->list[job->count];
        if (json_decode(item, template_given_fields, countof(template_given_fields), &given, job->job.arena, why) !=
            ERR_NONE)
            return exchange_explain(x, ERR_BAD_FIELD, "items: %s", why);
        TRY(read_template(x, &job->job, &given, made));
        for (size_t i = 0; i < job->count; i++)
            if (text_is(job->list[i].channel, made->channel) && job->list[i].kind == made->kind)
                return exchange_explain(x, ERR_BAD_FIELD, "items names %s %s twice", made->channel, given.kind);
        job->count++;
    }
    return ERR_NONE;
}

static enum err session_templates_set_write(struct tx *tx, struct templates_job *job)
{
    struct capture_session session;
    TRY(scope_session(tx, &job->job, job->id, &session));
    TRY(session_templates_set(tx, session.id, job->list, job->count, job->job.now_us));
    TRY(scope_audit(tx, &job->job, "templates_set", "session", session.id,
                    arena_printf(tx->arena, "{\"count\":%zu}", job->count)));
    return COMPOSE(tx, job, templates_body);
}
ANSWERED(session_templates_set, struct templates_job, WRITE(session_templates_set_write))

/* ---- how it would look ---- */

struct preview {
    struct job job;
    const char *id;
    struct template_given given;
    struct session_template made;
};

#define PREVIEW_FIELD(member_, type_, required_, min_, max_)                                                           \
    {                                                                                                                  \
#member_, type_, required_, offsetof(struct preview, given.member_), min_, max_                                \
    }
static const struct json_field preview_fields[] = {
    PREVIEW_FIELD(channel, JSON_TO_TEXT, true, 1, 20), PREVIEW_FIELD(kind, JSON_TO_TEXT, true, 1, 20),
    PREVIEW_FIELD(template_id, JSON_TO_TEXT, false, 0, WECHAT_TEMPLATE_ID_CHARS_MAX),
    PREVIEW_FIELD(fields, JSON_TO_TREE, false, 0, WECHAT_TEMPLATE_FIELDS_MAX)};

static enum err session_templates_preview_decode(struct exchange *x, struct preview *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    TRY(exchange_json(x, preview_fields, countof(preview_fields), job));
    if (job->given.template_id == NULL || job->given.template_id[0] == '\0')
        job->given.template_id = "preview"; /* the fields are what is looked at */
    return read_template(x, &job->job, &job->given, &job->made);
}

/* A made-up message of that kind: long enough to show what is cut. */
static const char SAMPLE[] =
    "{\"code\":\"3B92K7-4\",\"reasons\":[\"blur\",\"eyes_closed\",\"highlight\",\"low_resolution\"],"
    "\"note\":\"请在窗边重拍\",\"carrier\":\"中国邮政\",\"tracking_no\":\"1234567890123\"}";
#define SAMPLE_AMOUNT_FEN 2000

static void put_preview(struct tx *tx, const struct preview *job, const char *kind, struct buf *out)
{
    struct message_words words;
    struct wechat_values values;
    message_render(kind, SAMPLE, job->job.language, tx->arena, &words);
    wechat_values_of(kind, SAMPLE, LANGUAGE_ZH, job->job.now_us, SAMPLE_AMOUNT_FEN, tx->arena, &values);
    json_object_open(out);
    json_put_text(out, "kind", kind);
    json_put_text(out, "title", words.title);
    json_put_text(out, "text", words.text);
    json_name(out, "fields");
    json_array_open(out);
    for (size_t i = 0; i < job->made.tmpl.field_count; i++) {
        struct wechat_fitted fitted;
        wechat_template_fit(&job->made.tmpl, i, &values, tx->arena, &fitted);
        json_object_open(out);
        json_put_text(out, "role", fitted.role);
        json_put_text(out, "key", fitted.key);
        json_put_text(out, "wanted", fitted.wanted);
        json_put_text(out, "value", fitted.value);
        json_put_bool(out, "changed", fitted.changed);
        json_object_close(out);
    }
    json_array_close(out);
    json_object_close(out);
}

static enum err session_templates_preview_body(struct tx *tx, struct preview *job, struct buf *out)
{
    struct capture_session session;
    const char *kind;
    TRY(scope_session(tx, &job->job, job->id, &session));
    json_list_open(out);
    for (size_t i = 0; (kind = message_kind_at(i)) != NULL; i++)
        if (message_template_of(kind) == job->made.kind)
            put_preview(tx, job, kind, out);
    json_list_close(out);
    return ERR_NONE;
}

static enum err session_templates_preview_read(struct tx *tx, struct preview *job)
{
    return COMPOSE(tx, job, session_templates_preview_body);
}
ANSWERED(session_templates_preview, struct preview, READ(session_templates_preview_read))
