#include "store/batch_csv.h"

#include "base/text.h"

#define NAMES_MAX 6

struct column {
    const char *names[NAMES_MAX]; /* ended by NULL */
    bool required;
};

static const char *const accepted_words[] = {"accepted", "ok", "pass", "passed", "1", "通过", "成功", "采集成功", "合格", NULL};
static const char *const refused_words[] = {"refused", "rejected", "fail", "failed", "0", "不通过", "未通过", "退回",
                                            "失败", "不合格", NULL};

static bool is_one_of(const char *const *words, const char *word)
{
    for (; *words != NULL; words++)
        if (text_is(*words, word))
            return true;
    return false;
}

static int find_column(const struct csv *csv, const struct column *column)
{
    int at = -1;
    for (size_t i = 0; i < NAMES_MAX && column->names[i] != NULL && at < 0; i++)
        at = csv_column(csv, column->names[i]);
    return at;
}

static enum err read_head(struct csv *csv, const struct column *columns, size_t count, int *places)
{
    bool more;
    TRY(csv_next(csv, &more));
    for (size_t i = 0; i < count; i++) {
        places[i] = find_column(csv, &columns[i]);
        if (places[i] < 0 && columns[i].required) {
            snprintf(csv->why, sizeof csv->why, "line 1: has no column %s", columns[i].names[0]);
            return ERR_BAD_FIELD;
        }
    }
    return ERR_NONE;
}

static enum err wrong(struct csv *csv, const char *what)
{
    snprintf(csv->why, sizeof csv->why, "line %zu: %s", csv->line, what);
    return ERR_BAD_FIELD;
}

static enum err read_receipt(struct csv *csv, const int *places, struct batch_line *line)
{
    const char *result = csv_cell(csv, places[1]);
    *line = (struct batch_line){.key = csv_cell(csv, places[0]), .reason = csv_cell(csv, places[2])};
    line->accepted = is_one_of(accepted_words, result);
    if (!line->accepted && !is_one_of(refused_words, result))
        return wrong(csv, "result must be accepted or refused");
    if (text_chars(line->reason) > BATCH_REASON_CHARS_MAX || !text_is_control_free(line->reason))
        return wrong(csv, "reason is too long or has line breaks");
    return ERR_NONE;
}

static enum err read_tracking(struct csv *csv, const int *places, struct batch_line *line)
{
    *line = (struct batch_line){.key = csv_cell(csv, places[0]), .carrier = csv_cell(csv, places[1]),
                                .tracking_no = csv_cell(csv, places[2]), .reason = ""};
    bool good = line->tracking_no[0] != '\0' && text_chars(line->tracking_no) <= BATCH_TRACKING_CHARS_MAX &&
                text_chars(line->carrier) <= BATCH_TRACKING_CHARS_MAX && text_is_control_free(line->tracking_no) &&
                text_is_control_free(line->carrier);
    return good ? ERR_NONE : wrong(csv, "tracking_no or carrier is empty or too long");
}

typedef enum err read_line(struct csv *csv, const int *places, struct batch_line *line);

static enum err read_lines(struct csv *csv, const struct column *columns, read_line *read, struct arena *arena,
                           struct batch_line **lines, size_t *count)
{
    int places[3];
    bool more = true;
    TRY(read_head(csv, columns, countof(places), places));
    struct batch_line *list = ARENA_ARRAY(arena, struct batch_line, BATCH_ITEMS_MAX);
    *count = 0;
    for (;;) {
        TRY(csv_next(csv, &more));
        if (!more)
            break;
        if (*count == BATCH_ITEMS_MAX) {
            wrong(csv, "more lines than a batch may have");
            return ERR_TOO_LARGE;
        }
        TRY(read(csv, places, &list[*count]));
        if (list[*count].key[0] == '\0')
            return wrong(csv, "names no photo");
        (*count)++;
    }
    *lines = list;
    return ERR_NONE;
}

static enum err read_text(char *text, size_t len, const struct column *columns, read_line *read, struct arena *arena,
                          struct batch_line **lines, size_t *count, char why[CSV_WHY_BYTES])
{
    struct csv csv;
    enum err e = csv_open(&csv, text, len);
    if (e == ERR_NONE)
        e = read_lines(&csv, columns, read, arena, lines, count);
    snprintf(why, CSV_WHY_BYTES, "%s", e == ERR_NONE ? "" : csv.why);
    return e;
}

enum err batch_csv_receipt(char *text, size_t len, struct arena *arena, struct batch_line **lines, size_t *count,
                           char why[CSV_WHY_BYTES])
{
    static const struct column columns[3] = {{{"file_name", "file", "code", "文件名", "照片"}, true},
                                             {{"result", "结果", "状态"}, true},
                                             {{"reason", "原因", "退回原因", "备注"}, false}};
    return read_text(text, len, columns, read_receipt, arena, lines, count, why);
}

enum err batch_csv_tracking(char *text, size_t len, struct arena *arena, struct batch_line **lines, size_t *count,
                            char why[CSV_WHY_BYTES])
{
    static const struct column columns[3] = {{{"code", "编号"}, true},
                                             {{"carrier", "快递公司", "快递"}, false},
                                             {{"tracking_no", "快递单号", "运单号", "单号"}, true}};
    return read_text(text, len, columns, read_tracking, arena, lines, count, why);
}
