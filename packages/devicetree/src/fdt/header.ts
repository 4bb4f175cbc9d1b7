import { DeviceTreeError } from '../error.js';
import { MAX_BLOB_SIZE } from '../limits.js';
import {
  FDT_LAST_COMPATIBLE_VERSION,
  FDT_MAGIC,
  FDT_VERSION,
  HEADER,
  HEADER_SIZE_V16,
  HEADER_SIZE_V17,
} from './format.js';

/** The checked header of a blob: every block lies inside `totalSize`, after the header. DTSpec 0.4, 5.2. */
export interface FdtHeader {
  readonly totalSize: number;
  readonly version: number;
  readonly lastCompatibleVersion: number;
  readonly bootCpu: number;
  readonly reservationsOffset: number;
  readonly structOffset: number;
  /** Of a version 16 blob, which does not say it: all up to the next block or the end. */
  readonly structSize: number;
  readonly stringsOffset: number;
  readonly stringsSize: number;
}

/**
 * Reads and checks the header of a blob.
 *
 * Throws `truncated` where bytes are missing, `bad-magic`, `unsupported-version`, `limit` above
 * {@link MAX_BLOB_SIZE}, `misaligned`, and `bad-header` for a block outside the blob.
 */
export function readFdtHeader(bytes: Uint8Array): FdtHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 4 && view.getUint32(HEADER.magic) !== FDT_MAGIC) {
    throw refuse(
      'bad-magic',
      HEADER.magic,
      `0x${view.getUint32(0).toString(16)} is not 0xd00dfeed; give a .dtb or .dtbo file`,
    );
  }
  if (bytes.length < HEADER_SIZE_V16) {
    const what =
      bytes.length === 0
        ? 'there are no bytes; give a .dtb or .dtbo file'
        : 'the header is cut off; read the whole file';
    throw refuse('truncated', bytes.length, what);
  }
  const version = view.getUint32(HEADER.version);
  const lastCompatibleVersion = view.getUint32(HEADER.lastCompatibleVersion);
  if (version < FDT_LAST_COMPATIBLE_VERSION || lastCompatibleVersion > FDT_VERSION || lastCompatibleVersion > version) {
    const what = `version ${version}, last compatible ${lastCompatibleVersion}; convert it to version 17 with dtc`;
    throw refuse('unsupported-version', HEADER.version, what);
  }
  const headerSize = version >= 17 ? HEADER_SIZE_V17 : HEADER_SIZE_V16;
  const totalSize = view.getUint32(HEADER.totalSize);
  if (totalSize < headerSize)
    throw refuse('bad-header', HEADER.totalSize, `a total size of ${totalSize} bytes has no room for the header`);
  if (totalSize > MAX_BLOB_SIZE)
    throw refuse('limit', HEADER.totalSize, `a total size of ${totalSize} bytes is above ${MAX_BLOB_SIZE}`);
  if (totalSize > bytes.length) {
    throw refuse(
      'truncated',
      bytes.length,
      `${totalSize} bytes are announced and ${bytes.length} are there; read the whole file`,
    );
  }
  const within = (field: number, name: string, size: number, alignment: number): number => {
    const offset = view.getUint32(field);
    if (offset < headerSize || offset > totalSize || size > totalSize - offset) {
      throw refuse('bad-header', field, `the ${name} block (${size} bytes at ${offset}) lies outside the blob`);
    }
    if (offset % alignment !== 0)
      throw refuse('misaligned', field, `the ${name} block at ${offset} is not aligned to ${alignment} bytes`);
    return offset;
  };
  const reservationsOffset = within(HEADER.reservationsOffset, 'memory reservation', 0, 8);
  const stringsSize = view.getUint32(HEADER.stringsSize);
  const stringsOffset = within(HEADER.stringsOffset, 'strings', stringsSize, 1);
  let structSize: number;
  const structOffset = within(
    HEADER.structOffset,
    'structure',
    version >= 17 ? view.getUint32(HEADER.structSize) : 0,
    4,
  );
  if (version >= 17) structSize = view.getUint32(HEADER.structSize);
  else structSize = (stringsOffset > structOffset ? stringsOffset : totalSize) - structOffset;
  if (overlaps(structOffset, structSize, stringsOffset, stringsSize)) {
    throw refuse('overlap', HEADER.stringsOffset, 'the structure and strings blocks overlap');
  }
  const bootCpu = view.getUint32(HEADER.bootCpu);
  return {
    totalSize,
    version,
    lastCompatibleVersion,
    bootCpu,
    reservationsOffset,
    structOffset,
    structSize,
    stringsOffset,
    stringsSize,
  };
}

/** Whether two runs of bytes share one. */
export function overlaps(a: number, aSize: number, b: number, bSize: number): boolean {
  return a < b + bSize && b < a + aSize;
}

function refuse(
  reason: 'bad-magic' | 'truncated' | 'unsupported-version' | 'bad-header' | 'misaligned' | 'limit' | 'overlap',
  offset: number,
  what: string,
): DeviceTreeError {
  return new DeviceTreeError(reason, what, { offset });
}
