/* links: xy_api xy_http xy_store xy_blob */
/* Uploads step by step: what is left behind when a request dies between two of them. */
#include "api/student_upload.c"

#include "tests/unit/api_fixture.h"

static const unsigned char photo[] = {0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4, 5, 6, 7, 8};

/* Announces `photo`; its id lives in the fixture's arena. */
static const char *announce(struct api_fixture *f, const char *sha256)
{
    char *hex = arena_alloc(f->arena, 65);
    unsigned char hash[32];
    crypt_sha256(photo, sizeof photo, hash);
    text_hex(hash, sizeof hash, hex);
    struct upload_start *job = ARENA_NEW(f->arena, struct upload_start);
    job->job = fixture_job(f);
    job->purpose = "photo";
    job->source = "live";
    job->sha256 = sha256 != NULL ? sha256 : hex;
    job->size_bytes = sizeof photo;
    job->new_id = job_new_id(&job->job);
    EQ_INT(ERR_NONE, WRITE_STEP(f, upload_start_write, job));
    const struct json *answer;
    EQ_INT(ERR_NONE, json_read(job->job.json, job->job.json_len, f->arena, &answer));
    return json_text_at(answer, "id", "");
}

static struct upload_part_job *part(struct api_fixture *f, const char *id, size_t from, size_t len)
{
    struct upload_part_job *job = ARENA_NEW(f->arena, struct upload_part_job);
    job->job = fixture_job(f);
    job->id = id;
    job->offset_bytes = (int64_t)from;
    job->bytes = photo + from;
    job->len = len;
    job->new_blob_id = job_new_id(&job->job);
    return job;
}

static int64_t offset_of(struct api_fixture *f, const char *id)
{
    struct upload_offset job = {.job = fixture_job(f), .id = id};
    return READ_STEP(f, upload_offset_read, &job) == ERR_NONE ? job.received_bytes : -1;
}

static enum err all_steps(struct api_fixture *f, struct upload_part_job *job)
{
    TRY(READ_STEP(f, upload_part_read, job));
    TRY(upload_part_seal(job, f->arena));
    return WRITE_STEP(f, upload_part_write, job);
}

TEST(parts_become_the_whole)
{
    struct api_fixture f;
    fixture_open(&f);
    const char *id = announce(&f, NULL);
    EQ_INT(ERR_NONE, all_steps(&f, part(&f, id, 0, 5)));
    EQ_INT(5, offset_of(&f, id));
    EQ_INT(ERR_NONE, all_steps(&f, part(&f, id, 5, 4)));
    struct upload_part_job *last = part(&f, id, 9, 3);
    EQ_INT(ERR_NONE, all_steps(&f, last));
    EQ_TEXT("{\"offset\":12,\"complete\":true}", last->job.json);
    EQ_INT(sizeof photo, last->ref.size_bytes);
    EQ_TEXT("image/jpeg", last->media_type);
    EQ_TEXT(id, announce(&f, NULL)); /* the same bytes again: the same upload */
    fixture_close(&f);
}

TEST(a_request_that_dies_before_its_unit_leaves_the_offset)
{
    struct api_fixture f;
    fixture_open(&f);
    const char *id = announce(&f, NULL);
    EQ_INT(ERR_NONE, all_steps(&f, part(&f, id, 0, 5)));
    struct upload_part_job *dies = part(&f, id, 5, 7);
    EQ_INT(ERR_NONE, READ_STEP(&f, upload_part_read, dies));
    EQ_INT(ERR_NONE, upload_part_seal(dies, f.arena)); /* its file is there, no row names it */
    EQ_INT(5, offset_of(&f, id));
    EQ_INT(ERR_NONE, all_steps(&f, part(&f, id, 5, 7)));
    EQ_INT(12, offset_of(&f, id));
    fixture_close(&f);
}

TEST(the_same_last_part_twice_at_once_counts_once)
{
    struct api_fixture f;
    fixture_open(&f);
    const char *id = announce(&f, NULL);
    struct upload_part_job *first = part(&f, id, 0, 12), *second = part(&f, id, 0, 12);
    EQ_INT(ERR_NONE, READ_STEP(&f, upload_part_read, first));
    EQ_INT(ERR_NONE, READ_STEP(&f, upload_part_read, second));
    EQ_INT(ERR_NONE, upload_part_seal(first, f.arena));
    EQ_INT(ERR_NONE, upload_part_seal(second, f.arena));
    EQ_INT(ERR_NONE, WRITE_STEP(&f, upload_part_write, first));
    EQ_INT(ERR_OFFSET_MISMATCH, WRITE_STEP(&f, upload_part_write, second));
    fixture_close(&f);
}

TEST(other_bytes_than_announced_start_again)
{
    struct api_fixture f;
    fixture_open(&f);
    const char *id = announce(&f, "0000000000000000000000000000000000000000000000000000000000000000");
    EQ_INT(ERR_NONE, all_steps(&f, part(&f, id, 0, 6)));
    struct upload_part_job *last = part(&f, id, 6, 6);
    EQ_INT(ERR_NONE, all_steps(&f, last));
    EQ_INT(ERR_CHECKSUM, last->outcome);
    EQ_INT(0, offset_of(&f, id));
    fixture_close(&f);
}

TEST(what_a_file_is_its_bytes_say)
{
    EQ_TEXT("image/jpeg", media_type_of("\xff\xd8\xff\xdb", 4));
    EQ_TEXT("image/png", media_type_of("\x89PNG\r\n\x1a\n", 8));
    TRUE(media_type_of("\x89PNG\r\n\x1a", 7) == NULL);
    TRUE(media_type_of("GIF89a..", 8) == NULL);
    EQ_TEXT("image/heic", media_type_of("\0\0\0\x18"
                                        "ftypheic",
                                        12));
    EQ_TEXT("image/heic", media_type_of("\0\0\0\x18"
                                        "ftypmif1",
                                        12));
    TRUE(media_type_of("\0\0\0\x18"
                       "ftypheic",
                       11) == NULL);
    TRUE(media_type_of("", 0) == NULL);
}

int main(void)
{
    return tests_run();
}
