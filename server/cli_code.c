/* cli_code — `xueying code read FILE [--json]`: the QR collection code in a picture, or what it is instead; `xueying
 * code bench`: how many of 400 drawn ones are read. */
#include "base/json.h"
#include "base/text.h"
#include "bench_code.h"
#include "cli_image.h"

#include <getopt.h>

static const char usage[] = "usage: xueying code read FILE [--json]\n"
                            "       xueying code bench [--json]\n"
                            "\n"
                            "Reads the QR collection code in FILE (JPEG or PNG): what it looks like, how long its\n"
                            "payload is and the payload's SHA-256. --json prints all of it, payload in base64.\n"
                            "bench draws 400 codes as students send them and counts what is read.\n"
                            "Exit: 0 read, 1 no collection code in it, 2 wrong usage, 3 FILE cannot be read.\n";

struct code_options {
    const char *path;
    bool as_json;
};

static int tell(const struct frame *answer, const struct json *tree, const void *asked)
{
    const struct code_options *options = asked;
    const char *verdict = json_text_at(tree, "verdict", "none");
    bool ok = text_is(verdict, "ok");
    if (options->as_json)
        printf("%.*s\n", (int)answer->parts[0].len, (const char *)answer->parts[0].bytes);
    else if (ok)
        printf("%s: %s, %" PRId64 " bytes, SHA-256 %s (%s)\n", options->path, json_text_at(tree, "looks_like", "?"),
               json_int_at(tree, "bytes", 0), json_text_at(tree, "payload_sha256", "?"),
               json_text_at(tree, "step", "?"));
    return ok ? CLI_DONE
              : cli_say(CLI_FAILED, "%s: %s: %s %s", options->path, verdict, json_text_at(tree, "text.zh", ""),
                        json_text_at(tree, "text.en", ""));
}

static int read_code(const struct code_options *options)
{
    static const char request[] = "{\"kind\":\"code\"}";
    return cli_job((struct part){request, sizeof request - 1}, &options->path, 1, options->path, tell, options);
}

static int bench(bool as_json)
{
    struct bench_report report = {.json = as_json};
    bool ran = bench_code(&report);
    bench_end(&report);
    return ran && bench_good(&report) ? CLI_DONE : cli_say(CLI_FAILED, ran ? "a goal was missed" : "no result");
}

int cli_collection_code(int argc, char **argv)
{
    static const struct option known[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool as_json = false, good = true;
    optind = 0; /* glibc: start anew */
    for (int c; good && (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        as_json |= c == 'j';
        good = c == 'j' || c == 'h';
        if (c == 'h') {
            fputs(usage, stdout);
            return CLI_DONE;
        }
    }
    if (good && argc - optind == 1 && text_is(argv[optind], "bench"))
        return bench(as_json);
    if (good && argc - optind == 2 && text_is(argv[optind], "read"))
        return read_code(&(struct code_options){argv[optind + 1], as_json});
    fputs(usage, stderr);
    return CLI_USAGE;
}
