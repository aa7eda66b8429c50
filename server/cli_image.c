#include "cli_image.h"

#include "base/text.h"

#include <errno.h>
#include <unistd.h>

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
