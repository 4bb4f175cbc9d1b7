import { ETHERNET_HEADER_BYTES, type Packet } from './netif.js';

const IPV4 = 0x0800;
/** Where TCP and UDP have their checksum, by the protocol's number. */
const CHECKSUM_AT: ReadonlyMap<number, number> = new Map([
  [6, 16],
  [17, 6],
]);

/**
 * The packet's bytes with the checksum that its sender left to the hardware: TCP's or UDP's over IPv4 (RFC 1071 sum over
 * the pseudo header and the segment). What is neither, or is cut short, stays as it is.
 */
export function completeChecksum({ bytes, checksumBlank }: Packet): Uint8Array {
  if (!checksumBlank || bytes.length < ETHERNET_HEADER_BYTES + 20) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = ((bytes[ETHERNET_HEADER_BYTES] as number) & 15) * 4;
  const total = view.getUint16(ETHERNET_HEADER_BYTES + 2);
  const protocol = bytes[ETHERNET_HEADER_BYTES + 9] as number;
  const start = ETHERNET_HEADER_BYTES + header;
  const end = ETHERNET_HEADER_BYTES + total;
  const at = CHECKSUM_AT.get(protocol);
  if (view.getUint16(12) !== IPV4 || header < 20 || at === undefined || end > bytes.length || start + at + 2 > end) {
    return bytes;
  }
  const done = bytes.slice();
  const into = new DataView(done.buffer);
  into.setUint16(start + at, 0);
  let sum = protocol + (end - start);
  for (let i = ETHERNET_HEADER_BYTES + 12; i < ETHERNET_HEADER_BYTES + 20; i += 2) sum += into.getUint16(i);
  for (let i = start; i < end; i += 2) sum += i + 1 < end ? into.getUint16(i) : (done[i] as number) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  const checksum = ~sum & 0xffff;
  // A UDP checksum of zero says that there is none (RFC 768).
  into.setUint16(start + at, checksum === 0 && protocol === 17 ? 0xffff : checksum);
  return done;
}
