#include "http/head_gate.h"

struct head {
    int minor; /* HTTP/1.<minor> */
    unsigned hosts, lengths, encodings;
};

static bool name_is(const char *line, const char *lower, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((line[i] | 0x20) != lower[i])
            return false;
    return line[len] == ':';
}

/* host or host:port, also [v6]:port; the characters are enough to keep it out of trouble wherever it is printed. */
static bool host_is_sane(const char *value, const char *end)
{
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (value == end || end - value > 255)
        return false;
    for (; value < end; value++) {
        char c = *value;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
              c == '_' || c == ':' || c == '[' || c == ']'))
            return false;
    }
    return true;
}

static const char *check_field(const char *line, const char *end, struct head *head)
{
    if (*line == ' ' || *line == '\t')
        return "a header line is folded";
    size_t len = (size_t)(end - line);
    switch (*line | 0x20) {
    case 'h':
        if (len > 4 && name_is(line, "host", 4)) {
            head->hosts++;
            if (!host_is_sane(line + 5, end))
                return "Host is malformed";
        }
        break;
    case 'c':
        head->lengths += len > 14 && name_is(line, "content-length", 14);
        break;
    case 't':
        head->encodings += len > 17 && name_is(line, "transfer-encoding", 17);
        break;
    default:
        break;
    }
    return NULL;
}

static const char *check_whole(const struct head *head)
{
    if (head->hosts > 1)
        return "more than one Host";
    if (head->hosts == 0 && head->minor >= 1)
        return "Host is missing";
    if (head->lengths > 1)
        return "more than one Content-Length";
    if (head->encodings > 1)
        return "more than one Transfer-Encoding";
    if (head->lengths > 0 && head->encodings > 0)
        return "both Content-Length and Transfer-Encoding";
    if (head->encodings > 0 && head->minor < 1)
        return "Transfer-Encoding with HTTP/1.0";
    return NULL;
}

const char *head_gate(const char *bytes, size_t len, size_t *head_len)
{
    struct head head = {0};
    const char *at = bytes, *end = bytes + len;
    if (len >= 2 && at[0] == '\r' && at[1] == '\n')
        at += 2;
    for (bool first = true;; first = false) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        if (lf == NULL || lf == at || lf[-1] != '\r')
            return "a line does not end with CR LF";
        const char *line = at, *stop = lf - 1;
        at = lf + 1;
        if (first) {
            if (stop - line < 9 || stop[-2] != '.' || stop[-3] != '1' || (stop[-1] != '0' && stop[-1] != '1'))
                return "only HTTP/1.1 and HTTP/1.0 are spoken here";
            head.minor = stop[-1] - '0';
            continue;
        }
        if (stop == line) {
            *head_len = (size_t)(at - bytes);
            return check_whole(&head);
        }
        const char *why = check_field(line, stop, &head);
        if (why != NULL)
            return why;
    }
}
