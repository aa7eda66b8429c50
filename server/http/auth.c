#include "http/auth.h"

#include "base/check.h"
#include "base/text.h"

#include <pthread.h>
#include <stdatomic.h>

#define SHARDS     16u
#define WAYS       4u    /* places a token may be kept at; the one that ends first gives way */
#define PEOPLE     8192u /* counters of auth_forget; two people may share one, then both are forgotten */
#define SEEN_PARTS 8     /* a sighting is written down every idle_us / SEEN_PARTS */

struct login {
    struct auth_key key;
    struct principal who;
    int64_t until_us; /* remembered so long; 0: the place is free */
    int64_t expires_us;
    int64_t idle_us, used_us, written_us;
    uint32_t generation; /* of the person when it was read */
};

struct shard {
    pthread_mutex_t lock; /* guards logins */
    struct login *logins;
};

struct auth {
    _Atomic uint64_t epoch; /* counts auth_forget */
    _Atomic uint32_t generations[PEOPLE];
    size_t sets; /* per shard */
    struct shard shards[SHARDS];
};

static size_t person_slot(const char *id)
{
    uint32_t h = 2166136261u;
    for (; *id != 0; id++)
        h = (h ^ (unsigned char)*id) * 16777619u;
    return h % PEOPLE;
}

struct auth *auth_new(size_t entries_max)
{
    struct auth *auth = calloc(1, sizeof *auth);
    CHECK(auth != NULL);
    auth->sets = entries_max / (SHARDS * WAYS) + 1;
    for (size_t i = 0; i < SHARDS; i++) {
        CHECK(pthread_mutex_init(&auth->shards[i].lock, NULL) == 0);
        auth->shards[i].logins = calloc(auth->sets * WAYS, sizeof(struct login));
        CHECK(auth->shards[i].logins != NULL);
    }
    return auth;
}

void auth_free(struct auth *auth)
{
    if (auth == NULL)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        crypt_wipe(auth->shards[i].logins, auth->sets * WAYS * sizeof(struct login));
        free(auth->shards[i].logins);
        pthread_mutex_destroy(&auth->shards[i].lock);
    }
    free(auth);
}

void auth_forget(struct auth *auth, const char *id)
{
    /* The epoch first: auth_keep reads them the other way round, so between the two it sees the new epoch. */
    atomic_fetch_add(&auth->epoch, 1);
    atomic_fetch_add(&auth->generations[person_slot(id)], 1);
}

uint64_t auth_epoch(struct auth *auth)
{
    return atomic_load(&auth->epoch);
}

uint32_t auth_generation(struct auth *auth, const char *id)
{
    return atomic_load(&auth->generations[person_slot(id)]);
}

bool auth_key_of(const char *token, size_t len, struct auth_key *key)
{
    if (len != CRYPT_TOKEN_TEXT_BYTES - 1)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = token[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    crypt_hash(token, len, key->hash);
    return true;
}

/* The hash is uniform, so any of its bytes will do. */
static struct login *set_of(struct auth *auth, const struct auth_key *key, struct shard **shard)
{
    uint64_t h;
    memcpy(&h, key->hash, sizeof h);
    *shard = &auth->shards[key->hash[8] % SHARDS];
    return &(*shard)->logins[(h % auth->sets) * WAYS];
}

static struct login *find_in(struct login *set, const struct auth_key *key)
{
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].until_us != 0 && memcmp(set[i].key.hash, key->hash, sizeof key->hash) == 0)
            return &set[i];
    return NULL;
}

bool auth_find(struct auth *auth, const struct auth_key *key, int64_t now_us, struct principal *who, bool *write_down)
{
    struct shard *shard;
    struct login *set = set_of(auth, key, &shard);
    bool good = false;
    if (write_down != NULL)
        *write_down = false;
    pthread_mutex_lock(&shard->lock);
    struct login *login = find_in(set, key);
    if (login != NULL) {
        good = now_us < login->until_us && now_us < login->expires_us &&
               (login->idle_us == 0 || now_us < login->used_us + login->idle_us) &&
               login->generation == atomic_load(&auth->generations[person_slot(login->who.id)]);
        if (good) {
            *who = login->who;
            if (write_down != NULL)
                login->used_us = now_us;
            if (write_down != NULL && login->idle_us > 0 && now_us >= login->written_us + login->idle_us / SEEN_PARTS) {
                login->written_us = now_us;
                *write_down = true;
            }
        } else {
            login->until_us = 0;
        }
    }
    pthread_mutex_unlock(&shard->lock);
    return good;
}

void auth_keep(struct auth *auth, const struct auth_key *key, const struct auth_lookup *found, uint64_t epoch)
{
    struct shard *shard;
    struct login *set = set_of(auth, key, &shard);
    pthread_mutex_lock(&shard->lock);
    struct login *login = find_in(set, key);
    for (size_t i = 0; login == NULL && i < WAYS; i++)
        if (set[i].until_us == 0)
            login = &set[i];
    if (login == NULL) {
        login = &set[0];
        for (size_t i = 1; i < WAYS; i++)
            if (set[i].until_us < login->until_us)
                login = &set[i];
    }
    /* Read the generation first: a forget after it makes this entry worthless, one before it shows in the epoch. */
    uint32_t generation = atomic_load(&auth->generations[person_slot(found->who.id)]);
    if (atomic_load(&auth->epoch) == epoch)
        *login = (struct login){*key,
                                found->who,
                                found->now_us + AUTH_REMEMBER_US,
                                found->expires_us,
                                found->idle_us,
                                found->is_use ? found->now_us : found->seen_us,
                                found->seen_us,
                                generation};
    pthread_mutex_unlock(&shard->lock);
}

void auth_csrf_for(const char *token, char out[AUTH_CSRF_TEXT_BYTES])
{
    static const char purpose[] = "xueying csrf 1";
    unsigned char key[CRYPT_KEY_BYTES], proof[CRYPT_HASH_BYTES];
    char text[4 * CRYPT_HASH_BYTES / 3 + 4];
    _Static_assert(CRYPT_KEY_BYTES == CRYPT_HASH_BYTES, "the token's hash is the key");
    unsigned char seed[CRYPT_HASH_BYTES + sizeof purpose];
    crypt_hash(token, strlen(token), seed);
    memcpy(seed + CRYPT_HASH_BYTES, purpose, sizeof purpose);
    /* The stored hash of the token must not be the key: whoever reads the database would know the proof. */
    crypt_hash_keyed(seed, token, strlen(token), key);
    crypt_hash_keyed(key, seed, sizeof seed, proof);
    crypt_base64(proof, sizeof proof, true, text);
    memcpy(out, text, AUTH_CSRF_TEXT_BYTES - 1);
    out[AUTH_CSRF_TEXT_BYTES - 1] = 0;
    crypt_wipe(key, sizeof key);
    crypt_wipe(seed, sizeof seed);
}
