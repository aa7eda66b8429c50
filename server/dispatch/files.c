#include "dispatch/files.h"

#include "base/check.h"

struct files {
    struct blob_store *blobs;
    struct mailbox *home;
    struct lane_pool *pool;
};

struct files *files_start(struct blob_store *blobs, struct mailbox *home, size_t threads, size_t queue_max)
{
    struct files *files = calloc(1, sizeof *files);
    CHECK(files != NULL);
    *files = (struct files){blobs, home, lane_pool_start(threads, queue_max)};
    return files;
}

void files_stop(struct files *files)
{
    if (files == NULL)
        return;
    lane_pool_stop(files->pool);
    free(files);
}

static void run_on_lane(struct lane_job *lane)
{
    struct file_job *job = container_of(lane, struct file_job, lane);
    job->result = job->run(job->files->blobs, job);
}

static void done_at_home(struct lane_job *lane)
{
    struct file_job *job = container_of(lane, struct file_job, lane);
    job->done(job);
}

enum err files_run(struct files *files, struct file_job *job)
{
    job->files = files;
    job->lane = (struct lane_job){.home = files->home, .run = run_on_lane, .done = done_at_home};
    return lane_pool_submit(files->pool, &job->lane);
}

static enum err run_read(struct blob_store *blobs, struct file_job *job)
{
    return blob_get(blobs, job->id, job->sealed_key, job->sealed_key_len, &job->bytes, &job->len);
}

enum err files_read(struct files *files, struct file_job *job)
{
    job->bytes = NULL;
    job->len = 0;
    job->run = run_read;
    return files_run(files, job);
}

static enum err run_write(struct blob_store *blobs, struct file_job *job)
{
    return blob_put(blobs, job->id, job->bytes, job->len, job->arena, &job->ref);
}

enum err files_write(struct files *files, struct file_job *job)
{
    job->run = run_write;
    return files_run(files, job);
}
