/* protocol — the frames that the server and its image worker exchange over a local stream socket.
 *
 * A frame is a fixed header and up to PROTOCOL_PARTS_MAX parts; part 0 is JSON, the others are bytes. Either end treats
 * the other as hostile: a worker may have been taken over by a photo, a server may be half dead. So everything is
 * bounded before it is stored, unknown bits are refused, and a decoder that has refused once refuses for ever.
 *
 *   header, little endian, 48 bytes: magic "XYW1" · type u8 · flags u8 (0) · part count u8 · 0 u8 · job id u64 ·
 *   part length u32 × 8 (0 beyond the count)
 *
 * Memory: the decoder owns the frame it is filling; frame_decoder_feed hands a finished frame over to the caller, who
 * gives it back with frame_release. Frames to be sent borrow their parts. Not thread-safe: one decoder, one owner.
 *
 * Job kinds (part 0 has "kind") and their results are described in workers/jobs.h. */
#ifndef XY_WORKERS_PROTOCOL_H
#define XY_WORKERS_PROTOCOL_H

#include "base/base.h"
#include "base/err.h"

#define PROTOCOL_HEADER_BYTES    48
#define PROTOCOL_PARTS_MAX       8
#define PROTOCOL_PART_BYTES_MAX  MIB(16)
#define PROTOCOL_FRAME_BYTES_MAX MIB(48)

enum frame_type {
    FRAME_READY = 1,   /* worker → server, once, before anything else: versions and limits; job id 0 */
    FRAME_JOB = 2,     /* server → worker */
    FRAME_RESULT = 3,  /* worker → server: the job ran; part 0 is its result */
    FRAME_REFUSED = 4, /* worker → server: it did not; part 0 is {"error": code of err.def, "why": English} */
    FRAME_TYPE_LAST = FRAME_REFUSED
};

struct part {
    const void *bytes;
    size_t len;
};

struct frame {
    enum frame_type type;
    uint64_t job_id;
    size_t part_count;
    struct part parts[PROTOCOL_PARTS_MAX];
    unsigned char *body; /* what the parts point into when the frame was received; NULL when they are borrowed */
};

/* TOO_LARGE when a part or the whole passes its limit; BAD_REQUEST when type or count is impossible. */
enum err frame_header_write(const struct frame *frame, unsigned char header[PROTOCOL_HEADER_BYTES]);

void frame_release(struct frame *frame); /* frees the body; harmless on a borrowed or zeroed frame */

struct frame_decoder {
    unsigned char header[PROTOCOL_HEADER_BYTES];
    size_t header_len;
    struct frame frame; /* being filled */
    size_t body_len, body_filled;
    enum err broken; /* sticks */
};

void frame_decoder_init(struct frame_decoder *decoder);
void frame_decoder_release(struct frame_decoder *decoder);

/* Takes bytes until one frame is complete or they are used up; *used says how many. With *complete the frame is in
 * *out and belongs to the caller. BAD_REQUEST: not this protocol. TOO_LARGE: beyond a limit. The body is allocated
 * when its header has passed the limits; BUSY when there is no memory for it. */
enum err frame_decoder_feed(struct frame_decoder *decoder, const void *bytes, size_t len, size_t *used,
                            struct frame *out, bool *complete);

/* ---- blocking helpers; fd may be blocking or not; timeout_ms < 0 waits for ever ---- */

/* WORKER when the other end is gone, UPSTREAM_UNKNOWN when the time is over (the stream is then unusable). */
enum err frame_send(int fd, const struct frame *frame, int timeout_ms);

/* Receives exactly one frame; never reads beyond it. Errors as above and as frame_decoder_feed. */
enum err frame_receive(int fd, struct frame *out, int timeout_ms);

#endif
