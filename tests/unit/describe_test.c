/* links: xy_workers xy_face_reference */
#include "workers/describe.c"

#include "tests/bench/face_reference.h"
#include "tests/check.h"

#include <limits.h>
#include <math.h>
#include <unistd.h>

#define CHIPS 6

static char why[DESCRIBE_WHY_BYTES];

/* The file in $XUEYING_MODELS or models/ beside this program; false when it is not there. */
static bool model_path(const char *name, char path[PATH_MAX])
{
    char self[PATH_MAX - 64];
    const char *models = getenv("XUEYING_MODELS");
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = '\0';
    if (strrchr(self, '/') != NULL)
        *strrchr(self, '/') = '\0';
    if (models != NULL)
        snprintf(path, PATH_MAX, "%s/%s", models, name);
    else
        snprintf(path, PATH_MAX, "%s/models/%s", self, name);
    return access(path, R_OK) == 0;
}

static struct describe_model *load(void)
{
    char path[PATH_MAX];
    struct describe_model *model = NULL;
    if (!model_path("face_recognition.net", path))
        SKIP("no models: run tools/models");
    EQ_INT(ERR_NONE, describe_load(path, &model, why));
    return model;
}

/* Slopes, rings and noise: enough to move every layer; the pass does not care whether it is a face. */
static void draw_chip(int seed, uint8_t *chip)
{
    uint32_t state = (uint32_t)seed * 2654435761u;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double ring = sin(hypot(x - 60 - 5 * seed, y - 75) / (4 + seed));
            state = state * 1664525 + 1013904223;
            *chip++ = (uint8_t)(128 + 90 * ring);
            *chip++ = (uint8_t)(x + y * (seed % 3) / 3);
            *chip++ = (uint8_t)(seed == 0 ? 255 : state >> 24);
        }
}

static double apart(const float *a, const float *b)
{
    double sum = 0;
    for (size_t i = 0; i < DESCRIBE_SIZE; i++)
        sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    return sqrt(sum);
}

TEST(numbers_and_distances_are_those_of_dlibs_own_pass)
{
    static uint8_t chip[SIDE * SIDE * 3];
    static float ours[CHIPS][DESCRIBE_SIZE], dlibs[CHIPS][DESCRIBE_SIZE];
    char path[PATH_MAX];
    struct describe_model *model = load();
    struct describe_scratch *scratch = describe_scratch_new();
    struct face_reference *reference = model_path("face_recognition.dat", path) ? face_reference_new(path) : NULL;
    if (reference == NULL)
        SKIP("no network for dlib: run tools/models");
    for (int i = 0; i < CHIPS; i++) {
        draw_chip(i, chip);
        describe_run(model, scratch, chip, ours[i]);
        face_reference_describe(reference, chip, dlibs[i]);
        TRUE(apart(ours[i], dlibs[i]) < 1e-5);
    }
    double widest = 0;
    for (int i = 0; i < CHIPS; i++)
        for (int j = 0; j < i; j++) {
            NEAR(apart(dlibs[i], dlibs[j]), apart(ours[i], ours[j]), 1e-5);
            widest = fmax(widest, apart(ours[i], ours[j]));
        }
    TRUE(widest > 0.3); /* the chips were different enough to say something */
    face_reference_free(reference);
    describe_scratch_free(scratch);
    describe_free(model);
}

TEST(the_same_chip_gives_the_same_bits)
{
    static uint8_t chip[SIDE * SIDE * 3];
    float first[DESCRIBE_SIZE], again[DESCRIBE_SIZE];
    struct describe_model *model = load();
    struct describe_scratch *scratch = describe_scratch_new();
    draw_chip(3, chip);
    describe_run(model, scratch, chip, first);
    memset(scratch, 0xFF, sizeof *scratch); /* what was there before must not matter: NaNs would show */
    describe_run(model, scratch, chip, again);
    TRUE(memcmp(first, again, sizeof first) == 0);
    describe_scratch_free(scratch);
    describe_free(model);
}

static size_t larger_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The sizes of the scratch against what every layer asks for. */
TEST(the_scratch_is_large_enough)
{
    struct describe_model model = {.weights.kind = WEIGHTS_DESCRIPTOR};
    model.weights.count = WEIGHTS_COUNT_MAX; /* nothing is read, only counted */
    model.weights.values = malloc(sizeof(float));
    (void)take_all(&model);
    struct net_shape shape = {3, SIDE, SIDE};
    size_t columns = net_conv_scratch(&model.stem, shape), planes = net_count(shape);
    shape = net_conv_shape(&model.stem, shape);
    planes = larger_size(planes, net_count(shape));
    shape = net_pool_shape(shape, 3, 2, false);
    for (size_t i = 0; i < countof(blocks); i++) {
        struct net_shape middle = net_conv_shape(&model.first[i], shape);
        columns = larger_size(columns, net_conv_scratch(&model.first[i], shape));
        columns = larger_size(columns, net_conv_scratch(&model.second[i], middle));
        planes = larger_size(planes, net_count(shape));
        planes = larger_size(planes, net_count(middle));
        struct net_shape pooled = net_pool_shape(shape, 2, 2, false);
        shape = blocks[i].halves ? (struct net_shape){middle.channels, larger(middle.height, pooled.height),
                                                      larger(middle.width, pooled.width)}
                                 : middle;
    }
    TRUE(columns <= COLUMNS_FLOATS);
    TRUE(planes <= PLANES_FLOATS);
    EQ_INT(CHANNELS_MAX, shape.channels);
    free(model.weights.values);
}

/* A sound file with so many zeros as numbers. */
static unsigned char *file_of(uint32_t kind, uint32_t count, size_t *len)
{
    *len = WEIGHTS_HEADER_BYTES + count * sizeof(float);
    unsigned char *file = calloc(1, *len);
    memcpy(file, "XYWEIGHT\1", 9);
    memcpy(file + 12, &kind, 4);
    memcpy(file + 16, &count, 4);
    return file;
}

TEST(weights_of_other_networks_are_refused)
{
    static const struct {
        uint32_t kind, count;
    } files[] = {{WEIGHTS_DESCRIPTOR, 1},       {WEIGHTS_DESCRIPTOR, 4736},   {WEIGHTS_DESCRIPTOR, 5607487},
                 {WEIGHTS_DESCRIPTOR, 5607489}, {WEIGHTS_LANDMARKS, 5607488}, {0, 5607488}};
    for (size_t i = 0; i < countof(files); i++) {
        size_t len;
        unsigned char *file = file_of(files[i].kind, files[i].count, &len);
        struct describe_model *model = NULL;
        EQ_INT(ERR_UNREADABLE, describe_load_memory(file, len, &model, why));
        TRUE(model == NULL && strstr(why, "another network") != NULL);
        free(file);
    }
}

int main(void)
{
    return tests_run();
}
