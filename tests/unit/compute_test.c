/* links: xy_workers xy_base PkgConfig::UV */
/* The supervisor against a worker that is this very program, started with the worker's arguments, and that does what
 * its jobs say; and against the real worker when it has been built. */
#include "dispatch/compute.c"
#include "dispatch/worker_client.c"
#include "tests/check.h"

#include "base/crypt.h"

/* ---- the stand-in worker ---- */

static void fake_answer(uint64_t job_id, enum frame_type type, const char *json, const struct part *echo)
{
    struct frame frame = {.type = type, .job_id = job_id, .part_count = 1, .parts = {{json, strlen(json)}}};
    if (echo != NULL)
        frame.parts[frame.part_count++] = *echo;
    if (frame_send(WORKER_FD, &frame, -1) != ERR_NONE)
        _exit(9);
}

static void fake_do(const struct frame *job)
{
    char kind[64];
    snprintf(kind, sizeof kind, "%.*s", (int)job->parts[0].len, (const char *)job->parts[0].bytes);
    if (strstr(kind, "echo") != NULL)
        fake_answer(job->job_id, FRAME_RESULT, "{\"kind\":\"echo\"}", &job->parts[1]);
    else if (strstr(kind, "refuse") != NULL)
        fake_answer(job->job_id, FRAME_REFUSED, "{\"error\":\"unreadable\",\"why\":\"Not a\\nphoto.\"}", NULL);
    else if (strstr(kind, "junk") != NULL)
        frame_send(WORKER_FD, &(struct frame){.type = FRAME_RESULT, .job_id = 4711, .part_count = 1}, -1);
    else if (strstr(kind, "hang") != NULL)
        for (;;)
            pause();
    else if (strstr(kind, "crash") != NULL)
        _exit(3);
}

static int fake_worker(const char *models)
{
    if (strcmp(models, "absent") == 0)
        return 4;
    struct frame job;
    fake_answer(0, FRAME_READY, "{\"ready\":true,\"threads\":1}", NULL);
    while (frame_receive(WORKER_FD, &job, -1) == ERR_NONE) {
        fake_do(&job);
        frame_release(&job);
    }
    return 0;
}

/* ---- the bench ---- */

#define JOBS_MAX 64

struct bench {
    uv_loop_t loop;
    struct compute *compute;
    struct compute_job jobs[JOBS_MAX];
    const struct compute_job *order[2 * JOBS_MAX]; /* as they were given back */
    size_t submitted, done;
    bool closed;
};

static void bench_open(struct bench *b, const struct compute_options *options)
{
    static char self[4096];
    memset(b, 0, sizeof *b);
    EQ_INT(0, uv_loop_init(&b->loop));
    struct compute_options with = *options;
    if (with.worker.worker_path == NULL) {
        self[readlink("/proc/self/exe", self, sizeof self - 1)] = '\0';
        with.worker.worker_path = self;
    }
    with.worker.threads = 1;
    with.restart_pause_ms = 1;
    b->compute = compute_start(&b->loop, &with);
}

static void on_done(struct compute_job *job)
{
    struct bench *b = job->owner;
    b->order[b->done++] = job;
}

static struct compute_job *submit_as(struct bench *b, const char *json, const void *bytes, size_t len, bool yields)
{
    struct compute_job *job = &b->jobs[b->submitted++];
    *job = (struct compute_job){
        .parts = {{json, strlen(json)}, {bytes, len}}, .part_count = 2, .done = on_done, .owner = b, .yields = yields};
    EQ_INT(ERR_NONE, compute_submit(b->compute, job));
    return job;
}

static struct compute_job *submit(struct bench *b, const char *json, const void *bytes, size_t len)
{
    return submit_as(b, json, bytes, len, false);
}

static void wait_for_all(struct bench *b)
{
    while (b->done < b->submitted)
        TRUE(uv_run(&b->loop, UV_RUN_ONCE) != 0 || b->done == b->submitted);
}

static void on_closed(void *arg)
{
    *(bool *)arg = true;
}

static void bench_close(struct bench *b)
{
    for (size_t i = 0; i < b->done; i++)
        frame_release(&b->jobs[i].answer);
    compute_stop(b->compute, on_closed, &b->closed);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    TRUE(b->closed);
    EQ_INT(0, uv_loop_close(&b->loop));
}

static const struct compute_options fake = {
    .worker = {.models_folder = "none"}, .queue_max = JOBS_MAX, .job_timeout_ms = 20000};

TEST(answers_come_back_whole)
{
    struct bench b;
    bench_open(&b, &fake);
    size_t len = MIB(12); /* far beyond a socket's buffer, both ways */
    unsigned char *photo = malloc(len);
    for (size_t i = 0; i < len; i++)
        photo[i] = (unsigned char)(i % 251);
    struct compute_job *large = submit(&b, "echo", photo, len), *empty = submit(&b, "echo", "", 0);
    wait_for_all(&b);
    struct part part = {0};
    EQ_INT(COMPUTE_ANSWERED, large->end);
    TRUE(compute_part(large, 1, &part) && part.len == len && memcmp(part.bytes, photo, len) == 0);
    TRUE(compute_part(empty, 1, &part) && part.len == 0);
    TRUE(!compute_part(empty, 2, &part));
    free(photo);
    bench_close(&b);
}

TEST(a_refusal_has_a_code_and_one_line)
{
    struct bench b;
    bench_open(&b, &fake);
    struct compute_job *job = submit(&b, "refuse", "", 0);
    wait_for_all(&b);
    EQ_INT(COMPUTE_REFUSED, job->end);
    EQ_INT(ERR_UNREADABLE, job->error);
    EQ_TEXT("Not a photo.", job->why);
    bench_close(&b);
}

TEST(a_crash_costs_bystanders_nothing_and_poison_is_found)
{
    struct bench b;
    struct compute_stats stats;
    bench_open(&b, &fake);
    struct compute_job *crash = submit(&b, "crash", "", 0);
    for (int i = 0; i < 10; i++)
        submit(&b, "echo", "x", 1);
    wait_for_all(&b);
    EQ_INT(COMPUTE_POISON, crash->end);
    for (size_t i = 1; i < b.submitted; i++)
        EQ_INT(COMPUTE_ANSWERED, b.jobs[i].end);
    compute_stats(b.compute, &stats);
    EQ_INT(2, stats.crashes);
    EQ_INT(1, stats.poison);
    EQ_INT(10, stats.answered);
    EQ_INT(0, stats.in_flight + stats.waiting);
    TRUE(stats.starts >= 3 || !stats.ready);
    bench_close(&b);
}

TEST(two_poisons_do_not_blame_each_other)
{
    struct bench b;
    bench_open(&b, &fake);
    for (int i = 0; i < 12; i++)
        submit(&b, i % 4 == 1 ? "crash" : "echo", "x", 1);
    wait_for_all(&b);
    for (size_t i = 0; i < b.submitted; i++)
        EQ_INT(i % 4 == 1 ? COMPUTE_POISON : COMPUTE_ANSWERED, b.jobs[i].end);
    bench_close(&b);
}

TEST(a_hanging_job_alone_is_suspect)
{
    struct bench b;
    struct compute_stats stats;
    struct compute_options options = fake;
    options.job_timeout_ms = 100;
    bench_open(&b, &options);
    struct compute_job *hang = submit(&b, "hang", "", 0), *echo = submit(&b, "echo", "x", 1);
    wait_for_all(&b);
    EQ_INT(COMPUTE_POISON, hang->end);
    EQ_TEXT("it did not answer in time", hang->why);
    EQ_INT(COMPUTE_ANSWERED, echo->end);
    EQ_INT(0, echo->kills);
    compute_stats(b.compute, &stats);
    EQ_INT(2, stats.timeouts);
    bench_close(&b);
}

TEST(a_worker_that_lies_is_ended)
{
    struct bench b;
    bench_open(&b, &fake);
    struct compute_job *junk = submit(&b, "junk", "", 0), *echo = submit(&b, "echo", "x", 1);
    wait_for_all(&b);
    EQ_INT(COMPUTE_POISON, junk->end);
    EQ_INT(COMPUTE_ANSWERED, echo->end);
    bench_close(&b);
}

TEST(the_queue_is_bounded)
{
    struct bench b;
    struct compute_options options = fake;
    options.queue_max = 3;
    bench_open(&b, &options);
    for (int i = 0; i < 3; i++)
        submit(&b, "echo", "x", 1);
    struct compute_job more = {.parts = {{"echo", 4}}, .part_count = 1, .done = on_done};
    EQ_INT(ERR_BUSY, compute_submit(b.compute, &more));
    more.parts[0].len = PROTOCOL_PART_BYTES_MAX + 1;
    EQ_INT(ERR_TOO_LARGE, compute_submit(b.compute, &more));
    wait_for_all(&b);
    bench_close(&b);
}

TEST(jobs_that_yield_come_last)
{
    struct bench b;
    struct compute_stats stats = {0};
    bench_open(&b, &fake);
    while (!stats.ready) {
        uv_run(&b.loop, UV_RUN_ONCE);
        compute_stats(b.compute, &stats);
    }
    struct compute_job *first = submit_as(&b, "echo", "x", 1, true), *second = submit_as(&b, "echo", "x", 1, true);
    for (int i = 0; i < 8; i++)
        submit(&b, "echo", "x", 1);
    wait_for_all(&b);
    TRUE(b.order[8] == first && b.order[9] == second);
    EQ_INT(COMPUTE_ANSWERED, first->end);
    EQ_INT(COMPUTE_ANSWERED, second->end);
    bench_close(&b);
}

TEST(a_job_that_yields_is_not_run_late_nor_again)
{
    struct bench b;
    struct compute_stats stats = {0};
    bench_open(&b, &fake);
    while (!stats.ready) {
        uv_run(&b.loop, UV_RUN_ONCE);
        compute_stats(b.compute, &stats);
    }
    struct compute_job *crash = submit_as(&b, "crash", "", 0, true);
    wait_for_all(&b);
    EQ_INT(COMPUTE_POISON, crash->end);
    compute_stats(b.compute, &stats);
    EQ_INT(1, stats.crashes);
    submit(&b, "hang", "", 0); /* the only lane is taken */
    struct compute_job *late = submit_as(&b, "echo", "x", 1, true);
    while (late->end != COMPUTE_GONE)
        uv_run(&b.loop, UV_RUN_ONCE);
    EQ_INT(ERR_BUSY, late->error);
    for (int i = 0; i < COMPUTE_YIELD_MAX / 2; i++)
        submit_as(&b, "echo", "x", 1, true);
    struct compute_job more[COMPUTE_YIELD_MAX] = {0};
    for (int i = 0; i < COMPUTE_YIELD_MAX; i++) {
        more[i] = (struct compute_job){.parts = {{"echo", 4}}, .part_count = 1, .done = on_done, .owner = &b};
        more[i].yields = true;
        if (i < COMPUTE_YIELD_MAX / 2)
            EQ_INT(ERR_NONE, compute_submit(b.compute, &more[i]));
        else
            EQ_INT(ERR_BUSY, compute_submit(b.compute, &more[i]));
    }
    compute_stop(b.compute, on_closed, &b.closed);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    TRUE(b.closed && b.done == b.submitted + COMPUTE_YIELD_MAX / 2);
    EQ_INT(0, uv_loop_close(&b.loop));
}

TEST(a_stop_gives_every_job_back_unblamed)
{
    struct bench b;
    bench_open(&b, &fake);
    struct compute_job *hang = submit(&b, "hang", "", 0), *echo = submit(&b, "echo", "x", 1);
    struct compute_stats stats = {0};
    while (stats.in_flight < 2) {
        uv_run(&b.loop, UV_RUN_ONCE);
        compute_stats(b.compute, &stats);
    }
    bench_close(&b);
    EQ_INT(2, b.done);
    EQ_INT(COMPUTE_GONE, hang->end);
    EQ_INT(COMPUTE_GONE, echo->end);
}

/* ---- the real one ---- */

static void open_real(struct bench *b)
{
    char path[4096];
    const char *models = getenv("XUEYING_MODELS");
    bool found = beside_program("xueying-worker", path) && access(path, X_OK) == 0;
    if (found && models == NULL)
        found = beside_program("models/face_recognition.dat", path) && access(path, R_OK) == 0;
    if (!found)
        SKIP("xueying-worker or its models are not built");
    static char worker[4096];
    beside_program("xueying-worker", worker);
    bench_open(
        b, &(struct compute_options){.worker = {.worker_path = worker, .allow_fault_jobs = true, .job_wall_ms = 400},
                                     .queue_max = JOBS_MAX,
                                     .job_timeout_ms = 5000});
}

TEST(the_real_worker_survives_its_own_death)
{
    static struct bench b;
    open_real(&b);
    struct compute_job *crash = submit(&b, "{\"kind\":\"crash\"}", "", 0),
                       *hang = submit(&b, "{\"kind\":\"hang\"}", "", 0);
    wait_for_all(&b);
    EQ_INT(COMPUTE_POISON, crash->end);
    EQ_INT(COMPUTE_POISON, hang->end);
    struct compute_job *bad;
    do { /* a busy machine may take longer to start it than a job has patience */
        bad = submit(&b, "{\"kind\":\"standardise\",\"profile\":{}}", "no photo", 8);
        wait_for_all(&b);
    } while (bad->end == COMPUTE_GONE && b.submitted < JOBS_MAX);
    EQ_INT(COMPUTE_REFUSED, bad->end);
    bench_close(&b);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "--models") == 0)
        return fake_worker(argv[2]);
    crypt_start();
    log_open(2, LOG_ERROR_LEVEL);
    return tests_run();
}
