/* links: xy_base */
#include "workers/weights.c"

#include "tests/check.h"

#include <unistd.h>

#define COUNT 5

static unsigned char file[WEIGHTS_HEADER_BYTES + COUNT * sizeof(float)];
static char why[WEIGHTS_WHY_BYTES];

static void make_file(void)
{
    float values[COUNT] = {1, -2, 0.5F, 0, 4e20F};
    memset(file, 0, sizeof file);
    memcpy(file, magic, sizeof magic);
    file[8] = 1;
    file[12] = WEIGHTS_LANDMARKS;
    file[16] = COUNT;
    memset(file + 32, 0xAB, 32);
    memcpy(file + WEIGHTS_HEADER_BYTES, values, sizeof values);
}

static void refused(size_t len, const char *part_of_why)
{
    struct weights weights;
    why[0] = '\0';
    EQ_INT(ERR_UNREADABLE, weights_load_memory(file, len, &weights, why));
    TRUE(strstr(why, part_of_why) != NULL);
    TRUE(weights.values == NULL);
}

TEST(a_whole_file)
{
    struct weights weights;
    make_file();
    EQ_INT(ERR_NONE, weights_load_memory(file, sizeof file, &weights, why));
    EQ_INT(COUNT, weights.count);
    EQ_INT(WEIGHTS_LANDMARKS, weights.kind);
    EQ_INT(0xAB, weights.source_sha256[31]);
    const float *first = weights_take(&weights, 2), *rest = weights_take(&weights, 3);
    TRUE(first != NULL && rest == first + 2);
    NEAR(-2, (double)first[1], 0);
    NEAR(0.5, (double)rest[0], 0);
    TRUE(weights_take(&weights, 0) != NULL && weights_take(&weights, 1) == NULL);
    weights_release(&weights);
    TRUE(weights.values == NULL);
}

TEST(more_than_there_is_is_not_given)
{
    struct weights weights;
    make_file();
    EQ_INT(ERR_NONE, weights_load_memory(file, sizeof file, &weights, why));
    TRUE(weights_take(&weights, COUNT + 1) == NULL && weights_take(&weights, SIZE_MAX) == NULL);
    TRUE(weights_take(&weights, COUNT) != NULL);
    weights_release(&weights);
}

TEST(every_length_but_the_right_one_is_refused)
{
    for (size_t len = 0; len < sizeof file; len++) {
        make_file();
        refused(len, len < WEIGHTS_HEADER_BYTES ? "not a file of weights" : "cut off or too long");
    }
}

TEST(headers_of_others_are_refused)
{
    make_file();
    file[0] = 'x';
    refused(sizeof file, "not a file of weights");
    make_file();
    file[25] = 1;
    refused(sizeof file, "not a file of weights");
    make_file();
    file[8] = 2;
    refused(sizeof file, "version");
    make_file();
    file[16] = 0;
    refused(WEIGHTS_HEADER_BYTES, "cut off or too long");
    make_file();
    memset(file + 16, 0xFF, 4); /* four thousand million numbers, 16 GiB */
    refused(sizeof file, "cut off or too long");
}

TEST(numbers_that_are_none_are_refused)
{
    static const uint32_t bad[] = {0x7FC00000, 0x7F800000, 0xFF800000};
    for (size_t i = 0; i < countof(bad); i++) {
        make_file();
        memcpy(file + sizeof file - 4, &bad[i], 4);
        refused(sizeof file, "not finite");
    }
}

TEST(from_a_file)
{
    char path[] = "/tmp/weights_test.XXXXXX";
    struct weights weights;
    int fd = mkstemp(path);
    make_file();
    TRUE(fd >= 0 && write(fd, file, sizeof file) == (ssize_t)sizeof file);
    EQ_INT(ERR_NONE, weights_load(path, &weights, why));
    NEAR(-2, (double)weights.values[1], 0);
    weights_release(&weights);
    TRUE(ftruncate(fd, sizeof file - 1) == 0);
    EQ_INT(ERR_UNREADABLE, weights_load(path, &weights, why));
    TRUE(ftruncate(fd, 10) == 0);
    EQ_INT(ERR_UNREADABLE, weights_load(path, &weights, why));
    close(fd);
    unlink(path);
    EQ_INT(ERR_UNREADABLE, weights_load(path, &weights, why));
    TRUE(strstr(why, "missing") != NULL);
}

int main(void)
{
    return tests_run();
}
