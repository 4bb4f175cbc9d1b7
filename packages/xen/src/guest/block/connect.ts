import { isStatus } from '@trapline/core';
import { BLKIF_LAYOUTS, BLKIF_SEGMENTS_MAX, type BlkifLayout } from '../../block/blkif.js';
import { XENBUS_STATE, xenbusState } from '../../xenbus/state.js';
import type { XenGuest } from '../guest.js';
import type { XenError } from '../operations.js';
import { signalsOf } from '../ring-signals.js';
import { Steps, type Work } from '../steps.js';
import type { XenstoreClient } from '../store-client.js';
import type { StoreFailure } from '../store-replies.js';
import { BlockFront, type DataPage } from './block-front.js';
import { FrontRing } from './front-ring.js';

const [LAYOUT] = BLKIF_LAYOUTS as readonly [BlkifLayout];

/** The back end does not want the device: it goes to Closing or Closed. */
export type Refused = 'refused';

/**
 * Connects to a disk as Linux's blkfront does: shares a ring and a port, tells the back end by xenstore, and waits until
 * both are connected. `device` is the directory below `device/vbd`.
 */
export function connectDisk(
  xen: XenGuest,
  store: XenstoreClient,
  device: string | number,
): Steps<BlockFront | StoreFailure | XenError | Refused> {
  return new Steps(connect(xen, store, `device/vbd/${device}`));
}

function* connect(
  xen: XenGuest,
  store: XenstoreClient,
  path: string,
): Work<BlockFront | StoreFailure | XenError | Refused> {
  const backend = yield* store.read(`${path}/backend`);
  const id = yield* store.read(`${path}/backend-id`);
  if (isStatus(backend)) return backend;
  if (isStatus(id)) return id;
  const domain = Number(id);
  const waiting = yield* reach(store, backend, XENBUS_STATE.InitWait);
  if (waiting !== true) return waiting;
  const page = xen.pages.take();
  const ring = new FrontRing(page.words, LAYOUT.slot);
  const reference = xen.grants.give(domain, page.frame);
  const port = xen.events.allocUnbound(domain);
  if (isStatus(reference)) return reference;
  if (isStatus(port)) return port;
  const told = yield* store.transaction(function* (transaction) {
    const nodes = { 'ring-ref': reference, 'event-channel': port, protocol: LAYOUT.protocol };
    for (const [name, value] of Object.entries(nodes)) {
      const written = yield* store.write(`${path}/${name}`, String(value), transaction);
      if (written !== true) return written;
    }
    return yield* store.write(`${path}/state`, String(XENBUS_STATE.Initialised), transaction);
  });
  if (told !== true) return told;
  const connected = yield* reach(store, backend, XENBUS_STATE.Connected);
  if (connected !== true) return connected;
  yield* store.write(`${path}/state`, String(XENBUS_STATE.Connected));
  const sectors = Number(yield* store.read(`${backend}/sectors`));
  const info = Number(yield* store.read(`${backend}/info`));
  const pages = dataPages(xen, domain);
  if (isStatus(pages)) return pages;
  return new BlockFront(ring, signalsOf(xen.events, xen.scheduling, port), xen.map, pages, { sectors, info });
}

/** Waits until the back end has come at least as far as a state. */
function* reach(store: XenstoreClient, backend: string, wanted: number): Work<true | StoreFailure | Refused> {
  let changed = true;
  const token = yield* store.watch(`${backend}/state`, () => {
    changed = true;
  });
  if (typeof token !== 'string') return token;
  let result: true | StoreFailure | Refused = 'refused';
  for (;;) {
    while (!changed) yield* store.nextEvent();
    changed = false;
    const text = yield* store.read(`${backend}/state`);
    if (isStatus(text)) {
      result = text;
      break;
    }
    const state = xenbusState(text);
    if (state >= XENBUS_STATE.Closing) break;
    if (state >= wanted) {
      result = true;
      break;
    }
  }
  yield* store.unwatch(`${backend}/state`, token);
  return result;
}

function dataPages(xen: XenGuest, domain: number): readonly DataPage[] | XenError {
  const pages: DataPage[] = [];
  for (let i = 0; i < BLKIF_SEGMENTS_MAX; i++) {
    const page = xen.pages.take();
    const reference = xen.grants.give(domain, page.frame);
    if (isStatus(reference)) return reference;
    pages.push({ ...page, reference });
  }
  return pages;
}
