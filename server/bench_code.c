#include "bench_code.h"

#include "base/json.h"
#include "base/text.h"
#include "bench_bare.h"
#include "cli.h"

#include <limits.h>

#define CASES      "400"
#define CASES_MIN  400
#define LINE_BYTES 512

/* The last line is the result; those before it name the pictures that were not read. */
static bool last_line(struct bench_bare *bare, char line[LINE_BYTES])
{
    char next[LINE_BYTES];
    line[0] = '\0';
    while (fgets(next, sizeof next, bare->answer) != NULL) {
        if (next[0] != '{')
            fprintf(stderr, "%s", next);
        memcpy(line, next, sizeof next);
    }
    return line[0] == '{';
}

static void add_rows(struct bench_report *report, const struct json *result)
{
    double cases = json_number_at(result, "cases", 0), read = json_number_at(result, "read", 0);
    bench_add(report, (struct bench_row){"code_read", "codes", read, json_number_at(result, "bare_read", 0), 1});
    bench_add(report, (struct bench_row){"code_unread", "codes", cases - read, 0, cases / 100});
    bench_add(report, (struct bench_row){"code_wrong", "codes", json_number_at(result, "wrong", 1), 0, 0.5});
    bench_add(report, (struct bench_row){"code_ms", "ms", json_number_at(result, "avg_ms", 0), 0, 0});
}

bool bench_code(struct bench_report *report)
{
    char program[PATH_MAX], cases[] = CASES, line[LINE_BYTES];
    char *args[] = {program, cases, NULL};
    struct bench_bare bare = {0};
    const struct json *result = NULL;
    struct arena *arena = arena_new(KIB(64));
    if (!bench_beside("xueying-code-bench", program, sizeof program) || !bench_bare_start(&bare, args, NULL))
        cli_say(CLI_FAILED, "xueying-code-bench is not beside this program: install libqrencode-dev and build");
    else if (!last_line(&bare, line) || json_read(line, strlen(line), arena, &result) != ERR_NONE)
        cli_say(CLI_FAILED, "xueying-code-bench ended before its result");
    bool good = result != NULL && json_int_at(result, "cases", 0) >= CASES_MIN;
    if (good)
        add_rows(report, result);
    bench_bare_stop(&bare);
    arena_free(arena);
    return good;
}
