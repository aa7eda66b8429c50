/* xueying-worker — the sandboxed process that decodes strangers' photos. It speaks workers/protocol.h on fd 3 and does
 * workers/jobs.h on its lanes. It holds no keys and no database; when its socket closes, it ends. Started by the
 * server's supervisor or by server/dispatch/worker_client; by hand it only says how it is used. */
#include "base/check.h"
#include "base/crypt.h"
#include "base/log.h"
#include "base/text.h"
#include "workers/image.h"
#include "workers/lane.h"
#include "workers/mask.h"
#include "workers/ocr.h"
#include "workers/sandbox.h"

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKET_FD        3
#define TICK_MS          250
#define READ_BYTES       KIB(64)
#define PATH_BYTES       4096
#define LANDMARKS_FILE   "shape_predictor_68_face_landmarks.dat"
#define LANDMARKS_DEBIAN "/usr/share/dlib/" LANDMARKS_FILE /* libdlib-data */

enum { EXIT_USAGE = 2, EXIT_MODELS = 4, EXIT_PROTOCOL = 5, EXIT_OVERRAN = 6 };

struct worker_options {
    const char *models_folder;
    const char *landmarks_path; /* NULL: in models_folder, else Debian's, else none */
    int64_t threads;
    int64_t job_wall_ms, job_cpu_ms, job_memory_mib;
    bool allow_heic, allow_faults;
};

static const char usage[] =
    "usage: xueying-worker --models DIR [--landmarks FILE|none] [--threads N] [--job-wall-ms N] [--job-cpu-ms N]\n"
    "                      [--job-memory-mib N] [--allow-heic] [--allow-fault-jobs]\n"
    "Started by xueying with a socket as file descriptor 3; not meant to be started by hand.\n";

static bool read_number(const char *text, int64_t min, int64_t max, int64_t *value)
{
    return text_int(text, value) && *value >= min && *value <= max;
}

static bool options_read(int argc, char **argv, struct worker_options *options)
{
    static const struct option known[] = {
        {"models", required_argument, NULL, 'm'},
        {"landmarks", required_argument, NULL, 'l'},
        {"threads", required_argument, NULL, 't'},
        {"job-wall-ms", required_argument, NULL, 'w'},
        {"job-cpu-ms", required_argument, NULL, 'c'},
        {"job-memory-mib", required_argument, NULL, 'a'},
        {"allow-heic", no_argument, NULL, 'h'},
        {"allow-fault-jobs", no_argument, NULL, 'f'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct worker_options){.threads = 1, .job_wall_ms = 15000, .job_cpu_ms = 10000, .job_memory_mib = 512};
    bool good = true;
    for (int c; good && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'm':
            options->models_folder = optarg;
            break;
        case 'l':
            options->landmarks_path = optarg;
            break;
        case 't':
            good = read_number(optarg, 1, LANES_MAX, &options->threads);
            break;
        case 'w':
            good = read_number(optarg, 10, 600000, &options->job_wall_ms);
            break;
        case 'c':
            good = read_number(optarg, 10, 600000, &options->job_cpu_ms);
            break;
        case 'a':
            good = read_number(optarg, 64, 16384, &options->job_memory_mib);
            break;
        case 'h':
            options->allow_heic = true;
            break;
        case 'f':
            options->allow_faults = true;
            break;
        default:
            good = false;
        }
    }
    return good && optind == argc && options->models_folder != NULL;
}

/* dlib's landmark model is used when there is one: named by the operator, in the models folder, or Debian's. The name
 * "none" forbids it. */
static const char *find_dlib68(const struct worker_options *options, char own[PATH_BYTES])
{
    if (options->landmarks_path != NULL)
        return text_is(options->landmarks_path, "none") ? NULL : options->landmarks_path;
    snprintf(own, PATH_BYTES, "%s/" LANDMARKS_FILE, options->models_folder);
    if (access(own, R_OK) == 0)
        return own;
    return access(LANDMARKS_DEBIAN, R_OK) == 0 ? LANDMARKS_DEBIAN : NULL;
}

static struct face_models *models_load(const struct worker_options *options, struct job_versions *versions)
{
    char descriptor[PATH_BYTES], landmarks[PATH_BYTES], own[PATH_BYTES], why[FACE_WHY_BYTES];
    snprintf(descriptor, sizeof descriptor, "%s/face_recognition.net", options->models_folder);
    snprintf(landmarks, sizeof landmarks, "%s/face_landmarks.net", options->models_folder);
    struct face_files files = {descriptor, landmarks, find_dlib68(options, own)};
    struct face_models *models = NULL;
    if (face_models_load(&files, &models, why) != FACE_OK) {
        LOG(ERROR, "worker.models", "%s (tools/models gets and converts them)", why);
        return NULL;
    }
    versions->blas_core = face_blas_core();
    text_hex(face_models_version(models), 32, versions->network_sha256);
    return models;
}

/* Without the person mask photos are matted by the wall's colour, and each report says so. A file that is there but
 * wrong is an error: somebody meant it to be used. */
static bool mask_load(const struct worker_options *options, struct mask_model **mask, struct job_versions *versions)
{
    char path[PATH_BYTES], why[MASK_WHY_BYTES];
    snprintf(path, sizeof path, "%s/selfie_segmentation.tflite", options->models_folder);
    *mask = NULL;
    if (access(path, F_OK) != 0) {
        LOG(WARN, "worker.models", "The person mask is missing, wall colour decides instead: %s", path);
        return true;
    }
    if (mask_model_load(path, mask, why) != ERR_NONE) {
        LOG(ERROR, "worker.models", "%s: %s", path, why);
        return false;
    }
    snprintf(versions->mask_sha256, sizeof versions->mask_sha256, "%s", mask_model_sha256(*mask));
    return true;
}

static bool say_ready(struct lanes *lanes, const struct worker_options *options, const struct job_versions *versions,
                      const struct sandbox_state *sandbox)
{
    struct buf b;
    buf_init(&b, KIB(4));
    json_object_open(&b);
    json_put_bool(&b, "ready", true);
    json_put_int(&b, "threads", options->threads);
    json_put_int(&b, "queue", options->threads * LANE_QUEUE_PER_THREAD);
    json_put_int(&b, "job_wall_ms", options->job_wall_ms);
    json_put_text(&b, "image_engine", image_engine());
    json_put_text(&b, "blas_core", versions->blas_core);
    json_put_bool(&b, "mask", versions->mask_sha256[0] != '\0');
    job_put_model(&b, "model", versions);
    json_name(&b, "sandbox");
    json_object_open(&b);
    json_put_bool(&b, "seccomp", sandbox->seccomp);
    json_put_bool(&b, "landlock", sandbox->landlock);
    json_put_bool(&b, "memory_limit", sandbox->memory_limit);
    json_object_close(&b);
    json_object_close(&b);
    struct frame frame = {.type = FRAME_READY, .part_count = 1, .parts = {{b.bytes, b.len}}};
    bool sent = !b.over && lanes_send(lanes, &frame);
    buf_release(&b);
    return sent;
}

static bool refuse_busy(struct lanes *lanes, struct frame *request)
{
    static const char busy[] = "{\"error\":\"busy\",\"why\":\"All lanes are busy and the queue is full.\"}";
    struct frame answer = {
        .type = FRAME_REFUSED, .job_id = request->job_id, .part_count = 1, .parts = {{busy, sizeof busy - 1}}};
    frame_release(request);
    return lanes_send(lanes, &answer);
}

/* All frames in these bytes to the lanes. False ends the process: the peer does not speak the protocol. */
static bool take_bytes(struct lanes *lanes, struct frame_decoder *decoder, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        struct frame request;
        size_t used = 0;
        bool complete = false;
        if (frame_decoder_feed(decoder, bytes, len, &used, &request, &complete) != ERR_NONE)
            return false;
        bytes += used;
        len -= used;
        if (!complete)
            continue;
        if (request.type != FRAME_JOB || request.job_id == 0) {
            frame_release(&request);
            return false;
        }
        if (!lanes_submit(lanes, &request) && !refuse_busy(lanes, &request))
            return false;
    }
    return true;
}

static int serve(struct lanes *lanes, const struct worker_options *options)
{
    static unsigned char bytes[READ_BYTES];
    struct frame_decoder decoder;
    frame_decoder_init(&decoder);
    for (;;) {
        struct pollfd item = {.fd = SOCKET_FD, .events = POLLIN};
        int ready = poll(&item, 1, TICK_MS);
        sandbox_cpu_renew();
        uint64_t over = lanes_overrun(lanes, MILLIS_US(options->job_wall_ms), MILLIS_US(options->job_cpu_ms));
        if (over != 0) {
            LOG(ERROR, "worker.overran", "job=%" PRIu64, over);
            return EXIT_OVERRAN;
        }
        if (ready <= 0)
            continue;
        ssize_t n = recv(SOCKET_FD, bytes, sizeof bytes, 0);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
            return 0; /* the server has gone or let us go */
        if (n > 0 && !take_bytes(lanes, &decoder, bytes, (size_t)n)) {
            LOG(ERROR, "worker.protocol", "the peer sent what is not a job");
            return EXIT_PROTOCOL;
        }
    }
}

int main(int argc, char **argv)
{
    struct worker_options options;
    struct sockaddr_storage peer;
    socklen_t peer_len = sizeof peer;
    if (!options_read(argc, argv, &options) || getsockname(SOCKET_FD, (struct sockaddr *)&peer, &peer_len) != 0 ||
        peer.ss_family != AF_UNIX) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    close_range(SOCKET_FD + 1, ~0U, 0); /* whatever a careless parent left open */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    mallopt(M_ARENA_MAX, (int)options.threads + 1); /* or every helper thread reserves 64 MiB of address space */
    crypt_start();
    image_start();
    ocr_start();
    if (!ocr_has(OCR_NUMBER))
        LOG(WARN, "worker.ocr", "identity cards cannot be read: tesseract's English model is not installed");
    if (options.allow_heic)
        image_allow_heic();
    static struct job_versions versions;
    struct face_models *models = models_load(&options, &versions);
    struct mask_model *mask;
    if (models == NULL || !mask_load(&options, &mask, &versions))
        return EXIT_MODELS;
    struct lanes_options lanes_options = {.threads = (int)options.threads,
                                          .fd = SOCKET_FD,
                                          .models = models,
                                          .mask = mask,
                                          .versions = &versions,
                                          .allow_faults = options.allow_faults};
    char why[JOB_WHY_BYTES], warning[SANDBOX_WARNING_BYTES];
    bool landlock;
    struct lanes *lanes = lanes_start(&lanes_options, &landlock, why);
    if (lanes == NULL) {
        LOG(ERROR, "worker.warmup", "%s", why);
        _exit(EXIT_MODELS);
    }
    struct sandbox_state sandbox;
    sandbox_process((size_t)options.job_memory_mib * MIB(1) * (size_t)options.threads, &sandbox, warning);
    if (warning[0] != '\0')
        LOG(WARN, "worker.sandbox", "%s", warning);
    _exit(say_ready(lanes, &options, &versions, &sandbox) ? serve(lanes, &options) : 0);
}
