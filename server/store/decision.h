/* decision — see review.h, where claims and decisions live together. */
#ifndef XY_DECISION_H
#define XY_DECISION_H

#include "store/review.h"

#endif
