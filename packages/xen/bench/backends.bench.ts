import {
  BlockRing,
  ByteRing,
  blkifLayout,
  bufferMedium,
  CONSOLE_INTERFACE,
  ConsoleRing,
  encodeMessage,
  type FrontEndLink,
  type MappedGrant,
  MESSAGE,
  REQUEST_RING,
  STORE_INTERFACE,
  XenStore,
} from '@trapline/xen';
import { PageWords } from '../src/memory/page-words.js';

/** What the workspace's bench runner times. */
export interface Bench {
  readonly name: string;
  run(iterations: number): void;
  baseline?(iterations: number): void;
}

/** What results go to, so that nothing can be left out. */
let sink = 0;

/** A page in this one thread. */
class Page extends PageWords {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array = new Uint8Array(4096)) {
    super(bytes);
    this.bytes = bytes;
  }
}

/** One request of a guest's and its answer, by the ring. */
function storeRequest(name: string, type: number, payload: string): Bench {
  const store = new XenStore();
  const words = new Page();
  store.write('/local/domain/1/data/node', 'value');
  store.setPermissions('/local/domain/1/data/node', [{ domain: 1, access: 'n' }]);
  store.introduce(1, { words, notify: () => {} });
  const requests = new ByteRing(words, STORE_INTERFACE.requests);
  const answers = new ByteRing(words, STORE_INTERFACE.answers);
  const bytes = encodeMessage({ type, request: 1, transaction: 0, payload: new TextEncoder().encode(payload) });
  const answer = new Uint8Array(1024);
  return {
    name,
    run: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        requests.produce(bytes, 0, bytes.length);
        store.events();
        sink = (sink + answers.consume(answer, 0, answer.length)) | 0;
      }
    },
  };
}

/** 1 KiB that a guest prints. */
function consoleOutput(): Bench {
  const words = new Page();
  const ring = new ConsoleRing(words, () => {});
  ring.output$.subscribe((bytes) => {
    sink = (sink + bytes.length) | 0;
  });
  const output = new ByteRing(words, CONSOLE_INTERFACE.output);
  const text = new Uint8Array(1024).fill(0x61);
  return {
    name: 'xen/console-1KiB',
    run: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        output.produce(text, 0, text.length);
        ring.events();
      }
    },
  };
}

/** One request of eleven pages, read from a buffer. */
function blockRead(): Bench {
  const [ringPage, dataPage] = [new Page(), new Page()];
  const mapped = (page: Page): MappedGrant => ({
    handle: 0,
    words: page,
    read: (from, target) => target.set(page.bytes.subarray(from, from + target.length)),
    write: (to, source) => page.bytes.set(source, to),
    unmap: () => {},
  });
  const data = mapped(dataPage);
  const link: FrontEndLink = {
    domid: 1,
    map: () => data,
    remap: () => undefined,
    bind: () => undefined,
    rebind: (port) => ({ port, notify: () => {}, close: () => {} }),
  };
  const layout = blkifLayout('arm-abi') as NonNullable<ReturnType<typeof blkifLayout>>;
  const ring = new BlockRing(link, bufferMedium(new Uint8Array(1 << 20)), layout, [mapped(ringPage)]);
  for (let slot = 0; slot < 32; slot++) {
    const at = REQUEST_RING.slots + slot * (layout.slot / 4);
    ringPage.store(at, 11 << 8);
    for (let segment = 0; segment < 11; segment++) ringPage.store(at + 7 + 2 * segment, 7 << 8);
  }
  const requests = ringPage.bytes.slice();
  let produced = 0;
  return {
    name: 'xen/block-read-44KiB',
    run: (iterations) => {
      for (let i = 0; i < iterations; i++) {
        ringPage.bytes.set(requests.subarray(64), 64);
        produced = (produced + 1) | 0;
        ringPage.store(REQUEST_RING.requestProducer, produced);
        if (ring.serve()) sink = (sink + 1) | 0;
      }
    },
  };
}

export const benches: readonly Bench[] = [
  storeRequest('xen/store-read', MESSAGE.READ, 'data/node\0'),
  storeRequest('xen/store-write', MESSAGE.WRITE, 'data/node\0value'),
  consoleOutput(),
  blockRead(),
];

/** What the work came to. */
export function result(): number {
  return sink;
}
