#include "test/simulation/byte_ledger.hpp"

namespace container_agent::simulation {

void byte_ledger::arrived(std::string_view data) {
  auto expected = std::string_view{open_}.substr(begin_, data.size());
  if (data != expected)
    return run_.violate(whose_ + " bytes from " + std::to_string(count_)
                        + " on are \"" + std::string{data.substr(0, 60)}
                        + "\" where \"" + std::string{expected.substr(0, 60)}
                        + "\" was written");
  count_ += data.size();
  begin_ += data.size();
  if (begin_ == open_.size() || begin_ > 64 * 1024) {
    open_.erase(0, begin_);
    begin_ = 0;
  }
}

} // namespace container_agent::simulation
