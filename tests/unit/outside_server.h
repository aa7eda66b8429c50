/* outside_server — a store over a fresh database, the stand-ins, and the dispatcher with the outside's executors: what
 * runs in the server behind HTTP. Tests put rows, wait until nothing is due, and look at both sides. */
#ifndef XY_OUTSIDE_SERVER_H
#define XY_OUTSIDE_SERVER_H

#include "base/clock.h"
#include "dispatch/outside.h"
#include "store/capture_session.h"
#include "store/outbox.h"
#include "store/student.h"
#include "store/submission.h"
#include "store/transition.h"
#include "tests/temp.h"
#include "tests/unit/outside_fixture.h"

#include <pthread.h>

static struct temp_store server_temp;
static struct blob_store *server_blobs;
static struct outside_config server_config;
static struct outside *server_outside;
static _Atomic(struct dispatch *) server_dispatch; /* the writer thread wakes it */
static char server_notify_url[128];

static pthread_mutex_t server_changed_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t server_changed = PTHREAD_COND_INITIALIZER;

/* Until something was committed, at most 5 ms: what a test waits for may also happen in a stand-in. */
static inline void server_wait(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 5000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&server_changed_lock);
    pthread_cond_timedwait(&server_changed, &server_changed_lock, &until);
    pthread_mutex_unlock(&server_changed_lock);
}

static void server_on_change(void *arg, const struct store_change *changes, size_t count)
{
    (void)arg;
    pthread_mutex_lock(&server_changed_lock);
    pthread_cond_broadcast(&server_changed);
    pthread_mutex_unlock(&server_changed_lock);
    for (size_t i = 0; i < count; i++)
        if (changes[i].topic == TOPIC_OUTBOX && atomic_load(&server_dispatch) != NULL)
            dispatch_wake(atomic_load(&server_dispatch));
}

static inline void server_dispatch_start(void)
{
    static const struct executor *const executors[] = {outside_executors, NULL};
    char why[256];
    server_outside = outside_new(&server_config);
    const struct dispatch_options options = {.store = server_temp.store,
                                             .ring = server_temp.ring,
                                             .blobs = server_blobs,
                                             .executors = executors,
                                             .lease_ms = 60000,
                                             .sweep_interval_ms = 10,
                                             .batch_max = 64,
                                             .retry_scale_percent = 1,
                                             .on_start = outside_on_start,
                                             .on_stop = outside_on_stop,
                                             .arg = server_outside};
    struct dispatch *dispatch = NULL;
    CHECK(dispatch_start(&options, &dispatch, why) == ERR_NONE);
    atomic_store(&server_dispatch, dispatch);
}

static inline void server_dispatch_stop(void)
{
    dispatch_stop(atomic_exchange(&server_dispatch, NULL));
    outside_free(server_outside);
}

static inline void server_up(void)
{
    char why[256], folder[300];
    log_open(2, LOG_ERROR_LEVEL);
    signal(SIGPIPE, SIG_IGN);
    outside_arena = arena_new(MIB(64));
    outside_standin = standin_start(5, &outside_ports);
    temp_store_open(&server_temp, server_on_change, NULL);
    snprintf(folder, sizeof folder, "%s/blobs", server_temp.folder);
    CHECK(blob_open(folder, server_temp.ring, &server_blobs, why) == ERR_NONE);
    struct standin_bank bank;
    standin_bank_keys(&bank);
    server_config = (struct outside_config){
        .wechat = {.url = outside_url(outside_ports.wechat, ""), .appid = STANDIN_APPID, .secret = STANDIN_SECRET},
        .pay = {.url = outside_url(outside_ports.pay, ""),
                .appid = STANDIN_APPID,
                .who = {STANDIN_MERCHANT, bank.merchant_serial, bank.merchant_key},
                .api_v3_key = bank.api_v3_key,
                .keys = pay_keys_new(),
                .notify_url = server_notify_url},
        .wechat_page = {.url = outside_url(outside_ports.wechat, ""),
                        .appid = STANDIN_PAGE_APPID,
                        .secret = STANDIN_PAGE_SECRET},
        .sms = {.url = outside_url(outside_ports.sms, "/sms"), .key = outside_ports.key, .allow_private = true},
        .courier_key = outside_ports.key,
        .allow_private = true,
        .data_directory = server_temp.folder,
        .retry_scale_percent = 1,
    };
    wechat_templates_default(&server_config.templates.subscription);
    wechat_templates_default(&server_config.templates.page);
    server_dispatch_start();
}

static inline void server_down(void)
{
    server_dispatch_stop();
    temp_store_shut(&server_temp);
    blob_close(server_blobs);
    temp_store_remove(&server_temp);
    standin_stop(outside_standin);
    pay_keys_free(server_config.pay.keys);
    arena_free(outside_arena);
}

/* ---- the store, from the test's thread ---- */

static inline void server_write(store_step *step, void *job)
{
    enum err e = store_run(server_temp.store, STORE_WRITE, step, job);
    if (e != ERR_NONE)
        TEST_FAIL("unit: %s", err_name(e));
}

static inline enum err server_count_step(struct tx *tx, void *job)
{
    return outbox_count(tx, job);
}

/* Until no row is waiting, running or unknown. */
static inline struct outbox_status server_settle(void)
{
    struct outbox_status status;
    int64_t until_us = clock_mono_us() + SECONDS_US(30);
    do {
        EQ_INT(ERR_NONE, store_run(server_temp.store, STORE_READ, server_count_step, &status));
        if (clock_mono_us() > until_us)
            TEST_FAIL("rows are left: %" PRId64 " waiting, %" PRId64 " running, %" PRId64 " unknown", status.waiting,
                      status.running, status.unknown);
        if (status.waiting + status.running + status.unknown > 0)
            server_wait();
    } while (status.waiting + status.running + status.unknown > 0);
    return status;
}

/* A student; `openid` is what the stand-in would give. */
struct server_student {
    const char *openid;
    char id[CRYPT_ID_TEXT_BYTES];
};

static inline enum err server_student_step(struct tx *tx, void *job)
{
    struct server_student *s = job;
    const char *id;
    TRY(student_of_openid(tx, s->openid, s->id, "zh", clock_utc_us(), &id));
    snprintf(s->id, sizeof s->id, "%s", id);
    return ERR_NONE;
}

static inline struct server_student server_student(const char *openid)
{
    struct server_student s = {.openid = openid};
    crypt_id(clock_utc_us(), s.id);
    server_write(server_student_step, &s);
    return s;
}

#endif
