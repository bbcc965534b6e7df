/* Recovery: what the journal of a former coordinator says runs is known again, before anybody connects.
 *
 * What was received and not committed has ended (presumed abort). A committed program whose object is not in the base
 * folder has ended as well. The segments come back from the service manager, where it kept them, or later from
 * consumers and guests; the memfd is known by its device and inode. */
#pragma once
#include <vector>

#include "host/fleet_state.hpp"
#include "host/service_manager.hpp"

namespace hp {

/* stored: what the service manager has kept, by ident. Fails when the journal or an object cannot be read: a
 * coordinator that went on would lose what is committed. */
Result<> recover(FleetState&, std::vector<service_manager::Inherited::Named> stored, Effects&);

}  // namespace hp
