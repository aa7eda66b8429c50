/* links: xy_protocol */
#include "workers/protocol.c"

#include "tests/check.h"
#include "workers/profile.h"

#include <pthread.h>
#include <unistd.h>

static struct frame sample(void)
{
    return (struct frame){.type = FRAME_JOB,
                          .job_id = UINT64_C(0x1122334455667788),
                          .part_count = 3,
                          .parts = {{"{\"kind\":\"x\"}", 12}, {"", 0}, {"abc", 3}}};
}

static size_t encode(const struct frame *frame, unsigned char *out)
{
    size_t len = PROTOCOL_HEADER_BYTES;
    EQ_INT(ERR_NONE, frame_header_write(frame, out));
    for (size_t i = 0; i < frame->part_count; i++) {
        memcpy(out + len, frame->parts[i].bytes, frame->parts[i].len);
        len += frame->parts[i].len;
    }
    return len;
}

static void expect_sample(const struct frame *got)
{
    struct frame want = sample();
    EQ_INT(want.type, got->type);
    TRUE(want.job_id == got->job_id);
    EQ_INT(3, got->part_count);
    for (size_t i = 0; i < 3; i++) {
        EQ_INT(want.parts[i].len, got->parts[i].len);
        TRUE(memcmp(want.parts[i].bytes, got->parts[i].bytes, want.parts[i].len) == 0);
    }
}

TEST(frames_survive_every_cut)
{
    unsigned char bytes[2 * 128];
    struct frame frame = sample(), got;
    size_t one = encode(&frame, bytes), len = one + encode(&frame, bytes + one);
    for (size_t cut = 1; cut < len; cut++) {
        struct frame_decoder decoder;
        frame_decoder_init(&decoder);
        size_t frames = 0, at = 0;
        while (at < len) {
            size_t end = at < cut ? cut : len, used = 0;
            bool complete = false;
            EQ_INT(ERR_NONE, frame_decoder_feed(&decoder, bytes + at, end - at, &used, &got, &complete));
            at += used;
            if (complete) {
                expect_sample(&got);
                frame_release(&got);
                frames++;
            }
        }
        EQ_INT(2, frames);
        frame_decoder_release(&decoder);
    }
}

static enum err feed_changed(size_t at, unsigned char value)
{
    unsigned char bytes[128];
    struct frame frame = sample(), got;
    size_t len = encode(&frame, bytes), used;
    bool complete;
    struct frame_decoder decoder;
    bytes[at] = value;
    frame_decoder_init(&decoder);
    enum err e = frame_decoder_feed(&decoder, bytes, len, &used, &got, &complete);
    if (e != ERR_NONE) /* what was refused once stays refused */
        EQ_INT(e, frame_decoder_feed(&decoder, "x", 1, &used, &got, &complete));
    else if (complete)
        frame_release(&got);
    frame_decoder_release(&decoder);
    return e;
}

TEST(hostile_headers_are_refused)
{
    EQ_INT(ERR_NONE, feed_changed(AT_JOB_ID, 9));
    EQ_INT(ERR_BAD_REQUEST, feed_changed(0, 'Z'));
    EQ_INT(ERR_BAD_REQUEST, feed_changed(AT_TYPE, 0));
    EQ_INT(ERR_BAD_REQUEST, feed_changed(AT_TYPE, FRAME_TYPE_LAST + 1));
    EQ_INT(ERR_BAD_REQUEST, feed_changed(AT_FLAGS, 1));
    EQ_INT(ERR_BAD_REQUEST, feed_changed(AT_ZERO, 1));
    EQ_INT(ERR_BAD_REQUEST, feed_changed(AT_COUNT, 0));
    EQ_INT(ERR_BAD_REQUEST, feed_changed(AT_COUNT, PROTOCOL_PARTS_MAX + 1));
    EQ_INT(ERR_BAD_REQUEST, feed_changed(AT_LENGTHS + 4 * 5, 1)); /* a length behind the last part */
    EQ_INT(ERR_TOO_LARGE, feed_changed(AT_LENGTHS + 3, 2));       /* 32 MiB in one part */
}

TEST(the_whole_frame_is_bounded_too)
{
    static unsigned char big[PROTOCOL_PART_BYTES_MAX];
    unsigned char header[PROTOCOL_HEADER_BYTES];
    struct frame frame = {.type = FRAME_RESULT, .part_count = 4};
    for (size_t i = 0; i < 3; i++)
        frame.parts[i] = (struct part){big, sizeof big};
    frame.parts[3] = (struct part){big, 0};
    EQ_INT(ERR_NONE, frame_header_write(&frame, header));
    frame.parts[3].len = 1;
    EQ_INT(ERR_TOO_LARGE, frame_header_write(&frame, header));
    frame.parts[3].len = sizeof big + 1;
    EQ_INT(ERR_TOO_LARGE, frame_header_write(&frame, header));
    frame.part_count = 0;
    EQ_INT(ERR_BAD_REQUEST, frame_header_write(&frame, header));
}

struct sender {
    int fd;
    const struct frame *frame;
};

static void *send_two(void *arg)
{
    struct sender *sender = arg;
    for (int i = 0; i < 2; i++)
        if (frame_send(sender->fd, sender->frame, 10000) != ERR_NONE)
            return arg;
    return NULL;
}

TEST(large_frames_pass_a_socket_one_by_one)
{
    static unsigned char big[MIB(3)];
    int ends[2];
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (unsigned char)(i * 7 >> 3);
    struct frame frame = {.type = FRAME_RESULT, .job_id = 5, .part_count = 2, .parts = {{"{}", 2}, {big, sizeof big}}};
    TRUE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    struct sender sender = {ends[0], &frame};
    pthread_t thread;
    TRUE(pthread_create(&thread, NULL, send_two, &sender) == 0);
    for (int i = 0; i < 2; i++) {
        struct frame got;
        EQ_INT(ERR_NONE, frame_receive(ends[1], &got, 10000));
        EQ_INT(2, got.part_count);
        TRUE(got.parts[1].len == sizeof big && memcmp(got.parts[1].bytes, big, sizeof big) == 0);
        frame_release(&got);
    }
    void *failed;
    pthread_join(thread, &failed);
    TRUE(failed == NULL);
    close(ends[0]);
    struct frame got;
    EQ_INT(ERR_WORKER, frame_receive(ends[1], &got, 1000));
    EQ_INT(ERR_WORKER, frame_send(ends[1], &frame, 1000));
    close(ends[1]);
}

TEST(waiting_ends_at_its_time)
{
    int ends[2];
    struct frame got;
    TRUE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    EQ_INT(ERR_UPSTREAM_UNKNOWN, frame_receive(ends[1], &got, 1));
    close(ends[0]);
    close(ends[1]);
}

TEST(profiles_survive_their_json)
{
    struct arena *arena = arena_new(MIB(1));
    for (size_t i = 0; profile_at(i) != NULL; i++) {
        struct buf b;
        struct profile got;
        const struct json *tree;
        buf_init(&b, KIB(4));
        profile_write(&b, profile_at(i));
        EQ_INT(ERR_NONE, json_read(b.bytes, b.len, arena, &tree));
        EQ_INT(ERR_NONE, profile_read(tree, &got));
        struct profile want = *profile_at(i); /* the titles are for people and do not travel */
        memset(want.title_zh, 0, sizeof want.title_zh);
        memset(want.title_en, 0, sizeof want.title_en);
        TRUE(memcmp(&got, &want, sizeof got) == 0);
        buf_release(&b);
    }
    TRUE(profile_named("chsi_blue") != NULL && profile_named("none") == NULL);
    arena_free(arena);
}

TEST(profiles_that_make_no_sense_are_refused)
{
    static const char *const bad[] = {
        "{}",
        "{\"width_px\":480,\"height_px\":640,\"dpi\":300,\"background\":[1,2],\"crown_px\":[50,110],"
        "\"eyes_px\":[200,300],\"face_width_px\":[180,300],\"size_kb\":[20,40]}",
        "{\"width_px\":480,\"height_px\":640,\"dpi\":300,\"background\":[1,2,300],\"crown_px\":[50,110],"
        "\"eyes_px\":[200,300],\"face_width_px\":[180,300],\"size_kb\":[20,40]}",
        "{\"width_px\":480,\"height_px\":640,\"dpi\":300,\"background\":[1,2,3],\"crown_px\":[110,50],"
        "\"eyes_px\":[200,300],\"face_width_px\":[180,300],\"size_kb\":[20,40]}",
        "{\"width_px\":480000,\"height_px\":640,\"dpi\":300,\"background\":[1,2,3],\"crown_px\":[50,110],"
        "\"eyes_px\":[200,300],\"face_width_px\":[180,300],\"size_kb\":[20,40]}",
    };
    struct arena *arena = arena_new(MIB(1));
    for (size_t i = 0; i < countof(bad); i++) {
        const struct json *tree;
        struct profile got;
        EQ_INT(ERR_NONE, json_read(bad[i], strlen(bad[i]), arena, &tree));
        EQ_INT(ERR_BAD_FIELD, profile_read(tree, &got));
    }
    arena_free(arena);
}

int main(void)
{
    return tests_run();
}
