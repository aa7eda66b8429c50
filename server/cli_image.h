/* cli_image — the commands that run one image job and end: `xueying face …`, `xueying photo …`.
 *
 * They start a worker of their own (the same sandboxed program the server uses), so they need neither database nor
 * running server. Shared here: files, the worker. What is wrong is said by cli_say. Main thread. */
#ifndef XY_CLI_IMAGE_H
#define XY_CLI_IMAGE_H

#include "cli.h"
#include "dispatch/worker_client.h"

#define CLI_FILE_BYTES_MAX PROTOCOL_PART_BYTES_MAX
#define CLI_JOB_TIMEOUT_MS 60000

/* Reads a whole file; the bytes are malloc'd and freed with free((void *)part.bytes). False: said on stderr. */
bool cli_read_file(const char *path, struct part *part);

/* Writes beside the path and renames, so that a reader never sees half a file. False: said on stderr. */
bool cli_write_file(const char *path, const void *bytes, size_t len);

/* HEIC is taken when XUEYING_ALLOW_HEIC is 1. False: said on stderr. */
bool cli_worker_start(struct worker_client *client, int threads);

/* `xueying photo verify …`; argv[0] is "verify". Returns the exit code. */
int cli_photo_verify(int argc, char **argv);

#endif
