#include "dispatch/url_guard.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static enum err refuse(char why[256], const char *what)
{
    snprintf(why, 256, "%s", what);
    return ERR_BAD_FIELD;
}

/* ---- addresses ---- */

struct net4 {
    uint32_t address;
    unsigned bits;
};
#define V4(a, b, c, d) (((uint32_t)(a) << 24) | ((uint32_t)(b) << 16) | ((uint32_t)(c) << 8) | (uint32_t)(d))
static const struct net4 denied4[] = {
    {V4(0, 0, 0, 0), 8},       /* this network */
    {V4(10, 0, 0, 0), 8},      /* private */
    {V4(100, 64, 0, 0), 10},   /* carrier-grade NAT; Alibaba's metadata lives here */
    {V4(127, 0, 0, 0), 8},     /* loopback */
    {V4(169, 254, 0, 0), 16},  /* link-local; cloud metadata */
    {V4(172, 16, 0, 0), 12},   /* private */
    {V4(192, 0, 0, 0), 24},    /* protocol assignments */
    {V4(192, 0, 2, 0), 24},    /* documentation */
    {V4(192, 31, 196, 0), 24}, /* AS112 */
    {V4(192, 52, 193, 0), 24}, /* AMT */
    {V4(192, 88, 99, 0), 24},  /* 6to4 relay */
    {V4(192, 168, 0, 0), 16},  /* private */
    {V4(192, 175, 48, 0), 24}, /* AS112 */
    {V4(198, 18, 0, 0), 15},   /* benchmarks */
    {V4(198, 51, 100, 0), 24}, /* documentation */
    {V4(203, 0, 113, 0), 24},  /* documentation */
    {V4(224, 0, 0, 0), 4},     /* multicast */
    {V4(240, 0, 0, 0), 4},     /* reserved, broadcast */
};

static bool denies4(uint32_t address)
{
    for (size_t i = 0; i < countof(denied4); i++)
        if ((address ^ denied4[i].address) >> (32 - denied4[i].bits) == 0)
            return true;
    return false;
}

/* Global unicast is 2000::/3; inside it these carry other addresses, or none. Everything outside it (::/96, mapped,
 * NAT64 64:ff9b::, discard 100::, SRv6 5f00::, fc00::/7, fe80::/10, ff00::/8) is refused by not being in it. */
struct net6 {
    uint8_t address[16];
    unsigned bits;
};
static const struct net6 denied6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23},             /* protocol assignments: Teredo, benchmarks, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},             /* documentation */
    {{0x20, 0x02}, 16},                         /* 6to4 */
    {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48}, /* AS112 */
    {{0x3f, 0xff}, 20},                         /* documentation */
};

static bool in_net6(const uint8_t *address, const struct net6 *net)
{
    unsigned bytes = net->bits / 8, rest = net->bits % 8;
    if (memcmp(address, net->address, bytes) != 0)
        return false;
    return rest == 0 || (address[bytes] ^ net->address[bytes]) >> (8 - rest) == 0;
}

static bool denies6(const uint8_t *address)
{
    if ((address[0] & 0xe0) != 0x20)
        return true;
    for (size_t i = 0; i < countof(denied6); i++)
        if (in_net6(address, &denied6[i]))
            return true;
    return false;
}

bool url_guard_denies(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return denies4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        return denies6(in6.sin6_addr.s6_addr);
    }
    return true;
}

/* ---- the URL as written ---- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static enum err host_of(const char *text, size_t len, struct url_parts *parts, char why[256])
{
    if (len > 0 && text[0] == '[') {
        unsigned char address[16];
        if (len < 4 || text[len - 1] != ']' || len - 2 >= sizeof parts->host)
            return refuse(why, "the URL's IPv6 address is not closed by ']'");
        for (size_t i = 0; i < len - 2; i++)
            parts->host[i] = lower(text[i + 1]);
        parts->host[len - 2] = '\0';
        parts->host_is_ipv6 = true;
        if (inet_pton(AF_INET6, parts->host, address) != 1) /* also refuses zones: fe80::1%eth0 */
            return refuse(why, "the URL's IPv6 address cannot be read");
        return ERR_NONE;
    }
    if (len > 0 && text[len - 1] == '.')
        len--; /* the root label: "example.com." is example.com */
    if (len == 0 || len >= sizeof parts->host)
        return refuse(why, "the URL has no host name, or one that is too long");
    for (size_t i = 0; i < len; i++) {
        parts->host[i] = lower(text[i]);
        if (!is_name_char(parts->host[i]))
            return refuse(why, "the URL's host may hold letters, digits, '-' and '.' only");
    }
    parts->host[len] = '\0';
    if (parts->host[0] == '.' || parts->host[len - 1] == '.' || strstr(parts->host, "..") != NULL)
        return refuse(why, "the URL's host has an empty label");
    return ERR_NONE;
}

static enum err port_of(const char *text, size_t len, struct url_parts *parts, char why[256])
{
    int64_t port = 0;
    if (len == 0 || len > 5)
        return refuse(why, "the URL's port is not a number from 1 to 65535");
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return refuse(why, "the URL's port is not a number from 1 to 65535");
        port = port * 10 + (text[i] - '0');
    }
    if (port < 1 || port > 65535)
        return refuse(why, "the URL's port is not a number from 1 to 65535");
    parts->port = (int)port;
    return ERR_NONE;
}

enum err url_parse(const char *url, struct url_parts *parts, char why[256])
{
    *parts = (struct url_parts){0};
    if (url == NULL || strlen(url) > URL_BYTES_MAX)
        return refuse(why, "the URL is missing or too long");
    for (const char *c = url; *c != '\0'; c++)
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f || *c == '\\')
            return refuse(why, "the URL holds a character that must be percent-encoded");
    const char *rest;
    if (strncasecmp(url, "https://", 8) == 0) {
        parts->https = true;
        rest = url + 8;
    } else if (strncasecmp(url, "http://", 7) == 0) {
        rest = url + 7;
    } else {
        return refuse(why, "the URL must begin with https://");
    }
    size_t authority = strcspn(rest, "/?#");
    if (memchr(rest, '@', authority) != NULL)
        return refuse(why, "the URL must not hold a user name");
    size_t host_len = authority;
    const char *bracket = memchr(rest, ']', authority);
    const char *from = bracket == NULL ? rest : bracket;
    const char *colon = memchr(from, ':', authority - (size_t)(from - rest));
    parts->port = parts->https ? 443 : 80;
    if (colon != NULL) {
        host_len = (size_t)(colon - rest);
        TRY(port_of(colon + 1, authority - host_len - 1, parts, why));
    }
    TRY(host_of(rest, host_len, parts, why));
    parts->path = rest + authority;
    return ERR_NONE;
}

/* inet_aton and resolvers read 0x7f.1, 2130706433 and 0177.0.0.1 as addresses: whatever ends in a number is one. */
static bool looks_numeric(const char *host)
{
    const char *dot = strrchr(host, '.');
    const char *label = dot == NULL ? host : dot + 1;
    if (text_all(label, "0123456789"))
        return true;
    return label[0] == '0' && label[1] == 'x' && (label[2] == '\0' || text_all(label + 2, "0123456789abcdef"));
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_inside_name(const char *host)
{
    static const char *const ends[] = {".localhost", ".local",   ".internal", ".intranet", ".lan",     ".home",
                                       ".corp",      ".private", ".arpa",     ".test",     ".invalid", ".onion"};
    if (strchr(host, '.') == NULL)
        return true;
    for (size_t i = 0; i < countof(ends); i++)
        if (ends_with(host, ends[i]))
            return true;
    return false;
}

static enum err guard_host(const struct url_parts *parts, char why[256])
{
    if (parts->host_is_ipv6) {
        unsigned char address[16];
        if (inet_pton(AF_INET6, parts->host, address) != 1 || denies6(address))
            return refuse(why, "the URL's address is not public");
        return ERR_NONE;
    }
    if (looks_numeric(parts->host)) {
        struct in_addr address;
        if (inet_pton(AF_INET, parts->host, &address) != 1)
            return refuse(why, "the URL's IPv4 address must be written as four plain decimal numbers");
        if (denies4(ntohl(address.s_addr)))
            return refuse(why, "the URL's address is not public");
        return ERR_NONE;
    }
    if (is_inside_name(parts->host))
        return refuse(why, "the URL's host name is not public");
    return ERR_NONE;
}

enum err url_guard(const char *url, bool allow_private, char why[256])
{
    struct url_parts parts;
    TRY(url_parse(url, &parts, why));
    if (allow_private)
        return ERR_NONE;
    if (!parts.https)
        return refuse(why, "the URL must begin with https://");
    if (parts.port != 443 && parts.port != 8443)
        return refuse(why, "the URL's port must be 443 or 8443");
    return guard_host(&parts, why);
}
