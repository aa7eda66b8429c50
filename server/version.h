/* version — one place for the number shown by --version, /readyz and the console. */
#ifndef XY_VERSION_H
#define XY_VERSION_H

#define XUEYING_VERSION "0.1.0"

#endif
