/* expect: probec: failed to compile script D_PCAP_PROTO.string.d: [D_PCAP_PROTO] line 2: pcap( ) argument #2 is incompatible with prototype:\n\tprototype: int\n\t argument: string */
BEGIN { pcap((void *)1, "ethernet"); }
