#include "base/json.h"
#include "base/text.h"
#include "cli_image.h"
#include "workers/profile.h"

#include <getopt.h>

#define ARENA_BYTES       MIB(4)
#define REQUEST_BYTES_MAX KIB(250) /* what a job takes */
#define LEDGER_BYTES_MAX  MIB(1)

static const char usage[] =
    "usage: xueying photo verify OUT --original IN --ledger L [--repair FILE] [--profile NAME] [--json]\n"
    "\n"
    "Proves that OUT came from IN by the operations listed in L and no others: L is the compliance report or its "
    "ledger.\n"
    "OUT is made again from IN and compared byte for byte; and face, hair and clothes of OUT are compared with IN "
    "itself.\n"
    "--repair is the file a retoucher sent, when L lists a retouch. The profile is the one L names.\n"
    "Exit: 0 proved, 1 something else happened to OUT, 2 wrong usage, 3 a file cannot be read.\n";

struct verify_options {
    const char *out, *original, *ledger, *repair, *profile;
    bool json;
};

/* -1: go on; else the exit code. */
static int options_read(int argc, char **argv, struct verify_options *options)
{
    static const struct option known[] = {
        {"original", required_argument, NULL, 'o'},
        {"ledger", required_argument, NULL, 'l'},
        {"repair", required_argument, NULL, 'r'},
        {"profile", required_argument, NULL, 'p'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct verify_options){0};
    bool good = true;
    optind = 0; /* glibc: start anew */
    for (int c; good && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'o':
            options->original = optarg;
            break;
        case 'l':
            options->ledger = optarg;
            break;
        case 'r':
            options->repair = optarg;
            break;
        case 'p':
            options->profile = optarg;
            break;
        case 'j':
            options->json = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return CLI_DONE;
        default:
            good = false;
        }
    }
    if (!good || argc - optind != 1 || options->original == NULL || options->ledger == NULL) {
        fputs(usage, stderr);
        return CLI_USAGE;
    }
    options->out = argv[optind];
    return -1;
}

/* Only what a verification looks at: a whole report has many checks besides. */
static void put_report(struct buf *b, const struct json *tree)
{
    static const char *const members[] = {"profile", "source", "ledger", "versions"};
    json_name(b, "report");
    json_object_open(b);
    if (tree->kind == JSON_ARRAY) { /* the bare list */
        json_name(b, "ledger");
        json_tree(b, tree);
    }
    for (size_t i = 0; tree->kind == JSON_OBJECT && i < countof(members); i++)
        if (json_at(tree, members[i]) != NULL) {
            json_name(b, members[i]);
            json_tree(b, json_at(tree, members[i]));
        }
    json_object_close(b);
}

static bool write_request(const struct verify_options *options, const struct part *ledger, struct arena *arena,
                          struct buf *b)
{
    const struct json *tree = NULL;
    if (ledger->len > LEDGER_BYTES_MAX || json_read(ledger->bytes, ledger->len, arena, &tree) != ERR_NONE) {
        cli_say(CLI_UNREADABLE, "%s: not a report and not a ledger", options->ledger);
        return false;
    }
    const char *name = options->profile != NULL ? options->profile : json_text_at(tree, "profile", PROFILE_DEFAULT);
    const struct profile *profile = profile_named(name);
    if (profile == NULL) {
        cli_say(CLI_UNREADABLE, "there is no profile \"%.40s\"", name);
        return false;
    }
    json_object_open(b);
    json_put_text(b, "kind", "verify");
    json_name(b, "profile");
    profile_write(b, profile);
    put_report(b, tree);
    json_object_close(b);
    if (b->over)
        cli_say(CLI_UNREADABLE, "%s: too long for a ledger", options->ledger);
    return !b->over;
}

static void say_measured(const struct json *tree)
{
    printf("  original against file, of 255: face %.2f on average, %.1f at most; hair and clothes %.2f, %.1f\n",
           json_number_at(tree, "measured.face.mean", 0), json_number_at(tree, "measured.face.max", 0),
           json_number_at(tree, "measured.person.mean", 0), json_number_at(tree, "measured.person.max", 0));
    printf(
        "  as it is %.2f, mirrored %.2f, best turn %.2f degrees, scale %.4f; skin detail %.0f %%; background %d off\n",
        json_number_at(tree, "measured.mean", 0), json_number_at(tree, "measured.mirrored_mean", 0),
        json_number_at(tree, "measured.best_motion.degrees", 0), json_number_at(tree, "measured.best_motion.scale", 1),
        100 * json_number_at(tree, "measured.detail", 1), (int)json_int_at(tree, "measured.background_error", 0));
}

static int say_result(const struct frame *answer, const struct json *tree, const void *asked)
{
    const struct verify_options *options = asked;
    const char *verdict = json_text_at(tree, "verdict", "failed");
    if (options->json) {
        fwrite(answer->parts[0].bytes, 1, answer->parts[0].len, stdout);
        printf("\n");
    } else {
        const char *why = json_text_at(tree, "rerun.why", NULL);
        printf("%s: %s%s%s%s\n", options->out, verdict,
               text_is(verdict, "identical") ? ": made again from the original, byte for byte" : "",
               why != NULL ? "; not made again: " : "", why != NULL ? why : "");
        const struct json *reasons = json_at(tree, "reasons");
        for (const struct json *r = reasons == NULL ? NULL : reasons->first; r != NULL; r = r->next)
            printf("  %s: %s\n", json_text_at(r, "code", "?"), json_text_at(r, "text", "?"));
        if (json_at(tree, "measured.face") != NULL)
            say_measured(tree);
    }
    return text_is(verdict, "failed") ? CLI_FAILED : CLI_DONE;
}

int cli_photo_verify(int argc, char **argv)
{
    struct verify_options options;
    int code = options_read(argc, argv, &options);
    if (code >= 0)
        return code;
    const char *const paths[] = {options.original, options.out, options.repair};
    struct part ledger = {NULL, 0};
    struct arena *arena = arena_new(ARENA_BYTES);
    struct buf request;
    buf_init(&request, REQUEST_BYTES_MAX);
    code = CLI_UNREADABLE;
    if (cli_read_file(options.ledger, &ledger) && write_request(&options, &ledger, arena, &request))
        code = cli_job((struct part){request.bytes, request.len}, paths, options.repair == NULL ? 2 : 3, NULL,
                       say_result, &options);
    free((void *)(uintptr_t)ledger.bytes);
    buf_release(&request);
    arena_free(arena);
    return code;
}
