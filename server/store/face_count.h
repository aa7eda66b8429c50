/* face_count — of how many persons faces are stored. From 100,000 on the operator must file with the provincial
 * cyberspace administration within 30 working days (Measures on face recognition of 2025, article on filing; domain.md
 * §G). Counted are students with an ID portrait or a photo that has not been erased. Kept with every change; fsck
 * counts again. Writer for changes, any store thread for reads. */
#ifndef XY_FACE_COUNT_H
#define XY_FACE_COUNT_H

#include "db/db.h"

#define FACE_COUNT_FILING      100000
#define FACE_COUNT_FILING_DAYS 30 /* working days from the day it is reached */
#define FACE_COUNT_WARN_LOW    80 /* per cent of it: a first and a second warning */
#define FACE_COUNT_WARN_HIGH   95

struct face_count {
    int64_t persons;
    int64_t reached_us, filed_us; /* 0: not yet */
    const char *reference;        /* of the filing; "" */
};

enum err face_count_add(struct tx *tx, const char *student_id, int64_t now_us); /* again is no change */
enum err face_count_drop(struct tx *tx, const char *student_id);                /* nor is this */
enum err face_count_read(struct tx *tx, struct face_count *count);
enum err face_count_filed(struct tx *tx, const char *reference, int64_t now_us);
/* The last day to file: so many working days (Monday to Friday) behind `reached_us`; 0 when not reached. Pure. */
int64_t face_count_file_by_us(const struct face_count *count);
/* ok, watch (80 %), near (95 %), file (reached, not filed), filed. Pure. */
const char *face_count_level(const struct face_count *count);

#endif
