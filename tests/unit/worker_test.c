/* links: xy_protocol */
#include "dispatch/worker_client.c"

#include "base/json.h"
#include "base/text.h"
#include "tests/check.h"
#include "workers/profile.h"

#include <dirent.h>
#include <glob.h>

/* The worker lies beside the tests; the models too, or in build/ (the sanitized build folders have none of their own),
 * or where $XUEYING_MODELS says. Photographs are looked for in $XUEYING_SAMPLES or ../shared/samples. */

static char models_path[PATH_BYTES];

static void need_models(void)
{
    char beside[PATH_BYTES] = "", network[PATH_BYTES + 32];
    beside_program("models", beside);
    const char *folders[] = {getenv("XUEYING_MODELS"), beside, "build/models"};
    for (size_t i = 0; i < countof(folders); i++) {
        snprintf(models_path, sizeof models_path, "%s", folders[i] != NULL ? folders[i] : "");
        snprintf(network, sizeof network, "%s/face_recognition.dat", models_path);
        if (access(network, R_OK) == 0)
            return;
    }
    SKIP("the face models are not there (tools/models)");
}

static struct worker_client start(int threads, int job_wall_ms, bool faults)
{
    need_models();
    struct worker_spawn_options options = {
        .models_folder = models_path, .threads = threads, .job_wall_ms = job_wall_ms, .allow_fault_jobs = faults};
    struct worker_client client;
    EQ_INT(ERR_NONE, worker_client_start(&client, &options));
    return client;
}

/* One worker for all tests that do it no harm: starting one costs a second. Stopped by main. */
static struct worker_client shared_client = {.fd = -1};

static struct worker_client *shared(void)
{
    if (shared_client.fd < 0)
        shared_client = start(2, 0, false);
    return &shared_client;
}

static struct arena *arena; /* of the whole program */

static const struct json *tree_of(const struct frame *answer)
{
    const struct json *tree = NULL;
    EQ_INT(ERR_NONE, json_read(answer->parts[0].bytes, answer->parts[0].len, arena, &tree));
    return tree;
}

static enum err run_kind(struct worker_client *client, const char *json, struct frame *answer)
{
    struct part part = {json, strlen(json)};
    return worker_client_run(client, &part, 1, 20000, answer);
}

static struct part read_sample(const char *pattern, size_t index)
{
    char path[PATH_BYTES];
    glob_t found = {0};
    const char *folder = getenv("XUEYING_SAMPLES");
    struct part part = {NULL, 0};
    snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "../shared/samples", pattern);
    if (glob(path, 0, NULL, &found) == 0 && index < found.gl_pathc) {
        FILE *file = fopen(found.gl_pathv[index], "rbe");
        unsigned char *bytes = malloc(MIB(12));
        part = (struct part){bytes, file == NULL || bytes == NULL ? 0 : fread(bytes, 1, MIB(12), file)};
        if (file != NULL)
            fclose(file);
    }
    globfree(&found);
    if (part.bytes == NULL)
        SKIP("the sample photographs are not there (XUEYING_SAMPLES)");
    return part;
}

static void drop(struct part part)
{
    free((void *)(uintptr_t)part.bytes);
}

TEST(it_says_what_it_is)
{
    struct worker_client client = start(2, 0, false);
    const struct json *ready = tree_of(&client.ready);
    TRUE(json_bool_at(ready, "ready", false));
    EQ_INT(2, json_int_at(ready, "threads", 0));
    EQ_INT(64, strlen(json_text_at(ready, "model.version", "")));
    TRUE(json_bool_at(ready, "sandbox.seccomp", false));
    const char *core = getenv("OPENBLAS_CORETYPE") != NULL ? getenv("OPENBLAS_CORETYPE") : worker_blas_core();
    if (core != NULL && !text_is(json_text_at(ready, "blas_core", ""), "unknown"))
        EQ_INT(0, strcasecmp(core, json_text_at(ready, "blas_core", "")));
    int status = -1;
    worker_client_stop(&client, &status);
    EQ_INT(0, status); /* our end closed: it leaves by itself */
}

TEST(no_descriptor_leaks_into_it)
{
    int leak = open("/dev/null", O_RDONLY); /* not close-on-exec, on purpose */
    struct worker_client client = start(1, 0, false);
    close(leak);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)client.pid);
    DIR *folder = opendir(path);
    int descriptors = 0;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        descriptors += entry->d_name[0] != '.';
    bool readable = folder != NULL && descriptors > 0;
    if (folder != NULL)
        closedir(folder);
    worker_client_stop(&client, NULL);
    if (!readable)
        SKIP("only root may look at the worker's descriptors");
    TRUE(descriptors <= 10); /* 0–3 and what its libraries keep */
}

TEST(a_payload_inside_can_do_nothing)
{
    struct worker_client client = start(1, 0, true);
    struct frame answer;
    EQ_INT(ERR_NONE, run_kind(&client, "{\"kind\":\"probe\"}", &answer));
    const struct json *attempts = json_at(tree_of(&answer), "attempts");
    TRUE(json_count(attempts) >= 15);
    for (const struct json *item = attempts->first; item != NULL; item = item->next)
        if (!json_bool_at(item, "refused", false))
            TEST_FAIL("the sandbox let it: %s", json_text_at(item, "what", "?"));
    frame_release(&answer);
    worker_client_stop(&client, NULL);
}

TEST(fault_jobs_need_the_switch)
{
    static const char *const refused[] = {"{\"kind\":\"crash\"}",
                                          "{\"kind\":\"hang\"}",
                                          "{\"kind\":\"probe\"}",
                                          "{\"kind\":\"no such\"}",
                                          "{}",
                                          "[",
                                          "{\"kind\":\"compare\"}",
                                          "{\"kind\":\"standardise\"}",
                                          "{\"kind\":\"sheet\"}"};
    struct worker_client *client = shared();
    for (size_t i = 0; i < countof(refused); i++) {
        struct frame answer;
        EQ_INT(ERR_NONE, run_kind(client, refused[i], &answer));
        EQ_INT(FRAME_REFUSED, answer.type);
        TRUE(json_text_at(tree_of(&answer), "why", NULL) != NULL);
        frame_release(&answer);
    }
}

TEST(a_crash_ends_the_worker_and_nothing_else)
{
    struct worker_client client = start(1, 0, true);
    struct frame answer;
    int status = 0;
    EQ_INT(ERR_WORKER, run_kind(&client, "{\"kind\":\"crash\"}", &answer));
    worker_client_stop(&client, &status);
    TRUE(WIFSIGNALED(status) || WIFEXITED(status));
    client = start(1, 0, true);
    EQ_INT(ERR_NONE, run_kind(&client, "{\"kind\":\"probe\"}", &answer));
    frame_release(&answer);
    worker_client_stop(&client, NULL);
}

TEST(a_hanging_job_ends_the_worker_in_time)
{
    struct worker_client client = start(1, 200, true);
    struct frame answer;
    int status = 0;
    EQ_INT(ERR_WORKER, run_kind(&client, "{\"kind\":\"hang\"}", &answer));
    worker_client_stop(&client, &status);
    TRUE(WIFEXITED(status));
    EQ_INT(6, WEXITSTATUS(status));
}

TEST(a_job_that_takes_all_memory_ends_the_worker)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    SKIP("no memory limit under a sanitizer");
#endif
    struct worker_client client = start(1, 0, true);
    struct frame answer;
    int status = 0;
    EQ_INT(ERR_WORKER, run_kind(&client, "{\"kind\":\"hog\"}", &answer));
    worker_client_stop(&client, &status);
    TRUE(WIFSIGNALED(status));
}

TEST(what_is_not_the_protocol_ends_the_worker)
{
    static const char garbage[PROTOCOL_HEADER_BYTES] = "GET / HTTP/1.1";
    struct worker_client client = start(1, 0, false);
    struct frame answer;
    int status = 0;
    TRUE(send(client.fd, garbage, sizeof garbage, MSG_NOSIGNAL) == sizeof garbage);
    EQ_INT(ERR_WORKER, worker_client_receive(&client, 5000, &answer));
    worker_client_stop(&client, &status);
    EQ_INT(5, WEXITSTATUS(status));
}

TEST(a_full_queue_says_busy)
{
    enum { MANY = 12 };
    struct worker_client client = start(1, 0, true);
    struct part hang = {"{\"kind\":\"hang\"}", 15}, probe = {"{\"kind\":\"probe\"}", 16};
    uint64_t id;
    EQ_INT(ERR_NONE, worker_client_submit(&client, &hang, 1, &id));
    for (int i = 0; i < MANY; i++)
        EQ_INT(ERR_NONE, worker_client_submit(&client, &probe, 1, &id));
    struct frame answer;
    EQ_INT(ERR_NONE, worker_client_receive(&client, 5000, &answer)); /* the lane hangs: only a refusal can come */
    EQ_INT(FRAME_REFUSED, answer.type);
    EQ_TEXT("busy", json_text_at(tree_of(&answer), "error", ""));
    frame_release(&answer);
    kill(client.pid, SIGKILL);
    worker_client_stop(&client, NULL);
}

/* ---- faces ---- */

static const char *const people[] = {"John_Salley", "John_Savage", "John_Schneider", "John_Shimkus", "John_Simm"};

static const struct json *compare(struct worker_client *client, struct part a, struct part b)
{
    static const char request[] = "{\"kind\":\"compare\"}";
    struct part parts[3] = {{request, sizeof request - 1}, a, b};
    struct frame answer;
    EQ_INT(ERR_NONE, worker_client_run(client, parts, 3, 20000, &answer));
    EQ_INT(FRAME_RESULT, answer.type);
    const struct json *tree = tree_of(&answer); /* copies: lives in the arena */
    frame_release(&answer);
    return tree;
}

static struct part photo_of(size_t person, size_t index)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "faces/johns/%s/*.jpg", people[person]);
    return read_sample(pattern, index);
}

TEST(five_people_are_told_apart)
{
    struct part photos[countof(people)][3];
    struct worker_client *client = shared();
    for (size_t p = 0; p < countof(people); p++)
        for (size_t i = 0; i < 3; i++)
            photos[p][i] = photo_of(p, i);
    for (size_t p = 0; p < countof(people); p++) {
        for (size_t i = 0; i < 3; i++) {
            const struct json *same = compare(client, photos[p][i], photos[p][(i + 1) % 3]);
            TRUE(json_number_at(same, "distance", 9) < 0.60); /* 275 of 275 pairs when this was measured */
            TRUE(text_is(json_text_at(same, "verdict", ""), "match") ||
                 text_is(json_text_at(same, "verdict", ""), "grey"));
            const struct json *other = compare(client, photos[p][i], photos[(p + 1) % countof(people)][i]);
            EQ_TEXT("mismatch", json_text_at(other, "verdict", ""));
            TRUE(json_number_at(other, "distance", 0) > 0.65);
        }
        const struct json *itself = compare(client, photos[p][0], photos[p][0]);
        NEAR(0, json_number_at(itself, "distance", 9), 0.0001);
    }
    for (size_t p = 0; p < countof(people); p++)
        for (size_t i = 0; i < 3; i++)
            drop(photos[p][i]);
}

TEST(what_cannot_be_compared_is_a_verdict)
{
    struct worker_client *client = shared();
    struct part face = photo_of(0, 0), text = {"not a photo", 11}, cut = {face.bytes, face.len / 2}, none = {"", 0};
    EQ_TEXT("unreadable", json_text_at(compare(client, face, text), "verdict", ""));
    EQ_TEXT("unreadable", json_text_at(compare(client, cut, face), "verdict", ""));
    EQ_TEXT("unreadable", json_text_at(compare(client, none, none), "verdict", ""));
    TRUE(json_at(compare(client, face, text), "distance")->kind == JSON_NULL);
    struct part two = read_sample("portraits/two_people.jpg", 0);
    EQ_TEXT("many_faces", json_text_at(compare(client, two, face), "verdict", ""));
    drop(two);
    drop(face);
}

/* ---- the standard photo ---- */

static enum err standardise(struct worker_client *client, struct part photo, struct frame *answer)
{
    struct buf b;
    buf_init(&b, KIB(4));
    json_object_open(&b);
    json_put_text(&b, "kind", "standardise");
    json_name(&b, "profile");
    profile_write(&b, profile_named("chsi_blue"));
    json_object_close(&b);
    struct part parts[2] = {{b.bytes, b.len}, photo};
    enum err e = worker_client_run(client, parts, 2, 20000, answer);
    buf_release(&b);
    return e;
}

static const struct json *check_named(const struct json *report, const char *id)
{
    for (const struct json *check = json_at(report, "checks")->first; check != NULL; check = check->next)
        if (text_is(json_text_at(check, "id", ""), id))
            return check;
    return NULL;
}

static void expect_standard(const struct frame *answer)
{
    const struct json *tree = tree_of(answer), *report = json_at(tree, "report");
    EQ_INT(FRAME_RESULT, answer->type);
    EQ_INT(3, answer->part_count);
    EQ_TEXT("standardised", json_at(tree, "parts")->first->text);
    const unsigned char *jpeg = answer->parts[1].bytes;
    TRUE(jpeg[0] == 0xff && jpeg[1] == 0xd8 && memcmp(jpeg + 6, "JFIF", 5) == 0);
    TRUE(answer->parts[1].len <= 40000 && answer->parts[1].len >= 20480);
    EQ_TEXT("pass", json_text_at(check_named(report, "size_kb"), "verdict", ""));
    EQ_TEXT("pass", json_text_at(check_named(report, "eye_line"), "verdict", ""));
    EQ_TEXT("pass", json_text_at(check_named(report, "face_width"), "verdict", ""));
    const struct json *ledger = json_at(report, "ledger");
    EQ_TEXT("decode", json_text_at(ledger->first, "operation", ""));
    for (const struct json *step = ledger->first; step != NULL; step = step->next)
        if (text_is(json_text_at(step, "operation", ""), "background"))
            TRUE(json_bool_at(step, "replaced", false) && json_count(json_at(step, "colour")) == 3);
    EQ_INT(64, strlen(json_text_at(report, "source.sha256", "")));
}

TEST(portraits_become_standard_photos)
{
    static const char *const portraits[] = {"portraits/portrait0.jpg", "portraits/portrait3.jpg",
                                            "portraits/portrait4.jpg", "portraits/obama.jpg"};
    struct worker_client *client = shared();
    for (size_t i = 0; i < countof(portraits); i++) {
        struct part photo = read_sample(portraits[i], 0);
        struct frame answer, again;
        EQ_INT(ERR_NONE, standardise(client, photo, &answer));
        expect_standard(&answer);
        EQ_INT(ERR_NONE, standardise(client, photo, &again));
        TRUE(answer.parts[1].len == again.parts[1].len &&
             memcmp(answer.parts[1].bytes, again.parts[1].bytes, answer.parts[1].len) == 0);
        frame_release(&answer);
        frame_release(&again);
        drop(photo);
    }
}

/* Both languages and both lanes, in the closed sandbox: the fonts are open already. */
TEST(the_report_is_drawn_when_asked_for)
{
    static const char png[8] = {(char)0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    struct worker_client *client = shared();
    struct part photo = read_sample("portraits/portrait4.jpg", 0);
    size_t lens[4];
    for (size_t i = 0; i < countof(lens); i++) {
        struct buf b;
        struct frame answer;
        buf_init(&b, KIB(4));
        json_object_open(&b);
        json_put_text(&b, "kind", "standardise");
        json_put_bool(&b, "annotate", true);
        json_put_text(&b, "language", i % 2 == 0 ? "zh" : "en");
        json_name(&b, "profile");
        profile_write(&b, profile_named("chsi_blue"));
        json_object_close(&b);
        struct part parts[2] = {{b.bytes, b.len}, photo};
        EQ_INT(ERR_NONE, worker_client_run(client, parts, 2, 20000, &answer));
        EQ_INT(FRAME_RESULT, answer.type);
        const struct json *name = json_at(tree_of(&answer), "parts")->first;
        size_t at = 1;
        for (; name != NULL && !text_is(name->text, "annotated"); name = name->next)
            at++;
        if (name == NULL)
            SKIP("no CJK font is installed");
        TRUE(at < answer.part_count && answer.parts[at].len > 10000);
        TRUE(memcmp(answer.parts[at].bytes, png, sizeof png) == 0);
        lens[i] = answer.parts[at].len;
        frame_release(&answer);
        buf_release(&b);
    }
    TRUE(lens[0] == lens[2] && lens[1] == lens[3] && lens[0] != lens[1]);
    drop(photo);
}

TEST(photos_without_one_face_say_so)
{
    struct worker_client *client = shared();
    struct part two = read_sample("portraits/two_people.jpg", 0), small = photo_of(0, 0), text = {"not a photo", 11};
    struct frame answer;
    EQ_INT(ERR_NONE, standardise(client, two, &answer));
    const struct json *report = json_at(tree_of(&answer), "report");
    EQ_TEXT("fail", json_text_at(report, "verdict", ""));
    EQ_TEXT("fail", json_text_at(check_named(report, "face_count"), "verdict", ""));
    frame_release(&answer);
    EQ_INT(ERR_NONE, standardise(client, small, &answer));
    EQ_INT(FRAME_REFUSED, answer.type);
    EQ_TEXT("unreadable", json_text_at(tree_of(&answer), "error", ""));
    frame_release(&answer);
    EQ_INT(ERR_NONE, standardise(client, text, &answer));
    EQ_TEXT("unsupported_type", json_text_at(tree_of(&answer), "error", ""));
    frame_release(&answer);
    drop(two);
    drop(small);
}

TEST(two_lanes_answer_in_any_order_and_all)
{
    enum { JOBS = 6 };
    struct worker_client *client = shared();
    struct part a = photo_of(0, 0), b = photo_of(1, 0);
    static const char request[] = "{\"kind\":\"compare\"}";
    struct part parts[3] = {{request, sizeof request - 1}, a, b};
    uint64_t sum = 0, want = 0, id;
    for (int i = 0; i < JOBS; i++) {
        EQ_INT(ERR_NONE, worker_client_submit(client, parts, 3, &id));
        want += id;
    }
    for (int i = 0; i < JOBS; i++) {
        struct frame answer;
        EQ_INT(ERR_NONE, worker_client_receive(client, 20000, &answer));
        EQ_INT(FRAME_RESULT, answer.type);
        sum += answer.job_id;
        frame_release(&answer);
    }
    TRUE(sum == want);
    drop(a);
    drop(b);
}

int main(void)
{
    arena = arena_new(MIB(32));
    int failed = tests_run();
    worker_client_stop(&shared_client, NULL);
    arena_free(arena);
    return failed;
}
