/* expect: probec: failed to compile script D_PCAP_ADDR.string.d: [D_PCAP_ADDR] line 2: pcap( ) argument #1 must be a pointer to a packet */
BEGIN { pcap("x", 1); }
