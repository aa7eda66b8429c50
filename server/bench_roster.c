#include "bench_roster.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/crypt.h"
#include "base/resident_number.h"
#include "base/text.h"
#include "cli.h"

#define HEAD          "学号,姓名,证件号码,学院,专业,班级,手机号\r\n"
#define ROW_BYTES_MAX 160
#define LOOK_EVERY_US MILLIS_US(100)
#define IMPORT_S_MAX  60.0

enum { FIND_SESSION, ANNOUNCE, SEND, CHECK_FILE, TAKE, WRITE_ROWS };

/* ---- the files ---- */

static size_t put_row(char *at, int64_t n, size_t file)
{
    static const char *const names[] = {"甲", "乙", "丙", "丁", "戊"};
    char number[RESIDENT_NUMBER_CHARS + 1];
    int digits = snprintf(number, sizeof number, "1101052%03d%02d%02d%03d", (int)(n / 336000 % 3),
                          (int)(n / 28 % 12) + 1, (int)(n % 28) + 1, (int)(n / 336 % 1000));
    CHECK(digits == RESIDENT_NUMBER_CHARS - 1);
    number[digits] = resident_number_check(number);
    number[digits + 1] = '\0';
    int len =
        snprintf(at, ROW_BYTES_MAX, "B%09" PRId64 ",赵%s%s,%s,第%d学院,软件工程,%s%d班,138%08d\r\n", n, names[n % 5],
                 names[n / 5 % 5], number, (int)(n % 40), file == 1 ? "新" : "", (int)(n % 90), (int)(n % 100000000));
    CHECK(len > 0 && len < ROW_BYTES_MAX);
    return (size_t)len;
}

static void make_file(struct bench_roster_file *file, int64_t rows, size_t which)
{
    unsigned char hash[32];
    file->bytes = malloc(sizeof HEAD + (size_t)rows * ROW_BYTES_MAX);
    CHECK(file->bytes != NULL);
    file->len = (size_t)snprintf(file->bytes, sizeof HEAD, "%s", HEAD);
    for (int64_t n = 0; n < rows; n++)
        file->len += put_row(file->bytes + file->len, n, which);
    crypt_sha256(file->bytes, file->len, hash);
    text_hex(hash, sizeof hash, file->sha256);
}

void bench_roster_make(struct bench_roster *roster, int64_t rows, const char *token)
{
    *roster = (struct bench_roster){.token = token, .rows = rows};
    for (size_t i = 0; i < BENCH_ROSTER_FILES; i++)
        make_file(&roster->files[i], i + 1 < BENCH_ROSTER_FILES ? rows : 1, i);
}

void bench_roster_free(struct bench_roster *roster)
{
    for (size_t i = 0; i < BENCH_ROSTER_FILES; i++)
        free(roster->files[i].bytes);
}

/* ---- what is asked ---- */

static void announce(const struct bench_roster *roster, struct mixed_client *c)
{
    const struct bench_roster_file *file = &roster->files[roster->file];
    char path[128], body[256];
    snprintf(path, sizeof path, "/api/v1/console/sessions/%s/rosters", roster->session_id);
    snprintf(body, sizeof body, "{\"file_name\":\"list.csv\",\"size_bytes\":%zu,\"sha256\":\"%s\"}", file->len,
             file->sha256);
    c->expected = 201;
    mixed_say(c, "POST", path, roster->token, body);
}

static void send_part(const struct bench_roster *roster, struct mixed_client *c, size_t offset)
{
    const struct bench_roster_file *file = &roster->files[roster->file];
    size_t left = file->len - offset, len = left < MIXED_PART_BYTES ? left : MIXED_PART_BYTES;
    char path[128];
    snprintf(path, sizeof path, "/api/v1/console/rosters/%s", c->id);
    c->expected = 200;
    mixed_say_part(c, path, roster->token, offset, (const unsigned char *)file->bytes + offset, len);
}

static void look(const struct bench_roster *roster, struct mixed_client *c)
{
    char path[128];
    snprintf(path, sizeof path, "/api/v1/console/rosters/%s", c->id);
    c->expected = 200;
    mixed_say(c, "GET", path, roster->token, "");
}

static void take(const struct bench_roster *roster, struct mixed_client *c)
{
    char path[128];
    snprintf(path, sizeof path, "/api/v1/console/rosters/%s/import", c->id);
    c->expected = 202;
    mixed_say(c, "POST", path, roster->token, "{}");
}

void bench_roster_due(struct bench_roster *roster, struct mixed_client *c, int64_t now_us)
{
    (void)now_us;
    if (c->step == FIND_SESSION) {
        c->expected = 200;
        mixed_say(c, "GET", "/api/v1/console/sessions", roster->token, "");
    } else {
        look(roster, c);
    }
}

/* ---- what is answered ---- */

static double seconds_since(struct bench_roster *roster, int64_t now_us)
{
    double seconds = (double)(now_us - roster->since_us) / 1e6;
    roster->since_us = now_us;
    return seconds;
}

static void begin_file(struct bench_roster *roster, struct mixed_client *c, int64_t now_us)
{
    c->step = ANNOUNCE;
    roster->since_us = now_us;
    announce(roster, c);
}

static void end_file(struct bench_roster *roster, struct mixed_client *c, int64_t now_us)
{
    if (++roster->file < BENCH_ROSTER_FILES)
        begin_file(roster, c, now_us);
    else
        roster->has_ended = true;
}

static void looked(struct bench_roster *roster, struct mixed_client *c, int64_t now_us)
{
    struct bench_roster_file *file = &roster->files[roster->file];
    char state[64], problem[64];
    mixed_member(c, "state", state);
    if (text_is(state, "ready") && c->step == CHECK_FILE) {
        file->check_s = seconds_since(roster, now_us);
        c->step = TAKE;
        take(roster, c);
    } else if (text_is(state, "done")) {
        file->write_s = seconds_since(roster, now_us);
        end_file(roster, c, now_us);
    } else if (text_is(state, "refused") || text_is(state, "failed")) {
        snprintf(roster->problem, sizeof roster->problem, "%s: %s", state, mixed_member(c, "problem", problem));
        roster->has_ended = true;
    } else {
        mixed_wait_until(c, now_us + LOOK_EVERY_US);
    }
}

void bench_roster_answered(struct bench_roster *roster, struct mixed_client *c, int64_t now_us)
{
    char offset[64];
    switch (c->step) {
    case FIND_SESSION:
        mixed_member(c, "id", roster->session_id);
        begin_file(roster, c, now_us);
        return;
    case ANNOUNCE:
        mixed_member(c, "id", c->id);
        c->step = SEND;
        send_part(roster, c, 0);
        return;
    case SEND: {
        size_t sent = (size_t)strtoull(mixed_member(c, "offset", offset), NULL, 10);
        if (sent < roster->files[roster->file].len) {
            send_part(roster, c, sent);
            return;
        }
        roster->files[roster->file].upload_s = seconds_since(roster, now_us);
        c->step = CHECK_FILE;
        mixed_wait_until(c, now_us + LOOK_EVERY_US);
        return;
    }
    case TAKE:
        c->step = WRITE_ROWS;
        mixed_wait_until(c, now_us + LOOK_EVERY_US);
        return;
    default:
        looked(roster, c, now_us);
    }
}

bool bench_roster_report(const struct bench_roster *roster, const char *first_error, struct bench_report *report)
{
    static const char *const names[][4] = {
        {"roster_upload", "roster_check", "roster_write", "roster_new"},
        {"roster_upload_again", "roster_check_again", "roster_write_again", "roster_changed"}};
    if (!roster->has_ended || roster->problem[0] != '\0') {
        cli_say(CLI_FAILED, "roster: file %zu did not come to its end: %s%s", roster->file + 1, roster->problem,
                first_error);
        return false;
    }
    for (size_t i = 0; i < countof(names); i++) {
        const struct bench_roster_file *file = &roster->files[i];
        bench_add(report, (struct bench_row){names[i][0], "s", file->upload_s, 0, 0});
        bench_add(report, (struct bench_row){names[i][1], "s", file->check_s, 0, 0});
        bench_add(report, (struct bench_row){names[i][2], "s", file->write_s, 0, 0});
        bench_add(report, (struct bench_row){names[i][3], "s", file->upload_s + file->check_s + file->write_s, 0,
                                             IMPORT_S_MAX});
    }
    bench_add(report, (struct bench_row){"roster_sweep", "s", roster->files[BENCH_ROSTER_FILES - 1].check_s, 0, 0});
    return true;
}
