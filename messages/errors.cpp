#include "messages/errors.hpp"

#include <caf/deep_to_string.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <utility>

namespace container_agent {

caf::error make_error(agent_error code, std::string what) {
  return caf::error{static_cast<std::uint8_t>(code), agent_error_category,
                    caf::make_message(std::move(what))};
}

std::string to_string(agent_error code) {
  switch (code) {
    case agent_error::none: return "none";
    case agent_error::child_ended: return "child_ended";
    case agent_error::child_renewed: return "child_renewed";
    case agent_error::launch_failed: return "launch_failed";
    case agent_error::input_failed: return "input_failed";
    case agent_error::output_failed: return "output_failed";
    case agent_error::refused: return "refused";
  }
  return "unknown";
}

std::string kind_of(const caf::error& error) {
  if (!error)
    return "none";
  if (error.category() == agent_error_category)
    return to_string(static_cast<agent_error>(error.code()));
  if (error.category() == caf::atom("system"))
    return to_string(static_cast<caf::sec>(error.code()));
  if (error.category() == caf::atom("exit"))
    return to_string(static_cast<caf::exit_reason>(error.code()));
  return "error " + std::to_string(error.code()) + " of "
         + caf::to_string(error.category());
}

std::string describe(const caf::error& error) {
  auto result = kind_of(error);
  if (!error)
    return result;
  if (error.context().match_elements<std::string>())
    result += ": " + error.context().get_as<std::string>(0);
  else if (!error.context().empty())
    result += ": " + caf::deep_to_string(error.context());
  return result;
}

std::string text_of(const caf::error& error) {
  if (error && error.category() == agent_error_category
      && error.context().match_elements<std::string>())
    return error.context().get_as<std::string>(0);
  return describe(error);
}

caf::error describe_exception(const std::exception_ptr& thrown) {
  std::string what = "unknown exception";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) { // not one of ours: there is nothing to say of it
  }
  return caf::make_error(caf::sec::runtime_error, std::move(what));
}

std::string to_string(exit_code code) {
  switch (code) {
    case exit_code::graceful: return "graceful";
    case exit_code::internal_error: return "internal_error";
    case exit_code::bad_usage: return "bad_usage";
    case exit_code::bad_pipe: return "bad_pipe";
    case exit_code::claude_not_found: return "claude_not_found";
    case exit_code::gave_up_on_claude: return "gave_up_on_claude";
    case exit_code::gave_up_on_actor: return "gave_up_on_actor";
    case exit_code::already_running: return "already_running";
  }
  return "unknown";
}

} // namespace container_agent
