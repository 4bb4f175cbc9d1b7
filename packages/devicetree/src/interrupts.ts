import { DeviceTreeError } from './error.js';
import { MAX_INTERRUPT_HOPS } from './limits.js';
import type { DeviceTreeNode } from './node.js';
import { badValue, cellCount, referenced, references } from './references.js';

/** One interrupt as its controller understands it. */
export interface Interrupt {
  readonly controller: DeviceTreeNode;
  readonly specifier: readonly number[];
}

/**
 * The interrupts a node generates, each followed to its controller: by `interrupts-extended` (which wins) or by
 * `interrupts` and the interrupt parent, then through every `interrupt-map` on the way. DTSpec 0.4, 2.4.
 *
 * Throws `bad-phandle`, `bad-value` where a list is cut off, a parent is missing or a map has no entry, and `limit`
 * where the way is longer than {@link MAX_INTERRUPT_HOPS}, as it is in a circle.
 */
export function interrupts(node: DeviceTreeNode): Interrupt[] {
  if (node.has('interrupts-extended')) {
    const direct: Interrupt[] = [];
    for (const { node: parent, args } of references(node, 'interrupts-extended', '#interrupt-cells')) {
      if (parent !== undefined) direct.push(route(node, parent, args));
    }
    return direct;
  }
  const cells = node.cells('interrupts');
  if (cells === undefined || cells.length === 0) return [];
  const parent = interruptParent(node);
  if (parent === undefined)
    throw badValue(node, 'interrupts', 'no interrupt parent is above or named; add interrupt-parent');
  const count = cellCount(parent, '#interrupt-cells');
  if (count === 0 || cells.length % count !== 0) {
    throw badValue(
      node,
      'interrupts',
      `has ${cells.length} cells, no multiple of the ${count} that ${parent.path} asks for`,
    );
  }
  const list: Interrupt[] = [];
  for (let at = 0; at < cells.length; at += count) list.push(route(node, parent, cells.slice(at, at + count)));
  return list;
}

/**
 * The interrupt parent: the node `interrupt-parent` names, or else the tree's parent, and so on up to one that has
 * `#interrupt-cells`. DTSpec 0.4, 2.4.1.
 */
export function interruptParent(node: DeviceTreeNode): DeviceTreeNode | undefined {
  let current: DeviceTreeNode = node;
  for (let hops = 0; hops < MAX_INTERRUPT_HOPS; hops++) {
    const property = current.property('interrupt-parent');
    const next =
      property === undefined
        ? current.parent
        : referenced(current, property, current.u32('interrupt-parent') as number);
    if (next === undefined || (next === current && next.parent === undefined)) return undefined;
    if (next.has('#interrupt-cells')) return next;
    current = next;
  }
  throw tooLong(node);
}

interface Step {
  readonly at: DeviceTreeNode;
  /** Unit address of what raises the interrupt, in cells. */
  readonly unit: readonly number[];
  readonly specifier: readonly number[];
}

function route(source: DeviceTreeNode, parent: DeviceTreeNode, specifier: readonly number[]): Interrupt {
  let step: Step = { at: parent, unit: unitAddressOf(source), specifier };
  for (let hops = 0; hops < MAX_INTERRUPT_HOPS; hops++) {
    const { at } = step;
    if (at.has('interrupt-map')) {
      step = mapped(source, step);
    } else if (at.has('interrupt-controller')) {
      return { controller: at, specifier: step.specifier };
    } else {
      const next = interruptParent(at);
      if (next === undefined)
        throw badValue(at, 'interrupt-controller', 'is missing on the way of an interrupt that ends here');
      step = { ...step, at: next };
    }
  }
  throw tooLong(source);
}

/** One step through a nexus. DTSpec 0.4, 2.4.3. */
function mapped(source: DeviceTreeNode, { at: nexus, unit, specifier }: Step): Step {
  const unitCells = nexusAddressCells(nexus);
  const width = unitCells + cellCount(nexus, '#interrupt-cells');
  const map = nexus.cells('interrupt-map') as number[];
  const mask = nexus.cells('interrupt-map-mask');
  const wanted = [...Array.from({ length: unitCells }, (_, i) => unit[i] ?? 0), ...specifier];
  const property = nexus.property('interrupt-map');
  for (let at = 0; at < map.length; ) {
    const phandle = map[at + width];
    if (property === undefined || phandle === undefined)
      throw badValue(nexus, 'interrupt-map', 'its last entry is cut off');
    const parent = referenced(nexus, property, phandle);
    const parentUnit = at + width + 1;
    // Unlike elsewhere an absent #address-cells is 0 here (DTSpec 0.4, 2.4.3.1): most controllers have none.
    const parentSpecifier = parentUnit + cellCount(parent, '#address-cells', 0);
    const next = parentSpecifier + cellCount(parent, '#interrupt-cells');
    if (next > map.length) throw badValue(nexus, 'interrupt-map', 'its last entry is cut off');
    let hit = true;
    for (let i = 0; i < width && hit; i++) {
      const bits = mask?.[i] ?? 0xffff_ffff;
      hit = (((wanted[i] ?? 0) ^ (map[at + i] as number)) & bits) === 0;
    }
    if (hit)
      return { at: parent, unit: map.slice(parentUnit, parentSpecifier), specifier: map.slice(parentSpecifier, next) };
    at = next;
  }
  throw badValue(nexus, 'interrupt-map', `has no entry for <${wanted.join(' ')}> from ${source.path}`);
}

/** A nexus without `#address-cells` takes that of the nearest node above which has one, as Linux reads real trees. */
function nexusAddressCells(nexus: DeviceTreeNode): number {
  for (let node: DeviceTreeNode | undefined = nexus; node !== undefined; node = node.parent) {
    if (node.has('#address-cells')) return cellCount(node, '#address-cells');
  }
  return 2;
}

function unitAddressOf(node: DeviceTreeNode): number[] {
  const property = node.property('reg');
  if (property === undefined || node.parent === undefined) return [];
  const count = cellCount(node.parent, '#address-cells', 2);
  const cells: number[] = [];
  for (let i = 0; i < count && (i + 1) * 4 <= property.length; i++) cells.push(property.u32(i));
  return cells;
}

function tooLong(node: DeviceTreeNode): DeviceTreeError {
  const what = `the way to an interrupt controller is longer than ${MAX_INTERRUPT_HOPS} steps; look for a circle`;
  return new DeviceTreeError('limit', what, { path: node.path });
}
