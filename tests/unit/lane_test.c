/* links: xy_protocol */
#include "workers/lane.c"

#include "tests/check.h"

#include <sys/socket.h>

/* The lanes alone, with jobs that are only numbers: what the thread sanitizer can judge. The real jobs' libraries
 * synchronise in ways it does not see. */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* held: jobs wait at their end */

struct sheet_fonts *sheet_fonts_new(void)
{
    return NULL;
}

enum face_result face_context_new(const struct face_models *models, struct face_context **out)
{
    (void)models;
    *out = NULL;
    return FACE_OK;
}

static bool warm = true;

bool warmup(struct job_tools *tools, char why[JOB_WHY_BYTES])
{
    arena_text(tools->arena, "first use");
    snprintf(why, JOB_WHY_BYTES, "told not to");
    return warm;
}

bool sandbox_thread(void)
{
    return true;
}

void job_reply_init(struct job_reply *reply)
{
    memset(reply, 0, sizeof *reply);
    buf_init(&reply->json, KIB(4));
}

void job_reply_release(struct job_reply *reply)
{
    buf_release(&reply->json);
}

void job_run(struct job_tools *tools, const struct frame *request, struct job_reply *reply, struct frame *answer)
{
    const char *copy = arena_text_n(tools->arena, request->parts[0].bytes, request->parts[0].len);
    buf_text(&reply->json, copy);
    *answer = (struct frame){.type = FRAME_RESULT,
                             .job_id = request->job_id,
                             .part_count = 1,
                             .parts = {{reply->json.bytes, reply->json.len}}};
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
}

static struct frame request_number(uint64_t number)
{
    struct frame frame = {.type = FRAME_JOB, .job_id = number, .part_count = 1, .body = malloc(32)};
    int len = snprintf((char *)frame.body, 32, "job %" PRIu64, number);
    frame.parts[0] = (struct part){frame.body, (size_t)len};
    return frame;
}

static struct lanes *start(int threads, int *server_fd)
{
    int ends[2];
    char why[JOB_WHY_BYTES];
    bool landlock = false;
    TRUE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    *server_fd = ends[0];
    struct lanes_options options = {.threads = threads, .fd = ends[1]};
    struct lanes *lanes = lanes_start(&options, &landlock, why);
    TRUE(lanes == NULL || landlock);
    return lanes;
}

TEST(every_job_is_answered_once_with_its_own_answer)
{
    enum { JOBS = 200 };
    bool seen[JOBS + 1] = {false};
    int fd;
    struct lanes *lanes = start(4, &fd);
    TRUE(lanes != NULL);
    uint64_t sent = 0;
    for (uint64_t done = 0; done < JOBS; done++) {
        while (sent < JOBS && sent - done < 16) {
            struct frame request = request_number(++sent);
            TRUE(lanes_submit(lanes, &request));
            TRUE(request.body == NULL); /* it is the lanes' now */
        }
        struct frame answer;
        char want[32];
        EQ_INT(ERR_NONE, frame_receive(fd, &answer, 20000));
        TRUE(answer.job_id >= 1 && answer.job_id <= JOBS && !seen[answer.job_id]);
        seen[answer.job_id] = true;
        snprintf(want, sizeof want, "job %" PRIu64, answer.job_id);
        TRUE(answer.parts[0].len == strlen(want) && memcmp(answer.parts[0].bytes, want, strlen(want)) == 0);
        frame_release(&answer);
    }
    while (lanes_overrun(lanes, 1, SECONDS_US(100)) != 0) /* a lane is free a moment after its answer is out */
        ;
}

TEST(a_full_queue_refuses_and_time_is_watched)
{
    int fd;
    struct lanes *lanes = start(1, &fd);
    pthread_mutex_lock(&gate);
    uint64_t accepted = 0, numbers[20];
    for (uint64_t number = 1; number <= countof(numbers); number++) {
        struct frame request = request_number(number);
        if (lanes_submit(lanes, &request))
            numbers[accepted++] = number;
        else
            frame_release(&request);
    }
    /* The queue, and one more from the moment on when the lane took its first. */
    TRUE(accepted == LANE_QUEUE_PER_THREAD || accepted == LANE_QUEUE_PER_THREAD + 1);
    while (lanes_overrun(lanes, 0, SECONDS_US(100)) == 0) /* the lane takes job 1 sooner or later */
        ;
    EQ_INT(1, lanes_overrun(lanes, 0, SECONDS_US(100)));
    EQ_INT(0, lanes_overrun(lanes, SECONDS_US(100), SECONDS_US(100)));
    pthread_mutex_unlock(&gate);
    for (uint64_t i = 0; i < accepted; i++) {
        struct frame answer;
        EQ_INT(ERR_NONE, frame_receive(fd, &answer, 20000));
        EQ_INT(numbers[i], answer.job_id);
        frame_release(&answer);
    }
}

TEST(a_lane_that_cannot_work_stops_the_start)
{
    int fd;
    warm = false;
    TRUE(start(2, &fd) == NULL);
    warm = true;
}

int main(void)
{
    return tests_run();
}
