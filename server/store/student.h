/* student — students.
 *
 * Personal data are sealed here and nowhere else; plain values appear only in structs in tx->arena. Writer for changes,
 * any store thread for reads. */
#ifndef XY_STUDENT_H
#define XY_STUDENT_H

#include "db/db.h"

struct student {
    const char *id;
    const char *openid, *phone, *name; /* plain; NULL when not known; openid: of the mini program */
    const char *id_number;             /* plain; only its last four where nobody knows more; NULL: nothing */
    const char *portrait_blob_id;      /* NULL: none */
    const char *language;              /* zh, en */
    int64_t wrong_links, links_locked_until_us, version;
};

enum err student_get(struct tx *tx, const char *id, struct student *s); /* NOT_FOUND */
/* The student with that openid, made with `new_id` when there is none; *id is set. */
enum err student_of_openid(struct tx *tx, const char *openid, const char *new_id, const char *language, int64_t now_us,
                           const char **id);
enum err student_with_openid(struct tx *tx, const char *openid, const char **id); /* NOT_FOUND */
/* For those who come by another way than the mini program (login_key.h); later they may come by it too. */
enum err student_add_without_openid(struct tx *tx, const char *id, const char *language, int64_t now_us);
enum err student_set_openid(struct tx *tx, const char *id, const char *openid);
enum err student_set_phone(struct tx *tx, const char *id, const char *phone);
/* For students no roster knows (policy roster_mode code_only); roster_link (roster.h) does it for the others. */
enum err student_set_names(struct tx *tx, const char *id, const char *name, const char *id_number);
enum err student_set_portrait(struct tx *tx, const char *id, const char *blob_id);
/* Of one who leaves: nobody logs in as this student again; the same person becomes a new one. */
enum err student_forget_login(struct tx *tx, const char *id);
enum err student_set_language(struct tx *tx, const char *id, const char *language);

/* Normal form of an ID number: upper-case X, no spaces, no brackets, full-width digits made ASCII. out: 32 bytes. False
 * when it is not 4..20 letters and digits. */
#define ID_NUMBER_BYTES 32
bool id_number_normal(const char *given, char out[ID_NUMBER_BYTES]);
/* GB 11643: 17 digits and a check digit, a possible date; also the forms of domain.md F.2. */
bool id_number_plausible(const char *normal);
/* "张*", "440***********1234": what staff and pages see. */
const char *mask_name(struct arena *arena, const char *name);
const char *mask_number(struct arena *arena, const char *number);

#endif
