/* quota — the ledger of WeChat one-time subscriptions.
 *
 * Each accepted prompt allows one message; WeChat has no call that tells how many are left, so we count: +1 per accept,
 * −1 per message sent, 0 when WeChat says 43101. At most QUOTA_MAX is believed: more accepts come from a client that
 * invents them. Writer, except quota_remaining. */
#ifndef XY_QUOTA_H
#define XY_QUOTA_H

#include "db/db.h"

#define QUOTA_MAX 50

enum err quota_accept(struct tx *tx, const char *student_id, const char *template_id, int64_t now_us);
enum err quota_remaining(struct tx *tx, const char *student_id, const char *template_id, int64_t *remaining); /* 0 */
enum err quota_spend(struct tx *tx, const char *student_id, const char *template_id, int64_t now_us);
enum err quota_clear(struct tx *tx, const char *student_id, const char *template_id, int64_t now_us);

#endif
