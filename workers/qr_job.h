/* qr_job — the modules of a QR code, for a page to draw. The job kind "qr".
 *
 * Request {"kind":"qr","text"}: at most QR_TEXT_BYTES_MAX bytes; no other part. Result {"kind":"qr","side",
 * "parts":["modules"]} + one byte per module, row by row: '1' dark, '0' light; side * side of them. BAD_FIELD: no text,
 * or too long. */
#ifndef XY_WORKERS_QR_JOB_H
#define XY_WORKERS_QR_JOB_H

#include "workers/jobs.h"

enum err job_qr(struct job_tools *tools, const struct json *request, const struct frame *frame,
                struct job_reply *reply);

#endif
