#include "store/wechat_template.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"

struct field {
    enum message_template kind;
    const char *role, *key;
    enum wechat_type type;
};
static const struct field fields[] = {
#define FIELD(template, role, key, type) {MESSAGE_TEMPLATE_##template, #role, key, WECHAT_##type},
#include "store/messages.def"
};

static const char *const standin_ids[] = {
#define TEMPLATE(name, title_zh) "standin-" #name,
#include "store/messages.def"
};

/* ---- which there are ---- */

static void usual_fields(enum message_template kind, struct wechat_template *t)
{
    t->field_count = 0;
    for (size_t i = 0; i < countof(fields); i++)
        if (fields[i].kind == kind) {
            CHECK(t->field_count < WECHAT_TEMPLATE_FIELDS_MAX);
            t->fields[t->field_count++] = (struct wechat_template_field){fields[i].role, fields[i].key};
        }
}

void wechat_templates_default(struct wechat_templates *templates)
{
    for (size_t i = 0; i < MESSAGE_TEMPLATE_COUNT; i++) {
        templates->of[i] = (struct wechat_template){.id = standin_ids[i]};
        usual_fields((enum message_template)i, &templates->of[i]);
    }
}

static void drop_field(struct wechat_template *t, size_t at)
{
    for (size_t i = at + 1; i < t->field_count; i++)
        t->fields[i - 1] = t->fields[i];
    t->field_count--;
}

static void put_key(struct wechat_template *t, const struct json *item)
{
    for (size_t k = 0; k < t->field_count; k++)
        if (text_is(t->fields[k].role, item->name)) {
            t->fields[k].key = item->text;
            if (item->text[0] == '\0')
                drop_field(t, k);
            return;
        }
}

static enum err set_key(struct wechat_template *t, enum message_template kind, const struct json *item, char *why)
{
    enum wechat_type type;
    for (size_t i = 0; i < countof(fields); i++) {
        if (fields[i].kind != kind || !text_is(fields[i].role, item->name))
            continue;
        if (item->text == NULL || strlen(item->text) > 40 ||
            (item->text[0] != '\0' && (!wechat_type_of_key(item->text, &type) || type != fields[i].type))) {
            snprintf(why, JSON_WHY_BYTES, "%s.%s must be a field like %s", message_template_name(kind), item->name,
                     fields[i].key);
            return ERR_BAD_FIELD;
        }
        put_key(t, item);
        return ERR_NONE;
    }
    snprintf(why, JSON_WHY_BYTES, "%s has no field %.40s", message_template_name(kind), item->name);
    return ERR_BAD_FIELD;
}

static enum err set_template(struct wechat_templates *templates, const struct json *item, char *why)
{
    for (size_t i = 0; i < MESSAGE_TEMPLATE_COUNT; i++) {
        struct wechat_template *t = &templates->of[i];
        if (!text_is(message_template_name((enum message_template)i), item->name))
            continue;
        t->id = item->kind == JSON_TEXT ? item->text : json_text_at(item, "id", "");
        for (const struct json *f = item->first; f != NULL; f = f->next)
            if (!text_is(f->name, "id"))
                TRY(set_key(t, (enum message_template)i, f, why));
        return ERR_NONE;
    }
    snprintf(why, JSON_WHY_BYTES, "there is no template %.40s", item->name);
    return ERR_BAD_FIELD;
}

enum err wechat_templates_read(const char *text, struct arena *arena, struct wechat_templates *templates,
                               char why[JSON_WHY_BYTES])
{
    const struct json *tree;
    wechat_templates_default(templates);
    for (size_t i = 0; i < MESSAGE_TEMPLATE_COUNT; i++)
        templates->of[i].id = "";
    if (text == NULL || text[0] == '\0')
        return ERR_NONE;
    if (json_read(text, strlen(text), arena, &tree) != ERR_NONE || tree->kind != JSON_OBJECT) {
        snprintf(why, JSON_WHY_BYTES, "not a JSON object");
        return ERR_BAD_FIELD;
    }
    for (const struct json *item = tree->first; item != NULL; item = item->next)
        TRY(set_template(templates, item, why));
    return ERR_NONE;
}

enum message_template wechat_template_with_id(const struct wechat_templates *templates, const char *id)
{
    for (size_t i = 0; i < MESSAGE_TEMPLATE_COUNT; i++)
        if (templates->of[i].id[0] != '\0' && text_is(templates->of[i].id, id))
            return (enum message_template)i;
    return MESSAGE_TEMPLATE_none;
}

enum err wechat_template_make(enum message_template kind, const char *id, const struct json *given, struct arena *arena,
                              struct wechat_template *made, char why[JSON_WHY_BYTES])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if (id[0] == '\0' || strlen(id) > WECHAT_TEMPLATE_ID_CHARS_MAX || !text_all(id, letters)) {
        snprintf(why, JSON_WHY_BYTES, "%s: template_id has letters, digits, - and _ only", message_template_name(kind));
        return ERR_BAD_FIELD;
    }
    made->id = arena_text(arena, id);
    usual_fields(kind, made);
    for (const struct json *item = given == NULL ? NULL : given->first; item != NULL; item = item->next)
        TRY(set_key(made, kind, item, why));
    if (made->field_count == 0) {
        snprintf(why, JSON_WHY_BYTES, "%s: a template has at least one field", message_template_name(kind));
        return ERR_BAD_FIELD;
    }
    return ERR_NONE;
}

void wechat_template_write_fields(const struct wechat_template *tmpl, struct buf *out)
{
    json_object_open(out);
    for (size_t i = 0; i < tmpl->field_count; i++)
        json_put_text(out, tmpl->fields[i].role, tmpl->fields[i].key);
    json_object_close(out);
}

/* ---- what is said ---- */

static const char *time_text(struct arena *arena, int64_t utc_us)
{
    struct clock_civil c = clock_civil_cn(utc_us);
    return arena_printf(arena, "%04d年%d月%d日 %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

void wechat_values_of(const char *kind, const char *detail, enum language lang, int64_t at_us, int64_t amount_fen,
                      struct arena *arena, struct wechat_values *values)
{
    struct message_words words;
    const struct json *tree = NULL;
    message_render(kind, detail, lang, arena, &words);
    if (detail == NULL || json_read(detail, strlen(detail), arena, &tree) != ERR_NONE)
        tree = NULL;
    *values = (struct wechat_values){
        .phrase = message_phrase(kind),
        .remark = words.short_text,
        .time = time_text(arena, at_us),
        .code = json_text_at(tree, "code", ""),
        .tracking = json_text_at(tree, "tracking_no", ""),
        .amount = arena_printf(arena, "%" PRId64 ".%02" PRId64 "元", amount_fen / 100, amount_fen % 100),
    };
}

static const char *value_of(const struct wechat_values *values, const char *role)
{
    const struct {
        const char *role, *value;
    } all[] = {
        {"phrase", values->phrase}, {"remark", values->remark},     {"time", values->time},
        {"code", values->code},     {"tracking", values->tracking}, {"amount", values->amount},
    };
    for (size_t i = 0; i < countof(all); i++)
        if (text_is(all[i].role, role))
            return all[i].value == NULL ? "" : all[i].value;
    return "";
}

void wechat_template_fit(const struct wechat_template *tmpl, size_t field, const struct wechat_values *values,
                         struct arena *arena, struct wechat_fitted *fitted)
{
    enum wechat_type type = WECHAT_THING;
    const struct wechat_template_field *f = &tmpl->fields[field];
    CHECK(field < tmpl->field_count && wechat_type_of_key(f->key, &type));
    *fitted = (struct wechat_fitted){.role = f->role, .key = f->key, .wanted = value_of(values, f->role)};
    fitted->value = wechat_field_fit(type, fitted->wanted, arena);
    fitted->changed = fitted->value == NULL || !text_is(fitted->value, fitted->wanted);
}

enum err wechat_template_data(const struct wechat_template *tmpl, const struct wechat_values *values,
                              struct arena *arena, const char **data)
{
    struct buf b;
    buf_init(&b, KIB(4));
    json_object_open(&b);
    for (size_t i = 0; i < tmpl->field_count; i++) {
        struct wechat_fitted fitted;
        wechat_template_fit(tmpl, i, values, arena, &fitted);
        if (fitted.value == NULL) {
            buf_release(&b);
            return ERR_BAD_FIELD;
        }
        json_name(&b, fitted.key);
        json_object_open(&b);
        json_put_text(&b, "value", fitted.value);
        json_object_close(&b);
    }
    json_object_close(&b);
    *data = arena_text_n(arena, buf_cstr(&b), b.len);
    buf_release(&b);
    return ERR_NONE;
}
