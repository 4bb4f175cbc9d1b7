import { RecordingError } from './error.js';

/** Refuses a value that is not of its kind by a {@link RecordingError} that names the place. */
export type Check = (value: unknown, place: string) => void;

const HEX = /^0x[0-9a-f]{1,16}$/;
const BYTES = /^(?:[0-9a-f]{2})*$/;

/** A check of one value by a predicate. */
function kind(fits: (value: unknown) => boolean, words: string): Check {
  return (value, place) => {
    if (!fits(value)) throw new RecordingError(place, `must be ${words}, not ${shown(value)}`);
  };
}

export const text: Check = kind((value) => typeof value === 'string', 'a string');
export const flag: Check = kind((value) => typeof value === 'boolean', 'true or false');
export const count: Check = kind(
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  'a whole number, zero or more',
);
export const hex: Check = kind(
  (value) => typeof value === 'string' && HEX.test(value),
  'a number of up to 64 bits as 0x and lower-case hexadecimal digits',
);
export const bytes: Check = kind(
  (value) => typeof value === 'string' && BYTES.test(value),
  'bytes as pairs of lower-case hexadecimal digits',
);
export const width: Check = kind((value) => value === 32 || value === 64, '32 or 64');
export const object: Check = kind(isObject, 'an object');

/** The checks one after the other would do, and null too. */
export function orNull(check: Check): Check {
  return (value, place) => {
    if (value !== null) check(value, place);
  };
}

/** A list whose every element passes. */
export function listOf(check: Check): Check {
  return (value, place) => {
    if (!Array.isArray(value)) throw new RecordingError(place, `must be a list, not ${shown(value)}`);
    value.forEach((element, index) => {
      check(element, `${place}[${index}]`);
    });
  };
}

/** An object whose every value passes, whatever the keys. */
export function recordOf(check: Check): Check {
  return (value, place) => {
    object(value, place);
    for (const [key, element] of Object.entries(value as object)) check(element, join(place, key));
  };
}

/** An object with these fields; a name that ends in `?` may be absent. Other fields are left as they are. */
export function fields(checks: Readonly<Record<string, Check>>): Check {
  return (value, place) => {
    object(value, place);
    for (const [key, check] of Object.entries(checks)) {
      const optional = key.endsWith('?');
      const name = optional ? key.slice(0, -1) : key;
      const field = (value as Readonly<Record<string, unknown>>)[name];
      if (field !== undefined) check(field, join(place, name));
      else if (!optional) throw new RecordingError(join(place, name), 'is missing');
    }
  };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(place: string, key: string): string {
  return place === '' ? key : `${place}.${key}`;
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 40 ? `${json.slice(0, 40)}…` : json;
}
