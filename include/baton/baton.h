/* Baton, a work queue that spans machines: the C interface of libbaton. C11 and later, C++ too.
 *
 * For all functions:
 *
 * - Threads. Any function may be called from any thread, and several threads may wait on one
 *   handle, with two exceptions: options belong to one thread at a time, and a handle is freed
 *   once, when no other call uses it.
 * - Results. A function that can fail returns BATON_OK or another status; baton_last_error() then
 *   has a sentence for people, which belongs to the calling thread. Output parameters are only
 *   written with BATON_OK.
 * - Time. `timeout_ms` is how long the call may block, in milliseconds: BATON_NOW (0) not at all
 *   (but see baton_get), BATON_FOREVER (-1, or any negative number) without limit. When the time
 *   is up the result is BATON_WOULD_BLOCK, and the call has had no effect.
 * - Waiting calls end early with BATON_INTERRUPTED (see the interrupt functions), BATON_CLOSED
 *   (another thread has closed the client), BATON_SHUTDOWN, BATON_UNREACHABLE or BATON_REFUSED.
 *   Nothing is lost. After the last two all later calls that wait return the same, until the client
 *   is closed.
 * - Ownership. The caller frees what a `..._new` returns with its `..._free`, which also accepts
 *   NULL. String arguments are copied. Returned strings live as long as the handle they came from.
 * - fork(). A handle belongs to the process that made it. In a child process each call returns
 *   BATON_FORKED, and `..._free` frees memory only; the parent is not disturbed. New handles work
 *   at once.
 * - The library installs no signal handler, changes no limit and no locale, writes to no file
 *   descriptor of the process and never ends the process.
 * - Signals. None is delivered to the library's threads, except those that a fault of the thread
 *   itself raises (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS): for these a handler
 *   of the process is called as usual. Two threads of each runtime belong to libzmq; they block
 *   these, too, so that a fault there ends the process without calling a handler.
 */
#ifndef BATON_BATON_H
#define BATON_BATON_H

#include <stddef.h>
#include <stdint.h>

#if defined(BATON_BUILDING)
#define BATON_API __attribute__((visibility("default")))
#else
#define BATON_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- statuses -------------------------------------------------------------------------------- */

typedef int32_t baton_status;

enum {
  BATON_OK = 0,
  BATON_WOULD_BLOCK = 1,  /* the time is up; with BATON_NOW: the call would have had to wait */
  BATON_INTERRUPTED = 2,  /* an interrupt function was called */
  BATON_CLOSED = 3,       /* this client was closed */
  BATON_STOPPED = 4,      /* this client was stopped */
  BATON_SHUTDOWN = 5,     /* the whole system is ending: no more items go in or out */
  BATON_NOT_HELD = 6,     /* the item's lease has ended: it goes to another consumer */
  BATON_BUSY = 7,         /* a call of the same kind is running on this handle */
  BATON_UNREACHABLE = 8,  /* no broker answered within the connect timeout */
  BATON_REFUSED = 9,      /* the broker rejected this client: baton_last_error() says why */
  BATON_UNCONFIRMED = 10, /* the broker did not confirm the end: the last calls may be lost */
  BATON_INVALID_ARGUMENT = 11, /* a value is out of range, or NULL where that is not allowed */
  BATON_FORKED = 12,           /* the handle was made by the parent process */
  BATON_NO_RESOURCES = 13,     /* no memory, descriptors or threads left */
  BATON_INTERNAL = 14          /* a defect of this library: please report it */
};

/* The status's name, such as "BATON_CLOSED"; "unknown status" for other numbers. Never NULL. */
BATON_API const char *baton_status_name(baton_status status);
/* What it means, in a sentence. Never NULL. */
BATON_API const char *baton_status_text(baton_status status);
/* The message of this thread's last call that did not return BATON_OK. Never NULL; valid until the
 * thread's next call that fails. */
BATON_API const char *baton_last_error(void);
/* After BATON_REFUSED: the reason's name in the protocol, such as "version" or "fenced"; else "".
 * Never NULL. */
BATON_API const char *baton_last_refusal(void);
/* The library's version, such as "0.1.0". */
BATON_API const char *baton_version(void);

#define BATON_NOW     INT64_C(0)
#define BATON_FOREVER (-INT64_C(1))

/* --- runtime --------------------------------------------------------------------------------- */

/* Threads and sockets that clients of a process may share: three threads and about 16
 * descriptors, whatever the number of clients; each client in contact has about 12 descriptors
 * more. A client created without a runtime has one of its own. */
typedef struct baton_runtime baton_runtime;

BATON_API baton_status baton_runtime_new(baton_runtime **runtime);
/* Clients that use the runtime keep it alive. */
BATON_API void baton_runtime_free(baton_runtime *runtime);

/* --- options --------------------------------------------------------------------------------- */

/* Options of producers and consumers. One object may be used for several clients: `..._new`
 * copies it. */
typedef struct baton_options baton_options;

/* Returns NULL when there is no memory. */
BATON_API baton_options *baton_options_new(void);
BATON_API void baton_options_free(baton_options *options);

/* "HOST[:PORT]": a name, an IPv4 address or an IPv6 address in brackets. Default: the environment
 * variable BATON_BROKER, else 127.0.0.1:5555. BATON_INVALID_ARGUMENT for anything else. */
BATON_API baton_status baton_options_set_broker(baton_options *options, const char *broker);
/* The queue that a producer puts into, or a consumer gets from. Default: "default". A queue's name
 * has 1 to 200 characters of A-Z a-z 0-9 . _ - / */
BATON_API baton_status baton_options_set_queue(baton_options *options, const char *queue);
/* Consumers: adds a queue, 64 at most. If several hold items, the broker chooses. */
BATON_API baton_status baton_options_add_queue(baton_options *options, const char *queue);
/* Producers: identity. A later process with the same name continues where this one was, and join
 * waits for the items of all of them. Consumers: for people; dead items name it. At most 200 bytes
 * of UTF-8, without control characters (tab and newline included), characters that change the
 * writing direction, and U+FEFF. "": none. */
BATON_API baton_status baton_options_set_name(baton_options *options, const char *name);
/* Consumers: items to request beyond those that calls wait for. Default 0: nothing is ever
 * withheld from an idle consumer. */
BATON_API baton_status baton_options_set_prefetch(baton_options *options, uint32_t items);
/* How long to search for a broker at first, in milliseconds, or BATON_FOREVER. Default 10,000. A
 * client that has reached a broker once searches for it without limit. */
BATON_API baton_status baton_options_set_connect_timeout(baton_options *options,
                                                         int64_t timeout_ms);
/* A runtime shared with other clients, made by this process (else BATON_FORKED). NULL: the client
 * has its own. */
BATON_API baton_status baton_options_set_runtime(baton_options *options, baton_runtime *runtime);

/* Whether console lines begin with "[host] ". */
enum {
  BATON_HOST_TAG_AUTOMATIC = 0, /* if the broker runs on another host; the default */
  BATON_HOST_TAG_ON = 1,
  BATON_HOST_TAG_OFF = 2
};
BATON_API baton_status baton_options_set_host_tag(baton_options *options, int32_t host_tag);

/* What a client reports while a call waits. */
enum {
  BATON_LOG_INFO = 1,   /* contact is back */
  BATON_LOG_WARNING = 2 /* a call waits, and why */
};
enum {
  BATON_LOG_CONTACT = 1, /* "in contact [again] with the broker at ..." */
  BATON_LOG_WAITING = 2  /* "queue 'default' is full (...)", "no contact with the broker at ..." */
};
/* Called by the waiting thread after half a second, and again when the reason changes. No lock is
 * held, so it may call functions of the client. `text` is valid during the call. It must not throw
 * or jump out. NULL: none. */
typedef void (*baton_log_callback)(void *context, int32_t level, int32_t code, const char *text);
BATON_API baton_status baton_options_set_log(baton_options *options, baton_log_callback log,
                                             void *context);

/* --- producer -------------------------------------------------------------------------------- */

typedef struct baton_producer baton_producer;

/* Returns at once: the connection is made and kept in the background. May return
 * BATON_INVALID_ARGUMENT or BATON_NO_RESOURCES. `options` may be NULL: the defaults. */
BATON_API baton_status baton_producer_new(const baton_options *options, baton_producer **producer);
/* Closes it first if necessary, within 5 s. */
BATON_API void baton_producer_free(baton_producer *producer);

/* Options of a put; NULL means the defaults. */
typedef struct baton_put_options baton_put_options;
BATON_API baton_put_options *baton_put_options_new(void);
BATON_API void baton_put_options_free(baton_put_options *options);
/* 0 to 9, higher ones are delivered first. Default 4. */
BATON_API baton_status baton_put_options_set_priority(baton_put_options *options,
                                                      uint32_t priority);
/* The item is delivered after this time, not before: 0 to 4,294,967,295 ms (49 days). Default 0. */
BATON_API baton_status baton_put_options_set_delay(baton_put_options *options, int64_t delay_ms);

/* Puts an item of at most 16 MiB, which is copied. Returns when it is on its way, not when it is
 * stored: see baton_producer_flush(). Waits while the queue is full, or while too much is
 * unconfirmed. `sequence_number` (or NULL) receives the item's number among those of this
 * producer, from 1. A handler that puts into the queue it consumes should set a time limit: if
 * the queue is full and all handlers wait here, nothing makes room. */
BATON_API baton_status baton_put(baton_producer *producer, const void *body, size_t size,
                                 const baton_put_options *options, int64_t timeout_ms,
                                 uint64_t *sequence_number);
/* Waits until the broker has confirmed (a durable broker: stored) everything put and printed. */
BATON_API baton_status baton_producer_flush(baton_producer *producer, int64_t timeout_ms);
/* Waits until all items that were put under this producer's name are settled: done, dead, or
 * lost with a broker that stores nothing. */
BATON_API baton_status baton_producer_join(baton_producer *producer, int64_t timeout_ms);
/* Prints lines on the system's console, as one block: at most 1 MiB, with the host's tags and
 * the last newline. */
BATON_API baton_status baton_producer_print(baton_producer *producer, const char *lines,
                                            size_t size, int64_t timeout_ms);

/* What became of a producer's items, by the broker's last report (once a second). Any pointer may
 * be NULL. `put` counts all items that were put under its name. */
BATON_API baton_status baton_producer_counts(baton_producer *producer, uint64_t *put,
                                             uint64_t *done, uint64_t *dead, uint64_t *lost);
/* The producer's dead items: what is known of the last 1,000, by index from 0. The texts come from
 * handlers: do not trust them. An index that is too large gives 0 or an empty string. */
typedef struct baton_dead_items baton_dead_items;
BATON_API baton_status baton_producer_dead_items(baton_producer *producer, baton_dead_items **dead);
BATON_API void baton_dead_items_free(baton_dead_items *dead);
BATON_API size_t baton_dead_items_count(const baton_dead_items *dead);
BATON_API uint64_t baton_dead_item_id(const baton_dead_items *dead, size_t index);
BATON_API const char *baton_dead_item_queue(const baton_dead_items *dead, size_t index);
/* The first 200 bytes of the body, printable (NUL as \x00), with its size behind a longer one. */
BATON_API const char *baton_dead_item_body(const baton_dead_items *dead, size_t index);
BATON_API uint64_t baton_dead_item_failures(const baton_dead_items *dead, size_t index);
/* The known last failures of the item, oldest first: the consumer's name, or host and process id;
 * the reason; and how long before the item's death, in milliseconds. */
BATON_API size_t baton_dead_item_history(const baton_dead_items *dead, size_t index);
BATON_API const char *baton_dead_item_consumer(const baton_dead_items *dead, size_t index,
                                               size_t failure);
BATON_API const char *baton_dead_item_reason(const baton_dead_items *dead, size_t index,
                                             size_t failure);
BATON_API int64_t baton_dead_item_age_ms(const baton_dead_items *dead, size_t index,
                                         size_t failure);

/* The input of a named producer: a process that reads the same input again puts only what no
 * earlier process of that name has put. It compares content: give it the input's items from the
 * beginning, and put all items of that producer with it. One thread at a time. */
typedef struct baton_input baton_input;
/* Waits until the broker has reported what was put before. If `again` is not 0, that is ignored.
 * Free it before its producer. */
BATON_API baton_status baton_input_new(baton_producer *producer, int32_t again, int64_t timeout_ms,
                                       baton_input **input);
BATON_API void baton_input_free(baton_input *input);
enum {
  BATON_INPUT_FRESH = 0,       /* to be put: baton_input_put() */
  BATON_INPUT_ALREADY_PUT = 1, /* if not, a conflict is reported before any item is fresh */
  BATON_INPUT_CONFLICT = 2     /* the input differs from what was put before; stays so */
};
/* Moves to the input's next item, and reports its state in `which`. BATON_INVALID_ARGUMENT, without
 * effect, while a fresh item is still to be put, or skipped. */
BATON_API baton_status baton_input_next(baton_input *input, const void *body, size_t size,
                                        int32_t *which);
/* Leaves that item out: it counts as put, though nobody has put it. */
BATON_API baton_status baton_input_skip(baton_input *input);
/* Puts the item last given to baton_input_next(): BATON_INVALID_ARGUMENT for another one. Must be
 * called again after BATON_WOULD_BLOCK; or the input is freed, and the next process puts it. */
BATON_API baton_status baton_input_put(baton_input *input, const void *body, size_t size,
                                       const baton_put_options *options, int64_t timeout_ms,
                                       uint64_t *sequence_number);
/* The number of items so far; how many of them are certainly the same as before; how many were
 * put before; and 1 if the input may end here (it had everything that was put before), else 0. */
BATON_API uint64_t baton_input_items(const baton_input *input);
BATON_API uint64_t baton_input_same(const baton_input *input);
BATON_API uint64_t baton_input_already_put(const baton_input *input);
BATON_API int32_t baton_input_complete(const baton_input *input);

/* Calls that wait, now or later, return BATON_STOPPED. Items already put stay put;
 * baton_producer_close() still sends them, without waiting until all are confirmed. */
BATON_API baton_status baton_producer_stop(baton_producer *producer);
/* 1 if the broker was heard within the last two seconds, else 0. */
BATON_API int32_t baton_producer_in_contact(baton_producer *producer);

/* All waiting calls on this client, or else the next one that would wait, return
 * BATON_INTERRUPTED. Only this function and baton_consumer_interrupt() may be called by a signal
 * handler. Does nothing in a child process. */
BATON_API void baton_producer_interrupt(baton_producer *producer);
/* For event loops: `*fd` is readable when something has changed: contact, room, an item requested
 * with baton_consumer_request(), a completed flush or join, an event. The loop then calls the
 * dispatch function, and its own calls with BATON_NOW until they return BATON_WOULD_BLOCK. The
 * descriptor belongs to the client: poll it, but do not read or close it. */
BATON_API baton_status baton_producer_fd(baton_producer *producer, int *fd);
BATON_API baton_status baton_producer_dispatch(baton_producer *producer);

/* Waits until everything is confirmed, and ends the session, within `timeout_ms` in total.
 *
 * BATON_OK: all that was put and printed is confirmed, and the broker has confirmed the end. There
 * are three cases without the latter: the client never reached a broker; the broker is silent for
 * 2 s, or has no room for the client, and nothing is left that it has to learn; or it is silent for
 * 3 s after it has reported the shutdown of the system, whose items are all done then. A broker
 * that is still there notices within 3 s that the client is gone.
 * BATON_UNCONFIRMED: the end was not confirmed in time, or for 5 s there was no progress; what
 * baton_producer_flush() has not reported as confirmed may be lost.
 * BATON_UNREACHABLE, BATON_REFUSED: this had ended the session before.
 * BATON_INTERRUPTED: another call goes on with it.
 *
 * The client is closed by any of these. Calls that wait in other threads return BATON_CLOSED,
 * and so do later ones that would put, print or wait (docs/API.md has all). A second close returns
 * BATON_OK. */
BATON_API baton_status baton_producer_close(baton_producer *producer, int64_t timeout_ms);

/* --- consumer -------------------------------------------------------------------------------- */

typedef struct baton_consumer baton_consumer;

/* Like baton_producer_new(). */
BATON_API baton_status baton_consumer_new(const baton_options *options, baton_consumer **consumer);
/* Closes it first if necessary, within 5 s: items it holds fail, with the reason "not settled when
 * its consumer ended". Calls on items that are left then do what they do after a close. */
BATON_API void baton_consumer_free(baton_consumer *consumer);

/* An item that its consumer holds: leased to it until the item is settled or the session is lost.
 * The consumer's heartbeats keep the lease, so work may take as long as it likes. */
typedef struct baton_item baton_item;

/* Gets one item, on demand: none is sent before it is requested. With a time limit the call
 * requests, waits, cancels the request, and waits for the broker to confirm that no item is on its
 * way: a round trip more than `timeout_ms`, at most 0.1 s. (An item that comes even later is
 * released.) After baton_consumer_request() BATON_NOW does not wait at all. */
BATON_API baton_status baton_get(baton_consumer *consumer, int64_t timeout_ms, baton_item **item);
/* Gets 1 to `most` items: the first like baton_get(), and those that came with it. */
BATON_API baton_status baton_get_batch(baton_consumer *consumer, size_t most, int64_t timeout_ms,
                                       baton_item **items, size_t *count);
/* For event loops: requests `items` more items, at most 65,536 in total. From the first call on
 * baton_get() with BATON_NOW only returns items requested this way, once they are there, and never
 * waits. */
BATON_API baton_status baton_consumer_request(baton_consumer *consumer, uint32_t items);

/* For an item that is not settled yet; the body is not copied and has no NUL byte at its end. For
 * NULL: no body, an empty string and 0. */
BATON_API const void *baton_item_body(const baton_item *item, size_t *size);
BATON_API const char *baton_item_queue(const baton_item *item);
BATON_API uint64_t baton_item_id(const baton_item *item);
BATON_API uint32_t baton_item_priority(const baton_item *item);
/* How often it was delivered, including this time; 65,535 means that often or more. */
BATON_API uint32_t baton_item_delivery_count(const baton_item *item);

/* Settle an item, and free it whatever the result. BATON_OK: the broker will be told;
 * baton_consumer_flush() waits until it is stored. BATON_NOT_HELD: the lease had ended before.
 * BATON_CLOSED: the consumer was closed before. Do not block. */
BATON_API baton_status baton_item_ack(baton_item *item);
/* The item has failed: it is delivered again after `delay_ms` (clamped to 0 .. 49 days), or dead
 * after its last attempt. `reason` (or NULL) is stored with it, cut to 4,096 bytes. */
BATON_API baton_status baton_item_fail(baton_item *item, const char *reason, int64_t delay_ms);
/* Gives the item back as if it had not been delivered: no failure is counted. */
BATON_API baton_status baton_item_release(baton_item *item);

/* Why work on an item should stop: BATON_NOT_HELD if its lease has ended, BATON_STOPPED or
 * BATON_CLOSED if its consumer was stopped or closed; else BATON_OK. Does not block. */
BATON_API baton_status baton_item_stop_reason(const baton_item *item);
/* Sleeps until there is a reason to stop, and returns it; BATON_WOULD_BLOCK when the time is up. */
BATON_API baton_status baton_item_wait_stop(const baton_item *item, int64_t timeout_ms);

/* The result of a handler of baton_consumer_run(). */
enum {
  BATON_ACK = 0,
  BATON_FAIL = 1, /* see baton_item_set_failure() */
  BATON_RELEASE = 2,
  BATON_KEEP = 3 /* the handler owns it: it has settled it, or settles it later */
};
/* Sets reason and delay for a later BATON_FAIL of the handler. */
BATON_API baton_status baton_item_set_failure(baton_item *item, const char *reason,
                                              int64_t delay_ms);
/* Works on one item. It must not throw or jump out. Any result other than the four above counts as
 * BATON_FAIL. */
typedef int32_t (*baton_handler)(void *context, baton_item *item);

typedef struct baton_run_options baton_run_options;
BATON_API baton_run_options *baton_run_options_new(void);
BATON_API void baton_run_options_free(baton_run_options *options);
/* Number of handlers that run at the same time, each on its own thread (one is the caller's): 1 to
 * 4,096. Default 1. */
BATON_API baton_status baton_run_options_set_jobs(baton_run_options *options, uint32_t jobs);
/* Called by each job before it requests its next item, for example to wait. NULL: none. */
BATON_API baton_status baton_run_options_set_before_get(baton_run_options *options,
                                                        void (*before_get)(void *context),
                                                        void *context);
/* Return after this many items. Default 0: without limit. */
BATON_API baton_status baton_run_options_set_count(baton_run_options *options, uint64_t items);

/* Gets items and passes them to `handler`, until baton_consumer_stop(), shutdown or the count of
 * items: then BATON_OK. Returns when all handlers have finished, and prefetched items are given
 * back. May be called again. BATON_BUSY while it runs in another thread, or when a handler calls
 * it. BATON_CLOSED when the consumer was closed, BATON_INTERRUPTED by an interrupt; both also
 * after its handlers have finished. */
BATON_API baton_status baton_consumer_run(baton_consumer *consumer, baton_handler handler,
                                          void *context, const baton_run_options *options);
/* Makes baton_consumer_run() take no more items and return when its handlers have finished; if it
 * is not running, the next call returns at once. */
BATON_API baton_status baton_consumer_stop(baton_consumer *consumer);

/* Sleeps until baton_consumer_run() should end: BATON_STOPPED, BATON_CLOSED, BATON_SHUTDOWN,
 * BATON_UNREACHABLE or BATON_REFUSED; BATON_WOULD_BLOCK when the time is up. */
BATON_API baton_status baton_consumer_wait_stop(baton_consumer *consumer, int64_t timeout_ms);

/* Waits until the broker has confirmed (a durable broker: stored) everything settled and
 * printed. */
BATON_API baton_status baton_consumer_flush(baton_consumer *consumer, int64_t timeout_ms);
/* Like baton_producer_print(). Lines are printed before items that are settled later. */
BATON_API baton_status baton_consumer_print(baton_consumer *consumer, const char *lines,
                                            size_t size, int64_t timeout_ms);

/* Problems with items that this consumer had; up to 1,000 are kept until they are read. */
typedef struct baton_event baton_event;
enum {
  BATON_EVENT_LEASE_ENDED = 1, /* an item that it holds goes to another consumer */
  BATON_EVENT_NOT_GRANTED = 2, /* an ack, failure or release came too late */
  BATON_EVENT_MORE = 3         /* baton_event_count() more items, for which there was no room */
};
BATON_API baton_status baton_consumer_next_event(baton_consumer *consumer, int64_t timeout_ms,
                                                 baton_event **event);
BATON_API int32_t baton_event_kind(const baton_event *event);
BATON_API uint64_t baton_event_item_id(const baton_event *event); /* 0 if it has none */
BATON_API uint64_t baton_event_count(const baton_event *event);   /* 1 for one item */
BATON_API void baton_event_free(baton_event *event);

/* Like those of a producer. */
BATON_API int32_t baton_consumer_in_contact(baton_consumer *consumer);
BATON_API void baton_consumer_interrupt(baton_consumer *consumer);
BATON_API baton_status baton_consumer_fd(baton_consumer *consumer, int *fd);
BATON_API baton_status baton_consumer_dispatch(baton_consumer *consumer);

/* What close does with items that are still held. */
enum {
  BATON_FAIL_HELD = 0,   /* they fail, with `reason` */
  BATON_RELEASE_HELD = 1 /* they are given back; no failure is counted */
};
/* Like baton_producer_close(): BATON_OK means that all that was settled and printed is confirmed.
 * BATON_UNCONFIRMED: the broker gives items that it does not know to be settled to other consumers.
 * `reason` may be NULL. Settling an item that is left only frees it, and returns BATON_CLOSED. */
BATON_API baton_status baton_consumer_close(baton_consumer *consumer, int32_t held,
                                            const char *reason, int64_t timeout_ms);

/* --- printer --------------------------------------------------------------------------------- */

/* Receives the console lines that producers and consumers print. */
typedef struct baton_printer baton_printer;

/* Like baton_producer_new(). The options queue, name and prefetch do not apply. */
BATON_API baton_status baton_printer_new(const baton_options *options, baton_printer **printer);
/* Closes it first if necessary, within 5 s. */
BATON_API void baton_printer_free(baton_printer *printer);
/* Writes whole blocks of lines, and returns how many bytes it has written. A result below `size`
 * ends the run: the next printer begins with the block that was cut. It must not throw or jump
 * out. */
typedef size_t (*baton_writer)(void *context, const char *lines, size_t size);
/* Passes all blocks to `writer`, each once and in one order, until baton_printer_stop(), shutdown
 * or a short write: then BATON_OK. If the broker no longer has all of them, a line in brackets says
 * how many are missing. BATON_BUSY while it is already running. BATON_OK also when the printer is
 * closed, before or meanwhile. */
BATON_API baton_status baton_printer_run(baton_printer *printer, baton_writer writer,
                                         void *context);
/* Makes baton_printer_run() return after the current write; if it is not running, the next call
 * returns at once. */
BATON_API baton_status baton_printer_stop(baton_printer *printer);
/* Like baton_producer_close(). The broker knows what was written, and the next printer continues
 * there. */
BATON_API baton_status baton_printer_close(baton_printer *printer, int64_t timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
