/* Offsets in a vCPU's slot page, shared by gate.S and slot.hpp; ports as in transport/abi.h, which the
 * assembler cannot read (slot.hpp checks that they agree). */
#ifndef GUEST_SLOT_LAYOUT_H
#define GUEST_SLOT_LAYOUT_H

#define HP_GATE_PORT_DOORBELL 0x80
#define HP_GATE_PORT_LEARN 0x81

/* Cache lines: the call; the answer; what only the guest writes. */
#define HP_SLOT_CLAIM 0
#define HP_SLOT_NR 8
#define HP_SLOT_ARGS 16
#define HP_SLOT_DONE 64
#define HP_SLOT_RESULT 72
#define HP_SLOT_FLAGS 128
#define HP_SLOT_PC 136
#define HP_SLOT_STACK 144
#define HP_SLOT_FRAME 152
#define HP_SLOT_SAVED 160

#endif
