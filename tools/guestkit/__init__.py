"""What tools/mkguest and tests/rig make guests and hosts of: kernels, archives, images, libraries."""
