/* wechat_template — the templates by which WeChat tells a student something: which there are (messages.def), how their
 * fields are called, and a message's words made to fit. For subscription messages of the mini program and template
 * messages of the service account alike. Pure; any thread. */
#ifndef XY_WECHAT_TEMPLATE_H
#define XY_WECHAT_TEMPLATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/wechat_field.h"
#include "store/message.h"

#define WECHAT_TEMPLATE_FIELDS_MAX 6

struct wechat_template {
    const char *id; /* "": not configured, nothing is sent */
    size_t field_count;
    struct wechat_template_field {
        const char *role, *key; /* role: phrase, remark, time, code, tracking, amount (messages.def) */
    } fields[WECHAT_TEMPLATE_FIELDS_MAX];
};
struct wechat_templates {
    struct wechat_template of[MESSAGE_TEMPLATE_COUNT];
};

/* Keys of messages.def, ids of the stand-in: "standin-result" … */
void wechat_templates_default(struct wechat_templates *templates);
/* From configuration: {"result":"id", "progress":{"id":"…","remark":"thing5"}, …}. What is not named keeps the keys of
 * messages.def; "" gives no ids at all. BAD_FIELD and `why`: not JSON, unknown template or role, or a key that names
 * another type than the role needs. Strings live in arena. */
enum err wechat_templates_read(const char *text, struct arena *arena, struct wechat_templates *templates,
                               char why[JSON_WHY_BYTES]);
/* Which template has this id; none when nobody knows it. */
enum message_template wechat_template_with_id(const struct wechat_templates *templates, const char *id);

/* One template: `fields` is an object role → key; roles it does not name keep the key of messages.def, and a role named
 * with "" is left out of the message. BAD_FIELD and `why` as above; also for an id that is none. */
#define WECHAT_TEMPLATE_ID_CHARS_MAX 100
enum err wechat_template_make(enum message_template kind, const char *id, const struct json *fields,
                              struct arena *arena, struct wechat_template *made, char why[JSON_WHY_BYTES]);
/* {"phrase":"phrase1", …} */
void wechat_template_write_fields(const struct wechat_template *tmpl, struct buf *out);

/* What a message has to say, by role (NULL: left as "-"). */
struct wechat_values {
    const char *phrase, *remark, *time, *code, *tracking, *amount;
};
/* The values of a message of that kind and time; `detail` as message_render's; `amount_fen` 0 when nothing is known. */
void wechat_values_of(const char *kind, const char *detail, enum language lang, int64_t at_us, int64_t amount_fen,
                      struct arena *arena, struct wechat_values *values);

/* The data object, every field made to fit. BAD_FIELD: a value cannot be made to fit (a time that is none). */
enum err wechat_template_data(const struct wechat_template *tmpl, const struct wechat_values *values,
                              struct arena *arena, const char **data);

/* One field as it would be sent; `value` NULL: it cannot be made to fit. */
struct wechat_fitted {
    const char *role, *key, *wanted, *value;
    bool changed; /* something was cut or dropped */
};
void wechat_template_fit(const struct wechat_template *tmpl, size_t field, const struct wechat_values *values,
                         struct arena *arena, struct wechat_fitted *fitted);

#endif
