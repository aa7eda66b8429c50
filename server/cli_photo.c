#include "base/json.h"
#include "base/text.h"
#include "cli_image.h"
#include "workers/profile.h"

#include <getopt.h>

static const char usage[] = "usage: xueying photo make IN OUT.jpg [--profile NAME] [--report R.json] [--json]\n"
                            "       xueying photo verify OUT --original IN --ledger R.json [--json]\n"
                            "\n"
                            "Makes the standard photo from IN (JPEG or PNG) and says what is wrong with it.\n"
                            "--report writes the compliance report and the ledger of operations; --json prints it.\n"
                            "--annotate draws the photo with its windows, marks and what to do about each.\n"
                            "Profiles:";

struct photo_options {
    const char *in, *out, *report, *annotated, *language;
    const struct profile *profile;
    bool json;
};

static void print_usage(FILE *to)
{
    fputs(usage, to);
    for (size_t i = 0; profile_at(i) != NULL; i++)
        fprintf(to, " %s", profile_at(i)->name);
    fputs("\nExit: 0 made, 1 no photo could be made, 2 wrong usage, 3 IN cannot be read.\n", to);
}

/* -1: go on; else the exit code. */
static int options_read(int argc, char **argv, struct photo_options *options)
{
    static const struct option known[] = {
        {"profile", required_argument, NULL, 'p'},
        {"report", required_argument, NULL, 'r'},
        {"json", no_argument, NULL, 'j'},
        {"annotate", required_argument, NULL, 'a'},
        {"language", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    *options = (struct photo_options){.profile = profile_named(PROFILE_DEFAULT), .language = "zh"};
    bool good = true;
    optind = 0; /* glibc: start anew */
    for (int c; good && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'p':
            options->profile = profile_named(optarg);
            break;
        case 'r':
            options->report = optarg;
            break;
        case 'j':
            options->json = true;
            break;
        case 'a':
            options->annotated = optarg;
            break;
        case 'l':
            options->language = optarg;
            good = text_is(optarg, "zh") || text_is(optarg, "en");
            break;
        case 'h':
            print_usage(stdout);
            return CLI_DONE;
        default:
            good = false;
        }
    }
    if (!good || options->profile == NULL || argc - optind != 3 || !text_is(argv[optind], "make")) {
        print_usage(stderr);
        return CLI_USAGE;
    }
    options->in = argv[optind + 1];
    options->out = argv[optind + 2];
    return -1;
}

static void say_checks(const struct json *report, const char *verdict)
{
    const char *comma = "";
    const struct json *checks = json_at(report, "checks");
    for (const struct json *check = checks == NULL ? NULL : checks->first; check != NULL; check = check->next)
        if (text_is(json_text_at(check, "verdict", ""), verdict)) {
            printf("%s%s", comma[0] == '\0' ? (text_is(verdict, "fail") ? "; fails: " : "; look at: ") : comma,
                   json_text_at(check, "id", "?"));
            comma = ", ";
        }
}

static bool write_report(const struct json *report, const struct photo_options *options)
{
    struct buf b;
    buf_init(&b, MIB(1));
    json_tree(&b, report);
    buf_char(&b, '\n');
    bool good = !b.over;
    if (good && options->json)
        fputs(buf_cstr(&b), stdout);
    if (good && options->report != NULL)
        good = cli_write_file(options->report, b.bytes, b.len);
    buf_release(&b);
    return good;
}

/* The part of that name behind the JSON; NULL when there is none. */
static const struct part *part_named(const struct frame *answer, const struct json *names, const char *name)
{
    size_t i = 1;
    for (const struct json *one = names->first; one != NULL && i < answer->part_count; one = one->next, i++)
        if (text_is(one->text, name))
            return &answer->parts[i];
    return NULL;
}

static bool write_marks(const struct frame *answer, const struct json *names, const struct photo_options *options)
{
    if (options->annotated == NULL)
        return true;
    const struct part *marks = part_named(answer, names, "annotated");
    if (marks == NULL)
        cli_say(CLI_FAILED, "no marks were drawn; a CJK font is needed (fonts-wqy-microhei or fonts-noto-cjk)");
    return marks != NULL && cli_write_file(options->annotated, marks->bytes, marks->len);
}

static int finish(const struct frame *answer, const struct json *tree, const void *asked)
{
    const struct photo_options *options = asked;
    const struct json *report = json_at(tree, "report"), *names = json_at(tree, "parts");
    if (report == NULL || names == NULL)
        return cli_say(CLI_FAILED, "the worker's answer has no report");
    if (!write_report(report, options))
        return CLI_FAILED;
    if (names->first == NULL) {
        cli_say(CLI_FAILED, "%s: no face was found", options->in);
        return CLI_FAILED;
    }
    if (!cli_write_file(options->out, answer->parts[1].bytes, answer->parts[1].len) ||
        !write_marks(answer, names, options))
        return CLI_FAILED;
    if (!options->json) {
        printf("%s: %" PRId64 "x%" PRId64 ", %.1f KB: %s", options->out, options->profile->width_px,
               options->profile->height_px, (double)answer->parts[1].len / 1024, json_text_at(report, "verdict", "?"));
        say_checks(report, "fail");
        say_checks(report, "warn");
        printf("\n");
    }
    return CLI_DONE;
}

static int make(const struct photo_options *options)
{
    struct buf request;
    buf_init(&request, KIB(4));
    json_object_open(&request);
    json_put_text(&request, "kind", "standardise");
    json_name(&request, "profile");
    profile_write(&request, options->profile);
    json_put_bool(&request, "proxy", false);
    json_put_bool(&request, "annotate", options->annotated != NULL);
    json_put_text(&request, "language", options->language);
    json_object_close(&request);
    int code = cli_job((struct part){request.bytes, request.len}, &options->in, 1, options->in, finish, options);
    buf_release(&request);
    return code;
}

int cli_photo(int argc, char **argv)
{
    if (argc > 1 && text_is(argv[1], "verify"))
        return cli_photo_verify(argc - 1, argv + 1);
    struct photo_options options;
    int code = options_read(argc, argv, &options);
    return code >= 0 ? code : make(&options);
}
