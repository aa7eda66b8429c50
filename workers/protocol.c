#include "workers/protocol.h"

#include "base/check.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

static const unsigned char magic[4] = {'X', 'Y', 'W', '1'};

enum { AT_TYPE = 4, AT_FLAGS = 5, AT_COUNT = 6, AT_ZERO = 7, AT_JOB_ID = 8, AT_LENGTHS = 16 };

static void put_le(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get_le(const unsigned char *from, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | from[i];
    return value;
}

/* A frame always has its JSON part. */
static bool shape_possible(unsigned type, size_t part_count)
{
    return type >= FRAME_READY && type <= FRAME_TYPE_LAST && part_count >= 1 && part_count <= PROTOCOL_PARTS_MAX;
}

enum err frame_header_write(const struct frame *frame, unsigned char header[PROTOCOL_HEADER_BYTES])
{
    if (!shape_possible((unsigned)frame->type, frame->part_count))
        return ERR_BAD_REQUEST;
    memset(header, 0, PROTOCOL_HEADER_BYTES);
    memcpy(header, magic, sizeof magic);
    header[AT_TYPE] = (unsigned char)frame->type;
    header[AT_COUNT] = (unsigned char)frame->part_count;
    put_le(header + AT_JOB_ID, frame->job_id, 8);
    size_t total = 0;
    for (size_t i = 0; i < frame->part_count; i++) {
        if (frame->parts[i].len > PROTOCOL_PART_BYTES_MAX)
            return ERR_TOO_LARGE;
        total += frame->parts[i].len;
        put_le(header + AT_LENGTHS + 4 * i, frame->parts[i].len, 4);
    }
    return total > PROTOCOL_FRAME_BYTES_MAX ? ERR_TOO_LARGE : ERR_NONE;
}

void frame_release(struct frame *frame)
{
    free(frame->body);
    *frame = (struct frame){0};
}

void frame_decoder_init(struct frame_decoder *decoder)
{
    memset(decoder, 0, sizeof *decoder);
}

void frame_decoder_release(struct frame_decoder *decoder)
{
    frame_release(&decoder->frame);
    frame_decoder_init(decoder);
}

static enum err header_read(struct frame_decoder *decoder)
{
    const unsigned char *header = decoder->header;
    size_t count = header[AT_COUNT];
    if (memcmp(header, magic, sizeof magic) != 0 || !shape_possible(header[AT_TYPE], count) || header[AT_FLAGS] != 0 ||
        header[AT_ZERO] != 0)
        return ERR_BAD_REQUEST;
    struct frame *frame = &decoder->frame;
    size_t total = 0;
    for (size_t i = 0; i < PROTOCOL_PARTS_MAX; i++) {
        size_t len = (size_t)get_le(header + AT_LENGTHS + 4 * i, 4);
        if (i >= count && len != 0)
            return ERR_BAD_REQUEST;
        if (len > PROTOCOL_PART_BYTES_MAX)
            return ERR_TOO_LARGE;
        frame->parts[i].len = len;
        total += len;
    }
    if (total > PROTOCOL_FRAME_BYTES_MAX)
        return ERR_TOO_LARGE;
    frame->body = malloc(total + 1); /* + 1: an empty frame has a body too */
    if (frame->body == NULL)
        return ERR_BUSY;
    frame->type = (enum frame_type)header[AT_TYPE];
    frame->job_id = get_le(header + AT_JOB_ID, 8);
    frame->part_count = count;
    decoder->body_len = total;
    decoder->body_filled = 0;
    return ERR_NONE;
}

static void frame_finish(struct frame_decoder *decoder, struct frame *out)
{
    const unsigned char *at = decoder->frame.body;
    for (size_t i = 0; i < decoder->frame.part_count; i++) {
        decoder->frame.parts[i].bytes = at;
        at += decoder->frame.parts[i].len;
    }
    *out = decoder->frame;
    decoder->frame = (struct frame){0};
    decoder->header_len = 0;
}

static size_t take(void *to, size_t *filled, size_t want, const void *from, size_t len)
{
    size_t n = want - *filled < len ? want - *filled : len;
    if (n > 0)
        memcpy((unsigned char *)to + *filled, from, n);
    *filled += n;
    return n;
}

enum err frame_decoder_feed(struct frame_decoder *decoder, const void *bytes, size_t len, size_t *used,
                            struct frame *out, bool *complete)
{
    *used = 0;
    *complete = false;
    if (decoder->broken != ERR_NONE)
        return decoder->broken;
    const unsigned char *from = bytes;
    if (decoder->header_len < PROTOCOL_HEADER_BYTES) {
        *used += take(decoder->header, &decoder->header_len, PROTOCOL_HEADER_BYTES, from, len);
        if (decoder->header_len < PROTOCOL_HEADER_BYTES)
            return ERR_NONE;
        decoder->broken = header_read(decoder);
        if (decoder->broken != ERR_NONE)
            return decoder->broken;
    }
    *used += take(decoder->frame.body, &decoder->body_filled, decoder->body_len, from + *used, len - *used);
    if (decoder->body_filled == decoder->body_len) {
        frame_finish(decoder, out);
        *complete = true;
    }
    return ERR_NONE;
}

/* ---- blocking ---- */

static int64_t deadline_after(int timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : clock_mono_us() + MILLIS_US(timeout_ms);
}

static enum err wait_until(int fd, short events, int64_t deadline_us)
{
    for (;;) {
        int wait_ms = -1;
        if (deadline_us != INT64_MAX) {
            int64_t left_us = deadline_us - clock_mono_us();
            if (left_us <= 0)
                return ERR_UPSTREAM_UNKNOWN;
            wait_ms = (int)(left_us / 1000) + 1;
        }
        struct pollfd item = {.fd = fd, .events = events};
        int n = poll(&item, 1, wait_ms);
        if (n > 0)
            return ERR_NONE;
        if (n < 0 && errno != EINTR)
            return ERR_WORKER;
    }
}

static enum err send_all(int fd, const void *bytes, size_t len, int64_t deadline_us)
{
    const unsigned char *at = bytes;
    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            at += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            TRY(wait_until(fd, POLLOUT, deadline_us));
        } else if (errno != EINTR) {
            return ERR_WORKER;
        }
    }
    return ERR_NONE;
}

enum err frame_send(int fd, const struct frame *frame, int timeout_ms)
{
    unsigned char header[PROTOCOL_HEADER_BYTES];
    TRY(frame_header_write(frame, header));
    int64_t deadline_us = deadline_after(timeout_ms);
    TRY(send_all(fd, header, sizeof header, deadline_us));
    for (size_t i = 0; i < frame->part_count; i++)
        TRY(send_all(fd, frame->parts[i].bytes, frame->parts[i].len, deadline_us));
    return ERR_NONE;
}

/* Exactly the bytes that are missing, so that nothing of the next frame is swallowed. */
static size_t missing(const struct frame_decoder *decoder)
{
    if (decoder->header_len < PROTOCOL_HEADER_BYTES)
        return PROTOCOL_HEADER_BYTES - decoder->header_len;
    return decoder->body_len - decoder->body_filled;
}

enum err frame_receive(int fd, struct frame *out, int timeout_ms)
{
    struct frame_decoder decoder;
    frame_decoder_init(&decoder);
    int64_t deadline_us = deadline_after(timeout_ms);
    unsigned char *chunk = malloc(KIB(64));
    bool complete = false;
    enum err e = chunk == NULL ? ERR_BUSY : ERR_NONE;
    while (e == ERR_NONE && !complete) {
        size_t want = missing(&decoder) < KIB(64) ? missing(&decoder) : KIB(64), used = 0;
        ssize_t n = recv(fd, chunk, want, MSG_DONTWAIT);
        if (n > 0)
            e = frame_decoder_feed(&decoder, chunk, (size_t)n, &used, out, &complete);
        else if (n < 0 && errno == EAGAIN)
            e = wait_until(fd, POLLIN, deadline_us);
        else if (n == 0 || errno != EINTR)
            e = ERR_WORKER;
    }
    free(chunk);
    frame_decoder_release(&decoder);
    return e;
}
