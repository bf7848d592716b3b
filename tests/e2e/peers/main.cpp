// Clients that the end-to-end tests need as processes of their own, and that no program of ours is.
#include <iostream>
#include <string>
#include <vector>

#include "tests/e2e/peers/peers.hpp"

int main(int argc, char** argv) {
  using namespace baton::internal::e2e;
  const std::vector<std::string> args(argv + 1, argv + argc);
  try {
    if (args.size() == 5 && args[0] == "heartbeats")
      return send_heartbeats(args[1], std::stoi(args[2]), args[3], args[4]);
    if (args.size() == 3 && args[0] == "consumers")
      return be_consumers(args[1], std::stoi(args[2]));
    if (args.size() == 4 && args[0] == "producers")
      return be_producers(args[1], std::stoi(args[2]), std::stoi(args[3]));
    if (args.size() == 3 && args[0] == "worker") return be_worker(args[1], args[2]);
    if (args.size() == 3 && args[0] == "holder") return be_holder(args[1], args[2]);
    if (args.size() == 5 && args[0] == "aborts")
      return be_aborting_worker(args[1], std::stoi(args[2]), std::stoi(args[3]),
                                std::stoi(args[4]));
  } catch (const std::exception& error) {
    std::cerr << "test-peer: " << error.what() << '\n';
    return 1;
  }
  std::cerr << "test-peer heartbeats HOST:PORT DELIVERY_PORT SESSION kill|reset\n"
               "test-peer consumers HOST:PORT COUNT\n"
               "test-peer producers HOST:PORT COUNT ITEMS\n"
               "test-peer worker HOST:PORT throws|returns|exits|exits-in-handler\n"
               "test-peer holder HOST:PORT QUEUE\n"
               "test-peer aborts HOST:PORT PREFETCH JOBS CONSUMERS\n";
  return 2;
}
