import { DeviceTreeNode } from '../node.js';
import { Property } from '../property.js';
import { DeviceTree } from '../tree.js';
import { parseSource } from './parse.js';
import { resolveSource } from './resolve.js';
import { type DtsResolver, Scanner } from './scanner.js';
import { liveLabels, type SourceNode } from './source-tree.js';
import { addFixups, addSymbols } from './symbols.js';

/** How a source is compiled. */
export interface DtsOptions {
  /** Name of the source in errors; `source.dts` if none is given. */
  readonly file?: string;
  /** Where `/include/` and `/incbin/` get their contents. */
  readonly resolver?: DtsResolver;
  /** Add `/__symbols__`, so that overlays can refer to labels (dtc's `-@`). */
  readonly symbols?: boolean;
}

/**
 * Compiles DTS source into a live tree, with dtc's semantics: definitions merge, references get phandles or paths, and
 * an overlay (`/plugin/`) gets `/__fixups__` and `/__local_fixups__`.
 *
 * Labels, and the types of values as written, stay with the tree for `writeDts`.
 *
 * Throws {@link DeviceTreeError} with file, line and column: `syntax`, `needs-cpp` for preprocessor directives,
 * `range` for numbers that do not fit and division by zero, `resolver` for missing files, `unknown-reference`,
 * `duplicate-name`, `duplicate-label`, `bad-name`, `bad-phandle`, `bad-value` for a wrong `name` property, `bad-edit`
 * for deleting the root, and `limit`.
 */
export function readDts(text: string, options: DtsOptions = {}): DeviceTree {
  const scanner = new Scanner(text, options.file ?? 'source.dts', options.resolver ?? {});
  const { plugin, reservations, root } = parseSource(scanner);
  const bootCpu = guessBootCpu(root);
  const symbols = options.symbols ?? false;
  const references = resolveSource(root, { plugin, symbols });
  if (symbols) addSymbols(root, references);
  if (plugin) addFixups(root, references);
  return new DeviceTree({ root: toLive(root), reservations, bootCpu, overlay: plugin });
}

function toLive(node: SourceNode): DeviceTreeNode {
  const properties: Property[] = [];
  for (const { name, value, labels, deleted } of node.properties) {
    if (deleted) continue;
    properties.push(new Property(name, value.bytes, 0, value.bytes.length, value.markers, liveLabels(labels)));
  }
  return new DeviceTreeNode(node.name, properties, node.live.map(toLive), liveLabels(node.labels));
}

/** The boot CPU of a source is the first one's `reg`, where that is one cell. */
function guessBootCpu(root: SourceNode): number {
  const reg = root.child('cpus')?.children[0]?.property('reg')?.value.bytes;
  return reg?.length === 4 ? new DataView(reg.buffer, reg.byteOffset).getUint32(0) : 0;
}
