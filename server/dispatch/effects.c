#include "dispatch/effects.h"

#include "base/text.h"

const struct executor compute_executors[] = {
    {"standardise", standardise_start, 4},
    {"retouch", retouch_start, 2},
    {"derive", derive_start, 2},
    {"compare", compare_start, 4},
    {"id_card", id_card_start, 4},
    {"intake", intake_start, 32},
    {"erase", erase_start, 4},
    {"package", package_start, 1},
    {"sheet", sheet_start, 1},
    {"batch", batch_start, 1},
    {"own_copy", own_copy_start_effect, 1},
    {"roster_import", roster_start, 1},
    {NULL, NULL, 0},
};

const struct json *effect_payload(struct effect *effect)
{
    const struct json *tree = NULL;
    const char *payload = effect->row.payload;
    return json_read(payload, strlen(payload), effect->arena, &tree) == ERR_NONE ? tree : NULL;
}

/* A disk or a database may recover; so may an object that another job is just writing. */
static bool heals(enum err e)
{
    return err_may_retry(e) || e == ERR_STALE || e == ERR_CORRUPT;
}

void effect_failed(struct effect *effect, enum err e, const char *what)
{
    effect_end(effect, heals(e) ? OUTBOX_RETRY : OUTBOX_DEAD, 0, "%s: %s", what, err_name(e));
}

bool effect_is_given_up(const struct effect *effect, enum err e)
{
    return !heals(e) || effect->row.tries > OUTBOX_PAUSES;
}

void effect_job_failed(struct effect *effect, const struct compute_job *job)
{
    if (job->end == COMPUTE_POISON)
        effect_end(effect, OUTBOX_PARKED, 0, "poison: %s", job->why);
    else if (job->end == COMPUTE_GONE || err_may_retry(job->error))
        effect_end(effect, OUTBOX_RETRY, 0, "worker: %s", job->why);
    else
        effect_end(effect, OUTBOX_DEAD, 0, "worker: %s: %s", err_name(job->error), job->why);
}

const char *effect_json(struct effect *effect, const struct json *tree, size_t max_bytes)
{
    struct buf b;
    buf_init(&b, max_bytes);
    json_tree(&b, tree);
    const char *text = tree == NULL || b.over ? "{}" : arena_text_n(effect->arena, b.bytes, b.len);
    buf_release(&b);
    return text;
}
