// The shell around the core: sockets, clock and signals. One thread.
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "broker/control_endpoint.hpp"
#include "broker/delivery_links.hpp"
#include "broker/dispatcher.hpp"
#include "broker/notification_endpoint.hpp"
#include "broker/plain_endpoints.hpp"
#include "net/broker_address.hpp"
#include "os/wake.hpp"

namespace baton::internal::broker {

struct ServerOptions {
  std::string bind = "127.0.0.1";     ///< address of the endpoints and links
  std::uint16_t port = default_port;  ///< of the put endpoint, the base port; 0: any free block of
                                      ///< ports
  std::optional<PortRange> delivery_ports;
  CoreSettings settings;
};

class Server final : private Shell {
 public:
  /// Binds the endpoints, then loads what `storage` has kept. Throws std::runtime_error, naming the
  /// port, when binding fails. `changed` is signalled when the storage has news. Both must outlive
  /// the server.
  Server(const ServerOptions& options, Storage& storage, Wake& changed);

  const BrokerAddress& address() const { return address_; }
  /// Items restored from an earlier broker, including dead ones.
  std::uint64_t items_before() const { return items_before_; }

  /// Serves until the system has ended (returns its exit code) or until one of stop_signals()
  /// (returns 0, or 1 if exit_when_done was set and the end had not begun). Those signals must be
  /// blocked in all threads.
  int run();

 private:
  void bind(std::uint16_t port);
  void bind_any_block();
  void unbind_all();
  void wait();
  void turn(Duration for_control);
  void read_put(Time until);
  void carry_out();
  void open_link(const SessionId& session, std::uint32_t generation) override;
  void close_link(const SessionId& session, std::uint32_t generation) override;
  void send(Effects::LinkMessage& message) override { links_.send(message); }
  void send(Effects::Notification& notification) override { notifications_.send(notification); }
  void put_out(std::vector<std::string>& bodies) override;
  void log(const std::string& line) override;
  void log_refusals();
  void log_dead();
  void log_ended();
  bool signalled();
  int stop();

  zmq::context_t context_;
  zmq::socket_t put_;
  ControlEndpoint control_;
  NotificationEndpoint notifications_;
  DeliveryLinks links_;
  std::optional<PlainEndpoints> plain_;
  BrokerAddress address_;
  Wake& storage_changed_;
  Dispatcher dispatcher_;
  std::uint64_t items_before_;
  int signals_;                                            // a signalfd
  std::uint64_t turned_away_ = 0, received_too_much_ = 0;  // connections, as logged
};

}  // namespace baton::internal::broker
