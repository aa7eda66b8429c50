/* cli_code — `xueying code read FILE [--json]`: the QR collection code in a picture, or what it is instead; `xueying
 * code bench`: how many of 400 drawn ones are read. */
#include "base/json.h"
#include "base/text.h"
#include "bench_code.h"
#include "cli_image.h"

#include <getopt.h>

#define ANSWER_ARENA_BYTES MIB(1)

static const char usage[] = "usage: xueying code read FILE [--json]\n"
                            "       xueying code bench [--json]\n"
                            "\n"
                            "Reads the QR collection code in FILE (JPEG or PNG): what it looks like, how long its\n"
                            "payload is and the payload's SHA-256. --json prints all of it, payload in base64.\n"
                            "bench draws 400 codes as students send them and counts what is read.\n"
                            "Exit: 0 read, 1 no collection code in it, 2 wrong usage, 3 FILE cannot be read.\n";

static int tell(const char *path, const struct json *tree, bool as_json)
{
    const char *verdict = json_text_at(tree, "verdict", "none");
    bool ok = text_is(verdict, "ok");
    if (as_json) {
        struct buf b;
        buf_init(&b, MIB(1));
        json_tree(&b, tree);
        puts(buf_cstr(&b));
        buf_release(&b);
    } else if (ok) {
        printf("%s: %s, %" PRId64 " bytes, SHA-256 %s (%s)\n", path, json_text_at(tree, "looks_like", "?"),
               json_int_at(tree, "bytes", 0), json_text_at(tree, "payload_sha256", "?"),
               json_text_at(tree, "step", "?"));
    }
    return ok ? CLI_DONE
              : cli_say(CLI_FAILED, "%s: %s: %s %s", path, verdict, json_text_at(tree, "text.zh", ""),
                        json_text_at(tree, "text.en", ""));
}

static int finish(const char *path, const struct frame *answer, const struct json *tree, bool as_json)
{
    if (answer->type == FRAME_RESULT)
        return tell(path, tree, as_json);
    const char *error = json_text_at(tree, "error", "");
    bool input = text_is(error, err_name(ERR_UNREADABLE)) || text_is(error, err_name(ERR_UNSUPPORTED_TYPE)) ||
                 text_is(error, err_name(ERR_TOO_LARGE));
    return cli_say(input ? CLI_UNREADABLE : CLI_FAILED, "%s: %s", path,
                   json_text_at(tree, "why", "the worker refused the job"));
}

static int read_code(const char *path, bool as_json)
{
    static const char request[] = "{\"kind\":\"code\"}";
    struct part parts[2] = {{request, sizeof request - 1}, {NULL, 0}};
    struct worker_client client = {.fd = -1};
    struct frame answer = {0};
    struct arena *arena = arena_new(ANSWER_ARENA_BYTES);
    const struct json *tree = NULL;
    int code = CLI_UNREADABLE;
    if (!cli_read_file(path, &parts[1]))
        goto out;
    code = CLI_FAILED;
    if (!cli_worker_start(&client, 1))
        goto out;
    if (worker_client_run(&client, parts, 2, CLI_JOB_TIMEOUT_MS, &answer) != ERR_NONE ||
        json_read(answer.parts[0].bytes, answer.parts[0].len, arena, &tree) != ERR_NONE)
        cli_say(CLI_FAILED, "the image worker ended before it answered");
    else
        code = finish(path, &answer, tree, as_json);
out:
    frame_release(&answer);
    worker_client_stop(&client, NULL);
    free((void *)(uintptr_t)parts[1].bytes);
    arena_free(arena);
    return code;
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
        return read_code(argv[optind + 1], as_json);
    fputs(usage, stderr);
    return CLI_USAGE;
}
