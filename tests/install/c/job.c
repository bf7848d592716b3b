/* A producer and a consumer in C11, as a user writes them: puts three items, works on them, and waits until all are done. */
#include <baton/baton.h>
#include <stdio.h>
#include <string.h>

static void check(baton_status status, const char *what) {
  if (status == BATON_OK) return;
  fprintf(stderr, "%s: %s: %s\n", what, baton_status_name(status), baton_last_error());
}

static int32_t work(void *context, baton_item *item) {
  size_t size = 0;
  const char *body = baton_item_body(item, &size);
  unsigned *done = context;
  printf("%u: %.*s\n", ++*done, (int)size, body);
  return BATON_ACK;
}

int main(void) {
  static const char *const names[] = {"Rick", "Morty", "Summer"};
  unsigned done = 0;
  uint64_t acked = 0;
  baton_producer *producer = NULL;
  baton_consumer *consumer = NULL;
  baton_run_options *run = baton_run_options_new();
  check(baton_run_options_set_count(run, 3), "run options");
  check(baton_producer_new(NULL, &producer), "producer");
  check(baton_consumer_new(NULL, &consumer), "consumer");
  for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
    check(baton_put(producer, names[i], strlen(names[i]), NULL, BATON_FOREVER, NULL), "put");
  check(baton_consumer_run(consumer, work, &done, run), "run");
  check(baton_producer_join(producer, 20000), "join");
  check(baton_producer_counts(producer, NULL, &acked, NULL, NULL), "counts");
  check(baton_consumer_close(consumer, BATON_RELEASE_HELD, NULL, 20000), "close");
  check(baton_producer_close(producer, 20000), "close");
  baton_run_options_free(run);
  baton_consumer_free(consumer);
  baton_producer_free(producer);
  return done == 3 && acked == 3 ? 0 : 1;
}
