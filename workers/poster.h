/* poster — one A4 page to hang up: the QR code that leads to a capture session, its code in large digits, when it is
 * open, and what to do. The job kind "poster".
 *
 * Request {"kind":"poster","url","code","code_label","school","title","notes":[…],"steps":[{"title","text"}],"footer",
 * "scan"}, no other part. url is what the QR code says, at most QR_TEXT_BYTES_MAX bytes; code 6 or 8 characters; at
 * most POSTER_NOTES_MAX notes and POSTER_STEPS_MAX steps; every text at most POSTER_CHARS_MAX characters, long ones are
 * made smaller, then cut with "…". Result {"kind":"poster","modules","missing_glyphs","parts":["pdf"]} + the PDF. The
 * code is drawn as shapes, not as a picture: sharp at any size. Fonts as for sheet.h. */
#ifndef XY_WORKERS_POSTER_H
#define XY_WORKERS_POSTER_H

#include "workers/jobs.h"

#define POSTER_CHARS_MAX 120
#define POSTER_NOTES_MAX 4
#define POSTER_STEPS_MAX 4

enum err job_poster(struct job_tools *tools, const struct json *request, const struct frame *frame,
                    struct job_reply *reply);

#endif
