/* cli_roster — `xueying roster import FILE --session=CODE [--dry-run] [--only-good]`. Bad rows are listed; with any of
 * them nothing is written unless --only-good says so. The data directory must not be in use by a running server: the
 * console imports there. */
#include "base/clock.h"
#include "base/text.h"
#include "cli.h"
#include "store/audit.h"
#include "store/capture_session.h"
#include "store/roster_file.h"

#include <errno.h>

#define FILE_BYTES_MAX MIB(4)

struct import_job {
    struct roster_file file;
    const char *code;
    int64_t now_us;
    bool dry;
};

static enum err import_step(struct tx *tx, void *job)
{
    struct import_job *j = job;
    struct capture_session session;
    TRY(session_by_code(tx, j->code, &session));
    TRY(roster_file_put(tx, &j->file, session.id, j->now_us, j->dry));
    if (j->dry)
        return ERR_NONE;
    struct audit_entry entry = {.at_us = j->now_us,
                                .actor_kind = "server",
                                .actor_id = "command-line",
                                .action = "roster_imported",
                                .object_kind = "session",
                                .object_id = session.id};
    return audit_add(tx, &entry);
}

static int read_file(struct cli *cli, const char *path, struct import_job *job)
{
    FILE *in = fopen(path, "re");
    if (in == NULL)
        return cli_say(CLI_UNREADABLE, "%s: %s", path, strerror(errno));
    char *bytes = arena_alloc(cli->arena, FILE_BYTES_MAX + 1);
    size_t len = fread(bytes, 1, FILE_BYTES_MAX + 1, in);
    fclose(in);
    if (len > FILE_BYTES_MAX)
        return cli_say(CLI_UNREADABLE, "%s: larger than 4 MiB; split it", path);
    enum err e = roster_file_read(&job->file, bytes, len, job->now_us, cli->arena);
    return e == ERR_NONE ? CLI_DONE : cli_say(CLI_UNREADABLE, "%s: %s", path, job->file.why);
}

static int import(struct cli *cli, int argc, char **argv)
{
    static struct import_job job;
    const char *path = cli_word(argc, argv, 1);
    bool dry = cli_option(argc, argv, "dry-run") != NULL, only_good = cli_option(argc, argv, "only-good") != NULL;
    job = (struct import_job){.code = cli_option(argc, argv, "session"), .now_us = clock_utc_us()};
    if (path == NULL || job.code == NULL)
        return cli_say(CLI_USAGE, "roster import FILE --session=CODE [--dry-run] [--only-good]");
    int code = read_file(cli, path, &job);
    if (code != CLI_DONE)
        return code;
    bool refused = job.file.read_problem_count > 0 && !only_good;
    job.dry = dry || refused;
    enum err e = store_run(cli->store, STORE_WRITE, import_step, &job);
    if (e == ERR_NOT_FOUND)
        return cli_say(CLI_FAILED, "there is no session %s", job.code);
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
    for (size_t i = 0; i < job.file.problem_count; i++)
        fprintf(stderr, "line %zu, %s: %s\n", job.file.problems[i].line, job.file.problems[i].column,
                job.file.problems[i].words);
    printf("%s%zu added, %zu changed, %zu the same, %zu problems\n", job.dry ? "would be: " : "", job.file.added,
           job.file.changed, job.file.same, job.file.problem_count + job.file.more);
    return refused && !dry ? cli_say(CLI_FAILED, "nothing was imported; correct the rows or say --only-good")
                           : CLI_DONE;
}

int cli_roster(int argc, char **argv)
{
    struct cli cli;
    if (argc < 2 || !text_is(argv[1], "import"))
        return cli_say(CLI_USAGE, "roster import FILE --session=CODE [--dry-run] [--only-good]");
    int code = cli_open(&cli, &argc, argv, "session= dry-run only-good", CLI_CHANGE);
    if (code == CLI_DONE)
        code = import(&cli, argc, argv);
    cli_close(&cli);
    return code;
}
