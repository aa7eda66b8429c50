#include "bench_face.h"

#include "bench_bare.h"
#include "cli_image.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS         5
#define PAIRS_PER_LANE 32
#define PHOTOS_MAX     100

#define PHOTOS_TIMED 8
#define FLOOR_ARGS   5
#define DLIB68       "/usr/share/dlib/shape_predictor_68_face_landmarks.dat"

/* Photographs in which both sides find the same faces. The first PHOTOS_TIMED are timed: seven of all sizes that a
 * phone gives, one as small as on a card. Verdicts are compared over all. */
static const char *const patterns[] = {"portraits/obama*.jpg", "portraits/biden*.jpg", "portraits/portrait[034].jpg",
                                       "faces/johns/*/*.jpg"};

struct bench {
    glob_t files;
    size_t photo_count;
    struct part photos[PHOTOS_MAX];
    struct worker_client lanes[2]; /* one and two threads; each alive all the time */
    struct bench_bare floor, peer;
};

/* ---- ours ---- */

static bool submit(void *arg, struct worker_client *client, size_t i)
{
    const struct bench *bench = arg;
    static const char request[] = "{\"kind\":\"compare\"}";
    struct part parts[3] = {
        {request, sizeof request - 1}, bench->photos[i % PHOTOS_TIMED], bench->photos[(i + 1) % PHOTOS_TIMED]};
    uint64_t job_id;
    return worker_client_submit(client, parts, 3, &job_id) == ERR_NONE;
}

/* Both photos must really have been compared, else the fastest worker would be one that finds nothing. */
static bool compared(const struct frame *answer)
{
    static const char nothing[] = "\"distance\":null";
    return answer->type == FRAME_RESULT &&
           memmem(answer->parts[0].bytes, answer->parts[0].len, nothing, sizeof nothing - 1) == NULL;
}

static double pairs_per_s(struct bench *bench, size_t threads)
{
    struct bench_jobs jobs = {PAIRS_PER_LANE * threads, 3 * threads, submit, compared, bench};
    return bench_jobs_per_s(&jobs, &bench->lanes[threads - 1]);
}

/* ---- the naive loop ---- */

static double floor_pairs_per_s(struct bench_bare *floor, size_t threads)
{
    return bench_bare_ask(floor, "run %zu %zu %d", threads, PAIRS_PER_LANE * threads, PHOTOS_TIMED);
}

/* The floor's own comparison of both ways, over all pairs of photos. */
static bool floor_compare(struct bench_bare *floor, struct bench_report *report)
{
    char line[BENCH_LINE_BYTES];
    double worst, verdicts, bands, pairs;
    if (!bench_bare_line(floor, line, "compare") ||
        sscanf(line, "%lf %lf %lf %lf", &worst, &verdicts, &bands, &pairs) != 4 || pairs < 1)
        return false;
    bench_add(report, (struct bench_row){"face_distance_difference", "millionths", worst * 1e6, 0, 1000});
    bench_add(report, (struct bench_row){"face_verdicts", "pairs", verdicts, pairs, 1});
    bench_add(report, (struct bench_row){"face_bands", "pairs", bands, pairs, 0});
    return true;
}

/* ---- what is needed ---- */

static bool find_photos(struct bench *bench)
{
    char pattern[PATH_MAX];
    for (size_t i = 0; i < countof(patterns); i++)
        if (bench_sample(patterns[i], pattern, sizeof pattern))
            (void)glob(pattern, bench->files.gl_pathc > 0 ? GLOB_APPEND : 0, NULL, &bench->files);
    for (size_t i = 0; i < bench->files.gl_pathc && bench->photo_count < PHOTOS_MAX; i++)
        if (!cli_read_file(bench->files.gl_pathv[i], &bench->photos[bench->photo_count++]))
            return false;
    return bench->photo_count >= PHOTOS_TIMED;
}

static bool model(const char *name, char path[PATH_MAX])
{
    char folder[PATH_MAX];
    const char *models = getenv("XUEYING_MODELS");
    if (models == NULL && !bench_beside("models", folder, sizeof folder))
        return false;
    return (size_t)snprintf(path, PATH_MAX, "%s/%s", models != NULL ? models : folder, name) < PATH_MAX;
}

static bool start_floor(struct bench *bench)
{
    static char program[PATH_MAX], network[PATH_MAX], numbers[PATH_MAX], landmarks[PATH_MAX];
    char *args[PHOTOS_MAX + FLOOR_ARGS + 1] = {program, network, numbers, landmarks, (char *)(uintptr_t)DLIB68};
    for (size_t i = 0; i < bench->photo_count; i++)
        args[FLOOR_ARGS + i] = bench->files.gl_pathv[i];
    return bench_beside("xueying-face-floor", program, sizeof program) && model("face_recognition.dat", network) &&
           model("face_recognition.net", numbers) && model("face_landmarks.net", landmarks) &&
           access(program, X_OK) == 0 && bench_bare_start(&bench->floor, args, NULL);
}

static const char *prepare(struct bench *bench)
{
    if (!find_photos(bench))
        return "the sample photographs are missing (XUEYING_SAMPLES)";
    if (access(DLIB68, R_OK) != 0)
        return "the loop needs Debian's package libdlib-data";
    if (!start_floor(bench))
        return "xueying-face-floor is not beside this program";
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
    bench_bare_stop(&bench->peer);
    for (size_t i = 0; i < bench->photo_count; i++)
        free((void *)(uintptr_t)bench->photos[i].bytes);
    globfree(&bench->files);
}

/* ---- measuring ---- */

static bool measure(struct bench *bench, struct bench_report *report)
{
    double ours[2][ROUNDS], raw[2][ROUNDS];
    for (size_t threads = 1; threads <= 2; threads++) { /* the first run of each side is not counted */
        (void)pairs_per_s(bench, threads);
        (void)floor_pairs_per_s(&bench->floor, threads);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (size_t threads = 1; threads <= 2; threads++) {
            ours[threads - 1][round] = pairs_per_s(bench, threads);
            raw[threads - 1][round] = floor_pairs_per_s(&bench->floor, threads);
            if (ours[threads - 1][round] <= 0 || raw[threads - 1][round] <= 0)
                return false;
        }
    double one = bench_median(ours[0], ROUNDS), two = bench_median(ours[1], ROUNDS);
    bench_add(report, (struct bench_row){"face_pairs", "pairs/s", one, bench_median(raw[0], ROUNDS), 2.0});
    bench_add(report, (struct bench_row){"face_pairs_2", "pairs/s", two, bench_median(raw[1], ROUNDS), 2.0});
    bench_add(report, (struct bench_row){"face_scaling", "pairs/s", two, one, 1.8});
    return floor_compare(&bench->floor, report);
}

/* One bench from its needs to its rows. */
static bool run(struct bench_report *report, const char *name, bool (*measured)(struct bench *, struct bench_report *))
{
    static struct bench bench; /* large */
    memset(&bench, 0, sizeof bench);
    bench.lanes[0].fd = bench.lanes[1].fd = -1;
    unsetenv("OPENBLAS_CORETYPE"); /* the worker's kernel as the server chooses it, the loop's as OpenBLAS does */
    const char *missing = prepare(&bench);
    bool good = missing == NULL && measured(&bench, report);
    if (!good)
        cli_say(CLI_FAILED, "%s: %s", name, missing != NULL ? missing : "a run failed");
    finish(&bench);
    return good;
}

bool bench_face(struct bench_report *report)
{
    return run(report, "face", measure);
}

/* ---- the peer ---- */

static bool start_peer(struct bench *bench)
{
    static char program[] = "node", script[PATH_MAX], pixels[PATH_MAX];
    char line[BENCH_LINE_BYTES];
    char *args[] = {program, script, pixels, NULL};
    if (!bench_beside("peers/face_peer.mjs", script, sizeof script) ||
        !bench_beside("peers/pixels", pixels, sizeof pixels) || access(script, R_OK) != 0 ||
        (mkdir(pixels, 0777) != 0 && errno != EEXIST))
        return false;
    return bench_bare_line(&bench->floor, line, "pixels %s %d", pixels, PHOTOS_TIMED) &&
           bench_bare_start(&bench->peer, args, NULL);
}

static double peer_pairs_per_s(struct bench_bare *peer, const char *detector)
{
    return bench_bare_ask(peer, "%s %d %d", detector, PHOTOS_TIMED, PHOTOS_TIMED);
}

static bool measure_peer(struct bench *bench, struct bench_report *report)
{
    static const struct {
        const char *name, *question;
        double goal;
    } peers[] = {{"peer_ssd", "ssd", 5}, {"peer_tiny", "tiny", 0}};
    if (!start_peer(bench)) {
        cli_say(CLI_FAILED, "the peer is not there: tools/dev bench-peers installs it");
        return false;
    }
    for (size_t p = 0; p < countof(peers); p++) {
        double ours[ROUNDS], theirs[ROUNDS];
        (void)pairs_per_s(bench, 1); /* the first run of each side is not counted */
        (void)peer_pairs_per_s(&bench->peer, peers[p].question);
        for (int round = 0; round < ROUNDS; round++) {
            ours[round] = pairs_per_s(bench, 1);
            theirs[round] = peer_pairs_per_s(&bench->peer, peers[p].question);
            if (ours[round] <= 0 || theirs[round] <= 0)
                return false;
        }
        bench_add(report, (struct bench_row){peers[p].name, "pairs/s", bench_median(ours, ROUNDS),
                                             bench_median(theirs, ROUNDS), peers[p].goal});
    }
    return true;
}

bool bench_peers(struct bench_report *report)
{
    return run(report, "peers", measure_peer);
}
