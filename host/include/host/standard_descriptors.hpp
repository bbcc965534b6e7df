/* Standard descriptors that the caller closed. */
#pragma once

namespace hp::host {

/* Puts something in the place of closed descriptors 0 to 2, so that no file of ours becomes one of
 * them. It fails as a closed one does (reads of 0, writes to 1 and 2), and it is closed again for
 * what is executed. For the first line of main(). */
void occupy_standard_descriptors();

}  // namespace hp::host
