/* api_fixture — a store, an object store and the context of the API, for tests that run an endpoint's steps directly.
 */
#ifndef XY_TESTS_API_FIXTURE_H
#define XY_TESTS_API_FIXTURE_H

#include "api/api.h"
#include "api/job.h"
#include "store/consent.h"
#include "store/student.h"
#include "tests/check.h"
#include "tests/temp.h"

#define FIXTURE_NOW_US SECONDS_US(1780000000)

struct api_fixture {
    struct temp_store temp;
    struct blob_store *blobs;
    struct arena *arena;
    struct principal student;
};

static inline enum err fixture_student(struct tx *tx, void *job)
{
    struct api_fixture *f = job;
    const char *id;
    TRY(student_of_openid(tx, "openid-1", f->student.id, "zh", FIXTURE_NOW_US, &id));
    return consent_give(tx, id, "privacy", "1", FIXTURE_NOW_US);
}

static inline void fixture_open(struct api_fixture *f)
{
    char why[256], folder[300];
    memset(f, 0, sizeof *f);
    crypt_start();
    temp_store_open(&f->temp, NULL, NULL);
    snprintf(folder, sizeof folder, "%s/objects", f->temp.folder);
    CHECK(blob_open(folder, f->temp.ring, &f->blobs, why) == ERR_NONE);
    const struct api_context context = {.store = f->temp.store,
                                        .ring = f->temp.ring,
                                        .blobs = f->blobs,
                                        .web_directory = "web",
                                        .upload_bytes_max = 12582912,
                                        .uploads_per_day_max = 20,
                                        .upload_expire_ms = 86400000,
                                        .password_hashes_max = 2,
                                        .identity_tries_max = 5,
                                        .session_wrong_tries_max = 500};
    CHECK(api_start(&context, why) == ERR_NONE);
    f->arena = arena_new(MIB(40));
    crypt_id(FIXTURE_NOW_US, f->student.id);
    f->student.roles = ROLE_STUDENT;
    CHECK(store_run(f->temp.store, STORE_WRITE, fixture_student, f) == ERR_NONE);
}

static inline void fixture_close(struct api_fixture *f)
{
    api_stop();
    arena_free(f->arena);
    temp_store_shut(&f->temp);
    blob_close(f->blobs);
    temp_store_remove(&f->temp);
}

/* As job_begin, without a request. */
static inline struct job fixture_job(struct api_fixture *f)
{
    return (struct job){.arena = f->arena, .who = &f->student, .now_us = FIXTURE_NOW_US, .status = 200};
}

#define WRITE_STEP(f, step, job) store_run((f)->temp.store, STORE_WRITE, (store_step *)(step), (job))
#define READ_STEP(f, step, job)  store_run((f)->temp.store, STORE_READ, (store_step *)(step), (job))

#endif
