/* roster_import — one file of a school on its way into the roster: what was announced, which parts are here, what was
 * found, and whether its rows are seen (roster.h). roster_load.h does the work.
 *
 *   receiving → reading → ready → importing → done        a dry run stops at ready until somebody takes it
 *                       ↘ importing                       no dry run, and nothing is wrong (or mode good)
 *   reading → refused   the file is no use, or has bad rows and mode is all
 *   any but done → cancelled → gone, after a week by itself; reading, importing → failed: given up after many tries
 *
 * An outbox row of kind roster_import drives every state but receiving, ready and refused. Writer for changes. */
#ifndef XY_ROSTER_IMPORT_H
#define XY_ROSTER_IMPORT_H

#include "store/roster_source.h"
#include "store/store.h"

#define ROSTER_PARTS_MAX      512
#define ROSTER_OPEN_MAX       5 /* imports of a session that are not done */
#define ROSTER_REPORT_ROWS    50
#define ROSTER_IMPORT_KEEP_US SECONDS_US(7 * 86400) /* then a file nobody took is cancelled by the sweep */

struct roster_import {
    int64_t number;
    const char *id, *session_id, *state, *mode, *file_name;
    const char *sha256_index; /* upload_sha256_index of what was announced */
    bool applied, dry_run;
    int64_t size_bytes, received_bytes, bytes_done, bytes_total;
    int64_t rows_total, rows_done, staged, added, changed, same, linked_kept, errors;
    const char *report;         /* plain JSON {"errors":[…],"diff":[…]}; NULL: none yet */
    const char *errors_blob_id; /* NULL: none */
    const char *problem, *created_by;
    int64_t created_us, started_us, ended_us;
};

enum err roster_import_add(struct tx *tx, const struct roster_import *import); /* state receiving, or importing */
enum err roster_import_get(struct tx *tx, const char *id, struct roster_import *import); /* NOT_FOUND */
/* Newest first, those before `before` (0: from the newest). */
enum err roster_import_list(struct tx *tx, const char *session_id, int64_t before, struct roster_import *list,
                            size_t max, size_t *count);
enum err roster_import_open_count(struct tx *tx, const char *session_id, int64_t *count);
/* Adds one whose caller writes it now, in state importing; sets its number. `why` and delay_us as roster_import_queue.
 * CONFLICT: another of this session is being written. */
enum err roster_import_begin(struct tx *tx, struct roster_import *import, const char *why, int64_t delay_us);
enum err roster_import_part(struct tx *tx, const char *id, int64_t offset, int64_t size_bytes,
                            const char *blob_id); /* OFFSET_MISMATCH */
/* All parts, their texts in `into`; room for ROSTER_PARTS_MAX. */
enum err roster_import_parts(struct tx *tx, const char *id, struct arena *into, struct roster_source_part *parts,
                             size_t *count);
/* From the state it is in to another; queues the work of that state. STALE: it is in another state now. */
enum err roster_import_move(struct tx *tx, const struct roster_import *import, const char *to, const char *problem,
                            int64_t now_us);
/* `why` makes the row's id; one for each state that works. delay_us: for who does the work alone and only wants it
 * tidied up should it die. */
enum err roster_import_queue(struct tx *tx, const char *id, const char *why, int64_t now_us, int64_t delay_us);
/* What the reading found; the report is sealed. */
enum err roster_import_found(struct tx *tx, const struct roster_import *import);
/* The parts are erased, the last trace of the file. */
enum err roster_import_forget_file(struct tx *tx, const char *id, int64_t now_us);

#endif
