/* cli_image — the commands that run one image job and end: `xueying face …`, `xueying photo …`.
 *
 * They start a worker of their own (the same sandboxed program the server uses), so they need neither database nor
 * running server. Shared here: files, the worker. What is wrong is said by cli_say. Main thread. */
#ifndef XY_CLI_IMAGE_H
#define XY_CLI_IMAGE_H

#include "base/json.h"
#include "cli.h"
#include "dispatch/worker_client.h"

#define CLI_FILE_BYTES_MAX PROTOCOL_PART_BYTES_MAX
#define CLI_JOB_TIMEOUT_MS 60000

/* Reads a whole file; the bytes are malloc'd and freed with free((void *)part.bytes). False: said on stderr. */
bool cli_read_file(const char *path, struct part *part);

/* Writes beside the path and renames, so that a reader never sees half a file. False: said on stderr. */
bool cli_write_file(const char *path, const void *bytes, size_t len);

/* What a command makes of a result: its exit code. `tree` is the result's JSON. */
typedef int cli_answered(const struct frame *answer, const struct json *tree, const void *options);

/* Reads the files, runs one job on them in a worker of its own, and calls `answered`. What fails is said here: a file
 * that cannot be read, a worker that does not start or ends, a refused job (`about`, when not NULL, names what it is
 * about). CLI_UNREADABLE when it is a file's fault. count is 1..3. */
int cli_job(struct part request, const char *const *paths, size_t count, const char *about, cli_answered *answered,
            const void *options);

/* HEIC is taken when XUEYING_ALLOW_HEIC is 1. False: said on stderr. */
bool cli_worker_start(struct worker_client *client, int threads);

/* `xueying photo verify …`; argv[0] is "verify". Returns the exit code. */
int cli_photo_verify(int argc, char **argv);

#endif
