import { MAX_NAME_LENGTH } from './limits.js';

const NODE = 1;
const PROPERTY = 2;

/** `@`, between a node's name and its unit address. */
export const AT_SIGN = 0x40;

/**
 * Which ASCII characters names may have: DTSpec 0.4, 2.2.1 and 2.2.4.1, with `*` in properties' as dtc takes it. `@`
 * separates a node's unit address and stands there once at most.
 */
const classes: Uint8Array = classify();

function classify(): Uint8Array {
  const table = new Uint8Array(256);
  const both = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,._+-';
  for (const character of both) table[character.charCodeAt(0)] = NODE | PROPERTY;
  for (const character of '*#?') table[character.charCodeAt(0)] = PROPERTY;
  table[AT_SIGN] = NODE;
  return table;
}

/** Whether a byte may stand in a node's name. */
export function isNodeNameByte(byte: number): boolean {
  return ((classes[byte] as number) & NODE) !== 0;
}

/** Whether a byte may stand in a property's name. */
export function isPropertyNameByte(byte: number): boolean {
  return ((classes[byte] as number) & PROPERTY) !== 0;
}

/** Whether a string can be the name of a node below the root. */
export function isNodeName(name: string): boolean {
  return fits(name, isNodeNameByte) && name.indexOf('@') === name.lastIndexOf('@');
}

/** Whether a string can be the name of a property. */
export function isPropertyName(name: string): boolean {
  return fits(name, isPropertyNameByte);
}

function fits(name: string, allowed: (byte: number) => boolean): boolean {
  if (name.length === 0 || name.length > MAX_NAME_LENGTH) return false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 0x7f || !allowed(code)) return false;
  }
  return true;
}
