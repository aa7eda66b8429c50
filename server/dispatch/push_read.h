/* push_read — WeChat's calls to us: are they WeChat's, and what do they say? Pure; any thread.
 *
 *   GET    signature over token, timestamp, nonce; echostr is given back
 *   POST   plain: the same signature, the body is the message. Security mode (encrypt_type=aes): msg_signature covers
 *          the encrypted text, AES-256-CBC, PKCS#7 in blocks of 32, behind the message stands whose it is. With an AES
 *          key set up, plain calls are refused.
 *
 * Messages are JSON or XML. In JSON `List` is an object when it has one element, else an array; in XML it is repeated
 * inside SubscribeMsg…Event. Numbers come as numbers or as text. Facts: domain.md E.2, E.5. */
#ifndef XY_PUSH_READ_H
#define XY_PUSH_READ_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "store/push.h"

#define PUSH_SKEW_MAX_S    300
#define PUSH_AES_KEY_CHARS 43

struct push_config {
    const char *token;              /* "" or NULL: nobody may call */
    const char *aes_key;            /* EncodingAESKey, 43 characters; "" or NULL: plain mode */
    const char *appid, *page_appid; /* whose an encrypted message may be */
};
/* BAD_FIELD: the key is no EncodingAESKey. */
enum err push_config_check(const struct push_config *config, char why[JSON_WHY_BYTES]);

struct push_call { /* of the query; NULL when absent */
    const char *signature, *timestamp, *nonce, *encrypt_type, *msg_signature;
    const char *body;
    size_t len;
    int64_t now_us;
};

/* Does the signature fit? Also checks the time, unless now_us is 0 (the set-up check has no time limit). */
bool push_signed(const struct push_config *config, const struct push_call *call);

/* WRONG_CREDENTIALS: not WeChat's (signature, clock, key, whose). BAD_REQUEST: not a message. Strings in arena. */
enum err push_read(const struct push_config *config, const struct push_call *call, struct arena *arena,
                   struct push *push);

/* What security mode does, for stand-ins and tests: the base64 text that goes into Encrypt, and its signature. */
const char *push_encrypt(const struct push_config *config, const char *appid, const unsigned char random[16],
                         const char *message, struct arena *arena);
void push_sign(const char *const *parts, size_t count, char hex[41]);

#endif
