/* idcard_read — number and name of a flat card.
 *
 * A check character lets one in eleven wrong numbers pass, so it is not enough: a number is taken only when readings
 * that were prepared differently (size, grey or two-tone, layout) agree in all 18 characters, two more of them than
 * contradict it, its check character and date are right, and no other number that is right by itself was read. A
 * reading that only lost characters contradicts nothing. What is not sure is not read.
 *
 * The name is compared, or proposed, never relied on: similar characters are taken for one another too often (three of
 * five exact at best), so that it can only support the name on the roster, or save its owner some typing.
 *
 * One lane at a time per reader (ocr.h); all else is pure. */
#ifndef XY_WORKERS_IDCARD_READ_H
#define XY_WORKERS_IDCARD_READ_H

#include "base/resident_number.h"
#include "workers/idcard_text.h"
#include "workers/ocr.h"

struct card_number {
    bool found;
    char text[RESIDENT_NUMBER_CHARS + 1]; /* empty unless found */
    int readings;                         /* tries that were needed, or made in vain */
};

/* Does the flat card have a line of black print where the number is, as long and as high as one? 0: no; else how well
 * it fits, up to 1. *line is where. */
enum err card_number_line(const struct image *picture, const struct card_plane *plane, struct resample_area *line,
                          double *fits);

/* Reads the number at `line`. BUSY when there is no memory, NOT_FOUND when the reader has no model. */
enum err card_number_read(const struct image *picture, const struct card_plane *plane, const struct resample_area *line,
                          struct card_number *out);

/* How much the card's name is like the one given: 1 the same, 0 nothing; NAN when there is no such line or no model. */
enum err card_name_similarity(const struct image *picture, const struct card_plane *plane, const char *name,
                              double *similarity);

/* What the name seems to be: two readings that were prepared differently agree in it, and it looks like a name. Its
 * owner corrects it. "" when there is no such line, no agreement, or no model. */
#define CARD_NAME_BYTES OCR_TEXT_BYTES
enum err card_name_propose(const struct image *picture, const struct card_plane *plane, char name[CARD_NAME_BYTES]);

/* Share of characters in the same order: 1 - edits / the longer one's characters. UTF-8; at most 32 characters count.
 */
double card_text_similarity(const char *a, const char *b);

#endif
