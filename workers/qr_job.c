#include "workers/qr_job.h"

#include "workers/qr.h"

enum err job_qr(struct job_tools *tools, const struct json *request, const struct frame *frame, struct job_reply *reply)
{
    struct qr qr;
    (void)frame;
    if (qr_make(json_text_at(request, "text", ""), tools->arena, &qr) != ERR_NONE) {
        snprintf(reply->why, sizeof reply->why, "text has 1 to %d bytes.", QR_TEXT_BYTES_MAX);
        return ERR_BAD_FIELD;
    }
    for (int i = 0; i < qr.side * qr.side; i++)
        buf_char(&reply->parts[0], qr.dark[i] ? '1' : '0');
    reply->part_count = 1;
    json_object_open(&reply->json);
    json_put_text(&reply->json, "kind", "qr");
    json_put_int(&reply->json, "side", qr.side);
    json_name(&reply->json, "parts");
    json_array_open(&reply->json);
    json_text(&reply->json, "modules");
    json_array_close(&reply->json);
    json_object_close(&reply->json);
    return ERR_NONE;
}
