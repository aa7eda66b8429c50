#include "store/xlsx_part.h"

#include "base/check.h"
#include "base/text.h"

#include <expat.h>
#include <zip.h>

#define CHUNK_BYTES KIB(64)
#define TOKEN_BYTES MIB(1) /* a tag with all its attributes; expat keeps it whole */
#define DEPTH_MAX   64
#define RATIO_FROM  MIB(16)
#define ENTRIES_MAX 10000

/* ---- the ZIP, read where the caller's bytes lie ---- */

struct xlsx_pack {
    xlsx_source *source;
    void *arg;
    int64_t size_bytes, at;
    zip_t *zip;
    zip_error_t error;
};

static zip_int64_t pack_read(struct xlsx_pack *pack, void *bytes, size_t max)
{
    size_t len = 0;
    if (pack->source(pack->arg, pack->at, bytes, max, &len) != ERR_NONE) {
        zip_error_set(&pack->error, ZIP_ER_READ, 0);
        return -1;
    }
    pack->at += (int64_t)len;
    return (zip_int64_t)len;
}

static zip_int64_t pack_stat(const struct xlsx_pack *pack, void *bytes)
{
    zip_stat_t *info = bytes;
    zip_stat_init(info);
    info->valid = ZIP_STAT_SIZE;
    info->size = (zip_uint64_t)pack->size_bytes;
    return sizeof *info;
}

static zip_int64_t pack_command(void *arg, void *bytes, zip_uint64_t len, zip_source_cmd_t command)
{
    struct xlsx_pack *pack = arg;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        pack->at = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return pack_read(pack, bytes, len);
    case ZIP_SOURCE_STAT:
        return pack_stat(pack, bytes);
    case ZIP_SOURCE_SEEK: {
        zip_int64_t at = zip_source_seek_compute_offset((zip_uint64_t)pack->at, (zip_uint64_t)pack->size_bytes, bytes,
                                                        len, &pack->error);
        if (at >= 0)
            pack->at = at;
        return at < 0 ? -1 : 0;
    }
    case ZIP_SOURCE_TELL:
        return pack->at;
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&pack->error, bytes, len);
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT,
                                              ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
                                              ZIP_SOURCE_SUPPORTS, -1);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    default:
        zip_error_set(&pack->error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

enum err xlsx_pack_open(xlsx_source *source, void *arg, int64_t size_bytes, struct xlsx_pack **out,
                        char why[CSV_WHY_BYTES])
{
    struct xlsx_pack *pack = calloc(1, sizeof *pack);
    CHECK(pack != NULL);
    *pack = (struct xlsx_pack){.source = source, .arg = arg, .size_bytes = size_bytes};
    zip_error_init(&pack->error);
    *out = pack;
    zip_source_t *bytes = zip_source_function_create(pack_command, pack, NULL);
    CHECK(bytes != NULL);
    pack->zip = zip_open_from_source(bytes, ZIP_RDONLY, NULL);
    if (pack->zip == NULL) {
        zip_source_free(bytes);
        snprintf(why, CSV_WHY_BYTES, "the workbook is damaged: not a ZIP file");
        return ERR_BAD_FIELD;
    }
    if (zip_get_num_entries(pack->zip, 0) <= ENTRIES_MAX)
        return ERR_NONE;
    snprintf(why, CSV_WHY_BYTES, "the workbook has too many parts");
    return ERR_TOO_LARGE;
}

void xlsx_pack_close(struct xlsx_pack *pack)
{
    if (pack == NULL)
        return;
    if (pack->zip != NULL)
        zip_discard(pack->zip);
    zip_error_fini(&pack->error);
    free(pack);
}

/* ---- a part ---- */

struct xlsx_part {
    zip_file_t *file;
    XML_Parser parser;
    const struct xlsx_events *events;
    void *arg;
    int64_t done, total, quiet_bytes; /* quiet: fed since the last event */
    int depth;
    bool paused, suspended, ended;
    const char *refused; /* words */
};

static const char *plain_name(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

const char *xlsx_attribute(const char **attributes, const char *name)
{
    for (; attributes[0] != NULL; attributes += 2)
        if (text_is(plain_name(attributes[0]), name))
            return attributes[1];
    return NULL;
}

void xlsx_part_refuse(struct xlsx_part *part, const char *words)
{
    part->refused = words;
    XML_StopParser(part->parser, XML_FALSE);
}

void xlsx_part_pause(struct xlsx_part *part)
{
    part->paused = true;
    XML_StopParser(part->parser, XML_TRUE);
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct xlsx_part *part = arg;
    part->quiet_bytes = 0;
    if (++part->depth > DEPTH_MAX)
        xlsx_part_refuse(part, "the workbook's XML is nested too deep");
    else
        part->events->start(part->arg, plain_name(name), attributes);
}

static void on_end(void *arg, const XML_Char *name)
{
    struct xlsx_part *part = arg;
    part->quiet_bytes = 0;
    part->depth--;
    if (part->events->end != NULL)
        part->events->end(part->arg, plain_name(name));
}

static void on_text(void *arg, const XML_Char *text, int len)
{
    struct xlsx_part *part = arg;
    part->quiet_bytes = 0;
    if (part->events->text != NULL)
        part->events->text(part->arg, text, (size_t)len);
}

/* A workbook has no document type; one that has is there for its entities. */
static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    xlsx_part_refuse(arg, "the workbook declares a document type");
}

static enum err check_size(const zip_stat_t *info, char why[CSV_WHY_BYTES])
{
    bool known = (info->valid & ZIP_STAT_SIZE) != 0 && (info->valid & ZIP_STAT_COMP_SIZE) != 0;
    if (!known || info->size > (zip_uint64_t)XLSX_PART_BYTES_MAX ||
        (info->size > RATIO_FROM && info->size / XLSX_RATIO_MAX > info->comp_size)) {
        snprintf(why, CSV_WHY_BYTES, "the workbook unpacks to too much");
        return ERR_TOO_LARGE;
    }
    if ((info->valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && info->encryption_method != ZIP_EM_NONE) {
        snprintf(why, CSV_WHY_BYTES, "the workbook is encrypted");
        return ERR_BAD_FIELD;
    }
    return ERR_NONE;
}

enum err xlsx_part_open(struct xlsx_pack *pack, const char *name, const struct xlsx_events *events, void *arg,
                        struct xlsx_part **out, char why[CSV_WHY_BYTES])
{
    zip_stat_t info;
    *out = NULL;
    zip_int64_t at = zip_name_locate(pack->zip, name, ZIP_FL_NOCASE);
    if (at < 0 || zip_stat_index(pack->zip, (zip_uint64_t)at, 0, &info) != 0)
        return ERR_NOT_FOUND;
    TRY(check_size(&info, why));
    zip_file_t *file = zip_fopen_index(pack->zip, (zip_uint64_t)at, 0);
    if (file == NULL) {
        snprintf(why, CSV_WHY_BYTES, "the workbook is damaged: a part cannot be unpacked");
        return ERR_BAD_FIELD;
    }
    struct xlsx_part *part = calloc(1, sizeof *part);
    CHECK(part != NULL);
    *part = (struct xlsx_part){.file = file, .events = events, .arg = arg, .total = (int64_t)info.size};
    part->parser = XML_ParserCreate(NULL);
    CHECK(part->parser != NULL);
    XML_SetUserData(part->parser, part);
    XML_SetElementHandler(part->parser, on_start, on_end);
    XML_SetCharacterDataHandler(part->parser, on_text);
    XML_SetStartDoctypeDeclHandler(part->parser, on_doctype);
    *out = part;
    return ERR_NONE;
}

void xlsx_part_close(struct xlsx_part *part)
{
    if (part == NULL)
        return;
    XML_ParserFree(part->parser);
    zip_fclose(part->file);
    free(part);
}

static enum err damaged(const struct xlsx_part *part, char why[CSV_WHY_BYTES])
{
    snprintf(why, CSV_WHY_BYTES, "%s", part->refused != NULL ? part->refused : "the workbook is damaged");
    return part->refused != NULL ? ERR_TOO_LARGE : ERR_BAD_FIELD;
}

/* One more piece of the part into the parser. */
static enum err feed(struct xlsx_part *part, enum XML_Status *status, char why[CSV_WHY_BYTES])
{
    void *room = XML_GetBuffer(part->parser, CHUNK_BYTES);
    zip_int64_t len = room != NULL ? zip_fread(part->file, room, CHUNK_BYTES) : -1;
    if (len < 0)
        return damaged(part, why);
    part->done += len;
    part->quiet_bytes += len;
    if (part->done > part->total || part->quiet_bytes > (int64_t)TOKEN_BYTES)
        part->refused = "the workbook unpacks to too much";
    if (part->refused != NULL)
        return damaged(part, why);
    part->ended = len == 0;
    *status = XML_ParseBuffer(part->parser, (int)len, part->ended);
    return ERR_NONE;
}

enum err xlsx_part_read(struct xlsx_part *part, bool *more, char why[CSV_WHY_BYTES])
{
    *more = true;
    part->paused = false;
    while (!part->paused) {
        enum XML_Status status = XML_STATUS_OK;
        if (part->suspended)
            status = XML_ResumeParser(part->parser);
        else if (part->ended)
            break;
        else
            TRY(feed(part, &status, why));
        if (status == XML_STATUS_ERROR)
            return damaged(part, why);
        part->suspended = status == XML_STATUS_SUSPENDED;
    }
    *more = part->paused;
    return ERR_NONE;
}

void xlsx_part_progress(const struct xlsx_part *part, int64_t *done, int64_t *total)
{
    *done = part->done;
    *total = part->total;
}
