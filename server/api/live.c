#include "api/live.h"

#include "api/job.h"
#include "base/check.h"
#include "store/capture_session.h"
#include "store/conversation.h"
#include "store/submission.h"
#include "store/view.h"

#include <pthread.h>

struct live {
    struct server *server;
    struct store *store;
    pthread_t thread;
    pthread_mutex_t lock; /* guards pending, count, stopping */
    pthread_cond_t filled;
    struct store_change pending[LIVE_IDS_MAX];
    size_t count;
    bool stopping;
};

static bool is_told(enum store_topic topic)
{
    return topic == TOPIC_SUBMISSION || topic == TOPIC_BATCH || topic == TOPIC_CLAIM || topic == TOPIC_CONVERSATION;
}

static void add(struct live *live, const struct store_change *change)
{
    for (size_t i = 0; i < live->count; i++)
        if (live->pending[i].topic == change->topic && strcmp(live->pending[i].id, change->id) == 0)
            return;
    if (live->count < LIVE_IDS_MAX)
        live->pending[live->count++] = *change;
}

void live_announce(struct live *live, const struct store_change *changes, size_t count)
{
    pthread_mutex_lock(&live->lock);
    for (size_t i = 0; i < count; i++)
        if (is_told(changes[i].topic))
            add(live, &changes[i]);
    if (live->count > 0)
        pthread_cond_signal(&live->filled);
    pthread_mutex_unlock(&live->lock);
}

/* ---- what became of one: a READ step ---- */

struct news {
    const char *id;
    char json[256], school_id[STORE_CHANGE_ID_BYTES];
};

static enum err read_news(struct tx *tx, void *job)
{
    struct news *news = job;
    struct submission s;
    struct capture_session session;
    TRY(submission_get(tx, news->id, &s));
    TRY(session_get(tx, s.session_id, &session));
    snprintf(news->json, sizeof news->json, "{\"id\":\"%s\",\"state\":\"%s\",\"version\":%" PRId64 "}", s.id,
             wf_state_name(s.state), s.version);
    snprintf(news->school_id, sizeof news->school_id, "%s", session.school_id);
    return ERR_NONE;
}

static enum err read_conversation(struct tx *tx, void *job)
{
    struct news *news = job;
    struct conversation c;
    TRY(conversation_get(tx, news->id, &c));
    snprintf(news->json, sizeof news->json,
             "{\"student_id\":\"%s\",\"state\":\"%s\",\"unread\":%" PRId64 ",\"last_sender\":\"%s\"}", c.student_id,
             c.state, c.unread, c.last_sender);
    snprintf(news->school_id, sizeof news->school_id, "%s", c.school_id != NULL ? c.school_id : "");
    return ERR_NONE;
}

static void tell(struct live *live, const struct store_change *change)
{
    struct news news = {.id = change->id};
    if (change->topic == TOPIC_BATCH) {
        snprintf(news.json, sizeof news.json, "{\"id\":\"%s\"}", change->id); /* ids are letters and digits */
        sse_broadcast(live->server, "batch.changed", news.json, ROLE_BATCH | ROLE_ADMINISTRATOR, NULL);
    } else if (change->topic == TOPIC_CLAIM) {
        /* To all reviewers: the id is random and says something only to the page that has it. */
        snprintf(news.json, sizeof news.json, "{\"claim_id\":\"%s\"}", change->id);
        sse_broadcast(live->server, "lease.lost", news.json,
                      ROLE_REVIEWER | ROLE_IDENTITY_REVIEWER | ROLE_SENIOR | ROLE_RETOUCHER, NULL);
    } else if (change->topic == TOPIC_CONVERSATION) {
        if (store_run(live->store, STORE_READ, read_conversation, &news) == ERR_NONE)
            sse_broadcast(live->server, "conversation.changed", news.json,
                          ROLE_SERVICE | ROLE_SENIOR | ROLE_ADMINISTRATOR, news.school_id);
    } else if (store_run(live->store, STORE_READ, read_news, &news) == ERR_NONE) {
        sse_broadcast(live->server, "submission.moved", news.json, ROLE_STAFF, news.school_id);
    } /* gone or busy: the next change, or the next reading of a list, tells it */
}

/* ---- the thread ---- */

static size_t take(struct live *live, struct store_change *changes)
{
    pthread_mutex_lock(&live->lock);
    while (live->count == 0 && !live->stopping)
        pthread_cond_wait(&live->filled, &live->lock);
    size_t count = live->stopping ? 0 : live->count;
    memcpy(changes, live->pending, count * sizeof changes[0]);
    live->count = 0;
    pthread_mutex_unlock(&live->lock);
    return count;
}

/* Not to tell every step of a batch to every console; a stop ends the pause. */
static void pause_a_little(struct live *live)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LIVE_PAUSE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&live->lock);
    while (!live->stopping && pthread_cond_timedwait(&live->filled, &live->lock, &until) == 0)
        ; /* more to tell: after the pause */
    pthread_mutex_unlock(&live->lock);
}

static void *live_main(void *arg)
{
    struct live *live = arg;
    struct store_change changes[LIVE_IDS_MAX];
    thread_role_set(ROLE_OUTBOUND);
    for (size_t count; (count = take(live, changes)) > 0;) {
        for (size_t i = 0; i < count; i++)
            tell(live, &changes[i]);
        pause_a_little(live);
    }
    return NULL;
}

struct live *live_start(struct server *server, struct store *store)
{
    pthread_condattr_t monotonic;
    struct live *live = calloc(1, sizeof *live);
    CHECK(live != NULL);
    live->server = server;
    live->store = store;
    CHECK(pthread_mutex_init(&live->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&monotonic) == 0);
    CHECK(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&live->filled, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    CHECK(pthread_create(&live->thread, NULL, live_main, live) == 0);
    return live;
}

void live_stop(struct live *live)
{
    if (live == NULL)
        return;
    pthread_mutex_lock(&live->lock);
    live->stopping = true;
    pthread_cond_signal(&live->filled);
    pthread_mutex_unlock(&live->lock);
    pthread_join(live->thread, NULL);
}

void live_free(struct live *live)
{
    if (live == NULL)
        return;
    pthread_cond_destroy(&live->filled);
    pthread_mutex_destroy(&live->lock);
    free(live);
}

/* ---- counts: for struct server_options ---- */

enum err api_snapshot(struct tx *tx, struct sse_snapshot *snapshot)
{
    return view_queue(tx, snapshot->who.id, snapshot->who.school_id[0] != '\0' ? snapshot->who.school_id : NULL,
                      snapshot->now_us, snapshot->out);
}
