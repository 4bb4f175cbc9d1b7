import { DeviceTreeError, type DeviceTreePlace, type DeviceTreeReason } from '../error.js';

/** A source text and where linemarkers say its lines come from. */
export class SourceFile {
  readonly name: string;
  readonly text: string;
  readonly #markers: { readonly at: number; readonly line: number; readonly file: string }[] = [];

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  /** Takes note that the text from `at` on is line `line` of `file`, as cpp says it. */
  mark(at: number, line: number, file: string | undefined): void {
    this.#markers.push({ at, line, file: file ?? this.#markers.at(-1)?.file ?? this.name });
  }

  /** File, line and column of a character; counted only when someone asks. */
  place(at: number): DeviceTreePlace {
    const marker = this.#markers.findLast((candidate) => candidate.at <= at);
    let line = marker?.line ?? 1;
    let lineStart = marker?.at ?? 0;
    for (
      let next = this.text.indexOf('\n', lineStart);
      next >= 0 && next < at;
      next = this.text.indexOf('\n', lineStart)
    ) {
      line++;
      lineStart = next + 1;
    }
    return { file: marker?.file ?? this.name, line, column: at - lineStart + 1 };
  }
}

/** A point in a source text, kept to name it in an error later. */
export interface SourcePoint {
  readonly file: SourceFile;
  readonly at: number;
}

/** An error at a point of a source. */
export function sourceError(reason: DeviceTreeReason, what: string, { file, at }: SourcePoint): DeviceTreeError {
  return new DeviceTreeError(reason, what, file.place(at));
}
