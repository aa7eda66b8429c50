/* landmark_net — the 68 landmarks by a small convolutional network, from face-api's published weights (MIT).
 *
 * Two sizes of one design: tiny (77 KB as published) and full (350 KB); the file says which it is. The numbers come
 * from xueying-convert. What it is fed matters as much as the network: faces_landmarks cuts the square.
 *
 * landmark_net is immutable after loading and shared by all threads. Scratch (2.3 MB) belongs to one thread. */
#ifndef XY_WORKERS_LANDMARK_NET_H
#define XY_WORKERS_LANDMARK_NET_H

#include "base/base.h"
#include "base/err.h"

#define LANDMARK_NET_SIDE_PX   112
#define LANDMARK_NET_NUMBERS   136 /* x and y of 68 points */
#define LANDMARK_NET_WHY_BYTES 160

struct landmark_net;
struct landmark_scratch;

/* UNREADABLE: missing, damaged or another network; `why` is one English sentence then. BUSY: no memory. */
enum err landmark_net_load(const char *path, struct landmark_net **out, char why[LANDMARK_NET_WHY_BYTES]);
enum err landmark_net_load_memory(const void *bytes, size_t len, struct landmark_net **out,
                                  char why[LANDMARK_NET_WHY_BYTES]);
void landmark_net_free(struct landmark_net *net);              /* NULL is fine */
const char *landmark_net_name(const struct landmark_net *net); /* "net-68" or "net-68-tiny"; static */

struct landmark_scratch *landmark_scratch_new(void); /* NULL: no memory */
void landmark_scratch_free(struct landmark_scratch *scratch);

/* `square` is 112×112 RGB around a face. x, y of each landmark in iBUG-68 order, as shares of the square's side: 0…1
 * inside it, a little beyond for a face that is cut. */
void landmark_net_run(const struct landmark_net *net, struct landmark_scratch *scratch, const uint8_t *square,
                      float out[LANDMARK_NET_NUMBERS]);

#endif
