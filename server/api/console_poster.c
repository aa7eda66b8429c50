/* Staff: a session's poster as a PDF. What it says follows from the session's rules; the worker draws it. */
#include "api/console_scope.h"

#define PATIENCE_MS       15000
#define REQUEST_BYTES_MAX KIB(16)

struct poster {
    struct job job;
    const char *id;
    enum language language;
    const char *code;
    struct buf request; /* owned; released by ask */
    void *pdf;          /* freed with the exchange */
    size_t pdf_len;
};

/* ---- words ---- */

struct words {
    const char *value; /* of the policy's field */
    const char *title[2], *text[2];
};

static const struct words identity[] = {
    {"student_number",
     {"填学号", "Your number"},
     {"学号和证件后四位，关联学籍", "Student number and the last four of your ID"}},
    {"roster", {"填姓名", "Your name"}, {"姓名和证件号码，关联学籍", "Name and ID number, as on the roster"}},
    {"id_card", {"拍身份证", "Your ID card"}, {"人像面朝上，四角入框", "The side with the portrait, all corners in"}},
    {"id_card_both", {"拍身份证", "Your ID card"}, {"正反两面各拍一张", "Both sides, one picture each"}},
    {"collection_code",
     {"备好采集码", "Collection code"},
     {"学信网下载图像采集码，填证件后四位", "From CHSI, and the last four of your ID"}},
};
static const struct words capture[] = {
    {"live",
     {"现场拍照", "Take the photo"},
     {"请他人用后置摄像头拍，不能上传", "Rear camera, by somebody else; no uploads"}},
    {"live_or_album",
     {"拍照", "Take the photo"},
     {"面向窗户，白墙，露出眉毛和耳朵", "Face a window, plain wall, brows and ears free"}},
    {"album", {"上传照片", "Upload the photo"}, {"用照相馆拍的正面免冠照", "A frontal photo made in a studio"}},
};
static const struct words payment[] = {
    {"none", {"确认提交", "Confirm"}, {"看好成片，确认两次", "Look at the result and confirm twice"}},
    {"before", {"确认提交", "Confirm"}, {"先付款；不满意可重拍", "Paid first; retake until you like it"}},
    {"after", {"确认并付款", "Confirm and pay"}, {"退回重拍不再收费", "A retake costs nothing"}},
};
static const char *const result_title[] = {"等待审核", "Wait for the result"};
static const char *const code_label[] = {"场次编号", "Session code"};
static const char *const scan[] = {"用微信扫一扫进入", "Scan with WeChat"};

static const char *const levels[][3] = {
    {"associate", "专科", "associate"},         {"undergraduate", "本科", "undergraduate"},
    {"postgraduate", "研究生", "postgraduate"}, {"adult", "成人教育", "adult education"},
    {"open", "开放教育", "open education"},     {"self_study", "自学考试", "self-study"},
};

static const char *level_word(const char *level, enum language language)
{
    for (size_t i = 0; i < countof(levels); i++)
        if (text_is(levels[i][0], level))
            return levels[i][language + 1];
    return "";
}

static void put_step(struct buf *b, const char *title, const char *text)
{
    json_object_open(b);
    json_put_text(b, "title", title);
    json_put_text(b, "text", text);
    json_object_close(b);
}

static void put_words(struct buf *b, const struct words *list, size_t count, const char *value, enum language language)
{
    for (size_t i = 0; i < count; i++)
        if (text_is(list[i].value, value))
            put_step(b, list[i].title[language], list[i].text[language]);
}

static void put_steps(struct tx *tx, struct poster *job, const struct policy *policy)
{
    struct buf *b = &job->request;
    bool days = policy->sla_working_days, zh = job->language == LANGUAGE_ZH;
    int64_t hours = policy->sla_hours;
    json_name(b, "steps");
    json_array_open(b);
    put_words(b, identity, countof(identity), policy->identity_method, job->language);
    put_words(b, capture, countof(capture), policy->capture_source, job->language);
    put_words(b, payment, countof(payment), policy->payment, job->language);
    const char *promise =
        zh ? arena_printf(tx->arena, "约 %" PRId64 " 小时内审核%s", hours, days ? "（工作日计）" : "")
           : arena_printf(tx->arena, "Within about %" PRId64 " hours%s", hours, days ? " of working days" : "");
    put_step(b, result_title[job->language], promise);
    json_array_close(b);
}

static void put_window(struct tx *tx, struct poster *job, const struct capture_session *s)
{
    struct clock_civil from = clock_civil_cn(s->opens_us), to = clock_civil_cn(s->closes_us);
    bool zh = job->language == LANGUAGE_ZH;
    json_text(&job->request, arena_printf(tx->arena,
                                          zh ? "开放时间 %04d-%02d-%02d %02d:%02d 至 %04d-%02d-%02d %02d:%02d"
                                             : "Open from %04d-%02d-%02d %02d:%02d to %04d-%02d-%02d %02d:%02d",
                                          from.year, from.month, from.day, from.hour, from.minute, to.year, to.month,
                                          to.day, to.hour, to.minute));
    if (s->policy.open_hour > 0 || s->policy.close_hour < 24)
        json_text(&job->request, arena_printf(tx->arena, zh ? "每天 %02d:00–%02d:00" : "Daily %02d:00–%02d:00",
                                              (int)s->policy.open_hour, (int)s->policy.close_hour));
}

static void put_notes(struct tx *tx, struct poster *job, const struct capture_session *s)
{
    struct buf *b = &job->request;
    const struct policy *policy = &s->policy;
    bool zh = job->language == LANGUAGE_ZH;
    json_name(b, "notes");
    json_array_open(b);
    put_window(tx, job, s);
    if (!text_is(policy->payment, "none") && text_is(policy->payer, "student"))
        json_text(b, arena_printf(tx->arena, zh ? "费用 %" PRId64 ".%02d 元" : "Price %" PRId64 ".%02d yuan",
                                  policy->price_fen / 100, (int)(policy->price_fen % 100)));
    if (policy->service_phone[0] != '\0' || policy->service_hours[0] != '\0')
        json_text(b, arena_printf(tx->arena, zh ? "客服 %s %s" : "Service %s %s", policy->service_phone,
                                  policy->service_hours));
    json_array_close(b);
}

/* ---- the request ---- */

static enum err poster_decode(struct exchange *x, struct poster *job)
{
    job_begin(x, &job->job);
    TRY(exchange_path_id(x, "id", &job->id));
    const char *language = exchange_query(x, "language");
    job->language = language == NULL ? job->job.language : text_is(language, "en") ? LANGUAGE_EN : LANGUAGE_ZH;
    exchange_free_later(x, &job->pdf);
    return language == NULL ? ERR_NONE : job_choice(x, "language", language, "|zh|en|");
}

static void compose(struct tx *tx, struct poster *job, const struct capture_session *s)
{
    struct buf *b = &job->request;
    const char *level = level_word(s->level, job->language);
    json_object_open(b);
    json_put_text(b, "kind", "poster");
    json_put_text(b, "url", arena_printf(tx->arena, "%s/student/?session=%s", api()->public_url(), s->code));
    json_put_text(b, "code", s->code);
    json_put_text(b, "code_label", code_label[job->language]);
    json_put_text(b, "scan", scan[job->language]);
    json_put_text(b, "school", s->school_name);
    json_put_text(b, "title", s->name);
    json_put_text(b, "footer",
                  arena_printf(tx->arena, "%s%s%s", level, level[0] != '\0' && s->batch_name[0] != '\0' ? " · " : "",
                               s->batch_name));
    put_notes(tx, job, s);
    put_steps(tx, job, &s->policy);
    json_object_close(b);
}

static enum err poster_read(struct tx *tx, struct poster *job)
{
    struct capture_session s;
    TRY(scope_session(tx, &job->job, job->id, &s));
    job->code = arena_text(job->job.arena, s.code);
    buf_init(&job->request, REQUEST_BYTES_MAX);
    compose(tx, job, &s);
    job->job.json = arena_text(job->job.arena, buf_cstr(&job->request));
    job->job.json_len = job->request.len;
    bool over = job->request.over;
    buf_release(&job->request);
    return over ? ERR_BUG : ERR_NONE;
}

static enum err poster_ask(struct poster *job, struct question *question)
{
    if (api()->draw == NULL)
        question_answer(question, ERR_BUSY, NULL, 0);
    else
        api()->draw(job->job.json, job->job.json_len, question);
    return ERR_NONE;
}

static enum err poster_take(struct poster *job, const struct question_answer *answer)
{
    TRY(answer->result);
    job->pdf = malloc(answer->len > 0 ? answer->len : 1);
    if (job->pdf == NULL)
        return ERR_BUSY;
    memcpy(job->pdf, answer->bytes, answer->len);
    job->pdf_len = answer->len;
    return ERR_NONE;
}

static void poster_reply(struct exchange *x, struct poster *job)
{
    exchange_set_header(x, "content-disposition",
                        arena_printf(exchange_arena(x), "attachment; filename=\"poster-%s.pdf\"", job->code));
    exchange_set_header(x, "cache-control", "private, no-store");
    exchange_send_uncopied(x, "application/pdf", job->pdf, job->pdf_len);
}
ENDPOINT(poster, struct poster, READ(poster_read), ASK(poster_ask, poster_take, PATIENCE_MS))
