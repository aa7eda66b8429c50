/* Students: a copy of my data, and being forgotten (PIPL art. 45, 47). */
#include "api/picture.h"
#include "store/audit.h"
#include "store/forget.h"
#include "store/own_data.h"

/* ---- a copy ---- */

struct own_copy_job {
    struct job job;
    const char *new_id;
    struct own_copy copy;
};

static enum err own_copy_ask_decode(struct exchange *x, struct own_copy_job *job)
{
    job_begin(x, &job->job);
    job->new_id = job_new_id(&job->job);
    job->job.status = 202;
    return ERR_NONE;
}

static enum err own_copy_body(struct tx *tx, struct own_copy_job *job, struct buf *out)
{
    (void)tx;
    const struct own_copy *copy = &job->copy;
    json_object_open(out);
    json_put_text(out, "id", copy->id);
    json_put_text(out, "state", copy->state);
    json_put_int(out, "size_bytes", copy->size_bytes);
    json_put_int(out, "left_out", copy->left_out);
    json_put_time(out, "created", copy->created_us);
    json_put_time(out, "expires", copy->expires_us);
    json_put_time(out, "next_from", copy->created_us + OWN_COPY_PAUSE_MS * 1000);
    json_object_close(out);
    return ERR_NONE;
}

static enum err own_copy_ask_write(struct tx *tx, struct own_copy_job *job)
{
    const char *id = job->job.who->id;
    TRY(own_copy_start(tx, id, job->new_id, job->job.now_us, &job->copy));
    if (text_is(job->copy.id, job->new_id)) {
        struct audit_entry entry = {job->job.now_us, "student", id, "own_copy_asked", "student", id, NULL};
        TRY(audit_add(tx, &entry));
    }
    return COMPOSE(tx, job, own_copy_body);
}
ANSWERED(own_copy_ask, struct own_copy_job, WRITE(own_copy_ask_write))

static enum err own_copy_show_decode(struct exchange *x, struct own_copy_job *job)
{
    job_begin(x, &job->job);
    return ERR_NONE;
}

static enum err own_copy_show_read(struct tx *tx, struct own_copy_job *job)
{
    TRY(own_copy_newest(tx, job->job.who->id, &job->copy));
    return COMPOSE(tx, job, own_copy_body);
}
ANSWERED(own_copy_show, struct own_copy_job, READ(own_copy_show_read))

struct own_copy_file {
    struct picture picture;
};

static enum err own_copy_file_decode(struct exchange *x, struct own_copy_file *job)
{
    picture_begin(x, &job->picture);
    return ERR_NONE;
}

static enum err own_copy_file_read(struct tx *tx, struct own_copy_file *job)
{
    struct own_copy copy;
    struct job *base = &job->picture.job;
    TRY(own_copy_newest(tx, base->who->id, &copy));
    if (copy.blob_id == NULL || copy.expires_us <= base->now_us)
        return job_refuse(base, ERR_NOT_FOUND, "there is no copy to fetch; ask for one");
    job->picture.file_name = "xueying-my-data.zip";
    return picture_find(tx, &job->picture, copy.blob_id);
}

static enum err own_copy_file_write(struct tx *tx, struct own_copy_file *job)
{
    const struct job *base = &job->picture.job;
    struct audit_entry entry = {base->now_us, "student",     base->who->id, "own_copy_fetched",
                                "student",    base->who->id, NULL};
    return audit_add(tx, &entry);
}
#define own_copy_file_reply picture_reply
ENDPOINT(own_copy_file, struct own_copy_file, READ(own_copy_file_read), LANE(picture_open), WRITE(own_copy_file_write))

/* ---- being forgotten ---- */

struct leave {
    struct job job;
    const char *confirm;
};

static const struct json_field leave_fields[] = {JSON_FIELD(struct leave, confirm, JSON_TO_TEXT, true, 1, 20)};

static enum err leave_decode(struct exchange *x, struct leave *job)
{
    job_begin(x, &job->job);
    TRY(exchange_json(x, leave_fields, countof(leave_fields), job));
    return job_choice(x, "confirm", job->confirm, "|forget me|");
}

static enum err leave_write(struct tx *tx, struct leave *job)
{
    const char *blocked = NULL;
    enum err e = forget_student(tx, job->job.who->id, job->job.now_us, &blocked);
    if (e == ERR_REFUSED && blocked != NULL)
        return job_refuse(&job->job, e,
                          "%s is being reviewed or on its way to CHSI, the print shop or you; ask again when it is "
                          "complete, or ask customer service",
                          blocked);
    return e;
}
DONE_204(leave, struct leave, WRITE(leave_write))
