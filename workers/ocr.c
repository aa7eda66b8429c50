#include "workers/ocr.h"

#include "base/check.h"
#include "base/text.h"

#include <pthread.h>
#include <tesseract/capi.h>

#define DPI 300 /* said, so that tesseract neither guesses nor complains */

struct reader {
    const char *language, *allowed; /* allowed: NULL for every character */
    TessBaseAPI *api;               /* NULL: no model */
    pthread_mutex_t lock;
};

static struct reader readers[OCR_READERS] = {
    [OCR_NUMBER] = {"eng", "0123456789X", NULL, PTHREAD_MUTEX_INITIALIZER},
    [OCR_NAME] = {"chi_sim", NULL, NULL, PTHREAD_MUTEX_INITIALIZER},
};

static TessBaseAPI *reader_open(const struct reader *reader)
{
    TessBaseAPI *api = TessBaseAPICreate();
    if (api == NULL)
        return NULL;
    if (TessBaseAPIInit2(api, NULL, reader->language, OEM_LSTM_ONLY) != 0) {
        TessBaseAPIDelete(api);
        return NULL;
    }
    /* Its remarks could quote what it read; after this they have no place to go. */
    TessBaseAPISetVariable(api, "debug_file", "/dev/null");
    TessBaseAPISetVariable(api, "classify_enable_learning", "0");
    if (reader->allowed != NULL)
        TessBaseAPISetVariable(api, "tessedit_char_whitelist", reader->allowed);
    return api;
}

/* Bars like a row of digits: enough for every part of the reader to run once. */
static void read_once(enum ocr_reader reader)
{
    enum { WIDTH = 200, HEIGHT = 48 };
    unsigned char *grey = malloc((size_t)WIDTH * HEIGHT);
    struct ocr_text text;
    if (grey == NULL)
        return;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            grey[y * WIDTH + x] = y > 10 && y < 38 && x > 10 && x < 190 && x % 20 < 5 ? 20 : 235;
    (void)ocr_read(reader, OCR_LINE, grey, WIDTH, HEIGHT, &text);
    memset(grey, 255, (size_t)WIDTH * HEIGHT);
    (void)ocr_read(reader, OCR_LINE, grey, WIDTH, HEIGHT, &text); /* "Empty page!!": opens debug_file */
    free(grey);
}

void ocr_start(void)
{
    for (int i = 0; i < OCR_READERS; i++) {
        if (readers[i].api == NULL)
            readers[i].api = reader_open(&readers[i]);
        if (readers[i].api != NULL)
            read_once((enum ocr_reader)i);
    }
}

void ocr_stop(void)
{
    for (int i = 0; i < OCR_READERS; i++)
        if (readers[i].api != NULL) {
            TessBaseAPIEnd(readers[i].api);
            TessBaseAPIDelete(readers[i].api);
            readers[i].api = NULL;
        }
}

bool ocr_has(enum ocr_reader reader)
{
    return readers[reader].api != NULL;
}

const char *ocr_engine(void)
{
    static char name[32];
    if (name[0] == '\0')
        snprintf(name, sizeof name, "tesseract %.20s", TessVersion());
    return name;
}

/* Without white space, cut at OCR_TEXT_BYTES. */
static void keep_text(const char *from, struct ocr_text *out)
{
    size_t len = 0;
    for (; *from != '\0' && len + 5 < sizeof out->text; from++)
        if ((unsigned char)*from > ' ')
            out->text[len++] = *from;
    while (len > 0 && (unsigned char)out->text[len - 1] >= 0x80 && !text_utf8_valid(out->text, len))
        len--;
    out->text[len] = '\0';
}

static int least_confidence(TessBaseAPI *api)
{
    TessResultIterator *at = TessBaseAPIGetIterator(api);
    if (at == NULL)
        return 0;
    float least = 100;
    do {
        float confidence = TessResultIteratorConfidence(at, RIL_SYMBOL);
        least = confidence < least ? confidence : least;
    } while (TessResultIteratorNext(at, RIL_SYMBOL));
    TessResultIteratorDelete(at);
    return least > 0 ? (int)least : 0;
}

static enum err read_locked(TessBaseAPI *api, struct ocr_text *out)
{
    if (TessBaseAPIRecognize(api, NULL) != 0)
        return ERR_NONE; /* nothing was read */
    char *text = TessBaseAPIGetUTF8Text(api);
    if (text == NULL)
        return ERR_BUSY;
    keep_text(text, out);
    TessDeleteText(text);
    if (out->text[0] != '\0')
        out->confidence = least_confidence(api);
    return ERR_NONE;
}

enum err ocr_read(enum ocr_reader reader, enum ocr_layout layout, const unsigned char *grey, int32_t width_px,
                  int32_t height_px, struct ocr_text *out)
{
    CHECK(width_px > 0 && height_px > 0 && width_px <= OCR_SIDE_PX_MAX && height_px <= OCR_SIDE_PX_MAX);
    struct reader *r = &readers[reader];
    *out = (struct ocr_text){.confidence = 0};
    if (r->api == NULL)
        return ERR_NOT_FOUND;
    pthread_mutex_lock(&r->lock);
    TessBaseAPISetPageSegMode(r->api, (TessPageSegMode)layout);
    TessBaseAPISetImage(r->api, grey, width_px, height_px, 1, width_px);
    TessBaseAPISetSourceResolution(r->api, DPI);
    enum err e = read_locked(r->api, out);
    TessBaseAPIClear(r->api); /* the picture and the text are somebody's */
    pthread_mutex_unlock(&r->lock);
    return e;
}
