/** Where a block device's bytes are. Positions and lengths are multiples of 512, and within its size. */
export interface BlockMedium {
  /** Its size; what is beyond the last whole sector is not seen. */
  readonly bytes: number;
  readonly readOnly: boolean;
  /** Fills `target`; false where that fails. */
  readAt(position: number, target: Uint8Array): boolean;
  writeAt(position: number, source: Uint8Array): boolean;
  /** What was written lasts from here on. */
  flush(): boolean;
  /** What stands there is not needed any more. A medium without it says so to front ends. */
  discard?(position: number, length: number): boolean;
}

/** A medium in memory: what is written changes `bytes`; what is discarded reads as zeros. */
export function bufferMedium(bytes: Uint8Array, options: { readonly readOnly?: boolean } = {}): BlockMedium {
  return {
    bytes: bytes.length,
    readOnly: options.readOnly ?? false,
    readAt: (position, target) => {
      target.set(bytes.subarray(position, position + target.length));
      return true;
    },
    writeAt: (position, source) => {
      bytes.set(source, position);
      return true;
    },
    flush: () => true,
    discard: (position, length) => {
      bytes.fill(0, position, position + length);
      return true;
    },
  };
}
