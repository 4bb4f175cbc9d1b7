import type { Marker, Property } from '../property.js';

type Kind = 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'string';

const WIDTHS: Readonly<Record<Exclude<Kind, 'string'>, number>> = { uint8: 1, uint16: 2, uint32: 4, uint64: 8 };
const OPENING: Readonly<Record<Exclude<Kind, 'string'>, string>> = {
  uint8: '[',
  uint16: '/bits/ 16 <',
  uint32: '<',
  uint64: '/bits/ 64 <',
};
const ESCAPES: ReadonlyMap<number, string> = new Map([
  [7, '\\a'],
  [8, '\\b'],
  [9, '\\t'],
  [10, '\\n'],
  [11, '\\v'],
  [12, '\\f'],
  [13, '\\r'],
  [0x22, '\\"'],
  [0x5c, '\\\\'],
]);

/** Prints ` = …` of a property; nothing where the value is empty. */
export function printValue(property: Property): string {
  const { bytes } = property;
  if (bytes.length === 0) return '';
  const labels = property.markers.filter((marker) => marker.kind === 'label').toSorted((a, b) => a.offset - b.offset);
  const types = property.markers.filter(isType);
  if (types[0]?.offset !== 0)
    types.unshift({ kind: guessKind(bytes, types[0]?.offset ?? bytes.length, labels), offset: 0 });
  const parts: string[] = [];
  let nextLabel = 0;
  for (const [i, { kind, offset }] of types.entries()) {
    const end = types[i + 1]?.offset ?? bytes.length;
    if (end === offset) continue;
    const firstLabel = nextLabel;
    while ((labels[nextLabel]?.offset ?? end) < end) nextLabel++;
    parts.push(printChunk(bytes, offset, end, kind, labels.slice(firstLabel, nextLabel)));
  }
  const after = labels.slice(nextLabel).map((label) => ` ${label.name}:`);
  return ` = ${parts.join(', ')}${after.join('')}`;
}

function isType(marker: Marker): marker is Marker & { kind: Kind } {
  return marker.kind === 'string' || marker.kind in WIDTHS;
}

/** dtc's guess: printable strings, else cells where the length and labels allow it, else bytes. */
function guessKind(bytes: Uint8Array, end: number, labels: readonly Marker[]): Kind {
  let zeros = 0;
  let text = bytes[end - 1] === 0;
  for (let i = 0; i < end && text; i++) {
    const byte = bytes[i] as number;
    if (byte === 0) zeros++;
    else if ((byte < 0x20 && (byte < 7 || byte > 13)) || byte > 0x7e) text = false;
  }
  const inside = labels.filter((label) => label.offset < end);
  if (text && zeros * 2 <= end && inside.every(({ offset }) => offset === 0 || bytes[offset - 1] === 0))
    return 'string';
  return end % 4 === 0 && inside.every(({ offset }) => offset % 4 === 0) ? 'uint32' : 'uint8';
}

function printChunk(bytes: Uint8Array, start: number, end: number, kind: Kind, labels: readonly Marker[]): string {
  if (kind === 'string') {
    const strings = bytes[end - 1] === 0 && labels.every(({ offset }) => offset === start || bytes[offset - 1] === 0);
    return strings ? printStrings(bytes, start, end, labels) : printNumbers(bytes, start, end, 'uint8', labels);
  }
  const width = WIDTHS[kind];
  const fits = (end - start) % width === 0 && labels.every(({ offset }) => (offset - start) % width === 0);
  return printNumbers(bytes, start, end, fits ? kind : 'uint8', labels);
}

function printStrings(bytes: Uint8Array, start: number, end: number, labels: readonly Marker[]): string {
  const labelsAt = labelsByOffset(labels);
  const strings: string[] = [];
  for (let at = start; at < end; ) {
    const stop = bytes.indexOf(0, at);
    let text = '';
    for (let i = at; i < stop; i++) {
      const byte = bytes[i] as number;
      const printable =
        byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
      text += ESCAPES.get(byte) ?? printable;
    }
    strings.push(`${labelsAt(at)}"${text}"`);
    at = stop + 1;
  }
  return strings.join(', ');
}

function printNumbers(
  bytes: Uint8Array,
  start: number,
  end: number,
  kind: Exclude<Kind, 'string'>,
  labels: readonly Marker[],
): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const labelsAt = labelsByOffset(labels);
  const numbers: string[] = [];
  for (let at = start; at < end; at += WIDTHS[kind]) {
    numbers.push(labelsAt(at) + printNumber(view, at, kind));
  }
  return `${OPENING[kind]}${numbers.join(' ')}${kind === 'uint8' ? ']' : '>'}`;
}

function printNumber(view: DataView, at: number, kind: Exclude<Kind, 'string'>): string {
  switch (kind) {
    case 'uint8':
      return view.getUint8(at).toString(16).padStart(2, '0');
    case 'uint16':
      return `0x${view.getUint16(at).toString(16)}`;
    case 'uint32':
      return `0x${view.getUint32(at).toString(16)}`;
    case 'uint64':
      return `0x${view.getBigUint64(at).toString(16)}`;
  }
}

/** What to print before the bytes at an offset. */
function labelsByOffset(labels: readonly Marker[]): (at: number) => string {
  if (labels.length === 0) return () => '';
  const texts = new Map<number, string>();
  for (const { name, offset } of labels) texts.set(offset, `${texts.get(offset) ?? ''}${name}: `);
  return (at) => texts.get(at) ?? '';
}
