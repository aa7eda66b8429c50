#include "api/stranger.h"

#include "base/crypt.h"

#include <pthread.h>

#define SETS 1024u
#define WAYS 4u

struct entry {
    uint64_t id; /* hash of the name; 0: free */
    int64_t used_us;
    struct stranger stranger;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards everything below */
static bool has_key;
static unsigned char key[CRYPT_SHORT_KEY_BYTES];
static struct entry entries[SETS][WAYS];

static uint64_t id_of(const char *name)
{
    if (!has_key)
        crypt_random(key, sizeof key);
    has_key = true;
    uint64_t id = crypt_short_hash(key, name, strlen(name));
    return id + (id == 0);
}

struct stranger stranger_get(const char *name)
{
    struct stranger found = {0};
    pthread_mutex_lock(&lock);
    uint64_t id = id_of(name);
    for (size_t i = 0; i < WAYS; i++)
        if (entries[id % SETS][i].id == id)
            found = entries[id % SETS][i].stranger;
    pthread_mutex_unlock(&lock);
    return found;
}

void stranger_put(const char *name, struct stranger stranger, int64_t now_us)
{
    pthread_mutex_lock(&lock);
    uint64_t id = id_of(name);
    struct entry *set = entries[id % SETS], *place = &set[0];
    for (size_t i = 0; i < WAYS && place->id != id; i++)
        if (set[i].id == id || set[i].used_us < place->used_us)
            place = &set[i];
    *place = (struct entry){id, now_us, stranger};
    pthread_mutex_unlock(&lock);
}
