import { type Io, main } from '@trapline/cli';

/** What a command wrote, and its exit code. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the tool in this process, without colours, 100 columns wide. */
export async function trapline(argv: readonly string[], options: Partial<Io> = {}): Promise<Run> {
  let out = '';
  let err = '';
  const io: Io = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    style: (_, text) => text,
    columns: 100,
    stdin: () => new Uint8Array(),
    ...options,
  };
  const code = await main(argv, io);
  return { code, out, err };
}

/** Where the trees of the device tree package lie, which may go into this project. */
export const FIXTURES: string = new URL('../../devicetree/test/fixtures', import.meta.url).pathname;

/** A tree that may go into this project. */
export function fixture(name: string): string {
  return `${FIXTURES}/${name}`;
}
