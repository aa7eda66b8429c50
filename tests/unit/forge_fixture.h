/* A real worker, sample portraits, and forgers: for verify_test and retouch_test. Include after the modules under test.
 *
 * The worker lies beside the tests; the models too, or in build/, or where $XUEYING_MODELS says. Photographs are looked
 * for in $XUEYING_SAMPLES or ../shared/samples; what needs them is skipped where they are absent. */
#ifndef XY_TESTS_FORGE_FIXTURE_H
#define XY_TESTS_FORGE_FIXTURE_H

#include "base/crypt.h"
#include "base/text.h"
#include "dispatch/worker_client.h"
#include "tests/unit/image_fixture.h"
#include "workers/image.h"
#include "workers/jpeg.h"
#include "workers/profile.h"
#include "workers/resample.h"

#include <math.h>
#include <unistd.h>

static struct worker_client forge_worker = {.fd = -1};
static struct arena *forge_arena; /* of the whole program; the test's main makes and frees it */

static inline struct worker_client *worker(void)
{
    const char *set = getenv("XUEYING_MODELS");
    struct worker_spawn_options options = {.threads = 1, .models_folder = set};
    if (forge_worker.fd >= 0)
        return &forge_worker;
    if (worker_client_start(&forge_worker, &options) == ERR_NONE)
        return &forge_worker;
    options.models_folder = "build/models";
    if (worker_client_start(&forge_worker, &options) != ERR_NONE)
        SKIP("no worker or no models (tools/models)");
    return &forge_worker;
}

static inline const struct json *tree_of(const struct frame *answer)
{
    const struct json *tree = NULL;
    EQ_INT(ERR_NONE, json_read(answer->parts[0].bytes, answer->parts[0].len, forge_arena, &tree));
    return tree;
}

static inline struct buf sample(const char *name)
{
    char path[1024];
    const char *folder = getenv("XUEYING_SAMPLES");
    struct buf b = fixture_buf();
    static char bytes[MIB(8)];
    snprintf(path, sizeof path, "%s/portraits/%s", folder != NULL ? folder : "../shared/samples", name);
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        SKIP("the sample photographs are not there (XUEYING_SAMPLES)");
    buf_add(&b, bytes, fread(bytes, 1, sizeof bytes, file));
    fclose(file);
    return b;
}

/* ---- a photo and its report ---- */

struct made {
    struct buf original, file;
    const struct json *report; /* in forge_arena */
    struct image photo;        /* the file's pixels */
    int quality;
};

static inline struct image pixels_of(const struct buf *file)
{
    struct image_source source;
    struct image image;
    char why[IMAGE_WHY_BYTES];
    EQ_INT(ERR_NONE, image_decode(file->bytes, file->len, 90, 4000, &source, &image, why));
    return image;
}

static inline const struct json *operation(const struct json *report, const char *name)
{
    const struct json *item = json_at(report, "ledger")->first;
    while (item != NULL && !text_is(json_text_at(item, "operation", ""), name))
        item = item->next;
    TRUE(item != NULL);
    return item;
}

static inline void put_profile(struct buf *b)
{
    json_name(b, "profile");
    profile_write(b, profile_named("chsi_blue"));
}

/* Standardises; the original becomes the result's. */
static inline struct made standardised(struct buf original)
{
    struct made m = {.original = original, .file = fixture_buf()};
    struct buf request = fixture_buf();
    struct frame answer;
    json_object_open(&request);
    json_put_text(&request, "kind", "standardise");
    put_profile(&request);
    json_object_close(&request);
    const struct part parts[2] = {{request.bytes, request.len}, {original.bytes, original.len}};
    EQ_INT(ERR_NONE, worker_client_run(worker(), parts, 2, 60000, &answer));
    EQ_INT(FRAME_RESULT, answer.type);
    m.report = json_at(tree_of(&answer), "report");
    buf_add(&m.file, answer.parts[1].bytes, answer.parts[1].len);
    frame_release(&answer);
    buf_release(&request);
    m.photo = pixels_of(&m.file);
    m.quality = (int)json_int_at(operation(m.report, "encode"), "quality", 0);
    return m;
}

static inline void made_release(struct made *m)
{
    buf_release(&m->original);
    buf_release(&m->file);
    image_release(&m->photo);
}

static inline struct made made_of(const char *name)
{
    return standardised(sample(name));
}

/* ---- forgers: each returns a copy ---- */

static inline struct image copy_of(const struct image *from)
{
    size_t size = (size_t)from->width_px * (size_t)from->height_px * 3;
    struct image to = {from->width_px, from->height_px, malloc(size)};
    memcpy(to.rgb, from->rgb, size);
    return to;
}

static inline unsigned char *at_pixel(const struct image *image, int x, int y)
{
    x = x < 0 ? 0 : x >= image->width_px ? image->width_px - 1 : x;
    y = y < 0 ? 0 : y >= image->height_px ? image->height_px - 1 : y;
    return image->rgb + ((size_t)y * (size_t)image->width_px + (size_t)x) * 3;
}

/* Every pixel from where the function says, bilinear. */
typedef void warp_function(double *x, double *y, double strength);

static inline struct image warped(const struct image *from, warp_function *warp, double strength)
{
    struct image to = copy_of(from);
    for (int y = 0; y < to.height_px; y++)
        for (int x = 0; x < to.width_px; x++) {
            double u = x, v = y;
            warp(&u, &v, strength);
            int left = (int)floor(u), top = (int)floor(v);
            double a = u - left, b = v - top;
            for (int c = 0; c < 3; c++)
                at_pixel(&to, x, y)[c] = (unsigned char)lround(
                    (1 - b) * ((1 - a) * at_pixel(from, left, top)[c] + a * at_pixel(from, left + 1, top)[c]) +
                    b * ((1 - a) * at_pixel(from, left, top + 1)[c] + a * at_pixel(from, left + 1, top + 1)[c]));
        }
    return to;
}

static inline void warp_mirror(double *x, double *y, double strength)
{
    (void)y, (void)strength;
    *x = 479 - *x;
}

static inline void warp_rotate(double *x, double *y, double degrees)
{
    double turn = degrees * 3.14159265358979 / 180, dx = *x - 240, dy = *y - 320;
    *x = 240 + cos(turn) * dx + sin(turn) * dy;
    *y = 320 - sin(turn) * dx + cos(turn) * dy;
}

static inline void warp_scale(double *x, double *y, double times)
{
    *x = 240 + (*x - 240) / times;
    *y = 320 + (*y - 320) / times;
}

static inline void warp_shift(double *x, double *y, double px)
{
    *x -= px;
    *y -= px;
}

/* Both halves of a face drawn to its middle below the eyes: a "V line". */
static inline void warp_slim(double *x, double *y, double strength)
{
    double below = fmax(0, 1 - fabs(*y - 380) / 70), side = *x - 240;
    *x += side * strength * below * exp(-pow(fabs(side) - 85, 2) / 1500);
}

/* What is around two eyes in the windows of the profile is enlarged. */
static inline void warp_eyes(double *x, double *y, double strength)
{
    const double eyes[2][2] = {{200, 262}, {280, 262}};
    for (int i = 0; i < 2; i++) {
        double dx = *x - eyes[i][0], dy = *y - eyes[i][1], near = exp(-(dx * dx + dy * dy) / 500);
        *x -= dx * strength * near;
        *y -= dy * strength * near;
    }
}

static inline struct image toned(const struct image *from, double gain, double offset)
{
    struct image to = copy_of(from);
    for (size_t i = 0; i < 480 * 640 * 3; i++)
        to.rgb[i] = (unsigned char)fmin(255, fmax(0, from->rgb[i] * gain + offset + 0.5));
    return to;
}

/* A skin filter: pixels of the face that lie near the mean around them are drawn to it. */
static inline struct image smoothed(const struct image *from, int radius, int tolerance)
{
    struct image to = copy_of(from);
    for (int y = 180; y < 450; y++)
        for (int x = 130; x < 350; x++)
            for (int c = 0; c < 3; c++) {
                int sum = 0, count = 0, middle = at_pixel(from, x, y)[c];
                for (int v = y - radius; v <= y + radius; v++)
                    for (int u = x - radius; u <= x + radius; u++)
                        if (abs(at_pixel(from, u, v)[c] - middle) <= tolerance)
                            sum += at_pixel(from, u, v)[c], count++;
                at_pixel(&to, x, y)[c] = (unsigned char)(sum / count);
            }
    return to;
}

static inline void paint(struct image *image, int x, int y, int width, int height, const unsigned char colour[3])
{
    for (int v = y; v < y + height; v++)
        for (int u = x; u < x + width; u++)
            memcpy(at_pixel(image, u, v), colour, 3);
}

/* ---- reports, rewritten ---- */

/* The report as text, with the first `from` (if any) replaced. */
static inline struct buf report_text(const struct json *report, const char *from, const char *to)
{
    struct buf whole = fixture_buf(), out = fixture_buf();
    json_object_open(&whole);
    static const char *const members[] = {"profile", "source", "ledger", "versions"};
    for (size_t i = 0; i < countof(members); i++) {
        json_name(&whole, members[i]);
        json_tree(&whole, json_at(report, members[i]));
    }
    json_object_close(&whole);
    const char *text = buf_cstr(&whole), *found = from != NULL ? strstr(text, from) : NULL;
    TRUE(from == NULL || found != NULL);
    if (found == NULL) {
        buf_text(&out, text);
    } else {
        buf_add(&out, text, (size_t)(found - text));
        buf_text(&out, to);
        buf_text(&out, found + strlen(from));
    }
    buf_release(&whole);
    return out;
}

static inline void hex_of(const struct buf *file, char hex[65])
{
    unsigned char digest[32];
    crypt_sha256(file->bytes, file->len, digest);
    text_hex(digest, sizeof digest, hex);
}

#endif
