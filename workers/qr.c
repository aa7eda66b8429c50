#include "workers/qr.h"

#include <qrencode.h>

enum err qr_make(const char *text, struct arena *arena, struct qr *qr)
{
    size_t len = strlen(text);
    if (len == 0 || len > QR_TEXT_BYTES_MAX)
        return ERR_BAD_FIELD;
    QRcode *code = QRcode_encodeData((int)len, (const unsigned char *)text, 0, QR_ECLEVEL_M);
    if (code == NULL)
        return ERR_WORKER;
    size_t modules = (size_t)code->width * (size_t)code->width;
    unsigned char *dark = arena_alloc(arena, modules);
    for (size_t i = 0; i < modules; i++)
        dark[i] = code->data[i] & 1;
    *qr = (struct qr){.side = code->width, .dark = dark};
    QRcode_free(code);
    return ERR_NONE;
}
