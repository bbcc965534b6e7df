/* expect: probec: failed to compile script D_PCAP_SIZE.string.d: [D_PCAP_SIZE] line 2: pcap( ) argument #2 must be an integer */
BEGIN { pcap(alloca(10), "x"); }
