#include "workers/face.h"
