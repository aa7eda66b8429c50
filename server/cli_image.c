#include "cli_image.h"

#include "base/check.h"
#include "base/text.h"

#include <errno.h>
#include <unistd.h>

#define ANSWER_ARENA_BYTES MIB(2)
#define FILES_MAX          3

bool cli_read_file(const char *path, struct part *part)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        cli_say(CLI_FAILED, "%s: %s", path, strerror(errno));
        return false;
    }
    unsigned char *bytes = malloc(CLI_FILE_BYTES_MAX + 1);
    size_t len = bytes == NULL ? 0 : fread(bytes, 1, CLI_FILE_BYTES_MAX + 1, file);
    bool failed = bytes == NULL || ferror(file) != 0;
    fclose(file);
    if (failed || len > CLI_FILE_BYTES_MAX) {
        cli_say(CLI_FAILED, "%s: %s", path, failed ? "cannot be read" : "larger than 16 MiB");
        free(bytes);
        return false;
    }
    *part = (struct part){bytes, len};
    return true;
}

bool cli_write_file(const char *path, const void *bytes, size_t len)
{
    char beside[4096];
    int n = snprintf(beside, sizeof beside, "%s.%d.new", path, (int)getpid());
    FILE *file = n > 0 && (size_t)n < sizeof beside ? fopen(beside, "wbxe") : NULL;
    bool good = file != NULL && fwrite(bytes, 1, len, file) == len;
    if (file != NULL)
        good = fclose(file) == 0 && good;
    if (good && rename(beside, path) == 0)
        return true;
    cli_say(CLI_FAILED, "%s: %s", path, strerror(errno));
    if (file != NULL)
        unlink(beside);
    return false;
}

bool cli_worker_start(struct worker_client *client, int threads)
{
    const char *heic = getenv("XUEYING_ALLOW_HEIC"); /* as the server's knob */
    struct worker_spawn_options options = {.threads = threads, .allow_heic = heic != NULL && text_is(heic, "1")};
    enum err e = worker_client_start(client, &options);
    if (e == ERR_NONE)
        return true;
    if (e == ERR_NOT_FOUND)
        cli_say(CLI_FAILED, "xueying-worker is not beside this program; build it with tools/dev build");
    else
        cli_say(CLI_FAILED, "the image worker did not start; are the models there? run tools/models");
    return false;
}

static int refused(const struct json *tree, const char *about)
{
    static const enum err files[] = {ERR_UNREADABLE, ERR_UNSUPPORTED_TYPE, ERR_HEIC_OFF, ERR_TOO_LARGE};
    int code = CLI_FAILED;
    for (size_t i = 0; i < countof(files); i++)
        if (text_is(json_text_at(tree, "error", ""), err_name(files[i])))
            code = CLI_UNREADABLE;
    return cli_say(code, "%s%s%s", about != NULL ? about : "", about != NULL ? ": " : "",
                   json_text_at(tree, "why", "the worker refused the job"));
}

static int run_job(const struct part *parts, size_t count, const char *about, cli_answered *answered,
                   const void *options)
{
    struct worker_client client = {.fd = -1};
    struct frame answer = {0};
    const struct json *tree = NULL;
    int code = CLI_FAILED;
    if (!cli_worker_start(&client, 1))
        return code;
    struct arena *arena = arena_new(ANSWER_ARENA_BYTES);
    if (worker_client_run(&client, parts, count, CLI_JOB_TIMEOUT_MS, &answer) != ERR_NONE ||
        json_read(answer.parts[0].bytes, answer.parts[0].len, arena, &tree) != ERR_NONE)
        cli_say(CLI_FAILED, "the image worker ended before it answered");
    else
        code = answer.type == FRAME_RESULT ? answered(&answer, tree, options) : refused(tree, about);
    frame_release(&answer);
    arena_free(arena);
    worker_client_stop(&client, NULL);
    return code;
}

int cli_job(struct part request, const char *const *paths, size_t count, const char *about, cli_answered *answered,
            const void *options)
{
    struct part parts[1 + FILES_MAX] = {request};
    CHECK(count >= 1 && count <= FILES_MAX);
    size_t read = 0;
    while (read < count && cli_read_file(paths[read], &parts[1 + read]))
        read++;
    int code = read == count ? run_job(parts, 1 + count, about, answered, options) : CLI_UNREADABLE;
    for (size_t i = 0; i < read; i++)
        free((void *)(uintptr_t)parts[1 + i].bytes);
    return code;
}
