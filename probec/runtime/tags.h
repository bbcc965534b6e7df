/* D pointers to memory of the program itself: a tag in bits 48..62 that makes the number
 * non-canonical, so that no guest address can be taken for one; below it an offset in the area. */
#ifndef PROBEC_RUNTIME_TAGS_H
#define PROBEC_RUNTIME_TAGS_H
#define HP_RT_SCRATCH_TAG 0x53c0000000000000ull
#define HP_RT_GLOBAL_TAG 0x53c1000000000000ull
#define HP_RT_LOCAL_TAG 0x53c2000000000000ull
#define HP_RT_TAG_MASK 0xffff000000000000ull
/* In the first word of a dynamic variable's key: it is a self-> variable. */
#define HP_RT_SELF_KEY 0x8000000000000000ull
#endif
