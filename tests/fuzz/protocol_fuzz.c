/* links: xy_protocol */
/* The frame decoder gives the same frames and the same refusal however the bytes are cut. */
#include "workers/protocol.h"

#include "base/check.h"

struct outcome {
    size_t frames;
    uint64_t digest; /* of types, ids, part lengths and bytes */
    enum err e;
};

static void digest(struct outcome *o, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++)
        o->digest = (o->digest ^ at[i]) * UINT64_C(1099511628211);
}

static void take(struct outcome *o, struct frame *frame)
{
    CHECK(frame->part_count <= PROTOCOL_PARTS_MAX && frame->type <= FRAME_TYPE_LAST);
    o->frames++;
    digest(o, &frame->job_id, sizeof frame->job_id);
    for (size_t i = 0; i < frame->part_count; i++) {
        digest(o, &frame->parts[i].len, sizeof frame->parts[i].len);
        digest(o, frame->parts[i].bytes, frame->parts[i].len);
    }
    frame_release(frame);
}

static struct outcome decode(const uint8_t *bytes, size_t len, size_t cut)
{
    struct outcome o = {0};
    struct frame_decoder decoder;
    frame_decoder_init(&decoder);
    for (size_t at = 0; at < len && o.e == ERR_NONE;) {
        struct frame frame;
        bool complete = false;
        size_t used = 0, offered = len - at < cut ? len - at : cut;
        o.e = frame_decoder_feed(&decoder, bytes + at, offered, &used, &frame, &complete);
        CHECK(used <= offered);
        CHECK(o.e != ERR_NONE || complete || used > 0);
        if (o.e == ERR_NONE && complete)
            take(&o, &frame);
        at += used;
    }
    frame_decoder_release(&decoder);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct outcome whole = decode(bytes, len, len), single = decode(bytes, len, 1), odd = decode(bytes, len, 37);
    CHECK(whole.frames == single.frames && whole.digest == single.digest && whole.e == single.e);
    CHECK(whole.frames == odd.frames && whole.digest == odd.digest && whole.e == odd.e);
    return 0;
}
