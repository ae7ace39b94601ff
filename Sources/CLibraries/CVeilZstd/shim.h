// What Swift sees of zstd.
#include <zstd.h>
#include <zstd_errors.h>
