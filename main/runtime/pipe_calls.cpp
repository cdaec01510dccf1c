#include "main/runtime/pipe_calls.hpp"

#include "main/runtime/fifo_end.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace container_agent::runtime {

ssize_t pipe_calls::write(int to, std::string_view text) {
  return ::write(to, text.data(), text.size());
}

ssize_t pipe_calls::read(int from, std::span<char> buffer) {
  return ::read(from, buffer.data(), buffer.size());
}

ssize_t pipe_calls::splice(int from, int to, std::size_t size) {
  return ::splice(from, nullptr, to, nullptr, size, SPLICE_F_NONBLOCK);
}

std::string pipe_calls::look(int from, std::size_t size) {
  return look_at(from, size);
}

std::size_t pipe_calls::unread(int pipe) {
  return unread_bytes(pipe);
}

std::size_t pipe_calls::capacity(int pipe) {
  return fifo_capacity(pipe);
}

} // namespace container_agent::runtime
