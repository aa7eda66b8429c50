/* cli_roster — `xueying roster import FILE --session=CODE [--dry-run] [--only-good] [--errors=FILE]`: CSV or XLSX. Bad
 * rows go to the file of --errors, the first of them to stderr; with any of them nothing is written unless --only-good
 * says so. The data directory must not be in use by a running server: the console imports there. */
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "cli.h"
#include "store/capture_session.h"
#include "store/roster_load.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#define USAGE       "roster import FILE --session=CODE [--dry-run] [--only-good] [--errors=FILE]"
#define SHOW_EVERY  MILLIS_US(200)
#define BAR_CHARS   30
#define ERRORS_SAID 20

struct loading {
    struct roster_load load;
    const char *code, *phase;
    int64_t started_us, shown_us;
    bool bar; /* stderr is a terminal */
};

static enum err find_step(struct tx *tx, void *job)
{
    struct loading *l = job;
    struct capture_session session;
    TRY(session_by_code(tx, l->code, &session));
    snprintf(l->load.arg, CRYPT_ID_TEXT_BYTES, "%s", session.id);
    return ERR_NONE;
}

/* The import's row, and the outbox row by which a server removes what a killed command left. */
static enum err add_step(struct tx *tx, void *job)
{
    struct loading *l = job;
    return roster_import_begin(tx, &l->load.import, "command", 0);
}

static enum err end_step(struct tx *tx, void *job)
{
    struct loading *l = job;
    struct roster_import now;
    TRY(roster_import_get(tx, l->load.import.id, &now));
    return text_is(now.state, "done") ? ERR_NONE : roster_import_move(tx, &now, "cancelled", "", l->load.now_us);
}

static bool show(struct roster_load *load)
{
    struct loading *l = container_of(load, struct loading, load);
    int64_t now_us = clock_mono_us();
    if (!l->bar || now_us - l->shown_us < SHOW_EVERY || load->total == 0)
        return true;
    l->shown_us = now_us;
    int done = (int)(load->done * BAR_CHARS / load->total);
    char bar[BAR_CHARS + 1];
    for (int i = 0; i < BAR_CHARS; i++)
        bar[i] = i < done ? '#' : '.';
    bar[BAR_CHARS] = '\0';
    fprintf(stderr, "\r%-9s [%s] %3d %%  %" PRId64 " rows", l->phase, bar, (int)(load->done * 100 / load->total),
            load->import.rows_done > 0 ? load->import.rows_done : load->import.rows_total);
    return true;
}

static void end_bar(const struct loading *l)
{
    if (l->bar)
        fputs("\r\033[K", stderr);
}

/* ---- what is said at the end ---- */

static void say_errors(struct cli *cli, const struct roster_load *load)
{
    const struct json *report = NULL;
    size_t said = 0;
    if (load->import.report == NULL ||
        json_read(load->import.report, strlen(load->import.report), cli->arena, &report) != ERR_NONE)
        return;
    const struct json *errors = json_at(report, "errors");
    for (const struct json *one = errors != NULL ? errors->first : NULL; one != NULL && said < ERRORS_SAID;
         one = one->next, said++)
        fprintf(stderr, "line %" PRId64 ", %s: %s; %s\n", json_int_at(one, "line", 0), json_text_at(one, "column", ""),
                json_text_at(one, "en", ""), json_text_at(one, "en_fix", ""));
    if (load->import.errors > ERRORS_SAID)
        fprintf(stderr, "… and %" PRId64 " more\n", load->import.errors - ERRORS_SAID);
}

static int write_errors(const char *path, const struct roster_load *load)
{
    FILE *out = fopen(path, "we");
    bool good = out != NULL && fwrite(load->bad_rows.bytes, 1, load->bad_rows.len, out) == load->bad_rows.len;
    if (out != NULL)
        good = fclose(out) == 0 && good;
    return good ? CLI_DONE : cli_say(CLI_FAILED, "%s: %s", path, strerror(errno));
}

static void say_counts(const struct loading *l, bool dry)
{
    const struct roster_import *i = &l->load.import;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double seconds = (double)(clock_mono_us() - l->started_us) / 1e6;
    printf("%s%" PRId64 " added, %" PRId64 " changed, %" PRId64 " the same, %" PRId64 " linked and kept, %" PRId64
           " bad rows (%.1f s, %ld MiB)\n",
           dry ? "would be: " : "", i->added, i->changed, i->same, i->linked_kept, i->errors, seconds,
           usage.ru_maxrss / 1024);
}

/* ---- the work ---- */

static int write_all(struct cli *cli, struct loading *l)
{
    char *id = arena_alloc(cli->arena, CRYPT_ID_TEXT_BYTES);
    struct roster_import *i = &l->load.import;
    crypt_id(l->load.now_us, id);
    i->id = id;
    i->created_us = l->load.now_us;
    l->phase = "importing";
    enum err e = store_run(cli->store, STORE_WRITE, add_step, l);
    if (e == ERR_CONFLICT)
        return cli_say(CLI_FAILED,
                       "another import of this session is not finished: start the server, it goes on there");
    if (e == ERR_NONE)
        e = roster_load_write(&l->load);
    enum err ended = store_run(cli->store, STORE_WRITE, end_step, l);
    i->state = e == ERR_NONE ? "done" : "cancelled";
    if (ended == ERR_NONE)
        ended = roster_load_clean(cli->store, i, l->load.now_us, NULL, NULL);
    e = e == ERR_NONE ? ended : e;
    return e == ERR_NONE ? CLI_DONE : cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
}

static int check(struct cli *cli, struct loading *l, const char *errors_path)
{
    l->phase = "reading";
    enum err e = roster_load_check(&l->load);
    end_bar(l);
    if (e == ERR_BAD_FIELD || e == ERR_TOO_LARGE)
        return cli_say(CLI_UNREADABLE, "%s: %s", l->load.import.file_name, l->load.why);
    if (e != ERR_NONE)
        return cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
    say_errors(cli, &l->load);
    return errors_path != NULL ? write_errors(errors_path, &l->load) : CLI_DONE;
}

static int import_file(struct cli *cli, struct loading *l, int argc, char **argv)
{
    bool dry = cli_option(argc, argv, "dry-run") != NULL;
    bool refused = false;
    int code = check(cli, l, cli_option(argc, argv, "errors"));
    if (code != CLI_DONE)
        return code;
    refused = l->load.import.errors > 0 && text_is(l->load.import.mode, "all");
    if (!dry && !refused)
        code = write_all(cli, l);
    end_bar(l);
    if (code != CLI_DONE)
        return code;
    say_counts(l, dry || refused);
    return refused && !dry ? cli_say(CLI_FAILED, "nothing was imported; correct the rows or say --only-good")
                           : CLI_DONE;
}

static int import(struct cli *cli, int argc, char **argv)
{
    static char session_id[CRYPT_ID_TEXT_BYTES];
    const char *path = cli_word(argc, argv, 1);
    struct roster_source source = {.size_bytes = 0};
    struct loading l = {.code = cli_option(argc, argv, "session"), .bar = isatty(2), .started_us = clock_mono_us()};
    if (path == NULL || l.code == NULL)
        return cli_say(CLI_USAGE, USAGE);
    source.file = fopen(path, "re");
    if (source.file == NULL || fseeko(source.file, 0, SEEK_END) != 0)
        return cli_say(CLI_UNREADABLE, "%s: %s", path, strerror(errno));
    source.size_bytes = ftello(source.file);
    l.load = (struct roster_load){.store = cli->store,
                                  .ring = cli->ring,
                                  .source = &source,
                                  .now_us = clock_utc_us(),
                                  .go_on = show,
                                  .arg = session_id,
                                  .import = {.session_id = session_id,
                                             .state = "importing",
                                             .mode = cli_option(argc, argv, "only-good") != NULL ? "good" : "all",
                                             .file_name = path,
                                             .sha256_index = "",
                                             .size_bytes = source.size_bytes,
                                             .created_by = "command-line"}};
    enum err e = store_run(cli->store, STORE_READ, find_step, &l);
    int code = e == ERR_NONE        ? import_file(cli, &l, argc, argv)
               : e == ERR_NOT_FOUND ? cli_say(CLI_FAILED, "there is no session %s", l.code)
                                    : cli_say(cli_code(e), "%s", err_title(e, LANGUAGE_EN));
    roster_load_free(&l.load);
    fclose(source.file);
    return code;
}

int cli_roster(int argc, char **argv)
{
    struct cli cli;
    if (argc < 2 || !text_is(argv[1], "import"))
        return cli_say(CLI_USAGE, USAGE);
    int code = cli_open(&cli, &argc, argv, "session= dry-run only-good errors=", CLI_CHANGE);
    if (code == CLI_DONE)
        code = import(&cli, argc, argv);
    cli_close(&cli);
    return code;
}
