#include "bench_face.h"

#include "base/clock.h"
#include "cli_image.h"

#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sys/wait.h>
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

struct floor {
    pid_t pid;
    FILE *ask, *answer;
};

struct bench {
    glob_t files;
    size_t photo_count;
    struct part photos[PHOTOS_MAX];
    struct worker_client lanes[2]; /* one and two threads; each alive all the time */
    struct floor floor;
};

/* ---- ours ---- */

static bool submit(struct bench *bench, struct worker_client *client, size_t i)
{
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

static double pairs_per_s(struct bench *bench, struct worker_client *client, size_t threads)
{
    size_t pairs = PAIRS_PER_LANE * threads, sent = 0, done = 0;
    int64_t start = clock_mono_us();
    while (done < pairs) {
        for (; sent < pairs && sent - done < 3 * threads; sent++)
            if (!submit(bench, client, sent))
                return 0;
        struct frame answer;
        if (worker_client_receive(client, CLI_JOB_TIMEOUT_MS, &answer) != ERR_NONE)
            return 0;
        bool good = compared(&answer);
        frame_release(&answer);
        if (!good)
            return 0;
        done++;
    }
    return (double)pairs * 1e6 / (double)(clock_mono_us() - start);
}

/* ---- the naive loop ---- */

_Noreturn static void become_floor(int in_fd, int out_fd, char **args)
{
    unsetenv("OPENBLAS_CORETYPE"); /* Debian's OpenBLAS as it comes; one thread, as our side has */
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    if (dup2(in_fd, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0)
        _exit(126);
    execv(args[0], args);
    _exit(127);
}

static bool floor_spawn(struct floor *floor, char **args)
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0)
        return false;
    if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        return false;
    }
    floor->pid = fork();
    if (floor->pid == 0)
        become_floor(to[0], from[1], args);
    close(to[0]);
    close(from[1]);
    floor->ask = fdopen(to[1], "w");
    floor->answer = fdopen(from[0], "r");
    return floor->pid > 0 && floor->ask != NULL && floor->answer != NULL;
}

static double floor_pairs_per_s(struct floor *floor, size_t threads)
{
    char line[64];
    double rate = 0;
    if (fprintf(floor->ask, "run %zu %zu %d\n", threads, PAIRS_PER_LANE * threads, PHOTOS_TIMED) < 0 ||
        fflush(floor->ask) != 0 || fgets(line, sizeof line, floor->answer) == NULL || sscanf(line, "%lf", &rate) != 1)
        return 0;
    return rate;
}

/* The floor's own comparison of both ways, over all pairs of photos. */
static bool floor_compare(struct floor *floor, struct bench_report *report)
{
    char line[128];
    double worst, verdicts, bands, pairs;
    if (fputs("compare\n", floor->ask) < 0 || fflush(floor->ask) != 0 ||
        fgets(line, sizeof line, floor->answer) == NULL ||
        sscanf(line, "%lf %lf %lf %lf", &worst, &verdicts, &bands, &pairs) != 4 || pairs < 1)
        return false;
    bench_add(report, (struct bench_row){"face_distance_difference", "millionths", worst * 1e6, 0, 1000});
    bench_add(report, (struct bench_row){"face_verdicts", "pairs", verdicts, pairs, 1});
    bench_add(report, (struct bench_row){"face_bands", "pairs", bands, pairs, 0});
    return true;
}

static void floor_stop(struct floor *floor)
{
    if (floor->ask != NULL)
        fclose(floor->ask); /* its stdin ends: so does it */
    if (floor->answer != NULL)
        fclose(floor->answer);
    if (floor->pid > 0)
        waitpid(floor->pid, NULL, 0);
}

/* ---- what is needed ---- */

static bool beside(const char *name, char *path, size_t size)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return false;
    self[n] = '\0';
    *strrchr(self, '/') = '\0';
    return (size_t)snprintf(path, size, "%s/%s", self, name) < size;
}

/* $XUEYING_SAMPLES, ../shared/samples beside the checkout, or the same seen from the build folder. */
static bool find_photos(struct bench *bench)
{
    char near_build[PATH_MAX] = "", pattern[PATH_MAX];
    beside("../../shared/samples", near_build, sizeof near_build);
    const char *folders[] = {getenv("XUEYING_SAMPLES"), "../shared/samples", near_build};
    for (size_t f = 0; f < countof(folders) && bench->files.gl_pathc == 0; f++)
        for (size_t i = 0; folders[f] != NULL && i < countof(patterns); i++) {
            snprintf(pattern, sizeof pattern, "%s/%s", folders[f], patterns[i]);
            (void)glob(pattern, bench->files.gl_pathc > 0 ? GLOB_APPEND : 0, NULL, &bench->files);
        }
    for (size_t i = 0; i < bench->files.gl_pathc && bench->photo_count < PHOTOS_MAX; i++)
        if (!cli_read_file(bench->files.gl_pathv[i], &bench->photos[bench->photo_count++]))
            return false;
    return bench->photo_count >= PHOTOS_TIMED;
}

static bool model(const char *name, char path[PATH_MAX])
{
    char folder[PATH_MAX];
    const char *models = getenv("XUEYING_MODELS");
    if (models == NULL && !beside("models", folder, sizeof folder))
        return false;
    return (size_t)snprintf(path, PATH_MAX, "%s/%s", models != NULL ? models : folder, name) < PATH_MAX;
}

static bool start_floor(struct bench *bench)
{
    static char program[PATH_MAX], network[PATH_MAX], numbers[PATH_MAX], landmarks[PATH_MAX];
    char *args[PHOTOS_MAX + FLOOR_ARGS + 1] = {program, network, numbers, landmarks, (char *)(uintptr_t)DLIB68};
    for (size_t i = 0; i < bench->photo_count; i++)
        args[FLOOR_ARGS + i] = bench->files.gl_pathv[i];
    return beside("xueying-face-floor", program, sizeof program) && model("face_recognition.dat", network) &&
           model("face_recognition.net", numbers) && model("face_landmarks.net", landmarks) &&
           access(program, X_OK) == 0 && floor_spawn(&bench->floor, args);
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
    floor_stop(&bench->floor);
    for (size_t i = 0; i < bench->photo_count; i++)
        free((void *)(uintptr_t)bench->photos[i].bytes);
    globfree(&bench->files);
}

/* ---- measuring ---- */

static bool measure(struct bench *bench, struct bench_report *report)
{
    double ours[2][ROUNDS], raw[2][ROUNDS];
    for (size_t threads = 1; threads <= 2; threads++) { /* the first run of each side is not counted */
        (void)pairs_per_s(bench, &bench->lanes[threads - 1], threads);
        (void)floor_pairs_per_s(&bench->floor, threads);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (size_t threads = 1; threads <= 2; threads++) {
            ours[threads - 1][round] = pairs_per_s(bench, &bench->lanes[threads - 1], threads);
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

bool bench_face(struct bench_report *report)
{
    static struct bench bench; /* large */
    memset(&bench, 0, sizeof bench);
    bench.lanes[0].fd = bench.lanes[1].fd = -1;
    const char *missing = prepare(&bench);
    bool good = missing == NULL && measure(&bench, report);
    if (!good)
        cli_say(CLI_FAILED, "face: %s", missing != NULL ? missing : "a run failed");
    finish(&bench);
    return good;
}
