/* auth — who is asking: a token becomes a principal.
 *
 * Students and apps send `Authorization: Bearer <token>`; the staff console has the cookie AUTH_COOKIE. Only the hash
 * of a token is ever looked up or stored. Answers of the database are remembered for AUTH_REMEMBER_US at most, less
 * when the login ends earlier or auth_forget says that this person's logins changed.
 *
 * A request that carries the cookie and is not GET or HEAD must prove that our own page sent it: same origin, and the
 * header X-CSRF with the value of auth_csrf_for. A bearer token needs no such proof: no browser adds it by itself. */
#ifndef XY_HTTP_AUTH_H
#define XY_HTTP_AUTH_H

#include "base/crypt.h"
#include "http/exchange.h"

#define AUTH_COOKIE          "xy" /* __Host-xy over https */
#define AUTH_REMEMBER_US     SECONDS_US(60)
#define AUTH_CSRF_TEXT_BYTES 44

/* One look-up, given to the store step `auth_resolve` that main provides (it knows the tables, we do not). */
struct auth_lookup {
    /* in */
    char token_hash[CRYPT_HASH_TEXT_BYTES];
    int64_t now_us;
    bool is_use; /* false: a console that only listens; it does not keep the login awake */
    /* out; UNAUTHENTICATED (the step's result) when there is no such login, or it is over */
    struct principal who;
    int64_t expires_us; /* the login ends then at any rate */
    int64_t idle_us;    /* 0, or it ends when unused for so long */
    int64_t seen_us;    /* last use that was written down */
};
typedef enum err auth_resolve(struct tx *tx, struct auth_lookup *lookup); /* READ step */

/* Writes down that a login was in use; called at most every idle_us / 8 for one login. */
struct auth_sighting {
    char login_id[72];
    int64_t now_us;
};
typedef enum err auth_seen(struct tx *tx, struct auth_sighting *sighting); /* WRITE step */

/* ---- the memory of look-ups; all of it any thread ---- */

struct auth;

struct auth *auth_new(size_t entries_max);
void auth_free(struct auth *auth); /* NULL is fine */

/* Forget everything about a student or account: logout, new roles, disabled. Does not wait, does not search. */
void auth_forget(struct auth *auth, const char *id);

struct auth_key {
    unsigned char hash[CRYPT_HASH_BYTES]; /* of the token */
};
/* False: this cannot be one of our tokens (wrong length or characters). */
bool auth_key_of(const char *token, size_t len, struct auth_key *key);

/* True and *who when the token is known and good at now_us. `*write_down` says that auth_seen is due (the caller then
 * does it; it is said once). NULL: this look does not count as use. */
bool auth_find(struct auth *auth, const struct auth_key *key, int64_t now_us, struct principal *who, bool *write_down);
/* Take before the look-up starts, give to auth_keep: what was forgotten in between is not kept. */
uint64_t auth_epoch(struct auth *auth);
uint32_t auth_generation(struct auth *auth, const char *id); /* moves when `id` is forgotten */
void auth_keep(struct auth *auth, const struct auth_key *key, const struct auth_lookup *found, uint64_t epoch);

/* What our page must send in X-CSRF beside this cookie. A function of the token alone: the token is secret and 256
 * bits, so nobody else can know it, and it survives a restart. */
void auth_csrf_for(const char *token, char out[AUTH_CSRF_TEXT_BYTES]);

#endif
