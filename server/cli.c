#include "cli.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROCESS_ARENA_BYTES MIB(64)

int cli_say(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("xueying: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

int cli_code(enum err e)
{
    return e == ERR_NONE ? CLI_DONE : e == ERR_UNREADABLE || e == ERR_CORRUPT ? CLI_UNREADABLE : CLI_FAILED;
}

bool cli_lock(struct cli *cli)
{
    const char *path = arena_printf(cli->arena, "%s/lock", cli->config.data_directory);
    cli->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (cli->lock_fd >= 0 && flock(cli->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (cli->lock_fd >= 0)
        close(cli->lock_fd);
    cli->lock_fd = -1;
    return false;
}

static int open_keys(struct cli *cli, enum cli_need need)
{
    char why[256];
    const char *path = config_key_file(&cli->config, cli->arena);
    if (need == CLI_LOOK && access(path, F_OK) != 0)
        return cli_say(CLI_UNREADABLE, "%s: there is no key file; is --data_directory right?", path);
    enum err e = keyring_load(path, &cli->ring, why);
    return e == ERR_NONE ? CLI_DONE : cli_say(cli_code(e), "%s", why);
}

static int open_store(struct cli *cli, enum cli_need need, store_announce *announce, void *announce_arg)
{
    char why[256];
    struct store_options options = {.database = config_database(&cli->config, cli->arena),
                                    .ring = cli->ring,
                                    .boot_id = cli->boot_id,
                                    .readers = (size_t)cli->config.store_readers,
                                    .queue_max = (size_t)cli->config.store_queue_max,
                                    .read_only = need == CLI_LOOK,
                                    .knows_followers = config_knows_followers(&cli->config),
                                    .announce = announce,
                                    .announce_arg = announce_arg};
    enum err e = store_open(&options, &cli->store, why);
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "%s", why);
    const char *directory = arena_printf(cli->arena, "%s/blobs", cli->config.data_directory);
    e = blob_open(directory, cli->ring, &cli->blobs, why);
    return e == ERR_NONE ? CLI_DONE : cli_say(cli_code(e), "%s", why);
}

int cli_open_data(struct cli *cli, enum cli_need need, store_announce *announce, void *announce_arg)
{
    if (need == CLI_CHANGE) {
        if (mkdir(cli->config.data_directory, 0700) != 0 && errno != EEXIST)
            return cli_say(CLI_FAILED, "%s: %s", cli->config.data_directory, strerror(errno));
        if (!cli_lock(cli))
            return cli_say(CLI_FAILED, "%s is in use by a running server or another command; stop it first",
                           cli->config.data_directory);
    }
    int code = open_keys(cli, need);
    return code != CLI_DONE ? code : open_store(cli, need, announce, announce_arg);
}

int cli_open(struct cli *cli, int *argc, char **argv, const char *more_options, enum cli_need need)
{
    char why[256];
    *cli = (struct cli){.arena = arena_new(PROCESS_ARENA_BYTES), .lock_fd = -1};
    crypt_start();
    enum err e = config_read(argc, argv, more_options, cli->arena, &cli->config, why);
    if (e != ERR_NONE)
        return cli_say(e == ERR_UNREADABLE ? CLI_UNREADABLE : CLI_USAGE, "%s", why);
    log_open(STDERR_FILENO, cli->config.log_debug ? LOG_DEBUG_LEVEL : LOG_INFO_LEVEL);
    crypt_id(clock_utc_us(), cli->boot_id);
    return need == CLI_CONFIG ? CLI_DONE : cli_open_data(cli, need, NULL, NULL);
}

void cli_close(struct cli *cli)
{
    store_close(cli->store);
    blob_close(cli->blobs);
    keyring_free(cli->ring);
    arena_free(cli->arena);
    if (cli->lock_fd >= 0)
        close(cli->lock_fd);
    *cli = (struct cli){.lock_fd = -1};
}

const char *cli_option(int argc, char **argv, const char *name)
{
    size_t len = strlen(name);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 || strncmp(argv[i] + 2, name, len) != 0)
            continue;
        if (argv[i][2 + len] == '=')
            return argv[i] + 3 + len;
        if (argv[i][2 + len] == '\0')
            return i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0 ? argv[i + 1] : "";
    }
    return NULL;
}

const char *cli_word(int argc, char **argv, int n)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--", 2) != 0 && n-- == 0)
            return argv[i];
    return NULL;
}
