import { defineStatus, type Status, type StatusNamespace, type UnknownStatus } from '@trapline/core';
import { ERRNO } from '../abi/errno.js';
import { STORE_ERRORS, type StoreErrorName } from '../store/errors.js';

const CODES = Object.fromEntries(STORE_ERRORS.map((name) => [name, -ERRNO[name]])) as Readonly<
  Record<StoreErrorName, number>
>;

/** What xenstore answers where it refuses: the errors that its wire protocol names. */
export const storeStatus: StatusNamespace<'xenstore', StoreErrorName> = defineStatus(
  'xenstore',
  'public/io/xs_wire.h, Xen 4.17',
  CODES,
);

/** An error of xenstore's; one that nobody knows is kept by its name's absence, as unknown. */
export type StoreFailure = Status<'xenstore', StoreErrorName> | UnknownStatus<'xenstore'>;

/** The error that the payload of an ERROR message names. */
export function failureOf(payload: Uint8Array): StoreFailure {
  const name = textOf(payload);
  const known = STORE_ERRORS.find((candidate) => candidate === name);
  return known === undefined ? storeStatus.of(0) : (storeStatus[known] as StoreFailure);
}

/** Bytes up to the first NUL, as text. */
export function textOf(payload: Uint8Array): string {
  const end = payload.indexOf(0);
  return decode(end < 0 ? payload : payload.subarray(0, end));
}

/** The NUL-terminated strings of a payload. */
export function stringsOf(payload: Uint8Array): readonly string[] {
  const text = decode(payload);
  return text === '' ? [] : text.replace(/\0$/, '').split('\0');
}

/** Strings with a NUL behind each. */
export function payloadOf(...strings: readonly string[]): Uint8Array {
  return new TextEncoder().encode(strings.map((text) => `${text}\0`).join(''));
}

/** Several parts one after the other. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
