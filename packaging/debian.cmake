# The Debian packages: one for each component, by CPack. tools/package makes them.
set(debian ${CMAKE_CURRENT_SOURCE_DIR}/debian)
set(HP_MAINTAINER "Hyprobe maintainers <hyprobe@packages.invalid>" CACHE STRING "Maintainer in the packages")
set(packages "host:hyprobe" "agent:hyprobe-agent" "dkms:hyprobe-dkms" "mkguest:hyprobe-mkguest")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR Hyprobe)
set(CPACK_PACKAGE_CONTACT "${HP_MAINTAINER}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

# Executables of the host link Debian's libraries; the agent is static.
set(CPACK_DEBIAN_HOST_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_HOST_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_HOST_PACKAGE_DEPENDS "procps, systemd | systemd-sysusers, systemd | systemd-tmpfiles")
set(CPACK_DEBIAN_HOST_PACKAGE_SUGGESTS "hyprobe-mkguest")
set(CPACK_DEBIAN_HOST_DESCRIPTION "trace programs and virtual machines from the host
Hyprobe asks, in D, the language of DTrace, which process on which virtual
machine makes which system calls, how long they take, who touches a file.
Scripts are compiled by LLVM, run on every guest that matches, and what
they count is aggregated on the host.
.
A guest is one unmodified Linux program in KVM virtual machines of its own,
or a stock Linux kernel under Hyprobe's own monitor. This package has the
compiler and consumer (probec), the daemon (probed), its control program
(probectl) and the starter of guests (probevm).")
set(CPACK_DEBIAN_AGENT_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_AGENT_PACKAGE_RECOMMENDS "hyprobe-dkms")
set(CPACK_DEBIAN_AGENT_DESCRIPTION "agent of Hyprobe for Linux guests
The part of Hyprobe inside a virtual machine that probevm runs: it tells the
host who the guest is and attaches probes, through the kernel module of
hyprobe-dkms. One static program and its unit, which does nothing on a
machine that is not virtual.")
set(CPACK_DEBIAN_DKMS_PACKAGE_SECTION kernel)
set(CPACK_DEBIAN_DKMS_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DKMS_PACKAGE_DEPENDS "dkms (>= 2.8)")
set(CPACK_DEBIAN_DKMS_DESCRIPTION "kernel module of Hyprobe for Linux guests (DKMS)
The source of hyprobe.ko, built for each kernel that is installed. In a virtual
machine that probevm runs, it attaches probes to system calls, tracepoints,
functions and programs, and tells the host's monitor of each firing.")
set(CPACK_DEBIAN_MKGUEST_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_MKGUEST_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_MKGUEST_PACKAGE_DEPENDS "python3 (>= 3.11)")
set(CPACK_DEBIAN_MKGUEST_PACKAGE_RECOMMENDS
  "busybox-static, binutils, e2fsprogs, fakeroot, hyprobe-agent, kmod, mmdebstrap")
set(CPACK_DEBIAN_MKGUEST_DESCRIPTION "make Linux guests of Debian packages for Hyprobe
mkguest fills a folder with what probevm boots: a kernel and an initramfs with
busybox and a script, or a Debian system with systemd on a disk image; with
Hyprobe's agent and kernel module in it. It mounts nothing and needs no root.")

hp_gzip(${debian}/changelog ${made}/changelog.gz)
foreach(package ${packages})
  string(REPLACE ":" ";" package ${package})
  list(GET package 0 component)
  list(GET package 1 name)
  string(TOUPPER ${component} upper)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name})
  install(FILES ${debian}/copyright ${made}/changelog.gz DESTINATION ${share}/doc/${name} COMPONENT ${component})
  if(EXISTS ${debian}/${name}.lintian-overrides)
    install(FILES ${debian}/${name}.lintian-overrides DESTINATION ${share}/lintian/overrides RENAME ${name}
      COMPONENT ${component})
  endif()
  # Maintainer scripts, with the version in them, and the list of configuration files.
  set(control)
  foreach(script preinst postinst prerm postrm)
    if(EXISTS ${debian}/${name}.${script})
      configure_file(${debian}/${name}.${script} ${made}/${name}/${script} @ONLY USE_SOURCE_PERMISSIONS)
      list(APPEND control ${made}/${name}/${script})
    endif()
  endforeach()
  if(name STREQUAL hyprobe AND EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/hyprobe.toml)
    file(WRITE ${made}/${name}/conffiles "/etc/hyprobe/hyprobe.toml\n")
    list(APPEND control ${made}/${name}/conffiles)
  endif()
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${control})
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_STRICT_PERMISSION ON)
endforeach()
include(CPack)
