#include "workers/weights.h"

#include <errno.h>
#include <math.h>

static const char magic[8] = {'X', 'Y', 'W', 'E', 'I', 'G', 'H', 'T'};

static uint32_t le32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static enum err refuse(char why[WEIGHTS_WHY_BYTES], const char *what)
{
    snprintf(why, WEIGHTS_WHY_BYTES, "%s", what);
    return ERR_UNREADABLE;
}

static enum err check_header(const unsigned char *header, size_t len, char why[WEIGHTS_WHY_BYTES])
{
    static const unsigned char zeros[12];
    if (len < WEIGHTS_HEADER_BYTES || memcmp(header, magic, sizeof magic) != 0 ||
        memcmp(header + 20, zeros, sizeof zeros) != 0)
        return refuse(why, "This is not a file of weights.");
    if (le32(header + 8) != 1)
        return refuse(why, "The weights are of a version this program does not know.");
    uint32_t count = le32(header + 16);
    if (count == 0 || count > WEIGHTS_COUNT_MAX || (len - WEIGHTS_HEADER_BYTES) != (size_t)count * sizeof(float))
        return refuse(why, "The file of weights is cut off or too long.");
    return ERR_NONE;
}

static bool all_finite(const float *values, size_t count)
{
    bool finite = true;
    for (size_t i = 0; i < count; i++)
        finite = finite && isfinite(values[i]);
    return finite;
}

/* Numbers already in *out, header checked. */
static enum err finish(const unsigned char *header, struct weights *out, char why[WEIGHTS_WHY_BYTES])
{
    out->kind = le32(header + 12);
    memcpy(out->source_sha256, header + 32, sizeof out->source_sha256);
    if (all_finite(out->values, out->count))
        return ERR_NONE;
    weights_release(out);
    return refuse(why, "The file of weights is damaged: a number is not finite.");
}

static enum err make_room(const unsigned char *header, struct weights *out, char why[WEIGHTS_WHY_BYTES])
{
    *out = (struct weights){.count = le32(header + 16)};
    out->values = malloc(out->count * sizeof(float));
    if (out->values != NULL)
        return ERR_NONE;
    snprintf(why, WEIGHTS_WHY_BYTES, "There is no memory for the weights.");
    return ERR_BUSY;
}

enum err weights_load_memory(const void *bytes, size_t len, struct weights *out, char why[WEIGHTS_WHY_BYTES])
{
    *out = (struct weights){0};
    TRY(check_header(bytes, len, why));
    TRY(make_room(bytes, out, why));
    memcpy(out->values, (const unsigned char *)bytes + WEIGHTS_HEADER_BYTES, out->count * sizeof(float));
    return finish(bytes, out, why);
}

static enum err read_file(FILE *file, struct weights *out, char why[WEIGHTS_WHY_BYTES])
{
    unsigned char header[WEIGHTS_HEADER_BYTES];
    size_t len = fread(header, 1, sizeof header, file);
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size < 0 || fseek(file, WEIGHTS_HEADER_BYTES, SEEK_SET) != 0)
        return refuse(why, "The file of weights cannot be read.");
    TRY(check_header(header, len < sizeof header ? len : (size_t)size, why));
    TRY(make_room(header, out, why));
    if (fread(out->values, sizeof(float), out->count, file) == out->count)
        return finish(header, out, why);
    weights_release(out);
    return refuse(why, "The file of weights cannot be read to its end.");
}

enum err weights_load(const char *path, struct weights *out, char why[WEIGHTS_WHY_BYTES])
{
    *out = (struct weights){0};
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return refuse(why,
                      errno == ENOENT ? "The file of weights is missing." : "The file of weights cannot be opened.");
    enum err e = read_file(file, out, why);
    fclose(file);
    return e;
}

void weights_release(struct weights *weights)
{
    free(weights->values);
    *weights = (struct weights){0};
}

const float *weights_take(struct weights *weights, size_t count)
{
    if (count > weights->count - weights->taken)
        return NULL;
    const float *values = weights->values + weights->taken;
    weights->taken += count;
    return values;
}
