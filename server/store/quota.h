/* quota — the ledger of WeChat one-time subscriptions.
 *
 * Each accepted prompt allows one message; WeChat has no call that tells how many are left, so we count: +1 per accept,
 * −1 per message sent, 0 when WeChat says 43101 or the student switches messages off. An accept is told by the page and
 * again by WeChat's push; either may be lost or come first, so both are counted and the larger count is believed. At
 * most QUOTA_MAX are: more accepts come from a client that invents them. Writer, except quota_remaining. */
#ifndef XY_QUOTA_H
#define XY_QUOTA_H

#include "db/db.h"

#define QUOTA_MAX 50

enum quota_source { QUOTA_FROM_PAGE, QUOTA_FROM_PUSH };

enum err quota_accept(struct tx *tx, const char *student_id, const char *template_id, enum quota_source source,
                      int64_t now_us);
/* What else a prompt can end with: reject (not this time), ban (the template is blocked: nothing is left), filter (not
 * shown). "allow" is said on a page outside the mini program, where WeChat asks nothing: a permission like accept, but
 * WeChat will not carry a message for it, so nothing is counted. BAD_FIELD for another word; "accept" is quota_accept.
 */
enum err quota_answer(struct tx *tx, const char *student_id, const char *template_id, const char *answer,
                      enum quota_source source, int64_t now_us);
enum err quota_remaining(struct tx *tx, const char *student_id, const char *template_id, int64_t *remaining); /* 0 */
/* Whether their last answer to a prompt, of any template, was yes; the message it allowed may be spent by now. */
enum err quota_wanted(struct tx *tx, const char *student_id, bool *wanted);
enum err quota_spend(struct tx *tx, const char *student_id, const char *template_id, int64_t now_us);
enum err quota_clear(struct tx *tx, const char *student_id, const char *template_id, int64_t now_us);

#endif
