/* A shared object that has nothing but the text of kernels.ptx, as the compiler
   packs code for GPUs. */

__asm__(".section .rodata\n"
        ".globl device_code\n"
        "device_code:\n"
        ".incbin \"" TENON_TEST_PTX "\"\n"
        ".size device_code, . - device_code\n"
        ".previous\n");
