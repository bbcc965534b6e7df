"""The emulated KVM host of tests/rig/run."""
