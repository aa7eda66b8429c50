/* weights — the file a network of ours is read from: a header and a row of float32 numbers, nothing else.
 *
 *   offset  bytes
 *   0       8     "XYWEIGHT"
 *   8       4     version, 1
 *   12      4     kind of network (enum weights_kind)
 *   16      4     how many numbers follow
 *   20      12    zero
 *   32      32    SHA-256 of the file the numbers came from: the version of the network
 *   64      4·n   the numbers, IEEE-754, all finite; all integers and numbers little-endian
 *
 * Which number belongs to which layer is the network's own business (describe.c, landmark_net.c); xueying-convert
 * writes in that order. A file is a stranger: nothing in it is believed before it is checked, and a network takes its
 * numbers only through weights_take, which cannot give more than there are.
 *
 * The numbers belong to the struct until weights_release; reading them is safe from any thread. */
#ifndef XY_WORKERS_WEIGHTS_H
#define XY_WORKERS_WEIGHTS_H

#include "base/base.h"
#include "base/err.h"

#define WEIGHTS_HEADER_BYTES 64
#define WEIGHTS_COUNT_MAX    8000000 /* 32 MB; the largest network has 5.6 million */
#define WEIGHTS_WHY_BYTES    160

enum weights_kind { WEIGHTS_DESCRIPTOR = 1, WEIGHTS_LANDMARKS_TINY = 2, WEIGHTS_LANDMARKS = 3 };

struct weights {
    float *values;
    size_t count, taken;
    uint32_t kind;
    unsigned char source_sha256[32];
};

/* Copies the numbers out of `bytes`. UNREADABLE with one English sentence in `why` for anything but a whole, finite
 * file of this version; BUSY when there is no memory. On failure nothing is held. */
enum err weights_load_memory(const void *bytes, size_t len, struct weights *out, char why[WEIGHTS_WHY_BYTES]);
enum err weights_load(const char *path, struct weights *out, char why[WEIGHTS_WHY_BYTES]);
void weights_release(struct weights *weights);

/* The next `count` numbers; NULL when there are fewer. */
const float *weights_take(struct weights *weights, size_t count);

#endif
