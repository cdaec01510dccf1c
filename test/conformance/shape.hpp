#pragma once

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test::conformance {

/// A kind of line that is not compared, and why.
struct noise {
  std::string_view kind; ///< How the shape of such a line begins.
  std::string_view reason;
};

/// All that is not compared, in one place. Everything else is.
const std::vector<noise>& noises();

/// Whether a line of this shape is not compared.
bool is_noise(std::string_view shape);

/// What the ids in a scenario are called. Prompts and the host's own requests
/// have the names that the scenario gives them; what Claude invents is numbered
/// in the order in which it appears: `ask 1`, `task 1`, `session 1`.
class names {
public:
  /// The uuid of the scenario's prompt with this name; always the same one.
  std::string uuid_of(const std::string& prompt);

  /// The name of a uuid or request id; `?` when the scenario has none for it.
  std::string prompt(const std::string& uuid) const;
  std::string ask(const std::string& request_id);
  std::string task(const std::string& id);
  std::string session(const std::string& id);

  /// Claude's id of a request that was named `ask N`.
  std::string id_of_ask(const std::string& name) const;

  /// The session that was named last; empty if none was.
  const std::string& last_session() const { return last_session_; }

private:
  using table = std::map<std::string, std::string>;

  static std::string numbered(table& known, const char* kind,
                              const std::string& id);

  table uuids_; // by name
  table asks_;  // by id, as the others
  table tasks_;
  table sessions_;
  std::string last_session_;
};

/// What is compared of a line: type, subtype, who is named where, `is_error`.
/// Neither texts nor members that no host looks at. A line that is no JSON has
/// the shape `no JSON`.
std::string shape_of(std::string_view line, names& known);

/// The JSON in a line, whose text may hold half a surrogate pair, which the
/// parser refuses; it becomes U+FFFD. `discarded` if it is no JSON.
nlohmann::json parse_line(std::string_view line);

/// Both lists beside each other, with a mark at what differs; empty when they
/// are equal.
std::string difference(const std::vector<std::string>& recorded,
                       const std::vector<std::string>& played);

} // namespace container_agent::test::conformance
