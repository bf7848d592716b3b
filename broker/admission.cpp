#include "broker/admission.hpp"

#include <array>
#include <vector>
#include <zmq_addon.hpp>

#include "net/sockets.hpp"

namespace baton::broker {
namespace {

// The frames of a request (RFC 27): version, request id, domain, address, identity, mechanism, credentials.
enum Frame : std::size_t { request_id = 1, domain = 2, mechanism = 5, user = 6, password = 7, all_frames = 8 };

}  // namespace

Admission::Admission(zmq::context_t& context) : socket_(make_socket(context, zmq::socket_type::rep)) {
  socket_.bind("inproc://zeromq.zap.01");
}

std::optional<Knock> Admission::next() {
  std::vector<zmq::message_t> frames;
  while (zmq::recv_multipart(socket_, std::back_inserter(frames), zmq::recv_flags::dontwait)) {
    const auto text = [&](Frame which) { return which < frames.size() ? frames[which].to_string() : std::string(); };
    Knock knock{text(request_id), text(domain), text(user), text(password)};
    if (frames.size() == all_frames && text(mechanism) == "PLAIN") return knock;
    answer(knock, false);
    frames.clear();
  }
  return std::nullopt;
}

void Admission::answer(const Knock& knock, bool admitted) {
  // The answer's frames: version, request id, status code, status text, user id, metadata.
  const std::string status = admitted ? "200" : "400";
  zmq::send_multipart(socket_, std::array{zmq::str_buffer("1.0"), zmq::buffer(knock.request), zmq::buffer(status),
                                          zmq::str_buffer(""), zmq::str_buffer(""), zmq::str_buffer("")});
}

}  // namespace baton::broker
