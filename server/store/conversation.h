/* conversation — a student and customer service: who waits for whom, who looks after it, and until when WeChat lets us
 * answer there. What was said lies in message.h; this keeps one row per student beside it.
 *
 * A student's word opens the conversation (again); the service closes it with conversation_done. `unread` counts the
 * student's messages that nobody of the service has read. Every change touches TOPIC_CONVERSATION. Writer for changes,
 * any store thread for reads; structs live in tx->arena. */
#ifndef XY_CONVERSATION_H
#define XY_CONVERSATION_H

#include "store/message.h"

struct conversation {
    const char *student_id, *school_id, *submission_id; /* the last two: of what it was last about; may be NULL */
    const char *state;                                  /* open, done */
    const char *assigned_to, *last_sender;              /* assigned_to: account; may be NULL */
    int64_t unread, last_us, waiting_us;                /* waiting_us: since when the student waits; 0: does not */
    const char *window_account;                         /* mini, page; "": the student never wrote in WeChat */
    int64_t window_until_us, window_left;
};

/* What is said; text or blob_id or both. submission_id NULL: the student's newest; one that is not the student's is
 * NOT_FOUND. */
struct conversation_word {
    const char *id, *student_id, *submission_id;
    const char *sender; /* MESSAGE_FROM_STUDENT, MESSAGE_FROM_SERVICE */
    const char *text, *blob_id, *account_id;
    int64_t now_us;
};
enum err conversation_say(struct tx *tx, const struct conversation_word *word);

/* A picture sent in WeChat is on its way; it has come (text NULL), or why it will not. NOT_FOUND: nobody waits. */
#define CONVERSATION_PICTURE_COMING "［图片，正在从微信取来］"
#define CONVERSATION_PICTURE_LOST   "［图片没有取到，请学生再发一次］"
#define CONVERSATION_PICTURE_BROKEN "［图片打不开］"
enum err conversation_picture(struct tx *tx, const char *message_id, const char *blob_id, const char *text);

enum err conversation_get(struct tx *tx, const char *student_id, struct conversation *c); /* NOT_FOUND */

/* By the last word, newest first. */
struct conversation_filter {
    const char *state;       /* open, done */
    const char *school_id;   /* NULL: all */
    const char *assigned_to; /* NULL: all */
    bool unread_only;
    int64_t before_us; /* INT64_MAX: from the newest */
};
enum err conversation_list(struct tx *tx, const struct conversation_filter *filter, struct conversation *list,
                           size_t max, size_t *count);
enum err conversation_unread(struct tx *tx, const char *school_id, int64_t *count); /* conversations; NULL: all */

enum err conversation_read(struct tx *tx, const char *student_id, int64_t now_us);           /* by the service */
enum err conversation_assign(struct tx *tx, const char *student_id, const char *account_id); /* NULL: nobody */
enum err conversation_set_state(struct tx *tx, const struct conversation *c, const char *state);

/* How many messages a student has sent since then: a bound for one who floods. */
#define CONVERSATION_SAID_PER_HOUR_MAX 60
enum err conversation_said_since(struct tx *tx, const char *student_id, int64_t since_us, int64_t *count);

/* ---- WeChat's window: 48 h and 5 answers after a message of the student there, 1 min and 2 after entering ---- */

#define CONVERSATION_WINDOW_US      SECONDS_US(48 * 3600)
#define CONVERSATION_WINDOW_ANSWERS 5
#define CONVERSATION_ENTER_US       SECONDS_US(60)
#define CONVERSATION_ENTER_ANSWERS  2

/* The student did that at our account ("mini", "page") under that openid. `entered`: only opened the window; a longer
 * one that is open stays. Makes no conversation: NOT_FOUND when nothing was said yet and `entered`. */
enum err conversation_window_open(struct tx *tx, const char *student_id, const char *account, const char *openid,
                                  bool entered, int64_t now_us);
/* *openid (tx->arena) and *account are where to send an answer now; *openid NULL: no window is open. */
enum err conversation_window(struct tx *tx, const char *student_id, int64_t now_us, const char **account,
                             const char **openid);
enum err conversation_window_spend(struct tx *tx, const char *student_id); /* WeChat took one */
enum err conversation_window_shut(struct tx *tx, const char *student_id);  /* WeChat says so */

/* Everything a student and the service said to each other, pictures too. */
enum err conversation_erase(struct tx *tx, const char *student_id, int64_t now_us);

/* ---- answers kept ready ---- */

#define CANNED_MAX 50
struct canned_answer {
    const char *title, *text;
};
enum err canned_list(struct tx *tx, struct canned_answer list[CANNED_MAX], size_t *count);
enum err canned_set(struct tx *tx, const struct canned_answer *list, size_t count);

#endif
