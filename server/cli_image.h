/* cli_image — the commands that run one image job and end: `xueying face …`, `xueying photo …`.
 *
 * They start a worker of their own (the same sandboxed program the server uses), so they need neither database nor
 * running server. Each takes argv from its own word on ("face", "compare", …), prints to stdout, says what is wrong in
 * one line on stderr and returns the exit code. Main thread. */
#ifndef XY_CLI_IMAGE_H
#define XY_CLI_IMAGE_H

#include "dispatch/worker_client.h"

enum { CLI_DONE = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_UNREADABLE = 3 };

int cli_face(int argc, char **argv);
int cli_photo(int argc, char **argv);

/* ---- shared by both ---- */

#define CLI_FILE_BYTES_MAX PROTOCOL_PART_BYTES_MAX
#define CLI_JOB_TIMEOUT_MS 60000

/* Reads a whole file; the bytes are malloc'd and freed with free((void *)part.bytes). False: said on stderr. */
bool cli_read_file(const char *path, struct part *part);

/* Writes beside the path and renames, so that a reader never sees half a file. False: said on stderr. */
bool cli_write_file(const char *path, const void *bytes, size_t len);

/* False: said on stderr. */
bool cli_worker_start(struct worker_client *client, int threads);

#endif
