import { MAX_DEPTH, MAX_NAME_LENGTH } from '../limits.js';
import type { Reservation } from '../tree.js';
import { readInteger } from './expression.js';
import type { Scanner } from './scanner.js';
import type { SourcePoint } from './source.js';
import { addLabel, resolveReference, SourceNode, SourceProperty } from './source-tree.js';
import { LABEL, REFERENCE, readValue, referenceName } from './value.js';

/** A source as it was written, definitions merged, references still open. */
export interface ParsedSource {
  readonly plugin: boolean;
  readonly reservations: readonly Reservation[];
  readonly root: SourceNode;
}

const NAME = /\\?([0-9a-zA-Z,._+*#?@-]+)/y;

/** Reads a whole source. */
export function parseSource(scanner: Scanner): ParsedSource {
  return new Parser(scanner).parse();
}

class Parser {
  readonly #scanner: Scanner;
  #plugin = false;
  #root: SourceNode | undefined;
  #fragments = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  parse(): ParsedSource {
    this.#readHeaders();
    const reservations: Reservation[] = [];
    for (let entry = this.#readReservation(); entry !== undefined; entry = this.#readReservation())
      reservations.push(entry);
    while (!this.#scanner.done) this.#readDefinition();
    if (this.#root === undefined) throw this.#scanner.unexpected("'/ { … };'");
    return { plugin: this.#plugin, reservations, root: this.#root };
  }

  #readHeaders(): void {
    const scanner = this.#scanner;
    let first = true;
    while (scanner.takeText('/dts-v1/')) {
      scanner.expect(';', 'after /dts-v1/');
      const point = scanner.point;
      const plugin = scanner.takeText('/plugin/');
      if (plugin) scanner.expect(';', 'after /plugin/');
      if (!first && plugin !== this.#plugin) throw scanner.error('syntax', 'headers disagree about /plugin/', point);
      this.#plugin = plugin;
      first = false;
    }
    if (first) throw scanner.unexpected("'/dts-v1/;' at the beginning");
  }

  #readReservation(): Reservation | undefined {
    const scanner = this.#scanner;
    const labels = this.#readLabels();
    if (!scanner.takeText('/memreserve/')) {
      if (labels.length > 0) throw scanner.unexpected('/memreserve/ after the label');
      return undefined;
    }
    const address = readInteger(scanner);
    if (address === undefined) throw scanner.unexpected('an address');
    const size = readInteger(scanner);
    if (size === undefined) throw scanner.unexpected('a size');
    scanner.expect(';', 'after /memreserve/');
    return labels.length > 0 ? { address, size, labels } : { address, size };
  }

  /** One of `/ { … };`, `&target { … };`, `/delete-node/ &target;`, `/omit-if-no-ref/ &target;`. */
  #readDefinition(): void {
    const scanner = this.#scanner;
    const point = scanner.point;
    if (scanner.takeText('/delete-node/')) {
      this.#requireTarget(this.#readReference(), point).delete();
      scanner.expect(';', 'after /delete-node/');
    } else if (scanner.takeText('/omit-if-no-ref/')) {
      this.#requireTarget(this.#readReference(), point).omitIfUnused = true;
      scanner.expect(';', 'after /omit-if-no-ref/');
    } else if (scanner.takeText('/')) {
      const node = this.#readNode('', point, 1);
      if (this.#root === undefined) this.#root = node;
      else this.#root.merge(node);
    } else {
      const labels = this.#root === undefined ? [] : this.#readLabels();
      if (scanner.peek(REFERENCE) === undefined) throw scanner.unexpected("'/ { … };' or '&target { … };'");
      this.#override(this.#readReference(), labels, point);
    }
  }

  /** `&target { … };` changes the target; in an overlay a target that is not here becomes a fragment. */
  #override(reference: string, labels: readonly string[], point: SourcePoint): void {
    const isPath = reference.startsWith('/');
    const target =
      this.#root === undefined || (this.#plugin && isPath) ? undefined : resolveReference(this.#root, reference);
    if (target === undefined && (!this.#plugin || labels.length > 0)) throw this.#unknown(reference, point);
    const node = this.#readNode(target === undefined ? '__overlay__' : target.name, point, 1);
    if (target === undefined) {
      this.#root ??= new SourceNode('', point);
      this.#addFragment(this.#root, reference, node, point);
      return;
    }
    for (const label of labels) addLabel(target.labels, label);
    target.merge(node);
  }

  #addFragment(root: SourceNode, reference: string, overlay: SourceNode, point: SourcePoint): void {
    const fragment = new SourceNode(`fragment@${this.#fragments++}`, point);
    const value = reference.startsWith('/')
      ? { bytes: new TextEncoder().encode(`${reference}\0`), markers: [{ kind: 'string', offset: 0 } as const] }
      : {
          bytes: Uint8Array.of(0xff, 0xff, 0xff, 0xff),
          markers: [{ kind: 'uint32', offset: 0 } as const, { kind: 'phandle', offset: 0, name: reference } as const],
        };
    fragment.properties.push(new SourceProperty(reference.startsWith('/') ? 'target-path' : 'target', value, point));
    fragment.addChild(overlay);
    root.addChild(fragment);
  }

  #readNode(name: string, point: SourcePoint, depth: number): SourceNode {
    const scanner = this.#scanner;
    if (depth > MAX_DEPTH) throw scanner.error('limit', `nodes nest deeper than ${MAX_DEPTH}`, point);
    const node = new SourceNode(name, point);
    scanner.expect('{', 'to begin a node');
    while (!scanner.takeText('}')) this.#readStatement(node, depth);
    scanner.expect(';', "after the node's '}'");
    return node;
  }

  #readStatement(node: SourceNode, depth: number): void {
    const scanner = this.#scanner;
    const labels: string[] = [];
    let omit = false;
    for (;;) {
      labels.push(...this.#readLabels());
      if (!scanner.takeText('/omit-if-no-ref/')) break;
      omit = true;
    }
    const point = scanner.point;
    if (scanner.takeText('/delete-property/')) {
      this.#addProperty(node, new SourceProperty(this.#readName('a property'), noValue(), point, true), labels, omit);
      scanner.expect(';', 'after /delete-property/');
      return;
    }
    if (scanner.takeText('/delete-node/')) {
      const child = new SourceNode(this.#readName('a node'), point);
      child.deleted = true;
      node.addChild(child);
      scanner.expect(';', 'after /delete-node/');
      return;
    }
    const name = this.#readName('a property, a node');
    if (scanner.peek(/\{/y) !== undefined) {
      const child = this.#readNode(name, point, depth + 1);
      for (const label of labels.toReversed()) addLabel(child.labels, label);
      child.omitIfUnused = omit;
      node.addChild(child);
      return;
    }
    const value = scanner.takeText('=') ? readValue(scanner) : noValue();
    this.#addProperty(node, new SourceProperty(name, value, point), labels, omit);
    scanner.expect(';', `after property '${name}'`);
  }

  #addProperty(node: SourceNode, property: SourceProperty, labels: readonly string[], omit: boolean): void {
    const point = property.point as SourcePoint;
    if (omit) throw this.#scanner.error('syntax', '/omit-if-no-ref/ is for nodes, not for properties', point);
    if (node.children.length > 0) {
      throw this.#scanner.error('syntax', `property '${property.name}' must stand before the node's subnodes`, point);
    }
    for (const label of labels.toReversed()) addLabel(property.labels, label);
    node.properties.push(property);
  }

  #readLabels(): string[] {
    const labels: string[] = [];
    for (let label = this.#scanner.take(LABEL); label !== undefined; label = this.#scanner.take(LABEL)) {
      labels.push(this.#checkLength(label[1] as string));
    }
    return labels;
  }

  #readName(what: string): string {
    const match = this.#scanner.peek(NAME);
    if (match === undefined) throw this.#scanner.unexpected(`the name of ${what} or '}'`);
    const name = this.#checkLength(match[1] as string);
    this.#scanner.advance(match[0].length);
    return name;
  }

  #checkLength(name: string): string {
    if (name.length > MAX_NAME_LENGTH)
      throw this.#scanner.error('limit', `the name is longer than ${MAX_NAME_LENGTH} characters`);
    return name;
  }

  #readReference(): string {
    const match = this.#scanner.take(REFERENCE);
    if (match === undefined) throw this.#scanner.unexpected("'&label' or '&{/path}'");
    return referenceName(match);
  }

  #requireTarget(reference: string, point: SourcePoint): SourceNode {
    const target = this.#root === undefined ? undefined : resolveReference(this.#root, reference);
    if (target === undefined) throw this.#unknown(reference, point);
    if (target === this.#root) throw this.#scanner.error('bad-edit', 'the root cannot be deleted or left out', point);
    return target;
  }

  #unknown(reference: string, point: SourcePoint): Error {
    const what = `there is no node '${reference}' before this line; define it, or make this an overlay with /plugin/`;
    return this.#scanner.error('unknown-reference', what, point);
  }
}

function noValue(): { bytes: Uint8Array; markers: [] } {
  return { bytes: new Uint8Array(0), markers: [] };
}
