// The yardstick: zmq_proxy between PULL and PUSH, one item a message, no acks.
#include <zmq.hpp>

#include "bench/link.hpp"

namespace baton::internal::bench {
namespace {

class ProxySender : public Sender {
 public:
  explicit ProxySender(const Way& way) {
    socket_.set(zmq::sockopt::sndhwm, way.depth);
    socket_.connect("tcp://" + way.address);
  }

  void send(std::string_view body) override { socket_.send(zmq::buffer(body)); }

  void finish() override {
    socket_.close();
    context_.close();  // waits until all is sent
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_{context_, zmq::socket_type::push};
};

class ProxyReceiver : public Receiver {
 public:
  explicit ProxyReceiver(const Way& way) {
    socket_.set(zmq::sockopt::rcvhwm, way.depth);
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(time_limit.count()));
    socket_.connect("tcp://" + way.address);
  }

  std::optional<std::string_view> receive() override {
    if (!socket_.recv(message_)) return std::nullopt;
    return message_.to_string_view();
  }

  void done() override {}

 private:
  zmq::context_t context_;
  zmq::socket_t socket_{context_, zmq::socket_type::pull};
  zmq::message_t message_;
};

std::uint32_t bind_anywhere(zmq::socket_t& socket) {
  socket.bind("tcp://127.0.0.1:*");
  const std::string endpoint = socket.get(zmq::sockopt::last_endpoint);
  return static_cast<std::uint32_t>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1)));
}

}  // namespace

std::unique_ptr<Sender> make_proxy_sender(const Way& way) {
  return std::make_unique<ProxySender>(way);
}

std::unique_ptr<Receiver> make_proxy_receiver(const Way& way) {
  return std::make_unique<ProxyReceiver>(way);
}

int run_proxy(Board& board, int high_water_mark) {
  zmq::context_t context;
  zmq::socket_t in(context, zmq::socket_type::pull);
  zmq::socket_t out(context, zmq::socket_type::push);
  in.set(zmq::sockopt::rcvhwm, high_water_mark);
  out.set(zmq::sockopt::sndhwm, high_water_mark);
  const std::uint32_t push_to = bind_anywhere(in);
  board.ports = push_to | bind_anywhere(out) << 16;
  zmq::proxy(in, out);
  return 0;
}

}  // namespace baton::internal::bench
