/* Everybody: a school by its name, and which of its sessions are open to whom. Nothing here is personal. */
#include "store/school.h"
#include "api/job.h"

#define WORDS_CHARS_MIN 2
#define WORDS_CHARS_MAX 100

struct school_find {
    struct job job;
    const char *words, *level;
};

static enum err school_find_decode(struct exchange *x, struct school_find *job)
{
    job_begin(x, &job->job);
    job->words = exchange_query(x, "q");
    job->level = exchange_query(x, "level");
    if (job->words == NULL || text_chars(job->words) < WORDS_CHARS_MIN || text_chars(job->words) > WORDS_CHARS_MAX)
        return exchange_explain(x, ERR_BAD_FIELD, "q: 2 to 100 characters of the school's name");
    if (job->level == NULL)
        job->level = "";
    return session_level_known(job->level) ? ERR_NONE
                                           : exchange_explain(x, ERR_BAD_FIELD, "level: there is none of that name");
}

static enum err put_school(struct tx *tx, const struct school *school, const struct school_find *job, struct buf *out)
{
    size_t count = 0;
    struct capture_session *list = ARENA_ARRAY(tx->arena, struct capture_session, SCHOOL_SESSIONS_MAX);
    TRY(school_sessions(tx, school->id, job->level, job->job.now_us, list, &count));
    json_object_open(out);
    json_put_text(out, "school", school->name);
    json_put_text(out, "school_code", school->code);
    json_name(out, "sessions");
    json_array_open(out);
    for (size_t i = 0; i < count; i++) {
        json_object_open(out);
        json_put_text(out, "code", list[i].code);
        json_put_text(out, "name", list[i].name);
        json_put_text(out, "level", list[i].level);
        json_put_int(out, "graduation_year", list[i].graduation_year);
        json_put_text(out, "batch_name", list[i].batch_name);
        json_put_time(out, "opens", list[i].opens_us);
        json_put_time(out, "closes", list[i].closes_us);
        json_put_bool(out, "open_now", session_open_at(&list[i], job->job.now_us));
        json_object_close(out);
    }
    json_array_close(out);
    json_object_close(out);
    return ERR_NONE;
}

static enum err school_find_body(struct tx *tx, struct school_find *job, struct buf *out)
{
    struct school list[SCHOOLS_FOUND_MAX];
    size_t count = 0;
    TRY(school_find(tx, job->words, list, &count));
    json_list_open(out);
    for (size_t i = 0; i < count; i++)
        TRY(put_school(tx, &list[i], job, out));
    json_list_close(out);
    return ERR_NONE;
}

static enum err school_find_read(struct tx *tx, struct school_find *job)
{
    return COMPOSE(tx, job, school_find_body);
}
ANSWERED(school_find, struct school_find, READ(school_find_read))
