/* url_guard — may the server call this address? The answer to server-side request forgery.
 *
 * A webhook's URL comes from an operator and its name is resolved by somebody else's server, so two questions are
 * asked: the URL as written, before it is stored or called, and every address a socket is about to be connected to
 * (which also defeats a name that resolves differently the second time). Deny list and ports: reliability.md §3.6.
 * Pure; any thread. */
#ifndef XY_DISPATCH_URL_GUARD_H
#define XY_DISPATCH_URL_GUARD_H

#include "base/base.h"
#include "base/err.h"

struct sockaddr;

#define URL_BYTES_MAX  2048
#define URL_HOST_BYTES 254 /* 253 characters of a DNS name and NUL */

struct url_parts {
    bool https;
    char host[URL_HOST_BYTES]; /* lower case, one trailing dot removed; IPv6 without brackets */
    bool host_is_ipv6;
    int port;         /* the scheme's when the URL names none */
    const char *path; /* into the URL: "/…", or "" */
};

/* BAD_FIELD when it is not a plain http or https URL: other schemes, user names, percent signs or other than
 * letters, digits, '-' and '.' in the host (international names come as xn--), control characters, bad port.
 * `why` (256 bytes) says it in English. */
enum err url_parse(const char *url, struct url_parts *parts, char why[256]);

/* url_parse, and unless `allow_private`: https only, port 443 or 8443, no IPv4 address in any but plain dotted form,
 * no address of the deny list, no name that can only be inside (localhost, one label, .local, .internal …). */
enum err url_guard(const char *url, bool allow_private, char why[256]);

/* Whether a connection to this address is refused: anything that is not a public unicast IPv4 or IPv6 address. */
bool url_guard_denies(const struct sockaddr *address);

#endif
