/* log_in — what all ways in for students end with: a student, a token, an entry in the audit. */
#ifndef XY_API_LOG_IN_H
#define XY_API_LOG_IN_H

#include "api/job.h"
#include "store/login_key.h"

/* The first member of every such job. */
struct log_in {
    struct job job;
    const char *new_id; /* for a student nobody knows yet */
    char token[CRYPT_TOKEN_TEXT_BYTES], token_hash[CRYPT_HASH_TEXT_BYTES];
    int64_t expires_us;
    const char *student_id;
};

/* Decode: draws id and token. */
void log_in_begin(struct exchange *x, struct log_in *job);
/* Write: the student of that way, logged in; the answer is schema StudentLogin. */
enum err log_in_by(struct tx *tx, struct log_in *job, enum login_way way, const char *key, const char *unionid);

/* A mobile number of the mainland: 11 digits, 13… to 19… Pure. */
bool log_in_is_mobile(const char *phone);

#endif
