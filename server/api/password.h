/* password — hashing on lane threads, never more at once than password_hashes_max: each takes 64 MiB and a core. */
#ifndef XY_API_PASSWORD_H
#define XY_API_PASSWORD_H

#include "base/crypt.h"

/* Lane thread. BUSY: as many as allowed are running; the caller answers 503 and the client tries again. */
enum err password_check(const char *password, const char *hash, bool *right); /* hash NULL: nobody; takes as long */
enum err password_make(const char *password, char hash[CRYPT_PASSWORD_TEXT_BYTES]);

int64_t password_hashes(void); /* made so far, for the figures and for tests that count work. Any thread */

/* A password to be said once: 16 characters without look-alikes, about 78 bits. Draws randomness: not in a store step.
 */
#define PASSWORD_ONCE_BYTES 20
void password_once(char out[PASSWORD_ONCE_BYTES]);

#endif
