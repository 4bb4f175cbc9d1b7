/** What a kernel's own header says of where it is to lie. */
export interface KernelImage {
  readonly state: 'a64' | 'a32';
  /** Bytes from a 2 MiB boundary to its first byte. */
  readonly textOffset: number;
  /** Bytes of memory that it uses from there on. */
  readonly size: number;
}

/** `ARM\x64` at 56 (Linux, Documentation/arm64/booting.rst). */
const ARM64_MAGIC = 0x644d_5241;
/** At 36 of a zImage. */
const ZIMAGE_MAGIC = 0x016f_2818;

/** Reads the header of an arm64 `Image` or an arm `zImage`; undefined for anything else. */
export function readKernel(bytes: Uint8Array): KernelImage | undefined {
  if (bytes.length < 64) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(56, true) === ARM64_MAGIC) {
    const textOffset = view.getBigUint64(8, true);
    const size = view.getBigUint64(16, true);
    if (textOffset >= 0x20_0000n || size > 0x1_0000_0000n) return undefined;
    return { state: 'a64', textOffset: Number(textOffset), size: Math.max(Number(size), bytes.length) };
  }
  if (view.getUint32(36, true) === ZIMAGE_MAGIC) return { state: 'a32', textOffset: 0, size: bytes.length };
  return undefined;
}
