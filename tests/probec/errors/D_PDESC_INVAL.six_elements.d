/* expect: probec: failed to compile script D_PDESC_INVAL.six_elements.d: [D_PDESC_INVAL] line 2: invalid probe description "a:b:c:d:e:f": Overspecified probe description */
a:b:c:d:e:f { }
