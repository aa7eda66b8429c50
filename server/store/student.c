#include "store/student.h"

#include "base/check.h"
#include "store/column.h"
#include "store/queries.h"

static enum err read_student(struct tx *tx, const struct rows *r, struct student *s)
{
    *s = (struct student){.id = col_text(r, 0),
                          .portrait_blob_id = col_text(r, 5),
                          .language = col_text(r, 6),
                          .wrong_links = col_int(r, 7),
                          .links_locked_until_us = col_int(r, 8),
                          .version = col_int(r, 9)};
    TRY(column_open(tx, r, 1, "student", s->id, "openid", &s->openid));
    if (s->openid != NULL && s->openid[0] == '\0')
        s->openid = NULL; /* came by another way than the mini program */
    TRY(column_open(tx, r, 2, "student", s->id, "phone", &s->phone));
    TRY(column_open(tx, r, 3, "student", s->id, "name", &s->name));
    return column_open(tx, r, 4, "student", s->id, "id_number", &s->id_number);
}

enum err student_get(struct tx *tx, const char *id, struct student *s)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_STUDENT_GET, v_text(id)));
    enum err e = rows_next(&r) ? read_student(tx, &r, s) : ERR_NONE;
    enum err closed = rows_close_one(&r);
    return e != ERR_NONE ? e : closed;
}

enum err student_of_openid(struct tx *tx, const char *openid, const char *new_id, const char *language, int64_t now_us,
                           const char **id)
{
    RUNS_ON(ROLE_WRITER);
    const char *index = column_index(tx, "openid", openid);
    const struct val sealed = column_seal(tx, "student", new_id, "openid", openid);
    TRY(TX_RUN(tx, Q_STUDENT_ADD, v_text(new_id), v_text(index), sealed, v_text(language), v_int(now_us)));
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_STUDENT_BY_OPENID, v_text(index)));
    if (rows_next(&r))
        *id = col_text(&r, 0);
    return rows_close_one(&r);
}

enum err student_with_openid(struct tx *tx, const char *openid, const char **id)
{
    struct rows r;
    TRY(TX_OPEN(tx, &r, Q_STUDENT_BY_OPENID, v_text(column_index(tx, "openid", openid))));
    if (rows_next(&r))
        *id = col_text(&r, 0);
    return rows_close_one(&r);
}

enum err student_add_without_openid(struct tx *tx, const char *id, const char *language, int64_t now_us)
{
    RUNS_ON(ROLE_WRITER);
    const struct val sealed = column_seal(tx, "student", id, "openid", "");
    return TX_RUN(tx, Q_STUDENT_ADD, v_text(id), v_text(column_index(tx, "no_openid", id)), sealed, v_text(language),
                  v_int(now_us));
}

enum err student_set_openid(struct tx *tx, const char *id, const char *openid)
{
    RUNS_ON(ROLE_WRITER);
    const struct val sealed = column_seal(tx, "student", id, "openid", openid);
    return TX_RUN(tx, Q_STUDENT_OPENID, v_text(column_index(tx, "openid", openid)), sealed, v_text(id));
}

enum err student_set_phone(struct tx *tx, const char *id, const char *phone)
{
    const struct val sealed = column_seal(tx, "student", id, "phone", phone);
    return TX_RUN(tx, Q_STUDENT_PHONE, sealed, v_text(column_index(tx, "phone", phone)), v_text(id));
}

enum err student_set_names(struct tx *tx, const char *id, const char *name, const char *id_number)
{
    const struct val sealed_name = column_seal(tx, "student", id, "name", name);
    const struct val sealed_number = column_seal(tx, "student", id, "id_number", id_number);
    return TX_RUN(tx, Q_STUDENT_NAMES, sealed_name, sealed_number, v_text(id));
}

enum err student_set_portrait(struct tx *tx, const char *id, const char *blob_id)
{
    return TX_RUN(tx, Q_STUDENT_PORTRAIT, v_text(blob_id), v_text(id));
}

enum err student_forget_login(struct tx *tx, const char *id)
{
    const struct val sealed = column_seal(tx, "student", id, "openid", "");
    return TX_RUN(tx, Q_STUDENT_FORGET_LOGIN, v_text(arena_printf(tx->arena, "left|%s", id)), sealed, v_text(id));
}

enum err student_set_language(struct tx *tx, const char *id, const char *language)
{
    return TX_RUN(tx, Q_STUDENT_LANGUAGE, v_text(language), v_text(id));
}
