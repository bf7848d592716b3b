// A library to be loaded before a program's own: each sync of a file takes as many milliseconds
// longer as SLOW_SYNC_MS says.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>

extern "C" int fdatasync(int fd) {
  static auto* const real = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"));
  if (const char* ms = getenv("SLOW_SYNC_MS"))
    usleep(static_cast<useconds_t>(std::atoi(ms)) * 1000);
  return real(fd);
}
