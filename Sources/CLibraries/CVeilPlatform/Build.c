// The commit that Package.swift was given; empty where nobody gave one.
#include "CVeilPlatform.h"

#ifndef VEIL_COMMIT
#define VEIL_COMMIT ""
#endif

const char *veil_commit(void) { return VEIL_COMMIT; }
