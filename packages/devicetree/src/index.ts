export {
  addressCells,
  type RangeEntry,
  type RegEntry,
  ranges,
  reg,
  sizeCells,
  type TranslatedReg,
  translate,
  translatedReg,
} from './addressing.js';
export { type DtsOptions, readDts } from './dts/read.js';
export type { DtsResolver } from './dts/scanner.js';
export { printDts, writeDts } from './dts/write.js';
export { DeviceTreeError, type DeviceTreePlace, type DeviceTreeReason } from './error.js';
export { type FdtHeader, readFdtHeader } from './fdt/header.js';
export { readDtb } from './fdt/read.js';
export { type DtbLayout, writeDtb } from './fdt/write.js';
export { type Interrupt, interruptParent, interrupts } from './interrupts.js';
export {
  MAX_BLOB_SIZE,
  MAX_CELLS,
  MAX_DEPTH,
  MAX_EXPRESSION_DEPTH,
  MAX_INCLUDE_DEPTH,
  MAX_INTERRUPT_HOPS,
  MAX_NAME_LENGTH,
  MAX_NODES,
  MAX_PROPERTIES,
  MAX_RESERVATIONS,
  MAX_SOURCE_SIZE,
  MAX_STRING_EXPANSION,
} from './limits.js';
export { DeviceTreeNode, type NodeOwner, type NodeProperties, type TreeChange } from './node.js';
export { type AppliedOverlay, applyOverlay } from './overlay/apply.js';
export { type Marker, Property } from './property.js';
export { PropertyReader } from './property-reader.js';
export { type PhandleReference, references } from './references.js';
export { DeviceTree, type DeviceTreeParts, type Reservation, type TreeListener } from './tree.js';
export { bytes, type CellItem, cells, type Encoded, join, type PropertyValue, strings, u64 } from './value.js';
