#include "workers/ocr.h"

#include "base/check.h"
#include "base/text.h"

#include <pthread.h>
#include <tesseract/capi.h>

#define DPI 300 /* said, so that tesseract neither guesses nor complains */

struct model {
    const char *language;
    TessBaseAPI *api; /* NULL: not there */
    pthread_mutex_t lock;
};

static struct model digits = {"eng", NULL, PTHREAD_MUTEX_INITIALIZER};
static struct model chinese = {"chi_sim", NULL, PTHREAD_MUTEX_INITIALIZER};

struct reader {
    struct model *model;
    const char *allowed; /* "": every character */
};

static const struct reader readers[OCR_READERS] = {
    [OCR_NUMBER] = {&digits, "0123456789X"},
    [OCR_NAME] = {&chinese, ""},
    [OCR_DATE] = {&digits, "0123456789.-"},
};

static TessBaseAPI *model_open(const struct model *model)
{
    TessBaseAPI *api = TessBaseAPICreate();
    if (api == NULL)
        return NULL;
    if (TessBaseAPIInit2(api, NULL, model->language, OEM_LSTM_ONLY) != 0) {
        TessBaseAPIDelete(api);
        return NULL;
    }
    /* Its remarks could quote what it read; after this they have no place to go. */
    TessBaseAPISetVariable(api, "debug_file", "/dev/null");
    TessBaseAPISetVariable(api, "classify_enable_learning", "0");
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
        struct model *model = readers[i].model;
        if (model->api == NULL)
            model->api = model_open(model);
        if (model->api != NULL)
            read_once((enum ocr_reader)i);
    }
}

void ocr_stop(void)
{
    for (int i = 0; i < OCR_READERS; i++)
        if (readers[i].model->api != NULL) {
            TessBaseAPIEnd(readers[i].model->api);
            TessBaseAPIDelete(readers[i].model->api);
            readers[i].model->api = NULL;
        }
}

bool ocr_has(enum ocr_reader reader)
{
    return readers[reader].model->api != NULL;
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
    struct model *r = readers[reader].model;
    *out = (struct ocr_text){.confidence = 0};
    if (r->api == NULL)
        return ERR_NOT_FOUND;
    pthread_mutex_lock(&r->lock);
    TessBaseAPISetVariable(r->api, "tessedit_char_whitelist", readers[reader].allowed);
    TessBaseAPISetPageSegMode(r->api, (TessPageSegMode)layout);
    TessBaseAPISetImage(r->api, grey, width_px, height_px, 1, width_px);
    TessBaseAPISetSourceResolution(r->api, DPI);
    enum err e = read_locked(r->api, out);
    TessBaseAPIClear(r->api); /* the picture and the text are somebody's */
    pthread_mutex_unlock(&r->lock);
    return e;
}
