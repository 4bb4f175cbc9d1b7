import { completeChecksum, NETWORK_ADDRESSES_MAX, Network, type NetworkPort } from '@trapline/xen';
import { describe, expect, it } from 'vitest';

function frame(to: number[], from: number[], more: number[] = []): Uint8Array {
  return Uint8Array.from([...to, ...from, 0x08, 0x00, ...more]);
}

const A = [2, 0, 0, 0, 0, 1];
const B = [2, 0, 0, 0, 0, 2];
const ALL = [255, 255, 255, 255, 255, 255];

function three(): { ports: NetworkPort[]; heard: string[] } {
  const network = new Network();
  const heard: string[] = [];
  const ports = [0, 1, 2].map((end) => network.join(({ bytes }) => heard.push(`${end}:${bytes.length}`)));
  return { ports, heard };
}

function send(port: NetworkPort | undefined, bytes: Uint8Array): void {
  port?.send({ bytes, checksumBlank: false });
}

describe('a network', () => {
  it('sends to all what it does not know, and to one what it has learned', () => {
    const { ports, heard } = three();
    send(ports[0], frame(B, A));
    expect(heard.splice(0)).toEqual(['1:14', '2:14']);
    send(ports[1], frame(A, B));
    expect(heard.splice(0)).toEqual(['0:14']);
    send(ports[0], frame(B, A, [1]));
    expect(heard.splice(0)).toEqual(['1:15']);
    send(ports[1], frame(ALL, B));
    expect(heard.splice(0)).toEqual(['0:14', '2:14']);
  });

  it('follows an address that moves, and gives nothing back to its sender', () => {
    const { ports, heard } = three();
    send(ports[0], frame(ALL, A));
    send(ports[2], frame(ALL, A));
    heard.length = 0;
    send(ports[1], frame(A, B));
    expect(heard.splice(0)).toEqual(['2:14']);
    send(ports[2], frame(A, A));
    expect(heard).toEqual([]);
  });

  it('forgets ends that leave, and takes nothing of them', () => {
    const { ports, heard } = three();
    send(ports[0], frame(ALL, A));
    ports[0]?.leave();
    heard.length = 0;
    send(ports[0], frame(ALL, A));
    expect(heard).toEqual([]);
    send(ports[1], frame(A, B));
    expect(heard).toEqual(['2:14']);
  });

  it('carries nothing that is no packet, and remembers no more than it may', () => {
    const { ports, heard } = three();
    send(ports[0], new Uint8Array(13));
    expect(heard).toEqual([]);
    send(ports[0], frame(ALL, A));
    for (let i = 0; i < NETWORK_ADDRESSES_MAX; i++) send(ports[1], frame(ALL, [4, 0, 0, 0, i >> 8, i & 255]));
    heard.length = 0;
    send(ports[1], frame(A, B));
    expect(heard).toEqual(['0:14', '2:14']);
  });
});

describe('a blank checksum', () => {
  /** An IPv4 packet of a protocol with a payload, its checksum field filled with nonsense. */
  function packet(protocol: number, payload: number[], at: number): Uint8Array {
    const total = 20 + payload.length;
    const ip = [0x45, 0, total >> 8, total & 255, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    const bytes = frame(B, A, [...ip, ...payload]);
    bytes[14 + 20 + at] = 0xbe;
    return bytes;
  }

  /** Checks as a receiver does: everything together with the pseudo header sums to all ones. */
  function valid(bytes: Uint8Array): boolean {
    const segment = bytes.slice(34);
    const all = [
      ...bytes.slice(26, 34),
      0,
      bytes[23] as number,
      segment.length >> 8,
      segment.length & 255,
      ...segment,
      0,
    ];
    let sum = 0;
    for (let i = 0; i + 1 < all.length; i += 2) sum += ((all[i] as number) << 8) | (all[i + 1] as number);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    return sum === 0xffff;
  }

  const udp = [0x12, 0x34, 0, 53, 0, 11, 0, 0, 1, 2, 3];
  const tcp = [0, 80, 0, 81, 1, 2, 3, 4, 5, 6, 7, 8, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0, 9, 9];

  it('is filled in for UDP and TCP', () => {
    for (const [protocol, payload, at] of [
      [17, udp, 6],
      [6, tcp, 16],
    ] as const) {
      const bytes = packet(protocol, [...payload], at);
      expect(valid(bytes)).toBe(false);
      expect(valid(completeChecksum({ bytes, checksumBlank: true }))).toBe(true);
    }
  });

  it('stays as it is where it is none, or the packet is no such thing', () => {
    const good = packet(17, udp, 6);
    expect(completeChecksum({ bytes: good, checksumBlank: false })).toBe(good);
    const others = [packet(1, udp, 6), good.slice(0, 40), good.slice(0, 20), frame(B, A, Array(40).fill(0x4f))];
    for (const bytes of others) expect(completeChecksum({ bytes, checksumBlank: true })).toBe(bytes);
    const arp = good.slice();
    arp[13] = 6;
    expect(completeChecksum({ bytes: arp, checksumBlank: true })).toBe(arp);
  });

  it('of UDP is never the zero that says there is none', () => {
    const bytes = packet(17, [0, 0, 0, 0, 0, 8, 0, 0], 6);
    const ones = completeChecksum({ bytes, checksumBlank: true });
    const sum = (ones[40] as number) * 256 + (ones[41] as number);
    const zeroing = packet(17, [sum >> 8, sum & 255, 0, 0, 0, 8, 0, 0], 6);
    expect([...completeChecksum({ bytes: zeroing, checksumBlank: true }).slice(40, 42)]).toEqual([255, 255]);
  });
});
