/** Why something was refused; see the table in the README. */
export type DeviceTreeReason =
  | 'truncated'
  | 'bad-magic'
  | 'unsupported-version'
  | 'bad-header'
  | 'misaligned'
  | 'overlap'
  | 'bad-token'
  | 'bad-structure'
  | 'bad-string'
  | 'bad-name'
  | 'duplicate-name'
  | 'limit'
  | 'syntax'
  | 'needs-cpp'
  | 'range'
  | 'resolver'
  | 'duplicate-label'
  | 'bad-phandle'
  | 'unknown-reference'
  | 'bad-overlay'
  | 'overlay-target'
  | 'overlay-order'
  | 'bad-value'
  | 'bad-edit';

/** Where it happened: in a blob, in a source file, or in a tree. */
export interface DeviceTreePlace {
  /** Byte offset in the blob. */
  readonly offset?: number | undefined;
  /** Source file, as the reader's options or the resolver named it. */
  readonly file?: string | undefined;
  /** Line in {@link file}, from 1. */
  readonly line?: number | undefined;
  /** Column in {@link line}, from 1, in characters. */
  readonly column?: number | undefined;
  /** Path of the node. */
  readonly path?: string | undefined;
  /** Name of the property. */
  readonly property?: string | undefined;
}

/**
 * The one error of this package: a blob, a source, an overlay, a value or an edit was refused.
 *
 * `reason` is for programs and stays stable; `message` is for people, begins with the place and ends with what to do.
 */
export class DeviceTreeError extends Error {
  override readonly name = 'DeviceTreeError';
  readonly reason: DeviceTreeReason;
  /** The message without the place. */
  readonly detail: string;
  readonly offset: number | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly path: string | undefined;
  readonly property: string | undefined;

  constructor(reason: DeviceTreeReason, detail: string, place: DeviceTreePlace = {}) {
    super(`${describePlace(place)}${detail}`);
    this.reason = reason;
    this.detail = detail;
    this.offset = place.offset;
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
    this.path = place.path;
    this.property = place.property;
  }
}

function describePlace(place: DeviceTreePlace): string {
  if (place.offset !== undefined) return `blob offset 0x${place.offset.toString(16)}: `;
  if (place.line !== undefined) return `${place.file ?? 'source'}:${place.line}:${place.column ?? 1}: `;
  const property = place.property === undefined ? '' : `property '${place.property}': `;
  return place.path === undefined ? property : `${place.path}: ${property}`;
}
