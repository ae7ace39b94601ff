// What Swift has no word for: the hint that memory is about to be used.
#pragma once

// Begins to load the cache line at `address`. Never faults, whatever the address.
static inline __attribute__((always_inline)) void veil_prefetch(const void *address) { __builtin_prefetch(address, 1); }
