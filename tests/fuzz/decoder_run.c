/* decoder_run COUNT [SECONDS] — mutated JPEG and PNG files through the decoder inside the sandboxed worker.
 *
 * Seeds are made in memory (every kind of JPEG and PNG that phones and programs write), mutated, and sent as "inspect"
 * jobs to a real worker: 2 lanes, FLIGHT jobs at a time. A worker that dies is started anew; the jobs that were inside
 * go again one by one, so that the guilty file is known and kept beside the program in crashes/. Neither this program
 * nor the server decodes anything. Ends with one line of numbers; exit 1 when a job stayed unanswered or the worker
 * could not be started. Deaths are counted and shown: the sandbox holds them, but each one is a bug to look at.
 * XUEYING_FUZZ_SEED: another sequence. XUEYING_FUZZ_HEIC=1: HEIC files, and a worker that is allowed to open them. */
#include "base/clock.h"
#include "base/text.h"
#include "dispatch/worker_client.h"
#include "tests/unit/image_fixture.h"
#include "workers/image.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLIGHT     8
#define SEEDS_MAX  40
#define ANSWER_MS  60000
#define FILE_BYTES KIB(256)

struct flying {
    uint64_t job_id; /* 0: free */
    unsigned char *bytes;
    size_t len;
};

static struct {
    struct buf seeds[SEEDS_MAX];
    size_t seed_count;
    uint64_t random;
    bool heic;
    struct worker_client client;
    struct flying flying[FLIGHT];
    int64_t files, decoded, mended, refused, deaths, guilty, unanswered;
} run = {.random = 88172645463325252U, .client = {.fd = -1}};

static uint32_t chance(uint32_t below)
{
    run.random ^= run.random << 13;
    run.random ^= run.random >> 7;
    run.random ^= run.random << 17;
    return (uint32_t)(run.random >> 32) % below;
}

/* ---- seeds ---- */

/* A portrait-like picture: a soft slope and a blob, so that all coefficients are in use. */
static VipsImage *drawing(int width_px, int height_px)
{
    unsigned char *rgb = malloc((size_t)width_px * (size_t)height_px * 3);
    for (int y = 0; rgb != NULL && y < height_px; y++)
        for (int x = 0; x < width_px; x++) {
            unsigned char *at = rgb + (y * width_px + x) * 3;
            int u = x - width_px / 2, v = y - height_px / 2;
            bool blob = u * u + v * v < width_px * width_px / 9;
            at[0] = (unsigned char)(blob ? 200 + (x * 7 + y * 3) % 40 : x * 255 / width_px);
            at[1] = (unsigned char)(blob ? 150 + (x * 5 ^ y * 11) % 40 : y * 255 / height_px);
            at[2] = (unsigned char)(blob ? 120 : 200);
        }
    VipsImage *image = rgb == NULL ? NULL
                                   : vips_image_new_from_memory_copy(rgb, (size_t)width_px * (size_t)height_px * 3,
                                                                     width_px, height_px, 3, VIPS_FORMAT_UCHAR);
    free(rgb);
    return image;
}

static void add_seed(struct buf seed)
{
    run.seeds[run.seed_count++] = seed;
}

static VipsImage *turned_into(VipsImage *from, VipsInterpretation kind)
{
    VipsImage *tagged = NULL, *made = NULL;
    TRUE(vips_copy(from, &tagged, "interpretation", VIPS_INTERPRETATION_sRGB, NULL) == 0);
    TRUE(vips_colourspace(tagged, &made, kind, NULL) == 0);
    g_object_unref(tagged);
    g_object_unref(from);
    return made;
}

static VipsImage *with_alpha(VipsImage *from)
{
    VipsImage *made = NULL;
    TRUE(vips_addalpha(from, &made, NULL) == 0);
    g_object_unref(from);
    return made;
}

static void make_seeds(void)
{
    if (run.heic) {
        add_seed(saved(drawing(128, 128), ".heic[compression=hevc]"));
        add_seed(saved(drawing(200, 136), ".heic[compression=hevc,Q=90]"));
        add_seed(
            saved(with_alpha(turned_into(drawing(128, 160), VIPS_INTERPRETATION_sRGB)), ".heic[compression=hevc]"));
        return;
    }
    static const char *const kinds[] = {".jpg[Q=85]",
                                        ".jpg[Q=95,subsample_mode=off]",
                                        ".jpg[Q=75,interlace]",
                                        ".jpg[Q=50,optimize_coding]",
                                        ".jpg[Q=80,restart_interval=4]",
                                        ".png",
                                        ".png[interlace]",
                                        ".png[palette,bitdepth=4]",
                                        ".png[compression=0]",
                                        ".png[filter=all]"};
    for (size_t i = 0; i < countof(kinds); i++) {
        add_seed(saved(drawing(96, 128), kinds[i]));
        add_seed(saved(drawing(161, 97), kinds[i]));
    }
    add_seed(saved(turned_into(drawing(120, 120), VIPS_INTERPRETATION_B_W), ".jpg"));
    add_seed(saved(turned_into(drawing(120, 120), VIPS_INTERPRETATION_B_W), ".png"));
    add_seed(saved(turned_into(drawing(120, 120), VIPS_INTERPRETATION_CMYK), ".jpg"));
    add_seed(saved(turned_into(drawing(120, 120), VIPS_INTERPRETATION_RGB16), ".png"));
    add_seed(saved(turned_into(drawing(120, 120), VIPS_INTERPRETATION_RGB16), ".png[interlace]"));
    add_seed(saved(with_alpha(turned_into(drawing(120, 120), VIPS_INTERPRETATION_sRGB)), ".png"));
    add_seed(saved(turned_into(drawing(120, 120), VIPS_INTERPRETATION_sRGB), ".jpg[profile=srgb]"));
    add_seed(saved(turned_into(drawing(120, 120), VIPS_INTERPRETATION_sRGB), ".png[profile=srgb]"));
    add_seed(with_exif(saved(drawing(96, 128), ".jpg"), 6, "2026:05:01 12:00:00"));
}

/* ---- mutations ---- */

static const unsigned char telling[] = {0, 1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 129, 254, 255};

/* Where to hurt: headers decide most, so half of the hits go to the first 700 bytes. */
static size_t place(size_t len)
{
    return chance(2) == 0 ? chance((uint32_t)(len < 700 ? len : 700)) : chance((uint32_t)len);
}

/* A JPEG marker or PNG chunk somewhere, by walking: its length or kind is changed. */
static void hurt_structure(unsigned char *bytes, size_t len)
{
    bool png = bytes[0] == 0x89;
    size_t at = png ? 8 : 2;
    for (uint32_t steps = chance(12); steps > 0 && at + 12 < len; steps--)
        at +=
            png ? 12 + (size_t)(bytes[at + 2] << 8 | bytes[at + 3]) : 2 + (size_t)(bytes[at + 2] << 8 | bytes[at + 3]);
    if (at + 12 >= len)
        return;
    bytes[at + chance(12)] = chance(2) == 0 ? telling[chance(sizeof telling)] : (unsigned char)chance(256);
}

/* PNG checks every chunk by its CRC: without mending them, mutations would end there. */
static void mend_checksums(unsigned char *bytes, size_t len)
{
    for (size_t at = 8; at + 12 <= len;) {
        size_t size =
            (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (size > len - at - 12)
            return;
        uint32_t crc = crc32_of(bytes + at + 4, size + 4);
        for (int i = 0; i < 4; i++)
            bytes[at + 8 + size + (size_t)i] = (unsigned char)(crc >> (24 - 8 * i));
        at += 12 + size;
    }
}

static size_t mutate_once(unsigned char *bytes, size_t len)
{
    size_t at = place(len), from = place(len), run_len = 1 + chance(64);
    switch (chance(8)) {
    case 0:
        bytes[at] ^= (unsigned char)(1U << chance(8));
        break;
    case 1:
        bytes[at] = (unsigned char)chance(256);
        break;
    case 2:
        bytes[at] = telling[chance(sizeof telling)];
        break;
    case 3: /* two bytes that mean a size somewhere */
        bytes[at] = telling[chance(sizeof telling)];
        bytes[at + 1 < len ? at + 1 : at] = telling[chance(sizeof telling)];
        break;
    case 4: /* a piece over another */
        run_len = run_len < len - (at > from ? at : from) ? run_len : len - (at > from ? at : from);
        memmove(bytes + at, bytes + from, run_len);
        break;
    case 5: /* a piece taken out */
        run_len = run_len < len - at ? run_len : len - at;
        memmove(bytes + at, bytes + at + run_len, len - at - run_len);
        return len - run_len;
    case 6: /* a piece twice */
        run_len = run_len < len - at ? run_len : len - at;
        if (len + run_len > FILE_BYTES)
            break;
        memmove(bytes + at + run_len, bytes + at, len - at);
        return len + run_len;
    default:
        hurt_structure(bytes, len);
    }
    return len;
}

static size_t mutate(unsigned char *bytes)
{
    const struct buf *seed = &run.seeds[chance((uint32_t)run.seed_count)];
    size_t len = seed->len < FILE_BYTES ? seed->len : FILE_BYTES;
    memcpy(bytes, seed->bytes, len);
    for (uint32_t times = 1 + chance(chance(4) == 0 ? 16 : 3); times > 0 && len > 16; times--)
        len = mutate_once(bytes, len);
    if (chance(16) == 0)
        len = 1 + chance((uint32_t)len);
    if (len > 8 && bytes[0] == 0x89 && chance(8) != 0)
        mend_checksums(bytes, len);
    return len;
}

/* ---- the worker ---- */

static void start_worker(void)
{
    struct worker_spawn_options options = {.threads = 2, .allow_heic = run.heic};
    if (worker_client_start(&run.client, &options) == ERR_NONE)
        return;
    fprintf(stderr, "decoder_run: the worker does not start; are the models there?\n");
    exit(1);
}

static void keep(const struct flying *f, const char *folder, int status)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/decoder-%s%d-%" PRId64, folder, WIFSIGNALED(status) ? "signal" : "exit",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), ++run.guilty);
    mkdir(folder, 0755);
    FILE *file = fopen(path, "wbe");
    if (file != NULL) {
        fwrite(f->bytes, 1, f->len, file);
        fclose(file);
    }
    printf("killed the worker (%s %d): %s, %zu bytes\n", WIFSIGNALED(status) ? "signal" : "exit",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), path, f->len);
}

static enum err submit(struct flying *f)
{
    static const char request[] = "{\"kind\":\"inspect\"}";
    const struct part parts[2] = {{request, sizeof request - 1}, {f->bytes, f->len}};
    return worker_client_submit(&run.client, parts, 2, &f->job_id);
}

static void count(const struct frame *answer)
{
    if (answer->type == FRAME_REFUSED)
        run.refused++;
    else
        run.decoded++;
    const struct part *json = &answer->parts[0];
    run.mended += answer->type == FRAME_RESULT && memmem(json->bytes, json->len, "\"damaged\":true", 14) != NULL;
}

static struct flying *flying_with(uint64_t job_id)
{
    for (size_t i = 0; i < FLIGHT; i++)
        if (run.flying[i].job_id == job_id)
            return &run.flying[i];
    return NULL;
}

/* The worker is gone: everything that was inside goes again alone, so that the guilty one shows. */
static void after_death(const char *folder)
{
    int status = 0;
    worker_client_stop(&run.client, &status);
    run.deaths++;
    for (size_t i = 0; i < FLIGHT; i++) {
        struct flying *f = &run.flying[i];
        struct frame answer;
        if (f->job_id == 0)
            continue;
        if (run.client.fd < 0)
            start_worker();
        if (submit(f) == ERR_NONE && worker_client_receive(&run.client, ANSWER_MS, &answer) == ERR_NONE) {
            count(&answer);
            frame_release(&answer);
        } else {
            worker_client_stop(&run.client, &status);
            run.deaths++;
            run.refused++; /* it got its answer: none */
            keep(f, folder, status);
        }
        f->job_id = 0;
    }
    if (run.client.fd < 0)
        start_worker();
}

/* Waits for one answer, whichever job's. */
static void take_answer(const char *folder)
{
    struct frame answer;
    if (worker_client_receive(&run.client, ANSWER_MS, &answer) != ERR_NONE) {
        after_death(folder);
        return;
    }
    struct flying *f = flying_with(answer.job_id);
    if (f == NULL)
        run.unanswered++; /* an answer to nothing: cannot be */
    else
        f->job_id = 0;
    count(&answer);
    frame_release(&answer);
}

static void fly(int64_t files, int64_t seconds, const char *folder)
{
    int64_t end_us = clock_mono_us() + seconds * 1000000;
    while (run.files < files && clock_mono_us() < end_us) {
        struct flying *f = flying_with(0);
        if (f == NULL) {
            take_answer(folder);
            continue;
        }
        f->len = mutate(f->bytes);
        run.files++;
        if (submit(f) != ERR_NONE)
            after_death(folder);
    }
    for (size_t i = 0; i < FLIGHT; i++)
        while (run.flying[i].job_id != 0)
            take_answer(folder);
}

static void say(int64_t began_us)
{
    double seconds = (double)(clock_mono_us() - began_us) / 1e6;
    run.unanswered += run.files - run.decoded - run.refused;
    printf("decoder in the sandbox: files %" PRId64 ", decoded %" PRId64 " (mended %" PRId64 "), refused %" PRId64
           ", worker deaths %" PRId64 ", unanswered %" PRId64 ", %.0f s, %.0f files/s\n",
           run.files, run.decoded, run.mended, run.refused, run.deaths, run.unanswered, seconds,
           (double)run.files / seconds);
}

int main(int argc, char **argv)
{
    int64_t files = 0, seconds = 600;
    if (argc < 2 || !text_int(argv[1], &files) || (argc > 2 && !text_int(argv[2], &seconds))) {
        fprintf(stderr, "usage: decoder_run COUNT [SECONDS]\n");
        return 2;
    }
    const char *seed = getenv("XUEYING_FUZZ_SEED");
    int64_t number = 0;
    if (seed != NULL && text_int(seed, &number))
        run.random ^= (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15);
    const char *heic = getenv("XUEYING_FUZZ_HEIC");
    run.heic = heic != NULL && text_is(heic, "1");
    signal(SIGPIPE, SIG_IGN);
    image_start();
    if (setjmp(test_end) != 0)
        return 1; /* a seed could not be made; said already */
    make_seeds();
    for (size_t i = 0; i < FLIGHT; i++)
        run.flying[i].bytes = malloc(FILE_BYTES);
    char folder[4100], path[4000];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s/crashes", slash == NULL ? 0 : (int)(slash - path), path);
    start_worker();
    int64_t began_us = clock_mono_us();
    fly(files, seconds, folder);
    say(began_us);
    worker_client_stop(&run.client, NULL);
    for (size_t i = 0; i < FLIGHT; i++)
        free(run.flying[i].bytes);
    for (size_t i = 0; i < run.seed_count; i++)
        buf_release(&run.seeds[i]);
    return run.unanswered != 0 ? 1 : 0;
}
