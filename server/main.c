/* main — `xueying COMMAND …`: finds the command; everything else is in the cli_*.c files. */
#include "base/text.h"
#include "cli.h"
#include "version.h"

#include <unistd.h>

static const struct {
    const char *name, *usage, *what;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"serve", "serve [--name=value …]", "server and supervised workers, in the foreground", cli_serve},
    {"migrate", "migrate [--check]", "bring the database to this program's schema", cli_migrate},
    {"doctor", "doctor", "check this machine and the data directory", cli_doctor},
    {"fsck", "fsck [--json]", "check the invariants of all stored data", cli_fsck},
    {"user", "user add NAME --roles=R,… | list | passwd NAME | disable NAME", "staff accounts", cli_user},
    {"session", "session add CODE … | list | show CODE | set CODE … | presets", "capture sessions and their policy",
     cli_session},
    {"roster", "roster import FILE --session=CODE [--dry-run]", "students of a session", cli_roster},
    {"face", "face compare A B [--json] | face compare --pairs CSV", "compare two faces", cli_face},
    {"photo", "photo make IN OUT [--profile NAME] | photo verify OUT --original IN --ledger L",
     "standardise one photo; prove how one was made", cli_photo},
    {"code", "code read FILE [--json] | code bench", "the QR collection code in a picture", cli_collection_code},
    {"idcard", "idcard read IMG [--name NAME] [--json]", "number and portrait of an identity card", cli_idcard},
    {"outbox", "outbox list | replay ID", "effects that did not happen", cli_outbox},
    {"audit", "audit verify", "walk the audit chain", cli_audit},
    {"key", "key rotate", "new key-encryption key, everything re-wrapped", cli_key},
    {"webhook", "webhook add URL | list | remove ID", "systems that are told about moves", cli_webhook},
    {"backup", "backup DIRECTORY", "consistent copy of database and files", cli_backup},
    {"restore", "restore DIRECTORY", "bring a backup back into an empty data directory", cli_restore},
    {"routes", "routes [--json]", "every address of the API, who may use it and how often", cli_routes},
    {"demo", "demo", "a demo session, students and staff on an empty database", cli_demo},
    {"fill", "fill COUNT", "many made-up submissions, to measure with", cli_fill},
    {"bench", "bench [NAME] [--json]", "our speed as a ratio to the raw libraries", cli_bench},
};

static int help(FILE *to, int code)
{
    fprintf(to, "xueying %s — collects graduation photos\n\nusage: xueying COMMAND [options]\n\n", XUEYING_VERSION);
    for (size_t i = 0; i < countof(commands); i++)
        fprintf(to, "  %-66s %s\n", commands[i].usage, commands[i].what);
    fprintf(
        to,
        "\nSettings: xueying serve --help. Exit codes: 0 done, 1 refused or failed, 2 usage, 3 input unreadable.\n");
    return code;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (text_is(argv[i], "--help") || text_is(argv[i], "-h"))
            return true;
    return false;
}

static int command_help(size_t index, int argc, char **argv)
{
    if (commands[index].run == cli_face || commands[index].run == cli_photo ||
        commands[index].run == cli_collection_code || commands[index].run == cli_idcard)
        return commands[index].run(argc, argv); /* they know no settings and explain their options themselves */
    printf("usage: xueying %s\n  %s\n\nsettings (also as XUEYING_NAME in the environment, or in --config=FILE):\n",
           commands[index].usage, commands[index].what);
    struct buf out;
    buf_init(&out, KIB(64));
    config_write_help(&out);
    fputs(buf_cstr(&out), stdout);
    buf_release(&out);
    return CLI_DONE;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return help(stderr, CLI_USAGE);
    if (text_is(argv[1], "--help") || text_is(argv[1], "-h") || text_is(argv[1], "help"))
        return help(stdout, CLI_DONE);
    if (text_is(argv[1], "--version")) {
        printf("xueying %s\n", XUEYING_VERSION);
        return CLI_DONE;
    }
    for (size_t i = 0; i < countof(commands); i++)
        if (text_is(commands[i].name, argv[1]))
            return wants_help(argc - 1, argv + 1) ? command_help(i, argc - 1, argv + 1)
                                                  : commands[i].run(argc - 1, argv + 1);
    cli_say(CLI_USAGE, "there is no command \"%s\"", argv[1]);
    return help(stderr, CLI_USAGE);
}
