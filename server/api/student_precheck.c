/* Students: one frame of the running camera, looked at in passing. The page shows the hint; nothing is kept. While the
 * server has better things to do the answer says `analysed: false` and when to come again. */
#include "api/job.h"

#include <math.h>
#include <strings.h>

#define PATIENCE_MS       2500 /* beyond it the student has moved on */
#define CAMERA_PX_DEFAULT 1080

struct precheck {
    struct job job;
    struct api_frame frame;
    const struct json *seen; /* the worker's answer; NULL: nobody looked */
};

static enum err precheck_decode(struct exchange *x, struct precheck *job)
{
    job_begin(x, &job->job);
    const char *type = exchange_header(x, "content-type"), *profile = exchange_query(x, "profile");
    if (type == NULL || strcasecmp(type, "image/jpeg") != 0)
        return exchange_explain(x, ERR_UNSUPPORTED_TYPE, "send one image/jpeg");
    TRY(exchange_query_int(x, "width", 160, 12000, CAMERA_PX_DEFAULT, &job->frame.camera_width_px));
    job->frame.profile = profile != NULL ? profile : "";
    job->frame.student_id = job->job.who->id;
    job->frame.jpeg = exchange_body(x, &job->frame.len);
    if (job->frame.len < 2 || memcmp(job->frame.jpeg, "\xff\xd8", 2) != 0)
        return exchange_explain(x, ERR_BAD_REQUEST, "the body is no JPEG");
    return ERR_NONE;
}

static enum err precheck_ask(struct precheck *job, struct question *question)
{
    if (api()->precheck == NULL)
        question_answer(question, ERR_BUSY, NULL, 0);
    else
        api()->precheck(&job->frame, question);
    return ERR_NONE;
}

static enum err precheck_take(struct precheck *job, const struct question_answer *answer)
{
    if (answer->result == ERR_BUSY)
        return ERR_NONE;
    TRY(answer->result);
    const void *json = arena_copy(job->job.arena, answer->bytes, answer->len);
    return json_read(json, answer->len, job->job.arena, &job->seen) == ERR_NONE ? ERR_NONE : ERR_WORKER;
}

#define DECIMALS 4

/* Only what the worker's answer is made of: numbers, lists and objects of them. */
static void put_value(struct buf *out, const struct json *value)
{
    bool is_list = value->kind == JSON_ARRAY;
    if (value->kind != JSON_OBJECT && !is_list) {
        json_number(out, value->kind == JSON_NUMBER ? value->number : NAN, DECIMALS);
        return;
    }
    if (is_list)
        json_array_open(out);
    else
        json_object_open(out);
    for (const struct json *one = value->first; one != NULL; one = one->next) {
        if (!is_list)
            json_name(out, one->name);
        put_value(out, one);
    }
    if (is_list)
        json_array_close(out);
    else
        json_object_close(out);
}

static void put_member(struct buf *out, const struct json *seen, const char *name)
{
    const struct json *value = json_at(seen, name);
    json_name(out, name);
    if (value == NULL)
        json_null(out);
    else if (text_is(name, "faces"))
        json_tree(out, value);
    else
        put_value(out, value);
}

static void put_hint(struct buf *out, const struct precheck *job)
{
    const char *language = job->job.language == LANGUAGE_EN ? "en" : "zh";
    const struct json *hint = json_at(job->seen, "hint");
    json_name(out, "hint");
    if (hint == NULL) {
        json_null(out);
        return;
    }
    json_object_open(out);
    json_put_text(out, "code", json_text_at(hint, "code", ""));
    json_put_text(out, "text", json_text_at(hint, language, ""));
    json_object_close(out);
}

static void precheck_reply(struct exchange *x, struct precheck *job)
{
    static const char *const members[] = {"faces",     "box",      "eyes",      "roll_degrees", "yaw_degrees",
                                          "luminance", "half_lit", "sharpness", "wall_spread"};
    struct buf *out = exchange_out(x);
    json_object_open(out);
    json_put_bool(out, "analysed", job->seen != NULL);
    for (size_t i = 0; i < countof(members); i++)
        put_member(out, job->seen, members[i]);
    put_hint(out, job);
    json_put_int(out, "next_ms", api()->precheck_next_ms != NULL ? api()->precheck_next_ms() : 0);
    json_object_close(out);
    exchange_send(x);
}
ENDPOINT(precheck, struct precheck, ASK(precheck_ask, precheck_take, PATIENCE_MS))
