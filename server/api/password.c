#include "api/password.h"

#include "api/api.h"

#include <stdatomic.h>

static _Atomic int64_t running, made;

static bool enter(void)
{
    if (atomic_fetch_add(&running, 1) < api()->password_hashes_max)
        return true;
    atomic_fetch_sub(&running, 1);
    return false;
}

static void leave(void)
{
    atomic_fetch_sub(&running, 1);
}

enum err password_check(const char *password, const char *hash, bool *right)
{
    if (!enter())
        return ERR_BUSY;
    *right = crypt_password_matches(password, hash);
    atomic_fetch_add(&made, 1);
    leave();
    return ERR_NONE;
}

enum err password_make(const char *password, char hash[CRYPT_PASSWORD_TEXT_BYTES])
{
    if (!enter())
        return ERR_BUSY;
    enum err e = crypt_password_hash(password, hash);
    atomic_fetch_add(&made, 1);
    leave();
    return e;
}

int64_t password_hashes(void)
{
    return atomic_load(&made);
}

void password_once(char out[PASSWORD_ONCE_BYTES])
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789"; /* no i, l, o, 0, 1 */
    size_t at = 0;
    for (size_t group = 0; group < 4; group++) {
        if (group > 0)
            out[at++] = '-';
        for (size_t i = 0; i < 4; i++)
            out[at++] = letters[crypt_random_below((uint32_t)sizeof letters - 1)];
    }
    out[at] = '\0';
}
