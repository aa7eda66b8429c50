/* links: xy_workers xy_dispatch */
/* What strangers write where a person is looked for: on cards, in forms, in answers of the services. The first byte
 * chooses:
 *   d  the number of a document      n  two names      v  a card's dates as read      r  readings of a card's number
 *   m  an operator's mask            a  an answer of the real-name service */
#include "workers/idcard_read.c"

#include "base/check.h"
#include "base/code_kind.h"
#include "base/document.h"
#include "dispatch/real_name.h"
#include "store/student.h"
#include "workers/idcard_validity.h"

static void document(const char *text)
{
    static const char *const types[] = {"resident",         "hk_macau_permit",  "taiwan_permit",
                                        "residence_permit", "foreigner_permit", "passport"};
    char normal[ID_NUMBER_BYTES], again[ID_NUMBER_BYTES], number[DOCUMENT_NUMBER_BYTES], birth[11];
    if (!id_number_normal(text, normal))
        return;
    CHECK(id_number_normal(normal, again) && text_is(normal, again));
    id_number_plausible(normal);
    for (size_t i = 0; i < countof(types); i++) {
        if (!document_number(types[i], normal, number))
            continue;
        CHECK(strlen(number) >= 5 && strlen(number) < DOCUMENT_NUMBER_BYTES);
        document_area_known(types[i], number);
        if (strlen(number) == RESIDENT_NUMBER_CHARS && resident_number_valid(number)) {
            resident_number_birth(number, birth);
            CHECK(strlen(birth) == 10 && birth[4] == '-' && birth[7] == '-');
        }
        CHECK(!text_is(types[i], "resident") || resident_number_valid(number));
    }
}

static void names(const char *a, const char *b)
{
    char normal[PERSON_NAME_BYTES], again[PERSON_NAME_BYTES];
    CHECK(person_name_same(a, b) == person_name_same(b, a));
    double like = card_text_similarity(a, b);
    CHECK(like >= 0 && like <= 1);
    if (!person_name_normal(a, normal))
        return;
    CHECK(text_utf8_valid(normal, strlen(normal)));
    CHECK(person_name_normal(normal, again) && text_is(normal, again));
    CHECK(person_name_same(a, normal) == person_name_same(a, a));
    CHECK(person_name_same(a, b) == person_name_same(normal, b));
    looks_like_name(normal);
}

static void dates(const char *text, bool is_long)
{
    struct card_validity found = {0};
    if (!card_validity_parse(text, is_long, &found))
        return;
    CHECK(strlen(found.from) == 10 && (text_is(found.until, "long") || strlen(found.until) == 10));
    CHECK(!is_long || text_is(found.until, "long"));
    CHECK(text_is(found.until, "long") || strcmp(found.from, found.until) < 0);
}

/* As many readings as there are lines: what is decided is a valid number that was read. */
static void readings(char *text)
{
    struct readings all = {0};
    struct card_number number = {.found = false};
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line != NULL && all.count < countof(tries); line = strsep(&rest, "\n")) {
        struct ocr_text read;
        snprintf(read.text, sizeof read.text, "%s", line);
        reading_add(&all, read.text);
        number_decide(&all, &number);
        if (number.found)
            break;
    }
    CHECK(number.found ? resident_number_valid(number.text) : number.text[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0 || len > KIB(8))
        return 0;
    char *text = malloc(len);
    CHECK(text != NULL);
    memcpy(text, bytes + 1, len - 1);
    text[len - 1] = '\0';
    const char *second = strchr(text, '\n');
    size_t first_len = strlen(text);
    if (second != NULL && strchr("nm", bytes[0]) != NULL) {
        first_len = (size_t)(second - text);
        text[first_len] = '\0';
        second++;
    } else {
        second = "";
    }
    switch (bytes[0]) {
    case 'd':
        document(text);
        break;
    case 'n':
        names(text, second);
        break;
    case 'v':
        dates(text, len % 2 == 0);
        break;
    case 'r':
        readings(text);
        break;
    case 'm':
        if (text_utf8_valid(second, strlen(second)))
            code_mask_fits(text, second);
        break;
    case 'a':
        CHECK(real_name_read(text, first_len) <= REAL_NAME_LATER);
        break;
    default:
        break;
    }
    free(text);
    return 0;
}
