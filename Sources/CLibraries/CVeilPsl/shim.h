// What Swift sees of libpsl.
#include <libpsl.h>
