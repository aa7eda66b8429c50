/* code_kind — what the bytes of a QR code look like, and what a student is told about it.
 *
 * CHSI's collection code is encrypted; its form is not public, so anything that is not plainly something else counts as
 * opaque: long enough to hold a number, a name and an ID number, no address, no payment or contact code, no plain
 * text. Pure; any thread. */
#ifndef XY_CODE_KIND_H
#define XY_CODE_KIND_H

#include "base/base.h"

#define CODE_OPAQUE_BYTES_MIN 16 /* shorter is a number or a word: no cipher text of a person fits */

/* "opaque", or: chsi_url wechat wechat_pay alipay url contact wifi call number text. Static. */
const char *code_looks_like(const void *payload, size_t len);

/* Whether a masked text fits a plain one: each run of '*' stands for one or more characters, the rest must be equal.
 * False when nothing but '*' is in it. Pure. */
bool code_mask_fits(const char *mask, const char *plain);

struct code_words {
    const char *zh, *en; /* one sentence, what to do next; static */
};

/* For a verdict of code.h or a state of store/collection_code.h: ok read none unreadable many foreign seen_before
 * processing, or mismatch: the decoder says it is another person's; `looks_like` may be NULL. Unknown verdicts have
 * empty words. */
struct code_words code_words(const char *verdict, const char *looks_like);

#endif
