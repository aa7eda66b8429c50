#include "bench_photo.h"

#include "bench_bare.h"
#include "cli_image.h"
#include "workers/profile.h"

#include <limits.h>
#include <unistd.h>

#define ROUNDS          7
#define PHOTOS_PER_LANE 6
#define WIDTH_PX        3000
#define HEIGHT_PX       4000
#define LANDMARKS       "/usr/share/dlib/shape_predictor_68_face_landmarks.dat"
#define PORTRAIT        "portraits/obama2.jpg"

struct bench {
    char file[PATH_MAX]; /* the phone's photo, removed at the end */
    struct part photo;
    struct worker_client lanes[2]; /* one and two threads; each alive all the time */
    struct bench_bare floor;
};

static bool submit(void *arg, struct worker_client *client, size_t n)
{
    const struct bench *bench = arg;
    (void)n;
    struct buf b;
    uint64_t job_id;
    buf_init(&b, KIB(4));
    json_object_open(&b);
    json_put_text(&b, "kind", "standardise");
    json_name(&b, "profile");
    profile_write(&b, profile_named(PROFILE_DEFAULT));
    json_put_bool(&b, "proxy", false); /* as `photo make` asks: photo and report */
    json_object_close(&b);
    struct part parts[2] = {{b.bytes, b.len}, bench->photo};
    enum err e = worker_client_submit(client, parts, 2, &job_id);
    buf_release(&b);
    return e == ERR_NONE;
}

/* A photo must have been made, else the fastest worker would be one that finds nobody. */
static bool made(const struct frame *answer)
{
    static const char part[] = "\"standardised\"";
    return answer->type == FRAME_RESULT &&
           memmem(answer->parts[0].bytes, answer->parts[0].len, part, sizeof part - 1) != NULL;
}

static double photos_per_s(struct bench *bench, size_t threads)
{
    struct bench_jobs jobs = {PHOTOS_PER_LANE * threads, 2 * threads, submit, made, bench};
    return bench_jobs_per_s(&jobs, &bench->lanes[threads - 1]);
}

static double floor_photos_per_s(struct bench *bench)
{
    return bench_bare_ask(&bench->floor, "run %s %d", bench->file, PHOTOS_PER_LANE);
}

static const char *prepare(struct bench *bench)
{
    char program[PATH_MAX], portrait[PATH_MAX];
    char *args[] = {program, (char *)(uintptr_t)LANDMARKS, NULL};
    if (!bench_sample(PORTRAIT, portrait, sizeof portrait))
        return "the sample photographs are missing (XUEYING_SAMPLES)";
    if (!bench_beside("xueying-photo-floor", program, sizeof program) ||
        !bench_bare_start(&bench->floor, args, worker_blas_core()))
        return "xueying-photo-floor is not beside this program";
    snprintf(bench->file, sizeof bench->file, "%s/xueying-bench-%d.jpg", P_tmpdir, (int)getpid());
    if (bench_bare_ask(&bench->floor, "make %s %s %d %d", portrait, bench->file, WIDTH_PX, HEIGHT_PX) < 1 ||
        !cli_read_file(bench->file, &bench->photo))
        return "the photo could not be made";
    for (int i = 0; i < 2; i++)
        if (!cli_worker_start(&bench->lanes[i], i + 1))
            return "the image worker did not start";
    return NULL;
}

static void finish(struct bench *bench)
{
    for (int i = 0; i < 2; i++)
        worker_client_stop(&bench->lanes[i], NULL);
    bench_bare_stop(&bench->floor);
    free((void *)(uintptr_t)bench->photo.bytes);
    if (bench->file[0] != '\0')
        unlink(bench->file);
}

static bool measure(struct bench *bench, struct bench_report *report)
{
    double ours[2][ROUNDS], raw[ROUNDS];
    for (int round = -1; round < ROUNDS; round++) { /* the first is not counted */
        int at = round < 0 ? 0 : round;
        raw[at] = floor_photos_per_s(bench);
        for (size_t threads = 1; threads <= 2; threads++)
            ours[threads - 1][at] = photos_per_s(bench, threads);
        if (raw[at] <= 0 || ours[0][at] <= 0 || ours[1][at] <= 0)
            return false;
    }
    double one = bench_median(ours[0], ROUNDS), two = bench_median(ours[1], ROUNDS), floor = bench_median(raw, ROUNDS);
    double more_kib = (double)(bench_rss_kib(bench->lanes[1].pid) - bench_rss_kib(bench->lanes[0].pid));
    bench_add(report, (struct bench_row){"photo_12mpx", "x the floor's time", floor / one, 0, 1.8});
    bench_add(report, (struct bench_row){"photo_scaling", "photos/s", two, one, 1.85});
    bench_add(report, (struct bench_row){"photo_lane_memory", "MiB", more_kib / 1024, 0, 80});
    return true;
}

bool bench_photo(struct bench_report *report)
{
    static struct bench bench; /* large */
    memset(&bench, 0, sizeof bench);
    bench.lanes[0].fd = bench.lanes[1].fd = -1;
    const char *missing = prepare(&bench);
    bool good = missing == NULL && measure(&bench, report);
    if (!good)
        cli_say(CLI_FAILED, "photo: %s", missing != NULL ? missing : "a run failed");
    finish(&bench);
    return good;
}
