#pragma once

#include "test/hygiene/source_tree.hpp"

namespace container_agent::test {

/// What is wrong with "One message's way, in six files" of
/// docs/architecture.md. Each of its six steps begins with a file, and each
/// name in backticks there must be found: a function `f(…)` or a word in that
/// file, or a message in messages/payloads.hpp. Logs, such as `input.log`, and
/// whole lines, such as `Hello!`, are no names.
complaints way_complaints(const source_file& document);

/// A decision record says below its title when it was made and what it is worth
/// today, and one that is superseded says by which.
complaints decision_complaints(const source_file& document);

} // namespace container_agent::test
