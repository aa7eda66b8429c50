#include "workers/jobs.h"

#include "base/check.h"
#include "base/text.h"
#include "workers/code.h"
#include "workers/compare.h"
#include "workers/faults.h"
#include "workers/idcard.h"
#include "workers/inspect.h"
#include "workers/poster.h"
#include "workers/precheck.h"
#include "workers/qr_job.h"
#include "workers/retouch.h"
#include "workers/sheet.h"
#include "workers/standardise.h"
#include "workers/verify.h"

typedef enum err job_function(struct job_tools *tools, const struct json *request, const struct frame *frame,
                              struct job_reply *reply);

static const struct {
    const char *kind;
    job_function *run;
    bool is_fault;
} jobs[] = {
    {"code", job_code, false},
    {"compare", job_compare, false},
    {"standardise", job_standardise, false},
    {"idcard", job_idcard, false},
    {"inspect", job_inspect, false},
    {"retouch", job_retouch, false},
    {"verify", job_verify, false},
    {"sheet", job_sheet, false},
    {"poster", job_poster, false},
    {"qr", job_qr, false},
    {"precheck", job_precheck, false},
    {"crash", job_crash, true},
    {"hang", job_hang, true},
    {"hog", job_hog, true},
    {"probe", job_probe, true},
};

bool job_part(const struct frame *request, size_t n, const unsigned char **bytes, size_t *len)
{
    if (n >= request->part_count)
        return false;
    *bytes = request->parts[n].bytes;
    *len = request->parts[n].len;
    return true;
}

void job_put_model(struct buf *b, const char *name, const struct job_versions *versions)
{
    json_name(b, name);
    json_object_open(b);
    json_put_text(b, "id", "dlib_face_recognition_resnet_v1");
    json_put_text(b, "engine", face_engine());
    json_put_text(b, "version", versions->network_sha256);
    json_object_close(b);
}

void job_reply_init(struct job_reply *reply)
{
    memset(reply, 0, sizeof *reply);
    buf_init(&reply->json, JOB_JSON_BYTES_MAX);
    for (size_t i = 0; i < countof(reply->parts); i++)
        buf_init(&reply->parts[i], PROTOCOL_PART_BYTES_MAX);
}

void job_reply_release(struct job_reply *reply)
{
    buf_release(&reply->json);
    for (size_t i = 0; i < countof(reply->parts); i++)
        buf_release(&reply->parts[i]);
}

static enum err dispatch(struct job_tools *tools, const struct frame *request, struct job_reply *reply)
{
    const struct json *tree = NULL;
    if (request->parts[0].len > JOB_JSON_BYTES_MAX ||
        json_read(request->parts[0].bytes, request->parts[0].len, tools->arena, &tree) != ERR_NONE) {
        snprintf(reply->why, sizeof reply->why, "Part 0 is not JSON.");
        return ERR_BAD_REQUEST;
    }
    const char *kind = json_text_at(tree, "kind", "");
    for (size_t i = 0; i < countof(jobs); i++)
        if (text_is(kind, jobs[i].kind) && (tools->allow_faults || !jobs[i].is_fault))
            return jobs[i].run(tools, tree, request, reply);
    snprintf(reply->why, sizeof reply->why, "There is no such kind of job.");
    return ERR_BAD_FIELD;
}

static bool too_large(const struct job_reply *reply)
{
    bool over = reply->json.over;
    for (size_t i = 0; i < reply->part_count; i++)
        over = over || reply->parts[i].over;
    return over;
}

void job_run(struct job_tools *tools, const struct frame *request, struct job_reply *reply, struct frame *answer)
{
    enum err e = dispatch(tools, request, reply);
    if (e == ERR_NONE && too_large(reply)) {
        snprintf(reply->why, sizeof reply->why, "The result is larger than a frame may be.");
        e = ERR_TOO_LARGE;
    }
    *answer = (struct frame){.type = FRAME_RESULT, .job_id = request->job_id, .part_count = 1};
    if (e != ERR_NONE) {
        buf_clear(&reply->json);
        json_object_open(&reply->json);
        json_put_text(&reply->json, "error", err_name(e));
        json_put_text(&reply->json, "why", reply->why[0] != '\0' ? reply->why : err_title(e, LANGUAGE_EN));
        json_object_close(&reply->json);
        answer->type = FRAME_REFUSED;
        reply->part_count = 0;
    }
    answer->parts[0] = (struct part){reply->json.bytes, reply->json.len};
    for (size_t i = 0; i < reply->part_count; i++)
        answer->parts[answer->part_count++] = (struct part){reply->parts[i].bytes, reply->parts[i].len};
}
