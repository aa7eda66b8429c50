#include "dispatch/wecom.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "dispatch/outside.h"

#include <sys/statvfs.h>

#define WATCH_INTERVAL_MS 30000
#define DISK_LOW_PERCENT  5 /* as /readyz */

struct wecom {
    struct client *client;
    const char *url;
    int64_t minute_began_us, dropped;
    int sent;

    /* what the last alerts said */
    struct outbox_status told, now;
    bool told_disk;
};

struct alert {
    struct client_request request;
    struct buf body;
};

struct wecom *wecom_open(struct client *client, const char *url)
{
    struct wecom *wecom = calloc(1, sizeof *wecom);
    CHECK(wecom != NULL);
    wecom->client = client;
    wecom->url = url == NULL ? "" : url;
    wecom->minute_began_us = clock_mono_us();
    return wecom;
}

void wecom_close(struct wecom *wecom)
{
    free(wecom);
}

void wecom_body(const char *text, int64_t dropped, struct buf *out)
{
    char cut[WECOM_TEXT_BYTES_MAX + 1], more[96] = "";
    if (dropped > 0)
        snprintf(more, sizeof more, "\n(另有 %" PRId64 " 条未发 / %" PRId64 " more dropped)", dropped, dropped);
    size_t room = WECOM_TEXT_BYTES_MAX - strlen(more), len = strlen(text);
    if (len > room)
        len = room;
    while (len > 0 && !text_utf8_valid(text, len))
        len--;
    snprintf(cut, sizeof cut, "%.*s%s", (int)len, text, more);
    json_object_open(out);
    json_put_text(out, "msgtype", "text");
    json_name(out, "text");
    json_object_open(out);
    json_put_text(out, "content", cut);
    json_object_close(out);
    json_object_close(out);
}

static void on_told(struct client_request *request, const struct client_answer *answer)
{
    struct alert *alert = request->arg;
    if (answer->outcome != CLIENT_ANSWERED || answer->status != 200)
        LOG(WARN, "wecom.not_told", "status=%d words=\"%s\"", answer->status, answer->words);
    buf_release(&alert->body);
    free(alert);
}

bool wecom_alert(struct wecom *wecom, const char *text)
{
    int64_t now_us = clock_mono_us();
    if (wecom->url[0] == '\0')
        return false;
    if (now_us - wecom->minute_began_us >= SECONDS_US(60)) {
        wecom->minute_began_us = now_us;
        wecom->sent = 0;
    }
    if (wecom->sent >= WECOM_PER_MINUTE) {
        wecom->dropped++;
        return false;
    }
    wecom->sent++;
    struct alert *alert = calloc(1, sizeof *alert);
    CHECK(alert != NULL);
    buf_init(&alert->body, KIB(16));
    wecom_body(text, wecom->dropped, &alert->body);
    wecom->dropped = 0;
    alert->request = (struct client_request){.method = "POST",
                                             .url = wecom->url,
                                             .headers = {"Content-Type: application/json"},
                                             .body = alert->body.bytes,
                                             .body_len = alert->body.len,
                                             .done = on_told,
                                             .arg = alert};
    client_send(wecom->client, &alert->request);
    return true;
}

/* ---- what staff are told of ---- */

static enum err count_step(struct tx *tx, void *job)
{
    return outbox_count(tx, job);
}

static void watch_disk(struct outside *o)
{
    struct statvfs fs;
    if (o->config->data_directory == NULL || statvfs(o->config->data_directory, &fs) != 0 || fs.f_blocks == 0)
        return;
    bool low = fs.f_bavail * 100 / fs.f_blocks < DISK_LOW_PERCENT;
    if (low && !o->wecom->told_disk) {
        LOG(ERROR, "disk.low", "free_percent=%d", (int)(fs.f_bavail * 100 / fs.f_blocks));
        wecom_alert(o->wecom, "学影：磁盘空间不足 5%，请马上清理。\nXueying: less than 5 % of the disk is free.");
    }
    o->wecom->told_disk = low;
}

static void counted(struct watch_task *task, enum err e)
{
    struct outside *o = task->outside;
    const struct outbox_status now = o->wecom->now, told = o->wecom->told;
    if (e == ERR_NONE && !o->closing) {
        if (now.dead > told.dead)
            wecom_alert(o->wecom, arena_printf(task->arena,
                                               "学影：有 %" PRId64 " 条对外任务失败，需在控制台处理。\n"
                                               "Xueying: %" PRId64 " effects are dead; see the console.",
                                               now.dead, now.dead));
        if (now.parked > told.parked)
            wecom_alert(o->wecom, arena_printf(task->arena,
                                               "学影：有 %" PRId64 " 个任务被搁置（连续两次使处理进程崩溃）。\n"
                                               "Xueying: %" PRId64 " jobs are parked; see the console.",
                                               now.parked, now.parked));
        o->wecom->told = now;
    }
    watch_end(task);
}

static void alert_begin(struct watch_task *task)
{
    watch_disk(task->outside);
    watch_unit(task, STORE_READ, count_step, &task->outside->wecom->now, counted);
}

struct watch_task alert_watch = {.name = "alert", .interval_ms = WATCH_INTERVAL_MS, .begin = alert_begin};
