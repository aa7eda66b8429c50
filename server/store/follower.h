/* follower — who follows the operator's service account, and which student that is.
 *
 * The same person has another openid at every WeChat account; the unionid (where the accounts are bound to one open
 * platform account) joins them. Openids are sealed; both ids are found again by keyed hashes only. */
#ifndef XY_FOLLOWER_H
#define XY_FOLLOWER_H

#include "db/db.h"

/* At log-in: the student's unionid. NULL or "" changes nothing. Writer. */
enum err follower_student_unionid(struct tx *tx, const char *student_id, const char *unionid);

/* Follows (again); unionid NULL: not known (yet). What the student has still to do looks different now. Writer. */
enum err follower_put(struct tx *tx, const char *openid, const char *unionid, int64_t now_us);
enum err follower_gone(struct tx *tx, const char *openid, int64_t now_us); /* writer */
/* Somebody at the service account of whom we do not know whether they follow it, or which student they are: WeChat is
 * asked (effect "follow"), at most once a minute for the same `why` ("event", "words", "login"). Who is known to follow
 * stays so. Writer. */
enum err follower_ask(struct tx *tx, const char *openid, const char *why, int64_t now_us);

/* The service account's openid of a student who follows it, in tx->arena: the one they logged in with, or that of the
 * same person by the unionid. NOT_FOUND. */
enum err follower_of_student(struct tx *tx, const char *student_id, const char **openid);

enum err follower_openid(struct tx *tx, const char *openid_index, const char **openid); /* NOT_FOUND */

/* Which student wrote: by the mini program's openid, or by the service account's. NOT_FOUND. */
enum err follower_student(struct tx *tx, const char *openid, bool of_page, const char **student_id);

enum err follower_erase(struct tx *tx, const char *student_id); /* writer */

#endif
