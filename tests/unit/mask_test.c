/* links: xy_workers */
#include "workers/mask.c"

#include "tests/check.h"
#include "tests/tflite_make.h"

#include <pthread.h>
#include <unistd.h>

#define MODEL_FILE "selfie_segmentation.tflite"

/* ---- help ---- */

/* The published network, or the test is skipped. */
static struct mask_model *model_or_skip(void)
{
    const char *folder = getenv("XUEYING_MODELS");
    char path[512], why[MASK_WHY_BYTES];
    struct mask_model *model = NULL;
    snprintf(path, sizeof path, "%s/" MODEL_FILE, folder != NULL ? folder : "build/models");
    if (access(path, R_OK) != 0)
        SKIP("no " MODEL_FILE " in $XUEYING_MODELS or build/models: run tools/models");
    if (mask_model_load(path, &model, why) != ERR_NONE)
        TEST_FAIL("%s", why);
    return model;
}

static bool inside(int64_t x, int64_t y, int64_t centre_x, int64_t centre_y, int64_t half_width, int64_t half_height)
{
    int64_t dx = (x - centre_x) * half_height, dy = (y - centre_y) * half_width;
    return dx * dx + dy * dy < half_width * half_width * half_height * half_height;
}

static void put(unsigned char *rgb, int red, int green, int blue)
{
    rgb[0] = (unsigned char)red;
    rgb[1] = (unsigned char)green;
    rgb[2] = (unsigned char)blue;
}

/* A person of ellipses at a wall that is lighter to the right; whole numbers only, in 320×400. */
static struct image draw_person(void)
{
    struct image image = {320, 400, malloc(320 * 400 * 3)};
    for (int y = 0; y < 400; y++)
        for (int x = 0; x < 320; x++) {
            unsigned char *rgb = image.rgb + 3 * (320 * y + x);
            put(rgb, 180 + x / 8, 185 + x / 8, 190 + x / 8);
            if (inside(x, y, 160, 150, 68, 88))
                put(rgb, 40, 30, 28); /* hair */
            if (inside(x, y, 160, 420, 140, 150))
                put(rgb, 30, 40, 90); /* jacket */
            if (inside(x, y, 160, 250, 28, 50))
                put(rgb, 205, 160, 135); /* neck */
            if (inside(x, y, 160, 170, 52, 70))
                put(rgb, 225, 180, 155); /* face */
            if (inside(x, y, 138, 160, 9, 4) || inside(x, y, 182, 160, 9, 4))
                put(rgb, 35, 25, 25); /* eyes */
            if (inside(x, y, 160, 208, 17, 5))
                put(rgb, 175, 80, 85); /* mouth */
        }
    return image;
}

/* ---- without the network's file ---- */

TEST(a_missing_or_foreign_file_is_refused)
{
    struct mask_model *model = (void *)1;
    char why[MASK_WHY_BYTES] = "";
    EQ_INT(ERR_UNREADABLE, mask_model_load("/nowhere/at/all.tflite", &model, why));
    EQ_TEXT("The network file of the person mask cannot be read.", why);
    TRUE(model == NULL);
    EQ_INT(ERR_UNREADABLE, mask_model_load("tests", &model, why)); /* a folder */
    EQ_TEXT("The network file of the person mask cannot be read.", why);
    EQ_INT(ERR_UNREADABLE, mask_model_load("tests/check.h", &model, why));
    EQ_TEXT("This is not a TensorFlow Lite file.", why);
    mask_model_free(NULL);
}

TEST(a_network_for_something_else_is_refused)
{
    struct mask_model *model = (void *)1;
    struct made_net net = {.tensor_count = 0};
    char why[MASK_WHY_BYTES] = "";
    struct buf file;
    net.in = made_picture(&net, MASK_SIDE_PX, MASK_SIDE_PX, 3);
    net.out = made_simple(&net, 14, net.in); /* three channels of output */
    buf_init(&file, KIB(16));
    made_file(&file, &net);
    EQ_INT(ERR_UNREADABLE, mask_model_read(file.bytes, file.len, &model, why));
    EQ_TEXT("This is a network for something else.", why);
    TRUE(model == NULL);
    buf_release(&file);
}

TEST(a_file_that_is_too_large_is_refused)
{
    struct mask_model *model = NULL;
    char why[MASK_WHY_BYTES] = "";
    unsigned char *bytes = calloc(1, TFLITE_FILE_BYTES_MAX + 1);
    EQ_INT(ERR_UNREADABLE, mask_model_read(bytes, TFLITE_FILE_BYTES_MAX + 1, &model, why));
    EQ_TEXT("The network file is too large.", why);
    free(bytes);
}

/* A ramp stays a ramp: value at pixel x of a frame `width` wide is that of the mask at (x + ½)·256/width − ½. */
TEST(the_mask_is_enlarged_with_half_pixel_centres)
{
    static float mask[MASK_SIDE_PX * MASK_SIDE_PX];
    static const int32_t sides[][2] = {{720, 960}, {256, 256}, {100, 300}, {1, 1}};
    for (int i = 0; i < MASK_SIDE_PX * MASK_SIDE_PX; i++)
        mask[i] = (float)(i % MASK_SIDE_PX + 2 * (i / MASK_SIDE_PX)) / (3 * 255.0F);
    for (size_t k = 0; k < countof(sides); k++) {
        struct plane out = {sides[k][0], sides[k][1], malloc((size_t)(sides[k][0] * sides[k][1]))};
        struct between *columns = malloc(sizeof *columns * (size_t)out.width_px);
        float *rows = malloc(2 * sizeof *rows * (size_t)out.width_px);
        for (int32_t x = 0; x < out.width_px; x++)
            columns[x] = find_between(x, out.width_px);
        enlarge(mask, columns, rows, rows + out.width_px, &out);
        for (int32_t y = 0; y < out.height_px; y++)
            for (int32_t x = 0; x < out.width_px; x++) {
                double at_x = (x + 0.5) * MASK_SIDE_PX / out.width_px - 0.5;
                double at_y = (y + 0.5) * MASK_SIDE_PX / out.height_px - 0.5;
                double want = fmin(fmax(at_x, 0), 255) + 2 * fmin(fmax(at_y, 0), 255);
                NEAR(want / 3, out.values[y * out.width_px + x], 0.502);
            }
        free(rows);
        free(columns);
        plane_release(&out);
    }
}

/* ---- with it ---- */

TEST(the_published_network_is_read)
{
    struct mask_model *model = model_or_skip();
    EQ_TEXT("8d13b7fae74af625c641226813616a2117bd6bca19eb3b75574621fc08557f27", mask_model_sha256(model));
    EQ_INT(136, model->plan->step_count);
    TRUE(model->plan->memory_floats * sizeof(float) < 4200000);
    mask_model_free(model);
}

/* Recorded values of the drawn person; TensorFlow Lite itself differs from them by less than 1e-4. */
TEST(the_drawn_person_is_found)
{
    static const struct {
        int x, y;
        double value;
    } golden[] = {{113, 42, 0.83780},  {74, 94, 0.62125},   {182, 94, 0.29121},  {107, 172, 0.25896},
                  {149, 172, 0.71176}, {182, 185, 0.84097}, {203, 198, 0.82454}, {227, 224, 0.61276},
                  {10, 10, 0.00000},   {128, 40, 0.99996},  {128, 109, 1.00000}, {128, 250, 1.00000},
                  {250, 250, 0.00000}};
    struct mask_model *model = model_or_skip();
    struct image person = draw_person();
    const struct tflite_plan *plan = model->plan;
    float *memory = aligned_alloc(TFLITE_MEMORY_ALIGN_BYTES, plan->memory_floats * sizeof *memory);
    EQ_INT(ERR_NONE, put_frame(&person, memory + plan->in_at));
    tflite_run(plan, memory);
    const float *mask = memory + plan->out_at;
    for (size_t i = 0; i < countof(golden); i++)
        NEAR(golden[i].value, mask[golden[i].y * MASK_SIDE_PX + golden[i].x], 1e-3);
    struct plane out;
    EQ_INT(ERR_NONE, mask_find(model, &person, &out));
    EQ_INT(320, out.width_px);
    EQ_INT(400, out.height_px);
    TRUE(out.values[320 * 170 + 160] > 250 && out.values[320 * 390 + 160] > 250); /* face, jacket */
    TRUE(out.values[320 * 20 + 20] < 5 && out.values[320 * 100 + 300] < 5);       /* wall */
    plane_release(&out);
    image_release(&person);
    free(memory);
    mask_model_free(model);
}

struct finder {
    const struct mask_model *model;
    const struct image *frame;
    struct plane out;
    enum err e;
};

static void *find_on_thread(void *arg)
{
    struct finder *finder = arg;
    finder->e = mask_find(finder->model, finder->frame, &finder->out);
    return NULL;
}

TEST(threads_share_the_network_and_agree)
{
    struct mask_model *model = model_or_skip();
    struct image person = draw_person();
    struct finder finders[3];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        finders[i] = (struct finder){.model = model, .frame = &person};
        TRUE(pthread_create(&threads[i], NULL, find_on_thread, &finders[i]) == 0);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 3; i++) {
        EQ_INT(ERR_NONE, finders[i].e);
        EQ_INT(0, memcmp(finders[0].out.values, finders[i].out.values, 320 * 400));
    }
    for (int i = 0; i < 3; i++)
        plane_release(&finders[i].out);
    image_release(&person);
    mask_model_free(model);
}

/* A byte changed in the published file: refused with a reason, or still a network that runs. */
TEST(damaged_copies_do_no_harm)
{
    struct mask_model *model = model_or_skip();
    mask_model_free(model);
    const char *folder = getenv("XUEYING_MODELS");
    char path[512], why[MASK_WHY_BYTES];
    size_t len = 0, loaded = 0;
    unsigned char *bytes = malloc(TFLITE_FILE_BYTES_MAX + 1);
    snprintf(path, sizeof path, "%s/" MODEL_FILE, folder != NULL ? folder : "build/models");
    TRUE(read_file(path, bytes, &len));
    for (size_t at = 0, round = 0; at < len; at += 397, round++) {
        bytes[at] ^= (unsigned char)(1u << round % 8);
        enum err e = mask_model_read(bytes, len, &model, why);
        TRUE((e == ERR_NONE) == (model != NULL) && (e == ERR_NONE || why[0] != '\0'));
        loaded += model != NULL;
        mask_model_free(model);
        bytes[at] ^= (unsigned char)(1u << round % 8);
    }
    TRUE(loaded > 0);
    free(bytes);
}

int main(void)
{
    return tests_run();
}
