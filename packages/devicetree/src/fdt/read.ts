import { DeviceTreeError, type DeviceTreeReason } from '../error.js';
import { MAX_DEPTH, MAX_NODES, MAX_PROPERTIES, MAX_RESERVATIONS } from '../limits.js';
import { DeviceTreeNode } from '../node.js';
import { Property } from '../property.js';
import { DeviceTree, type Reservation } from '../tree.js';
import { RESERVATION_SIZE, TOKEN } from './format.js';
import { type FdtHeader, overlaps, readFdtHeader } from './header.js';
import { NameReader } from './name-reader.js';

/**
 * Reads a blob (`.dtb`, `.dtbo`) of version 16 or 17 into a live tree.
 *
 * The bytes are copied once, checked completely, and property values are views on the copy; nothing is decoded before
 * it is asked for. Bytes after the blob's end are kept for `writeDtb`. DTSpec 0.4, chapter 5.
 *
 * Throws {@link DeviceTreeError}: the header's reasons (see `readFdtHeader`); `truncated` where the structure or the
 * reservations run out of their block; `bad-token`; `bad-structure` for nodes that do not nest; `bad-string` for a
 * name without an end; `bad-name`; `duplicate-name` among siblings; `limit`.
 */
export function readDtb(blob: Uint8Array): DeviceTree {
  const header = readFdtHeader(blob);
  const bytes = new Uint8Array(blob);
  return new FdtReader(bytes, header).read();
}

class FdtReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #header: FdtHeader;
  readonly #end: number;

  constructor(bytes: Uint8Array, header: FdtHeader) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#header = header;
    this.#end = header.structOffset + header.structSize;
  }

  read(): DeviceTree {
    const reservations = this.#readReservations();
    return new DeviceTree({
      root: this.#readStructure(),
      reservations,
      bootCpu: this.#header.bootCpu,
      image: this.#bytes,
    });
  }

  /** DTSpec 0.4, 5.3: pairs of address and size up to a pair of zeros. */
  #readReservations(): Reservation[] {
    const { reservationsOffset, totalSize, structOffset, structSize, stringsOffset, stringsSize } = this.#header;
    const reservations: Reservation[] = [];
    for (let at = reservationsOffset; ; at += RESERVATION_SIZE) {
      if (at + RESERVATION_SIZE > totalSize) throw refuse('truncated', at, 'the memory reservation block has no end');
      if (
        overlaps(at, RESERVATION_SIZE, structOffset, structSize) ||
        overlaps(at, RESERVATION_SIZE, stringsOffset, stringsSize)
      ) {
        throw refuse('overlap', at, 'the memory reservation block runs into another block');
      }
      const address = this.#view.getBigUint64(at);
      const size = this.#view.getBigUint64(at + 8);
      if (address === 0n && size === 0n) return reservations;
      if (reservations.length === MAX_RESERVATIONS)
        throw refuse('limit', at, `there are more than ${MAX_RESERVATIONS} reservations`);
      reservations.push({ address, size });
    }
  }

  /**
   * One pass over the tokens. Finished properties and children wait on two stacks until their node ends, so that every
   * node is made once, with arrays of exactly its size.
   */
  #readStructure(): DeviceTreeNode {
    const bytes = this.#bytes;
    const view = this.#view;
    const end = this.#end;
    const names = new NameReader(bytes, this.#header);
    // A node or a property takes 12 bytes at least; stacks of the size that this allows never have to grow.
    const most = Math.floor(this.#header.structSize / 12);
    const properties = new Array<Property>(Math.min(most, FIRST_STACK));
    const propertyHashes = new Int32Array(most);
    const nodes = new Array<DeviceTreeNode>(Math.min(most, FIRST_STACK));
    const nodeHashes = new Int32Array(most);
    const open: OpenNode[] = [];
    let depth = 0;
    let current: OpenNode | undefined;
    let propertyTop = 0;
    let nodeTop = 0;
    let propertyCount = 0;
    let nodeCount = 0;
    let root: DeviceTreeNode | undefined;
    let at = this.#header.structOffset;
    for (;;) {
      if (at + 4 > end) throw refuse('truncated', at, 'the structure block ends without FDT_END');
      const token = view.getUint32(at);
      if (token === TOKEN.property) {
        if (at + 12 > end) throw refuse('truncated', at, 'a property is cut off by the end of the structure block');
        if (current === undefined) throw refuse('bad-structure', at, 'a property lies outside the root node');
        if (++propertyCount > MAX_PROPERTIES)
          throw refuse('limit', at, `there are more than ${MAX_PROPERTIES} properties`);
        const length = view.getUint32(at + 4);
        if (length > end - at - 12)
          throw refuse('truncated', at + 4, `a value of ${length} bytes runs out of the structure block`);
        const name = names.propertyName(view.getUint32(at + 8), at + 8);
        propertyHashes[propertyTop] = names.lastHash;
        properties[propertyTop++] = new Property(name, bytes, at + 12, length);
        at += 12 + ((length + 3) & ~3);
      } else if (token === TOKEN.beginNode) {
        if (depth === MAX_DEPTH) throw refuse('limit', at, `nodes nest deeper than ${MAX_DEPTH}`);
        if (++nodeCount > MAX_NODES) throw refuse('limit', at, `there are more than ${MAX_NODES} nodes`);
        if (root !== undefined) throw refuse('bad-structure', at, 'a second node follows the root');
        const name = names.nodeName(at + 4, end, current === undefined);
        current = open[depth] ?? new OpenNode();
        open[depth++] = current;
        current.begin(name, names.lastHash, propertyTop, nodeTop);
        at += 4 + ((name.length + 4) & ~3);
      } else if (token === TOKEN.endNode) {
        if (current === undefined) throw refuse('bad-structure', at, 'FDT_END_NODE without an open node');
        const { firstProperty, firstNode } = current;
        const ownProperties = taken(properties, firstProperty, propertyTop);
        const ownNodes = taken(nodes, firstNode, nodeTop);
        if (ownProperties !== undefined && hasTwins(propertyHashes, firstProperty, propertyTop)) {
          requireUnique(ownProperties, 'properties', at);
        }
        if (ownNodes !== undefined && hasTwins(nodeHashes, firstNode, nodeTop)) requireUnique(ownNodes, 'nodes', at);
        const node = new DeviceTreeNode(current.name, ownProperties, ownNodes);
        propertyTop = firstProperty;
        nodeTop = firstNode;
        nodeHashes[nodeTop] = current.hash;
        current = open[--depth - 1];
        if (current === undefined) root = node;
        else nodes[nodeTop++] = node;
        at += 4;
      } else if (token === TOKEN.nop) {
        at += 4;
      } else if (token === TOKEN.end) {
        if (current !== undefined) throw refuse('bad-structure', at, 'FDT_END while a node is open');
        if (root === undefined) throw refuse('bad-structure', at, 'the structure block has no root node');
        return root;
      } else {
        throw refuse('bad-token', at, `0x${token.toString(16)} is no token of the structure block`);
      }
    }
  }
}

/** How many finished nodes or properties a stack has room for at first. */
const FIRST_STACK = 1024;

/** A node whose end has not been read yet; one object per depth, used again. */
class OpenNode {
  name = '';
  hash = 0;
  firstProperty = 0;
  firstNode = 0;

  begin(name: string, hash: number, firstProperty: number, firstNode: number): void {
    this.name = name;
    this.hash = hash;
    this.firstProperty = firstProperty;
    this.firstNode = firstNode;
  }
}

/** What lies on a stack between two heights; a literal of one takes less memory than a slice. */
function taken<T>(stack: readonly T[], from: number, to: number): T[] | undefined {
  if (from === to) return undefined;
  return to - from === 1 ? [stack[from] as T] : stack.slice(from, to);
}

/** Up to this many hashes are compared one with another, which is cheaper than sorting them. */
const FEW = 16;

/** Whether two of the hashes are the same. */
function hasTwins(hashes: Int32Array, from: number, to: number): boolean {
  if (to - from > FEW) {
    const sorted = hashes.slice(from, to).sort();
    for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return true;
    return false;
  }
  for (let i = from + 1; i < to; i++) for (let j = from; j < i; j++) if (hashes[i] === hashes[j]) return true;
  return false;
}

function requireUnique(items: readonly { readonly name: string }[], what: string, offset: number): void {
  const seen = new Set<string>();
  for (const { name } of items) if (seen.size === seen.add(name).size) throw duplicate(name, what, offset);
}

function duplicate(name: string, what: string, offset: number): DeviceTreeError {
  return refuse('duplicate-name', offset, `the node that ends here has two ${what} '${name}'`);
}

function refuse(reason: DeviceTreeReason, offset: number, what: string): DeviceTreeError {
  return new DeviceTreeError(reason, what, { offset });
}
