#include "store/capture_session.h"

#include "base/text.h"
#include "store/queries.h"
#include "store/roster.h"
#include "store/store.h"

#include "store/session_find.h"
#include <pthread.h>

/* ---- policies read before ----
 *
 * Reading a policy costs more than most of a move's statements, and a session's policy is needed several times in each.
 * What was read is remembered by its text: a pure function of it, so a unit that runs again gets the same. Entries live
 * as long as the process and are never changed; when the table is full (so many edits since the start), the rest is
 * read each time. */

#define REMEMBERED_MAX 256

static struct {
    pthread_mutex_t lock; /* guards the others; an entry itself is immutable */
    size_t count;
    struct remembered {
        struct arena *arena; /* text and the policy's strings */
        const char *text;
        struct policy policy;
    } entries[REMEMBERED_MAX];
} remembered = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool recall(const char *text, struct policy *policy)
{
    bool found = false;
    pthread_mutex_lock(&remembered.lock);
    for (size_t i = remembered.count; i > 0 && !found; i--) { /* newest first: it is the one in use */
        found = strcmp(remembered.entries[i - 1].text, text) == 0;
        if (found)
            *policy = remembered.entries[i - 1].policy;
    }
    pthread_mutex_unlock(&remembered.lock);
    return found;
}

static void remember(const char *text, const struct policy *policy, struct arena *arena)
{
    pthread_mutex_lock(&remembered.lock);
    if (remembered.count < REMEMBERED_MAX)
        remembered.entries[remembered.count++] = (struct remembered){arena, text, *policy};
    else
        arena_free(arena);
    pthread_mutex_unlock(&remembered.lock);
}

/* Strings of the policy live for ever, or in tx->arena when the table is full. */
static enum err policy_of(struct tx *tx, const char *text, struct policy *policy)
{
    char why[JSON_WHY_BYTES];
    if (recall(text, policy))
        return ERR_NONE;
    TRY(policy_read(text, strlen(text), policy, tx->arena, why));
    struct arena *arena = arena_new(KIB(64));
    struct policy kept;
    text = arena_text(arena, text);
    if (policy_read(text, strlen(text), &kept, arena, why) == ERR_NONE)
        remember(text, &kept, arena);
    else
        arena_free(arena); /* cannot be: it was read a moment ago */
    return ERR_NONE;
}

static enum err read_row(const struct rows *r, struct capture_session *s)
{
    *s = (struct capture_session){.id = col_text(r, 0),
                                  .school_id = col_text(r, 1),
                                  .code = col_text(r, 2),
                                  .name = col_text(r, 3),
                                  .opens_us = col_int(r, 4),
                                  .closes_us = col_int(r, 5),
                                  .policy_json = col_text(r, 6),
                                  .policy_version = col_int(r, 7),
                                  .school_code = col_text(r, 8),
                                  .school_name = col_text(r, 9),
                                  .level = col_text(r, 10),
                                  .graduation_year = col_int(r, 11),
                                  .batch_name = col_text(r, 12),
                                  .version = col_int(r, 13)};
    enum err e = policy_of(r->tx, s->policy_json, &s->policy);
    return e == ERR_NONE ? ERR_NONE : ERR_CORRUPT; /* it was checked before it was stored */
}

static enum err get(struct tx *tx, size_t query, const char *key, struct capture_session *session)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, query, v_text(key)));
    enum err e = rows_next(&r) ? read_row(&r, session) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

enum err session_get(struct tx *tx, const char *id, struct capture_session *session)
{
    return get(tx, Q_SESSION_GET, id, session);
}

enum err session_by_code(struct tx *tx, const char *code, struct capture_session *session)
{
    return get(tx, Q_SESSION_BY_CODE, code, session);
}

enum err session_read_list(struct rows *r, struct capture_session *list, size_t max, size_t *count)
{
    enum err e = ERR_NONE;
    *count = 0;
    while (e == ERR_NONE && *count < max && rows_next(r))
        e = read_row(r, &list[(*count)++]);
    enum err closed = rows_close(r);
    return e != ERR_NONE ? e : closed;
}

enum err session_list(struct tx *tx, const char *before, struct capture_session *list, size_t max, size_t *count)
{
    return session_find(tx, NULL, before, list, max, count);
}

enum err session_find(struct tx *tx, const char *school_id, const char *before, struct capture_session *list,
                      size_t max, size_t *count)
{
    struct rows r;
    struct val below = v_text(before != NULL ? before : "~");
    if (school_id == NULL)
        TRY(TX_OPEN(tx, &r, Q_SESSION_LIST, below, v_int((int64_t)max)));
    else
        TRY(TX_OPEN(tx, &r, Q_SESSIONS_OF_SCHOOL, v_text(school_id), below, v_int((int64_t)max)));
    return session_read_list(&r, list, max, count);
}

enum err session_versions(struct tx *tx, const char *session_id, int64_t before, struct session_version *list,
                          size_t max, size_t *count)
{
    struct rows r;
    enum err e = ERR_NONE;
    *count = 0;
    TRY(TX_OPEN(tx, &r, Q_SESSION_POLICIES, v_text(session_id), v_int(before), v_int((int64_t)max)));
    while (e == ERR_NONE && *count < max && rows_next(&r)) {
        struct session_version *version = &list[(*count)++];
        const char *shown = col_text(&r, 4);
        *version = (struct session_version){.policy_version = col_int(&r, 0),
                                            .changed_by = shown != NULL ? shown : col_text(&r, 2),
                                            .changed_us = col_int(&r, 3)};
        e = policy_of(tx, col_text(&r, 1), &version->policy) == ERR_NONE ? ERR_NONE : ERR_CORRUPT;
    }
    enum err closed = rows_close(&r);
    return e != ERR_NONE ? e : closed;
}

enum err session_progress(struct tx *tx, const char *session_id, struct session_progress *progress)
{
    struct rows r;
    *progress = (struct session_progress){0};
    TRY(roster_count(tx, session_id, &progress->roster, &progress->linked));
    for (size_t state = 0; state < WF_STATE_COUNT; state++) {
        TRY(TX_OPEN(tx, &r, Q_SESSION_PROGRESS, v_text(wf_state_name((enum wf_state)state)), v_text(session_id)));
        if (rows_next(&r))
            progress->by_state[state] = col_int(&r, 0);
        TRY(rows_close_one(&r));
    }
    return ERR_NONE;
}

bool session_open_at(const struct capture_session *session, int64_t now_us)
{
    return now_us >= session->opens_us && now_us < session->closes_us && policy_open_at(&session->policy, now_us);
}

bool session_level_known(const char *level)
{
    static const char *const levels[] = {"",      "associate", "undergraduate", "postgraduate",
                                         "adult", "open",      "self_study",    "other"};
    for (size_t i = 0; i < countof(levels); i++)
        if (text_is(levels[i], level))
            return true;
    return false;
}

static enum err school_id_of(struct tx *tx, const char *code, const char **id)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_SCHOOL_BY_CODE, v_text(code)));
    if (rows_next(&r))
        *id = col_text(&r, 0);
    return rows_close_one(&r);
}

enum err session_add(struct tx *tx, const struct session_new *s)
{
    const char *school_id = NULL;
    TRY(TX_RUN(tx, Q_SCHOOL_ADD, v_text(s->school_id), v_text(s->school_code), v_text(s->school_name),
               v_int(s->now_us)));
    TRY(school_id_of(tx, s->school_code, &school_id));
    TRY(TX_RUN(tx, Q_SESSION_ADD, v_text(s->id), v_text(school_id), v_text(s->code), v_text(s->name),
               v_int(s->opens_us), v_int(s->closes_us), v_text(s->policy_json), v_int(s->now_us),
               v_text(s->level != NULL ? s->level : ""), v_int(s->graduation_year),
               v_text(s->batch_name != NULL ? s->batch_name : "")));
    return TX_RUN(tx, Q_SESSION_POLICY_RECORD, v_text(s->id), v_int(1), v_text(s->policy_json), v_text(s->changed_by),
                  v_int(s->now_us));
}

enum err session_change(struct tx *tx, const struct capture_session *s)
{
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_SESSION_CHANGE, v_text(s->name), v_int(s->opens_us), v_int(s->closes_us),
                 v_text(s->level), v_int(s->graduation_year), v_text(s->batch_name), v_text(s->id), v_int(s->version)));
    return changed == 0 ? ERR_STALE : ERR_NONE;
}

enum err session_set_policy(struct tx *tx, const char *id, int64_t policy_version, const char *policy_json,
                            const char *changed_by, int64_t now_us)
{
    int64_t changed = 0;
    TRY(TX_RUN_N(tx, &changed, Q_SESSION_POLICY_SET, v_text(policy_json), v_text(id), v_int(policy_version)));
    if (changed == 0)
        return ERR_STALE;
    store_touch(tx, TOPIC_SESSION, id);
    return TX_RUN(tx, Q_SESSION_POLICY_RECORD, v_text(id), v_int(policy_version + 1), v_text(policy_json),
                  v_text(changed_by), v_int(now_us));
}
