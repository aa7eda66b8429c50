#include "bench_face.h"

#include "base/clock.h"
#include "cli_image.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <sys/stat.h>
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

/* A program that answers lines with lines. */
struct other {
    pid_t pid;
    FILE *ask, *answer;
};

struct bench {
    glob_t files;
    size_t photo_count;
    struct part photos[PHOTOS_MAX];
    struct worker_client lanes[2]; /* one and two threads; each alive all the time */
    struct other floor, peer;
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

_Noreturn static void become_other(int in_fd, int out_fd, char **args)
{
    setenv("OPENBLAS_NUM_THREADS", "1", 1); /* as our side has */
    if (dup2(in_fd, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0)
        _exit(126);
    execvp(args[0], args);
    _exit(127);
}

static bool other_spawn(struct other *other, char **args)
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0)
        return false;
    if (pipe2(from, O_CLOEXEC) != 0) {
        close(to[0]);
        close(to[1]);
        return false;
    }
    other->pid = fork();
    if (other->pid == 0)
        become_other(to[0], from[1], args);
    close(to[0]);
    close(from[1]);
    other->ask = fdopen(to[1], "w");
    other->answer = fdopen(from[0], "r");
    return other->pid > 0 && other->ask != NULL && other->answer != NULL;
}

/* Says `question` and reads the answer's line. */
static bool other_ask(struct other *other, const char *question, char line[128])
{
    return fprintf(other->ask, "%s\n", question) > 0 && fflush(other->ask) == 0 &&
           fgets(line, 128, other->answer) != NULL;
}

static double other_rate(struct other *other, const char *question)
{
    char line[128];
    double rate = 0;
    return other_ask(other, question, line) && sscanf(line, "%lf", &rate) == 1 ? rate : 0;
}

static double floor_pairs_per_s(struct other *other, size_t threads)
{
    char question[64];
    snprintf(question, sizeof question, "run %zu %zu %d", threads, PAIRS_PER_LANE * threads, PHOTOS_TIMED);
    return other_rate(other, question);
}

/* The floor's own comparison of both ways, over all pairs of photos. */
static bool floor_compare(struct other *other, struct bench_report *report)
{
    char line[128];
    double worst, verdicts, bands, pairs;
    if (!other_ask(other, "compare", line) || sscanf(line, "%lf %lf %lf %lf", &worst, &verdicts, &bands, &pairs) != 4 ||
        pairs < 1)
        return false;
    bench_add(report, (struct bench_row){"face_distance_difference", "millionths", worst * 1e6, 0, 1000});
    bench_add(report, (struct bench_row){"face_verdicts", "pairs", verdicts, pairs, 1});
    bench_add(report, (struct bench_row){"face_bands", "pairs", bands, pairs, 0});
    return true;
}

static void other_stop(struct other *other)
{
    if (other->ask != NULL)
        fclose(other->ask); /* its stdin ends: so does it */
    if (other->answer != NULL)
        fclose(other->answer);
    if (other->pid > 0)
        waitpid(other->pid, NULL, 0);
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
           access(program, X_OK) == 0 && other_spawn(&bench->floor, args);
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
    other_stop(&bench->floor);
    other_stop(&bench->peer);
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
    char question[PATH_MAX + 32], line[128];
    char *args[] = {program, script, pixels, NULL};
    if (!beside("peers/face_peer.mjs", script, sizeof script) || !beside("peers/pixels", pixels, sizeof pixels) ||
        access(script, R_OK) != 0 || (mkdir(pixels, 0777) != 0 && errno != EEXIST))
        return false;
    snprintf(question, sizeof question, "pixels %s %d", pixels, PHOTOS_TIMED);
    return other_ask(&bench->floor, question, line) && other_spawn(&bench->peer, args);
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
        char question[64];
        snprintf(question, sizeof question, "%s %d %d", peers[p].question, PHOTOS_TIMED, PHOTOS_TIMED);
        (void)pairs_per_s(bench, &bench->lanes[0], 1); /* the first run of each side is not counted */
        (void)other_rate(&bench->peer, question);
        for (int round = 0; round < ROUNDS; round++) {
            ours[round] = pairs_per_s(bench, &bench->lanes[0], 1);
            theirs[round] = other_rate(&bench->peer, question);
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
