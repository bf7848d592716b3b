/* A child frees what its parent has made. It exits with 0 when that leaks nothing: see valgrind. */
#include <baton/baton.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  baton_runtime *runtimes[2] = {NULL, NULL};
  baton_producer *producer = NULL;
  baton_options *options = baton_options_new();
  int status = 1;
  pid_t child;
  if (baton_runtime_new(&runtimes[0]) != BATON_OK || baton_runtime_new(&runtimes[1]) != BATON_OK ||
      baton_options_set_runtime(options, runtimes[0]) != BATON_OK ||
      baton_producer_new(options, &producer) != BATON_OK)
    return 2;
  child = fork();
  if (child > 0 && waitpid(child, &status, 0) != child) return 3;
  baton_producer_free(producer);
  baton_options_free(options);
  baton_runtime_free(runtimes[0]);
  baton_runtime_free(runtimes[1]);
  return child == 0 || status == 0 ? 0 : 1;
}
