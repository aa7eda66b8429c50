/* session_template — the WeChat templates a capture session uses instead of the server's own. Writer for changes. */
#ifndef XY_SESSION_TEMPLATE_H
#define XY_SESSION_TEMPLATE_H

#include "db/db.h"
#include "store/wechat_template.h"

/* Both kinds of template messages: of the mini program and of the service account. */
struct template_set {
    struct wechat_templates subscription, page;
};

#define SESSION_TEMPLATES_MAX (2 * MESSAGE_TEMPLATE_COUNT)

/* `set` begins as the server's and ends as the session's (NULL: none). `own` (may be NULL): bit of
 * message_template, +16 for the service account's. What is stored and no longer fits messages.def is left out. */
enum err session_templates_get(struct tx *tx, const char *session_id, struct template_set *set, unsigned *own);

/* All of the session's own at once. */
struct session_template {
    const char *channel; /* subscription, template */
    enum message_template kind;
    struct wechat_template tmpl;
};
enum err session_templates_set(struct tx *tx, const char *session_id, const struct session_template *list, size_t count,
                               int64_t now_us);

/* Whether some session sends subscription messages by this template. */
enum err session_template_known(struct tx *tx, const char *template_id, bool *known);

#endif
