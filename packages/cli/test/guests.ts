import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Live } from '@trapline/cli';

const guests = fileURLToPath(new URL('../../../.cache/guests', import.meta.url));

/** Where a guest's file is, once `npm run guests` has fetched it. */
export function guest(name: string): string {
  return join(guests, name);
}

const hasQemu = spawnSync('qemu-system-aarch64', ['--version']).error === undefined;

/** Whether nothing can be booted here. With CI=true that is a failure. */
export const cannotBoot: boolean = !(hasQemu && existsSync(guest('initrd'))) && !process.env.CI;

/** Why, for the names of tests. */
export const why: string = cannotBoot ? ' (skipped: needs qemu-system-arm, and npm run guests)' : '';

/** A terminal that keeps what is shown, and types what it is told. */
export function terminal(): Live & { readonly shown: string[]; type: (bytes: Uint8Array) => void } {
  const shown: string[] = [];
  const one: Live & { shown: string[]; type: (bytes: Uint8Array) => void } = {
    shown,
    type: () => {},
    status: (text) => void shown.push(text),
    keys: (listener) => {
      one.type = listener;
      return () => {
        one.type = () => {};
      };
    },
  };
  return one;
}

/** Types at a terminal as soon as it shows something, one answer after the other: what `out` is to be. */
export function answering(
  live: { type: (bytes: Uint8Array) => void },
  answers: readonly (readonly [shown: string, keys: string])[],
): { readonly seen: string; readonly out: (text: string) => void } {
  const left = [...answers];
  let seen = '';
  return {
    get seen(): string {
      return seen;
    },
    // A console comes in pieces that end anywhere.
    out: (text) => {
      seen += text;
      const [next] = left;
      if (next === undefined || !seen.includes(next[0])) return;
      left.shift();
      live.type(Buffer.from(next[1]));
    },
  };
}
