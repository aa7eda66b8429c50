/* message — what students are told, whichever channel carries it: the inbox rows and the words (messages.def).
 *
 * A message's id is made from its outbox row, so the same row never makes two. Rendering is pure; row functions run on
 * a store thread as said. Strings of rows live in tx->arena. */
#ifndef XY_MESSAGE_H
#define XY_MESSAGE_H

#include "base/buf.h"
#include "base/crypt.h"
#include "base/json.h"
#include "db/db.h"
#include "workflow/workflow.h"

enum message_template {
#define TEMPLATE(name, title_zh) MESSAGE_TEMPLATE_##name,
#include "store/messages.def"
    MESSAGE_TEMPLATE_COUNT,
    MESSAGE_TEMPLATE_none = MESSAGE_TEMPLATE_COUNT
};
#define TEMPLATE_NAME_NONE "none"
const char *message_template_name(enum message_template tmpl);
const char *message_template_title(enum message_template tmpl); /* Chinese */

/* The kind of message a move makes, or NULL: nothing is said. Any thread. */
const char *message_kind_of(const char *event, const char *to);
const char *message_kind_at(size_t i); /* every kind; NULL behind the last */
enum message_template message_template_of(const char *kind);
const char *message_phrase(const char *kind); /* at most 5 Chinese characters; "" for an unknown kind */

/* Title and text of a message. `detail` is the row's JSON (code, reasons, note, carrier, tracking_no); what is unknown
 * is left out. An unknown kind (written by a newer version) gives its name as title and no text. `*` may be NULL. Any
 * thread; results live in `arena`. */
struct message_words {
    const char *title, *text, *short_text; /* short_text: one line, meant for 20 characters, not cut */
};
void message_render(const char *kind, const char *detail, enum language lang, struct arena *arena,
                    struct message_words *words);

/* The part of an effect's payload (JSON) that message_render looks at; "{}" when it is none. In arena. */
const char *message_detail_of(const char *payload, struct arena *arena);

/* ---- inbox ---- */

/* How far a message of the system came: the inbox at first, then the channel of message_hop.h that carried it. */
#define MESSAGE_CHANNEL_INBOX "inbox"

#define MESSAGE_FROM_SYSTEM  "system"
#define MESSAGE_FROM_STUDENT "student"
#define MESSAGE_FROM_SERVICE "service"
#define MESSAGE_KIND_SERVICE "service" /* what student and customer service say to each other */

struct message_row {
    const char *id, *submission_id, *kind, *detail, *channel; /* submission_id may be NULL */
    int64_t created_us, read_us;                              /* read_us 0: unread, by whom it is for */
    const char *sender;
    const char *text;                 /* of student and service; NULL: none, or erased */
    const char *blob_id, *account_id; /* NULL: none */
    const char *verdict;              /* of WeChat's text check: "", pass, review, risky */
    const char *student_id;           /* message_get only */
};

/* The id of the message an outbox row makes: looks and sorts like crypt_id. Any thread. */
void message_id_of(const char *outbox_id, int64_t created_us, char id[CRYPT_ID_TEXT_BYTES]);

/* Tell a student something: into the inbox with this transaction, and by the other channels as soon as it is committed
 * (effect "notify"; order and retries per student: outbox_put_ordered). The same id again changes nothing. Writer.
 *   id       of the outbox row; unique for what is told, e.g. "<submission>-<version>-notify"
 *   kind     of messages.def; detail: JSON for its {…}, see message_render */
struct message_tell {
    const char *id, *student_id, *submission_id, *kind, *detail; /* submission_id may be NULL */
    int64_t now_us;
};
enum err message_tell(struct tx *tx, const struct message_tell *tell);
/* The same message once more, behind what waits: a channel that had taken it reports that it did not arrive. Writer. */
enum err message_tell_again(struct tx *tx, const char *message_id, int64_t now_us);

/* What student or service say; `row` with id, kind, sender, text, … The same id again changes nothing. Writer. */
enum err message_add(struct tx *tx, const struct message_row *row, const char *student_id);
enum err message_get(struct tx *tx, const char *id, struct message_row *row);                       /* NOT_FOUND */
enum err message_set_channel(struct tx *tx, const char *id, const char *channel);                   /* writer */
enum err message_set_picture(struct tx *tx, const char *id, const char *blob_id, const char *text); /* writer */
enum err message_set_verdict(struct tx *tx, const char *id, const char *verdict);                   /* writer */
/* Newest first, ids below `before` (NULL: from the newest). `school_id` not NULL: only about submissions of it. */
enum err message_list(struct tx *tx, const char *student_id, const char *before, struct message_row *rows, size_t max,
                      size_t *count);
enum err message_list_of_school(struct tx *tx, const char *student_id, const char *school_id, const char *before,
                                struct message_row *rows, size_t max, size_t *count);
enum err message_list_of_submission(struct tx *tx, const char *submission_id, struct message_row *rows, size_t max,
                                    size_t *count);
/* NOT_FOUND when it is not this student's. Reading twice keeps the first time. Writer. */
enum err message_mark_read(struct tx *tx, const char *id, const char *student_id, int64_t now_us);
enum err message_unread(struct tx *tx, const char *student_id, int64_t *count);

/* Whom to tell: openid in clear, in tx->arena. NOT_FOUND, CORRUPT. */
enum err message_recipient(struct tx *tx, const char *student_id, const char **openid, enum language *lang);

#endif
